"""The slow, obvious twin of ``data.course_scores``: dates and loops, no SQL.

The numbers of the definitions are written out a second time, on purpose: changed in
one place only, the two no longer agree.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Infusion:
    """One infusion that stands."""

    at: datetime
    phase: str | None = None


@dataclass(frozen=True)
class Form:
    """One complete form that stands."""

    id: int
    measure: str
    recall_window: str
    at: datetime
    total: int


@dataclass(frozen=True)
class Course:
    """What a course consists of, in any order."""

    infusions: tuple[Infusion, ...]
    forms: tuple[Form, ...]
    closed: date | None = None


@dataclass(frozen=True)
class Window:
    """When a score counts, and the first day on which its absence does."""

    contains: object
    due: date | None


def as_of(course: Course, day: date) -> Course:
    """Return what had happened by the end of this day."""
    closed = course.closed if course.closed and course.closed <= day else None
    return Course(
        tuple(i for i in course.infusions if i.at.date() <= day),
        tuple(f for f in course.forms if f.at.date() <= day),
        closed,
    )


def progress(course: Course) -> dict[str, object] | None:
    """Return how far a course is; None before its first infusion."""
    given = sorted(course.infusions, key=lambda i: i.at)
    if not given:
        return None
    induction = induction_of(given)
    return {
        "first_day": given[0].at.date(),
        "last_day": given[-1].at.date(),
        "infusions": len(given),
        "induction_infusions": len(induction),
        "last_induction_day": induction[-1].at.date() if induction else None,
    }


def scores(course: Course) -> dict[tuple[str, str, str], dict[str, object]]:
    """Return baseline, score and due day by measure, recall window and time point."""
    given = sorted(course.infusions, key=lambda i: i.at)
    if not given:
        return {}
    windows = windows_of(given, course.closed)
    found = {}
    for measure, recall_window in {(f.measure, f.recall_window) for f in course.forms}:
        forms = [
            f
            for f in course.forms
            if f.measure == measure and f.recall_window == recall_window
        ]
        baseline = last(f for f in forms if is_baseline(f.at, given[0].at))
        for timepoint, window in windows.items():
            latest = last(f for f in forms if window.contains(f.at))
            found[measure, recall_window, timepoint] = {
                "baseline_id": baseline and baseline.id,
                "baseline": baseline and baseline.total,
                "baseline_day": baseline and baseline.at.date(),
                "assessment_id": latest and latest.id,
                "total": latest and latest.total,
                "score_day": latest and latest.at.date(),
                "due_day": window.due,
            }
    return found


def last(forms) -> Form | None:
    """Return the latest form, or None where there is none."""
    return max(forms, key=lambda f: f.at, default=None)


def is_baseline(at: datetime, infusion_1: datetime) -> bool:
    """Whether a form is at or before infusion 1, and at most 30 days old."""
    return at <= infusion_1 and (infusion_1.date() - at.date()).days <= 30


def induction_of(given: list[Infusion]) -> list[Infusion]:
    """Return the first infusions, up to the first that is no induction."""
    induction = []
    for infusion in given:
        if infusion.phase == "maintenance":
            break
        if infusion.phase is None:
            if induction and days_between(induction[-1], infusion) > 10:
                break
            if len(induction) >= 8:
                break
        induction.append(infusion)
    return induction


def induction_over(given: list[Infusion], closed: date | None) -> date:
    """Return the first day on which no more induction is to be expected."""
    induction = induction_of(given)
    reasons = []
    if len(given) > len(induction):
        reasons.append(given[len(induction)].at.date())
    if closed:
        reasons.append(closed)
    if induction:
        reasons.append(induction[-1].at.date() + timedelta(days=11))
    return min(reasons)


def windows_of(given: list[Infusion], closed: date | None) -> dict[str, Window]:
    """Return every time point's window."""
    first = given[0].at
    over = induction_over(given, closed)
    return {
        "day_1": Window(
            lambda at: timedelta(hours=12) <= at - first <= timedelta(hours=48),
            first.date() + timedelta(days=3),
        ),
        **{f"after_infusion_{k}": after_infusion(given, k, over) for k in range(1, 11)},
        **after_induction(given, over),
        "week_6": days_after(first.date(), 32, 52),
        "months_4_8": days_after(first.date(), 120, 240),
        "month_6": days_after(first.date(), 122, 242),
        "month_12": days_after(first.date(), 305, 425),
    }


def days_after(anchor: date, first: int, last: int) -> Window:
    """Return a window of whole days, both ends included."""
    return Window(
        lambda at: first <= (at.date() - anchor).days <= last,
        anchor + timedelta(days=last + 1),
    )


def after_infusion(given: list[Infusion], k: int, over: date) -> Window:
    """Return the window after infusion k, up to the next and at most 14 days."""
    if len(given) < k:
        return Window(lambda at: False, over)
    infusion = given[k - 1]
    following = given[k] if len(given) > k else None
    window = until_next(infusion, following)
    # Once due as a drop-out, a course stays due, whatever it is given later.
    return Window(window.contains, over) if over < infusion.at.date() else window


def after_induction(given: list[Infusion], over: date) -> dict[str, Window]:
    """Return the windows after the last induction infusion; never, without one."""
    induction = induction_of(given)
    if not induction:
        never = Window(lambda at: False, None)
        return {"end_of_induction": never, "weeks_2_4": never}
    following = given[len(induction)] if len(given) > len(induction) else None
    end = until_next(induction[-1], following)
    weeks = days_after(induction[-1].at.date(), 14, 31)
    return {
        "end_of_induction": Window(end.contains, max(end.due, over)),
        "weeks_2_4": Window(weeks.contains, max(weeks.due, over)),
    }


def until_next(infusion: Infusion, following: Infusion | None) -> Window:
    """Return the 14 days after an infusion, or the time to the next if shorter."""

    def contains(at: datetime) -> bool:
        if at <= infusion.at or (at.date() - infusion.at.date()).days > 14:
            return False
        return following is None or at <= following.at

    closes = infusion.at.date() + timedelta(days=15)
    return Window(contains, min(closes, following.at.date()) if following else closes)


def days_between(one: Infusion, other: Infusion) -> int:
    """Return whole calendar days from one infusion to another."""
    return (other.at.date() - one.at.date()).days
