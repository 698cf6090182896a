"""A socket opens for a person's session, and lives no longer than it."""

import asyncio

import pytest

from access.settings import DoorSettings
from access.sockets import LARGEST_FRAME
from tests.edge.door import (
    HOST,
    KIOSK_TOKEN,
    ORIGIN,
    OTHER_TOKEN,
    PUBLIC,
    TOKEN,
    Door,
    cookie,
    refused_socket,
    settle,
)


ACTION, TIMER, CLEAR = b"action", b"timer", b"clear"


@pytest.fixture
def door():
    return Door()


def run(scenario):
    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": {"cookie": None}},
        {"headers": cookie("unknown-token-unknown-token-unknown-token")},
        {"headers": cookie(KIOSK_TOKEN)},
        {"headers": {"cookie": f"session={TOKEN}; session={OTHER_TOKEN}"}},
        {"headers": {"cookie": None, "x-session-id": "7"}},
        {"headers": {"cookie": None, "authorization": f"Bearer {TOKEN}"}},
        {"headers": {"cookie": None}, "query": f"session={TOKEN}"},
        {"headers": {"origin": None}},
        {"headers": {"origin": "null"}},
        {"headers": {"origin": "http://evil.example"}},
        {"headers": {"origin": "http://127.0.0.1:3000"}},
        {"headers": {"origin": "http://localhost:8501"}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
        {"headers": {"host": "evil.example"}},
        {"headers": {"host": "evil.example", "origin": "http://evil.example"}},
        {"headers": {"host": None}},
        {"headers": {"x-large": "a" * 20_000}},
        {"headers": {"content-length": "5"}},
        {"path": "/"},
        {"path": "/_stcore/stream/"},
        {"path": "/_stcore/streams"},
        {"path": "//_stcore/stream"},
        {"path": "/patient/../_stcore/stream"},
        {"path": "/login"},
        {"path": "/static/a.js"},
        {"path": "/kiosk"},
        {"raw_path": b"/_stcore%2Fstream"},
    ],
)
def test_no_socket_opens_without_a_persons_session_from_here(door, request_):
    assert refused_socket(door, **request_)
    assert not door.inside.reached


def test_no_socket_opens_without_the_database(door):
    door.visitors.reachable = False
    assert refused_socket(door)


def test_behind_tls_a_socket_needs_the_public_address():
    door = Door(DoorSettings(PUBLIC))
    here = cookie(TOKEN, "__Host-session") | {"host": "outcomes.example.org"}
    assert refused_socket(
        door, headers=here | {"origin": "http://outcomes.example.org"}
    )
    assert not refused_socket(door, headers=here | {"origin": PUBLIC})


def test_the_script_gets_the_session_and_no_token(door):
    sent = {
        "cookie": f"_streamlit_xsrf=2|a; session={TOKEN}; device=abc",
        "x-session-id": "1",
        "x-forwarded-user": "lead",
    }
    assert not refused_socket(door, headers=sent)
    (scope,) = door.inside.scopes
    headers = dict(scope["headers"])
    assert headers[b"x-session-id"] == b"7"
    assert headers[b"cookie"] == b"_streamlit_xsrf=2|a"
    assert b"x-forwarded-user" not in headers
    assert (headers[b"host"], headers[b"origin"]) == (HOST.encode(), ORIGIN.encode())
    assert TOKEN not in str(scope)


def test_frames_go_through_while_the_session_lives(door):
    async def scenario():
        async with door.socket() as end:
            await end.say(ACTION, TIMER, ACTION)
            return end.sent

    sent = run(scenario)
    assert door.inside.frames == [ACTION, TIMER, ACTION]
    assert [m["bytes"] for m in sent if m["type"] == "websocket.send"] == [b"echo"] * 3


def test_the_browser_closes_when_it_likes(door):
    async def scenario():
        async with door.socket() as end:
            await end.leave()
            return end.closed_with

    assert run(scenario) is None
    assert door.inside.disconnected == [1001]


BAD = [
    ("text", 1003),
    (b"", 1002),
    (b"\xff\xfe\x00garbage", 1002),
    (b"action:" + b"a" * LARGEST_FRAME, 1009),
]


@pytest.mark.parametrize(("frame", "code"), BAD)
def test_a_bad_frame_closes_its_socket_and_goes_nowhere(door, frame, code):
    async def scenario():
        async with door.socket() as bad, door.socket() as good:
            await bad.say(ACTION, frame, ACTION)
            await good.say(TIMER)
            return bad.closed_with, good.closed_with

    assert run(scenario) == (code, None)
    assert door.inside.frames == [ACTION, TIMER]
    assert door.inside.disconnected == [code, 1001]


def test_a_frame_may_be_large(door):
    frame = b"action:" + b"a" * (LARGEST_FRAME - 7)

    async def scenario():
        async with door.socket() as end:
            await end.say(frame)

    run(scenario)
    assert door.inside.frames == [frame]


def test_what_nobody_uses_is_dropped_and_the_socket_stays_open(door):
    async def scenario():
        async with door.socket() as end:
            await end.say(ACTION, CLEAR, TIMER)
            return end.closed_with

    assert run(scenario) is None
    assert door.inside.frames == [ACTION, TIMER]


def test_a_session_that_ends_closes_all_its_sockets_and_nobody_elses(door):
    async def scenario():
        async with (
            door.socket() as one,
            door.socket() as two,
            door.socket(headers=cookie(OTHER_TOKEN)) as other,
        ):
            door.visitors.end(7)
            await door.live.sweep()
            await settle()
            await other.say(TIMER)
            return [end.closed_with for end in (one, two, other)]

    assert run(scenario) == [4401, 4401, None]
    assert door.inside.disconnected == [4401, 4401, 1001]
    assert door.inside.frames == [TIMER]


def test_nothing_is_said_to_a_browser_whose_session_is_over(door):
    late = []

    async def talkative(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        late.append((await receive())["type"])
        await send({"type": "websocket.send", "bytes": b"a record"})
        late.append((await receive())["type"])

    door.gate._app = talkative

    async def scenario():
        async with door.socket() as end:
            door.visitors.end(7)
            await door.live.sweep()
            await settle()
            return end.sent

    sent = run(scenario)
    assert late == ["websocket.disconnect"] * 2
    assert [m["type"] for m in sent] == ["websocket.accept", "websocket.close"]


def test_a_frame_that_comes_with_the_end_is_too_late(door):
    async def scenario():
        async with door.socket() as end:
            end.incoming.put_nowait({"type": "websocket.receive", "bytes": ACTION})
            door.live.end(7)
            await settle()
            return end.closed_with

    assert run(scenario) == 4401
    assert door.inside.frames == []


def test_the_end_of_a_session_leaves_nothing_behind(door):
    async def scenario():
        async with door.socket():
            door.live.end(7)
            await settle()
            return len(asyncio.all_tasks() - {asyncio.current_task()})

    assert run(scenario) == 0


def test_a_frame_of_a_session_that_ended_is_dropped_before_any_sweep(door):
    """The watch may be late, so a frame asks for itself when its answer is old."""
    now = [100.0]
    door.live._clock = lambda: now[0]

    async def scenario():
        async with door.socket() as end:
            await end.say(ACTION)
            door.visitors.end(7)
            now[0] += 1.6
            await end.say(ACTION)
            return end.closed_with

    assert run(scenario) == 4401
    assert door.inside.frames == [ACTION]


def test_fresh_knowledge_costs_no_query(door):
    async def scenario():
        async with door.socket() as end:
            await end.say(*[TIMER] * 50)

    run(scenario)
    assert door.visitors.asked == 1


def test_a_frame_that_cannot_be_vouched_for_is_dropped(door):
    now = [100.0]
    door.live._clock = lambda: now[0]

    async def scenario():
        async with door.socket() as end:
            door.visitors.reachable = False
            now[0] += 60
            await end.say(ACTION)
            return end.closed_with

    assert run(scenario) == 1013
    assert door.inside.frames == []


def uses(door, *frames, sockets=1):
    async def scenario():
        for _ in range(sockets):
            async with door.socket() as end:
                await end.say(*frames)
        await door.live.write_uses()

    run(scenario)
    return door.visitors.touched


def test_doing_something_keeps_a_session_alive(door):
    assert uses(door, TIMER, ACTION) == [7]


def test_a_timer_does_not(door):
    assert uses(door, *[TIMER] * 20) == []


def test_connecting_again_does_not(door):
    """Each time it connects, a browser asks for the page; nobody has to be there."""
    assert uses(door, ACTION, sockets=20) == []


@pytest.mark.parametrize("frame", [CLEAR, b"\xffgarbage", b"", "text"])
def test_what_is_refused_does_not(door, frame):
    assert uses(door, TIMER, frame) == []


def test_a_fault_behind_the_gate_closes_the_socket_without_a_word(door, caplog):
    async def faulty(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        raise ValueError("Roe, Jane, born 1970")

    door.gate._app = faulty

    async def scenario():
        async with door.socket() as end:
            return end.sent

    sent = run(scenario)
    assert sent[-1] == {"type": "websocket.close", "code": 1011}
    assert "ValueError at " in caplog.text
    assert "Jane" not in caplog.text + str(sent)


@pytest.mark.parametrize("gone", [OSError, RuntimeError])
def test_a_browser_that_is_gone_when_its_session_ends_troubles_nobody(
    door, gone, caplog
):
    async def scenario():
        async with door.socket() as end:
            end.fails_with = gone
            door.visitors.end(7)
            await door.live.sweep()
            await settle()

    run(scenario)
    assert door.inside.disconnected == [4401]
    assert caplog.text == ""


def test_a_connection_cut_off_leaves_nothing_behind(door):
    async def scenario():
        async with door.socket():
            assert door.live.known(7)
        assert not door.live.known(7)
        await door.live.sweep()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        return len(pending)

    assert run(scenario) == 0
    assert door.visitors.swept == 0
