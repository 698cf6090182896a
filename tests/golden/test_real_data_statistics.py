"""Figures that others published or computed, from data that others collected.

The expected numbers are those of ``../shared/real-data/README.md``, which says of each
whether it is printed in a publication or computed with another program.
"""

import pandas as pd
import pytest
from scipy.stats import binomtest

from analysis.columns import COURSES
from analysis.ever import product_limit
from analysis.outcomes import outcome_rate
from analysis.proportions import newcombe_difference, wilson_proportion
from analysis.reliable_change import (
    classify_change,
    cutoff_c,
    reliable_change_threshold,
)
from measures.criteria import Criterion
from measures.definition import Source
from tests.course_tables import USUAL


SOURCE = Source("readme", "The README beside the data.")
HALF = Criterion(
    "half", "other", "response", "Half", "Half or more lost.", SOURCE, fall_percent=50
)
THIRTY = Criterion(
    "thirty", "other", "response", "30 %", "30 % lost.", SOURCE, fall_percent=30
)


# events, n: Wilson lower, upper | Clopper-Pearson lower, upper
PROPORTIONS = [
    (81, 263, 0.2553, 0.3662, 0.2527, 0.3676),
    (15, 148, 0.0624, 0.1605, 0.0578, 0.1617),
    (0, 20, 0, 0.1611, 0, 0.1684),
    (1, 29, 0.0061, 0.1718, 0.0009, 0.1776),
    (10, 10, 0.7225, 1, 0.6915, 1),
    (29, 64, 0.3373, 0.5743, 0.3282, 0.5825),
]


@pytest.mark.parametrize(("events", "n", "lower", "upper", "exact", "_"), PROPORTIONS)
def test_wilson_limits_are_the_printed_ones(events, n, lower, upper, exact, _):
    p = wilson_proportion(events, n)
    assert (round(p.lower, 4), round(p.upper, 4)) == (lower, upper)


@pytest.mark.parametrize(("events", "n", "_", "__", "lower", "upper"), PROPORTIONS)
def test_the_table_also_holds_for_the_exact_limits_of_scipy(
    events, n, _, __, lower, upper
):
    exact = binomtest(events, n).proportion_ci(method="exact")
    assert (round(exact.low, 4), round(exact.high, 4)) == (lower, upper)


@pytest.mark.parametrize(
    ("first", "second", "estimate", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.2000, 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.6000, 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.5714, 0.0582, 0.8062),
        ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
        ((0, 10), (0, 20), 0.0, -0.1611, 0.2775),
        ((10, 10), (0, 20), 1.0, 0.6791, 1.0),
    ],
)
def test_newcombe_limits_are_the_printed_ones(first, second, estimate, lower, upper):
    d = newcombe_difference(wilson_proportion(*first), wilson_proportion(*second))
    found = (round(d.estimate, 4), round(d.lower, 4), round(d.upper, 4))
    assert found == (estimate, lower, upper)


def kaplan_meier(path, time, event, **group):
    rows = pd.read_csv(path)
    for column, value in group.items():
        rows = rows[rows[column] == value]
    return product_limit(rows[time], rows[event])


def at_events(curve, digits):
    return {s.time: round(s.estimate, digits) for s in curve.steps if s.events}


def test_gehan_remission_times_on_6_mp(shared_data):
    curve = kaplan_meier(shared_data / "km_gehan.csv", "time", "cens", treat="6-MP")
    assert at_events(curve, 4) == {
        6: 0.8571,
        7: 0.8067,
        10: 0.7529,
        13: 0.6902,
        16: 0.6275,
        22: 0.5378,
        23: 0.4482,
    }
    last = next(s for s in curve.steps if s.time == 23)
    assert (round(last.lower, 4), round(last.upper, 4)) == (0.1881, 0.6801)
    assert curve.median == 23


def test_gehan_controls_have_a_median_of_8(shared_data):
    path = shared_data / "km_gehan.csv"
    assert kaplan_meier(path, "time", "cens", treat="control").median == 8


def test_aml_maintained(shared_data):
    path = shared_data / "km_aml.csv"
    curve = kaplan_meier(path, "time", "status", x="Maintained")
    assert at_events(curve, 3) == {
        9: 0.909,
        13: 0.818,
        18: 0.716,
        23: 0.614,
        31: 0.491,
        34: 0.368,
        48: 0.184,
    }
    assert curve.median == 31


def test_aml_not_maintained_has_a_median_of_23(shared_data):
    path = shared_data / "km_aml.csv"
    assert kaplan_meier(path, "time", "status", x="Nonmaintained").median == 23


def test_waltons(shared_data):
    path = shared_data / "km_waltons.csv"
    everyone = kaplan_meier(path, "T", "E")
    assert everyone.steps[0].at_risk == 163
    assert sum(step.events for step in everyone.steps) == 156
    assert everyone.median == 56
    assert kaplan_meier(path, "T", "E", group="control").median == 58
    assert kaplan_meier(path, "T", "E", group="miR-137").median == 26


BTHEB_RESPONDERS = {
    ("TAU", "2m"): (9, 45),
    ("BtheB", "2m"): (16, 52),
    ("TAU", "3m"): (12, 36),
    ("BtheB", "3m"): (18, 37),
    ("TAU", "5m"): (11, 29),
    ("BtheB", "5m"): (17, 29),
    ("TAU", "8m"): (12, 25),
    ("BtheB", "8m"): (19, 27),
}
RANDOMISED = {"TAU": 48, "BtheB": 52}


@pytest.mark.parametrize(("arm", "visit"), BTHEB_RESPONDERS)
def test_beat_the_blues_responders_of_those_observed_and_of_those_randomised(
    shared_data, arm, visit
):
    people = pd.read_csv(shared_data / "BtheB.csv").query("treatment == @arm")
    rate = half_lost(people["bdi.pre"], people[f"bdi.{visit}"])
    assert (rate.events, rate.measured) == BTHEB_RESPONDERS[arm, visit]
    assert rate.due == rate.started == rate.nonresponse.n == RANDOMISED[arm]


def half_lost(before, after):
    frame = pd.DataFrame(
        {
            **USUAL,
            "course_id": range(len(before)),
            "patient_id": [str(n) for n in range(len(before))],
            "baseline": before.to_numpy(),
            "total": after.to_numpy(),
            "score_day": 60,
            "due_day": 60,
        }
    )[[c.name for c in COURSES.columns]]
    return outcome_rate(
        frame, HALF, timepoint="visit", eligible_at_least=0, as_of_day=60
    )


@pytest.fixture
def claus(shared_data):
    """First and last visit of the inpatients who have both."""
    visits = pd.read_csv(shared_data / "claus_2020.csv")

    def pairs(measure):
        wide = visits.pivot(index="id", columns="time", values=measure)
        return wide[[1, 4]].dropna().set_axis(["before", "after"], axis="columns")

    return pairs


def counts(outcomes):
    names = ("recovered", "improved", "unchanged", "deteriorated")
    return tuple(int((outcomes == name).sum()) for name in names)


def test_claus_bdi_by_jacobson_and_truax_with_the_sd_of_the_40_pairs(claus):
    bdi = claus("bdi")
    mean, sd = bdi["before"].mean(), bdi["before"].std()
    threshold = reliable_change_threshold(sd, reliability=0.801)
    cutoff = cutoff_c(mean, sd, mean_norm=7.69, sd_norm=7.52)
    outcomes = classify_change(
        bdi["before"], bdi["after"], threshold=threshold, cutoff=cutoff
    )
    assert (len(bdi), round(sd, 6), round(threshold, 3)) == (40, 8.158643, 10.088)
    assert round(cutoff, 2) == 21.02
    assert counts(outcomes) == (10, 8, 22, 0)


def test_claus_hamd_reliable_change_with_the_sd_of_the_40_pairs(claus):
    hamd = claus("hamd")
    threshold = reliable_change_threshold(hamd["before"].std(), reliability=0.80)
    outcomes = classify_change(hamd["before"], hamd["after"], threshold=threshold)
    assert counts(outcomes) == (0, 29, 10, 1)


def test_claus_bdi_by_a_change_of_30_percent(claus):
    bdi = claus("bdi")
    improved = THIRTY.met(bdi["before"], bdi["after"])
    worse = 100 * (bdi["after"] - bdi["before"]) >= 30 * bdi["before"]
    neither = ~improved & ~worse
    assert (improved.sum(), neither.sum(), worse.sum()) == (19, 21, 0)


@pytest.mark.parametrize(("measure", "responders"), [("bdi", 11), ("hamd", 16)])
def test_claus_responders_of_50_percent(claus, measure, responders):
    pairs = claus(measure)
    rate = half_lost(pairs["before"], pairs["after"])
    assert (rate.events, rate.measured) == (responders, 40)


# NHS Talking Therapies, England, 2024-25.
FINISHED = 670_419
NOT_AT_CASENESS = 35_234


@pytest.mark.parametrize(
    ("events", "n", "percent"),
    [
        (321_061, FINISHED - NOT_AT_CASENESS, 50.5),
        (301_815, FINISHED - NOT_AT_CASENESS, 47.5),
        (452_284, FINISHED, 67.5),
        (39_157, FINISHED, 5.8),
    ],
    ids=["recovery", "reliable recovery", "improvement", "deterioration"],
)
def test_nhs_england_shares_of_their_own_denominators(events, n, percent):
    assert round(100 * wilson_proportion(events, n).estimate, 1) == percent
