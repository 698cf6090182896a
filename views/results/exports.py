"""Tables that leave the practice: small counts hidden, the question stamped on."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from analysis.suppression import Layout, suppress
from data.settings import read_settings
from views import state
from views.results.wording.exports import csv_text, export_rows
from views.seen import note_export
from views.state import reading


@dataclass(frozen=True)
class Export:
    """A table that may be taken out.

    Parameters
    ----------
    name
        Of the file, and in the audit; names nobody.
    rows
        By the words of the first column. Counts are whole numbers, shares are
        ``Proportion``; `views.results.wording.exports.cell` says what else a cell can
        be.
    layout
        Which columns are counts and how they hang together; None: the table counts no
        patients.
    stamp
        What was asked: definitions, choice of courses, as-of date.
    first
        Name of the first column.
    """

    name: str
    rows: Mapping[str, Mapping[str, object]]
    layout: Layout | None
    stamp: Mapping[str, str]
    first: str = "Number"


def export_csv(export: Export, fewer_than: int) -> bytes:
    """Return the table as a file, its small counts hidden.

    Parameters
    ----------
    export
        The table.
    fewer_than
        The lowest count that is shown.
    """
    rows, stamp = export.rows, dict(export.stamp)
    if export.layout is not None:
        hidden = suppress(rows, export.layout, fewer_than)
        rows = hidden.rows
        stamp["Small numbers"] = (
            f"Counts under {fewer_than} are shown as fewer than {fewer_than}; "
            "others are not shown where a small one could be worked out from them."
        )
    return csv_text(export_rows(export.first, rows), stamp).encode("utf-8-sig")


def download(export: Export, *, label: str = "Download this table (CSV)") -> None:
    """Offer a table as a file; it is noted in the audit when it is taken.

    Small counts are hidden only when the file is asked for, which takes time.
    """
    engine = state.engine()
    with reading(engine) as connection:
        fewer_than = read_settings(connection).small_number
    st.download_button(
        label,
        lambda: export_csv(export, fewer_than),
        file_name=f"{export.name}.csv",
        mime="text/csv",
        key=f"csv_{export.name}",
        on_click=note_export,
        args=(engine, f"results {export.name}"),
    )
