"""How long it lasts, as the rows of a file, and what they may give away."""

from collections.abc import Mapping
from itertools import pairwise
from math import inf

from analysis.durability import RISK_DAYS, Durability, TooFew, risk_table
from analysis.ever import ProductLimit, Step
from analysis.suppression import FREE_REST, PROTECTED_REST, Layout, Sum
from views.results.counts.durability import Question
from views.results.wording.durability import (
    BOOSTERS,
    GROUPS,
    ORIGINS,
    median_text,
    rule_choice,
    share_words,
)


DUE, MEASURED, REACHED = GROUPS["due"], GROUPS["measured"], GROUPS["reached"]
FOLLOWED, WITH_EVENT = GROUPS["followed"], GROUPS["lost"]
STILL_WITHOUT = GROUPS["still"]
_APART = tuple(
    GROUPS[code] for code in ("there_already", "never_there", "not_seen_again")
)
_LATER = inf
_DAYS = tuple(pairwise(RISK_DAYS))
# By the last day of what they name.
_AT_RISK = {day: f"Followed to day {day}" for _, day in _DAYS}
_WITHOUT = {day: f"Without on day {day}" for _, day in _DAYS}
_EVENTS = {
    RISK_DAYS[1]: f"Event up to day {RISK_DAYS[1]}",
    **{last: f"Event after day {first}, up to {last}" for first, last in _DAYS[1:]},
    _LATER: f"Event after day {RISK_DAYS[-1]}",
}


def question_stamp(question: Question) -> Mapping[str, str]:
    """Return what a file says of the rule and the follow-up."""
    rule, criterion = question.rule, question.criterion
    return {
        "Criterion": f"{criterion.name}: {criterion.sentence}",
        "Event": f"{rule_choice(rule.code)}: {rule.sentence}",
        "Boosters": BOOSTERS[question.until_booster],
        "Day 0": ORIGINS[question.origin],
        "Method": "Kaplan-Meier, log-log limits; followed to the last form",
    }


def export_rows(answer: Durability) -> dict[str, dict[str, object]]:
    """Return the numbers of the curve in one row, for a file.

    One row, so that events of few between two days can be kept from being worked out.
    """
    cover = answer.coverage
    counts = {
        DUE: cover.due,
        MEASURED: cover.measured,
        REACHED: answer.reached,
        GROUPS["there_already"]: answer.there_already,
        GROUPS["never_there"]: answer.never_there,
        GROUPS["not_seen_again"]: answer.not_seen_again,
        FOLLOWED: answer.followed,
        WITH_EVENT: answer.events,
        STILL_WITHOUT: answer.followed - answer.events,
    }
    if isinstance(answer.seen, ProductLimit):
        counts |= {"Median": median_text(answer.seen), **_by_days(answer.seen)}
    return {rule_choice(answer.rule): counts}


def export_layout(answer: Durability) -> Layout:
    """Return which columns of `export_rows` are counts, and what they give away."""
    sums = (
        Sum(FOLLOWED, (WITH_EVENT, STILL_WITHOUT)),
        Sum(REACHED, (*_APART, FOLLOWED)),
        Sum(MEASURED, (REACHED,), PROTECTED_REST),
        Sum(DUE, (MEASURED,), FREE_REST),
    )
    counts = (FOLLOWED, WITH_EVENT, STILL_WITHOUT, REACHED, MEASURED, DUE, *_APART)
    if isinstance(answer.seen, TooFew):
        return Layout(counts=counts, sums=sums)
    # Where nobody left between two days, nobody had the event there either.
    leaving = pairwise((FOLLOWED, *_AT_RISK.values()))
    shares = {
        share: (FOLLOWED, *(_EVENTS[d] for d in _EVENTS if d <= day), _AT_RISK[day])
        for day, share in _WITHOUT.items()
    }
    return Layout(
        counts=(*counts, *_EVENTS.values(), *_AT_RISK.values()),
        sums=(
            *sums,
            Sum(WITH_EVENT, tuple(_EVENTS.values())),
            *(Sum(more, (fewer,), PROTECTED_REST) for more, fewer in leaving),
        ),
        derived={"Median": (FOLLOWED, WITH_EVENT), **shares},
    )


def shares_by_day(answer: Durability) -> dict[str, Step | None]:
    """Return the estimate on each day of `export_rows`, by the name of its column."""
    if isinstance(answer.seen, TooFew):
        return {}
    return {_WITHOUT[at.day]: at.step for at in risk_table(answer.seen, _AT_RISK)}


def _by_days(curve: ProductLimit) -> dict[str, object]:
    cells: dict[str, object] = {}
    for first, last in pairwise((-1, *_EVENTS)):
        happened = [s.events for s in curve.steps if first < s.time <= last]
        cells[_EVENTS[last]] = sum(happened)
    for at in risk_table(curve, _AT_RISK):
        cells[_AT_RISK[at.day]] = at.at_risk
        cells[_WITHOUT[at.day]] = share_words(at)
    return cells
