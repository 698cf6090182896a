"""Hand a tablet over: the patient fills in today's forms, and reaches nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from access.second_factor import qr_svg
from access.settings import DoorSettings
from data.database import Engine
from data.encounters import LINK_MINUTES, open_encounter
from data.moments import now_at_practice
from data.patients import Course
from measures.definition import Measure
from measures.registry import MEASURES, usual_measures
from views import state
from views.components import kept
from views.record_choices import choose_window
from views.state import writing


START = "/kiosk/start"

WHAT_HAPPENS = (
    "The patient answers one question at a time, and can reach nothing else. You are "
    "signed out on the tablet that you hand over; ask for it back, and sign in again."
)
NOT_THE_EXAMPLE = (
    "A tablet can be handed over for your own patients only: the example's patients "
    "are invented, and nobody could answer for them."
)
NO_ADDRESS = (
    "Another tablet cannot be used: this practice has no address that other devices "
    "reach. Whoever runs the server can give it one (`PUBLIC_URL`)."
)


@dataclass(frozen=True)
class Link:
    """An address that opens the forms on another tablet, once."""

    address: str
    until: datetime


def hand_over_section(engine: Engine, course: Course) -> None:
    """Offer to hand a tablet to the patient of a course.

    Parameters
    ----------
    engine
        The practice's database.
    course
        Where the forms will be recorded; the visitor may record for it.
    """
    if state.in_example():
        st.info(NOT_THE_EXAMPLE)
        return
    st.write(WHAT_HAPPENS)
    forms = _choose_forms(engine, course)
    public_url = DoorSettings.from_environment().public_url
    with st.container(horizontal=True):
        here = st.button(
            "Hand this tablet over",
            type="primary",
            disabled=not forms,
            key=f"hand-over-{course.id}",
        )
        elsewhere = public_url is not None and st.button(
            "On another tablet", disabled=not forms, key=f"hand-over-other-{course.id}"
        )
    if public_url is None:
        st.caption(NO_ADDRESS)
    if here:
        kept(lambda: _leave_to_the_patient(_code(engine, course, forms)))
    if elsewhere:
        kept(
            lambda: _keep_link(course, _link(public_url, _code(engine, course, forms)))
        )
    _show_link(course)


def _choose_forms(engine: Engine, course: Course) -> list[tuple[str, str]]:
    chosen = st.pills(
        "Forms to fill in",
        list(MEASURES),
        selection_mode="multi",
        default=usual_measures(course.indication),
        format_func=lambda code: MEASURES[code].name,
        key=f"hand-over-forms-{course.id}",
    )
    return [
        (code, _choose_window(engine, course, MEASURES[code]))
        for code in MEASURES
        if code in chosen
    ]


def _choose_window(engine: Engine, course: Course, measure: Measure) -> str:
    label = f"{measure.name} asks about the"
    return choose_window(engine, course, measure, label=label, key="hand-over-window")


def _code(engine: Engine, course: Course, forms: list[tuple[str, str]]) -> str:
    with writing(engine) as connection:
        return open_encounter(connection, course.id, forms)


def _link(public_url: str, code: str) -> Link:
    return Link(
        address=f"{public_url}{START}?{urlencode({'code': code})}",
        until=now_at_practice() + timedelta(minutes=LINK_MINUTES),
    )


def _keep_link(course: Course, link: Link) -> None:
    st.session_state[_link_key(course)] = link


def _show_link(course: Course) -> None:
    """Show the link for as long as it opens something, whatever else is pressed."""
    link = st.session_state.get(_link_key(course))
    if link is None or link.until <= now_at_practice():
        return
    with st.container(border=True):
        st.write(
            "Point the other tablet's camera at this code and open the address. It "
            f"opens the forms once, until {link.until:%H:%M}."
        )
        st.image(qr_svg(link.address), alt="QR code with the address of the forms")


def _link_key(course: Course) -> str:
    return f"hand-over-link-{course.id}"


def _source(kind: str) -> str:
    return Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "hand_over", html='<p role="status"></p>', js=_source("js")
)


def _leave_to_the_patient(code: str) -> None:
    """Let this browser use the code up, which ends the visitor's own session."""
    _mount(key="hand-over", data={"code": code})
