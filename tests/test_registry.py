"""Every measure, criterion and time point is complete, sourced and named once."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from measures import registry, sources
from measures.criteria import KINDS
from measures.definition import Source
from measures.registry import (
    CRITERIA,
    ELIGIBILITY,
    MEASURES,
    RECALL_WINDOWS,
    TIMEPOINTS,
    criteria_of,
    default_criterion,
    definition_version,
)
from measures.timepoints import BASELINE, INDUCTION, WEEKS_2_4


PHQ9, PCL5 = MEASURES["phq9"], MEASURES["pcl5"]

CODED = [*MEASURES.values(), *CRITERIA.values(), *TIMEPOINTS.values()]
WITH_SENTENCE = [
    *CRITERIA.values(),
    *TIMEPOINTS.values(),
    *ELIGIBILITY.values(),
    BASELINE,
    INDUCTION,
]


def code_of(value):
    measure = getattr(value, "measure", "")
    return getattr(value, "code", type(value).__name__ + measure)


@pytest.mark.parametrize("value", CODED, ids=code_of)
def test_codes_are_plain_and_used_once(value):
    assert re.fullmatch(r"[a-z0-9_]{4,}", value.code)
    assert [other.code for other in CODED].count(value.code) == 1
    assert value.name


@pytest.mark.parametrize("value", WITH_SENTENCE, ids=code_of)
def test_each_rule_has_a_whole_sentence_and_a_citation(value):
    assert re.fullmatch(r"\S.+\.", value.sentence)
    assert len(value.source.citation) > 10
    assert value.source.key


def test_names_are_not_used_twice():
    for values in (MEASURES, CRITERIA, TIMEPOINTS):
        shown = [(getattr(v, "measure", ""), v.name) for v in values.values()]
        assert [name for name, times in Counter(shown).items() if times > 1] == []


def test_each_source_is_defined_once():
    found = [value for value in vars(sources).values() if isinstance(value, Source)]
    for attribute in ("key", "citation"):
        values = [getattr(source, attribute) for source in found]
        assert len(values) == len(set(values))
    addresses = [source.url for source in found if source.url]
    assert all(address.startswith("https://") for address in addresses)


def test_exactly_one_criterion_of_each_measure_and_kind_is_the_default():
    of_kind = {(c.measure, c.kind) for c in CRITERIA.values()}
    defaults = Counter((c.measure, c.kind) for c in CRITERIA.values() if c.default)
    assert defaults == dict.fromkeys(of_kind, 1)
    for measure, kind in of_kind:
        assert default_criterion(measure, kind).default
        assert default_criterion(measure, kind).reason


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=code_of)
def test_a_criterion_is_of_a_known_measure_and_kind_and_says_why(criterion):
    assert criterion.measure in MEASURES
    assert criterion.code.startswith(criterion.measure)
    assert criterion.kind in KINDS
    assert MEASURES[criterion.measure].name in criterion.sentence
    assert criterion.reason.endswith(".")
    limits = (criterion.fall_percent, criterion.points, criterion.highest_total)
    assert any(limit is not None for limit in limits)


def test_the_contested_rules_are_all_there():
    assert set(CRITERIA) >= {
        "pcl5_change_9",
        "pcl5_change_12",
        "pcl5_change_15",
        "pcl5_change_18",
        "pcl5_final_le28",
        "pcl5_below_31",
        "pcl5_below_33",
        "phq9_change_5",
        "phq9_change_6",
        "phq9_remission_lt5",
        "phq9_remission_le5",
    }


def test_pcl5_remission_is_said_to_be_not_agreed():
    remission = criteria_of("pcl5", "remission")
    assert all("no agreed remission" in criterion.reason for criterion in remission)


def test_criteria_are_listed_with_the_default_first():
    for measure in MEASURES:
        kinds = [c.kind for c in criteria_of(measure)]
        assert kinds == sorted(kinds, key=KINDS.index)
        for kind in set(kinds):
            assert criteria_of(measure, kind)[0].default


def test_the_registered_time_points_are_those_of_the_house():
    assert list(TIMEPOINTS) == [
        "day_1",
        *(f"after_infusion_{k}" for k in range(1, 11)),
        "end_of_induction",
        "weeks_2_4",
        "week_6",
        "months_4_8",
        "month_6",
        "month_12",
    ]


# Whether a time point's days or hours are those of its sentence.
@pytest.mark.parametrize("timepoint", TIMEPOINTS.values(), ids=code_of)
def test_the_numbers_of_a_time_point_are_in_its_sentence(timepoint):
    middle, apart = divmod(timepoint.from_days + timepoint.to_days, 2)
    either_way = (timepoint.to_days - timepoint.from_days) // 2
    spoken = {str(timepoint.from_days), str(timepoint.to_days)} - {"0"}
    if timepoint.from_hours is not None:
        spoken = {str(timepoint.from_hours), str(timepoint.to_hours)}
    said = set(re.findall(r"\d+", timepoint.sentence))
    assert spoken <= said or (apart == 0 and {str(middle), str(either_way)} <= said)


def test_rules_say_their_numbers():
    assert str(BASELINE.at_most_days) in BASELINE.sentence
    for number in (
        INDUCTION.maximum_gap_days,
        INDUCTION.maximum_infusions,
        INDUCTION.protocol_infusions,
        INDUCTION.protocol_days,
    ):
        assert str(number) in INDUCTION.sentence


@pytest.mark.parametrize(
    "change",
    [{"to_days": 30}, {"from_days": 13}, {"before_next_infusion": True}],
    ids=str,
)
def test_the_definition_version_changes_with_a_time_point(monkeypatch, change):
    before = definition_version()
    changed = TIMEPOINTS | {WEEKS_2_4.code: replace(WEEKS_2_4, **change)}
    monkeypatch.setattr(registry, "TIMEPOINTS", changed)
    assert definition_version() != before


@pytest.mark.parametrize("rule", ["BASELINE", "INDUCTION"])
def test_the_definition_version_changes_with_a_rule(monkeypatch, rule):
    before = definition_version()
    limits = {"BASELINE": "at_most_days", "INDUCTION": "maximum_gap_days"}
    old = getattr(registry.timepoints, rule)
    monkeypatch.setattr(registry.timepoints, rule, replace(old, **{limits[rule]: 9}))
    assert definition_version() != before


def test_the_definition_version_stays_the_same_while_nothing_changes():
    assert definition_version() == definition_version()


@pytest.mark.parametrize("measure", MEASURES.values(), ids=code_of)
def test_a_measure_is_complete(measure):
    assert [item.number for item in measure.items] == list(
        range(1, measure.item_count + 1)
    )
    assert [answer.score for answer in measure.answers] == list(
        range(len(measure.answers))
    )
    labels = [item.label for item in measure.items]
    assert len(labels) == len(set(labels))
    assert measure.licence
    assert measure.source.citation
    assert sorted(n for d in measure.domains for n in d.items) == [
        item.number for item in measure.items
    ]


def test_total_ranges():
    highest = {m.code: (m.item_count, m.highest_total) for m in MEASURES.values()}
    assert highest == {"phq9": (9, 27), "pcl5": (20, 80)}


def test_item_9_of_the_phq9_is_the_suicide_item():
    assert PHQ9.suicide_item == 9
    assert "better off dead" in PHQ9.items[8].text
    assert PCL5.suicide_item is None


def test_recall_windows_belong_to_one_measure_and_say_their_days():
    owners = Counter(w.code for m in MEASURES.values() for w in m.recall_windows)
    assert set(owners.values()) == {1}
    assert {code: window.days for code, window in RECALL_WINDOWS.items()} == {
        "two_weeks": 14,
        "past_month": 30,
        "past_week": 7,
        "past_day": 1,
    }
    assert PCL5.default_recall_window.code == "past_month"
    for window in RECALL_WINDOWS.values():
        assert window.stem
        assert window.source.citation


def test_the_total_of_a_shorter_pcl5_window_has_no_loinc_code():
    codes = {w.code: w.loinc_total for w in PCL5.recall_windows}
    assert codes == {"past_month": "101698-9", "past_week": None, "past_day": None}


def test_loinc_codes_are_used_once():
    codes = [item.loinc for m in MEASURES.values() for item in m.items if item.loinc]
    codes += [a.loinc for a in (*PHQ9.answers, *PHQ9.functional_item.answers)]
    codes += [m.loinc_panel for m in MEASURES.values()]
    assert len(codes) == len(set(codes))


def test_loinc_answers_include_the_functional_codes_that_are_out_of_order():
    answers = {a.text: a.loinc for a in PHQ9.functional_item.answers}
    assert answers == {
        "Not difficult at all": "LA6572-7",
        "Somewhat difficult": "LA6573-5",
        "Very difficult": "LA6575-0",
        "Extremely difficult": "LA6574-3",
    }
    assert [a.loinc for a in PHQ9.answers] == [
        "LA6568-5",
        "LA6569-3",
        "LA6570-1",
        "LA6571-9",
    ]


def test_refuses_an_unknown_recall_window_by_name():
    with pytest.raises(ValueError, match="'past_month' is not known; allowed: two_wee"):
        PHQ9.recall_window("past_month")


# Wording, against the fact sheet beside the repository.


@pytest.fixture(scope="session")
def fact_sheet(shared_clinical):
    return (shared_clinical / "instruments.md").read_text(encoding="utf-8")


def table_of(fact_sheet, heading):
    """Return the cells of the first table under a heading, without its header."""
    section = fact_sheet.split(f"### {heading}\n", 1)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    table = []
    for line in lines[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if table and len(cells) != len(table[0]):
            break
        table.append(cells)
    return table


def test_phq9_wording_is_that_of_the_fact_sheet(fact_sheet):
    rows = {row[0]: row for row in table_of(fact_sheet, "1.1 Form")[:11]}
    assert PHQ9.default_recall_window.stem == rows["stem"][2]
    assert rows["stem"][3] == f"panel {PHQ9.loinc_panel}"
    for item in PHQ9.items:
        assert [item.text, item.loinc] == rows[str(item.number)][2:]
    difficulty = PHQ9.functional_item
    assert [difficulty.text, difficulty.loinc] == rows["10"][2:]


def test_pcl5_wording_and_clusters_are_those_of_the_fact_sheet(fact_sheet):
    rows = {row[0]: row for row in table_of(fact_sheet, "2.1 Form")[:20]}
    clusters = {n: d.code for d in PCL5.domains for n in d.items}
    for item in PCL5.items:
        _, cluster, _, _, wording = rows[str(item.number)]
        assert (item.text, clusters[item.number]) == (wording, cluster)
    assert f'Stem: "{PCL5.default_recall_window.stem}"' in fact_sheet


def test_answers_and_licence_are_those_of_the_fact_sheet(fact_sheet):
    phq9 = ", ".join(f"{a.score} {a.text}" for a in PHQ9.answers)
    pcl5 = ", ".join(a.text for a in PCL5.answers)
    assert f"Answers 1-9: {phq9}." in fact_sheet
    assert f"0-4 ({pcl5})" in fact_sheet
    assert PHQ9.licence in fact_sheet
    for answer in PHQ9.answers:
        assert f"{answer.loinc}={answer.score}" in fact_sheet
    for code in ("44261-6", PCL5.loinc_panel, "101698-9", "101699-7", "101702-9"):
        assert code in fact_sheet
