"""After induction: response lost, relapse, and the days between boosters.

Six infusions of induction on days 0 to 15; forms at 9:00, before an infusion of the
same day.
"""

from datetime import date

import pytest

from analysis.after_induction import (
    boosters,
    days_since,
    induction_is_over,
    with_turns,
)
from analysis.trajectory import course_trajectories
from tests.trajectories import DAY_0, form, infusions


INDUCTION = (0, 3, 6, 9, 12, 15)


def marked(cells, *, measure="phq9", induction=6, baseline=1, later=()):
    """Return what is marked on which drawn form, as ``DAY: mark``."""
    given = infusions(*INDUCTION, *later)
    forms = [drawn(n, measure, cell) for n, cell in enumerate(cells.split(","), 1)]
    window = forms[0].facts.recall_window
    baselines = {(measure, window): baseline} if baseline else {}
    found = course_trajectories(forms, given, baselines)[measure]
    points = with_turns(found, induction).points
    return {
        (p.completed_at.date() - DAY_0.date()).days: ", ".join(p.turns)
        for p in points
        if p.turns
    }


def drawn(number, measure, cell):
    day, total = cell.strip().split(": ")
    if total == "?":
        return form(number, int(day), None, answers=(3, 3, None, 2, 2, 0, 0, 1, None))
    window = "past_week" if total.startswith("w") else None
    return form(
        number, int(day), int(total.removeprefix("w")), measure=measure, window=window
    )


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        # Response at 10 of 20, lost at 11; well below 10, ill again from 10 on.
        ("0: 20, 16: 10, 40: 11", {40: "response lost"}),
        ("0: 20, 16: 10, 40: 10", {}),
        ("0: 20, 16: 9, 40: 11", {40: "response lost, relapse"}),
        ("0: 16, 16: 8, 40: 9, 60: 10", {40: "response lost", 60: "relapse"}),
        # It happens once, until it is regained.
        ("0: 20, 16: 9, 40: 14, 60: 16", {40: "response lost, relapse"}),
        (
            "0: 20, 16: 9, 40: 14, 60: 8, 80: 15",
            {40: "response lost, relapse", 80: "response lost, relapse"},
        ),
        # While it is still a response it is no relapse: 13 of 26.
        ("0: 26, 16: 8, 40: 13, 60: 14", {60: "response lost, relapse"}),
        # Nothing was lost by who had not responded after induction.
        ("0: 20, 16: 12, 40: 18", {}),
        # Only during induction: it was gone at its end.
        ("0: 20, 9: 8, 16: 14, 40: 18", {}),
        # On the day of the first booster, before it.
        ("0: 20, 16: 8, 45: 13", {45: "response lost, relapse"}),
        # An incomplete form loses nothing.
        ("0: 20, 16: 8, 40: ?, 60: 9", {}),
        # Remission from a baseline that was never 10 is no relapse at 10.
        ("0: 9, 16: 4, 40: 10", {40: "response lost"}),
    ],
)
def test_what_was_lost_is_marked_on_the_form_where_it_happened(cells, marks):
    assert marked(cells, later=(45,)) == marks


def test_the_pcl5_loses_its_30_percent_and_is_ill_again_from_31():
    assert marked("0: 60, 16: 28, 40: 42", measure="pcl5") == {}
    assert marked("0: 60, 16: 28, 40: 43", measure="pcl5") == {
        40: "response lost, relapse"
    }
    assert marked("0: 44, 16: 30, 40: 31", measure="pcl5") == {
        40: "response lost, relapse"
    }


def test_another_recall_window_neither_loses_nor_regains():
    cells = "0: 60, 16: 28, 40: w60, 60: 29"
    assert marked(cells, measure="pcl5") == {}


def test_without_baseline_or_induction_nothing_is_told():
    assert marked("0: 20, 16: 9, 40: 14", baseline=None) == {}
    assert marked("0: 20, 16: 9, 40: 14", induction=0) == {}


def test_the_days_between_boosters_and_their_trend():
    given = boosters(infusions(*INDUCTION, 43, 83, 118, 146), 6)
    assert (given.infusions, given.first_after) == (4, 28)
    assert given.intervals == (40, 35, 28)
    assert (given.usual, given.trend) == (35, "shorter")


@pytest.mark.parametrize(
    ("days", "trend"),
    [
        ((40, 70, 105, 145), "longer"),
        ((40, 70, 100, 129), ""),
        ((40, 75, 105, 140), ""),
        ((40, 75, 105), ""),
        ((40, 60, 95, 125, 150), "shorter"),
    ],
)
def test_a_trend_takes_three_intervals_that_all_go_one_way(days, trend):
    assert boosters(infusions(*INDUCTION, *days), 6).trend == trend


def test_without_boosters_there_is_no_interval():
    given = boosters(infusions(*INDUCTION), 6)
    assert (given.infusions, given.first_after, given.intervals) == (0, None, ())
    assert given.usual is None


def test_all_infusions_may_be_boosters():
    given = boosters(infusions(0, 30, 65), 0)
    assert (given.infusions, given.first_after, given.intervals) == (3, None, (30, 35))


@pytest.mark.parametrize(
    ("days", "induction", "today", "over"),
    [
        (INDUCTION, 6, 25, False),
        (INDUCTION, 6, 26, True),
        ((*INDUCTION, 18), 6, 18, True),
        ((), 0, 30, False),
    ],
)
def test_induction_is_over_with_a_booster_or_more_than_10_days(
    days, induction, today, over
):
    on = date.fromordinal(DAY_0.date().toordinal() + today)
    assert induction_is_over(infusions(*days), induction, on) is over


def test_days_since_the_last_infusion():
    on = date.fromordinal(DAY_0.date().toordinal() + 20)
    assert days_since(infusions(*INDUCTION), on) == 5
    assert days_since([], on) is None
