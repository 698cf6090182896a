"""What a progress report says, word for word, of small courses that are written out."""

import re
from datetime import UTC, datetime

import pytest

from data.actors import CLINICIAN
from data.alerts import list_alerts
from data.database import open_database, reading, writing
from data.patients import get_course, get_patient
from tests import factories
from tests.actors import TESTER, with_role
from views import wording
from views.course_record import load_course
from views.note_text import note_text
from views.report_facts import (
    LONGEST_TEXT,
    MOST_ROWS,
    NO_ALERT,
    NO_FORM,
    Printed,
    most_telling,
    progress_report,
    shortened,
)


PRINTED = Printed(
    by="Dr Lee",
    at=datetime(2024, 3, 1, 14, 5, tzinfo=UTC),
    practice="Riverside Ketamine",
)


@pytest.fixture
def engine(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()


def write(engine, infusions, forms, **facts):
    """Write a course: days of infusions, and forms as (measure, day, what)."""
    with writing(engine, TESTER) as connection:
        course = factories.add_course(connection, "A-1", **facts)
        for day in infusions:
            moment = factories.at(f"{day}", usual_hour=10)
            factories.add_infusion(
                connection, course_id=course, facts=factories.given(moment)
            )
        for measure, day, what in forms:
            given = what if isinstance(what, dict) else {"total": what}
            moment = factories.at(f"{day}")
            factories.add_assessment(
                connection,
                course_id=course,
                facts=factories.form(measure, moment, **given),
            )
    return course


def read(engine, course_id):
    with reading(engine, with_role(CLINICIAN)) as connection:
        course = get_course(connection, course_id)
        patient = get_patient(connection, course.patient_id)
        alerts = list_alerts(connection, patient_id=patient.id)
        return load_course(connection, course), patient, alerts


def report_of(engine, infusions, forms, **facts):
    return progress_report(
        *read(engine, write(engine, infusions, forms, **facts)), PRINTED
    )


def answers(total, item_9):
    """Return answers of a PHQ-9 with this total and this item 9."""
    rest = total - (item_9 or 0)
    given = []
    for _ in range(8):
        given.append(min(3, rest))
        rest -= given[-1]
    return {"answers": (*given, item_9)}


WORKED = [
    ("phq9", -2, answers(20, 1)),
    ("phq9", 3, answers(14, 0)),
    ("phq9", 10, 9),
    ("phq9", 30, {"answers": (1,) * 8 + (None,)}),
    ("pcl5", -2, 50),
    ("pcl5", 31, {"total": 30, "recall_window": "past_week"}),
]


def test_every_form_is_a_row_with_its_marks_and_nothing_missing_is_a_zero(engine):
    report = report_of(engine, [0, 3, 7], WORKED)
    assert [row.cells for row in report.rows] == [
        (
            "30 Dec 2023",
            "PHQ-9",
            "20, severe",
            "–",
            "1",
            "before infusion 1 (2 days)",
            "baseline",
        ),
        (
            "30 Dec 2023",
            "PCL-5",
            "50",
            "–",
            "–",
            "before infusion 1 (2 days)",
            "baseline; total only",
        ),
        (
            "4 Jan 2024",
            "PHQ-9",
            "14, moderate",
            "−6 (−30 %)",
            "0",
            "before infusion 2",
            "recall overlaps infusion 1",
        ),
        (
            "11 Jan 2024",
            "PHQ-9",
            "9, mild",
            "−11 (−55 %)",
            "not known",
            "after infusion 3 (3 days)",
            "total only; recall overlaps infusion 3",
        ),
        (
            "31 Jan 2024",
            "PHQ-9",
            "8 to 11 possible",
            "–",
            "not answered",
            "after infusion 3 (23 days)",
            "incomplete, 8 of 9 answered",
        ),
        (
            "1 Feb 2024",
            "PCL-5",
            "30",
            "–",
            "–",
            "after infusion 3 (24 days)",
            "total only; past week",
        ),
    ]


def test_it_says_who_where_and_by_whom(engine):
    report = report_of(engine, [0], [("phq9", -1, 20)], clinician="Dr Ode")
    assert report.practice == "Riverside Ketamine"
    assert report.printed == "Printed by Dr Lee, 1 Mar 2024, 14:05"
    assert report.name == "Name not recorded"
    assert report.identity == "birth date not recorded · record number A-1"
    assert report.course == (
        "Course 1, opened 2 Nov 2023 · depression · Dr Ode · Main site · "
        "infusion 1 of 6 · last infusion 1 Jan 2024: 0.5 mg/kg IV"
    )


def test_the_last_item_9_and_every_open_alert_are_said(engine):
    report = report_of(engine, [0], [("phq9", -1, answers(20, 2))])
    assert report.safety == [
        "Last PHQ-9, 31 Dec 2023. Item 9: 2, more than half the days.",
        "▲ 1 item-9 alert is open (item 9 was 2 on 31 Dec 2023): nobody has recorded "
        "yet what was done.",
    ]


def test_of_many_open_alerts_the_latest_are_named(engine):
    forms = [("phq9", day, answers(20, 1)) for day in (1, 2, 3, 4)]
    alerts = report_of(engine, [0], forms).safety[1]
    assert alerts.startswith("▲ 4 item-9 alerts are open (item 9 was 1 on 5 Jan 2024, ")
    assert alerts.count("item 9 was") == 3 and ", and earlier" in alerts


def test_a_0_is_no_all_clear(engine):
    report = report_of(engine, [0], [("phq9", -1, answers(20, 0))])
    assert report.safety == [
        "Last PHQ-9, 31 Dec 2023. Item 9: 0, not at all. "
        "This alone does not rule out risk.",
        NO_ALERT,
    ]
    assert "does not rule out" in NO_ALERT


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            answers(8, None),
            "Item 9 was not answered. This is not a 0; ask the patient.",
        ),
        (20, "Item 9 is not known: only a total was received."),
    ],
)
def test_an_item_9_that_is_missing_is_said_to_be(engine, what, said):
    assert said in report_of(engine, [0], [("phq9", -1, what)]).safety[0]


def test_a_course_without_a_form_says_so(engine):
    report = report_of(engine, [0], [])
    assert report.standing == [NO_FORM]
    assert (report.rows, report.chart, report.forms) == ([], "", 0)
    assert "Sources" not in f"{report.sources}"


def test_only_measures_of_the_course_are_defined(engine):
    report = report_of(engine, [0], [("phq9", -1, 20), ("phq9", 1, 9)])
    text = " ".join(report.definitions)
    assert "PHQ-9 (0 to 27)" in text and "PCL-5" not in text
    assert [source[:2] for source in report.sources] == ["1 ", "2 ", "3 ", "4 "]
    numbers = {int(n) for n in re.findall(r"\[(\d)\]", text)}
    assert numbers == {1, 2, 3, 4}


def test_with_100_forms_the_baselines_and_the_latest_are_listed(engine):
    forms = [("phq9", day, 20 if day < 0 else 9) for day in range(-2, 58)]
    forms += [("pcl5", day, 40) for day in range(-1, 39)]
    report = report_of(engine, [0, 3], forms)
    assert len(report.rows) == MOST_ROWS
    assert sorted(row.cells[1] for row in report.rows if row.stays) == [
        "PCL-5",
        "PHQ-9",
    ]
    assert report.rows[-1].cells[0] == "27 Feb 2024"
    assert report.forms == 100


def test_nothing_is_left_out_where_there_is_room(engine):
    record, *_ = read(engine, write(engine, [0], WORKED))
    points = record.points[::-1]
    assert most_telling(points, len(points)) == points
    assert [p.is_baseline for p in most_telling(points, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, ""),
        ("  Ada \n Lovelace ", "Ada Lovelace"),
        ("x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        ("x" * (LONGEST_TEXT + 1), "x" * (LONGEST_TEXT - 1) + "…"),
    ],
)
def test_long_text_is_cut_to_one_line(text, shown):
    assert shortened(text) == shown


def test_indications_have_words_of_their_own():
    assert set(wording.TREATED_FOR) == {"depression", "ptsd", "both"}


# The same as text for a note.


def test_a_note_has_a_dated_line_for_each_form_the_latest_first(engine):
    record, *_ = read(engine, write(engine, [0, 3, 7], WORKED))
    text = note_text(record).splitlines()
    assert text[0] == "Course 1, opened 2 Nov 2023. Lower is better."
    assert text[1].startswith("PHQ-9 cannot be told")
    assert text[2].startswith("PCL-5 cannot be told")
    assert text[3:] == [
        "1 Feb 2024, 09:00: PCL-5, past week: 30; total only; after infusion 3 "
        "(24 days)",
        "31 Jan 2024, 09:00: PHQ-9: no total, 8 to 11 possible; item 9 not answered; "
        "incomplete, 8 of 9 answered; after infusion 3 (23 days)",
        "11 Jan 2024, 09:00: PHQ-9: 9, mild; −11 points (−55 %) from baseline; "
        "item 9 not known; total only; recall overlaps infusion 3; after infusion 3 "
        "(3 days)",
        "4 Jan 2024, 09:00: PHQ-9: 14, moderate; −6 points (−30 %) from baseline; "
        "item 9: 0, not at all; recall overlaps infusion 1; before infusion 2",
        "30 Dec 2023, 09:00: PCL-5, past month: 50; baseline; total only; before "
        "infusion 1 (2 days)",
        "30 Dec 2023, 09:00: PHQ-9: 20, severe; item 9: 1, several days; baseline; "
        "before infusion 1 (2 days)",
    ]


def test_a_note_names_nobody_and_says_where_there_is_no_form(engine):
    record, *_ = read(engine, write(engine, [], [], clinician="Dr Ode"))
    assert note_text(record).splitlines()[1:] == [NO_FORM]
    assert "Ode" not in note_text(record)
