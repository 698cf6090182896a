"""Data quality: what is missing in the record, late, corrected or out of place."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from analysis.data_quality import (
    DUE_STATES,
    OFF_PROTOCOL_REASONS,
    PLACES,
    QUESTIONS,
    classify_due,
    classify_forms,
    classify_infusions,
    classify_places,
    classify_protocol,
)
from analysis.glance import ON_PROTOCOL
from analysis.occurrences import EVENT, NOT_KNOWN
from measures.definition import Measure, RecallWindow
from measures.registry import TIMEPOINTS
from measures.timepoints import TimePoint
from views.results.behind import Number, show_behind
from views.results.charts.occurrences import shares
from views.results.counts.data_quality import (
    FOLLOWED,
    DataQuality,
    QualityRecords,
    data_quality,
    quality_records,
)
from views.results.counts.recut import Practice
from views.results.exports import Export, download
from views.results.filters import (
    ask_courses,
    ask_measure,
    ask_timepoint,
    ask_window,
    filter_row,
)
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import data_quality as wording
from views.results.wording import occurrences
from views.results.wording import outcomes as outcome_wording
from views.results.wording.numbers import unbroken


PAGE = ("results/data_quality.py", "Data quality")
OF_COURSES = "Share of the courses due"
OF_FORMS = "Share of the forms where it is known"
BEHIND_FORMS = "Show the forms behind a number"
BEHIND_COURSES = "Show the courses behind a number"
BEHIND_INFUSIONS = "Show the infusions behind a number"

Stamp = Mapping[str, str]


def page() -> None:
    """Draw the page."""
    with results_page("Data quality", "data quality") as connection:
        with filter_row():
            measure = ask_measure()
            window = ask_window(measure)
            timepoint = ask_timepoint()
            practice = ask_courses(connection)
        records = quality_records(
            practice,
            measure.code,
            recall_window=window.code,
            timepoints=_timepoints(timepoint),
        )
        found = data_quality(records)
        if records.forms.empty and records.infusions.empty:
            # What belongs to no started course is shown all the same.
            _places(found, records)
            _imports(found)
        stop_without_courses(practice, measure.code, timepoint.code)
        st.subheader(unbroken(wording.headline(found, timepoint.code)), anchor=False)
        st.caption(outcome_wording.scope_as_typed(practice.selection))
        stamp = _stamp(practice, measure, window)
        _due(found, records, timepoint, stamp)
        _forms(found, records, stamp)
        _infusions(found, records, stamp)
        _places(found, records)
        _protocol(found, records, stamp)
        _imports(found)
        with st.expander("What the numbers count"):
            table(wording.definitions(), "Definitions")


def _timepoints(chosen: TimePoint) -> list[str]:
    """Return those of a course with the one asked for, in the order of a course."""
    shown = {*FOLLOWED, chosen.code}
    return [code for code in TIMEPOINTS if code in shown]


def _stamp(practice: Practice, measure: Measure, window: RecallWindow) -> Stamp:
    return outcome_wording.selection_stamp(practice.selection, measure, window)


def _due(
    found: DataQuality, records: QualityRecords, timepoint: TimePoint, stamp: Stamp
) -> None:
    st.header("Forms due and done", anchor=False)
    chart(
        shares(
            [(TIMEPOINTS[one.timepoint].name, one.completeness) for one in found.due],
            OF_COURSES,
        ),
        key="quality_due",
        alt="Share of the courses due that were measured, by time point; see the table",
    )
    table(wording.due_rows(found.due), "Forms due and done by time point")
    st.caption(wording.DUE_CAPTION)
    rows = wording.due_export(found.due)
    download(Export("forms-due", rows, wording.DUE_LAYOUT, stamp, "Time point"))
    states = classify_due(records.courses[timepoint.code], as_of_day=records.as_of_day)
    numbers = [
        _number(
            state, wording.DUE_NAMES[state], states[states["state"] == state], "due"
        )
        for state in DUE_STATES
    ]
    label = f"{BEHIND_COURSES}, {outcome_wording.at_timepoint(timepoint.code)}"
    show_behind(numbers, key="quality_due", page=PAGE, label=label)


def _forms(found: DataQuality, records: QualityRecords, stamp: Stamp) -> None:
    st.header("Forms late, incomplete, corrected or withdrawn", anchor=False)
    text(wording.forms_sentence(found.forms, records.measure))
    if records.forms.empty:
        return
    named = wording.forms_named(found.forms)
    chart(
        shares([(name, one.share) for name, one in named], OF_FORMS),
        key="quality_forms",
        alt="Share of forms that are late, incomplete and so on; as in the table",
    )
    st.caption(wording.FORMS_CAPTION)
    with st.expander("The numbers, and of which it is not known"):
        table(occurrences.table_rows(named, "Forms", "forms"), "Forms")
        rows = occurrences.export_rows(named)
        download(Export("forms", rows, occurrences.LAYOUT, stamp, "Forms"))
    numbers = []
    for question in QUESTIONS:
        name = wording.QUESTION_NAMES[question]
        states = classify_forms(records.forms, question)
        numbers.append(
            _number(question, name, states[states["state"] == EVENT], "form")
        )
        unknown = states[states["state"] == NOT_KNOWN]
        if len(unknown):
            label = f"{name}, not known"
            numbers.append(_number(f"{question} unknown", label, unknown, "form"))
    show_behind(numbers, key="quality_forms", page=PAGE, label=BEHIND_FORMS)


def _infusions(found: DataQuality, records: QualityRecords, stamp: Stamp) -> None:
    st.header("Infusions without a form", anchor=False)
    text(wording.infusions_sentence(found, records.measure))
    st.caption(wording.INFUSIONS_CAPTION)
    states = classify_infusions(
        records.infusions, records.forms, measure=records.measure
    )
    without = states["state"] == EVENT
    numbers = [
        _number("without", "Without a form", states[without], "infusion"),
        _number("with", "With a form", states[~without], "infusion"),
    ]
    named = [("Infusions without a form", found.without_form)]
    rows = occurrences.export_rows(named)
    download(Export("infusions-without-form", rows, occurrences.LAYOUT, stamp))
    show_behind(numbers, key="quality_infusions", page=PAGE, label=BEHIND_INFUSIONS)


def _places(found: DataQuality, records: QualityRecords) -> None:
    st.header("Forms without an infusion", anchor=False)
    text(wording.places_sentence(found.places))
    table(wording.place_rows(found.places), "Forms beside infusions")
    st.caption(wording.PLACES_CAPTION)
    states = classify_places(
        records.all_forms, records.all_infusions, as_of_day=records.as_of_day
    )
    numbers = [
        _number(
            place, wording.PLACE_NAMES[place], states[states["state"] == place], "form"
        )
        for place in PLACES
    ]
    show_behind(numbers, key="quality_places", page=PAGE, label=BEHIND_FORMS)


def _protocol(found: DataQuality, records: QualityRecords, stamp: Stamp) -> None:
    st.header("Protocol", anchor=False)
    text(wording.protocol_sentence(found.protocol))
    table(wording.protocol_rows(found.protocol), "Courses on and off protocol")
    st.caption(wording.PROTOCOL_CAPTION)
    rows, layout = wording.protocol_export(found.protocol), wording.PROTOCOL_LAYOUT
    download(Export("protocol", rows, layout, stamp, "Course"))
    show_behind(
        _protocol_numbers(records),
        key="quality_protocol",
        page=PAGE,
        label=BEHIND_COURSES,
    )


def _protocol_numbers(records: QualityRecords) -> list[Number]:
    courses = next(iter(records.courses.values()))
    rows = classify_protocol(courses, as_of_day=records.as_of_day)
    kept = rows["protocol"] == ON_PROTOCOL
    numbers = [_number("on", "On protocol", rows[kept], "course")]
    numbers += [
        _number(
            reason,
            wording.REASON_NAMES[reason],
            rows[rows["reason"] == reason],
            "course",
        )
        for reason in OFF_PROTOCOL_REASONS
    ]
    still = rows[~kept & (rows["reason"] == "")]
    return [*numbers, _number("still", "Still in induction", still, "course")]


def _imports(found: DataQuality) -> None:
    st.header("Refused imports", anchor=False)
    text(wording.imports_sentence(found.imports))
    st.caption(wording.IMPORTS_CAPTION)
    if found.imports:
        with st.expander("Every refused import"):
            table(wording.import_rows(found.imports), "Refused imports")


ROWS = {
    "due": wording.due_table,
    "form": wording.form_table,
    "infusion": wording.infusion_table,
    "course": wording.protocol_table,
}


def _number(code: str, name: str, rows: pd.DataFrame, kind: str) -> Number:
    """Return a number whose list is put together once it is opened."""
    return Number(code, name, lambda: ROWS[kind](rows), count=len(rows))


page()
