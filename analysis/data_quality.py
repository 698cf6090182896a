"""How well the record is kept: what is missing in it, late, corrected or out of place.

Forms due are counted by the time points that the rates use, so that a completeness here
is the one beside a rate. Forms before each infusion are counted by the rule that says
what is due today (`analysis.schedule`). Refused imports are counted from the audit, not
here: they leave no record.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import COURSES, INDICATIONS, Column, FrameSpec, conform
from analysis.glance import OFF_PROTOCOL, ON_PROTOCOL, protocol_states
from analysis.occurrences import NOT_KNOWN, Occurrence, occurrence
from analysis.outcomes import EVENT, MISSING, NO_EVENT, NOT_DUE
from analysis.proportions import Proportion, wilson_proportion
from analysis.schedule import BEFORE_DAYS
from measures.registry import usual_measures
from measures.timepoints import BASELINE, INDUCTION


STANDING, SUPERSEDED, VOID = "current", "superseded", "void"

FORM_VERSIONS = FrameSpec(
    "FORM_VERSIONS",
    (
        Column("assessment_id", "int64"),
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("measure", "str"),
        Column("day", "int64"),
        Column("recorded_day", "int64"),
        Column("state", "str", allowed=(STANDING, SUPERSEDED, VOID)),
        Column("corrects_id", "float64"),
        Column("answers_received", "int64", lowest=0),
        Column("complete", "int64", lowest=0),
        Column("imported", "int64", lowest=0),
    ),
    one_row_per=("assessment_id",),
)
"""Every version of every form; ``corrects_id`` is missing on the first of each.

``answers_received`` is 0 where only a total was received, ``complete`` 1 where there is
a total, ``imported`` 1 where the version came from a file.
"""

INFUSION_DAYS = FrameSpec(
    "INFUSION_DAYS",
    (
        Column("infusion_id", "int64"),
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("day", "int64"),
        Column("indication", "str", allowed=INDICATIONS),
    ),
    one_row_per=("infusion_id",),
)
"""Every infusion that stands."""

LATE_AFTER_DAYS = 1
"""A form recorded more days than this after it was completed is late; this project's
own number."""

LATE = "recorded late"
TOTAL_ONLY = "only a total"
INCOMPLETE = "incomplete"
CORRECTED = "corrected"
WITHDRAWN = "withdrawn"
WITHOUT_FORM = "infusion without a form"

QUESTIONS = (LATE, TOTAL_ONLY, INCOMPLETE, CORRECTED, WITHDRAWN)
"""What is asked of forms; see `classify_forms`."""

DONE = "done"
NO_DUE_DAY = "no due day"

DUE_STATES = (DONE, MISSING, NOT_DUE, NO_DUE_DAY)

IN_COURSE = "in a started course"
TOO_EARLY = "too early for a baseline"
WAITING = "no infusion yet"
NEVER_STARTED = "no infusion, and too old for a baseline"

PLACES = (IN_COURSE, TOO_EARLY, WAITING, NEVER_STARTED)

NO_INDUCTION = "no induction"
FEWER = "fewer infusions"
MORE = "more infusions"
TOO_LONG = "too many days"

OFF_PROTOCOL_REASONS = (NO_INDUCTION, FEWER, MORE, TOO_LONG)
"""The first that holds is the reason."""


@dataclass(frozen=True)
class FormsDue:
    """Forms of one measure at one time point: due and done."""

    timepoint: str
    measure: str
    started: int
    due: int
    done: int
    not_due: int
    never_due: int
    """Courses that never had a form of this measure, or no induction to count from."""
    completeness: Proportion | None
    """Done among the due; None when none was."""
    as_of_day: int

    @property
    def missing(self) -> int:
        """Courses that were due and have no complete form in the window."""
        return self.due - self.done


@dataclass(frozen=True)
class FormPlaces:
    """Forms that stand, by whether there is an infusion that they belong to."""

    forms: int
    in_course: int
    too_early: int
    waiting: int
    never_started: int


@dataclass(frozen=True)
class Protocol:
    """Started courses on and off protocol; those still in induction are in no share."""

    started: int
    on_protocol: int
    off_protocol: int
    share: Proportion | None
    """On protocol, of those of which it is known."""
    reasons: tuple[tuple[str, int], ...]
    """Why the others are not, every reason of ``OFF_PROTOCOL_REASONS`` in its order."""
    as_of_day: int

    @property
    def still_in_induction(self) -> int:
        """Courses that may still be on protocol."""
        return self.started - self.on_protocol - self.off_protocol


def forms_of(versions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per form, as it stands or was withdrawn.

    Parameters
    ----------
    versions
        Columns of ``FORM_VERSIONS``, with every version of each form: choose among the
        forms that come out, not among the versions that go in.

    Returns
    -------
    pandas.DataFrame
        The columns of the last version, with ``first_id``, ``first_recorded_day`` and
        ``first_imported`` of the first, and ``corrections``: how often it was
        corrected.

    Raises
    ------
    ValueError
        If a version that was corrected is not there.
    """
    rows = conform(versions, FORM_VERSIONS)
    first = _first_versions(rows)
    of_first = rows.set_index("assessment_id").loc[first]
    rows = rows.assign(
        first_id=first,
        first_recorded_day=of_first["recorded_day"].to_numpy(),
        first_imported=of_first["imported"].to_numpy(),
    )
    corrections = rows["first_id"].map(rows["first_id"].value_counts()) - 1
    rows = rows.assign(corrections=corrections.astype("int64"))
    return rows[rows["state"] != SUPERSEDED]


def classify_forms(forms: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the forms asked about with the ``state`` that counts each.

    - ``LATE``: of the forms that stand, those first recorded more than
      ``LATE_AFTER_DAYS`` after the day of completion that stands now. Of a form from a
      file it is not known.
    - ``TOTAL_ONLY``: of the forms that stand, those whose answers were never received.
    - ``INCOMPLETE``: of the forms that stand, those with an item left out; where only a
      total was received it is not known.
    - ``CORRECTED``: of the forms that stand, those corrected at least once; forms that
      were moved with their infusion are among them.
    - ``WITHDRAWN``: of all forms, those withdrawn.

    Parameters
    ----------
    forms
        As `forms_of` returns them; choose a measure, days or courses before.
    question
        One of ``QUESTIONS``.
    """
    asked = forms if question == WITHDRAWN else forms[forms["state"] == STANDING]
    happened, known = {
        LATE: (
            asked["first_recorded_day"] - asked["day"] > LATE_AFTER_DAYS,
            asked["first_imported"] == 0,
        ),
        TOTAL_ONLY: (asked["answers_received"] == 0, None),
        INCOMPLETE: (asked["complete"] == 0, asked["answers_received"] > 0),
        CORRECTED: (asked["corrections"] > 0, None),
        WITHDRAWN: (asked["state"] == VOID, None),
    }[question]
    state = np.where(happened, EVENT, NO_EVENT)
    if known is not None:
        state = np.where(known, state, NOT_KNOWN)
    return asked.assign(state=_text(state, asked))


def form_quality(
    forms: pd.DataFrame, *, confidence: float = 0.95
) -> tuple[Occurrence, ...]:
    """Return how often each of ``QUESTIONS`` is answered yes."""
    return tuple(
        occurrence(classify_forms(forms, question), question, confidence)
        for question in QUESTIONS
    )


def classify_infusions(
    infusions: pd.DataFrame, forms: pd.DataFrame, *, measure: str | None = None
) -> pd.DataFrame:
    """Return the infusions with the ``state`` that counts each as without a form.

    A form counts that was completed on the day of the infusion or at most
    `analysis.schedule.BEFORE_DAYS` before, and after the day of the infusion before; an
    incomplete one as well: the patient was asked.

    Parameters
    ----------
    infusions
        Columns of ``INFUSION_DAYS``, all of a course: choose afterwards.
    forms
        As `forms_of` returns them; those that stand are looked at.
    measure
        Only its forms, and only courses that are usually followed by it. None: any.
    """
    given = conform(infusions, INFUSION_DAYS)
    standing = forms[forms["state"] == STANDING]
    if measure is not None:
        standing = standing[standing["measure"] == measure]
        followed = [i for i in INDICATIONS if measure in usual_measures(i)]
        given = given[given["indication"].isin(followed)]
    given = given.sort_values(["day", "infusion_id"])
    before = given.groupby("course_id")["day"].shift()
    earliest = (given["day"] - BEFORE_DAYS).clip(lower=before + 1)
    days = standing[["course_id", "day"]].rename(columns={"day": "form_day"})
    last = pd.merge_asof(
        given[["course_id", "day"]],
        days.sort_values("form_day"),
        left_on="day",
        right_on="form_day",
        by="course_id",
    )["form_day"]
    has_form = last.to_numpy() >= earliest.to_numpy()
    return given.assign(state=_text(np.where(has_form, NO_EVENT, EVENT), given))


def infusions_without_forms(
    infusions: pd.DataFrame,
    forms: pd.DataFrame,
    *,
    measure: str | None = None,
    confidence: float = 0.95,
) -> Occurrence:
    """Return how many infusions were given without a form before; see above."""
    states = classify_infusions(infusions, forms, measure=measure)
    return occurrence(states, WITHOUT_FORM, confidence)


def classify_places(
    forms: pd.DataFrame, infusions: pd.DataFrame, *, as_of_day: int
) -> pd.DataFrame:
    """Return the forms that stand with their place, ``state``, beside infusions.

    Parameters
    ----------
    forms
        As `forms_of` returns them.
    infusions
        Columns of ``INFUSION_DAYS``, all of each course.
    as_of_day
        Later forms and infusions are not seen.

    Returns
    -------
    pandas.DataFrame
        ``state`` is one of ``PLACES``. Too early for a baseline: more days before
        infusion 1 than a baseline may be. Without an infusion a form is waiting so
        long as it could still be a baseline.
    """
    given = conform(infusions, INFUSION_DAYS)
    first = given[given["day"] <= as_of_day].groupby("course_id")["day"].min()
    standing = forms[(forms["state"] == STANDING) & (forms["day"] <= as_of_day)]
    first_day = standing["course_id"].map(first)
    until = first_day.fillna(as_of_day)
    old = until - standing["day"] > BASELINE.at_most_days
    started = first_day.notna()
    state = np.select(
        [started & ~old, started, ~old],
        [IN_COURSE, TOO_EARLY, WAITING],
        default=NEVER_STARTED,
    )
    return standing.assign(state=_text(state, standing))


def form_places(
    forms: pd.DataFrame, infusions: pd.DataFrame, *, as_of_day: int
) -> FormPlaces:
    """Return how many forms have no infusion that they belong to; see above."""
    states = classify_places(forms, infusions, as_of_day=as_of_day)["state"]
    count = states.value_counts()
    return FormPlaces(len(states), *(int(count.get(place, 0)) for place in PLACES))


def classify_due(courses: pd.DataFrame, *, as_of_day: int) -> pd.DataFrame:
    """Return the courses started by the day with ``state``, of ``DUE_STATES``.

    Whatever the baseline: also courses that no rate counts are to be measured.

    Parameters
    ----------
    courses
        Columns of `analysis.columns.COURSES`, of one time point.
    as_of_day
        The day on which the question is asked.
    """
    started = conform(courses, COURSES)
    started = started[started["first_day"] <= as_of_day]
    done = started["total"].notna() & (started["score_day"] <= as_of_day)
    state = np.select(
        [done, started["due_day"] <= as_of_day, started["due_day"].isna()],
        [DONE, MISSING, NO_DUE_DAY],
        default=NOT_DUE,
    )
    return started.assign(state=_text(state, started))


def forms_due(
    courses: pd.DataFrame,
    *,
    timepoint: str,
    measure: str,
    as_of_day: int,
    confidence: float = 0.95,
) -> FormsDue:
    """Return how many courses were due at a time point, and measured.

    Parameters
    ----------
    courses, as_of_day
        As for `classify_due`.
    timepoint, measure
        Codes of what the frame holds, handed on.
    confidence
        Coverage of the interval, between 0 and 1.
    """
    states = classify_due(courses, as_of_day=as_of_day)["state"]
    count = states.value_counts()
    done, missing, not_due, never_due = (
        int(count.get(state, 0)) for state in DUE_STATES
    )
    due = done + missing
    return FormsDue(
        timepoint=timepoint,
        measure=measure,
        started=len(states),
        due=due,
        done=done,
        not_due=not_due,
        never_due=never_due,
        completeness=wilson_proportion(done, due, confidence) if due else None,
        as_of_day=as_of_day,
    )


def classify_protocol(courses: pd.DataFrame, *, as_of_day: int) -> pd.DataFrame:
    """Return the started courses with ``protocol`` and the ``reason`` if off it.

    Parameters
    ----------
    courses
        Columns of `analysis.columns.COURSES`, of any time point.
    as_of_day
        The day on which the question is asked.

    Returns
    -------
    pandas.DataFrame
        ``protocol`` is one of ``analysis.glance.PROTOCOL_STATES``; ``reason`` the first
        of ``OFF_PROTOCOL_REASONS`` that holds, empty unless off protocol.
    """
    started = conform(courses, COURSES)
    started = started[started["first_day"] <= as_of_day]
    protocol = protocol_states(started, as_of_day)
    given = started["induction_infusions"]
    reason = np.select(
        [
            protocol != OFF_PROTOCOL,
            given == 0,
            given < INDUCTION.protocol_infusions,
            given > INDUCTION.protocol_infusions,
        ],
        ["", NO_INDUCTION, FEWER, MORE],
        default=TOO_LONG,
    )
    return started.assign(protocol=protocol, reason=_text(reason, started))


def protocol_kept(
    courses: pd.DataFrame, *, as_of_day: int, confidence: float = 0.95
) -> Protocol:
    """Return how many courses were on protocol, and why the others were not."""
    rows = classify_protocol(courses, as_of_day=as_of_day)
    on = int((rows["protocol"] == ON_PROTOCOL).sum())
    off = int((rows["protocol"] == OFF_PROTOCOL).sum())
    count = rows["reason"].value_counts()
    return Protocol(
        started=len(rows),
        on_protocol=on,
        off_protocol=off,
        share=wilson_proportion(on, on + off, confidence) if on + off else None,
        reasons=tuple(
            (reason, int(count.get(reason, 0))) for reason in OFF_PROTOCOL_REASONS
        ),
        as_of_day=as_of_day,
    )


def _text(values: np.ndarray, rows: pd.DataFrame) -> pd.Series:
    return pd.Series(values, index=rows.index, dtype="str")


def _first_versions(rows: pd.DataFrame) -> np.ndarray:
    """Return the id of the first version of each row's form."""
    ids = rows["assessment_id"].to_numpy()
    corrects = rows["corrects_id"].to_numpy()
    order = np.argsort(ids)
    # From a version to the one it corrects, all at once, until each is a first.
    before = np.where(np.isnan(corrects), ids, corrects).astype("int64")
    at = order[
        np.searchsorted(ids, before, sorter=order).clip(max=max(len(ids) - 1, 0))
    ]
    if not np.array_equal(ids[at], before):
        raise ValueError("FORM_VERSIONS: a version that was corrected is not there.")
    while True:
        further = at[at]
        if np.array_equal(further, at):
            return ids[at]
        at = further
