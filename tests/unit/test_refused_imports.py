"""Refused imports: noted by kind and nothing else, and read back."""

from datetime import date, timedelta

import pytest

from data.audit import list_audit_entries
from data.database import open_database, reading, writing
from data.errors import NotAllowed
from data.exchange.importing import NO_OPTIONS, Options, preview_import, read_files
from data.exchange.problems import (
    CONFLICT,
    CONTENT,
    KINDS,
    PATIENT,
    Problem,
    refuse_file,
)
from data.exchange.refused import note_refused, refused_imports
from data.moments import today
from tests.actors import TESTER, with_role
from tests.exchange_files import FORM, LONG, commit, source


SECRET = Problem("Jane-Doe.csv", 7, "phq9_9", "JD-77", "is not an answer", kind=CONTENT)
UNKNOWN_PATIENT = Problem("f.csv", 2, "a", "x", "is unknown", kind=PATIENT)


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


def note(engine, *problems):
    with writing(engine, TESTER) as connection:
        note_refused(connection, problems)


def noted(engine, **asked):
    with reading(engine, TESTER) as connection:
        return [one.problems for one in refused_imports(connection, **asked)]


def test_kinds_are_counted_in_their_order_the_newest_import_first(engine):
    clash = Problem("f.csv", 2, "", "", "is recorded already", kind=CONFLICT)
    note(engine, SECRET, clash, clash)
    note(engine, UNKNOWN_PATIENT, SECRET)
    assert noted(engine) == [
        ((PATIENT, 1), (CONTENT, 1)),
        ((CONFLICT, 2), (CONTENT, 1)),
    ]


@pytest.mark.parametrize(
    "problems", [(), (UNKNOWN_PATIENT,), (UNKNOWN_PATIENT, UNKNOWN_PATIENT)]
)
def test_where_new_patients_can_still_be_allowed_nothing_is_noted(engine, problems):
    note(engine, *problems)
    assert noted(engine) == []


def test_nothing_of_the_file_is_kept(engine):
    note(engine, SECRET)
    with reading(engine, TESTER) as connection:
        (entry,) = [e for e in list_audit_entries(connection) if "file" in e.subject]
    assert entry.subject == "file problems: 1 content"
    assert entry.patient_id is None


def test_later_ones_are_not_seen_before_their_day(engine):
    note(engine, SECRET)
    assert len(noted(engine, to_day=today())) == 1
    assert noted(engine, to_day=today() - timedelta(days=1)) == []
    assert noted(engine, to_day=date(2020, 1, 1)) == []


def test_a_lead_reads_and_a_clinician_does_not(engine):
    who = with_role("clinician")
    with reading(engine, who) as connection, pytest.raises(NotAllowed):
        refused_imports(connection)


KNOWN = f"{LONG}\nA,2025-01-06,phq9,two_weeks,12\n"
OTHER = f"{LONG}\nA,2025-01-06,phq9,two_weeks,13\n"
SAME_DAY = f"{LONG}\nA,2025-01-06 14:30,phq9,two_weeks,13\n"
UNKNOWN = f"{LONG}\nB,2025-01-06,phq9,two_weeks,12\n"
TWO_ROWS = f"{KNOWN}A,2025-01-06,phq9,two_weeks,13\n"
NO_ANSWER = f"{FORM}\nA,2025-01-06,7,2,0,3,1,0,2,1,1\n"


@pytest.mark.parametrize(
    ("text", "options", "kind"),
    [
        (OTHER, NO_OPTIONS, CONFLICT),
        (SAME_DAY, NO_OPTIONS, CONFLICT),
        (TWO_ROWS, NO_OPTIONS, CONFLICT),
        (UNKNOWN, NO_OPTIONS, PATIENT),
        (UNKNOWN, Options(new_patients=True), None),
        (NO_ANSWER, NO_OPTIONS, CONTENT),
        (KNOWN, NO_OPTIONS, None),
    ],
)
def test_what_stands_in_the_way_has_its_kind(engine, text, options, kind):
    commit(engine, KNOWN)
    batch = read_files([source(text, "2.csv")])
    with reading(engine, TESTER) as connection:
        problems = preview_import(connection, batch, options).problems
    assert {problem.kind for problem in problems} == ({kind} if kind else set())


def test_a_file_that_cannot_be_read_is_a_problem_of_the_file():
    (problem,) = refuse_file("f.csv", "is empty").problems
    assert problem.kind == CONTENT
    assert problem.kind in KINDS
