"""Results to charts: a forest plot of figures, and two curves by infusion.

Pure functions that return Plotly figures as dicts; text is worded elsewhere.
"""

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.comparison import Comparison, Refusal, published_share, why_not
from analysis.ever import EverCurve, Step
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion
from measures.figures import Citation, PublishedFigure
from views.charts import ACCENT, NEUTRAL, SHADE
from views.results.counts.recut import Beside, Cited
from views.results.wording import beside as beside_wording
from views.results.wording import outcomes as wording
from views.results.wording import published as published_wording
from views.results.wording.numbers import as_printed
from views.wording import lower_first, upper_first


Figure = dict[str, Any]
Result = Comparison | Refusal

RULE = SHADE.format(0.35)

PRACTICE = "Practice, counted the figure's way"
PUBLISHED = "Published"
CONTROL = "Its comparator"
AS_CITED = "As cited; no such trial found"

_SYMBOLS = {
    PRACTICE: ("diamond", ACCENT, 11),
    PUBLISHED: ("circle", NEUTRAL, 9),
    CONTROL: ("x-thin", NEUTRAL, 9),
    AS_CITED: ("circle-open", NEUTRAL, 10),
}

# Heights in pixels; the plot is as tall as what it lists.
LINE = 22
GAP = 14
HEADING = 34
ABOVE, BELOW = 56, 52
LABEL_CHARACTERS = 72
PLOT_SHARE = 0.56
"""Of the width; the rest is for the numbers beside it."""
BESIDE = PLOT_SHARE + 0.02


@dataclass(frozen=True)
class Mark:
    """One line of a forest plot: a share with its interval, or only words."""

    kind: str
    text: str
    percent: float | None = None
    """None: nothing is drawn, the words stand alone."""
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Entry:
    """A study and its lines."""

    name: str
    detail: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Section:
    """Entries under one heading."""

    heading: str
    entries: tuple[Entry, ...]


# From results to lines.

HEADINGS = {
    "cited": "Cited by the practice's article",
    "direct": "Direct: same measure, same kind of setting",
    "approximate": "Approximate: another scale or a clinician's rating",
    "negative": "Context only: trials that found no benefit over their comparator",
    "context": "Context only: not to be read against the practice's rate",
}


def in_view(beside: Beside, results: Mapping[str, Result]) -> list[Section]:
    """Return what the forest plot lists, the cited figures first."""
    cited: list[Entry] = []
    for item in beside.cited:
        if beside.unsupported(item.citation):
            cited.append(as_cited_entry(item.citation))
        cited += [cited_entry(item, results[f.code]) for f in item.figures]
    listed = {
        "cited": cited,
        "direct": [entry(results[f.code]) for f in beside.direct],
        "approximate": [entry(results[f.code]) for f in beside.approximate],
        "negative": [negative_entry(f, beside.outcome) for f in beside.negative],
    }
    return [
        Section(HEADINGS[group], tuple(entries))
        for group, entries in listed.items()
        if entries
    ]


def context(beside: Beside, results: Mapping[str, Result]) -> list[Section]:
    """Return what the separate panel lists."""
    entries = (entry(results[f.code], beside_context=True) for f in beside.context)
    return [Section(HEADINGS["context"], tuple(entries))]


def entry(result: Result, *, beside_context: bool = False) -> Entry:
    """Return the lines of one figure.

    Parameters
    ----------
    result
        The comparison, or the refusal to make one.
    beside_context
        True in the panel that is labelled as context. Elsewhere a figure that is only
        context is drawn without a practice number, and says what it is.
    """
    figure = result.figure
    detail = published_wording.scale_and_time(figure)
    only_context = figure.tier == "context"
    if only_context and not beside_context:
        detail += " (context only)"
    rate = figure.rate(result.outcome)
    if rate is None:
        return Entry(figure.study.name, detail, (_no_rate(result),))
    if why_not(figure, result.outcome) and not only_context:
        words = f"{published_wording.rate_text(rate)}; not drawn: {_reason(result)}"
        return Entry(figure.study.name, detail, (Mark(PUBLISHED, words),))
    marks = [_published(result), *_control(result)]
    if beside_context or not only_context:
        marks += _practice(result)
    return Entry(figure.study.name, detail, tuple(marks))


def cited_entry(cited: Cited, result: Result) -> Entry:
    """Return the lines of a figure that the article leads to, its verdict first."""
    (note,) = beside_wording.verdict_notes([(cited.citation, result.figure)]).values()
    lines = entry(result)
    return replace(lines, marks=(Mark(PUBLISHED, note), *lines.marks))


def negative_entry(figure: PublishedFigure, outcome: str) -> Entry:
    """Return a trial without benefit as words, for a figure that is only context."""
    rate = figure.rate(outcome)
    no_rate = beside_wording.NO_RATE_SEEN.format(outcome=outcome)
    words = published_wording.rate_text(rate) if rate else no_rate
    control = published_wording.control_text(figure, outcome)
    text = "; ".join(part for part in (words, control) if part)
    text = upper_first(text)
    detail = published_wording.scale_and_time(figure)
    return Entry(figure.study.name, detail, (Mark(PUBLISHED, text),))


def as_cited_entry(citation: Citation) -> Entry:
    """Return the practice article's rates behind which nothing was found."""
    rates = citation.rates
    return Entry(
        citation.name,
        rates.timepoint,
        (
            Mark(
                AS_CITED,
                f"{as_printed(rates.treated_percent)}, {rates.label}",
                rates.treated_percent,
            ),
            Mark(
                AS_CITED,
                f"{as_printed(rates.control_percent)} {rates.control}, as cited",
                rates.control_percent,
            ),
        ),
    )


def _no_rate(result: Result) -> Mark:
    found = beside_wording.NO_RATE_SEEN.format(outcome=result.outcome)
    negative = result.figure.negative
    words = f"{published_wording.NO_BENEFIT}; {found}" if negative else found
    return Mark(PUBLISHED, upper_first(words))


def _published(result: Result) -> Mark:
    rate = result.figure.rate(result.outcome)
    proportion = published_share(rate).proportion
    lower, upper = rate.percent_interval or (None, None)
    if proportion:
        lower, upper = 100 * proportion.lower, 100 * proportion.upper
    return Mark(
        PUBLISHED, published_wording.rate_mark(rate), rate.percent, lower, upper
    )


def _control(result: Result) -> list[Mark]:
    figure = result.figure
    rate = figure.control.rate(result.outcome) if figure.control else None
    if rate is None:
        return []
    text = published_wording.control_mark(figure, result.outcome)
    return [Mark(CONTROL, text, rate.percent)]


def _practice(result: Result) -> list[Mark]:
    if isinstance(result, Refusal):
        # A rule that cannot be counted here was not asked for; nobody measured was.
        asked = not why_not(result.figure, result.outcome)
        return [Mark(PRACTICE, f"Practice: {_reason(result)}")] if asked else []
    return [
        Mark(PRACTICE, words, *_percents(share))
        for words, share in beside_wording.practice_marks(result)
    ]


def _percents(share: Proportion | Step) -> list[float | None]:
    values = (share.estimate, share.lower, share.upper)
    return [None if value is None else 100 * value for value in values]


def _reason(refusal: Refusal) -> str:
    return lower_first(refusal.reason.rstrip("."))


# The forest plot.


@dataclass(frozen=True)
class _Placed:
    """What stands at which height, in pixels from the top."""

    headings: tuple[tuple[int, str], ...]
    labels: tuple[tuple[int, str], ...]
    marks: tuple[tuple[int, Mark], ...]
    height: int


def forest(sections: Sequence[Section], axis_title: str) -> Figure:
    """Return a forest plot: shares with intervals on one axis, numbers beside them.

    Every line carries its n, or says that it was not seen. A line without a share is
    words only. Each kind of number has a marker of its own, not only a colour.
    """
    placed = _place(sections)
    return {
        "data": [
            _marker_trace(kind, [(y, m) for y, m in placed.marks if m.kind == kind])
            for kind in _SYMBOLS
            if any(m.kind == kind and m.percent is not None for _, m in placed.marks)
        ],
        "layout": {
            "height": placed.height + ABOVE + BELOW,
            "margin": {"l": 8, "r": 8, "t": ABOVE, "b": BELOW},
            "xaxis": {
                "domain": [0, PLOT_SHARE],
                "range": [-2, 102],
                "dtick": 20,
                "ticksuffix": " %",
                "showgrid": True,
                "gridcolor": SHADE.format(0.2),
                "title": {"text": axis_title},
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [placed.height, 0],
                "visible": False,
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": _annotations(placed),
            "shapes": [_rule(y) for y, _ in placed.headings],
            "hovermode": "closest",
        },
    }


def _place(sections: Sequence[Section]) -> _Placed:
    y = 0
    headings, labels, marks = [], [], []
    for section in sections:
        y += HEADING
        headings.append((y - HEADING // 2, section.heading))
        for item in section.entries:
            y += GAP
            for label in _label(item):
                y += LINE
                labels.append((y - LINE // 2, label))
            for mark in item.marks:
                y += LINE
                marks.append((y - LINE // 2, mark))
        y += GAP
    return _Placed(tuple(headings), tuple(labels), tuple(marks), y)


def _label(item: Entry) -> list[str]:
    """Return name and detail in lines that fit a tablet; the name is in bold."""
    first, *others = textwrap.wrap(f"{item.name}  {item.detail}", LABEL_CHARACTERS)
    detail = _escaped(first.removeprefix(item.name))
    return [f"<b>{_escaped(item.name)}</b>{detail}", *map(_escaped, others)]


def _marker_trace(kind: str, marks: Sequence[tuple[int, Mark]]) -> Figure:
    symbol, colour, size = _SYMBOLS[kind]
    drawn = [(y, mark) for y, mark in marks if mark.percent is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": kind,
        "x": [mark.percent for _, mark in drawn],
        "y": [y for y, _ in drawn],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_length(mark.percent, mark.upper) for _, mark in drawn],
            "arrayminus": [_length(mark.lower, mark.percent) for _, mark in drawn],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "marker": {
            "symbol": symbol,
            "color": colour,
            "size": size,
            "line": {"color": colour, "width": 2},
        },
        "text": [mark.text for _, mark in drawn],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _length(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else end - start


def _annotations(placed: _Placed) -> list[Figure]:
    return [
        *(_words(y, f"<b>{_escaped(text)}</b>") for y, text in placed.headings),
        *(_words(y, label) for y, label in placed.labels),
        *(
            _words(y, _escaped(m.text), x=0 if m.percent is None else BESIDE)
            for y, m in placed.marks
        ),
    ]


def _words(y: float, text: str, *, x: float = 0) -> Figure:
    return {
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "y",
        "yanchor": "middle",
        "align": "left",
        "showarrow": False,
        "text": text,
        "font": {"size": 13},
    }


def _rule(y: float) -> Figure:
    below = y + HEADING // 2 - 4
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": below,
        "y1": below,
        "line": {"color": RULE, "width": 1},
    }


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


# By infusion.

NOW = "Meeting it now"
EVER = "Met it at least once (Kaplan-Meier)"
# So that two intervals at one infusion do not lie on each other.
ASIDE = 0.07
FEWEST_INFUSIONS_SHOWN = 6


def by_infusion(now: Mapping[int, OutcomeRate], ever: EverCurve) -> Figure:
    """Return two curves by infusion number, with the n of each under the axis."""
    numbers = shown_infusions(now)
    steps = wording.known_steps(now, ever)
    rates = {k: now[k].observed for k in numbers if now[k].observed}
    followed = {k: steps[k] for k in numbers if k in steps}
    return {
        "data": [
            _curve(EVER, followed, ACCENT, symbol="circle", dash="solid", aside=ASIDE),
            _curve(NOW, rates, NEUTRAL, symbol="diamond", dash="dash", aside=-ASIDE),
        ],
        "layout": {
            "height": 420,
            "margin": {"l": 118, "r": 8, "t": 44, "b": 104},
            "xaxis": {
                "tickvals": numbers,
                "range": [0.6, max(numbers, default=1) + 0.4],
                "title": {"text": "Infusion number", "standoff": 52},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [0, 102],
                "ticksuffix": " %",
                "title": {"text": "Share of courses"},
                "fixedrange": True,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "annotations": [
                *n_row("measured then", {k: now[k].measured for k in numbers}, 34),
                *n_row("not met before", _at_risk(followed, numbers), 54),
            ],
        },
    }


def shown_infusions(now: Mapping[int, OutcomeRate]) -> list[int]:
    """Return the infusion numbers up to the last one anybody was measured after."""
    measured = [number for number, rate in now.items() if rate.measured]
    last = max([FEWEST_INFUSIONS_SHOWN, *measured])
    return [number for number in sorted(now) if number <= last]


def _curve(
    name: str,
    shares: Mapping[int, Proportion | Step],
    colour: str,
    *,
    symbol: str,
    dash: str,
    aside: float,
) -> Figure:
    # A number without a share parts the line.
    numbers = range(min(shares, default=1), max(shares, default=0) + 1)
    values = [_percents(shares[k]) if k in shares else [None] * 3 for k in numbers]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [number + aside for number in numbers],
        "y": [estimate for estimate, _, _ in values],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [_length(estimate, upper) for estimate, _, upper in values],
            "arrayminus": [_length(lower, estimate) for estimate, lower, _ in values],
            "color": colour,
            "thickness": 1.5,
            "width": 4,
        },
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"symbol": symbol, "size": 9, "color": colour},
        "text": [
            f"{name}, infusion {k}: {wording.ever_text(shares.get(k))}" for k in numbers
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _at_risk(followed: Mapping[int, Step], numbers: Sequence[int]) -> dict[int, int]:
    return {k: followed[k].at_risk if k in followed else 0 for k in numbers}


def n_row(name: str, counts: Mapping[int, int], below: int) -> list[Figure]:
    """Return counts under an axis, by their place on it, in a row with a name."""
    place = {
        "y": 0,
        "yref": "paper",
        "yanchor": "middle",
        "yshift": -below,
        "showarrow": False,
        "font": {"size": 12},
    }
    heading = {"x": 0, "xref": "paper", "xanchor": "right", "text": f"n {name}"}
    return [
        {**place, **heading},
        *({**place, "x": k, "xref": "x", "text": str(n)} for k, n in counts.items()),
    ]
