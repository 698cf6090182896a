"""Change to charts: a waterfall, baseline against score, and dots with intervals.

Pure functions that return Plotly figures as dicts; text is worded elsewhere.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.change_shape import (
    ChangeRegions,
    DomainChange,
    ItemChange,
    Regions,
    Waterfall,
)
from analysis.outcomes import EVENT, NO_EVENT, OutcomeRate
from analysis.reliable_change import DETERIORATED, IMPROVED, RECOVERED, UNCHANGED
from measures.definition import Measure
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, NOTICE, SHADE
from views.results.charts.dots import Axis, Dot, dots, share_dot
from views.results.wording import change as wording
from views.results.wording.numbers import share_of
from views.wording import LOWER_IS_BETTER


Figure = dict[str, Any]

MOST_BARS = 300
"""More courses than this are drawn as evenly spaced ones among them."""

_BARS = {
    EVENT: ("Criterion met", ACCENT, ""),
    NO_EVENT: ("Not met", NEUTRAL, "/"),
}

_REGIONS = {
    RECOVERED: ("circle", ACCENT),
    IMPROVED: ("diamond-open", ACCENT),
    UNCHANGED: ("square-open", NEUTRAL),
    DETERIORATED: ("triangle-up", NOTICE),
}
_SMALLEST, _LARGEST = 8, 24

_LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}


def waterfall(found: Waterfall, asked_percent: float | None = None) -> Figure:
    """Return a bar for each course, the greatest rise first.

    Parameters
    ----------
    found
        As analysed.
    asked_percent
        The fall that a criterion asks for; a line is drawn there.
    """
    rows = spread_out(found.rows)
    places = np.arange(len(rows))
    return {
        "data": [
            _bars(rows[rows["state"] == state], places[rows["state"] == state], state)
            for state in _BARS
            if (rows["state"] == state).any()
        ],
        "layout": {
            "height": 400,
            "margin": {"l": 72, "r": 8, "t": 40, "b": 44},
            "bargap": 0.15,
            "xaxis": {
                "title": {"text": "Courses, the greatest rise first"},
                "showticklabels": False,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "title": {"text": f"Change from baseline<br>({LOWER_IS_BETTER})"},
                "ticksuffix": " %",
                "gridcolor": SHADE.format(0.2),
                "zerolinecolor": NEUTRAL,
                "fixedrange": True,
            },
            "legend": _LEGEND,
            "shapes": [] if asked_percent is None else [_across(-asked_percent)],
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def spread_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, or `MOST_BARS` of them at even distances where there are more.

    The first and the last are always among them.
    """
    if len(rows) <= MOST_BARS:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, MOST_BARS).round().astype(int)]


def _bars(rows: pd.DataFrame, places: np.ndarray, state: str) -> Figure:
    name, colour, pattern = _BARS[state]
    return {
        "type": "bar",
        "name": name,
        "showlegend": True,
        "x": places.tolist(),
        "y": rows["percent"].tolist(),
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "size": 6, "solidity": 0.4},
        },
        "text": [wording.bar_text(row) for row in rows.itertuples()],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


def _across(percent: float) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": percent,
        "y1": percent,
        "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"},
    }


# Baseline against score.


def baseline_against_score(
    found: ChangeRegions, regions: Regions, measure: Measure
) -> Figure:
    """Return a marker for each pair of totals, as large as there are courses on it.

    Parameters
    ----------
    found
        As analysed; its points are drawn, and its cut-off.
    regions
        The same courses under the one boundary that is drawn.
    measure
        Says how far the axes go.
    """
    top = measure.highest_total
    across = {
        "range": [-1, top + 1],
        "gridcolor": SHADE.format(0.2),
        "zeroline": False,
        "fixedrange": True,
    }
    return {
        "data": [
            *_boundary_lines(found, regions, top),
            *(
                _region(found.points, regions, outcome)
                for outcome in _REGIONS
                if regions.of(outcome).course_ids
            ),
        ],
        "layout": {
            "height": 540,
            "margin": {"l": 72, "r": 8, "t": 72, "b": 52},
            "xaxis": {**across, "title": {"text": f"{measure.name} at baseline"}},
            "yaxis": {
                **across,
                "title": {"text": f"{measure.name} score<br>({LOWER_IS_BETTER})"},
            },
            "legend": _LEGEND,
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _boundary_lines(found: ChangeRegions, regions: Regions, top: int) -> list[Figure]:
    limit, cutoff = regions.boundary.threshold, found.cutoff_total
    reliable = wording.boundary_line(regions.boundary)
    return [
        _line("No change", [0, top], [0, top], "solid"),
        # Both sides in one trace, with a gap between them.
        _line(reliable, [limit, top, None, 0, top - limit], _both(limit, top), "dash"),
        _line(wording.cutoff_line(found), [-1, top + 1], [cutoff, cutoff], "dot"),
    ]


def _both(limit: float, top: int) -> list[float | None]:
    return [0, top - limit, None, limit, top]


def _line(name: str, x: list, y: list, dash: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "showlegend": True,
        "x": x,
        "y": y,
        "line": {"color": NEUTRAL, "width": 1.5, "dash": dash},
        "hoverinfo": "skip",
    }


def _region(points: pd.DataFrame, regions: Regions, outcome: str) -> Figure:
    symbol, colour = _REGIONS[outcome]
    inside = points[points["course_id"].isin(regions.of(outcome).course_ids)]
    pairs = inside.groupby(["baseline", "total"]).size().reset_index(name="courses")
    return {
        "type": "scatter",
        "mode": "markers",
        "name": wording.region_name(outcome),
        "showlegend": True,
        "x": pairs["baseline"].tolist(),
        "y": pairs["total"].tolist(),
        "marker": {
            "symbol": symbol,
            "color": colour,
            "size": _sizes(pairs["courses"]),
            "opacity": 0.85,
            "line": {"color": colour, "width": 2},
        },
        "text": [wording.pair_text(pair, outcome) for pair in pairs.itertuples()],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _sizes(courses: pd.Series) -> list[float]:
    """Return diameters whose areas grow with the courses, as far as they may."""
    return np.minimum(_SMALLEST * np.sqrt(courses), _LARGEST).tolist()


# Parts of the measure, and every criterion.


def domains(changes: Sequence[DomainChange]) -> Figure:
    """Return the mean change of each domain, before the middle half of the courses."""
    rows = [
        _points_dot(wording.domain_name(change), change, quartiles=change.quartiles)
        for change in changes
    ]
    axis = Axis(_POINTS_AXIS, line_at=0, solid="Mean, with its interval")
    return dots(rows, axis)


def items(changes: Sequence[ItemChange]) -> Figure:
    """Return the mean change of each item, in the order given."""
    rows = [_points_dot(wording.item_name(change), change) for change in changes]
    return dots(rows, Axis(_POINTS_AXIS, line_at=0))


def criteria(rates: Sequence[OutcomeRate]) -> Figure:
    """Return the share of the measured under each criterion."""
    rows = [
        share_dot(wording.criterion_name(rate), share_of(rate.observed), rate.observed)
        for rate in rates
    ]
    return dots(rows, Axis("Share of the measured", suffix=" %", range=(-2, 102)))


_POINTS_AXIS = f"Change in points ({LOWER_IS_BETTER})"


def _points_dot(
    name: str,
    change: DomainChange | ItemChange,
    quartiles: tuple[float, float, float] | None = None,
) -> Dot:
    return Dot(
        name,
        wording.points_beside(change),
        change.mean,
        change.lower,
        change.upper,
        quartiles,
    )
