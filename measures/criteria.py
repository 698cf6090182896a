"""When a change counts: named rules, each with its source.

Several rules for the same thing are in print and disagree. All are here under their
own code; one per measure and kind is the default and says why.
"""

from dataclasses import dataclass
from typing import Any

from measures.definition import Source
from measures.sources import (
    BLANCHARD_2023,
    BOVIN_2016,
    CMS159,
    FEDER_2021,
    LOWE_2004,
    MARX_2022,
    MCINNES_2022,
    MCMILLAN_2010,
    MINDSTEP_2018,
    PFEIFFER_2024,
    TRANSFORM_2021,
)


KINDS = ("response", "remission", "change", "recovery")


@dataclass(frozen=True)
class Criterion:
    """A rule on a baseline and a later total; every limit that is set must hold."""

    code: str
    measure: str
    kind: str
    name: str
    sentence: str
    source: Source
    fall_percent: int | None = None
    """At least this share of the baseline lost, in percent."""
    points: int | None = None
    """At least this many points lower than baseline."""
    highest_total: int | None = None
    """A total at or below this."""
    default: bool = False
    reason: str = ""
    """Why this one is the default, or what is contested about it."""

    def met(self, baseline: Any, total: Any) -> Any:
        """Return whether the rule holds.

        Parameters
        ----------
        baseline, total
            Points; single numbers or arrays of the same shape. Where either is
            missing (NaN) the answer is False; count what was measured separately.
            From a baseline of 0 there is nothing to lose, so no fall is met.
        """
        held = (total >= 0) & (baseline >= 0)
        if self.fall_percent is not None:
            fall = 100 * (baseline - total)
            held = held & (baseline > 0) & (fall >= self.fall_percent * baseline)
        if self.points is not None:
            held = held & (baseline - total >= self.points)
        if self.highest_total is not None:
            held = held & (total <= self.highest_total)
        return held


PHQ9_CRITERIA = (
    Criterion(
        "phq9_response_50",
        "phq9",
        "response",
        "Response (50 % fall)",
        "The PHQ-9 total is at least 50 % lower than at baseline.",
        MCINNES_2022,
        fall_percent=50,
        default=True,
        reason="The rule of every PHQ-9 ketamine study in the catalogue.",
    ),
    Criterion(
        "phq9_response_50_and_le9",
        "phq9",
        "response",
        "Clinically significant change (50 % fall and 9 or less)",
        "The PHQ-9 total is at least 50 % lower than at baseline, and 9 or less.",
        MCMILLAN_2010,
        fall_percent=50,
        highest_total=9,
        reason="Stricter than response: the patient also leaves the moderate range.",
    ),
    Criterion(
        "phq9_remission_lt5",
        "phq9",
        "remission",
        "Remission (below 5)",
        "The PHQ-9 total is below 5.",
        CMS159,
        highest_total=4,
        default=True,
        reason="The rule of CMS159, HEDIS, MNCM and McInnes 2022.",
    ),
    Criterion(
        "phq9_remission_le5",
        "phq9",
        "remission",
        "Remission (5 or less)",
        "The PHQ-9 total is 5 or less.",
        PFEIFFER_2024,
        highest_total=5,
        reason="One point easier; used by the VA study only.",
    ),
    Criterion(
        "phq9_change_5",
        "phq9",
        "change",
        "5 points lower",
        "The PHQ-9 total is at least 5 points lower than at baseline.",
        LOWE_2004,
        points=5,
        reason=(
            "Two standard errors of measurement; below a 95 % reliable change "
            "computed from the same error."
        ),
    ),
    Criterion(
        "phq9_change_6",
        "phq9",
        "change",
        "6 points lower",
        "The PHQ-9 total is at least 6 points lower than at baseline.",
        TRANSFORM_2021,
        points=6,
        default=True,
        reason=(
            "Anchored on clinicians' ratings in treatment-resistant depression; also "
            "the reliable change of NHS Talking Therapies."
        ),
    ),
    Criterion(
        "phq9_below_10",
        "phq9",
        "recovery",
        "Below 10",
        "The PHQ-9 total is below 10.",
        MINDSTEP_2018,
        highest_total=9,
        default=True,
        reason="The PHQ-9 half of recovery in NHS Talking Therapies.",
    ),
)

_NO_AGREED_REMISSION = "There is no agreed remission score on the PCL-5. "

PCL5_CRITERIA = (
    Criterion(
        "pcl5_response_30",
        "pcl5",
        "response",
        "Response (30 % fall)",
        "The PCL-5 total is at least 30 % lower than at baseline.",
        FEDER_2021,
        fall_percent=30,
        default=True,
        reason=(
            "The share used with the CAPS-5 by the repeated-infusion trial and with "
            "the PCL-5 by the one series that reports each infusion. Easier than the "
            "50 % used in depression."
        ),
    ),
    Criterion(
        "pcl5_change_9",
        "pcl5",
        "change",
        "9 points lower",
        "The PCL-5 total is at least 9 points lower than at baseline.",
        BLANCHARD_2023,
        points=9,
        reason="Low end of the minimal important difference in primary care.",
    ),
    Criterion(
        "pcl5_change_12",
        "pcl5",
        "change",
        "12 points lower",
        "The PCL-5 total is at least 12 points lower than at baseline.",
        BLANCHARD_2023,
        points=12,
        reason="High end of the minimal important difference in primary care.",
    ),
    Criterion(
        "pcl5_change_15",
        "pcl5",
        "change",
        "15 points lower",
        "The PCL-5 total is at least 15 points lower than at baseline.",
        MARX_2022,
        points=15,
        default=True,
        reason=(
            "Reliable change in the larger of two trials (n = 198); for scores weeks "
            "apart, as here, a stricter reading than 9 to 12."
        ),
    ),
    Criterion(
        "pcl5_change_18",
        "pcl5",
        "change",
        "18 points lower",
        "The PCL-5 total is at least 18 points lower than at baseline.",
        MARX_2022,
        points=18,
        reason="Reliable change in the smaller of the same two trials (n = 102).",
    ),
    Criterion(
        "pcl5_final_le28",
        "pcl5",
        "remission",
        "28 or less",
        "The PCL-5 total is 28 or less.",
        MARX_2022,
        highest_total=28,
        default=True,
        reason=_NO_AGREED_REMISSION
        + "28 or less is the end state derived in the two trials of Marx 2022.",
    ),
    Criterion(
        "pcl5_below_31",
        "pcl5",
        "remission",
        "Below 31",
        "The PCL-5 total is below 31, the low end of the probable-PTSD cut-points.",
        BOVIN_2016,
        highest_total=30,
        reason=_NO_AGREED_REMISSION + "31 to 33 are cut-points for probable PTSD.",
    ),
    Criterion(
        "pcl5_below_33",
        "pcl5",
        "remission",
        "Below 33",
        "The PCL-5 total is below 33, the high end of the probable-PTSD cut-points.",
        BOVIN_2016,
        highest_total=32,
        reason=_NO_AGREED_REMISSION + "31 to 33 are cut-points for probable PTSD.",
    ),
)


@dataclass(frozen=True)
class Eligibility:
    """Baseline needed to be counted in a rate: ``at_least`` points."""

    measure: str
    at_least: int
    sentence: str
    source: Source


PHQ9_ELIGIBILITY = Eligibility("phq9", 10, "PHQ-9 of 10 or more at baseline.", CMS159)
PCL5_ELIGIBILITY = Eligibility(
    "pcl5", 31, "PCL-5 of 31 or more at baseline.", BOVIN_2016
)

# Low and high end of the published cut-points for probable PTSD.
PCL5_CUT_POINTS = (31, 33)
PCL5_CUT_POINTS_SOURCE = BOVIN_2016
