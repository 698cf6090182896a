"""Infusion by infusion in words: who went on, and how long it took."""

from types import SimpleNamespace

import pytest

from analysis.by_infusion import Attendance
from analysis.ever import DAYS, INFUSIONS, EverCurve, Reached, Step
from analysis.suppression import Hidden, suppress
from measures.registry import CRITERIA
from views.results.wording import by_infusion as wording


RESPONSE = CRITERIA["phq9_response_50"]
LEFT = (
    Attendance(1, measured=8, not_measured=2, not_due=0, stopped=0, to_come=0),
    Attendance(6, measured=4, not_measured=1, not_due=1, stopped=3, to_come=1),
    Attendance(7, measured=1, not_measured=0, not_due=0, stopped=8, to_come=1),
)


def curve(unit, *steps):
    return EverCurve(
        unit=unit,
        eligible=10,
        measured=9,
        events=5,
        steps=tuple(Step(time, 5, 1, *share) for time, *share in steps),
        confidence=0.95,
        method="",
        criterion=RESPONSE.code,
        measure="phq9",
        recall_window="two_weeks",
        eligible_at_least=10,
        as_of_day=0,
    )


IN_DAYS = curve(DAYS, (4, 0.3, 0.1, 0.5), (12, 0.6, 0.3, 0.8), (17, 0.7, 0.5, 0.9))
IN_INFUSIONS = curve(INFUSIONS, (2, 0.3, 0.1, 0.4), (4, 0.6, 0.3, 0.8))
LOW = curve(DAYS, (4, 0.3, 0.1, 0.4))


def test_who_is_left_at_the_last_infusion_of_the_protocol_is_said():
    assert wording.attendance_sentence(LEFT) == (
        "Of the 10 eligible, 6 were given infusion 6, 3 had stopped before it and 1 "
        "may still come to it. After it, 4 were measured."
    )


def test_a_row_adds_up_to_every_eligible_course():
    for row, at in zip(wording.attendance_rows(LEFT), LEFT, strict=True):
        parts = [
            int(row[name]) for name in ("Given", "Stopped before", "Still to come")
        ]
        assert sum(parts) == at.eligible == 10


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        (Reached(0.5, 12, 7, 17), "12 (7–17)"),
        (Reached(0.5, 12, 7, None), "12 (from 7, upper limit not reached)"),
        (Reached(0.5, 12, None, None), "12 (upper limit not reached)"),
        (Reached(0.5, None, 27, None), "not reached (from 27)"),
        (Reached(0.5, None, None, None), "not reached"),
    ],
)
def test_a_time_is_told_with_its_interval_or_as_not_reached(reached, words):
    assert wording.reached_text(reached) == words


def test_the_median_is_told_in_days_and_in_infusions():
    assert wording.time_sentence(IN_INFUSIONS, IN_DAYS) == (
        "Median time to the first form that met the criterion: 12 days, and 4 "
        "infusions."
    )
    assert wording.time_sentence(IN_INFUSIONS, LOW) == (
        "Median time to the first form that met the criterion: not reached within 42 "
        "days, and 4 infusions."
    )


def test_a_median_that_is_not_reached_is_no_number():
    low = curve(INFUSIONS, (1, 0.1, 0.0, 0.2), (6, 0.3, 0.1, 0.4))
    assert wording.time_sentence(low, LOW) == (
        "Median time: not reached within 42 days or 6 infusions; fewer than half of "
        "those followed had met the criterion."
    )


def test_quartiles_stand_in_one_table():
    days, infusions = wording.time_rows(IN_INFUSIONS, IN_DAYS)
    assert days == {
        "Counted in": "days",
        "Eligible": "10",
        "Followed": "9",
        "Met it": "5",
        "A quarter had met it": "4 (4–12)",
        "Median": "12 (4–17)",
        "Three quarters had met it": "not reached (from 12)",
    }
    assert infusions["Median"] == "4 (from 4, upper limit not reached)"


def test_in_a_file_few_are_hidden_and_cannot_be_worked_out():
    table = {
        "6": {
            "given": 60,
            "measured": 40,
            "not measured": 18,
            "form may still come": 2,
            "stopped before": 12,
            "still to come": 3,
            "eligible": 75,
            "events": 22,
            "not events": 18,
            "observed": None,
        }
    }
    (row,) = suppress(table, wording.LAYOUT, 5).rows.values()
    assert row["form may still come"] == row["still to come"] == Hidden(5)
    assert row["events"] == 22
    shown = [row[n] for n in ("given", "measured", "not measured")]
    assert any(isinstance(value, Hidden) for value in shown)


def test_every_rule_is_printed():
    rows = {row["Number"]: row for row in wording.definitions(RESPONSE)}
    assert rows["Criterion met"]["What it counts"] == RESPONSE.sentence
    assert "Kaplan-Meier" in rows["Met it at least once"]["What it counts"]


def test_the_eligible_are_the_same_at_every_infusion_and_a_reader_knows_it():
    """39 stopped before infusion 9; so 8 of them were not given infusion 4."""
    attended = (
        Attendance(4, measured=20, not_measured=11, not_due=0, stopped=4, to_come=4),
        Attendance(9, measured=0, not_measured=0, not_due=0, stopped=39, to_come=0),
    )
    rate = SimpleNamespace(events=10, measured=20, observed=None)
    nobody = SimpleNamespace(events=0, measured=0, observed=None)
    table = wording.export_rows({4: rate, 9: nobody}, attended)
    rows = suppress(table, wording.LAYOUT, 5).rows
    # 31 given and at most 4 and 4 more are 39 at most; 39 who stopped, at least.
    shown = [rows["4"]["given"], rows["9"]["stopped before"]]
    assert any(isinstance(value, Hidden) for value in shown)
