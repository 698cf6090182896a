"""Every quality measure says whose it is, what it counts and what is left out."""

import re
from dataclasses import fields
from datetime import date

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from measures.days import day_date, day_number
from measures.quality_measures import (
    ASKED,
    EXCLUSIONS,
    MEASURE,
    OWNERS_TEXT,
    QUALITY_MEASURES,
    RECORDED,
    SECOND_HAND,
    UNKNOWN,
    FollowUpMeasure,
    calendar_year,
    months_later,
)
from measures.registry import CRITERIA, MEASURES


ALL = list(QUALITY_MEASURES.values())
FOLLOWED = [m for m in ALL if isinstance(m, FollowUpMeasure)]
FINISHED = [m for m in ALL if not isinstance(m, FollowUpMeasure)]
DATES = st.dates(date(1975, 1, 1), date(2090, 12, 31))


def code_of(value):
    return value.code


def sentences(measure):
    yield from (measure.sentence, measure.population, measure.numerator)
    yield from (measure.denominator, measure.missing, *measure.left_out)
    yield from (c.sentence for c in (*measure.requirements, *measure.exclusions))
    yield from (measure.index_rule, measure.window_rule)


def test_the_measures_are_those_that_were_asked_for():
    assert list(QUALITY_MEASURES) == [
        "cms159",
        "hedis_drr_follow_up",
        "hedis_drr_remission",
        "hedis_drr_response",
        "mncm_remission_6",
        "mncm_response_6",
        "mncm_remission_12",
        "mncm_response_12",
        "nhs_improvement",
        "nhs_recovery",
        "nhs_reliable_recovery",
    ]


@pytest.mark.parametrize("measure", ALL, ids=code_of)
def test_a_definition_is_complete(measure):
    for text in sentences(measure):
        assert re.fullmatch(r"[A-Z0-9]\S*( \S+)+\.", text), text
    assert measure.owner
    assert measure.version
    assert measure.name
    assert measure.left_out
    assert measure.sources
    assert measure.status in (OWNERS_TEXT, SECOND_HAND)
    assert not (measure.status == OWNERS_TEXT and measure.sources[0].second_hand)


@pytest.mark.parametrize("measure", ALL, ids=code_of)
def test_its_criteria_are_known_and_on_the_instrument_that_is_read(measure):
    assert MEASURE in MEASURES
    assert {CRITERIA[code].measure for code in measure.criteria} <= {MEASURE}


@pytest.mark.parametrize("measure", ALL, ids=code_of)
def test_what_is_not_in_the_record_is_asked_or_said(measure):
    assert {c.known for c in measure.exclusions} <= {ASKED}
    assert {c.known for c in measure.requirements} <= {RECORDED, UNKNOWN}
    assert all(EXCLUSIONS[c.code] == c for c in measure.exclusions)


def test_names_and_codes_are_used_once():
    shown = [(m.owner, m.name) for m in ALL]
    assert len(shown) == len(set(shown))
    assert all(re.fullmatch(r"[a-z0-9_]{4,}", m.code) for m in ALL)


@pytest.mark.parametrize("measure", FOLLOWED, ids=code_of)
def test_the_numbers_of_a_window_are_in_its_sentence(measure):
    window = measure.window
    said = set(map(int, re.findall(r"\d+", window.sentence)))
    days = {abs(window.from_days), abs(window.to_days)}
    assert said == days | ({window.months} if window.months else set())


@pytest.mark.parametrize("measure", FOLLOWED, ids=code_of)
def test_the_index_is_above_9_from_age_12(measure):
    assert (measure.index.at_least, measure.index.age_at_least) == (10, 12)
    assert "above 9" in measure.index.sentence
    assert "aged 12 or older" in measure.population


def test_cms159_says_its_months():
    index = QUALITY_MEASURES["cms159"].index
    assert index.months == (-14, -2)
    assert "14 months before" in index.sentence
    assert "2 months before" in index.sentence


def test_cms159_excludes_seven_things():
    assert [c.code for c in QUALITY_MEASURES["cms159"].exclusions] == [
        "died",
        "hospice",
        "palliative",
        "bipolar",
        "personality_disorder_labile",
        "psychotic_disorder",
        "pervasive_developmental_disorder",
    ]


def test_no_exclusion_of_hedis_is_made_up():
    for code in ("follow_up", "remission", "response"):
        measure = QUALITY_MEASURES[f"hedis_drr_{code}"]
        assert measure.exclusions == ()
        assert any("not read; none of them" in text for text in measure.left_out)


@pytest.mark.parametrize("measure", FINISHED, ids=code_of)
def test_the_half_that_is_not_recorded_is_said(measure):
    assert measure.name.endswith("PHQ-9 half")
    assert "GAD-7" in measure.sentence
    (pcl5,) = [text for text in measure.left_out if "PCL-5" in text]
    assert "left out" in pcl5
    assert set(re.findall(r"\d+", pcl5.replace("PCL-5", "").replace("PHQ-9", ""))) == (
        set()
    )


@pytest.mark.parametrize("measure", ALL, ids=code_of)
def test_no_definition_says_that_a_treatment_caused_anything(measure):
    for text in sentences(measure):
        assert not re.search(r"caus|effect|due to|thanks|led to|because of", text)


@pytest.mark.parametrize("measure", ALL, ids=code_of)
def test_the_missing_stay_in_the_denominator_and_it_is_said(measure):
    assert "stays in the denominator" in measure.missing


def test_every_field_of_a_definition_is_plain_data():
    for measure in ALL:
        for field in fields(measure):
            assert not callable(getattr(measure, field.name))


@given(DATES, st.integers(-240, 240))
def test_months_are_counted_as_calendars_do(day, months):
    expected = day + relativedelta(months=months)
    assert day_date(months_later(day_number(day), months)) == expected


@given(st.dates(date(2024, 11, 1), date(2025, 10, 31)))
def test_every_window_of_cms159_lies_before_the_end_of_the_measurement_period(day):
    measure, year = QUALITY_MEASURES["cms159"], calendar_year(2026)
    index = measure.index.days(year)
    assert index.first_day <= day_number(day) <= index.last_day
    window = measure.window.days(day_number(day))
    assert window.last_day < year.last_day
    assert window.last_day - window.first_day == 120
