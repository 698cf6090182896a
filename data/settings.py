"""What a practice has chosen: how long a session lasts, what its patients are told."""

from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from data.actors import Right, require
from data.asked import asked_once
from data.audit import add_audit_entry
from data.errors import RecordError
from data.tables import setting


CRISIS_TEXT = (
    "Thank you for telling us. Please speak to a member of staff now: hand back this "
    "tablet and say that you would like to talk to somebody. Your clinician is told of "
    "your answer at once."
)

# Smallest and largest that may be set, with the unit in the name.
RANGES = {
    "idle_minutes": (1, 60),
    "absolute_hours": (1, 24),
    "kiosk_idle_minutes": (1, 30),
    "warning_seconds": (10, 300),
    "induction_gap_days": (1, 10),
    "maintenance_days": (7, 180),
    "alert_escalation_hours": (1, 168),
    "small_number": (3, 20),
}
LONGEST_TEXT = 1_000
LATEST_WEEK = 52


@dataclass(frozen=True)
class PracticeSettings:
    """The settings, each with the value of a practice that never changed it.

    Parameters
    ----------
    practice_name
        Shown at sign-in and in an authenticator.
    idle_minutes, absolute_hours
        A session ends after so long without use, and after so long in any case. The
        defaults are a locked screen's usual quarter of an hour and a working day
        (NIST SP 800-63B-4, section 2.2.3: at most 1 hour and 24 hours).
    kiosk_idle_minutes
        A patient's tablet ends by itself after so long without an answer.
    warning_seconds
        So long before it ends by idling, a session says so.
    second_factor_required
        Whether every account has to have a second factor.
    crisis_text
        Shown to a patient at once who answers item 9 of the PHQ-9 with 1 or more.
    before_each_infusion, day_after_first, weeks_after_induction, maintenance_days
        The schedule of forms: before every infusion, a day after the first, so many
        weeks after the last of induction ("2,4"; empty: none), and then every so many
        days. A course may differ.
    induction_gap_days
        So many days after an infusion of the induction, the next one is due.
    alert_escalation_hours
        An item-9 alert that is open for longer is shown to the lead.
    small_number
        A count below it is not printed in a table that leaves the practice.
    """

    practice_name: str = ""
    idle_minutes: int = 15
    absolute_hours: int = 12
    kiosk_idle_minutes: int = 5
    warning_seconds: int = 60
    second_factor_required: bool = False
    crisis_text: str = CRISIS_TEXT
    before_each_infusion: bool = True
    day_after_first: bool = False
    weeks_after_induction: str = "2,4"
    maintenance_days: int = 30
    induction_gap_days: int = 4
    alert_escalation_hours: int = 24
    small_number: int = 5


def read_settings(connection: Connection) -> PracticeSettings:
    """Return the practice's settings."""
    require(connection, Right.READ_PRACTICE)
    return stored_settings(connection)


def stored_settings(connection: Connection) -> PracticeSettings:
    """Return the settings for a function that has checked its actor."""
    return asked_once(connection, PracticeSettings, lambda: _stored(connection))


def change_settings(connection: Connection, **changes: Any) -> None:
    """Change some settings.

    Raises
    ------
    RecordError
        If one is unknown, or its value is not allowed; then none is changed.
    """
    require(connection, Right.MANAGE)
    before = stored_settings(connection)
    for name, value in changes.items():
        _check(name, value)
    for name, value in changes.items():
        if value == getattr(before, name):
            continue
        connection.execute(delete(setting).where(setting.c.name == name))
        connection.execute(insert(setting).values(name=name, value=_text(value)))
        add_audit_entry(connection, action="change", subject=f"setting {name}")


def weeks_of(text: str) -> tuple[int, ...]:
    """Return weeks written with commas between; nothing written: none.

    Raises
    ------
    RecordError
        If one is no whole number from 1 to 52, or they do not rise.

    Examples
    --------
    >>> weeks_of("2, 4"), weeks_of("")
    ((2, 4), ())
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    # isdecimal takes the digits of every script, and int() reads them all.
    weeks = tuple(int(part) for part in parts if part.isascii() and part.isdecimal())
    impossible = [week for week in weeks if not 1 <= week <= LATEST_WEEK]
    if len(weeks) < len(parts) or impossible or list(weeks) != sorted(set(weeks)):
        raise RecordError(
            f"Weeks {text!r} are not allowed; allowed: whole weeks from 1 to "
            f"{LATEST_WEEK}, rising, with commas between, such as 2,4; or nothing"
        )
    return weeks


_NAMES = tuple(field.name for field in fields(PracticeSettings))


def _stored(connection: Connection) -> PracticeSettings:
    query = select(setting.c.name, setting.c.value)
    stored = {name: text for name, text in connection.execute(query)}
    usual = PracticeSettings()
    known = {
        name: _value(getattr(usual, name), text)
        for name, text in stored.items()
        if name in _NAMES
    }
    return replace(usual, **known)


def _value(usual: Any, text: str) -> Any:
    if isinstance(usual, bool):
        return text == "yes"
    return int(text) if isinstance(usual, int) else text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _check(name: str, value: Any) -> None:
    if name not in _NAMES:
        raise RecordError(
            f"Setting {name!r} is not known; allowed: {', '.join(_NAMES)}"
        )
    usual = getattr(PracticeSettings(), name)
    if type(value) is not type(usual):
        kind = type(usual).__name__
        raise RecordError(f"Setting {name} {value!r} is not allowed; allowed: a {kind}")
    low, high = RANGES.get(name, (None, None))
    if low is not None and not low <= value <= high:
        raise RecordError(
            f"Setting {name} {value} is impossible; allowed: {low} to {high}"
        )
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise RecordError(
            f"Setting {name} has {len(value):,} characters; allowed: {LONGEST_TEXT:,}"
        )
    if name == "weeks_after_induction":
        weeks_of(value)
    if name == "crisis_text" and not value.strip():
        raise RecordError("Setting crisis_text is empty; patients are shown this text")
