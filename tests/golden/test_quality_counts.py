"""The rates of NHS Talking Therapies for 2024-25, from the counts that were published.

The counts are those of ``../shared/real-data/README.md``: of 670,419 finished courses
35,234 were not at caseness; 452,284 reliably improved, 321,061 recovered and 301,815
did both. Courses with such starts and ends must give the published percentages.
"""

import re

import pandas as pd
import pytest

from analysis.proportions import wilson_proportion
from measures.quality_measures import QUALITY_MEASURES, calendar_year
from tests.quality_tables import quality_result


PUBLISHED = {
    "recovery": (321_061, 670_419 - 35_234, 50.5),
    "reliable recovery": (301_815, 670_419 - 35_234, 47.5),
    "improvement": (452_284, 670_419, 67.5),
    "deterioration": (39_157, 670_419, 5.8),
}
BOTH = 301_815
# Start, end, and how many courses had them.
COURSES = [
    (20, 5, BOTH),
    (12, 8, 321_061 - BOTH),
    (24, 12, 452_284 - BOTH),
    (9, 8, 35_234),
    (20, 20, 670_419 - 35_234 - 321_061 - (452_284 - BOTH)),
]


def test_the_counts_are_those_of_the_readme(shared_data):
    readme = (shared_data / "README.md").read_text(encoding="utf-8")
    (line,) = [text for text in readme.splitlines() if "Talking Therapies" in text]
    said = set(re.findall(r"\d{4,}", line))
    assert {"321061", "301815", "452284", "39157", "670419", "35234"} <= said


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_counts_give_the_published_percentages(name):
    events, n, percent = PUBLISHED[name]
    assert round(100 * wilson_proportion(events, n).estimate, 1) == percent


@pytest.fixture(scope="module")
def england():
    """Return that many finished courses: closed in the year, two infusions each."""
    year = calendar_year(2025)
    groups = pd.DataFrame(COURSES, columns=["start", "end", "times"])
    courses = groups.loc[groups.index.repeat(groups["times"])].reset_index(drop=True)
    first_day = year.first_day + 10
    courses = courses.assign(
        course_id=courses.index,
        patient_id=courses.index.astype("str"),
        birth_day=float("nan"),
        indication="depression",
        first_minute=first_day * 1440 + 600,
        first_day=first_day,
        infusions=2,
        closed_day=first_day + 60,
    )
    forms = pd.concat(
        pd.DataFrame(
            {
                "course_id": courses["course_id"],
                "minute": day * 1440,
                "day": day,
                "total": courses[total],
            }
        )
        for day, total in ((first_day, "start"), (first_day + 50, "end"))
    )
    return year, courses, forms.assign(form_id=range(len(forms)))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("nhs_improvement", "improvement"),
        ("nhs_recovery", "recovery"),
        ("nhs_reliable_recovery", "reliable recovery"),
    ],
)
def test_courses_with_such_scores_give_the_published_rates(england, code, name):
    year, courses, forms = england
    events, n, percent = PUBLISHED[name]
    found = quality_result(
        QUALITY_MEASURES[code],
        courses,
        forms,
        period=year,
        as_of_day=year.last_day + 1,
    )
    assert (found.rate.events, found.rate.n) == (events, n)
    assert round(100 * found.rate.estimate, 1) == percent
    assert len(found.numerator.course_ids) == events
    assert sum(group.n for group in found.apart) == 670_419 - n
