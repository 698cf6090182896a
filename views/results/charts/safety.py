"""Safety drawn: item 9 by month, until 0 is answered, alerts by month.

Pure functions that return Plotly figures as dicts; text is worded elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analysis.ever import ProductLimit, Step
from analysis.safety import AlertMonth, Item9Month
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, NOTICE, SHADE
from views.results.charts.durability import Line, survival
from views.results.charts.outcomes import n_row
from views.results.wording import occurrences as words


Figure = dict[str, Any]

MOST_MONTHS = 18
"""The latest are drawn; all are in the table."""

_LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}


def item_9_by_month(months: Sequence[Item9Month]) -> Figure:
    """Return the share of positive answers by month, with the n under the axis.

    Parameters
    ----------
    months
        In order; the latest ``MOST_MONTHS`` are drawn.
    """
    shown = list(months)[-MOST_MONTHS:]
    places = range(len(shown))
    known = [(k, month) for k, month in zip(places, shown, strict=True)]
    known = [(k, month) for k, month in known if month.answers.share]
    over = [(k, month) for k, month in known if month.month.complete]
    so_far = [(k, month) for k, month in known if not month.month.complete]
    return {
        "data": [
            _month_dots(over, "Whole month", "circle"),
            _month_dots(so_far, "Month so far", "circle-open"),
        ],
        "layout": {
            "height": 370,
            "margin": {"l": 84, "r": 8, "t": 40, "b": 84},
            "xaxis": _month_axis([month.month for month in shown]),
            "yaxis": {
                "range": [0, 102],
                "ticksuffix": " %",
                "title": {"text": "Item 9 answered 1 or more<br>(lower is better)"},
                "gridcolor": SHADE.format(0.2),
                "zeroline": False,
                "fixedrange": True,
            },
            "legend": _LEGEND,
            "annotations": n_row(
                "forms",
                {k: m.answers.known for k, m in zip(places, shown, strict=True)},
                62,
            ),
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def resolution(curve: ProductLimit) -> Figure:
    """Return the share that has not answered 0 so far, with those followed below."""
    begin = Step(0, curve.steps[0].at_risk, 0, 1.0, None, None)
    from_0 = curve if curve.steps[0].time == 0 else _before(curve, begin)
    return survival(
        [Line("No 0 answered so far (Kaplan-Meier)", "n followed", from_0)],
        day_0="the first answer of 1 or more",
        without="No 0 answered so far (lower is better)",
    )


def alerts_by_month(months: Sequence[AlertMonth]) -> Figure:
    """Return alerts opened and answered by month, and those open at its end."""
    shown = list(months)[-MOST_MONTHS:]
    names = [words.month_name(month.month) for month in shown]
    opened = [month.opened for month in shown]
    closed = [month.closed for month in shown]
    still_open = [month.open_at_end for month in shown]
    return {
        "data": [
            _bars("Opened", opened, names, colour=ACCENT, pattern=""),
            _bars("Answered", closed, names, colour=NEUTRAL, pattern="/"),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "Open at the end",
                "x": list(range(len(shown))),
                "y": still_open,
                "line": {"color": NOTICE, "width": 2, "dash": "dot"},
                "marker": {"symbol": "diamond", "size": 9, "color": NOTICE},
                "text": [
                    f"{name}: {n} open at the end"
                    for name, n in zip(names, still_open, strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": {
            "height": 330,
            "margin": {"l": 60, "r": 8, "t": 40, "b": 60},
            "barmode": "group",
            "xaxis": _month_axis([month.month for month in shown]),
            "yaxis": {
                "title": {"text": "Alerts"},
                "rangemode": "tozero",
                "gridcolor": SHADE.format(0.2),
                "zeroline": False,
                "fixedrange": True,
            },
            "legend": _LEGEND,
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
        },
    }


def _before(curve: ProductLimit, step: Step) -> ProductLimit:
    return replace(curve, steps=(step, *curve.steps))


def _month_dots(
    months: Sequence[tuple[int, Item9Month]], name: str, symbol: str
) -> Figure:
    shares = [month.answers.share for _, month in months]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "showlegend": bool(months),
        "x": [k for k, _ in months],
        "y": [100 * share.estimate for share in shares],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (share.upper - share.estimate) for share in shares],
            "arrayminus": [100 * (share.estimate - share.lower) for share in shares],
            "color": ACCENT,
            "thickness": 2,
            "width": 0,
        },
        "marker": {"symbol": symbol, "size": 10, "color": ACCENT},
        "text": [
            f"{words.month_name(month.month)}: {words.share_words(month.answers.share)}"
            for _, month in months
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _month_axis(months: Sequence[object]) -> Figure:
    return {
        "tickvals": list(range(len(months))),
        "ticktext": words.month_ticks(months),
        "range": [-0.6, max(len(months), 6) - 0.4],
        "tickangle": 0,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _bars(
    name: str,
    counts: Sequence[int],
    months: Sequence[str],
    *,
    colour: str,
    pattern: str,
) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": list(range(len(counts))),
        "y": list(counts),
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "size": 6, "solidity": 0.4},
        },
        "text": [
            f"{month}: {count} {name.lower()}"
            for month, count in zip(months, counts, strict=True)
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
