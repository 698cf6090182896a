"""The funnel and the charts of months: what is drawn equals what is counted."""

import pytest

from analysis.control_charts import Month, p_chart, xmr_of_months
from analysis.funnel import COMPLETENESS, RATE
from tests.views.test_variation_wording import ALIKE, found
from views.results.charts import variation as charts


def named(figure, start):
    return [t for t in figure["data"] if t["name"].startswith(start)]


def funnel(drawn=ALIKE, **more):
    return charts.funnel(found(drawn, **more).funnel)


def test_each_unit_stands_at_its_number_and_share_with_its_name():
    (points,) = named(funnel(), "Within")
    assert points["text"] == ["Adams", "Baker", "Clark", "Davis<br>Evans", ""]
    assert points["x"] == [10, 9, 8, 5, 5]
    assert points["y"][0] == pytest.approx(40)
    assert points["customdata"][4] == (
        "Evans: 40 % of 5 measured (12–77), within the limits"
    )


def test_who_lies_outside_has_another_symbol_and_is_always_named():
    drawn = "\n".join(f"U{n:02} | ennen" for n in range(14)) + f"\nZ | {'e' * 20}"
    figure = funnel(drawn)
    (inside,), (outside,) = named(figure, "Within"), named(figure, "Outside")
    assert outside["text"] == ["Z"]
    assert inside["marker"]["symbol"] != outside["marker"]["symbol"]
    assert (inside["mode"], outside["mode"]) == ("markers", "markers+text")
    assert outside["customdata"][0].endswith("above the 99.8 % limits")


def test_a_label_stands_where_no_other_point_would_lie_in_it():
    drawn = """
    Alone  | ennn
    Left   | eeeeeennnnnn
    Right  | eeeeeeennnnnn
    Above  | eeeeeeeeeeeen
    Farther| eeeeeeeeeeennnnnnnnnn
    """
    (points,) = named(funnel(drawn), "Within")
    sides = dict(zip(points["text"], points["textposition"], strict=True))
    assert sides.pop("Left") == "middle left"
    assert set(sides.values()) == {"middle right"}


def test_two_limits_on_either_side_differ_by_their_dash():
    figure = funnel()
    inner, outer = named(figure, "95 % limits"), named(figure, "99.8 % limits")
    assert [len(inner), len(outer)] == [2, 2]
    assert inner[0]["line"]["dash"] != outer[0]["line"]["dash"]
    around = found(ALIKE).funnel
    wanted = [limits.upper for limits in around.curves[0].limits]
    assert inner[1]["y"] == [None if u is None else 100 * u for u in wanted]


def test_a_name_is_not_read_as_markup():
    (points,) = named(funnel(ALIKE + "<b>Zed</b> & co | en"), "Within")
    assert "&lt;b&gt;Zed&lt;/b&gt; &amp; co" in points["text"]
    assert any(words.startswith("&lt;b&gt;") for words in points["customdata"])


def test_completeness_says_so_on_both_axes():
    layout = funnel(ALIKE.replace("e", "m").replace("n", "m"), counted=COMPLETENESS)
    axes = layout["layout"]
    assert axes["xaxis"]["title"]["text"] == "Courses due"
    assert axes["yaxis"]["title"]["text"] == "Measured"


SHARES = [0.3, 0.4, 0.4, 0.3, 0.4, 0.3, 0.4, 0.3, 0.4, 0.3, 0.4, 0.95]
MONTHS = [Month(f"2025-{n + 1:02}", round(20 * s), 20, 0) for n, s in enumerate(SHARES)]


@pytest.mark.parametrize("chart", [p_chart(MONTHS), xmr_of_months(MONTHS)])
def test_months_stand_in_their_order_with_their_n_below(chart):
    figure = charts.months(chart, RATE)
    (values,) = named(figure, "Criterion met")
    assert values["y"] == pytest.approx([100 * share for share in SHARES], abs=0.01)
    axis = figure["layout"]["xaxis"]
    assert axis["ticktext"][0] == "Jan 2025" and len(axis["tickvals"]) == 12
    below = [note["text"] for note in figure["layout"]["annotations"]]
    assert below == ["n measured", *["20"] * 12]


def test_letters_stand_at_the_months_that_take_part_in_a_rule():
    figure = charts.months(p_chart(MONTHS), RATE)
    (marked,) = named(figure, "A rule fired")
    assert dict(zip(marked["x"], marked["text"], strict=True))[11] == "<b>A</b>"
    assert marked["y"][-1] == pytest.approx(95)


def test_a_limit_beyond_what_a_share_can_be_is_not_drawn():
    months = [Month(f"2025-{n:02}", 1, 3, 0) for n in range(1, 13)]
    limits = named(charts.months(p_chart(months), RATE), "Limits")
    assert limits == []


def test_limits_have_one_name_also_where_only_one_of_them_is_drawn():
    months = [Month(f"2025-{n:02}", 19, 20, 0) for n in range(1, 13)]
    (lower,) = named(charts.months(p_chart(months), RATE), "Limits")
    assert lower["showlegend"]
    both = named(charts.months(p_chart(MONTHS), RATE), "Limits")
    assert [trace["showlegend"] for trace in both] == [True, False]


def test_of_many_months_every_other_is_named():
    months = [Month(f"20{20 + n // 12}-{n % 12 + 1:02}", 8, 20, 0) for n in range(30)]
    figure = charts.months(p_chart(months), RATE)
    axis = figure["layout"]["xaxis"]
    assert len(axis["tickvals"]) == 15 and axis["ticktext"][1] == "Mar 2020"
    assert len(figure["layout"]["annotations"]) == 16
    assert len(figure["data"][-1]["y"]) == 30
