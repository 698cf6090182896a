"""Saved rates in words: what was kept, whether it comes out again, and what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from analysis.outcomes import OutcomeRate
from analysis.snapshot import (
    AFTER_AS_OF,
    CLOSING,
    CORRECTED,
    DEFINITION,
    FILTERS,
    INFUSIONS,
    LATER_INFUSIONS,
    OF_BASELINE,
    OF_COURSE,
    OF_CRITERION,
    OF_DUE,
    OF_SCORE,
    OTHER_COURSE,
    RECORDED_SINCE,
    UNEXPLAINED,
    WITHDRAWN,
    Changes,
    CourseChange,
    DefinitionChange,
    Reason,
    kept_rate,
)
from data.moments import practice_zone
from data.snapshots import SnapshotHead
from measures.days import day_date
from measures.registry import MEASURES
from views.results.counts.snapshots import Opened, kept_selection
from views.results.wording.numbers import (
    NO_DATA,
    counted,
    day_text,
    percent_range,
    share_of,
)
from views.results.wording.outcomes import STATE_WORDS, scope
from views.wording import escape, moment_words


Row = Mapping[str, str]

WHAT_IT_IS = (
    "A snapshot keeps a rate as it is counted now, with every course behind it and "
    "every definition it follows, so that you can get the same number again. Opened "
    "later, it shows what counts otherwise since, and why."
)
FOR_GOOD = "A snapshot cannot be changed or deleted. Write no patient's name here."
NONE_YET = (
    "No rate is saved yet. Choose one above and save it before you show it to anybody: "
    "a form that is corrected tomorrow changes what is counted tomorrow."
)
ABOUT_THE_SEAL = (
    "The seal is the SHA-256 of the first file; that file holds the SHA-256 of the "
    "second. `sha256sum` of a file gives it again. The audit's entry of the saving "
    "names the seal too, so a snapshot that was changed is not opened."
)
ABOUT_THE_FILES = (
    "For the practice's own records, not to be passed on: to give the seal they are to "
    "the letter what was saved. Small counts are not hidden in them, and the second "
    "has a row for each course, with dates and scores under numbers in the place of "
    "names."
)
ABOUT_REASONS = (
    "A course can have several reasons. They are taken from the history of the forms "
    "and infusions that were counted, not from guessing."
)

OF_WORDS = {
    OF_COURSE: "Course",
    OF_BASELINE: "Baseline",
    OF_SCORE: "Score",
    OF_DUE: "Due",
    OF_CRITERION: "Criterion",
}
KIND_WORDS = {
    CORRECTED: "corrected since",
    WITHDRAWN: "withdrawn since",
    RECORDED_SINCE: "recorded since, of a day up to the as-of date",
    AFTER_AS_OF: "after the snapshot's as-of date",
    INFUSIONS: "infusions recorded, corrected or withdrawn since",
    LATER_INFUSIONS: "infusions after the as-of date moved the window",
    OTHER_COURSE: "another course of the patient is the one that counts",
    FILTERS: "its record was edited, so the filters choose otherwise",
    CLOSING: "the course was closed or opened again",
    DEFINITION: "a definition changed",
    UNEXPLAINED: "nothing recorded explains it; look into the record",
}
NOT_AMONG = "not among the courses"
NOTHING = "none"

THEN, AGAIN, TODAY = "As counted then", "Counted again", "As of today"


# The list.


def rate_name(head: SnapshotHead) -> str:
    """Return what was asked, in the names of that day.

    Examples are ``PHQ-9: Response (50 % lower) at weeks 2-4``.
    """
    written, code = head.content["definitions"], head.content["rate"]["measure"]
    measure = MEASURES[code].name if code in MEASURES else code
    name, when = (written[part]["name"] for part in ("criterion", "time point"))
    return f"{measure}: {name}, {when[0].lower()}{when[1:]}"


def made(head: SnapshotHead) -> str:
    """Return when a snapshot was saved, on the practice's clock."""
    return moment_words(at_practice(head))


def at_practice(head: SnapshotHead) -> datetime:
    """Return the moment of saving in the practice's time zone."""
    return head.made_at.astimezone(practice_zone())


def choice(head: SnapshotHead) -> str:
    """Return a snapshot as an entry of a list."""
    return f"{head.id} – {made(head)} – {rate_name(head)}"


def list_rows(heads: Iterable[SnapshotHead]) -> list[Row]:
    """Return the saved snapshots as a table."""
    return [
        {
            "No.": str(head.id),
            "Saved": made(head),
            "By": escape(head.made_by),
            "Rate": rate_name(head),
            "As counted then": share_of(kept_rate(head.content).observed, "measured"),
            "Note": escape(head.note),
        }
        for head in heads
    ]


def changed_afterwards(ids: Sequence[int]) -> str:
    """Return that snapshots are no longer what was saved."""
    which = " and ".join(map(str, sorted(ids)))
    one = len(ids) == 1
    return (
        f"Snapshot{'' if one else 's'} {which} {'is' if one else 'are'} no longer what "
        f"was saved, and cannot be opened. Restore {'it' if one else 'them'} from a "
        "backup."
    )


# One that is opened.


def verdict(opened: Opened) -> str:
    """Return whether a snapshot comes out again, in one sentence."""
    if opened.again is None:
        return (
            "This question can no longer be asked: this version of the program does "
            f"not know its {' and its '.join(opened.unknown)}. Below is what was kept."
        )
    changes, day = opened.again, day_text(opened.then.rate.as_of_day)
    if changes.reproduced:
        return (
            f"It comes out again: asked for {day} once more, "
            f"{all_courses(changes.unchanged)}."
        )
    return (
        f"It does not come out the same: asked for {day} once more, "
        f"{otherwise(changes)}."
    )


def all_courses(number: int) -> str:
    """Return that every course counts as it did."""
    if number == 1:
        return "its one course counts as it did"
    return f"all {number} courses count as they did"


def otherwise(changes: Changes) -> str:
    """Return how many courses count otherwise, of how many."""
    number = len(changes.courses)
    verb = "counts" if number == 1 else "count"
    return (
        f"{counted(number, 'course')} {verb} otherwise and {changes.unchanged} "
        "as before"
    )


def difference(changes: Changes) -> str:
    """Return how many courses count otherwise on the day that is asked about."""
    day = day_text(changes.now.as_of_day)
    if changes.reproduced:
        return f"As of {day}, {all_courses(changes.unchanged)}."
    return f"As of {day}, {otherwise(changes)}."


def asked_of(opened: Opened) -> str:
    """Return which courses a snapshot was asked about; the choice is escaped."""
    if opened.unknown:
        return f"As of {day_text(opened.then.rate.as_of_day)}."
    return escape(scope(kept_selection(opened)))


def rates(opened: Opened) -> dict[str, OutcomeRate]:
    """Return the rate as it was and as it is, by what it is called on the page."""
    found = {THEN: opened.then.rate}
    if opened.again:
        found[AGAIN] = opened.again.now
    if opened.today and opened.today is not opened.again:
        found[TODAY] = opened.today.now
    return found


def rate_rows(opened: Opened) -> list[Row]:
    """Return every number then and now as a table: a row per number."""
    by_name = rates(opened)
    return [
        {"Number": number}
        | {f"{name} ({day_text(r.as_of_day)})": say(r) for name, r in by_name.items()}
        for number, say in _NUMBERS.items()
    ]


def _bounds(rate: OutcomeRate) -> str:
    if rate.bounds is None:
        return NO_DATA
    return f"{percent_range(*rate.bounds)} %"


_NUMBERS = {
    "Started": lambda rate: str(rate.started),
    "No baseline": lambda rate: str(rate.no_baseline),
    "Eligible": lambda rate: str(rate.eligible),
    "Due": lambda rate: str(rate.due),
    "Measured": lambda rate: str(rate.measured),
    "Completeness": lambda rate: share_of(rate.completeness, "due"),
    "Criterion met": lambda rate: str(rate.events),
    "Of the measured": lambda rate: share_of(rate.observed, "measured"),
    "Of all due, the missing not met": lambda rate: share_of(rate.nonresponse, "due"),
    "Of all due, whatever the missing are": _bounds,
}


# What changed, and why.


def reason_words(of: str, kind: str) -> str:
    """Return why a course counts otherwise.

    Examples
    --------
    >>> reason_words("score", "corrected")
    'Score: corrected since'
    """
    return f"{OF_WORDS[of]}: {KIND_WORDS[kind]}"


def move_words(then: str | None, now: str | None) -> str:
    """Return as what a course counted, and as what it counts now.

    Examples
    --------
    >>> move_words("missing", "event"), move_words(None, "not due")
    ('due, not measured → criterion met', 'not among the courses → not yet due')
    """
    return f"{_state(then)} → {_state(now)}"


def _state(state: str | None) -> str:
    return NOT_AMONG if state is None else STATE_WORDS[state]


@dataclass(frozen=True)
class Changed:
    """A number of courses that count otherwise for one reason, or in one way."""

    code: str
    name: str
    course_ids: tuple[int, ...]


def changed_numbers(changes: Changes) -> list[Changed]:
    """Return every number among the changes: all, by reason, and by what became."""
    every = tuple(course.course_id for course in changes.courses)
    reasons = [
        Changed(f"{of} {kind}", reason_words(of, kind), ids)
        for (of, kind), ids in changes.by_reason.items()
    ]
    moves = [
        Changed(f"{then} {now}", move_words(then, now), ids)
        for (then, now), ids in changes.moves.items()
    ]
    return [Changed("all", "Counted otherwise", every), *reasons, *moves]


def reason_rows(changes: Changes) -> list[Row]:
    """Return how many courses count otherwise for each reason, as a table."""
    return [
        {"Why": reason_words(of, kind), "Courses": str(len(ids))}
        for (of, kind), ids in changes.by_reason.items()
    ]


def move_rows(changes: Changes) -> list[Row]:
    """Return how many courses count as something else than they did, as a table."""
    return [
        {"Then": _state(then), "Now": _state(now), "Courses": str(len(ids))}
        for (then, now), ids in changes.moves.items()
    ]


def change_table(changes: Iterable[CourseChange]) -> pd.DataFrame:
    """Return courses that count otherwise as the rows behind a number."""
    rows = [
        {
            "patient_id": change.patient_id,
            "Why": "; ".join(_reasons(change.reasons)),
            "Then": _state(change.then and change.then.state),
            "Now": _state(change.now and change.now.state),
            "Baseline then": change.then and change.then.baseline,
            "Baseline now": change.now and change.now.baseline,
            "Score then": change.then and change.then.total,
            "Score now": change.now and change.now.total,
        }
        for change in changes
    ]
    return pd.DataFrame(rows).convert_dtypes()


def _reasons(reasons: Iterable[Reason]) -> Iterable[str]:
    return dict.fromkeys(reason_words(reason.of, reason.kind) for reason in reasons)


# Definitions.


def definition_rows(changes: Sequence[DefinitionChange]) -> list[Row]:
    """Return the limits that are others than the snapshot's, as a table."""
    return [
        {
            "Definition": _upper(change.part),
            "Limit": change.limit.replace("_", " "),
            "Then": _value(change.then),
            "Now": _value(change.now),
        }
        for change in changes
    ]


def kept_definitions(definitions: Mapping[str, Any]) -> list[Row]:
    """Return the definitions that a snapshot keeps, in the words of that day."""
    return [
        {"Definition": _upper(part), "As it was": _written(definition)}
        for part, definition in definitions.items()
    ]


def _written(definition: Any) -> str:
    if not isinstance(definition, Mapping):
        return str(definition)
    words = [definition.get("name"), definition.get("sentence")]
    return ": ".join(escape(word) for word in words if word)


def _value(value: Any) -> str:
    return NOTHING if value is None else escape(str(value))


def _upper(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


# Files.


def stamp(opened: Opened) -> Row:
    """Return what a file says of the snapshot whose rate it holds."""
    saved, rate = opened.saved, opened.then.rate
    asked = {} if opened.unknown else {"Courses": scope(kept_selection(opened))}
    return {
        **asked,
        "As of": day_date(rate.as_of_day).isoformat(),
        "Snapshot": str(saved.id),
        "Saved": at_practice(saved).isoformat(timespec="minutes"),
        "Seal (SHA-256)": saved.hash,
    }
