"""Infusion by infusion as charts: who went on, and how long it took."""

from collections.abc import Sequence
from typing import Any

from analysis.by_infusion import (
    GIVEN_MEASURED,
    GIVEN_NOT_DUE,
    GIVEN_NOT_MEASURED,
    STILL_TO_COME,
    STOPPED_BEFORE,
    Attendance,
)
from analysis.ever import EverCurve, Step
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, SHADE, TINT
from views.results.charts.outcomes import n_row
from views.results.wording import by_infusion as wording


Figure = dict[str, Any]

DAYS_APART = 7

# From the ground up; each part has a pattern of its own, not only a colour.
PARTS = {
    GIVEN_MEASURED: ("measured", ACCENT, ""),
    GIVEN_NOT_MEASURED: ("not_measured", ACCENT, "/"),
    GIVEN_NOT_DUE: ("not_due", ACCENT, "."),
    STILL_TO_COME: ("to_come", NEUTRAL, "."),
    STOPPED_BEFORE: ("stopped", NEUTRAL, "x"),
}


def attendance(attended: Sequence[Attendance]) -> Figure:
    """Return a bar of all eligible courses for each infusion, in its parts."""
    numbers = [at.number for at in attended]
    return {
        "data": [_part(kind, attended) for kind in PARTS],
        "layout": {
            "height": 380,
            "margin": {"l": 118, "r": 8, "t": 44, "b": 104},
            "barmode": "stack",
            "bargap": 0.35,
            "xaxis": {
                "tickvals": numbers,
                "range": [0.4, max(numbers, default=1) + 0.6],
                "title": {"text": "Infusion number", "standoff": 52},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "title": {"text": "Courses"},
                "rangemode": "tozero",
                "gridcolor": SHADE.format(0.2),
                "fixedrange": True,
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1,
                "yanchor": "bottom",
                "traceorder": "normal",
            },
            "annotations": [
                *n_row("given", {at.number: at.given for at in attended}, 34),
                *n_row("stopped", {at.number: at.stopped for at in attended}, 54),
            ],
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _part(kind: str, attended: Sequence[Attendance]) -> Figure:
    field, colour, pattern = PARTS[kind]
    counts = [getattr(at, field) for at in attended]
    return {
        "type": "bar",
        "name": wording.NAMES[kind],
        "x": [at.number for at in attended],
        "y": counts,
        "marker": {
            "color": colour,
            "line": {"color": colour, "width": 1},
            "pattern": {
                "shape": pattern,
                "fillmode": "overlay" if not pattern else "replace",
                "fgcolor": colour,
                "size": 7,
                "solidity": 0.3,
            },
        },
        "text": [
            wording.bar_text(at, kind, count)
            for at, count in zip(attended, counts, strict=True)
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


# By days.


def by_days(curve: EverCurve, last_day: int) -> Figure:
    """Return the share that had met a criterion at least once, by days.

    Parameters
    ----------
    curve
        By days since infusion 1.
    last_day
        Up to which it is followed.
    """
    days = list(range(0, last_day + 1, DAYS_APART))
    begin = Step(0, curve.measured, 0, 0.0, None, None)
    steps = (begin, *curve.steps)
    return {
        "data": [*_limits(curve.steps), _line(steps)],
        "layout": {
            "height": 380,
            "margin": {"l": 118, "r": 8, "t": 44, "b": 84},
            "xaxis": {
                "tickvals": days,
                "range": [-1, last_day + 1],
                "title": {"text": "Days since infusion 1", "standoff": 32},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [0, 102],
                "ticksuffix": " %",
                "title": {"text": "Share of courses"},
                "gridcolor": SHADE.format(0.2),
                "zeroline": False,
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": n_row(
                "not met before", {day: _at_risk(curve, day) for day in days}, 34
            ),
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _at_risk(curve: EverCurve, day: int) -> int:
    return next((step.at_risk for step in curve.steps if step.time >= day), 0)


def _line(steps: Sequence[Step]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": wording.DAYS_NAME,
        "x": [step.time for step in steps],
        "y": [100 * step.estimate for step in steps],
        "line": {"color": ACCENT, "width": 2, "shape": "hv"},
        "text": [wording.step_text(int(s.time), s.estimate, s.at_risk) for s in steps],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _limits(steps: Sequence[Step]) -> list[Figure]:
    """Return the band between the limits, from the first step that has them."""
    known = [step for step in steps if step.lower is not None]
    shared = {
        "type": "scatter",
        "mode": "lines",
        "x": [step.time for step in known],
        "hoverinfo": "skip",
    }
    edge = {"color": ACCENT, "width": 1, "dash": "dot", "shape": "hv"}
    lower = {"y": [100 * s.lower for s in known], "line": edge, "showlegend": False}
    upper = {
        "y": [100 * s.upper for s in known],
        "line": edge,
        "name": wording.LIMITS_NAME,
        "fill": "tonexty",
        "fillcolor": TINT.format(0.14),
    }
    return [{**shared, **lower}, {**shared, **upper}]
