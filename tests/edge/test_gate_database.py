"""The gate and the practice's own database, from sign-in to the end of a session."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.routing import Router

from access import status
from access.visitors import DatabaseVisitors, door_engine
from data import sessions
from data.accounts import disable_account
from data.actors import CLINICIAN, LEAD, door
from data.database import open_database, reading, writing
from data.records import now_stamp
from data.settings import change_settings
from data.tables import session
from tests.actors import TESTER, session_of, sign_in
from tests.edge.door import FROM_HERE, HTML, Door, cookie, refused_socket, settle


@pytest.fixture
def url(migrated_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    yield migrated_url
    door_engine().dispose()


@pytest.fixture
def elsewhere(url):
    """Another process with the same database."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def the_door(url):
    return Door(visitors=DatabaseVisitors())


@pytest.fixture
def token(url):
    return sign_in(url, CLINICIAN)


def set_seen(engine, seconds_ago):
    moment = now_stamp() - timedelta(seconds=seconds_ago)
    with writing(engine, TESTER) as connection:
        connection.execute(update(session).values(seen_at=moment))
    return moment


def last_seen(engine):
    with reading(engine, TESTER) as connection:
        return connection.scalar(select(session.c.seen_at))


def test_a_session_opens_the_door_until_it_is_ended(the_door, token, elsewhere):
    assert the_door.ask("/patient", headers=cookie(token)).status == 200
    with writing(elsewhere, door()) as connection:
        found = sessions.find_session(connection, token)
        sessions.end_session(connection, found.id, "signed out")
    assert the_door.ask("/patient", headers=cookie(token)).status == 401


def test_the_script_gets_the_sessions_id(the_door, token, url):
    the_door.ask("/patient", headers=cookie(token))
    (scope,) = the_door.inside.scopes
    session_id = int(dict(scope["headers"])[b"x-session-id"])
    assert session_id == session_of(url, token)


def test_a_session_that_idled_too_long_is_over(the_door, token, elsewhere):
    set_seen(elsewhere, 14 * 60)
    assert the_door.ask("/patient", headers=cookie(token)).status == 200
    set_seen(elsewhere, 15 * 60)
    assert the_door.ask("/patient", headers=cookie(token)).status == 401


def test_opening_a_page_is_written_down(the_door, token, elsewhere):
    before = set_seen(elsewhere, 600)
    the_door.ask("/patient", headers=cookie(token) | HTML)
    asyncio.run(the_door.live.write_uses())
    assert last_seen(elsewhere) >= before + timedelta(seconds=599)


def test_what_was_used_too_late_does_not_come_back(the_door, token, elsewhere):
    the_door.ask("/patient", headers=cookie(token) | HTML)
    expired = set_seen(elsewhere, 15 * 60)
    asyncio.run(the_door.live.write_uses())
    assert last_seen(elsewhere) == expired
    assert the_door.ask("/patient", headers=cookie(token)).status == 401


def test_a_timer_never_keeps_a_session_alive(the_door, token, elsewhere):
    before = set_seen(elsewhere, 600)

    async def scenario():
        async with the_door.socket(headers=cookie(token)) as end:
            await end.say(*[b"timer"] * 20)
            await the_door.live.write_uses()

    asyncio.run(scenario())
    assert last_seen(elsewhere) == before


def end_it(connection, session_id):
    sessions.end_session(connection, session_id, "revoked")


def disable_it(connection, session_id):
    its_account = select(session.c.account_id).where(session.c.id == session_id)
    disable_account(connection, connection.scalar(its_account))


def let_it_idle(connection, session_id):
    set_back(connection, session_id, seen_at=timedelta(hours=1))


def let_it_age(connection, session_id):
    set_back(connection, session_id, started_at=timedelta(hours=13))


def set_back(connection, session_id, **by):
    values = {name: now_stamp() - time for name, time in by.items()}
    query = update(session).where(session.c.id == session_id).values(**values)
    connection.execute(query)


@pytest.mark.parametrize("end", [end_it, disable_it, let_it_idle, let_it_age])
def test_the_end_of_a_session_elsewhere_closes_its_sockets_here(
    the_door, token, url, elsewhere, end
):
    session_id = session_of(url, token)
    lead = sign_in(url, LEAD, name="Dr Kim")

    async def scenario():
        async with (
            the_door.socket(headers=cookie(token)) as mine,
            the_door.socket(headers=cookie(lead)) as other,
        ):
            with writing(elsewhere, TESTER) as connection:
                end(connection, session_id)
            await the_door.live.sweep()
            await settle()
            return mine.closed_with, other.closed_with

    assert asyncio.run(scenario()) == (4401, None)
    assert refused_socket(the_door, headers=cookie(token))
    assert the_door.ask("/patient", headers=cookie(token)).status == 401


def test_the_warning_comes_when_the_practice_wants_it(the_door, token, elsewhere):
    with writing(elsewhere, TESTER) as connection:
        change_settings(connection, warning_seconds=120)
    visitor = asyncio.run(DatabaseVisitors().find(token))
    assert visitor.warning == 120
    assert 14 * 60 < visitor.left <= 15 * 60


def test_one_look_answers_for_all(the_door, url, token):
    tokens = [token, *(sign_in(url, LEAD, name=f"Dr {n}") for n in "ABC")]
    ids = {session_of(url, one) for one in tokens}
    found = asyncio.run(DatabaseVisitors().find_all([*ids, 999_999]))
    assert set(found) == ids
    assert asyncio.run(DatabaseVisitors().find_all([])) == {}


def test_a_database_that_comes_late_is_found(sqlite_url, monkeypatch, sqlite_template):
    """The door opens it when first asked, and asks again until it is there."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    the_door = Door(visitors=DatabaseVisitors())
    unknown = cookie("unknown-token-unknown-token-unknown-token")
    assert the_door.ask("/patient", headers=unknown).status == 503
    with open(sqlite_url.removeprefix("sqlite:///"), "wb") as made:
        made.write(sqlite_template.read_bytes())
    assert the_door.ask("/patient", headers=unknown).status == 401
    door_engine().dispose()


def test_the_database_is_opened_once(url):
    assert door_engine() is door_engine()


def test_staying_is_written_at_once(url, token, elsewhere):
    the_door = Door(visitors=DatabaseVisitors(), inside=Router(status.ROUTES))
    set_seen(elsewhere, 14 * 60)
    asked = the_door.ask("/session", headers=cookie(token))
    assert '"warn":true' in asked.text
    headers = cookie(token) | FROM_HERE
    stayed = the_door.ask("/session/stay", method="POST", headers=headers)
    assert '"warn":false' in stayed.text
    assert the_door.ask("/session", headers=cookie(token)).text == stayed.text
