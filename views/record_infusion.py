"""The infusion: what was given, when, and its corrections."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from data.database import Engine
from data.errors import RecordError
from data.frames import induction_infusions
from data.infusions import (
    HIGHEST_DOSE_MG,
    HIGHEST_DOSE_MG_PER_KG,
    LONGEST_INFUSION_MINUTES,
    PHASES,
    ROUTES,
    Infusion,
    InfusionFacts,
    add_infusion,
    correct_infusion,
    get_infusion,
    list_infusions,
)
from data.moments import aware, now_at_practice
from data.patients import Course, get_course, get_patient
from measures.timepoints import INDUCTION
from views import state
from views.components import kept
from views.record_patient import identity_band
from views.seen import note_patient_seen
from views.state import reading, writing


def infusion_section(engine: Engine, course: Course) -> None:
    """Show today's infusion, or ask for it."""
    with reading(engine) as connection:
        infusions = list_infusions(connection, course.id)
        in_induction = induction_infusions(connection, course.id) == len(infusions)
    given_today = [i for i in infusions if i.facts.started_at.date() == state.today()]
    number = len(infusions) + 1
    if given_today:
        for infusion in given_today:
            _recorded(infusion)
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
    st.subheader(f"Correct infusion {infusion.number}")
    st.caption(
        "The record as it was stays readable. Forms recorded at its start move with it."
    )
    with st.form(f"correct-infusion-{infusion.id}", enter_to_submit=False):
        facts = _fields(infusion.facts, f"correct-{infusion.id}")
        reason = st.text_input("Why is this corrected?")
        saved = st.form_submit_button("Save correction", type="primary")
    if saved and kept(lambda: _correct(engine, infusion.id, facts, reason)):
        state.go_to("patient.py", patient=patient.id)


def _recorded(infusion: Infusion) -> None:
    line, button = st.columns([6, 1], vertical_alignment="center")
    line.success(infusion_line(infusion))
    if button.button("Correct", key=f"correct-infusion-{infusion.id}"):
        state.go_to("record.py", correct_infusion=infusion.id)


def _new_infusion(
    engine: Engine, course: Course, infusions: list[Infusion], in_induction: bool
) -> None:
    last = infusions[-1] if infusions else None
    now = now_at_practice()
    start = now.replace(minute=now.minute // 5 * 5)
    before = last.facts if last else InfusionFacts(start)
    suggested = suggested_phase(
        last and last.facts.started_at, in_induction, len(infusions), start
    )
    template = InfusionFacts(
        start,
        phase=suggested,
        dose_mg_per_kg=before.dose_mg_per_kg,
        dose_mg=before.dose_mg,
        route=before.route,
        minutes=before.minutes,
    )
    number = len(infusions) + 1
    with st.form(f"infusion-{course.id}-{number}", enter_to_submit=False):
        facts = _fields(template, f"new-{course.id}-{number}")
        saved = st.form_submit_button("Save infusion", type="primary")
    if last:
        st.caption(
            "Dose, route and minutes are those of the infusion before. The phase is a "
            "suggestion: induction while gaps are at most "
            f"{INDUCTION.maximum_gap_days} days, for at most "
            f"{INDUCTION.maximum_infusions} infusions."
        )
    token_key = f"infusion-token-{course.id}-{number}"
    token = st.session_state.setdefault(token_key, secrets.token_hex(16))
    if saved and kept(lambda: _add(engine, course.id, facts, token)):
        del st.session_state[token_key]
        st.rerun()


def _fields(facts: InfusionFacts, key: str) -> InfusionFacts:
    row = [*st.columns([3, 2, 2, 2]), *st.columns([2, 2, 3, 2])]
    day = row[0].date_input(
        "Date",
        facts.started_at.date(),
        max_value=state.today() + timedelta(days=1),
        key=f"{key}-date",
        format="YYYY-MM-DD",
    )
    time = row[1].time_input(
        "Time", facts.started_at.time(), step=300, key=f"{key}-time"
    )
    per_kg = row[2].number_input(
        "Dose (mg/kg)",
        0.0,
        float(HIGHEST_DOSE_MG_PER_KG),
        facts.dose_mg_per_kg,
        0.05,
        key=f"{key}-mg-per-kg",
    )
    mg = row[3].number_input(
        "Dose (mg)", 0.0, float(HIGHEST_DOSE_MG), facts.dose_mg, 1.0, key=f"{key}-mg"
    )
    minutes = row[4].number_input(
        "Minutes", 1, LONGEST_INFUSION_MINUTES, facts.minutes, key=f"{key}-minutes"
    )
    route = row[5].selectbox(
        "Route", ROUTES, ROUTES.index(facts.route), key=f"{key}-route"
    )
    phases = (*PHASES, None)
    phase = row[6].selectbox(
        "Phase",
        phases,
        phases.index(facts.phase),
        format_func=lambda p: p or "not recorded",
        key=f"{key}-phase",
    )
    return replace(
        facts,
        started_at=aware(datetime.combine(day, time)),
        time_known=True,
        dose_mg_per_kg=per_kg or None,
        dose_mg=mg or None,
        minutes=minutes,
        route=route,
        phase=phase,
        **_notes(facts, key),
    )


def _notes(facts: InfusionFacts, key: str) -> dict[str, str | None]:
    asked = {
        "adverse_events": "Adverse events",
        "note": "Note",
        "intention": "Patient's intention before",
        "integration_note": "Integration note after",
    }
    with st.expander("Adverse events and notes"):
        return {
            name: st.text_area(words, getattr(facts, name) or "", key=f"{key}-{name}")
            or None
            for name, words in asked.items()
        }


def _add(engine: Engine, course_id: int, facts: InfusionFacts, token: str) -> None:
    with writing(engine) as connection:
        add_infusion(
            connection,
            course_id=course_id,
            facts=facts,
            submission_id=token,
        )


def _correct(
    engine: Engine, infusion_id: int, facts: InfusionFacts, reason: str
) -> None:
    with writing(engine) as connection:
        correct_infusion(connection, infusion_id, facts=facts, reason=reason)
