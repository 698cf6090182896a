"""The page Durability: what it shows is what the analysis counts."""

import csv
import io
import json
from datetime import date, timedelta
from itertools import pairwise

import pytest
import streamlit as st

from analysis.durability import RISK_DAYS, STARTING_FORM, risk_table
from data.database import open_database, reading
from data.moments import today
from data.published import load_catalogue
from measures.days import day_number
from measures.durability import LOSS_RULES
from measures.registry import CRITERIA
from tests.actors import TESTER
from tests.views.offered_files import offered_files
from tests.views.results_pages import (
    EMPTY,
    EXAMPLE,
    TINY,
    choose,
    opened,
    table,
    words_of,
    write_tiny,
)
from views.results.behind import CAME_FROM
from views.results.counts import durability as counts
from views.results.counts.recut import Practice, Selection
from views.results.exports import Export, export_csv
from views.results.wording import boosters as booster_wording
from views.results.wording import durability as wording
from views.results.wording import durability_files as files


RESPONSE_LOST = "phq9_response_lost"
RISK = "Share still without, and how many are followed that far"
HANGING = "The same counted in other ways"
PUBLISHED = "Published durability"


def counted(url, rule=RESPONSE_LOST, *, count=counts.lasting, chosen=(), **asked):
    """Return what the analysis counts, asked directly."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        selection = Selection(**{"as_of_day": day_number(today()), **dict(chosen)})
        question = counts.usual_question(LOSS_RULES[rule], **asked)
        found = count(Practice(connection, selection), question)
    engine.dispose()
    return found


def charts(app):
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def files_of():
    """Return the rows of each file that the page offers, by its name."""
    with offered_files() as files:
        opened("durability.py")
    return {name: list(rows_of(make())) for name, make in files.items()}


def rows_of(made):
    return csv.DictReader(io.StringIO(made.decode("utf-8-sig")))


def test_it_opens_on_every_practice(practice):
    app = opened("durability.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    if practice == TINY:
        assert (
            "No curve: nobody eligible was measured at the end of induct"
            in words_of(app)
        )
        assert "No booster was given" in words_of(app)
        assert charts(app) == []
    if practice == EXAMPLE:
        assert app.subheader[0].value.startswith("At least half of the ")
        assert len(charts(app)) == 2


@pytest.mark.parametrize("rule", LOSS_RULES)
def test_sentences_and_tables_are_what_the_analysis_counts(example, rule):
    measure = LOSS_RULES[rule].measure
    app = choose(opened("durability.py"), "outcomes_measure", measure)
    app = choose(app, f"durability_rule_{measure}", rule)
    found = counted(example, rule)
    said = words_of(app)
    assert wording.headline(found.answer) in said
    assert wording.flow(found.answer) in said
    assert wording.apart(found.answer) in said
    assert wording.measured_at_end(found.answer) in said
    shown = table(app, "Numbers of the curve")
    assert shown == wording.definitions(found.answer)
    if measure == "phq9":
        assert table(app, RISK) == wording.risk_rows(found.answer, found.other_boosters)
        assert table(app, HANGING) == wording.hanging_rows(found)


def test_too_few_is_said_with_what_is_needed_and_nothing_is_drawn(example):
    app = choose(opened("durability.py"), "outcomes_measure", "pcl5")
    answer = counted(example, "pcl5_response_lost").answer
    assert (
        f"needs 10 courses that can be followed, and {answer.followed} can"
        in words_of(app)
    )
    assert not [alt for alt in charts(app) if alt.startswith("Share still without")]
    assert f"Too few followed: {answer.followed} of 10 needed." in [
        row["Practice, as asked"] for row in table(app, PUBLISHED)
    ]


def test_boosters_day_0_and_criterion_can_be_chosen(example):
    app = choose(opened("durability.py"), "durability_until_booster", True)
    app = choose(app, "durability_origin", STARTING_FORM)
    app = choose(app, "outcomes_criterion_phq9", "phq9_remission_lt5")
    answer = counted(
        example,
        criterion=CRITERIA["phq9_remission_lt5"],
        until_booster=True,
        origin=STARTING_FORM,
    ).answer
    assert wording.headline(answer) in words_of(app)
    assert wording.flow(answer) in words_of(app)
    assert "met remission" in words_of(app)


def test_courses_can_be_chosen(example):
    earlier = today() - timedelta(days=90)
    app = choose(opened("durability.py"), "outcomes_as_of", earlier)
    app = choose(app, "outcomes_indication", "depression")
    app = choose(app, "outcomes_first_courses", False)
    chosen = {
        "as_of_day": day_number(earlier),
        "indication": "depression",
        "all_courses": True,
    }
    answer = counted(example, chosen=chosen).answer
    assert wording.flow(answer) in words_of(app)
    everybody = counted(example).answer
    assert answer.coverage.started < everybody.coverage.started


def test_every_number_opens_the_courses_it_counts(example):
    app = opened("durability.py")
    answer = counted(example).answer
    cover = answer.coverage
    numbers = {
        "started": cover.started,
        "eligible": cover.eligible,
        "not_due": cover.not_due,
        "due": cover.due,
        "missing": cover.missing,
        "measured": cover.measured,
        "not_reached": cover.measured - answer.reached,
        "reached": answer.reached,
        "there_already": answer.there_already,
        "never_there": answer.never_there,
        "not_seen_again": answer.not_seen_again,
        "followed": answer.followed,
        "lost": answer.events,
        "still": answer.followed - answer.events,
        "unconfirmed": answer.unconfirmed,
        "boosted": answer.boosted,
    }
    assert list(numbers) == list(wording.GROUPS)
    pills = next(w for w in app.button_group if w.key == "durability_number")
    assert pills.options == [
        f"{wording.GROUPS[code]}: {number}" for code, number in numbers.items()
    ]
    for code in ("due", "not_seen_again", "lost", "still"):
        app = choose(app, "durability_number", code)
        assert len(app.dataframe[0].value) == numbers[code]


@pytest.mark.parametrize("rule", LOSS_RULES)
@pytest.mark.parametrize("until_booster", [False, True])
def test_the_courses_behind_are_as_many_as_the_numbers_say(
    example, rule, until_booster
):
    asked = {"until_booster": until_booster}
    answer = counted(example, rule, count=counts.durability, **asked)
    rows = counted(example, rule, count=counts.courses_behind, **asked)
    behind = {code: len(courses) for code, courses in counts.groups(rows).items()}
    assert behind["reached"] == answer.reached
    assert behind["there_already"] == answer.there_already
    assert behind["never_there"] == answer.never_there
    assert behind["not_seen_again"] == answer.not_seen_again
    assert behind["followed"] == answer.followed
    assert behind["lost"] == answer.events
    assert behind["unconfirmed"] == answer.unconfirmed
    assert behind["boosted"] == answer.boosted
    assert behind["missing"] == answer.coverage.missing


@pytest.mark.parametrize("origin", wording.ORIGINS)
def test_those_followed_to_a_day_are_the_numbers_under_the_axis(example, origin):
    answer = counted(example, count=counts.durability, origin=origin)
    rows = counted(example, count=counts.courses_behind, origin=origin)
    at_risk = {at.day: at.at_risk for at in risk_table(answer.seen) if at.day}
    followed = counts.followed_to(rows)
    assert {day: len(courses) for day, courses in followed.items()} == at_risk
    app = choose(opened("durability.py"), "durability_origin", origin)
    app = choose(app, "durability_days_number", "28")
    assert len(app.dataframe[0].value) == at_risk[28]


def test_boosters_are_counted_and_open_their_courses(example):
    app = opened("durability.py")
    intervals = counted(example, count=counts.boosters)
    assert booster_wording.sentence(intervals) in words_of(app)
    assert table(app, "Days between boosters") == booster_wording.rows(intervals)
    bars = json.loads(app.get("plotly_chart")[-1].proto.spec)["data"]
    assert [sum(each["y"]) for each in bars] == [
        intervals.first.n,
        intervals.between.n,
    ]
    pills = next(w for w in app.button_group if w.key == "durability_boosters_number")
    assert pills.options == [
        f"With an induction: {intervals.courses}",
        f"First boosters: {intervals.first.n}",
        f"Later boosters: {intervals.between.n}",
    ]
    app = choose(app, "durability_boosters_number", "later")
    shown = app.dataframe[0].value
    assert shown["Days since the one before"].median() == intervals.between.median
    assert shown["Booster"].min() == 2


def test_a_ticked_patient_is_opened_and_leads_back(example):
    app = choose(opened("durability.py"), "durability_number", "lost")
    number = app.dataframe[0].value["Record number"].iloc[1]
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [1]}}
    app.run()
    assert not app.exception
    assert number in words_of(app).replace("\\", "")
    assert set(app.query_params) == {"patient"}
    assert app.session_state[CAME_FROM] == ("results/durability.py", "Durability")


def test_what_was_published_stands_beside_it_with_what_was_not_seen(example):
    rows = table(opened("durability.py"), PUBLISHED)
    answer = counted(example).answer
    figures = counts.published_beside(load_catalogue(), "phq9")
    assert rows == wording.published_rows(figures, answer)
    mcinnes = next(row for row in rows if row["Figure"].startswith("McInnes 2022"))
    assert mcinnes["Practice, as asked"].startswith("Day 28: ")
    others = [row for row in rows if row is not mcinnes]
    assert {row["Practice, as asked"] for row in others} == {
        "Choose a rule of relapse above."
    }


def test_the_files_hide_small_counts_and_say_what_was_asked(example):
    answer = counted(example).answer
    files = files_of()
    assert set(files) == {"durability.csv", "boosters.csv"}
    (row,) = files["durability.csv"]
    assert row["Followed"] == str(answer.followed)
    assert answer.not_seen_again < 5
    assert row["Not seen again"] == "fewer than 5"
    assert row["Event up to day 14"] == "fewer than 5"
    assert row["Without on day 14"] == "not shown"
    assert row["Boosters"] == "Regardless of boosters"
    assert row["As of"] == today().isoformat()
    assert row["Criterion"].startswith("Response (50 % fall): ")
    assert LOSS_RULES[RESPONSE_LOST].sentence in row["Event"]
    assert "fewer than 5" in row["Small numbers"]
    boosters = files["boosters.csv"]
    assert [r["Interval"] for r in boosters] == [
        booster_wording.FIRST_BOOSTER,
        booster_wording.NEXT_BOOSTER,
    ]


@pytest.mark.parametrize("rule", LOSS_RULES)
@pytest.mark.parametrize("fewer_than", [3, 5, 12])
def test_no_small_count_is_in_a_file(example, rule, fewer_than):
    for until_booster in (False, True):
        answer = counted(
            example, rule, count=counts.durability, until_booster=until_booster
        )
        rows, layout = files.export_rows(answer), files.export_layout(answer)
        made = export_csv(Export("x", rows, layout, {}, first="Rule"), fewer_than)
        (row,) = rows_of(made)
        printed = {n: int(row[n]) for n in layout.counts if row[n].isdigit()}
        assert all(count >= fewer_than for count in printed.values())
        # Nor how few left the curve between two days.
        names = ["Followed", *(f"Followed to day {day}" for day in RISK_DAYS[1:])]
        for more, fewer in pairwise(names):
            if more in printed and fewer in printed:
                assert printed[more] - printed[fewer] >= fewer_than


def test_a_tiny_practice_has_a_file_without_any_count(migrated_sqlite_url, monkeypatch):
    write_tiny(migrated_sqlite_url)
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    (row,) = files_of()["durability.csv"]
    st.cache_resource.clear()
    counted_in = ("Due at the end of induction", "Followed", "Reached")
    assert {row[name] for name in counted_in} == {"fewer than 5"}


def test_dates_in_a_list_are_dates(example):
    app = choose(opened("durability.py"), "durability_number", "lost")
    shown = app.dataframe[0].value
    seen = [isinstance(value, date) for value in shown["Event seen"]]
    assert all(seen)
    assert (shown["Event seen"] > shown["Last without"]).all()
