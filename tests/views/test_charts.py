"""The trajectory as a dictionary: what is joined, shaded, marked and written."""

from datetime import date, timedelta
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from analysis.trajectory import course_trajectories
from measures.criteria import PCL5_CUT_POINTS
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.registry import default_criterion
from tests.factories import rows
from tests.trajectories import at, form, infusions
from views.charts import (
    ALL,
    INDUCTION,
    LATEST,
    EventMark,
    InfusionMark,
    change_limits,
    date_axis,
    infusion_axis,
    sparkline,
    times_shown,
    trajectory_figure,
)


PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)
PHQ9_BASELINE = {("phq9", "two_weeks"): 1}


def figure(forms, given=(), baselines=None, events=()):
    return trajectory_figure(drawn_of(forms, given, baselines), marks(given), events)


def drawn_of(forms, given=(), baselines=None):
    return list(course_trajectories(forms, given, baselines or {}).values())


def marks(given, induction=6):
    return [
        InfusionMark(
            i.number, i.facts.started_at, i.number > induction, f"No. {i.number}"
        )
        for i in given
    ]


def traces(drawn, name):
    return [trace for trace in drawn["data"] if trace["name"] == name]


def trace(drawn, name):
    (found,) = traces(drawn, name)
    return found


def texts(drawn):
    return [annotation["text"] for annotation in drawn["layout"]["annotations"]]


def shapes(drawn, kind, axis):
    shown = drawn["layout"]["shapes"]
    return [s for s in shown if s["type"] == kind and s["yref"] == axis]


def axis_of(drawn, measure):
    name = {"phq9": "PHQ-9", "pcl5": "PCL-5"}[measure]
    keys = [
        key
        for key, value in drawn["layout"].items()
        if key.startswith("yaxis") and name in value.get("title", {}).get("text", "")
    ]
    (key,) = keys
    return key.replace("yaxis", "y")


WEEK_AND_MONTH = [
    form(1, 0, 50, measure="pcl5", window="past_month"),
    form(2, 0, 48, measure="pcl5", window="past_week"),
    form(3, 4, 30, measure="pcl5", window="past_week"),
    form(4, 30, 27, measure="pcl5", window="past_month"),
    form(5, 31, 20, measure="pcl5", window="past_day"),
]
BOTH_BASELINES = {("pcl5", "past_month"): 1, ("pcl5", "past_week"): 2}


def test_no_line_joins_two_recall_windows():
    drawn = figure(WEEK_AND_MONTH, infusions(0), BOTH_BASELINES)
    window_of = {f.id: f.facts.recall_window for f in WEEK_AND_MONTH}
    lines = [t for t in drawn["data"] if "lines" in t["mode"]]
    assert len(lines) == 3
    for line in lines:
        assert len({window_of[i] for i in line["customdata"] if i}) == 1


def test_each_recall_window_has_its_own_mark_dash_and_words():
    drawn = figure(WEEK_AND_MONTH, infusions(0), BOTH_BASELINES)
    names = [f"PCL-5, past {window}" for window in ("month", "week", "day")]
    lines = [trace(drawn, name) for name in names]
    assert [t["line"]["dash"] for t in lines] == ["solid", "dash", "dot"]
    assert [t["marker"]["symbol"][0] for t in lines] == ["circle", "square", "diamond"]
    assert all(t["showlegend"] for t in lines)
    assert drawn["layout"]["showlegend"] is True


def test_one_recall_window_needs_no_legend():
    drawn = figure([form(1, 0, 20)], infusions(0), PHQ9_BASELINE)
    assert drawn["layout"]["showlegend"] is False


def test_the_axis_says_that_lower_is_better():
    drawn = figure([form(1, 0, 20)])
    title = drawn["layout"]["yaxis"]["title"]["text"]
    assert title == "PHQ-9 total<br>lower is better"


def test_severity_bands_and_their_words_are_the_measures():
    drawn = figure([form(1, 0, 20)])
    bands = shapes(drawn, "rect", "y")[1:]
    assert [b["y0"] for b in bands] == [b.lowest for b in PHQ9.severity_bands]
    assert bands[-1]["y1"] == PHQ9.highest_total
    words = [text.replace("<br>", " ") for text in texts(drawn)]
    assert [band.name for band in PHQ9.severity_bands] == words[:5]
    assert drawn["layout"]["yaxis"]["tickvals"] == [0, 5, 10, 15, 20, 27]


def test_the_pcl5_has_the_range_of_cut_points_in_place_of_bands():
    drawn = figure([form(1, 0, 40, measure="pcl5")])
    _, cut = shapes(drawn, "rect", "y")
    assert (cut["y0"], cut["y1"]) == PCL5_CUT_POINTS
    assert "31–33:<br>cut-points for<br>probable PTSD" in texts(drawn)
    assert PCL5.severity_bands == ()


def test_the_lines_are_those_of_this_baseline_and_say_so():
    forms = [form(1, 0, 21), form(2, 30, 9)]
    drawn = figure(forms, infusions(0), PHQ9_BASELINE)
    dashes = {s["y0"]: s["line"]["dash"] for s in shapes(drawn, "line", "y2")}
    assert dashes == {10: "dash", 4: "dot"}
    assert {"Response: 10 or less", "Remission (below 5)"} <= set(texts(drawn))


def test_one_line_serves_where_response_and_remission_meet():
    forms = [form(1, 0, 8), form(2, 30, 4)]
    drawn = figure(forms, infusions(0), PHQ9_BASELINE)
    assert [s["y0"] for s in shapes(drawn, "line", "y2")] == [4]
    assert "Response: 4 or less · Remission (below 5)" in texts(drawn)


def test_without_a_baseline_there_is_no_response_line():
    words = " ".join(texts(figure([form(1, 9, 12)], infusions(0))))
    assert "Response" not in words
    assert "Remission (below 5)" in words


def test_baseline_and_latest_total_are_written_beside_their_points():
    drawn = figure(
        [form(1, 0, 21), form(2, 7, 15), form(3, 20, 9)], infusions(0), PHQ9_BASELINE
    )
    assert texts(drawn)[-2:] == ["baseline 21", "<b>9</b>"]
    ring = trace(drawn, "PHQ-9, last 2 weeks, baseline")
    assert ring["marker"]["symbol"] == "circle-open"


def test_an_incomplete_form_is_a_range_apart_from_the_line():
    forms = [
        form(1, 0, 20),
        form(2, 7, None, answers=PARTIAL),
        form(3, 9, None, answers=PARTIAL),
    ]
    drawn = figure(forms, infusions(0), PHQ9_BASELINE)
    ranges = trace(drawn, "PHQ-9, last 2 weeks, incomplete")
    assert ranges["y"] == [11, 17, None, 11, 17, None]
    assert ranges["customdata"] == [2, 2, None, 3, 3, None]
    assert ranges["marker"]["symbol"] == "circle-open"
    assert ranges["connectgaps"] is False
    assert trace(drawn, "PHQ-9, last 2 weeks")["customdata"] == [1]


def test_only_incomplete_forms_draw_no_line():
    drawn = figure([form(1, 7, None, answers=PARTIAL)], infusions(0))
    assert traces(drawn, "PHQ-9, last 2 weeks") == []


def test_a_total_without_answers_has_a_mark_of_its_own():
    drawn = figure(
        [form(1, 0, 20, answers=None), form(2, 20, 9)], infusions(0), PHQ9_BASELINE
    )
    line = trace(drawn, "PHQ-9, last 2 weeks")
    assert line["marker"]["symbol"] == ["circle-x-open", "circle"]


def test_the_days_asked_about_are_drawn_where_they_reach_back_over_an_infusion():
    forms = [form(1, 0, 20), form(2, 7, 15), form(3, 30, 9)]
    drawn = figure(forms, infusions(0), PHQ9_BASELINE)
    (bars,) = shapes(drawn, "path", "y2")
    assert bars["path"] == "M2026-02-23_09:00,15L2026-03-09_09:00,15"
    assert bars["layer"] == "below"


def test_infusions_are_numbered_and_maintenance_looks_different():
    given = infusions(0, 3, 7, 10, 14, 17, 40)
    drawn = figure([form(1, 0, 20), form(2, 45, 9)], given, PHQ9_BASELINE)
    marked = trace(drawn, "infusions")
    assert marked["text"] == ["1", "2", "3", "4", "5", "6", "7"]
    assert marked["marker"]["symbol"][5:] == ["triangle-down", "triangle-down-open"]
    (lines,) = shapes(drawn, "path", "paper")
    assert lines["path"].count("M") == 7
    assert lines["path"].startswith("M2026-03-02_10:00,0L2026-03-02_10:00,")


def test_crowded_infusions_keep_their_mark_and_drop_some_numbers():
    given = infusions(*range(0, 400, 2))
    marked = trace(figure([form(1, 0, 20)], given), "infusions")
    assert len(marked["x"]) == 200
    assert marked["text"][0] == "1"
    assert 0 < sum(text == "" for text in marked["text"]) < 200


def test_item_9_has_its_own_row_of_answers():
    forms = [
        form(1, 0, 17, answers=(2, 2, 2, 2, 2, 2, 2, 2, 1)),
        form(2, 9, None, answers=PARTIAL),
        form(3, 20, 9),
        form(4, 30, 9, answers=None),
    ]
    row = trace(figure(forms, infusions(0), PHQ9_BASELINE), "item 9")
    assert row["text"] == ["<b>1</b>", "?", "0", "?"]
    assert [size > 0 for size in row["marker"]["size"]] == [True, False, False, False]


def test_the_pcl5_has_no_row_for_item_9():
    drawn = figure([form(1, 0, 40, measure="pcl5")])
    assert traces(drawn, "item 9") == []


def test_both_measures_share_one_time_axis():
    forms = [form(1, 0, 20), form(2, 40, 30, measure="pcl5")]
    drawn = figure(forms, infusions(0))
    assert [key for key in drawn["layout"] if key.startswith("xaxis")] == ["xaxis"]
    assert axis_of(drawn, "phq9") != axis_of(drawn, "pcl5")
    domains = [
        value["domain"]
        for key, value in drawn["layout"].items()
        if key.startswith("yaxis")
    ]
    ordered = sorted(domains, reverse=True)
    assert all(above[0] > below[1] for above, below in pairwise(ordered))


def test_the_time_axis_is_true_and_holds_everything():
    axis = date_axis(drawn_of([form(1, 0, 20)]), marks(infusions(0, 30)))
    assert axis.holds(at(0))
    assert axis.holds(at(30, 10))
    drawn = figure([form(1, 0, 20)], infusions(0))
    assert drawn["layout"]["xaxis"]["type"] == "date"


def test_events_in_the_time_shown_are_marked_and_escaped():
    day = at(10).date()
    events = [
        EventMark(day, "medication", "<b>Sertraline</b> stopped"),
        EventMark(day - timedelta(days=900), "other", "long ago"),
    ]
    forms = [form(1, 0, 20), form(2, 30, 9)]
    drawn = figure(forms, infusions(0), PHQ9_BASELINE, events)
    marked = trace(drawn, "events")
    assert marked["text"] == ["medication"]
    assert marked["hovertext"] == [
        "12 Mar 2026, medication: &lt;b&gt;Sertraline&lt;/b&gt; stopped"
    ]


def test_events_outside_the_time_shown_have_no_row():
    event = EventMark(date(2020, 1, 1), "other", "long ago")
    drawn = figure([form(1, 0, 20)], events=[event])
    assert traces(drawn, "events") == []


BANDS = """
measure | baseline | low | high
--------+----------+-----+-----
phq9    | 21       | 15  | 27
phq9    | 20       | 14  | 26
phq9    | 4        | 0   | 10
phq9    | 24       | 18  | 27
pcl5    | 50       | 35  | 65
pcl5    | 70       | 55  | 80
"""


@pytest.mark.parametrize("row", rows(BANDS))
def test_the_band_is_a_reliable_change_either_side_of_baseline(row):
    measure, baseline = row["measure"], int(row["baseline"])
    forms = [form(1, 0, baseline, measure=measure), form(2, 9, 5, measure=measure)]
    window = forms[0].facts.recall_window
    (trajectory,) = drawn_of(forms, infusions(0), {(measure, window): 1})
    assert change_limits(trajectory) == (int(row["low"]), int(row["high"]))


def test_the_band_begins_at_baseline_and_names_its_rule_and_source():
    forms = [form(1, 0, 21), form(2, 30, 9)]
    band = trace(figure(forms, infusions(0), PHQ9_BASELINE), "PHQ-9, reliable change")
    assert band["x"][0] == band["x"][3] == "2026-03-02T09:00"
    assert band["y"] == [15, 15, 27, 27]
    assert "6 points from baseline" in band["text"]
    source = default_criterion("phq9", "change").source.citation
    assert source[:30] in band["text"]
    assert "15 to 27, around the baseline of 21" in band["text"]


def test_without_a_baseline_there_is_no_band():
    drawn = figure([form(1, 9, 12)], infusions(0))
    assert traces(drawn, "PHQ-9, reliable change") == []


def test_the_band_is_of_the_recall_window_in_use():
    drawn = figure(WEEK_AND_MONTH[:3], infusions(0), BOTH_BASELINES)
    (band,) = traces(drawn, "PCL-5, reliable change")
    assert band["y"] == [33, 33, 63, 63]


def with_doses(*doses):
    changes = [0, *((b > a) - (b < a) for a, b in pairwise(doses))]
    return [
        InfusionMark(n, at(7 * n, 10), False, f"No. {n}", f"{dose:g}", change)
        for n, (dose, change) in enumerate(zip(doses, changes, strict=True), start=1)
    ]


def test_a_dose_is_written_first_and_where_it_changes():
    given = with_doses(0.5, 0.5, 0.6, 0.6, 0.5)
    drawn = trajectory_figure(drawn_of([form(1, 0, 20)]), given)
    doses = trace(drawn, "doses")
    assert doses["text"] == ["0.5", "↑ 0.6", "↓ 0.5"]
    assert doses["hovertext"] == ["No. 1", "No. 3", "No. 5"]


def test_without_a_dose_there_is_no_row_for_it():
    assert traces(figure([form(1, 0, 20)], infusions(0, 3)), "doses") == []


def test_crowded_changes_of_dose_are_arrows_and_the_last_one_is_written():
    given = with_doses(0.5, 0.6, 0.7, 0.6, 0.8)
    forms = drawn_of([form(1, 0, 20), form(2, 400, 9)])
    doses = trace(trajectory_figure(forms, given), "doses")
    assert doses["text"] == ["0.5", "↑", "↑", "↓", "↑ 0.8"]
    assert doses["textposition"] == [
        "middle left",
        *["middle center"] * 3,
        "middle right",
    ]


def test_an_unanswered_item_9_is_written_however_crowded():
    forms = [form(n, n, 5) for n in range(1, 120)]
    forms[60] = form(61, 61, None, answers=(1,) * 8 + (None,))
    forms[80] = form(81, 81, 9, answers=(1,) * 9)
    texts = trace(figure(forms, infusions(0), {}), "item 9")["text"]
    assert (texts[60], texts[80]) == ("?", "<b>1</b>")
    assert texts[59] == texts[61] == texts[79] == texts[81] == ""
    assert texts.count("0") > 20


def test_on_the_infusion_axis_each_form_lies_around_its_infusion():
    forms = [form(1, 0, 20), form(2, 7, 15), form(3, 8, 14), form(4, 40, 9)]
    given = infusions(0, 7, 30)
    drawn_forms, given_marks = drawn_of(forms, given), marks(given)
    axis = infusion_axis(drawn_forms, given_marks)
    drawn = trajectory_figure(drawn_forms, given_marks, [], axis)
    places = trace(drawn, "PHQ-9, last 2 weeks")["x"]
    assert [round(x) for x in places] == [0, 1, 2, 3]
    assert trace(drawn, "infusions")["x"] == [0.5, 1.5, 2.5]
    assert drawn["layout"]["xaxis"].get("type") is None
    assert "distances are not time" in drawn["layout"]["xaxis"]["title"]["text"]
    go.Figure(drawn)


def test_the_times_to_choose_from_show_less_than_all():
    given = infusions(0, 3, 7, 10, 14, 17, 60, 200)
    forms = drawn_of([form(1, 0, 20), form(2, 210, 9)], given)
    shown = times_shown(forms, marks(given))
    first, last = at(0).replace(tzinfo=None), at(210).replace(tzinfo=None)
    assert shown == {
        ALL: (first, last),
        INDUCTION: (first, at(17 + 14, 10).replace(tzinfo=None)),
        LATEST: (last - timedelta(days=91), last),
    }


def test_a_short_course_is_shown_whole():
    given = infusions(0, 3, 7)
    forms = drawn_of([form(1, 0, 20), form(2, 10, 9)], given)
    assert list(times_shown(forms, marks(given))) == [ALL]


def test_a_part_of_the_time_is_a_range_of_the_same_figure():
    given = infusions(0, 3, 7, 200)
    forms = drawn_of([form(1, 0, 20), form(2, 210, 9)], given)
    whole, part = (
        trajectory_figure(forms, marks(given, 3), [], date_axis(forms, marks(given), t))
        for t in (ALL, LATEST)
    )
    name = "PHQ-9, last 2 weeks"
    assert trace(whole, name)["x"] == trace(part, name)["x"]
    assert whole["layout"]["xaxis"]["range"] != part["layout"]["xaxis"]["range"]


FULL = [
    *WEEK_AND_MONTH,
    form(11, 0, 20),
    form(12, 7, None, answers=PARTIAL),
    form(13, 20, 9, answers=None),
]
FULL_BASELINES = BOTH_BASELINES | {("phq9", "two_weeks"): 11}


@pytest.mark.parametrize("forms", [FULL, FULL[:1], FULL[-2:-1]])
def test_plotly_takes_the_figure_as_it_is(forms):
    events = [EventMark(at(5).date(), "therapy", "started")]
    go.Figure(figure(forms, infusions(0, 3), FULL_BASELINES, events))


def test_nothing_needs_webgl():
    drawn = figure(FULL, infusions(0, 3), FULL_BASELINES)
    assert {trace["type"] for trace in drawn["data"]} == {"scatter"}


def test_every_form_can_be_clicked():
    drawn = figure(FULL, infusions(0, 3), FULL_BASELINES)
    ids = {i for t in drawn["data"] for i in t.get("customdata", ()) if i}
    assert ids == {f.id for f in FULL}


def test_a_sparkline_is_the_last_totals_in_order():
    assert sparkline([20, 14, 9]) == [20, 14, 9]
    assert sparkline(range(50)) == list(range(30, 50))


@pytest.mark.parametrize("totals", [[], [20]])
def test_fewer_than_two_totals_are_no_line(totals):
    assert sparkline(totals) == []
