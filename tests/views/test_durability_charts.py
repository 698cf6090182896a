"""The curve and the booster intervals as dictionaries: what is drawn, and where."""

import json

import pytest

from analysis.durability import risk_table
from analysis.ever import product_limit
from views.results.charts import durability as charts
from views.results.charts.durability import Line


DAYS = [20, 20, 40, 60, 60, 80, 100, 100, 120, 120]
LOST = [True, False, True, False, True, False, True, False, False, False]
CURVE = product_limit(DAYS, LOST, timeline=(0,))
ALL_LOST = product_limit([10, 20, 30], [True] * 3, timeline=(0,))


def trace(figure, name):
    return next(t for t in figure["data"] if t["name"] == name)


def drawn(*curves):
    names = [("Regardless", "n regardless"), ("Until", "n to booster")]
    lines = [
        Line(name, short, curve)
        for (name, short), curve in zip(names, curves, strict=False)
    ]
    return charts.survival(lines, day_0="the last infusion", without="Still without")


def test_the_line_is_a_step_line_through_every_step():
    curve = trace(drawn(CURVE), "Regardless")
    assert curve["line"]["shape"] == "hv"
    assert curve["x"] == [step.time for step in CURVE.steps]
    assert curve["y"] == [100 * step.estimate for step in CURVE.steps]
    assert (curve["x"][0], curve["y"][0]) == (0, 100)


def test_the_other_line_differs_in_more_than_colour():
    figure = drawn(CURVE, ALL_LOST)
    asked, other = trace(figure, "Regardless"), trace(figure, "Until")
    assert (asked["line"]["dash"], other["line"]["dash"]) == ("solid", "dash")


def test_the_limits_are_those_of_each_step_and_hold_until_the_next():
    band = trace(drawn(CURVE), "95 % CI")
    points = list(zip(band["x"], band["y"], strict=True))
    for step in CURVE.steps:
        for limit in (step.lower, step.upper):
            height = 100 * (step.estimate if limit is None else limit)
            assert (step.time, pytest.approx(height)) in points
    assert max(band["x"]) == 120


def test_the_limits_go_on_to_the_day_on_which_nobody_is_left():
    band = trace(drawn(ALL_LOST), "95 % CI")
    assert max(band["x"]) == 30
    assert min(band["y"]) > 0


def test_a_mark_stands_wherever_a_last_form_without_the_event_lies():
    marks = trace(drawn(CURVE), charts.CENSORED)
    assert marks["x"] == [20, 60, 80, 100, 120]
    assert marks["text"][-1] == "Day 120: 2 followed to here, without the event"
    heights = {step.time: 100 * step.estimate for step in CURVE.steps}
    assert marks["y"] == [heights[day] for day in marks["x"]]
    assert trace(drawn(ALL_LOST), charts.CENSORED)["x"] == []


def test_the_number_still_followed_stands_under_each_tick():
    figure = drawn(CURVE, ALL_LOST)
    ticks = figure["layout"]["xaxis"]["tickvals"]
    notes = figure["layout"]["annotations"]
    for name, curve in (("n regardless", CURVE), ("n to booster", ALL_LOST)):
        heading = next(note for note in notes if note["text"] == name)
        row = [note for note in notes if note["yshift"] == heading["yshift"]]
        shown = {note["x"]: note["text"] for note in row if note["xref"] == "x"}
        assert shown == {at.day: str(at.at_risk) for at in risk_table(curve, ticks)}


def test_two_rows_of_numbers_never_lie_on_each_other():
    notes = drawn(CURVE, ALL_LOST)["layout"]["annotations"]
    below = sorted({note["yshift"] for note in notes})
    assert len(below) == 2
    assert below[1] - below[0] >= 16


@pytest.mark.parametrize("last", [0, 3, 6, 7, 60, 100, 365, 900, 5000])
def test_days_are_marked_in_whole_weeks_and_are_few(last):
    days = charts.tick_days(last)
    assert all(day % 7 == 0 for day in days)
    assert 2 <= len(days) <= charts.MOST_TICKS
    assert days[0] == 0


def test_the_hover_says_share_interval_and_how_many():
    hover = trace(drawn(CURVE), "Regardless")["text"][1]
    assert hover == "Regardless, day 20: 90 % (47–99) without; 10 followed to here"


def test_every_interval_is_in_a_bar():
    first, between = [0, 6, 7, 30], [29, 29, 100]
    early, later = charts.boosters(first, between)["data"]
    assert sum(early["y"]) == 4
    assert sum(later["y"]) == 3
    assert dict(zip(early["x"], early["y"], strict=True))["0–6"] == 2
    assert dict(zip(later["x"], later["y"], strict=True))["28–34"] == 2
    assert dict(zip(later["x"], later["y"], strict=True))["98–104"] == 1
    assert early["text"][:2] == ["2", "1"]


def test_bars_are_wider_where_boosters_are_far_apart():
    figure = charts.boosters([20], [700])
    assert figure["data"][0]["x"][:2] == ["0–27", "28–55"]
    assert figure["data"][1]["y"][-1] == 1


def test_bars_differ_in_more_than_colour():
    early, later = charts.boosters([20], [30])["data"]
    assert early["marker"]["pattern"]["shape"] != later["marker"]["pattern"]["shape"]


def test_charts_are_plain_svg_in_the_theme_s_own_ink():
    text = json.dumps([drawn(CURVE, ALL_LOST), charts.boosters([20], [30])])
    assert "scattergl" not in text
    assert "black" not in text
    assert "white" not in text
