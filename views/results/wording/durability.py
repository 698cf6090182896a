"""How long it lasts in words: the only rounding and percent signs for durability."""

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.durability import (
    FEWEST_FOLLOWED,
    LAST_INFUSION,
    LOST,
    NEVER_THERE,
    NOT_REACHED,
    NOT_SEEN_AGAIN,
    RISK_DAYS,
    STARTING_FORM,
    STILL,
    THERE_ALREADY,
    AtRisk,
    Durability,
    TooFew,
    median_interval,
    risk_table,
)
from analysis.ever import ProductLimit
from measures.durability import BACK, LOSS_OF_RESPONSE, LOSS_RULES, LossRule
from measures.figures import PublishedDurability
from measures.registry import CRITERIA
from measures.sources import PROJECT
from measures.timepoints import END_OF_INDUCTION
from views.results.counts.durability import Lasting
from views.results.wording.numbers import (
    NO_DATA,
    as_printed,
    dates,
    interval_name,
    percent,
    percent_range,
    was_were,
)
from views.results.wording.outcomes import STATE_WORDS, met, source_text
from views.results.wording.published import VERIFICATIONS
from views.wording import upper_first


Curve = ProductLimit | TooFew

BOOSTERS = {False: "Regardless of boosters", True: "Until the first booster"}
ORIGINS = {
    LAST_INFUSION: "Last induction infusion",
    STARTING_FORM: "Form at the end of induction",
}
EARLIEST = "Each event on the day of the form before"
EVENTS = {LOSS_OF_RESPONSE: "a loss of response", BACK: "a relapse"}

NOT_MEDIAN = "not reached"


# What is asked.


def rule_choice(code: str) -> str:
    """Return a rule as an entry of a list: its kind, name, and if default."""
    rule = LOSS_RULES[code]
    kind, name = rule.kind.capitalize(), rule.name
    if not name.startswith(kind):
        name = f"{kind}: {name[0].lower()}{name[1:]}"
    return f"{name} – default" if rule.default else name


def rule_note(rule: LossRule) -> str:
    """Return what the rule says, and why it is the default or contested."""
    default = "The default of its kind. " if rule.default else ""
    return (
        f"{rule.sentence} {default}{rule.reason} No definition of relapse is agreed. "
        f"Source of the limit: {source_text(rule.source)}"
    )


def day_0(origin: str) -> str:
    """Return what the days are counted from, within a sentence."""
    return f"the {ORIGINS[origin].lower()}"


# The answer.


def headline(answer: Durability) -> str:
    """Return how long it lasted in one sentence, or why that cannot be said."""
    if isinstance(answer.seen, TooFew):
        return no_curve(answer)
    event, after = EVENTS[_rule(answer).kind], day_0(answer.origin)
    median = answer.seen.median
    if median is None:
        return (
            f"Fewer than half of the {answer.followed} followed are estimated to have "
            f"had {event} by day {_last_day(answer.seen)} after {after}, the last day "
            "of follow-up."
        )
    return (
        f"At least half of the {answer.followed} followed are estimated to have had "
        f"{event} by day {median} after {after} ({_median_interval(answer.seen)})"
        f"{_few_by_then(answer.seen)}."
    )


def known_share(answer: Durability) -> str:
    """Return the share on the last usual day to which enough are followed."""
    if isinstance(answer.seen, TooFew):
        return ""
    enough = [at for at in risk_table(answer.seen) if at.at_risk >= FEWEST_FOLLOWED]
    last = enough[-1]
    return (
        f"On day {last.day}, {percent(last.step.estimate)} "
        f"({interval_name(answer.seen.confidence)} "
        f"{percent_range(last.step.lower, last.step.upper)}) are estimated to be still "
        f"without; {last.at_risk} were followed that far, the last of the usual days "
        f"with {FEWEST_FOLLOWED} or more."
    )


def no_curve(answer: Durability) -> str:
    """Return why there is no curve, in one sentence."""
    measured = answer.coverage.measured
    if not measured:
        return "No curve: nobody eligible was measured at the end of induction yet."
    criterion = met(CRITERIA[answer.criterion])
    if not answer.reached:
        return (
            f"No curve: none of the {measured} measured at the end of induction "
            f"{criterion}."
        )
    apart_below = "; the others of them are counted apart"
    return (
        f"No curve: it needs {answer.seen.needed} courses that can be followed, and "
        f"{answer.seen.found} can be. {answer.reached} {criterion} at the end of "
        f"induction{apart_below if answer.reached > answer.followed else ''}."
    )


def next_step(answer: Durability) -> str:
    """Return what to do where there is no curve."""
    if not answer.reached:
        return (
            "Record a form after the last induction infusion, before the next one; or "
            "choose another measure, criterion or period."
        )
    return (
        "Record forms after the end of induction, choose another rule, or widen the "
        "period."
    )


def flow(answer: Durability) -> str:
    """Return how the started became the followed, as one line."""
    cover = answer.coverage
    return " → ".join(
        (
            f"{cover.started} started",
            f"{cover.eligible} eligible",
            f"{cover.due} due at the end of induction ({cover.not_due} not yet)",
            f"{cover.measured} measured",
            f"{answer.reached} {met(CRITERIA[answer.criterion])}",
            f"{answer.followed} followed",
            f"{answer.events} with {EVENTS[_rule(answer).kind]}",
        )
    )


def apart(answer: Durability) -> str:
    """Return who reached it and is not in the curve, and why."""
    parts = (
        (answer.there_already, "at the limit of the rule already, nothing to lose"),
        (answer.never_there, "from a baseline below that limit, no way back to it"),
        (answer.not_seen_again, "not seen on any later form"),
    )
    said = "; ".join(f"{number} {words}" for number, words in parts if number)
    if not said:
        return "Everybody who reached it is in the curve." if answer.reached else ""
    return f"Not in the curve, of the {answer.reached} who reached it: {said}."


def measured_at_end(answer: Durability) -> str:
    """Return how many of those due at the end of induction were measured there."""
    cover, share = answer.coverage, answer.coverage.completeness
    if share is None:
        yet = " yet" if cover.not_due else ""
        return f"Nobody is due at the end of induction{yet}."
    missing = f"; whether the other {cover.missing} reached it is not known"
    return (
        f"Completeness: {percent(share.estimate)} of the {share.n} due at the end of "
        f"induction {was_were(share.n)} measured ({interval_name(share.confidence)} "
        f"{percent_range(share.lower, share.upper)})"
        f"{missing if cover.missing else ''}."
    )


def looks(answer: Durability) -> str:
    """Return how far apart the forms are, and what hangs on it."""
    if answer.days_between_looks is None:
        return ""
    between = f"{answer.days_between_looks:g} days apart (median)"
    text = (
        "An event is seen on a form and happened at some time since the form before; "
        f"these were {between}. The curve has it on the day it was seen."
    )
    if isinstance(answer.earliest, TooFew):
        return text
    return (
        f"{text} With each on the day of the form before instead, the median is "
        f"{median_text(answer.earliest)}: this shows how much hangs on it, and is no "
        "bound."
    )


def curve_alt(answer: Durability) -> str:
    """Return what the curve shows, for who cannot see it."""
    return f"Share still without {_rule(answer).kind}, by day: {headline(answer)}"


HOW_FOLLOWED = (
    "Everybody is followed to their last form, not to today: weeks without a form are "
    "not counted as weeks without the event. The estimate takes those who are followed "
    "no longer to be like those who still are, which cannot be checked here."
)
ORIGIN_NOTES = {
    LAST_INFUSION: (
        "Between day 0 and the form at the end of induction, up to "
        f"{END_OF_INDUCTION.to_days} days later, nobody can have the event: those with "
        "it on that form are not among the followed. That keeps the first days high."
    ),
    STARTING_FORM: (
        "Day 0 is the form on which it was reached, up to "
        f"{END_OF_INDUCTION.to_days} days after the last induction infusion."
    ),
}
BOOSTERS_SAY_NOTHING = (
    "The two lines do not show what boosters do. Who was given one, and when, was "
    "decided in view of how they were; those who leave the second line at a booster "
    "may have been about to lose it, or doing well."
)
FEW_AT_THE_END = (
    f"Where fewer than {FEWEST_FOLLOWED} are followed, one form moves a line far; the "
    "number still followed stands under the axis. Higher is better here: the share "
    "still without."
)


# Tables of the curve.


def risk_rows(answer: Durability, other: Durability) -> list[dict[str, str]]:
    """Return both curves on the usual days, for a table."""
    curves = (answer, other) if not answer.until_booster else (other, answer)
    known = [_by_day(each.seen) for each in curves]
    names = [BOOSTERS[each.until_booster] for each in curves]
    return [
        {
            "Day": str(day),
            **{
                name: _at_day(by_day, day)
                for name, by_day in zip(names, known, strict=True)
            },
        }
        for day in RISK_DAYS
    ]


def hanging_rows(lasting: Lasting) -> list[dict[str, str]]:
    """Return the answer beside those that differ in one choice, for a table."""
    answer = lasting.answer
    others = (lasting.other_boosters, lasting.other_origin)
    rows = (
        ("As asked", answer, answer.seen),
        (EARLIEST, answer, answer.earliest),
        (BOOSTERS[others[0].until_booster], others[0], others[0].seen),
        (f"Day 0: {ORIGINS[others[1].origin].lower()}", others[1], others[1].seen),
    )
    return [
        {
            "Counted": name,
            "Followed": str(counted_so.followed),
            "With the event": str(counted_so.events),
            "Median": median_text(curve),
            **{f"Without, day {day}": _share(curve, day) for day in (28, 84)},
        }
        for name, counted_so, curve in rows
    ]


def risk_words(at: AtRisk) -> str:
    """Return what a curve says on one day."""
    if at.step is None:
        return f"{NO_DATA}, 0 followed"
    return f"{share_words(at)}, {at.at_risk} followed"


def share_words(at: AtRisk) -> str:
    """Return the estimate of a day with its interval."""
    if at.step is None:
        return NO_DATA
    interval = percent_range(at.step.lower, at.step.upper)
    return f"{percent(at.step.estimate)} ({interval})"


def _by_day(curve: Curve) -> dict[int, AtRisk]:
    if isinstance(curve, TooFew):
        return {}
    return {at.day: at for at in risk_table(curve)}


def _at_day(by_day: Mapping[int, AtRisk], day: int) -> str:
    return risk_words(by_day[day]) if by_day else "too few followed"


def _share(curve: Curve, day: int) -> str:
    if isinstance(curve, TooFew):
        return "too few followed"
    (at,) = risk_table(curve, (day,))
    return risk_words(at)


def median_text(curve: Curve) -> str:
    """Return the median with its limits, or why there is none."""
    if isinstance(curve, TooFew):
        return "too few followed"
    median = NOT_MEDIAN if curve.median is None else f"day {curve.median}"
    return f"{median} ({_median_interval(curve)}){_few_by_then(curve)}"


def _few_by_then(curve: ProductLimit) -> str:
    """Return that the median rests on few; empty where it does not."""
    at = next((s.at_risk for s in curve.steps if s.time == curve.median), None)
    if at is None or at >= FEWEST_FOLLOWED:
        return ""
    return f"; fewer than {FEWEST_FOLLOWED} were followed that far"


def _median_interval(curve: ProductLimit) -> str:
    ends = (
        NOT_MEDIAN if day is None else f"day {day}" for day in median_interval(curve)
    )
    return f"{interval_name(curve.confidence)} {' to '.join(ends)}"


def _last_day(curve: ProductLimit) -> int:
    return int(curve.steps[-1].time)


def _rule(answer: Durability) -> LossRule:
    return LOSS_RULES[answer.rule]


# The courses behind each number.

GROUPS = {
    "started": "Started",
    "eligible": "Eligible",
    "not_due": "Not yet due",
    "due": "Due at the end of induction",
    "missing": "Not measured then",
    "measured": "Measured then",
    "not_reached": "Not reached",
    "reached": "Reached",
    "there_already": "There already",
    "never_there": "Never there",
    "not_seen_again": "Not seen again",
    "followed": "Followed",
    "lost": "With the event",
    "still": "Without it so far",
    "unconfirmed": "Unconfirmed",
    "boosted": "Followed, with a booster",
}
"""By the codes of `views.results.counts.durability.groups`."""

_STATES = {
    **STATE_WORDS,
    NOT_REACHED: "not reached",
    THERE_ALREADY: "there already",
    NEVER_THERE: "never there",
    NOT_SEEN_AGAIN: "not seen again",
    LOST: "with the event",
    STILL: "without it so far",
}


def followed_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses as the rows behind a number.

    Parameters
    ----------
    courses
        As `views.results.counts.durability.courses_behind` returns them.
    """
    return pd.DataFrame(
        {
            "patient_id": courses["patient_id"].tolist(),
            "Induction ended": dates(courses["day_0"]),
            "Baseline": courses["baseline"].tolist(),
            "Score then": courses["total"].tolist(),
            "First booster": dates(courses["first_booster_day"]),
            "Last without": dates(courses["last_without"]),
            "Event seen": dates(courses["event_day"]),
            "Days": courses["days"].tolist(),
            "State": [_STATES[state] for state in courses["state"]],
        }
    )


def induction_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with an induction as the rows behind a number.

    Parameters
    ----------
    courses
        As `views.results.counts.durability.with_induction` returns them.
    """
    return pd.DataFrame(
        {
            "patient_id": courses["patient_id"].tolist(),
            "Infusion 1": dates(courses["first_day"]),
            "Last induction infusion": dates(courses["day_0"]),
            "Induction infusions": courses["induction_infusions"].tolist(),
            "First booster": dates(courses["first_booster_day"]),
        }
    )


# What the numbers mean.


def definitions(answer: Durability) -> list[dict[str, str]]:
    """Return each number with its definition and source, for a table."""
    cover, rule = answer.coverage, _rule(answer)
    criterion = CRITERIA[answer.criterion]
    rows = (
        (
            "Not measured",
            cover.missing,
            "Due at the end of induction and without a complete form. "
            f"{END_OF_INDUCTION.sentence} Whether they reached it is not known.",
            END_OF_INDUCTION.source,
        ),
        (
            "Reached",
            answer.reached,
            f"{criterion.sentence} On the form at the end of induction.",
            criterion.source,
        ),
        (
            "There already",
            answer.there_already,
            "Reached it, and a limit of the rule held on the same form: nothing is "
            "left to lose. Not in the curve.",
            PROJECT,
        ),
        (
            "Never there",
            answer.never_there,
            "Reached it from a baseline below the limit of the rule: there is no way "
            "back to it. Not in the curve.",
            PROJECT,
        ),
        (
            "Not seen again",
            answer.not_seen_again,
            "Reached it, and no later form shows what became of it. Not in the curve.",
            PROJECT,
        ),
        (
            "Followed",
            answer.followed,
            "Reached it, with something to lose and a later form.",
            PROJECT,
        ),
        ("With the event", answer.events, rule.sentence, rule.source),
        (
            "Unconfirmed",
            answer.unconfirmed,
            "Followed, to the form before a last one at the limit that no further form "
            "confirms; only rules of two forms in a row have any.",
            PROJECT,
        ),
        (
            "With a booster",
            answer.boosted,
            "Followed, and given an infusion after the last of induction.",
            PROJECT,
        ),
        (
            "Without, on a day",
            "",
            "Kaplan-Meier estimate; limits on the log-log scale with Greenwood's "
            "variance, none while everybody followed is without. Median by the same "
            "limits.",
            None,
        ),
    )
    return [
        {
            "Number": name,
            "Value": str(value),
            "What it counts": sentence,
            "Source": source_text(source) if source else _KAPLAN_MEIER,
        }
        for name, value, sentence, source in rows
    ]


_KAPLAN_MEIER = (
    "Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Median: Brookmeyer R, "
    "Crowley J. Biometrics 1982;38:29-41."
)


# What was published.

HOW_PUBLISHED = (
    "Studies counted from other days, with other rules and among other people; no "
    "difference between two numbers here says which treatment lasts longer. What a "
    "study's rule was is said where it was seen. The practice's number is the one "
    "asked for above, and only beside a figure of the same kind."
)


def published_rows(
    figures: Sequence[PublishedDurability], answer: Durability
) -> list[dict[str, str]]:
    """Return published figures with the practice's number beside each, for a table."""
    return [
        {
            "Figure": _figure(figure),
            "Of whom": f"{upper_first(figure.followed)}; {_published_n(figure)}",
            "Published": published_number(figure),
            "Practice, as asked": _practice_beside(figure, answer),
            "Read with": figure.sentence,
        }
        for figure in figures
    ]


def published_details(figures: Sequence[PublishedDurability]) -> list[dict[str, str]]:
    """Return what was seen of each figure, for a table."""
    return [
        {
            "Figure": _figure(figure),
            "What counted": upper_first(figure.definition),
            "Day 0": upper_first(figure.day_0),
            "Boosters": upper_first(figure.boosters),
            "Verification": upper_first(VERIFICATIONS[figure.verification]),
            "Seen at": figure.source,
        }
        for figure in figures
    ]


def published_number(figure: PublishedDurability) -> str:
    """Return what was printed: the median, or the shares still without."""
    parts = [
        f"{'about ' if share.about else ''}{as_printed(share.percent)} without on day "
        f"{share.days}"
        for share in figure.shares
    ]
    if figure.median_days is not None:
        parts.insert(0, f"Median {figure.median_days:g} days")
    return upper_first("; ".join(parts))


def _figure(figure: PublishedDurability) -> str:
    return f"{figure.study.name}: {figure.measure}, {figure.rater}"


def _published_n(figure: PublishedDurability) -> str:
    if figure.n is None:
        return "n not seen"
    return f"n {'about ' if figure.n_derived else ''}{figure.n}"


def _practice_beside(figure: PublishedDurability, answer: Durability) -> str:
    if figure.outcome != _rule(answer).kind:
        return f"Choose a rule of {figure.outcome} above."
    if isinstance(answer.seen, TooFew):
        return f"Too few followed: {answer.seen.found} of {answer.seen.needed} needed."
    parts = [
        f"day {share.days}: {_share(answer.seen, share.days)}"
        for share in figure.shares
    ]
    if figure.median_days is not None:
        parts.insert(0, f"Median {median_text(answer.seen)}; n {answer.followed}")
    return upper_first("; ".join(parts))
