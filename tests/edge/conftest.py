"""Fixtures for tests of the pages at the door.

- ``practice``: an empty practice behind the real gate, its clock standing still.
- ``practice_anywhere``: the same, once on SQLite and once on PostgreSQL.
- ``clock``: the present of that practice.
- ``verified``: the stored hashes that a password was compared with, in order.
"""

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from access import passwords
from access.visitors import door_engine
from tests.edge.practice import Clock, Practice


@pytest.fixture
def quick_passwords(monkeypatch):
    """Let argon2 take a thousandth of its time."""
    hasher = PasswordHasher.from_parameters(CHEAPEST)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def verified(monkeypatch, quick_passwords):
    found = []
    really = passwords._matches

    def matches(stored, kept):
        found.append(stored)
        return really(stored, kept)

    monkeypatch.setattr(passwords, "_matches", matches)
    return found


@pytest.fixture
def clock(monkeypatch):
    clock = Clock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    monkeypatch.setattr("data.records.utc_now", clock)
    return clock


@pytest.fixture
def practice(migrated_sqlite_url, open_practice):
    return open_practice(migrated_sqlite_url)


@pytest.fixture
def practice_anywhere(migrated_url, open_practice):
    return open_practice(migrated_url)


@pytest.fixture
def open_practice(monkeypatch, clock, quick_passwords):
    with ExitStack() as closing:

        def open_(url):
            monkeypatch.setenv("DATABASE_URL", url)
            practice = Practice(url, clock)
            closing.callback(practice.engine.dispose)
            closing.callback(door_engine().dispose)
            return practice

        yield open_
