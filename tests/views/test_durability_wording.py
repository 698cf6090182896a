"""How long it lasts in words: sentences, tables, refusals and files."""

import pytest

from analysis.durability import (
    STARTING_FORM,
    booster_intervals,
    durability,
)
from analysis.suppression import NOT_SHOWN, Hidden, suppress
from data.published import load_catalogue
from measures.durability import LOSS_RULES
from measures.registry import CRITERIA
from tests.follow_up_tables import followed
from views.results.counts import durability as counts
from views.results.wording import boosters as booster_wording
from views.results.wording import durability as wording
from views.results.wording import durability_files as files


FIGURES = {figure.code: figure for figure in load_catalogue().durability}
HEAD = """
    course | baseline | end   | later         | boosters
    -------+----------+-------+---------------+---------"""


def answered(rows, rule="phq9_response_lost", **more):
    """Return what the analysis says of courses drawn as text."""
    asked = {
        "criterion": CRITERIA["phq9_response_50"],
        "eligible_at_least": 10,
        "as_of_day": 1000,
        **more,
    }
    return durability(*followed(HEAD + rows), LOSS_RULES[rule], **asked)


def many(number, later, *, first=1, boosters=""):
    return "".join(
        f"\n{course} | 20 | 5: 8 | {later} | {boosters}"
        for course in range(first, first + number)
    )


HALF_LOST = many(6, "30: 9, 60: 15") + many(6, "30: 9, 90: 9", first=7)


def lasting(rows, **asked):
    return counts.Lasting(
        answered(rows, **asked),
        answered(rows, **{**asked, "until_booster": True}),
        answered(rows, **{**asked, "origin": STARTING_FORM}),
    )


def test_a_median_is_said_with_its_interval_and_how_many_are_followed():
    assert wording.headline(answered(HALF_LOST)) == (
        "At least half of the 12 followed are estimated to have had a loss of response "
        "by day 60 after the last induction infusion (95 % CI day 60 to not reached)."
    )


def test_a_median_that_rests_on_few_is_said_to():
    rows = many(3, "30: 9, 40: 9") + many(9, "30: 9, 60: 15, 90: 15", first=4)
    assert "fewer than 10" in wording.headline(answered(rows))
    assert "fewer than 10" not in wording.headline(answered(HALF_LOST))


def test_a_median_that_is_not_reached_is_said_so():
    rows = many(3, "30: 9, 60: 15") + many(9, "30: 9, 90: 9", first=4)
    assert wording.headline(answered(rows, origin=STARTING_FORM)) == (
        "Fewer than half of the 12 followed are estimated to have had a loss of "
        "response by day 85 after the form at the end of induction, the last day of "
        "follow-up."
    )


def test_a_relapse_is_called_so():
    assert "had a relapse by day 60" in wording.headline(
        answered(HALF_LOST, "phq9_relapse_10")
    )


def test_the_share_is_given_on_the_last_usual_day_with_enough_followed():
    assert wording.known_share(answered(HALF_LOST)) == (
        "On day 56, 100 % (95 % CI no interval) are estimated to be still without; 12 "
        "were followed that far, the last of the usual days with 10 or more."
    )


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            "\n1 | 20 | | 40: 3 |",
            "No curve: nobody eligible was measured at the end of induction yet.",
        ),
        (
            "\n1 | 20 | 5: 15 | 40: 3 |",
            "No curve: none of the 1 measured at the end of induction met response.",
        ),
        (
            many(9, "30: 9") + "\n10 | 20 | 5: 8 | |",
            "No curve: it needs 10 courses that can be followed, and 9 can be. 10 met "
            "response at the end of induction; the others of them are counted apart.",
        ),
        (
            many(9, "30: 9"),
            "No curve: it needs 10 courses that can be followed, and 9 can be. 9 met "
            "response at the end of induction.",
        ),
    ],
)
def test_a_refusal_says_what_is_needed_and_what_was_found(rows, sentence):
    answer = answered(rows)
    assert wording.headline(answer) == sentence
    assert wording.next_step(answer).startswith(("Record", "Widen"))
    assert wording.known_share(answer) == ""


def test_the_way_from_started_to_followed_is_one_line():
    rows = many(10, "30: 15") + "\n11 | 20 | | 40: 3 |\n12 | 9 | 5: 3 | 40: 3 |"
    assert wording.flow(answered(rows)) == (
        "12 started → 11 eligible → 11 due at the end of induction (0 not yet) → 10 "
        "measured → 10 met response → 10 followed → 10 with a loss of response"
    )


def test_those_apart_are_said_each_with_the_reason():
    rows = (
        many(3, "")
        + "\n4 | 24 | 5: 11 | 30: 9 |\n5 | 24 | 5: 12 | 30: 9 |"
        + many(2, "30: 9", first=6)
    )
    assert wording.apart(answered(rows, "phq9_relapse_10")) == (
        "Not in the curve, of the 7 who reached it: 2 at the limit of the rule "
        "already, nothing to lose; 3 not seen on any later form."
    )
    assert wording.apart(answered(many(2, "30: 9"))) == (
        "Everybody who reached it is in the curve."
    )


def test_completeness_at_the_end_of_induction_is_its_own_sentence():
    rows = many(3, "30: 9") + "\n4 | 20 | | 40: 3 |"
    assert wording.measured_at_end(answered(rows)) == (
        "Completeness: 75 % of the 4 due at the end of induction were measured (95 % "
        "CI 30–95); whether the other 1 reached it is not known."
    )
    assert wording.measured_at_end(answered(many(3, "30: 9"))).endswith("44–100).")
    nobody_due = answered("\n1 | 20 | | |", as_of_day=3)
    assert wording.measured_at_end(nobody_due) == (
        "Nobody is due at the end of induction yet."
    )


def test_the_day_of_the_form_before_is_a_sensitivity_and_no_bound():
    said = wording.looks(answered(HALF_LOST))
    assert "27.5 days apart (median)" in said
    assert "the median is day 30 (95 % CI day 30 to not reached)" in said
    assert said.endswith("and is no bound.")
    assert wording.looks(answered(many(2, ""))) == ""


def test_both_ways_to_take_boosters_stand_side_by_side_in_the_same_order():
    rows = many(12, "30: 9, 60: 15", boosters="40")
    regardless, until = answered(rows), answered(rows, until_booster=True)
    expected = {
        "Day": "56",
        "Regardless of boosters": "100 % (no interval), 12 followed",
        "Until the first booster": "no data, 0 followed",
    }
    for pair in ((regardless, until), (until, regardless)):
        row = wording.risk_rows(*pair)[3]
        assert row == expected
        assert list(row) == list(expected)
    assert wording.risk_rows(regardless, until)[4]["Regardless of boosters"] == (
        "no data, 0 followed"
    )


def test_a_curve_that_there_is_not_is_said_in_its_cells():
    rows = many(12, "60: 9", boosters="40")
    shown = wording.hanging_rows(lasting(rows))
    by_name = {row["Counted"]: row for row in shown}
    assert by_name["Until the first booster"]["Followed"] == "0"
    assert by_name["Until the first booster"]["Median"] == "too few followed"
    assert by_name["As asked"]["Median"] == (
        "not reached (95 % CI not reached to not reached)"
    )
    assert by_name["As asked"]["Without, day 28"] == "100 % (no interval), 12 followed"


def test_each_way_of_counting_has_its_own_median():
    shown = wording.hanging_rows(lasting(HALF_LOST))
    assert [(row["Counted"], row["Median"].split(" (")[0]) for row in shown] == [
        ("As asked", "day 60"),
        ("Each event on the day of the form before", "day 30"),
        ("Until the first booster", "day 60"),
        ("Day 0: form at the end of induction", "day 55"),
    ]


def test_each_number_has_a_definition_and_a_source():
    rows = wording.definitions(answered(HALF_LOST))
    assert all(row["What it counts"] and row["Source"] for row in rows)
    values = {row["Number"]: row["Value"] for row in rows}
    assert (values["Reached"], values["Followed"]) == ("12", "12")
    assert values["With the event"] == "6"


def test_every_state_of_a_course_has_words():
    rows = (
        many(2, "30: 9")
        + "\n3 | 20 | 5: 15 | 30: 3 |\n4 | 20 | | |\n5 | 9 | 5: 3 | |\n6 | | 5: 3 | |"
    )
    frames = followed(HEAD + rows)
    assert answered(rows).coverage.started == len(frames[0])
    assert set(wording._STATES) >= {
        "not reached",
        "there already",
        "never there",
        "not seen again",
        "lost",
        "still",
        "missing",
        "not due",
        "not eligible",
        "no baseline",
    }


@pytest.mark.parametrize("code", LOSS_RULES)
def test_a_rule_is_named_with_its_kind_and_whether_it_is_the_default(code):
    rule = LOSS_RULES[code]
    choice = wording.rule_choice(code)
    assert choice.lower().startswith(rule.kind)
    assert choice.endswith("– default") == rule.default
    note = wording.rule_note(rule)
    assert rule.sentence in note
    assert rule.reason in note
    assert "No definition of relapse is agreed." in note


# Boosters.


def intervals(rows):
    courses, _, boosters = followed(HEAD + rows)
    return booster_intervals(courses, boosters, as_of_day=1000)


def test_boosters_are_said_with_how_many_and_how_far_apart():
    rows = many(4, "", boosters="30, 70") + many(2, "", first=5)
    assert booster_wording.sentence(intervals(rows)) == (
        "4 of the 6 courses with an induction were given a booster; the first came a "
        "median of 30 days (middle half 30–30) after the last induction infusion; "
        "later ones came a median of 40 days (middle half 40–40) after the one before."
    )


def test_one_with_a_booster_is_spoken_of_as_one():
    assert booster_wording.sentence(intervals(many(1, "", boosters="30"))) == (
        "1 of the 1 course with an induction was given a booster."
    )


def test_too_few_intervals_have_no_quartiles():
    found = intervals(many(3, "", boosters="30"))
    assert booster_wording.sentence(found) == (
        "3 of the 3 courses with an induction were given a booster."
    )
    assert booster_wording.rows(found)[0] == {
        "Interval": booster_wording.FIRST_BOOSTER,
        "n": "3",
        "Median": "too few: 4 are needed",
        "Middle half": "no data",
    }
    assert (
        booster_wording.export_rows(found)[booster_wording.FIRST_BOOSTER]["Median"]
        is None
    )


# Published.


def test_what_was_not_seen_is_said_beside_each_published_figure():
    rows = wording.published_rows(list(FIGURES.values()), answered(HALF_LOST))
    shown = dict(zip(FIGURES, rows, strict=True))
    assert shown["feder_2021_loss"]["Published"] == "Median 27.5 days"
    assert shown["feder_2021_loss"]["Of whom"].endswith("n not seen")
    assert shown["murrough_2013b_relapse"]["Of whom"].endswith("n about 17")
    assert shown["mcinnes_2022_sustained"]["Published"] == (
        "About 80 % without on day 28; about 60 % without on day 56"
    )
    for code, row in shown.items():
        assert row["Read with"] == FIGURES[code].sentence


def test_the_practice_stands_only_beside_figures_of_the_same_kind():
    answer = answered(HALF_LOST, "phq9_relapse_10")
    rows = wording.published_rows(list(FIGURES.values()), answer)
    for figure, row in zip(FIGURES.values(), rows, strict=True):
        beside = row["Practice, as asked"]
        if figure.outcome == "relapse":
            assert beside == "Median day 60 (95 % CI day 60 to not reached); n 12"
        else:
            assert beside == "Choose a rule of loss of response above."


def test_what_was_seen_of_a_figure_is_in_full():
    (row,) = wording.published_details([FIGURES["mcinnes_2022_sustained"]])
    assert row["Day 0"] == "Not stated in what was read"
    assert row["Boosters"] == "Even without maintenance infusions"
    assert row["Verification"] == "The numbers were seen in the abstract."
    assert row["Seen at"].startswith("https://")


# Files.


def test_the_events_of_a_file_add_up_and_each_share_is_that_of_the_curve():
    answer = answered(HALF_LOST + many(2, "30: 9, 400: 15", first=13))
    (row,) = files.export_rows(answer).values()
    assert row["Followed"] == 14
    assert row["With the event"] + row["Without it so far"] == 14
    events = {name: n for name, n in row.items() if name.startswith("Event ")}
    assert sum(events.values()) == row["With the event"] == 8
    assert events["Event after day 56, up to 84"] == 6
    assert events["Event after day 365"] == 2
    assert row["Followed to day 56"] == 14
    assert row["Followed to day 84"] == 8
    assert row["Without on day 84"] == "57 % (28–78)"


def test_the_layout_names_every_number_of_a_file():
    for rows in (HALF_LOST, many(3, "30: 9")):
        answer = answered(rows)
        layout = files.export_layout(answer)
        (row,) = files.export_rows(answer).values()
        assert set(row) == {*layout.counts, *layout.derived}


def test_a_few_events_cannot_be_worked_out_from_all_the_others():
    days = (10, 20, 40, 70, 100, 200)
    rows = "".join(
        many(6, f"{day}: 15", first=1 + 6 * place) for place, day in enumerate(days)
    )
    answer = answered(rows + many(2, "400: 15", first=37))
    made = suppress(files.export_rows(answer), files.export_layout(answer)).rows
    (row,) = made.values()
    events = [row[name] for name in row if name.startswith("Event ")]
    assert events[-1] == Hidden(5)
    hidden = [cell for cell in (*events, row["With the event"]) if cell == NOT_SHOWN]
    assert hidden
