"""Failed attempts to sign in, counted by bucket; and devices that succeeded before.

A bucket is what guesses are counted against: an account as a stranger's browser names
it, or an account on a device that its holder signed in with before. A stranger fills
only the first, so nobody can lock a clinician out of the clinician's own device.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from data.actors import Right, require
from data.records import now_stamp
from data.tables import attempt, known_device
from data.tokens import new_token, token_hash


FREE_FAILURES = 5
"""So many failures cost no wait: people mistype."""

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
"""The wait doubles from the first to the longest: 100 guesses take a day."""

FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Bucket:
    """What guesses are counted against."""

    name: str


def stranger(login: str) -> Bucket:
    """Return the bucket of a login on devices that never signed in with it."""
    return Bucket(_digest("stranger", login.strip().casefold()))


def device(login: str, device_token: str) -> Bucket:
    """Return the bucket of a login on one device that signed in with it before."""
    return Bucket(_digest("device", login.strip().casefold(), device_token))


def wait(connection: Connection, bucket: Bucket) -> timedelta:
    """Return how long the next attempt has to wait; zero if it may be made now."""
    require(connection, Right.ADMIT)
    row = _row(connection, bucket)
    if row is None or row.failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(row.failures - FREE_FAILURES, 16)
    pause = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)
    return max(row.last_at + pause - now_stamp(), timedelta(0))


def count_failure(connection: Connection, bucket: Bucket) -> int:
    """Count a failed attempt and return how many there were in a row."""
    require(connection, Right.ADMIT)
    row = _row(connection, bucket)
    failures = 1 if row is None else row.failures + 1
    connection.execute(delete(attempt).where(attempt.c.bucket == bucket.name))
    connection.execute(
        insert(attempt).values(
            bucket=bucket.name, failures=failures, last_at=now_stamp()
        )
    )
    return failures


def forget_failures(connection: Connection, bucket: Bucket) -> None:
    """Start counting anew after a success, and forget what is long past."""
    require(connection, Right.ADMIT)
    long_past = attempt.c.last_at < now_stamp() - FORGOTTEN_AFTER
    connection.execute(
        delete(attempt).where((attempt.c.bucket == bucket.name) | long_past)
    )


def know_device(connection: Connection, account_id: int) -> str:
    """Return the token by which a device that just signed in is known again."""
    require(connection, Right.ADMIT)
    token = new_token()
    connection.execute(
        insert(known_device).values(
            token_hash=token_hash(token), account_id=account_id, made_at=now_stamp()
        )
    )
    return token


def is_known_device(connection: Connection, account_id: int, device_token: str) -> bool:
    """Whether this device signed in with this account before."""
    require(connection, Right.ADMIT)
    query = select(known_device.c.account_id).where(
        known_device.c.token_hash == token_hash(device_token),
        known_device.c.account_id == account_id,
    )
    return connection.scalar(query) is not None


def _row(connection: Connection, bucket: Bucket) -> object | None:
    row = connection.execute(
        select(attempt).where(attempt.c.bucket == bucket.name)
    ).first()
    if row is None or row.last_at < _forgotten_before():
        return None
    return row


def _forgotten_before() -> datetime:
    return now_stamp() - FORGOTTEN_AFTER


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
