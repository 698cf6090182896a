"""A published figure and the practice's own number, counted the figure's way."""

from dataclasses import dataclass, replace

import pandas as pd

from analysis.by_infusion import ever_by_infusion
from analysis.change import MeanChange, mean_change
from analysis.ever import (
    DAYS,
    INFUSIONS,
    SIX_WEEKS,
    EverCurve,
    Step,
    eligible_courses,
    ever_within,
)
from analysis.outcomes import OutcomeRate, outcome_rate
from analysis.proportions import (
    Difference,
    Proportion,
    newcombe_difference,
    wilson_proportion,
)
from measures.figures import (
    EVER_WITHIN_42_DAYS,
    Condition,
    PublishedChange,
    PublishedFigure,
    PublishedRate,
    Recut,
)
from measures.registry import CRITERIA, MEASURES, RECALL_WINDOWS, TIMEPOINTS


RESPONSE = "response"
REMISSION = "remission"
CHANGE = "change"
OUTCOMES = (RESPONSE, REMISSION, CHANGE)

# McInnes 2022: an induction was 4 to 8 infusions over 7 to 28 days.
PROTOCOL_INFUSIONS = (4, 8)
PROTOCOL_DAYS = (7, 28)

NO_CAUSAL_CLAIM = (
    "Neither number shows what ketamine did: change in a practice includes "
    "expectancy, regression to the mean and drop-out."
)

_OF_WHOM = {
    "measured": "Of the eligible courses with a score at the time point.",
    "started": (
        "Of all eligible courses that were due, those without a score counted as not "
        "having the outcome."
    ),
    "protocol_measured": (
        "Of the eligible courses with a score at the time point, after an induction of "
        f"{PROTOCOL_INFUSIONS[0]} to {PROTOCOL_INFUSIONS[1]} infusions in "
        f"{PROTOCOL_DAYS[0]} to {PROTOCOL_DAYS[1]} days."
    ),
    "reached_infusion": (
        "Of the eligible courses with a score at the time point that were given the "
        "infusion of the time point."
    ),
}
_OF_THE_FOLLOWED = (
    "Of the eligible courses with a score; those who stop are followed to their last."
)
_WHEN_EVER = {
    DAYS: f"Reached at least once by day {SIX_WEEKS} after infusion 1 (Kaplan-Meier).",
    INFUSIONS: "Reached at least once by this infusion (Kaplan-Meier).",
}
_BY_RATER = {
    "self-report": "",
    "clinician": (
        "A clinician rated the study's patients; the practice's rate themselves."
    ),
    "not stated": "Who rated the study's patients was not seen.",
}
_BY_EVIDENCE = {
    "routine care": "",
    "open-label": "",
    "randomised, blinded": (
        "The study was blinded; in the practice everybody knows what was given."
    ),
    "randomised, open-label": (
        "The study's patients were assigned by lot; the practice's chose with their "
        "clinician."
    ),
    "meta-analysis": "The figure pools studies that differ from each other.",
}
_STOPPING = (
    "Who went on and who stopped, and by what rule, is not matched; nor is the "
    "study's own rule for entry."
)
_N_NOT_SEEN = (
    "Of how many patients the published percentage is was not seen, so it has no "
    "interval."
)
_COUNTS_DERIVED = (
    "The published counts were worked back from the percentage: they are about right."
)
_TREATED_FOR: dict[Condition, str] = {
    "depression": "depression (alone or with PTSD)",
    "ptsd": "PTSD (alone or with depression)",
    "both": "depression and PTSD",
}
_MEASURED_ONLY = (
    "The study's mean is of all who started; the practice's only of those with a score."
)


@dataclass(frozen=True, eq=False)
class PracticeFrames:
    """The practice's courses, cut as the figure's `Recut` asks."""

    courses: pd.DataFrame
    """Columns `analysis.columns.COURSES`, at ``timepoint``."""
    measure: str
    recall_window: str
    timepoint: str
    """Code of a time point, or ``EVER_WITHIN_42_DAYS`` with courses at any."""
    eligible_at_least: int
    as_of_day: int
    condition: Condition | None = None
    """What the courses were cut to, as the study's; None if they were not."""
    by_infusion: pd.DataFrame | None = None
    """`COURSES_BY_INFUSION`; needed where the figure counts "ever" by an infusion."""
    scores: pd.DataFrame | None = None
    """`SCORES_AFTER`; needed for ``EVER_WITHIN_42_DAYS``."""


@dataclass(frozen=True)
class PublishedShare:
    """A published percentage as printed, and its interval where there can be one."""

    percent: float
    proportion: Proportion | None
    """Wilson, from the counts; None where n was not seen."""
    about: bool
    """True when the counts were worked back from the percentage."""


@dataclass(frozen=True)
class Comparison:
    """The practice beside a published figure, and what may not be concluded."""

    figure: PublishedFigure
    outcome: str
    practice: OutcomeRate | MeanChange | None
    """At the time point; None where only "ever" is counted."""
    share: Proportion | None
    """The practice's share of the figure's denominator; None for a change."""
    ever: EverCurve | None
    ever_step: Step | None
    """The practice's "ever" at the figure's time."""
    published: PublishedShare | None
    published_change: PublishedChange | None
    difference: Difference | None
    """Practice minus published; None without counts on both sides, and for context."""
    matched: tuple[str, ...]
    unmatched: tuple[str, ...]
    context_only: bool
    """True: never on one axis with the practice's number, unless labelled."""
    caution: str = NO_CAUSAL_CLAIM
    any_baseline: Proportion | None = None
    """``share`` without the practice's own lowest baseline."""
    unseen_by_then: int = 0
    """Of those in ``ever``, by infusions: without a score up to the figure's time."""

    @property
    def sentence(self) -> str:
        """What must stand beside the figure wherever it is shown."""
        return self.figure.sentence


@dataclass(frozen=True)
class Refusal:
    """Why there is no practice number beside this figure."""

    figure: PublishedFigure
    outcome: str
    reason: str


def compare(
    figure: PublishedFigure,
    outcome: str,
    practice: PracticeFrames,
    *,
    confidence: float = 0.95,
) -> Comparison | Refusal:
    """Count the practice's courses as the figure was counted, and set both together.

    Parameters
    ----------
    figure
        From the published catalogue.
    outcome
        ``response``, ``remission`` or ``change``.
    practice
        The practice's frames, cut on the measure, recall window and time point of
        ``figure.recut``. Not looked at where the figure cannot be re-cut.
    confidence
        Coverage of every interval, between 0 and 1.

    Returns
    -------
    Comparison or Refusal
        A refusal where the figure's rule was not seen, nothing of ours comes near its
        time point, or nobody was measured.

    Raises
    ------
    ValueError
        If the frames were cut for another measure, recall window or time point.
    """
    reason = why_not(figure, outcome)
    if reason:
        return Refusal(figure, outcome, reason)
    _require_cut(practice, figure.recut)
    now, ever = _recut(figure, outcome, practice, confidence)
    result = set_beside(figure, outcome, practice=now, ever=ever, confidence=confidence)
    if isinstance(result, Comparison):
        any_baseline = replace(practice, eligible_at_least=0)
        also, _ = _recut(figure, outcome, any_baseline, confidence)
        result = replace(
            result,
            any_baseline=_share(also, figure.recut),
            unseen_by_then=_unseen_by_then(result, practice),
        )
    return _of_condition(result, practice.condition)


def why_not(figure: PublishedFigure, outcome: str) -> str:
    """Return why no practice number may stand beside the figure; empty if one may."""
    if outcome not in OUTCOMES:
        raise ValueError(
            f"outcome must be one of {', '.join(OUTCOMES)}; got {outcome}."
        )
    if outcome == CHANGE:
        reason = _why_no_change(figure)
    else:
        reason = _why_no_rate(figure, outcome)
    if not reason and figure.recut is None:
        return "Nothing recorded here comes near the study's measure and time point."
    return reason


def set_beside(
    figure: PublishedFigure,
    outcome: str,
    *,
    practice: OutcomeRate | MeanChange | None = None,
    ever: EverCurve | None = None,
    confidence: float = 0.95,
) -> Comparison | Refusal:
    """Return the comparison of a figure with practice numbers already counted.

    Parameters
    ----------
    figure, outcome, confidence
        As for `compare`.
    practice
        The practice at the figure's time point, of the courses the figure's
        denominator asks for.
    ever
        The practice's curve of "ever", where the figure counts that.

    Raises
    ------
    ValueError
        If a practice number is on another criterion, time point, measure or recall
        window than the figure; the message names both.
    """
    reason = why_not(figure, outcome)
    if reason:
        return Refusal(figure, outcome, reason)
    _require_same_question(figure, outcome, practice, ever)
    step = _ever_step(ever, figure.recut) if ever else None
    if not (practice and practice.measured) and step is None:
        return Refusal(
            figure, outcome, "Nobody in the practice has a score for this time point."
        )
    rate = figure.rate(outcome)
    share = _share(practice, figure.recut)
    published = published_share(rate, confidence) if rate else None
    return Comparison(
        figure=figure,
        outcome=outcome,
        practice=practice,
        share=share,
        ever=ever,
        ever_step=step,
        published=published,
        published_change=figure.change if outcome == CHANGE else None,
        difference=_difference(figure, share, published),
        matched=_matched(figure, rate, practice, ever),
        unmatched=_unmatched(figure, outcome, published),
        context_only=figure.tier == "context",
    )


def published_share(rate: PublishedRate, confidence: float = 0.95) -> PublishedShare:
    """Return the percentage as printed, with a Wilson interval where n was seen.

    Where only the percentage and n were seen, the events are worked back from them
    and marked as such.
    """
    if rate.n is None:
        return PublishedShare(rate.percent, None, about=False)
    seen = rate.events is not None
    events = rate.events if seen else round(rate.n * rate.percent / 100)
    return PublishedShare(
        rate.percent,
        wilson_proportion(events, rate.n, confidence),
        about=rate.counts_derived or not seen,
    )


def courses_of_denominator(courses: pd.DataFrame, recut: Recut) -> pd.DataFrame:
    """Return the courses that the figure's denominator allows.

    Parameters
    ----------
    courses
        Columns ``infusions``, ``induction_infusions`` and ``induction_days``.
    recut
        How the figure is to be counted.
    """
    if recut.denominator == "protocol_measured":
        on_protocol = courses["induction_infusions"].between(*PROTOCOL_INFUSIONS)
        return courses[on_protocol & courses["induction_days"].between(*PROTOCOL_DAYS)]
    if recut.denominator == "reached_infusion":
        return courses[courses["infusions"] >= TIMEPOINTS[recut.timepoint].infusion]
    return courses


def _why_no_change(figure: PublishedFigure) -> str:
    if figure.change is None or figure.change.mean is None:
        return "No mean change from baseline was seen in the study."
    if figure.recut and figure.measure != MEASURES[figure.recut.measure].name:
        return f"The study's change is in points of another scale, {figure.measure}."
    return ""


def _why_no_rate(figure: PublishedFigure, outcome: str) -> str:
    rate = figure.rate(outcome)
    if rate is None:
        return f"No {outcome} rate was seen in the study."
    if not rate.definition_seen:
        return f"The study's rule for {outcome} was not seen."
    if rate.criterion is None:
        return f"The study's rule for {outcome} has no counterpart here."
    return ""


def _of_condition(
    result: Comparison | Refusal, condition: Condition | None
) -> Comparison | Refusal:
    if condition is None:
        return result
    treated = _TREATED_FOR[condition]
    if isinstance(result, Refusal):
        reason = f"Nobody treated for {treated} has a score for this time point."
        return replace(result, reason=reason)
    return replace(result, matched=(*result.matched, f"Courses for {treated}."))


def _recut(
    figure: PublishedFigure, outcome: str, practice: PracticeFrames, confidence: float
) -> tuple[OutcomeRate | MeanChange | None, EverCurve | None]:
    recut = figure.recut
    asked = {
        "eligible_at_least": practice.eligible_at_least,
        "as_of_day": practice.as_of_day,
        "recall_window": practice.recall_window,
        "confidence": confidence,
    }
    courses = courses_of_denominator(practice.courses, recut)
    if outcome == CHANGE:
        asked |= {"measure": recut.measure, "timepoint": recut.timepoint}
        return mean_change(courses, **asked), None
    criterion = CRITERIA[figure.rate(outcome).criterion]
    now = ever = None
    if _counts_now(recut):
        now = outcome_rate(courses, criterion, timepoint=recut.timepoint, **asked)
    if recut.timepoint == EVER_WITHIN_42_DAYS:
        ever = ever_within(courses, practice.scores, criterion, **asked)
    elif _counts_ever(recut):
        by_infusion = courses_of_denominator(practice.by_infusion, recut)
        ever = ever_by_infusion(by_infusion, criterion, **asked)
    return now, ever


def _unseen_by_then(result: Comparison, practice: PracticeFrames) -> int:
    """Return how many of the curve are first seen after the figure's infusion."""
    if result.ever is None or result.ever.unit != INFUSIONS:
        return 0
    courses = courses_of_denominator(practice.by_infusion, result.figure.recut)
    eligible = eligible_courses(courses, practice.eligible_at_least, practice.as_of_day)
    known = eligible["total"].notna() & (eligible["score_day"] <= practice.as_of_day)
    first = eligible[known].groupby("course_id")["infusion"].min()
    return int((first > TIMEPOINTS[result.figure.recut.timepoint].infusion).sum())


def _counts_now(recut: Recut) -> bool:
    return recut.counted in ("now", "now and ever")


def _counts_ever(recut: Recut) -> bool:
    return recut.counted in ("ever", "now and ever")


def _ever_unit(recut: Recut) -> str:
    if recut.timepoint == EVER_WITHIN_42_DAYS:
        return DAYS
    return INFUSIONS if _counts_ever(recut) else "no curve"


def _ever_step(ever: EverCurve, recut: Recut) -> Step | None:
    if ever.unit == DAYS:
        return ever.at(SIX_WEEKS)
    number = TIMEPOINTS[recut.timepoint].infusion
    return next((step for step in ever.steps if step.time == number), None)


def _share(
    practice: OutcomeRate | MeanChange | None, recut: Recut
) -> Proportion | None:
    if not isinstance(practice, OutcomeRate):
        return None
    return practice.nonresponse if recut.denominator == "started" else practice.observed


def _difference(
    figure: PublishedFigure, share: Proportion | None, published: PublishedShare | None
) -> Difference | None:
    if figure.tier == "context" or share is None or published is None:
        return None
    if published.proportion is None:
        return None
    return newcombe_difference(share, published.proportion)


def _matched(
    figure: PublishedFigure,
    rate: PublishedRate | None,
    practice: OutcomeRate | MeanChange | None,
    ever: EverCurve | None,
) -> tuple[str, ...]:
    recut = figure.recut
    sentences = [CRITERIA[rate.criterion].sentence if rate else "Change in points."]
    if recut.timepoint in TIMEPOINTS:
        sentences.append(TIMEPOINTS[recut.timepoint].sentence)
    if isinstance(practice, OutcomeRate):
        sentences.append(_OF_WHOM[recut.denominator])
    elif practice:
        sentences.append(_OF_WHOM[_with_a_score(recut)])
    if ever:
        sentences += [_WHEN_EVER[ever.unit], _OF_THE_FOLLOWED]
    return tuple(sentences)


def _with_a_score(recut: Recut) -> str:
    # A mean needs scores: the unmeasured cannot be counted as anything.
    return "measured" if recut.denominator == "started" else recut.denominator


def _unmatched(
    figure: PublishedFigure, outcome: str, published: PublishedShare | None
) -> tuple[str, ...]:
    n_not_seen = published is not None and published.proportion is None
    sentences = (
        _BY_RATER[figure.rater],
        _other_scale(figure),
        _days_asked_about(figure),
        _BY_EVIDENCE[figure.study.evidence],
        _population(figure),
        _STOPPING,
        _N_NOT_SEEN if n_not_seen else "",
        _COUNTS_DERIVED if published and published.about else "",
        _MEASURED_ONLY if _mean_of_starters(figure, outcome) else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


def _other_scale(figure: PublishedFigure) -> str:
    ours = MEASURES[figure.recut.measure].name
    if figure.measure == ours:
        return ""
    return f"The study used the {figure.measure}; the practice's scores are {ours}."


def _days_asked_about(figure: PublishedFigure) -> str:
    measure = MEASURES[figure.recut.measure]
    if figure.measure == measure.name and len(measure.recall_windows) == 1:
        return ""
    window = RECALL_WINDOWS[figure.recut.recall_window].name
    return (
        f"The days that the study's {figure.measure} asked about were not seen; the "
        f"practice's {measure.name}: {window}."
    )


def _population(figure: PublishedFigure) -> str:
    population = figure.study.population
    if not population:
        return "The study's patients were not described in what was seen."
    return f"The study's patients are not the practice's: {population}."


def _mean_of_starters(figure: PublishedFigure, outcome: str) -> bool:
    return outcome == CHANGE and figure.recut.denominator == "started"


def _require_cut(practice: PracticeFrames, recut: Recut) -> None:
    _require_equal(
        "the practice's courses",
        (practice.measure, practice.recall_window, practice.timepoint),
        (recut.measure, recut.recall_window, recut.timepoint),
    )
    if recut.timepoint == EVER_WITHIN_42_DAYS:
        needed, frame = "scores", practice.scores
    elif _counts_ever(recut):
        needed, frame = "by_infusion", practice.by_infusion
    else:
        return
    if frame is None:
        raise ValueError(f"{needed} are needed to count {recut.counted!r}; got none.")


def _require_same_question(
    figure: PublishedFigure,
    outcome: str,
    practice: OutcomeRate | MeanChange | None,
    ever: EverCurve | None,
) -> None:
    if practice is None and ever is None:
        raise ValueError("a practice number is needed to compare; got none.")
    recut = figure.recut
    rate = figure.rate(outcome)
    rule = (rate.criterion,) if rate else ()
    asked = (recut.measure, recut.recall_window)
    if practice:
        found = (practice.measure, practice.recall_window, practice.timepoint)
        found += (practice.criterion,) if isinstance(practice, OutcomeRate) else ()
        _require_equal("the practice", found, (*asked, recut.timepoint, *rule))
    if ever:
        found = (ever.measure, ever.recall_window, ever.unit, ever.criterion)
        expected = (*asked, _ever_unit(recut), *rule)
        _require_equal("the practice's curve", found, expected)


def _require_equal(what: str, found: tuple, expected: tuple) -> None:
    if found != expected:
        raise ValueError(
            f"{what} is cut at {', '.join(found)}; the figure needs "
            f"{', '.join(expected)}."
        )
