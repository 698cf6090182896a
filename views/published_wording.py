"""Published figures, citations and comparisons in words, rounded here and only here."""

import re
from collections.abc import Iterable

from analysis.change import MeanChange
from analysis.comparison import (
    CHANGE,
    REMISSION,
    RESPONSE,
    Comparison,
    Refusal,
    published_share,
)
from analysis.ever import Step
from analysis.proportions import Difference, Proportion
from measures.figures import (
    Citation,
    PublishedChange,
    PublishedFigure,
    PublishedRate,
    Study,
)
from views.outcome_wording import (
    as_printed,
    ever_text,
    interval_name,
    percent,
    percent_range,
    percentage_points,
    points,
    points_range,
)


Result = Comparison | Refusal

N_NOT_SEEN = "n not seen, so no interval"
NOTHING = "–"
NO_RATE_SEEN = "no {outcome} rate was seen"
NO_BENEFIT = "no benefit over its comparator"

TIERS = {
    "direct": "Same measure, same kind of setting.",
    "approximate": (
        "Another scale or a clinician's rating of the same thing; the practice's "
        "number stands beside it with that said."
    ),
    "context": (
        "Other scales, routes or designs, pooled or selected patients; never on one "
        "axis with the practice's number unless labelled."
    ),
}
VERIFICATIONS = {
    "abstract": "The numbers were seen in the abstract.",
    "table in the paper": "The numbers were seen in a table of the paper.",
    "trial registry": "The numbers were seen in the trial registry.",
    "preprint abstract": "The numbers were seen in the abstract of a preprint.",
    "company page": (
        "The numbers were seen on a company's own page, not peer reviewed."
    ),
    "second-hand": (
        "The numbers were seen second-hand: in a press release, a summary or a "
        "paraphrase."
    ),
}
_OF_WHOM = {
    "measured": "measured",
    "started": "due",
    "protocol_measured": "measured after an induction of 4 to 8 infusions",
    "reached_infusion": "measured after that infusion",
}


# One figure.


def title(figure: PublishedFigure) -> str:
    """Return what a figure is called in a list: study, scale and time."""
    return f"{figure.study.name}: {figure.measure}, {figure.timepoint}"


def rate_text(rate: PublishedRate | None) -> str:
    """Return a published rate as printed, with its counts and interval."""
    if rate is None:
        return NOTHING
    share = published_share(rate)
    if share.proportion is None:
        return f"{as_printed(rate.percent)} ({_interval_as_printed(rate)})"
    proportion = share.proportion
    about = "about " if share.about else ""
    interval = percent_range(proportion.lower, proportion.upper)
    return (
        f"{as_printed(rate.percent)} ({about}{proportion.events} of {proportion.n}; "
        f"{interval})"
    )


def change_text(change: PublishedChange | None) -> str:
    """Return a published mean change in points, with its interval where it has one."""
    if change is None or change.mean is None:
        return NOTHING
    of = f" of {change.n}" if change.n else ""
    if change.interval is None:
        return f"{points(change.mean)}{of} (no interval seen)"
    return f"{points(change.mean)}{of} ({points_range(*change.interval)})"


def found(figure: PublishedFigure) -> str:
    """Return what a study found between its groups, as printed; or empty."""
    return figure.between_group


def control_text(figure: PublishedFigure, outcome: str) -> str:
    """Return the control arm's rate, or empty."""
    rate = figure.control.rate(outcome) if figure.control else None
    if rate is None:
        return ""
    n = f" of {rate.n}" if rate.n else ""
    return f"{figure.control.name}: {as_printed(rate.percent)}{n}"


def _interval_as_printed(rate: PublishedRate) -> str:
    if rate.percent_interval is None:
        return N_NOT_SEEN
    lower, upper = rate.percent_interval
    return f"{lower:g}–{upper:g} as published"


# The practice beside it.


def practice_text(result: Result) -> str:
    """Return the practice's number on the figure's own definition, or why not."""
    if isinstance(result, Refusal):
        return f"none: {lower_first(result.reason)}"
    if isinstance(result.practice, MeanChange):
        return mean_text(result.practice)
    return "; ".join(words for words, _ in practice_parts(result))


def practice_parts(result: Comparison) -> list[tuple[str, Proportion | Step]]:
    """Return each share of the practice in words, and the share itself."""
    parts: list[tuple[str, Proportion | Step]] = []
    share, step = result.share, result.ever_step
    if share is not None:
        of_whom = _OF_WHOM[result.figure.recut.denominator]
        interval = percent_range(share.lower, share.upper)
        words = (
            f"{percent(share.estimate)} ({share.events} of {share.n} {of_whom}; "
            f"{interval})"
        )
        parts.append((f"now {words}" if step else words, share))
    if step is not None:
        followed = f"{result.ever.measured} followed"
        parts.append((f"at least once {ever_text(step)}, {followed}", step))
    return parts


def mean_text(mean: MeanChange) -> str:
    """Return a practice's mean change in points, with n and interval."""
    if mean.mean is None:
        return "nobody measured"
    interval = points_range(mean.lower, mean.upper)
    return f"{points(mean.mean)} of {mean.n} measured ({interval})"


def difference_text(result: Result) -> str:
    """Return practice minus published in percentage points, or a dash."""
    difference = getattr(result, "difference", None)
    if difference is None:
        return NOTHING
    return f"{percentage_points(difference.estimate)} ({_difference_range(difference)})"


def sentence(result: Result) -> str:
    """Return the comparison in one sentence, without saying why they differ."""
    name = result.figure.study.name
    if isinstance(result, Refusal):
        return f"{name} has no practice number beside it. {result.reason}"
    published = (
        change_text(result.published_change)
        if result.outcome == CHANGE
        else rate_text(result.figure.rate(result.outcome))
    )
    return (
        f"Practice, counted the same way: {practice_text(result)}. "
        f"{name}: {published}. {_difference_sentence(result)}"
    ).strip()


def comparison_rows(results: Iterable[Result]) -> list[dict[str, str]]:
    """Return the numbers of a forest plot as a table."""
    return [
        {
            "Figure": title(result.figure),
            "Tier": result.figure.tier,
            "Published": _published_with_control(result),
            "Practice, counted the same way": practice_text(result),
            "Practice minus published, points": difference_text(result),
            "Read with": result.figure.sentence,
        }
        for result in results
    ]


def as_cited_rows(citations: Iterable[Citation]) -> list[dict[str, str]]:
    """Return the article's unsupported rates as rows of the same table."""
    return [
        {
            "Figure": f"{citation.name}: {citation.rates.timepoint}",
            "Tier": "not supported",
            "Published": as_cited_text(citation),
            "Practice, counted the same way": "none: there is nothing to count by",
            "Practice minus published, points": NOTHING,
            "Read with": f"{upper_first(citation.rates.label)}.",
        }
        for citation in citations
    ]


def as_cited_text(citation: Citation) -> str:
    """Return the two rates of the practice article that have no source."""
    rates = citation.rates
    return (
        f"{as_printed(rates.treated_percent)} against "
        f"{as_printed(rates.control_percent)} on {rates.control}, {rates.label}"
    )


def change_rows(results: Iterable[Result]) -> list[dict[str, str]]:
    """Return mean changes, published and the practice's, as a table."""
    return [
        {
            "Figure": title(result.figure),
            "Published mean change, points": change_text(result.figure.change),
            "Practice, counted the same way": practice_text(result),
            "Read with": result.figure.sentence,
        }
        for result in results
    ]


def csv_rows(results: Iterable[Result]) -> list[dict[str, str]]:
    """Return what a table of comparisons does not show: by what rule, and what not."""
    return [
        {
            "Published definition": _definition(result),
            "Published n": result.figure.denominator,
            "Matched": " ".join(getattr(result, "matched", ())),
            "Not matched": " ".join(getattr(result, "unmatched", ())),
            "Source": result.figure.source,
        }
        for result in results
    ]


def _difference_sentence(result: Comparison) -> str:
    difference = result.difference
    if difference is None:
        return ""
    includes = difference.lower <= 0 <= difference.upper
    ending = ", an interval that includes no difference." if includes else "."
    estimate = percentage_points(difference.estimate)
    interval = f"{interval_name(difference.confidence)} {_difference_range(difference)}"
    return (
        f"Practice minus published: {estimate} percentage points ({interval}){ending}"
    )


def _difference_range(difference: Difference) -> str:
    lower = percentage_points(difference.lower)
    return f"{lower} to {percentage_points(difference.upper)}"


def _published_with_control(result: Result) -> str:
    figure, outcome = result.figure, result.outcome
    if figure.rate(outcome) is None:
        return upper_first(f"{NO_RATE_SEEN.format(outcome=outcome)}. {found(figure)}")
    control = control_text(figure, outcome)
    return f"{rate_text(figure.rate(outcome))}{f'; {control}' if control else ''}"


def _definition(result: Result) -> str:
    rate = result.figure.rate(result.outcome)
    return rate.definition if rate else "Change in points from baseline"


# The catalogue.


def catalogue_rows(figures: Iterable[PublishedFigure]) -> list[dict[str, str]]:
    """Return published figures as a table."""
    return [
        {
            "Figure": figure.study.name,
            "Tier": figure.tier,
            "Scale": figure.measure,
            "Rated by": figure.rater,
            "When": figure.timepoint,
            "Response": rate_text(figure.rate(RESPONSE)),
            "Remission": rate_text(figure.rate(REMISSION)),
            "Change": change_text(figure.change),
            "Against": figure.control.name if figure.control else NOTHING,
            "Result": NO_BENEFIT if figure.negative else NOTHING,
            "Of whom": figure.denominator,
            "Seen in": figure.verification,
            "Read with": figure.sentence,
        }
        for figure in figures
    ]


def matches(figure: PublishedFigure, text: str) -> bool:
    """Return whether every word of a search is in what is known of a figure."""
    study = figure.study
    known = " ".join(
        (
            study.name,
            study.citation,
            study.population,
            study.setting,
            study.drug,
            study.route,
            study.condition,
            figure.measure,
            figure.timepoint,
            figure.sentence,
            figure.tier,
            NO_BENEFIT if figure.negative else "",
        )
    ).casefold()
    return all(word in known for word in text.casefold().split())


def figure_details(figure: PublishedFigure) -> dict[str, str]:
    """Return everything known of one figure, by what it is; nothing that is absent."""
    study = figure.study
    details = {
        "Study": study.citation,
        "Tier": f"{upper_first(figure.tier)}. {TIERS[figure.tier]}",
        "Design": study.design,
        "Setting": study.setting,
        "Population": study.population,
        "Treatment": _treatment(study),
        "Schedule": study.schedule,
        "Scale": f"{figure.measure}, rated by: {figure.rater}",
        "Time point": figure.timepoint,
        "Of whom": figure.denominator,
        **_outcome_details(figure),
        "Between groups": found(figure),
        "Comparator": _comparator(figure),
        "Result": upper_first(NO_BENEFIT) if figure.negative else "",
        "Note": " ".join(note for note in (figure.note, study.note) if note),
        "Verification": VERIFICATIONS[figure.verification],
        "Seen at": figure.source,
        "Registry": study.registry,
        "PMID": study.pmid,
    }
    return {name: upper_first(text) for name, text in details.items() if text}


def _outcome_details(figure: PublishedFigure) -> dict[str, str]:
    details = {
        upper_first(rate.outcome): f"{rate_text(rate)}. Definition: {rate.definition}."
        for rate in figure.rates
    }
    if figure.change:
        details["Change"] = _change_details(figure.change)
    return details


def _change_details(change: PublishedChange) -> str:
    parts = (
        change_text(change) if change.mean is not None else "",
        _mean_sd("baseline", change.baseline_mean, change.baseline_sd),
        _mean_sd("afterwards", change.endpoint_mean, change.endpoint_sd),
    )
    return "; ".join(part for part in parts if part)


def _mean_sd(when: str, mean: float | None, sd: float | None) -> str:
    if mean is None:
        return ""
    return f"{when} {mean:g}" + (f" (SD {sd:g})" if sd is not None else "")


def _treatment(study: Study) -> str:
    return ", ".join(part for part in (study.drug, study.route, study.dose) if part)


def _comparator(figure: PublishedFigure) -> str:
    if figure.control is None:
        return ""
    rates = (control_text(figure, outcome) for outcome in (RESPONSE, REMISSION))
    seen = [
        f"{outcome} {text.split(': ', 1)[1]}"
        for outcome, text in zip((RESPONSE, REMISSION), rates, strict=True)
        if text
    ]
    n = f" ({figure.control.n} people)" if figure.control.n else ""
    return f"{figure.control.name}{n}" + (f": {'; '.join(seen)}" if seen else "")


# The audit of the practice article.


def verdicts(citations: Iterable[Citation]) -> str:
    """Return how many citations hold, in one sentence."""
    counts: dict[str, int] = {}
    listed = list(citations)
    for citation in listed:
        counts[citation.verdict] = counts.get(citation.verdict, 0) + 1
    parts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    return f"The article names {len(listed)} studies: {parts}."


def instead(citation: Citation, figures: Iterable[PublishedFigure]) -> list[str]:
    """Return what may be shown in place of a citation, one sentence for each figure."""
    shown = [
        f"{title(figure)}: {_numbers(figure)} {figure.sentence}" for figure in figures
    ]
    return shown or ["Nothing: no figure of this study belongs beside a rate."]


def doi(text: str) -> str | None:
    """Return the first DOI in a reference, or None.

    Examples
    --------
    >>> doi("Human Psychopharmacology 2015. doi 10.1002/hup.2475.")
    '10.1002/hup.2475'
    """
    found_doi = re.search(r"\b10\.\d{4,}/\S+", text)
    return found_doi.group().rstrip(".,;)") if found_doi else None


def _numbers(figure: PublishedFigure) -> str:
    parts = [f"{rate.outcome} {rate_text(rate)}" for rate in figure.rates]
    control = control_text(figure, RESPONSE)
    if control:
        parts.append(control)
    return f"{'; '.join(parts)}." if parts else ""


def upper_first(text: str) -> str:
    """Return the text beginning with a capital."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return the text beginning with a small letter."""
    return text[:1].lower() + text[1:]
