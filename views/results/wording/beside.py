"""The practice beside published figures, in words, tables and files."""

from collections.abc import Iterable, Mapping

from analysis.change import MeanChange
from analysis.comparison import (
    CHANGE,
    PROTOCOL_DAYS,
    PROTOCOL_INFUSIONS,
    Comparison,
    Refusal,
)
from analysis.ever import Step
from analysis.proportions import Difference, Proportion
from analysis.suppression import PROTECTED_REST, Layout, Sum
from measures.figures import Citation, PublishedFigure
from measures.registry import ELIGIBILITY
from views.results.counts import overlap
from views.results.wording.numbers import (
    interval_name,
    percent,
    percent_range,
    percentage_points,
    points,
    points_range,
    share_of,
)
from views.results.wording.outcomes import ever_text
from views.results.wording.published import (
    NOTHING,
    READ_WITH,
    as_cited_text,
    change_text,
    control_text,
    rate_text,
    scale_and_time,
    title,
)
from views.wording import lower_first, upper_first


Result = Comparison | Refusal

NO_RATE_SEEN = "no {outcome} rate was seen"

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
