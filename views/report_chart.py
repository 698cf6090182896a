"""A course drawn for paper: an SVG of text, from the results of the analysis.

Nothing that somebody typed is in it: numbers, dates and words of our own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil

from analysis.trajectory import (
    INCOMPLETE,
    TOTAL_ONLY,
    Infusion,
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


# In points, as the page's own sizes.
WIDTH = 520
LEFT, RIGHT = 118, 100
STRIP, AXIS, GAP = 20, 16, 14
PANEL, ONLY_PANEL = 92, 150
LETTERS = 7.5

INK = "#1d2327"
SOFT = "#5a636a"
PALE = "#e4e7e9"
BAR = "#c3c9cd"
ACCENT = "#0e6e7a"

# One dash per recall window of a measure, in the measure's order.
DASHES = ("", "5 2.5", "1.5 2.5")
DASH_WORDS = ("solid", "dashed", "dotted")

NEAREST_NUMBER = 8
NEAREST_LINE = 9
MOST_DATES = 8
MONTHS_BETWEEN = (1, 2, 3, 6, 12, 24, 60)
DAYS_BETWEEN = (1, 2, 7, 14)

_At = tuple[float, float]


@dataclass(frozen=True)
class _Scale:
    """Where a moment lies across the drawing."""

    start: datetime
    end: datetime

    def __call__(self, moment: datetime) -> float:
        share = (_plain(moment) - self.start) / (self.end - self.start)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


@dataclass(frozen=True)
class _Panel:
    """Where a total lies in the panel of its measure."""

    measure: Measure
    top: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def __call__(self, total: float) -> float:
        return self.bottom - self.height * total / self.measure.highest_total


def course_svg(
    trajectories: Sequence[Trajectory], infusions: Sequence[Infusion], induction: int
) -> str:
    """Return one course: a panel per measure above one true time axis.

    Parameters
    ----------
    trajectories
        At least one, in the order of the panels.
    infusions
        Of the same course.
    induction
        How many of them are induction; the later ones are drawn hollow.
    """
    scale = _scale(trajectories, infusions)
    height = ONLY_PANEL if len(trajectories) == 1 else PANEL
    panels = [
        _Panel(MEASURES[trajectory.measure], STRIP + n * (height + GAP), height)
        for n, trajectory in enumerate(trajectories)
    ]
    bottom = panels[-1].bottom
    parts = []
    for panel, trajectory in zip(panels, trajectories, strict=True):
        parts += [*_frame(panel), *_limits(panel, trajectory)]
    parts += [*_infusions(infusions, induction, scale, bottom), *_dates(scale, bottom)]
    for panel, trajectory in zip(panels, trajectories, strict=True):
        parts += _drawn(panel, trajectory, scale)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{bottom + AXIS:g}" font-family="Libertinus Serif" font-size="{LETTERS}">'
        f"{''.join(parts)}</svg>"
    )


def chart_key(trajectories: Sequence[Trajectory], maintenance: bool) -> str:
    """Return what the marks mean, of those that the drawing has."""
    points = [point for t in trajectories for point in t.points]
    key = (
        ("filled triangle: infusion", any(point.place for point in points)),
        ("hollow triangle: maintenance infusion", maintenance),
        ("ring: baseline", any(point.is_baseline for point in points)),
        (
            "grey bar: days asked about that reach back over an infusion",
            any(point.overlaps for point in points),
        ),
        (
            "upright line: incomplete, the total lies within",
            any(point.total is None for point in points),
        ),
        ("cross: only a total received", any(p.kind == TOTAL_ONLY for p in points)),
    )
    words = [words for words, used in key if used]
    words += [line for t in trajectories for line in _line_words(t)]
    marks = "; ".join([wording.LOWER_IS_BETTER, *words])
    return f"{marks[0].upper()}{marks[1:]}."


def _line_words(trajectory: Trajectory) -> Iterator[str]:
    """Say which line is which recall window, where there are several."""
    if len(trajectory.streams) < 2:
        return
    measure = MEASURES[trajectory.measure]
    for stream in trajectory.streams:
        name = wording.window_name(measure.code, stream.recall_window)
        yield f"{DASH_WORDS[_window_number(stream)]} line: {measure.name}, {name}"


def date_ticks(start: datetime, end: datetime) -> list[date]:
    """Return at most eight days to write under the axis, evenly apart.

    Examples
    --------
    >>> ticks = date_ticks(datetime(2026, 1, 10), datetime(2026, 6, 2))
    >>> [str(day) for day in ticks][:3]
    ['2026-02-01', '2026-03-01', '2026-04-01']
    """
    for days in DAYS_BETWEEN:
        found = _every_days(start, end, days)
        if len(found) <= MOST_DATES:
            return found
    return next(
        found
        for months in MONTHS_BETWEEN
        if len(found := _every_months(start, end, months)) <= MOST_DATES
    )


def _every_days(start: datetime, end: datetime, days: int) -> list[date]:
    first = start.date() + timedelta(days=1)
    count = max(0, (end.date() - first).days // days + 1)
    return [first + timedelta(days=days * n) for n in range(count)]


def _every_months(start: datetime, end: datetime, months: int) -> list[date]:
    first, last = start.year * 12 + start.month, end.year * 12 + end.month - 1
    numbers = range(ceil(first / months) * months, last + 1, months)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _plain(moment: datetime) -> datetime:
    """Return the moment on the clock where it was recorded."""
    return moment.replace(tzinfo=None)


def _scale(trajectories: Sequence[Trajectory], infusions: Sequence[Infusion]) -> _Scale:
    moments = [_plain(p.completed_at) for t in trajectories for p in t.points]
    moments += [_plain(infusion.facts.started_at) for infusion in infusions]
    first, last = min(moments), max(moments)
    span = max(last - first, timedelta(days=7))
    return _Scale(first - 0.08 * span, last + 0.05 * span)


def _frame(panel: _Panel) -> Iterator[str]:
    """Draw the axis of a measure: its severity bands in words, and which way is up."""
    measure = panel.measure
    for low, high, name in _ranges(measure):
        yield _line((LEFT, panel(low)), (WIDTH - RIGHT, panel(low)), PALE)
        yield _text(LEFT - 20, (panel(low) + panel(high)) / 2, name, anchor="end")
    if measure.code == PCL5.code:
        low, high = (panel(total) for total in PCL5_CUT_POINTS)
        yield (
            f'<rect x="{LEFT}" y="{high:.1f}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{low - high:.1f}" fill="{PALE}"/>'
        )
        yield from _words_beside(panel)
    for total in _totals_on_axis(measure):
        yield _text(LEFT - 5, panel(total), f"{total}", anchor="end")
    yield _line((LEFT, panel.top), (LEFT, panel.bottom), SOFT)
    yield _line((LEFT, panel.bottom), (WIDTH - RIGHT, panel.bottom), SOFT)
    middle = (panel.top + panel.bottom) / 2
    # Turned, the arrow points down.
    for x, words, weight in (
        (6, f"{measure.name} total", "bold"),
        (17, f"← {wording.LOWER_IS_BETTER}", "normal"),
    ):
        yield (
            f'<text x="0" y="0" transform="translate({x} {middle:.1f}) rotate(-90)" '
            f'text-anchor="middle" dominant-baseline="central" fill="{INK}" '
            f'font-weight="{weight}">{words}</text>'
        )


def _words_beside(panel: _Panel) -> Iterator[str]:
    first, *rest = wording.cut_points_lines()
    middle = panel(sum(PCL5_CUT_POINTS) / 2)
    lines = (f"{first} {rest[0]}", *rest[1:])
    for number, line in enumerate(lines):
        y = middle + (number - (len(lines) - 1) / 2) * LETTERS
        yield _text(LEFT - 20, y, line, anchor="end")


def _ranges(measure: Measure) -> list[tuple[int, int, str]]:
    bands = measure.severity_bands
    ends = [*(band.lowest for band in bands[1:]), measure.highest_total]
    return [(b.lowest, end, b.name) for b, end in zip(bands, ends, strict=bool(bands))]


def _totals_on_axis(measure: Measure) -> list[int]:
    if measure.severity_bands:
        return [
            *(band.lowest for band in measure.severity_bands),
            measure.highest_total,
        ]
    return list(range(0, measure.highest_total + 1, 20))


def _limits(panel: _Panel, trajectory: Trajectory) -> Iterator[str]:
    """Draw the patient's own response line and the remission line, with their words."""
    lines = _limit_lines(trajectory)
    heights = _apart([panel(limit) for limit, _, _ in lines])
    for (limit, words, dash), y in zip(lines, heights, strict=True):
        yield _line((LEFT, panel(limit)), (WIDTH - RIGHT, panel(limit)), ACCENT, dash)
        yield _text(WIDTH - RIGHT + 5, y, words, colour=ACCENT)


def _limit_lines(trajectory: Trajectory) -> list[tuple[int, str, str]]:
    stream = trajectory.current
    remission, response = remission_limit(stream.measure), stream.response_limit
    lines = [
        (remission, wording.limit_words(stream.measure, "remission", remission), "1 2")
    ]
    if response is not None:
        words = wording.limit_words(stream.measure, "response", response)
        lines.append((response, words, "4 2"))
    return sorted(lines, reverse=True)


def _apart(heights: Sequence[float]) -> list[float]:
    """Return where words go, from top to bottom, so that they do not meet."""
    if len(heights) < 2 or heights[1] - heights[0] >= NEAREST_LINE:
        return list(heights)
    middle = sum(heights) / 2
    return [middle - NEAREST_LINE / 2, middle + NEAREST_LINE / 2]


def _infusions(
    infusions: Sequence[Infusion], induction: int, scale: _Scale, bottom: float
) -> Iterator[str]:
    written = float("-inf")
    for infusion in infusions:
        x = scale(infusion.facts.started_at)
        fill = "white" if infusion.number > induction else SOFT
        yield _line((x, STRIP), (x, bottom), BAR, "1 2")
        yield (
            f'<path d="M{x - 3:.1f} {STRIP - 8} h6 l-3 6 z" fill="{fill}" '
            f'stroke="{SOFT}" stroke-width="0.7"/>'
        )
        if x - written >= NEAREST_NUMBER:
            yield _text(x, STRIP - 13, f"{infusion.number}", anchor="middle")
            written = x
    if infusions:
        yield _text(LEFT - 5, STRIP - 8, "infusions", anchor="end")


def _dates(scale: _Scale, bottom: float) -> Iterator[str]:
    years = set()
    for day in date_ticks(scale.start, scale.end):
        x = scale(datetime.combine(day, datetime.min.time()))
        year = "" if day.year in years else f" {day.year}"
        years.add(day.year)
        yield _line((x, bottom), (x, bottom + 3), SOFT)
        yield _text(x, bottom + 10, f"{day.day} {day:%b}{year}", anchor="middle")


def _drawn(panel: _Panel, trajectory: Trajectory, scale: _Scale) -> Iterator[str]:
    for stream in trajectory.streams:
        yield from _tails(panel, stream, scale)
        yield from _lines(panel, stream, scale)
        for point in stream.points:
            yield from _mark(panel, point, scale)
    yield from _numbers(panel, trajectory, scale)


def _tails(panel: _Panel, stream: Stream, scale: _Scale) -> Iterator[str]:
    """Draw behind a point which days it asked about, where they cross an infusion."""
    window = panel.measure.recall_window(stream.recall_window)
    for point in stream.totals:
        if point.overlaps is None:
            continue
        start = scale(point.completed_at - timedelta(days=window.days))
        y = panel(point.total)
        x = max(LEFT, start)
        yield (
            f'<rect x="{x:.1f}" y="{y - 1.2:.1f}" '
            f'width="{scale(point.completed_at) - x:.1f}" height="2.4" fill="{BAR}"/>'
        )


def _lines(panel: _Panel, stream: Stream, scale: _Scale) -> Iterator[str]:
    dash = DASHES[_window_number(stream)]
    for earlier, later in pairwise(stream.totals):
        yield _line(
            (scale(earlier.completed_at), panel(earlier.total)),
            (scale(later.completed_at), panel(later.total)),
            INK,
            dash,
        )


def _window_number(stream: Stream) -> int:
    windows = MEASURES[stream.measure].recall_windows
    return [window.code for window in windows].index(stream.recall_window)


def _mark(panel: _Panel, point: Point, scale: _Scale) -> Iterator[str]:
    x = scale(point.completed_at)
    if point.kind == INCOMPLETE:
        low, high = panel(point.lowest), panel(point.highest)
        yield _line((x, low), (x, high), INK)
        yield _line((x - 2, low), (x + 2, low), INK)
        yield _line((x - 2, high), (x + 2, high), INK)
        return
    y = panel(point.total)
    if point.kind == TOTAL_ONLY:
        yield _line((x - 2.4, y - 2.4), (x + 2.4, y + 2.4), INK)
        yield _line((x - 2.4, y + 2.4), (x + 2.4, y - 2.4), INK)
    else:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{INK}"/>'
    if point.is_baseline:
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" fill="none" stroke="{INK}" '
            'stroke-width="0.8"/>'
        )


def _numbers(panel: _Panel, trajectory: Trajectory, scale: _Scale) -> Iterator[str]:
    """Write the totals that are asked for first: the baseline and the latest."""
    baseline = trajectory.current.baseline
    totals = trajectory.current.totals
    if baseline:
        yield _number(panel, baseline, scale, dx=-7, anchor="end")
    if totals and totals[-1] != baseline:
        yield _number(panel, totals[-1], scale, dx=5, anchor="start")


def _number(
    panel: _Panel, point: Point, scale: _Scale, *, dx: float, anchor: str
) -> str:
    x, y = scale(point.completed_at) + dx, panel(point.total)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}" '
        f'stroke="white" stroke-width="2" paint-order="stroke" '
        f'dominant-baseline="central" font-weight="bold">{point.total}</text>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'dominant-baseline="central">{words}</text>'
    )


def _line(start: _At, end: _At, colour: str, dash: str = "") -> str:
    (x1, y1), (x2, y2) = start, end
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="0.8"{dashes}/>'
    )
