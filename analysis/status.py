"""Where a patient stands on one measure, by its default criteria."""

from dataclasses import dataclass

import pandas as pd

from measures.criteria import Criterion
from measures.registry import default_criterion


REMISSION = "remission"
RESPONSE = "response"
RELIABLE_CHANGE = "reliable change"
NO_RELIABLE_CHANGE = "no reliable change"
WORSE = "worse"
CANNOT_TELL = "cannot tell"

CODES = (REMISSION, RESPONSE, RELIABLE_CHANGE, NO_RELIABLE_CHANGE, WORSE, CANNOT_TELL)

NO_FORM = "no form"
INCOMPLETE = "incomplete form"
NOT_STARTED = "no infusion yet"
NOTHING_SINCE = "no later form"
NO_BASELINE = "no baseline"
OTHER_WINDOW = "other recall window"

REASONS = (NO_FORM, INCOMPLETE, NOT_STARTED, NOTHING_SINCE, NO_BASELINE, OTHER_WINDOW)
"""Why it cannot be told."""

_BETTER = (
    (REMISSION, "remission"),
    (RESPONSE, "response"),
    (RELIABLE_CHANGE, "change"),
)


@dataclass(frozen=True)
class Status:
    """Where a total stands, and the rule that says so."""

    code: str
    criterion: Criterion | None = None
    """The rule that was met, or of which too little changed; None if untold."""
    reason: str = ""
    """Why it cannot be told; empty where it can."""
    baseline_known: bool = True
    as_at_baseline: bool = False
    """The baseline met the rule already: nothing was reached since."""


@dataclass(frozen=True)
class LastForm:
    """The last form of one measure in a course, and what it can be held against."""

    total: int | None
    """None when incomplete."""
    baseline: int | None
    """On the same recall window."""
    started: bool = True
    """Whether the course has an infusion."""
    before_start: bool = False
    """Whether it was completed before infusion 1, as the baseline is."""
    baseline_elsewhere: bool = False
    """Whether there is a baseline on another recall window."""


def status(measure: str, baseline: int | None, total: int | None) -> Status:
    """Return where a total stands against the baseline.

    Worse: higher than baseline by as many points as a reliable change takes. Or else
    the first that holds of remission, response and reliable change; or else no
    reliable change. A total can be low enough for remission and still reliably worse
    than a low baseline; then it is called worse.

    Parameters
    ----------
    measure
        Code of the measure.
    baseline
        Points; None where there is none. Remission, which looks at the total alone,
        can then still be told.
    total
        Points, on the same recall window as the baseline; None when incomplete.
    """
    if total is None:
        return Status(CANNOT_TELL, reason=INCOMPLETE)
    if baseline is None:
        return _without_baseline(measure, total)
    change = default_criterion(measure, "change")
    if change.met(total, baseline):  # the same rule, read backwards
        return Status(WORSE, change)
    for code, kind in _BETTER:
        criterion = default_criterion(measure, kind)
        if criterion.met(baseline, total):
            already = bool(criterion.met(baseline, baseline))
            return Status(code, criterion, as_at_baseline=already)
    return Status(NO_RELIABLE_CHANGE, change)


def _without_baseline(measure: str, total: int) -> Status:
    criterion = default_criterion(measure, "remission")
    # Against itself a total has not changed: only a rule on the total alone can hold.
    if criterion.met(total, total):
        return Status(REMISSION, criterion, baseline_known=False)
    return Status(CANNOT_TELL, reason=NO_BASELINE, baseline_known=False)


def status_now(measure: str, last: LastForm | None) -> Status:
    """Return where the patient stands by the last form, or why it cannot be told.

    Parameters
    ----------
    measure
        Code of the measure.
    last
        None where the course has no form of this measure.
    """
    if last is None:
        return Status(CANNOT_TELL, reason=NO_FORM)
    if last.total is None:
        return Status(CANNOT_TELL, reason=INCOMPLETE)
    if not last.started:
        return Status(CANNOT_TELL, reason=NOT_STARTED)
    if last.before_start:
        return Status(CANNOT_TELL, reason=NOTHING_SINCE)
    now = status(measure, last.baseline, last.total)
    if now.reason == NO_BASELINE and last.baseline_elsewhere:
        return Status(CANNOT_TELL, reason=OTHER_WINDOW, baseline_known=False)
    return now


def percent_change(change: int | None, baseline: int | None) -> float | None:
    """Return the change in percent of the baseline; None where there is no such share.

    Examples
    --------
    >>> percent_change(-8, 20)
    -40.0
    """
    if change is None or not baseline:
        return None
    return 100 * change / baseline


_STREAM = ["course_id", "measure", "recall_window"]


def standings(
    forms: pd.DataFrame, baselines: pd.DataFrame, *, started: set[int]
) -> pd.DataFrame:
    """Return where every course stands on each measure, from frames of many courses.

    Parameters
    ----------
    forms
        One row per form, the earliest of a course first: ``course_id``, ``measure``,
        ``recall_window``, ``day``, ``total`` (missing when incomplete), ``item_9``,
        ``before_start`` (whether it was completed before infusion 1).
    baselines
        One row per course, measure and recall window that has a baseline:
        ``baseline``, ``baseline_day``.
    started
        The courses that have an infusion.

    Returns
    -------
    pandas.DataFrame
        One row per course and measure that has a form: ``recall_window``, ``day`` and
        ``item_9`` of the last form; ``total`` and ``total_day`` of the last complete
        one on that recall window, ``totals`` all of them in order, ``baseline`` (each
        missing, or empty, where there is none), and ``status``.
    """
    last = forms.groupby(_STREAM[:2], as_index=False, sort=False).tail(1)
    last = last.rename(columns={"total": "last_total"})
    totals = _totals(forms[forms["total"].notna()])
    known = baselines[[*_STREAM, "baseline", "baseline_day"]]
    frame = last.merge(totals, on=_STREAM, how="left")
    frame = frame.merge(known, on=_STREAM, how="left")
    elsewhere = set(zip(known["course_id"], known["measure"], strict=True))
    # As objects: one by one, the cells of a column of strings are slow to get.
    rows = frame.astype("object").itertuples(index=False)
    found = [
        status_now(row.measure, _last_form(row, started, elsewhere)) for row in rows
    ]
    return frame.assign(status=pd.Series(found, dtype="object", index=frame.index))


def _totals(complete: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of each stream in order, the last one, and its day."""
    streams: dict[tuple, list] = {}
    days = {}
    # A loop takes a tenth of the time that pandas takes to gather lists.
    columns = [complete[name].tolist() for name in (*_STREAM, "day", "total")]
    for *stream, day, total in zip(*columns, strict=True):
        key = tuple(stream)
        streams.setdefault(key, []).append(total)
        days[key] = day
    rows = [(*key, found[-1], days[key], found) for key, found in streams.items()]
    found = pd.DataFrame(rows, columns=[*_STREAM, "total", "total_day", "totals"])
    # Without rows they would have no types, and nothing could be merged with them.
    return found.astype({name: complete[name].dtype for name in _STREAM})


def _last_form(row: object, started: set[int], elsewhere: set) -> LastForm:
    return LastForm(
        total=_whole(row.last_total),
        baseline=_whole(row.baseline),
        started=row.course_id in started,
        before_start=bool(row.before_start),
        baseline_elsewhere=(row.course_id, row.measure) in elsewhere,
    )


def _whole(value: object) -> int | None:
    return None if pd.isna(value) else int(value)
