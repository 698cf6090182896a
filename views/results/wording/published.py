"""Published figures, citations and comparisons in words, rounded here and only here."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import get_args

from analysis.change import MeanChange
from analysis.comparison import (
    CHANGE,
    PROTOCOL_DAYS,
    PROTOCOL_INFUSIONS,
    REMISSION,
    RESPONSE,
    Comparison,
    Refusal,
    published_share,
)
from analysis.ever import Step
from analysis.proportions import Difference, Proportion
from analysis.suppression import PROTECTED_REST, Layout, Sum
from measures.figures import (
    Citation,
    ProtocolNote,
    PublishedChange,
    PublishedFigure,
    PublishedRate,
    Study,
    Verdict,
)
from measures.registry import ELIGIBILITY
from views.results.counts import overlap
from views.results.wording.numbers import (
    as_printed,
    interval_name,
    percent,
    percent_range,
    percentage_points,
    points,
    points_range,
    share_of,
)
from views.results.wording.outcomes import ever_text


Result = Comparison | Refusal

MIXED = "mixed"
READ_WITH = "Read with"
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
_AFTER_PROTOCOL = (
    f"measured after {PROTOCOL_INFUSIONS[0]} to {PROTOCOL_INFUSIONS[1]} infusions in "
    f"{PROTOCOL_DAYS[0]} to {PROTOCOL_DAYS[1]} days"
)
_OF_WHOM = {
    "measured": "measured",
    "started": "due",
    "protocol_measured": _AFTER_PROTOCOL,
    "reached_infusion": "measured",
}


HOW_RECUT = (
    "Each figure has its own criterion, time point, denominator and indication; the "
    "practice is counted again by each of them, on the courses chosen above. Lowest "
    "baselines are the practice's own: no study's was seen. Practice and "
    "published intervals are 95 % Wilson intervals, the published from the reported "
    "n; a figure whose n was not seen has none."
)
HOW_CHANGE = (
    "Points from baseline, of those measured; negative is better. Each practice "
    "number is counted at the figure's own time point; its interval is a t interval."
)

ASKED = "asked"
BESIDE_LAYOUT = Layout(
    counts=("n", "events"),
    sums=(Sum("n", ("events",), PROTECTED_REST),),
    derived={
        "Practice": ("n", "events"),
        "Practice minus published, points": ("n", "events"),
        "Looks the same": ("n",),
    },
    asked=ASKED,
)
CHANGE_LAYOUT = Layout(counts=("n",), derived={"Practice": ("n",)}, asked=ASKED)

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


# The practice beside it.


def practice_text(result: Result) -> str:
    """Return the practice's number on the figure's own definition, or why not."""
    if isinstance(result, Refusal):
        return f"none: {lower_first(result.reason)}"
    if isinstance(result.practice, MeanChange):
        return mean_text(result.practice)
    return "; ".join(_shares(result))


def practice_marks(result: Comparison) -> list[tuple[str, Proportion | Step]]:
    """Return each share of the practice as short as it can be, for a chart."""
    marks: list[tuple[str, Proportion | Step]] = []
    share, step = result.share, result.ever_step
    if share is not None:
        interval = percent_range(share.lower, share.upper)
        name = "Practice now" if step else "Practice"
        marks.append(
            (f"{name} {percent(share.estimate)} ({interval}), n {share.n}", share)
        )
    if step is not None:
        marks.append(
            (f"Practice ever {ever_text(step)}, n {result.ever.measured}", step)
        )
    return marks


def mean_text(mean: MeanChange) -> str:
    """Return a practice's mean change in points, with n and interval.

    Somebody was measured, or there is no comparison to put into words.
    """
    interval = points_range(mean.lower, mean.upper)
    return f"{points(mean.mean)}, n {mean.n} ({interval})"


def difference_text(result: Result) -> str:
    """Return practice minus published in percentage points, or a dash."""
    difference = getattr(result, "difference", None)
    if difference is None:
        return NOTHING
    return f"{percentage_points(difference.estimate)} ({_difference_range(difference)})"


def sentence(result: Result) -> str:
    """Return the comparison in one sentence, without saying why they differ."""
    return f"{both_numbers(result)} {difference_sentence(result)}".strip()


def both_numbers(result: Result) -> str:
    """Return the practice's number and the published one, or why there is only one."""
    name = result.figure.study.name
    if isinstance(result, Refusal):
        return f"{name} has no practice number beside it. {result.reason}"
    published = (
        change_text(result.published_change)
        if result.outcome == CHANGE
        else rate_text(result.figure.rate(result.outcome))
    )
    return (
        f"Practice, counted the same way as far as the record allows: "
        f"{practice_text(result)}. {name}: {published}."
    )


def caveats(result: Result) -> str:
    """Return what the practice's number hangs on, in sentences; may be empty."""
    if isinstance(result, Refusal):
        return ""
    said = []
    if result.any_baseline and result.any_baseline.n != result.share.n:
        lowest = ELIGIBILITY[result.figure.recut.measure].sentence.removesuffix(".")
        share = share_of(result.any_baseline, of_whom(result.figure))
        said.append(
            f"The practice's own lowest baseline ({lowest}) is added, as no rule of "
            f"the study's was seen; without it, {share}."
        )
    if result.unseen_by_then:
        said.append(
            f"At least once: {result.unseen_by_then:,} of the {result.ever.measured:,} "
            "followed had no score by then and count as not having met it until "
            "their first, so it can be below what is met now."
        )
    return " ".join(said)


def of_whom(figure: PublishedFigure) -> str:
    """Return what those are of whom the practice's share is, beside a figure."""
    return _OF_WHOM[figure.recut.denominator]


def verdict_notes(cited: Iterable[tuple[Citation, PublishedFigure]]) -> dict[str, str]:
    """Return what was found of each cited figure's citation, by the figure's code."""
    return {figure.code: _verdict_note(citation) for citation, figure in cited}


def comparison_rows(
    results: Iterable[Result],
    *,
    alike: Mapping[str, str] | None = None,
    verdicts: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Return the numbers of a forest plot as a table.

    Parameters
    ----------
    results
        A row for each.
    alike
        By the figure's code, which rates would look the same.
    verdicts
        By the figure's code, as `verdict_notes` returns them.
    """
    return [
        {
            "Figure": _title_and_tier(result.figure),
            "Published": _published_with_control(result),
            "Practice, counted the same way": practice_text(result),
            "Practice minus published, points": difference_text(result),
            "Looks the same": (alike or {}).get(result.figure.code, NOTHING),
            READ_WITH: _read_with(result.figure, verdicts or {}),
        }
        for result in results
    ]


def export_rows(
    results: Iterable[Result],
    *,
    alike: Mapping[str, str],
    verdicts: Mapping[str, str],
) -> dict[str, dict[str, object]]:
    """Return the same for a file: counts apart, and what the table leaves out.

    ``Looks the same`` and the difference stand with the share they are of; a figure
    without a practice number has no counts and says why.
    """
    rows: dict[str, dict[str, object]] = {}
    for result in results:
        figure = result.figure
        about = {
            READ_WITH: _read_with(figure, verdicts),
            "Published definition": _definition(result),
            "Published n": figure.denominator,
            "Matched": " ".join(getattr(result, "matched", ())),
            "Not matched": " ".join(getattr(result, "unmatched", ())),
            "Source": figure.source,
        }
        for how, counted in _counted(result, alike.get(figure.code)):
            rows[f"{_title_and_tier(figure)}{how}"] = {
                "Published": _published_with_control(result),
                **counted,
                **about,
            }
    return rows


def as_cited_export(citations: Iterable[Citation]) -> dict[str, dict[str, object]]:
    """Return the article's unsupported rates as rows of the same file."""
    return {
        f"{citation.name}, as cited: {citation.rates.timepoint}": {
            "Published": as_cited_text(citation),
            **_no_number("there is nothing to count by"),
            READ_WITH: f"{upper_first(citation.rates.label)}.",
            "Published definition": citation.explanation,
        }
        for citation in citations
    }


def change_export(results: Iterable[Result]) -> dict[str, dict[str, object]]:
    """Return mean changes for a file, the practice's n apart."""
    rows: dict[str, dict[str, object]] = {}
    for result in results:
        mean = getattr(result, "practice", None)
        why_not = f"none: {lower_first(getattr(result, 'reason', ''))}"
        rows[title(result.figure)] = {
            "Published mean change, points": change_text(result.figure.change),
            "n": mean.n if mean else None,
            "Practice": mean_text(mean) if mean else None,
            ASKED: overlap.of_mean(mean) if mean else None,
            "No practice number": "" if mean else why_not,
            READ_WITH: result.figure.sentence,
            "Source": result.figure.source,
        }
    return rows


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


def as_cited_rows(citations: Iterable[Citation]) -> list[dict[str, str]]:
    """Return the article's unsupported rates as rows of the same table."""
    return [
        {
            "Figure": f"{citation.name}, as cited: {citation.rates.timepoint}",
            "Published": as_cited_text(citation),
            "Practice, counted the same way": "none: there is nothing to count by",
            "Practice minus published, points": NOTHING,
            "Looks the same": NOTHING,
            READ_WITH: f"{upper_first(citation.rates.label)}.",
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
            READ_WITH: result.figure.sentence,
        }
        for result in results
    ]


def listed(heading: str, sentences: Iterable[str]) -> str:
    """Return sentences as a list under a heading, for Markdown."""
    return "\n".join((f"**{heading}**", "", *(f"- {line}" for line in sentences)))


def forest_alt(entries: int, outcome: str) -> str:
    """Return what a forest plot shows, for who does not see it."""
    return (
        f"Forest plot of {outcome}: {entries} published figures, each with the "
        "practice's own share on that figure's definition where there is one. The "
        "table below has the same numbers."
    )


def _shares(result: Comparison) -> list[str]:
    parts = []
    share, step = result.share, result.ever_step
    if share is not None:
        of_whom = _OF_WHOM[result.figure.recut.denominator]
        interval = percent_range(share.lower, share.upper)
        parts.append(
            f"{'now ' if step else ''}{percent(share.estimate)} "
            f"({share.events} of {share.n} {of_whom}; {interval})"
        )
    if step is not None:
        parts.append(
            f"at least once {ever_text(step)}, {result.ever.measured} followed"
        )
    return parts


def _verdict_note(citation: Citation) -> str:
    if citation.supported:
        return f"Cited by the article: {citation.verdict}."
    return f"In place of {citation.name}, as cited: {citation.verdict}."


def _read_with(figure: PublishedFigure, verdicts: Mapping[str, str]) -> str:
    return f"{verdicts.get(figure.code, '')} {figure.sentence}".strip()


def _counted(result: Result, alike: str | None) -> list[tuple[str, dict[str, object]]]:
    """Return the practice's shares beside a figure, each with how it was counted."""
    if isinstance(result, Refusal):
        return [("", _no_number(result.reason))]
    share, step = result.share, result.ever_step
    both = share is not None and step is not None
    rows = []
    if share is not None:
        now = {
            "Of whom": of_whom(result.figure),
            "n": share.n,
            "events": share.events,
            "Practice": share,
            "Practice minus published, points": difference_text(result),
            "Looks the same": alike,
            "No practice number": "",
            ASKED: overlap.of_rate(result.practice),
        }
        rows.append((", now" if both else "", now))
    if step is not None:
        ever = _no_number("") | {
            "Of whom": "followed, at least once",
            "n": result.ever.measured,
            "events": overlap.events_by(result.ever, step),
            "Practice": ever_text(step),
            "No practice number": "",
            ASKED: overlap.of_ever(result.ever, step),
        }
        rows.append((", at least once" if both else "", ever))
    return rows


def _no_number(reason: str) -> dict[str, object]:
    return {
        "Of whom": "",
        "n": None,
        "events": None,
        "Practice": None,
        "Practice minus published, points": None,
        "Looks the same": None,
        "No practice number": f"none: {lower_first(reason)}",
    }


def difference_sentence(result: Result) -> str:
    """Return practice minus published in a sentence; empty where there is none."""
    difference = getattr(result, "difference", None)
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


def _title_and_tier(figure: PublishedFigure) -> str:
    return f"{figure.study.name}, {figure.tier}: {scale_and_time(figure)}"


def _published_with_control(result: Result) -> str:
    figure, outcome = result.figure, result.outcome
    if figure.rate(outcome) is None:
        return upper_first(NO_RATE_SEEN.format(outcome=outcome))
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


def upper_first(text: str) -> str:
    """Return the text beginning with a capital."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return the text beginning with a small letter."""
    return text[:1].lower() + text[1:]
