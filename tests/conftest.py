"""Fixtures for every test: databases to throw away, and never the user's own.

- ``database_url``: a new empty database, once on SQLite and once on PostgreSQL.
- ``migrated_url``: the same with all tables, copied from a template.
- ``sqlite_url``, ``postgresql_url``, ``migrated_sqlite_url`` and
  ``migrated_postgresql_url``: one of these by name.
- ``shared_data``, ``shared_clinical``: folders beside the repository.

A test that asks for none of these and still opens ``DATABASE_URL`` fails.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.throwaway_postgresql import (
    PostgreSQL,
    postgresql_is_installed,
    throwaway_postgresql,
)


SHARED = Path(__file__).parents[1] / ".." / "shared"
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]

settings.register_profile("here", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure(config: pytest.Config) -> None:
    """Keep every test away from the user's own records."""
    folder = tempfile.TemporaryDirectory(prefix="infusion-outcomes-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_DATA_HOME"] = folder.name
    os.environ["DATABASE_URL"] = f"sqlite:///{folder.name}/ask-for-a-fixture/no.sqlite"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, with its own README."""
    return existing_folder(SHARED / "real-data")


@pytest.fixture(scope="session")
def shared_clinical() -> Path:
    """Return the folder of clinical facts."""
    return existing_folder(SHARED / "clinical")


def existing_folder(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"the folder ../shared/{folder.name} is not here")
    return folder.resolve()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a new empty database, on each kind of database."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=BACKENDS)
def migrated_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a new database with all tables, on each kind of database."""
    return request.getfixturevalue(f"migrated_{request.param}_url")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'practice.sqlite'}"


@pytest.fixture
def migrated_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the URL of a new SQLite file with all tables."""
    path = shutil.copy(sqlite_template, tmp_path / "migrated.sqlite")
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """Return the URL of a new empty PostgreSQL database."""
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def migrated_postgresql_url(
    postgresql: PostgreSQL, postgresql_template: str
) -> Iterator[str]:
    """Return the URL of a new PostgreSQL database with all tables."""
    name = postgresql.create(template=postgresql_template)
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> str:
    name = postgresql.create()
    migrate(postgresql.url(name))
    return name


def migrate(url: str) -> None:
    # Imported here, so that tests of pure functions do not load SQLAlchemy.
    from data import database

    database.migrate(url)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Return a PostgreSQL server of the tests' own; one per pytest worker."""
    if not postgresql_is_installed():
        pytest.skip("PostgreSQL is not installed: no initdb was found")
    with throwaway_postgresql() as server:
        yield server
