"""Passwords: how they are kept, and which are too weak to be chosen.

After NIST SP 800-63B-4 (2025), section 3.1.1.2: length counts, not kinds of characters;
any character is allowed; a common or expected password is refused with the reason.
"""

import secrets
import unicodedata
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from access.blocklist import is_common, is_known, is_repeated, is_run


PRODUCT_NAME = "Infusion Outcomes"

# NIST SP 800-63B-4, section 3.1.1.2: where the password is the only factor, and where
# it is one of two.
SHORTEST_ALONE = 15
SHORTEST_WITH_SECOND_FACTOR = 8
# The same section has at least 64 allowed. A limit keeps a stranger from making the
# server work through megabytes.
LONGEST = 128
# As typed, accents may stand apart from their letter; normalising joins them. Its time
# grows with the square of accents in a row, so what is longer is not even normalised.
LONGEST_AS_TYPED = 4 * LONGEST

# RFC 9106, section 4, second recommended: 64 MiB, three passes, four lanes. Stronger
# than the least that OWASP's Password Storage Cheat Sheet asks for (19 MiB, two passes)
# and affordable: people of a practice sign in a few times a day.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# A crowd at the door waits its turn, and does not take the memory of the machine.
_AT_ONCE = BoundedSemaphore(4)

_ADVICE = "choose four or more unrelated words instead"


class WeakPassword(ValueError):
    """A password that must not be chosen; the message says why and what to do."""


def hash_password(password: str) -> str:
    """Return what to keep in place of the password: argon2id with its parameters.

    Raises
    ------
    WeakPassword
        If the password is too long ever to be verified.
    """
    kept = _normalised(password)
    with _AT_ONCE:
        return _HASHER.hash(_as_bytes(kept))


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether this is the password that was kept.

    Parameters
    ----------
    stored
        What :func:`hash_password` returned. None where there is no such account, or
        none with a password: the answer is False and takes as long as any other.
    password
        As it was typed.
    """
    # Asked for first, so that whoever signs in first after a start pays for it.
    nobodys = _nobodys_hash()
    try:
        kept = _normalised(password)
    except WeakPassword:
        stored, kept = None, ""
    matches = _matches(nobodys if stored is None else stored, kept)
    return matches and stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether the password was kept with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def check_password(
    password: str, *, login: str, name: str, practice_name: str, second_factor: bool
) -> None:
    """Refuse a password that is too weak to be chosen.

    Parameters
    ----------
    password
        As it was typed.
    login, name, practice_name
        What anybody at the practice knows; a password is more than these.
    second_factor
        Whether signing in takes a code besides the password. When that ends, the
        password has to be checked, and perhaps chosen, again.

    Raises
    ------
    WeakPassword
        One sentence: the reason, and what to do. It never repeats the password.

    Examples
    --------
    >>> who = {"login": "ameyer", "name": "Anna Meyer", "practice_name": "Lakeside"}
    >>> check_password("tulips on a slow train", **who, second_factor=False)
    >>> check_password("Lakeside-Meyer-2026", **who, second_factor=False)
    Traceback (most recent call last):
    access.passwords.WeakPassword: This is little more than your login, your name, the \
practice or this product; choose four or more unrelated words instead
    """
    kept = _normalised(password)
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST_ALONE
    # As typed too: one character may stand for a sentence once it is normalised.
    characters = min(len(password), len(kept))
    if characters < shortest:
        raise WeakPassword(
            f"This is too short, {characters} of at least {shortest} characters; "
            f"{_ADVICE}"
        )
    enough = (shortest + 1) // 2
    if is_repeated(kept, enough):
        raise WeakPassword(f"This repeats one short piece; {_ADVICE}")
    if is_common(kept):
        raise WeakPassword(f"This is among the first that anybody tries; {_ADVICE}")
    if is_known(kept, [login, name, practice_name, PRODUCT_NAME], enough):
        raise WeakPassword(
            "This is little more than your login, your name, the practice or this "
            f"product; {_ADVICE}"
        )
    if is_run(kept, enough):
        raise WeakPassword(
            f"This is little more than neighbouring keys, letters or numbers; {_ADVICE}"
        )


def _normalised(password: str) -> str:
    """Return the password as every keyboard would give it (NFKC)."""
    if len(password) > LONGEST_AS_TYPED:
        raise _too_long(len(password))
    kept = unicodedata.normalize("NFKC", password)
    if len(kept) > LONGEST:
        raise _too_long(len(kept))
    return kept


def _too_long(characters: int) -> WeakPassword:
    return WeakPassword(
        f"This is too long, {characters} of at most {LONGEST} characters; "
        "choose a shorter password instead"
    )


def _as_bytes(kept: str) -> bytes:
    # A damaged form can hold half a character: a wrong password, not a failure.
    return kept.encode("utf-8", "surrogatepass")


@cache
def _nobodys_hash() -> str:
    return hash_password(secrets.token_urlsafe(32))


def _matches(stored: str, kept: str) -> bool:
    try:
        with _AT_ONCE:
            return _HASHER.verify(stored, _as_bytes(kept))
    except VerifyMismatchError:
        return False
