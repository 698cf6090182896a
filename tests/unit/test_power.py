import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.power import LOWEST_CONFIDENCE, power
from analysis.proportions import newcombe_difference, wilson_proportion


MEASURED = st.integers(1, 120)
COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.floats(LOWEST_CONFIDENCE, 0.999)


def slow_alike(n, published, confidence):
    """Return each count whose interval of the difference holds 0, one at a time."""
    found = []
    for events in range(n + 1):
        practice = wilson_proportion(events, n, confidence)
        if isinstance(published, float):
            holds = practice.lower <= published <= practice.upper
        else:
            difference = newcombe_difference(practice, published)
            holds = difference.lower <= 0 <= difference.upper
        if holds:
            found.append(events)
    return found


@given(MEASURED, COUNTS, CONFIDENCES)
def test_alike_agrees_with_asking_of_one_count_at_a_time(n, counts, confidence):
    published = wilson_proportion(*counts, confidence)
    alike = power(n, published, confidence=confidence).alike
    same = slow_alike(n, published, confidence)
    assert same == list(range(alike.fewest, alike.most + 1))


@given(MEASURED, st.floats(0, 1), CONFIDENCES)
def test_alike_without_a_published_number_is_one_range_too(n, published, confidence):
    alike = power(n, published, confidence=confidence).alike
    same = slow_alike(n, published, confidence)
    assert same == list(range(alike.fewest, alike.most + 1))


@given(MEASURED, COUNTS, st.floats(0.5, 0.99))
def test_at_the_detectable_rate_the_chance_is_what_was_asked(n, counts, chance):
    found = power(n, wilson_proportion(*counts), chance=chance)
    alike, detectable = found.alike, found.detectable
    if detectable.above is not None:
        told = binom.sf(alike.most, n, detectable.above)
        assert told == pytest.approx(chance, abs=1e-9)
    if detectable.below is not None:
        told = binom.cdf(alike.fewest - 1, n, detectable.below)
        assert told == pytest.approx(chance, abs=1e-9)


@given(MEASURED, COUNTS)
def test_events_and_their_absence_mirror_each_other(n, counts):
    events, of = counts
    met = power(n, wilson_proportion(events, of))
    not_met = power(n, wilson_proportion(of - events, of))
    assert (met.alike.fewest, met.alike.most) == (
        n - not_met.alike.most,
        n - not_met.alike.fewest,
    )
    assert met.widest == not_met.widest


@given(st.integers(10, 60), COUNTS)
def test_with_ten_times_as_many_measured_a_smaller_difference_is_detectable(n, counts):
    few, many = (power(size, wilson_proportion(*counts)) for size in (n, 10 * n))
    for side in ("fall", "rise"):
        before = getattr(few.detectable, side)
        if before is not None:
            assert getattr(many.detectable, side) < before
    assert many.widest < few.widest


@pytest.mark.parametrize("confidence", [0.5, 1, 95])
def test_a_confidence_outside_its_range_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must be"):
        power(20, 0.5, confidence=confidence)
