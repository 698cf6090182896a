"""Missing data in words: who is missing, and one rate by every approach."""

from collections.abc import Mapping

from analysis.imputation import ASSUMPTIONS, REFERENCES, ImputedRate, TooFew
from analysis.missingness import (
    BASELINE,
    BEST,
    CARRIED,
    CLINICIAN,
    FAILURE,
    IMPUTED,
    INDICATION,
    INDUCTION_INFUSIONS,
    INFUSIONS,
    LAST_CHANGE,
    OBSERVED,
    SHIFTED,
    Estimate,
    Mean,
    MeanDifference,
    ShareDifference,
    SideBySide,
    WhoIsMissing,
)
from analysis.outcomes import OutcomeRate
from analysis.proportions import Proportion
from analysis.suppression import FREE_REST, NO_REST, PROTECTED_REST, Layout, Sum
from measures.registry import CRITERIA
from views.results.wording.exports import told_apart
from views.results.wording.numbers import (
    NO_DATA,
    counted,
    interval_name,
    percent,
    percent_range,
    percentage_points,
    points,
    share_of,
    was_were,
)
from views.results.wording.outcomes import (
    INDICATIONS,
    at_timepoint,
    clinician_text,
    met,
    source_text,
)
from views.wording import MINUS, escape


Row = dict[str, str]
Exported = Mapping[str, Mapping[str, object]]


# How many.


def headline(rate: OutcomeRate) -> str:
    """Return how many of those due were not measured, and what that leaves open."""
    when = at_timepoint(rate.timepoint)
    if not rate.missing:
        were = (
            "The one who was due was" if rate.due == 1 else f"All {rate.due} due were"
        )
        return f"{were} measured {when}: nothing is missing."
    worst, best = rate.bounds
    return (
        f"{rate.missing} of the {rate.due} who {was_were(rate.due)} due {when} "
        f"{was_were(rate.missing)} not measured; between "
        f"{percent(worst)} and {percent(best)} of all who were due "
        f"{met(CRITERIA[rate.criterion])}, depending on what became of them."
    )


def imputed_sentence(found: SideBySide) -> str:
    """Return what imputation gives, or how many measured courses it needs."""
    imputation, shifted = found.imputation, found.shifted
    if not found.missing:
        return "With nobody missing, every approach gives the same."
    if isinstance(imputation, TooFew):
        return refused(imputation)
    rate, worse = imputation.rate, shifted.rate
    interval = interval_name(rate.confidence)
    return (
        f"If the missing are like the measured courses that look the same, "
        f"{percent(rate.estimate)} of all ({interval} "
        f"{percent_range(rate.lower, rate.upper)}); if they are "
        f"{counted(shifted.shift, 'point')} worse than those, "
        f"{percent(worse.estimate)} "
        f"({percent_range(worse.lower, worse.upper)})."
    )


def refused(found: TooFew) -> str:
    """Return how many measured courses imputation needs, and how many there are."""
    return (
        f"Multiple imputation needs {found.needed} measured courses, and there "
        f"{'is' if found.found == 1 else 'are'} {found.found}."
    )


# By every approach.

NOTHING_KNOWN = (
    "What became of the missing is not known. None of these approaches finds out; "
    "together they show how much the rate leans on what is assumed."
)


def approach_name(estimate: Estimate, found: SideBySide) -> str:
    """Return an approach, with the points that the missing are taken to be worse."""
    name = estimate.approach.name
    shifted = found.shifted
    if estimate.approach != SHIFTED or isinstance(shifted, TooFew):
        return name
    return f"{name} by {counted(shifted.shift, 'point')}"


def rate_words(estimate: Estimate) -> str:
    """Return a rate in words, or how many measured courses it needs."""
    if isinstance(estimate.rate, TooFew):
        return f"needs {estimate.rate.needed} measured, found {estimate.rate.found}"
    return share_of(estimate.rate)


def estimate_rows(found: SideBySide) -> list[Row]:
    """Return every approach with its rate and what it takes to be true."""
    return [
        {
            "Approach": approach_name(estimate, found),
            "Met": _met(estimate),
            "Rate": rate_words(estimate),
            "What it takes to be true": estimate.approach.sentence,
        }
        for estimate in found.estimates
    ]


def _met(estimate: Estimate) -> str:
    rate = estimate.rate
    if rate is None or isinstance(rate, TooFew):
        return NO_DATA
    return str(rate.events) if isinstance(rate, Proportion) else points(rate.events)


def carried_sentence(found: SideBySide) -> str:
    """Return for how many there was nothing but the baseline to carry forward."""
    if not found.missing:
        return ""
    return (
        f"Of the {found.missing} missing, {len(found.carried_from_baseline)} had no "
        "complete score between infusion 1 and the window: their baseline is carried "
        "forward."
    )


def source_rows(found: SideBySide) -> list[Row]:
    """Return where each approach is from."""
    return [
        {"Approach": e.approach.name, "Source": source_text(e.approach.source)}
        for e in found.estimates
    ]


def model_rows(found: ImputedRate) -> list[Row]:
    """Return what the imputation used and how sure it is, as a table."""
    rate = found.rate
    left_out = ", ".join(found.left_out) or "nothing"
    rows = (
        ("Measured courses it learned from", str(len(found.measured_ids))),
        ("Courses imputed", str(len(found.imputed_ids))),
        ("Predictors", ", ".join(found.predictors) or "none"),
        ("Left out", f"{left_out} (too few measured, or nothing to tell apart)"),
        ("Sets drawn", str(rate.imputations)),
        ("Start of the draws", str(found.seed)),
        ("Information missing", percent(rate.missing_information)),
        ("Standard error left by drawing", _small(rate.monte_carlo_error)),
        ("Interval", rate.method),
    )
    return [{"Of the imputation": name, "Value": value} for name, value in rows]


def _small(share: float) -> str:
    return f"{points(100 * share)} percentage points"


def assumptions() -> str:
    """Return what imputation takes to be true, and who says how, as a list."""
    lines = [*ASSUMPTIONS, *(source_text(source) for source in REFERENCES)]
    return "\n".join(f"- {line}" for line in lines)


SHIFT = "Missing worse by (points)"
SHIFT_HELP = (
    "Points added to every imputed total in the last approach. Raise it to see from "
    "where on your conclusion would change."
)

_NOT_CARRIED = f"{CARRIED.name}, not met"
RATE_LAYOUT = Layout(
    counts=("Measured", OBSERVED.name, "Due", CARRIED.name, _NOT_CARRIED),
    sums=(
        Sum("Measured", (OBSERVED.name,), PROTECTED_REST),
        Sum("Due", ("Measured",), FREE_REST),
        Sum("Due", (CARRIED.name, _NOT_CARRIED), NO_REST),
        Sum(CARRIED.name, (OBSERVED.name,), PROTECTED_REST),
    ),
    derived={
        f"{OBSERVED.name}, share": (OBSERVED.name, "Measured"),
        f"{CARRIED.name}, share": (CARRIED.name, "Due"),
        f"{FAILURE.name}, share": (OBSERVED.name, "Due"),
        f"{BEST.name}, share": (OBSERVED.name, "Measured", "Due"),
        f"{IMPUTED.name}, share": (OBSERVED.name, "Measured", "Due"),
        f"{SHIFTED.name}, share": (OBSERVED.name, "Measured", "Due"),
    },
)


def rate_file(found: SideBySide) -> Exported:
    """Return the rate by every approach as one row of numbers."""
    shares = {
        f"{estimate.approach.name}, share": rate_words(estimate)
        for estimate in found.estimates
    }
    carried = len(found.of(CARRIED).event_ids)
    return {
        CRITERIA[found.criterion].name: {
            "Due": found.due,
            "Measured": found.measured,
            OBSERVED.name: len(found.of(OBSERVED).event_ids),
            CARRIED.name: carried,
            _NOT_CARRIED: found.due - carried,
            **shares,
        }
    }


# Who is missing.

_UNITS = {
    BASELINE: ("Baseline", "points"),
    LAST_CHANGE: ("Change up to the last score before the window", "points"),
    INDUCTION_INFUSIONS: ("Induction infusions", "infusions"),
    INFUSIONS: ("All infusions up to the day", "infusions"),
}
# What the missing had, where their mean is the higher, and where it is the lower.
_APART = {
    BASELINE: ("a higher baseline", "a lower baseline"),
    LAST_CHANGE: (
        "fallen less by the last score before the window",
        "fallen further by the last score before the window",
    ),
    INDUCTION_INFUSIONS: ("more induction infusions", "fewer induction infusions"),
    INFUSIONS: ("more infusions in all", "fewer infusions in all"),
}
_CHARACTERISTICS = {CLINICIAN: "Clinician", INDICATION: "Indication"}

NO_TEST = (
    "An interval that holds 0 does not say that there is no difference: with few "
    "courses a large one stays unseen. What was not recorded, such as why a form is "
    "missing, cannot be compared."
)


def who_sentence(who: WhoIsMissing) -> str:
    """Return in what the missing can be told from the measured."""
    if not who.missing_ids:
        return "Nobody is missing, so there is nobody to compare."
    if not who.measured_ids:
        return "Nobody was measured, so there is nobody to compare the missing with."
    apart = [_mean_apart(d) for d in who.means if _clear_of_0(d.lower, d.upper)]
    apart += [
        _share_apart(d)
        for d in who.shares
        if d.difference and _clear_of_0(d.difference.lower, d.difference.upper)
    ]
    if not apart:
        return (
            "The missing cannot be told from the measured in anything compared here; "
            "no interval is clear of 0."
        )
    compared = len(who.means) + len(who.shares)
    return (
        f"Compared with the measured, the missing had {'; '.join(apart)}. "
        f"{compared} things were compared; of that many one or more is clear of 0 "
        "easily by chance."
    )


def _clear_of_0(lower: float | None, upper: float | None) -> bool:
    return lower is not None and (lower > 0 or upper < 0)


def _mean_apart(found: MeanDifference) -> str:
    higher, lower = _APART[found.characteristic]
    which = higher if found.difference > 0 else lower
    interval = f"{_signed(found.lower)} to {_signed(found.upper)}"
    return (
        f"{which} (on average {_signed(found.difference)}, "
        f"{interval_name(found.confidence)} {interval})"
    )


def _share_apart(found: ShareDifference) -> str:
    difference = found.difference
    direction = "more" if difference.estimate > 0 else "less"
    limits = (percentage_points(x) for x in (difference.lower, difference.upper))
    return (
        f"{direction} often the {found.characteristic} {escape(_value(found))} "
        f"({percentage_points(difference.estimate)} percentage points, "
        f"{interval_name(difference.confidence)} {' to '.join(limits)})"
    )


def mean_name(found: MeanDifference) -> str:
    """Return a characteristic that has a mean, with its unit."""
    name, unit = _UNITS[found.characteristic]
    return f"{name} ({unit})" if unit == "points" else name


def unit_of(found: MeanDifference) -> str:
    """Return what a difference of means is counted in."""
    return _UNITS[found.characteristic][1]


def share_name(found: ShareDifference) -> str:
    """Return a value of a characteristic, as it was typed."""
    return f"{_CHARACTERISTICS[found.characteristic]}: {_value(found)}"


def _value(found: ShareDifference) -> str:
    if found.characteristic == CLINICIAN:
        not_recorded = clinician_text("")
        return told_apart(found.value, not_recorded) or not_recorded
    return INDICATIONS[found.value]


def mean_difference(found: MeanDifference) -> str:
    """Return a difference of means with its interval."""
    return NO_DATA if found.difference is None else _points_apart(found)


def _points_apart(found: MeanDifference) -> str:
    interval = (
        "no interval"
        if found.lower is None
        else f"{_signed(found.lower)} to {_signed(found.upper)}"
    )
    return f"{_signed(found.difference)} ({interval})"


def _signed(value: float) -> str:
    text = f"{value:+z.1f}".replace("-", MINUS)
    return "0.0" if text == "+0.0" else text


def share_difference(found: ShareDifference) -> str:
    """Return a difference of shares in percentage points, with its interval."""
    difference = found.difference
    if difference is None:
        return NO_DATA
    lower, upper = (
        percentage_points(limit) for limit in (difference.lower, difference.upper)
    )
    return f"{percentage_points(difference.estimate)} ({lower} to {upper})"


def mean_rows(who: WhoIsMissing) -> list[Row]:
    """Return the means of the measured and of the missing, for a table."""
    return [
        {
            "Characteristic": mean_name(found),
            "Measured": _mean(found.measured),
            "Not measured": _mean(found.missing),
            "Difference": mean_difference(found),
        }
        for found in who.means
    ]


def _mean(mean: Mean) -> str:
    if mean.mean is None:
        return NO_DATA
    spread = "" if mean.sd is None else f", SD {points(mean.sd)}"
    return f"{points(mean.mean)} (n {mean.n}{spread})"


def share_rows(who: WhoIsMissing) -> list[Row]:
    """Return how often each value is found in both, for a table."""
    return [
        {
            "Value": escape(share_name(found)),
            "Of the measured": share_of(found.measured),
            "Of those not measured": share_of(found.missing),
            "Difference in percentage points": share_difference(found),
            "Not measured, of those due": share_of(found.missing_here),
        }
        for found in who.shares
    ]


def download_label(of_what: str) -> str:
    """Return what the button of a file says."""
    return f"Download {of_what} (CSV)"


HOW_COMPARED = (
    "Differences are of the missing minus the measured. Means: Welch's t interval "
    "(Welch 1947, Biometrika 34:28-35). Shares: Newcombe's interval (Newcombe 1998, "
    "Stat Med 17:873-890, method 10). Several are shown at once, so one clear of 0 may "
    "be chance."
)

MEAN_LAYOUT = Layout(
    counts=("Measured", "Not measured"),
    derived={
        "Mean of the measured": ("Measured",),
        "SD of the measured": ("Measured",),
        "Mean of the not measured": ("Not measured",),
        "SD of the not measured": ("Not measured",),
        "Difference": ("Measured", "Not measured"),
    },
)
SHARE_LAYOUT = Layout(
    counts=("Due", "Measured", "Not measured"),
    sums=(Sum("Due", ("Measured", "Not measured"), NO_REST),),
    derived={"Not measured, of those due": ("Due", "Not measured")},
    total_row="Everybody due",
)


def mean_file(who: WhoIsMissing) -> Exported:
    """Return the means as numbers."""
    return {
        mean_name(found): {
            "Measured": found.measured.n,
            "Mean of the measured": found.measured.mean,
            "SD of the measured": found.measured.sd,
            "Not measured": found.missing.n,
            "Mean of the not measured": found.missing.mean,
            "SD of the not measured": found.missing.sd,
            "Difference": mean_difference(found),
        }
        for found in who.means
    }


def share_file(who: WhoIsMissing, characteristic: str) -> Exported:
    """Return who is missing by the values of one characteristic, as numbers."""
    everybody = {
        "Due": who.due,
        "Measured": who.measured,
        "Not measured": who.missing,
    }
    return {
        "Everybody due": everybody,
        **{
            share_name(found): {
                "Due": found.missing_here.n,
                "Measured": found.missing_here.n - found.missing_here.events,
                "Not measured": found.missing_here.events,
                "Not measured, of those due": found.missing_here,
            }
            for found in who.shares
            if found.characteristic == characteristic
        },
    }
