"""Item-9 alerts in view: on a patient's every page, on the lists, and for the lead."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from data.alerts import ALERT_ACTIONS, Alert, close_alert, list_alerts, note_seen
from data.database import Connection, Engine
from data.patients import Patient, get_patient
from data.settings import read_settings
from data.sites import may_record_for
from views import alert_wording as wording
from views import state
from views.components import kept
from views.layout import NOT_ON_PAPER
from views.wording import NAME_NOT_RECORDED, escape


BANNER = "item_9_alerts"
WAITING = "item_9_waiting"

FIELD_WIDTH = 290

PATIENTS_SHOWN = 5
"""So many patients are listed at once; the next ones are one click away."""

PATIENTS_LISTED = 25
"""More than these wait in the caseload, which begins with them."""

ByPatient = dict[str, list[Alert]]
Waiting = list[tuple[Patient, list[Alert]]]


@dataclass(frozen=True)
class PatientAlerts:
    """A patient's open alerts, as they were found.

    Parameters
    ----------
    patient_id
        Whose.
    alerts
        The latest form first.
    may_act
        Whether the visitor may say what was done.
    hours
        After so many, the lead is told.
    """

    patient_id: str
    alerts: list[Alert]
    may_act: bool
    hours: int


def load_alerts(connection: Connection, patient_id: str) -> PatientAlerts:
    """Read a patient's open alerts."""
    alerts = list_alerts(connection, patient_id=patient_id)
    return PatientAlerts(
        patient_id,
        alerts,
        may_act=bool(alerts) and may_record_for(connection, patient_id),
        hours=read_settings(connection).alert_escalation_hours,
    )


def patient_alerts(engine: Engine, patient_id: str) -> None:
    """Keep a patient's open alerts in view, and ask what was done about them.

    To be called on every page of that patient, below the heading. Nothing is drawn
    where no alert is open.

    Parameters
    ----------
    engine
        The practice's database.
    patient_id
        Whose alerts.
    """
    with state.reading(engine) as connection:
        found = load_alerts(connection, patient_id)
    show_alerts(engine, found)


def show_alerts(engine: Engine, found: PatientAlerts) -> None:
    """Draw what :func:`load_alerts` found; see :func:`patient_alerts`."""
    alerts, today = found.alerts, state.today()
    if not alerts:
        return
    if found.may_act and any(alert.seen_at is None for alert in alerts):
        alerts = _now_seen(engine, found.patient_id)
    _style()
    with st.container(key=BANNER):
        st.error(wording.banner(alerts, today))
    st.markdown(wording.details(alerts, today, found.hours))
    if found.may_act:
        _ask_what_was_done(engine, alerts)
    else:
        st.caption(wording.WHO_CAN)


def practice_alerts(engine: Engine) -> None:
    """List the patients whose alerts are open, the longest open first.

    Parameters
    ----------
    engine
        The practice's database.
    """
    with state.reading(engine) as connection:
        hours = read_settings(connection).alert_escalation_hours
        alerts = _by_patient(list_alerts(connection))
        waiting = _named(connection, alerts)
    if alerts:
        footnote = wording.others_wait(len(alerts) - len(waiting))
        _list_waiting(wording.waiting_heading(len(alerts)), waiting, hours, footnote)


def escalated_alerts(engine: Engine, *, by_name: bool) -> None:
    """Tell the lead of alerts that are open for longer than the practice allows.

    Parameters
    ----------
    engine
        The practice's database.
    by_name
        Whether each patient is listed; otherwise a line leads to where they are.
    """
    with state.reading(engine) as connection:
        hours = read_settings(connection).alert_escalation_hours
        late = [a for a in list_alerts(connection) if wording.is_escalated(a, hours)]
        alerts = _by_patient(late)
        waiting = _named(connection, alerts) if by_name else []
    if not late:
        return
    heading = wording.escalated_heading(late, hours)
    if by_name:
        others = wording.others_wait(len(alerts) - len(waiting))
        _list_waiting(heading, waiting, hours, f"{wording.WHO_CAN} {others}")
    else:
        _box_style()
        with st.container(
            key=WAITING, border=True, horizontal=True, vertical_alignment="center"
        ):
            st.markdown(f"▲ **{heading}**", width="content")
            st.page_link("results/safety.py", label="See who", width="content")


# A patient's own.


def _now_seen(engine: Engine, patient_id: str) -> list[Alert]:
    """Keep that somebody who can act saw the alerts, and return them so."""
    with state.writing(engine) as connection:
        note_seen(connection, patient_id)
        return list_alerts(connection, patient_id=patient_id)


def _ask_what_was_done(engine: Engine, alerts: Sequence[Alert]) -> None:
    # Named after the alerts, so that nothing typed about others is taken for them.
    key = f"alert_{'_'.join(str(alert.id) for alert in alerts)}"
    with (
        st.container(key=f"{NOT_ON_PAPER}_alerts"),
        st.form(key, border=False),
    ):
        _form(engine, alerts, key)


def _form(engine: Engine, alerts: Sequence[Alert], key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _about(alerts, key) if len(alerts) > 1 else list(alerts)
        action = st.selectbox(
            "What was done",
            ALERT_ACTIONS,
            index=None,
            placeholder="Choose",
            key=f"{key}_action",
            width=FIELD_WIDTH,
        )
        words = st.text_input("Note", key=f"{key}_note", width=FIELD_WIDTH)
        saved = st.form_submit_button("Save", width=90)
    if not saved:
        return
    if action is None:
        st.error("Choose what was done.")
        return
    if kept(lambda: _close(engine, chosen, action, words)):
        st.toast("What was done about item 9 is recorded.")
        st.rerun()


def _about(alerts: Sequence[Alert], key: str) -> list[Alert]:
    """Ask about which of several alerts something was done; about all by default."""
    by_id = {alert.id: alert for alert in alerts}
    names = {id: wording.short_label(alert) for id, alert in by_id.items()}
    answer = st.selectbox(
        "About",
        [None, *by_id],
        format_func=lambda id: names.get(id, f"All {len(alerts)}"),
        key=f"{key}_about",
        width=170,
    )
    return list(alerts) if answer is None else [by_id[answer]]


def _close(engine: Engine, alerts: Sequence[Alert], action: str, note: str) -> None:
    with state.writing(engine) as connection:
        for alert in alerts:
            close_alert(connection, alert.id, action=action, note=note)


def _style() -> None:
    st.html(
        "<style>"
        # It stays in view while the page scrolls; under the band that names the
        # patient, where a page has one.
        f"@media screen {{ div:has(> .st-key-{BANNER})"
        " { position: sticky; top: 0; z-index: 8; background: Canvas }"
        f" body:has(.st-key-identity) div:has(> .st-key-{BANNER})"
        " { top: 4.5rem } }"
        "</style>"
    )


# The lists.


def _by_patient(alerts: Sequence[Alert]) -> ByPatient:
    """Return alerts by the patient's id, the longest open first."""
    found: ByPatient = {}
    for alert in sorted(alerts, key=lambda alert: (alert.opened_at, alert.id)):
        found.setdefault(alert.patient_id, []).append(alert)
    return found


def _named(connection: Connection, alerts: ByPatient) -> Waiting:
    """Return the first of those who wait, as far as they are listed by name."""
    first = list(alerts.items())[:PATIENTS_LISTED]
    found = ((get_patient(connection, id), theirs) for id, theirs in first)
    return [(patient, theirs) for patient, theirs in found if patient is not None]


def _list_waiting(
    heading: str, waiting: Waiting, hours: int, footnote: str = ""
) -> None:
    _box_style()
    with st.container(key=WAITING, border=True, gap="xsmall"):
        st.markdown(f"▲ **{heading}**")
        for patient, alerts in waiting[:PATIENTS_SHOWN]:
            _waiting_line(patient, alerts, hours)
        others = waiting[PATIENTS_SHOWN:]
        if others:
            with st.expander(wording.more_words(len(others))):
                for patient, alerts in others:
                    _waiting_line(patient, alerts, hours)
        if footnote:
            st.caption(footnote)


def _box_style() -> None:
    st.html(
        f"<style>.st-key-{WAITING} {{ border-left: .35rem solid #c0392b }}"
        f" .st-key-{WAITING} a {{ padding: 0 }}"
        f" .st-key-{WAITING} a p {{ text-decoration: underline }}"
        # A name and its words are a pair, also where they go below each other.
        f" .st-key-{WAITING} .stHorizontalBlock {{ gap: 0 1rem }}</style>"
    )


def _waiting_line(patient: Patient, alerts: Sequence[Alert], hours: int) -> None:
    label = escape(patient.name) or NAME_NOT_RECORDED
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "patient.py",
            label=f"{label} · {escape(patient.record_number)}",
            query_params={"patient": patient.id},
            width="content",
        )
        st.markdown(wording.short_line(alerts, hours), width="content")
