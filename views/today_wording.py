"""What is due in words; nothing here draws or reads."""

from collections.abc import Sequence

from analysis.schedule import (
    BEFORE_LAST,
    BEFORE_NEXT,
    DAY_AFTER_FIRST,
    EXPECTED,
    INFUSION,
    MAINTENANCE,
    PLANNED,
    WEEKS,
    Due,
    Schedule,
)
from measures.days import day_date
from measures.registry import MEASURES
from views.wording import ago, day_words, days_words


_BY_INFUSION = {PLANNED: "planned", EXPECTED: "expected"}


def forms_words(codes: Sequence[str]) -> str:
    """Return the names of measures.

    Examples
    --------
    >>> forms_words(["phq9", "pcl5"])
    'PHQ-9 and PCL-5'
    """
    return " and ".join(MEASURES[code].name for code in codes)


def day_and_week_day(day: int) -> str:
    """Return a day number as a date with its day of the week.

    Examples
    --------
    >>> day_and_week_day(0)
    'Thu 1 Jan 1970'
    """
    return f"{day_date(day):%a} {day_words(day_date(day))}"


def due_sentences(dues: Sequence[Due], today: int) -> list[str]:
    """Return a sentence for each infusion and form; a form stays with its infusion.

    Examples
    --------
    >>> planned = Due(INFUSION, PLANNED, 20, False, (), 4)
    >>> due_sentences([planned, Due("form", BEFORE_NEXT, 20, False, ("phq9",), 4)], 20)
    ['Infusion 4 is planned for today; PHQ-9 before it still missing.']
    """
    before = next((due for due in dues if due.why == BEFORE_NEXT), None)
    return [
        _infusion(due, before, today) if due.kind == INFUSION else _form(due, today)
        for due in dues
        if due.why != BEFORE_NEXT
    ]


def _infusion(due: Due, before: Due | None, today: int) -> str:
    word = _BY_INFUSION[due.why]
    return f"Infusion {due.number} {_when(due, word, today)}{_with(before, today)}."


def _when(due: Due, word: str, today: int) -> str:
    on = "for" if due.why == PLANNED else "on"
    if due.day == today:
        return f"is {word} for today" if due.why == PLANNED else f"is {word} today"
    day = f"{on} {day_and_week_day(due.day)}"
    if due.overdue:
        return f"was {word} {day}, {ago(today - due.day)}, and is not recorded"
    return f"is {word} {day}, {_ahead(due.day - today)}"


def _with(before: Due | None, today: int) -> str:
    if before is None:
        return ""
    forms = forms_words(before.measures)
    if before.day <= today:
        return f"; {forms} before it still missing"
    return f"; {forms} before it"


def _ahead(days: int) -> str:
    return "tomorrow" if days == 1 else f"in {days_words(days)}"


def _form(due: Due, today: int) -> str:
    forms = forms_words(due.measures)
    if due.why == BEFORE_LAST:
        return (
            f"{forms} before infusion {due.number} ({ago(today - due.day)}) not "
            "recorded."
        )
    return f"{forms} {_OCCASIONS[due.why](due.number)} {_since(due, today)}."


_OCCASIONS = {
    DAY_AFTER_FIRST: lambda _: "a day after infusion 1",
    WEEKS: lambda weeks: f"{_weeks(weeks)} after induction",
    MAINTENANCE: lambda _: "in maintenance",
}


def _weeks(number: int) -> str:
    return "1 week" if number == 1 else f"{number} weeks"


def _since(due: Due, today: int) -> str:
    if due.day == today:
        return "due today"
    if due.overdue:
        return f"due since {day_and_week_day(due.day)}, {ago(today - due.day)}"
    return f"due on {day_and_week_day(due.day)}, {_ahead(due.day - today)}"


def due_line(dues: Sequence[Due], today: int) -> str:
    """Return what is due now in one line, or else what comes next; "" if nothing."""
    now = [due for due in dues if due.day <= today]
    if not now and dues:
        now = [due for due in dues if due.day == dues[0].day]
    return " ".join(due_sentences(now, today))


def schedule_words(schedule: Schedule) -> str:
    """Return when a course's forms are due, to follow a colon.

    Examples
    --------
    >>> schedule_words(Schedule())
    'forms before each infusion, 2 and 4 weeks after induction, then every 30 days'
    """
    weeks = schedule.weeks_after_induction
    parts = [
        "before each infusion" if schedule.before_each_infusion else "",
        "a day after infusion 1" if schedule.day_after_first else "",
        f"{_several_weeks(weeks)} after induction" if weeks else "",
        f"then every {days_words(schedule.maintenance_days)}",
    ]
    return f"forms {', '.join(part for part in parts if part)}"


def _several_weeks(weeks: Sequence[int]) -> str:
    *first, last = map(str, weeks)
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"{listed} {'week' if listed == '1' else 'weeks'}"


def count_line(due: int, infusions: int, overdue: int, coming: int) -> str:
    """Return how many patients are due, as one sentence.

    Examples
    --------
    >>> count_line(3, 2, 0, 1)
    '3 patients due today (2 with an infusion), none overdue, 1 in the next 7 days'
    """
    with_infusion = f" ({infusions} with an infusion)" if infusions else ""
    return (
        f"{_patients(due)} due today{with_infusion}, {overdue or 'none'} overdue, "
        f"{coming or 'none'} in the next 7 days"
    )


def _patients(number: int) -> str:
    if number == 0:
        return "Nobody"
    return "1 patient" if number == 1 else f"{number:,} patients"


def silent_line(number: int, days: int) -> str:
    """Return that some courses are open and yet nobody came for long."""
    if number == 1:
        who = "1 patient with an open course and no infusion or form"
    else:
        who = f"{number:,} patients with an open course and no infusion or form"
    return (
        f"Not listed: {who} in the last {days} days. Caseload has them under "
        "**Not active**; a course that has ended can be closed on the Record page."
    )
