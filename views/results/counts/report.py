"""Everything that a report of results holds, counted by one question."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from analysis.comparison import REMISSION, RESPONSE, Comparison, Refusal, why_not
from analysis.durability import Durability
from analysis.glance import RESULTS, Glance, Quarter
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion, wilson_proportion
from analysis.suppression import Asked, too_few, too_near
from data.published import load_catalogue
from measures.criteria import Criterion
from measures.durability import loss_rules_of
from measures.registry import MEASURES
from views.results.counts import durability, glance, recut
from views.results.counts.by_infusion import ByInfusion, by_infusion
from views.results.counts.overlap import (
    is_nearly_nested,
    of_comparison,
    of_end_of_induction,
    of_rate,
)
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


def fit_to_leave(found: Results, fewer_than: int) -> Compared:
    """Return the comparisons; in the place of one with a small number, a refusal.

    Small is a count of those who met the rule or did not, and also what is left when
    one rate is taken from another that asks the same of more courses, or that asks
    more of the same courses. Every rate that a report prints is looked at, but for
    those by quarter: neither theirs nor a comparison's courses are among the other's.

    Parameters
    ----------
    found
        What the report holds.
    fewer_than
        The lowest count that is shown.
    """
    asked = [found.rate, *found.infusions.now.values()]
    others = rates_of(found.glances[0])
    shown = [*map(of_rate, (*asked, *others)), of_end_of_induction(found.lasting)]
    together = _taken_together(found.glances)
    kept: dict[str, Comparison | Refusal] = {}
    for code, result in found.compared.items():
        reason = None
        if isinstance(result, Comparison):
            beside = [*shown, *_around(result, together)]
            reason = _why_hidden(of_comparison(result), beside, fewer_than)
            reason = reason or _why_nested(result, asked, others, fewer_than)
        elif not why_not(result.figure, result.outcome):
            # That the practice has nobody to count is a small number as well.
            reason = _SMALL.format(fewer_than)
        if reason is None:
            kept[code] = result
            shown += [] if isinstance(result, Refusal) else of_comparison(result)
        else:
            kept[code] = Refusal(result.figure, result.outcome, reason)
    return kept


_SMALL = "not shown, as a count is under {}"


def _why_hidden(
    answers: Sequence[Asked], shown: Sequence[Asked], fewer_than: int
) -> str | None:
    if any(too_few(one, fewer_than) for one in answers):
        return _SMALL.format(fewer_than)
    if any(too_near(one, other, fewer_than) for one in answers for other in shown):
        return (
            f"not shown, as fewer than {fewer_than} courses tell it from a rate above; "
            "choose an indication to see it"
        )
    return None


def _why_nested(
    result: Comparison,
    asked: Sequence[OutcomeRate],
    others: Sequence[OutcomeRate],
    fewer_than: int,
) -> str | None:
    own = result.practice
    if not isinstance(own, OutcomeRate) or of_rate(own) in map(of_rate, asked):
        return None
    if any(is_nearly_nested(own, rate, fewer_than) for rate in (*asked, *others)):
        return (
            f"not shown, as fewer than {fewer_than} courses tell its criterion from "
            "another one above"
        )
    return None


def rates_of(glance: Glance) -> list[OutcomeRate]:
    """Return what became of the measured at a glance."""
    return [getattr(glance, name) for name in RESULTS]


def _taken_together(glances: Sequence[Glance]) -> list[tuple[set[str], Asked]]:
    """Return the rates of every choice of indications, which a reader can add up."""
    _, *by_indication = glances
    sizes = range(1, len(by_indication) + 1)
    choices = (choice for n in sizes for choice in combinations(by_indication, n))
    return [
        ({glance.indication for glance in choice}, _sum(map(of_rate, rates)))
        for choice in choices
        for rates in zip(*map(rates_of, choice), strict=True)
    ]


def _sum(parts: Iterable[Asked]) -> Asked:
    first, *others = parts
    counts = zip(first.counts, *(one.counts for one in others), strict=True)
    return Asked(first.question, tuple(map(sum, counts)))


def _around(
    result: Comparison, together: Sequence[tuple[set[str], Asked]]
) -> list[Asked]:
    """Return the rates of more, or of fewer, indications than a comparison is of."""
    own = {result.figure.study.condition, "both"}
    return [asked for of, asked in together if of <= own or of >= own]
