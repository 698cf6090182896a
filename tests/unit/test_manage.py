"""The commands: their answers, and every refusal in one plain line with exit code 2."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import manage
from data.database import open_database, reading
from data.moments import today
from data.patients import list_patients
from tests.actors import TESTER
from tests.exchange_files import FORM, INFUSION, row_counts
from tests.factories import write_practice


ROOT = Path(__file__).parents[2]

PRACTICE = """
    course | infusions              | phq9
    -------+------------------------+----------------
    a      | 0, 3, 7, 10, 14, 17    | -1: 20, 40: 8
    b      | 0, 3, 7, 10, 14, 17    | -1: 20, 40: 18
    c      | 0, 3, 7, 10, 14, 17    | -1: 20
    d      | 0, 3, 7, 10, 14, 17    | -1: 4, 40: 2
    e      | 0                      |
"""
RATE_KEYS = [
    *("started", "eligible", "not_due", "due", "measured", "events"),
    *("estimate", "lower", "upper", "confidence", "method", "nonresponse", "bounds"),
]
GOOD = f"{FORM}\nA,2025-01-06,1,2,0,3,1,0,2,1,1\nB,2025-01-06,1,,,,,,,,\n"
BAD = f"{FORM}\nA,2025-01-06,7,2,0,3,1,0,2,1,9\n"


def run(*arguments):
    return CliRunner().invoke(manage.app, [str(a) for a in arguments])


def said(*arguments):
    """Return what a command prints."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    return result.stdout


def told(*arguments):
    """Return what a command prints as JSON."""
    return json.loads(said(*arguments, "--json"))


def refused(*arguments):
    """Return the one line with which a command refuses."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.endswith("\n")
    assert result.stderr.count("\n") == 1
    return result.stderr.strip()


@pytest.fixture
def url(migrated_sqlite_url):
    return migrated_sqlite_url


@pytest.fixture
def practice(url):
    write_practice(url, PRACTICE)
    return url


@pytest.fixture
def file(tmp_path):
    def write(text, name="forms.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


# score


def test_scores_a_phq_9():
    text = said("score", "phq9", "3,0,1,2,0,0,1,0,3")
    assert "PHQ-9 total: 10, moderate (of 27)." in text
    assert "Item 9: 3, nearly every day." in text
    assert "finds another depressive syndrome" in text


def test_scores_a_pcl_5():
    text = said("score", "pcl5", "4,3,1,0,3,3,4,1,2,0,3,1,0,0,1,2,4,0,0,3")
    assert "PCL-5 total: 35 (of 80)." in text
    assert "Clusters: B 11, C 7, D 7, E 10." in text
    assert "The DSM-5 symptom rule is met." in text
    assert "at or above the highest of the published cut-points" in text


@pytest.mark.parametrize(
    ("total", "where"), [(30, "below"), (31, "within"), (33, "at or above")]
)
def test_a_pcl_5_total_is_set_beside_the_cut_points(total, where):
    answers = [4] * (total // 4) + [total % 4]
    text = said(
        "score", "pcl5", ",".join(map(str, answers + [0] * (20 - len(answers))))
    )
    assert f"{total} is {where} " in text


@pytest.mark.parametrize("answers", ["3,0,1,2,,0,1,-,3", "3012-01-3"])
def test_a_blank_or_a_dash_is_unanswered_and_prorating_is_marked(answers):
    text = said("score", "phq9", answers)
    assert "7 of 9 items answered. No total; it must lie from 10 to 16." in text
    assert "Prorated: 12.9. Not a total, and used in no rate." in text


def test_answers_may_begin_with_a_dash():
    assert "8 of 9 items answered" in said("score", "phq9", "-,0,1,2,0,0,1,0,3")


def test_an_incomplete_pcl_5_has_ranges():
    text = said("score", "pcl5", "-" + "0" * 19)
    assert "B 0 to 4 possible, C 0" in text
    assert "cut-points" not in text


def test_a_score_as_json_has_stable_keys():
    phq9 = told("score", "phq9", "3,0,1,2,0,0,1,0,3")
    assert phq9 == {
        "measure": "phq9",
        "answered": 9,
        "asked": 9,
        "complete": True,
        "total": 10,
        "lowest": 10,
        "highest": 10,
        "band": "moderate",
        "item_9": 3,
        "prorated": None,
        "syndrome": "other",
    }
    partial = told("score", "phq9", "3,0,1,2,,0,1,-,3")
    assert (partial["total"], partial["band"]) == (None, None)
    assert partial["prorated"] == pytest.approx(90 / 7)
    pcl5 = told("score", "pcl5", "2" * 20)
    assert pcl5["clusters"]["D"] == {"total": 14, "lowest": 14, "highest": 14}
    assert pcl5["symptom_rule"] is True
    assert pcl5["item_9"] is None


# outcomes


def test_outcomes_say_the_rate_in_one_sentence_and_a_table(practice):
    text = said("outcomes", "--database", practice)
    assert text.startswith(
        "50 % of the 2 measured met response (95 % CI 9–91); of all 3"
    )
    assert "Started" in text


def test_outcomes_as_json_have_the_stable_keys(practice):
    rate = told("outcomes", "--database", practice)
    assert list(rate)[: len(RATE_KEYS)] == RATE_KEYS
    counts = ("started", "eligible", "not_due", "due", "measured", "events")
    assert [rate[key] for key in counts] == [5, 3, 0, 3, 2, 1]
    assert rate["estimate"] == 0.5
    assert rate["nonresponse"]["estimate"] == pytest.approx(1 / 3)
    assert rate["bounds"] == {"lower": pytest.approx(1 / 3), "upper": 2 / 3}
    assert list(rate["nonresponse"]) == ["estimate", "lower", "upper"]
    assert (rate["confidence"], rate["method"]) == (0.95, "Wilson score")


def test_where_nobody_was_measured_there_is_no_estimate(url):
    rate = told("outcomes", "--database", url)
    assert rate["measured"] == 0
    assert [rate[key] for key in ("estimate", "lower", "upper")] == [None] * 3
    assert rate["nonresponse"] == dict.fromkeys(("estimate", "lower", "upper"))
    assert rate["bounds"] == {"lower": None, "upper": None}
    text = said("outcomes", "--database", url)
    assert text.startswith("No rate")
    assert "Bounds           no data\n" in text
    assert "no interval" not in text


def test_an_earlier_day_sees_only_what_had_happened(practice):
    early = told("outcomes", "--database", practice, "--as-of", "2024-01-20")
    counts = [early[key] for key in ("started", "due", "not_due", "measured")]
    assert counts == [5, 0, 3, 0]
    assert early["as_of"] == "2024-01-20"


def test_today_as_a_date_is_the_same_as_no_date(practice):
    asked = ("outcomes", "--database", practice)
    assert told(*asked, "--as-of", today().isoformat()) == told(*asked)


def test_outcomes_take_their_choices(practice):
    asked = ("outcomes", "--database", practice, "--all-courses")
    asked += ("--criterion", "phq9_remission_lt5", "--timepoint", "week_6")
    asked += ("--indication", "depression", "--recall-window", "two_weeks")
    rate = told(*asked)
    assert (rate["criterion"], rate["timepoint"]) == ("phq9_remission_lt5", "week_6")
    assert told(*asked[:3], "--indication", "ptsd")["started"] == 0


REFUSED_QUESTIONS = {
    "measure": (["--measure", "gad7"], "Measure 'gad7' is not known; allowed: phq9, p"),
    "criterion": (["--criterion", "x"], "Criterion 'x' is not known; allowed: phq9_re"),
    "other measure": (
        ["--criterion", "pcl5_change_15"],
        "Criterion 'pcl5_change_15' belongs to the PCL-5, not to the PHQ-9; allowed: p",
    ),
    "time point": (["--timepoint", "day_2"], "Time point 'day_2' is not known; allow"),
    "window": (["--recall-window", "past_week"], "PHQ-9 window 'past_week' is not kno"),
    "day": (["--as-of", "1.2.2024"], "--as-of '1.2.2024' is not a date; allowed: YYY"),
    "future": (
        ["--as-of", f"{today() + timedelta(days=2)}"],
        f"--as-of {today() + timedelta(days=2)} is in the future; allowed: until",
    ),
    "indication": (["--indication", "OCD"], "Indication 'OCD' is not known; allowed:"),
    "clinician": (["--clinician", "Nobody"], "Clinician 'Nobody' has no course here"),
    "option": (["--criteria", "x"], "No such option: --criteria"),
    "extra": (["phq9"], "Got unexpected extra argument"),
}


@pytest.mark.parametrize(
    ("options", "says"), REFUSED_QUESTIONS.values(), ids=REFUSED_QUESTIONS
)
def test_an_impossible_question_is_refused_in_one_line(url, options, says):
    assert refused("outcomes", "--database", url, *options).startswith(says)


REFUSED_COMMANDS = {
    "digit": (
        ["score", "phq9", "3,0,1,2,0,0,1,0,7"],
        "PHQ-9 item 9: 7 is not an answer; allowed: 0 to 3, or unanswered",
    ),
    "letter": (["score", "phq9", "x"], "PHQ-9 item 1: 'x' is not an answer"),
    "too few": (["score", "phq9", "3,0"], "PHQ-9 has 9 items; got 2 answers"),
    "measure": (["score", "phq8", "3"], "Measure 'phq8' is not known; allowed: phq9"),
    "command": (["scores"], "No such command 'scores'"),
    "argument": (["import"], "Missing argument"),
    "figure": (["compare", "--figure", "x"], "Figure 'x' is not known; allowed: "),
    "no figure": (["compare"], "Missing option"),
    "no file": (["import", "no-such-file.csv"], "no-such-file.csv cannot be read: No"),
    "indication": (
        ["import", "x.csv", "--indication", "OCD"],
        "Indication 'OCD' is not known; allowed: depression, ptsd, both",
    ),
    "url": (["migrate", "--database", "foo"], "The database URL cannot be read"),
    "backend": (
        ["outcomes", "--database", "mysql://u@h/n"],
        "Database 'mysql' is not supported; allowed: sqlite, postgresql",
    ),
    "nowhere": (
        ["outcomes", "--database", "sqlite:////no-such-folder/practice.db"],
        "There is no database yet; make it with: python manage.py migrate",
    ),
}


@pytest.mark.parametrize(
    ("arguments", "says"), REFUSED_COMMANDS.values(), ids=REFUSED_COMMANDS
)
def test_every_refusal_is_one_plain_line_with_exit_code_2(arguments, says):
    assert refused(*arguments).startswith(says)


def test_without_a_command_the_commands_are_listed():
    text = said()
    for name in ("migrate", "score", "example", "import", "outcomes", "published"):
        assert f"\n  {name} " in text


# import


def test_imports_a_file_and_says_what_was_added(url, file):
    text = said("import", file(GOOD), "--new-patients", "--database", url)
    assert "Imported 2 forms of 2 new patients. 1 item-9 alert opened." in text
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        numbers = [patient.record_number for patient in list_patients(connection)]
    engine.dispose()
    assert numbers == ["A", "B"]


def test_files_that_need_each_other_are_imported_together(url, file):
    infusions = file(f"{INFUSION}\nA,2025-01-06 10:00,0.5,,40,IV,\n", "infusions.csv")
    asked = ("import", file(GOOD), infusions, "--new-patients", "--database", url)
    result = told(*asked, "--indication", "ptsd", "--by", "Dr Test")
    assert result["imported"] is True
    assert [f["to_add"] for f in result["files"]] == [2, 1]
    assert (result["patients_new"], result["courses_opened"]) == (2, 2)
    assert result["problems"] == []
    again = told(*asked)
    assert (again["to_add"], again["already_there"]) == (0, 3)


def test_a_preview_writes_nothing(url, file):
    said("outcomes", "--database", url)
    engine = open_database(url)
    before = row_counts(engine)
    result = told(
        "import", file(GOOD), "--new-patients", "--preview", "--database", url
    )
    assert (result["imported"], result["to_add"]) == (False, 2)
    assert row_counts(engine) == before
    engine.dispose()


def test_problems_are_a_table_and_the_first_is_the_one_line(url, file):
    result = run("import", file(BAD), "--database", url)
    assert result.exit_code == 2
    assert result.stderr == (
        "2 problems; the first: forms.csv row 2, column phq9_1: '7' is not an answer; "
        "allowed: 0 to 3, or blank\n"
    )
    assert "File       Row  Column  Value  Problem" in result.stdout
    assert "2 problems: nothing can be imported" in result.stdout


def test_a_value_is_shown_as_it_stands_in_the_file(url, file):
    typed = file(GOOD.replace("A,2025-01-06", r"A,2025\_01\*06"))
    assert r"2025\_01\*06" in run("import", typed, "--database", url).stdout


@pytest.mark.parametrize("preview", [[], ["--preview"]])
def test_problems_as_json_are_listed_too(url, file, preview):
    result = run("import", file(BAD), "--database", url, "--json", *preview)
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert found["imported"] is False
    assert [p["column"] for p in found["problems"]] == ["phq9_1", "phq9_9"]
    assert found["problems"][0] == {
        "file": "forms.csv",
        "row": 2,
        "column": "phq9_1",
        "value": "7",
        "kind": "content",
        "fault": "is not an answer",
        "allowed": "0 to 3, or blank",
    }


def test_unknown_patients_are_found_when_it_comes_to_writing(url, file):
    line = refused("import", file(GOOD), "--database", url)
    assert "'A' is not in this practice" in line


def test_a_mapping_file_is_followed(url, file):
    foreign = file("MRN,T\nA,12\n")
    mapping = file(
        '[columns]\nMRN = "record_number"\nT = "phq9_total"\n'
        '[declare]\ncompleted_at = "2025-01-06"\nnew_patients = true',
        "m.toml",
    )
    asked = ("import", foreign, "--mapping", mapping, "--database", url)
    assert "Imported 1 form of 1 new patient." in said(*asked)
    broken = file("[column]", "m.toml")
    assert "key 'column' is not known" in refused(*asked[:3], broken, *asked[4:])


# The other commands


def test_published_figures_are_listed():
    text = said("published")
    assert "mcinnes_2022_phq9_14_31d" in text
    figures = told("published")
    assert {figure["code"] for figure in figures} >= {"mcinnes_2022_phq9_14_31d"}


def test_the_practice_is_set_beside_a_figure(practice):
    asked = ("compare", "--figure", "mcinnes_2022_phq9_14_31d", "--database", practice)
    text = said(*asked)
    assert "as far as the record allows: 50 % (1 of 2 measured" in text
    assert "Neither number shows what ketamine did" in text
    response, _, change = told(*asked)
    assert response["practice"]["events"] == 1
    assert response["published"]["percent"] == 53.6
    assert response["difference"]["estimate"] == pytest.approx(0.5 - 288 / 537)
    assert change["refusal"]


def test_a_figure_without_a_practice_number_says_why(url):
    asked = ("compare", "--figure", "mcinnes_2022_phq9_14_31d", "--database", url)
    assert all(result["refusal"] for result in told(*asked))
    assert "has no practice number beside it" in said(*asked)


def test_every_published_figure_can_be_asked_for(practice):
    for figure in told("published"):
        results = told("compare", "--figure", figure["code"], "--database", practice)
        assert [r["outcome"] for r in results] == ["response", "remission", "change"]


def test_scores_are_rebuilt(practice):
    assert told("rebuild-scores", "--database", practice)["scores"] > 0
    assert said("rebuild-scores", "--database", practice).endswith("derived.\n")


def test_the_example_practice_is_made_once(sqlite_url):
    assert told("example", "--database", sqlite_url) == {"made": True}
    assert told("example", "--database", sqlite_url) == {"made": False}
    assert told("outcomes", "--database", sqlite_url)["started"] > 100


def test_the_example_never_goes_into_the_practice(practice):
    assert "already has patients" in refused("example", "--database", practice)


def test_migrates_a_new_database(sqlite_url):
    assert told("migrate", "--database", sqlite_url)["schema"]
    assert told("outcomes", "--database", sqlite_url)["started"] == 0


def test_a_damaged_database_is_refused_in_one_line(practice):
    path = Path(practice.removeprefix("sqlite:///"))
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 4096)
    assert refused("rebuild-scores", "--database", practice).startswith("The database")


def test_as_a_program_it_ends_with_code_2_and_one_line(practice):
    command = [sys.executable, "manage.py", "outcomes", "--criterion", "x"]
    result = subprocess.run(
        [*command, "--database", practice], cwd=ROOT, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Criterion 'x' is not known; allowed: phq9_")
    assert result.stderr.count("\n") == 1


def test_as_a_program_it_ends_with_code_0():
    command = [sys.executable, "manage.py", "score", "phq9", "000000000", "--json"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["total"] == 0
