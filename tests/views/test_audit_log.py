"""The Audit page: searched, paged, taken out, and checked for being whole."""

import csv
import io
from datetime import timedelta
from unittest.mock import patch

import pytest
import streamlit as st
from sqlalchemy import text, update
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from data import moments
from data.actors import CLINICIAN, LEAD
from data.audit import add_audit_entry, list_audit_entries, note
from data.database import reading, writing
from data.tables import audit_entry
from tests.actors import TESTER, with_role
from tests.views.clinic import MAIN, SECONDS, Clinic, text_of, visited_by


LEE, KIM = (with_role(CLINICIAN, name=name) for name in ("Dr Lee", "Nurse Kim"))


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("TIME_ZONE", "UTC")
    clinic = Clinic(migrated_sqlite_url)
    with clinic.writing():
        clinic.ann = clinic.patient("A-1", family_name="Lindqvist")
        clinic.bob = clinic.patient("B-2")
    yield clinic
    st.cache_resource.clear()


@pytest.fixture
def page(clinic):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    visited_by(app, LEAD, name="Lead")
    app._page_hash = calc_hash("audit")
    return app


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    assert app.title[0].value == "Audit"
    return app


def view(clinic, actor, *patients):
    with writing(clinic.engine, actor) as connection:
        for patient in patients:
            note(connection, "view", f"patient {patient}", patient)


def field(app, label):
    kinds = ("text_input", "multiselect", "date_input")
    return next(w for kind in kinds for w in app.get(kind) if w.label == label)


def ask(app, label, value):
    field(app, label).set_value(value)
    return checked(app.run())


def press(app, label):
    button = next(button for button in app.button if button.label == label)
    return checked(button.click().run())


def table(app, column):
    return next((t.value for t in app.table if column in t.value.columns), None)


def rows(app):
    """Return who did what, of which patient."""
    shown = table(app, "Entry")
    if shown is None:
        return []
    return [
        tuple(row[name].replace("\\", "") for name in ("Who", "Action", "Patient"))
        for row in shown.to_dict("records")
    ]


def numbers(app):
    return [int(entry) for entry in table(app, "Entry")["Entry"]]


def told(clinic):
    with reading(clinic.engine, TESTER) as connection:
        entries = list(list_audit_entries(connection))
    return [(e.action, e.subject) for e in entries if e.who == "lead-lead"]


def test_entries_come_newest_first_with_record_numbers_and_no_names(page, clinic):
    view(clinic, LEE, clinic.ann)
    checked(page.run())
    assert rows(page)[:2] == [("lead-lead", "view", ""), ("dr-lee", "view", "A-1")]
    assert rows(page)[-1] == ("manage.py (Tester)", "add", "A-1")
    assert numbers(page) == sorted(numbers(page), reverse=True)
    shown = table(page, "Entry").to_string() + text_of(page)
    assert "Lindqvist" not in shown


def test_a_record_number_is_not_shown_as_markdown(page, clinic):
    with clinic.writing():
        clinic.patient("![x](http://a.b)")
    checked(page.run())
    assert r"\!\[x\]\(" in table(page, "Entry")["Patient"][1]


def test_who_opened_a_record_is_told_by_person(page, clinic):
    view(clinic, KIM, clinic.ann)
    view(clinic, LEE, clinic.ann, clinic.bob, clinic.ann)
    ask(checked(page.run()), "Patient", " A-1 ")
    opened = table(page, "Opened")[["Who", "Opened"]].values.tolist()
    assert sorted(opened) == [[r"dr\-lee", "2 times"], [r"nurse\-kim", "once"]]
    assert [row for row in rows(page) if row[2] != "A-1"] == []
    assert len(rows(page)) == 4


def test_a_record_that_nobody_opened_says_so(page, clinic):
    ask(checked(page.run()), "Patient", "B-2")
    assert "Nobody has opened it on a page" in text_of(page)
    assert rows(page) == [("manage.py (Tester)", "add", "B-2")]


def test_an_unknown_record_number_is_answered_in_words(page):
    ask(checked(page.run()), "Patient", "Z-9")
    assert page.info[0].value == "There is no patient with this record number."
    assert rows(page) == []


def test_filters_go_together(page, clinic):
    view(clinic, LEE, clinic.ann, clinic.bob)
    view(clinic, KIM, clinic.ann)
    checked(page.run())
    assert {who for who, _, _ in rows(ask(page, "Who", "LEE"))} == {"dr-lee"}
    assert rows(ask(page, "Patient", "B-2")) == [("dr-lee", "view", "B-2")]
    assert rows(ask(page, "Actions", ["add"])) == []
    assert "No entry fits" in text_of(page)
    ask(page, "Who", "")
    assert rows(page) == [("manage.py (Tester)", "add", "B-2")]


def test_days_are_asked_for_on_the_practices_calendar(page, clinic):
    checked(page.run())
    today = moments.today()
    assert len(rows(ask(page, "From", today))) == len(rows(page))
    assert rows(ask(page, "Until", today - timedelta(days=1))) == []
    field(page, "From").set_value(None)
    assert rows(ask(page, "Until", today - timedelta(days=1))) == []
    assert rows(ask(page, "Until", today))


def test_a_hundred_at_a_time_there_and_back(page, clinic):
    with writing(clinic.engine, LEE) as connection:
        for number in range(250):
            add_audit_entry(connection, action="add", subject=f"thing {number}")
    checked(page.run())
    ask(page, "Who", "dr-lee")
    first = numbers(page)
    assert len(first) == 100
    second = numbers(press(page, "Older"))
    third = numbers(press(page, "Older"))
    assert len(third) == 50
    assert first + second + third == list(range(first[0], first[0] - 250, -1))
    assert [b.disabled for b in page.button if b.label == "Older"] == [True]
    assert numbers(press(page, "Newer")) == second
    assert numbers(press(page, "Newer")) == first
    assert [b.disabled for b in page.button if b.label == "Newer"] == [True]


def test_another_question_begins_at_the_newest(page, clinic):
    with writing(clinic.engine, LEE) as connection:
        for number in range(150):
            add_audit_entry(connection, action="add", subject=f"thing {number}")
    newest = numbers(ask(checked(page.run()), "Who", "dr-lee"))[0]
    press(page, "Older")
    assert numbers(ask(page, "Actions", ["add"]))[0] == newest


def test_a_short_list_has_no_pages(page):
    checked(page.run())
    assert not {"Older", "Newer"} & {button.label for button in page.button}


def test_looking_is_told_once(page, clinic):
    checked(page.run())
    checked(page.run())
    assert told(clinic) == [("view", "audit")]


def test_what_fits_is_prepared_as_a_file_and_that_is_told(page, clinic):
    view(clinic, LEE, clinic.ann)
    checked(page.run())
    ask(page, "Who", "dr-lee")
    assert not page.get("download_button")
    files = []
    with patch("streamlit.download_button", lambda _, data, **__: files.append(data)):
        press(page, "Prepare the file")
    assert told(clinic) == [("view", "audit"), ("export", "audit")]
    (row,) = csv.DictReader(io.StringIO(files[0].decode("utf-8-sig")))
    assert (row["who"], row["patient"]) == ("dr-lee", clinic.ann)
    assert len(row["hash"]) == 64
    press(page, "Prepare the file")
    assert len(page.get("download_button")) == 1
    assert not checked(page.run()).get("download_button")


# Whether it is whole.


def newest_hash(clinic):
    with reading(clinic.engine, TESTER) as connection:
        return list(list_audit_entries(connection))[-1].hash


def unguarded(clinic, *statements):
    """Change the table as somebody would who has taken its triggers away."""
    with clinic.engine.begin() as connection:
        for name in ("delete", "rewrite"):
            connection.execute(text(f"DROP TRIGGER audit_entry_no_{name}"))
        for statement in statements:
            connection.execute(statement)


def check(app, seal=""):
    field(app, "A seal that you kept elsewhere, if you have one").set_value(seal)
    return press(app, "Check the chain")


def test_a_whole_chain_is_said_to_be_whole_and_gives_its_seal(page, clinic):
    check(checked(page.run()))
    assert "No entry was changed" in page.success[0].value
    assert page.code[0].value == newest_hash(clinic)


def test_a_changed_entry_is_named(page, clinic):
    unguarded(clinic, update(audit_entry).where(audit_entry.c.id == 2).values(who="x"))
    check(checked(page.run()))
    assert page.error[0].value.startswith(
        "Entry 2 was changed after it was written. The entries before it are whole."
    )
    assert not page.success and not page.code


def test_a_kept_seal_is_found_again(page, clinic):
    kept = newest_hash(clinic)
    check(checked(page.run()), f" {kept} ")
    assert page.success


def test_a_kept_seal_that_is_gone_is_told(page, clinic):
    check(checked(page.run()), "0" * 64)
    assert "no entry with this seal" in page.error[0].value
    assert not page.success
