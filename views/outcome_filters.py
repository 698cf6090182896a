"""What the outcomes page is asked: which number, at which time, of which courses."""

from dataclasses import dataclass, replace
from datetime import date

import streamlit as st

from analysis.columns import INDICATIONS
from data.database import Connection
from measures.criteria import Criterion
from measures.days import day_number
from measures.definition import Measure, RecallWindow
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS, criteria_of
from measures.timepoints import DEFAULT_TIMEPOINT, TimePoint
from views import outcome_wording as wording
from views import state
from views.recut import Practice, Selection


@dataclass(frozen=True)
class Question:
    """A criterion at a time point, on one measure and recall window."""

    measure: Measure
    window: RecallWindow
    criterion: Criterion
    timepoint: TimePoint


def ask_what() -> Question:
    """Show what can be counted, and return what was chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = MEASURES[_measure()]
        window = _window(measure)
        criterion = CRITERIA[_criterion(measure)]
        timepoint = TIMEPOINTS[_timepoint()]
    return Question(measure, window, criterion, timepoint)


def ask_of_whom(connection: Connection, question: Question) -> Practice:
    """Show which courses can be chosen, and return the practice cut to them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        everybody = Practice(connection, Selection(as_of_day=_as_of()))
        first, last = _period()
        started = everybody.started(
            question.measure.code, question.timepoint.code, question.window.code
        )
        selection = replace(
            everybody.selection,
            first_day_from=first,
            first_day_to=last,
            indication=_indication(),
            clinician=_clinician(set(started["clinician"])),
            all_courses=not _first_courses(),
        )
    return everybody.choosing(selection)


def _measure() -> str:
    return st.segmented_control(
        "Measure",
        list(MEASURES),
        format_func=lambda code: MEASURES[code].name,
        default=next(iter(MEASURES)),
        required=True,
        key="outcomes_measure",
        persist_state="session",
    )


def _window(measure: Measure) -> RecallWindow:
    windows = measure.recall_windows
    if len(windows) == 1:
        return windows[0]
    chosen = st.selectbox(
        "Recall window",
        [window.code for window in windows],
        format_func=lambda code: measure.recall_window(code).name.capitalize(),
        key=f"outcomes_window_{measure.code}",
        width=150,
        persist_state="session",
        help="The days the form asked about. Forms of different windows are not mixed.",
    )
    return measure.recall_window(chosen)


def _criterion(measure: Measure) -> str:
    return st.selectbox(
        "Criterion",
        [criterion.code for criterion in criteria_of(measure.code)],
        format_func=wording.criterion_choice,
        key=f"outcomes_criterion_{measure.code}",
        width=360,
        persist_state="session",
    )


def _timepoint() -> str:
    codes = list(TIMEPOINTS)
    return st.selectbox(
        "Time point",
        codes,
        index=codes.index(DEFAULT_TIMEPOINT.code),
        format_func=wording.timepoint_choice,
        key="outcomes_timepoint",
        width=230,
        persist_state="session",
    )


def _as_of() -> int:
    chosen = st.date_input(
        "As of",
        value=state.today(),
        max_value=state.today(),
        key="outcomes_as_of",
        width=140,
        format="YYYY-MM-DD",
        help="Only what had happened by the end of this day is counted.",
    )
    return day_number(chosen or state.today())


def _period() -> tuple[int | None, int | None]:
    return _day("Infusion 1 from", "from"), _day("Infusion 1 until", "until")


def _day(label: str, name: str) -> int | None:
    chosen: date | None = st.date_input(
        label,
        value=None,
        max_value=state.today(),
        key=f"outcomes_{name}",
        width=140,
        format="YYYY-MM-DD",
        persist_state="session",
    )
    return None if chosen is None else day_number(chosen)


def _indication() -> str | None:
    return st.selectbox(
        "Indication",
        [None, *INDICATIONS],
        format_func=wording.indication_choice,
        key="outcomes_indication",
        width=180,
        persist_state="session",
    )


def _clinician(known: set[str]) -> str | None:
    return st.selectbox(
        "Clinician",
        [None, *sorted(known)],
        format_func=wording.clinician_choice,
        key="outcomes_clinician",
        width=180,
        persist_state="session",
    )


def _first_courses() -> bool:
    return st.toggle(
        "One course per patient",
        value=True,
        key="outcomes_first_courses",
        persist_state="session",
        help=(
            "The first of the courses chosen. Off: every course counts, so a patient "
            "can count more than once."
        ),
    )
