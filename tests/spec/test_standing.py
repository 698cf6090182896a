"""Where a patient stood after each infusion, and when that is a reason to talk.

Forms are at 9:00 and infusions at 10:00, so a form of an infusion's own day is before
it and tells of the infusion before. A cell ``DAY: TOTAL`` is a form; ``?`` an
incomplete one; ``w`` one on another recall window than the baseline's. After an
infusion, ``?`` stands for "cannot tell".
"""

import pytest

from analysis.standing import not_on_track, standing_at_infusions
from analysis.status import CODES
from analysis.trajectory import course_trajectories
from measures.early_signal import NOT_ON_TRACK
from tests.trajectories import form, infusions


PHQ9_PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)


def trajectory_of(measure, given, cells, baseline=1):
    """Return the trajectory of drawn forms; the first of them is the baseline."""
    forms = [drawn(n, measure, cell) for n, cell in enumerate(cells.split(","), 1)]
    window = forms[0].facts.recall_window
    baselines = {(measure, window): baseline} if baseline else {}
    return course_trajectories(forms, given, baselines)[measure]


def drawn(number, measure, cell):
    day, total = cell.strip().split(": ")
    if total == "?":
        return form(number, int(day), None, answers=PHQ9_PARTIAL)
    window = "past_week" if total.startswith("w") else None
    total = int(total.removeprefix("w"))
    return form(number, int(day), total, measure=measure, window=window)


def in_words(standing):
    if standing.status.reason:
        return f"? {standing.status.reason}"
    return f"{standing.point.total}, {standing.status.code}"


def told(table, measure="phq9", baseline=1):
    """Return the words after each infusion of each drawn course, and those expected."""
    _, _, *lines = table.strip().splitlines()
    found, expected = [], []
    for line in lines:
        days, cells, *words = [cell.strip() for cell in line.split("|")]
        given = infusions(*(int(day) for day in days.split(",")))
        at = standing_at_infusions(
            trajectory_of(measure, given, cells, baseline), given
        )
        found.append([in_words(standing) for standing in at])
        expected.append([word for word in words if word])
    return found, expected


def test_every_status_can_be_told_after_an_infusion():
    found, expected = told(
        """
        given | phq9                | after 1                | after 2
        ------+---------------------+------------------------+-----------------------
        0, 3  | 0: 20, 3: 15, 5: 4  | 15, no reliable change | 4, remission
        0, 3  | 0: 20, 3: 14, 5: 10 | 14, reliable change    | 10, response
        0, 3  | 0: 12, 3: 18, 5: 17 | 18, worse              | 17, no reliable change
        """
    )
    assert found == expected
    told_codes = {words.split(", ")[1] for row in found for words in row}
    assert told_codes == set(CODES) - {"cannot tell"}


def test_why_it_cannot_be_told_after_an_infusion():
    found, expected = told(
        """
        given | phq9        | after 1            | after 2
        ------+-------------+--------------------+-------------------
        0, 3  | 0: 20, 5: 9 | ? no form after it | 9, response
        0, 3  | 0: 20, 3: 9 | 9, response        | ? no form after it
        0, 3  | 0: 20, 3: ? | ? incomplete form  | ? no form after it
        """
    )
    assert found == expected


def test_without_a_baseline_or_on_another_window_it_cannot_be_told():
    found, expected = told(
        """
        given | phq9  | after 1
        ------+-------+--------------
        0     | 2: 12 | ? no baseline
        0     | 2: 4  | 4, remission
        """,
        baseline=None,
    )
    assert found == expected
    found, expected = told(
        """
        given | pcl5                 | after 1               | after 2
        ------+----------------------+-----------------------+-------------
        0, 3  | 0: 60, 2: w40, 5: 42 | ? other recall window | 42, response
        """,
        measure="pcl5",
    )
    assert found == expected


def test_the_last_complete_form_before_the_next_infusion_counts():
    found, expected = told(
        """
        given | phq9                      | after 1                | after 2
        ------+---------------------------+------------------------+--------------------
        0, 7  | 0: 20, 1: 9, 7: 16, 9: 12 | 16, no reliable change | 12, reliable change
        0, 7  | 0: 20, 1: 9, 6: ?, 9: 10  | 9, response            | 10, response
        0, 7  | -5: 18, 0: 20, 40: 4      | ? no form after it     | 4, remission
        """
    )
    assert found == expected


def test_a_form_before_infusion_1_tells_of_no_infusion():
    given = infusions(0)
    (standing,) = standing_at_infusions(
        trajectory_of("phq9", given, "-3: 9, 0: 20", baseline=2), given
    )
    assert standing.point is None


@pytest.mark.parametrize(("day", "days", "in_time"), [(14, 14, True), (15, 15, False)])
def test_a_form_two_weeks_later_is_past_the_time_point(day, days, in_time):
    given = infusions(0)
    at = standing_at_infusions(trajectory_of("phq9", given, f"0: 20, {day}: 9"), given)
    assert (at[0].days, at[0].in_time) == (days, in_time)


def prompted(days, cells, *, induction=None, since=1, measure="phq9", baseline=1):
    given = infusions(*days)
    at = standing_at_infusions(trajectory_of(measure, given, cells, baseline), given)
    found = not_on_track(
        at,
        induction=len(days) if induction is None else induction,
        days_since_infusion=since,
    )
    return found and found.number


THREE = (0, 3, 7)


@pytest.mark.parametrize(
    ("days", "cells", "number"),
    [
        # A fall of 20 % is on track, one point less is not.
        (THREE, "0: 20, 8: 16", None),
        (THREE, "0: 20, 8: 17", 3),
        (THREE, "0: 20, 8: 20", 3),
        (THREE, "0: 20, 8: 26", 3),
        # No reliable change, but 5 of 24 points are more than 20 %.
        (THREE, "0: 24, 8: 19", None),
        # Not before infusion 3.
        ((0, 3), "0: 20, 5: 20", None),
        (THREE, "0: 20, 7: 20", None),
        # By the last infusion that was measured.
        ((0, 3, 7, 10), "0: 20, 9: 20", 3),
        ((0, 3, 7, 10), "0: 20, 9: 20, 11: 10", None),
        ((0, 3, 7, 10), "0: 20, 9: 10, 11: 19", 4),
        # What cannot be told is no reason to talk.
        (THREE, "0: 20, 8: ?", None),
        # A baseline of 0 has no share to lose.
        (THREE, "0: 0, 8: 6", None),
    ],
)
def test_a_slow_start_is_a_reason_to_talk_from_infusion_3_on(days, cells, number):
    assert prompted(days, cells) == number


def test_without_a_baseline_there_is_no_such_reason():
    assert prompted(THREE, "8: 20", baseline=None) is None


def test_after_the_induction_it_is_no_longer_asked():
    four = (0, 3, 7, 30)
    assert prompted(four, "0: 20, 8: 20, 31: 20", induction=3) is None
    assert prompted(THREE, "0: 20, 8: 20", since=14) == 3
    assert prompted(THREE, "0: 20, 8: 20", since=15) is None


def test_the_pcl5_has_the_same_limit_and_its_own_reliable_change():
    assert prompted(THREE, "0: 60, 8: 48", measure="pcl5") is None
    assert prompted(THREE, "0: 60, 8: 49", measure="pcl5") == 3


def test_the_prompt_names_its_evidence_and_never_says_stop():
    words = " ".join(
        [NOT_ON_TRACK.sentence, NOT_ON_TRACK.limits]
        + [e.sentence for e in NOT_ON_TRACK.evidence]
    )
    assert "stop" not in words.lower()
    for evidence in NOT_ON_TRACK.evidence:
        assert evidence.instrument in evidence.sentence
        assert f"{evidence.n}" in evidence.sentence
        assert evidence.source.url.startswith("https://")
