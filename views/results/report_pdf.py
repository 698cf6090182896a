"""A report of results as a PDF: tagged, small numbers hidden, nobody named."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typst

from data.settings import read_settings
from measures.criteria import Criterion
from measures.registry import MEASURES, TIMEPOINTS
from views.report_facts import EXAMPLE, Printed
from views.report_pdf import SQUARE, SQUARE_MEANS, printable
from views.results.charts import paper
from views.results.charts.outcomes import Section, in_view
from views.results.counts.recut import Practice
from views.results.counts.report import Results, fit_to_leave, results
from views.results.wording import beside as beside_wording
from views.results.wording import report as wording
from views.results.wording.numbers import day_text
from views.results.wording.outcomes import NOT_A_DRUG_EFFECT
from views.results.wording.report import Methods, Table
from views.wording import moment_words


PAGE = Path(__file__).with_name("report_page.typ").read_bytes()


@dataclass(frozen=True)
class Plot:
    """A drawing with the words for who cannot see it."""

    heading: str
    svg: str
    words: str


@dataclass(frozen=True)
class ResultsReport:
    """The words of a report, in the order of its pages."""

    practice: str
    printed: str
    title: str
    headline: str
    caution: str
    question: Table
    tables: tuple[Table, ...]
    plots_title: str
    plots_note: str
    plots: tuple[Plot, ...]
    methods: Methods
    notes: list[str]


def results_pdf(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    printed: Printed,
    *,
    recall_window: str | None = None,
) -> bytes:
    """Return the report of a question as PDF/UA-1.

    Parameters
    ----------
    practice
        The chosen courses, in a transaction of their own.
    criterion, timepoint, recall_window
        The question.
    printed
        Who makes it, where and when.
    """
    counted = results(practice, criterion, timepoint, recall_window=recall_window)
    fewer_than = read_settings(practice.connection).small_number
    report = results_report(counted, practice, criterion, printed, fewer_than)
    words = printable(asdict(report))
    if SQUARE in json.dumps(words, ensure_ascii=False):
        words["notes"].append(SQUARE_MEANS)
    return typst.compile(
        PAGE,
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(words)},
        pdf_standards=["ua-1"],
        timestamp=printed.at.astimezone(),
    )


def results_report(
    counted: Results,
    practice: Practice,
    criterion: Criterion,
    printed: Printed,
    fewer_than: int,
) -> ResultsReport:
    """Return what the report of a question says.

    Parameters
    ----------
    counted
        The answers.
    practice, criterion
        What was asked, and of whom.
    printed
        Who makes it, where and when.
    fewer_than
        The lowest count that is shown.
    """
    rate, outcome = counted.rate, counted.beside.outcome
    timepoint = TIMEPOINTS[rate.timepoint]
    compared = fit_to_leave(counted, fewer_than)
    sections = paper.pieces(in_view(counted.beside, compared))
    return ResultsReport(
        practice=printed.practice,
        printed=_printed(printed),
        title=(
            f"{MEASURES[rate.measure].name}: {criterion.name}, "
            f"{timepoint.name[0].lower()}{timepoint.name[1:]}, "
            f"as of {day_text(rate.as_of_day)}"
        ),
        headline=wording.headline(rate, fewer_than),
        caution=NOT_A_DRUG_EFFECT,
        question=wording.question_rows(criterion, timepoint, practice.selection),
        tables=wording.tables(counted, fewer_than),
        plots_title=f"Beside published figures: {outcome}",
        plots_note=f"{paper.key(sections)} {beside_wording.HOW_RECUT}",
        plots=_plots(sections, outcome),
        methods=wording.methods(
            criterion, timepoint, practice.selection, counted.beside, fewer_than
        ),
        notes=[wording.hidden_note(fewer_than)],
    )


def _plots(sections: Sequence[Section], outcome: str) -> tuple[Plot, ...]:
    return tuple(
        Plot(
            heading=section.heading,
            svg=paper.forest_svg(section),
            words=_plot_words(section, outcome),
        )
        for section in sections
    )


def _plot_words(section: Section, outcome: str) -> str:
    """Return every line of a drawing: there is no table of them beside it."""
    lines = (
        f"{entry.name}: {'; '.join(mark.text for mark in entry.marks)}"
        for entry in section.entries
    )
    return f"Share with {outcome}. {'. '.join(lines)}."


def _printed(printed: Printed) -> str:
    made = f"Made {moment_words(printed.at)} by {printed.by}. No patient is named."
    return f"{EXAMPLE}. {made}" if printed.is_example else made
