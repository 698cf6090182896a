"""How far totals moved from baseline, on average."""

from dataclasses import dataclass
from math import sqrt

import pandas as pd

from analysis.outcomes import MEASURED, Coverage, classify, coverage_of
from analysis.proportions import require_confidence


T_INTERVAL = "t interval of the mean"


@dataclass(frozen=True)
class MeanChange(Coverage):
    """Mean change from baseline of the measured, in points; negative is better."""

    n: int
    baseline_mean: float | None
    total_mean: float | None
    mean: float | None
    """None when nobody was measured."""
    sd: float | None
    """None, as the interval, with fewer than two measured."""
    lower: float | None
    upper: float | None
    confidence: float
    method: str = T_INTERVAL

    @property
    def fall_percent(self) -> float | None:
        """Share of the mean baseline lost, in percent; None without a baseline."""
        if not self.baseline_mean:
            return None
        return -100 * self.mean / self.baseline_mean


def mean_change(
    courses: pd.DataFrame,
    *,
    measure: str,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> MeanChange:
    """Return the mean change from baseline of the eligible courses with a score.

    Courses without a score are not in the mean, so it can differ from what all who
    were due would have shown; their number stands beside it.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
    measure, timepoint, recall_window
        Codes of what the frame holds; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.

    Returns
    -------
    MeanChange
        Points. With one course there is a mean and no interval; with none, neither.

    References
    ----------
    Student's t on the n paired differences, n - 1 degrees of freedom.
    """
    classified = classify(
        courses, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    coverage = coverage_of(
        classified["state"],
        confidence=confidence,
        timepoint=timepoint,
        measure=measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    measured = classified[classified["state"] == MEASURED]
    change = measured["total"] - measured["baseline"]
    return MeanChange(
        **vars(coverage),
        n=len(change),
        baseline_mean=_mean(measured["baseline"]),
        total_mean=_mean(measured["total"]),
        mean=_mean(change),
        **_spread(change, confidence),
        confidence=confidence,
    )


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _spread(change: pd.Series, confidence: float) -> dict[str, float | None]:
    require_confidence(confidence)
    n = len(change)
    if n < 2:
        return {"sd": None, "lower": None, "upper": None}
    mean, sd = float(change.mean()), float(change.std(ddof=1))
    half_width = _t_quantile(confidence, n - 1) * sd / sqrt(n)
    return {"sd": sd, "lower": mean - half_width, "upper": mean + half_width}


def _t_quantile(confidence: float, degrees_of_freedom: int) -> float:
    # Slow to import, and most pages show no change in points.
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.5 + confidence / 2))
