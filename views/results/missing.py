"""Missing data: who was due and not measured, and how far the rate depends on them."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analysis.imputation import ImputedRate, change_in_points
from analysis.missingness import (
    CARRIED,
    CLINICIAN,
    INDICATION,
    MeanDifference,
    ShareDifference,
    WhoIsMissing,
)
from analysis.outcomes import EVENT, MISSING, NO_EVENT
from analysis.suppression import Layout
from views.results.charts import missing as charts
from views.results.counts import recut
from views.results.counts.missing import Missing, missing
from views.results.counts.recut import Practice
from views.results.exports import Export, download
from views.results.filters import Question, ask
from views.results.of_courses import ids_in, show_courses
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import missing as wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording.numbers import unbroken


PAGE = ("results/missing.py", "Missing data")


@dataclass(frozen=True, eq=False)
class _Shown:
    """What the sections of the page have in common."""

    practice: Practice
    question: Question
    found: Missing
    courses: pd.DataFrame
    """With the state of each under the criterion."""


def missing_page() -> None:
    """Draw the page."""
    with results_page("Missing data", "missing data") as connection:
        question, practice = ask(connection)
        stop_without_courses(practice, question.measure.code, question.timepoint.code)
        answer = st.container()
        shown = _shown(practice, question, _shift(question))
        if not shown.found.rate.due:
            why = outcome_wording.no_rate(shown.found.rate)
            answer.info(f"{why} {outcome_wording.next_step(shown.found.rate)}")
            _patients(shown)
            return
        with answer:
            _answer(shown)
        _by_approach(shown)
        _who(shown)


def _shift(question: Question) -> int:
    measure = question.measure
    chosen = st.number_input(
        wording.SHIFT,
        min_value=0,
        max_value=measure.highest_total,
        value=change_in_points(measure.code),
        key=f"missing_shift_{measure.code}",
        width=220,
        persist_state="session",
        help=wording.SHIFT_HELP,
    )
    return int(chosen)


def _shown(practice: Practice, question: Question, shift: int) -> _Shown:
    asked = {"recall_window": question.window.code}
    timepoint = question.timepoint.code
    return _Shown(
        practice,
        question,
        missing(practice, question.criterion, timepoint, shift=shift, **asked),
        recut.courses_behind(practice, question.criterion, timepoint, **asked),
    )


# By every approach.


def _answer(shown: _Shown) -> None:
    rate = shown.found.rate
    st.subheader(unbroken(wording.headline(rate)), anchor=False)
    text(outcome_wording.completeness(rate))
    text(wording.imputed_sentence(shown.found.rates))


def _by_approach(shown: _Shown) -> None:
    rates = shown.found.rates
    chart(
        charts.by_approach(rates),
        key="missing_approaches",
        alt="The rate by every approach to the missing, with its interval",
    )
    table(wording.estimate_rows(rates), "The rate by every approach")
    st.caption(f"{wording.NOTHING_KNOWN} {wording.carried_sentence(rates)}")
    st.caption(outcome_wording.criterion_note(shown.question.criterion))
    st.caption(outcome_wording.scope_as_typed(shown.practice.selection))
    _model(shown)
    _patients(shown)
    _download("missing-data", wording.rate_file(rates), wording.RATE_LAYOUT, shown)


def _model(shown: _Shown) -> None:
    rates = shown.found.rates
    with st.expander("Assumptions, model and sources"):
        table(wording.source_rows(rates), "Where each approach is from")
        st.markdown(wording.assumptions())
        if isinstance(rates.imputation, ImputedRate):
            table(wording.model_rows(rates.imputation), "The imputation")


def _patients(shown: _Shown) -> None:
    rates = shown.found.rates
    groups = {
        group.name: ids_in(shown.courses, *group.states)
        for group in outcome_wording.groups(shown.found.rate)
    }
    groups["Met, last observation carried"] = rates.of(CARRIED).event_ids
    groups["Baseline carried forward"] = rates.carried_from_baseline
    show_courses(shown.courses, groups, key="missing", page=PAGE)


# Who is missing.


def _who(shown: _Shown) -> None:
    who = shown.found.who
    st.header("Who is missing", anchor=False)
    text(wording.who_sentence(who))
    if not (who.missing_ids and who.measured_ids):
        return
    for unit in dict.fromkeys(map(wording.unit_of, who.means)):
        chart(
            charts.mean_differences(
                [row for row in who.means if wording.unit_of(row) == unit], unit
            ),
            key=f"missing_{unit}",
            alt=f"How far the missing are from the measured, in {unit}",
        )
    chart(
        charts.share_differences(who.shares),
        key="missing_shares",
        alt="How much more often the missing are of each clinician and indication",
    )
    st.caption(wording.NO_TEST)
    table(wording.mean_rows(who), "Means of the measured and of the missing")
    table(wording.share_rows(who), "Clinicians and indications")
    st.caption(wording.HOW_COMPARED)
    _values_behind(shown, who)
    _who_files(shown, who)


def _values_behind(shown: _Shown, who: WhoIsMissing) -> None:
    by_name = {wording.mean_name(row): row for row in who.means}
    by_name |= {wording.share_name(row): row for row in who.shares}
    name = st.selectbox(
        "Patients behind the numbers of",
        list(by_name),
        key="missing_characteristic",
        width=420,
        persist_state="session",
    )
    ids = _counted_in(by_name[name])
    courses = shown.courses[shown.courses["course_id"].isin(ids)]
    groups = {
        "Measured": ids_in(courses, EVENT, NO_EVENT),
        "Not measured": ids_in(courses, MISSING),
    }
    show_courses(courses, groups, key="missing_who", page=PAGE)


def _counted_in(row: MeanDifference | ShareDifference) -> list[int]:
    if isinstance(row, ShareDifference):
        return list(row.course_ids)
    return [*row.measured.course_ids, *row.missing.course_ids]


def _who_files(shown: _Shown, who: WhoIsMissing) -> None:
    with st.container(horizontal=True):
        means = wording.mean_file(who)
        _download("missing-means", means, wording.MEAN_LAYOUT, shown, "the means")
        for characteristic in (CLINICIAN, INDICATION):
            rows = wording.share_file(who, characteristic)
            _download(
                f"missing-by-{characteristic}",
                rows,
                wording.SHARE_LAYOUT,
                shown,
                f"by {characteristic}",
            )


def _download(
    name: str,
    rows: wording.Exported,
    layout: Layout,
    shown: _Shown,
    of_what: str = "this table",
) -> None:
    question = shown.question
    stamp = {
        **outcome_wording.question_stamp(question.criterion, question.timepoint),
        **outcome_wording.selection_stamp(
            shown.practice.selection, question.measure, question.window
        ),
    }
    export = Export(name, rows, layout, stamp)
    download(export, label=wording.download_label(of_what))


missing_page()
