"""What a shown rate asks, and of how many, to be set against another shown rate."""

from analysis.change import MeanChange
from analysis.comparison import Comparison
from analysis.durability import Durability
from analysis.ever import EverCurve, Step
from analysis.glance import reliably_worse
from analysis.nested import exclude, implies
from analysis.outcomes import OutcomeRate
from analysis.suppression import Asked
from measures.criteria import Criterion
from measures.registry import CRITERIA
from measures.timepoints import END_OF_INDUCTION


def of_rate(rate: OutcomeRate) -> Asked:
    """Return who met the criterion, who did not, and who was due."""
    question = (rate.criterion, rate.timepoint, rate.recall_window)
    return Asked(question, (rate.events, rate.measured - rate.events, rate.due))


def of_ever(curve: EverCurve, step: Step) -> Asked:
    """Return who had met the criterion by a step, and who had not."""
    met = events_by(curve, step)
    when = f"ever by {step.time:g} {curve.unit}"
    question = (curve.criterion, when, curve.recall_window)
    return Asked(question, (met, curve.measured - met))


def of_end_of_induction(found: Durability) -> Asked:
    """Return who had reached the criterion whose loss is looked for."""
    cover = found.coverage
    question = (found.criterion, END_OF_INDUCTION.code, cover.recall_window)
    return Asked(question, (found.reached, cover.measured - found.reached, cover.due))


def of_mean(mean: MeanChange) -> Asked:
    """Return of how many courses a mean is."""
    question = (mean.measure, mean.timepoint, mean.recall_window)
    return Asked(question, (mean.n,))


def is_nearly_nested(one: OutcomeRate, other: OutcomeRate, fewer_than: int) -> bool:
    """Return whether few of the same courses met one criterion and not the other.

    So where one criterion implies the other, as a total of 4 or less implies 5 or less;
    where they exclude each other, whether few met neither.
    """
    if _courses(one) != _courses(other) or one.criterion == other.criterion:
        return False
    first, second = _rule(one), _rule(other)
    asked = {"eligible_at_least": one.eligible_at_least}
    if implies(first, second, **asked) or implies(second, first, **asked):
        return abs(one.events - other.events) < fewer_than
    if exclude(first, second, **asked):
        return one.measured - one.events - other.events < fewer_than
    return False


def _courses(rate: OutcomeRate) -> tuple[object, ...]:
    return rate.measure, rate.timepoint, rate.recall_window, rate.due, rate.measured


def _rule(rate: OutcomeRate) -> Criterion:
    worse = reliably_worse(rate.measure)
    return worse if rate.criterion == worse.code else CRITERIA[rate.criterion]


def of_comparison(result: Comparison) -> list[Asked]:
    """Return what the practice's shares beside a figure ask, now and ever."""
    asked = []
    if isinstance(result.practice, OutcomeRate):
        asked.append(of_rate(result.practice))
    if result.ever_step is not None:
        asked.append(of_ever(result.ever, result.ever_step))
    return asked


def events_by(curve: EverCurve, step: Step) -> int:
    """Return how many had met the criterion by a step of the curve."""
    return sum(one.events for one in curve.steps if one.time <= step.time)
