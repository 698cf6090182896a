"""A patient's tablet: one encounter, one question a screen, nothing lost on the way."""

from datetime import UTC, timedelta

import pytest
from sqlalchemy import select, update

from data import encounters
from data.accounts import add_account, disable_account
from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK, Actor, door
from data.alerts import AnswerNow, close_alert, list_alerts
from data.assessments import (
    add_assessment,
    correct_assessment,
    history,
    list_withdrawn,
    void_assessment,
)
from data.audit import first_broken_entry, list_audit_entries
from data.database import reading, writing
from data.encounters import (
    CHANGED,
    begin_encounter,
    change_answer,
    current_encounter,
    end_unfinished,
    finish_encounter,
    go_on,
    open_encounter,
    step_back,
    stop_encounter,
)
from data.errors import NotAllowed, RecordError
from data.frames import caseload_frame
from data.infusions import add_infusion
from data.moments import now_at_practice
from data.records import now_stamp
from data.sessions import end_overdue_sessions
from data.tables import (
    assessment,
    course_scores,
    encounter,
    encounter_form,
    session,
)
from tests.actors import TESTER, with_role
from tests.factories import add_course, given, phq9
from tests.tablet import Tablet


TWO_WEEKS = [("phq9", "two_weeks")]
OVER = "These forms are not open any more"
USED = "used already or is too old"


@pytest.fixture
def tablet(migrated_sqlite_url):
    found = Tablet(migrated_sqlite_url)
    yield found
    found.close()


@pytest.fixture
def any_tablet(migrated_url):
    """Return a tablet of a practice on each kind of database."""
    found = Tablet(migrated_url)
    yield found
    found.close()


def as_operator(tablet, step, *given, **more):
    with writing(tablet.engine, TESTER) as connection:
        return step(connection, *given, **more)


def as_door(tablet, step, *given):
    with writing(tablet.engine, door()) as connection:
        return step(connection, *given)


def change_row(tablet, table, **values):
    """Set columns of the encounter, or of its session, as time would have."""
    key = table.c.id if table is encounter else table.c.encounter_id
    with writing(tablet.engine, TESTER) as connection:
        connection.execute(
            update(table).where(key == tablet.encounter_id).values(**values)
        )


def row_of(tablet, table=encounter):
    with reading(tablet.engine, TESTER) as connection:
        return connection.execute(select(table)).all()[-1]


def actions(tablet):
    with reading(tablet.engine, TESTER) as connection:
        return [(e.who, e.action, e.subject) for e in list_audit_entries(connection)]


def only(values):
    (value,) = values
    return value


# --- the link -------------------------------------------------------------------------


def test_the_link_is_kept_as_a_hash_and_lasts_ten_minutes(tablet):
    link = tablet.hand_over()
    row = row_of(tablet)
    assert link not in str(row)
    assert len(link) >= 43
    assert row.link_expires_at - row.opened_at == timedelta(minutes=10)
    assert (row.opened_by, row.started_at) == (tablet.clinician.account_id, None)


def test_the_link_opens_one_encounter_once(any_tablet):
    link = any_tablet.hand_over()
    any_tablet.begin(link)
    assert any_tablet.shown == "welcome"
    with pytest.raises(RecordError, match=USED):
        any_tablet.begin(link)


@pytest.mark.parametrize("guess", ["", "0" * 43, "ü"])
def test_a_link_that_never_was_opens_nothing(tablet, guess):
    tablet.hand_over()
    with pytest.raises(RecordError, match=USED):
        tablet.begin(guess)
    assert row_of(tablet).started_at is None


@pytest.mark.parametrize(("minutes", "opens"), [(9, True), (10, False), (11, False)])
def test_the_link_opens_nothing_once_it_is_too_old(any_tablet, minutes, opens):
    link = any_tablet.hand_over()
    with writing(any_tablet.engine, TESTER) as connection:
        moved = now_stamp() + timedelta(minutes=10 - minutes)
        connection.execute(update(encounter).values(link_expires_at=moved))
    if opens:
        assert any_tablet.begin(link).shown == "welcome"
        return
    with pytest.raises(RecordError, match=USED):
        any_tablet.begin(link)


def test_a_new_link_for_a_course_replaces_the_unused_one(tablet):
    old = tablet.hand_over()
    new = tablet.hand_over()
    with pytest.raises(RecordError, match=USED):
        tablet.begin(old)
    tablet.begin(new)


def test_a_new_link_leaves_a_tablet_in_use_alone(tablet):
    tablet.at_question(3)
    tablet.hand_over()
    tablet.answer(2)
    assert tablet.shown == "question 1.4"


def test_a_link_for_another_course_stays(tablet):
    link = tablet.hand_over()
    other = Tablet(tablet.url, record_number="b")
    other.hand_over()
    other.close()
    tablet.begin(link)


def test_the_link_of_a_disabled_account_opens_nothing(tablet):
    link = tablet.hand_over()
    as_operator(tablet, add_account, login="root", name="R", roles=[ADMINISTRATOR])
    as_operator(tablet, disable_account, tablet.clinician.account_id)
    with pytest.raises(RecordError, match=USED):
        tablet.begin(link)


@pytest.mark.parametrize(
    ("forms", "sentence"),
    [
        ([], "Choose at least one form"),
        ([("gad7", "two_weeks")], "Measure 'gad7' is not known; allowed: phq9, pcl5"),
        ([("phq9", "past_week")], "PHQ-9: Recall window 'past_week' is not known"),
        ([("pcl5", "two_weeks")], "allowed: past_month, past_week, past_day"),
        (TWO_WEEKS * 2, "chosen twice"),
        ([("pcl5", "past_week"), ("pcl5", "past_day")], "chosen twice"),
    ],
)
def test_refuses_forms_that_cannot_be_asked(tablet, forms, sentence):
    with (
        pytest.raises(RecordError, match=sentence),
        writing(tablet.engine, tablet.clinician) as connection,
    ):
        open_encounter(connection, tablet.course_id, forms)


def test_only_somebody_with_an_account_hands_a_tablet_over(tablet):
    with pytest.raises(NotAllowed, match="Only somebody with an account"):
        as_operator(tablet, open_encounter, tablet.course_id, TWO_WEEKS)


def test_a_clinician_of_another_site_is_told_that_there_is_no_such_course(tablet):
    elsewhere = with_role(CLINICIAN, sites=[2], account_id=1)
    with writing(tablet.engine, elsewhere) as connection:
        with pytest.raises(RecordError) as of_another_site:
            open_encounter(connection, tablet.course_id, TWO_WEEKS)
        with pytest.raises(RecordError) as never_used:
            open_encounter(connection, 999, TWO_WEEKS)
    words = str(of_another_site.value)
    assert words.replace(str(tablet.course_id), "999") == str(never_used.value)


# --- whose it is ----------------------------------------------------------------------

STEPS = {
    "current_encounter": current_encounter,
    "go_on": go_on,
    "answer": lambda connection: encounters.answer(connection, 1, 1, 0),
    "step_back": lambda connection: step_back(connection, 1, 1),
    "change_answer": lambda connection: change_answer(connection, 1, 1),
    "finish_encounter": finish_encounter,
    "stop_encounter": stop_encounter,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("role", ["clinician", "door", "operator", "lead"])
def test_nobody_but_the_tablet_answers(tablet, step, role):
    tablet.at_question(1)
    somebody = with_role(role, encounter_id=tablet.encounter_id)
    with (
        writing(tablet.engine, somebody) as connection,
        pytest.raises(NotAllowed, match="answer the forms"),
    ):
        step(connection)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_tablet_without_an_encounter_has_none(tablet, step):
    tablet.at_question(1)
    with (
        writing(tablet.engine, with_role(KIOSK)) as connection,
        pytest.raises(NotAllowed, match="not a tablet's"),
    ):
        step(connection)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_an_encounter_that_is_over_answers_to_nothing(tablet, step):
    tablet.at_question(1)
    as_door(tablet, end_unfinished, tablet.encounter_id)
    with pytest.raises(RecordError, match=OVER):
        tablet.do(step)


@pytest.mark.parametrize("who", ["tablet", "clinician"])
@pytest.mark.parametrize("step", [begin_encounter, end_unfinished])
def test_only_the_door_begins_and_ends(tablet, who, step):
    tablet.at_question(1)
    actor = tablet.actor if who == "tablet" else tablet.clinician
    given = tablet.encounter_id if step is end_unfinished else "link"
    with (
        writing(tablet.engine, actor) as connection,
        pytest.raises(NotAllowed, match="check credentials"),
    ):
        step(connection, given)


def test_a_tablet_reads_no_record(tablet):
    tablet.at_question(1)
    with (
        reading(tablet.engine, tablet.actor) as connection,
        pytest.raises(NotAllowed),
    ):
        list_alerts(connection)


def test_two_tablets_do_not_touch_each_other(tablet):
    tablet.at_question(4)
    other = Tablet(tablet.url, record_number="b")
    other.at_question(2)
    other.answer(3)
    assert (tablet.shown, other.shown) == ("question 1.4", "question 1.3")
    assert tablet.encounter.forms[0].given == (0, 0, 0)
    assert other.encounter.forms[0].given == (0, 3)
    other.close()


def test_nothing_of_an_encounter_names_the_patient(tablet):
    tablet.at_question(1)
    with reading(tablet.engine, TESTER) as connection:
        patient_id = only(caseload_frame(connection)["patient_id"])
    assert patient_id not in repr(tablet.encounter)


# --- one screen after the other -------------------------------------------------------


def test_every_question_is_asked_once_and_then_reviewed(any_tablet):
    any_tablet.begin(any_tablet.hand_over("phq9", "pcl5"))
    shown = [any_tablet.shown]
    any_tablet.do(go_on)
    while any_tablet.shown != "review":
        shown.append(any_tablet.shown)
        any_tablet.answer(0)
    phq = [f"question 1.{item}" for item in range(1, 11)]
    pcl = [f"question 2.{item}" for item in range(1, 21)]
    assert shown == ["welcome", *phq, *pcl]
    assert any_tablet.recorded == []


def test_questions_and_answers_are_those_of_the_form(tablet):
    tablet.at_question(9)
    form = tablet.encounter.forms[0]
    assert form.text_of(9).startswith("Thoughts that you would be better off dead")
    assert form.answers_to(9)[0].text == "Not at all"
    assert form.text_of(10).startswith("If you checked off any problems")
    assert form.answers_to(10)[-1].text == "Extremely difficult"


def test_forms_are_asked_in_the_order_chosen_with_their_recall_window(tablet):
    link = tablet.hand_over("pcl5", "phq9", windows={"pcl5": "past_week"})
    first, second = tablet.begin(link).encounter.forms
    assert (first.measure.code, first.recall_window.code) == ("pcl5", "past_week")
    assert (second.measure.code, second.position) == ("phq9", 2)


def test_back_asks_the_question_before_and_keeps_its_answer(tablet):
    tablet.at_question(3)
    tablet.do(step_back, 1, 3)
    assert tablet.shown == "question 1.2"
    assert tablet.encounter.given(tablet.screen) == 0
    tablet.answer(3)
    assert tablet.shown == "question 1.3"
    assert tablet.encounter.forms[0].given == (0, 3)


def test_back_from_the_first_question_leads_to_the_welcome_and_on_again(tablet):
    tablet.at_question(2)
    tablet.do(step_back, 1, 2)
    tablet.do(step_back, 1, 1)
    assert tablet.shown == "welcome"
    tablet.do(go_on)
    assert tablet.shown == "question 1.2"


def test_back_passes_from_one_form_to_the_one_before(tablet):
    tablet.at_question(11, "phq9", "pcl5")
    assert tablet.shown == "question 2.1"
    tablet.do(step_back, 2, 1)
    assert tablet.shown == "question 1.10"


def test_back_touched_twice_goes_back_once(tablet):
    tablet.at_question(5)
    tablet.do(step_back, 1, 5)
    tablet.do(step_back, 1, 5)
    assert tablet.shown == "question 1.4"


def test_back_on_an_older_page_does_nothing(tablet):
    tablet.at_question(5)
    tablet.do(step_back, 1, 3)
    assert tablet.shown == "question 1.5"


def test_begin_touched_twice_asks_the_first_question(tablet):
    tablet.begin(tablet.hand_over())
    tablet.do(go_on)
    tablet.do(go_on)
    assert tablet.shown == "question 1.1"
    assert tablet.encounter.forms[0].given == ()


def test_an_answer_touched_twice_counts_once(tablet):
    tablet.at_question(1)
    tablet.answer_to(1, 2)
    tablet.answer_to(1, 2)
    assert tablet.shown == "question 1.2"
    assert tablet.encounter.forms[0].given == (2,)


def test_two_answers_touched_at_once_leave_the_last(tablet):
    tablet.at_question(1)
    tablet.answer_to(1, 2)
    tablet.answer_to(1, 3)
    assert tablet.shown == "question 1.2"
    assert tablet.encounter.forms[0].given == (3,)


def test_an_older_page_changes_its_own_question_and_nothing_else(tablet):
    tablet.at_question(6)
    tablet.answer_to(2, 3)
    assert tablet.shown == "question 1.6"
    assert tablet.encounter.forms[0].given == (0, 3, 0, 0, 0)


def test_a_question_that_was_not_reached_is_not_answered(tablet):
    tablet.at_question(2, "phq9", "pcl5")
    tablet.answer_to(3, 1)
    tablet.answer_to(1, 1, position=2)
    assert tablet.shown == "question 1.2"
    assert [form.given for form in tablet.encounter.forms] == [(0,), ()]


@pytest.mark.parametrize(
    ("position", "item", "value", "sentence"),
    [
        (1, 1, 4, "PHQ-9 question 1: 4 is not an answer; allowed: 0 to 3, or none"),
        (1, 1, -1, "PHQ-9 question 1: -1 is not an answer"),
        (1, 11, 0, "PHQ-9 has no question 11; allowed: 1 to 10"),
        (1, 0, 0, "PHQ-9 has no question 0"),
        (1, -1, 0, "PHQ-9 has no question -1"),
        (2, 21, 0, "PCL-5 has no question 21; allowed: 1 to 20"),
        (2, 1, 5, "PCL-5 question 1: 5 is not an answer; allowed: 0 to 4"),
        (3, 1, 0, "There is no form 3; allowed: 1 to 2"),
        (0, 1, 0, "There is no form 0"),
    ],
)
def test_refuses_what_no_page_offers(tablet, position, item, value, sentence):
    tablet.at_question(1, "phq9", "pcl5")
    with pytest.raises(RecordError, match=sentence):
        tablet.answer_to(item, value, position)
    assert tablet.shown == "question 1.1"


@pytest.mark.parametrize("step", [step_back, change_answer])
@pytest.mark.parametrize(("position", "item"), [(1, 11), (1, 0), (2, 1)])
def test_refuses_to_move_to_what_is_not_there(tablet, step, position, item):
    tablet.at_question(2)
    with pytest.raises(RecordError, match=r"There is no form|has no question"):
        tablet.do(step, position, item)


def test_the_review_asks_one_question_again_and_comes_back(tablet):
    tablet.at_question(11)
    tablet.do(change_answer, 1, 4)
    assert tablet.shown == "question 1.4"
    tablet.answer(3)
    assert tablet.shown == "review"
    assert tablet.encounter.forms[0].given == (0, 0, 0, 3, 0, 0, 0, 0, 0, 0)


def test_back_from_a_question_asked_again_leaves_the_answer(tablet):
    tablet.at_question(11)
    tablet.do(change_answer, 1, 4)
    tablet.do(step_back, 1, 4)
    assert tablet.shown == "review"
    assert tablet.encounter.forms[0].given == (0,) * 10


def test_only_the_review_asks_a_question_again(tablet):
    tablet.at_question(5)
    tablet.do(change_answer, 1, 2)
    assert tablet.shown == "question 1.5"


@pytest.mark.parametrize("item", [1, 5, 10])
def test_nothing_is_handed_in_before_the_review(tablet, item):
    tablet.at_question(item)
    assert tablet.do(finish_encounter) is False
    assert (tablet.shown, tablet.recorded) == (f"question 1.{item}", [])


# --- what is recorded -----------------------------------------------------------------


def test_a_form_is_recorded_when_it_is_handed_in(any_tablet):
    any_tablet.at_question(1)
    any_tablet.answer(3, 2, 1, 0, 3, 2, 1, 0, 0, 2)
    before = now_at_practice()
    assert any_tablet.do(finish_encounter) is True
    form = only(any_tablet.recorded)
    assert form.facts.answers == (3, 2, 1, 0, 3, 2, 1, 0, 0)
    assert (form.total, form.facts.difficulty) == (12, 2)
    assert (form.facts.source, form.facts.partial_reason) == ("self_report", None)
    assert form.recorded_by == "Patient, tablet from Dr Lee"
    assert before <= form.facts.completed_at <= now_at_practice()
    assert form.facts.time_known
    assert any_tablet.open_alerts == []


def test_the_course_has_its_scores_at_once(tablet):
    infused = given(now_at_practice() - timedelta(days=1))
    as_operator(tablet, add_infusion, course_id=tablet.course_id, facts=infused)
    tablet.at_question(11)
    tablet.do(finish_encounter)
    with reading(tablet.engine, TESTER) as connection:
        after = course_scores.c.timepoint == "after_infusion_1"
        query = select(course_scores.c.assessment_id, course_scores.c.total)
        (score,) = connection.execute(query.where(after)).all()
    assert score == (only(tablet.recorded).id, 0)


def test_the_recorded_window_is_the_one_that_was_asked(tablet):
    link = tablet.hand_over("pcl5", windows={"pcl5": "past_day"})
    tablet.begin(link).do(go_on)
    tablet.answer(*(4,) * 20)
    tablet.do(finish_encounter)
    form = only(tablet.recorded)
    assert (form.facts.recall_window, form.total) == ("past_day", 80)
    assert form.facts.difficulty is None


def test_an_answer_refused_is_a_gap_and_never_0(any_tablet):
    any_tablet.at_question(1)
    any_tablet.answer(1, None, 1, 1, 1, 1, 1, 1, 0, None)
    any_tablet.do(finish_encounter)
    form = only(any_tablet.recorded)
    assert form.facts.answers == (1, None, 1, 1, 1, 1, 1, 1, 0)
    assert (form.total, form.answered) == (None, 8)
    assert (form.facts.partial_reason, form.facts.difficulty) == ("refused", None)


def test_a_form_without_any_answer_is_not_recorded_and_the_other_is(tablet):
    tablet.at_question(1, "phq9", "pcl5")
    tablet.answer(*(None,) * 9, 2)
    tablet.answer(*(1,) * 20)
    assert tablet.do(finish_encounter) is True
    assert only(tablet.recorded).facts.measure == "pcl5"


def test_a_form_handed_in_is_handed_in_once(tablet):
    tablet.at_question(11)
    tablet.do(finish_encounter)
    with pytest.raises(RecordError, match=OVER):
        tablet.do(finish_encounter)
    as_door(tablet, end_unfinished, tablet.encounter_id)
    assert len(tablet.recorded) == 1
    assert row_of(tablet).ended_why == "handed in"
    assert actions(tablet)[-1][1] == "handed in"


def test_a_form_that_was_typed_this_very_minute_does_not_refuse_the_patients(
    any_tablet,
):
    typed = phq9(now_at_practice(), 7)
    as_operator(any_tablet, add_assessment, course_id=any_tablet.course_id, facts=typed)
    earlier = phq9(now_at_practice() - timedelta(minutes=1), 8)
    as_operator(
        any_tablet, add_assessment, course_id=any_tablet.course_id, facts=earlier
    )
    any_tablet.at_question(9)
    any_tablet.answer(2)
    first, *_ = any_tablet.recorded
    assert first.item_9 == 2
    assert first.facts.completed_at < earlier.completed_at
    assert len(any_tablet.recorded) == 3


def test_everything_is_in_the_audit_with_the_patient_and_the_chain_holds(any_tablet):
    any_tablet.at_question(9)
    any_tablet.answer(1)
    any_tablet.do(go_on)
    any_tablet.answer(1)
    any_tablet.do(finish_encounter)
    form_id = only(any_tablet.recorded).corrects_id
    number = any_tablet.encounter_id
    assert actions(any_tablet)[-5:] == [
        ("dr-lee", "hand over", f"encounter {number}"),
        ("door", "begin", f"encounter {number}"),
        ("kiosk of lee-a", "add", f"assessment {form_id}"),
        ("kiosk of lee-a", "correct", f"assessment {form_id}"),
        ("kiosk of lee-a", "handed in", f"encounter {number}"),
    ]
    with reading(any_tablet.engine, TESTER) as connection:
        entries = list(list_audit_entries(connection))[-5:]
        assert first_broken_entry(connection) is None
    assert all(entry.patient_id for entry in entries)


@pytest.mark.parametrize("item", [2, 5, 9])
def test_a_patient_may_stop_and_the_rest_counts_as_refused(tablet, item):
    tablet.at_question(item)
    tablet.do(stop_encounter)
    form = only(tablet.recorded)
    assert form.facts.answers == (0,) * (item - 1) + (None,) * (10 - item)
    assert (form.total, form.facts.partial_reason) == (None, "refused")
    assert row_of(tablet).ended_why == "stopped"
    assert actions(tablet)[-1][:2] == ("kiosk of lee-a", "stopped")


def test_a_patient_may_stop_before_the_first_question(tablet):
    tablet.begin(tablet.hand_over()).do(stop_encounter)
    assert tablet.recorded == []
    with pytest.raises(RecordError, match=OVER):
        tablet.do(stop_encounter)


# --- item 9 ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 2, 3])
def test_a_positive_item_9_opens_its_alert_at_once(any_tablet, value):
    any_tablet.at_question(9, "phq9", "pcl5")
    any_tablet.answer(value)
    assert any_tablet.shown == "crisis"
    form = only(any_tablet.recorded)
    assert (form.total, form.item_9, form.facts.difficulty) == (value, value, None)
    alert = only(any_tablet.open_alerts)
    assert (alert.assessment_id, alert.item_9) == (form.id, value)


@pytest.mark.parametrize("value", [0, None])
def test_any_other_answer_to_item_9_records_nothing_yet(tablet, value):
    tablet.at_question(9)
    tablet.answer(value)
    assert tablet.shown == "question 1.10"
    assert (tablet.recorded, tablet.open_alerts) == ([], [])


def test_item_9_of_the_pcl_5_is_no_alarm(tablet):
    tablet.at_question(9, "pcl5")
    tablet.answer(4)
    assert (tablet.shown, tablet.recorded) == ("question 1.10", [])


def test_an_alarming_form_with_gaps_is_recorded_too(tablet):
    tablet.at_question(1)
    tablet.answer(*(None,) * 8, 1)
    form = only(tablet.recorded)
    assert form.facts.answers == (None,) * 8 + (1,)
    assert form.facts.partial_reason == "refused"
    assert only(tablet.open_alerts).item_9 == 1


def test_the_crisis_text_goes_on_to_the_next_question(tablet):
    tablet.at_question(9, "phq9", "pcl5")
    tablet.answer(1)
    tablet.do(go_on)
    assert tablet.shown == "question 1.10"
    tablet.do(go_on)
    assert tablet.shown == "question 1.10"


def test_back_after_the_crisis_text_leads_to_item_9(tablet):
    tablet.at_question(9)
    tablet.answer(1)
    tablet.do(go_on)
    tablet.do(step_back, 1, 10)
    assert tablet.shown == "question 1.9"


def test_what_follows_supersedes_the_form_with_the_reason(any_tablet):
    any_tablet.at_question(9)
    any_tablet.answer(1)
    first = only(any_tablet.recorded)
    any_tablet.do(go_on)
    any_tablet.answer(3)
    assert only(any_tablet.recorded).id == first.id
    any_tablet.do(finish_encounter)
    last = only(any_tablet.recorded)
    assert (last.corrects_id, last.reason) == (first.id, CHANGED)
    assert (last.facts.difficulty, last.total) == (3, 1)
    assert last.recorded_by == "Patient, tablet from Dr Lee"
    alert = only(any_tablet.open_alerts)
    assert (alert.assessment_id, alert.item_9) == (last.id, 1)


def test_an_alarming_form_that_does_not_change_is_recorded_once(tablet):
    tablet.at_question(9)
    tablet.answer(1)
    tablet.answer_to(9, 1)
    tablet.do(go_on)
    tablet.answer(None)
    tablet.do(finish_encounter)
    form = only(tablet.recorded)
    assert form.corrects_id is None
    assert len(tablet.open_alerts) == 1


@pytest.mark.parametrize("later", [0, None])
def test_taking_item_9_back_leaves_the_alert_open_and_listed(any_tablet, later):
    any_tablet.at_question(9)
    any_tablet.answer(2)
    first = only(any_tablet.recorded)
    any_tablet.do(go_on)
    any_tablet.answer(0)
    any_tablet.do(change_answer, 1, 9)
    any_tablet.answer(later)
    any_tablet.do(finish_encounter)
    assert only(any_tablet.recorded).item_9 == later
    alert = only(any_tablet.open_alerts)
    assert (alert.assessment_id, alert.item_9) == (first.id, 2)
    with reading(any_tablet.engine, TESTER) as connection:
        assert only(caseload_frame(connection)["open_alerts"]) == 1
    close = {"action": "risk assessed, no immediate risk", "note": ""}
    with writing(any_tablet.engine, any_tablet.clinician) as connection:
        close_alert(connection, alert.id, **close)
    assert any_tablet.open_alerts == []


def test_taking_every_answer_back_leaves_the_alarming_form(tablet):
    tablet.at_question(1)
    tablet.answer(*(None,) * 8, 2)
    tablet.do(go_on)
    tablet.answer(None)
    tablet.do(change_answer, 1, 9)
    tablet.answer(None)
    tablet.do(finish_encounter)
    assert only(tablet.recorded).item_9 == 2
    assert only(tablet.open_alerts).item_9 == 2


def test_a_worse_answer_is_recorded_at_once_as_well(tablet):
    tablet.at_question(9)
    tablet.answer(1)
    tablet.answer_to(9, 3)
    assert tablet.shown == "crisis"
    form = only(tablet.recorded)
    assert (form.item_9, form.reason) == (3, CHANGED)
    assert only(tablet.open_alerts).assessment_id == form.id


def test_a_positive_answer_from_an_older_page_shows_the_crisis_text(tablet):
    tablet.at_question(13, "phq9", "pcl5")
    tablet.answer_to(9, 1)
    assert tablet.shown == "crisis"
    assert len(tablet.open_alerts) == 1
    tablet.do(go_on)
    assert tablet.shown == "question 2.3"


def test_a_positive_answer_in_the_review_shows_the_crisis_text_and_the_review(tablet):
    tablet.at_question(11)
    tablet.do(change_answer, 1, 9)
    tablet.answer(1)
    assert tablet.shown == "crisis"
    assert only(tablet.recorded).facts.difficulty == 0
    tablet.do(go_on)
    assert tablet.shown == "review"


def test_item_9_left_out_opens_its_alert_when_the_forms_are_handed_in(any_tablet):
    any_tablet.at_question(9)
    any_tablet.answer(None)
    assert any_tablet.shown == "question 1.10"
    assert (any_tablet.recorded, any_tablet.open_alerts) == ([], [])
    any_tablet.answer(0)
    any_tablet.do(finish_encounter)
    form = only(any_tablet.recorded)
    alert = only(any_tablet.open_alerts)
    assert (alert.assessment_id, alert.item_9) == (form.id, None)


def test_item_9_left_out_and_then_answered_with_0_opens_nothing(tablet):
    tablet.at_question(9)
    tablet.answer(None)
    tablet.answer(0)
    tablet.do(change_answer, 1, 9)
    tablet.answer(0)
    tablet.do(finish_encounter)
    assert only(tablet.recorded).item_9 == 0
    assert tablet.open_alerts == []


@pytest.mark.parametrize("ending", ["stop", "interrupt"])
def test_forms_given_up_before_item_9_ask_the_clinician_to_ask(tablet, ending):
    tablet.at_question(4)
    if ending == "stop":
        tablet.do(stop_encounter)
    else:
        interrupt(tablet)
    assert only(tablet.open_alerts).item_9 is None


def test_an_answer_the_patient_lowered_is_told_beside_the_one_that_stands(tablet):
    tablet.at_question(9)
    tablet.answer(3)
    tablet.do(go_on)
    tablet.answer(0)
    tablet.do(change_answer, 1, 9)
    tablet.answer(1)
    tablet.do(go_on)
    tablet.do(finish_encounter)
    assert only(tablet.recorded).item_9 == 1
    alert = only(tablet.open_alerts)
    assert (alert.item_9, alert.now) == (3, AnswerNow(1, known=True))


def test_an_answer_taken_back_and_given_again_keeps_its_one_alert(tablet):
    tablet.at_question(9)
    tablet.answer(2)
    tablet.do(go_on)
    tablet.answer(0)
    tablet.do(change_answer, 1, 9)
    tablet.answer(0)
    tablet.do(change_answer, 1, 9)
    tablet.answer(3)
    assert [alert.item_9 for alert in tablet.open_alerts] == [3]


def test_what_the_practice_corrected_meanwhile_is_superseded_not_refused(any_tablet):
    any_tablet.at_question(9)
    any_tablet.answer(1)
    first = only(any_tablet.recorded)
    corrected = as_operator(
        any_tablet,
        correct_assessment,
        first.id,
        facts=phq9(first.facts.completed_at, answers=(1,) * 9),
        reason="Typo",
    )
    any_tablet.do(go_on)
    any_tablet.answer(3)
    any_tablet.do(finish_encounter)
    last = only(any_tablet.recorded)
    assert last.facts.answers == (0,) * 8 + (1,)
    with reading(any_tablet.engine, TESTER) as connection:
        versions = [one.id for one in history(connection, last.id)]
    assert versions == [last.id, corrected, first.id]


def test_what_the_practice_withdrew_meanwhile_is_recorded_anew(tablet):
    tablet.at_question(9)
    tablet.answer(1)
    as_operator(tablet, void_assessment, only(tablet.recorded).id, reason="Mistake")
    tablet.do(go_on)
    tablet.answer(3)
    tablet.do(finish_encounter)
    assert only(tablet.recorded).facts.difficulty == 3
    assert len(tablet.open_alerts) == 1
    with reading(tablet.engine, TESTER) as connection:
        assert len(list_withdrawn(connection, tablet.course_id)) == 1


# --- when it ends by itself -----------------------------------------------------------


def interrupt(tablet):
    as_door(tablet, end_unfinished, tablet.encounter_id)


def test_what_was_answered_is_kept_when_a_tablet_is_left_alone(any_tablet):
    any_tablet.at_question(1)
    any_tablet.answer(1, 2, None, 3)
    interrupt(any_tablet)
    form = only(any_tablet.recorded)
    assert form.facts.answers == (1, 2, None, 3, None, None, None, None, None)
    assert (form.total, form.facts.partial_reason) == (None, "interrupted")
    assert form.facts.source == "self_report"
    assert form.recorded_by == "Patient, tablet from Dr Lee"
    assert row_of(any_tablet).ended_why == "interrupted"
    assert actions(any_tablet)[-1][:2] == ("kiosk of lee-a", "interrupted")


@pytest.mark.parametrize("answers", [(), (None,), (None,) * 10])
def test_nothing_is_recorded_where_nothing_was_answered(tablet, answers):
    tablet.at_question(1)
    tablet.answer(*answers)
    interrupt(tablet)
    assert tablet.recorded == []
    assert row_of(tablet).ended_why == "interrupted"


def test_a_form_that_was_gone_through_is_as_whole_as_if_it_were_handed_in(tablet):
    tablet.at_question(1, "phq9", "pcl5")
    tablet.answer(1, None, 1, 1, 1, 1, 1, 1, 0, 2)
    tablet.answer(4)
    interrupt(tablet)
    first, second = sorted(tablet.recorded, key=lambda form: -form.answered)
    assert first.facts.partial_reason == "refused"
    assert first.facts.difficulty == 2
    assert (second.answered, second.facts.partial_reason) == (1, "interrupted")


def test_a_complete_form_that_was_not_handed_in_has_its_total(tablet):
    tablet.at_question(11)
    interrupt(tablet)
    form = only(tablet.recorded)
    assert (form.total, form.facts.partial_reason) == (0, None)


def test_the_form_bears_the_moment_of_the_last_answer(any_tablet):
    any_tablet.at_question(3)
    last = now_stamp().replace(second=30) - timedelta(hours=20)
    change_row(any_tablet, session, started_at=last, seen_at=last)
    interrupt(any_tablet)
    expected = last.replace(second=0, tzinfo=UTC)
    assert only(any_tablet.recorded).facts.completed_at == expected


def test_an_overdue_session_ends_its_encounter(tablet):
    tablet.at_question(3)
    change_row(tablet, session, seen_at=now_stamp() - timedelta(minutes=6))
    with writing(tablet.engine, door()) as connection:
        assert end_overdue_sessions(connection) == [tablet.encounter_id]
        end_unfinished(connection, tablet.encounter_id)
        assert end_overdue_sessions(connection) == []
    assert only(tablet.recorded).answered == 2


def test_a_changed_item_9_leaves_the_alert_open_when_the_tablet_ends_by_itself(
    any_tablet,
):
    any_tablet.at_question(9)
    any_tablet.answer(2)
    any_tablet.answer_to(9, 0)
    interrupt(any_tablet)
    assert only(any_tablet.recorded).item_9 == 0
    assert only(any_tablet.open_alerts).item_9 == 2


def test_the_door_is_itself_again_afterwards(tablet):
    tablet.at_question(3)
    with writing(tablet.engine, door()) as connection:
        end_unfinished(connection, tablet.encounter_id)
        assert connection.get_execution_options()["actor"] == door()


def test_a_failure_on_the_way_leaves_the_door_and_everything_as_it_was(tablet):
    tablet.at_question(3)
    with writing(tablet.engine, TESTER) as connection:
        connection.execute(update(encounter_form).values(answers="9"))
    with (
        pytest.raises(ValueError, match="9 is not an answer"),
        writing(tablet.engine, door()) as connection,
    ):
        try:
            end_unfinished(connection, tablet.encounter_id)
        finally:
            assert connection.get_execution_options()["actor"] == door()
    assert row_of(tablet).ended_at is None


def test_ending_what_has_ended_or_never_was_changes_nothing(tablet):
    tablet.at_question(3)
    interrupt(tablet)
    ended = row_of(tablet)
    interrupt(tablet)
    as_door(tablet, end_unfinished, 999)
    assert row_of(tablet) == ended
    assert len(tablet.recorded) == 1


def test_a_form_recorded_for_item_9_is_not_recorded_again(tablet):
    tablet.at_question(9)
    tablet.answer(1)
    form = only(tablet.recorded)
    interrupt(tablet)
    assert only(tablet.recorded) == form
    assert len(tablet.open_alerts) == 1


def test_the_refused_second_form_of_a_minute_is_the_tables_own_rule(tablet):
    """The rule that ``_at_a_free_minute`` goes around is still there for typists."""
    typed = phq9(now_at_practice(), 7)
    as_operator(tablet, add_assessment, course_id=tablet.course_id, facts=typed)
    with pytest.raises(RecordError, match="already recorded"):
        as_operator(tablet, add_assessment, course_id=tablet.course_id, facts=typed)


def test_another_courses_form_of_that_minute_is_no_obstacle(tablet):
    other = as_operator(tablet, add_course, "b")
    now = now_at_practice()
    as_operator(tablet, add_assessment, course_id=other, facts=phq9(now, 3))
    tablet.at_question(11)
    tablet.do(finish_encounter)
    assert only(tablet.recorded).facts.completed_at >= now


def test_the_actor_of_a_tablet_is_its_encounter_alone(tablet):
    tablet.at_question(1)
    assert isinstance(tablet.actor, Actor)
    assert tablet.actor.roles == {KIOSK}
    assert tablet.actor.account_id is None
    assert tablet.actor.encounter_id == tablet.encounter_id


def test_no_answer_is_left_in_the_audit(tablet):
    tablet.at_question(9)
    tablet.answer(3)
    text = " ".join(" ".join(entry) for entry in actions(tablet))
    assert "Thoughts" not in text
    with reading(tablet.engine, TESTER) as connection:
        rows = connection.scalars(select(assessment.c.answers)).all()
    assert rows == ["000000003"]
    assert "000000003" not in text
