"""A report beside itself: no number in it gives away what another one hides."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from analysis.comparison import Comparison, Refusal
from analysis.outcomes import OutcomeRate, outcome_rate
from analysis.suppression import Asked, too_near
from data.database import open_database, reading
from data.moments import now_at_practice
from data.published import load_catalogue
from data.settings import change_settings
from measures.registry import CRITERIA
from tests.actors import TESTER
from tests.course_tables import courses
from tests.factories import (
    add_assessment,
    add_course,
    add_infusion,
    at,
    day,
    given,
    phq9,
    practice,
)
from tests.views.test_results_report import pdf_text
from views.report_facts import Printed
from views.results.counts import overlap
from views.results.counts.recut import Practice, Selection, figures_beside
from views.results.counts.report import fit_to_leave, results
from views.results.report_pdf import results_pdf, results_report
from views.results.wording import report as wording


RESPONSE = CRITERIA["phq9_response_50"]
BASELINE = {-1: 20, 3: 18, 7: 15, 10: 14}
LATER = (13, 16, 20, 38)
INFUSIONS = (0, 3, 7, 10, 14, 17)
MCINNES, MCINTYRE, ELEKT_D = "McInnes 2022", "McIntyre 2020", "ELEKT-D 2023"


def patient(total, indication="depression", starts=0, infusions=INFUSIONS):
    """Return who has one total from infusion 4 on; without one, a baseline alone."""
    return total, indication, starts, infusions


def write(url, patients):
    with practice(url) as connection:
        for number, (total, indication, starts, infusions) in enumerate(patients):
            course = add_course(connection, f"p{number}", indication=indication)
            for when in infusions:
                facts = given(at(str(when + starts), 10), phase=None)
                add_infusion(connection, course_id=course, facts=facts)
            for when, score in forms_of(total).items():
                facts = phq9(at(str(when + starts)), score)
                add_assessment(connection, course_id=course, facts=facts)


def forms_of(total):
    if total is None:
        return {-1: BASELINE[-1]}
    return {**BASELINE, **dict.fromkeys(LATER, total)}


@contextmanager
def cut(url):
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        yield Practice(connection, Selection(as_of_day=day(700)))
    engine.dispose()


def counted(url, patients, timepoint="weeks_2_4", criterion=RESPONSE):
    write(url, patients)
    with cut(url) as chosen:
        return results(chosen, criterion, timepoint)


def half_respond(number, indication="depression", starts=0):
    return [patient((8, 15)[k % 2], indication, starts) for k in range(number)]


def beside(found, fewer_than=5):
    """Return what stands beside each study: its comparison or why there is none."""
    left = fit_to_leave(found, fewer_than)
    return {result.figure.study.name: result for result in left.values()}


# Comparisons.


def test_a_comparison_is_set_against_every_rate_of_all_courses(migrated_sqlite_url):
    """Three with PTSD are in the rates by infusion, and not in the studies' rates."""
    few = [patient(total, "ptsd") for total in (8, 8, 15)]
    found = counted(migrated_sqlite_url, [*half_respond(24), *few])
    result = beside(found)
    for study in (MCINNES, MCINTYRE, ELEKT_D):
        assert isinstance(result[study], Refusal)
        assert "fewer than 5 courses tell it from a rate" in result[study].reason


def test_none_of_ten_more_is_a_small_count(migrated_sqlite_url):
    none = [patient(15, "ptsd")] * 10
    found = counted(migrated_sqlite_url, [*half_respond(24), *none])
    assert isinstance(beside(found)[MCINNES], Refusal)


def test_enough_more_on_either_side_are_no_reason_to_hide(migrated_sqlite_url):
    more = half_respond(12, "ptsd")
    found = counted(migrated_sqlite_url, [*half_respond(24), *more])
    assert isinstance(beside(found)[MCINNES], Comparison)


def test_the_same_courses_may_stand_twice(migrated_sqlite_url):
    found = counted(migrated_sqlite_url, half_respond(24))
    result = beside(found)
    for study in (MCINNES, MCINTYRE, ELEKT_D):
        assert isinstance(result[study], Comparison)


def test_indications_that_a_reader_adds_up_are_looked_at_too(migrated_sqlite_url):
    """All less PTSD and less the comparison leaves those not recorded."""
    found = counted(
        migrated_sqlite_url,
        [
            *half_respond(24),
            *half_respond(12, "both"),
            *half_respond(12, "ptsd"),
            *half_respond(4, None),
        ],
    )
    assert isinstance(beside(found)[MCINNES], Refusal)
    recorded = tuple(g for g in found.glances if g.indication != "not recorded")
    assert isinstance(beside(replace(found, glances=recorded))[MCINNES], Comparison)


@pytest.mark.parametrize(
    ("more", "is_shown"),
    [
        ((0, 0, 0), True),
        ((5, 5, 10), True),
        ((4, 5, 9), False),
        ((5, 4, 9), False),
        ((1, 30, 31), False),
        ((0, 30, 30), False),
        ((0, 0, 30), False),
        ((5, 5, 4), False),
    ],
)
def test_what_is_left_is_nothing_at_all_or_enough_of_each(more, is_shown):
    one = Asked(("q",), (20, 30, 60))
    other = Asked(("q",), tuple(map(sum, zip(one.counts, more, strict=True))))
    for pair in ((one, other), (other, one)):
        assert too_near(*pair, 5) is not is_shown
    assert not too_near(one, replace(other, question=("r",)), 5)


def test_a_rate_tells_who_met_it_who_did_not_and_who_was_due():
    table = """
        course_id | baseline | total | score_day | due_day | first_day
        ----------+----------+-------+-----------+---------+----------
        1         | 20       | 8     | 30        | 32      | 0
        2         | 20       | 18    | 30        | 32      | 0
        3         | 20       | 19    | 30        | 32      | 0
        4         | 20       |       |           | 32      | 0
    """
    asked = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 100}
    rate = outcome_rate(courses(table), RESPONSE, recall_window="two_weeks", **asked)
    assert overlap.of_rate(rate) == Asked(
        ("phq9_response_50", "weeks_2_4", "two_weeks"), (1, 2, 4)
    )


def test_the_start_of_how_long_it_lasts_is_a_rate_too(migrated_sqlite_url):
    found = counted(migrated_sqlite_url, half_respond(24))
    cover = replace(found.lasting.coverage, due=27, measured=27)
    # Everything else that asks of the end of induction is left as it is.
    near = replace(found, lasting=replace(found.lasting, coverage=cover))
    assert isinstance(beside(near)[ELEKT_D], Refusal)
    assert isinstance(beside(near)[MCINTYRE], Comparison)


def test_ever_is_set_against_ever(migrated_sqlite_url):
    found = counted(migrated_sqlite_url, half_respond(24))
    code, result = next(
        (code, r)
        for code, r in found.compared.items()
        if isinstance(r, Comparison) and r.ever_step
    )
    curve = result.ever
    near = replace(result, ever=replace(curve, measured=curve.measured + 3))
    both = replace(found, compared={code: result, "nearly": near})
    kept = fit_to_leave(both, 5)
    assert isinstance(kept[code], Comparison)
    assert isinstance(kept["nearly"], Refusal)


# Tables.


def rows_of(report_table):
    return {name: cells for name, *cells in report_table.rows}


def test_who_stopped_is_not_worked_out_from_the_eligible(migrated_sqlite_url):
    stopped = [patient(15, infusions=(0, 3, 7))] * 4
    found = counted(migrated_sqlite_url, [*half_respond(31), *stopped])
    assert found.rate.eligible == 35
    table = wording.infusion_table(found, 5)
    assert table.columns == (
        "After infusion",
        "Measured",
        "Criterion met",
        "Of the measured",
    )


def test_the_end_of_induction_is_not_told_a_second_time(migrated_sqlite_url):
    found = counted(migrated_sqlite_url, half_respond(24), "end_of_induction")
    table = wording.lasting_table(found, 5)
    assert (table.rows, table.note) == ((), wording.LEFT_OUT)
    other = counted_again(migrated_sqlite_url, "weeks_2_4")
    assert wording.lasting_table(other, 5).rows


def counted_again(url, timepoint):
    with cut(url) as chosen:
        return results(chosen, RESPONSE, timepoint)


def test_periods_are_so_coarse_that_one_of_them_shows_a_share(migrated_sqlite_url):
    quarters = (0, 100, 200, 300)
    found = counted(
        migrated_sqlite_url,
        [one for starts in quarters for one in half_respond(9, starts=starts)],
    )
    table = wording.period_table(found, 5)
    assert table.title == "By half-year of infusion 1"
    shares = [
        cells[-1] for name, cells in rows_of(table).items() if name != wording.ALL
    ]
    assert any("%" in share for share in shares)


def test_quarters_that_show_a_share_are_not_made_coarser(migrated_sqlite_url):
    found = counted(
        migrated_sqlite_url,
        [one for starts in (0, 100) for one in half_respond(24, starts=starts)],
    )
    assert wording.period_table(found, 5).title == "By quarter of infusion 1"


def test_where_no_period_shows_a_share_they_are_as_coarse_as_can_be(
    migrated_sqlite_url,
):
    found = counted(migrated_sqlite_url, half_respond(6))
    assert wording.period_table(found, 5).title == "By year of infusion 1"


# The practice's own limit.


def test_the_file_hides_what_the_practice_calls_small(migrated_sqlite_url):
    write(migrated_sqlite_url, half_respond(24))
    with practice(migrated_sqlite_url) as connection:
        change_settings(connection, small_number=11)
    with cut(migrated_sqlite_url) as chosen:
        by = Printed("Dr Lead", now_at_practice(), "Riverside")
        text = pdf_text(results_pdf(chosen, RESPONSE, "weeks_2_4", by))
        found = results(chosen, RESPONSE, "weeks_2_4")
        report = results_report(found, chosen, RESPONSE, by, 11)
    assert "Counts under 11 are not shown." in text
    assert "fewer than 11" in text
    assert "fewer than 5" not in text
    assert "A count under 11" in " ".join(report.notes)


@pytest.mark.parametrize(("fewer_than", "is_shown"), [(12, True), (13, False)])
def test_every_part_of_the_report_follows_the_limit(
    migrated_sqlite_url, fewer_than, is_shown
):
    write(migrated_sqlite_url, half_respond(24))
    with cut(migrated_sqlite_url) as chosen:
        by = Printed("Dr Lead", now_at_practice(), "Riverside")
        found = results(chosen, RESPONSE, "weeks_2_4")
        report = results_report(found, chosen, RESPONSE, by, fewer_than)
    tables = {table.title: table for table in report.tables}
    plots = " ".join(plot.words for plot in report.plots)
    assert ("%" in report.headline) is is_shown
    assert ("12" in rows_of(tables["The rate"])["Criterion met"]) is is_shown
    assert ("12" in rows_of(tables["By infusion"])["6"]) is is_shown
    assert (f"Practice: not shown, as a count is under {fewer_than}" in plots) is (
        not is_shown
    )
    assert f"Counts under {fewer_than} " in report.methods.paragraph


def test_the_figures_of_these_tests_are_in_the_catalogue():
    named = {
        f.study.name for f in figures_beside(load_catalogue(), "phq9", "response").all
    }
    assert {MCINNES, MCINTYRE, ELEKT_D} <= named


# Criteria of which one implies the other.

# Remitted, responded, improved, as before, worse.
KINDS = [4, 8, 13, 18, 26]


@pytest.mark.parametrize(("exactly_5", "is_shown"), [(3, False), (0, False), (9, True)])
def test_a_total_of_exactly_5_is_not_worked_out_from_two_remissions(
    migrated_sqlite_url, exactly_5, is_shown
):
    found = counted(
        migrated_sqlite_url,
        [patient(total) for total in [*KINDS * 9, *[5] * exactly_5]],
        "after_infusion_4",
        CRITERIA["phq9_remission_lt5"],
    )
    assert isinstance(beside(found)[MCINTYRE], Comparison) is is_shown


def test_a_rate_that_is_told_already_may_stand_beside_a_figure(migrated_sqlite_url):
    """Nobody responded without remission; the response is in the table of the rate."""
    found = counted(migrated_sqlite_url, [patient(4), patient(15)] * 9)
    assert isinstance(beside(found)[MCINNES], Comparison)


@pytest.mark.parametrize(("exactly_5", "is_shown"), [(3, False), (9, True)])
def test_nor_from_the_rate_and_the_remissions_at_a_glance(
    migrated_sqlite_url, exactly_5, is_shown
):
    patients = [
        patient(total, indication)
        for indication in ("depression", "ptsd")
        for total in [*KINDS * 9, *[5] * exactly_5, *[None] * 9]
    ]
    found = counted(
        migrated_sqlite_url, patients, criterion=CRITERIA["phq9_remission_le5"]
    )
    assert bool(wording.glance_table(found, 7).rows) is is_shown


@pytest.mark.parametrize(
    ("others", "nested"),
    [
        ({"criterion": "phq9_remission_le5", "events": 23}, True),
        ({"criterion": "phq9_remission_le5", "events": 25}, False),
        ({"criterion": "phq9_remission_le5", "events": 23, "due": 61}, False),
        ({"criterion": "phq9_change_6_worse", "events": 27}, True),
        ({"criterion": "phq9_change_6_worse", "events": 9}, False),
        ({"events": 23}, False),
    ],
)
def test_two_criteria_are_nearly_nested(others, nested):
    one = OutcomeRate(
        started=60,
        no_baseline=0,
        eligible=60,
        not_due=0,
        due=60,
        measured=50,
        completeness=None,
        timepoint="weeks_2_4",
        measure="phq9",
        recall_window="two_weeks",
        eligible_at_least=10,
        as_of_day=0,
        criterion="phq9_remission_lt5",
        events=20,
        observed=None,
        nonresponse=None,
        bounds=None,
    )
    assert overlap.is_nearly_nested(one, replace(one, **others), 5) is nested
    assert overlap.is_nearly_nested(replace(one, **others), one, 5) is nested
