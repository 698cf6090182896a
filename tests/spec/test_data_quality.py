"""What is said of the record: what is late, missing, corrected or out of place."""

import pytest

from analysis.data_quality import (
    classify_due,
    classify_forms,
    classify_infusions,
    classify_places,
    classify_protocol,
    form_places,
    form_quality,
    forms_due,
    forms_of,
    infusions_without_forms,
    protocol_kept,
)
from tests.course_tables import courses
from tests.factories import rows
from tests.record_tables import form_versions, infusion_days


TODAY = 100

# Form 1 is as it was typed; 2 was corrected twice, the day of completion as well; 5 was
# corrected and then withdrawn; 7 and 8 came from files; 11 was recorded in time, and
# corrected long after.
VERSIONS = """
assessment_id | day | recorded_day | state      | corrects_id | answers_received | complete | imported
--------------+-----+--------------+------------+-------------+------------------+----------+---------
1             | 0   | 1            | current    |             | 1                | 1        | 0
2             | 0   | 0            | superseded |             | 1                | 1        | 0
3             | 0   | 50           | superseded | 2           | 1                | 1        | 0
4             | -3  | 60           | current    | 3           | 1                | 1        | 0
5             | 0   | 9            | superseded |             | 1                | 1        | 0
6             | 0   | 9            | void       | 5           | 1                | 1        | 0
7             | 0   | 80           | current    |             | 0                | 1        | 1
8             | 0   | 80           | superseded |             | 1                | 1        | 1
9             | 0   | 81           | current    | 8           | 1                | 0        | 0
10            | 0   | 2            | current    |             | 1                | 0        | 0
11            | 0   | 1            | superseded |             | 1                | 1        | 0
12            | 0   | 50           | current    | 11          | 1                | 1        | 0
"""  # noqa: E501

# Of each form as it stands, or was withdrawn; "" is not asked.
ANSWERS = """
assessment_id | recorded late | only a total | incomplete | corrected | withdrawn
--------------+---------------+--------------+------------+-----------+----------
1             | no event      | no event     | no event   | no event  | no event
4             | event         | no event     | no event   | event     | no event
6             |               |              |            |           | event
7             | not known     | event        | not known  | no event  | no event
9             | not known     | no event     | event      | event     | no event
10            | event         | no event     | event      | no event  | no event
12            | no event      | no event     | no event   | event     | no event
"""


@pytest.mark.parametrize(
    "question",
    ["recorded late", "only a total", "incomplete", "corrected", "withdrawn"],
)
def test_each_form_is_counted_once_whatever_its_versions(question):
    found = classify_forms(forms_of(form_versions(VERSIONS)), question)
    told = dict(zip(found["assessment_id"], found["state"], strict=True))
    assert told == {
        int(row["assessment_id"]): row[question]
        for row in rows(ANSWERS)
        if row[question]
    }


def test_every_question_says_how_many_forms_were_asked_and_of_how_many_it_is_known():
    found = form_quality(forms_of(form_versions(VERSIONS)))
    assert [(o.what, o.events, o.known, o.records) for o in found] == [
        ("recorded late", 2, 4, 6),
        ("only a total", 1, 6, 6),
        ("incomplete", 2, 5, 6),
        ("corrected", 3, 6, 6),
        ("withdrawn", 1, 7, 7),
    ]


def test_a_form_keeps_its_first_version_and_how_often_it_was_corrected():
    found = forms_of(form_versions(VERSIONS)).set_index("assessment_id")
    assert found["first_id"].to_dict() == {1: 1, 4: 2, 6: 5, 7: 7, 9: 8, 10: 10, 12: 11}
    assert found["corrections"].to_dict() == {
        1: 0,
        4: 2,
        6: 1,
        7: 0,
        9: 1,
        10: 0,
        12: 1,
    }


def test_versions_without_the_one_they_correct_are_refused():
    versions = form_versions(VERSIONS)
    with pytest.raises(ValueError, match="a version that was corrected is not there"):
        forms_of(versions[versions["assessment_id"] != 3])


# Days of a course's infusions and of its forms, and the infusions without a form.
BEFORE = """
infusions | forms     | without
----------+-----------+--------
0         | 0         |
0         | -1        |
0         | -2        |
0         | -3        | 0
0         | 1         | 0
0         |           | 0
0 3       | 0         | 3
0 3       | 0 1       |
0 1       | 0         | 1
0 1       | 1         | 0
0 1       | 0 1       |
0 2       | -1 0      | 2
0 7 14    | 0 5 14    |
0 7 14    | 0 4 14    | 7
"""


@pytest.mark.parametrize(
    "row", rows(BEFORE), ids=lambda row: f"{row['infusions']}: {row['forms']}"
)
def test_a_form_counts_for_an_infusion_up_to_2_days_before_and_for_no_other(row):
    found = classify_infusions(days(row["infusions"]), forms(row["forms"]))
    without = found.loc[found["state"] == "event", "day"]
    assert " ".join(map(str, without)) == row["without"]


def days(text, indication="depression"):
    lines = [f"{day} | {indication}" for day in text.split()]
    return infusion_days("\n".join(["day | indication", "--", *lines]))


def forms(text, measure="phq9"):
    lines = [f"{day} | {measure}" for day in text.split()]
    return forms_of(form_versions("\n".join(["day | measure", "--", *lines])))


@pytest.mark.parametrize(
    ("indication", "measure", "records", "without"),
    [
        ("depression", None, 1, 0),
        ("depression", "phq9", 1, 0),
        ("depression", "pcl5", 0, 0),
        ("ptsd", "phq9", 1, 0),
        ("ptsd", "pcl5", 1, 1),
        ("not recorded", "pcl5", 1, 1),
    ],
)
def test_a_measure_is_asked_for_where_the_indication_is_followed_by_it(
    indication, measure, records, without
):
    given = days("0", indication)
    found = infusions_without_forms(given, forms("0"), measure=measure)
    assert (found.records, found.events) == (records, without)


def test_a_form_of_another_course_or_a_withdrawn_one_does_not_count():
    table = """
        course_id | day | state
        ----------+-----+--------
        2         | 0   | current
        1         | 0   | void
    """
    found = infusions_without_forms(days("0"), forms_of(form_versions(table)))
    assert (found.records, found.events) == (1, 1)


def test_a_form_without_an_infusion_waits_as_long_as_it_could_be_a_baseline():
    given = infusion_days("""
        course_id | day
        ----------+----
        1         | 50
        1         | 55
        4         | 101
    """)
    table = """
        course_id | day
        ----------+-----
        1         | 20
        1         | 19
        1         | 60
        2         | 70
        3         | 69
        4         | 100
        5         | 101
    """
    drawn = forms_of(form_versions(table))
    found = classify_places(drawn, given, as_of_day=TODAY)
    assert list(zip(found["course_id"], found["state"], strict=True)) == [
        (1, "in a started course"),
        (1, "too early for a baseline"),
        (1, "in a started course"),
        (2, "no infusion yet"),
        (3, "no infusion, and too old for a baseline"),
        (4, "no infusion yet"),
    ]
    places = form_places(drawn, given, as_of_day=TODAY)
    assert (places.forms, places.in_course, places.too_early) == (6, 2, 1)
    assert (places.waiting, places.never_started) == (2, 1)


DUE = """
    course_id | baseline | total | score_day | due_day | first_day
    ----------+----------+-------+-----------+---------+----------
    1         | 20       | 5     | 40        | 50      | 0
    2         | 3        | 1     | 40        | 50      | 0
    3         |          | 5     | 40        | 50      | 0
    4         | 20       |       |           | 100     | 0
    5         | 20       |       |           | 101     | 0
    6         | 20       | 5     | 101       | 50      | 0
    7         |          |       |           |         | 0
    8         | 20       | 5     | 99        | 120     | 0
    9         | 20       |       |           | 150     | 101
"""


def test_a_form_is_due_whatever_the_baseline():
    found = classify_due(courses(DUE), as_of_day=TODAY)
    assert dict(zip(found["course_id"], found["state"], strict=True)) == {
        1: "done",
        2: "done",
        3: "done",
        4: "missing",
        5: "not due",
        6: "missing",
        7: "no due day",
        8: "done",
    }
    due = forms_due(
        courses(DUE), timepoint="weeks_2_4", measure="phq9", as_of_day=TODAY
    )
    assert (due.started, due.due, due.done, due.missing) == (8, 6, 4, 2)
    assert (due.not_due, due.never_due) == (1, 1)
    assert (due.completeness.events, due.completeness.n) == (4, 6)


INDUCTIONS = """
course_id | infusions | induction_infusions | induction_days | first_day | reason
----------+-----------+---------------------+----------------+-----------+-------------------
1         | 6         | 6                   | 21             | 0         |
2         | 6         | 6                   | 22             | 0         | too many days
3         | 9         | 6                   | 14             | 0         |
4         | 5         | 5                   | 14             | 0         | fewer infusions
5         | 5         | 5                   | 30             | 0         | fewer infusions
6         | 7         | 7                   | 18             | 0         | more infusions
7         | 1         | 0                   | 0              | 0         | no induction
8         | 3         | 3                   | 6              | 92        | still in induction
9         | 4         | 3                   | 6              | 92        | fewer infusions
"""  # noqa: E501


def test_the_reason_why_a_course_is_off_protocol_is_the_first_that_holds():
    drawn = rows(INDUCTIONS)
    found = classify_protocol(courses(INDUCTIONS), as_of_day=TODAY)
    told = found["reason"].where(found["reason"] != "", found["protocol"])
    assert told.tolist() == [row["reason"] or "on protocol" for row in drawn]
    kept = protocol_kept(courses(INDUCTIONS), as_of_day=TODAY)
    assert (kept.started, kept.on_protocol, kept.off_protocol) == (9, 2, 6)
    assert kept.still_in_induction == 1
    assert (kept.share.events, kept.share.n) == (2, 8)
    assert kept.reasons == (
        ("no induction", 1),
        ("fewer infusions", 3),
        ("more infusions", 1),
        ("too many days", 1),
    )
