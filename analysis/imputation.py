"""What the missing totals may have been, drawn many times under a stated model."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.columns import INDICATIONS, SCORES_AFTER, conform
from analysis.outcomes import MEASURED, MISSING, classify
from analysis.proportions import require_confidence
from measures.criteria import Criterion
from measures.registry import MEASURES, TIMEPOINTS, default_criterion
from measures.sources import LOTT_REITER_2020, RUBIN_1987, VAN_BUUREN_2018
from measures.timepoints import INFUSION_K, LAST_INDUCTION_INFUSION, TimePoint


MULTIPLE_IMPUTATION_WILSON = "Wilson score, multiple imputation"

IMPUTATIONS = 100
"""How often the missing totals are drawn: at least one time per percent missing."""

SEED = 1987
"""The same courses give the same draws, whatever order they come in."""

FEWEST_MEASURED = 20
"""Below this many measured courses nothing is imputed; this project's own."""

MEASURED_PER_COEFFICIENT = 5
"""Measured courses needed for each coefficient of the model; this project's own.

With fewer, the last of the predictors are left out: baseline and last score stay.
"""

FEWEST_IN_GROUP = 5
"""Measured courses that a yes or no must divide into, on both sides, to be used."""

ASSUMPTIONS = (
    "A course without a score is like the measured courses with the same baseline, "
    "last score, induction infusions and indication (missing at random); which of "
    "these were used is said.",
    "The total is a straight-line function of these, with the same spread everywhere.",
    "Drawn totals are rounded to whole points and kept within the range of the "
    "measure.",
    "Clinician, later infusions and the reason why a form is missing are not used.",
)

REFERENCES = (RUBIN_1987, LOTT_REITER_2020, VAN_BUUREN_2018)
"""Draws and rules for pooling; interval; missing not at random."""

_INTERCEPT = "intercept"
_NO_LATER_SCORE = "no score after infusion 1"


@dataclass(frozen=True)
class TooFew:
    """Nothing is imputed: it needs more measured courses than there are."""

    needed: int
    found: int


@dataclass(frozen=True)
class PooledProportion:
    """A share estimated from many completed sets of courses, pooled by Rubin's rules.

    Fractions between 0 and 1; variances are of the share.
    """

    n: int
    """Courses in each completed set: measured and imputed."""
    imputations: int
    events: float
    """Mean over the completed sets; need not be whole."""
    estimate: float
    lower: float
    upper: float
    confidence: float
    within: float
    """Mean variance within a completed set."""
    between: float
    """Variance of the share between the completed sets."""
    relative_increase: float
    """Growth of the variance because of what is missing; 0 when nothing is."""
    degrees_of_freedom: float
    """Rubin's; infinite when nothing is missing."""
    missing_information: float
    """Fraction of the information about the share that is missing."""
    monte_carlo_error: float
    """Standard error that is left because only so many sets were drawn."""
    method: str = MULTIPLE_IMPUTATION_WILSON


@dataclass(frozen=True)
class ImputedRate:
    """The share of all who were due, with the missing totals imputed."""

    criterion: str
    rate: PooledProportion
    shift: int
    """Points added to every drawn total; 0 is missing at random."""
    predictors: tuple[str, ...]
    left_out: tuple[str, ...]
    """Predictors that tell no courses apart, or for which too few were measured."""
    seed: int
    measured_ids: tuple[int, ...]
    imputed_ids: tuple[int, ...]


def imputed_rate(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    shift: int = 0,
    imputations: int = IMPUTATIONS,
    seed: int = SEED,
    confidence: float = 0.95,
) -> ImputedRate | TooFew:
    """Return the share of all due courses that met the criterion, missing imputed.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``
        on the criterion's measure.
    scores
        Columns `analysis.columns.SCORES_AFTER`, same measure and recall window;
        scores of other courses are ignored.
    criterion, timepoint, eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.
    shift
        Points added to every drawn total: how much worse the missing are than
        measured courses that look the same. See `change_in_points`.
    imputations, seed
        How often to draw, and where the draws start; the same draws for any shift.

    Returns
    -------
    ImputedRate or TooFew
        Too few where fewer than ``FEWEST_MEASURED`` courses were measured and others
        are missing, or nobody was due.

    References
    ----------
    Rubin 1987; Lott & Reiter 2020, Am Stat 74:109-115. Shift: van Buuren 2018.
    """
    classified = classify(
        courses, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    return impute(
        with_last_score(due_courses(classified), scores, timepoint),
        criterion,
        shift=shift,
        imputations=imputations,
        seed=seed,
        confidence=confidence,
    )


def impute(
    due: pd.DataFrame,
    criterion: Criterion,
    *,
    shift: int = 0,
    imputations: int = IMPUTATIONS,
    seed: int = SEED,
    confidence: float = 0.95,
) -> ImputedRate | TooFew:
    """Return `imputed_rate` of the courses that `with_last_score` gives.

    Parameters
    ----------
    due
        As from `with_last_score`, in any order.
    criterion, shift, imputations, seed, confidence
        As for `imputed_rate`.
    """
    due = due.sort_values("course_id")
    missing = (due["state"] == MISSING).to_numpy()
    known, unknown = due[~missing], due[missing]
    if due.empty or (missing.any() and len(known) < FEWEST_MEASURED):
        return TooFew(FEWEST_MEASURED, len(known))
    everything = _predictors(due)
    used = _told_apart(everything[~missing])
    drawn = draw_totals(
        everything.loc[~missing, used],
        known["total"],
        everything.loc[missing, used],
        highest_total=MEASURES[criterion.measure].highest_total,
        shift=shift,
        imputations=imputations,
        seed=seed,
    )
    events = criterion.met(known["baseline"], known["total"]).sum() + np.sum(
        criterion.met(unknown["baseline"].to_numpy(), drawn), axis=1
    )
    return ImputedRate(
        criterion=criterion.code,
        rate=pooled_proportion(events, len(due), confidence),
        shift=shift,
        predictors=tuple(used[1:]),
        left_out=tuple(c for c in everything.columns if c not in used),
        seed=seed,
        measured_ids=tuple(known["course_id"].tolist()),
        imputed_ids=tuple(unknown["course_id"].tolist()),
    )


def change_in_points(measure: str) -> int:
    """Return the shift that is shown: the points of the default change criterion.

    Examples
    --------
    >>> change_in_points("phq9"), change_in_points("pcl5")
    (6, 15)
    """
    return default_criterion(measure, "change").points


def draw_totals(
    predictors: ArrayLike,
    totals: ArrayLike,
    wanted: ArrayLike,
    *,
    highest_total: int,
    shift: int = 0,
    imputations: int = IMPUTATIONS,
    seed: int = SEED,
) -> np.ndarray:
    """Return totals drawn from a linear regression whose coefficients are drawn too.

    Parameters
    ----------
    predictors
        Shape (n, k), the intercept among them: of the courses with a total. Columns
        must not depend on one another, and n be more than k.
    totals
        Shape (n,): their totals.
    wanted
        Shape (p, k): of the courses without.
    highest_total
        Of the measure.
    shift
        Points added before rounding.
    imputations, seed
        As for `imputed_rate`.

    Returns
    -------
    numpy.ndarray
        Shape (imputations, p); whole points within the range of the measure. Rounding
        is right for a rule on whole points: "4 or less" is then less than 4.5. No
        draw meets a criterion, or fails it, because it was kept within the range.

    References
    ----------
    Rubin 1987, Multiple Imputation for Nonresponse in Surveys, pages 166-167.
    """
    x, y, new = (np.asarray(a, dtype="float64") for a in (predictors, totals, wanted))
    if not len(new):
        return np.empty((imputations, 0))
    n, k = x.shape
    lower_triangle = np.linalg.cholesky(x.T @ x)
    fitted = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = np.sum((y - x @ fitted) ** 2)
    random = np.random.default_rng(seed)
    spread = np.sqrt(residual / random.chisquare(n - k, imputations))[:, None]
    around = random.standard_normal((imputations, k))
    coefficients = fitted + spread * np.linalg.solve(lower_triangle.T, around.T).T
    noise = random.standard_normal((imputations, len(new)))
    drawn = coefficients @ new.T + spread * noise + shift
    return np.clip(np.rint(drawn), 0, highest_total)


def pooled_proportion(
    events: ArrayLike, n: int, confidence: float = 0.95
) -> PooledProportion:
    """Return the share pooled over completed sets, by Rubin's rules.

    The interval is Wilson's with the variance grown by what is missing, and Student's
    quantile; with nothing missing it is Wilson's own. The degrees of freedom are
    Rubin's: Barnard and Rubin's for small samples are the same here, because a
    complete share has infinitely many.

    Parameters
    ----------
    events
        Shape (m,), m at least 2: courses that met the criterion, in each set.
    n
        Courses in a set, at least 1.
    confidence
        Coverage of the interval, between 0 and 1.

    References
    ----------
    Rubin 1987, chapter 3. Interval: Lott & Reiter 2020, Am Stat 74:109-115.

    Examples
    --------
    >>> pooled = pooled_proportion([10, 12, 14], 20)
    >>> round(pooled.estimate, 3), round(pooled.lower, 3), round(pooled.upper, 3)
    (0.6, 0.261, 0.865)
    """
    require_confidence(confidence)
    counts = np.asarray(events, dtype="float64")
    m, mean = len(counts), float(counts.mean())
    within = float(np.mean(counts * (n - counts))) / n**3
    between = float(np.var(counts, ddof=1)) / n**2
    growth = (1 + 1 / m) * between / within if within else 0.0
    freedom = (m - 1) * (1 + 1 / growth) ** 2 if growth else inf
    lower, upper = _grown_wilson(mean / n, n / (1 + growth), freedom, confidence)
    lost = growth + (2 / (freedom + 3) if growth else 0)
    return PooledProportion(
        n=n,
        imputations=m,
        events=mean,
        estimate=mean / n,
        lower=lower,
        upper=upper,
        confidence=confidence,
        within=within,
        between=between,
        relative_increase=growth,
        degrees_of_freedom=freedom,
        missing_information=lost / (1 + growth),
        monte_carlo_error=sqrt(between / m),
    )


def due_courses(classified: pd.DataFrame) -> pd.DataFrame:
    """Return the courses that were due, ``state`` measured or missing.

    Parameters
    ----------
    classified
        As from `analysis.outcomes.classify` without a criterion.
    """
    return classified[classified["state"].isin((MEASURED, MISSING))]


def with_last_score(
    due: pd.DataFrame, scores: pd.DataFrame, timepoint: str
) -> pd.DataFrame:
    """Return the courses with ``last_score``, the last one before the window.

    The last complete score after infusion 1 and before the window of the time point;
    of two on one day the higher. Missing where there is none. Where the window opens
    with an infusion other than the first or the last of the induction, it is the last
    one before the day of the score, or before the day on which the course was due.

    Parameters
    ----------
    due
        As from `due_courses`.
    scores
        Columns `analysis.columns.SCORES_AFTER`.
    timepoint
        Code of what ``due`` was cut at.
    """
    seen = conform(scores, SCORES_AFTER)
    until = _before_window(due, TIMEPOINTS[timepoint]).set_axis(due["course_id"])
    in_time = seen["day"] <= seen["course_id"].map(until)
    seen = seen[in_time & seen["total"].notna()]
    last_day = seen.groupby("course_id")["day"].transform("max")
    last = seen[seen["day"] == last_day].groupby("course_id")["total"].max()
    return due.assign(last_score=due["course_id"].map(last))


def t_quantile(confidence: float, degrees_of_freedom: float) -> float:
    """Return t such that a Student variable lies within ±t with this probability."""
    # Slow to import, and most pages impute nothing.
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.5 + confidence / 2))


def _before_window(due: pd.DataFrame, timepoint: TimePoint) -> pd.Series:
    """Return the last day that is before the window, and before the score in it.

    It is before the as-of day too: a course is measured or due by then.
    """
    before = due["score_day"].where(due["state"] == MEASURED, due["due_day"]) - 1
    if timepoint.anchor == INFUSION_K:
        return before
    opens = due["first_day"] + timepoint.from_days
    if timepoint.anchor == LAST_INDUCTION_INFUSION:
        opens = opens + due["induction_days"]
    # A window that opens with the infusion leaves the hours of that day before it.
    return before.clip(upper=opens - 1 if timepoint.from_days else opens)


def _predictors(due: pd.DataFrame) -> pd.DataFrame:
    present = [i for i in INDICATIONS if (due["indication"] == i).any()]
    indications = {f"indication {i}": due["indication"] == i for i in present[1:]}
    return pd.DataFrame(
        {
            _INTERCEPT: 1.0,
            "baseline": due["baseline"],
            "last score": due["last_score"].fillna(due["baseline"]),
            _NO_LATER_SCORE: due["last_score"].isna(),
            "induction infusions": due["induction_infusions"],
            **indications,
        },
        index=due.index,
    ).astype("float64")


def _told_apart(predictors: pd.DataFrame) -> list[str]:
    """Return the columns that the measured courses can give a coefficient each."""
    used = [_INTERCEPT]
    for name in predictors.columns[1:]:
        if MEASURED_PER_COEFFICIENT * (len(used) + 1) > len(predictors):
            break
        yes, no = (predictors[name] == 1).sum(), (predictors[name] == 0).sum()
        if yes + no == len(predictors) and min(yes, no) < FEWEST_IN_GROUP:
            continue
        if np.linalg.matrix_rank(predictors[[*used, name]]) > len(used):
            used.append(name)
    return used


def _grown_wilson(
    estimate: float, n: float, degrees_of_freedom: float, confidence: float
) -> tuple[float, float]:
    t = t_quantile(confidence, degrees_of_freedom)
    middle = (estimate * n + t**2 / 2) / (n + t**2)
    spread = estimate * (1 - estimate) * n + t**2 / 4
    half_width = t * sqrt(spread) / (n + t**2)
    # Exact ends: rounding may leave a bound just inside an estimate of 0 or 1.
    lower = 0.0 if estimate == 0 else middle - half_width
    upper = 1.0 if estimate == 1 else middle + half_width
    return lower, upper
