"""Missing data to charts: how the missing differ, and a rate by every approach.

Pure functions that return Plotly figures as dicts; text is worded elsewhere.
"""

from collections.abc import Sequence
from typing import Any

from analysis.imputation import TooFew
from analysis.missingness import (
    OBSERVED,
    Estimate,
    MeanDifference,
    ShareDifference,
    SideBySide,
)
from views.results.charts.dots import Axis, Dot, dots, share_dot
from views.results.wording import missing as wording


Figure = dict[str, Any]


def by_approach(found: SideBySide) -> Figure:
    """Return the rate by every approach; the measured only is drawn hollow."""
    axis = Axis(
        "Share that met the criterion",
        suffix=" %",
        range=(-2, 102),
        solid="Of all who were due",
        hollow="Of the measured",
    )
    return dots([_estimate(estimate, found) for estimate in found.estimates], axis)


def _estimate(estimate: Estimate, found: SideBySide) -> Dot:
    return share_dot(
        wording.approach_name(estimate, found),
        wording.rate_words(estimate),
        None if isinstance(estimate.rate, TooFew) else estimate.rate,
        hollow=estimate.approach == OBSERVED,
    )


def mean_differences(found: Sequence[MeanDifference], unit: str) -> Figure:
    """Return how far the missing are from the measured, in one unit."""
    rows = [
        Dot(
            wording.mean_name(row),
            wording.mean_difference(row),
            row.difference,
            row.lower,
            row.upper,
        )
        for row in found
    ]
    return dots(rows, Axis(f"Missing minus measured, in {unit}", line_at=0))


def share_differences(found: Sequence[ShareDifference]) -> Figure:
    """Return how much more often the missing have each value, in percentage points."""
    rows = [
        share_dot(
            wording.share_name(row), wording.share_difference(row), row.difference
        )
        for row in found
    ]
    axis = Axis("Missing minus measured, in percentage points", line_at=0)
    return dots(rows, axis)
