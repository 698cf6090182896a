"""What is asked on the command line: which courses, and which rate of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from analysis.columns import INDICATIONS
from commands.common import Refused, check_listed, one_of, reading
from data import moments
from data.database import Connection
from data.patients import list_clinicians
from measures.criteria import Criterion
from measures.days import day_number
from measures.definition import Measure
from measures.registry import (
    CRITERIA,
    MEASURES,
    TIMEPOINTS,
    criteria_of,
    default_criterion,
)
from measures.timepoints import DEFAULT_TIMEPOINT
from views.results.counts.recut import Practice, Selection


FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Of the days that can be asked about; counting from them stays within a calendar."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Courses:
    """Which courses, and as of which day."""

    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Only what had happened by this day, YYYY-MM-DD."),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            "--from", help="Only courses with infusion 1 on this day or later."
        ),
    ] = None
    until: Annotated[
        str | None,
        typer.Option("--until", help="Only those with infusion 1 by this day."),
    ] = None
    all_courses: Annotated[
        bool,
        typer.Option("--all-courses", help="Every course, not each patient's first."),
    ] = False
    indication: Annotated[
        str | None, typer.Option(help="Only courses with this one.")
    ] = None
    clinician: Annotated[
        str | None, typer.Option(help="Only this clinician's courses.")
    ] = None

    def selection(self) -> Selection:
        """Return what was chosen, or refuse it."""
        if self.indication is not None:
            check_listed(INDICATIONS, self.indication, "Indication")
        first, last = stretch(self.since, self.until)
        return Selection(
            as_of_day=as_of_day(self.as_of),
            first_day_from=None if first is None else day_number(first),
            first_day_to=None if last is None else day_number(last),
            indication=self.indication,
            clinician=self.clinician,
            all_courses=self.all_courses,
        )


@dataclass(frozen=True)
class OneMeasure:
    """A measure, on one recall window."""

    measure: Annotated[str, typer.Option(help="phq9 or pcl5.")] = "phq9"
    recall_window: Annotated[
        str | None, typer.Option(help="Code; without, the measure's own.")
    ] = None

    def asked_measure(self) -> Measure:
        """Return the measure, or refuse it."""
        return one_of(MEASURES, self.measure, "Measure")

    def window(self) -> str:
        """Return the code of the recall window, or refuse it."""
        asked = self.asked_measure()
        window = self.recall_window or asked.default_recall_window.code
        codes = [one.code for one in asked.recall_windows]
        check_listed(codes, window, f"{asked.name} window")
        return window


@dataclass(frozen=True)
class AtOneTime(OneMeasure):
    """A measure at a time point."""

    timepoint: Annotated[str, typer.Option(help="Code.")] = DEFAULT_TIMEPOINT.code

    def asked_timepoint(self) -> str:
        """Return the code of the time point, or refuse it."""
        check_listed(list(TIMEPOINTS), self.timepoint, "Time point")
        return self.timepoint


@dataclass(frozen=True)
class OneRate(AtOneTime):
    """A criterion of a measure at a time point."""

    criterion: Annotated[
        str | None, typer.Option(help="Code; without, the measure's response.")
    ] = None

    def rule(self) -> Criterion:
        """Return the criterion, or refuse it."""
        return criterion_of(self.asked_measure(), self.criterion)


@contextmanager
def chosen_practice(url: str | None, courses: Courses) -> Iterator[Practice]:
    """Yield the practice cut to the chosen courses, all of one moment."""
    selection = courses.selection()
    with reading(url) as connection:
        check_clinician(connection, courses.clinician)
        yield Practice(connection, selection)


def criterion_of(measure: Measure, code: str | None) -> Criterion:
    """Return a criterion of a measure, its default response without a code."""
    if code is None:
        return default_criterion(measure.code, "response")
    allowed = [criterion.code for criterion in criteria_of(measure.code)]
    if code in CRITERIA and code not in allowed:
        other = MEASURES[CRITERIA[code].measure].name
        raise Refused(
            f"Criterion {code!r} belongs to the {other}, not to the {measure.name}; "
            f"allowed: {', '.join(allowed)}"
        )
    check_listed(allowed, code, "Criterion")
    return CRITERIA[code]


def check_clinician(connection: Connection, name: str | None) -> None:
    """Refuse a clinician who has no course."""
    if name is not None and name not in list_clinicians(connection):
        raise Refused(
            f"Clinician {name!r} has no course here; allowed: a name as it was recorded"
        )


def as_of_day(text: str | None) -> int:
    """Return the number of the day of ``--as-of``, today's without, or refuse it."""
    typed, today = _day(text, "--as-of"), moments.today()
    if typed is not None and typed > today:
        raise Refused(f"--as-of {typed} is in the future; allowed: until {today}")
    return day_number(typed or today)


def stretch(since: str | None, until: str | None) -> tuple[date | None, date | None]:
    """Return the days of ``--from`` and ``--until``, or refuse them."""
    first, last = _day(since, "--from"), _day(until, "--until")
    if first is not None and last is not None and first > last:
        raise Refused(f"--from {first} is after --until {last}")
    return first, last


def check_year(year: int, what: str) -> None:
    """Refuse a year that is outside the calendar of questions."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused(f"{what}; allowed: years {FIRST_YEAR} to {LAST_YEAR}")


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        # Python reads other ways to write a day as well.
        typed = date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise Refused(f"{option} {text!r} is not a date; allowed: YYYY-MM-DD") from None
    check_year(typed.year, f"{option} {typed}")
    return typed
