"""Opening a practice's database: where it is, its schema, its transactions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from platformdirs import user_data_dir
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
)

from data.actors import Actor
from data.encryption import check_file, database_key, key_pragmas, sqlcipher
from data.errors import DatabaseError


APPLICATION = "infusion-outcomes"
MIGRATIONS = Path(__file__).parent / "migrations"

# A writer waits this long for another before it gives up.
BUSY_TIMEOUT_MS = 30_000

# Any number, the same for every writer of a PostgreSQL database.
_WRITER_LOCK = 7_301_949


def default_url() -> str:
    """Return the practice's database: ``DATABASE_URL``, or a file of this user's."""
    return os.environ.get("DATABASE_URL") or sqlite_url(
        data_directory() / "practice.db"
    )


def example_url() -> str:
    """Return the example practice's database, always a file of its own."""
    return sqlite_url(data_directory() / "example-practice.db")


def data_directory() -> Path:
    """Return this user's folder for the product's files."""
    return Path(user_data_dir(APPLICATION, appauthor=False))


def sqlite_url(path: Path) -> str:
    """Return the URL of an SQLite file."""
    return f"sqlite:///{path}"


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name)


def connect_engine(url: str, *, enforce_keys: bool = True) -> Engine:
    """Return an engine for the database, whatever its schema.

    ``enforce_keys=False`` is for a migration on SQLite, which checks them at its end.

    Raises
    ------
    DatabaseError
        If the URL is not one of a supported database, or ``DATABASE_KEY`` does not open
        its file.
    """
    parsed = parse_url(url)
    backend = parsed.get_backend_name()
    key = database_key(backend)
    driver = {"module": sqlcipher()} if key else {}
    try:
        engine = create_engine(parsed, hide_parameters=True, **driver)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(f"No driver for {parsed.drivername!r}") from error
    if backend == "sqlite":
        path = sqlite_file(engine.url)
        if path:
            check_file(path, key)
        _make_sqlite_durable(engine, key=key, enforce_keys=enforce_keys)
    return engine


def parse_url(url: str) -> URL:
    """Return the parts of a supported database's URL, with the driver we use.

    Raises
    ------
    DatabaseError
        If it is no such URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError(
            "The database URL cannot be read; allowed: sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME"
        ) from error
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise DatabaseError(
            f"Database {backend!r} is not supported; allowed: sqlite, postgresql"
        )
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def migrate(url: str) -> None:
    """Bring the database to the current schema, making it if it is not there.

    Raises
    ------
    DatabaseError
        If it cannot be reached or written.
    """
    # SQLite lets a table with rows take a new key only while keys are not enforced.
    engine = connect_engine(url, enforce_keys=False)
    path = sqlite_file(engine.url)
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_keys(connection)
    except CommandError as error:
        raise DatabaseError(
            "The database has a schema that this program does not know; it was "
            "probably made by a newer version"
        ) from error
    except (DBAPIError, OSError) as error:
        raise DatabaseError(
            f"The database cannot be made or reached: {_plain(error)}"
        ) from error
    finally:
        engine.dispose()


def open_database(url: str) -> Engine:
    """Return an engine for a database that has the current schema.

    Raises
    ------
    DatabaseError
        If it is missing or its schema is older or newer than this program.
    """
    engine = connect_engine(url)
    path = sqlite_file(engine.url)
    if path and not path.exists():
        raise DatabaseError(
            "There is no database yet; make it with: python manage.py migrate"
        )
    found = _revision(engine)
    if found != newest_revision():
        engine.dispose()
        raise DatabaseError(
            f"The database has schema {found or 'none'}, this program needs "
            f"{newest_revision()}; bring it up to date with: python manage.py migrate"
        )
    return engine


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        engine.dispose()
        raise DatabaseError(
            f"The database cannot be reached: {_plain(error)}"
        ) from error


def newest_revision() -> str:
    """Return the schema revision this program was written for."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None, "there is always a first migration"
    return head


@contextmanager
def reading(engine: Engine, actor: Actor) -> Iterator[Connection]:
    """Yield a connection for reading on an actor's behalf; nothing done is kept."""
    with engine.connect().execution_options(actor=actor, answers={}) as connection:
        yield connection


@contextmanager
def writing(engine: Engine, actor: Actor) -> Iterator[Connection]:
    """Yield a connection whose work is kept whole at the end, or not at all.

    One writer at a time: two at once on PostgreSQL would each derive a course's scores
    without the other's form, and seal two audit entries to the same one before.
    """
    with (
        engine.connect().execution_options(actor=actor, writes=True) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.scalar(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))
        yield connection


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turn a database that cannot be used just now into a sentence.

    Raises
    ------
    DatabaseError
        If it is locked for too long, read-only, full, or gone. Mistakes in a statement
        are faults of the program and stay what they are.
    """
    try:
        yield
    except OperationalError as error:
        raise DatabaseError(f"The database refused: {_plain(error)}") from error


def _check_keys(connection: Connection) -> None:
    """Let a migration fail that left a row pointing nowhere."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        assert broken is None, f"a row of {broken[0]} points to no row of {broken[2]}"


def _make_sqlite_durable(
    engine: Engine, *, key: str | None, enforce_keys: bool
) -> None:
    """Set the pragmas and transaction kind that were measured to be safe.

    WAL with ``synchronous=FULL`` keeps the last commit through a power cut; a writer
    takes its lock at the start (``BEGIN IMMEDIATE``), because a transaction that reads
    first and writes later fails at once when another has written between.
    """

    @event.listens_for(engine, "connect")
    def _pragmas(dbapi_connection: object, _record: object) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in (
            *key_pragmas(key),
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if enforce_keys else 'OFF'}",
            # Or INSERT OR REPLACE would delete a record past its trigger.
            "recursive_triggers=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _plain(error: Exception) -> str:
    """Return the driver's own first line, without statement or parameters."""
    reason = getattr(error, "orig", None) or error
    return str(reason).strip().splitlines()[0]
