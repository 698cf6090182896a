"""From left to right: true time, or one infusion after another."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil

from views.chart_parts import SMALL


# Room beside what is shown, as shares of it: for the words on the lines, and for the
# number of the latest total.
ROOM_BEFORE = 0.2
ROOM_AFTER = 0.05

DAYS_SHOWN_AT_LEAST = 7
MOST_TICKS = 14

# A form stands clear of the infusions beside it, however near it was to them.
CLEAR = 0.1

EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class DateAxis:
    """True time.

    Parameters
    ----------
    first, last
        The first and the last moment to show; there is some room beside them.
    """

    first: datetime
    last: datetime

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Both ends, as positions."""
        low, high = self.position(self.first), self.position(self.last)
        return _with_room(low, high, max(high - low, DAYS_SHOWN_AT_LEAST))

    def position(self, moment: datetime) -> float:
        """Return where a moment lies, in days."""
        return (plain(moment) - EPOCH) / timedelta(days=1)

    def x(self, moment: datetime) -> str:
        """Return the same for a figure."""
        return iso(plain(moment))

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies between the two ends."""
        low, high = self.limits
        return low <= self.position(moment) <= high

    def layout(self) -> dict:
        """Return the axis of a figure."""
        return {
            **_AXIS,
            "type": "date",
            "range": [iso(EPOCH + timedelta(days=at)) for at in self.limits],
            "tickformat": "%-d %b\n%Y",
            "title": {"text": ""},
        }


@dataclass(frozen=True)
class InfusionAxis:
    """Equal room between one infusion and the next, however many days passed.

    What came after infusion k lies around k, from ``k - 0.5``, which is infusion k
    itself, to ``k + 0.5``, which is infusion k + 1; what came before infusion 1 lies
    around 0. Within, each has its place by its share of the days between the two.

    Parameters
    ----------
    first, last
        The first and the last moment to show.
    started
        When the infusions started, on the wall clock and in order; at least one.
    earliest, latest
        The first and the last moment of the course, where the room before infusion 1
        begins and the room after the last one ends; on the wall clock as well.
    """

    first: datetime
    last: datetime
    started: tuple[datetime, ...]
    earliest: datetime
    latest: datetime

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Both ends, as positions."""
        low = ceil(self.position(self.first) - 0.5) - 0.5
        # An infusion is its room's left edge: what ends with one shows what follows it.
        high = ceil(self.position(self.last) - 0.5 + 1e-9) + 0.5
        return _with_room(low, high, high - low)

    def position(self, moment: datetime) -> float:
        """Return where a moment lies: around the number of the infusion before it."""
        at = plain(moment)
        number = bisect_right(self.started, at)
        if number and self.started[number - 1] == at:
            return number - 0.5
        begins, ends = self._room(number)
        share = min(max((at - begins) / (ends - begins), 0), 1)
        return number - 0.5 + CLEAR + (1 - 2 * CLEAR) * share

    def x(self, moment: datetime) -> float:
        """Return the same for a figure."""
        return round(self.position(moment), 4)

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies between the two ends, and within the course."""
        low, high = self.limits
        begins, ends = self._room(0)[0], self._room(len(self.started))[1]
        within = begins <= plain(moment) <= ends
        return within and low <= self.position(moment) <= high

    def layout(self) -> dict:
        """Return the axis of a figure."""
        step = ceil((len(self.started) + 1) / MOST_TICKS)
        return {
            **_AXIS,
            "range": list(self.limits),
            "tickvals": list(range(0, len(self.started) + 1, step)),
            "title": {
                "text": "After infusion (0: before the first). "
                "Equal room for each: distances are not time.",
                "font": SMALL,
                "standoff": 4,
            },
        }

    def _room(self, number: int) -> tuple[datetime, datetime]:
        """Return when the room after this infusion begins and ends."""
        week = timedelta(days=DAYS_SHOWN_AT_LEAST)
        starts = self.started
        if number == 0:
            return min(self.earliest, starts[0] - week), starts[0]
        if number == len(starts):
            return starts[-1], max(self.latest, starts[-1] + week)
        return starts[number - 1], starts[number]


Axis = DateAxis | InfusionAxis

_AXIS = {
    "anchor": "free",
    "position": 0,
    "showgrid": False,
    "zeroline": False,
    "ticks": "outside",
}


def far_apart(axis: Axis, moments: Iterable[datetime], nearest: float) -> list[bool]:
    """Tell which of these, in order, are far enough apart to be written out.

    Parameters
    ----------
    axis
        Where they lie.
    moments
        In order of time.
    nearest
        What is far enough, as a share of the axis.
    """
    low, high = axis.limits
    least = nearest * (high - low)
    far, last = [], None
    for at in map(axis.position, moments):
        far.append(last is None or at - last >= least)
        last = at if far[-1] else last
    return far


def upright_path(axis: Axis, moments: Sequence[datetime], top: float) -> str:
    """Return upright lines at some moments as one path: cheaper than many lines."""
    marks = [_in_path(axis.x(moment)) for moment in moments]
    return "".join(f"M{mark},0L{mark},{top:.4f}" for mark in marks)


def level_path(axis: Axis, bars: Iterable[tuple[datetime, datetime, float]]) -> str:
    """Return level bars as one path: from, until, at which height."""
    return "".join(
        f"M{_in_path(axis.x(start))},{height}L{_in_path(axis.x(end))},{height}"
        for start, end, height in bars
    )


def plain(moment: datetime) -> datetime:
    """Return the local wall-clock time: what the form and the clinic's clock said."""
    return moment.replace(tzinfo=None)


def iso(moment: datetime) -> str:
    """Return a moment as figures want it."""
    return moment.isoformat(timespec="minutes")


def _in_path(x: str | float) -> str:
    # In a path every letter is a command.
    return str(x).replace("T", "_")


def _with_room(low: float, high: float, span: float) -> tuple[float, float]:
    return low - ROOM_BEFORE * span, high + ROOM_AFTER * span
