"""Durability: how long what was reached by the end of induction lasts."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from analysis.durability import (
    LAST_INFUSION,
    ORIGINS,
    BoosterIntervals,
    Durability,
    TooFew,
)
from data.database import Connection
from data.published import load_catalogue
from measures.definition import Measure
from measures.durability import LOSS_RULES, LossRule, loss_rules_of
from measures.timepoints import END_OF_INDUCTION
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import durability as charts
from views.results.counts import durability as counts
from views.results.counts.durability import Lasting, Question
from views.results.counts.recut import Practice
from views.results.exports import Export, download
from views.results.filters import (
    ask_courses,
    ask_criterion,
    ask_measure,
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
from views.results.wording import boosters as booster_wording
from views.results.wording import durability as wording
from views.results.wording import durability_files as files
from views.results.wording.numbers import unbroken
from views.results.wording.outcomes import (
    criterion_note,
    scope_as_typed,
    selection_stamp,
)
from views.results.wording.published import doi_link


PAGE = ("results/durability.py", "Durability")


def durability() -> None:
    """Draw the page."""
    with results_page("Durability", "durability") as connection:
        measure, question, practice = _ask(connection)
        stop_without_courses(practice, measure.code, END_OF_INDUCTION.code)
        lasting = counts.lasting(practice, question)
        courses = counts.courses_behind(practice, question)
        window = measure.recall_window(question.recall_window)
        stamp = selection_stamp(practice.selection, measure, window)
        _headline(practice, lasting.answer)
        _curves(question, lasting)
        _definitions(question, lasting.answer)
        _patients(courses, lasting.answer)
        _file(question, lasting.answer, stamp)
        intervals = _boosters(practice, question, courses)
        if intervals:
            _booster_file(intervals, stamp)
        _published(question, lasting.answer)


def _ask(connection: Connection) -> tuple[Measure, Question, Practice]:
    with filter_row():
        measure = ask_measure()
        window = ask_window(measure)
        criterion = ask_criterion(measure)
        rule = _ask_rule(measure)
        until_booster = _ask_boosters()
        origin = _ask_origin()
        practice = ask_courses(connection)
    question = Question(rule, criterion, window.code, until_booster, origin)
    return measure, question, practice


def _ask_rule(measure: Measure) -> LossRule:
    code = st.selectbox(
        "Lost when",
        [rule.code for rule in loss_rules_of(measure.code)],
        format_func=wording.rule_choice,
        key=f"durability_rule_{measure.code}",
        width=330,
        persist_state="session",
        help="No definition of relapse is agreed, so each rule has its own name.",
    )
    return LOSS_RULES[code]


def _ask_boosters() -> bool:
    return st.selectbox(
        "Followed",
        list(wording.BOOSTERS),
        format_func=wording.BOOSTERS.get,
        key="durability_until_booster",
        width=210,
        persist_state="session",
        help="An infusion after the last of induction is a booster.",
    )


def _ask_origin() -> str:
    return st.selectbox(
        "Day 0",
        ORIGINS,
        index=ORIGINS.index(LAST_INFUSION),
        format_func=wording.ORIGINS.get,
        key="durability_origin",
        width=230,
        persist_state="session",
        help=(
            "From the last induction infusion, nobody can have the event before the "
            "form at the end of induction; from that form, everybody can."
        ),
    )


def _headline(practice: Practice, answer: Durability) -> None:
    sentence = unbroken(wording.headline(answer))
    if isinstance(answer.seen, TooFew):
        st.info(f"{sentence} {wording.next_step(answer)}")
    else:
        st.subheader(sentence, anchor=False)
        text(wording.known_share(answer))
    text(wording.flow(answer))
    text(f"{wording.apart(answer)} {wording.measured_at_end(answer)}")
    st.caption(scope_as_typed(practice.selection))


def _curves(question: Question, lasting: Lasting) -> None:
    answer = lasting.answer
    if isinstance(answer.seen, TooFew):
        return
    chart(
        charts.survival(
            charts.lines_of(answer, lasting.other_boosters, wording.BOOSTERS),
            day_0=wording.day_0(question.origin),
            without=f"Still without {question.rule.kind}",
        ),
        key="durability_curves",
        alt=wording.curve_alt(answer),
    )
    st.caption(f"{wording.FEW_AT_THE_END} {wording.HOW_FOLLOWED}")
    st.caption(wording.BOOSTERS_SAY_NOTHING)
    table(
        wording.risk_rows(answer, lasting.other_boosters),
        "Share still without, and how many are followed that far",
    )
    st.subheader("How much hangs on the way of counting", anchor=False)
    text(wording.looks(answer))
    table(wording.hanging_rows(lasting), "The same counted in other ways")


def _definitions(question: Question, answer: Durability) -> None:
    with st.expander("Every number with its definition and source"):
        st.caption(f"Reached: {criterion_note(question.criterion)}")
        st.caption(f"The event: {wording.rule_note(question.rule)}")
        st.caption(f"Day 0: {wording.ORIGIN_NOTES[question.origin]}")
        table(wording.definitions(answer), "Numbers of the curve")


def _patients(courses: pd.DataFrame, answer: Durability) -> None:
    groups = counts.groups(courses)
    _behind(
        "durability",
        [
            _number(code, name, wording.followed_table, groups[code])
            for code, name in wording.GROUPS.items()
        ],
    )
    if isinstance(answer.seen, TooFew):
        return
    _behind(
        "durability_days",
        [
            _number(str(day), f"Followed to day {day}", wording.followed_table, rows)
            for day, rows in counts.followed_to(courses).items()
        ],
        label="And those behind the numbers under the axis, as asked",
    )


def _number(
    code: str, name: str, table_of: Callable[..., pd.DataFrame], rows: pd.DataFrame
) -> Number:
    return Number(code, name, partial(table_of, rows), count=len(rows))


def _behind(key: str, numbers: Sequence[Number], **words: str) -> None:
    with st.container(key=f"{NOT_ON_PAPER}_{key}"):
        show_behind(numbers, key=key, page=PAGE, **words)


def _boosters(
    practice: Practice, question: Question, courses: pd.DataFrame
) -> BoosterIntervals | None:
    st.header("Boosters", anchor=False)
    intervals = counts.boosters(practice, question)
    if not intervals.boosted:
        st.info("No booster was given in the chosen courses up to this day.")
        return None
    rows = counts.boosters_behind(practice, question)
    first = rows["number"] == 1
    text(booster_wording.sentence(intervals))
    chart(
        charts.boosters(rows.loc[first, "days"], rows.loc[~first, "days"]),
        key="durability_boosters",
        alt=f"Days between boosters: {booster_wording.sentence(intervals)}",
    )
    st.caption(booster_wording.ONLY_ENDED)
    table(booster_wording.rows(intervals), "Days between boosters")
    induced = counts.with_induction(courses)
    listed = booster_wording.course_table
    _behind(
        "durability_boosters",
        [
            _number("courses", "With an induction", wording.induction_table, induced),
            _number("first", "First boosters", listed, rows[first]),
            _number("later", "Later boosters", listed, rows[~first]),
        ],
    )
    return intervals


def _published(question: Question, answer: Durability) -> None:
    figures = counts.published_beside(load_catalogue(), question.rule.measure)
    if not figures:
        return
    st.header("Beside what was published", anchor=False)
    text(wording.HOW_PUBLISHED)
    table(wording.published_rows(figures, answer), "Published durability")
    with st.expander("What was seen of each published figure, and where"):
        table(wording.published_details(figures), "What was seen of each figure")
        studies = {figure.study.name: figure.study for figure in figures}
        for name, study in studies.items():
            if study.doi:
                st.markdown(f"{name}: {doi_link(study.doi)}")


def _file(question: Question, answer: Durability, stamp: Mapping[str, str]) -> None:
    rows, layout = files.export_rows(answer), files.export_layout(answer)
    stamp = {**files.question_stamp(question), **stamp}
    download(Export("durability", rows, layout, stamp, first="Rule"))


def _booster_file(intervals: BoosterIntervals, stamp: Mapping[str, str]) -> None:
    rows, layout = booster_wording.export_rows(intervals), booster_wording.LAYOUT
    stamp = {**booster_wording.STAMP, **stamp}
    download(Export("boosters", rows, layout, stamp, first="Interval"))


durability()
