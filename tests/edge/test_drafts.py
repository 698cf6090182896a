"""What a form sends while it is typed: kept for whoever is signed in, or not at all."""

import json

import pytest
from sqlalchemy import select

from access.drafts import HIGHEST_ID, LARGEST_DRAFT
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.database import reading
from data.sites import add_site
from data.tables import FIRST_SITE, draft
from tests.actors import TESTER
from tests.factories import add_course


TYPED = {
    "course": 1,
    "record": "own-1-phq9-two_weeks-now",
    "measure": "phq9",
    "token": "attempt-1",
    "values": [2, 1, *[None] * 7],
    "functional": None,
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def practice(practice_anywhere):
    practice_anywhere.do(add_course)
    return practice_anywhere


@pytest.fixture
def browser(practice):
    return signed_in(practice, CLINICIAN)


def signed_in(practice, *roles, **account):
    practice.account(roles=roles, **account)
    browser = practice.browser()
    browser.sign_in()
    return browser


def send(browser, content, headers=JSON):
    """Send as a page's script does."""
    content = content if isinstance(content, bytes | str) else json.dumps(content)
    from_here = {"origin": browser.practice.address, "accept": "*/*"}
    return browser.client.post("/draft", content=content, headers=from_here | headers)


def kept(practice):
    with reading(practice.engine, TESTER) as connection:
        return [row.answers for row in connection.execute(select(draft))]


def test_a_draft_is_kept_and_the_answer_says_nothing_of_it(practice, browser):
    answer = send(browser, TYPED)
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["cache-control"] == "no-store"
    assert kept(practice) == ["21-------"]


def test_typing_keeps_the_session_alive(practice, browser):
    used = []
    practice.live.note_use = used.append
    send(browser, TYPED)
    assert used == [practice.session(browser.token).id]


@pytest.mark.parametrize("role", [LEAD, ADMINISTRATOR])
def test_who_may_not_record_has_no_drafts(practice, role):
    assert send(signed_in(practice, role), TYPED).status_code == 403
    assert kept(practice) == []


def test_a_course_of_another_site_takes_none(practice):
    elsewhere = practice.do(add_site, "Elsewhere")
    browser = signed_in(practice, CLINICIAN, sites={elsewhere})
    assert send(browser, TYPED).status_code == 400
    assert kept(practice) == []
    assert elsewhere != FIRST_SITE


def test_without_a_session_nothing_is_kept(practice):
    assert send(practice.browser(), TYPED).status_code == 401
    assert kept(practice) == []


def test_a_session_that_ended_keeps_nothing(practice, browser):
    browser.post("/logout", {})
    assert send(browser, TYPED).status_code == 401
    assert kept(practice) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_no_other_place_can_send_one(practice, browser, headers):
    assert send(browser, TYPED, JSON | headers).status_code == 403
    assert kept(practice) == []


def without(name):
    return {key: value for key, value in TYPED.items() if key != name}


BAD_DRAFTS = {
    "nothing": b"",
    "no JSON": b"record=1",
    "no text": b"\xff\xfe",
    "a list": [TYPED],
    "nested too deep": b"[" * 1_900,
    "no course": without("course"),
    "one more field": TYPED | {"account": 1},
    "a course that is no number": TYPED | {"course": "1"},
    "a course that is a truth": TYPED | {"course": True},
    "a course below all": TYPED | {"course": 0},
    "a course above all": TYPED | {"course": HIGHEST_ID + 1},
    "a course that nobody has": TYPED | {"course": 99},
    "a measure that nobody knows": TYPED | {"measure": "bdi"},
    "a record with a zero byte": TYPED | {"record": "a\0"},
    "a record with half a character": TYPED | {"record": "\ud800"},
    "a token with spaces": TYPED | {"token": "a b"},
    "answers as text": TYPED | {"values": "21-------"},
    "too few answers": TYPED | {"values": [1]},
    "an impossible answer": TYPED | {"values": [4] * 9},
    "an answer that is a truth": TYPED | {"values": [True] * 9},
    "an answer that is a fraction": TYPED | {"values": [1.0] * 9},
    "an answer that is text": TYPED | {"values": ["1"] * 9},
    "a huge answer": TYPED | {"values": [10**30] * 9},
    "an impossible difficulty": TYPED | {"functional": 9},
    "too much": json.dumps(TYPED) + " " * LARGEST_DRAFT,
}


@pytest.mark.parametrize("bad", BAD_DRAFTS.values(), ids=BAD_DRAFTS)
def test_what_is_no_draft_is_refused_and_what_was_kept_stays(practice, browser, bad):
    send(browser, TYPED)
    answer = send(browser, bad)
    assert (answer.status_code, answer.text) == (400, "Nothing was kept.")
    assert kept(practice) == ["21-------"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", ""]
)
def test_only_json_is_taken_which_no_stranger_can_send(practice, browser, kind):
    assert send(browser, TYPED, {"content-type": kind}).status_code == 400
    assert kept(practice) == []
