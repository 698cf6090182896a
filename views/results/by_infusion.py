"""By infusion: who meets a criterion after each, who went on, and how long it took."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from analysis.by_infusion import (
    GIVEN_MEASURED,
    GIVEN_NOT_DUE,
    GIVEN_NOT_MEASURED,
    STILL_TO_COME,
    STOPPED_BEFORE,
    Attendance,
)
from analysis.ever import INFUSIONS, EverCurve
from analysis.outcomes import EVENT
from data.database import Connection
from measures.criteria import Criterion
from measures.definition import Measure, RecallWindow
from measures.timepoints import DEFAULT_TIMEPOINT
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import by_infusion as charts
from views.results.charts import outcomes as curves
from views.results.counts import by_infusion as counts
from views.results.counts.by_infusion import (
    EVER,
    MET,
    NOT_MET,
    NOT_SEEN,
    ByInfusion,
)
from views.results.counts.recut import Practice
from views.results.exports import Export, download
from views.results.filters import (
    ask_courses,
    ask_criterion,
    ask_measure,
    ask_window,
    filter_row,
)
from views.results.page import chart, results_page, stop_without_courses, table, text
from views.results.wording import by_infusion as wording
from views.results.wording import outcomes as rate_wording
from views.results.wording.numbers import unbroken


PAGE = ("results/by_infusion.py", "By infusion")
Rows = Callable[[], pd.DataFrame]


class Asked(NamedTuple):
    """What the page is asked."""

    practice: Practice
    measure: Measure
    window: RecallWindow
    criterion: Criterion


def by_infusion() -> None:
    """Draw the page."""
    with results_page("By infusion", "by infusion") as connection:
        asked = _ask(connection)
        stop_without_courses(asked.practice, asked.measure.code, DEFAULT_TIMEPOINT.code)
        found = counts.by_infusion(
            asked.practice, asked.criterion, recall_window=asked.window.code
        )
        if not found.ever.measured:
            st.info(rate_wording.NOT_AFTER_ANY_INFUSION)
            return
        _curves(found, asked)
        _attendance(found, asked)
        _time(found, asked)
        with st.expander("Every number with its definition and source"):
            table(wording.definitions(asked.criterion), "What each number counts")


def _ask(connection: Connection) -> Asked:
    with filter_row():
        measure = ask_measure()
        criterion, window = ask_criterion(measure), ask_window(measure)
        return Asked(ask_courses(connection), measure, window, criterion)


def _curves(found: ByInfusion, asked: Asked) -> None:
    headline = rate_wording.by_infusion_headline(found.ever)
    st.subheader(unbroken(headline), anchor=False)
    text(rate_wording.by_infusion_sentence(found.ever))
    chart(
        curves.by_infusion(found.now, found.ever),
        key="outcomes_by_infusion",
        alt="Share meeting the criterion now, and at least once, by infusion number",
    )
    shown = {number: found.now[number] for number in _shown(found)}
    table(rate_wording.infusion_rows(shown, found.ever), "Both curves by infusion")
    st.caption(rate_wording.scope_as_typed(asked.practice.selection))


def _shown(found: ByInfusion) -> list[int]:
    return curves.shown_infusions(found.now)


# Who went on.


def _attendance(found: ByInfusion, asked: Asked) -> None:
    st.header("Who went on, and who was measured", anchor=False)
    attended = [at for at in found.attendance if at.number in _shown(found)]
    text(wording.attendance_sentence(attended))
    chart(
        charts.attendance(attended),
        key="by_infusion_attendance",
        alt=wording.ATTENDANCE_ALT,
    )
    table(wording.attendance_rows(attended), "Courses at each infusion")
    st.caption(wording.DROP_OUT_CAPTION)
    with st.container(key=f"{NOT_ON_PAPER}_attendance"):
        _attendance_behind(attended, found, asked)
        download(
            Export(
                "by-infusion",
                wording.export_rows(found.now, attended),
                wording.LAYOUT,
                {
                    **_stamp(asked),
                    rate_wording.EVER_CURVE: wording.NO_CURVE,
                },
                first="After infusion",
            )
        )


def _attendance_behind(
    attended: list[Attendance], found: ByInfusion, asked: Asked
) -> None:
    by_number = {at.number: at for at in attended}
    number = st.selectbox(
        "At infusion",
        list(by_number),
        key="by_infusion_number",
        width=120,
        persist_state="session",
    )
    at = by_number.get(number, attended[0])
    each = {
        GIVEN_MEASURED: at.measured,
        GIVEN_NOT_MEASURED: at.not_measured,
        GIVEN_NOT_DUE: at.not_due,
        STOPPED_BEFORE: at.stopped,
        STILL_TO_COME: at.to_come,
    }
    given = _rows_at(asked, at.number, "attendance", wording.GIVEN)
    met = _rows_at(asked, at.number, "state", (EVENT,))
    numbers = [
        Number("given", wording.GIVEN_NAME, given, at.given),
        Number("met", "Meeting it now", met, found.now[at.number].events),
    ]
    for kind, count in each.items():
        rows = _rows_at(asked, at.number, "attendance", (kind,))
        numbers.append(Number(_code(kind), wording.NAMES[kind], rows, count))
    show_behind(numbers, key="by_infusion_at", page=PAGE)


def _rows_at(asked: Asked, number: int, column: str, values: Sequence[str]) -> Rows:
    def rows() -> pd.DataFrame:
        courses = counts.courses_at(
            asked.practice, asked.criterion, number, recall_window=asked.window.code
        )
        return wording.infusion_table(courses[courses[column].isin(values)])

    return rows


def _code(kind: str) -> str:
    return kind.replace(",", "").replace(" ", "_")


# How long it took.


def _time(found: ByInfusion, asked: Asked) -> None:
    st.header("Time to the criterion", anchor=False)
    text(wording.time_sentence(found.ever, found.days))
    if found.days.steps:
        chart(
            charts.by_days(found.days, counts.FOLLOWED_DAYS),
            key="by_infusion_days",
            alt=wording.DAYS_ALT,
        )
    table(wording.time_rows(found.ever, found.days), "Time to the criterion")
    st.caption(unbroken(wording.TIME_CAPTION))
    with st.container(key=f"{NOT_ON_PAPER}_time"):
        _ever_behind(found.days, asked)
        _ever_behind(found.ever, asked)
        download(
            Export(
                "time-to-criterion",
                wording.time_export(found.ever, found.days),
                wording.TIME_LAYOUT,
                _stamp(asked),
                first="Counted in",
            )
        )


def _ever_behind(curve: EverCurve, asked: Asked) -> None:
    counted = {
        wording.ELIGIBLE_NAME: (curve.eligible, EVER),
        wording.FOLLOWED_NAME: (curve.measured, (MET, NOT_MET)),
        wording.EVER_NAMES[MET]: (curve.events, (MET,)),
        wording.EVER_NAMES[NOT_MET]: (curve.measured - curve.events, (NOT_MET,)),
        wording.EVER_NAMES[NOT_SEEN]: (curve.eligible - curve.measured, (NOT_SEEN,)),
    }
    show_behind(
        [
            Number(_code(name), name, _rows_ever(asked, curve.unit, kinds), count)
            for name, (count, kinds) in counted.items()
        ],
        key=f"by_infusion_{curve.unit}",
        page=PAGE,
        label=f"In {curve.unit}: show the patients behind a number",
    )


def _rows_ever(asked: Asked, unit: str, kinds: Sequence[str]) -> Rows:
    def rows() -> pd.DataFrame:
        ask = (asked.practice, asked.criterion)
        window = asked.window.code
        if unit == INFUSIONS:
            courses = counts.courses_ever(*ask, recall_window=window)
            return wording.infusion_table(courses[courses["ever"].isin(kinds)])
        courses = counts.courses_within(*ask, recall_window=window)
        return wording.time_table(courses[courses["ever"].isin(kinds)])

    return rows


def _stamp(asked: Asked) -> dict[str, str]:
    return {
        "Criterion": asked.criterion.sentence,
        **rate_wording.selection_stamp(
            asked.practice.selection, asked.measure, asked.window
        ),
    }


by_infusion()
