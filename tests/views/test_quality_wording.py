"""Quality measures in words, in the chart and in the file, from patients as text."""

from datetime import UTC, date, datetime

import pytest

from analysis.quality import APART, STATES
from analysis.suppression import Hidden, suppress
from data.quality_exclusions import Exclusion, WithdrawnExclusion
from measures.quality_measures import (
    EXCLUSIONS,
    QUALITY_MEASURES,
    Period,
    calendar_year,
)
from tests.quality_tables import day_of, result, rows_of
from views.results.charts import quality as charts
from views.results.counts.quality import usual_year
from views.results.exports import Export, export_csv
from views.results.wording import quality as wording


CMS159 = QUALITY_MEASURES["cms159"]
NHS = QUALITY_MEASURES["nhs_recovery"]

# Four in the denominator: one met, one did not, two were not followed up.
FOUR = """
    patient | born       | forms
    --------+------------+------------------------------
    met     | 1980-05-01 | 2025-01-10: 18, 2026-01-10: 4
    not met | 1980-05-01 | 2025-01-10: 18, 2026-01-10: 5
    gone    | 1980-05-01 | 2025-01-10: 18
    too     | 1980-05-01 | 2025-01-10: 18, 2025-06-10: 3
    young   | 2015-05-01 | 2025-01-10: 18
"""
BIPOLAR = """
    patient | code    | day
    --------+---------+-----
    too     | bipolar |
"""
NOBODY = """
    patient | forms
    --------+----------------
    a       | 2020-01-10: 18
"""


def patients(met=0, not_met=0, missing=0):
    """Draw so many patients of each outcome of CMS159."""
    followed = {"met": ", 2026-01-10: 4", "not": ", 2026-01-10: 9", "gone": ""}
    counts = {"met": met, "not": not_met, "gone": missing}
    lines = [
        f"{name}{i} | 2025-01-10: 18{followed[name]}"
        for name, count in counts.items()
        for i in range(count)
    ]
    return "\n".join(["patient | forms", "---|---", *lines])


def test_the_rate_is_said_as_the_owner_counts_it():
    found = result("cms159", FOUR)
    assert wording.headline(found) == (
        "25 % of the 4 patients in the denominator met the rule (95 % CI 5–70); the 2 "
        "without a follow-up count as not met."
    )


def test_completeness_and_bounds_stand_beside_it():
    assert wording.followed_up(result("cms159", FOUR)) == (
        "Completeness: 50 % of the 4 were followed up (95 % CI 15–85). Had none of the "
        "2 others met the rule, the rate would be 25 %; had all, 75 %. Of the 2 "
        "followed up, 50 % met it (9–91); that is not the owner's rate."
    )


def test_where_all_were_followed_up_nothing_is_bounded():
    found = result("cms159", patients(met=2, not_met=1))
    assert wording.headline(found).endswith("; all of them were followed up.")
    assert "Had none" not in wording.followed_up(found)


def test_where_there_is_no_rate_it_says_why():
    assert wording.headline(result("cms159", NOBODY)) == (
        "No rate: nothing to follow from 1 Nov 2024 – 31 Oct 2025. Choose another "
        "period."
    )
    still_open = result("cms159", patients(missing=2), as_of="2026-02-01")
    assert wording.headline(still_open) == (
        "No rate: of the 2 patients looked at, none is in the denominator. The table "
        "says why."
    )
    assert wording.followed_up(still_open) == (
        "Completeness: nobody is in the denominator."
    )


@pytest.mark.parametrize(
    ("code", "period", "as_of", "said"),
    [
        ("cms159", 2026, "2027-06-01", "This version is the owner's for this period."),
        ("cms159", 2025, "2027-06-01", "not for this period."),
        ("hedis_drr_remission", 2025, "2027-06-01", "was not read."),
        ("cms159", 2026, "2026-01-15", "Provisional: more may still enter"),
        ("nhs_recovery", 2026, "2027-06-01", "Dates of the closing: 1 Jan 2026"),
        ("mncm_response_6", 2025, "2027-06-01", "read in a description"),
    ],
)
def test_what_to_know_before_a_rate_is_handed_on(code, period, as_of, said):
    found = result(code, FOUR, period=period, as_of=as_of)
    assert said in " ".join(wording.standing(QUALITY_MEASURES[code], found))


def test_a_final_rate_of_this_version_is_not_called_provisional():
    found = result("cms159", FOUR, as_of="2027-06-01")
    assert "Provisional" not in " ".join(wording.standing(CMS159, found))


def test_the_overview_counts_the_measures_that_have_a_rate():
    period = calendar_year(2026)
    results = {
        "cms159": result("cms159", FOUR, as_of="2026-06-01"),
        "hedis_drr_response": result("hedis_drr_response", NOBODY),
        "mncm_response_6": result("mncm_response_6", FOUR, period=2025),
    }
    assert wording.overview(results, period) == (
        "For 1 Jan 2026 – 31 Dec 2026, 2 of 3 measures can be counted."
    )
    rows = wording.overview_rows(results)
    assert [row["Denominator"] for row in rows] == [
        "4 patients",
        "0 patients",
        "4 patients",
    ]
    assert rows[0] == {
        "Measure": "CMS159: remission at twelve months",
        "Denominator": "4 patients",
        "Met": "1",
        "No follow-up": "2",
        "Excluded": "0",
        "Apart": "1",
        "Met, as the owner counts": "25 % (5–70)",
        "Followed up": "50 % (15–85)",
        "Standing": "final",
    }
    assert rows[1]["Met, as the owner counts"] == "no data"


def test_provisional_rates_are_said_to_be():
    open_yet = FOUR + "    late | 1980-05-01 | 2025-10-30: 18\n"
    found = {"cms159": result("cms159", open_yet, as_of="2026-06-01")}
    assert wording.overview(found, calendar_year(2026)).endswith(
        "one of these is provisional, because patients may still enter or be followed "
        "up."
    )
    (row,) = wording.overview_rows(found)
    assert row["Standing"] == "provisional"


def test_a_version_of_another_year_is_said_to_be_one():
    found = {"cms159": result("cms159", FOUR, period=2025)}
    (row,) = wording.overview_rows(found)
    assert row["Standing"] == "final, version of another year"


def test_every_number_says_what_it_counts_and_all_rows_are_in_one():
    rows, found = (
        rows_of("cms159", FOUR, excluding=BIPOLAR),
        result("cms159", FOUR, excluding=BIPOLAR),
    )
    numbers = wording.numbers(CMS159, found)
    assert {n.name: n.count for n in numbers} == {
        "Denominator": 3,
        "Met": 1,
        "Not met": 1,
        "No follow-up": 1,
        "Excluded: bipolar disorder": 1,
        "Too young": 1,
    }
    for number in numbers:
        assert len(number.of(rows)) == number.count
        assert number.sentence.endswith(".")
    told = [number for number in numbers if number.code != "denominator"]
    assert sum(number.count for number in told) == len(rows)


def test_two_reasons_to_exclude_are_two_numbers():
    died = BIPOLAR + "    gone    | died    | 2025-03-01\n"
    rows = rows_of("cms159", FOUR, excluding=died)
    found = result("cms159", FOUR, excluding=died)
    excluded = {
        number.name: number.of(rows)["patient_id"].tolist()
        for number in wording.numbers(CMS159, found)
        if number.name.startswith("Excluded")
    }
    assert excluded == {
        "Excluded: died": ["gone"],
        "Excluded: bipolar disorder": ["too"],
    }


def test_a_follow_up_alone_cannot_fail_a_rule():
    measure = QUALITY_MEASURES["hedis_drr_follow_up"]
    found = result("hedis_drr_follow_up", FOUR, period=2025)
    names = [number.name for number in wording.numbers(measure, found)]
    assert "Not met" not in names
    assert "Not met" not in wording.file_columns(measure, found)
    assert wording.BOUNDS not in wording.file_columns(measure, found)
    assert "Had none" not in wording.followed_up(found)


def test_every_state_and_every_exclusion_has_words():
    assert set(wording.STATE_WORDS) == set(STATES)
    assert set(wording.APART_WORDS) == set(APART)
    assert set(wording.EXCLUSION_NAMES) == set(EXCLUSIONS)


def test_the_rows_behind_a_number_are_dates_and_scores():
    (row,) = wording.behind(CMS159, rows_of("cms159", patients(met=1))).to_dict(
        "records"
    )
    assert row == {
        "patient_id": "met0",
        "Index": date(2025, 1, 10),
        "PHQ-9 at index": 18,
        "Window from": date(2025, 11, 11),
        "Window to": date(2026, 3, 11),
        "Follow-up": date(2026, 1, 10),
        "PHQ-9 at follow-up": 4,
        "State": "met",
    }


def test_the_rows_behind_a_number_come_in_order_of_time():
    table = """
        patient | forms
        --------+---------------
        a       | 2025-06-10: 18
        b       | 2025-01-10: 18
    """
    listed = wording.behind(CMS159, rows_of("cms159", table))
    assert listed["patient_id"].tolist() == ["b", "a"]


def test_a_finished_course_is_listed_from_its_start_to_its_end():
    table = """
        patient | infusions              | closed     | forms
        --------+------------------------+------------+------------------------------
        a       | 2026-02-01, 2026-02-08 | 2026-04-01 | 2026-01-31: 18, 2026-03-01: 4
        b       | 2026-02-01, 2026-02-08 | 2026-04-01 | 2026-03-01: 4
    """
    first, second = wording.behind(NHS, rows_of("nhs_recovery", table)).to_dict(
        "records"
    )
    assert first == {
        "patient_id": "a",
        "Start": date(2026, 1, 31),
        "PHQ-9 at start": 18,
        "Infusion 1": date(2026, 2, 1),
        "Closed": date(2026, 4, 1),
        "End": date(2026, 3, 1),
        "PHQ-9 at end": 4,
        "State": "met",
    }
    assert (second["Start"], second["State"]) == (None, "no start score")


@pytest.mark.parametrize("code", QUALITY_MEASURES)
def test_a_definition_holds_all_that_is_known_of_a_measure(code):
    measure = QUALITY_MEASURES[code]
    rows = wording.definition_rows(measure)
    parts = [row["Part"] for row in rows]
    assert parts.count("Excluded") == len(measure.exclusions)
    assert parts.count("Left out") == len(measure.left_out)
    assert parts.count("Source") == len(measure.sources)
    assert all(row["Definition"].strip() for row in rows)


# The chart.


def test_the_chart_has_a_line_for_each_measure_and_marks_the_provisional():
    results = {
        "cms159": result("cms159", FOUR),
        "hedis_drr_response": result("hedis_drr_response", NOBODY),
        "mncm_remission_12": result(
            "mncm_remission_12",
            FOUR + "    late | 1980-05-01 | 2025-12-30: 18\n",
            period=2025,
            as_of="2026-12-01",
        ),
    }
    figure = charts.overview(results)
    drawn = {trace["name"]: trace["x"] for trace in figure["data"]}
    assert drawn == {charts.FINAL: [25.0], charts.PROVISIONAL: [25.0]}
    words = [note["text"] for note in figure["layout"]["annotations"]]
    assert "nobody in the denominator" in words
    assert "25 % of 4 (5–70)" in words


# The file.


def exported(code, table, **asked):
    measure, found = QUALITY_MEASURES[code], result(code, table, **asked)
    return Export(
        "quality",
        {"measure": wording.file_columns(measure, found)},
        wording.file_layout(measure),
        wording.stamp(measure, found),
    )


def test_small_numbers_of_a_file_are_hidden_and_cannot_be_worked_out():
    text = export_csv(
        exported("cms159", patients(met=12, not_met=8, missing=2)), 5
    ).decode("utf-8-sig")
    header, row = text.splitlines()[0].split(","), text.splitlines()[1].split(",")
    cells = dict(zip(header, row, strict=False))
    assert cells["No follow-up"] == "fewer than 5"
    # 22 less the two others would be the 2.
    assert "not shown" in (cells["Denominator"], cells["Met"], cells["Not met"])
    assert "9 %" not in text
    assert "2 of 22" not in text


@pytest.mark.parametrize("code", QUALITY_MEASURES)
@pytest.mark.parametrize("table", [FOUR, NOBODY])
def test_every_measure_can_be_exported(code, table):
    measure, found = QUALITY_MEASURES[code], result(code, table, period=2025)
    columns = {"measure": wording.file_columns(measure, found)}
    hidden = suppress(columns, wording.file_layout(measure)).rows["measure"]
    counts = wording.file_layout(measure).counts
    assert all(isinstance(hidden[name], Hidden) for name in counts)
    assert export_csv(exported(code, table, period=2025), 5)


def test_large_numbers_are_printed_with_their_question():
    text = export_csv(
        exported("cms159", patients(met=12, not_met=8, missing=9)), 5
    ).decode("utf-8-sig")
    assert "29,12,9,8" in text
    assert "41 % (26–59)" in text
    for said in ("CMS159v14", "1 Jan 2026 – 31 Dec 2026", "Standing"):
        assert said in text


# Exclusions.

SAID = Exclusion(
    id=1,
    patient_id="p1",
    code="bipolar",
    day=None,
    recorded_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    recorded_by="Dr *Lee*",
)
NAMES = {"p1": "A_1: Example, Ada"}


def test_what_was_typed_is_shown_as_it_was_typed():
    (row,) = wording.exclusion_rows([SAID], NAMES)
    assert row == {
        "Patient": r"A\_1\: Example\, Ada",
        "Excluded for": "Bipolar disorder",
        "Since": "day not known",
        "Recorded": r"1 May 2026, Dr \*Lee\*",
    }
    back = WithdrawnExclusion(SAID, "Dr Lee", "[x](y)")
    (row,) = wording.withdrawn_rows([back], NAMES)
    assert row["Taken back"] == r"Dr Lee\: \[x\]\(y\)"


def test_exclusions_are_counted_in_a_sentence():
    assert wording.exclusions_kept(0) == "None is recorded yet."
    assert wording.exclusions_kept(1) == "1 exclusion is recorded."
    assert wording.exclusions_kept(3) == "3 exclusions are recorded."


# The period.


@pytest.mark.parametrize(
    ("known", "as_of", "year"),
    [
        ([2026, 2025, 2024], "2026-11-23", 2025),
        ([2026, 2025], "2026-12-31", 2026),
        ([2026], "2026-11-23", 2026),
        ([2024], "2026-11-23", 2024),
    ],
)
def test_the_usual_period_is_the_newest_year_that_is_over(known, as_of, year):
    assert usual_year(known, day_of(as_of)) == year


def test_a_period_is_said_with_both_its_days():
    period = Period(day_of("2026-01-01"), day_of("2026-03-31"))
    assert wording.period_text(period) == "1 Jan 2026 – 31 Mar 2026"
