"""How the clinician's pages use the screen and the paper."""

import streamlit as st


SIDE_BY_SIDE = "side_by_side"
"""Key of the container whose columns go below each other on a narrow screen."""

NOT_ON_PAPER = "not_on_paper"
"""How the keys of containers begin whose contents are only for the screen."""


def screen_style() -> None:
    """Take narrower margins, for tables and charts over time."""
    st.html(
        "<style>"
        "@media screen {"
        ".stMainBlockContainer { padding-left: 2rem; padding-right: 2rem }"
        "}"
        "@media screen and (max-width: 1000px) {"
        f".st-key-{SIDE_BY_SIDE} .stColumn {{ min-width: 100% }}"
        "}"
        "</style>"
    )


def fit_on_paper() -> None:
    """Leave out what is for the screen, and scale what is left to one page."""
    st.html(
        "<style>@media print {"
        "@page { size: A4; margin: 10mm }"
        f"[class*=st-key-{NOT_ON_PAPER}] {{ display: none !important }}"
        ".stMainBlockContainer { padding: 0 !important; zoom: 0.62 }"
        # Streamlit puts columns below each other on paper.
        f".st-key-{SIDE_BY_SIDE} .stHorizontalBlock"
        " { display: flex !important; flex-wrap: nowrap !important }"
        f".st-key-{SIDE_BY_SIDE} .stColumn"
        " { min-width: 0 !important; flex: 1 1 0 !important }"
        # Black on white, whatever the screen's theme is: dark paper takes much ink.
        "html, body, #root, .stApp, .stAppViewContainer, .stMain"
        " { background: #fff !important }"
        ".stApp, .stApp *:not(svg *) { color: #000 !important }"
        ".stPlotlyChart .main-svg { background: none !important }"
        ".stPlotlyChart .legend .bg { fill: none !important }"
        "[data-testid=stAlertContainer]"
        " { background: none !important; border: 1px solid #000 }"
        ".stTable :is(td, th) { border-color: #999 !important }"
        "[data-testid=stTooltipIcon] { display: none !important }"
        # Or a chart is cut in two, and a heading parted from what it is about.
        ".stPlotlyChart, .stTable { break-inside: avoid }"
        "h1, h2, h3, h4 { break-after: avoid }"
        "}</style>"
    )
