"""Each criterion at its border, one past it, and where a score is missing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.criteria import Criterion
from measures.registry import CRITERIA, ELIGIBILITY, MEASURES
from tests.factories import rows


BORDERS = {
    "phq9_response_50": """
        baseline | total | met
        ---------+-------+----
        20       | 10    | yes
        20       | 11    | no
        21       | 10    | yes
        21       | 11    | no
        27       | 13    | yes
        27       | 14    | no
        0        | 0     | no
        1        | 0     | yes
        20       |       | no
                 | 5     | no
    """,
    "phq9_response_50_and_le9": """
        baseline | total | met
        ---------+-------+----
        18       | 9     | yes
        18       | 10    | no
        20       | 10    | no
        20       | 9     | yes
        16       | 9     | no
        20       |       | no
    """,
    "phq9_remission_lt5": """
        baseline | total | met
        ---------+-------+----
        20       | 4     | yes
        20       | 5     | no
        20       | 0     | yes
        20       |       | no
                 | 4     | no
    """,
    "phq9_remission_le5": """
        baseline | total | met
        ---------+-------+----
        20       | 5     | yes
        20       | 6     | no
        20       |       | no
    """,
    "phq9_change_5": """
        baseline | total | met
        ---------+-------+----
        20       | 15    | yes
        20       | 16    | no
        5        | 0     | yes
        4        | 0     | no
        20       |       | no
    """,
    "phq9_change_6": """
        baseline | total | met
        ---------+-------+----
        20       | 14    | yes
        20       | 15    | no
        20       | 27    | no
        20       |       | no
    """,
    "phq9_below_10": """
        baseline | total | met
        ---------+-------+----
        20       | 9     | yes
        20       | 10    | no
        20       |       | no
    """,
    "pcl5_response_30": """
        baseline | total | met
        ---------+-------+----
        50       | 35    | yes
        50       | 36    | no
        31       | 21    | yes
        31       | 22    | no
        33       | 23    | yes
        33       | 24    | no
        0        | 0     | no
        50       |       | no
    """,
    "pcl5_change_9": """
        baseline | total | met
        ---------+-------+----
        50       | 41    | yes
        50       | 42    | no
        50       |       | no
    """,
    "pcl5_change_12": """
        baseline | total | met
        ---------+-------+----
        50       | 38    | yes
        50       | 39    | no
        50       |       | no
    """,
    "pcl5_change_15": """
        baseline | total | met
        ---------+-------+----
        50       | 35    | yes
        50       | 36    | no
        50       |       | no
    """,
    "pcl5_change_18": """
        baseline | total | met
        ---------+-------+----
        50       | 32    | yes
        50       | 33    | no
        50       |       | no
    """,
    "pcl5_final_le28": """
        baseline | total | met
        ---------+-------+----
        50       | 28    | yes
        50       | 29    | no
        50       |       | no
    """,
    "pcl5_below_31": """
        baseline | total | met
        ---------+-------+----
        50       | 30    | yes
        50       | 31    | no
        50       |       | no
    """,
    "pcl5_below_33": """
        baseline | total | met
        ---------+-------+----
        50       | 32    | yes
        50       | 33    | no
        50       |       | no
    """,
}


def number(cell: str) -> float:
    return float(cell) if cell else math.nan


@pytest.mark.parametrize("code", BORDERS)
def test_a_criterion_holds_up_to_its_border_and_not_past_it(code):
    table = rows(BORDERS[code])
    met = [
        bool(CRITERIA[code].met(number(row["baseline"]), number(row["total"])))
        for row in table
    ]
    assert met == [row["met"] == "yes" for row in table]


@pytest.mark.parametrize("code", BORDERS)
def test_arrays_are_judged_as_single_numbers_are(code):
    table = rows(BORDERS[code])
    baseline = np.array([number(row["baseline"]) for row in table])
    total = np.array([number(row["total"]) for row in table])
    expected = [row["met"] == "yes" for row in table]
    assert CRITERIA[code].met(baseline, total).tolist() == expected


def test_every_criterion_is_tested_here_with_a_border_and_a_missing_score():
    assert set(BORDERS) == set(CRITERIA)
    for code, table in BORDERS.items():
        met = {row["met"] for row in rows(table) if row["total"]}
        assert met == {"yes", "no"}, code
        assert any(not row["total"] for row in rows(table)), code


def test_eligible_baselines():
    lowest = {code: eligible.at_least for code, eligible in ELIGIBILITY.items()}
    assert lowest == {"phq9": 10, "pcl5": 31}


@given(st.data())
def test_a_lower_total_never_undoes_a_criterion(data):
    criterion: Criterion = data.draw(st.sampled_from(list(CRITERIA.values())))
    highest = MEASURES[criterion.measure].highest_total
    baseline = data.draw(st.integers(0, highest))
    total = data.draw(st.integers(1, highest))
    if criterion.met(baseline, total):
        assert criterion.met(baseline, total - 1)


@given(baseline=st.integers(1, 80), total=st.integers(0, 80))
def test_a_fall_is_counted_in_whole_points_without_rounding(baseline, total):
    response = CRITERIA["pcl5_response_30"]
    assert bool(response.met(baseline, total)) == (10 * total <= 7 * baseline)


def test_the_rules_are_written_in_their_sentences():
    for criterion in CRITERIA.values():
        for limit in (criterion.fall_percent, criterion.points):
            assert limit is None or str(limit) in criterion.sentence, criterion.code
        if criterion.highest_total is not None:
            spoken = {
                str(criterion.highest_total),
                f"below {criterion.highest_total + 1}",
            }
            assert any(words in criterion.sentence for words in spoken), criterion.code
