"""Sites: what one site's clinician can learn of another's patients. Nothing."""

import pytest

from data.accounts import add_account
from data.actors import CLINICIAN, LEAD, actor_of
from data.alerts import list_alerts
from data.assessments import add_assessment, get_assessment
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.frames import caseload_frame
from data.infusions import add_infusion, get_infusion
from data.patients import (
    add_patient,
    get_course,
    get_patient,
    list_courses,
    list_patients,
    patient_by_record_number,
)
from data.sites import add_site, move_patient
from data.tables import FIRST_SITE
from tests.actors import TESTER, with_role
from tests.factories import add_course, at, given, phq9


ABSENT = 999_999
NORTH = with_role(CLINICIAN, name="North")


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    with writing(engine, TESTER) as connection:
        add_site(connection, "South")
    yield engine
    engine.dispose()


@pytest.fixture
def south(engine):
    """Return a clinician of the second site, which has no patient yet."""
    return with_role(CLINICIAN, sites=[FIRST_SITE + 1], name="South")


@pytest.fixture
def record(engine):
    """Return ids of a course of the first site, its infusion and its form."""
    with writing(engine, NORTH) as connection:
        course = add_course(connection, "N-1")
        infusion = add_infusion(connection, course_id=course, facts=given(at("0")))
        form = phq9(at("1"), answers=(1,) * 9)
        return {
            "course": course,
            "infusion": infusion,
            "assessment": add_assessment(connection, course_id=course, facts=form),
        }


@pytest.mark.parametrize(
    ("what", "get"),
    [
        ("course", get_course),
        ("infusion", get_infusion),
        ("assessment", get_assessment),
    ],
)
def test_another_sites_record_is_refused_like_one_that_never_was(
    engine, record, south, what, get
):
    with reading(engine, south) as connection:
        with pytest.raises(RecordError) as theirs:
            get(connection, record[what])
        with pytest.raises(RecordError) as nobodys:
            get(connection, ABSENT)
    assert str(theirs.value) == f"There is no {what} {record[what]}"
    assert str(nobodys.value) == f"There is no {what} {ABSENT}"


def test_another_sites_patient_is_in_no_list_and_found_by_no_number(
    engine, record, south
):
    with reading(engine, NORTH) as connection:
        (patient,) = list_patients(connection)
        assert len(list_alerts(connection)) == len(caseload_frame(connection)) == 1
    with reading(engine, south) as connection:
        assert list_patients(connection) == list_alerts(connection) == []
        assert caseload_frame(connection).empty
        assert get_patient(connection, patient.id) is None
        assert patient_by_record_number(connection, "N-1") is None
        with pytest.raises(RecordError, match=f"There is no patient {patient.id}"):
            list_courses(connection, patient.id)


def test_a_lead_reads_every_site_and_records_at_none(engine, record):
    lead = with_role(LEAD, sites=[])
    with writing(engine, lead) as connection:
        assert get_course(connection, record["course"]).id == record["course"]
        with pytest.raises(NotAllowed, match="does not allow you to record"):
            add_infusion(connection, course_id=record["course"], facts=given(at("3")))


def test_a_lead_who_treats_too_records_at_the_own_site_only(engine, record):
    both = with_role(LEAD, CLINICIAN, sites=[FIRST_SITE + 1])
    with writing(engine, both) as connection:
        assert get_course(connection, record["course"])
        with pytest.raises(RecordError, match="There is no course"):
            add_infusion(connection, course_id=record["course"], facts=given(at("3")))


def test_a_patient_who_moves_is_seen_by_the_new_site_alone(engine, record, south):
    with writing(engine, NORTH) as connection:
        (patient,) = list_patients(connection)
        move_patient(connection, patient.id, FIRST_SITE + 1)
        assert list_patients(connection) == []
    with reading(engine, south) as connection:
        assert get_patient(connection, patient.id) == patient
        (course,) = list_courses(connection, patient.id)
    assert course.site != "South"  # where it was given


@pytest.mark.parametrize(
    ("sites", "chosen", "message"),
    [
        ([], None, "no site yet"),
        ([], FIRST_SITE, "no site yet"),
        ([FIRST_SITE, FIRST_SITE + 1], None, "Choose a site"),
        ([FIRST_SITE], FIRST_SITE + 1, "There is no site 2"),
    ],
)
def test_a_new_patient_needs_a_site_within_reach(engine, sites, chosen, message):
    clinician = with_role(CLINICIAN, sites=sites)
    with (
        writing(engine, clinician) as connection,
        pytest.raises(RecordError, match=message),
    ):
        add_patient(connection, record_number="new", site_id=chosen)


def test_a_new_patient_belongs_to_the_only_or_the_chosen_site(engine, south):
    either = with_role(CLINICIAN, sites=[FIRST_SITE, FIRST_SITE + 1])
    with writing(engine, south) as connection:
        add_patient(connection, record_number="only")
    with writing(engine, either) as connection:
        add_patient(connection, record_number="chosen", site_id=FIRST_SITE)
    with reading(engine, south) as connection:
        assert [p.record_number for p in list_patients(connection)] == ["only"]


def test_a_record_number_is_one_patients_in_the_whole_practice(engine, record, south):
    with (
        writing(engine, south) as connection,
        pytest.raises(RecordError, match="'N-1' is already in this practice"),
    ):
        add_patient(connection, record_number="N-1")


def test_what_is_recorded_bears_the_name_of_who_asked(engine):
    with writing(engine, NORTH) as connection:
        assert actor_of(connection) is NORTH
        course = add_course(connection, "N-2")
        form = add_assessment(connection, course_id=course, facts=phq9(at("1"), 3))
        assert get_assessment(connection, form).recorded_by == "North"


def test_a_connection_forgets_its_actor_when_it_goes_back_to_the_pool(engine):
    with reading(engine, NORTH) as connection:
        list_patients(connection)
    with engine.connect() as connection, pytest.raises(NotAllowed, match="Nobody"):
        list_patients(connection)


def test_an_account_is_managed_by_an_administrator_alone(engine):
    with writing(engine, NORTH) as connection, pytest.raises(NotAllowed):
        add_account(connection, login="x", name="X", roles=[CLINICIAN])
