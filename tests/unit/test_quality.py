from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import INDICATIONS, empty
from analysis.quality import (
    APART,
    DENOMINATOR,
    EXCLUDED,
    QUALITY_COURSES,
    QUALITY_EXCLUSIONS,
    QUALITY_FORMS,
    STATES,
    quality_rows,
)
from measures.days import day_date, day_number
from measures.quality_measures import (
    EXCLUSIONS,
    QUALITY_MEASURES,
    FollowUpMeasure,
    Period,
    calendar_year,
)
from measures.registry import CRITERIA
from tests.quality_tables import quality_result


FOLLOWED = [m for m in QUALITY_MEASURES.values() if isinstance(m, FollowUpMeasure)]
FINISHED = [m for m in QUALITY_MEASURES.values() if not isinstance(m, FollowUpMeasure)]
EVERY = [*FOLLOWED, *FINISHED]
PATIENTS = "abc"
YEAR = 2026
# Each makes two frames and joins them: fewer than usual.
EXAMPLES = 50
FIRST, LAST = day_number(date(2024, 8, 1)), day_number(date(2027, 6, 30))
DAYS = st.integers(FIRST, LAST)
# Scores on either side of each limit are the ones that tell.
TOTALS = st.sampled_from([0, 3, 4, 5, 6, 8, 9, 10, 11, 12, 15, 16, 18, 20, 27])


@st.composite
def practices(draw):
    """Draw courses, forms and exclusions of a few patients."""
    birth = {
        p: draw(
            st.none() | st.dates(date(2010, 1, 1), date(2015, 1, 1)).map(day_number)
        )
        for p in PATIENTS
    }
    courses, forms = [], []
    for course_id in range(draw(st.integers(0, 5))):
        patient = draw(st.sampled_from(PATIENTS))
        first = draw(st.none() | DAYS)
        courses.append(
            {
                "course_id": course_id,
                "patient_id": patient,
                "birth_day": birth[patient],
                "indication": draw(st.sampled_from(INDICATIONS)),
                "first_minute": None if first is None else first * 1440 + 600,
                "first_day": first,
                "infusions": 0 if first is None else draw(st.integers(1, 3)),
                "closed_day": draw(st.none() | DAYS),
            }
        )
        around = DAYS if first is None else DAYS | st.integers(first - 31, first + 1)
        for day in draw(st.lists(around, max_size=5)):
            minute = day * 1440 + draw(st.integers(0, 1439))
            forms.append((len(forms), course_id, minute, day, draw(TOTALS)))
    said = draw(
        st.lists(
            st.tuples(
                st.sampled_from(PATIENTS),
                st.sampled_from([*EXCLUSIONS]),
                st.none() | DAYS,
            ),
            max_size=3,
        )
    )
    return courses, forms, said


def frames(practice):
    courses, forms, said = practice
    return (
        pd.DataFrame(courses, columns=[c.name for c in QUALITY_COURSES.columns]),
        pd.DataFrame(forms, columns=[c.name for c in QUALITY_FORMS.columns]),
        pd.DataFrame(said, columns=[c.name for c in QUALITY_EXCLUSIONS.columns]),
    )


def ask(measure, practice, as_of_day=LAST, of=quality_rows):
    courses, forms, said = frames(practice)
    return of(
        measure,
        courses,
        forms,
        period=calendar_year(YEAR),
        as_of_day=as_of_day,
        exclusions=said,
    )


def in_time(forms, as_of_day):
    return sorted((f for f in forms if f[3] <= as_of_day), key=lambda f: (f[2], f[0]))


def later(day, **months_or_years):
    return day_number(day_date(day) + relativedelta(**months_or_years))


def outcome(measure, start, end):
    if end is None:
        return "missing"
    held = all(CRITERIA[code].met(start, end) for code in measure.criteria)
    return "met" if held else "not met"


def followed_one_by_one(measure, practice, as_of_day):
    """Follow one patient after another; slow and obvious."""
    courses, forms, said = practice
    course = {c["course_id"]: c for c in courses}
    start = date(YEAR, 1, 1)
    first, last = day_number(start), day_number(date(YEAR, 12, 31))
    if measure.code == "cms159":
        first = later(day_number(start), months=-14)
        last = later(day_number(start), months=-2) - 1
    states = {}
    for patient in PATIENTS:
        own = [
            f
            for f in in_time(forms, as_of_day)
            if course[f[1]]["patient_id"] == patient
        ]
        high = [f for f in own if first <= f[3] <= last and f[4] > 9]
        treated = [
            f for f in high if course[f[1]]["indication"] in ("depression", "both")
        ]
        if not high:
            continue
        index = (treated or high)[0]
        states[patient] = one_patient(
            measure,
            course[index[1]],
            (index, own),
            [s for s in said if s[0] == patient],
            as_of_day,
        )
    return states


def one_patient(measure, course, forms, said, as_of_day):
    index, own = forms
    if course["indication"] == "not recorded":
        return "indication not recorded"
    if course["indication"] == "ptsd":
        return "not for depression"
    if course["birth_day"] is None:
        return "age not recorded"
    if later(course["birth_day"], years=12) > index[3]:
        return "too young"
    middle = later(index[3], months=measure.window.months)
    opens, closes = middle + measure.window.from_days, middle + measure.window.to_days
    codes = {c.code for c in measure.exclusions}
    if any(s[1] in codes and (s[2] is None or s[2] <= closes) for s in said):
        return "excluded"
    if closes >= as_of_day:
        return "window open"
    inside = [f for f in own if opens <= f[3] <= closes]
    return outcome(measure, index[4], inside[-1][4] if inside else None)


def finished_one_by_one(measure, practice, as_of_day):
    courses, forms, _ = practice
    states = {}
    for c in courses:
        closed = c["closed_day"]
        if closed is None or closed > as_of_day or day_date(closed).year != YEAR:
            continue
        if c["infusions"] < 2:
            continue
        own = [f for f in in_time(forms, as_of_day) if f[1] == c["course_id"]]
        before = [
            f for f in own if f[2] <= c["first_minute"] and f[3] >= c["first_day"] - 30
        ]
        after = [f for f in own if f[2] > c["first_minute"] and f[3] <= closed]
        if not before:
            states[c["course_id"]] = "no start score"
        elif measure.code != "nhs_improvement" and before[-1][4] < 10:
            states[c["course_id"]] = "start too low"
        else:
            end = after[-1][4] if after else None
            states[c["course_id"]] = outcome(measure, before[-1][4], end)
    return states


@settings(max_examples=EXAMPLES)
@given(
    measure=st.sampled_from(FOLLOWED),
    practice=practices(),
    as_of_day=DAYS | st.just(LAST),
)
def test_patients_are_followed_as_one_by_one(measure, practice, as_of_day):
    rows = ask(measure, practice, as_of_day)
    found = dict(zip(rows["patient_id"], rows["state"], strict=True))
    assert found == followed_one_by_one(measure, practice, as_of_day)


@settings(max_examples=EXAMPLES)
@given(
    measure=st.sampled_from(FINISHED),
    practice=practices(),
    as_of_day=DAYS | st.just(LAST),
)
def test_courses_are_counted_as_one_by_one(measure, practice, as_of_day):
    rows = ask(measure, practice, as_of_day)
    found = dict(zip(rows["course_id"], rows["state"], strict=True))
    assert found == finished_one_by_one(measure, practice, as_of_day)


@settings(max_examples=EXAMPLES)
@given(measure=st.sampled_from(EVERY), practice=practices(), as_of_day=DAYS)
def test_every_row_is_in_one_group_and_every_number_has_its_ids(
    measure, practice, as_of_day
):
    rows = ask(measure, practice, as_of_day)
    found = ask(measure, practice, as_of_day, of=quality_result)
    count = Counter(rows["state"])
    assert set(count) <= set(STATES)
    assert rows["course_id"].is_unique
    assert found.denominator.n == sum(count[state] for state in DENOMINATOR)
    assert (found.numerator.n, found.missing.n) == (count["met"], count["missing"])
    assert sum(group.n for group in found.excluded) == count[EXCLUDED]
    assert {g.state: g.n for g in found.apart} == {
        s: count[s] for s in APART if count[s]
    }
    groups = [found.denominator, *found.excluded, *found.apart]
    every = [course_id for group in groups for course_id in group.course_ids]
    assert sorted(every) == sorted(rows["course_id"])
    assert set(found.numerator.course_ids) <= set(found.denominator.course_ids)
    assert set(found.missing.course_ids) <= set(found.denominator.course_ids)


@settings(max_examples=EXAMPLES)
@given(measure=st.sampled_from(EVERY), practice=practices())
def test_the_rates_are_made_of_the_counts(measure, practice):
    found = ask(measure, practice, of=quality_result)
    n, met, missing = found.denominator.n, found.numerator.n, found.missing.n
    if not n:
        assert found.rate is found.bounds is found.followed_up is None
        return
    assert (found.rate.events, found.rate.n) == (met, n)
    assert (found.followed_up.events, found.followed_up.n) == (n - missing, n)
    assert found.bounds == (met / n, (met + missing) / n)
    assert (found.observed is None) == (missing == n)
    if found.observed is not None:
        assert (found.observed.events, found.observed.n) == (met, n - missing)
        assert found.observed.estimate >= found.rate.estimate


@settings(max_examples=EXAMPLES)
@given(measure=st.sampled_from(EVERY), practice=practices(), seed=st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(measure, practice, seed):
    courses, forms, said = frames(practice)
    asked = {"period": calendar_year(YEAR), "as_of_day": LAST}
    straight = quality_rows(measure, courses, forms, exclusions=said, **asked)
    mixed = quality_rows(
        measure,
        courses.sample(frac=1, random_state=seed),
        forms.sample(frac=1, random_state=seed),
        exclusions=said.sample(frac=1, random_state=seed),
        **asked,
    )
    pd.testing.assert_frame_equal(straight, mixed)


@settings(max_examples=EXAMPLES)
@given(measure=st.sampled_from(FOLLOWED), practice=practices())
def test_an_exclusion_only_takes_away(measure, practice):
    courses, forms, _ = practice
    with_all = ask(measure, practice, of=quality_result)
    without = ask(measure, (courses, forms, []), of=quality_result)
    assert set(with_all.denominator.patient_ids) <= set(without.denominator.patient_ids)
    assert set(with_all.numerator.patient_ids) <= set(without.numerator.patient_ids)


def test_nothing_asked_is_as_nobody_excluded():
    measure = QUALITY_MEASURES["cms159"]
    courses, forms, _ = frames(([], [], []))
    found = quality_result(
        measure, courses, forms, period=calendar_year(YEAR), as_of_day=LAST
    )
    assert (found.denominator.n, found.excluded, found.apart) == (0, (), ())
    assert found.index_period == Period(
        day_number(date(2024, 11, 1)), day_number(date(2025, 10, 31))
    )


def test_an_empty_practice_gives_rows_with_all_columns():
    for measure in EVERY:
        rows = quality_rows(
            measure,
            empty(QUALITY_COURSES),
            empty(QUALITY_FORMS),
            period=calendar_year(YEAR),
            as_of_day=LAST,
        )
        assert rows.empty
        assert list(rows.columns)[-2:] == ["state", "reason"]


def test_a_code_that_no_measure_knows_is_refused():
    with pytest.raises(ValueError, match="QUALITY_EXCLUSIONS: column 'code'"):
        ask(QUALITY_MEASURES["cms159"], ([], [], [("a", "moved_away", None)]))


def test_a_form_without_a_total_is_refused_never_taken_for_0():
    courses = [
        {
            "course_id": 1,
            "patient_id": "a",
            "birth_day": 0,
            "indication": "depression",
            "first_minute": None,
            "first_day": None,
            "infusions": 0,
            "closed_day": None,
        }
    ]
    with pytest.raises(ValueError, match=r"'total'.*never missing"):
        ask(QUALITY_MEASURES["cms159"], (courses, [(1, 1, 0, 0, np.nan)], []))


def test_the_confidence_is_the_one_asked_for():
    courses, forms, _ = frames(
        (
            [
                {
                    "course_id": 1,
                    "patient_id": "a",
                    "birth_day": 0,
                    "indication": "depression",
                    "first_minute": None,
                    "first_day": None,
                    "infusions": 0,
                    "closed_day": None,
                }
            ],
            [(1, 1, 1440 * 20_120, 20_120, 18)],
            [],
        )
    )
    found = quality_result(
        QUALITY_MEASURES["cms159"],
        courses,
        forms,
        period=calendar_year(YEAR),
        as_of_day=LAST,
        confidence=0.8,
    )
    assert found.rate.confidence == found.followed_up.confidence == 0.8
