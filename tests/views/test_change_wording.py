"""Change in words: averages, boundaries, clusters and items."""

import pytest

from analysis.change import mean_change
from analysis.change_shape import (
    answer_changes,
    change_regions,
    every_criterion,
    waterfall,
)
from measures.phq9 import PHQ9
from measures.registry import CRITERIA
from tests.answer_tables import answers
from tests.course_tables import courses
from views.results.wording import change as wording


ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 100}
RESPONSE = CRITERIA["phq9_response_50"]
HEAD = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
"""


def practice(*pairs):
    """Return courses by baseline and total; a total of None is a missing score."""
    return courses(
        HEAD
        + "\n".join(
            f"{k} | {before} | | | 45"
            if after is None
            else f"{k} | {before} | {after} | 30 | 45"
            for k, (before, after) in enumerate(pairs, start=1)
        )
    )


def mean(*pairs):
    return mean_change(practice(*pairs), measure="phq9", **ASKED)


def regions(*pairs):
    return change_regions(practice(*pairs), measure="phq9", **ASKED)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (
            [(20, 8)],
            "The one measured changed by −12.0 points on average, from 20.0 to 8.0; "
            "1 scored lower than at baseline, 0 the same and 0 higher.",
        ),
        (
            [(20, 8), (20, 10), (20, 20), (20, 22)],
            "The 4 measured changed by −5.0 points (95 % CI −16.2 to 6.2) on average, "
            "from 20.0 to 15.0; 2 scored lower than at baseline, 1 the same and 1 "
            "higher.",
        ),
    ],
)
def test_the_headline_gives_average_interval_and_directions(pairs, said):
    found = waterfall(practice(*pairs), RESPONSE, **ASKED)
    assert wording.headline(mean(*pairs), found) == said


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([(20, 8)], "Everybody who was due was measured."),
        (
            [(20, 8), (20, None)],
            "1 of the 2 who were due was not measured and is in none of these "
            "numbers; how far it moved is not known.",
        ),
        (
            [(20, 8), (20, None), (20, None)],
            "2 of the 3 who were due were not measured and are in none of these "
            "numbers; how far they moved is not known.",
        ),
    ],
)
def test_who_is_not_in_it_is_said(pairs, said):
    assert wording.not_in_it(mean(*pairs)) == said


def test_a_baseline_of_nothing_has_no_bar():
    asked = {**ASKED, "eligible_at_least": 0}
    found = waterfall(practice((0, 3), (20, 8)), RESPONSE, **asked)
    assert wording.spread_out(found, 1) == (
        "One bar for each course measured, 1 in all. 1 course began at 0, of which "
        "there is no share."
    )


def test_a_boundary_says_if_it_was_stated_or_computed():
    found = regions(*[(10 + k % 15, 8) for k in range(30)])
    names = [wording.boundary_name(r.boundary) for r in found.by_boundary]
    assert names[:2] == ["At least 6 points", "At least 5 points"]
    assert names[2].endswith(" points (internal consistency 0.892)")
    computed = wording.region_definitions(found)[-1]["What it means"]
    assert "With the standard deviation of 30 baselines here" in computed


def test_a_boundary_that_is_refused_says_what_it_needs():
    few, same = regions((20, 8)), regions(*[(20, 8)] * 20)
    assert wording.refused_sentence(few.refused[0]) == (
        "Not computed from internal consistency 0.892: it needs 20 baselines, and "
        "there is 1."
    )
    assert wording.refused_sentence(same.refused[0]) == (
        "Not computed from internal consistency 0.892: every baseline is the same."
    )


def test_regions_are_counted_in_words():
    found = regions((20, 4), (20, 12), (20, 19), (20, 26))
    assert wording.regions_sentence(found.by_boundary[0]) == (
        "At least 6 points, of the 4 measured: 1 recovered, 1 improved, 1 unchanged, "
        "1 deteriorated."
    )


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([(20, 8)], "Everybody began above the cut-off."),
        ([(9, 2)], "1 course began below the cut-off and cannot be called recovered."),
    ],
)
def test_who_began_below_the_cut_off_is_said(pairs, said):
    asked = {**ASKED, "eligible_at_least": 5}
    found = change_regions(practice(*pairs), measure="phq9", **asked)
    assert wording.began_functional(found) == said


def test_few_answers_are_not_put_in_order():
    found = answer_changes(
        practice((20, 8)),
        answers(
            """
            course_id | baseline_answers | answers
            ----------+------------------+----------
            1         | 333333200        | 111100000
            """
        ),
        measure=PHQ9,
        **ASKED,
    )
    assert wording.items_sentence(found.most_moved()) == (
        "The items are in the order of the form: to say which moved most needs 10 "
        "courses with answers at both times, and there is 1."
    )
    row = wording.item_rows(found.items)[0]
    assert row["Item"] == "Interest (item\u00a01)"
    assert row[wording.BETTER] == "100 % of 1 (21–100)"
    assert row["Mean change"] == "−2.0 (no interval), n 1"


def test_totals_without_answers_are_said():
    found = answer_changes(
        practice((20, 8), (20, 9)),
        answers(
            """
            course_id | baseline_answers | answers
            ----------+------------------+----------
            1         | 333333200        | 111100000
            2         | 333333200        |
            """
        ),
        measure=PHQ9,
        **ASKED,
    )
    assert wording.answered_sentence(found) == (
        "The answers of 1 of the 2 measured are known at both times. Of the others "
        "only a total was recorded at one or both."
    )


def test_the_criteria_are_of_the_same_courses():
    rates = every_criterion(
        practice((20, 4), (20, 10), (20, 18)), measure="phq9", **ASKED
    )
    assert wording.criteria_sentence(rates) == (
        "By the 7 rules in use, from 33 to 67 % of the same 3 measured met it. No "
        "rule is the true one; each default says why it is."
    )
    assert len({row["Criterion"] for row in wording.criterion_rows(rates)}) == 7
    assert all(row["Source"] for row in wording.criterion_definitions(rates))
