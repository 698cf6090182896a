"""Quality measures: what the practice would report, counted as the owners count."""

from collections.abc import Mapping

import streamlit as st

from data.database import Connection
from measures.days import day_date, day_number
from measures.quality_measures import (
    QUALITY_MEASURES,
    Period,
    QualityMeasure,
    calendar_year,
)
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import quality as charts
from views.results.counts import quality as counts
from views.results.counts.quality import Counted
from views.results.counts.recut import Practice, Selection
from views.results.exclusions import exclusions_section
from views.results.exports import Export, download
from views.results.filters import ask_as_of, filter_row
from views.results.page import chart, results_page, table, text
from views.results.wording import quality as wording


PAGE = ("results/quality.py", "Quality measures")
OWN_DATES = "own dates"


def quality() -> None:
    """Draw the page."""
    with results_page("Quality measures", "quality measures") as connection:
        with filter_row():
            practice, period = _ask(connection)
        found = counts.quality_measures(practice, period)
        _overview(found, period)
        measure = _chosen(found)
        counted = found[measure.code]
        _numbers(measure, counted)
        _definition(measure)
        _patients(measure, counted)
        _download(measure, counted)
        exclusions_section(connection, measure, counted.rows)


def _ask(connection: Connection) -> tuple[Practice, Period]:
    as_of_day = ask_as_of()
    practice = Practice(connection, Selection(as_of_day=as_of_day))
    known = counts.years(practice)
    if not known:
        st.info(wording.NOTHING_RECORDED)
        st.stop()
    usual = counts.usual_year(known, as_of_day)
    chosen = st.selectbox(
        "Measurement period",
        [*known, OWN_DATES],
        index=known.index(usual),
        format_func=lambda year: str(year).capitalize(),
        key="quality_period",
        width=170,
        persist_state="session",
        help="Owners ask for calendar years. Which forms count in it is each owner's.",
    )
    if chosen != OWN_DATES:
        return practice, calendar_year(chosen)
    return practice, _own_period(calendar_year(usual))


def _own_period(usual: Period) -> Period:
    first = _day("From", "from", usual.first_day)
    last = _day("Until", "until", usual.last_day)
    if last < first:
        st.info(wording.ENDS_BEFORE_IT_BEGINS)
        st.stop()
    return Period(first, last)


def _day(label: str, name: str, usual: int) -> int:
    chosen = st.date_input(
        label,
        value=day_date(usual),
        key=f"quality_{name}",
        width=132,
        format="YYYY-MM-DD",
        persist_state="session",
    )
    return day_number(chosen or day_date(usual))


def _overview(found: Mapping[str, Counted], period: Period) -> None:
    results = {code: counted.result for code, counted in found.items()}
    st.subheader(wording.overview(results, period), anchor=False)
    text(wording.INTRODUCTION)
    chart(
        charts.overview(results),
        key="quality_overview",
        alt="Share that met the rule of each quality measure, as its owner counts",
    )
    table(wording.overview_rows(results), "Quality measures of the period")
    st.caption(wording.OVERVIEW_NOTE)


def _chosen(found: Mapping[str, Counted]) -> QualityMeasure:
    codes = list(found)
    has_rate = [found[code].result.rate is not None for code in codes]
    st.header("One measure", anchor=False)
    with st.container(key=f"{NOT_ON_PAPER}_measure"):
        code = st.selectbox(
            "Quality measure",
            codes,
            index=has_rate.index(True) if any(has_rate) else 0,
            format_func=lambda code: wording.title(QUALITY_MEASURES[code]),
            key="quality_measure",
            width=460,
            persist_state="session",
        )
    return QUALITY_MEASURES[code]


def _numbers(measure: QualityMeasure, counted: Counted) -> None:
    result = counted.result
    if result.rate:
        text(f"**{wording.headline(result)}**")
    else:
        st.info(wording.headline(result))
    text(wording.followed_up(result))
    st.caption(" ".join(wording.standing(measure, result)))
    rows = wording.number_rows(wording.numbers(measure, result))
    table(rows, f"Numbers of {wording.title(measure)}")


def _definition(measure: QualityMeasure) -> None:
    with st.expander("Definition, version, sources, and what is left out"):
        table(wording.definition_rows(measure), "Definition of the measure")


def _patients(measure: QualityMeasure, counted: Counted) -> None:
    rows = counted.rows
    numbers = [
        Number(
            number.code,
            number.name,
            lambda number=number: wording.behind(measure, number.of(rows)),
            number.count,
        )
        for number in wording.numbers(measure, counted.result)
    ]
    with st.container(key=f"{NOT_ON_PAPER}_patients"):
        show_behind(numbers, key=f"quality_{measure.code}", page=PAGE)


def _download(measure: QualityMeasure, counted: Counted) -> None:
    result = counted.result
    download(
        Export(
            f"quality-{measure.code.replace('_', '-')}",
            {wording.title(measure): wording.file_columns(measure, result)},
            wording.file_layout(measure),
            wording.stamp(measure, result),
            first="Measure",
        ),
        label="Download this measure (CSV)",
    )


quality()
