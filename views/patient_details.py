"""What lies behind a patient's chart: forms, scores, infusions, events."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pandas as pd
import streamlit as st

from analysis.trajectory import Point
from data.alerts import Alert, list_alerts
from data.assessments import (
    Assessment,
    history,
    list_withdrawn,
    void_assessment,
)
from data.database import Connection
from data.infusions import Infusion, void_infusion
from data.moments import practice_zone
from data.sites import may_record_for
from measures.definition import Measure
from measures.registry import MEASURES
from views import state, wording
from views.alert_wording import answer_words
from views.components import kept
from views.course_record import CourseRecord
from views.seen import offer_file
from views.standing_wording import definitions_after_induction
from views.state import reading, writing
from views.tables import word_table


ITEMS = "Items of a form"
"""The tab that a click on the chart opens."""

OFTEN_EMPTY = ("Before, highest, after", "Dissociation", "Adverse events", "Notes")
"""Columns of the infusions that are left out where there is nothing in them."""

SOURCE_WORDS = {
    "self_report": "self-report",
    "clinician": "asked by a clinician",
    "import": "imported",
}


def may_record(patient_id: str) -> bool:
    """Whether the visitor may write; who only reads is offered nothing to press.

    Somebody who reads every site's records may write in those of the own sites alone.
    """
    with reading(state.engine()) as connection:
        return may_record_for(connection, patient_id)


def record_it(write: Callable[[Connection], object], said: str) -> None:
    """Write, say so and show the page anew, or say why not.

    Parameters
    ----------
    write
        Gets the transaction.
    said
        What is said when it is done.
    """
    if kept(lambda: _written(write)):
        st.toast(said)
        st.rerun()


def _written(write: Callable[[Connection], object]) -> None:
    with writing(state.engine()) as connection:
        write(connection)


def choose_form(record: CourseRecord, event: Any) -> None:
    """Take the form behind the point that was clicked as the one to look into."""
    chosen = clicked_form(event, record.forms)
    if chosen is not None:
        st.session_state[_form_key(record)] = chosen
        st.session_state[_tab_key(record)] = ITEMS


def clicked_form(event: Any, forms: Container[int]) -> int | None:
    """Return the form behind what was clicked on the chart; None for other marks."""
    clicked = [point.get("customdata") for point in event["selection"]["points"]]
    ids = [value[0] if isinstance(value, list) else value for value in clicked]
    return next((form_id for form_id in ids if form_id in forms), None)


def details(record: CourseRecord, sections: Mapping[str, Callable[[], None]]) -> None:
    """Show what is behind the chart, each kind of record under its own tab.

    Only the open tab is read and drawn.

    Parameters
    ----------
    record
        The course.
    sections
        What draws each tab, by its name.
    """
    tabs = st.tabs(list(sections), key=_tab_key(record), on_change="rerun")
    for tab, draw in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _tab_key(record: CourseRecord) -> str:
    return f"tab_{record.course.id}"


def _form_key(record: CourseRecord) -> str:
    return f"form_{record.course.id}"


def one_form(record: CourseRecord) -> None:
    """Show one form item by item, and offer to correct or withdraw it."""
    points = {point.id: point for point in record.points}
    if not points:
        st.write("There is no form yet.")
        return
    key = _form_key(record)
    if st.session_state.get(key) not in (None, *points):
        del st.session_state[key]
    chosen = st.selectbox(
        "Form (or click its point)",
        list(points),
        format_func=lambda form_id: wording.form_label(points[form_id]),
        key=key,
    )
    form = record.forms[chosen]
    _items(record, points[chosen], form)
    _provenance(form)
    if record.may_record:
        _correct_or_withdraw(record, form)


def _items(record: CourseRecord, point: Point, form: Assessment) -> None:
    measure = MEASURES[point.measure]
    answers = form.facts.answers
    words = wording.item_9_words(
        measure.code, form.item_9, answers_known=answers is not None
    )
    if words:
        (st.info if form.item_9 == 0 else st.warning)(words)
    if answers is None:
        st.write("Only the total was received; there are no answers to show.")
        return
    st.caption(measure.recall_window(point.recall_window).stem)
    rows = wording.item_rows(measure, answers, _baseline_answers(record, point))
    word_table(rows, f"{measure.name}: items and answers")
    _difficulty(measure, form)


def _baseline_answers(
    record: CourseRecord, point: Point
) -> tuple[int | None, ...] | None:
    streams = record.trajectories[point.measure].streams
    stream = next(s for s in streams if s.recall_window == point.recall_window)
    if stream.baseline is None or stream.baseline.id == point.id:
        return None
    return record.forms[stream.baseline.id].facts.answers


def _difficulty(measure: Measure, form: Assessment) -> None:
    asked = measure.functional_item
    if asked is None:
        return
    words = {answer.score: answer.text for answer in asked.answers}
    answer = words.get(form.facts.difficulty, "Not answered")
    st.markdown(f"{asked.text} **{answer}** (not part of the total)")


def _provenance(form: Assessment) -> None:
    """Say who recorded a form, and what it said before it was corrected."""
    facts = form.facts
    when = wording.moment_words(facts.completed_at, time_known=facts.time_known)
    said = (
        f"Completed {when}, {SOURCE_WORDS[facts.source]}, "
        f"recorded by {wording.escape(form.recorded_by)} {_stamp(form.recorded_at)}"
    )
    if facts.partial_reason:
        said += f", left incomplete: {facts.partial_reason}"
    st.caption(f"{said}.")
    if form.corrects_id is None:
        return
    with reading(state.engine()) as connection:
        versions = history(connection, form.id)
    for newer, older in pairwise(versions):
        st.caption(
            f"Corrected by {wording.escape(newer.recorded_by)} "
            f"{_stamp(newer.recorded_at)}: {wording.escape(newer.reason)}. "
            f"Before: {_as_recorded(older)}."
        )


def _stamp(recorded_at: datetime) -> str:
    """Return when something was recorded, on the practice's clock."""
    local = recorded_at.replace(tzinfo=UTC).astimezone(practice_zone())
    return f"on {wording.moment_words(local)}"


def _as_recorded(form: Assessment) -> str:
    facts = form.facts
    when = wording.moment_words(facts.completed_at, time_known=facts.time_known)
    total = "incomplete" if form.total is None else f"total {form.total}"
    return f"{MEASURES[facts.measure].name}, {when}, {total}"


def _correct_or_withdraw(record: CourseRecord, form: Assessment) -> None:
    with st.expander("Correct or withdraw this form"):
        if st.button("Correct this form", key=f"correct_{form.id}"):
            state.go_to("record.py", patient=record.course.patient_id, correct=form.id)
        with st.form(f"withdraw_form_{form.id}", border=False):
            reason = st.text_input(
                "Why this form should not be in this record",
                key=f"form_reason_{form.id}",
            )
            if st.form_submit_button("Withdraw this form"):
                record_it(
                    lambda connection: void_assessment(
                        connection, form.id, reason=reason
                    ),
                    "The form was withdrawn; it is kept, with the reason.",
                )


def all_scores(record: CourseRecord) -> None:
    """Show every score, the alerts that were acted on, and what was withdrawn."""
    if record.points:
        _score_table(record)
    else:
        st.write("There is no score yet.")
    with reading(state.engine()) as connection:
        alerts = list_alerts(
            connection, patient_id=record.course.patient_id, only_open=False
        )
        withdrawn = list_withdrawn(connection, record.course.id)
    _acted_on([alert for alert in alerts if alert.closed_at is not None])
    _withdrawn(withdrawn)


def _score_table(record: CourseRecord) -> None:
    """Show the chart's numbers in a table, and offer them as a file."""
    table = pd.DataFrame([wording.score_row(p) for p in record.points])
    table = table.convert_dtypes()
    st.dataframe(
        table,
        hide_index=True,
        placeholder="",
        column_config={
            "Completed": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")
        },
        alt="Every form of this course, the latest first",
    )
    offer_file(
        "Download as CSV",
        lambda _connection: table.to_csv(index=False),
        file_name="scores.csv",
        mime="text/csv",
        what="scores",
        patient_id=record.course.patient_id,
    )


def _acted_on(alerts: Sequence[Alert]) -> None:
    if not alerts:
        return
    with st.expander(f"Item-9 alerts that were acted on: {len(alerts)}"):
        rows = [
            {
                "Form": wording.day_words(alert.completed_at),
                "Item 9": answer_words(alert.item_9),
                "What was done": alert.action,
                "Note": wording.escape(alert.note or ""),
                "By": wording.escape(alert.closed_by),
                "Recorded": _stamp(alert.closed_at),
            }
            for alert in alerts
        ]
        word_table(rows, "Item-9 alerts that were acted on")


def _withdrawn(forms: Sequence[Assessment]) -> None:
    if not forms:
        return
    with st.expander(f"Withdrawn forms: {len(forms)}"):
        for form in forms:
            reason = wording.escape(form.void_reason)
            st.markdown(f"{_as_recorded(form)}. Withdrawn: {reason}")


def infusions(record: CourseRecord) -> None:
    """List the infusions, and offer to correct or withdraw one."""
    if not record.infusions:
        st.write("There is no infusion yet.")
        return
    latest_first = {infusion.id: infusion for infusion in reversed(record.infusions)}
    rows = [_infusion_row(infusion, record) for infusion in latest_first.values()]
    empty = [name for name in OFTEN_EMPTY if not any(row[name] for row in rows)]
    word_table(
        [{name: row[name] for name in row if name not in empty} for row in rows],
        "Infusions, the latest first",
    )
    if record.may_record:
        _correct_or_withdraw_infusion(record, latest_first)


def _correct_or_withdraw_infusion(
    record: CourseRecord, latest_first: Mapping[int, Infusion]
) -> None:
    with st.expander("Correct or withdraw an infusion"):
        chosen = st.selectbox(
            "Infusion",
            list(latest_first),
            format_func=lambda infusion_id: _infusion_label(latest_first[infusion_id]),
            key=f"infusion_{record.course.id}",
        )
        if st.button("Correct this infusion"):
            state.go_to(
                "record.py",
                patient=record.course.patient_id,
                correct_infusion=chosen,
            )
        with st.form(f"withdraw_infusion_{record.course.id}", border=False):
            _withdraw_infusion(chosen)


def _withdraw_infusion(infusion_id: int) -> None:
    reason = st.text_input("Why this infusion should not be in this record")
    if st.form_submit_button("Withdraw this infusion"):
        record_it(
            lambda connection: void_infusion(connection, infusion_id, reason=reason),
            "The infusion was withdrawn; it is kept, with the reason.",
        )


def _infusion_label(infusion: Infusion) -> str:
    facts = infusion.facts
    when = wording.moment_words(facts.started_at, time_known=facts.time_known)
    return f"Infusion {infusion.number}, {when}"


def _infusion_row(infusion: Infusion, record: CourseRecord) -> dict[str, str]:
    facts = infusion.facts
    return {
        "No.": f"{infusion.number}",
        "Started": wording.moment_words(facts.started_at, time_known=facts.time_known),
        "Phase": wording.phase_words(infusion.number, record.induction),
        "Dose": wording.infusion_dose(infusion),
        "Before, highest, after": wording.vitals_words(facts),
        "Dissociation": facts.dissociation or "",
        "Adverse events": wording.escape(wording.adverse_event_words(facts)),
        "Notes": wording.escape(wording.note_words(facts)),
        "Recorded by": wording.escape(infusion.recorded_by),
    }


def definitions() -> None:
    """Define every word that is used of a measure, with its source."""
    for measure in MEASURES.values():
        st.markdown(f"**{measure.name}**")
        rows = [
            {"Word": word, "Meaning": wording.escape(meaning)}
            for word, meaning in (
                *wording.definitions(measure),
                *definitions_after_induction(measure.code),
            )
        ]
        word_table(rows, f"{measure.name}: words and their meaning")
