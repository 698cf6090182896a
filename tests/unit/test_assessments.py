"""Forms: recorded once, corrected with a reason, withdrawn with a reason, kept."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from data.actors import operator
from data.assessments import (
    add_assessment,
    correct_assessment,
    get_assessment,
    history,
    list_assessments,
    list_withdrawn,
    void_assessment,
)
from data.audit import first_broken_entry
from data.course_scores import rebuild_course_scores
from data.database import open_database, writing
from data.errors import NotAllowed, RecordError
from data.frames import courses_frame
from data.infusions import add_infusion
from data.tables import assessment, audit_entry, course_scores
from measures.scoring import UnscorableAnswers
from tests.actors import BY, TESTER, acting
from tests.factories import add_course, at, form, given, phq9, practice


ANSWERS = (3, 0, 1, 2, 0, 0, 1, 0, 3)


@pytest.fixture
def connection(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        yield connection


@pytest.fixture
def course_id(connection):
    return add_course(connection)


def add(connection, course_id, facts, **more):
    return add_assessment(connection, course_id=course_id, facts=facts, **more)


def test_a_form_is_kept_with_its_answers_and_what_they_add_up_to(connection, course_id):
    new_id = add(connection, course_id, phq9(at("1"), answers=ANSWERS, difficulty=2))
    kept = get_assessment(connection, new_id)
    assert kept.facts == phq9(at("1"), answers=ANSWERS, difficulty=2)
    assert (kept.total, kept.answered, kept.item_9) == (10, 9, 3)
    assert (kept.state, kept.recorded_by) == ("current", BY)


@pytest.mark.parametrize(
    ("facts", "total_answered_item_9"),
    [
        (phq9(at("1"), answers=(None, *ANSWERS[1:])), (None, 8, 3)),
        (phq9(at("1"), answers=(*ANSWERS[:8], None)), (None, 8, None)),
        (phq9(at("1"), answers=(*ANSWERS[:8], 0)), (7, 9, 0)),
        (phq9(at("1"), 12), (12, None, None)),
        (phq9(at("1"), 0), (0, None, None)),
        (form("pcl5", at("1"), answers=(4,) * 20), (80, 20, None)),
    ],
)
def test_what_is_unknown_of_a_form_stays_unknown(
    connection, course_id, facts, total_answered_item_9
):
    kept = get_assessment(connection, add(connection, course_id, facts))
    assert (kept.total, kept.answered, kept.item_9) == total_answered_item_9
    assert kept.facts == facts


def test_a_form_is_read_back_on_the_clock_it_was_completed_by(connection, course_id):
    evening = datetime(2024, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    add(connection, course_id, phq9(evening, 12))
    (kept,) = list_assessments(connection, course_id)
    assert kept.facts.completed_at.isoformat() == "2024-03-01T23:30:00-05:00"


def test_forms_are_listed_by_when_they_were_completed(connection, course_id):
    for day in ("9", "1", "5"):
        add(connection, course_id, phq9(at(day), int(day)))
    assert [a.total for a in list_assessments(connection, course_id)] == [1, 5, 9]


def test_a_correction_takes_the_place_of_a_form_and_both_can_be_read(
    connection, course_id
):
    first = add(connection, course_id, phq9(at("1"), 12))
    with acting(connection, operator("B")):
        second = correct_assessment(
            connection, first, facts=phq9(at("1"), 21), reason=" Typed 12 "
        )
    with acting(connection, operator("C")):
        third = correct_assessment(
            connection, second, facts=phq9(at("2"), 21), reason="Wrong day"
        )
    assert [a.id for a in list_assessments(connection, course_id)] == [third]
    versions = history(connection, third)
    assert [(v.id, v.state, v.reason) for v in versions] == [
        (third, "current", "Wrong day"),
        (second, "superseded", "Typed 12"),
        (first, "superseded", None),
    ]
    assert [v.recorded_by for v in versions] == ["C", "B", BY]


def test_a_withdrawn_form_stays_and_says_why(connection, course_id):
    new_id = add(connection, course_id, phq9(at("1"), 12))
    with acting(connection, operator("B")):
        void_assessment(connection, new_id, reason=" Wrong patient ")
    assert list_assessments(connection, course_id) == []
    (withdrawn,) = list_withdrawn(connection, course_id)
    assert (withdrawn.id, withdrawn.void_reason) == (new_id, "Wrong patient")
    assert withdrawn.total == 12
    assert connection.scalar(select(assessment.c.voided_by)) == "B"


def test_a_withdrawn_form_leaves_room_for_another_of_the_same_minute(
    connection, course_id
):
    first = add(connection, course_id, phq9(at("1"), 12))
    void_assessment(connection, first, reason="Wrong patient")
    assert add(connection, course_id, phq9(at("1"), 9)) != first


@pytest.mark.parametrize("reason", ["", "  "])
def test_refuses_to_correct_or_withdraw_without_a_reason(connection, course_id, reason):
    new_id = add(connection, course_id, phq9(at("1"), 12))
    with pytest.raises(RecordError, match="A correction needs a reason"):
        correct_assessment(connection, new_id, facts=phq9(at("1"), 9), reason=reason)
    with pytest.raises(RecordError, match="A correction needs a reason"):
        void_assessment(connection, new_id, reason=reason)
    assert [a.total for a in list_assessments(connection, course_id)] == [12]


def test_refuses_to_change_a_form_that_was_changed_meanwhile(connection, course_id):
    facts = phq9(at("1"), 12)
    old = add(connection, course_id, facts)
    correct_assessment(connection, old, facts=phq9(at("1"), 9), reason="x")
    for gone, said in (
        (old, "corrected or withdrawn meanwhile"),
        (999, "There is no assessment 999"),
    ):
        with pytest.raises(RecordError, match=said):
            correct_assessment(connection, gone, facts=facts, reason="x")
        with pytest.raises(RecordError, match=said):
            void_assessment(connection, gone, reason="x")


def test_the_same_submission_twice_is_kept_once(connection, course_id):
    first = add(connection, course_id, phq9(at("1"), 12), submission_id="s")
    again = add(connection, course_id, phq9(at("1"), 12), submission_id="s")
    correction = {"facts": phq9(at("1"), 9), "reason": "x"}
    corrected, corrected_again = (
        correct_assessment(connection, first, **correction, submission_id="t")
        for _ in range(2)
    )
    assert first == again
    assert corrected == corrected_again
    assert connection.scalar(select(func.count()).select_from(assessment)) == 2


def test_refuses_a_second_form_of_the_same_minute(connection, course_id):
    add(connection, course_id, form("pcl5", at("1"), 40))
    add(connection, course_id, form("pcl5", at("1"), 40, recall_window="past_week"))
    add(connection, course_id, form("pcl5", at("1 09:01"), 40))
    with pytest.raises(RecordError, match="PCL-5 at 2024-01-02 09:00 is already"):
        add(connection, course_id, form("pcl5", at("1"), 41))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (phq9(at("1")), "not both and not neither"),
        (phq9(at("1"), 10, answers=ANSWERS), "not both and not neither"),
        (phq9(at("1"), 28), "PHQ-9 total 28 is impossible; allowed: 0 to 27"),
        (phq9(at("1"), -1), "PHQ-9 total -1 is impossible"),
        (form("pcl5", at("1"), 81), "PCL-5 total 81 is impossible; allowed: 0 to 80"),
        (phq9(at("1"), answers=(None,) * 9), "PHQ-9 has no answer at all"),
        (
            phq9(at("1"), 9, recall_window="past_week"),
            "PHQ-9: Recall window 'past_week' is not known; allowed: two_weeks",
        ),
        (phq9(at("1"), 9, difficulty=4), "difficulty 4 is not an answer; .* 0 to 3"),
        (
            form("pcl5", at("1"), 9, difficulty=0),
            "PCL-5 difficulty 0 is not an answer; allowed: none",
        ),
        (phq9(at("1"), 9, source="rumour"), "Source 'rumour' is not known"),
        (phq9(at("1"), 9, partial_reason="tired"), "Reason for gaps 'tired'"),
        (phq9(datetime(1999, 12, 31, tzinfo=UTC), 9), "1999-12-31 is too early"),
    ],
)
def test_refuses_an_impossible_form_by_name(connection, course_id, facts, message):
    with pytest.raises(RecordError, match=message):
        add(connection, course_id, facts)
    assert list_assessments(connection, course_id) == []


def test_refuses_an_unknown_measure(connection, course_id):
    facts = phq9(at("1"), 9)
    unknown = type(facts)(**{**vars(facts), "measure": "gad7"})
    with pytest.raises(RecordError, match="Measure 'gad7' is not known; allowed: phq9"):
        add(connection, course_id, unknown)


def test_refuses_answers_that_the_measure_does_not_have(connection, course_id):
    with pytest.raises(UnscorableAnswers, match="item 9: 4 is not an answer"):
        add(connection, course_id, phq9(at("1"), answers=(*ANSWERS[:8], 4)))


def test_refuses_a_form_of_the_future_but_takes_one_of_this_minute(
    connection, course_id
):
    now = datetime.now(UTC)
    add(connection, course_id, phq9(now.replace(second=59, microsecond=999_999), 9))
    with pytest.raises(RecordError, match="is in the future; allowed: until now"):
        add(connection, course_id, phq9(now + timedelta(minutes=2), 9))


def test_refuses_a_form_that_nobody_recorded(connection, course_id):
    with (
        acting(connection, None),
        pytest.raises(NotAllowed, match="Nobody is signed in"),
    ):
        add(connection, course_id, phq9(at("1"), 9))
    assert list_assessments(connection, course_id) == []


def test_refuses_to_show_a_form_that_is_not_there(connection):
    with pytest.raises(RecordError, match="There is no assessment 7"):
        get_assessment(connection, 7)


def test_a_write_that_fails_leaves_nothing_behind(migrated_url):
    with pytest.raises(RecordError), practice(migrated_url) as connection:
        course_id = add_course(connection)
        add(connection, course_id, phq9(at("1"), 12))
        add(connection, course_id, phq9(at("1"), 12))
    with practice(migrated_url) as connection:
        for table in (assessment, audit_entry, course_scores):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_scores_follow_a_correction_and_a_withdrawal(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        add_infusion(connection, course_id=course_id, facts=given(at("0 10:00")))
        new_id = add(connection, course_id, phq9(at("20"), 12))
        assert score_of(connection) == 12
        new_id = correct_assessment(
            connection, new_id, facts=phq9(at("20"), 21), reason="Typo"
        )
        assert score_of(connection) == 21
        void_assessment(connection, new_id, reason="Wrong patient")
        assert score_of(connection) is None


def score_of(connection):
    frame = courses_frame(
        connection, measure="phq9", recall_window="two_weeks", timepoint="weeks_2_4"
    )
    (total,) = frame["total"]
    return None if total != total else total


def test_two_people_may_write_to_the_same_course_at_once(migrated_url):
    engine = open_database(migrated_url)
    with writing(engine, TESTER) as connection:
        course_id = add_course(connection)
        add_infusion(connection, course_id=course_id, facts=given(at("0 10:00")))
    failures, ready = [], threading.Barrier(2)

    def record(person):
        ready.wait()
        for number in range(8):
            facts = phq9(at("1") + timedelta(days=number, minutes=person), number)
            try:
                with writing(engine, TESTER) as connection:
                    add(connection, course_id, facts)
            except Exception as error:  # noqa: BLE001 - a thread keeps it to itself
                failures.append(error)

    people = [threading.Thread(target=record, args=(person,)) for person in (1, 2)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    assert failures == []
    with writing(engine, TESTER) as connection:
        assert len(list_assessments(connection, course_id)) == 16
        assert first_broken_entry(connection) is None
        kept = connection.execute(select(course_scores)).all()
        rebuild_course_scores(connection)
        assert sorted(connection.execute(select(course_scores)).all()) == sorted(kept)
    engine.dispose()
