"""Published figures and citations in words, rounded here and only here."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import get_args

from analysis.comparison import REMISSION, RESPONSE, published_share
from measures.figures import (
    Citation,
    ProtocolNote,
    PublishedChange,
    PublishedFigure,
    PublishedRate,
    Study,
    Verdict,
)
from views.results.wording.numbers import (
    as_printed,
    percent_range,
    points,
    points_range,
)
from views.wording import upper_first


MIXED = "mixed"
READ_WITH = "Read with"
N_NOT_SEEN = "n not seen, so no interval"
NOTHING = "–"
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

# One figure.


def title(figure: PublishedFigure) -> str:
    """Return what a figure is called in a list: study, scale and time."""
    return f"{figure.study.name}: {scale_and_time(figure)}"


def scale_and_time(figure: PublishedFigure) -> str:
    """Return what was measured with, and when."""
    scale = "mixed scales" if figure.measure == MIXED else figure.measure
    when = "mixed times" if figure.timepoint == MIXED else figure.timepoint
    return f"{scale}, {when}"


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


def rate_mark(rate: PublishedRate) -> str:
    """Return a published rate as short as it can be, for a chart."""
    share = published_share(rate).proportion
    if share is None:
        interval = f" ({_printed_interval(rate)})" if rate.percent_interval else ""
        return f"{as_printed(rate.percent)}{interval}, n not seen"
    interval = percent_range(share.lower, share.upper)
    return f"{as_printed(rate.percent)} ({interval}), n {share.n}"


def control_mark(figure: PublishedFigure, outcome: str) -> str:
    """Return the control arm's rate as short as it can be, for a chart."""
    rate = figure.control.rate(outcome)
    n = f", n {rate.n}" if rate.n else ""
    return f"{as_printed(rate.percent)} {figure.control.name}{n}"


def change_text(change: PublishedChange | None) -> str:
    """Return a published mean change in points, with its interval where it has one."""
    if change is None or change.mean is None:
        return NOTHING
    n = f", n {change.n}" if change.n else ""
    if change.interval is None:
        return f"{points(change.mean)}{n} (no interval seen)"
    return f"{points(change.mean)}{n} ({points_range(*change.interval)})"


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
    return f"{_printed_interval(rate)} as published"


def _printed_interval(rate: PublishedRate) -> str:
    lower, upper = rate.percent_interval
    return f"{lower:g}–{upper:g}"


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
            READ_WITH: figure.sentence,
        }
        for figure in figures
    ]


def catalogue_sentence(figures: Iterable[PublishedFigure]) -> str:
    """Return what the catalogue holds, in one sentence."""
    listed_figures = list(figures)
    studies = {figure.study.code for figure in listed_figures}
    return (
        f"{len(listed_figures)} results of {len(studies)} studies. Only numbers that "
        "were seen at their source are here, as printed; intervals are 95 % Wilson "
        "intervals from the printed counts, and where n was not seen there is none."
    )


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
        "Between groups": figure.between_group,
        "Comparator": _comparator(figure),
        "Result": upper_first(NO_BENEFIT) if figure.negative else "",
        "Note": " ".join(note for note in (figure.note, study.note) if note),
        "Verification": VERIFICATIONS[figure.verification],
        "Seen at": figure.source,
        "Registry": study.registry,
        "PMID": study.pmid,
    }
    return {
        name: text if name == "Seen at" else upper_first(text)
        for name, text in details.items()
        if text
    }


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
    """Return how many citations hold, and how many do not."""
    found = Counter(citation.verdict for citation in citations)
    counts = "; ".join(f"{verdict}: {found[verdict]}" for verdict in get_args(Verdict))
    return f"The practice article names {found.total()} studies. {upper_first(counts)}."


def citation_text(citation: Citation, figures: Iterable[PublishedFigure]) -> str:
    """Return what was cited, what was found, and what may be shown, for Markdown."""
    parts = {
        "As cited": citation.as_cited,
        "For the claim": citation.claim,
        "What was found": citation.explanation,
        "True reference": citation.true_reference,
        "What may be shown instead": " ".join(instead(citation, figures)),
    }
    return paragraphs(parts)


def as_cited_text(citation: Citation) -> str:
    """Return the two rates of the practice article that have no source."""
    rates = citation.rates
    return (
        f"{as_printed(rates.treated_percent)} against "
        f"{as_printed(rates.control_percent)} on {rates.control}, {rates.label}"
    )


def protocol_text(protocol: ProtocolNote) -> str:
    """Return what the article says of its protocol and what was found."""
    return paragraphs(
        {"As the article says": protocol.claim, "What was found": protocol.finding}
    )


def paragraphs(parts: Mapping[str, str]) -> str:
    """Return texts as paragraphs that begin with what each is, for Markdown."""
    return "\n\n".join(f"**{name}.** {text}" for name, text in parts.items())


def instead(citation: Citation, figures: Iterable[PublishedFigure]) -> list[str]:
    """Return what may be shown in place of a citation, one sentence for each figure."""
    shown = [
        f"{title(figure)}: {_numbers(figure)} {figure.sentence}" for figure in figures
    ]
    return shown or ["Nothing: no figure of this study belongs beside a rate."]


def shown(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the rows with what must be read with each under its name, for Markdown."""
    return [
        {
            name: f"{cell}  \n*{row[READ_WITH]}*" if name == "Figure" else cell
            for name, cell in row.items()
            if name != READ_WITH
        }
        for row in rows
    ]


def dois(reference: str) -> list[str]:
    """Return the DOIs in a reference.

    Examples
    --------
    >>> dois("Human Psychopharmacology 2015. doi 10.1002/hup.2475.")
    ['10.1002/hup.2475']
    """
    found = re.findall(r"\b10\.\d{4,}/\S+", reference)
    return [code.rstrip(".,;)") for code in found]


def doi_link(code: str) -> str:
    """Return a DOI as a link whose text is the DOI itself, for Markdown."""
    return f"[doi.org/{code}](https://doi.org/{code})"


def _numbers(figure: PublishedFigure) -> str:
    parts = [f"{rate.outcome} {rate_text(rate)}" for rate in figure.rates]
    control = control_text(figure, RESPONSE)
    if control:
        parts.append(control)
    return f"{'; '.join(parts)}." if parts else ""
