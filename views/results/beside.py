"""Beside published figures: the practice counted each figure's own way."""

from collections.abc import Mapping, Sequence

import streamlit as st

from analysis.comparison import (
    CHANGE,
    REMISSION,
    RESPONSE,
    Comparison,
    Refusal,
)
from data.published import Catalogue, load_catalogue
from views import state
from views.results.charts import outcomes as charts
from views.results.counts import recut
from views.results.counts.recut import Beside, Practice
from views.results.filters import Question, ask
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import outcomes as wording
from views.results.wording import published as published_wording
from views.results.wording.exports import csv_text
from views.seen import note_export


Results = Mapping[str, Comparison | Refusal]


def beside_published() -> None:
    """Draw the page."""
    with results_page("Beside published figures", "beside published") as connection:
        question, practice = ask(connection)
        stop_without_courses(practice, question.measure.code, question.timepoint.code)
        catalogue = load_catalogue()
        _beside(practice, question, catalogue)
        _changes(practice, question, catalogue)


def _beside(practice: Practice, question: Question, catalogue: Catalogue) -> None:
    outcome = _outcome(question)
    beside = recut.figures_beside(catalogue, question.measure.code, outcome)
    results = recut.compare_figures(practice, beside.all, outcome)
    text(published_wording.HOW_RECUT)
    _forest(charts.in_view(beside, results), outcome, "in view")
    compared = [results[figure.code] for figure in beside.in_view]
    rows = published_wording.as_cited_rows(beside.as_cited)
    rows += published_wording.comparison_rows(compared)
    table(published_wording.shown(rows), "The numbers of the forest plot")
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
    chart(
        charts.forest(sections, f"Share with {outcome}"),
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
        text(published_wording.sentence(result))
        text(f"*{result.figure.sentence}*")
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
        table(published_wording.shown(rows), "The numbers of the context")


def _changes(practice: Practice, question: Question, catalogue: Catalogue) -> None:
    st.header("Mean change", anchor=False)
    st.markdown(published_wording.HOW_CHANGE)
    figures = recut.changes_beside(catalogue, question.measure.code)
    results = recut.compare_figures(practice, figures, CHANGE)
    rows = published_wording.change_rows(results.values())
    table(published_wording.shown(rows), "Mean changes from baseline")
    _download("mean-change", rows, practice, question)


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


beside_published()
