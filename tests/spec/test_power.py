"""What so many measured could tell from a published rate, and what not."""

import pytest

from analysis.power import beside, power
from analysis.proportions import newcombe_difference, wilson_proportion


PUBLISHED = wilson_proportion(145, 263)


def test_with_23_measured_anything_from_35_to_74_percent_looks_the_same():
    found = power(23, PUBLISHED)
    assert (found.alike.fewest, found.alike.most) == (8, 17)
    assert (round(found.alike.lowest, 2), round(found.alike.highest, 2)) == (0.35, 0.74)
    assert (found.published_n, found.method) == (263, "Newcombe hybrid score")


@pytest.mark.parametrize(
    ("events", "told_apart"), [(7, True), (8, False), (17, False), (18, True)]
)
def test_a_rate_is_told_apart_where_the_interval_of_the_difference_leaves_out_0(
    events, told_apart
):
    found = beside(wilson_proportion(events, 23), PUBLISHED)
    assert found.told_apart is told_apart
    assert (found.difference.lower <= 0 <= found.difference.upper) is not told_apart


def test_without_a_published_number_the_practices_own_interval_decides():
    found = beside(wilson_proportion(12, 23), 0.55)
    assert found.difference is found.power.published_n is None
    assert found.power.method == "Wilson score"
    inside = [
        events
        for events in range(24)
        if wilson_proportion(events, 23).lower
        <= 0.55
        <= wilson_proportion(events, 23).upper
    ]
    alike = found.power.alike
    assert inside == list(range(alike.fewest, alike.most + 1))


def test_a_small_published_study_leaves_more_that_looks_the_same():
    small, large = (
        power(23, wilson_proportion(11, 20)).alike,
        power(23, PUBLISHED).alike,
    )
    assert (small.fewest, small.most) == (6, 18)
    assert small.fewest < large.fewest and large.most < small.most


def test_the_width_of_the_practices_own_interval_is_given():
    practice = wilson_proportion(12, 23)
    assert beside(practice, PUBLISHED).width == practice.upper - practice.lower


def test_with_80_percent_chance_only_a_large_difference_is_told_apart():
    detectable = power(23, PUBLISHED).detectable
    assert (round(detectable.below, 2), round(detectable.above, 2)) == (0.25, 0.83)
    assert (round(detectable.fall, 2), round(detectable.rise, 2)) == (0.30, 0.27)
    assert detectable.power == 0.8


def test_no_rate_is_far_enough_where_even_none_or_all_would_look_the_same():
    found = power(3, PUBLISHED)
    assert (found.alike.fewest, found.alike.most) == (0, 3)
    assert found.detectable.below is found.detectable.above is None
    assert found.detectable.fall is found.detectable.rise is None


def test_a_published_rate_of_another_confidence_is_refused():
    with pytest.raises(ValueError, match="same confidence"):
        power(23, wilson_proportion(145, 263, 0.9))


@pytest.mark.parametrize("published", [-0.1, 55])
def test_a_percentage_is_not_a_fraction(published):
    with pytest.raises(ValueError, match="must be a fraction"):
        power(23, published)


def test_nobody_measured_is_refused():
    with pytest.raises(ValueError, match="n must be 1 or more"):
        power(0, PUBLISHED)


def test_the_difference_is_newcombes():
    practice = wilson_proportion(12, 23)
    found = beside(practice, PUBLISHED)
    assert found.difference == newcombe_difference(practice, PUBLISHED)
