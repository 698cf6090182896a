"""What somebody who is signed in sees and changes of the own account."""

import re

import pyotp
import pytest

from access import account_factor
from access.account import NOTES
from access.holder import NOT_YOURS
from access.second_factor import RECOVERY_CODES
from data.accounts import (
    disable_account,
    invite,
    join_identity,
)
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD, door
from data.attempts import FREE_FAILURES
from data.audit import list_audit_entries
from data.database import reading, writing
from data.sessions import start_session
from data.sites import add_site
from data.tables import FIRST_SITE, account
from tests.actors import TESTER
from tests.edge.practice import PASSWORD, fault, focus, forms, said


NEW = "bicycles under a warm lamp"
PAGES = (
    "/account",
    "/account/password",
    "/account/second-factor",
    "/account/second-factor/remove",
    "/account/recovery-codes",
)
ASK_FOR_THE_PASSWORD = PAGES[1:]


@pytest.fixture
def own(practice):
    """A browser whose holder is signed in."""
    practice.account()
    browser = practice.browser()
    browser.sign_in()
    return browser


@pytest.fixture
def with_factor(practice, clock):
    """A browser whose holder signed in with a second factor, and the codes."""
    _, codes = practice.second_factor(practice.account())
    browser = practice.browser()
    browser.sign_in()
    browser.send("/login/code", form=1, recovery_code=codes.pop())
    assert browser.is_in
    return browser, codes


def now_code(secret, clock):
    return pyotp.TOTP(secret).generate_otp(int(clock.now.timestamp()) // 30)


def choose(browser, old=PASSWORD, new=NEW, again=None):
    fields = {"password": old, "new_password": new}
    fields["new_password_again"] = new if again is None else again
    return browser.send("/account/password", **fields)


def enrol(browser, clock, *, password=PASSWORD, code=None):
    drawn = browser.get("/account/second-factor")
    secret = forms(drawn.text)[0][1]["secret"]
    code = code or now_code(secret, clock)
    answer = browser.fill(drawn, drawn.url.path, password=password, code=code)
    return secret, answer


def codes_on(answer):
    return re.findall(r"<li>([0-9A-Z-]+)</li>", answer.text)


def who_did(practice, action):
    with reading(practice.engine, TESTER) as connection:
        entries = list_audit_entries(connection)
        return [(e.who, e.subject) for e in entries if e.action == action]


# The page.


def test_the_page_says_whose_account_it_is(practice):
    north = practice.do(add_site, "North Street")
    practice.account(
        "kim", roles=[CLINICIAN, LEAD, ADMINISTRATOR], sites=[FIRST_SITE, north]
    )
    browser = practice.browser()
    browser.sign_in("kim")
    text = browser.get("/account").text
    for shown in ("Dr Lee", "kim", "Main site, North Street"):
        assert shown in text
    assert re.search("clinician.*lead.*administrator", text)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_it_who_is_not_signed_in(practice, path):
    practice.account()
    browser = practice.browser()
    assert browser.get(path).headers["location"].startswith("/login")
    answer = browser.post(path, {"password": PASSWORD})
    assert answer.headers["location"] == "/login"


@pytest.mark.parametrize("path", PAGES)
def test_a_session_that_ended_between_the_gate_and_the_page_sees_nothing(
    practice, own, monkeypatch, path
):
    monkeypatch.setattr("access.holder.browser_session", lambda *_: None)
    assert own.get(path).headers["location"] == "/login?why=ended"


def test_the_last_ten_sign_ins_are_dated_at_the_practice(practice, clock, monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "America/Chicago")
    practice.account()
    practice.account("kim")
    browser = practice.browser()
    for _ in range(12):
        clock.pass_(days=1)
        browser.sign_in()
    clock.pass_(hours=1)
    practice.browser().sign_in("kim")
    clock.pass_(hours=-1)
    found = re.findall(
        r"<li>([A-Z][a-z]+day, [^<]*)</li>", browser.get("/account").text
    )
    assert len(found) == 10
    assert found[0] == "Saturday, 14 March 2026, 04:00"
    # Daylight saving began on 8 March.
    assert found[-1] == "Thursday, 5 March 2026, 03:00"


def test_no_text_of_an_address_stands_on_the_page(own):
    for done in ("You won!", "Password", "<b>"):
        answer = own.get("/account", params={"done": done})
        assert (answer.status_code, said(answer)) == (200, "")


# The password.


def test_a_new_password_takes_the_place_of_the_old_one(practice, own):
    other = practice.browser()
    other.sign_in()
    answer = choose(own)
    assert answer.headers["location"] == "/account?done=password"
    assert said(own.get("/account?done=password")) == NOTES["password"]
    assert own.is_in
    assert not other.is_in
    assert practice.sessions() == [None, "signed out"]
    assert practice.browser().sign_in(password=PASSWORD).status_code == 401
    assert practice.browser().sign_in(password=NEW).status_code == 303
    assert who_did(practice, "set password")[-1] == ("lee", "account 1")


def test_a_password_ends_a_sign_in_that_is_half_done(practice, with_factor, clock):
    own, _ = with_factor
    thief = practice.browser()
    thief.sign_in()
    choose(own)
    assert thief.get("/login/code").headers["location"].startswith("/login?why=late")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"old": "wrong"}, "password"),
        ({"old": ""}, "password"),
        ({"new": "short"}, "new_password"),
        ({"new": "lee lee lee lee lee"}, "new_password"),
        ({"again": "something else"}, "new_password_again"),
        ({"old": "wrong", "new": "short"}, "password"),
    ],
)
def test_a_faulty_field_is_named_and_nothing_changes(practice, own, fields, field):
    other = practice.browser()
    other.sign_in()
    answer = choose(own, **fields)
    assert answer.status_code == 400
    assert fault(answer, field)
    assert focus(answer) == [field]
    assert answer.text.count('role="alert"') == 1
    for typed in fields.values():
        assert not typed or typed == "short" or typed not in answer.text
    assert other.is_in
    assert practice.browser().sign_in().status_code == 303


def test_the_rules_follow_the_second_factor(practice, own):
    assert "At least 15 characters" in own.get("/account/password").text
    assert fault(choose(own, new="odd twigs"), "new_password")
    practice.second_factor(1)
    assert "At least 8 characters" in own.get("/account/password").text
    assert choose(own, new="odd twigs").status_code == 303


# The password, asked for once more.


def deed(browser, path, password):
    """Try what is done at one of the pages, all else being right."""
    clock = browser.practice.clock
    if path == "/account/password":
        return choose(browser, old=password)
    if path == "/account/second-factor":
        return enrol(browser, clock, password=password)[1]
    return browser.send(path, password=password)


def secrets_kept(practice):
    with reading(practice.engine, TESTER) as connection:
        query = account.select().where(account.c.id == 1)
        return connection.execute(query).one()


@pytest.mark.parametrize("path", ASK_FOR_THE_PASSWORD)
def test_an_open_screen_is_not_enough_to_change_how_its_holder_gets_in(
    practice, with_factor, path, clock
):
    browser, _ = with_factor
    before = secrets_kept(practice)
    for _ in range(FREE_FAILURES):
        answer = deed(browser, path, "wrong")
        assert (answer.status_code, fault(answer, "password")) == (400, NOT_YOURS)
    answer = deed(browser, path, PASSWORD)
    assert fault(answer, "password").startswith("Too many attempts")
    assert secrets_kept(practice) == before
    refused = who_did(practice, "password refused")
    assert refused == [("lee", "account 1")] * FREE_FAILURES
    clock.pass_(seconds=2)
    assert deed(browser, path, PASSWORD).status_code in (200, 303)
    assert secrets_kept(practice) != before or path == "/account/recovery-codes"


@pytest.mark.parametrize("change", [disable_account, invite])
@pytest.mark.parametrize("path", ASK_FOR_THE_PASSWORD)
def test_an_administrator_may_be_faster_than_the_holder(
    practice, with_factor, path, change, monkeypatch
):
    """While the password is compared, the account is closed or given to another."""
    from access import holder

    practice.account("admin", roles=[ADMINISTRATOR])
    browser, _ = with_factor
    really = holder.verify_password
    kept = []

    def slow(*given):
        right = really(*given)
        practice.do(change, 1)
        kept.append(secrets_kept(practice))
        return right

    monkeypatch.setattr(holder, "verify_password", slow)
    answer = deed(browser, path, PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account"
    assert [secrets_kept(practice)] == kept


# The second factor.


def test_a_second_factor_is_added_and_asked_for_from_then_on(practice, own, clock):
    assert "Your password alone lets you in" in own.get("/account").text
    secret, answer = enrol(own, clock)
    codes = codes_on(answer)
    assert (answer.status_code, len(codes)) == (200, RECOVERY_CODES)
    assert answer.headers["cache-control"] == "no-store"
    assert who_did(practice, "set second factor") == [("lee", "account 1")]
    text = own.get("/account").text
    assert "10 unused recovery" in " ".join(text.split())
    assert not any(code in text for code in codes), "shown once"
    browser = practice.browser()
    browser.sign_in()
    assert not browser.is_in
    again = browser.send("/login/code", code=now_code(secret, clock))
    assert again.status_code == 401, "the first code was used"
    clock.pass_(seconds=30)
    browser.send("/login/code", code=now_code(secret, clock))
    assert browser.is_in
    other = practice.browser()
    other.sign_in()
    other.send("/login/code", form=1, recovery_code=codes[0])
    assert "9 unused recovery" in " ".join(own.get("/account").text.split())


@pytest.mark.parametrize("code", ["", "000000", "12345", "x" * 16])
def test_without_its_first_code_no_factor_is_kept(practice, own, clock, code):
    secret, answer = enrol(own, clock, code=code or "      ")
    assert answer.status_code == 400
    assert fault(answer, "code")
    assert focus(answer) == ["code"]
    assert forms(answer.text)[0][1]["secret"] == secret
    assert PASSWORD not in answer.text
    assert secrets_kept(practice).totp_secret is None


def test_another_phone_takes_the_place_of_the_first(practice, with_factor, clock):
    browser, codes = with_factor
    secret, answer = enrol(browser, clock)
    assert len(codes_on(answer)) == RECOVERY_CODES
    assert secrets_kept(practice).totp_secret == secret
    other = practice.browser()
    other.sign_in()
    wrong = other.send("/login/code", form=1, recovery_code=codes[0])
    assert wrong.status_code == 401, "the codes of the first are gone"


def test_the_picture_names_practice_and_login(own):
    text = own.get("/account/second-factor").text
    secret = forms(text)[0][1]["secret"]
    grouped = " ".join(re.findall("....", secret))
    assert grouped in text
    assert re.search("<svg[^>]*aria-label", text)


def test_new_recovery_codes_take_the_place_of_all_others(practice, with_factor):
    browser, codes = with_factor
    answer = browser.send("/account/recovery-codes", password=PASSWORD)
    anew = codes_on(answer)
    assert len(anew) == RECOVERY_CODES
    assert not set(anew) & set(codes)
    assert who_did(practice, "set recovery codes") == [("lee", "account 1")]
    other = practice.browser()
    other.sign_in()
    for code, status in ((codes[0], 401), (anew[0], 303)):
        answer = other.send("/login/code", form=1, recovery_code=code)
        assert answer.status_code == status


def test_the_second_factor_is_removed(practice, with_factor):
    browser, _ = with_factor
    answer = browser.send("/account/second-factor/remove", password=PASSWORD)
    assert answer.headers["location"] == "/account?done=removed"
    assert practice.browser().sign_in().headers["location"] == "/"
    assert who_did(practice, "remove second factor") == [("lee", "account 1")]


def test_it_stays_where_the_practice_requires_it(practice, with_factor):
    browser, _ = with_factor
    practice.require_second_factor()
    assert "/account/second-factor/remove" not in browser.get("/account").text
    answer = browser.send("/account/second-factor/remove", password=PASSWORD)
    assert fault(answer, "password") == account_factor.REQUIRED
    assert secrets_kept(practice).totp_secret
    # But the phone may be another one.
    assert enrol(browser, practice.clock)[1].status_code == 200


def test_it_stays_while_the_password_would_not_be_enough_alone(practice, with_factor):
    browser, _ = with_factor
    choose(browser, new="odd twigs")
    # pragma: allowlist nextline secret
    answer = browser.send("/account/second-factor/remove", password="odd twigs")
    assert fault(answer, "password") == account_factor.TOO_WEAK_ALONE
    assert secrets_kept(practice).totp_secret
    choose(browser, old="odd twigs")
    answer = browser.send("/account/second-factor/remove", password=NEW)
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/account/recovery-codes", PAGES[3]])
def test_without_a_factor_there_is_nothing_to_remove_or_renew(practice, own, path):
    assert own.get(path).headers["location"] == "/account"
    token = forms(own.get("/account").text)[0][1]["form_token"]
    answer = own.post(path, {"form_token": token, "password": PASSWORD})
    assert answer.headers["location"] == "/account"
    assert codes_on(answer) == []


# Elsewhere.


def test_signing_out_elsewhere_leaves_this_browser_and_other_people_alone(
    practice, own
):
    practice.account("kim")
    others = [practice.browser() for _ in range(3)]
    others[0].sign_in()
    others[1].sign_in()
    others[2].sign_in("kim")
    answer = own.send("/account")
    assert answer.headers["location"] == "/account?done=elsewhere"
    assert [own.is_in, *(other.is_in for other in others)] == [True, False, False, True]
    assert who_did(practice, "sign out elsewhere") == [("lee", "account 1")]
    assert own.get("/account/sign-out-elsewhere").headers["location"] == "/account"


def test_the_page_signs_out(practice, own):
    action, fields = forms(own.get("/account").text)[1]
    assert action == "/logout"
    assert own.post(action, fields).status_code == 303
    assert not own.is_in


# Single sign-on.


@pytest.fixture
def from_elsewhere(practice):
    """A browser whose holder has no password here."""
    account_id = practice.account(password=None)
    with writing(practice.engine, door()) as connection:
        join_identity(connection, account_id, "https://login.example", "u1")
        token = start_session(connection, account_id=account_id)
    browser = practice.browser()
    browser.set_cookie("session", token)
    assert browser.is_in
    return browser


def test_who_comes_by_single_sign_on_is_told_so(from_elsewhere):
    text = from_elsewhere.get("/account").text
    assert "You sign in through your organisation" in text
    assert "/account/password" not in text
    assert "/account/second-factor" not in text
    assert from_elsewhere.send("/account").status_code == 303


@pytest.mark.parametrize("path", ASK_FOR_THE_PASSWORD)
def test_who_has_no_password_here_can_set_none(practice, from_elsewhere, path):
    assert from_elsewhere.get(path).headers["location"] == "/account"
    token = forms(from_elsewhere.get("/account").text)[0][1]["form_token"]
    fields = {"password": "", "new_password": NEW, "new_password_again": NEW}
    answer = from_elsewhere.post(path, fields | {"form_token": token})
    assert answer.headers["location"] == "/account"
    kept = secrets_kept(practice)
    assert (kept.password_hash, kept.totp_secret) == (None, None)


def test_nothing_here_reaches_another_account(practice, own):
    """The account is the session's: no field and no address names one."""
    practice.account("kim")
    drawn = own.get("/account/password")
    fields = forms(drawn.text)[0][1]
    assert not any("account" in name or name == "login" for name in fields)
    sent = fields | {
        "password": PASSWORD,
        "new_password": NEW,
        "new_password_again": NEW,
        "account_id": "2",
        "login": "kim",
    }
    own.post("/account/password?account_id=2&login=kim", sent)
    assert practice.browser().sign_in("kim").status_code == 303
    assert practice.browser().sign_in("lee", NEW).status_code == 303


def test_a_session_that_idled_out_changes_nothing(practice, own, clock):
    drawn = own.get("/account/password")
    clock.pass_(minutes=15, seconds=1)
    fields = {"password": PASSWORD, "new_password": NEW, "new_password_again": NEW}
    answer = own.fill(drawn, "/account/password", **fields)
    assert answer.headers["location"] == "/login"
    assert practice.browser().sign_in().status_code == 303
