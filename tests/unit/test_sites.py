"""Sites: named, and what belongs to one is out of every other's reach."""

import pytest
from sqlalchemy import select

from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK, LEAD
from data.audit_search import search_audit
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.patients import add_patient, get_patient, list_courses, open_course
from data.sites import (
    add_site,
    list_sites,
    may_record_for,
    move_patient,
    rename_site,
    sites_to_record_at,
)
from data.tables import FIRST_SITE, patient
from tests.actors import TESTER, with_role


ADMIN = with_role(ADMINISTRATOR, sites=(), name="Admin")


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def south(engine):
    """The id of a second site."""
    with writing(engine, ADMIN) as connection:
        return add_site(connection, "South")


@pytest.fixture
def patient_id(engine):
    """A patient of the first site."""
    with writing(engine, TESTER) as connection:
        return add_patient(connection, record_number="R-1")


def names(engine, actor=ADMIN, ask=list_sites):
    with reading(engine, actor) as connection:
        return [site.name for site in ask(connection)]


def told(engine):
    with reading(engine, TESTER) as connection:
        return [
            (e.who, e.action, e.subject, e.patient_id)
            for e in search_audit(connection, limit=1)
        ]


def test_a_new_practice_has_one_site(engine):
    assert len(names(engine)) == 1


def test_sites_are_listed_by_name(engine, south):
    with writing(engine, ADMIN) as connection:
        add_site(connection, "  A first one ")
        rename_site(connection, FIRST_SITE, "North")
    assert names(engine) == ["A first one", "North", "South"]


def test_adding_and_renaming_is_told(engine, south):
    assert told(engine) == [("admin", "add", f"site {south}", None)]
    with writing(engine, ADMIN) as connection:
        rename_site(connection, south, "Southern")
    assert told(engine) == [("admin", "rename", f"site {south}", None)]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("", "needs a name"),
        ("  ", "needs a name"),
        ("South", "There is a site 'South' already"),
        (" South ", "There is a site 'South' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(engine, south, name, refusal):
    with writing(engine, ADMIN) as connection:
        with pytest.raises(RecordError, match=refusal):
            add_site(connection, name)
        with pytest.raises(RecordError, match=refusal):
            rename_site(connection, FIRST_SITE, name)
    assert names(engine).count("South") == 1


def test_a_site_that_is_not_there_cannot_be_renamed(engine):
    with (
        writing(engine, ADMIN) as connection,
        pytest.raises(RecordError, match="There is no site 99"),
    ):
        rename_site(connection, 99, "South")


@pytest.mark.parametrize("role", [CLINICIAN, LEAD])
def test_only_an_administrator_changes_sites(engine, role):
    with writing(engine, with_role(role)) as connection:
        with pytest.raises(NotAllowed):
            add_site(connection, "South")
        with pytest.raises(NotAllowed):
            rename_site(connection, FIRST_SITE, "South")


def test_a_tablet_is_told_of_no_site(engine):
    with pytest.raises(NotAllowed):
        names(engine, with_role(KIOSK))


def test_a_clinician_records_at_the_own_sites(engine, south):
    own = with_role(CLINICIAN, sites=(south,))
    assert names(engine, own, sites_to_record_at) == ["South"]
    assert names(engine, with_role(CLINICIAN, sites=()), sites_to_record_at) == []
    assert len(names(engine, TESTER, sites_to_record_at)) == 2
    with pytest.raises(NotAllowed):
        names(engine, with_role(LEAD), sites_to_record_at)


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (with_role(CLINICIAN, sites=(FIRST_SITE,)), True),
        (with_role(CLINICIAN, sites=(FIRST_SITE + 1,)), False),
        (with_role(LEAD, sites=(FIRST_SITE,)), False),
        (with_role(CLINICIAN, LEAD, sites=(FIRST_SITE,)), True),
        (with_role(CLINICIAN, LEAD, sites=(FIRST_SITE + 1,)), False),
    ],
)
def test_who_reads_a_record_may_not_always_write_in_it(engine, patient_id, actor, may):
    with reading(engine, actor) as connection:
        assert may_record_for(connection, patient_id) is may
        assert may_record_for(connection, "0" * 16) is False


def test_who_reads_no_record_is_not_told_who_may(engine, patient_id):
    with reading(engine, ADMIN) as connection, pytest.raises(NotAllowed):
        may_record_for(connection, patient_id)


def test_a_patient_who_moves_is_out_of_reach_of_the_site_before(
    engine, south, patient_id
):
    here = with_role(CLINICIAN, sites=(FIRST_SITE,))
    there = with_role(CLINICIAN, sites=(south,), name="Dr South")
    with writing(engine, here) as connection:
        open_course(connection, patient_id=patient_id, indication="ptsd")
        move_patient(connection, patient_id, south)
    assert told(engine) == [("dr-lee", "move", f"site {south}", patient_id)]
    with reading(engine, here) as connection:
        assert get_patient(connection, patient_id) is None
    with reading(engine, there) as connection:
        assert get_patient(connection, patient_id).record_number == "R-1"
        (course,) = list_courses(connection, patient_id)
    assert course.site != "South"


def test_a_patient_cannot_be_moved_to_nowhere_or_from_elsewhere(
    engine, south, patient_id
):
    here = with_role(CLINICIAN, sites=(FIRST_SITE,))
    elsewhere = with_role(CLINICIAN, sites=(south,))
    nowhere = pytest.raises(RecordError, match="There is no site 99")
    hidden = pytest.raises(RecordError, match=f"There is no patient {patient_id}")
    with writing(engine, here) as connection, nowhere:
        move_patient(connection, patient_id, 99)
    with writing(engine, elsewhere) as connection, hidden:
        move_patient(connection, patient_id, south)
    with reading(engine, TESTER) as connection:
        query = select(patient.c.site_id).where(patient.c.id == patient_id)
        assert connection.scalar(query) == FIRST_SITE
