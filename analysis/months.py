"""Calendar months of day numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Month:
    """One calendar month.

    ``number`` counts from January 1970, which is 0; days are day numbers.
    """

    number: int
    first_day: int
    last_day: int
    complete: bool
    """Whether its last day is over, on the day of asking."""


def month_number(days: pd.Series) -> pd.Series:
    """Return the number of the month of each day.

    Examples
    --------
    >>> month_number(pd.Series([0, 30, 31, 365])).tolist()
    [0, 0, 1, 12]
    """
    dates = days.to_numpy(dtype="int64").astype("datetime64[D]")
    return pd.Series(dates.astype("datetime64[M]").astype("int64"), index=days.index)


def months_between(first_day: float, as_of_day: int) -> Iterator[Month]:
    """Yield every month from that of one day to that of the day of asking.

    Nothing where the first day is missing, as it is of a frame without rows.

    Examples
    --------
    >>> months = months_between(40, 60)
    >>> [(month.number, month.first_day, month.complete) for month in months]
    [(1, 31, True), (2, 59, False)]
    """
    if pd.isna(first_day):
        return
    ends = month_number(pd.Series([int(first_day), as_of_day]))
    for number in range(ends[0], ends[1] + 1):
        month = np.array([number, number + 1], dtype="datetime64[M]")
        first, after = month.astype("datetime64[D]").astype("int64").tolist()
        yield Month(number, first, after - 1, complete=after <= as_of_day)
