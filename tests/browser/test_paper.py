"""What leaves the screen: the patient's page on paper, the report, a note's text."""

from datetime import date
from io import BytesIO

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from data.database import open_database, reading
from data.example_practice import make_example
from data.patients import list_courses, patient_by_record_number
from tests.actors import TESTER


RECORD_NUMBER = "EX-014"


@pytest.fixture
def practice(start_app, own_url, tmp_path):
    """Start on invented patients; return the address, a patient and the course."""
    url = f"sqlite:///{tmp_path / 'full.sqlite'}"
    make_example(url, as_of=date.today())
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        patient = patient_by_record_number(connection, RECORD_NUMBER)
        course = list_courses(connection, patient.id)[-1]
    engine.dispose()
    return start_app(url), url, patient, course


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_patients_pages_print_on_one_page_with_everything_that_counts(
    practice, open_page, sign_in_page, color_scheme
):
    address, url, patient, course = practice
    page = open_page(color_scheme=color_scheme)
    sign_in_page(page, address, url)
    for path, heading, wanted in (
        (f"patient?patient={patient.id}", patient.name, "lower is better"),
        (f"patient_view?course={course.id}", "Your answers", "Lower is better"),
    ):
        page.goto(f"{address}/{path}")
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
        (only,) = printed.pages
        text = only.extract_text()
        assert wanted in " ".join(text.split())
        for screen_only in ("Report (PDF)", "Back", "Caseload", "Sign out"):
            assert screen_only not in text


def test_the_report_opens_in_a_tab_of_its_own_and_the_text_can_be_copied(
    practice, page, sign_in_page
):
    address, url, patient, course = practice
    sign_in_page(page, address, url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/patient?patient={patient.id}")
    link = page.get_by_role("link", name="Report (PDF)")
    expect(link).to_have_attribute("target", "_blank")
    answer = page.request.get(f"{address}{link.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    assert f"record number {RECORD_NUMBER}" in (
        PdfReader(BytesIO(answer.body())).pages[0].extract_text()
    )
    page.get_by_role("button", name="Text for a note").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("code").hover()
    dialog.get_by_role("button", name="Copy to clipboard").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"Course {course.number}, opened ")
    assert patient.family_name not in copied
    assert page.external_requests == []
