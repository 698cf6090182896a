"""What a page may ask about its session, and a proxy about the server."""

import asyncio

import pytest
from starlette.routing import Router

from access import status
from tests.edge.door import (
    CLINICIAN,
    FROM_HERE,
    HTML,
    KIOSK_TOKEN,
    OTHER_TOKEN,
    TOKEN,
    Door,
    ask_in_loop,
    cookie,
    scope_of,
)


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def door():
    return Door(inside=Router(status.ROUTES))


def test_the_server_says_that_it_lives_and_nothing_else(door):
    answer = door.ask("/healthz")
    assert answer.text == '{"alive":true}'
    assert "set-cookie" not in answer.headers
    assert door.visitors.asked == 0


@pytest.mark.parametrize(
    "cookies",
    [
        {},
        cookie("unknown-token-unknown-token-unknown-token"),
        cookie("x"),
        {"cookie": f"session={TOKEN}; session={OTHER_TOKEN}"},
    ],
)
@pytest.mark.parametrize("accept", [{}, HTML])
def test_without_a_session_it_is_over(door, cookies, accept):
    answer = door.ask("/session", headers=cookies | accept)
    assert (answer.status, answer.text) == (401, '{"left":0,"warn":true}')
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("left", "answered"),
    [
        (900.0, '{"left":900,"warn":false}'),
        (61.2, '{"left":61,"warn":false}'),
        (60.0, '{"left":60,"warn":true}'),
        (0.3, '{"left":0,"warn":true}'),
    ],
)
def test_a_session_has_so_long_left(door, left, answered):
    door.visitors.by_token[TOKEN] = type(CLINICIAN)(
        7, kiosk=False, left=left, warning=60
    )
    answer = door.ask("/session", headers=cookie(TOKEN))
    assert (answer.status, answer.text) == (200, answered)


def test_asking_never_extends_it(door):
    for _ in range(20):
        door.ask("/session", headers=cookie(TOKEN) | HTML)
    asyncio.run(door.live.write_uses())
    assert door.visitors.touched == []


def test_asking_cannot_be_done_by_a_form(door):
    answer = door.ask("/session", method="POST", headers=cookie(TOKEN) | FROM_HERE)
    assert answer.status == 405


def polls(door, clock, *, seconds, ended_after=None, sweep=True):
    """Let a connected page ask once a second; return what it was answered."""
    scope = scope_of("http", "/session", cookie(TOKEN), method="GET")

    async def scenario():
        answers = []
        async with door.socket():
            for second in range(seconds):
                answers.append((await ask_in_loop(door.gate, scope)).status)
                if second == ended_after:
                    door.visitors.end(7)
                clock.now += 1
                if sweep:
                    await door.live.sweep()
        return answers

    return asyncio.run(scenario())


@pytest.fixture
def clock(door):
    clock = Clock()
    door.live._clock = clock
    door.gate._app = Both()
    return clock


class Both:
    """Our routes, and sockets that stay open."""

    routes = Router(status.ROUTES)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await self.routes(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] == "websocket.receive":
            pass


def test_a_connected_page_asks_every_second_without_a_query(door, clock):
    assert polls(door, clock, seconds=30) == [200] * 30
    assert door.visitors.asked == 1, "when the socket opened"


def test_it_learns_of_an_end_elsewhere_a_second_later(door, clock):
    assert polls(door, clock, seconds=4, ended_after=1) == [200, 200, 401, 401]


def test_without_the_watch_it_learns_by_asking_itself(door, clock):
    answers = polls(door, clock, seconds=6, ended_after=1, sweep=False)
    assert answers == [200, 200, 401, 401, 401, 401]


def test_the_seconds_go_down_between_two_sweeps(door, clock):
    scope = scope_of("http", "/session", cookie(TOKEN), method="GET")

    async def scenario():
        async with door.socket():
            clock.now += 1.2
            return (await ask_in_loop(door.gate, scope)).text

    assert asyncio.run(scenario()) == '{"left":899,"warn":false}'


def test_another_visitors_answer_is_not_given(door, clock):
    scope = scope_of("http", "/session", cookie("x" * 43), method="GET")

    async def scenario():
        async with door.socket():
            return (await ask_in_loop(door.gate, scope)).status

    assert asyncio.run(scenario()) == 401


def test_staying_touches_the_session(door):
    headers = cookie(TOKEN) | FROM_HERE
    answer = door.ask("/session/stay", method="POST", headers=headers)
    assert (answer.status, answer.text) == (200, '{"left":900,"warn":false}')
    assert door.visitors.touched == [7]


def test_staying_shows_at_the_next_question(door, clock):
    stay = scope_of("http", "/session/stay", cookie(TOKEN) | FROM_HERE, method="POST")
    question = scope_of("http", "/session", cookie(TOKEN), method="GET")
    nearly_over = type(CLINICIAN)(7, kiosk=False, left=20, warning=60)

    async def scenario():
        door.visitors.by_token[TOKEN] = nearly_over
        async with door.socket():
            before = (await ask_in_loop(door.gate, question)).text
            door.visitors.by_token[TOKEN] = CLINICIAN
            await ask_in_loop(door.gate, stay)
            return before, (await ask_in_loop(door.gate, question)).text

    assert asyncio.run(scenario()) == (
        '{"left":20,"warn":true}',
        '{"left":900,"warn":false}',
    )


@pytest.mark.parametrize(
    ("method", "headers", "status_"),
    [
        ("POST", FROM_HERE, 401),
        ("POST", FROM_HERE | HTML, 303),
        ("POST", cookie(KIOSK_TOKEN) | FROM_HERE, 403),
        ("POST", cookie(TOKEN), 403),
        ("POST", cookie(TOKEN) | {"origin": "http://evil.example"}, 403),
        ("GET", cookie(TOKEN), 405),
        ("GET", cookie(TOKEN) | {"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_nobody_else_extends_it(door, method, headers, status_):
    answer = door.ask("/session/stay", method=method, headers=headers)
    assert answer.status == status_
    assert door.visitors.touched == []


def test_a_session_that_ends_amid_staying_is_over(door):
    async def ended(session_ids):
        door.visitors.end(7)

    door.visitors.touch = ended
    answer = door.ask("/session/stay", method="POST", headers=cookie(TOKEN) | FROM_HERE)
    assert answer.status == 401


def test_without_the_database_nobody_is_told_that_it_is_over(door):
    door.visitors.reachable = False
    assert door.ask("/session", headers=cookie(TOKEN)).status == 503
