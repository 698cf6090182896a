"""What a page of results is asked: which number, at which time, of which courses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import streamlit as st

from analysis.columns import INDICATIONS
from data.database import Connection
from data.patients import list_clinicians
from measures.criteria import Criterion
from measures.days import day_number
from measures.definition import Measure, RecallWindow
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS, criteria_of
from measures.timepoints import DEFAULT_TIMEPOINT, TimePoint
from views import state
from views.layout import NOT_ON_PAPER
from views.results.counts.recut import Practice, Selection
from views.results.wording import outcomes as wording
from views.results.wording.outcomes import ANY


DAY_WIDTH = 178
"""A whole day, and the button that clears it."""


@dataclass(frozen=True)
class Question:
    """A criterion at a time point, on one measure and recall window."""

    measure: Measure
    window: RecallWindow
    criterion: Criterion
    timepoint: TimePoint


def ask(connection: Connection) -> tuple[Question, Practice]:
    """Show the filters; return what is counted, and the practice cut to whom."""
    with filter_row():
        question = ask_question()
        return question, ask_courses(connection)


@contextmanager
def filter_row(name: str = "filters") -> Iterator[None]:
    """Lay the filters of a page beside each other; they are not for paper.

    Parameters
    ----------
    name
        Of the row; one page can have several.
    """
    with (
        st.container(key=f"{NOT_ON_PAPER}_{name}"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        yield


def ask_courses(connection: Connection) -> Practice:
    """Ask which courses, and as of which day; every page remembers the same answer."""
    selection = Selection(
        as_of_day=ask_as_of(),
        first_day_from=_day("Infusion 1 from", "from"),
        first_day_to=_day("Infusion 1 until", "until"),
        indication=_indication(),
        clinician=_clinician([*list_clinicians(connection), ""]),
        all_courses=not _first_courses(),
    )
    return Practice(connection, selection)


def ask_question() -> Question:
    """Ask for a measure with its recall window, a criterion and a time point."""
    measure = ask_measure()
    return Question(
        measure=measure,
        criterion=ask_criterion(measure),
        timepoint=ask_timepoint(),
        window=ask_window(measure),
    )


def ask_measure() -> Measure:
    """Ask for a measure."""
    code = st.segmented_control(
        "Measure",
        list(MEASURES),
        format_func=lambda code: MEASURES[code].name,
        default=next(iter(MEASURES)),
        required=True,
        key="outcomes_measure",
        persist_state="session",
    )
    return MEASURES[code]


def ask_window(measure: Measure) -> RecallWindow:
    """Ask for the recall window, where a measure has several."""
    windows = measure.recall_windows
    if len(windows) == 1:
        return windows[0]
    chosen = st.selectbox(
        f"{measure.name} recall window",
        [window.code for window in windows],
        format_func=lambda code: measure.recall_window(code).name.capitalize(),
        key=f"outcomes_window_{measure.code}",
        width=175,
        persist_state="session",
        help="The days the form asked about. Forms of different windows are not mixed.",
    )
    return measure.recall_window(chosen)


def ask_criterion(measure: Measure) -> Criterion:
    """Ask for a criterion of the measure."""
    code = st.selectbox(
        "Criterion",
        [criterion.code for criterion in criteria_of(measure.code)],
        format_func=wording.criterion_choice,
        key=f"outcomes_criterion_{measure.code}",
        width=300,
        persist_state="session",
    )
    return CRITERIA[code]


def ask_timepoint() -> TimePoint:
    """Ask for a time point."""
    codes = list(TIMEPOINTS)
    code = st.selectbox(
        "Time point",
        codes,
        index=codes.index(DEFAULT_TIMEPOINT.code),
        format_func=wording.timepoint_choice,
        key="outcomes_timepoint",
        width=190,
        persist_state="session",
    )
    return TIMEPOINTS[code]


def ask_as_of() -> int:
    """Ask for the day on which the question is asked; return its number."""
    chosen = st.date_input(
        "As of",
        value=state.today(),
        max_value=state.today(),
        key="outcomes_as_of",
        width=DAY_WIDTH,
        format="YYYY-MM-DD",
        persist_state="session",
        help="Only what had happened by the end of this day is counted.",
    )
    return day_number(chosen or state.today())


def _day(label: str, name: str) -> int | None:
    chosen: date | None = st.date_input(
        label,
        value=None,
        max_value=state.today(),
        key=f"outcomes_{name}",
        width=DAY_WIDTH,
        format="YYYY-MM-DD",
        persist_state="session",
    )
    return None if chosen is None else day_number(chosen)


def _indication() -> str | None:
    chosen = st.selectbox(
        "Indication",
        [ANY, *INDICATIONS],
        format_func=wording.indication_choice,
        key="outcomes_indication",
        width=150,
        persist_state="session",
    )
    return None if chosen == ANY else chosen


def _clinician(known: Sequence[str]) -> str | None:
    chosen = st.selectbox(
        "Clinician",
        [ANY, *known],
        format_func=wording.clinician_choice,
        key="outcomes_clinician",
        width=150,
        persist_state="session",
    )
    return None if chosen == ANY else chosen


def _first_courses() -> bool:
    return st.toggle(
        "First course only",
        value=True,
        key="outcomes_first_courses",
        persist_state="session",
        help=(
            "One course per patient: the first of those chosen. Off: every course "
            "counts, so a patient can count more than once."
        ),
    )
