"""Calendar days as whole numbers."""

from datetime import date


DAYS_PER_WEEK = 7

_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Return the number of days from 1970-01-01 to this day.

    Examples
    --------
    >>> day_number(date(1970, 1, 2))
    1
    """
    return day.toordinal() - _EPOCH


def day_date(number: int) -> date:
    """Return the calendar day with this number.

    Examples
    --------
    >>> day_date(1)
    datetime.date(1970, 1, 2)
    """
    return date.fromordinal(int(number) + _EPOCH)
