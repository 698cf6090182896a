"""The practice's database as this package uses it: it refuses in plain sentences."""

from collections.abc import Iterator
from contextlib import contextmanager

from access.visitors import door_engine
from data.actors import Actor, door
from data.database import Connection, plain_refusals, reading, writing


@contextmanager
def reading_as(actor: Actor | None = None) -> Iterator[Connection]:
    """Yield a connection for reading, on the door's behalf unless somebody is named.

    Raises
    ------
    DatabaseError
        If the database cannot be used just now.
    """
    with plain_refusals(), reading(door_engine(), actor or door()) as connection:
        yield connection


@contextmanager
def writing_as(actor: Actor | None = None) -> Iterator[Connection]:
    """Yield a connection whose work is kept whole at the end, or not at all.

    Raises
    ------
    DatabaseError
        If the database cannot be used just now.
    """
    with plain_refusals(), writing(door_engine(), actor or door()) as connection:
        yield connection
