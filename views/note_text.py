"""A course as plain text, to paste into a note of another program."""

from analysis.trajectory import TOTAL_ONLY, Point
from measures.registry import MEASURES
from views import wording
from views.course_record import CourseRecord
from views.report_facts import NO_FORM, course_name, marks_of
from views.standing_wording import status_sentence


def note_text(record: CourseRecord) -> str:
    """Return where the patient stands, and one dated line per form, the latest first.

    Nobody is named: the note that it is pasted into says whose it is.

    Parameters
    ----------
    record
        The course.
    """
    lines = [status_sentence(shown) for shown in record.trajectories.values()]
    lines += [form_line(point) for point in record.points]
    about = f"{course_name(record.course)}. {wording.LOWER_IS_BETTER.capitalize()}."
    return "\n".join([about, *(lines or [NO_FORM])])


def form_line(point: Point) -> str:
    """Return a form in one line: when, what, total, change, item 9, what is special."""
    when = wording.moment_words(point.completed_at, time_known=point.time_known)
    name = MEASURES[point.measure].name
    change = wording.change_words(point.change, point.percent)
    parts = (
        f"{name}{wording.window_words(point)}: {_score(point)}",
        change and f"{change} from baseline",
        _item_9(point),
        *marks_of(point),
        wording.place_words(point.place),
    )
    return f"{when}: {'; '.join(part for part in parts if part)}"


def _score(point: Point) -> str:
    if point.total is None:
        return f"no total, {point.lowest} to {point.highest} possible"
    return wording.score_words(point.measure, point.total)


def _item_9(point: Point) -> str:
    if MEASURES[point.measure].suicide_item is None:
        return ""
    if point.kind == TOTAL_ONLY:
        return "item 9 not known"
    if point.item_9 is None:
        return "item 9 not answered"
    answer = wording.answer_text(MEASURES[point.measure], point.item_9).lower()
    return f"item 9: {point.item_9}, {answer}"
