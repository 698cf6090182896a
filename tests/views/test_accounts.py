"""The Accounts page: people are let in, changed, and let out; no password is typed."""

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.accounts import (
    accept_invitation,
    get_account,
    invited_account,
    list_accounts,
)
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD, door
from data.audit_search import search_audit
from data.database import open_database, reading, writing
from data.sessions import live_sessions
from data.settings import change_settings
from data.sites import add_site, list_sites
from data.tables import FIRST_SITE
from tests.actors import TESTER, session_of, sign_in
from tests.views.clinic import MAIN, SECONDS, text_of, visited_by


LINK = re.compile(r"/welcome\?token=([A-Za-z0-9_-]{43})")


@pytest.fixture
def engine(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()
    st.cache_resource.clear()


@pytest.fixture
def page(engine):
    """The page as an administrator opens it, whose account is number 1."""
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    return checked(visited_by(app, ADMINISTRATOR, name="Admin").run())


@pytest.fixture
def other(engine):
    """Another administrator, signed in; id of the account and of the session."""
    url = str(engine.url)
    session_id = session_of(url, sign_in(url, ADMINISTRATOR, name="Dr Other"))
    with reading(engine, door()) as connection:
        return live_sessions(connection, [session_id])[
            session_id
        ].account_id, session_id


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    assert app.title[0].value == "Accounts"
    return app


def field(app, label, nth=0):
    kinds = ("text_input", "selectbox", "multiselect", "button_group")
    found = [w for kind in kinds for w in app.get(kind) if w.label == label]
    return found[nth]


def press(app, label):
    button = next(button for button in app.button if button.label == label)
    return checked(button.click().run())


def labels(app):
    return {button.label for button in app.button}


def add(app, login="lee", name="Dr Lee", roles=(CLINICIAN,), sites=(FIRST_SITE,)):
    field(app, "Login").set_value(login)
    field(app, "Name", -1).set_value(name)
    field(app, "Roles", -1).set_value(list(roles))
    field(app, "Sites whose patients a clinician treats", -1).set_value(list(sites))
    return press(app, "Add and invite")


def choose(app, account_id):
    app.run()  # to know of accounts that were added meanwhile
    return checked(field(app, "Account").set_value(account_id).run())


def everybody(engine):
    with reading(engine, TESTER) as connection:
        return {account.login: account for account in list_accounts(connection)}


def account(engine, account_id):
    with reading(engine, TESTER) as connection:
        return get_account(connection, account_id)


def rows(app):
    return {row["Login"]: row for row in app.table[0].value.to_dict("records")}


def link(app):
    return app.code[0].value if app.code else None


def is_alive(engine, session_id):
    with reading(engine, door()) as connection:
        return session_id in live_sessions(connection, [session_id])


def told(engine):
    with reading(engine, TESTER) as connection:
        entries = search_audit(connection, limit=100, who="admin-administrator")
    return [f"{entry.action} {entry.subject}" for entry in entries]


def test_the_list_says_who_may_sign_in_and_as_what(page, engine):
    with reading(engine, TESTER) as connection:
        (site,) = list_sites(connection)
    assert rows(page) == {
        r"admin\-administrator": {
            "Login": r"admin\-administrator",
            "Name": "Admin",
            "Roles": "Administrator",
            "Sites": site.name,
            "Second factor": "No",
            "State": "No password yet",
        }
    }


def test_no_password_is_typed_here(page):
    shown = choose(page, 1)
    assert not [t for t in shown.text_input if "password" in t.label.lower()]
    assert all(t.proto.type == 0 for t in shown.text_input)


def test_who_is_added_is_in_the_list_and_has_an_invitation(page, engine):
    add(page, login=" Lee@Example.org ", roles=(LEAD, CLINICIAN))
    assert rows(page)[r"lee\@example\.org"]["Roles"] == "Clinician, lead"
    added = everybody(engine)["lee@example.org"]
    assert (added.name, added.roles) == ("Dr Lee", {CLINICIAN, LEAD})
    assert added.sites == {FIRST_SITE}
    assert told(engine) == [f"invite account {added.id}", f"add account {added.id}"]


def test_the_link_opens_the_account_and_is_shown_only_once(page, engine):
    add(page)
    (token,) = LINK.findall(link(page))
    assert page.subheader[0].value == "Invitation for Dr Lee"
    with writing(engine, door()) as connection:
        assert invited_account(connection, token).login == "lee"
        accept_invitation(connection, token, "hash")
    page.run()
    assert link(page) is None
    assert token not in text_of(page)
    assert "accounts-invitation" not in page.session_state
    assert rows(page)["lee"]["State"] == "Active"


@pytest.mark.parametrize(
    ("public_url", "address", "begins"),
    [
        ("https://outcomes.example.org", "http://127.0.0.1:8501/accounts", "https://outcomes.example.org/welcome?"),
        (None, "http://127.0.0.1:8501/accounts", "http://127.0.0.1:8501/welcome?"),
        (None, "http://evil.example/accounts", "/welcome?"),
    ],
)  # fmt: skip
def test_the_link_leads_to_this_practice_and_nowhere_else(
    page, monkeypatch, public_url, address, begins
):
    if public_url:
        monkeypatch.setenv("PUBLIC_URL", public_url)
    page.context = {"url": address}
    add(page)
    assert link(page).startswith(begins)


def test_the_form_is_empty_after_somebody_was_added_and_not_after_a_refusal(page):
    add(page, login="two words")
    assert page.error[0].value == (
        "Login 'two words' is not allowed; allowed: no spaces"
    )
    assert field(page, "Login").value == "two words"
    assert link(page) is None
    add(page)
    assert field(page, "Login").value == ""
    assert not field(page, "Roles", -1).value


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"login": ""}, "Login '' is not allowed"),
        ({"login": "admin-administrator"}, "There is an account"),
        ({"name": " "}, "Name ' ' is not allowed"),
        ({"roles": ()}, "An account needs a role; allowed: clinician, lead"),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(page, engine, facts, refusal):
    add(page, **facts)
    assert refusal in page.error[0].value
    assert len(everybody(engine)) == 1
    assert told(engine) == []


def test_the_only_site_is_suggested_and_one_of_several_is_not(page, engine):
    sites = "Sites whose patients a clinician treats"
    assert field(page, sites).value == [FIRST_SITE]
    with writing(engine, TESTER) as connection:
        add_site(connection, "South")
    st.cache_resource.clear()
    fresh = visited_by(
        AppTest.from_file(str(MAIN), default_timeout=SECONDS),
        ADMINISTRATOR,
        name="Second",
    )
    assert field(fresh.run(), sites).value == []


def test_name_roles_and_sites_are_changed(page, engine, other):
    account_id, _ = other
    choose(page, account_id)
    field(page, "Name").set_value("Dr Renamed")
    field(page, "Roles").set_value([CLINICIAN])
    field(page, "Sites whose patients a clinician treats").set_value([])
    press(page, "Save changes")
    changed = account(engine, account_id)
    assert (changed.name, changed.roles) == ("Dr Renamed", {CLINICIAN})
    assert changed.sites == set()
    assert told(engine) == [f"change account {account_id}"]


def test_disabling_is_confirmed_signs_out_and_can_be_undone(page, engine, other):
    account_id, session_id = other
    choose(page, account_id)
    assert "signed out everywhere at once" in text_of(page)
    assert is_alive(engine, session_id)
    press(page, "Disable this account")
    assert not is_alive(engine, session_id)
    assert rows(page)[r"dr\-other\-administrator"]["State"] == "Disabled"
    assert "Disable this account" not in labels(page)
    press(page, "Enable this account")
    assert not account(engine, account_id).disabled
    assert told(engine) == [
        f"enable account {account_id}",
        f"disable account {account_id}",
    ]


def test_a_new_link_ends_what_was_before(page, engine, other):
    account_id, session_id = other
    choose(page, account_id)
    assert "stop working" in text_of(page)
    press(page, "Make a new link")
    assert not is_alive(engine, session_id)
    (token,) = LINK.findall(link(page))
    with writing(engine, door()) as connection:
        assert invited_account(connection, token).id == account_id


def test_nobody_locks_themselves_out(page, engine):
    choose(page, 1)
    assert "your own account" in text_of(page)
    assert not labels(page) & {"Make a new link", "Disable this account"}
    field(page, "Roles").set_value([LEAD])
    press(page, "Save changes")
    assert page.error[0].value == (
        "This is the last administrator; make somebody else one first"
    )
    assert account(engine, 1).roles == {ADMINISTRATOR}


def test_what_an_account_is_called_is_shown_as_it_was_typed(page):
    add(page, login="*x*", name="![x](http://a.b/c)")
    assert rows(page)[r"\*x\*"]["Name"].startswith(r"\!\[x\]\(")
    assert r"\!\[x\]\(" in page.subheader[0].value


def test_the_list_says_who_still_has_to_set_up_a_required_second_factor(page, engine):
    with writing(engine, TESTER) as connection:
        change_settings(connection, second_factor_required=True)
    page.run()
    (row,) = rows(page).values()
    assert row["Second factor"] == "Asked for at the next sign-in"


def test_sites_are_added_and_renamed(page, engine):
    field(page, "Name of a new site").set_value("South")
    press(page, "Add site")
    assert "South" in text_of(page)
    field(page, "Site").set_value(FIRST_SITE)
    field(page, "Its new name").set_value("North")
    press(page, "Rename site")
    with reading(engine, TESTER) as connection:
        assert [site.name for site in list_sites(connection)] == ["North", "South"]


def test_a_site_that_is_there_already_is_refused_in_words(page, engine):
    with writing(engine, TESTER) as connection:
        add_site(connection, "South")
    field(page, "Name of a new site").set_value("South")
    press(page, "Add site")
    assert page.error[0].value == "There is a site 'South' already"


def test_every_role_is_explained(page):
    (rules,) = [t.value for t in page.table if "Role" in t.value.columns]
    assert rules["Role"].tolist() == ["Clinician", "Lead", "Administrator"]
