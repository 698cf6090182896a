"""Infusion by infusion in words: who went on, who was measured, how long it took."""

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.by_infusion import (
    GIVEN_MEASURED,
    GIVEN_NOT_DUE,
    GIVEN_NOT_MEASURED,
    STILL_TO_COME,
    STOPPED_BEFORE,
    Attendance,
)
from analysis.ever import INFUSIONS, EverCurve, Reached, time_until
from analysis.outcomes import OutcomeRate
from analysis.suppression import FREE_REST, NO_REST, PROTECTED_REST, Layout, Sum
from measures.criteria import Criterion
from measures.timepoints import AFTER_INFUSION_DAYS, INDUCTION
from views.results.counts.by_infusion import FOLLOWED_DAYS, MET, NOT_MET, NOT_SEEN
from views.results.wording import outcomes as wording
from views.results.wording.numbers import counted, percent, was_were


Row = dict[str, str]

NOT_REACHED = "not reached"

NAMES = {
    GIVEN_MEASURED: "Given, measured",
    GIVEN_NOT_MEASURED: "Given, not measured",
    GIVEN_NOT_DUE: "Given, form may still come",
    STOPPED_BEFORE: "Stopped before",
    STILL_TO_COME: "Still to come",
}
"""How far a course had come at an infusion number."""

GIVEN = (GIVEN_MEASURED, GIVEN_NOT_MEASURED, GIVEN_NOT_DUE)
GIVEN_NAME = "Given"
FOLLOWED_NAME = "Followed"
ELIGIBLE_NAME = "Eligible"

EVER_NAMES = {
    MET: "Met it at least once",
    NOT_MET: "Not met on any form",
    NOT_SEEN: "No form that could show it",
}

DROP_OUT_CAPTION = (
    "Each course is counted once at each infusion. Stopped before: the induction was "
    "over without this infusion, whether it was planned so or broken off, which is not "
    "recorded; the protocol itself ends with infusion "
    f"{INDUCTION.protocol_infusions}. An infusion given later, as a booster, counts as "
    "given. Those who go on are not like those who stop, so a rate at a late infusion "
    "is not the rate of all who began."
)


def attendance_sentence(attendance: Sequence[Attendance]) -> str:
    """Return how many were left at the protocol's last infusion."""
    last = [a for a in attendance if a.number <= INDUCTION.protocol_infusions][-1]
    return (
        f"Of the {last.eligible} eligible, {last.given} {was_were(last.given)} given "
        f"infusion {last.number}, {last.stopped} had stopped before it and "
        f"{last.to_come} may still come to it. After it, {last.measured} "
        f"{was_were(last.measured)} measured."
    )


def attendance_rows(attendance: Sequence[Attendance]) -> list[Row]:
    """Return a row for each infusion: who was given it, who had stopped before."""
    return [
        {
            "Infusion": str(at.number),
            "Given": str(at.given),
            "Of these measured": str(at.measured),
            "Not measured": str(at.not_measured),
            "Form may still come": str(at.not_due),
            NAMES[STOPPED_BEFORE]: str(at.stopped),
            NAMES[STILL_TO_COME]: str(at.to_come),
        }
        for at in attendance
    ]


# Time to the criterion.


def time_rows(ever: EverCurve, days: EverCurve) -> list[Row]:
    """Return when a quarter, half and three quarters had met it, for a table."""
    return [_time_row(curve) for curve in (days, ever)]


def _time_row(curve: EverCurve) -> Row:
    quarter, half, most = (time_until(curve, share) for share in (0.25, 0.5, 0.75))
    return {
        "Counted in": "infusions" if curve.unit == INFUSIONS else "days",
        "Eligible": str(curve.eligible),
        "Followed": str(curve.measured),
        "Met it": str(curve.events),
        "A quarter had met it": reached_text(quarter),
        "Median": reached_text(half),
        "Three quarters had met it": reached_text(most),
    }


def reached_text(reached: Reached) -> str:
    """Return a time with its interval, for a table.

    Examples
    --------
    >>> reached_text(Reached(share=0.5, time=4, lower=2, upper=None))
    '4 (from 2, upper limit not reached)'
    """
    lower, upper = reached.lower, reached.upper
    if reached.time is None:
        return NOT_REACHED if lower is None else f"{NOT_REACHED} (from {int(lower)})"
    if upper is None:
        begins = "" if lower is None else f"from {int(lower)}, "
        return f"{int(reached.time)} ({begins}upper limit {NOT_REACHED})"
    begins = int(reached.time if lower is None else lower)
    return f"{int(reached.time)} ({begins}–{int(upper)})"


def time_sentence(ever: EverCurve, days: EverCurve) -> str:
    """Return the median time in days and in infusions, as a sentence."""
    in_days, in_infusions = time_until(days), time_until(ever)
    if in_days.time is None and in_infusions.time is None:
        return (
            f"Median time: {NOT_REACHED} within {FOLLOWED_DAYS} days or "
            f"{counted(_last(ever), 'infusion')}; fewer than half of those followed "
            "had met the criterion."
        )
    return (
        f"Median time to the first form that met the criterion: "
        f"{_or_not(in_days, 'day', f'within {FOLLOWED_DAYS} days')}, and "
        f"{_or_not(in_infusions, 'infusion', 'by any infusion')}."
    )


def _or_not(reached: Reached, unit: str, within: str) -> str:
    if reached.time is None:
        return f"{NOT_REACHED} {within}"
    return counted(int(reached.time), unit)


def _last(curve: EverCurve) -> int:
    return int(curve.steps[-1].time) if curve.steps else 0


TIME_CAPTION = (
    "Kaplan-Meier, log-log limits: each course is followed to the first form that met "
    "the criterion, or to its last form. It happened at some time since the form "
    "before, so the true time is earlier. A course that stops because it does not help "
    "is taken as if it might yet have met it: the curve is too high where that "
    "happens. Interval of a time: Brookmeyer & Crowley 1982."
)


def definitions(criterion: Criterion) -> list[Row]:
    """Return what the page's numbers count, with the source of each."""
    rows = (
        ("Criterion met", criterion.sentence, wording.source_text(criterion.source)),
        (
            "After an infusion",
            "The last complete form after it, up to the start of the next one and at "
            f"most {AFTER_INFUSION_DAYS} days.",
            "",
        ),
        (
            "Meeting it now",
            "Of those measured after that infusion; Wilson score interval.",
            "",
        ),
        (
            "Met it at least once",
            "Kaplan-Meier with the infusion number, or the day, as time; log-log "
            "limits.",
            "Kaplan & Meier 1958, J Am Stat Assoc 53:457-481.",
        ),
        (
            "Median and its interval",
            "The first time at which half of those followed had met it; from where the "
            "upper limit is a half to where the lower one is.",
            "Brookmeyer & Crowley 1982, Biometrics 38:29-41.",
        ),
    )
    return [
        {"Number": name, "What it counts": sentence, "Source": source}
        for name, sentence, source in rows
    ]


# The courses behind each number.


def time_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with the time of each as the rows behind a number."""
    table = wording.course_table(courses)
    shown = table[["patient_id", "Infusion 1", "Baseline"]]
    return shown.assign(**{"Days to that form": courses["time"].tolist()})


def infusion_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses at an infusion as the rows behind a number."""
    return wording.course_table(courses).assign(
        **{
            "After infusion": courses["infusion"].tolist(),
            "Given in all": courses["infusions"].tolist(),
        }
    )


# Files.

LAYOUT = Layout(
    counts=(
        "measured",
        "events",
        "not events",
        "given",
        "not measured",
        "form may still come",
        "stopped before",
        "still to come",
        "eligible",
    ),
    sums=(
        Sum("measured", ("events", "not events"), NO_REST),
        Sum("given", ("measured", "not measured", "form may still come"), NO_REST),
        Sum("eligible", ("given", "stopped before", "still to come"), NO_REST),
    ),
    derived={"observed": ("measured", "events")},
    same=("eligible",),
)

TIME_LAYOUT = Layout(
    counts=("followed", "met it", "eligible"),
    sums=(
        Sum("followed", ("met it",), PROTECTED_REST),
        Sum("eligible", ("followed",), FREE_REST),
    ),
)

NO_CURVE = (
    "Not in this file: each step of the curve rests on few courses, and would give "
    "their number away."
)


def export_rows(
    now: Mapping[int, OutcomeRate], attendance: Sequence[Attendance]
) -> dict[str, dict[str, object]]:
    """Return what each infusion shows as numbers, for a file with `LAYOUT`."""
    return {
        str(at.number): {
            "given": at.given,
            "measured": at.measured,
            "not measured": at.not_measured,
            "form may still come": at.not_due,
            "stopped before": at.stopped,
            "still to come": at.to_come,
            "eligible": at.eligible,
            "events": now[at.number].events,
            "not events": now[at.number].measured - now[at.number].events,
            "observed": now[at.number].observed,
        }
        for at in attendance
    }


def time_export(ever: EverCurve, days: EverCurve) -> dict[str, dict[str, object]]:
    """Return the times as words and counts, for a file with `TIME_LAYOUT`."""
    return {
        row["Counted in"]: {
            "eligible": curve.eligible,
            "followed": curve.measured,
            "met it": curve.events,
            "a quarter had met it": row["A quarter had met it"],
            "median": row["Median"],
            "three quarters had met it": row["Three quarters had met it"],
        }
        for row, curve in zip(time_rows(ever, days), (days, ever), strict=True)
    }


# The charts.

ATTENDANCE_ALT = (
    "How many courses were given each infusion, were measured after it, or had stopped "
    "before; the numbers are in the table below"
)
DAYS_ALT = (
    "Share that had met the criterion at least once, by days since infusion 1; times "
    "are in the table below"
)
DAYS_NAME = "Met it at least once (Kaplan-Meier)"
LIMITS_NAME = "95 % log-log limits"


def step_text(day: int, estimate: float, at_risk: int) -> str:
    """Return what a step says when it is pointed at."""
    return f"Day {day}: {percent(estimate)}; {at_risk} still followed without it"


def bar_text(at: Attendance, kind: str, count: int) -> str:
    """Return what a part of a bar says when it is pointed at."""
    return f"Infusion {at.number}, {NAMES[kind].lower()}: {count} of {at.eligible}"
