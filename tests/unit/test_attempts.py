"""Guesses are counted by bucket, and the wait before the next one grows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy import select, update

from data import attempts
from data.accounts import add_account
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD, door
from data.attempts import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    count_failure,
    device,
    forget_failures,
    is_known_device,
    know_device,
    stranger,
)
from data.database import open_database, reading, writing
from data.errors import NotAllowed
from data.records import now_stamp
from data.tables import attempt, known_device
from tests.actors import TESTER, with_role


LEE = stranger("lee")
KIM = stranger("kim")


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


def keep(engine, work, *given):
    with writing(engine, door()) as connection:
        return work(connection, *given)


def fail(engine, times, bucket=LEE):
    for _ in range(times):
        counted = keep(engine, count_failure, bucket)
    return counted


def wait(engine, bucket=LEE):
    with reading(engine, door()) as connection:
        return attempts.wait(connection, bucket)


def pass_(engine, pause):
    """Let the failures so far have been so much earlier."""
    with writing(engine, TESTER) as connection:
        for row in connection.execute(select(attempt)).all():
            earlier = update(attempt).where(attempt.c.bucket == row.bucket)
            connection.execute(earlier.values(last_at=row.last_at - pause))


@pytest.fixture
def still(monkeypatch):
    """The present stands still: a second is not over while a test counts it."""
    now = now_stamp()
    monkeypatch.setattr(attempts, "now_stamp", lambda: now)


def test_people_mistype_so_the_first_failures_cost_nothing(engine, still):
    assert wait(engine) == timedelta(0)
    for number in range(1, FREE_FAILURES):
        assert fail(engine, 1) == number
        assert wait(engine) == timedelta(0)


# The failures so far, and the seconds to wait.
WAITS = {4: 0, 5: 2, 6: 4, 7: 8, 10: 64, 13: 512, 14: 900, 30: 900, 10_000: 900}


@pytest.mark.parametrize(("failures", "seconds"), WAITS.items())
def test_from_the_fifth_on_the_wait_doubles_up_to_a_quarter_of_an_hour(
    engine, still, failures, seconds
):
    fail(engine, 1)
    with writing(engine, TESTER) as connection:
        connection.execute(update(attempt).values(failures=failures))
    assert wait(engine) == timedelta(seconds=seconds)


def test_a_wait_gets_shorter_and_is_over(engine, still):
    fail(engine, FREE_FAILURES + 2)
    pass_(engine, timedelta(seconds=5))
    assert wait(engine) == timedelta(seconds=3)
    pass_(engine, timedelta(seconds=3))
    assert wait(engine) == timedelta(0)
    pass_(engine, timedelta(seconds=100))
    assert wait(engine) == timedelta(0), "never less than nothing"


def test_a_hundred_guesses_take_a_day(engine, still):
    waited = timedelta(0)
    for _ in range(100):
        waited += wait(engine)
        fail(engine, 1)
    assert timedelta(hours=20) < waited < timedelta(hours=24)


def test_a_day_without_a_failure_starts_anew(engine, still):
    fail(engine, FREE_FAILURES + 5)
    pass_(engine, FORGOTTEN_AFTER)
    assert wait(engine) == timedelta(0), "a day is longer than any wait"
    assert fail(engine, 1) == FREE_FAILURES + 6
    pass_(engine, FORGOTTEN_AFTER + timedelta(seconds=1))
    assert fail(engine, 1) == 1


def test_a_success_forgets_its_own_bucket_and_what_is_long_past(engine, still):
    fail(engine, 3, KIM)
    pass_(engine, FORGOTTEN_AFTER + timedelta(seconds=1))
    fail(engine, 2)
    fail(engine, 1, device("kim", "a"))
    keep(engine, forget_failures, LEE)
    with reading(engine, TESTER) as connection:
        left = [row.bucket for row in connection.execute(select(attempt))]
    assert left == [device("kim", "a").name]
    assert fail(engine, 1) == 1


def test_every_bucket_has_a_count_of_its_own(engine, still):
    buckets = [LEE, KIM, device("lee", "a"), device("lee", "b"), device("kim", "a")]
    assert all(one.name != other.name for one, other in combinations(buckets, 2))
    fail(engine, FREE_FAILURES)
    assert [wait(engine, one) > timedelta(0) for one in buckets] == [True] + [False] * 4


@pytest.mark.parametrize("typed", ["LEE", " lee", "Lee "])
def test_a_login_written_otherwise_is_the_same_bucket(typed):
    assert stranger(typed) == LEE
    assert device(typed, "a") == device("lee", "a")


def test_no_login_is_kept_with_its_failures(engine):
    fail(engine, 1, stranger("tulips on a slow train"))
    with reading(engine, TESTER) as connection:
        (row,) = connection.execute(select(attempt)).all()
    assert len(row.bucket) == 64
    assert "tulips" not in row.bucket


def test_failures_at_the_same_time_are_all_counted(engine):
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _: fail(engine, 3), range(4)))
    assert max(counted) == 12


# Devices.


@pytest.fixture
def ids(engine):
    with writing(engine, door()) as connection:
        return [
            add_account(connection, login=login, name="Dr Lee", roles=[LEAD])
            for login in ("lee", "kim")
        ]


def known(engine, *given):
    with reading(engine, door()) as connection:
        return is_known_device(connection, *given)


def test_a_device_is_known_again_to_its_account_alone(engine, ids):
    lee, kim = ids
    token = keep(engine, know_device, lee)
    assert known(engine, lee, token)
    assert not known(engine, kim, token)
    assert not known(engine, 0, token)
    assert not known(engine, lee, keep(engine, know_device, kim))
    for other in ("", token[:-1], token.upper(), f"{token} "):
        assert not known(engine, lee, other)


def test_every_device_has_a_token_of_its_own_and_only_its_hash_is_kept(engine, ids):
    tokens = {keep(engine, know_device, ids[0]) for _ in range(3)}
    assert len(tokens) == 3
    with reading(engine, TESTER) as connection:
        kept = {row.token_hash for row in connection.execute(select(known_device))}
    assert len(kept) == 3
    assert not kept & tokens


@pytest.mark.parametrize("role", [CLINICIAN, LEAD, ADMINISTRATOR])
def test_the_door_alone_counts(engine, role):
    with writing(engine, with_role(role)) as connection:
        for work in (count_failure, forget_failures, attempts.wait):
            with pytest.raises(NotAllowed):
                work(connection, LEE)
