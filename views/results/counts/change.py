"""How far the chosen courses moved, and on what: counted, not worded."""

from dataclasses import dataclass

from analysis.change import MeanChange, mean_change
from analysis.change_shape import (
    AnswerChanges,
    ChangeRegions,
    Waterfall,
    answer_changes,
    change_regions,
    every_criterion,
    waterfall,
)
from analysis.outcomes import OutcomeRate
from measures.criteria import Criterion
from measures.registry import MEASURES
from views.results.counts.recut import Practice


@dataclass(frozen=True, eq=False)
class Change:
    """Change of one measure at one time point; each part has the same courses."""

    mean: MeanChange
    waterfall: Waterfall
    regions: ChangeRegions
    answers: AnswerChanges
    criteria: tuple[OutcomeRate, ...]
    """Every criterion of the measure, in the order of the registry."""


def change(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
    confidence: float = 0.95,
) -> Change:
    """Return how the practice's courses changed from baseline to a time point.

    Parameters
    ----------
    practice
        The chosen courses.
    criterion
        Tells its measure, and the courses of the waterfall that met it from the others.
    timepoint
        Code.
    recall_window
        Code; None for the measure's own.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    measure = MEASURES[criterion.measure]
    window = recall_window or measure.default_recall_window.code
    courses = practice.courses(measure.code, timepoint, window)
    asked = {
        "timepoint": timepoint,
        "recall_window": window,
        "eligible_at_least": practice.selection.lowest_baseline(measure.code),
        "as_of_day": practice.selection.as_of_day,
        "confidence": confidence,
    }
    answers = practice.answers(measure.code, timepoint, window)
    return Change(
        mean=mean_change(courses, measure=measure.code, **asked),
        waterfall=waterfall(courses, criterion, **asked),
        regions=change_regions(courses, measure=measure.code, **asked),
        answers=answer_changes(courses, answers, measure=measure, **asked),
        criteria=every_criterion(courses, measure=measure.code, **asked),
    )
