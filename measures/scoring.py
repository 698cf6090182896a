"""Answers in, scores out. An unanswered item is never counted as 0."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from measures.definition import Domain, Measure
from measures.pcl5 import PCL5, SYMPTOM_PRESENT_AT
from measures.phq9 import PHQ9
from measures.sources import ARRIETA_2017


UNANSWERED = "-"

Answers = tuple[int | None, ...]


class UnscorableAnswers(ValueError):
    """Answers that this measure does not have."""


@dataclass(frozen=True)
class Score:
    """What a set of answers says: a total, or the range it must lie in."""

    answered: int
    asked: int
    lowest: int
    highest: int

    @property
    def complete(self) -> bool:
        """Whether every item was answered."""
        return self.answered == self.asked

    @property
    def total(self) -> int | None:
        """The sum of all items, or None while an item is unanswered."""
        return self.lowest if self.complete else None


def score(measure: Measure, answers: Sequence[int | None]) -> Score:
    """Return the total of a form, or the range its total must lie in.

    Parameters
    ----------
    measure
        The instrument.
    answers
        One entry per item, in order; None is unanswered.

    Raises
    ------
    UnscorableAnswers
        If there are too many or too few entries, or one is not an answer of this
        measure.

    Examples
    --------
    >>> from measures.phq9 import PHQ9
    >>> score(PHQ9, (3, 0, 1, 2, 0, 0, 1, 0, 3)).total
    10
    >>> partial = score(PHQ9, (3, 0, 1, 2, 0, 0, 1, 0, None))
    >>> partial.total, partial.lowest, partial.highest
    (None, 7, 10)
    """
    checked = check_answers(measure, answers)
    return _sum(checked, measure.highest_answer)


def domain_score(
    measure: Measure, domain: Domain, answers: Sequence[int | None]
) -> Score:
    """Return the score of one domain of a form, or its range.

    Examples
    --------
    >>> from measures.pcl5 import PCL5
    >>> avoidance = PCL5.domains[1]
    >>> domain_score(PCL5, avoidance, [0] * 5 + [3, 4] + [0] * 13).total
    7
    """
    checked = check_answers(measure, answers)
    within = tuple(checked[number - 1] for number in domain.items)
    return _sum(within, measure.highest_answer)


def check_answers(measure: Measure, answers: Sequence[int | None]) -> Answers:
    """Return the answers as a tuple, or refuse the first that is impossible.

    Raises
    ------
    UnscorableAnswers
        Naming the measure, the item, the value and what is allowed.
    """
    if len(answers) != measure.item_count:
        raise UnscorableAnswers(
            f"{measure.name} has {measure.item_count} items; got {len(answers)} answers"
        )
    for number, answer in enumerate(answers, start=1):
        if answer is not None and not _is_answer(measure, answer):
            raise UnscorableAnswers(
                f"{measure.name} item {number}: {answer!r} is not an answer; "
                f"allowed: 0 to {measure.highest_answer}, or unanswered"
            )
    return tuple(None if answer is None else int(answer) for answer in answers)


def digits(answers: Sequence[int | None]) -> str:
    """Return answers as one character an item, ``-`` where unanswered.

    Examples
    --------
    >>> digits((3, 0, None))
    '30-'
    """
    return "".join(UNANSWERED if a is None else str(a) for a in answers)


def parse_answers(measure: Measure, text: str) -> Answers:
    """Read answers as typed: ``3,0,1,2`` or ``3012``; blank or ``-`` is unanswered.

    Raises
    ------
    UnscorableAnswers
        If an entry is no answer, or their number is not the measure's.

    Examples
    --------
    >>> from measures.phq9 import PHQ9
    >>> parse_answers(PHQ9, "3,0,1,2,,0,1,-,3")
    (3, 0, 1, 2, None, 0, 1, None, 3)
    >>> parse_answers(PHQ9, "3012-01-3") == parse_answers(PHQ9, "3,0,1,2,,0,1,-,3")
    True
    """
    separated = re.search(r"[,;]", text) is not None
    entries = re.split(r"[,;]", text) if separated else re.sub(r"\s", "", text)
    return check_answers(
        measure,
        [_parse_entry(measure, n, e.strip()) for n, e in enumerate(entries, start=1)],
    )


# Arrieta 2017 as described by qscorer: at most two of the nine may be missing.
PRORATING_HIGHEST_MISSING = 2
PRORATING_SOURCE = ARRIETA_2017


def prorated_phq9(answers: Sequence[int | None]) -> Fraction | None:
    """Return the prorated PHQ-9 total, or None where the rule does not apply.

    With one or two of nine items unanswered: nine times the mean of the answered
    items. It may be shown, marked, beside the range; no rate uses it. Item 9 is never
    imputed: where it is unanswered there is no prorated total.

    References
    ----------
    ``measures.sources.ARRIETA_2017``.

    Examples
    --------
    >>> prorated_phq9((2, 2, 2, 2, 2, 2, 2, None, 0))
    Fraction(63, 4)
    """
    partial = score(PHQ9, answers)
    missing = partial.asked - partial.answered
    item_9_unanswered = answers[PHQ9.suicide_item - 1] is None
    if not 1 <= missing <= PRORATING_HIGHEST_MISSING or item_9_unanswered:
        return None
    return Fraction(partial.lowest * partial.asked, partial.answered)


# PHQ-9 algorithm: a symptom counts from "more than half the days"; item 9 counts if
# present at all. CamCOPS phq9 (is_mds, is_ods), after the PHQ instruction manual.
PHQ9_CORE_ITEMS = (1, 2)
PHQ9_PRESENT_AT = 2
PHQ9_ITEM_9_PRESENT_AT = 1
PHQ9_MAJOR_SYMPTOMS = 5
PHQ9_OTHER_SYMPTOMS = 2


def phq9_syndrome(answers: Sequence[int | None]) -> str | None:
    """Return which depressive syndrome the PHQ-9 algorithm finds.

    A screening algorithm, not a diagnosis.

    Returns
    -------
    str or None
        ``"major"``: five or more symptoms, one of them item 1 or 2.
        ``"other"``: two to four, one of them item 1 or 2. ``"none"``: neither.
        None: the unanswered items could change the result.

    Examples
    --------
    >>> phq9_syndrome((3, 0, 2, 2, 2, 0, 0, 0, 1))
    'major'
    >>> phq9_syndrome((0, 0, 3, 3, 3, 3, 3, 3, 3))
    'none'
    """
    checked = check_answers(PHQ9, answers)
    if_all_low = _syndrome(_with(checked, 0))
    if_all_high = _syndrome(_with(checked, PHQ9.highest_answer))
    return if_all_low if if_all_low == if_all_high else None


def pcl5_symptom_rule(answers: Sequence[int | None]) -> bool | None:
    """Return whether the DSM-5 symptom rule is met, or None if it cannot be told.

    One intrusion, one avoidance, two mood and two arousal symptoms, each answered
    "moderately" or more. Criterion A, duration and impairment are not asked.

    Examples
    --------
    >>> present = {1, 6, 8, 9, 15, 16}
    >>> pcl5_symptom_rule([2 if n in present else 0 for n in range(1, 21)])
    True
    """
    checked = check_answers(PCL5, answers)
    if_all_low = _symptom_rule(_with(checked, 0))
    if_all_high = _symptom_rule(_with(checked, PCL5.highest_answer))
    return if_all_low if if_all_low == if_all_high else None


def _sum(answers: Answers, highest_answer: int) -> Score:
    given = [answer for answer in answers if answer is not None]
    unanswered = len(answers) - len(given)
    return Score(
        answered=len(given),
        asked=len(answers),
        lowest=sum(given),
        highest=sum(given) + unanswered * highest_answer,
    )


def _is_answer(measure: Measure, answer: object) -> bool:
    try:
        whole = not isinstance(answer, bool) and int(answer) == answer
    except (TypeError, ValueError, OverflowError):
        return False
    return whole and 0 <= answer <= measure.highest_answer


def _parse_entry(measure: Measure, number: int, entry: str) -> int | None:
    if entry in ("", UNANSWERED):
        return None
    if not re.fullmatch(r"[0-9]", entry):
        raise UnscorableAnswers(
            f"{measure.name} item {number}: {entry!r} is not an answer; "
            f"allowed: 0 to {measure.highest_answer}, or - for unanswered"
        )
    return int(entry)


def _with(answers: Answers, value: int) -> tuple[int, ...]:
    return tuple(value if answer is None else answer for answer in answers)


def _syndrome(answers: tuple[int, ...]) -> str:
    present = {
        number
        for number, answer in enumerate(answers, start=1)
        if answer
        >= (PHQ9_ITEM_9_PRESENT_AT if number == PHQ9.suicide_item else PHQ9_PRESENT_AT)
    }
    if not present.intersection(PHQ9_CORE_ITEMS):
        return "none"
    if len(present) >= PHQ9_MAJOR_SYMPTOMS:
        return "major"
    return "other" if len(present) >= PHQ9_OTHER_SYMPTOMS else "none"


def _symptom_rule(answers: tuple[int, ...]) -> bool:
    return all(
        sum(answers[number - 1] >= SYMPTOM_PRESENT_AT for number in domain.items)
        >= domain.symptoms_needed
        for domain in PCL5.domains
    )
