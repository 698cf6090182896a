"""Tables that leave the practice: small counts hidden, the question stamped on."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

import streamlit as st

from analysis.proportions import Proportion
from analysis.suppression import Layout, suppress
from data import database
from data.audit import EXPORT, note
from data.settings import read_settings
from views import state
from views.results.wording.exports import csv_text, export_rows, small_numbers


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
        be. A row of which nothing was counted has None for every count and share.
    layout
        Which columns are counts and how they hang together; None: the table counts no
        patients.
    stamp
        What was asked: definitions, choice of courses, as-of date.
    first
        Name of the first column.

    Raises
    ------
    ValueError
        If a column holds whole numbers, shares or bounds that the layout does not
        name: they would leave the practice as they are. If a name is both of a column
        and in the stamp.
    """

    name: str
    rows: Mapping[str, Mapping[str, object]]
    layout: Layout | None
    stamp: Mapping[str, str]
    first: str = "Number"

    def __post_init__(self) -> None:
        for name in sorted(_undeclared(self)):
            raise ValueError(
                f"{self.name}: the layout does not say what {name!r} counts."
            )
        columns = {self.first}.union(*self.rows.values())
        for name in sorted(columns.intersection(self.stamp)):
            raise ValueError(f"{self.name}: {name!r} is a column and in the stamp.")


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
        counted = {n: row for n, row in rows.items() if _counts(row, export.layout)}
        rows = {**rows, **suppress(counted, export.layout, fewer_than).rows}
        stamp["Small numbers"] = small_numbers(fewer_than)
    return csv_text(export_rows(export.first, rows), stamp).encode("utf-8-sig")


def download(export: Export, *, label: str = "Download this table (CSV)") -> None:
    """Offer a table as a file, which is made and noted only when it is asked for.

    Hiding small counts takes time; and what is noted on the page's next run may come
    after the file, or never. Nothing on the page changes, so it is not run again.
    """
    engine, actor = state.engine(), state.actor()

    def make() -> bytes:
        # Not in the page's run, which alone knows its visitor.
        with database.writing(engine, actor) as connection:
            note(connection, EXPORT, f"results {export.name}")
            fewer_than = read_settings(connection).small_number
        return export_csv(export, fewer_than)

    st.download_button(
        label,
        make,
        file_name=f"{export.name}.csv",
        mime="text/csv",
        key=f"csv_{export.name}",
        on_click="ignore",
    )


def _counts(row: Mapping[str, object], layout: Layout) -> bool:
    """Whether anything was counted in a row; a share without its counts is too much."""
    named = (*layout.counts, *layout.derived)
    return any(row.get(name) is not None for name in named)


def _undeclared(export: Export) -> set[str]:
    """Return the columns that could give patients away and that no layout names."""
    layout = export.layout
    named = {*layout.counts, *layout.derived} if layout else set()
    kinds = (Integral, Proportion, tuple) if layout else (Proportion,)
    return {
        name
        for row in export.rows.values()
        for name, value in row.items()
        if name not in named
        and isinstance(value, kinds)
        and not isinstance(value, bool)
    }
