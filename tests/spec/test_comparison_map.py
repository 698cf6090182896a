"""Which of our numbers stands beside which published figure."""

import pytest

from data.published import load_catalogue


# (change): compared by the mean change, not by a rate.
COMPARISONS = """
figure                     | criteria                             | time point           | denominator       | counted      | tier
---------------------------+--------------------------------------+----------------------+-------------------+--------------+------------
mcinnes_2022_phq9_14_31d   | phq9_response_50, phq9_remission_lt5 | weeks_2_4            | protocol_measured | now          | direct
pfeiffer_2024_phq9_6wk     | phq9_response_50, phq9_remission_le5 | week_6               | started           | now          | direct
oliver_2022_phq9_6wk       | phq9_response_50                     | ever_within_42_days  | started           | ever         | direct
oliver_2022_phq9_10inf     | phq9_response_50                     | after_infusion_10    | reached_infusion  | now          | context
osmind_ptsd_inf1           | pcl5_response_30                     | after_infusion_1     | measured          | now          | direct
osmind_ptsd_inf6           | pcl5_response_30                     | after_infusion_6     | measured          | now and ever | direct
osmind_ptsd_inf4_change    | (change)                             | after_infusion_4     | measured          | now          | direct
ross_2019_pcl5             | (change)                             | after_infusion_5     | measured          | now          | direct
ross_2019_phq9             | (change)                             | after_infusion_5     | measured          | now          | direct
bentley_2022_pcl5          | (change)                             | end_of_induction     | measured          | now          | direct
bentley_2022_phq9          | (change)                             | end_of_induction     | measured          | now          | direct
albott_2018_pcl5           | (change)                             | after_infusion_6     | started           | now          | direct
abdallah_2022_pcl5_primary | -                                    | -                    | -                 | -            | direct
feder_2021_caps5_wk2       | pcl5_response_30                     | end_of_induction     | started           | now          | approximate
elektd_qids_response       | phq9_response_50                     | end_of_induction     | measured          | now          | approximate
mcintyre_2020_crtce_qids   | phq9_response_50, phq9_remission_le5 | after_infusion_4     | measured          | now          | approximate
sakurai_2020_qids          | phq9_response_50                     | end_of_induction     | started           | now          | approximate
alnefeesi_2022             | -                                    | -                    | -                 | -            | context
murrough_2013_24h          | phq9_response_50                     | day_1                | measured          | now          | context
han_2016_24h               | phq9_response_50                     | day_1                | measured          | now          | context
"""  # noqa: E501

SENTENCES = """
figure                     | says
---------------------------+------------------------------------------------------
mcinnes_2022_phq9_14_31d   | 6 % of the treated (537 of 9,016) had data
mcinnes_2022_phq9_14_31d   | likely optimistic
pfeiffer_2024_phq9_6wk     | remission there is 5 or less
pfeiffer_2024_phq9_6wk     | Veterans
oliver_2022_phq9_6wk       | Ever reached within 6 weeks, not the status at a visit
oliver_2022_phq9_6wk       | the cumulative curve only
oliver_2022_phq9_10inf     | Those who stay are those who benefit
oliver_2022_phq9_10inf     | never an expected rate for those who start
osmind_ptsd_inf1           | not peer reviewed; 16 % of the treated had data
osmind_ptsd_inf6           | not peer reviewed; 16 % of the treated had data
osmind_ptsd_inf6           | both of ours are shown
osmind_ptsd_inf4_change    | Uncontrolled; change only
ross_2019_pcl5             | Uncontrolled; change only
ross_2019_phq9             | Uncontrolled; change only
bentley_2022_pcl5          | Uncontrolled; change only
bentley_2022_phq9          | Uncontrolled; change only
albott_2018_pcl5           | 15 veterans, open-label
abdallah_2022_pcl5_primary | largest trial, double-blind, and negative
feder_2021_caps5_wk2       | Clinician-rated
feder_2021_caps5_wk2       | against 20 % on midazolam
elektd_qids_response       | Another self-report scale; open-label, against ECT (41.2 %)
mcintyre_2020_crtce_qids   | Another self-report scale, and four infusions
mcintyre_2020_crtce_qids   | 5 or less on the QIDS-SR16
sakurai_2020_qids          | Severe, treatment-resistant depression in one academic
alnefeesi_2022             | 35 to 55 % in response, 24 to 36 % in remission
murrough_2013_24h          | a PHQ-9 asks about two weeks, so it cannot show the same
han_2016_24h               | a PHQ-9 asks about two weeks, so it cannot show the same
"""

NOT_SEEN = """
figure                | outcome   | why nothing of ours is drawn beside it
----------------------+-----------+---------------------------------------
oliver_2022_phq9_6wk  | remission | the cut-off was not seen
oliver_2022_phq9_10inf | remission | the cut-off was not seen
albott_2018_pcl5      | remission | the cut-off was not seen
albott_2018_madrs     | response  | the rule was not seen
wilkinson_2018_4inf   | response  | neither scale nor rule was seen
alnefeesi_2022        | response  | a mixture of rules
"""


def rows(text):
    lines = text.strip().splitlines()[2:]
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def described(figure):
    """The figure as a row of COMPARISONS."""
    criteria = ", ".join(rate.criterion for rate in figure.rates if rate.drawable)
    if figure.recut is None:
        return (figure.code, criteria or "-", "-", "-", "-", figure.tier)
    recut = figure.recut
    return (
        figure.code,
        criteria or "(change)",
        recut.timepoint,
        recut.denominator,
        recut.counted,
        figure.tier,
    )


@pytest.mark.parametrize("row", rows(COMPARISONS), ids=lambda row: row[0])
def test_a_figure_is_compared_like_this(row):
    assert described(load_catalogue().figure(row[0])) == row


def test_no_other_figure_is_compared():
    named = {row[0] for row in rows(COMPARISONS)}
    others = [f for f in load_catalogue().figures if f.code not in named]
    assert {(f.tier, f.recut) for f in others} == {("context", None)}


@pytest.mark.parametrize(("code", "words"), rows(SENTENCES))
def test_the_sentence_beside_a_figure_says(code, words):
    assert words in load_catalogue().figure(code).sentence


@pytest.mark.parametrize(("code", "outcome", "why"), rows(NOT_SEEN))
def test_nothing_is_drawn_beside_a_rate_whose_rule_was_not_seen(code, outcome, why):
    rate = load_catalogue().figure(code).rate(outcome)
    assert not rate.definition_seen
    assert not rate.drawable


def test_a_change_that_is_compared_is_there():
    for code, criteria, *_ in rows(COMPARISONS):
        if criteria == "(change)":
            assert load_catalogue().figure(code).change.mean < 0


@pytest.mark.parametrize("code", [f.code for f in load_catalogue().figures])
def test_our_number_is_on_the_form_the_criterion_is_for(code):
    figure = load_catalogue().figure(code)
    for rate in figure.rates:
        if rate.drawable:
            assert rate.criterion.startswith(figure.recut.measure)


def test_the_map_of_the_clinical_facts_names_the_same_figures(shared_clinical):
    text = (shared_clinical / "comparison_map.md").read_text(encoding="utf-8")
    lines = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    theirs = {
        (code.strip(" *"), cells[6].strip())
        for cells in lines[1:]
        for code in cells[1].split(",")
        if "_" in code
    }
    ours = {(row[0], row[5]) for row in rows(COMPARISONS)}
    assert all(any(same(our, their) for their in theirs) for our in ours)
    assert all(any(same(our, their) for our in ours) for their in theirs)


def same(our, their):
    """Theirs may be the beginning of several codes: ``ross_2019_*``."""
    return our[0].startswith(their[0]) and our[1] == their[1]
