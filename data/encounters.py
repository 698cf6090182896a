"""Encounters: a patient fills in today's forms on a tablet, one question a screen.

Which screen the tablet shows is kept here and not in the browser, so that going back,
reloading and a second tab all show the same. A tablet reaches its own encounter alone:
its actor says which, never a request.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from data.actors import Actor, Right, actor_of, require
from data.assessments import (
    AssessmentFacts,
    assessment_values,
    insert_assessment,
    supersede_assessment,
)
from data.audit import add_audit_entry
from data.course_scores import refresh_course_scores
from data.errors import NotAllowed, RecordError
from data.moments import now_at_practice, practice_zone, to_minutes
from data.records import now_stamp
from data.scope import check_course
from data.screens import (
    CRISIS,
    QUESTION,
    REVIEW,
    WELCOME,
    Encounter,
    FormAsked,
    Screen,
    screens,
)
from data.sessions import kiosk_identity
from data.tables import (
    account,
    assessment,
    course,
    encounter,
    encounter_form,
    session,
)
from data.tokens import new_token, token_hash
from measures.definition import by_code
from measures.registry import MEASURES
from measures.scoring import UNANSWERED


LINK_MINUTES = 10
"""A link that was not used after so long opens nothing any more."""

# How an encounter ends: by the patient, at the end or before; by itself; by a new link.
HANDED_IN = "handed in"
STOPPED = "stopped"
INTERRUPTED = "interrupted"
REPLACED = "replaced"

CHANGED = "changed by the patient before handing back"


def open_encounter(
    connection: Connection, course_id: int, forms: Sequence[tuple[str, str]]
) -> str:
    """Let a patient fill in forms on a tablet, and return the link's one-time secret.

    A link for the same course that nobody has used yet ends.

    Parameters
    ----------
    connection
        Of somebody with an account, who hands the tablet over.
    course_id
        Where the forms will be recorded.
    forms
        Codes of measure and recall window, in the order in which they are asked.

    Raises
    ------
    RecordError
        If there is no such course for this actor, or no such form, or one twice.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    account_id = actor_of(connection).account_id
    if account_id is None:
        raise NotAllowed("Only somebody with an account can hand a tablet over")
    chosen = _chosen(forms)
    unused = (encounter.c.course_id == course_id) & encounter.c.started_at.is_(None)
    _end(connection, unused, REPLACED)
    token, now = new_token(), now_stamp()
    encounter_id = connection.execute(
        insert(encounter).values(
            course_id=course_id,
            opened_at=now,
            opened_by=account_id,
            link_hash=token_hash(token),
            link_expires_at=now + timedelta(minutes=LINK_MINUTES),
        )
    ).inserted_primary_key[0]
    rows = [
        {
            "encounter_id": encounter_id,
            "position": form.position,
            "measure": form.measure.code,
            "recall_window": form.recall_window.code,
        }
        for form in chosen
    ]
    connection.execute(insert(encounter_form), rows)
    _audit(connection, "hand over", encounter_id, patient_id)
    return token


def begin_encounter(connection: Connection, token: str) -> int:
    """Use a link up and return its encounter's id, for a session of its own.

    Raises
    ------
    RecordError
        If there never was such a link, it was used or replaced or is too old, or the
        account that made it is disabled.
    """
    require(connection, Right.ADMIT)
    now = now_stamp()
    query = (
        select(encounter.c.id, course.c.patient_id)
        .join_from(encounter, account, account.c.id == encounter.c.opened_by)
        .join(course, course.c.id == encounter.c.course_id)
        .where(
            encounter.c.link_hash == token_hash(token),
            encounter.c.link_expires_at > now,
            encounter.c.started_at.is_(None),
            encounter.c.ended_at.is_(None),
            account.c.disabled_at.is_(None),
        )
    )
    found = connection.execute(query).first()
    if found is None:
        raise RecordError(
            "This link was used already or is too old; have the tablet handed over "
            "once more"
        )
    started = update(encounter).where(encounter.c.id == found.id)
    connection.execute(started.values(started_at=now))
    _audit(connection, "begin", found.id, found.patient_id)
    return found.id


def current_encounter(connection: Connection) -> Encounter:
    """Return the forms of the tablet that asks, and what it shows.

    Raises
    ------
    RecordError
        If they were handed in, or ended by themselves.
    """
    actor = require(connection, Right.ANSWER)
    if actor.encounter_id is None:
        raise NotAllowed("This session is not a tablet's")
    row = _row(connection, actor.encounter_id)
    if row is None or row.ended_at is not None:
        raise RecordError("These forms are not open any more")
    forms = _forms(connection, row.id)
    return Encounter(row.id, forms, screens(forms)[row.screen])


def go_on(connection: Connection) -> None:
    """Leave the welcome or the crisis text for the next question, or the review.

    Anywhere else nothing happens: the button was touched twice.
    """
    now = current_encounter(connection)
    if now.screen.kind in (WELCOME, CRISIS):
        _show(connection, now, now.onward)


def answer(connection: Connection, position: int, item: int, value: int | None) -> None:
    """Take the answer to a question, and show what follows.

    An answer from an older page counts for the question that it names, if that was
    reached before; the screen then stays. A positive item 9 is recorded in this very
    transaction, with the form as it stands, and its alert opens.

    Parameters
    ----------
    connection
        Of the tablet.
    position, item
        Which form and which of its questions, both from 1.
    value
        The answer's score; None if the patient would rather not answer.

    Raises
    ------
    RecordError
        If there is no such question, or it has no such answer.
    """
    now = current_encounter(connection)
    asked = Screen(QUESTION, position, item)
    now.form(position).check_answer(item, value)
    if asked != now.screen and not now.was_reached(asked):
        return
    form = now.form(position).with_answer(item, value)
    now = now.with_form(form)
    _keep_answers(connection, now.id, form)
    if item == form.measure.suicide_item and value:
        _record(connection, now.id, form, completed_at=now_at_practice())
        _show(connection, now, Screen(CRISIS, position))
    elif asked == now.screen:
        _show(connection, now, now.after(asked))


def step_back(connection: Connection, position: int, item: int) -> None:
    """Show what comes before a question; nothing happens if another one is shown.

    Raises
    ------
    RecordError
        If there is no such question.
    """
    now = current_encounter(connection)
    asked = Screen(QUESTION, position, item)
    now.form(position).check_question(item)
    if asked == now.screen:
        _show(connection, now, now.before(asked))


def change_answer(connection: Connection, position: int, item: int) -> None:
    """Ask a question again from the review; elsewhere nothing happens.

    Raises
    ------
    RecordError
        If there is no such question.
    """
    now = current_encounter(connection)
    now.form(position).check_question(item)
    if now.screen.kind == REVIEW:
        _show(connection, now, Screen(QUESTION, position, item))


def finish_encounter(connection: Connection) -> bool:
    """Record the forms and end the encounter, if the patient has reviewed them.

    Returns
    -------
    bool
        Whether it has ended; the caller ends its session. Not before the review.
    """
    now = current_encounter(connection)
    if now.screen.kind != REVIEW:
        return False
    for form in now.forms:
        _record(connection, now.id, form, completed_at=now_at_practice())
    _close(connection, now.id, HANDED_IN)
    return True


def stop_encounter(connection: Connection) -> None:
    """Record what was answered so far and end the encounter: the patient wants to stop.

    Nobody has to answer everything; what was not reached counts as refused.
    """
    now = current_encounter(connection)
    for form in now.forms:
        _record(
            connection,
            now.id,
            form,
            completed_at=now_at_practice(),
            unreached="refused",
        )
    _close(connection, now.id, STOPPED)


def end_unfinished(connection: Connection, encounter_id: int) -> None:
    """Record what was answered on a tablet whose session is over.

    The forms bear the moment of the last answer, however late this is called. What was
    handed in, or has ended before, stays as it is.
    """
    require(connection, Right.ADMIT)
    row = _row(connection, encounter_id)
    if row is None or row.ended_at is not None:
        return
    with _on_behalf_of_the_tablet(connection, encounter_id):
        completed_at = _last_used(connection, row)
        for form in _forms(connection, encounter_id):
            _record(connection, encounter_id, form, completed_at=completed_at)
        _close(connection, encounter_id, INTERRUPTED)


def _chosen(forms: Sequence[tuple[str, str]]) -> list[FormAsked]:
    if not forms:
        raise RecordError("Choose at least one form for the patient to fill in")
    chosen = [
        _form_asked(position, code, window)
        for position, (code, window) in enumerate(forms, start=1)
    ]
    if len({form.measure.code for form in chosen}) < len(chosen):
        raise RecordError("A form is chosen twice; once is enough")
    return chosen


def _form_asked(position: int, code: str, window: str) -> FormAsked:
    measure = MEASURES.get(code)
    if measure is None:
        raise RecordError(
            f"Measure {code!r} is not known; allowed: {', '.join(MEASURES)}"
        )
    try:
        recall_window = by_code(measure.recall_windows, window, "Recall window")
    except ValueError as error:
        raise RecordError(f"{measure.name}: {error}") from error
    return FormAsked(position, measure, recall_window)


def _show(connection: Connection, now: Encounter, screen: Screen) -> None:
    shown = update(encounter).where(encounter.c.id == now.id)
    connection.execute(shown.values(screen=screens(now.forms).index(screen)))


def _keep_answers(connection: Connection, encounter_id: int, form: FormAsked) -> None:
    kept = "".join(UNANSWERED if given is None else str(given) for given in form.given)
    _change_form(connection, encounter_id, form, answers=kept)


def _record(
    connection: Connection,
    encounter_id: int,
    form: FormAsked,
    *,
    completed_at: datetime,
    unreached: str = "interrupted",
) -> None:
    """Record a form as it stands, in the place of the one recorded before, if any.

    Without a single answer there is nothing to record, and what was recorded stays.
    """
    facts = _facts(form, completed_at, unreached)
    if facts is None:
        return
    before = _standing(connection, form.assessment_id)
    if before is not None and not _differs(before, facts):
        return
    of = _course(connection, encounter_id)
    facts = _at_a_free_minute(connection, of.id, facts, before)
    if before is None:
        new_id = insert_assessment(connection, course_id=of.id, facts=facts)
        _change_form(connection, encounter_id, form, assessment_id=new_id)
        add_audit_entry(
            connection,
            action="add",
            subject=f"assessment {new_id}",
            patient_id=of.patient_id,
        )
    else:
        supersede_assessment(
            connection, before, facts, reason=CHANGED, patient_id=of.patient_id
        )
    refresh_course_scores(connection, of.id)


def _facts(
    form: FormAsked, completed_at: datetime, unreached: str
) -> AssessmentFacts | None:
    """Return what a form says so far; None if no item has an answer.

    A gap in a form that was gone through was the patient's own choice; ``unreached``
    says why the rest of another has none.
    """
    answers = form.item_answers
    if all(given is None for given in answers):
        return None
    gap = "refused" if form.items_reached else unreached
    return AssessmentFacts(
        measure=form.measure.code,
        recall_window=form.recall_window.code,
        completed_at=completed_at,
        answers=answers,
        difficulty=form.functional_answer,
        partial_reason=gap if None in answers else None,
    )


def _differs(before: Any, facts: AssessmentFacts) -> bool:
    values = assessment_values(facts)
    names = ("answers", "difficulty", "partial_reason")
    return any(getattr(before, name) != values[name] for name in names)


def _standing(connection: Connection, assessment_id: int | None) -> Any | None:
    """Return the row that a recorded form has become; None if there is none.

    The practice may have corrected or withdrawn it while the tablet was in use.
    """
    if assessment_id is None:
        return None
    query = select(assessment).where(assessment.c.id == assessment_id)
    row = connection.execute(query).one()
    while row.state == "superseded":
        query = select(assessment).where(assessment.c.corrects_id == row.id)
        row = connection.execute(query).one()
    return row if row.state == "current" else None


def _at_a_free_minute(
    connection: Connection,
    course_id: int,
    facts: AssessmentFacts,
    before: Any | None,
) -> AssessmentFacts:
    """Return the facts at the last minute that has no other such form.

    A patient's answers are not refused because somebody typed that form just now.
    """
    query = select(assessment.c.id, assessment.c.completed_minute).where(
        assessment.c.course_id == course_id,
        assessment.c.measure == facts.measure,
        assessment.c.recall_window == facts.recall_window,
        assessment.c.state == "current",
    )
    own = None if before is None else before.id
    taken = {row.completed_minute for row in connection.execute(query) if row.id != own}
    while to_minutes(facts.completed_at)[0] in taken:
        earlier = facts.completed_at - timedelta(minutes=1)
        facts = replace(facts, completed_at=earlier)
    return facts


@contextmanager
def _on_behalf_of_the_tablet(
    connection: Connection, encounter_id: int
) -> Iterator[None]:
    """Let a connection act as the tablet did, whose records and alerts these are."""
    caller = actor_of(connection)
    identity = kiosk_identity(connection, encounter_id)
    connection.execution_options(actor=Actor(**identity, encounter_id=encounter_id))
    try:
        yield
    finally:
        connection.execution_options(actor=caller)


def _last_used(connection: Connection, row: Any) -> datetime:
    """Return when a tablet was last used, in the practice's zone."""
    newest = select(func.max(session.c.seen_at)).where(session.c.encounter_id == row.id)
    used = connection.scalar(newest) or row.opened_at
    local = used.replace(tzinfo=UTC).astimezone(practice_zone())
    return local.replace(second=0, microsecond=0)


def _row(connection: Connection, encounter_id: int) -> Any | None:
    query = select(encounter).where(encounter.c.id == encounter_id)
    return connection.execute(query).first()


def _forms(connection: Connection, encounter_id: int) -> tuple[FormAsked, ...]:
    query = (
        select(encounter_form)
        .where(encounter_form.c.encounter_id == encounter_id)
        .order_by(encounter_form.c.position)
    )
    return tuple(_form(row) for row in connection.execute(query))


def _form(row: Any) -> FormAsked:
    measure = MEASURES[row.measure]
    return FormAsked(
        position=row.position,
        measure=measure,
        recall_window=measure.recall_window(row.recall_window),
        given=tuple(None if d == UNANSWERED else int(d) for d in row.answers),
        assessment_id=row.assessment_id,
    )


def _change_form(
    connection: Connection, encounter_id: int, form: FormAsked, **values: Any
) -> None:
    connection.execute(
        update(encounter_form)
        .where(
            encounter_form.c.encounter_id == encounter_id,
            encounter_form.c.position == form.position,
        )
        .values(**values)
    )


def _course(connection: Connection, encounter_id: int) -> Any:
    query = (
        select(course.c.id, course.c.patient_id)
        .join_from(encounter, course, course.c.id == encounter.c.course_id)
        .where(encounter.c.id == encounter_id)
    )
    return connection.execute(query).one()


def _close(connection: Connection, encounter_id: int, why: str) -> None:
    _end(connection, encounter.c.id == encounter_id, why)
    patient_id = _course(connection, encounter_id).patient_id
    _audit(connection, why, encounter_id, patient_id)


def _end(connection: Connection, chosen: object, why: str) -> None:
    connection.execute(
        update(encounter)
        .where(chosen, encounter.c.ended_at.is_(None))
        .values(ended_at=now_stamp(), ended_why=why)
    )


def _audit(
    connection: Connection, action: str, encounter_id: int, patient_id: str
) -> None:
    subject = f"encounter {encounter_id}"
    add_audit_entry(connection, action=action, subject=subject, patient_id=patient_id)
