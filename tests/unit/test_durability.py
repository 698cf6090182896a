"""Durability against a slow twin in plain Python, and what holds of every practice."""

from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.after_induction import RELAPSE_HERE, RESPONSE_LOST, with_turns
from analysis.durability import (
    FEWEST_FOLLOWED,
    FOLLOWED,
    LAST_INFUSION,
    STARTING_FORM,
    TooFew,
    booster_intervals,
    durability,
    follow,
    median_interval,
    risk_table,
)
from analysis.ever import product_limit
from analysis.trajectory import course_trajectories
from measures.durability import LOSS_RULES, loss_rules_of
from measures.registry import CRITERIA
from tests.follow_up_tables import frames
from tests.trajectories import form, infusions


PHQ9_RULES = [rule.code for rule in loss_rules_of("phq9")]
RESPONSE = CRITERIA["phq9_response_50"]
ELIGIBLE = 10
LAST_DAY = 130

# Each example is a practice of up to 30 courses.
FEW = settings(max_examples=25)

points = st.integers(0, 27)
ends = st.tuples(st.integers(0, 14), points)


@st.composite
def courses(draw, number=0):
    """Draw one course: baseline, form at the end, later forms, days of boosters."""
    end = draw(st.none() | ends)
    days = st.integers(15, 120)
    later = sorted(draw(st.dictionaries(days, points, max_size=5)).items())
    boosters = sorted(draw(st.sets(days, max_size=2)))
    return (number, draw(st.none() | st.integers(5, 27)), end, later, boosters)


# Well at the end, most of them: what follows is what is tested.
well = st.tuples(
    st.just(0),
    st.integers(10, 27),
    st.tuples(st.integers(0, 14), st.integers(0, 9)),
    st.dictionaries(st.integers(15, 60), points, min_size=1, max_size=5).map(
        lambda forms: sorted(forms.items())
    ),
    st.sets(st.integers(15, 60), max_size=2).map(sorted),
)
practices = st.lists(well | courses(), max_size=30).map(
    lambda rows: [(number, *row[1:]) for number, row in enumerate(rows, start=1)]
)


def asked(rule, *, until_booster=False, as_of_day=LAST_DAY):
    return {
        "rule": LOSS_RULES[rule],
        "criterion": RESPONSE,
        "eligible_at_least": ELIGIBLE,
        "as_of_day": as_of_day,
        "until_booster": until_booster,
    }


# The twin: one course at a time, in words.


def twin(row, rule, until_booster, as_of_day):
    """Return the state of one course, and the days between which it was lost."""
    _, baseline, end, later, boosters = row
    at_end = twin_at_end(baseline, end, as_of_day)
    if at_end != "met":
        return at_end, None, None
    start, total = end
    if any(limits(rule, baseline, total)):
        return "there already", None, None
    if rule.at_least is not None and baseline < rule.at_least:
        return "never there", None, None
    boosters = [day for day in boosters if day <= as_of_day]
    forms = [(day, points) for day, points in later if day <= as_of_day]
    if until_booster and boosters:
        forms = [(day, points) for day, points in forms if day <= boosters[0]]
    if not forms:
        return "not seen again", None, None
    return twin_followed(rule, baseline, start, forms)


def twin_at_end(baseline, end, as_of_day):
    if baseline is None:
        return "no baseline"
    if baseline < ELIGIBLE:
        return "not eligible"
    if end is None or end[0] > as_of_day:
        return "missing" if as_of_day >= 15 else "not due"
    return "met" if 2 * end[1] <= baseline else "not reached"


def twin_followed(rule, baseline, start, forms):
    without, first_day, in_a_row = start, None, 0
    for day, points in forms:
        if not all(limits(rule, baseline, points)):
            without, first_day, in_a_row = day, None, 0
            continue
        first_day = day if first_day is None else first_day
        in_a_row += 1
        if in_a_row == rule.forms:
            return "lost", without, first_day
    return "still", without, None


def limits(rule, baseline, points):
    found = []
    if rule.no_longer is not None:
        found.append(not 2 * points <= baseline)
    if rule.at_least is not None:
        found.append(points >= rule.at_least)
    return found


def slow_curve(pairs, day):
    """Return the share without the event after this day, as a fraction."""
    share = Fraction(1)
    for time in sorted({time for time, lost in pairs if lost and time <= day}):
        at_risk = sum(1 for other, _ in pairs if other >= time)
        share *= 1 - Fraction(sum(1 for pair in pairs if pair == (time, True)), at_risk)
    return share


def known(value):
    return None if pd.isna(value) else int(value)


@pytest.mark.parametrize("rule", PHQ9_RULES)
@FEW
@given(practices, st.booleans(), st.integers(10, LAST_DAY))
def test_every_course_is_as_the_twin_says(rule, rows, until_booster, as_of_day):
    if not rows:
        return
    how = {"until_booster": until_booster, "as_of_day": as_of_day}
    found = follow(*frames(rows), **asked(rule, **how))
    fast = {
        row.course_id: (row.state, known(row.last_without), known(row.event_day))
        for row in found.itertuples()
    }
    slow = {row[0]: twin(row, LOSS_RULES[rule], **how) for row in rows}
    assert fast == {
        number: (state, without, seen)
        for number, (state, without, seen) in slow.items()
    }


@FEW
@given(
    st.lists(well, min_size=20, max_size=40),
    st.sampled_from(PHQ9_RULES),
    st.sampled_from([LAST_INFUSION, STARTING_FORM]),
)
def test_both_curves_are_those_of_the_twin(rows, rule, origin):
    rows = [(number, *row[1:]) for number, row in enumerate(rows, start=1)]
    found = durability(*frames(rows), **asked(rule), origin=origin)
    ended = [(row, twin(row, LOSS_RULES[rule], False, LAST_DAY)) for row in rows]
    ended = [(row, end) for row, end in ended if end[0] in FOLLOWED]
    if len(ended) < FEWEST_FOLLOWED:
        assert found.seen == TooFew(FEWEST_FOLLOWED, len(ended))
        return
    seen, earliest = [], []
    for row, (state, without, event) in ended:
        start = 0 if origin == LAST_INFUSION else row[2][0]
        seen.append(((event if event else without) - start, state == "lost"))
        earliest.append((without - start, state == "lost"))
    for curve, pairs in ((found.seen, seen), (found.earliest, earliest)):
        for row in risk_table(curve, range(0, 70, 7)):
            assert row.at_risk == sum(1 for time, _ in pairs if time >= row.day)
            if row.step:
                share = float(slow_curve(pairs, row.day))
                assert row.step.estimate == pytest.approx(share)


# What holds of every practice.


@FEW
@given(practices, st.sampled_from(PHQ9_RULES), st.booleans())
def test_everyone_who_started_is_counted_once(rows, rule, until_booster):
    found = durability(*frames(rows or ONE), **asked(rule, until_booster=until_booster))
    apart = found.there_already + found.never_there + found.not_seen_again
    assert found.reached == apart + found.followed
    assert found.coverage.measured >= found.reached
    assert 0 <= found.events <= found.followed == len(found.course_ids)
    assert found.events + found.unconfirmed <= found.followed
    assert found.boosted <= found.followed


ONE = [(1, 20, (5, 8), [(20, 15)], [])]


@FEW
@given(practices, st.sampled_from(PHQ9_RULES))
def test_the_order_of_the_rows_does_not_matter(rows, rule):
    drawn = frames(rows or ONE)
    mixed = durability(
        *(f.sample(frac=1, random_state=1) for f in drawn), **asked(rule)
    )
    in_order = durability(*drawn, **asked(rule))
    assert set(mixed.course_ids) == set(in_order.course_ids)
    assert replace(mixed, course_ids=in_order.course_ids) == in_order


@FEW
@given(practices)
def test_two_in_a_row_is_never_lost_where_one_form_is_not(rows):
    once = ended(rows, "phq9_relapse_10")
    twice = ended(rows, "phq9_relapse_10_twice")
    assert set(twice) <= set(once)
    assert all(twice[number] >= once[number] for number in twice)


@FEW
@given(practices)
def test_the_page_rule_is_never_met_before_either_of_its_parts(rows):
    both = ended(rows, "phq9_relapse_no_response")
    for part in ("phq9_response_lost", "phq9_relapse_10"):
        of_part = ended(rows, part)
        assert all(of_part[number] <= both[number] for number in both)


def ended(rows, rule):
    found = follow(*frames(rows or ONE), **asked(rule))
    lost = found[found["state"] == "lost"]
    return dict(zip(lost["course_id"], lost["event_day"], strict=True))


@FEW
@given(practices, st.sampled_from(PHQ9_RULES))
def test_without_boosters_it_is_the_same_up_to_a_booster(rows, rule):
    plain = frames([(*row[:4], []) for row in rows or ONE])
    regardless = follow(*plain, **asked(rule))
    until = follow(*plain, **asked(rule, until_booster=True))
    pd.testing.assert_frame_equal(regardless, until)


@FEW
@given(practices, st.sampled_from(PHQ9_RULES))
def test_nobody_is_followed_beyond_the_first_booster(rows, rule):
    found = follow(*frames(rows or ONE), **asked(rule, until_booster=True))
    boosted = found[found["first_booster_day"].notna()]
    for column in ("event_day", "last_without"):
        known_days = boosted[boosted[column].notna()]
        assert (known_days[column] <= known_days["first_booster_day"]).all()


def test_an_empty_practice_has_no_curve():
    plain = [frame.iloc[:0] for frame in frames(ONE)]
    found = durability(*plain, **asked("phq9_response_lost"))
    assert (found.followed, found.days_between_looks) == (0, None)
    assert found.seen == found.earliest == TooFew(FEWEST_FOLLOWED, 0)
    intervals = booster_intervals(plain[0], plain[2], as_of_day=LAST_DAY)
    assert (intervals.courses, intervals.boosted) == (0, 0)


def test_the_limits_of_the_median_are_none_where_they_are_not_reached():
    few = product_limit([5] + [9] * 19, [True] + [False] * 19)
    assert (few.median, median_interval(few)) == (None, (None, None))
    half = product_limit(range(1, 11), [True] * 5 + [False] * 5)
    lower, upper = median_interval(half)
    assert (half.median, upper) == (5, None)
    assert lower < 5


# A patient's page marks the same forms.

INDUCTION = (0, 3, 6, 9, 12, 14)


@pytest.mark.parametrize(
    ("rule", "turn"),
    [
        ("phq9_response_lost", RESPONSE_LOST),
        ("phq9_relapse_no_response", RELAPSE_HERE),
    ],
)
@FEW
@given(
    st.integers(10, 27),
    st.integers(0, 14),
    st.dictionaries(st.integers(15, 60), points, min_size=1, max_size=6),
)
def test_what_is_lost_is_what_a_patients_page_marks(rule, turn, baseline, end, later):
    row = (1, baseline, (1, min(end, baseline // 2)), sorted(later.items()), [])
    (state,) = (
        (found.state, known(found.event_day))
        for found in follow(*frames([row]), **asked(rule)).itertuples()
    )
    if state[0] == "there already":
        return
    marked = first_mark(row, turn)
    assert state == (("still", None) if marked is None else ("lost", marked))


def first_mark(row, turn):
    """Return the first day after induction that a page marks, or None."""
    _, baseline, end, later, _ = row
    last = INDUCTION[-1]
    forms = [form(1, 0, baseline)]
    forms += [
        form(number, last + day, total)
        for number, (day, total) in enumerate([end, *later], start=2)
    ]
    found = course_trajectories(
        forms, infusions(*INDUCTION), {("phq9", "two_weeks"): 1}
    )["phq9"]
    points = with_turns(found, len(INDUCTION)).points
    day_0 = forms[0].facts.completed_at.date()
    marked = (p for p in points if turn in p.turns)
    return next(((p.completed_at.date() - day_0).days - last for p in marked), None)
