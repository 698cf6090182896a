"""What is due for a course: its next infusion, and the forms that belong to it.

The rules, by calendar days:

- **Infusion.** The one that was planned; or else, while the induction goes on, one so
  many days after the last. The induction goes on while every infusion so far belongs to
  it, there are fewer than a protocol's, and the last is no longer ago than a gap within
  an induction may be. Nothing else makes an infusion due: none is ever suggested.
- **Form before an infusion.** Due on the day of the next infusion; one completed on
  that day or at most 2 days before counts, unless it was on or before the day of the
  infusion before. Once an infusion was given without, its form stays missing for 2 days
  more, to be copied from paper; the day of completion decides, not that of recording.
- **A day after infusion 1.** On the next day and the one after, which 12 to 48 hours
  reach into.
- **Weeks after the induction**, once it is over. Due so many weeks after its last
  infusion, and open for 7 days; a week that begins within the time point of 2 to 4
  weeks closes with it at the latest, so that a form asked for always counts there.
  Missed then.
- **Maintenance**, once the induction is over: at least one form every so many days,
  counted from the last form, or from infusion 1 where there was none. A form of one of
  the weeks that is due no later takes its place.

Any form of the measure counts, an incomplete one as well: the patient was asked. A
closed course has nothing due but the day after infusion 1 and the weeks, while these
are open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from measures.days import DAYS_PER_WEEK
from measures.timepoints import DAY_1, INDUCTION, WEEKS_2_4


INFUSION, FORM = "infusion", "form"

PLANNED = "planned infusion"
EXPECTED = "expected infusion"
BEFORE_NEXT = "before the next infusion"
BEFORE_LAST = "before the last infusion"
DAY_AFTER_FIRST = "day after infusion 1"
WEEKS = "weeks after induction"
MAINTENANCE = "maintenance"

REASONS = (
    PLANNED,
    EXPECTED,
    BEFORE_NEXT,
    BEFORE_LAST,
    DAY_AFTER_FIRST,
    WEEKS,
    MAINTENANCE,
)
"""Why something is due."""

BEFORE_DAYS = 2
"""A form counts for an infusion that is given so many days later, and no later."""

OPEN_DAYS = DAYS_PER_WEEK
"""So long, from its due day on, a form of one of the weeks can be completed."""

LOOK_BACK_DAYS = OPEN_DAYS + BEFORE_DAYS
"""Forms and infusions before so many days ago decide nothing, but the last of each."""

_LAST_DAY_AFTER_FIRST = DAY_1.to_hours // 24


@dataclass(frozen=True)
class Schedule:
    """What a course follows.

    Parameters
    ----------
    before_each_infusion, day_after_first
        Whether a form is wanted then.
    weeks_after_induction
        So many weeks after the last induction infusion, a form each.
    maintenance_days
        Afterwards a form every so many days.
    induction_gap_days
        So many days after an infusion of the induction, the next one is expected.
    next_infusion_day
        For which day an infusion was planned that was not given yet.
    """

    before_each_infusion: bool = True
    day_after_first: bool = False
    weeks_after_induction: tuple[int, ...] = (2, 4)
    maintenance_days: int = 30
    induction_gap_days: int = 4
    next_infusion_day: int | None = None


@dataclass(frozen=True)
class CourseFacts:
    """What happened in a course, by day numbers; None where it did not.

    Parameters
    ----------
    measures
        Codes of the measures that the course is followed by.
    infusions, induction_infusions
        How many were given, and how many of them in the induction.
    first_day, previous_day, last_day, last_induction_day
        Of infusion 1, the last but one, the last, and the induction's last.
    closed_day
        When the course was closed.
    forms
        By measure the days of its forms, the last one and those of the last weeks at
        the least.
    """

    measures: tuple[str, ...]
    infusions: int = 0
    induction_infusions: int = 0
    first_day: int | None = None
    previous_day: int | None = None
    last_day: int | None = None
    last_induction_day: int | None = None
    closed_day: int | None = None
    forms: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def without(self, from_day: int, to_day: int) -> tuple[str, ...]:
        """Return the measures that have no form from one day to another."""
        return tuple(
            code
            for code in self.measures
            if not any(from_day <= day <= to_day for day in self.forms.get(code, ()))
        )


@dataclass(frozen=True)
class Due:
    """An infusion or a form that is due, was due, or comes.

    Parameters
    ----------
    kind
        ``INFUSION`` or ``FORM``.
    why
        One of ``REASONS``.
    day
        When it is or was due.
    overdue
        Whether that day has passed.
    measures
        Which forms are missing; none for an infusion.
    number
        Of the infusion, or of the weeks.
    """

    kind: str
    why: str
    day: int
    overdue: bool
    measures: tuple[str, ...] = ()
    number: int | None = None


def due_of(course: CourseFacts, schedule: Schedule, today: int) -> list[Due]:
    """Return what is due for a course or comes next, the earliest first.

    Of each kind only the next; see the module for the rules.
    """
    found = [*_follow_ups(course, schedule, today)]
    if course.closed_day is None:
        found += _infusion_and_its_form(course, schedule, today)
        found += _of_the_last_infusion(course, schedule, today)
        found += _maintenance(course, schedule, today)
    return sorted(found, key=lambda due: (due.day, due.kind != INFUSION))


def induction_goes_on(course: CourseFacts, today: int) -> bool:
    """Whether another infusion of the induction is expected."""
    return (
        course.closed_day is None
        and course.last_day is not None
        and course.infusions == course.induction_infusions
        and course.infusions < INDUCTION.protocol_infusions
        and today - course.last_day <= INDUCTION.maximum_gap_days
    )


def week_window(last_induction_day: int, week: int) -> tuple[int, int]:
    """Return the first and the last day on which a form of a week counts.

    Examples
    --------
    >>> week_window(0, 2), week_window(0, 4), week_window(0, 6)
    ((14, 20), (28, 31), (42, 48))
    """
    first = week * DAYS_PER_WEEK
    last = first + OPEN_DAYS - 1
    if WEEKS_2_4.from_days <= first <= WEEKS_2_4.to_days:
        last = min(last, WEEKS_2_4.to_days)
    return last_induction_day + first, last_induction_day + last


def _follow_ups(course: CourseFacts, schedule: Schedule, today: int) -> Iterator[Due]:
    """Yield the forms that are asked for in a closed course as well."""
    if schedule.day_after_first and course.first_day is not None:
        first, last = course.first_day + 1, course.first_day + _LAST_DAY_AFTER_FIRST
        missing = course.without(first, last)
        if today <= last and missing:
            yield Due(FORM, DAY_AFTER_FIRST, first, first < today, missing)
    week = _next_week(course, schedule, today)
    if week is not None:
        yield week


def _next_week(course: CourseFacts, schedule: Schedule, today: int) -> Due | None:
    """Return the first of the weeks whose forms can still be completed."""
    if course.last_induction_day is None or induction_goes_on(course, today):
        return None
    for week in schedule.weeks_after_induction:
        first, last = week_window(course.last_induction_day, week)
        missing = course.without(first, last)
        if today <= last and missing:
            return Due(FORM, WEEKS, first, first < today, missing, week)
    return None


def _infusion_and_its_form(
    course: CourseFacts, schedule: Schedule, today: int
) -> Iterator[Due]:
    number = course.infusions + 1
    day, why = _next_infusion(course, schedule, today)
    if day is None:
        return
    yield Due(INFUSION, why, day, day < today, number=number)
    given = max(day, today)
    missing = _without_before(course, given, course.last_day)
    if schedule.before_each_infusion and missing:
        yield Due(FORM, BEFORE_NEXT, day, day < today, missing, number)


def _next_infusion(
    course: CourseFacts, schedule: Schedule, today: int
) -> tuple[int | None, str]:
    planned = schedule.next_infusion_day
    if planned is not None and (course.last_day is None or course.last_day < planned):
        return planned, PLANNED
    if induction_goes_on(course, today):
        return course.last_day + schedule.induction_gap_days, EXPECTED
    return None, ""


def _of_the_last_infusion(
    course: CourseFacts, schedule: Schedule, today: int
) -> Iterator[Due]:
    """Yield the form that the last infusion was given without, for some days."""
    day = course.last_day
    if day is None or not schedule.before_each_infusion:
        return
    missing = _without_before(course, day, course.previous_day)
    if today - day <= BEFORE_DAYS and missing:
        yield Due(FORM, BEFORE_LAST, day, day < today, missing, course.infusions)


def _without_before(
    course: CourseFacts, given: int, before: int | None
) -> tuple[str, ...]:
    """Return the measures without a form for an infusion, the one before given."""
    earliest = given - BEFORE_DAYS
    return course.without(
        earliest if before is None else max(earliest, before + 1), given
    )


def _maintenance(course: CourseFacts, schedule: Schedule, today: int) -> Iterator[Due]:
    if course.first_day is None or induction_goes_on(course, today):
        return
    days = {
        code: max(course.forms.get(code, ()), default=course.first_day)
        + schedule.maintenance_days
        for code in course.measures
    }
    day = min(days.values())
    week = _next_week(course, schedule, today)
    if week is not None and week.day <= max(day, today):
        return
    missing = tuple(code for code in days if days[code] <= max(day, today))
    yield Due(FORM, MAINTENANCE, day, day < today, missing)
