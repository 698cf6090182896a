"""After induction: what was lost again and when, and how far apart boosters are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from statistics import median

from analysis.status import REMISSION, RESPONSE
from analysis.trajectory import AFTER, Infusion, Point, Stream, Trajectory
from measures.registry import default_criterion
from measures.relapse import RELAPSE
from measures.timepoints import INDUCTION


RESPONSE_LOST = "response lost"
RELAPSE_HERE = "relapse"

TURNS = (RESPONSE_LOST, RELAPSE_HERE)
"""What can be marked on a form, where it happened."""

SHORTER = "shorter"
LONGER = "longer"


@dataclass(frozen=True)
class Boosters:
    """The infusions after induction, and the days between them."""

    infusions: int
    first_after: int | None
    """Days from the last induction infusion to the first of these."""
    intervals: tuple[int, ...]
    """Days from each of these to the next, the earliest first."""

    @property
    def usual(self) -> float | None:
        """The median interval."""
        return median(self.intervals) if self.intervals else None

    @property
    def trend(self) -> str:
        """Shorter or longer: each of the last two compared with the one before.

        Examples
        --------
        >>> Boosters(4, 30, (40, 35, 28)).trend
        'shorter'
        >>> Boosters(4, 30, (40, 28, 28)).trend
        ''
        """
        last = self.intervals[-3:]
        if len(last) < 3:
            return ""
        if all(later < earlier for earlier, later in pairwise(last)):
            return SHORTER
        return LONGER if all(b > a for a, b in pairwise(last)) else ""


def days_since(infusions: Sequence[Infusion], today: date) -> int | None:
    """Return the days since the last infusion; None where there is none."""
    if not infusions:
        return None
    return (today - infusions[-1].facts.started_at.date()).days


def induction_is_over(
    infusions: Sequence[Infusion], induction: int, today: date
) -> bool:
    """Whether a booster was given, or the last infusion is too long ago for a next.

    Parameters
    ----------
    infusions
        Of one course, in order of time.
    induction
        How many of them are induction.
    today
        The day it is asked on.
    """
    since = days_since(infusions, today)
    if since is None:
        return False
    return len(infusions) > induction or since > INDUCTION.maximum_gap_days


def boosters(infusions: Sequence[Infusion], induction: int) -> Boosters:
    """Return how many infusions were given after induction, and how far apart."""
    days = [infusion.facts.started_at.date() for infusion in infusions]
    gaps = tuple((later - earlier).days for earlier, later in pairwise(days))
    given = len(days) - induction
    if given < 1:
        return Boosters(0, None, ())
    first_after = gaps[induction - 1] if induction else None
    return Boosters(given, first_after, gaps[induction:])


def with_turns(trajectory: Trajectory, induction: int) -> Trajectory:
    """Return the trajectory with each form marked on which something was lost.

    Response lost: a total after induction that is no response by the default
    criterion, where the one before it was. Relapse: see ``measures.relapse``. Both
    are told on one recall window against its own baseline.

    Parameters
    ----------
    trajectory
        Of one measure.
    induction
        How many of the course's infusions are induction.
    """
    if not induction:
        return trajectory
    streams = tuple(_with_turns(stream, induction) for stream in trajectory.streams)
    return replace(trajectory, streams=streams)


def _with_turns(stream: Stream, induction: int) -> Stream:
    if stream.baseline is None:
        return stream
    response = default_criterion(stream.measure, "response")
    limit = RELAPSE[stream.measure].at_least
    responding, well, points = False, False, []
    for point in stream.points:
        if point.total is None or not _after_induction(point, induction):
            points.append(point)
            continue
        responds = bool(response.met(stream.baseline.total, point.total))
        ill = point.total >= limit and not responds
        happened = {
            RESPONSE_LOST: responding and not responds,
            RELAPSE_HERE: well and ill,
        }
        turns = tuple(turn for turn in TURNS if happened[turn])
        points.append(replace(point, turns=turns) if turns else point)
        responding = responds
        well = not ill and (well or _is_well(point, stream.baseline, limit))
    return replace(stream, points=tuple(points))


def _is_well(point: Point, baseline: Point, limit: int) -> bool:
    better = point.status.code in (RESPONSE, REMISSION)
    return better and point.total < limit <= baseline.total


def _after_induction(point: Point, induction: int) -> bool:
    place = point.place
    if place is None:
        return False
    last = place.infusion if place.side == AFTER else place.infusion - 1
    return last >= induction
