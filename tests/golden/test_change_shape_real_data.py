"""Regions and falls that others published or computed; see `test_real_data_statistics`.

The expected numbers are those of ``../shared/real-data/README.md``: claus_2020, times 1
and 4, and BtheB at two months.
"""

import pandas as pd
import pytest

from analysis.change_shape import Boundary, regions_of, waterfall
from analysis.columns import COURSES
from analysis.reliable_change import cutoff_c, reliable_change_threshold
from measures.criteria import Criterion
from measures.definition import Source
from tests.course_tables import USUAL


SOURCE = Source("readme", "The README beside the data.")
HALF = Criterion(
    "half", "other", "response", "Half", "Half or more lost.", SOURCE, fall_percent=50
)


@pytest.fixture
def claus(shared_data):
    """First and last visit of the inpatients who have both."""
    visits = pd.read_csv(shared_data / "claus_2020.csv")

    def pairs(measure):
        wide = visits.pivot(index="id", columns="time", values=measure)[[1, 4]].dropna()
        found = wide.set_axis(["baseline", "total"], axis="columns")
        return found.assign(course_id=range(len(found)))

    return pairs


def boundary(points, reliability):
    sd = points["baseline"].std()
    return Boundary(
        "claus",
        "Claus 2020",
        "As published.",
        SOURCE,
        threshold=reliable_change_threshold(sd, reliability),
        reliability=reliability,
        sd=sd,
    )


def counted(points, reliability, cutoff):
    found = regions_of(points, boundary(points, reliability), cutoff)
    assert {region.share.n for region in found.regions} == {40}
    return [(r.outcome, r.share.events) for r in found.regions]


def test_claus_bdi_falls_into_the_published_regions(claus):
    bdi = claus("bdi")
    spread = bdi["baseline"].mean(), bdi["baseline"].std()
    cutoff = cutoff_c(*spread, mean_norm=7.69, sd_norm=7.52)
    assert round(cutoff, 2) == 21.02
    assert counted(bdi, 0.801, cutoff) == [
        ("recovered", 10),
        ("improved", 8),
        ("unchanged", 22),
        ("deteriorated", 0),
    ]


def test_claus_hamd_falls_into_the_published_regions(claus):
    assert counted(claus("hamd"), 0.80, None) == [
        ("recovered", 0),
        ("improved", 29),
        ("unchanged", 10),
        ("deteriorated", 1),
    ]


@pytest.mark.parametrize(
    ("measure", "responders"), [("bdi", 11), ("hamd", 16)], ids=["BDI", "HAM-D"]
)
def test_the_waterfall_of_claus_has_the_responders_at_its_low_end(
    claus, measure, responders
):
    rows = fall(claus(measure)).rows
    assert len(rows) == 40
    assert (rows["state"] == "event").tail(responders).all()
    assert (rows["state"] == "event").sum() == responders


@pytest.mark.parametrize(
    ("arm", "responders", "observed"), [("TAU", 9, 45), ("BtheB", 16, 52)]
)
def test_the_waterfall_of_beat_the_blues_has_its_responders_and_its_missing(
    shared_data, arm, responders, observed
):
    people = pd.read_csv(shared_data / "BtheB.csv").query("treatment == @arm")
    renamed = people.rename(columns={"bdi.pre": "baseline", "bdi.2m": "total"})
    found = fall(renamed.assign(course_id=range(len(renamed))))
    assert (found.rows["state"] == "event").sum() == responders
    assert (found.measured, found.due) == (observed, len(people))


def fall(points):
    frame = points.assign(
        **{k: v for k, v in USUAL.items() if k not in ("baseline", "total")},
    ).assign(
        patient_id=points["course_id"].astype("str"),
        score_day=60,
        due_day=60,
    )[[c.name for c in COURSES.columns]]
    return waterfall(frame, HALF, timepoint="visit", eligible_at_least=0, as_of_day=60)
