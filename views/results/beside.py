"""Beside published figures: the practice counted each figure's own way."""

from collections.abc import Mapping, Sequence

import streamlit as st

from analysis.comparison import CHANGE, REMISSION, RESPONSE, Comparison, Refusal
from analysis.outcomes import EVENT, MISSING, NO_EVENT
from analysis.power import Beside as PowerBeside
from data.published import Catalogue, load_catalogue
from measures.definition import Measure
from measures.timepoints import DEFAULT_TIMEPOINT
from views.results.behind import Number, show_behind
from views.results.charts import outcomes as charts
from views.results.counts import beside as counts
from views.results.counts import recut
from views.results.counts.recut import Beside, Practice
from views.results.exports import Export, download
from views.results.filters import ask_courses, ask_measure, filter_row
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import beside as wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording import power as power_wording
from views.results.wording import published as published_wording
from views.results.wording.numbers import unbroken


PAGE = ("results/beside.py", "Beside published")

Result = Comparison | Refusal
Results = Mapping[str, Result]
Told = Mapping[str, PowerBeside | None]


def beside_published() -> None:
    """Draw the page."""
    with results_page(PAGE[1], "beside published") as connection:
        with filter_row():
            measure, outcome = ask_measure(), _outcome()
            practice = ask_courses(connection)
        stop_without_courses(practice, measure.code, DEFAULT_TIMEPOINT.code)
        st.caption(outcome_wording.scope_as_typed(practice.selection))
        catalogue = load_catalogue()
        _rates(practice, measure, outcome, catalogue)
        _changes(practice, measure, catalogue)


def _outcome() -> str:
    return st.segmented_control(
        "Outcome",
        [RESPONSE, REMISSION],
        format_func=str.capitalize,
        default=RESPONSE,
        required=True,
        key="beside_outcome",
        persist_state="session",
    )


def _rates(
    practice: Practice, measure: Measure, outcome: str, catalogue: Catalogue
) -> None:
    beside = recut.figures_beside(catalogue, measure.code, outcome)
    results = recut.compare_figures(practice, beside.all, outcome)
    told = {code: counts.could_tell(result) for code, result in results.items()}
    chosen = _one_figure(results, measure)
    _comparison(chosen, told[chosen.figure.code])
    _behind(practice, chosen)
    st.header("Every figure", anchor=False)
    st.caption(unbroken(published_wording.verdicts(catalogue.citations)))
    _forest(charts.in_view(beside, results), outcome, "in view")
    _numbers(beside, results, told)
    _file(practice, measure, beside, results, told)
    _context(beside, results)


# One figure.


def _one_figure(results: Results, measure: Measure) -> Result:
    code = st.selectbox(
        "Published figure",
        list(results),
        index=_first_comparison(results),
        format_func=lambda code: published_wording.title(results[code].figure),
        key=f"beside_figure_{measure.code}",
        persist_state="session",
        help="The practice is counted again by the figure's own rules.",
    )
    return results[code]


def _first_comparison(results: Results) -> int:
    found = [
        isinstance(result, Comparison) and not result.context_only
        for result in results.values()
    ]
    return found.index(True) if any(found) else 0


def _comparison(result: Result, told: PowerBeside | None) -> None:
    sentence = unbroken(wording.both_numbers(result))
    if isinstance(result, Refusal):
        st.info(sentence)
    else:
        st.subheader(sentence, anchor=False)
    text(wording.difference_sentence(result))
    text(wording.caveats(result))
    if told is not None:
        printed = result.published.percent
        of_whom = wording.of_whom(result.figure)
        text(power_wording.power_sentences(told, printed, of_whom))
    text(f"*{result.figure.sentence}*")
    with st.expander("What was matched, what was not, and the study"):
        if isinstance(result, Comparison):
            _matched(result)
        st.table(
            published_wording.figure_details(result.figure),
            border="horizontal",
            alt=f"{result.figure.study.name}: everything that was seen",
        )
        if result.figure.study.doi:
            st.markdown(published_wording.doi_link(result.figure.study.doi))


def _matched(result: Comparison) -> None:
    matched, unmatched = st.columns(2)
    matched.markdown(wording.listed("Matched", result.matched))
    unmatched.markdown(wording.listed("Not matched", result.unmatched))
    st.caption(result.caution)


def _behind(practice: Practice, result: Result) -> None:
    if isinstance(result, Comparison):
        numbers = [*_now(practice, result), *_ever(practice, result)]
        show_behind(numbers, key=f"beside_{result.figure.code}", page=PAGE)


def _now(practice: Practice, result: Comparison) -> list[Number]:
    if result.practice is None:
        return []
    courses = counts.courses_beside(practice, result.figure, result.outcome)
    return [
        Number(
            group.code,
            group.name,
            lambda states=group.states: outcome_wording.course_table(
                courses[courses["state"].isin(states)]
            ),
            group.count,
        )
        for group in outcome_wording.groups(result.practice)
    ]


def _ever(practice: Practice, result: Comparison) -> list[Number]:
    if result.ever is None:
        return []
    unit = result.ever.unit
    courses = counts.courses_ever(practice, result.figure, result.outcome, unit)
    groups = {
        "Followed": (EVENT, NO_EVENT),
        "Met at least once": (EVENT,),
        "No score": (MISSING,),
    }
    return [
        Number(
            f"ever_{name}",
            name,
            outcome_wording.course_table(courses[courses["state"].isin(states)]),
        )
        for name, states in groups.items()
    ]


# Every figure.


def _forest(sections: Sequence[charts.Section], outcome: str, name: str) -> None:
    entries = [entry for section in sections for entry in section.entries]
    chart(
        charts.forest(sections, f"Share with {outcome}"),
        key=f"outcomes_forest_{name}",
        alt=wording.forest_alt(len(entries), outcome),
    )


def _numbers(beside: Beside, results: Results, told: Told) -> None:
    rows = wording.as_cited_rows(beside.as_cited)
    rows += wording.comparison_rows(
        [results[figure.code] for figure in beside.in_view],
        alike=_alike(told),
        verdicts=wording.verdict_notes(beside.verdicts),
    )
    table(published_wording.shown(rows), "The numbers of the forest plot")
    with st.expander("How the practice is counted, and what looks the same"):
        text(wording.HOW_RECUT)
        text(power_wording.HOW_ALIKE)


def _alike(told: Told) -> dict[str, str]:
    return {
        code: power_wording.alike_range(one.power.alike)
        for code, one in told.items()
        if one is not None
    }


def _file(
    practice: Practice, measure: Measure, beside: Beside, results: Results, told: Told
) -> None:
    rows = wording.as_cited_export(beside.as_cited)
    rows |= wording.export_rows(
        [results[figure.code] for figure in beside.all],
        alike=_alike(told),
        verdicts=wording.verdict_notes(beside.verdicts),
    )
    download(
        Export(
            name=f"{beside.outcome}-beside-published",
            rows=rows,
            layout=wording.BESIDE_LAYOUT,
            stamp={"Outcome": beside.outcome} | _stamp(practice, measure),
            first="Figure",
        )
    )


def _stamp(practice: Practice, measure: Measure) -> dict[str, str]:
    # The recall window is each figure's own.
    asked = outcome_wording.selection_stamp(
        practice.selection, measure, measure.default_recall_window
    )
    return {name: words for name, words in asked.items() if name != "Recall window"}


def _context(beside: Beside, results: Results) -> None:
    if not beside.context:
        return
    with st.expander(f"Context: {len(beside.context)} figures of other kinds"):
        st.markdown(published_wording.TIERS["context"])
        _forest(charts.context(beside, results), beside.outcome, "context")
        rows = wording.comparison_rows(
            results[figure.code] for figure in beside.context
        )
        table(published_wording.shown(rows), "The numbers of the context")


# Mean change.


def _changes(practice: Practice, measure: Measure, catalogue: Catalogue) -> None:
    st.header("Mean change", anchor=False)
    st.markdown(wording.HOW_CHANGE)
    figures = recut.changes_beside(catalogue, measure.code)
    results = recut.compare_figures(practice, figures, CHANGE)
    rows = wording.change_rows(results.values())
    table(published_wording.shown(rows), "Mean changes from baseline")
    numbers = [
        Number(
            result.figure.code,
            result.figure.study.name,
            lambda figure=result.figure: outcome_wording.course_table(
                counts.changed_beside(practice, figure)
            ),
            result.practice.n,
        )
        for result in results.values()
        if isinstance(result, Comparison)
    ]
    if numbers:
        show_behind(numbers, key=f"beside_change_{measure.code}", page=PAGE)
    download(
        Export(
            name="mean-change-beside-published",
            rows=wording.change_export(results.values()),
            layout=wording.CHANGE_LAYOUT,
            stamp=_stamp(practice, measure),
            first="Figure",
        )
    )


beside_published()
