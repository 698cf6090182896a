"""The example practice: a fictional clinic to look around in, in a database of its own.

Who is in it is invented in ``data.example_patients``; here it is written, whole or not
at all.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Table, func, insert, make_url, select

from data.alerts import ENTERED_BY_MISTAKE, ITEM_9
from data.assessments import assessment_values
from data.audit import add_audit_entry
from data.course_scores import rebuild_course_scores, rebuild_if_outdated
from data.database import default_url, migrate, open_database, writing
from data.errors import DatabaseError, RecordError
from data.example_patients import (
)
from data.moments import MINUTES_PER_DAY, day_number
from data.tables import alert, assessment, course, event, infusion, patient


def example_is_made(url: str) -> bool:
    """Return whether this database holds the example practice, ready for use."""
    try:
        engine = open_database(url)
    except DatabaseError:
        return False
    with engine.connect() as connection:
        made = _holds_example(connection)
    engine.dispose()
    return made


def make_example(
    url: str,
    *,
    as_of: date,
    progress: Callable[[float, str], object] | None = None,
) -> None:
    """Make the example practice in a database of its own, whole or not at all.

    A database that already is the example keeps its facts and is only brought up to
    date, so that two people may open it at once.

    Parameters
    ----------
    url
        Where; the file and its tables are made if they are not there.
    as_of
        The day on which the practice is looked at: all facts lie before it.
    progress
        Called with the fraction done, 0 to 1, and what is being done.

    Raises
    ------
    RecordError
        If it would mix with real records: the database is the practice's own, or has
        patients already.
    """
    if _same_database(url, default_url()):
        raise RecordError(
            "The example practice never goes into the practice's own database; "
            "allowed: a database of its own"
        )
    tell = progress or (lambda _fraction, _text: None)
    tell(0.0, "Preparing the database …")
    migrate(url)
    engine = open_database(url)
    with writing(engine) as connection:
        if _holds_example(connection):
            rebuild_if_outdated(connection)
        else:
            _refuse_other_patients(connection)
            _write(connection, day_number(as_of), tell)
    engine.dispose()
    tell(1.0, "The example practice is ready.")


def _holds_example(connection: Connection) -> bool:
    numbers = [_record_number(1), _record_number(PATIENTS)]
    found = select(func.count()).where(patient.c.record_number.in_(numbers))
    return connection.scalar(found) == len(numbers)


def _refuse_other_patients(connection: Connection) -> None:
    if connection.scalar(select(func.count()).select_from(patient)):
        raise RecordError(
            "This database already has patients; the example practice needs an empty "
            "database of its own"
        )


def _same_database(one: str, other: str) -> bool:
    first, second = make_url(one), make_url(other)
    return (first.get_backend_name(), first.host, first.database) == (
        second.get_backend_name(),
        second.host,
        second.database,
    )


# Writing ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Placed:
    """A form in its course, with the row that it became."""

    course_id: int
    clinician: str
    form: _Form
    id: int = 0


def _write(
    connection: Connection, as_of_day: int, tell: Callable[[float, str], object]
) -> None:
    tell(0.1, f"Inventing {PATIENTS} patients …")
    patients, courses = _practice(as_of_day)
    connection.execute(insert(patient), patients)
    tell(0.5, "Writing their courses …")
    ids = _insert(connection, course, [made.row for made in courses])
    placed = list(zip(ids, courses, strict=True))
    _write_infusions(connection, placed)
    _write_events(connection, placed)
    tell(0.6, "Writing their forms …")
    _write_forms(connection, placed, as_of_day)
    tell(0.8, "Deriving baselines and scores …")
    rebuild_course_scores(connection)
    add_audit_entry(
        connection, who=OLD_SYSTEM, action="make", subject="example practice"
    )


def _practice(as_of_day: int) -> tuple[list[Row], list[_Course]]:
    """Return every patient's row, and every course with its patient's id."""
    spacing = (FIRST_START - LAST_START) / (PATIENTS - 1)
    patients, courses = [], []
    for number in range(1, PATIENTS + 1):
        person = _person(number)
        start = as_of_day - round(FIRST_START - spacing * (number - 1))
        theirs = _courses(person, start, as_of_day)
        patients.append(_patient_row(person, theirs[0].row["opened_day"]))
        for made in theirs:
            made.row["patient_id"] = patients[-1]["id"]
        courses += theirs
    return patients, courses


def _insert(connection: Connection, table: Table, rows: list[Row]) -> list[int]:
    """Insert rows and return their new ids in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def _write_infusions(connection: Connection, placed: list[tuple[int, _Course]]) -> None:
    given = [(course_id, i) for course_id, made in placed for i in made.infusions]
    rows = [_infusion_row(course_id, i, i.values) for course_id, i in given]
    ids = _insert(connection, infusion, rows)
    corrections = [
        _infusion_row(course_id, i, i.corrected, corrects_id=old_id)
        for old_id, (course_id, i) in zip(ids, given, strict=True)
        if i.corrected
    ]
    _insert(connection, infusion, corrections)


def _infusion_row(
    course_id: int, made: _Infusion, values: Row, corrects_id: int | None = None
) -> Row:
    superseded = made.corrected is not None and corrects_id is None
    return {
        "course_id": course_id,
        "started_minute": made.minute,
        "started_offset": 0,
        "time_known": True,
        **values,
        "state": "superseded" if superseded else "current",
        "corrects_id": corrects_id,
        "reason": corrects_id and "The decimal point of the dose was wrong",
        "recorded_at": _stamp(made.minute + 75),
        "recorded_by": NURSE,
    }


def _write_events(connection: Connection, placed: list[tuple[int, _Course]]) -> None:
    rows = [
        row
        | {
            "course_id": course_id,
            "recorded_at": _stamp(row["day"] * MINUTES_PER_DAY + 17 * 60),
            "recorded_by": made.row["clinician"],
        }
        for course_id, made in placed
        for row in made.events
    ]
    connection.execute(insert(event), rows)


def _write_forms(
    connection: Connection, placed: list[tuple[int, _Course]], as_of_day: int
) -> None:
    entered = [
        _Placed(course_id, made.row["clinician"], form)
        for course_id, made in placed
        for form in made.forms
    ]
    ids = _insert(connection, assessment, [_form_row(p) for p in entered])
    entered = [replace(p, id=new) for p, new in zip(entered, ids, strict=True)]
    wrong = [p for p in entered if p.form.corrected]
    new_ids = _insert(connection, assessment, [_correction_row(p) for p in wrong])
    standing_ids = dict(zip((p.id for p in wrong), new_ids, strict=True))
    rng = random.Random(f"{SEED} alerts")
    alerts = [_alert_row(p, standing_ids.get(p.id), as_of_day, rng) for p in entered]
    connection.execute(insert(alert), [row for row in alerts if row])


def _form_row(placed: _Placed) -> Row:
    form = placed.form
    state = (
        "superseded" if form.corrected else "void" if form.void_reason else "current"
    )
    withdrawn = form.void_reason is not None
    return {
        "course_id": placed.course_id,
        **assessment_values(form.facts),
        "state": state,
        "corrects_id": None,
        "reason": None,
        "void_reason": form.void_reason,
        "voided_at": _stamp(form.minute + 90) if withdrawn else None,
        "voided_by": placed.clinician if withdrawn else None,
        "recorded_at": _stamp(form.minute + 10),
        "recorded_by": form.by,
    }


def _correction_row(placed: _Placed) -> Row:
    form = placed.form
    return _form_row(replace(placed, form=replace(form, corrected=None))) | {
        **assessment_values(form.corrected),
        "corrects_id": placed.id,
        "reason": "Typed wrongly; compared with the paper form",
        "recorded_at": _stamp(form.minute + 60),
        "recorded_by": placed.clinician,
    }


def _alert_row(
    placed: _Placed, standing_id: int | None, as_of_day: int, rng: random.Random
) -> Row | None:
    """Return the alert of a form with a positive item 9: open, or closed with care."""
    form, action, after = placed.form, rng.choice(ACTIONS), rng.randint(20, 300)
    was = assessment_values(form.facts)["item_9"]
    now = assessment_values(form.corrected)["item_9"] if form.corrected else was
    if not was:
        return None
    if form.void_reason or not now:
        action, standing_id = ENTERED_BY_MISTAKE, None
    row = {
        "assessment_id": standing_id or placed.id,
        "kind": ITEM_9,
        "opened_at": _stamp(form.minute + 10),
    }
    closed = {
        "seen_at": _stamp(form.minute + after - 10),
        "seen_by": placed.clinician,
        "action": action,
        "closed_at": _stamp(form.minute + after),
        "closed_by": placed.clinician,
    }
    return row | (dict.fromkeys(closed) if _is_open(form, as_of_day) else closed)


def _is_open(form: _Form, as_of_day: int) -> bool:
    days = as_of_day - form.minute // MINUTES_PER_DAY
    overlooked = form.patient_number == OVERLOOKED_PATIENT and days <= OVERLOOKED_DAYS
    return days <= ALERT_DAYS_OPEN or overlooked


def _stamp(minute: int) -> datetime:
    """Return a moment as the tables keep it: UTC, without a zone."""
    return from_minutes(minute, 0).replace(tzinfo=None)
