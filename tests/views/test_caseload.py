"""The caseload: one row per patient, those who need somebody today on top."""

from datetime import date

import pytest
import streamlit as st

from data.alerts import close_alert, list_alerts
from data.example_practice import make_example
from data.patients import close_course, patient_by_record_number
from data.tables import course as course_table
from tests.views.clinic import Clinic, moment, open_page, pcl5, phq9, text_of


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def opened():
    app = open_page("caseload.py")
    assert not app.exception, [error.message for error in app.exception]
    return app


def shown(app):
    """Return the rows that are shown, by record number, in order."""
    table = app.dataframe[0].value
    return {row["Record number"]: row for row in table.to_dict("records")}


def choose(app, label, value):
    box = next(box for box in app.selectbox if box.label == label)
    return box.set_value(value).run()


def treated(clinic, number, scores, **facts):
    """Add a patient with a PHQ-9 and an infusion on each of these days ago."""
    course = clinic.course(clinic.patient(number, **facts))
    for days_ago, total in scores.items():
        clinic.form(course, days_ago, phq9(total))
        clinic.infusion(course, days_ago)
    return course


def test_an_empty_practice_says_what_to_do_next(clinic):
    app = opened()
    assert "no patients here yet" in text_of(app)
    labels = [button.label for button in app.button]
    assert {"Record the first patient", "Open the example practice"} <= set(labels)


def test_a_row_says_where_the_patient_stands(clinic):
    with clinic.writing():
        treated(clinic, "A-1", {20: 20, 16: 15, 8: 9})
    row = shown(opened())["A-1"]
    assert row["Patient"] == "Example, Ada"
    assert row["PHQ-9"] == "9, mild"
    assert row["PHQ-9 change"] == "−11 (−55 %)"
    assert row["PHQ-9 status"] == "Response"
    assert list(row["PHQ-9 trend"]) == [20, 15, 9]
    assert row["Infusions"] == "3 of 6"
    assert row["Days since infusion"] == 8
    assert row["Days since form"] == 8
    assert (row["Indication"], row["Clinician"]) == ("depression", "Dr Lee")


def test_a_baseline_alone_is_no_change_and_no_line(clinic):
    with clinic.writing():
        treated(clinic, "A-1", {5: 20})
    row = shown(opened())["A-1"]
    assert (row["PHQ-9"], row["PHQ-9 change"]) == ("20, severe", "")
    assert row["PHQ-9 status"] == "Cannot tell (no later form)"
    assert list(row["PHQ-9 trend"]) == []


def test_the_last_pcl5_names_its_recall_window(clinic):
    with clinic.writing():
        course = treated(clinic, "A-1", {20: 20})
        clinic.form(course, 20, pcl5(50), measure="pcl5", recall_window="past_week")
        clinic.form(course, 3, pcl5(30), measure="pcl5", recall_window="past_week")
    row = shown(opened())["A-1"]
    assert row["PCL-5"] == "30, past week"
    assert row["PCL-5 status"] == "Response"
    assert row["PCL-5 change"] == "−20 (−40 %)"


def test_a_baseline_on_another_window_is_not_compared(clinic):
    with clinic.writing():
        course = treated(clinic, "A-1", {20: 20})
        clinic.form(course, 20, pcl5(50), measure="pcl5")
        clinic.form(course, 3, pcl5(40), measure="pcl5", recall_window="past_week")
    row = shown(opened())["A-1"]
    assert row["PCL-5 status"] == "Cannot tell (other recall window)"
    assert row["PCL-5 change"] == ""
    assert list(row["PCL-5 trend"]) == []


def test_an_incomplete_last_form_shows_the_total_before_it_as_earlier(clinic):
    with clinic.writing():
        course = treated(clinic, "A-1", {20: 20, 16: 9})
        clinic.form(course, 3, (*phq9(8)[:8], None))
    row = shown(opened())["A-1"]
    assert row["PHQ-9"] == "9, mild (earlier)"
    assert row["PHQ-9 status"] == "Cannot tell (incomplete form)"
    assert row["Item 9"] == ["▲ Open, last not answered"]


def test_only_an_incomplete_form_has_no_total(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.infusion(course, 5)
        clinic.form(course, 5, (*phq9(8)[:8], None))
    row = shown(opened())["A-1"]
    assert (row["PHQ-9"], row["PHQ-9 change"]) == ("incomplete", "")


def test_patients_without_course_infusion_or_form_have_rows_too(clinic):
    with clinic.writing():
        clinic.patient("A-1", given_name=None, family_name=None)
        clinic.course(clinic.patient("A-2"))
        clinic.infusion(clinic.course(clinic.patient("A-3")), 5)
    rows = shown(opened())
    assert set(rows) == {"A-1", "A-2", "A-3"}
    assert rows["A-1"]["Patient"] == "Name not recorded"
    assert rows["A-1"]["Indication"] == "not recorded"
    assert [rows[n]["Infusions"] for n in rows] == ["1 of 6", "0 of 6", "0 of 6"]
    assert all(len(row["Item 9"]) == 0 for row in rows.values())


def test_a_practice_without_any_form_is_shown(clinic):
    with clinic.writing():
        clinic.patient("A-1")
    assert "1 patient, none with an open item-9 alert" in text_of(opened())


def test_an_open_alert_comes_first_with_mark_and_words(clinic):
    with clinic.writing():
        treated(clinic, "A-1", {50: 12, 40: 20})
        alarming = clinic.course(clinic.patient("A-2"))
        clinic.infusion(alarming, 2)
        clinic.form(alarming, 2, phq9(12, item_9=2))
    app = opened()
    assert list(shown(app)) == ["A-2", "A-1"]
    assert shown(app)["A-2"]["Item 9"] == ["▲ Open, last 2"]
    assert "2 patients, 1 with an open item-9 alert" in text_of(app)


def test_an_alert_that_was_acted_on_is_no_longer_open(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.form(course, 2, phq9(12, item_9=2))
        (alert,) = list_alerts(clinic.connection)
        close_alert(clinic.connection, alert.id, action="referred", note="")
    app = opened()
    assert shown(app)["A-1"]["Item 9"] == ["2, acted on"]
    assert "none with an open item-9 alert" in text_of(app)


def test_a_0_is_a_0_and_no_more(clinic):
    with clinic.writing():
        treated(clinic, "A-1", {5: 12})
    app = opened()
    assert shown(app)["A-1"]["Item 9"] == ["0"]
    assert "no risk" not in text_of(app).lower()


def test_item_9_is_not_known_from_a_total(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.form(course, 5, total=12)
    assert shown(opened())["A-1"]["Item 9"] == ["item 9 not known"]


@pytest.fixture
def waiting(clinic):
    """Four patients: worse; two weeks and a week without a form; before treatment."""
    with clinic.writing():
        treated(clinic, "C-week", {40: 20, 7: 18}, family_name="Young")
        treated(clinic, "B-worse", {40: 12, 2: 20}, family_name="Ames")
        treated(clinic, "A-weeks", {40: 20, 14: 18}, family_name="Miller")
        clinic.course(clinic.patient("D-new", family_name="Novak"))
    return clinic


def test_worse_comes_before_the_longest_without_a_form(waiting):
    assert list(shown(opened())) == ["B-worse", "A-weeks", "C-week", "D-new"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Name", ["B-worse", "A-weeks", "D-new", "C-week"]),
        ("Last infusion", ["B-worse", "C-week", "A-weeks", "D-new"]),
    ],
)
def test_other_orders_can_be_chosen(waiting, order, expected):
    assert list(shown(choose(opened(), "Order", order))) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("miller", {"A-weeks"}),
        ("b-wor", {"B-worse"}),
        ("ada ames", {"B-worse"}),
        ("", {"A-weeks", "B-worse", "C-week", "D-new"}),
        ("  ", {"A-weeks", "B-worse", "C-week", "D-new"}),
    ],
)
def test_search_finds_names_and_record_numbers(waiting, search, expected):
    app = opened()
    app.text_input(key="caseload_search").set_value(search).run()
    assert set(shown(app)) == expected


def test_search_ignores_accents_and_takes_marks_as_they_are(clinic):
    with clinic.writing():
        clinic.patient("A-1", family_name="Núñez")
        clinic.patient("A-2", family_name="O'Hara (Smith)")
    app = opened()
    search = app.text_input(key="caseload_search")
    assert set(shown(search.set_value("nunez").run())) == {"A-1"}
    assert set(shown(search.set_value("(smith").run())) == {"A-2"}


def test_nobody_found_says_so(waiting):
    app = opened()
    app.text_input(key="caseload_search").set_value("zzz").run()
    assert "Nobody matches" in text_of(app)
    assert not app.dataframe


def test_an_open_alert_outside_the_search_is_still_told(clinic):
    with clinic.writing():
        treated(clinic, "A-1", {5: 12})
        course = clinic.course(clinic.patient("A-2"))
        clinic.form(course, 2, phq9(12, item_9=2))
    app = opened()
    app.text_input(key="caseload_search").set_value("A-1").run()
    assert "1 more patient with an open item-9 alert" in text_of(app)


def test_who_is_no_longer_in_care_is_shown_when_asked_for(clinic):
    with clinic.writing():
        treated(clinic, "A-now", {90: 20})
        treated(clinic, "A-silent", {91: 20})
        closed = treated(clinic, "A-closed", {20: 20})
        close_course(clinic.connection, closed, closed=moment(1).date(), reason="moved")
    app = opened()
    assert set(shown(app)) == {"A-now"}
    assert "of 3 in this practice" in text_of(app)
    assert set(shown(choose(app, "Show", "Not active"))) == {"A-silent", "A-closed"}
    assert len(shown(choose(app, "Show", "Everybody"))) == 3


def test_an_open_alert_keeps_a_closed_course_in_view(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.form(course, 200, phq9(12, item_9=1))
        close_course(clinic.connection, course, closed=moment(1).date(), reason="moved")
    assert set(shown(opened())) == {"A-1"}


def test_clinician_and_indication_narrow_the_list(clinic):
    with clinic.writing():
        clinic.course(clinic.patient("A-1"), clinician="Dr Lee")
        clinic.course(clinic.patient("A-2"), clinician="Dr Shah", indication="ptsd")
        clinic.course(clinic.patient("A-3"), clinician=None, indication=None)
    app = opened()
    assert set(shown(choose(app, "Clinician", "Dr Shah"))) == {"A-2"}
    choose(app, "Clinician", "All clinicians")
    assert set(shown(choose(app, "Indication", "PTSD"))) == {"A-2"}
    assert set(shown(choose(app, "Indication", "not recorded"))) == {"A-3"}


def test_the_latest_course_is_the_one_that_is_shown(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        first = clinic.course(patient, days_ago=400)
        clinic.form(first, 380, phq9(22))
        clinic.infusion(first, 380)
        second = clinic.course(patient, days_ago=30)
        clinic.form(second, 10, phq9(14))
    row = shown(opened())["A-1"]
    assert (row["PHQ-9"], row["Infusions"]) == ("14, moderate", "0 of 6")


def patient_id(clinic, number):
    with clinic.reading() as connection:
        return patient_by_record_number(connection, number).id


def tick(app, row):
    """Tick a row of the table as it is shown now; the page has not run yet."""
    key = app.dataframe[0].key
    app.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return app


def test_ticking_a_row_opens_that_patient(waiting):
    app = tick(opened(), 1).run()
    assert app.query_params["patient"] == patient_id(waiting, "A-weeks")
    assert "Miller" in app.title[0].value


def test_clicking_a_name_opens_that_patient(waiting):
    app = opened()
    key = app.dataframe[0].key.replace("caseload_", "caseload_name_")
    app.session_state[key] = {"row": 2, "label": "Young, Ada"}
    app.run()
    assert app.query_params["patient"] == patient_id(waiting, "C-week")


def test_a_row_ticked_in_a_list_that_changed_opens_nobody(waiting):
    app = tick(opened(), 1)
    app.text_input(key="caseload_search").set_value("young").run()
    assert app.title[0].value == "Caseload"
    assert "patient" not in app.query_params


def test_names_stay_out_of_addresses_titles_and_keys(waiting):
    app = opened()
    kept = [app.dataframe[0].key, *(box.key for box in app.selectbox)]
    app = tick(app, 1).run()
    assert "Miller" not in f"{kept} {app.query_params}"
    assert "A-weeks" not in f"{kept} {app.query_params}"


@pytest.fixture(scope="module")
def example_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('caseload') / 'example.sqlite'}"
    make_example(url, as_of=date(2026, 11, 1))
    return url


def test_the_example_practice_has_a_row_for_every_patient(example_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", example_url)
    app = choose(opened(), "Show", "Everybody")
    assert len(shown(app)) == 120
    assert "120 patients" in text_of(app)
    assert app.dataframe[0].value["PHQ-9 status"].str.len().gt(0).any()
    st.cache_resource.clear()


# Orders.


@pytest.fixture
def mixed(clinic):
    """Four patients, each first in one of the orders."""
    with clinic.writing():
        treated(clinic, "A-better", {40: 20, 5: 4}, family_name="Ames")
        treated(clinic, "B-worse", {40: 10, 4: 20}, family_name="Best")
        stuck = treated(clinic, "C-stuck", {40: 20, 33: 19}, family_name="Cole")
        for days in (30, 27, 24):
            clinic.infusion(stuck, days)
        item_9 = treated(clinic, "D-item-9", {20: 20}, family_name="Dahl")
        clinic.form(item_9, 3, phq9(12, item_9=2))
    return clinic


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("Item 9", ["D-item-9"]),
        ("Getting worse", ["B-worse", "C-stuck"]),
        ("Not improving", ["C-stuck", "B-worse"]),
        ("Longest without a form", ["C-stuck", "A-better", "B-worse"]),
    ],
)
def test_each_order_begins_with_whom_it_is_for(mixed, order, first):
    found = list(shown(choose(opened(), "Order", order)))
    assert found[: len(first)] == first


def test_in_the_order_of_item_9_not_answered_stands_above_a_0(clinic):
    with clinic.writing():
        treated(clinic, "A-0", {5: 12})
        clinic.form(clinic.course(clinic.patient("B-total")), 5, total=12)
        acted_on = clinic.course(clinic.patient("C-1"))
        clinic.form(acted_on, 5, phq9(12, item_9=1))
        clinic.course(clinic.patient("D-none"))
        for alert in list_alerts(clinic.connection):
            close_alert(clinic.connection, alert.id, action="referred", note="")
    found = list(shown(choose(opened(), "Order", "Item 9")))
    assert found == ["C-1", "B-total", "A-0", "D-none"]


# A form from before the course.


@pytest.mark.parametrize(
    ("form", "infusion", "status"),
    [
        (41, 10, "Cannot tell (no later form)"),
        (10, 10, "Cannot tell (no later form)"),
        (9, 10, "Remission, no baseline"),
    ],
)
def test_a_form_before_infusion_1_is_no_result_however_old(
    clinic, form, infusion, status
):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.form(course, form, phq9(3))
        clinic.infusion(course, infusion)
    assert shown(opened())["A-1"]["PHQ-9 status"] == status


# Columns.


def test_a_narrow_screen_has_what_one_looks_for_first(waiting):
    app = opened()
    order = list(app.dataframe[0].proto.column_order)
    assert order[:4] == ["Item 9", "Patient", "PHQ-9 status", "PCL-5 status"]
    assert not [name for name in order if "trend" in name or "change" in name]
    app.toggle(key="caseload_columns").set_value(True).run()
    assert list(app.dataframe[0].proto.column_order) == []


# Saved filters.


def press(app, label):
    return next(b for b in app.button if b.label == label).click().run()


def test_filters_are_saved_chosen_and_deleted(waiting):
    app = opened()
    assert "save them here under a name" in text_of(app)
    choose(app, "Order", "Name")
    choose(app, "Show", "Everybody")
    name = next(t for t in app.text_input if t.label == "Save these filters as")
    name.set_value("By name")
    app.text_input(key="caseload_search").set_value("Young")
    press(app, "Save")
    app = opened()
    boxes = {box.label: box.value for box in app.selectbox}
    assert (boxes["Order"], boxes["Show"]) == ("Needs attention", "Active")
    press(app, "By name")
    boxes = {box.label: box.value for box in app.selectbox}
    assert (boxes["Order"], boxes["Show"]) == ("Name", "Everybody")
    assert app.text_input(key="caseload_search").value in (None, "")
    press(app, "Delete")
    assert "By name" not in [button.label for button in app.button]
    assert "By name" not in [button.label for button in opened().button]


def test_a_saved_choice_that_is_there_no_more_is_left_as_it_is(waiting):
    app = opened()
    choose(app, "Order", "Name")
    choose(app, "Clinician", "Dr Lee")
    name = next(t for t in app.text_input if t.label == "Save these filters as")
    name.set_value("Mine")
    press(app, "Save")
    with waiting.writing():
        waiting.connection.execute(course_table.update().values(clinician="Dr Shah"))
    app = opened()
    press(app, "Mine")
    boxes = {box.label: box.value for box in app.selectbox}
    assert (boxes["Order"], boxes["Clinician"]) == ("Name", "All clinicians")


def test_the_example_has_no_accounts_and_so_no_saved_filters(example_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", example_url)
    monkeypatch.setattr("views.state.in_example", lambda: True)
    monkeypatch.setattr("data.database.example_url", lambda: example_url)
    app = opened()
    assert "Save these filters as" not in [t.label for t in app.text_input]
    st.cache_resource.clear()


# Keys of the search.


@pytest.fixture
def entering(monkeypatch):
    """Press Enter behind a text in the next run, as the browser would."""

    def enter(app, text):
        pressed = iter([text])
        monkeypatch.setattr(
            "views.search_keys.search_keys", lambda key: next(pressed, None)
        )
        return app.run()

    return enter


def test_enter_opens_the_only_one_found(waiting, entering):
    app = entering(open_page("caseload.py"), "mill")
    assert app.title[0].value == r"Miller\, Ada"


@pytest.mark.parametrize("text", ["a", "zzz"])
def test_enter_opens_nobody_where_several_or_none_are_found(waiting, entering, text):
    assert entering(open_page("caseload.py"), text).title[0].value == "Caseload"
