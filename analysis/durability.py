"""How long what was reached by the end of induction lasts, and how far boosters are."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import COURSES, Column, FrameSpec, conform
from analysis.ever import ProductLimit, Step, product_limit
from analysis.outcomes import EVENT, NO_EVENT, Coverage, classify, coverage_of
from measures.criteria import Criterion
from measures.durability import LossRule
from measures.timepoints import END_OF_INDUCTION


NOT_REACHED = "not reached"
"""Measured at the end of induction, and did not meet the criterion there."""
THERE_ALREADY = "there already"
"""Met the criterion, and a limit of the rule at the same time: nothing to lose."""
NEVER_THERE = "never there"
"""Met the criterion, from a baseline below the limit of the rule."""
NOT_SEEN_AGAIN = "not seen again"
"""Met the criterion, and no form shows what became of it."""
LOST = "lost"
STILL = "still"
"""Without the event on every form up to the last that can tell."""

FOLLOWED = (LOST, STILL)
"""States of the courses that are in the estimate."""

LAST_INFUSION = "last induction infusion"
STARTING_FORM = "starting form"
ORIGINS = (LAST_INFUSION, STARTING_FORM)
"""What day 0 is."""

FEWEST_FOLLOWED = 10
"""Fewer courses give no curve. This project's own."""
FEWEST_INTERVALS = 4
"""Fewer intervals give no quartiles, for no interval would lie in each quarter."""

RISK_DAYS = (0, 14, 28, 56, 84, 182, 365)
"""When the number at risk is usually asked for, in days."""

LOOKS = FrameSpec(
    "LOOKS",
    (
        Column("course_id", "int64"),
        Column("minute", "int64"),
        Column("day", "int64"),
        Column("total", "int64", lowest=0),
    ),
    one_row_per=("course_id", "minute"),
)
"""Complete scores after the one at the end of induction, one measure and window.

``minute`` puts them in order, also with `BOOSTERS`.
"""

BOOSTERS = FrameSpec(
    "BOOSTERS",
    (
        Column("course_id", "int64"),
        Column("minute", "int64"),
        Column("day", "int64"),
    ),
    one_row_per=("course_id", "minute"),
)
"""Infusions after the last induction infusion."""


@dataclass(frozen=True)
class TooFew:
    """There are too few to say it without misleading."""

    needed: int
    found: int


@dataclass(frozen=True)
class AtRisk:
    """One day of a curve: how many are followed that far, and the share still well."""

    day: int
    at_risk: int
    step: Step | None
    """None after the last day on which anyone was followed."""


@dataclass(frozen=True)
class Durability:
    """How long it lasted, counted from the end of induction.

    The event is seen on a form and happened at some time since the form before it, so
    there are two curves: ``seen`` has it on the day of that form, ``earliest`` on the
    day of the form before. ``earliest`` shows how much hangs on it; it is no lower
    bound, for events moved to earlier days fall where more are at risk.
    """

    coverage: Coverage
    """At the end of induction: who was due there and who was measured."""
    reached: int
    """Of the measured, those who met the criterion."""
    there_already: int
    never_there: int
    not_seen_again: int
    followed: int
    """Courses in the estimate."""
    events: int
    unconfirmed: int
    """Followed to before a last form that nothing confirms."""
    boosted: int
    """Of the followed, courses that were given a booster."""
    days_between_looks: float | None
    """Median days from one form to the next, up to the event or the last form."""
    seen: ProductLimit | TooFew
    earliest: ProductLimit | TooFew
    rule: str
    criterion: str
    origin: str
    until_booster: bool
    """Followed up to the first booster; otherwise regardless of boosters."""
    course_ids: tuple[int, ...]
    """The courses in the estimate."""


@dataclass(frozen=True)
class Quartiles:
    """Days, of ``n`` intervals."""

    n: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class BoosterIntervals:
    """Days to the first booster and from each to the next.

    Only intervals that ended are known: who waits still is not in them.
    """

    courses: int
    """With an induction."""
    boosted: int
    first: Quartiles | TooFew
    """From the last induction infusion to the first booster."""
    between: Quartiles | TooFew
    """From each booster to the next; a course with many counts many times."""
    course_ids: tuple[int, ...]
    """The courses with a booster."""


def durability(
    courses: pd.DataFrame,
    looks: pd.DataFrame,
    boosters: pd.DataFrame,
    rule: LossRule,
    *,
    criterion: Criterion,
    eligible_at_least: int,
    as_of_day: int,
    until_booster: bool = False,
    origin: str = LAST_INFUSION,
    recall_window: str = "",
    confidence: float = 0.95,
) -> Durability:
    """Return how long those who met a criterion after induction kept it.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at the end of
        induction. One course per patient is the caller's choice.
    looks, boosters
        Columns `LOOKS` and `BOOSTERS`; rows of other courses are ignored.
    rule
        What counts as lost.
    criterion
        What had to be met at the end of induction.
    eligible_at_least, as_of_day, recall_window, confidence
        As for `analysis.outcomes.outcome_rate`.
    until_booster
        Follow only to the last form before the first booster.
    origin
        What day 0 is, one of `ORIGINS`. From the last induction infusion nobody can
        have the event before the starting form; from that form everybody can.

    Returns
    -------
    Durability
        Courses without a later form are counted apart, not in the estimate. Those
        without the event are followed to their last form, not to the as-of day.
    """
    rows, watched = _follow(
        courses,
        looks,
        boosters,
        rule,
        criterion=criterion,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        until_booster=until_booster,
    )
    chosen = rows[rows["state"].isin(FOLLOWED)]
    count = rows["state"].value_counts()
    lost = chosen["state"] == LOST
    since = chosen["day_0" if origin == LAST_INFUSION else "score_day"]
    without = chosen["last_without"]
    return Durability(
        coverage=coverage_of(
            rows["at_end"],
            confidence=confidence,
            timepoint=END_OF_INDUCTION.code,
            measure=criterion.measure,
            recall_window=recall_window,
            eligible_at_least=eligible_at_least,
            as_of_day=as_of_day,
        ),
        reached=int((rows["at_end"] == EVENT).sum()),
        there_already=int(count.get(THERE_ALREADY, 0)),
        never_there=int(count.get(NEVER_THERE, 0)),
        not_seen_again=int(count.get(NOT_SEEN_AGAIN, 0)),
        followed=len(chosen),
        events=int(lost.sum()),
        unconfirmed=int(chosen["unconfirmed"].sum()),
        boosted=int(chosen["first_booster_day"].notna().sum()),
        days_between_looks=_median(watched["day"] - watched["before"]),
        seen=_curve(chosen["event_day"].fillna(without) - since, lost, confidence),
        earliest=_curve(without - since, lost, confidence),
        rule=rule.code,
        criterion=criterion.code,
        origin=origin,
        until_booster=until_booster,
        course_ids=tuple(chosen["course_id"].tolist()),
    )


def follow(
    courses: pd.DataFrame,
    looks: pd.DataFrame,
    boosters: pd.DataFrame,
    rule: LossRule,
    *,
    criterion: Criterion,
    eligible_at_least: int,
    as_of_day: int,
    until_booster: bool = False,
) -> pd.DataFrame:
    """Return the courses that `durability` counted, with the ``state`` of each.

    Returns
    -------
    pandas.DataFrame
        The started courses, with ``state`` (one of this module, or of
        `analysis.outcomes` for those not measured at the end of induction),
        ``at_end`` (the state there), ``day_0`` (of the last induction infusion),
        ``first_booster_day``, ``event_day`` (of the form that shows it),
        ``last_without`` (the last day known without) and ``unconfirmed``.
    """
    rows, _ = _follow(
        courses,
        looks,
        boosters,
        rule,
        criterion=criterion,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        until_booster=until_booster,
    )
    return rows


def risk_table(
    curve: ProductLimit, days: Iterable[int] = RISK_DAYS
) -> tuple[AtRisk, ...]:
    """Return how many were followed to each day, and the estimate that holds there."""
    return tuple(AtRisk(day, _at_risk(curve, day), _at(curve, day)) for day in days)


def median_interval(curve: ProductLimit) -> tuple[int | None, int | None]:
    """Return the days between which the median lies; None where it is not reached.

    The first day on which the lower limit of the share is a half or less, and the
    first on which the upper one is.

    References
    ----------
    Brookmeyer & Crowley 1982, Biometrics 38:29-41, with the log-log limits.
    """
    lower = (s.time for s in curve.steps if s.lower is not None and s.lower <= 0.5)
    upper = (s.time for s in curve.steps if s.upper is not None and s.upper <= 0.5)
    return next(lower, None), next(upper, None)


def booster_intervals(
    courses: pd.DataFrame, boosters: pd.DataFrame, *, as_of_day: int
) -> BoosterIntervals:
    """Return how long after induction the first booster was, and the next ones.

    Parameters
    ----------
    courses
        Columns `analysis.columns.COURSES`; those without an induction are left out.
    boosters
        Columns `BOOSTERS`; rows of other courses are ignored.
    as_of_day
        The day on which the question is asked; later infusions are not seen.
    """
    rows = booster_rows(courses, boosters, as_of_day=as_of_day)
    first = rows["number"] == 1
    return BoosterIntervals(
        courses=len(_after_induction(courses, as_of_day)),
        boosted=int(first.sum()),
        first=_quartiles(rows.loc[first, "days"]),
        between=_quartiles(rows.loc[~first, "days"]),
        course_ids=tuple(rows.loc[first, "course_id"].tolist()),
    )


def booster_rows(
    courses: pd.DataFrame, boosters: pd.DataFrame, *, as_of_day: int
) -> pd.DataFrame:
    """Return a row per booster: ``course_id``, ``number``, ``day``, ``days``.

    ``days`` since the booster before it, or since the last induction infusion.
    Parameters are those of `booster_intervals`.
    """
    started = _after_induction(courses, as_of_day)
    rows = _given(boosters, as_of_day).merge(
        started[["course_id", "day_0"]], on="course_id"
    )
    by_course = rows.groupby("course_id")
    before = by_course["day"].shift().fillna(rows["day_0"]).astype("int64")
    rows = rows.assign(number=by_course.cumcount() + 1, days=rows["day"] - before)
    return rows[["course_id", "number", "day", "days"]]


def _after_induction(courses: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    rows = conform(courses, COURSES)
    rows = rows[(rows["first_day"] <= as_of_day) & (rows["induction_infusions"] >= 1)]
    return rows.assign(day_0=rows["first_day"] + rows["induction_days"])


def _given(boosters: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    rows = conform(boosters, BOOSTERS)
    rows = rows[rows["day"] <= as_of_day]
    return rows.sort_values(["course_id", "minute"], ignore_index=True)


def _follow(
    courses: pd.DataFrame,
    looks: pd.DataFrame,
    boosters: pd.DataFrame,
    rule: LossRule,
    *,
    criterion: Criterion,
    eligible_at_least: int,
    as_of_day: int,
    until_booster: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the courses with their state, and the forms that were followed."""
    rows = classify(
        courses, criterion, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    rows = rows.rename(columns={"state": "at_end"})
    first = _given(boosters, as_of_day).drop_duplicates("course_id")
    first = first.rename(
        columns={"day": "first_booster_day", "minute": "booster_minute"}
    )
    rows = rows.merge(first, on="course_id", how="left")
    rows = rows.assign(
        day_0=rows["first_day"] + rows["induction_days"], why_not=_why_not(rows, rule)
    )
    trail = _trail(rows[rows["why_not"] == ""], looks, as_of_day)
    if until_booster:
        trail = trail[~(trail["minute"] > trail["booster_minute"])]
    trail = _marked(trail, rule)
    ends = _ends(trail)
    watched = trail[trail["number"] <= trail["course_id"].map(ends["forms"])]
    return _with_state(rows.merge(ends, on="course_id", how="left")), watched


def _why_not(rows: pd.DataFrame, rule: LossRule) -> np.ndarray:
    """Return the state of a course that cannot lose anything, or nothing."""
    at_end, baseline, total = rows["at_end"], rows["baseline"], rows["total"]
    return np.select(
        [
            at_end == NO_EVENT,
            at_end != EVENT,
            rule.there_already(baseline, total),
            rule.never_there(baseline),
        ],
        [NOT_REACHED, at_end, THERE_ALREADY, NEVER_THERE],
        default="",
    )


def _trail(entered: pd.DataFrame, looks: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    """Return the forms of the entered courses, in order."""
    seen = conform(looks, LOOKS)
    seen = seen.loc[seen["day"] <= as_of_day, ["course_id", "minute", "day", "total"]]
    start = entered[["course_id", "baseline", "score_day", "booster_minute"]]
    seen = seen.merge(start, on="course_id")
    return seen.sort_values(["course_id", "minute"], ignore_index=True)


def _marked(trail: pd.DataFrame, rule: LossRule) -> pd.DataFrame:
    """Add what each form shows: ``holds`` alone, and ``event`` where confirmed."""
    by_course = trail["course_id"]
    holds = rule.holds(trail["baseline"], trail["total"])
    event = holds
    for ahead in range(1, rule.forms):
        event = event & holds.groupby(by_course).shift(-ahead, fill_value=False)
    before = trail.groupby("course_id")["day"].shift().fillna(trail["score_day"])
    number = trail.groupby("course_id").cumcount() + 1
    return trail.assign(holds=holds, event=event, before=before, number=number)


def _ends(trail: pd.DataFrame) -> pd.DataFrame:
    """Return, by course, the event or the last form that shows there was none.

    A last form that holds without being confirmed tells nothing, so the course is
    followed to the form before it.
    """
    last = _of_course(trail, "last")
    event = _of_course(trail[trail["event"]], "first").reindex(last.index)
    without = _of_course(trail[~trail["holds"]], "last").reindex(last.index)
    return pd.DataFrame(
        {
            "event_day": event["day"],
            "last_without": event["before"]
            .fillna(without["day"])
            .fillna(last["score_day"]),
            "forms": event["number"].fillna(without["number"]).fillna(0),
            "unconfirmed": last["holds"] & event["day"].isna(),
        }
    )


def _of_course(trail: pd.DataFrame, which: str) -> pd.DataFrame:
    return trail.drop_duplicates("course_id", keep=which).set_index("course_id")


def _with_state(rows: pd.DataFrame) -> pd.DataFrame:
    state = np.select(
        [rows["why_not"] != "", rows["last_without"].isna(), rows["event_day"].notna()],
        [rows["why_not"], NOT_SEEN_AGAIN, LOST],
        default=STILL,
    )
    return rows.assign(
        state=pd.Series(state, index=rows.index, dtype="str"),
        unconfirmed=rows["unconfirmed"].eq(True),
    ).drop(columns=["why_not", "booster_minute"])


def _curve(
    days: pd.Series, lost: pd.Series, confidence: float
) -> ProductLimit | TooFew:
    if len(days) < FEWEST_FOLLOWED:
        return TooFew(FEWEST_FOLLOWED, len(days))
    # A later form can have the calendar day before, in a time zone further west.
    whole = days.clip(lower=0).astype("int64")
    return product_limit(whole, lost, timeline=(0,), confidence=confidence)


def _at_risk(curve: ProductLimit, day: int) -> int:
    # Between two steps nobody leaves: the next step has the same number.
    return next((step.at_risk for step in curve.steps if step.time >= day), 0)


def _at(curve: ProductLimit, day: int) -> Step | None:
    if not _at_risk(curve, day):
        return None
    return next((s for s in reversed(curve.steps) if s.time <= day), None)


def _quartiles(days: pd.Series) -> Quartiles | TooFew:
    if len(days) < FEWEST_INTERVALS:
        return TooFew(FEWEST_INTERVALS, len(days))
    lower, median, upper = np.quantile(days, [0.25, 0.5, 0.75]).tolist()
    return Quartiles(len(days), lower, median, upper)


def _median(days: pd.Series) -> float | None:
    return float(days.median()) if len(days) else None
