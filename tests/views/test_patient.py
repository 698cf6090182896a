"""The patient's page: who this is, where they stand, what needs somebody."""

from datetime import date

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.actors import LEAD, operator
from data.alerts import list_alerts
from data.assessments import correct_assessment, get_assessment, list_assessments
from data.events import list_events
from data.example_practice import make_example
from data.infusions import list_infusions
from data.moments import today
from data.patients import close_course, list_patients
from measures.registry import MEASURES
from tests.actors import acting
from tests.views.clinic import (
    BY,
    MAIN,
    SECONDS,
    Clinic,
    moment,
    open_page,
    pcl5,
    phq9,
    text_of,
    visited_by,
)
from views.patient_details import clicked_form


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def opened(patient_id=None):
    query = {} if patient_id is None else {"patient": patient_id}
    return checked(open_page("patient.py", **query))


def opened_at(clinic, tab):
    """Return the page of the clinic's patient with one of its tabs open."""
    return turned(opened(clinic.patient_id), clinic.course_id, tab)


def turned(app, course_id, tab):
    app.session_state[f"tab_{course_id}"] = tab
    return checked(app.run())


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def plain(app):
    """Return every word that a page shows, without the marks that escape them."""
    return text_of(app).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")


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
    assert "PHQ-9 is responding (at least 50 % lower than at" in plain(app)
    assert [tuple(row.values())[1:3] for row in rows(app, "Change")] == [
        ("9, mild", "−11 (−55 %)"),
        ("15, moderately severe", "−5 (−25 %)"),
        ("20, severe", ""),
    ]
    assert "PCL-5" not in text_of(app)


def test_a_measure_that_is_usual_for_the_indication_is_missed(clinic):
    with clinic.writing():
        patient = clinic.patient("A-1")
        clinic.form(clinic.course(patient, indication="ptsd"), 3, phq9(15))
    assert "#### PCL-5: no form" in text_of(opened(patient))


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
    assert "another recall window, never joined" in plain(app)


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


def act_on(app, what="referred", note="Seen today"):
    fill(app, "What was done", what)
    fill(app, "Note", note)
    return click(app, "Save")


def test_recording_what_was_done_closes_the_alert(alarmed):
    app = act_on(opened(alarmed.patient_id))
    assert not app.error
    with alarmed.reading() as connection:
        (alert,) = list_alerts(connection, only_open=False)
    assert (alert.action, alert.note, alert.closed_by) == ("referred", "Seen today", BY)
    app = turned(app, alarmed.course_id, "All scores")
    assert rows(app, "What was done")[0]["Note"] == "Seen today"


def test_an_alert_is_not_closed_without_saying_what_was_done(alarmed):
    app = act_on(opened(alarmed.patient_id), what=None)
    assert "Choose what was done." in text_of(app)
    assert open_alerts(alarmed) == 1


def open_alerts(clinic):
    with clinic.reading() as connection:
        return len(list_alerts(connection))


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
    app = turned(app, treated.course_id, "All scores")
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
    app = opened_at(treated, "Infusions")
    app = click(app, "Withdraw this infusion")
    assert "needs a reason" in text_of(app)
    fill(app, "Why this infusion should not be in this record", "entered twice")
    app = click(app, "Withdraw this infusion")
    with treated.reading() as connection:
        assert len(list_infusions(connection, treated.course_id)) == 1
    assert "**Infusion 1 of 6**" in text_of(app)


def test_correcting_an_infusion_opens_the_record_page_with_it(treated):
    app = click(opened_at(treated, "Infusions"), "Correct this infusion")
    assert app.query_params["correct_infusion"] == "2"


def test_infusions_are_listed_the_latest_first(treated):
    listed = rows(opened_at(treated, "Infusions"), "Dose")
    assert [row["No."] for row in listed] == ["2", "1"]
    assert listed[0]["Dose"] == "0.5 mg/kg (40 mg) IV over 40 min"
    assert {row["Phase"] for row in listed} == {"induction"}


def test_an_event_is_added_to_the_course(treated):
    app = opened_at(treated, "Events")
    fill(app, "Kind", "therapy")
    fill(app, "Description", "EMDR *started*")
    app = click(app, "Add event")
    with treated.reading() as connection:
        (event,) = list_events(connection, treated.course_id)
    assert (event.kind, event.day) == ("therapy", today())
    assert rows(app, "Kind")[0]["Description"] == r"EMDR \*started\*"


def test_an_event_needs_a_description(treated):
    app = click(opened_at(treated, "Events"), "Add event")
    assert "An event needs a description" in text_of(app).replace("\\", "")


def test_the_table_has_the_same_numbers_as_the_chart(treated):
    table = opened_at(treated, "All scores").dataframe[0].value
    assert table["Total"].tolist() == [9, 15, 20]
    assert table["Change in points"].tolist()[:2] == [-11, -5]
    assert table["Place"].tolist() == [
        "after infusion 2 (13 days)",
        "before infusion 2",
        "before infusion 1",
    ]


def test_the_file_to_download_names_no_patient(treated):
    app = opened_at(treated, "All scores")
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


def followed(clinic, totals, *, days=(20, 17, 13), **facts):
    """Add a patient with infusions and a PHQ-9 as many days ago as given."""
    with clinic.writing():
        patient = clinic.patient("A-1", family_name="Roe")
        clinic.course_id = clinic.course(patient, **facts)
        for day in days:
            clinic.infusion(clinic.course_id, day)
        for day, total in totals.items():
            answers = total if isinstance(total, tuple) else phq9(total)
            reason = "refused" if None in answers else None
            clinic.form(clinic.course_id, day, answers, partial_reason=reason)
    clinic.patient_id = patient
    return clinic


@pytest.mark.parametrize(
    ("totals", "heading", "said"),
    [
        ({20: 20, 9: 4}, "remission", "PHQ-9 is in remission (below 5): 4, minimal"),
        ({20: 20, 9: 10}, "response", "PHQ-9 is responding (at least 50 % lower"),
        ({20: 20, 9: 14}, "reliable change", "PHQ-9 shows a reliable change"),
        ({20: 20, 9: 15}, "no reliable change", "PHQ-9 shows no reliable change"),
        ({20: 12, 9: 18}, "worse", "PHQ-9 is worse (at least 6 points higher"),
        (
            {20: 20, 9: (*phq9(12)[:8], None)},
            "cannot tell (incomplete form)",
            "PHQ-9 cannot be told: the last form has unanswered items",
        ),
        ({20: 20}, "cannot tell (no later form)", "nothing was completed after"),
        ({9: 12}, "cannot tell (no baseline)", "there is nothing to compare with"),
    ],
)
def test_each_status_is_a_heading_and_a_sentence(clinic, totals, heading, said):
    app = opened(followed(clinic, totals).patient_id)
    assert f"#### PHQ-9: {heading}" in text_of(app).split("\n")
    assert said in plain(app)


def prompts(app):
    return [e.label for e in app.expander if "To discuss" in e.label]


def test_a_slow_start_is_a_prompt_to_discuss_with_its_evidence(clinic):
    app = opened(followed(clinic, {20: 20, 9: 18}).patient_id)
    (prompt,) = prompts(app)
    assert "PHQ-9 −2 (−10" in prompt.replace("\\", "")
    assert "58 % still reached 20 % by infusion 4 (n = 134)" in plain(app)
    assert "Some people respond late." in plain(app)
    assert "other measures than the PHQ-9 and the PCL-5" in plain(app)


@pytest.mark.parametrize(
    ("totals", "days"),
    [
        ({20: 20, 9: 16}, (20, 17, 13)),
        ({20: 20, 9: 18}, (20, 13)),
        ({40: 20, 29: 18}, (40, 37, 33)),
        ({60: 20, 49: 18, 3: 18}, (60, 57, 53, 5)),
    ],
    ids=["a fall of 20 %", "2 infusions", "33 days ago", "a booster since"],
)
def test_there_is_no_prompt_on_track_too_early_or_after_induction(clinic, totals, days):
    assert not prompts(opened(followed(clinic, totals, days=days).patient_id))


def test_a_closed_course_has_nothing_left_to_discuss(clinic):
    followed(clinic, {20: 20, 9: 18})
    with clinic.writing():
        close_course(
            clinic.connection, clinic.course_id, closed=today(), reason="moved away"
        )
    assert not prompts(opened(clinic.patient_id))


def test_after_induction_what_was_lost_is_said_and_marked(clinic):
    app = opened(
        followed(clinic, {80: 20, 70: 8, 9: 15}, days=(80, 77, 73, 40, 10)).patient_id
    )
    assert "the last infusion was 10 days ago. 2 infusions since" in plain(app)
    assert "the first 33 days after induction; 30 days apart" in plain(app)
    assert "PHQ-9: response lost and relapse (10 or more again)" in plain(app)
    assert "Look at the items of that form" in plain(app)
    table = turned(app, clinic.course_id, "All scores").dataframe[0].value
    lost, responding, baseline = table["Marks"]
    assert lost.startswith("response lost; relapse; asks about the last 2 weeks")
    assert "lost" not in responding
    assert baseline == "baseline"


def test_during_induction_nothing_is_said_of_after(treated):
    with treated.writing():
        treated.infusion(treated.course_id, 8)
    assert "Induction is over" not in plain(opened(treated.patient_id))


def test_the_standing_after_each_infusion_is_a_table_of_its_own(treated):
    app = opened_at(treated, "At each infusion")
    found = rows(app, "Days after")
    assert [(r["Infusion"], r["Total"], r["Status"]) for r in found] == [
        ("2", "9, mild", "Response"),
        ("1", "15, moderately severe", "No reliable change"),
    ]


def test_similar_patients_are_counted_below_20_and_shown_from_20_on(clinic):
    followed(clinic, {20: 20, 9: 10})
    with clinic.writing():
        others = [clinic.course(clinic.patient(f"B-{n}")) for n in range(20)]
        for course in others[:19]:
            similar_patient(clinic, course)
    app = opened_at(clinic, "At each infusion")
    assert "Similar patients measured after infusion 3: 19;" in plain(app)
    assert "Similar patients" not in rows(app, "Days after")[0]
    assert "a description, not a forecast" not in plain(app)
    assert "Example" not in plain(app)
    with clinic.writing():
        similar_patient(clinic, others[19])
    app = opened(clinic.patient_id)
    assert (
        "After infusion 3 the change of 20 similar patients was −8 points (median; "
        "the middle half −8 to −8); here −10 (depression, PHQ-9 20 to 27 at baseline)."
    ) in plain(app)
    app = turned(app, clinic.course_id, "At each infusion")
    similar = rows(app, "Days after")[0]["Similar patients"]
    assert similar.replace("\N{NO-BREAK SPACE}", " ") == "−8 (−8 to −8; n = 20)"
    assert "a description, not a forecast" in plain(app)


def similar_patient(clinic, course):
    for day in (40, 37, 33):
        clinic.infusion(course, day)
    clinic.form(course, 40, phq9(22))
    clinic.form(course, 30, phq9(14))


def test_what_was_measured_at_an_infusion_is_listed_with_it(clinic):
    with clinic.writing():
        clinic.patient_id = clinic.patient("A-1")
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.infusion(
            clinic.course_id,
            3,
            systolic_before=120,
            diastolic_before=80,
            pulse_before=70,
            systolic_peak=150,
            pulse_after=72,
            dissociation="mild",
            adverse_event_codes=("nausea", "headache"),
            adverse_events="itch",
            note="calm",
        )
        clinic.infusion(clinic.course_id, 1)
    empty, full = rows(opened_at(clinic, "Infusions"), "Dissociation")
    assert full["Before, highest, after"] == "120/80 pulse 70, 150/?, pulse 72"
    assert full["Dissociation"] == "mild"
    assert full["Adverse events"].replace("\\", "") == "nausea, headache, itch"
    assert full["Notes"].replace("\\", "") == "Note: calm"
    measured = ("Before, highest, after", "Dissociation", "Adverse events")
    assert [empty[name] for name in measured] == ["", "", ""]


def test_what_is_due_and_the_way_to_paper_stand_in_the_heading(treated):
    app = opened(treated.patient_id)
    heading = next(m.value for m in app.markdown if "record number" in m.value)
    assert len(heading.split("  \n")) == 3
    assert {"Text for a note", "Show to the patient", "Record"} <= {
        button.label for button in app.button
    }


def test_the_schedule_and_the_screening_have_a_tab(treated):
    app = opened_at(treated, "Schedule and screening")
    assert "Screening and consent are not recorded for this course." in text_of(app)


def test_who_only_reads_is_offered_nothing_to_press(alarmed):
    app = visited_by(open_page_of(alarmed.patient_id), LEAD).run()
    labels = {button.label for button in checked(app).button}
    assert not labels & {"Record", "Save", "Correct this form", "Withdraw this form"}
    assert "Item 9: 2, more than half the days" in app.error[0].value


def open_page_of(patient_id):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    app.query_params["patient"] = patient_id
    return app.switch_page("patient.py")


def test_recording_keeps_the_patient(treated):
    app = click(opened(treated.patient_id), "Record")
    assert app.query_params["patient"] == treated.patient_id


def test_every_measure_is_defined_on_the_page(treated):
    app = opened_at(treated, "Definitions")
    defined = [table for table in tables(app) if "Word" in table]
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
