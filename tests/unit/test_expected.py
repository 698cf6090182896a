"""The range of similar patients: silent under 20, percentiles of what was measured."""

import pytest

from analysis.expected import FEWEST_PATIENTS, expected_changes, similar_baselines


@pytest.mark.parametrize(
    ("measure", "baseline", "alike"),
    [
        ("phq9", 0, (0, 4)),
        ("phq9", 4, (0, 4)),
        ("phq9", 5, (5, 9)),
        ("phq9", 19, (15, 19)),
        ("phq9", 20, (20, 27)),
        ("phq9", 27, (20, 27)),
        ("pcl5", 5, (0, 15)),
        ("pcl5", 50, (40, 60)),
        ("pcl5", 80, (70, 80)),
    ],
)
def test_similar_is_the_same_band_or_10_points_either_side(measure, baseline, alike):
    assert similar_baselines(measure, baseline) == alike


def test_nineteen_patients_are_counted_and_twenty_have_a_range():
    found = expected_changes([(1, -5, FEWEST_PATIENTS - 1), (2, -5, FEWEST_PATIENTS)])
    assert (found[1].patients, found[1].median) == (19, None)
    assert (found[1].lower, found[1].upper) == (None, None)
    assert (found[2].patients, found[2].median) == (20, -5)


def test_the_range_is_the_middle_half_of_all_changes():
    # -20 to +4 in steps of one: the 7th, the 13th and the 19th of 25.
    found = expected_changes([(3, change, 1) for change in range(-20, 5)])[3]
    assert (found.patients, found.lower, found.median, found.upper) == (25, -14, -8, -2)


def test_a_change_counts_once_for_each_patient_who_had_it():
    found = expected_changes([(1, -10, 30), (1, 0, 10)])[1]
    assert (found.patients, found.lower, found.median, found.upper) == (
        40,
        -10,
        -10,
        -7.5,
    )


def test_infusions_come_in_order_and_without_patients_there_are_none():
    assert list(expected_changes([(4, 0, 1), (2, 0, 1)])) == [2, 4]
    assert expected_changes([]) == {}
