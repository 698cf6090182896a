"""Change in words: waterfall, boundaries, clusters, items and criteria."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.change import MeanChange
from analysis.change_shape import (
    MOVED_POINTS,
    NO_SPREAD,
    AnswerChanges,
    Boundary,
    ChangeRegions,
    DomainChange,
    ItemChange,
    NoBoundary,
    PairedChange,
    Regions,
    TooFew,
    Waterfall,
)
from analysis.outcomes import OutcomeRate
from analysis.reliable_change import (
    DETERIORATED,
    IMPROVED,
    OUTCOMES,
    RECOVERED,
    UNCHANGED,
)
from analysis.safety import ZERO_IS_NOT_NO_RISK
from analysis.suppression import NO_REST, PROTECTED_REST, Layout, Sum
from measures.definition import Measure
from measures.registry import CRITERIA
from measures.reliability import RELIABLE_CHANGE_SOURCE
from views.results.wording.numbers import (
    NO_DATA,
    counted,
    interval_name,
    percent_range,
    points,
    points_range,
    share_of,
    was_were,
    whole,
)
from views.results.wording.outcomes import criterion_choice, source_text
from views.wording import signed, upper_first


Row = dict[str, str]
Exported = Mapping[str, Mapping[str, object]]


# The whole.


def headline(mean: MeanChange, found: Waterfall) -> str:
    """Return how far the measured moved on average, and how many which way."""
    average = f"{points(mean.mean)} points"
    if mean.lower is not None:
        name = interval_name(mean.confidence)
        average += f" ({name} {points_range(mean.lower, mean.upper)})"
    whose = "The one measured" if mean.n == 1 else f"The {mean.n} measured"
    return (
        f"{whose} changed by {average} on average, from {points(mean.baseline_mean)} "
        f"to {points(mean.total_mean)}; {found.lower} scored lower than at baseline, "
        f"{found.unchanged} the same and {found.higher} higher."
    )


def not_in_it(mean: MeanChange) -> str:
    """Return who is in no number of change, and that their change is not known."""
    if not mean.missing:
        return "Everybody who was due was measured."
    one = mean.missing == 1
    return (
        f"{mean.missing} of the {mean.due} who {was_were(mean.due)} due "
        f"{was_were(mean.missing)} not measured and {'is' if one else 'are'} in none "
        f"of these numbers; how far {'it' if one else 'they'} moved is not known."
    )


def change_rows(mean: MeanChange, found: Waterfall) -> list[Row]:
    """Return the mean change, and how many moved which way, for a table."""
    return [
        {
            "Measured": f"{mean.measured} of {mean.due} due",
            "At baseline": points(mean.baseline_mean),
            "Score": points(mean.total_mean),
            "Mean change": f"{points(mean.mean)} "
            f"({points_range(mean.lower, mean.upper)})",
            "Lower": str(found.lower),
            "The same": str(found.unchanged),
            "Higher": str(found.higher),
        }
    ]


NOT_AN_EFFECT = (
    "Lower is better. Totals taken at their highest tend to fall again by themselves, "
    "and who felt better may have come to be measured more often: change is not the "
    "effect of the treatment."
)

CHANGE_LAYOUT = Layout(
    counts=("Measured", "Lower", "Higher", "The same", "Due"),
    sums=(Sum("Measured", ("Lower", "The same", "Higher"), NO_REST),),
    derived={
        "Mean at baseline": ("Measured",),
        "Mean score": ("Measured",),
        "Mean change": ("Measured",),
        "Lower limit": ("Measured",),
        "Upper limit": ("Measured",),
    },
)


def change_file(mean: MeanChange, found: Waterfall) -> Exported:
    """Return the mean change, and how many moved which way."""
    return {
        "Change from baseline": {
            "Due": mean.due,
            "Measured": mean.measured,
            "Lower": found.lower,
            "The same": found.unchanged,
            "Higher": found.higher,
            "Mean at baseline": mean.baseline_mean,
            "Mean score": mean.total_mean,
            "Mean change": mean.mean,
            "Lower limit": mean.lower,
            "Upper limit": mean.upper,
        }
    }


# Each course.


def bar_text(row: Any) -> str:
    """Return a bar of the waterfall: baseline, score, and the share between them."""
    share = signed(whole(row.percent / 100))
    return f"{row.baseline:.0f} → {row.total:.0f}: {share} %"


def spread_out(found: Waterfall, drawn: int) -> str:
    """Return which courses the bars are."""
    every = len(found.rows)
    which = (
        f"One bar for each course measured, {every} in all"
        if drawn == every
        else f"{drawn} of the {every} courses measured, at even distances in this order"
    )
    if not found.without_percent:
        return f"{which}."
    return (
        f"{which}. {counted(len(found.without_percent), 'course')} began at 0, of "
        "which there is no share."
    )


# Regions.

REGIONS = {
    RECOVERED: "reliably lower, and below the cut-off",
    IMPROVED: "reliably lower, but not below the cut-off, or below it from the start",
    UNCHANGED: "neither reliably lower nor reliably higher",
    DETERIORATED: "reliably higher",
}
HOW_DRAWN = (
    "Each marker is one pair of totals, the larger the more courses are on it; below "
    "the diagonal is lower than at baseline."
)
HOW_COMPUTED = (
    "A change is reliable when error of measurement alone would rarely be as large. "
    "The rules in print differ, so each is shown. Computed ones use a published "
    "reliability and the spread of every baseline recorded here, measured later or not."
)


def region_name(outcome: str) -> str:
    """Return a region as it is headed."""
    return outcome.capitalize()


def pair_text(pair: Any, outcome: str) -> str:
    """Return what a marker stands for."""
    courses = counted(pair.courses, "course")
    return f"{courses}: {pair.baseline:.0f} → {pair.total:.0f}, {outcome}"


def boundary_name(boundary: Boundary) -> str:
    """Return a boundary as an entry of a list, with its points."""
    if boundary.points is not None:
        return f"At least {boundary.points} points"
    return f"More than {points(boundary.threshold)} points ({boundary.name})"


def boundary_line(boundary: Boundary) -> str:
    """Return what the lines beside the diagonal are."""
    name = boundary_name(boundary)
    return f"Reliable change: {name[0].lower()}{name[1:]}"


def cutoff_line(found: ChangeRegions) -> str:
    """Return what the line across is."""
    return f"Cut-off: {found.cutoff.highest_total} or less is functional"


def regions_sentence(regions: Regions) -> str:
    """Return what became of the measured under one boundary."""
    parts = (
        f"{len(region.course_ids)} {region.outcome}"
        for region in (regions.of(outcome) for outcome in OUTCOMES)
    )
    measured = sum(len(region.course_ids) for region in regions.regions)
    name = boundary_name(regions.boundary)
    return f"{name}, of the {measured} measured: {', '.join(parts)}."


def began_functional(found: ChangeRegions) -> str:
    """Return how many could not be called recovered."""
    began = len(found.began_functional)
    if not began:
        return "Everybody began above the cut-off."
    return (
        f"{counted(began, 'course')} began below the cut-off and cannot be called "
        "recovered."
    )


def region_rows(found: ChangeRegions) -> list[Row]:
    """Return the regions under every boundary, for a table."""
    return [
        {
            "Reliable change": boundary_name(regions.boundary),
            **{
                region_name(outcome): share_of(regions.of(outcome).share)
                for outcome in OUTCOMES
            },
        }
        for regions in found.by_boundary
    ]


def refused_sentence(refused: NoBoundary) -> str:
    """Return why a boundary was not computed."""
    name = refused.reliability.name
    if refused.why.reason == NO_SPREAD:
        return f"Not computed from {name}: every baseline is the same."
    return (
        f"Not computed from {name}: it needs {refused.why.needed} baselines, and there "
        f"{'is' if refused.why.found == 1 else 'are'} {refused.why.found}."
    )


def region_definitions(found: ChangeRegions) -> list[Row]:
    """Return regions, cut-off and boundaries with their sources."""
    rule = source_text(RELIABLE_CHANGE_SOURCE)
    regions = [
        (region_name(outcome), f"{upper_first(sentence)}.", rule)
        for outcome, sentence in REGIONS.items()
    ]
    cutoff = (
        "Cut-off",
        f"{found.cutoff.sentence} {found.cutoff.reason}".strip(),
        source_text(found.cutoff.source),
    )
    boundaries = [
        (
            boundary_name(regions.boundary),
            _boundary_sentence(regions.boundary),
            source_text(regions.boundary.source),
        )
        for regions in found.by_boundary
    ]
    return [
        {"Term": term, "What it means": sentence, "Source": source}
        for term, sentence, source in (*regions, cutoff, *boundaries)
    ]


def _boundary_sentence(boundary: Boundary) -> str:
    if boundary.sd is None:
        return boundary.sentence
    return (
        f"{boundary.sentence} With the standard deviation of {boundary.sd_n} baselines "
        f"here, {points(boundary.sd)} points: 1.96 standard errors of a difference."
    )


REGION_LAYOUT = Layout(
    counts=(
        "Measured",
        *(region_name(o) for o in (RECOVERED, DETERIORATED, IMPROVED, UNCHANGED)),
    ),
    sums=(Sum("Measured", tuple(region_name(o) for o in OUTCOMES), NO_REST),),
    derived={
        f"{region_name(outcome)}, share": (region_name(outcome), "Measured")
        for outcome in OUTCOMES
    },
)


def region_file(found: ChangeRegions) -> Exported:
    """Return the regions under every boundary, as numbers."""
    return {
        boundary_name(regions.boundary): {
            "Measured": found.measured,
            **{
                region_name(region.outcome): len(region.course_ids)
                for region in regions.regions
            },
            **{
                f"{region_name(region.outcome)}, share": region.share
                for region in regions.regions
            },
        }
        for regions in found.by_boundary
    }


# Clusters and items.

ANSWERED = "Answered at both"
BETTER = f"{MOVED_POINTS} points lower or more"
WORSE = f"{MOVED_POINTS} points higher or more"
WITHOUT_ANSWERS = "Only a total known"
NO_ANSWERS = (
    "Of the courses measured only totals were recorded, at baseline or at the score. "
    "Record the answers of a form to see how its items changed."
)
ANSWERED_AT_BOTH = (
    "Of the courses with an answer at baseline and at the score; an item that was not "
    "answered counts nowhere, and its cluster neither."
)


def answered_sentence(found: AnswerChanges) -> str:
    """Return how many of the measured have their answers known."""
    known = (
        f"The answers of {found.answered} of the {found.measured} measured are known "
        "at both times."
    )
    if not found.without_answers:
        return known
    return f"{known} Of the others only a total was recorded at one or both."


def domain_name(change: DomainChange) -> str:
    """Return a cluster with the points it can give."""
    domain = change.domain
    return f"{domain.code} {domain.name} (0–{change.highest})"


def domains_sentence(changes: Sequence[DomainChange], measure: Measure) -> str:
    """Return what the clusters are, and that their sizes differ."""
    return (
        f"The {len(changes)} clusters of the {measure.name} can give different numbers "
        "of points, written beside each: the same change is more of a small one."
    )


def domain_rows(changes: Sequence[DomainChange]) -> list[Row]:
    """Return the clusters, for a table."""
    return [
        {
            "Cluster": domain_name(change),
            "At baseline": _mean(change.baseline_mean),
            "Score": _mean(change.score_mean),
            "Mean change": points_beside(change),
            "Quartiles of change": quartiles(change),
        }
        for change in changes
    ]


def quartiles(change: PairedChange) -> str:
    """Return the quartiles of the changes, the median in the middle."""
    if change.quartiles is None:
        return NO_DATA
    first, middle, third = (points(value) for value in change.quartiles)
    return f"{first}, {middle}, {third}"


def item_name(change: ItemChange) -> str:
    """Return an item with its number on the form."""
    return f"{change.item.label} (item\u00a0{change.item.number})"


def items_sentence(order: Sequence[ItemChange] | TooFew) -> str:
    """Return which items moved most, or why they are not put in order."""
    if isinstance(order, TooFew):
        return (
            f"The items are in the order of the form: to say which moved most needs "
            f"{order.needed} courses with answers at both times, and there "
            f"{'is' if order.found == 1 else 'are'} {order.found}."
        )
    first, last = order[0], order[-1]
    return (
        f"On average “{first.item.label}” moved most ({points(first.mean)} points) "
        f"and “{last.item.label}” least ({points(last.mean)}); where intervals "
        "overlap, the order may be chance."
    )


def item_rows(changes: Sequence[ItemChange]) -> list[Row]:
    """Return the items, for a table."""
    return [
        {
            "Item": item_name(change),
            "At baseline": _mean(change.baseline_mean),
            "Score": _mean(change.score_mean),
            "Mean change": points_beside(change),
            BETTER: share_of(change.better),
            WORSE: share_of(change.worse),
        }
        for change in changes
    ]


def item_note(measure: Measure) -> str:
    """Return what an item cannot say."""
    return "" if measure.suicide_item is None else ZERO_IS_NOT_NO_RISK


def points_beside(change: PairedChange) -> str:
    """Return a mean change with its interval and n."""
    if change.mean is None:
        return NO_DATA
    interval = points_range(change.lower, change.upper)
    return f"{points(change.mean)} ({interval}), n {change.n}"


def _mean(value: float | None) -> str:
    return NO_DATA if value is None else points(value)


_MEANS = ("Mean at baseline", "Mean score", "Mean change", "Lower limit", "Upper limit")
DOMAIN_LAYOUT = Layout(
    counts=(ANSWERED,),
    derived={name: (ANSWERED,) for name in (*_MEANS, "Quartiles of change")},
)
ITEM_LAYOUT = Layout(
    counts=(ANSWERED, "Lower", "Higher"),
    sums=(Sum(ANSWERED, ("Lower", "Higher"), PROTECTED_REST),),
    derived={
        **{name: (ANSWERED,) for name in _MEANS},
        "Lower, share": ("Lower", ANSWERED),
        "Higher, share": ("Higher", ANSWERED),
    },
)


def domain_file(changes: Sequence[DomainChange]) -> Exported:
    """Return the clusters as numbers."""
    return {
        domain_name(change): {
            **_mean_cells(change),
            "Quartiles of change": quartiles(change),
        }
        for change in changes
    }


def item_file(changes: Sequence[ItemChange]) -> Exported:
    """Return the items as numbers."""
    return {
        item_name(change): {
            **_mean_cells(change),
            "Lower": len(change.better_ids),
            "Higher": len(change.worse_ids),
            "Lower, share": change.better,
            "Higher, share": change.worse,
        }
        for change in changes
    }


def _mean_cells(change: PairedChange) -> dict[str, object]:
    return {
        ANSWERED: change.n,
        "Mean at baseline": change.baseline_mean,
        "Mean score": change.score_mean,
        "Mean change": change.mean,
        "Lower limit": change.lower,
        "Upper limit": change.upper,
    }


# Every criterion.


def criteria_sentence(rates: Sequence[OutcomeRate]) -> str:
    """Return how far apart the criteria of one measure are."""
    shares = [rate.observed.estimate for rate in rates]
    return (
        f"By the {len(rates)} rules in use, from {whole(min(shares))} to "
        f"{whole(max(shares))} % of the same {rates[0].measured} measured met it. No "
        "rule is the true one; each default says why it is."
    )


def criterion_name(rate: OutcomeRate) -> str:
    """Return a criterion with its kind, and whether it is the default."""
    return criterion_choice(rate.criterion)


def criterion_rows(rates: Sequence[OutcomeRate]) -> list[Row]:
    """Return every criterion, for a table."""
    return [
        {
            "Criterion": criterion_name(rate),
            "Of the measured": share_of(rate.observed),
            "Of all due, missing as not met": share_of(rate.nonresponse),
            "If none or all of the missing met it": _bounds(rate),
        }
        for rate in rates
    ]


def criterion_definitions(rates: Sequence[OutcomeRate]) -> list[Row]:
    """Return what each criterion asks for, and where it is from."""
    return [
        {
            "Term": criterion_name(rate),
            "What it means": f"{criterion.sentence} {criterion.reason}".strip(),
            "Source": source_text(criterion.source),
        }
        for rate in rates
        for criterion in [CRITERIA[rate.criterion]]
    ]


def _bounds(rate: OutcomeRate) -> str:
    if rate.bounds is None:
        return NO_DATA
    return f"{percent_range(*rate.bounds)} %"


CRITERION_LAYOUT = Layout(
    counts=("Measured", "Met", "Due"),
    sums=(Sum("Measured", ("Met",), PROTECTED_REST),),
    derived={
        "Of the measured": ("Met", "Measured"),
        "Of all due, missing as not met": ("Met", "Due"),
        "Bounds": ("Met", "Measured", "Due"),
    },
)


def criterion_file(rates: Sequence[OutcomeRate]) -> Exported:
    """Return every criterion as numbers."""
    return {
        criterion_name(rate): {
            "Due": rate.due,
            "Measured": rate.measured,
            "Met": rate.events,
            "Of the measured": rate.observed,
            "Of all due, missing as not met": rate.nonresponse,
            "Bounds": rate.bounds,
        }
        for rate in rates
    }
