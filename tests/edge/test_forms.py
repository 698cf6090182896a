"""Every form of the door: what is not our own page's, or no longer, does nothing."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from starlette.routing import Route, Router
from starlette.testclient import TestClient

from access.csrf import LARGEST_FIELD, MOST_FIELDS
from access.routes import ROUTES
from data.actors import ADMINISTRATOR, CLINICIAN
from data.database import reading
from data.tables import metadata
from tests.actors import TESTER
from tests.edge.practice import HERE, INSIDE, Practice, forms, set_cookies


EXPIRED = "This form expired."

# Streamlit's pages send these, which know no form's token; the origin is asked for.
BY_ORIGIN = {"/draft", "/logout", "/session/stay"}
# Asks for the form only where a tablet shows one.
KIOSK_END = {"/kiosk/thanks"}
FORMS = sorted(
    route.path
    for route in ROUTES
    if isinstance(route, Route) and "POST" in route.methods
)
TOKENS = sorted(set(FORMS) - BY_ORIGIN - KIOSK_END)


@pytest.fixture
def browser(practice):
    practice.account(roles=[CLINICIAN, ADMINISTRATOR])
    browser = practice.browser()
    browser.sign_in()
    assert browser.is_in
    return browser


def contents(practice):
    """Return all that is kept, but when a session was last used."""
    with reading(practice.engine, TESTER) as connection:
        return {
            table.name: sorted(
                repr({k: v for k, v in row.items() if k != "seen_at"})
                for row in connection.execute(select(table)).mappings()
            )
            for table in metadata.sorted_tables
        }


def token_of(browser):
    return forms(browser.get("/account").text)[0][1]["form_token"]


def behind_the_gate(browser):
    """Return a client of the routes alone, with a browser's cookies."""
    practice = browser.practice

    async def app(scope, receive, send):
        state = {"settings": practice.settings, "visitor": None, "live": practice.live}
        await Router(ROUTES)({**scope, "state": state}, receive, send)

    cookies = {name: browser.cookie(name) for name in ("session", "form")}
    return TestClient(app, HERE, cookies=cookies, follow_redirects=False)


def encoded(*pairs):
    return {
        "content": urlencode(pairs),
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    }


def test_the_table_knows_every_form():
    assert set(FORMS) >= {"/login", "/login/code", "/setup", "/welcome", "/kiosk"}
    assert len(FORMS) == len(set(FORMS))
    assert set(FORMS) >= BY_ORIGIN


def test_with_the_right_token_every_form_is_looked_at(browser):
    token = token_of(browser)
    client = behind_the_gate(browser)
    for path in TOKENS:
        answer = client.post(path, data={"form_token": token})
        assert EXPIRED not in answer.text, path


BAD_FORMS = {
    "no fields": lambda _: {},
    "no token": lambda _: {"data": {"login": "lee"}},
    "an empty token": lambda _: {"data": {"form_token": ""}},
    "a made-up token": lambda _: {"data": {"form_token": "0" * 64}},
    "a token in other letters": lambda t: {"data": {"form_token": t.upper()}},
    "a token that is no ASCII": lambda _: {"data": {"form_token": "\u00e9" * 64}},
    "the token twice": lambda t: encoded(("form_token", t), ("form_token", t)),
    "a field twice": lambda t: encoded(("form_token", t), ("a", "1"), ("a", "2")),
    "a zero byte": lambda t: {"data": {"form_token": t, "login": "le\0e"}},
    "too many fields": lambda t: {
        "data": {"form_token": t} | {f"f{n}": "" for n in range(MOST_FIELDS)}
    },
    "too large a field": lambda t: {
        "data": {"form_token": t, "login": "x" * LARGEST_FIELD}
    },
    "multipart": lambda t: {"files": {"form_token": (None, t)}},
    "a file": lambda t: {"data": {"form_token": t}, "files": {"a": ("a", b"1")}},
    "JSON": lambda t: {"json": {"form_token": t}},
    "plain text": lambda t: {
        "content": f"form_token={t}",
        "headers": {"content-type": "text/plain"},
    },
    "no type at all": lambda t: {"content": f"form_token={t}"},
    "in the address": lambda t: {"params": {"form_token": t}},
}


@pytest.mark.parametrize("bad", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_form_that_is_not_our_own_changes_nothing(practice, browser, bad):
    token = token_of(browser)
    before = contents(practice)
    client = behind_the_gate(browser)
    for path in TOKENS:
        answer = client.post(path, **bad(token))
        assert (answer.status_code, EXPIRED in answer.text) == (403, True), path
        assert set_cookies(answer) == {}, path
    assert contents(practice) == before
    assert browser.is_in


@pytest.mark.parametrize("case", ["no cookie", "another browser", "two cookies"])
def test_a_token_belongs_to_one_browser(practice, browser, case):
    token = token_of(browser)
    other = behind_the_gate(browser)
    other.cookies.delete("form")
    seed = browser.cookie("form")
    cookies = {
        "no cookie": "",
        "another browser": f"; form={'x' * 43}",
        "two cookies": f"; form={seed}; form={'x' * 43}",
    }[case]
    other.cookies.clear()
    headers = {"cookie": f"session={browser.token}{cookies}"}
    for path in TOKENS:
        answer = other.post(path, data={"form_token": token}, headers=headers)
        assert (answer.status_code, EXPIRED in answer.text) == (403, True), path


def test_a_token_from_before_a_sign_in_is_worth_nothing_after_it(practice):
    practice.account()
    browser = practice.browser()
    earlier = forms(browser.get("/login").text)[0][1]["form_token"]
    browser.sign_in()
    seed = browser.cookie("form")
    answer = browser.post("/account/sign-out-elsewhere", {"form_token": earlier})
    assert answer.status_code == 403
    assert browser.cookie("form") == seed, "the very browser"
    later = token_of(browser)
    assert later != earlier
    answer = browser.post("/account/sign-out-elsewhere", {"form_token": later})
    assert answer.status_code == 303


def test_a_token_of_one_session_is_worth_nothing_in_the_next(practice, browser):
    token = token_of(browser)
    browser.post("/logout", {})
    browser.sign_in()
    answer = browser.post("/account/sign-out-elsewhere", {"form_token": token})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8502"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_no_form_is_taken_from_another_place(practice, browser, path, headers):
    fields = {"form_token": token_of(browser)}
    before = contents(practice)
    answer = browser.post(path, fields, headers=headers)
    assert answer.status_code == 403
    assert contents(practice) == before


def test_one_browser_keeps_one_seed_for_all_its_tabs(practice):
    practice.account()
    browser = practice.browser()
    first, second = browser.get("/login"), browser.get("/login")
    assert "form" in set_cookies(first)
    assert "form" not in set_cookies(second)
    # pragma: allowlist nextline secret
    browser.fill(first, "/login", login="lee", password="wrong")
    # pragma: allowlist nextline secret
    answer = browser.fill(second, "/login", login="lee", password="wrong")
    assert answer.status_code == 401


def test_a_form_over_the_gates_limit_is_not_read(practice, browser):
    answer = browser.post("/login", {"login": "x" * 70_000})
    assert answer.status_code == 413


def test_by_tls_the_seed_is_of_this_host_alone(practice):
    practice.account()
    secure = Practice(
        practice.url, practice.clock, type(practice.settings)("https://o.example.org")
    )
    browser = secure.browser()
    assert "__Host-form" in set_cookies(browser.get("/login"))
    # One without the prefix may be a neighbouring host's.
    browser.set_cookie("form", "x" * 43)
    assert browser.sign_in().status_code == 303
    assert browser.get("/").text == INSIDE
