"""A form entered from the keyboard: one digit per item, saved on purpose only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from views.echo import Echo


PARTIAL_REASONS = (
    ("refused", "Refused"),
    ("interrupted", "Interrupted"),
    ("other", "Other"),
)
"""Why a form may be saved incomplete: code and words."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Answers(TypedDict):
    """What was typed so far: one entry per item, None where there is no answer."""

    values: list[int | None]
    functional: int | None


class Submission(Answers):
    """What was saved, under the token of the attempt to save it."""

    token: str
    partial_reason: str | None


@dataclass(frozen=True)
class Review:
    """What is said back of a form before it is saved, whatever was typed.

    Parameters
    ----------
    title
        The question that is asked.
    about
        For whom and when, on lines of their own.
    echo
        The sentences to choose from.
    save_label
        Words on the button that saves.
    """

    title: str
    about: str
    echo: Echo
    save_label: str


@dataclass(frozen=True)
class DraftBox:
    """Where what was typed is kept until it is saved.

    Parameters
    ----------
    address
        Takes the answers by POST, as JSON.
    about
        What is sent along with them.
    kept
        Words for answers to start with that were kept there; empty without any.
    """

    address: str
    about: Mapping[str, object] = field(default_factory=dict)
    kept: str = ""


def _source(kind: str) -> str:
    return Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "item_form", html=_source("html"), css=_source("css"), js=_source("js")
)


def item_form(
    *,
    name: str = "",
    stem: str,
    items: Sequence[str],
    answers: Sequence[tuple[int, str]],
    record: str,
    token: str,
    key: str,
    functional: tuple[str, Sequence[tuple[int, str]]] | None = None,
    values: Sequence[int | None] | None = None,
    functional_value: int | None = None,
    watch_item: int | None = None,
    review: Review | None = None,
    draft: DraftBox | None = None,
    save_label: str = "Save",
    partial_reasons: Sequence[tuple[str, str]] = PARTIAL_REASONS,
    autofocus: bool = False,
) -> Submission | None:
    """Show one form and return its answers on the run that saving it causes.

    Until then nothing is returned and the page does not run: the answers stay in the
    browser, where other reruns, a lost connection and a restart of the server leave
    them alone, and a draft is sent a second after the last answer. Never mount it in
    ``st.form``, which swallows the save, nor in a fragment: after a restart Streamlit
    drops what a fragment sends until the whole page has run again.

    Parameters
    ----------
    name
        Short name of the measure, shown before the stem.
    stem
        The question above the items, with its recall window.
    items
        The items in order, word for word.
    answers
        Score and words of each answer an item may have; scores from 0 to 9.
    record
        What is being filled in, such as one measure at one infusion. Another record
        starts a new form; the same record keeps what was typed.
    token
        Names the attempt to save this record; give another once it was saved or given
        up. The first token seen comes back with every save, also after a restart, so
        one stored as unique is saved once.
    key
        Streamlit's key of the widget.
    functional
        A question outside the total with its own answers; it may be skipped.
    values, functional_value
        Answers to start with: a draft, or a record to correct.
    watch_item
        Number of the item that is marked, and named below, from an answer of 1.
    review
        What is said back first; a second save, once there was time to read, saves.
        Without it the first one does.
    draft
        Where drafts are sent, if they are kept.
    save_label
        Words on the button that saves, or says back.
    partial_reasons
        Codes and words to choose from before an incomplete form is saved; without
        any, it cannot be.
    autofocus
        Take the focus, once per record or when this becomes true. Digits typed while
        another form was being saved are then entered here.

    Returns
    -------
    Submission or None
        ``values`` has one entry per item. ``partial_reason`` is a code exactly when
        an item has no answer.

    Raises
    ------
    ValueError
        If answers do not fit the form, whether to start with or from the browser.
    """
    form = _Form(
        record=record,
        item_count=len(items),
        scores=_scores(answers),
        functional_scores=_scores(functional[1] if functional else ()),
        reasons=frozenset(code for code, _ in partial_reasons),
    )
    if values is not None:
        form.answers({"values": list(values), "functional": functional_value})
    result = _mount(
        key=key,
        data={
            "name": name,
            "stem": stem,
            "items": list(items),
            "answers": _pairs(answers),
            "functional": functional
            and {"text": functional[0], "answers": _pairs(functional[1])},
            "record": record,
            "token": token,
            "values": None if values is None else list(values),
            "functional_value": functional_value,
            "watch_item": watch_item,
            "review": review and asdict(review),
            "draft": draft and asdict(draft),
            "save_label": save_label,
            "partial_reasons": _pairs(partial_reasons),
            "autofocus": autofocus,
            "received": st.session_state.get(_received_key(key)),
        },
        on_submitted_change=partial(_note_received, key),
    )
    return form.submission(result.submitted) if form.sent(result.submitted) else None


@dataclass(frozen=True)
class _Form:
    """What the browser may send; it is not trusted to have checked."""

    record: str
    item_count: int
    scores: frozenset[int]
    functional_scores: frozenset[int]
    reasons: frozenset[str]

    def sent(self, payload: Any) -> bool:
        """Tell a message of this record from none and from one sent too late."""
        return payload is not None and payload["record"] == self.record

    def answers(self, payload: Any) -> Answers:
        values, functional = payload["values"], payload["functional"]
        if len(values) != self.item_count:
            raise ValueError(
                f"{len(values)} answers for a form of {self.item_count} items"
            )
        for number, value in enumerate(values, start=1):
            _check_answer(f"Item {number}", value, self.scores)
        _check_answer(
            "The question outside the total", functional, self.functional_scores
        )
        return {"values": values, "functional": functional}

    def submission(self, payload: Any) -> Submission:
        answers, reason = self.answers(payload), payload["partial_reason"]
        if (reason is not None) != (None in answers["values"]):
            raise ValueError("A reason belongs to an incomplete form, and to no other")
        if reason is not None and reason not in self.reasons:
            raise ValueError(
                f"The reason {reason!r} must be one of {sorted(self.reasons)}"
            )
        token = payload["token"]
        if not (isinstance(token, str) and _TOKEN.fullmatch(token)):
            raise ValueError("The attempt to save this has no name")
        return {**answers, "token": token, "partial_reason": reason}


def _check_answer(what: str, value: Any, scores: frozenset[int]) -> None:
    # The type, because True == 1.
    if value is not None and (type(value) is not int or value not in scores):
        allowed = ", ".join(map(str, sorted(scores))) or "nothing"
        raise ValueError(f"{what} must be answered with {allowed}, or not at all")


def _scores(answers: Iterable[tuple[int, str]]) -> frozenset[int]:
    return frozenset(score for score, _ in answers)


def _pairs(pairs: Iterable[tuple[int | str, str]]) -> list[list[int | str]]:
    return [list(pair) for pair in pairs]


def _note_received(key: str) -> None:
    # The form accepts answers again once it reads its own attempt here.
    st.session_state[_received_key(key)] = st.session_state[key].submitted["attempt"]


def _received_key(key: str) -> str:
    return f"{key}-received"
