"""Published figures: what the practice article cites, and the whole catalogue."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data.published import Catalogue, load_catalogue
from measures.figures import Citation, PublishedFigure
from views import published_wording as wording
from views.outcome_wording import csv_text


ALL_TIERS = "All tiers"


def published() -> None:
    """Draw the page."""
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
        st.subheader(f"{citation.name}: {citation.verdict}", anchor=False)
        if citation.rates:
            st.markdown(f"**{wording.as_cited_text(citation)}**")
        st.table(
            wording.citation_details(citation, figures),
            border="horizontal",
            alt=f"{citation.name}: as cited, and what was found",
        )
        _link(citation.true_reference)


def _protocol(catalogue: Catalogue) -> None:
    with st.container(border=True):
        st.subheader("The article's protocol", anchor=False)
        st.table(
            {
                "As the article says": catalogue.protocol.claim,
                "What was found": catalogue.protocol.finding,
            },
            border="horizontal",
            alt="The article's protocol, and what was found",
        )


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
            format_func=wording.upper_first,
            default=ALL_TIERS,
            required=True,
            key="published_tier",
        )
    if tier in wording.TIERS:
        st.caption(wording.TIERS[tier])
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
        column_config={"Figure": st.column_config.TextColumn(pinned=True, width=180)},
        alt="Published figures",
    )
    st.caption(
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
        st.markdown(f"*{figure.sentence}*")
        st.table(
            wording.figure_details(figure),
            border="horizontal",
            alt=f"{figure.study.name}: everything that was seen",
        )
        if figure.study.doi:
            st.markdown(wording.doi_link(figure.study.doi))
        elif figure.source_url:
            st.markdown(f"[{figure.source_url}]({figure.source_url})")


def _link(reference: str) -> None:
    doi = wording.doi(reference)
    if doi:
        st.markdown(wording.doi_link(doi))


published()
