"""Copies of an SQLite file: whole as of one moment, while others go on writing."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from data.database import connect_engine, parse_url, sqlite_file, sqlite_url
from data.encryption import (
    VARIABLE,
    check_file,
    database_key,
    key_literal,
    key_pragmas,
    opens,
    sqlcipher,
)
from data.errors import DatabaseError


Statement = tuple[str, Sequence[str]]


def back_up(url: str, target: Path) -> None:
    """Copy a database to a new file, encrypted if the database is, and check it.

    Raises
    ------
    DatabaseError
        If the database is no SQLite file or is not there, if the new file is there
        already or cannot be written, or if the copy is damaged.
    """
    source = _existing_file(url)
    key = database_key("sqlite")
    check_file(source, key)
    _copy(source, target, key, [("VACUUM INTO ?", [str(target)])])


def encrypt(url: str, target: Path) -> None:
    """Copy a database that is not encrypted to a new file that is, and check it.

    Raises
    ------
    DatabaseError
        As :func:`back_up`; and if ``DATABASE_KEY`` is not set, or the database is
        encrypted already.
    """
    source = _existing_file(url)
    key = database_key("sqlite")
    if key is None:
        raise DatabaseError(f"{VARIABLE} is not set: there is nothing to encrypt with")
    if not opens(source, None):
        raise DatabaseError("The database is encrypted already, or is no database")
    statements = [
        (f"ATTACH DATABASE ? AS encrypted KEY {key_literal(key)}", [str(target)]),
        ("SELECT sqlcipher_export('encrypted')", []),
        ("DETACH DATABASE encrypted", []),
    ]
    _copy(source, target, None, statements)


def _existing_file(url: str) -> Path:
    path = sqlite_file(parse_url(url))
    if path is None:
        raise DatabaseError(
            "The database is no SQLite file; PostgreSQL has its own program, pg_dump"
        )
    if not path.exists():
        raise DatabaseError("There is no database yet, so there is nothing to copy")
    return path


def _copy(
    source: Path, target: Path, key: str | None, statements: Sequence[Statement]
) -> None:
    driver = sqlcipher() if database_key("sqlite") else sqlite3
    _make_private(target)
    try:
        with closing(driver.connect(str(source), isolation_level=None)) as connection:
            for pragma in key_pragmas(key):
                connection.execute(f"PRAGMA {pragma}")
            for statement, values in statements:
                connection.execute(statement, values)
        _check(target)
    except (driver.Error, DatabaseError) as error:
        target.unlink()
        raise DatabaseError(f"The copy could not be made: {error}") from error


def _make_private(target: Path) -> None:
    """Make an empty file that only this user can read, where there is none yet."""
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise DatabaseError(f"{target} is there already; name a new file") from error
    except OSError as error:
        raise DatabaseError(f"{target} cannot be written: {error.strerror}") from error


def _check(target: Path) -> None:
    """Refuse a copy that is not what it should be, read as the dashboard reads it."""
    engine = connect_engine(sqlite_url(target))
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    engine.dispose()
    if found != "ok" or loose is not None:
        raise DatabaseError(found if found != "ok" else f"a loose row of {loose[0]}")
