"""Infusion day, from the keyboard alone, in a real browser."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from data.actors import CLINICIAN
from data.assessments import list_assessments
from data.database import open_database, reading, writing
from data.infusions import list_infusions
from data.patients import add_patient, open_course
from tests.actors import TESTER


SECONDS_TO_READ = 0.3
PHQ9_KEYS = "221301121"
PCL5_KEYS = "43210432104321043210"
MOST_STEPS = 80


@pytest.fixture
def engine(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ids(engine):
    """One patient with an open course and nothing recorded."""
    with writing(engine, TESTER) as connection:
        patient = add_patient(connection, record_number="R-1", family_name="Example")
        course = open_course(connection, patient_id=patient, indication="both")
    return patient, course


@pytest.fixture
def record_page(start_app, page, sign_in_page, migrated_sqlite_url, ids):
    """The patient's Record page, ready for the first form."""
    address = start_app(migrated_sqlite_url)
    sign_in_page(page, address, migrated_sqlite_url, CLINICIAN, name="Dr Keys")
    page.goto(f"{address}/record?patient={ids[0]}")
    expect(page.get_by_text("0 of 9 answered")).to_be_visible(timeout=30_000)
    return page


def tab_to(page: Page, name: str) -> None:
    """Move the focus, as a person without a mouse does, to what has this name."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { let e = document.activeElement;"
            " while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;"
            " return e?.getAttribute('aria-label') || e?.innerText || '' }"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"{name!r} was not reached in {MOST_STEPS} steps")


def type_keys(page: Page, keys: str, seconds_per_key: float) -> None:
    for key in keys:
        page.keyboard.press(key)
        time.sleep(seconds_per_key)


def save_infusion(page: Page) -> None:
    tab_to(page, "Save infusion")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Infusion 1 ·")).to_be_visible()
    ready_for(page, "PHQ-9")


def ready_for(page: Page, measure: str) -> None:
    """Wait until a form has taken the focus: keys before that belong to nobody."""
    form = page.get_by_role("region", name=measure)
    expect(form.locator("input:focus")).to_have_count(1)


def confirm(page: Page, measure: str) -> None:
    """Keep what was said back, as somebody who reads it first."""
    expect(page.get_by_role("button", name=f"Save {measure}")).to_be_visible()
    time.sleep(SECONDS_TO_READ)
    page.keyboard.press("Control+Enter")


def enter_both_forms(page: Page, seconds_per_key: float) -> float:
    """Type, read what is said back, and save both; return the seconds it took."""
    begun = time.monotonic()
    type_keys(page, PHQ9_KEYS, seconds_per_key)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("PHQ-9 total 13 of 27 (moderate).")).to_be_visible()
    expect(page.get_by_text("Item 9: 1, several days.")).to_be_visible()
    confirm(page, "PHQ-9")
    expect(page.get_by_text("Recorded,")).to_have_count(1)
    ready_for(page, "PCL-5")
    type_keys(page, PCL5_KEYS, seconds_per_key)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("PCL-5 total 40 of 80.")).to_be_visible()
    confirm(page, "PCL-5")
    expect(page.get_by_text("Recorded,")).to_have_count(2)
    return time.monotonic() - begun


@pytest.mark.parametrize("seconds_per_key", [0.12, 0.5])
def test_an_infusion_and_both_forms_by_keyboard_reach_the_trajectory(
    record_page, engine, ids, seconds_per_key, record_property
):
    page = record_page
    save_infusion(page)
    record_property("seconds", round(enter_both_forms(page, seconds_per_key), 1))
    tab_to(page, "See the trajectory")
    page.keyboard.press("Enter")
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=30_000)
    trajectory = page.get_by_role("figure")
    expect(trajectory).to_have_accessible_name(re.compile(r"PHQ-9.* 13.*PCL-5.* 40"))

    with reading(engine, TESTER) as connection:
        forms = {a.facts.measure: a for a in list_assessments(connection, ids[1])}
        (infusion,) = list_infusions(connection, ids[1])
    assert forms["phq9"].facts.answers == tuple(map(int, PHQ9_KEYS))
    assert forms["pcl5"].facts.answers == tuple(map(int, PCL5_KEYS))
    assert forms["phq9"].recorded_by == infusion.recorded_by == "Dr Keys"
    assert forms["phq9"].facts.completed_at == infusion.facts.started_at
    assert page.external_requests == []


def test_nothing_about_a_patient_reaches_the_log_or_the_address(record_page, app_log):
    seen = record_page.url + record_page.title() + app_log.read_text()
    assert "Example" not in seen
    assert "R-1" not in seen
