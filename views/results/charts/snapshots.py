"""A saved rate drawn beside what its question gives now."""

from analysis.outcomes import OutcomeRate
from views.results.charts.outcomes import PRACTICE, Entry, Mark, Section
from views.results.counts.snapshots import Opened
from views.results.wording.numbers import (
    day_text,
    interval_name,
    percent,
    percent_range,
)
from views.results.wording.snapshots import rate_name, rates


def sections(opened: Opened) -> list[Section]:
    """Return the rate then and now as lines of a forest plot."""
    entries = tuple(
        Entry(name, f"as of {day_text(rate.as_of_day)}", (rate_mark(rate),))
        for name, rate in rates(opened).items()
    )
    return [Section(rate_name(opened.saved), entries)]


def rate_mark(rate: OutcomeRate) -> Mark:
    """Return a rate as a line of a forest plot, or why it is none."""
    share = rate.observed
    if share is None:
        return Mark(PRACTICE, f"No rate: {rate.measured} of {rate.due} due measured")
    words = (
        f"{percent(share.estimate)} of {share.n} measured "
        f"({interval_name(share.confidence)} "
        f"{percent_range(share.lower, share.upper)})"
    )
    limits = (100 * share.estimate, 100 * share.lower, 100 * share.upper)
    return Mark(PRACTICE, words, *limits)
