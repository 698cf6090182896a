from dataclasses import replace
from typing import get_args

import pytest

from analysis.by_infusion import ever_by_infusion
from analysis.change import MeanChange
from analysis.columns import COURSES, COURSES_BY_INFUSION, SCORES_AFTER, empty
from analysis.comparison import (
    NO_CAUSAL_CLAIM,
    OUTCOMES,
    Comparison,
    PracticeFrames,
    Refusal,
    compare,
    courses_of_denominator,
    published_share,
    set_beside,
    why_not,
)
from analysis.outcomes import outcome_rate
from data.published import load_catalogue
from measures.figures import (
    EVER_WITHIN_42_DAYS,
    Denominator,
    Evidence,
    PublishedChange,
    PublishedFigure,
    PublishedRate,
    Rater,
    Recut,
    Study,
)
from measures.registry import CRITERIA, ELIGIBILITY
from tests.course_tables import courses, courses_by_infusion, scores_after


RECUT = Recut("phq9", "two_weeks", "weeks_2_4", "measured")
RESPONSE = PublishedRate(
    "response",
    50.0,
    20,
    40,
    definition="PHQ-9 at least 50 % lower",
    criterion="phq9_response_50",
)
STUDY = Study(
    code="study_2020",
    name="Study 2020",
    citation="A study.",
    design="Cohort",
    evidence="routine care",
    condition="depression",
    drug="racemic ketamine",
    route="IV",
    population="people like these",
)
FIGURE = PublishedFigure(
    code="study_2020_phq9",
    study=STUDY,
    measure="PHQ-9",
    rater="self-report",
    timepoint="two to four weeks",
    denominator="40 measured",
    tier="direct",
    sentence="Forty people.",
    verification="abstract",
    source="https://example.org",
    rates=(RESPONSE,),
    recut=RECUT,
)

# Two responders, one of them off protocol, of three measured and four due.
COURSES_OF_FOUR = courses("""
    course_id | infusions | induction_infusions | total | score_day | due_day
    ----------+-----------+---------------------+-------+-----------+--------
    1         | 9         | 6                   | 8     | 40        | 50
    2         | 10        | 3                   | 9     | 40        | 50
    3         | 10        | 6                   | 19    | 40        | 50
    4         | 6         | 6                   |       |           | 50
""")


def practice(recut=RECUT, frame=COURSES_OF_FOUR, **frames):
    return PracticeFrames(
        frame,
        measure=recut.measure,
        recall_window=recut.recall_window,
        timepoint=recut.timepoint,
        eligible_at_least=10,
        as_of_day=100,
        **frames,
    )


def recut_as(**changes):
    return replace(FIGURE, recut=replace(RECUT, **changes))


def with_rate(**changes):
    return replace(FIGURE, rates=(replace(RESPONSE, **changes),))


def test_the_practice_is_counted_by_the_figures_own_rule():
    result = compare(FIGURE, "response", practice())
    assert isinstance(result, Comparison)
    assert result.practice.criterion == "phq9_response_50"
    assert result.practice.timepoint == "weeks_2_4"
    assert (result.share.events, result.share.n) == (2, 3)
    assert (result.published.percent, result.published.about) == (50.0, False)
    assert (result.published.proportion.events, result.published.proportion.n) == (
        20,
        40,
    )


@pytest.mark.parametrize(
    ("denominator", "timepoint", "events", "n"),
    [
        ("measured", "weeks_2_4", 2, 3),
        ("started", "weeks_2_4", 2, 4),
        ("protocol_measured", "weeks_2_4", 1, 2),
        ("reached_infusion", "after_infusion_10", 1, 2),
    ],
)
def test_the_practice_is_counted_of_whom_the_figure_is(
    denominator, timepoint, events, n
):
    figure = recut_as(denominator=denominator, timepoint=timepoint)
    result = compare(figure, "response", practice(figure.recut))
    assert (result.share.events, result.share.n) == (events, n)


def test_every_denominator_of_a_figure_is_tried_above_and_has_a_sentence():
    figures = [recut_as(denominator=d) for d in get_args(Denominator)[:3]]
    results = [compare(f, "response", practice(f.recut)) for f in figures]
    assert len({result.matched[-1] for result in results}) == 3
    assert get_args(Denominator)[3:] == ("reached_infusion",)


def test_a_protocol_is_4_to_8_infusions_in_7_to_28_days():
    table = courses("""
        course_id | induction_infusions | induction_days
        ----------+---------------------+---------------
        1         | 3                   | 14
        2         | 4                   | 7
        3         | 8                   | 28
        4         | 9                   | 28
        5         | 6                   | 6
        6         | 6                   | 29
        7         | 0                   | 0
    """)
    recut = replace(RECUT, denominator="protocol_measured")
    assert courses_of_denominator(table, recut)["course_id"].tolist() == [2, 3]


def test_the_difference_is_practice_minus_published():
    result = compare(FIGURE, "response", practice(), confidence=0.9)
    assert result.difference.estimate == pytest.approx(2 / 3 - 1 / 2)
    assert result.difference.confidence == result.share.confidence == 0.9


def test_a_context_figure_is_flagged_and_never_subtracted():
    result = compare(replace(FIGURE, tier="context"), "response", practice())
    assert result.context_only
    assert result.difference is None


def test_only_context_is_flagged():
    tiers = {tier: replace(FIGURE, tier=tier) for tier in ("direct", "approximate")}
    assert not any(
        compare(f, "response", practice()).context_only for f in tiers.values()
    )


def test_counts_worked_back_from_a_percentage_are_about_right():
    share = published_share(replace(RESPONSE, percent=27.0, events=None, n=190))
    assert (share.proportion.events, share.about) == (51, True)
    assert published_share(replace(RESPONSE, counts_derived=True)).about
    result = compare(with_rate(counts_derived=True), "response", practice())
    assert "about right" in " ".join(result.unmatched)


def test_a_percentage_of_nobody_knows_how_many_has_no_interval_and_says_so():
    result = compare(with_rate(events=None, n=None), "response", practice())
    assert result.published.proportion is result.difference is None
    assert "it has no interval" in " ".join(result.unmatched)


def test_what_was_matched_names_the_rule_the_time_and_of_whom():
    matched = compare(FIGURE, "response", practice()).matched
    assert matched == (
        "The PHQ-9 total is at least 50 % lower than at baseline.",
        "14 to 31 days after the last induction infusion.",
        "Of the eligible courses with a score at the time point.",
    )


def test_every_comparison_carries_the_figures_sentence_and_claims_no_cause():
    result = compare(FIGURE, "response", practice())
    assert (result.sentence, result.caution) == ("Forty people.", NO_CAUSAL_CLAIM)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rater": "clinician"}, "A clinician rated the study's patients"),
        ({"rater": "not stated"}, "Who rated the study's patients was not seen"),
        (
            {"measure": "MADRS"},
            "The study used the MADRS; the practice's scores are",
        ),
        ({"measure": "MADRS"}, "The days that the study's MADRS asked about were not"),
        ({"study": replace(STUDY, evidence="randomised, blinded")}, "was blinded"),
        ({"study": replace(STUDY, evidence="randomised, open-label")}, "by lot"),
        ({"study": replace(STUDY, evidence="meta-analysis")}, "pools studies"),
        ({"study": STUDY}, "not the practice's: people like these."),
        ({"study": replace(STUDY, population="")}, "were not described"),
        ({"study": STUDY}, "Who went on and who stopped"),
    ],
)
def test_what_cannot_be_matched_is_said(changes, said):
    result = compare(replace(FIGURE, **changes), "response", practice())
    assert said in " ".join(result.unmatched)


def test_what_is_matched_is_not_complained_about():
    result = compare(FIGURE, "response", practice())
    assert len(result.unmatched) == 2


@pytest.mark.parametrize("evidence", get_args(Evidence))
@pytest.mark.parametrize("rater", get_args(Rater))
def test_every_kind_of_evidence_and_rater_can_be_compared(evidence, rater):
    figure = replace(FIGURE, rater=rater, study=replace(STUDY, evidence=evidence))
    assert all(compare(figure, "response", practice()).unmatched)


PCL5 = Recut("pcl5", "past_month", "after_infusion_2", "measured", "now and ever")
PTSD_FIGURE = replace(
    FIGURE,
    measure="PCL-5",
    recut=PCL5,
    rates=(replace(RESPONSE, criterion="pcl5_response_30"),),
)
AFTER_TWO = """
    course_id | infusion | baseline | total | score_day | due_day
    ----------+----------+----------+-------+-----------+--------
    1         | 1        | 50       | 30    | 3         | 3
    1         | 2        | 50       | 48    | 6         | 6
    2         | 1        | 50       | 48    | 3         | 3
    2         | 2        | 50       | 47    | 6         | 6
"""


def test_where_ever_or_now_was_not_stated_both_are_counted():
    by_infusion = courses_by_infusion(AFTER_TWO)
    second = by_infusion[by_infusion["infusion"] == 2]
    result = compare(
        PTSD_FIGURE, "response", practice(PCL5, second, by_infusion=by_infusion)
    )
    assert (result.share.events, result.share.n) == (0, 2)
    assert (result.ever_step.time, result.ever_step.estimate) == (2, 0.5)
    assert "Reached at least once by this infusion (Kaplan-Meier)." in result.matched
    assert "asked about were not seen" in " ".join(result.unmatched)


def test_ever_too_is_counted_of_whom_the_figure_is():
    table = courses_by_infusion("""
        course_id | infusion | infusions | total | score_day | due_day
        ----------+----------+-----------+-------+-----------+--------
        1         | 1        | 1         | 5     | 3         | 3
        2         | 2        | 2         | 18    | 3         | 3
    """)
    figure = recut_as(
        timepoint="after_infusion_2", counted="ever", denominator="reached_infusion"
    )
    result = compare(figure, "response", practice(figure.recut, by_infusion=table))
    assert (result.ever.eligible, result.ever_step.estimate) == (1, 0)


def test_those_first_seen_after_the_figures_infusion_are_told_apart():
    by_infusion = courses_by_infusion("""
        course_id | infusion | infusions | total | score_day | due_day
        ----------+----------+-----------+-------+-----------+--------
        1         | 1        | 3         | 18    | 3         | 3
        1         | 2        | 3         | 8     | 7         | 7
        2         | 2        | 3         |       |           | 7
        2         | 3        | 3         | 8     | 11        | 11
    """)
    figure = recut_as(timepoint="after_infusion_2", counted="ever")
    result = compare(
        figure, "response", practice(figure.recut, by_infusion=by_infusion)
    )
    assert (result.ever.measured, result.unseen_by_then) == (2, 1)


def test_ever_is_not_carried_on_to_an_infusion_that_nobody_was_measured_after():
    by_infusion = courses_by_infusion(AFTER_TWO)
    figure = recut_as(timepoint="after_infusion_6", counted="ever")
    result = compare(
        figure, "response", practice(figure.recut, by_infusion=by_infusion)
    )
    assert "Nobody in the practice" in result.reason


WITHIN = replace(
    RECUT, timepoint=EVER_WITHIN_42_DAYS, denominator="started", counted="ever"
)


def test_ever_within_42_days_is_compared_with_the_curve_alone():
    scores = scores_after("""
        course_id | day | total
        ----------+-----+------
        1         | 20  | 8
        2         | 40  | 15
        3         | 43  | 8
    """)
    figure = replace(FIGURE, recut=WITHIN)
    result = compare(figure, "response", practice(WITHIN, scores=scores))
    assert result.practice is result.share is result.difference is None
    assert (result.ever.eligible, result.ever.measured) == (4, 2)
    assert (result.ever_step.time, result.ever_step.estimate) == (40, 0.5)
    assert result.matched[1:] == (
        "Reached at least once by day 42 after infusion 1 (Kaplan-Meier).",
        "Of the eligible courses with a score; those who stop are followed to their "
        "last.",
    )


CHANGE_FIGURE = replace(
    FIGURE, rates=(), change=PublishedChange(mean=-9.4, n=30, endpoint_mean=9.5)
)


def test_a_mean_change_is_set_beside_a_mean_change():
    result = compare(CHANGE_FIGURE, "change", practice())
    assert isinstance(result.practice, MeanChange)
    assert (result.practice.n, result.practice.mean) == (3, -8)
    assert result.published_change.mean == -9.4
    assert result.share is result.published is result.difference is None
    assert result.matched[0] == "Change in points."


def test_a_mean_of_all_who_started_cannot_be_matched_and_says_so():
    figure = replace(CHANGE_FIGURE, recut=replace(RECUT, denominator="started"))
    result = compare(figure, "change", practice(figure.recut))
    assert "only of those with a score" in " ".join(result.unmatched)
    assert result.matched[-1].endswith("courses with a score at the time point.")


@pytest.mark.parametrize(
    ("figure", "outcome", "reason"),
    [
        (
            with_rate(criterion=None, definition_seen=False),
            "response",
            "The study's rule for response was not seen.",
        ),
        (
            with_rate(criterion=None),
            "response",
            "The study's rule for response has no counterpart here.",
        ),
        (FIGURE, "remission", "No remission rate was seen in the study."),
        (FIGURE, "change", "No mean change from baseline was seen in the study."),
        (
            replace(FIGURE, change=PublishedChange(baseline_mean=18.6)),
            "change",
            "No mean change from baseline was seen in the study.",
        ),
        (
            replace(CHANGE_FIGURE, measure="MADRS"),
            "change",
            "The study's change is in points of another scale, MADRS.",
        ),
        (
            replace(FIGURE, recut=None),
            "response",
            "Nothing recorded here comes near the study's measure and time point.",
        ),
        (
            replace(CHANGE_FIGURE, recut=None),
            "change",
            "Nothing recorded here comes near the study's measure and time point.",
        ),
    ],
)
def test_refuses_and_says_why(figure, outcome, reason):
    assert compare(figure, outcome, practice()) == Refusal(figure, outcome, reason)
    assert why_not(figure, outcome) == reason


@pytest.mark.parametrize("denominator", ["measured", "started"])
def test_refuses_where_nobody_was_measured(denominator):
    figure = recut_as(denominator=denominator)
    unmeasured = COURSES_OF_FOUR.assign(total=float("nan"))
    result = compare(figure, "response", practice(figure.recut, unmeasured))
    assert result.reason == "Nobody in the practice has a score for this time point."


@pytest.mark.parametrize(
    "cut",
    [
        replace(RECUT, timepoint="week_6"),
        replace(RECUT, measure="pcl5"),
        replace(RECUT, recall_window="past_week"),
    ],
)
def test_refuses_frames_that_were_cut_for_another_question(cut):
    with pytest.raises(ValueError, match="figure needs phq9, two_weeks, weeks_2_4"):
        compare(FIGURE, "response", practice(cut))


def test_refuses_to_count_ever_without_the_frame_for_it():
    with pytest.raises(ValueError, match="scores are needed to count 'ever'"):
        compare(replace(FIGURE, recut=WITHIN), "response", practice(WITHIN))
    with pytest.raises(ValueError, match="by_infusion are needed to count 'now and e"):
        compare(PTSD_FIGURE, "response", practice(PCL5))


def counted(criterion="phq9_response_50", timepoint="weeks_2_4", window="two_weeks"):
    return outcome_rate(
        COURSES_OF_FOUR,
        CRITERIA[criterion],
        timepoint=timepoint,
        eligible_at_least=10,
        as_of_day=100,
        recall_window=window,
    )


def test_a_number_already_counted_is_set_beside_the_figure():
    result = set_beside(FIGURE, "response", practice=counted())
    counted_here = compare(FIGURE, "response", practice())
    # Another baseline asks for the courses themselves.
    assert result == replace(counted_here, any_baseline=None)


@pytest.mark.parametrize(
    "other",
    [
        {"criterion": "phq9_remission_lt5"},
        {"timepoint": "week_6"},
        {"window": "past_week"},
    ],
)
def test_refuses_a_number_on_another_rule_or_time_and_names_both(other):
    found = ", ".join(other.values())
    with pytest.raises(ValueError, match=f"{found}.*needs phq9, two_weeks, weeks_2_4"):
        set_beside(FIGURE, "response", practice=counted(**other))


def test_refuses_a_change_where_a_rate_is_asked_for_and_the_other_way_round():
    change = compare(CHANGE_FIGURE, "change", practice()).practice
    with pytest.raises(ValueError, match="the practice is cut at"):
        set_beside(FIGURE, "response", practice=change)
    with pytest.raises(ValueError, match="the practice is cut at"):
        set_beside(CHANGE_FIGURE, "change", practice=counted())


def test_refuses_a_curve_of_ever_beside_a_figure_of_now():
    curve = ever_by_infusion(
        courses_by_infusion(AFTER_TWO),
        CRITERIA["phq9_response_50"],
        eligible_at_least=10,
        as_of_day=100,
        recall_window="two_weeks",
    )
    with pytest.raises(ValueError, match=r"infusions, phq9.*needs.*no curve"):
        set_beside(FIGURE, "response", ever=curve)


def test_refuses_no_number_and_an_unknown_outcome():
    with pytest.raises(ValueError, match="a practice number is needed"):
        set_beside(FIGURE, "response")
    with pytest.raises(ValueError, match="response, remission, change; got cure"):
        compare(FIGURE, "cure", practice())


def test_a_refused_figure_stays_refused_with_a_number_in_hand():
    figure = with_rate(criterion=None, definition_seen=False)
    assert isinstance(set_beside(figure, "response", practice=counted()), Refusal)


CATALOGUE = load_catalogue()


@pytest.mark.parametrize("figure", CATALOGUE.figures, ids=lambda figure: figure.code)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_published_figure_is_compared_or_refused_with_a_reason(figure, outcome):
    result = compare(figure, outcome, empty_practice(figure))
    assert result.reason.endswith(".")
    rate = figure.rate(outcome)
    if rate and rate.drawable:
        assert "Nobody in the practice" in result.reason


def empty_practice(figure):
    recut = figure.recut or RECUT
    return PracticeFrames(
        empty(COURSES),
        measure=recut.measure,
        recall_window=recut.recall_window,
        timepoint=recut.timepoint,
        eligible_at_least=ELIGIBILITY[recut.measure].at_least,
        as_of_day=0,
        by_infusion=empty(COURSES_BY_INFUSION),
        scores=empty(SCORES_AFTER),
    )
