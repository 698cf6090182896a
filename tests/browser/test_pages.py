"""Every page in a real browser: nothing leaves the machine, everybody can use it."""

import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

from data.actors import ACCOUNT_ROLES
from data.database import open_database, reading
from data.example_practice import make_example
from data.patients import Patient, patient_by_record_number
from tests.actors import TESTER


PAGES = {
    "": "Today",
    "caseload": "Caseload",
    "record": "Record",
    "import": "Import",
    "outcomes": "Outcomes",
    "beside": "Beside published",
    "by-infusion": "By infusion",
    "durability": "Durability",
    "change": "Change",
    "missing": "Missing data",
    "variation": "Variation",
    "quality": "Quality measures",
    "safety": "Safety",
    "data-quality": "Data quality",
    "snapshots": "Snapshots",
    "published": "Published figures",
    "methods": "Methods",
    "accounts": "Accounts",
    "settings": "Practice settings",
    "audit": "Audit",
    "account": "Your account",
}
# An open page asks once a second whether its session goes on.
WATCH = "/session"
MILLISECONDS_OF_QUIET = 500
MOST_WAITS = 60
EXAMPLE_FILE = "data/infusion-outcomes/example-practice.db"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# Streamlit's own: the lists of its navigation, its tables drawn on a canvas, and the
# parts of a date, which are small.
NOT_OURS = [
    "[data-testid='stSidebarNav']",
    "[data-testid='stDataFrameGlideDataEditor']",
    "[data-testid='stDateInput']",
]

# A page deep in the address asks for Streamlit's own files there first.
HARMLESS = "404 (Not Found)"


@pytest.fixture(scope="module")
def example_url(sqlite_template, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('example') / 'full.sqlite'}"
    make_example(url, as_of=date.today())
    return url


@pytest.fixture
def address_for(start_app, sign_in_page):
    """Return a function that starts a practice for a page and lets it in."""

    def started(page, database_url):
        address = start_app(database_url)
        sign_in_page(page, address, database_url, *ACCOUNT_ROLES)
        return address

    return started


def settled(page: Page, url: str, title: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible(
        timeout=30_000
    )
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=30_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    quiet(page)


def quiet(page: Page) -> None:
    """Wait until a page asks for nothing more.

    Chromium's own word for it never comes: an answer that nobody reads, as when
    Streamlit looks whether a download is there, is under way for ever.
    """
    asked = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path != WATCH:
            asked.append(request.url)

    page.on("request", note)
    for _ in range(MOST_WAITS):
        asked.clear()
        page.wait_for_timeout(MILLISECONDS_OF_QUIET)
        if not asked:
            break
    page.remove_listener("request", note)
    assert asked == []


def violations(page: Page) -> list[str]:
    """Return what axe finds outside of Streamlit's own parts."""
    found = Axe().run(
        page,
        context={"exclude": [[selector] for selector in NOT_OURS]},
        options={"runOnly": {"type": "tag", "values": RULES}},
    )
    return [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found.response["violations"]
        for node in v["nodes"]
    ]


def with_both_measures(url: str) -> Patient:
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        patient = patient_by_record_number(connection, "EX-014")
    engine.dispose()
    return patient


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 820])
def test_every_page_is_accessible_and_asks_nobody_outside(
    address_for, open_page, example_url, scheme, width
):
    page = open_page(width=width, color_scheme=scheme)
    address = address_for(page, example_url)
    patient = with_both_measures(example_url)
    places = PAGES | {f"patient?patient={patient.id}": patient.name}
    found = {}
    for place, title in places.items():
        settled(page, f"{address}/{place}", title)
        found[title] = violations(page)
    assert {title: faults for title, faults in found.items() if faults} == {}
    assert page.external_requests == []
    assert [e for e in page.console_errors if HARMLESS not in e] == []


def test_an_empty_practice_offers_two_things_and_the_example_is_marked(
    address_for, page, migrated_sqlite_url, tmp_path
):
    address = address_for(page, migrated_sqlite_url)
    settled(page, address, "Today")
    expect(page.get_by_role("button", name="Record the first patient")).to_be_visible()
    page.get_by_role("button", name="Open the example practice").click()
    expect(page.get_by_text("Every patient here is invented")).to_be_visible(
        timeout=60_000
    )
    expect(page.get_by_role("heading", name="Overdue")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Caseload").click()
    expect(page.get_by_text("of 120 in this practice")).to_be_visible(timeout=60_000)
    assert "practice=Example" in page.url
    page.reload()
    expect(page.get_by_text("Every patient here is invented")).to_be_visible()
    patient = with_both_measures(f"sqlite:///{tmp_path}/{EXAMPLE_FILE}")
    page.goto(f"{address}/patient?practice=Example&patient={patient.id}")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("heading", name="Record", exact=True)).to_be_visible()
    expect(page.get_by_text("Every patient here is invented")).to_be_visible()
    expect(page.get_by_text(patient.name).first).to_be_visible()
    assert page.external_requests == []


def test_an_empty_practice_has_no_fault_on_any_page(
    address_for, page, migrated_sqlite_url
):
    address = address_for(page, migrated_sqlite_url)
    for place, title in PAGES.items():
        settled(page, f"{address}/{place}", title)
        assert violations(page) == [], title
    assert page.external_requests == []


def test_the_practice_stands_beside_published_figures_and_both_can_be_downloaded(
    address_for, page, example_url
):
    address = address_for(page, example_url)
    settled(page, f"{address}/beside", PAGES["beside"])
    figures = page.get_by_role("figure")
    forest = figures.filter(has_text="McInnes 2022").first
    expect(forest).to_contain_text(re.compile(r"53\.6\s%\s\(49–58\),\sn\s537"))
    expect(
        figures.filter(has_text="As cited; no such trial found").first
    ).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("CSV")).first.click()
    written = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "McInnes 2022" in written
    assert page.external_requests == []


def test_the_report_of_results_is_a_file(address_for, page, example_url):
    settled(page, f"{address_for(page, example_url)}/outcomes", "Outcomes")
    sentence = re.compile(r"\d+\s%\sof\sthe\s\d+\smeasured\smet")
    expect(page.get_by_text(sentence).first).to_be_visible()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Report (PDF)").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    assert page.external_requests == []
