"""Scores, changes, statuses and dates in words; the rounding of the clinician's pages.

Nothing here draws or reads: results in, words out.
"""

import re
import string
from collections.abc import Sequence
from datetime import date, datetime
from math import trunc

from analysis.standing import NOT_MEASURED
from analysis.status import (
    CANNOT_TELL,
    INCOMPLETE,
    NO_BASELINE,
    NO_FORM,
    NO_RELIABLE_CHANGE,
    NOT_STARTED,
    NOTHING_SINCE,
    OTHER_WINDOW,
    REMISSION,
    WORSE,
    Status,
)
from analysis.trajectory import (
    BEFORE,
    TOTAL_ONLY,
    Place,
    Point,
    Trajectory,
)
from data.infusions import Infusion, InfusionFacts
from data.tables import MOMENTS_OF_VITALS
from measures.criteria import PCL5_CUT_POINTS, PCL5_CUT_POINTS_SOURCE
from measures.definition import Measure
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.registry import MEASURES, default_criterion
from measures.scoring import Score
from measures.timepoints import BASELINE, INDUCTION


MINUS = "−"
LOWER_IS_BETTER = "lower is better"
NAME_NOT_RECORDED = "Name not recorded"
OPEN_ALERT = "▲ Open"

_NO_AGREED_REMISSION = "There is no agreed remission score."
_WHY_UNTOLD = {
    NO_FORM: "There is no form of this measure in this course.",
    INCOMPLETE: "The last form has unanswered items, so it has no total.",
    NOT_STARTED: "The course has no infusion yet.",
    NOTHING_SINCE: "Nothing was completed after infusion 1.",
    NO_BASELINE: (
        "There is nothing to compare with: no complete form at or before infusion 1, "
        f"at most {BASELINE.at_most_days} days before."
    ),
    OTHER_WINDOW: (
        "The baseline was asked over another recall window than the last form; "
        "the two are not compared."
    ),
    NOT_MEASURED: "Nothing was completed after this infusion and before the next one.",
}


# In the language of the pages, whatever the machine's is.
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905

# To choose from, and at the beginning of a phrase.
INDICATION_WORDS = {"depression": "Depression", "ptsd": "PTSD", "both": "Both"}

# In a sentence.
TREATED_FOR = {
    "depression": "depression",
    "ptsd": "PTSD",
    "both": "depression and PTSD",
}


def escape(text: str) -> str:
    r"""Return text so that Markdown shows it as it was typed.

    Examples
    --------
    >>> print(escape("A*B"))
    A\*B
    """
    return re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", text)


def upper_first(text: str) -> str:
    """Return the text beginning with a capital."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return the text beginning with a small letter."""
    return text[:1].lower() + text[1:]


def day_words(day: date) -> str:
    """Return a date that reads the same everywhere.

    Examples
    --------
    >>> day_words(date(2026, 11, 3))
    '3 Nov 2026'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def moment_words(moment: datetime, *, time_known: bool = True) -> str:
    """Return date and time, or the date alone where the time was not recorded."""
    time = f", {moment.hour:02}:{moment.minute:02}" if time_known else ""
    return day_words(moment) + time


def days_words(days: int) -> str:
    """Return a number of days with its noun."""
    return "1 day" if days == 1 else f"{days} days"


def ago(days: int) -> str:
    """Return how long ago a day was.

    Examples
    --------
    >>> ago(0), ago(1), ago(5)
    ('today', 'yesterday', '5 days ago')
    """
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days_words(days)} ago"


def age_words(birth_date: date | None, today: date) -> str:
    """Return birth date and age: half of the guard against the wrong patient."""
    if birth_date is None:
        return "birth date not recorded"
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    years = today.year - birth_date.year - (not had_birthday)
    return f"born {day_words(birth_date)} ({years})"


def signed(number: int) -> str:
    """Return a whole number with its sign; 0 has none."""
    return f"{number:+d}".replace("-", MINUS) if number else "0"


def percent_words(percent: float | None) -> str:
    """Return a signed percentage, cut to whole percent.

    Cut, not rounded: 29.9 % lower is not shown as the 30 % that would be a response.

    Examples
    --------
    >>> percent_words(-29.9)
    '−29 %'
    """
    return "" if percent is None else f"{signed(trunc(percent))} %"


def change_words(change: int | None, percent: float | None) -> str:
    """Return a change from baseline; empty where there is none to speak of.

    Examples
    --------
    >>> change_words(-8, -40.0), change_words(1, None), change_words(0, 0.0)
    ('−8 points (−40 %)', '+1 point', 'no change')
    """
    if change is None:
        return ""
    if change == 0:
        return "no change"
    noun = "point" if abs(change) == 1 else "points"
    share = "" if percent is None else f" ({percent_words(percent)})"
    return f"{signed(change)} {noun}{share}"


def change_cell(change: int | None, percent: float | None) -> str:
    """Return a change for a narrow column.

    Examples
    --------
    >>> change_cell(-8, -40.0)
    '−8 (−40 %)'
    """
    if change is None:
        return ""
    share = "" if percent is None else f" ({percent_words(percent)})"
    return f"{signed(change)}{share}"


def score_words(measure: str, total: int) -> str:
    """Return a total with its severity, where the measure has severity bands."""
    band = MEASURES[measure].band(total)
    return f"{total}, {band.name}" if band else f"{total}"


def incomplete_words(measure: str, result: Score) -> str:
    """Return what an incomplete form says: no total, and the range it must lie in."""
    return (
        f"{MEASURES[measure].name} incomplete: {result.answered} of {result.asked} "
        f"items answered. No total; it must lie from {result.lowest} to "
        f"{result.highest}."
    )


def point_score(point: Point) -> str:
    """Return what a form says: its total, or the range that it must lie in."""
    if point.total is None:
        asked = MEASURES[point.measure].item_count
        return (
            f"{point.lowest} to {point.highest} possible "
            f"({point.answered} of {asked} answered)"
        )
    words = score_words(point.measure, point.total)
    return f"{words} (total only)" if point.kind == TOTAL_ONLY else words


def window_name(measure: str, window: str) -> str:
    """Return the words for a recall window."""
    return MEASURES[measure].recall_window(window).name


def window_words(point: Point) -> str:
    """Return the recall window after a comma, where the measure has several."""
    if len(MEASURES[point.measure].recall_windows) < 2:
        return ""
    return f", {window_name(point.measure, point.recall_window)}"


def place_words(place: Place | None) -> str:
    """Return where among the infusions a form was completed.

    Examples
    --------
    >>> place_words(Place("before", 3, 0)), place_words(Place("after", 2, 5))
    ('before infusion 3', 'after infusion 2 (5 days)')
    """
    if place is None:
        return "no infusion yet"
    where = f"{place.side} infusion {place.infusion}"
    if place.days == 0:
        return where if place.side == BEFORE else f"{where} (same day)"
    return f"{where} ({days_words(place.days)})"


def overlap_words(point: Point) -> str:
    """Return that the recall window reaches back before the last infusion, if so."""
    if point.overlaps is None:
        return ""
    name = window_name(point.measure, point.recall_window)
    return f"asks about the {name}, back to before infusion {point.overlaps}"


def status_word(status: Status) -> str:
    """Return a status in the fewest words; the criterion's name without its limits."""
    if status.code == CANNOT_TELL:
        return f"Cannot tell ({status.reason})"
    word = status.code.capitalize()
    if status.code == REMISSION:
        word = status.criterion.name.split(" (")[0]
    if not status.baseline_known:
        return f"{word}, no baseline"
    return f"{word}, as at baseline" if status.as_at_baseline else word


def status_rule(status: Status) -> str:
    """Return the rule behind a status, or why it cannot be told."""
    if status.code == CANNOT_TELL:
        return _WHY_UNTOLD[status.reason]
    criterion = status.criterion
    name = MEASURES[criterion.measure].name
    if status.code == WORSE:
        return (
            f"The {name} total is at least {criterion.points} points higher than at "
            "baseline."
        )
    if status.code == NO_RELIABLE_CHANGE:
        return (
            f"The {name} total is less than {criterion.points} points from baseline, "
            "and is no response."
        )
    if status.code == REMISSION and criterion.measure == PCL5.code:
        return f"{criterion.sentence} {_NO_AGREED_REMISSION}"
    return criterion.sentence


def status_definition(status: Status) -> str:
    """Return the rule behind a status with its reason and its source."""
    criterion = status.criterion
    if criterion is None:
        return status_rule(status)
    return f"{status_rule(status)} {criterion.reason} {_cited(criterion)}"


def _cited(criterion: object) -> str:
    return f"[{criterion.source.citation}]"


def item_9_words(measure: str, item_9: int | None, *, answers_known: bool) -> str:
    """Return item 9 in words; an unanswered one is no 0, and a 0 is no all-clear."""
    asked = MEASURES[measure]
    if asked.suicide_item is None:
        return ""
    if not answers_known:
        return "Item 9 is not known: only a total was received."
    if item_9 is None:
        return "Item 9 was not answered. This is not a 0; ask the patient."
    answer = f"Item 9: {item_9}, {answer_text(asked, item_9).lower()}."
    return answer if item_9 else f"{answer} This alone does not rule out risk."


def item_9_cell(
    *, open_alerts: int, has_form: bool, item_9: int | None, complete: bool
) -> str:
    """Return item 9 of the last PHQ-9, after an open alert if there is one.

    Parameters
    ----------
    open_alerts
        How many alerts nobody has acted on yet.
    has_form, complete
        Whether there is a PHQ-9, and whether the last one has a total.
    item_9
        The answer on the last one; None where it was not answered or not received.
    """
    last = "" if item_9 is None else f"{item_9}"
    if has_form and item_9 is None:
        last = "not known" if complete else "not answered"
    if open_alerts:
        return f"{OPEN_ALERT}, last {last}" if last else OPEN_ALERT
    if item_9 is None:
        return f"item 9 {last}" if last else ""
    return f"{last}, acted on" if item_9 else last


def answer_text(measure: Measure, score: int) -> str:
    """Return the words of one answer."""
    return next(answer.text for answer in measure.answers if answer.score == score)


def infusion_progress(infusions: int, induction: int) -> str:
    """Return how far a course is, held against the protocol's induction.

    Examples
    --------
    >>> infusion_progress(4, 4)
    'infusion 4 of 6'
    >>> infusion_progress(9, 6)
    'infusion 9: 6 of 6 in induction, then 3 more'
    """
    if infusions == 0:
        return f"no infusion yet ({_of_protocol(0)})"
    if infusions == induction:
        return f"infusion {_of_protocol(infusions)}"
    return (
        f"infusion {infusions}: {_of_protocol(induction)} in induction, "
        f"then {infusions - induction} more"
    )


def infusion_cell(infusions: int, induction: int) -> str:
    """Return the same for a narrow column.

    Examples
    --------
    >>> infusion_cell(4, 4), infusion_cell(9, 6)
    ('4 of 6', '9 (6 of 6)')
    """
    if infusions == induction:
        return _of_protocol(infusions)
    return f"{infusions} ({_of_protocol(induction)})"


def _of_protocol(infusions: int) -> str:
    planned = INDUCTION.protocol_infusions
    if infusions > planned:
        return f"{infusions}, {planned} by protocol"
    return f"{infusions} of {planned}"


def dose_words(
    *,
    dose_mg_per_kg: float | None,
    dose_mg: float | None,
    route: str,
    minutes: int | None,
) -> str:
    """Return what was given, how and over how long, as far as it was recorded.

    Examples
    --------
    >>> dose_words(dose_mg_per_kg=0.5, dose_mg=41.0, route="IV", minutes=40)
    '0.5 mg/kg (41 mg) IV over 40 min'
    """
    by_weight = "" if dose_mg_per_kg is None else f"{dose_mg_per_kg:g} mg/kg"
    by_mass = "" if dose_mg is None else f"{dose_mg:g} mg"
    dose = f"{by_weight} ({by_mass})" if by_weight and by_mass else by_weight or by_mass
    length = "" if minutes is None else f"over {minutes} min"
    parts = (dose or "dose not recorded,", route, length)
    return " ".join(part for part in parts if part)


def infusion_dose(infusion: Infusion) -> str:
    """Return what was given at an infusion."""
    facts = infusion.facts
    return dose_words(
        dose_mg_per_kg=facts.dose_mg_per_kg,
        dose_mg=facts.dose_mg,
        route=facts.route,
        minutes=facts.minutes,
    )


def vitals_words(facts: InfusionFacts) -> str:
    """Return blood pressure in mmHg and pulse at each moment; empty where none was."""
    moments = [_vitals_at(facts, moment) for moment in MOMENTS_OF_VITALS]
    return ", ".join(moments) if any(m != "–" for m in moments) else ""


def _vitals_at(facts: InfusionFacts, moment: str) -> str:
    """Return what was measured at one moment; a dash where nothing was.

    Half a blood pressure keeps its place: ``120/?``.
    """
    high, low, pulse = (
        getattr(facts, f"{vital}_{moment}")
        for vital in ("systolic", "diastolic", "pulse")
    )
    measured = high is not None or low is not None
    pressure = f"{_or_unknown(high)}/{_or_unknown(low)}" if measured else ""
    beats = "" if pulse is None else f"pulse {pulse}"
    return " ".join(part for part in (pressure, beats) if part) or "–"


def _or_unknown(value: int | None) -> str:
    return "?" if value is None else f"{value}"


def adverse_event_words(facts: InfusionFacts) -> str:
    """Return the adverse events of an infusion: those of the list, then the others."""
    parts = (*facts.adverse_event_codes, facts.adverse_events)
    return ", ".join(part for part in parts if part)


def note_words(facts: InfusionFacts) -> str:
    """Return the intention, the note and the integration note, each by its name."""
    parts = (
        ("Intention", facts.intention),
        ("Note", facts.note),
        ("Integration", facts.integration_note),
    )
    return " · ".join(f"{name}: {text}" for name, text in parts if text)


def phase_words(number: int, induction: int) -> str:
    """Return the phase of a numbered infusion, as it is counted."""
    return "induction" if number <= induction else "maintenance"


def infusion_hover(infusion: Infusion, *, induction: int) -> str:
    """Return what is shown over an infusion's mark."""
    facts = infusion.facts
    when = moment_words(facts.started_at, time_known=facts.time_known)
    dose = infusion_dose(infusion)
    phase = phase_words(infusion.number, induction)
    return f"Infusion {infusion.number}, {phase}: {when}, {dose}"


def count_line(patients: int, with_open_alert: int) -> str:
    """Return how many patients there are and how many wait for somebody to act."""
    noun = "patient" if patients == 1 else "patients"
    return f"{patients:,} {noun}, {with_open_alert or 'none'} with an open item-9 alert"


def form_label(point: Point) -> str:
    """Return one line that names a form, for a list to choose from."""
    measure = MEASURES[point.measure]
    when = moment_words(point.completed_at, time_known=point.time_known)
    return (
        f"{when}: {measure.name} {point_score(point)}{window_words(point)}, "
        f"{place_words(point.place)}"
    )


def point_marks(point: Point) -> str:
    """Return what is special about a form; empty where nothing is."""
    marks = (
        "baseline" if point.is_baseline else "",
        "incomplete, no total" if point.total is None else "",
        "total only, answers not received" if point.kind == TOTAL_ONLY else "",
        *point.turns,
        overlap_words(point),
    )
    return "; ".join(mark for mark in marks if mark)


def comparison_rows(trajectory: Trajectory) -> list[dict[str, str]]:
    """Return the latest form, the total before it and the baseline, with changes.

    All on the recall window of the last form; only totals have a change.
    """
    stream = trajectory.current
    latest = trajectory.points[-1]
    earlier = [point for point in stream.totals if point is not latest]
    return [
        _comparison_row("Latest", latest, latest),
        _comparison_row("Previous", earlier[-1] if earlier else None, latest),
        _comparison_row("Baseline", stream.baseline, latest),
    ]


def _comparison_row(label: str, point: Point | None, latest: Point) -> dict[str, str]:
    total = f"Total{window_words(latest)}"
    if point is None:
        return {"": label, total: "none", "Change": "", "Date": ""}
    score = (
        f"{point.lowest} to {point.highest}, incomplete"
        if point.total is None
        else score_words(point.measure, point.total)
    )
    change = "" if point.is_baseline else change_cell(point.change, point.percent)
    return {
        "": label,
        total: score,
        "Change": change,
        "Date": day_words(point.completed_at),
    }


def score_row(point: Point) -> dict[str, object]:
    """Return a form as a row of the table that stands for the chart."""
    measure = MEASURES[point.measure]
    band = None if point.total is None else measure.band(point.total)
    return {
        "Completed": point.completed_at.replace(tzinfo=None),
        "Measure": measure.name,
        "Recall window": window_name(point.measure, point.recall_window),
        "Total": point.total,
        "Lowest possible": point.lowest if point.total is None else None,
        "Highest possible": point.highest if point.total is None else None,
        "Severity": band.name if band else "",
        "Change in points": point.change,
        "Change in %": None if point.percent is None else trunc(point.percent),
        "Place": place_words(point.place),
        "Item 9": _item_9_in_table(point),
        "Marks": point_marks(point),
    }


def _item_9_in_table(point: Point) -> str:
    if MEASURES[point.measure].suicide_item is None:
        return ""
    if point.kind == TOTAL_ONLY:
        return "not known"
    return "not answered" if point.item_9 is None else f"{point.item_9}"


def item_rows(
    measure: Measure,
    answers: Sequence[int | None],
    baseline: Sequence[int | None] | None,
) -> list[dict[str, str]]:
    """Return each item with its answer, and the answer at baseline beside it."""
    rows = []
    for item, answer in zip(measure.items, answers, strict=True):
        watched = item.number == measure.suicide_item
        row = {
            "Item": f"{item.number}{' ▲' if watched and answer else ''}",
            "Wording": item.text,
            "Answer": _answer(measure, answer),
        }
        if baseline is not None:
            row["At baseline"] = _answer(measure, baseline[item.number - 1])
        rows.append(row)
    return rows


def _answer(measure: Measure, answer: int | None) -> str:
    return (
        "not answered"
        if answer is None
        else f"{answer}, {answer_text(measure, answer)}"
    )


def definitions(measure: Measure) -> list[tuple[str, str]]:
    """Return the terms used of a measure, each with its sentence and source."""
    change = default_criterion(measure.code, "change")
    rows = [
        ("Baseline", BASELINE.sentence),
        (
            "Change",
            "Total minus baseline: negative is better. Percent of the baseline, "
            "cut to whole percent.",
        ),
    ]
    for kind in ("response", "remission", "change"):
        criterion = default_criterion(measure.code, kind)
        name = criterion.name if kind != "change" else f"Reliable change: {change.name}"
        text = f"{criterion.sentence} {criterion.reason} {_cited(criterion)}"
        rows.append((name, text))
    rows.append(
        (
            f"Worse: {change.points} points higher",
            f"At least {change.points} points higher than at baseline.",
        )
    )
    return rows + _meaning_of_totals(measure)


def _meaning_of_totals(measure: Measure) -> list[tuple[str, str]]:
    if measure.severity_bands:
        listed = ", ".join(f"{b.name} from {b.lowest}" for b in measure.severity_bands)
        return [("Severity", f"{listed}. [{measure.source.citation}]")]
    note = measure.severity_note
    return [
        (
            " ".join(cut_points_lines()),
            f"{note} [{PCL5_CUT_POINTS_SOURCE.citation}]",
        ),
    ]


def cut_points_lines() -> list[str]:
    """Return the range of the PCL-5 cut-points in short lines."""
    low, high = PCL5_CUT_POINTS
    return [f"{low}–{high}:", "cut-points for", "probable PTSD"]


def limit_words(measure: str, kind: str, limit: int) -> str:
    """Return the label of a response or remission line."""
    name = default_criterion(measure, kind).name
    if kind == "response":
        return f"{name.split(' (')[0]}: {limit} or less"
    return name


def hover_words(point: Point) -> list[str]:
    """Return the lines that are shown over a point."""
    lines = [
        f"{MEASURES[point.measure].name} {point_score(point)}{window_words(point)}",
        moment_words(point.completed_at, time_known=point.time_known),
        place_words(point.place),
        change_words(point.change, point.percent)
        and f"{change_words(point.change, point.percent)} from baseline",
        status_word(point.status) if point.status else "",
        point_marks(point),
    ]
    return [line for line in lines if line]


def chart_key(trajectories: Sequence[Trajectory], maintenance: bool) -> str:
    """Return what the marks mean, of those that the chart has."""
    points = [point for t in trajectories for point in t.points]
    several = any(len(t.streams) > 1 for t in trajectories)
    key = (
        ("▼ infusion", any(point.place for point in points)),
        ("▽ maintenance infusion", maintenance),
        ("ring: baseline", any(point.is_baseline for point in points)),
        (
            "grey bar: the days asked about, where they reach back over an infusion",
            any(point.overlaps for point in points),
        ),
        (
            "open ends: incomplete, the total lies between them",
            any(point.total is None for point in points),
        ),
        ("cross: only a total received", any(p.kind == TOTAL_ONLY for p in points)),
        ("another shape and dash: another recall window, never joined", several),
        (
            "item 9 in a box: 1 or more; ?: not answered or not known",
            any(p.measure == PHQ9.code for p in points),
        ),
    )
    return f"{' · '.join(words for words, used in key if used)}."


def trajectory_alt(trajectories: Sequence[Trajectory], infusions: int) -> str:
    """Return what the chart shows to someone who does not see it."""
    parts = [_trajectory_alt(t) for t in trajectories]
    given = "1 infusion" if infusions == 1 else f"{infusions} infusions"
    return f"{' '.join(parts)} {given}. {LOWER_IS_BETTER.capitalize()}."


def _trajectory_alt(trajectory: Trajectory) -> str:
    points = trajectory.points
    name = MEASURES[trajectory.measure].name
    span = (
        f"{day_words(points[0].completed_at)} to {day_words(points[-1].completed_at)}"
    )
    baseline = trajectory.current.baseline
    before = f"baseline {baseline.total}, " if baseline else "no baseline, "
    forms = "1 form" if len(points) == 1 else f"{len(points)} forms"
    return f"{name}, {forms}, {span}: {before}latest {point_score(points[-1])}."
