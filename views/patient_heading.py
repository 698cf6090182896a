"""Who a patient's page is about: what is loaded, the course chosen, the heading."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from data.database import Connection
from data.patients import Course, Patient, get_patient, list_courses
from data.sites import may_record_for
from views import state, wording
from views.alert_banner import PatientAlerts, load_alerts
from views.course_record import CourseRecord, load_course
from views.patient_standing import Standing, load_standings
from views.report import report_links
from views.results.behind import way_back
from views.schedule_form import due_line
from views.wording import upper_first


@dataclass(frozen=True)
class Shown:
    """Who is shown, which of the courses, and everything there is to say of it."""

    patient: Patient
    courses: list[Course]
    alerts: PatientAlerts
    may_record: bool
    record: CourseRecord | None = None
    standings: dict[str, Standing] = field(default_factory=dict)
    due: str = ""
    """What is due in the course, or comes next."""


def load_patient(connection: Connection, patient_id: str) -> Shown | None:
    """Read everything that is shown, at one moment; None: there is no such patient."""
    found = get_patient(connection, patient_id) if patient_id else None
    if found is None:
        return None
    courses = list_courses(connection, found.id)
    alerts = load_alerts(connection, found.id)
    course = _chosen_course(found, courses)
    if course is None:
        may_record = may_record_for(connection, found.id)
        return Shown(found, courses, alerts, may_record)
    record = load_course(connection, course)
    return Shown(
        found,
        courses,
        alerts,
        record.may_record,
        record,
        load_standings(connection, record),
        due_line(connection, course),
    )


def _chosen_course(found: Patient, courses: Sequence[Course]) -> Course | None:
    """Return the course chosen below the name: the latest, unless it was another."""
    chosen = st.session_state.get(_course_key(found))
    latest = courses[-1] if courses else None
    return next((course for course in courses if course.id == chosen), latest)


def _course_key(found: Patient) -> str:
    return f"course_{found.id}"


def patient_heading(shown: Shown) -> None:
    """Show who this is, and what the course is for and how far it is."""
    found = shown.patient
    way_back()
    with st.container(horizontal=True, vertical_alignment="center"):
        name = wording.escape(found.name) or wording.NAME_NOT_RECORDED
        st.title(name, anchor=False, width="stretch")
        with st.container(horizontal=True, width="content"):
            _ways_on(shown)
    who = (
        wording.age_words(found.birth_date, state.today()),
        f"record number **{wording.escape(found.record_number)}**",
        found.sex,
    )
    lines = [" · ".join(part for part in who if part)]
    if shown.record is not None:
        lines.append(_course_line(shown.record))
        lines.append(wording.escape(shown.due))
    st.markdown("  \n".join(line for line in lines if line))
    if len(shown.courses) > 1:
        _choose_course(found, shown.courses)


def _ways_on(shown: Shown) -> None:
    """Lead from here to paper, to the patient's own view and to the next record."""
    if shown.record is not None and shown.record.forms:
        report_links(shown.record)
    if shown.may_record and st.button("Record", type="primary"):
        state.go_to("record.py", patient=shown.patient.id)


def _choose_course(found: Patient, courses: Sequence[Course]) -> None:
    latest_first = {course.id: course for course in reversed(courses)}
    st.selectbox(
        "Course",
        list(latest_first),
        format_func=lambda course_id: _course_label(latest_first[course_id]),
        key=_course_key(found),
        width=420,
    )


def _course_label(course: Course) -> str:
    label = f"Course {course.number}, opened {wording.day_words(course.opened)}"
    if course.closed is None:
        return label
    return f"{label}, closed {wording.day_words(course.closed)}"


def _course_line(record: CourseRecord) -> str:
    """Return why, by whom and how far the patient is treated, and the last dose."""
    course = record.course
    about = [
        wording.TREATED_FOR.get(course.indication, "indication not recorded"),
        wording.escape(course.clinician or "clinician not recorded"),
        wording.escape(course.site),
    ]
    if course.closed:
        reason = wording.escape(course.closed_reason)
        about.append(f"closed {wording.day_words(course.closed)}: {reason}")
    given = wording.infusion_progress(len(record.infusions), record.induction)
    line = f"**{upper_first(given)}**"
    if record.infusions:
        last = record.infusions[-1]
        day = last.facts.started_at.date()
        since = wording.ago((state.today() - day).days)
        dose = wording.infusion_dose(last)
        line += f" · last {dose}, **{since}** ({wording.day_words(day)})"
    return f"{line} · {', '.join(part for part in about if part)}"
