"""The shape of change, counted again one course after another."""

from statistics import mean, stdev

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from analysis.change_shape import (
    ANSWERS,
    HALF_A_POINT,
    RELIABLE_CONFIDENCE,
    SD_FROM,
    answer_changes,
    change_regions,
    every_criterion,
    waterfall,
)
from analysis.columns import COURSES, empty
from analysis.outcomes import classify
from analysis.reliable_change import OUTCOMES
from measures.registry import CRITERIA, MEASURES, criteria_of, default_criterion
from measures.reliability import FUNCTIONAL_CUTOFF, RELIABILITIES
from tests.course_tables import USUAL


PHQ9 = MEASURES["phq9"]
TOTALS = st.none() | st.integers(0, 27)
COURSE = st.fixed_dictionaries(
    {
        "first_day": st.integers(0, 30),
        "baseline": TOTALS,
        "total": TOTALS,
        "score_day": st.integers(20, 60),
        "due_day": st.none() | st.integers(20, 60),
        "before": st.text("0123-", min_size=9, max_size=9) | st.just(""),
        "after": st.text("0123-", min_size=9, max_size=9) | st.just(""),
    }
)
SOME = st.lists(COURSE, max_size=15).map(
    lambda rows: [
        {**USUAL, **row, "course_id": i, "patient_id": str(i)}
        for i, row in enumerate(rows)
    ]
)
# Each example makes several frames; every one of them is small.
FEW = settings(max_examples=40)
ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 8, "as_of_day": 45}
RESPONSE = default_criterion("phq9", "response")


def frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])


def answers_of(rows):
    found = [(r["course_id"], r["before"], r["after"]) for r in rows]
    return pd.DataFrame(found, columns=[c.name for c in ANSWERS.columns])


def measured(rows, at_least=ASKED["eligible_at_least"]):
    return [
        row
        for row in rows
        if row["first_day"] <= ASKED["as_of_day"]
        and row["baseline"] is not None
        and row["baseline"] >= at_least
        and row["total"] is not None
        and row["score_day"] <= ASKED["as_of_day"]
    ]


@FEW
@given(SOME)
def test_a_waterfall_agrees_with_counting(rows):
    found = waterfall(frame(rows), RESPONSE, **ASKED)
    expected = sorted(
        measured(rows),
        key=lambda r: (-(r["total"] - r["baseline"]) / r["baseline"], r["course_id"]),
    )
    percents = [100 * r["total"] / r["baseline"] - 100 for r in expected]
    assert found.rows["course_id"].tolist() == [r["course_id"] for r in expected]
    assert found.rows["percent"].tolist() == pytest.approx(percents)
    events = int((found.rows["state"] == "event").sum())
    halved = [r for r in measured(rows) if 2 * r["total"] <= r["baseline"]]
    assert events == len(halved)
    assert found.lower + found.unchanged + found.higher == found.measured


@FEW
@given(SOME)
def test_every_measured_course_is_in_one_region_of_each_boundary(rows):
    found = change_regions(frame(rows), measure="phq9", **ASKED)
    ids = sorted(row["course_id"] for row in measured(rows))
    for regions in found.by_boundary:
        assert [r.outcome for r in regions.regions] == list(OUTCOMES)
        assert sorted(i for r in regions.regions for i in r.course_ids) == ids
    assert sorted(found.points["course_id"]) == ids


@FEW
@given(SOME)
def test_the_regions_of_a_stated_rule_are_the_criterion_read_both_ways(rows):
    found = change_regions(frame(rows), measure="phq9", **ASKED)
    for regions in found.by_boundary:
        if regions.boundary.points is None:
            continue
        criterion = CRITERIA[regions.boundary.code]
        became = {i: r.outcome for r in regions.regions for i in r.course_ids}
        for row in measured(rows):
            expected = region(criterion, row["baseline"], row["total"])
            assert became[row["course_id"]] == expected


def region(criterion, baseline, total):
    cutoff = FUNCTIONAL_CUTOFF[criterion.measure]
    if criterion.met(total, baseline):
        return "deteriorated"
    if not criterion.met(baseline, total):
        return "unchanged"
    crossed = cutoff.met(baseline, total) and not cutoff.met(baseline, baseline)
    return "recovered" if crossed else "improved"


@FEW
@given(st.lists(st.integers(10, 27), min_size=SD_FROM, max_size=40), st.data())
def test_a_computed_boundary_is_196_standard_errors_of_a_difference(baselines, data):
    rows = [
        {**USUAL, "course_id": i, "patient_id": str(i), "baseline": b, "score_day": 40}
        for i, b in enumerate(baselines)
    ]
    totals = data.draw(
        st.lists(st.integers(0, 27), min_size=len(baselines), max_size=len(baselines))
    )
    drawn = frame([row | {"total": t} for row, t in zip(rows, totals, strict=True)])
    found = change_regions(drawn, measure="phq9", **ASKED)
    computed = [r.boundary for r in found.by_boundary if r.boundary.points is None]
    if len(set(baselines)) == 1:
        assert not computed
        return
    sd = stdev(baselines)
    assert [b.threshold for b in computed] == pytest.approx(
        [1.959964 * sd * (2 * (1 - r)) ** 0.5 for r in (0.892, 0.737)], rel=1e-6
    )
    assert RELIABLE_CONFIDENCE == 0.95


@FEW
@given(SOME, st.floats(0.5, 0.99))
def test_changes_of_items_and_domains_agree_with_counting(rows, confidence):
    found = answer_changes(
        frame(rows), answers_of(rows), measure=PHQ9, confidence=confidence, **ASKED
    )
    known = [r for r in measured(rows) if r["before"] and r["after"]]
    assert found.answered == len(known)
    assert found.answered + len(found.without_answers) == found.measured
    for change in found.items:
        at = change.item.number - 1
        pairs = {
            r["course_id"]: (int(r["before"][at]), int(r["after"][at]))
            for r in known
            if "-" not in (r["before"][at], r["after"][at])
        }
        check(change, pairs, confidence)
        two_lower = [i for i, (b, a) in pairs.items() if b - a >= 2]
        two_higher = [i for i, (b, a) in pairs.items() if a - b >= 2]
        assert (change.better_ids, change.worse_ids) == (
            tuple(two_lower),
            tuple(two_higher),
        )
        if pairs:
            assert (change.better.events, change.better.n) == (
                len(two_lower),
                len(pairs),
            )
    (depression,) = found.domains
    complete = {
        r["course_id"]: (
            sum(map(int, r["before"])),
            sum(map(int, r["after"])),
        )
        for r in known
        if "-" not in r["before"] + r["after"]
    }
    check(depression, complete, confidence)


def check(change, pairs, confidence):
    """Compare with the pairs of points by course, and with scipy's paired t test."""
    assert change.course_ids == tuple(pairs)
    if not pairs:
        assert change.mean is change.baseline_mean is change.quartiles is None
        return
    before, after = (list(points) for points in zip(*pairs.values(), strict=True))
    differences = [a - b for b, a in pairs.values()]
    assert change.baseline_mean == pytest.approx(mean(before))
    assert change.score_mean == pytest.approx(mean(after))
    assert change.mean == pytest.approx(mean(differences))
    assert change.quartiles[1] == pytest.approx(np.median(differences))
    if len(pairs) < 2:
        assert change.sd is change.lower is change.upper is None
    elif len(set(differences)) > 1:
        theirs = ttest_rel(after, before).confidence_interval(confidence)
        assert (change.lower, change.upper) == pytest.approx(tuple(theirs))


@FEW
@given(SOME)
def test_totals_of_complete_answers_change_as_the_domain_does(rows):
    complete = [
        row
        | {
            "before": row["before"].replace("-", "0") or "0" * 9,
            "after": row["after"].replace("-", "0") or "0" * 9,
        }
        for row in rows
    ]
    summed = [
        row
        | {
            "baseline": sum(map(int, row["before"])),
            "total": sum(map(int, row["after"])),
        }
        for row in complete
    ]
    found = answer_changes(frame(summed), answers_of(summed), measure=PHQ9, **ASKED)
    chosen = measured(summed)
    (depression,) = found.domains
    assert depression.n == len(chosen) == found.measured
    if chosen:
        assert depression.mean == pytest.approx(
            mean(r["total"] - r["baseline"] for r in chosen)
        )
        assert depression.mean == pytest.approx(sum(c.mean for c in found.items))


@FEW
@given(SOME)
def test_every_criterion_counts_what_classify_says(rows):
    rates = every_criterion(frame(rows), measure="phq9", **ASKED)
    assert [r.criterion for r in rates] == [c.code for c in criteria_of("phq9")]
    for rate in rates:
        states = classify(
            frame(rows),
            CRITERIA[rate.criterion],
            eligible_at_least=ASKED["eligible_at_least"],
            as_of_day=ASKED["as_of_day"],
        )["state"]
        assert rate.events == int((states == "event").sum())


def test_without_a_course_every_result_is_there_and_empty():
    nobody = empty(COURSES)
    drop = waterfall(nobody, RESPONSE, **ASKED)
    regions = change_regions(nobody, measure="phq9", **ASKED)
    changes = answer_changes(nobody, empty(ANSWERS), measure=PHQ9, **ASKED)
    assert drop.rows.empty
    assert drop.measured == regions.measured == changes.measured == 0
    assert {r.share for b in regions.by_boundary for r in b.regions} == {None}
    assert [change.n for change in changes.items] == [0] * 9
    assert {change.better for change in changes.items} == {None}


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        ("12345678", "must have 9 digits; got 8"),
        ("444444444", "must be 0 to 3 or -; got '4'"),
        ("00000000x", "must be 0 to 3 or -; got 'x'"),
        ("00000000é", "must be 0 to 3 or -; got"),
        ("00000000 ", "must be 0 to 3 or -; got ' '"),
    ],
)
def test_refuses_answers_that_are_none_of_the_measures(drawn, message):
    row = {**USUAL, "course_id": 1, "patient_id": "1", "total": 9, "score_day": 30}
    answers = answers_of([{"course_id": 1, "before": "0" * 9, "after": drawn}])
    with pytest.raises(ValueError, match=message):
        answer_changes(frame([row]), answers, measure=PHQ9, **ASKED)


def test_refuses_a_confidence_that_is_a_percentage():
    with pytest.raises(ValueError, match="between 0 and 1; got 95"):
        answer_changes(
            empty(COURSES), empty(ANSWERS), measure=PHQ9, confidence=95, **ASKED
        )


def test_reliabilities_are_shares_of_known_measures_each_with_its_own_code():
    codes = [r.code for r in RELIABILITIES]
    assert len(set(codes)) == len(codes)
    assert not set(codes) & set(CRITERIA)
    for reliability in RELIABILITIES:
        assert reliability.measure in MEASURES
        assert 0 < reliability.value < 1
        assert str(reliability.value) in reliability.name
        assert str(reliability.value) in reliability.sentence


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_a_cut_off_on_the_total_alone(measure):
    cutoff = FUNCTIONAL_CUTOFF[measure]
    assert cutoff.measure == measure
    assert cutoff.fall_percent is cutoff.points is None
    limit = cutoff.highest_total + HALF_A_POINT
    for total in range(MEASURES[measure].highest_total + 1):
        assert bool(cutoff.met(total, total)) == (total < limit)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_change_criterion_is_a_rule_on_points_alone(measure):
    # As boundaries, and read backwards, they would otherwise say something else.
    for criterion in criteria_of(measure, "change"):
        assert criterion.points
        assert criterion.fall_percent is criterion.highest_total is None
