"""Clusters and single answers: what is drawn, and that an unanswered item is no 0."""

import plotly.graph_objects as go
import pytest

from analysis.trajectory import course_trajectories
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from tests.trajectories import at, form, infusions
from views.charts import InfusionMark, date_axis, infusion_axis
from views.item_charts import (
    MOST_COLUMNS,
    answered_forms,
    cluster_figure,
    cluster_rows,
    columns_shown,
    heat_figure,
    item_changes,
    item_table,
)


MARKS = [InfusionMark(n, at(day, 10), False, "") for n, day in ((1, 0), (2, 7))]
MONTH, WEEK = ("pcl5", "past_month"), ("pcl5", "past_week")
TWO_WEEKS = ("phq9", "two_weeks")


def answered(forms, baselines=None):
    """Return the one trajectory of these forms, and those with answers."""
    (trajectory,) = course_trajectories(
        forms, infusions(0, 7), baselines or {}
    ).values()
    answers = {form.id: form.facts.answers for form in forms}
    return trajectory, answered_forms(trajectory.points, answers)


def pcl5(number, day, *, answers, window="past_month"):
    return form(number, day, 40, measure="pcl5", window=window, answers=answers)


def clusters(forms, baselines=None, axis=date_axis):
    trajectory, shown = answered(forms, baselines)
    return cluster_figure(trajectory, shown, MARKS, axis([trajectory], MARKS))


def of_cluster(drawn, code):
    return [trace for trace in drawn["data"] if trace["meta"] == code]


# Answers of 1 in B, 2 in C, 3 in D, 4 in E.
BY_CLUSTER = (1,) * 5 + (2,) * 2 + (3,) * 7 + (4,) * 6
WITHOUT_6 = (*BY_CLUSTER[:5], None, *BY_CLUSTER[6:])


def test_each_cluster_has_its_items_total_on_its_own_range():
    drawn = clusters([pcl5(1, 0, answers=BY_CLUSTER)])
    totals = {trace["meta"]: trace["y"] for trace in drawn["data"]}
    assert totals == {"B": [5], "C": [4], "D": [21], "E": [24]}
    highest = {
        trace["meta"]: drawn["layout"][trace["yaxis"].replace("y", "yaxis")][
            "tickvals"
        ][-1]
        for trace in drawn["data"]
    }
    assert highest == {"B": 20, "C": 8, "D": 28, "E": 24}


def test_only_the_incomplete_cluster_is_a_range():
    forms = [pcl5(1, 0, answers=BY_CLUSTER), pcl5(2, 9, answers=WITHOUT_6)]
    drawn = clusters(forms)
    line, ends = of_cluster(drawn, "C")
    assert line["y"] == [4]
    assert ends["y"] == [2, 6, None]
    assert ends["connectgaps"] is False
    assert "2 to 6 possible (1 of 2 answered)" in ends["hovertext"][0]
    assert [len(trace["y"]) for trace in of_cluster(drawn, "B")] == [2]


def test_clusters_of_two_recall_windows_are_not_joined():
    forms = [
        pcl5(1, 0, answers=BY_CLUSTER),
        pcl5(2, 1, answers=BY_CLUSTER, window="past_week"),
    ]
    drawn = clusters(forms)
    assert [len(trace["x"]) for trace in of_cluster(drawn, "D")] == [1, 1]
    named = [trace["name"] for trace in drawn["data"] if trace["showlegend"]]
    assert named == ["past month", "past week"]


def test_every_cluster_says_what_it_is_and_that_lower_is_better():
    drawn = clusters([pcl5(1, 0, answers=BY_CLUSTER)])
    words = [note["text"] for note in drawn["layout"]["annotations"]]
    assert words[1] == "<b>C</b> Avoidance, items 6–7, lower is better"
    assert len(words) == 4


@pytest.mark.parametrize("axis", [date_axis, infusion_axis])
def test_clusters_share_the_axis_of_the_trajectory(axis):
    forms = [pcl5(1, 0, answers=BY_CLUSTER), pcl5(2, 9, answers=WITHOUT_6)]
    trajectory, _ = answered(forms)
    drawn = clusters(forms, axis=axis)
    assert drawn["layout"]["xaxis"] == axis([trajectory], MARKS).layout()
    go.Figure(drawn)


def test_the_clusters_table_has_the_same_numbers():
    forms = [pcl5(1, 0, answers=BY_CLUSTER), pcl5(2, 9, answers=WITHOUT_6)]
    latest, first = cluster_rows(*answered(forms, {MONTH: 1}))
    assert (first["B Intrusion"], first["C Avoidance"]) == ("5", "4")
    assert latest["C Avoidance"] == "2 to 6 possible (1 of 2 answered)"
    assert (first["Marks"], latest["Marks"]) == ("baseline", "")


def test_a_form_of_which_only_the_total_is_known_has_no_answers_to_show():
    _, shown = answered([form(1, 0, 20), form(2, 9, 12, answers=None)])
    assert [known.point.id for known in shown] == [1]


PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)


def heat(forms, baselines=None):
    _, shown = answered(forms, baselines)
    return heat_figure(PHQ9, shown)


def part(drawn, name):
    return next(trace for trace in drawn["data"] if trace["name"] == name)


def test_an_unanswered_cell_is_empty_and_crossed_and_never_0():
    drawn = heat([form(1, 0, 20), form(2, 9, None, answers=PARTIAL)])
    cells, crosses = part(drawn, "answers"), part(drawn, "not answered")
    assert [row[1] for row in cells["z"]] == list(PARTIAL)
    assert (cells["text"][2][1], cells["text"][5][1]) == ("", "0")
    assert list(zip(crosses["x"], crosses["y"], strict=True)) == [(1, 3), (1, 9)]
    assert set(crosses["text"]) == {"×"}
    assert "not answered" in crosses["hovertext"][0]


def test_a_cell_tells_the_exact_wording_and_answer():
    drawn = heat([form(1, 0, 20)])
    words = part(drawn, "answers")["hovertext"][0][0].replace("<br>", " ")
    assert "1 Interest: 3, Nearly every day" in words
    assert PHQ9.items[0].text in words


def test_the_tint_runs_over_all_answers_there_are():
    cells = part(heat([form(1, 0, 4)]), "answers")
    assert (cells["zmin"], cells["zmax"]) == (0, 3)


def test_item_9_is_bold_and_boxed_where_it_is_1_or_more():
    forms = [form(1, 0, 20), form(2, 9, 9, answers=(1,) * 9)]
    drawn = heat(forms)
    assert drawn["layout"]["yaxis"]["ticktext"][8] == "<b>9 Death or self-harm</b>"
    (box,) = drawn["layout"]["shapes"]
    assert (round(box["x0"]), round(box["y0"])) == (1, 9)


def test_the_pcl5_has_no_box():
    _, shown = answered([pcl5(1, 0, answers=BY_CLUSTER)])
    assert heat_figure(PCL5, shown)["layout"]["shapes"] == []


def test_the_change_of_each_item_stands_beside_it():
    before, now = (3, 3, 3, 3, 3, 3, 2, 0, 0), (1, 3, None, 0, 0, 0, 2, 1, 0)
    forms = [form(1, 0, 20, answers=before), form(2, 9, None, answers=now)]
    drawn = heat(forms, {TWO_WEEKS: 1})
    changes = part(drawn, "change since baseline")["text"]
    plain = [text.removeprefix("<b>").removesuffix("</b>") for text in changes]
    assert plain == ["−2", "0", "?", "−3", "−3", "−3", "0", "+1", "0"]


@pytest.mark.parametrize(
    ("forms", "baselines"),
    [
        ([form(1, 0, 20), form(2, 9, 12)], {}),
        ([form(1, 0, 20)], {TWO_WEEKS: 1}),
    ],
)
def test_without_something_to_compare_there_is_no_change(forms, baselines):
    _, shown = answered(forms, baselines)
    assert item_changes(shown) is None
    assert [trace["name"] for trace in heat_figure(PHQ9, shown)["data"]] == [
        "answers",
        "not answered",
    ]


def test_items_are_compared_on_one_recall_window_only():
    forms = [
        pcl5(1, 0, answers=BY_CLUSTER),
        pcl5(2, 1, answers=(0,) * 20, window="past_week"),
    ]
    _, shown = answered(forms, {MONTH: 1})
    assert item_changes(shown) is None
    _, shown = answered(forms, {MONTH: 1, WEEK: 2})
    assert item_changes(shown) is None


def test_many_forms_leave_the_baseline_and_the_latest():
    forms = [form(n, n - 5, 10) for n in range(1, 60)]
    _, shown = answered(forms, {TWO_WEEKS: 5})
    kept = columns_shown(shown)
    assert len(kept) == MOST_COLUMNS
    assert [known.point.id for known in kept[:2]] == [5, 60 - MOST_COLUMNS + 1]
    assert kept[-1].point.id == 59


def test_few_forms_all_have_a_column():
    _, shown = answered([form(1, 0, 20), form(2, 9, 12)])
    assert columns_shown(shown) == shown


@pytest.mark.parametrize("count", [1, 2, 7, MOST_COLUMNS])
def test_columns_are_named_well_apart_and_the_baseline_always(count):
    forms = [form(n, n, 10) for n in range(1, count + 1)]
    _, shown = answered(forms, {TWO_WEEKS: 1})
    axis = heat_figure(PHQ9, shown)["layout"]["xaxis"]
    named = [tick for tick in axis["tickvals"] if tick < count - 0.5]
    assert named[0] == 0
    assert axis["ticktext"][0].startswith("<b>baseline</b>")
    assert len(named) <= 7
    go.Figure(heat_figure(PHQ9, shown))


def test_the_table_of_answers_has_every_form_and_says_what_is_unanswered():
    forms = [form(1, 0, 20), form(2, 9, None, answers=PARTIAL)]
    _, shown = answered(forms, {TWO_WEEKS: 1})
    table = item_table(PHQ9, shown)
    assert list(table[0]) == [
        "Item",
        "Change since baseline",
        "11 Mar 2026, 09:00",
        "2 Mar 2026, 09:00, baseline",
    ]
    assert table[2]["11 Mar 2026, 09:00"] == "not answered"
    assert table[2]["Change since baseline"] == "not known"
    assert table[8]["Item"] == "9 Death or self-harm"
