"""How often something is so of some records, in words, for pages and files."""

from collections.abc import Iterable, Mapping, Sequence

from analysis.months import Month
from analysis.occurrences import FEWEST_PATIENTS, Occurrence
from analysis.proportions import Proportion
from analysis.suppression import PROTECTED_REST, Layout, Sum
from measures.days import day_date
from views.results.wording.numbers import (
    NO_DATA,
    interval_name,
    percent,
    percent_range,
    whole,
)


Row = Mapping[str, str]
Named = Iterable[tuple[str, Occurrence]]

INTERVAL = (
    "Records of one patient resemble each other, so the interval is a Wilson interval "
    "with fewer records than there are; where fewer than "
    f"{FEWEST_PATIENTS} patients have any, or it was never or always so, each patient "
    "counts as one record."
)
OUTSIDE = (
    "Recorded, not in the share: it is known that it was so, but a record like it "
    "where it was not so could not have been told. It is listed, and in the bounds."
)
BOUNDS = (
    "Bounds: of all records, had it been so in none of those where it is not known, "
    "and in each of them."
)
PATIENTS = (
    "Patients with at least one grow in number the more records each has: do not "
    "compare them between periods of different length."
)

LAYOUT = Layout(
    counts=("patients", "patients with", "outside"),
    sums=(Sum("patients", ("patients with",), PROTECTED_REST),),
    derived={
        "records": ("patients",),
        "known": ("patients",),
        "events": ("patients", "patients with"),
        "share": ("patients", "patients with"),
        "bounds": ("patients", "patients with", "outside"),
    },
)
"""Of `export_rows`. Whose the records are is what is protected: few records are of few
patients, and many may be."""


def export_rows(named: Named) -> dict[str, dict[str, object]]:
    """Return the rows of a table that leaves the practice, as ``LAYOUT`` says."""
    return {
        name: {
            "records": found.records,
            "known": found.known,
            "events": found.events,
            "share": found.share,
            "outside": found.outside,
            "patients": found.patients,
            "patients with": found.patients_with,
            "bounds": found.bounds,
        }
        for name, found in named
    }


def share_words(share: Proportion | None) -> str:
    """Return a share with its counts and interval, short enough for a chart.

    Examples
    --------
    >>> from analysis.proportions import wilson_proportion
    >>> share_words(wilson_proportion(14, 690)), share_words(None)
    ('2 % (1–3), 14 of 690', 'no data')
    """
    if share is None:
        return NO_DATA
    return (
        f"{percent(share.estimate)} ({percent_range(share.lower, share.upper)}), "
        f"{share.events:,} of {share.n:,}"
    )


def in_sentence(share: Proportion, of_whom: str) -> str:
    """Return a share for a sentence, as in ``14 of the 690 forms (2 %, 95 % CI 1–3)``.

    Parameters
    ----------
    share
        With its counts.
    of_whom
        Of what its n are, as in ``forms``.
    """
    interval = percent_range(share.lower, share.upper)
    return (
        f"{share.events:,} of the {share.n:,} {of_whom} ({percent(share.estimate)}, "
        f"{interval_name(share.confidence)} {interval})"
    )


def table_rows(named: Named, first: str, records: str) -> list[Row]:
    """Return a table of how often each thing is so.

    Parameters
    ----------
    named
        Each with its name.
    first
        Name of the first column.
    records
        What is counted, as in ``infusions``.
    """
    return [
        {
            first: name,
            f"Of the {records} where it is known": share_words(found.share),
            "Patients with at least one": of_patients(found),
            "Recorded, not in the share": f"{found.outside:,}",
            "Not known": f"{found.not_known - found.outside:,}",
            "Bounds": _bounds(found),
        }
        for name, found in named
    ]


def of_patients(found: Occurrence) -> str:
    """Return how many patients have at least one, for a table.

    Without an interval where a patient count is nobody's.
    """
    share = found.of_patients
    if share is None:
        return NO_DATA
    return f"{share.events:,} of {share.n:,} ({percent(share.estimate)})"


def month_name(month: Month) -> str:
    """Return a month in words, and whether it is not over.

    Examples
    --------
    >>> month_name(Month(0, 0, 30, complete=True))
    'January 1970'
    >>> month_name(Month(0, 0, 30, complete=False))
    'January 1970 (so far)'
    """
    so_far = "" if month.complete else " (so far)"
    return f"{day_date(month.first_day):%B %Y}{so_far}"


def month_ticks(months: Sequence[Month]) -> list[str]:
    """Return short names for an axis: the year under the first and each January."""
    dates = [day_date(month.first_day) for month in months]
    return [
        f"{at:%b}<br>{at:%Y}" if k == 0 or at.month == 1 else f"{at:%b}"
        for k, at in enumerate(dates)
    ]


def _bounds(found: Occurrence) -> str:
    if found.bounds is None:
        return NO_DATA
    lower, upper = found.bounds
    if whole(lower) == whole(upper):
        return percent(lower)
    return f"{percent_range(lower, upper)} %"
