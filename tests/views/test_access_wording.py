"""Accounts, settings and the audit in words."""

import csv
import io
from datetime import datetime

import pytest

from access.settings import DoorSettings
from data.accounts import Account
from data.actors import ACCOUNT_ROLES, ADMINISTRATOR, CLINICIAN, LEAD, RIGHTS, Right
from data.audit import CHANGED, AuditEntry, BrokenEntry
from data.audit_search import Opened
from data.settings import RANGES, PracticeSettings
from views import access_wording as wording
from views.navigation import MENU


TOKEN = "abc-DEF_123"
AT = datetime(2026, 11, 3, 23, 30, 5)


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "Europe/Berlin")


def account(**facts):
    usual = {
        "id": 1,
        "login": "lee",
        "name": "Dr Lee",
        "roles": frozenset({CLINICIAN}),
        "sites": frozenset({1}),
        "has_password": True,
        "has_second_factor": False,
        "disabled": False,
    }
    return Account(**usual | facts)


def entry(**facts):
    usual = {
        "id": 7,
        "at": AT,
        "who": "lee",
        "action": "view",
        "subject": "patient 0a",
        "patient_id": "0a",
        "previous_hash": "1" * 64,
        "hash": "2" * 64,
    }
    return AuditEntry(**usual | facts)


# Roles.


def test_every_role_has_a_name_and_a_rule():
    assert set(wording.ROLE_NAMES) == set(ACCOUNT_ROLES)
    names = [rule["Role"] for rule in wording.ROLE_RULES]
    assert names == [wording.ROLE_NAMES[role] for role in ACCOUNT_ROLES]


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ((), ""),
        ((LEAD,), "Lead"),
        ((ADMINISTRATOR, CLINICIAN), "Clinician, administrator"),
        ((ADMINISTRATOR, "operator"), "Administrator"),
    ],
)
def test_roles_have_one_order(roles, words):
    assert wording.role_words(roles) == words
    assert wording.signed_in_as(roles, in_example=False) == words
    assert wording.signed_in_as(roles, in_example=True) == "Every role, in the example"


@pytest.mark.parametrize(
    ("right", "for_whom"),
    [
        (Right.READ_RECORDS, "for a clinician or a lead. You"),
        (Right.RECORD, "for a clinician. You"),
        (Right.READ_AUDIT, "for a lead. You"),
        (Right.MANAGE, "for an administrator. You"),
    ],
)
def test_a_page_says_for_whom_it_is(right, for_whom):
    said = wording.not_for(right, {LEAD, CLINICIAN})
    assert for_whom in said
    assert "signed in as clinician, lead; an administrator" in said


def test_somebody_has_the_right_of_every_page():
    rights = {place.right for places in MENU.values() for place in places} - {None}
    for right in rights:
        assert any(right in RIGHTS[role] for role in ACCOUNT_ROLES)


# Accounts.


@pytest.mark.parametrize(
    ("facts", "column", "words"),
    [
        ({}, "State", "Active"),
        ({"has_password": False}, "State", "No password yet"),
        ({"disabled": True, "has_password": False}, "State", "Disabled"),
        ({}, "Second factor", "No"),
        ({"has_second_factor": True}, "Second factor", "Set up"),
        ({"sites": frozenset({2, 1})}, "Sites", r"North\, South"),
        ({"sites": frozenset()}, "Sites", "none"),
        ({"roles": frozenset({LEAD, CLINICIAN})}, "Roles", "Clinician, lead"),
        ({"name": "*x*"}, "Name", r"\*x\*"),
        ({"login": "a_b"}, "Login", r"a\_b"),
    ],
)
def test_an_account_in_the_list(facts, column, words):
    sites = {1: "North", 2: "South"}
    (row,) = wording.account_rows([account(**facts)], sites, second_factor=False)
    assert row[column] == words


def test_a_second_factor_that_is_required_and_missing():
    rows = wording.account_rows(
        [account(), account(has_second_factor=True)], {1: "North"}, second_factor=True
    )
    assert [row["Second factor"] for row in rows] == [
        "Asked for at the next sign-in",
        "Set up",
    ]


@pytest.mark.parametrize(
    ("public_url", "address", "link"),
    [
        ("https://a.example", "http://b.example/x", "https://a.example/welcome?token="),
        ("https://a.example:8443", None, "https://a.example:8443/welcome?token="),
        (None, "http://localhost:8501/accounts?x=1", "http://localhost:8501/welcome?token="),
        (None, "HTTP://LocalHost:8501/", "http://localhost:8501/welcome?token="),
        (None, "https://127.0.0.1:8501/", "http://127.0.0.1:8501/welcome?token="),
        (None, "http://[::1]:8501/", "http://[::1]:8501/welcome?token="),
        (None, "http://a.example/", "/welcome?token="),
        (None, "http://localhost.a.example/", "/welcome?token="),
        (None, "http://localhost@a.example/", "/welcome?token="),
        (None, "http://a.example@localhost/", "/welcome?token="),
        (None, "javascript:alert(1)", "/welcome?token="),
        (None, "", "/welcome?token="),
        (None, None, "/welcome?token="),
    ],
)  # fmt: skip
def test_an_invitation_names_no_host_that_a_browser_made_up(public_url, address, link):
    settings = DoorSettings(public_url)
    assert wording.invitation_link(TOKEN, settings, address) == f"{link}{TOKEN}"


def test_a_token_cannot_end_its_address():
    link = wording.invitation_link("a&b=c#d", DoorSettings("https://a.example"), None)
    assert link == "https://a.example/welcome?token=a%26b%3Dc%23d"


# Settings.


@pytest.mark.parametrize("name", RANGES)
def test_what_is_usual_is_allowed(name):
    low, high = RANGES[name]
    assert low <= getattr(PracticeSettings(), name) <= high
    assert wording.allowed_words(name).startswith(f"{low} to {high}, usually ")


def test_every_setting_has_a_name_and_only_changes_are_told():
    before = PracticeSettings()
    assert set(wording.SETTING_NAMES) == set(vars(before))
    assert wording.changed_settings(before, PracticeSettings()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"absolute_hours": 8}, "in any case: 8, was 12."),
        ({"second_factor_required": True}, "second factor: yes, was no."),
        ({"practice_name": "North"}, "the practice: “North”, was empty."),
        ({"crisis_text": "Ring.\nNow."}, "“Ring\\.”, was “Thank you"),
        ({"crisis_text": "x" * 41}, f"“{'x' * 40} …”, was"),
    ],
)
def test_a_changed_setting_says_what_it_is_and_was(changes, words):
    (said,) = wording.changed_settings(PracticeSettings(), PracticeSettings(**changes))
    assert words in said


# The audit.


def test_an_entry_is_on_the_practices_clock_and_names_the_record_number():
    (row,) = wording.audit_rows([entry()], {"0a": "R_1"})
    assert row == {
        "When": "4 Nov 2026, 00:30:05",
        "Who": "lee",
        "Action": "view",
        "Of what": "patient",
        "Patient": r"R\_1",
        "Entry": "7",
    }


@pytest.mark.parametrize(
    ("patient_id", "words"), [(None, ""), ("0a", "0a"), ("0b", "R2")]
)
def test_a_patient_who_cannot_be_read_stays_an_id(patient_id, words):
    (row,) = wording.audit_rows([entry(patient_id=patient_id)], {"0b": "R2"})
    assert row["Patient"] == words


def test_who_opened_a_record():
    rows = wording.opened_rows([Opened("lee", 1, AT, AT), Opened("kim", 1_200, AT, AT)])
    assert [row["Opened"] for row in rows] == ["once", "1,200 times"]
    assert rows[0]["Last"] == "4 Nov 2026, 00:30:05"


def test_a_broken_chain_says_which_entry_and_what_became_of_it():
    said = wording.chain_broken(BrokenEntry(12, CHANGED))
    assert said.startswith("Entry 12 was changed after it was written. ")


def test_the_last_entry_says_whose_seal_it_is():
    said = wording.last_entry(entry())
    assert said == "The seal of entry 7, written on 4 Nov 2026, 00:30:05."


def test_the_file_holds_what_the_seal_was_made_of():
    (row,) = csv.DictReader(io.StringIO(wording.audit_csv([entry()])))
    assert row == {
        "entry": "7",
        "at_utc": "2026-11-03T23:30:05",
        "who": "lee",
        "action": "view",
        "subject": "patient 0a",
        "patient": "0a",
        "previous_hash": "1" * 64,
        "hash": "2" * 64,
    }


def test_a_file_without_entries_has_its_columns():
    assert wording.audit_csv([]).strip() == ",".join(wording.AUDIT_COLUMNS)


def test_a_carriage_return_begins_no_row():
    (row,) = csv.DictReader(io.StringIO(wording.audit_csv([entry(who="x\r=1+1")])))
    assert row["who"] == "x\r=1+1"


@pytest.mark.parametrize("who", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_runs_no_login(who):
    (row,) = csv.DictReader(io.StringIO(wording.audit_csv([entry(who=who)])))
    assert row["who"] == f"'{who}"
