"""A course's schedule on its patient's page: what is due, what is planned, changes."""

from dataclasses import replace

import streamlit as st

from analysis.schedule import Schedule
from data.database import Connection, Engine
from data.errors import RecordError
from data.patients import Course
from data.schedule import (
    FURTHEST_DAYS,
    CourseSchedule,
    change_schedule,
    get_schedule,
)
from data.settings import RANGES, PracticeSettings, read_settings, weeks_of
from data.sites import may_record_for
from measures.days import day_date, day_number
from views import state, today_wording
from views.components import kept
from views.dues import dues_of, schedule_of
from views.state import reading, writing


WEEKS_HELP = "Whole weeks with commas between, such as 2,4. Empty: none."


def due_line(connection: Connection, course: Course) -> str:
    """Return what is due for a course, or comes next, as plain text; "" if nothing.

    Parameters
    ----------
    connection
        Where to read.
    course
        One of the patient's courses.
    """
    today = state.as_of_day()
    return today_wording.due_line(dues_of(connection, course.id, today).dues, today)


def schedule_section(engine: Engine, course: Course) -> None:
    """Show what a course follows, and let who may record change it.

    Parameters
    ----------
    engine
        The practice's database.
    course
        One of the patient's courses.
    """
    today = state.as_of_day()
    with reading(engine) as connection:
        dues = dues_of(connection, course.id, today).dues
        own = get_schedule(connection, course.id)
        settings = read_settings(connection)
        may_change = may_record_for(connection, course.patient_id)
    for sentence in today_wording.due_sentences(dues, today) or ["Nothing is due."]:
        st.markdown(sentence)
    if may_change and course.closed is None:
        _planned(engine, course, own)
    st.markdown(_followed(own, settings))
    if may_change:
        with st.expander("Change the forms of this course"):
            _forms(engine, course, own, settings)


def _followed(own: CourseSchedule, settings: PracticeSettings) -> str:
    words = today_wording.schedule_words(schedule_of(own, settings))
    whose = "This course" if _differs(own) else "As in the whole practice"
    return f"{whose}: {words}."


def _differs(own: CourseSchedule) -> bool:
    return replace(own, next_infusion_day=None) != CourseSchedule()


# The next infusion.


def _planned(engine: Engine, course: Course, own: CourseSchedule) -> None:
    today, planned = state.as_of_day(), own.next_infusion_day
    with (
        st.form(f"plan-{course.id}", enter_to_submit=False, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        # A plan that was missed is kept until somebody changes it.
        chosen = st.date_input(
            "Next infusion planned for",
            None if planned is None else day_date(planned),
            min_value=day_date(min(today, planned or today)),
            max_value=day_date(today + FURTHEST_DAYS),
            format="YYYY-MM-DD",
            help="It leaves the plan by itself once an infusion is recorded.",
            width=220,
        )
        saved = st.form_submit_button("Save the plan")
        cleared = planned is not None and st.form_submit_button("Take it back")
    if cleared:
        _keep(engine, course, replace(own, next_infusion_day=None))
    elif saved:
        day = None if chosen is None else day_number(chosen)
        _keep(engine, course, replace(own, next_infusion_day=day))


# Its forms.


def _forms(
    engine: Engine, course: Course, own: CourseSchedule, settings: PracticeSettings
) -> None:
    now = schedule_of(own, settings)
    with st.form(f"schedule-{course.id}", enter_to_submit=False, border=False):
        before = st.checkbox("Before each infusion", now.before_each_infusion)
        day_after = st.checkbox("A day after infusion 1", now.day_after_first)
        weeks = st.text_input(
            "Weeks after the last induction infusion",
            ",".join(map(str, now.weeks_after_induction)),
            help=WEEKS_HELP,
            width=320,
        )
        low, high = RANGES["maintenance_days"]
        maintenance = st.number_input(
            f"Then every so many days ({low} to {high})",
            low,
            high,
            now.maintenance_days,
            step=1,
            width=320,
        )
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save for this course", type="primary")
            reset = _differs(own) and st.form_submit_button(
                "Use the practice's schedule"
            )
    if reset:
        plan = CourseSchedule(next_infusion_day=own.next_infusion_day)
        _keep(engine, course, plan)
    elif saved and (chosen := _weeks(weeks)) is not None:
        asked = replace(
            now,
            before_each_infusion=before,
            day_after_first=day_after,
            weeks_after_induction=chosen,
            maintenance_days=maintenance,
        )
        _keep(engine, course, _own(asked, settings))


def _weeks(text: str) -> tuple[int, ...] | None:
    """Return weeks as typed, or None once it was said that they are no weeks."""
    try:
        return weeks_of(text)
    except RecordError as error:
        st.error(str(error))
        return None


def _own(asked: Schedule, settings: PracticeSettings) -> CourseSchedule:
    """Return what differs from the practice's; the rest follows it, changes as well."""
    usual = schedule_of(CourseSchedule(), settings)
    names = CourseSchedule.__dataclass_fields__
    return CourseSchedule(
        **{
            name: getattr(asked, name)
            for name in names
            if getattr(asked, name) != getattr(usual, name)
        }
    )


def _keep(engine: Engine, course: Course, schedule: CourseSchedule) -> None:
    def change() -> None:
        with writing(engine) as connection:
            change_schedule(connection, course.id, schedule)

    if kept(change):
        st.toast("The schedule of this course is saved.")
        st.rerun()
