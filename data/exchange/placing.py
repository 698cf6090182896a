"""Whose a row is: patient, course by its day, and whether it is recorded already."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from data.actors import Right
from data.exchange.chunks import chunks
from data.exchange.kept import Kept, kept_in
from data.exchange.mapping import NO_MAPPING
from data.exchange.new_patients import NewPatient, PatientFact, new_patient
from data.exchange.problems import CONFLICT, PATIENT, SITE, Problem
from data.exchange.rows import FileReading, Row
from data.scope import own_site, within_reach
from data.tables import course, patient


ASK_NEW_PATIENTS = "a record number of this practice; or allow new patients"


@dataclass(frozen=True)
class Options:
    """What the person who imports allows, beside what the mapping file declares."""

    new_patients: bool = False
    indication: str | None = None
    """Of the course that is opened for a new patient; None: not recorded."""
    site_id: int | None = None
    """Of new patients; None: the only site of who imports."""


class Place(NamedTuple):
    """A course: its id, or the record number of a patient who has none yet."""

    course_id: int | None
    record_number: str


@dataclass
class Plan:
    """What would be written, and what speaks against it."""

    rows: list[tuple[Place, Row]] = field(default_factory=list)
    new_patients: dict[str, NewPatient] = field(default_factory=dict)
    courses_to_open: dict[str, str] = field(default_factory=dict)
    """Ids of known patients without a course, by record number."""
    first_days: dict[str, int] = field(default_factory=dict)
    """The earliest day of each patient in the files, by record number."""
    site_id: int | None = None
    """Of the new patients, where there are any."""
    patients_known: int = 0
    several_courses: int = 0
    """Rows of patients with more than one course."""
    already_there: Counter[str] = field(default_factory=Counter)
    """Rows that would add nothing, by file."""
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)


def make_plan(
    connection: Connection, readings: Iterable[FileReading], options: Options
) -> Plan:
    """Return where the accepted rows of some files belong.

    Parameters
    ----------
    connection
        Of the practice; nothing is written.
    readings
        What was read from the files, together.
    options
        What is allowed.
    """
    readings = list(readings)
    plan = Plan()
    rows = list(_without_repeats(readings, plan))
    for row in rows:
        day = row.moment.day
        known = plan.first_days.get(row.record_number, day)
        plan.first_days[row.record_number] = min(day, known)
    patients = _patient_ids(connection, plan.first_days)
    elsewhere = _out_of_reach(connection, plan.first_days, patients)
    plan.problems += [_elsewhere(row) for row in rows if row.record_number in elsewhere]
    rows = [row for row in rows if row.record_number not in elsewhere]
    courses = _courses(connection, patients)
    plan.patients_known = len(patients)
    plan.courses_to_open = {
        number: patient_id
        for number, patient_id in patients.items()
        if number not in courses
    }
    _plan_new_patients(plan, readings, rows, patients, options)
    if plan.new_patients:
        plan.site_id = own_site(connection, options.site_id)
    placed = list(_placed(rows, courses))
    plan.several_courses = sum(
        len(courses.get(row.record_number, ())) > 1 for row in rows
    )
    _plan_rows(plan, placed, _kept(connection, rows, courses))
    return plan


def _without_repeats(readings: list[FileReading], plan: Plan) -> Iterator[Row]:
    """Yield the rows once each; the same again is counted, another one is a problem."""
    seen: dict[tuple[Any, ...], Row] = {}
    for row in (row for reading in readings for row in reading.accepted):
        first = seen.setdefault((row.record_number, *row.identity), row)
        if first is row:
            yield row
        elif row.agrees_with(first):
            plan.already_there[row.file] += 1
        else:
            fault = f"this {row.what} is not what {first.file} row {first.row} says"
            allowed = "one form or infusion of a patient at a minute"
            place = (row.file, row.row, "", "")
            plan.problems.append(Problem(*place, fault, allowed, CONFLICT))


def _plan_new_patients(
    plan: Plan,
    readings: list[FileReading],
    rows: list[Row],
    patients: dict[str, str],
    options: Options,
) -> None:
    unknown: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.record_number not in patients:
            unknown[row.record_number].append(row)
    mapping = readings[0].layout.mapping if readings else NO_MAPPING
    for number, theirs in unknown.items():
        if not (options.new_patients or mapping.new_patients):
            plan.problems.append(_unknown(theirs))
            continue
        plan.new_patients[number] = new_patient(
            _facts(plan, readings, number),
            date_order=mapping.date_order,
            indication=options.indication or mapping.indication,
            tell=plan.problems.append,
        )
    _tell_columns_of_known(plan, readings, patients)


def _facts(plan: Plan, readings: list[FileReading], number: str) -> list[PatientFact]:
    """Return what the files say of one patient; they must not contradict."""
    found: dict[str, PatientFact] = {}
    for reading in readings:
        for fact in reading.patients.get(number, {}).values():
            first = found.setdefault(fact.meaning, fact)
            if first.text != fact.text:
                plan.problems.append(fact.contradicts(first))
    return list(found.values())


def _tell_columns_of_known(
    plan: Plan, readings: list[FileReading], patients: dict[str, str]
) -> None:
    for reading in readings:
        if patients.keys() & reading.patients.keys():
            names = [reading.layout.name(m) for m in reading.layout.about_patients]
            what = "used for new patients only"
            plan.notices.append(Problem(reading.file, None, ", ".join(names), "", what))


def _unknown(theirs: list[Row]) -> Problem:
    first = theirs[0]
    more = f" ({len(theirs)} rows)" if len(theirs) > 1 else ""
    return Problem(
        first.file,
        first.row,
        "record_number",
        first.record_number,
        f"is not in this practice{more}",
        ASK_NEW_PATIENTS,
        PATIENT,
    )


def _elsewhere(row: Row) -> Problem:
    fault = "is a patient of another site"
    allowed = "patients of your sites"
    place = (row.file, row.row, "record_number", row.record_number)
    return Problem(*place, fault, allowed, SITE)


def _out_of_reach(
    connection: Connection, numbers: Iterable[str], within: dict[str, str]
) -> set[str]:
    """Return the record numbers that the practice knows and the actor may not use."""
    query = select(patient.c.record_number)
    return {
        number
        for some in chunks(numbers)
        for number in connection.scalars(query.where(patient.c.record_number.in_(some)))
        if number not in within
    }


def _patient_ids(connection: Connection, numbers: Iterable[str]) -> dict[str, str]:
    """Return the ids of the patients within reach, by record number."""
    query = select(patient.c.record_number, patient.c.id).where(
        within_reach(connection, Right.RECORD)
    )
    return {
        number: patient_id
        for some in chunks(numbers)
        for number, patient_id in connection.execute(
            query.where(patient.c.record_number.in_(some))
        )
    }


def _courses(
    connection: Connection, patients: dict[str, str]
) -> dict[str, list[tuple[int, int]]]:
    """Return day of opening and id of each patient's courses, the first first."""
    numbers = {patient_id: number for number, patient_id in patients.items()}
    query = select(course.c.patient_id, course.c.opened_day, course.c.id)
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for some in chunks(numbers):
        chosen = query.where(course.c.patient_id.in_(some)).order_by(course.c.number)
        for patient_id, opened_day, course_id in connection.execute(chosen):
            found[numbers[patient_id]].append((opened_day, course_id))
    return {number: sorted(courses) for number, courses in found.items()}


def _placed(
    rows: list[Row], courses: dict[str, list[tuple[int, int]]]
) -> Iterator[tuple[Place, Row]]:
    """Yield each row with the latest course opened by its day, else the first."""
    none = [(0, None)]
    days = {number: [day for day, _ in theirs] for number, theirs in courses.items()}
    places = {
        number: [Place(course_id, number) for _, course_id in courses.get(number, none)]
        for number in {row.record_number for row in rows}
    }
    for row in rows:
        theirs = places[row.record_number]
        if len(theirs) == 1:
            yield theirs[0], row
        else:
            opened = bisect_right(days[row.record_number], row.moment.day)
            yield theirs[max(opened - 1, 0)], row


def _plan_rows(
    plan: Plan,
    placed: list[tuple[Place, Row]],
    kept: Kept,
) -> None:
    if not kept.versions:
        plan.rows = placed
        return
    for place, row in placed:
        if kept.has(row):
            plan.already_there[row.file] += 1
            continue
        problem = kept.problem(row)
        if problem:
            plan.problems.append(problem)
        else:
            plan.rows.append((place, row))


def _kept(
    connection: Connection,
    rows: list[Row],
    courses: dict[str, list[tuple[int, int]]],
) -> Kept:
    """Return what is recorded of the patients, in whichever of their courses."""
    numbers: dict[type, set[str]] = defaultdict(set)
    for row in rows:
        numbers[type(row)].add(row.record_number)
    return kept_in(
        connection,
        {
            kind: {
                course_id: number
                for number in some
                for _, course_id in courses.get(number, ())
            }
            for kind, some in numbers.items()
        },
    )
