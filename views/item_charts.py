"""Item by item over time: PCL-5 clusters above each other, and every answer at once.

Figures are plain dictionaries and tables are rows; nothing of Streamlit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from textwrap import wrap

from analysis.trajectory import Point, Stream, Trajectory
from measures.definition import Domain, Measure
from measures.registry import MEASURES
from measures.scoring import Answers, Score, domain_score
from views import wording
from views.chart_axes import Axis, upright_path
from views.chart_parts import (
    ACCENT,
    DASHES,
    HOVER_LABEL,
    NOTICE,
    SHADE,
    SMALL,
    SYMBOLS,
    TINT,
    Row,
    base_layout,
    path_shape,
    stack,
)
from views.chart_wording import HOVER_WIDTH
from views.charts import InfusionMark


CLUSTER_PIXELS = 104
ITEM_PIXELS = 22
HEAT_MARGIN = {"l": 158, "r": 28, "b": 8}
HEAD_PIXELS = 40
LINE_PIXELS = 16
CLUSTER_RIGHT = 24

# With more columns the digits no longer fit on a tablet, with more names the dates.
MOST_COLUMNS = 20
MOST_NAMES = 6
CHANGE_SHARE = 0.1

UNANSWERED = "×"
NOT_KNOWN = "?"


@dataclass(frozen=True)
class AnsweredForm:
    """A form whose answers are known, with its place on the trajectory."""

    point: Point
    answers: Answers


def answered_forms(
    points: Sequence[Point], answers: Mapping[int, Answers | None]
) -> list[AnsweredForm]:
    """Return the forms whose answers are known, in the order of the points.

    Parameters
    ----------
    points
        Of one measure.
    answers
        By the form's id; None where only a total was received.
    """
    return [AnsweredForm(p, answers[p.id]) for p in points if answers[p.id] is not None]


def cluster_figure(
    trajectory: Trajectory,
    forms: Sequence[AnsweredForm],
    infusions: Sequence[InfusionMark],
    axis: Axis,
) -> dict:
    """Return a small plot per domain of a measure, above one axis.

    Each has its own range. A line joins totals on one recall window; a domain with an
    unanswered item is the range of its possible totals.

    Parameters
    ----------
    trajectory
        Of a measure with domains.
    forms
        Its forms whose answers are known.
    infusions
        Of the same course.
    axis
        What lies from left to right.
    """
    measure = MEASURES[trajectory.measure]
    height, rows = stack([(domain.code, CLUSTER_PIXELS) for domain in measure.domains])
    legend = len(trajectory.streams) > 1
    layout = base_layout(height, axis.layout(), legend=legend)
    layout["margin"] = layout["margin"] | {"r": CLUSTER_RIGHT}
    line = {"color": SHADE.format(0.4), "width": 1, "dash": "dot"}
    layout["shapes"].append(
        path_shape(upright_path(axis, [i.at for i in infusions], 1), "paper", line)
    )
    figure = {"data": [], "layout": layout}
    for domain in measure.domains:
        row = rows[domain.code]
        layout[row.key] = _cluster_axis(measure, domain, row)
        layout["annotations"].append(_cluster_name(domain, row))
        for stream in trajectory.streams:
            mine = [f for f in forms if f.point.recall_window == stream.recall_window]
            figure["data"] += _cluster_traces(stream, domain, mine, row, axis)
    first = measure.domains[0].code
    for trace in figure["data"]:
        trace["showlegend"] = legend and trace["meta"] == first
    return figure


def _cluster_axis(measure: Measure, domain: Domain, row: Row) -> dict:
    highest = len(domain.items) * measure.highest_answer
    return {
        "domain": [row.bottom, row.top],
        "range": [-0.06 * highest, 1.34 * highest],
        "fixedrange": True,
        "tickvals": [0, highest // 2, highest],
        "showgrid": True,
        "gridcolor": SHADE.format(0.2),
        "zeroline": False,
    }


def _cluster_name(domain: Domain, row: Row) -> dict:
    first, last = domain.items[0], domain.items[-1]
    return {
        "text": f"<b>{domain.code}</b> {escape(domain.name)}, items {first}–{last}, "
        f"{wording.LOWER_IS_BETTER}",
        "showarrow": False,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "xshift": 4,
        "yref": "paper",
        "y": row.top,
        "yanchor": "top",
        "font": SMALL,
    }


def _cluster_traces(
    stream: Stream,
    domain: Domain,
    forms: Sequence[AnsweredForm],
    row: Row,
    axis: Axis,
) -> Iterator[dict]:
    measure = MEASURES[stream.measure]
    order = [w.code for w in measure.recall_windows].index(stream.recall_window)
    scored = [(f.point, domain_score(measure, domain, f.answers)) for f in forms]
    usual = {
        "type": "scatter",
        "yaxis": row.axis,
        "legendgroup": stream.recall_window,
        "meta": domain.code,
        "hoverinfo": "text",
    }
    whole = [(p, s) for p, s in scored if s.complete]
    if whole:
        yield usual | {
            "name": wording.window_name(measure.code, stream.recall_window),
            "mode": "lines+markers",
            "x": [axis.x(p.completed_at) for p, _ in whole],
            "y": [s.total for _, s in whole],
            "hovertext": [_cluster_hover(domain, p, s) for p, s in whole],
            "line": {"color": ACCENT, "width": 2, "dash": DASHES[order]},
            "marker": {"symbol": SYMBOLS[order], "size": 7, "color": ACCENT},
        }
    partial = [(p, s) for p, s in scored if not s.complete]
    if partial:
        yield usual | _ranges_trace(domain, partial, axis, order)


def _ranges_trace(
    domain: Domain, partial: Sequence[tuple[Point, Score]], axis: Axis, order: int
) -> dict:
    """Draw each range from end to end; gaps keep one form apart from the next."""
    return {
        "name": f"{domain.code}, incomplete",
        "mode": "lines+markers",
        "x": [x for p, _ in partial for x in (*[axis.x(p.completed_at)] * 2, None)],
        "y": [y for _, s in partial for y in (s.lowest, s.highest, None)],
        "hovertext": [_cluster_hover(domain, p, s) for p, s in partial for _ in "123"],
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 1.5, "dash": "dot"},
        "marker": {"symbol": f"{SYMBOLS[order]}-open", "size": 7, "color": ACCENT},
    }


def _cluster_hover(domain: Domain, point: Point, found: Score) -> str:
    lines = [
        f"{domain.code} {escape(domain.name)}: {score_text(found)}"
        f"{wording.window_words(point)}",
        wording.moment_words(point.completed_at, time_known=point.time_known),
        wording.place_words(point.place),
    ]
    return "<br>".join(lines)


def score_text(found: Score) -> str:
    """Return a total, or the range it must lie in.

    Examples
    --------
    >>> score_text(Score(answered=5, asked=5, lowest=9, highest=9))
    '9'
    >>> score_text(Score(answered=4, asked=5, lowest=9, highest=13))
    '9 to 13 possible (4 of 5 answered)'
    """
    if found.complete:
        return f"{found.total}"
    return (
        f"{found.lowest} to {found.highest} possible "
        f"({found.answered} of {found.asked} answered)"
    )


def cluster_rows(
    trajectory: Trajectory, forms: Sequence[AnsweredForm]
) -> list[dict[str, str]]:
    """Return the clusters' numbers as a table, the latest form first."""
    measure = MEASURES[trajectory.measure]
    rows = []
    for form in reversed(forms):
        row = {
            "Completed": wording.moment_words(
                form.point.completed_at, time_known=form.point.time_known
            ),
            "Recall window": wording.window_name(
                measure.code, form.point.recall_window
            ),
            "Place": wording.place_words(form.point.place),
        }
        for domain in measure.domains:
            found = domain_score(measure, domain, form.answers)
            row[f"{domain.code} {domain.name}"] = score_text(found)
        row["Marks"] = "baseline" if form.point.is_baseline else ""
        rows.append(row)
    return rows


def columns_shown(forms: Sequence[AnsweredForm]) -> list[AnsweredForm]:
    """Return the forms that have a column: all, or the baselines and the latest."""
    if len(forms) <= MOST_COLUMNS:
        return list(forms)
    baselines = [form for form in forms if form.point.is_baseline]
    latest = forms[-(MOST_COLUMNS - len(baselines)) :]
    return [form for form in forms if form in baselines or form in latest]


@dataclass(frozen=True)
class ItemChange:
    """One item at baseline and on the latest form; None: not answered."""

    at_baseline: int | None
    latest: int | None

    @property
    def text(self) -> str:
        """The change in points, or that it is not known."""
        if self.at_baseline is None or self.latest is None:
            return NOT_KNOWN
        return wording.signed(self.latest - self.at_baseline)


def item_changes(forms: Sequence[AnsweredForm]) -> list[ItemChange] | None:
    """Return the change of each item from baseline to the latest form.

    Only forms on one recall window are compared. None where the latest one's window
    has no baseline with answers, or where the latest form is that baseline.
    """
    if not forms:
        return None
    latest = forms[-1]
    window = latest.point.recall_window
    baseline = next(
        (f for f in forms if f.point.is_baseline and f.point.recall_window == window),
        None,
    )
    if baseline is None or baseline.point.id == latest.point.id:
        return None
    pairs = zip(baseline.answers, latest.answers, strict=True)
    return [ItemChange(before, now) for before, now in pairs]


def heat_figure(measure: Measure, forms: Sequence[AnsweredForm]) -> dict:
    """Return every answer of some forms: items down, forms from left to right.

    Each answer is a number in a cell whose tint grows with it. A cell without an
    answer is empty and crossed. The last column is the change since baseline.

    Parameters
    ----------
    measure
        What was asked.
    forms
        In order, at least one; each gets a column of the same width.
    """
    changes = item_changes(forms)
    columns = list(range(len(forms)))
    top = HEAD_PIXELS + LINE_PIXELS * _several_windows(forms)
    return {
        "data": [
            _cells(measure, forms, columns),
            _crosses(forms, columns),
            *([_change_column(measure, changes, len(forms))] if changes else []),
        ],
        "layout": {
            "height": ITEM_PIXELS * len(measure.items) + top + HEAT_MARGIN["b"],
            "margin": HEAT_MARGIN | {"t": top},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": HOVER_LABEL,
            "dragmode": False,
            "shapes": list(_boxes(measure, forms)),
            "xaxis": _column_axis(forms, with_change=changes is not None),
            "yaxis": _item_axis(measure),
        },
    }


def _cells(
    measure: Measure, forms: Sequence[AnsweredForm], columns: Sequence[int]
) -> dict:
    numbers = range(len(measure.items))
    return {
        "type": "heatmap",
        "name": "answers",
        "x": list(columns),
        "y": [item.number for item in measure.items],
        "z": [[form.answers[n] for form in forms] for n in numbers],
        "text": [[_digit(form.answers[n]) for form in forms] for n in numbers],
        "texttemplate": "%{text}",
        "hovertext": [
            [_cell_hover(measure, n, form) for form in forms] for n in numbers
        ],
        "hoverinfo": "text",
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "zmin": 0,
        "zmax": measure.highest_answer,
        "colorscale": [[0, TINT.format(0.06)], [1, TINT.format(0.62)]],
        "showscale": False,
    }


def _digit(answer: int | None) -> str:
    return "" if answer is None else f"{answer}"


def _cell_hover(measure: Measure, index: int, form: AnsweredForm) -> str:
    item, answer = measure.items[index], form.answers[index]
    said = (
        "not answered"
        if answer is None
        else f"{answer}, {wording.answer_text(measure, answer)}"
    )
    point = form.point
    return "<br>".join(
        [
            f"<b>{item.number} {escape(item.label)}: {escape(said)}</b>",
            *_wrapped(item.text),
            f"{wording.moment_words(point.completed_at, time_known=point.time_known)}"
            f"{wording.window_words(point)}, {wording.place_words(point.place)}",
        ]
    )


def _crosses(forms: Sequence[AnsweredForm], columns: Sequence[int]) -> dict:
    """Mark each unanswered cell, and say so over it."""
    empty = [
        (column, index + 1, form)
        for column, form in zip(columns, forms, strict=True)
        for index, answer in enumerate(form.answers)
        if answer is None
    ]
    return {
        "type": "scatter",
        "name": "not answered",
        "mode": "text",
        "x": [column for column, _, _ in empty],
        "y": [number for _, number, _ in empty],
        "text": [UNANSWERED] * len(empty),
        "hovertext": [
            _cell_hover(MEASURES[form.point.measure], number - 1, form)
            for _, number, form in empty
        ],
        "hoverinfo": "text",
    }


def _change_column(
    measure: Measure, changes: Sequence[ItemChange], columns: int
) -> dict:
    return {
        "type": "scatter",
        "name": "change since baseline",
        "mode": "text",
        "x": [_change_at(columns)] * len(changes),
        "y": [item.number for item in measure.items],
        "text": [f"<b>{change.text}</b>" for change in changes],
        "hovertext": [
            _change_hover(item.label, change)
            for item, change in zip(measure.items, changes, strict=True)
        ],
        "hoverinfo": "text",
    }


def _change_hover(label: str, change: ItemChange) -> str:
    before = "not answered" if change.at_baseline is None else f"{change.at_baseline}"
    now = "not answered" if change.latest is None else f"{change.latest}"
    return f"{escape(label)}: baseline {before}, latest {now}"


def _boxes(measure: Measure, forms: Sequence[AnsweredForm]) -> Iterator[dict]:
    """Draw a box round each answer of 1 or more to the item about suicide."""
    number = measure.suicide_item
    if number is None:
        return
    for column, form in enumerate(forms):
        if form.answers[number - 1]:
            yield {
                "type": "rect",
                "x0": column - 0.44,
                "x1": column + 0.44,
                "y0": number - 0.44,
                "y1": number + 0.44,
                "line": {"color": NOTICE, "width": 2},
            }


def _column_axis(forms: Sequence[AnsweredForm], *, with_change: bool) -> dict:
    named = [n for n, form in enumerate(forms) if form.point.is_baseline]
    if with_change:
        named.append(_change_at(len(forms)))
    ticks = [tick for tick in _ticks(len(forms), named) if tick < len(forms)]
    several = _several_windows(forms)
    names = [_column_name(forms[column], windows=several) for column in ticks]
    width = _change_width(len(forms)) if with_change else 0
    if with_change:
        ticks = [*ticks, _change_at(len(forms))]
        names = [*names, "since<br>baseline"]
    return {
        "side": "top",
        "range": [-0.5, len(forms) - 0.5 + width],
        "fixedrange": True,
        "tickvals": ticks,
        "ticktext": names,
        "tickangle": 0,
        "tickfont": SMALL,
        "showgrid": False,
        "zeroline": False,
    }


def _several_windows(forms: Sequence[AnsweredForm]) -> bool:
    return len({form.point.recall_window for form in forms}) > 1


def _change_width(columns: int) -> float:
    return max(1.0, CHANGE_SHARE * columns)


def _change_at(columns: int) -> float:
    return columns - 0.5 + _change_width(columns) / 2


def _ticks(columns: int, first: Sequence[float]) -> list[float]:
    """Return where there are names: first at these places, then others well apart."""
    step = ceil(columns / MOST_NAMES)
    named = []
    for place in (*first, *range(columns - 1, -1, -step)):
        if all(abs(place - other) >= step for other in named):
            named.append(place)
    return sorted(named)


def _column_name(form: AnsweredForm, *, windows: bool) -> str:
    day = form.point.completed_at
    lines = [f"{day:%-d %b}", f"{day:%Y}"]
    if form.point.is_baseline:
        lines = ["<b>baseline</b>", f"{day:%-d %b %y}"]
    if windows:
        window = wording.window_name(form.point.measure, form.point.recall_window)
        lines.append(window.removeprefix("past "))
    return "<br>".join(lines)


def _item_axis(measure: Measure) -> dict:
    """Name the items from top to bottom; the one about suicide in bold."""
    names = [f"{item.number} {escape(item.label)}" for item in measure.items]
    return {
        "range": [len(names) + 0.5, 0.5],
        "fixedrange": True,
        "tickvals": [item.number for item in measure.items],
        "ticktext": [
            f"<b>{name}</b>" if number == measure.suicide_item else name
            for number, name in enumerate(names, start=1)
        ],
        "tickfont": SMALL,
        "showgrid": False,
        "zeroline": False,
    }


def _wrapped(text: str) -> list[str]:
    return [escape(line) for line in wrap(text, HOVER_WIDTH)]


def item_table(measure: Measure, forms: Sequence[AnsweredForm]) -> list[dict[str, str]]:
    """Return the same answers as a table: an item per row, the latest form first."""
    changes = item_changes(forms)
    rows = []
    for index, item in enumerate(measure.items):
        row = {"Item": f"{item.number} {item.label}"}
        if changes:
            change = changes[index].text
            row["Change since baseline"] = (
                "not known" if change == NOT_KNOWN else change
            )
        for form in reversed(forms):
            answer = form.answers[index]
            row[_row_name(form)] = "not answered" if answer is None else f"{answer}"
        rows.append(row)
    return rows


def _row_name(form: AnsweredForm) -> str:
    point = form.point
    when = wording.moment_words(point.completed_at, time_known=point.time_known)
    baseline = ", baseline" if point.is_baseline else ""
    return f"{when}{wording.window_words(point)}{baseline}"
