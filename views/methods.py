"""Methods: every definition with its code and source, read from the definitions."""

import streamlit as st

from data.course_scores import current_version
from measures.definition import Measure
from measures.registry import MEASURES
from views import methods_wording as wording
from views.layout import screen_style
from views.results.wording import methods as results_wording
from views.tables import Rows, word_table


def methods() -> None:
    """Draw the page."""
    screen_style()
    st.title("Methods")
    st.markdown(wording.INTRODUCTION)
    st.markdown(f"Version of the definitions: `{current_version()}`")
    for measure in MEASURES.values():
        _measure(measure)
    _section("Scoring", wording.scoring_rows())
    _section("Who is counted", wording.cohort_rows(), wording.COHORT)
    _section("Time points", wording.timepoint_rows(), wording.TIMEPOINT)
    _section("Rates and intervals", wording.rate_rows())
    _section("Ever, and now", wording.ever_rows())
    _section("Comparison with a published figure", wording.comparison_rows())
    _section("Durability", results_wording.loss_rows())
    _section("Reliable change", results_wording.reliable_change_rows())
    _section("Missing data", results_wording.missing_rows())
    _section("Variation", results_wording.variation_rows())
    _section("Quality measures", results_wording.quality_rows())
    _section("Safety", results_wording.safety_rows())
    _section("What leaves the practice", results_wording.export_rows())
    _section("What a form asks about", wording.recall_rows(), wording.RECALL)
    _section("Where a practice differs from a trial", wording.difference_rows())


def _measure(measure: Measure) -> None:
    st.header(f"{measure.name}", anchor=False)
    st.table(
        wording.measure_details(measure),
        border="horizontal",
        alt=f"{measure.name}: what is asked and how it is scored",
    )
    st.subheader(f"{measure.name}: recall windows", anchor=False)
    word_table(wording.window_rows(measure), f"{measure.name}: recall windows")
    st.subheader(f"{measure.name}: criteria", anchor=False)
    st.markdown(wording.CRITERIA_NOTE)
    word_table(wording.criterion_rows(measure), f"{measure.name}: criteria")


def _section(heading: str, rows: Rows, introduction: str = "") -> None:
    st.header(heading, anchor=False)
    if introduction:
        st.markdown(introduction)
    word_table(rows, heading)


methods()
