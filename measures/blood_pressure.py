"""When a blood pressure around an infusion is called an excursion: named rules.

No agreed limits exist for ketamine infusions. These are limits in print for something
near, and one of this project's own; none of them says what to do.
"""

from dataclasses import dataclass

from measures.definition import Source
from measures.sources import MALOBERTI_2018, PROJECT, SPRAVATO_BEFORE, SPRAVATO_LABEL


BEFORE, PEAK, AFTER = "before", "peak", "after"


@dataclass(frozen=True)
class BloodPressureRule:
    """A limit on the readings of one moment of an infusion, in mmHg.

    Parameters
    ----------
    moment
        Of the readings: before, at their highest, or after.
    systolic_at_least, diastolic_at_least
        Either of the two is enough.
    rise
        Whether the limits are on the rise from before, not on the reading itself.
    reason
        What the limit was made for, and how far it can be read here.
    """

    code: str
    name: str
    sentence: str
    source: Source
    moment: str
    systolic_at_least: int
    diastolic_at_least: int
    rise: bool = False
    reason: str = ""


BLOOD_PRESSURE_RULES: dict[str, BloodPressureRule] = {
    rule.code: rule
    for rule in (
        BloodPressureRule(
            "before_over_140_90",
            "Over 140/90 before",
            "Before the infusion the systolic reading is above 140 mmHg or the "
            "diastolic above 90.",
            SPRAVATO_BEFORE,
            BEFORE,
            systolic_at_least=141,
            diastolic_at_least=91,
            reason="A general guide given for nasal esketamine, not for infusions.",
        ),
        BloodPressureRule(
            "rise_40_25",
            "Rise of 40/25 or more",
            "From before the infusion to the highest reading the systolic rises by "
            "40 mmHg or more, or the diastolic by 25 or more.",
            SPRAVATO_LABEL,
            PEAK,
            systolic_at_least=40,
            diastolic_at_least=25,
            rise=True,
            reason="The rise that is reported for nasal esketamine, within 90 minutes.",
        ),
        BloodPressureRule(
            "peak_over_180_120",
            "Over 180/120 at the highest",
            "The highest systolic reading is above 180 mmHg or the highest diastolic "
            "above 120.",
            MALOBERTI_2018,
            PEAK,
            systolic_at_least=181,
            diastolic_at_least=121,
            reason=(
                "The limit of hypertensive urgencies and emergencies in emergency "
                "rooms; symptoms and organ damage are not in the record."
            ),
        ),
        BloodPressureRule(
            "after_over_140_90",
            "Over 140/90 after",
            "After the infusion the systolic reading is above 140 mmHg or the "
            "diastolic above 90, whatever they were before.",
            PROJECT,
            AFTER,
            systolic_at_least=141,
            diastolic_at_least=91,
            reason="The limit before an infusion, held against the last reading.",
        ),
    )
}
"""By code, in the order of the moments."""
