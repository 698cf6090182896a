"""The screen and the session: warned, kept alive by use alone, gone when it ends."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from access.live import SWEEP_SECONDS, TOUCH_SECONDS
from data.accounts import (
    add_account,
    change_account,
    disable_account,
    set_password,
)
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD, door
from data.database import open_database, writing
from data.patients import add_patient, open_course
from data.records import now_stamp
from data.sessions import end_session, end_sessions_of
from data.settings import change_settings
from data.tables import session
from tests.actors import TESTER


# What a screen may still show after its session has ended.
AT_ONCE = 2_000
SETTLED = 30_000
WORDS = re.compile(r"You will be signed out in \d+ s\.")


@pytest.fixture
def engine(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    with writing(engine, TESTER) as connection:
        patient = add_patient(connection, record_number="R-1", family_name="Lindqvist")
        open_course(connection, patient_id=patient, indication="depression")
        # Somebody who is left when the visitor is disabled: the practice is set up.
        admin = add_account(
            connection, login="admin", name="Admin", roles=[ADMINISTRATOR]
        )
        set_password(connection, admin, "no hash of any password")
    engine.patient = patient
    yield engine
    engine.dispose()


@pytest.fixture
def address(engine, start_app, migrated_sqlite_url):
    return start_app(migrated_sqlite_url)


@pytest.fixture
def enter(address, page, sign_in_page, migrated_sqlite_url):
    """Return a function that opens a page, signed in with some roles."""

    def entered(path="", *roles, name="Dr Lee"):
        sign_in_page(page, address, migrated_sqlite_url, *roles, name=name)
        return settled(page, f"{address}/{path}")

    return entered


@pytest.fixture
def patient_page(enter, engine):
    """A patient's page, whose name must not stay on the screen."""
    page = enter(f"patient?patient={engine.patient}", CLINICIAN)
    expect(contents(page)).to_be_visible()
    return page


def settled(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=SETTLED)
    expect(page.locator("h1").first).to_be_visible(timeout=SETTLED)
    page.wait_for_load_state("networkidle")
    return page


def contents(page: Page):
    return page.get_by_role("heading", name="Lindqvist")


def faults(page: Page) -> list[str]:
    """Return what the browser complained of; not Streamlit's own missing files."""
    return [e for e in page.console_errors if "404 (Not Found)" not in e]


def warning(page: Page):
    return page.get_by_text(WORDS)


def stay(page: Page):
    return page.get_by_role("button", name="Stay signed in")


def kept(engine, column):
    """Return a column of the one session."""
    with engine.connect() as connection:
        return connection.scalar(select(session.c[column]))


def move_back(engine, column, **ago):
    """Let the session have been used, or begun, so long ago."""
    then = now_stamp() - timedelta(**ago)
    with engine.begin() as connection:
        connection.execute(update(session).values({column: then}))


def leave_alone(page: Page) -> None:
    """Wait until the last use of the page is written down."""
    page.wait_for_timeout((TOUCH_SECONDS + 2 * SWEEP_SECONDS) * 1000)


def is_gone(page: Page) -> None:
    """The contents are off the screen, and then the way in is on it."""
    expect(contents(page)).to_be_hidden(timeout=AT_ONCE)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "/login?next=%2Fpatient%3Fpatient%3D" in page.url


# Who is here, and out.


def test_says_who_is_signed_in_and_leads_to_the_own_account(enter):
    page = enter("methods", CLINICIAN, LEAD, name="Dr Lee")
    signed_in = page.get_by_role("region", name="Signed in")
    expect(signed_in).to_contain_text("Dr Lee")
    expect(signed_in).to_contain_text("Clinician, lead")
    signed_in.get_by_role("link", name="Your account").click()
    page.wait_for_url("**/account")
    assert faults(page) == []


def test_signing_out_leaves_nothing_to_go_back_to(patient_page, engine):
    page, address = patient_page, patient_page.url
    page.get_by_role("button", name="Sign out").click()
    expect(contents(page)).to_be_hidden(timeout=AT_ONCE)
    page.wait_for_url("**/login")
    assert kept(engine, "ended_why") == "signed out"
    page.go_back()
    assert "/patient" not in page.url
    page.goto(address)
    is_gone(page)


def test_signing_out_goes_on_until_the_server_has_heard_of_it(patient_page, engine):
    page = patient_page
    page.route("**/logout", lambda route: route.abort())
    page.get_by_role("button", name="Sign out").click()
    expect(contents(page)).to_be_hidden(timeout=AT_ONCE)
    expect(page.get_by_text("you are not signed out yet")).to_be_visible()
    assert kept(engine, "ended_at") is None
    page.unroute("**/logout")
    page.wait_for_url("**/login")
    assert kept(engine, "ended_why") == "signed out"


# Gone at once, whatever ends the session.


def end_elsewhere(engine):
    with writing(engine, door()) as connection:
        end_session(connection, kept(engine, "id"), "signed out")


def end_everywhere(engine):
    with writing(engine, door()) as connection:
        end_sessions_of(connection, kept(engine, "account_id"), "revoked")


def disable(engine):
    with writing(engine, TESTER) as connection:
        disable_account(connection, kept(engine, "account_id"))


def grow_too_old(engine):
    move_back(engine, "started_at", hours=12)


@pytest.mark.parametrize("end", [end_elsewhere, end_everywhere, disable, grow_too_old])
def test_the_screen_is_gone_when_the_session_ends(patient_page, engine, end):
    end(engine)
    is_gone(patient_page)


def test_the_screen_is_gone_when_nobody_uses_it(patient_page, engine):
    leave_alone(patient_page)
    move_back(engine, "seen_at", minutes=15)
    is_gone(patient_page)


def test_every_open_page_of_the_visitor_goes(patient_page, engine):
    other = settled(patient_page.context.new_page(), patient_page.url)
    patient_page.get_by_role("button", name="Sign out").click()
    is_gone(other)


def test_a_page_that_was_kept_to_go_back_to_is_covered_and_asked_for_anew(
    patient_page, engine
):
    page = patient_page
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    expect(contents(page)).to_be_hidden()
    end_elsewhere(engine)
    page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    )
    is_gone(page)


def test_a_page_that_comes_into_view_asks_at_once(patient_page):
    page = patient_page
    # Fetched before the event is over; unless a question was under way just then.
    page.wait_for_function("""() => {
        let asked = 0;
        const { fetch } = window;
        window.fetch = (...rest) => { asked += 1; return fetch(...rest); };
        document.dispatchEvent(new Event('visibilitychange'));
        window.fetch = fetch;
        return asked === 1;
    }""")


def answer_for(page, session_id):
    """Let the server answer for another session, as after a hand-over."""
    answer = {"left": 900, "warn": False, "session": session_id}
    page.route("**/session", lambda route: route.fulfill(json=answer))


def test_a_page_drawn_for_another_session_is_drawn_anew(patient_page, engine):
    page = patient_page
    page.evaluate("window.mark = true")
    answer_for(page, kept(engine, "id"))
    page.wait_for_timeout(1_500)
    assert page.evaluate("window.mark")
    page.route("**/patient?*", lambda route: route.fulfill(body="Somebody else"))
    answer_for(page, kept(engine, "id") + 1)
    expect(contents(page)).to_be_hidden(timeout=AT_ONCE)
    expect(page.get_by_text("Somebody else")).to_be_visible()


# The server out of reach.


def test_out_of_reach_the_page_stays_until_its_time_is_over(patient_page, engine):
    page = patient_page
    leave_alone(page)
    move_back(engine, "seen_at", minutes=14, seconds=52)
    expect(warning(page)).to_be_visible()
    page.route("**/session", lambda route: route.abort())
    last_seconds = re.compile(r"in [1-4] s")
    expect(warning(page)).to_contain_text(last_seconds)
    expect(contents(page)).to_be_visible()
    expect(contents(page)).to_be_hidden(timeout=4_000 + AT_ONCE)
    expect(page.get_by_text("the server does not answer yet")).to_be_visible()
    assert "/patient" in page.url
    move_back(engine, "seen_at", seconds=0)
    page.unroute("**/session")
    expect(contents(page)).to_be_visible()


# The warning.


def test_a_warning_counts_down_and_staying_takes_it_away(patient_page, engine):
    page = patient_page
    expect(warning(page)).to_be_hidden()
    leave_alone(page)
    move_back(engine, "seen_at", minutes=14, seconds=2)
    expect(warning(page)).to_be_visible()
    seconds = int(re.search(r"\d+", warning(page).inner_text()).group())
    assert 50 < seconds <= 60
    spoken = page.get_by_role("status").filter(has_text="You will be signed out in")
    expect(spoken).to_have_count(1)
    expect(warning(page)).not_to_contain_text(f"in {seconds} s")
    stay(page).click()
    expect(warning(page)).to_be_hidden()
    expect(spoken).to_have_count(0)
    assert (now_stamp() - kept(engine, "seen_at")).total_seconds() < 5
    expect(contents(page)).to_be_visible()


def test_the_warning_is_reached_and_pressed_from_the_keyboard(patient_page, engine):
    page = patient_page
    leave_alone(page)
    move_back(engine, "seen_at", minutes=14, seconds=2)
    stay(page).focus()
    page.keyboard.press("Enter")
    expect(warning(page)).to_be_hidden()


def test_a_session_that_is_too_old_says_that_staying_does_not_help(
    patient_page, engine
):
    page = patient_page
    move_back(engine, "started_at", hours=11, minutes=59, seconds=20)
    stay(page).click()
    expect(page.get_by_text("This cannot be put off")).to_be_visible()
    expect(stay(page)).to_be_hidden()
    expect(contents(page)).to_be_visible()


def test_the_practice_chooses_when_to_warn(patient_page, engine):
    with writing(engine, TESTER) as connection:
        change_settings(connection, idle_minutes=2, warning_seconds=110)
    leave_alone(patient_page)
    expect(warning(patient_page)).to_be_visible(timeout=8_000)


# What keeps a session alive, and what does not.


def test_an_open_page_asks_every_second_and_keeps_nothing_alive(patient_page, engine):
    page = patient_page
    leave_alone(page)
    before = kept(engine, "seen_at")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3_000)
    assert {url.rsplit("/", 1)[-1] for url in asked} == {"session"}
    assert 2 <= len(asked) <= 4
    page.wait_for_timeout((TOUCH_SECONDS + SWEEP_SECONDS) * 1000)
    assert kept(engine, "seen_at") == before


def test_using_the_page_keeps_the_session_alive(patient_page, engine):
    page = patient_page
    leave_alone(page)
    move_back(engine, "seen_at", minutes=14)
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("button", name="Add event").click()
    leave_alone(page)
    expect(warning(page)).to_be_hidden()
    assert (now_stamp() - kept(engine, "seen_at")).total_seconds() < 30


def test_reruns_and_page_switches_make_no_second_watch(enter):
    page = enter("", CLINICIAN, LEAD)
    for name in ("Methods", "Published figures", "Outcomes", "Caseload") * 2:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1").filter(has_text=name)).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3_000)
    assert len([url for url in asked if url.endswith("/session")]) <= 4
    assert page.locator("infusion-outcomes-session").count() == 1
    assert faults(page) == []


# A role that was taken away.


def test_a_role_that_is_taken_away_is_gone_at_the_next_step(enter, engine):
    page = enter("caseload", CLINICIAN, LEAD)
    menu = page.get_by_test_id("stSidebarNav")
    expect(menu.get_by_role("link", name="Outcomes")).to_be_visible()
    with writing(engine, TESTER) as connection:
        change_account(connection, kept(engine, "account_id"), roles=[ADMINISTRATOR])
    # The list is searched without reading anything anew, and is refused all the same.
    page.get_by_role("searchbox", name="Search").fill("Lind")
    expect(page.get_by_text("This page is for a clinician or a lead")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    expect(menu.get_by_role("link", name="Outcomes")).to_have_count(0)
    expect(menu.get_by_role("link", name="Accounts")).to_be_visible()
