"""From files to records: all of it or nothing, and never twice."""

import gc
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from data.alerts import list_alerts
from data.assessments import (
    AssessmentFacts,
    add_assessment,
    correct_assessment,
    list_assessments,
    void_assessment,
)
from data.audit import first_broken_entry, list_audit_entries
from data.course_scores import rebuild_course_scores
from data.database import open_database, reading, writing
from data.errors import NotAllowed
from data.exchange.importing import (
    Options,
    commit_import,
    preview_import,
    read_files,
)
from data.exchange.problems import ImportRefused
from data.infusions import InfusionFacts, add_infusion, list_infusions
from data.moments import today
from data.patients import (
    add_patient,
    list_courses,
    list_patients,
    open_course,
    patient_by_record_number,
)
from data.tables import assessment, course_scores, infusion, patient
from tests.actors import BY, TESTER
from tests.exchange_files import FORM, INFUSION, NEW, commit, row_counts, source


ANSWERS = "1,2,0,3,1,0,2,1,0"
FORMS = f"{FORM}\nA,2025-01-06,{ANSWERS}\nA,2025-01-20 09:00,1,1,1,1,1,1,1,1,1\n"
INFUSIONS = f"""{INFUSION}
A,2025-01-06,0.5,35,40,IV,induction
A,2025-01-09 10:00,0.5,35,40,,
B,2025-01-09 11:00,,30,,IM,
"""


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()


def known_patient(engine, number="A", opened=date(2025, 1, 1)):
    """Add a patient with a course and return the course's id."""
    with writing(engine, TESTER) as connection:
        patient_id = add_patient(connection, record_number=number)
        return open_course(
            connection,
            patient_id=patient_id,
            indication="depression",
            opened=opened,
        )


def only_course(connection, number="A"):
    found = patient_by_record_number(connection, number)
    (course,) = list_courses(connection, found.id)
    return course


def refusals(engine, *texts, **asked):
    with pytest.raises(ImportRefused) as refused:
        commit(engine, *texts, **asked)
    return [problem.sentence for problem in refused.value.problems]


def test_files_together_become_records(engine):
    done = commit(engine, FORMS, INFUSIONS)
    assert (done.to_add, done.patients_new, done.courses_opened) == (5, 2, 2)
    with reading(engine, TESTER) as connection:
        course = only_course(connection)
        forms = list_assessments(connection, course.id)
        given = list_infusions(connection, course.id)
    assert [form.total for form in forms] == [10, 9]
    assert [form.facts.time_known for form in forms] == [False, True]
    assert {form.facts.source for form in forms} == {"import"}
    assert [i.facts.dose_mg for i in given] == [35, 35]
    assert [i.facts.route for i in given] == ["IV", "IV"]
    assert course.opened == date(2025, 1, 6)
    assert course.indication is None


def test_what_was_exported_and_imported_is_what_was_recorded(engine):
    commit(engine, FORMS, INFUSIONS)
    with reading(engine, TESTER) as connection:
        stored = connection.execute(select(assessment)).first()
        facts = AssessmentFacts(
            "phq9",
            "two_weeks",
            datetime(2025, 1, 6).astimezone(),
            answers=(1, 2, 0, 3, 1, 0, 2, 1, 0),
            time_known=False,
            source="import",
        )
    course_id = known_patient(engine, "typed")
    with writing(engine, TESTER) as connection:
        typed = add_assessment(connection, course_id=course_id, facts=facts)
        query = select(assessment).where(assessment.c.id == typed)
        typed_row = connection.execute(query).one()._asdict()
    own = ("id", "course_id", "recorded_at")
    assert {k: v for k, v in stored._asdict().items() if k not in own} == {
        k: v for k, v in typed_row.items() if k not in own
    }


def test_a_second_import_adds_nothing(engine):
    commit(engine, FORMS, INFUSIONS)
    before = row_counts(engine)
    again = commit(engine, FORMS, INFUSIONS)
    assert (again.to_add, again.already_there) == (0, 5)
    assert row_counts(engine) == before


def test_one_bad_row_and_nothing_is_written(engine):
    before = row_counts(engine)
    bad = FORMS + f"C,2025-01-06,7{ANSWERS[1:]}\n"
    said = refusals(engine, bad, INFUSIONS)
    assert said == [
        "1.csv row 4, column phq9_1: '7' is not an answer; allowed: 0 to 3, or blank"
    ]
    assert row_counts(engine) == before


def test_a_fault_while_writing_leaves_nothing_behind(engine):
    before = row_counts(engine)
    batch = read_files([source(INFUSIONS)])
    row = batch.readings[0].accepted[-1]
    batch.readings[0].accepted[-1] = row._replace(minutes=100_000)
    with (
        pytest.raises(Exception, match="minutes_range"),
        writing(engine, TESTER) as connection,
    ):
        commit_import(connection, batch, NEW)
    assert row_counts(engine) == before


def test_an_unknown_record_number_is_refused_by_name(sqlite):
    said = refusals(sqlite, INFUSIONS, options=Options())
    assert said == [
        "1.csv row 2, column record_number: 'A' is not in this practice (2 rows); "
        "allowed: a record number of this practice; or allow new patients",
        "1.csv row 4, column record_number: 'B' is not in this practice; allowed: a "
        "record number of this practice; or allow new patients",
    ]


def test_a_mapping_file_may_allow_new_patients(sqlite):
    declared = '[declare]\nnew_patients = true\nindication = "ptsd"'
    commit(sqlite, INFUSIONS, mapping=declared, options=Options())
    with reading(sqlite, TESTER) as connection:
        assert only_course(connection).indication == "ptsd"


def test_a_known_patient_without_a_course_gets_one(sqlite):
    with writing(sqlite, TESTER) as connection:
        add_patient(connection, record_number="A")
    done = commit(sqlite, FORMS, options=Options())
    assert (done.patients_new, done.patients_known, done.courses_opened) == (0, 1, 1)


def test_a_row_goes_to_the_latest_course_opened_by_its_day(sqlite):
    first = known_patient(sqlite, opened=date(2025, 1, 8))
    with writing(sqlite, TESTER) as connection:
        who = patient_by_record_number(connection, "A").id
        second = open_course(
            connection, patient_id=who, indication=None, opened=date(2025, 1, 20)
        )
    rows = "".join(f"A,2025-01-{day},{ANSWERS}\n" for day in ("07", "19", "20"))
    done = commit(sqlite, f"{FORM}\n{rows}", options=Options())
    assert done.rows_of_several_courses == 3
    with reading(sqlite, TESTER) as connection:
        assert len(list_assessments(connection, first)) == 2
        assert len(list_assessments(connection, second)) == 1


def test_the_same_row_twice_in_a_file_is_one_record(sqlite):
    done = commit(sqlite, f"{FORM}\n" + f"A,2025-01-06,{ANSWERS}\n" * 2)
    assert (done.to_add, done.already_there) == (1, 1)


def test_two_rows_that_contradict_each_other_are_refused(sqlite):
    other = f"{FORM}\nA,2025-01-06,3{ANSWERS[1:]}\n"
    said = refusals(sqlite, FORMS, other)
    assert said == [
        "2.csv row 2: this PHQ-9 form is not what 1.csv row 2 says; allowed: one form "
        "or infusion of a patient at a minute"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{FORM}\nA,2025-01-06,3{ANSWERS[1:]}\n", "PHQ-9 form"),
        (f"{INFUSION}\nA,2025-01-06,0.75,35,40,IV,induction\n", "infusion"),
    ],
)
def test_other_contents_than_recorded_are_refused(engine, text, what):
    commit(engine, FORMS, INFUSIONS)
    (said,) = refusals(engine, text)
    assert said.startswith(
        f"1.csv row 2: this {what} is recorded already, with other contents"
    )
    assert "correct it on the patient's page" in said


def test_a_total_that_agrees_with_the_recorded_answers_adds_nothing(sqlite):
    commit(sqlite, FORMS)
    total = "record_number,completed_at,phq9_total\nA,2025-01-06,"
    assert commit(sqlite, f"{total}10\n").already_there == 1
    assert refusals(sqlite, f"{total}11\n")


def test_another_difficulty_is_other_contents_and_none_says_nothing(sqlite):
    header = "record_number,completed_at,phq9_total,phq9_difficulty"
    commit(sqlite, f"{header}\nA,2025-01-06,9,1\n")
    assert commit(sqlite, f"{header}\nA,2025-01-06,9,\n").already_there == 1
    assert refusals(sqlite, f"{header}\nA,2025-01-06,9,2\n")


def test_a_course_opened_since_does_not_make_the_same_file_new(sqlite):
    commit(sqlite, FORMS, INFUSIONS)
    with writing(sqlite, TESTER) as connection:
        who = patient_by_record_number(connection, "A").id
        opened = date(2025, 1, 6)
        open_course(connection, patient_id=who, indication=None, opened=opened)
    assert commit(sqlite, FORMS, INFUSIONS).to_add == 0


def test_a_day_without_a_time_is_not_taken_for_another_infusion(sqlite):
    course_id = known_patient(sqlite)
    at_ten = InfusionFacts(datetime(2025, 1, 6, 10).astimezone())
    with writing(sqlite, TESTER) as connection:
        add_infusion(connection, course_id=course_id, facts=at_ten)
    (said,) = refusals(sqlite, f"{INFUSION}\nA,2025-01-06,0.5,,,,\n")
    assert "may be the one that is recorded on the same day" in said
    other_time = f"{INFUSION}\nA,2025-01-06 15:00,0.5,,,,\n"
    assert commit(sqlite, other_time).to_add == 1


def test_what_was_corrected_since_is_not_brought_back(sqlite):
    commit(sqlite, FORMS)
    with writing(sqlite, TESTER) as connection:
        form = list_assessments(connection, only_course(connection).id)[0]
        moved = AssessmentFacts(
            "phq9", "two_weeks", datetime(2025, 1, 5, tzinfo=UTC), answers=(1,) * 9
        )
        correct_assessment(connection, form.id, facts=moved, reason="Typo")
    before = row_counts(sqlite)
    assert commit(sqlite, FORMS).to_add == 0
    assert row_counts(sqlite) == before


def test_what_was_withdrawn_since_is_not_brought_back(sqlite):
    commit(sqlite, FORMS)
    with writing(sqlite, TESTER) as connection:
        form = list_assessments(connection, only_course(connection).id)[0]
        void_assessment(connection, form.id, reason="Wrong patient")
    assert commit(sqlite, FORMS).to_add == 0


def test_a_positive_item_9_opens_an_alert(engine):
    commit(engine, FORMS)
    with reading(engine, TESTER) as connection:
        (alert,) = list_alerts(connection)
    assert alert.item_9 == 1
    assert (alert.completed_at.day, alert.closed_at) == (20, None)


LEFT_OUT = "1,1,1,1,1,1,1,1,"


def form_rows(*rows):
    """Return a file of PHQ-9 forms: so many days ago, and the answers."""
    listed = [
        f"{who},{today() - timedelta(days=days)},{row}" for who, days, row in rows
    ]
    return "\n".join((FORM, *listed, ""))


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ([("A", 3, LEFT_OUT)], 1),
        ([("A", 89, LEFT_OUT)], 1),
        ([("A", 92, LEFT_OUT)], 0),
        ([("A", 9, LEFT_OUT), ("A", 3, ANSWERS)], 0),
        ([("A", 9, ANSWERS), ("A", 3, LEFT_OUT)], 1),
        ([("A", 9, LEFT_OUT), ("A", 3, LEFT_OUT)], 2),
        ([("A", 9, LEFT_OUT), ("B", 3, ANSWERS)], 1),
    ],
    ids=[
        "lately",
        "in these months",
        "long ago",
        "answered since",
        "answered before",
        "left out twice",
        "answered by somebody else",
    ],
)
def test_an_item_9_left_out_is_asked_about_while_there_is_somebody_to_ask(
    engine, rows, asked
):
    done = commit(engine, form_rows(*rows))
    with reading(engine, TESTER) as connection:
        found = [alert.item_9 for alert in list_alerts(connection)]
    assert found == [None] * asked
    assert done.alerts_opened == asked


def test_what_was_answered_before_the_import_counts_as_answered_since(sqlite):
    commit(sqlite, form_rows(("A", 3, ANSWERS)))
    assert commit(sqlite, form_rows(("A", 9, LEFT_OUT))).alerts_opened == 0
    assert commit(sqlite, form_rows(("A", 2, LEFT_OUT))).alerts_opened == 1


def test_a_pcl5_with_gaps_and_a_total_alone_ask_nothing(sqlite):
    days = [f"{today() - timedelta(days=ago)}" for ago in (3, 5)]
    commit(sqlite, f"record_number,completed_at,phq9_total\nA,{days[0]},20\n")
    names = ",".join(f"pcl5_{item}" for item in range(1, 21))
    gaps = ",".join(["1"] * 19) + ","
    window = "pcl5_recall_window"
    commit(
        sqlite,
        f"record_number,completed_at,{names},{window}\nA,{days[1]},{gaps},past_week\n",
    )
    with reading(sqlite, TESTER) as connection:
        assert len(list_assessments(connection, only_course(connection).id)) == 2
        assert list_alerts(connection) == []


def test_a_later_file_opens_its_own_alerts_only(sqlite):
    commit(sqlite, FORMS)
    commit(sqlite, f"{FORM}\nB,2025-01-06,1,1,1,1,1,1,1,1,2\n")
    with reading(sqlite, TESTER) as connection:
        assert sorted(a.item_9 for a in list_alerts(connection)) == [1, 2]


def test_a_file_that_adds_nothing_leaves_no_audit_entry(sqlite):
    commit(sqlite, FORMS)
    commit(sqlite, FORMS, INFUSIONS)
    with reading(sqlite, TESTER) as connection:
        entries = [e.subject.split()[2:] for e in list_audit_entries(connection)]
    assert entries == [["2", "rows"], ["3", "rows"]]


def test_each_file_has_an_audit_entry_without_its_name(engine):
    commit(engine, FORMS, INFUSIONS)
    with reading(engine, TESTER) as connection:
        entries = list(list_audit_entries(connection))
        assert first_broken_entry(connection) is None
    fingerprints = [source(text).sha256 for text in (FORMS, INFUSIONS)]
    assert [(e.who, e.action, e.subject) for e in entries] == [
        (TESTER.login, "import", f"file sha256:{fingerprints[0]} 2 rows"),
        (TESTER.login, "import", f"file sha256:{fingerprints[1]} 3 rows"),
    ]


@pytest.mark.parametrize("others", [0, 20])
def test_scores_are_those_of_a_rebuild(engine, others):
    for number in range(others):
        known_patient(engine, f"other {number}")
    numbers = ["P1", "P2", "P3"]
    infusions = "".join(f"{n},2025-01-06 10:00,0.5,,,,\n" for n in numbers)
    forms = "".join(
        f"{n},2025-01-06,{ANSWERS}\n{n},2025-01-25,{ANSWERS}\n" for n in numbers
    )
    commit(engine, f"{INFUSION}\n{infusions}", f"{FORM}\n{forms}")
    with writing(engine, TESTER) as connection:
        found = set(connection.execute(select(course_scores)))
        rebuild_course_scores(connection)
        assert found == set(connection.execute(select(course_scores)))
    assert len({score.course_id for score in found}) == len(numbers)


def test_many_rows_are_written_in_parts_and_told_about(sqlite):
    news = []
    rows = "".join(
        f"P{n},2025-01-{day:02},{ANSWERS}\n" for n in range(500) for day in range(1, 29)
    )
    batch = read_files(
        [source(f"{FORM}\n{rows}")], progress=lambda *said: news.append(said)
    )
    with writing(sqlite, TESTER) as connection:
        done = commit_import(
            connection, batch, NEW, progress=lambda *said: news.append(said)
        )
    assert done.to_add == 14_000
    fractions = [fraction for fraction, _ in news]
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert news[-1] == (1.0, "Done.")
    assert sum(text == "Writing …" for _, text in news) == 2


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_left_as_it_was(sqlite, collecting):
    try:
        if not collecting:
            gc.disable()
        with pytest.raises(ImportRefused):
            commit(sqlite, FORMS, options=Options())
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


def test_a_preview_says_what_would_be_added_and_writes_nothing(sqlite):
    forms = FORMS + "B,2025-01-06,1,,,,,,,,\n,,,,,,,,,,\nB,2025-01-07,,,,,,,,,\n"
    totals = "record_number,completed_at,phq9_total,note\nB,2025-01-09,7,x\n"
    files = [source(forms, "1.csv"), source(totals, "2.csv")]
    before = row_counts(sqlite)
    with reading(sqlite, TESTER) as connection:
        preview = preview_import(connection, read_files(files), NEW)
    first, second = preview.files
    assert (first.rows, first.blank_rows, first.rows_without_answers) == (4, 1, 1)
    assert (first.to_add, first.forms_complete, first.forms_incomplete) == (3, 2, 1)
    assert (first.item_9_positive, first.item_9_left_out) == (1, 1)
    assert second.forms_total_only == 1
    assert second.columns_not_used == ("note",)
    assert (preview.patients_new, preview.to_add) == (2, 4)
    assert row_counts(sqlite) == before


def test_nobody_may_not_import(sqlite):
    before = row_counts(sqlite)
    batch = read_files([source(FORMS)])
    with (
        writing(sqlite, None) as connection,
        pytest.raises(NotAllowed, match="Nobody is signed in"),
    ):
        commit_import(connection, batch, NEW)
    assert row_counts(sqlite) == before


# Patients' own columns.


PEOPLE = f"{INFUSION},given_name,family_name,birth_date,sex,indication,clinician"
PERSON = "Ada,Ash,1980-02-03,Female,PTSD,Dr Lee"


def test_a_new_patient_may_be_described(sqlite):
    row = "A,2025-01-06,0.5,,,,"
    commit(sqlite, f"{PEOPLE}\n{row},{PERSON}\nA,2025-01-09,0.5,,,,,,,,,,\n")
    with reading(sqlite, TESTER) as connection:
        (person,) = list_patients(connection)
        course = only_course(connection)
    assert (person.name, person.birth_date) == ("Ash, Ada", date(1980, 2, 3))
    assert (person.sex, course.indication, course.clinician) == (
        "female",
        "ptsd",
        "Dr Lee",
    )


def test_a_birth_date_follows_the_declared_order(sqlite):
    declared = '[declare]\ndate_order = "day-month-year"'
    row = "A,06/01/2025,0.5,,,,,Ada,Ash,03/02/1980,,,"
    commit(sqlite, f"{PEOPLE}\n{row}\n", mapping=declared)
    with reading(sqlite, TESTER) as connection:
        assert list_patients(connection)[0].birth_date == date(1980, 2, 3)


def test_a_known_patient_is_not_described_anew(sqlite):
    known_patient(sqlite)
    done = commit(sqlite, f"{PEOPLE}\nA,2025-01-06,0.5,,,,,{PERSON}\n")
    (notice,) = [n for n in done.notices if "new patients" in n.fault]
    assert notice.fault == "used for new patients only"
    with reading(sqlite, TESTER) as connection:
        assert list_patients(connection)[0].name == ""


REFUSED_PEOPLE = [
    ("Ada,Ash,1880-01-01,,,", "column birth_date: '1880-01-01' is no birth date"),
    ("Ada,Ash,2999-01-01,,,", "column birth_date: '2999-01-01' is no birth date"),
    ("Ada,Ash,03/04/1980,,,", "column birth_date: '03/04/1980' is not a date"),
    ("Ada,Ash,,F,,", "column sex: 'F' is not a sex that is kept; allowed: female"),
    ("Ada,Ash,,,OCD,", "column indication: 'OCD' is not an indication; allowed: dep"),
]


@pytest.mark.parametrize(("cells", "says"), REFUSED_PEOPLE)
def test_refuses_what_is_said_of_a_new_patient_by_name(sqlite, cells, says):
    (said,) = refusals(sqlite, f"{PEOPLE}\nA,2025-01-06,0.5,,,,,{cells}\n")
    assert said.startswith("1.csv row 2")
    assert says in said


def test_a_name_that_differs_is_refused_without_telling_it(sqlite):
    rows = "A,2025-01-06,0.5,,,,,Ada,Ash,,,,\nA,2025-01-09,0.5,,,,,Ida,Ash,,,,\n"
    one_file = refusals(sqlite, f"{PEOPLE}\n{rows}")
    first, second = rows.splitlines()
    two_files = refusals(sqlite, f"{PEOPLE}\n{first}\n", f"{PEOPLE}\n{second}\n")
    for said in (one_file, two_files):
        assert len(said) == 1
        assert "column given_name: is not what 1.csv row 2 says" in said[0]
        assert "Ada" not in said[0] and "Ida" not in said[0]


def test_more_rows_than_one_statement_can_name_are_looked_up(sqlite):
    people = [{"id": f"{n:016x}", "record_number": f"P{n}"} for n in range(6_000)]
    added = {"added_at": datetime(2025, 1, 1), "added_by": BY}
    with writing(sqlite, TESTER) as connection:
        connection.execute(insert(patient), [person | added for person in people])
    rows = "".join(f"P{n},2025-01-06,9\n" for n in range(6_000))
    header = "record_number,completed_at,phq9_total"
    done = commit(sqlite, f"{header}\n{rows}", options=Options())
    assert (done.patients_known, done.courses_opened) == (6_000, 6_000)
    assert commit(sqlite, f"{header}\n{rows}").already_there == 6_000


def test_the_files_infusions_and_forms_are_current(engine):
    commit(engine, FORMS, INFUSIONS)
    with reading(engine, TESTER) as connection:
        for table in (assessment, infusion):
            assert set(connection.scalars(select(table.c.state))) == {"current"}
            assert set(connection.scalars(select(table.c.recorded_by))) == {BY}
