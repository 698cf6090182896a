"""Results to Plotly figures, as plain dictionaries; nothing of Streamlit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from itertools import accumulate
from math import ceil

from analysis.trajectory import (
    INCOMPLETE,
    TOTAL_ONLY,
    Point,
    Stream,
    Trajectory,
    remission_limit,
)
from measures.criteria import PCL5_CUT_POINTS
from measures.definition import Measure
from measures.pcl5 import PCL5
from measures.registry import MEASURES
from views import wording


# Mid-tones: at least 3.9:1 on the white and on the dark background.
ACCENT = "#1b8a99"
NOTICE = "#b0671a"
NEUTRAL = "#7a8288"
SHADE = "rgba(128, 132, 136, {:.2f})"

# One shape and one dash per recall window of a measure, in the measure's order.
SYMBOLS = ("circle", "square", "diamond")
DASHES = ("solid", "dash", "dot")

PANEL_PIXELS = 215
STRIP_PIXELS = 28
GAP_PIXELS = 8
MARGIN = {"l": 66, "r": 98, "t": 6, "b": 44}
SMALL = {"size": 12}
ON_THE_RIGHT = {"xanchor": "left", "xshift": 8, "yanchor": "middle", "yshift": 0}
ON_THE_LEFT = {"xanchor": "right", "xshift": -12, "yanchor": "middle", "yshift": 0}

# A click on one point leaves the others as they are.
UNFADED = {"marker": {"opacity": 1}, "textfont": {"color": NEUTRAL}}

# Marks nearer to each other than this share of the axis keep their hover text only.
NEAREST_NUMBER = 0.018
NEAREST_WORD = 0.13

# Room on the time axis, as shares of what lies between: for the words on the lines,
# and for the number of the latest total.
ROOM_BEFORE = 0.2
ROOM_AFTER = 0.05

SPARKLINE_TOTALS = 20


@dataclass(frozen=True)
class InfusionMark:
    """One infusion on the time axis."""

    number: int
    at: datetime
    maintenance: bool
    text: str


@dataclass(frozen=True)
class EventMark:
    """One dated event on the time axis."""

    day: date
    kind: str
    text: str


@dataclass(frozen=True)
class _Row:
    axis: str
    bottom: float
    top: float


def sparkline(totals: Sequence[float]) -> list[float]:
    """Return the last totals of one recall window, for a small line in a table.

    Nothing for a single total: it is no line.
    """
    return list(totals)[-SPARKLINE_TOTALS:] if len(totals) > 1 else []


def time_range(
    trajectories: Sequence[Trajectory], infusions: Sequence[InfusionMark]
) -> tuple[datetime, datetime]:
    """Return the first and last moment that the chart shows, with some room."""
    moments = [_plain(p.completed_at) for t in trajectories for p in t.points]
    moments += [_plain(infusion.at) for infusion in infusions]
    first, last = min(moments), max(moments)
    span = max(last - first, timedelta(days=7))
    return first - ROOM_BEFORE * span, last + ROOM_AFTER * span


def events_within(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    events: Sequence[EventMark],
) -> list[EventMark]:
    """Return the events that lie in the time the chart shows."""
    start, end = time_range(trajectories, infusions)
    return [event for event in events if start.date() <= event.day <= end.date()]


def trajectory_figure(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    events: Sequence[EventMark] = (),
) -> dict:
    """Return one course: a panel per measure, above one true time axis.

    Infusions run through every panel as dotted lines; events and item 9 have narrow
    rows of their own. A line joins totals of one measure on one recall window. An
    incomplete form is the range of its possible totals. Every drawn form has its id
    as ``customdata``.

    Parameters
    ----------
    trajectories
        At least one, in the order of the panels.
    infusions, events
        Of the same course; events outside the time range are left out.
    """
    start, end = time_range(trajectories, infusions)
    shown = events_within(trajectories, infusions, events)
    names = _row_names(trajectories, infusions, shown)
    height, rows = _stack(names)
    figure = {
        "data": [],
        "layout": _layout(
            height, start, end, legend=any(len(t.streams) > 1 for t in trajectories)
        ),
    }
    span = (end - start).total_seconds()
    if shown:
        _add_events(figure, rows["events"], shown, span)
    if infusions:
        _add_infusions(figure, rows["infusions"], infusions, span)
    for trajectory in trajectories:
        _add_panel(figure, rows[trajectory.measure], trajectory)
        if f"{trajectory.measure} item 9" in rows:
            _add_item_9(figure, rows[f"{trajectory.measure} item 9"], trajectory, span)
    return figure


def _row_names(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    events: Sequence[EventMark],
) -> list[tuple[str, int]]:
    names = [("events", STRIP_PIXELS)] if events else []
    names += [("infusions", STRIP_PIXELS)] if infusions else []
    for trajectory in trajectories:
        names.append((trajectory.measure, PANEL_PIXELS))
        if MEASURES[trajectory.measure].suicide_item is not None:
            names.append((f"{trajectory.measure} item 9", STRIP_PIXELS))
    return names


def _stack(names: Sequence[tuple[str, int]]) -> tuple[int, dict[str, _Row]]:
    """Put rows from top to bottom and return the height and where each lies."""
    plot = sum(pixels for _, pixels in names) + GAP_PIXELS * (len(names) - 1)
    tops = [0, *accumulate(pixels + GAP_PIXELS for _, pixels in names)]
    rows = {
        name: _Row(
            axis="y" if number == 0 else f"y{number + 1}",
            bottom=max(0.0, 1 - (tops[number] + pixels) / plot),
            top=1 - tops[number] / plot,
        )
        for number, (name, pixels) in enumerate(names)
    }
    return plot + MARGIN["t"] + MARGIN["b"], rows


def _layout(height: int, start: datetime, end: datetime, *, legend: bool) -> dict:
    return {
        "height": height + (STRIP_PIXELS if legend else 0),
        "margin": MARGIN | ({"b": MARGIN["b"] + STRIP_PIXELS} if legend else {}),
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container"},
        "hovermode": "closest",
        "dragmode": "zoom",
        "shapes": [],
        "annotations": [],
        "xaxis": {
            "type": "date",
            "range": [_iso(start), _iso(end)],
            "anchor": "free",
            "position": 0,
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
            "tickformat": "%-d %b\n%Y",
            "title": {"text": ""},
        },
    }


def _add_events(
    figure: dict, row: _Row, events: Sequence[EventMark], span: float
) -> None:
    moments = [datetime.combine(e.day, datetime.min.time()) for e in events]
    spaced = _spaced(moments, span, NEAREST_WORD)
    figure["layout"][_key(row)] = _strip_axis(row, "events")
    figure["layout"]["shapes"] += [_upright(m, row, "dashdot") for m in moments]
    figure["data"].append(
        {
            "type": "scatter",
            "name": "events",
            "mode": "markers+text",
            "x": [_iso(moment) for moment in moments],
            "y": [0.5] * len(events),
            "yaxis": row.axis,
            "text": [
                escape(e.kind) if word else ""
                for e, word in zip(events, spaced, strict=True)
            ],
            "textposition": "middle right",
            "textfont": SMALL,
            "marker": {"symbol": "diamond-open", "size": 10, "color": NEUTRAL},
            "hovertext": [_event_hover(event) for event in events],
            "hoverinfo": "text",
            "showlegend": False,
            "cliponaxis": False,
        }
    )


def _event_hover(event: EventMark) -> str:
    return f"{wording.day_words(event.day)}, {escape(event.kind)}: {escape(event.text)}"


def _add_infusions(
    figure: dict, row: _Row, infusions: Sequence[InfusionMark], span: float
) -> None:
    moments = [_plain(infusion.at) for infusion in infusions]
    spaced = _spaced(moments, span, NEAREST_NUMBER)
    figure["layout"][_key(row)] = _strip_axis(row, "infusions")
    figure["layout"]["shapes"] += [_upright(m, row, "dot") for m in moments]
    figure["data"].append(
        {
            "type": "scatter",
            "name": "infusions",
            "mode": "markers+text",
            "x": [_iso(moment) for moment in moments],
            "y": [0.2] * len(infusions),
            "yaxis": row.axis,
            "text": [
                f"{infusion.number}" if number else ""
                for infusion, number in zip(infusions, spaced, strict=True)
            ],
            "textposition": "top center",
            "textfont": SMALL,
            "marker": {
                "symbol": [
                    "triangle-down-open" if i.maintenance else "triangle-down"
                    for i in infusions
                ],
                "size": 9,
                "color": NEUTRAL,
            },
            "hovertext": [escape(infusion.text) for infusion in infusions],
            "hoverinfo": "text",
            "showlegend": False,
            "cliponaxis": False,
        }
    )


def _add_panel(figure: dict, row: _Row, trajectory: Trajectory) -> None:
    measure = MEASURES[trajectory.measure]
    layout = figure["layout"]
    layout[_key(row)] = _total_axis(measure, row)
    layout["shapes"] += [*_bands(measure, row), *_limits(trajectory, row)]
    layout["annotations"] += [
        *_band_words(measure, row),
        *_limit_words(trajectory, row),
        *_numbers(trajectory, row),
    ]
    for stream in trajectory.streams:
        layout["shapes"] += _tails(stream, row)
        legend = len(trajectory.streams) > 1
        figure["data"] += _stream_traces(stream, row, legend=legend)


def _total_axis(measure: Measure, row: _Row) -> dict:
    highest = measure.highest_total
    if measure.severity_bands:
        ticks = [*(band.lowest for band in measure.severity_bands), highest]
    else:
        step = 10 * ceil(highest / 50)
        ticks = list(range(0, highest + 1, step))
    return {
        "domain": [row.bottom, row.top],
        "range": [-0.04 * highest, 1.08 * highest],
        "fixedrange": True,
        "tickvals": ticks,
        "showgrid": False,
        "zeroline": False,
        "title": {
            "text": f"{measure.name} total<br>{wording.LOWER_IS_BETTER}",
            "font": SMALL,
        },
    }


def _bands(measure: Measure, row: _Row) -> Iterator[dict]:
    frame = (0, measure.highest_total, "")
    step = 0.035 if measure.severity_bands else 0.18
    for number, (low, high, _) in enumerate([frame, *_ranges(measure)]):
        yield {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": row.axis,
            "y0": low,
            "y1": high,
            "line": {"width": 0},
            "fillcolor": SHADE.format(0.03 + step * number),
            "layer": "below",
        }


def _band_words(measure: Measure, row: _Row) -> Iterator[dict]:
    for low, high, name in _ranges(measure):
        yield {
            "text": name,
            "showarrow": False,
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 10,
            "yref": row.axis,
            "y": (low + high) / 2,
            "align": "left",
            "font": SMALL,
        }


def _ranges(measure: Measure) -> list[tuple[float, float, str]]:
    """Return what is shaded: severity bands, or the range of the cut-points."""
    if measure.code == PCL5.code:
        low, high = PCL5_CUT_POINTS
        return [(low, high, "<br>".join(wording.cut_points_lines()))]
    bands = measure.severity_bands
    ends = [*(band.lowest for band in bands[1:]), measure.highest_total]
    return [
        (b.lowest, end, b.name.replace(" ", "<br>"))
        for b, end in zip(bands, ends, strict=True)
    ]


def _limits(trajectory: Trajectory, row: _Row) -> Iterator[dict]:
    for limit, _, dash in _limit_lines(trajectory):
        yield {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": row.axis,
            "y0": limit,
            "y1": limit,
            "line": {"color": ACCENT, "width": 1.5, "dash": dash},
            "layer": "below",
        }


def _limit_words(trajectory: Trajectory, row: _Row) -> Iterator[dict]:
    lines = _limit_lines(trajectory)
    for number, (limit, words, _) in enumerate(lines):
        above = number == 0 and len(lines) > 1
        yield {
            "text": words,
            "showarrow": False,
            "xref": "paper",
            "x": 0,
            "xanchor": "left",
            "xshift": 4,
            "yref": row.axis,
            "y": limit,
            "yanchor": "bottom" if above else "top",
            "font": SMALL,
        }


def _limit_lines(trajectory: Trajectory) -> list[tuple[int, str, str]]:
    """Return the lines of this baseline, the higher first: total, words, dash."""
    stream = trajectory.current
    remission = remission_limit(stream.measure)
    words = wording.limit_words(stream.measure, "remission", remission)
    lines = [(remission, words, "dot")]
    response = stream.response_limit
    if response is not None:
        words = wording.limit_words(stream.measure, "response", response)
        lines.append((response, words, "dash"))
    if len({limit for limit, _, _ in lines}) < len(lines):
        return [(remission, " · ".join(w for _, w, _ in reversed(lines)), "dash")]
    return sorted(lines, reverse=True)


def _numbers(trajectory: Trajectory, row: _Row) -> Iterator[dict]:
    """Write the totals that are asked for first: baseline, and the latest of each."""
    current = trajectory.current.baseline
    for stream in trajectory.streams:
        baseline = stream.baseline
        if baseline:
            beside = _away_from(baseline, current)
            yield _number(baseline, f"baseline {baseline.total}", row) | beside
        latest = stream.totals[-1] if stream.totals else None
        if latest and not latest.is_baseline:
            yield _number(latest, f"<b>{latest.total}</b>", row) | ON_THE_RIGHT


def _away_from(baseline: Point, current: Point | None) -> dict:
    """Return where a baseline's words go: above the one in use, beside another."""
    if current is None or baseline.id == current.id:
        return {}
    earlier = baseline.completed_at < current.completed_at
    return ON_THE_LEFT if earlier else ON_THE_RIGHT | {"xshift": 12}


def _number(point: Point, text: str, row: _Row) -> dict:
    return {
        "text": text,
        "showarrow": False,
        "x": _iso(_plain(point.completed_at)),
        "yref": row.axis,
        "y": point.total,
        "yanchor": "bottom",
        "yshift": 8,
    }


def _tails(stream: Stream, row: _Row) -> Iterator[dict]:
    """Draw the days a form asked about, where they reach back over an infusion."""
    window = MEASURES[stream.measure].recall_window(stream.recall_window)
    for point in stream.totals:
        if point.overlaps is not None:
            at = _plain(point.completed_at)
            yield {
                "type": "line",
                "x0": _iso(at - timedelta(days=window.days)),
                "x1": _iso(at),
                "yref": row.axis,
                "y0": point.total,
                "y1": point.total,
                "line": {"color": SHADE.format(0.45), "width": 4},
                "layer": "below",
            }


def _stream_traces(stream: Stream, row: _Row, *, legend: bool) -> Iterator[dict]:
    measure = MEASURES[stream.measure]
    codes = [window.code for window in measure.recall_windows]
    order = codes.index(stream.recall_window)
    name = f"{measure.name}, {wording.window_name(measure.code, stream.recall_window)}"
    if stream.totals:
        totals = _totals_trace(stream.totals, row, name, order)
        yield totals | {"showlegend": legend}
    incomplete = [p for p in stream.points if p.kind == INCOMPLETE]
    if incomplete:
        yield _incomplete_trace(incomplete, row, name, order)
    if stream.baseline:
        yield _baseline_trace(stream.baseline, row, name, order)


def _totals_trace(points: Sequence[Point], row: _Row, name: str, order: int) -> dict:
    symbol = SYMBOLS[order]
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines+markers",
        "x": [_iso(_plain(p.completed_at)) for p in points],
        "y": [p.total for p in points],
        "yaxis": row.axis,
        **_clickable(points),
        "line": {"color": ACCENT, "width": 2, "dash": DASHES[order]},
        "marker": {
            "symbol": [
                f"{symbol}-x-open" if p.kind == TOTAL_ONLY else symbol for p in points
            ],
            "size": 9,
            "color": ACCENT,
        },
        **_hover(points),
    }


def _incomplete_trace(
    points: Sequence[Point], row: _Row, name: str, order: int
) -> dict:
    """Draw each range from end to end; gaps keep one form apart from the next."""
    return {
        "type": "scatter",
        "name": f"{name}, incomplete",
        "mode": "lines+markers",
        "x": [x for p in points for x in (*[_iso(_plain(p.completed_at))] * 2, None)],
        "y": [y for p in points for y in (p.lowest, p.highest, None)],
        "yaxis": row.axis,
        "customdata": [c for p in points for c in (p.id, p.id, None)],
        "connectgaps": False,
        "unselected": UNFADED,
        "line": {"color": ACCENT, "width": 1.5, "dash": "dot"},
        "marker": {"symbol": f"{SYMBOLS[order]}-open", "size": 9, "color": ACCENT},
        "showlegend": False,
        **_hover([p for p in points for _ in range(3)]),
    }


def _baseline_trace(point: Point, row: _Row, name: str, order: int) -> dict:
    return {
        "type": "scatter",
        "name": f"{name}, baseline",
        "mode": "markers",
        "x": [_iso(_plain(point.completed_at))],
        "y": [point.total],
        "yaxis": row.axis,
        "customdata": [point.id],
        "unselected": UNFADED,
        "marker": {
            "symbol": f"{SYMBOLS[order]}-open",
            "size": 17,
            "color": ACCENT,
            "line": {"width": 2},
        },
        "showlegend": False,
        **_hover([point]),
    }


def _clickable(points: Sequence[Point]) -> dict:
    """Return what makes points open their form, without fading the others."""
    return {
        "customdata": [p.id for p in points],
        "selected": {"marker": {"size": 13}},
        "unselected": UNFADED,
    }


def _hover(points: Sequence[Point]) -> dict:
    return {
        "hovertext": ["<br>".join(wording.hover_words(p)) for p in points],
        "hoverinfo": "text",
    }


def _add_item_9(figure: dict, row: _Row, trajectory: Trajectory, span: float) -> None:
    points = trajectory.points
    spaced = _spaced([p.completed_at for p in points], span, NEAREST_NUMBER)
    figure["layout"][_key(row)] = _strip_axis(row, "item 9")
    figure["data"].append(
        {
            "type": "scatter",
            "name": "item 9",
            "mode": "markers+text",
            "x": [_iso(_plain(p.completed_at)) for p in points],
            "y": [0.5] * len(points),
            "yaxis": row.axis,
            "customdata": [p.id for p in points],
            "unselected": UNFADED,
            "text": [
                _item_9_text(p) if p.item_9 or far else ""
                for p, far in zip(points, spaced, strict=True)
            ],
            "textfont": SMALL,
            "marker": {
                "symbol": "square-open",
                "size": [19 if p.item_9 else 0 for p in points],
                "color": NOTICE,
                "opacity": 1,
                "line": {"width": 2},
            },
            "hovertext": [
                wording.item_9_words(
                    p.measure, p.item_9, answers_known=p.kind != TOTAL_ONLY
                )
                for p in points
            ],
            "hoverinfo": "text",
            "showlegend": False,
            "cliponaxis": False,
        }
    )


def _item_9_text(point: Point) -> str:
    if point.item_9 is None:
        return "?"
    return f"<b>{point.item_9}</b>" if point.item_9 else "0"


def _strip_axis(row: _Row, name: str) -> dict:
    return {
        "domain": [row.bottom, row.top],
        "range": [0, 1],
        "fixedrange": True,
        "tickvals": [0.5],
        "ticktext": [name],
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
    }


def _upright(moment: datetime, row: _Row, dash: str) -> dict:
    return {
        "type": "line",
        "x0": _iso(moment),
        "x1": _iso(moment),
        "yref": "paper",
        "y0": 0,
        "y1": row.bottom + 0.2 * (row.top - row.bottom),
        "line": {"color": SHADE.format(0.6), "width": 1, "dash": dash},
        "layer": "below",
    }


def _spaced(moments: Sequence[datetime], span: float, nearest: float) -> list[bool]:
    """Tell which of these, in order, are far enough apart to be written out."""
    spaced, last = [], None
    for moment in moments:
        far = last is None or (moment - last).total_seconds() >= nearest * span
        last = moment if far else last
        spaced.append(far)
    return spaced


def _key(row: _Row) -> str:
    return row.axis.replace("y", "yaxis")


def _plain(moment: datetime) -> datetime:
    """Return the local wall-clock time: what the form and the clinic's clock said."""
    return moment.replace(tzinfo=None)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
