"""The charts of change as dictionaries: what is drawn, and that words say the same."""

import itertools
import json

import pandas as pd
import plotly.graph_objects as go
import pytest

from analysis.change_shape import (
    answer_changes,
    change_regions,
    every_criterion,
    waterfall,
)
from measures.phq9 import PHQ9
from measures.registry import CRITERIA
from tests.answer_tables import answers
from tests.course_tables import courses
from views.results.charts import change as charts
from views.results.charts.dots import Axis, Dot, dots, share_dot


ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 100}
RESPONSE = CRITERIA["phq9_response_50"]
FIVE = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
            1 |       20 |     4 |        30 |      45
            2 |       20 |     4 |        30 |      45
            3 |       20 |    12 |        30 |      45
            4 |       20 |    19 |        30 |      45
            5 |       20 |    26 |        30 |      45
            6 |       20 |       |           |      45
"""


def regions():
    return change_regions(courses(FIVE), measure="phq9", **ASKED)


def scatter(boundary=0):
    found = regions()
    return charts.baseline_against_score(found, found.by_boundary[boundary], PHQ9)


def trace(figure, name):
    return next(t for t in figure["data"] if t["name"] == name)


def valid(figure):
    """Return the figure, of which Plotly knows every part."""
    go.Figure(figure)
    json.dumps(figure)
    return figure


# The waterfall.


def test_a_bar_for_each_measured_course_the_greatest_rise_first():
    found = waterfall(courses(FIVE), RESPONSE, **ASKED)
    figure = valid(charts.waterfall(found, 50))
    met, not_met = trace(figure, "Criterion met"), trace(figure, "Not met")
    assert not_met["y"] == [30, -5, -40]
    assert met["y"] == [-80, -80]
    assert not_met["x"] + met["x"] == [0, 1, 2, 3, 4]
    assert not_met["text"][0] == "20 → 26: +30 %"
    assert met["marker"]["pattern"] != not_met["marker"]["pattern"]


@pytest.mark.parametrize(("asked", "lines"), [(50, [-50]), (None, [])])
def test_a_line_where_a_criterion_asks_for_a_fall(asked, lines):
    found = waterfall(courses(FIVE), RESPONSE, **ASKED)
    shapes = charts.waterfall(found, asked)["layout"]["shapes"]
    assert [shape["y0"] for shape in shapes] == lines


def test_the_axis_says_that_lower_is_better():
    found = waterfall(courses(FIVE), RESPONSE, **ASKED)
    axis = charts.waterfall(found)["layout"]["yaxis"]["title"]["text"]
    assert "lower is better" in axis
    assert "lower is better" in scatter()["layout"]["yaxis"]["title"]["text"]


def test_many_courses_are_drawn_at_even_distances_with_both_ends():
    rows = pd.DataFrame({"percent": range(10_000)})
    drawn = charts.spread_out(rows)["percent"].tolist()
    assert len(drawn) == charts.MOST_BARS
    assert (drawn[0], drawn[-1]) == (0, 9_999)
    steps = {b - a for a, b in itertools.pairwise(drawn)}
    assert max(steps) - min(steps) <= 1


def test_few_courses_are_all_drawn():
    rows = pd.DataFrame({"percent": range(charts.MOST_BARS)})
    assert charts.spread_out(rows) is rows


# Baseline against score.


def test_a_marker_for_each_pair_of_totals_larger_where_two_are_on_it():
    figure = valid(scatter())
    recovered, improved = trace(figure, "Recovered"), trace(figure, "Improved")
    assert (recovered["x"], recovered["y"]) == ([20], [4])
    assert recovered["text"] == ["2 courses: 20 → 4, recovered"]
    assert recovered["marker"]["size"][0] > improved["marker"]["size"][0]


def test_every_region_has_a_marker_of_its_own():
    drawn = [t for t in scatter()["data"] if t["mode"] == "markers"]
    assert [t["name"] for t in drawn] == [
        "Recovered",
        "Improved",
        "Unchanged",
        "Deteriorated",
    ]
    assert len({t["marker"]["symbol"] for t in drawn}) == 4


@pytest.mark.parametrize(("boundary", "threshold"), [(0, 5.5), (1, 4.5)])
def test_the_lines_are_those_of_the_boundary(boundary, threshold):
    name = f"Reliable change: at least {round(threshold + 0.5)} points"
    line = trace(scatter(boundary), name)
    assert line["x"] == [threshold, 27, None, 0, 27 - threshold]
    assert line["y"] == [0, 27 - threshold, None, threshold, 27]


def test_the_cut_off_lies_between_two_totals():
    line = trace(scatter(), "Cut-off: 9 or less is functional")
    assert line["y"] == [9.5, 9.5]


# Dots.


def test_a_dot_and_words_for_every_criterion():
    rates = every_criterion(courses(FIVE), measure="phq9", **ASKED)
    figure = valid(charts.criteria(rates))
    (shown,) = figure["data"]
    assert shown["x"] == pytest.approx([100 * r.observed.estimate for r in rates])
    words = [note["text"] for note in figure["layout"]["annotations"]]
    assert "40 % of 5 (12–77)" in words
    assert figure["layout"]["xaxis"]["range"] == [-2, 102]


def test_items_are_drawn_in_the_order_given_with_n():
    known = answers(
        """
        course_id | baseline_answers | answers
        ----------+------------------+----------
        1         | 333333200        | 111100000
        """
    )
    found = answer_changes(courses(FIVE), known, measure=PHQ9, **ASKED)
    figure = valid(charts.items(found.items))
    (shown,) = figure["data"]
    assert shown["x"] == [-2, -2, -2, -2, -3, -3, -2, 0, 0]
    words = [note["text"] for note in figure["layout"]["annotations"]]
    assert "−2.0 (no interval), n 1" in words


def test_a_number_that_is_not_known_is_words_only():
    rows = [Dot("a", "no data"), Dot("b", "2", 2.0, 1.0, 4.0)]
    figure = valid(dots(rows, Axis("Points", line_at=0)))
    (shown,) = figure["data"]
    assert shown["x"] == [2.0]
    assert shown["error_x"]["array"] == [2.0]
    assert shown["error_x"]["arrayminus"] == [1.0]
    texts = {note["text"] for note in figure["layout"]["annotations"]}
    assert texts == {"a", "no data", "b", "2"}


def test_what_is_typed_is_never_markup():
    figure = dots([share_dot("<b>Lee</b>", "no data", None)], Axis("Share"))
    assert figure["layout"]["annotations"][0]["text"] == "&lt;b&gt;Lee&lt;/b&gt;"


def test_quartiles_lie_behind_the_mean_and_are_named():
    row = Dot("a", "x", -4.0, -5.0, -3.0, quartiles=(-8.0, -3.0, -1.0))
    figure = valid(dots([row], Axis("Points", solid="Mean")))
    half, median, mean = figure["data"]
    assert half["x"] == [-8.0, -1.0, None]
    assert half["name"] == "Middle half of the courses, line at the median"
    assert (median["x"], mean["x"]) == ([-3.0], [-4.0])


def test_a_long_name_makes_its_line_taller():
    short, long = Dot("a", "x", 1.0), Dot("a name " * 12, "x", 1.0)
    one = dots([short], Axis("Points"))["layout"]["height"]
    assert dots([long], Axis("Points"))["layout"]["height"] > one
