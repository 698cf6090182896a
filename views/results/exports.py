"""Tables that leave the practice: small counts hidden, the question stamped on."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

from analysis.proportions import Proportion
from analysis.suppression import Layout, suppress
from data.settings import read_settings
from views.results.wording.exports import csv_text, export_rows, small_numbers
from views.seen import offer_file


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
    """Offer a table as a file; its small counts are hidden when it is asked for."""
    offer_file(
        label,
        lambda connection: export_csv(export, read_settings(connection).small_number),
        file_name=f"{export.name}.csv",
        mime="text/csv",
        what=f"results {export.name}",
        key=f"csv_{export.name}",
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
