"""A share of courses, and the difference of two shares, with their intervals."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike


WILSON = "Wilson score"
NEWCOMBE = "Newcombe hybrid score"


@dataclass(frozen=True)
class Proportion:
    """``events / n`` with its interval; fractions between 0 and 1."""

    events: int
    n: int
    estimate: float
    lower: float
    upper: float
    confidence: float
    method: str = WILSON


@dataclass(frozen=True)
class Difference:
    """First share minus second, with its interval; between -1 and 1."""

    estimate: float
    lower: float
    upper: float
    confidence: float
    method: str = NEWCOMBE


def wilson_interval(
    events: ArrayLike, n: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper bounds of Wilson score intervals.

    Parameters
    ----------
    events
        Number of courses with the outcome, whole numbers from 0 to ``n``.
    n
        Number of courses measured, whole numbers of at least 1; the same shape as
        ``events``, or one that broadcasts to it.
    confidence
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Fractions. The lower bound is exactly 0 where there are no events, the upper
        exactly 1 where there are only events.

    Raises
    ------
    ValueError
        If a count is impossible. Drop empty groups before asking.

    References
    ----------
    Newcombe 1998, Stat Med 17:857-872, method 3.

    Examples
    --------
    >>> lower, upper = wilson_interval([0, 12], [20, 20])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 0.387], [0.161, 0.781])
    """
    successes, trials = _counts(events, n)
    z = normal_quantile(confidence)
    middle = (successes + z**2 / 2) / (trials + z**2)
    spread = successes * (trials - successes) / trials + z**2 / 4
    half_width = z * np.sqrt(spread) / (trials + z**2)
    # Exact ends: rounding may leave a bound just inside an estimate of 0 or 1.
    lower = np.where(successes == 0, 0.0, middle - half_width)
    upper = np.where(successes == trials, 1.0, middle + half_width)
    return lower, upper


def wilson_proportion(events: int, n: int, confidence: float = 0.95) -> Proportion:
    """Return ``events / n`` with a Wilson score interval.

    Parameters
    ----------
    events
        Number of courses with the outcome, 0 to ``n``.
    n
        Number of courses measured, at least 1.
    confidence
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Proportion
        Fractions, not percentages.

    Raises
    ------
    ValueError
        If the counts are impossible. Views show "no data" before asking.

    References
    ----------
    Newcombe 1998, Stat Med 17:857-872, method 3.

    Examples
    --------
    >>> p = wilson_proportion(12, 20)
    >>> round(p.lower, 3), round(p.upper, 3)
    (0.387, 0.781)
    """
    lower, upper = wilson_interval(events, n, confidence)
    return Proportion(
        events=int(events),
        n=int(n),
        estimate=int(events) / int(n),
        lower=float(lower),
        upper=float(upper),
        confidence=confidence,
    )


def newcombe_difference(first: Proportion, second: Proportion) -> Difference:
    """Return first minus second, for two independent groups of courses.

    Not for the same courses measured twice.

    Raises
    ------
    ValueError
        If the two do not have the same confidence.

    References
    ----------
    Newcombe 1998, Stat Med 17:873-890, method 10 (hybrid score, uncorrected).

    Examples
    --------
    >>> d = newcombe_difference(wilson_proportion(56, 70), wilson_proportion(48, 80))
    >>> round(d.estimate, 4), round(d.lower, 4), round(d.upper, 4)
    (0.2, 0.0524, 0.3339)
    """
    if first.confidence != second.confidence:
        raise ValueError(
            "The two proportions must have the same confidence; "
            f"got {first.confidence} and {second.confidence}."
        )
    estimate = first.estimate - second.estimate
    below = sqrt(
        (first.estimate - first.lower) ** 2 + (second.upper - second.estimate) ** 2
    )
    above = sqrt(
        (first.upper - first.estimate) ** 2 + (second.estimate - second.lower) ** 2
    )
    return Difference(estimate, estimate - below, estimate + above, first.confidence)


def normal_quantile(confidence: float) -> float:
    """Return z such that a normal variable lies within ±z with this probability."""
    require_confidence(confidence)
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def require_confidence(confidence: float) -> None:
    """Refuse a confidence that is not between 0 and 1, such as 95."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1; got {confidence}.")


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    successes = _whole_numbers("events", events)
    trials = _whole_numbers("n", n)
    if (trials < 1).any():
        raise ValueError(f"n must be 1 or more; got {trials.min()}.")
    if (successes < 0).any():
        raise ValueError(f"events must be 0 or more; got {successes.min()}.")
    if (successes > trials).any():
        raise ValueError("events must not be more than n" + _first(successes, trials))
    # Products of large counts would overflow as integers.
    return successes.astype(np.float64), trials.astype(np.float64)


def _whole_numbers(name: str, values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers; got {array.flat[0]!r}.")
    return array.astype(np.int64)


def _first(successes: np.ndarray, trials: np.ndarray) -> str:
    pairs = zip(*(a.flat for a in np.broadcast_arrays(successes, trials)), strict=True)
    events, n = next((e, n) for e, n in pairs if e > n)
    return f"; got {events} of {n}."
