"""Boosters in words: how many were given, and how far apart."""

import pandas as pd

from analysis.durability import BoosterIntervals, Quartiles, TooFew
from analysis.suppression import Layout
from views.results.wording.numbers import DASH, NO_DATA, counted, dates, was_were


FIRST_BOOSTER = "From the last induction infusion to the first booster"
NEXT_BOOSTER = "From one booster to the next"
ONLY_ENDED = (
    "A booster is any infusion after the last of induction. Only intervals that ended "
    "are known: who still waits is not in them, so short ones are over-represented. A "
    "course with many boosters counts many times."
)
STAMP = {"Booster": "Any infusion after the last of induction."}
LAYOUT = Layout(
    counts=("n",), derived={name: ("n",) for name in ("Lower", "Median", "Upper")}
)


def sentence(intervals: BoosterIntervals) -> str:
    """Return how many were given boosters, and how far apart."""
    given = (
        f"{intervals.boosted} of the {counted(intervals.courses, 'course')} with an "
        f"induction {was_were(intervals.boosted)} given a booster"
    )
    parts = (
        ("the first came {} after the last induction infusion", intervals.first),
        ("later ones came {} after the one before", intervals.between),
    )
    said = [
        words.format(f"a median of {_days(quartiles)}")
        for words, quartiles in parts
        if isinstance(quartiles, Quartiles)
    ]
    return "; ".join((given, *said)) + "."


def rows(intervals: BoosterIntervals) -> list[dict[str, str]]:
    """Return the quartiles of the intervals, for a table."""
    return [
        {
            "Interval": name,
            "n": str(_n(quartiles)),
            "Median": _of(quartiles, "median"),
            "Middle half": _middle_half(quartiles),
        }
        for name, quartiles in _named(intervals)
    ]


def course_table(boosters: pd.DataFrame) -> pd.DataFrame:
    """Return boosters as the rows behind a number.

    Parameters
    ----------
    boosters
        As `views.results.counts.durability.boosters_behind` returns them.
    """
    return pd.DataFrame(
        {
            "patient_id": boosters["patient_id"].tolist(),
            "Infusion 1": dates(boosters["first_day"]),
            "Booster": boosters["number"].tolist(),
            "Given": dates(boosters["day"]),
            "Days since the one before": boosters["days"].tolist(),
        }
    )


def export_rows(intervals: BoosterIntervals) -> dict[str, dict[str, object]]:
    """Return the quartiles of the intervals, for a file."""
    return {
        name: {"n": _n(quartiles), **_quartile_cells(quartiles)}
        for name, quartiles in _named(intervals)
    }


def _named(intervals: BoosterIntervals) -> tuple[tuple[str, Quartiles | TooFew], ...]:
    return (FIRST_BOOSTER, intervals.first), (NEXT_BOOSTER, intervals.between)


def _n(quartiles: Quartiles | TooFew) -> int:
    return quartiles.n if isinstance(quartiles, Quartiles) else quartiles.found


def _of(quartiles: Quartiles | TooFew, which: str) -> str:
    if isinstance(quartiles, TooFew):
        return f"too few: {quartiles.needed} are needed"
    return f"{getattr(quartiles, which):.3g} days"


def _middle_half(quartiles: Quartiles | TooFew) -> str:
    if isinstance(quartiles, TooFew):
        return NO_DATA
    return f"{quartiles.lower:.3g}{DASH}{quartiles.upper:.3g} days"


def _days(quartiles: Quartiles) -> str:
    return (
        f"{quartiles.median:.3g} days (middle half {quartiles.lower:.3g}{DASH}"
        f"{quartiles.upper:.3g})"
    )


def _quartile_cells(quartiles: Quartiles | TooFew) -> dict[str, float | None]:
    if isinstance(quartiles, TooFew):
        return dict.fromkeys(("Lower", "Median", "Upper"))
    return {
        "Lower": quartiles.lower,
        "Median": quartiles.median,
        "Upper": quartiles.upper,
    }
