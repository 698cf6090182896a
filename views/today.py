"""Today: who has an infusion or a form due, and what is still missing."""

from collections.abc import Sequence

import streamlit as st

from analysis.schedule import INFUSION
from data.actors import Actor, Right
from data.patients import list_patients
from views import state, today_wording, wording
from views.alert_banner import practice_alerts
from views.caseload_rows import ALL_CLINICIANS, NOT_RECORDED, folded
from views.components import empty_practice
from views.dues import ACTIVE_DAYS, COMING_DAYS, CourseDues, all_dues, is_active
from views.layout import screen_style
from views.search_keys import search_box, search_keys
from views.seen import note_list_seen
from views.state import reading


DUE, OVERDUE, COMING = "Due today", "Overdue", f"In the next {COMING_DAYS} days"

SEARCH = "today_search"

# Of each group; a button shows as many more.
SHOWN_AT_ONCE = 20


def today() -> None:
    """Draw the page."""
    screen_style()
    _name_style()
    st.title("Today")
    engine = state.engine()
    with reading(engine) as connection:
        courses = all_dues(connection, state.as_of_day())
        anybody = bool(courses) or bool(list_patients(connection))
    if not anybody:
        empty_practice(engine)
    note_list_seen(engine, "today")
    practice_alerts(engine)
    _list(courses)


def _name_style() -> None:
    """Let a name look like the link that it is, and keep to the left when it wraps."""
    st.html(
        "<style>[class*=st-key-today_open_] button { text-decoration: underline;"
        " text-align: left; justify-content: flex-start }</style>"
    )


@st.fragment
def _list(courses: list[CourseDues]) -> None:
    """Show who was asked for; searching reads nothing anew."""
    visitor = state.actor()
    if not visitor.may(Right.READ_RECORDS):
        # The role was taken away while the list was open: draw what is left.
        st.rerun()
    day = state.as_of_day()
    active = [one for one in courses if is_active(one.course, day)]
    mine = _chosen(active)
    _open_only_match(active)
    groups = _groups(mine)
    _counts(groups)
    if not any(groups.values()):
        _nobody(active, mine)
    for name, group in groups.items():
        if group:
            _group(name, group, visitor)
    silent = len(courses) - len(active)
    if silent:
        st.caption(today_wording.silent_line(silent, ACTIVE_DAYS))


def _chosen(courses: Sequence[CourseDues]) -> list[CourseDues]:
    """Ask for words and a clinician, and return the courses that both leave."""
    names = {one.course.clinician or NOT_RECORDED for one in courses}
    clinicians = (ALL_CLINICIANS, *sorted(names))
    with st.container(horizontal=True):
        words = search_box(SEARCH)
        clinician = _clinician(clinicians)
    return [
        one
        for one in courses
        if clinician in (ALL_CLINICIANS, one.course.clinician or NOT_RECORDED)
        and _is_found(one, folded(words or "").split())
    ]


def _open_only_match(courses: Sequence[CourseDues]) -> None:
    """Open the patient that Enter in the search asked for, if it is the only one."""
    entered = search_keys(SEARCH)
    if entered is None:
        return
    found = [one for one in courses if _is_found(one, folded(entered).split())]
    if len(found) == 1:
        state.go_to("patient.py", patient=found[0].course.patient_id)


def _clinician(clinicians: Sequence[str]) -> str:
    key = "today_clinician"
    if st.session_state.get(key) not in (None, *clinicians):
        del st.session_state[key]
    return st.selectbox(
        "Clinician", clinicians, key=key, persist_state="session", width=200
    )


def _is_found(one: CourseDues, words: Sequence[str]) -> bool:
    text = folded(f"{one.course.name} {one.course.record_number}")
    return all(word in text for word in words)


def _groups(courses: Sequence[CourseDues]) -> dict[str, list[CourseDues]]:
    """Return who belongs where: once each, an infusion of today before all else."""
    day = state.as_of_day()
    groups: dict[str, list[CourseDues]] = {DUE: [], OVERDUE: [], COMING: []}
    for one in courses:
        near = one.near(day)
        if near:
            groups[_group_of(one, day)].append(one)
    groups[DUE].sort(key=lambda one: not _infusion_today(one, day))
    groups[OVERDUE].sort(key=lambda one: one.dues[0].day, reverse=True)
    groups[COMING].sort(key=lambda one: one.dues[0].day)
    return groups


def _group_of(one: CourseDues, day: int) -> str:
    if _infusion_today(one, day):
        return DUE
    first = one.dues[0]
    if first.overdue:
        return OVERDUE
    return DUE if first.day == day else COMING


def _infusion_today(one: CourseDues, day: int) -> bool:
    return any(due.kind == INFUSION and due.day == day for due in one.dues)


def _counts(groups: dict[str, list[CourseDues]]) -> None:
    day = state.as_of_day()
    line = today_wording.count_line(
        due=len(groups[DUE]),
        infusions=sum(_infusion_today(one, day) for one in groups[DUE]),
        overdue=len(groups[OVERDUE]),
        coming=len(groups[COMING]),
    )
    st.markdown(f"{today_wording.day_and_week_day(day)}: **{line}**")


def _nobody(active: Sequence[CourseDues], mine: Sequence[CourseDues]) -> None:
    """Say what to do next where nobody is due."""
    if len(mine) < len(active):
        st.info("Nobody who matches is due. Clear the search, or choose everybody.")
        return
    st.info(
        "Nothing is due now or in the days to come. Plan a next infusion under "
        "Schedule on a patient's page, or see everybody in the caseload."
    )
    st.page_link("caseload.py", label="Open Caseload")


def _group(name: str, group: Sequence[CourseDues], visitor: Actor) -> None:
    """Show a group, so many patients at once."""
    st.subheader(name, anchor=False)
    key = f"today_{name}_shown"
    shown = st.session_state.get(key, SHOWN_AT_ONCE)
    with st.container(gap="xsmall"):
        for one in group[:shown]:
            _row(one, visitor)
    more = len(group) - shown
    if more > 0:
        st.button(
            f"Show {min(more, SHOWN_AT_ONCE)} of {more} more",
            on_click=st.session_state.update,
            args=({key: shown + SHOWN_AT_ONCE},),
        )


def _row(one: CourseDues, visitor: Actor) -> None:
    """Show one patient: the name opens the page, the button records."""
    course, day = one.course, state.as_of_day()
    who, what, act = st.columns([3, 6, 2], vertical_alignment="center")
    with who:
        name = wording.escape(course.name) or wording.NAME_NOT_RECORDED
        number = wording.escape(course.record_number)
        key = f"today_open_{course.patient_id}"
        if st.button(f"{name} · {number}", key=key, type="tertiary", wrap=True):
            state.go_to("patient.py", patient=course.patient_id)
    with what:
        st.markdown(" ".join(today_wording.due_sentences(one.near(day), day)))
    with act:
        if _may_record(one, visitor) and st.button(
            "Record", key=f"today_record_{course.patient_id}", type="primary"
        ):
            state.go_to("record.py", patient=course.patient_id)


def _may_record(one: CourseDues, visitor: Actor) -> bool:
    everywhere = visitor.reaches_every_site(Right.RECORD)
    return visitor.may(Right.RECORD) and (
        everywhere or one.course.site_id in visitor.sites
    )


today()
