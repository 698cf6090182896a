"""Rates in words: exact sentences, and no number that rounding made up."""

import csv
import io
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from analysis.by_infusion import ever_by_infusion, responding_now_by_infusion
from analysis.outcomes import classify, outcome_rate
from measures.days import day_number
from measures.registry import (
    CRITERIA,
    ELIGIBILITY,
    MEASURES,
    RECALL_WINDOWS,
    TIMEPOINTS,
)
from tests.course_tables import courses, courses_by_infusion
from views.results.counts.recut import Selection
from views.results.wording import outcomes as wording
from views.results.wording.exports import csv_text
from views.results.wording.numbers import percent, unbroken


RESPONSE = CRITERIA["phq9_response_50"]
HEADER = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------"""
TODAY = 100


def rate(*rows, criterion=RESPONSE, timepoint="weeks_2_4"):
    frame = courses("\n".join((HEADER, *rows))) if rows else courses_none()
    return outcome_rate(
        frame,
        criterion,
        timepoint=timepoint,
        eligible_at_least=10,
        as_of_day=TODAY,
        recall_window="two_weeks",
    )


def courses_none():
    return courses(HEADER + "\n 1 | 20 | | | ").head(0)


def met(course):
    return f"{course} | 20 | 4 | 30 | 32"


def not_met(course):
    return f"{course} | 20 | 18 | 30 | 32"


def missing(course):
    return f"{course} | 20 | | | 32"


def open_window(course):
    return f"{course} | 20 | | | 101"


def low_baseline(course):
    return f"{course} | 9 | 4 | 30 | 32"


def no_baseline(course):
    return f"{course} | | 4 | 30 | 32"


def many(kind, number, start):
    return [kind(start + k) for k in range(number)]


# The headline.


def test_a_period_that_ends_before_it_begins_is_said_to():
    first, last = (day_number(date(2026, 5, day)) for day in (2, 1))
    backwards = Selection(
        as_of_day=day_number(date(2026, 11, 1)), first_day_from=first, first_day_to=last
    )
    assert "has no day" in wording.nothing_chosen(backwards)
    assert "Widen the period" in wording.nothing_chosen(
        replace(backwards, first_day_to=first)
    )


def test_the_rate_is_of_the_measured_and_of_all_who_were_due():
    rows = [*many(met, 20, 0), *many(not_met, 17, 20), *many(missing, 29, 37)]
    assert wording.headline(rate(*rows)) == (
        "54 % of the 37 measured met response (95 % CI 38–69); of all 66 who were "
        "due, 30 % if none of the 29 not measured met it, 74 % if all did."
    )


def test_one_missing_course_is_spoken_of_as_one():
    assert wording.headline(rate(met(1), met(2), missing(3))) == (
        "100 % of the 2 measured met response (95 % CI 34–100); of all 3 who were "
        "due, 67 % if the one not measured did not meet it, 100 % if it did."
    )


def test_where_all_were_measured_there_are_no_bounds():
    assert wording.headline(rate(met(1), not_met(2))) == (
        "50 % of the 2 measured met response (95 % CI 9–91); all 2 who were due were "
        "measured."
    )


@pytest.mark.parametrize(("kind", "percent"), [(met, "100 %"), (not_met, "0 %")])
def test_a_single_course_has_a_rate_and_a_wide_interval(kind, percent):
    sentence = wording.headline(rate(kind(1)))
    assert sentence.startswith(f"{percent} of the 1 measured met response (95 % CI ")
    assert sentence.endswith("; all 1 who was due was measured.")


@pytest.mark.parametrize(("early", "are"), [(1, "1 is"), (2, "2 are")])
def test_those_measured_early_are_counted_beside_completeness(early, are):
    found = replace(rate(met(1), met(2)), early=early)
    said = f"Of the measured, {are} in a window still open"
    assert said in wording.completeness(found)
    assert "window" not in wording.completeness(replace(found, early=0))


def test_nobody_measured_is_no_rate_and_not_0_percent():
    nobody = rate(missing(1), missing(2))
    assert wording.headline(nobody) == (
        "No rate: 2 were due at weeks 2-4, and none was measured."
    )
    assert "Not measured" in wording.next_step(nobody)


def test_nobody_due_says_that_the_windows_are_open():
    early = rate(open_window(1), open_window(2))
    assert wording.headline(early) == (
        "No rate yet: of the 2 eligible, none is due at weeks 2-4; every window is "
        "still open."
    )
    assert "earlier time point" in wording.next_step(early)
    assert wording.completeness(early) == "Completeness: nobody is due yet."


def test_nobody_eligible_says_why_for_each():
    nobody = rate(low_baseline(1), no_baseline(2), no_baseline(3))
    assert wording.headline(nobody) == (
        "No rate: of the 3 courses started, 2 had no baseline and 1 a baseline under "
        "10."
    )
    assert "at most 30 days before" in wording.next_step(nobody)


def test_no_course_at_all():
    assert wording.headline(rate()) == "No rate: no course had started."
    assert "Widen the period" in wording.next_step(rate())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("phq9_response_50", "met response"),
        ("phq9_response_50_and_le9", "met clinically significant change"),
        ("phq9_remission_lt5", "met remission"),
        ("phq9_change_6", "were at least 6 points lower"),
        ("phq9_below_10", "scored below 10"),
        ("pcl5_final_le28", "scored 28 or less"),
        ("pcl5_below_33", "scored below 33"),
    ],
)
def test_each_kind_of_criterion_reads_as_a_sentence(code, words):
    assert wording.met(CRITERIA[code]) == words


@pytest.mark.parametrize("code", CRITERIA)
def test_every_criterion_can_be_said_and_chosen(code):
    assert wording.met(CRITERIA[code]).split()[0] in ("met", "were", "scored")
    choice = wording.criterion_choice(code)
    assert choice.endswith(" – default") == CRITERIA[code].default
    assert choice.startswith(CRITERIA[code].kind.capitalize())


def test_a_contested_criterion_says_what_is_contested():
    contested, default = CRITERIA["phq9_remission_le5"], CRITERIA["phq9_remission_lt5"]
    assert wording.criterion_note(contested) == (
        f"{contested.sentence} {contested.reason} Source: {contested.source.citation}"
    )
    assert f"The default. {default.reason}" in wording.criterion_note(default)


# Numbers.


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1 / 250, "under 1 %"),
        (0.125, "13 %"),
        (0.545, "55 %"),
        (249 / 250, "over 99 %"),
        (1.0, "100 %"),
    ],
)
def test_rounding_never_makes_a_0_or_a_100(share, words):
    assert percent(share) == words


def test_a_percent_sign_stays_with_its_number():
    assert unbroken("54 % of 37") == "54\u00a0% of 37"


# Flow, groups, definitions.

MIXED = (
    met(1),
    not_met(2),
    missing(3),
    open_window(4),
    low_baseline(5),
    no_baseline(6),
)


def test_the_flow_runs_from_started_to_met():
    assert wording.flow(rate(*MIXED)) == (
        "6 started → 5 with a baseline → 4 eligible → 3 due (1 not yet) → 2 measured "
        "→ 1 met response"
    )


def test_completeness_is_a_number_of_its_own():
    assert wording.completeness(rate(*MIXED)) == (
        "Completeness: 67 % of the 3 who were due were measured (95 % CI 21–94)."
    )


def test_every_number_is_the_number_of_courses_in_its_states():
    frame = courses("\n".join((HEADER, *MIXED)))
    states = classify(frame, RESPONSE, eligible_at_least=10, as_of_day=TODAY)["state"]
    for group in wording.groups(rate(*MIXED)):
        assert states.isin(group.states).sum() == group.count, group.label


def test_the_definitions_print_the_rule_the_window_and_the_source():
    rows = {row["Number"]: row for row in wording.definitions(rate(*MIXED))}
    assert rows["Criterion met"]["What it counts"] == RESPONSE.sentence
    assert rows["Measured"]["What it counts"] == TIMEPOINTS["weeks_2_4"].sentence
    assert rows["Eligible"]["What it counts"] == "PHQ-9 of 10 or more at baseline."
    assert rows["Of the measured"]["Value"] == "50 % of 2 (9–91)"
    assert rows["Of all due"]["Value"] == "33 % of 3 (6–79)"
    assert rows["Bounds"]["Value"] == "33–67"


def test_an_eligibility_of_ones_own_is_printed_with_the_usual_one():
    asked = outcome_rate(
        courses_none(),
        RESPONSE,
        timepoint="weeks_2_4",
        eligible_at_least=15,
        as_of_day=0,
    )
    assert wording.lowest_baseline(asked) == (
        "PHQ-9 of 15 or more at baseline, as chosen here; usually 10 or more."
    )


@pytest.mark.parametrize("timepoint", TIMEPOINTS.values(), ids=str)
def test_every_time_point_says_when_it_is_due(timepoint):
    assert wording.DUE[timepoint.anchor].startswith("Due once ")


def test_a_form_that_looks_back_before_the_infusion_says_so():
    two_weeks, month = RECALL_WINDOWS["two_weeks"], RECALL_WINDOWS["past_month"]
    after, before = (
        wording.recall_note(TIMEPOINTS["weeks_2_4"], window)
        for window in (two_weeks, month)
    )
    assert after == (
        "The 14 days the form asks about lie after the last induction infusion."
    )
    assert before == (
        "The form asks about the past month, which can reach back to before the last "
        "induction infusion."
    )


def test_the_choice_of_courses_is_said_in_full():
    selection = Selection(
        as_of_day=day_number(date(2026, 11, 1)),
        first_day_from=day_number(date(2026, 1, 1)),
        first_day_to=day_number(date(2026, 6, 30)),
        indication="ptsd",
        clinician="",
        all_courses=True,
    )
    assert wording.scope(selection) == (
        "Indication: PTSD; clinician: not recorded; infusion 1 from 1 Jan 2026 to "
        "30 Jun 2026; every course; as of 1 Nov 2026."
    )


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, "on any day"),
        (0, None, "from 1 Jan 1970"),
        (None, 0, "until 1 Jan 1970"),
    ],
)
def test_a_period_may_be_open(first, last, words):
    selection = Selection(as_of_day=0, first_day_from=first, first_day_to=last)
    assert f"infusion 1 {words};" in wording.scope(selection)


def test_the_courses_behind_a_number_say_what_they_were_counted_as():
    frame = courses(HEADER + "\n 1 | 20 | 4 | 30 | 32 \n 2 | | | | 32")
    classified = classify(frame, RESPONSE, eligible_at_least=10, as_of_day=TODAY)
    table = wording.course_table(classified)
    assert table["patient_id"].tolist() == ["p1", "p2"]
    assert table["State"].tolist() == ["criterion met", "no baseline"]
    assert table["Change"].iloc[0] == -16
    assert table["Scored"].tolist() == [date(1970, 1, 31), None]


# By infusion.


def by_infusion(rows):
    frame = courses_by_infusion(
        """
        course_id | infusion | baseline | total | score_day | due_day
        ----------+----------+----------+-------+-----------+--------"""
        + rows
    )
    asked = {"eligible_at_least": 10, "as_of_day": TODAY}
    return (
        responding_now_by_infusion(frame, RESPONSE, **asked),
        ever_by_infusion(frame, RESPONSE, **asked),
    )


def test_both_curves_stand_in_one_table():
    now, ever = by_infusion(
        """
        1 | 1 | 20 | 8  | 1 | 2
        1 | 2 | 20 | 18 | 3 | 4
        2 | 1 | 20 | 18 | 1 | 2
        2 | 2 | 20 |    |   | 4"""
    )
    assert wording.infusion_rows(now, ever) == [
        {
            "After infusion": "1",
            "Meeting it now": "50 % of 2 measured (9–91)",
            "Due, not measured": "0 of 2",
            "Met it at least once": wording.ever_text(ever.steps[0]),
            "Not met before, and still followed": "2",
        },
        {
            "After infusion": "2",
            "Meeting it now": "0 % of 1 measured (0–79)",
            "Due, not measured": "1 of 2",
            "Met it at least once": "no data",
            "Not met before, and still followed": "no data",
        },
    ]


def test_before_anybody_was_measured_the_curve_says_nothing():
    now, ever = by_infusion(
        """
        1 | 1 | 20 |    |   | 2
        1 | 2 | 20 | 18 | 3 | 4"""
    )
    first, second = wording.infusion_rows(now, ever)
    assert first["Met it at least once"] == "no data"
    assert second["Met it at least once"] == "0 % (no interval)"


def test_the_sentence_names_those_in_neither_curve():
    _, ever = by_infusion(
        """
        1 | 1 | 20 | 8  | 1 | 2
        2 | 1 | 20 |    |   | 2"""
    )
    assert "1 of the 2 eligible has a score" in wording.by_infusion_sentence(ever)


# Files.


def test_a_file_holds_the_table_and_what_it_was_counted_by():
    rows = [{"Figure": "A", "Value": "54 %"}, {"Figure": "B"}]
    text = csv_text(rows, {"As of": "2026-11-01"})
    assert list(csv.DictReader(io.StringIO(text))) == [
        {"Figure": "A", "Value": "54 %", "As of": "2026-11-01"},
        {"Figure": "B", "Value": "", "As of": "2026-11-01"},
    ]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "-A1", "+A1"])
def test_no_cell_is_a_formula_for_a_spreadsheet(cell):
    assert csv_text([{"Clinician": cell}], {}) == f"Clinician\r\n'{cell}\r\n"


def test_a_difference_keeps_its_sign():
    assert csv_text([{"Points": "+3 (−11 to +16)"}], {}).endswith(
        "\n+3 (−11 to +16)\r\n"
    )


def test_a_file_says_which_courses_and_which_rules():
    selection = Selection(as_of_day=day_number(date(2026, 11, 1)))
    phq9 = MEASURES["phq9"]
    stamp = wording.selection_stamp(selection, phq9, phq9.default_recall_window)
    stamp |= wording.question_stamp(RESPONSE, TIMEPOINTS["weeks_2_4"])
    assert stamp["As of"] == "2026-11-01"
    assert stamp["Counted courses"] == wording.scope(selection)
    assert RESPONSE.sentence in stamp["Criterion"]
    assert TIMEPOINTS["weeks_2_4"].sentence in stamp["Time point"]


def test_a_table_of_a_rate_can_be_read_back_as_numbers():
    rows = wording.definitions(rate(*MIXED))
    read = pd.read_csv(io.StringIO(csv_text(rows, {})), dtype=str)
    assert read["Value"].tolist() == [row["Value"] for row in rows]
    assert set(ELIGIBILITY) == set(MEASURES)
