"""What columns mean: as their names say, as declared, or asked; never guessed."""

import csv

import pytest

from data.exchange.columns import INFUSIONS, LONG, WIDE
from data.exchange.importing import read_files
from data.exchange.mapping import read_mapping
from data.exchange.meanings import known_meanings, meaning_of
from data.exchange.problems import ImportRefused
from data.exchange.templates import MAPPING_EXAMPLE, TEMPLATES
from measures.registry import MEASURES
from tests.exchange_files import FORM, INFUSION, read, sentences, source
from tests.exchange_files import LONG as LONG_HEADER


KNOWN_NAMES = [
    ("phq9_1", "phq9_1"),
    ("PHQ9_1", "phq9_1"),
    ("phq9_q1", "phq9_1"),
    ("PHQ9_Q09", "phq9_9"),
    ("PHQ-9 item 3", "phq9_3"),
    ("PCL5_Q20", "pcl5_20"),
    ("pcl-5.7", "pcl5_7"),
    ("phq9_total_score", "phq9_total"),
    ("PHQ9_SCORE", "phq9_total"),
    ("sum_phq9", "phq9_total"),
    ("PCL5_TOTAL_SYMPTOM_SEVERITY_SCORE", "pcl5_total"),
    ("phq9Date", "phq9_completed_at"),
    ("Record Number", "record_number"),
    ("Started At", "started_at"),
    ("item_07", "item_7"),
]

UNKNOWN_NAMES = [
    *("q1", "q9", "D1", "S20", "DPQ010", "no_interest", "suicide_score"),
    *("phq91", "phq9_0", "phq9_10", "pcl5_21", "item_21", "phq9_summary"),
    *("phq9_how_difficult", "pcl5_memories", "pcl5_difficulty", "record_id", "date"),
    "",
]


@pytest.mark.parametrize(("name", "meaning"), KNOWN_NAMES)
def test_case_and_separators_do_not_matter(name, meaning):
    assert meaning_of(name) == meaning


@pytest.mark.parametrize("name", UNKNOWN_NAMES)
def test_a_name_that_may_mean_something_else_is_not_guessed(name):
    assert meaning_of(name) is None


def test_every_meaning_that_a_mapping_may_give_has_a_name_of_its_own():
    assert {meaning_of(m) for m in known_meanings()} >= known_meanings() - {"ignore"}


@pytest.mark.parametrize(
    ("header", "kind"), [(INFUSION, INFUSIONS), (FORM, WIDE), (LONG_HEADER, LONG)]
)
def test_tells_the_three_kinds_of_file_apart(header, kind):
    row = "A,2025-01-01" + ",1" * (header.count(",") - 1)
    assert read(f"{header}\n{row}").readings[0].layout.kind == kind


ASKED = {
    "bare numbers": ("q1,q2,q3,q4,q5,q6,q7,q8,q9,total", "q1 to q9 may be items"),
    "letters": ("D1,D2,D3,D4,D5,D6,D7,D8,D9", "D1 to D9 may be items of one measure"),
    "symptoms": ("record_number,no_interest,mood", "nothing is guessed"),
    "record number": ("MRN,completed_at,phq9_1", '"NAME" = "record_number"'),
    "date": ("record_number,VisitDate,phq9_1", '"VisitDate" = "completed_at"'),
    "start": ("record_number,dose_mg", "no column says when the infusions started"),
    "measure": ("record_number,completed_at,item_1", "[declare] measure = one of"),
    "answers": ("record_number,completed_at,measure", "no column holds answers"),
    "window": (
        "record_number,completed_at,pcl5_1",
        'recall_window = one of "past_month", "past_week", "past_day"',
    ),
    "both": (
        "record_number,started_at,completed_at,phq9_1",
        "holds infusions and forms in the same rows",
    ),
    "whose total": (
        "record_number,completed_at,phq9_1,total",
        "column total: does not say which measure",
    ),
    "two names": (
        "record_number,completed_at,PHQ9_1,phq9_q1",
        "column PHQ9_1 and phq9_q1: both mean phq9_1",
    ),
}


@pytest.mark.parametrize(("header", "says"), ASKED.values(), ids=ASKED)
def test_asks_what_the_header_does_not_say(header, says):
    values = ",".join("1" for _ in header.split(","))
    asked = sentences(f"{header}\n{values}\n")
    assert any(says in sentence for sentence in asked), asked


def test_a_total_is_not_taken_while_the_items_may_be_there():
    header = "record_number,completed_at,phq9_total," + ",".join(
        f"q{n}" for n in range(1, 10)
    )
    file = f"{header}\nA,2025-01-01,9" + ",1" * 9
    assert any("q1 to q9 may be items" in s for s in sentences(file))
    assert not sentences(file, "[declare]\ntotals_only = true")


def test_columns_that_nothing_is_taken_from_are_listed():
    layout = read(f"{FORM},difficulty,pcl5_date,BMI\nA,2025-01-01" + ",1" * 12)
    unused = layout.readings[0].layout.unused
    assert unused == ("difficulty", "pcl5_date", "BMI")


REFUSED_MAPPINGS = {
    "not toml": ("[columns", "is not a TOML file"),
    "table": ("[column]\n", "key 'column' is not known; allowed: columns, declare"),
    "meaning": ('[columns]\na = "phq8_1"', "column 'a' = 'phq8_1' is not known"),
    "number": ("[columns]\na = 1", "column 'a' = '1' is not known"),
    "key": ("[declare]\ndates = 1", "declare key 'dates' is not known; allowed: mea"),
    "measure": ('[declare]\nmeasure = "gad7"', "'gad7' is not known; allowed: phq9"),
    "order": ('[declare]\ndate_order = "dmy"', "allowed: day-month-year, month-day"),
    "day": ('[declare]\ncompleted_at = "1.2.2024"', "allowed: a date as YYYY-MM-DD"),
    "flag": ('[declare]\nnew_patients = "yes"', "allowed: true, false"),
    "list": ('[declare]\nmissing = "NA"', "allowed: a list of texts"),
    "text": ("[declare]\nrecord_prefix = 1", "declare record_prefix = '1' is not"),
    "encoding": ('[declare]\nencoding = "utf-7"', "allowed: utf-8, cp1252"),
    "separator": ('[declare]\nseparator = "|"', "allowed: comma, semicolon, tab"),
    "answers": ('[declare]\nanswers = "words"', "allowed: labels"),
    "no table": ("columns = 1", "[columns] must be a table"),
}


@pytest.mark.parametrize(
    ("text", "says"), REFUSED_MAPPINGS.values(), ids=REFUSED_MAPPINGS
)
def test_refuses_a_mapping_file_by_name(text, says):
    with pytest.raises(ImportRefused) as refused:
        read_mapping(text.encode())
    assert says in str(refused.value)


CONTRADICTIONS = {
    "date": ('completed_at = "2024-01-01"', "completed_at is declared, and the file"),
    "rows": ('record_number = "row"', "record_number is declared, and the file has"),
    "missing": ('missing = ["3"]', "missing = '3': this is an answer of the PHQ-9"),
    "totals": ("totals_only = true", "totals_only: there is no column with a total"),
}


@pytest.mark.parametrize(("line", "says"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_refuses_what_is_declared_against_the_file(line, says):
    row = "A,2025-01-01" + ",1" * 9
    assert any(says in s for s in sentences(f"{FORM}\n{row}", f"[declare]\n{line}"))


def test_refuses_to_look_for_a_record_number_in_a_column_that_is_not_there():
    asked = sentences(
        "MRN,completed_at,phq9_1\nA,2025-01-01,1", '[declare]\nrecord_number = "ID"'
    )
    assert asked == [
        "file.csv row 1: declare record_number = 'ID': there is no such column; "
        'allowed: "row", or one of the header'
    ]


def test_refuses_a_mapped_column_that_no_file_has():
    (said,) = sentences(f"{FORM}\nA,2025-01-01" + ",1" * 9, '[columns]\nX = "total"')
    assert said.startswith("file.csv row 1, column X: is in the mapping file, and not")


def test_the_same_name_twice_is_refused():
    batch = read_files([source(FORM), source(FORM)])
    assert [p.sentence for p in batch.problems] == [
        "file.csv: is there twice; allowed: each file once"
    ]


@pytest.mark.parametrize("make", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_is_read_without_a_mapping(make):
    batch = read_files([source(make())])
    assert not batch.problems
    assert not batch.readings[0].layout.unused
    assert batch.readings[0].accepted


def test_the_mapping_template_can_be_used_with_every_line_switched_on():
    switched_on = MAPPING_EXAMPLE.replace("\n# ", "\n").replace(
        "What the file", "# What the file"
    )
    mapping = read_mapping(switched_on.encode())
    assert mapping.separator == ";"
    assert mapping.totals_only
    assert read_mapping(MAPPING_EXAMPLE.encode()).columns["Q1"] == "phq9_1"


def test_a_file_side_by_side_has_a_column_for_every_item():
    (name,) = (name for name in TEMPLATES if "side" in name)
    header = next(csv.reader([TEMPLATES[name]().splitlines()[0]]))
    items = sum(measure.item_count for measure in MEASURES.values())
    assert len([name for name in header if meaning_of(name)]) == len(header)
    assert len(header) == 2 + items + 3
