"""Everything that a report of results holds, counted by one question."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.comparison import REMISSION, RESPONSE, Comparison, Refusal
from analysis.durability import Durability
from analysis.glance import Glance, Quarter
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion, wilson_proportion
from data.published import load_catalogue
from measures.criteria import Criterion
from measures.durability import loss_rules_of
from measures.registry import MEASURES
from views.results.counts import durability, glance, recut
from views.results.counts.by_infusion import ByInfusion, by_infusion
from views.results.counts.recut import Beside, Practice


Compared = Mapping[str, Comparison | Refusal]


@dataclass(frozen=True, eq=False)
class Results:
    """A rate, and what a board or a journal asks next."""

    rate: OutcomeRate
    glances: tuple[Glance, ...]
    quarters: tuple[Quarter, ...]
    infusions: ByInfusion
    lasting: Durability
    beside: Beside
    compared: Compared
    """By the figure's code."""


@dataclass(frozen=True)
class Period:
    """Courses that started in some quarters of one year, taken together."""

    first: Quarter
    last: Quarter
    complete: bool
    counts: Mapping[str, int]
    """``started``, ``eligible``, ``due``, ``measured`` and ``events``."""
    completeness: Proportion | None
    observed: Proportion | None


COUNTS = ("started", "eligible", "due", "measured", "events")


def periods(quarters: Sequence[Quarter], size: int) -> tuple[Period, ...]:
    """Return quarters taken together: 1, 2 or 4 of a year."""
    grouped = groupby(quarters, lambda q: (q.year, (q.quarter - 1) // size))
    return tuple(_period(tuple(group)) for _, group in grouped)


def _period(quarters: tuple[Quarter, ...]) -> Period:
    counts = {n: sum(getattr(q.rate, n) for q in quarters) for n in COUNTS}
    return Period(
        first=quarters[0],
        last=quarters[-1],
        complete=all(quarter.complete for quarter in quarters),
        counts=counts,
        completeness=_share(counts["measured"], counts["due"]),
        observed=_share(counts["events"], counts["measured"]),
    )


def _share(events: int, n: int) -> Proportion | None:
    return wilson_proportion(events, n) if n else None


def results(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
) -> Results:
    """Return what a report holds.

    Parameters
    ----------
    practice
        The chosen courses.
    criterion, timepoint, recall_window
        The question. Published figures are of its outcome, of response where it is
        neither response nor remission.
    """
    measure = criterion.measure
    window = recall_window or MEASURES[measure].default_recall_window.code
    outcome = outcome_of(criterion)
    beside = recut.figures_beside(load_catalogue(), measure, outcome)
    rule = next(rule for rule in loss_rules_of(measure) if rule.default)
    question = durability.usual_question(rule, recall_window=window)
    asked = {"recall_window": window}
    return Results(
        rate=recut.outcome(practice, criterion, timepoint, **asked),
        glances=glance.glance(practice, measure, timepoint, **asked),
        quarters=glance.quarters(practice, criterion, timepoint, **asked),
        infusions=by_infusion(practice, criterion, **asked),
        lasting=durability.durability(practice, question),
        beside=beside,
        compared=recut.compare_figures(practice, beside.in_view, outcome),
    )


def outcome_of(criterion: Criterion) -> str:
    """Return the outcome of the published figures that belong to a criterion."""
    return REMISSION if criterion.kind == REMISSION else RESPONSE


def fit_to_leave(compared: Compared, rate: OutcomeRate, fewer_than: int) -> Compared:
    """Return the comparisons; in the place of one with a small number, a refusal.

    Small is a count of those who met the rule or did not, and also what is left when
    one rate is taken from another that asks the same of more courses.

    Parameters
    ----------
    compared
        By the figure's code.
    rate
        Is shown as well.
    fewer_than
        The lowest count that is shown.
    """
    shown = [rate]
    kept: dict[str, Comparison | Refusal] = {}
    for code, result in compared.items():
        reason = None
        if isinstance(result, Comparison):
            reason = _why_hidden(result, shown, fewer_than)
        if reason is None:
            kept[code] = result
            shown += _rates(result)
        else:
            kept[code] = Refusal(result.figure, result.outcome, reason)
    return kept


def _why_hidden(
    result: Comparison, shown: Sequence[OutcomeRate], fewer_than: int
) -> str | None:
    if min(_counts(result)) < fewer_than:
        return f"not shown, as a count is under {fewer_than}"
    too_near = any(
        0 < left < fewer_than
        for one in _rates(result)
        for other in shown
        for left in _left_over(one, other)
    )
    if too_near:
        return (
            f"not shown, as fewer than {fewer_than} courses tell it from a rate above; "
            "choose an indication to see it"
        )
    return None


def _counts(result: Comparison) -> Iterator[int]:
    """Return who met the rule and who did not, of each share that would be shown."""
    if result.share is not None:
        yield result.share.events
        yield result.share.n - result.share.events
    if result.ever is not None:
        yield result.ever.events
        yield result.ever.measured - result.ever.events


def _rates(result: Comparison | Refusal) -> list[OutcomeRate]:
    if isinstance(result, Refusal):
        return []
    return [result.practice] if isinstance(result.practice, OutcomeRate) else []


def _left_over(one: OutcomeRate, other: OutcomeRate) -> Iterator[int]:
    """Return by how many courses two rates differ that ask the same of others."""
    if _asks(one) != _asks(other):
        return
    yield abs(one.events - other.events)
    yield abs((one.measured - one.events) - (other.measured - other.events))
    yield abs(one.due - other.due)


def _asks(rate: OutcomeRate) -> tuple[str, ...]:
    return rate.criterion, rate.timepoint, rate.recall_window
