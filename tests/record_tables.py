"""Records drawn as text: a table in, a frame with the columns of a contract out.

A column that is not drawn has its usual value; an empty cell is missing, or empty text.
"""

import pandas as pd

from analysis.columns import FrameSpec, conform
from analysis.data_quality import FORM_VERSIONS, INFUSION_DAYS
from analysis.safety import ALERTS, INFUSION_READINGS, ITEM_9_FORMS, LATEST_SCORES
from tests.factories import rows


HOUR = 3600

USUAL = {
    ITEM_9_FORMS: {"course_id": 1, "answers_received": 1},
    ALERTS: {"course_id": 1, "patient_id": "p", "by_mistake": 0, "action": ""},
    INFUSION_READINGS: {
        "course_id": 1,
        "day": 0,
        "dissociation": "",
        "adverse_event_codes": "",
        "in_words": 0,
    },
    LATEST_SCORES: {"day": 40, "incomplete_since": 0},
    FORM_VERSIONS: {
        "course_id": 1,
        "patient_id": "p",
        "measure": "phq9",
        "state": "current",
        "answers_received": 1,
        "complete": 1,
        "imported": 0,
    },
    INFUSION_DAYS: {"course_id": 1, "patient_id": "p", "indication": "depression"},
}
IDS = {
    ITEM_9_FORMS: "assessment_id",
    ALERTS: "alert_id",
    INFUSION_READINGS: "infusion_id",
    LATEST_SCORES: "assessment_id",
    FORM_VERSIONS: "assessment_id",
    INFUSION_DAYS: "infusion_id",
}


def item_9_forms(table: str) -> pd.DataFrame:
    """Return forms; each at noon of its day, and numbered in the order drawn."""
    drawn = [{"minute": int(row["day"]) * 1440 + 720, **row} for row in rows(table)]
    return frame_of(drawn, ITEM_9_FORMS)


def alerts(table: str) -> pd.DataFrame:
    """Return alerts from the hours ``opened``, ``seen`` and ``closed``."""
    drawn = []
    for row in rows(table):
        hours = {name: row.pop(name, "") for name in ("opened", "seen", "closed")}
        for name, hour in hours.items():
            row[f"{name}_second"] = int(hour) * HOUR if hour else None
            row[f"{name}_day"] = int(hour) // 24 if hour else None
        if row["closed_second"] is not None:
            row = {"action": "referred", **row}
        drawn.append({"assessment_id": len(drawn) + 1, **row})
    return frame_of(drawn, ALERTS)


def readings(table: str) -> pd.DataFrame:
    """Return infusions; a blood pressure is drawn as ``120/80``, either may be absent.

    The columns ``before``, ``peak`` and ``after`` hold blood pressures.
    """
    drawn = []
    for row in rows(table):
        for moment in ("before", "peak", "after"):
            systolic, _, diastolic = row.pop(moment, "").partition("/")
            row[f"systolic_{moment}"] = systolic
            row[f"diastolic_{moment}"] = diastolic
        drawn.append({"patient_id": f"p{len(drawn) + 1}", **row})
    return frame_of(drawn, INFUSION_READINGS)


def latest_scores(table: str) -> pd.DataFrame:
    """Return the last complete scores of courses."""
    return frame_of(rows(table), LATEST_SCORES)


def form_versions(table: str) -> pd.DataFrame:
    """Return versions of forms, recorded on the day of completion unless drawn."""
    drawn = [{"recorded_day": row["day"], **row} for row in rows(table)]
    return frame_of(drawn, FORM_VERSIONS)


def infusion_days(table: str) -> pd.DataFrame:
    """Return infusions with their days."""
    return frame_of(rows(table), INFUSION_DAYS)


def frame_of(drawn: list[dict], spec: FrameSpec) -> pd.DataFrame:
    """Return rows as a frame of a contract, numbered in order unless they are."""
    numbered = [
        {IDS[spec]: number, **USUAL[spec], **row}
        for number, row in enumerate(drawn, start=1)
    ]
    columns = {
        c.name: [_value(row.get(c.name), c.dtype) for row in numbered]
        for c in spec.columns
    }
    return conform(pd.DataFrame(columns), spec)


def _value(value: object, dtype: str) -> object:
    if dtype == "str":
        return "" if value is None else value
    return None if value in ("", None) else int(value)
