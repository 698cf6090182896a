"""Snapshots: a rate kept as it was counted, sealed, and what was recorded since.

A snapshot is two texts of canonical JSON: what was asked and counted, and a row per
course. The first holds the SHA-256 of the second; the SHA-256 of the first is the
snapshot's own, and the audit's entry of the saving names it. So a change to either text
is found, and one that also makes the seals anew is found by the audit.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
)

from data.actors import Right, require
from data.audit import add_audit_entry
from data.course_scores import scores_select
from data.errors import RecordError
from data.frames import read_frame
from data.moments import MINUTES_PER_DAY, utc_now
from data.records import recorder
from data.tables import assessment, audit_entry, course_scores, infusion, snapshot


FORMAT = 1
"""Of the two texts; raised when they are laid out differently."""

LONGEST_NOTE = 500

LARGEST_ID = 2**31 - 1
"""Of any record, on every database."""

RECORDED, CORRECTED, WITHDRAWN = "recorded", "corrected", "withdrawn"


class SnapshotChanged(RecordError):
    """A snapshot that is no longer what was saved; its numbers vouch for nothing."""


@dataclass(frozen=True)
class SnapshotHead:
    """Who saved a rate when, what was asked and counted; without the courses' rows."""

    id: int
    hash: str
    made_at: datetime
    made_by: str
    note: str
    content: dict[str, Any]
    newest_assessment: int
    """Id of the newest form at that moment, 0 if there was none."""
    newest_infusion: int


@dataclass(frozen=True)
class Snapshot(SnapshotHead):
    """A saved rate with the row of every course behind it."""

    rows: dict[str, Any]


@dataclass(frozen=True)
class SealedTexts:
    """The two texts of a snapshot, to the letter; each in a file has its seal."""

    about: str
    """What was asked and counted; its SHA-256 is the snapshot's seal."""
    rows: str
    """The courses' rows; ``about`` holds the SHA-256 of this text."""


@dataclass(frozen=True)
class SavedSnapshots:
    """Every snapshot, the newest first, and the ids of those that were changed."""

    kept: tuple[SnapshotHead, ...]
    changed: tuple[int, ...]


def add_snapshot(
    connection: Connection,
    *,
    content: Mapping[str, Any],
    rows: Mapping[str, Any],
    note: str = "",
) -> int:
    """Keep a rate and the courses behind it for good, and return the snapshot's id.

    Read the courses on the same connection, so that nothing is recorded between.
    Saved twice within a second, it is kept once.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``.
    content
        What was asked and counted: text, numbers, lists and mappings of these.
    rows
        The courses' rows, likewise.
    note
        What it was saved for, in the words of who saved it.

    Raises
    ------
    RecordError
        If the note is too long.
    ValueError
        If something is no JSON, such as a number that is missing.
    """
    require(connection, Right.READ_OUTCOMES)
    kept_note = note.strip()
    if len(kept_note) > LONGEST_NOTE:
        raise RecordError(
            f"A note of {len(kept_note)} characters; allowed: up to {LONGEST_NOTE}"
        )
    rows_text = canonical_json(rows)
    about = canonical_json(
        {
            "format": FORMAT,
            "made_at": utc_now().isoformat(),
            "made_by": recorder(connection),
            "note": kept_note,
            "newest_assessment": _newest(connection, assessment),
            "newest_infusion": _newest(connection, infusion),
            "content": content,
            "rows_sha256": sha256(rows_text),
        }
    )
    return _kept(connection, about, rows_text)


def list_snapshots(connection: Connection) -> SavedSnapshots:
    """Return every snapshot; the rows of each are looked at when it is opened."""
    require(connection, Right.READ_OUTCOMES)
    query = select(snapshot.c.id, snapshot.c.hash, snapshot.c.about)
    found = connection.execute(query.order_by(snapshot.c.id.desc())).all()
    whole = {row.id for row in found if sha256(row.about) == row.hash}
    return SavedSnapshots(
        kept=tuple(SnapshotHead(**_head(row)) for row in found if row.id in whole),
        changed=tuple(row.id for row in found if row.id not in whole),
    )


def get_snapshot(connection: Connection, snapshot_id: int) -> Snapshot:
    """Return a snapshot whose seals hold and for which the audit vouches.

    Raises
    ------
    SnapshotChanged
        If it is no longer what was saved.
    RecordError
        If there is none of this id.
    """
    require(connection, Right.READ_OUTCOMES)
    row = _sound(connection, snapshot_id)
    return Snapshot(**_head(row), rows=json.loads(row.rows))


def sealed_texts(connection: Connection, snapshot_id: int) -> SealedTexts:
    """Return the texts of a snapshot as they were sealed; raises as `get_snapshot`."""
    require(connection, Right.READ_OUTCOMES)
    row = _sound(connection, snapshot_id)
    return SealedTexts(about=row.about, rows=row.rows)


def score_ids_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    timepoint: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return which forms are the baseline and the score of each course.

    Parameters
    ----------
    connection, measure, recall_window, timepoint, as_of_day
        As for ``data.frames.courses_frame``, whose rows these belong to.

    Returns
    -------
    pandas.DataFrame
        Columns ``course_id``, ``baseline_id`` and ``score_id``, missing where there is
        none; a course without any form has no row.
    """
    require(connection, Right.READ_OUTCOMES)
    scores = course_scores
    if as_of_day is not None:
        scores = scores_select(as_of=True).subquery("course_scores")
    query = select(
        scores.c.course_id,
        scores.c.baseline_id,
        scores.c.assessment_id.label("score_id"),
    ).where(
        scores.c.measure == measure,
        scores.c.recall_window == recall_window,
        scores.c.timepoint == timepoint,
    )
    return read_frame(connection, query, {"as_of_day": as_of_day})


def forms_since_frame(connection: Connection, saved: SnapshotHead) -> pd.DataFrame:
    """Return every form of the courses with a form recorded or withdrawn since.

    Returns
    -------
    pandas.DataFrame
        Columns ``assessment_id``, ``course_id``, ``corrects_id`` (missing where it
        corrects none), ``state`` as it stands now, and ``recorded_since`` (1 or 0).
    """
    require(connection, Right.READ_OUTCOMES)
    other = assessment.alias("other")
    touched = select(other.c.course_id).where(
        or_(
            other.c.id > saved.newest_assessment,
            other.c.voided_at >= _stamp(saved.made_at),
        )
    )
    query = (
        select(
            assessment.c.id.label("assessment_id"),
            assessment.c.course_id,
            assessment.c.corrects_id,
            assessment.c.state,
            case((assessment.c.id > saved.newest_assessment, 1), else_=0).label(
                "recorded_since"
            ),
        )
        .where(assessment.c.course_id.in_(touched))
        .order_by(assessment.c.id)
    )
    return read_frame(connection, query)


def infusions_since_frame(connection: Connection, saved: SnapshotHead) -> pd.DataFrame:
    """Return every infusion that was recorded, corrected or withdrawn since.

    Returns
    -------
    pandas.DataFrame
        Columns ``infusion_id``, ``course_id``, ``day`` and ``what``: ``recorded``,
        ``corrected`` (the row that corrects) or ``withdrawn``.
    """
    require(connection, Right.READ_OUTCOMES)
    new = infusion.c.id > saved.newest_infusion
    withdrawn = and_(
        infusion.c.state == "void", infusion.c.voided_at >= _stamp(saved.made_at)
    )
    what = case(
        (withdrawn, literal(WITHDRAWN)),
        (infusion.c.corrects_id.is_not(None), literal(CORRECTED)),
        else_=literal(RECORDED),
    )
    day = (infusion.c.started_minute + infusion.c.started_offset) // MINUTES_PER_DAY
    query = (
        select(
            infusion.c.id.label("infusion_id"),
            infusion.c.course_id,
            day.label("day"),
            what.label("what"),
        )
        .where(or_(new, withdrawn))
        .order_by(infusion.c.id)
    )
    return read_frame(connection, query)


def canonical_json(value: Any) -> str:
    """Return the one text that stands for a value: sorted, without blanks, ASCII.

    Examples
    --------
    >>> canonical_json({"b": [1, None], "a": 0.5})
    '{"a":0.5,"b":[1,null]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as ``sha256sum`` prints it of a file."""
    return hashlib.sha256(text.encode()).hexdigest()


_CHANGED = (
    "Snapshot {} is no longer what was saved: {} was changed afterwards. Its numbers "
    "cannot be relied on; restore it from a backup"
)

_VOUCHED = (
    select(audit_entry.c.id)
    .where(
        audit_entry.c.action == "add",
        audit_entry.c.subject == bindparam("subject"),
        # Of no patient: the index spares reading the many entries that are.
        audit_entry.c.patient_id.is_(None),
    )
    .limit(1)
)


def _sound(connection: Connection, snapshot_id: int) -> Any:
    """Return the row of a snapshot that is what was saved, or refuse."""
    query = select(snapshot).where(snapshot.c.id == snapshot_id)
    # A database cannot even look for a number that its column cannot hold.
    held = abs(snapshot_id) <= LARGEST_ID
    row = connection.execute(query).first() if held else None
    if row is None:
        raise RecordError(f"There is no snapshot {snapshot_id}")
    if sha256(row.about) != row.hash or not _vouched_for(connection, row):
        raise SnapshotChanged(_CHANGED.format(snapshot_id, "what was counted"))
    if sha256(row.rows) != json.loads(row.about)["rows_sha256"]:
        raise SnapshotChanged(_CHANGED.format(snapshot_id, "a course's row"))
    return row


def _kept(connection: Connection, about: str, rows: str) -> int:
    seal = sha256(about)
    same = select(snapshot.c.id).where(snapshot.c.hash == seal)
    existing = connection.scalar(same)
    if existing is not None:
        return existing
    added = insert(snapshot).values(about=about, rows=rows, hash=seal)
    snapshot_id = connection.execute(added).inserted_primary_key[0]
    subject = _subject(snapshot_id, seal)
    add_audit_entry(connection, action="add", subject=subject)
    return snapshot_id


def _subject(snapshot_id: int, seal: str) -> str:
    return f"snapshot {snapshot_id} {seal}"


def _vouched_for(connection: Connection, row: Any) -> bool:
    subject = _subject(row.id, row.hash)
    return connection.scalar(_VOUCHED, {"subject": subject}) is not None


def _head(row: Any) -> dict[str, Any]:
    about = json.loads(row.about)
    return {
        "id": row.id,
        "hash": row.hash,
        "made_at": datetime.fromisoformat(about["made_at"]),
        "made_by": about["made_by"],
        "note": about["note"],
        "content": about["content"],
        "newest_assessment": about["newest_assessment"],
        "newest_infusion": about["newest_infusion"],
    }


def _newest(connection: Connection, table: Table) -> int:
    # Ids only grow, because one writes at a time and nothing is deleted.
    return connection.scalar(select(func.max(table.c.id))) or 0


def _stamp(moment: datetime) -> datetime:
    """Return a moment as the tables keep it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
