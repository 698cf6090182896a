"""Variation in words: units, months, rules, and the tables that leave the practice."""

import numpy as np
import pandas as pd
import pytest

from analysis.control_charts import (
    MINIMUM_POINTS,
    P_CHART,
    XMR,
    Month,
    p_chart,
    xmr_chart,
    xmr_of_months,
)
from analysis.funnel import COMPLETENESS, RATE, Limits
from analysis.outcomes import EVENT, MEASURED, MISSING, NO_EVENT, NOT_DUE
from analysis.suppression import Hidden, suppress
from measures.days import day_number
from tests.factories import calendar_day
from views.results.counts.variation import CLINICIAN, SITE, vary
from views.results.wording import variation as wording


STATES = {"e": EVENT, "n": NO_EVENT, "x": MISSING, "w": NOT_DUE, "m": MEASURED}

ALIKE = """
Adams  | eennn ennen
Baker  | ennen nnee
Clark  | eenn nenn
Davis  | nneen x
Evans  | neenn xx
"""


def found(drawn, *, counted=RATE, by=CLINICIAN):
    """Return the variation of units drawn as text, a letter for each course.

    Course after course starts 5 days after the one before.
    """
    rows = [
        {"unit": name.strip(), "state": STATES[letter]}
        for name, letters in (line.split("|") for line in drawn.strip().splitlines())
        for letter in letters.replace(" ", "")
    ]
    frame = pd.DataFrame(rows)
    frame = frame.assign(
        course_id=range(len(frame)),
        patient_id=[f"p{n}" for n in range(len(frame))],
        first_day=[day_number(calendar_day(n * 5)) for n in range(len(frame))],
    )
    return vary(frame, counted=counted, by=by)


# Units.


def test_units_that_are_alike_are_said_to_be_within_chance():
    assert wording.units_sentence(found(ALIKE), "met response") == (
        "None of the 5 clinicians lies outside what chance leaves around the share of "
        "all: 41 % of the 37 measured met response."
    )


def test_who_lies_outside_is_named_in_the_order_of_the_alphabet_with_the_side():
    drawn = ALIKE + f"Zwart | {'e' * 20}\nBerg | {'n' * 20}\n"
    said = wording.units_sentence(found(drawn), "met response")
    assert said.startswith("2 of the 7 clinicians lie outside what chance leaves ")
    assert said.endswith(
        ": Berg (below the 99.8 % limits); Zwart (above the 99.8 % limits)."
    )


def test_a_name_is_shown_as_it_is_typed_and_not_as_markdown():
    drawn = ALIKE + f"*Zw_rt* | {'e' * 20}\n"
    said = wording.units_sentence(found(drawn), "met response")
    assert r"\*Zw\_rt\*" in said
    rows = wording.unit_rows(found(drawn))
    assert rows[-1]["Clinician"] in {r"\*Zw\_rt\*", "Evans"}
    assert r"\*Zw\_rt\*" in {row["Clinician"] for row in rows}


@pytest.mark.parametrize(
    ("drawn", "by", "words"),
    [
        ("A | en\nB | en", CLINICIAN, "at least 5 with somebody measured, and 2 have."),
        ("A | en\nB | xx", SITE, "at least 5 with somebody measured, and 1 has."),
        ("A | xx\nB | ww", SITE, "at least 5 with somebody measured, and none have."),
    ],
)
def test_too_few_units_are_refused_with_what_is_needed_and_found(drawn, by, words):
    said = wording.units_sentence(found(drawn, by=by), "met response")
    assert said.startswith(f"Too few {by}s to tell one from chance")
    assert words in said


def test_the_table_of_units_has_n_interval_missing_and_limits():
    rows = wording.unit_rows(found(ALIKE + " | en\nNone yet | ww"))
    assert [row["Clinician"] for row in rows] == [
        "Adams",
        "Baker",
        "Clark",
        "Davis",
        "Evans",
        "None yet",
        "Not recorded",
    ]
    assert rows[4] == {
        "Clinician": "Evans",
        "Criterion met": "40 % of 5 measured (12–77)",
        "Due": "7",
        "Not measured": "2",
        "95 % limits": "0–97 %",
        "99.8 % limits": "none",
        "Where": "within the limits",
    }
    assert [row["Where"] for row in rows[5:]] == ["not in the funnel"] * 2
    assert rows[5]["Criterion met"] == "no data"


def test_without_a_funnel_the_table_has_no_limits():
    (row,) = wording.unit_rows(found("A | enx"))
    assert list(row) == ["Clinician", "Criterion met", "Due", "Not measured"]


def test_what_chance_alone_would_do_and_who_is_left_out_is_said():
    made = found(ALIKE + " | en\nNone yet | ww")
    notes = wording.funnel_notes(made.funnel, CLINICIAN)
    assert "Were all 5 alike, about " in notes
    assert "judged from 10 on" in notes
    assert notes.endswith(
        "Not in the funnel: nobody measured yet: None yet; 2 courses of which the "
        "clinician was not recorded."
    )


@pytest.mark.parametrize(
    ("far", "words"),
    [(True, "the limits are widened to allow for it"), (False, "stay as they are")],
)
def test_whether_the_limits_were_widened_is_said(far, words):
    shares = [("e" * 18 + "n" * 2, "e" * 2 + "n" * 18), ("en" * 10, "ne" * 10)][not far]
    drawn = "\n".join(f"U{n} | {shares[n % 2]}" for n in range(10))
    assert words in wording.funnel_notes(found(drawn).funnel, CLINICIAN)


def test_completeness_is_of_those_due():
    made = found(ALIKE.replace("e", "m").replace("n", "m"), counted=COMPLETENESS)
    said = wording.units_sentence(made, wording.asked(made, None))
    assert "of the 40 due were measured" in said
    assert wording.unit_rows(made)[3]["Measured"] == "83 % of 6 due (44–97)"


def test_no_word_of_a_ranking_and_that_nothing_is_adjusted_is_said():
    assert "Not adjusted for whom each one treats" in wording.NOT_ADJUSTED
    assert "no ranking" in wording.NOT_ADJUSTED


# Months.


def chart_of(shares):
    months = [
        Month(f"2025-{n + 1:02}", round(20 * s), 20, 0) for n, s in enumerate(shares)
    ]
    return p_chart(months), xmr_of_months(months)


def test_a_quiet_year_is_said_to_be_quiet_and_no_more():
    for chart in chart_of([0.4, 0.5] * 6):
        assert wording.months_sentence(chart) == "Over 12 months, no rule fired."


def test_a_quiet_year_of_small_months_is_said_to_see_little():
    chart = p_chart([Month(f"2025-{n:02}", 1, 3, 0) for n in range(1, 13)])
    assert wording.months_sentence(chart) == (
        "Over 12 months, no rule fired. With so few courses a month even a large "
        "change can stay unseen."
    )


def test_the_rules_that_fired_are_named_with_their_months():
    chart, _ = chart_of([0.3, 0.4, 0.4, 0.3, 0.4, 0.3, 0.4, 0.3, 0.4, 0.3, 0.4, 0.95])
    assert wording.months_sentence(chart) == (
        "Over 12 months, 2 rules fired: outside the limits; eight in a row on one side."
    )
    rows = {row["Letter"]: row["Fired"] for row in wording.rule_rows(chart)}
    assert rows["A"] == "above: Dec 2025"
    assert rows["B"].startswith("below: Jan 2025, Feb 2025, ")
    assert rows["C"] == "no"
    marks = wording.marks(chart)
    assert (marks[11], marks[0], len(marks)) == ("A", "B", 12)


def test_every_rule_that_was_asked_stands_with_its_source():
    for chart in chart_of([0.4, 0.5] * 6):
        rows = wording.rule_rows(chart)
        assert [row["Rule"] for row in rows] == [rule.sentence for rule in chart.rules]
        assert all(row["Source"] for row in rows)


def test_too_few_months_are_refused_with_what_is_needed_and_found():
    said = wording.months_sentence(found(ALIKE).p_chart)
    assert said == (
        "Too few months to tell one from chance: it takes 12 complete months with "
        "somebody to count, and there are 7."
    )


def test_what_is_not_charted_is_named():
    months = [Month(f"2025-{n:02}", 8, 20, 0) for n in range(1, 13)]
    months += [Month("2026-01", 0, 0, 0), Month("2026-02", 8, 20, 0)]
    months += [Month("2026-03", 2, 3, 4)]
    notes = wording.month_notes(p_chart(months), RATE)
    assert "courses still have time: Mar 2026." in notes
    assert "nobody was measured: Jan 2026;" in notes


def test_the_table_of_months_says_which_are_not_charted():
    drawn = "\n".join(f"A | {'en' * 3}" for _ in range(14)) + "\nA | ew"
    made = found(drawn)
    rows = wording.month_rows(made, made.p_chart)
    assert len(rows) == len(made.months)
    assert (rows[-1]["Limits"], rows[-1]["Not yet due"]) == ("not charted", "1")
    assert rows[0]["Criterion met"] == "57 % of 7 measured (25–84)"


@pytest.mark.parametrize("kind", [P_CHART, XMR])
def test_the_false_alarm_rates_are_what_a_simulation_gives(kind):
    rng = np.random.default_rng(20)
    for length, said in wording.FALSE_ALARMS[kind].items():
        fired = sum(bool(quiet(kind, length, rng).signals) for _ in range(400))
        assert fired / 400 == pytest.approx(said, abs=0.06)


def quiet(kind, length, rng):
    if kind == XMR:
        return xmr_chart(rng.normal(size=length).tolist(), ["2025-01"] * length)
    events = rng.binomial(20, 0.4, size=length).tolist()
    return p_chart([Month("2025-01", k, 20, 0) for k in events])


def test_false_alarms_are_said_for_the_chart_that_is_shown():
    p, xmr = chart_of([0.4, 0.5] * 6)
    assert "2 % over 12, 9 % over 24, 17 % over 36 months" in wording.false_alarms(p)
    assert "9 % over 12, 26 % over 24, 38 % over 36" in wording.false_alarms(xmr)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (0.1, 0.8, "10–80 %"),
        (None, 0.8, "0–80 %"),
        (0.1, None, "10–100 %"),
        (None, None, "none"),
    ],
)
def test_limits_in_words(lower, upper, words):
    assert wording.limits_text(Limits(0.95, lower, upper)) == words


# What is behind, and what leaves.


def test_the_numbers_behind_a_unit_add_up():
    made = found(ALIKE)
    count = {
        code: len(made.in_states(states, unit="Evans"))
        for code, _, states in wording.numbers(RATE)
    }
    assert count == {
        "due": 7,
        "missing": 2,
        "measured": 5,
        "events": 2,
        "no_events": 3,
        "not_due": 0,
    }
    (evans,) = (unit.tally for unit in made.units if unit.name == "Evans")
    assert (evans.due, evans.missing, evans.measured, evans.events) == (7, 2, 5, 2)


def test_completeness_has_no_numbers_of_a_criterion():
    codes = [code for code, _, _ in wording.numbers(COMPLETENESS)]
    assert codes == ["due", "missing", "measured", "not_due"]


@pytest.mark.parametrize("export", [wording.export_units, wording.export_months])
@pytest.mark.parametrize("counted", [RATE, COMPLETENESS])
def test_a_table_that_leaves_holds_its_sums_and_no_small_count(export, counted):
    drawn = ALIKE + " | en\nNone yet | ww"
    if counted == COMPLETENESS:
        drawn = drawn.replace("e", "m").replace("n", "m")
    rows = export(found(drawn, counted=counted))
    shown = suppress(rows, wording.layout(counted)).rows
    for name in wording.layout(counted).counts:
        printed = [row[name] for row in shown.values()]
        assert all(isinstance(n, Hidden) or n >= 5 for n in printed)
        assert any(isinstance(n, Hidden) for n in printed)
    assert list(shown)[-1] == "All together"


@pytest.mark.parametrize("counted", [RATE, COMPLETENESS])
def test_one_small_unit_is_not_worked_out_from_all_together(counted):
    letters = {RATE: "en" * 8, COMPLETENESS: "m" * 16}[counted]
    drawn = f"A | {letters}\nB | {letters}\nC | {letters[:3]}"
    rows = wording.export_units(found(drawn, counted=counted))
    shown = suppress(rows, wording.layout(counted)).rows
    hidden = [name for name, row in shown.items() if isinstance(row["Due"], Hidden)]
    assert "C" in hidden and len(hidden) == 2


def test_definitions_name_the_papers():
    text = wording.definitions(None, "When")
    for name in ("Spiegelhalter", "Manktelow", "Shewhart", "Wheeler", "exact binomial"):
        assert name in text
    assert "**Measured**" in text
    assert f"From {MINIMUM_POINTS} months" in text


@pytest.mark.parametrize("counted", [RATE, COMPLETENESS])
def test_a_clinician_called_like_a_label_has_a_row_of_their_own(counted):
    letters = {RATE: "en" * 7, COMPLETENESS: "m" * 14}[counted]
    names = ("", "Not recorded", "All together", "all together", "Berg")
    made = found("\n".join(f"{name} | {letters}" for name in names), counted=counted)
    rows = suppress(wording.export_units(made), wording.layout(counted)).rows
    assert set(rows) == {
        "Not recorded",
        "“Not recorded”",
        "“All together”",
        "“all together”",
        "Berg",
        "All together",
    }
    assert rows["All together"]["Due"] == 70
    on_screen = [row["Clinician"] for row in wording.unit_rows(made)]
    assert len(set(on_screen)) == len(names)
