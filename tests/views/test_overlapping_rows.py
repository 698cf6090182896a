"""Files of figures beside published ones: rows of nearly the same courses."""

import csv
import io
import re
from dataclasses import replace

import pytest

from analysis.comparison import CHANGE
from analysis.proportions import wilson_proportion
from data.published import load_catalogue
from tests.views.test_report_gives_nothing_away import cut, half_respond, patient, write
from views.results.counts import recut
from views.results.exports import Export, export_csv
from views.results.wording import beside as wording


def compared(url, patients):
    write(url, patients)
    with cut(url) as chosen:
        beside = recut.figures_beside(load_catalogue(), "phq9", "response")
        return recut.compare_figures(chosen, beside.all, "response")


def beside_rows(found):
    return wording.export_rows(found.values(), alike={}, verdicts={})


def figures(url, patients):
    """Return the rows of the file that have a practice number, by the study's name."""
    return read(beside_rows(compared(url, patients)), wording.BESIDE_LAYOUT)


def read(rows, layout):
    text = export_csv(Export("x", rows, layout, {}, "Figure"), 5).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not any("asked" in line for line in lines)
    return {re.split("[,:]", r["Figure"])[0]: r for r in lines if r["n"] != "no data"}


def test_of_all_due_does_not_tell_how_many_of_the_measured(migrated_sqlite_url):
    """17 of the 25 due is 17 of the 20 measured, in another row of the same file."""
    stopped = [patient(None, infusions=(0,))] * 5
    rows = figures(
        migrated_sqlite_url, [*[patient(8)] * 17, *[patient(15)] * 3, *stopped]
    )
    of_measured, of_due = rows["ELEKT-D 2023"], rows["Massachusetts General 2020"]
    assert (of_measured["n"], of_due["n"]) == ("20", "25")
    for row in (of_measured, of_due):
        assert row["events"] == row["Practice"] == "not shown"
        assert row["Practice minus published, points"] == "not shown"


def test_where_nobody_is_few_every_row_is_shown(migrated_sqlite_url):
    rows = figures(migrated_sqlite_url, half_respond(24))
    assert {rows[name]["events"] for name in rows} == {"12"}


@pytest.mark.parametrize(("more", "is_shown"), [(3, False), (10, True)])
def test_rows_that_few_courses_tell_apart_are_not_both_shown(
    migrated_sqlite_url, more, is_shown
):
    found = compared(migrated_sqlite_url, half_respond(24))
    nearly = {
        code: with_more(result, more) if code == SAKURAI else result
        for code, result in found.items()
    }
    rows = read(beside_rows(nearly), wording.BESIDE_LAYOUT)
    assert rows["ELEKT-D 2023"]["events"] == "12"
    row = rows["Massachusetts General 2020"]
    assert [row[c] != "not shown" for c in ("n", "events", "Practice")] == [
        is_shown
    ] * 3


SAKURAI = "sakurai_2020_qids"


def with_more(result, more):
    rate = result.practice
    rate = replace(
        rate,
        due=rate.due + 2 * more,
        measured=rate.measured + 2 * more,
        events=rate.events + more,
    )
    share = wilson_proportion(rate.events, rate.due)
    return replace(result, practice=rate, share=share)


def test_means_of_nearly_the_same_courses_are_not_both_shown(migrated_sqlite_url):
    write(migrated_sqlite_url, half_respond(24, "both"))
    with cut(migrated_sqlite_url) as chosen:
        listed = recut.changes_beside(load_catalogue(), "phq9")
        (one, *_) = recut.compare_figures(chosen, listed, CHANGE).values()
    near = replace(
        one,
        practice=replace(one.practice, n=one.practice.n + 3),
        figure=replace(one.figure, study=replace(one.figure.study, name="Nearly")),
    )
    rows = read(wording.change_export([one, near]), wording.CHANGE_LAYOUT)
    assert [(row["n"], row["Practice"] != "not shown") for row in rows.values()] == [
        ("24", True),
        ("not shown", False),
    ]
