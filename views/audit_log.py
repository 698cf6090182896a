"""Audit: who did what, who opened a patient's record, and whether the log is whole."""

from dataclasses import asdict, dataclass
from datetime import date

import streamlit as st

from data.audit import first_broken_entry, has_audit_entry
from data.audit_search import (
    audit_actions,
    record_numbers,
    search_audit,
    who_opened,
)
from data.database import Connection, Engine
from data.patients import patient_by_record_number
from views import access_wording as wording
from views import state
from views.layout import screen_style
from views.seen import note_export, note_list_seen
from views.state import reading
from views.tables import word_table


ROWS = 100
MOST_EXPORTED = 100_000

PAGES = "audit-pages"


@dataclass(frozen=True)
class Asked:
    """What is looked for; None or nothing: any."""

    patient_id: str | None
    who: str | None
    actions: tuple[str, ...]
    from_day: date | None
    to_day: date | None


def audit_log() -> None:
    """Draw the page."""
    screen_style()
    st.title("Audit")
    st.markdown(
        "Who signed in, saw, recorded, changed or took out what. Entries hold numbers "
        "of records and never a name, an answer or a score."
    )
    engine = state.engine()
    note_list_seen(engine, "audit")
    with reading(engine) as connection:
        asked = _asked(connection)
        if asked.patient_id is not None:
            _opened(connection, asked.patient_id)
        _entries(connection, asked)
    _file(engine, asked)
    _chain(engine)


# What is looked for.


def _asked(connection: Connection) -> Asked:
    """Show the filters and return what was chosen, or stop at an unknown patient."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.text_input(
            "Patient", placeholder="Record number", key="audit_patient", width=150
        )
        who = st.text_input(
            "Who", placeholder="Part of a login", key="audit_who", width=150
        )
        actions = st.multiselect(
            "Actions",
            audit_actions(connection),
            key="audit_actions",
            placeholder="All",
            width=240,
        )
        from_day = _day("From")
        to_day = _day("Until")
    return Asked(
        patient_id=_patient(connection, number.strip()),
        who=who.strip() or None,
        actions=tuple(actions),
        from_day=from_day,
        to_day=to_day,
    )


def _day(label: str) -> date | None:
    return st.date_input(
        label,
        None,
        max_value=state.today(),
        format="YYYY-MM-DD",
        key=f"audit_{label.lower()}",
        width=140,
    )


def _patient(connection: Connection, record_number: str) -> str | None:
    if not record_number:
        return None
    found = patient_by_record_number(connection, record_number)
    if found is None:
        st.info("There is no patient with this record number.")
        st.stop()
    return found.id


# Who opened a record, and the entries.


def _opened(connection: Connection, patient_id: str) -> None:
    st.header("Who opened this record", anchor=False)
    opened = who_opened(connection, patient_id)
    if not opened:
        st.markdown("Nobody has opened it on a page. What else was done is below.")
        return
    word_table(wording.opened_rows(opened), "Who opened this record")


def _entries(connection: Connection, asked: Asked) -> None:
    st.header("Entries", anchor=False)
    before = _pages(asked)
    found = search_audit(
        connection, **asdict(asked), limit=ROWS + 1, before_id=before[-1]
    )
    if not found:
        st.info("No entry fits. Clear a filter, or widen the days.")
        return
    shown, more = found[:ROWS], len(found) > ROWS
    numbers = record_numbers(
        connection, {entry.patient_id for entry in shown if entry.patient_id}
    )
    word_table(wording.audit_rows(shown, numbers), "Entries of the audit")
    _turn(before, shown[-1].id if more else None)


def _pages(asked: Asked) -> list[int | None]:
    """Return after which entry each page until this one began; kept while paging."""
    # Not the question itself: its class is another one at every run of a page.
    question = asdict(asked)
    of, before = st.session_state.get(PAGES, (None, None))
    if of != question:
        before = [None]
        st.session_state[PAGES] = question, before
    return before


def _turn(before: list[int | None], last_id: int | None) -> None:
    """Offer the pages around this one."""
    if last_id is None and len(before) == 1:
        return
    with st.container(horizontal=True):
        st.button("Newer", disabled=len(before) == 1, on_click=before.pop)
        st.button(
            "Older", disabled=last_id is None, on_click=before.append, args=(last_id,)
        )


# Taking it out, and whether it is whole.


def _file(engine: Engine, asked: Asked) -> None:
    st.header("As a file", anchor=False)
    st.markdown(
        "All entries that fit, with their seals. That you take them out is an entry "
        "itself."
    )
    if not st.button("Prepare the file"):
        return
    note_export(engine, "audit")
    with reading(engine) as connection:
        found = search_audit(connection, **asdict(asked), limit=MOST_EXPORTED)
    if len(found) == MOST_EXPORTED:
        st.warning(
            f"These are the newest {MOST_EXPORTED:,}. Choose days to get older ones."
        )
    st.download_button(
        "Download as CSV",
        wording.audit_csv(found).encode("utf-8-sig"),
        file_name="audit.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _chain(engine: Engine) -> None:
    st.header("Is it whole?", anchor=False)
    st.markdown(
        "Every entry seals the one before. Checking reads all of them, which takes a "
        "while when there are many."
    )
    with st.form("audit-chain", enter_to_submit=False, border=False):
        seal = st.text_input(
            "A seal that you kept elsewhere, if you have one",
            help="It must still be in the chain, or the newest entries were cut off.",
        )
        pressed = st.form_submit_button("Check the chain")
    if pressed:
        with st.spinner("Checking …"), reading(engine) as connection:
            _check(connection, seal.strip())


def _check(connection: Connection, seal: str) -> None:
    broken = first_broken_entry(connection)
    if broken is not None:
        st.error(wording.chain_broken(broken))
    elif seal and not has_audit_entry(connection, seal):
        st.error(wording.SEAL_MISSING)
    else:
        st.success(wording.CHAIN_WHOLE)
        (newest,) = search_audit(connection, limit=1)
        st.code(newest.hash, language=None, wrap_lines=True)
        st.caption(wording.last_entry(newest))


audit_log()
