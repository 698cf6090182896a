"""What is wrong with a file, said so that it can be found and put right."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from data.errors import RecordError


Progress = Callable[[float, str], object]
"""Told how far the work is, from 0 to 1, and what is being done."""

LONGEST_VALUE_SHOWN = 40
LONGEST_NAME_SHOWN = 80

CONFLICT, PATIENT, SITE, CONTENT = "conflict", "patient", "site", "content"

KINDS = (CONFLICT, PATIENT, SITE, CONTENT)
"""What a problem is about: a record or row that says something else, a patient who is
not in the practice or one of another site, or what the file itself holds."""

PROBLEM_COLUMNS = ("file", "row", "column", "value", "problem", "allowed")

# A spreadsheet would run a cell that begins like this as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Problem:
    """One thing about a file: where, the value if one is at fault, what is allowed.

    ``row`` counts as a spreadsheet does: the header is row 1. No other cell of the
    row is told, and never a name.
    """

    file: str
    row: int | None
    column: str
    value: str
    fault: str
    allowed: str = ""
    kind: str = CONTENT
    """Of ``KINDS``."""

    @property
    def sentence(self) -> str:
        """Everything in one line."""
        place = _name(self.file)
        place += f" row {self.row}" if self.row is not None else ""
        place += f", column {_name(self.column)}" if self.column else ""
        value = f"{shown(self.value)} " if self.value else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{place}: {value}{self.fault}{allowed}"

    def cells(self) -> tuple[str, ...]:
        """Return the texts under ``PROBLEM_COLUMNS``."""
        row = "" if self.row is None else str(self.row)
        return (self.file, row, self.column, self.value, self.fault, self.allowed)


class ImportRefused(RecordError):
    """Nothing was imported; the message says how many problems, and the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(refusal(self.problems))


def refuse_file(file: str, fault: str, allowed: str = "") -> ImportRefused:
    """Return the refusal of a whole file, for one reason."""
    return ImportRefused([Problem(file, None, "", "", fault, allowed)])


def refusal(problems: Sequence[Problem]) -> str:
    """Return one line: how many problems, and the first."""
    first = problems[0].sentence
    if len(problems) == 1:
        return first
    return f"{len(problems):,} problems; the first: {first}"


def shown(value: str) -> str:
    """Return a value in quotation marks, cut short, with nothing unprintable.

    Examples
    --------
    >>> shown("7")
    "'7'"
    """
    short = value[:LONGEST_VALUE_SHOWN]
    return repr(short + "…" if len(value) > LONGEST_VALUE_SHOWN else short)


def problems_csv(problems: Iterable[Problem]) -> str:
    """Return problems as CSV, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(PROBLEM_COLUMNS)
    for problem in problems:
        writer.writerow(map(_no_formula, problem.cells()))
    return text.getvalue()


def _name(text: str) -> str:
    plain = text.isprintable() and len(text) <= LONGEST_NAME_SHOWN
    return text if plain else shown(text)


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
