"""Courses followed after induction, drawn as text: one row per course.

Day 0 is the last induction infusion; infusion 1 was 14 days before. ``end`` is the
form at the end of induction and ``later`` the forms after it, each as ``DAY: TOTAL``;
forms are at 9:00 and boosters at 10:00:

    course | baseline | end   | later         | boosters
    -------+----------+-------+---------------+---------
    1      | 20       | 5: 8  | 20: 9, 40: 12 | 30, 60
"""

import pandas as pd

from analysis.columns import COURSES, conform
from analysis.durability import BOOSTERS, LOOKS
from measures.timepoints import END_OF_INDUCTION


INDUCTION_DAYS = 14
MINUTES_PER_DAY = 24 * 60


def followed(table: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the courses at the end of induction, their later forms and boosters."""
    header, _, *lines = table.strip().splitlines()
    names = cells(header)
    rows = [
        {"baseline": "20", **dict(zip(names, cells(line), strict=True))}
        for line in lines
    ]
    return frames(
        [
            (
                int(row["course"]),
                int(row["baseline"]) if row["baseline"] else None,
                drawn(row["end"])[0] if row.get("end") else None,
                drawn(row.get("later", "")),
                [int(day) for day in row.get("boosters", "").split(",") if day],
            )
            for row in rows
        ]
    )


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def drawn(text: str) -> list[tuple[int, int]]:
    pairs = (part.split(":") for part in text.split(",") if part.strip())
    return [(int(day), int(total)) for day, total in pairs]


def frames(rows):
    """Return the three frames of (course, baseline, end, later, boosters)."""
    courses = [course_row(*row[:3]) for row in rows]
    looks = [
        (course, minute(day, 9), day, total)
        for course, _, _, later, _ in rows
        for day, total in later
    ]
    boosters = [
        (course, minute(day, 10), day) for course, *_, given in rows for day in given
    ]
    return (
        conform(pd.DataFrame(courses), COURSES),
        conform(pd.DataFrame(looks, columns=[c.name for c in LOOKS.columns]), LOOKS),
        conform(
            pd.DataFrame(boosters, columns=[c.name for c in BOOSTERS.columns]), BOOSTERS
        ),
    )


def course_row(course, baseline, end):
    day, total = end or (None, None)
    return {
        "course_id": course,
        "patient_id": f"p{course}",
        "first_day": -INDUCTION_DAYS,
        "indication": "depression",
        "clinician": "",
        "infusions": 6,
        "induction_infusions": 6,
        "induction_days": INDUCTION_DAYS,
        "baseline": baseline,
        "total": total,
        "score_day": day,
        "due_day": END_OF_INDUCTION.to_days + 1,
    }


def minute(day, hour):
    return day * MINUTES_PER_DAY + hour * 60
