"""What a progress report says: every word of it, and the drawing; nothing is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.trajectory import TOTAL_ONLY, Point, Trajectory
from data.alerts import Alert
from data.patients import Course, Patient
from measures.criteria import PCL5_CUT_POINTS_SOURCE
from measures.definition import Measure, Source
from measures.registry import MEASURES, default_criterion
from measures.timepoints import BASELINE
from views import wording
from views.course_record import CourseRecord
from views.report_chart import chart_key, course_svg
from views.standing_wording import status_sentence
from views.wording import upper_first


MOST_ROWS = 24
"""More never fit on the page; which of these do is found when it is set."""

MOST_ALERTS = 3
"""So many open alerts are named; of more, only how many there are."""

LONGEST_TEXT = 70
"""Of a name or the like: what is longer is cut, with an ellipsis."""

COLUMNS = ("Date", "Measure", "Total", "Change", "Item 9", "Place", "Marks")
NO_FORM = "No form is recorded in this course."
NO_ALERT = "No item-9 alert is open. This does not rule out risk."
NOTHING_IS_CLAIMED = (
    "This report describes what was recorded. It does not show what a change was "
    "due to. An unanswered item is never counted as 0."
)
EXAMPLE = "Example practice: every patient in it is invented"


@dataclass(frozen=True)
class Printed:
    """Who asks for a report, where and when.

    Parameters
    ----------
    by
        Name of who prints it.
    at
        Date and time at the practice.
    practice
        Its name; empty where it was not given.
    is_example
        Whether everybody in it is invented.
    """

    by: str
    at: datetime
    practice: str
    is_example: bool = False


@dataclass(frozen=True)
class Row:
    """One form in the table.

    Parameters
    ----------
    cells
        Its words, as many as there are columns.
    stays
        Whether it is listed even where there is room for few.
    """

    cells: tuple[str, ...]
    stays: bool


@dataclass(frozen=True)
class Report:
    """The words of a report, in the order of the page."""

    practice: str
    printed: str
    name: str
    identity: str
    course: str
    standing: list[str]
    """Where the patient stands, a sentence per measure."""
    safety: list[str]
    """Item 9 and the open alerts."""
    chart: str
    chart_words: str
    """What the drawing shows to somebody who does not see it."""
    chart_key: str
    columns: tuple[str, ...]
    rows: list[Row]
    """The earliest first. Those for which the page has no room are left out, and how
    many is said."""
    forms: int
    """How many there are, listed or not."""
    definitions: list[str]
    sources: list[str]


def progress_report(
    record: CourseRecord,
    patient: Patient,
    alerts: Sequence[Alert],
    printed: Printed,
) -> Report:
    """Return what the report of a course says.

    Parameters
    ----------
    record
        The course; without a form, the report says so.
    patient
        Whose it is.
    alerts
        The patient's open item-9 alerts.
    printed
        Who prints it, and when.
    """
    shown = list(record.trajectories.values())
    points = sorted(record.points, key=lambda p: (p.completed_at, p.id))
    definitions, sources = _definitions(shown)
    return Report(
        practice=shortened(printed.practice) or "Practice name not given",
        printed=_printed_words(printed),
        name=shortened(patient.name) or wording.NAME_NOT_RECORDED,
        identity=_identity(patient, printed.at),
        course=_course_words(record),
        standing=_standing(shown),
        safety=[*_item_9(record), *_alert_words(alerts)],
        chart=_drawing(record),
        chart_words=wording.trajectory_alt(shown, len(record.infusions)),
        chart_key=chart_key(shown, len(record.infusions) > record.induction),
        columns=COLUMNS,
        rows=[_row(point) for point in most_telling(points, MOST_ROWS)],
        forms=len(points),
        definitions=definitions,
        sources=sources,
    )


def most_telling(points: Sequence[Point], most: int) -> list[Point]:
    """Return the baselines and the latest of a course's forms, the earliest first.

    Parameters
    ----------
    points
        In order of time.
    most
        How many at most.
    """
    baselines = [point for point in points if point.is_baseline]
    others = [point for point in points if not point.is_baseline]
    room = max(0, most - len(baselines))
    kept = {point.id for point in [*baselines, *others[len(others) - room :]]}
    return [p for p in points if p.id in kept] if len(points) > most else list(points)


def shortened(text: str | None) -> str:
    """Return text on one line, cut to the room that there is for it."""
    words = " ".join((text or "").split())
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"


def course_name(course: Course) -> str:
    """Return which of the patient's courses it is, and its days."""
    opened = f"Course {course.number}, opened {wording.day_words(course.opened)}"
    if course.closed is None:
        return opened
    return f"{opened}, closed {wording.day_words(course.closed)}"


def marks_of(point: Point) -> list[str]:
    """Return what is special about a form, each in a few words."""
    asked = MEASURES[point.measure]
    marks = (
        "baseline" if point.is_baseline else "",
        f"incomplete, {point.answered} of {asked.item_count} answered"
        if point.total is None
        else "",
        "total only" if point.kind == TOTAL_ONLY else "",
        f"recall overlaps infusion {point.overlaps}" if point.overlaps else "",
    )
    return [mark for mark in marks if mark]


def item_9_cell(point: Point) -> str:
    """Return item 9 of a form in a few words; a dash where it is not asked."""
    if MEASURES[point.measure].suicide_item is None:
        return "–"
    if point.kind == TOTAL_ONLY:
        return "not known"
    return "not answered" if point.item_9 is None else f"{point.item_9}"


def _printed_words(printed: Printed) -> str:
    when = wording.moment_words(printed.at)
    words = f"Printed by {shortened(printed.by)}, {when}"
    return f"{words}. {EXAMPLE}" if printed.is_example else words


def _identity(patient: Patient, printed_at: datetime) -> str:
    number = f"record number {shortened(patient.record_number)}"
    return " · ".join(
        (wording.age_words(patient.birth_date, printed_at.date()), number)
    )


def _course_words(record: CourseRecord) -> str:
    course = record.course
    parts = [
        course_name(course),
        wording.TREATED_FOR.get(course.indication, "indication not recorded"),
        shortened(course.clinician) or "clinician not recorded",
        shortened(course.site),
        wording.infusion_progress(len(record.infusions), record.induction),
    ]
    if record.infusions:
        last = record.infusions[-1]
        day = wording.day_words(last.facts.started_at)
        parts.append(f"last infusion {day}: {wording.infusion_dose(last)}")
    return " · ".join(part for part in parts if part)


def _standing(trajectories: Sequence[Trajectory]) -> list[str]:
    return [status_sentence(trajectory) for trajectory in trajectories] or [NO_FORM]


def _item_9(record: CourseRecord) -> Iterator[str]:
    """Say the last answer to item 9, with its day."""
    for trajectory in record.trajectories.values():
        last = trajectory.points[-1]
        words = wording.item_9_words(
            last.measure, last.item_9, answers_known=last.kind != TOTAL_ONLY
        )
        if words:
            name = MEASURES[last.measure].name
            day = wording.day_words(last.completed_at)
            yield f"Last {name}, {day}. {words}"


def _alert_words(alerts: Sequence[Alert]) -> Iterator[str]:
    if not alerts:
        yield NO_ALERT
        return
    days = [wording.day_words(alert.completed_at) for alert in alerts]
    said = ", ".join(
        f"{_answered(alert)} on {day}"
        for alert, day in zip(alerts[:MOST_ALERTS], days, strict=False)
    )
    count = (
        "1 item-9 alert is" if len(alerts) == 1 else f"{len(alerts)} item-9 alerts are"
    )
    more = "" if len(alerts) <= MOST_ALERTS else ", and earlier"
    yield (f"▲ {count} open ({said}{more}): nobody has recorded yet what was done.")


def _answered(alert: Alert) -> str:
    return "not answered" if alert.item_9 is None else f"item 9 was {alert.item_9}"


def _drawing(record: CourseRecord) -> str:
    shown = list(record.trajectories.values())
    if not shown:
        return ""
    return course_svg(shown, record.infusions, record.induction)


def _row(point: Point) -> Row:
    measure = MEASURES[point.measure]
    marks = marks_of(point)
    if point.recall_window != measure.default_recall_window.code:
        marks.append(wording.window_name(point.measure, point.recall_window))
    total = (
        f"{point.lowest} to {point.highest} possible"
        if point.total is None
        else wording.score_words(point.measure, point.total)
    )
    cells = (
        wording.day_words(point.completed_at),
        measure.name,
        total,
        wording.change_cell(point.change, point.percent) or "–",
        item_9_cell(point),
        wording.place_words(point.place),
        "; ".join(marks),
    )
    return Row(cells, stays=point.is_baseline)


def _definitions(
    trajectories: Sequence[Trajectory],
) -> tuple[list[str], list[str]]:
    """Return the definitions, each with the number of its source, and the sources."""
    cited: list[Source] = []
    lines = [
        f"Baseline: {BASELINE.sentence} Change: total minus baseline, so negative is "
        "better; percent is cut to whole percent.",
    ]
    lines += [
        _measure_definitions(MEASURES[trajectory.measure], cited)
        for trajectory in trajectories
    ]
    if any(point.overlaps for t in trajectories for point in t.points):
        lines.append(
            "Recall overlaps infusion N: the form asks about days back to before "
            "infusion N, so it tells of both sides of it."
        )
    lines.append(NOTHING_IS_CLAIMED)
    sources = [f"{n} {source.citation}" for n, source in enumerate(cited, start=1)]
    return lines, sources


def _measure_definitions(measure: Measure, cited: list[Source]) -> str:
    parts = []
    for kind, name in (
        ("response", "Response"),
        ("remission", ""),
        ("change", "Reliable change"),
    ):
        criterion = default_criterion(measure.code, kind)
        word = name or criterion.name.split(" (")[0]
        parts.append(
            f"{word}: {criterion.sentence} [{_number(criterion.source, cited)}]"
        )
    points = default_criterion(measure.code, "change").points
    parts.append(f"Worse: at least {points} points higher than at baseline.")
    if measure.severity_bands:
        bands = ", ".join(f"{b.name} from {b.lowest}" for b in measure.severity_bands)
        parts.append(f"Severity: {bands}. [{_number(measure.source, cited)}]")
    else:
        words = " ".join(wording.cut_points_lines())
        number = _number(PCL5_CUT_POINTS_SOURCE, cited)
        parts.append(f"{upper_first(words)}. [{number}]")
    return f"{measure.name} (0 to {measure.highest_total}). {' '.join(parts)}"


def _number(source: Source, cited: list[Source]) -> int:
    if source not in cited:
        cited.append(source)
    return cited.index(source) + 1
