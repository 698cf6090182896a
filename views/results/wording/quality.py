"""Quality measures in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.proportions import Proportion
from analysis.quality import (
    AGE_UNKNOWN,
    DENOMINATOR,
    EXCLUDED,
    INDICATION_UNKNOWN,
    MET,
    MISSING,
    NO_START,
    NOT_MET,
    OPEN,
    OTHER_INDICATION,
    START_TOO_LOW,
    TOO_YOUNG,
    QualityResult,
)
from analysis.suppression import NO_REST, Layout, Sum
from data.moments import practice_zone
from data.quality_exclusions import Exclusion, WithdrawnExclusion
from measures.quality_measures import (
    ASKED,
    COURSE,
    QUALITY_MEASURES,
    RECORDED,
    UNKNOWN,
    FollowUpMeasure,
    Period,
    QualityMeasure,
)
from views.results.wording.numbers import (
    DASH,
    NO_DATA,
    counted,
    dates,
    day_text,
    interval_name,
    percent,
    percent_range,
    share_of,
)
from views.results.wording.outcomes import source_text
from views.wording import day_words, escape, upper_first


INTRODUCTION = (
    "Each measure is counted as its owner counts it: who is in it is the owner's rule, "
    "and those without a follow-up stay in the denominator as not met. So a rate here "
    "is lower than one among those measured, and two measures cannot be read against "
    "each other. Not adjusted for case mix; no rate says what ketamine did."
)
NOTHING_RECORDED = (
    "No complete PHQ-9 was recorded by this day. Record one; every quality measure "
    "here rests on the PHQ-9."
)
ENDS_BEFORE_IT_BEGINS = "This period ends before it begins. Change one of its days."
NOT_THE_OWNERS = "not the owner's rate"

RATE = "Met, as the owner counts"
COMPLETENESS = "Followed up"
BOUNDS = "Had none or all without a follow-up met it"
OBSERVED = f"Met, of those followed up; {NOT_THE_OWNERS}"

_OWNERS = {
    "Centers for Medicare & Medicaid Services": "CMS159",
    "NCQA (HEDIS)": "HEDIS",
    "Minnesota Community Measurement": "MNCM",
    "NHS Talking Therapies (England)": "NHS",
}


def title(measure: QualityMeasure) -> str:
    """Return a measure's owner and name, short; every one is of depression.

    Examples
    --------
    >>> title(QUALITY_MEASURES["cms159"])
    'CMS159: remission at twelve months'
    """
    name = measure.name.removeprefix("Depression ")
    return f"{_OWNERS[measure.owner]}: {_lower_first(name)}"


def period_text(period: Period) -> str:
    """Return the first and the last day of a period."""
    return f"{day_text(period.first_day)} {DASH} {day_text(period.last_day)}"


# All measures beside each other.


def overview(results: Mapping[str, QualityResult], period: Period) -> str:
    """Return for how many measures there is a rate, in one sentence."""
    rates = [result for result in results.values() if result.rate]
    open_yet = sum(result.provisional for result in rates)
    sentence = (
        f"For {period_text(period)}, {len(rates)} of {len(results)} measures can be "
        "counted"
    )
    if not open_yet:
        return f"{sentence}."
    still = "one of these is" if open_yet == 1 else f"{open_yet} of these are"
    return (
        f"{sentence}; {still} provisional, because patients may still enter or be "
        "followed up."
    )


def overview_rows(results: Mapping[str, QualityResult]) -> list[dict[str, str]]:
    """Return a row per measure, for a table."""
    return [
        {
            "Measure": title(QUALITY_MEASURES[code]),
            "Denominator": _of_unit(result.denominator.n, result),
            "Met": str(result.numerator.n),
            "No follow-up": str(result.missing.n),
            "Excluded": str(_excluded(result)),
            "Apart": str(sum(group.n for group in result.apart)),
            RATE: _share(result.rate),
            COMPLETENESS: _share(result.followed_up),
            "Standing": _standing(result),
        }
        for code, result in results.items()
    ]


def _standing(result: QualityResult) -> str:
    word = "provisional" if result.provisional else "final"
    return f"{word}, version of another year" if result.in_effect is False else word


OVERVIEW_NOTE = (
    "Excluded: taken out of the denominator for the owner's reasons. Apart: looked at, "
    "and in neither; the measure below says why. Provisional: more may still enter, or "
    "a follow-up window is open. In brackets, the 95 % Wilson interval."
)


def mark_text(result: QualityResult) -> str:
    """Return what stands beside a measure's mark."""
    return share_of(result.rate) if result.rate else "nobody in the denominator"


# One measure.


def headline(result: QualityResult) -> str:
    """Return the owner's rate in one sentence."""
    rate = result.rate
    if rate is None:
        return no_rate(result)
    interval = f"{interval_name(rate.confidence)} {_range(rate)}"
    of_whom = f"the {_of_unit(rate.n, result)} in the denominator"
    sentence = f"{percent(rate.estimate)} of {of_whom} met the rule ({interval})"
    if not result.missing.n:
        return f"{sentence}; all of them were followed up."
    return f"{sentence}; the {result.missing.n} without a follow-up count as not met."


def no_rate(result: QualityResult) -> str:
    """Return why there is no rate, and what to do, in words."""
    looked_at = _excluded(result) + sum(group.n for group in result.apart)
    if not looked_at:
        return (
            f"No rate: nothing to follow from {period_text(result.index_period)}. "
            "Choose another period."
        )
    return (
        f"No rate: of the {_of_unit(looked_at, result)} looked at, none is in the "
        "denominator. The table says why."
    )


def followed_up(result: QualityResult) -> str:
    """Return the completeness, the bounds, and the rate of those followed up alone."""
    share = result.followed_up
    if share is None:
        return "Completeness: nobody is in the denominator."
    sentence = (
        f"Completeness: {percent(share.estimate)} of the {share.n} were followed up "
        f"({interval_name(share.confidence)} {_range(share)})."
    )
    # Where a follow-up is all that is asked, none of the others can have met the rule.
    if not result.missing.n or not has_rule(QUALITY_MEASURES[result.measure]):
        return sentence
    none, all_of_them = result.bounds
    sentence += (
        f" Had none of the {result.missing.n} others met the rule, the rate would be "
        f"{percent(none)}; had all, {percent(all_of_them)}."
    )
    if result.observed is None:
        return sentence
    return (
        f"{sentence} Of the {result.observed.n} followed up, "
        f"{percent(result.observed.estimate)} met it ({_range(result.observed)}); that "
        f"is {NOT_THE_OWNERS}."
    )


def standing(measure: QualityMeasure, result: QualityResult) -> list[str]:
    """Return what to know before the rate is handed on, in sentences."""
    dates = "index" if isinstance(measure, FollowUpMeasure) else "closing"
    said = [
        f"Dates of the {dates}: {period_text(result.index_period)}. As of "
        f"{day_text(result.as_of_day)}."
    ]
    if result.provisional:
        said.append(
            "Provisional: more may still enter, or a follow-up window is still open."
        )
    said.append(_in_effect(measure, result))
    said.append(f"The definition was {measure.status}.")
    return said


def _in_effect(measure: QualityMeasure, result: QualityResult) -> str:
    if result.in_effect is None:
        return "Which periods this version is for was not read."
    if result.in_effect:
        return "This version is the owner's for this period."
    return (
        f"This version is the owner's for {period_text(measure.in_effect)}, "
        "not for this period."
    )


@dataclass(frozen=True)
class QualityNumber:
    """One number of a measure, and the rows that it counts."""

    code: str
    name: str
    count: int
    sentence: str
    states: tuple[str, ...]
    reason: str = ""

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return those of a measure's rows that are counted here."""
        chosen = rows["state"].isin(self.states)
        return rows[chosen & (rows["reason"] == self.reason)]


STATE_WORDS = {
    MET: "Met",
    NOT_MET: "Not met",
    MISSING: "No follow-up",
    EXCLUDED: "Excluded",
    OPEN: "Window open",
    TOO_YOUNG: "Too young",
    AGE_UNKNOWN: "Age not recorded",
    OTHER_INDICATION: "Not for depression",
    INDICATION_UNKNOWN: "Indication not recorded",
    NO_START: "No start score",
    START_TOO_LOW: "Start too low",
}

APART_WORDS = {
    OPEN: "Apart: the follow-up window has not closed by the as-of day.",
    TOO_YOUNG: "Apart: under 12 on the day of the index.",
    AGE_UNKNOWN: (
        "Apart: no birth date is recorded, and nobody is taken for 12 or older."
    ),
    OTHER_INDICATION: "Apart: the course of the index is for PTSD alone.",
    INDICATION_UNKNOWN: "Apart: the course of the index has no indication recorded.",
    NO_START: (
        "Apart: no complete PHQ-9 at or before infusion 1, at most 30 days before."
    ),
    START_TOO_LOW: "Apart: the start is under 10, from where recovery is not possible.",
}

EXCLUSION_NAMES = {
    "died": "Died",
    "hospice": "Hospice care",
    "palliative": "Palliative care",
    "bipolar": "Bipolar disorder",
    "personality_disorder_labile": "Emotionally labile personality disorder",
    "personality_disorder": "Personality disorder",
    "psychotic_disorder": "Schizophrenia or psychotic disorder",
    "pervasive_developmental_disorder": "Pervasive developmental disorder",
    "nursing_home": "Living in a nursing home",
}


def numbers(measure: QualityMeasure, result: QualityResult) -> list[QualityNumber]:
    """Return every number of a measure with what it counts."""
    met, missing = result.numerator.n, result.missing.n
    followed = [
        QualityNumber("met", "Met", met, measure.numerator, (MET,)),
        QualityNumber(
            "not_met",
            "Not met",
            result.denominator.n - met - missing,
            "Followed up, and the rule was not met.",
            (NOT_MET,),
        ),
        QualityNumber("missing", "No follow-up", missing, measure.missing, (MISSING,)),
    ]
    return [
        QualityNumber(
            "denominator",
            "Denominator",
            result.denominator.n,
            measure.denominator,
            DENOMINATOR,
        ),
        *(
            number
            for number in followed
            if number.code != "not_met" or has_rule(measure)
        ),
        *_exclusions(measure, result),
        *(
            QualityNumber(
                group.state,
                STATE_WORDS[group.state],
                group.n,
                APART_WORDS[group.state],
                (group.state,),
            )
            for group in result.apart
        ),
    ]


def has_rule(measure: QualityMeasure) -> bool:
    """Whether a follow-up alone is not enough: then some can fail the rule."""
    return bool(measure.criteria)


def _exclusions(measure: QualityMeasure, result: QualityResult) -> list[QualityNumber]:
    counts = {group.reason: group.n for group in result.excluded}
    return [
        QualityNumber(
            f"excluded_{condition.code}",
            f"Excluded: {_lower_first(EXCLUSION_NAMES[condition.code])}",
            counts[condition.code],
            condition.sentence,
            (EXCLUDED,),
            condition.code,
        )
        for condition in measure.exclusions
        if condition.code in counts
    ]


def number_rows(shown: Sequence[QualityNumber]) -> list[dict[str, str]]:
    """Return the numbers of a measure, for a table."""
    return [
        {
            "Number": number.name,
            "Count": str(number.count),
            "What it counts": number.sentence,
        }
        for number in shown
    ]


def behind(measure: QualityMeasure, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a measure as they are listed behind a number, the earliest first.

    Parameters
    ----------
    measure
        Says what its first and its second form are called.
    rows
        As `analysis.quality.quality_rows` returns them.
    """
    first, opens, closes, second = (
        ("Index", "Window from", "Window to", "Follow-up")
        if isinstance(measure, FollowUpMeasure)
        else ("Start", "Infusion 1", "Closed", "End")
    )
    rows = rows.sort_values(["index_day", "patient_id"])
    return pd.DataFrame(
        {
            "patient_id": rows["patient_id"].tolist(),
            "State": [
                _state(state, reason)
                for state, reason in zip(rows["state"], rows["reason"], strict=True)
            ],
            first: dates(rows["index_day"]),
            f"PHQ-9 at {first.lower()}": rows["index_total"].tolist(),
            opens: dates(rows["opens_day"]),
            closes: dates(rows["closes_day"]),
            second: dates(rows["follow_up_day"]),
            f"PHQ-9 at {second.lower()}": rows["follow_up_total"].tolist(),
        }
    )


def _state(state: str, reason: str) -> str:
    if reason:
        return f"excluded: {_lower_first(EXCLUSION_NAMES[reason])}"
    return _lower_first(STATE_WORDS[state])


# What a measure is.

_KNOWN = {
    RECORDED: "from the record",
    ASKED: "asked below",
    UNKNOWN: "taken to hold",
}


def definition_rows(measure: QualityMeasure) -> list[dict[str, str]]:
    """Return the definition of a measure part by part, for a table."""
    parts = [
        ("Measure", measure.sentence),
        ("Owner", measure.owner),
        ("Version", measure.version),
        ("Counts", "courses" if measure.unit == COURSE else "patients"),
        ("Population", measure.population),
        (
            "Index" if isinstance(measure, FollowUpMeasure) else "Start",
            measure.index_rule,
        ),
        ("Follow-up", measure.window_rule),
        ("Numerator", measure.numerator),
        ("Denominator", measure.denominator),
        ("Without a follow-up", measure.missing),
        *(
            ("Required", f"{condition.sentence} ({_KNOWN[condition.known]})")
            for condition in measure.requirements
        ),
        *(
            ("Excluded", f"{condition.sentence} ({_KNOWN[condition.known]})")
            for condition in measure.exclusions
        ),
        *(("Left out", sentence) for sentence in measure.left_out),
        *(("Source", source_text(source)) for source in measure.sources),
        ("Standing of the text", f"{upper_first(measure.status)}."),
    ]
    return [{"Part": part, "Definition": words} for part, words in parts]


# The file.


def file_columns(measure: QualityMeasure, result: QualityResult) -> dict[str, object]:
    """Return the counts and shares of a measure as they are exported."""
    met, missing = result.numerator.n, result.missing.n
    columns = {
        "Denominator": result.denominator.n,
        "Met": met,
        "No follow-up": missing,
        "Not met": result.denominator.n - met - missing,
        "Excluded": _excluded(result),
        "Apart": sum(group.n for group in result.apart),
        RATE: result.rate,
        COMPLETENESS: result.followed_up,
        BOUNDS: result.bounds,
        OBSERVED: result.observed,
    }
    return {name: columns[name] for name in _columns(measure)}


def file_layout(measure: QualityMeasure) -> Layout:
    """Return how the counts of a measure hang together, so that small ones are hidden.

    What a measure cannot have is no column: its 0 would be so in every practice, and
    would hide others in vain.
    """
    named = _columns(measure)
    parts = tuple(p for p in ("Met", "No follow-up", "Not met") if p in named)
    counts = ("Denominator", *parts, "Excluded", "Apart")
    shares = (RATE, COMPLETENESS, BOUNDS, OBSERVED)
    return Layout(
        counts=tuple(name for name in counts if name in named),
        sums=(Sum("Denominator", parts, NO_REST),),
        derived={name: ("Denominator", *parts) for name in shares if name in named},
    )


def _columns(measure: QualityMeasure) -> list[str]:
    """Return the columns of a measure's file."""
    return [
        "Denominator",
        "Met",
        "No follow-up",
        *(["Not met"] if has_rule(measure) else []),
        *(["Excluded"] if measure.exclusions else []),
        "Apart",
        RATE,
        COMPLETENESS,
        *([BOUNDS, OBSERVED] if has_rule(measure) else []),
    ]


def stamp(measure: QualityMeasure, result: QualityResult) -> dict[str, str]:
    """Return what was asked, for each row of a file."""
    return {
        "Owner": measure.owner,
        "Version": measure.version,
        "Definition": measure.sentence,
        "Measurement period": period_text(result.period),
        "As of": day_text(result.as_of_day),
        "Standing": " ".join(standing(measure, result)),
        "Left out": " ".join(measure.left_out),
    }


# What the practice is asked.

WHAT_IS_ASKED = (
    "The owner takes these patients out, and the record does not hold it: say of whom "
    "it is true. What is said here is for quality measures alone. It is no part of the "
    "clinical record, no patient's page shows it, and nothing else is counted by it."
)
NOBODY_TO_EXCLUDE = (
    "Nobody is in the denominator, or waits for a window to close; there is nobody to "
    "exclude in this period."
)
CHOOSE_BOTH = "Choose the patient, and what excludes them."
NOTHING_IS_ASKED = (
    "No exclusion is applied to this measure; its definition says what was left out."
)
DAY_HELP = (
    "The first day on which it was so. One that began after the window's last day does "
    "not exclude. Empty: not known, and then it excludes in every period."
)


def exclusion_name(code: str) -> str:
    """Return what excludes, for a choice."""
    return EXCLUSION_NAMES[code]


def exclusions_kept(number: int) -> str:
    """Return how many exclusions are recorded, in a sentence."""
    if not number:
        return "None is recorded yet."
    are = "is" if number == 1 else "are"
    return f"{counted(number, 'exclusion')} {are} recorded."


def exclusion_rows(
    exclusions: Sequence[Exclusion], names: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return what is recorded, for a table; ``names`` of the patients by id."""
    return [
        {
            "Patient": escape(names[said.patient_id]),
            "Excluded for": EXCLUSION_NAMES[said.code],
            "Since": _since(said),
            "Recorded": f"{_recorded_on(said)}, {escape(said.recorded_by)}",
        }
        for said in exclusions
    ]


def withdrawn_rows(
    withdrawn: Sequence[WithdrawnExclusion], names: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return what was taken back, for a table; ``names`` of the patients by id."""
    return [
        {
            "Patient": escape(names[back.exclusion.patient_id]),
            "Excluded for": EXCLUSION_NAMES[back.exclusion.code],
            "Since": _since(back.exclusion),
            "Taken back": escape(f"{back.withdrawn_by}: {back.reason}"),
        }
        for back in withdrawn
    ]


def exclusion_choice(said: Exclusion, names: Mapping[str, str]) -> str:
    """Return an exclusion in one line, for a choice."""
    return f"{names[said.patient_id]}: {_lower_first(EXCLUSION_NAMES[said.code])}"


def _recorded_on(said: Exclusion) -> str:
    return day_words(said.recorded_at.astimezone(practice_zone()).date())


def _since(said: Exclusion) -> str:
    return "day not known" if said.day is None else day_words(said.day)


def _excluded(result: QualityResult) -> int:
    return sum(group.n for group in result.excluded)


def _of_unit(number: int, result: QualityResult) -> str:
    return counted(number, result.unit)


def _share(share: Proportion | None) -> str:
    """Return a share with its interval, where the n stands beside it."""
    return NO_DATA if share is None else f"{percent(share.estimate)} ({_range(share)})"


def _range(share: Proportion) -> str:
    return percent_range(share.lower, share.upper)


def _lower_first(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}"
