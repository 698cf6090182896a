"""Where a patient stands, in the exact sentences that a clinician reads."""

import doctest

import pytest

from analysis.after_induction import Boosters, boosters, with_turns
from analysis.expected import Expected
from analysis.standing import not_on_track, standing_at_infusions
from analysis.status import REASONS
from analysis.trajectory import course_trajectories
from tests.trajectories import form, infusions
from views import standing_wording as wording


PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)


def course(cells, days=(0,), measure="phq9", baseline=1):
    """Return the trajectory of forms drawn as ``DAY: TOTAL``, and the infusions."""
    given = infusions(*days)
    forms = [drawn(n, measure, cell) for n, cell in enumerate(cells.split(","), 1)]
    window = forms[0].facts.recall_window
    baselines = {(measure, window): baseline} if baseline else {}
    return course_trajectories(forms, given, baselines)[measure], given


def drawn(number, measure, cell):
    day, total = cell.strip().split(": ")
    if total == "?":
        return form(number, int(day), None, answers=PARTIAL)
    window = "past_week" if total.startswith("w") else None
    total = int(total.removeprefix("w"))
    return form(number, int(day), total, measure=measure, window=window)


def sentence(*drawn_course, **asked):
    return wording.status_sentence(course(*drawn_course, **asked)[0])


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            "0: 20, 7: 4",
            "PHQ-9 is in remission (below 5): 4, minimal, on 9 Mar 2026, after "
            "infusion 1 (7 days); 16 points (80 %) lower than at baseline (20).",
        ),
        (
            "0: 20, 7: 9",
            "PHQ-9 is responding (at least 50 % lower than at baseline): 9, mild, on "
            "9 Mar 2026, after infusion 1 (7 days); 11 points (55 %) lower than at "
            "baseline (20).",
        ),
        (
            "0: 20, 7: 14",
            "PHQ-9 shows a reliable change (at least 6 points lower than at baseline), "
            "short of response: 14, moderate, on 9 Mar 2026, after infusion 1 "
            "(7 days); 6 points (30 %) lower than at baseline (20).",
        ),
        (
            "0: 20, 7: 19",
            "PHQ-9 shows no reliable change (less than 6 points from baseline): 19, "
            "moderately severe, on 9 Mar 2026, after infusion 1 (7 days); 1 point "
            "(5 %) lower than at baseline (20).",
        ),
        (
            "0: 20, 7: 20",
            "PHQ-9 shows no reliable change (less than 6 points from baseline): 20, "
            "severe, on 9 Mar 2026, after infusion 1 (7 days); the same as at baseline "
            "(20).",
        ),
        (
            "0: 20, 7: 26",
            "PHQ-9 is worse (at least 6 points higher than at baseline): 26, severe, "
            "on 9 Mar 2026, after infusion 1 (7 days); 6 points (30 %) higher than at "
            "baseline (20).",
        ),
        (
            "0: 3, 7: 2",
            "PHQ-9 is in remission (below 5), as it was at baseline: 2, minimal, on "
            "9 Mar 2026, after infusion 1 (7 days); 1 point (33 %) lower than at "
            "baseline (3).",
        ),
    ],
)
def test_each_status_is_one_sentence_with_its_rule_and_its_numbers(cells, said):
    assert sentence(cells) == said


def test_28_or_less_on_the_pcl5_is_not_called_remission():
    assert sentence("0: 60, 7: 28", measure="pcl5") == (
        "PCL-5 is at 28 or less (there is no agreed remission): 28, past month, on "
        "9 Mar 2026, after infusion 1 (7 days); 32 points (53 %) lower than at "
        "baseline (60)."
    )


def test_remission_without_a_baseline_says_that_there_is_none():
    assert sentence("7: 4", baseline=None).endswith(
        "after infusion 1 (7 days); there is no baseline to compare with."
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "incomplete form",
            "PHQ-9 cannot be told: the last form has unanswered items, so it has no "
            "total; latest 11 to 17 possible (7 of 9 answered), on 9 Mar 2026, after "
            "infusion 1 (7 days); last told on 7 Mar 2026: response, 9, mild.",
        ),
        (
            "no infusion yet",
            "PHQ-9 cannot be told: the course has no infusion yet; latest 20, severe, "
            "on 2 Mar 2026, no infusion yet.",
        ),
        (
            "no later form",
            "PHQ-9 cannot be told: nothing was completed after infusion 1; latest 20, "
            "severe, on 2 Mar 2026, before infusion 1.",
        ),
        (
            "no baseline",
            "PHQ-9 cannot be told: there is nothing to compare with: no complete form "
            "at or before infusion 1, at most 30 days before; latest 12, moderate, on "
            "9 Mar 2026, after infusion 1 (7 days).",
        ),
        (
            "other recall window",
            "PCL-5 cannot be told: the baseline was asked over another recall window "
            "than the last form; the two are not compared; latest 40, past week, on "
            "9 Mar 2026, after infusion 1 (7 days).",
        ),
    ],
)
def test_why_it_cannot_be_told_is_one_sentence(reason, said):
    drawn_courses = {
        "incomplete form": course("0: 20, 5: 9, 7: ?"),
        "no infusion yet": course("0: 20", days=(), baseline=None),
        "no later form": course("0: 20"),
        "no baseline": course("7: 12", baseline=None),
        "other recall window": course("0: 60, 7: w40", measure="pcl5"),
    }
    assert set(drawn_courses) | {"no form"} == set(REASONS)
    trajectory, _ = drawn_courses[reason]
    assert trajectory.status.reason == reason
    assert wording.status_sentence(trajectory) == said


def rows(cells, days, expected=None, **asked):
    trajectory, given = course(cells, days, **asked)
    trajectory = with_turns(trajectory, len(days))
    at = standing_at_infusions(trajectory, given)
    return [
        {name: cell.replace(wording.NO_BREAK, " ") for name, cell in row.items()}
        for row in wording.infusion_rows(at, expected or {})
    ]


def test_a_row_for_each_infusion_the_latest_first():
    assert rows("0: 20, 3: 18, 5: 10", (0, 3, 7)) == [
        {
            "Infusion": "3",
            "Form": "none",
            "Days after": "",
            "Total": "",
            "Change": "",
            "Status": "Cannot tell (no form after it)",
        },
        {
            "Infusion": "2",
            "Form": "7 Mar 2026",
            "Days after": "2",
            "Total": "10, moderate",
            "Change": "−10 (−50 %)",
            "Status": "Response",
        },
        {
            "Infusion": "1",
            "Form": "5 Mar 2026",
            "Days after": "3",
            "Total": "18, moderately severe",
            "Change": "−2 (−10 %)",
            "Status": "No reliable change",
        },
    ]


def test_what_was_lost_stands_beside_the_status():
    (row,) = rows("0: 20, 3: 8, 30: 16", (0,))
    assert row["Status"] == "No reliable change; response lost; relapse"


def test_similar_patients_have_a_column_only_where_there_are_enough():
    few, enough = Expected(1, 19), Expected(1, 24, -9.25, -6.0, -2.0)
    assert "Similar patients" not in rows("0: 20, 3: 18", (0,), {1: few})[0]
    (row,) = rows("0: 20, 3: 18", (0,), {1: enough})
    assert row["Similar patients"] == "−6 (−9.2 to −2; n = 24)"


def expected_sentence(cells, days, expected):
    trajectory, given = course(cells, days)
    last = standing_at_infusions(trajectory, given)[-1]
    who = wording.similar_words("phq9", "depression", (20, 27))
    return wording.expected_sentence(last, expected, who)


def test_the_range_of_similar_patients_is_one_sentence_with_its_n():
    found = {1: Expected(1, 24, -9.0, -6.0, -2.0)}
    assert expected_sentence("0: 20, 3: 18", (0,), found) == (
        "After infusion 1 the change of 24 similar patients was −6 points (median; the "
        "middle half −9 to −2); here −2 (depression, PHQ-9 20 to 27 at baseline)."
    )


@pytest.mark.parametrize(("found", "n"), [({1: Expected(1, 19)}, 19), ({}, 0)])
def test_too_few_similar_patients_are_counted_and_give_no_range(found, n):
    assert expected_sentence("0: 20, 3: 18", (0,), found) == (
        f"Similar patients measured after infusion 1: {n}; shown from 20 on."
    )


def test_a_form_past_the_time_point_is_not_compared():
    found = {n: Expected(n, 24, -9.0, -6.0, -2.0) for n in (1, 11)}
    assert expected_sentence("0: 20, 15: 18", (0,), found) == ""
    days = tuple(range(0, 33, 3))
    assert expected_sentence("0: 20, 31: 18", days, found) == ""


def test_the_prompt_is_to_discuss_and_says_how_little_changed():
    trajectory, given = course("0: 20, 8: 18", (0, 3, 7))
    at = standing_at_infusions(trajectory, given)
    slow = not_on_track(at, induction=3, days_since_infusion=1)
    assert wording.not_on_track_title([slow]) == (
        "To discuss: PHQ-9 −2 (−10 %) after infusion 3; less than 20 % lower than at "
        "baseline. Some people respond late."
    )
    lines = " ".join(wording.not_on_track_lines())
    assert "58 % still reached 20 % by infusion 4 (n = 134)" in lines
    assert "other measures than the PHQ-9 and the PCL-5" in lines
    assert "PMID 33031861" in lines
    assert "stop" not in lines.lower()


def test_without_boosters_only_the_time_since_the_last_infusion_is_said():
    assert wording.since_words(45, Boosters(0, None, ())) == (
        "Induction is over; the last infusion was 45 days ago."
    )


def test_boosters_are_counted_with_the_days_between_them():
    given = boosters(infusions(0, 3, 31, 71, 106, 134), 2)
    assert wording.since_words(5, given) == (
        "Induction is over; the last infusion was 5 days ago. 4 infusions since, the "
        "first 28 days after induction; 40, 35, 28 days apart (median 35), getting "
        "shorter."
    )
    (one,) = (boosters(infusions(0, 3, 31), 2),)
    assert wording.since_words(1, one) == (
        "Induction is over; the last infusion was yesterday. 1 infusion since, the "
        "first 28 days after induction."
    )


def test_of_many_boosters_the_last_six_intervals_are_listed():
    days = (0, 3, *range(30, 30 + 9 * 28, 28))
    assert wording.since_words(1, boosters(infusions(*days), 2)).endswith(
        "9 infusions since, the first 27 days after induction; the last of them "
        "28, 28, 28, 28, 28, 28 days apart (median 28)."
    )


def turns(cells):
    trajectory, _ = course(cells, (0, 3))
    return wording.turn_words(with_turns(trajectory, 2).streams[0])


def test_what_was_lost_is_said_with_a_suggestion_to_look():
    assert turns("0: 20, 5: 8, 30: 14") == (
        "PHQ-9: response lost and relapse (10 or more again) on 1 Apr 2026: 14, "
        "moderate, after infusion 2 (27 days). Look at the items of that form, at the "
        "events around it and at the days since the infusion before it."
    )


def test_two_losses_on_two_forms_are_both_dated():
    said = turns("0: 16, 5: 8, 30: 9, 40: 12")
    assert "response lost on 1 Apr 2026: 9, mild" in said
    assert "; relapse (10 or more again) on 11 Apr 2026: 12" in said


def test_what_was_regained_since_is_not_brought_up_again():
    assert turns("0: 20, 5: 8, 30: 14, 40: 9") == ""


@pytest.mark.parametrize("measure", ["phq9", "pcl5"])
def test_loss_and_relapse_are_defined_with_their_sources(measure):
    words = dict(wording.definitions_after_induction(measure))
    assert set(words) == {"Response lost", "Relapse"}
    assert all("[" in meaning for meaning in words.values())
    assert "the practice's own" in words["Relapse"]
