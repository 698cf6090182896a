"""What is chosen before a form: when it was completed, and which days it asks about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from data.assessments import list_assessments
from data.database import Engine
from data.infusions import list_infusions
from data.moments import aware, now_at_practice
from data.patients import Course
from measures.definition import Measure
from views import state
from views.state import reading


NOW = "now"
OTHER = "other"

SAME_WINDOW = (
    "Which days this form asked about. Scores of different windows are never joined or "
    "mixed. The PCL-5 was validated for the past month."
)


@dataclass(frozen=True)
class Moment:
    """When forms were completed: a code that names the moment, and the moment.

    ``at`` is None for "now", which is read when the form is saved.
    """

    code: str
    words: str
    at: datetime | None


def choose_moment(engine: Engine, course: Course) -> Moment:
    """Ask when the forms were completed: with today's infusion, unless changed."""
    with reading(engine) as connection:
        infusions = list_infusions(connection, course.id)
    moments = {
        NOW: Moment(NOW, "Now, not with an infusion", None),
        OTHER: Moment(OTHER, "Another date and time", None),
    }
    if infusions:
        last = infusions[-1]
        words = f"Before infusion {last.number} ({last.facts.started_at:%d %b %H:%M})"
        # Its number, because completing an infusion gives it another id.
        code = f"before-{last.number}"
        moments = {code: Moment(code, words, last.facts.started_at)} | moments
    given_today = infusions and infusions[-1].facts.started_at.date() == state.today()
    chosen = st.segmented_control(
        "Completed",
        list(moments),
        default=next(iter(moments)) if given_today else NOW,
        required=True,
        format_func=lambda code: moments[code].words,
        key=f"moment-{course.id}-{len(infusions)}",
    )
    if chosen != OTHER:
        return moments[chosen]
    at = ask_moment(f"other-{course.id}", now_at_practice())
    return Moment(f"{at:%Y%m%d%H%M}", f"{at:%d %b %Y %H:%M}", at)


def ask_moment(key: str, default: datetime) -> datetime:
    """Ask for the day and time at which a form was completed."""
    day, time, _ = st.columns([2, 2, 3])
    return aware(
        datetime.combine(
            day.date_input(
                "Completed on",
                default.date(),
                max_value=state.today() + timedelta(days=1),
                key=f"{key}-date",
                format="YYYY-MM-DD",
            ),
            time.time_input("at", default.time(), step=300, key=f"{key}-time"),
        )
    )


def choose_window(
    engine: Engine, course: Course, measure: Measure, *, label: str, key: str
) -> str:
    """Return which days a form asks about: as it did last time, unless changed.

    Parameters
    ----------
    engine, course
        Where the forms so far are.
    measure
        Whose form it is; one with a single recall window needs no choice.
    label
        Words above the choice.
    key
        Begins Streamlit's key of the widget.
    """
    windows = [window.code for window in measure.recall_windows]
    if len(windows) == 1:
        return windows[0]
    with reading(engine) as connection:
        used = [
            form.facts.recall_window
            for form in list_assessments(connection, course.id)
            if form.facts.measure == measure.code
        ]
    return st.segmented_control(
        label,
        windows,
        default=used[-1] if used else windows[0],
        required=True,
        format_func=lambda code: measure.recall_window(code).name,
        key=f"{key}-{course.id}-{measure.code}",
        help=SAME_WINDOW,
    )
