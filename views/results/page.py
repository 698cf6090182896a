"""What every page of results begins with, and the parts they share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from data.actors import Right
from data.database import Connection
from data.patients import has_patients
from views import state
from views.alert_banner import escalated_alerts
from views.components import empty_practice
from views.drawn import Drawn
from views.layout import fit_on_paper, screen_style
from views.results.counts.recut import Practice
from views.results.wording.numbers import unbroken
from views.results.wording.outcomes import nothing_chosen, scope_as_typed
from views.seen import note_list_seen
from views.state import reading
from views.tables import word_table


PAPER_WIDTH = 1210
"""In pixels, margins included: charts of this width are whole on A4."""

CHART = {"displaylogo": False, "displayModeBar": False}


@contextmanager
def results_page(
    title: str, name: str, *, alerts_by_name: bool = False
) -> Iterator[Connection]:
    """Draw a page's heading; yield one connection, so that all is of one moment.

    The page stops where there is no patient yet.

    Parameters
    ----------
    title
        Of the page.
    name
        What the audit says was looked at.
    alerts_by_name
        Whether each patient is named whose item-9 alert is open for too long;
        otherwise a line leads to where they are named.
    """
    st.title(title)
    screen_style()
    st.html(f"<style>.stMainBlockContainer {{ max-width: {PAPER_WIDTH}px }}</style>")
    fit_on_paper()
    engine = state.engine()
    with reading(engine) as connection:
        if not has_patients(connection):
            empty_practice(engine)
        note_list_seen(engine, name)
        escalated_alerts(engine, by_name=alerts_by_name)
        yield connection


def stop_without_courses(practice: Practice, measure: str, timepoint: str) -> None:
    """Say what to record or to choose where there is nothing to count, and stop.

    Parameters
    ----------
    practice
        The chosen courses.
    measure, timepoint
        Codes, of what will be asked in any case; each course counts, scored or not.
    """
    if practice.started(measure, timepoint).empty:
        st.info(
            "No infusion has been recorded up to this day. Record one with its forms; "
            "a rate appears once a course has a baseline and a score."
        )
        if state.actor().may(Right.RECORD):
            st.page_link("record.py", label="Record an infusion")
        st.stop()
    if practice.courses(measure, timepoint).empty:
        st.caption(scope_as_typed(practice.selection))
        st.info(nothing_chosen(practice.selection))
        st.stop()


def text(sentence: str) -> None:
    """Write Markdown in which a number and its percent sign stay on one line."""
    st.markdown(unbroken(sentence))


def chart(figure: dict[str, Any], *, key: str, alt: str) -> None:
    """Draw a figure of Plotly's JSON; ``alt`` says what it shows."""
    st.plotly_chart(Drawn(figure), config=CHART, key=key, alt=alt)


def table(rows: Sequence[Mapping[str, str]], name: str) -> None:
    """Show rows of words as a table; ``name`` says what it holds."""
    cells = [{k: unbroken(cell) for k, cell in row.items()} for row in rows]
    word_table(cells, name)
