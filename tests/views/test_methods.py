"""The Methods page: nothing that is defined is left out, and nothing is made up."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.durability import LOSS_RULES
from measures.quality_measures import QUALITY_MEASURES
from measures.registry import (
    CRITERIA,
    ELIGIBILITY,
    MEASURES,
    RECALL_WINDOWS,
    TIMEPOINTS,
)
from measures.reliability import RELIABILITIES
from measures.timepoints import AFTER_INFUSIONS, BASELINE, INDUCTION
from tests.views.clinic import visited_by
from views import methods_wording as wording
from views.results.wording import methods as results
from views.results.wording.outcomes import source_text


MAIN = Path(__file__).parents[2] / "views" / "main.py"


@pytest.fixture(scope="module")
def shown(sqlite_template, tmp_path_factory):
    """Everything on the page as one text; it is the same for every practice."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("methods"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", f"sqlite:///{path}")
        app = visited_by(AppTest.from_file(str(MAIN), default_timeout=60))
        app.switch_page("methods.py")
        app.run()
    assert not app.exception
    texts = [
        e.value for kind in (app.header, app.subheader, app.markdown) for e in kind
    ]
    cells = [
        str(cell)
        for table in app.table
        for row in table.value.reset_index().to_numpy()
        for cell in row
    ]
    return "\n".join([*texts, *cells])


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=lambda c: c.code)
def test_every_criterion_has_code_sentence_reason_and_source(shown, criterion):
    for part in (criterion.code, criterion.sentence, criterion.reason):
        assert part in shown
    assert source_text(criterion.source) in shown


@pytest.mark.parametrize("timepoint", TIMEPOINTS.values(), ids=lambda t: t.code)
def test_every_time_point_has_window_and_source(shown, timepoint):
    if timepoint in AFTER_INFUSIONS:
        assert "After infusion k, up to the start of infusion k + 1 and at" in shown
        assert f"`{AFTER_INFUSIONS[0].code}` to `{AFTER_INFUSIONS[-1].code}`" in shown
        return
    assert f"`{timepoint.code}`" in shown
    assert timepoint.sentence in shown
    assert source_text(timepoint.source) in shown


@pytest.mark.parametrize("window", RECALL_WINDOWS.values(), ids=lambda w: w.code)
def test_every_recall_window_has_its_stem_and_days(shown, window):
    assert window.stem in shown
    assert source_text(window.source) in shown


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.code)
def test_every_instrument_has_its_licence_and_range(shown, measure):
    assert measure.licence in shown
    assert f"0 to {measure.highest_total}; lower is better" in shown


def test_the_phq9_has_bands_and_the_pcl5_says_that_it_has_none(shown):
    assert "minimal 0–4, mild 5–9, moderate 10–14, moderately severe 15–19" in shown
    assert "The PCL-5 has no empirically derived severity bands" in shown
    assert "31–33 for probable PTSD." in shown


@pytest.mark.parametrize("rule", ELIGIBILITY.values(), ids=lambda e: e.measure)
def test_eligibility_baseline_and_induction_are_printed(shown, rule):
    for part in (rule.sentence, BASELINE.sentence, INDUCTION.sentence):
        assert part in shown


@pytest.mark.parametrize(
    "heading",
    [
        "Scoring",
        "Who is counted",
        "Time points",
        "Rates and intervals",
        "Ever, and now",
        "Comparison with a published figure",
        "Durability",
        "Reliable change",
        "Missing data",
        "Variation",
        "Quality measures",
        "Safety",
        "What leaves the practice",
        "What a form asks about",
        "Where a practice differs from a trial",
    ],
)
def test_each_part_has_a_heading(shown, heading):
    assert heading in shown


def test_scoring_says_what_is_never_done(shown):
    assert "never counted as 0" in shown
    assert "never used in a rate, and item 9 is never filled in" in shown


def test_each_row_of_each_table_has_a_source():
    tables = (
        wording.scoring_rows(),
        wording.cohort_rows(),
        wording.timepoint_rows(),
        wording.rate_rows(),
        wording.ever_rows(),
        wording.comparison_rows(),
        wording.recall_rows(),
        wording.difference_rows(),
        results.loss_rows(),
        results.reliable_change_rows(),
        results.missing_rows(),
        results.variation_rows(),
        results.quality_rows(),
        results.safety_rows(),
        results.export_rows(),
    )
    assert all(row["Source"] for table in tables for row in table)


@pytest.mark.parametrize("rule", LOSS_RULES.values(), ids=lambda r: r.code)
def test_every_rule_of_loss_is_there(shown, rule):
    for part in (rule.code, rule.sentence, rule.reason, source_text(rule.source)):
        assert part in shown


@pytest.mark.parametrize("measure", QUALITY_MEASURES.values(), ids=lambda m: m.code)
def test_every_quality_measure_says_what_is_left_out(shown, measure):
    for part in (measure.code, measure.owner, measure.version, *measure.left_out):
        assert part in shown
    assert all(source_text(source) in shown for source in measure.sources)


@pytest.mark.parametrize("rule", BLOOD_PRESSURE_RULES.values(), ids=lambda r: r.code)
def test_every_limit_of_blood_pressure_says_what_it_was_made_for(shown, rule):
    for part in (rule.code, rule.sentence, rule.reason, source_text(rule.source)):
        assert part in shown


@pytest.mark.parametrize("reliability", RELIABILITIES, ids=lambda r: r.code)
def test_every_reliability_has_its_source(shown, reliability):
    assert reliability.sentence in shown
    assert source_text(reliability.source) in shown
