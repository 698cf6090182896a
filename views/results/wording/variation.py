"""Variation in words: who and which month lies outside of what chance leaves."""

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_uppercase

from analysis import control_charts, funnel
from analysis.control_charts import (
    ABOVE,
    BELOW,
    FALLING,
    MINIMUM_POINTS,
    P_CHART,
    RISING,
    RULES,
    XMR,
    ControlChart,
    Point,
    Signal,
)
from analysis.funnel import (
    COMPLETENESS,
    MINIMUM_UNITS_FOR_DISPERSION,
    RATE,
    Funnel,
    Limits,
)
from analysis.outcomes import EVENT, MEASURED, MISSING, NO_EVENT, NOT_DUE
from analysis.proportions import Proportion
from analysis.suppression import FREE_REST, PROTECTED_REST, Layout, Sum
from measures.criteria import Criterion
from views.results.counts.variation import CLINICIAN, SITE, Tally, Unit, Variation
from views.results.wording.exports import told_apart
from views.results.wording.numbers import (
    NO_DATA,
    as_printed,
    counted,
    percent,
    percent_range,
    share_of,
)
from views.results.wording.outcomes import met, source_text
from views.wording import MONTHS, escape


COUNTED = {RATE: "Rate", COMPLETENESS: "Completeness"}
BY = {CLINICIAN: "Clinician", SITE: "Site"}
COMPARED = {CLINICIAN: "Clinicians", SITE: "Sites"}
CHARTS = {P_CHART: "p-chart", XMR: "XmR chart"}

MONTH = "Infusion 1 in"
NO_LIMIT = "none"
NOT_RECORDED = "Not recorded"
ALL = "All together"

NOT_ADJUSTED = (
    "Not adjusted for whom each one treats: severity, indication and earlier treatment "
    "differ, and with them the share that is to be expected. In the order of the "
    "alphabet: no ranking follows from this, and no statement about anybody’s skill."
)
WHAT_A_SIGNAL_SAYS = (
    "A rule that fires says that a month, or a row of months, is unusual beside the "
    "others; not why. Ask first what was recorded differently, and who was not "
    "measured."
)

# Measured by simulation with nothing going on: normal values for XmR, months of 20
# courses at 40 % for the p-chart. A test repeats it.
_SIMULATED = {
    XMR: "normal values",
    P_CHART: "months of 20 courses, 40 % of them with the event",
}
FALSE_ALARMS = {
    XMR: {12: 0.09, 24: 0.26, 36: 0.38},
    P_CHART: {12: 0.02, 24: 0.09, 36: 0.17},
}

OF_WHOM = {RATE: "measured", COMPLETENESS: "due"}


def units_word(by: str) -> str:
    """Return what several units are called."""
    return f"{by}s"


def month_text(label: str) -> str:
    """Return a month as it is read.

    Examples
    --------
    >>> month_text("2026-03")
    'Mar 2026'
    """
    year, month = label.split("-")
    return f"{MONTHS[int(month) - 1]} {year}"


# The units.


def units_sentence(found: Variation, met_what: str) -> str:
    """Return whether units differ by more than chance, in one or two sentences."""
    around = found.funnel
    if isinstance(around, funnel.TooFew):
        return _too_few_units(around, found)
    outside = [unit for unit in around.units if unit.outside]
    target = (
        f"{percent(around.target.estimate)} of the {around.target.n} "
        f"{OF_WHOM[found.counted]} {met_what}"
    )
    many = counted(len(around.units), found.by)
    if not outside:
        return (
            f"None of the {many} lies outside what chance leaves around the share of "
            f"all: {target}."
        )
    names = "; ".join(f"{escape(u.unit)} ({position(u)})" for u in outside)
    lies = "lies" if len(outside) == 1 else "lie"
    return (
        f"{len(outside)} of the {many} {lies} outside what chance leaves around the "
        f"share of all ({target}): {names}."
    )


def _too_few_units(refused: funnel.TooFew, found: Variation) -> str:
    whom = "somebody measured" if found.counted == RATE else "somebody due"
    return (
        f"Too few {units_word(found.by)} to tell one from chance: a funnel needs at "
        f"least {refused.needed} with {whom}, and {refused.found or 'none'} "
        f"{'has' if refused.found == 1 else 'have'}. The intervals in the table say "
        "how little is known of each."
    )


def funnel_notes(around: Funnel, by: str) -> str:
    """Return what chance alone would do, whether limits were widened, who is out."""
    notes = (_by_chance(around), _dispersion(around), _left_out(around, by))
    return " ".join(filter(None, notes))


def _by_chance(around: Funnel) -> str:
    inner, outer = around.curves
    return (
        f"Were all {len(around.units)} alike, about "
        f"{_expected(inner.expected_outside)} would lie outside the "
        f"{as_printed(100 * inner.level)} limits by chance alone, and about "
        f"{_expected(outer.expected_outside)} outside the "
        f"{as_printed(100 * outer.level)} limits."
    )


def _expected(number: float) -> str:
    return f"{number:.1f}" if number >= _LEAST_WORTH_A_DIGIT else "none"


_LEAST_WORTH_A_DIGIT = 0.05


def _dispersion(around: Funnel) -> str:
    spread = around.dispersion
    if spread is None:
        return (
            "Whether all of them lie further apart than chance puts them is judged "
            f"from {MINIMUM_UNITS_FOR_DISPERSION} on."
        )
    lie = (
        f"Together they lie {spread.factor:.1f} times as far apart as chance alone "
        "would put them (mean squared distance, the outermost tenth at each end "
        "pulled in)"
    )
    if spread.widened:
        return (
            f"{lie}; from {spread.threshold:.1f} on, more than chance lies between "
            "most of them, and the limits are widened to allow for it."
        )
    return f"{lie}; up to {spread.threshold:.1f} the limits stay as they are."


def _left_out(around: Funnel, by: str) -> str:
    parts = []
    if around.nobody_counted:
        names = ", ".join(map(escape, around.nobody_counted))
        parts.append(f"nobody {OF_WHOM[around.counted]} yet: {names}")
    if around.no_unit_ids:
        courses = counted(len(around.no_unit_ids), "course")
        parts.append(f"{courses} of which the {by} was not recorded")
    return f"Not in the funnel: {'; '.join(parts)}." if parts else ""


def position(unit: funnel.FunnelUnit) -> str:
    """Return where a unit lies, in words."""
    if unit.outside is None:
        return "within the limits" if _has_limits(unit) else "too few for limits"
    return f"{unit.side} the {as_printed(100 * unit.outside)} limits"


def _has_limits(unit: funnel.FunnelUnit) -> bool:
    return any((one.lower, one.upper) != (None, None) for one in unit.limits)


def unit_rows(found: Variation) -> list[dict[str, str]]:
    """Return the units as a table, with their limits where there is a funnel."""
    placed = isinstance(found.funnel, Funnel)
    return [_unit_row(unit, found, placed=placed) for unit in found.units]


def _unit_row(unit: Unit, found: Variation, *, placed: bool) -> dict[str, str]:
    row = {
        BY[found.by]: escape(_named(unit)) or NOT_RECORDED,
        share_name(found.counted): share_of(
            _share(unit.tally, found.counted), OF_WHOM[found.counted]
        ),
        "Due": str(unit.tally.due),
        "Not measured": str(unit.tally.missing),
    }
    if not placed:
        return row
    limits = unit.placed.limits if unit.placed else ()
    words = [limits_text(one) for one in limits] or [NO_DATA, NO_DATA]
    names = [f"{as_printed(100 * level)} limits" for level in funnel.LEVELS]
    where = position(unit.placed) if unit.placed else "not in the funnel"
    return {**row, **dict(zip(names, words, strict=True)), "Where": where}


def _named(unit: Unit) -> str:
    return told_apart(unit.name, NOT_RECORDED, ALL)


def limits_text(limits: Limits | Point) -> str:
    """Return two limits as a range; where there is none, the share cannot go beyond.

    Examples
    --------
    >>> limits_text(Limits(0.95, None, 0.8)), limits_text(Limits(0.95, None, None))
    ('0–80 %', 'none')
    """
    if limits.lower is None and limits.upper is None:
        return NO_LIMIT
    lower = 0.0 if limits.lower is None else limits.lower
    upper = 1.0 if limits.upper is None else limits.upper
    return f"{percent_range(lower, upper)} %"


def share_name(what: str) -> str:
    """Return what the share is of, as a heading."""
    return "Criterion met" if what == RATE else "Measured"


# The months.


def months_sentence(chart: ControlChart | control_charts.TooFew) -> str:
    """Return whether a month stands out, in one sentence."""
    if isinstance(chart, control_charts.TooFew):
        return (
            f"Too few months to tell one from chance: it takes {chart.needed} complete "
            f"months with somebody to count, and there are {chart.found or 'none'}."
        )
    months = len(chart.points)
    if not chart.signals:
        return f"Over {months} months, no rule fired.{_blind(chart)}"
    fired = dict.fromkeys(signal.rule.name.lower() for signal in chart.signals)
    rules = "rule" if len(fired) == 1 else "rules"
    return (
        f"Over {months} months, {len(fired)} {rules} fired: {'; '.join(fired)}."
        f"{_blind(chart)}"
    )


def _blind(chart: ControlChart) -> str:
    """Return that a chart of small months sees little, where most of them are."""
    if 2 * sum(point.rough for point in chart.points) <= len(chart.points):
        return ""
    return " With so few courses a month even a large change can stay unseen."


def letters(chart: ControlChart) -> dict[str, str]:
    """Return the letter of each rule that was asked, by its code."""
    codes = (rule.code for rule in chart.rules)
    return dict(zip(codes, ascii_uppercase, strict=False))


def marks(chart: ControlChart) -> dict[int, str]:
    """Return the letters of the rules that a point takes part in, by its position."""
    letter = letters(chart)
    found: dict[int, list[str]] = {}
    for signal in chart.signals:
        for position in signal.points:
            found.setdefault(position, []).append(letter[signal.rule.code])
    return {p: "".join(sorted(set(names))) for p, names in sorted(found.items())}


def rule_rows(chart: ControlChart) -> list[dict[str, str]]:
    """Return every rule that was asked, whether it fired, and its source."""
    letter = letters(chart)
    return [
        {
            "Letter": letter[rule.code],
            "Rule": rule.sentence,
            "Fired": _fired([s for s in chart.signals if s.rule == rule], chart),
            "Source": source_text(rule.source),
        }
        for rule in chart.rules
    ]


_SIDES = {
    ABOVE: "above",
    BELOW: "below",
    RISING: "rising",
    FALLING: "falling",
}


def _fired(signals: Sequence[Signal], chart: ControlChart) -> str:
    return (
        "; ".join(
            f"{_SIDES[signal.side]}: {_months_of(signal, chart)}" for signal in signals
        )
        or "no"
    )


def _months_of(signal: Signal, chart: ControlChart) -> str:
    return ", ".join(month_text(chart.points[p].label) for p in signal.points)


def false_alarms(chart: ControlChart) -> str:
    """Return how often a rule fires with nothing going on."""
    rates = FALSE_ALARMS[chart.kind]
    words = ", ".join(f"{percent(share)} over {n}" for n, share in rates.items())
    return (
        "With nothing going on, at least one of these rules still fires in "
        f"{words} months ({_SIMULATED[chart.kind]}; own simulation). With fewer "
        "courses a month, or shares near 0 or 100 %, they fire more often; two "
        "charts, or several measures looked at one after the other, give more."
    )


def month_notes(chart: ControlChart, what: str) -> str:
    """Return what a chart of months leaves out, and where its limits are rough."""
    parts = [_steps(chart)] if chart.kind == XMR else []
    if chart.not_complete:
        parts.append(
            "Not charted, because courses still have time: "
            f"{_listed(chart.not_complete)}."
        )
    if chart.without_courses:
        parts.append(
            f"Not charted, because nobody was {OF_WHOM[what]}: "
            f"{_listed(chart.without_courses)}; the months beside them are neighbours."
        )
    rough = sum(point.rough for point in chart.points)
    if rough:
        months = len(chart.points)
        which = f"all {months}" if rough == months else f"{rough} of the {months}"
        parts.append(
            f"In {which} months so few courses count that the limits are rough; where "
            "none is drawn, it lies beyond 0 or 100 %."
        )
    return " ".join(parts)


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(map(month_text, labels))


def month_rows(
    found: Variation, chart: ControlChart | control_charts.TooFew
) -> list[dict[str, str]]:
    """Return the months as a table, those that are not charted too."""
    what = found.counted
    charted = isinstance(chart, ControlChart)
    points = {point.label: point for point in chart.points} if charted else {}
    letter = marks(chart) if charted else {}
    places = {label: place for place, label in enumerate(points)}
    rows = []
    for month in found.months:
        tally, point = found.of_month(month.label), points.get(month.label)
        row = {
            MONTH: month_text(month.label),
            share_name(what): share_of(_share(tally, what), OF_WHOM[what]),
            "Not measured": str(tally.missing),
            "Not yet due": str(month.not_due),
        }
        if charted:
            row["Limits"] = limits_text(point) if point else "not charted"
            row["Rules"] = letter.get(places.get(month.label), "")
        rows.append(row)
    return rows


def _steps(chart: ControlChart) -> str:
    return (
        "The step from one month to the next is "
        f"{_points(chart.mean_moving_range)} percentage points in the mean; one of "
        f"over {_points(chart.moving_range_limit)} would be unusual."
    )


def _points(share: float) -> str:
    return f"{100 * share:.0f}"


def _share(tally: Tally, what: str) -> Proportion | None:
    return tally.rate if what == RATE else tally.completeness


# The courses behind.


def numbers(what: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return the code, the name and the states of every number of a unit or month."""
    measured = (EVENT, NO_EVENT, MEASURED)
    all_of_them = (
        ("due", "Due", (*measured, MISSING)),
        ("missing", "Not measured", (MISSING,)),
        ("measured", "Measured", measured),
        ("events", "Criterion met", (EVENT,)),
        ("no_events", "Not met", (NO_EVENT,)),
        ("not_due", "Not yet due", (NOT_DUE,)),
    )
    if what == RATE:
        return all_of_them
    return tuple(n for n in all_of_them if n[0] not in {"events", "no_events"})


# What the numbers mean.


def definitions(criterion: Criterion | None, timepoint_sentence: str) -> str:
    """Return what is counted and how the limits come about, as a list."""
    share = (
        f"**Criterion met**: {criterion.sentence}"
        if criterion
        else "**Measured**: a complete form in the window, among those who were due."
    )
    papers = "; ".join(source_text(source) for source in funnel.SOURCES)
    lines = (
        share,
        f"**Time point**: {timepoint_sentence}",
        "**Share of all**: of all courses together whose unit was recorded; each one "
        "is part of it.",
        "**Limits of the funnel**: exact binomial limits around that share for each "
        "number of courses. A unit lies outside the 95 % limits where a count as far "
        "out as its own has a chance of under 2.5 %, outside the 99.8 % limits where "
        f"it has one of under 0.1 %. {papers}",
        "**p-chart**: the share of each month, with limits three standard deviations "
        "from the share of all months for that month’s number of courses. "
        f"{source_text(RULES[P_CHART][0].source)}",
        "**XmR chart**: each month’s share counts the same, however many courses; "
        "limits 2.66 mean steps from their mean. It asks nothing of how shares are "
        "spread, and does not know that a month of two courses says less than one of "
        f"twenty. {source_text(RULES[XMR][-1].source)}",
        f"**Months**: the calendar month of infusion 1. From {MINIMUM_POINTS} months "
        "on (this project’s own rule).",
        f"**Funnel**: from {funnel.MINIMUM_UNITS} units on (this project’s own rule).",
    )
    return "\n".join(f"- {line}" for line in lines)


def asked(found: Variation, criterion: Criterion | None) -> str:
    """Return what a member of the share did, as in "met response"."""
    return met(criterion) if criterion else "were measured"


# What leaves the practice. Limits are left out: together with a number of courses
# they give away the share of all.

_EVENTS, _N, _DUE = "Criterion met", "Measured", "Due"

RATE_LAYOUT = Layout(
    counts=(_N, _EVENTS, _DUE),
    sums=(Sum(_N, (_EVENTS,), PROTECTED_REST), Sum(_DUE, (_N,), FREE_REST)),
    derived={"Share": (_EVENTS, _N), "Completeness": (_N, _DUE)},
    total_row=ALL,
)
COMPLETENESS_LAYOUT = Layout(
    counts=(_N, _DUE),
    sums=(Sum(_DUE, (_N,), FREE_REST),),
    derived={"Completeness": (_N, _DUE)},
    total_row=ALL,
)


def layout(what: str) -> Layout:
    """Return which columns of an exported table are counts."""
    return RATE_LAYOUT if what == RATE else COMPLETENESS_LAYOUT


def export_units(found: Variation) -> dict[str, dict[str, object]]:
    """Return a row for each unit and one for all together, as numbers."""
    tallies = {_named(unit) or NOT_RECORDED: unit.tally for unit in found.units}
    return _export_rows({**tallies, ALL: found.all}, found.counted)


def export_months(found: Variation) -> dict[str, dict[str, object]]:
    """Return a row for each month and one for all together, as numbers."""
    tallies = {month.label: found.of_month(month.label) for month in found.months}
    return _export_rows({**tallies, ALL: found.all}, found.counted)


def _export_rows(
    tallies: Mapping[str, Tally], what: str
) -> dict[str, dict[str, object]]:
    return {name: _export_row(tally, what) for name, tally in tallies.items()}


def _export_row(tally: Tally, what: str) -> dict[str, object]:
    complete = {_DUE: tally.due, "Completeness": tally.completeness}
    if what == COMPLETENESS:
        return {_N: tally.measured, **complete}
    return {_EVENTS: tally.events, _N: tally.measured, "Share": tally.rate, **complete}
