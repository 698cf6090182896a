"""Practices for the tests of pages."""

import shutil

import pytest
import streamlit as st

from data.example_practice import make_example
from data.moments import today
from tests.views.results_pages import EMPTY, EXAMPLE, TINY, write_tiny


@pytest.fixture(scope="session")
def example_file(tmp_path_factory):
    """The example practice, made once for all tests of a worker."""
    path = tmp_path_factory.mktemp("example-practice") / "example.sqlite"
    make_example(f"sqlite:///{path}", as_of=today())
    return path


@pytest.fixture
def example_practice(example_file, tmp_path):
    """Return the URL of a copy of the example practice, which a test may change."""
    return f"sqlite:///{shutil.copy(example_file, tmp_path / 'example.sqlite')}"


@pytest.fixture(params=[EMPTY, TINY, EXAMPLE])
def practice(request, monkeypatch):
    """Set ``DATABASE_URL`` to one practice after the other; return which it is."""
    url = request.getfixturevalue(
        "example_practice" if request.param == EXAMPLE else "migrated_sqlite_url"
    )
    if request.param == TINY:
        write_tiny(url)
    monkeypatch.setenv("DATABASE_URL", url)
    yield request.param
    st.cache_resource.clear()


@pytest.fixture
def example(example_practice, monkeypatch):
    """Let pages use the example practice; return its URL."""
    monkeypatch.setenv("DATABASE_URL", example_practice)
    yield example_practice
    st.cache_resource.clear()


@pytest.fixture
def tiny(migrated_sqlite_url, monkeypatch):
    """Let pages use the practice of three patients; return its URL."""
    write_tiny(migrated_sqlite_url)
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield migrated_sqlite_url
    st.cache_resource.clear()
