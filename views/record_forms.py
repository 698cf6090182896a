"""The forms of one moment, one measure after the other; or one form corrected."""

import streamlit as st

from data.assessments import (
    Assessment,
    AssessmentFacts,
    add_assessment,
    correct_assessment,
    get_assessment,
    list_assessments,
    void_assessment,
)
from data.database import Engine
from data.errors import RecordError
from data.patients import Course, Patient, get_course, get_patient
from measures.registry import MEASURES, usual_measures
from views import echo, state
from views.alert_banner import patient_alerts
from views.record_choices import Moment, ask_moment, choose_moment, choose_window
from views.record_entry import Entry, enter, forget_its_draft
from views.record_patient import identity_band
from views.record_undo import UNDO_REASON, just_saved, note_saved, undo_button
from views.seen import note_patient_seen
from views.state import reading, writing
from views.wording import moment_words


WHAT_THE_ALERT_DOES = (
    "An alert about it stays at the top of this patient's pages until somebody records "
    "what was done."
)


def forms_section(engine: Engine, patient: Patient, course: Course) -> None:
    """Ask for the forms of one moment, one measure after the other."""
    st.subheader("Forms")
    moment = choose_moment(engine, course)
    codes = st.pills(
        "Measures",
        list(MEASURES),
        selection_mode="multi",
        default=usual_measures(course.indication),
        format_func=lambda code: MEASURES[code].name,
        key=f"measures-{course.id}",
    )
    if not codes:
        st.info("Choose a measure to record.")
        return
    waiting = True
    for code in (code for code in MEASURES if code in codes):
        with st.container(border=True):
            entry = _entry(engine, patient, course, code, moment)
            waiting = _one_form(engine, entry, autofocus=waiting) and waiting
    if waiting and st.button("See the trajectory", type="primary"):
        state.go_to("patient.py", patient=patient.id)


def correct_assessment_section(engine: Engine, asked: str) -> None:
    """Let one form be corrected, with a reason."""
    try:
        with reading(engine) as connection:
            old = get_assessment(connection, int(asked))
            course = get_course(connection, old.course_id)
            patient = get_patient(connection, course.patient_id)
    except (RecordError, ValueError):
        st.error("This form is not here.")
        return
    if old.state != "current":
        st.error(
            "This form was corrected or withdrawn already; open the patient again."
        )
        return
    note_patient_seen(engine, patient.id)
    identity_band(patient, course)
    patient_alerts(engine, patient.id)
    _correct_form(engine, patient, course, old)


def _correct_form(
    engine: Engine, patient: Patient, course: Course, old: Assessment
) -> None:
    measure = MEASURES[old.facts.measure]
    st.subheader(f"Correct the {measure.name} of {_completed(old.facts)}")
    st.caption("The form as it was stays readable in its history.")
    reason = st.text_input("Why is this corrected?", key=f"why-{old.id}")
    at = ask_moment(f"correct-{old.id}", old.facts.completed_at)
    moment = Moment(f"correct-{old.id}", moment_words(at), at)
    entry = Entry(patient, course, measure, old.facts.recall_window, moment, old)

    def keep(facts: AssessmentFacts, token: str) -> None:
        with writing(engine) as connection:
            correct_assessment(
                connection, old.id, facts=facts, reason=reason, submission_id=token
            )
            forget_its_draft(connection, entry)

    if enter(engine, entry, keep, autofocus=True):
        entry.forget()
        state.go_to("patient.py", patient=patient.id)


def _entry(
    engine: Engine, patient: Patient, course: Course, code: str, moment: Moment
) -> Entry:
    measure = MEASURES[code]
    label = f"{measure.name} recall window"
    window = choose_window(engine, course, measure, label=label, key="window")
    return Entry(patient, course, measure, window, moment)


def _one_form(engine: Engine, entry: Entry, *, autofocus: bool) -> bool:
    """Ask for one form and return whether it is recorded for this moment."""
    saved = _already_recorded(engine, entry)
    if saved is not None:
        _recorded(engine, entry, saved)
        return True

    def keep(facts: AssessmentFacts, token: str) -> None:
        with writing(engine) as connection:
            saved_id = add_assessment(
                connection,
                course_id=entry.course.id,
                facts=facts,
                submission_id=token,
            )
            forget_its_draft(connection, entry)
        note_saved(entry.name, saved_id)

    if enter(engine, entry, keep, autofocus=autofocus):
        entry.forget()
        st.rerun()
    return False


def _already_recorded(engine: Engine, entry: Entry) -> Assessment | None:
    saved_id, stream = just_saved(entry.name), (entry.measure.code, entry.recall_window)
    with reading(engine) as connection:
        forms = list_assessments(connection, entry.course.id)
    for form in forms:
        same = (form.facts.measure, form.facts.recall_window) == stream
        if same and (form.id == saved_id or form.facts.completed_at == entry.moment.at):
            return form
    return None


def _recorded(engine: Engine, entry: Entry, form: Assessment) -> None:
    measure, answers = entry.measure, form.facts.answers
    lines = echo.echo_lines(measure, answers=answers, total=form.facts.total)
    st.success(f"Recorded, {_completed(form.facts)}. {lines[0]}")
    if echo.item_9_asks(measure, answers):
        st.warning(f"{echo.item_9_line(measure, answers)} {WHAT_THE_ALERT_DOES}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Correct", key=f"correct-{form.id}"):
            state.go_to("record.py", correct=form.id)
        undo_button(
            entry.name, form.id, form.recorded_at, lambda: _undo(engine, form.id)
        )


def _completed(facts: AssessmentFacts) -> str:
    return moment_words(facts.completed_at, time_known=facts.time_known)


def _undo(engine: Engine, assessment_id: int) -> None:
    with writing(engine) as connection:
        void_assessment(connection, assessment_id, reason=UNDO_REASON)
