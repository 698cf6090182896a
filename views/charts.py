"""Results to Plotly figures, as plain dictionaries; nothing of Streamlit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import pairwise
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
from measures.registry import MEASURES, default_criterion
from measures.timepoints import END_OF_INDUCTION
from views import chart_wording, wording
from views.chart_axes import (
    Axis,
    DateAxis,
    InfusionAxis,
    far_apart,
    level_path,
    plain,
    upright_path,
)
from views.chart_parts import (
    ACCENT,
    DASHES,
    NEUTRAL,
    NOTICE,
    SHADE,
    SMALL,
    STRIP_PIXELS,
    SYMBOLS,
    TINT,
    UNFADED,
    Row,
    base_layout,
    path_shape,
    stack,
    strip_axis,
)


PANEL_PIXELS = 215
DOSE_PIXELS = 20
ON_THE_RIGHT = {"xanchor": "left", "xshift": 8, "yanchor": "middle", "yshift": 0}
ON_THE_LEFT = {"xanchor": "right", "xshift": -12, "yanchor": "middle", "yshift": 0}

# Marks nearer to each other than this share of the axis keep their hover text only.
NEAREST_NUMBER = 0.018
NEAREST_BOX = 0.021
NEAREST_DOSE = 0.07
NEAREST_WORD = 0.13

SPARKLINE_TOTALS = 20

ALL = "All"
INDUCTION = "Induction"
LATEST = "Last 3 months"
LATEST_DAYS = 91


@dataclass(frozen=True)
class InfusionMark:
    """One infusion on the axis."""

    number: int
    at: datetime
    maintenance: bool
    text: str
    dose: str = ""
    """The dose in the fewest characters; empty where it was not recorded."""
    dose_changed: int = 0
    """1 where it is higher than before, -1 where it is lower."""


@dataclass(frozen=True)
class EventMark:
    """One dated event on the axis."""

    day: date
    kind: str
    text: str

    @property
    def at(self) -> datetime:
        """Where it lies: at the beginning of its day."""
        return datetime.combine(self.day, time())


def sparkline(totals: Sequence[float]) -> list[float]:
    """Return the last totals of one recall window, for a small line in a table.

    Nothing for a single total: it is no line.
    """
    return list(totals)[-SPARKLINE_TOTALS:] if len(totals) > 1 else []


def times_shown(
    trajectories: Sequence[Trajectory], infusions: Sequence[InfusionMark]
) -> dict[str, tuple[datetime, datetime]]:
    """Return the times that a chart may show, by name: all, and what is less than all.

    The induction goes on for as long as a form may count as its end.
    """
    first, last = _whole(trajectories, infusions)
    found = {ALL: (first, last)}
    induction = [plain(i.at) for i in infusions if not i.maintenance]
    if induction:
        end = induction[-1] + timedelta(days=END_OF_INDUCTION.to_days)
        if end < last:
            found[INDUCTION] = (first, end)
    if first < last - timedelta(days=LATEST_DAYS):
        found[LATEST] = (last - timedelta(days=LATEST_DAYS), last)
    return found


def date_axis(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    shown: str = ALL,
) -> DateAxis:
    """Return true time, from the first form or infusion to the last one."""
    return DateAxis(*times_shown(trajectories, infusions)[shown])


def infusion_axis(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    shown: str = ALL,
) -> InfusionAxis:
    """Return equal room for each infusion; there must be one."""
    first, last = times_shown(trajectories, infusions)[shown]
    whole = _whole(trajectories, infusions)
    return InfusionAxis(first, last, tuple(plain(i.at) for i in infusions), *whole)


def _whole(
    trajectories: Sequence[Trajectory], infusions: Sequence[InfusionMark]
) -> tuple[datetime, datetime]:
    moments = [plain(p.completed_at) for t in trajectories for p in t.points]
    moments += [plain(infusion.at) for infusion in infusions]
    return min(moments), max(moments)


def trajectory_figure(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    events: Sequence[EventMark] = (),
    axis: Axis | None = None,
) -> dict:
    """Return one course: a panel per measure, above one axis.

    Infusions run through every panel as dotted lines; events, doses and item 9 have
    narrow rows of their own. A line joins totals of one measure on one recall window.
    An incomplete form is the range of its possible totals. Every drawn form has its id
    as ``customdata``.

    Parameters
    ----------
    trajectories
        At least one, in the order of the panels.
    infusions, events
        Of the same course; events outside the axis are left out.
    axis
        What lies from left to right: true time from first to last unless given.
    """
    axis = axis or date_axis(trajectories, infusions)
    shown = [event for event in events if axis.holds(event.at)]
    height, rows = stack(_row_names(trajectories, infusions, shown))
    legend = any(len(t.streams) > 1 for t in trajectories)
    figure = {
        "data": [],
        "layout": base_layout(height, axis.layout(), legend=legend),
    }
    if shown:
        _add_events(figure, rows["events"], shown, axis)
    if infusions:
        _add_infusions(figure, rows["infusions"], infusions, axis)
    if "doses" in rows:
        _add_doses(figure, rows["doses"], infusions, axis)
    for trajectory in trajectories:
        _add_panel(figure, rows[trajectory.measure], trajectory, axis)
        if f"{trajectory.measure} item 9" in rows:
            _add_item_9(figure, rows[f"{trajectory.measure} item 9"], trajectory, axis)
    return figure


def _row_names(
    trajectories: Sequence[Trajectory],
    infusions: Sequence[InfusionMark],
    events: Sequence[EventMark],
) -> list[tuple[str, int]]:
    names = [("events", STRIP_PIXELS)] if events else []
    names += [("infusions", STRIP_PIXELS)] if infusions else []
    names += [("doses", DOSE_PIXELS)] if any(i.dose for i in infusions) else []
    for trajectory in trajectories:
        names.append((trajectory.measure, PANEL_PIXELS))
        if MEASURES[trajectory.measure].suicide_item is not None:
            names.append((f"{trajectory.measure} item 9", STRIP_PIXELS))
    return names


def _add_events(
    figure: dict, row: Row, events: Sequence[EventMark], axis: Axis
) -> None:
    moments = [event.at for event in events]
    spaced = far_apart(axis, moments, NEAREST_WORD)
    figure["layout"][row.key] = strip_axis(row, "events")
    figure["layout"]["shapes"].append(_uprights(axis, moments, row, "dashdot"))
    figure["data"].append(
        {
            "type": "scatter",
            "name": "events",
            "mode": "markers+text",
            "x": [axis.x(moment) for moment in moments],
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
    figure: dict, row: Row, infusions: Sequence[InfusionMark], axis: Axis
) -> None:
    moments = [infusion.at for infusion in infusions]
    spaced = far_apart(axis, moments, NEAREST_NUMBER)
    figure["layout"][row.key] = strip_axis(row, "infusions")
    figure["layout"]["shapes"].append(_uprights(axis, moments, row, "dot"))
    figure["data"].append(
        {
            "type": "scatter",
            "name": "infusions",
            "mode": "markers+text",
            "x": [axis.x(moment) for moment in moments],
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


def _add_doses(
    figure: dict, row: Row, infusions: Sequence[InfusionMark], axis: Axis
) -> None:
    """Write the first dose, and each one that is another than the one before.

    Where there is no room before the next change, an arrow says which way it went.
    """
    known = [infusion for infusion in infusions if infusion.dose]
    written = [known[0], *(i for i in known[1:] if i.dose_changed)]
    texts = _dose_texts(written, axis)
    figure["layout"][row.key] = strip_axis(row, _dose_unit(written))
    figure["data"].append(
        {
            "type": "scatter",
            "name": "doses",
            "mode": "text",
            "x": [axis.x(infusion.at) for infusion in written],
            "y": [0.5] * len(written),
            "yaxis": row.axis,
            "text": texts,
            "textposition": [_dose_position(text) for text in texts],
            "textfont": SMALL,
            "hovertext": [escape(infusion.text) for infusion in written],
            "hoverinfo": "text",
            "showlegend": False,
            "cliponaxis": False,
        }
    )


def _dose_texts(written: Sequence[InfusionMark], axis: Axis) -> list[str]:
    low, high = axis.limits
    places = [axis.position(infusion.at) for infusion in written]
    least = NEAREST_DOSE * (high - low)
    room = [*(after - at >= least for at, after in pairwise(places)), True]
    return [_dose_text(i, room=r) for i, r in zip(written, room, strict=True)]


def _dose_unit(written: Sequence[InfusionMark]) -> str:
    return "dose" if any("mg" in infusion.dose for infusion in written) else "mg/kg"


def _dose_text(infusion: InfusionMark, *, room: bool) -> str:
    arrow = {1: "↑", -1: "↓", 0: ""}[infusion.dose_changed]
    if arrow and not room:
        return arrow
    return f"{arrow} {escape(infusion.dose)}".strip()


def _dose_position(text: str) -> str:
    """Return where a dose stands: the first one before its infusion's line."""
    if text in ("↑", "↓"):
        return "middle center"
    return "middle right" if text[0] in "↑↓" else "middle left"


def _add_panel(figure: dict, row: Row, trajectory: Trajectory, axis: Axis) -> None:
    measure = MEASURES[trajectory.measure]
    layout = figure["layout"]
    layout[row.key] = _total_axis(measure, row)
    layout["shapes"] += [*_bands(measure, row), *_limits(trajectory, row)]
    layout["annotations"] += [
        *_band_words(measure, row),
        *_limit_words(trajectory, row),
        *_numbers(trajectory, row, axis),
    ]
    figure["data"] += _change_band(trajectory, row, axis)
    legend = len(trajectory.streams) > 1
    for stream in trajectory.streams:
        layout["shapes"] += _tails(stream, row, axis)
        figure["data"] += _stream_traces(stream, row, axis, legend=legend)


def change_limits(trajectory: Trajectory) -> tuple[int, int] | None:
    """Return the totals a reliable change from baseline begins at, below and above.

    Parameters
    ----------
    trajectory
        None is returned where its current recall window has no baseline.
    """
    baseline = trajectory.current.baseline
    if baseline is None:
        return None
    points = default_criterion(trajectory.measure, "change").points
    highest = MEASURES[trajectory.measure].highest_total
    return max(0, baseline.total - points), min(highest, baseline.total + points)


def _change_band(trajectory: Trajectory, row: Row, axis: Axis) -> Iterator[dict]:
    """Tint what is less than a reliable change, from the baseline on."""
    limits = change_limits(trajectory)
    if limits is None:
        return
    low, high = limits
    baseline = trajectory.current.baseline
    start, end = axis.x(baseline.completed_at), axis.layout()["range"][1]
    yield {
        "type": "scatter",
        "name": f"{MEASURES[trajectory.measure].name}, reliable change",
        "mode": "none",
        "x": [start, end, end, start],
        "y": [low, low, high, high],
        "yaxis": row.axis,
        "fill": "toself",
        "fillcolor": TINT.format(0.13),
        "hoveron": "fills",
        "hoverinfo": "text",
        "text": chart_wording.band_hover(trajectory.measure, baseline.total, low, high),
        "showlegend": False,
    }


def _total_axis(measure: Measure, row: Row) -> dict:
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


def _bands(measure: Measure, row: Row) -> Iterator[dict]:
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


def _band_words(measure: Measure, row: Row) -> Iterator[dict]:
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


def _limits(trajectory: Trajectory, row: Row) -> Iterator[dict]:
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


def _limit_words(trajectory: Trajectory, row: Row) -> Iterator[dict]:
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


def _numbers(trajectory: Trajectory, row: Row, axis: Axis) -> Iterator[dict]:
    """Write the totals that are asked for first: baseline, and the latest of each."""
    current = trajectory.current.baseline
    for stream in trajectory.streams:
        baseline = stream.baseline
        if baseline:
            beside = _away_from(baseline, current)
            words = f"baseline {baseline.total}"
            yield _number(baseline, words, row, axis) | beside
        latest = stream.totals[-1] if stream.totals else None
        if latest and not latest.is_baseline:
            words = f"<b>{latest.total}</b>"
            yield _number(latest, words, row, axis) | ON_THE_RIGHT


def _away_from(baseline: Point, current: Point | None) -> dict:
    """Return where a baseline's words go: above the one in use, beside another."""
    if current is None or baseline.id == current.id:
        return {}
    earlier = baseline.completed_at < current.completed_at
    return ON_THE_LEFT if earlier else ON_THE_RIGHT | {"xshift": 12}


def _number(point: Point, text: str, row: Row, axis: Axis) -> dict:
    return {
        "text": text,
        "showarrow": False,
        "x": axis.x(point.completed_at),
        "yref": row.axis,
        "y": point.total,
        "yanchor": "bottom",
        "yshift": 8,
    }


def _tails(stream: Stream, row: Row, axis: Axis) -> Iterator[dict]:
    """Draw the days a form asked about, where they reach back over an infusion."""
    window = MEASURES[stream.measure].recall_window(stream.recall_window)
    asked = timedelta(days=window.days)
    bars = [
        (p.completed_at - asked, p.completed_at, p.total)
        for p in stream.totals
        if p.overlaps is not None
    ]
    if bars:
        line = {"color": SHADE.format(0.45), "width": 4}
        yield path_shape(level_path(axis, bars), row.axis, line)


def _stream_traces(
    stream: Stream, row: Row, axis: Axis, *, legend: bool
) -> Iterator[dict]:
    measure = MEASURES[stream.measure]
    codes = [window.code for window in measure.recall_windows]
    order = codes.index(stream.recall_window)
    name = f"{measure.name}, {wording.window_name(measure.code, stream.recall_window)}"
    if stream.totals:
        totals = _totals_trace(stream.totals, axis, name, order)
        yield totals | {"yaxis": row.axis, "showlegend": legend}
    incomplete = [p for p in stream.points if p.kind == INCOMPLETE]
    if incomplete:
        yield _incomplete_trace(incomplete, axis, name, order) | {"yaxis": row.axis}
    if stream.baseline:
        yield _baseline_trace(stream.baseline, axis, name, order) | {"yaxis": row.axis}


def _totals_trace(points: Sequence[Point], axis: Axis, name: str, order: int) -> dict:
    symbol = SYMBOLS[order]
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines+markers",
        "x": [axis.x(p.completed_at) for p in points],
        "y": [p.total for p in points],
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
    points: Sequence[Point], axis: Axis, name: str, order: int
) -> dict:
    """Draw each range from end to end; gaps keep one form apart from the next."""
    return {
        "type": "scatter",
        "name": f"{name}, incomplete",
        "mode": "lines+markers",
        "x": [x for p in points for x in (*[axis.x(p.completed_at)] * 2, None)],
        "y": [y for p in points for y in (p.lowest, p.highest, None)],
        "customdata": [c for p in points for c in (p.id, p.id, None)],
        "connectgaps": False,
        "unselected": UNFADED,
        "line": {"color": ACCENT, "width": 1.5, "dash": "dot"},
        "marker": {"symbol": f"{SYMBOLS[order]}-open", "size": 9, "color": ACCENT},
        "showlegend": False,
        **_hover([p for p in points for _ in range(3)]),
    }


def _baseline_trace(point: Point, axis: Axis, name: str, order: int) -> dict:
    return {
        "type": "scatter",
        "name": f"{name}, baseline",
        "mode": "markers",
        "x": [axis.x(point.completed_at)],
        "y": [point.total],
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


def _add_item_9(figure: dict, row: Row, trajectory: Trajectory, axis: Axis) -> None:
    points = trajectory.points
    figure["layout"][row.key] = strip_axis(row, "item 9")
    figure["data"].append(
        {
            "type": "scatter",
            "name": "item 9",
            "mode": "markers+text",
            "x": [axis.x(p.completed_at) for p in points],
            "y": [0.5] * len(points),
            "yaxis": row.axis,
            "customdata": [p.id for p in points],
            "unselected": UNFADED,
            "text": _item_9_texts(points, axis),
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


def _item_9_texts(points: Sequence[Point], axis: Axis) -> list[str]:
    """Write answers of 1 or more and missing ones, the others where there is room."""
    low, high = axis.limits
    near = NEAREST_BOX * (high - low)
    places = [axis.position(p.completed_at) for p in points]
    told = [at for at, p in zip(places, points, strict=True) if _must_be_told(p)]
    spaced = far_apart(axis, [p.completed_at for p in points], NEAREST_NUMBER)
    return [
        _item_9_text(p)
        if _must_be_told(p) or (far and all(abs(at - t) >= near for t in told))
        else ""
        for at, p, far in zip(places, points, spaced, strict=True)
    ]


def _must_be_told(point: Point) -> bool:
    return bool(point.item_9) or (point.item_9 is None and point.kind != TOTAL_ONLY)


def _item_9_text(point: Point) -> str:
    if point.item_9 is None:
        return "?"
    return f"<b>{point.item_9}</b>" if point.item_9 else "0"


def _uprights(axis: Axis, moments: Sequence[datetime], row: Row, dash: str) -> dict:
    """Return lines from these marks of a narrow row down through every row below."""
    top = row.bottom + 0.2 * (row.top - row.bottom)
    line = {"color": SHADE.format(0.6), "width": 1, "dash": dash}
    return path_shape(upright_path(axis, moments, top), "paper", line)
