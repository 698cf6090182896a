"""Units beside each other: a share by number of courses, with exact binomial limits.

Never a league table. Units stand in alphabetical order and have no rank; what is asked
of each is only whether chance around one common target explains it. Nothing here is
adjusted for whom a unit treats.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.columns import Column, FrameSpec, conform
from analysis.outcomes import EVENT, MEASURED, MISSING, NO_EVENT, STATES
from analysis.proportions import Proportion, wilson_proportion
from measures.definition import Source
from measures.sources import MANKTELOW_2012, SPIEGELHALTER_2005


LEVELS = (0.95, 0.998)
"""Of the limits, the inner first: about 2 and about 3 standard deviations."""

MINIMUM_UNITS = 5
"""This project's own: with fewer, over a fifth of the target is the unit itself."""

MINIMUM_UNITS_FOR_DISPERSION = 10
"""This project's own: with fewer, winsorising 10 % at each end touches nobody."""

WINSORISED = 0.1
"""Share of the units at each end that is pulled in before the dispersion is taken."""

RATE = "rate"
COMPLETENESS = "completeness"

SHARES = {
    RATE: ((EVENT,), (EVENT, NO_EVENT)),
    COMPLETENESS: ((EVENT, NO_EVENT, MEASURED), (EVENT, NO_EVENT, MEASURED, MISSING)),
}
"""The states that are counted, and those they are counted of."""

ABOVE = "above"
BELOW = "below"

EXACT = "exact binomial, interpolated"
SOURCES: tuple[Source, ...] = (SPIEGELHALTER_2005, MANKTELOW_2012)

UNITS = FrameSpec(
    "UNITS",
    (
        Column("course_id", "int64"),
        Column("unit", "str"),
        Column("state", "str", allowed=(*STATES, MEASURED)),
    ),
    one_row_per=("course_id",),
)
"""Courses as `analysis.outcomes.classify` left them; ``unit`` a clinician or a site.

An empty ``unit`` is a course of which the unit was not recorded.
"""

_CURVE_POINTS = 400


@dataclass(frozen=True)
class TooFew:
    """Too few units with anybody to count, so there is no funnel."""

    needed: int
    found: int


@dataclass(frozen=True)
class Limits:
    """What chance around the target leaves, at one number of courses."""

    level: float
    lower: float | None
    """None where even no event at all is within chance."""
    upper: float | None
    """None where events only are within chance."""


@dataclass(frozen=True)
class FunnelUnit:
    """One clinician or site."""

    unit: str
    share: Proportion
    due: int
    missing: int
    """Due and not measured; a unit can differ by whom it did not measure."""
    limits: tuple[Limits, ...]
    """In the order of `LEVELS`; those that were used, widened or not."""
    outside: float | None
    """The outermost level whose limits the unit lies outside of; None inside."""
    side: str | None
    """``ABOVE`` or ``BELOW`` where it lies outside."""
    course_ids: tuple[int, ...]
    """The courses of ``share.n``."""
    event_ids: tuple[int, ...]
    """Those of ``share.events``."""


@dataclass(frozen=True)
class Dispersion:
    """How much further units lie from the target than chance alone would put them."""

    units: int
    factor: float
    """Mean squared z of the units, winsorised; about 1 by chance alone."""
    threshold: float
    """Two standard errors above 1; the limits are widened from here on."""
    winsorised: float

    @property
    def widened(self) -> bool:
        """Whether the limits are widened. They are never narrowed."""
        return self.factor > self.threshold


@dataclass(frozen=True)
class Curve:
    """Limits of one level over the number of courses, to be drawn."""

    level: float
    n: tuple[int, ...]
    limits: tuple[Limits, ...]
    expected_outside: float
    """Units that would lie outside by chance, all being at the target."""


@dataclass(frozen=True)
class Funnel:
    """Units around their common target; alphabetical, without ranks."""

    counted: str
    target: Proportion
    """Of all units together."""
    units: tuple[FunnelUnit, ...]
    curves: tuple[Curve, ...]
    dispersion: Dispersion | None
    """None where there are too few units to judge it."""
    nobody_counted: tuple[str, ...]
    """Units with courses and none that can be counted."""
    no_unit_ids: tuple[int, ...]
    """Courses that would count, of which the unit was not recorded; left out."""
    method: str = EXACT


def funnel(
    courses: pd.DataFrame, *, counted: str = RATE, confidence: float = 0.95
) -> Funnel | TooFew:
    """Return the units around their common target.

    Parameters
    ----------
    courses
        One row per course; columns `UNITS`. One course per patient is the caller's.
    counted
        ``RATE``, events of the measured; ``COMPLETENESS``, measured of the due.
    confidence
        Coverage of the intervals of the shares; the limits have their own `LEVELS`.

    Returns
    -------
    Funnel or TooFew
        Refused with fewer than `MINIMUM_UNITS` units that have anybody to count.

    Raises
    ------
    ValueError
        If the frame does not hold what ``UNITS`` asks for.
    """
    rows = conform(courses, UNITS)
    hits, base = SHARES[counted]
    rows = rows.assign(hit=rows["state"].isin(hits), counts=rows["state"].isin(base))
    named = rows[rows["unit"] != ""]
    of_units = named[named["counts"]]
    names = sorted(of_units["unit"].unique(), key=_alphabetical)
    if len(names) < MINIMUM_UNITS:
        return TooFew(MINIMUM_UNITS, len(names))
    target = wilson_proportion(int(of_units["hit"].sum()), len(of_units), confidence)
    table = of_units.groupby("unit")["hit"].agg(["sum", "size"]).loc[names]
    events, n = table["sum"].to_numpy(), table["size"].to_numpy()
    spread = dispersion(events, n)
    widening = sqrt(spread.factor) if spread and spread.widened else 1.0
    unmeasured = set(named["unit"]) - set(names)
    return Funnel(
        counted=counted,
        target=target,
        units=_units(named, names, target.estimate, widening, confidence),
        curves=tuple(_curve(n, target.estimate, lv, widening) for lv in LEVELS),
        dispersion=spread,
        nobody_counted=tuple(sorted(unmeasured, key=_alphabetical)),
        no_unit_ids=_ids(rows[(rows["unit"] == "") & rows["counts"]]),
    )


def exact_limits(
    n: ArrayLike, target: float, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares below and above which a unit of ``n`` courses lies outside.

    A unit lies outside exactly when a count as far out as its own, or further on the
    same side, has less than half of ``1 - level`` probability. The counts of a
    binomial are whole; between them the limits are interpolated as Spiegelhalter
    2005 does for the lower one. The upper is the lower one of the courses without
    the event, so that it makes no difference which of the two is counted; his own
    upper limit lies up to one course further in and is crossed by chance too often
    (Manktelow and Seaton 2012).

    Parameters
    ----------
    n
        Shape (units,), whole numbers of at least 1.
    target
        Share, 0 to 1. At 0 and at 1 there are no limits.
    level
        Between 0 and 1, such as 0.95.

    Returns
    -------
    tuple of numpy.ndarray
        Shares; missing where no count lies that far out.

    Examples
    --------
    >>> lower, upper = exact_limits([20, 200], 0.5, 0.95)
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.256, 0.428], [0.744, 0.572])
    """
    trials = np.asarray(n, dtype=np.int64)
    if not 0 < target < 1:
        return np.full(trials.shape, np.nan), np.full(trials.shape, np.nan)
    tail = (1 - level) / 2
    lower = _lower_count(trials, target, tail)
    upper = trials - _lower_count(trials, 1 - target, tail)
    return lower / trials, upper / trials


def ratio_limits(expected: ArrayLike, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return limits of a count over its expected count, around a ratio of 1.

    For counts that have no number of courses, only an expectation. These are the
    exact Poisson limits of a count that came out as expected, as other programs draw
    them; they are not those of `exact_limits`, whose counts are binomial and whose
    chance of lying outside is held on each side.

    Parameters
    ----------
    expected
        Shape (units,), above 0; need not be whole.
    level
        Between 0 and 1, such as 0.95.

    References
    ----------
    Garwood F. Fiducial limits for the Poisson distribution. Biometrika
    1936;28:437-442.

    Examples
    --------
    >>> lower, upper = ratio_limits([15, 30], 0.95)
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.56, 0.675], [1.649, 1.428])
    """
    from scipy.special import gammaincinv

    counts = np.asarray(expected, dtype=float)
    tail = (1 - level) / 2
    lower, upper = gammaincinv(counts, tail), gammaincinv(counts + 1, 1 - tail)
    return lower / counts, upper / counts


def dispersion(events: ArrayLike, n: ArrayLike) -> Dispersion | None:
    """Return how far the units lie apart, beside what chance alone would do.

    The mean of the squared z scores around the pooled share, after the lowest and
    the highest tenth of them were pulled in to the next one, so that a few units
    that really are different do not widen the limits for themselves.

    Parameters
    ----------
    events, n
        Shape (units,), whole numbers; every ``n`` at least 1.

    Returns
    -------
    Dispersion or None
        None with fewer than `MINIMUM_UNITS_FOR_DISPERSION` units, or where nobody
        or everybody had the event.

    References
    ----------
    Spiegelhalter 2005. The threshold is two standard errors of the mean of as many
    squared standard normals: 1 + 2 * sqrt(2 / units).
    """
    hits, trials = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    target = hits.sum() / trials.sum() if trials.size else 0.0
    if trials.size < MINIMUM_UNITS_FOR_DISPERSION or not 0 < target < 1:
        return None
    z = (hits / trials - target) / np.sqrt(target * (1 - target) / trials)
    pulled_in = int(WINSORISED * z.size)
    ordered = np.sort(z)
    kept = np.clip(ordered, ordered[pulled_in], ordered[-1 - pulled_in])
    return Dispersion(
        units=z.size,
        factor=float(np.mean(kept**2)),
        threshold=1 + 2 * sqrt(2 / z.size),
        winsorised=WINSORISED,
    )


def _lower_count(n: np.ndarray, target: float, tail: float) -> np.ndarray:
    from scipy.special import bdtr, bdtrik

    # The lowest count whose cumulative probability reaches the tail. The continuous
    # inverse may round to the wrong side of a whole number: look one below.
    count = np.maximum(np.ceil(bdtrik(tail, n, target)), 0)
    below = np.maximum(count - 1, 0)
    count = np.where(bdtr(below, n, target) >= tail, below, count)
    reached = bdtr(count, n, target)
    before = np.where(count > 0, bdtr(np.maximum(count - 1, 0), n, target), 0.0)
    limit = count - (reached - tail) / (reached - before)
    return np.where(limit > 0, limit, np.nan)


def _widened(
    n: np.ndarray, target: float, level: float, widening: float
) -> tuple[np.ndarray, np.ndarray]:
    # Spiegelhalter widens limits of the normal approximation by the root of the
    # factor; the distance of the exact ones from the target is widened the same way.
    lower, upper = exact_limits(n, target, level)
    lower = target - widening * (target - lower)
    upper = target + widening * (upper - target)
    return np.where(lower > 0, lower, np.nan), np.where(upper < 1, upper, np.nan)


def _units(
    named: pd.DataFrame,
    names: list[str],
    target: float,
    widening: float,
    confidence: float,
) -> tuple[FunnelUnit, ...]:
    by_unit = dict(list(named.groupby("unit")))
    made = []
    for name in names:
        rows = by_unit[name]
        counts, hits = rows[rows["counts"]], rows[rows["hit"]]
        share = wilson_proportion(len(hits), len(counts), confidence)
        limits = _limits_at(share.n, target, widening)
        outside, side = _position(share.estimate, limits)
        made.append(
            FunnelUnit(
                unit=name,
                share=share,
                due=int(rows["state"].isin(SHARES[COMPLETENESS][1]).sum()),
                missing=int((rows["state"] == MISSING).sum()),
                limits=limits,
                outside=outside,
                side=side,
                course_ids=_ids(counts),
                event_ids=_ids(hits),
            )
        )
    return tuple(made)


def _limits_at(n: int, target: float, widening: float) -> tuple[Limits, ...]:
    trials = np.array([n])
    at_level = ((lv, _widened(trials, target, lv, widening)) for lv in LEVELS)
    return tuple(
        Limits(lv, _or_none(lo[0]), _or_none(hi[0])) for lv, (lo, hi) in at_level
    )


def _position(
    share: float, limits: tuple[Limits, ...]
) -> tuple[float | None, str | None]:
    for at_level in reversed(limits):
        if at_level.lower is not None and share < at_level.lower:
            return at_level.level, BELOW
        if at_level.upper is not None and share > at_level.upper:
            return at_level.level, ABOVE
    return None, None


def _curve(n: np.ndarray, target: float, level: float, widening: float) -> Curve:
    whole = np.unique(np.linspace(1, n.max(), _CURVE_POINTS).round().astype(np.int64))
    lower, upper = _widened(whole, target, level, widening)
    return Curve(
        level=level,
        n=tuple(whole.tolist()),
        limits=tuple(
            Limits(level, _or_none(lo), _or_none(hi))
            for lo, hi in zip(lower, upper, strict=True)
        ),
        expected_outside=_expected_outside(n, target, level, widening),
    )


def _expected_outside(
    n: np.ndarray, target: float, level: float, widening: float
) -> float:
    from scipy.special import bdtr, bdtrc

    lower, upper = _widened(n, target, level, widening)
    highest_below = np.ceil(np.nan_to_num(lower) * n) - 1
    lowest_above = np.floor(np.where(np.isnan(upper), 1, upper) * n) + 1
    below = np.where(
        highest_below < 0, 0, bdtr(np.maximum(highest_below, 0), n, target)
    )
    above = np.where(
        lowest_above > n, 0, bdtrc(np.minimum(lowest_above, n) - 1, n, target)
    )
    return float(np.sum(below + above))


def _ids(rows: pd.DataFrame) -> tuple[int, ...]:
    return tuple(sorted(rows["course_id"].tolist()))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _alphabetical(name: str) -> tuple[str, str]:
    return name.casefold(), name
