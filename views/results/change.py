"""Change: how far courses moved from baseline, beyond error or not, and on what."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analysis.change_shape import AnswerChanges, Regions, TooFew
from analysis.outcomes import OutcomeRate
from analysis.suppression import Layout
from measures.registry import CRITERIA
from views.results.charts import change as charts
from views.results.counts import recut
from views.results.counts.change import Change, change
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
from views.results.wording import change as wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording.numbers import unbroken


PAGE = ("results/change.py", "Change")


@dataclass(frozen=True, eq=False)
class _Shown:
    """What the sections of the page have in common."""

    practice: Practice
    question: Question
    found: Change
    rate: OutcomeRate
    """Of the criterion that was asked for."""
    courses: pd.DataFrame
    """With the state of each under that criterion."""


def change_page() -> None:
    """Draw the page."""
    with results_page("Change", "change") as connection:
        question, practice = ask(connection)
        stop_without_courses(practice, question.measure.code, question.timepoint.code)
        shown = _shown(practice, question)
        if not shown.rate.measured:
            why = outcome_wording.no_rate(shown.rate)
            st.info(f"{why} {outcome_wording.next_step(shown.rate)}")
            _patients(shown)
            return
        _each_course(shown)
        _regions(shown)
        _parts(shown)
        _criteria(shown)


def _shown(practice: Practice, question: Question) -> _Shown:
    found = change(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    )
    asked = question.criterion.code
    rate = next(rate for rate in found.criteria if rate.criterion == asked)
    return _Shown(practice, question, found, rate, _under(practice, question, asked))


def _under(practice: Practice, question: Question, criterion: str) -> pd.DataFrame:
    """Return the courses with their state under one criterion."""
    return recut.courses_behind(
        practice,
        CRITERIA[criterion],
        question.timepoint.code,
        recall_window=question.window.code,
    )


def _each_course(shown: _Shown) -> None:
    mean, waterfall = shown.found.mean, shown.found.waterfall
    st.subheader(unbroken(wording.headline(mean, waterfall)), anchor=False)
    text(wording.not_in_it(mean))
    chart(
        charts.waterfall(waterfall, shown.question.criterion.fall_percent),
        key="change_waterfall",
        alt="Change of each course in percent of its baseline, the greatest rise first",
    )
    drawn = len(charts.spread_out(waterfall.rows))
    st.caption(wording.spread_out(waterfall, drawn))
    table(wording.change_rows(mean, waterfall), "Mean change")
    text(outcome_wording.completeness(shown.rate))
    st.caption(wording.NOT_AN_EFFECT)
    st.caption(outcome_wording.criterion_note(shown.question.criterion))
    st.caption(outcome_wording.scope_as_typed(shown.practice.selection))
    _patients(shown)
    rows = wording.change_file(mean, waterfall)
    _download("change", rows, wording.CHANGE_LAYOUT, shown)


def _patients(shown: _Shown) -> None:
    points = shown.found.regions.points
    states = {
        group.name: ids_in(shown.courses, *group.states)
        for group in outcome_wording.groups(shown.rate)
    }
    moved = {
        "Lower than at baseline": points[points["change"] < 0],
        "The same": points[points["change"] == 0],
        "Higher than at baseline": points[points["change"] > 0],
    }
    directions = {name: rows["course_id"].tolist() for name, rows in moved.items()}
    show_courses(shown.courses, states | directions, key="change", page=PAGE)


# Baseline against score.


def _regions(shown: _Shown) -> None:
    st.header("Beyond error of measurement", anchor=False)
    found = shown.found.regions
    chosen = _boundary(shown)
    text(wording.regions_sentence(chosen))
    chart(
        charts.baseline_against_score(found, chosen, shown.question.measure),
        key="change_regions",
        alt="Score of each course against its baseline, with the lines of no change, "
        "of reliable change and of the cut-off",
    )
    st.caption(f"{wording.HOW_DRAWN} {wording.began_functional(found)}")
    table(wording.region_rows(found), "Reliable change under every rule")
    for refused in found.refused:
        st.caption(wording.refused_sentence(refused))
    with st.expander("What the regions and the rules of reliable change mean"):
        text(wording.HOW_COMPUTED)
        table(wording.region_definitions(found), "Regions and rules")
    groups = {
        wording.region_name(region.outcome): region.course_ids
        for region in chosen.regions
    }
    groups["Began below the cut-off"] = found.began_functional
    show_courses(shown.courses, groups, key="change_regions", page=PAGE)
    rows = wording.region_file(found)
    _download("reliable-change", rows, wording.REGION_LAYOUT, shown, "Rule")


def _boundary(shown: _Shown) -> Regions:
    by_code = {
        regions.boundary.code: regions for regions in shown.found.regions.by_boundary
    }
    code = st.selectbox(
        "Reliable change in the chart",
        list(by_code),
        format_func=lambda code: wording.boundary_name(by_code[code].boundary),
        key=f"change_boundary_{shown.question.measure.code}",
        width=420,
        persist_state="session",
    )
    return by_code[code]


# Clusters and items.


def _parts(shown: _Shown) -> None:
    answers = shown.found.answers
    if not answers.answered:
        st.header("Items", anchor=False)
        st.info(wording.NO_ANSWERS)
        _answers_behind(shown, answers)
        return
    if len(answers.domains) > 1:
        _domains(shown, answers)
    _items(shown, answers)


def _domains(shown: _Shown, answers: AnswerChanges) -> None:
    st.header("Clusters", anchor=False)
    text(wording.domains_sentence(answers.domains, shown.question.measure))
    chart(
        charts.domains(answers.domains),
        key="change_domains",
        alt="Change in points by cluster: mean with interval, median and quartiles",
    )
    table(wording.domain_rows(answers.domains), "Change by cluster")
    rows = wording.domain_file(answers.domains)
    groups = {wording.domain_name(c): c.course_ids for c in answers.domains}
    show_courses(shown.courses, groups, key="change_domains", page=PAGE)
    _download("change-by-cluster", rows, wording.DOMAIN_LAYOUT, shown, "Cluster")


def _items(shown: _Shown, answers: AnswerChanges) -> None:
    st.header("Items", anchor=False)
    order = answers.most_moved()
    changes = answers.items if isinstance(order, TooFew) else order
    text(wording.items_sentence(order))
    chart(
        charts.items(changes),
        key="change_items",
        alt="Mean change in points of each item, with its interval",
    )
    st.caption(f"{wording.answered_sentence(answers)} {wording.ANSWERED_AT_BOTH}")
    table(wording.item_rows(changes), "Change by item")
    note = wording.item_note(shown.question.measure)
    if note:
        st.caption(note)
    _answers_behind(shown, answers)
    rows = wording.item_file(changes)
    _download("change-by-item", rows, wording.ITEM_LAYOUT, shown, "Item")


def _answers_behind(shown: _Shown, answers: AnswerChanges) -> None:
    by_name = {wording.item_name(change): change for change in answers.items}
    name = st.selectbox(
        "Patients behind the numbers of",
        list(by_name),
        key=f"change_item_{shown.question.measure.code}",
        width=320,
        persist_state="session",
    )
    change_of_item = by_name[name]
    groups = {
        wording.ANSWERED: change_of_item.course_ids,
        wording.BETTER: change_of_item.better_ids,
        wording.WORSE: change_of_item.worse_ids,
        wording.WITHOUT_ANSWERS: answers.without_answers,
    }
    show_courses(shown.courses, groups, key="change_item", page=PAGE)


# Every criterion.


def _criteria(shown: _Shown) -> None:
    st.header("By every criterion", anchor=False)
    rates = shown.found.criteria
    text(wording.criteria_sentence(rates))
    chart(
        charts.criteria(rates),
        key="change_criteria",
        alt="Share of the measured that met each criterion, with its interval",
    )
    table(wording.criterion_rows(rates), "Every criterion")
    with st.expander("What each criterion asks for, and its source"):
        table(wording.criterion_definitions(rates), "Criteria")
    _criterion_behind(shown)
    rows = wording.criterion_file(rates)
    _download("every-criterion", rows, wording.CRITERION_LAYOUT, shown, "Criterion")


def _criterion_behind(shown: _Shown) -> None:
    rates = {rate.criterion: rate for rate in shown.found.criteria}
    code = st.selectbox(
        "Patients behind the rate of",
        list(rates),
        format_func=outcome_wording.criterion_choice,
        key=f"change_criterion_{shown.question.measure.code}",
        width=420,
        persist_state="session",
    )
    courses = _under(shown.practice, shown.question, code)
    groups = {
        group.name: ids_in(courses, *group.states)
        for group in outcome_wording.groups(rates[code])
        if group.code in ("due", "missing", "measured", "events", "no_events")
    }
    show_courses(courses, groups, key="change_criterion", page=PAGE)


def _download(
    name: str,
    rows: wording.Exported,
    layout: Layout,
    shown: _Shown,
    first: str = "Number",
) -> None:
    question = shown.question
    asked = outcome_wording.selection_stamp(
        shown.practice.selection, question.measure, question.window
    )
    when = outcome_wording.question_stamp(question.criterion, question.timepoint)
    # The criterion is not in it: the tables are of every one, or of none.
    stamp = {"Time point": when["Time point"], **asked}
    download(Export(name, rows, layout, stamp, first))


change_page()
