"""Many values, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar


# SQLite allows 32,766 values in one statement, PostgreSQL 65,535.
VALUES_AT_ONCE = 5_000

T = TypeVar("T")


def chunks(values: Iterable[T], size: int = VALUES_AT_ONCE) -> Iterator[list[T]]:
    """Yield lists of at most ``size`` values, in order.

    Examples
    --------
    >>> list(chunks("abc", 2))
    [['a', 'b'], ['c']]
    """
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some
