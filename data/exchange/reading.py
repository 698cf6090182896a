"""Bytes to a header and rows; what is not such a file is refused in one sentence."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from data.exchange.problems import ImportRefused, Problem, refuse_file


ENCODINGS = ("utf-8", "cp1252")
SEPARATORS = (",", ";", "\t")

SAVE_AS = 'save it as "CSV UTF-8" and try again'

# How files that are no text begin.
_BEGINNINGS = {
    b"PK\x03\x04": "is a workbook or an archive, not CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook, not CSV",
    b"%PDF": "is a PDF, not CSV",
    b"\x1f\x8b": "is compressed, not CSV",
    b"\xff\xfe": "is UTF-16, not UTF-8",
    b"\xfe\xff": "is UTF-16, not UTF-8",
}
_OTHER_TEXTS = {"{": "JSON", "[": "JSON", "<": "XML or a web page"}


@dataclass(frozen=True)
class SourceFile:
    """A file as it was handed over; its bytes stay in memory."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Fingerprint of the content."""
        return hashlib.sha256(self.content).hexdigest()


Record = tuple[int, list[str]]


@dataclass
class Sheet:
    """A header and, once, the rows under it, numbered from the header's 1."""

    file: str
    header: tuple[str, ...]
    lines: int
    """About how many rows there are; a cell can have more than one line."""
    _records: Iterator[Record]
    rows: int = 0
    """How many were read and not blank; as ``blank_rows``, right at the end."""
    blank_rows: int = 0

    def read(self) -> Iterator[Record]:
        """Yield the rows that are not blank, and count both kinds.

        Raises
        ------
        ImportRefused
            If the file stops being CSV.
        """
        for record in self._records:
            if "".join(record[1]).strip():
                self.rows += 1
                yield record
            else:
                self.blank_rows += 1


def read_sheet(
    source: SourceFile, *, encoding: str | None = None, separator: str | None = None
) -> Sheet:
    """Return the header of a CSV file, with rows to be read.

    Parameters
    ----------
    source
        The file.
    encoding
        One of ``ENCODINGS``; None for UTF-8, with or without byte-order mark.
    separator
        One of ``SEPARATORS``; None to find it in the header.

    Raises
    ------
    ImportRefused
        If it is not a CSV file with at least one row that is not blank.
    """
    file = source.name
    text = _text(source, encoding)
    records = _records(file, text, separator or _separator(file, text))
    header = _header(file, next(records, (1, []))[1])
    sheet = Sheet(file, header, text.count("\n"), records)
    first = next(sheet.read(), None)
    if first is None:
        raise _no_rows(sheet)
    return replace(sheet, _records=chain([first], records), rows=0)


def _text(source: SourceFile, encoding: str | None) -> str:
    content = source.content
    for beginning, what in _BEGINNINGS.items():
        if content.startswith(beginning):
            raise refuse_file(source.name, f"{what}; {SAVE_AS}")
    try:
        text = content.decode("utf-8-sig" if encoding in (None, "utf-8") else encoding)
    except UnicodeDecodeError as error:
        raise refuse_file(
            source.name,
            f"is not {encoding or 'UTF-8'} text; {SAVE_AS}, or declare in a mapping "
            'file: [declare] encoding = "cp1252"',
        ) from error
    if not text.strip():
        raise refuse_file(source.name, "is empty")
    if "\0" in text:
        raise refuse_file(source.name, "has NUL bytes in it, so it is not a text file")
    other = _OTHER_TEXTS.get(text.lstrip()[:1])
    if other:
        raise refuse_file(source.name, f"is {other}, not CSV")
    return text


def _separator(file: str, text: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", text.splitlines()[0])
    found = [s for s in SEPARATORS if s in outside_quotes]
    if len(found) > 1:
        raise refuse_file(
            file,
            "has more than one of comma, semicolon and tab in its header; declare in "
            'a mapping file which one separates: [declare] separator = ";"',
        )
    return found[0] if found else SEPARATORS[0]


def _records(file: str, text: str, separator: str) -> Iterator[Record]:
    # Strict, so that a quotation mark left open does not swallow the rest unseen.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
    except csv.Error as error:
        raise refuse_file(
            file, f"cannot be read as CSV from row {number + 1} on: {error}"
        ) from error


def _header(file: str, cells: list[str]) -> tuple[str, ...]:
    header = tuple(cell.strip() for cell in cells)
    if not any(header):
        raise refuse_file(file, "has a blank first row; the first row is the header")
    repeated = [name for name, times in Counter(header).items() if name and times > 1]
    if repeated:
        raise ImportRefused(
            [
                Problem(file, 1, name, "", "the header has this column twice", "once")
                for name in repeated
            ]
        )
    return header


def _no_rows(sheet: Sheet) -> ImportRefused:
    if sheet.blank_rows:
        what = f"has a header and only blank rows ({sheet.blank_rows})"
        return refuse_file(sheet.file, what)
    return refuse_file(sheet.file, "has a header and no rows under it")
