"""Snapshots: save a rate, get the same number again, see what changed since and why."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from analysis.snapshot import Changes
from analysis.suppression import OUTCOME_LAYOUT
from data.database import Connection
from data.errors import RecordError
from data.snapshots import LONGEST_NOTE, SnapshotHead, list_snapshots, sealed_texts
from views import state
from views.components import kept
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import outcomes as charts
from views.results.charts import snapshots as snapshot_charts
from views.results.counts import recut
from views.results.counts import snapshots as counts
from views.results.counts.recut import Practice
from views.results.counts.snapshots import Opened
from views.results.exports import Export, download
from views.results.filters import Question, ask
from views.results.page import chart, results_page, table, text
from views.results.report import report_section
from views.results.wording import glance as glance_wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording import snapshots as wording
from views.seen import offer_file
from views.state import writing


PAGE = ("results/snapshots.py", "Snapshots")

# In the session: the id of the snapshot that is opened.
OPEN = "snapshots_open"
SAVED = "snapshots_saved"
"""How many this visit has saved."""
MOST_LISTED = 15


def snapshots() -> None:
    """Draw the page."""
    with results_page("Snapshots", "snapshots") as connection:
        text(wording.WHAT_IT_IS)
        asked = _to_save(connection)
        _saved(connection)
        if asked:
            report_section(*asked)


# A rate is saved.


def _to_save(connection: Connection) -> tuple[Practice, Question] | None:
    """Offer to save a rate; return what was asked, if there is anything to save."""
    st.header("Save a rate", anchor=False)
    question, practice = ask(connection)
    rate = recut.outcome(
        practice,
        question.criterion,
        question.timepoint.code,
        recall_window=question.window.code,
    )
    if not rate.started:
        st.info(f"Nothing to save. {outcome_wording.no_rate(rate)}")
        return None
    with st.container(border=True):
        text(f"**{outcome_wording.headline(rate)}**")
        text(outcome_wording.completeness(rate))
        _save_form(practice, question)
    return practice, question


def _save_form(practice: Practice, question: Question) -> None:
    with (
        st.form("snapshot", border=False),
        st.container(
            key=f"{NOT_ON_PAPER}_save", horizontal=True, vertical_alignment="bottom"
        ),
    ):
        typed = st.text_input(
            "Note",
            # Empty again once one was saved.
            key=f"snapshot_note_{st.session_state.get(SAVED, 0)}",
            max_chars=LONGEST_NOTE,
            placeholder="What it is for, such as: board meeting",
        )
        is_asked = st.form_submit_button("Save this rate", type="primary")
    st.caption(wording.FOR_GOOD)
    if is_asked and kept(lambda: _save(practice, question, typed)):
        st.toast("Saved, and opened below.")
        st.rerun()


def _save(practice: Practice, question: Question, typed: str) -> None:
    with writing(state.engine()) as connection:
        st.session_state[OPEN] = counts.save(
            Practice(connection, practice.selection),
            question.criterion,
            question.timepoint.code,
            recall_window=question.window.code,
            note=typed,
        )
    st.session_state[SAVED] = st.session_state.get(SAVED, 0) + 1


# Those that were saved.


def _saved(connection: Connection) -> None:
    st.header("Saved rates", anchor=False)
    saved = list_snapshots(connection)
    if saved.changed:
        st.error(wording.changed_afterwards(saved.changed))
    if not saved.kept:
        st.info(wording.NONE_YET)
        return
    table(wording.list_rows(saved.kept[:MOST_LISTED]), "Saved rates")
    if len(saved.kept) > MOST_LISTED:
        st.caption(f"The newest {MOST_LISTED} of {len(saved.kept)}; open any below.")
    chosen = _chosen(saved.kept)
    if chosen is None:
        return
    try:
        opened = counts.open_snapshot(connection, chosen)
    except RecordError as error:
        st.error(str(error))
        return
    _show(opened)


def _chosen(heads: Sequence[SnapshotHead]) -> int | None:
    by_id = {head.id: head for head in heads}
    return st.selectbox(
        "Open a saved rate",
        list(by_id),
        index=None,
        format_func=lambda number: wording.choice(by_id[number]),
        placeholder="Choose one",
        key=OPEN,
        persist_state="session",
    )


def _show(opened: Opened) -> None:
    st.subheader(f"Snapshot {opened.saved.id}", anchor=False)
    verdict = wording.verdict(opened)
    if opened.again is None:
        st.warning(verdict)
    else:
        text(f"**{verdict}**")
    st.caption(f"{wording.rate_name(opened.saved)}. {wording.asked_of(opened)}")
    sections = snapshot_charts.sections(opened)
    chart(
        charts.forest(sections, "Share of the measured"),
        key="snapshots_rates",
        alt="The saved rate beside the same question asked now, with intervals",
    )
    table(wording.rate_rows(opened), "Every number, then and now")
    _differences(opened)
    _behind_then(opened)
    _definitions(opened)
    _files(opened)


def _differences(opened: Opened) -> None:
    if opened.again is None:
        return
    st.subheader("What changed, and why", anchor=False)
    if opened.again.definitions:
        text("Definitions that are others than the snapshot's:")
        table(wording.definition_rows(opened.again.definitions), "Changed definitions")
    else:
        text("No definition has changed.")
    if not opened.today.reproduced:
        text(wording.ABOUT_REASONS)
    _changes(opened.again, "again")
    if opened.today is not opened.again:
        _changes(opened.today, "today")


def _changes(changes: Changes, name: str) -> None:
    text(f"**{wording.difference(changes)}**")
    if changes.reproduced:
        return
    numbers = wording.changed_numbers(changes)
    table(wording.reason_rows(changes), f"Why courses count otherwise, {name}")
    if changes.moves:
        table(wording.move_rows(changes), f"What courses count as, {name}")
    with st.container(key=f"{NOT_ON_PAPER}_snapshot_{name}"):
        show_behind(
            [_number(number, changes) for number in numbers],
            key=f"snapshots_{name}",
            page=PAGE,
            label="Show the patients whose course counts otherwise",
        )


def _number(number: wording.Changed, changes: Changes) -> Number:
    ids = frozenset(number.course_ids)
    return Number(
        number.code,
        number.name,
        lambda: wording.change_table(c for c in changes.courses if c.course_id in ids),
        count=len(ids),
    )


def _behind_then(opened: Opened) -> None:
    rows = opened.then.rows.sort_values(["first_day", "course_id"])

    def of(states: Sequence[str]) -> pd.DataFrame:
        return outcome_wording.course_table(rows[rows["state"].isin(states)])

    numbers = [
        Number(g.code, g.name, lambda states=g.states: of(states), count=g.count)
        for g in outcome_wording.groups(opened.then.rate)
    ]
    with st.container(key=f"{NOT_ON_PAPER}_snapshot_then"):
        show_behind(
            numbers,
            key="snapshots_then",
            page=PAGE,
            label="Show the patients behind a number, as counted then",
        )


def _definitions(opened: Opened) -> None:
    with st.expander("The definitions that it keeps"):
        table(wording.kept_definitions(opened.then.definitions), "Kept definitions")


# Files.


def _files(opened: Opened) -> None:
    saved, rate = opened.saved, opened.then.rate
    row = glance_wording.rate_row(rate)
    download(
        Export(
            f"snapshot-{saved.id}",
            {wording.rate_name(saved): row},
            OUTCOME_LAYOUT,
            wording.stamp(opened),
            "Rate",
        ),
        label="Download the saved rate (CSV)",
    )
    with st.expander("Seal"):
        st.code(saved.hash, language=None, wrap_lines=True)
        text(wording.ABOUT_THE_SEAL)
        text(wording.ABOUT_THE_FILES)
        with st.container(horizontal=True):
            for part, label in _PARTS.items():
                _sealed_file(saved.id, part, label)


_PARTS: Mapping[str, str] = {
    "about": "What was asked and counted (JSON)",
    "rows": "A row per course (JSON)",
}


def _sealed_file(snapshot_id: int, part: str, label: str) -> None:
    def make(connection: Connection) -> bytes:
        return getattr(sealed_texts(connection, snapshot_id), part).encode()

    offer_file(
        label,
        make,
        file_name=f"snapshot-{snapshot_id}-{part}.json",
        mime="application/json",
        what=f"snapshot {snapshot_id}, {part}",
        key=f"sealed_{part}_{snapshot_id}",
    )


snapshots()
