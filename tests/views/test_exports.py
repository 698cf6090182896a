"""A table that leaves the practice: what it may hold, what it hides, what it says."""

import csv
import io
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from unittest.mock import patch

import pytest
import streamlit as st

from analysis.proportions import wilson_proportion
from analysis.suppression import (
    OUTCOME_LAYOUT,
    PROTECTED_REST,
    Hidden,
    Layout,
    Sum,
)
from data.audit import EXPORT
from data.audit_search import search_audit
from data.database import open_database, reading, writing
from data.errors import NotAllowed
from data.settings import change_settings
from tests.actors import TESTER
from tests.views.offered_files import offered_files
from tests.views.results_pages import opened
from views.results.exports import Export, export_csv
from views.results.wording.exports import cell, csv_text, told_apart


SHARES = Layout(
    counts=("events", "n"),
    sums=(Sum("n", ("events",), PROTECTED_REST),),
    derived={"share": ("events", "n")},
    total_row="all",
)
LAYOUT_WITHOUT_TOTAL = replace(SHARES, total_row=None)


def exported(export, fewer_than=5):
    """Return the rows of the file, and the file."""
    made = export_csv(export, fewer_than)
    text = made.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text))), text


def row(events, n):
    return {"events": events, "n": n, "share": wilson_proportion(events, n)}


def units():
    rows = {"Adams": row(3, 20), "Baker": row(11, 24), "Clark": row(12, 30)}
    return {**rows, "all": row(26, 74)}


def export(rows=None, layout=SHARES, **stamp):
    return Export("units", rows or units(), layout, stamp, first="Clinician")


# What is hidden.


def test_a_small_count_its_share_and_what_gives_it_away_are_not_in_the_file():
    rows, _ = exported(export())
    assert {r["Clinician"]: (r["events"], r["n"], r["share"]) for r in rows} == {
        "Adams": ("fewer than 5", "20", "not shown"),
        "Baker": ("not shown", "24", "not shown"),
        "Clark": ("12", "30", "40 % (25–58)"),
        "all": ("26", "74", "35 % (25–46)"),
    }


def test_the_limit_is_the_practices():
    rows, text = exported(export(), fewer_than=13)
    assert [r["events"] for r in rows[:3]] == ["fewer than 13"] * 3
    assert "A count under 13, 0 too, is printed as fewer than 13." in text


def test_that_numbers_were_hidden_is_said_beside_every_row():
    rows, _ = exported(export())
    assert {r["Small numbers"] for r in rows} == {
        "A count under 5, 0 too, is printed as fewer than 5. Not shown: a count from "
        "which a small one could be worked out, and a share of which a count is hidden."
    }


def test_a_table_that_counts_nobody_is_as_it_is_and_speaks_of_no_small_numbers():
    rows, _ = exported(export({"McInnes 2022": {"n": 2, "seen": "yes"}}, None))
    assert rows == [{"Clinician": "McInnes 2022", "n": "2", "seen": "yes"}]


def test_the_screen_keeps_what_the_file_hides():
    rows = units()
    exported(export(rows))
    assert rows == units()


# What would leave unseen.


@pytest.mark.parametrize(
    "value", [3, wilson_proportion(1, 30), (0.1, 0.2)], ids=["n", "share", "bounds"]
)
def test_a_number_that_the_layout_does_not_name_is_refused(value):
    rows = {"Adams": {**row(8, 20), "missing": value}}
    with pytest.raises(ValueError, match="units: the layout does not say what 'missi"):
        export(rows)


def test_words_and_what_is_no_count_need_no_name():
    more = {"median": 2.5, "from": date(2026, 3, 1), "new": True, "due": None}
    rows, _ = exported(export({"Adams": {**row(8, 20), **more}, "all": row(8, 20)}))
    assert {k: rows[0][k] for k in more} == {
        "median": "2.5",
        "from": "2026-03-01",
        "new": "yes",
        "due": "no data",
    }


def test_a_share_is_of_patients_in_any_case():
    with pytest.raises(ValueError, match="'share'"):
        export({"all": {"share": wilson_proportion(1, 30)}}, None)


def test_a_count_that_the_layout_names_has_to_be_there():
    with pytest.raises(ValueError, match="whole number"):
        exported(export({"Adams": {"due": 9}}, OUTCOME_LAYOUT))


def test_a_row_of_which_nothing_was_counted_says_so_in_its_place():
    nothing = {"events": None, "n": None, "share": None, "why": "No such form here"}
    rows, _ = exported(export({"Refused": nothing, **units()}))
    assert [r["Clinician"] for r in rows] == ["Refused", *units()]
    assert {k: rows[0][k] for k in nothing} == {
        "events": "no data",
        "n": "no data",
        "share": "no data",
        "why": "No such form here",
    }
    assert rows[1]["events"] == "fewer than 5"


@pytest.mark.parametrize(
    "more", [{"n": 30}, {"share": wilson_proportion(1, 30)}], ids=["count", "share"]
)
def test_a_row_that_counts_some_of_it_has_to_count_all(more):
    half = {"events": None, "n": None, "share": None, **more}
    with pytest.raises(ValueError, match="whole number"):
        exported(export({"Half": half, "Adams": row(8, 20)}, LAYOUT_WITHOUT_TOTAL))


@pytest.mark.parametrize("name", ["Clinician", "n"])
def test_a_stamp_never_stands_in_the_place_of_a_column(name):
    with pytest.raises(ValueError, match=f"'{name}' is a column and in the stamp"):
        export(**{name: "all"})


# What a cell says.


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (12, "12"),
        (2.0, "2.0"),
        (-2.04, "−2.0"),
        (float("nan"), "no data"),
        (None, "no data"),
        (True, "yes"),
        (False, "no"),
        ((0.1, 0.5), "10–50 %"),
        ((None, None), "no data"),
        (wilson_proportion(6, 10), "60 % (31–83)"),
        (Hidden(5), "fewer than 5"),
        (Hidden(None), "not shown"),
        (date(2026, 11, 1), "2026-11-01"),
        ("Dr Lee", "Dr Lee"),
    ],
)
def test_a_cell_in_words(value, words):
    assert cell(value) == words


@pytest.mark.parametrize("value", [[1], {"n": 1}, object()])
def test_what_has_no_words_is_no_cell(value):
    with pytest.raises(TypeError, match="a cell cannot hold"):
        cell(value)


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "@a",
        "-1",
        "+cmd",
        "\t=1",
        "\r=1",
        "\n=1",
        "+1+1",
        "+1+cmd|'/C calc'!A0",
        "+1 (2)+cmd",
        "+10 (−3 to +22)+1",
    ],
)
def test_a_name_is_never_run_by_a_spreadsheet(name):
    assert written(name) == f"'{name}"


@pytest.mark.parametrize(
    "words",
    [
        "+10",
        "+10 (−3 to +22)",
        "+1.4 (no interval)",
        "+1.4 (+0.2 to +2.6)",
        "−5",
        "Lee",
    ],
)
def test_our_own_differences_are_written_as_they_are(words):
    assert written(words) == words


def written(words):
    (row,) = csv.DictReader(
        io.StringIO(csv_text([{"Clinician": words}], {}), newline="")
    )
    return row["Clinician"]


def test_a_name_like_a_label_is_told_apart_from_it_and_from_other_such_names():
    names = ["All together", "“All together”", "all together ", "All", ""]
    apart = [told_apart(name, "All together", "Not recorded") for name in names]
    assert apart == [
        "“All together”",
        "““All together””",
        "“all together ”",
        "All",
        "",
    ]


def test_the_stamp_is_beside_every_row_and_a_spreadsheet_reads_the_letters():
    made = export_csv(export(**{"As of": "1 Nov 2026"}), 5)
    assert made.startswith(b"\xef\xbb\xbf")
    rows, _ = exported(export(**{"As of": "1 Nov 2026"}))
    assert [r["As of"] for r in rows] == ["1 Nov 2026"] * 4


# The button.


@pytest.fixture
def file(example_practice, monkeypatch):
    """Return what makes the file of the page Variation, on the example practice."""
    monkeypatch.setenv("DATABASE_URL", example_practice)
    with offered_files() as files:
        opened("variation.py")
    yield files["variation-by-clinician.csv"]
    st.cache_resource.clear()


@contextmanager
def kept(url, writes=False):
    engine = open_database(url)
    with (writing if writes else reading)(engine, TESTER) as connection:
        yield connection
    engine.dispose()


def noted(url):
    """Return who took out what."""
    with kept(url) as connection:
        found = search_audit(connection, limit=9, actions=[EXPORT])
    return [(entry.who, entry.subject) for entry in found]


def test_a_file_is_noted_under_the_visitors_name_when_it_is_made_and_not_before(
    file, example_practice
):
    assert noted(example_practice) == []
    file()
    entry = ("test-clinician-", "results variation-by-clinician")
    assert noted(example_practice) == [entry]
    file()
    assert noted(example_practice) == [entry] * 2


def test_the_limit_that_holds_when_the_file_is_asked_for_is_used(
    file, example_practice
):
    assert b"under 5, 0 too" in file()
    with kept(example_practice, writes=True) as connection:
        change_settings(connection, small_number=11)
    assert b"under 11, 0 too" in file()


def test_what_cannot_be_noted_is_not_handed_out(file):
    with (
        patch("views.seen.note", side_effect=NotAllowed("no")),
        pytest.raises(NotAllowed),
    ):
        file()
