"""Quality measures: who is counted, from which form, in which window, and the missing.

The reporting year is 2026 and the question is asked long after it unless a test says
otherwise. Every patient was born in 1980 and is treated for depression unless drawn.
"""

import pytest

from measures.days import day_date
from measures.quality_measures import QUALITY_MEASURES, Period, calendar_year
from tests.quality_tables import day_of, result, rows_of, states


def test_cms159_takes_the_index_from_november_2024_to_october_2025_for_2026():
    index = QUALITY_MEASURES["cms159"].index.days(calendar_year(2026))
    assert str(day_date(index.first_day)) == "2024-11-01"
    assert str(day_date(index.last_day)) == "2025-10-31"
    table = """
        patient        | forms
        ---------------+--------------
        the day before | 2024-10-31: 18
        first day      | 2024-11-01: 18
        last day       | 2025-10-31: 18
        the day after  | 2025-11-01: 18
    """
    assert states("cms159", table) == {"first day": "missing", "last day": "missing"}


def test_an_index_is_above_9():
    table = """
        patient | forms
        --------+--------------
        nine    | 2025-01-10: 9
        ten     | 2025-01-10: 10
    """
    assert states("cms159", table) == {"ten": "missing"}


def test_the_index_is_the_first_high_score_and_a_higher_one_does_not_restart_it():
    table = """
        patient | forms
        --------+----------------------------------------------------
        a       | 2025-01-10: 9, 2025-02-10: 12, 2025-09-10: 24
    """
    (row,) = rows_of("cms159", table).to_dict("records")
    assert (row["index_day"], row["index_total"]) == (day_of("2025-02-10"), 12)
    assert row["opens_day"] == day_of("2025-12-12")
    assert row["closes_day"] == day_of("2026-04-11")


def test_cms159_looks_12_months_later_60_days_either_way():
    # 12 months after 10 January 2025 is 10 January 2026; 60 days before that is
    # 11 November 2025, 60 days after it 11 March 2026.
    table = """
        patient          | forms
        -----------------+-------------------------------
        the day before   | 2025-01-10: 18, 2025-11-10: 2
        first day        | 2025-01-10: 18, 2025-11-11: 2
        last day         | 2025-01-10: 18, 2026-03-11: 2
        the day after    | 2025-01-10: 18, 2026-03-12: 2
        never came back  | 2025-01-10: 18
    """
    assert states("cms159", table) == {
        "the day before": "missing",
        "first day": "met",
        "last day": "met",
        "the day after": "missing",
        "never came back": "missing",
    }


def test_remission_is_below_5():
    table = """
        patient | forms
        --------+------------------------------
        four    | 2025-01-10: 18, 2026-01-10: 4
        five    | 2025-01-10: 18, 2026-01-10: 5
    """
    assert states("cms159", table) == {"four": "met", "five": "not met"}


def test_the_last_form_in_the_window_counts_not_the_best():
    table = """
        patient       | forms
        --------------+-------------------------------------------------------------
        well, then not| 2025-01-10: 18, 2026-01-10: 2, 2026-02-10: 9
        not, then well| 2025-01-10: 18, 2026-01-10: 9, 2026-02-10: 2
        the same day  | 2025-01-10: 18, 2026-01-10 09:00: 2, 2026-01-10 17:00: 9
    """
    assert states("cms159", table) == {
        "well, then not": "not met",
        "not, then well": "met",
        "the same day": "not met",
    }


def test_a_patient_who_never_came_back_stays_in_the_denominator_as_a_failure():
    table = """
        patient | forms
        --------+------------------------------
        a       | 2025-01-10: 18, 2026-01-10: 3
        b       | 2025-01-10: 18, 2026-01-10: 12
        c       | 2025-01-10: 18
        d       | 2025-01-10: 18
    """
    found = result("cms159", table)
    assert found.denominator.patient_ids == ("a", "b", "c", "d")
    assert found.numerator.patient_ids == ("a",)
    assert found.missing.patient_ids == ("c", "d")
    assert (found.rate.events, found.rate.n, found.rate.estimate) == (1, 4, 0.25)
    assert (found.followed_up.events, found.followed_up.n) == (2, 4)
    assert (found.observed.events, found.observed.n) == (1, 2)
    assert found.bounds == (0.25, 0.75)


def test_a_patient_counts_from_the_twelfth_birthday():
    table = """
        patient       | born       | forms
        --------------+------------+---------------
        12 on the day | 2013-01-10 | 2025-01-10: 18
        12 tomorrow   | 2013-01-11 | 2025-01-10: 18
        not recorded  |            | 2025-01-10: 18
    """
    assert states("cms159", table) == {
        "12 on the day": "missing",
        "12 tomorrow": "too young",
        "not recorded": "age not recorded",
    }


def test_the_course_of_the_index_must_be_for_depression():
    table = """
        patient      | indication   | forms
        -------------+--------------+---------------
        depression   | depression   | 2025-01-10: 18
        both         | both         | 2025-01-10: 18
        ptsd         | ptsd         | 2025-01-10: 18
        not recorded | not recorded | 2025-01-10: 18
        two courses  | ptsd         | 2025-01-10: 18
        two courses  | depression   | 2025-03-10: 18
    """
    assert states("cms159", table) == {
        "depression": "missing",
        "both": "missing",
        "ptsd": "not for depression",
        "not recorded": "indication not recorded",
        "two courses": "missing",
    }
    index = rows_of("cms159", table).set_index("patient_id")["index_day"]
    assert index["two courses"] == day_of("2025-03-10")


def test_a_follow_up_counts_whatever_course_it_belongs_to():
    table = """
        patient | indication | forms
        --------+------------+---------------
        a       | depression | 2025-01-10: 18
        a       | ptsd       | 2026-01-10: 3
    """
    assert states("cms159", table) == {"a": "met"}


def test_a_patient_counts_once_with_two_courses():
    table = """
        patient | forms
        --------+------------------------------
        a       | 2025-01-10: 18, 2026-01-10: 3
        a       | 2025-06-10: 20
    """
    found = result("cms159", table)
    assert (found.denominator.n, found.numerator.course_ids) == (1, (1,))


SEVEN = """
    patient      | forms
    -------------+------------------------------
    died         | 2025-01-10: 18
    hospice      | 2025-01-10: 18
    palliative   | 2025-01-10: 18
    bipolar      | 2025-01-10: 18, 2026-01-10: 3
    labile       | 2025-01-10: 18
    psychotic    | 2025-01-10: 18
    pervasive    | 2025-01-10: 18
    nursing home | 2025-01-10: 18
"""
SAID = """
    patient      | code                             | day
    -------------+----------------------------------+-----------
    died         | died                             | 2025-06-01
    hospice      | hospice                          |
    palliative   | palliative                       |
    bipolar      | bipolar                          |
    labile       | personality_disorder_labile      |
    psychotic    | psychotic_disorder               |
    pervasive    | pervasive_developmental_disorder |
    nursing home | nursing_home                     |
    not here     | died                             |
"""


def test_cms159_excludes_seven_and_no_longer_the_nursing_home():
    found = states("cms159", SEVEN, excluding=SAID)
    assert {name for name, state in found.items() if state == "excluded"} == {
        "died",
        "hospice",
        "palliative",
        "bipolar",
        "labile",
        "psychotic",
        "pervasive",
    }
    assert found["nursing home"] == "missing"


def test_an_excluded_patient_is_in_neither_count_and_is_listed_with_the_reason():
    found = result("cms159", SEVEN, excluding=SAID)
    assert (found.denominator.patient_ids, found.numerator.n) == (("nursing home",), 0)
    assert {g.reason: g.patient_ids for g in found.excluded}["bipolar"] == ("bipolar",)
    assert sum(group.n for group in found.excluded) == 7


def test_an_exclusion_counts_up_to_the_last_day_of_the_window():
    table = """
        patient       | forms
        --------------+---------------
        on the day    | 2025-01-10: 18
        the day after | 2025-01-10: 18
        day not known | 2025-01-10: 18
    """
    said = """
        patient       | code | day
        --------------+------+-----------
        on the day    | died | 2026-03-11
        the day after | died | 2026-03-12
        day not known | died |
    """
    assert states("cms159", table, excluding=said) == {
        "on the day": "excluded",
        "the day after": "missing",
        "day not known": "excluded",
    }


def test_two_reasons_are_counted_once():
    table = """
        patient | forms
        --------+---------------
        a       | 2025-01-10: 18
    """
    said = """
        patient | code    | day
        --------+---------+----
        a       | bipolar |
        a       | died    |
    """
    (group,) = result("cms159", table, excluding=said).excluded
    assert (group.reason, group.patient_ids) == ("died", ("a",))


def test_a_window_that_is_still_open_is_counted_apart():
    table = """
        patient        | forms
        ---------------+------------------------------
        no form yet    | 2025-01-10: 18
        well so far    | 2025-01-10: 18, 2026-01-10: 3
        window to come | 2025-10-10: 18
    """
    on_the_last_day = states("cms159", table, as_of="2026-03-11")
    assert set(on_the_last_day.values()) == {"window open"}
    assert states("cms159", table, as_of="2026-03-12") == {
        "no form yet": "missing",
        "well so far": "met",
        "window to come": "window open",
    }
    found = result("cms159", table, as_of="2026-03-12")
    assert (found.denominator.n, found.provisional) == (2, True)
    assert [(g.state, g.patient_ids) for g in found.apart] == [
        ("window open", ("window to come",))
    ]


def test_what_came_after_the_day_of_asking_is_not_seen():
    table = """
        patient | forms
        --------+------------------------------
        a       | 2025-01-10: 18, 2026-01-10: 3
    """
    assert states("cms159", table, as_of="2025-01-09") == {}
    assert states("cms159", table, as_of="2025-01-10") == {"a": "window open"}


def test_a_result_is_final_when_all_windows_have_closed():
    table = """
        patient | forms
        --------+---------------
        a       | 2025-10-31: 18
    """
    assert result("cms159", table, as_of="2026-12-30").provisional
    assert not result("cms159", table, as_of="2026-12-31").provisional


@pytest.mark.parametrize(
    ("code", "last_day", "the_day_after"),
    [
        ("cms159", "2025-10-31", "2025-11-01"),
        ("hedis_drr_response", "2026-12-31", "2027-01-01"),
        ("nhs_recovery", "2026-12-31", "2027-01-01"),
    ],
)
def test_a_result_is_not_final_while_more_may_enter(code, last_day, the_day_after):
    nobody = "patient | forms\n---+---\na | 2020-01-01: 3"
    assert result(code, nobody, as_of=last_day).provisional
    assert not result(code, nobody, as_of=the_day_after).provisional


def test_a_version_is_for_its_own_year():
    nobody = "patient | forms\n---+---\na | 2020-01-01: 3"
    assert result("cms159", nobody, period=2026).in_effect is True
    assert result("cms159", nobody, period=2025).in_effect is False
    assert result("mncm_response_6", nobody, period=2026).in_effect is None


def test_nobody_in_the_denominator_gives_no_rate():
    found = result("cms159", "patient | forms\n---+---\na | 2020-01-01: 3")
    assert (found.denominator.n, found.numerator.n) == (0, 0)
    assert found.rate is found.observed is found.followed_up is found.bounds is None


# HEDIS DRR-E: the index lies in the chosen period itself.


def test_hedis_looks_120_to_240_days_after_the_index():
    # 120 days after 1 January 2026 is 1 May, 240 days after it 29 August.
    table = """
        patient        | forms
        ---------------+-------------------------------
        the day before | 2026-01-01: 18, 2026-04-30: 18
        first day      | 2026-01-01: 18, 2026-05-01: 18
        last day       | 2026-01-01: 18, 2026-08-29: 18
        the day after  | 2026-01-01: 18, 2026-08-30: 18
    """
    assert states("hedis_drr_follow_up", table) == {
        "the day before": "missing",
        "first day": "met",
        "last day": "met",
        "the day after": "missing",
    }


@pytest.mark.parametrize(
    ("code", "met"),
    [
        ("hedis_drr_follow_up", {"four", "five", "half", "less", "worse"}),
        ("hedis_drr_remission", {"four"}),
        ("hedis_drr_response", {"four", "five", "half"}),
    ],
)
def test_the_three_rates_of_hedis_have_one_denominator(code, met):
    table = """
        patient | forms
        --------+-------------------------------
        four    | 2026-01-01: 18, 2026-06-01: 4
        five    | 2026-01-01: 18, 2026-06-01: 5
        half    | 2026-01-01: 18, 2026-06-01: 9
        less    | 2026-01-01: 18, 2026-06-01: 10
        worse   | 2026-01-01: 18, 2026-06-01: 22
        missing | 2026-01-01: 18
    """
    found = result(code, table)
    assert set(found.numerator.patient_ids) == met
    assert (found.denominator.n, found.missing.patient_ids) == (6, ("missing",))
    assert found.rate.n == 6


# MNCM


@pytest.mark.parametrize(
    ("code", "before", "first", "last", "after"),
    [
        # 6 months after 15 January 2026 is 15 July, 12 months 15 January 2027.
        ("mncm_remission_6", "2026-05-15", "2026-05-16", "2026-09-13", "2026-09-14"),
        ("mncm_response_6", "2026-05-15", "2026-05-16", "2026-09-13", "2026-09-14"),
        ("mncm_remission_12", "2026-11-15", "2026-11-16", "2027-03-16", "2027-03-17"),
        ("mncm_response_12", "2026-11-15", "2026-11-16", "2027-03-16", "2027-03-17"),
    ],
)
def test_mncm_looks_6_or_12_months_later_60_days_either_way(
    code, before, first, last, after
):
    table = f"""
        patient | forms
        --------+-------------------------------
        before  | 2026-01-15: 18, {before}: 4
        first   | 2026-01-15: 18, {first}: 4
        last    | 2026-01-15: 18, {last}: 4
        after   | 2026-01-15: 18, {after}: 4
    """
    assert states(code, table) == {
        "before": "missing",
        "first": "met",
        "last": "met",
        "after": "missing",
    }


@pytest.mark.parametrize(
    ("code", "met"),
    [("mncm_response_12", {"four", "half"}), ("mncm_remission_12", {"four"})],
)
def test_mncm_response_is_half_of_the_index_lost_and_remission_below_5(code, met):
    table = """
        patient | forms
        --------+-------------------------------
        four    | 2026-01-15: 18, 2027-01-15: 4
        half    | 2026-01-15: 18, 2027-01-15: 9
        less    | 2026-01-15: 18, 2027-01-15: 10
        missing | 2026-01-15: 18
    """
    found = result(code, table)
    assert set(found.numerator.patient_ids) == met
    assert (found.rate.n, found.missing.n) == (4, 1)


def test_mncm_excludes_the_nursing_home_but_not_a_psychotic_disorder():
    found = states("mncm_response_12", SEVEN, period=2025, excluding=SAID)
    assert found["nursing home"] == "excluded"
    assert found["psychotic"] == found["labile"] == "missing"


# NHS Talking Therapies: courses, not patients.


def test_a_finished_course_was_closed_in_the_period_after_two_infusions_or_more():
    twice = "2025-11-01, 2025-11-04"
    table = f"""
        patient         | indication | infusions  | closed     | forms
        ----------------+------------+------------+------------+---------------
        the year before | depression | {twice}    | 2025-12-31 | 2025-10-31: 18
        first day       | depression | {twice}    | 2026-01-01 | 2025-10-31: 18
        last day        | depression | {twice}    | 2026-12-31 | 2025-10-31: 18
        the year after  | depression | {twice}    | 2027-01-01 | 2025-10-31: 18
        still open      | depression | {twice}    |            | 2025-10-31: 18
        one infusion    | depression | 2025-11-01 | 2026-06-01 | 2025-10-31: 18
        for ptsd        | ptsd       | {twice}    | 2026-06-01 | 2025-10-31: 18
    """
    assert set(states("nhs_improvement", table)) == {
        "first day",
        "last day",
        "for ptsd",
    }


ENDED = "2026-01-05, 2026-01-08 | 2026-03-01"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "nhs_improvement",
            {
                "5 lower": "not met",
                "6 lower": "met",
                "not a case": "met",
                "ends at 9": "not met",
                "ends at 10": "met",
                "6 and below": "met",
                "no end": "missing",
                "no start": "no start score",
            },
        ),
        (
            "nhs_recovery",
            {
                "5 lower": "not met",
                "6 lower": "not met",
                "not a case": "start too low",
                "ends at 9": "met",
                "ends at 10": "not met",
                "6 and below": "met",
                "no end": "missing",
                "no start": "no start score",
            },
        ),
        (
            "nhs_reliable_recovery",
            {
                "5 lower": "not met",
                "6 lower": "not met",
                "not a case": "start too low",
                "ends at 9": "not met",
                "ends at 10": "not met",
                "6 and below": "met",
                "no end": "missing",
                "no start": "no start score",
            },
        ),
    ],
)
def test_improvement_recovery_and_both_together(code, expected):
    table = f"""
        patient     | infusions | closed | forms
        ------------+-----------+--------+-------------------------------
        5 lower     | {ENDED} | 2026-01-04: 20, 2026-02-20: 15
        6 lower     | {ENDED} | 2026-01-04: 20, 2026-02-20: 14
        not a case  | {ENDED} | 2026-01-04: 9, 2026-02-20: 3
        ends at 9   | {ENDED} | 2026-01-04: 10, 2026-02-20: 9
        ends at 10  | {ENDED} | 2026-01-04: 20, 2026-02-20: 10
        6 and below | {ENDED} | 2026-01-04: 15, 2026-02-20: 9
        no end      | {ENDED} | 2026-01-04: 15
        no start    | {ENDED} | 2026-02-20: 3
    """
    assert states(code, table) == expected


def test_the_start_is_the_last_form_before_infusion_1_and_at_most_30_days_old():
    table = f"""
        patient     | infusions | closed | forms
        ------------+-----------+--------+------------------------------------------
        two before  | {ENDED} | 2025-12-30: 20, 2026-01-04: 15, 2026-02-20: 9
        that morning| {ENDED} | 2026-01-05 09:00: 15, 2026-02-20: 9
        that minute | {ENDED} | 2026-01-05 10:00: 15, 2026-02-20: 9
        that evening| {ENDED} | 2026-01-05 20:00: 15, 2026-02-20: 9
        30 days old | {ENDED} | 2025-12-06: 15, 2026-02-20: 9
        31 days old | {ENDED} | 2025-12-05: 15, 2026-02-20: 9
    """
    assert states("nhs_recovery", table) == {
        "two before": "met",
        "that morning": "met",
        "that minute": "met",
        "that evening": "no start score",
        "30 days old": "met",
        "31 days old": "no start score",
    }
    starts = rows_of("nhs_recovery", table).set_index("patient_id")["index_total"]
    assert starts["two before"] == 15


def test_the_end_is_the_last_form_up_to_the_day_the_course_was_closed():
    table = f"""
        patient        | infusions | closed | forms
        ---------------+-----------+--------+---------------------------------------
        last one       | {ENDED} | 2026-01-04: 20, 2026-02-20: 18, 2026-02-27: 4
        closing day    | {ENDED} | 2026-01-04: 20, 2026-02-20: 18, 2026-03-01: 4
        the day after  | {ENDED} | 2026-01-04: 20, 2026-02-20: 18, 2026-03-02: 4
    """
    assert states("nhs_recovery", table) == {
        "last one": "met",
        "closing day": "met",
        "the day after": "not met",
    }


def test_two_finished_courses_of_a_patient_are_two():
    table = f"""
        patient | infusions | closed | forms
        --------+-----------+--------+---------------------------------------
        a       | {ENDED} | 2026-01-04: 20, 2026-02-20: 4
        a       | 2026-06-05, 2026-06-08 | 2026-09-01 | 2026-06-04: 20
    """
    found = result("nhs_recovery", table)
    assert (found.unit, found.denominator.course_ids) == ("course", (1, 2))
    assert (found.numerator.course_ids, found.missing.course_ids) == ((1,), (2,))


def test_a_course_closed_after_the_day_of_asking_is_still_open_then():
    table = f"""
        patient | infusions | closed | forms
        --------+-----------+--------+-------------------------------
        a       | {ENDED} | 2026-01-04: 20, 2026-02-20: 4
    """
    assert states("nhs_recovery", table, as_of="2026-02-28") == {}
    assert states("nhs_recovery", table, as_of="2026-03-01") == {"a": "met"}


def test_a_period_may_be_any_days():
    table = """
        patient | forms
        --------+---------------
        before  | 2026-04-30: 18
        first   | 2026-05-01: 18
        last    | 2026-06-30: 18
        after   | 2026-07-01: 18
    """
    period = Period(day_of("2026-05-01"), day_of("2026-06-30"))
    assert set(states("mncm_response_6", table, period=period)) == {"first", "last"}
