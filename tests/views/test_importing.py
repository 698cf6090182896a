"""The Import page: look first, then all of it or nothing."""

from pathlib import Path

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from data.audit_search import search_audit
from data.database import open_database, reading
from data.exchange.importing import Preview
from data.exchange.refused import REFUSED, refused_imports
from data.patients import list_patients
from data.tables import assessment
from tests.actors import TESTER
from tests.exchange_files import FORM, commit, row_counts
from tests.views.clinic import visited_by
from views.import_wording import people


MAIN = Path(__file__).parents[2] / "views" / "main.py"
GOOD = f"{FORM}\nA,2025-01-06,1,2,0,3,1,0,2,1,1\nB,2025-01-06,1,,,,,,,,\n"
CHANGED = f"{FORM}\nA,2025-01-06,1,2,0,3,1,0,2,1,2\n"
BAD = f"{FORM}\nA,2025-01-06,7,2,0,3,1,0,2,1,1\n"
NEW_PATIENTS = "Add patients whose record number is not in this practice"


@pytest.fixture
def engine(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def page(engine):
    at = visited_by(AppTest.from_file(MAIN, default_timeout=30), name="Dr Test")
    at.run()
    return at.switch_page("importing.py").run()


def upload(at, text, name="forms.csv"):
    at.file_uploader[0].set_value((name, text.encode(), "text/csv"))
    return at.run()


def allow_new_patients(at):
    checkbox = next(c for c in at.checkbox if c.label == NEW_PATIENTS)
    return checkbox.check().run()


def import_button(at):
    return next((b for b in at.button if b.label.startswith("Import ")), None)


def counts(at):
    """Return the preview table as a dict."""
    table = at.table[0].value
    return dict(zip(table.iloc[:, 0], table.iloc[:, 1], strict=True))


def test_the_empty_page_says_what_to_do_and_offers_templates(page):
    assert page.title[0].value == "Import"
    assert "Choose one or more CSV files" in page.info[0].value
    assert [button.label for button in page.get("download_button")] == [
        "infusions.csv",
        "forms-one-per-row.csv",
        "forms-side-by-side.csv",
        "mapping.toml",
    ]
    assert not page.exception


def test_a_file_is_looked_at_before_anything_is_written(page, engine):
    before = row_counts(engine)
    at = allow_new_patients(upload(page, GOOD))
    told = counts(at)
    assert (told["To add"], told["Forms complete"]) == ("2", "1")
    assert told["Forms with item 9 above 0"] == "1"
    assert import_button(at).label == "Import 2 records"
    assert row_counts(engine) == before


def test_the_button_imports_and_says_so(page, engine):
    at = allow_new_patients(upload(page, GOOD))
    at = import_button(at).click().run()
    assert at.success[0].value == (
        "Imported 2 forms of 2 new patients. 1 item-9 alert opened."
    )
    with reading(engine, TESTER) as connection:
        numbers = [patient.record_number for patient in list_patients(connection)]
        recorders = set(connection.scalars(select(assessment.c.recorded_by)))
    assert numbers == ["A", "B"]
    assert recorders == {"Dr Test"}
    assert not at.file_uploader[0].value
    assert not at.exception


def test_the_same_file_again_has_nothing_to_add(page):
    at = allow_new_patients(upload(page, GOOD))
    at = upload(import_button(at).click().run(), GOOD)
    assert not at.success
    assert at.info[0].value == (
        "Nothing to add: all 2 records of the file are there already."
    )
    assert import_button(at) is None


def test_problems_are_listed_and_nothing_can_be_imported(page, engine):
    before = row_counts(engine)
    at = upload(page, BAD)
    assert "1 problem: nothing can be imported" in at.error[0].value
    (told,) = at.table[0].value.to_dict("records")
    assert (told["Row"], told["Value"]) == ("2", "7")
    assert told["Problem"] == "is not an answer"
    labels = [button.label for button in at.get("download_button")]
    assert "Download the problems" in labels
    assert import_button(at) is None
    audited = row_counts(engine)["audit_entry"]
    assert row_counts(engine) == before | {"audit_entry": audited}


def refused(engine):
    with reading(engine, TESTER) as connection:
        return [one.problems for one in refused_imports(connection)]


def test_a_file_that_cannot_be_imported_is_noted_once_by_kinds_only(page, engine):
    at = upload(page, BAD)
    at = at.run()
    assert refused(engine) == [(("content", 1),)]
    with reading(engine, TESTER) as connection:
        (entry,) = search_audit(connection, limit=9, actions=[REFUSED])
    assert entry.subject == "file problems: 1 content"
    assert entry.patient_id is None
    assert not at.exception


def test_patients_who_can_still_be_allowed_are_no_refusal(page, engine):
    upload(page, GOOD)
    assert refused(engine) == []


def test_what_stands_in_the_way_of_a_file_that_waited_is_noted(page, engine):
    at = upload(page, GOOD)
    commit(engine, CHANGED)
    at.run()
    assert refused(engine) == [(("conflict", 1), ("patient", 1))]


def test_a_conflict_with_what_is_recorded_is_noted_as_one(page, engine):
    at = import_button(allow_new_patients(upload(page, GOOD))).click().run()
    upload(at, CHANGED)
    assert refused(engine) == [(("conflict", 1),)]


def test_unknown_patients_are_a_problem_until_they_are_allowed(page):
    at = upload(page, GOOD)
    assert "is not in this practice" in at.table[0].value["Problem"][0]
    assert not allow_new_patients(at).error


def test_a_mapping_file_takes_a_foreign_file(page):
    page.file_uploader[1].set_value(
        (
            "mapping.toml",
            b'[columns]\nMRN = "record_number"\nT = "phq9_total"\n'
            b'[declare]\ncompleted_at = "2025-01-06"\nnew_patients = true',
            "application/toml",
        )
    )
    at = upload(page, "MRN,T\nA,12\n")
    assert counts(at)["Forms with a total only"] == "1"
    assert import_button(at) is not None


def test_a_mapping_file_that_is_none_is_refused_in_words(page):
    page.file_uploader[1].set_value(("m.toml", b"[columns", "application/toml"))
    at = upload(page, GOOD)
    assert "is not a TOML file" in at.error[0].value.replace("\\", "")
    assert not at.exception


def test_what_a_file_says_is_shown_as_text_and_not_as_markdown(page):
    at = upload(page, f"{FORM}\nA,2025-01-06,![x](https://example.org/x),,,,,,,,\n")
    shown = at.table[0].value["Value"][0]
    assert shown.startswith(r"\!\[x\]\(https")


def test_a_file_that_is_no_csv_is_refused_in_words(page):
    at = upload(page, "%PDF-1.7")
    assert "1 problem: nothing can be imported" in at.error[0].value
    assert at.table[0].value["Problem"][0].replace("\\", "").startswith("is a PDF")
    assert not at.exception


def test_a_long_list_of_problems_is_cut_and_whole_in_the_download(page):
    rows = "".join(f"P{n},soon,1,,,,,,,,\n" for n in range(101))
    at = upload(page, f"{FORM}\n{rows}")
    assert len(at.table[0].value) == 100
    assert "The first 100; all of them are in the download." in [
        caption.value for caption in at.caption
    ]


def test_says_which_columns_are_not_used_and_what_is_good_to_know(page):
    extra = ",".join(f"extra{n}" for n in range(10))
    at = upload(
        page, f"{FORM},phq9_total,{extra}\nA,2025-01-06,1{',1' * 8},12{',' * 10}\n"
    )
    (caption,) = [c.value.replace("\\", "") for c in at.caption if "nothing" in c.value]
    assert caption.endswith("extra6, extra7 and 2 more.")
    assert at.expander[1].label == "Good to know (1)"


def test_says_where_rows_of_patients_with_several_courses_go():
    preview = Preview((), 0, 1, 0, 2, (), ())
    assert people(preview) == (
        "0 new patients, 1 known; 0 courses to open. 2 rows of patients with several "
        "courses: each goes to the latest course opened on or before its day, else to "
        "the first."
    )
