"""The patient's page: who this is, where they stand, what needs somebody."""

from datetime import date

import pytest
import streamlit as st

from data.actors import operator
from data.alerts import list_alerts
from data.assessments import correct_assessment, get_assessment, list_assessments
from data.events import list_events
from data.example_practice import make_example
from data.infusions import list_infusions
from data.moments import today
from data.patients import close_course, list_patients
from measures.registry import MEASURES
from tests.actors import acting
from tests.views.clinic import BY, Clinic, moment, open_page, pcl5, phq9, text_of
from views.patient_details import clicked_form


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def opened(patient_id=None):
    query = {} if patient_id is None else {"patient": patient_id}
    return checked(open_page("patient.py", **query))


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def click(app, label):
    button = next(button for button in app.button if button.label == label)
    return checked(button.click().run())


def fill(app, label, value):
    fields = [*app.text_input, *app.selectbox, *app.date_input]
    next(field for field in fields if field.label == label).set_value(value)


def tables(app):
    return [table.value for table in app.table]


def rows(app, column):
    """Return the rows of the table that has this column."""
    table = next(table for table in tables(app) if column in table.columns)
    return table.to_dict("records")


def charts(app):
    return app.get("plotly_chart")


@pytest.fixture
def treated(clinic):
    """A patient in response, with two infusions and an earlier rise of item 9."""
    with clinic.writing():
        patient = clinic.patient(
            "A-1", family_name="Lindqvist", birth_date=date(1980, 5, 3), sex="female"
        )
        clinic.course_id = clinic.course(patient)
        clinic.infusion(clinic.course_id, 20)
        clinic.infusion(clinic.course_id, 16)
        clinic.forms = [
            clinic.form(clinic.course_id, 20, phq9(20), difficulty=2),
            clinic.form(clinic.course_id, 16, phq9(15)),
            clinic.form(clinic.course_id, 3, phq9(9)),
        ]
    clinic.patient_id = patient
    return clinic


@pytest.mark.parametrize("asked", [None, "", "0123456789abcdef", "' OR 1=1 --"])
def test_without_a_known_patient_there_is_a_way_to_the_caseload(clinic, asked):
    app = opened(asked)
    assert "no patient at this address" in text_of(app)
    click(app, "Open the caseload")
    assert app.title[0].value == "Caseload"


def test_name_birth_date_and_record_number_say_who_this_is(treated):
    app = opened(treated.patient_id)
    years = today().year - 1980 - ((today().month, today().day) < (5, 3))
    assert app.title[0].value == r"Lindqvist\, Ada"
    assert f"born 3 May 1980 ({years})" in text_of(app)
    assert r"record number **A\-1** · female" in text_of(app)


def test_a_name_is_shown_as_it_was_typed(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1", family_name="![x](http://a.b/c)")
    title = opened(patient).title[0].value
    assert title.replace("\\", "") == "![x](http://a.b/c), Ada"
    assert r"\!\[x\]\(" in title


def test_the_course_says_how_far_it_is_and_what_was_given_last(treated):
    text = text_of(opened(treated.patient_id))
    assert "**Infusion 2 of 6**" in text
    assert "0.5 mg/kg (40 mg) IV over 40 min, **16 days ago**" in text
    assert "depression, Dr Lee" in text


def test_a_patient_without_a_course_is_told_how_to_go_on(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
    app = opened(patient)
    assert "There is no course yet" in text_of(app)
    assert not charts(app)


def test_a_course_without_infusion_or_form_is_told_how_to_go_on(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        clinic.course(patient, clinician=None, indication=None)
    app = opened(patient)
    assert "**No infusion yet (0 of 6)**" in text_of(app)
    assert "indication not recorded, clinician not recorded" in text_of(app)
    assert "no form in this course yet" in text_of(app)
    assert not charts(app)


def test_forms_without_an_infusion_are_drawn_and_not_judged(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        clinic.form(clinic.course(patient), 3, phq9(15))
    app = opened(patient)
    assert "#### PHQ-9: cannot tell (no infusion yet)" in text_of(app)
    assert charts(app)


def test_the_status_stands_beside_its_rule_and_its_numbers(treated):
    app = opened(treated.patient_id)
    assert "#### PHQ-9: response" in text_of(app)
    assert r"at least 50 \% lower than at baseline\." in text_of(app)
    assert [tuple(row.values())[1:3] for row in rows(app, "Change")] == [
        ("9, mild", "−11 (−55 %)"),
        ("15, moderately severe", "−5 (−25 %)"),
        ("20, severe", ""),
    ]
    assert "#### PCL-5: no form" in text_of(app)


def test_only_incomplete_forms_give_a_range_and_no_status(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        course = clinic.course(patient)
        clinic.infusion(course, 5)
        clinic.form(course, 3, (*phq9(12)[:8], None), partial_reason="refused")
    app = opened(patient)
    assert "#### PHQ-9: cannot tell (incomplete form)" in text_of(app)
    assert rows(app, "Total")[0]["Total"] == "12 to 15, incomplete"
    assert "Item 9 was not answered" in text_of(app)
    assert "left incomplete: refused" in text_of(app)


def test_only_another_recall_window_than_the_baselines_is_not_compared(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1", family_name="Roe")
        course = clinic.course(patient, indication="ptsd")
        clinic.form(course, 5, pcl5(50), measure="pcl5")
        clinic.infusion(course, 5)
        clinic.form(course, 1, pcl5(40), measure="pcl5", recall_window="past_week")
    app = opened(patient)
    assert "#### PCL-5: cannot tell (other recall window)" in text_of(app)
    assert rows(app, "Change")[0]["Total, past week"] == "40"
    assert "another recall window, never joined" in text_of(app)


def test_a_total_without_answers_has_no_items_to_show(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        clinic.form(clinic.course(patient), 3, total=15)
    text = text_of(opened(patient))
    assert "Item 9 is not known: only a total was received." in text
    assert "Only the total was received" in text


def test_the_chart_has_words_for_who_does_not_see_it(treated):
    (chart,) = charts(opened(treated.patient_id))
    assert chart.proto.alt.startswith("PHQ-9, 3 forms, ")
    assert "baseline 20, latest 9, mild. 2 infusions." in chart.proto.alt


@pytest.fixture
def alarmed(treated):
    with treated.writing():
        treated.form(treated.course_id, 1, phq9(14, item_9=2))
    return treated


def test_an_open_alert_is_on_top_and_says_what_was_answered(alarmed):
    app = opened(alarmed.patient_id)
    (alert,) = app.error
    assert "Item 9: 2, more than half the days" in alert.value
    assert "(yesterday)" in alert.value


def act_on(app, what="referred", note="Seen today", about="What was done"):
    fill(app, about, what)
    fill(app, "Note", note)
    return click(app, "Save")


def test_recording_what_was_done_closes_the_alert(alarmed):
    app = act_on(opened(alarmed.patient_id))
    assert not app.error
    with alarmed.reading() as connection:
        (alert,) = list_alerts(connection, only_open=False)
    assert (alert.action, alert.note, alert.closed_by) == ("referred", "Seen today", BY)
    assert rows(app, "What was done")[0]["Note"] == "Seen today"


def test_an_alert_is_not_closed_without_saying_what_was_done(alarmed):
    app = act_on(opened(alarmed.patient_id), what=None)
    assert "Choose what was done." in text_of(app)
    assert open_alerts(alarmed) == 1


def open_alerts(clinic):
    with clinic.reading() as connection:
        return len(list_alerts(connection))


def test_several_alerts_are_listed_together_and_acted_on_once(alarmed):
    with alarmed.writing():
        alarmed.form(alarmed.course_id, 2, phq9(15, item_9=3))
    app = opened(alarmed.patient_id)
    (listed,) = app.error
    assert "Item 9: 3, nearly every day" in listed.value
    assert "Item 9: 2, more than half the days" in listed.value
    act_on(app, about="What was done about all 2")
    assert open_alerts(alarmed) == 0
    with alarmed.reading() as connection:
        closed = list_alerts(connection, only_open=False)
    assert {alert.note for alert in closed} == {"Seen today"}


def test_an_alert_that_somebody_else_closed_says_so(alarmed):
    app = opened(alarmed.patient_id)
    act_on(opened(alarmed.patient_id))
    app = act_on(app)
    assert open_alerts(alarmed) == 0


def test_the_items_of_the_latest_form_are_shown_with_wording_and_answers(treated):
    app = opened(treated.patient_id)
    items = rows(app, "Wording")
    assert len(items) == 9
    assert items[0]["Wording"] == "Little interest or pleasure in doing things"
    assert items[0]["Answer"] == "3, Nearly every day"
    assert items[8]["At baseline"] == "0, Not at all"
    assert "This alone does not rule out risk." in text_of(app)


def test_another_form_can_be_chosen_from_the_list(treated):
    app = opened(treated.patient_id)
    key = f"form_{treated.course_id}"
    checked(app.selectbox(key=key).set_value(treated.forms[0]).run())
    assert "At baseline" not in rows(app, "Wording")[0]
    assert "**Very difficult** (not part of the total)" in text_of(app)


@pytest.mark.parametrize(
    ("points", "form"),
    [
        ([{"customdata": 7}], 7),
        ([{"customdata": [7]}], 7),
        ([{"customdata": 8}], None),
        ([{"x": "2026-03-02"}], None),
        ([], None),
    ],
)
def test_a_click_on_a_point_finds_its_form(points, form):
    assert clicked_form({"selection": {"points": points}}, {7: "a form"}) == form


def test_correcting_a_form_opens_the_record_page_with_it(treated):
    app = click(opened(treated.patient_id), "Correct this form")
    assert app.query_params["patient"] == treated.patient_id
    assert app.query_params["correct"] == str(treated.forms[2])


def test_the_history_of_a_correction_can_be_read(treated):
    with treated.writing():
        old = get_assessment(treated.connection, treated.forms[2])
        facts = old.facts.__class__(**{**vars(old.facts), "answers": phq9(11)})
        with acting(treated.connection, operator("Dr Okafor")):
            correct_assessment(
                treated.connection, old.id, facts=facts, reason="item 3 was misread"
            )
    text = text_of(opened(treated.patient_id))
    assert "Corrected by Dr Okafor on" in text
    assert "item 3 was misread" in text
    assert "total 9." in text


def test_withdrawing_a_form_needs_a_reason(treated):
    app = click(opened(treated.patient_id), "Withdraw this form")
    assert "needs a reason" in text_of(app)
    assert len(current_forms(treated)) == 3


def current_forms(clinic):
    with clinic.reading() as connection:
        return list_assessments(connection, clinic.course_id)


def test_a_withdrawn_form_leaves_the_chart_and_stays_in_the_record(treated):
    app = opened(treated.patient_id)
    fill(app, "Why this form should not be in this record", "another patient's form")
    app = click(app, "Withdraw this form")
    assert [form.total for form in current_forms(treated)] == [20, 15]
    assert "#### PHQ-9: no reliable change" in text_of(app)
    assert [e.label for e in app.expander if "Withdrawn" in e.label] == [
        "Withdrawn forms: 1"
    ]
    assert r"Withdrawn: another patient\'s form" in text_of(app)


def test_withdrawing_a_form_withdraws_its_alert(alarmed):
    app = opened(alarmed.patient_id)
    fill(app, "Why this form should not be in this record", "mistyped")
    app = click(app, "Withdraw this form")
    assert not app.error
    assert open_alerts(alarmed) == 0


def test_an_infusion_is_withdrawn_with_a_reason_and_the_rest_renumbered(treated):
    app = opened(treated.patient_id)
    app = click(app, "Withdraw this infusion")
    assert "needs a reason" in text_of(app)
    fill(app, "Why this infusion should not be in this record", "entered twice")
    app = click(app, "Withdraw this infusion")
    with treated.reading() as connection:
        assert len(list_infusions(connection, treated.course_id)) == 1
    assert "**Infusion 1 of 6**" in text_of(app)


def test_correcting_an_infusion_opens_the_record_page_with_it(treated):
    app = click(opened(treated.patient_id), "Correct this infusion")
    assert app.query_params["correct_infusion"] == "2"


def test_infusions_are_listed_the_latest_first(treated):
    listed = rows(opened(treated.patient_id), "Dose")
    assert [row["No."] for row in listed] == ["2", "1"]
    assert listed[0]["Dose"] == "0.5 mg/kg (40 mg) IV over 40 min"
    assert {row["Phase"] for row in listed} == {"induction"}


def test_an_event_is_added_to_the_course(treated):
    app = opened(treated.patient_id)
    fill(app, "Kind", "therapy")
    fill(app, "Description", "EMDR *started*")
    app = click(app, "Add event")
    with treated.reading() as connection:
        (event,) = list_events(connection, treated.course_id)
    assert (event.kind, event.day) == ("therapy", today())
    assert rows(app, "Kind")[0]["Description"] == r"EMDR \*started\*"


def test_an_event_needs_a_description(treated):
    app = click(opened(treated.patient_id), "Add event")
    assert "An event needs a description" in text_of(app).replace("\\", "")


def test_the_table_has_the_same_numbers_as_the_chart(treated):
    table = opened(treated.patient_id).dataframe[0].value
    assert table["Total"].tolist() == [9, 15, 20]
    assert table["Change in points"].tolist()[:2] == [-11, -5]
    assert table["Place"].tolist() == [
        "after infusion 2 (13 days)",
        "before infusion 2",
        "before infusion 1",
    ]


def test_the_file_to_download_names_no_patient(treated):
    app = opened(treated.patient_id)
    (download,) = app.get("download_button")
    assert "Lindqvist" not in str(download.proto)


def test_the_latest_course_is_shown_and_an_earlier_one_can_be_chosen(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        first = clinic.course(patient, days_ago=400)
        clinic.infusion(first, 380)
        clinic.form(first, 380, phq9(20))
        closed = moment(300).date()
        close_course(clinic.connection, first, closed=closed, reason="moved away")
        second = clinic.course(patient, days_ago=30)
        clinic.form(second, 10, phq9(14))
    app = opened(patient)
    assert rows(app, "Total")[0]["Total"] == "14, moderate"
    app = checked(app.selectbox(key=f"course_{patient}").set_value(first).run())
    assert rows(app, "Total")[0]["Total"] == "20, severe"
    assert "moved away" in text_of(app)


def test_recording_keeps_the_patient(treated):
    app = click(opened(treated.patient_id), "Record")
    assert app.query_params["patient"] == treated.patient_id


def test_every_measure_is_defined_on_the_page(treated):
    defined = [table for table in tables(opened(treated.patient_id)) if "Word" in table]
    assert len(defined) == len(MEASURES)


def test_names_stay_out_of_addresses_and_keys(treated):
    app = opened(treated.patient_id)
    fields = [*app.selectbox, *app.text_input, *app.button, *app.date_input]
    kept = f"{app.query_params} {[field.key for field in fields]}"
    assert "Lindqvist" not in kept
    assert "A-1" not in kept


@pytest.fixture(scope="module")
def example_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('patient') / 'example.sqlite'}"
    make_example(url, as_of=date(2026, 11, 1))
    return url


@pytest.mark.parametrize("nth", range(0, 120, 12))
def test_patients_of_the_example_practice_can_be_opened(example_url, monkeypatch, nth):
    monkeypatch.setenv("DATABASE_URL", example_url)
    with Clinic(example_url).reading() as connection:
        chosen = list_patients(connection)[nth]
    app = opened(chosen.id)
    assert app.title[0].value.replace("\\", "") == chosen.name
    st.cache_resource.clear()
