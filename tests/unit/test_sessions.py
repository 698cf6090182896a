"""Sessions: alive until idle, too old, ended, or their account closed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from data.accounts import (
    add_account,
    change_account,
    disable_account,
    enable_account,
)
from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK, LEAD, door
from data.audit import list_audit_entries
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.sessions import (
    KIOSK_HOURS,
    end_overdue_sessions,
    end_session,
    end_sessions_of,
    find_session,
    last_sign_ins,
    live_sessions,
    session_actor,
    start_session,
    touch_session,
)
from data.settings import change_settings
from data.sites import add_site
from data.tables import FIRST_SITE, session
from data.tokens import token_hash
from tests.actors import TESTER, with_role
from tests.tablet import Tablet


START = datetime(2026, 3, 2, 9, 0)
SECOND = timedelta(seconds=1)
IDLE = timedelta(minutes=15)
OLDEST = timedelta(hours=12)
ADMIN = with_role(ADMINISTRATOR, sites=())


class Door:
    """A practice with two accounts, and a present that only moves when told."""

    def __init__(self, engine):
        self.engine = engine
        self.now = START
        self.lee = self.keep(
            add_account, login="lee", name="Dr Lee", roles=[CLINICIAN], sites=[1]
        )
        self.kim = self.keep(
            add_account, login="kim", name="Kim", roles=[ADMINISTRATOR, LEAD]
        )

    def keep(self, work, *given, actor=None, **more):
        with writing(self.engine, actor or door()) as connection:
            return work(connection, *given, **more)

    def ask(self, work, *given, actor=None, **more):
        with reading(self.engine, actor or door()) as connection:
            return work(connection, *given, **more)

    def start(self, account_id=None):
        return self.keep(start_session, account_id=account_id or self.lee)

    def find(self, token):
        return self.ask(find_session, token)

    def row(self, session_id=1):
        with reading(self.engine, TESTER) as connection:
            query = select(session).where(session.c.id == session_id)
            return connection.execute(query).one()

    def audit(self):
        entries = self.ask(lambda c: list(list_audit_entries(c)), actor=TESTER)
        return [(e.action, e.subject) for e in entries if "session" in e.action]


@pytest.fixture
def practice(migrated_url, monkeypatch):
    engine = open_database(migrated_url)
    found = Door(engine)
    monkeypatch.setattr("data.sessions.now_stamp", lambda: found.now)
    yield found
    engine.dispose()


# Whose it is.


def test_a_token_finds_the_session_it_was_made_for(practice):
    token = practice.start()
    found = practice.find(token)
    assert (found.login, found.name, found.account_id) == (
        "lee",
        "Dr Lee",
        practice.lee,
    )
    assert (found.roles, found.sites) == ({CLINICIAN}, {FIRST_SITE})
    assert (found.started_at, found.seen_at) == (START, START)
    assert found.ends_at == START + IDLE
    assert found.oldest_at == START + OLDEST
    assert found.left(START) == IDLE.total_seconds()
    assert not found.kiosk
    actor = found.actor()
    assert (actor.account_id, actor.session_id) == (practice.lee, found.id)
    assert actor == practice.ask(session_actor, found.id)


def test_no_other_token_does(practice):
    token = practice.start()
    for other in ("", token[:-1], token.swapcase(), token_hash(token), f"{token}\n"):
        assert practice.find(other) is None


def test_every_session_has_a_token_of_its_own_and_only_its_hash_is_kept(practice):
    tokens = {practice.start() for _ in range(3)}
    assert len(tokens) == 3
    kept = {practice.row(number).token_hash for number in (1, 2, 3)}
    assert kept == {token_hash(token) for token in tokens}


def test_a_session_is_of_one_account_or_one_encounter(practice):
    with pytest.raises(Exception, match="of_an_account_or_an_encounter"):
        practice.keep(start_session)


def test_what_the_account_may_do_is_read_anew_each_time(practice):
    token = practice.start()
    north = practice.keep(add_site, "North", actor=TESTER)
    practice.keep(change_account, practice.lee, name="Lee", roles=[LEAD], sites=[north])
    found = practice.find(token)
    assert (found.name, found.roles, found.sites) == ("Lee", {LEAD}, {north})


def test_a_disabled_account_has_no_session_and_gets_none_back(practice):
    token = practice.start()
    practice.keep(disable_account, practice.lee, actor=TESTER)
    assert practice.find(token) is None
    practice.keep(enable_account, practice.lee, actor=TESTER)
    assert practice.find(token) is None, "it was ended, and stays so"
    assert practice.row().ended_why == "revoked"


def test_even_a_session_that_nobody_ended_is_not_a_disabled_accounts(practice):
    practice.keep(disable_account, practice.lee, actor=TESTER)
    assert practice.find(practice.start()) is None


# How long it lasts.


def test_it_ends_by_idling(practice):
    token = practice.start()
    practice.now = START + IDLE - SECOND
    assert practice.find(token).left(practice.now) == 1
    practice.now = START + IDLE
    assert practice.find(token) is None
    assert practice.ask(session_actor, 1) is None
    assert practice.ask(live_sessions, [1]) == {}


def test_use_keeps_it_alive_but_not_for_ever(practice):
    token = practice.start()
    while practice.now < START + OLDEST - timedelta(minutes=10):
        practice.now += timedelta(minutes=10)
        practice.keep(touch_session, 1)
        found = practice.find(token)
        assert found.ends_at == min(practice.now + IDLE, START + OLDEST)
    practice.now = START + OLDEST - SECOND
    practice.keep(touch_session, 1)
    assert practice.find(token).left(practice.now) == 1
    practice.now = START + OLDEST
    assert practice.find(token) is None


def test_looking_does_not_keep_it_alive(practice):
    token = practice.start()
    for _ in range(3):
        practice.now += timedelta(minutes=5)
        practice.find(token)
        practice.ask(live_sessions, [1])
        practice.ask(session_actor, 1)
    assert practice.find(token) is None


def test_the_practice_sets_both_limits_at_once_for_all_sessions(practice):
    token = practice.start()
    practice.keep(change_settings, idle_minutes=1, absolute_hours=1, actor=TESTER)
    assert practice.find(token).ends_at == START + timedelta(minutes=1)
    assert practice.find(token).oldest_at == START + timedelta(hours=1)


def test_a_session_that_ended_is_not_touched_back_to_life(practice):
    token = practice.start()
    practice.keep(end_session, 1, "signed out")
    practice.now += timedelta(minutes=1)
    practice.keep(touch_session, 1)
    assert practice.row().seen_at == START
    assert practice.find(token) is None


# How it ends.


def test_ending_it_again_changes_nothing(practice):
    practice.start()
    practice.keep(end_session, 1, "signed out")
    practice.now += SECOND
    practice.keep(end_session, 1, "revoked")
    assert (practice.row().ended_at, practice.row().ended_why) == (START, "signed out")


def test_it_ends_alone(practice):
    tokens = [practice.start(), practice.start()]
    practice.keep(end_session, 1, "signed out")
    assert [practice.find(token) is None for token in tokens] == [True, False]


def test_it_ends_for_a_reason_that_is_known(practice):
    practice.start()
    with pytest.raises(RecordError, match="do not end by 'bored'; allowed: signed out"):
        practice.keep(end_session, 1, "bored")
    assert practice.row().ended_at is None


def test_every_session_of_an_account_is_ended_but_one(practice):
    tokens = [practice.start() for _ in range(3)] + [practice.start(practice.kim)]
    practice.keep(end_sessions_of, practice.lee, "signed out", but=2)
    alive = [practice.find(token) is not None for token in tokens]
    assert alive == [False, True, False, True]
    practice.keep(end_sessions_of, practice.lee, "revoked")
    alive = [practice.find(token) is not None for token in tokens]
    assert alive == [False, False, False, True]


def test_an_account_ends_its_own_sessions_and_no_others(practice):
    own = with_role(CLINICIAN, account_id=practice.lee)
    practice.start()
    practice.start(practice.kim)
    with pytest.raises(NotAllowed):
        practice.keep(end_sessions_of, practice.kim, "signed out", actor=own)
    practice.keep(end_sessions_of, practice.lee, "signed out", actor=own)
    assert [practice.row(1).ended_why, practice.row(2).ended_why] == [
        "signed out",
        None,
    ]
    # Who manages accounts ends anybody's.
    practice.keep(end_sessions_of, practice.kim, "revoked", actor=ADMIN)
    assert practice.row(2).ended_why == "revoked"


@pytest.mark.parametrize(
    ("after", "used", "why"),
    [
        (IDLE - SECOND, False, None),
        (IDLE, False, "idle"),
        (OLDEST, False, "too old"),
        (OLDEST - SECOND, True, None),
        (OLDEST, True, "too old"),
    ],
)
def test_what_ran_out_is_ended_and_noted_once(practice, after, used, why):
    practice.start()
    practice.now = START + after
    if used:
        practice.keep(touch_session, 1)
    for _ in range(2):
        assert practice.keep(end_overdue_sessions) == []
        assert practice.row().ended_why == why
    assert practice.audit() == ([(f"session {why}", "lee")] if why else [])


def test_several_are_asked_for_at_once(practice):
    for _ in range(4):
        practice.start()
    practice.keep(end_session, 2, "signed out")
    practice.now = START + IDLE
    practice.keep(touch_session, 3)
    practice.keep(touch_session, 4)
    assert practice.ask(live_sessions, [1, 2, 3, 99]).keys() == {3}
    assert practice.ask(live_sessions, []) == {}


# When somebody signed in.


def test_the_last_sign_ins_are_the_accounts_own_newest_first(practice):
    for _ in range(12):
        practice.now += timedelta(hours=1)
        practice.start()
    practice.start(practice.kim)
    own = with_role(CLINICIAN, account_id=practice.lee)
    found = practice.ask(last_sign_ins, practice.lee, actor=own)
    assert found == [START + timedelta(hours=hours) for hours in range(12, 2, -1)]
    assert practice.ask(last_sign_ins, practice.lee, at_most=1, actor=own) == found[:1]
    with pytest.raises(NotAllowed):
        practice.ask(last_sign_ins, practice.kim, actor=own)


@pytest.mark.parametrize("role", [CLINICIAN, LEAD, ADMINISTRATOR])
def test_the_door_alone_starts_finds_and_touches(practice, role):
    token = practice.start()
    actor = with_role(role, account_id=practice.lee, session_id=1)
    for work, given in [
        (find_session, [token]),
        (session_actor, [1]),
        (live_sessions, [[1]]),
        (touch_session, [1]),
        (end_session, [1, "signed out"]),
        (end_overdue_sessions, []),
    ]:
        with pytest.raises(NotAllowed):
            practice.keep(work, *given, actor=actor)
    with pytest.raises(NotAllowed):
        practice.keep(start_session, account_id=practice.lee, actor=actor)


# A patient's tablet.


@pytest.fixture
def tablet(migrated_url):
    found = Tablet(migrated_url)
    yield found
    found.close()


def test_a_tablet_has_one_role_one_encounter_and_who_handed_it_over(tablet):
    tablet.begin(tablet.hand_over())
    with reading(tablet.engine, door()) as connection:
        found = find_session(connection, tablet.token)
    assert found.kiosk
    assert (found.roles, found.account_id) == ({KIOSK}, None)
    assert found.actor().encounter_id == tablet.encounter_id
    assert found.login == "kiosk of lee-a"
    assert found.ends_at == found.seen_at + timedelta(minutes=5)
    assert found.oldest_at == found.started_at + timedelta(hours=KIOSK_HOURS)


def test_a_tablet_that_ran_out_names_its_encounter(tablet, monkeypatch):
    tablet.begin(tablet.hand_over())
    with reading(tablet.engine, door()) as connection:
        ends_at = find_session(connection, tablet.token).ends_at
    monkeypatch.setattr("data.sessions.now_stamp", lambda: ends_at)
    with writing(tablet.engine, door()) as connection:
        assert find_session(connection, tablet.token) is None
        assert end_overdue_sessions(connection) == [tablet.encounter_id]
        assert end_overdue_sessions(connection) == []
