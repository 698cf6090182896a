"""What is due in every course: the days from the tables, held against the schedules."""

from dataclasses import dataclass

from analysis.schedule import (
    LOOK_BACK_DAYS,
    CourseFacts,
    Due,
    Schedule,
    due_of,
)
from data.database import Connection
from data.schedule import (
    CourseDays,
    CourseSchedule,
    get_course_days,
    list_course_days,
)
from data.settings import PracticeSettings, read_settings, weeks_of
from measures.registry import usual_measures


# Three monthly intervals: who came less recently is no longer in active care.
ACTIVE_DAYS = 90

COMING_DAYS = 7
"""So many days ahead, what is due is shown before its day."""


@dataclass(frozen=True)
class CourseDues:
    """A course and what is due in it, the earliest first."""

    course: CourseDays
    dues: tuple[Due, ...]

    def near(self, today: int) -> tuple[Due, ...]:
        """Return what is overdue, due today, or due in the days to come."""
        return tuple(due for due in self.dues if due.day <= today + COMING_DAYS)


def is_active(course: CourseDays, today: int) -> bool:
    """Whether somebody came of late or is to come, or has a follow-up after the end."""
    seen = [day for day in (course.last_day, course.last_form_day) if day is not None]
    return (
        not course.infusions
        or course.schedule.next_infusion_day is not None
        or course.closed_day is not None
        or max(seen) >= today - ACTIVE_DAYS
    )


def all_dues(connection: Connection, today: int) -> list[CourseDues]:
    """Return every patient's latest course with what is due in it, by name."""
    settings = read_settings(connection)
    courses = list_course_days(connection, since_day=today - LOOK_BACK_DAYS)
    return [_dues(course, settings, today) for course in courses]


def dues_of(connection: Connection, course_id: int, today: int) -> CourseDues:
    """Return one course with what is due in it."""
    course = get_course_days(connection, course_id, since_day=today - LOOK_BACK_DAYS)
    return _dues(course, read_settings(connection), today)


def schedule_of(own: CourseSchedule, settings: PracticeSettings) -> Schedule:
    """Return what a course follows: its own choices, or else the practice's."""
    weeks = own.weeks_after_induction
    return Schedule(
        before_each_infusion=_first(
            own.before_each_infusion, settings.before_each_infusion
        ),
        day_after_first=_first(own.day_after_first, settings.day_after_first),
        weeks_after_induction=(
            weeks_of(settings.weeks_after_induction) if weeks is None else weeks
        ),
        maintenance_days=_first(own.maintenance_days, settings.maintenance_days),
        induction_gap_days=settings.induction_gap_days,
        next_infusion_day=own.next_infusion_day,
    )


def _dues(course: CourseDays, settings: PracticeSettings, today: int) -> CourseDues:
    facts = CourseFacts(
        measures=usual_measures(course.indication),
        infusions=course.infusions,
        induction_infusions=course.induction_infusions,
        first_day=course.first_day,
        previous_day=course.previous_day,
        last_day=course.last_day,
        last_induction_day=course.last_induction_day,
        closed_day=course.closed_day,
        forms=course.forms,
    )
    schedule = schedule_of(course.schedule, settings)
    return CourseDues(course, tuple(due_of(facts, schedule, today)))


def _first(own: bool | int | None, practices: bool | int) -> bool | int:
    return practices if own is None else own
