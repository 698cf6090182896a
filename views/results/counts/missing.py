"""Who of the chosen courses is missing, and the rate by every way to reckon with it."""

from dataclasses import dataclass

from analysis.missingness import SideBySide, WhoIsMissing, side_by_side, who_is_missing
from analysis.outcomes import OutcomeRate, outcome_rate
from measures.criteria import Criterion
from measures.registry import MEASURES
from views.results.counts.recut import Practice


@dataclass(frozen=True, eq=False)
class Missing:
    """The courses due and not measured at one time point."""

    rate: OutcomeRate
    who: WhoIsMissing
    rates: SideBySide


def missing(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
    shift: int | None = None,
    confidence: float = 0.95,
) -> Missing:
    """Return who is missing, and the rate of a criterion by each approach.

    Parameters
    ----------
    practice
        The chosen courses.
    criterion
        The rule that makes an event.
    timepoint
        Code.
    recall_window
        Code; None for the measure's own.
    shift
        Points by which the missing are taken to be worse in the last approach; None:
        those of the measure's default change criterion.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    measure = criterion.measure
    window = recall_window or MEASURES[measure].default_recall_window.code
    courses = practice.courses(measure, timepoint, window)
    scores = practice.scores_after(measure, window)
    asked = {
        "timepoint": timepoint,
        "recall_window": window,
        "eligible_at_least": practice.selection.lowest_baseline(measure),
        "as_of_day": practice.selection.as_of_day,
        "confidence": confidence,
    }
    return Missing(
        rate=outcome_rate(courses, criterion, **asked),
        who=who_is_missing(courses, scores, measure=measure, **asked),
        rates=side_by_side(courses, scores, criterion, shift=shift, **asked),
    )
