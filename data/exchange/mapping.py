"""The mapping file: what a foreign file's columns mean, and what it does not say."""

import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from data.exchange.meanings import described_meanings, known_meanings
from data.exchange.problems import ImportRefused, refuse_file, shown
from data.exchange.reading import ENCODINGS, SEPARATORS
from data.tables import INDICATIONS
from measures.registry import MEASURES, RECALL_WINDOWS


DATE_ORDERS = ("day-month-year", "month-day-year")
BY_ROW = "row"
LABELS = "labels"

_NAMED_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@dataclass(frozen=True)
class Mapping:
    """What was declared about a file; None where nothing was."""

    columns: AnyMapping[str, str] = field(default_factory=dict)
    """What a column means, by its name in the header."""
    measure: str | None = None
    recall_window: str | None = None
    date_order: str | None = None
    completed_at: date | None = None
    """The day of every form, where the file has no dates."""
    record_number: str | None = None
    """A column's name, or ``row`` to number the patients by their row."""
    record_prefix: str | None = None
    """Put before every record number of the file."""
    new_patients: bool = False
    indication: str | None = None
    encoding: str | None = None
    separator: str | None = None
    answers: str | None = None
    """``labels`` where the answers are given in the instrument's own words."""
    missing: frozenset[str] = frozenset()
    """What stands for "no value"; never hides a value that the column allows."""
    totals_only: bool = False
    """Take the totals and leave the items aside."""


NO_MAPPING = Mapping()


def read_mapping(content: bytes, file: str = "mapping file") -> Mapping:
    r"""Return what a mapping file declares.

    Raises
    ------
    ImportRefused
        If it is not TOML, or a key or a value is unknown; the message names it.

    Examples
    --------
    >>> mapping = read_mapping(b'[columns]\nD1 = "phq9_1"')
    >>> mapping.columns["D1"]
    'phq9_1'
    """
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse_file(file, f"is not a TOML file: {_one_line(error)}") from error
    _check_keys(file, "", tables, ("columns", "declare"))
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise refuse_file(file, f"[{name}] must be a table")
    columns = tables.get("columns", {})
    for name, meaning in columns.items():
        if not isinstance(meaning, str) or meaning not in known_meanings():
            place = f"column {shown(name)} ="
            raise _refusal(file, place, meaning, described_meanings())
    declared = tables.get("declare", {})
    _check_keys(file, "declare ", declared, _DECLARED)
    return Mapping(
        columns=columns,
        **{key: _declared(file, key, value) for key, value in declared.items()},
    )


def _declared(file: str, key: str, value: Any) -> Any:
    return _DECLARED[key](file, f"declare {key} =", value)


def _text(file: str, place: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refusal(file, place, value, ["a text"])
    return value.strip()


def _truth(file: str, place: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refusal(file, place, value, ["true", "false"])
    return value


def _day(file: str, place: str, value: Any) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(_text(file, place, value))
    except ValueError:
        raise _refusal(file, place, value, ["a date as YYYY-MM-DD"]) from None


def _texts(file: str, place: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise _refusal(file, place, value, ['a list of texts, as ["NA", "999"]'])
    return frozenset(text.strip() for text in value)


def _separator(file: str, place: str, value: Any) -> str:
    if value in SEPARATORS:
        return value
    _check_one_of(file, place, value, _NAMED_SEPARATORS)
    return _NAMED_SEPARATORS[value]


def _one_of(allowed: Iterable[str]) -> Any:
    def read(file: str, place: str, value: Any) -> str:
        _check_one_of(file, place, value, allowed)
        return value

    return read


_DECLARED = {
    "measure": _one_of(MEASURES),
    "recall_window": _one_of(RECALL_WINDOWS),
    "date_order": _one_of(DATE_ORDERS),
    "completed_at": _day,
    "record_number": _text,
    "record_prefix": _text,
    "new_patients": _truth,
    "indication": _one_of(INDICATIONS),
    "encoding": _one_of(ENCODINGS),
    "separator": _separator,
    "answers": _one_of([LABELS]),
    "missing": _texts,
    "totals_only": _truth,
}


def _check_keys(file: str, place: str, table: Any, allowed: Iterable[str]) -> None:
    for key in table:
        _check_one_of(file, f"{place}key", key, allowed)


def _check_one_of(file: str, place: str, value: Any, allowed: Iterable[str]) -> None:
    if value not in list(allowed):
        raise _refusal(file, place, value, allowed)


def _refusal(
    file: str, place: str, value: Any, allowed: Iterable[str]
) -> ImportRefused:
    listed = ", ".join(allowed)
    return refuse_file(file, f"{place} {shown(str(value))} is not known", listed)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
