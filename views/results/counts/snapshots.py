"""A rate that is saved as a snapshot, and the same question asked again later."""

from dataclasses import asdict, dataclass, fields, replace

from analysis.snapshot import (
    Changes,
    Counted,
    count,
    from_content,
    to_content,
    what_changed,
)
from data.course_scores import current_version
from data.database import Connection
from data.moments import today
from data.snapshots import (
    Snapshot,
    add_snapshot,
    forms_since_frame,
    get_snapshot,
    infusions_since_frame,
)
from measures.criteria import Criterion
from measures.days import day_number
from measures.registry import CRITERIA, MEASURES, RECALL_WINDOWS, TIMEPOINTS
from views.results.counts.recut import Practice, Selection


# Kept with the rate itself, not among the filters.
_OF_THE_RATE = ("as_of_day", "eligible_at_least")

_NO_FILTER = {
    field.name: field.default
    for field in fields(Selection)
    if field.name not in _OF_THE_RATE
}


@dataclass(frozen=True, eq=False)
class Opened:
    """A snapshot beside what its question gives now."""

    saved: Snapshot
    then: Counted
    again: Changes | None
    """Asked again for the snapshot's own day; None if it can no longer be asked."""
    today: Changes | None
    """Asked as of today."""
    unknown: tuple[str, ...] = ()
    """Parts of the question that this program no longer knows."""


def count_now(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
) -> Counted:
    """Return a rate as `recut.outcome` counts it, with all that a snapshot keeps."""
    measure = criterion.measure
    window = recall_window or MEASURES[measure].default_recall_window.code
    asked = practice.selection
    filters = asdict(asked)
    for name in _OF_THE_RATE:
        del filters[name]
    return count(
        practice.courses(measure, timepoint, window),
        practice.score_ids(measure, timepoint, window),
        criterion,
        timepoint=timepoint,
        recall_window=window,
        eligible_at_least=asked.lowest_baseline(measure),
        as_of_day=asked.as_of_day,
        filters=filters,
        scores_version=current_version(),
    )


def save(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str | None = None,
    note: str = "",
) -> int:
    """Keep a rate as it is counted at this moment, and return the snapshot's id.

    Parameters
    ----------
    practice
        In a transaction that writes; nothing is recorded while it is counted.
    criterion, timepoint, recall_window
        As for `count_now`.
    note
        What it is saved for.
    """
    counted = count_now(practice, criterion, timepoint, recall_window=recall_window)
    content, rows = to_content(counted)
    return add_snapshot(practice.connection, content=content, rows=rows, note=note)


def open_snapshot(connection: Connection, snapshot_id: int) -> Opened:
    """Return a snapshot, and its question asked again for its own day and for today.

    Raises
    ------
    data.errors.RecordError
        If there is none of this id, or it is no longer what was saved.
    """
    saved = get_snapshot(connection, snapshot_id)
    then = _with_every_filter(from_content(saved.content, saved.rows))
    unknown = _unknown(then)
    if unknown:
        return Opened(saved, then, again=None, today=None, unknown=unknown)
    own_day, this_day = then.rate.as_of_day, day_number(today())
    practice = Practice(connection, _selection(then, own_day))
    again = _asked_again(practice, saved, then, own_day)
    if this_day <= own_day:
        return Opened(saved, then, again=again, today=again)
    return Opened(
        saved, then, again=again, today=_asked_again(practice, saved, then, this_day)
    )


def kept_selection(opened: Opened) -> Selection:
    """Return which courses a snapshot was asked about, and as of which day."""
    return _selection(opened.then, opened.then.rate.as_of_day)


def _selection(then: Counted, as_of_day: int) -> Selection:
    return Selection(
        **then.filters,
        as_of_day=as_of_day,
        eligible_at_least=then.rate.eligible_at_least,
    )


def _asked_again(
    practice: Practice, saved: Snapshot, then: Counted, as_of_day: int
) -> Changes:
    rate = then.rate
    criterion = CRITERIA[rate.criterion]
    now = count_now(
        practice.choosing(_selection(then, as_of_day)),
        criterion,
        rate.timepoint,
        recall_window=rate.recall_window,
    )
    return what_changed(
        then,
        now,
        criterion,
        forms=forms_since_frame(practice.connection, saved),
        infusions=infusions_since_frame(practice.connection, saved),
    )


def _with_every_filter(then: Counted) -> Counted:
    """Return the same with the filters that were added since, which chose nothing."""
    return replace(then, filters={**_NO_FILTER, **then.filters})


def _unknown(then: Counted) -> tuple[str, ...]:
    rate = then.rate
    known = {
        "criterion": rate.criterion in CRITERIA,
        "time point": rate.timepoint in TIMEPOINTS,
        "recall window": rate.recall_window in RECALL_WINDOWS,
        "choice of courses": set(then.filters) == set(_NO_FILTER),
    }
    return tuple(name for name, is_known in known.items() if not is_known)
