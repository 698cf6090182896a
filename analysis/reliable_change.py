"""Change beyond measurement error, and back into the range of people who are well.

Jacobson N, Truax P. J Consult Clin Psychol 1991;59:12-19. The reliability, and the
mean and standard deviation that describe each group, are the caller's to state: with
other ones the same course is counted differently.
"""

from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.proportions import normal_quantile


LOWER_IS_BETTER = "lower is better"
HIGHER_IS_BETTER = "higher is better"
_SIGN = {LOWER_IS_BETTER: -1, HIGHER_IS_BETTER: 1}

RECOVERED = "recovered"
IMPROVED = "improved"
UNCHANGED = "unchanged"
DETERIORATED = "deteriorated"

OUTCOMES = (RECOVERED, IMPROVED, UNCHANGED, DETERIORATED)


def standard_error(sd: float, reliability: float) -> float:
    """Return the standard error of measurement, in points.

    Parameters
    ----------
    sd
        Standard deviation of the totals, 0 or more; Jacobson and Truax take the one
        before treatment, of the people who are classified.
    reliability
        Reliability of the measure, 0 to 1.
    """
    if sd < 0:
        raise ValueError(f"sd must be 0 or more; got {sd}.")
    if not 0 <= reliability <= 1:
        raise ValueError(f"reliability must be 0 to 1; got {reliability}.")
    return sd * sqrt(1 - reliability)


def reliable_change_threshold(
    sd: float, reliability: float, confidence: float = 0.95
) -> float:
    """Return the change that error alone exceeds only rarely, in points.

    A change is reliable when it is larger than this, in either direction.

    Parameters
    ----------
    sd, reliability
        As for `standard_error`.
    confidence
        Share of error-only changes that stay within the threshold.

    References
    ----------
    z times the standard error of a difference, that is the square root of 2 times
    the standard error of measurement. Christensen & Mendoza 1986 for the 2.

    Examples
    --------
    >>> round(reliable_change_threshold(8.158643, 0.801), 3)
    10.088
    """
    z = normal_quantile(confidence)
    return z * sqrt(2) * standard_error(sd, reliability)


def cutoff_c(
    mean_clinical: float, sd_clinical: float, mean_norm: float, sd_norm: float
) -> float:
    """Return the total equally far, in standard deviations, from both groups.

    To be used when the two distributions overlap.

    Parameters
    ----------
    mean_clinical, sd_clinical
        Of the people treated, before treatment.
    mean_norm, sd_norm
        Of people who are well. Both standard deviations are above 0.

    Examples
    --------
    >>> cutoff_c(mean_clinical=30, sd_clinical=10, mean_norm=10, sd_norm=10)
    20.0
    """
    for name, sd in (("sd_clinical", sd_clinical), ("sd_norm", sd_norm)):
        if sd <= 0:
            raise ValueError(f"{name} must be above 0; got {sd}.")
    weighted = sd_norm * mean_clinical + sd_clinical * mean_norm
    return weighted / (sd_norm + sd_clinical)


def classify_change(
    baseline: ArrayLike,
    total: ArrayLike,
    *,
    threshold: float,
    cutoff: float | None = None,
    direction: str = LOWER_IS_BETTER,
) -> pd.Series:
    """Return what became of each course.

    Recovered: reliably better, and crossed the cut-off from the clinical to the
    functional side. Improved: reliably better otherwise. Deteriorated: reliably
    worse. Unchanged: neither.

    Parameters
    ----------
    baseline, total
        Shape (n,), points. Where either is missing the answer is missing.
    threshold
        From `reliable_change_threshold`; a change equal to it is not reliable.
    cutoff
        From `cutoff_c`; a total equal to it is on neither side. Without one, nobody
        is called recovered.
    direction
        ``LOWER_IS_BETTER`` or ``HIGHER_IS_BETTER``.
    """
    if direction not in _SIGN:
        raise ValueError(
            f"direction must be one of {', '.join(_SIGN)}; got {direction}."
        )
    sign = _SIGN[direction]
    before = sign * np.asarray(baseline, dtype=float)
    after = sign * np.asarray(total, dtype=float)
    gain = after - before
    crossed = np.zeros(gain.shape, dtype=bool)
    if cutoff is not None:
        crossed = (before < sign * cutoff) & (after > sign * cutoff)
    better = gain > threshold
    outcome = np.select(
        [better & crossed, better, gain < -threshold],
        [RECOVERED, IMPROVED, DETERIORATED],
        default=UNCHANGED,
    )
    return pd.Series(outcome, dtype="str").mask(np.isnan(gain))
