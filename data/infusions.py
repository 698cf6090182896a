"""Infusions: given, corrected, withdrawn; never overwritten."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from data.actors import Right
from data.assessments import move_assessments
from data.audit import add_audit_entry
from data.course_scores import refresh_course_scores
from data.errors import RecordError
from data.moments import check_moment, from_minutes, to_minutes, utc_now
from data.records import (
    check_listed,
    check_reason,
    now_stamp,
    recorder,
    submitted_id,
    void_record,
)
from data.scope import check_course, check_record
from data.tables import (
    ADVERSE_EVENTS,
    DISSOCIATION,
    HIGHEST_DOSE_MG,
    HIGHEST_DOSE_MG_PER_KG,
    LONGEST_INFUSION_MINUTES,
    MOMENTS_OF_VITALS,
    PHASES,
    ROUTES,
    VITAL_COLUMNS,
    WEIGHT_KG,
    infusion,
)


@dataclass(frozen=True)
class InfusionFacts:
    """What is recorded of one infusion; doses and weight in the unit of their name.

    Blood pressures are in mmHg, pulses per minute: before, at their highest, and after.
    ``adverse_event_codes`` are of ``ADVERSE_EVENTS``; ``adverse_events`` is in words.
    """

    started_at: datetime
    time_known: bool = True
    phase: str | None = None
    dose_mg_per_kg: float | None = None
    dose_mg: float | None = None
    route: str = "IV"
    minutes: int | None = None
    weight_kg: float | None = None
    systolic_before: int | None = None
    diastolic_before: int | None = None
    pulse_before: int | None = None
    systolic_peak: int | None = None
    diastolic_peak: int | None = None
    pulse_peak: int | None = None
    systolic_after: int | None = None
    diastolic_after: int | None = None
    pulse_after: int | None = None
    dissociation: str | None = None
    adverse_event_codes: tuple[str, ...] = ()
    adverse_events: str | None = None
    note: str | None = None
    intention: str | None = None
    integration_note: str | None = None


@dataclass(frozen=True)
class Infusion:
    """One infusion as it stands, with its number in the course."""

    id: int
    course_id: int
    number: int
    facts: InfusionFacts
    recorded_by: str
    recorded_at: datetime


def add_infusion(
    connection: Connection,
    *,
    course_id: int,
    facts: InfusionFacts,
    submission_id: str | None = None,
) -> int:
    """Add an infusion to a course and return its id.

    The same ``submission_id`` again adds nothing and returns the first id.

    Raises
    ------
    RecordError
        If a value is impossible, or the course already has an infusion at that minute.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    existing = submitted_id(connection, infusion, submission_id)
    if existing is not None:
        return existing
    infusion_id = insert_infusion(
        connection,
        course_id=course_id,
        facts=facts,
        submission_id=submission_id,
    )
    refresh_course_scores(connection, course_id)
    add_audit_entry(
        connection,
        action="add",
        subject=f"infusion {infusion_id}",
        patient_id=patient_id,
    )
    return infusion_id


def insert_infusion(
    connection: Connection,
    *,
    course_id: int,
    facts: InfusionFacts,
    submission_id: str | None = None,
    corrects_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Insert the row alone; the caller refreshes the scores and keeps the audit."""
    check_infusion(facts)
    minute, offset = to_minutes(facts.started_at)
    taken = connection.scalar(
        select(infusion.c.id).where(
            infusion.c.course_id == course_id,
            infusion.c.started_minute == minute,
            infusion.c.state == "current",
        )
    )
    if taken is not None:
        raise RecordError(
            f"This course already has an infusion at "
            f"{facts.started_at:%Y-%m-%d %H:%M}; correct that one, or give another time"
        )
    values = {k: v for k, v in vars(facts).items() if k != "started_at"}
    values["adverse_event_codes"] = ",".join(facts.adverse_event_codes) or None
    return connection.execute(
        insert(infusion).values(
            course_id=course_id,
            started_minute=minute,
            started_offset=offset,
            submission_id=submission_id,
            corrects_id=corrects_id,
            reason=reason,
            recorded_at=now_stamp(),
            recorded_by=recorder(connection),
            **values,
        )
    ).inserted_primary_key[0]


def correct_infusion(
    connection: Connection,
    infusion_id: int,
    *,
    facts: InfusionFacts,
    reason: str,
) -> int:
    """Put other facts in an infusion's place and return the new row's id.

    Forms completed at the old start (recorded with the infusion) move with it when the
    start changes, as corrections with the same reason.

    Raises
    ------
    RecordError
        If there is no reason, the infusion is not the current one, or a value is
        impossible.
    """
    patient_id = check_record(connection, Right.RECORD, infusion, infusion_id)
    check_reason(reason)
    old = current_infusion_row(connection, infusion_id)
    connection.execute(
        update(infusion).where(infusion.c.id == infusion_id).values(state="superseded")
    )
    new_id = insert_infusion(
        connection,
        course_id=old.course_id,
        facts=facts,
        corrects_id=infusion_id,
        reason=reason.strip(),
    )
    move_assessments(
        connection,
        course_id=old.course_id,
        from_minute=old.started_minute,
        to_moment=facts.started_at,
        reason=reason,
        patient_id=patient_id,
    )
    refresh_course_scores(connection, old.course_id)
    add_audit_entry(
        connection,
        action="correct",
        subject=f"infusion {infusion_id}",
        patient_id=patient_id,
    )
    return new_id


def void_infusion(connection: Connection, infusion_id: int, *, reason: str) -> None:
    """Withdraw an infusion that was recorded by mistake, saying why.

    Raises
    ------
    RecordError
        If there is no reason, or the infusion is not the current one.
    """
    patient_id = check_record(connection, Right.RECORD, infusion, infusion_id)
    old = current_infusion_row(connection, infusion_id)
    void_record(connection, infusion, infusion_id, reason=reason)
    refresh_course_scores(connection, old.course_id)
    add_audit_entry(
        connection,
        action="void",
        subject=f"infusion {infusion_id}",
        patient_id=patient_id,
    )


def list_infusions(connection: Connection, course_id: int) -> list[Infusion]:
    """Return a course's current infusions, the first first, numbered from 1."""
    check_course(connection, Right.READ_RECORDS, course_id)
    rows = connection.execute(_CURRENT, {"course_id": course_id}).all()
    return [_infusion(row, number) for number, row in enumerate(rows, start=1)]


def get_infusion(connection: Connection, infusion_id: int) -> Infusion:
    """Return one infusion that stands, with its number in the course.

    Raises
    ------
    RecordError
        If there is none, or it was corrected or withdrawn.
    """
    check_record(connection, Right.READ_RECORDS, infusion, infusion_id)
    course_id = current_infusion_row(connection, infusion_id).course_id
    (found,) = (i for i in list_infusions(connection, course_id) if i.id == infusion_id)
    return found


def current_infusion_row(connection: Connection, infusion_id: int) -> Any:
    """Return the row of an infusion that stands.

    Raises
    ------
    RecordError
        If there is none, or it was corrected or withdrawn.
    """
    row = connection.execute(
        select(infusion).where(infusion.c.id == infusion_id)
    ).first()
    if row is None or row.state != "current":
        raise RecordError(
            f"Infusion {infusion_id} was corrected or withdrawn meanwhile; "
            "open the patient again"
        )
    return row


def check_infusion(facts: InfusionFacts) -> None:
    """Refuse an infusion with an impossible value.

    Raises
    ------
    RecordError
        Naming the value and what is allowed.
    """
    check_moment(facts.started_at, "Infusion started", utc_now())
    check_listed("Phase", facts.phase, (None, *PHASES))
    check_listed("Route", facts.route, ROUTES)
    _check_range("Dose (mg/kg)", facts.dose_mg_per_kg, HIGHEST_DOSE_MG_PER_KG)
    _check_range("Dose (mg)", facts.dose_mg, HIGHEST_DOSE_MG)
    _check_range("Minutes", facts.minutes, LONGEST_INFUSION_MINUTES)
    _check_within("Weight (kg)", facts.weight_kg, WEIGHT_KG)
    for name, limits in VITAL_COLUMNS.items():
        what = name.replace("_", " ").capitalize()
        _check_within(what, getattr(facts, name), limits)
    _check_pressures(facts)
    check_listed("Dissociation", facts.dissociation, (None, *DISSOCIATION))
    for code in facts.adverse_event_codes:
        check_listed("Adverse event", code, ADVERSE_EVENTS)


def _check_within(what: str, value: float | None, limits: tuple[int, int]) -> None:
    low, high = limits
    if value is not None and not low <= value <= high:
        raise RecordError(f"{what} {value:g} is impossible; allowed: {low} to {high}")


def _check_pressures(facts: InfusionFacts) -> None:
    for moment in MOMENTS_OF_VITALS:
        systolic = getattr(facts, f"systolic_{moment}")
        diastolic = getattr(facts, f"diastolic_{moment}")
        if None not in (systolic, diastolic) and systolic <= diastolic:
            raise RecordError(
                f"Blood pressure {systolic}/{diastolic} ({moment}) is impossible; "
                "allowed: the systolic above the diastolic"
            )


def _check_range(what: str, value: float | None, highest: float) -> None:
    if value is not None and not 0 < value <= highest:
        raise RecordError(
            f"{what} {value:g} is impossible; allowed: above 0, up to {highest}"
        )


_FACT_NAMES = tuple(
    name
    for name in InfusionFacts.__dataclass_fields__
    if name not in ("started_at", "adverse_event_codes")
)
_FACTS_OF = attrgetter(*_FACT_NAMES)


# Put together once: every page of a patient asks it.
_CURRENT = (
    select(infusion)
    .where(
        infusion.c.course_id == bindparam("course_id"), infusion.c.state == "current"
    )
    .order_by(infusion.c.started_minute)
)


def _infusion(row: Any, number: int) -> Infusion:
    facts = InfusionFacts(
        started_at=from_minutes(row.started_minute, row.started_offset),
        adverse_event_codes=tuple(
            filter(None, (row.adverse_event_codes or "").split(","))
        ),
        **dict(zip(_FACT_NAMES, _FACTS_OF(row), strict=True)),
    )
    return Infusion(
        id=row.id,
        course_id=row.course_id,
        number=number,
        facts=facts,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
