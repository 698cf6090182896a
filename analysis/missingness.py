"""Who was due and not measured, and what the rate is if this or that became of them."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

from analysis.imputation import (
    ImputedRate,
    PooledProportion,
    TooFew,
    change_in_points,
    due_courses,
    impute,
    t_quantile,
    with_last_score,
)
from analysis.outcomes import MEASURED, MISSING, Coverage, classify, coverage_of
from analysis.proportions import (
    Difference,
    Proportion,
    newcombe_difference,
    wilson_proportion,
)
from measures.criteria import Criterion
from measures.definition import Source
from measures.sources import (
    CMS159,
    MISSING_DATA_2010,
    PROJECT,
    RUBIN_1987,
    VAN_BUUREN_2018,
)


WELCH = "Welch t interval"

BASELINE = "baseline"
INDUCTION_INFUSIONS = "induction infusions"
INFUSIONS = "infusions"
"""All by the as-of day: who stays for boosters is also asked for forms more often."""
LAST_CHANGE = "change up to the last score before the window"
"""Only of courses with a score after infusion 1 and before the window."""

CLINICIAN = "clinician"
INDICATION = "indication"


@dataclass(frozen=True)
class Mean:
    """A mean of some courses, in its own unit."""

    n: int
    mean: float | None
    """None where there is nobody."""
    sd: float | None
    """None with fewer than two."""
    course_ids: tuple[int, ...]


@dataclass(frozen=True)
class MeanDifference:
    """How far the missing are from the measured, on average, in one characteristic."""

    characteristic: str
    measured: Mean
    missing: Mean
    difference: float | None
    """Missing minus measured; None where either is nobody."""
    lower: float | None
    """None, as ``upper``, unless both have two courses, and one of them a spread."""
    upper: float | None
    confidence: float
    method: str = WELCH


@dataclass(frozen=True)
class ShareDifference:
    """How often one value of a characteristic is found in the missing and measured."""

    characteristic: str
    value: str
    measured: Proportion | None
    """Of the measured, the share that has this value; None where nobody is."""
    missing: Proportion | None
    difference: Difference | None
    """Missing minus measured."""
    missing_here: Proportion
    """Of the due courses that have this value, the share that is missing."""
    course_ids: tuple[int, ...]
    """The due courses that have this value."""


@dataclass(frozen=True)
class WhoIsMissing(Coverage):
    """How courses that were due and not measured differ from those measured."""

    measured_ids: tuple[int, ...]
    missing_ids: tuple[int, ...]
    means: tuple[MeanDifference, ...]
    shares: tuple[ShareDifference, ...]
    """By characteristic, then by value in alphabetical order."""


def who_is_missing(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    measure: str,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> WhoIsMissing:
    """Return how the due courses without a score differ from those with one.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
    scores
        Columns `analysis.columns.SCORES_AFTER`, same measure and recall window.
    measure, timepoint, recall_window
        Codes of what the frames hold; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.

    Returns
    -------
    WhoIsMissing
        Differences with their intervals, never a test alone: that no difference can
        be told in few courses does not mean that there is none.

    References
    ----------
    Welch 1947, Biometrika 34:28-35; Newcombe 1998, Stat Med 17:873-890, method 10.
    """
    coverage, due = _coverage_and_due(
        courses,
        scores,
        timepoint=timepoint,
        measure=measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        confidence=confidence,
    )
    return WhoIsMissing(
        **vars(coverage),
        measured_ids=_ids(due[due["state"] == MEASURED]),
        missing_ids=_ids(due[due["state"] == MISSING]),
        means=tuple(
            _mean_difference(name, due, values, confidence)
            for name, values in (
                (BASELINE, due["baseline"]),
                (INDUCTION_INFUSIONS, due["induction_infusions"]),
                (INFUSIONS, due["infusions"]),
                (LAST_CHANGE, due["last_score"] - due["baseline"]),
            )
        ),
        shares=tuple(
            _share_difference(name, value, due, confidence)
            for name in (CLINICIAN, INDICATION)
            for value in sorted(due[name].unique())
        ),
    )


@dataclass(frozen=True)
class Approach:
    """One way to reckon with the missing: what it takes to be true."""

    code: str
    name: str
    sentence: str
    source: Source


OBSERVED = Approach(
    "observed",
    "Measured only",
    "The missing are left out, as if they did as well as those who were measured.",
    PROJECT,
)
CARRIED = Approach(
    "last_observation",
    "Last observation carried forward",
    "A missing total is the last complete one after infusion 1 and before the window; "
    "where there is none, the baseline. It takes for granted that nothing changed "
    "since, and is too sure of it.",
    MISSING_DATA_2010,
)
FAILURE = Approach(
    "failure",
    "Missing as failure, the worst case",
    "No missing course met the criterion.",
    CMS159,
)
BEST = Approach(
    "best",
    "Best case",
    "Every missing course met the criterion.",
    PROJECT,
)
IMPUTED = Approach(
    "imputed",
    "Multiple imputation",
    "A missing course is like the measured ones with the same baseline, last score, "
    "induction infusions and indication.",
    RUBIN_1987,
)
SHIFTED = Approach(
    "imputed_worse",
    "Multiple imputation, missing worse",
    "As multiple imputation, but every missing total is higher by the points said "
    "beside it: the missing are that much worse than measured courses like them.",
    VAN_BUUREN_2018,
)

APPROACHES = (OBSERVED, CARRIED, FAILURE, BEST, IMPUTED, SHIFTED)


@dataclass(frozen=True)
class Estimate:
    """The rate by one approach."""

    approach: Approach
    rate: Proportion | PooledProportion | TooFew | None
    """None where there is nobody to divide by."""
    course_ids: tuple[int, ...]
    """The courses divided by."""
    event_ids: tuple[int, ...]
    """Those that met the criterion; of imputed courses, none can be named."""


@dataclass(frozen=True)
class SideBySide(Coverage):
    """One criterion at one time point, by every approach to the missing."""

    criterion: str
    estimates: tuple[Estimate, ...]
    """In the order of ``APPROACHES``."""
    missing_ids: tuple[int, ...]
    carried_from_baseline: tuple[int, ...]
    """The missing that had no score after infusion 1 to carry forward."""
    imputation: ImputedRate | TooFew
    shifted: ImputedRate | TooFew

    def of(self, approach: Approach) -> Estimate:
        """Return the estimate of one approach."""
        return next(e for e in self.estimates if e.approach == approach)


def side_by_side(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    shift: int | None = None,
    confidence: float = 0.95,
) -> SideBySide:
    """Return the rate of one criterion at one time point by every approach.

    Parameters
    ----------
    courses, criterion, timepoint, eligible_at_least, as_of_day, recall_window
        As for `analysis.outcomes.outcome_rate`.
    scores
        Columns `analysis.columns.SCORES_AFTER`, same measure and recall window.
    shift
        Points by which the missing are worse in the last row; None: those of the
        measure's default change criterion.
    confidence
        Coverage of every interval, between 0 and 1.

    Returns
    -------
    SideBySide
        All but the first estimate are of everybody who was due.
    """
    coverage, due = _coverage_and_due(
        courses,
        scores,
        timepoint=timepoint,
        measure=criterion.measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        confidence=confidence,
    )
    worse = change_in_points(criterion.measure) if shift is None else shift
    imputation = impute(due, criterion, confidence=confidence)
    shifted = impute(due, criterion, shift=worse, confidence=confidence)
    counted = _by_counting(due, criterion, confidence)
    seen = counted[0].event_ids
    missing = due[due["state"] == MISSING]
    return SideBySide(
        **vars(coverage),
        criterion=criterion.code,
        estimates=(
            *counted,
            _imputed(IMPUTED, imputation, seen),
            _imputed(SHIFTED, shifted, seen),
        ),
        missing_ids=_ids(missing),
        carried_from_baseline=_ids(missing[missing["last_score"].isna()]),
        imputation=imputation,
        shifted=shifted,
    )


def _coverage_and_due(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    **asked: object,
) -> tuple[Coverage, pd.DataFrame]:
    limits = {"eligible_at_least": eligible_at_least, "as_of_day": as_of_day}
    classified = classify(courses, **limits)
    coverage = coverage_of(classified["state"], timepoint=timepoint, **asked, **limits)
    return coverage, with_last_score(due_courses(classified), scores, timepoint)


def _ids(courses: pd.DataFrame) -> tuple[int, ...]:
    return tuple(courses["course_id"].tolist())


def _mean_difference(
    characteristic: str, due: pd.DataFrame, values: pd.Series, confidence: float
) -> MeanDifference:
    known = values.notna()
    measured, missing = (
        _mean(due[known & (due["state"] == state)], values)
        for state in (MEASURED, MISSING)
    )
    nobody = not measured.n or not missing.n
    difference = None if nobody else missing.mean - measured.mean
    half_width = _welch_half_width(missing, measured, confidence)
    return MeanDifference(
        characteristic,
        measured,
        missing,
        difference=difference,
        lower=None if half_width is None else difference - half_width,
        upper=None if half_width is None else difference + half_width,
        confidence=confidence,
    )


def _mean(courses: pd.DataFrame, values: pd.Series) -> Mean:
    n, own = len(courses), values[courses.index]
    return Mean(
        n,
        mean=float(own.mean()) if n else None,
        sd=float(own.std(ddof=1)) if n > 1 else None,
        course_ids=_ids(courses),
    )


def _welch_half_width(first: Mean, second: Mean, confidence: float) -> float | None:
    if min(first.n, second.n) < 2 or not (first.sd or second.sd):
        return None
    a, b = first.sd**2 / first.n, second.sd**2 / second.n
    freedom = (a + b) ** 2 / (a**2 / (first.n - 1) + b**2 / (second.n - 1))
    return t_quantile(confidence, freedom) * sqrt(a + b)


def _share_difference(
    characteristic: str, value: str, due: pd.DataFrame, confidence: float
) -> ShareDifference:
    here, is_missing = due[characteristic] == value, due["state"] == MISSING
    measured = _share(here[~is_missing], confidence)
    missing = _share(here[is_missing], confidence)
    both = measured is not None and missing is not None
    return ShareDifference(
        characteristic,
        value,
        measured=measured,
        missing=missing,
        difference=newcombe_difference(missing, measured) if both else None,
        missing_here=_share(is_missing[here], confidence),
        course_ids=_ids(due[here]),
    )


def _share(is_event: pd.Series, confidence: float) -> Proportion | None:
    if is_event.empty:
        return None
    return wilson_proportion(int(is_event.sum()), len(is_event), confidence)


def _by_counting(
    due: pd.DataFrame, criterion: Criterion, confidence: float
) -> list[Estimate]:
    measured = due["state"] == MEASURED
    carried = due["last_score"].fillna(due["baseline"])
    met = _met(criterion, due["baseline"], due["total"].where(measured))
    met_carried = _met(
        criterion, due["baseline"], due["total"].where(measured, carried)
    )
    return [
        _counted(OBSERVED, due[measured], met[measured], confidence),
        _counted(CARRIED, due, met_carried, confidence),
        _counted(FAILURE, due, met, confidence),
        _counted(BEST, due, met | ~measured, confidence),
    ]


def _met(criterion: Criterion, baseline: pd.Series, total: pd.Series) -> pd.Series:
    met = np.asarray(criterion.met(baseline, total), dtype=bool)
    return pd.Series(met, index=total.index)


def _counted(
    approach: Approach, courses: pd.DataFrame, met: pd.Series, confidence: float
) -> Estimate:
    return Estimate(
        approach, _share(met, confidence), _ids(courses), _ids(courses[met])
    )


def _imputed(
    approach: Approach, found: ImputedRate | TooFew, events: tuple[int, ...]
) -> Estimate:
    if isinstance(found, TooFew):
        return Estimate(approach, found, (), ())
    return Estimate(
        approach, found.rate, (*found.measured_ids, *found.imputed_ids), events
    )
