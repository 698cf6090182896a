"""Points in time, kept as whole UTC minutes and the zone's offset.

Two integers compare and subtract alike on every database, and give back both the
instant and the local calendar day.
"""

import os
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import RecordError
from measures.days import day_date, day_number


MINUTES_PER_DAY = 1440
EARLIEST_DAY = date(2000, 1, 1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """Return the present instant, without a fraction of a second."""
    return datetime.now(UTC).replace(microsecond=0)


def practice_zone() -> tzinfo:
    """Return the practice's time zone: ``TIME_ZONE``, or else this machine's.

    Raises
    ------
    RecordError
        If ``TIME_ZONE`` names no zone.
    """
    name = os.environ.get("TIME_ZONE")
    if not name:
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RecordError(
            f"TIME_ZONE {name!r} is not a time zone; allowed: an IANA name such as "
            "America/Chicago"
        ) from error


def today() -> date:
    """Return the present calendar day at the practice."""
    return datetime.now(practice_zone()).date()


def now_at_practice() -> datetime:
    """Return the present in the practice's time zone, to the minute."""
    return datetime.now(practice_zone()).replace(second=0, microsecond=0)


def aware(moment: datetime) -> datetime:
    """Return the moment with a zone; one without is meant at the practice."""
    if moment.tzinfo is not None:
        return moment
    zone = practice_zone()
    if isinstance(zone, ZoneInfo):
        return moment.replace(tzinfo=zone)
    return moment.astimezone()


def to_minutes(moment: datetime) -> tuple[int, int]:
    """Return whole UTC minutes since 1970, and the zone's minutes east of UTC.

    Examples
    --------
    >>> to_minutes(datetime(1970, 1, 2, tzinfo=timezone.utc))
    (1440, 0)
    """
    placed = aware(moment)
    offset = placed.utcoffset() or timedelta()
    return (placed - _EPOCH) // timedelta(minutes=1), offset // timedelta(minutes=1)


def from_minutes(minute: int, offset: int) -> datetime:
    """Return the moment that :func:`to_minutes` gave these two numbers for."""
    instant = _EPOCH + timedelta(minutes=int(minute))
    return instant.astimezone(_zone(int(offset)))


@cache
def _zone(offset: int) -> timezone:
    return timezone(timedelta(minutes=offset))


def local_day(minute: int, offset: int) -> int:
    """Return the day number of the local calendar day."""
    return (minute + offset) // MINUTES_PER_DAY


def check_moment(moment: datetime, what: str, now: datetime | None = None) -> None:
    """Refuse a moment in the future or before records of this kind existed.

    Raises
    ------
    RecordError
        Naming what it is the moment of, the value, and what is allowed.
    """
    latest = now or utc_now()
    placed = aware(moment)
    # Moments are kept by the minute, so the present minute is never the future.
    if to_minutes(placed)[0] > to_minutes(latest)[0]:
        raise RecordError(
            f"{what} {placed:%Y-%m-%d %H:%M} is in the future; allowed: until now"
        )
    if placed.date() < EARLIEST_DAY:
        raise RecordError(
            f"{what} {placed:%Y-%m-%d} is too early; allowed: from {EARLIEST_DAY}"
        )


__all__ = [
    "EARLIEST_DAY",
    "MINUTES_PER_DAY",
    "aware",
    "check_moment",
    "day_date",
    "day_number",
    "from_minutes",
    "local_day",
    "now_at_practice",
    "practice_zone",
    "to_minutes",
    "today",
    "utc_now",
]
