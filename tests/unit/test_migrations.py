"""The schema: made by migrations, the same as the models, or refused plainly."""

import hashlib
import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select, text

from data.audit import add_audit_entry, first_broken_entry, list_audit_entries
from data.database import (
    MIGRATIONS,
    connect_engine,
    migrate,
    newest_revision,
    open_database,
    reading,
    sqlite_url,
    writing,
)
from data.errors import DatabaseError
from data.patients import list_courses
from data.sites import Site, add_site, list_sites
from data.tables import FIRST_SITE, metadata, patient, site
from tests.actors import TESTER
from tests.right_rows import RIGHT, STAMP


REVISIONS = [r.revision for r in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


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
        there = [name for name in RIGHT if inspect(connection).has_table(name)]
        for name in there:
            write(connection, name, RIGHT[name])
        written = {name: count(connection, name) for name in there}
    migrate(url_of(engine))
    with engine.connect() as connection:
        kept = {name: count(connection, name) for name in there}
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    assert kept == written


def write(connection, name, row):
    """Write a row into a table of any schema, as far as it has the columns."""
    table = Table(name, MetaData(), autoload_with=connection)
    values = {column: value for column, value in row.items() if column in table.c}
    connection.execute(insert(table).values(values))


def count(connection, name):
    return connection.scalar(text(f"SELECT count(*) FROM {name}"))


def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


# From revision 0001, whose courses bore the name of a site, to sites.


def migrated_with(engine, courses):
    """Write patients whose courses bear these names of sites, and migrate."""
    with engine.begin() as connection:
        upgrade(connection, "0001")
        for patient_id, named in courses.items():
            row = RIGHT["patient"] | {"id": patient_id, "record_number": patient_id}
            write(connection, "patient", row)
            for number, name in enumerate(named, start=1):
                row = {"patient_id": patient_id, "number": number, "site": name}
                write(connection, "course", {"opened_day": 20_000} | row)
    migrate(url_of(engine))


def sites_of(engine):
    """Return the site of every patient, and those of their courses in order."""
    theirs = select(patient.c.id, site.c.name).join_from(patient, site)
    with reading(engine, TESTER) as connection:
        return {
            patient_id: (name, [c.site for c in list_courses(connection, patient_id)])
            for patient_id, name in connection.execute(theirs).all()
        }


def test_sites_that_courses_named_become_sites_and_place_patients(engine):
    migrated_with(
        engine,
        {
            "p1": ["North", "South"],
            "p2": ["South", None, "North"],
            "p3": ["South", None],
            "p4": [None],
            "p5": [],
        },
    )
    assert sites_of(engine) == {
        "p1": ("South", ["North", "South"]),
        "p2": ("North", ["South", "North", "North"]),
        "p3": ("South", ["South", "South"]),
        "p4": ("North", ["North"]),
        "p5": ("North", []),
    }
    with writing(engine, TESTER) as connection:
        assert [s.name for s in list_sites(connection)] == ["North", "South"]
        assert add_site(connection, "East") > FIRST_SITE + 1


def test_a_practice_that_named_no_site_has_one(engine):
    migrated_with(engine, {"p1": [None], "p2": []})
    assert sites_of(engine) == {
        "p1": ("Main site", ["Main site"]),
        "p2": ("Main site", []),
    }
    with reading(engine, TESTER) as connection:
        assert list_sites(connection) == [Site(FIRST_SITE, "Main site")]


def test_the_audit_of_the_first_schema_is_still_whole(engine):
    told = {"at": STAMP, "who": "A", "action": "add", "subject": "patient p1"}
    sealed = "\x1f".join(["0" * 64, STAMP.isoformat(), "A", "add", "patient p1"])
    seals = {
        "previous_hash": "0" * 64,
        "hash": hashlib.sha256(sealed.encode()).hexdigest(),
    }
    with engine.begin() as connection:
        upgrade(connection, "0001")
        write(connection, "audit_entry", told | seals)
    migrate(url_of(engine))
    with writing(engine, TESTER) as connection:
        add_audit_entry(connection, action="add", subject="x", patient_id="p2")
        old, new = list_audit_entries(connection)
        assert first_broken_entry(connection) is None
    assert (old.hash, old.patient_id) == (seals["hash"], None)
    assert (new.previous_hash, new.patient_id) == (seals["hash"], "p2")


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
        # pragma: allowlist nextline secret
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
