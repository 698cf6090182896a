"""Half-done sign-ins: whose they are, for how long, and until when."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data import pending
from data.accounts import add_account, disable_account, invite, set_password
from data.actors import ADMINISTRATOR, CLINICIAN, door
from data.database import open_database, reading, writing
from data.errors import NotAllowed
from data.pending import LASTS, begin_sign_in, finish_sign_in, pending_account
from data.records import now_stamp
from data.sessions import end_sessions_of
from data.tables import pending_sign_in
from data.tokens import token_hash
from tests.actors import TESTER, with_role


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def lee(engine):
    return add(engine, "lee")


def add(engine, login, *roles):
    return keep(
        engine, add_account, login=login, name="Dr Lee", roles=roles or [CLINICIAN]
    )


def keep(engine, work, *given, actor=None, **more):
    with writing(engine, actor or door()) as connection:
        return work(connection, *given, **more)


def whose(engine, token):
    with reading(engine, door()) as connection:
        return pending_account(connection, token)


def rows(engine):
    with reading(engine, TESTER) as connection:
        return connection.execute(select(pending_sign_in)).all()


@pytest.fixture
def pass_(monkeypatch):
    """A function that lets time pass."""
    moment = [now_stamp()]
    monkeypatch.setattr(pending, "now_stamp", lambda: moment[0])

    def later(pause):
        moment[0] += pause

    return later


def test_a_token_says_whose_sign_in_it_continues(engine, lee):
    kim = add(engine, "kim")
    of_lee, of_kim = (keep(engine, begin_sign_in, one) for one in (lee, kim))
    assert (whose(engine, of_lee), whose(engine, of_kim)) == (lee, kim)
    for other in ("", of_lee[:-1], of_lee.swapcase(), token_hash(of_lee)):
        assert whose(engine, other) is None


def test_only_the_hash_of_a_token_is_kept(engine, lee):
    token = keep(engine, begin_sign_in, lee)
    assert [row.token_hash for row in rows(engine)] == [token_hash(token)]


def test_it_lasts_a_few_minutes(engine, lee, pass_):
    token = keep(engine, begin_sign_in, lee)
    pass_(LASTS)
    assert whose(engine, token) == lee
    pass_(timedelta(seconds=1))
    assert whose(engine, token) is None


def test_what_is_too_old_is_not_kept_for_ever(engine, lee, pass_):
    keep(engine, begin_sign_in, lee)
    pass_(LASTS + timedelta(seconds=1))
    later = keep(engine, begin_sign_in, lee)
    assert [row.token_hash for row in rows(engine)] == [token_hash(later)]


def test_it_is_finished_once_and_alone(engine, lee):
    first, second = (keep(engine, begin_sign_in, lee) for _ in range(2))
    keep(engine, finish_sign_in, first)
    keep(engine, finish_sign_in, first)
    assert whose(engine, first) is None
    assert whose(engine, second) == lee


ENDS = {
    "a new invitation": invite,
    "a disabled account": disable_account,
    "signing out everywhere": lambda c, one: end_sessions_of(c, one, "signed out"),
}


@pytest.mark.parametrize("work", ENDS.values(), ids=ENDS)
def test_what_ends_the_sessions_of_an_account_ends_it_too(engine, lee, work):
    kim = add(engine, "kim", ADMINISTRATOR)
    of_lee, of_kim = (keep(engine, begin_sign_in, one) for one in (lee, kim))
    keep(engine, work, lee, actor=TESTER)
    assert whose(engine, of_lee) is None
    assert whose(engine, of_kim) == kim


def test_a_password_that_was_set_leaves_it_alone(engine, lee):
    token = keep(engine, begin_sign_in, lee)
    keep(engine, set_password, lee, "hash")
    assert whose(engine, token) == lee


def test_the_door_alone_asks(engine, lee):
    own = with_role(CLINICIAN, account_id=lee)
    token = keep(engine, begin_sign_in, lee)
    with writing(engine, own) as connection:
        for work, given in [
            (begin_sign_in, lee),
            (pending_account, token),
            (finish_sign_in, token),
        ]:
            with pytest.raises(NotAllowed):
                work(connection, given)
    assert whose(engine, token) == lee
