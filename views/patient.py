"""Patient: is this working, and is this patient safe; one course in one look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from data.patients import Course, Patient, get_patient, list_courses
from data.sites import may_record_for
from views import state, wording
from views.alert_banner import patient_alerts
from views.layout import NOT_ON_PAPER, fit_on_paper, screen_style
from views.patient_charts import event_marks, trajectories
from views.patient_details import (
    ITEMS,
    CourseRecord,
    all_scores,
    definitions,
    details,
    infusions,
    load_course,
    one_form,
)
from views.patient_standing import (
    Standing,
    load_standings,
    prompts,
    standing_by_infusion,
    standing_now,
)
from views.record_screening import screening_line
from views.report import report_links
from views.schedule_form import due_line, schedule_section
from views.seen import note_patient_seen
from views.state import reading


INDICATION_WORDS = {
    "depression": "depression",
    "ptsd": "PTSD",
    "both": "depression and PTSD",
}


@dataclass(frozen=True)
class Shown:
    """Who is shown, and which of the courses."""

    patient: Patient
    courses: list[Course]
    may_record: bool
    record: CourseRecord | None = None
    standings: dict[str, Standing] = field(default_factory=dict)


def patient() -> None:
    """Draw the page."""
    screen_style()
    fit_on_paper()
    shown = _load(st.query_params.get("patient", ""))
    if shown is None:
        _nobody()
        return
    note_patient_seen(state.engine(), shown.patient.id)
    _heading(shown)
    patient_alerts(state.engine(), shown.patient.id)
    if shown.record is None:
        _nothing_yet(
            shown,
            "There is no course yet.",
            "Record opens one with the first infusion.",
        )
        return
    _standing(shown, shown.record)
    with st.container(key=f"{NOT_ON_PAPER}_details"):
        details(shown.record, _sections(shown.record, shown.standings))


def _load(patient_id: str) -> Shown | None:
    """Read everything that is shown, at one moment."""
    with reading(state.engine()) as connection:
        found = get_patient(connection, patient_id) if patient_id else None
        if found is None:
            return None
        courses = list_courses(connection, found.id)
        course = _chosen_course(found, courses)
        if course is None:
            return Shown(found, courses, may_record_for(connection, found.id))
        record = load_course(connection, course)
        standings = load_standings(connection, record)
        return Shown(found, courses, record.may_record, record, standings)


def _chosen_course(found: Patient, courses: Sequence[Course]) -> Course | None:
    """Return the course chosen below the name: the latest, unless it was another."""
    chosen = st.session_state.get(_course_key(found))
    latest = courses[-1] if courses else None
    return next((course for course in courses if course.id == chosen), latest)


def _course_key(found: Patient) -> str:
    return f"course_{found.id}"


def _nothing_yet(shown: Shown, what: str, how_to_go_on: str) -> None:
    st.info(f"{what} {how_to_go_on}" if shown.may_record else what)


def _nobody() -> None:
    st.title("Patient")
    st.info("There is no patient at this address. Choose one from the caseload.")
    if st.button("Open the caseload", type="primary"):
        state.go_to("caseload.py")


def _heading(shown: Shown) -> None:
    """Show who this is, and what the course is for and how far it is."""
    found = shown.patient
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
        lines.append(wording.escape(due_line(state.engine(), shown.record.course)))
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
    return f"{line} · {', '.join(part for part in about if part)}"


def _standing(shown: Shown, record: CourseRecord) -> None:
    """Say where the patient stands and what to talk about, above the chart."""
    if not record.forms:
        _nothing_yet(
            shown, "There is no form in this course yet.", "Record the first one."
        )
        return
    standing_now(record, shown.standings)
    prompts(record, shown.standings)
    trajectories(record)


def _sections(
    record: CourseRecord, standings: dict[str, Standing]
) -> dict[str, Callable[[], None]]:
    """Return what stands under each tab below the chart."""
    return {
        ITEMS: lambda: one_form(record),
        "All scores": lambda: all_scores(record),
        "At each infusion": lambda: standing_by_infusion(standings),
        "Infusions": lambda: infusions(record),
        "Events": lambda: event_marks(record),
        "Schedule and screening": lambda: _plan(record.course),
        "Definitions": definitions,
    }


def _plan(course: Course) -> None:
    schedule_section(state.engine(), course)
    st.text(screening_line(course))


patient()
