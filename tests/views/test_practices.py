"""The example practice and the own records are two databases that never meet."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data import database
from data.database import open_database, reading
from data.patients import list_patients
from tests.actors import TESTER
from tests.views.clinic import visited_by


MAIN = Path(__file__).parents[2] / "views" / "main.py"


@pytest.fixture
def own_url(migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return migrated_sqlite_url


def count_patients(url):
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        count = len(list_patients(connection))
    engine.dispose()
    return count


def shown(at):
    return " ".join(element.value for element in (*at.markdown, *at.warning, *at.info))


def test_the_example_is_made_on_request_and_is_marked(own_url):
    at = visited_by(AppTest.from_file(MAIN, default_timeout=60))
    at.session_state["practice"] = "example"
    at.run()
    assert "Every patient here is invented" in shown(at)
    assert "overdue" in shown(at)
    assert count_patients(database.example_url()) == 120
    assert count_patients(own_url) == 0


def test_the_own_practice_makes_no_example_and_shows_none(own_url):
    at = visited_by(AppTest.from_file(MAIN, default_timeout=60)).run()
    assert "There are no patients here yet." in shown(at)
    assert "invented patients" in shown(at)
    assert "Every patient here is invented" not in shown(at)
    assert not Path(database.data_directory()).exists()
