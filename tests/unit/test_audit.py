"""The audit: who did what, sealed entry by entry."""

import re
from itertools import pairwise

import pytest
from sqlalchemy import delete, insert, text, update

from data.actors import CLINICIAN
from data.assessments import (
    add_assessment,
    correct_assessment,
    void_assessment,
)
from data.audit import (
    add_audit_entry,
    first_broken_entry,
    has_audit_entry,
    list_audit_entries,
    newest_hash,
)
from data.patients import get_course
from data.tables import audit_entry
from tests.actors import TESTER, acting, with_role
from tests.factories import add_course, at, phq9, practice


CORRECTOR = with_role(CLINICIAN, name="B")
WITHDRAWER = with_role(CLINICIAN, name="C")


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        for number in range(1, 6):
            add_audit_entry(
                connection,
                action="add",
                subject=f"patient {number}",
                patient_id=f"p{number}",
            )
        yield connection


@pytest.fixture
def unguarded(connection):
    """A connection of somebody who has taken the triggers away."""
    on = " ON audit_entry" if connection.dialect.name == "postgresql" else ""
    for name in ("delete", "rewrite"):
        connection.execute(text(f"DROP TRIGGER audit_entry_no_{name}{on}"))
    return connection


def entry(number):
    return audit_entry.c.subject == f"patient {number}"


def broken(connection):
    found = first_broken_entry(connection)
    subjects = {e.id: e.subject for e in list_audit_entries(connection)}
    return found and subjects[found.id]


def test_entries_are_in_order_and_each_seals_the_one_before(connection):
    entries = list(list_audit_entries(connection))
    assert [e.subject for e in entries] == [f"patient {n}" for n in range(1, 6)]
    assert entries[0].previous_hash == "0" * 64
    for before, after in pairwise(entries):
        assert after.previous_hash == before.hash
    assert first_broken_entry(connection) is None


def test_an_empty_audit_is_whole(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        assert first_broken_entry(connection) is None
        assert list(list_audit_entries(connection)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"who": "B"},
        {"action": "void"},
        {"subject": "patient 9"},
        {"patient_id": "p9"},
        {"patient_id": None},
        {"subject": "patient 3\x1fp3", "patient_id": None},
        {"action": "add\x1fpatient 3", "subject": "p3", "patient_id": None},
        {"previous_hash": "f" * 64},
        {"hash": "f" * 64},
    ],
    ids=lambda change: ", ".join(f"{name} {now}" for name, now in change.items()),
)
def test_a_changed_entry_breaks_the_chain(unguarded, change):
    unguarded.execute(update(audit_entry).where(entry(3)).values(change))
    assert broken(unguarded) == change.get("subject", "patient 3")


def test_a_removed_entry_breaks_the_chain(unguarded):
    unguarded.execute(delete(audit_entry).where(entry(3)))
    assert broken(unguarded) == "patient 4"


def test_says_what_became_of_the_first_broken_entry(unguarded):
    unguarded.execute(delete(audit_entry).where(entry(3)))
    assert first_broken_entry(unguarded).what == "follows an entry that is missing"
    unguarded.execute(update(audit_entry).where(entry(2)).values(who="B"))
    assert first_broken_entry(unguarded).what == "was changed after it was written"


def test_entries_that_changed_places_are_told_as_such(unguarded):
    ids = {e.subject: e.id for e in list_audit_entries(unguarded)}
    for number, new_id in ((2, 99), (3, ids["patient 2"]), (2, ids["patient 3"])):
        unguarded.execute(update(audit_entry).where(entry(number)).values(id=new_id))
    found = first_broken_entry(unguarded)
    assert found.id == ids["patient 2"]
    assert found.what == "stands in another place than it was written in"


def test_the_newest_seal_kept_elsewhere_shows_that_the_newest_are_gone(unguarded):
    seal = newest_hash(unguarded)
    assert has_audit_entry(unguarded, seal)
    unguarded.execute(delete(audit_entry).where(entry(5)))
    assert first_broken_entry(unguarded) is None
    assert not has_audit_entry(unguarded, seal)


def test_the_first_entry_cannot_be_removed_unnoticed(unguarded):
    unguarded.execute(delete(audit_entry).where(entry(1)))
    assert broken(unguarded) == "patient 2"


def test_an_entry_put_in_afterwards_breaks_the_chain(connection):
    last = list(list_audit_entries(connection))[-1]
    forged = vars(last) | {
        "id": last.id + 1,
        "subject": "patient 6",
        "previous_hash": last.hash,
        "hash": "e" * 64,
    }
    connection.execute(insert(audit_entry).values(forged))
    assert broken(connection) == "patient 6"


def test_entries_that_change_places_break_the_chain(unguarded):
    for number, new_id in ((2, 900), (3, 2), (2, 3)):
        unguarded.execute(update(audit_entry).where(entry(number)).values(id=new_id))
    assert broken(unguarded) is not None


def test_what_is_done_to_a_form_is_told_without_names_or_answers(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection, "R-1")
        first = add_assessment(connection, course_id=course_id, facts=phq9(at("1"), 12))
        with acting(connection, CORRECTOR):
            second = correct_assessment(
                connection, first, facts=phq9(at("1"), 21), reason="Typed 12"
            )
        with acting(connection, WITHDRAWER):
            void_assessment(connection, second, reason="Not Alder's")
        entries = list(list_audit_entries(connection))
        patient_id = get_course(connection, course_id).patient_id
    assert [(e.who, e.action, e.subject) for e in entries[1:]] == [
        (TESTER.login, "open", f"course {course_id}"),
        (TESTER.login, "add", f"assessment {first}"),
        (CORRECTOR.login, "correct", f"assessment {first}"),
        (WITHDRAWER.login, "void", f"assessment {second}"),
    ]
    for told in entries:
        assert re.fullmatch(r"[a-z]+ [0-9a-f]+", told.subject)
        assert told.patient_id == patient_id
