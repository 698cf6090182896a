"""The Published figures page: the audit first, then everything that was seen."""

import csv
import io
from pathlib import Path
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from analysis.comparison import PracticeFrames, compare
from data.published import load_catalogue
from tests.course_tables import courses, scores_after
from tests.views.clinic import visited_by
from views.results.wording import beside as beside_wording
from views.results.wording import published as wording


MAIN = Path(__file__).parents[2] / "views" / "main.py"
CATALOGUE = load_catalogue()


def opened():
    app = visited_by(AppTest.from_file(str(MAIN), default_timeout=60))
    app.session_state["practice"] = "own"
    app.switch_page("results/published.py")
    return checked(app.run())


@pytest.fixture(autouse=True)
def own_practice(monkeypatch, migrated_sqlite_url):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def texts(app):
    kinds = (app.markdown, app.subheader, app.info, app.get("badge"))
    found = "\n".join(str(e.value) for kind in kinds for e in kind)
    return found.replace("\u00a0", " ")


# The audit.


def test_the_audit_comes_before_the_catalogue():
    headers = [header.value for header in opened().header]
    assert headers == ["What the practice article cites", "Catalogue"]


def test_six_citations_and_how_many_hold():
    said = texts(opened())
    assert "The practice article names 6 studies. Right: 0; right study, wrong " in said
    assert "reference: 3; not supported: 3." in said


@pytest.mark.parametrize("citation", CATALOGUE.citations, ids=lambda c: c.name)
def test_each_citation_has_verdict_claim_finding_and_true_reference(citation):
    text = texts(opened())
    for part in (
        citation.name,
        citation.verdict,
        citation.as_cited,
        citation.claim,
        citation.explanation,
        citation.true_reference,
    ):
        assert part in text


def test_the_unsupported_rates_are_never_without_their_label():
    text = texts(opened())
    assert "70 % against 30 % on placebo, as cited; no such trial found" in text
    assert "63.8 % (about 30 of 47; 50–76)" in text


def test_a_true_reference_links_to_its_doi_in_plain_text():
    text = texts(opened())
    assert "[doi.org/10.1002/hup.2475](https://doi.org/10.1002/hup.2475)" in text


def test_the_protocol_is_audited_too():
    text = texts(opened())
    assert CATALOGUE.protocol.claim in text
    assert CATALOGUE.protocol.finding in text


# The catalogue.


def test_every_figure_is_in_the_table():
    shown = opened().dataframe[0].value
    assert shown.to_dict("records") == wording.catalogue_rows(CATALOGUE.figures)
    assert len(shown) == len(CATALOGUE.figures)


def test_a_search_keeps_what_has_every_word():
    app = opened()
    app.text_input(key="published_search").set_value("veterans PCL-5").run()
    names = set(checked(app).dataframe[0].value["Figure"])
    assert "Abdallah 2022" in names
    assert "McInnes 2022" not in names


def test_negative_trials_can_be_searched_for():
    found = [f.code for f in CATALOGUE.figures if wording.matches(f, "no benefit")]
    assert set(found) >= {f.code for f in CATALOGUE.figures if f.negative}


def test_a_tier_can_be_chosen_and_says_what_it_is():
    app = opened()
    (tier,) = [w for w in app.button_group if w.key == "published_tier"]
    tier.set_value("direct")
    app = checked(app.run())
    assert set(app.dataframe[0].value["Tier"]) == {"direct"}
    assert wording.TIERS["direct"] in texts(app)


def test_a_search_without_result_says_what_to_do():
    app = opened()
    app.text_input(key="published_search").set_value("zzz").run()
    assert app.info[0].value == (
        "No figure matches. Clear the search or choose all tiers."
    )
    assert not app.dataframe


@pytest.mark.parametrize(
    "code", ["mcinnes_2022_phq9_14_31d", "lii_2023_day7", "oliver_2022_phq9_6wk"]
)
def test_one_figure_is_shown_in_full(code):
    app = opened()
    app.selectbox(key="published_figure").set_value(code).run()
    figure = CATALOGUE.figure(code)
    details = wording.figure_details(figure)
    shown = checked(app).table[0].value
    assert dict(zip(shown.index, shown.iloc[:, 0], strict=True)) == details
    assert figure.sentence.replace("\u00a0", " ") in texts(app)


def test_the_file_is_the_table():
    files = []
    with patch("streamlit.download_button", lambda _, data, **__: files.append(data)):
        opened()
    rows = list(csv.DictReader(io.StringIO(files[0].decode("utf-8-sig"))))
    assert rows == wording.catalogue_rows(CATALOGUE.figures)


# Words.


@pytest.mark.parametrize("figure", CATALOGUE.figures, ids=lambda f: f.code)
def test_every_figure_has_a_tier_and_a_verification_in_words(figure):
    details = wording.figure_details(figure)
    assert details["Tier"].endswith(wording.TIERS[figure.tier])
    assert details["Verification"].endswith(".")
    assert "None" not in " ".join(details.values())


@pytest.mark.parametrize(
    ("code", "outcome", "words"),
    [
        ("mcinnes_2022_phq9_14_31d", "response", "53.6 % (about 288 of 537; 49–58)"),
        ("pfeiffer_2024_phq9_6wk", "response", "26 % (n not seen, so no interval)"),
        ("alnefeesi_2022", "response", "45 % (35–55 as published)"),
        ("sakurai_2020_qids", "response", "18.3 % (15 of 82; 11–28)"),
        ("sakurai_2020_qids", "remission", "–"),
    ],
)
def test_a_rate_is_printed_as_published_with_n_or_without(code, outcome, words):
    assert wording.rate_text(CATALOGUE.figure(code).rate(outcome)) == words


def test_a_pooled_figure_says_what_was_mixed():
    assert wording.title(CATALOGUE.figure("alnefeesi_2022")) == (
        "Alnefeesi 2022 (pooled): mixed scales, mixed times"
    )


def test_a_change_without_an_interval_says_so():
    change = CATALOGUE.figure("bentley_2022_phq9").change
    assert wording.change_text(change) == "−5.6, n 15 (no interval seen)"


def test_a_reference_without_a_doi_has_no_link():
    assert wording.dois("None found.") == []


# The practice beside a figure, in words.

THREE = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
            1 |       60 |     8 |        20 |      33
            2 |       60 |    55 |        20 |      33
            3 |       60 |       |           |      33
"""


def beside(code, outcome, table):
    figure = CATALOGUE.figure(code)
    recut = figure.recut
    frames = PracticeFrames(
        courses=courses(table),
        measure=recut.measure,
        recall_window=recut.recall_window,
        timepoint=recut.timepoint,
        eligible_at_least=10,
        as_of_day=100,
        scores=scores_after(SCORES),
    )
    return compare(figure, outcome, frames)


SCORES = """
    course_id | day | total
    ----------+-----+------
            1 |   3 |    50
            1 |  20 |     8
            2 |  20 |    55
"""


def test_a_comparison_is_one_sentence_without_a_cause():
    result = beside("mcinnes_2022_phq9_14_31d", "response", THREE)
    assert beside_wording.sentence(result) == (
        "Practice, counted the same way as far as the record allows: 50 % (1 of 2 "
        "measured after 4 to 8 infusions in 7 to 28 days; 9–91). McInnes 2022: 53.6 % "
        "(about 288 of 537; 49–58). Practice minus published: −4 percentage points "
        "(95 % CI −44 to +37), an interval that includes no difference."
    )


def test_a_figure_without_n_has_no_difference():
    result = beside("pfeiffer_2024_phq9_6wk", "remission", THREE)
    assert beside_wording.difference_text(result) == "–"
    assert beside_wording.sentence(result) == (
        "Practice, counted the same way as far as the record allows: 0 % (0 of 3 due; "
        "0–56). Pfeiffer 2024: 15 % (n not seen, so no interval)."
    )


def test_the_rate_without_the_practices_own_lowest_baseline_stands_beside():
    assert (
        beside_wording.caveats(beside("mcinnes_2022_phq9_14_31d", "response", THREE))
        == ""
    )
    lower = THREE + "            4 |        6 |     2 |        20 |      33\n"
    result = beside("mcinnes_2022_phq9_14_31d", "response", lower)
    assert (result.share.events, result.share.n) == (1, 2)
    assert (result.any_baseline.events, result.any_baseline.n) == (2, 3)
    said = beside_wording.caveats(result)
    assert "lowest baseline (PHQ-9 of 10 or more at baseline) is added" in said
    assert "without it, 67 % of 3 measured after 4 to 8 infusions" in said


def test_ever_is_called_at_least_once():
    result = beside("oliver_2022_phq9_6wk", "response", THREE)
    assert (
        beside_wording.practice_text(result) == "at least once 50 % (9–99), 2 followed"
    )


def test_a_mean_change_has_its_interval():
    result = beside("bentley_2022_phq9", "change", THREE)
    assert beside_wording.practice_text(result) == "−28.5, n 2 (−327.1 to 270.1)"


def test_a_mean_of_one_course_has_none():
    result = beside("bentley_2022_phq9", "change", THREE.replace("55", "  "))
    assert beside_wording.practice_text(result) == "−52.0, n 1 (no interval)"


def test_nobody_measured_is_said_in_place_of_a_number():
    result = beside("mcinnes_2022_phq9_14_31d", "response", NOBODY)
    assert beside_wording.practice_text(result) == (
        "none: nobody in the practice has a score for this time point."
    )


NOBODY = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
            1 |       60 |       |           |      33
"""
