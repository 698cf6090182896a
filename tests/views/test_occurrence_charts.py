"""Charts of shares, of months and of a curve: what is drawn is what was counted."""

import plotly.graph_objects as go
import pytest

from analysis.months import Month
from analysis.proportions import wilson_proportion
from analysis.safety import (
    AlertMonth,
    alert_flow,
    item_9_by_month,
    item_9_resolution,
)
from tests.record_tables import HOUR, alerts, item_9_forms
from views.results.charts import safety as charts
from views.results.charts.occurrences import shares


FEW = wilson_proportion(2, 100)
MOST = wilson_proportion(95, 100)


def words(figure):
    return [note["text"] for note in figure["layout"]["annotations"]]


@pytest.mark.parametrize(
    ("share", "end"),
    [(FEW, 20), (wilson_proportion(30, 100), 40), (MOST, 100), (None, 100)],
)
def test_the_axis_ends_where_the_highest_interval_does(share, end):
    figure = shares([("Nausea", share)], "Share")
    go.Figure(figure)
    before, after = figure["layout"]["xaxis"]["range"]
    assert before < 0
    assert end < after <= 1.03 * end


def test_every_share_has_its_words_and_nothing_is_drawn_without_one():
    figure = shares([("Nausea", FEW), ("Headache", None)], "Share")
    assert "2 % (1–7), 2 of 100" in words(figure)
    assert "no data" in words(figure)
    (trace,) = [t for t in figure["data"] if t.get("x")]
    assert trace["x"] == [2.0]


FORMS = """
id | patient_id | day | item_9
---+------------+-----+-------
1  | a          | 5   | 1
2  | b          | 6   | 0
3  | a          | 70  |
"""


def test_a_month_without_an_answer_has_its_n_and_no_dot():
    months = item_9_by_month(item_9_forms(FORMS), as_of_day=75)
    figure = charts.item_9_by_month(months)
    go.Figure(figure)
    whole, so_far = figure["data"]
    assert (whole["x"], whole["y"]) == ([0], [50.0])
    assert so_far["x"] == []
    assert words(figure) == ["n forms", "2", "0", "0"]


def test_only_the_latest_months_are_drawn():
    forms = item_9_forms(FORMS)
    months = item_9_by_month(forms, as_of_day=1500)
    figure = charts.item_9_by_month(months)
    assert len(months) > charts.MOST_MONTHS
    assert len(figure["layout"]["xaxis"]["tickvals"]) == charts.MOST_MONTHS


def test_alerts_of_a_month_are_drawn_beside_each_other():
    months = (
        AlertMonth(Month(0, 0, 30, complete=True), 3, 1, 2, 3, 1),
        AlertMonth(Month(1, 31, 58, complete=False), 0, 1, 1, 0, 1),
    )
    opened, answered, still_open = charts.alerts_by_month(months)["data"]
    assert (opened["y"], answered["y"], still_open["y"]) == ([3, 0], [1, 1], [2, 1])
    assert opened["marker"]["pattern"] != answered["marker"]["pattern"]
    assert still_open["text"][1] == "February 1970 (so far): 1 open at the end"


def test_the_curve_begins_with_everybody_on_day_0():
    table = "id | patient_id | day | item_9\n---+---+---+---\n" + "\n".join(
        f"{2 * n + k} | p{n} | {k * (n + 3)} | {1 - k}"
        for n in range(12)
        for k in (0, 1)
    )
    found = item_9_resolution(item_9_forms(table), as_of_day=100)
    figure = charts.resolution(found.curve)
    go.Figure(figure)
    steps = next(t for t in figure["data"] if t["name"].startswith("No 0 answered"))
    assert (steps["x"][0], steps["y"][0]) == (0, 100.0)
    assert (steps["x"][-1], steps["y"][-1]) == (14, 0.0)


def test_without_alerts_there_is_no_month():
    assert alert_flow(alerts(NO_ALERT), as_of_day=9, as_of_second=9 * HOUR).months == ()


NO_ALERT = "id | patient_id | opened\n---+---+---\n"
