"""From a number to the patients in it, and back."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from data.patients import list_patients
from views import state
from views.state import reading
from views.wording import NAME_NOT_RECORDED


CAME_FROM = "came_from"
"""In the session: the page whose list a patient was opened from."""

MOST_ROWS_AT_ONCE = 15
PIXELS_OF_MORE = 560


@dataclass(frozen=True, eq=False)
class Number:
    """A number on a page, and the rows that it counts.

    Parameters
    ----------
    code
        Names it in the page's state.
    name
        What the number is of, as in ``Not measured``.
    rows
        A row for each thing counted: ``patient_id``, and the other columns as they are
        shown, in this order, under these names. Dates are dates. Or a function that
        returns them, which is called only once the list is opened.
    count
        How many rows there are; to be given where ``rows`` is a function.
    """

    code: str
    name: str
    rows: pd.DataFrame | Callable[[], pd.DataFrame]
    count: int | None = None

    @property
    def label(self) -> str:
        """What the button says."""
        count = len(self.rows) if self.count is None else self.count
        return f"{self.name}: {count}"

    def listed(self) -> pd.DataFrame:
        """Return the rows, put together now where they were not yet."""
        return self.rows() if callable(self.rows) else self.rows


def show_behind(
    numbers: Sequence[Number],
    *,
    key: str,
    page: tuple[str, str],
    label: str = "Show the patients behind a number",
) -> None:
    """Let the visitor choose a number, list what it counts, and open a patient.

    The choice is kept while the visitor looks at other pages, so that the list is open
    again on the way back.

    Parameters
    ----------
    numbers
        In the order of the page; their codes are distinct.
    key
        Of the widgets; one per list on a page.
    page
        File and title of the page to come back to.
    label
        Above the buttons.
    """
    by_code = {number.code: number for number in numbers}
    chosen = st.pills(
        label,
        list(by_code),
        format_func=lambda code: by_code[code].label,
        key=f"{key}_number",
        persist_state="session",
    )
    if chosen is None or chosen not in by_code:
        return
    number = by_code[chosen]
    rows = number.listed()
    if rows.empty:
        st.caption("Nobody is in this number.")
        return
    _patient_list(number, rows, key, page)


def _patient_list(
    number: Number, rows: pd.DataFrame, key: str, page: tuple[str, str]
) -> None:
    ids = rows["patient_id"].tolist()
    table = _with_names(rows)
    event = st.dataframe(
        table,
        hide_index=True,
        height="content" if len(ids) <= MOST_ROWS_AT_ONCE else PIXELS_OF_MORE,
        column_config=_dates(table),
        key=f"{key}_list_{_digest(number.code, ids)}",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt=f"Counted under: {number.name}",
    )
    st.caption(
        "Tick a row to open the patient; from the keyboard, arrow keys, then Shift and "
        "the space bar."
    )
    if event.selection.rows:
        st.session_state[CAME_FROM] = page
        state.go_to("patient.py", patient=ids[event.selection.rows[0]])


def _with_names(rows: pd.DataFrame) -> pd.DataFrame:
    with reading(state.engine()) as connection:
        people = {person.id: person for person in list_patients(connection)}
    counted = [people[patient_id] for patient_id in rows["patient_id"]]
    table = rows.drop(columns="patient_id")
    names = [person.name or NAME_NOT_RECORDED for person in counted]
    table.insert(0, "Record number", [person.record_number for person in counted])
    table.insert(1, "Patient", names)
    return table


def _dates(table: pd.DataFrame) -> dict[str, Any]:
    """Return how the columns that hold dates are shown."""
    dated = (name for name in table if _holds_dates(table[name].dropna()))
    return {name: st.column_config.DateColumn(format="D MMM YYYY") for name in dated}


def _holds_dates(values: pd.Series) -> bool:
    return len(values) > 0 and hasattr(values.iloc[0], "isoformat")


def _digest(code: str, ids: Iterable[str]) -> str:
    # Names the rows and their order, so that a row ticked in another list is
    # forgotten and cannot open the patient who now stands in its place.
    return hashlib.sha256(" ".join([code, *ids]).encode()).hexdigest()[:12]


def way_back() -> None:
    """Offer the list from which a patient was opened, if it was from one."""
    page = st.session_state.get(CAME_FROM)
    if page is None:
        return
    file, title = page
    st.page_link(file, label=f"Back to {title}")
