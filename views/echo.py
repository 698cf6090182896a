"""What was typed, said back before it is kept."""

from collections.abc import Sequence

from measures.definition import Measure
from measures.scoring import score


def echo_lines(
    measure: Measure,
    *,
    answers: Sequence[int | None] | None = None,
    total: int | None = None,
    baseline: int | None = None,
    previous: int | None = None,
) -> list[str]:
    """Return sentences about one form: its total, its change, and item 9.

    Parameters
    ----------
    measure
        The instrument.
    answers, total
        The answers, or only a total; one of the two.
    baseline, previous
        Earlier complete totals on the same recall window, if there are any.
    """
    lines = [_total_line(measure, answers, total)]
    known = total if answers is None else score(measure, answers).total
    if known is not None:
        lines += [
            _change_line(known, earlier, what)
            for earlier, what in ((baseline, "baseline"), (previous, "the last form"))
            if earlier is not None
        ]
    if measure.suicide_item is not None:
        lines.append(_item_9_line(measure, answers))
    return lines


def item_9_positive(measure: Measure, answers: Sequence[int | None] | None) -> bool:
    """Whether the form has a suicide item that was answered 1 or more."""
    if measure.suicide_item is None or answers is None:
        return False
    return bool(answers[measure.suicide_item - 1])


def _total_line(
    measure: Measure, answers: Sequence[int | None] | None, total: int | None
) -> str:
    if answers is None:
        return (
            f"{measure.name} total {total} of {measure.highest_total}"
            f"{_band(measure, total)}, answers not known."
        )
    result = score(measure, answers)
    if result.total is not None:
        return (
            f"{measure.name} total {result.total} of {measure.highest_total}"
            f"{_band(measure, result.total)}."
        )
    return (
        f"{measure.name} incomplete: {result.answered} of {result.asked} items "
        f"answered. No total; it must lie from {result.lowest} to {result.highest}. "
        "An incomplete form is kept and shown, and counts in no rate."
    )


def _band(measure: Measure, total: int | None) -> str:
    band = None if total is None else measure.band(total)
    return f" ({band.name})" if band else ""


def _change_line(total: int, earlier: int, what: str) -> str:
    change = total - earlier
    if change == 0:
        return f"The same as {what} ({earlier})."
    percent = f", {abs(change) / earlier:.0%}" if earlier else ""
    word = "lower" if change < 0 else "higher"
    points = "point" if abs(change) == 1 else "points"
    return f"{abs(change)} {points} {word} than {what} ({earlier}){percent}."


def _item_9_line(measure: Measure, answers: Sequence[int | None] | None) -> str:
    if answers is None:
        return "Item 9 is not known from a total; ask the patient."
    answer = answers[measure.suicide_item - 1]
    if answer is None:
        return "Item 9 was not answered; ask the patient."
    words = {a.score: a.text.lower() for a in measure.answers}[answer]
    if answer == 0:
        return f"Item 9: 0, {words}. This alone does not rule out risk."
    return f"Item 9: {answer}, {words}. An alert opens when this is saved."
