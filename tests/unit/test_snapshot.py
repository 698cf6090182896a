"""A saved rate: written down and read again, and compared with the same asked later."""

import json
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import empty
from analysis.outcomes import STATES
from analysis.snapshot import (
    FORMS_SINCE,
    INFUSIONS_SINCE,
    KINDS,
    SCORE_IDS,
    UNEXPLAINED,
    Counted,
    DefinitionChange,
    changed_definitions,
    count,
    definitions,
    from_content,
    to_content,
    what_changed,
)
from measures.registry import CRITERIA
from tests.course_tables import courses


RESPONSE = CRITERIA["phq9_response_50"]
ASKED = {
    "timepoint": "weeks_2_4",
    "recall_window": "two_weeks",
    "eligible_at_least": 10,
    "scores_version": "v1",
}
TABLE = """
    course_id | first_day | baseline | total | score_day | due_day
    ----------+-----------+----------+-------+-----------+--------
    1         | 0         | 20       | 9     | 40        | 50
    2         | 0         | 20       | 15    | 40        | 50
    3         | 0         | 20       |       |           | 50
    4         | 0         | 8        | 4     | 40        | 50
    5         | 0         |          | 4     | 40        | 50
    6         | 60        | 20       |       |           | 110
    7         | 120       | 20       | 3     | 150       | 170
"""


def counted(frame, as_of_day=100, ids=None, criterion=RESPONSE, **asked) -> Counted:
    score_ids = empty(SCORE_IDS) if ids is None else ids
    given_or_usual = {**ASKED, "filters": {}, **asked}
    return count(frame, score_ids, criterion, as_of_day=as_of_day, **given_or_usual)


def ids_of(frame):
    """Every course's forms, by numbers of their own."""
    return pd.DataFrame(
        {
            "course_id": frame["course_id"],
            "baseline_id": (frame["course_id"] * 10.0).where(frame["baseline"].notna()),
            "score_id": (frame["course_id"] * 10.0 + 1).where(frame["total"].notna()),
        }
    )


def compared(then, now, criterion=RESPONSE):
    return what_changed(
        then,
        now,
        criterion,
        forms=empty(FORMS_SINCE),
        infusions=empty(INFUSIONS_SINCE),
    )


def through_json(kept: Counted) -> Counted:
    content, rows = json.loads(json.dumps(to_content(kept), allow_nan=False))
    return from_content(content, rows)


def test_every_count_and_rate_is_written_down():
    content, rows = to_content(counted(courses(TABLE)))
    rate = content["rate"]
    counts = ("started", "no_baseline", "not_eligible", "eligible", "not_due")
    assert [rate[name] for name in counts] == [6, 1, 1, 4, 1]
    assert [rate[name] for name in ("due", "measured", "missing", "events")] == [
        3,
        2,
        1,
        1,
    ]
    assert rate["observed"]["n"] == 2
    assert rate["observed"]["method"] == "Wilson score"
    assert rate["bounds"] == (1 / 3, 2 / 3)
    assert [rate[name] for name in ("criterion", "as_of_day", "timepoint")] == [
        "phq9_response_50",
        100,
        "weeks_2_4",
    ]
    assert [row[0] for row in rows["rows"]] == [1, 2, 3, 4, 5, 6]


def test_a_score_that_the_as_of_day_had_not_seen_is_not_written_down():
    frame = courses(TABLE)
    _, rows = to_content(counted(frame, as_of_day=30, ids=ids_of(frame)))
    kept = pd.DataFrame(rows["rows"], columns=rows["columns"])
    assert kept["total"].isna().all()
    assert kept["score_id"].isna().all()
    assert kept["baseline_id"].count() == 4


whole = st.none() | st.integers(0, 27)
days = st.none() | st.integers(0, 200)
drawn_courses = st.lists(
    st.tuples(st.integers(0, 200), whole, whole, st.integers(0, 200), days),
    max_size=12,
)


def frame_of(rows):
    frame = pd.DataFrame(
        rows, columns=["first_day", "baseline", "total", "score_day", "due_day"]
    )
    frame["score_day"] = frame["score_day"].where(frame["total"].notna())
    return frame.assign(
        course_id=range(1, len(frame) + 1),
        patient_id=[f"p{number}" for number in range(1, len(frame) + 1)],
        indication="depression",
        clinician="Dr Núñez",
        infusions=6,
        induction_infusions=6,
        induction_days=14,
    )


@settings(max_examples=40)
@given(drawn_courses, st.integers(0, 200))
def test_what_is_written_down_is_read_again_the_same(rows, as_of_day):
    frame = frame_of(rows)
    kept = counted(frame, as_of_day, ids_of(frame), filters={"clinician": None})
    opened = through_json(kept)
    assert opened.rate == kept.rate
    pd.testing.assert_frame_equal(opened.rows, kept.rows)
    assert opened.filters == kept.filters
    assert changed_definitions(opened.definitions, kept.definitions) == ()
    assert compared(opened, kept).reproduced


@settings(max_examples=40)
@given(drawn_courses, drawn_courses, st.integers(0, 200), st.integers(0, 100))
def test_the_courses_that_moved_make_the_whole_difference(first, second, day, later):
    """Whatever the two hold: no course is left out, none without a reason."""
    one, other = frame_of(first), frame_of(second)
    then = counted(one, day, ids_of(one))
    now = counted(other, day + later, ids_of(other))
    changes = compared(then, now)
    states = Counter(then.rows["state"])
    for (was, is_now), ids in changes.moves.items():
        states[was] -= len(ids)
        states[is_now] += len(ids)
    now_counted = Counter(now.rows["state"])
    assert all(states[state] == now_counted[state] for state in STATES)
    assert {c.course_id for c in changes.courses} == differing(then, now)
    assert all(change.reasons for change in changes.courses)
    assert {kind for _, kind in changes.by_reason} <= set(KINDS)
    union = {*then.rows["course_id"], *now.rows["course_id"]}
    assert changes.unchanged == len(union) - len(changes.courses)


def differing(then, now):
    """Slowly: ids of the courses that have not the same row on both sides."""
    names = ["state", "baseline", "total", "score_day"]
    was, is_now = (
        {
            row["course_id"]: tuple(None if row[n] != row[n] else row[n] for n in names)
            for row in c.rows.to_dict("records")
        }
        for c in (then, now)
    )
    return {i for i in {*was, *is_now} if was.get(i) != is_now.get(i)}


def test_a_course_may_have_several_reasons_and_is_listed_under_each():
    frame = courses(TABLE)
    then = counted(frame, ids=ids_of(frame))
    other = frame.assign(
        baseline=frame["baseline"].where(frame["course_id"] != 1, 12),
        total=frame["total"].where(frame["course_id"] > 2, 10),
    )
    changes = compared(then, counted(other, ids=ids_of(frame)))
    assert changes.by_reason == {
        ("baseline", UNEXPLAINED): (1,),
        ("score", UNEXPLAINED): (1, 2),
    }
    assert changes.moves == {("event", "no event"): (1,), ("no event", "event"): (2,)}
    assert changes.unchanged == 4


def test_a_course_goes_by_a_filter_only_where_there_is_one():
    frame = courses(TABLE)
    fewer = frame[frame["course_id"] != 1]
    for filters, kind in (
        ({"clinician": None, "all_courses": False}, UNEXPLAINED),
        ({"clinician": "Dr Lee"}, "filters"),
        ({"first_day_from": 0}, "filters"),
    ):
        then, now = (counted(f, filters=filters) for f in (frame, fewer))
        assert compared(then, now).by_reason == {("course", kind): (1,)}


# Definitions.


def test_a_limit_that_changed_is_named_and_a_wording_is_not():
    then = definitions(RESPONSE, "weeks_2_4", "two_weeks", "v1")
    rule = replace(RESPONSE, fall_percent=60, sentence="Other words.", name="Other")
    now = definitions(rule, "weeks_2_4", "two_weeks", "v2")
    assert changed_definitions(then, now) == (
        DefinitionChange("version", "version", "v1", "v2"),
        DefinitionChange("criterion", "fall_percent", 50, 60),
    )


def test_definitions_are_the_same_after_json():
    for criterion in CRITERIA.values():
        window = "two_weeks" if criterion.measure == "phq9" else "past_month"
        now = definitions(criterion, "day_1", window, "v1")
        assert changed_definitions(json.loads(json.dumps(now)), now) == ()


def test_a_limit_that_came_or_went_is_named_too():
    now = definitions(RESPONSE, "weeks_2_4", "two_weeks", "v1")
    less = {**now, "induction": {"maximum_gap_days": 10}}
    named = {(c.limit, c.then, c.now) for c in changed_definitions(less, now)}
    assert named == {
        ("maximum_infusions", None, 8),
        ("protocol_infusions", None, 6),
        ("protocol_days", None, 21),
    }


def test_another_window_explains_a_score_that_nothing_else_does():
    frame = courses(TABLE)
    then = counted(frame, ids=ids_of(frame))
    gone = ids_of(frame).assign(score_id=None)
    unscored = frame.assign(total=None, score_day=None)
    now = counted(unscored, ids=gone, scores_version="v2")
    reasons = compared(then, now).by_reason
    assert reasons == {("score", "definition"): (1, 2, 4, 5)}


def test_another_criterion_does_not_explain_a_score():
    frame = courses(TABLE)
    then = counted(frame, ids=ids_of(frame))
    rule = replace(RESPONSE, fall_percent=10)
    unscored = frame.assign(total=None, score_day=None)
    gone = ids_of(frame).assign(score_id=None)
    now = counted(unscored, ids=gone, criterion=rule)
    assert compared(then, now, rule).by_reason == {
        ("criterion", "definition"): (2,),
        ("score", UNEXPLAINED): (1, 2, 4, 5),
    }


# Only the same question is compared.


@pytest.mark.parametrize(
    "other",
    [
        {"timepoint": "week_6"},
        {"eligible_at_least": 15},
        {"confidence": 0.9},
        {"filters": {"clinician": "Dr Lee"}},
        {"criterion": CRITERIA["phq9_remission_lt5"]},
        {"recall_window": "past_week"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_question_is_refused(other):
    name = next(iter(other))
    then, now = counted(courses(TABLE)), counted(courses(TABLE), **other)
    with pytest.raises(ValueError, match=f"{name} is .*; the snapshot's was"):
        compared(then, now)


def test_an_earlier_day_is_refused():
    then, now = (counted(courses(TABLE), day) for day in (100, 99))
    with pytest.raises(ValueError, match="as_of_day 99 is before the snapshot's"):
        compared(then, now)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("state", "lost", "'state' has 'lost'; allowed: no baseline"),
        ("baseline", 12.5, "'baseline' has .*12.5.*; allowed: a whole number"),
        ("course_id", 1, "more than one row for course_id"),
    ],
)
def test_rows_that_are_no_rows_of_a_snapshot_are_refused(column, value, sentence):
    content, rows = to_content(counted(courses(TABLE)))
    rows["rows"][1][rows["columns"].index(column)] = value
    with pytest.raises(ValueError, match=sentence):
        from_content(content, rows)
