"""Single sign-on: which account somebody from the provider has, and as what."""

import logging

import pytest

from data.accounts import (
    add_account,
    change_account,
    disable_account,
    enable_account,
)
from tests.edge.oidc_practice import FAILED, NO_ACCOUNT, configured_practice
from tests.edge.oidc_provider import running_provider


@pytest.fixture
def provider():
    with running_provider() as one:
        yield one


@pytest.fixture
def practice(provider, migrated_sqlite_url, monkeypatch):
    with configured_practice(provider, migrated_sqlite_url, monkeypatch) as one:
        yield one


def without_roles(monkeypatch):
    monkeypatch.delenv("OIDC_ROLES_CLAIM")
    monkeypatch.delenv("OIDC_ROLES")


def is_turned_away(answer):
    return answer.status_code == 403 and NO_ACCOUNT in answer.text


def add_administrator(practice):
    return practice.do(
        add_account, login="ada", name="Ada", roles=["administrator"], sites=[]
    )


# Somebody new.


def test_somebody_with_a_role_gets_an_account(provider, migrated_url, monkeypatch):
    provider.person["groups"] = ["ketamine-clinicians", "outcomes", "north", "choir"]
    with configured_practice(provider, migrated_url, monkeypatch) as practice:
        browser = practice.browser()
        browser.sign_in()
        [account] = practice.accounts()
        assert (account.login, account.name) == ("lee@lake.example", "Dr Lee")
        assert account.roles == {"clinician", "lead"}
        assert account.sites == {practice.north}
        assert not account.has_password
        assert practice.session(browser).account_id == account.id
        assert practice.audit()[1:] == [
            ("add", "account 1"),
            ("join identity", "account 1"),
            ("sign in", "account 1"),
        ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (" Dr  Lee\n", "Dr Lee"),
        (None, "lee@lake.example"),
        ("", "lee@lake.example"),
        (7, "lee@lake.example"),
        ("x" * 101, "lee@lake.example"),
        ("Dr\x00Lee", "lee@lake.example"),
        ("Dr \u202eeeL", "lee@lake.example"),
    ],
)
def test_a_name_is_kept_if_it_is_one(provider, practice, name, shown):
    provider.person["name"] = name
    practice.browser().sign_in()
    assert [account.name for account in practice.accounts()] == [shown]


@pytest.mark.parametrize(
    "groups",
    [
        None,
        [],
        ["choir"],
        ["administrator"],
        "lead",
        "choir",
        {"it": True},
        [["it"]],
        [None],
        7,
        True,
    ],
)
def test_somebody_without_a_role_has_no_account(provider, practice, groups):
    provider.person["groups"] = groups
    browser = practice.browser()
    assert is_turned_away(browser.sign_in())
    assert practice.accounts() == []
    assert practice.session(browser) is None
    assert practice.audit()[1:] == [("sign-in failed", "unknown account")]


def test_a_claim_may_be_one_value_instead_of_a_list(provider, practice):
    provider.person["groups"] = "it"
    practice.browser().sign_in()
    assert practice.accounts()[0].roles == {"administrator"}


OUTSIDE = {
    "other domain": {"email": "lee@sea.example"},
    "domain below": {"email": "lee@north.lake.example"},
    "domain around": {"email": "lee@lake.example.sea.example"},
    "domain in front": {"email": "lee@lake.example@sea.example"},
    "other domain in front": {"email": "lee@sea.example@lake.example"},
    "letter like another": {"email": "lee@la\u212ae.example"},
    "no e-mail": {"email": None},
    "no text": {"email": ["lee@lake.example"]},
    "no name before": {"email": "@lake.example"},
    "space": {"email": "lee lee@lake.example"},
    "new line": {"email": "lee@lake.example\n"},
    "not verified": {"email_verified": False},
    "verified by words": {"email_verified": "true"},
    "verified by a number": {"email_verified": 1},
    "nothing about it": {"email_verified": None},
    "managed elsewhere": {"email_verified": None, "hd": "sea.example"},
    "managed here, address elsewhere": {
        "email": "lee@sea.example",
        "hd": "lake.example",
    },
    "too long": {"email": f"{'l' * 60}@lake.example"},
}


@pytest.mark.parametrize("change", OUTSIDE.values(), ids=OUTSIDE)
def test_an_address_that_is_not_of_the_practice_has_no_account(
    provider, practice, change
):
    provider.person |= change
    browser = practice.browser()
    assert is_turned_away(browser.sign_in())
    assert practice.accounts() == []
    assert practice.session(browser) is None
    assert practice.audit()[1:] == [("sign-in failed", "unknown account")]


def test_a_domain_that_its_owner_manages_counts_as_verified(provider, practice):
    provider.person |= {"email_verified": None, "hd": "lake.example"}
    assert practice.browser().sign_in().status_code == 303


# Somebody known.


def test_a_sign_in_that_changes_nothing_notes_no_change(provider, practice):
    provider.person["groups"] = ["ketamine-clinicians", "north"]
    practice.browser().sign_in()
    practice.browser().sign_in()
    assert practice.audit()[-2:] == [("sign in", "account 1"), ("sign in", "account 1")]


def test_the_same_subject_has_the_same_account(provider, practice):
    practice.browser().sign_in()
    provider.person |= {"email": "lee.married@lake.example", "name": "Dr Lee-Fox"}
    browser = practice.browser()
    browser.sign_in()
    [account] = practice.accounts()
    assert account.login == "lee@lake.example"
    assert practice.session(browser).account_id == account.id


def test_the_same_address_of_another_subject_is_another_account(provider, practice):
    for subject in ("first", "second", "third"):
        provider.person["sub"] = subject
        practice.browser().sign_in()
    assert [account.login for account in practice.accounts()] == [
        "lee@lake.example",
        "lee@lake.example-2",
        "lee@lake.example-3",
    ]


def test_so_many_subjects_of_one_address_are_no_accident(provider, practice):
    answers = []
    for subject in range(10):
        provider.person["sub"] = f"subject {subject}"
        answers.append(practice.browser().sign_in())
    assert [is_turned_away(answer) for answer in answers] == [False] * 9 + [True]
    assert len(practice.accounts()) == 9


def test_a_subject_of_another_provider_is_somebody_else(
    provider, practice, monkeypatch
):
    practice.browser().sign_in()
    with running_provider() as other:
        monkeypatch.setenv("OIDC_ISSUER", other.issuer)
        practice.browser().sign_in()
    assert len(practice.accounts()) == 2


def test_a_local_account_of_the_same_address_is_not_taken_over(provider, practice):
    own = practice.do(
        add_account, login="lee@lake.example", name="Lee", roles=["administrator"]
    )
    browser = practice.browser()
    browser.sign_in()
    local, other = practice.accounts()
    assert (local.id, local.name, local.roles) == (own, "Lee", {"administrator"})
    assert (other.login, other.roles) == ("lee@lake.example-2", {"clinician"})
    assert practice.session(browser).account_id == other.id


def test_a_disabled_account_stays_out(provider, practice):
    add_administrator(practice)
    practice.browser().sign_in()
    lee = account_of_lee(practice)
    practice.do(disable_account, lee.id)
    browser = practice.browser()
    assert is_turned_away(browser.sign_in())
    assert practice.session(browser) is None
    assert practice.audit()[-1] == ("sign-in failed", f"account {lee.id}")
    assert len(practice.accounts()) == 2
    practice.do(enable_account, lee.id)
    assert browser.sign_in().status_code == 303


# Roles and sites are the provider's, at each sign-in.


def account_of_lee(practice):
    return next(one for one in practice.accounts() if one.login == "lee@lake.example")


def test_roles_and_sites_are_set_anew(provider, practice):
    add_administrator(practice)
    provider.person["groups"] = ["ketamine-clinicians", "north"]
    practice.browser().sign_in()
    practice.do(change_account, account_of_lee(practice).id, roles=["lead"], sites=[1])
    practice.browser().sign_in()
    lee = account_of_lee(practice)
    assert (lee.roles, lee.sites) == ({"clinician"}, {practice.north})


@pytest.mark.parametrize(
    "left", [["outcomes", "north"], ["ketamine-clinicians", "outcomes"]]
)
def test_less_than_before_ends_what_is_open(provider, practice, left):
    add_administrator(practice)
    provider.person["groups"] = ["ketamine-clinicians", "outcomes", "north"]
    at_work, at_home = practice.browser(), practice.browser()
    at_work.sign_in()
    provider.person["groups"] = left
    at_home.sign_in()
    assert practice.session(at_work) is None
    assert practice.session(at_home) is not None


@pytest.mark.parametrize(
    "groups",
    [
        ["ketamine-clinicians", "north"],
        ["north", "ketamine-clinicians", "outcomes", "choir"],
    ],
)
def test_as_much_as_before_or_more_ends_nothing(provider, practice, groups):
    add_administrator(practice)
    provider.person["groups"] = ["ketamine-clinicians", "north"]
    at_work, at_home = practice.browser(), practice.browser()
    at_work.sign_in()
    provider.person["groups"] = groups
    at_home.sign_in()
    assert practice.session(at_work) is not None


@pytest.mark.parametrize(
    "change", [{"groups": []}, {"email": "lee@sea.example"}, {"email_verified": False}]
)
def test_who_has_nothing_left_stays_out_and_is_put_out(provider, practice, change):
    at_work, at_home = practice.browser(), practice.browser()
    at_work.sign_in()
    provider.person |= change
    assert is_turned_away(at_home.sign_in())
    assert practice.session(at_work) is None
    assert practice.session(at_home) is None
    assert practice.audit()[-1] == ("sign-in failed", "account 1")


def test_the_last_administrator_does_not_come_in_as_less(provider, practice):
    provider.person["groups"] = ["it"]
    at_work, at_home = practice.browser(), practice.browser()
    at_work.sign_in()
    provider.person["groups"] = ["ketamine-clinicians"]
    assert is_turned_away(at_home.sign_in())
    assert practice.session(at_work) is None
    assert account_of_lee(practice).roles == {"administrator"}
    add_administrator(practice)
    assert at_home.sign_in().status_code == 303
    assert account_of_lee(practice).roles == {"clinician"}


def test_without_a_claim_for_roles_nobody_new_comes_in(practice, monkeypatch):
    without_roles(monkeypatch)
    assert is_turned_away(practice.browser().sign_in())
    assert practice.accounts() == []


def test_without_a_claim_for_roles_they_are_the_administrators_choice(
    provider, practice, monkeypatch
):
    add_administrator(practice)
    practice.browser().sign_in()
    without_roles(monkeypatch)
    practice.do(change_account, account_of_lee(practice).id, roles=["lead"])
    provider.person["groups"] = ["it"]
    assert practice.browser().sign_in().status_code == 303
    assert account_of_lee(practice).roles == {"lead"}


def test_without_a_claim_for_sites_they_are_the_administrators_choice(
    provider, practice, monkeypatch
):
    monkeypatch.delenv("OIDC_SITES_CLAIM")
    monkeypatch.delenv("OIDC_SITES")
    add_administrator(practice)
    provider.person["groups"] = ["ketamine-clinicians", "north"]
    practice.browser().sign_in()
    assert account_of_lee(practice).sites == frozenset()
    practice.do(change_account, account_of_lee(practice).id, sites=[1])
    practice.browser().sign_in()
    assert account_of_lee(practice).sites == {1}


def test_a_site_that_there_is_not_is_named_in_the_log(
    provider, practice, monkeypatch, caplog
):
    monkeypatch.setenv("OIDC_SITES", "north=North Street,south=Harbour")
    provider.person["groups"] = ["ketamine-clinicians", "north", "south"]
    with caplog.at_level(logging.WARNING):
        practice.browser().sign_in()
    assert account_of_lee(practice).sites == {practice.north}
    assert "OIDC_SITES names a site that there is not: 'Harbour'" in caplog.messages


def test_an_address_can_be_the_claim_that_brings_a_role(
    provider, practice, monkeypatch
):
    monkeypatch.setenv("OIDC_ROLES_CLAIM", "email")
    monkeypatch.setenv("OIDC_ROLES", "Lee@Lake.Example=lead")
    practice.browser().sign_in()
    assert practice.accounts()[0].roles == {"lead"}


# Subjects.


@pytest.mark.parametrize("subject", ["", None, 7, ["a"], "x" * 256, "a\x00b", "\ud800"])
def test_a_subject_that_is_none_comes_in_as_nobody(provider, practice, subject):
    provider.person["sub"] = subject
    answer = practice.browser().sign_in()
    assert answer.status_code == 403 and FAILED in answer.text
    assert practice.accounts() == []


def test_subjects_differ_by_every_letter(provider, practice):
    for subject in ("a81b7c", "A81B7C", " a81b7c"):
        provider.person["sub"] = subject
        practice.browser().sign_in()
    assert len(practice.accounts()) == 3
