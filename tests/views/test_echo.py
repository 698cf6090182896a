"""What was typed is said back in words that cannot mislead."""

import pytest

from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from views.echo import echo_lines, item_9_positive


COMPLETE = (2, 2, 1, 3, 0, 1, 1, 2, 1)


def test_says_total_band_changes_and_item_9():
    assert echo_lines(PHQ9, answers=COMPLETE, baseline=20, previous=12) == [
        "PHQ-9 total 13 of 27 (moderate).",
        "From baseline (20): −7 points (−35 %).",
        "From the last form (12): +1 point (+8 %).",
        "Item 9: 1, several days. An alert opens when this is saved.",
    ]


def test_says_when_nothing_changed():
    lines = echo_lines(PHQ9, answers=COMPLETE, baseline=13)
    assert "From baseline (13): no change." in lines


def test_a_baseline_of_zero_gives_points_and_no_percent():
    lines = echo_lines(PHQ9, answers=COMPLETE, baseline=0)
    assert "From baseline (0): +13 points." in lines


def test_a_zero_is_never_called_safe():
    lines = echo_lines(PHQ9, answers=(*COMPLETE[:8], 0))
    assert lines[-1] == "Item 9: 0, not at all. This alone does not rule out risk."


def test_an_incomplete_form_has_a_range_and_no_change():
    lines = echo_lines(PHQ9, answers=(None, *COMPLETE[1:8], None), baseline=20)
    assert lines == [
        "PHQ-9 incomplete: 7 of 9 items answered. No total; it must lie from 10 to 16. "
        "An incomplete form is kept and shown, and counts in no rate.",
        "Item 9 was not answered. This is not a 0; ask the patient.",
    ]


def test_a_total_alone_leaves_item_9_unknown():
    lines = echo_lines(PHQ9, total=13)
    assert lines == [
        "PHQ-9 total 13 of 27 (moderate), answers not known.",
        "Item 9 is not known: only a total was received.",
    ]


def test_the_pcl5_has_neither_bands_nor_a_suicide_item():
    assert echo_lines(PCL5, answers=(2,) * 20) == ["PCL-5 total 40 of 80."]


@pytest.mark.parametrize(
    ("measure", "answers", "positive"),
    [
        (PHQ9, (0,) * 8 + (1,), True),
        (PHQ9, (3,) * 8 + (0,), False),
        (PHQ9, (3,) * 8 + (None,), False),
        (PHQ9, None, False),
        (PCL5, (4,) * 20, False),
    ],
)
def test_item_9_is_positive_from_1(measure, answers, positive):
    assert item_9_positive(measure, answers) is positive
