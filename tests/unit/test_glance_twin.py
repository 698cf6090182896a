"""Outcomes at a glance, counted again one course after another."""

from datetime import date
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import COURSES, INDICATIONS, empty
from analysis.glance import (
    PROTOCOL_STATES,
    RESULTS,
    at_a_glance,
    by_quarter,
    courses_at_a_glance,
    glance_criteria,
    protocol_states,
)
from analysis.outcomes import outcome_rate
from analysis.status import WORSE, status
from measures.days import day_date
from measures.registry import MEASURES, default_criterion
from tests.course_tables import USUAL


DAYS = st.integers(-200, 400)
COURSE = st.fixed_dictionaries(
    {
        "first_day": DAYS,
        "indication": st.sampled_from(INDICATIONS),
        "infusions": st.integers(1, 9),
        "induction_infusions": st.integers(0, 8),
        "induction_days": st.integers(0, 30),
        "baseline": st.none() | st.integers(0, 27),
        "total": st.none() | st.integers(0, 27),
        "score_day": DAYS,
        "due_day": st.none() | DAYS,
    }
)
SOME = st.lists(COURSE, max_size=12).map(
    lambda rows: [
        {**USUAL, **row, "course_id": i, "patient_id": str(i)}
        for i, row in enumerate(rows)
    ]
)
# Each example asks for many rates; every one of them is small.
FEW = settings(max_examples=25)
ASKED = {"eligible_at_least": 10, "as_of_day": 200}
RESPONSE = default_criterion("phq9", "response")


def frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])


def glance(rows, **asked):
    question = {"measure": "phq9", "timepoint": "week_6", **ASKED, **asked}
    return at_a_glance(frame(rows), **question)


@FEW
@given(SOME)
def test_indications_add_up_to_everybody(rows):
    everybody, *groups = glance(rows)
    for name in ("started", "no_baseline", "eligible", "due", "measured"):
        assert getattr(everybody, name) == sum(getattr(g, name) for g in groups)
    for name in RESULTS:
        events = sum(getattr(g, name).events for g in groups)
        assert getattr(everybody, name).events == events
    assert everybody.still_in_induction == sum(g.still_in_induction for g in groups)


@FEW
@given(SOME, st.sampled_from([0.8, 0.95]))
def test_each_rate_is_that_of_outcome_rate_over_the_same_courses(rows, confidence):
    for line in glance(rows, confidence=confidence):
        of = [r for r in rows if line.indication in (None, r["indication"])]
        for name, criterion in glance_criteria("phq9").items():
            assert getattr(line, name) == outcome_rate(
                frame(of), criterion, timepoint="week_6", confidence=confidence, **ASKED
            )


@FEW
@given(SOME)
def test_the_listed_courses_are_as_many_as_the_rates_say(rows):
    everybody, *_ = glance(rows)
    listed = courses_at_a_glance(frame(rows), measure="phq9", **ASKED)
    assert len(listed) == everybody.started
    for name in RESULTS:
        assert int(listed[name].sum()) == getattr(everybody, name).events
    assert set(listed["protocol"]) <= set(PROTOCOL_STATES)
    on = everybody.on_protocol
    counted = int((listed["protocol"] == "on protocol").sum())
    assert counted == (on.events if on else 0)


@given(st.integers(10, 27), st.integers(0, 27), st.sampled_from(["phq9", "pcl5"]))
def test_worse_is_what_a_patients_own_page_calls_worse(baseline, total, measure):
    row = {**USUAL, "course_id": 1, "patient_id": "1", "first_day": 0, "score_day": 40}
    listed = courses_at_a_glance(
        frame([row | {"baseline": baseline, "total": total}]), measure=measure, **ASKED
    )
    own_page = status(measure, baseline, total).code == WORSE
    assert bool(listed["worse"].iloc[0]) == own_page


@FEW
@given(SOME)
def test_nobody_is_reliably_improved_and_reliably_worse(rows):
    listed = courses_at_a_glance(frame(rows), measure="phq9", **ASKED)
    assert not (listed["improved"] & listed["worse"]).any()
    assert not (listed["worse"] & ~listed["room_to_worsen"]).any()


@FEW
@given(SOME)
def test_protocol_states_agree_with_counting(rows):
    found = protocol_states(frame(rows), ASKED["as_of_day"])
    assert found.tolist() == [protocol_by_hand(row) for row in rows]


def protocol_by_hand(row):
    if row["induction_infusions"] == 6 and row["induction_days"] <= 21:
        return "on protocol"
    days_left = row["first_day"] + 21 > ASKED["as_of_day"]
    last = row["first_day"] + row["induction_days"]
    silent = ASKED["as_of_day"] - last > 10
    boosters = row["infusions"] != row["induction_infusions"]
    if row["induction_infusions"] < 6 and days_left and not silent and not boosters:
        return "still in induction"
    return "off protocol"


@FEW
@given(SOME)
def test_quarters_follow_each_other_and_hold_every_course_once(rows):
    found = by_quarter(frame(rows), RESPONSE, timepoint="week_6", **ASKED)
    started = [r for r in rows if r["first_day"] <= ASKED["as_of_day"]]
    assert bool(found) == bool(started)
    assert sum(q.rate.started for q in found) == len(started)
    for before, after in pairwise(found):
        assert before.last_day + 1 == after.first_day
    for q in found:
        assert (day_date(q.first_day).day, day_date(q.last_day + 1).day) == (1, 1)
        inside = [
            r for r in started if quarter_of(r["first_day"]) == (q.year, q.quarter)
        ]
        assert q.rate == outcome_rate(
            frame(inside), RESPONSE, timepoint="week_6", **ASKED
        )
        assert q.ended == (q.last_day < ASKED["as_of_day"])
    if found:
        assert found[0].rate.started
        assert found[-1].first_day <= ASKED["as_of_day"] <= found[-1].last_day


def quarter_of(day):
    found = day_date(day)
    return found.year, (found.month + 2) // 3


@given(st.integers(-40_000, 40_000))
def test_any_day_falls_in_its_calendar_quarter(day):
    row = {**USUAL, "course_id": 1, "patient_id": "1", "first_day": day}
    (q,) = by_quarter(
        frame([row]),
        RESPONSE,
        timepoint="week_6",
        eligible_at_least=10,
        as_of_day=day,
    )
    assert (q.year, q.quarter) == quarter_of(day)
    assert day_date(q.first_day) == date(q.year, 3 * q.quarter - 2, 1)


def test_without_a_course_there_is_one_line_and_no_quarter():
    (nobody,) = at_a_glance(empty(COURSES), measure="phq9", timepoint="week_6", **ASKED)
    assert (nobody.started, nobody.indication) == (0, None)
    assert nobody.on_protocol is nobody.completeness is nobody.worse.bounds is None
    assert by_quarter(empty(COURSES), RESPONSE, timepoint="week_6", **ASKED) == ()


def test_a_glance_says_what_was_asked():
    (line,) = glance([], recall_window="two_weeks", confidence=0.9)
    assert (line.measure, line.timepoint) == ("phq9", "week_6")
    assert (line.recall_window, line.as_of_day) == ("two_weeks", 200)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_told_of_the_measured_is_told_by_a_named_rule(measure):
    criteria = glance_criteria(measure)
    assert tuple(criteria) == RESULTS
    assert len({c.code for c in criteria.values()}) == len(RESULTS)
    assert all(c.measure == measure for c in criteria.values())
