"""Forms and infusions as the analysis asks for them, without a database.

Day 0 is 2 March 2026; forms are at 9:00 and infusions at 10:00 unless said otherwise.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from measures.registry import MEASURES


DAY_0 = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Facts:
    measure: str
    recall_window: str
    completed_at: datetime
    answers: tuple | None = None
    time_known: bool = True


@dataclass(frozen=True)
class Form:
    id: int
    facts: Facts
    total: int | None
    item_9: int | None = None


@dataclass(frozen=True)
class Started:
    started_at: datetime


@dataclass(frozen=True)
class Infusion:
    number: int
    facts: Started


def at(day, hour=9, minute=0):
    return DAY_0 + timedelta(days=day, hours=hour, minutes=minute)


def form(number, day, total, *, measure="phq9", window=None, hour=9, answers="given"):
    """Return a form; ``answers`` None stands for a total without answers."""
    asked = MEASURES[measure]
    if answers == "given":
        answers = tuple(_spread(total, asked.item_count, asked.highest_answer))
    window = window or asked.default_recall_window.code
    complete = answers is None or None not in answers
    facts = Facts(measure, window, at(day, hour), answers)
    item_9 = answers[asked.suicide_item - 1] if asked.suicide_item and answers else None
    return Form(number, facts, total if complete else None, item_9)


def _spread(total, items, highest):
    for _ in range(items):
        yield min(highest, total)
        total -= min(highest, total)


def infusions(*days, hour=10):
    return [Infusion(n, Started(at(d, hour))) for n, d in enumerate(days, start=1)]
