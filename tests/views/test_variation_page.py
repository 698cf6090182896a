"""The page Variation: opened on every practice, and what it shows of a larger one."""

import csv
from dataclasses import replace

import pytest
import streamlit as st
from sqlalchemy import text

from data.database import open_database, reading, writing
from data.moments import today
from data.site_frames import course_sites_frame
from measures.days import day_number
from measures.registry import CRITERIA
from tests.actors import TESTER
from tests.factories import add_course, write_practice
from tests.factories import practice as records
from tests.views.clinic import text_of
from tests.views.offered_files import offered_files
from tests.views.results_pages import EMPTY, TINY, opened
from views.results.counts.recut import Practice, Selection
from views.results.counts.variation import CLINICIAN, SITE, variation
from views.results.wording import variation as wording
from views.results.wording.numbers import unbroken


RESPONSE = CRITERIA["phq9_response_50"]
NAMES = ("Adams", "Baker", "Clark", "Davis", "Evans", "*Flores*", "")


@pytest.fixture
def seven(example_practice, monkeypatch):
    """Give the courses of the example to six clinicians, some to nobody."""
    monkeypatch.setenv("DATABASE_URL", example_practice)
    with records(example_practice) as connection:
        for number, name in enumerate(NAMES):
            query = text("UPDATE course SET clinician = :name WHERE id % 7 = :number")
            connection.execute(query, {"name": name or None, "number": number})
    yield example_practice
    st.cache_resource.clear()


def counted(url, criterion=RESPONSE, by=CLINICIAN, measure="phq9"):
    """Return what is counted, asked directly."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        practice = Practice(connection, Selection(day_number(today())))
        found = variation(practice, measure, "weeks_2_4", criterion=criterion, by=by)
    engine.dispose()
    return found


def choose(app, label, value):
    kinds = ("button_group", "selectbox")
    widgets = [w for kind in kinds for w in app.get(kind) if w.label == label]
    app = widgets[0].set_value(value).run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def rows_of(app, place=0):
    """Return a table of words as it stands on the page."""
    return app.table[place].value.to_dict("records")


def shown(rows):
    return [{k: unbroken(cell) for k, cell in row.items()} for row in rows]


def pills(app, label="Show the patients behind a number", place=0):
    found = [w for w in app.get("button_group") if w.label == label]
    return found[place]


def test_it_opens_on_every_practice(practice):
    app = opened("variation.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    elif practice == TINY:
        assert "Too few clinicians to tell one from chance" in text_of(app)
    else:
        assert len(rows_of(app)) == 6
        assert len(app.get("plotly_chart")) == 2, "the funnel and the months"


def test_three_patients_are_too_few_for_a_chart_of_months(
    migrated_sqlite_url, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions           | phq9
        -------+---------------------+----------------
        a      | 0, 3, 7, 10, 14, 17 | -1: 20, 38: 8
        """,
    )
    app = opened("variation.py")
    assert "it takes 12 complete months" in text_of(app)
    assert not app.get("plotly_chart")


def test_what_it_shows_of_units_is_what_is_counted(seven):
    app, found = opened("variation.py"), counted(seven)
    said = unbroken(wording.units_sentence(found, "met response (50 % fall)"))
    assert said.split(":")[0] in text_of(app)
    assert rows_of(app) == shown(wording.unit_rows(found))
    assert [row["Clinician"] for row in rows_of(app)] == [
        r"\*Flores\*",
        "Adams",
        "Baker",
        "Clark",
        "Davis",
        "Evans",
        "Not recorded",
    ]
    assert len(app.get("plotly_chart")) == 2
    assert "Not adjusted for whom each one treats" in text_of(app)


def test_completeness_asks_for_no_criterion(seven):
    app = choose(opened("variation.py"), "Counted", "completeness")
    found = counted(seven, criterion=None)
    assert rows_of(app) == shown(wording.unit_rows(found))
    assert "Criterion" not in [box.label for box in app.selectbox]
    assert "were measured" in text_of(app)


def test_a_unit_too_small_for_limits_is_not_said_to_lie_within(seven):
    found = counted(seven)
    small = replace(found.funnel.units[0], outside=None, limits=())
    assert wording.position(small) == "too few for limits"
    assert wording.position(replace(found.funnel.units[0], outside=None)) == (
        "within the limits"
    )


def test_two_sites_are_refused_and_still_counted(seven):
    app = choose(opened("variation.py"), "Compared", "site")
    assert "Too few sites to tell one from chance" in text_of(app)
    assert rows_of(app) == shown(wording.unit_rows(counted(seven, by=SITE)))
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize(("kind", "of"), [("p-chart", "p_chart"), ("XmR", "xmr")])
def test_the_months_and_their_rules_are_what_is_counted(seven, kind, of):
    app = choose(opened("variation.py"), "Chart", kind)
    found = counted(seven)
    chart = getattr(found, of)
    assert unbroken(wording.months_sentence(chart)) in text_of(app)
    assert rows_of(app, 1) == shown(wording.rule_rows(chart))
    assert rows_of(app, 2) == shown(wording.month_rows(found, chart))
    assert "With nothing going on" in text_of(app)


def test_a_chosen_clinician_is_refused_in_words(seven):
    app = choose(opened("variation.py"), "Clinician", "Adams")
    assert "needs at least 5 with somebody measured, and 1 has." in text_of(app)


# The patients behind.


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4])
def test_each_number_of_a_unit_leads_to_its_patients(seven, number):
    app = choose(opened("variation.py"), "Clinician whose patients to show", "Baker")
    code, _, states = wording.numbers("rate")[number]
    app = pills(app).set_value(code).run()
    wanted = counted(seven).in_states(states, unit="Baker")
    assert len(wanted)
    assert len(app.dataframe[0].value) == len(wanted)


def test_each_month_leads_to_its_patients(seven):
    found = counted(seven)
    month = next(m for m in found.months if m.events)
    app = choose(opened("variation.py"), "Month whose patients to show", month.label)
    app = pills(app, place=1).set_value("events").run()
    assert len(app.dataframe[0].value) == month.events


# The files.


def test_the_files_hold_every_unit_and_month_and_no_small_count(seven):
    with offered_files() as files:
        opened("variation.py")
    made = {name: read(make()) for name, make in files.items()}
    found = counted(seven)
    units = made["variation-by-clinician.csv"]
    assert [row["Clinician"] for row in units] == [
        *("*Flores*", "Adams", "Baker", "Clark", "Davis", "Evans"),
        *("Not recorded", "All together"),
    ]
    months = made["variation-by-month.csv"]
    labels = [month.label for month in found.months]
    assert [row["Infusion 1 in"] for row in months] == [*labels, "All together"]
    for row in units + months:
        for name in ("Criterion met", "Measured", "Due"):
            assert not row[name].isdigit() or int(row[name]) >= 5
        assert row["Criterion"].startswith("Response")
        assert "Not adjusted" in row["Not adjusted"]


def read(made):
    return list(csv.DictReader(made.decode("utf-8-sig").splitlines()))


# Sites.


def test_a_course_stays_with_the_site_where_it_was_given(migrated_url):
    with records(migrated_url) as connection:
        course_id = add_course(connection)
        connection.execute(text("INSERT INTO site (name) VALUES ('South')"))
    engine = open_database(migrated_url)
    with writing(engine, TESTER) as connection:
        connection.execute(text("UPDATE patient SET site_id = 2"))
        frame = course_sites_frame(connection)
        first = connection.scalar(text("SELECT name FROM site WHERE id = 1"))
    engine.dispose()
    assert frame.to_dict("records") == [{"course_id": course_id, "site": first}]
