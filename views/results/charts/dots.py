"""Numbers with their intervals below each other: a name, a dot, and the same in words.

A pure function that returns a Plotly figure as a dict; text is worded elsewhere.
"""

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, SHADE, TINT


Figure = dict[str, Any]

# Heights in pixels; the plot is as tall as what it lists.
LINE = 18
AROUND = 14
BELOW = 58
LEGEND = 34

NAME_CHARACTERS = 25
NAMES_SHARE, PLOT_SHARE = 0.33, 0.68
"""Of the width, for a tablet: the names end, the plot ends, the words follow."""
BETWEEN = 0.02

HALF = "Middle half of the courses, line at the median"


@dataclass(frozen=True)
class Dot:
    """One line: a number with its interval, or only words."""

    name: str
    words: str
    estimate: float | None = None
    """None: nothing is drawn, the words stand alone."""
    lower: float | None = None
    upper: float | None = None
    quartiles: tuple[float, float, float] | None = None
    """Drawn behind the dot, where the values themselves have a spread to show."""
    hollow: bool = False
    """For a number that is not like the others."""


@dataclass(frozen=True)
class Axis:
    """What the numbers are, and how the axis is drawn."""

    title: str
    suffix: str = ""
    range: tuple[float, float] | None = None
    line_at: float | None = None
    """Where nothing differs, or nothing changed."""
    solid: str = ""
    """What a filled dot is, for the legend; as ``hollow`` of a hollow one."""
    hollow: str = ""


class Share(Protocol):
    """A share of 1 with its interval, counted or pooled."""

    estimate: float
    lower: float
    upper: float


def share_dot(name: str, words: str, share: Share | None, **look: bool) -> Dot:
    """Return a line for a share of 1, drawn in percent."""
    if share is None:
        return Dot(name, words)
    drawn = (100 * value for value in (share.estimate, share.lower, share.upper))
    return Dot(name, words, *drawn, **look)


def dots(rows: Sequence[Dot], axis: Axis) -> Figure:
    """Return one line per row, from top to bottom.

    Parameters
    ----------
    rows
        At least one.
    axis
        Shared by all of them.
    """
    names = [textwrap.wrap(row.name, NAME_CHARACTERS) for row in rows]
    heights = [LINE * len(lines) + AROUND for lines in names]
    middles = [sum(heights[:k]) + height // 2 for k, height in enumerate(heights)]
    placed = list(zip(middles, rows, strict=True))
    data = [*_quartile_traces(placed), *_dot_traces(placed, axis)]
    above = LEGEND if any(trace.get("showlegend") for trace in data) else 8
    return {
        "data": data,
        "layout": {
            "height": sum(heights) + above + BELOW,
            "margin": {"l": 4, "r": 4, "t": above, "b": BELOW},
            "xaxis": _across(axis),
            "yaxis": {
                "range": [sum(heights), 0],
                "visible": False,
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": [
                *(
                    _name(y, "<br>".join(map(_escaped, lines)))
                    for y, lines in zip(middles, names, strict=True)
                ),
                *(_words(y, row.words) for y, row in placed),
            ],
            "shapes": _line_at(axis.line_at),
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


Placed = Sequence[tuple[int, Dot]]


def _across(axis: Axis) -> Figure:
    return {
        "domain": [NAMES_SHARE, PLOT_SHARE],
        "range": list(axis.range) if axis.range else None,
        "ticksuffix": axis.suffix,
        "showgrid": True,
        "gridcolor": SHADE.format(0.2),
        "title": {"text": axis.title},
        "nticks": 6,
        "zeroline": False,
        "fixedrange": True,
    }


def _line_at(value: float | None) -> list[Figure]:
    if value is None:
        return []
    return [
        {
            "type": "line",
            "x0": value,
            "x1": value,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": NEUTRAL, "width": 1, "dash": "dot"},
            "layer": "below",
        }
    ]


def _dot_traces(placed: Placed, axis: Axis) -> list[Figure]:
    kinds = ((axis.solid, False), (axis.hollow, True))
    drawn = [(y, row) for y, row in placed if row.estimate is not None]
    return [
        _dot_trace(rows, name, hollow=hollow)
        for name, hollow in kinds
        if (rows := [(y, row) for y, row in drawn if row.hollow == hollow])
    ]


def _dot_trace(placed: Placed, name: str, *, hollow: bool) -> Figure:
    rows = [row for _, row in placed]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "showlegend": bool(name),
        "x": [row.estimate for row in rows],
        "y": [y for y, _ in placed],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_length(row.estimate, row.upper) for row in rows],
            "arrayminus": [_length(row.lower, row.estimate) for row in rows],
            "color": ACCENT,
            "thickness": 2,
            "width": 0,
        },
        "marker": {
            "symbol": "diamond-open" if hollow else "circle",
            "size": 10,
            "color": ACCENT,
            "line": {"color": ACCENT, "width": 2},
        },
        "text": [f"{_escaped(row.name)}: {row.words}" for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _quartile_traces(placed: Placed) -> list[Figure]:
    """Return the bars of the middle half, each with a line across at the median."""
    drawn = [(y, row.quartiles) for y, row in placed if row.quartiles]
    if not drawn:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": HALF,
            "showlegend": True,
            "x": [x for _, (q1, _, q3) in drawn for x in (q1, q3, None)],
            "y": [at for y, _ in drawn for at in (y, y, None)],
            "line": {"color": TINT.format(0.35), "width": 14},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "showlegend": False,
            "x": [median for _, (_, median, _) in drawn],
            "y": [y for y, _ in drawn],
            "marker": {
                "symbol": "line-ns",
                "size": 16,
                "line": {"color": NEUTRAL, "width": 2},
            },
            "hoverinfo": "skip",
        },
    ]


def _length(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else end - start


def _name(y: float, text: str) -> Figure:
    beside = {"x": NAMES_SHARE - BETWEEN, "xanchor": "right", "align": "right"}
    return {**_text_at(y, text), **beside}


def _words(y: float, text: str) -> Figure:
    return {**_text_at(y, text), "x": PLOT_SHARE + BETWEEN, "xanchor": "left"}


def _text_at(y: float, text: str) -> Figure:
    return {
        "xref": "paper",
        "y": y,
        "yref": "y",
        "yanchor": "middle",
        "showarrow": False,
        "text": text,
        "font": {"size": 13},
    }


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
