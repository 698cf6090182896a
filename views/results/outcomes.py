"""Outcomes: the practice's rate, how sure it is, and who is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from analysis.outcomes import OutcomeRate
from data.published import load_catalogue
from views import state
from views.alert_times import acknowledgement_section
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.counts import recut
from views.results.counts.recut import Practice, Selection
from views.results.filters import Question, ask
from views.results.page import results_page, stop_without_courses, table, text
from views.results.wording import outcomes as wording
from views.results.wording.exports import csv_text
from views.results.wording.numbers import unbroken
from views.seen import note_export
from views.wording import escape


WARNING_FIGURE = "lii_2023_day1"
PAGE = ("results/outcomes.py", "Outcomes")


def outcomes() -> None:
    """Draw the page."""
    with results_page("Outcomes", "outcomes") as connection:
        question, practice = ask(connection)
        stop_without_courses(practice, question.measure.code, question.timepoint.code)
        rate = _rate(practice, question)
        with st.container(key=f"{NOT_ON_PAPER}_patients"):
            _courses_behind(practice, question, rate)
        _definitions(practice, question, rate)
        _caution()
    acknowledgement_section(state.engine())


def _rate(practice: Practice, question: Question) -> OutcomeRate:
    rate = recut.outcome(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    )
    sentence = unbroken(wording.headline(rate))
    if rate.measured:
        st.subheader(sentence, anchor=False)
    else:
        st.info(f"{sentence} {wording.next_step(rate)}")
    text(wording.flow(rate))
    text(wording.completeness(rate))
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
        table(rows, "Numbers of the rate")
        definitions = wording.question_stamp(question.criterion, question.timepoint)
        _download("rate", rows, practice, question, definitions)


def _as_typed(selection: Selection) -> Selection:
    """Return the selection with a name that Markdown shows as it was typed."""
    return replace(
        selection, clinician=selection.clinician and escape(selection.clinician)
    )


def _courses_behind(practice: Practice, question: Question, rate: OutcomeRate) -> None:
    classified = recut.courses_behind(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    ).sort_values(["first_day", "course_id"])
    numbers = [
        Number(
            group.code,
            group.name,
            wording.course_table(classified[classified["state"].isin(group.states)]),
        )
        for group in wording.groups(rate)
    ]
    show_behind(numbers, key="outcomes", page=PAGE)


def _caution() -> None:
    warning = load_catalogue().figure(WARNING_FIGURE)
    text(f"{wording.NOT_A_DRUG_EFFECT} {warning.sentence} ({warning.study.name})")


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
        csv_text(rows, {**(definitions or {}), **asked}).encode("utf-8-sig"),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"outcomes_csv_{name}",
        on_click=note_export,
        args=(state.engine(), f"outcomes {name}"),
    )


outcomes()
