"""Figures that are sent to the browser just as they are."""

from functools import cache
from typing import Any

import plotly.io
from plotly.basedatatypes import BaseFigure


class Drawn(BaseFigure):
    """A figure whose parts are not looked at again, for ``st.plotly_chart``.

    Given a dictionary, Streamlit builds Plotly's own objects of every line and mark at
    every run, which takes most of a page's time. The tests build them instead.

    Parameters
    ----------
    figure
        ``data`` and ``layout``, as Plotly's JSON has them.
    """

    def __init__(self, figure: dict[str, Any]) -> None:
        self._plain = figure

    def to_dict(self) -> dict[str, Any]:
        """Return the figure, with the colours of Streamlit's theme to be filled in."""
        layout = {"template": _theme(), **self._plain["layout"]}
        return {**self._plain, "layout": layout}


@cache
def _theme() -> dict[str, Any]:
    return plotly.io.templates[plotly.io.templates.default].to_plotly_json()
