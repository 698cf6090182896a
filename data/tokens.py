"""Secrets that open something: made here, and stored only as what they hash to."""

import hashlib
import secrets


BYTES = 32


def new_token() -> str:
    """Return a new secret of 256 bits, safe in a URL and a cookie."""
    return secrets.token_urlsafe(BYTES)


def token_hash(token: str) -> str:
    """Return what is stored of a secret.

    A plain hash is enough: nobody guesses 256 random bits, so there is nothing that a
    slow hash would slow down.
    """
    return hashlib.sha256(token.encode()).hexdigest()
