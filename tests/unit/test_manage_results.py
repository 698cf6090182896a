"""Every result from the command line: the same numbers as on the pages, never a trace.

Each command is tried without a patient, with three, and on the example practice.
"""

import getpass
import json
import shutil
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from analysis.durability import TooFew
from analysis.proportions import wilson_proportion
from data.audit import EXPORT, list_audit_entries
from data.database import open_database, reading, writing
from data.example_practice import make_example
from data.infusions import add_infusion
from data.moments import today
from data.patients import close_course, get_course, open_course
from measures.days import day_number
from measures.durability import LOSS_RULES
from measures.quality_measures import QUALITY_MEASURES
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS
from tests.actors import TESTER
from tests.exchange_files import FORM
from tests.factories import at, calendar_day, given, practice, write_practice
from tests.unit.test_manage import refused, run, said, told
from tests.views.results_pages import write_tiny
from views.as_json import plain
from views.results.counts import by_infusion as by_infusion_counts
from views.results.counts import change, data_quality, durability, glance, missing
from views.results.counts import safety as safety_counts
from views.results.counts import variation as variation_counts
from views.results.counts.recut import Practice, Selection


RESPONSE = CRITERIA["phq9_response_50"]
WINDOW = MEASURES["phq9"].default_recall_window.code
NO_MORE_NOTES = """
    CREATE TRIGGER no_more BEFORE INSERT ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'full'); END
"""
ONE_INFUSION = """
    course | infusions
    -------+----------
    a      | 0
"""
COMMANDS = (
    "outcomes",
    "glance",
    "by-infusion",
    "durability",
    "change",
    "missing",
    "variation",
    "quality",
    "safety",
    "data-quality",
)


@pytest.fixture(scope="session")
def example_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("example") / "example.sqlite"
    make_example(f"sqlite:///{path}", as_of=today())
    return path


@pytest.fixture
def example(example_file, tmp_path):
    return f"sqlite:///{shutil.copy(example_file, tmp_path / 'example.sqlite')}"


@pytest.fixture
def tiny(migrated_sqlite_url):
    write_tiny(migrated_sqlite_url)
    return migrated_sqlite_url


def counted(url, ask, **chosen):
    """Return a result as JSON, asked directly."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        selection = Selection(**{"as_of_day": day_number(today()), **chosen})
        found = plain(ask(Practice(connection, selection)))
    engine.dispose()
    return json.loads(json.dumps(found))


# Every command, every practice.


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("measure", MEASURES)
def test_it_answers_without_a_patient(migrated_sqlite_url, command, measure):
    asked = [command, "--database", migrated_sqlite_url]
    if command != "quality":
        asked += ["--measure", measure]
    assert said(*asked)
    assert told(*asked)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("measure", MEASURES)
def test_it_answers_for_three_patients(tiny, command, measure):
    asked = [command, "--database", tiny]
    if command != "quality":
        asked += ["--measure", measure]
    assert said(*asked)
    assert told(*asked)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_answers_for_the_example_in_words_of_a_terminal(example, command):
    text = said(command, "--database", example)
    assert "\\" not in text
    assert "**" not in text
    assert "hollow" not in text
    assert told(command, "--database", example)


# The same numbers.

QUESTIONS = {
    "glance": lambda p: {
        "groups": glance.glance(p, "phq9", "weeks_2_4", recall_window=WINDOW),
        "quarters": glance.quarters(p, RESPONSE, "weeks_2_4", recall_window=WINDOW),
    },
    "by-infusion": lambda p: by_infusion_counts.by_infusion(p, RESPONSE),
    "change": lambda p: change.change(p, RESPONSE, "weeks_2_4"),
    "missing": lambda p: missing.missing(p, RESPONSE, "weeks_2_4"),
    "safety": lambda p: safety_counts.safety(safety_counts.safety_records(p, "phq9")),
    "data-quality": lambda p: data_quality.data_quality(
        data_quality.quality_records(p, "phq9")
    ),
}


@pytest.mark.parametrize("command", QUESTIONS)
def test_json_is_what_is_counted(example, command):
    found = told(command, "--database", example)
    direct = counted(example, QUESTIONS[command])
    # Alerts that are open grow older from one second to the next.
    ages = [result.pop("alerts", {}) for result in (found, direct)]
    assert found == direct
    assert ages[0].get("open") == ages[1].get("open")


def test_the_courses_can_be_chosen(example):
    first, last = (today() - timedelta(days=days) for days in (330, 150))
    chosen = ("--indication", "both", "--all-courses", "--from", first)
    chosen += ("--until", last, "--timepoint", "week_6")
    rate = told("outcomes", "--database", example, *chosen)
    direct = counted(
        example,
        lambda p: glance.glance(p, "phq9", "week_6", recall_window=WINDOW)[0],
        indication="both",
        all_courses=True,
        first_day_from=day_number(first),
        first_day_to=day_number(last),
    )
    assert 0 < rate["started"] == direct["started"]
    assert rate["measured"] == direct["measured"]


def test_each_patient_s_first_course_is_asked_about_or_every_one(migrated_sqlite_url):
    first = write_practice(migrated_sqlite_url, ONE_INFUSION)["a"]
    with practice(migrated_sqlite_url) as connection:
        close_course(connection, first, closed=calendar_day(3), reason="Finished")
        second = open_course(
            connection,
            patient_id=get_course(connection, first).patient_id,
            indication="depression",
            opened=calendar_day(90),
        )
        add_infusion(connection, course_id=second, facts=given(at("100")))
    asked = ("outcomes", "--database", migrated_sqlite_url)
    assert told(*asked)["started"] == 1
    assert told(*asked, "--all-courses")["started"] == 2


def test_how_the_record_is_kept_is_told_of_the_time_point_asked_for(tiny):
    def told_of(*asked):
        found = told("data-quality", "--database", tiny, *asked)["due"]
        return [due["timepoint"] for due in found]

    assert told_of() == list(data_quality.FOLLOWED)
    asked = ("--timepoint", "after_infusion_2")
    assert told_of(*asked) == [*data_quality.FOLLOWED, "after_infusion_2"]


def test_durability_takes_its_rule_and_boosters(example):
    asked = ("durability", "--database", example, "--rule", "phq9_response_lost")
    found = told(*asked, "--until-booster", "--origin", "starting form")
    assert found["answer"]["rule"] == "phq9_response_lost"
    assert found["answer"]["until_booster"] is True
    assert found["other_boosters"]["until_booster"] is False
    assert found["boosters"]["courses"] > 100


def test_durability_without_enough_is_a_refusal(tiny):
    found = told("durability", "--database", tiny)["answer"]
    assert list(found["seen"]) == ["refused"]
    assert set(found["seen"]["refused"]) == {"needed", "found"}


def test_variation_holds_no_row_of_a_patient(example):
    found = told("variation", "--database", example, "--by", "site")
    assert list(found) == ["counted", "by", "funnel", "months", "p_chart", "xmr"]
    direct = counted(
        example,
        lambda p: (
            variation_counts.variation(
                p, "phq9", "weeks_2_4", criterion=RESPONSE
            ).months
        ),
    )
    assert found["months"] == direct


def test_completeness_can_be_charted(example):
    asked = ("variation", "--database", example, "--counted", "completeness")
    assert told(*asked)["counted"] == "completeness"


def test_one_quality_measure_in_a_period_of_ones_own(example):
    code = next(iter(QUALITY_MEASURES))
    asked = ("quality", "--database", example, "--measure", code)
    found = told(*asked, "--from", "2026-01-01", "--until", "2026-06-30")
    assert list(found) == [code]
    assert set(told("quality", "--database", example)) == set(QUALITY_MEASURES)
    assert found[code] != told(*asked, "--year", "2025")[code]


def test_every_period_that_can_be_named_is_counted(tiny):
    asked = ("quality", "--database", tiny)
    assert told(*asked, "--year", "1900")
    assert told(*asked, "--year", "2199")
    assert told(*asked, "--from", "1900-01-01", "--until", "2199-12-31")


def test_compare_says_what_it_could_tell(example):
    asked = ("compare", "--figure", "mcinnes_2022_phq9_14_31d", "--database", example)
    assert "would look the same as 53.6 %" in said(*asked)
    response, remission, change_ = told(*asked)
    alike = response["power"]["power"]["alike"]
    assert alike["fewest"] <= response["practice"]["events"] <= alike["most"]
    assert remission["power"]
    assert change_["power"] is None


def test_safety_says_what_item_9_does_not(example):
    assert "does not say that there is no risk" in said("safety", "--database", example)


REFUSED_QUESTIONS = {
    "rule": (["durability", "--rule", "x"], "Rule 'x' is not known; allowed: phq9_"),
    "rule of the other": (
        ["durability", "--measure", "pcl5", "--rule", "phq9_response_lost"],
        "Rule 'phq9_response_lost' is not known; allowed: pcl5_",
    ),
    "origin": (["durability", "--origin", "x"], "Origin 'x' is not known; allowed: "),
    "unit": (["variation", "--by", "x"], "Unit 'x' is not known; allowed: clinician"),
    "number": (["variation", "--counted", "x"], "Number 'x' is not known; allowed: "),
    "quality": (["quality", "--measure", "x"], "Quality measure 'x' is not known; al"),
    "half a period": (["quality", "--from", "2026-01-01"], "A period of your own nee"),
    "backwards": (
        ["quality", "--from", "2026-02-01", "--until", "2026-01-01"],
        "--from 2026-02-01 is after --until 2026-01-01",
    ),
    "day": (["glance", "--from", "1.2.2026"], "--from '1.2.2026' is not a date; allo"),
    "no dashes": (["glance", "--from", "20260201"], "--from '20260201' is not a date"),
    "week": (["glance", "--as-of", "2026-W01-1"], "--as-of '2026-W01-1' is not a date"),
    "turned about": (
        ["glance", "--from", "2026-02-01", "--until", "2026-01-01"],
        "--from 2026-02-01 is after --until 2026-01-01",
    ),
    "far future": (
        ["quality", "--year", "99999"],
        "--year 99999; allowed: years 1900 to 2199",
    ),
    "before any": (["quality", "--year", "-5"], "--year -5; allowed: years 1900 to"),
    "year 0": (["quality", "--year", "0"], "--year 0; allowed: years 1900 to 2199"),
    "too early": (["quality", "--year", "1899"], "--year 1899; allowed: years 1900"),
    "too late": (["quality", "--year", "2200"], "--year 2200; allowed: years 1900"),
    "no number": (["quality", "--year", f"{10**20 - 1}"], "--year 9999999999999999999"),
    "all time": (
        ["quality", "--from", "0001-01-01", "--until", "9999-12-31"],
        "--from 0001-01-01; allowed: years 1900 to 2199",
    ),
    "both": (
        ["quality", "--year", "2025", "--from", "2026-01-01", "--until", "2026-02-01"],
        "--year is one period, --from and --until another",
    ),
    "both by half": (
        ["quality", "--year", "2025", "--until", "2026-02-01"],
        "--year is one period, --from and --until another",
    ),
    "to come": (
        ["quality", "--as-of", "2199-01-01"],
        "--as-of 2199-01-01 is in the future; allowed: until",
    ),
    "criterion of none": (
        ["variation", "--counted", "completeness", "--criterion", "phq9_response_50"],
        "--criterion is of a rate; --counted completeness has none",
    ),
    "time point": (["missing", "--timepoint", "x"], "Time point 'x' is not known; al"),
    "snapshot": (["snapshot", "show", "7"], "There is no snapshot"),
    "no snapshot's": (
        ["snapshot", "show", f"{10**20 - 1}"],
        "There is no snapshot 99999999999999999999",
    ),
    "less than none": (
        ["snapshot", "show", "--", f"-{10**20 - 1}"],
        "There is no snapshot -99999999999999999999",
    ),
    "nothing": (["snapshot", "save"], "Nothing to save. No rate: no course had start"),
    "group": (["snapshot", "open"], "No such command 'open'"),
}


@pytest.mark.parametrize(
    ("asked", "says"), REFUSED_QUESTIONS.values(), ids=REFUSED_QUESTIONS
)
def test_an_impossible_question_is_refused_in_one_line(
    migrated_sqlite_url, monkeypatch, asked, says
):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    assert refused(*asked).startswith(says)


# Snapshots and the report.


def test_a_snapshot_is_saved_listed_and_opened(tiny):
    here = ("--database", tiny)
    assert said("snapshot", "list", *here) == "There is no snapshot yet.\n"
    saved = told("snapshot", "save", *here, "--note", "For the board")
    (listed,) = told("snapshot", "list", *here)["kept"]
    assert (listed["id"], listed["hash"]) == (saved["id"], saved["hash"])
    assert listed["note"] == "For the board"
    shown = told("snapshot", "show", saved["id"], *here)
    assert shown["content"]["rate"]["started"] == 3
    assert shown["again"]["reproduced"] is True
    text = said("snapshot", "show", saved["id"], *here)
    assert "It comes out again" in text
    assert f"Seal: {saved['hash']}" in text


def test_a_note_is_listed_as_it_was_typed(tiny):
    note = r"C:\new\_plan *1* \\"
    said("snapshot", "save", "--database", tiny, "--note", note)
    assert note in said("snapshot", "list", "--database", tiny)


def test_a_refused_snapshot_leaves_nothing(migrated_sqlite_url):
    refused("snapshot", "save", "--database", migrated_sqlite_url)
    kept = told("snapshot", "list", "--database", migrated_sqlite_url)["kept"]
    assert kept == []


def test_the_report_is_a_file_and_replaces_none(tiny, tmp_path):
    path = tmp_path / "report.pdf"
    asked = ("report", "--to", path, "--database", tiny)
    assert told(*asked)["bytes"] == path.stat().st_size
    assert path.read_bytes().startswith(b"%PDF-")
    assert "cannot be written: File exists" in refused(*asked)


def test_a_report_that_was_handed_out_is_noted_and_one_refused_is_not(tiny, tmp_path):
    asked = ("report", "--to", tmp_path / "report.pdf", "--database", tiny)
    said(*asked)
    refused(*asked)
    engine = open_database(tiny)
    with reading(engine, TESTER) as connection:
        taken = [e for e in list_audit_entries(connection) if e.action == EXPORT]
    engine.dispose()
    assert [entry.subject for entry in taken] == ["results report.pdf"]
    assert taken[0].who == f"manage.py ({getpass.getuser()})"


def test_a_report_that_cannot_be_noted_is_not_handed_out(tiny, tmp_path):
    engine = open_database(tiny)
    with writing(engine, TESTER) as connection:
        connection.execute(text(NO_MORE_NOTES))
    engine.dispose()
    path = tmp_path / "report.pdf"
    assert run("report", "--to", path, "--database", tiny).exit_code
    assert path.read_bytes() == b""


# Imports that are refused.


def test_a_refused_import_is_counted_and_a_preview_is_not(
    migrated_sqlite_url, tmp_path
):
    file = tmp_path / "forms.csv"
    file.write_text(f"{FORM}\nA,2025-01-06,7,2,0,3,1,0,2,1,9\n", encoding="utf-8")
    here = ("--database", migrated_sqlite_url)
    run("import", file, "--preview", *here)
    assert told("data-quality", *here)["imports"] == []
    run("import", file, *here)
    (one,) = told("data-quality", *here)["imports"]
    assert sum(number for _, number in one["problems"]) == 2
    assert "A,2025" not in json.dumps(one)


def test_a_file_that_waits_for_new_patients_is_no_refused_import(
    migrated_sqlite_url, tmp_path
):
    file = tmp_path / "forms.csv"
    file.write_text(f"{FORM}\nA,2025-01-06,1,2,0,3,1,0,2,1,1\n", encoding="utf-8")
    here = ("--database", migrated_sqlite_url)
    assert "allow new patients" in refused("import", file, *here)
    assert told("data-quality", *here)["imports"] == []


# JSON.


def test_a_day_is_a_date_and_what_is_no_number_is_none():
    assert plain({"first_day": 20758, "days": 20758}) == {
        "first_day": "2026-11-01",
        "days": 20758,
    }
    frame = pd.DataFrame({"score_day": [20758.0, float("nan")], "n": [1, 2]})
    assert plain(frame) == [
        {"score_day": "2026-11-01", "n": 1},
        {"score_day": None, "n": 2},
    ]


def test_a_share_has_its_counts_and_interval():
    share = plain(wilson_proportion(1, 2))
    assert (share["events"], share["n"], share["estimate"]) == (1, 2, 0.5)
    assert share["lower"] == pytest.approx(0.0945, abs=1e-4)


def test_definitions_are_their_codes_and_refusals_say_how_many():
    assert plain([RESPONSE, TIMEPOINTS["week_6"]]) == ["phq9_response_50", "week_6"]
    assert plain(TooFew(needed=10, found=3)) == {"refused": {"needed": 10, "found": 3}}


def test_what_has_no_form_in_json_is_refused():
    with pytest.raises(TypeError, match="object has no form"):
        plain(object())


def test_durability_by_command_is_that_of_the_page(example):
    rule = next(r for r in LOSS_RULES.values() if r.default and r.measure == "phq9")
    question = durability.usual_question(rule)
    direct = counted(example, lambda p: durability.lasting(p, question))
    found = told("durability", "--database", example)
    assert {name: found[name] for name in direct} == direct
