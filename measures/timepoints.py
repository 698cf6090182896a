"""When a score counts: named windows after an infusion.

Days are whole local calendar days; windows include both ends. The last complete
assessment in the window is the score at the time point.
"""

from dataclasses import dataclass

from measures.definition import Source
from measures.sources import (
    CMS159,
    HEDIS_DRR,
    MCINNES_2022,
    MNCM,
    PFEIFFER_2024,
    PROJECT,
)


INFUSION_1 = "infusion 1"
INFUSION_K = "infusion k"
LAST_INDUCTION_INFUSION = "last induction infusion"


@dataclass(frozen=True)
class TimePoint:
    """A window after an infusion.

    Either hours or days bound it; with ``before_next_infusion`` it ends, at the
    latest, when the next infusion starts.
    """

    code: str
    name: str
    sentence: str
    source: Source
    anchor: str
    from_days: int = 0
    to_days: int = 0
    from_hours: int | None = None
    to_hours: int | None = None
    infusion: int | None = None
    before_next_infusion: bool = False


@dataclass(frozen=True)
class BaselineRule:
    """The last complete assessment at or before infusion 1, not older than this."""

    at_most_days: int
    sentence: str
    source: Source


@dataclass(frozen=True)
class InductionRule:
    """What counts as induction where the phase of an infusion was not recorded."""

    maximum_gap_days: int
    maximum_infusions: int
    protocol_infusions: int
    protocol_days: int
    sentence: str
    source: Source


BASELINE = BaselineRule(
    at_most_days=30,
    sentence=(
        "The last complete assessment at or before infusion 1, at most 30 days before."
    ),
    source=PROJECT,
)

INDUCTION = InductionRule(
    maximum_gap_days=10,
    maximum_infusions=8,
    protocol_infusions=6,
    protocol_days=21,
    sentence=(
        "As recorded; where not recorded, the first infusions with gaps of at most "
        "10 days, at most 8. On protocol: 6 within 21 days."
    ),
    source=PROJECT,
)

LAST_NUMBERED_INFUSION = 10
AFTER_INFUSION_DAYS = 14


def after_infusion(number: int) -> TimePoint:
    """Return the time point after one infusion of a course."""
    return TimePoint(
        code=f"after_infusion_{number}",
        name=f"After infusion {number}",
        sentence=(
            f"After infusion {number}, up to the start of infusion {number + 1} and at "
            f"most {AFTER_INFUSION_DAYS} days."
        ),
        source=PROJECT,
        anchor=INFUSION_K,
        infusion=number,
        to_days=AFTER_INFUSION_DAYS,
        before_next_infusion=True,
    )


DAY_1 = TimePoint(
    code="day_1",
    name="Day 1",
    sentence="12 to 48 hours after infusion 1.",
    source=PROJECT,
    anchor=INFUSION_1,
    from_hours=12,
    to_hours=48,
)
END_OF_INDUCTION = TimePoint(
    code="end_of_induction",
    name="End of induction",
    sentence=(
        "Up to 14 days after the last induction infusion and before the next infusion."
    ),
    source=PROJECT,
    anchor=LAST_INDUCTION_INFUSION,
    to_days=14,
    before_next_infusion=True,
)
WEEKS_2_4 = TimePoint(
    code="weeks_2_4",
    name="Weeks 2-4",
    sentence="14 to 31 days after the last induction infusion.",
    source=MCINNES_2022,
    anchor=LAST_INDUCTION_INFUSION,
    from_days=14,
    to_days=31,
)
WEEK_6 = TimePoint(
    code="week_6",
    name="Week 6",
    sentence="42 days after infusion 1, 10 days either way.",
    source=PFEIFFER_2024,
    anchor=INFUSION_1,
    from_days=42 - 10,
    to_days=42 + 10,
)
MONTHS_4_8 = TimePoint(
    code="months_4_8",
    name="Months 4-8",
    sentence="120 to 240 days after infusion 1.",
    source=HEDIS_DRR,
    anchor=INFUSION_1,
    from_days=120,
    to_days=240,
)
MONTH_6 = TimePoint(
    code="month_6",
    name="Month 6",
    sentence="182 days after infusion 1, 60 days either way.",
    source=MNCM,
    anchor=INFUSION_1,
    from_days=182 - 60,
    to_days=182 + 60,
)
MONTH_12 = TimePoint(
    code="month_12",
    name="Month 12",
    sentence="365 days after infusion 1, 60 days either way.",
    source=CMS159,
    anchor=INFUSION_1,
    from_days=365 - 60,
    to_days=365 + 60,
)

AFTER_INFUSIONS = tuple(
    after_infusion(number) for number in range(1, LAST_NUMBERED_INFUSION + 1)
)
DEFAULT_TIMEPOINT = WEEKS_2_4
