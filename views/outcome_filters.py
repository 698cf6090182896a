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
from views.outcome_wording import ANY
from views.recut import Practice, Selection


@dataclass(frozen=True)
class Question:
    """A criterion at a time point, on one measure and recall window."""

    measure: Measure
    window: RecallWindow
    criterion: Criterion
    timepoint: TimePoint


def ask(connection: Connection) -> tuple[Question, Practice]:
    """Show the filters; return what is counted, and the practice cut to whom."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        question = _question()
        everybody = Practice(connection, Selection(as_of_day=_as_of()))
        started = everybody.started(
            question.measure.code, question.timepoint.code, question.window.code
        )
        selection = replace(
            everybody.selection,
            first_day_from=_day("Infusion 1 from", "from"),
            first_day_to=_day("Infusion 1 until", "until"),
            indication=_indication(),
            clinician=_clinician(set(started["clinician"])),
            all_courses=not _first_courses(),
        )
    return question, everybody.choosing(selection)


def _question() -> Question:
    measure = MEASURES[_measure()]
    return Question(
        measure=measure,
        criterion=CRITERIA[_criterion(measure)],
        timepoint=TIMEPOINTS[_timepoint()],
        window=_window(measure),
    )


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
        width=300,
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
        width=190,
        persist_state="session",
    )


def _as_of() -> int:
    chosen = st.date_input(
        "As of",
        value=state.today(),
        max_value=state.today(),
        key="outcomes_as_of",
        width=132,
        format="YYYY-MM-DD",
        help="Only what had happened by the end of this day is counted.",
    )
    return day_number(chosen or state.today())


def _day(label: str, name: str) -> int | None:
    chosen: date | None = st.date_input(
        label,
        value=None,
        max_value=state.today(),
        key=f"outcomes_{name}",
        width=132,
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


def _clinician(known: set[str]) -> str | None:
    chosen = st.selectbox(
        "Clinician",
        [ANY, *sorted(known)],
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
