"""The commands for accounts and for the audit: what they do, and what they refuse."""

import re

import pytest
from sqlalchemy import text

from data.accounts import credentials_of, invited_account
from data.actors import door
from data.audit import list_audit_entries
from data.database import open_database, reading
from data.sites import add_site
from tests.actors import TESTER, session_of, sign_in
from tests.factories import practice
from tests.unit.test_manage import refused, run, said, told


@pytest.fixture
def url(migrated_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    return migrated_url


def token_in(text_with_link):
    return re.search(r"/welcome\?token=(\S+)", text_with_link)[1]


def test_an_invitation_makes_the_account_and_prints_a_link_that_works_once(url):
    link = said("invite", "Ann@Example.org", "--name", "Ann Lee", "--role", "clinician")
    assert "http://127.0.0.1:8501/welcome?token=" in link
    (row,) = told("accounts")
    assert row == {
        "id": row["id"],
        "login": "ann@example.org",
        "name": "Ann Lee",
        "roles": ["clinician"],
        "sites": ["Main site"],
        "second_factor": False,
        "password_set": False,
        "disabled": False,
    }
    engine = open_database(url)
    with reading(engine, door()) as connection:
        assert invited_account(connection, token_in(link)).id == row["id"]
        assert invited_account(connection, "x" * 43) is None
    engine.dispose()


def test_a_second_invitation_replaces_the_first(url):
    first = said("invite", "ann", "--role", "lead")
    second = said("invite", "ann")
    engine = open_database(url)
    with reading(engine, door()) as connection:
        assert invited_account(connection, token_in(first)) is None
        assert invited_account(connection, token_in(second)) is not None
    engine.dispose()


def test_the_link_has_the_address_that_browsers_use(url, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://outcomes.example.org")
    link = told("invite", "ann", "--role", "lead")["link"]
    assert link.startswith("https://outcomes.example.org/welcome?token=")


def test_with_several_sites_a_clinicians_have_to_be_named(url):
    with practice(url) as connection:
        add_site(connection, "South")
    said("invite", "ann", "--role", "clinician")
    said("invite", "bob", "--role", "clinician", "--site", "South")
    assert [row["sites"] for row in told("accounts")] == [[], ["South"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("invite", "ann"), "An account needs a role; allowed: clinician, lead, adm"),
        (("invite", "ann", "--role", "nurse"), "Role 'nurse' is not known"),
        (("invite", "a b", "--role", "lead"), "Login 'a b' is not allowed"),
        (("invite", "a", "--role", "lead", "--site", "X"), "Site 'X' is not known"),
        (("disable", "nobody"), "There is no account 'nobody'"),
        (("verify-audit", "--expect", "0" * 63), "the newest are gone"),
    ],
)
def test_refuses_in_one_line_and_keeps_nothing(url, arguments, message):
    assert message in refused(*arguments)
    assert told("accounts") == []


def test_a_disabled_account_is_out_at_once(url):
    said("invite", "root", "--role", "administrator")
    token = sign_in(url, "clinician", name="Ann")
    assert session_of(url, token) is not None
    said("disable", "ann-clinician")
    engine = open_database(url)
    with reading(engine, door()) as connection:
        assert credentials_of(connection, "ann-clinician") is None
    engine.dispose()
    assert session_of(url, token) is None


def test_the_last_administrator_cannot_be_disabled(url):
    said("invite", "root", "--role", "administrator")
    assert "last administrator" in refused("disable", "root")
    assert [row["disabled"] for row in told("accounts")] == [False]


def test_a_whole_audit_has_a_seal_to_keep_elsewhere(url):
    said("invite", "ann", "--role", "lead")
    seal = told("verify-audit")["newest"]
    said("invite", "bob", "--role", "lead")
    assert told("verify-audit", "--expect", seal)["whole"]


def test_a_changed_audit_is_refused_with_the_entry(url):
    said("invite", "ann", "--role", "lead")
    with practice(url) as connection:
        on = " ON audit_entry" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER audit_entry_no_rewrite{on}"))
        first = next(list_audit_entries(connection))
        connection.execute(
            text("UPDATE audit_entry SET who = 'x' WHERE id = :id"), {"id": first.id}
        )
    assert (
        refused("verify-audit").strip()
        == f"Audit entry {first.id} was changed after it was written"
    )


def test_what_a_command_does_is_in_the_audit_under_who_ran_it(url):
    run("invite", "ann", "--role", "lead")
    with practice(url) as connection:
        entries = list(list_audit_entries(connection))
    assert [entry.action for entry in entries] == ["add", "invite"]
    assert all(entry.who.startswith("manage.py (") for entry in entries)
    assert TESTER.login.startswith("manage.py (")
