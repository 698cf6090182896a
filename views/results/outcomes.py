"""Outcomes: what became of everybody at a glance, and one rate in detail."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from analysis.glance import Glance, Quarter
from analysis.outcomes import OutcomeRate
from analysis.suppression import OUTCOME_LAYOUT
from data.published import load_catalogue
from measures.definition import Measure, RecallWindow
from measures.registry import MEASURES
from measures.timepoints import TimePoint
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import glance as charts
from views.results.counts import glance as counts
from views.results.counts import recut
from views.results.counts.recut import Practice
from views.results.exports import Export, download
from views.results.filters import (
    Question,
    ask_courses,
    ask_criterion,
    ask_measure,
    ask_timepoint,
    ask_window,
    filter_row,
)
from views.results.page import chart, results_page, stop_without_courses, table, text
from views.results.report import report_section
from views.results.wording import glance as glance_wording
from views.results.wording import outcomes as wording
from views.results.wording.numbers import unbroken


WARNING_FIGURE = "lii_2023_day1"
PAGE = ("results/outcomes.py", "Outcomes")
Windows = Mapping[str, RecallWindow]


def outcomes() -> None:
    """Draw the page."""
    with results_page("Outcomes", "outcomes", alerts_by_name=True) as connection:
        with filter_row():
            timepoint = ask_timepoint()
            windows = {code: ask_window(m) for code, m in MEASURES.items()}
            practice = ask_courses(connection)
        stop_without_courses(practice, next(iter(MEASURES)), timepoint.code)
        st.caption(glance_wording.why_then(timepoint))
        st.caption(wording.scope_as_typed(practice.selection))
        for code, measure in MEASURES.items():
            _at_a_glance(practice, measure, timepoint, windows[code])
        _caution()
        question = _one_rate(practice, timepoint, windows)
        report_section(practice, question)


# At a glance.


def _at_a_glance(
    practice: Practice, measure: Measure, timepoint: TimePoint, window: RecallWindow
) -> None:
    found = counts.glance(
        practice, measure.code, timepoint.code, recall_window=window.code
    )
    everybody = found[0]
    st.header(glance_wording.heading(everybody), anchor=False)
    sentence = unbroken(glance_wording.headline(everybody))
    if everybody.measured:
        st.subheader(sentence, anchor=False)
        shown = glance_wording.shown(found)
        chart(
            charts.glance(shown),
            key=f"glance_{measure.code}",
            alt=glance_wording.chart_alt(everybody),
        )
        table(glance_wording.table_rows(found), f"{measure.name} at a glance")
        st.caption(unbroken(_glance_notes(found, measure, timepoint, window)))
    else:
        st.info(f"{sentence} {wording.next_step(everybody.responded)}")
    _glance_details(found, measure, timepoint, practice, window)


def _glance_notes(
    found: Sequence[Glance],
    measure: Measure,
    timepoint: TimePoint,
    window: RecallWindow,
) -> str:
    notes = (
        glance_wording.HOW_READ,
        glance_wording.room(found[0]),
        glance_wording.NOT_COMPARED if len(found) > 2 else "",
        glance_wording.not_usual(found),
        glance_wording.window_note(timepoint, measure, window),
    )
    return " ".join(note for note in notes if note)


def _glance_details(
    found: Sequence[Glance],
    measure: Measure,
    timepoint: TimePoint,
    practice: Practice,
    window: RecallWindow,
) -> None:
    with st.expander(f"{measure.name}: every number with its definition and source"):
        rows = glance_wording.definitions(measure, timepoint)
        table(rows, f"{measure.name}: what each number counts")
    with st.container(key=f"{NOT_ON_PAPER}_glance_{measure.code}"):
        _glance_behind(found, measure, practice)
        stamp = glance_wording.glance_stamp(measure, timepoint)
        stamp |= wording.selection_stamp(practice.selection, measure, window)
        download(
            Export(
                f"at-a-glance-{measure.code}",
                glance_wording.export_rows(found),
                glance_wording.glance_layout(found),
                stamp,
                first="Courses",
            )
        )


def _glance_behind(
    found: Sequence[Glance], measure: Measure, practice: Practice
) -> None:
    by_name = {glance_wording.group_name(g.indication): g for g in found}
    name = st.segmented_control(
        f"{measure.name}: whose numbers",
        list(by_name),
        default=glance_wording.EVERYBODY,
        required=True,
        key=f"outcomes_whose_{measure.code}",
        persist_state="session",
        label_visibility="collapsed",
    )
    chosen = by_name.get(name, found[0])
    show_behind(
        [_glance_number(item, chosen, practice) for item in counts.NUMBERS],
        key=f"glance_{measure.code}",
        page=PAGE,
        label=f"Show the patients behind a {measure.name} number",
    )


def _glance_number(
    counted: counts.Counted, glance: Glance, practice: Practice
) -> Number:
    def rows() -> pd.DataFrame:
        courses = counts.courses_of(practice, glance)
        return glance_wording.course_rows(courses[counted.courses(courses)])

    name = glance_wording.NAMES[counted.code]
    return Number(counted.code, name, rows, counted.count(glance))


def _caution() -> None:
    warning = load_catalogue().figure(WARNING_FIGURE)
    text(f"{wording.NOT_A_DRUG_EFFECT} {warning.sentence} ({warning.study.name})")


# One rate in detail.


def _one_rate(practice: Practice, timepoint: TimePoint, windows: Windows) -> Question:
    st.header("One rate in detail", anchor=False)
    with filter_row("rate_filters"):
        measure = ask_measure()
        criterion = ask_criterion(measure)
    question = Question(measure, windows[measure.code], criterion, timepoint)
    rate = recut.outcome(
        practice, criterion, timepoint.code, recall_window=question.window.code
    )
    _rate(rate, question)
    quarters = counts.quarters(
        practice, criterion, timepoint.code, recall_window=question.window.code
    )
    if rate.measured:
        _trend(quarters)
    with st.expander("Every number with its definition and source"):
        table(wording.definitions(rate), "Numbers of the rate")
    with st.container(key=f"{NOT_ON_PAPER}_patients"):
        _rate_behind(practice, question, rate, quarters)
        _rate_files(practice, question, rate, quarters)
    return question


def _rate(rate: OutcomeRate, question: Question) -> None:
    sentence = unbroken(wording.headline(rate))
    if rate.measured:
        st.subheader(sentence, anchor=False)
    else:
        st.info(f"{sentence} {wording.next_step(rate)}")
    text(wording.flow(rate))
    text(wording.completeness(rate))
    st.caption(wording.criterion_note(question.criterion))


def _trend(quarters: Sequence[Quarter]) -> None:
    text(glance_wording.trend_sentence(quarters))
    chart(
        charts.trend(quarters),
        key="outcomes_trend",
        alt="Rate and completeness by quarter; the numbers are in the table below",
    )
    with st.expander("The quarters as a table"):
        table(glance_wording.quarter_rows(quarters), "The rate by quarter")
    st.caption(glance_wording.TREND_CAPTION)


def _rate_behind(
    practice: Practice,
    question: Question,
    rate: OutcomeRate,
    quarters: Sequence[Quarter],
) -> None:
    by_name = {glance_wording.quarter_name(quarter): quarter for quarter in quarters}
    name = st.selectbox(
        "Courses that started in",
        [glance_wording.EVERY_QUARTER, *reversed(by_name)],
        key="outcomes_quarter",
        width=190,
        persist_state="session",
    )
    quarter = by_name.get(name)
    counted = quarter.rate if quarter else rate
    show_behind(
        [
            _rate_number(group, practice, question, quarter)
            for group in wording.groups(counted)
        ],
        key="outcomes",
        page=PAGE,
    )


def _rate_number(
    group: wording.Group,
    practice: Practice,
    question: Question,
    quarter: Quarter | None,
) -> Number:
    def rows() -> pd.DataFrame:
        courses = counts.courses_of_rate(
            practice,
            question.criterion,
            question.timepoint.code,
            recall_window=question.window.code,
            quarter=quarter,
        )
        return wording.course_table(courses[courses["state"].isin(group.states)])

    return Number(group.code, group.name, rows, group.count)


def _rate_files(
    practice: Practice,
    question: Question,
    rate: OutcomeRate,
    quarters: Sequence[Quarter],
) -> None:
    stamp = wording.question_stamp(question.criterion, question.timepoint)
    stamp |= wording.selection_stamp(
        practice.selection, question.measure, question.window
    )
    name = question.criterion.name
    with st.container(horizontal=True):
        download(
            Export(
                "rate",
                {name: glance_wording.rate_row(rate)},
                OUTCOME_LAYOUT,
                stamp,
                first="Rate",
            ),
            label="Download this rate (CSV)",
        )
        download(
            Export(
                "by-quarter",
                glance_wording.quarter_export(quarters),
                OUTCOME_LAYOUT,
                stamp,
                first="Infusion 1 in",
            ),
            label="Download the quarters (CSV)",
        )


outcomes()
