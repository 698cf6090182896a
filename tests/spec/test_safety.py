"""What is said of safety: what counts, what is not known, and what is in no share."""

import pytest

from analysis.ever import ProductLimit
from analysis.safety import (
    FEWEST_FOR_A_CURVE,
    TooFew,
    adverse_events,
    alert_flow,
    blood_pressure_excursions,
    classify_alerts,
    classify_blood_pressure,
    classify_item_9,
    classify_latest,
    deterioration,
    dissociation_levels,
    item_9_answers,
    item_9_by_month,
    item_9_episodes,
    item_9_resolution,
)
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.registry import CRITERIA, default_criterion
from tests.course_tables import courses
from tests.factories import rows
from tests.record_tables import HOUR, alerts, item_9_forms, latest_scores, readings


TODAY = 100

ANSWERS = """
    patient_id | day | item_9 | answers_received
    -----------+-----+--------+-----------------
    a          | 1   | 2      | 1
    a          | 8   | 0      | 1
    b          | 1   | 1      | 1
    b          | 35  |        | 1
    c          | 35  |        | 0
    c          | 36  | 0      | 1
    d          | 101 | 3      | 1
"""


def test_an_item_left_out_or_never_received_is_not_a_0():
    seen = classify_item_9(item_9_forms(ANSWERS), as_of_day=TODAY)
    assert list(zip(seen["answer"], seen["state"], strict=True)) == [
        ("positive", "event"),
        ("zero", "no event"),
        ("positive", "event"),
        ("left out", "not known"),
        ("only a total", "not known"),
        ("zero", "no event"),
    ]


def test_the_share_is_of_the_forms_that_say_and_bounds_are_of_all():
    found = item_9_answers(item_9_forms(ANSWERS), as_of_day=TODAY)
    assert (found.records, found.known, found.events) == (6, 4, 2)
    assert (found.left_out, found.total_only, found.not_known) == (1, 1, 2)
    assert (found.share.events, found.share.n) == (2, 4)
    assert (found.of_patients.events, found.of_patients.n) == (2, 3)
    assert found.bounds == (2 / 6, 4 / 6)


def test_each_month_has_its_own_share_also_one_without_forms():
    # Day 31 is 1 February 1970; day 100 is in April.
    found = item_9_by_month(item_9_forms(ANSWERS), as_of_day=TODAY)
    assert [
        (m.month.first_day, m.answers.records, m.answers.known, m.answers.events)
        for m in found
    ] == [(0, 3, 3, 2), (31, 3, 1, 0), (59, 0, 0, 0), (90, 0, 0, 0)]
    assert [m.month.complete for m in found] == [True, True, True, False]
    assert [m.answers.share is None for m in found] == [False, False, True, True]


# Item 9 of one patient, form after form, a day each: "-" left out, "t" only a total.
# An episode is: day it began, highest answer, day it ended, how.
EPISODES = """
answers     | episodes
------------+--------------------------------------------------------------
            |
0           |
- t         |
1           | 0: 1, to 0, no later answer
0 2         | 1: 2, to 1, no later answer
1 0         | 0: 1, to 1, 0 answered later
1 - t 0     | 0: 1, to 3, 0 answered later
1 -         | 0: 1, to 0, no later answer
1 2         | 0: 2, to 1, positive at the last answer
3 1 -       | 0: 3, to 1, positive at the last answer
1 2 0 0     | 0: 2, to 2, 0 answered later
0 1 0 0 2   | 1: 1, to 2, 0 answered later; 4: 2, to 4, no later answer
1 0 - 1 0 1 | 0: 1, to 1, 0 answered later; 3: 1, to 4, 0 answered later; 5: 1, to 5, no later answer
"""  # noqa: E501


def forms_of(patient, answers):
    lines = "patient_id | day | item_9 | answers_received\n--\n"
    for day, answer in enumerate(answers.split()):
        item_9 = answer if answer.isdigit() else ""
        lines += f"{patient} | {day} | {item_9} | {0 if answer == 't' else 1}\n"
    return lines


@pytest.mark.parametrize("row", rows(EPISODES), ids=lambda row: row["answers"])
def test_an_episode_goes_from_a_positive_answer_to_the_next_0(row):
    found = item_9_episodes(
        item_9_forms(forms_of("a", row["answers"])), as_of_day=TODAY
    )
    told = [
        f"{e.first_day}: {int(e.highest)}, to {e.end_day}, {e.state}"
        for e in found.itertuples()
    ]
    assert "; ".join(told) == row["episodes"]
    assert found["number"].tolist() == list(range(1, len(told) + 1))


def test_a_patient_counts_once_from_the_first_positive_answer():
    table = """
        patient_id | course_id | day | item_9
        -----------+-----------+-----+-------
        a          | 1         | 0   | 2
        a          | 1         | 4   | 1
        a          | 2         | 10  | 0
        a          | 2         | 20  | 1
        b          | 3         | 0   | 1
        b          | 3         | 7   | 1
        c          | 4         | 0   | 3
        d          | 5         | 0   | 0
        e          | 6         | 0   | 1
        e          | 6         | 101 | 0
    """
    found = item_9_resolution(item_9_forms(table), as_of_day=TODAY)
    assert (found.patients, found.answered_0, found.positive_again) == (4, 1, 1)
    assert (found.still_positive, found.not_asked_again) == (1, 2)
    # The 0 came 10 days after the first positive answer, 6 after the last.
    assert found.median_days_before_0 == 6
    assert found.curve == TooFew(FEWEST_FOR_A_CURVE, 4)


def test_who_has_not_answered_0_is_followed_to_the_last_answer():
    lines = ["patient_id | day | item_9", "--"]
    for n in range(10):
        lines.append(f"p{n} | 0 | 1")
        if n < 8:
            lines.append(f"p{n} | {n + 1} | {1 if n == 0 else 0}")
    found = item_9_resolution(item_9_forms("\n".join(lines)), as_of_day=TODAY)
    assert isinstance(found.curve, ProductLimit)
    # Two were never asked again, one was positive on day 1: 7 are left on day 2.
    assert [(s.time, s.at_risk, s.events) for s in found.curve.steps[:3]] == [
        (0, 10, 0),
        (1, 8, 0),
        (2, 7, 1),
    ]
    assert found.curve.median == 5


ALERTS = """
    alert_id | opened | seen | closed | by_mistake
    ---------+--------+------+--------+-----------
    1        | 0      | 1    | 10     | 0
    2        | 0      |      | 2      | 1
    3        | 24     | 30   |        | 0
    4        | 48     |      |        | 0
    5        | 48     | 90   | 95     | 0
    6        | 100    |      |        | 0
"""


def test_an_alert_that_was_closed_later_was_open_then():
    found = classify_alerts(alerts(ALERTS), as_of_second=80 * HOUR)
    told = zip(found["alert_id"], found["state"], found["hours"], strict=True)
    assert list(told) == [
        (1, "answered", 10),
        (2, "withdrawn", 2),
        (3, "open", 56),
        (4, "open", 32),
        (5, "open", 32),
    ]


def test_alerts_by_mistake_are_told_apart_and_waited_for_nothing():
    flow = alert_flow(alerts(ALERTS), as_of_day=4, as_of_second=99 * HOUR)
    assert (flow.open, flow.unseen, flow.answered, flow.withdrawn) == (2, 1, 2, 1)
    assert flow.actions == (("referred", 2),)
    waited = flow.acknowledgement
    assert (waited.alerts, waited.answered, waited.median_hours) == (4, 2, 47)
    assert (waited.longest_hours, waited.longest_is_open) == (75, True)


def test_open_at_the_end_of_a_month_are_those_opened_and_not_closed_by_then():
    table = """
        alert_id | opened | closed
        ---------+--------+-------
        1        | 24     | 48
        2        | 24     | 1440
        3        | 2400   |
    """
    flow = alert_flow(alerts(table), as_of_day=120, as_of_second=120 * 24 * HOUR)
    assert [(m.opened, m.closed, m.open_at_end) for m in flow.months] == [
        (2, 1, 1),
        (0, 0, 1),
        (0, 1, 0),
        (1, 0, 1),
        (0, 0, 1),
    ]


INFUSIONS = """
    infusion_id | patient_id | before | dissociation | adverse_event_codes | in_words
    ------------+------------+--------+--------------+---------------------+---------
    1           | a          | 120/80 |              | nausea,headache     | 0
    2           | a          | 120/80 | mild         |                     | 0
    3           | b          |        | severe       |                     | 1
    4           | c          |        |              | nausea              | 0
    5           | c          |        |              |                     | 0
    6           | d          | 120/   |              | vomiting            | 0
"""


def test_adverse_events_are_counted_where_readings_were_taken():
    found = adverse_events(readings(INFUSIONS), ["nausea", "headache", "chest pain"])
    assert {o.what: (o.events, o.known, o.outside, o.records) for o in found} == {
        "any": (3, 4, 1, 6),
        "nausea": (1, 4, 1, 6),
        "headache": (1, 4, 0, 6),
        "chest pain": (0, 4, 0, 6),
        "vomiting": (1, 4, 0, 6),
        "in words": (1, 4, 0, 6),
    }
    nausea = found[1]
    assert (nausea.patients, nausea.patients_with) == (3, 1)
    # Infusion 4 had it, and of infusion 5 nothing is known.
    assert nausea.bounds == (2 / 6, 3 / 6)


def test_a_code_that_is_part_of_another_is_not_the_other():
    found = adverse_events(readings(INFUSIONS), ["ache"])
    assert {o.what: o.events for o in found}["ache"] == 0


def test_dissociation_is_told_of_the_infusions_where_it_was_rated():
    found = dissociation_levels(readings(INFUSIONS), ["none", "mild", "severe"])
    assert [(o.what, o.events, o.known, o.records) for o in found] == [
        ("none", 0, 2, 6),
        ("mild", 1, 2, 6),
        ("severe", 1, 2, 6),
    ]


PRESSURES = """
before  | peak    | after   | before_over_140_90 | rise_40_25 | peak_over_180_120 | after_over_140_90
--------+---------+---------+--------------------+------------+-------------------+------------------
120/80  | 150/90  | 125/80  | no event           | no event   | no event          | no event
140/90  | 180/114 | 140/90  | no event           | event      | no event          | no event
141/90  | 181/90  | 141/90  | event              | event      | event             | event
140/91  | 150/121 | 120/91  | event              | event      | event             | event
120/80  | 159/104 | 120/80  | no event           | no event   | no event          | no event
120/80  | 160/90  | 120/80  | no event           | event      | no event          | no event
120/80  | 150/105 | 120/80  | no event           | event      | no event          | no event
        | 190/100 | 130/80  | not known          | not known  | event             | no event
/95     | 150/120 |         | outside            | outside    | no event          | not known
150/    | 190/    | /99     | outside            | outside    | outside           | outside
130/    | 150/    | /80     | not known          | not known  | not known         | not known
        |         |         | not known          | not known  | not known         | not known
"""  # noqa: E501


@pytest.mark.parametrize("code", BLOOD_PRESSURE_RULES)
def test_a_blood_pressure_over_either_limit_is_an_excursion(code):
    drawn = rows(PRESSURES)
    table = "before | peak | after\n--\n" + "\n".join(
        f"{row['before']} | {row['peak']} | {row['after']}" for row in drawn
    )
    found = classify_blood_pressure(readings(table), BLOOD_PRESSURE_RULES[code])
    expected = [
        "event, not in the share" if row[code] == "outside" else row[code]
        for row in drawn
    ]
    assert found["state"].tolist() == expected


def test_the_share_of_excursions_is_of_infusions_with_all_readings():
    table = "patient_id | peak\n--\na | 190/90\nb | 120/80\nc | 190/\nd |"
    rule = BLOOD_PRESSURE_RULES["peak_over_180_120"]
    found = blood_pressure_excursions(readings(table), rule)
    assert (found.what, found.events, found.known) == ("peak_over_180_120", 1, 2)
    assert (found.outside, found.bounds) == (1, (2 / 4, 3 / 4))


STARTED = """
    course_id | baseline | first_day
    ----------+----------+----------
    1         | 10       | 0
    2         | 10       | 0
    3         | 10       | 0
    4         |          | 0
    5         | 10       | 0
    6         | 3        | 0
    7         | 10       | 101
"""
LATEST = """
    course_id | total | incomplete_since
    ----------+-------+-----------------
    1         | 15    | 0
    2         | 16    | 1
    3         | 4     | 0
    4         | 27    | 0
    6         | 12    | 0
"""


def test_worse_is_higher_than_baseline_by_a_reliable_change():
    found = classify_latest(
        courses(STARTED),
        latest_scores(LATEST),
        default_criterion("phq9", "change"),
        as_of_day=TODAY,
    )
    assert dict(zip(found["course_id"], found["state"], strict=True)) == {
        1: "not worse",
        2: "worse",
        3: "not worse",
        4: "no baseline",
        5: "no complete score since infusion 1",
        6: "worse",
    }
    # An incomplete form later on is said, and hides nothing.
    assert found.set_index("course_id")["incomplete_since"].to_dict()[2] == 1


def test_the_list_has_the_most_points_first_and_the_rate_says_who_is_missing():
    found = deterioration(
        courses(STARTED),
        latest_scores(LATEST),
        default_criterion("phq9", "change"),
        as_of_day=TODAY,
    )
    assert found.course_ids == (6, 2)
    assert (found.started, found.measured, found.worse) == (6, 4, 2)
    assert (found.no_baseline, found.nothing_since) == (1, 1)
    assert (found.share.events, found.share.n) == (2, 4)
    assert found.bounds == (2 / 6, 4 / 6)
    assert (found.criterion, found.measure) == ("phq9_change_6", "phq9")


def test_only_a_rule_of_change_can_be_read_backwards():
    with pytest.raises(ValueError, match="kind 'change'; got 'remission'"):
        deterioration(
            courses(STARTED),
            latest_scores(LATEST),
            CRITERIA["phq9_remission_lt5"],
            as_of_day=TODAY,
        )


def test_scores_from_after_the_day_of_asking_are_refused():
    with pytest.raises(ValueError, match="later than the as-of day"):
        deterioration(
            courses(STARTED),
            latest_scores(LATEST),
            default_criterion("phq9", "change"),
            as_of_day=39,
        )
