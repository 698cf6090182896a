import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.occurrences import (
    CLUSTERED_WILSON,
    FEWEST_PATIENTS,
    RECORD_STATES,
    clustered_proportion,
    occurrence,
)
from analysis.proportions import wilson_proportion


# Whose each record is, and whether it is so.
RECORDS = st.lists(
    st.tuples(st.integers(0, 14), st.booleans()), min_size=1, max_size=80
)
STATES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(RECORD_STATES)), max_size=30
)


def share_of(records, confidence=0.95):
    patients, happened = zip(*records, strict=True)
    return clustered_proportion(happened, patients, confidence)


def spread(records):
    return [(patient, so) for patient, so in enumerate(so for _, so in records)]


@given(RECORDS)
def test_limits_hold_the_share_and_are_never_narrower_than_of_independent_records(
    records,
):
    found, independent = share_of(records), share_of(spread(records))
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    assert found.upper - found.lower >= independent.upper - independent.lower - 1e-12
    assert (found.events, found.n) == (independent.events, independent.n)


@given(RECORDS, st.randoms())
def test_the_order_of_the_records_and_the_names_of_patients_do_not_matter(
    records, random
):
    shuffled = [(f"p{99 - patient}", so) for patient, so in records]
    random.shuffle(shuffled)
    first, second = share_of(records), share_of(shuffled)
    assert first.lower == pytest.approx(second.lower, abs=1e-12)
    assert first.upper == pytest.approx(second.upper, abs=1e-12)


@given(RECORDS)
def test_what_is_not_so_has_the_mirrored_limits(records):
    so, not_so = share_of(records), share_of([(p, not so) for p, so in records])
    assert so.lower == pytest.approx(1 - not_so.upper, abs=1e-12)
    assert so.upper == pytest.approx(1 - not_so.lower, abs=1e-12)


def test_one_record_of_each_patient_has_the_plain_wilson_interval():
    assert share_of([(n, n < 12) for n in range(20)]) == wilson_proportion(12, 20)


@pytest.mark.parametrize("events", [0, 30])
def test_no_event_or_nothing_but_events_is_worth_as_many_records_as_patients(events):
    found = share_of([(n % 15, n < events) for n in range(30)])
    as_patients = wilson_proportion(events // 2, 15)
    assert (found.lower, found.upper) == pytest.approx(
        (as_patients.lower, as_patients.upper)
    )
    assert found.method == CLUSTERED_WILSON


def test_few_patients_are_worth_as_many_records_as_they_are():
    of_each = FEWEST_PATIENTS - 1
    found = share_of([(n, so) for n in range(of_each) for so in (n < 3,) * 4])
    as_patients = wilson_proportion(3, of_each)
    assert (found.lower, found.upper) == pytest.approx(
        (as_patients.lower, as_patients.upper)
    )


def test_patients_who_are_all_or_none_are_worth_little_more_than_themselves():
    alike = share_of([(n, n < 10) for n in range(40) for _ in range(5)])
    mixed = share_of([(n, k < 1) for n in range(40) for k in range(4)])
    of_patients = wilson_proportion(10, 40)
    assert alike.upper - alike.lower >= of_patients.upper - of_patients.lower
    # Each patient has the same share: the records are worth all they could be.
    assert mixed.upper - mixed.lower < 0.15


def test_the_variance_is_that_of_a_ratio_between_patients():
    # Computed with loops: linearised variance, as survey packages do for a ratio.
    random = np.random.default_rng(1)
    records = [(n, bool(random.random() < 0.1 + n / 40)) for n in range(20)] * 3
    records += [(n, True) for n in range(7)]
    n, share = len(records), sum(so for _, so in records) / len(records)
    total = 0.0
    for patient in range(20):
        own = [so for p, so in records if p == patient]
        total += (sum(own) - share * len(own)) ** 2
    variance = 20 / 19 * total / n**2
    # t with 19 degrees of freedom and the normal, at 97.5 %.
    effective = share * (1 - share) / variance * (1.959964 / 2.093024) ** 2
    z2 = 1.959964**2
    middle = (share + z2 / (2 * effective)) / (1 + z2 / effective)
    found = share_of(records)
    assert (found.lower + found.upper) / 2 == pytest.approx(middle, abs=1e-6)


def test_without_records_there_is_no_share():
    assert clustered_proportion([], []) is None


def test_a_confidence_of_95_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1; got 95"):
        clustered_proportion([True], ["a"], 95)


@given(STATES)
@settings(max_examples=60)
def test_counts_are_those_of_a_loop_over_the_records(drawn):
    frame = pd.DataFrame(drawn, columns=["patient_id", "state"]).astype("str")
    found = occurrence(frame, "something")
    known = [(p, s) for p, s in drawn if s in ("event", "no event")]
    events = [p for p, s in known if s == "event"]
    outside = sum(s == "event, not in the share" for _, s in drawn)
    assert (found.records, found.known, found.events) == (
        len(drawn),
        len(known),
        len(events),
    )
    assert (found.outside, found.not_known) == (outside, len(drawn) - len(known))
    assert found.patients == len({p for p, _ in known})
    assert found.patients_with == len(set(events))
    assert (found.share is None) == (found.of_patients is None) == (not known)
    if drawn:
        lowest, highest = found.bounds
        assert 0 <= lowest <= highest <= 1
    else:
        assert found.bounds is None
