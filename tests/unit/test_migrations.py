"""The schema: made by migrations, the same as the models, or refused plainly."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, func, insert, inspect, select, text

from data.database import (
    MIGRATIONS,
    connect_engine,
    migrate,
    newest_revision,
    open_database,
    sqlite_url,
)
from data.errors import DatabaseError
from data.tables import metadata


STAMP = datetime(2026, 1, 1)
REVISIONS = [r.revision for r in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

# What a row needs in any revision so far; columns that a revision lacks are left out.
ROWS = {
    "patient": {
        "id": "p1",
        "record_number": "R-1",
        "birth_date": date(1980, 1, 1),
        "added_at": STAMP,
        "added_by": "A",
    },
    "course": {"id": 1, "patient_id": "p1", "number": 1, "opened_day": 20_000},
    "infusion": {
        "id": 1,
        "course_id": 1,
        "started_minute": 29_000_000,
        "started_offset": 0,
        "time_known": True,
        "route": "IV",
        "recorded_at": STAMP,
        "recorded_by": "A",
    },
    "assessment": {
        "id": 1,
        "course_id": 1,
        "measure": "phq9",
        "recall_window": "two_weeks",
        "completed_minute": 29_000_000,
        "completed_offset": 0,
        "time_known": True,
        "answers": "301200103",
        "answered": 9,
        "total": 10,
        "item_9": 3,
        "source": "self_report",
        "recorded_at": STAMP,
        "recorded_by": "A",
    },
    "event": {
        "course_id": 1,
        "day": 20_000,
        "kind": "therapy",
        "description": "Begun",
        "recorded_at": STAMP,
        "recorded_by": "A",
    },
    "alert": {"assessment_id": 1, "kind": "item_9", "opened_at": STAMP},
    "audit_entry": {
        "at": STAMP,
        "who": "A",
        "action": "add",
        "subject": "patient p1",
        "previous_hash": "0" * 64,
        "hash": "1" * 64,
    },
}


@pytest.fixture
def engine(database_url):
    engine = connect_engine(database_url)
    yield engine
    engine.dispose()


def upgrade(connection, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_models_and_migrations_agree(migrated_url):
    engine = open_database(migrated_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.parametrize(
    "backend",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def test_models_and_migrations_have_the_same_checks_and_indexes(request, backend):
    migrated = connect_engine(request.getfixturevalue(f"migrated_{backend}_url"))
    from_models = connect_engine(request.getfixturevalue(f"{backend}_url"))
    metadata.create_all(from_models)
    assert described(migrated) == described(from_models)
    for engine in (migrated, from_models):
        engine.dispose()


def described(engine):
    """Return the text of every check and the columns of every index."""
    found = {}
    inspector = inspect(engine)
    for table in metadata.tables:
        checks = inspector.get_check_constraints(table)
        found |= {c["name"]: re.sub(r"\s+", " ", c["sqltext"]) for c in checks}
        found |= {
            index["name"]: (
                index["column_names"],
                str(index["dialect_options"].get(f"{engine.dialect.name}_where", "")),
            )
            for index in inspector.get_indexes(table)
        }
    return found


@pytest.mark.parametrize("revision", REVISIONS)
def test_upgrade_from_every_earlier_revision_keeps_its_rows(engine, revision):
    with engine.begin() as connection:
        upgrade(connection, revision)
        written = {name: fill(connection, name) for name in ROWS}
    migrate(engine.url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        kept = {name: count(connection, metadata.tables[name]) for name in ROWS}
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    assert kept == written


def fill(connection, name):
    """Write one row into a table of an older schema and return how many it has."""
    if not inspect(connection).has_table(name):
        return 0
    table = Table(name, MetaData(), autoload_with=connection)
    row = {column: value for column, value in ROWS[name].items() if column in table.c}
    connection.execute(insert(table).values(row))
    return count(connection, table)


def count(connection, table):
    return connection.scalar(select(func.count()).select_from(table))


def test_migrating_twice_is_harmless(database_url):
    migrate(database_url)
    migrate(database_url)
    open_database(database_url).dispose()


def test_there_is_one_newest_revision():
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_scores_are_kept_in_the_order_of_their_key_on_sqlite(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    with engine.connect() as connection:
        made = connection.scalar(
            text("SELECT sql FROM sqlite_master WHERE name = 'course_scores'")
        )
    assert "WITHOUT ROWID" in made
    engine.dispose()


def test_sqlite_writes_are_durable_and_keys_are_enforced(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_refuses_a_database_that_is_not_there(sqlite_url):
    with pytest.raises(DatabaseError, match="There is no database yet; make it with"):
        open_database(sqlite_url)


def test_refuses_a_database_without_tables(engine, database_url):
    with engine.connect():
        pass  # makes the SQLite file
    with pytest.raises(DatabaseError, match=r"schema none, this program needs \w+;"):
        open_database(database_url)


@pytest.mark.parametrize("revision", [*REVISIONS[1:], "0000", "9999"])
def test_refuses_another_schema_with_a_plain_sentence(migrated_url, revision):
    engine = connect_engine(migrated_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :revision"),
            {"revision": revision},
        )
    engine.dispose()
    expected = f"schema {revision}, this program needs {newest_revision()}; bring it"
    with pytest.raises(DatabaseError, match=expected):
        open_database(migrated_url)


def test_does_not_migrate_what_a_newer_version_made(migrated_url):
    engine = connect_engine(migrated_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseError, match="probably made by a newer version"):
        migrate(migrated_url)


@pytest.mark.parametrize("do", [open_database, migrate])
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("practice.db", "The database URL cannot be read; allowed: sqlite:///FILE"),
        ("sqlite:practice.db", "The database URL cannot be read"),
        ("mysql://somewhere", "'mysql' is not supported; allowed: sqlite, postgresql"),
        ("postgresql://u:secret@localhost:1/x", "The database cannot be"),
    ],
)
def test_refuses_a_database_it_cannot_use(do, url, message):
    with pytest.raises(DatabaseError, match=message) as refusal:
        do(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("do", [open_database, migrate])
def test_refuses_a_file_that_is_no_database(tmp_path: Path, do):
    path = tmp_path / "notes.db"
    path.write_text("Not a database at all. " * 100)
    with pytest.raises(DatabaseError, match="file is not a database"):
        do(sqlite_url(path))


def test_makes_the_folder_of_a_new_database(tmp_path: Path):
    url = sqlite_url(tmp_path / "new" / "folder" / "practice.db")
    migrate(url)
    open_database(url).dispose()


def test_records_are_never_thrown_away_by_a_downgrade(database_url):
    migrate(database_url)
    engine = connect_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, pytest.raises(NotImplementedError):
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
