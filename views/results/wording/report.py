"""A report of results in words: its tables without small numbers, and its methods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.ever import Step
from analysis.glance import glance_criteria
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion
from analysis.suppression import (
    OUTCOME_LAYOUT,
    PROTECTED_REST,
    Hidden,
    Layout,
    Sum,
    suppress,
)
from data.course_scores import current_version
from measures.criteria import Criterion
from measures.definition import Source
from measures.durability import LOSS_RULES
from measures.registry import ELIGIBILITY, MEASURES
from measures.sources import PROJECT
from measures.timepoints import BASELINE, END_OF_INDUCTION, INDUCTION, TimePoint
from views.methods_wording import KAPLAN_MEIER, NEWCOMBE, WILSON
from views.results.counts.overlap import is_nearly_nested
from views.results.counts.recut import Beside, Selection
from views.results.counts.report import Period, Results, periods, rates_of
from views.results.wording import by_infusion as infusion_wording
from views.results.wording import durability_files
from views.results.wording import glance as glance_wording
from views.results.wording import outcomes as wording
from views.results.wording.exports import cell, small_numbers
from views.results.wording.numbers import (
    day_text,
    interval_name,
    measured_of_due,
    percent,
    percent_range,
)


Rows = Mapping[str, Mapping[str, object]]

ALL = glance_wording.EVERYBODY
LEFT_OUT = (
    "Left out: its rows add up to numbers above, so that a small number could be "
    "worked out from both."
)
NOBODY_SAID = "Not shown: too few courses for a rate that names nobody."
OTHER_TABLES = (
    "Tables of one report are of different courses; a report made of slightly other "
    "courses on another day can give away what neither says alone."
)


@dataclass(frozen=True)
class Span:
    """A share as it is drawn, between 0 and 1; without an estimate, a range alone."""

    estimate: float | None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows of words; without rows, why there are none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    drawn: tuple[Span | None, ...] = ()
    """Of each row, what its own words say of one column, as a drawing."""


@dataclass(frozen=True)
class Methods:
    """A paragraph with numbers in brackets, and the references they stand for."""

    paragraph: str
    references: tuple[str, ...]

    @property
    def text(self) -> str:
        """Both, ready to be pasted."""
        listed = (f"[{n}] {words}" for n, words in enumerate(self.references, start=1))
        return "\n".join([self.paragraph, "", *listed])


def _span(value: object) -> Span | None:
    """Return how a cell is drawn: a share or a range; nothing where it is hidden."""
    match value:
        case Proportion():
            return Span(value.estimate, value.lower, value.upper)
        case (float() as lower, float() as upper):
            return Span(None, lower, upper)
    return None


# The rate.


def question_rows(
    criterion: Criterion, timepoint: TimePoint, selection: Selection
) -> Table:
    """Return what was asked, and of whom."""
    measure = MEASURES[criterion.measure]
    rows = (
        ("Measure", measure.name),
        ("Criterion", f"{criterion.name}. {criterion.sentence}"),
        ("Time point", f"{timepoint.name}. {timepoint.sentence}"),
        ("Eligible", ELIGIBILITY[measure.code].sentence),
        ("Courses", wording.scope(selection)),
    )
    return Table("What was asked", ("", ""), rows)


def headline(rate: OutcomeRate, fewer_than: int) -> str:
    """Return the rate in one sentence, or that it names too few."""
    shown = _shown_rate(rate, fewer_than)
    share = shown["observed"]
    if not isinstance(share, Proportion):
        return NOBODY_SAID
    return (
        f"{percent(share.estimate)} of the {share.n} measured "
        f"{wording.met(_criterion(rate))} ({interval_name(share.confidence)} "
        f"{percent_range(share.lower, share.upper)}). {_completeness(shown)}"
    )


def _completeness(shown: Mapping[str, object]) -> str:
    share = shown["completeness"]
    if not isinstance(share, Proportion):
        return ""
    return f"{measured_of_due(share)}."


def rate_table(rate: OutcomeRate, fewer_than: int) -> Table:
    """Return every number of the rate."""
    shown = _shown_rate(rate, fewer_than)
    rows = tuple((name, cell(shown[code])) for code, name in RATE_NAMES.items())
    return Table(
        "The rate",
        ("Number", "Value"),
        rows,
        wording.BOUNDS_SENTENCE,
        tuple(_span(shown[code]) for code in RATE_NAMES),
    )


RATE_NAMES = {
    "started": "Started",
    "eligible": "Eligible",
    "due": "Due",
    "measured": "Measured",
    "completeness": "Measured of due",
    "events": "Criterion met",
    "observed": "Of the measured",
    "nonresponse": "Of all due, the missing not met",
    "bounds": "Of all due, whatever the missing are",
}


def _shown_rate(rate: OutcomeRate, fewer_than: int) -> Mapping[str, object]:
    rows = {ALL: glance_wording.rate_row(rate)}
    return suppress(rows, OUTCOME_LAYOUT, fewer_than).rows[ALL]


def _criterion(rate: OutcomeRate) -> Criterion:
    return wording.CRITERIA[rate.criterion]


# Tables whose rows add up to the rate.


def glance_table(results: Results, fewer_than: int) -> Table:
    """Return everybody and each indication, a column for each."""
    rows = glance_wording.export_rows(results.glances)
    same = _same_counts(results.rate)
    shown = _beside_the_rate(
        rows,
        glance_wording.glance_layout(results.glances),
        same,
        results.rate,
        fewer_than,
    )
    title = "At a glance"
    of_all = rates_of(results.glances[0])
    asked = any(rate.criterion == results.rate.criterion for rate in of_all)
    if shown is None or (
        # Where the rate is one of them, the layout knows how they are nested.
        not asked
        and any(is_nearly_nested(results.rate, rate, fewer_than) for rate in of_all)
    ):
        return Table(title, (), (), LEFT_OUT)
    numbers = (
        (name, *(_glance_cell(row, code) for row in shown.values()))
        for code, name in GLANCE_NAMES.items()
    )
    return Table(
        title,
        ("Number", *shown),
        tuple(numbers),
        f"{glance_wording.HOW_READ} Drawn: {_lower(ALL)}.",
        tuple(_span(shown[ALL].get(code)) for code in GLANCE_NAMES),
    )


GLANCE_NAMES = {
    "started": "Started",
    "share on protocol": "On protocol",
    "due": "Due",
    "completeness": "Measured of due",
    "measured": "Measured",
    **{
        f"{part} {name}": words
        for name in glance_wording.RESULTS
        for part, words in (
            ("share", glance_wording.NAMES[name]),
            ("bounds", f"{glance_wording.NAMES[name]}, of all due"),
        )
    },
}


def _glance_cell(row: Mapping[str, object], code: str) -> str:
    return cell(row.get(code))


def _same_counts(rate: OutcomeRate) -> dict[str, str]:
    """Return which columns of the glance are numbers of the rate, by their names."""
    same = {name: name for name in ("started", "eligible", "due", "measured")}
    for name, criterion in glance_criteria(rate.measure).items():
        if criterion.code == rate.criterion:
            same[name] = "events"
    return same


def period_table(results: Results, fewer_than: int) -> Table:
    """Return the rate by when courses started, as finely as small numbers allow.

    So coarsely that a share is shown; where none is at any size, by year.
    """
    title = _PERIODS[max(_PERIODS)]
    coarsest = Table(title, (), (), LEFT_OUT)
    for size, title in _PERIODS.items():
        found = periods(results.quarters, size)
        shown = _shown_periods(found, results.rate, fewer_than)
        if shown is not None:
            coarsest = _period_table(title, found, shown)
            if _any_share(shown):
                return coarsest
    return coarsest


def _any_share(shown: Rows) -> bool:
    return any(
        isinstance(row["observed"], Proportion)
        for name, row in shown.items()
        if name != ALL
    )


_PERIODS = {
    1: "By quarter of infusion 1",
    2: "By half-year of infusion 1",
    4: "By year of infusion 1",
}


def _shown_periods(
    found: Sequence[Period], rate: OutcomeRate, fewer_than: int
) -> Rows | None:
    rows = {ALL: glance_wording.rate_row(rate)}
    rows |= {_period_name(period): _period_row(period) for period in found}
    layout = replace(OUTCOME_LAYOUT, total_row=ALL)
    same = {name: name for name in OUTCOME_LAYOUT.counts}
    return _beside_the_rate(rows, layout, same, rate, fewer_than)


def _period_table(title: str, found: Sequence[Period], shown: Rows) -> Table:
    columns = {code: RATE_NAMES[code] for code in _PERIOD_COLUMNS}
    complete = {_period_name(p): "yes" if p.complete else "no" for p in found}
    rows = (
        (name, complete.get(name, ""), *(cell(row[code]) for code in columns))
        for name, row in shown.items()
    )
    names = ("Infusion 1 in", "Complete", *columns.values())
    drawn = tuple(_span(row["observed"]) for row in shown.values())
    return Table(title, names, tuple(rows), PERIODS_NOTE, drawn)


def _period_row(period: Period) -> dict[str, object]:
    shares = {"completeness": period.completeness, "observed": period.observed}
    return {**period.counts, **shares}


def _period_name(period: Period) -> str:
    first, last = period.first, period.last
    name = glance_wording.quarter_name(first)
    return name if first == last else f"{name} to Q{last.quarter}"


PERIODS_NOTE = (
    "Not complete: more courses or scores may still come. Periods that follow each "
    "other differ by chance alone by as much as their intervals are wide."
)
_PERIOD_COLUMNS = ("started", "due", "measured", "completeness", "events", "observed")


def _beside_the_rate(
    rows: Rows,
    layout: Layout,
    same: Mapping[str, str],
    rate: OutcomeRate,
    fewer_than: int,
) -> Rows | None:
    """Return rows without small numbers; None if the rate would give one away.

    Parameters
    ----------
    rows
        With one of `ALL`, the sum of the others.
    layout
        Of the rows.
    same
        Counts of that row which are numbers of the rate, by their name there.
    rate
        Is shown beside the table.
    fewer_than
        The lowest count that is shown.
    """
    try:
        shown = suppress(rows, layout, fewer_than).rows
    except ValueError:
        # Too small whatever is hidden.
        return None
    alone = _shown_rate(rate, fewer_than)
    differs = any(
        isinstance(shown[ALL][name], Hidden) != isinstance(alone[other], Hidden)
        for name, other in same.items()
    )
    return None if differs else shown


# By infusion, and how long it lasts.


def infusion_table(results: Results, fewer_than: int) -> Table:
    """Return who was measured after each infusion, and who met the criterion then."""
    rows = infusion_wording.export_rows(
        results.infusions.now, results.infusions.attendance
    )
    title = "By infusion"
    if not rows:
        return Table(title, (), (), NOBODY_SAID)
    shown = suppress(rows, _INFUSION_LAYOUT, fewer_than).rows
    return Table(
        title,
        ("After infusion", *_INFUSION_NAMES.values()),
        tuple(
            (name, *(cell(row[code]) for code in _INFUSION_NAMES))
            for name, row in shown.items()
        ),
        "Who stops is not like who goes on: the rows are of different courses.",
        tuple(_span(row["observed"]) for row in shown.values()),
    )


_INFUSION_NAMES = {
    "measured": "Measured",
    "events": "Criterion met",
    "observed": "Of the measured",
}
# Without those who had stopped or are still to come: the eligible of the rate, and
# that nobody is due any more, would give each of them away.
_INFUSION_LAYOUT = Layout(
    counts=("measured", "events"),
    sums=(Sum("measured", ("events",), PROTECTED_REST),),
    derived={"observed": ("measured", "events")},
)


# Events between two days: few in every practice, and so hidden in every report.
_TOO_FINE = "Event after"


def lasting_table(results: Results, fewer_than: int) -> Table:
    """Return how long what was reached lasted, by the practice's default rule."""
    answer = results.lasting
    title = "How long it lasts"
    if results.rate.timepoint == END_OF_INDUCTION.code:
        return Table(title, (), (), LEFT_OUT)
    try:
        shown = suppress(
            durability_files.export_rows(answer),
            durability_files.export_layout(answer),
            fewer_than,
        ).rows
    except ValueError:
        return Table(title, (), (), LEFT_OUT)
    (row,) = shown.values()
    printed = {n: v for n, v in row.items() if not n.startswith(_TOO_FINE)}
    shares = durability_files.shares_by_day(answer)
    rule = LOSS_RULES[answer.rule]
    return Table(
        title,
        ("Number", "Value"),
        tuple((name, cell(value)) for name, value in printed.items()),
        f"{rule.name}: {rule.sentence} Counted from the last induction infusion, "
        "regardless of boosters. Kaplan-Meier; an event is seen only on a form.",
        tuple(
            None if isinstance(value, Hidden) else _step_span(shares.get(name))
            for name, value in printed.items()
        ),
    )


def _step_span(step: Step | None) -> Span | None:
    return step and Span(step.estimate, step.lower, step.upper)


# Methods.


def methods(
    criterion: Criterion,
    timepoint: TimePoint,
    selection: Selection,
    beside: Beside,
    fewer_than: int,
) -> Methods:
    """Return how everything was counted, ready to be pasted.

    Parameters
    ----------
    criterion, timepoint, selection
        The question.
    beside
        Figures that are set beside it.
    fewer_than
        The lowest count that is shown.
    """
    measure = criterion.measure
    eligible, induction = ELIGIBILITY[measure], INDUCTION
    cite = _References()
    sentences = (
        f"Courses of ketamine infusions were taken from the practice's own records as "
        f"of {day_text(selection.as_of_day)}. {wording.scope(selection)}",
        f"{_bare(BASELINE.sentence)}{cite(BASELINE.source)}",
        f"Eligible: {_bare(eligible.sentence)}{cite(eligible.source)}",
        f"Induction: {_bare(induction.sentence)}{cite(induction.source)}",
        f"The time point was {_lower(timepoint.name)}: {_bare(timepoint.sentence)}"
        f"{cite(timepoint.source)}",
        wording.DUE[timepoint.anchor],
        f"The criterion was {_lower(criterion.name)}: {_bare(criterion.sentence)}"
        f"{cite(criterion.source)}",
        f"Shares are of those measured, with Wilson score intervals{cite(WILSON)} "
        "Completeness, the share measured of those due, is given as a number of its "
        "own. For those due and not measured two bounds are given: had none of them "
        "met the criterion, and had all of them. No value was imputed.",
        f"How long it lasts was estimated by Kaplan-Meier{cite(KAPLAN_MEIER)}",
        "Beside a published figure the practice was counted again by that figure's "
        "criterion, time point and denominator. Differences of two shares have "
        f"Newcombe intervals where the study gives counts{cite(NEWCOMBE)}",
        f"Counts under {fewer_than} are not shown.",
        wording.NOT_A_DRUG_EFFECT,
        f"Version of the definitions: {current_version()}.",
    )
    for figure in beside.in_view:
        cite.add(_study(figure.study))
    return Methods(" ".join(sentences), tuple(cite.words))


class _References:
    """Numbers sources in the order in which they are cited."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, source: Source) -> str:
        if source == PROJECT:
            return " (own definition)."
        return f" [{self.add(wording.source_text(source))}]."

    def add(self, words: str) -> int:
        if words not in self.words:
            self.words.append(words)
        return self.words.index(words) + 1


def _study(study: object) -> str:
    doi = f" doi:{study.doi}" if study.doi and study.doi not in study.citation else ""
    return f"{study.citation}{doi}"


def _bare(sentence: str) -> str:
    """Return a sentence without its full stop, which comes after the reference."""
    return sentence.removesuffix(".")


def _lower(words: str) -> str:
    return f"{words[0].lower()}{words[1:]}"


def hidden_note(fewer_than: int) -> str:
    """Return what is not shown in the report, and what that cannot prevent."""
    return f"{small_numbers(fewer_than)} {OTHER_TABLES}"


def tables(results: Results, fewer_than: int) -> tuple[Table, ...]:
    """Return every table of results, in the order of the report."""
    made: Iterable[Table] = (
        rate_table(results.rate, fewer_than),
        glance_table(results, fewer_than),
        infusion_table(results, fewer_than),
        period_table(results, fewer_than),
        lasting_table(results, fewer_than),
    )
    return tuple(made)
