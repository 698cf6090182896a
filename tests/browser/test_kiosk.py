"""A patient with a tablet: touches through the forms, and gets nowhere else."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from data.accounts import add_account, set_password
from data.actors import ADMINISTRATOR, CLINICIAN
from data.alerts import list_alerts
from data.assessments import list_assessments
from data.database import open_database, reading, writing
from data.encounters import open_encounter
from data.patients import add_patient, open_course
from data.settings import change_settings
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from tests.actors import TESTER, with_role


TABLET = {"width": 820, "height": 1180}
PHONE = {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CRISIS = "Please go to the front desk now.\n\nYou can call or text 988 at any time."
SMALLEST_TARGET = 56
WORDS = {answer.score: answer.text for answer in PHQ9.answers}


class Practice:
    """A practice with one patient, whose tablet the tests touch."""

    def __init__(self, url):
        self.url = url
        self.engine = open_database(url)
        with writing(self.engine, TESTER) as connection:
            change_settings(connection, crisis_text=CRISIS, practice_name="Lake House")
            self.patient_id = add_patient(
                connection,
                record_number="R-1",
                given_name="Ada",
                family_name="Lovelace",
            )
            self.course_id = open_course(
                connection, patient_id=self.patient_id, indication="depression"
            )
            self.account_id = add_account(
                connection,
                login="lee",
                name="Dr Lee",
                roles=[CLINICIAN, ADMINISTRATOR],
                sites=[1],
            )
            # Or the practice were not set up yet, and no one could sign in.
            set_password(connection, self.account_id, "a hash")

    def link(self, *forms):
        clinician = with_role(CLINICIAN, account_id=self.account_id)
        asked = forms or [("phq9", "two_weeks")]
        with writing(self.engine, clinician) as connection:
            return open_encounter(connection, self.course_id, asked)

    @property
    def recorded(self):
        with reading(self.engine, TESTER) as connection:
            return list_assessments(connection, self.course_id)

    @property
    def alerts(self):
        with reading(self.engine, TESTER) as connection:
            return [alert.item_9 for alert in list_alerts(connection)]


@pytest.fixture
def practice(migrated_sqlite_url):
    practice = Practice(migrated_sqlite_url)
    yield practice
    practice.engine.dispose()


@pytest.fixture
def address(start_app, practice):
    return start_app(practice.url)


@pytest.fixture
def tablet(open_page, address, practice):
    """A page that shows the welcome of a PHQ-9."""
    page = open_page(**TABLET)
    begin(page, address, practice.link())
    return page


def begin(page: Page, address: str, code: str) -> None:
    page.goto(f"{address}/kiosk/start?code={code}")
    touch(page, "Open the questions")
    expect(page).to_have_url(f"{address}/kiosk")
    shows(page, "Welcome")


def shows(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def touch(page: Page, name: str) -> None:
    """Touch a button, each of which leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def respond(page: Page, *scores: int) -> None:
    for score in scores:
        number = page.title()
        touch(page, f"{score} {WORDS[score]}")
        expect(page).not_to_have_title(number)


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found.response["violations"]
        for node in v["nodes"]
    ]


def is_sound(page: Page) -> None:
    """Everybody can use what is shown, and it has no need to be scrolled sideways."""
    assert violations(page) == []
    sideways = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(sideways)
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= SMALLEST_TARGET


def test_every_question_is_touched_word_for_word(tablet, address):
    expect(tablet.get_by_text("Please answer 10 questions")).to_be_visible()
    touch(tablet, "Begin")
    for item in PHQ9.items:
        shows(tablet, item.text)
        expect(tablet.get_by_text(PHQ9.recall_windows[0].stem)).to_be_visible()
        expect(tablet.get_by_text(f"Question {item.number} of 10")).to_be_visible()
        expect(tablet).to_have_url(f"{address}/kiosk")
        respond(tablet, 0)
    shows(tablet, PHQ9.functional_item.text)
    touch(tablet, "1 Somewhat difficult")
    shows(tablet, "Your answers")
    assert tablet.external_requests == []
    assert tablet.console_errors == []


def test_a_positive_item_9_shows_the_crisis_text_and_opens_the_alert(tablet, practice):
    touch(tablet, "Begin")
    respond(tablet, *[1] * 8)
    assert practice.alerts == []
    respond(tablet, 2)
    shows(tablet, "Before you go on")
    assert practice.alerts == [2]
    for line in CRISIS.split("\n\n"):
        expect(tablet.get_by_text(line)).to_be_visible()
    touch(tablet, "Go on with the questions")
    shows(tablet, PHQ9.functional_item.text)


def test_a_patient_reviews_changes_and_hands_in(tablet, practice):
    touch(tablet, "Begin")
    respond(tablet, *[1] * 9)
    touch(tablet, "Go on with the questions")
    touch(tablet, "1 Somewhat difficult")
    shows(tablet, "Your answers")
    touch(tablet, f"Change: {PHQ9.items[2].text}")
    shows(tablet, PHQ9.items[2].text)
    touch(tablet, "3 Nearly every day")
    shows(tablet, "Your answers")
    touch(tablet, "Hand in")
    shows(tablet, "Thank you")
    expect(tablet.get_by_text("Please give the tablet back.")).to_be_visible()
    is_sound(tablet)
    (form,) = practice.recorded
    assert form.facts.answers == (1, 1, 3, 1, 1, 1, 1, 1, 1)
    assert (form.total, form.facts.difficulty) == (11, 1)
    assert form.recorded_by == "Patient, tablet from Dr Lee"
    assert practice.alerts == [1]


def test_back_reload_links_and_the_address_bar_lead_nowhere_else(
    tablet, address, practice
):
    touch(tablet, "Begin")
    respond(tablet, 0, 0)
    third = PHQ9.items[2].text
    shows(tablet, third)
    tablet.reload()
    shows(tablet, third)
    for _ in range(3):
        tablet.go_back()
        shows(tablet, third)
        expect(tablet).to_have_url(f"{address}/kiosk")
    for place in (
        "",
        "record",
        "outcomes",
        "account",
        "login",
        "import",
        f"patient?patient={practice.patient_id}",
        "?practice=Example",
        "kiosk/start",
        "kiosk/thanks",
        "kiosk/7",
    ):
        tablet.goto(f"{address}/{place}")
        expect(tablet).to_have_url(f"{address}/kiosk")
        shows(tablet, third)


def test_after_handing_in_there_is_no_way_back(tablet, address, practice):
    touch(tablet, "Begin")
    respond(tablet, *[0] * 9)
    touch(tablet, "0 Not difficult at all")
    touch(tablet, "Hand in")
    shows(tablet, "Thank you")
    tablet.reload()
    shows(tablet, "Thank you")
    for _ in range(3):
        tablet.go_back()
        expect(tablet.get_by_text(PHQ9.items[0].text)).to_have_count(0)
        expect(tablet.get_by_text("Your answers")).to_have_count(0)
        expect(tablet).not_to_have_url(f"{address}/kiosk")
    for place in ("kiosk", "", f"patient?patient={practice.patient_id}"):
        tablet.goto(f"{address}/{place}")
        expect(tablet).to_have_url(re.compile(f"{address}/login.*"))


def test_a_link_opens_one_tablet(open_page, address, practice):
    code = practice.link()
    first, second = open_page(**TABLET), open_page(**TABLET)
    begin(first, address, code)
    second.goto(f"{address}/kiosk/start?code={code}")
    touch(second, "Open the questions")
    shows(second, "This link cannot be used")
    is_sound(second)
    second.goto(f"{address}/kiosk")
    expect(second).to_have_url(f"{address}/login")


def test_a_second_touch_of_a_double_touch_answers_nothing(tablet):
    touch(tablet, "Begin")
    shows(tablet, PHQ9.items[0].text)
    button = tablet.get_by_role("button", name="2 More than half the days")
    button.click(trial=True)
    box = button.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for wait in (0, 150):
        tablet.wait_for_timeout(wait)
        tablet.mouse.click(x, y)
    shows(tablet, PHQ9.items[1].text)
    tablet.wait_for_load_state()
    expect(tablet.get_by_text("Question 2 of 10")).to_be_visible()
    touch(tablet, "Back")
    shows(tablet, PHQ9.items[0].text)
    expect(button).to_contain_text("your answer")


def test_it_goes_away_by_itself_without_a_script(open_page, address, practice):
    with writing(practice.engine, TESTER) as connection:
        change_settings(connection, kiosk_idle_minutes=1)
    page = open_page(**TABLET)
    begin(page, address, practice.link())
    touch(page, "Begin")
    respond(page, 1)
    expect(page.get_by_text("This closes soon")).to_be_visible(timeout=45_000)
    is_sound(page)
    shows(page, PHQ9.items[1].text)
    expect(page).to_have_url(f"{address}/kiosk/over", timeout=60_000)
    shows(page, "The questions are closed")
    is_sound(page)
    page.go_back()
    expect(page.get_by_text(PHQ9.items[1].text)).to_have_count(0)
    (form,) = wait_for(lambda: practice.recorded, page)
    assert (form.answered, form.facts.partial_reason) == (1, "interrupted")


def wait_for(found, page: Page):
    for _ in range(40):
        if found():
            break
        page.wait_for_timeout(250)
    return found()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
def test_both_forms_are_sound_at_every_size(open_page, address, practice, scheme, size):
    page = open_page(**size, color_scheme=scheme)
    code = practice.link(("phq9", "two_weeks"), ("pcl5", "past_week"))
    page.goto(f"{address}/kiosk/start?code={code}")
    is_sound(page)
    touch(page, "Open the questions")
    touch(page, "Begin")
    respond(page, *[2] * 7)
    is_sound(page)
    touch(page, "I would rather not answer")
    respond(page, 3)
    is_sound(page)
    touch(page, "Go on with the questions")
    is_sound(page)
    touch(page, "2 Very difficult")
    for item in PCL5.items:
        shows(page, item.text)
        if item.number in (1, 9):
            is_sound(page)
        touch(page, "3 Quite a bit")
    shows(page, "Your answers")
    is_sound(page)
    assert page.get_by_role("button", name=re.compile("^Change")).count() == 30
    assert page.console_errors == []


def test_a_clinician_hands_this_tablet_over(open_page, address, practice, sign_in_page):
    page = open_page(**TABLET)
    sign_in_page(page, address, practice.url, CLINICIAN, name="Dr Keys")
    page.goto(f"{address}/record?patient={practice.patient_id}")
    page.get_by_text("Hand a tablet to the patient").click(timeout=30_000)
    expect(page.get_by_text("Lovelace").first).to_be_visible()
    touch(page, "Hand this tablet over")
    expect(page).to_have_url(f"{address}/kiosk", timeout=30_000)
    shows(page, "Welcome")
    assert "Lovelace" not in page.content()
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(500)
        if page.url == "about:blank":
            break
        expect(page.get_by_text("Lovelace")).to_have_count(0)
        expect(page).to_have_url(f"{address}/kiosk")
    page.goto(f"{address}/kiosk")
    touch(page, "Begin")
    page.get_by_text("Stop here").click()
    touch(page, "Stop and give the tablet back")
    shows(page, "Thank you")
    page.get_by_role("link", name="Staff: sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
