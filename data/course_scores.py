"""Baseline and score at each time point, per course and measure: derived, rebuilt.

One set-based SELECT says what the definitions of ``measures.timepoints`` mean. It
fills ``course_scores`` for everything, refreshes it for one course in the transaction
that wrote, and answers for an earlier as-of day, on SQLite and PostgreSQL alike.
"""

from collections.abc import Callable
from functools import cache

from sqlalchemy import (
    Connection,
    Delete,
    FromClause,
    Insert,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE

from data.actors import Right, require
from data.moments import MINUTES_PER_DAY
from data.tables import (
    COMPLETE,
    CURRENT,
    assessment,
    course,
    course_progress,
    course_scores,
    course_scores_version,
    infusion,
)
from measures.registry import TIMEPOINTS, definition_version
from measures.timepoints import (
    BASELINE,
    INDUCTION,
    INFUSION_1,
    INFUSION_K,
    LAST_INDUCTION_INFUSION,
    TimePoint,
)


# Raised when the SELECT below is corrected although no definition changed.
SELECT_REVISION = 1

# Later than any day or minute that is stored; stands for "never" in comparisons.
NEVER_DAY = 10_000_000
NEVER_MINUTE = NEVER_DAY * 100

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24

SCORE_COLUMNS = tuple(column.name for column in course_scores.c)
PROGRESS_COLUMNS = tuple(column.name for column in course_progress.c)


def refresh_course_scores(connection: Connection, course_id: int) -> None:
    """Derive one course's rows anew, in the caller's transaction."""
    chosen = {"course_id": course_id}
    connection.execute(_delete_one(course_scores.name), chosen)
    connection.execute(_delete_one(course_progress.name), chosen)
    connection.execute(_insert(course_progress.name, one_course=True), chosen)
    connection.execute(_insert(course_scores.name, one_course=True), chosen)


def rebuild_course_scores(connection: Connection) -> int:
    """Derive every course's rows anew and return how many scores there are."""
    require(connection, Right.OPERATE)
    return derive_course_scores(connection)


def derive_course_scores(connection: Connection) -> int:
    """Derive all rows for a function that has checked its actor."""
    for table in (course_scores, course_progress, course_scores_version):
        connection.execute(delete(table))
    connection.execute(_insert(course_progress.name, one_course=False))
    connection.execute(_insert(course_scores.name, one_course=False))
    connection.execute(insert(course_scores_version).values(version=current_version()))
    return connection.scalar(select(func.count()).select_from(course_scores))


def rebuild_if_outdated(connection: Connection) -> bool:
    """Rebuild when the stored scores follow other definitions; return whether so."""
    require(connection, Right.OPERATE)
    if connection.scalar(select(course_scores_version.c.version)) == current_version():
        return False
    rebuild_course_scores(connection)
    return True


def current_version() -> str:
    """Return the version of the definitions and of the SELECT together."""
    return f"{definition_version()}-{SELECT_REVISION}"


@cache
def progress_select(*, one_course: bool = False, as_of: bool = False) -> Select:
    """Return the SELECT of ``course_progress``; parameters as :func:`scores_select`."""
    progress = _progress(one_course, as_of)
    return select(*(progress.c[name] for name in PROGRESS_COLUMNS))


@cache
def scores_select(*, one_course: bool = False, as_of: bool = False) -> Select:
    """Return the SELECT of ``course_scores``.

    Parameters
    ----------
    one_course
        Only the course given as parameter ``course_id``.
    as_of
        Only what had happened by the end of the day given as parameter
        ``as_of_day``.
    """
    runs = _runs(one_course, as_of)
    progress = _progress(one_course, as_of)
    windows = _windows(runs, progress).cte("windows")
    streams = _streams(progress, one_course, as_of).cte("streams")
    first = assessment.alias("first")
    latest = assessment.alias("latest")
    latest_id = _last_complete(
        streams,
        as_of,
        lambda a: and_(
            a.c.completed_minute.between(windows.c.from_minute, windows.c.to_minute),
            _day(a).between(windows.c.from_day, windows.c.to_day),
        ),
    )
    found = (
        select(
            streams,
            windows.c.timepoint,
            windows.c.due_day,
            latest_id.label("latest_id"),
        )
        .join_from(streams, windows, windows.c.course_id == streams.c.course_id)
        .subquery("found")
    )
    return (
        select(
            found.c.course_id,
            found.c.measure,
            found.c.recall_window,
            found.c.timepoint,
            first.c.id.label("baseline_id"),
            first.c.total.label("baseline"),
            _day(first).label("baseline_day"),
            latest.c.id.label("assessment_id"),
            latest.c.total,
            _day(latest).label("score_day"),
            found.c.due_day,
        )
        .outerjoin_from(found, first, first.c.id == found.c.baseline_id)
        .outerjoin(latest, latest.c.id == found.c.latest_id)
    )


def _day(table: object, minute: str = "completed_minute") -> ColumnElement:
    """Return the local day number of a moment."""
    offset = minute.replace("_minute", "_offset")
    return (table.c[minute] + table.c[offset]) // _number(MINUTES_PER_DAY)


def _least(*values: ColumnElement) -> ColumnElement:
    """Return the smallest; SQLite and PostgreSQL name this function differently."""
    smallest = values[0]
    for value in values[1:]:
        smallest = case((smallest <= value, smallest), else_=value)
    return smallest


def _greatest(one: ColumnElement, other: ColumnElement) -> ColumnElement:
    return case((one >= other, one), else_=other)


def _or_never(value: ColumnElement) -> ColumnElement:
    return func.coalesce(value, _number(NEVER_DAY))


def _number(value: int) -> ColumnElement:
    """Return a whole number written into the SQL."""
    return literal_column(str(value), Integer)


@cache
def _runs(one_course: bool, as_of: bool) -> CTE:
    """One row per infusion: its number, whether in induction, and the next one's start.

    Induction is as recorded; where the phase was not recorded an infusion stays in it
    while the gap and the count allow. The first that leaves ends it for good.
    """
    day = _day(infusion, "started_minute")
    per_course = {
        "partition_by": infusion.c.course_id,
        "order_by": infusion.c.started_minute,
    }
    numbered = select(
        infusion.c.course_id,
        infusion.c.started_minute.label("minute"),
        day.label("day"),
        infusion.c.phase,
        func.row_number().over(**per_course).label("number"),
        (day - func.lag(day).over(**per_course)).label("gap"),
        func.lead(infusion.c.started_minute).over(**per_course).label("next_minute"),
        func.lead(day).over(**per_course).label("next_day"),
    ).where(CURRENT)
    if one_course:
        numbered = numbered.where(infusion.c.course_id == bindparam("course_id"))
    if as_of:
        numbered = numbered.where(day <= bindparam("as_of_day"))
    n = numbered.cte("numbered")
    leaves = case(
        (n.c.phase == literal_column("'maintenance'"), 1),
        (n.c.phase.is_not(None), 0),
        (n.c.gap > _number(INDUCTION.maximum_gap_days), 1),
        (n.c.number > _number(INDUCTION.maximum_infusions), 1),
        else_=0,
    )
    left = func.sum(leaves).over(partition_by=n.c.course_id, order_by=n.c.number)
    return select(n, left.label("left_induction")).cte("runs")


@cache
def _progress(one_course: bool, as_of: bool) -> CTE:
    """One row per started course: its induction, and the day it was over."""
    runs = _runs(one_course, as_of)
    inside = runs.c.left_induction == 0
    last_day = func.max(case((inside, runs.c.day)))
    next_day = func.min(case((~inside, runs.c.day)))
    closed = course.c.closed_day
    if as_of:
        closed = case((closed <= bindparam("as_of_day"), closed))
    silent = last_day + _number(INDUCTION.maximum_gap_days + 1)
    over = _least(*map(_or_never, (next_day, func.min(closed), silent)))
    return (
        select(
            runs.c.course_id,
            func.min(runs.c.minute).label("first_minute"),
            func.min(runs.c.day).label("first_day"),
            func.max(runs.c.day).label("last_day"),
            func.count().label("infusions"),
            func.sum(case((inside, 1), else_=0)).label("induction_infusions"),
            last_day.label("last_induction_day"),
            func.max(case((inside, runs.c.minute))).label("last_induction_minute"),
            func.min(case((~inside, runs.c.minute))).label("next_minute"),
            next_day.label("next_day"),
            over.label("over_day"),
        )
        .join_from(runs, course, course.c.id == runs.c.course_id)
        .group_by(runs.c.course_id)
        .cte("progress")
    )


def _windows(runs: CTE, progress: CTE) -> Select:
    """One row per started course and time point: bounds, and when it is due."""
    return union_all(
        _windows_after_infusions(runs, progress),
        *(
            _window(timepoint, progress)
            for timepoint in TIMEPOINTS.values()
            if timepoint.anchor != INFUSION_K
        ),
    )


def _windows_after_infusions(runs: CTE, progress: CTE) -> Select:
    """After infusion k, for every k: an infusion not given has an empty window."""
    after = [t for t in TIMEPOINTS.values() if t.anchor == INFUSION_K]
    (days,) = {t.to_days for t in after}
    numbers = union_all(
        *(select(_number(t.infusion).label("k"), _code(t)) for t in after)
    ).subquery("numbers")
    given = runs.c.number.is_not(None)
    # Due as a drop-out once the induction was over; a booster later does not undo it.
    in_time = and_(given, progress.c.over_day >= runs.c.day)
    closes = _least(_or_never(runs.c.next_day), runs.c.day + _number(days + 1))
    next_start = func.coalesce(runs.c.next_minute, _number(NEVER_MINUTE))
    return (
        select(
            progress.c.course_id,
            numbers.c.timepoint,
            case((given, runs.c.minute + 1), else_=_number(1)).label("from_minute"),
            case((given, next_start), else_=_number(0)).label("to_minute"),
            _number(0).label("from_day"),
            (runs.c.day + _number(days)).label("to_day"),
            case((in_time, closes), else_=progress.c.over_day).label("due_day"),
        )
        .join_from(progress, numbers, literal_column("1 = 1"))
        .outerjoin(
            runs,
            and_(
                runs.c.course_id == progress.c.course_id, runs.c.number == numbers.c.k
            ),
        )
    )


def _window(timepoint: TimePoint, progress: CTE) -> Select:
    """Bounds of one time point that hangs on infusion 1 or on the whole induction."""
    anchored = {INFUSION_1: "first", LAST_INDUCTION_INFUSION: "last_induction"}
    anchor = anchored[timepoint.anchor]
    minute, day = progress.c[f"{anchor}_minute"], progress.c[f"{anchor}_day"]
    from_minute, to_minute = _number(0), _number(NEVER_MINUTE)
    from_day, to_day = (
        day + _number(timepoint.from_days),
        day + _number(timepoint.to_days),
    )
    closes = to_day + _number(1)
    if timepoint.from_hours is not None:
        from_minute = minute + _number(timepoint.from_hours * MINUTES_PER_HOUR)
        to_minute = minute + _number(timepoint.to_hours * MINUTES_PER_HOUR)
        from_day, to_day = _number(0), _number(NEVER_DAY)
        closes = day + _number(-(-timepoint.to_hours // HOURS_PER_DAY) + 1)
    if timepoint.before_next_infusion:
        from_minute, from_day = minute + _number(1), _number(0)
        to_minute = func.coalesce(progress.c.next_minute, to_minute)
        closes = _least(closes, _or_never(progress.c.next_day))
    if timepoint.anchor == LAST_INDUCTION_INFUSION:
        # A course without any induction has no such time point and is never due.
        closes = case((day.is_not(None), _greatest(closes, progress.c.over_day)))
    return select(
        progress.c.course_id,
        _code(timepoint),
        from_minute.label("from_minute"),
        to_minute.label("to_minute"),
        from_day.label("from_day"),
        to_day.label("to_day"),
        closes.label("due_day"),
    )


def _streams(progress: CTE, one_course: bool, as_of: bool) -> Select:
    """One row per course, measure and recall window in use, with its baseline."""
    used = select(
        assessment.c.course_id, assessment.c.measure, assessment.c.recall_window
    ).where(COMPLETE)
    if one_course:
        used = used.where(assessment.c.course_id == bindparam("course_id"))
    if as_of:
        used = used.where(_day(assessment) <= bindparam("as_of_day"))
    stream = used.distinct().subquery("stream")
    oldest = progress.c.first_day - _number(BASELINE.at_most_days)
    baseline_id = _last_complete(
        stream,
        as_of,
        lambda a: and_(
            a.c.completed_minute <= progress.c.first_minute, _day(a) >= oldest
        ),
        progress,
    )
    return select(stream, baseline_id.label("baseline_id")).join_from(
        stream, progress, progress.c.course_id == stream.c.course_id
    )


def _last_complete(
    stream: object,
    as_of: bool,
    within: Callable[[FromClause], ColumnElement],
    *also: FromClause,
) -> ColumnElement:
    """Return the id of the stream's last complete assessment within some bounds."""
    a = assessment.alias()
    query = select(a.c.id).where(
        a.c.course_id == stream.c.course_id,
        a.c.measure == stream.c.measure,
        a.c.recall_window == stream.c.recall_window,
        a.c.state == literal_column("'current'"),
        a.c.total.is_not(None),
        within(a),
    )
    if as_of:
        query = query.where(_day(a) <= bindparam("as_of_day"))
    return (
        query.order_by(a.c.completed_minute.desc())
        .limit(_number(1))
        .correlate_except(a)
        .scalar_subquery()
    )


def _code(timepoint: TimePoint) -> ColumnElement:
    return literal_column(f"'{timepoint.code}'").label("timepoint")


@cache
def _insert(table_name: str, *, one_course: bool) -> Insert:
    table, query, columns = {
        course_progress.name: (course_progress, progress_select, PROGRESS_COLUMNS),
        course_scores.name: (course_scores, scores_select, SCORE_COLUMNS),
    }[table_name]
    return insert(table).from_select(columns, query(one_course=one_course))


@cache
def _delete_one(table_name: str) -> Delete:
    table = {t.name: t for t in (course_progress, course_scores)}[table_name]
    return delete(table).where(table.c.course_id == bindparam("course_id"))
