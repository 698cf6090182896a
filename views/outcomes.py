"""Outcomes: the practice's rate, how sure it is, and what has been published."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from analysis.comparison import (
    CHANGE,
    REMISSION,
    RESPONSE,
    Comparison,
    Refusal,
)
from analysis.outcomes import OutcomeRate
from data.actors import Right
from data.patients import Patient, list_patients
from data.published import Catalogue, load_catalogue
from views import outcome_charts as charts
from views import outcome_wording as wording
from views import published_wording, recut, state
from views.alert_banner import escalated_alerts
from views.alert_times import acknowledgement_section
from views.components import empty_practice
from views.drawn import Drawn
from views.layout import NOT_ON_PAPER, fit_on_paper, screen_style
from views.outcome_filters import Question, ask
from views.recut import Beside, Practice, Selection
from views.seen import note_export, note_list_seen
from views.state import reading
from views.tables import word_table
from views.wording import escape


CHART = {"displaylogo": False, "displayModeBar": False}
WARNING_FIGURE = "lii_2023_day1"

Results = Mapping[str, Comparison | Refusal]


def outcomes() -> None:
    """Draw the page."""
    st.title("Outcomes")
    screen_style()
    fit_on_paper()
    engine = state.engine()
    with reading(engine) as connection:
        patients = {patient.id: patient for patient in list_patients(connection)}
        if not patients:
            empty_practice(engine)
        note_list_seen(engine, "outcomes")
        escalated_alerts(engine)
        with st.container(key=f"{NOT_ON_PAPER}_filters"):
            question, practice = ask(connection)
        _stop_without_courses(practice, question)
        catalogue = load_catalogue()
        rate = _rate(practice, question)
        with st.container(key=f"{NOT_ON_PAPER}_patients"):
            _courses_behind(practice, question, rate, patients)
        _definitions(practice, question, rate)
        _caution(catalogue)
        _beside(practice, question, catalogue)
        _by_infusion(practice, question)
        _changes(practice, question, catalogue)
    acknowledgement_section(engine)


def _stop_without_courses(practice: Practice, question: Question) -> None:
    cut = (question.measure.code, question.timepoint.code, question.window.code)
    if practice.started(*cut).empty:
        st.info(
            "No infusion has been recorded up to this day. Record one with its forms; "
            "a rate appears once a course has a baseline and a score."
        )
        if state.actor().may(Right.RECORD):
            st.page_link("record.py", label="Record an infusion")
        st.stop()
    if practice.courses(*cut).empty:
        st.info(
            "No course agrees with what was chosen. Widen the period, or choose "
            "another indication or clinician."
        )
        st.stop()


# The rate and who is in it.


def _rate(practice: Practice, question: Question) -> OutcomeRate:
    rate = recut.outcome(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    )
    sentence = wording.unbroken(wording.headline(rate))
    if rate.measured:
        st.subheader(sentence, anchor=False)
    else:
        st.info(f"{sentence} {wording.next_step(rate)}")
    st.markdown(wording.unbroken(wording.flow(rate)))
    st.markdown(wording.unbroken(wording.completeness(rate)))
    st.caption(wording.criterion_note(question.criterion))
    st.caption(
        f"{question.timepoint.name}: "
        f"{wording.timepoint_note(question.timepoint, question.window)}"
    )
    st.caption(wording.scope(_as_typed(practice.selection)))
    return rate


def _definitions(practice: Practice, question: Question, rate: OutcomeRate) -> None:
    with st.expander("Every number with its definition and source"):
        rows = wording.definitions(rate)
        _table(rows, "Numbers of the rate")
        definitions = wording.question_stamp(question.criterion, question.timepoint)
        _download("rate", rows, practice, question, definitions)


def _as_typed(selection: Selection) -> Selection:
    """Return the selection with a name that Markdown shows as it was typed."""
    return replace(
        selection, clinician=selection.clinician and escape(selection.clinician)
    )


def _courses_behind(
    practice: Practice,
    question: Question,
    rate: OutcomeRate,
    patients: Mapping[str, Patient],
) -> None:
    groups = {group.code: group for group in wording.groups(rate)}
    chosen = st.pills(
        "Show the patients behind a number",
        list(groups),
        format_func=lambda code: groups[code].label,
        key="outcomes_group",
    )
    if not chosen:
        return
    classified = recut.courses_behind(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    )
    behind = classified[classified["state"].isin(groups[chosen].states)]
    if behind.empty:
        st.caption("No course is in this number.")
        return
    _patient_table(behind, patients, groups[chosen].name)


def _patient_table(
    courses: pd.DataFrame, patients: Mapping[str, Patient], name: str
) -> None:
    ordered = courses.sort_values(["first_day", "course_id"])
    ids = ordered["patient_id"].tolist()
    event = st.dataframe(
        wording.course_table(ordered, patients),
        hide_index=True,
        height="content" if len(ids) <= 15 else 560,
        column_config=_patient_columns(),
        key=f"outcomes_patients_{_digest(ids)}",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt=f"Courses counted under: {name}",
    )
    st.caption("Tick a row to open the patient. Lower scores are better.")
    if event.selection.rows:
        state.go_to("patient.py", patient=ids[event.selection.rows[0]])


def _patient_columns() -> dict[str, Any]:
    config = st.column_config
    return {
        "Infusion 1": config.DateColumn(format="D MMM YYYY"),
        "Scored": config.DateColumn(format="D MMM YYYY"),
    }


def _digest(ids: Sequence[str]) -> str:
    # Names the rows and their order, so that a row ticked in another list is
    # forgotten and cannot open the patient who now stands in its place.
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]


def _caution(catalogue: Catalogue) -> None:
    warning = catalogue.figure(WARNING_FIGURE)
    st.markdown(
        wording.unbroken(
            f"{wording.NOT_A_DRUG_EFFECT} {warning.sentence} ({warning.study.name})"
        )
    )


# Beside the published figures.


def _beside(practice: Practice, question: Question, catalogue: Catalogue) -> None:
    st.header("Beside published figures", anchor=False)
    outcome = _outcome(question)
    beside = recut.figures_beside(catalogue, question.measure.code, outcome)
    results = recut.compare_figures(practice, beside.all, outcome)
    st.markdown(wording.unbroken(published_wording.HOW_RECUT))
    _forest(charts.in_view(beside, results), outcome, "in view")
    compared = [results[figure.code] for figure in beside.in_view]
    rows = published_wording.as_cited_rows(beside.as_cited)
    rows += published_wording.comparison_rows(compared)
    _table(published_wording.shown(rows), "The numbers of the forest plot")
    more = published_wording.csv_columns(beside.as_cited, compared)
    full = [{**row, **added} for row, added in zip(rows, more, strict=True)]
    _download(f"{outcome}-beside-published", full, practice, question)
    _one_comparison(results)
    _context(beside, results)


def _outcome(question: Question) -> str:
    kind = question.criterion.kind
    return st.segmented_control(
        "Outcome",
        [RESPONSE, REMISSION],
        format_func=str.capitalize,
        default=kind if kind in (RESPONSE, REMISSION) else RESPONSE,
        required=True,
        key=f"outcomes_beside_{kind}",
        label_visibility="collapsed",
        persist_state="session",
    )


def _forest(sections: Sequence[charts.Section], outcome: str, name: str) -> None:
    entries = [entry for section in sections for entry in section.entries]
    st.plotly_chart(
        Drawn(charts.forest(sections, f"Share with {outcome}")),
        config=CHART,
        key=f"outcomes_forest_{name}",
        alt=published_wording.forest_alt(len(entries), outcome),
    )


def _one_comparison(results: Results) -> None:
    with st.container(border=True):
        code = st.selectbox(
            "What was matched and what was not",
            list(results),
            index=_first_comparison(results),
            format_func=lambda code: published_wording.title(results[code].figure),
            key="outcomes_comparison",
        )
        result = results[code]
        st.markdown(wording.unbroken(published_wording.sentence(result)))
        st.markdown(wording.unbroken(f"*{result.figure.sentence}*"))
        if isinstance(result, Refusal):
            return
        matched, unmatched = st.columns(2)
        matched.markdown(published_wording.listed("Matched", result.matched))
        unmatched.markdown(published_wording.listed("Not matched", result.unmatched))
        st.caption(result.caution)


def _first_comparison(results: Results) -> int:
    found = [
        isinstance(result, Comparison) and not result.context_only
        for result in results.values()
    ]
    return found.index(True) if any(found) else 0


def _context(beside: Beside, results: Results) -> None:
    if not beside.context:
        return
    with st.expander(f"Context: {len(beside.context)} figures of other kinds"):
        st.markdown(published_wording.TIERS["context"])
        _forest(charts.context(beside, results), beside.outcome, "context")
        rows = published_wording.comparison_rows(
            results[figure.code] for figure in beside.context
        )
        _table(published_wording.shown(rows), "The numbers of the context")


# By infusion, and means.


def _by_infusion(practice: Practice, question: Question) -> None:
    st.header("By infusion", anchor=False)
    now, ever = recut.now_and_ever(
        practice, question.criterion, recall_window=question.window.code
    )
    if not ever.measured:
        st.info(
            "Nobody eligible was measured after an infusion yet. Record a form after "
            "each infusion, at the latest before the next one."
        )
        return
    st.markdown(wording.unbroken(wording.by_infusion_sentence(ever)))
    st.plotly_chart(
        Drawn(charts.by_infusion(now, ever)),
        config=CHART,
        key="outcomes_by_infusion",
        alt="Share meeting the criterion now, and at least once, by infusion number",
    )
    shown = {number: now[number] for number in charts.shown_infusions(now)}
    rows = wording.infusion_rows(shown, ever)
    _table(rows, "Both curves by infusion")
    definitions = {"Criterion": question.criterion.sentence}
    _download("by-infusion", rows, practice, question, definitions)


def _changes(practice: Practice, question: Question, catalogue: Catalogue) -> None:
    st.header("Mean change", anchor=False)
    st.markdown(published_wording.HOW_CHANGE)
    figures = recut.changes_beside(catalogue, question.measure.code)
    results = recut.compare_figures(practice, figures, CHANGE)
    rows = published_wording.change_rows(results.values())
    _table(published_wording.shown(rows), "Mean changes from baseline")
    _download("mean-change", rows, practice, question)


def _table(rows: Sequence[Mapping[str, str]], alt: str) -> None:
    cells = [{k: wording.unbroken(cell) for k, cell in row.items()} for row in rows]
    word_table(cells, alt)


def _download(
    name: str,
    rows: Sequence[Mapping[str, str]],
    practice: Practice,
    question: Question,
    definitions: Mapping[str, str] | None = None,
) -> None:
    asked = wording.selection_stamp(
        practice.selection, question.measure, question.window
    )
    st.download_button(
        "Download this table (CSV)",
        wording.csv_text(rows, {**(definitions or {}), **asked}).encode("utf-8-sig"),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"outcomes_csv_{name}",
        on_click=note_export,
        args=(state.engine(), f"outcomes {name}"),
    )


outcomes()
