"""Outcomes at a glance as charts: a dot for each number, and the rate by quarter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.glance import Glance, Quarter
from analysis.proportions import Proportion
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, SHADE
from views.results.charts.outcomes import n_row
from views.results.wording import glance as wording
from views.results.wording.numbers import percent, percent_range, share_of


Figure = dict[str, Any]

# Everybody first, then the indications, each told apart by its shape.
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
COLOURS = (ACCENT, NEUTRAL, NEUTRAL, NEUTRAL, NEUTRAL)
SIZES = (12, 9, 8, 9, 8)

# Heights in pixels: a dot's line, and between the numbers.
LINE, GAP = 17, 14
ABOVE, BELOW = 40, 44
BESIDE = 152
"""Pixels at the right, for the numbers of everybody."""

QUARTERS_SHOWN = 16


@dataclass(frozen=True)
class Dot:
    """A share on its line, with what it could be had nobody been missing."""

    y: float
    name: str
    group: str
    share: Proportion
    bounds: tuple[float, float] | None = None


def glance(glances: Sequence[Glance]) -> Figure:
    """Return a dot with its interval for each number, one shape for each indication.

    An indication of which nobody was measured is left to the table.
    """
    glances = [item for item in glances if item.measured]
    dots, lines, height = _placed(glances)
    groups = list(dict.fromkeys(dot.group for dot in dots))
    return {
        "data": [
            _bounds_trace([dot for dot in dots if dot.bounds]),
            *(
                _dots_trace(number, group, [dot for dot in dots if dot.group == group])
                for number, group in enumerate(groups)
            ),
        ],
        "layout": {
            "height": height + ABOVE + BELOW,
            "margin": {"l": 124, "r": BESIDE, "t": ABOVE, "b": BELOW},
            "xaxis": {
                "range": [-2, 102],
                "dtick": 20,
                "ticksuffix": " %",
                "showgrid": True,
                "gridcolor": SHADE.format(0.2),
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [height, 0],
                "tickvals": list(lines),
                "ticktext": [wording.CHART_NAMES[name] for name in lines.values()],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": [_beside(dot) for dot in dots if dot.group == groups[0]],
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _placed(glances: Sequence[Glance]) -> tuple[list[Dot], dict[float, str], float]:
    """Return the dots, where each number's name stands, and the height of all."""
    dots: list[Dot] = []
    lines: dict[float, str] = {}
    y = float(GAP)
    for name in wording.CHART_NAMES:
        lines[y + LINE * len(glances) / 2] = name
        for place, item in enumerate(glances):
            dots += _dot(y + LINE * (place + 0.5), name, item)
        y += LINE * len(glances) + GAP
    return dots, lines, y


def _dot(y: float, name: str, glance: Glance) -> Iterator[Dot]:
    group = wording.group_name(glance.indication)
    found = getattr(glance, name)
    if name in wording.RESULTS:
        if found.observed:
            yield Dot(y, name, group, found.observed, found.bounds)
    elif found:
        yield Dot(y, name, group, found)


def _dots_trace(number: int, group: str, dots: Sequence[Dot]) -> Figure:
    colour = COLOURS[number]
    values = [100 * dot.share.estimate for dot in dots]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": group,
        "x": values,
        "y": [dot.y for dot in dots],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                100 * d.share.upper - x for d, x in zip(dots, values, strict=True)
            ],
            "arrayminus": [
                x - 100 * d.share.lower for d, x in zip(dots, values, strict=True)
            ],
            "color": colour,
            "thickness": 2 if number == 0 else 1.5,
            "width": 0,
        },
        "marker": {"symbol": SYMBOLS[number], "color": colour, "size": SIZES[number]},
        "text": [wording.dot_text(dot.name, dot.group, dot.share) for dot in dots],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _bounds_trace(dots: Sequence[Dot]) -> Figure:
    """Return pale bars from one bound to the other, as one broken line."""
    across: list[float | None] = []
    down: list[float | None] = []
    for dot in dots:
        none, all_of_them = dot.bounds
        across += [100 * none, 100 * all_of_them, None]
        down += [dot.y, dot.y, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": wording.BOUNDS_NAME,
        "x": across,
        "y": down,
        "line": {"color": SHADE.format(0.28), "width": 11},
        "hoverinfo": "skip",
    }


def _beside(dot: Dot) -> Figure:
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 12,
        "y": dot.y,
        "yanchor": "middle",
        "showarrow": False,
        "text": share_of(dot.share),
        "font": {"size": 13},
    }


# By quarter.


def trend(quarters: Sequence[Quarter]) -> Figure:
    """Return the rate and the completeness by quarter, with the n under the axis.

    A quarter that is still incomplete has a hollow mark. Only the latest
    `QUARTERS_SHOWN` are drawn.
    """
    drawn = quarters[-QUARTERS_SHOWN:]
    places = range(len(drawn))
    return {
        "data": [
            _quarter_trace(wording.RATE_NAME, drawn, "observed", ACCENT, "circle"),
            _quarter_trace(
                wording.COMPLETENESS_NAME, drawn, "completeness", NEUTRAL, "diamond"
            ),
        ],
        "layout": {
            "height": 400,
            "margin": {"l": 96, "r": 8, "t": 40, "b": 106},
            "xaxis": {
                "tickvals": list(places),
                "ticktext": [wording.quarter_tick(quarter) for quarter in drawn],
                "range": [-0.5, max(len(drawn), 4) - 0.5],
                "title": {"text": "Quarter of infusion 1", "standoff": 50},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [0, 104],
                "ticksuffix": " %",
                "title": {"text": "Share"},
                "gridcolor": SHADE.format(0.2),
                "zeroline": False,
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": [
                *n_row("measured", {k: drawn[k].rate.measured for k in places}, 52),
                *n_row("due", {k: drawn[k].rate.due for k in places}, 70),
            ],
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _quarter_trace(
    name: str, quarters: Sequence[Quarter], share: str, colour: str, symbol: str
) -> Figure:
    is_rate = share == "observed"
    known = [(k, q) for k, q in enumerate(quarters) if getattr(q.rate, share)]
    shares = [getattr(quarter.rate, share) for _, quarter in known]
    values = [100 * found.estimate for found in shares]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [k + (-0.06 if is_rate else 0.06) for k, _ in known],
        "y": values,
        "line": {"color": colour, "width": 1.5, "dash": "solid" if is_rate else "dot"},
        "marker": {
            "symbol": [symbol if q.complete else f"{symbol}-open" for _, q in known],
            "color": colour,
            "size": 10 if is_rate else 8,
            "line": {"color": colour, "width": 2},
        },
        "text": [
            f"{wording.quarter_name(quarter)}, {name.lower()}: "
            f"{percent(found.estimate)} of {found.n} "
            f"({percent_range(found.lower, found.upper)})"
            for (_, quarter), found in zip(known, shares, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    if is_rate:
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [100 * f.upper - y for f, y in zip(shares, values, strict=True)],
            "arrayminus": [
                y - 100 * f.lower for f, y in zip(shares, values, strict=True)
            ],
            "color": colour,
            "thickness": 1.5,
            "width": 4,
        }
    return trace
