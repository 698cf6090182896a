"""The practice cut as a page, or a published figure, asks."""

from contextlib import contextmanager

import pytest

from analysis.comparison import Comparison, Refusal
from data.assessments import add_assessment
from data.database import open_database, reading, writing
from data.infusions import add_infusion
from data.patients import get_course, open_course
from data.published import load_catalogue
from measures.registry import CRITERIA, MEASURES
from tests.actors import TESTER
from tests.factories import at, calendar_day, day, given, phq9, write_practice
from views.results.counts import recut
from views.results.counts.beside import courses_ever
from views.results.counts.recut import Practice, Selection


RESPONSE = CRITERIA["phq9_response_50"]
PRACTICE = """
    course | infusions | phq9
    -------+-----------+--------------------------
    a      | 0, 3, 7   | -1: 20, 4: 15, 25: 8
    b      | 0, 3, 7   | -1: 20, 4: 15, 25: 18
    c      | 0, 3, 7   | -1: 20
    d      | 0         | -1: 8, 20: 4
"""
LATER = 400


@contextmanager
def practice(url, *, as_of=LATER, **chosen):
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        yield Practice(connection, Selection(as_of_day=day(as_of), **chosen))
    engine.dispose()


@pytest.fixture
def url(migrated_sqlite_url):
    write_practice(migrated_sqlite_url, PRACTICE)
    return migrated_sqlite_url


def counts(url, timepoint="weeks_2_4", **asked):
    with practice(url, **asked) as cut:
        rate = recut.outcome(cut, RESPONSE, timepoint)
    return rate.started, rate.eligible, rate.due, rate.measured, rate.events


def test_a_rate_is_counted_from_what_is_recorded(url):
    assert counts(url) == (4, 3, 3, 2, 1)


def test_an_earlier_day_sees_only_what_had_happened_by_then(url):
    assert counts(url, as_of=24) == (4, 3, 0, 0, 0)


def test_the_lowest_baseline_can_be_set(url):
    assert counts(url, eligible_at_least=5) == (4, 4, 4, 3, 2)


def test_the_period_of_infusion_1_cuts_the_courses(url):
    assert counts(url, first_day_from=day(1)) == (0, 0, 0, 0, 0)
    assert counts(url, first_day_to=day(-1)) == (0, 0, 0, 0, 0)
    both_ends = {"first_day_from": day(0), "first_day_to": day(0)}
    assert counts(url, **both_ends) == (4, 3, 3, 2, 1)


def test_an_indication_that_nobody_has_leaves_nobody(url):
    assert counts(url, indication="ptsd") == (0, 0, 0, 0, 0)


def test_the_courses_behind_a_rate_add_up_to_it(url):
    with practice(url) as cut:
        states = recut.courses_behind(cut, RESPONSE, "weeks_2_4")["state"]
    assert states.value_counts().to_dict() == {
        "event": 1,
        "no event": 1,
        "missing": 1,
        "not eligible": 1,
    }


def test_both_curves_are_of_the_chosen_courses(url):
    with practice(url) as cut:
        now, ever = recut.now_and_ever(cut, RESPONSE)
    assert (now[2].measured, now[2].events) == (2, 0)
    assert (ever.eligible, ever.measured, ever.events) == (3, 2, 0)


def test_another_selection_reads_nothing_again(url):
    with practice(url) as cut:
        everybody = cut.courses("phq9", "weeks_2_4")
        other = cut.choosing(Selection(as_of_day=day(LATER), clinician="nobody"))
        assert other.started("phq9", "weeks_2_4") is cut.started("phq9", "weeks_2_4")
        assert other.courses("phq9", "weeks_2_4").empty
    assert len(everybody) == 4


def test_a_figure_is_counted_on_its_own_terms(url):
    figure = load_catalogue().figure("pfeiffer_2024_phq9_6wk")
    with practice(url) as cut:
        result = recut.compare_figure(cut, figure, "response")
    assert isinstance(result, Refusal)
    assert result.reason == (
        "Nobody treated for depression (alone or with PTSD) has a score for this time "
        "point."
    )


@pytest.mark.parametrize(
    ("condition", "started"), [("depression", 4), ("ptsd", 0), ("both", 0), (None, 4)]
)
def test_courses_can_be_cut_to_what_a_study_treated(url, condition, started):
    with practice(url, condition=condition) as cut:
        assert len(cut.started("phq9", "weeks_2_4")) == 4
        assert len(cut.courses("phq9", "weeks_2_4")) == started


def test_a_figure_takes_those_treated_for_what_the_study_treated(url):
    figure = load_catalogue().figure("osmind_ptsd_inf6")
    with practice(url) as cut:
        frames = recut.frames_for(cut, figure)
        assert (frames.condition, len(frames.courses)) == ("ptsd", 0)


def test_a_chosen_indication_is_not_cut_again(url):
    figure = load_catalogue().figure("osmind_ptsd_inf6")
    with practice(url, indication="depression") as cut:
        frames = recut.frames_for(cut, figure)
        assert (frames.condition, len(frames.courses)) == (None, 4)


def test_ever_within_six_weeks_follows_the_days(url):
    figure = load_catalogue().figure("oliver_2022_phq9_6wk")
    with practice(url) as cut:
        result = recut.compare_figure(cut, figure, "response")
    assert isinstance(result, Comparison)
    assert (result.ever.measured, result.ever.events) == (2, 1)
    assert result.ever_step.estimate == 0.5


def test_a_score_after_six_weeks_is_not_behind_a_number_of_six_weeks(
    migrated_sqlite_url,
):
    write_practice(migrated_sqlite_url, LATE)
    figure = load_catalogue().figure("oliver_2022_phq9_6wk")
    with practice(migrated_sqlite_url) as cut:
        courses = courses_ever(cut, figure, "response", "days")
    assert courses["state"].tolist() == ["event", "no event", "missing"]
    assert courses["total"].tolist()[:2] == [8, 15]


LATE = """
    course | infusions | phq9
    -------+-----------+-----------------------
    a      | 0, 3, 7   | -1: 20, 20: 8, 30: 4
    b      | 0, 3, 7   | -1: 20, 20: 15, 60: 4
    c      | 0, 3, 7   | -1: 20, 60: 4
"""


def test_a_rule_that_was_not_seen_is_refused_without_reading(url):
    figure = load_catalogue().figure("albott_2018_pcl5")
    with practice(url) as cut:
        result = recut.compare_figure(cut, figure, "remission")
        assert not cut._read
    assert result.reason == "The study's rule for remission was not seen."


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("outcome", ["response", "remission"])
def test_every_figure_of_a_measure_can_be_set_beside_an_empty_practice(
    migrated_sqlite_url, measure, outcome
):
    beside = recut.figures_beside(load_catalogue(), measure, outcome)
    with practice(migrated_sqlite_url) as cut:
        results = recut.compare_figures(cut, beside.all, outcome)
    assert list(results) == [figure.code for figure in beside.all]
    assert {type(result) for result in results.values()} == {Refusal}


def test_every_figure_is_shown_with_one_measure():
    figures = load_catalogue().figures
    assert {recut.shown_with(figure) for figure in figures} == set(MEASURES)


def test_mean_changes_are_those_of_the_comparison_map():
    catalogue = load_catalogue()
    names = {
        measure: [f.code for f in recut.changes_beside(catalogue, measure)]
        for measure in MEASURES
    }
    assert names == {
        "phq9": ["bentley_2022_phq9", "ross_2019_phq9"],
        "pcl5": [
            "albott_2018_pcl5",
            "bentley_2022_pcl5",
            "osmind_ptsd_inf4_change",
            "ross_2019_pcl5",
        ],
    }


def test_a_first_course_without_a_form_is_not_replaced_by_the_second(
    migrated_sqlite_url,
):
    first = write_practice(migrated_sqlite_url, ONE_WITHOUT_A_FORM)["a"]
    second = add_second_course(migrated_sqlite_url, first)
    with practice(migrated_sqlite_url) as cut:
        assert cut.by_infusion("phq9").empty
    with practice(migrated_sqlite_url, all_courses=True) as cut:
        assert set(cut.by_infusion("phq9")["course_id"]) == {second}


ONE_WITHOUT_A_FORM = """
    course | infusions | phq9
    -------+-----------+-----
    a      | 0         |
"""


def add_second_course(url, first):
    engine = open_database(url)
    with writing(engine, TESTER) as connection:
        second = open_course(
            connection,
            patient_id=get_course(connection, first).patient_id,
            indication="depression",
            opened=calendar_day(90),
        )
        form, infusion = phq9(at("99"), 20), given(at("100", 10))
        add_assessment(connection, course_id=second, facts=form)
        add_infusion(connection, course_id=second, facts=infusion)
    engine.dispose()
    return second
