"""One cell to one value, or the reason why not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from measures.definition import Answer, Measure


_WHOLE = re.compile(r"([0-9]{1,6})(?:\.0+)?")
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")


class CellFault(ValueError):
    """A cell that cannot be read: what is wrong with it, and what is allowed."""

    def __init__(self, fault: str, allowed: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.allowed = allowed


def whole_number(text: str) -> int | None:
    """Return a whole number, or None if the text is not one.

    Spreadsheets and exports write 3 as ``3.0`` at times; ``3,0`` may be anything.

    Examples
    --------
    >>> whole_number("3"), whole_number("3.0"), whole_number("3,0"), whole_number("3.5")
    (3, 3, None, None)
    """
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None


def whole_number_in(text: str, lowest: int, highest: int, what: str) -> int:
    """Return a whole number in a range.

    Raises
    ------
    CellFault
        If it is not one.
    """
    number = whole_number(text)
    if number is None or not lowest <= number <= highest:
        raise CellFault(f"is not {what}", f"{lowest} to {highest}")
    return number


def dose(text: str, highest: float) -> float:
    """Return a dose above 0.

    Raises
    ------
    CellFault
        If it is not one; the decimal sign is a point.
    """
    number = float(text) if _DECIMAL.fullmatch(text) else None
    if number is None or not 0 < number <= highest:
        raise CellFault(
            "is not a dose", f"above 0, up to {highest}, with a point as decimal sign"
        )
    return number


def one_of(text: str, allowed: Iterable[str], what: str) -> str:
    """Return the allowed code that the text is, whatever its case and separators.

    Raises
    ------
    CellFault
        If there is none.

    Examples
    --------
    >>> one_of("iv", ("IV", "IM"), "a route")
    'IV'
    """
    codes = list(allowed)
    found = {_plain(code): code for code in codes}
    if _plain(text) not in found:
        raise CellFault(f"is not {what}", ", ".join(codes))
    return found[_plain(text)]


@dataclass(frozen=True)
class AnswerReader:
    """Reads the answers of one form; texts seen before are not looked at again.

    ``blank`` and what was declared missing is unanswered, which is never 0.
    """

    answers: tuple[Answer, ...]
    labels: bool
    missing: frozenset[str]
    _seen: dict[str, int | None]

    @classmethod
    def of(
        cls, answers: tuple[Answer, ...], *, labels: bool, missing: frozenset[str]
    ) -> "AnswerReader":
        """Return a reader for these answers, given as numbers or as their words."""
        return cls(answers, labels, missing, {"": None})

    def read(self, text: str) -> int | None:
        """Return the score of an answer; None is unanswered.

        Raises
        ------
        CellFault
            If it is not an answer of this form.
        """
        try:
            return self._seen[text]
        except KeyError:
            return self._seen.setdefault(text, self._score(text.strip()))

    def _score(self, text: str) -> int | None:
        scores = self._by_words() if self.labels else self._by_number(text)
        found = scores.get(text.casefold())
        if found is None and text and text not in self.missing:
            raise CellFault("is not an answer", self.allowed)
        return found

    def _by_words(self) -> dict[str, int]:
        return {answer.text.casefold(): answer.score for answer in self.answers}

    def _by_number(self, text: str) -> dict[str, int]:
        number = whole_number(text)
        return {text: a.score for a in self.answers if a.score == number}

    @property
    def allowed(self) -> str:
        """What may stand in the cell."""
        if self.labels:
            return ", ".join(answer.text for answer in self.answers) + ", or blank"
        scores = [answer.score for answer in self.answers]
        return f"{min(scores)} to {max(scores)}, or blank"


def measure_of(text: str, measures: Iterable[Measure]) -> Measure:
    """Return the measure with this code or name.

    Raises
    ------
    CellFault
        If there is none.
    """
    known = list(measures)
    found = {_plain(m.code): m for m in known} | {_plain(m.name): m for m in known}
    if _plain(text) not in found:
        raise CellFault("is not a known measure", ", ".join(m.code for m in known))
    return found[_plain(text)]


def recall_window_of(text: str, measure: Measure) -> str:
    """Return the code of a measure's recall window, given its code or name.

    Raises
    ------
    CellFault
        If the measure was never given with it.
    """
    windows = measure.recall_windows
    found = {_plain(w.code): w.code for w in windows}
    found |= {_plain(w.name): w.code for w in windows}
    if _plain(text) not in found:
        raise CellFault(
            f"is not a recall window of the {measure.name}",
            ", ".join(w.code for w in windows),
        )
    return found[_plain(text)]


def _plain(text: str) -> str:
    return re.sub(r"[\s_.\-]+", "", text.casefold())
