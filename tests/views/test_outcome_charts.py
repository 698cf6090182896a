"""The charts as dictionaries: what is drawn, what is only said, and in what order."""

import json

import pytest

from analysis.by_infusion import ever_by_infusion, responding_now_by_infusion
from analysis.columns import COURSES, COURSES_BY_INFUSION, SCORES_AFTER, empty
from analysis.comparison import PracticeFrames, compare
from data.published import load_catalogue
from measures.registry import CRITERIA, ELIGIBILITY
from tests.course_tables import courses, courses_by_infusion
from views.results.charts import outcomes as charts
from views.results.counts.recut import figures_beside


CATALOGUE = load_catalogue()
MEASURED = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
            1 |       60 |     8 |        20 |      33
            2 |       60 |    55 |        20 |      33
            3 |       60 |       |           |      33
"""


def compared(measure, outcome, table=None):
    """Return the figures to show, and each beside a practice of this table."""
    beside = figures_beside(CATALOGUE, measure, outcome)
    frame = courses(table) if table else empty(COURSES)
    results = {}
    for figure in beside.all:
        recut = figure.recut
        frames = recut and PracticeFrames(
            courses=frame,
            measure=recut.measure,
            recall_window=recut.recall_window,
            timepoint=recut.timepoint,
            eligible_at_least=ELIGIBILITY[recut.measure].at_least,
            as_of_day=100,
            by_infusion=empty(COURSES_BY_INFUSION),
            scores=empty(SCORES_AFTER),
        )
        results[figure.code] = compare(figure, outcome, frames)
    return beside, results


def forest(measure, outcome, table=None):
    return charts.forest(
        charts.in_view(*compared(measure, outcome, table)), "Share with response"
    )


def words(figure):
    return [annotation["text"] for annotation in figure["layout"]["annotations"]]


def trace(figure, name):
    return next((t for t in figure["data"] if t["name"] == name), None)


def position(figure, start):
    return next(i for i, text in enumerate(words(figure)) if text.startswith(start))


# The forest plot.


def test_the_groups_come_in_order_the_cited_first():
    sections = charts.in_view(*compared("phq9", "response", MEASURED))
    assert [section.heading for section in sections] == [
        charts.HEADINGS[group]
        for group in ("cited", "direct", "approximate", "negative")
    ]


def test_an_unsupported_rate_is_hollow_and_says_so():
    figure = forest("phq9", "response", MEASURED)
    hollow = trace(figure, charts.AS_CITED)
    assert hollow["x"] == [70, 30]
    assert hollow["marker"]["symbol"] == "circle-open"
    assert hollow["error_x"]["array"] == [0, 0]
    assert "70 %, as cited; no such trial found" in words(figure)


def test_the_unsupported_rate_stands_next_to_the_real_trial():
    cited = charts.in_view(*compared("phq9", "response", MEASURED))[0]
    names = [entry.name for entry in cited.entries]
    after = names[names.index("Singh 2020") + 1]
    assert after == "Murrough 2013 (two-site trial)"


def test_no_hollow_mark_where_the_article_gives_no_rate():
    assert trace(forest("phq9", "remission", MEASURED), charts.AS_CITED) is None


def test_n_and_interval_stand_beside_each_published_share():
    assert "53.6 % (49–58), n 537" in words(forest("phq9", "response", MEASURED))


def test_a_figure_without_n_has_no_interval_and_says_so():
    figure = forest("phq9", "response", MEASURED)
    published = trace(figure, charts.PUBLISHED)
    at = published["text"].index("26 %, n not seen")
    assert published["error_x"]["array"][at] == 0
    assert published["error_x"]["arrayminus"][at] == 0
    assert "26 %, n not seen" in words(figure)


def test_the_practice_is_drawn_with_n_and_interval():
    figure = forest("phq9", "response", MEASURED)
    practice = trace(figure, charts.PRACTICE)
    assert "Practice 50 % (9–91), n 2" in practice["text"]
    assert set(practice["error_x"]["array"]) != {0}
    published = trace(figure, charts.PUBLISHED)
    assert practice["marker"]["symbol"] != published["marker"]["symbol"]


def test_missing_counts_as_not_met_where_the_study_counted_starters():
    practice = trace(forest("phq9", "response", MEASURED), charts.PRACTICE)
    assert "Practice 33 % (6–79), n 3" in practice["text"]


def test_context_among_the_cited_is_labelled_and_has_no_practice_number():
    beside, results = compared("phq9", "response", MEASURED)
    cited = charts.in_view(beside, results)[0]
    murrough = next(e for e in cited.entries if e.name.startswith("Murrough"))
    assert murrough.detail.endswith("(context only)")
    drawn = [mark.kind for mark in murrough.marks if mark.percent is not None]
    assert drawn == [charts.PUBLISHED, charts.CONTROL]


def test_a_cited_figure_says_what_was_found_of_its_citation():
    cited = charts.in_view(*compared("phq9", "response", MEASURED))[0]
    notes = {entry.name: entry.marks[0].text for entry in cited.entries}
    assert notes["Coyle & Laws 2015 (pooled)"] == (
        "Cited by the article: right study, wrong reference."
    )
    assert notes["Murrough 2013 (two-site trial)"] == (
        "In place of Singh 2020, as cited: not supported."
    )


def test_every_other_entry_in_view_is_direct_or_approximate():
    beside, _ = compared("phq9", "response", MEASURED)
    assert {f.tier for f in beside.direct} == {"direct"}
    assert {f.tier for f in beside.approximate} == {"approximate"}
    assert {f.tier for f in beside.context} == {"context"}


def test_context_is_drawn_in_a_panel_of_its_own_with_the_practice():
    beside, results = compared("phq9", "response", MEASURED)
    (section,) = charts.context(beside, results)
    assert section.heading == charts.HEADINGS["context"]
    murrough = next(e for e in section.entries if e.name.startswith("Murrough 2013 (t"))
    assert charts.PRACTICE in [mark.kind for mark in murrough.marks]


def test_the_largest_negative_trial_is_a_line_of_words():
    figure = forest("pcl5", "response", MEASURED)
    at = position(figure, "<b>Abdallah 2022</b>")
    assert "No benefit over its comparator; no response rate was seen" in words(figure)
    heights = [a["y"] for a in figure["layout"]["annotations"]]
    drawn = {y for t in figure["data"] for y in t["y"]}
    assert heights[at] not in drawn


@pytest.mark.parametrize("outcome", ["response", "remission"])
@pytest.mark.parametrize("measure", ["phq9", "pcl5"])
def test_negative_trials_are_always_in_view(measure, outcome):
    beside = figures_beside(CATALOGUE, measure, outcome)
    negative = [f for f in CATALOGUE.figures if f.negative]
    other = "pcl5" if measure == "phq9" else "phq9"
    elsewhere = figures_beside(CATALOGUE, other, outcome)
    shown = {f.code for f in (*beside.in_view, *elsewhere.in_view)}
    assert {f.code for f in negative} <= shown


def test_a_rule_that_was_not_seen_is_said_and_not_drawn():
    figure = forest("pcl5", "remission", MEASURED)
    text = next(t for t in words(figure) if t.startswith("80 %"))
    assert "not drawn: the study's rule for remission was not seen" in text
    published = trace(figure, charts.PUBLISHED)
    assert published is None or 80 not in published["x"]


def test_a_practice_without_scores_draws_the_published_alone():
    figure = forest("phq9", "response")
    assert trace(figure, charts.PRACTICE) is None
    assert "Practice: nobody in the practice has a score for this time point" in words(
        figure
    )


def test_words_fit_a_tablet_and_cannot_be_markup():
    entry = charts.Entry("A & B", "<scale> " * 20, (charts.Mark("Published", "x"),))
    figure = charts.forest([charts.Section("H", (entry,))], "Share")
    lines = words(figure)[1:-1]
    assert lines[0].startswith("<b>A &amp; B</b>  &lt;scale&gt;")
    assert len(lines) > 1
    plain = [line.replace("&lt;", "<").replace("&gt;", ">") for line in lines[1:]]
    assert all(len(line) <= charts.LABEL_CHARACTERS for line in plain)


def test_two_lines_never_lie_on_each_other():
    annotations = forest("phq9", "response", MEASURED)["layout"]["annotations"]
    left = [a["y"] for a in annotations if a["x"] == 0]
    gaps = [b - a for a, b in zip(sorted(left), sorted(left)[1:], strict=False)]
    assert min(gaps) >= charts.LINE


def test_a_chart_is_plain_svg_in_the_theme_s_own_ink():
    text = json.dumps(forest("phq9", "response", MEASURED))
    assert "scattergl" not in text
    assert "black" not in text
    assert "white" not in text


# By infusion.


def curves(rows):
    frame = courses_by_infusion(
        """
        course_id | infusion | baseline | total | score_day | due_day
        ----------+----------+----------+-------+-----------+--------"""
        + rows
    )
    asked = {"eligible_at_least": 10, "as_of_day": 100}
    criterion = CRITERIA["phq9_response_50"]
    now = responding_now_by_infusion(frame, criterion, **asked)
    return now, ever_by_infusion(frame, criterion, **asked)


TWO = """
    1 | 1 | 20 | 8  | 1 | 2
    1 | 2 | 20 | 18 | 3 | 4
    2 | 1 | 20 | 18 | 1 | 2
    2 | 2 | 20 | 18 | 3 | 4"""


def test_now_may_fall_and_ever_may_not():
    figure = charts.by_infusion(*curves(TWO))
    assert trace(figure, charts.NOW)["y"] == [50, 0]
    assert trace(figure, charts.EVER)["y"] == [50, 50]


def test_the_curves_differ_in_more_than_colour():
    ever, now = charts.by_infusion(*curves(TWO))["data"]
    assert ever["line"]["dash"] != now["line"]["dash"]
    assert ever["marker"]["symbol"] != now["marker"]["symbol"]


def test_n_stands_under_each_infusion():
    shown = [
        (a["x"], a["text"])
        for a in charts.by_infusion(*curves(TWO))["layout"]["annotations"]
    ]
    assert (0, "n measured then") in shown
    assert shown.count((1, "2")) == 2
    assert (2, "1") in shown


def test_infusions_after_the_last_measured_are_not_shown():
    now, _ = curves("".join(f"\n1 | {k} | 20 | | | 5" for k in range(1, 11)))
    assert charts.shown_infusions(now) == [1, 2, 3, 4, 5, 6]


def test_one_course_is_enough_to_draw():
    figure = charts.by_infusion(*curves("\n1 | 1 | 20 | 18 | 1 | 2"))
    assert trace(figure, charts.NOW)["y"] == [0]
