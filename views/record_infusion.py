"""The infusion: what was given, when and how it went, in steps; and corrections."""

import secrets
from dataclasses import replace
from datetime import datetime

import streamlit as st

from data.database import Engine
from data.errors import RecordError
from data.frames import induction_infusions
from data.infusions import (
    Infusion,
    InfusionFacts,
    add_infusion,
    correct_infusion,
    get_infusion,
    list_infusions,
    void_infusion,
)
from data.moments import now_at_practice
from data.patients import Course, get_course, get_patient
from measures.timepoints import INDUCTION
from views import state
from views.alert_banner import patient_alerts
from views.components import kept
from views.record_infusion_fields import ask_given, ask_how_it_went
from views.record_patient import identity_band
from views.record_undo import UNDO_REASON, note_saved, undo_button
from views.seen import note_patient_seen
from views.state import reading, writing
from views.wording import day_words, vitals_words


COMPLETED = "Completed after the infusion"
"""Why an infusion that was saved before its end is recorded once more."""


def infusion_section(engine: Engine, course: Course) -> None:
    """Show today's infusion, or ask for it."""
    with reading(engine) as connection:
        infusions = list_infusions(connection, course.id)
        in_induction = induction_infusions(connection, course.id) == len(infusions)
    given_today = [i for i in infusions if i.facts.started_at.date() == state.today()]
    number = len(infusions) + 1
    if given_today:
        for infusion in given_today:
            _recorded(engine, infusion)
        with st.expander(f"Record another infusion (number {number})"):
            _new_infusion(engine, course, infusions, in_induction)
        return
    st.subheader(f"Infusion {number}")
    _new_infusion(engine, course, infusions, in_induction)


def infusion_line(infusion: Infusion) -> str:
    """Return number, moment, dose and phase of an infusion in one line."""
    facts = infusion.facts
    moment = f"{facts.started_at:%d %b %Y}"
    moment += (
        f" {facts.started_at:%H:%M}" if facts.time_known else ", time not recorded"
    )
    parts = [f"Infusion {infusion.number}", moment]
    if facts.dose_mg_per_kg is not None:
        parts.append(f"{facts.dose_mg_per_kg:g} mg/kg")
    if facts.dose_mg is not None:
        parts.append(f"{facts.dose_mg:g} mg")
    if facts.minutes is not None:
        parts.append(f"{facts.minutes} min")
    return " · ".join([*parts, facts.route, facts.phase or "phase not recorded"])


def how_it_went_words(facts: InfusionFacts) -> str:
    """Return readings, dissociation and adverse events; empty where none is recorded.

    Examples
    --------
    >>> how_it_went_words(InfusionFacts(datetime(2026, 1, 5), dissociation="mild"))
    'Dissociation: mild.'
    """
    events = [*facts.adverse_event_codes, facts.adverse_events]
    parts = {
        "Before, at the peak, after": vitals_words(facts),
        "Dissociation": facts.dissociation,
        "Adverse events": ", ".join(filter(None, events)),
    }
    return " ".join(f"{what}: {words}." for what, words in parts.items() if words)


def suggested_phase(
    last: datetime | None, in_induction: bool, count: int, start: datetime
) -> str:
    """Return the phase that the induction rule gives the next infusion.

    Parameters
    ----------
    last
        Start of the infusion before; None for the first.
    in_induction
        Whether that one was still induction.
    count
        Infusions so far.
    start
        Start of the next one.
    """
    if last is None:
        return "induction"
    gap = (start.date() - last.date()).days
    fits = gap <= INDUCTION.maximum_gap_days and count < INDUCTION.maximum_infusions
    return "induction" if in_induction and fits else "maintenance"


def correct_infusion_section(engine: Engine, asked: str) -> None:
    """Let one infusion be corrected, with a reason."""
    try:
        with reading(engine) as connection:
            infusion = get_infusion(connection, int(asked))
            course = get_course(connection, infusion.course_id)
            patient = get_patient(connection, course.patient_id)
    except (RecordError, ValueError):
        st.error("This infusion is not here, or was corrected already.")
        return
    note_patient_seen(engine, patient.id)
    identity_band(patient, course)
    patient_alerts(engine, patient.id)
    st.subheader(f"Correct infusion {infusion.number}")
    st.caption(
        "The record as it was stays readable. Forms recorded at its start move with it."
    )
    key = f"correct-{infusion.id}"
    with st.container(border=True):
        facts = replace(infusion.facts, **ask_given(infusion.facts, key))
        facts = replace(facts, **ask_how_it_went(infusion.facts, key))
        reason = st.text_input("Why is this corrected?", key=f"{key}-why")
        saved = st.button("Save correction", type="primary")
    if saved and kept(lambda: _correct(engine, infusion, facts, reason)):
        state.go_to("patient.py", patient=patient.id)


def _recorded(engine: Engine, infusion: Infusion) -> None:
    """Show an infusion of today, to be completed, corrected or taken back."""
    st.success(infusion_line(infusion))
    if went := how_it_went_words(infusion.facts):
        st.text(went)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Correct", key=f"correct-infusion-{infusion.id}"):
            state.go_to("record.py", correct_infusion=infusion.id)
        undo_button(
            _name(infusion.course_id),
            infusion.id,
            infusion.recorded_at,
            lambda: _undo(engine, infusion.id),
        )
    with st.expander("Complete this infusion: readings, adverse events, notes"):
        _complete(engine, infusion)


def _complete(engine: Engine, infusion: Infusion) -> None:
    key = f"complete-{infusion.id}"
    facts = replace(infusion.facts, **ask_how_it_went(infusion.facts, key))
    if not st.button("Save what was added", type="primary", key=key):
        return
    if facts == infusion.facts:
        st.info("Nothing was added.")
    elif kept(lambda: _correct(engine, infusion, facts, COMPLETED)):
        st.toast("Added to the infusion.")
        st.rerun()


def _new_infusion(
    engine: Engine, course: Course, infusions: list[Infusion], in_induction: bool
) -> None:
    template = _template(infusions, in_induction)
    number = len(infusions) + 1
    key = f"new-{course.id}-{number}"
    with st.container(border=True):
        facts = replace(template, **ask_given(template, key))
        with st.expander("Readings, adverse events and notes: now, or after it"):
            facts = replace(facts, **ask_how_it_went(template, key))
        if infusions:
            st.caption(_what_is_filled_in(infusions[-1]))
        saved = st.button("Save infusion", type="primary", key=f"{key}-save")
    token_key = f"infusion-token-{course.id}-{number}"
    token = st.session_state.setdefault(token_key, secrets.token_hex(16))
    if saved and kept(lambda: _add(engine, course.id, facts, token)):
        del st.session_state[token_key]
        st.rerun()


def _template(infusions: list[Infusion], in_induction: bool) -> InfusionFacts:
    """Return what the fields hold at first: the present, and the dose of last time."""
    now = now_at_practice()
    start = now.replace(minute=now.minute // 5 * 5)
    if not infusions:
        return InfusionFacts(start, phase=suggested_phase(None, in_induction, 0, start))
    last = infusions[-1].facts
    return InfusionFacts(
        start,
        phase=suggested_phase(last.started_at, in_induction, len(infusions), start),
        weight_kg=_last_weight(infusions),
        dose_mg_per_kg=last.dose_mg_per_kg,
        dose_mg=last.dose_mg,
        route=last.route,
        minutes=last.minutes,
    )


def _last_weight(infusions: list[Infusion]) -> float | None:
    weights = [i.facts.weight_kg for i in infusions if i.facts.weight_kg is not None]
    return weights[-1] if weights else None


def _what_is_filled_in(last: Infusion) -> str:
    return (
        "Weight, dose, route and minutes are those of last time "
        f"({day_words(last.facts.started_at)}): change what is different today. The "
        "phase is a suggestion: induction while gaps are at most "
        f"{INDUCTION.maximum_gap_days} days, for at most "
        f"{INDUCTION.maximum_infusions} infusions."
    )


def _name(course_id: int) -> str:
    return f"infusion-{state.practice()}-{course_id}"


def _add(engine: Engine, course_id: int, facts: InfusionFacts, token: str) -> None:
    with writing(engine) as connection:
        saved_id = add_infusion(
            connection,
            course_id=course_id,
            facts=facts,
            submission_id=token,
        )
    note_saved(_name(course_id), saved_id)


def _correct(
    engine: Engine, infusion: Infusion, facts: InfusionFacts, reason: str
) -> None:
    with writing(engine) as connection:
        correct_infusion(connection, infusion.id, facts=facts, reason=reason)


def _undo(engine: Engine, infusion_id: int) -> None:
    with writing(engine) as connection:
        void_infusion(connection, infusion_id, reason=UNDO_REASON)
