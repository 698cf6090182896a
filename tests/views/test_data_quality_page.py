"""The page Data quality: it shows what is counted, and leads to the records behind."""

import csv
import io

import pytest
import streamlit as st

from analysis.data_quality import LATE, QUESTIONS
from data.assessments import void_assessment
from data.exchange.problems import CONFLICT, Problem
from data.exchange.refused import note_refused
from data.moments import today
from measures.days import day_number
from tests.views.clinic import Clinic, phq9
from tests.views.offered_files import offered_files
from tests.views.results_pages import (
    EMPTY,
    choose,
    numbers,
    opened,
    practice_of,
    table,
    words_of,
)
from views.results.counts.data_quality import (
    FOLLOWED,
    data_quality,
    quality_records,
)
from views.results.wording import data_quality as wording
from views.results.wording.occurrences import table_rows


PAGE = "data_quality.py"


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def counted(url, measure="phq9", timepoints=FOLLOWED, **chosen):
    with practice_of(url, **chosen) as practice:
        return data_quality(quality_records(practice, measure, timepoints=timepoints))


def test_it_opens_on_every_practice(practice):
    app = opened(PAGE)
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
        return
    assert "No import was refused." in words_of(app)


@pytest.mark.parametrize("measure", ["phq9", "pcl5"])
def test_what_is_said_is_what_is_counted(example, measure):
    found = counted(example, measure)
    app = choose(opened(PAGE), "outcomes_measure", measure)
    headline = wording.headline(found, "weeks_2_4")
    assert app.subheader[0].value.replace("\u00a0", " ") == headline
    for sentence in (
        wording.forms_sentence(found.forms, measure),
        wording.infusions_sentence(found, measure),
        wording.places_sentence(found.places),
        wording.protocol_sentence(found.protocol),
    ):
        assert sentence in words_of(app)
    due = table(app, "Forms due and done by time point")
    assert due == wording.due_rows(found.due)
    forms = table_rows(wording.forms_named(found.forms), "Forms", "forms")
    assert table(app, "Forms") == forms


def test_infusions_of_courses_that_never_had_the_form_are_told_apart(clinic):
    with clinic.writing():
        for number, days in (("A-1", (30,)), ("A-2", ())):
            course = clinic.course(clinic.patient(number), indication="ptsd")
            clinic.infusion(course, 30)
            clinic.infusion(course, 27)
            for day in days:
                clinic.form(course, day, phq9(12))
    found = counted(clinic.url)
    assert (found.without_form.events, found.of_never_asked) == (3, 2)
    assert "2 of them are of courses that never had one" in words_of(opened(PAGE))


def test_every_number_stands_on_its_button(example):
    found = counted(example)
    app = opened(PAGE)
    due = next(one for one in found.due if one.timepoint == "weeks_2_4")
    assert numbers(app, "quality_due") == {
        "Measured": due.done,
        "Due, not measured": due.missing,
        "Not yet due": due.not_due,
        "No due day": due.never_due,
    }
    forms = numbers(app, "quality_forms")
    for question, one in zip(QUESTIONS, found.forms, strict=True):
        name = wording.QUESTION_NAMES[question]
        assert forms[name] == one.events
        assert forms.get(f"{name}, not known", 0) == one.not_known
    without = found.without_form
    assert numbers(app, "quality_infusions") == {
        "Without a form": without.events,
        "With a form": without.known - without.events,
    }
    places = found.places
    assert list(numbers(app, "quality_places").values()) == [
        places.in_course,
        places.too_early,
        places.waiting,
        places.never_started,
    ]
    protocol = found.protocol
    assert list(numbers(app, "quality_protocol").values()) == [
        protocol.on_protocol,
        *(count for _, count in protocol.reasons),
        protocol.still_in_induction,
    ]


def test_another_time_point_has_its_own_courses(example):
    app = choose(opened(PAGE), "outcomes_timepoint", "after_infusion_3")
    found = counted(example, timepoints=(*FOLLOWED, "after_infusion_3"))
    due = found.due[-1]
    assert numbers(app, "quality_due")["Due, not measured"] == due.missing
    shown = table(app, "Forms due and done by time point")
    assert shown[1]["Time point"] == "After infusion 3"


@pytest.mark.parametrize(
    ("key", "code", "name"),
    [
        ("quality_due", "missing", "Due, not measured"),
        ("quality_due", "no due day", "No due day"),
        ("quality_forms", "incomplete", "Incomplete"),
        ("quality_forms", "recorded late unknown", "Recorded late, not known"),
        ("quality_forms", "withdrawn", "Withdrawn"),
        ("quality_infusions", "without", "Without a form"),
        ("quality_places", "too early for a baseline", "Too early for a baseline"),
        ("quality_protocol", "fewer infusions", "Fewer than 6 infusions"),
        ("quality_protocol", "on", "On protocol"),
    ],
)
def test_a_button_lists_as_many_rows_as_it_says(example, key, code, name):
    app = opened(PAGE)
    count = numbers(app, key)[name]
    assert count > 0
    (listed,) = choose(app, f"{key}_number", code).dataframe
    assert len(listed.value) == count
    assert listed.value["Record number"].str.startswith("EX-").all()


def test_a_form_without_an_infusion_is_shown_before_there_is_any(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 50, phq9(12))
        clinic.form(course, 2, phq9(12))
    app = opened(PAGE)
    assert "2 of 2 forms belong to no infusion" in words_of(app)
    assert numbers(app, "quality_places")["No infusion for too long"] == 1
    assert numbers(app, "quality_places")["Waiting for infusion 1"] == 1
    assert "No infusion has been recorded up to this day." in words_of(app)


def test_late_and_withdrawn_forms_are_told(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 9, phq9(12))
        clinic.infusion(course, 9)
        wrong = clinic.form(course, 3, phq9(10))
        void_assessment(clinic.connection, wrong, reason="Another patient's")
    app = opened(PAGE)
    # Both were recorded just now.
    assert numbers(app, "quality_forms")["Recorded late"] == 1
    assert numbers(app, "quality_forms")["Withdrawn"] == 1
    late = next(one for one in counted(clinic.url).forms if one.what == LATE)
    assert (late.events, late.known) == (1, 1)


def test_refused_imports_are_told_by_their_kinds(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.infusion(course, 3)
        clash = Problem("f.csv", 2, "", "", "is recorded already", kind=CONFLICT)
        note_refused(clinic.connection, [clash, clash])
        note_refused(clinic.connection, [Problem("f.csv", 1, "", "", "is empty")])
    app = opened(PAGE)
    assert "2 imports were refused; 1 of them for 2 conflicts" in words_of(app)
    newest, oldest = table(app, "Refused imports")
    assert (newest["Conflicts"], newest["Problems of the file"]) == ("0", "1")
    assert (oldest["Conflicts"], oldest["Problems of the file"]) == ("2", "0")
    with practice_of(clinic.url, as_of_day=day_number(today()) - 1) as practice:
        assert not quality_records(practice, "phq9").imports


# Files.


def test_no_file_holds_a_small_count(example):
    with offered_files() as files:
        opened(PAGE)
    assert set(files) == {
        "forms-due.csv",
        "forms.csv",
        "infusions-without-form.csv",
        "protocol.csv",
    }
    counts = ("started", "due", "measured", "records", "events", "patients", "courses")
    for name, make in files.items():
        for row in csv.DictReader(io.StringIO(make().decode("utf-8-sig"))):
            shown = [row[c] for c in counts if row.get(c, "").isdigit()]
            assert all(int(count) >= 5 for count in shown), name
            assert row["As of"] == today().isoformat()


def test_a_clinicians_name_is_shown_as_it_was_typed(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient(), clinician="Dr *Lee*")
        clinic.form(course, 3, phq9(12))
        clinic.infusion(course, 3)
    app = choose(opened(PAGE), "outcomes_clinician", "Dr *Lee*")
    assert r"clinician: Dr \*Lee\*" in words_of(app)
