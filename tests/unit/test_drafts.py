"""Drafts: each typist's own, of the latest answers, and gone once saved or too old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from data.accounts import add_account
from data.actors import CLINICIAN
from data.assessments import add_assessment
from data.audit import list_audit_entries
from data.drafts import DAYS_KEPT, Draft, forget_draft, get_draft, save_draft
from data.errors import RecordError
from data.patients import get_course
from data.sites import add_site, move_patient
from data.tables import FIRST_SITE, draft
from measures.scoring import UnscorableAnswers
from tests.actors import TESTER, acting, with_role
from tests.factories import add_course, at, phq9, practice


NOW = datetime(2024, 3, 1, 9, 42, tzinfo=UTC)
TYPED = Draft("own-1-phq9", "phq9", (2, 1, *[None] * 7), None, "attempt-1")


@pytest.fixture
def clock(monkeypatch):
    def set_(now):
        monkeypatch.setattr("data.records.utc_now", lambda: now)

    set_(NOW)
    return set_


@pytest.fixture
def connection(migrated_url, clock):
    """A practice in which Dr Lee types; the course is number 1."""
    with practice(migrated_url) as connection:
        add_course(connection)
        connection.execution_options(actor=typist(connection, "Dr Lee"))
        yield connection


def typist(connection, name):
    with acting(connection, TESTER):
        account_id = add_account(
            connection,
            login=name.lower().replace(" ", "-"),
            name=name,
            roles=[CLINICIAN],
            sites=[FIRST_SITE],
        )
    return with_role(CLINICIAN, name=name, account_id=account_id)


def kept(connection, record=TYPED.record):
    return get_draft(connection, 1, record)


def test_a_draft_comes_back_as_it_was_typed_and_says_since_when(connection):
    save_draft(connection, 1, TYPED)
    found = kept(connection)
    assert found.draft == TYPED
    assert found.kept_at == NOW


def test_the_latest_answers_take_the_place_of_those_before(connection):
    later = replace(TYPED, answers=(2, 1, 3, *[None] * 6), difficulty=1)
    save_draft(connection, 1, TYPED)
    save_draft(connection, 1, later)
    assert kept(connection).draft == later
    assert len(connection.execute(select(draft)).all()) == 1


def test_each_form_has_a_draft_of_its_own(connection):
    other = replace(TYPED, record="own-1-pcl5", measure="pcl5", answers=(4,) * 20)
    save_draft(connection, 1, TYPED)
    save_draft(connection, 1, other)
    assert kept(connection).draft == TYPED
    assert kept(connection, other.record).draft == other


def test_nobody_sees_the_draft_of_another(connection):
    save_draft(connection, 1, TYPED)
    with acting(connection, typist(connection, "Dr Roe")):
        assert kept(connection) is None
        save_draft(connection, 1, replace(TYPED, answers=(0,) * 9))
        forget_draft(connection, 1, TYPED.record)
    assert kept(connection).draft == TYPED


def test_a_draft_out_of_reach_is_as_if_there_were_none(connection):
    save_draft(connection, 1, TYPED)
    with acting(connection, TESTER):
        elsewhere = add_site(connection, "Elsewhere")
        move_patient(connection, get_course(connection, 1).patient_id, elsewhere)
    with pytest.raises(RecordError, match="There is no course 1"):
        kept(connection)


@pytest.mark.parametrize("record", [TYPED.record, "own-1-pcl5"])
def test_what_is_given_up_is_gone_and_nothing_else(connection, record):
    save_draft(connection, 1, TYPED)
    forget_draft(connection, 1, record)
    assert (kept(connection) is None) is (record == TYPED.record)


def test_a_form_that_was_emptied_is_no_draft(connection):
    save_draft(connection, 1, TYPED)
    save_draft(connection, 1, replace(TYPED, answers=(None,) * 9))
    assert kept(connection) is None


def test_a_draft_that_arrives_after_its_form_was_saved_is_not_kept(connection):
    facts = phq9(at("0"), answers=(1,) * 9)
    add_assessment(connection, course_id=1, facts=facts, submission_id=TYPED.token)
    save_draft(connection, 1, TYPED)
    assert kept(connection) is None


@pytest.mark.parametrize(
    ("age", "is_there"),
    [
        (timedelta(days=DAYS_KEPT), True),
        (timedelta(days=DAYS_KEPT, seconds=1), False),
    ],
)
def test_a_draft_is_forgotten_after_a_week(connection, clock, age, is_there):
    save_draft(connection, 1, TYPED)
    clock(NOW + age)
    assert (kept(connection) is not None) is is_there
    save_draft(connection, 1, replace(TYPED, record="another"))
    left = set(connection.scalars(select(draft.c.record)))
    assert left == {"another"} | ({TYPED.record} if is_there else set())


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"measure": "bdi"}, RecordError),
        ({"record": ""}, RecordError),
        ({"record": "a b"}, RecordError),
        ({"record": "a" * 121}, RecordError),
        ({"token": "t" * 65}, RecordError),
        ({"token": "t\n"}, RecordError),
        ({"difficulty": 4}, RecordError),
        ({"answers": (1,) * 8}, UnscorableAnswers),
        ({"answers": (4, *[None] * 8)}, UnscorableAnswers),
    ],
)
def test_what_is_no_draft_of_a_form_is_refused(connection, changes, error):
    save_draft(connection, 1, TYPED)
    with pytest.raises(error):
        save_draft(connection, 1, replace(TYPED, **changes))
    assert kept(connection).draft == TYPED


def test_the_audit_has_nothing_of_a_draft(connection):
    with acting(connection, TESTER):
        before = len(list(list_audit_entries(connection)))
    save_draft(connection, 1, TYPED)
    forget_draft(connection, 1, TYPED.record)
    with acting(connection, TESTER):
        assert len(list(list_audit_entries(connection))) == before
