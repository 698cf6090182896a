"""The report of results: what it says, what it must not say, and that it is a file."""

import json
import re
from contextlib import contextmanager
from dataclasses import asdict, replace
from io import BytesIO
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from analysis.comparison import Comparison
from analysis.durability import RISK_DAYS
from data.database import default_url, open_database, reading
from data.moments import now_at_practice
from data.patients import list_patients
from data.published import load_catalogue
from measures.days import day_number
from measures.registry import CRITERIA, TIMEPOINTS
from tests.actors import TESTER
from tests.views.results_pages import EMPTY, EXAMPLE, TINY, opened
from views import state
from views.report_facts import Printed
from views.results.charts import paper
from views.results.charts.outcomes import (
    CONTROL,
    PRACTICE,
    PUBLISHED,
    Entry,
    Mark,
    Section,
)
from views.results.counts.recut import Practice, Selection, figures_beside
from views.results.counts.report import (
    COUNTS,
    fit_to_leave,
    outcome_of,
    periods,
    results,
)
from views.results.report_pdf import results_pdf, results_report
from views.results.wording import report as wording
from views.results.wording.numbers import percent, percent_range


RESPONSE, WEEKS = CRITERIA["phq9_response_50"], "weeks_2_4"
HOSTILE = '#panic("out") *bold* $x$ </svg><script>'


@contextmanager
def asked(**chosen):
    engine = open_database(default_url())
    with reading(engine, TESTER) as connection:
        day = day_number(state.today())
        yield Practice(connection, Selection(as_of_day=day, **chosen))
    engine.dispose()


def printed(practice="Riverside Ketamine"):
    return Printed("Dr Lead", now_at_practice(), practice)


def made(criterion=RESPONSE, timepoint=WEEKS, printed_by=None, **chosen):
    """Return the words of a report, and what they are made of."""
    with asked(**chosen) as practice:
        counted = results(practice, criterion, timepoint)
        by = printed_by or printed()
        return counted, results_report(counted, practice, criterion, by, 5)


def pdf_text(content):
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def cells(report):
    """Return every cell of every table but the names of rows."""
    return [c for t in report.tables for row in t.rows for c in row[1:]]


# The file.


def test_every_practice_gets_a_tagged_file_that_names_nobody(practice):
    if practice == EMPTY:
        assert not [b for b in opened("snapshots.py").get("download_button")]
        return
    with asked() as cut:
        content = results_pdf(cut, RESPONSE, WEEKS, printed(HOSTILE))
        people = list_patients(cut.connection)
    catalogue = PdfReader(BytesIO(content)).trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"]
    text = pdf_text(content)
    assert "Report of results" in text
    assert '#panic("out") *bold* $x$' in text
    for person in people:
        if len(person.record_number) > 1:
            assert person.record_number not in text
        assert not person.name or person.name not in text


def test_the_page_offers_it_with_its_methods(practice):
    if practice == EMPTY:
        return
    app = opened("snapshots.py")
    labels = [button.proto.label for button in app.get("download_button")]
    assert "Report (PDF)" in labels
    _, report = made()
    assert report.methods.text in [code.value for code in app.code]


# What it says.


def test_the_sentence_and_the_table_are_what_was_counted(practice):
    if practice != EXAMPLE:
        return
    counted, report = made()
    rate = counted.rate
    assert f"of the {rate.measured} measured met response" in report.headline
    rows = dict(report.tables[0].rows)
    assert (rows["Started"], rows["Measured"]) == (
        str(rate.started),
        str(rate.measured),
    )
    assert "Indication: any" in dict(report.question.rows)["Courses"]


def test_nobody_is_a_small_number_too(example):
    counted, report = made(timepoint="month_12", clinician="Not one of them")
    assert not counted.rate.started
    assert report.headline == wording.NOBODY_SAID
    said = json.dumps(asdict(report))
    for words in ("had no baseline", "obody in the practice", "No eligible course"):
        assert words not in said
    assert "not shown, as a count is under 5" in said


def test_three_patients_are_too_few_to_say_anything_of(practice):
    if practice != TINY:
        return
    _, report = made()
    assert report.headline == wording.NOBODY_SAID
    assert not [c for c in cells(report) if re.search(r"\d %", c)]
    assert "fewer than 5" in cells(report)


@pytest.mark.parametrize(
    ("criterion", "timepoint"),
    [("phq9_remission_lt5", WEEKS), ("phq9_response_50", "end_of_induction")],
)
def test_no_small_count_is_in_any_table(
    example_practice, monkeypatch, criterion, timepoint
):
    monkeypatch.setenv("DATABASE_URL", example_practice)
    counted, report = made(CRITERIA[criterion], timepoint, clinician=None)
    whole = [int(c) for c in cells(report) if c.isdigit()]
    assert whole
    assert min(whole) >= 5
    assert counted.rate.started in whole


def test_a_table_whose_total_would_give_a_number_away_is_left_out(practice):
    """A count that one table hides is not in the one beside it."""
    if practice != EXAMPLE:
        return
    counted, _ = made()
    # One that did not meet it: hidden in the rate, so in no total either.
    few = replace(counted.rate, events=counted.rate.measured - 1)
    glance = wording.glance_table(replace(counted, rate=few), 5)
    assert (glance.rows, glance.note) == ((), wording.LEFT_OUT)


def test_periods_add_up_to_the_rate(practice):
    if practice == EMPTY:
        return
    counted, _ = made()
    for size in (1, 2, 4):
        found = periods(counted.quarters, size)
        for name in COUNTS:
            total = sum(period.counts[name] for period in found)
            assert total == getattr(counted.rate, name)
        assert {p.first.year for p in found} == {q.year for q in counted.quarters}


def span_words(span):
    if span.estimate is None:
        return f"{percent_range(span.lower, span.upper)} %"
    return f"{percent(span.estimate)} ({percent_range(span.lower, span.upper)})"


def drawn_by_title(counted, fewer_than):
    """Return how many rows of each table are drawn, each as its own words say."""
    found = wording.tables(counted, fewer_than)
    for table in found:
        assert len(table.drawn) == len(table.rows)
        for row, span in zip(table.rows, table.drawn, strict=True):
            assert span is None or span_words(span) in row
    return {t.title: sum(span is not None for span in t.drawn) for t in found}


def test_what_is_drawn_is_what_the_row_says(practice):
    if practice != EXAMPLE:
        return
    counted, _ = made()
    few, many = drawn_by_title(counted, 5), drawn_by_title(counted, 40)
    assert few["The rate"] == 4
    assert many["The rate"] == 1, "of 57 measured, 30 and 27 are both under 40"
    assert few["By infusion"] > many["By infusion"]


def test_where_nothing_is_hidden_every_share_is_drawn(practice, monkeypatch):
    if practice != EXAMPLE:
        return
    counted, _ = made()
    monkeypatch.setattr(
        wording, "suppress", lambda rows, *_: SimpleNamespace(rows=rows)
    )
    drawn = drawn_by_title(counted, 5)
    assert drawn["How long it lasts"] == len(RISK_DAYS) - 1
    now = counted.infusions.now.values()
    assert drawn["By infusion"] == sum(rate.observed is not None for rate in now) > 5


# Beside published figures.


def test_a_comparison_with_a_small_count_is_not_shown(practice):
    if practice != EXAMPLE:
        return
    counted, _ = made()
    left = fit_to_leave(counted, 5)
    assert set(left) == set(counted.compared)
    shown = [r for r in left.values() if isinstance(r, Comparison)]
    assert shown
    for result in shown:
        if result.share:
            assert min(result.share.events, result.share.n - result.share.events) >= 5
    all_small = fit_to_leave(counted, 10_000)
    assert not [r for r in all_small.values() if isinstance(r, Comparison)]


def lines(count):
    return tuple(
        Entry(
            f"Study {n} {HOSTILE}",
            "PHQ-9, day 1",
            (
                Mark(PUBLISHED, f"{n} %, n 40", float(n), n - 0.5, n + 0.5),
                Mark(CONTROL, "no interval", 20.0),
                Mark(PRACTICE, "words alone & more"),
            ),
        )
        for n in range(count)
    )


def test_every_line_of_the_plot_is_drawn_once_and_typed_text_is_text():
    section = Section("Cited", lines(40))
    drawn = paper.pieces([section])
    assert len(drawn) > 1
    assert tuple(e for piece in drawn for e in piece.entries) == section.entries
    text = ""
    for piece in drawn:
        root = ElementTree.fromstring(paper.forest_svg(piece))
        height = float(root.attrib["viewBox"].split()[3])
        assert height < 700
        words = root.iter("{http://www.w3.org/2000/svg}text")
        placed = [(float(w.attrib["y"]), w.text) for w in words]
        assert max(y for y, _ in placed) <= height
        text += " ".join(word for _, word in placed)
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    for n in range(40):
        assert f"{n} %, n 40" in text
    assert text.count("words alone & more") == 40
    assert paper.key([section]).startswith("Circle: published")
    assert "ring" not in paper.key([section])


def test_a_share_lies_where_its_axis_says():
    mark = Mark(PUBLISHED, "n 40", 60.0, 40.0, 80.0)
    svg = paper.forest_svg(Section("x", (Entry("A", "b", (mark,)),)))
    root = ElementTree.fromstring(svg)
    at = {w.text: w.attrib["x"] for w in root.iter() if w.text}
    (circle,) = [e for e in root.iter() if e.tag.endswith("circle")]
    assert circle.attrib["cx"] == at["60 %"]
    (interval,) = [e for e in root.iter() if e.attrib.get("stroke-width") == "1.2"]
    assert (interval.attrib["x1"], interval.attrib["x2"]) == (at["40 %"], at["80 %"])


# Methods.


@pytest.mark.parametrize("timepoint", TIMEPOINTS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_number_in_the_methods_has_its_reference(criterion, timepoint):
    rule, when = CRITERIA[criterion], TIMEPOINTS[timepoint]
    beside = wording_beside(rule)
    found = wording.methods(rule, when, Selection(as_of_day=20_000), beside, 7)
    cited = {int(n) for n in re.findall(r"\[(\d+)\]", found.paragraph)}
    assert cited == set(range(1, max(cited) + 1))
    assert max(cited) <= len(found.references)
    assert len(set(found.references)) == len(found.references)
    for figure in beside.in_view:
        assert any(figure.study.citation in words for words in found.references)
    assert rule.sentence.removesuffix(".") in found.paragraph
    assert "Counts under 7 are not shown." in found.paragraph
    assert ".." not in found.paragraph
    assert "docs/" not in found.text


def wording_beside(criterion):
    return figures_beside(load_catalogue(), criterion.measure, outcome_of(criterion))
