"""The SQLite file with DATABASE_KEY: unreadable without it, and otherwise the same."""

import importlib.util
import os
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from data.audit import first_broken_entry, list_audit_entries
from data.backup import back_up, encrypt
from data.database import (
    connect_engine,
    migrate,
    open_database,
    sqlite_url,
    writing,
)
from data.errors import DatabaseError
from data.events import add_event
from data.example_practice import make_example
from data.patients import add_patient, list_patients
from data.tables import assessment, course, metadata
from tests.actors import TESTER
from tests.factories import add_course, calendar_day, practice, write_practice


ROOT = Path(__file__).parents[2]
KEY = secrets.token_hex(32)
NAME = "Zebulon-Featherstonehaugh"
NOTE = "Changed sertraline to venlafaxine"

needs_sqlcipher = pytest.mark.skipif(
    importlib.util.find_spec("sqlcipher3") is None,
    reason="SQLCipher is not installed: requirements-encryption.txt",
)

COURSES = """
    course | infusions | phq9                     | pcl5
    -------+-----------+--------------------------+------------------
    a      | 0, 3, 7   | -1: 20, 3: 14, 20: 9     | -1: 60, 20: 30
    b      | 0, 5      | -1: 15, 20: incomplete   |
"""


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("DATABASE_KEY", KEY)
    return KEY


@pytest.fixture
def path(tmp_path):
    return tmp_path / "practice.sqlite"


@pytest.fixture(scope="module")
def encrypted_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "encrypted.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_KEY", KEY)
        fill(path)
    return path


@pytest.fixture
def encrypted(encrypted_template, path, key):
    """A small practice in an encrypted file."""
    return shutil.copy(encrypted_template, path)


def fill(path):
    migrate(sqlite_url(path))
    with practice(sqlite_url(path)) as connection:
        add_patient(connection, record_number="R-1", given_name=NAME)
        course_id = add_course(connection, "R-2")
        add_event(
            connection,
            course_id=course_id,
            day=calendar_day(3),
            kind="therapy",
            description=NOTE,
        )
    write_practice(sqlite_url(path), COURSES)


def contents(path):
    """Return every row of every table, read as the dashboard reads them."""
    engine = connect_engine(sqlite_url(path))
    with engine.connect() as connection:
        found = {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }
    engine.dispose()
    return found


def schema(path):
    """Return the text of every table, index and trigger."""
    engine = connect_engine(sqlite_url(path))
    with engine.connect() as connection:
        made = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        )
        found = dict(map(tuple, made))
    engine.dispose()
    return found


def names_of_patients(path):
    with practice(sqlite_url(path)) as connection:
        return [one.given_name for one in list_patients(connection) if one.given_name]


# The file.


@needs_sqlcipher
def test_no_byte_of_the_file_can_be_read(encrypted):
    engine = open_database(sqlite_url(encrypted))
    with writing(engine, TESTER) as connection:
        add_patient(connection, record_number="R-9", given_name=NAME)
    # Still open, so that the newest page is in the write-ahead log alone.
    files = list(encrypted.parent.iterdir())
    assert encrypted.with_name(f"{encrypted.name}-wal").stat().st_size > 0
    whole = b"".join(file.read_bytes() for file in files)
    engine.dispose()
    for word in (NAME, NOTE, "venlafaxine", "SQLite format", "CREATE TABLE", "phq9"):
        assert word.encode() not in whole
    assert KEY.encode() not in whole
    assert bytes.fromhex(KEY) not in whole


def test_without_a_key_the_same_bytes_can_be_read(path):
    fill(path)
    whole = path.read_bytes()
    for word in (NAME, NOTE, "SQLite format", "CREATE TABLE", "phq9"):
        assert word.encode() in whole


@needs_sqlcipher
def test_random_bytes_are_all_it_looks_like(encrypted):
    whole = encrypted.read_bytes()
    common = max(whole.count(bytes([value])) for value in range(256))
    assert len(whole) > 100_000
    assert common < 1.5 * len(whole) / 256


# The same database, otherwise.


@needs_sqlcipher
def test_it_holds_what_a_plain_one_holds(encrypted, tmp_path, monkeypatch):
    stored, made = contents(encrypted), schema(encrypted)
    monkeypatch.delenv("DATABASE_KEY")
    plain = tmp_path / "plain.sqlite"
    migrate(sqlite_url(plain))
    assert schema(plain) == made
    assert stored["course_scores"]
    assert len(stored["assessment"]) == 7
    assert any(NAME in row for row in stored["patient"])


@needs_sqlcipher
def test_models_and_migrations_agree(encrypted):
    engine = open_database(sqlite_url(encrypted))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@needs_sqlcipher
def test_writes_are_durable_and_keys_and_triggers_hold(encrypted):
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    engine = open_database(sqlite_url(encrypted))
    with engine.connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in names]
        assert pragmas == ["wal", 2, 1, 1]
    for refused in (
        delete(assessment),
        insert(course).values(patient_id="nobody", number=1, opened_day=1),
    ):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(refused)
    engine.dispose()


@needs_sqlcipher
def test_the_audit_is_whole(encrypted):
    with practice(sqlite_url(encrypted)) as connection:
        assert len(list(list_audit_entries(connection))) > 10
        assert first_broken_entry(connection) is None


@needs_sqlcipher
def test_many_writers_wait_for_each_other(encrypted):
    engine = open_database(sqlite_url(encrypted))

    def add(number):
        with writing(engine, TESTER) as connection:
            add_patient(connection, record_number=f"T-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with writing(engine, TESTER) as connection:
        added = [p for p in list_patients(connection) if p.record_number[:2] == "T-"]
        assert len(added) == 40
        assert first_broken_entry(connection) is None
    engine.dispose()


@needs_sqlcipher
def test_the_example_practice_is_made_encrypted(tmp_path, key):
    path = tmp_path / "example-practice.db"
    make_example(sqlite_url(path), as_of=calendar_day(900))
    assert len(contents(path)["patient"]) > 50
    assert b"SQLite format" not in path.read_bytes()


# Refusals.


@needs_sqlcipher
@pytest.mark.parametrize("do", [open_database, migrate, connect_engine])
def test_another_key_is_refused(encrypted, monkeypatch, capfd, do):
    before = encrypted.read_bytes()
    other = secrets.token_hex(32)
    monkeypatch.setenv("DATABASE_KEY", other)
    with pytest.raises(DatabaseError, match="DATABASE_KEY is not the key of") as told:
        do(sqlite_url(encrypted))
    assert other not in str(told.value)
    assert capfd.readouterr() == ("", "")
    assert encrypted.read_bytes() == before


@needs_sqlcipher
@pytest.mark.parametrize("do", [open_database, migrate, connect_engine])
def test_an_encrypted_file_without_a_key_is_refused(encrypted, monkeypatch, do):
    before = encrypted.read_bytes()
    monkeypatch.delenv("DATABASE_KEY")
    expected = "not a database, or it is encrypted and DATABASE_KEY is not set"
    with pytest.raises(DatabaseError, match=expected):
        do(sqlite_url(encrypted))
    assert encrypted.read_bytes() == before


@needs_sqlcipher
@pytest.mark.parametrize("do", [open_database, migrate, connect_engine])
def test_a_plain_file_with_a_key_is_refused(path, monkeypatch, capfd, do):
    migrate(sqlite_url(path))
    before = path.read_bytes()
    monkeypatch.setenv("DATABASE_KEY", KEY)
    expected = r"DATABASE_KEY is set, but the database file is not encrypted; .*docs/"
    with pytest.raises(DatabaseError, match=expected):
        do(sqlite_url(path))
    assert capfd.readouterr() == ("", "")
    assert path.read_bytes() == before


@needs_sqlcipher
def test_a_file_that_is_no_database_is_refused_with_a_key(path, key):
    path.write_text("Not a database at all. " * 100)
    with pytest.raises(DatabaseError, match="the file is not a database"):
        open_database(sqlite_url(path))


@pytest.mark.parametrize(
    "given", ["correct horse battery staple", "ab" * 31, "ab" * 33, "xy" * 32, "ab\n"]
)
@pytest.mark.parametrize("do", [open_database, migrate, connect_engine])
def test_what_is_no_key_is_refused_without_repeating_it(path, monkeypatch, do, given):
    monkeypatch.setenv("DATABASE_KEY", given)
    with pytest.raises(DatabaseError, match="64 hexadecimal digits") as told:
        do(sqlite_url(path))
    assert given not in str(told.value)
    assert not path.exists()


def test_an_empty_key_is_none(path, monkeypatch):
    monkeypatch.setenv("DATABASE_KEY", "")
    migrate(sqlite_url(path))
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_a_key_that_would_encrypt_nothing_is_refused(key):
    expected = "encrypts SQLite files only, and this database is postgresql; unset it"
    with pytest.raises(DatabaseError, match=expected):
        connect_engine("postgresql://somebody@localhost:1/x")


def test_says_how_to_install_what_is_missing(path, key, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    with pytest.raises(DatabaseError, match=r"install -r requirements-encryption\.txt"):
        migrate(sqlite_url(path))
    assert not path.exists()


@needs_sqlcipher
def test_the_key_is_not_in_what_an_engine_says_of_itself(encrypted):
    engine = open_database(sqlite_url(encrypted))
    url = engine.url.render_as_string(hide_password=False)
    assert KEY not in f"{engine!r} {url} {engine.pool!r} {engine.dialect.__dict__}"
    engine.dispose()


@needs_sqlcipher
@pytest.mark.parametrize(
    "given", [KEY[::-1], None, "no key"], ids=["another", "none", "malformed"]
)
def test_the_command_line_says_one_plain_line(encrypted, given):
    environment = os.environ | {"DATABASE_URL": sqlite_url(encrypted)}
    environment.pop("DATABASE_KEY")
    if given:
        environment["DATABASE_KEY"] = given
    command = [sys.executable, "manage.py", "rebuild-scores"]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "DATABASE_KEY" in result.stderr


# Copies.


def test_a_copy_holds_the_same_and_is_for_its_owner_alone(path, tmp_path):
    fill(path)
    copy = tmp_path / "copy.db"
    back_up(sqlite_url(path), copy)
    assert contents(copy) == contents(path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as plain:
        assert plain.execute("SELECT count(*) FROM patient").fetchone() == (4,)
    plain.close()


@needs_sqlcipher
def test_a_copy_of_an_encrypted_file_has_the_same_key(encrypted, tmp_path, monkeypatch):
    copy = tmp_path / "copy.db"
    back_up(sqlite_url(encrypted), copy)
    assert contents(copy) == contents(encrypted)
    assert NAME.encode() not in copy.read_bytes()
    monkeypatch.setenv("DATABASE_KEY", KEY[::-1])
    with pytest.raises(DatabaseError, match="is not the key"):
        open_database(sqlite_url(copy))


def test_a_copy_has_what_was_written_a_moment_ago_and_nothing_unfinished(
    path, tmp_path
):
    migrate(sqlite_url(path))
    engine = open_database(sqlite_url(path))
    with writing(engine, TESTER) as connection:
        add_patient(connection, record_number="R-1", given_name="Kept")
    with writing(engine, TESTER) as connection:
        add_patient(connection, record_number="R-2", given_name="Unfinished")
        back_up(sqlite_url(path), tmp_path / "copy.db")
    engine.dispose()
    assert names_of_patients(tmp_path / "copy.db") == ["Kept"]


@needs_sqlcipher
def test_a_plain_database_is_encrypted_into_a_new_file(path, tmp_path, monkeypatch):
    fill(path)
    stored, made, before = contents(path), schema(path), path.read_bytes()
    monkeypatch.setenv("DATABASE_KEY", KEY)
    copy = tmp_path / "encrypted.db"
    encrypt(sqlite_url(path), copy)
    assert NAME.encode() not in copy.read_bytes()
    assert contents(copy) == stored
    assert schema(copy) == made
    assert path.read_bytes() == before
    with practice(sqlite_url(copy)) as connection:
        assert first_broken_entry(connection) is None
        add_patient(connection, record_number="R-7")


def test_a_damaged_original_is_not_copied(path, tmp_path):
    fill(path)
    whole = bytearray(path.read_bytes())
    for page in range(4, 30):
        whole[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(whole)
    with pytest.raises(DatabaseError, match="could not be made"):
        back_up(sqlite_url(path), tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_copy_with_a_row_that_points_nowhere_is_not_kept(path, tmp_path):
    migrate(sqlite_url(path))
    engine = connect_engine(sqlite_url(path), enforce_keys=False)
    with engine.begin() as connection:
        connection.execute(
            insert(course).values(patient_id="nobody", number=1, opened_day=1)
        )
    engine.dispose()
    with pytest.raises(DatabaseError, match="could not be made: a loose row of course"):
        back_up(sqlite_url(path), tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    "copy", [back_up, pytest.param(encrypt, marks=needs_sqlcipher)]
)
def test_a_copy_never_takes_the_place_of_a_file(path, tmp_path, monkeypatch, copy):
    migrate(sqlite_url(path))
    if copy is encrypt:
        monkeypatch.setenv("DATABASE_KEY", KEY)
    target = tmp_path / "copy.db"
    target.write_text("Something else")
    with pytest.raises(DatabaseError, match="is there already; name a new file"):
        copy(sqlite_url(path), target)
    assert target.read_text() == "Something else"
    with pytest.raises(DatabaseError, match="cannot be written: No such file"):
        copy(sqlite_url(path), tmp_path / "no folder" / "copy.db")


@pytest.mark.parametrize("copy", [back_up, encrypt])
def test_there_has_to_be_an_sqlite_file_to_copy(path, tmp_path, copy):
    with pytest.raises(DatabaseError, match="There is no database yet"):
        copy(sqlite_url(path), tmp_path / "copy.db")
    with pytest.raises(DatabaseError, match="pg_dump"):
        copy("postgresql://somebody@localhost:1/x", tmp_path / "copy.db")


def test_there_has_to_be_a_key_to_encrypt_with(path, tmp_path):
    migrate(sqlite_url(path))
    with pytest.raises(DatabaseError, match="DATABASE_KEY is not set"):
        encrypt(sqlite_url(path), tmp_path / "copy.db")


@needs_sqlcipher
def test_nothing_is_encrypted_twice(encrypted, tmp_path):
    with pytest.raises(DatabaseError, match="is encrypted already"):
        encrypt(sqlite_url(encrypted), tmp_path / "copy.db")


@needs_sqlcipher
def test_the_script_makes_both_kinds_of_copy(path, tmp_path, monkeypatch):
    fill(path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url(path))
    script = [sys.executable, ROOT / "scripts" / "backup.py"]

    def run(*arguments):
        return subprocess.run(
            [*script, *arguments], cwd=tmp_path, capture_output=True, text=True
        )

    made = run("plain.db")
    assert made.returncode == 0
    assert "plain.db is written and checked" in made.stdout
    again = run("plain.db")
    assert again.returncode == 1
    assert again.stderr == "plain.db is there already; name a new file\n"
    stored = contents(path)
    monkeypatch.setenv("DATABASE_KEY", KEY)
    assert run("--encrypt", "encrypted.db").returncode == 0
    assert contents(tmp_path / "encrypted.db") == stored
