"""Item-9 alerts in words: what was answered, since when, and what is still to be done.

Nothing here draws or reads. An answer left out is never said as a 0, and a 0 never as
an all-clear.
"""

from collections.abc import Sequence
from datetime import date
from math import trunc

from analysis.acknowledgement import Acknowledgement
from data.alerts import LEFT_OUT, Alert
from measures.phq9 import PHQ9
from views.wording import ago, answer_text, day_words, days_words, escape


NOT_ANSWERED = "not answered"

HOURS_TOLD = 48
"""From so many hours on, how long is told in days."""


def hours_words(hours: float) -> str:
    """Return a length of time in whole hours, or whole days from two on.

    Examples
    --------
    >>> hours_words(0.4), hours_words(1.9), hours_words(47.9), hours_words(72)
    ('less than an hour', '1 hour', '47 hours', '3 days')
    """
    if hours < 1:
        return "less than an hour"
    if hours >= HOURS_TOLD:
        return days_words(trunc(hours / 24))
    return "1 hour" if hours < 2 else f"{trunc(hours)} hours"


def answer_words(item_9: int | None) -> str:
    """Return an answer to item 9, with its words; an answer left out is no number.

    Examples
    --------
    >>> answer_words(2), answer_words(None)
    ('2, more than half the days', 'not answered')
    """
    if item_9 is None:
        return NOT_ANSWERED
    return f"{item_9}, {answer_text(PHQ9, item_9).lower()}"


def alert_line(alert: Alert, today: date) -> str:
    """Return one alert: the answer, when, against the one before, what to do."""
    day = alert.completed_at.date()
    line = (
        f"**Item 9: {answer_words(alert.item_9)}**, on {day_words(day)} "
        f"({ago((today - day).days)}){_against_previous(alert)}."
    )
    if alert.item_9 is None:
        line += " This is not a 0: ask the patient."
    return line + changed_words(alert)


def _against_previous(alert: Alert) -> str:
    if alert.previous is None or alert.previous_at is None:
        return ""
    before = f"{alert.previous} on {day_words(alert.previous_at)}"
    if alert.item_9 is None:
        return f"; last answered with {before}"
    if alert.rose:
        return f"; **up from {before}**"
    if alert.item_9 == alert.previous:
        return f"; the same as on {day_words(alert.previous_at)}"
    return f"; {before}"


def changed_words(alert: Alert) -> str:
    """Return what the form says now, where it was changed and nobody acted on that."""
    if alert.now is None:
        return ""
    now = answer_words(alert.now.item_9) if alert.now.known else "not known"
    return f" The form was changed since: item 9 is now {now}. This closes nothing."


def banner(alerts: Sequence[Alert], today: date) -> str:
    """Return what stays in view: the highest answer, and how many more are open."""
    line = f"▲ {alert_line(highest(alerts), today)}"
    others = len(alerts) - 1
    if not others:
        return line
    longest = hours_words(max(alert.hours_open for alert in alerts))
    more = "1 more alert is open" if others == 1 else f"{others} more alerts are open"
    return f"{line} **{more}**, the longest for {longest}."


def highest(alerts: Sequence[Alert]) -> Alert:
    """Return the alert with the highest answer, and of several the latest."""
    return max(alerts, key=lambda alert: (_rank(alert), alert.completed_at))


def _rank(alert: Alert) -> int:
    # Left out is more than a 0 and less than any other answer.
    return LEFT_OUT if alert.item_9 is None else LEFT_OUT + alert.item_9


def details(alerts: Sequence[Alert], today: date, escalation_hours: int) -> str:
    """Return what the banner leaves out: the other alerts, who saw them, what next."""
    first = highest(alerts)
    lines = [
        f"- {alert_line(alert, today)} {open_words(alert)}"
        for alert in alerts
        if alert is not first
    ]
    stays = "It stays" if len(alerts) == 1 else "They stay"
    stays = f"{stays} here until somebody records what was done."
    if any(is_escalated(alert, escalation_hours) for alert in alerts):
        limit = hours_words(escalation_hours)
        stays = f"Open for longer than {limit}, so the lead is shown it. {stays}"
    if not lines:
        return f"{open_words(first)} {stays}"
    listed = "\n".join(lines)
    return f"{open_words(first)} Open as well:\n\n{listed}\n\n{stays}"


def short_label(alert: Alert) -> str:
    """Return one of several alerts, to choose from."""
    answer = NOT_ANSWERED if alert.item_9 is None else f"{alert.item_9}"
    return f"{answer}, {day_words(alert.completed_at)}"


def open_words(alert: Alert) -> str:
    """Return for how long an alert is open, and who of those who can act saw it."""
    told = f"Open for {hours_words(alert.hours_open)}"
    if alert.seen_by is None:
        return f"{told}; not seen yet by anybody who can act on it."
    return f"{told}; first seen by {escape(alert.seen_by)}."


def is_escalated(alert: Alert, escalation_hours: int) -> bool:
    """Whether an alert is open for longer than the practice allows."""
    return alert.closed_at is None and alert.hours_open > escalation_hours


def short_line(alerts: Sequence[Alert], escalation_hours: int) -> str:
    """Return a patient's open alerts for a list: the answers and the longest time."""
    answers = ", ".join(_short(alert) for alert in alerts)
    longest = max(alert.hours_open for alert in alerts)
    line = f"Item 9: {answers} · open for {hours_words(longest)}"
    if longest > escalation_hours:
        line += f" · **longer than {hours_words(escalation_hours)}**"
    return line


def _short(alert: Alert) -> str:
    answer = NOT_ANSWERED if alert.item_9 is None else f"{alert.item_9}"
    rise = f" (up from {alert.previous})" if alert.rose else ""
    return f"**{answer}**{rise}"


def waiting_heading(patients: int) -> str:
    """Return how many patients wait, for the top of a list.

    Examples
    --------
    >>> waiting_heading(1)
    'Item 9: 1 patient waits for somebody to record what was done'
    """
    who = "1 patient waits" if patients == 1 else f"{patients:,} patients wait"
    return f"Item 9: {who} for somebody to record what was done"


def escalated_heading(alerts: Sequence[Alert], escalation_hours: int) -> str:
    """Return how many alerts are open for too long, and how long the longest."""
    longest = hours_words(max(alert.hours_open for alert in alerts))
    limit = hours_words(escalation_hours)
    if len(alerts) == 1:
        return f"1 item-9 alert is open for longer than {limit}: for {longest}"
    return (
        f"{len(alerts):,} item-9 alerts are open for longer than {limit}, "
        f"the longest for {longest}"
    )


def more_words(count: int) -> str:
    """Return the label of the patients that a short list leaves out."""
    return "1 more patient" if count == 1 else f"{count:,} more patients"


def others_wait(count: int) -> str:
    """Return where the patients are that even the long list leaves out, if any."""
    if not count:
        return ""
    return f"{more_words(count)} in the caseload, which begins with them."


def acknowledgement_row(period: str, found: Acknowledgement) -> dict[str, str]:
    """Return how long the alerts of one period waited, as a row of a table."""
    return {
        "Alerts opened": period,
        "Alerts": f"{found.alerts:,}",
        "Answered": f"{found.answered:,}",
        "Still open": f"{found.still_open:,}",
        "Half answered within": _half_words(found),
        "Longest": _longest_words(found),
    }


def _half_words(found: Acknowledgement) -> str:
    if not found.alerts:
        return ""
    if found.median_hours is None:
        return "fewer than half answered so far"
    return hours_words(found.median_hours)


def _longest_words(found: Acknowledgement) -> str:
    if found.longest_hours is None:
        return ""
    still = ", still open" if found.longest_is_open else ""
    return f"{hours_words(found.longest_hours)}{still}"


HOW_ACKNOWLEDGED = (
    "From when an alert opened until somebody recorded what was done. Alerts that are "
    "still open count among the half that is not answered yet. Left out: forms that "
    "were entered by mistake."
)

WHO_CAN = (
    "What was done is recorded on the patient's page, by a clinician of the patient's "
    "site."
)
