"""Who asks, from where, with what: tricks with hosts, origins, headers, bodies."""

import asyncio

import pytest

from access.requests import LARGEST_BODY, MOST_HEADERS
from access.settings import DoorSettings
from data.errors import DatabaseError
from tests.edge.door import (
    FROM_HERE,
    HOST,
    HTML,
    KIOSK_TOKEN,
    LARGEST_UPLOAD,
    ORIGIN,
    OTHER_TOKEN,
    PUBLIC,
    TOKEN,
    Door,
    ask_in_loop,
    cookie,
    header_pairs,
    scope_of,
)


UPLOAD = "/_stcore/upload_file/a/b"
# Places from which something is changed, with a method that changes it.
UNSAFE = [("/login", "POST"), ("/account", "POST"), (UPLOAD, "PUT"), (UPLOAD, "DELETE")]
FOREIGN = [
    {"origin": None},
    {"origin": ""},
    {"origin": "null"},
    {"origin": "http://evil.example"},
    {"origin": "http://127.0.0.1:3000"},
    {"origin": "http://localhost:8501"},
    {"origin": "https://127.0.0.1:8501"},
    {"origin": f"{ORIGIN}.evil.example"},
    {"origin": f"{ORIGIN} http://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "something-new"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
]


@pytest.fixture
def door():
    return Door()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "127.0.0.1.evil.example",
        "192.0.2.1:8501",
        "",
        "127.0.0.1:8501/path",
        "user@127.0.0.1:8501",
        "127.0.0.1:99999999",
        None,
    ],
)
@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/static/a.js"])
def test_a_host_that_is_not_this_practice_gets_nothing(door, path, host):
    answer = door.ask(path, headers=cookie(TOKEN) | {"host": host})
    assert answer.status == 400
    assert not door.inside.reached
    assert "evil" not in answer.text


def test_two_hosts_are_none(door):
    answer = door.ask("/login", raw_headers=[(b"host", b"evil.example")])
    assert answer.status == 400


def test_a_public_practice_answers_to_its_own_name_only():
    door = Door(DoorSettings(PUBLIC))
    here = {"host": "outcomes.example.org"}
    assert door.ask("/login", headers=here).status == 200
    assert door.ask("/login", headers={"host": HOST}).status == 400


@pytest.mark.parametrize("header", ["x-forwarded-host", "forwarded", "x-host"])
def test_no_other_header_names_the_host(door, header):
    assert door.ask("/login", headers={header: "evil.example"}).status == 200
    headers = {"host": "evil.example", header: HOST}
    assert door.ask("/login", headers=headers).status == 400


@pytest.mark.parametrize(("path", "method"), UNSAFE)
@pytest.mark.parametrize("foreign", FOREIGN)
def test_nothing_is_changed_from_elsewhere(door, path, method, foreign):
    headers = cookie(TOKEN) | FROM_HERE | foreign
    answer = door.ask(path, method=method, headers=headers)
    assert answer.status == 403
    assert not door.inside.reached


@pytest.mark.parametrize(("path", "method"), UNSAFE)
@pytest.mark.parametrize(
    "own", [{}, {"sec-fetch-site": "none"}, {"sec-fetch-site": None}]
)
def test_our_own_pages_change_things(door, path, method, own):
    headers = cookie(TOKEN) | FROM_HERE | own
    assert door.ask(path, method=method, headers=headers).text == "inside"


def test_two_origins_or_two_sites_are_foreign(door):
    headers = cookie(TOKEN) | FROM_HERE
    for more in ((b"origin", ORIGIN.encode()), (b"sec-fetch-site", b"cross-site")):
        answer = door.ask(
            "/account", method="POST", headers=headers, raw_headers=[more]
        )
        assert answer.status == 403


def test_behind_tls_the_origin_is_the_public_address():
    door = Door(DoorSettings(PUBLIC))
    headers = {"host": "outcomes.example.org", "origin": PUBLIC}
    assert door.ask("/login", method="POST", headers=headers).status == 200
    headers["origin"] = "http://outcomes.example.org"
    assert door.ask("/login", method="POST", headers=headers).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something-new"])
def test_a_link_from_elsewhere_opens_a_page_and_embeds_nothing(door, site):
    opened = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
    embedded = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    for path in ("/patient", "/login", "/media/5f0c.png", "/static/a.js"):
        assert door.ask(path, headers=cookie(TOKEN) | opened).status == 200
        assert door.ask(path, headers=cookie(TOKEN) | embedded).status == 403


CLAIMED = [
    "x-session-id",
    "X-Session-Id",
    "X-SESSION-ID",
    "x_session_id",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-preferred-username",
    "x-forwarded-groups",
    "x-forwarded-for",
    "x-auth-request-user",
    "x-remote-user",
    "remote-user",
    "x-streamlit-user",
    "x-app-user",
    "sf-context-current-user",
    "authorization",
    "proxy",
    "forwarded",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
]


@pytest.mark.parametrize("name", CLAIMED)
@pytest.mark.parametrize("path", ["/", "/login", "/account", "/static/a.js"])
def test_what_a_client_claims_to_be_goes_nowhere(door, path, name):
    door.ask(path, headers=cookie(TOKEN) | {name: "1"})
    (scope,) = door.inside.scopes
    passed = dict(scope["headers"])
    assert name.lower().encode() not in passed or name.lower() == "x-session-id"
    assert passed.get(b"x-session-id") in (None, b"7")


def test_the_script_learns_the_session_from_the_gate_alone(door):
    twice = header_pairs([("x-session-id", "1"), ("X-Session-Id", "2")])
    door.ask("/patient", headers=cookie(TOKEN), raw_headers=twice)
    (scope,) = door.inside.scopes
    given = [value for name, value in scope["headers"] if name == b"x-session-id"]
    assert given == [b"7"]


def test_our_own_routes_learn_the_visitor_from_the_gate(door):
    door.ask("/account", headers=cookie(TOKEN) | {"x-session-id": "1"})
    door.ask("/login")
    signed_in, stranger = (scope["state"] for scope in door.inside.scopes)
    assert signed_in["visitor"].session_id == 7
    assert stranger["visitor"] is None
    assert signed_in["settings"] is door.settings
    assert signed_in["live"] is door.live
    assert signed_in["visitors"] is door.visitors


@pytest.mark.parametrize("path", ["/", "/patient", "/media/5f0c.csv", "/static/a.js"])
@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (f"session={TOKEN}", None),
        (f"session={TOKEN}; device=abc", None),
        (f"_streamlit_xsrf=2|a; session={TOKEN}", "_streamlit_xsrf=2|a"),
        (f"session={TOKEN};_streamlit_xsrf=2|a;device=b", "_streamlit_xsrf=2|a"),
        (f"_streamlit_user=forged; session={TOKEN}", None),
        (f" session ={TOKEN}; x=1", None),
        (f"session={TOKEN}; \xa0device=abc", None),
    ],
)
def test_streamlit_sees_no_token(door, path, given, passed):
    door.ask(path, headers={"cookie": given})
    (scope,) = door.inside.scopes
    cookies = [value.decode() for name, value in scope["headers"] if name == b"cookie"]
    assert cookies == ([passed] if passed else [])


def test_streamlit_sees_no_token_from_a_second_cookie_header(door):
    door.ask(
        "/patient",
        headers=cookie(TOKEN),
        raw_headers=[(b"Cookie", b"device=abc; _streamlit_xsrf=2|a")],
    )
    (scope,) = door.inside.scopes
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    assert cookies == [b"_streamlit_xsrf=2|a"]


def test_our_own_routes_see_their_cookies(door):
    door.ask("/account", headers={"cookie": f"session={TOKEN}; device=abc"})
    (scope,) = door.inside.scopes
    assert dict(scope["headers"])[b"cookie"] == f"session={TOKEN}; device=abc".encode()


@pytest.mark.parametrize(
    "cookies",
    [
        f"session={TOKEN}; session={OTHER_TOKEN}",
        f"session={TOKEN}; session={TOKEN}",
        f"session={TOKEN}; session=",
        f"session={TOKEN}; session",
        f"session=; session={TOKEN}",
        f"session={TOKEN}; session ={OTHER_TOKEN}",
        f'session="{TOKEN}"',
        f"Session={TOKEN}",
        f"__Host-session={TOKEN}",
        f"session={TOKEN}x",
        f"session={TOKEN} x",
        f"session={TOKEN}%00",
        f"session={TOKEN},session={OTHER_TOKEN}",
        "session=",
        "session",
        "=",
        ";;;",
        f"={TOKEN}",
        "session=" + "a" * 200,
        "session=' or 1=1 --",
        "session=\xff\xfe",
    ],
)
def test_a_cookie_that_is_not_exactly_one_token_is_no_session(door, cookies):
    answer = door.ask("/patient", headers={"cookie": cookies})
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert not door.inside.reached


def test_two_cookie_headers_with_a_token_each_are_no_session(door):
    second = [(b"cookie", f"session={OTHER_TOKEN}".encode())]
    answer = door.ask("/patient", headers=cookie(TOKEN), raw_headers=second)
    assert answer.status == 401


def test_what_cannot_be_a_token_is_not_asked_for(door):
    door.ask("/patient", headers=cookie("short"))
    door.ask("/patient", headers=cookie("a b" * 20))
    assert door.visitors.asked == 0


def test_behind_tls_only_the_protected_cookie_counts():
    door = Door(DoorSettings(PUBLIC))
    here = {"host": "outcomes.example.org"}
    assert door.ask("/patient", headers=here | cookie(TOKEN)).status == 401
    protected = cookie(TOKEN, "__Host-session")
    assert door.ask("/patient", headers=here | protected).status == 200


@pytest.mark.parametrize("path", ["/", "/login", "/kiosk/start", "/session"])
def test_a_planted_token_is_never_adopted(door, path):
    planted = "planted-token-planted-token-planted-token-pl"
    answer = door.ask(path, headers=cookie(planted) | HTML)
    assert "set-cookie" not in answer.headers
    assert planted not in answer.text + str(answer.headers)
    for scope in door.inside.scopes:
        assert scope["state"]["visitor"] is None
        assert b"x-session-id" not in dict(scope["headers"])


def test_too_many_or_too_large_headers_are_refused(door):
    many = header_pairs((f"x-{n}", "1") for n in range(MOST_HEADERS))
    assert door.ask("/login", raw_headers=many).status == 431
    assert door.ask("/login", raw_headers=many[:-1]).status == 200
    assert door.ask("/login", headers={"x-large": "a" * 17_000}).status == 431
    assert door.ask("/login", headers={"a" * 17_000: "x"}).status == 431
    assert door.ask("/login", headers=cookie("a" * 17_000)).status == 431


@pytest.mark.parametrize(
    ("path", "method", "largest"),
    [
        ("/login", "POST", LARGEST_BODY),
        ("/account", "POST", LARGEST_BODY),
        ("/patient", "GET", LARGEST_BODY),
        (UPLOAD, "PUT", LARGEST_UPLOAD),
    ],
)
class TestBodies:
    """Each kind of address takes so much, announced or not."""

    headers = cookie(TOKEN) | FROM_HERE

    def test_what_may_come_comes_whole(self, door, path, method, largest):
        body = [b"a" * (largest - 1), b"b"]
        answer = door.ask(path, method=method, headers=self.headers, body=body)
        assert answer.text == "inside"
        assert door.inside.bodies == [b"".join(body)]

    def test_an_announced_excess_is_refused_unread(self, door, path, method, largest):
        headers = self.headers | {"content-length": str(largest + 1)}
        answer = door.ask(path, method=method, headers=headers, body=[b"x"])
        assert answer.status == 413
        assert not door.inside.reached

    def test_an_excess_that_was_not_announced_is_cut(self, door, path, method, largest):
        for announced in ({"content-length": "1"}, {"transfer-encoding": "chunked"}):
            answer = door.ask(
                path,
                method=method,
                headers=self.headers | announced,
                body=[b"a" * largest, b"b"],
            )
            assert answer.status == 413
        assert door.inside.bodies == []


def test_a_large_body_for_a_stranger_is_not_read(door):
    headers = FROM_HERE | {"content-length": str(LARGEST_UPLOAD)}
    assert door.ask(UPLOAD, method="PUT", headers=headers).status == 401


@pytest.mark.parametrize(
    "length", ["-1", "+5", "1e3", "0x10", " ", "", "5, 5", "9" * 13]
)
def test_a_length_that_is_no_number_is_refused(door, length):
    headers = cookie(TOKEN) | FROM_HERE | {"content-length": length}
    assert door.ask("/login", method="POST", headers=headers).status == 400


@pytest.mark.parametrize(
    "pair",
    [
        [("content-length", "5"), ("content-length", "5")],
        [("content-length", "5"), ("transfer-encoding", "chunked")],
        [("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
    ],
)
def test_two_lengths_are_refused(door, pair):
    answer = door.ask(
        "/login", method="POST", headers=FROM_HERE, raw_headers=header_pairs(pair)
    )
    assert answer.status == 400


SECRET = "Roe, Jane, born 1970"  # pragma: allowlist secret


@pytest.mark.parametrize("path", ["/login", "/patient", "/account"])
def test_an_exception_says_nothing_to_anybody(door, path, caplog):
    door.inside.fault = ValueError(SECRET)
    answer = door.ask(path, headers=cookie(TOKEN))
    assert answer.status == 500
    assert answer.text.startswith("Something went wrong. Please report reference ")
    reference = answer.text.rstrip(".").split()[-1]
    assert f"reference {reference}: ValueError at " in caplog.text
    assert "door.py:" in caplog.text
    for quoted in ("Jane", "Traceback"):
        assert quoted not in answer.text + caplog.text
    assert caplog.records[0].exc_info is None


def test_an_exception_amid_an_answer_breaks_it_off(door, caplog):
    async def half(scope, receive, send):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError(SECRET)

    door.gate._app = half
    answer = door.ask("/patient", headers=cookie(TOKEN))
    assert answer.body == b"half"
    assert "Jane" not in caplog.text


@pytest.mark.parametrize("headers", [{}, HTML])
def test_without_the_database_nobody_comes_in(door, headers, caplog):
    door.visitors.reachable = False
    answer = door.ask("/patient", headers=cookie(TOKEN) | headers)
    assert answer.status == 503
    assert answer.text.startswith("The records cannot be reached just now.")
    assert "10.0.0.5" not in answer.text + caplog.text
    assert not door.inside.reached


def test_a_route_of_ours_without_the_database_says_the_same(door):
    door.inside.fault = DatabaseError("connection refused at 10.0.0.5")
    answer = door.ask("/login")
    assert answer.status == 503
    assert "10.0.0.5" not in answer.text


def test_what_is_open_needs_no_database(door):
    door.visitors.reachable = False
    for path in ("/healthz", "/static/a.js", "/favicon.png"):
        assert door.ask(path, headers=cookie(TOKEN)).status == 200


@pytest.mark.parametrize("path", ["/patient", "/account"])
def test_a_page_that_somebody_opens_counts_as_use(door, path):
    door.ask(path, headers=cookie(TOKEN) | HTML)
    asyncio.run(door.live.write_uses())
    assert door.visitors.touched == [7]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/_stcore/health", {"accept": "*/*"}),
        ("/_stcore/host-config", {"accept": "application/json"}),
        ("/media/5f0c.png", {"accept": "image/png,*/*"}),
        ("/patient", {}),
        ("/session", {"accept": "*/*"}),
        ("/session", HTML),
        ("/healthz", HTML),
        ("/static/a.js", HTML),
    ],
)
def test_what_a_page_fetches_by_itself_does_not(door, path, headers):
    door.ask(path, headers=cookie(TOKEN) | headers)
    asyncio.run(door.live.write_uses())
    assert door.visitors.touched == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_tablet_that_looks_again_by_itself_does_not(door, method):
    headers = cookie(KIOSK_TOKEN) | HTML | FROM_HERE
    assert door.ask("/kiosk", method=method, headers=headers).status == 200
    asyncio.run(door.live.write_uses())
    assert door.visitors.touched == []


def test_who_is_turned_away_uses_nothing(door):
    refused = [
        {"host": "evil.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ]
    for headers in refused:
        door.ask("/patient", headers=cookie(TOKEN) | HTML | headers)
    asyncio.run(door.live.write_uses())
    assert door.visitors.touched == []


def test_a_form_that_breaks_off_is_no_fault_of_the_next(door):
    async def twice():
        headers = cookie(TOKEN) | FROM_HERE
        scope = scope_of("http", "/login", headers, method="POST")
        first = await ask_in_loop(door.gate, scope, [b"a" * (LARGEST_BODY + 1)])
        second = await ask_in_loop(door.gate, scope, [b"a"])
        return first.status, second.status

    assert asyncio.run(twice()) == (413, 200)
