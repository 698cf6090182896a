"""The parts of an instrument, as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar


class Coded(Protocol):
    """Anything that has a code."""

    code: str


T = TypeVar("T", bound=Coded)


@dataclass(frozen=True)
class Source:
    """Where a number or a wording was read."""

    key: str
    citation: str
    url: str = ""
    second_hand: bool = False
    """True when a copy or a description was read, not the original."""


@dataclass(frozen=True)
class Item:
    """One question, word for word."""

    number: int
    label: str
    text: str
    loinc: str | None = None


@dataclass(frozen=True)
class Answer:
    """One reply that may be given, and what it counts."""

    score: int
    text: str
    loinc: str | None = None


@dataclass(frozen=True)
class Domain:
    """Items that are summed together."""

    code: str
    name: str
    items: tuple[int, ...]
    symptoms_needed: int = 0
    """How many of its items must be present for the symptom rule; 0 if none."""


@dataclass(frozen=True)
class SeverityBand:
    """A named range of totals, from ``lowest`` to the next band."""

    lowest: int
    name: str


@dataclass(frozen=True)
class RecallWindow:
    """The days a form asks about. Scores of different windows are not joined."""

    code: str
    name: str
    days: int
    stem: str
    source: Source
    loinc_total: str | None = None
    note: str = ""


@dataclass(frozen=True)
class FunctionalItem:
    """A question asked with the form that is not part of its total."""

    text: str
    answers: tuple[Answer, ...]
    loinc: str | None = None


@dataclass(frozen=True)
class Measure:
    """One instrument: items, answers, recall windows and what totals mean."""

    code: str
    name: str
    title: str
    items: tuple[Item, ...]
    answers: tuple[Answer, ...]
    recall_windows: tuple[RecallWindow, ...]
    domains: tuple[Domain, ...]
    licence: str
    source: Source
    severity_bands: tuple[SeverityBand, ...] = ()
    severity_note: str = ""
    functional_item: FunctionalItem | None = None
    suicide_item: int | None = None
    loinc_panel: str | None = None

    @property
    def item_count(self) -> int:
        """Number of scored items."""
        return len(self.items)

    @cached_property  # asked for every answer of every form that is shown
    def highest_answer(self) -> int:
        """Most points one item can add."""
        return max(answer.score for answer in self.answers)

    @property
    def highest_total(self) -> int:
        """Most points the whole form can give."""
        return self.item_count * self.highest_answer

    @property
    def default_recall_window(self) -> RecallWindow:
        """The window the form was validated with; the first listed."""
        return self.recall_windows[0]

    def recall_window(self, code: str) -> RecallWindow:
        """Return the recall window with this code.

        Raises
        ------
        ValueError
            If this measure was never given with that window.
        """
        return by_code(self.recall_windows, code, f"{self.name} recall window")

    def band(self, total: int) -> SeverityBand | None:
        """Return the severity band of a total, or None where there are no bands."""
        reached = [band for band in self.severity_bands if band.lowest <= total]
        return reached[-1] if reached else None


def by_code(values: Iterable[T], code: str, what: str) -> T:
    """Return the one of ``values`` with this code, or say which codes there are.

    Raises
    ------
    ValueError
        If there is none; the message lists what is allowed.
    """
    found = {value.code: value for value in values}
    if code not in found:
        raise ValueError(f"{what} {code!r} is not known; allowed: {', '.join(found)}")
    return found[code]
