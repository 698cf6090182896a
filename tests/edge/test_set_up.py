"""The first account of a practice, and invitations of all others."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import quote

import pytest

from access import set_up, welcome
from access.second_factor import RECOVERY_ALPHABET
from data.accounts import (
    INVITATION_HOURS,
    disable_account,
    has_administrator,
    invite,
    list_accounts,
)
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.attempts import FREE_FAILURES
from data.settings import change_settings, read_settings
from data.tables import FIRST_SITE
from tests.edge.practice import (
    PASSWORD,
    PLANTED,
    fault,
    focus,
    forms,
    said,
    set_cookies,
)


DONE = "/login?why=set-up"
PUBLIC = "https://outcomes.example.org"


@pytest.fixture
def code(practice):
    return announced()


@pytest.fixture(autouse=True)
def no_code_of_another_test():
    yield
    set_up._code.value = None


def announced(**more):
    """Return the code that a start of the program prints; None if it prints nothing."""
    lines = []
    set_up.announce(lines.append, **more)
    assert len(lines) <= 1
    return lines[0].rpartition(" ")[2] if lines else None


def answers(code, **others):
    return {
        "code": code,
        "practice_name": "Lakeside",
        "name": "Dr Lee",
        "login": "lee",
        "new_password": PASSWORD,
        "new_password_again": PASSWORD,
    } | others


def accounts(practice):
    return practice.ask(list_accounts)


# The code.


def test_the_program_prints_where_to_go_and_a_code(practice, monkeypatch):
    lines = []
    set_up.announce(lines.append, address="http://127.0.0.1:9000")
    group = f"[{RECOVERY_ALPHABET}]{{4}}"
    wanted = (
        r"No account yet\. Open http://127\.0\.0\.1:9000/setup and enter the code "
        f"{group}-{group}-{group}"
    )
    assert re.fullmatch(wanted, lines[0])
    monkeypatch.setenv("PUBLIC_URL", PUBLIC)
    set_up.announce(lines.append)
    assert f"Open {PUBLIC}/setup" in lines[1]
    assert lines[0][-14:] != lines[1][-14:], "every start has its own"


def test_with_an_administrator_nothing_is_printed(practice):
    practice.account(roles=[ADMINISTRATOR])
    assert announced() is None
    assert practice.browser().get("/setup").headers["location"] == "/login"


def test_a_first_visit_leads_to_the_set_up(practice, code):
    browser = practice.browser()
    assert browser.get("/").headers["location"] == "/login"
    assert browser.get("/login").headers["location"] == "/setup"
    drawn = browser.get("/setup")
    assert (drawn.status_code, focus(drawn)) == (200, ["code"])
    assert code not in drawn.text
    # Who has an account already may still sign in.
    practice.account("kim")
    assert browser.sign_in("kim", path="/login?why=account").status_code == 303


def test_the_first_administrator_is_made_and_signs_in(practice, code):
    browser = practice.browser()
    answer = browser.send("/setup", **answers(code))
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    assert "is set up" in said(browser.get(DONE))
    assert browser.sign_in().status_code == 303
    assert browser.is_in
    (made,) = accounts(practice)
    assert (made.login, made.name) == ("lee", "Dr Lee")
    assert (made.roles, made.sites) == ({ADMINISTRATOR}, frozenset())
    assert practice.ask(read_settings).practice_name == "Lakeside"
    assert ("set up", "practice") in practice.audit()


@pytest.mark.parametrize(
    ("ticked", "roles", "sites"),
    [
        ({}, {ADMINISTRATOR}, set()),
        ({"treats": "yes"}, {ADMINISTRATOR, CLINICIAN}, {FIRST_SITE}),
        ({"audits": "yes"}, {ADMINISTRATOR, LEAD}, set()),
        (
            {"treats": "yes", "audits": "yes"},
            {ADMINISTRATOR, CLINICIAN, LEAD},
            {FIRST_SITE},
        ),
        ({"treats": "no", "audits": "operator"}, {ADMINISTRATOR}, set()),
    ],
)
def test_what_else_the_administrator_does_is_ticked(
    practice, code, ticked, roles, sites
):
    practice.browser().send("/setup", **answers(code, **ticked))
    (made,) = accounts(practice)
    assert (made.roles, made.sites) == (roles, sites)


@pytest.mark.parametrize("written", [str.lower, lambda c: c.replace("-", " ") + " "])
def test_the_code_counts_however_it_is_written(practice, code, written):
    answer = practice.browser().send("/setup", **answers(written(code)))
    assert answer.headers["location"] == DONE


@pytest.mark.parametrize("wrong", ["", "-", "AAAA-AAAA-AAAA", "\u00e9" * 12, "x" * 99])
def test_a_wrong_code_makes_nothing_and_says_nothing_else(practice, code, wrong):
    # pragma: allowlist nextline secret
    answer = practice.browser().send("/setup", **answers(wrong, new_password="short"))
    assert answer.status_code == 400
    assert fault(answer, "code") == set_up.WRONG_CODE
    assert answer.text.count('role="alert"') == 1
    assert focus(answer) == ["code"]
    assert accounts(practice) == []
    assert practice.audit() == [("set-up failed", "practice")]


def test_part_of_the_code_is_not_the_code(practice, code):
    browser = practice.browser()
    for part in (code[:-1], code[:4], f"{code}{code}", code[::-1]):
        answer = browser.send("/setup", **answers(part))
        assert fault(answer, "code") == set_up.WRONG_CODE
    assert accounts(practice) == []


def test_guessing_the_code_is_slowed_down_until_the_next_start(practice, code, clock):
    browser = practice.browser()
    for _ in range(FREE_FAILURES):
        browser.send("/setup", **answers("AAAA"))
    noted = practice.audit()
    answer = browser.send("/setup", **answers(code))
    assert fault(answer, "code").startswith("Too many attempts. Please try again in 5")
    assert practice.audit() == noted
    assert accounts(practice) == []
    clock.pass_(seconds=2)
    assert browser.send("/setup", **answers(code)).headers["location"] == DONE


def test_who_was_locked_out_by_a_stranger_starts_the_program_again(practice, code):
    for _ in range(FREE_FAILURES + 1):
        practice.browser().send("/setup", **answers("AAAA"))
    anew = announced()
    assert fault(practice.browser().send("/setup", **answers(code)), "code")
    answer = practice.browser().send("/setup", **answers(anew))
    assert answer.headers["location"] == DONE


def test_the_code_is_good_once(practice, code):
    browser = practice.browser()
    drawn = browser.get("/setup")
    browser.fill(drawn, "/setup", **answers(code))
    again = browser.fill(drawn, "/setup", **answers(code, login="kim"))
    assert again.headers["location"] == "/setup"
    assert browser.get("/setup").headers["location"] == "/login"
    assert [one.login for one in accounts(practice)] == ["lee"]
    # Not even when that administrator is gone, and not by what is in memory.
    practice.account("kim", roles=[ADMINISTRATOR])
    practice.do(disable_account, 1)
    practice.do(invite, 2)
    assert not practice.ask(has_administrator)
    again = browser.fill(drawn, "/setup", **answers(code, login="eve"))
    assert again.headers["location"] == "/setup"
    assert browser.get("/setup").status_code == 403
    assert len(accounts(practice)) == 2


def test_without_a_code_of_this_start_there_is_no_set_up(practice):
    browser = practice.browser()
    answer = browser.get("/setup")
    assert (answer.status_code, "Start the program again" in said(answer)) == (
        403,
        True,
    )
    assert browser.get("/login").status_code == 200, "others may still sign in"
    token = forms(browser.get("/login").text)[0][1]["form_token"]
    for typed in ("", "None", "-"):
        sent = answers(typed) | {"form_token": token}
        assert browser.post("/setup", sent).headers["location"] == "/setup"
    assert accounts(practice) == []


def test_an_administrator_that_was_invited_only_cannot_sign_in_yet(practice):
    practice.account(password=None, roles=[ADMINISTRATOR])
    code = announced()
    answer = practice.browser().send("/setup", **answers(code, login="kim"))
    assert answer.headers["location"] == DONE


def test_of_two_at_once_exactly_one_makes_the_account(practice_anywhere, monkeypatch):
    practice, code = practice_anywhere, announced()
    monkeypatch.setattr(set_up, "hash_password", together(set_up.hash_password))
    browsers = [practice.browser(), practice.browser()]
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(browser.send, "/setup", **answers(code, login=login))
            for browser, login in zip(browsers, ("lee", "eve"), strict=True)
        ]
        found = [one.result() for one in sent]
    assert [one.status_code for one in found] == [303, 303]
    assert len(accounts(practice)) == 1
    assert practice.audit("set up") == [("set up", "practice")]


def together(work):
    """Return the function, but two callers wait for each other first."""
    both_came = Barrier(2, timeout=20)

    def wait_and_work(*given):
        both_came.wait()
        return work(*given)

    return wait_and_work


# The other fields.


FAULTY = {
    "no practice name": ("practice_name", {"practice_name": "  "}),
    "a long practice name": ("practice_name", {"practice_name": "x" * 101}),
    "no name": ("name", {"name": ""}),
    "a long name": ("name", {"name": "x" * 101}),
    "no login": ("login", {"login": ""}),
    "spaces in the login": ("login", {"login": "dr lee"}),
    "a long login": ("login", {"login": "x" * 65}),
    "an odd login": ("login", {"login": "le\x07e"}),
    # pragma: allowlist nextline secret
    "a short password": ("new_password", {"new_password": "tulips"}),
    # pragma: allowlist nextline secret
    "a common password": ("new_password", {"new_password": "passwordpassword"}),
    "its own login": ("new_password", {"login": "l" * 20, "new_password": "l" * 20}),
    # pragma: allowlist nextline secret
    "the practice": ("new_password", {"new_password": "Lakeside-Lakeside"}),
    # pragma: allowlist nextline secret
    "a very long password": ("new_password", {"new_password": "ab c" * 100}),
    # pragma: allowlist nextline secret
    "two passwords": ("new_password_again", {"new_password_again": "tulips"}),
}


@pytest.mark.parametrize(("field", "typed"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_field_is_named_and_takes_the_focus(practice, code, field, typed):
    browser = practice.browser()
    given = answers(code, treats="yes") | typed
    answer = browser.send("/setup", **given)
    assert answer.status_code == 400
    assert fault(answer, field)
    assert focus(answer) == [field]
    kept = forms(answer.text)[0][1]
    assert kept["treats"] == "yes"
    assert kept["audits"] == ""
    for secret in ("code", "new_password", "new_password_again"):
        assert kept[secret] == ""
    assert given["new_password"] not in answer.text.replace(given["login"], "")
    assert accounts(practice) == []
    assert practice.ask(read_settings).practice_name == ""
    # And the code is still good.
    assert browser.send("/setup", **answers(code)).headers["location"] == DONE


def test_names_that_were_typed_come_back_harmlessly(practice, code):
    name = '"><script>alert(1)</script>'
    answer = practice.browser().send(
        # pragma: allowlist nextline secret
        "/setup",
        # pragma: allowlist nextline secret
        **answers(code, name=name, login=name, new_password="short"),
    )
    assert "<script" not in answer.text
    assert forms(answer.text)[0][1]["name"] == name


def test_a_login_that_is_taken_is_refused(practice, code):
    practice.account("lee")
    answer = practice.browser().send("/setup", **answers(code))
    assert fault(answer, "login") == "There is an account 'lee' already."
    assert len(accounts(practice)) == 1


def test_the_rules_are_said_before_a_password_is_typed(practice, code):
    assert "At least 15 characters" in practice.browser().get("/setup").text


# An invitation.


@pytest.fixture
def token(practice):
    return practice.do(invite, practice.account(password=None))


def test_an_invitation_lets_its_holder_choose_a_password(practice, token):
    browser = practice.browser()
    answer = browser.get("/welcome", params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    value, attributes = set_cookies(answer)["invitation"]
    assert value == token
    assert {"httponly", "samesite=lax", "max-age=1800"} <= attributes
    drawn = browser.get("/welcome")
    assert "Welcome, Dr Lee" in drawn.text
    assert "At least 15 characters" in drawn.text
    assert token not in drawn.text
    done = browser.fill(drawn, "/welcome", **chosen(PASSWORD))
    assert done.headers["location"] == "/"
    assert browser.is_in
    assert browser.cookie("invitation") is None
    assert practice.audit("set password", "sign in") == [
        ("set password", "account 1"),
        ("sign in", "account 1"),
    ]
    assert practice.browser().sign_in().status_code == 303


def chosen(password, again=None):
    again = password if again is None else again
    return {"new_password": password, "new_password_again": again}


def welcomed(practice, token):
    browser = practice.browser()
    browser.get("/welcome", params={"token": token})
    return browser


def test_looking_at_an_invitation_does_not_use_it_up(practice, token):
    for _ in range(3):
        assert welcomed(practice, token).get("/welcome").status_code == 200
    answer = welcomed(practice, token).send("/welcome", **chosen(PASSWORD))
    assert answer.status_code == 303


def test_an_invitation_is_good_once(practice, token):
    first, second = welcomed(practice, token), welcomed(practice, token)
    drawn = second.get("/welcome")
    first.send("/welcome", **chosen(PASSWORD))
    late = second.fill(drawn, "/welcome", **chosen("another slow train of tulips"))
    assert (late.status_code, "was used or has expired" in said(late)) == (410, True)
    assert practice.browser().sign_in().status_code == 303
    assert second.token is None


def test_of_two_holders_at_once_one_is_let_in(practice_anywhere, monkeypatch):
    practice = practice_anywhere
    token = practice.do(invite, practice.account(password=None))
    monkeypatch.setattr(welcome, "hash_password", together(welcome.hash_password))
    browsers = [welcomed(practice, token), welcomed(practice, token)]
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(browser.send, "/welcome", **chosen(PASSWORD))
            for browser in browsers
        ]
        found = sorted(one.result().status_code for one in sent)
    assert found == [303, 410]
    assert len(practice.sessions()) == 1


def replaced(practice, token):
    practice.do(invite, 1)
    return token


def disabled(practice, token):
    practice.account("admin", password=None, roles=[ADMINISTRATOR])
    practice.do(disable_account, 1)
    return token


def too_old(practice, token):
    practice.clock.pass_(hours=INVITATION_HOURS, seconds=1)
    return token


GONE = {
    "made up": lambda _practice, _token: PLANTED,
    "empty": lambda _practice, _token: "",
    "odd": lambda _practice, _token: 'x"; Path=/; Domain=evil.example; y="',
    "too old": too_old,
    "replaced": replaced,
    "of a disabled account": disabled,
}


@pytest.mark.parametrize("case", GONE.values(), ids=GONE)
def test_an_invitation_that_is_over_opens_nothing(practice, token, case):
    given = case(practice, token)
    browser = practice.browser()
    assert browser.get("/welcome", params={"token": given}).status_code == 303
    answer = browser.get("/welcome")
    assert (answer.status_code, "was used or has expired" in said(answer)) == (
        410,
        True,
    )
    form_token = forms(browser.get("/login").text)[0][1]["form_token"]
    sent = chosen(PASSWORD) | {"form_token": form_token}
    assert browser.post("/welcome", sent).status_code == 410
    assert practice.sessions() == []
    assert practice.audit("set password") == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (chosen("short"), "new_password"),
        (chosen("Dr Lee lee Dr Lee"), "new_password"),
        (chosen(PASSWORD, "tulips"), "new_password_again"),
    ],
)
def test_a_weak_password_is_refused_and_the_invitation_stays(
    practice, token, typed, field
):
    browser = welcomed(practice, token)
    answer = browser.send("/welcome", **typed)
    assert answer.status_code == 400
    assert fault(answer, field)
    assert focus(answer) == [field]
    assert browser.send("/welcome", **chosen(PASSWORD)).status_code == 303


def test_the_practices_name_makes_no_password(practice, token):
    practice.do(change_settings, practice_name="Riverbank Ketamine")
    answer = welcomed(practice, token).send(
        "/welcome", **chosen("Riverbank-Ketamine-1")
    )
    assert "the practice" in fault(answer, "new_password")


def test_where_it_is_required_an_invitation_leads_to_a_second_factor(practice, token):
    practice.require_second_factor()
    browser = welcomed(practice, token)
    answer = browser.send("/welcome", **chosen(PASSWORD))
    assert answer.headers["location"] == "/login/code?next=%2F"
    assert not browser.is_in
    assert "<svg" in browser.get("/login/code").text


def test_an_invitation_replaces_whoever_is_signed_in_here(practice, token):
    practice.account("kim")
    browser = practice.browser()
    browser.sign_in("kim")
    browser.get("/welcome", params={"token": token})
    browser.send("/welcome", **chosen(PASSWORD))
    assert practice.session(browser.token).login == "lee"
    assert practice.sessions() == ["signed out", None]


def test_the_token_is_in_no_header_that_leaves(practice, token):
    answer = practice.browser().get("/welcome", params={"token": token})
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert quote(token) not in answer.headers["location"]
