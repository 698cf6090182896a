"""How long the chosen courses kept what they had reached: counted, not worded."""

from dataclasses import dataclass, replace

import pandas as pd

from analysis import durability as analysis
from analysis.durability import (
    LAST_INFUSION,
    STARTING_FORM,
    BoosterIntervals,
    Durability,
)
from analysis.outcomes import (
    EVENT,
    MISSING,
    NO_BASELINE,
    NO_EVENT,
    NOT_DUE,
    NOT_ELIGIBLE,
)
from data.published import Catalogue
from measures.criteria import Criterion
from measures.durability import LossRule
from measures.figures import PublishedDurability
from measures.registry import MEASURES, default_criterion
from views.results.counts.recut import Practice


@dataclass(frozen=True)
class Question:
    """What had to be reached by the end of induction, and when it counts as lost."""

    rule: LossRule
    criterion: Criterion
    recall_window: str
    until_booster: bool = False
    """Followed up to the first booster; otherwise regardless of boosters."""
    origin: str = LAST_INFUSION
    """What day 0 is, one of `analysis.durability.ORIGINS`."""

    def other_boosters(self) -> "Question":
        """Return the same with boosters taken the other way."""
        return replace(self, until_booster=not self.until_booster)

    def other_origin(self) -> "Question":
        """Return the same counted from the other day 0."""
        other = STARTING_FORM if self.origin == LAST_INFUSION else LAST_INFUSION
        return replace(self, origin=other)


@dataclass(frozen=True)
class Lasting:
    """The answer to a question, and to those that differ in one choice."""

    answer: Durability
    other_boosters: Durability
    other_origin: Durability


def usual_question(
    rule: LossRule,
    criterion: Criterion | None = None,
    *,
    recall_window: str | None = None,
    until_booster: bool = False,
    origin: str = LAST_INFUSION,
) -> Question:
    """Return a question with what is usual where nothing is asked for.

    Parameters
    ----------
    rule
        Tells its measure.
    criterion
        Of the same measure; None for the default response.
    recall_window
        Code; None for the measure's own.
    until_booster, origin
        As for `Question`.
    """
    measure = MEASURES[rule.measure]
    return Question(
        rule=rule,
        criterion=criterion or default_criterion(measure.code, "response"),
        recall_window=recall_window or measure.default_recall_window.code,
        until_booster=until_booster,
        origin=origin,
    )


def durability(
    practice: Practice, question: Question, *, confidence: float = 0.95
) -> Durability:
    """Return how long what was reached lasted, of the practice's chosen courses."""
    after = practice.follow_up(question.rule.measure, question.recall_window)
    return analysis.durability(
        after.courses,
        after.looks,
        after.boosters,
        question.rule,
        origin=question.origin,
        recall_window=question.recall_window,
        confidence=confidence,
        **_asked(practice, question),
    )


def lasting(
    practice: Practice, question: Question, *, confidence: float = 0.95
) -> Lasting:
    """Return the answer to a question, and to those that differ in one choice."""
    questions = (question, question.other_boosters(), question.other_origin())
    return Lasting(
        *(durability(practice, each, confidence=confidence) for each in questions)
    )


def courses_behind(practice: Practice, question: Question) -> pd.DataFrame:
    """Return the courses that `durability` counted, with the ``state`` of each.

    As `analysis.durability.follow`, in the order of infusion 1, and with the ``days``
    that the followed ones are in the curve.
    """
    after = practice.follow_up(question.rule.measure, question.recall_window)
    rows = analysis.follow(
        after.courses,
        after.looks,
        after.boosters,
        question.rule,
        **_asked(practice, question),
    )
    since = rows["day_0" if question.origin == LAST_INFUSION else "score_day"]
    end = rows["event_day"].fillna(rows["last_without"])
    days = (end - since).clip(lower=0).where(rows["state"].isin(analysis.FOLLOWED))
    rows = rows.assign(days=days)
    return rows.sort_values(["first_day", "course_id"], ignore_index=True)


def groups(courses: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the courses behind each number of `Durability`, by the number's code.

    Parameters
    ----------
    courses
        As `courses_behind` returns them.
    """
    state, at_end = courses["state"], courses["at_end"]
    followed = state.isin(analysis.FOLLOWED)
    chosen = {
        "started": at_end.notna(),
        "eligible": ~at_end.isin((NO_BASELINE, NOT_ELIGIBLE)),
        "not_due": at_end == NOT_DUE,
        "due": at_end.isin((MISSING, EVENT, NO_EVENT)),
        "missing": at_end == MISSING,
        "measured": at_end.isin((EVENT, NO_EVENT)),
        "not_reached": at_end == NO_EVENT,
        "reached": at_end == EVENT,
        "there_already": state == analysis.THERE_ALREADY,
        "never_there": state == analysis.NEVER_THERE,
        "not_seen_again": state == analysis.NOT_SEEN_AGAIN,
        "followed": followed,
        "lost": state == analysis.LOST,
        "still": state == analysis.STILL,
        "unconfirmed": followed & courses["unconfirmed"],
        "boosted": followed & courses["first_booster_day"].notna(),
    }
    return {code: courses[which] for code, which in chosen.items()}


def followed_to(courses: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Return the courses that are followed to each of the usual days after day 0.

    Parameters
    ----------
    courses
        As `courses_behind` returns them.
    """
    return {day: courses[courses["days"] >= day] for day in analysis.RISK_DAYS if day}


def with_induction(courses: pd.DataFrame) -> pd.DataFrame:
    """Return the courses of which booster intervals are asked.

    Parameters
    ----------
    courses
        As `courses_behind` returns them.
    """
    return courses[courses["induction_infusions"] >= 1]


def boosters(practice: Practice, question: Question) -> BoosterIntervals:
    """Return how far the boosters of the chosen courses are from each other."""
    after = practice.follow_up(question.rule.measure, question.recall_window)
    return analysis.booster_intervals(
        after.courses, after.boosters, as_of_day=practice.selection.as_of_day
    )


def boosters_behind(practice: Practice, question: Question) -> pd.DataFrame:
    """Return a row per booster, as `analysis.durability.booster_rows`.

    With the ``patient_id`` and ``first_day`` of its course, in the order of the days.
    """
    after = practice.follow_up(question.rule.measure, question.recall_window)
    rows = analysis.booster_rows(
        after.courses, after.boosters, as_of_day=practice.selection.as_of_day
    )
    whose = after.courses[["course_id", "patient_id", "first_day"]]
    rows = rows.merge(whose, on="course_id")
    return rows.sort_values(["day", "course_id"], ignore_index=True)


def published_beside(
    catalogue: Catalogue, measure: str
) -> tuple[PublishedDurability, ...]:
    """Return what was published of how long it lasts, to be shown with a measure."""
    return tuple(f for f in catalogue.durability if f.shown_with == measure)


def _asked(practice: Practice, question: Question) -> dict[str, object]:
    selection = practice.selection
    return {
        "criterion": question.criterion,
        "eligible_at_least": selection.lowest_baseline(question.rule.measure),
        "as_of_day": selection.as_of_day,
        "until_booster": question.until_booster,
    }
