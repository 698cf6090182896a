"""A forest plot for paper: SVG of text, from the same lines as the page's plot."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from views.report_chart import ACCENT, INK, PALE, SOFT
from views.results.charts.outcomes import (
    AS_CITED,
    CONTROL,
    PRACTICE,
    PUBLISHED,
    Entry,
    Mark,
    Section,
)


# In points, as the page's own sizes.
WIDTH = 520
PLOT = 270
LINE, GAP, AXIS = 11.5, 5, 16
LETTERS = 7.5
LABEL_CHARACTERS = 125
MOST_LINES = 46
"""On one page; a longer section goes on in a second drawing."""

KEY = {
    PRACTICE: "diamond: the practice, with its interval",
    PUBLISHED: "circle: published, with its interval where counts or one were seen",
    CONTROL: "cross: its comparator",
    AS_CITED: "ring: as cited; no such trial was found",
}

_COLOURS = {PRACTICE: ACCENT, PUBLISHED: SOFT, CONTROL: SOFT, AS_CITED: SOFT}


def pieces(sections: Sequence[Section]) -> list[Section]:
    """Return sections that each fit a page, in the same order."""
    return [piece for section in sections for piece in _split(section)]


def _split(section: Section) -> Iterator[Section]:
    taken: list[Entry] = []
    for entry in section.entries:
        if taken and sum(map(_lines, [*taken, entry])) > MOST_LINES:
            yield replace(section, entries=tuple(taken))
            taken = []
        taken.append(entry)
    yield replace(section, entries=tuple(taken))


def _lines(entry: Entry) -> int:
    return len(_label(entry)) + len(entry.marks)


def forest_svg(section: Section) -> str:
    """Return the entries of a section over one axis from 0 to 100 %."""
    parts: list[str] = []
    y = 0.0
    for entry in section.entries:
        y += GAP
        for number, words in enumerate(_label(entry)):
            y += LINE
            parts.append(_text(0, y, words, weight="normal" if number else "bold"))
        for mark in entry.marks:
            y += LINE
            parts += _mark(mark, y)
    axis = [*_axis(y + GAP)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{y + GAP + AXIS:g}" font-family="Libertinus Serif" font-size="{LETTERS}">'
        f"{''.join([*axis, *parts])}</svg>"
    )


def key(sections: Sequence[Section]) -> str:
    """Return what the marks mean, of those that are drawn."""
    marks = [
        m for section in sections for entry in section.entries for m in entry.marks
    ]
    drawn = {mark.kind for mark in marks if mark.percent is not None}
    words = "; ".join(words for kind, words in KEY.items() if kind in drawn)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _label(entry: Entry) -> list[str]:
    return textwrap.wrap(f"{entry.name}: {entry.detail}", LABEL_CHARACTERS)


def _axis(bottom: float) -> Iterator[str]:
    for percent in range(0, 101, 20):
        x = _x(percent)
        yield _rule((x, 0), (x, bottom), PALE, 0.6)
        yield _text(x, bottom + 9, f"{percent} %", anchor="middle")
    yield _rule((_x(0), bottom), (_x(100), bottom), SOFT, 0.7)


def _mark(mark: Mark, y: float) -> Iterator[str]:
    if mark.percent is None:
        yield _text(8, y, mark.text)
        return
    colour, middle, x = _COLOURS[mark.kind], y - 2.5, _x(mark.percent)
    if mark.lower is not None and mark.upper is not None:
        ends = (_x(mark.lower), middle), (_x(mark.upper), middle)
        yield _rule(*ends, colour, 1.2)
    yield _symbol(mark.kind, x, middle, colour)
    yield _text(PLOT + 12, y, mark.text)


def _symbol(kind: str, x: float, y: float, colour: str) -> str:
    if kind == PRACTICE:
        path = f"M{x - 4:.1f} {y:.1f} l4 -4 l4 4 l-4 4 z"
        return f'<path d="{path}" fill="{colour}"/>'
    if kind == CONTROL:
        path = f"M{x - 3:.1f} {y - 3:.1f} l6 6 m-6 0 l6 -6"
        return f'<path d="{path}" stroke="{colour}" stroke-width="1.2"/>'
    fill = "white" if kind == AS_CITED else colour
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}" stroke="{colour}"/>'


def _x(percent: float) -> float:
    return 8 + (PLOT - 16) * percent / 100


def _rule(
    start: tuple[float, float], end: tuple[float, float], colour: str, width: float
) -> str:
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" '
        f'y2="{end[1]:.1f}" stroke="{colour}" stroke-width="{width}"/>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}" '
        f'font-weight="{weight}">{escape(words, quote=False)}</text>'
    )
