"""Patients drawn as text for quality measures: a table in, two frames out.

One row is one course; days are calendar dates, forms at 09:00 and infusions at 10:00
unless a time is given:

    patient | born       | infusions  | closed     | forms
    --------+------------+------------+------------+---------------------------------
    a       | 1980-05-01 | 2025-01-11 |            | 2025-01-10: 18, 2026-01-12: 4
"""

from datetime import date, datetime

import pandas as pd

from analysis.columns import empty
from analysis.quality import (
    QUALITY_EXCLUSIONS,
    QualityResult,
    quality_rows,
    summarise,
)
from measures.days import day_number
from measures.quality_measures import (
    QUALITY_MEASURES,
    Period,
    QualityMeasure,
    calendar_year,
)


USUAL = {
    "born": "1980-05-01",
    "indication": "depression",
    "infusions": "",
    "closed": "",
}
MINUTES_PER_DAY = 1440
AFTERWARDS = "2099-12-31"


def day_of(text: str) -> int:
    """Return the day number of a date."""
    return day_number(date.fromisoformat(text.strip()))


def frames(table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the courses and the forms that a table draws."""
    courses, forms = [], []
    for course_id, row in enumerate(_rows(table), start=1):
        given = sorted(_minute(cell, 10) for cell in _entries(row["infusions"]))
        courses.append(
            {
                "course_id": course_id,
                "patient_id": row["patient"],
                "birth_day": day_of(row["born"]) if row["born"] else None,
                "indication": row["indication"],
                "first_minute": given[0] if given else None,
                "first_day": given[0] // MINUTES_PER_DAY if given else None,
                "infusions": len(given),
                "closed_day": day_of(row["closed"]) if row["closed"] else None,
            }
        )
        for entry in _entries(row["forms"]):
            moment, total = entry.rsplit(": ", 1)
            minute = _minute(moment, 9)
            forms.append((course_id, minute, minute // MINUTES_PER_DAY, int(total)))
    named = pd.DataFrame(forms, columns=["course_id", "minute", "day", "total"])
    return pd.DataFrame(courses), named.assign(form_id=range(len(named)))


def exclusions(table: str | None) -> pd.DataFrame:
    """Return what a table says of patients: ``patient | code | day``."""
    if table is None:
        return empty(QUALITY_EXCLUSIONS)
    return pd.DataFrame(
        [
            {
                "patient_id": row["patient"],
                "code": row["code"],
                "day": day_of(row["day"]) if row["day"] else None,
            }
            for row in _rows(table)
        ]
    )


def rows_of(
    code: str,
    table: str,
    *,
    period: int | Period = 2026,
    as_of: str = AFTERWARDS,
    excluding: str | None = None,
) -> pd.DataFrame:
    """Return the rows that a measure makes of a table."""
    courses, forms = frames(table)
    return quality_rows(
        QUALITY_MEASURES[code],
        courses,
        forms,
        period=_period(period),
        as_of_day=day_of(as_of),
        exclusions=exclusions(excluding),
    )


def states(code: str, table: str, **asked: object) -> dict[str, str]:
    """Return the state of each patient, or of each course by its patient."""
    found = rows_of(code, table, **asked)
    return dict(zip(found["patient_id"], found["state"], strict=True))


def quality_result(
    measure: QualityMeasure,
    *frames: pd.DataFrame,
    confidence: float = 0.95,
    exclusions: pd.DataFrame | None = None,
    **asked: object,
) -> QualityResult:
    """Return the result of a measure for courses and forms."""
    rows = quality_rows(measure, *frames, exclusions=exclusions, **asked)
    return summarise(measure, rows, confidence=confidence, **asked)


def result(
    code: str,
    table: str,
    *,
    period: int | Period = 2026,
    as_of: str = AFTERWARDS,
    excluding: str | None = None,
) -> QualityResult:
    """Return the result of a measure for a table."""
    courses, forms = frames(table)
    return quality_result(
        QUALITY_MEASURES[code],
        courses,
        forms,
        period=_period(period),
        as_of_day=day_of(as_of),
        exclusions=exclusions(excluding),
    )


def _period(period: int | Period) -> Period:
    return calendar_year(period) if isinstance(period, int) else period


def _rows(table: str) -> list[dict[str, str]]:
    header, _, *lines = table.strip().splitlines()
    names = _cells(header)
    return [USUAL | dict(zip(names, _cells(line), strict=True)) for line in lines]


def _minute(text: str, usual_hour: int) -> int:
    moment = datetime.fromisoformat(text.strip())
    hours = moment.hour if " " in text.strip() else usual_hour
    return day_number(moment.date()) * MINUTES_PER_DAY + hours * 60 + moment.minute


def _entries(cell: str) -> list[str]:
    return [entry.strip() for entry in cell.split(",") if entry.strip()]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
