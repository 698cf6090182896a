"""What can be told beside a published figure, and whose courses are counted."""

import pandas as pd

from analysis import power
from analysis.comparison import (
    CHANGE,
    Comparison,
    Refusal,
    courses_of_denominator,
)
from analysis.ever import DAYS, SIX_WEEKS
from analysis.outcomes import EVENT, MEASURED, MISSING, NO_EVENT, classify
from measures.criteria import Criterion
from measures.figures import PublishedFigure
from measures.registry import CRITERIA
from views.results.counts.recut import Practice, frames_for


def could_tell(result: Comparison | Refusal) -> power.Beside | None:
    """Return what a practice of this size could tell from the published rate.

    None where there is no number of courses, counted by the figure's own rule, to say
    it of: for a curve, a change, and a figure that is only context.
    """
    if isinstance(result, Refusal) or result.context_only or result.share is None:
        return None
    published = result.published.proportion or result.published.percent / 100
    return power.beside(result.share, published)


def courses_beside(
    practice: Practice, figure: PublishedFigure, outcome: str
) -> pd.DataFrame:
    """Return the courses that a comparison counted, with the ``state`` of each.

    Parameters
    ----------
    practice
        As for `views.results.counts.recut.compare_figure`.
    figure
        One that can be re-cut, for this outcome.
    outcome
        ``response``, ``remission`` or ``change``, which has no events.
    """
    cut = frames_for(practice, figure)
    return classify(
        courses_of_denominator(cut.courses, figure.recut),
        _criterion(figure, outcome),
        eligible_at_least=cut.eligible_at_least,
        as_of_day=cut.as_of_day,
    )


def courses_ever(
    practice: Practice, figure: PublishedFigure, outcome: str, unit: str
) -> pd.DataFrame:
    """Return the eligible courses of a figure's curve, with the ``state`` of each.

    ``total`` and ``score_day`` are of the first score that met the criterion, or of
    the last where none did.

    Parameters
    ----------
    practice, figure, outcome
        As for `courses_beside`.
    unit
        Of the curve, as in `analysis.ever.EverCurve`.
    """
    cut = frames_for(practice, figure)
    eligible = courses_of_denominator(cut.courses, figure.recut)
    eligible = eligible[
        (eligible["first_day"] <= cut.as_of_day)
        & (eligible["baseline"] >= cut.eligible_at_least)
    ].drop(columns=["total", "score_day"])
    if unit == DAYS:
        scores = cut.scores.rename(columns={"day": "score_day"})
    else:
        scores = cut.by_infusion
    scores = scores.loc[
        scores["total"].notna() & (scores["score_day"] <= cut.as_of_day),
        ["course_id", "score_day", "total"],
    ]
    seen = eligible[["course_id", "first_day", "baseline"]].merge(scores)
    if unit == DAYS:
        seen = seen[seen["score_day"] - seen["first_day"] <= SIX_WEEKS]
    first = _first_met_or_last(seen, _criterion(figure, outcome))
    told = eligible.merge(first, on="course_id", how="left")
    return told.assign(state=told["state"].fillna(MISSING))


def changed_beside(practice: Practice, figure: PublishedFigure) -> pd.DataFrame:
    """Return the courses in the practice's mean change beside a figure."""
    courses = courses_beside(practice, figure, CHANGE)
    return courses[courses["state"] == MEASURED]


def _first_met_or_last(seen: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Return one row per course: ``total``, ``score_day`` and ``state``."""
    met = criterion.met(seen["baseline"], seen["total"])
    ordered = seen.assign(state=met).sort_values("score_day")
    last = ordered.groupby("course_id").tail(1)
    first = ordered[ordered["state"]].groupby("course_id").head(1)
    one = pd.concat([first, last]).drop_duplicates("course_id")
    state = one["state"].map({True: EVENT, False: NO_EVENT})
    return one.assign(state=state)[["course_id", "score_day", "total", "state"]]


def _criterion(figure: PublishedFigure, outcome: str) -> Criterion | None:
    rate = figure.rate(outcome)
    return CRITERIA[rate.criterion] if rate else None
