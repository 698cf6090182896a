"""A table taken out in a real browser: made when it is asked for, and noted."""

import csv
import re
from datetime import date

import pytest
from playwright.sync_api import expect

from data.actors import LEAD
from data.audit_search import search_audit
from data.database import open_database, reading
from data.example_practice import make_example
from tests.actors import TESTER


LABEL = "Download this table (CSV)"
# A page deep in the address asks for Streamlit's own files there first.
HARMLESS = "404 (Not Found)"


@pytest.fixture(scope="module")
def example_url(sqlite_template, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('example') / 'full.sqlite'}"
    make_example(url, as_of=date.today())
    return url


def taken(page):
    """Press the first button of the page and return the file it gives."""
    with page.expect_download(timeout=30_000) as pending:
        page.get_by_role("button", name=LABEL).first.click()
    return pending.value


def exported(url):
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        found = search_audit(connection, limit=9, actions=("export",))
    engine.dispose()
    return [entry.subject for entry in found]


def test_a_table_arrives_with_its_small_counts_hidden_each_time_it_is_asked_for(
    page, start_app, sign_in_page, example_url
):
    address = start_app(example_url)
    sign_in_page(page, address, example_url, LEAD)
    page.goto(f"{address}/variation")
    expect(page.get_by_role("button", name=LABEL).first).to_be_visible()
    files = [taken(page), taken(page)]
    texts = [file.path().read_text("utf-8-sig") for file in files]
    assert files[0].suggested_filename == "variation-by-clinician.csv"
    assert texts[0] == texts[1]
    rows = list(csv.DictReader(texts[0].splitlines()))
    assert [row["Clinician"] for row in rows][-1] == "All together"
    counts = {row[name] for row in rows for name in ("Measured", "Criterion met")}
    assert not counts.intersection({"0", "1", "2", "3", "4"})
    assert exported(example_url) == ["results variation-by-clinician"] * 2
    assert [e for e in page.console_errors if HARMLESS not in e] == []
    assert page.external_requests == []


def test_a_list_of_patients_has_no_way_out_of_its_own(
    page, start_app, sign_in_page, example_url
):
    """What a table's own button took out would not be in the audit."""
    address = start_app(example_url)
    sign_in_page(page, address, example_url, LEAD)
    page.goto(f"{address}/outcomes")
    page.get_by_text(re.compile(r"^Started: \d+$")).first.click()
    table = page.get_by_test_id("stDataFrame").first
    table.hover()
    toolbar = page.get_by_test_id("stElementToolbar").first
    expect(toolbar.get_by_role("button", name="Search")).to_be_visible()
    expect(toolbar.get_by_role("button", name="Download as CSV")).to_have_count(0)
