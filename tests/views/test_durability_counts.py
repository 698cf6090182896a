"""Durability of the chosen courses: what the analysis says of the same frames."""

import pytest

from analysis import durability as analysis
from analysis.durability import LAST_INFUSION, STARTING_FORM
from analysis.outcomes import one_course_per_patient, select_courses
from data.database import open_database, reading
from data.follow_up import follow_up_frames
from data.moments import today
from data.published import load_catalogue
from measures.days import day_number
from measures.durability import LOSS_RULES
from measures.registry import CRITERIA, ELIGIBILITY, MEASURES
from tests.actors import TESTER
from views.results.counts import durability as counts
from views.results.counts.recut import Practice, Selection


AS_OF = day_number(today())
RULE = LOSS_RULES["phq9_relapse_10"]
RESPONSE = CRITERIA["phq9_response_50"]


@pytest.fixture
def connection(example_practice):
    engine = open_database(example_practice)
    with reading(engine, TESTER) as connection:
        yield connection
    engine.dispose()


def frames(connection, rule, as_of_day=None):
    measure = MEASURES[rule.measure]
    return follow_up_frames(
        connection,
        measure=measure.code,
        recall_window=measure.default_recall_window.code,
        as_of_day=as_of_day,
    )


@pytest.mark.parametrize("origin", [LAST_INFUSION, STARTING_FORM])
@pytest.mark.parametrize("until_booster", [False, True])
@pytest.mark.parametrize("rule", LOSS_RULES.values(), ids=list(LOSS_RULES))
def test_each_question_is_the_analysis_of_first_courses(
    connection, rule, until_booster, origin
):
    question = counts.usual_question(rule, until_booster=until_booster, origin=origin)
    after = frames(connection, rule)
    asked = {
        "criterion": question.criterion,
        "eligible_at_least": ELIGIBILITY[rule.measure].at_least,
        "as_of_day": AS_OF,
        "until_booster": until_booster,
    }
    drawn = (one_course_per_patient(after.courses), after.looks, after.boosters, rule)
    expected = analysis.durability(
        *drawn, origin=origin, recall_window=question.recall_window, **asked
    )
    practice = Practice(connection, Selection(as_of_day=AS_OF))
    assert counts.durability(practice, question) == expected
    behind = counts.courses_behind(practice, question)
    states = analysis.follow(*drawn, **asked)["state"].value_counts()
    assert behind["state"].value_counts().to_dict() == states.to_dict()


def test_the_answers_beside_differ_in_one_choice():
    question = counts.usual_question(RULE)
    assert question.criterion == RESPONSE
    assert question.recall_window == MEASURES["phq9"].default_recall_window.code
    assert not question.until_booster
    assert question.other_boosters() == counts.usual_question(RULE, until_booster=True)
    assert question.other_origin() == counts.usual_question(RULE, origin=STARTING_FORM)
    for other in (question.other_boosters(), question.other_origin()):
        assert question in (other.other_boosters(), other.other_origin())


def test_the_answers_beside_are_those_to_the_other_questions(connection):
    practice = Practice(connection, Selection(as_of_day=AS_OF))
    question = counts.usual_question(RULE, until_booster=True)
    lasting = counts.lasting(practice, question)
    assert lasting.answer == counts.durability(practice, question)
    assert not lasting.other_boosters.until_booster
    assert lasting.other_origin.origin == STARTING_FORM
    assert lasting.other_origin.until_booster


def test_only_the_chosen_courses_on_the_chosen_day_are_counted(connection):
    selection = Selection(
        as_of_day=AS_OF - 60, indication="depression", all_courses=True
    )
    practice = Practice(connection, selection)
    question = counts.usual_question(RULE)
    after = frames(connection, RULE, as_of_day=AS_OF - 60)
    chosen = select_courses(after.courses, indication="depression")
    answer = counts.durability(practice, question)
    assert answer == analysis.durability(
        chosen,
        after.looks,
        after.boosters,
        RULE,
        criterion=RESPONSE,
        eligible_at_least=10,
        as_of_day=AS_OF - 60,
        recall_window=question.recall_window,
    )
    intervals = counts.boosters(practice, question)
    assert intervals == analysis.booster_intervals(
        chosen, after.boosters, as_of_day=AS_OF - 60
    )


def test_the_lowest_baseline_can_be_chosen(connection):
    high = Selection(as_of_day=AS_OF, eligible_at_least=20)
    answer = counts.durability(Practice(connection, high), counts.usual_question(RULE))
    assert answer.coverage.eligible_at_least == 20


def test_boosters_behind_are_as_many_as_the_intervals(connection):
    practice = Practice(connection, Selection(as_of_day=AS_OF))
    question = counts.usual_question(RULE)
    intervals = counts.boosters(practice, question)
    rows = counts.boosters_behind(practice, question)
    assert (rows["number"] == 1).sum() == intervals.first.n
    assert (rows["number"] > 1).sum() == intervals.between.n
    assert set(rows["course_id"]) == set(intervals.course_ids)
    behind = counts.courses_behind(practice, question)
    induced = counts.with_induction(behind)
    assert len(induced) == intervals.courses
    of_course = behind.set_index("course_id")["patient_id"]
    assert (of_course.loc[rows["course_id"]].to_numpy() == rows["patient_id"]).all()


def test_every_published_figure_is_shown_with_one_measure():
    catalogue = load_catalogue()
    shown = [
        figure.code
        for measure in MEASURES
        for figure in counts.published_beside(catalogue, measure)
    ]
    assert sorted(shown) == [figure.code for figure in catalogue.durability]
    assert counts.published_beside(catalogue, "pcl5")
