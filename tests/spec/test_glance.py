"""Outcomes at a glance: who is counted where, by indication and by quarter."""

from datetime import date

import pytest

from analysis.glance import (
    at_a_glance,
    by_quarter,
    courses_at_a_glance,
    glance_criteria,
    protocol_states,
    reliably_worse,
)
from measures.criteria import PHQ9_ELIGIBILITY
from measures.days import day_number
from measures.registry import default_criterion
from tests.course_tables import courses


TODAY = 100
PHQ9 = {"measure": "phq9", "eligible_at_least": PHQ9_ELIGIBILITY.at_least}

PRACTICE = """
    course_id | indication   | baseline | total | score_day | due_day
    ----------+--------------+----------+-------+-----------+--------
    1         | depression   | 20       | 4     | 40        | 50
    2         | depression   | 20       | 10    | 40        | 50
    3         | depression   | 20       | 14    | 40        | 50
    4         | depression   | 20       | 26    | 40        | 50
    5         | depression   | 20       |       |           | 50
    6         | depression   | 20       |       |           | 101
    7         | depression   | 9        | 1     | 40        | 50
    8         | ptsd         | 20       | 19    | 40        | 50
    9         | ptsd         |          | 1     | 40        | 50
    10        | not recorded | 25       | 27    | 40        | 50
"""


def glance(table=PRACTICE, **asked):
    question = {"timepoint": "weeks_2_4", "as_of_day": TODAY, **PHQ9, **asked}
    return {g.indication: g for g in at_a_glance(courses(table), **question)}


def test_everybody_comes_first_and_then_each_indication_that_has_a_course():
    assert list(glance()) == [None, "depression", "ptsd", "not recorded"]


@pytest.mark.parametrize(
    ("indication", "counts", "results"),
    [
        # started, no baseline, eligible, due, measured; responded, remitted,
        # improved, worse
        (None, (10, 1, 8, 7, 6), (2, 1, 3, 1)),
        ("depression", (7, 0, 6, 5, 4), (2, 1, 3, 1)),
        ("ptsd", (2, 1, 1, 1, 1), (0, 0, 0, 0)),
        ("not recorded", (1, 0, 1, 1, 1), (0, 0, 0, 0)),
    ],
)
def test_each_course_is_counted_where_a_clinician_would(indication, counts, results):
    g = glance()[indication]
    assert (g.started, g.no_baseline, g.eligible, g.due, g.measured) == counts
    rates = (g.responded, g.remitted, g.improved, g.worse)
    assert tuple(rate.events for rate in rates) == results
    assert {(r.observed.n, r.nonresponse.n) for r in rates} == {(g.measured, g.due)}


def test_completeness_is_a_share_of_its_own():
    depression = glance()["depression"]
    assert (depression.completeness.events, depression.completeness.n) == (4, 5)


def test_the_missing_may_all_have_failed_or_all_have_met_the_rule():
    depression = glance()["depression"]
    assert depression.responded.bounds == (2 / 5, 3 / 5)
    assert depression.worse.bounds == (1 / 5, 2 / 5)


def test_reliably_worse_is_as_many_points_up_as_reliably_improved_is_down():
    worse = reliably_worse("phq9")
    assert worse.sentence == (
        "The PHQ-9 total is at least 6 points higher than at baseline."
    )
    assert [bool(worse.met(15, total)) for total in (9, 20, 21, 27)] == [
        False,
        False,
        True,
        True,
    ]
    assert worse.source == default_criterion("phq9", "change").source
    assert reliably_worse("pcl5").points == 15


def test_from_a_high_baseline_there_is_no_room_to_be_called_worse():
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 21       | 27    | 40
        2         | 22       | 27    | 40
        3         | 27       | 5     | 40
        4         | 27       |       |
    """
    everybody = glance(table)[None]
    assert (everybody.worse.events, everybody.no_room_to_worsen) == (1, 2)


def test_a_measure_that_an_indication_is_not_followed_by_says_so():
    pcl5 = {"measure": "pcl5", "eligible_at_least": 31}
    assert {i: g.usual for i, g in glance(**pcl5).items()} == {
        None: True,
        "depression": False,
        "ptsd": True,
        "not recorded": True,
    }


def test_the_courses_behind_each_number_can_be_listed():
    rows = courses_at_a_glance(courses(PRACTICE), as_of_day=TODAY, **PHQ9)

    def ids(column):
        return rows.loc[rows[column], "course_id"].tolist()

    assert {name: ids(name) for name in glance_criteria("phq9")} == {
        "responded": [1, 2],
        "remitted": [1],
        "improved": [1, 2, 3],
        "worse": [4],
    }
    assert rows.loc[rows["state"] == "missing", "course_id"].tolist() == [5]


def test_on_protocol_is_six_infusions_within_21_days():
    table = """
        course_id | first_day | infusions | induction_infusions | induction_days
        ----------+-----------+-----------+---------------------+---------------
        1         | 0         | 6         | 6                   | 14
        2         | 0         | 6         | 6                   | 21
        3         | 0         | 6         | 6                   | 22
        4         | 0         | 5         | 5                   | 14
        5         | 0         | 8         | 8                   | 21
        6         | 0         | 9         | 6                   | 14
        7         | 0         | 1         | 0                   | 0
        8         | 80        | 5         | 5                   | 12
        9         | 79        | 5         | 5                   | 12
        10        | 80        | 5         | 4                   | 12
        11        | 85        | 2         | 2                   | 5
        12        | 85        | 2         | 2                   | 4
        13        | 100       | 1         | 1                   | 0
    """
    frame = courses(table)
    found = dict(zip(frame["course_id"], protocol_states(frame, TODAY), strict=True))
    assert [i for i, state in found.items() if state == "on protocol"] == [1, 2, 6]
    assert [i for i, state in found.items() if state == "still in induction"] == [
        8,
        11,
        13,
    ]
    everybody = glance(table)[None]
    assert (everybody.on_protocol.events, everybody.on_protocol.n) == (3, 10)
    assert everybody.still_in_induction == 3


QUARTERS = """
    course_id | first_day  | baseline | total | score_day  | due_day
    ----------+------------+----------+-------+------------+-----------
    1         | 2024-01-01 | 20       | 5     | 2024-02-01 | 2024-03-01
    2         | 2024-03-31 | 20       | 15    | 2024-05-01 | 2024-06-01
    3         | 2024-04-01 | 20       | 5     | 2024-05-01 | 2024-06-01
    4         | 2024-12-31 | 20       |       |            | 2025-02-10
    5         | 2025-01-10 | 20       | 5     | 2025-02-01 | 2025-02-20
    6         | 2025-04-20 | 20       | 5     | 2025-05-01 | 2025-05-10
"""


def quarters(as_of):
    dated = [[_day(cell) for cell in line.split("|")] for line in QUARTERS.splitlines()]
    table = "\n".join("|".join(line) for line in dated)
    found = by_quarter(
        courses(table),
        default_criterion("phq9", "response"),
        timepoint="weeks_2_4",
        eligible_at_least=10,
        as_of_day=day_number(date.fromisoformat(as_of)),
    )
    return {f"{q.year} Q{q.quarter}": q for q in found}


def _day(cell):
    text = cell.strip()
    dated = text.count("-") == 2 and text[0].isdigit()
    return str(day_number(date.fromisoformat(text))) if dated else cell


def test_courses_belong_to_the_quarter_of_their_first_infusion():
    found = quarters("2025-02-05")
    assert {name: (q.rate.started, q.rate.events) for name, q in found.items()} == {
        "2024 Q1": (2, 1),
        "2024 Q2": (1, 1),
        "2024 Q3": (0, 0),
        "2024 Q4": (1, 0),
        "2025 Q1": (1, 1),
    }
    assert found["2024 Q3"].rate.observed is None


@pytest.mark.parametrize(
    ("as_of", "ended", "complete"),
    [
        ("2024-12-31", 3, 3),
        ("2025-01-01", 4, 3),
        ("2025-02-09", 4, 3),
        ("2025-02-10", 4, 4),
        ("2025-03-31", 4, 4),
        ("2025-04-01", 5, 5),
    ],
)
def test_a_quarter_is_complete_once_it_is_over_and_nobody_is_still_to_come(
    as_of, ended, complete
):
    found = quarters(as_of).values()
    assert sum(q.ended for q in found) == ended
    assert sum(q.complete for q in found) == complete


def test_a_quarter_says_its_days():
    q = quarters("2025-02-05")["2024 Q1"]
    assert q.first_day == day_number(date(2024, 1, 1))
    assert q.last_day == day_number(date(2024, 3, 31))
