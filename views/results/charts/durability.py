"""How long it lasts, as charts: two curves by day, and the booster intervals.

Pure functions that return Plotly figures as dicts; text is worded elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from analysis.durability import Durability, risk_table
from analysis.ever import ProductLimit, Step
from views.chart_parts import ACCENT, HOVER_LABEL, NEUTRAL, SHADE, TINT
from views.results.wording.numbers import interval_name, percent, percent_range


Figure = dict[str, Any]

CENSORED = "Last form, without the event"
MEDIAN_LINE = 50
BAND_RANK = 3
MOST_TICKS = 9
TICK_DAYS = (7, 14, 28, 56, 84, 182, 364, 728)


@dataclass(frozen=True)
class Line:
    """A curve to draw, and what it is called."""

    name: str
    n_name: str
    """Before its numbers at risk."""
    curve: ProductLimit


# The curve.


def survival(lines: Sequence[Line], *, day_0: str, without: str) -> Figure:
    """Return step curves with the number still followed under the axis.

    Parameters
    ----------
    lines
        The first is the one asked for: with its limits, and a mark wherever somebody's
        last form lies. The others are dashed.
    day_0
        What the days are counted from, for the axis.
    without
        What the share is of, for the axis.
    """
    asked, *others = lines
    last = max(_end(line.curve) for line in lines)
    days = tick_days(last)
    return {
        "data": [
            _band(asked.curve),
            *(_steps(line, NEUTRAL, "dash") for line in others),
            _steps(asked, ACCENT, "solid"),
            _censored(asked.curve),
        ],
        "layout": {
            "height": 440 + 20 * len(lines),
            "margin": {"l": 112, "r": 12, "t": 64, "b": 72 + 20 * len(lines)},
            "xaxis": {
                "tickvals": days,
                "range": [0, max(last, days[-1]) * 1.02],
                "title": {"text": f"Days after {day_0}", "standoff": 30 * len(lines)},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [0, 103],
                "ticksuffix": " %",
                "title": {"text": without},
                "fixedrange": True,
            },
            "shapes": [_half()],
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
            "annotations": [
                note
                for place, line in enumerate(lines)
                for note in _at_risk(line, days, 36 + 20 * place)
            ],
        },
    }


def tick_days(last: float) -> list[int]:
    """Return whole weeks to mark, up to a day.

    Examples
    --------
    >>> tick_days(60), tick_days(377)
    ([0, 7, 14, 21, 28, 35, 42, 49, 56], [0, 56, 112, 168, 224, 280, 336])
    """
    step = next((d for d in TICK_DAYS if last // d < MOST_TICKS), TICK_DAYS[-1])
    return list(range(0, int(last) + 1, step)) if last >= step else [0, step]


def _end(curve: ProductLimit) -> float:
    return curve.steps[-1].time


def _steps(line: Line, colour: str, dash: str) -> Figure:
    steps = line.curve.steps
    return {
        "type": "scatter",
        "mode": "lines",
        "name": line.name,
        "x": [step.time for step in steps],
        "y": [100 * step.estimate for step in steps],
        "line": {"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
        "legendrank": 1 if dash == "solid" else 2,
        "text": [_step_words(line.name, step) for step in steps],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _step_words(name: str, step: Step) -> str:
    interval = percent_range(step.lower, step.upper)
    return (
        f"{name}, day {step.time:g}: {percent(step.estimate)} ({interval}) without; "
        f"{step.at_risk} followed to here"
    )


def _band(curve: ProductLimit) -> Figure:
    """Return the limits as an area; without width at 100 %, where none are known."""
    upper = _corners(_edge(curve, "upper"))
    lower = _corners(_edge(curve, "lower"))
    around = [*upper, *reversed(lower)]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": interval_name(curve.confidence),
        "x": [day for day, _ in around],
        "y": [share for _, share in around],
        "fill": "toself",
        "fillcolor": TINT.format(0.18),
        "line": {"width": 0, "color": TINT.format(0.18)},
        "hoverinfo": "skip",
        "legendrank": BAND_RANK,
    }


def _edge(curve: ProductLimit, which: str) -> list[tuple[float, float]]:
    """Return one limit by day; where nobody is left it ends, for none is known."""
    known = [step for step in curve.steps if step.estimate > 0]
    heights = [getattr(step, which) for step in known]
    edge = [
        (step.time, 100 * (step.estimate if height is None else height))
        for step, height in zip(known, heights, strict=True)
    ]
    return [*edge, (_end(curve), edge[-1][1])] if edge else []


def _corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points of a line that goes across and then down."""
    between = [
        corner
        for (_, height), (day, then) in pairwise(points)
        for corner in ((day, height), (day, then))
    ]
    return [*points[:1], *between]


def _censored(curve: ProductLimit) -> Figure:
    left = {step: n for step, n in _leaving(curve) if n}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": CENSORED,
        "legendrank": BAND_RANK + 1,
        "x": [step.time for step in left],
        "y": [100 * step.estimate for step in left],
        "marker": {
            "symbol": "line-ns-open",
            "size": 10,
            "color": ACCENT,
            "line": {"width": 1.5, "color": ACCENT},
        },
        "text": [
            f"Day {step.time:g}: {n} followed to here, without the event"
            for step, n in left.items()
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _leaving(curve: ProductLimit) -> Iterable[tuple[Step, int]]:
    """Return how many are followed no longer than each step, and had no event."""
    after = [step.at_risk for step in curve.steps[1:]] + [0]
    return (
        (step, step.at_risk - step.events - then)
        for step, then in zip(curve.steps, after, strict=True)
    )


def _half() -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": MEDIAN_LINE,
        "y1": MEDIAN_LINE,
        "line": {"color": SHADE.format(0.6), "width": 1, "dash": "dot"},
        "layer": "below",
    }


def _at_risk(line: Line, days: Sequence[int], below: int) -> list[Figure]:
    place = {
        "y": 0,
        "yref": "paper",
        "yanchor": "middle",
        "yshift": -below,
        "showarrow": False,
        "font": {"size": 12},
    }
    heading = {"x": 0, "xref": "paper", "xanchor": "right", "xshift": -14}
    return [
        {**place, **heading, "text": line.n_name},
        *(
            {**place, "x": at.day, "xref": "x", "text": str(at.at_risk)}
            for at in risk_table(line.curve, days)
        ),
    ]


def lines_of(
    answer: Durability, other: Durability, names: Mapping[bool, str]
) -> list[Line]:
    """Return the curves that there are, the one asked for first.

    Parameters
    ----------
    answer, other
        As asked, and with boosters taken the other way.
    names
        By ``until_booster``.
    """
    short = {False: "n regardless", True: "n to booster"}
    return [
        Line(names[each.until_booster], short[each.until_booster], each.seen)
        for each in (answer, other)
        if isinstance(each.seen, ProductLimit)
    ]


# The booster intervals.

WEEK = 7
WIDE = 28
MOST_WEEKS = 30


def boosters(first: Sequence[int], between: Sequence[int]) -> Figure:
    """Return how many intervals lasted how long, the first ones apart from the others.

    Parameters
    ----------
    first
        Days from the last induction infusion to the first booster.
    between
        Days from one booster to the next.
    """
    longest = max([*first, *between], default=0)
    width = WEEK if longest < WEEK * MOST_WEEKS else WIDE
    starts = range(0, longest + 1, width)
    return {
        "data": [
            _bars("To the first booster", first, starts, ACCENT),
            _bars("From one booster to the next", between, starts, NEUTRAL, "/"),
        ],
        "layout": {
            "height": 320,
            "margin": {"l": 60, "r": 12, "t": 44, "b": 64},
            "barmode": "group",
            "bargap": 0.2,
            "xaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": [_span(start, width) for start in starts],
                "title": {"text": "Days"},
                "fixedrange": True,
            },
            "yaxis": {
                "title": {"text": "Intervals"},
                "rangemode": "tozero",
                "fixedrange": True,
                "minallowed": 0,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "hoverlabel": HOVER_LABEL,
        },
    }


def _bars(
    name: str, days: Sequence[int], starts: range, colour: str, pattern: str = ""
) -> Figure:
    found = Counter(day // starts.step for day in days)
    heights = [found[place] for place in range(len(starts))]
    return {
        "type": "bar",
        "name": name,
        "x": [_span(start, starts.step) for start in starts],
        "y": heights,
        "text": [str(height or "") for height in heights],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "fillmode": "overlay", "solidity": 0.25},
        },
        "hovertemplate": f"{name}: %{{y}} of %{{x}} days<extra></extra>",
    }


def _span(start: int, width: int) -> str:
    return f"{start}–{start + width - 1}"
