"""The clinician's words, exactly."""

import doctest
from datetime import date, datetime
from itertools import pairwise

import pytest

from analysis.standing import NOT_MEASURED
from analysis.status import REASONS, Status, status
from analysis.trajectory import course_trajectories
from data.infusions import InfusionFacts
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from tests.trajectories import form, infusions
from views import wording


PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)
BASELINE = {("phq9", "two_weeks"): 1}


def phq9(forms, given=(), baselines=None):
    return course_trajectories(forms, given, baselines or {})["phq9"]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize(
    "typed", ["**bold**", "[a](http://b)", "![x](y)", ":red[x]", "$x$", "<b>", "O'Hara"]
)
def test_escaped_text_has_no_markdown_left(typed):
    escaped = wording.escape(typed)
    assert escaped.replace("\\", "") == typed
    assert all(
        before == "\\" for before, mark in pairwise(escaped) if mark in "*[]()!:$<>'/"
    )


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 10, 31), "born 1 Nov 1980 (45)"),
        (date(2026, 11, 1), "born 1 Nov 1980 (46)"),
    ],
)
def test_age_changes_on_the_birthday(day, words):
    assert wording.age_words(date(1980, 11, 1), day) == words


def test_an_unknown_birth_date_is_said():
    assert wording.age_words(None, date(2026, 1, 1)) == "birth date not recorded"


def test_an_unknown_time_is_left_out():
    moment = datetime(2026, 11, 3, 9, 30)
    assert wording.moment_words(moment) == "3 Nov 2026, 09:30"
    assert wording.moment_words(moment, time_known=False) == "3 Nov 2026"


@pytest.mark.parametrize(
    ("percent", "words"),
    [(-29.9, "−29 %"), (-30.0, "−30 %"), (29.9, "+29 %"), (0.0, "0 %"), (None, "")],
)
def test_percent_is_cut_so_that_no_limit_seems_reached(percent, words):
    assert wording.percent_words(percent) == words


@pytest.mark.parametrize(
    ("change", "percent", "words"),
    [
        (-8, -40.0, "−8 points (−40 %)"),
        (-1, -5.0, "−1 point (−5 %)"),
        (3, None, "+3 points"),
        (0, 0.0, "no change"),
        (None, None, ""),
    ],
)
def test_a_change_has_its_sign_and_its_share(change, percent, words):
    assert wording.change_words(change, percent) == words


def test_a_total_has_its_severity_where_there_are_bands():
    assert wording.score_words("phq9", 9) == "9, mild"
    assert wording.score_words("phq9", 10) == "10, moderate"
    assert wording.score_words("pcl5", 41) == "41"


def test_an_incomplete_form_is_a_range_not_a_total():
    point = phq9([form(1, 0, None, answers=PARTIAL)]).points[0]
    assert wording.point_score(point) == "11 to 17 possible (7 of 9 answered)"
    assert wording.point_marks(point) == "incomplete, no total"


def test_a_total_without_answers_says_so():
    point = phq9([form(1, 0, 9, answers=None)]).points[0]
    assert wording.point_score(point) == "9, mild (total only)"
    assert wording.point_marks(point) == "total only, answers not received"


def test_an_overlap_names_the_window_and_the_infusion():
    point = phq9([form(1, 7, 12)], infusions(0)).points[0]
    expected = "asks about the last 2 weeks, back to before infusion 1"
    assert wording.overlap_words(point) == expected
    later = phq9([form(1, 20, 12)], infusions(0)).points[0]
    assert wording.overlap_words(later) == ""


@pytest.mark.parametrize(
    ("measure", "baseline", "total", "word"),
    [
        ("phq9", 20, 4, "Remission"),
        ("phq9", 20, 10, "Response"),
        ("phq9", 20, 14, "Reliable change"),
        ("phq9", 20, 15, "No reliable change"),
        ("phq9", 20, 26, "Worse"),
        ("phq9", 4, 4, "Remission, as at baseline"),
        ("phq9", None, 4, "Remission, no baseline"),
        ("phq9", None, 12, "Cannot tell (no baseline)"),
        ("phq9", 20, None, "Cannot tell (incomplete form)"),
        ("pcl5", 60, 28, "28 or less"),
        ("pcl5", 60, 40, "Response"),
    ],
)
def test_a_status_in_a_word(measure, baseline, total, word):
    assert wording.status_word(status(measure, baseline, total)) == word


@pytest.mark.parametrize(
    ("baseline", "total", "rule"),
    [
        (20, 4, "The PHQ-9 total is below 5."),
        (20, 10, "The PHQ-9 total is at least 50 % lower than at baseline."),
        (20, 14, "The PHQ-9 total is at least 6 points lower than at baseline."),
        (20, 26, "The PHQ-9 total is at least 6 points higher than at baseline."),
        (
            20,
            15,
            "The PHQ-9 total is less than 6 points from baseline, and is no response.",
        ),
    ],
)
def test_a_status_has_its_rule(baseline, total, rule):
    found = status("phq9", baseline, total)
    assert wording.status_rule(found) == rule
    assert found.criterion.source.citation in wording.status_definition(found)


def test_28_or_less_is_never_called_an_agreed_remission():
    rule = wording.status_rule(status("pcl5", 60, 28))
    assert rule == "The PCL-5 total is 28 or less. There is no agreed remission score."


@pytest.mark.parametrize("reason", [*REASONS, NOT_MEASURED])
def test_every_reason_has_an_explanation(reason):
    assert wording.status_rule(Status("cannot tell", reason=reason)).endswith(".")


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ({}, ""),
        ({"systolic_before": 120, "diastolic_before": 80}, "120/80, –, –"),
        ({"pulse_peak": 90}, "–, pulse 90, –"),
        (
            {"systolic_after": 130, "pulse_after": 75, "diastolic_peak": 95},
            "–, ?/95, 130/? pulse 75",
        ),
    ],
)
def test_what_was_measured_keeps_its_moment(measured, words):
    facts = InfusionFacts(started_at=datetime(2026, 3, 2), **measured)
    assert wording.vitals_words(facts) == words


def test_notes_and_adverse_events_say_what_they_are():
    facts = InfusionFacts(
        started_at=datetime(2026, 3, 2),
        adverse_event_codes=("nausea",),
        adverse_events="itch",
        intention="rest",
        integration_note="calm",
    )
    assert wording.adverse_event_words(facts) == "nausea, itch"
    assert wording.note_words(facts) == "Intention: rest · Integration: calm"


@pytest.mark.parametrize(
    ("measure", "item_9", "known", "words"),
    [
        ("phq9", 0, True, "Item 9: 0, not at all. This alone does not rule out risk."),
        ("phq9", 2, True, "Item 9: 2, more than half the days."),
        (
            "phq9",
            None,
            True,
            "Item 9 was not answered. This is not a 0; ask the patient.",
        ),
        ("phq9", None, False, "Item 9 is not known: only a total was received."),
        ("pcl5", None, True, ""),
    ],
)
def test_item_9_in_words(measure, item_9, known, words):
    assert wording.item_9_words(measure, item_9, answers_known=known) == words


@pytest.mark.parametrize(
    ("open_alerts", "has_form", "item_9", "complete", "cell"),
    [
        (1, True, 2, True, "▲ Open, last 2"),
        (1, True, 0, True, "▲ Open, last 0"),
        (1, True, None, False, "▲ Open, last not answered"),
        (1, False, None, False, "▲ Open"),
        (0, True, 0, True, "0"),
        (0, True, 1, True, "1, acted on"),
        (0, True, None, False, "item 9 not answered"),
        (0, True, None, True, "item 9 not known"),
        (0, False, None, False, ""),
    ],
)
def test_item_9_in_the_caseload(open_alerts, has_form, item_9, complete, cell):
    words = wording.item_9_cell(
        open_alerts=open_alerts, has_form=has_form, item_9=item_9, complete=complete
    )
    assert words == cell


def test_no_words_about_item_9_rule_out_risk():
    said = [
        wording.item_9_words("phq9", item_9, answers_known=True)
        for item_9 in (0, 1, 2, 3, None)
    ]
    assert not any("no risk" in words.lower() for words in said)


@pytest.mark.parametrize(
    ("infusions_given", "induction", "words", "cell"),
    [
        (0, 0, "no infusion yet (0 of 6)", "0 of 6"),
        (4, 4, "infusion 4 of 6", "4 of 6"),
        (6, 6, "infusion 6 of 6", "6 of 6"),
        (7, 7, "infusion 7, 6 by protocol", "7, 6 by protocol"),
        (9, 6, "infusion 9: 6 of 6 in induction, then 3 more", "9 (6 of 6)"),
    ],
)
def test_infusions_are_counted_against_the_protocol(
    infusions_given, induction, words, cell
):
    assert wording.infusion_progress(infusions_given, induction) == words
    assert wording.infusion_cell(infusions_given, induction) == cell


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((0.5, 41.0, "IV", 40), "0.5 mg/kg (41 mg) IV over 40 min"),
        ((0.5, None, "IV", None), "0.5 mg/kg IV"),
        ((None, 41.5, "IM", 40), "41.5 mg IM over 40 min"),
        ((None, None, "IV", None), "dose not recorded, IV"),
    ],
)
def test_a_dose_is_said_as_far_as_it_is_known(facts, words):
    names = ("dose_mg_per_kg", "dose_mg", "route", "minutes")
    assert wording.dose_words(**dict(zip(names, facts, strict=True))) == words


@pytest.mark.parametrize(
    ("patients", "alerts", "line"),
    [
        (118, 4, "118 patients, 4 with an open item-9 alert"),
        (1, 0, "1 patient, none with an open item-9 alert"),
        (2000, 1, "2,000 patients, 1 with an open item-9 alert"),
    ],
)
def test_the_count_line(patients, alerts, line):
    assert wording.count_line(patients, alerts) == line


def test_latest_previous_and_baseline_in_a_table():
    forms = [form(1, 0, 20), form(2, 7, 14), form(3, 20, 9)]
    trajectory = phq9(forms, infusions(0), BASELINE)
    rows = [tuple(row.values()) for row in wording.comparison_rows(trajectory)]
    assert rows == [
        ("Latest", "9, mild", "−11 (−55 %)", "22 Mar 2026"),
        ("Previous", "14, moderate", "−6 (−30 %)", "9 Mar 2026"),
        ("Baseline", "20, severe", "", "2 Mar 2026"),
    ]


def test_a_table_with_one_incomplete_form_says_what_there_is_not():
    trajectory = phq9([form(1, 0, None, answers=PARTIAL)])
    rows = [tuple(row.values()) for row in wording.comparison_rows(trajectory)]
    assert rows == [
        ("Latest", "11 to 17, incomplete", "", "2 Mar 2026"),
        ("Previous", "none", "", ""),
        ("Baseline", "none", "", ""),
    ]


def test_the_table_names_the_recall_window_where_there_are_several():
    forms = [form(1, 0, 40, measure="pcl5", window="past_week")]
    trajectory = course_trajectories(forms, [], {})["pcl5"]
    assert list(wording.comparison_rows(trajectory)[0]) == [
        "",
        "Total, past week",
        "Change",
        "Date",
    ]


def test_a_form_is_named_by_day_measure_score_and_place():
    forms = [form(1, 3, 40, measure="pcl5", window="past_week")]
    point = course_trajectories(forms, infusions(0), {})["pcl5"].points[0]
    assert wording.form_label(point) == (
        "5 Mar 2026, 09:00: PCL-5 40, past week, after infusion 1 (3 days)"
    )


def test_hovering_says_all_that_is_known_of_a_point():
    forms = [form(1, 0, 20), form(2, 7, 9)]
    point = phq9(forms, infusions(0), BASELINE).points[1]
    assert wording.hover_words(point) == [
        "PHQ-9 9, mild",
        "9 Mar 2026, 09:00",
        "after infusion 1 (7 days)",
        "−11 points (−55 %) from baseline",
        "Response",
        "asks about the last 2 weeks, back to before infusion 1",
    ]


def test_a_row_of_numbers_has_no_total_where_there_is_none():
    forms = [form(1, 0, 20), form(2, 30, None, answers=PARTIAL)]
    first, partial = (
        wording.score_row(p) for p in phq9(forms, infusions(0), BASELINE).points
    )
    assert (first["Total"], first["Severity"], first["Item 9"]) == (20, "severe", "0")
    assert first["Marks"] == "baseline"
    assert (partial["Total"], partial["Lowest possible"]) == (None, 11)
    assert partial["Item 9"] == "not answered"


def test_items_have_wording_and_answers_and_what_they_were_at_baseline():
    answers = (0, 1, None, 0, 0, 0, 0, 0, 2)
    rows = wording.item_rows(PHQ9, answers, (3,) * 9)
    assert rows[1] == {
        "Item": "2",
        "Wording": "Feeling down, depressed, or hopeless",
        "Answer": "1, Several days",
        "At baseline": "3, Nearly every day",
    }
    assert rows[2]["Answer"] == "not answered"
    assert rows[8]["Item"] == "9 ▲"
    assert "At baseline" not in wording.item_rows(PHQ9, answers, None)[0]


def test_the_ninth_item_of_the_pcl5_is_not_marked():
    assert wording.item_rows(PCL5, (4,) * 20, None)[8]["Item"] == "9"


@pytest.mark.parametrize("measure", [PHQ9, PCL5])
def test_every_term_is_defined_with_its_source(measure):
    terms = dict(wording.definitions(measure))
    assert len(terms) == 7
    assert all(text.strip() for text in terms.values())
    assert measure.name in " ".join(terms.values())


def test_the_key_explains_only_what_is_drawn():
    plain = [phq9([form(1, 0, 20)], infusions(0))]
    assert wording.chart_key(plain, maintenance=False) == (
        "▼ infusion · item 9 in a box: 1 or more; ?: not answered or not known."
    )
    forms = [
        form(1, 0, 20),
        form(2, 5, None, answers=PARTIAL),
        form(3, 9, 9, answers=None),
    ]
    key = wording.chart_key([phq9(forms, infusions(0), BASELINE)], maintenance=True)
    for words in ("maintenance", "ring: baseline", "grey bar", "incomplete", "cross"):
        assert words in key


def test_the_alternative_text_says_what_the_chart_shows():
    trajectory = phq9([form(1, 0, 20), form(2, 7, 9)], infusions(0), BASELINE)
    assert wording.trajectory_alt([trajectory], 1) == (
        "PHQ-9, 2 forms, 2 Mar 2026 to 9 Mar 2026: baseline 20, latest 9, mild. "
        "1 infusion. Lower is better."
    )
