"""Signing in and out as browsers do it, and as those do who should not get in."""

import asyncio
import logging
import re
import threading

import httpx2
import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from starlette.routing import Router
from starlette.testclient import TestClient

from access import passwords, second_step, sign_in
from access.second_factor import RECOVERY_CODES
from access.settings import DoorSettings
from data.accounts import (
    credentials_of,
    disable_account,
    invite,
    rehash_password,
    set_password,
)
from data.actors import ADMINISTRATOR, door
from data.attempts import FREE_FAILURES
from data.database import reading, writing
from data.errors import DatabaseError
from data.settings import change_settings
from data.tables import attempt, known_device
from tests.edge.practice import (
    HERE,
    PASSWORD,
    PLANTED,
    Practice,
    forms,
    said,
    set_cookies,
)


PUBLIC = "https://outcomes.example.org"
TOO_MANY = "Too many attempts"
WIDE_DIGITS = "".join(chr(0xFF10 + digit) for digit in range(1, 7))

FAILURE = ("sign-in failed", "account 1")
SIGNED_IN = ("sign in", "account 1")


def fail(browser, times, login="lee"):
    for _ in range(times):
        answer = browser.sign_in(login, "wrong")
    return answer


def code_at(secret, clock, steps=0):
    return pyotp.TOTP(secret).generate_otp(int(clock.now.timestamp()) // 30 + steps)


# The password.


def test_the_right_password_opens_the_door(practice):
    practice.account()
    browser = practice.browser()
    assert browser.get("/").headers["location"] == "/login"
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.is_in
    assert practice.session(browser.token).login == "lee"
    assert practice.audit("sign in") == [SIGNED_IN]


@pytest.mark.parametrize("typed", ["LEE", "  lee ", "Lee"])
def test_a_login_is_known_however_it_is_written(practice, typed):
    practice.account()
    browser = practice.browser()
    assert browser.sign_in(typed).status_code == 303
    assert browser.is_in


def test_a_password_keeps_its_spaces_and_its_case(practice):
    practice.account(password="  tulips on a slow train ")
    assert practice.browser().sign_in(password=PASSWORD).status_code == 401
    wanted = practice.browser().sign_in(password="  tulips on a slow train ")
    assert wanted.status_code == 303


NOBODY_GETS_IN = {
    "wrong password": ("lee", "tulips on a fast train"),
    "no password typed": ("lee", ""),
    "nothing typed": ("", ""),
    "unknown login": ("nobody", PASSWORD),
    "disabled account": ("disabled", PASSWORD),
    "invited, without a password": ("invited", PASSWORD),
    "invited, nothing typed": ("invited", ""),
    "a very long password": ("lee", "x" * 4_000),
    "a very long login": ("x" * 4_000, PASSWORD),
    "a login with an odd character": ("lee\x01", PASSWORD),
    "two logins": ("lee invited", PASSWORD),
    "the rest of a query": ("' OR 1=1 --", PASSWORD),
}


@pytest.mark.parametrize("typed", NOBODY_GETS_IN.values(), ids=NOBODY_GETS_IN)
def test_whatever_is_wrong_the_answer_is_the_same(practice, verified, typed):
    practice.account()
    practice.do(disable_account, practice.account("disabled"))
    practice.do(invite, practice.account("invited"))
    browser = practice.browser()
    verified.clear()
    answer = browser.sign_in(*typed)
    assert (answer.status_code, said(answer)) == (401, sign_in.WRONG)
    assert len(verified) == 1, "one comparison, whoever it is"
    assert set_cookies(answer) == {}
    assert not browser.is_in
    assert practice.sessions() == []
    who = "account 1" if typed[0] == "lee" else "account 3"
    if typed[0] not in ("lee", "invited"):
        who = "unknown account"
    assert practice.audit("sign-in failed") == [("sign-in failed", who)]


def test_pages_of_failures_differ_in_the_login_alone(practice):
    practice.account()
    pages = {
        login: re.sub(r'name="form_token" value="\w+"', "", answer.text).replace(
            f'value="{login}"', ""
        )
        for login in ("lee", "nobody")
        if (answer := practice.browser().sign_in(login, "wrong"))
    }
    assert pages["lee"] == pages["nobody"]


def test_nothing_typed_is_repeated_but_the_login_and_that_harmlessly(practice, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "zebra-crossing-at-midnight"  # pragma: allowlist secret
    answer = practice.browser().sign_in("<b>lee</b>", secret)
    assert "&lt;b&gt;lee&lt;/b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert secret not in answer.text
    # Some type their password where the login belongs.
    practice.browser().sign_in(secret, "x")
    assert secret not in repr(practice.audit()) + caplog.text


def test_a_password_with_older_parameters_is_kept_anew(practice):
    older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    account_id = practice.account()
    with writing(practice.engine, door()) as connection:
        rehash_password(connection, account_id, older.hash(PASSWORD))
    # pragma: allowlist nextline secret
    assert practice.browser().sign_in(password="wrong").status_code == 401
    assert stored(practice).startswith("$argon2id$v=19$m=16,")
    assert practice.browser().sign_in().status_code == 303
    assert stored(practice).startswith("$argon2id$v=19$m=8,")
    assert practice.browser().sign_in().status_code == 303
    assert practice.audit("set password") == [("set password", "account 1")]


def stored(practice):
    with reading(practice.engine, door()) as connection:
        return credentials_of(connection, "lee").password_hash


@pytest.mark.parametrize("deed", [disable_account, invite])
def test_an_administrator_may_be_faster_than_the_comparison(
    practice, monkeypatch, deed
):
    practice.account()
    practice.account("admin", roles=[ADMINISTRATOR])
    really = passwords.verify_password

    def slow(*given):
        practice.do(deed, 1)
        return really(*given)

    monkeypatch.setattr(sign_in, "verify_password", slow)
    browser = practice.browser()
    assert browser.sign_in().status_code == 401
    assert practice.sessions() == []


# Where to.


ONWARD = {
    "/patient?patient=7f3a": "/patient?patient=7f3a",
    "/account": "/account",
    "/": "/",
    "": "/",
    "//evil.example": "/",
    "https://evil.example/": "/",
    "/\\evil.example": "/",
    "\\\\evil.example": "/",
    "javascript:alert(1)": "/",
    "/%2f%2fevil.example": "/",
    "/a\r\nset-cookie: x=y": "/",
    "/login": "/",
    "/login/code": "/",
    "/logout": "/",
    "/kiosk": "/",
    "patient": "/",
    "@evil.example": "/",
}


@pytest.mark.parametrize("where", ONWARD)
@pytest.mark.parametrize("how", ["in the address", "in the form"])
def test_who_signs_in_goes_on_to_a_page_of_ours(practice, where, how):
    practice.account()
    browser = practice.browser()
    if how == "in the address":
        drawn = browser.get("/login", params={"next": where})
        answer = browser.fill(drawn, "/login", login="lee", password=PASSWORD)
    else:
        answer = browser.send("/login", login="lee", password=PASSWORD, next=where)
    assert answer.headers["location"] == ONWARD[where]


def test_the_way_on_outlives_a_failure_and_the_second_step(practice, clock):
    secret, _ = practice.second_factor(practice.account())
    browser = practice.browser()
    drawn = browser.get(browser.get("/patient?patient=7f3a").headers["location"])
    # pragma: allowlist nextline secret
    failed = browser.fill(drawn, "/login", login="lee", password="wrong")
    answer = browser.fill(failed, "/login", login="lee", password=PASSWORD)
    step = browser.get(answer.headers["location"])
    wrong = browser.fill(step, "/login/code", code="000000")
    done = browser.fill(wrong, "/login/code", code=code_at(secret, clock))
    assert done.headers["location"] == "/patient?patient=7f3a"


# Cookies, and whose session it is.


@pytest.mark.parametrize("public", [None, PUBLIC])
def test_cookies_are_for_this_host_alone_and_no_script(practice, public):
    practice.account()
    practice = Practice(practice.url, practice.clock, DoorSettings(public))
    browser = practice.browser()
    drawn = set_cookies(browser.get("/login"))
    answer = set_cookies(browser.sign_in())
    prefix = "__Host-" if public else ""
    kept = {name: v for name, v in answer.items() if "max-age=0" not in v[1]}
    assert kept.keys() == {f"{prefix}session", f"{prefix}device"}
    for _, attributes in [*answer.values(), *drawn.values()]:
        assert {"httponly", "path=/"} <= attributes
        assert ("secure" in attributes) == bool(public)
        assert not any(one.startswith("domain") for one in attributes)
    for name, (_, attributes) in (drawn | answer).items():
        strict = name == f"{prefix}pending"
        assert f"samesite={'strict' if strict else 'lax'}" in attributes
    # Until the browser is closed, at the longest.
    lasting = [name for name, v in kept.items() if "max-age" in " ".join(v[1])]
    assert lasting == [f"{prefix}device"]
    assert browser.is_in


def test_a_session_that_was_brought_is_never_taken_over(practice):
    practice.account()
    browser = practice.browser()
    browser.set_cookie("session", PLANTED)
    answer = browser.sign_in()
    new, _ = set_cookies(answer)["session"]
    assert new != PLANTED
    assert practice.session(PLANTED) is None
    assert practice.session(new).login == "lee"


def test_signing_in_anew_ends_the_session_of_this_browser_alone(practice):
    practice.account()
    practice.account("kim")
    browser, other = practice.browser(), practice.browser()
    browser.sign_in()
    other.sign_in()
    first = browser.token
    browser.sign_in("kim")
    assert browser.token != first
    assert practice.session(first) is None
    assert practice.session(browser.token).login == "kim"
    assert practice.session(other.token).login == "lee"
    assert practice.sessions() == ["signed out", None, None]


def test_a_failed_attempt_leaves_the_session_alone(practice):
    practice.account()
    browser = practice.browser()
    browser.sign_in()
    browser.sign_in(password="wrong")  # pragma: allowlist secret
    assert browser.is_in


# Slowing down guesses.


@pytest.mark.parametrize("login", ["lee", "nobody"])
def test_guessing_is_slowed_down_whoever_it_is(practice, verified, clock, login):
    practice.account()
    browser = practice.browser()
    for _ in range(FREE_FAILURES):
        assert browser.sign_in(login, "wrong").status_code == 401
    verified.clear()
    noted = practice.audit()
    waits = [browser.sign_in(login, typed) for typed in ("wrong", PASSWORD)]
    for answer in waits:
        assert answer.status_code == 429
        assert said(answer) == f"{TOO_MANY}. Please try again in 5 seconds."
        assert set_cookies(answer) == {}
    assert verified == [], "an attempt that has to wait compares nothing"
    assert practice.audit() == noted, "and is not noted"
    clock.pass_(seconds=2)
    assert browser.sign_in(login, "wrong").status_code == 401
    clock.pass_(seconds=3)
    assert browser.sign_in(login, "wrong").status_code == 429, "it was counted twice"
    clock.pass_(seconds=1)
    assert browser.sign_in(login, "wrong").status_code == 401


def test_the_wait_doubles_until_a_quarter_of_an_hour(practice, clock):
    practice.account()
    browser = practice.browser()
    fail(browser, FREE_FAILURES)
    told = {}
    for seconds in (2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        told[seconds] = said(browser.sign_in()).rpartition(" in ")[2]
        clock.pass_(seconds=seconds - 1)
        assert browser.sign_in().status_code == 429, seconds
        clock.pass_(seconds=1)
        # pragma: allowlist nextline secret
        assert browser.sign_in(password="wrong").status_code == 401, seconds
    assert told == {
        2: "5 seconds.",
        4: "5 seconds.",
        8: "10 seconds.",
        16: "20 seconds.",
        32: "35 seconds.",
        64: "2 minutes.",
        128: "3 minutes.",
        256: "5 minutes.",
        512: "9 minutes.",
        900: "15 minutes.",
    }


def test_a_success_and_a_day_start_counting_anew(practice, clock):
    practice.account()
    browser = practice.browser()
    fail(browser, FREE_FAILURES - 1)
    assert browser.sign_in().status_code == 303
    stranger = practice.browser()
    assert fail(stranger, FREE_FAILURES).status_code == 401
    assert fail(stranger, 1).status_code == 429
    clock.pass_(days=1, seconds=1)
    assert fail(stranger, FREE_FAILURES).status_code == 401


def test_a_stranger_cannot_lock_out_whose_device_is_known(practice):
    practice.account()
    own, stranger = practice.browser(), practice.browser()
    own.sign_in()
    fail(stranger, FREE_FAILURES)
    assert fail(stranger, 1).status_code == 429
    assert own.sign_in().status_code == 303
    # And the other way round: who succeeded opens nothing for the stranger.
    assert stranger.sign_in().status_code == 429


def test_on_a_known_device_guesses_count_as_well(practice):
    practice.account()
    own = practice.browser()
    own.sign_in()
    fail(own, FREE_FAILURES)
    assert own.sign_in().status_code == 429
    # Without its cookie it is a stranger's, which has a count of its own.
    assert practice.browser().sign_in().status_code == 303


@pytest.mark.parametrize("brought", ["made up", "of another account", "very many"])
def test_no_cookie_of_another_makes_a_device_known(practice, brought):
    practice.account()
    practice.account("kim")
    browser = practice.browser()
    if brought == "of another account":
        browser.sign_in("kim")
    elif brought == "made up":
        browser.set_cookie("device", PLANTED)
    else:
        browser.set_cookie("device", ".".join(f"{PLANTED}{n}" for n in range(150)))
    fail(practice.browser(), FREE_FAILURES)
    assert browser.sign_in().status_code == 429


def test_a_shared_computer_is_known_to_everybody_who_signs_in_there(practice):
    logins = [f"clinician-{n}" for n in range(7)]
    for login in logins:
        practice.account(login)
    shared = practice.browser()
    for login in logins:
        assert shared.sign_in(login).status_code == 303
    assert shared.cookie("device").count(".") == 5, "the last six"
    before = shared.cookie("device")
    assert shared.sign_in(logins[-1]).status_code == 303
    assert shared.cookie("device") == before, "known already"
    for login in logins:
        fail(practice.browser(), FREE_FAILURES, login)
    found = [shared.sign_in(login).status_code for login in reversed(logins)]
    assert found == [303] * 6 + [429]
    with reading(practice.engine, door()) as connection:
        count = connection.scalar(select(func.count()).select_from(known_device))
    assert count == len(logins)


def test_many_guesses_at_once_are_counted_before_they_are_compared(
    practice_anywhere, verified
):
    practice = practice_anywhere
    practice.account()
    drawn = practice.browser().get("/login")
    # pragma: allowlist nextline secret
    fields = forms(drawn.text)[0][1] | {"login": "lee", "password": "wrong"}
    cookies = {"form": set_cookies(drawn)["form"][0]}

    async def guess_at_once():
        transport = httpx2.ASGITransport(practice.gate)
        async with httpx2.AsyncClient(
            transport=transport, base_url=HERE, cookies=cookies
        ) as client:
            sent = [
                client.post("/login", data=fields, headers={"origin": HERE})
                for _ in range(4 * FREE_FAILURES)
            ]
            return [answer.status_code for answer in await asyncio.gather(*sent)]

    verified.clear()
    found = asyncio.run(guess_at_once())
    assert sorted(found) == [401] * FREE_FAILURES + [429] * 3 * FREE_FAILURES
    assert len(verified) == FREE_FAILURES


def test_a_flood_of_passwords_leaves_threads_to_everybody_else(practice, monkeypatch):
    for number in range(8):
        practice.account(f"clinician-{number}")
    at_once, most, lock = [0], [0], threading.Lock()
    hold = threading.Event()

    def slow(*_):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        hold.wait(10)
        with lock:
            at_once[0] -= 1
        return False

    monkeypatch.setattr(sign_in, "verify_password", slow)
    drawn = practice.browser().get("/login")
    fields = forms(drawn.text)[0][1] | {"password": "wrong"}  # pragma: allowlist secret
    cookies = {"form": set_cookies(drawn)["form"][0]}

    async def flood():
        transport = httpx2.ASGITransport(practice.gate)
        async with httpx2.AsyncClient(
            transport=transport, base_url=HERE, cookies=cookies
        ) as client:
            sent = [
                asyncio.create_task(
                    client.post(
                        "/login",
                        data=fields | {"login": f"clinician-{number}"},
                        headers={"origin": HERE},
                    )
                )
                for number in range(8)
            ]
            while at_once[0] < 4:
                await asyncio.sleep(0.01)
            page = await client.get("/login")
            hold.set()
            answers = await asyncio.gather(*sent)
            return page.status_code, {answer.status_code for answer in answers}

    assert asyncio.run(flood()) == (200, {401})
    assert most == [4]


# The second step.


@pytest.fixture
def factor(practice):
    """The secret and the recovery codes of the one account."""
    return practice.second_factor(practice.account())


def halfway(practice):
    browser = practice.browser()
    answer = browser.sign_in()
    assert answer.headers["location"] == "/login/code?next=%2F"
    return browser


def give(browser, **fields):
    """Send a code, or what stands in its place, from the form it belongs to."""
    form = 1 if "recovery_code" in fields else 0
    return browser.send("/login/code", form=form, **fields)


def test_the_password_alone_opens_nothing_where_a_code_is_asked_for(practice, factor):
    browser = halfway(practice)
    assert not browser.is_in
    assert browser.token is None
    assert practice.sessions() == []
    assert practice.audit("sign in") == []
    assert browser.get("/account").headers["location"].startswith("/login")


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_this_or_a_neighbouring_step_opens_the_door(
    practice, factor, clock, steps
):
    browser = halfway(practice)
    answer = give(browser, code=code_at(factor[0], clock, steps))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.is_in
    assert browser.cookie("pending") is None
    assert practice.audit("sign in") == [SIGNED_IN]


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_a_code_of_another_time_does_not(practice, factor, clock, steps):
    browser = halfway(practice)
    answer = give(browser, code=code_at(factor[0], clock, steps))
    assert answer.status_code == 401
    assert not browser.is_in
    assert practice.audit("second step failed") == [("second step failed", "account 1")]


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", WIDE_DIGITS]
)
def test_nothing_but_the_code_does(practice, factor, code):
    browser = halfway(practice)
    answer = give(browser, code=code)
    assert (answer.status_code, "is not right" in said(answer)) == (401, True)
    assert not browser.is_in


def test_a_code_is_taken_once_and_none_before_it(practice, factor, clock):
    later = code_at(factor[0], clock, 1)
    assert give(halfway(practice), code=later).status_code == 303
    for again in (later, code_at(factor[0], clock), code_at(factor[0], clock, -1)):
        assert give(halfway(practice), code=again).status_code == 401
    clock.pass_(seconds=60)
    now = code_at(factor[0], clock)
    assert give(halfway(practice), code=now).status_code == 303


def test_a_recovery_code_is_taken_once_however_it_is_written(practice, factor):
    codes = factor[1]
    assert give(halfway(practice), recovery_code=codes[0]).status_code == 303
    wrong = give(halfway(practice), recovery_code=codes[0])
    assert wrong.status_code == 401
    assert "<details open>" in wrong.text
    written = f" {codes[1].lower().replace('-', ' ')} "
    assert give(halfway(practice), recovery_code=written).status_code == 303
    used = practice.audit("use recovery code")
    assert used == [("use recovery code", "account 1")] * 2


def test_a_recovery_code_of_another_account_opens_nothing(practice, factor):
    _, codes = practice.second_factor(practice.account("kim"))
    assert give(halfway(practice), recovery_code=codes[0]).status_code == 401
    browser = practice.browser()
    browser.sign_in("kim")
    assert give(browser, recovery_code=codes[0]).status_code == 303


def test_guessing_codes_is_slowed_down_on_a_count_of_its_own(practice, factor, clock):
    browser = halfway(practice)
    for _ in range(FREE_FAILURES):
        assert give(browser, code="000000").status_code == 401
    noted = practice.audit()
    right = code_at(factor[0], clock)
    answer = give(browser, code=right)
    assert (answer.status_code, said(answer)[:17]) == (429, TOO_MANY)
    assert give(browser, recovery_code=factor[1][0]).status_code == 429
    assert practice.audit() == noted
    # Neither the password given anew nor another browser starts the count anew.
    assert give(halfway(practice), code=right).status_code == 429
    clock.pass_(seconds=2)
    assert give(browser, code=right).status_code == 303


def test_no_login_fills_the_count_of_codes(practice, factor, clock):
    for login in ("code lee", "code\x1flee", "lee code"):
        fail(practice.browser(), FREE_FAILURES + 1, login)
    assert give(halfway(practice), code=code_at(factor[0], clock)).status_code == 303


def test_whoever_knows_the_password_cannot_lock_out_a_known_device(
    practice, factor, clock
):
    own = halfway(practice)
    give(own, code=code_at(factor[0], clock))
    thief = halfway(practice)
    for _ in range(FREE_FAILURES + 1):
        answer = give(thief, code="000000")
    assert answer.status_code == 429
    own.sign_in()
    clock.pass_(seconds=60)
    assert give(own, code=code_at(factor[0], clock)).status_code == 303


def test_the_second_step_has_to_come_soon(practice, factor, clock):
    browser = halfway(practice)
    drawn = browser.get("/login/code")
    clock.pass_(minutes=5, seconds=1)
    late = browser.get("/login/code")
    assert late.headers["location"] == "/login?why=late&next=%2F"
    late = browser.fill(drawn, "/login/code", code=code_at(factor[0], clock))
    assert late.headers["location"] == "/login?why=late&next=%2F"
    assert said(browser.get("/login?why=late")) == sign_in.NOTES["late"]
    assert not browser.is_in


@pytest.mark.parametrize("deed", [disable_account, invite])
def test_the_second_step_of_an_account_that_was_closed_leads_nowhere(
    practice, factor, clock, deed
):
    practice.account("admin", roles=[ADMINISTRATOR])
    browser = halfway(practice)
    drawn = browser.get("/login/code")
    practice.do(deed, 1)
    answer = browser.fill(drawn, "/login/code", code=code_at(factor[0], clock))
    assert answer.headers["location"].startswith("/login?why=late")
    assert not browser.is_in


def test_an_invitation_ends_a_sign_in_that_is_half_done(practice, clock):
    """Or whoever knew the password could set up a factor of their own."""
    account_id = practice.account()
    practice.require_second_factor()
    thief = halfway(practice)
    drawn = thief.get("/login/code")
    practice.do(invite, account_id)
    with writing(practice.engine, door()) as connection:
        set_password(connection, account_id, "the holder's new one")
    secret = forms(drawn.text)[0][1]["secret"]
    thief.fill(drawn, "/login/code", code=code_at(secret, clock))
    assert not thief.is_in
    assert practice.audit("set second factor") == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_password_there_is_no_second_step(practice, factor, method):
    browser = practice.browser()
    browser.set_cookie("pending", PLANTED)
    token = forms(browser.get("/login").text)[0][1]["form_token"]
    answer = (
        browser.get("/login/code")
        if method == "get"
        else browser.post("/login/code", {"form_token": token, "code": "000000"})
    )
    assert answer.headers["location"] == "/login?why=late&next=%2F"


def test_one_step_is_finished_once(practice, factor, clock):
    browser = halfway(practice)
    pending = browser.cookie("pending")
    give(browser, code=code_at(factor[0], clock))
    thief = practice.browser()
    thief.set_cookie("pending", pending)
    assert thief.get("/login/code").headers["location"].startswith("/login?why=late")


# Setting up a second factor before the first session.


def test_where_it_is_required_a_second_factor_comes_before_any_session(practice, clock):
    practice.account()
    practice.require_second_factor()
    browser = halfway(practice)
    drawn = browser.get("/login/code")
    secret = forms(drawn.text)[0][1]["secret"]
    assert "<svg" in drawn.text
    wrong = browser.fill(drawn, "/login/code", code="000000")
    assert wrong.status_code == 400
    assert forms(wrong.text)[0][1]["secret"] == secret, "the picture stays"
    assert practice.sessions() == []
    sent = forms(drawn.text)[0][1] | {"code": code_at(secret, clock)}
    shown = browser.post("/login/code", sent)
    codes = re.findall(r"<li>([0-9A-Z-]+)</li>", shown.text)
    assert (shown.status_code, len(codes)) == (200, RECOVERY_CODES)
    assert browser.is_in
    assert practice.audit("set second factor", "sign in") == [
        ("set second factor", "account 1"),
        SIGNED_IN,
    ]
    # Shown once: the form was used up.
    again = browser.post("/login/code", sent)
    assert again.status_code == 403
    assert not any(code in again.text for code in codes)
    # From now on the code is asked for, and the one just used is used.
    other = halfway(practice)
    assert give(other, code=code_at(secret, clock)).status_code == 401
    assert give(other, recovery_code=codes[3]).status_code == 303


@pytest.mark.parametrize("secret", ["", "A", "x" * 32, "<b>" * 11, "A" * 33])
def test_only_a_secret_of_ours_is_kept(practice, secret):
    practice.account()
    practice.require_second_factor()
    browser = halfway(practice)
    answer = give(browser, secret=secret, code="000000")
    assert answer.status_code == 400
    drawn = forms(answer.text)[0][1]["secret"]
    assert drawn != secret
    assert re.fullmatch("[A-Z2-7]{32}", drawn)


@pytest.mark.parametrize("when", ["before the form comes", "while it is read"])
def test_a_second_factor_that_was_set_meanwhile_is_not_replaced(
    practice, clock, monkeypatch, when
):
    account_id = practice.account()
    practice.require_second_factor()
    browser = halfway(practice)
    drawn = browser.get("/login/code")
    secret = forms(drawn.text)[0][1]["secret"]
    kept = []

    def set_elsewhere(*_):
        kept.append(practice.second_factor(account_id)[0])
        return int(clock.now.timestamp()) // 30

    if when == "before the form comes":
        set_elsewhere()
    else:
        monkeypatch.setattr(second_step, "first_step", set_elsewhere)
    answer = browser.fill(drawn, "/login/code", code=code_at(secret, clock))
    assert answer.status_code in (303, 401)
    assert not browser.is_in
    with reading(practice.engine, door()) as connection:
        assert credentials_of(connection, "lee").totp_secret == kept[0]


# Signing out.


def test_signing_out_ends_the_session_and_clears_the_browser(practice):
    practice.account()
    browser, other = practice.browser(), practice.browser()
    browser.sign_in()
    other.sign_in()
    token, ended = browser.token, []
    practice.live.end = ended.append
    answer = browser.post("/logout", {})
    assert answer.headers["location"] == "/login?why=signed-out"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert set(set_cookies(answer)) == {"session", "pending"}
    assert ended == [1], "its sockets are closed at once"
    assert practice.sessions() == ["signed out", None]
    assert practice.audit("sign out") == [("sign out", "account 1")]
    browser.set_cookie("session", token)
    assert not browser.is_in, "a copy of the cookie is worth nothing"
    assert other.is_in
    assert browser.cookie("device"), "the device stays known"
    assert said(browser.get("/login?why=signed-out")) == "You are signed out."


def test_asking_for_the_page_signs_nobody_out(practice):
    practice.account()
    browser = practice.browser()
    browser.sign_in()
    assert browser.get("/logout").headers["location"] == "/"
    assert browser.is_in


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", ""]
)
def test_no_other_page_signs_anybody_out(practice, origin):
    practice.account()
    browser = practice.browser()
    browser.sign_in()
    headers = {"origin": origin} if origin else {}
    assert browser.client.post("/logout", headers=headers).status_code == 403
    assert browser.is_in
    # Nor if the gate had let it through.
    assert behind_the_gate(practice, browser, headers).status_code == 403
    assert browser.is_in


def behind_the_gate(practice, browser, headers):
    async def app(scope, receive, send):
        scope = {**scope, "state": {"settings": practice.settings}}
        await Router(sign_in.ROUTES)(scope, receive, send)

    client = TestClient(app, HERE, cookies={"session": browser.token})
    return client.post("/logout", headers=headers)


def test_no_text_of_an_address_stands_above_the_form(practice):
    for why in ("You won!", "<script>", "ended\n", "SIGNED-OUT"):
        answer = practice.browser().get("/login", params={"why": why})
        assert (answer.status_code, said(answer)) == (200, "")


# When something fails.


def test_without_a_database_the_page_says_so(practice, monkeypatch, caplog):
    def refuse():
        raise DatabaseError("connection to 10.0.0.5 as postgres refused")

    browser = practice.browser()
    drawn = browser.get("/login")
    monkeypatch.setattr("access.connections.door_engine", refuse)
    sent = forms(drawn.text)[0][1] | {"login": "lee", "password": PASSWORD}
    for answer in (browser.get("/login"), browser.post("/login", sent)):
        assert answer.status_code == 503
        assert "Please try again in a minute" in said(answer)
        assert "10.0.0.5" not in answer.text + caplog.text


def test_a_fault_of_ours_shows_a_reference_and_nothing_of_what_was_typed(
    practice, monkeypatch, caplog
):
    def break_(_stored, password):
        raise RuntimeError(f"cannot compare {password}")

    practice.account()
    monkeypatch.setattr(sign_in, "verify_password", break_)
    answer = practice.browser().sign_in()
    reference = re.search(r"reference (\w{8})", answer.text)[1]
    assert answer.status_code == 500
    assert reference in caplog.text
    assert PASSWORD not in answer.text + caplog.text


def test_failures_are_forgotten_with_the_success_and_not_kept_by_name(practice):
    practice.account()
    fail(practice.browser(), 2)
    with reading(practice.engine, door()) as connection:
        rows = connection.execute(select(attempt)).all()
    assert [row.failures for row in rows] == [2]
    assert re.fullmatch("[0-9a-f]{64}", rows[0].bucket)
    practice.browser().sign_in()
    with reading(practice.engine, door()) as connection:
        assert connection.execute(select(attempt)).all() == []


def test_the_practice_is_named_above_the_form(practice):
    practice.do(change_settings, practice_name="Lake <House> & Co")
    text = practice.browser().get("/login").text
    assert "Lake &lt;House&gt; &amp; Co" in text
