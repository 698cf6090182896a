"""What a practice of this size could tell, in sentences a lead can repeat."""

import pytest

from analysis.power import beside, power
from analysis.proportions import wilson_proportion
from views.results.wording.power import alike_range, power_sentences


PUBLISHED = wilson_proportion(288, 537)
SENTENCES = {
    "among them": (
        (13, 23),
        "With 23 measured, anything from 35 to 74 % would look the same as 53.6 %. "
        "The practice's 57 % is among them, which does not show that the two are the "
        "same. A true rate under 25 % or over 83 % would be told apart from the "
        "published one 80 % of the time.",
    ),
    "told apart": (
        (4, 23),
        "With 23 measured, anything from 35 to 74 % would look the same as 53.6 %. "
        "The practice's 17 % is not among them. A true rate under 25 % or over 83 % "
        "would be told apart from the published one 80 % of the time.",
    ),
    "two": (
        (1, 2),
        "With 2 measured, anything from 0 to 100 % would look the same as 53.6 %. The "
        "practice's 50 % is among them, which does not show that the two are the "
        "same. No true rate would be told apart from the published one.",
    ),
}


@pytest.mark.parametrize(("counts", "said"), SENTENCES.values(), ids=SENTENCES)
def test_power_is_said_in_words(counts, said):
    told = beside(wilson_proportion(*counts), PUBLISHED)
    assert power_sentences(told, 53.6, "measured") == said


def test_a_published_rate_without_n_is_said_to_be_taken_as_exact():
    told = beside(wilson_proportion(31, 79), 0.26)
    said = power_sentences(told, 26, "due")
    assert said.startswith("With 79 due, anything from 16 to 35 % would look the same")
    assert said.endswith("so it is told apart more easily than it should be.")


def test_only_one_side_may_be_far_enough():
    said = power_sentences(beside(wilson_proportion(1, 9), 0.05), 5, "measured")
    assert "A true rate over 30 % would be told apart" in said


def test_the_range_for_a_table():
    assert alike_range(power(23, PUBLISHED).alike) == "35–74 %"
    assert alike_range(power(1, 0.02).alike) == "0 %"
