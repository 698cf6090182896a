"""The Outcomes page: what a lead reads equals what the analysis counts."""

import csv
import io
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.database import open_database, reading, writing
from data.example_practice import make_example
from data.moments import today
from data.published import load_catalogue
from measures.days import day_number
from measures.registry import CRITERIA, TIMEPOINTS
from tests.actors import TESTER
from tests.factories import add_course, write_practice
from tests.views.clinic import visited_by
from views.results.counts import recut
from views.results.counts.recut import Practice, Selection
from views.results.wording import outcomes as wording
from views.results.wording import published as published_wording
from views.results.wording.numbers import unbroken


MAIN = Path(__file__).parents[2] / "views" / "main.py"
AS_OF = date(2026, 11, 1)
TODAY = day_number(today())
RESPONSE = CRITERIA["phq9_response_50"]


@pytest.fixture(scope="session")
def example_url(tmp_path_factory):
    """The example practice, made once: the page only reads it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('outcomes') / 'example.sqlite'}"
    make_example(url, as_of=AS_OF)
    return url


@pytest.fixture
def page(monkeypatch):
    """Return a function that opens the page on a database."""

    def opened(url):
        monkeypatch.setenv("DATABASE_URL", url)
        app = visited_by(AppTest.from_file(str(MAIN), default_timeout=60))
        app.run()
        app.switch_page("results/outcomes.py")
        return checked(app.run())

    yield opened
    st.cache_resource.clear()


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def write(page, url, table):
    write_practice(url, table)
    return page(url)


def asked(url, measure="phq9", timepoint="weeks_2_4", criterion=RESPONSE, **chosen):
    """Return what the analysis counts, asked directly."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        cut = Practice(connection, Selection(**{"as_of_day": TODAY, **chosen}))
        rate = recut.outcome(cut, criterion, timepoint)
    engine.dispose()
    return rate


def sentence(app):
    return app.subheader[0].value


def texts(app):
    kinds = (app.markdown, app.caption, app.info, app.subheader, app.header)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def table(app, alt):
    """Return the rows of a table as they are shown."""
    frame = next(t.value for t in app.table if t.proto.alt == alt)
    return frame.replace("\u00a0", " ", regex=True).to_dict("records")


def select(app, key, value):
    widgets = {w.key: w for w in (*app.selectbox, *app.button_group, *app.toggle)}
    widgets[key].set_value(value)
    return checked(app.run())


# Empty, step by step.


def test_a_practice_without_patients_offers_to_record_one(page, migrated_sqlite_url):
    app = page(migrated_sqlite_url)
    assert "There are no patients here yet." in texts(app)
    assert not app.subheader[0].value[0].isdigit()


def test_a_practice_without_infusions_says_what_to_record(page, migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    with writing(engine, TESTER) as connection:
        add_course(connection)
    engine.dispose()
    app = page(migrated_sqlite_url)
    assert "No infusion has been recorded" in app.info[0].value
    assert not app.subheader


def test_nobody_eligible_says_why(page, migrated_sqlite_url):
    app = write(
        page,
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------
        a      | 0, 3      | -1: 9
        b      | 0, 3      |
        """,
    )
    assert app.info[0].value.startswith(
        "No rate: of the 2 courses started, 1 had no baseline and 1 a baseline under "
        "10."
    )


def test_nobody_measured_says_whose_form_is_missing(page, migrated_sqlite_url):
    app = write(
        page,
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------
        a      | 0, 3      | -1: 20
        """,
    )
    assert app.info[0].value.startswith(
        "No rate: 1 were due at weeks 2-4, and none was measured."
    )
    app = select(app, "outcomes_group", "missing")
    assert app.dataframe[0].value["Record number"].tolist() == ["a"]


def test_filters_that_leave_nobody_say_what_to_widen(page, migrated_sqlite_url):
    app = write(page, migrated_sqlite_url, ONE)
    app = select(app, "outcomes_indication", "ptsd")
    assert "No course agrees with what was chosen." in app.info[0].value


ONE = """
    course | infusions | phq9
    -------+-----------+------------------------
    a      | 0, 3, 7   | -1: 20, 4: 15, 25: 8
"""


def test_a_single_course_breaks_nothing(page, migrated_sqlite_url):
    app = write(page, migrated_sqlite_url, ONE)
    assert sentence(app).startswith("100\u00a0% of the 1 measured met response")
    for measure in ("pcl5", "phq9"):
        app = select(app, "outcomes_measure", measure)
    for criterion in ("phq9_remission_lt5", "phq9_change_6", "phq9_below_10"):
        app = select(app, "outcomes_criterion_phq9", criterion)
    for timepoint in TIMEPOINTS:
        app = select(app, "outcomes_timepoint", timepoint)


def test_a_number_without_patients_says_so(page, migrated_sqlite_url):
    app = select(write(page, migrated_sqlite_url, ONE), "outcomes_group", "missing")
    assert "No course is in this number." in texts(app)
    assert not app.dataframe


# Full.


def test_the_sentence_is_what_the_analysis_counts(page, example_url):
    rate = asked(example_url)
    app = page(example_url)
    assert sentence(app) == unbroken(wording.headline(rate))
    assert wording.flow(rate) in texts(app)
    assert unbroken(wording.completeness(rate)) in texts(app)


def test_another_measure_criterion_and_time_point(page, example_url):
    app = select(page(example_url), "outcomes_measure", "pcl5")
    app = select(app, "outcomes_criterion_pcl5", "pcl5_change_15")
    app = select(app, "outcomes_timepoint", "end_of_induction")
    rate = asked(
        example_url,
        timepoint="end_of_induction",
        criterion=CRITERIA["pcl5_change_15"],
    )
    assert sentence(app) == unbroken(wording.headline(rate))
    assert CRITERIA["pcl5_change_15"].reason.split(";")[0][1:] in texts(app)


def test_the_courses_can_be_chosen(page, example_url):
    app = select(page(example_url), "outcomes_indication", "both")
    app = select(app, "outcomes_first_courses", False)
    rate = asked(example_url, indication="both", all_courses=True)
    assert sentence(app) == unbroken(wording.headline(rate))
    assert "Indication: depression and PTSD" in texts(app)
    assert "every course" in texts(app)


def test_a_clinician_can_be_chosen(page, example_url):
    app = page(example_url)
    names = next(w for w in app.selectbox if w.key == "outcomes_clinician").options
    app = select(app, "outcomes_clinician", names[-1])
    rate = asked(example_url, clinician=names[-1])
    assert sentence(app) == unbroken(wording.headline(rate))


def test_an_earlier_day_can_be_asked_about(page, example_url):
    app = page(example_url)
    (as_of,) = [w for w in app.date_input if w.key == "outcomes_as_of"]
    as_of.set_value(date(2026, 3, 1))
    checked(app.run())
    rate = asked(example_url, as_of_day=day_number(date(2026, 3, 1)))
    assert sentence(app) == unbroken(wording.headline(rate))
    assert "as of 1 Mar 2026" in texts(app)


def test_a_period_of_infusion_1_can_be_chosen(page, example_url):
    app = page(example_url)
    (first,) = [w for w in app.date_input if w.key == "outcomes_from"]
    first.set_value(date(2026, 1, 1))
    checked(app.run())
    rate = asked(example_url, first_day_from=day_number(date(2026, 1, 1)))
    assert sentence(app) == unbroken(wording.headline(rate))


def test_the_patients_behind_every_number_are_as_many_as_it_says(page, example_url):
    app = page(example_url)
    for group in wording.groups(asked(example_url)):
        app = select(app, "outcomes_group", group.code)
        assert len(app.dataframe[0].value) == group.count, group.label


def test_a_ticked_patient_is_opened(page, example_url):
    app = select(page(example_url), "outcomes_group", "events")
    number = app.dataframe[0].value["Record number"].iloc[1]
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [1]}}
    app = checked(app.run())
    assert app.title[0].value != "Outcomes"
    assert number in texts(app).replace("\\", "")
    assert set(app.query_params) == {"patient"}


def test_no_name_is_in_a_widget_key(page, example_url):
    app = select(page(example_url), "outcomes_group", "events")
    names = " ".join(app.dataframe[0].value["Patient"]).replace(",", "").split()
    assert not [name for name in names if name in app.dataframe[0].key]


def test_definitions_stand_behind_every_number(page, example_url):
    rate = asked(example_url)
    shown = table(page(example_url), "Numbers of the rate")
    assert shown == wording.definitions(rate)


def test_the_warning_stands_on_the_page(page, example_url):
    text = texts(page(example_url))
    assert wording.NOT_A_DRUG_EFFECT in text
    assert "60\u00a0% responded on ketamine and 50\u00a0% on placebo" in text


# Beside the published figures.

FOREST = "The numbers of the forest plot"


def compared(url, outcome, measure="phq9", **chosen):
    beside = recut.figures_beside(load_catalogue(), measure, outcome)
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        cut = Practice(connection, Selection(as_of_day=TODAY, **chosen))
        results = recut.compare_figures(cut, beside.all, outcome)
    engine.dispose()
    return beside, results


@pytest.mark.parametrize("outcome", ["response", "remission"])
def test_the_table_is_what_the_comparison_gives(page, example_url, outcome):
    app = select(page(example_url), "outcomes_beside_response", outcome)
    beside, results = compared(example_url, outcome)
    rows = published_wording.as_cited_rows(beside.as_cited)
    rows += published_wording.comparison_rows(results[f.code] for f in beside.in_view)
    assert table(app, FOREST) == published_wording.shown(rows)


def test_a_comparison_says_what_was_matched_and_what_was_not(page, example_url):
    app = select(page(example_url), "outcomes_comparison", "mcinnes_2022_phq9_14_31d")
    _, results = compared(example_url, "response")
    result = results["mcinnes_2022_phq9_14_31d"]
    text = texts(app)
    assert unbroken(published_wording.sentence(result)) in text
    assert "percentage points" in text
    for line in (*result.matched, *result.unmatched, result.caution):
        assert line in text


def test_a_refusal_is_given_in_words(page, example_url):
    app = select(page(example_url), "outcomes_comparison", "coyle_laws_2015")
    assert (
        "Coyle & Laws 2015 (pooled) has no practice number beside it. No response "
        "rate was seen in the study." in texts(app)
    )


def test_context_is_in_a_panel_of_its_own(page, example_url):
    app = page(example_url)
    labels = [expander.label for expander in app.expander]
    assert any(label.startswith("Context: ") for label in labels)


# By infusion, mean change, files.


def test_both_curves_are_in_a_table(page, example_url):
    engine = open_database(example_url)
    with reading(engine, TESTER) as connection:
        cut = Practice(connection, Selection(as_of_day=TODAY))
        now, ever = recut.now_and_ever(cut, RESPONSE)
    engine.dispose()
    app = page(example_url)
    shown = table(app, "Both curves by infusion")
    assert shown == wording.infusion_rows(now, ever)[: len(shown)]


def test_mean_changes_stand_beside_the_published(page, example_url):
    app = select(page(example_url), "outcomes_measure", "pcl5")
    shown = table(app, "Mean changes from baseline")
    assert [row["Figure"].split(":")[0] for row in shown] == [
        "Albott 2018",
        "Bentley 2022",
        "Osmind PTSD 2024",
        "High-dose veterans' clinic 2019",
    ]
    assert shown[0]["Published mean change, points"] == "−33.3 of 15 (−43.5 to −23.0)"


def test_a_file_is_what_is_shown_with_its_definitions(page, example_url):
    files = {}

    def kept(_label, data, *, file_name, **_):
        files[file_name] = data.decode("utf-8-sig")

    with patch("streamlit.download_button", kept):
        app = page(example_url)
    assert len(files) == 4
    rate, beside = (
        list(csv.DictReader(io.StringIO(files[name])))
        for name in ("rate.csv", "response-beside-published.csv")
    )
    assert columns_of(rate, "Number", "Value", "What it counts", "Source") == table(
        app, "Numbers of the rate"
    )
    assert published_wording.shown(columns_of(beside, *SHOWN)) == table(app, FOREST)
    for row in (*rate, *beside):
        assert row["As of"] == today().isoformat()
        assert row["Courses"].startswith("Indication: any; clinician: any;")


SHOWN = (
    "Figure",
    "Published",
    "Practice, counted the same way",
    "Practice minus published, points",
    "Read with",
)


def columns_of(rows, *names):
    return [{name: row[name] for name in names} for row in rows]
