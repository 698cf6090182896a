"""Rates and curves in words: the only rounding and percent signs for outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from analysis.ever import EverCurve, Step
from analysis.outcomes import (
    EVENT,
    MEASURED,
    MISSING,
    NO_BASELINE,
    NO_EVENT,
    NOT_DUE,
    NOT_ELIGIBLE,
    STATES,
    OutcomeRate,
)
from analysis.proportions import Proportion
from measures.criteria import Criterion
from measures.days import day_date
from measures.definition import Measure, RecallWindow, Source
from measures.registry import CRITERIA, ELIGIBILITY, MEASURES, TIMEPOINTS
from measures.sources import PROJECT
from measures.timepoints import (
    AFTER_INFUSION_DAYS,
    BASELINE,
    DEFAULT_TIMEPOINT,
    INDUCTION,
    INFUSION_1,
    INFUSION_K,
    LAST_INDUCTION_INFUSION,
    TimePoint,
)
from views.results.counts.recut import Selection
from views.results.wording.numbers import (
    NO_DATA,
    counted,
    dates,
    day_text,
    interval_name,
    measured_of_due,
    percent,
    percent_range,
    share_of,
    was_were,
)
from views.wording import escape, upper_first


ANY = "any"
INDICATIONS = {
    "depression": "depression",
    "ptsd": "PTSD",
    "both": "depression and PTSD",
    "not recorded": "not recorded",
}


# The rate.


def headline(rate: OutcomeRate) -> str:
    """Return the rate in one sentence: of the measured, and of all who were due."""
    if not rate.measured:
        return no_rate(rate)
    share = rate.observed
    return (
        f"{percent(share.estimate)} of the {rate.measured} measured "
        f"{met(CRITERIA[rate.criterion])} ({_interval(share)}); {_of_all_due(rate)}."
    )


def no_rate(rate: OutcomeRate) -> str:
    """Return why there is no rate, in one sentence."""
    when = at_timepoint(rate.timepoint)
    if not rate.started:
        return "No rate: no course had started."
    if not rate.eligible:
        return (
            f"No rate: of the {counted(rate.started, 'course')} started, "
            f"{rate.no_baseline} had no baseline and {rate.not_eligible} a baseline "
            f"under {rate.eligible_at_least}."
        )
    if not rate.due:
        return (
            f"No rate yet: of the {rate.eligible} eligible, none is due {when}; "
            "every window is still open."
        )
    return (
        f"No rate: {rate.due} {was_were(rate.due)} due {when}, and none was measured."
    )


def at_timepoint(code: str) -> str:
    """Return a time point within a sentence.

    Examples
    --------
    >>> at_timepoint("weeks_2_4"), at_timepoint("after_infusion_3")
    ('at weeks 2-4', 'after infusion 3')
    """
    name = TIMEPOINTS[code].name.lower()
    return name if name.startswith("after") else f"at {name}"


def next_step(rate: OutcomeRate) -> str:
    """Return what to do where there is no rate."""
    if not rate.started:
        return "Widen the period, or choose another indication or clinician."
    if not rate.eligible:
        return (
            "A baseline is the last complete form up to infusion 1, at most "
            f"{BASELINE.at_most_days} days before. Record it, or choose another "
            "measure or recall window."
        )
    if not rate.due:
        return "Choose an earlier time point, or look again once the windows close."
    return (
        "Record the forms that are missing (choose “Not measured” below to see whose), "
        "or choose another time point."
    )


def met(criterion: Criterion) -> str:
    """Return what those did who met a criterion, as in "met response"."""
    if criterion.points is not None:
        return f"were at least {criterion.points} points lower"
    name = _short(criterion)
    if name[0].isdigit() or name.startswith("below"):
        return f"scored {name}"
    return f"met {name}"


def flow(rate: OutcomeRate) -> str:
    """Return how the started become the measured, as one line."""
    return " → ".join(
        (
            f"{rate.started} started",
            f"{rate.started - rate.no_baseline} with a baseline",
            f"{rate.eligible} eligible",
            f"{rate.due} due ({rate.not_due} not yet)",
            f"{rate.measured} measured",
            f"{rate.events} {met(CRITERIA[rate.criterion])}",
        )
    )


def completeness(rate: OutcomeRate) -> str:
    """Return how many of those due were measured, as a sentence of its own."""
    share = rate.completeness
    if share is None:
        yet = " yet" if rate.not_due else ""
        return f"Completeness: nobody is due{yet}."
    said = f"Completeness: {measured_of_due(share)} ({_interval(share)})."
    if rate.early:
        said += (
            f" Of the measured, {counted(rate.early, 'is', 'are')} in a window still "
            "open, where who is not measured is not due yet: completeness reads a "
            "little high."
        )
    return said


def _of_all_due(rate: OutcomeRate) -> str:
    if not rate.missing:
        were = was_were(rate.due)
        return f"all {rate.due} who {were} due {were} measured"
    none, all_of_them = rate.bounds
    due = f"of all {rate.due} who were due"
    if rate.missing == 1:
        return (
            f"{due}, {percent(none)} if the one not measured did not meet it, "
            f"{percent(all_of_them)} if it did"
        )
    return (
        f"{due}, {percent(none)} if none of the {rate.missing} not measured met it, "
        f"{percent(all_of_them)} if all did"
    )


def _interval(share: Proportion) -> str:
    name = interval_name(share.confidence)
    return f"{name} {percent_range(share.lower, share.upper)}"


def _short(criterion: Criterion) -> str:
    name = criterion.name.split(" (")[0]
    return name[0].lower() + name[1:]


# The courses behind each number.


@dataclass(frozen=True)
class Group:
    """A number of the rate, and the states of the courses it counts."""

    code: str
    name: str
    count: int
    states: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the button says."""
        return f"{self.name}: {self.count}"


_DUE = (MISSING, EVENT, NO_EVENT)
_MEASURED = (EVENT, NO_EVENT)

STATE_WORDS = {
    NO_BASELINE: "no baseline",
    NOT_ELIGIBLE: "baseline too low",
    NOT_DUE: "not yet due",
    MISSING: "due, not measured",
    EVENT: "criterion met",
    NO_EVENT: "criterion not met",
    MEASURED: "measured",
}


def groups(rate: OutcomeRate) -> tuple[Group, ...]:
    """Return every number of the rate with the states behind it."""
    return (
        Group("started", "Started", rate.started, STATES),
        Group("no_baseline", "No baseline", rate.no_baseline, (NO_BASELINE,)),
        Group("not_eligible", "Not eligible", rate.not_eligible, (NOT_ELIGIBLE,)),
        Group("eligible", "Eligible", rate.eligible, (NOT_DUE, *_DUE)),
        Group("not_due", "Not yet due", rate.not_due, (NOT_DUE,)),
        Group("due", "Due", rate.due, _DUE),
        Group("missing", "Not measured", rate.missing, (MISSING,)),
        Group("measured", "Measured", rate.measured, _MEASURED),
        Group("events", "Criterion met", rate.events, (EVENT,)),
        Group("no_events", "Not met", rate.measured - rate.events, (NO_EVENT,)),
    )


def course_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with their ``state`` as the rows behind a number.

    Parameters
    ----------
    courses
        As `analysis.outcomes.classify` returns them.
    """
    return pd.DataFrame(
        {
            "patient_id": courses["patient_id"].tolist(),
            "Infusion 1": [day_date(day) for day in courses["first_day"]],
            "Baseline": courses["baseline"].tolist(),
            "Score": courses["total"].tolist(),
            "Change": (courses["total"] - courses["baseline"]).tolist(),
            "Scored": dates(courses["score_day"]),
            "State": [STATE_WORDS[state] for state in courses["state"]],
        }
    )


# What the numbers mean.

_ANCHORS = {
    INFUSION_1: "infusion 1",
    LAST_INDUCTION_INFUSION: "the last induction infusion",
    INFUSION_K: "that infusion",
}
_EVEN_IN_AN_OPEN_WINDOW = "A score in a window still open is measured and due."

DUE = {
    INFUSION_1: (
        "Due once the window has closed by the as-of date. " + _EVEN_IN_AN_OPEN_WINDOW
    ),
    LAST_INDUCTION_INFUSION: (
        "Due once the induction is over (a later phase began, the course was closed, "
        f"or {INDUCTION.maximum_gap_days} days passed without an infusion) and the "
        "window has closed by the as-of date. " + _EVEN_IN_AN_OPEN_WINDOW + " At the "
        "end of induction it is not: another infusion may still follow."
    ),
    INFUSION_K: (
        "Due once the next infusion was given, or "
        f"{AFTER_INFUSION_DAYS} days passed after this one, or the induction ended "
        "before it: a course that stopped early is due and not measured, not out of "
        "sight."
    ),
}

STARTED = "Courses chosen above with at least one infusion by the as-of date."
NO_BASELINE_RULE = f"Courses without a baseline. {BASELINE.sentence}"
WILSON_SENTENCE = "Wilson score interval."
MISSING_AS_NOT_MET = (
    "Those due but not measured counted as not meeting the criterion; Wilson score "
    "interval."
)
BOUNDS_SENTENCE = (
    "Of all who were due: had none of those not measured met the criterion, and had "
    "all of them. No assumption about who they are."
)
NOT_A_DRUG_EFFECT = (
    "Change in a practice includes expectancy, regression to the mean and drop-out; "
    "no number here says what ketamine did."
)


def definitions(rate: OutcomeRate) -> list[dict[str, str]]:
    """Return each number of the rate with its definition and source, for a table."""
    timepoint, criterion = TIMEPOINTS[rate.timepoint], CRITERIA[rate.criterion]
    eligibility = ELIGIBILITY[rate.measure]
    none, all_of_them = rate.bounds or (None, None)
    rows = (
        ("Started", rate.started, STARTED, PROJECT),
        ("No baseline", rate.no_baseline, NO_BASELINE_RULE, BASELINE.source),
        ("Eligible", rate.eligible, lowest_baseline(rate), eligibility.source),
        ("Not yet due", rate.not_due, "The window is still open.", PROJECT),
        ("Due", rate.due, DUE[timepoint.anchor], PROJECT),
        ("Measured", rate.measured, timepoint.sentence, timepoint.source),
        ("Criterion met", rate.events, criterion.sentence, criterion.source),
        ("Of the measured", share_of(rate.observed), WILSON_SENTENCE, None),
        ("Of all due", share_of(rate.nonresponse), MISSING_AS_NOT_MET, None),
        ("Bounds", percent_range(none, all_of_them), BOUNDS_SENTENCE, None),
    )
    return [
        {
            "Number": name,
            "Value": str(value),
            "What it counts": sentence,
            "Source": source_text(source) if source else "",
        }
        for name, value, sentence, source in rows
    ]


def scope(selection: Selection) -> str:
    """Return the choice of courses, as one sentence."""
    which = (
        "every course"
        if selection.all_courses
        else "each patient's first course of those chosen"
    )
    chosen = (
        f"indication: {indication_text(selection.indication)}",
        f"clinician: {clinician_text(selection.clinician)}",
        f"infusion 1 {_period(selection)}",
        which,
        f"as of {day_text(selection.as_of_day)}",
    )
    text = "; ".join(chosen)
    return f"{upper_first(text)}."


def nothing_chosen(selection: Selection) -> str:
    """Return why no course was chosen, and what to change."""
    first, last = selection.first_day_from, selection.first_day_to
    if first is not None and last is not None and last < first:
        return "Infusion 1 until lies before infusion 1 from: this period has no day."
    return (
        "No course agrees with what was chosen. Widen the period, or choose another "
        "indication or clinician."
    )


def scope_as_typed(selection: Selection) -> str:
    """Return `scope` for Markdown, a name in it shown as it was typed."""
    clinician = selection.clinician
    return scope(replace(selection, clinician=clinician and escape(clinician)))


def indication_text(indication: str | None) -> str:
    """Return the indication that was chosen; None is any."""
    return ANY if indication is None else INDICATIONS[indication]


def clinician_text(clinician: str | None) -> str:
    """Return the clinician that was chosen; None is any, empty is none recorded."""
    return ANY if clinician is None else clinician or "not recorded"


def lowest_baseline(rate: OutcomeRate) -> str:
    """Return the eligibility rule that was used."""
    rule = ELIGIBILITY[rate.measure]
    if rate.eligible_at_least == rule.at_least:
        return rule.sentence
    return (
        f"{MEASURES[rate.measure].name} of {rate.eligible_at_least} or more at "
        f"baseline, as chosen here; usually {rule.at_least} or more."
    )


def criterion_choice(code: str) -> str:
    """Return a criterion as an entry of a list: its kind, name, and if default."""
    criterion = CRITERIA[code]
    kind = criterion.kind.capitalize()
    named = criterion.name.startswith(kind)
    name = criterion.name if named else f"{kind}: {criterion.name}"
    return f"{name} – default" if criterion.default else name


def timepoint_choice(code: str) -> str:
    """Return a time point as an entry of a list."""
    name = TIMEPOINTS[code].name
    return f"{name} – default" if code == DEFAULT_TIMEPOINT.code else name


def indication_choice(indication: str) -> str:
    """Return an indication, or `ANY`, as an entry of a list."""
    text = INDICATIONS.get(indication, indication)
    return upper_first(text)


def clinician_choice(clinician: str) -> str:
    """Return a clinician, or `ANY`, as an entry of a list."""
    if clinician == ANY:
        return ANY.capitalize()
    return clinician or "Not recorded"


def criterion_note(criterion: Criterion) -> str:
    """Return what the criterion says, and why it is the default or contested."""
    default = "The default. " if criterion.default else ""
    return (
        f"{criterion.sentence} {default}{criterion.reason} "
        f"Source: {source_text(criterion.source)}"
    )


def recall_note(timepoint: TimePoint, window: RecallWindow) -> str:
    """Return whether what the form asks about reaches back before the infusion."""
    if timepoint.from_days >= window.days:
        anchor = _ANCHORS[timepoint.anchor]
        return f"The {window.days} days the form asks about lie after {anchor}."
    return (
        f"The form asks about the {window.name}, which can reach back to before "
        f"{_ANCHORS[timepoint.anchor]}."
    )


def source_text(source: Source) -> str:
    """Return a source as it is cited, and whether it was read at first hand."""
    return f"{source.citation}{' Read at second hand.' if source.second_hand else ''}"


def _period(selection: Selection) -> str:
    first, last = selection.first_day_from, selection.first_day_to
    if first is None and last is None:
        return "on any day"
    if last is None:
        return f"from {day_text(first)}"
    if first is None:
        return f"until {day_text(last)}"
    return f"from {day_text(first)} to {day_text(last)}"


# By infusion.


NOT_AFTER_ANY_INFUSION = (
    "Nobody eligible was measured after an infusion yet. Record a form after each "
    "infusion, at the latest before the next one."
)
EVER_CURVE = "Met it at least once"


def by_infusion_headline(ever: EverCurve) -> str:
    """Return how many had met the criterion by the last infusion of the protocol."""
    step = ever.at(INDUCTION.protocol_infusions) or ever.steps[0]
    return (
        f"By infusion {int(step.time)}, {ever_text(step)} of the {ever.measured:,} "
        "followed had met the criterion at least once."
    )


def by_infusion_sentence(ever: EverCurve) -> str:
    """Return how the two curves are to be read, and how many they leave out."""
    return (
        f"{ever.measured} of the {ever.eligible} eligible "
        f"{'has' if ever.measured == 1 else 'have'} a score after an infusion; the "
        "others are in neither curve. "
        "Meeting it now can fall again; having met it at least once can only rise. "
        "The two are not of the same courses, so either can be the higher. "
        "Due and not measured includes those who had stopped by then, and those who "
        "go on are not like those who stop."
    )


def infusion_rows(
    now: Mapping[int, OutcomeRate], ever: EverCurve
) -> list[dict[str, str]]:
    """Return both curves as a table: one row per infusion number."""
    steps = known_steps(now, ever)
    return [
        {
            "After infusion": str(number),
            "Meeting it now": share_of(rate.observed, "measured"),
            "Due, not measured": f"{rate.missing} of {rate.due}",
            "Met it at least once": ever_text(steps.get(number)),
            "Not met before, and still followed": _at_risk(steps.get(number)),
        }
        for number, rate in sorted(now.items())
    ]


def known_steps(now: Mapping[int, OutcomeRate], ever: EverCurve) -> dict[int, Step]:
    """Return the steps of the curve by infusion, from the first with any score.

    Before anybody was measured the curve is at 0, but nothing is known.
    """
    first = min((number for number, rate in now.items() if rate.measured), default=0)
    return {int(step.time): step for step in ever.steps if step.time >= first}


def ever_text(step: Step | None) -> str:
    """Return the share that ever met a criterion, for a table."""
    if step is None:
        return NO_DATA
    interval = percent_range(step.lower, step.upper)
    return f"{percent(step.estimate)} ({interval})"


def _at_risk(step: Step | None) -> str:
    return str(step.at_risk) if step else NO_DATA


# Files.

Row = Mapping[str, str]


def selection_stamp(
    selection: Selection, measure: Measure, window: RecallWindow
) -> Row:
    """Return what a file says of the courses in it."""
    return {
        "Measure": measure.name,
        "Recall window": window.name,
        "Counted courses": scope(selection),
        "As of": day_date(selection.as_of_day).isoformat(),
    }


def question_stamp(criterion: Criterion, timepoint: TimePoint) -> Row:
    """Return what a file says of the rule and the time of its numbers."""
    return {
        "Criterion": f"{criterion.name}: {criterion.sentence}",
        "Time point": f"{timepoint.name}: {timepoint.sentence}",
    }
