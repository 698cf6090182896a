"""How reliable a measure is, from print, and the total at which a patient is well.

Jacobson and Truax compute from a reliability, and from the spread of totals before
treatment, how many points error alone exceeds only rarely. Reliabilities
in print differ, and so does the answer: those that could be read are all here. Of the
PHQ-9's first paper only a second-hand value was seen, and of one later paper a range;
both are left out.
"""

from dataclasses import dataclass

from measures.criteria import Criterion
from measures.definition import Source
from measures.registry import CRITERIA
from measures.sources import (
    BLANCHARD_2023,
    BLEVINS_2015,
    BOVIN_2016,
    JACOBSON_TRUAX_1991,
    PHQ9_CHINA_2020,
)


@dataclass(frozen=True)
class Reliability:
    """A published reliability of a measure, 0 to 1."""

    code: str
    measure: str
    name: str
    sentence: str
    source: Source
    value: float


RELIABILITIES = (
    Reliability(
        "phq9_alpha_892",
        "phq9",
        "internal consistency 0.892",
        "Cronbach's alpha was 0.892 in 109 patients with major depression.",
        PHQ9_CHINA_2020,
        0.892,
    ),
    Reliability(
        "phq9_retest_737",
        "phq9",
        "retest 0.737",
        "Retest reliability over 2 weeks was 0.737 in 54 patients with major "
        "depression; they were in treatment, so it holds real change as well.",
        PHQ9_CHINA_2020,
        0.737,
    ),
    Reliability(
        "pcl5_alpha_96",
        "pcl5",
        "internal consistency 0.96",
        "Cronbach's alpha was 0.96 in 468 veterans.",
        BOVIN_2016,
        0.96,
    ),
    Reliability(
        "pcl5_retest_94",
        "pcl5",
        "retest 0.94",
        "Retest reliability was 0.94 over 0 to 3 days, the shortest of several lags.",
        BLANCHARD_2023,
        0.94,
    ),
    Reliability(
        "pcl5_retest_84",
        "pcl5",
        "retest 0.84",
        "Retest reliability was 0.84 in veterans.",
        BOVIN_2016,
        0.84,
    ),
    Reliability(
        "pcl5_retest_82",
        "pcl5",
        "retest 0.82",
        "Retest reliability was 0.82 in students.",
        BLEVINS_2015,
        0.82,
    ),
)

FUNCTIONAL_CUTOFF: dict[str, Criterion] = {
    "phq9": CRITERIA["phq9_below_10"],
    "pcl5": CRITERIA["pcl5_final_le28"],
}
"""The rule whose limit parts the functional totals from the clinical ones."""


# Of the rule itself: how a reliable change is computed, and when one is recovered.
RELIABLE_CHANGE_SOURCE = JACOBSON_TRUAX_1991


def reliabilities_of(measure: str) -> tuple[Reliability, ...]:
    """Return the published reliabilities of a measure, the highest first."""
    found = (r for r in RELIABILITIES if r.measure == measure)
    return tuple(sorted(found, key=lambda r: -r.value))
