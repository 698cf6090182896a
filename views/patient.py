"""Patient: is this working, and is this patient safe; one course in one look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st
from sqlalchemy import Connection

from analysis.status import CANNOT_TELL
from analysis.trajectory import (
    TOTAL_ONLY,
    Point,
    Trajectory,
    course_trajectories,
    place_of,
)
from data.alerts import ALERT_ACTIONS, Alert, close_alert, list_alerts
from data.assessments import (
    Assessment,
    history,
    list_assessments,
    list_withdrawn,
    void_assessment,
)
from data.database import reading, writing
from data.errors import RecordError
from data.events import EVENT_KINDS, Event, add_event, list_events
from data.frames import baseline_ids, induction_infusions
from data.infusions import Infusion, list_infusions, void_infusion
from data.patients import Course, Patient, get_patient, list_courses
from measures.definition import Measure
from measures.registry import MEASURES
from views import charts, state, wording


INDICATION_WORDS = {"depression": "depression", "ptsd": "PTSD", "both": "depression and PTSD"}
SOURCE_WORDS = {
    "self_report": "self-report",
    "clinician": "asked by a clinician",
    "import": "imported",
}
NEEDS_A_NAME = "Say who you are first: “Recorded by”, in the sidebar."


@dataclass(frozen=True)
class Chart:
    """Everything that is shown of one course."""

    course: Course
    forms: dict[int, Assessment]
    infusions: list[Infusion]
    induction: int
    events: list[Event]
    withdrawn: list[Assessment]
    trajectories: dict[str, Trajectory]

    @property
    def points(self) -> list[Point]:
        """Every form, the latest first."""
        points = [p for t in self.trajectories.values() for p in t.points]
        return sorted(points, key=lambda p: (p.completed_at, p.id), reverse=True)


def patient() -> None:
    """Draw the page."""
    found, courses, alerts = _load_patient(st.query_params.get("patient", ""))
    if found is None:
        _nobody()
        return
    course = _heading(found, courses)
    _alerts([a for a in alerts if a.closed_at is None])
    if course is None:
        st.info("There is no course yet. Record opens one with the first infusion.")
        return
    with reading(state.engine()) as connection:
        chart = _load_course(connection, course)
    _course_line(chart)
    if not chart.forms:
        st.info("There is no form in this course yet. Record the first one.")
    else:
        _standing(chart)
        _trajectories(chart)
    with st.container(key="screen_only"):
        _details(chart, [a for a in alerts if a.closed_at is not None])
    _fit_on_paper()


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


def _load_course(connection: Connection, course: Course) -> Chart:
    forms = list_assessments(connection, course.id)
    infusions = list_infusions(connection, course.id)
    return Chart(
        course=course,
        forms={form.id: form for form in forms},
        infusions=infusions,
        induction=induction_infusions(connection, course.id),
        events=list_events(connection, course.id),
        withdrawn=list_withdrawn(connection, course.id),
        trajectories=course_trajectories(
            forms, infusions, baseline_ids(connection, course.id)
        ),
    )


def _nobody() -> None:
    st.title("Patient")
    st.info("There is no patient at this address. Choose one from the caseload.")
    if st.button("Open the caseload", type="primary"):
        state.go_to("caseload.py")


def _heading(found: Patient, courses: Sequence[Course]) -> Course | None:
    """Show who this is, always in view, and return the course to look at."""
    name, record = st.columns([4, 1], vertical_alignment="bottom")
    name.title(wording.escape(found.name) or wording.NAME_NOT_RECORDED, anchor=False)
    with record:
        if st.button("Record", type="primary", width="stretch"):
            state.go_to("record.py", patient=found.id)
    who = [
        wording.age_words(found.birth_date, state.today()),
        f"record number {wording.escape(found.record_number)}",
        found.sex or "",
    ]
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
    opened = f"opened {wording.day_words(course.opened)}"
    closed = course.closed and f", closed {wording.day_words(course.closed)}"
    return f"Course {course.number}, {opened}{closed or ''}"


def _course_line(chart: Chart) -> None:
    """Say what is given, how far it is, and when it was given last."""
    course = chart.course
    about = [
        INDICATION_WORDS.get(course.indication, "indication not recorded"),
        wording.escape(course.clinician or "clinician not recorded"),
        wording.escape(course.site or ""),
        f"closed {wording.day_words(course.closed)}: "
        f"{wording.escape(course.closed_reason)}"
        if course.closed
        else "",
    ]
    progress = wording.infusion_progress(len(chart.infusions), chart.induction)
    given = [f"**{progress.capitalize()}**"]
    if chart.infusions:
        given.append(f"last dose {_dose(chart.infusions[-1])}, {_since(chart)}")
    st.markdown(
        " · ".join(part for part in about if part) + "  \n" + " · ".join(given)
    )


def _dose(infusion: Infusion) -> str:
    facts = infusion.facts
    return wording.dose_words(
        dose_mg_per_kg=facts.dose_mg_per_kg,
        dose_mg=facts.dose_mg,
        route=facts.route,
        minutes=facts.minutes,
    )


def _since(chart: Chart) -> str:
    day = chart.infusions[-1].facts.started_at.date()
    return f"{wording.ago((state.today() - day).days)} ({wording.day_words(day)})"


def _alerts(alerts: Sequence[Alert]) -> None:
    """Show each open item-9 alert until somebody says what was done."""
    for alert in alerts:
        answer = wording.answer_text(MEASURES["phq9"], alert.item_9).lower()
        day = alert.completed_at.date()
        st.error(
            f"**Item 9: {alert.item_9}, {answer}**, on {wording.day_words(day)} "
            f"({wording.ago((state.today() - day).days)}). Nobody has recorded yet "
            "what was done.",
            icon="⚠️",
        )
        with st.form(f"alert_{alert.id}", border=False):
            _alert_form(alert)


def _alert_form(alert: Alert) -> None:
    what, note, submit = st.columns([2, 2, 1], vertical_alignment="bottom")
    action = what.selectbox(
        "What was done",
        ALERT_ACTIONS,
        index=None,
        placeholder="Choose",
        key=f"alert_{alert.id}_action",
    )
    words = note.text_input("Note", key=f"alert_{alert.id}_note")
    if not submit.form_submit_button("Record this", width="stretch"):
        return
    if action is None:
        st.error("Choose what was done.")
        return
    _write(
        lambda connection, by: close_alert(
            connection, alert.id, action=action, note=words, by=by
        ),
        "Recorded what was done.",
    )


def _write(write: Callable[[Connection, str], object], said: str) -> None:
    """Do one thing in the recorder's name and show the page anew, or say why not."""
    if not state.recorder():
        st.error(NEEDS_A_NAME)
        return
    try:
        with writing(state.engine()) as connection:
            write(connection, state.recorder())
    except RecordError as error:
        st.error(wording.escape(str(error)))
        return
    st.toast(said)
    st.rerun()


def _standing(chart: Chart) -> None:
    """Say where the patient stands on each measure, with the numbers behind it."""
    columns = st.columns(len(MEASURES))
    for column, measure in zip(columns, MEASURES.values(), strict=True):
        with column:
            trajectory = chart.trajectories.get(measure.code)
            if trajectory is None:
                st.markdown(f"#### {measure.name}: no form")
                st.write(f"There is no {measure.name} in this course.")
            else:
                _measure_standing(measure, trajectory)


def _measure_standing(measure: Measure, trajectory: Trajectory) -> None:
    status = trajectory.status
    definition = wording.escape(wording.status_definition(status))
    word = wording.status_word(status)
    st.markdown(
        f"#### {measure.name}: {word[0].lower()}{word[1:]}",
        help=definition,
        anchors=False,
    )
    st.markdown(wording.escape(wording.standing_words(trajectory)))
    _item_9_of_last(measure, trajectory)
    rows = wording.comparison_rows(trajectory.current)
    st.table(
        pd.DataFrame(rows), hide_index=True, border="horizontal", alt=f"{measure.name}"
    )
    lead = "" if status.code == CANNOT_TELL else f"{word}: "
    st.caption(f"{lead}{definition}")


def _item_9_of_last(measure: Measure, trajectory: Trajectory) -> None:
    if measure.suicide_item is None:
        return
    last = trajectory.points[-1]
    words = wording.item_9_words(
        measure.code, last.item_9, answers_known=last.kind != TOTAL_ONLY
    )
    mark = "" if last.item_9 == 0 else "▲ "
    st.markdown(f"{mark}**{words}**" if mark else words)


def _trajectories(chart: Chart) -> None:
    shown = list(chart.trajectories.values())
    infusions = [_infusion_mark(infusion, chart) for infusion in chart.infusions]
    events = [
        charts.EventMark(e.day, e.kind, f"{wording.day_words(e.day)}: {e.description}")
        for e in chart.events
    ]
    key = f"trajectory_{chart.course.id}"
    st.plotly_chart(
        charts.trajectory_figure(shown, infusions, events),
        key=key,
        on_select=lambda: _choose_point(chart, key),
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False},
        alt=wording.trajectory_alt(shown, len(infusions)),
    )
    st.caption(wording.chart_key(shown, maintenance=any(i.maintenance for i in infusions)))


def _infusion_mark(infusion: Infusion, chart: Chart) -> charts.InfusionMark:
    facts = infusion.facts
    maintenance = infusion.number > chart.induction
    phase = "maintenance" if maintenance else "induction"
    when = wording.moment_words(facts.started_at, time_known=facts.time_known)
    text = f"Infusion {infusion.number}, {phase}: {when}, {_dose(infusion)}"
    return charts.InfusionMark(infusion.number, facts.started_at, maintenance, text)


def _choose_point(chart: Chart, key: str) -> None:
    """Take the form behind the point that was clicked as the chosen one."""
    points = st.session_state[key]["selection"]["points"]
    chosen = [p.get("customdata") for p in points]
    ids = [c[0] if isinstance(c, list) else c for c in chosen]
    known = [i for i in ids if i in chart.forms]
    if known:
        st.session_state[_form_key(chart)] = known[0]


def _form_key(chart: Chart) -> str:
    return f"form_{chart.course.id}"


def _details(chart: Chart, closed: Sequence[Alert]) -> None:
    names = ("Items of a form", "All scores", "Infusions", "Events", "Definitions")
    items, scores, infusions, events, meaning = st.tabs(names)
    with items:
        _one_form(chart)
    with scores:
        _all_scores(chart, closed)
    with infusions:
        _infusions(chart)
    with events:
        _events(chart)
    with meaning:
        _definitions()


def _one_form(chart: Chart) -> None:
    points = {point.id: point for point in chart.points}
    if not points:
        st.write("No form yet.")
        return
    key = _form_key(chart)
    if st.session_state.get(key) not in (None, *points):
        del st.session_state[key]
    chosen = st.selectbox(
        "Form (or click a point)",
        list(points),
        format_func=lambda form_id: wording.form_label(points[form_id]),
        key=key,
    )
    _items(chart, points[chosen])
    _provenance(chart.forms[chosen])
    _correct_or_withdraw(chart, chart.forms[chosen])


def _items(chart: Chart, point: Point) -> None:
    measure = MEASURES[point.measure]
    form = chart.forms[point.id]
    words = wording.item_9_words(
        measure.code, form.item_9, answers_known=form.facts.answers is not None
    )
    if words:
        (st.info if form.item_9 == 0 else st.warning)(words)
    if form.facts.answers is None:
        st.write("Only the total was received; there are no answers to show.")
        return
    st.caption(measure.recall_window(point.recall_window).stem)
    rows = wording.item_rows(measure, form.facts.answers, _baseline_answers(chart, point))
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    _difficulty(measure, form)


def _baseline_answers(chart: Chart, point: Point) -> tuple[int | None, ...] | None:
    streams = chart.trajectories[point.measure].streams
    stream = next(s for s in streams if s.recall_window == point.recall_window)
    if stream.baseline is None or stream.baseline.id == point.id:
        return None
    return chart.forms[stream.baseline.id].facts.answers


def _difficulty(measure: Measure, form: Assessment) -> None:
    asked = measure.functional_item
    if asked is None:
        return
    given = {answer.score: answer.text for answer in asked.answers}
    st.markdown(
        f"{asked.text} **{given.get(form.facts.difficulty, 'Not answered')}**, "
        "not part of the total."
    )


def _provenance(form: Assessment) -> None:
    facts = form.facts
    said = [
        f"Completed {wording.moment_words(facts.completed_at, time_known=facts.time_known)}",
        SOURCE_WORDS[facts.source],
        f"recorded by {wording.escape(form.recorded_by)} on "
        f"{wording.moment_words(form.recorded_at)} UTC",
    ]
    if facts.partial_reason:
        said.append(f"left incomplete: {facts.partial_reason}")
    st.caption(", ".join(said) + ".")
    if form.corrects_id is None:
        return
    with reading(state.engine()) as connection:
        versions = history(connection, form.id)
    for newer, older in zip(versions, versions[1:], strict=False):
        st.caption(
            f"Corrected by {wording.escape(newer.recorded_by)} on "
            f"{wording.moment_words(newer.recorded_at)} UTC: "
            f"{wording.escape(newer.reason)} Before: {_as_recorded(older)}."
        )


def _as_recorded(form: Assessment) -> str:
    name = MEASURES[form.facts.measure].name
    when = wording.moment_words(
        form.facts.completed_at, time_known=form.facts.time_known
    )
    total = "incomplete" if form.total is None else f"total {form.total}"
    return f"{name}, {when}, {total}"


def _correct_or_withdraw(chart: Chart, form: Assessment) -> None:
    with st.expander("Correct or withdraw this form"):
        if st.button("Correct this form", key=f"correct_{form.id}"):
            state.go_to(
                "record.py", patient=chart.course.patient_id, correct=form.id
            )
        with st.form(f"void_form_{form.id}", border=False):
            reason = st.text_input(
                "Reason for withdrawing", key=f"void_form_{form.id}_reason"
            )
            if st.form_submit_button("Withdraw this form"):
                _write(
                    lambda connection, by: void_assessment(
                        connection, form.id, reason=reason, by=by
                    ),
                    "The form was withdrawn; it is kept, with the reason.",
                )


def _all_scores(chart: Chart, closed: Sequence[Alert]) -> None:
    rows = [wording.score_row(point) for point in chart.points]
    table = pd.DataFrame(rows).convert_dtypes() if rows else pd.DataFrame()
    if table.empty:
        st.write("No score yet.")
    else:
        st.dataframe(
            table,
            hide_index=True,
            placeholder="",
            column_config={
                "Completed": st.column_config.DatetimeColumn(
                    format="D MMM YYYY, HH:mm"
                )
            },
            alt="Every form of this course, the latest first",
        )
        st.download_button(
            "Download as CSV",
            table.to_csv(index=False).encode(),
            file_name="scores.csv",
            mime="text/csv",
            on_click="ignore",
        )
    if closed:
        with st.expander(f"Item-9 alerts acted on ({len(closed)})"):
            st.table(pd.DataFrame([_closed_row(alert) for alert in closed]))
    if chart.withdrawn:
        with st.expander(f"Withdrawn forms ({len(chart.withdrawn)})"):
            for form in chart.withdrawn:
                st.markdown(
                    f"{_as_recorded(form)}, withdrawn: "
                    f"{wording.escape(form.void_reason)}"
                )


def _closed_row(alert: Alert) -> dict[str, str]:
    return {
        "Form": wording.day_words(alert.completed_at),
        "Item 9": f"{alert.item_9}",
        "What was done": alert.action,
        "Note": wording.escape(alert.note or ""),
        "By": wording.escape(alert.closed_by),
        "Recorded (UTC)": wording.moment_words(alert.closed_at),
    }


def _infusions(chart: Chart) -> None:
    if not chart.infusions:
        st.write("No infusion yet.")
        return
    rows = [_infusion_row(infusion, chart) for infusion in reversed(chart.infusions)]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    by_id = {infusion.id: infusion for infusion in reversed(chart.infusions)}
    with (
        st.expander("Withdraw an infusion"),
        st.form(f"void_infusion_{chart.course.id}", border=False),
    ):
        chosen = st.selectbox(
            "Infusion",
            list(by_id),
            format_func=lambda infusion_id: _infusion_label(by_id[infusion_id]),
        )
        reason = st.text_input("Reason for withdrawing the infusion")
        if st.form_submit_button("Withdraw this infusion"):
            _write(
                lambda connection, by: void_infusion(
                    connection, chosen, reason=reason, by=by
                ),
                "The infusion was withdrawn; it is kept, with the reason.",
            )


def _infusion_label(infusion: Infusion) -> str:
    facts = infusion.facts
    when = wording.moment_words(facts.started_at, time_known=facts.time_known)
    return f"Infusion {infusion.number}, {when}"


def _infusion_row(infusion: Infusion, chart: Chart) -> dict[str, str]:
    facts = infusion.facts
    notes = [facts.adverse_events, facts.note, facts.intention, facts.integration_note]
    return {
        "No.": f"{infusion.number}",
        "Started": wording.moment_words(facts.started_at, time_known=facts.time_known),
        "Phase": "induction" if infusion.number <= chart.induction else "maintenance",
        "Dose": _dose(infusion),
        "Notes": wording.escape("; ".join(note for note in notes if note)),
        "Recorded by": wording.escape(infusion.recorded_by),
    }


def _events(chart: Chart) -> None:
    if chart.events:
        rows = [
            {
                "Date": wording.day_words(e.day),
                "Kind": e.kind,
                "Description": wording.escape(e.description),
                "Place": _event_place(e, chart),
            }
            for e in reversed(chart.events)
        ]
        st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    else:
        st.write("No event yet: a change of medication or therapy, or in life.")
    with st.form(f"event_{chart.course.id}", clear_on_submit=True):
        _event_form(chart)
