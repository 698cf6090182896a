"""Outcomes at a glance in words: exact sentences, and files that give nobody away."""

from dataclasses import replace

import pytest

from analysis.glance import at_a_glance, by_quarter
from analysis.suppression import OUTCOME_LAYOUT, PROTECTED_REST, Hidden, suppress
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS
from tests.course_tables import courses
from views.results.counts.glance import NUMBERS
from views.results.wording import glance as wording


RESPONSE = CRITERIA["phq9_response_50"]
HEADER = """
    course_id | indication | baseline | total | score_day | due_day | first_day
    ----------+------------+----------+-------+-----------+---------+----------"""
TODAY = 400


def frame(*rows):
    return courses("\n".join((HEADER, *rows)))


def glances(*rows, measure="phq9"):
    return at_a_glance(
        frame(*rows),
        measure=measure,
        timepoint="weeks_2_4",
        eligible_at_least=10,
        as_of_day=TODAY,
    )


def many(number, start, *, indication="depression", total=4, baseline=20):
    return [
        f"{start + k} | {indication} | {baseline} | {total} | 30 | 32 | 0"
        for k in range(number)
    ]


def missing(number, start, indication="depression"):
    return many(number, start, indication=indication, total="")


# The sentence.


def test_the_sentence_says_the_rate_and_how_many_were_measured():
    rows = [*many(20, 0), *many(17, 20, total=18), *missing(29, 37)]
    (everybody, *_) = glances(*rows)
    assert wording.heading(everybody) == "PHQ-9 at weeks 2-4"
    assert wording.headline(everybody) == (
        "54 % of the 37 measured responded (95 % CI 38–69); 56 % of the 66 who were "
        "due were measured."
    )


def test_nobody_measured_is_no_rate():
    (everybody, *_) = glances(*missing(2, 0))
    assert wording.headline(everybody) == (
        "No rate: 2 were due at weeks 2-4, and none was measured."
    )


def test_the_default_time_says_why_and_the_others_do_not():
    said = wording.why_then(TIMEPOINTS["weeks_2_4"])
    assert "Asked then because" in said
    assert said.endswith("J Affect Disord 2022.")
    assert "because" not in wording.why_then(TIMEPOINTS["month_6"])


def test_who_began_too_high_is_counted_beside_reliably_worse():
    (everybody, *_) = glances(*many(3, 0, baseline=22), *many(4, 3, baseline=21))
    assert wording.room(everybody) == (
        "3 of the 7 measured began within 6 points of the highest PHQ-9 total: they "
        "cannot be found reliably worse, however they are."
    )
    (everybody, *_) = glances(*many(4, 3, baseline=21))
    assert wording.room(everybody) == ""


# The table.


def test_a_cell_holds_share_interval_and_what_it_could_be():
    rows = [*many(20, 0), *many(17, 20, total=18), *missing(29, 37)]
    (row,) = wording.table_rows(glances(*rows))
    assert row == {
        "Courses": "Everybody",
        "Started": "66",
        "Eligible": "66",
        "On protocol": "100 % of 66  \n(94–100)",
        "Measured of due": "56 % of 66  \n(44–67)",
        "Responded": "54 % of 37  \n(38–69)  \ndue: 30–74 %",
        "Remitted": "54 % of 37  \n(38–69)  \ndue: 30–74 %",
        "Reliably improved": "54 % of 37  \n(38–69)  \ndue: 30–74 %",
        "Reliably worse": "0 % of 37  \n(0–9)  \ndue: 0–44 %",
    }


def test_one_indication_is_everybody_and_two_are_told_apart():
    two = [*many(3, 0), *many(2, 3, indication="ptsd")]
    assert [row["Courses"] for row in wording.table_rows(glances(*many(3, 0)))] == [
        "Everybody"
    ]
    assert [row["Courses"] for row in wording.table_rows(glances(*two))] == [
        "Everybody",
        "Depression",
        "PTSD",
    ]


def test_what_is_not_usually_followed_by_the_measure_is_said():
    two = [*many(3, 0), *many(2, 3, indication="ptsd")]
    assert wording.not_usual(glances(*two)) == ""
    assert wording.not_usual(glances(*two, measure="pcl5")).startswith(
        "Not usually followed by the PCL-5: courses for depression."
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_every_number_has_a_name_and_every_rule_a_source(measure):
    assert set(wording.NAMES) == {number.code for number in NUMBERS}
    rows = wording.definitions(MEASURES[measure], TIMEPOINTS["weeks_2_4"])
    assert all(row["What it counts"] and row["Source"] for row in rows)
    assert {wording.NAMES[name] for name in wording.RESULTS} < {
        row["Number"] for row in rows
    }


# By quarter.

START_OF_YEAR = 0  # 1 January 1970


def quarters(*rows):
    return by_quarter(
        frame(*rows),
        RESPONSE,
        timepoint="weeks_2_4",
        eligible_at_least=10,
        as_of_day=TODAY,
    )


def test_a_quarter_that_is_not_over_is_said_to_be_incomplete():
    found = quarters(*many(2, 0), "3 | depression | 20 | 4 | 399 | 410 | 380")
    assert wording.trend_sentence(found) == (
        "By the quarter in which a course started: 2 quarters with 1 to 2 measured. "
        "1971 Q1 is still incomplete (hollow): more courses or scores may come, and "
        "those measured first may not be like the others."
    )
    latest, *_, first = wording.quarter_rows(found)
    assert latest["Infusion 1 in"] == "1971 Q1"
    assert latest["Quarter"] == "still incomplete"
    assert first["Infusion 1 in"] == "1970 Q1"
    assert first["Quarter"] == "complete"
    assert first["Criterion met"] == "100 % of 2 (34–100)"
    assert first["Of all due"] == "100 %"


def test_a_quarter_without_courses_is_there_with_no_data():
    rows = wording.quarter_rows(quarters(*many(2, 0)))
    assert [row["Started"] for row in rows] == ["0", "0", "0", "0", "2"]
    assert rows[0]["Criterion met"] == "no data"


def test_nobody_measured_in_any_quarter_says_so():
    assert "nobody was measured" in wording.trend_sentence(quarters(*missing(2, 0)))


# Files.


def exported(*rows):
    found = glances(*rows)
    return suppress(wording.export_rows(found), wording.glance_layout(found), 5).rows


def test_in_a_file_no_few_can_be_worked_out_from_the_others():
    rows = exported(
        *many(30, 0),
        *many(3, 30, total=18),
        *many(20, 40, indication="ptsd"),
        *many(9, 70, indication="ptsd", total=18),
    )
    depression, ptsd = rows["Depression"], rows["PTSD"]
    assert depression["not responded"] == Hidden(5)
    # 33 measured and 30 responded would leave the 3.
    assert isinstance(depression["responded"], Hidden) or isinstance(
        depression["measured"], Hidden
    )
    assert isinstance(depression["share responded"], Hidden)
    # Everybody less PTSD would give depression.
    hidden = [rows["Everybody"]["not responded"], ptsd["not responded"]]
    assert any(isinstance(value, Hidden) for value in hidden)


def test_in_a_file_what_became_of_the_measured_protects_its_rest():
    rows = exported(*many(30, 0), *many(3, 30, total=18), *missing(10, 40))
    for row in rows.values():
        assert row["not responded"] == Hidden(5)
        shown = [row["measured"], row["responded"]]
        assert any(isinstance(value, Hidden) for value in shown)


def test_large_counts_are_shown_with_their_shares():
    rows = exported(*many(30, 0), *many(20, 30, total=18), *missing(10, 50))
    everybody = rows["Everybody"]
    assert (everybody["measured"], everybody["responded"]) == (50, 30)
    assert everybody["share responded"].events == 30
    assert everybody["worse"] == Hidden(5)


def test_a_rate_and_the_quarters_fit_the_layout_of_a_rate():
    found = quarters(*many(30, 0), *many(20, 30, total=18), *missing(10, 50))
    rows = suppress(wording.quarter_export(found), OUTCOME_LAYOUT, 5).rows
    assert rows["1970 Q1"]["events"] == 30
    assert rows["1970 Q1"]["complete"] == "yes"
    assert rows["1970 Q2"]["measured"] == Hidden(5)


def test_a_remission_is_a_response_and_a_reader_knows_it():
    """The 7 remitted, less the 4 or fewer with both, are 3: all who responded."""
    rows, start = [], 0
    for indication, remitted, responded, not_responded in (
        ("depression", 3, 0, 27),
        ("both", 4, 6, 20),
        ("ptsd", 0, 0, 30),
    ):
        for number, total in ((remitted, 4), (responded, 9), (not_responded, 15)):
            rows += many(number, start, indication=indication, total=total)
            start += number
    shown = exported(*rows)
    both, everybody = shown["Depression and PTSD"], shown["Everybody"]
    assert both["remitted"] == Hidden(5)
    responded = [both["responded"], everybody["responded"], everybody["remitted"]]
    assert any(isinstance(value, Hidden) for value in responded)


def test_responders_without_remission_are_a_count_too():
    rows = exported(*many(17, 0), *many(3, 20, total=9), *many(20, 40, total=18))
    everybody = rows["Everybody"]
    shown = [everybody["responded"], everybody["remitted"]]
    assert any(isinstance(value, Hidden) for value in shown)


KNOWN = {
    ("phq9", 10): {"responded = remitted", "improved = remitted"},
    ("phq9", 5): set(),
    ("phq9", 12): {
        "responded = remitted",
        "improved = remitted",
        "improved = responded",
    },
    ("pcl5", 31): set(),
}


@pytest.mark.parametrize(("measure", "at_least"), KNOWN)
def test_a_reader_knows_of_the_criteria_what_holds_for_every_score(measure, at_least):
    (everybody, *_) = glances(*many(9, 0), measure=measure)
    asked = replace(everybody, eligible_at_least=at_least)
    sums = wording.glance_layout([asked]).sums
    names = set(wording.RESULTS)
    nested = {
        f"{one.total} = {one.parts[0]}"
        for one in sums
        if one.total in names and one.rest == PROTECTED_REST
    }
    assert nested == KNOWN[measure, at_least]
    apart = {
        one.parts
        for one in sums
        if one.total == "measured" and names.issuperset(one.parts)
    }
    assert ("responded", "worse") in apart
    assert ("improved", "worse") in apart
    assert ("responded", "remitted") not in apart


@pytest.mark.parametrize("measure", MEASURES)
def test_what_a_reader_knows_holds_in_every_file(measure):
    """A sum that did not hold would be refused."""
    rows = [
        one
        for k, (baseline, total) in enumerate(
            [(31, 28), (31, 4), (10, 5), (11, 5), (20, 26), (12, 12), (27, 13)] * 3
        )
        for one in many(1, k, baseline=baseline, total=total)
    ]
    found = glances(*rows, measure=measure)
    assert suppress(wording.export_rows(found), wording.glance_layout(found), 3)
