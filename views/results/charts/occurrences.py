"""Shares below each other on one axis, as dots with intervals.

A pure function that returns a Plotly figure as a dict; text is worded elsewhere.
"""

from collections.abc import Iterable
from math import ceil
from typing import Any

from analysis.proportions import Proportion
from views.results.charts.dots import Axis, Dot, dots
from views.results.wording.numbers import NO_DATA
from views.results.wording.occurrences import share_words


Figure = dict[str, Any]

LEAST_PERCENT = 20
"""The axis ends at 100 %, or earlier where nothing lies there; never before this."""

# Of the axis, so that a dot at either end of it is whole.
BEFORE, AFTER = 0.05, 0.03


def shares(named: Iterable[tuple[str, Proportion | None]], title: str) -> Figure:
    """Return one line per share; where there is none, only words.

    Parameters
    ----------
    named
        Each with its name; at least one.
    title
        Of the axis: what the shares are of.
    """
    drawn = [_dot(name, share) for name, share in named]
    highest = max((row.upper for row in drawn if row.upper is not None), default=100)
    end = min(100, max(LEAST_PERCENT, 10 * ceil(highest / 10)))
    return dots(drawn, Axis(title, " %", (-BEFORE * end, (1 + AFTER) * end)))


def _dot(name: str, share: Proportion | None) -> Dot:
    if share is None:
        return Dot(name, NO_DATA)
    return Dot(
        name,
        share_words(share),
        100 * share.estimate,
        100 * share.lower,
        100 * share.upper,
    )
