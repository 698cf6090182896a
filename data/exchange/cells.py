"""One cell to one value, or the reason why not."""

import re
from collections.abc import Callable, Iterable

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


def answer(text: str, answers: tuple[Answer, ...], *, labels: bool) -> int:
    """Return the score of an answer, given as a number or in the measure's words.

    Raises
    ------
    CellFault
        If it is not an answer.
    """
    if labels:
        scores = {a.text.casefold(): a.score for a in answers}
        allowed = ", ".join(a.text for a in answers)
        found = scores.get(text.casefold())
    else:
        scores = {str(a.score): a.score for a in answers}
        allowed = f"{min(scores)} to {max(scores)}"
        found = scores.get(str(whole_number(text)))
    if found is None:
        raise CellFault("is not an answer", f"{allowed}, or blank")
    return found


def unreadable(texts: Iterable[str], read: Callable[[str], object]) -> frozenset[str]:
    """Return those of some texts that hold no value of their own.

    What was declared to mean "no value" must not hide one: 9 stands for "refused" among
    the answers 0 to 3, and for itself among totals.
    """

    def readable(text: str) -> bool:
        try:
            read(text)
        except CellFault:
            return False
        return True

    return frozenset(text for text in texts if not readable(text))


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
