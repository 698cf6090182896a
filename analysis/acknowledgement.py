"""How long item-9 alerts wait until somebody records what was done.

An alert that is still open is not left out: it has waited for so long already, and
nobody knows how much longer it will.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median_low


@dataclass(frozen=True)
class Waited:
    """One alert: for how many hours it was open, or is so far."""

    hours: float
    answered: bool


@dataclass(frozen=True)
class Acknowledgement:
    """How long some alerts waited.

    Parameters
    ----------
    alerts, answered
        How many there are, and about how many of them somebody has said what was done.
    median_hours
        Half of all of them, open ones among them, were answered within so many hours;
        None where fewer than half were answered so far, or there is none.
    longest_hours, longest_is_open
        The longest that one of them waited, or is still waiting.
    """

    alerts: int
    answered: int
    median_hours: float | None
    longest_hours: float | None
    longest_is_open: bool

    @property
    def still_open(self) -> int:
        """How many nobody has answered yet."""
        return self.alerts - self.answered


def acknowledgement(waited: Sequence[Waited]) -> Acknowledgement:
    """Return how long alerts waited, open ones counted as open.

    Parameters
    ----------
    waited
        Each alert of the period that is asked about.

    Returns
    -------
    Acknowledgement
        The median is over all of them: those that are still open come after every
        answered one, however short they have been open.

    Examples
    --------
    >>> waits = [Waited(1, True), Waited(3, True), Waited(30, False)]
    >>> found = acknowledgement(waits)
    >>> found.median_hours, found.longest_hours, found.longest_is_open
    (3, 30, True)
    >>> acknowledgement([Waited(2, True), Waited(1, False), Waited(1, False)])
    ... # doctest: +NORMALIZE_WHITESPACE
    Acknowledgement(alerts=3, answered=1, median_hours=None, longest_hours=2,
                    longest_is_open=False)
    """
    longest = max(waited, key=lambda one: one.hours, default=None)
    return Acknowledgement(
        alerts=len(waited),
        answered=sum(one.answered for one in waited),
        median_hours=_median(waited),
        longest_hours=longest and longest.hours,
        longest_is_open=longest is not None and not longest.answered,
    )


def _median(waited: Sequence[Waited]) -> float | None:
    if not waited:
        return None
    hours = median_low(one.hours if one.answered else inf for one in waited)
    return None if hours == inf else hours
