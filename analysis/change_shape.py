"""The shape of change: how far each course moved, beyond error or not, and on what.

Of the eligible courses with a score at one time point. Those without one are counted
beside every result, and are in none of the numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

from analysis.columns import Column, FrameSpec, conform
from analysis.outcomes import (
    EVENT,
    MEASURED,
    NO_EVENT,
    Coverage,
    OutcomeRate,
    classify,
    coverage_of,
    outcome_rate,
)
from analysis.proportions import Proportion, require_confidence, wilson_proportion
from analysis.reliable_change import (
    OUTCOMES,
    classify_change,
    reliable_change_threshold,
)
from measures.criteria import Criterion
from measures.definition import Domain, Item, Measure, Source
from measures.registry import criteria_of
from measures.reliability import FUNCTIONAL_CUTOFF, Reliability, reliabilities_of


ANSWERS = FrameSpec(
    "ANSWERS",
    (
        Column("course_id", "int64"),
        Column("baseline_answers", "str"),
        Column("answers", "str"),
    ),
    one_row_per=("course_id",),
)
"""A digit for each item of the baseline and of the score's form, ``-`` unanswered.

Empty where there is no such form, or only its total is known.
"""

SD_FROM = 20
"""Fewest baselines whose spread is computed with; this project's own."""

RANKED_FROM = 10
"""Fewest courses on whose answers items are put in order; this project's own."""

MOVED_POINTS = 2
"""So many points on one item are called a move; this project's own."""

# Jacobson and Truax's 1.96: part of the rule, not of how sure a share is.
RELIABLE_CONFIDENCE = 0.95

# Totals are whole, so none lies on a line drawn between two of them.
HALF_A_POINT = 0.5

TOO_FEW = "too few courses"
NO_SPREAD = "every baseline is the same"

_POINT_COLUMNS = ["course_id", "patient_id", "baseline", "total", "change"]


@dataclass(frozen=True)
class TooFew:
    """Fewer courses than an answer needs that would not mislead."""

    needed: int
    found: int
    reason: str = TOO_FEW


@dataclass(frozen=True, eq=False)
class Waterfall(Coverage):
    """How much of its baseline each measured course lost, in order."""

    criterion: str
    rows: pd.DataFrame
    """``course_id``, ``patient_id``, ``baseline``, ``total``, ``change`` in points,
    ``percent`` of the baseline and ``state``; the greatest rise first, the greatest
    fall last. Negative is better."""
    without_percent: tuple[int, ...]
    """Measured from a baseline of 0, of which there is no share; not in the rows."""
    lower: int
    unchanged: int
    higher: int


def waterfall(
    courses: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> Waterfall:
    """Return the percent change of every measured course, and whether it met a rule.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
    criterion
        The rule that makes a row's ``state``.
    timepoint, recall_window
        Codes of what the frame holds; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.
    """
    classified = classify(
        courses, criterion, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    coverage = coverage_of(
        classified["state"],
        confidence=confidence,
        timepoint=timepoint,
        measure=criterion.measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    measured = _with_change(classified[classified["state"].isin([EVENT, NO_EVENT])])
    of_nothing = measured["baseline"] == 0
    rows = measured[~of_nothing]
    rows = rows.assign(percent=100 * rows["change"] / rows["baseline"])
    rows = rows.sort_values(["percent", "course_id"], ascending=[False, True])
    return Waterfall(
        **vars(coverage),
        criterion=criterion.code,
        rows=rows[[*_POINT_COLUMNS, "percent", "state"]].reset_index(drop=True),
        without_percent=_ids(measured[of_nothing]),
        lower=int((measured["change"] < 0).sum()),
        unchanged=int((measured["change"] == 0).sum()),
        higher=int((measured["change"] > 0).sum()),
    )


@dataclass(frozen=True)
class Boundary:
    """How many points are a reliable change, and who says so."""

    code: str
    name: str
    sentence: str
    source: Source
    threshold: float
    """A change of more points than this is reliable, in either direction."""
    points: int | None = None
    """Of a rule in whole points: at least so many; None where it was computed."""
    reliability: float | None = None
    sd: float | None = None
    """Of the baselines it was computed with; as ``sd_n``, None where it was stated."""
    sd_n: int | None = None
    """How many baselines those were."""


@dataclass(frozen=True)
class Region:
    """The courses in one region of baseline against score."""

    outcome: str
    """One of ``analysis.reliable_change.OUTCOMES``."""
    share: Proportion | None
    """Of the measured; None when nobody was."""
    course_ids: tuple[int, ...]


@dataclass(frozen=True)
class Regions:
    """Every measured course in one of four regions, under one boundary."""

    boundary: Boundary
    regions: tuple[Region, ...]

    def of(self, outcome: str) -> Region:
        """Return the region of one outcome."""
        return next(r for r in self.regions if r.outcome == outcome)


@dataclass(frozen=True)
class NoBoundary:
    """A boundary that was not computed, and why."""

    reliability: Reliability
    why: TooFew


@dataclass(frozen=True, eq=False)
class ChangeRegions(Coverage):
    """Baseline against score, and what became of each course under each boundary."""

    points: pd.DataFrame
    """``course_id``, ``patient_id``, ``baseline``, ``total``, ``change``."""
    cutoff: Criterion
    """Its limit parts the functional from the clinical totals."""
    cutoff_total: float
    """Between the last functional total and the first clinical one."""
    began_functional: tuple[int, ...]
    """Below the cut-off at baseline: they can improve, but not be called recovered."""
    by_boundary: tuple[Regions, ...]
    refused: tuple[NoBoundary, ...]


def change_regions(
    courses: pd.DataFrame,
    *,
    measure: str,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> ChangeRegions:
    """Return what became of the measured courses, under each sourced boundary.

    The boundaries are the measure's change criteria, and the reliable change computed
    from each published reliability with the spread of the practice's own baselines:
    those of every started course that has one, eligible and measured or not.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
    measure, timepoint, recall_window
        Codes of what the frame holds; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.

    Notes
    -----
    Jacobson and Truax take the spread of those who are classified. Here these are
    chosen by a lowest baseline, so theirs is the narrower, and a boundary computed from
    it would call more changes reliable; the reliabilities are of people not so chosen.

    References
    ----------
    Jacobson N, Truax P. J Consult Clin Psychol 1991;59:12-19.
    """
    classified, coverage = _classified(
        courses,
        confidence=confidence,
        timepoint=timepoint,
        measure=measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    measured = _measured(classified)
    cutoff = FUNCTIONAL_CUTOFF[measure]
    cutoff_total = cutoff.highest_total + HALF_A_POINT
    baselines = classified["baseline"].dropna()
    computed, refused = computed_boundaries(measure, baselines)
    return ChangeRegions(
        **vars(coverage),
        points=measured[_POINT_COLUMNS].reset_index(drop=True),
        cutoff=cutoff,
        cutoff_total=cutoff_total,
        began_functional=_ids(measured[measured["baseline"] < cutoff_total]),
        by_boundary=tuple(
            regions_of(measured, boundary, cutoff_total, confidence)
            for boundary in (*stated_boundaries(measure), *computed)
        ),
        refused=refused,
    )


def stated_boundaries(measure: str) -> tuple[Boundary, ...]:
    """Return a boundary for each change criterion of a measure, the default first.

    A rule of "at least 6 points" becomes "more than 5.5", which is the same for whole
    totals.
    """
    return tuple(
        Boundary(
            criterion.code,
            criterion.name,
            criterion.sentence,
            criterion.source,
            threshold=criterion.points - HALF_A_POINT,
            points=criterion.points,
        )
        for criterion in criteria_of(measure, "change")
    )


def computed_boundaries(
    measure: str, baselines: pd.Series
) -> tuple[tuple[Boundary, ...], tuple[NoBoundary, ...]]:
    """Return a boundary for each published reliability, and those not computed.

    Parameters
    ----------
    measure
        Code of the measure.
    baselines
        Points, none missing.
    """
    found = reliabilities_of(measure)
    why = _why_no_sd(baselines)
    if why:
        return (), tuple(NoBoundary(reliability, why) for reliability in found)
    return tuple(_computed(reliability, baselines) for reliability in found), ()


def _why_no_sd(baselines: pd.Series) -> TooFew | None:
    if len(baselines) < SD_FROM:
        return TooFew(SD_FROM, len(baselines))
    different = baselines.nunique()
    return TooFew(2, different, NO_SPREAD) if different < 2 else None


def _computed(reliability: Reliability, baselines: pd.Series) -> Boundary:
    sd = float(baselines.std(ddof=1))
    return Boundary(
        reliability.code,
        reliability.name,
        reliability.sentence,
        reliability.source,
        threshold=reliable_change_threshold(sd, reliability.value, RELIABLE_CONFIDENCE),
        reliability=reliability.value,
        sd=sd,
        sd_n=len(baselines),
    )


def regions_of(
    points: pd.DataFrame,
    boundary: Boundary,
    cutoff_total: float | None,
    confidence: float = 0.95,
) -> Regions:
    """Return the courses in each region under one boundary.

    Parameters
    ----------
    points
        Columns ``course_id``, ``baseline``, ``total``, none missing.
    boundary
        What is a reliable change.
    cutoff_total
        Below it is functional; None: nobody is called recovered.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    outcome = classify_change(
        points["baseline"],
        points["total"],
        threshold=boundary.threshold,
        cutoff=cutoff_total,
    ).to_numpy()
    n = len(points)
    regions = []
    for name in OUTCOMES:
        inside = _ids(points[outcome == name])
        regions.append(Region(name, _share(len(inside), n, confidence), inside))
    return Regions(boundary, tuple(regions))


@dataclass(frozen=True)
class PairedChange:
    """Mean change of some points known at baseline and at the score; lower is better.

    The means are None without a course, and the interval with fewer than two.
    """

    course_ids: tuple[int, ...]
    """Those with an answer at both to every item concerned."""
    baseline_mean: float | None
    score_mean: float | None
    mean: float | None
    sd: float | None
    lower: float | None
    upper: float | None
    quartiles: tuple[float, float, float] | None
    """Of the changes: a quarter of the courses at or below the first, and so on."""
    confidence: float

    @property
    def n(self) -> int:
        """How many courses are in the mean."""
        return len(self.course_ids)


@dataclass(frozen=True)
class DomainChange(PairedChange):
    """Change of the sum of a domain's items."""

    domain: Domain
    highest: int
    """Most points the domain can give."""


@dataclass(frozen=True)
class ItemChange(PairedChange):
    """Change of one item, and who moved on it by `MOVED_POINTS` or more."""

    item: Item
    better: Proportion | None
    """Of those who answered it at both; None when nobody did."""
    better_ids: tuple[int, ...]
    worse: Proportion | None
    worse_ids: tuple[int, ...]


@dataclass(frozen=True)
class AnswerChanges(Coverage):
    """Change by domain and by item, of the courses whose answers are known."""

    answered: int
    """Measured, with answers of both forms."""
    without_answers: tuple[int, ...]
    """Measured, but of one form or both only the total is known."""
    domains: tuple[DomainChange, ...]
    items: tuple[ItemChange, ...]
    """In the order of the form."""

    def most_moved(self) -> tuple[ItemChange, ...] | TooFew:
        """Return the items in order of mean change, the greatest fall first."""
        if self.answered < RANKED_FROM:
            return TooFew(RANKED_FROM, self.answered)
        known = (change for change in self.items if change.n)
        return tuple(sorted(known, key=lambda c: (c.mean, c.item.number)))


def answer_changes(
    courses: pd.DataFrame,
    answers: pd.DataFrame,
    *,
    measure: Measure,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> AnswerChanges:
    """Return how the answers changed from the baseline to the score's form.

    An item that was not answered on both forms counts nowhere, and its domain neither.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
    answers
        Columns `ANSWERS`, cut the same way; courses without a row have no answers.
    measure
        The measure of both.
    timepoint, recall_window
        Codes of what the frames hold; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.

    Raises
    ------
    ValueError
        If a frame does not hold what its contract asks for, or an answer is none of
        the measure's.
    """
    require_confidence(confidence)
    classified, coverage = _classified(
        courses,
        confidence=confidence,
        timepoint=timepoint,
        measure=measure.code,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    rows = _measured(classified)[["course_id"]].merge(
        conform(answers, ANSWERS), how="left"
    )
    rows = rows.fillna({"baseline_answers": "", "answers": ""})
    known = (rows["baseline_answers"] != "") & (rows["answers"] != "")
    chosen = rows[known]
    pairs = _Pairs(
        chosen["course_id"].to_numpy(),
        _points(chosen["baseline_answers"], measure),
        _points(chosen["answers"], measure),
        confidence,
    )
    return AnswerChanges(
        **vars(coverage),
        answered=len(chosen),
        without_answers=_ids(rows[~known]),
        domains=tuple(_domain_change(pairs, d, measure) for d in measure.domains),
        items=tuple(_item_change(pairs, item) for item in measure.items),
    )


def every_criterion(
    courses: pd.DataFrame,
    *,
    measure: str,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> tuple[OutcomeRate, ...]:
    """Return the rate under each criterion of a measure; the same courses in each.

    In the order of ``measures.registry.criteria_of``: by kind, the default first.

    Parameters
    ----------
    courses, timepoint, eligible_at_least, as_of_day, recall_window, confidence
        As for `analysis.outcomes.outcome_rate`.
    measure
        Code of the measure.
    """
    return tuple(
        outcome_rate(
            courses,
            criterion,
            timepoint=timepoint,
            eligible_at_least=eligible_at_least,
            as_of_day=as_of_day,
            recall_window=recall_window,
            confidence=confidence,
        )
        for criterion in criteria_of(measure)
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Points by course and item, at baseline and at the score; NaN unanswered."""

    course_ids: np.ndarray
    before: np.ndarray
    after: np.ndarray
    confidence: float


def _classified(
    courses: pd.DataFrame,
    *,
    eligible_at_least: int,
    as_of_day: int,
    **asked: object,
) -> tuple[pd.DataFrame, Coverage]:
    classified = classify(
        courses, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    coverage = coverage_of(
        classified["state"],
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        **asked,
    )
    return classified, coverage


def _measured(classified: pd.DataFrame) -> pd.DataFrame:
    return _with_change(classified[classified["state"] == MEASURED])


def _with_change(measured: pd.DataFrame) -> pd.DataFrame:
    return measured.assign(change=measured["total"] - measured["baseline"])


def _domain_change(pairs: _Pairs, domain: Domain, measure: Measure) -> DomainChange:
    columns = [number - 1 for number in domain.items]
    change = _paired(
        pairs, pairs.before[:, columns].sum(axis=1), pairs.after[:, columns].sum(axis=1)
    )
    highest = len(domain.items) * measure.highest_answer
    return DomainChange(**vars(change), domain=domain, highest=highest)


def _item_change(pairs: _Pairs, item: Item) -> ItemChange:
    before, after = pairs.before[:, item.number - 1], pairs.after[:, item.number - 1]
    change = _paired(pairs, before, after)
    better = _array_ids(pairs.course_ids[before - after >= MOVED_POINTS])
    worse = _array_ids(pairs.course_ids[after - before >= MOVED_POINTS])
    return ItemChange(
        **vars(change),
        item=item,
        better=_share(len(better), change.n, pairs.confidence),
        better_ids=better,
        worse=_share(len(worse), change.n, pairs.confidence),
        worse_ids=worse,
    )


def _paired(pairs: _Pairs, before: np.ndarray, after: np.ndarray) -> PairedChange:
    known = ~np.isnan(after - before)
    before, after = before[known], after[known]
    change = after - before
    some = len(change) > 0
    sd, lower, upper = _t_interval(change, pairs.confidence)
    return PairedChange(
        course_ids=_array_ids(pairs.course_ids[known]),
        baseline_mean=float(before.mean()) if some else None,
        score_mean=float(after.mean()) if some else None,
        mean=float(change.mean()) if some else None,
        sd=sd,
        lower=lower,
        upper=upper,
        quartiles=_quartiles(change) if some else None,
        confidence=pairs.confidence,
    )


def _t_interval(
    change: np.ndarray, confidence: float
) -> tuple[float, float, float] | tuple[None, None, None]:
    """Return the standard deviation and Student's limits of the mean."""
    n = len(change)
    if n < 2:
        return None, None, None
    # Slow to import, and most pages show no change in points.
    from scipy.special import stdtrit

    mean, sd = float(change.mean()), float(change.std(ddof=1))
    half_width = float(stdtrit(n - 1, 0.5 + confidence / 2)) * sd / sqrt(n)
    return sd, mean - half_width, mean + half_width


def _quartiles(change: np.ndarray) -> tuple[float, float, float]:
    first, middle, third = np.quantile(change, [0.25, 0.5, 0.75])
    return float(first), float(middle), float(third)


def _points(answers: pd.Series, measure: Measure) -> np.ndarray:
    """Return the points by form and item, NaN where an item was not answered."""
    length = answers.str.len()
    if (length != measure.item_count).any():
        raise ValueError(
            f"Answers of the {measure.name} must have {measure.item_count} digits; "
            f"got {length[length != measure.item_count].iloc[0]}."
        )
    # One byte for each, whatever was written; what is no digit is refused below.
    digits = np.frombuffer("".join(answers).encode("ascii", "replace"), dtype=np.uint8)
    digits = digits.reshape(len(answers), measure.item_count)
    points = np.where(digits == ord("-"), np.nan, digits - float(ord("0")))
    wrong = (points < 0) | (points > measure.highest_answer)
    if wrong.any():
        raise ValueError(
            f"An answer of the {measure.name} must be 0 to {measure.highest_answer} "
            f"or -; got {chr(digits[wrong][0])!r}."
        )
    return points


def _share(events: int, n: int, confidence: float) -> Proportion | None:
    return wilson_proportion(events, n, confidence) if n else None


def _ids(rows: pd.DataFrame) -> tuple[int, ...]:
    return _array_ids(rows["course_id"].to_numpy())


def _array_ids(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(int(i) for i in ids))
