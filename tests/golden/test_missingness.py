"""The approaches to the missing on the Beat the Blues trial, where half dropped out."""

import pandas as pd
import pytest

from analysis.missingness import (
    BEST,
    CARRIED,
    FAILURE,
    OBSERVED,
    side_by_side,
    who_is_missing,
)
from measures.criteria import Criterion
from measures.definition import Source
from tests.course_tables import USUAL


# The BDI-II has 63 points at most, so the 80 of the PCL-5 never bind.
HALF = Criterion(
    "half", "pcl5", "response", "Half", "Half lost.", Source("r", "R."), fall_percent=50
)
VISITS = ["bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]
ASKED = {"timepoint": "month_6", "eligible_at_least": 0, "as_of_day": 300}

# Responders of those observed, both arms, from the README beside the data; those who
# responded at the last visit up to then, counted with
#   d[VISITS[: k + 1]].ffill(axis=1).iloc[:, -1].mul(2).le(d["bdi.pre"]).sum()
EXPECTED = {
    "bdi.3m": (12 + 18, 36 + 37, 33),
    "bdi.5m": (11 + 17, 29 + 29, 36),
    "bdi.8m": (12 + 19, 25 + 27, 41),
}


@pytest.fixture
def trial(shared_data):
    return pd.read_csv(shared_data / "BtheB.csv")


def frames(trial, visit):
    courses = pd.DataFrame(
        {
            **USUAL,
            "course_id": trial["subject"],
            "patient_id": trial["subject"].astype(str),
            "clinician": trial["treatment"],
            "indication": trial["drug"].map({"Yes": "both", "No": "depression"}),
            "baseline": trial["bdi.pre"],
            "total": trial[visit],
            "score_day": trial[visit].where(trial[visit].isna(), 150),
            "due_day": 243,
        }
    )
    earlier = VISITS[1 : VISITS.index(visit)]
    scores = pd.concat(
        trial[["subject", name]]
        .set_axis(["course_id", "total"], axis="columns")
        .assign(day=20 * (number + 1))
        for number, name in enumerate(earlier)
    )
    return courses, scores.dropna()


@pytest.mark.parametrize("visit", EXPECTED)
def test_counts_by_each_approach(trial, visit):
    found = side_by_side(*frames(trial, visit), HALF, **ASKED)
    responded, observed, carried = EXPECTED[visit]
    rates = {e.approach.code: (e.rate.events, e.rate.n) for e in found.estimates[:4]}
    assert rates == {
        OBSERVED.code: (responded, observed),
        CARRIED.code: (carried, 100),
        FAILURE.code: (responded, 100),
        BEST.code: (responded + 100 - observed, 100),
    }
    assert len(found.carried_from_baseline) == 3


@pytest.mark.parametrize("visit", EXPECTED)
def test_imputed_shares_lie_where_they_must(trial, visit):
    found = side_by_side(*frames(trial, visit), HALF, **ASKED)
    observed = found.of(OBSERVED).rate.estimate
    # Those who dropped out had fallen less: taking them along lowers the share.
    assert found.shifted.rate.estimate < found.imputation.rate.estimate < observed
    assert found.imputation.rate.estimate > found.of(FAILURE).rate.estimate


def test_those_who_dropped_out_had_fallen_less_by_then(trial):
    """Welch limits as ``scipy.stats.ttest_ind(equal_var=False)`` of SciPy 1.17.1."""
    who = who_is_missing(*frames(trial, "bdi.5m"), measure="pcl5", **ASKED)
    change = who.means[-1]
    found = (change.difference, change.lower, change.upper)
    assert found == pytest.approx((3.7824934, -0.0380232, 7.6030099), abs=1e-6)
    assert (change.measured.n, change.missing.n) == (58, 39)
