"""Screening and consent: asked once per course, then one line; it never blocks."""

from datetime import UTC

import streamlit as st

from data.database import Engine
from data.infusions import list_infusions
from data.moments import practice_zone
from data.patients import MOST_TRIALS, Course, Screening, record_screening
from views.components import kept
from views.state import reading, writing
from views.wording import day_words


NOT_RECORDED = "Screening and consent are not recorded for this course."
INFORMS = (
    "The checklist asks for at least two failed antidepressants or chronic PTSD. It "
    "informs and holds nothing up; what is left open stays “not recorded”."
)
TRIALS_ASKED_FOR = 2
"""Failed antidepressants that the checklist asks for, without chronic PTSD."""

EXCLUSIONS = {
    "psychosis": "Psychosis",
    "substance_use_disorder": "Active substance use disorder",
    "uncontrolled_medical_condition": "Uncontrolled medical condition",
}


def screening_section(engine: Engine, course: Course) -> None:
    """Ask for the checklist until it is recorded; then show it, to be changed."""
    changing = f"change-screening-{course.id}"
    if course.screened and not st.session_state.get(changing):
        line, button = st.columns([6, 1], vertical_alignment="center")
        line.caption(screening_line(course))
        if button.button("Change", key=f"{changing}-button", type="tertiary"):
            st.session_state[changing] = True
            st.rerun()
        return
    # On a later infusion day it is not in the way of what is recorded every time.
    in_view = course.screened or not _has_begun(engine, course)
    title = "Screening and consent"
    title += "" if course.screened else ": not recorded yet"
    with st.expander(title, expanded=in_view):
        screening = _ask(course)
        if screening and kept(lambda: _record(engine, course, screening)):
            st.session_state.pop(changing, None)
            st.rerun()


def screening_line(course: Course) -> str:
    """Return the checklist in a few sentences: found, to look at, not recorded.

    Parameters
    ----------
    course
        Whose screening.
    """
    if not course.screened:
        return NOT_RECORDED
    asked = course.screening
    parts = {
        "Screening": _as_hoped(asked),
        "To look at": _to_look_at(asked),
        "Not recorded": _open(asked),
    }
    line = " ".join(
        f"{what}: {', '.join(found)}." for what, found in parts.items() if found
    )
    return f"{line} {_by_whom(course)}".strip()


def _as_hoped(asked: Screening) -> list[str]:
    found = [] if _asks_for_more(asked) else _history(asked)
    found += [
        f"no {_lower(name)}" for name in EXCLUSIONS if getattr(asked, name) is False
    ]
    return [*found, "consent given"] if asked.consent else found


def _to_look_at(asked: Screening) -> list[str]:
    found = _history(asked) if _asks_for_more(asked) else []
    found += [_lower(name) for name in EXCLUSIONS if getattr(asked, name)]
    return [*found, "consent not given"] if asked.consent is False else found


def _open(asked: Screening) -> list[str]:
    names = {
        "failed_antidepressant_trials": "antidepressants failed",
        "chronic_ptsd": "chronic PTSD",
        **{name: _lower(name) for name in EXCLUSIONS},
        "consent": "consent",
    }
    return [words for name, words in names.items() if getattr(asked, name) is None]


def _asks_for_more(asked: Screening) -> bool:
    """Whether neither enough antidepressants failed nor there is chronic PTSD."""
    trials = asked.failed_antidepressant_trials
    few = trials is not None and trials < TRIALS_ASKED_FOR
    return few and asked.chronic_ptsd is False


def _history(asked: Screening) -> list[str]:
    trials, found = asked.failed_antidepressant_trials, []
    if trials is not None:
        noun = "antidepressant" if trials == 1 else "antidepressants"
        found.append(f"{trials} {noun} failed")
    if asked.chronic_ptsd is not None:
        found.append("chronic PTSD" if asked.chronic_ptsd else "no chronic PTSD")
    return found


def _lower(name: str) -> str:
    return EXCLUSIONS[name].lower()


def _by_whom(course: Course) -> str:
    if course.screened_at is None:
        return ""
    at = course.screened_at.replace(tzinfo=UTC).astimezone(practice_zone())
    return f"({course.screened_by}, {day_words(at)})"


def _has_begun(engine: Engine, course: Course) -> bool:
    with reading(engine) as connection:
        return bool(list_infusions(connection, course.id))


def _ask(course: Course) -> Screening | None:
    """Ask for every point and return them once they are to be kept."""
    now = course.screening
    with st.form(f"screening-{course.id}", enter_to_submit=False, border=False):
        first, second, third = st.columns(3)
        trials = first.number_input(
            "Antidepressants failed", 0, MOST_TRIALS, now.failed_antidepressant_trials
        )
        with second:
            chronic_ptsd = _yes_no("Chronic PTSD", now.chronic_ptsd)
        with third:
            consent = _yes_no("Consent to treatment given", now.consent)
        exclusions = {}
        for (name, words), column in zip(
            EXCLUSIONS.items(), st.columns(3), strict=True
        ):
            with column:
                exclusions[name] = _yes_no(words, getattr(now, name))
        st.caption(INFORMS)
        if not st.form_submit_button("Save screening"):
            return None
    return Screening(
        failed_antidepressant_trials=trials,
        chronic_ptsd=chronic_ptsd,
        consent=consent,
        **exclusions,
    )


def _yes_no(question: str, now: bool | None) -> bool | None:
    answers = {"Yes": True, "No": False}
    words = [*answers, "Not recorded"]
    chosen = st.radio(
        question, words, 2 if now is None else 1 - int(now), horizontal=True
    )
    return answers.get(chosen)


def _record(engine: Engine, course: Course, screening: Screening) -> None:
    with writing(engine) as connection:
        record_screening(connection, course.id, screening)
