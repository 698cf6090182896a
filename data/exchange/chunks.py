"""Many values: some at a time, and without looking among them for cycles."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def without_collecting() -> Iterator[None]:
    """Leave the garbage collector off for a while, if it was on.

    Rows hold no cycles, and to look for some among 100,000 of them took a fifth of an
    import's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
