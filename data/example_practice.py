"""The example practice: a fictional clinic to look around in, in its own database.

Who is in it is invented in ``data.example_patients``; here it is written, whole or not
at all.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, select, update

from data.actors import operator
from data.alerts import ENTERED_BY_MISTAKE, ITEM_9, NOTHING, to_ask_about
from data.assessments import AssessmentFacts, assessment_values
from data.audit import add_audit_entry
from data.course_scores import rebuild_course_scores, rebuild_if_outdated
from data.database import (
    connect_engine,
    default_url,
    migrate,
    open_database,
    writing,
)
from data.errors import DatabaseError, RecordError
from data.example_patients import (
    NURSE,
    PATIENTS,
    SEED,
    SITES,
    InventedCourse,
    InventedForm,
    InventedInfusion,
    Row,
    invent_patients,
    record_number,
    stamp,
)
from data.moments import MINUTES_PER_DAY, day_number
from data.tables import (
    FIRST_SITE,
    alert,
    assessment,
    course,
    course_schedule,
    event,
    infusion,
    patient,
    setting,
    site,
)


ALERT_ACTIONS_TAKEN = (
    "risk assessed, no immediate risk",
    "risk assessed, no immediate risk",
    "risk assessed, safety plan made",
    "referred",
)
ASKED_AGAIN = "asked again, no such thoughts reported"
# Alerts of the last days are open; so are those of one patient, seen and then
# overlooked for longer than this practice allows.
OPEN_DAYS = 6
ALLOWED_HOURS = 72
OVERLOOKED_PATIENT = 114
OVERLOOKED_DAYS = 40

Tell = Callable[[float, str], object]


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


def make_example(url: str, *, as_of: date, progress: Tell | None = None) -> None:
    """Make the example practice in a database of its own, whole or not at all.

    A database that is the example already keeps its facts and is only brought up to
    date: two people may open it at once.

    Parameters
    ----------
    url
        Where; the database's tables are made if they are not there.
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
    if _place(url) == _place(default_url()):
        raise RecordError(
            "The example practice never goes into the practice's own database; "
            "allowed: a database of its own"
        )
    tell = progress or (lambda _fraction, _text: None)
    tell(0.0, "Preparing the database …")
    migrate(url)
    engine = open_database(url)
    try:
        with writing(engine, operator("Example practice")) as connection:
            if _holds_example(connection):
                rebuild_if_outdated(connection)
            else:
                _refuse_other_patients(connection)
                _write(connection, day_number(as_of), tell)
    finally:
        engine.dispose()
    tell(1.0, "The example practice is ready.")


def _holds_example(connection: Connection) -> bool:
    ends = [record_number(1), record_number(PATIENTS)]
    found = select(func.count()).where(patient.c.record_number.in_(ends))
    return connection.scalar(found) == len(ends)


def _refuse_other_patients(connection: Connection) -> None:
    if connection.scalar(select(func.count()).select_from(patient)):
        raise RecordError(
            "This database already has patients; the example practice needs an empty "
            "database of its own"
        )


def _place(url: str) -> tuple[object, ...]:
    """Return what tells two databases apart, however their URLs are written."""
    parsed = connect_engine(url).url
    kind, name = parsed.get_backend_name(), parsed.database or ""
    if kind == "sqlite":
        return kind, Path(name).resolve()
    return kind, parsed.host, parsed.port, parsed.normalized_query, name


@dataclass(frozen=True)
class _Entered:
    """A form in its course, with the row that it became."""

    course_id: int
    patient: int
    clinician: str
    form: InventedForm
    id: int = 0


def _write(connection: Connection, as_of_day: int, tell: Tell) -> None:
    tell(0.1, f"Inventing {PATIENTS} patients …")
    invented = invent_patients(as_of_day)
    sites = _write_sites(connection)
    connection.execute(
        insert(patient),
        [row | {"site_id": sites[courses[-1].site]} for row, courses in invented],
    )
    tell(0.5, "Writing their courses …")
    rows = [
        c.row | {"patient_id": row["id"], "site_id": sites[c.site]}
        for row, courses in invented
        for c in courses
    ]
    courses = [c for _, theirs in invented for c in theirs]
    placed = list(zip(_insert(connection, course, rows), courses, strict=True))
    _write_infusions(connection, placed)
    _write_events(connection, placed)
    _write_schedules(connection, placed, as_of_day)
    tell(0.6, "Writing their forms …")
    _write_forms(connection, placed, as_of_day)
    tell(0.8, "Deriving baselines and scores …")
    rebuild_course_scores(connection)
    add_audit_entry(connection, action="make", subject="example practice")


def _write_sites(connection: Connection) -> dict[str, int]:
    """Write the sites and return their ids by name."""
    first, *others = SITES
    connection.execute(update(site).where(site.c.id == FIRST_SITE).values(name=first))
    ids = _insert(connection, site, [{"name": name} for name in others])
    return dict(zip(SITES, (FIRST_SITE, *ids), strict=True))


def _insert(connection: Connection, table: Table, rows: list[Row]) -> list[int]:
    """Insert rows and return their new ids in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, _of_equal_columns(rows)))


def _of_equal_columns(rows: list[Row]) -> list[Row]:
    """Return the rows with every column that one of them has.

    Rows that are inserted together have the columns of the first; more are not looked
    at.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return [names | row for row in rows]


def _write_infusions(
    connection: Connection, placed: list[tuple[int, InventedCourse]]
) -> None:
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
    course_id: int,
    made: InventedInfusion,
    values: Row,
    corrects_id: int | None = None,
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
        "recorded_at": stamp(made.minute + 75),
        "recorded_by": NURSE,
    }


def _write_events(
    connection: Connection, placed: list[tuple[int, InventedCourse]]
) -> None:
    rows = [
        row
        | {
            "course_id": course_id,
            "recorded_at": stamp(row["day"] * MINUTES_PER_DAY + 17 * 60),
            "recorded_by": made.row["clinician"],
        }
        for course_id, made in placed
        for row in made.events
    ]
    connection.execute(insert(event), rows)


def _write_schedules(
    connection: Connection, placed: list[tuple[int, InventedCourse]], as_of_day: int
) -> None:
    """Write what is planned, and what differs from the practice's schedule."""
    changed_at = stamp((as_of_day - 2) * MINUTES_PER_DAY)
    rows = [
        made.schedule
        | {
            "course_id": course_id,
            "changed_at": changed_at,
            "changed_by": made.row["clinician"],
        }
        for course_id, made in placed
        if made.schedule
    ]
    connection.execute(insert(course_schedule), _of_equal_columns(rows))
    allowed = {"name": "alert_escalation_hours", "value": str(ALLOWED_HOURS)}
    connection.execute(insert(setting), [allowed])


def _write_forms(
    connection: Connection, placed: list[tuple[int, InventedCourse]], as_of_day: int
) -> None:
    entered = [
        _Entered(course_id, made.patient, made.row["clinician"], form)
        for course_id, made in placed
        for form in made.forms
    ]
    ids = _insert(connection, assessment, [_form_row(e) for e in entered])
    entered = [replace(e, id=new) for e, new in zip(entered, ids, strict=True)]
    wrong = [e for e in entered if e.form.corrected]
    right_ids = _insert(connection, assessment, [_correction_row(e) for e in wrong])
    corrections = dict(zip((e.id for e in wrong), right_ids, strict=True))
    rng = random.Random(f"{SEED} alerts")
    alerts = [
        _alert_row(e, corrections.get(e.id, e.id), as_of_day, rng)
        for e in entered
        if _asks(e.form.facts)
    ]
    connection.execute(insert(alert), alerts)


def _form_row(entered: _Entered) -> Row:
    form = entered.form
    withdrawn = form.void_reason is not None
    return {
        "course_id": entered.course_id,
        **assessment_values(form.facts),
        "state": _state(form),
        "corrects_id": None,
        "reason": None,
        "void_reason": form.void_reason,
        "voided_at": stamp(form.minute + 90) if withdrawn else None,
        "voided_by": entered.clinician if withdrawn else None,
        "recorded_at": stamp(form.minute + 10),
        "recorded_by": form.by,
    }


def _state(form: InventedForm) -> str:
    if form.void_reason:
        return "void"
    return "superseded" if form.corrected else "current"


def _correction_row(entered: _Entered) -> Row:
    form = entered.form
    return _form_row(entered) | {
        **assessment_values(form.corrected),
        "state": "current",
        "corrects_id": entered.id,
        "reason": "Typed wrongly; compared with the paper form",
        "recorded_at": stamp(form.minute + 60),
        "recorded_by": entered.clinician,
    }


def _alert_row(
    entered: _Entered, standing_id: int, as_of_day: int, rng: random.Random
) -> Row:
    """Return the alert of an item 9 to ask about: open, or what was done about it."""
    form = entered.form
    action, after = rng.choice(ALERT_ACTIONS_TAKEN), rng.randint(20, 300)
    left_out = assessment_values(form.facts)["item_9"] is None
    stands = form.standing is not None and _asks(form.standing)
    row = {
        "assessment_id": standing_id if stands else entered.id,
        "kind": ITEM_9,
        "opened_at": stamp(form.minute + 10),
    }
    seen = {
        "seen_at": stamp(form.minute + after - 5),
        "seen_by": entered.clinician,
    }
    closed = {
        "action": _action(action, stands=stands, left_out=left_out),
        "closed_at": stamp(form.minute + after),
        "closed_by": entered.clinician,
    }
    days = as_of_day - form.minute // MINUTES_PER_DAY
    overlooked = entered.patient == OVERLOOKED_PATIENT and days <= OVERLOOKED_DAYS
    if not stands or not (days <= OPEN_DAYS or overlooked):
        return row | seen | closed
    return row | (seen if overlooked else dict.fromkeys(seen)) | dict.fromkeys(closed)


def _action(action: str, *, stands: bool, left_out: bool) -> str:
    if not stands:
        return ENTERED_BY_MISTAKE
    return ASKED_AGAIN if left_out else action


def _asks(facts: AssessmentFacts) -> bool:
    """Whether there is something to ask about in item 9."""
    values = assessment_values(facts)
    return to_ask_about(facts.measure, values["answers"], values["item_9"]) != NOTHING
