"""Which criteria imply, and which exclude, each other: what a reader may know."""

import numpy as np

from measures.criteria import Criterion
from measures.registry import MEASURES


def implies(one: Criterion, other: Criterion, *, eligible_at_least: int) -> bool:
    """Return whether who meets one criterion always meets the other too.

    Every baseline that counts is tried with every later total.

    Parameters
    ----------
    one, other
        Of the same measure.
    eligible_at_least
        Lowest baseline that counts, in points.

    Examples
    --------
    >>> from measures.registry import CRITERIA
    >>> remission = CRITERIA["phq9_remission_lt5"]
    >>> response = CRITERIA["phq9_response_50"]
    >>> implies(remission, response, eligible_at_least=10)
    True
    >>> implies(remission, response, eligible_at_least=7)
    False
    """
    met, other_met = _met(one, other, eligible_at_least)
    return not np.any(met & ~other_met)


def exclude(one: Criterion, other: Criterion, *, eligible_at_least: int) -> bool:
    """Return whether nobody can meet both criteria.

    Parameters
    ----------
    one, other, eligible_at_least
        As for `implies`.
    """
    met, other_met = _met(one, other, eligible_at_least)
    return not np.any(met & other_met)


def _met(
    one: Criterion, other: Criterion, eligible_at_least: int
) -> tuple[np.ndarray, np.ndarray]:
    highest = MEASURES[one.measure].highest_total
    baseline = np.arange(eligible_at_least, highest + 1)[:, np.newaxis]
    total = np.arange(highest + 1)[np.newaxis, :]
    return one.met(baseline, total), other.met(baseline, total)
