"""Outcomes at a glance in words: its sentence, its tables, its files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, permutations

import pandas as pd

from analysis.glance import (
    IMPROVED,
    OFF_PROTOCOL,
    ON_PROTOCOL,
    REMITTED,
    RESPONDED,
    STILL_IN_INDUCTION,
    WORSE,
    Glance,
    Quarter,
    glance_criteria,
)
from analysis.nested import exclude, implies
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion
from analysis.suppression import FREE_REST, NO_REST, PROTECTED_REST, Layout, Sum
from measures.definition import Measure, RecallWindow
from measures.registry import ELIGIBILITY, MEASURES
from measures.sources import PROJECT
from measures.timepoints import BASELINE, DEFAULT_TIMEPOINT, INDUCTION, TimePoint
from views.results.counts.glance import off_protocol, on_protocol
from views.results.wording import outcomes as wording
from views.results.wording.numbers import (
    NO_DATA,
    counted,
    interval_name,
    measured_of_due,
    percent,
    percent_range,
    share_of,
    whole,
)
from views.wording import upper_first


EVERYBODY = "Everybody"
NEW_LINE = "  \n"
"""In a cell of a table, as Markdown has it."""
Row = dict[str, str]

NAMES = {
    "started": "Started",
    "on_protocol": "On protocol",
    "off_protocol": "Off protocol",
    "still_in_induction": "Still in induction",
    "no_baseline": "No baseline",
    "not_eligible": "Not eligible",
    "eligible": "Eligible",
    "not_due": "Not yet due",
    "due": "Due",
    "missing": "Not measured",
    "measured": "Measured",
    "responded": "Responded",
    "remitted": "Remitted",
    "improved": "Reliably improved",
    "worse": "Reliably worse",
    "no_room_to_worsen": "No room to get worse",
}

RESULTS = (RESPONDED, REMITTED, IMPROVED, WORSE)
"""Codes, also names in `NAMES`, of what is told of the measured."""

HOW_READ = (
    "Each share is of those measured, with its 95 % Wilson interval in brackets. Under "
    "it, what it would be of all who were due: had none of those not measured met it, "
    "and had all of them."
)
NOT_COMPARED = (
    "Courses of different indications are different people; a difference between two "
    "rows says nothing about a treatment. Rows with few measured are mostly chance."
)


# The measure in a sentence.


def headline(glance: Glance) -> str:
    """Return what became of everybody, in one sentence, or why nothing is known."""
    if not glance.measured:
        return wording.no_rate(glance.responded)
    responded, due = glance.responded.observed, glance.completeness
    name = interval_name(responded.confidence)
    return (
        f"{percent(responded.estimate)} of the {responded.n} measured responded "
        f"({name} {percent_range(responded.lower, responded.upper)}); "
        f"{measured_of_due(due)}."
    )


def heading(glance: Glance) -> str:
    """Return what and when the numbers below it are of."""
    when = wording.at_timepoint(glance.timepoint)
    return f"{MEASURES[glance.measure].name} {when}"


def group_name(indication: str | None) -> str:
    """Return what a row of the table is of."""
    if indication is None:
        return EVERYBODY
    text = wording.INDICATIONS[indication]
    if indication == "not recorded":
        return "Indication not recorded"
    return upper_first(text)


def why_then(timepoint: TimePoint) -> str:
    """Return when the scores are from, and why then."""
    reason = ""
    if timepoint == DEFAULT_TIMEPOINT:
        reason = (
            " Asked then because it is a fixed time after the induction, late enough "
            "that the two weeks of the PHQ-9 lie after the last infusion, and when the "
            "closest published series was measured."
        )
    return (
        f"{timepoint.name}: {timepoint.sentence}{reason} "
        f"Source: {wording.source_text(timepoint.source)}"
    )


def not_usual(glances: Iterable[Glance]) -> str:
    """Return which indications are not usually followed by the measure, or nothing."""
    others = [g for g in glances if not g.usual]
    if not others:
        return ""
    names = ", ".join(wording.INDICATIONS[g.indication] for g in others)
    return (
        f"Not usually followed by the {MEASURES[others[0].measure].name}: courses for "
        f"{names}. Few of them have a baseline, and those who have may not be like the "
        "others."
    )


def room(glance: Glance) -> str:
    """Return how many could not be found reliably worse, as a sentence."""
    points = glance_criteria(glance.measure)[WORSE].points
    if not glance.measured or not glance.no_room_to_worsen:
        return ""
    return (
        f"{glance.no_room_to_worsen} of the {glance.measured} measured began within "
        f"{points} points of the highest {MEASURES[glance.measure].name} total: they "
        "cannot be found reliably worse, however they are."
    )


def window_note(timepoint: TimePoint, measure: Measure, window: RecallWindow) -> str:
    """Return what the forms of the measure look back on at this time."""
    return f"{measure.name}: {wording.recall_note(timepoint, window)}"


# The table.


def table_rows(glances: Sequence[Glance]) -> list[Row]:
    """Return the glances as a table: one row for everybody and for each indication."""
    return [_table_row(glance) for glance in shown(glances)]


def shown(glances: Sequence[Glance]) -> Sequence[Glance]:
    """Return the rows to show: a single indication is everybody, and said once."""
    return glances if len(glances) > 2 else glances[:1]


def _table_row(glance: Glance) -> Row:
    return {
        "Courses": group_name(glance.indication),
        "Started": str(glance.started),
        "Eligible": str(glance.eligible),
        "On protocol": _lines(glance.on_protocol),
        "Measured of due": _lines(glance.completeness),
        **{NAMES[name]: _result(getattr(glance, name)) for name in RESULTS},
    }


def _result(rate: OutcomeRate) -> str:
    if rate.observed is None:
        return NO_DATA
    return f"{_lines(rate.observed)}{NEW_LINE}due: {bounds(rate)}"


def _lines(share: Proportion | None) -> str:
    """Return a share with its interval below it, so that neither is broken."""
    return share_of(share).replace(" (", f"{NEW_LINE}(")


def bounds(rate: OutcomeRate) -> str:
    """Return what the share could be of all who were due."""
    none, all_of_them = rate.bounds
    if whole(none) == whole(all_of_them):
        return percent(none)
    return f"{percent_range(none, all_of_them)} %"


# What the numbers mean.

OFF_PROTOCOL_SENTENCE = (
    "More or fewer induction infusions, or spread over more days. A course that may "
    "still get there is counted apart."
)


def definitions(measure: Measure, timepoint: TimePoint) -> list[Row]:
    """Return each number of the glance with its definition and source."""
    eligible = ELIGIBILITY[measure.code]
    rows = [
        ("Started", wording.STARTED, PROJECT),
        ("On protocol", INDUCTION.sentence, INDUCTION.source),
        ("Off protocol", OFF_PROTOCOL_SENTENCE, PROJECT),
        ("No baseline", wording.NO_BASELINE_RULE, BASELINE.source),
        ("Eligible", eligible.sentence, eligible.source),
        ("Due", wording.DUE[timepoint.anchor], PROJECT),
        ("Measured", timepoint.sentence, timepoint.source),
    ]
    rows += [
        (NAMES[name], criterion.sentence, criterion.source)
        for name, criterion in glance_criteria(measure.code).items()
    ]
    return [
        {
            "Number": name,
            "What it counts": sentence,
            "Source": wording.source_text(source),
        }
        for name, sentence, source in rows
    ]


# The courses behind each number.

PROTOCOL_WORDS = {
    ON_PROTOCOL: "on protocol",
    OFF_PROTOCOL: "off protocol",
    STILL_IN_INDUCTION: "still in induction",
}


def course_rows(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses at a glance as the rows behind a number.

    Parameters
    ----------
    courses
        As `views.results.counts.glance.courses_of` returns them.
    """
    infusions = courses["induction_infusions"].tolist()
    days = courses["induction_days"].tolist()
    return wording.course_table(courses).assign(
        Induction=[
            f"{counted(given, 'infusion')} in {counted(span, 'day')}"
            for given, span in zip(infusions, days, strict=True)
        ],
        Protocol=[PROTOCOL_WORDS[state] for state in courses["protocol"]],
    )


# By quarter.

EVERY_QUARTER = "Every quarter"
INCOMPLETE = "still incomplete"


def quarter_name(quarter: Quarter) -> str:
    """Return a quarter as it stands under the axis."""
    return f"{quarter.year} Q{quarter.quarter}"


def trend_sentence(quarters: Sequence[Quarter], *, drawn: bool = True) -> str:
    """Return what the quarters show, and which are not to be read yet."""
    rates = [q for q in quarters if q.rate.observed]
    if not rates:
        return "By quarter: nobody was measured in any quarter yet."
    measured = [q.rate.measured for q in rates]
    sentence = (
        f"By the quarter in which a course started: {counted(len(rates), 'quarter')} "
        f"with {_from_to(measured)} measured."
    )
    open_ones = [quarter_name(q) for q in rates if not q.complete]
    if open_ones:
        mark = " (hollow)" if drawn else ""
        sentence += (
            f" {_listed(open_ones)} {'is' if len(open_ones) == 1 else 'are'} "
            f"{INCOMPLETE}{mark}: more courses or scores may come, and those "
            "measured first may not be like the others."
        )
    return sentence


TREND_CAPTION = (
    "Neighbouring quarters differ by chance alone by as much as their intervals are "
    "wide. Completeness stands beside the rate, for a rate can move because other "
    "patients were measured."
)


def quarter_rows(quarters: Sequence[Quarter]) -> list[Row]:
    """Return the quarters as a table, the latest first."""
    return [_quarter_row(quarter) for quarter in reversed(quarters)]


def _quarter_row(quarter: Quarter) -> Row:
    rate = quarter.rate
    return {
        "Infusion 1 in": quarter_name(quarter),
        "Started": str(rate.started),
        "Eligible": str(rate.eligible),
        "Not yet due": str(rate.not_due),
        "Measured of those due": share_of(rate.completeness),
        "Criterion met": share_of(rate.observed),
        "Of all due": bounds(rate) if rate.bounds else NO_DATA,
        "Quarter": "complete" if quarter.complete else INCOMPLETE,
    }


def _from_to(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


# Files.

_NOT = {name: f"not {name}" for name in RESULTS}

_GLANCE_LAYOUT = Layout(
    counts=(
        "measured",
        *RESULTS,
        *_NOT.values(),
        "due",
        "missing",
        "eligible",
        "started",
        "on protocol",
        "off protocol",
    ),
    sums=(
        *(Sum("measured", (name, other), NO_REST) for name, other in _NOT.items()),
        Sum("due", ("measured", "missing"), NO_REST),
        Sum("eligible", ("due",), FREE_REST),
        Sum("started", ("eligible",), FREE_REST),
    ),
    derived={
        "completeness": ("measured", "due"),
        "share on protocol": ("on protocol", "off protocol"),
        **{f"share {name}": (name, "measured") for name in RESULTS},
        **{f"bounds {name}": (name, "measured", "due") for name in RESULTS},
    },
    total_row=EVERYBODY,
)
"""What became of the measured is said both ways, so that either protects the other."""


def glance_layout(glances: Sequence[Glance]) -> Layout:
    """Return `_GLANCE_LAYOUT` with what a reader knows of the criteria.

    Where one implies another, as remission may imply response, the others who met that
    one are a count too; and where two exclude each other, those who met neither.
    """
    everybody, *_ = glances
    criteria = glance_criteria(everybody.measure)
    asked = {"eligible_at_least": everybody.eligible_at_least}
    implied = (
        Sum(other, (name,), PROTECTED_REST)
        for name, other in permutations(RESULTS, 2)
        if implies(criteria[name], criteria[other], **asked)
    )
    excluded = (
        Sum("measured", (name, other), PROTECTED_REST)
        for name, other in combinations(RESULTS, 2)
        if exclude(criteria[name], criteria[other], **asked)
    )
    return replace(_GLANCE_LAYOUT, sums=(*_GLANCE_LAYOUT.sums, *implied, *excluded))


def export_rows(glances: Sequence[Glance]) -> dict[str, dict[str, object]]:
    """Return the glances as numbers, for a file with `glance_layout`."""
    return {group_name(glance.indication): _export_row(glance) for glance in glances}


def _export_row(glance: Glance) -> dict[str, object]:
    row: dict[str, object] = {
        "started": glance.started,
        "on protocol": on_protocol(glance),
        "off protocol": off_protocol(glance),
        "share on protocol": glance.on_protocol,
        "eligible": glance.eligible,
        "due": glance.due,
        "missing": glance.missing,
        "measured": glance.measured,
        "completeness": glance.completeness,
    }
    for name in RESULTS:
        rate = getattr(glance, name)
        row |= {
            name: rate.events,
            _NOT[name]: rate.measured - rate.events,
            f"share {name}": rate.observed,
            f"bounds {name}": rate.bounds,
        }
    return row


def quarter_export(quarters: Sequence[Quarter]) -> dict[str, dict[str, object]]:
    """Return the quarters as numbers, for a file with the layout of a rate."""
    return {
        quarter_name(q): {"complete": "yes" if q.complete else "no", **rate_row(q.rate)}
        for q in quarters
    }


def rate_row(rate: OutcomeRate) -> dict[str, object]:
    """Return a rate as one row of numbers, for a file with the layout of a rate."""
    return {
        "started": rate.started,
        "eligible": rate.eligible,
        "due": rate.due,
        "measured": rate.measured,
        "completeness": rate.completeness,
        "events": rate.events,
        "observed": rate.observed,
        "nonresponse": rate.nonresponse,
        "bounds": rate.bounds,
    }


def glance_stamp(measure: Measure, timepoint: TimePoint) -> Row:
    """Return what a file says of the rules and the time of its numbers."""
    rules = glance_criteria(measure.code)
    return {
        "Time point": f"{timepoint.name}: {timepoint.sentence}",
        **{NAMES[name]: rule.sentence for name, rule in rules.items()},
    }


# The chart.


def chart_alt(glance: Glance) -> str:
    """Return what the chart shows, for who cannot see it."""
    return (
        f"{MEASURES[glance.measure].name}: share on protocol, measured, responded, "
        "remitted, reliably improved and reliably worse, with intervals; the numbers "
        "are in the table below"
    )


def dot_text(name: str, group: str, share: Proportion) -> str:
    """Return what a dot says when it is pointed at."""
    return f"{group}: {CHART_NAMES[name].lower()} {share_of(share)}"


def quarter_tick(quarter: Quarter) -> str:
    """Return a quarter in two lines, to stand under an axis."""
    return f"Q{quarter.quarter}<br>{quarter.year}"


CHART_NAMES = {
    "on_protocol": "On protocol",
    "completeness": "Measured of due",
    **{name: NAMES[name] for name in RESULTS},
}
"""Names of the numbers that are drawn, by the field of a glance."""

BOUNDS_NAME = "Of all due: had none, or all, of the missing met it"
RATE_NAME = "Criterion met, of those measured"
COMPLETENESS_NAME = "Measured, of those due"
