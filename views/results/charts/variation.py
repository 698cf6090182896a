"""A funnel of units and charts of months, as Plotly figures in plain dicts."""

import html
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from analysis.control_charts import P_CHART, ControlChart, Point
from analysis.funnel import Curve, Funnel, FunnelUnit
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, NOTICE, SHADE
from views.results.wording import variation as wording
from views.results.wording.numbers import as_printed, percent, share_of


Figure = dict[str, Any]
Place = tuple[int, float]

MOST_NAMES = 12
"""With more units only those outside are named in the chart; the table names all."""

MOST_MONTHS_NAMED = 18

# Room for a label, as a part of each axis.
_LABEL_WIDTH, _LABEL_HEIGHT = 0.2, 0.08

_DASHES = ("dash", "solid")
_AXIS = {"fixedrange": True, "zeroline": False}
_LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}


# The funnel.


def funnel(around: Funnel) -> Figure:
    """Return the units by their number of courses, between the limits of chance."""
    most = max(unit.share.n for unit in around.units)
    curves = zip(around.curves, _DASHES, strict=True)
    return {
        "data": [
            *(trace for curve, dash in curves for trace in _limits(curve, dash)),
            _target(around, most),
            *_units(around),
        ],
        "layout": {
            "height": 460,
            "margin": {"l": 62, "r": 12, "t": 44, "b": 52},
            "xaxis": {
                **_AXIS,
                "range": [0, most * 1.12 + 1],
                "showgrid": False,
                "title": {"text": f"Courses {wording.OF_WHOM[around.counted]}"},
            },
            "yaxis": {
                **_AXIS,
                "range": [-3, 103],
                "ticksuffix": " %",
                "gridcolor": SHADE.format(0.2),
                "title": {"text": wording.share_name(around.counted)},
            },
            "legend": _LEGEND,
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _limits(curve: Curve, dash: str) -> list[Figure]:
    name = f"{as_printed(100 * curve.level)} limits"
    line = {"color": NEUTRAL, "width": 1.5, "dash": dash}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "legendgroup": name,
            "showlegend": first,
            "x": list(curve.n),
            "y": [_percent(value) for value in values],
            "line": line,
            "hoverinfo": "skip",
        }
        for first, values in (
            (True, [limits.lower for limits in curve.limits]),
            (False, [limits.upper for limits in curve.limits]),
        )
    ]


def _target(around: Funnel, most: int) -> Figure:
    share = 100 * around.target.estimate
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"All together: {percent(around.target.estimate)}",
        "x": [0, most * 1.12 + 1],
        "y": [share, share],
        "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _units(around: Funnel) -> list[Figure]:
    inside = [unit for unit in around.units if unit.outside is None]
    outside = [unit for unit in around.units if unit.outside is not None]
    named = len(around.units) <= MOST_NAMES
    return [
        _points("Within the limits", inside, around, ("circle", ACCENT), named=named),
        *(
            [_points("Outside", outside, around, ("diamond", NOTICE), named=True)]
            if outside
            else []
        ),
    ]


def _points(
    name: str,
    units: Sequence[FunnelUnit],
    around: Funnel,
    look: tuple[str, str],
    *,
    named: bool,
) -> Figure:
    symbol, colour = look
    whom = wording.OF_WHOM[around.counted]
    return {
        "type": "scatter",
        "mode": "markers+text" if named else "markers",
        "name": name,
        "x": [unit.share.n for unit in units],
        "y": [100 * unit.share.estimate for unit in units],
        "marker": {"symbol": symbol, "color": colour, "size": 11},
        "text": _labels(units),
        "textposition": [_side(unit, around.units) for unit in units],
        "textfont": {"size": 12},
        "cliponaxis": False,
        "customdata": [
            f"{html.escape(unit.unit, quote=False)}: {share_of(unit.share, whom)}, "
            f"{wording.position(unit)}"
            for unit in units
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _labels(units: Sequence[FunnelUnit]) -> list[str]:
    """Return a label for each place where a point lies, with every name there."""
    names: dict[Place, list[str]] = {}
    for unit in units:
        names.setdefault(_place(unit), []).append(html.escape(unit.unit, quote=False))
    return ["<br>".join(names.pop(_place(unit), ())) for unit in units]


def _side(unit: FunnelUnit, units: Sequence[FunnelUnit]) -> str:
    """Return where the label stands: on the left if a point would lie in it."""
    n, share = _place(unit)
    room = max(other.share.n for other in units) * _LABEL_WIDTH
    in_the_way = any(
        0 < other_n - n < room and abs(other_share - share) < _LABEL_HEIGHT
        for other_n, other_share in map(_place, units)
    )
    return "middle left" if in_the_way else "middle right"


def _place(unit: FunnelUnit) -> Place:
    return unit.share.n, unit.share.estimate


# Month by month.


def months(chart: ControlChart, what: str) -> Figure:
    """Return the months with their limits; letters name the rules that fired."""
    labels = [wording.month_text(point.label) for point in chart.points]
    shown = range(0, len(labels), ceil(len(labels) / MOST_MONTHS_NAMED))
    marked = wording.marks(chart)
    return {
        "data": [
            *_month_limits(chart),
            _centre(chart),
            _values(chart, labels, what),
            *([_marked(chart, marked)] if marked else []),
        ],
        "layout": {
            "height": 420,
            "margin": {"l": 84, "r": 12, "t": 44, "b": 104},
            "xaxis": {
                **_AXIS,
                "range": [-0.5, len(labels) - 0.5],
                "tickvals": list(shown),
                "ticktext": [labels[place] for place in shown],
                "tickangle": -45 if len(labels) > _LEVEL_LABELS else 0,
                "showgrid": False,
                "title": {"text": "Month of infusion 1", "standoff": 36},
            },
            "yaxis": {
                **_AXIS,
                "range": [-4, 104],
                "ticksuffix": " %",
                "gridcolor": SHADE.format(0.2),
                "title": {"text": wording.share_name(what)},
            },
            "legend": _LEGEND,
            "annotations": _numbers(chart, shown, what),
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


_LEVEL_LABELS = 8


def _month_limits(chart: ControlChart) -> list[Figure]:
    name = "Limits of chance"
    both = ([p.lower for p in chart.points], [p.upper for p in chart.points])
    drawn = [limits for limits in both if any(value is not None for value in limits)]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "legendgroup": name,
            "showlegend": place == 0,
            "x": list(range(len(limits))),
            "y": [_percent(value) for value in limits],
            "line": {"color": NEUTRAL, "width": 1.5, "dash": "dash", "shape": "hvh"},
            "hoverinfo": "skip",
        }
        for place, limits in enumerate(drawn)
    ]


def _centre(chart: ControlChart) -> Figure:
    of = "All months together" if chart.kind == P_CHART else "Mean of the months"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{of}: {percent(chart.centre)}",
        "x": [-0.5, len(chart.points) - 0.5],
        "y": [100 * chart.centre] * 2,
        "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _values(chart: ControlChart, labels: Sequence[str], what: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": wording.share_name(what),
        "x": list(range(len(labels))),
        "y": [100 * point.value for point in chart.points],
        "line": {"color": ACCENT, "width": 2},
        "marker": {"symbol": "circle", "size": 8, "color": ACCENT},
        "customdata": [
            f"{label}: {_of(point, what)}"
            for label, point in zip(labels, chart.points, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _of(point: Point, what: str) -> str:
    month = point.month
    return (
        f"{month.events} of {month.n} {wording.OF_WHOM[what]}, {percent(point.value)}; "
        f"limits {wording.limits_text(point)}"
    )


def _marked(chart: ControlChart, marked: Mapping[int, str]) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "A rule fired (letter below)",
        "x": list(marked),
        "y": [100 * chart.points[place].value for place in marked],
        "marker": {
            "symbol": "diamond-open",
            "size": 16,
            "color": NOTICE,
            "line": {"width": 2, "color": NOTICE},
        },
        "text": [f"<b>{names}</b>" for names in marked.values()],
        "textposition": "top center",
        "textfont": {"size": 13},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _numbers(chart: ControlChart, shown: Iterable[int], what: str) -> list[Figure]:
    place = {
        "y": 0,
        "yref": "paper",
        "yanchor": "middle",
        "yshift": -70,
        "showarrow": False,
        "font": {"size": 12},
    }
    whom = f"n {wording.OF_WHOM[what]}"
    return [
        {**place, "x": 0, "xref": "paper", "xanchor": "right", "text": whom},
        *(
            {**place, "x": at, "xref": "x", "text": str(chart.points[at].month.n)}
            for at in shown
        ),
    ]


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value
