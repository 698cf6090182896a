"""Assessments: completed forms, their corrections and their history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from data.actors import Right
from data.alerts import (
    NOTHING,
    carry_alert,
    open_item_9_alert,
    to_ask_about,
    withdraw_alert,
)
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
from data.tables import PARTIAL_REASONS, SOURCES, assessment
from measures.definition import Measure, by_code
from measures.registry import MEASURES
from measures.scoring import UNANSWERED, Answers, check_answers, digits, score


@dataclass(frozen=True)
class AssessmentFacts:
    """One form as it was completed: its answers, or only a total.

    ``answers`` has one entry per item, None where unanswered; ``total`` is given only
    where the answers were never received.
    """

    measure: str
    recall_window: str
    completed_at: datetime
    answers: Answers | None = None
    total: int | None = None
    difficulty: int | None = None
    time_known: bool = True
    source: str = "self_report"
    partial_reason: str | None = None


@dataclass(frozen=True)
class Assessment:
    """One recorded form, as it stands or as it once stood."""

    id: int
    course_id: int
    facts: AssessmentFacts
    total: int | None
    answered: int | None
    item_9: int | None
    state: str
    corrects_id: int | None
    reason: str | None
    void_reason: str | None
    recorded_at: datetime
    recorded_by: str


def add_assessment(
    connection: Connection,
    *,
    course_id: int,
    facts: AssessmentFacts,
    submission_id: str | None = None,
) -> int:
    """Add a completed form to a course and return its id.

    The same ``submission_id`` again adds nothing and returns the first id. An item 9
    answered with 1 or more, or left out, opens an alert in the same transaction.

    Raises
    ------
    RecordError
        If a value is impossible, or this form was already recorded for that minute.
    measures.scoring.UnscorableAnswers
        If the answers are not this measure's.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    existing = submitted_id(connection, assessment, submission_id)
    if existing is not None:
        return existing
    assessment_id = insert_assessment(
        connection,
        course_id=course_id,
        facts=facts,
        submission_id=submission_id,
    )
    refresh_course_scores(connection, course_id)
    add_audit_entry(
        connection,
        action="add",
        subject=f"assessment {assessment_id}",
        patient_id=patient_id,
    )
    return assessment_id


def insert_assessment(
    connection: Connection,
    *,
    course_id: int,
    facts: AssessmentFacts,
    submission_id: str | None = None,
    corrects_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Insert the row and open its alert; the caller refreshes and audits.

    A corrected form's alert is the corrector's to carry over.
    """
    values = assessment_values(facts)
    _refuse_a_second(connection, course_id, facts, values["completed_minute"])
    row = insert(assessment).values(
        course_id=course_id,
        submission_id=submission_id,
        corrects_id=corrects_id,
        reason=reason,
        recorded_at=now_stamp(),
        recorded_by=recorder(connection),
        **values,
    )
    assessment_id = connection.execute(row).inserted_primary_key[0]
    asked = to_ask_about(facts.measure, values["answers"], values["item_9"])
    if asked != NOTHING and corrects_id is None:
        open_item_9_alert(connection, assessment_id)
    return assessment_id


def assessment_values(facts: AssessmentFacts) -> dict[str, Any]:
    """Return the columns that a form's facts fill, derived ones included.

    Raises
    ------
    RecordError, measures.scoring.UnscorableAnswers
        If something about the form is impossible.
    """
    measure = MEASURES.get(facts.measure)
    if measure is None:
        raise RecordError(
            f"Measure {facts.measure!r} is not known; allowed: {', '.join(MEASURES)}"
        )
    _check_facts(measure, facts)
    minute, offset = to_minutes(facts.completed_at)
    values = {
        "measure": facts.measure,
        "recall_window": facts.recall_window,
        "completed_minute": minute,
        "completed_offset": offset,
        "time_known": facts.time_known,
        "difficulty": facts.difficulty,
        "partial_reason": facts.partial_reason,
        "source": facts.source,
        "answers": None,
        "answered": None,
        "total": facts.total,
        "item_9": None,
    }
    if facts.answers is None:
        return values
    result = score(measure, facts.answers)
    answers = check_answers(measure, facts.answers)
    item_9 = measure.suicide_item and answers[measure.suicide_item - 1]
    return values | {
        "answers": digits(answers),
        "answered": result.answered,
        "total": result.total,
        "item_9": item_9,
    }


def correct_assessment(
    connection: Connection,
    assessment_id: int,
    *,
    facts: AssessmentFacts,
    reason: str,
    submission_id: str | None = None,
) -> int:
    """Put a corrected form in the place of one and return the new id.

    The old row stays, marked as superseded; both can be read in :func:`history`.

    Raises
    ------
    RecordError
        If there is no reason, the form is not the current one, or a value is
        impossible.
    """
    patient_id = check_record(connection, Right.RECORD, assessment, assessment_id)
    existing = submitted_id(connection, assessment, submission_id)
    if existing is not None:
        return existing
    check_reason(reason)
    old = current_assessment_row(connection, assessment_id)
    new_id = supersede_assessment(
        connection,
        old,
        facts,
        reason=reason,
        patient_id=patient_id,
        submission_id=submission_id,
    )
    refresh_course_scores(connection, old.course_id)
    return new_id


def void_assessment(connection: Connection, assessment_id: int, *, reason: str) -> None:
    """Withdraw a form that should not be in this record, saying why.

    Raises
    ------
    RecordError
        If there is no reason, or the form is not the current one.
    """
    patient_id = check_record(connection, Right.RECORD, assessment, assessment_id)
    old = current_assessment_row(connection, assessment_id)
    void_record(connection, assessment, assessment_id, reason=reason)
    withdraw_alert(connection, assessment_id, note="The form was withdrawn.")
    refresh_course_scores(connection, old.course_id)
    add_audit_entry(
        connection,
        action="void",
        subject=f"assessment {assessment_id}",
        patient_id=patient_id,
    )


def move_assessments(
    connection: Connection,
    *,
    course_id: int,
    from_minute: int,
    to_moment: datetime,
    reason: str,
    patient_id: str,
) -> None:
    """Correct the moment of the forms that were completed at one minute."""
    if to_minutes(to_moment)[0] == from_minute:
        return
    query = select(assessment).where(
        assessment.c.course_id == course_id,
        assessment.c.completed_minute == from_minute,
        assessment.c.state == "current",
    )
    for row in connection.execute(query).all():
        facts = _facts(row)
        moved = AssessmentFacts(**{**vars(facts), "completed_at": to_moment})
        supersede_assessment(
            connection, row, moved, reason=reason, patient_id=patient_id
        )


def get_assessment(connection: Connection, assessment_id: int) -> Assessment:
    """Return one form, whatever became of it.

    Raises
    ------
    RecordError
        If there is none.
    """
    check_record(connection, Right.READ_RECORDS, assessment, assessment_id)
    return _any_assessment(connection, assessment_id)


def _any_assessment(connection: Connection, assessment_id: int) -> Assessment:
    query = select(assessment).where(assessment.c.id == assessment_id)
    row = connection.execute(query).first()
    if row is None:
        raise RecordError(f"There is no assessment {assessment_id}")
    return _assessment(row)


def list_assessments(connection: Connection, course_id: int) -> list[Assessment]:
    """Return a course's current forms, the earliest first."""
    check_course(connection, Right.READ_RECORDS, course_id)
    rows = connection.execute(_CURRENT, {"course_id": course_id}).all()
    return [_assessment(row) for row in rows]


def list_withdrawn(connection: Connection, course_id: int) -> list[Assessment]:
    """Return a course's withdrawn forms, the latest withdrawn first."""
    check_course(connection, Right.READ_RECORDS, course_id)
    query = (
        select(assessment)
        .where(assessment.c.course_id == course_id, assessment.c.state == "void")
        .order_by(assessment.c.voided_at.desc())
    )
    return [_assessment(row) for row in connection.execute(query).all()]


def history(connection: Connection, assessment_id: int) -> list[Assessment]:
    """Return every version of a form up to this one, the newest first."""
    versions = [get_assessment(connection, assessment_id)]
    while versions[-1].corrects_id is not None:
        versions.append(_any_assessment(connection, versions[-1].corrects_id))
    return versions


def supersede_assessment(
    connection: Connection,
    old: Any,
    facts: AssessmentFacts,
    *,
    reason: str,
    patient_id: str,
    submission_id: str | None = None,
) -> int:
    """Put facts in the place of a current row; the caller checks and refreshes."""
    connection.execute(
        update(assessment).where(assessment.c.id == old.id).values(state="superseded")
    )
    new_id = insert_assessment(
        connection,
        course_id=old.course_id,
        facts=facts,
        submission_id=submission_id,
        corrects_id=old.id,
        reason=reason.strip(),
    )
    carry_alert(connection, old, current_assessment_row(connection, new_id))
    add_audit_entry(
        connection,
        action="correct",
        subject=f"assessment {old.id}",
        patient_id=patient_id,
    )
    return new_id


def current_assessment_row(connection: Connection, assessment_id: int) -> Any:
    """Return the row of a form that stands.

    Raises
    ------
    RecordError
        If there is none, or it was corrected or withdrawn.
    """
    query = select(assessment).where(assessment.c.id == assessment_id)
    row = connection.execute(query).first()
    if row is None or row.state != "current":
        raise RecordError(
            f"Assessment {assessment_id} was corrected or withdrawn meanwhile; "
            "open the patient again"
        )
    return row


def _refuse_a_second(
    connection: Connection, course_id: int, facts: AssessmentFacts, minute: int
) -> None:
    taken = connection.scalar(
        select(assessment.c.id).where(
            assessment.c.course_id == course_id,
            assessment.c.measure == facts.measure,
            assessment.c.recall_window == facts.recall_window,
            assessment.c.completed_minute == minute,
            assessment.c.state == "current",
        )
    )
    if taken is not None:
        name = MEASURES[facts.measure].name
        raise RecordError(
            f"{name} at {facts.completed_at:%Y-%m-%d %H:%M} is already recorded; "
            "correct that one, or give another time"
        )


def _check_facts(measure: Measure, facts: AssessmentFacts) -> None:
    try:
        by_code(measure.recall_windows, facts.recall_window, "Recall window")
    except ValueError as error:
        raise RecordError(f"{measure.name}: {error}") from error
    check_moment(facts.completed_at, f"{measure.name} completed", utc_now())
    if (facts.answers is None) == (facts.total is None):
        raise RecordError(
            f"{measure.name} needs its answers, or only a total where the answers were "
            "never received; not both and not neither"
        )
    if facts.total is not None and not 0 <= facts.total <= measure.highest_total:
        raise RecordError(
            f"{measure.name} total {facts.total} is impossible; "
            f"allowed: 0 to {measure.highest_total}"
        )
    if facts.answers is not None and not any(a is not None for a in facts.answers):
        raise RecordError(f"{measure.name} has no answer at all; nothing to record")
    check_difficulty(measure, facts.difficulty)
    check_listed("Source", facts.source, SOURCES)
    check_listed("Reason for gaps", facts.partial_reason, (None, *PARTIAL_REASONS))


def check_difficulty(measure: Measure, difficulty: int | None) -> None:
    """Refuse an answer that the question outside the total does not have.

    Raises
    ------
    RecordError
        Naming the measure, the answer and what is allowed.
    """
    if difficulty is None:
        return
    item = measure.functional_item
    allowed = [answer.score for answer in item.answers] if item else []
    if difficulty not in allowed:
        listed = f"{allowed[0]} to {allowed[-1]}" if allowed else "none"
        raise RecordError(
            f"{measure.name} difficulty {difficulty!r} is not an answer; "
            f"allowed: {listed}"
        )


# Put together once: every page of a patient asks it.
_CURRENT = (
    select(assessment)
    .where(
        assessment.c.course_id == bindparam("course_id"),
        assessment.c.state == "current",
    )
    .order_by(assessment.c.completed_minute, assessment.c.measure)
)

_ANSWERS = {UNANSWERED: None} | {f"{number}": number for number in range(10)}


def _facts(row: Any) -> AssessmentFacts:
    answers = row.answers and tuple(map(_ANSWERS.__getitem__, row.answers))
    return AssessmentFacts(
        measure=row.measure,
        recall_window=row.recall_window,
        completed_at=from_minutes(row.completed_minute, row.completed_offset),
        answers=answers,
        total=None if answers else row.total,
        difficulty=row.difficulty,
        time_known=row.time_known,
        source=row.source,
        partial_reason=row.partial_reason,
    )


def _assessment(row: Any) -> Assessment:
    return Assessment(
        id=row.id,
        course_id=row.course_id,
        facts=_facts(row),
        total=row.total,
        answered=row.answered,
        item_9=row.item_9,
        state=row.state,
        corrects_id=row.corrects_id,
        reason=row.reason,
        void_reason=row.void_reason,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
