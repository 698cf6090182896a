"""What is asked on the command line: which courses, and which rate of them."""

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
        return Selection(
            as_of_day=day_number(_past_day(self.as_of, "--as-of") or moments.today()),
            first_day_from=_day_number(self.since, "--from"),
            first_day_to=_day_number(self.until, "--until"),
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


def day(text: str | None, option: str) -> date | None:
    """Return a day as it was typed, or refuse it."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{option} {text!r} is not a date; allowed: YYYY-MM-DD") from None


def _day_number(text: str | None, option: str) -> int | None:
    typed = day(text, option)
    return None if typed is None else day_number(typed)


def _past_day(text: str | None, option: str) -> date | None:
    typed, today = day(text, option), moments.today()
    if typed is not None and typed > today:
        raise Refused(f"{option} {typed} is in the future; allowed: until {today}")
    return typed
