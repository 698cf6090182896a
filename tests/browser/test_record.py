"""Infusion day, from the keyboard alone, in a real browser."""

import re
import sys
import time
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.actors import CLINICIAN
from data.assessments import list_assessments
from data.database import open_database, reading, writing
from data.infusions import list_infusions
from data.patients import add_patient, open_course
from data.tables import draft
from tests.actors import TESTER


SECONDS_TO_READ = 0.7
SECONDS_TO_KEEP = 10
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
def open_record(open_page, sign_in_page, migrated_sqlite_url, ids):
    """Return a function that opens the patient's Record page, of one account."""

    def open_record_(address: str) -> Page:
        page = open_page()
        sign_in_page(page, address, migrated_sqlite_url, CLINICIAN, name="Dr Keys")
        page.goto(f"{address}/record?patient={ids[0]}")
        ready_for(page, "PHQ-9")
        return page

    return open_record_


@pytest.fixture
def record_page(start_app, open_record, migrated_sqlite_url):
    """The patient's Record page, ready for the first form."""
    return open_record(start_app(migrated_sqlite_url))


def walk_to(page: Page, name: str, key: str) -> int:
    """Move the focus by keyboard alone and return how many keys it took.

    Waits until there is what it walks to: the rest of a page comes after its form.
    """
    buttons = page.get_by_role("button", name=name)
    expect(buttons.or_(page.get_by_role("link", name=name)).first).to_be_visible()
    for presses in range(1, MOST_STEPS):
        page.keyboard.press(key)
        focused = page.evaluate(
            "() => { let e = document.activeElement;"
            " while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;"
            " return e?.getAttribute('aria-label') || e?.innerText || '' }"
        )
        if focused.startswith(name):
            return presses
    raise AssertionError(f"{name!r} was not reached in {MOST_STEPS} steps")


def type_keys(page: Page, keys: str, seconds_per_key: float) -> None:
    for key in keys:
        page.keyboard.press(key)
        time.sleep(seconds_per_key)


def save_infusion(page: Page, seconds_per_key: float) -> None:
    """Go back from the form, which has the focus, to the infusion above it."""
    presses = walk_to(page, "Save infusion", "Shift+Tab")
    time.sleep(presses * seconds_per_key)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Infusion 1 ·")).to_be_visible()
    ready_for(page, "PHQ-9")


def ready_for(page: Page, measure: str) -> None:
    """Wait until a form has taken the focus: keys before that belong to nobody."""
    form = page.get_by_role("region", name=measure)
    expect(form.locator("input:focus")).to_have_count(1, timeout=30_000)


def said_back(page: Page, measure: str):
    return page.get_by_role("group", name=f"Save this {measure}?")


def save_form(page: Page, measure: str, *sentences: str) -> None:
    """Let a form say back what was typed, read it, and keep it."""
    page.keyboard.press("Control+Enter")
    for sentence in sentences:
        expect(said_back(page, measure).get_by_text(sentence)).to_be_visible()
    time.sleep(SECONDS_TO_READ)
    page.keyboard.press("Control+Enter")


def enter_both_forms(page: Page, seconds_per_key: float) -> None:
    type_keys(page, PHQ9_KEYS, seconds_per_key)
    save_form(
        page, "PHQ-9", "PHQ-9 total 13 of 27 (moderate).", "Item 9: 1, several days."
    )
    expect(page.get_by_text("Recorded,")).to_have_count(1)
    ready_for(page, "PCL-5")
    type_keys(page, PCL5_KEYS, seconds_per_key)
    save_form(page, "PCL-5", "PCL-5 total 40 of 80.")
    expect(page.get_by_text("Recorded,")).to_have_count(2)


@pytest.mark.parametrize("seconds_per_key", [0.12, 0.5])
def test_an_infusion_and_both_forms_by_keyboard_reach_the_trajectory(
    record_page, engine, ids, seconds_per_key, capsys
):
    page = record_page
    begun = time.monotonic()
    save_infusion(page, seconds_per_key)
    enter_both_forms(page, seconds_per_key)
    seconds = round(time.monotonic() - begun, 1)
    with capsys.disabled():
        sys.stderr.write(
            f"\nInfusion, PHQ-9 and PCL-5 typed, read and saved: {seconds} s at "
            f"{seconds_per_key} s per key\n"
        )
    walk_to(page, "See the trajectory", "Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=30_000)

    forms = saved_forms(engine, ids)
    with reading(engine, TESTER) as connection:
        (infusion,) = list_infusions(connection, ids[1])
    assert forms["phq9"].facts.answers == tuple(map(int, PHQ9_KEYS))
    assert forms["pcl5"].facts.answers == tuple(map(int, PCL5_KEYS))
    assert forms["phq9"].recorded_by == infusion.recorded_by == "Dr Keys"
    assert forms["phq9"].facts.completed_at == infusion.facts.started_at
    assert page.external_requests == []


def saved_forms(engine, ids):
    with reading(engine, TESTER) as connection:
        return {a.facts.measure: a for a in list_assessments(connection, ids[1])}


def drafts(engine):
    with reading(engine, TESTER) as connection:
        return list(connection.scalars(select(draft.c.answers)))


def until_kept(page: Page, engine, answers: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_KEEP
    while drafts(engine) != [answers]:
        assert time.monotonic() < deadline, drafts(engine)
        page.wait_for_timeout(50)


def test_two_quick_presses_save_nothing(record_page, engine, ids):
    page = record_page
    type_keys(page, PHQ9_KEYS, 0)
    # Both in one go, so that a slow machine cannot make them slow.
    page.evaluate(
        """() => {
            const host = document.activeElement, init =
                { key: "Enter", ctrlKey: true, bubbles: true, composed: true };
            for (let n = 0; n < 2; n++)
                host.shadowRoot.activeElement.dispatchEvent(
                    new KeyboardEvent("keydown", init));
        }"""
    )
    expect(said_back(page, "PHQ-9")).to_be_visible()
    page.wait_for_timeout(1_000)
    assert saved_forms(engine, ids) == {}
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Recorded,")).to_have_count(1)
    assert saved_forms(engine, ids)["phq9"].total == 13


def test_a_draft_survives_a_reload_and_is_gone_once_saved(record_page, engine, ids):
    page = record_page
    type_keys(page, PHQ9_KEYS[:5], 0)
    until_kept(page, engine, "22130----")
    page.reload()
    form = page.get_by_role("region", name="PHQ-9")
    expect(form.get_by_text(re.compile("Kept from .*; Clear starts"))).to_be_visible()
    expect(form.get_by_text("5 of 9 answered")).to_be_visible()
    ready_for(page, "PHQ-9")
    type_keys(page, PHQ9_KEYS[5:], 0)
    until_kept(page, engine, PHQ9_KEYS)
    save_form(page, "PHQ-9", "PHQ-9 total 13 of 27 (moderate).")
    expect(page.get_by_text("Recorded,")).to_have_count(1)
    assert drafts(engine) == []
    assert saved_forms(engine, ids)["phq9"].facts.answers == tuple(map(int, PHQ9_KEYS))


def test_a_draft_survives_a_restart_of_the_server_in_another_browser(
    start_app, open_record, migrated_sqlite_url, engine
):
    with ExitStack() as first_server:
        page = open_record(start_app(migrated_sqlite_url, first_server))
        type_keys(page, "22-3", 0)
        until_kept(page, engine, "22-3-----")
    other = open_record(start_app(migrated_sqlite_url))
    form = other.get_by_role("region", name="PHQ-9")
    expect(form.get_by_text("3 of 9 answered")).to_be_visible()
    expect(form.get_by_text(re.compile("Kept from"))).to_be_visible()


def test_nothing_about_a_patient_reaches_the_log_or_the_address(record_page, app_log):
    seen = record_page.url + record_page.title() + app_log.read_text()
    assert "Example" not in seen
    assert "R-1" not in seen
