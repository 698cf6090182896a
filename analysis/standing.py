"""Where a patient stood after each infusion, and when to talk about a slow start."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.status import (
    CANNOT_TELL,
    INCOMPLETE,
    NO_BASELINE,
    NO_RELIABLE_CHANGE,
    OTHER_WINDOW,
    WORSE,
    Status,
)
from analysis.trajectory import AFTER, Infusion, Point, Trajectory
from measures.early_signal import NOT_ON_TRACK
from measures.timepoints import AFTER_INFUSION_DAYS


NOT_MEASURED = "no form after it"
"""Why it cannot be told after one infusion: nothing before the next one."""


@dataclass(frozen=True)
class StandingAt:
    """Where a patient stood on one measure after one infusion."""

    number: int
    status: Status
    point: Point | None = None
    """The last complete form, or else the last incomplete one; None without any."""
    days: int | None = None
    """Whole calendar days from the infusion to that form."""

    @property
    def in_time(self) -> bool:
        """Whether the form is within the time point after this infusion."""
        return self.days is not None and self.days <= AFTER_INFUSION_DAYS


def standing_at_infusions(
    trajectory: Trajectory, infusions: Sequence[Infusion]
) -> list[StandingAt]:
    """Return the standing after each infusion, the first first.

    It is told by the last complete form after the infusion and before the next one
    starts; a form of the morning of the next infusion is still before it.

    Parameters
    ----------
    trajectory
        Of one measure.
    infusions
        Of the same course, in order of time.
    """
    after: dict[int, list[Point]] = {}
    for point in trajectory.points:
        if point.place is not None:
            after.setdefault(_last_infusion_before(point), []).append(point)
    return [
        _standing(infusion, after.get(infusion.number, ()), trajectory)
        for infusion in infusions
    ]


def not_on_track(
    standings: Iterable[StandingAt], *, induction: int, days_since_infusion: int
) -> StandingAt | None:
    """Return the standing that is a reason to talk about a slow start, if there is one.

    Only the last measured one, and only while the course is in its induction: a later
    infusion or two weeks without any end it.

    Parameters
    ----------
    standings
        Of one measure, after each infusion so far.
    induction
        How many of the infusions are induction.
    days_since_infusion
        Since the last one.
    """
    given = list(standings)
    measured = [s for s in given if not s.status.reason]
    over = len(given) > induction or days_since_infusion > AFTER_INFUSION_DAYS
    if over or not measured:
        return None
    last = measured[-1]
    return last if _fell_short(last) else None


def _fell_short(last: StandingAt) -> bool:
    rule = NOT_ON_TRACK
    if last.number < rule.from_infusion or last.point.percent is None:
        return False
    little = last.status.code in (NO_RELIABLE_CHANGE, WORSE)
    return little and last.point.percent > -rule.below_fall_percent


def _last_infusion_before(point: Point) -> int:
    place = point.place
    return place.infusion if place.side == AFTER else place.infusion - 1


def _standing(
    infusion: Infusion, forms: Sequence[Point], trajectory: Trajectory
) -> StandingAt:
    if not forms:
        return StandingAt(infusion.number, Status(CANNOT_TELL, reason=NOT_MEASURED))
    complete = [form for form in forms if form.total is not None]
    point = (complete or forms)[-1]
    status = _status(point, trajectory)
    days = (point.completed_at.date() - infusion.facts.started_at.date()).days
    return StandingAt(infusion.number, status, point, days)


def _status(point: Point, trajectory: Trajectory) -> Status:
    if point.status is None:
        return Status(CANNOT_TELL, reason=INCOMPLETE)
    elsewhere = any(stream.baseline for stream in trajectory.streams)
    if point.status.reason == NO_BASELINE and elsewhere:
        return Status(CANNOT_TELL, reason=OTHER_WINDOW, baseline_known=False)
    return point.status
