"""By infusion: who meets a criterion after each infusion, and who ever did."""

from collections.abc import Mapping, Sequence

import streamlit as st

from views import state
from views.results.charts import outcomes as charts
from views.results.counts import recut
from views.results.counts.recut import Practice
from views.results.filters import Question, ask
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import outcomes as wording
from views.results.wording.exports import csv_text
from views.seen import note_export


def by_infusion() -> None:
    """Draw the page."""
    with results_page("By infusion", "by infusion") as connection:
        question, practice = ask(connection)
        stop_without_courses(practice, question.measure.code, question.timepoint.code)
        _by_infusion(practice, question)


def _by_infusion(practice: Practice, question: Question) -> None:
    now, ever = recut.now_and_ever(
        practice, question.criterion, recall_window=question.window.code
    )
    if not ever.measured:
        st.info(
            "Nobody eligible was measured after an infusion yet. Record a form after "
            "each infusion, at the latest before the next one."
        )
        return
    text(wording.by_infusion_sentence(ever))
    chart(
        charts.by_infusion(now, ever),
        key="outcomes_by_infusion",
        alt="Share meeting the criterion now, and at least once, by infusion number",
    )
    shown = {number: now[number] for number in charts.shown_infusions(now)}
    rows = wording.infusion_rows(shown, ever)
    table(rows, "Both curves by infusion")
    definitions = {"Criterion": question.criterion.sentence}
    _download("by-infusion", rows, practice, question, definitions)


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


by_infusion()
