"""Drafts: forms that somebody has begun to type, until they are saved or given up.

A draft is its typist's alone and is no record: nobody else sees it, it counts nowhere,
and the audit has nothing of it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from data.actors import Right, require
from data.assessments import check_difficulty
from data.errors import RecordError
from data.moments import practice_zone
from data.records import now_stamp, submitted_id
from data.scope import check_course
from data.tables import assessment, draft
from measures.registry import MEASURES
from measures.scoring import Answers, check_answers, digits, parse_answers


DAYS_KEPT = 7
"""A draft that nobody touched for so long is forgotten."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Draft:
    """What was typed of one form.

    Parameters
    ----------
    record
        What is being filled in, such as one measure at one infusion; the page's name
        for it, without anything of a patient.
    measure
        Code of the measure.
    answers, difficulty
        As in ``AssessmentFacts``.
    token
        Names the attempt to save the form.
    """

    record: str
    measure: str
    answers: Answers
    difficulty: int | None
    token: str


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it was found, and since when it has been kept."""

    draft: Draft
    kept_at: datetime


def save_draft(connection: Connection, course_id: int, typed: Draft) -> None:
    """Keep what the actor has typed so far, in place of what was kept before.

    Nothing is kept of a form without any answer, nor of one that was saved meanwhile.

    Raises
    ------
    RecordError
        If the course is out of reach, or the draft is none of a form.
    measures.scoring.UnscorableAnswers
        If the answers are not this measure's.
    """
    account_id = _holder(connection, course_id)
    _check(typed)
    _forget(connection, account_id, typed.record)
    _forget_old(connection)
    empty = typed.difficulty is None and not any(a is not None for a in typed.answers)
    if empty or submitted_id(connection, assessment, typed.token) is not None:
        return
    connection.execute(
        insert(draft).values(
            account_id=account_id,
            course_id=course_id,
            saved_at=now_stamp(),
            **{**vars(typed), "answers": digits(typed.answers)},
        )
    )


def get_draft(connection: Connection, course_id: int, record: str) -> KeptDraft | None:
    """Return the actor's own draft, or None where there is none or it is too old.

    Raises
    ------
    RecordError
        If the course is out of reach.
    """
    account_id = _holder(connection, course_id)
    row = connection.execute(
        select(draft).where(
            draft.c.account_id == account_id,
            draft.c.record == record,
            draft.c.course_id == course_id,
            draft.c.saved_at >= _oldest(),
        )
    ).first()
    if row is None:
        return None
    typed = Draft(
        record=row.record,
        measure=row.measure,
        answers=parse_answers(MEASURES[row.measure], row.answers),
        difficulty=row.difficulty,
        token=row.token,
    )
    return KeptDraft(
        typed, row.saved_at.replace(tzinfo=UTC).astimezone(practice_zone())
    )


def forget_draft(connection: Connection, course_id: int, record: str) -> None:
    """Give the actor's own draft up: its form was saved, or is not wanted.

    Raises
    ------
    RecordError
        If the course is out of reach.
    """
    _forget(connection, _holder(connection, course_id), record)


def _holder(connection: Connection, course_id: int) -> int | None:
    """Return whose drafts these are: only who may record has any."""
    actor = require(connection, Right.OWN_ACCOUNT)
    check_course(connection, Right.RECORD, course_id)
    return actor.account_id


def _check(typed: Draft) -> None:
    measure = MEASURES.get(typed.measure)
    named = _NAME.fullmatch(typed.record) and _TOKEN.fullmatch(typed.token)
    if measure is None or not named:
        raise RecordError("This is no draft of a form that is known here")
    check_answers(measure, typed.answers)
    check_difficulty(measure, typed.difficulty)


def _forget(connection: Connection, account_id: int | None, record: str) -> None:
    connection.execute(
        delete(draft).where(draft.c.account_id == account_id, draft.c.record == record)
    )


def _forget_old(connection: Connection) -> None:
    connection.execute(delete(draft).where(draft.c.saved_at < _oldest()))


def _oldest() -> datetime:
    return now_stamp() - timedelta(days=DAYS_KEPT)
