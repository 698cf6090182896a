"""Real files through the importer, and their published figures out of the database.

The figures are those of ../shared/real-data/README.md; they are computed anew from what
was stored, never from the file.
"""

import pytest
from sqlalchemy import select

from data.database import open_database, reading, writing
from data.exchange.importing import commit_import, read_files
from data.exchange.mapping import NO_MAPPING, read_mapping
from data.exchange.reading import SourceFile
from data.frames import latest_course_scores_frame
from data.tables import assessment
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.scoring import parse_answers, pcl5_symptom_rule
from tests.actors import TESTER
from tests.exchange_files import row_counts


DECLARED = '[declare]\nnew_patients = true\ncompleted_at = "2024-01-01"\n'
BY_ROW = 'record_number = "row"\n'

SYMPTOMS = (
    *("no_interest", "feeling_depressed", "trouble_sleeping", "no_energy"),
    *("no_appetite", "feeling_bad_self", "trouble_concentrate", "move_speak_slow"),
    "thoughts_death",
)


def columns(pairs):
    return "[columns]\n" + "".join(f'"{name}" = "{m}"\n' for name, m in pairs)


def items(letter, measure):
    numbers = range(1, measure.item_count + 1)
    return [(f"{letter}{n}", f"{measure.code}_{n}") for n in numbers]


MAPPINGS = {
    "Psychological_aspects.csv": DECLARED + BY_ROW + columns(items("D", PHQ9)),
    "nhanes2016s_phq9_totals.csv": DECLARED
    + "totals_only = true\n"
    + columns([("SEQN", "record_number"), ("Depression.Score", "phq9_total")]),
    "simulated_ptsd.csv": DECLARED
    + 'recall_window = "past_month"\n'
    + columns([("patient_id", "record_number"), *items("S", PCL5)]),
    "sdv_redcap_synthetic_data_1000_rows.csv": DECLARED
    + BY_ROW
    + 'answers = "labels"\n'
    + columns(
        [
            *((name, f"phq9_{n}") for n, name in enumerate(SYMPTOMS, start=1)),
            ("hard_to_work", "phq9_difficulty"),
        ]
    ),
    "messy_csv/bissoli_pt_header_uppercase.csv": DECLARED
    + 'record_number = "id"\nrecord_prefix = "BR-"\n',
}


@pytest.fixture
def imported(shared_data, migrated_sqlite_url):
    """Import one of the files, and return the engine and what was said."""
    engines = []

    def run(name):
        engines.append(open_database(migrated_sqlite_url))
        return engines[0], do_import(engines[0], shared_data, name)

    yield run
    for engine in engines:
        engine.dispose()


def do_import(engine, folder, name):
    file = SourceFile(name, (folder / name).read_bytes())
    batch = read_files([file], read_mapping(MAPPINGS[name].encode()))
    with writing(engine, TESTER) as connection:
        return commit_import(connection, batch)


def scores(engine):
    with reading(engine, TESTER) as connection:
        return latest_course_scores_frame(connection)


def answers_in_order(engine):
    with reading(engine, TESTER) as connection:
        query = select(assessment.c.answers).order_by(assessment.c.id)
        return list(connection.scalars(query))


def bands(totals):
    named = totals.map(lambda total: PHQ9.band(total).name).value_counts()
    return [int(named[band.name]) for band in PHQ9.severity_bands]


def test_psychological_aspects_as_phq_9(imported):
    engine, _ = imported("Psychological_aspects.csv")
    frame = scores(engine)
    assert len(frame) == 223
    assert frame["total"].mean() == pytest.approx(8.8251, abs=5e-5)
    assert frame["total"].std() == pytest.approx(6.1725, abs=5e-5)
    assert bands(frame["total"]) == [61, 82, 43, 18, 19]
    assert (frame["item_9"] > 0).sum() == 65


def test_nhanes_totals(imported):
    engine, done = imported("nhanes2016s_phq9_totals.csv")
    totals = scores(engine)["total"]
    assert done.files[0].forms_total_only == len(totals) == 9_942
    assert bands(totals) == [7413, 1641, 549, 231, 108]
    assert (totals >= 10).sum() == 888
    assert totals.mean() == pytest.approx(3.2872, abs=5e-5)
    assert totals.std() == pytest.approx(4.3383, abs=5e-5)
    assert scores(engine)["item_9"].isna().all()


def test_simulated_ptsd_as_pcl_5(imported):
    engine, _ = imported("simulated_ptsd.csv")
    totals = scores(engine)["total"]
    assert len(totals) == 5_000
    assert totals.mean() == pytest.approx(57.772, abs=5e-4)
    assert totals.std() == pytest.approx(12.3622, abs=5e-5)
    assert (totals >= 33).sum() == 4_836
    rows = [parse_answers(PCL5, text) for text in answers_in_order(engine)]
    met = [pcl5_symptom_rule(answers) for answers in rows]
    assert sum(met) == 4_710
    assert sum(met[:120]) == 111
    first = [sum(answers) for answers in rows[:120]]
    assert sum(first) / 120 == pytest.approx(57.98333, abs=5e-6)


def test_a_redcap_label_export_has_incomplete_forms_only(imported):
    engine, done = imported("sdv_redcap_synthetic_data_1000_rows.csv")
    (file,) = done.files
    assert (file.forms_incomplete, file.forms_complete) == (127, 0)
    assert file.rows_without_answers == 1_000 - 127
    answered = [len(text) - text.count("-") for text in answers_in_order(engine)]
    assert set(answered) <= set(range(1, 9))
    assert scores(engine)["total"].isna().all()


def test_a_header_in_capitals_needs_a_date_and_a_record_number(imported):
    engine, _ = imported("messy_csv/bissoli_pt_header_uppercase.csv")
    assert answers_in_order(engine) == ["211021101", "001100000"]


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_second_import_adds_nothing(imported, shared_data, name):
    engine, _ = imported(name)
    before = row_counts(engine)
    assert do_import(engine, shared_data, name).to_add == 0
    assert row_counts(engine) == before


REFUSED = {
    "BtheB.csv": "no column is known as an answer",
    "claus_2020.csv": "no column is known as an answer",
    "km_aml.csv": "no column is known as an answer",
    "km_gehan.csv": "no column is known as an answer",
    "km_waltons.csv": "no column is known as an answer",
    "Psychological_aspects.csv": "D1 to D9 may be items of one measure or another",
    "simulated_ptsd.csv": "S1 to S20 may be items of one measure or another",
    "messy_csv/donchan91_phq9_only_blank_rows.csv": "only blank rows (6)",
    "fhir/Questionnaire-PCL_LEC-de.xml": "is XML or a web page, not CSV",
    "fhir/Questionnaire-loinc-44249-1-lforms25.json": "is JSON, not CSV",
}


@pytest.mark.parametrize(("name", "says"), REFUSED.items())
def test_a_foreign_file_is_asked_about_or_refused_in_one_line(shared_data, name, says):
    (problem,) = read_files(
        [SourceFile(name, (shared_data / name).read_bytes())]
    ).problems
    assert says in problem.sentence
    assert "\n" not in problem.sentence


def test_real_headers_are_asked_about_and_never_guessed(shared_data):
    files = sorted((shared_data / "headers").glob("*.csv"))
    assert files
    for path in files:
        header = path.read_bytes().splitlines()[0]
        row = b",".join([b"1"] * (header.count(b",") + 1))
        for content in (header, header + b"\n" + row):
            batch = read_files([SourceFile(path.name, content)], NO_MAPPING)
            assert batch.problems, path.name
            assert not batch.readings or batch.readings[0].problems, path.name
