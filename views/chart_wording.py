"""What the charts of a course say: key, hover texts, and what they leave out."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap

from analysis.trajectory import Trajectory
from data.infusions import Infusion, InfusionFacts
from measures.criteria import Criterion
from measures.definition import Measure
from measures.registry import MEASURES, default_criterion
from views import wording


HOVER_WIDTH = 64

EVENT_WORDS = {
    "medication": "Medication change",
    "therapy": "Therapy change",
    "life event": "Life event",
    "other": "Other event",
}
"""What is written of an event where nothing else was."""


DOSE_KEY = "↑ ↓ a dose higher or lower than the one before."
CLUSTER_KEY = (
    "Each cluster has a range of its own. Dotted with open ends: an item was not "
    "answered, the cluster's total lies between them. Dotted upright lines: infusions."
)


def dose_in_short(facts: InfusionFacts) -> str:
    """Return a dose in the fewest characters: mg/kg without its unit, or else mg.

    Examples
    --------
    >>> from datetime import datetime
    >>> dose_in_short(InfusionFacts(datetime(2026, 3, 2), dose_mg_per_kg=0.5))
    '0.5'
    >>> dose_in_short(InfusionFacts(datetime(2026, 3, 2), dose_mg=40.0))
    '40 mg'
    """
    if facts.dose_mg_per_kg is not None:
        return f"{round(facts.dose_mg_per_kg, 2):g}"
    return "" if facts.dose_mg is None else f"{round(facts.dose_mg, 1):g} mg"


def dose_change(before: InfusionFacts, now: InfusionFacts) -> int:
    """Return 1 where a dose is higher than the one before, -1 where lower, or else 0.

    Doses are compared per kilogram where both were recorded so, or else in mg.
    """
    pairs = (
        (before.dose_mg_per_kg, now.dose_mg_per_kg, 2),
        (before.dose_mg, now.dose_mg, 1),
    )
    for was, given, digits in pairs:
        if was is not None and given is not None:
            was, given = round(was, digits), round(given, digits)
            return (given > was) - (given < was)
    return 0


def infusion_hover(infusion: Infusion, *, induction: int, change: int) -> str:
    """Return what is shown over an infusion's mark."""
    words = wording.infusion_hover(infusion, induction=induction)
    than = {1: ", higher than before", -1: ", lower than before", 0: ""}[change]
    return f"{words}{than}"


def band_hover(measure: str, baseline: int, low: int, high: int) -> str:
    """Return what is shown over the band of reliable change: its rule and source."""
    criterion = default_criterion(measure, "change")
    lines = [
        f"<b>{escape(band_name(criterion))}</b>",
        f"{low} to {high}, around the baseline of {baseline}.",
        "Inside: no reliable change. At the edge or beyond: reliable change.",
        *wrap(escape(f"{criterion.sentence} {criterion.reason}"), HOVER_WIDTH),
        *wrap(escape(criterion.source.citation), HOVER_WIDTH),
    ]
    return "<br>".join(lines)


def band_name(criterion: Criterion) -> str:
    """Return the name of the band that a criterion of change makes."""
    return f"Reliable change: {criterion.points} points from baseline"


def band_key(trajectories: Sequence[Trajectory]) -> str:
    """Return what the tinted bands are, by measure; empty where there is none."""
    parts = []
    for trajectory in trajectories:
        if trajectory.current.baseline is not None:
            criterion = default_criterion(trajectory.measure, "change")
            name = MEASURES[trajectory.measure].name
            parts.append(
                f"{name} {criterion.points} points [{criterion.source.citation}]"
            )
    if not parts:
        return ""
    return (
        "Tinted band: less than a reliable change from baseline, either way; "
        f"{'; '.join(parts)}"
    )


def not_drawn(*, incomplete: int, forms: int, infusions: int, events: int) -> str:
    """Return what the chart leaves out, in words; empty where it is nothing.

    Parameters
    ----------
    incomplete
        How many forms have no total, only a range.
    forms, infusions, events
        How many lie outside the time shown.

    Examples
    --------
    >>> not_drawn(incomplete=1, forms=0, infusions=0, events=0)
    '1 incomplete form has no total and joins no line.'
    >>> not_drawn(incomplete=0, forms=1, infusions=0, events=2)
    'Outside the time shown: 1 form, 2 events.'
    """
    said = []
    if incomplete == 1:
        said.append("1 incomplete form has no total and joins no line.")
    elif incomplete:
        said.append(f"{incomplete} incomplete forms have no total and join no line.")
    counts = ((forms, "form"), (infusions, "infusion"), (events, "event"))
    outside = [counted(number, noun) for number, noun in counts if number]
    if outside:
        said.append(f"Outside the time shown: {', '.join(outside)}.")
    return " ".join(said)


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "form"), counted(2, "form")
    ('1 form', '2 forms')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def only_totals(number: int) -> str:
    """Return how many forms have no answers to show.

    Examples
    --------
    >>> only_totals(1)
    '1 form is not shown here: only its total was received.'
    """
    if number == 1:
        return "1 form is not shown here: only its total was received."
    return f"{number} forms are not shown here: only their totals were received."


def heat_key(measure: Measure, columns: int, forms: int) -> str:
    """Return what the cells mean, and which forms have a column.

    Parameters
    ----------
    measure
        What was asked.
    columns, forms
        How many forms have a column, and how many there are.
    """
    low, high = measure.answers[0], measure.answers[-1]
    key = [
        f"{low.score} {low.text.lower()} to {high.score} {high.text.lower()}",
        "× not answered, which is not a 0",
        "forms from left to right, each with the same width",
        "since baseline: the latest form against the baseline of its recall window",
    ]
    if measure.suicide_item is not None:
        key.append(
            f"item {measure.suicide_item} in a box: 1 or more "
            "(a 0 alone does not rule out risk)"
        )
    if columns < forms:
        key.append(
            f"{columns} of {forms} forms: the baseline and the latest; "
            "the table has them all"
        )
    return f"{' · '.join(key)}."


def heat_alt(measure: Measure, forms: int) -> str:
    """Return what the chart of all answers shows, for who does not see it."""
    return (
        f"{measure.name}: the answers to {len(measure.items)} items on "
        f"{counted(forms, 'form')}; the same numbers are in the table below."
    )


def cluster_alt(measure: Measure, forms: int) -> str:
    """Return what the chart of the clusters shows, for who does not see it."""
    names = ", ".join(f"{domain.code} {domain.name}" for domain in measure.domains)
    return (
        f"{measure.name} clusters over time on {counted(forms, 'form')}: {names}; "
        "the same numbers are in the table below."
    )
