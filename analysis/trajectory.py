"""The forms of one course as points in time: change, place among the infusions."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from analysis.status import LastForm, Status, percent_change, status, status_now
from measures.definition import Measure
from measures.registry import MEASURES, default_criterion
from measures.scoring import score


COMPLETE = "complete"
INCOMPLETE = "incomplete"
TOTAL_ONLY = "total only"

BEFORE = "before"
AFTER = "after"


class FormFacts(Protocol):
    """What is asked of a form's facts."""

    measure: str
    recall_window: str
    completed_at: datetime
    time_known: bool
    answers: tuple[int | None, ...] | None


class Form(Protocol):
    """What is asked of a recorded form."""

    id: int
    facts: FormFacts
    total: int | None
    item_9: int | None


class InfusionFacts(Protocol):
    """What is asked of an infusion's facts."""

    started_at: datetime


class Infusion(Protocol):
    """What is asked of an infusion; numbered from 1 within its course."""

    number: int
    facts: InfusionFacts


@dataclass(frozen=True)
class Place:
    """Where among the infusions a form was completed."""

    side: str
    infusion: int
    days: int
    """Whole calendar days between the two; 0 on the same day."""


@dataclass(frozen=True)
class Point:
    """One form on a trajectory."""

    id: int
    measure: str
    recall_window: str
    completed_at: datetime
    time_known: bool
    kind: str
    lowest: int
    highest: int
    """Lowest and highest possible total; the same but for an incomplete form."""
    answered: int | None
    """None where only a total was received."""
    item_9: int | None
    place: Place | None
    """None before the course has an infusion."""
    overlaps: int | None
    """The infusion that the recall window reaches back before, if it does."""
    is_baseline: bool = False
    change: int | None = None
    """Points from baseline; None at, before and without a baseline."""
    percent: float | None = None
    status: Status | None = None
    """Against the baseline; None up to the baseline, and without a total."""
    turns: tuple[str, ...] = ()
    """What was lost here after induction; see `analysis.after_induction`."""

    @property
    def total(self) -> int | None:
        """The total, or None while an item is unanswered."""
        return None if self.kind == INCOMPLETE else self.lowest


@dataclass(frozen=True)
class Stream:
    """The points of one measure on one recall window; only these may be joined."""

    measure: str
    recall_window: str
    points: tuple[Point, ...]
    baseline: Point | None

    @property
    def totals(self) -> tuple[Point, ...]:
        """The points that have a total, in order."""
        return tuple(p for p in self.points if p.total is not None)

    @property
    def response_limit(self) -> int | None:
        """The highest total that is a response from this baseline."""
        return self.baseline and response_limit(self.measure, self.baseline.total)


@dataclass(frozen=True)
class Trajectory:
    """One measure in one course; at least one form."""

    measure: str
    streams: tuple[Stream, ...]
    status: Status
    """By the last form."""

    @property
    def points(self) -> tuple[Point, ...]:
        """All points, the earliest first."""
        points = [point for stream in self.streams for point in stream.points]
        return tuple(sorted(points, key=lambda p: (p.completed_at, p.id)))

    @property
    def current(self) -> Stream:
        """The stream of the last form."""
        last = self.points[-1]
        return next(s for s in self.streams if s.recall_window == last.recall_window)

    @property
    def told(self) -> Point | None:
        """The last point whose status can be told; None where there is none."""
        told = [p for p in self.points if p.status and not p.status.reason]
        return told[-1] if told else None


def course_trajectories(
    forms: Sequence[Form],
    infusions: Sequence[Infusion],
    baselines: Mapping[tuple[str, str], int],
) -> dict[str, Trajectory]:
    """Return the trajectory of each measure that has a form in the course.

    Parameters
    ----------
    forms
        The forms of one course, in any order.
    infusions
        The infusions of the same course.
    baselines
        Which form is the baseline, by measure and recall window.

    Returns
    -------
    dict of str to Trajectory
        By code, in the order of ``measures.registry.MEASURES``.
    """
    given = sorted(infusions, key=lambda infusion: infusion.facts.started_at)
    points = [_point(form, given) for form in forms]
    points.sort(key=lambda p: (p.completed_at, p.id))
    found = {
        code: _trajectory(measure, points, baselines, started=bool(given))
        for code, measure in MEASURES.items()
    }
    return {code: trajectory for code, trajectory in found.items() if trajectory}


def response_limit(measure: str, baseline: int) -> int | None:
    """Return the highest total that is a response from this baseline, or None.

    Examples
    --------
    >>> response_limit("phq9", 21), response_limit("phq9", 0)
    (10, None)
    """
    criterion = default_criterion(measure, "response")
    met = (t for t in range(baseline, -1, -1) if criterion.met(baseline, t))
    return next(met, None)


def remission_limit(measure: str) -> int:
    """Return the highest total that is a remission by the default criterion."""
    return default_criterion(measure, "remission").highest_total


def place_of(completed_at: datetime, infusions: Sequence[Infusion]) -> Place | None:
    """Return where a form belongs among the infusions of its course.

    Up to the start of an infusion of the same day: before that infusion. Or else
    after the last infusion given; before infusion 1 where none was given yet.

    Parameters
    ----------
    completed_at
        When the form was completed.
    infusions
        In order of time.
    """
    day = completed_at.date()
    earlier, later = _around(completed_at, infusions)
    if later and (not earlier or later.facts.started_at.date() == day):
        return Place(BEFORE, later.number, (later.facts.started_at.date() - day).days)
    if earlier:
        return Place(
            AFTER, earlier.number, (day - earlier.facts.started_at.date()).days
        )
    return None


def _around(
    moment: datetime, infusions: Sequence[Infusion]
) -> tuple[Infusion | None, Infusion | None]:
    at = bisect_left(infusions, moment, key=lambda i: i.facts.started_at)
    earlier = infusions[at - 1] if at else None
    later = infusions[at] if at < len(infusions) else None
    return earlier, later


def _point(form: Form, infusions: Sequence[Infusion]) -> Point:
    facts = form.facts
    measure = MEASURES[facts.measure]
    kind, lowest, highest, answered = _scored(measure, form)
    return Point(
        id=form.id,
        measure=facts.measure,
        recall_window=facts.recall_window,
        completed_at=facts.completed_at,
        time_known=facts.time_known,
        kind=kind,
        lowest=lowest,
        highest=highest,
        answered=answered,
        item_9=form.item_9,
        place=place_of(facts.completed_at, infusions),
        overlaps=_overlaps(measure, facts, infusions),
    )


def _scored(measure: Measure, form: Form) -> tuple[str, int, int, int | None]:
    if form.facts.answers is None:
        return TOTAL_ONLY, form.total, form.total, None
    if form.total is not None:
        return COMPLETE, form.total, form.total, measure.item_count
    found = score(measure, form.facts.answers)
    return INCOMPLETE, found.lowest, found.highest, found.answered


def _overlaps(
    measure: Measure, facts: FormFacts, infusions: Sequence[Infusion]
) -> int | None:
    earlier, _ = _around(facts.completed_at, infusions)
    if earlier is None:
        return None
    days = measure.recall_window(facts.recall_window).days
    asked_from = facts.completed_at - timedelta(days=days)
    return earlier.number if asked_from < earlier.facts.started_at else None


def _trajectory(
    measure: Measure,
    points: Sequence[Point],
    baselines: Mapping[tuple[str, str], int],
    *,
    started: bool,
) -> Trajectory | None:
    mine = [point for point in points if point.measure == measure.code]
    if not mine:
        return None
    streams = tuple(
        _stream(measure.code, window.code, mine, baselines)
        for window in measure.recall_windows
        if any(point.recall_window == window.code for point in mine)
    )
    last = _last_form(mine[-1], streams, started=started)
    return Trajectory(measure.code, streams, status_now(measure.code, last))


def _stream(
    measure: str,
    window: str,
    points: Sequence[Point],
    baselines: Mapping[tuple[str, str], int],
) -> Stream:
    mine = [point for point in points if point.recall_window == window]
    baseline_id = baselines.get((measure, window))
    baseline = next((p for p in mine if p.id == baseline_id), None)
    return Stream(
        measure,
        window,
        tuple(_against(point, baseline) for point in mine),
        baseline,
    )


def _against(point: Point, baseline: Point | None) -> Point:
    if baseline is not None and point.id == baseline.id:
        return replace(point, is_baseline=True)
    return _told(point, baseline and baseline.total)


def _told(point: Point, baseline: int | None) -> Point:
    if point.total is None or point.place is None or _before_start(point.place):
        return point
    change = None if baseline is None else point.total - baseline
    return replace(
        point,
        change=change,
        percent=percent_change(change, baseline),
        status=status(point.measure, baseline, point.total),
    )


def _before_start(place: Place) -> bool:
    return place.side == BEFORE and place.infusion == 1


def _last_form(last: Point, streams: Sequence[Stream], *, started: bool) -> LastForm:
    stream = next(s for s in streams if s.recall_window == last.recall_window)
    baseline = stream.baseline
    return LastForm(
        total=last.total,
        baseline=baseline and baseline.total,
        started=started,
        before_start=last.place is not None and _before_start(last.place),
        baseline_elsewhere=any(s.baseline for s in streams),
    )
