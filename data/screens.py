"""The screens of an encounter: what a patient's tablet shows, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data.errors import RecordError
from measures.definition import Answer, Measure, RecallWindow
from measures.scoring import Answers


WELCOME = "welcome"
QUESTION = "question"
CRISIS = "crisis"
REVIEW = "review"


@dataclass(frozen=True)
class Screen:
    """One thing that the tablet shows; of a question with its form and number."""

    kind: str
    position: int | None = None
    item: int | None = None


@dataclass(frozen=True)
class FormAsked:
    """One of the forms, and what was answered so far.

    Parameters
    ----------
    position
        Which of the encounter's forms, from 1.
    measure, recall_window
        What is asked. The question outside the total comes after the last item.
    given
        One entry per question that was reached, None where it was passed over.
    assessment_id
        The form as it was first recorded, where item 9 did not wait for the end.
    """

    position: int
    measure: Measure
    recall_window: RecallWindow
    given: Answers = ()
    assessment_id: int | None = None

    @property
    def question_count(self) -> int:
        """Number of questions, the one outside the total included."""
        return self.measure.item_count + (self.measure.functional_item is not None)

    @property
    def item_answers(self) -> Answers:
        """The answers to the items of the total, None where there is none."""
        count = self.measure.item_count
        return (self.given + (None,) * count)[:count]

    @property
    def functional_answer(self) -> int | None:
        """The answer to the question outside the total, None where there is none."""
        return next(iter(self.given[self.measure.item_count :]), None)

    @property
    def items_reached(self) -> bool:
        """Whether every item of the total was answered or passed over."""
        return len(self.given) >= self.measure.item_count

    def is_functional(self, item: int) -> bool:
        """Whether this is the question outside the total."""
        return item > self.measure.item_count

    def text_of(self, item: int) -> str:
        """Return a question word for word."""
        if self.is_functional(item):
            return self.measure.functional_item.text
        return self.measure.items[item - 1].text

    def answers_to(self, item: int) -> tuple[Answer, ...]:
        """Return the answers that a question allows."""
        if self.is_functional(item):
            return self.measure.functional_item.answers
        return self.measure.answers

    def check_question(self, item: int) -> None:
        """Refuse a question that the form does not have.

        Raises
        ------
        RecordError
            If there is none of this number.
        """
        if not 1 <= item <= self.question_count:
            raise RecordError(
                f"{self.measure.name} has no question {item}; "
                f"allowed: 1 to {self.question_count}"
            )

    def check_answer(self, item: int, value: int | None) -> None:
        """Refuse an answer that a question does not allow; None is always allowed.

        Raises
        ------
        RecordError
            If there is no such question, or no such answer to it.
        """
        self.check_question(item)
        scores = [one.score for one in self.answers_to(item)]
        if value is not None and value not in scores:
            raise RecordError(
                f"{self.measure.name} question {item}: {value!r} is not an answer; "
                f"allowed: {scores[0]} to {scores[-1]}, or none"
            )

    def with_answer(self, item: int, value: int | None) -> "FormAsked":
        """Return the form with an answer to a question that was reached, or the next.

        Examples
        --------
        >>> from measures.phq9 import PHQ9
        >>> form = FormAsked(1, PHQ9, PHQ9.default_recall_window, given=(3, None))
        >>> form.with_answer(1, 2).given, form.with_answer(3, 0).given
        ((2, None), (3, None, 0))
        """
        given = (*self.given[: item - 1], value, *self.given[item:])
        return replace(self, given=given)


@dataclass(frozen=True)
class Encounter:
    """Today's forms of one patient, whom nothing here names, and what is shown."""

    id: int
    forms: tuple[FormAsked, ...]
    screen: Screen

    @property
    def questions(self) -> tuple[Screen, ...]:
        """Every question, in order."""
        return tuple(s for s in screens(self.forms) if s.kind == QUESTION)

    @property
    def next_question(self) -> Screen | None:
        """The first question that was not reached; None once all were."""
        return next((q for q in self.questions if not self.was_reached(q)), None)

    @property
    def onward(self) -> Screen:
        """Where the patient goes on: the next question, or the review."""
        return self.next_question or Screen(REVIEW)

    def form(self, position: int) -> FormAsked:
        """Return one of the forms.

        Raises
        ------
        RecordError
            If there is none at this position.
        """
        found = [form for form in self.forms if form.position == position]
        if not found:
            raise RecordError(
                f"There is no form {position}; allowed: 1 to {len(self.forms)}"
            )
        return found[0]

    def with_form(self, changed: FormAsked) -> "Encounter":
        """Return the encounter with one of its forms changed."""
        forms = tuple(
            changed if form.position == changed.position else form
            for form in self.forms
        )
        return replace(self, forms=forms)

    def was_reached(self, question: Screen) -> bool:
        """Whether a question was answered or passed over."""
        return question.item <= len(self.form(question.position).given)

    def given(self, question: Screen) -> int | None:
        """Return the answer to a question that was reached; None: passed over."""
        return self.form(question.position).given[question.item - 1]

    def after(self, question: Screen) -> Screen:
        """Return what follows an answer: the question after it.

        Once every question was reached, that is the review, from where it was asked
        again.
        """
        if self.next_question is None:
            return Screen(REVIEW)
        return self.questions[self.questions.index(question) + 1]

    def before(self, question: Screen) -> Screen:
        """Return where "back" leads: the question before it, or the welcome.

        Once every question was reached, that is the review.
        """
        if self.next_question is None:
            return Screen(REVIEW)
        number = self.questions.index(question)
        return self.questions[number - 1] if number else Screen(WELCOME)


def screens(forms: Sequence[FormAsked]) -> list[Screen]:
    """Return every screen of some forms in order, the crisis text among them."""
    found = [Screen(WELCOME)]
    for form in forms:
        for item in range(1, form.question_count + 1):
            found.append(Screen(QUESTION, form.position, item))
            if item == form.measure.suicide_item:
                found.append(Screen(CRISIS, form.position))
    return [*found, Screen(REVIEW)]
