"""A rate kept as it was counted, and what became of its courses since, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis.columns import COURSES, Column, FrameSpec, conform
from analysis.outcomes import (
    MISSING,
    NOT_DUE,
    STATES,
    OutcomeRate,
    classify,
    outcome_rate,
)
from analysis.proportions import Proportion
from measures.criteria import Criterion
from measures.registry import ELIGIBILITY, RECALL_WINDOWS, TIMEPOINTS
from measures.timepoints import BASELINE, INDUCTION


SCORE_IDS = FrameSpec(
    "SCORE_IDS",
    (
        Column("course_id", "int64"),
        Column("baseline_id", "float64"),
        Column("score_id", "float64"),
    ),
    one_row_per=("course_id",),
)
"""Which forms are a course's baseline and score; a course without any has no row."""

SNAPSHOT_ROWS = FrameSpec(
    "SNAPSHOT_ROWS",
    (*COURSES.columns, Column("state", "str", allowed=STATES), *SCORE_IDS.columns[1:]),
    one_row_per=("course_id",),
)
"""Started courses with the ``state`` that counts each, and the ids of their forms."""

FORMS_SINCE = FrameSpec(
    "FORMS_SINCE",
    (
        Column("assessment_id", "int64"),
        Column("course_id", "int64"),
        Column("corrects_id", "float64"),
        Column("state", "str", allowed=("current", "superseded", "void")),
        Column("recorded_since", "int64"),
    ),
    one_row_per=("assessment_id",),
)
"""Every form of the courses of which a form was recorded or withdrawn since."""

INFUSIONS_SINCE = FrameSpec(
    "INFUSIONS_SINCE",
    (
        Column("infusion_id", "int64"),
        Column("course_id", "int64"),
        Column("day", "int64"),
        Column("what", "str", allowed=("recorded", "corrected", "withdrawn")),
    ),
    one_row_per=("infusion_id",),
)
"""Every infusion that was recorded, corrected or withdrawn since."""

OF_COURSE, OF_BASELINE, OF_SCORE = "course", "baseline", "score"
OF_DUE, OF_CRITERION = "due", "criterion"
"""What of a course is otherwise than it was."""

CORRECTED = "corrected"
"""The form was corrected after the snapshot."""
WITHDRAWN = "withdrawn"
"""The form was withdrawn after the snapshot."""
RECORDED_SINCE = "recorded since"
"""A form of the as-of day or before was recorded only after the snapshot."""
AFTER_AS_OF = "after the as-of day"
"""It happened after the snapshot's as-of day: the form, infusion 1, or being due."""
INFUSIONS = "infusions"
"""Infusions of the course were recorded, corrected or withdrawn after the snapshot."""
LATER_INFUSIONS = "later infusions"
"""Infusions given after the as-of day moved the window or the end of induction."""
OTHER_COURSE = "other course"
"""Another course of the patient is, or was, the one that counts."""
FILTERS = "filters"
"""The course's own record was edited, so that the filters choose otherwise."""
CLOSING = "closing"
"""The course was closed or opened again, which moves when it is due."""
DEFINITION = "definition"
"""The definitions of this program are others than the snapshot's."""
UNEXPLAINED = "unexplained"
"""Nothing in the record explains it; the record is to be looked into."""

KINDS = (
    CORRECTED,
    WITHDRAWN,
    RECORDED_SINCE,
    AFTER_AS_OF,
    INFUSIONS,
    LATER_INFUSIONS,
    OTHER_COURSE,
    FILTERS,
    CLOSING,
    DEFINITION,
    UNEXPLAINED,
)

_VALUES = ("baseline", "total", "score_day")
# Parts of a definition that say it in words and decide nothing.
_WORDS = frozenset(
    {"name", "sentence", "source", "reason", "note", "stem", "default", "loinc_total"}
)
_VERSION = "version"


@dataclass(frozen=True, eq=False)
class Counted:
    """A rate, the row of every course behind it, and the definitions it followed."""

    rate: OutcomeRate
    confidence: float
    filters: dict[str, Any]
    """Which courses were asked for; None or False where not limited."""
    definitions: dict[str, Any]
    rows: pd.DataFrame
    """Columns `SNAPSHOT_ROWS`, in order of the courses' ids."""


@dataclass(frozen=True)
class Reason:
    """Why a course counts otherwise: what of it (``of``), and what happened to that."""

    of: str
    kind: str
    assessment_id: int | None = None
    """The form it is about, where it is one that can be named."""


@dataclass(frozen=True)
class CourseRow:
    """How a course counted; None where it had no baseline or no score."""

    state: str
    baseline: int | None
    total: int | None
    score_day: int | None


@dataclass(frozen=True)
class CourseChange:
    """A course that counts otherwise than it did; None where it was not among them."""

    course_id: int
    patient_id: str
    then: CourseRow | None
    now: CourseRow | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class DefinitionChange:
    """One limit of a definition, as it was and as it is; None where there was none."""

    part: str
    limit: str
    then: Any
    now: Any


@dataclass(frozen=True)
class Changes:
    """The rate then and now, and every course that makes the difference."""

    then: OutcomeRate
    now: OutcomeRate
    unchanged: int
    """Courses that count now just as they did then."""
    courses: tuple[CourseChange, ...]
    definitions: tuple[DefinitionChange, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every course counts as it did, so that every number is the same."""
        return not self.courses

    @property
    def by_reason(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Ids of the courses by what of them changed and why; one may be in several."""
        found: dict[tuple[str, str], list[int]] = {}
        for course in self.courses:
            for of, kind in dict.fromkeys((r.of, r.kind) for r in course.reasons):
                found.setdefault((of, kind), []).append(course.course_id)
        order = sorted(found, key=lambda name: (KINDS.index(name[1]), name[0]))
        return {name: tuple(found[name]) for name in order}

    @property
    def moves(self) -> dict[tuple[str | None, str | None], tuple[int, ...]]:
        """Ids of the courses by state then and now; None: not among the courses."""
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for course in self.courses:
            then, now = (row and row.state for row in (course.then, course.now))
            if then != now:
                found.setdefault((then, now), []).append(course.course_id)
        return {move: tuple(ids) for move, ids in found.items()}


def count(
    courses: pd.DataFrame,
    score_ids: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    recall_window: str,
    eligible_at_least: int,
    as_of_day: int,
    filters: Mapping[str, Any],
    scores_version: str,
    confidence: float = 0.95,
) -> Counted:
    """Return a rate with all that is needed to count it again.

    Parameters
    ----------
    courses
        The chosen courses; columns `analysis.columns.COURSES`.
    score_ids
        Which forms their scores are; columns `SCORE_IDS`, for the same cut.
    criterion, timepoint, recall_window, eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.
    filters
        Which courses were chosen, for text: names and plain values.
    scores_version
        Of the definitions that the stored scores follow.
    """
    asked = {"eligible_at_least": eligible_at_least, "as_of_day": as_of_day}
    rate = outcome_rate(
        courses,
        criterion,
        timepoint=timepoint,
        recall_window=recall_window,
        confidence=confidence,
        **asked,
    )
    rows = classify(courses, criterion, **asked).merge(
        conform(score_ids, SCORE_IDS), on="course_id", how="left"
    )
    # A score of a later day was not seen, so it is not kept either.
    unseen = rows["score_day"] > as_of_day
    rows.loc[unseen, ["total", "score_day", "score_id"]] = np.nan
    return Counted(
        rate=rate,
        confidence=confidence,
        filters=dict(filters),
        definitions=definitions(criterion, timepoint, recall_window, scores_version),
        rows=_kept_rows(rows),
    )


def definitions(
    criterion: Criterion, timepoint: str, recall_window: str, scores_version: str
) -> dict[str, Any]:
    """Return every definition that a rate depends on, written out."""
    followed = {
        "criterion": criterion,
        "eligibility": ELIGIBILITY[criterion.measure],
        "time point": TIMEPOINTS[timepoint],
        "recall window": RECALL_WINDOWS[recall_window],
        "baseline": BASELINE,
        "induction": INDUCTION,
    }
    written = {part: asdict(definition) for part, definition in followed.items()}
    return {_VERSION: scores_version, **written}


def to_content(counted: Counted) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was asked and counted, and the courses' rows, as plain values.

    The first holds every count and rate with its interval; the second its columns'
    names and a list per course. None stands for what is missing.
    """
    rate = counted.rate
    derived = {"not_eligible": rate.not_eligible, "missing": rate.missing}
    rows = counted.rows
    columns = [_plain(rows[column.name]) for column in SNAPSHOT_ROWS.columns]
    return (
        {
            "rate": asdict(rate) | derived,
            "confidence": counted.confidence,
            "filters": counted.filters,
            "definitions": counted.definitions,
        },
        {
            "columns": [column.name for column in SNAPSHOT_ROWS.columns],
            "rows": [list(row) for row in zip(*columns, strict=True)],
        },
    )


def from_content(content: Mapping[str, Any], rows: Mapping[str, Any]) -> Counted:
    """Return what `to_content` wrote down, after it went through JSON.

    Raises
    ------
    ValueError
        If the rows do not hold what `SNAPSHOT_ROWS` asks for.
    """
    return Counted(
        rate=kept_rate(content),
        confidence=content["confidence"],
        filters=content["filters"],
        definitions=content["definitions"],
        rows=_kept_rows(pd.DataFrame(rows["rows"], columns=rows["columns"])),
    )


def kept_rate(content: Mapping[str, Any]) -> OutcomeRate:
    """Return the rate that `to_content` wrote down; the rows are not needed."""
    kept = content["rate"]
    shares = ("completeness", "observed", "nonresponse")
    bounds = kept["bounds"] and tuple(kept["bounds"])
    plain = {k: v for k, v in kept.items() if k not in ("not_eligible", "missing")}
    proportions = {name: kept[name] and Proportion(**kept[name]) for name in shares}
    return OutcomeRate(**{**plain, **proportions, "bounds": bounds})


def changed_definitions(
    then: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[DefinitionChange, ...]:
    """Return every limit that differs; a wording that changed decides nothing."""
    found = []
    if then[_VERSION] != now[_VERSION]:
        change = DefinitionChange(_VERSION, _VERSION, then[_VERSION], now[_VERSION])
        found.append(change)
    for part in now:
        if part != _VERSION:
            found += _changed_limits(part, then.get(part, {}), now[part])
    return tuple(found)


def what_changed(
    then: Counted,
    now: Counted,
    criterion: Criterion,
    *,
    forms: pd.DataFrame,
    infusions: pd.DataFrame,
) -> Changes:
    """Return which courses count otherwise than in a snapshot, each with its reasons.

    With the snapshot's own as-of day: whether the numbers come out again. With a later
    one: what has come since, too.

    Parameters
    ----------
    then
        The snapshot's; see `from_content`.
    now
        The same question asked again; its as-of day the same or later.
    criterion
        The rule as it is now.
    forms, infusions
        What was recorded since; columns `FORMS_SINCE` and `INFUSIONS_SINCE`.

    Raises
    ------
    ValueError
        If the two are not the same question, or the second is asked as of an earlier
        day.
    """
    _refuse_another_question(then, now)
    evidence = _Evidence(then, now, criterion, forms, infusions)
    both = evidence.joined
    differs = _differs(both)
    changes = tuple(evidence.change(row) for row in _records(both[differs]))
    return Changes(
        then=then.rate,
        now=now.rate,
        unchanged=int((~differs).sum()),
        courses=changes,
        definitions=evidence.definitions,
    )


@dataclass(frozen=True, eq=False)
class _Evidence:
    """All that speaks for a reason, by course and by form."""

    then: Counted
    now: Counted
    criterion: Criterion
    forms_since: pd.DataFrame = field(repr=False)
    infusions_since: pd.DataFrame = field(repr=False)

    @cached_property
    def joined(self) -> pd.DataFrame:
        """Every course of then or now, side by side; with its state by today's rule."""
        by_rule = classify(
            self.then.rows.drop(columns="state"),
            self.criterion,
            eligible_at_least=self.then.rate.eligible_at_least,
            as_of_day=self.as_of,
        )
        rows = self.then.rows.assign(by_rule=by_rule["state"])
        return rows.merge(
            self.now.rows,
            on="course_id",
            how="outer",
            suffixes=("_then", "_now"),
            indicator="among",
        )

    @property
    def as_of(self) -> int:
        return self.then.rate.as_of_day

    @cached_property
    def definitions(self) -> tuple[DefinitionChange, ...]:
        return changed_definitions(self.then.definitions, self.now.definitions)

    @property
    def moved_by_definition(self) -> bool:
        """Whether a definition differs that says which form is the score."""
        return any(c.part not in ("criterion", "eligibility") for c in self.definitions)

    @cached_property
    def forms(self) -> dict[int, dict[str, Any]]:
        frame = conform(self.forms_since, FORMS_SINCE)
        return {form["assessment_id"]: form for form in _records(frame)}

    @cached_property
    def correction_of(self) -> dict[int, int]:
        return {
            int(form["corrects_id"]): number
            for number, form in self.forms.items()
            if form["corrects_id"] is not None
        }

    @cached_property
    def infusions(self) -> frozenset[int]:
        """Courses whose infusions of the as-of day and before are otherwise recorded.

        One that was given after the as-of day and recorded then is no such thing.
        """
        frame = conform(self.infusions_since, INFUSIONS_SINCE)
        otherwise = (frame["day"] <= self.as_of) | (frame["what"] != "recorded")
        return frozenset(frame.loc[otherwise, "course_id"])

    @cached_property
    def others(self) -> dict[str, dict[str, int]]:
        """First day of the course that a patient has on one side only, by side."""
        return {
            side: dict(zip(rows["patient_id"], rows["first_day"], strict=True))
            for side, rows in (
                ("then", self.then.rows[~self._among(self.then, self.now)]),
                ("now", self.now.rows[~self._among(self.now, self.then)]),
            )
        }

    def _among(self, one: Counted, other: Counted) -> pd.Series:
        return one.rows["course_id"].isin(other.rows["course_id"])

    def change(self, row: Mapping[str, Any]) -> CourseChange:
        """Return what a joined row says, with its reasons."""
        then = _course_row(row, "then") if row["among"] != "right_only" else None
        now = _course_row(row, "now") if row["among"] != "left_only" else None
        return CourseChange(
            course_id=row["course_id"],
            patient_id=row["patient_id_now" if now else "patient_id_then"],
            then=then,
            now=now,
            reasons=tuple(dict.fromkeys(self._reasons(row, then, now))),
        )

    def _reasons(
        self, row: Mapping[str, Any], then: CourseRow | None, now: CourseRow | None
    ) -> Iterator[Reason]:
        if then is None or now is None:
            yield Reason(OF_COURSE, self._why_chosen(row, then is None))
            return
        if then.baseline != now.baseline:
            yield from self._why_form(row, OF_BASELINE, None)
        if (then.total, then.score_day) != (now.total, now.score_day):
            yield from self._why_form(row, OF_SCORE, now.score_day)
        if row["by_rule"] != then.state:
            yield Reason(OF_CRITERION, DEFINITION)
        if {then.state, now.state} == {NOT_DUE, MISSING}:
            yield Reason(OF_DUE, self._why_due(row))

    def _why_chosen(self, row: Mapping[str, Any], is_new: bool) -> str:
        side, other = ("now", "then") if is_new else ("then", "now")
        first_day = row[f"first_day_{side}"]
        if is_new and first_day > self.as_of:
            return AFTER_AS_OF
        others = self.others[other].get(row[f"patient_id_{side}"])
        if others is not None and others <= first_day:
            return OTHER_COURSE
        if row["course_id"] in self.infusions:
            return INFUSIONS
        # By identity: a limit of 0 is a limit.
        limits = [v for v in self.then.filters.values() if v is not None]
        return FILTERS if any(v is not False for v in limits) else UNEXPLAINED

    def _why_form(
        self, row: Mapping[str, Any], of: str, day: int | None
    ) -> Iterator[Reason]:
        """Why another form, or another version of it, is the baseline or the score."""
        before, after = row[f"{of}_id_then"], row[f"{of}_id_now"]
        fate, standing = self._fate(before)
        if fate:
            yield Reason(of, fate, before)
            if standing == after:
                return
        arrived = self._arrived(after, day) if after != before else None
        if arrived:
            yield Reason(of, arrived, after)
        if not fate and not arrived:
            yield Reason(of, self._why_moved(row, same_form=before == after))

    def _fate(self, number: int | None) -> tuple[str | None, int | None]:
        """Return what became of a form that stood, and the form in its place."""
        standing = number
        while standing in self.correction_of:
            standing = self.correction_of[standing]
        if standing in self.forms and self.forms[standing]["state"] == "void":
            return WITHDRAWN, None
        return (None if standing == number else CORRECTED), standing

    def _arrived(self, number: int | None, day: int | None) -> str | None:
        """Return how a form came that was not the one before; None if it was there."""
        if number is None:
            return None
        if day is not None and day > self.as_of:
            return AFTER_AS_OF
        form = self.forms.get(number)
        if form is None or not form["recorded_since"]:
            return None
        return self._how_recorded(form)

    def _how_recorded(self, form: Mapping[str, Any]) -> str:
        """Return whether a form recorded since corrects one that stood before."""
        while form["corrects_id"] is not None:
            form = self.forms[int(form["corrects_id"])]
            if not form["recorded_since"]:
                return CORRECTED
        return RECORDED_SINCE

    def _why_moved(self, row: Mapping[str, Any], *, same_form: bool) -> str:
        """Why the window lies elsewhere, so that another form falls into it."""
        if same_form:
            return UNEXPLAINED
        found = self._by_infusions(row)
        if found is None:
            return DEFINITION if self.moved_by_definition else UNEXPLAINED
        return found

    def _why_due(self, row: Mapping[str, Any]) -> str:
        due_then, due_now = row["due_day_then"], row["due_day_now"]
        later = due_now is not None and self.as_of < due_now
        if later and due_now <= self.now.rate.as_of_day:
            return AFTER_AS_OF
        found = self._by_infusions(row)
        if found is None and due_then != due_now:
            return DEFINITION if self.moved_by_definition else CLOSING
        return found or UNEXPLAINED

    def _by_infusions(self, row: Mapping[str, Any]) -> str | None:
        if row["course_id"] in self.infusions:
            return INFUSIONS
        more = row["infusions_now"] > row["infusions_then"]
        return LATER_INFUSIONS if more else None


def _kept_rows(rows: pd.DataFrame) -> pd.DataFrame:
    names = [column.name for column in SNAPSHOT_ROWS.columns]
    kept = conform(rows, SNAPSHOT_ROWS)[names]
    return kept.sort_values("course_id", ignore_index=True)


def _plain(values: pd.Series) -> list[Any]:
    """Return a column as text or whole numbers, None where one is missing."""
    if values.dtype != "float64":
        return values.tolist()
    return [None if number != number else int(number) for number in values.tolist()]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [_plain(frame[name]) for name in frame.columns]
    return [
        dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)
    ]


def _changed_limits(
    part: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[DefinitionChange]:
    for limit in sorted({*then, *now} - _WORDS):
        if then.get(limit) != now.get(limit):
            yield DefinitionChange(part, limit, then.get(limit), now.get(limit))


def _refuse_another_question(then: Counted, now: Counted) -> None:
    for name in ("measure", "criterion", "timepoint", "recall_window"):
        _refuse_different(name, getattr(then.rate, name), getattr(now.rate, name))
    points = (then.rate.eligible_at_least, now.rate.eligible_at_least)
    _refuse_different("eligible_at_least", *points)
    _refuse_different("confidence", then.confidence, now.confidence)
    _refuse_different("filters", then.filters, now.filters)
    if now.rate.as_of_day < then.rate.as_of_day:
        raise ValueError(
            f"as_of_day {now.rate.as_of_day} is before the snapshot's; "
            f"allowed: from {then.rate.as_of_day}."
        )


def _refuse_different(name: str, then: object, now: object) -> None:
    if then != now:
        raise ValueError(f"{name} is {now!r}; the snapshot's was {then!r}.")


def _differs(both: pd.DataFrame) -> pd.Series:
    differs = (both["among"] != "both") | (both["state_then"] != both["state_now"])
    for name in _VALUES:
        then, now = both[f"{name}_then"], both[f"{name}_now"]
        differs |= (then != now) & ~(then.isna() & now.isna())
    return differs


def _course_row(row: Mapping[str, Any], side: str) -> CourseRow:
    return CourseRow(*(row[f"{name}_{side}"] for name in ("state", *_VALUES)))
