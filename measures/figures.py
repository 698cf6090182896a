"""What a published figure consists of: a study, its numbers, how to compare them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar


Condition = Literal["depression", "ptsd", "both"]
Evidence = Literal[
    "routine care",
    "open-label",
    "randomised, blinded",
    "randomised, open-label",
    "meta-analysis",
]
Outcome = Literal["response", "remission"]
Rater = Literal["self-report", "clinician", "not stated"]
Tier = Literal["direct", "approximate", "context"]
Verification = Literal[
    "abstract",
    "table in the paper",
    "trial registry",
    "preprint abstract",
    "company page",
    "second-hand",
]
Denominator = Literal["measured", "started", "protocol_measured", "reached_infusion"]
"""Of whom our rate is taken, to come nearest to the study's.

measured
    Courses with a score at the time point.
started
    Courses that are due, the unmeasured counted as not having the outcome.
protocol_measured
    Measured, after an induction of 4 to 8 infusions in 7 to 28 days.
reached_infusion
    Measured, among courses that were given the infusion of the time point.
"""
Counted = Literal["now", "ever", "now and ever"]
Lost = Literal["loss of response", "relapse"]
Verdict = Literal["right", "right study, wrong reference", "not supported"]

EVER_WITHIN_42_DAYS = "ever_within_42_days"
"""Stands where a time point stands: reached at any time up to day 42."""


@dataclass(frozen=True)
class Study:
    """One published study, as far as it was read."""

    code: str
    name: str
    """Short name for charts and tables; unique."""
    citation: str
    design: str
    evidence: Evidence
    condition: Condition
    drug: str
    route: str
    setting: str = ""
    population: str = ""
    dose: str = ""
    schedule: str = ""
    doi: str = ""
    pmid: str = ""
    registry: str = ""
    note: str = ""


@dataclass(frozen=True)
class ArmRate:
    """A rate in one arm, as printed."""

    outcome: Outcome
    percent: float
    events: int | None = None
    n: int | None = None
    """Of how many the percentage is; None when that was not seen: no interval."""
    counts_derived: bool = False
    """True when events or n were worked back from the percentage: "about"."""


@dataclass(frozen=True, kw_only=True)
class PublishedRate(ArmRate):
    """A response or remission rate and the rule it was counted by."""

    definition: str
    definition_seen: bool = True
    percent_interval: tuple[float, float] | None = None
    criterion: str | None = None
    """Code of our nearest criterion; None when the rule was not seen or has none."""

    @property
    def drawable(self) -> bool:
        """Whether a practice rate may be drawn beside it."""
        return self.criterion is not None


@dataclass(frozen=True)
class PublishedChange:
    """Means before and after, in points; a negative change is better."""

    mean: float | None = None
    interval: tuple[float, float] | None = None
    sd: float | None = None
    n: int | None = None
    baseline_mean: float | None = None
    baseline_sd: float | None = None
    endpoint_mean: float | None = None
    endpoint_sd: float | None = None


R = TypeVar("R", bound=ArmRate)


@dataclass(frozen=True)
class ControlArm:
    """What the treated were compared with."""

    name: str
    n: int | None = None
    rates: tuple[ArmRate, ...] = ()
    change: PublishedChange | None = None

    def rate(self, outcome: str) -> ArmRate | None:
        """Return the rate for this outcome, or None where there is none."""
        return _of_outcome(self.rates, outcome)


@dataclass(frozen=True)
class Recut:
    """How a practice's own number is counted to stand beside a figure."""

    measure: str
    recall_window: str
    timepoint: str
    """Code of a time point, or ``EVER_WITHIN_42_DAYS``."""
    denominator: Denominator
    counted: Counted = "now"
    """Responding now, ever so far, or both where the study does not say which."""


@dataclass(frozen=True)
class PublishedFigure:
    """One result of a study at one time point, and what must be said beside it."""

    code: str
    study: Study
    measure: str
    rater: Rater
    timepoint: str
    denominator: str
    tier: Tier
    sentence: str
    """What must stand beside the figure wherever it is shown."""
    verification: Verification
    source: str
    """Where the numbers were read: an address, or a description."""
    treated: int | None = None
    analysed: int | None = None
    """People in the analysis, not always those with a score at the time point."""
    rates: tuple[PublishedRate, ...] = ()
    change: PublishedChange | None = None
    between_group: str = ""
    control: ControlArm | None = None
    recut: Recut | None = None
    negative: bool = False
    """True for a trial that found no benefit over its comparator."""
    note: str = ""

    @property
    def source_url(self) -> str | None:
        """The address of the source, or None where it is only a description."""
        return address(self.source)

    def rate(self, outcome: str) -> PublishedRate | None:
        """Return the rate for this outcome, or None where there is none."""
        return _of_outcome(self.rates, outcome)


@dataclass(frozen=True)
class StillWell:
    """Share without the event some days after the start, as printed."""

    days: int
    percent: float
    about: bool = False
    """True where the source says "approximately"."""


@dataclass(frozen=True, kw_only=True)
class PublishedDurability:
    """How long a benefit lasted in a study, as printed, and what must be said of it."""

    code: str
    study: Study
    outcome: Lost
    measure: str
    """What it was rated on."""
    rater: Rater
    shown_with: str
    """Code of our measure that it is shown with."""
    followed: str
    """Who was followed."""
    day_0: str
    """From when the days are counted."""
    boosters: str
    """What is known of infusions during the follow-up."""
    definition: str
    definition_seen: bool = True
    n: int | None = None
    """How many were followed; None when that was not seen."""
    n_derived: bool = False
    """True when n was worked back from a percentage: "about"."""
    median_days: float | None = None
    shares: tuple[StillWell, ...] = ()
    rule: str | None = None
    """Code of our nearest rule; None when theirs was not seen or has none."""
    sentence: str
    """What must stand beside it wherever it is shown."""
    verification: Verification
    source: str
    """Where the numbers were read: an address, or a description."""
    note: str = ""

    @property
    def source_url(self) -> str | None:
        """The address of the source, or None where it is only a description."""
        return address(self.source)


@dataclass(frozen=True)
class CitedRates:
    """Two rates as the practice article gives them, without a source."""

    outcome: Outcome
    timepoint: str
    treated_percent: float
    control: str
    control_percent: float
    label: str


@dataclass(frozen=True)
class Citation:
    """One citation of the practice article, and what was found behind it."""

    name: str
    as_cited: str
    claim: str
    verdict: Verdict
    explanation: str
    true_reference: str
    figures: tuple[str, ...] = ()
    """Codes of the figures that match the citation or stand in its place."""
    rates: CitedRates | None = None

    @property
    def supported(self) -> bool:
        """Whether the study named says something like what it is cited for."""
        return self.verdict != "not supported"


@dataclass(frozen=True)
class ProtocolNote:
    """What the practice article says of its protocol, and what was found."""

    claim: str
    finding: str


def address(source: str) -> str | None:
    """Return a source that is an address, or None where it is a description."""
    return source if source.startswith(("https://", "http://")) else None


def _of_outcome(rates: Iterable[R], outcome: str) -> R | None:
    return next((rate for rate in rates if rate.outcome == outcome), None)
