"""The charts at a glance and by infusion: they draw what the tables say."""

import plotly.graph_objects as go
import pytest

from analysis.by_infusion import Attendance
from analysis.ever import DAYS, EverCurve, Step
from analysis.glance import at_a_glance, by_quarter
from measures.registry import CRITERIA
from tests.course_tables import courses
from views.results.charts import by_infusion, glance
from views.results.wording import glance as wording


RESPONSE = CRITERIA["phq9_response_50"]
TABLE = """
    course_id | indication | baseline | total | score_day | due_day | first_day
    ----------+------------+----------+-------+-----------+---------+----------
    1         | depression | 20       | 4     | 30        | 32      | 0
    2         | depression | 20       | 18    | 30        | 32      | 0
    3         | depression | 20       |       |           | 32      | 0
    4         | both       | 20       | 4     | 130       | 132     | 95
    5         | ptsd       |          |       |           | 132     | 95
    6         | depression | 20       | 4     | 390       | 410     | 370
"""
ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 400}


@pytest.fixture
def glances():
    return at_a_glance(courses(TABLE), measure="phq9", **ASKED)


@pytest.fixture
def quarters():
    return by_quarter(courses(TABLE), RESPONSE, **ASKED)


ATTENDED = (
    Attendance(1, measured=8, not_measured=2, not_due=0, stopped=0, to_come=0),
    Attendance(2, measured=4, not_measured=1, not_due=1, stopped=3, to_come=1),
)
CURVE = EverCurve(
    unit=DAYS,
    eligible=10,
    measured=9,
    events=5,
    steps=(Step(3, 9, 0, 0.0, None, None), Step(7, 8, 2, 0.25, 0.1, 0.6)),
    confidence=0.95,
    method="",
    criterion=RESPONSE.code,
    measure="phq9",
    recall_window="two_weeks",
    eligible_at_least=10,
    as_of_day=0,
)


def traces(figure):
    return {trace.get("name"): trace for trace in figure["data"]}


def test_each_dot_is_a_share_of_the_table(glances):
    drawn = traces(glance.glance(glances))
    assert set(drawn) == {
        wording.BOUNDS_NAME,
        "Everybody",
        "Depression",
        "Depression and PTSD",
    }
    responded = glances[0].responded
    place = drawn["Everybody"]["text"].index("Everybody: responded 75 % of 4 (30–95)")
    assert drawn["Everybody"]["x"][place] == pytest.approx(75)
    upper = drawn["Everybody"]["error_x"]["array"][place]
    assert 75 + upper == pytest.approx(100 * responded.observed.upper)


def test_the_pale_bars_reach_from_bound_to_bound(glances):
    drawn = traces(glance.glance(glances))[wording.BOUNDS_NAME]
    none, all_of_them = glances[0].responded.bounds
    assert [100 * none, 100 * all_of_them, None] == drawn["x"][:3]
    assert drawn["y"][:2] == [traces(glance.glance(glances))["Everybody"]["y"][2]] * 2


def test_indications_differ_in_shape_and_nobody_measured_is_left_out(glances):
    drawn = glance.glance(glances)["data"][1:]
    shapes = [trace["marker"]["symbol"] for trace in drawn]
    assert len(set(shapes)) == len(shapes) == 3
    assert "PTSD" not in [trace["name"] for trace in drawn]


def test_no_two_dots_lie_on_one_line(glances):
    heights = [y for trace in glance.glance(glances)["data"][1:] for y in trace["y"]]
    assert len(set(heights)) == len(heights)


def test_an_incomplete_quarter_is_hollow(quarters):
    rate, completeness = glance.trend(quarters)["data"]
    assert rate["marker"]["symbol"] == ["circle", "circle", "circle-open"]
    assert completeness["marker"]["symbol"][-1] == "diamond-open"
    assert rate["line"]["dash"] != completeness["line"]["dash"]


def test_n_measured_and_due_stand_under_each_quarter(quarters):
    notes = [a["text"] for a in glance.trend(quarters)["layout"]["annotations"]]
    assert notes == [
        "n measured",
        *("2", "1", "0", "0", "1"),
        "n due",
        *("3", "1", "0", "0", "1"),
    ]


def test_of_many_quarters_the_latest_are_drawn(quarters):
    layout = glance.trend(quarters * 10)["layout"]
    assert len(layout["xaxis"]["tickvals"]) == glance.QUARTERS_SHOWN


def test_a_bar_is_every_eligible_course_in_its_parts():
    figure = by_infusion.attendance(ATTENDED)
    heights = [
        sum(part) for part in zip(*(t["y"] for t in figure["data"]), strict=True)
    ]
    assert heights == [at.eligible for at in ATTENDED]
    looks = [
        (t["marker"]["color"], t["marker"]["pattern"]["shape"]) for t in figure["data"]
    ]
    assert len(set(looks)) == len(looks)
    shapes = [shape for _, shape in looks]
    assert len(set(shapes)) >= 4, "told apart without colour"


def test_the_curve_by_days_begins_at_none_and_has_n_under_it():
    figure = by_infusion.by_days(CURVE, 14)
    line = traces(figure)["Met it at least once (Kaplan-Meier)"]
    assert line["x"] == [0, 3, 7]
    assert line["y"] == [0, 0, 25]
    notes = [a["text"] for a in figure["layout"]["annotations"]]
    assert notes == ["n not met before", "9", "8", "0"]


def test_every_chart_is_valid_for_plotly(glances, quarters):
    for figure in (
        glance.glance(glances),
        glance.trend(quarters),
        by_infusion.attendance(ATTENDED),
        by_infusion.by_days(CURVE, 42),
    ):
        go.Figure(figure)
