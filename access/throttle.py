"""Guesses are slowed down, and a stranger's never those of somebody known here."""

from datetime import timedelta

from starlette.requests import Request

from access.cookies import DEVICE, read_cookie
from data import attempts
from data.attempts import Bucket
from data.database import Connection


MOST_ACCOUNTS_ON_A_DEVICE = 6
"""A practice's computer is shared: so many people are known on it."""

_SEPARATOR = "."  # In no token.
_NOBODY = 0


def device_tokens(request: Request) -> list[str]:
    """Return by what a browser is known here, the last one first."""
    brought = read_cookie(request, DEVICE) or ""
    tokens = [token for token in brought.split(_SEPARATOR) if token]
    return tokens[:MOST_ACCOUNTS_ON_A_DEVICE]


def device_value(tokens: list[str]) -> str:
    """Return what the device cookie holds for these."""
    return _SEPARATOR.join(tokens[:MOST_ACCOUNTS_ON_A_DEVICE])


def known_here(
    connection: Connection, request: Request, account_id: int | None
) -> str | None:
    """Return the token by which this device is known to an account, or None."""
    # An account that does not exist costs the same queries as one that does.
    asked = _NOBODY if account_id is None else account_id
    for token in device_tokens(request):
        if attempts.is_known_device(connection, asked, token):
            return token
    return None


def guess_bucket(
    connection: Connection,
    request: Request,
    step: str,
    login: str,
    account_id: int | None,
) -> Bucket:
    """Return what guesses at one step of somebody's sign-in count against.

    A browser that the account was entered with before has a bucket of its own, so
    nobody elsewhere can lock its holder out.
    """
    # The step comes first: whatever is typed as a login, it names no other step.
    name = f"{step} {login.strip().casefold()}"
    token = known_here(connection, request, account_id)
    return attempts.stranger(name) if token is None else attempts.device(name, token)


def begin_guess(connection: Connection, bucket: Bucket) -> timedelta:
    """Count a guess before it is looked at; return how long it has to wait instead.

    A guess that has to wait is not counted, and must not be looked at. Counting comes
    first so that of many guesses sent at once each is counted before the next is
    admitted; ``data.attempts.forget_failures`` takes the right one back.
    """
    pause = attempts.wait(connection, bucket)
    if not pause:
        attempts.count_failure(connection, bucket)
    return pause


def waiting_sentence(pause: timedelta) -> str:
    """Return how long somebody has to wait, rounded up.

    Examples
    --------
    >>> waiting_sentence(timedelta(seconds=3))
    'Too many attempts. Please try again in 5 seconds.'
    >>> waiting_sentence(timedelta(minutes=3, seconds=20))
    'Too many attempts. Please try again in 4 minutes.'
    """
    return f"Too many attempts. Please try again in {_how_long(pause)}."


def _how_long(pause: timedelta) -> str:
    seconds = -(-pause // timedelta(seconds=5)) * 5
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = -(-pause // timedelta(minutes=1))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
