"""The simulation in benchmarks/coverage.py, with few runs."""

import numpy as np
import pytest

from benchmarks import coverage


@pytest.fixture(autouse=True)
def few_runs(monkeypatch):
    monkeypatch.setattr(coverage, "RUNS", 2_000)
    monkeypatch.setattr(coverage, "CURVE_RUNS", 200)
    monkeypatch.setattr(coverage, "IMPUTED_RUNS", 40)
    monkeypatch.setattr(coverage, "PEOPLE_FOR_THE_TRUTH", 100_000)


@pytest.fixture
def random():
    return np.random.default_rng(1)


def test_wilson_newcombe_and_log_log_limits_cover_about_as_often_as_they_say(random):
    for row in (
        coverage.wilson(random, 60, 0.54),
        coverage.newcombe(random, (60, 0.54), (40, 0.3)),
        coverage.kaplan_meier(random, 60, 60),
    ):
        assert 0.91 < row.share < 0.99


def test_imputing_covers_where_the_measured_alone_do_not(random):
    imputed = coverage.imputed(random, 200, coverage.World())
    measured = coverage.measured_only(random, 200)
    assert imputed.share > 0.88
    assert measured.share < 0.8


def test_the_missing_not_at_random_break_it_unless_the_shift_is_right(random):
    world = coverage.World(worse=6)
    as_alike = coverage.imputed(random, 120, world)
    shifted = coverage.imputed(random, 120, world, shift=6)
    assert as_alike.share < 0.6 < 0.88 < shifted.share


def test_a_run_without_an_interval_is_not_counted_as_covered_or_missed(random):
    row = coverage.imputed(random, 30, coverage.World())
    assert row.runs + row.without == 40
    assert row.without > 0
