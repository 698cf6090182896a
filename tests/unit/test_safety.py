"""Properties of what is said of safety, and its slow twin: loops, no frames."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import COURSES, empty
from analysis.safety import (
    ALERTS,
    INFUSION_READINGS,
    ITEM_9_FORMS,
    LATEST_SCORES,
    TooFew,
    adverse_events,
    alert_flow,
    blood_pressure_excursions,
    classify_blood_pressure,
    deterioration,
    item_9_answers,
    item_9_by_month,
    item_9_episodes,
    item_9_resolution,
)
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.registry import default_criterion
from tests.record_tables import frame_of


FEW = settings(max_examples=60)

# Patient, day, answer (None: left out), whether answers were received.
FORMS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 120),
        st.sampled_from([0, 0, 1, 2, 3, None]),
    ),
    max_size=25,
    unique_by=lambda form: form[:2],
)
READING = st.none() | st.sampled_from([60, 90, 91, 120, 121, 140, 141, 180, 181])
PRESSURES = st.lists(st.tuples(*[READING] * 6), max_size=15)


def frame(forms):
    rows = [
        {"patient_id": patient, "day": day, "minute": day * 1440, "item_9": item_9}
        for patient, day, item_9 in forms
    ]
    return frame_of(rows, ITEM_9_FORMS)


def episodes_twin(forms, as_of_day):
    """Return patient, first day, highest, end and how, patient after patient."""
    found = []
    for patient in sorted({form[0] for form in forms}):
        going = None
        for day, item_9 in sorted(
            (d, i)
            for p, d, i in forms
            if p == patient and i is not None and d <= as_of_day
        ):
            if item_9 == 0 and going:
                found.append([*going[:3], day, "0 answered later"])
                going = None
            elif item_9 > 0 and going:
                going[2] = max(going[2], item_9)
                going[3:] = [day, "positive at the last answer"]
            elif item_9 > 0:
                going = [patient, day, item_9, day, "no later answer"]
        if going:
            found.append(going)
    return found


@given(FORMS, st.integers(0, 130))
@FEW
def test_episodes_are_those_of_a_loop_over_each_patients_answers(forms, as_of_day):
    found = item_9_episodes(frame(forms), as_of_day=as_of_day)
    columns = ["patient_id", "first_day", "highest", "end_day", "state"]
    assert found[columns].values.tolist() == episodes_twin(forms, as_of_day)
    assert (found["days"] == found["end_day"] - found["first_day"]).all()


@given(FORMS)
@FEW
def test_months_add_up_to_all_forms(forms):
    whole = item_9_answers(frame(forms), as_of_day=120)
    months = item_9_by_month(frame(forms), as_of_day=120)
    for name in ("records", "known", "events", "left_out", "total_only"):
        assert sum(getattr(m.answers, name) for m in months) == getattr(whole, name)
    numbers = [m.month.number for m in months]
    assert numbers == list(
        range(numbers[0], numbers[0] + len(numbers)) if numbers else []
    )


@given(FORMS)
@FEW
def test_every_patient_with_a_positive_answer_has_one_end(forms):
    found = item_9_resolution(frame(forms), as_of_day=120)
    positive = {p for p, _, item_9 in forms if item_9}
    assert found.patients == len(positive)
    assert found.patients == (
        found.answered_0 + found.still_positive + found.not_asked_again
    )
    assert found.positive_again <= found.answered_0


@given(FORMS)
@FEW
def test_a_form_without_a_known_answer_changes_no_share(forms):
    more = [*forms, ("a", 125, None)]
    before = item_9_answers(frame(forms), as_of_day=130)
    after = item_9_answers(frame(more), as_of_day=130)
    assert after.share == before.share
    assert after.records == before.records + 1
    assert len(item_9_episodes(frame(more), as_of_day=130)) == len(
        item_9_episodes(frame(forms), as_of_day=130)
    )


def pressure_twin(readings, rule):
    moments = dict(zip(("before", "peak", "after"), readings, strict=True))
    values = []
    for now, before in zip(moments[rule.moment], moments["before"], strict=True):
        if now is None or (rule.rise and before is None):
            values.append(None)
        else:
            values.append(now - before if rule.rise else now)
    limits = (rule.systolic_at_least, rule.diastolic_at_least)
    pairs = zip(values, limits, strict=True)
    over = any(value is not None and value >= limit for value, limit in pairs)
    if None in values:
        return "event, not in the share" if over else "not known"
    return "event" if over else "no event"


@given(PRESSURES, st.sampled_from(list(BLOOD_PRESSURE_RULES)))
@FEW
def test_excursions_are_those_of_a_loop_over_the_infusions(drawn, code):
    rule = BLOOD_PRESSURE_RULES[code]
    names = [f"{v}_{m}" for m in ("before", "peak", "after") for v in ("s", "d")]
    names = [n.replace("s_", "systolic_").replace("d_", "diastolic_") for n in names]
    rows = [
        {"patient_id": "a", **dict(zip(names, readings, strict=True))}
        for readings in drawn
    ]
    found = classify_blood_pressure(frame_of(rows, INFUSION_READINGS), rule)
    assert found["state"].tolist() == [
        pressure_twin((r[:2], r[2:4], r[4:]), rule) for r in drawn
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.none() | st.integers(0, 90)), max_size=20
    ),
    st.integers(0, 90),
)
@FEW
def test_what_opened_was_closed_or_is_open(drawn, as_of_day):
    rows = [
        {
            "assessment_id": number,
            "opened_second": opened * 86_400,
            "opened_day": opened,
            "closed_second": None if waits is None else (opened + waits) * 86_400,
            "closed_day": None if waits is None else opened + waits,
            "action": "" if waits is None else "other",
        }
        for number, (opened, waits) in enumerate(drawn, start=1)
    ]
    flow = alert_flow(
        frame_of(rows, ALERTS), as_of_day=as_of_day, as_of_second=as_of_day * 86_400
    )
    opened = [one for one in drawn if one[0] <= as_of_day]
    closed = [one for one in opened if one[1] is not None and sum(one) <= as_of_day]
    assert (flow.answered, flow.open) == (len(closed), len(opened) - len(closed))
    assert sum(month.opened for month in flow.months) == len(opened)
    assert sum(month.closed for month in flow.months) == len(closed)
    if flow.months:
        assert flow.months[-1].open_at_end == flow.open


def test_without_records_nothing_is_said():
    forms, infusions = empty(ITEM_9_FORMS), empty(INFUSION_READINGS)
    assert item_9_answers(forms, as_of_day=9).share is None
    assert item_9_by_month(forms, as_of_day=9) == ()
    resolution = item_9_resolution(forms, as_of_day=9)
    assert resolution.median_days_before_0 is None
    assert isinstance(resolution.curve, TooFew)
    flow = alert_flow(empty(ALERTS), as_of_day=9, as_of_second=9)
    assert (flow.open, flow.months, flow.acknowledgement.median_hours) == (0, (), None)
    assert all(o.share is None for o in adverse_events(infusions, ["nausea"]))
    for rule in BLOOD_PRESSURE_RULES.values():
        assert blood_pressure_excursions(infusions, rule).bounds is None
    nobody = deterioration(
        empty(COURSES),
        empty(LATEST_SCORES),
        default_criterion("phq9", "change"),
        as_of_day=9,
    )
    assert (nobody.started, nobody.share, nobody.bounds) == (0, None, None)


@pytest.mark.parametrize("rule", BLOOD_PRESSURE_RULES.values(), ids=lambda r: r.code)
def test_a_rule_is_a_whole_sentence_with_its_limits_and_a_source(rule):
    assert rule.sentence.endswith(".")
    assert rule.reason.endswith(".")
    assert len(rule.source.citation) > 10
    # "Above 140" is 141 or more; "40 or more" is 40 or more.
    over = 0 if rule.rise else 1
    for limit in (rule.systolic_at_least, rule.diastolic_at_least):
        assert str(limit - over) in rule.sentence
        assert str(limit - over) in rule.name


def test_a_column_that_is_missing_is_named():
    with pytest.raises(ValueError, match="ITEM_9_FORMS: column 'minute' is missing"):
        item_9_answers(
            pd.DataFrame({"assessment_id": [1], "course_id": [1], "patient_id": ["a"]}),
            as_of_day=1,
        )
