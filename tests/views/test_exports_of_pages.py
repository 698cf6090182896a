"""Every table that a page of results offers: it can be made, and hides what is few."""

import csv
import re
from unittest.mock import patch

import pytest
import streamlit as st

from tests.views.offered_files import offered_files
from tests.views.results_pages import opened
from views.navigation import MENU
from views.results import exports


PAGES = sorted(
    place.file.removeprefix("results/")
    for places in MENU.values()
    for place in places
    if place.file.startswith("results/") and place.file != "results/published.py"
)
# Without a snapshot there is nothing to take out.
WITHOUT_A_TABLE = {"snapshots.py"}


@pytest.fixture
def tables(example_practice, monkeypatch):
    """Return a function that opens a page and returns the tables it offers."""
    monkeypatch.setenv("DATABASE_URL", example_practice)

    def of_page(page):
        made = {}
        whole = exports.Export.__post_init__

        def note(export):
            whole(export)
            made[f"{export.name}.csv"] = export

        with (
            offered_files() as files,
            patch.object(exports.Export, "__post_init__", note),
        ):
            opened(page)
        return [(made[name], make) for name, make in files.items() if name in made]

    yield of_page
    st.cache_resource.clear()


@pytest.mark.parametrize("page", PAGES)
def test_no_small_count_of_a_page_leaves_the_practice(tables, page):
    offered = tables(page)
    assert offered or page in WITHOUT_A_TABLE
    for export, make in offered:
        rows = list(csv.DictReader(make().decode("utf-8-sig").splitlines()))
        assert [row[export.first] for row in rows] == [
            re.sub(r"^([=@+-])", r"'\1", name) for name in export.rows
        ]
        assert export.layout is not None
        for row in rows:
            for name in export.layout.counts:
                assert row[name] in NOT_A_NUMBER or int(row[name]) >= 5
        assert all(row["As of"] for row in rows)


NOT_A_NUMBER = {"fewer than 5", "not shown", "no data"}
