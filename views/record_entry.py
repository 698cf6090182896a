"""One form being filled in: typed, said back, and given to whoever keeps it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from access.drafts import DRAFT
from data.assessments import Assessment, AssessmentFacts, list_assessments
from data.database import Connection, Engine
from data.drafts import KeptDraft, forget_draft, get_draft
from data.frames import baseline_ids
from data.moments import now_at_practice
from data.patients import Course, Patient
from measures.definition import Measure
from views import echo, item_form, state
from views.components import kept
from views.record_choices import Moment
from views.record_patient import label
from views.state import reading
from views.wording import day_words


Keep = Callable[[AssessmentFacts, str], object]
"""Keeps what was typed under the token of the attempt; may refuse with a sentence."""


@dataclass(frozen=True)
class Entry:
    """One form to fill in.

    Parameters
    ----------
    patient, course, measure, recall_window, moment
        What is filled in, for whom, and when it was completed.
    corrects
        The form that is corrected; None for a new one.
    """

    patient: Patient
    course: Course
    measure: Measure
    recall_window: str
    moment: Moment
    corrects: Assessment | None = None

    @property
    def name(self) -> str:
        """What keeps this form apart from every other, without naming the patient."""
        return "-".join(
            (
                state.practice(),
                str(self.course.id),
                self.measure.code,
                self.recall_window,
                self.moment.code,
            )
        )

    @property
    def token(self) -> str:
        """Names the attempt to save it, until it was saved."""
        key = f"token-{self.name}"
        return st.session_state.setdefault(key, secrets.token_hex(16))

    @property
    def start(self) -> AssessmentFacts | None:
        """What was recorded before, to start with."""
        return self.corrects and self.corrects.facts

    def facts(self, source: str, **typed: object) -> AssessmentFacts:
        """Return the form's facts with what was typed; a correction keeps its source.

        Parameters
        ----------
        source
            Who answered a new form.
        **typed
            The answers, or the total.
        """
        return AssessmentFacts(
            measure=self.measure.code,
            recall_window=self.recall_window,
            completed_at=self.moment.at or now_at_practice(),
            source=self.start.source if self.start else source,
            **typed,
        )

    def forget(self) -> None:
        """Give up what this visit keeps of the form; it was saved."""
        for kind in ("typed", "back", "token"):
            st.session_state.pop(f"{kind}-{self.name}", None)


def enter(engine: Engine, entry: Entry, keep: Keep, *, autofocus: bool) -> bool:
    """Ask for one form and return whether it has just been kept.

    Parameters
    ----------
    engine
        The practice's database.
    entry
        The form.
    keep
        Called once, when it is to be saved.
    autofocus
        Whether the form takes the focus.
    """
    total_only = st.toggle(
        "Only the total is known (old record)",
        value=bool(entry.start and entry.start.answers is None),
        key=f"total-only-{entry.name}",
    )
    if total_only:
        return _enter_total(engine, entry, keep)
    return _enter_items(engine, entry, keep, autofocus=autofocus)


def forget_its_draft(connection: Connection, entry: Entry) -> None:
    """Give the draft of a form up, in the transaction that saves the form."""
    if not state.in_example():
        forget_draft(connection, entry.course.id, entry.name)


def _enter_items(engine: Engine, entry: Entry, keep: Keep, *, autofocus: bool) -> bool:
    measure = entry.measure
    window = measure.recall_window(entry.recall_window)
    functional = measure.functional_item
    found = _draft(engine, entry)
    values, functional_value = _to_start_with(entry, found)
    submitted = item_form.item_form(
        name=f"{measure.name}, {window.name}",
        stem=window.stem,
        items=[item.text for item in measure.items],
        answers=[(answer.score, answer.text) for answer in measure.answers],
        functional=functional
        and (functional.text, [(a.score, a.text) for a in functional.answers]),
        record=entry.name,
        token=found.draft.token if found else entry.token,
        key=f"form-{entry.name}",
        values=values,
        functional_value=functional_value,
        watch_item=measure.suicide_item,
        review=_review(engine, entry),
        draft=_draft_box(entry, found),
        save_label=f"Check {measure.name}",
        autofocus=autofocus,
    )
    st.caption(measure.licence)
    if submitted is None:
        return False
    facts = entry.facts(
        "self_report",
        answers=tuple(submitted["values"]),
        difficulty=submitted["functional"],
        partial_reason=submitted["partial_reason"],
    )
    return kept(lambda: keep(facts, submitted["token"]))


def _draft(engine: Engine, entry: Entry) -> KeptDraft | None:
    """Return what was typed earlier and not saved.

    The example has no drafts: they belong to an account, and its database has none.
    """
    if state.in_example():
        return None
    with reading(engine) as connection:
        found = get_draft(connection, entry.course.id, entry.name)
    # What somebody answered "now" on another day is not what they answer today.
    is_of_now = entry.moment.at is None
    if found and is_of_now and found.kept_at.date() != state.today():
        return None
    return found


def _to_start_with(
    entry: Entry, found: KeptDraft | None
) -> tuple[tuple[int | None, ...] | None, int | None]:
    if found:
        return found.draft.answers, found.draft.difficulty
    if entry.start and entry.start.answers:
        return entry.start.answers, entry.start.difficulty
    return None, None


def _draft_box(entry: Entry, found: KeptDraft | None) -> item_form.DraftBox | None:
    if state.in_example():
        return None
    return item_form.DraftBox(
        address=DRAFT,
        about={"course": entry.course.id, "measure": entry.measure.code},
        kept=_kept_words(found) if found else "",
    )


def _kept_words(found: KeptDraft) -> str:
    at = found.kept_at
    since = "" if at.date() == state.today() else f"{day_words(at)}, "
    return f"Kept from {since}{at:%H:%M}; Clear starts again."


def _review(engine: Engine, entry: Entry) -> item_form.Review:
    measure = entry.measure
    baseline, previous = _earlier_totals(engine, entry)
    return item_form.Review(
        title=f"Save this {measure.name}?",
        about=_about(entry),
        echo=echo.every_echo(measure, baseline=baseline, previous=previous),
        save_label=f"Save {measure.name}",
    )


def _about(entry: Entry) -> str:
    """Return for whom and when: what nobody notices in a form that is filled in."""
    return f"{label(entry.patient)}\nCompleted: {entry.moment.words}"


def _earlier_totals(engine: Engine, entry: Entry) -> tuple[int | None, int | None]:
    """Return the baseline's and the last complete total before this form."""
    stream = (entry.measure.code, entry.recall_window)
    before = entry.moment.at or now_at_practice()
    with reading(engine) as connection:
        forms = list_assessments(connection, entry.course.id)
        baseline_id = baseline_ids(connection, entry.course.id).get(stream)
    complete = [
        form
        for form in forms
        if (form.facts.measure, form.facts.recall_window) == stream
        and form.total is not None
        and form.facts.completed_at < before
        and form.id != (entry.corrects and entry.corrects.id)
    ]
    baseline = [form.total for form in complete if form.id == baseline_id]
    previous = [form.total for form in complete if form.id != baseline_id]
    return baseline[0] if baseline else None, previous[-1] if previous else None


# --- a total alone: an old record, said back by the page


def _enter_total(engine: Engine, entry: Entry, keep: Keep) -> bool:
    total = st.session_state.get(f"typed-{entry.name}")
    if total is None:
        _ask_total(entry)
        return False
    if not _confirmed(engine, entry, total):
        return False
    facts = entry.facts("clinician", total=total)
    return kept(lambda: keep(facts, entry.token))


def _ask_total(entry: Entry) -> None:
    measure = entry.measure
    total = st.number_input(
        f"{measure.name} total, 0 to {measure.highest_total}",
        0,
        measure.highest_total,
        st.session_state.get(f"back-{entry.name}", entry.start and entry.start.total),
        key=f"total-{entry.name}",
    )
    st.caption(
        "A total alone counts in rates; its items, item 9 included, stay unknown."
    )
    if st.button(f"Check {measure.name}", disabled=total is None):
        st.session_state[f"typed-{entry.name}"] = total
        st.rerun()


def _confirmed(engine: Engine, entry: Entry, total: int) -> bool:
    measure = entry.measure
    baseline, previous = _earlier_totals(engine, entry)
    st.markdown(f"**Save this {measure.name}?**")
    st.text(_about(entry))
    for line in echo.echo_lines(
        measure, total=total, baseline=baseline, previous=previous
    ):
        st.text(line)
    save, back, _ = st.columns([2, 2, 4])
    back.button(
        "Go back", on_click=_go_back, args=[entry], key=f"back-button-{entry.name}"
    )
    return save.button(
        f"Save {measure.name}",
        type="primary",
        shortcut="Ctrl+Enter",
        key=f"save-{entry.name}",
    )


def _go_back(entry: Entry) -> None:
    st.session_state[f"back-{entry.name}"] = st.session_state.pop(
        f"typed-{entry.name}", None
    )
