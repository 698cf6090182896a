"""Missing data in words: who is missing, and what each approach says."""

import pytest

from analysis.missingness import (
    APPROACHES,
    CLINICIAN,
    side_by_side,
    who_is_missing,
)
from analysis.outcomes import outcome_rate
from analysis.suppression import suppress
from measures.registry import CRITERIA
from tests.course_tables import courses, scores_after
from views.results.charts import missing as charts
from views.results.wording import missing as wording


ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 100}
RESPONSE = CRITERIA["phq9_response_50"]
NO_SCORES = """
    course_id | day | total
    ----------+-----+------
    99        | 1   | 5
"""
MEASURED = "{} | {} | {} | 30 | 45"
MISSING = "{} | {} |    |    | 45"
HEAD = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
"""


def practice(measured, missing):
    """Return courses: pairs of baseline and total, and baselines of the missing."""
    lines = [MEASURED.format(k, *pair) for k, pair in enumerate(measured, start=1)]
    lines += [MISSING.format(100 + k, baseline) for k, baseline in enumerate(missing)]
    return courses(HEAD + "\n".join(lines))


def beside(measured, missing):
    frame = practice(measured, missing)
    return side_by_side(frame, scores_after(NO_SCORES), RESPONSE, **ASKED)


def who(measured, missing):
    frame = practice(measured, missing)
    scores = scores_after(NO_SCORES)
    return who_is_missing(frame, scores, measure="phq9", **ASKED)


def rate(measured, missing):
    return outcome_rate(practice(measured, missing), RESPONSE, **ASKED)


TEN = [(20, 8)] * 6 + [(20, 18)] * 4
TWENTY = [(15 + k % 10, 3 + k % 14) for k in range(20)]


@pytest.mark.parametrize(
    ("measured", "missing", "said"),
    [
        (TEN, [], "All 10 due were measured at weeks 2-4: nothing is missing."),
        ([(20, 8)], [], "The one who was due was measured at weeks 2-4: nothing"),
        (TEN, [20], "1 of the 11 who were due at weeks 2-4 was not measured;"),
        (TEN, [20] * 10, "between 30 % and 80 % of all who were due met response,"),
    ],
)
def test_the_headline_says_what_is_open(measured, missing, said):
    assert said in wording.headline(rate(measured, missing))


@pytest.mark.parametrize(
    ("measured", "missing", "said"),
    [
        (TEN, [], "With nobody missing, every approach gives the same."),
        (TEN, [20], "Multiple imputation needs 20 measured courses, and there are 10."),
        (TWENTY, [20] * 4, "; if they are 6 points worse than those, "),
    ],
)
def test_imputation_is_said_or_refused(measured, missing, said):
    assert said in wording.imputed_sentence(beside(measured, missing))


def test_every_approach_has_a_row_a_line_and_a_source():
    found = beside(TWENTY, [20] * 4)
    names = [row["Approach"] for row in wording.estimate_rows(found)]
    assert names[:5] == [approach.name for approach in APPROACHES[:5]]
    assert names[5] == "Multiple imputation, missing worse by 6 points"
    assert [row["Source"] for row in wording.source_rows(found)].count("") == 0
    figure = charts.by_approach(found)
    drawn = [(t["name"], len(t["x"])) for t in figure["data"]]
    assert drawn == [("Of all who were due", 5), ("Of the measured", 1)]


def test_what_is_refused_is_a_line_of_words_only():
    found = beside(TEN, [20])
    figure = charts.by_approach(found)
    words = [note["text"] for note in figure["layout"]["annotations"]]
    assert words.count("needs 20 measured, found 10") == 2
    assert sum(len(trace["x"]) for trace in figure["data"]) == 4


def test_an_imputed_share_need_not_be_of_whole_courses():
    row = wording.estimate_rows(beside(TWENTY, [20] * 3))[4]
    assert "." in row["Met"]
    assert " of 23 (" in row["Rate"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ([], "Nobody is missing"),
        ([26] * 5 + [27] * 5, "the missing had a higher baseline (on average +6.5, "),
        ([11] * 5 + [12] * 5, "the missing had a lower baseline (on average −8.5, "),
        ([19, 20, 21, 19, 21], "The missing cannot be told from the measured"),
    ],
)
def test_it_is_said_in_what_the_missing_differ(missing, said):
    measured = [(19, 8), (20, 8), (21, 8)] * 4
    assert said in wording.who_sentence(who(measured, missing))


def test_nobody_measured_leaves_nobody_to_compare_with():
    assert wording.who_sentence(who([], [20, 20])).startswith("Nobody was measured")


def test_differences_are_drawn_with_the_numbers_of_the_table():
    found = who(TWENTY, [26] * 5 + [27] * 5)
    of_points = [row for row in found.means if wording.unit_of(row) == "points"]
    figure = charts.mean_differences(of_points, "points")
    (trace,) = figure["data"]
    known = [row for row in of_points if row.difference is not None]
    assert trace["x"] == [row.difference for row in known]
    first = known[0]
    assert trace["x"][0] - trace["error_x"]["arrayminus"][0] == (
        pytest.approx(first.lower)
    )
    shares = charts.share_differences(found.shares)
    assert shares["layout"]["shapes"][0]["x0"] == 0


def test_a_clinician_called_not_recorded_has_a_row_of_their_own():
    frame = practice([(20, 8)] * 12, [20] * 12)
    names = ["", "not recorded", "Not recorded"] * 8
    scores = scores_after(NO_SCORES)
    found = who_is_missing(
        frame.assign(clinician=names), scores, measure="phq9", **ASKED
    )
    rows = suppress(wording.share_file(found, CLINICIAN), wording.SHARE_LAYOUT, 3).rows
    assert set(rows) == {
        "Everybody due",
        "Clinician: not recorded",
        "Clinician: “not recorded”",
        "Clinician: “Not recorded”",
    }
