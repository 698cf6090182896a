"""Schedules: how a course differs from the practice's, and the days they depend on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from data.actors import Right
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import MINUTES_PER_DAY, day_date, day_number, today
from data.records import now_stamp, recorder
from data.scope import check_course, within_reach
from data.settings import RANGES, weeks_of
from data.tables import (
    assessment,
    course,
    course_progress,
    course_schedule,
    infusion,
    patient,
)


FURTHEST_DAYS = 366
"""An infusion planned for later than that is taken for a slip of the hand."""


@dataclass(frozen=True)
class CourseSchedule:
    """What a course wants for itself; None: as the practice does.

    ``next_infusion_day`` is the day that an infusion is planned for, as long as none
    was given on it or later.
    """

    before_each_infusion: bool | None = None
    day_after_first: bool | None = None
    weeks_after_induction: tuple[int, ...] | None = None
    maintenance_days: int | None = None
    next_infusion_day: int | None = None


@dataclass(frozen=True)
class CourseDays:
    """A course with the days that say what is due; None where there is none.

    Parameters
    ----------
    patient_id, site_id, record_number, given_name, family_name
        Whose course it is, and which site's patient.
    course_id, indication, clinician, closed_day
        Of the course.
    infusions, induction_infusions, first_day, last_day, last_induction_day
        How many infusions were given, and when.
    previous_day
        Of the last infusion but one, unless that is long ago.
    schedule
        What the course wants for itself.
    forms
        By measure the days of its forms, the last one and those of late.
    """

    patient_id: str
    site_id: int
    record_number: str
    given_name: str | None
    family_name: str | None
    course_id: int
    indication: str | None
    clinician: str | None
    closed_day: int | None
    infusions: int
    induction_infusions: int
    first_day: int | None
    last_day: int | None
    last_induction_day: int | None
    previous_day: int | None
    schedule: CourseSchedule
    forms: dict[str, list[int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Family name, given name; empty where neither was recorded."""
        return ", ".join(part for part in (self.family_name, self.given_name) if part)

    @property
    def last_form_day(self) -> int | None:
        """The day of the last form of any measure."""
        return max((max(days) for days in self.forms.values()), default=None)


def get_schedule(connection: Connection, course_id: int) -> CourseSchedule:
    """Return what a course wants for itself.

    Raises
    ------
    RecordError
        If there is no such course.
    """
    check_course(connection, Right.READ_RECORDS, course_id)
    return _schedule_of(connection, course_id)


def change_schedule(
    connection: Connection, course_id: int, schedule: CourseSchedule
) -> None:
    """Let a course follow this schedule; nothing happens where it does already.

    Raises
    ------
    RecordError
        If a value is impossible, or an infusion is planned for a day that has passed
        or in a closed course; then nothing is changed.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    before = _schedule_of(connection, course_id)
    if schedule == before:
        return
    _check(schedule)
    if schedule.next_infusion_day not in (None, before.next_infusion_day):
        _check_planned(connection, course_id, schedule.next_infusion_day)
    here = course_schedule.c.course_id == course_id
    connection.execute(delete(course_schedule).where(here))
    if schedule != CourseSchedule():
        weeks = schedule.weeks_after_induction
        connection.execute(
            insert(course_schedule).values(
                course_id=course_id,
                changed_at=now_stamp(),
                changed_by=recorder(connection),
                **vars(schedule)
                | {
                    "weeks_after_induction": None
                    if weeks is None
                    else ",".join(map(str, weeks))
                },
            )
        )
    add_audit_entry(
        connection,
        action="change",
        subject=f"schedule of course {course_id}",
        patient_id=patient_id,
    )


def list_course_days(connection: Connection, *, since_day: int) -> list[CourseDays]:
    """Return the latest course of every patient within reach with its days.

    Parameters
    ----------
    connection
        Where to read.
    since_day
        Forms before this day are left out, but the last of each measure; and so is
        the last infusion but one.
    """
    chosen = and_(
        course.c.id.in_(_LATEST), within_reach(connection, Right.READ_RECORDS)
    )
    return _course_days(connection, _queries(chosen), since_day)


def get_course_days(
    connection: Connection, course_id: int, *, since_day: int
) -> CourseDays:
    """Return one course with its days; see :func:`list_course_days`.

    Raises
    ------
    RecordError
        If there is no such course.
    """
    check_course(connection, Right.READ_RECORDS, course_id)
    (found,) = _course_days(connection, _of_one(), since_day, course_id=course_id)
    return found


_one = course.alias()
_newest = (
    select(course.c.patient_id, func.max(course.c.number).label("number"))
    .group_by(course.c.patient_id)
    .subquery("newest")
)
_LATEST = select(_one.c.id).join(
    _newest,
    and_(_newest.c.patient_id == _one.c.patient_id, _newest.c.number == _one.c.number),
)

_WHOSE = (
    patient.c.id,
    patient.c.site_id,
    patient.c.record_number,
    patient.c.given_name,
    patient.c.family_name,
    course.c.id.label("course_id"),
    course.c.indication,
    course.c.clinician,
    course.c.closed_day,
)
_OWN = tuple(CourseSchedule.__dataclass_fields__)


def _schedule_of(connection: Connection, course_id: int) -> CourseSchedule:
    query = (
        select(*(course_schedule.c[name] for name in _OWN), course_progress.c.last_day)
        .outerjoin_from(
            course_schedule,
            course_progress,
            course_progress.c.course_id == course_schedule.c.course_id,
        )
        .where(course_schedule.c.course_id == course_id)
    )
    row = connection.execute(query).first()
    return CourseSchedule() if row is None else _schedule(row[:-1], row.last_day)


def _schedule(own: Iterable[object], last_day: int | None) -> CourseSchedule:
    """Return a row as a schedule; a plan that an infusion has met is no more."""
    before, day_after, weeks, maintenance, planned = own
    met = None not in (planned, last_day) and planned <= last_day
    return CourseSchedule(
        before_each_infusion=before,
        day_after_first=day_after,
        weeks_after_induction=None if weeks is None else weeks_of(weeks),
        maintenance_days=maintenance,
        next_infusion_day=None if met else planned,
    )


def _check(schedule: CourseSchedule) -> None:
    if schedule.weeks_after_induction is not None:
        weeks_of(",".join(map(str, schedule.weeks_after_induction)))
    low, high = RANGES["maintenance_days"]
    days = schedule.maintenance_days
    if days is not None and not low <= days <= high:
        raise RecordError(
            f"Days between forms in maintenance {days} are impossible; allowed: {low} "
            f"to {high}"
        )


def _check_planned(connection: Connection, course_id: int, planned: int) -> None:
    first, last = day_number(today()), day_number(today()) + FURTHEST_DAYS
    if not first <= planned <= last:
        raise RecordError(
            f"Next infusion planned for {day_date(planned)}; allowed: {day_date(first)}"
            f" to {day_date(last)}"
        )
    given = select(course_progress.c.last_day).where(
        course_progress.c.course_id == course_id
    )
    if connection.scalar(given) == planned:
        raise RecordError(
            f"An infusion was given on {day_date(planned)} already; allowed: a later "
            "day"
        )
    closed = select(course.c.closed_day).where(course.c.id == course_id)
    if connection.scalar(closed) is not None:
        raise RecordError(
            "This course is closed, so no infusion can be planned in it; reopen it, or "
            "open another"
        )


@dataclass(frozen=True)
class _Queries:
    """What is asked of some courses; the first day to look at is given when asked."""

    courses: Select
    forms: CompoundSelect
    previous_days: Select


def _queries(chosen: ColumnElement[bool]) -> _Queries:
    return _Queries(_courses(chosen), _forms(chosen), _previous_days(chosen))


@cache
def _of_one() -> _Queries:
    # A patient's page asks this each time it is drawn: it is put together once.
    return _queries(course.c.id == bindparam("course_id"))


def _course_days(
    connection: Connection, queries: _Queries, since_day: int, **which: int
) -> list[CourseDays]:
    # A zone is at most a day away from UTC; the minute has an index, the day has none.
    since = {"since_day": since_day, "since_minute": (since_day - 1) * MINUTES_PER_DAY}

    def rows(query: Select | CompoundSelect) -> Sequence[Row]:
        return connection.execute(query, {**since, **which}).all()

    forms: dict[int, dict[str, list[int]]] = {}
    for course_id, measure, day in rows(queries.forms):
        forms.setdefault(course_id, {}).setdefault(measure, []).append(day)
    previous = dict(map(tuple, rows(queries.previous_days)))
    return [
        CourseDays(
            *row[: len(_WHOSE)],
            infusions=row.infusions or 0,
            induction_infusions=row.induction_infusions or 0,
            first_day=row.first_day,
            last_day=row.last_day,
            last_induction_day=row.last_induction_day,
            previous_day=previous.get(row.course_id),
            schedule=_schedule(row[-len(_OWN) :], row.last_day),
            forms=forms.get(row.course_id, {}),
        )
        for row in rows(queries.courses)
    ]


def _courses(chosen: ColumnElement[bool]) -> Select:
    return (
        select(
            *_WHOSE,
            course_progress.c.infusions,
            course_progress.c.induction_infusions,
            course_progress.c.first_day,
            course_progress.c.last_day,
            course_progress.c.last_induction_day,
            *(course_schedule.c[name] for name in _OWN),
        )
        .join_from(course, patient, patient.c.id == course.c.patient_id)
        .outerjoin(course_progress, course_progress.c.course_id == course.c.id)
        .outerjoin(course_schedule, course_schedule.c.course_id == course.c.id)
        .where(chosen)
        .order_by(patient.c.family_name, patient.c.given_name, patient.c.record_number)
    )


def _forms(chosen: ColumnElement[bool]) -> CompoundSelect:
    """One row per course, measure and day: the last one, and those since a day."""
    day = (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY
    current = assessment.c.state == "current"
    what = (assessment.c.course_id, assessment.c.measure)
    of_chosen = (
        select(course.c.id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(chosen)
    )
    mine = assessment.c.course_id.in_(of_chosen)
    last = select(*what, func.max(day).label("day")).where(current, mine)
    late = assessment.c.completed_minute >= bindparam("since_minute")
    return last.group_by(*what).union(
        select(*what, day).where(current, mine, late, day >= bindparam("since_day"))
    )


def _previous_days(chosen: ColumnElement[bool]) -> Select:
    day = (infusion.c.started_minute + infusion.c.started_offset) // MINUTES_PER_DAY
    return (
        select(infusion.c.course_id, func.max(day))
        .join(course_progress, course_progress.c.course_id == infusion.c.course_id)
        .join(course, course.c.id == infusion.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(
            chosen,
            infusion.c.state == "current",
            course_progress.c.last_day >= bindparam("since_day"),
            day >= bindparam("since_day"),
            day < course_progress.c.last_day,
        )
        .group_by(infusion.c.course_id)
    )
