"""The gate before the real Streamlit: what it serves, and what its script sees."""

import json
import re
from pathlib import Path

import anyio
import pytest
import streamlit as st
from starlette.middleware import Middleware
from starlette.testclient import TestClient, WebSocketDisconnect
from streamlit import file_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime

from access import paths, status
from access.gate import Gate, StreamlitFacts
from access.headers import inline_script_hashes, streamlit_policy
from access.live import Live
from access.settings import DoorSettings
from tests.edge.door import (
    FROM_HERE,
    HOST,
    HTML,
    KIOSK_TOKEN,
    ORIGIN,
    OTHER_TOKEN,
    TOKEN,
    Visitors,
    cookie,
)
from views.frames_from_browser import read_frame


SCRIPT = Path(__file__).with_name("script.py")
INDEX_HTML = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
MEGABYTE = 1024 * 1024
LARGEST_UPLOAD = (st.get_option("server.maxUploadSize") + 1) * MEGABYTE
RERUN = BackMsg(rerun_script={}).SerializeToString()

# Every route of the installed Streamlit, and an address that it answers.
SERVED = {
    "/_stcore/health": "/_stcore/health",
    "/_stcore/metrics": "/_stcore/metrics",
    "/_stcore/host-config": "/_stcore/host-config",
    "/media/{file_id:path}": "/media/5f0c.csv",
    "/_stcore/upload_file/{session_id}/{file_id}": "/_stcore/upload_file/a/b",
    "/component/{path:path}": "/component/a.b/index.html",
    "/_stcore/bidi-components/{path:path}": "/_stcore/bidi-components/a/b.js",
    "/_stcore/stream": "/_stcore/stream",
    "/auth/login": "/auth/login",
    "/auth/logout": "/auth/logout",
    "/oauth2callback": "/oauth2callback",
    "/_stcore/agent/interact": "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json": "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp": "/_stcore/agent/mcp",
    "": "/anything",
}


@pytest.fixture(scope="module")
def visitors():
    return Visitors()


@pytest.fixture(scope="module")
def app(visitors):
    facts = StreamlitFacts(INDEX_HTML, LARGEST_UPLOAD, read_frame)
    gate = Middleware(
        Gate,
        settings=DoorSettings(),
        visitors=visitors,
        live=Live(visitors),
        streamlit=facts,
    )
    return st.App(SCRIPT, routes=status.ROUTES, middleware=[gate])


@pytest.fixture(scope="module")
def client(app):
    before, Runtime._instance = Runtime._instance, None
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client
    Runtime._instance = before


class Browser:
    """A socket to the script, as a browser holds it."""

    def __init__(self, client, token=TOKEN, resume=None, **headers):
        protocols = ["streamlit", "no-xsrf-token", *([resume] if resume else [])]
        self.socket = client.websocket_connect(
            f"ws://{HOST}/_stcore/stream",
            subprotocols=protocols,
            headers=cookie(token) | FROM_HERE | headers,
        )

    def __enter__(self):
        self.socket.__enter__()
        return self

    def __exit__(self, *error):
        return self.socket.__exit__(*error)

    def say(self, frame):
        if isinstance(frame, str):
            self.socket.send_text(frame)
        else:
            self.socket.send_bytes(frame)

    def hear(self):
        async def soon():
            with anyio.fail_after(30):
                return await self.socket._send_rx.receive()

        message = self.socket.portal.call(soon)
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"])
        return ForwardMsg.FromString(message["bytes"])

    def run(self):
        """Run the script and return its messages."""
        self.say(RERUN)
        messages = []
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            messages.append(self.hear())
        return messages

    def closed_with(self):
        with pytest.raises(WebSocketDisconnect) as closed:
            while True:
                self.hear()
        return closed.value.code


def elements(messages, kind):
    """Return the page's elements of a kind."""
    drawn = [m.delta.new_element for m in messages if m.WhichOneof("type") == "delta"]
    return [getattr(one, kind) for one in drawn if one.WhichOneof("type") == kind]


def seen_by_script(messages):
    (text,) = elements(messages, "text")
    return json.loads(text.body)


def session_of(messages):
    (new,) = [m.new_session for m in messages if m.WhichOneof("type") == "new_session"]
    return new.initialize.session_id


def test_every_route_that_streamlit_has_was_thought_of(client, app):
    """A new route in a new release is closed; somebody has to decide about it."""
    own = {route.path for route in status.ROUTES}
    assert {route.path for route in app._starlette_app.routes} - own == set(SERVED)


@pytest.mark.parametrize("path", SERVED.values())
def test_streamlit_serves_nothing_without_a_session(client, path):
    for method in paths.methods(path):
        answer = client.request(method, path, headers=FROM_HERE)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", 200),
        ("/patient?patient=7", 200),
        ("/_stcore/health", 200),
        ("/_stcore/host-config", 200),
        ("/media/5f0c.csv", 404),
        ("/component/a.b/index.html", 404),
        ("/_stcore/bidi-components/a/b.js", 404),
        ("/_stcore/metrics", 404),
        ("/_stcore/agent/openapi.json", 404),
        ("/auth/login", 404),
    ],
)
def test_with_a_session_it_serves_what_is_used(client, path, expected):
    assert client.get(path, headers=cookie(TOKEN)).status_code == expected


def test_what_everybody_may_have_holds_nothing(client):
    for path in sorted({*paths.OPEN, "/static/nothing", *paths.ENTRANCES}):
        answer = client.get(path)
        assert "a record" not in answer.text
    script = re.search(r"/static/js/index\.[\w-]+\.js", INDEX_HTML).group()
    assert client.get(script).status_code == 200
    assert client.get(script).headers["cache-control"].startswith("public, immutable")


def test_the_page_is_guarded(client):
    answer = client.get("/", headers=cookie(TOKEN) | HTML)
    assert answer.text == INDEX_HTML
    assert answer.headers["content-security-policy"] == streamlit_policy(INDEX_HTML)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_policy_fits_the_installed_page():
    """A new release that writes another script into its page is looked at first."""
    (script,) = re.findall(r"<script>(.*?)</script>", INDEX_HTML, re.DOTALL)
    assert script.strip() == "window.prerenderReady = false"
    assert inline_script_hashes(INDEX_HTML) == [
        # pragma: allowlist nextline secret
        "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
    ]
    assert not re.search(r"<[^>]+\son\w+=", INDEX_HTML), "no handler in an attribute"
    assert not re.search(r"(src|href)=\"(?!\./)", INDEX_HTML.split("<noscript>")[0])


def test_nothing_is_allowed_to_other_origins(client):
    headers = cookie(TOKEN) | {"origin": ORIGIN}
    for path in ("/_stcore/health", "/_stcore/host-config", "/"):
        answer = client.get(path, headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-")]


def test_the_script_sees_a_session_and_no_token(client):
    sent = {"x-forwarded-user": "lead", "x-session-id": "1"}
    with Browser(client, **sent) as browser:
        messages = browser.run()
    seen = seen_by_script(messages)
    assert seen["user"] == {"session": "7"}
    assert seen["cookies"] == {}
    assert "x-forwarded-user" not in {name.lower() for name in seen["headers"]}
    assert TOKEN not in str(messages)


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": ""},
        cookie("unknown-token-unknown-token-unknown-token"),
        cookie(KIOSK_TOKEN),
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
)
def test_no_socket_opens_for_anybody_else(client, headers):
    with pytest.raises(WebSocketDisconnect) as refused, Browser(client, **headers):
        pass
    assert refused.value.code == 1008


def test_a_lost_connection_is_taken_up_by_the_same_session_only(client):
    with Browser(client) as browser:
        first = session_of(browser.run())
    with Browser(client, OTHER_TOKEN, resume=first) as browser:
        assert session_of(browser.run()) != first
    with Browser(client, resume=first) as browser:
        assert session_of(browser.run()) == first


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", 1002),
        (b"\xff" * 40, 1002),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
        (RERUN[:-1] + b"\xff", 1002),
        ("hello", 1003),
        (b"a" * 2_000_001, 1009),
    ],
)
def test_a_malformed_frame_ends_its_own_socket_and_nothing_else(
    client, frame, code, caplog
):
    with Browser(client, OTHER_TOKEN) as other:
        with Browser(client) as browser:
            browser.run()
            browser.say(frame)
            assert browser.closed_with() == code
        assert other.run()
    assert "Traceback" not in caplog.text


def test_nobody_clears_everybodys_cache_or_stops_the_server(client):
    unwanted = [
        BackMsg(clear_cache=True),
        BackMsg(debug_shutdown_runtime=True),
        BackMsg(debug_disconnect_websocket=True),
        BackMsg(set_run_on_save=True),
        BackMsg(backend_operation_request={"install_skills": {}}),
    ]
    with Browser(client) as browser:
        for message in unwanted:
            browser.say(message.SerializeToString())
        assert seen_by_script(browser.run())


def test_hostile_contents_of_a_true_frame_end_nothing(client):
    hostile = [
        {"page_script_hash": "../../etc/passwd"},
        {"page_name": "../" * 200},
        {"query_string": "%00&" * 1_000},
        {"fragment_id": "no such fragment"},
        {"widget_states": {"widgets": [{"id": "x" * 9_000, "string_value": "y"}]}},
        {"cached_message_hashes": ["a"] * 1_000},
    ]
    with Browser(client) as browser:
        for rerun in hostile:
            browser.say(BackMsg(rerun_script=rerun).SerializeToString())
    with Browser(client) as browser:
        assert seen_by_script(browser.run())


def test_a_file_of_the_page_needs_a_session(client):
    with Browser(client) as browser:
        (button,) = elements(browser.run(), "download_button")
        answer = client.get(button.url, headers=cookie(TOKEN))
        assert (answer.text, answer.headers["cache-control"]) == (
            "a record",
            "no-store",
        )
        assert client.get(button.url).status_code == 401
        assert client.get(button.url, headers=cookie(KIOSK_TOKEN)).status_code == 403


def upload(client, browser, contents, **headers):
    """Send a file as the page does; return the status."""
    session = session_of(browser.run())
    token = client.get("/_stcore/health", headers=cookie(TOKEN)).cookies
    xsrf = token["_streamlit_xsrf"]
    client.cookies.clear()
    sent = {
        "cookie": f"session={TOKEN}; _streamlit_xsrf={xsrf}",
        "x-xsrftoken": xsrf,
        **FROM_HERE,
    }
    return client.put(
        f"/_stcore/upload_file/{session}/a-file",
        headers=sent | headers,
        files={"file": ("notes.csv", contents)},
    ).status_code


def test_a_page_takes_a_file_up_to_the_limit(client):
    limit = st.get_option("server.maxUploadSize") * MEGABYTE
    with Browser(client) as browser:
        assert upload(client, browser, b"a,b") == 204
        assert upload(client, browser, b"a" * limit) == 413, (
            "the file, and what is around"
        )
        assert upload(client, browser, b"a" * (limit - 10_000)) == 204
        assert upload(client, browser, b"a" * (LARGEST_UPLOAD + 1)) == 413


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"x-xsrftoken": "another"}, 403),
        ({"cookie": ""}, 401),
    ],
)
def test_a_page_takes_no_file_from_elsewhere(client, headers, expected):
    with Browser(client) as browser:
        assert upload(client, browser, b"a,b", **headers) == expected


def test_the_real_page_of_the_practice_is_behind_the_same_gate():
    """The door of the product is this very gate, before every other middleware."""
    import dashboard

    first = dashboard.app._user_middleware[0]
    assert first.cls is Gate
