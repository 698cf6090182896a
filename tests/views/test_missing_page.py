"""The page Missing data: what it shows is counted, and each number has its patients."""

import streamlit as st

from analysis.missingness import CARRIED, CLINICIAN, IMPUTED, INDICATION, SHIFTED
from analysis.suppression import suppress
from measures.registry import CRITERIA
from tests.factories import write_practice
from tests.views.clinic import Clinic, phq9, text_of
from tests.views.results_pages import EMPTY, TINY, choose, opened, practice_of, table
from views.results.counts.missing import missing
from views.results.counts.recut import outcome
from views.results.exports import Export, export_csv
from views.results.wording import missing as wording


RESPONSE = CRITERIA["phq9_response_50"]


def found_in(url, criterion=RESPONSE, shift=None, **chosen):
    with practice_of(url, **chosen) as practice:
        return missing(practice, criterion, "weeks_2_4", shift=shift)


def pills(app, key):
    return next(group for group in app.button_group if group.key == key).options


def test_it_opens_on_every_practice(practice):
    app = opened("missing.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    elif practice == TINY:
        said = "Multiple imputation needs 20 measured courses, and there is 1."
        assert said in text_of(app)
        row = table(app, "The rate by every approach")[4]
        assert row["Rate"] == "needs 20 measured, found 1"
    else:
        assert "If the missing are like the measured courses" in text_of(app)


def test_what_is_said_is_what_is_counted(example):
    found = found_in(example)
    app = opened("missing.py")
    said = app.subheader[0].value.replace("\u00a0", " ")
    assert said == wording.headline(found.rate)
    shown = table(app, "The rate by every approach")
    assert shown == wording.estimate_rows(found.rates)
    means = table(app, "Means of the measured and of the missing")
    assert means == wording.mean_rows(found.who)


def test_the_rate_is_the_one_of_the_outcomes_page(example):
    with practice_of(example) as practice:
        rate = outcome(practice, RESPONSE, "weeks_2_4")
    assert found_in(example).rate == rate


def test_a_larger_shift_is_counted_and_said(example):
    app = choose(opened("missing.py"), "missing_shift_phq9", 12)
    found = found_in(example, shift=12)
    row = table(app, "The rate by every approach")[5]
    assert row["Approach"] == "Multiple imputation, missing worse by 12 points"
    assert row["Rate"] == wording.rate_words(found.rates.of(SHIFTED))
    usual = found_in(example).rates.of(SHIFTED).rate.estimate
    assert found.rates.of(SHIFTED).rate.estimate < usual


def test_the_missing_can_be_opened(example):
    found = found_in(example)
    app = choose(opened("missing.py"), "missing_number", "Not measured")
    rows = app.dataframe[0].value
    assert len(rows) == found.rate.missing > 5
    assert rows["Score"].isna().all()


def test_who_met_the_criterion_by_their_last_score_can_be_opened(example):
    found = found_in(example).rates.of(CARRIED)
    app = choose(
        opened("missing.py"), "missing_number", "Met, last observation carried"
    )
    assert len(app.dataframe[0].value) == len(found.event_ids) == found.rate.events


def test_a_clinician_lists_their_own_courses(example):
    found = found_in(example).who
    lee = next(row for row in found.shares if row.characteristic == CLINICIAN)
    app = opened("missing.py")
    app = choose(app, "missing_characteristic", wording.share_name(lee))
    missing_here = lee.missing_here
    assert pills(app, "missing_who_number") == [
        f"Measured: {missing_here.n - missing_here.events}",
        f"Not measured: {missing_here.events}",
    ]
    app = choose(app, "missing_who_number", "Not measured")
    assert len(app.dataframe[0].value) == missing_here.events > 0


def test_a_mean_lists_only_those_it_is_of(example):
    found = found_in(example).who.means[-1]
    name = wording.mean_name(found)
    app = choose(opened("missing.py"), "missing_characteristic", name)
    assert pills(app, "missing_who_number") == [
        f"Measured: {found.measured.n}",
        f"Not measured: {found.missing.n}",
    ]


def test_the_model_says_what_it_used_and_what_it_left_out(example):
    imputation = found_in(example).rates.imputation
    rows = {
        row["Of the imputation"]: row["Value"]
        for row in table(opened("missing.py"), "The imputation")
    }
    assert rows["Predictors"] == ", ".join(imputation.predictors)
    assert rows["Left out"].startswith(", ".join(imputation.left_out))
    assert rows["Sets drawn"] == "100"


def test_a_name_is_shown_as_it_was_typed(migrated_sqlite_url, monkeypatch):
    clinic = Clinic(migrated_sqlite_url)
    with clinic.writing():
        for number in ("A-1", "A-2"):
            patient = clinic.patient(number)
            course = clinic.course(patient, clinician="*Lee* [x]")
            clinic.form(course, 201, phq9(20))
            clinic.infusion(course, 200)
        clinic.form(course, 180, phq9(8))
    clinic.engine.dispose()
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    rows = table(opened("missing.py"), "Clinicians and indications")
    assert rows[0]["Value"] == r"Clinician\: \*Lee\* \[x\]"
    st.cache_resource.clear()


def test_nobody_due_yet_says_so(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+------
        a      | 0, 3      | -1: 5
        """,
    )
    app = opened("missing.py")
    assert "a baseline under 10" in app.info[0].value
    assert not app.table
    app = choose(app, "missing_number", "Not eligible")
    assert app.dataframe[0].value["Record number"].tolist() == ["a"]
    st.cache_resource.clear()


def test_no_file_shows_a_small_number(example):
    found = found_in(example)
    files = [
        (wording.rate_file(found.rates), wording.RATE_LAYOUT),
        (wording.mean_file(found.who), wording.MEAN_LAYOUT),
        *(
            (wording.share_file(found.who, name), wording.SHARE_LAYOUT)
            for name in (CLINICIAN, INDICATION)
        ),
    ]
    for rows, layout in files:
        written = export_csv(Export("a", rows, layout, {}), 5).decode("utf-8-sig")
        assert written.count("\n") == len(rows) + 1
        for row in suppress(rows, layout, 5).rows.values():
            shown = [row[name] for name in layout.counts]
            assert all(value >= 5 for value in shown if isinstance(value, int))


def test_few_events_hide_the_rate_by_every_approach(example):
    found = found_in(example, indication="both")
    rows = wording.rate_file(found.rates)
    (few,) = suppress(rows, wording.RATE_LAYOUT, 20).rows.values()
    assert found.rates.of(IMPUTED).rate is not None
    hidden = {few[f"{e.approach.name}, share"].text for e in found.rates.estimates}
    assert hidden == {"not shown"}
