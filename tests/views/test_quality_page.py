"""The page Quality measures: what it shows is counted, and exclusions can be said."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import streamlit as st
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from analysis.quality import AGE_UNKNOWN, DENOMINATOR, OPEN
from data.actors import LEAD
from data.audit import list_audit_entries
from data.database import open_database, reading
from data.moments import today
from data.patients import list_patients
from data.quality_exclusions import (
    add_exclusion,
    list_exclusions,
    list_withdrawn_exclusions,
)
from data.tables import patient
from measures.days import day_number
from measures.quality_measures import (
    EXCLUSIONS,
    QUALITY_MEASURES,
    Period,
    calendar_year,
)
from tests.actors import TESTER
from tests.factories import practice as writing_practice
from tests.factories import write_practice
from tests.views.clinic import MAIN, SECONDS, text_of, visited_by
from tests.views.results_pages import EMPTY, TINY, opened, table
from views.results.counts import quality as counts
from views.results.counts.recut import Practice, Selection
from views.results.wording import quality as wording


# The last that is over, on its last day too: what the page begins with.
LAST_YEAR = calendar_year((today() + timedelta(days=1)).year - 1)
MNCM = "mncm_response_6"
RECORD = "Record or take back an exclusion"


@contextmanager
def asked(url, as_of=None):
    """Yield the practice as the page reads it."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        yield Practice(connection, Selection(as_of_day=day_number(as_of or today())))
    engine.dispose()


def counted(url, code=MNCM, period=LAST_YEAR, as_of=None):
    with asked(url, as_of) as practice:
        return counts.quality(practice, QUALITY_MEASURES[code], period)


def pills(app):
    return next(g for g in app.button_group if g.key.endswith("_number"))


def choosing(code):
    app = opened("quality.py")
    return app.selectbox(key="quality_measure").set_value(code).run()


def test_it_opens_on_every_practice(practice):
    app = opened("quality.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
        return
    assert len(table(app, "Quality measures of the period")) == len(QUALITY_MEASURES)
    if practice == TINY:
        # No birth date was recorded, so nobody is taken for 12 or older.
        assert "Apart: no birth date is recorded" in str(
            table(app, "Numbers of CMS159: remission at twelve months")
            + table(choosing("hedis_drr_response"), hedis_table())
        )


def hedis_table():
    return f"Numbers of {wording.title(QUALITY_MEASURES['hedis_drr_response'])}"


def test_a_practice_without_a_form_is_told_to_record_one(
    migrated_sqlite_url, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    write_practice(migrated_sqlite_url, "course | infusions\n---|---\na | 0, 3")
    app = opened("quality.py")
    assert "No complete PHQ-9 was recorded by this day" in app.info[0].value
    st.cache_resource.clear()


def test_the_table_of_all_measures_is_what_is_counted(example):
    app = opened("quality.py")
    with asked(example) as practice:
        results = {
            code: counted.result
            for code, counted in counts.quality_measures(practice, LAST_YEAR).items()
        }
    shown = table(app, "Quality measures of the period")
    assert shown == [
        {name: cell.replace("\u00a0", " ") for name, cell in row.items()}
        for row in wording.overview_rows(results)
    ]
    assert wording.overview(results, LAST_YEAR) in text_of(app)


@pytest.mark.parametrize("code", QUALITY_MEASURES)
def test_every_measure_opens_with_its_numbers_and_its_definition(example, code):
    app = choosing(code)
    assert not app.exception
    measure, found = QUALITY_MEASURES[code], counted(example, code)
    shown = table(app, f"Numbers of {wording.title(measure)}")
    assert {row["Number"]: int(row["Count"]) for row in shown} == {
        number.name: number.count for number in wording.numbers(measure, found.result)
    }
    assert wording.headline(found.result) in text_of(app).replace("\u00a0", " ")
    defined = str(table(app, "Definition of the measure"))
    for said in (*measure.left_out, measure.version, measure.numerator):
        assert said.replace("\u00a0", " ") in defined.replace("\\'", "'")


@pytest.mark.parametrize("code", QUALITY_MEASURES)
def test_behind_every_number_are_as_many_patients_as_it_says(example, code):
    measure, found = QUALITY_MEASURES[code], counted(example, code)
    for number in wording.numbers(measure, found.result):
        assert len(number.of(found.rows)) == number.count, number.name


def test_a_number_opens_the_patients_that_it_counts(example):
    app = choosing(MNCM)
    pills(app).set_value("missing").run()
    assert not app.exception
    rows = app.dataframe[0].value
    found = counted(example).result
    assert len(rows) == found.missing.n > 0
    assert set(rows["State"]) == {"no follow-up"}
    assert rows["Follow-up"].isna().all()


def test_it_starts_with_the_first_measure_that_can_be_counted(example):
    with asked(example) as practice:
        found = counts.quality_measures(practice, LAST_YEAR)
    can = [code for code, counted in found.items() if counted.result.rate]
    app = opened("quality.py")
    assert app.selectbox(key="quality_measure").value == can[0]


def test_an_own_period_and_an_earlier_as_of_day_are_counted(example):
    app = choosing(MNCM)
    first, last, then = (today() - timedelta(days=ago) for ago in (330, 240, 90))
    app.selectbox(key="quality_period").set_value("own dates").run()
    app.date_input(key="quality_from").set_value(first).run()
    app.date_input(key="quality_until").set_value(last).run()
    period = Period(day_number(first), day_number(last))
    measure = QUALITY_MEASURES[MNCM]
    name = f"Numbers of {wording.title(measure)}"
    assert table(app, name)[0]["Count"] == str(
        counted(example, period=period).result.denominator.n
    )
    app.date_input(key="outcomes_as_of").set_value(then).run()
    earlier = counted(example, period=period, as_of=then).result
    assert table(app, name)[0]["Count"] == str(earlier.denominator.n)
    assert earlier.provisional
    assert "Provisional: more may still enter" in text_of(app)


def test_a_period_that_ends_before_it_begins_is_said(example):
    app = opened("quality.py")
    app.selectbox(key="quality_period").set_value("own dates").run()
    app.date_input(key="quality_from").set_value(today()).run()
    before = today() - timedelta(days=1)
    app.date_input(key="quality_until").set_value(before).run()
    assert not app.exception
    assert wording.ENDS_BEFORE_IT_BEGINS in [info.value for info in app.info]


# Exclusions.


def recording(app):
    return next(t for t in app.toggle if t.label == RECORD).set_value(True).run()


def button(app, label):
    return next(b for b in app.button if b.label == label)


def excluding(app, patient_id, code="bipolar", day=None):
    app.selectbox(key=f"exclusion_patient_{MNCM}").set_value(patient_id)
    app.selectbox(key=f"exclusion_code_{MNCM}").set_value(code)
    app.date_input(key="exclusion_day").set_value(day)
    return button(app, "Record").click().run()


def test_an_exclusion_takes_the_patient_out_of_the_denominator(example):
    before = counted(example).result
    patient_id = before.missing.patient_ids[0]
    app = recording(choosing(MNCM))
    assert app.date_input(key="exclusion_day").min == date(1900, 1, 1)
    app = excluding(app, patient_id, day=date(1961, 6, 1))
    assert not app.exception
    after = counted(example).result
    assert after.denominator.n == before.denominator.n - 1
    assert [(g.reason, g.patient_ids) for g in after.excluded] == [
        ("bipolar", (patient_id,))
    ]
    shown = table(app, f"Numbers of {wording.title(QUALITY_MEASURES[MNCM])}")
    assert {"Excluded: bipolar disorder": "1"}.items() <= {
        row["Number"]: row["Count"] for row in shown
    }.items()
    (standing,) = table(app, "Exclusions as they stand")
    assert (standing["Excluded for"], standing["Since"]) == (
        "Bipolar disorder",
        "1 Jun 1961",
    )
    assert patient_id not in app.selectbox(key=f"exclusion_patient_{MNCM}").options


def test_taken_back_the_patient_counts_again(example):
    before = counted(example).result
    with writing_practice(example) as connection:
        kept = add_exclusion(
            connection, patient_id=before.missing.patient_ids[0], code="died"
        )
    app = recording(choosing(MNCM))
    app.selectbox(key="exclusion_chosen").set_value(kept)
    app = button(app, "Take it back").click().run()
    assert "A correction needs a reason; nothing was changed" in app.error[0].value
    app.selectbox(key="exclusion_chosen").set_value(kept)
    app.text_input(key="exclusion_reason").set_value("Another patient")
    app = button(app, "Take it back").click().run()
    assert not app.exception
    assert counted(example).result == before
    with asked(example) as practice:
        assert list_exclusions(practice.connection) == []
        (back,) = list_withdrawn_exclusions(practice.connection)
        *_, told = list_audit_entries(practice.connection)
    assert (back.exclusion.id, back.reason) == (kept, "Another patient")
    assert (told.action, told.subject) == ("void", f"quality exclusion {kept}")
    (row,) = table(app, "Exclusions taken back")
    assert row["Taken back"].endswith("Another patient")


def test_who_counts_or_will_count_can_be_chosen_and_nobody_else(example):
    code = "mncm_response_12"
    found = counted(example, code).result
    app = recording(choosing(code))
    options = app.selectbox(key=f"exclusion_patient_{code}").options
    windows = sum(group.n for group in found.apart if group.state == "window open")
    assert windows > 0
    assert len(options) == found.denominator.n + windows


def test_who_stands_apart_cannot_be_chosen(example):
    code = "mncm_response_12"
    apart = counted(example, code).result.apart[0].patient_ids[0]
    engine = open_database(example)
    with engine.begin() as connection:
        connection.execute(
            update(patient).where(patient.c.id == apart).values(birth_date=None)
        )
    engine.dispose()
    with asked(example) as practice:
        people = {p.id: p.record_number for p in list_patients(practice.connection)}
    found = counted(example, code)
    (unknown,) = found.rows.loc[found.rows["state"] == AGE_UNKNOWN, "patient_id"]
    assert unknown == apart
    options = (
        recording(choosing(code)).selectbox(key=f"exclusion_patient_{code}").options
    )
    assert len(options) == len(found.rows) - 1
    assert not [option for option in options if option.startswith(f"{people[apart]}:")]


def test_nothing_is_recorded_until_both_are_chosen(example):
    app = button(recording(choosing(MNCM)), "Record").click().run()
    assert wording.CHOOSE_BOTH in app.error[0].value
    with asked(example) as practice:
        assert list_exclusions(practice.connection) == []


def test_a_lead_who_is_no_clinician_can_record_an_exclusion(example):
    app = visited_by(AppTest.from_file(str(MAIN), default_timeout=SECONDS), LEAD)
    app = app.switch_page("results/quality.py").run()
    app = app.selectbox(key="quality_measure").set_value(MNCM).run()
    patient_id = counted(example).result.missing.patient_ids[0]
    app = excluding(recording(app), patient_id)
    assert not app.exception
    with asked(example) as practice:
        (kept,) = list_exclusions(practice.connection)
    assert kept.patient_id == patient_id


def year_with_somebody(url, code):
    """Return the newest year in which somebody counts by a measure, or will count."""
    with asked(url) as practice:
        for year in counts.years(practice):
            found = counts.quality(
                practice, QUALITY_MEASURES[code], calendar_year(year)
            )
            if found.rows["state"].isin([*DENOMINATOR, OPEN]).any():
                return year
    raise AssertionError(f"nobody counts by {code}")


def test_only_what_the_owner_excludes_is_asked(example):
    for code, measure in QUALITY_MEASURES.items():
        app = choosing(code)
        year = year_with_somebody(example, code)
        app = app.selectbox(key="quality_period").set_value(year).run()
        asks = any(toggle.label == RECORD for toggle in app.toggle)
        assert asks == bool(measure.exclusions), code
        if not asks:
            assert wording.NOTHING_IS_ASKED in text_of(app)
            continue
        app = recording(app)
        found = app.selectbox(key=f"exclusion_code_{code}").options
        assert found == [
            wording.exclusion_name(condition.code) for condition in measure.exclusions
        ]
    assert set(wording.EXCLUSION_NAMES) == set(EXCLUSIONS)
