"""Every measure, criterion and time point, by code."""

import hashlib
from functools import cache

from measures import criteria, timepoints
from measures.criteria import Criterion, Eligibility
from measures.definition import Measure, RecallWindow
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.timepoints import TimePoint


MEASURES: dict[str, Measure] = {m.code: m for m in (PHQ9, PCL5)}

RECALL_WINDOWS: dict[str, RecallWindow] = {
    window.code: window for m in MEASURES.values() for window in m.recall_windows
}

CRITERIA: dict[str, Criterion] = {
    c.code: c for c in (*criteria.PHQ9_CRITERIA, *criteria.PCL5_CRITERIA)
}

ELIGIBILITY: dict[str, Eligibility] = {
    e.measure: e for e in (criteria.PHQ9_ELIGIBILITY, criteria.PCL5_ELIGIBILITY)
}

TIMEPOINTS: dict[str, TimePoint] = {
    t.code: t
    for t in (
        timepoints.DAY_1,
        *timepoints.AFTER_INFUSIONS,
        timepoints.END_OF_INDUCTION,
        timepoints.WEEKS_2_4,
        timepoints.WEEK_6,
        timepoints.MONTHS_4_8,
        timepoints.MONTH_6,
        timepoints.MONTH_12,
    )
}


def criteria_of(measure: str, kind: str | None = None) -> tuple[Criterion, ...]:
    """Return a measure's criteria, of one kind if given, the default first."""
    chosen = [
        c for c in CRITERIA.values() if c.measure == measure and kind in (None, c.kind)
    ]
    return tuple(
        sorted(chosen, key=lambda c: (criteria.KINDS.index(c.kind), not c.default))
    )


@cache
def default_criterion(measure: str, kind: str) -> Criterion:
    """Return the criterion of this kind that is used unless another is asked for."""
    return criteria_of(measure, kind)[0]


def usual_measures(indication: str | None) -> tuple[str, ...]:
    """Return the codes of the measures that a course for this is followed by.

    Depression alone: PHQ-9. Otherwise both, and so where nothing was recorded.

    Examples
    --------
    >>> usual_measures("depression"), usual_measures("ptsd")
    (('phq9',), ('phq9', 'pcl5'))
    """
    return (PHQ9.code,) if indication == "depression" else tuple(MEASURES)


def definition_version() -> str:
    """Return a fingerprint of the definitions that stored scores depend on."""
    defined = (
        timepoints.BASELINE,
        timepoints.INDUCTION,
        tuple(TIMEPOINTS.values()),
        tuple(RECALL_WINDOWS.values()),
    )
    return hashlib.sha256(repr(defined).encode()).hexdigest()[:12]
