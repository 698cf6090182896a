"""Closed is the default: what nobody named as open needs a session."""

import asyncio

import pytest

from access import paths
from access.routes import ROUTES
from tests.edge.door import FROM_HERE, HTML, KIOSK_TOKEN, TOKEN, Door, cookie, scope_of


OPEN = ["/healthz", "/session", "/favicon.png", "/static/js/index.js", "/static/"]
ENTRANCES = sorted(paths.ENTRANCES)
CLOSED = [
    "/",
    "/caseload",
    "/patient",
    "/import",
    "/index.html",
    "/manifest.json",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/stream",
    "/_stcore/upload_file/a/b",
    "/_stcore/bidi-components/item_form/main.js",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/interact",
    "/_stcore/agent/mcp",
    "/media/5f0c.csv",
    "/component/some.component/index.html",
    "/app/static/notes.txt",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
    "/patient/_stcore/health",
    "/account",
    "/account/password",
    "/draft",
    "/report/1.pdf",
    "/report/999999999.pdf",
    "/report/anything",
    "/logout",
    "/session/stay",
    "/kiosk",
    "/kiosk/answer",
    # Near what is open, and not it.
    "/static",
    "/staticfiles",
    "/static2/a.js",
    "/Static/a.js",
    "/healthz/",
    "/healthz/more",
    "/session/",
    "/login/",
    "/login/anything",
    "/loginx",
    "/oidc",
    "/oidc/anything",
    "/kiosk/start/",
    "/kiosk/start/more",
    "/setup/",
    "/welcome/more",
    "/favicon.png/",
    "/app/login",
]
TRICKS = [
    "",
    "*",
    "login",
    "//",
    "//login",
    "/login//",
    "//static/a.js",
    "/static//a.js",
    "/static/../account",
    "/static/..",
    "/static/./a.js",
    "/./static/a.js",
    "/../static/a.js",
    "/static/.hidden",
    "/static/..;/account",
    "/static;/account",
    "/login;a=b",
    "/login\\..\\account",
    "/static/\\evil.example\\share",
    "\\\\evil.example\\share",
    "/static/%2e%2e/account",
    "/static/%252e%252e/account",
    "/static/%2Faccount",
    "/login%00",
    "/login\x00",
    "/login\n",
    "/login\r\nx: y",
    "/static/a\tb",
    "/static/a b",
    "/static/a\x7f",
    "/static/a\x1b[0m",
    "/static/caf\u00e9",
    "/static/\ufffd",
    "/static/a\u202e",
    "/static/C:/secret",
    "/login?next=/",
    "/login#",
    "/static/a*b",
    "/static/a|b",
    "/static/" + "a" * 600,
    "http://127.0.0.1:8501/login",
    "http://evil.example/static/a.js",
]


def test_every_route_of_ours_is_listed_and_every_listed_one_has_a_route():
    """Otherwise Streamlit would answer in its place, or nobody could reach it."""
    listed = paths.OPEN | paths.ENTRANCES | paths.PERSONAL | {paths.KIOSK}
    assert {route.path for route in ROUTES} == listed - {"/favicon.png"}
    # A report's address has the course's number in it: tests/edge/test_report.py.
    first = {path.split("/")[1] for path in listed} - {"favicon.png"}
    assert first == paths.OWN - {"report"}


@pytest.mark.parametrize("path", OPEN)
def test_what_is_open_asks_nobody(path):
    door = Door()
    assert door.ask(path, headers=cookie(TOKEN)).text == "inside"
    assert door.visitors.asked == 0


@pytest.mark.parametrize("path", ENTRANCES)
def test_an_entrance_lets_in_who_has_no_session(path):
    assert Door().ask(path).text == "inside"


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("token", [None, "unknown-token-unknown-token-unknown-token"])
def test_without_a_session_everything_else_is_closed(path, token):
    door = Door()
    for method in paths.methods(path):
        headers = FROM_HERE | (cookie(token) if token else {})
        answer = door.ask(path, method=method, headers=headers)
        assert (answer.status, answer.text) == (401, "Please sign in.")
        assert "set-cookie" not in answer.headers
    assert not door.inside.reached


@pytest.mark.parametrize("path", [p for p in CLOSED if "GET" in paths.methods(p)])
def test_a_browser_without_a_session_is_shown_to_the_sign_in(path):
    door = Door()
    answer = door.ask(path, headers=HTML)
    assert answer.status == 303
    assert answer.headers["location"].partition("?")[0] == "/login"
    assert not door.inside.reached


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("headers", [{}, cookie(TOKEN), cookie(TOKEN) | HTML])
def test_an_address_that_could_mean_two_things_is_none(path, headers):
    door = Door()
    answer = door.ask(path, headers=headers, raw_path=path.encode())
    assert (answer.status, answer.text) == (400, "There is no such address.")
    assert not door.inside.reached


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/static/a/b.js", b"/static/a%2Fb.js"),
        ("/static/a.js", b"/%73tatic/a.js"),
        ("/login", b"/logi%6E"),
        ("/login", b"/static/../login"),
        ("/login", b"/login%2F..%2Flogin"),
        ("/login", b"//login"),
    ],
)
def test_an_address_in_disguise_is_none(path, raw_path):
    door = Door()
    assert door.ask(path, raw_path=raw_path).status == 400
    assert not door.inside.reached


def test_a_server_that_does_not_tell_the_raw_path_is_no_hindrance():
    assert Door().ask("/login", raw_path=None).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/patient", "/media/5f0c.csv", "/account", "/report/1.pdf"]
)
def test_with_a_session_the_way_is_open(path):
    door = Door()
    assert door.ask(path, headers=cookie(TOKEN)).text == "inside"
    assert door.visitors.asked == 1


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/agent",
        "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json",
        "/_stcore/metrics",
        "/_stcore/script-health-check",
        "/auth/login",
        "/oauth2callback",
        # Under our addresses, where Streamlit would answer in place of us.
        "/account/",
        "/account/anything",
        "/login/anything",
        "/oidc",
        "/kiosk/anything",
        "/healthz/more",
        "/report",
        "/report/",
        "/report/0.pdf",
        "/report/01.pdf",
        "/report/-1.pdf",
        "/report/1.5.pdf",
        "/report/1.pdf/",
        "/report/1.pdf.pdf",
        "/report/1.PDF",
        "/report/1",
        "/report/a.pdf",
        "/report/1000000000.pdf",
        "/report/1/2.pdf",
    ],
)
def test_what_nobody_uses_is_shut_even_with_a_session(path):
    door = Door()
    assert door.ask(path, headers=cookie(TOKEN)).status == 404
    assert not door.inside.reached


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/", "POST", "GET, HEAD"),
        ("/", "PUT", "GET, HEAD"),
        ("/", "OPTIONS", "GET, HEAD"),
        ("/", "TRACE", "GET, HEAD"),
        ("/", "CONNECT", "GET, HEAD"),
        ("/", "PATCH", "GET, HEAD"),
        ("/", "get", "GET, HEAD"),
        ("/", "BREW", "GET, HEAD"),
        ("/static/a.js", "POST", "GET, HEAD"),
        ("/_stcore/agent/interact", "POST", "GET, HEAD"),
        ("/_stcore/stream", "POST", "GET, HEAD"),
        ("/_stcore/upload_file/a/b", "POST", "PUT, DELETE"),
        ("/_stcore/upload_file/a/b", "GET", "PUT, DELETE"),
        ("/_stcore/upload_file/a/b", "OPTIONS", "PUT, DELETE"),
        ("/login", "PUT", "GET, HEAD, POST"),
        ("/login", "TRACE", "GET, HEAD, POST"),
        ("/kiosk", "DELETE", "GET, HEAD, POST"),
        ("/report/1.pdf", "POST", "GET, HEAD"),
        ("/report/1.pdf", "DELETE", "GET, HEAD"),
    ],
)
def test_a_method_without_a_use_is_refused(path, method, allow):
    door = Door()
    answer = door.ask(path, method=method, headers=FROM_HERE | cookie(TOKEN))
    assert answer.status == 405
    assert answer.headers["allow"] == allow
    assert not door.inside.reached


@pytest.mark.parametrize(
    ("path", "query", "onward"),
    [
        ("/", "", ""),
        ("/patient", "", "?next=%2Fpatient"),
        ("/patient", "patient=7f3a", "?next=%2Fpatient%3Fpatient%3D7f3a"),
        ("/account", "", "?next=%2Faccount"),
        ("/report/1.pdf", "", "?next=%2Freport%2F1.pdf"),
        # What would not be a page to go on to.
        ("/kiosk", "", ""),
        ("/logout", "", ""),
        ("/login/", "", ""),
        ("/session/stay", "", ""),
        ("/patient", "next=\\evil", ""),
        ("/patient", "a=<script>", ""),
        ("/patient", 'a="b', ""),
        ("/patient", "a b", ""),
        ("/patient", "a=" + "b" * 600, ""),
    ],
)
def test_after_sign_in_the_browser_goes_where_it_wanted(path, query, onward):
    answer = Door().ask(path, query=query, headers=HTML)
    assert answer.headers["location"] == f"/login{onward}"


def test_what_was_sent_without_a_session_is_not_repeated_after_sign_in():
    answer = Door().ask("/account", method="POST", headers=HTML | FROM_HERE)
    assert (answer.status, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/..//evil.example",
        "/%2F/evil.example",
        "/\t/evil.example",
        "/patient\r\nset-cookie: session=1",
        " /patient",
        "/patient ",
        "/patient#top",
        "/login",
        "/login?next=/login",
        "/logout",
        "/oidc/login",
        "/kiosk/start?link=a",
        "/report/a.pdf",
    ],
)
def test_no_other_place_is_gone_on_to(address):
    assert paths.safe_next(address) == "/"


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/patient?patient=7f3a",
        "/account",
        "/account/password",
        "/a/b/",
        "/report/1.pdf?practice=Example",
    ],
)
def test_our_own_pages_are_gone_on_to(address):
    assert paths.safe_next(address) == address


@pytest.mark.parametrize(
    "path", ["/kiosk", "/kiosk/start", "/kiosk/thanks", "/kiosk/over", "/healthz"]
)
def test_a_tablet_has_its_own_pages(path):
    assert Door().ask(path, headers=cookie(KIOSK_TOKEN) | HTML).text == "inside"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/patient",
        "/account",
        "/logout",
        "/login",
        "/login/code",
        "/setup",
        "/welcome",
        "/oidc/login",
        "/oidc/callback",
        "/session/stay",
        "/report/1.pdf",
        "/kiosk/",
        "/kiosk/answer",
        "/kiosk/start/more",
        "/kiosks",
        "/media/5f0c.csv",
        "/_stcore/health",
        "/_stcore/metrics",
        "/auth/login",
    ],
)
def test_a_tablet_comes_back_to_its_own_page_from_everywhere(path):
    door = Door()
    there = door.ask(path, headers=cookie(KIOSK_TOKEN) | HTML)
    assert (there.status, there.headers["location"]) == (303, "/kiosk")
    assert door.ask(path, headers=cookie(KIOSK_TOKEN)).status == 403
    assert not door.inside.reached


def test_a_tablet_uploads_nothing():
    door = Door()
    headers = cookie(KIOSK_TOKEN) | FROM_HERE
    answer = door.ask("/_stcore/upload_file/a/b", method="PUT", headers=headers)
    assert answer.status == 403
    assert not door.inside.reached


def test_no_third_kind_of_scope_gets_through():
    door = Door()
    sent = []
    scope = scope_of("webtransport", "/login", cookie(TOKEN))
    asyncio.run(door.gate(scope, None, sent.append))
    assert not door.inside.reached
    assert not sent
