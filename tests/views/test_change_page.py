"""The page Change: it shows what is counted, and leads to the patients behind it."""

import pytest
import streamlit as st

from analysis.suppression import suppress
from measures.registry import CRITERIA
from tests.factories import write_practice
from tests.views.clinic import text_of
from tests.views.results_pages import EMPTY, TINY, choose, opened, practice_of, table
from views.results.counts.change import change
from views.results.exports import Export, export_csv
from views.results.wording import change as wording


RESPONSE = CRITERIA["phq9_response_50"]
PCL5_RESPONSE = CRITERIA["pcl5_response_30"]


def changes(url, criterion=RESPONSE, timepoint="weeks_2_4", **chosen):
    with practice_of(url, **chosen) as practice:
        return change(practice, criterion, timepoint)


def pills(app, key):
    return next(group for group in app.button_group if group.key == key)


def test_it_opens_on_every_practice(practice):
    app = opened("change.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    elif practice == TINY:
        assert "Not computed from retest 0.737: it needs 20 baselines" in text_of(app)
        assert wording.NO_ANSWERS in text_of(app)
    else:
        assert "moved most" in text_of(app)


def test_what_is_said_is_what_is_counted(example):
    found = changes(example)
    app = opened("change.py")
    said = app.subheader[0].value.replace("\u00a0", " ")
    assert said == wording.headline(found.mean, found.waterfall)
    regions = found.regions.by_boundary[0]
    assert wording.regions_sentence(regions) in text_of(app)
    assert table(app, "Every criterion") == wording.criterion_rows(found.criteria)


def test_every_number_has_its_patients(example):
    found = changes(example)
    app = opened("change.py")
    lower = f"Lower than at baseline: {found.waterfall.lower}"
    assert lower in pills(app, "change_number").options
    app = choose(app, "change_number", "Lower than at baseline")
    rows = app.dataframe[0].value
    assert len(rows) == found.waterfall.lower > 20
    assert (rows["Change"] < 0).all()


def test_a_region_lists_the_courses_of_the_boundary_that_is_chosen(example):
    found = changes(example).regions
    app = opened("change.py")
    strictest = found.by_boundary[-1]
    app = choose(app, "change_boundary_phq9", strictest.boundary.code)
    app = choose(app, "change_regions_number", "Unchanged")
    rows = app.dataframe[0].value
    assert len(rows) == len(strictest.of("unchanged").course_ids)
    assert len(rows) > len(found.by_boundary[1].of("unchanged").course_ids)
    assert rows["Change"].abs().max() <= strictest.boundary.threshold


def test_an_item_lists_who_moved_on_it(example):
    found = changes(example).answers
    app = choose(opened("change.py"), "change_item_phq9", "Sleep (item\u00a03)")
    sleep = next(item for item in found.items if item.item.number == 3)
    assert f"{wording.BETTER}: {len(sleep.better_ids)}" in (
        pills(app, "change_item_number").options
    )
    app = choose(app, "change_item_number", wording.BETTER)
    assert len(app.dataframe[0].value) == len(sleep.better_ids) > 5


def test_a_criterion_lists_who_met_that_one(example):
    app = opened("change.py")
    app = choose(app, "change_criterion_phq9", "phq9_remission_lt5")
    app = choose(app, "change_criterion_number", "Criterion met")
    rows = app.dataframe[0].value
    rates = {rate.criterion: rate for rate in changes(example).criteria}
    assert len(rows) == rates["phq9_remission_lt5"].events > 5
    assert (rows["Score"] < 5).all()


def test_clusters_are_of_the_measure_that_has_several(example):
    app = opened("change.py")
    headings = [heading.value for heading in app.header]
    assert "Clusters" not in headings
    app = choose(app, "outcomes_measure", "pcl5")
    assert "Clusters" in [heading.value for heading in app.header]
    found = changes(example, PCL5_RESPONSE)
    shown = table(app, "Change by cluster")
    assert [row["Cluster"] for row in shown] == [
        "B Intrusion (0–20)",
        "C Avoidance (0–8)",
        "D Negative cognitions and mood (0–28)",
        "E Arousal and reactivity (0–24)",
    ]
    assert shown == wording.domain_rows(found.answers.domains)


def test_item_9_never_reads_as_no_risk(example):
    app = opened("change.py")
    assert "It does not say that there is no risk." in text_of(app)
    app = choose(app, "outcomes_measure", "pcl5")
    assert "item 9" not in text_of(app).partition("Items")[2]


def test_filters_cut_the_courses(example):
    app = choose(opened("change.py"), "outcomes_indication", "both")
    found = changes(example, indication="both")
    assert 0 < found.mean.measured < changes(example).mean.measured
    said = app.subheader[0].value.replace("\u00a0", " ")
    assert said == wording.headline(found.mean, found.waterfall)


def test_another_recall_window_is_counted_by_itself(example):
    windows = ("past_month", "past_week")
    with practice_of(example) as practice:
        month, week = (
            change(practice, PCL5_RESPONSE, "weeks_2_4", recall_window=window)
            for window in windows
        )
    assert (month.mean.recall_window, week.mean.recall_window) == windows
    assert month.answers.answered > week.answers.answered
    assert month.mean == changes(example, PCL5_RESPONSE).mean


def test_nobody_measured_says_whose_form_to_record(migrated_sqlite_url, monkeypatch):
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------
        a      | 0, 3      | -1: 20
        """,
    )
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    app = opened("change.py")
    assert "1 was due at weeks 2-4, and none was measured." in app.info[0].value
    assert not app.table
    app = choose(app, "change_number", "Not measured")
    assert app.dataframe[0].value["Record number"].tolist() == ["a"]
    st.cache_resource.clear()


@pytest.mark.parametrize("criterion", [RESPONSE, PCL5_RESPONSE], ids=["PHQ-9", "PCL-5"])
def test_no_file_shows_a_small_number(example, criterion):
    found = changes(example, criterion)
    files = [
        (wording.change_file(found.mean, found.waterfall), wording.CHANGE_LAYOUT),
        (wording.region_file(found.regions), wording.REGION_LAYOUT),
        (wording.item_file(found.answers.items), wording.ITEM_LAYOUT),
        (wording.domain_file(found.answers.domains), wording.DOMAIN_LAYOUT),
        (wording.criterion_file(found.criteria), wording.CRITERION_LAYOUT),
    ]
    for rows, layout in files:
        written = export_csv(Export("a", rows, layout, {}), 5).decode("utf-8-sig")
        assert written.count("\n") == len(rows) + 1
        for row in suppress(rows, layout, 5).rows.values():
            shown = [row[name] for name in layout.counts]
            assert all(value >= 5 for value in shown if isinstance(value, int))


def test_a_region_that_is_nearly_empty_takes_its_share_with_it(example):
    found = changes(example).regions
    first = wording.boundary_name(found.by_boundary[0].boundary)
    row = suppress(wording.region_file(found), wording.REGION_LAYOUT, 5).rows[first]
    assert len(found.by_boundary[0].of("deteriorated").course_ids) < 5
    assert row["Deteriorated"].text == "fewer than 5"
    assert row["Deteriorated, share"].text == "not shown"
