"""How long benefits lasted elsewhere: what a file must say, and what was left out."""

import re

import pytest

from data.published import ARTICLE, CatalogueError, load_catalogue
from measures.durability import LOSS_RULES
from tests.unit.test_published import CITATIONS, STUDY


LASTED = """
[[durability]]
code = "example_lasting"
outcome = "loss of response"
measure = "PHQ-9"
rater = "self-report"
shown_with = "phq9"
followed = "responders"
day_0 = "the last infusion"
boosters = "none"
definition = "PHQ-9 less than 50 % lower"
n = 13
median_days = 30
rule = "phq9_response_lost"
sentence = "One clinic."
verification = "abstract"
source = "https://example.org/a"

[[durability.shares]]
days = 28
percent = 60

[[durability.shares]]
days = 56
percent = 40
about = true
"""

# name of the faulty file | replaced | by | what the refusal says
FAULTS = [
    ("no_source", 'source = "https://example.org/a"', "", "source is missing"),
    ("blank_source", '"https://example.org/a"', '" "', "source is blank"),
    ("no_sentence", 'sentence = "One clinic."', "", "sentence is missing"),
    ("no_day_0", 'day_0 = "the last infusion"', "", "day_0 is missing"),
    ("no_boosters", 'boosters = "none"', "", "boosters is missing"),
    ("no_definition", 'definition = "PHQ-9 less', 'note = "PHQ', "definition is miss"),
    ("unknown_key", "n = 13", "m = 13", "key 'm'"),
    ("unknown_outcome", '"loss of response"', '"worse"', "loss of response, relapse"),
    ("unknown_measure", '"phq9"', '"qids"', "shown_with 'qids' is not allowed"),
    ("nobody", "n = 13", "n = 0", "n 0 is not allowed; allowed: 1 or more"),
    ("no_days", "median_days = 30", "median_days = 0", "allowed: more than 0"),
    ("days_as_text", "= 30", '= "30"', "allowed: a number"),
    ("rising", "percent = 40", "percent = 61", "percent 61 is not allowed; allowed: 0"),
    ("over_100", "percent = 60", "percent = 101", "allowed: 0 to 100"),
    ("same_day", "days = 56", "days = 28", "days 28 is not allowed; allowed: more"),
    ("unknown_rule", "phq9_response_lost", "phq9_lost", "allowed: phq9_response_lost"),
    ("other_kind", "phq9_response_lost", "phq9_relapse_10", "allowed: phq9_response"),
    ("other_measure", "phq9_response_lost", "pcl5_response_lost", "rule 'pcl5_resp"),
    ("rule_not_seen", "rule =", "definition_seen = false\nrule =", "has no rule"),
    ("not_a_list", "[[durability]]", "[durability]", "durability: value"),
]


@pytest.fixture
def written(tmp_path):
    """Write a study with what it says of durability, and the article."""

    def write(durability, name="example"):
        study = STUDY + durability
        (tmp_path / f"{name}.toml").write_text(study, encoding="utf-8")
        (tmp_path / ARTICLE).write_text(CITATIONS, encoding="utf-8")
        return tmp_path

    return write


def test_reads_how_long_it_lasted(written):
    (lasted,) = load_catalogue(written(LASTED)).durability
    assert (lasted.study.code, lasted.n, lasted.median_days) == ("example", 13, 30)
    assert [(s.days, s.percent, s.about) for s in lasted.shares] == [
        (28, 60, False),
        (56, 40, True),
    ]
    assert lasted.source_url == "https://example.org/a"


def test_a_study_need_not_say_how_long_it_lasted(written):
    assert load_catalogue(written("")).durability == ()


@pytest.mark.parametrize(("fault", "old", "new", "says"), FAULTS)
def test_refuses_a_faulty_file_by_name(written, fault, old, new, says):
    assert old in LASTED
    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(written(LASTED.replace(old, new, 1), fault))
    assert str(refusal.value).startswith(f"{fault}.toml: durability")
    assert says in str(refusal.value)


def test_refuses_what_says_no_number(written):
    without = LASTED[: LASTED.index("[[durability.shares]]")]
    with pytest.raises(CatalogueError, match="neither median_days nor shares"):
        load_catalogue(written(without.replace("median_days = 30\n", "")))


def test_refuses_one_that_is_there_twice(written):
    with pytest.raises(CatalogueError, match="'example_lasting' is there twice"):
        load_catalogue(written(LASTED + LASTED))


# The catalogue itself.


def test_what_is_known_of_four_studies_is_there():
    found = {
        lasted.code: (
            lasted.measure,
            lasted.n,
            lasted.median_days,
            [(share.days, share.percent) for share in lasted.shares],
        )
        for lasted in load_catalogue().durability
    }
    assert found == {
        "albott_2018_depression_relapse": ("MADRS", 14, 20, []),
        "albott_2018_ptsd_relapse": ("PCL-5", 12, 41, []),
        "feder_2021_loss": ("CAPS-5", None, 27.5, []),
        "mcinnes_2022_sustained": ("PHQ-9", None, None, [(28, 80), (56, 60)]),
        "murrough_2013b_relapse": ("MADRS", 17, 18, []),
    }


def test_a_share_that_is_printed_as_approximate_says_so():
    lasting = load_catalogue().durability
    assert all(share.about for lasted in lasting for share in lasted.shares)
    derived = {lasted.code for lasted in lasting if lasted.n_derived}
    assert derived == {"murrough_2013b_relapse"}


def test_a_definition_that_was_not_seen_says_so_and_has_no_rule():
    for lasted in load_catalogue().durability:
        says_so = "not stated in what was read" in lasted.definition
        assert says_so == (not lasted.definition_seen), lasted.code
        assert (lasted.rule in LOSS_RULES) == lasted.definition_seen


def test_the_source_is_one_that_a_figure_of_the_study_was_read_at():
    catalogue = load_catalogue()
    for lasted in catalogue.durability:
        sources = {f.source for f in catalogue.figures if f.study == lasted.study}
        assert lasted.source in sources, lasted.code


def test_the_days_are_those_of_the_clinical_facts(shared_clinical):
    text = (shared_clinical / "published_figures.md").read_text(encoding="utf-8")
    table = text[text.index("## C2.") : text.index("## C3.")]
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if "|" in row}
    said = {
        "Murrough 2013b": "median 18 days",
        "Albott 2018": r"median 41 days \(PTSD remission\), 20 days",
        "Feder 2021": "median 27.5 days",
        "McInnes 2022 (PHQ-9)": "80% sustained at 4 wk, ~60% at 8 wk",
    }
    for study, words in said.items():
        assert re.search(words, rows[study]), study
        assert rows[study].split("|")[3].strip() == "VERIFIED", study
