"""Courses drawn as text: a table in, a frame with the columns of a contract out."""

import pandas as pd

from analysis.columns import (
    COURSES,
    COURSES_BY_INFUSION,
    SCORES_AFTER,
    FrameSpec,
    conform,
)


USUAL = {
    "first_day": 0,
    "indication": "depression",
    "clinician": "",
    "infusions": 6,
    "induction_infusions": 6,
    "induction_days": 14,
    "baseline": 20,
    "total": None,
    "score_day": None,
    "due_day": None,
}


def courses(table: str) -> pd.DataFrame:
    """Return started courses; a column that is not drawn has its usual value."""
    return _frame(table, COURSES)


def courses_by_infusion(table: str) -> pd.DataFrame:
    """Return one row per course and infusion."""
    return _frame(table, COURSES_BY_INFUSION)


def scores_after(table: str) -> pd.DataFrame:
    """Return complete scores after infusion 1."""
    return _frame(table, SCORES_AFTER)


def _frame(table: str, spec: FrameSpec) -> pd.DataFrame:
    header, _, *lines = table.strip().splitlines()
    names = _cells(header)
    rows = [dict(zip(names, _cells(line), strict=True)) for line in lines]
    return conform(pd.DataFrame([_row(row, spec) for row in rows]), spec)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _row(drawn: dict[str, str], spec: FrameSpec) -> dict:
    row = {"patient_id": f"p{drawn['course_id']}", **USUAL, **drawn}
    return {c.name: _value(row[c.name], c.dtype) for c in spec.columns}


def _value(value: object, dtype: str) -> object:
    if dtype == "str":
        return value
    return None if value in ("", None) else int(value)
