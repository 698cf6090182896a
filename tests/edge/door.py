"""The gate with invented visitors, and a way to ask it what no client library would.

- ``Visitors``: who is known by which token; counts what it is asked.
- ``Inside``: what stands behind the gate; keeps the scopes that reach it.
- ``ask`` and ``Socket``: one request, one socket, as raw ASGI.
"""

import asyncio
from collections.abc import Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from access.gate import Gate, StreamlitFacts
from access.live import Live
from access.settings import DoorSettings
from access.sockets import Frame
from access.visitors import Visitor
from data.errors import DatabaseError


PUBLIC = "https://outcomes.example.org"
HOST = "127.0.0.1:8501"
ORIGIN = f"http://{HOST}"
TOKEN = "clinician-token-clinician-token-clinician-t"
OTHER_TOKEN = "second-token-second-token-second-token-secon"
KIOSK_TOKEN = "kiosk-token-kiosk-token-kiosk-token-kiosk-to"
CLINICIAN = Visitor(session_id=7, kiosk=False, left=900.0, warning=60.0)
OTHER = Visitor(session_id=8, kiosk=False, left=900.0, warning=60.0)
KIOSK = Visitor(session_id=9, kiosk=True, left=300.0, warning=60.0)

LARGEST_UPLOAD = 200_000
INDEX_HTML = "<html><script>window.ready = false</script><body></body></html>"

HTML = {"accept": "text/html,application/xhtml+xml"}
FROM_HERE = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


class Visitors:
    """Who is known by which token."""

    def __init__(self):
        self.by_token = {TOKEN: CLINICIAN, OTHER_TOKEN: OTHER, KIOSK_TOKEN: KIOSK}
        self.asked = 0
        self.swept = 0
        self.touched = []
        self.reachable = True

    def end(self, session_id):
        self.by_token = {
            token: one
            for token, one in self.by_token.items()
            if one.session_id != session_id
        }

    async def find(self, token):
        self._reach()
        self.asked += 1
        return self.by_token.get(token)

    async def find_all(self, session_ids):
        self._reach()
        self.swept += 1
        known = {one.session_id: one for one in self.by_token.values()}
        return {one: known[one] for one in session_ids if one in known}

    async def touch(self, session_ids):
        self._reach()
        self.touched += sorted(session_ids)

    def _reach(self):
        if not self.reachable:
            raise DatabaseError("connection refused at 10.0.0.5, user postgres")


class Inside:
    """What stands behind the gate: answers everything, and keeps what reached it."""

    def __init__(self):
        self.scopes = []
        self.bodies = []
        self.frames = []
        self.disconnected = []
        self.headers = [(b"content-type", b"text/plain")]
        self.fault = None

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        if self.fault:
            raise self.fault
        if scope["type"] == "websocket":
            await self.socket(receive, send)
            return
        self.bodies.append(await whole_body(receive))
        start = {"type": "http.response.start", "status": 200, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"inside"})

    async def socket(self, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            self.frames.append(message["bytes"])
            await send({"type": "websocket.send", "bytes": b"echo"})
        self.disconnected.append(message["code"])

    @property
    def reached(self):
        return bool(self.scopes)


async def whole_body(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def read_frame(data: bytes) -> Frame:
    """Read frames that say in their first word what they are."""
    return {
        b"action": Frame.ACTION,
        b"timer": Frame.QUIET,
        b"clear": Frame.UNWANTED,
    }.get(data.split(b":")[0], Frame.UNREADABLE)


@dataclass
class Door:
    """A gate, and what it stands between."""

    settings: DoorSettings = field(default_factory=DoorSettings)
    visitors: Visitors = field(default_factory=Visitors)
    inside: Inside = field(default_factory=Inside)

    def __post_init__(self):
        self.live = Live(self.visitors)
        self.gate = Gate(
            self.inside,
            settings=self.settings,
            visitors=self.visitors,
            live=self.live,
            streamlit=StreamlitFacts(INDEX_HTML, LARGEST_UPLOAD, read_frame),
        )

    def ask(self, path="/", **request):
        return ask(self.gate, path, **request)

    def socket(self, **request):
        return socket(self.gate, **request)


@dataclass
class Answer:
    """What came back."""

    status: int
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self):
        return {k.decode(): v.decode() for k, v in self.raw_headers}

    @property
    def text(self):
        return self.body.decode()


def cookie(token, name="session"):
    return {"cookie": f"{name}={token}"}


def scope_of(kind, path, headers, *, raw_headers=(), query="", **others):
    given = {"host": HOST} | headers
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (name.encode(), value.encode("latin-1"))
            for name, value in given.items()
            if value is not None
        ]
        + list(raw_headers),
        "client": ("192.0.2.1", 50_000),
        "server": ("127.0.0.1", 8501),
        "state": {},
    } | others


def ask(gate, path="/", *, method="GET", headers=None, body=(), **others):
    """Ask once and return the answer; ``body`` is what comes in which pieces."""
    scope = scope_of("http", path, headers or {}, method=method, **others)
    return asyncio.run(ask_in_loop(gate, scope, body))


async def ask_in_loop(gate, scope, body=()):
    pieces = list(body) or [b""]
    sent = []

    async def receive():
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    await gate(scope, receive, send)
    starts = [m for m in sent if m["type"] == "http.response.start"]
    assert len(starts) == 1, sent
    contents = b"".join(m.get("body", b"") for m in sent)
    return Answer(starts[0]["status"], list(starts[0]["headers"]), contents)


class Socket:
    """One end of a socket: what the browser sends, and what came back."""

    def __init__(self):
        self.incoming = asyncio.Queue()
        self.sent = []
        self.answered = asyncio.Event()
        self.fails_with = None

    async def take(self, message) -> None:
        if self.fails_with:
            raise self.fails_with
        self.sent.append(message)
        self.answered.set()

    async def say(self, *frames: bytes | str) -> None:
        for frame in frames:
            kind = "text" if isinstance(frame, str) else "bytes"
            await self.incoming.put({"type": "websocket.receive", kind: frame})
        await settle()

    async def leave(self) -> None:
        await self.incoming.put({"type": "websocket.disconnect", "code": 1001})
        await settle()

    @property
    def accepted(self):
        return any(m["type"] == "websocket.accept" for m in self.sent)

    @property
    def closed_with(self):
        codes = [m["code"] for m in self.sent if m["type"] == "websocket.close"]
        assert len(codes) <= 1, "a socket is closed once"
        return codes[0] if codes else None


async def settle() -> None:
    """Let everything that can go on now go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def socket_scope(*, path="/_stcore/stream", headers=None, **others):
    given = FROM_HERE | cookie(TOKEN) | (headers or {})
    return scope_of("websocket", path, given, subprotocols=["streamlit"], **others)


@asynccontextmanager
async def socket(gate, **request):
    """Open a socket, and leave it at the end."""
    end = Socket()
    await end.incoming.put({"type": "websocket.connect"})
    task = asyncio.create_task(
        gate(socket_scope(**request), end.incoming.get, end.take)
    )
    await asyncio.wait_for(end.answered.wait(), timeout=10)
    try:
        yield end
    finally:
        await end.leave()
        await asyncio.wait_for(task, timeout=10)


def refused_socket(door: Door, **request) -> bool:
    """Whether a socket is turned away before it opens."""

    async def try_it():
        async with door.socket(**request) as end:
            assert end.accepted != (end.closed_with is not None)
            return not end.accepted

    return asyncio.run(try_it())


def header_pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(k.encode(), v.encode("latin-1")) for k, v in pairs]
