"""Numbers in words: how a share, points, a range and a day are written."""

from collections.abc import Iterable
from datetime import date
from math import floor, isnan

from analysis.proportions import Proportion
from measures.days import day_date
from views.wording import MINUS, day_words, signed


NO_DATA = "no data"
DASH = "–"


def percent(share: float) -> str:
    """Return a share of 1 as a whole percentage; never 0 or 100 % by rounding.

    Examples
    --------
    >>> percent(20 / 37), percent(1 / 250), percent(0.0)
    ('54 %', 'under 1 %', '0 %')
    """
    nearest = whole(share)
    if nearest == 0 and share > 0:
        return "under 1 %"
    if nearest == 100 and share < 1:
        return "over 99 %"
    return f"{nearest} %"


def percent_range(lower: float | None, upper: float | None) -> str:
    """Return two shares of 1 as a range without the sign.

    Examples
    --------
    >>> percent_range(0.384, 0.69), percent_range(None, None)
    ('38–69', 'no interval')
    """
    if lower is None or upper is None:
        return "no interval"
    return f"{whole(lower)}{DASH}{whole(upper)}"


def as_printed(value: float) -> str:
    """Return a published percentage as it was printed.

    Examples
    --------
    >>> as_printed(53.6), as_printed(70)
    ('53.6 %', '70 %')
    """
    return f"{value:g} %"


def points(value: float) -> str:
    """Return points with one decimal and a real minus sign.

    Examples
    --------
    >>> points(-18.64), points(2), points(-0.01)
    ('−18.6', '2.0', '0.0')
    """
    return f"{value:z.1f}".replace("-", MINUS)


def points_range(lower: float | None, upper: float | None) -> str:
    """Return two numbers of points as a range."""
    if lower is None or upper is None:
        return "no interval"
    return f"{points(lower)} to {points(upper)}"


def percentage_points(difference: float) -> str:
    """Return a difference of two shares of 1 in whole percentage points, signed.

    Examples
    --------
    >>> percentage_points(-0.062), percentage_points(0.1), percentage_points(0)
    ('−6', '+10', '0')
    """
    return signed(whole(difference))


def interval_name(confidence: float) -> str:
    """Return what to call an interval, as in ``95 % CI``."""
    return f"{whole(confidence)} % CI"


def day_text(number: int) -> str:
    """Return the date of a day number.

    Examples
    --------
    >>> day_text(20758)
    '1 Nov 2026'
    """
    return day_words(day_date(number))


def dates(days: Iterable[float]) -> list[date | None]:
    """Return days as dates; none for a day that is not there."""
    return [None if isnan(day) else day_date(int(day)) for day in days]


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "course"), counted(3, "course")
    ('1 course', '3 courses')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def measured_of_due(completeness: Proportion) -> str:
    """Return how many of those due were measured.

    Examples
    --------
    >>> from analysis.proportions import wilson_proportion
    >>> measured_of_due(wilson_proportion(33, 50))
    '66 % of the 50 who were due were measured'
    >>> measured_of_due(wilson_proportion(0, 1))
    '0 % of the 1 who was due was measured'
    """
    share, were = percent(completeness.estimate), was_were(completeness.n)
    return f"{share} of the {completeness.n} who {were} due {were} measured"


def was_were(number: int) -> str:
    """Return the verb that a number of people asks for."""
    return "was" if number == 1 else "were"


def unbroken(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return text.replace(" %", "\u00a0%")


def whole(share: float) -> int:
    """Return a share of 1 as the nearest whole percentage, a half upwards."""
    # Not round(): that takes a half to the even side, so 12.5 % would be 12 %.
    return floor(100 * share + 0.5)


def share_of(share: Proportion | None, of_whom: str = "") -> str:
    """Return a share with its n and interval, for a table."""
    if share is None:
        return NO_DATA
    n = f"{share.n} {of_whom}".strip()
    return (
        f"{percent(share.estimate)} of {n} ({percent_range(share.lower, share.upper)})"
    )
