"""What similar patients' scores did by the same infusion: a range, not a forecast."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from measures.registry import MEASURES


FEWEST_PATIENTS = 20
"""Below this many patients nothing is shown but how many there are."""

POINTS_EITHER_SIDE = 10
"""How far a baseline may be away where a measure has no severity bands."""


@dataclass(frozen=True)
class Expected:
    """Change from baseline after one infusion among similar patients."""

    infusion: int
    patients: int
    lower: float | None = None
    median: float | None = None
    upper: float | None = None
    """In points, 25th to 75th percentile; None where there are too few patients."""


def similar_baselines(measure: str, baseline: int) -> tuple[int, int]:
    """Return the lowest and the highest baseline of patients who are called similar.

    The same severity band, or where a measure has none 10 points either side.

    Examples
    --------
    >>> similar_baselines("phq9", 17), similar_baselines("phq9", 21)
    ((15, 19), (20, 27))
    >>> similar_baselines("pcl5", 75)
    (65, 80)
    """
    asked = MEASURES[measure]
    if not asked.severity_bands:
        highest = min(asked.highest_total, baseline + POINTS_EITHER_SIDE)
        return max(0, baseline - POINTS_EITHER_SIDE), highest
    lowest = asked.band(baseline).lowest
    above = [b.lowest - 1 for b in asked.severity_bands if b.lowest > lowest]
    return lowest, min(above, default=asked.highest_total)


def expected_changes(rows: Iterable[tuple[int, int, int]]) -> dict[int, Expected]:
    """Return what is to be shown after each infusion that somebody was measured after.

    Parameters
    ----------
    rows
        Infusion number, change in points, and how many patients had it.
    """
    found: dict[int, list[int]] = {}
    for number, change, patients in rows:
        found.setdefault(number, []).extend([change] * patients)
    return {number: _expected(number, found[number]) for number in sorted(found)}


def _expected(number: int, changes: list[int]) -> Expected:
    if len(changes) < FEWEST_PATIENTS:
        return Expected(number, len(changes))
    lower, median, upper = (float(q) for q in np.percentile(changes, (25, 50, 75)))
    return Expected(number, len(changes), lower, median, upper)
