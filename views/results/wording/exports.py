"""What an exported table says, cell by cell."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from math import isnan
from numbers import Integral

from analysis.proportions import Proportion
from analysis.suppression import Hidden
from views.results.wording.numbers import NO_DATA, percent, percent_range, points
from views.wording import MINUS


Row = Mapping[str, str]


def export_rows(first: str, rows: Mapping[str, Mapping[str, object]]) -> list[Row]:
    """Return a table of numbers in words, the names of its rows in the first column."""
    return [
        {first: name, **{column: cell(value) for column, value in row.items()}}
        for name, row in rows.items()
    ]


def cell(value: object) -> str:
    """Return one cell in words.

    Parameters
    ----------
    value
        A whole number, a share, two shares of 1 as a range, a number with a fraction,
        a day, yes or no, words, what is hidden, or None; NaN is None.

    Examples
    --------
    >>> cell(12), cell(-2.25), cell(None), cell((0.1, 0.5)), cell(True)
    ('12', '−2.2', 'no data', '10–50 %', 'yes')
    >>> from analysis.proportions import wilson_proportion
    >>> cell(wilson_proportion(6, 10)), cell(date(2026, 11, 1)), cell(Hidden(5))
    ('60 % (31–83)', '2026-11-01', 'fewer than 5')
    """
    match value:
        case None:
            return NO_DATA
        case bool():
            return "yes" if value else "no"
        case Hidden():
            return value.text
        case Proportion():
            interval = percent_range(value.lower, value.upper)
            return f"{percent(value.estimate)} ({interval})"
        case (lower, upper):
            return NO_DATA if lower is None else f"{percent_range(lower, upper)} %"
        case float():
            return NO_DATA if isnan(value) else points(value)
        case str() | date() | Integral():
            return str(value)
    raise TypeError(f"a cell cannot hold {value!r}.")


def told_apart(name: str, *labels: str) -> str:
    """Return a name that was typed, in quotation marks where it is like a label.

    Names that differ still do.

    Examples
    --------
    >>> told_apart("Dr Lee", "All together")
    'Dr Lee'
    >>> told_apart("all together", "All together")
    '“all together”'
    """
    bare = name.strip(" “”").casefold()
    return f"“{name}”" if bare in {label.casefold() for label in labels} else name


def small_numbers(fewer_than: int) -> str:
    """Return what was hidden of an exported table, in a sentence."""
    return (
        f"A count under {fewer_than}, 0 too, is printed as fewer than {fewer_than}. "
        "Not shown: a count from which a small one could be worked out, and a share "
        "of which a count is hidden."
    )


def csv_text(rows: Sequence[Row], stamp: Row) -> str:
    """Return what is shown as CSV; each row also says what it was counted by.

    Parameters
    ----------
    rows
        As shown; a column that a row does not have is left empty there.
    stamp
        Columns that are the same in every row: definitions, choice of courses, as-of
        date.
    """
    stream = io.StringIO()
    names = dict.fromkeys(name for row in (*rows, stamp) for name in row)
    # With another ending, a carriage return in a cell would not be quoted and would
    # begin a row of its own.
    writer = csv.DictWriter(stream, list(names), restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        cells = {**row, **stamp}
        writer.writerow({name: _no_formula(cell) for name, cell in cells.items()})
    return stream.getvalue()


_SIGNED = rf"[+{MINUS}]?\d+(\.\d+)?"
# "+10", "+2.1 %", "+10 (−3 to +22)", "+1.4 (no interval)".
_OUR_DIFFERENCE = re.compile(
    rf"\+\d+(\.\d+)?( %)?( \(({_SIGNED} to {_SIGNED}|no interval)\))?"
)


def _no_formula(cell: str) -> str:
    # A spreadsheet runs a cell that begins so; a name can be typed by anybody.
    runs = cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{cell}" if runs and not _OUR_DIFFERENCE.fullmatch(cell) else cell
