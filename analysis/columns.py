"""What the analysis asks of a frame: its columns, their types, what they may hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd


INDICATIONS = ("depression", "ptsd", "both", "not recorded")


@dataclass(frozen=True)
class Column:
    """One column: ``int64`` whole, ``float64`` whole or missing, ``str`` never missing.

    Points and days are whole numbers. They are ``float64`` where they may be missing,
    because only then can a column hold NaN.
    """

    name: str
    dtype: str
    allowed: tuple[str, ...] = ()
    lowest: int | None = None


@dataclass(frozen=True)
class FrameSpec:
    """The columns of a frame, and the columns that name one row."""

    name: str
    columns: tuple[Column, ...]
    one_row_per: tuple[str, ...] = ()


_COURSE_COLUMNS = (
    Column("course_id", "int64"),
    Column("patient_id", "str"),
    Column("first_day", "int64"),
    Column("indication", "str", allowed=INDICATIONS),
    Column("clinician", "str"),
    Column("infusions", "int64", lowest=1),
    Column("induction_infusions", "int64", lowest=0),
    Column("induction_days", "int64", lowest=0),
    Column("baseline", "float64", lowest=0),
    Column("total", "float64", lowest=0),
    Column("score_day", "float64"),
    Column("due_day", "float64"),
)

COURSES = FrameSpec("COURSES", _COURSE_COLUMNS, one_row_per=("course_id",))
"""Started courses, for one measure, recall window and time point.

``first_day`` is the day of infusion 1; ``induction_days`` the days from the first to
the last induction infusion; ``baseline`` missing where there was no complete one;
``total`` and ``score_day`` missing where nothing complete falls in the window;
``due_day`` the first day on which the course is due, missing while unknown.
"""

COURSES_BY_INFUSION = FrameSpec(
    "COURSES_BY_INFUSION",
    (*_COURSE_COLUMNS, Column("infusion", "int64", lowest=1)),
    one_row_per=("course_id", "infusion"),
)
"""The same, with a row for each numbered infusion: ``total`` is the score after it."""

SCORES_AFTER = FrameSpec(
    "SCORES_AFTER",
    (
        Column("course_id", "int64"),
        Column("day", "int64"),
        Column("total", "float64", lowest=0),
    ),
)
"""Every complete score after infusion 1, for one measure and recall window."""


def conform(frame: pd.DataFrame, spec: FrameSpec) -> pd.DataFrame:
    """Return the frame with the types that ``spec`` asks for; further columns stay.

    A frame read from a database with no rows has lost its types; it gets them here.

    Raises
    ------
    ValueError
        If a column is missing, a value is not allowed, or a row is there twice.
    """
    for column in spec.columns:
        if column.name not in frame.columns:
            raise ValueError(f"{spec.name}: column {column.name!r} is missing.")
    cast = {c.name: _cast(frame[c.name], c, spec.name) for c in spec.columns}
    changed = {n: values for n, values in cast.items() if values is not frame[n]}
    conformed = frame.assign(**changed)
    _refuse_repeated_rows(conformed, spec)
    return conformed


def empty(spec: FrameSpec) -> pd.DataFrame:
    """Return a frame without rows that conforms to ``spec``."""
    return pd.DataFrame({c.name: pd.Series(dtype=c.dtype) for c in spec.columns})


def _cast(values: pd.Series, column: Column, frame_name: str) -> pd.Series:
    place = f"{frame_name}: column {column.name!r}"
    if column.dtype == "str":
        return _text(values, column, place)
    whole = values.dtype == "int64"
    numbers = values.to_numpy() if whole else _numbers(values, place)
    if not whole:
        if column.dtype == "int64":
            _refuse(numbers, np.isnan, place, "a whole number, never missing")
        _refuse(numbers, _has_a_fraction, place, "a whole number")
    if column.lowest is not None:
        lowest = column.lowest
        _refuse(numbers, lambda n: n < lowest, place, f"{lowest} or more")
    if values.dtype == column.dtype:
        return values
    return pd.Series(numbers, index=values.index).astype(column.dtype)


def _text(values: pd.Series, column: Column, place: str) -> pd.Series:
    texts = values if values.dtype == "str" else values.astype("str")
    _refuse(texts, pd.isna, place, "text, never missing")
    if column.allowed:
        allowed = column.allowed
        _refuse(texts, lambda t: ~t.isin(allowed), place, ", ".join(allowed))
    return texts


def _numbers(values: pd.Series, place: str) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        texts = values.map(lambda value: isinstance(value, str)).astype(bool)
        _refuse(values, lambda _: texts, place, "a number")
    return values.to_numpy(dtype="float64", na_value=np.nan)


def _has_a_fraction(numbers: np.ndarray) -> np.ndarray:
    return ~np.isnan(numbers) & ~(np.floor(numbers) == numbers) | np.isinf(numbers)


def _refuse(values: object, is_wrong: Callable, place: str, allowed: str) -> None:
    wrong = np.asarray(is_wrong(values), dtype=bool)
    if wrong.any():
        value = np.asarray(values, dtype=object)[wrong][0]
        raise ValueError(f"{place} has {value!r}; allowed: {allowed}.")


def _refuse_repeated_rows(frame: pd.DataFrame, spec: FrameSpec) -> None:
    names = list(spec.one_row_per)
    if not names:
        return
    repeated = frame.duplicated(names)
    if repeated.any():
        value = tuple(int(v) for v in frame.loc[repeated, names].iloc[0])
        raise ValueError(
            f"{spec.name}: more than one row for {', '.join(names)} {value}; "
            "allowed: one."
        )
