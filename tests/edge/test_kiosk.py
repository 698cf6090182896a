"""The patient's tablet over HTTP: one encounter, and no way out of it."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from access import housekeeping, paths
from access.routes import ROUTES
from data.actors import CLINICIAN, door
from data.alerts import list_alerts
from data.assessments import list_assessments
from data.database import writing
from data.encounters import end_unfinished, open_encounter
from data.patients import add_patient, open_course
from data.settings import CRISIS_TEXT, change_settings
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from tests.actors import with_role
from tests.edge.practice import Clock, forms


PHQ9_FORM = ("phq9", "two_weeks")
PCL5_FORM = ("pcl5", "past_week")
NAMES = ("Ada", "Lovelace", "MRN-77", "1980")

# Of the pages and of the product's own routes, as somebody might type them.
ELSEWHERE = (
    "/",
    "/record",
    "/patient",
    "/patient?patient=0123456789abcdef",
    "/caseload?practice=Example",
    "/import",
    "/outcomes",
    "/audit",
    "/accounts",
    "/account",
    "/account/password",
    "/account/recovery-codes",
    "/account/second-factor",
    "/account/second-factor/remove",
    "/account/sign-out-elsewhere",
    "/draft",
    "/report/1.pdf",
    "/report/1.pdf?practice=Example",
    "/login",
    "/login?next=/record",
    "/login/code",
    "/logout",
    "/setup",
    "/welcome",
    "/session/stay",
    "/oidc/login",
    "/oidc/callback",
    "/media/abc.pdf",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/upload_file/x/y",
    "/_stcore/stream",
    "/_stcore/metrics",
    "/component/x",
    "/kiosk-of-another",
    "/nothing/here",
)
UNDER_THE_TABLET = ("/kiosk/1", "/kiosk/other/path", "/kiosk/1/2", "/kiosk/alerts")
TRICKS = ("/kiosk/../record", "/kiosk/%2e%2e/record", "//record", "/kiosk/..;/record")


@pytest.fixture
def clock(monkeypatch):
    """The present as it is, so that no form is completed in the future."""
    present = Clock(datetime.now(UTC).replace(microsecond=0))
    monkeypatch.setattr("data.records.utc_now", present)
    return present


@pytest.fixture
def practice(practice):
    """A practice with one clinician and one patient's course."""
    practice.do(change_settings, practice_name="Lake House")
    practice.clinician_id = practice.account()
    practice.patient_id, practice.course_id = add_course(practice)
    return practice


def add_course(practice, number="MRN-77"):
    patient_id = practice.do(
        add_patient,
        record_number=number,
        given_name="Ada",
        family_name="Lovelace",
        birth_date=date(1980, 1, 2),
    )
    course_id = practice.do(open_course, patient_id=patient_id, indication="both")
    return patient_id, course_id


def link(practice, *asked, course_id=None):
    """Hand over and return the link's code."""
    clinician = with_role(CLINICIAN, account_id=practice.clinician_id)
    with writing(practice.engine, clinician) as connection:
        course = course_id or practice.course_id
        return open_encounter(connection, course, asked or [PHQ9_FORM])


def start(browser, code):
    return browser.send(f"/kiosk/start?code={code}")


@pytest.fixture
def tablet(practice):
    """A browser that shows the welcome of a PHQ-9."""
    browser = practice.browser()
    assert start(browser, link(practice)).headers["location"] == "/kiosk"
    return browser


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pieces = []
        self.title = ""
        self.quiet = None

    def handle_starttag(self, tag, _attributes):
        self.quiet = tag if tag in ("style", "title") else self.quiet

    def handle_endtag(self, tag):
        self.quiet = None if tag == self.quiet else self.quiet

    def handle_data(self, data):
        if self.quiet == "title":
            self.title += data
        elif self.quiet is None:
            self.pieces.append(data)


def parsed(answer):
    parser = _Text()
    parser.feed(answer.text)
    return parser


def text(answer):
    """Return the words of a page, on one line."""
    return " ".join("".join(parsed(answer).pieces).split())


def title(answer):
    return parsed(answer).title.partition(" · ")[0].strip()


def shown(browser):
    answer = browser.get("/kiosk")
    assert answer.status_code == 200, (answer.status_code, answer.headers)
    return title(answer)


def touch(browser, do, page=None, **fields):
    """Send a form of the page that does this, as touching its button would."""
    page = page or browser.get("/kiosk")
    action, known = next(
        (action, given) for action, given in forms(page.text) if given.get("do") == do
    )
    answer = browser.post(action, known | fields)
    return answer


def respond(browser, *values):
    for value in values:
        answer = touch(browser, "answer", value=str(value))
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")


def at_question(browser, number):
    touch(browser, "on")
    respond(browser, *[0] * (number - 1))
    return browser


def recorded(practice):
    return practice.ask(list_assessments, practice.course_id)


# --- handing over ---------------------------------------------------------------------


def test_the_link_shows_a_button_and_opening_it_uses_nothing_up(practice):
    code, browser = link(practice), practice.browser()
    for _ in range(3):
        page = browser.get(f"/kiosk/start?code={code}")
        assert (page.status_code, browser.token) == (200, None)
    assert start(browser, code).headers["location"] == "/kiosk"
    assert shown(browser) == "Welcome"


@pytest.mark.parametrize("method", ["head", "get"])
def test_a_prefetch_uses_nothing_up(practice, method):
    code, browser = link(practice), practice.browser()
    getattr(browser.client, method)(f"/kiosk/start?code={code}")
    assert start(browser, code).status_code == 303


def test_the_link_opens_one_tablet(practice, tablet):
    code = link(practice)
    assert start(practice.browser(), code).status_code == 303
    second = practice.browser()
    refused = start(second, code)
    assert refused.status_code == 410
    assert "used already or is too old" in text(refused)
    assert second.token is None


@pytest.mark.parametrize("code", ["", "0" * 43, "x" * 500, "ü", "<script>"])
def test_a_code_that_never_was_opens_nothing(practice, code):
    link(practice)
    browser = practice.browser()
    refused = browser.send("/kiosk/start", code=code)
    assert refused.status_code == 410
    assert browser.token is None
    assert "<script>" not in refused.text


def test_a_link_opens_nothing_after_ten_minutes(practice, clock):
    code, browser = link(practice), practice.browser()
    clock.pass_(minutes=10)
    assert start(browser, code).status_code == 410


def test_a_code_in_the_address_is_escaped(practice):
    page = practice.browser().client.get(
        "/kiosk/start", params={"code": '"><script>alert(1)</script>'}
    )
    assert "<script>" not in page.text


def test_the_tablets_session_takes_the_clinicians_place(practice):
    browser = practice.browser()
    browser.sign_in()
    clinician = browser.token
    assert browser.is_in
    start(browser, link(practice))
    assert browser.token != clinician
    assert practice.session(clinician) is None
    assert practice.sessions()[0] == "handed over"
    assert not browser.is_in
    browser.set_cookie("session", clinician)
    assert browser.get("/").headers["location"] == "/login"


def test_the_end_of_the_clinicians_session_is_in_the_audit(practice):
    browser = practice.browser()
    browser.sign_in()
    start(browser, link(practice))
    subject = f"account {practice.clinician_id}"
    assert practice.audit("session handed over") == [("session handed over", subject)]


def test_a_used_link_leaves_the_clinician_signed_in(practice):
    code = link(practice)
    start(practice.browser(), code)
    browser = practice.browser()
    browser.sign_in()
    assert start(browser, code).status_code == 410
    assert browser.is_in


def test_a_tablet_that_is_handed_over_again_keeps_what_was_answered(practice, tablet):
    at_question(tablet, 4)
    page = tablet.get("/kiosk")
    token = forms(page.text)[0][1]["form_token"]
    _, other_course = add_course(practice, "MRN-78")
    code = link(practice, course_id=other_course)
    again = tablet.post("/kiosk/start", {"code": code, "form_token": token})
    assert again.headers["location"] == "/kiosk"
    assert shown(tablet) == "Welcome"
    (form,) = recorded(practice)
    assert (form.answered, form.facts.partial_reason) == (3, "interrupted")


def test_the_session_cookie_is_new_and_no_script_can_read_it(practice):
    browser = practice.browser()
    browser.set_cookie("session", "planted-planted-planted-planted-planted-plan")
    answer = start(browser, link(practice))
    assert "planted" not in browser.token
    header = next(
        value
        for value in answer.headers.get_list("set-cookie")
        if value.startswith("session=")
    )
    assert "HttpOnly" in header
    assert "SameSite=lax" in header


# --- the screens ----------------------------------------------------------------------


def test_the_welcome_says_what_is_asked_and_of_nobody(practice):
    browser = practice.browser()
    start(browser, link(practice, PHQ9_FORM, PCL5_FORM))
    words = text(browser.get("/kiosk"))
    assert "Please answer 30 questions" in words
    assert "Patient Health Questionnaire, 9 items (PHQ-9): 10 questions" in words
    assert "about the last 2 weeks" in words
    assert "PTSD Checklist for DSM-5 (PCL-5): 20 questions about the past week" in words


@pytest.mark.parametrize("number", range(1, 10))
def test_every_item_of_the_phq_9_is_asked_word_for_word(tablet, number):
    at_question(tablet, number)
    page = tablet.get("/kiosk")
    words = text(page)
    assert title(page) == f"Question {number} of 10"
    assert PHQ9.recall_windows[0].stem in words
    assert PHQ9.items[number - 1].text in words
    buttons = re.findall(r'name="value" value="(\d)".*?<span>(.*?)</span>', page.text)
    assert buttons == [(str(a.score), a.text) for a in PHQ9.answers]
    assert PHQ9.licence in words


def test_the_phq_9_ends_with_its_question_outside_the_total(tablet):
    at_question(tablet, 10)
    words = text(tablet.get("/kiosk"))
    assert PHQ9.functional_item.text in words
    assert PHQ9.recall_windows[0].stem not in words
    assert "3 Extremely difficult" in words
    assert "Several days" not in words


def test_every_item_of_the_pcl_5_is_asked_with_its_window(practice):
    browser = practice.browser()
    start(browser, link(practice, PCL5_FORM))
    touch(browser, "on")
    for item in PCL5.items:
        words = text(browser.get("/kiosk"))
        assert f"Question {item.number} of 20" in words
        assert "In the past week, how much were you bothered by:" in words
        assert item.text in words
        assert "4 Extremely" in words
        assert PCL5.licence in words
        respond(browser, 2)
    assert shown(browser) == "Your answers"


def test_the_review_shows_every_answer_in_words(tablet):
    at_question(tablet, 1)
    respond(tablet, 0, 1, 2, 3, "none", 0, 0, 0, 0, 2)
    page = tablet.get("/kiosk")
    words = text(page)
    for item in PHQ9.items:
        assert words.count(item.text) == 1
        assert f'aria-label="Change: {item.text}"' in page.text
    assert f"{PHQ9.items[4].text} No answer Change" in words
    assert f"{PHQ9.items[3].text} Nearly every day Change" in words
    assert f"{PHQ9.functional_item.text} Very difficult Change" in words
    assert len([f for f in forms(page.text) if f[1].get("do") == "change"]) == 10


def test_an_answer_can_be_changed_from_the_review(tablet, practice):
    at_question(tablet, 11)
    touch(tablet, "change", position="1", item="4")
    page = tablet.get("/kiosk")
    assert title(page) == "Question 4 of 10"
    assert 'value="0" class="given"' in page.text
    assert "Keep it as it was" in text(page)
    respond(tablet, 3)
    assert shown(tablet) == "Your answers"
    touch(tablet, "hand in")
    assert recorded(practice)[0].facts.answers[3] == 3


def test_back_shows_the_question_before_with_its_answer(tablet):
    at_question(tablet, 1)
    respond(tablet, "none", 2)
    touch(tablet, "back")
    page = tablet.get("/kiosk")
    assert title(page) == "Question 2 of 10"
    assert 'value="2" class="given"' in page.text
    touch(tablet, "back")
    assert 'value="none" class="second given"' in tablet.get("/kiosk").text
    touch(tablet, "back")
    assert shown(tablet) == "Welcome"


def test_handing_in_records_the_form_ends_the_session_and_thanks(tablet, practice):
    at_question(tablet, 11)
    token = tablet.token
    answer = touch(tablet, "hand in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/thanks")
    assert tablet.token is None
    assert practice.session(token) is None
    assert practice.sessions() == ["done"]
    (form,) = recorded(practice)
    assert (form.total, form.recorded_by) == (0, "Patient, tablet from Dr Lee")
    words = text(tablet.get("/kiosk/thanks"))
    assert "Thank you Please give the tablet back." in words


def test_hand_in_touched_twice_thanks_twice_and_records_once(tablet, practice):
    at_question(tablet, 11)
    page, token = tablet.get("/kiosk"), tablet.token
    touch(tablet, "hand in", page)
    tablet.set_cookie("session", token)
    again = touch(tablet, "hand in", page)
    assert again.headers["location"] == "/kiosk/thanks"
    assert len(recorded(practice)) == 1


@pytest.mark.parametrize("number", [1, 5, 10])
def test_nothing_is_handed_in_before_the_review(tablet, practice, number):
    at_question(tablet, number)
    fields = {"form_token": forms(tablet.get("/kiosk").text)[0][1]["form_token"]}
    answer = tablet.post("/kiosk/thanks", fields | {"do": "hand in"})
    assert answer.headers["location"] == "/kiosk"
    assert shown(tablet) == f"Question {number} of 10"
    assert recorded(practice) == []


def test_a_patient_may_stop_at_any_time(tablet, practice):
    at_question(tablet, 4)
    page = tablet.get("/kiosk")
    assert "You cannot go on afterwards" in text(page)
    answer = touch(tablet, "stop", page)
    assert answer.headers["location"] == "/kiosk/thanks"
    (form,) = recorded(practice)
    assert (form.answered, form.facts.partial_reason) == (3, "refused")
    assert tablet.get("/kiosk").headers["location"] == "/login"


def test_nothing_on_any_screen_names_the_patient(tablet, practice):
    pages = [tablet.get("/kiosk")]
    touch(tablet, "on")
    for _ in range(8):
        pages.append(tablet.get("/kiosk"))
        respond(tablet, 1)
    respond(tablet, 3)
    pages.append(tablet.get("/kiosk"))
    touch(tablet, "on")
    respond(tablet, 1)
    pages.append(tablet.get("/kiosk"))
    touch(tablet, "hand in")
    pages.append(tablet.get("/kiosk/thanks"))
    pages.append(tablet.get("/kiosk/over"))
    assert [title(page) for page in pages] == [
        "Welcome",
        *(f"Question {number} of 10" for number in range(1, 9)),
        "Before you go on",
        "Your answers",
        "Thank you",
        "Closed",
    ]
    for page in pages:
        everything = page.text + str(page.headers)
        for word in (*NAMES, practice.patient_id, "Dr Lee"):
            assert word not in everything
        assert "<script" not in page.text
        assert "Lake House" in page.text


# --- item 9 ---------------------------------------------------------------------------


def test_a_positive_item_9_shows_the_practices_text_and_opens_the_alert(
    tablet, practice
):
    practice.do(change_settings, crisis_text="Call Sam.\n\nOr ring <b>5</b>.")
    at_question(tablet, 9)
    respond(tablet, 1)
    (alert,) = practice.ask(list_alerts)
    assert (alert.item_9, alert.patient_id) == (1, practice.patient_id)
    page = tablet.get("/kiosk")
    assert "<p>Call Sam.</p>" in page.text
    assert "<p>Or ring &lt;b&gt;5&lt;/b&gt;.</p>" in page.text
    touch(tablet, "on", page)
    assert shown(tablet) == "Question 10 of 10"


def test_the_crisis_text_is_there_before_the_practice_wrote_one(tablet):
    at_question(tablet, 9)
    respond(tablet, 3)
    assert CRISIS_TEXT in text(tablet.get("/kiosk"))


@pytest.mark.parametrize("value", ["0", "none"])
def test_no_other_answer_shows_the_crisis_text(tablet, practice, value):
    at_question(tablet, 9)
    respond(tablet, value)
    assert shown(tablet) == "Question 10 of 10"
    assert practice.ask(list_alerts) == []


def test_taking_the_answer_back_leaves_the_alert_open(tablet, practice):
    at_question(tablet, 9)
    respond(tablet, 2)
    touch(tablet, "on")
    respond(tablet, 0)
    touch(tablet, "change", position="1", item="9")
    respond(tablet, 0)
    touch(tablet, "hand in")
    assert recorded(practice)[0].item_9 == 0
    (alert,) = practice.ask(list_alerts)
    assert alert.item_9 == 2


# --- touched twice, old pages, forgeries ----------------------------------------------


def test_an_answer_touched_twice_counts_once(tablet):
    at_question(tablet, 3)
    page = tablet.get("/kiosk")
    for _ in range(2):
        touch(tablet, "answer", page, value="2")
    assert shown(tablet) == "Question 4 of 10"


def test_an_old_page_changes_its_own_question_only(tablet, practice):
    at_question(tablet, 2)
    old = tablet.get("/kiosk")
    respond(tablet, 0, 0, 0)
    touch(tablet, "answer", old, value="3")
    assert shown(tablet) == "Question 5 of 10"
    respond(tablet, *[0] * 6)
    touch(tablet, "hand in")
    assert recorded(practice)[0].facts.answers == (0, 3, 0, 0, 0, 0, 0, 0, 0)


def test_a_second_tab_shows_the_same_screen(tablet):
    at_question(tablet, 3)
    first, second = tablet.get("/kiosk"), tablet.get("/kiosk")
    touch(tablet, "answer", first, value="1")
    touch(tablet, "back", second)
    assert shown(tablet) == "Question 4 of 10"


@pytest.mark.parametrize("do", ["on", "change", "hand in"])
def test_a_button_of_another_screen_does_nothing(tablet, do):
    at_question(tablet, 3)
    token = forms(tablet.get("/kiosk").text)[0][1]["form_token"]
    path = "/kiosk/thanks" if do == "hand in" else "/kiosk"
    fields = {"form_token": token, "do": do, "position": "1", "item": "1"}
    assert tablet.post(path, fields).headers["location"] == "/kiosk"
    assert shown(tablet) == "Question 3 of 10"


@pytest.mark.parametrize(
    "forged",
    [
        {"value": "4"},
        {"value": "-1"},
        {"value": ""},
        {"value": "\uff11"},
        {"value": "1.0"},
        {"value": "1 OR 1=1"},
        {"item": "11"},
        {"item": "0"},
        {"item": "999999999999"},
        {"item": "x"},
        {"position": "2"},
        {"position": "0"},
        {"position": "-1"},
        {"do": "drop"},
        {"do": ""},
        {"do": "back", "item": "0"},
        {"do": "change", "position": "7"},
    ],
    ids=str,
)
def test_what_no_page_offers_is_refused_and_changes_nothing(tablet, practice, forged):
    at_question(tablet, 3)
    known = next(f for _, f in forms(tablet.get("/kiosk").text) if f["do"] == "answer")
    answer = tablet.post("/kiosk", known | {"value": "1"} | forged)
    assert answer.status_code == 400
    assert "Nothing was changed." in text(answer)
    assert shown(tablet) == "Question 3 of 10"
    assert recorded(practice) == []


def test_fields_that_name_another_encounter_or_patient_mean_nothing(tablet, practice):
    _, other_course = add_course(practice, "MRN-78")
    other = practice.browser()
    start(other, link(practice, course_id=other_course))
    at_question(tablet, 1)
    others = {"encounter_id": "2", "course_id": str(other_course), "patient_id": "x"}
    for _ in range(10):
        touch(tablet, "answer", value="1", **others)
        if shown(tablet) == "Before you go on":
            touch(tablet, "on", **others)
    touch(tablet, "hand in", **others)
    assert recorded(practice)[0].total == 9
    assert shown(other) == "Welcome"
    assert practice.ask(list_assessments, other_course) == []


@pytest.mark.parametrize("path", ["/kiosk", "/kiosk/thanks", "/kiosk/start"])
@pytest.mark.parametrize("kind", ["without", "wrong", "of another browser"])
def test_a_form_that_is_not_ours_does_nothing(tablet, practice, path, kind):
    at_question(tablet, 11)
    stranger = practice.browser()
    theirs = forms(stranger.get("/kiosk/start").text)[0][1]["form_token"]
    fields = {
        "without": {},
        "wrong": {"form_token": "0" * 64},
        "of another browser": {"form_token": theirs},
    }[kind]
    code = link(practice)
    answer = tablet.post(path, fields | {"do": "stop", "code": code})
    assert answer.status_code == 403
    assert "Nothing was changed" in text(answer)
    assert shown(tablet) == "Your answers"
    assert recorded(practice) == []


@pytest.mark.parametrize("path", ["/kiosk", "/kiosk/thanks", "/kiosk/start"])
@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_a_form_from_elsewhere_is_refused(tablet, path, origin):
    at_question(tablet, 2)
    fields = forms(tablet.get("/kiosk").text)[0][1]
    assert tablet.post(path, fields, origin=origin).status_code == 403
    assert shown(tablet) == "Question 2 of 10"


def test_a_page_from_before_the_handing_over_does_nothing(practice):
    browser = practice.browser()
    before = browser.get("/kiosk/start")
    token = forms(before.text)[0][1]["form_token"]
    start(browser, link(practice))
    answer = browser.post("/kiosk", {"form_token": token, "do": "on"})
    assert answer.status_code == 403
    assert shown(browser) == "Welcome"


# --- no way out -----------------------------------------------------------------------


@pytest.mark.parametrize("path", ELSEWHERE)
def test_every_other_address_leads_back_to_the_tablet(tablet, path):
    at_question(tablet, 2)
    answer = tablet.get(path)
    assert answer.status_code in (303, 405), answer.text
    assert answer.headers.get("location", "/kiosk") == "/kiosk"
    assert shown(tablet) == "Question 2 of 10"


@pytest.mark.parametrize("path", ELSEWHERE)
def test_nothing_but_a_page_is_refused(tablet, path):
    answer = tablet.get(path, headers={"accept": "*/*", "sec-fetch-mode": "cors"})
    assert answer.status_code in (403, 405)


@pytest.mark.parametrize("path", [*ELSEWHERE, "/kiosk/over"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_elsewhere(tablet, practice, path, method):
    fields = forms(tablet.get("/kiosk").text)[0][1]
    headers = {"origin": practice.address}
    answer = tablet.client.request(method, path, data=fields, headers=headers)
    assert answer.status_code in (303, 403, 405)
    assert answer.headers.get("location", "/kiosk") == "/kiosk"
    assert shown(tablet) == "Welcome"


@pytest.mark.parametrize("path", UNDER_THE_TABLET)
def test_there_is_nothing_under_the_tablets_address(tablet, path):
    assert tablet.get(path).headers["location"] == "/kiosk"


@pytest.mark.parametrize("path", TRICKS)
def test_tricks_with_the_path_lead_nowhere(tablet, path):
    answer = tablet.client.get(f"{tablet.practice.address}{path}")
    assert answer.status_code in (303, 400, 404)
    assert answer.headers.get("location", "/kiosk") == "/kiosk"


@pytest.mark.parametrize("path", ["/kiosk/start", "/kiosk/thanks", "/kiosk/over"])
def test_the_tablets_own_other_pages_lead_back_while_it_is_in_use(tablet, path):
    assert tablet.get(path).headers["location"] == "/kiosk"


def test_a_tablet_gets_no_socket(tablet, practice):
    with (
        pytest.raises((WebSocketDenialResponse, WebSocketDisconnect)),
        tablet.client.websocket_connect(
            "ws://127.0.0.1:8501/_stcore/stream",
            headers={
                "origin": practice.address,
                "host": "127.0.0.1:8501",
                "cookie": f"session={tablet.token}",
            },
        ),
    ):
        pass


def test_a_person_who_is_signed_in_has_no_tablet(practice):
    browser = practice.browser()
    browser.sign_in()
    assert browser.get("/kiosk").headers["location"] == "/"
    page = browser.get("/kiosk/start")
    token = forms(page.text)[0][1]["form_token"]
    answer = browser.post("/kiosk", {"form_token": token, "do": "on"})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", ["/kiosk", "/", "/record", "/patient?patient=7"])
def test_afterwards_everything_leads_to_the_sign_in(tablet, path):
    at_question(tablet, 11)
    touch(tablet, "hand in")
    assert tablet.get(path).headers["location"].startswith("/login")


def test_the_old_cookie_opens_nothing_afterwards(tablet):
    at_question(tablet, 11)
    token = tablet.token
    page = tablet.get("/kiosk")
    touch(tablet, "hand in")
    tablet.set_cookie("session", token)
    assert tablet.get("/kiosk").headers["location"] == "/login"
    assert touch(tablet, "change", page).headers["location"] == "/login"


@pytest.mark.parametrize("path", ["/kiosk/thanks", "/kiosk/over", "/kiosk/start"])
def test_the_last_pages_are_anybodys(practice, path):
    page = practice.browser().get(path)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"


def test_every_address_of_the_tablet_is_walked_here():
    routed = {route.path for route in ROUTES}
    own = {path for path in routed if paths.is_for_tablets(path)}
    assert own == {"/kiosk", "/kiosk/start", "/kiosk/thanks", "/kiosk/over"}
    walked = {path.partition("?")[0] for path in ELSEWHERE}
    assert routed - own - paths.OPEN <= walked


def test_every_screen_has_the_strict_policy_and_is_kept_by_nobody(tablet):
    page = tablet.get("/kiosk")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


# --- it ends by itself ----------------------------------------------------------------


def seconds_to(page, path):
    seconds, url = re.fullmatch(r"(\d+); url=(.*)", page.headers["refresh"]).groups()
    assert url == path
    return int(seconds)


def test_the_page_looks_again_to_warn_and_then_to_go_away(tablet, clock):
    page = tablet.get("/kiosk")
    assert "closes soon" not in page.text
    wait = seconds_to(page, "/kiosk")
    assert 4 * 60 <= wait <= 4 * 60 + 2
    clock.pass_(seconds=wait)
    page = tablet.get("/kiosk")
    assert "This closes soon" in text(page)
    clock.pass_(seconds=seconds_to(page, "/kiosk/over"))
    over = tablet.get("/kiosk/over")
    assert over.status_code == 200
    assert "The questions are closed" in text(over)


def test_looking_does_not_keep_it_alive(tablet, practice, clock):
    at_question(tablet, 2)
    for _ in range(10):
        clock.pass_(seconds=31)
        tablet.get("/kiosk")
    assert tablet.get("/kiosk").headers["location"] == "/login"


def test_looking_is_not_noted_as_use(tablet, practice):
    tablet.get("/kiosk")
    assert practice.live._used == set()


def test_an_answer_keeps_it_alive(tablet, clock):
    touch(tablet, "on")
    for _ in range(4):
        clock.pass_(minutes=4)
        respond(tablet, 1)
    assert shown(tablet) == "Question 5 of 10"


def test_asking_for_more_time_keeps_it_alive(tablet, clock):
    at_question(tablet, 2)
    clock.pass_(minutes=4, seconds=30)
    assert touch(tablet, "stay").headers["location"] == "/kiosk"
    clock.pass_(minutes=4)
    assert shown(tablet) == "Question 2 of 10"


def test_a_form_that_is_refused_does_not_keep_it_alive(tablet, clock):
    at_question(tablet, 2)
    clock.pass_(minutes=4, seconds=30)
    touch(tablet, "answer", value="9")
    clock.pass_(minutes=1)
    assert tablet.get("/kiosk").headers["location"] == "/login"


@pytest.mark.parametrize("minutes", [1, 30])
def test_the_practice_sets_how_long_and_half_of_it_is_without_a_warning(
    tablet, practice, clock, minutes
):
    practice.do(change_settings, kiosk_idle_minutes=minutes, warning_seconds=300)
    at_question(tablet, 2)
    page = tablet.get("/kiosk")
    assert "closes soon" not in page.text
    assert seconds_to(page, "/kiosk") >= minutes * 30


def test_what_was_answered_is_kept_by_housekeeping(tablet, practice, clock):
    at_question(tablet, 4)
    clock.pass_(minutes=5)
    housekeeping.end_what_ran_out()
    (form,) = recorded(practice)
    assert (form.answered, form.facts.partial_reason) == (3, "interrupted")
    assert form.recorded_by == "Patient, tablet from Dr Lee"
    assert practice.sessions() == ["idle"]


def test_a_tablet_whose_forms_ended_meanwhile_says_so(tablet, practice):
    at_question(tablet, 3)
    page = tablet.get("/kiosk")
    with writing(practice.engine, door()) as connection:
        end_unfinished(connection, 1)
    assert tablet.get("/kiosk").headers["location"] == "/kiosk/over"
    answer = touch(tablet, "answer", page, value="1")
    assert answer.headers["location"] == "/kiosk/over"
    assert touch(tablet, "stop", page).headers["location"] == "/kiosk/over"
    over = tablet.get("/kiosk/over")
    assert "The questions are closed" in text(over)


def test_it_ends_after_an_hour_in_any_case(tablet, clock):
    at_question(tablet, 2)
    for _ in range(14):
        clock.pass_(minutes=4)
        assert touch(tablet, "stay").headers["location"] == "/kiosk"
    assert seconds_to(tablet.get("/kiosk"), "/kiosk") <= 4 * 60
    clock.pass_(minutes=4)
    assert tablet.get("/kiosk").headers["location"] == "/login"
