"""What was typed, said back before it is kept."""

from collections.abc import Sequence

from measures.definition import Measure
from measures.scoring import score
from views.wording import change_words, incomplete_words, item_9_words


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
        return f"{_total(measure, total)}, answers not known."
    result = score(measure, answers)
    if result.total is not None:
        return f"{_total(measure, result.total)}."
    return (
        f"{incomplete_words(measure.code, result)} "
        "An incomplete form is kept and shown, and counts in no rate."
    )


def _total(measure: Measure, total: int) -> str:
    band = measure.band(total)
    severity = f" ({band.name})" if band else ""
    return f"{measure.name} total {total} of {measure.highest_total}{severity}"


def _change_line(total: int, earlier: int, what: str) -> str:
    change = total - earlier
    percent = 100 * change / earlier if earlier else None
    return f"From {what} ({earlier}): {change_words(change, percent)}."


def _item_9_line(measure: Measure, answers: Sequence[int | None] | None) -> str:
    answer = None if answers is None else answers[measure.suicide_item - 1]
    words = item_9_words(measure.code, answer, answers_known=answers is not None)
    return f"{words} An alert opens when this is saved." if answer else words
