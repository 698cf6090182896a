"""Patient: is this working, and is this patient safe; one course in one look."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.trajectory import TOTAL_ONLY, Trajectory
from data.alerts import ALERT_ACTIONS, Alert, close_alert, list_alerts
from data.database import Connection
from data.patients import Course, Patient, get_patient, list_courses
from measures.definition import Measure
from measures.registry import MEASURES
from views import charts, state, wording
from views.layout import NOT_ON_PAPER, SIDE_BY_SIDE, fit_on_paper, screen_style
from views.patient_details import (
    CourseRecord,
    choose_form,
    details,
    load_course,
    may_record,
    record_it,
)
from views.seen import note_patient_seen
from views.state import reading


INDICATION_WORDS = {
    "depression": "depression",
    "ptsd": "PTSD",
    "both": "depression and PTSD",
}


def patient() -> None:
    """Draw the page."""
    screen_style()
    fit_on_paper()
    found, courses, alerts = _load_patient(st.query_params.get("patient", ""))
    if found is None:
        _nobody()
        return
    note_patient_seen(state.engine(), found.id)
    course = _heading(found, courses)
    record = course and _load_course(course)
    _open_alerts([alert for alert in alerts if alert.closed_at is None])
    if record is None:
        _nothing_yet(
            found,
            "There is no course yet.",
            "Record opens one with the first infusion.",
        )
        return
    if record.forms:
        _standing(record)
        _trajectories(record)
    else:
        _nothing_yet(
            found, "There is no form in this course yet.", "Record the first one."
        )
    with st.container(key=f"{NOT_ON_PAPER}_details"):
        details(record, [alert for alert in alerts if alert.closed_at is not None])


def _nothing_yet(found: Patient, what: str, how_to_go_on: str) -> None:
    st.info(f"{what} {how_to_go_on}" if may_record(found.id) else what)


def _load_patient(
    patient_id: str,
) -> tuple[Patient | None, list[Course], list[Alert]]:
    with reading(state.engine()) as connection:
        found = get_patient(connection, patient_id) if patient_id else None
        if found is None:
            return None, [], []
        return (
            found,
            list_courses(connection, found.id),
            list_alerts(connection, patient_id=found.id, only_open=False),
        )


def _load_course(course: Course) -> CourseRecord:
    with reading(state.engine()) as connection:
        record = load_course(connection, course)
    _course_line(record)
    return record


def _nobody() -> None:
    st.title("Patient")
    st.info("There is no patient at this address. Choose one from the caseload.")
    if st.button("Open the caseload", type="primary"):
        state.go_to("caseload.py")


def _heading(found: Patient, courses: Sequence[Course]) -> Course | None:
    """Show who this is and return the course to look at."""
    name, button = st.columns([5, 1], vertical_alignment="center")
    name.title(wording.escape(found.name) or wording.NAME_NOT_RECORDED, anchor=False)
    if may_record(found.id) and button.button(
        "Record", type="primary", width="stretch"
    ):
        state.go_to("record.py", patient=found.id)
    who = (
        wording.age_words(found.birth_date, state.today()),
        f"record number **{wording.escape(found.record_number)}**",
        found.sex,
    )
    st.markdown(" · ".join(part for part in who if part))
    return _chosen_course(courses)


def _chosen_course(courses: Sequence[Course]) -> Course | None:
    if len(courses) < 2:
        return courses[0] if courses else None
    latest_first = {course.id: course for course in reversed(courses)}
    chosen = st.selectbox(
        "Course",
        list(latest_first),
        format_func=lambda course_id: _course_label(latest_first[course_id]),
        key=f"course_{courses[0].patient_id}",
        width=420,
    )
    return latest_first[chosen]


def _course_label(course: Course) -> str:
    label = f"Course {course.number}, opened {wording.day_words(course.opened)}"
    if course.closed is None:
        return label
    return f"{label}, closed {wording.day_words(course.closed)}"


def _open_alerts(alerts: Sequence[Alert]) -> None:
    """Keep the item-9 alerts in view until somebody records what was done."""
    if not alerts:
        return
    lines = [_alert_line(alert) for alert in alerts]
    stays = "It stays" if len(alerts) == 1 else "They stay"
    lines.append(f"{stays} here until somebody records what was done.")
    st.error("  \n".join(lines), icon="⚠️")
    if not may_record(alerts[0].patient_id):
        return
    with (
        st.container(key=f"{NOT_ON_PAPER}_alerts"),
        st.form(f"alert_{_ids(alerts)}", border=False),
    ):
        _alert_form(alerts)


def _alert_line(alert: Alert) -> str:
    answer = wording.answer_text(MEASURES["phq9"], alert.item_9).lower()
    day = alert.completed_at.date()
    ago = wording.ago((state.today() - day).days)
    return f"**Item 9: {alert.item_9}, {answer}**, on {wording.day_words(day)} ({ago})."


def _ids(alerts: Sequence[Alert]) -> str:
    """Name these alerts, so that nothing typed about others is taken for them."""
    return "_".join(str(alert.id) for alert in alerts)


def _alert_form(alerts: Sequence[Alert]) -> None:
    """Ask once what was done; it is recorded with each of the alerts."""
    what, note, submit = st.columns([2, 2, 1], vertical_alignment="bottom")
    action = what.selectbox(
        "What was done"
        if len(alerts) == 1
        else f"What was done about all {len(alerts)}",
        ALERT_ACTIONS,
        index=None,
        placeholder="Choose",
        key=f"alert_{_ids(alerts)}_action",
    )
    words = note.text_input("Note", key=f"alert_{_ids(alerts)}_note")
    if not submit.form_submit_button("Save", width="stretch"):
        return
    if action is None:
        st.error("Choose what was done.")
        return

    def close_all(connection: Connection) -> None:
        for alert in alerts:
            close_alert(connection, alert.id, action=action, note=words)

    record_it(close_all, "What was done about item 9 is recorded.")


def _course_line(record: CourseRecord) -> None:
    """Say why, by whom and how far the patient is treated, and the last dose."""
    course = record.course
    about = [
        INDICATION_WORDS.get(course.indication, "indication not recorded"),
        wording.escape(course.clinician or "clinician not recorded"),
        wording.escape(course.site),
    ]
    if course.closed:
        reason = wording.escape(course.closed_reason)
        about.append(f"closed {wording.day_words(course.closed)}: {reason}")
    given = wording.infusion_progress(len(record.infusions), record.induction)
    line = f"**{given[0].upper()}{given[1:]}**"
    if record.infusions:
        last = record.infusions[-1]
        day = last.facts.started_at.date()
        since = wording.ago((state.today() - day).days)
        dose = wording.infusion_dose(last)
        line += f" · last {dose}, **{since}** ({wording.day_words(day)})"
    st.markdown(f"{line} · {', '.join(part for part in about if part)}")


def _standing(record: CourseRecord) -> None:
    """Say where the patient stands on each measure, with the numbers behind it."""
    with st.container(key=SIDE_BY_SIDE):
        columns = st.columns(len(MEASURES), gap="large")
    for column, measure in zip(columns, MEASURES.values(), strict=True):
        with column:
            trajectory = record.trajectories.get(measure.code)
            if trajectory is None:
                st.markdown(f"#### {measure.name}: no form", anchors=False)
                st.markdown(f"There is no {measure.name} in this course.")
            else:
                _measure_standing(measure, trajectory)


def _measure_standing(measure: Measure, trajectory: Trajectory) -> None:
    status = trajectory.status
    word = wording.status_word(status)
    st.markdown(
        f"#### {measure.name}: {word[0].lower()}{word[1:]}",
        help=wording.escape(wording.status_definition(status)),
        anchors=False,
    )
    _item_9_of_last(measure, trajectory)
    st.table(
        pd.DataFrame(wording.comparison_rows(trajectory)),
        hide_index=True,
        border="horizontal",
        alt=f"{measure.name}: latest, previous and baseline",
    )
    st.caption(wording.escape(wording.standing_words(trajectory)))


def _item_9_of_last(measure: Measure, trajectory: Trajectory) -> None:
    if measure.suicide_item is None:
        return
    last = trajectory.points[-1]
    words = wording.item_9_words(
        measure.code, last.item_9, answers_known=last.kind != TOTAL_ONLY
    )
    st.markdown(words if last.item_9 == 0 else f"▲ **{words}**")


def _trajectories(record: CourseRecord) -> None:
    """Show both measures above one time axis; a click on a point chooses its form."""
    shown = list(record.trajectories.values())
    marks = [
        charts.InfusionMark(
            number=infusion.number,
            at=infusion.facts.started_at,
            maintenance=infusion.number > record.induction,
            text=wording.infusion_hover(infusion, induction=record.induction),
        )
        for infusion in record.infusions
    ]
    events = [charts.EventMark(e.day, e.kind, e.description) for e in record.events]
    key = f"trajectory_{record.course.id}"
    st.plotly_chart(
        charts.trajectory_figure(shown, marks, events),
        key=key,
        on_select=lambda: choose_form(record, st.session_state[key]),
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False},
        alt=wording.trajectory_alt(shown, len(marks)),
    )
    st.caption(wording.chart_key(shown, any(mark.maintenance for mark in marks)))
    hidden = len(events) - len(charts.events_within(shown, marks, events))
    if hidden:
        st.caption(f"Outside the time shown, in the list below: {hidden} events.")


patient()
