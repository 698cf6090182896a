"""Where a patient stands: the last complete score against the baseline.

Each table has the limit itself, one point past it, and the missing value.
"""

import pandas as pd
import pytest

from analysis.status import (
    CODES,
    REASONS,
    LastForm,
    percent_change,
    standings,
    status,
    status_now,
)
from measures.registry import default_criterion


def told(measure, table):
    """Return the status of each drawn baseline and total, beside what is expected."""
    _, _, *lines = table.strip().splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    found = [status(measure, points(b), points(t)) for b, t, _ in rows]
    return [in_words(s) for s in found], [expected for *_, expected in rows]


def points(text):
    return None if text == "" else int(text)


def in_words(found):
    return f"cannot tell: {found.reason}" if found.reason else found.code


def test_phq9_remission_comes_first_then_response_then_reliable_change():
    found, expected = told(
        "phq9",
        """
        baseline | total | status
        ---------+-------+-----------------------------
        20       | 4     | remission
        20       | 5     | response
        20       | 10    | response
        20       | 11    | reliable change
        20       | 14    | reliable change
        20       | 15    | no reliable change
        20       | 20    | no reliable change
        20       | 25    | no reliable change
        20       | 26    | worse
        21       | 10    | response
        21       | 11    | reliable change
        8        | 4     | remission
        20       |       | cannot tell: incomplete form
                 | 5     | cannot tell: no baseline
                 | 4     | remission
                 |       | cannot tell: incomplete form
        0        | 0     | remission
        0        | 5     | no reliable change
        0        | 6     | worse
        """,
    )
    assert found == expected


def test_pcl5_has_its_own_limits_and_28_or_less_in_place_of_remission():
    found, expected = told(
        "pcl5",
        """
        baseline | total | status
        ---------+-------+-------------------------
        60       | 28    | remission
        60       | 29    | response
        60       | 42    | response
        60       | 43    | reliable change
        60       | 45    | reliable change
        60       | 46    | no reliable change
        60       | 74    | no reliable change
        60       | 75    | worse
                 | 28    | remission
                 | 29    | cannot tell: no baseline
        """,
    )
    assert found == expected


def test_a_rise_as_large_as_a_reliable_change_is_worse_even_at_28_or_less():
    found, expected = told(
        "pcl5",
        """
        baseline | total | status
        ---------+-------+----------
        10       | 24    | remission
        10       | 25    | worse
        """,
    )
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "baseline", "total"),
    [("remission", 20, 4), ("response", 20, 10), ("change", 20, 14)],
)
def test_a_status_names_the_default_criterion_that_was_met(kind, baseline, total):
    assert status("phq9", baseline, total).criterion == default_criterion("phq9", kind)


@pytest.mark.parametrize("total", [20, 26])
def test_no_reliable_change_and_worse_name_the_change_that_is_needed(total):
    change = default_criterion("phq9", "change")
    assert status("phq9", 20, total).criterion == change


def test_remission_without_a_baseline_says_that_there_is_none():
    assert status("phq9", None, 4).baseline_known is False
    assert status("phq9", 20, 4).baseline_known is True


def test_a_total_that_was_low_enough_at_baseline_reached_nothing_since():
    assert status("phq9", 4, 4).as_at_baseline is True
    assert status("phq9", 5, 4).as_at_baseline is False
    assert status("phq9", None, 4).as_at_baseline is False


COMPLETE = LastForm(total=10, baseline=20)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (COMPLETE, "response"),
        (None, "cannot tell: no form"),
        (LastForm(total=None, baseline=20), "cannot tell: incomplete form"),
        (
            LastForm(total=10, baseline=None, started=False),
            "cannot tell: no infusion yet",
        ),
        (
            LastForm(total=20, baseline=20, before_start=True),
            "cannot tell: no later form",
        ),
        (LastForm(total=10, baseline=None), "cannot tell: no baseline"),
        (
            LastForm(total=10, baseline=None, baseline_elsewhere=True),
            "cannot tell: other recall window",
        ),
        (LastForm(total=4, baseline=None, baseline_elsewhere=True), "remission"),
    ],
)
def test_by_the_last_form_it_is_told_or_said_why_not(last, expected):
    assert in_words(status_now("phq9", last)) == expected


def test_every_status_and_every_reason_can_be_reached():
    totals = [(20, 4), (20, 10), (20, 14), (20, 20), (20, 26), (20, None)]
    assert {status("phq9", b, t).code for b, t in totals} == set(CODES)
    last_forms = [
        None,
        LastForm(total=None, baseline=20),
        LastForm(total=10, baseline=None, started=False),
        LastForm(total=20, baseline=20, before_start=True),
        LastForm(total=10, baseline=None),
        LastForm(total=10, baseline=None, baseline_elsewhere=True),
    ]
    assert {status_now("phq9", last).reason for last in last_forms} == set(REASONS)


def test_a_share_of_no_baseline_or_of_a_baseline_of_0_is_not_told():
    assert percent_change(-8, 20) == -40
    assert percent_change(1, 0) is None
    assert percent_change(1, None) is None
    assert percent_change(None, 20) is None


FORM = ["course_id", "measure", "recall_window", "day", "total", "item_9"]
BASELINE = ["course_id", "measure", "recall_window", "baseline", "baseline_day"]


def stands(forms, baselines, started=(1,)):
    """Return where courses stand whose infusion 1 was on day 0, after any form."""
    frame = standings(
        pd.DataFrame(forms, columns=FORM).assign(
            before_start=lambda frame: frame["day"] <= 0
        ),
        pd.DataFrame(baselines, columns=BASELINE),
        started=set(started),
    )
    return {(r.course_id, r.measure): r for r in frame.itertuples()}


def test_many_courses_stand_where_each_would_alone():
    found = stands(
        [
            (1, "phq9", "two_weeks", 0, 20, 1),
            (1, "phq9", "two_weeks", 7, 9, 0),
            (1, "pcl5", "past_month", 0, 50, None),
            (2, "phq9", "two_weeks", 3, 12, 0),
        ],
        [
            (1, "phq9", "two_weeks", 20, 0),
            (1, "pcl5", "past_month", 50, 0),
        ],
        started=(1, 2),
    )
    assert {key: in_words(row.status) for key, row in found.items()} == {
        (1, "phq9"): "response",
        (1, "pcl5"): "cannot tell: no later form",
        (2, "phq9"): "cannot tell: no baseline",
    }
    assert found[1, "phq9"].totals == [20, 9]
    assert found[1, "phq9"].item_9 == 0


def test_an_incomplete_last_form_leaves_the_last_total_in_view():
    row = stands(
        [
            (1, "phq9", "two_weeks", 0, 20, 1),
            (1, "phq9", "two_weeks", 7, 12, 0),
            (1, "phq9", "two_weeks", 9, None, None),
        ],
        [(1, "phq9", "two_weeks", 20, 0)],
    )[1, "phq9"]
    assert in_words(row.status) == "cannot tell: incomplete form"
    assert (row.total, row.total_day, row.day) == (12, 7, 9)


def test_totals_of_another_recall_window_are_not_mixed_in():
    row = stands(
        [
            (1, "pcl5", "past_month", 0, 50, None),
            (1, "pcl5", "past_week", 4, 44, None),
            (1, "pcl5", "past_week", 8, 30, None),
        ],
        [(1, "pcl5", "past_month", 50, 0)],
    )[1, "pcl5"]
    assert in_words(row.status) == "cannot tell: other recall window"
    assert (row.recall_window, row.totals) == ("past_week", [44, 30])


def test_a_form_too_old_for_a_baseline_is_no_result_of_the_course():
    row = stands([(1, "phq9", "two_weeks", -40, 3, 0)], [])[1, "phq9"]
    assert in_words(row.status) == "cannot tell: no later form"
    assert row.total == 3


def test_a_course_without_infusion_cannot_be_told():
    row = stands([(1, "phq9", "two_weeks", 0, 20, 0)], [], started=())[1, "phq9"]
    assert in_words(row.status) == "cannot tell: no infusion yet"


def test_no_forms_give_no_rows():
    assert stands([], []) == {}


def test_only_incomplete_forms_or_none_are_told_with_typed_columns():
    none = pd.DataFrame(columns=[*FORM, "before_start"]).astype({"course_id": "int64"})
    known = pd.DataFrame(columns=BASELINE).astype({"course_id": "int64"})
    assert standings(none, known, started=set()).empty
    row = stands([(1, "phq9", "two_weeks", 3, None, None)], [])[1, "phq9"]
    assert in_words(row.status) == "cannot tell: incomplete form"
