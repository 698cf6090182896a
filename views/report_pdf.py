"""A progress report as a PDF: tagged, one page, made here without a browser."""

import json
import re
import unicodedata
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import typst

from views.report_facts import Report


PAGE = Path(__file__).with_name("report_page.typ").read_bytes()

# What the fonts inside the compiler can draw: Latin, Greek, Cyrillic, Armenian, Hebrew
# and Arabic letters, and the signs of our own words.
_DRAWABLE = re.compile(
    "[ -~\u00a0-\u0484\u0487-\u04ff\u0531-\u0587\u05d0-\u05ea\u0621-\u063a\u0641-\u064a"
    "\u1e00-\u1fff\u2010-\u2027\u2030-\u203a\u20a0-\u20bf\u2190-\u22ff\u25a0-\u25ff]"
)
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs"}

SQUARE = "□"
SQUARE_MEANS = f"{SQUARE} stands for a character that this report cannot print."


def report_pdf(report: Report, printed_at: datetime) -> bytes:
    """Return the report as PDF/UA-1; the same words at the same moment, the same bytes.

    Parameters
    ----------
    report
        What it says.
    printed_at
        Kept in the file as its date.
    """
    words = printable(asdict(report))
    if SQUARE in json.dumps(words, ensure_ascii=False):
        words["definitions"].append(SQUARE_MEANS)
    return typst.compile(
        PAGE,
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(words)},
        pdf_standards=["ua-1"],
        timestamp=printed_at.astimezone(),
    )


def printable(words: object) -> object:
    """Return words of which every character can be drawn, a square for those that not.

    Examples
    --------
    >>> printable({"name": "Łucja 漢"})
    {'name': 'Łucja □'}
    """
    if isinstance(words, dict):
        return {name: printable(value) for name, value in words.items()}
    if isinstance(words, list | tuple):
        return [printable(value) for value in words]
    return "".join(map(_drawn, words)) if isinstance(words, str) else words


def _drawn(character: str) -> str:
    is_seen = unicodedata.category(character) not in _UNSEEN
    return character if is_seen and _DRAWABLE.match(character) else SQUARE
