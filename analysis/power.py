"""What a practice of this size could tell from a published rate, and what it could not.

The published rate is taken as it was printed; what varies is who the practice happens
to measure. Two rates are told apart when the Newcombe interval of their difference
leaves out 0; where the published number of patients was not seen, when the Wilson
interval of the practice's rate leaves out the published one.
"""

from dataclasses import dataclass

import numpy as np

from analysis.proportions import (
    NEWCOMBE,
    WILSON,
    Difference,
    Proportion,
    newcombe_difference,
    require_confidence,
    wilson_interval,
    wilson_proportion,
)


LOWEST_CONFIDENCE = 0.8
"""Below it there are published rates that no count of the practice is alike to."""

USUAL_POWER = 0.8
"""Chance of telling apart that is asked for; the customary one."""


@dataclass(frozen=True)
class Alike:
    """Counts of events that could not be told from the published rate."""

    fewest: int
    most: int
    lowest: float
    """``fewest`` of those measured, as a fraction."""
    highest: float


@dataclass(frozen=True)
class Detectable:
    """The nearest true rates that would probably be told from the published one.

    Each as the true rate of the practice's patients, with the distance from the
    published rate; None where no rate is far enough.
    """

    below: float | None
    above: float | None
    fall: float | None
    rise: float | None
    power: float


@dataclass(frozen=True)
class Power:
    """A practice with so many measured, beside a published rate."""

    n: int
    published: float
    published_n: int | None
    alike: Alike
    detectable: Detectable
    widest: float
    """Width of the interval of the practice's rate were it one half."""
    method: str
    """The interval that decides: of the difference, or of the practice's rate."""
    confidence: float


@dataclass(frozen=True)
class Beside:
    """The practice's own rate beside a published one."""

    practice: Proportion
    power: Power
    difference: Difference | None
    """None where the published number of patients was not seen."""
    width: float
    """Of the interval of the practice's rate."""
    told_apart: bool


def power(
    n: int,
    published: Proportion | float,
    *,
    confidence: float = 0.95,
    chance: float = USUAL_POWER,
) -> Power:
    """Return which rates of ``n`` measured could not be told from the published one.

    Parameters
    ----------
    n
        Courses measured, at least 1.
    published
        With its counts, at the same confidence; or the fraction alone where of how
        many it is was not seen.
    confidence
        Coverage of the intervals, from `LOWEST_CONFIDENCE` to below 1.
    chance
        Chance of telling apart that `Detectable` asks for, between 0 and 1.

    Examples
    --------
    >>> p = power(23, wilson_proportion(145, 263))
    >>> p.alike.fewest, p.alike.most
    (8, 17)
    """
    require_confidence(chance)
    if not LOWEST_CONFIDENCE <= confidence < 1:
        raise ValueError(
            f"confidence must be {LOWEST_CONFIDENCE} or more, below 1; "
            f"got {confidence}."
        )
    rate = _rate(published)
    counts = np.arange(int(n) + 1)
    same = counts[_same(counts, n, published, confidence)]
    fewest, most = int(same[0]), int(same[-1])
    half = wilson_proportion(n // 2, n, confidence)
    return Power(
        n=int(n),
        published=rate,
        published_n=_n(published),
        alike=Alike(fewest, most, fewest / n, most / n),
        detectable=_detectable(n, rate, fewest, most, chance),
        widest=half.upper - half.lower,
        method=WILSON if _n(published) is None else NEWCOMBE,
        confidence=confidence,
    )


def beside(
    practice: Proportion, published: Proportion | float, *, chance: float = USUAL_POWER
) -> Beside:
    """Return the practice's rate beside a published one, and what it could tell.

    Parameters
    ----------
    practice
        Events of the measured.
    published, chance
        As for `power`, at the confidence of ``practice``.
    """
    could = power(practice.n, published, confidence=practice.confidence, chance=chance)
    counted = isinstance(published, Proportion)
    return Beside(
        practice=practice,
        power=could,
        difference=newcombe_difference(practice, published) if counted else None,
        width=practice.upper - practice.lower,
        told_apart=not could.alike.fewest <= practice.events <= could.alike.most,
    )


def _same(
    events: np.ndarray, n: int, published: Proportion | float, confidence: float
) -> np.ndarray:
    """Return which counts of events have an interval that holds "no difference"."""
    lower, upper = wilson_interval(events, n, confidence)
    if not isinstance(published, Proportion):
        return (lower <= published) & (published <= upper)
    if published.confidence != confidence:
        raise ValueError(
            "The published rate must have the same confidence; "
            f"got {published.confidence} and {confidence}."
        )
    # Newcombe's limits of the difference, as in `newcombe_difference`, for each count.
    share = events / n
    apart = share - published.estimate
    below = np.hypot(share - lower, published.upper - published.estimate)
    above = np.hypot(upper - share, published.estimate - published.lower)
    return (apart - below <= 0) & (apart + above >= 0)


def _detectable(
    n: int, published: float, fewest: int, most: int, chance: float
) -> Detectable:
    from scipy.special import betaincinv

    # The true rate at which just this share of all counts lies beyond the alike ones:
    # a binomial tail is an incomplete beta function of the rate.
    below = float(betaincinv(fewest, n - fewest + 1, 1 - chance)) if fewest else None
    above = float(betaincinv(most + 1, n - most, chance)) if most < n else None
    return Detectable(
        below=below,
        above=above,
        fall=None if below is None else published - below,
        rise=None if above is None else above - published,
        power=chance,
    )


def _rate(published: Proportion | float) -> float:
    if isinstance(published, Proportion):
        return published.estimate
    if not 0 <= published <= 1:
        raise ValueError(f"published must be a fraction, 0 to 1; got {published}.")
    return float(published)


def _n(published: Proportion | float) -> int | None:
    return published.n if isinstance(published, Proportion) else None
