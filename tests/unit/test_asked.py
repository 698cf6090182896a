"""What a reading transaction asks once, and what is asked anew."""

import pytest
from sqlalchemy import event

from data.actors import CLINICIAN, Right
from data.asked import asked_once
from data.database import open_database, reading, writing
from data.errors import RecordError
from data.infusions import list_infusions
from data.scope import check_course, check_patient
from data.settings import change_settings, read_settings
from data.sites import add_site, move_patient
from data.tables import FIRST_SITE
from tests.actors import TESTER, with_role
from tests.factories import add_course


HERE = with_role(CLINICIAN, sites=[FIRST_SITE], name="Here")
ELSEWHERE = with_role(CLINICIAN, sites=[FIRST_SITE + 1], name="Elsewhere")


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    with writing(engine, TESTER) as connection:
        add_site(connection, "South")
    yield engine
    engine.dispose()


@pytest.fixture
def course(engine):
    with writing(engine, HERE) as connection:
        return add_course(connection, "N-1")


def whose(engine, course):
    with reading(engine, TESTER) as connection:
        return check_course(connection, Right.READ_RECORDS, course)


def statements(engine, connection, ask):
    """Return how many statements are put to the database."""
    said = []

    def note(_connection, _cursor, statement, *_):
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask(connection)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([one for one in said if one.startswith("SELECT")])


def test_one_check_of_a_course_is_put_to_the_database_once(engine, course):
    def twice(connection):
        check_course(connection, Right.READ_RECORDS, course)
        check_course(connection, Right.READ_RECORDS, course)

    with reading(engine, HERE) as connection:
        assert statements(engine, connection, twice) == 1
    with writing(engine, HERE) as connection:
        assert statements(engine, connection, twice) == 2


@pytest.mark.parametrize("ask", [read_settings, lambda c: list_infusions(c, 10**6)])
def test_what_was_asked_before_a_refusal_is_answered_the_same(engine, ask):
    with reading(engine, TESTER) as connection:
        answers = []
        for _ in range(2):
            try:
                answers.append(ask(connection))
            except RecordError as error:
                answers.append(str(error))
    assert answers[0] == answers[1]


def test_a_patient_who_moved_is_out_of_reach_at_the_next_question(engine, course):
    patient = whose(engine, course)
    with reading(engine, HERE) as connection:
        check_patient(connection, Right.READ_RECORDS, patient)
    with writing(engine, TESTER) as connection:
        move_patient(connection, patient, FIRST_SITE + 1)
    with (
        reading(engine, HERE) as connection,
        pytest.raises(RecordError, match="There is no"),
    ):
        check_patient(connection, Right.READ_RECORDS, patient)
    with reading(engine, ELSEWHERE) as connection:
        check_patient(connection, Right.READ_RECORDS, patient)


def test_who_writes_sees_the_own_change(engine):
    with writing(engine, TESTER) as connection:
        before = read_settings(connection).alert_escalation_hours
        change_settings(connection, alert_escalation_hours=before + 1)
        assert read_settings(connection).alert_escalation_hours == before + 1


def test_the_answers_of_one_actor_are_not_anothers(engine, course):
    patient = whose(engine, course)
    with reading(engine, HERE) as connection:
        check_patient(connection, Right.READ_RECORDS, patient)
        connection.execution_options(actor=ELSEWHERE)
        with pytest.raises(RecordError, match="There is no"):
            check_patient(connection, Right.READ_RECORDS, patient)


def test_none_is_an_answer(engine):
    asked = []

    def ask():
        asked.append(1)

    with reading(engine, TESTER) as connection:
        asked_once(connection, "anything", ask)
        asked_once(connection, "anything", ask)
    assert asked == [1]
