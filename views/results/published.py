"""Published figures: what the practice article cites, and the whole catalogue."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from data.published import Catalogue, load_catalogue
from measures.figures import Citation, PublishedFigure
from views.layout import screen_style
from views.results.wording import published as wording
from views.results.wording.exports import csv_text
from views.results.wording.numbers import unbroken
from views.wording import upper_first


ALL_TIERS = "All tiers"


def published() -> None:
    """Draw the page."""
    screen_style()
    st.title("Published figures")
    catalogue = load_catalogue()
    _audit(catalogue)
    _protocol(catalogue)
    figures = _catalogue(catalogue)
    if figures:
        _one_figure(figures)


def _audit(catalogue: Catalogue) -> None:
    st.header("What the practice article cites", anchor=False)
    st.markdown(wording.verdicts(catalogue.citations))
    for citation in catalogue.citations:
        _citation(citation, catalogue)


def _citation(citation: Citation, catalogue: Catalogue) -> None:
    figures = [catalogue.figure(code) for code in citation.figures]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(citation.name, anchor=False, width="content")
            st.badge(citation.verdict, color="gray")
        if citation.rates:
            st.markdown(unbroken(f"**{wording.as_cited_text(citation)}**"))
        st.markdown(unbroken(wording.citation_text(citation, figures)))
        for doi in wording.dois(citation.true_reference):
            st.markdown(wording.doi_link(doi))


def _protocol(catalogue: Catalogue) -> None:
    with st.container(border=True):
        st.subheader("The article's protocol", anchor=False)
        st.markdown(wording.protocol_text(catalogue.protocol))


def _catalogue(catalogue: Catalogue) -> Sequence[PublishedFigure]:
    st.header("Catalogue", anchor=False)
    st.markdown(wording.catalogue_sentence(catalogue.figures))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="published_search",
            placeholder="Study, scale, drug, population …",
            type="search",
            width=320,
        )
        tier = st.segmented_control(
            "Tier",
            [ALL_TIERS, *wording.TIERS],
            format_func=upper_first,
            default=ALL_TIERS,
            required=True,
            key="published_tier",
        )
    if tier in wording.TIERS:
        st.markdown(wording.TIERS[tier])
    found = [
        figure
        for figure in catalogue.figures
        if tier in (ALL_TIERS, figure.tier) and wording.matches(figure, text or "")
    ]
    if not found:
        st.info("No figure matches. Clear the search or choose all tiers.")
        return found
    rows = wording.catalogue_rows(found)
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content" if len(rows) <= 12 else 460,
        column_config=_columns(),
        alt="Published figures",
    )
    st.markdown(
        "Click on a column to sort. Percentages are as printed; lower is better."
    )
    st.download_button(
        "Download this table (CSV)",
        csv_text(rows, {}).encode("utf-8-sig"),
        file_name="published-figures.csv",
        mime="text/csv",
        key="published_csv",
        on_click="ignore",
    )
    return found


def _columns() -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "Figure": text(pinned=True, width=190),
        "Tier": text(width=95),
        "Scale": text(width=95),
        "When": text(width=190),
        "Response": text(width=190),
        "Remission": text(width=190),
    }


def _one_figure(figures: Sequence[PublishedFigure]) -> None:
    known = {figure.code: figure for figure in figures}
    code = st.selectbox(
        "One figure in full",
        list(known),
        format_func=lambda code: wording.title(known[code]),
        key="published_figure",
    )
    figure = known[code]
    with st.container(border=True):
        st.subheader(figure.study.name, anchor=False)
        st.markdown(unbroken(f"*{figure.sentence}*"))
        st.table(
            wording.figure_details(figure),
            border="horizontal",
            alt=f"{figure.study.name}: everything that was seen",
        )
        if figure.study.doi:
            st.markdown(wording.doi_link(figure.study.doi))


published()
