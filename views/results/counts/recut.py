"""Connects what is recorded to the analysis: a rate, its courses, a figure's re-cut.

For pages and for the command line; nothing is counted and nothing is worded here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pandas as pd

from analysis.by_infusion import ever_by_infusion, responding_now_by_infusion
from analysis.comparison import (
    CHANGE,
    Comparison,
    PracticeFrames,
    Refusal,
    compare,
    why_not,
)
from analysis.ever import EverCurve
from analysis.outcomes import (
    OutcomeRate,
    classify,
    one_course_per_patient,
    outcome_rate,
    select_courses,
)
from data import answer_frames, frames, moments
from data.database import Connection
from data.follow_up import FollowUp, follow_up_frames
from data.published import Catalogue
from data.quality_exclusions import quality_exclusions_frame
from data.quality_frames import quality_courses_frame, quality_forms_frame
from data.snapshots import score_ids_frame
from measures.criteria import Criterion
from measures.days import day_number
from measures.figures import (
    EVER_WITHIN_42_DAYS,
    Citation,
    Condition,
    PublishedFigure,
)
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.registry import ELIGIBILITY, MEASURES
from measures.timepoints import DEFAULT_TIMEPOINT, END_OF_INDUCTION


Read = TypeVar("Read")


@dataclass(frozen=True)
class Selection:
    """Which courses are asked about, and on which day the question is asked."""

    as_of_day: int
    first_day_from: int | None = None
    """Day number of infusion 1, included; as ``first_day_to``."""
    first_day_to: int | None = None
    indication: str | None = None
    clinician: str | None = None
    condition: Condition | None = None
    """Only courses for this, alone or with another: what a study's patients had."""
    all_courses: bool = False
    """False: each patient's first course of those chosen."""
    eligible_at_least: int | None = None
    """Lowest baseline that counts; None: the rule of the measure."""

    def lowest_baseline(self, measure: str) -> int:
        """Return the baseline needed to be counted, in points."""
        if self.eligible_at_least is not None:
            return self.eligible_at_least
        return ELIGIBILITY[measure].at_least


@dataclass(frozen=True, eq=False)
class Practice:
    """The recorded courses that a selection asks for; each frame is read once.

    Use it within one transaction and throw it away.
    """

    connection: Connection
    selection: Selection
    _read: dict[tuple, Any] = field(default_factory=dict, repr=False)

    def choosing(self, selection: Selection) -> "Practice":
        """Return the same records for another selection; nothing is read again."""
        return replace(self, selection=selection)

    def started(
        self, measure: str, timepoint: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return every started course, whatever the selection says of courses.

        Parameters
        ----------
        measure, timepoint
            Codes.
        recall_window
            Code; None for the measure's own.
        """
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        return self._once(frames.courses_frame, **cut, timepoint=timepoint)

    def courses(
        self, measure: str, timepoint: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return the chosen courses, columns ``analysis.columns.COURSES``."""
        asked = self.selection
        started = self.started(measure, timepoint, recall_window)
        chosen = select_courses(
            started[_treated_for(started, asked.condition)],
            indication=asked.indication,
            clinician=asked.clinician,
            first_day_from=asked.first_day_from,
            first_day_to=asked.first_day_to,
        )
        return chosen if asked.all_courses else one_course_per_patient(chosen)

    def score_ids(
        self, measure: str, timepoint: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return which forms are the baselines and scores, of every started course."""
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        return self._once(score_ids_frame, **cut, timepoint=timepoint)

    def by_infusion(
        self, measure: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return the same courses by infusion number, ``COURSES_BY_INFUSION``."""
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        return self._of_chosen(frames.courses_by_infusion_frame, cut)

    def scores_after(
        self, measure: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return their scores after infusion 1, columns ``SCORES_AFTER``."""
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        return self._of_chosen(frames.scores_after_frame, cut)

    def answers(
        self, measure: str, timepoint: str, recall_window: str | None = None
    ) -> pd.DataFrame:
        """Return the answers of every started course, ``change_shape.ANSWERS``."""
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        return self._once(answer_frames.answers_frame, **cut, timepoint=timepoint)

    def follow_up(self, measure: str, recall_window: str | None = None) -> FollowUp:
        """Return the same courses at the end of induction, and what came after.

        Forms and boosters are those of every started course.
        """
        cut = {"measure": measure, "recall_window": recall_window or _own(measure)}
        after = self._once(follow_up_frames, **cut)
        courses = self.courses(**cut, timepoint=END_OF_INDUCTION.code)
        return replace(after, courses=courses)

    def quality_records(self) -> dict[str, pd.DataFrame]:
        """Return what quality measures are counted from, of every patient.

        The owners say who is counted, so the choice of courses makes no difference.
        """
        forms = {"measure": PHQ9.code, "recall_window": _own(PHQ9.code)}
        return {
            "courses": self._once(quality_courses_frame),
            "forms": self._once(quality_forms_frame, **forms),
            "exclusions": self._once(quality_exclusions_frame),
        }

    def _of_chosen(
        self, read: Callable[..., pd.DataFrame], cut: dict[str, str]
    ) -> pd.DataFrame:
        # By course, not by choosing again: a first course without any form has no
        # rows here, and the patient's second would slip into its place.
        chosen = self.courses(**cut, timepoint=DEFAULT_TIMEPOINT.code)
        rows = self._once(read, **cut)
        return rows[rows["course_id"].isin(chosen["course_id"])]

    def _once(self, read: Callable[..., Read], **cut: str) -> Read:
        as_of_day = self._cut_off()
        name = (read, as_of_day, *cut.values())
        if name not in self._read:
            self._read[name] = read(self.connection, **cut, as_of_day=as_of_day)
        return self._read[name]

    def _cut_off(self) -> int | None:
        # Nothing recorded lies in the future: from today on, what is stored answers,
        # which is much quicker than deriving every score for an earlier day.
        asked = self.selection.as_of_day
        return asked if asked < day_number(moments.today()) else None


def outcome(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
    confidence: float = 0.95,
) -> OutcomeRate:
    """Return how many of the practice's courses met a criterion at a time point."""
    window = recall_window or _own(criterion.measure)
    return outcome_rate(
        practice.courses(criterion.measure, timepoint, window),
        criterion,
        timepoint=timepoint,
        recall_window=window,
        confidence=confidence,
        **_asked(practice, criterion.measure),
    )


def courses_behind(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
) -> pd.DataFrame:
    """Return the courses that `outcome` counted, with the ``state`` of each."""
    return classify(
        practice.courses(criterion.measure, timepoint, recall_window),
        criterion,
        **_asked(practice, criterion.measure),
    )


def now_and_ever(
    practice: Practice,
    criterion: Criterion,
    *,
    recall_window: str | None = None,
    confidence: float = 0.95,
) -> tuple[dict[int, OutcomeRate], EverCurve]:
    """Return, by infusion number, the rate then and the share that ever met it."""
    window = recall_window or _own(criterion.measure)
    rows = practice.by_infusion(criterion.measure, window)
    asked = {
        "recall_window": window,
        "confidence": confidence,
        **_asked(practice, criterion.measure),
    }
    return (
        responding_now_by_infusion(rows, criterion, **asked),
        ever_by_infusion(rows, criterion, **asked),
    )


def compare_figure(
    practice: Practice,
    figure: PublishedFigure,
    outcome: str,
    *,
    confidence: float = 0.95,
) -> Comparison | Refusal:
    """Return the practice beside a published figure, counted the figure's way.

    Parameters
    ----------
    practice
        Its selection says which courses and as of which day.
    figure
        From the published catalogue.
    outcome
        ``response``, ``remission`` or ``change``.
    confidence
        Coverage of every interval, between 0 and 1.

    Returns
    -------
    Comparison or Refusal
        As `analysis.comparison.compare`, which says when it refuses.
    """
    reason = why_not(figure, outcome)
    if reason:
        return Refusal(figure, outcome, reason)
    cut = frames_for(practice, figure)
    return compare(figure, outcome, cut, confidence=confidence)


def frames_for(practice: Practice, figure: PublishedFigure) -> PracticeFrames:
    """Return the practice's courses cut as a figure that can be re-cut asks.

    Where no indication was chosen, they are those for what the study treated.
    """
    recut, chosen = figure.recut, practice.selection
    condition = figure.study.condition if chosen.indication is None else None
    practice = practice.choosing(replace(chosen, condition=condition))
    by_days = recut.timepoint == EVER_WITHIN_42_DAYS
    timepoint = DEFAULT_TIMEPOINT.code if by_days else recut.timepoint
    cut = (recut.measure, recut.recall_window)
    by_infusion = not by_days and recut.counted != "now"
    return PracticeFrames(
        courses=practice.courses(recut.measure, timepoint, recut.recall_window),
        measure=recut.measure,
        recall_window=recut.recall_window,
        timepoint=recut.timepoint,
        condition=condition,
        by_infusion=practice.by_infusion(*cut) if by_infusion else None,
        scores=practice.scores_after(*cut) if by_days else None,
        **_asked(practice, recut.measure),
    )


def compare_figures(
    practice: Practice,
    figures: Iterable[PublishedFigure],
    outcome: str,
    *,
    confidence: float = 0.95,
) -> dict[str, Comparison | Refusal]:
    """Return `compare_figure` of each by the figure's code, in the order given."""
    return {
        figure.code: compare_figure(practice, figure, outcome, confidence=confidence)
        for figure in figures
    }


@dataclass(frozen=True)
class Cited:
    """A citation of the practice article, and the figures it leads to."""

    citation: Citation
    figures: tuple[PublishedFigure, ...]


@dataclass(frozen=True)
class Beside:
    """Published figures of one outcome that belong with a measure, as they are shown.

    Each figure is in one group, but a cited figure that is context is in both.
    """

    outcome: str
    cited: tuple[Cited, ...]
    """In the order of the article."""
    direct: tuple[PublishedFigure, ...]
    approximate: tuple[PublishedFigure, ...]
    negative: tuple[PublishedFigure, ...]
    """Context that found no benefit: never left out of view."""
    context: tuple[PublishedFigure, ...]

    @property
    def verdicts(self) -> tuple[tuple[Citation, PublishedFigure], ...]:
        """Each cited figure with the citation that leads to it."""
        return tuple((c.citation, figure) for c in self.cited for figure in c.figures)

    @property
    def as_cited(self) -> tuple[Citation, ...]:
        """Citations with rates of this outcome behind which nothing was found."""
        return tuple(c.citation for c in self.cited if self.unsupported(c.citation))

    @property
    def in_view(self) -> tuple[PublishedFigure, ...]:
        """Every figure that is shown without being asked for, once."""
        cited = tuple(figure for c in self.cited for figure in c.figures)
        return cited + self.direct + self.approximate + self.negative

    @property
    def all(self) -> tuple[PublishedFigure, ...]:
        """Every figure once, those in view first."""
        return tuple(dict.fromkeys(self.in_view + self.context))

    def unsupported(self, citation: Citation) -> bool:
        """Whether the article gives rates of this outcome here without a source."""
        return citation.rates is not None and citation.rates.outcome == self.outcome


def figures_beside(catalogue: Catalogue, measure: str, outcome: str) -> Beside:
    """Return the figures to show with a measure, for ``response`` or ``remission``."""
    figures = [f for f in catalogue.figures if shown_with(f) == measure]
    others = [f for f in figures if f.code not in catalogue.cited]

    def of_tier(tier: str) -> tuple[PublishedFigure, ...]:
        return tuple(
            f for f in others if f.tier == tier and (f.rate(outcome) or f.negative)
        )

    cited = (
        Cited(citation, tuple(f for f in figures if f.code in citation.figures))
        for citation in catalogue.citations
    )
    return Beside(
        outcome=outcome,
        cited=tuple(c for c in cited if c.figures),
        direct=of_tier("direct"),
        approximate=of_tier("approximate"),
        negative=tuple(f for f in others if f.negative and f.tier == "context"),
        context=tuple(f for f in figures if f.tier == "context" and f.rate(outcome)),
    )


def changes_beside(catalogue: Catalogue, measure: str) -> tuple[PublishedFigure, ...]:
    """Return the figures with a mean change that may stand beside the practice's."""
    return tuple(
        figure
        for figure in catalogue.figures
        if shown_with(figure) == measure
        and figure.tier != "context"
        and not why_not(figure, CHANGE)
    )


def shown_with(figure: PublishedFigure) -> str:
    """Return the code of the measure that a figure is shown with."""
    if figure.recut:
        return figure.recut.measure
    named = [m.code for m in MEASURES.values() if m.name == figure.measure]
    return named[0] if named else _MEASURE_OF[figure.study.condition]


# Where a study of both was rated on neither of our measures, it was for depression.
_MEASURE_OF: dict[Condition, str] = {
    "depression": PHQ9.code,
    "ptsd": PCL5.code,
    "both": PHQ9.code,
}


# Both conditions count wherever one of them was treated.
_INDICATIONS_OF: dict[Condition, tuple[str, ...]] = {
    "depression": ("depression", "both"),
    "ptsd": ("ptsd", "both"),
    "both": ("both",),
}


def _treated_for(courses: pd.DataFrame, condition: Condition | None) -> pd.Series:
    if condition is None:
        return pd.Series(True, index=courses.index)
    return courses["indication"].isin(_INDICATIONS_OF[condition])


def _asked(practice: Practice, measure: str) -> dict[str, int]:
    return {
        "eligible_at_least": practice.selection.lowest_baseline(measure),
        "as_of_day": practice.selection.as_of_day,
    }


def _own(measure: str) -> str:
    return MEASURES[measure].default_recall_window.code
