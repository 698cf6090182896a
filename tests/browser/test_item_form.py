"""The item form, typed into in Chromium; item_form_app.py is the page it is on."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from views import item_form


HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS_TO_START = 60
SECONDS_TO_RECONNECT = 60
SECONDS_TO_SAVE = 10
MILLISECONDS_TO_DRAFT = 1_600
MILLISECONDS_TO_READ = 650
NINE = "221301122"
TWENTY = "22130112012301234100"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# No inline script but Streamlit's own line, no eval; blob: is this form's script.
POLICY = (
    "default-src 'none'; img-src 'self' data: blob:; font-src 'self' data:; "
    # pragma: allowlist nextline secret
    "script-src 'self' blob: 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' blob:; "
    "worker-src 'self' blob:; frame-src 'self' blob:; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


@dataclass
class Server:
    """Streamlit with item_form_app.py on one port; it may be stopped and started."""

    port: int
    log: Path
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", HERE / "item_form_app.py"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=output,
            )
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"The page did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Form:
    """One page with forms, and what its server was sent."""

    page: Page
    url: str
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def open(self, forms: str = "phq9", **options: str) -> "Form":
        query = urlencode({"run": self.run, "forms": forms} | options)
        self.page.goto(f"{self.url}/?{query}")
        expect(self.row(1)).to_be_visible(timeout=30_000)
        return self.focused_on(1)

    def row(self, number: int):
        return self.page.locator(".row").nth(number - 1)

    def part(self, name: str):
        return self.page.locator(f".{name}")

    def answer(self, number: int, score: int):
        return self.row(number).locator(f"input[value='{score}']")

    def type(self, keys: str, seconds_per_key: float = 0) -> "Form":
        for key in keys:
            self.page.keyboard.press(key)
            time.sleep(seconds_per_key)
        return self

    def press(self, *keys: str) -> "Form":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def paste(self, text: str) -> "Form":
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        return self.press("Control+v")

    def shows(self, part: str, text: str) -> "Form":
        expect(self.part(part)).to_have_text(text)
        return self

    def focused_on(self, number: int) -> "Form":
        expect(self.row(number).locator("input:focus")).to_have_count(1)
        return self

    def has(self, digits: str) -> "Form":
        for number, digit in enumerate(digits, start=1):
            checked = self.row(number).locator("input:checked")
            expect(checked).to_have_count(0 if digit == "-" else 1)
            if digit != "-":
                expect(checked).to_have_value(digit)
        return self

    def asks_to_confirm(self) -> "Form":
        expect(self.page.get_by_role("button", name="Confirm")).to_be_visible()
        # A button is there a moment before its keys are listened to.
        self.page.wait_for_timeout(500)
        return self

    def kept(self) -> dict:
        """Return what the page says that its server keeps."""
        return json.loads(self.page.locator(".st-key-kept").inner_text())

    def says(self, text: str) -> "Form":
        expect(self.page.locator(".st-key-kept")).to_contain_text(text)
        return self

    def saved(self, code: str = "phq9") -> dict:
        deadline = time.monotonic() + SECONDS_TO_SAVE
        while code not in (self.kept()["saved"] or {}):
            assert time.monotonic() < deadline, self.kept()
            self.page.wait_for_timeout(20)
        return self.kept()["saved"][code]

    def is_not_saved(self) -> "Form":
        self.page.wait_for_timeout(1_000)
        return self.says('"messages": null')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a running server for every test that leaves it running."""
    server = Server(unused_port(), tmp_path_factory.mktemp("item-form") / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server that a test may stop."""
    server = Server(unused_port(), tmp_path / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a browser session that has loaded Streamlit's own scripts once."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def form(context: BrowserContext, server: Server) -> Iterator[Form]:
    page = context.new_page()
    yield Form(page, server.url)
    page.close()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def digits(text: str) -> list[int | None]:
    return [None if digit == "-" else int(digit) for digit in text]


# --- typing -------------------------------------------------------------------


@pytest.mark.parametrize("seconds_per_key", [0.12, 0.5])
def test_twenty_digits_are_saved_in_order_in_under_fifteen_seconds(
    form: Form, seconds_per_key: float, capsys: pytest.CaptureFixture
):
    form.open("pcl5")
    start = time.perf_counter()
    form.type(TWENTY, seconds_per_key).press("Control+Enter")
    saved = form.saved("pcl5")
    seconds = time.perf_counter() - start
    with capsys.disabled():
        sys.stderr.write(
            f"\nPCL-5 typed and saved: {seconds:.1f} s at {seconds_per_key} s per key\n"
        )
    assert saved["values"] == digits(TWENTY)
    assert saved["partial_reason"] is None
    assert seconds < 15


def test_a_digit_answers_and_moves_on(form: Form):
    form.open().type("2").has("2").focused_on(2)
    form.shows("status", "1 of 9 answered, 2 so far")


def test_the_last_digit_leads_to_the_save_button_and_a_total(form: Form):
    form.open("pcl5").type(TWENTY)
    expect(form.part("save")).to_be_focused()
    form.shows("status", f"20 of 20 answered, total {sum(digits(TWENTY))}")


def test_digits_of_a_number_pad_count(form: Form):
    form.open().press("Numpad3", "Numpad0").has("30").focused_on(3)


def test_a_digit_out_of_range_is_announced_and_not_accepted(form: Form):
    form.open().type("17").has("1--------").focused_on(2)
    form.shows("message", "7 is not an answer to item 2. It takes 0 to 3.")
    expect(form.part("message")).to_have_attribute("role", "alert")
    form.type("3").shows("message", "").has("13")


def test_a_key_that_is_held_down_answers_one_item(form: Form):
    form.open()
    for _ in range(5):
        form.page.keyboard.down("1")
    form.has("1--------").focused_on(2)


def test_backspace_goes_back_and_clears(form: Form):
    form.open().type("221").press("Backspace").has("22-").focused_on(3)
    form.press("Backspace").has("2--").focused_on(2).type("3").has("23")


def test_backspace_on_the_save_button_takes_back_the_last_answer(form: Form):
    form.open("pcl5").type(TWENTY).press("Backspace")
    form.has(TWENTY[:-1] + "-").focused_on(20)


def test_a_hyphen_passes_an_item_without_an_answer(form: Form):
    form.open().type("1-2").has("1-2").focused_on(4)
    form.shows("status", "2 of 9 answered, 3 so far")


def test_up_and_down_move_without_answering(form: Form):
    form.open().type("22").press("ArrowUp", "ArrowUp").focused_on(1)
    form.press("ArrowDown").focused_on(2).has("22")


def test_undo_takes_back_one_answer_at_a_time(form: Form):
    form.open().type("22").press("Control+z").has("2-").focused_on(2)
    form.press("Control+z").has("--").focused_on(1)


def test_clear_can_be_undone(form: Form):
    form.open().type("221")
    form.part("clear").click()
    form.has("---").focused_on(1)
    form.part("clear").click()
    form.has("221")


def test_a_click_answers_and_a_click_on_the_item_selects_it(form: Form):
    form.open()
    form.answer(4, 2).click()
    form.has("---2")
    form.row(6).locator("legend").click()
    form.focused_on(6).type("1").has("---2-1")


def test_the_question_outside_the_total_may_be_answered_or_skipped(form: Form):
    form.open().type(NINE).focused_on(10).press("Control+Enter")
    assert form.saved()["functional"] is None


def test_the_question_outside_the_total_is_not_in_the_total(form: Form):
    form.open().type(NINE + "3").shows(
        "status", "9 of 9 answered, total 14. Item 9: 2, more than half the days"
    )
    saved = form.press("Control+Enter").saved()
    assert (saved["values"], saved["functional"]) == (digits(NINE), 3)


def test_item_9_is_marked_from_an_answer_of_1(form: Form):
    form.open().type("222222220")
    expect(form.row(9)).not_to_have_class("row watched")
    form.press("ArrowUp").type("1")
    expect(form.row(9)).to_have_class("row watched")
    form.shows("watch", "Item 9: 1, several days")


# --- pasting ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("221301122", "221301122"),
        (" 221 301 122\n", "221301122"),
        ("2,2,-,3,,1,1,2,2", "22-3-1122"),
        ("2\t2\t1\t3\t0\t1\t1\t2\t2", "221301122"),
        ("22–30112-", "22-30112-"),
        ("2213011223", "2213011223"),
    ],
)
def test_a_row_of_digits_can_be_pasted(form: Form, text: str, expected: str):
    form.open().paste(text).has(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("22130112", "8 answers pasted; this form has 9 items. Nothing was changed."),
        ("2213011220000", "13 answers pasted; this form has 9 items."),
        ("221401122", "4 is not an answer to item 4. It takes 0 to 3."),
        ("2,2,1,12,0,1,1,2,2", "The clipboard holds no row of answers, such as 2 2"),
        ("Dear colleague", "The clipboard holds no row of answers, such as 2 2 1 3."),
    ],
)
def test_a_paste_that_does_not_fit_changes_nothing(form: Form, text: str, message: str):
    form.open().type("1").paste(text).has("1--------")
    expect(form.part("message")).to_contain_text(message)


# --- saving -------------------------------------------------------------------


def test_enter_stays_on_an_item_without_an_answer(form: Form):
    form.open().type("1").press("Enter", "Enter").focused_on(2).has("1-")


def test_enter_goes_to_the_next_gap_and_never_saves(form: Form):
    form.open().type("22-30112").press("ArrowUp").press("Enter").focused_on(9)
    form.type("0").press("ArrowUp", "Enter").focused_on(3).type("1")
    form.press("Enter").focused_on(10)
    form.press("Enter", "Enter", "Enter")
    expect(form.part("save")).to_be_focused()
    form.shows("message", "Enter does not save; Ctrl+Enter does.").is_not_saved()


def test_the_save_button_works_for_who_walks_to_it(form: Form):
    form.open().type(NINE).press("Tab", "Tab")
    expect(form.part("save")).to_be_focused()
    form.press("Enter")
    assert form.saved()["values"] == digits(NINE)


def test_an_incomplete_form_is_marked_and_not_saved(form: Form):
    form.open().type("22-301-22").press("Control+Enter").focused_on(3)
    form.shows("message", "Items 3 and 7 have no answer.")
    expect(form.part("row.gap")).to_have_count(2)
    expect(form.row(7)).to_contain_text("No answer")
    expect(form.row(7)).to_have_attribute("aria-invalid", "true")
    form.is_not_saved()
    form.type("1").shows("message", "Item 7 has no answer.")


def test_an_incomplete_form_is_saved_with_a_reason_only(form: Form):
    form.open().type("22-301-22").press("Control+Enter")
    form.part("save-partial").click()
    form.shows("message", "Choose why it is incomplete.").is_not_saved()
    form.page.get_by_label("Interrupted").check()
    form.part("save-partial").click()
    saved = form.saved()
    assert saved["values"] == digits("22-301-22")
    assert saved["partial_reason"] == "interrupted"


def test_an_incomplete_form_can_be_saved_by_keyboard_alone(form: Form):
    form.open().type("22-").press("Control+Enter", "Control+Enter")
    expect(form.page.get_by_label("Refused")).to_be_focused()
    form.press("Space", "Tab", "Enter")
    assert form.saved()["partial_reason"] == "refused"


def test_no_reason_is_offered_before_a_save_was_tried_or_once_complete(form: Form):
    form.open().type("22-301122")
    expect(form.part("partial")).to_be_hidden()
    form.press("Control+Enter")
    expect(form.part("partial")).to_be_visible()
    form.type("1")
    expect(form.part("partial")).to_be_hidden()


def test_saving_twice_at_once_sends_one_save(form: Form):
    form.open().type(NINE).press("Control+Enter", "Control+Enter")
    form.saved()
    form.page.wait_for_timeout(1_000)
    assert len(form.kept()["messages"]) == 1


def test_a_save_is_not_sent_again_while_it_is_under_way(form: Form):
    form.open(refuse="1").type(NINE).press("Control+Enter").says('"messages": ["')
    form.press("Control+Enter").shows("save", "Save PHQ-9")
    assert len(form.kept()["messages"]) == 1


def test_a_form_that_was_not_accepted_is_sent_again_under_its_token(form: Form):
    form.open(refuse="1").type(NINE).press("Control+Enter").says('"messages": ["')
    (first,) = form.kept()["messages"]
    form.shows("save", "Save PHQ-9").has(NINE).press("Control+Enter")
    form.says(f'"messages": ["{first}", "{first}"]')


def test_a_record_that_was_undone_is_typed_anew_under_another_token(form: Form):
    form.open().type(NINE)
    first = form.press("Control+Enter").saved()["token"]
    form.page.get_by_role("button", name="Undo").click()
    form.focused_on(1).has("---------")
    form.type("0" * 9).press("Control+Enter")
    again = form.saved()
    assert again["values"] == [0] * 9
    assert again["token"] != first


def test_the_next_form_takes_the_focus_and_what_was_typed_meanwhile(form: Form):
    form.open("phq9,pcl5").type(NINE + "1").press("Control+Enter")
    form.type(TWENTY, 0.05).press("Control+Enter")
    assert form.saved("pcl5")["values"] == digits(TWENTY)
    assert form.saved("phq9")["values"] == digits(NINE)


def test_keys_typed_before_a_decision_are_not_carried_to_the_next_form(form: Form):
    form.open("phq9,pcl5", confirm="1").type(NINE + "1").press("Control+Enter")
    form.asks_to_confirm().type("33").press("Control+Enter")
    form.type(TWENTY, 0.05).press("Control+Enter")
    form.asks_to_confirm().press("Control+Enter")
    assert form.saved("pcl5")["values"] == digits(TWENTY)


def test_save_keys_held_down_do_not_confirm_what_comes_next(form: Form):
    form.open(confirm="1").type(NINE)
    form.page.keyboard.down("Control")
    for _ in range(20):
        form.page.keyboard.down("Enter")
        form.page.wait_for_timeout(50)
    expect(form.page.get_by_role("button", name="Confirm")).to_be_visible()
    assert not form.kept()["saved"]


def test_two_forms_on_one_page_are_filled_one_after_the_other(form: Form):
    form.open("phq9,pcl5", together="1").type(NINE + "1").press("Control+Enter")
    form.type(TWENTY, 0.05)
    pcl5 = form.page.locator(".item-form", has_text="PCL-5")
    expect(pcl5.locator(".status")).to_contain_text("20 of 20 answered")
    form.press("Control+Enter")
    assert form.saved("pcl5")["values"] == digits(TWENTY)


# --- said back, and saved by a second press


def test_the_form_says_back_what_was_typed_and_no_page_runs(form: Form):
    form.open(review="1").type(NINE)
    runs = form.kept()["runs"]
    form.press("Control+Enter")
    expect(form.part("review")).to_be_focused()
    review = form.page.get_by_role("group", name="Save this PHQ-9?")
    expect(review).to_have_accessible_description(
        "Ash, Ada Completed: now PHQ-9 total 14 of 27 (moderate). "
        "From baseline (20): −6 points (−30 %). "
        "Item 9: 2, more than half the days. An alert opens when this is saved."
    )
    expect(form.part("lines p.watch")).to_have_count(1)
    form.is_not_saved()
    assert form.kept()["runs"] == runs


def test_a_second_press_saves_once_there_was_time_to_read(form: Form):
    form.open(review="1").type(NINE).press("Control+Enter")
    form.page.wait_for_timeout(MILLISECONDS_TO_READ)
    form.press("Control+Enter")
    assert form.saved()["values"] == digits(NINE)


@pytest.mark.parametrize("presses", [2, 3, 5])
def test_quick_presses_confirm_nothing(form: Form, presses: int):
    form.open(review="1").type(NINE)
    # All of them in the page, so that a slow machine cannot make them slow.
    form.page.evaluate(
        """presses => {
            const focused = document.activeElement.shadowRoot.activeElement;
            const init = { key: "Enter", ctrlKey: true, bubbles: true, composed: true };
            for (let n = 0; n < presses; n++) {
                const at = document.activeElement.shadowRoot.activeElement ?? focused;
                at.dispatchEvent(new KeyboardEvent("keydown", init));
            }
        }""",
        presses,
    )
    expect(form.part("review")).to_be_visible()
    form.is_not_saved()


def test_a_double_click_confirms_nothing(form: Form):
    form.open(review="1").type(NINE)
    form.part("save").dblclick()
    expect(form.part("review")).to_be_visible()
    form.page.evaluate(
        "() => document.activeElement.shadowRoot.querySelector('.back').click()"
    )
    form.press("Control+Enter")
    form.page.evaluate(
        "() => document.activeElement.shadowRoot.querySelector('.confirm').click()"
    )
    form.is_not_saved()


@pytest.mark.parametrize("way", ["key", "button"])
def test_going_back_changes_nothing_and_what_was_typed_can_be_changed(
    form: Form, way: str
):
    form.open(review="1").type(NINE + "1").press("Control+Enter")
    if way == "key":
        form.press("Escape")
    else:
        form.part("back").click()
    expect(form.part("review")).to_be_hidden()
    expect(form.part("save")).to_be_focused()
    form.has(NINE + "1").press("Backspace", "ArrowUp").type("0").press("Control+Enter")
    expect(form.part("lines")).to_contain_text("PHQ-9 total 12 of 27")
    expect(form.part("lines")).to_contain_text("This alone does not rule out risk.")


def test_while_it_is_said_back_nothing_changes_what_was_typed(form: Form):
    form.open(review="1").type(NINE).press("Control+Enter")
    form.type("0", 0).press("Backspace", "Delete", "Control+z").paste("000000000")
    expect(form.part("lines")).to_contain_text("PHQ-9 total 14 of 27")
    form.press("Escape").has(NINE)


def test_enter_alone_confirms_nothing(form: Form):
    form.open(review="1").type(NINE).press("Control+Enter")
    form.page.wait_for_timeout(MILLISECONDS_TO_READ)
    form.press("Enter", "Enter").is_not_saved()
    form.press("Tab")
    assert form.page.evaluate(NAME_OF_FOCUS) == "Keep PHQ-9"
    form.press("Enter").saved()


def test_an_incomplete_form_is_said_back_with_its_range_after_a_reason(form: Form):
    form.open(review="1").type("22-301-2-").press("Control+Enter", "Control+Enter")
    expect(form.page.get_by_label("Refused")).to_be_focused()
    expect(form.part("review")).to_be_hidden()
    form.press("Space", "Control+Enter")
    expect(form.part("review")).to_be_hidden()
    form.press("Tab", "Enter")
    expect(form.part("lines p")).to_have_text(
        [
            "PHQ-9 incomplete: 6 of 9 items answered. No total; it must lie from 10 to "
            "19. An incomplete form is kept and shown, and counts in no rate.",
            "Item 9 was not answered. This is not a 0; ask the patient. An alert opens "
            "when this is saved.",
        ]
    )
    form.page.wait_for_timeout(MILLISECONDS_TO_READ)
    saved = form.press("Control+Enter").saved()
    assert saved["partial_reason"] == "refused"
    assert saved["values"] == digits("22-301-2-")


def test_the_next_form_takes_what_was_typed_after_the_second_press(form: Form):
    form.open("phq9,pcl5", review="1").type(NINE + "1").press("Control+Enter")
    form.page.wait_for_timeout(MILLISECONDS_TO_READ)
    form.press("Control+Enter").type(TWENTY, 0.05)
    pcl5 = form.page.locator(".item-form", has_text="PCL-5")
    expect(pcl5.locator(".status")).to_contain_text("20 of 20 answered")
    assert form.saved("phq9")["values"] == digits(NINE)


# --- drafts ---------------------------------------------------------------------


class Drafts:
    """Takes the place of the address that drafts are sent to."""

    def __init__(self, page: Page):
        self.status = 204
        self.sent = []
        page.route("**/draft", self.take)

    def take(self, route) -> None:
        self.sent.append(route.request.post_data_json)
        route.fulfill(status=self.status)

    def come(self, number: int, page: Page) -> None:
        deadline = time.monotonic() + SECONDS_TO_SAVE
        while len(self.sent) < number:
            assert time.monotonic() < deadline, self.sent
            page.wait_for_timeout(50)


def test_a_draft_is_sent_after_the_last_answer_and_no_page_runs(form: Form):
    drafts = Drafts(form.page)
    form.open(draft="").type("22-1")
    (token,) = form.kept()["tokens"].values()
    runs = form.kept()["runs"]
    drafts.come(1, form.page)
    assert drafts.sent == [
        {
            "course": 7,
            "measure": "phq9",
            "record": f"{form.run}/phq9",
            "token": token,
            "values": digits("22-1-----"),
            "functional": None,
        }
    ]
    form.page.wait_for_timeout(MILLISECONDS_TO_DRAFT)
    assert (len(drafts.sent), form.kept()["runs"]) == (1, runs)


def test_a_draft_that_did_not_arrive_is_sent_again_as_it_is_by_then(form: Form):
    drafts = Drafts(form.page)
    drafts.status = 503
    form.open(draft="").type("22")
    drafts.come(1, form.page)
    drafts.status = 204
    drafts.come(2, form.page)
    assert drafts.sent[1] == drafts.sent[0]


def test_a_draft_that_is_refused_is_not_sent_again(form: Form):
    drafts = Drafts(form.page)
    drafts.status = 400
    form.open(draft="").type("22")
    drafts.come(1, form.page)
    form.page.wait_for_timeout(5_000)
    assert len(drafts.sent) == 1


def test_a_form_that_is_saved_at_once_sends_no_draft(form: Form):
    drafts = Drafts(form.page)
    form.open(draft="").type(NINE).press("Control+Enter").saved()
    form.page.wait_for_timeout(MILLISECONDS_TO_DRAFT)
    assert drafts.sent == []


def test_a_draft_is_shown_where_it_ended_and_can_be_cleared(form: Form):
    drafts = Drafts(form.page)
    query = urlencode({"run": form.run, "draft": "2213-----"})
    form.page.goto(f"{form.url}/?{query}")
    form.focused_on(5).has("2213-----")
    form.shows("message", "Kept from 10:42; Clear starts again.")
    form.part("clear").click()
    form.has("---------").focused_on(1).shows("message", "")
    drafts.come(1, form.page)
    assert drafts.sent[-1]["values"] == [None] * 9


# --- what survives --------------------------------------------------------------


def test_a_rerun_of_the_page_leaves_the_answers_alone(form: Form):
    form.open().type("22")
    form.page.get_by_label("Note").fill("between two items")
    form.press("Enter")
    form.has("22-")


def test_answers_survive_a_restart_of_the_server_and_are_saved(
    page: Page, own_server: Server
):
    form = Form(page, own_server.url).open().type("22130")
    (first_token,) = form.kept()["tokens"].values()
    own_server.stop()
    form.type("11").has("2213011")
    own_server.start()
    expect_connection(page)
    form.has("2213011--")
    form.answer(8, 2).click()
    form.press("ArrowDown").type("2").press("Control+Enter")
    saved = form.saved()
    assert saved["values"] == digits(NINE)
    assert saved["token"] == first_token
    assert first_token not in form.kept()["tokens"].values()


def test_a_save_without_a_server_says_so_and_can_be_sent_again(
    page: Page, own_server: Server
):
    form = Form(page, own_server.url).open().type(NINE)
    own_server.stop()
    form.press("Control+Enter")
    expect(form.part("message")).to_contain_text("No reply yet.", timeout=10_000)
    own_server.start()
    expect_connection(page)
    form.has(NINE).part("save").click()
    form.saved()
    assert len(form.kept()["messages"]) == 1


def expect_connection(page: Page) -> None:
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute(
        "data-test-connection-state", "CONNECTED", timeout=SECONDS_TO_RECONNECT * 1_000
    )


# --- for everyone, and nowhere else -----------------------------------------------


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["empty", "filled", "marked"])
@pytest.mark.parametrize("width", [1280, 820])
def test_axe_finds_nothing(
    open_page: Callable[..., Page],
    server: Server,
    color_scheme: str,
    state: str,
    width: int,
):
    page = open_page(color_scheme=color_scheme, width=width)
    form = Form(page, server.url).open("phq9,pcl5", together="1")
    keys = {"empty": "", "filled": NINE + "1", "marked": "22-301-22"}[state]
    form.type(keys)
    if state == "marked":
        form.press("Control+Enter", "ArrowDown")
        page.locator(".answer").nth(2).hover()
    only = {"runOnly": {"type": "tag", "values": WCAG}}
    found = Axe().run(page, context=".stBidiComponent", options=only)
    assert found.response["violations"] == []
    assert found.response["passes"]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_is_wrong_with_what_is_said_back(
    open_page: Callable[..., Page], server: Server, color_scheme: str
):
    page = open_page(color_scheme=color_scheme)
    form = Form(page, server.url).open("phq9", review="1").type(NINE)
    form.press("Control+Enter")
    expect(form.part("review")).to_be_focused()
    only = {"runOnly": {"type": "tag", "values": WCAG}}
    found = Axe().run(page, context=".stBidiComponent", options=only)
    assert found.response["violations"] == []
    assert found.response["passes"]


def test_every_control_is_reached_by_tab(form: Form):
    form.open().type("22-301-22").press("Control+Enter")
    reached = []
    for _ in range(len(PHQ9.items)):
        form.press("Tab")
        reached.append(form.page.evaluate(NAME_OF_FOCUS))
    assert reached == [
        *(f"item-{number}" for number in range(4, 11)),
        "partial-reason",
        "Save incomplete",
    ]
    form.press("Tab")
    assert form.page.evaluate(NAME_OF_FOCUS) == "Clear"
    form.press("Tab")
    assert form.page.evaluate(NAME_OF_FOCUS) == "Save PHQ-9"


NAME_OF_FOCUS = """() => {
    const focused = document.activeElement.shadowRoot?.activeElement;
    return focused?.name || focused?.textContent;
}"""


def test_each_item_is_a_named_group_of_named_answers(form: Form):
    form.open("pcl5")
    last = form.page.get_by_role("radiogroup", name=PCL5.items[-1].text)
    expect(last.get_by_role("radio", name="4 Extremely", exact=True)).to_have_count(1)
    expect(form.page.get_by_role("radiogroup")).to_have_count(PCL5.item_count)
    stem = PCL5.default_recall_window.stem
    expect(form.page.get_by_role("heading", name=f"PCL-5 {stem}")).to_be_visible()


@pytest.mark.parametrize(("width", "least"), [(1280, 24), (820, 44), (480, 44)])
def test_targets_are_large_enough(
    open_page: Callable[..., Page], server: Server, width: int, least: int
):
    form = Form(open_page(width=width), server.url).open("pcl5").type("1-")
    form.press("Control+Enter")
    are_at_least(form, least, ".answer:visible, .reason:visible, .button:visible")


@pytest.mark.parametrize(("width", "least"), [(1280, 24), (820, 44), (480, 44)])
def test_what_is_said_back_fits_and_its_targets_are_large_enough(
    open_page: Callable[..., Page], server: Server, width: int, least: int
):
    form = Form(open_page(width=width), server.url).open(review="1").type(NINE)
    form.press("Control+Enter")
    are_at_least(form, least, ".confirm, .back")
    box = form.part("review").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 800


def are_at_least(form: Form, least: int, selector: str) -> None:
    targets = form.page.locator(selector).all()
    assert targets
    for target in targets:
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= least, target.inner_text()


def test_the_item_with_the_focus_is_never_under_the_bars(form: Form):
    form.open("pcl5")
    bar = form.part("bar").bounding_box
    for digit in TWENTY:
        form.type(digit)
        box = form.page.locator(".row:focus-within, .save:focus").bounding_box()
        if form.page.locator(".row:focus-within").count():
            assert box["y"] + box["height"] <= bar()["y"] + 1
            assert box["y"] >= form.part("scale").bounding_box()["y"]


def test_a_strict_policy_is_kept_and_nothing_leaves_the_machine(
    page: Page, server: Server
):
    # A page that a test hands on may not call this machine unless it is allowed to.
    page.context.grant_permissions(["local-network-access"])
    page.add_init_script(
        "window.refused = []; addEventListener('securitypolicyviolation', event =>"
        " window.refused.push(`${event.violatedDirective} ${event.blockedURI}`))"
    )
    page.route("**/*", with_policy)
    Form(page, server.url).open().type(NINE).press("Control+Enter").saved()
    # Streamlit probes for WebAssembly once and does without it.
    assert set(page.evaluate("window.refused")) <= {"script-src wasm-eval"}
    assert page.external_requests == []


def with_policy(route) -> None:
    if route.request.resource_type != "document":
        return route.continue_()
    response = route.fetch()
    headers = response.headers | {"content-security-policy": POLICY}
    return route.fulfill(response=response, headers=headers)


# --- what Python makes of it --------------------------------------------------------


FORM = item_form._Form(
    record="a/phq9",
    item_count=3,
    scores=frozenset(range(4)),
    functional_scores=frozenset(range(4)),
    reasons=frozenset({"refused"}),
)


def message(**changes: object) -> dict:
    complete = {"record": "a/phq9", "token": "t", "values": [0, 1, 3]}
    return complete | {"functional": None, "partial_reason": None} | changes


def test_a_complete_form_is_returned_with_its_token():
    assert FORM.submission(message()) == {
        "values": [0, 1, 3],
        "functional": None,
        "token": "t",
        "partial_reason": None,
    }


def test_a_save_of_another_record_is_not_taken_for_this_one():
    assert FORM.sent(message())
    assert not FORM.sent(message(record="b/phq9"))
    assert not FORM.sent(None)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"values": [0, 1, 4]}, "Item 3 must be answered with 0, 1, 2, 3"),
        ({"values": [0, True, 1]}, "Item 2"),
        ({"values": ["0", 1, 1]}, "Item 1"),
        ({"values": [0, 1]}, "2 answers for a form of 3 items"),
        ({"functional": 9}, "The question outside the total"),
        ({"values": [0, None, 1]}, "A reason belongs to an incomplete form"),
        ({"partial_reason": "refused"}, "A reason belongs to an incomplete form"),
        (
            {"values": [0, None, 1], "partial_reason": "bored"},
            "'bored' must be one of",
        ),
    ],
)
def test_what_does_not_fit_the_form_is_refused_by_name(changes: dict, place: str):
    with pytest.raises(ValueError, match=place):
        FORM.submission(message(**changes))
