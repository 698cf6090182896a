"""SQLite files that are kept encrypted: by SQLCipher, with ``DATABASE_KEY``."""

import os
import re
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import ModuleType

from data.errors import DatabaseError


VARIABLE = "DATABASE_KEY"

# 256 bits, used as they are. A passphrase would have to be stretched, about half a
# second for every connection, and could still be guessed by whoever has the file.
_KEY = re.compile(r"[0-9A-Fa-f]{64}")

_NO_DATABASE = "file is not a database"


def database_key(backend: str) -> str | None:
    """Return the key that a database is opened with; None if it is not encrypted.

    Raises
    ------
    DatabaseError
        If the key is not of the one form, or the database is not SQLite's: a key that
        encrypts nothing must not look as if it did.
    """
    key = os.environ.get(VARIABLE)
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise DatabaseError(
            f"{VARIABLE} is not a key; allowed: 64 hexadecimal digits, such as "
            "python -c 'import secrets; print(secrets.token_hex(32))' makes"
        )
    if backend != "sqlite":
        raise DatabaseError(
            f"{VARIABLE} is set, but it encrypts SQLite files only, and this database "
            f"is {backend}; unset it"
        )
    return key


def sqlcipher() -> ModuleType:
    """Return the driver that opens encrypted files.

    Raises
    ------
    DatabaseError
        If it is not installed.
    """
    try:
        return import_module("sqlcipher3")
    except ImportError as error:
        raise DatabaseError(
            f"{VARIABLE} is set, but SQLCipher is not installed; install it with: "
            "python -m pip install -r requirements-encryption.txt"
        ) from error


def key_literal(key: str) -> str:
    """Return the key as SQLCipher's own words take it: the digits themselves."""
    return f"\"x'{key}'\""


def key_pragmas(key: str | None) -> tuple[str, ...]:
    """Return the pragmas that have to come before every other one."""
    if key is None:
        return ()
    # SQLCipher would print lines of its own to standard error beside our refusal.
    return (f"key={key_literal(key)}", "cipher_log_level=NONE")


def check_file(path: Path, key: str | None) -> None:
    """Refuse a file that the key, or the lack of one, does not open.

    Raises
    ------
    DatabaseError
        If the file is not encrypted and there is a key, is encrypted and there is none,
        or has another key.
    """
    if not path.exists() or opens(path, key):
        return
    if key is None:
        raise DatabaseError(
            f"The {_NO_DATABASE}, or it is encrypted and {VARIABLE} is not set"
        )
    if opens(path, None):
        raise DatabaseError(
            f"{VARIABLE} is set, but the database file is not encrypted; unset it, or "
            "encrypt the file as docs/deployment.md tells"
        )
    raise DatabaseError(
        f"{VARIABLE} is not the key of the database file, or the {_NO_DATABASE}"
    )


def opens(path: Path, key: str | None) -> bool:
    """Whether a file is a database to this key; None: to somebody without one.

    Asked of the driver: reading the file ourselves would, on closing it, drop the locks
    that this process holds on it.
    """
    driver = sqlite3 if key is None else sqlcipher()
    try:
        with closing(driver.connect(str(path))) as connection:
            for pragma in key_pragmas(key):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("SELECT count(*) FROM sqlite_master")
    except driver.Error as error:
        # Locked, or damaged further on, is not the key's fault: told when it is used.
        return _NO_DATABASE not in str(error)
    return True
