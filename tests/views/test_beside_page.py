"""The page Beside published: what it shows is what the comparison counts."""

import csv
import io
from unittest.mock import patch

import pytest
import streamlit as st

from analysis.comparison import Comparison
from data.database import open_database, reading
from data.moments import today
from data.published import load_catalogue
from measures.days import day_number
from tests.actors import TESTER
from tests.factories import write_practice
from tests.views.results_pages import (
    EMPTY,
    EXAMPLE,
    TINY,
    choose,
    opened,
    table,
    words_of,
)
from views.results.counts import beside as counts
from views.results.counts import recut
from views.results.counts.recut import Practice, Selection
from views.results.wording import beside as wording
from views.results.wording.outcomes import groups
from views.results.wording.power import power_sentences


FOREST = "The numbers of the forest plot"
MCINNES = "mcinnes_2022_phq9_14_31d"
EVER_CODES = ["ever_Followed", "ever_Met at least once", "ever_No score"]
CATALOGUE = load_catalogue()


def compared(url, outcome="response", measure="phq9", **chosen):
    """Return what the comparison gives, asked directly."""
    beside = recut.figures_beside(CATALOGUE, measure, outcome)
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        asked = {"as_of_day": day_number(today()), **chosen}
        practice = Practice(connection, Selection(**asked))
        results = recut.compare_figures(practice, beside.all, outcome)
    engine.dispose()
    return beside, results


def numbers_behind(app, key, codes):
    """Return how many rows are behind each number, by what its button says."""
    behind = {}
    for place, code in enumerate(codes):
        choose(app, f"{key}_number", code)
        pills = next(w for w in app.button_group if w.key == f"{key}_number")
        lists = [frame for frame in app.dataframe if frame.key.startswith(key)]
        behind[pills.options[place]] = len(lists[0].value) if lists else 0
    return behind


def test_it_opens_on_every_practice(practice):
    app = opened("beside.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    if practice == TINY:
        assert (
            "With 1 measured after 4 to 8 infusions in 7 to 28 days, any"
            in words_of(app)
        )
    if practice == EXAMPLE:
        assert app.subheader[0].value.startswith("Practice, counted the same way ")


def test_the_chosen_figure_is_said_with_its_difference_and_power(example):
    _, results = compared(example)
    result = results[MCINNES]
    told = counts.could_tell(result)
    said = words_of(opened("beside.py"))
    assert wording.both_numbers(result) in said
    assert wording.difference_sentence(result) in said
    assert power_sentences(told, 53.6, wording.of_whom(result.figure)) in said
    assert result.figure.sentence in said


@pytest.mark.parametrize("outcome", ["response", "remission"])
def test_the_table_is_what_the_comparison_gives(example, outcome):
    app = choose(opened("beside.py"), "beside_outcome", outcome)
    beside, results = compared(example, outcome)
    rows = table(app, FOREST)
    cited = len(beside.as_cited)
    for row, figure in zip(rows[cited:], beside.in_view, strict=True):
        result = results[figure.code]
        assert row["Practice, counted the same way"] == wording.practice_text(result)
        assert row["Practice minus published, points"] == wording.difference_text(
            result
        )
        assert figure.sentence in row["Figure"]


def test_the_cited_come_first_with_their_verdict(example):
    rows = [row["Figure"] for row in table(opened("beside.py"), FOREST)]
    assert rows[0].startswith("Singh 2020, as cited")
    assert "Cited by the article: right study, wrong reference." in rows[1]
    assert "In place of Singh 2020, as cited: not supported." in rows[2]


def test_negative_trials_stay_in_view(example):
    rows = " ".join(row["Figure"] for row in table(opened("beside.py"), FOREST))
    assert "KARMA-Dep 2 2025" in rows
    assert "Ionescu 2019" in rows


def test_another_figure_can_be_chosen(example):
    code = "pfeiffer_2024_phq9_6wk"
    app = choose(opened("beside.py"), "beside_figure_phq9", code)
    _, results = compared(example)
    said = words_of(app)
    assert wording.both_numbers(results[code]) in said
    assert "Of how many the published rate is was not seen" in said
    for line in (*results[code].matched, *results[code].unmatched):
        assert line in said
    assert "Courses for depression (alone or with PTSD)." in said


def test_a_refusal_is_given_in_words(example):
    app = choose(opened("beside.py"), "beside_figure_phq9", "coyle_laws_2015")
    said = app.info[-1].value.replace("\u00a0", " ")
    assert said == (
        "Coyle & Laws 2015 (pooled) has no practice number beside it. No response "
        "rate was seen in the study."
    )


def test_context_is_in_a_panel_of_its_own(example):
    labels = [expander.label for expander in opened("beside.py").expander]
    assert any(label.startswith("Context: ") for label in labels)


def test_the_courses_can_be_chosen(example):
    app = choose(opened("beside.py"), "outcomes_indication", "both")
    app = choose(app, "outcomes_first_courses", False)
    _, results = compared(example, indication="both", all_courses=True)
    assert wording.both_numbers(results[MCINNES]) in words_of(app)


# The patients behind.


def counted_behind(shown):
    return {name.rsplit(": ", 1)[0]: rows for name, rows in shown.items()}


def as_said(shown):
    return {name: int(name.rsplit(": ", 1)[1]) for name in shown}


@pytest.mark.parametrize(
    "code", [MCINNES, "pfeiffer_2024_phq9_6wk", "oliver_2022_phq9_6wk"]
)
def test_the_patients_behind_are_as_many_as_the_numbers_say(example, code):
    app = choose(opened("beside.py"), "beside_figure_phq9", code)
    _, results = compared(example)
    result = results[code]
    codes = [g.code for g in groups(result.practice)] if result.practice else []
    codes += EVER_CODES if result.ever else []
    shown = numbers_behind(app, f"beside_{code}", codes)
    assert shown == as_said(shown)
    found = counted_behind(shown)
    if result.share is not None:
        assert found["Measured"] == result.practice.measured
        assert found["Criterion met"] == result.share.events
    if result.ever is not None:
        assert found["Followed"] == result.ever.measured
        assert found["Met at least once"] == result.ever.events
        assert found["Followed"] + found["No score"] == result.ever.eligible


@pytest.mark.parametrize("measure", ["phq9", "pcl5"])
@pytest.mark.parametrize("outcome", ["response", "remission"])
def test_whose_courses_they_are_agrees_for_every_figure(example, measure, outcome):
    engine = open_database(example)
    with reading(engine, TESTER) as connection:
        practice = Practice(connection, Selection(as_of_day=day_number(today())))
        figures = recut.figures_beside(CATALOGUE, measure, outcome).all
        results = recut.compare_figures(practice, figures, outcome).values()
        told = [result for result in results if isinstance(result, Comparison)]
        assert told or (measure, outcome) == ("pcl5", "remission")
        for result in told:
            assert counted_again(practice, result) == counted(result)
    engine.dispose()


def counted(result):
    now, ever = result.practice, result.ever
    return (
        now and (now.measured, now.events, now.due),
        ever and (ever.measured, ever.events, ever.eligible),
    )


def counted_again(practice, result):
    figure, outcome = result.figure, result.outcome
    now = ever = None
    if result.practice:
        states = counts.courses_beside(practice, figure, outcome)["state"]
        events, others = (states == "event").sum(), (states == "no event").sum()
        now = (events + others, events, events + others + (states == "missing").sum())
    if result.ever:
        unit = result.ever.unit
        states = counts.courses_ever(practice, figure, outcome, unit)["state"]
        ever = ((states != "missing").sum(), (states == "event").sum(), len(states))
    return now, ever


# Mean change.


def test_mean_changes_stand_beside_the_published(example):
    app = choose(opened("beside.py"), "outcomes_measure", "pcl5")
    shown = table(app, "Mean changes from baseline")
    assert [row["Figure"].split(":")[0] for row in shown] == [
        "Albott 2018",
        "Bentley 2022",
        "Osmind PTSD 2024",
        "High-dose veterans' clinic 2019",
    ]
    assert shown[0]["Published mean change, points"] == "−33.3, n 15 (−43.5 to −23.0)"


def test_the_patients_behind_a_mean_are_its_n(example):
    codes = ["bentley_2022_phq9", "ross_2019_phq9"]
    shown = numbers_behind(opened("beside.py"), "beside_change_phq9", codes)
    assert len(shown) == len(codes)
    assert shown == as_said(shown)


# Files.


def files(page):
    kept = {}

    def button(_label, data, *, file_name, **_):
        kept[file_name] = data

    with patch("streamlit.download_button", button):
        page()
    return {
        name: list(csv.DictReader(io.StringIO(data().decode("utf-8-sig"))))
        for name, data in kept.items()
    }


def test_the_file_has_every_figure_and_what_was_asked(example):
    rows = files(lambda: opened("beside.py"))["response-beside-published.csv"]
    beside, results = compared(example)
    named = [row["Figure"] for row in rows]
    for figure in beside.all:
        assert any(name.startswith(f"{figure.study.name}, ") for name in named)
    mcinnes = next(r for r in rows if r["Figure"].startswith("McInnes 2022"))
    assert mcinnes["n"] == str(results[MCINNES].share.n)
    assert mcinnes["As of"] == today().isoformat()
    assert mcinnes["Outcome"] == "response"
    refused = next(r for r in rows if r["Figure"].startswith("Coyle"))
    assert refused["n"] == "no data"
    assert refused["No practice number"].startswith("none: no response rate was seen")


def test_a_small_count_is_not_in_the_file(migrated_sqlite_url, monkeypatch):
    write_practice(migrated_sqlite_url, SMALL)
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    rows = files(lambda: opened("beside.py"))["response-beside-published.csv"]
    st.cache_resource.clear()
    mcinnes = next(r for r in rows if r["Figure"].startswith("McInnes 2022"))
    assert (mcinnes["n"], mcinnes["events"]) == ("fewer than 5", "fewer than 5")
    assert mcinnes["Practice"] == mcinnes["Looks the same"] == "not shown"


SMALL = """
    course | infusions           | phq9
    -------+---------------------+---------------
    a      | 0, 3, 7, 10, 14, 17 | -1: 20, 38: 8
    b      | 0, 3, 7, 10, 14, 17 | -1: 20, 38: 18
"""
