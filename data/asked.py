"""Questions that one reading transaction asks once, however many functions ask them."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Connection


Answer = TypeVar("Answer")


def asked_once(
    connection: Connection, question: Hashable, ask: Callable[[], Answer]
) -> Answer:
    """Return what was answered in this reading transaction already, or ask.

    A transaction that writes may change the answer, so it asks each time.

    Parameters
    ----------
    connection
        Where to ask.
    question
        Names what is asked, with everything the answer depends on.
    ask
        Asks it.
    """
    answers: dict[Hashable, Any] | None = connection.get_execution_options().get(
        "answers"
    )
    if answers is None:
        return ask()
    if question not in answers:
        answers[question] = ask()
    return answers[question]
