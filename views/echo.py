"""What was typed, said back before it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from measures.definition import Measure
from measures.scoring import score
from views.wording import change_words, item_9_words


ALERT_OPENS = "An alert opens when this is saved."

# For a form that is not scored yet: its three numbers are filled in where it is typed.
_INCOMPLETE = (
    "{name} incomplete: {{answered}} of {asked} items answered. No total; it must lie "
    "from {{lowest}} to {{highest}}. An incomplete form is kept and shown, and counts "
    "in no rate."
)


@dataclass(frozen=True)
class Echo:
    """Every sentence that a form may call for, so that none has to be asked for.

    Parameters
    ----------
    totals
        Sentences about each total, from 0 up.
    incomplete
        About a form without a total; ``{answered}``, ``{lowest}`` and ``{highest}``
        are to be filled in.
    watched
        About each answer to item 9, by score; None for a measure without that item.
    watched_unanswered
        About an item 9 without an answer.
    """

    totals: tuple[tuple[str, ...], ...]
    incomplete: str
    watched: tuple[str, ...] | None = None
    watched_unanswered: str | None = None


def every_echo(
    measure: Measure, *, baseline: int | None = None, previous: int | None = None
) -> Echo:
    """Return what is said back of any form of a measure; see :func:`echo_lines`."""
    totals = tuple(
        (f"{_total(measure, total)}.", *_changes(total, baseline, previous))
        for total in range(measure.highest_total + 1)
    )
    incomplete = _INCOMPLETE.format(name=measure.name, asked=measure.item_count)
    if measure.suicide_item is None:
        return Echo(totals, incomplete)
    watched = tuple(
        _before_saving(measure, score) for score in range(measure.highest_answer + 1)
    )
    return Echo(totals, incomplete, watched, _before_saving(measure, None))


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
    if answers is None:
        return _total_alone(measure, total, baseline, previous)
    said = every_echo(measure, baseline=baseline, previous=previous)
    result = score(measure, answers)
    lines = (
        [said.incomplete.format(**vars(result))]
        if result.total is None
        else list(said.totals[result.total])
    )
    if measure.suicide_item is not None:
        lines.append(_before_saving(measure, answers[measure.suicide_item - 1]))
    return lines


def item_9_asks(measure: Measure, answers: Sequence[int | None] | None) -> bool:
    """Whether item 9 was answered 1 or more, or left out: an alert is about it."""
    if measure.suicide_item is None or answers is None:
        return False
    return answers[measure.suicide_item - 1] != 0


def item_9_line(measure: Measure, answers: Sequence[int | None]) -> str:
    """Return item 9 of a form with answers, in words."""
    answer = answers[measure.suicide_item - 1]
    return item_9_words(measure.code, answer, answers_known=True)


def _total_alone(
    measure: Measure, total: int, baseline: int | None, previous: int | None
) -> list[str]:
    lines = [f"{_total(measure, total)}, answers not known."]
    lines += _changes(total, baseline, previous)
    if measure.suicide_item is not None:
        lines.append(item_9_words(measure.code, None, answers_known=False))
    return lines


def _total(measure: Measure, total: int) -> str:
    band = measure.band(total)
    severity = f" ({band.name})" if band else ""
    return f"{measure.name} total {total} of {measure.highest_total}{severity}"


def _changes(total: int, baseline: int | None, previous: int | None) -> list[str]:
    earlier = ((baseline, "baseline"), (previous, "the last form"))
    return [
        _change_line(total, score, what) for score, what in earlier if score is not None
    ]


def _change_line(total: int, earlier: int, what: str) -> str:
    change = total - earlier
    percent = 100 * change / earlier if earlier else None
    return f"From {what} ({earlier}): {change_words(change, percent)}."


def _before_saving(measure: Measure, answer: int | None) -> str:
    words = item_9_words(measure.code, answer, answers_known=True)
    return words if answer == 0 else f"{words} {ALERT_OPENS}"
