"""What answers are worth: totals, ranges, bands, and the rules that are not totals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.registry import MEASURES
from measures.scoring import (
    UnscorableAnswers,
    digits,
    domain_score,
    parse_answers,
    pcl5_symptom_rule,
    phq9_syndrome,
    prorated_phq9,
    score,
)
from tests.factories import rows


def phq9(text):
    return parse_answers(PHQ9, text)


def pcl5_with(present, answer):
    """Return PCL-5 answers: this answer to these items, 0 to the others."""
    return [answer if number in present else 0 for number in range(1, 21)]


def test_a_total_is_the_sum_of_all_answers():
    assert score(PHQ9, phq9("3,0,1,2,0,0,1,0,3")).total == 10
    pcl5 = parse_answers(PCL5, "4,3,1,0,3,3,4,1,2,0,3,1,0,0,1,2,4,0,0,3")
    assert score(PCL5, pcl5).total == 35


def test_pcl5_domains_are_summed_apart():
    answers = parse_answers(PCL5, "4,3,1,0,3,3,4,1,2,0,3,1,0,0,1,2,4,0,0,3")
    domains = {d.code: domain_score(PCL5, d, answers).total for d in PCL5.domains}
    assert domains == {"B": 11, "C": 7, "D": 7, "E": 10}


def test_an_unanswered_item_gives_a_range_and_no_total():
    table = """
        answers   | total | lowest | highest
        ----------+-------+--------+--------
        222222220 | 16    | 16     | 16
        22222222- | None  | 16     | 19
        -2222222- | None  | 14     | 20
        -------03 | None  | 3      | 24
        --------- | None  | 0      | 27
        000000000 | 0     | 0      | 0
        333333333 | 27    | 27     | 27
    """
    for row in rows(table):
        result = score(PHQ9, phq9(row["answers"]))
        found = [str(v) for v in (result.total, result.lowest, result.highest)]
        assert found == [row["total"], row["lowest"], row["highest"]], row


def test_phq9_severity_bands_at_each_border():
    table = """
        total | band
        ------+------------------
        0     | minimal
        4     | minimal
        5     | mild
        9     | mild
        10    | moderate
        14    | moderate
        15    | moderately severe
        19    | moderately severe
        20    | severe
        27    | severe
    """
    found = {row["total"]: PHQ9.band(int(row["total"])).name for row in rows(table)}
    assert found == {row["total"]: row["band"] for row in rows(table)}


def test_pcl5_has_no_severity_bands():
    assert {PCL5.band(total) for total in range(81)} == {None}
    assert "no empirically derived severity bands" in PCL5.severity_note


def test_prorating_needs_seven_answers_and_item_9():
    table = """
        answers   | prorated
        ----------+---------
        222222220 | None
        2222222-0 | 63/4
        222222--0 | 108/7
        22222---0 | None
        22222222- | None
        2222222-- | None
        222222--3 | 135/7
        --------- | None
    """
    for row in rows(table):
        prorated = prorated_phq9(phq9(row["answers"]))
        expected = None if row["prorated"] == "None" else Fraction(row["prorated"])
        assert prorated == expected, row


def test_phq9_syndrome_needs_a_core_symptom_and_counts_item_9_at_1():
    table = """
        answers   | syndrome
        ----------+---------
        222220000 | major
        302220001 | major
        022222000 | major
        302220000 | other
        003333333 | none
        111111111 | none
        200000001 | other
        200000000 | none
        220000000 | other
        020000000 | none
        222200000 | other
        112222221 | none
        222220--- | major
        22220---- | None
        -00000000 | none
        -20000000 | None
        --------- | None
    """
    for row in rows(table):
        assert str(phq9_syndrome(phq9(row["answers"]))) == row["syndrome"], row


def test_pcl5_symptom_rule_is_one_one_two_two_at_moderately_or_more():
    enough = {1, 6, 8, 9, 15, 16}
    assert score(PCL5, pcl5_with(enough, 2)).total == 12
    assert pcl5_symptom_rule(pcl5_with(enough, 2)) is True
    assert pcl5_symptom_rule(pcl5_with(enough, 1)) is False
    for one_less in enough:
        assert pcl5_symptom_rule(pcl5_with(enough - {one_less}, 4)) is False


@pytest.mark.parametrize(
    "instead_of", [(1, 5), (6, 7), (8, 14), (9, 13), (15, 20), (16, 17)]
)
def test_pcl5_symptoms_may_be_any_of_their_cluster(instead_of):
    item, other = instead_of
    present = {1, 6, 8, 9, 15, 16} - {item} | {other}
    assert pcl5_symptom_rule(pcl5_with(present, 2)) is True


def test_pcl5_symptom_rule_is_unknown_while_an_unanswered_item_could_decide():
    answers = pcl5_with({1, 6, 8, 9, 15, 16}, 2)
    surplus, needed = list(answers), list(answers)
    surplus[1], needed[0] = None, None
    assert pcl5_symptom_rule(surplus) is True
    assert pcl5_symptom_rule(needed) is None
    needed[5] = 0
    needed[6] = 0
    assert pcl5_symptom_rule(needed) is False


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((1,) * 8, "PHQ-9 has 9 items; got 8 answers"),
        ((1,) * 10, "PHQ-9 has 9 items; got 10 answers"),
        ((1,) * 8 + (4,), "PHQ-9 item 9: 4 is not an answer; allowed: 0 to 3"),
        ((-1,) + (1,) * 8, "PHQ-9 item 1: -1 is not an answer"),
        ((1.5,) + (1,) * 8, r"item 1: 1\.5 is not"),
        ((True,) + (1,) * 8, "item 1: True is not"),
        (("3",) + (1,) * 8, "item 1: '3' is not"),
        ((float("nan"),) + (1,) * 8, "item 1: nan is not"),
        ((float("inf"),) + (1,) * 8, "item 1: inf is not"),
    ],
)
def test_refuses_an_impossible_answer_by_name(answers, message):
    with pytest.raises(UnscorableAnswers, match=message):
        score(PHQ9, answers)


def test_whole_numbers_of_any_type_are_answers():
    answers = [np.int64(1), 2.0, np.float64(3), 0, 0, 0, 0, 0, None]
    assert score(PHQ9, answers).lowest == 6


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("3,0,1,2,0,0,1,0,3", "301200103"),
        ("3;0;1;2;0;0;1;0;3", "301200103"),
        ("301200103", "301200103"),
        ("3 0 1 2 0 0 1 0 3", "301200103"),
        ("3,0,1,2,,0,1,-,3", "3012-01-3"),
        ("3012-01-3", "3012-01-3"),
        (",,,,,,,,", "---------"),
        (" 3 , 0 ,1,2,0,0,1,0, ", "30120010-"),
    ],
)
def test_answers_are_read_as_typed(text, answers):
    assert digits(parse_answers(PHQ9, text)) == answers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3,0,1,2,0,0,1,0", "9 items; got 8"),
        ("3,0,1,2,0,0,1,0,3,0", "9 items; got 10"),
        ("", "9 items; got 0"),
        ("3,0,1,2,0,0,1,0,x", "item 9: 'x' is not an answer"),
        ("3,0,1,2,0,0,1,0,12", "item 9: '12' is not an answer"),
        ("30120010٣", "item 9: '٣' is not an answer"),
        ("4,0,1,2,0,0,1,0,3", "item 1: 4 is not an answer; allowed: 0 to 3"),
    ],
)
def test_refuses_typing_errors_by_item(text, message):
    with pytest.raises(UnscorableAnswers, match=message):
        parse_answers(PHQ9, text)


measures = st.sampled_from(list(MEASURES.values()))


@st.composite
def forms(draw):
    measure = draw(measures)
    answer = st.one_of(st.none(), st.integers(0, measure.highest_answer))
    size = measure.item_count
    return measure, draw(st.lists(answer, min_size=size, max_size=size))


@given(forms())
def test_a_score_lies_in_the_range_of_its_measure(drawn):
    measure, answers = drawn
    result = score(measure, answers)
    assert 0 <= result.lowest <= result.highest <= measure.highest_total
    assert (result.total is None) == (None in answers)


@given(forms(), st.data())
def test_answering_one_more_item_narrows_the_range(drawn, data):
    measure, answers = drawn
    unanswered = [i for i, answer in enumerate(answers) if answer is None]
    if not unanswered:
        return
    before = score(measure, answers)
    index = data.draw(st.sampled_from(unanswered))
    answers[index] = data.draw(st.integers(0, measure.highest_answer))
    after = score(measure, answers)
    assert before.lowest <= after.lowest <= after.highest <= before.highest


@given(forms())
def test_digits_are_read_back_as_they_were_written(drawn):
    measure, answers = drawn
    assert parse_answers(measure, digits(answers)) == tuple(answers)


@given(forms())
def test_domains_add_up_to_the_whole(drawn):
    measure, answers = drawn
    parts = [domain_score(measure, domain, answers) for domain in measure.domains]
    assert sum(part.lowest for part in parts) == score(measure, answers).lowest
    assert sum(part.asked for part in parts) == measure.item_count
