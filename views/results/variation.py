"""Variation: whether clinicians, sites or months differ by more than chance."""

from dataclasses import dataclass

import streamlit as st

from analysis import control_charts
from analysis.control_charts import P_CHART, XMR
from analysis.funnel import RATE, Funnel
from measures.criteria import Criterion
from measures.definition import Measure, RecallWindow
from measures.timepoints import TimePoint
from views.results import filters
from views.results.behind import Number, show_behind
from views.results.charts import variation as charts
from views.results.counts.recut import Practice
from views.results.counts.variation import COUNTED, UNITS, Variation, variation
from views.results.exports import Export, download
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import outcomes as outcome_wording
from views.results.wording import variation as wording
from views.results.wording.numbers import unbroken


PAGE = ("results/variation.py", "Variation")


@dataclass(frozen=True)
class Asked:
    """What is compared, and of whom."""

    by: str
    measure: Measure
    window: RecallWindow
    timepoint: TimePoint
    criterion: Criterion | None
    """None: completeness."""


def variation_page() -> None:
    """Draw the page."""
    with results_page("Variation", "variation") as connection:
        with filters.filter_row():
            asked = _ask()
            practice = filters.ask_courses(connection)
        measure, timepoint = asked.measure.code, asked.timepoint.code
        stop_without_courses(practice, measure, timepoint)
        found = variation(
            practice,
            measure,
            timepoint,
            criterion=asked.criterion,
            by=asked.by,
            recall_window=asked.window.code,
        )
        _units(found, practice, asked)
        _months(found, practice, asked)
        with st.expander("What is counted, and how the limits come about"):
            text(wording.definitions(asked.criterion, asked.timepoint.sentence))


def _ask() -> Asked:
    by = _choice("Compared", UNITS, wording.COMPARED, key="variation_by")
    counted = _choice("Counted", COUNTED, wording.COUNTED, key="variation_counted")
    measure = filters.ask_measure()
    return Asked(
        by=by,
        measure=measure,
        criterion=filters.ask_criterion(measure) if counted == RATE else None,
        timepoint=filters.ask_timepoint(),
        window=filters.ask_window(measure),
    )


def _choice(label: str, codes: tuple[str, ...], names: dict[str, str], key: str) -> str:
    return st.segmented_control(
        label,
        codes,
        format_func=names.get,
        default=codes[0],
        required=True,
        key=key,
        persist_state="session",
    )


# Clinicians or sites.


def _units(found: Variation, practice: Practice, asked: Asked) -> None:
    what = wording.asked(found, asked.criterion)
    text(wording.units_sentence(found, what))
    st.caption(outcome_wording.scope_as_typed(practice.selection))
    if isinstance(found.funnel, Funnel):
        chart(
            charts.funnel(found.funnel),
            key="variation_funnel",
            alt=f"Share of each {found.by} by number of courses, with limits of chance",
        )
    st.caption(wording.NOT_ADJUSTED)
    table(wording.unit_rows(found), f"Every {found.by}, in the order of the alphabet")
    if isinstance(found.funnel, Funnel):
        st.caption(unbroken(wording.funnel_notes(found.funnel, found.by)))
    names = [unit.name for unit in found.units]
    unit = st.selectbox(
        f"{wording.BY[found.by]} whose patients to show",
        names,
        format_func=lambda name: name or wording.NOT_RECORDED,
        key=f"variation_unit_{found.by}",
        width=300,
        persist_state="session",
    )
    _behind(found, "units", unit=unit)
    download(
        Export(
            f"variation-by-{found.by}",
            wording.export_units(found),
            wording.layout(found.counted),
            _stamp(practice, asked),
            first=wording.BY[found.by],
        )
    )


# Months.


def _months(found: Variation, practice: Practice, asked: Asked) -> None:
    st.header("Month by month", anchor=False)
    kind = _choice("Chart", (P_CHART, XMR), wording.CHARTS, key="variation_chart")
    drawn = found.p_chart if kind == P_CHART else found.xmr
    text(wording.months_sentence(drawn))
    if isinstance(drawn, control_charts.ControlChart):
        chart(
            charts.months(drawn, found.counted),
            key=f"variation_months_{kind}",
            alt="Share of each month of infusion 1, with limits of chance",
        )
        notes = f"{wording.WHAT_A_SIGNAL_SAYS} {wording.false_alarms(drawn)}"
        st.caption(unbroken(notes))
        st.caption(unbroken(wording.month_notes(drawn, found.counted)))
        table(wording.rule_rows(drawn), "The rules that were asked")
    with st.expander("Every month"):
        table(wording.month_rows(found, drawn), "The courses of each month")
        month = st.selectbox(
            "Month whose patients to show",
            [month.label for month in reversed(found.months)],
            format_func=wording.month_text,
            key="variation_month",
            width=300,
            persist_state="session",
        )
        _behind(found, "months", month=month)
        download(
            Export(
                "variation-by-month",
                wording.export_months(found),
                wording.layout(found.counted),
                _stamp(practice, asked),
                first=wording.MONTH,
            )
        )


def _behind(found: Variation, key: str, **whose: str) -> None:
    numbers = []
    for code, name, states in wording.numbers(found.counted):
        rows = found.in_states(states, **whose)
        numbers.append(
            Number(
                code,
                name,
                lambda rows=rows: outcome_wording.course_table(rows),
                count=len(rows),
            )
        )
    show_behind(numbers, key=f"variation_{key}", page=PAGE)


def _stamp(practice: Practice, asked: Asked) -> dict[str, str]:
    stamp = outcome_wording.selection_stamp(
        practice.selection, asked.measure, asked.window
    )
    if asked.criterion:
        stamp |= outcome_wording.question_stamp(asked.criterion, asked.timepoint)
    else:
        stamp |= {"Time point": asked.timepoint.sentence}
    return stamp | {"Not adjusted": wording.NOT_ADJUSTED}


variation_page()
