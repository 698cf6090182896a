"""Item-9 alerts stay in view until somebody says what was done, and say whose turn."""

from datetime import timedelta

import pytest
import streamlit as st
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from data.actors import CLINICIAN, KIOSK, LEAD
from data.alerts import close_alert, list_alerts
from data.assessments import (
    correct_assessment,
    current_assessment_row,
    get_assessment,
    supersede_assessment,
    void_assessment,
)
from data.records import now_stamp
from data.settings import change_settings
from data.tables import alert
from tests.actors import acting, with_role
from tests.views.clinic import (
    BY,
    MAIN,
    SECONDS,
    Clinic,
    open_page,
    phq9,
    text_of,
    visited_by,
)


LEFT_OUT = (*phq9(10)[:8], None)


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


@pytest.fixture
def treated(clinic):
    """One patient with a course and an infusion 20 days ago, and no form."""
    with clinic.writing():
        clinic.patient_id = clinic.patient()
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.infusion(clinic.course_id, 20)
    return clinic


def answered(clinic, days_ago, answers):
    """Record a form; an integer stands for its item 9."""
    if isinstance(answers, int):
        answers = phq9(14, item_9=answers)
    with clinic.writing():
        return clinic.form(clinic.course_id, days_ago, answers)


def opened_hours_ago(clinic, hours, *forms):
    chosen = alert.c.assessment_id.in_(forms) if forms else True
    with clinic.writing() as practice:
        moment = now_stamp() - timedelta(hours=hours)
        practice.connection.execute(
            update(alert).where(chosen).values(opened_at=moment)
        )


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def page_of(clinic, page="patient.py"):
    return checked(open_page(page, patient=clinic.patient_id))


def seen_by(clinic, *roles, page="patient.py", name="Somebody", **account):
    """Open a page as somebody with these roles alone."""
    app = visited_by(
        AppTest.from_file(str(MAIN), default_timeout=SECONDS),
        *roles,
        name=name,
        **account,
    )
    app.query_params["patient"] = clinic.patient_id
    return checked(app.switch_page(page).run())


def banners(app):
    return [error.value for error in app.error if "Item 9" in error.value]


def banner(app):
    (only,) = banners(app)
    return only


def labels(app):
    return {field.label for field in (*app.text_input, *app.selectbox)}


def fill(app, label, value):
    fields = [*app.text_input, *app.selectbox]
    next(field for field in fields if field.label == label).set_value(value)


def act(app, what="referred", note="Seen today", about=None):
    if about is not None:
        fill(app, "About", about)
    fill(app, "What was done", what)
    fill(app, "Note", note)
    save = next(button for button in app.button if button.label == "Save")
    return checked(save.click().run())


def alerts_of(clinic, *, only_open=True):
    with clinic.reading() as connection:
        return list_alerts(connection, only_open=only_open)


# What the banner says.


def test_nothing_is_said_where_no_alert_is_open(treated):
    answered(treated, 2, 0)
    app = page_of(treated)
    assert banners(app) == []
    assert "What was done" not in labels(app)
    assert "This alone does not rule out risk." in text_of(app)


def test_the_banner_says_what_was_answered_and_when(treated):
    answered(treated, 1, 2)
    told = banner(page_of(treated))
    assert "Item 9: 2, more than half the days" in told
    assert "(yesterday)" in told


def test_a_rise_is_told_with_the_answer_before(treated):
    answered(treated, 9, 0)
    answered(treated, 1, 2)
    assert "up from 0 on" in banner(page_of(treated))


@pytest.mark.parametrize(("before", "word"), [(1, "the same as on"), (3, "; 3 on")])
def test_no_rise_is_told_without_alarm(treated, before, word):
    first = answered(treated, 9, before)
    with treated.writing():
        (opened,) = list_alerts(treated.connection)
        close_alert(treated.connection, opened.id, action="referred", note="")
    answered(treated, 1, 1)
    told = banner(page_of(treated))
    assert word in told
    assert "up from" not in told
    assert first


def test_an_item_left_out_is_told_in_words_and_is_no_0(treated):
    answered(treated, 9, 0)
    answered(treated, 1, LEFT_OUT)
    told = banner(page_of(treated))
    assert "Item 9: not answered" in told
    assert "last answered with 0 on" in told
    assert "This is not a 0: ask the patient." in told


def test_a_total_alone_opens_nothing_and_says_that_item_9_is_not_known(treated):
    with treated.writing():
        treated.form(treated.course_id, 1, total=20)
    app = page_of(treated)
    assert banners(app) == []
    assert "Item 9 is not known" in text_of(app)


def test_how_long_it_is_open_and_who_saw_it_is_told(treated):
    answered(treated, 1, 1)
    told = text_of(page_of(treated))
    assert f"Open for less than an hour; first seen by {BY}." in told
    assert "It stays here until somebody records what was done." in told
    assert "the lead is shown it" not in told
    opened_hours_ago(treated, 30)
    told = text_of(page_of(treated))
    assert "Open for 30 hours; " in told
    assert "Open for longer than 24 hours, so the lead is shown it." in told


@pytest.mark.parametrize("page", ["patient.py", "record.py"])
def test_the_banner_is_on_every_page_of_the_patient(treated, page):
    answered(treated, 1, 2)
    app = page_of(treated, page)
    assert "Item 9: 2" in banner(app)
    act(app)
    assert alerts_of(treated) == []


def test_another_patient_s_alert_is_not_shown(treated):
    answered(treated, 1, 2)
    with treated.writing():
        treated.patient_id = treated.patient("B-1")
    assert banners(page_of(treated)) == []


# Who sees it, and who may act.


def test_the_first_who_can_act_is_kept_as_having_seen_it(treated):
    answered(treated, 1, 2)
    lead = seen_by(treated, LEAD)
    assert alerts_of(treated)[0].seen_by is None
    assert "not seen yet by anybody who can act on it" in text_of(lead)
    seen_by(treated, CLINICIAN, name="Dr A")
    seen_by(treated, CLINICIAN, name="Dr B")
    assert alerts_of(treated)[0].seen_by == "Dr A"


def test_who_only_reads_is_told_who_can_act(treated):
    answered(treated, 1, 2)
    app = seen_by(treated, LEAD)
    assert "Item 9: 2" in banner(app)
    assert "by a clinician of the patient's site" in text_of(app)
    assert "What was done" not in labels(app)


# What was done.


def test_recording_what_was_done_closes_the_alert(treated):
    answered(treated, 1, 2)
    app = act(page_of(treated))
    assert banners(app) == []
    (closed,) = alerts_of(treated, only_open=False)
    assert (closed.action, closed.note) == ("referred", "Seen today")
    assert (closed.closed_by, closed.hours_to_action < 1) == (BY, True)


def test_nothing_is_closed_without_saying_what_was_done(treated):
    answered(treated, 1, 2)
    app = act(page_of(treated), what=None)
    assert "Choose what was done." in text_of(app)
    assert len(alerts_of(treated)) == 1


def test_several_alerts_are_told_together_the_highest_first(treated):
    answered(treated, 3, 3)
    answered(treated, 2, LEFT_OUT)
    answered(treated, 1, 1)
    app = page_of(treated)
    told = banner(app)
    assert told.startswith("▲ **Item 9: 3, nearly every day**")
    assert "2 more alerts are open" in told
    assert "- **Item 9: not answered**" in text_of(app)
    assert "- **Item 9: 1, several days**" in text_of(app)


def test_several_alerts_are_acted_on_together(treated):
    answered(treated, 2, 3)
    answered(treated, 1, 1)
    act(page_of(treated))
    assert alerts_of(treated) == []
    assert {a.note for a in alerts_of(treated, only_open=False)} == {"Seen today"}


def test_several_alerts_are_acted_on_one_by_one(treated):
    answered(treated, 2, 3)
    answered(treated, 1, 1)
    chosen = next(a for a in alerts_of(treated) if a.item_9 == 1)
    app = act(page_of(treated), about=chosen.id)
    assert [a.item_9 for a in alerts_of(treated)] == [3]
    assert "Item 9: 3" in banner(app)
    assert "About" not in labels(app)


def test_an_alert_that_somebody_else_closed_meanwhile_says_so(treated):
    answered(treated, 1, 2)
    slow, quick = page_of(treated), page_of(treated)
    act(quick, note="first")
    act(slow, note="second")
    (closed,) = alerts_of(treated, only_open=False)
    assert closed.note == "first"


# Every transition, as the page shows it.

TRANSITIONS = """
first    | then               | the banner says
---------+--------------------+-----------------------------------------------
0        |                    | nothing
0        | corrected 1        | Item 9: 1
0        | corrected left out | Item 9: not answered
1        | corrected 0        | nothing
1        | corrected 2        | Item 9: 2
2        | corrected 1        | Item 9: 1
2        | corrected left out | Item 9: not answered
left out | corrected 0        | nothing
left out | corrected 2        | Item 9: 2
2        | patient 1          | Item 9: 2, item 9 is now 1
2        | patient 0          | Item 9: 2, item 9 is now 0
2        | patient left out   | Item 9: 2, item 9 is now not answered
left out | patient 0          | Item 9: not answered, item 9 is now 0
1        | patient 2          | Item 9: 2
1        | acted              | nothing
1        | acted corrected 2  | Item 9: 2
2        | acted corrected 1  | nothing
left out | acted              | nothing
2        | withdrawn          | nothing
left out | withdrawn          | nothing
"""


def transitions():
    _, _, *lines = TRANSITIONS.strip().splitlines()
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


@pytest.mark.parametrize(("first", "then", "said"), transitions())
def test_the_banner_after_every_transition(treated, first, then, said):
    form_id = answered(treated, 1, phq9_with(first))
    if then.startswith("acted"):
        act(page_of(treated))
        then = then.removeprefix("acted").strip()
    if then:
        changed(treated, form_id, then)
    found = banners(page_of(treated))
    if said == "nothing":
        assert found == []
    else:
        (told,) = found
        assert all(part in told for part in said.split(", "))


def phq9_with(answer):
    return LEFT_OUT if answer == "left out" else phq9(14, item_9=int(answer))


def changed(clinic, form_id, how):
    with clinic.writing():
        if how == "withdrawn":
            void_assessment(clinic.connection, form_id, reason="Wrong patient")
            return
        who, answer = how.split(" ", 1)
        facts = get_assessment(clinic.connection, form_id).facts
        facts = type(facts)(**{**vars(facts), "answers": phq9_with(answer)})
        if who == "corrected":
            correct_assessment(clinic.connection, form_id, facts=facts, reason="Typo")
            return
        row = current_assessment_row(clinic.connection, form_id)
        with acting(clinic.connection, with_role(KIOSK, encounter_id=1)):
            supersede_assessment(
                clinic.connection, row, facts, reason="changed", patient_id=""
            )


# The lists.


def links(app):
    return [link.proto.label for link in app.get("page_link")]


def test_the_caseload_begins_with_who_waits_the_longest_first(treated):
    answered(treated, 5, 1)
    opened_hours_ago(treated, 5)
    for number, name, hours in (("B-1", "Sample", 50), ("C-1", "Pretend", 20)):
        with treated.writing():
            other = treated.patient(number, given_name="Bea", family_name=name)
            treated.course_id = treated.course(other)
        opened_hours_ago(treated, hours, answered(treated, 1, LEFT_OUT))
    app = checked(open_page("caseload.py"))
    told = text_of(app)
    assert "Item 9: 3 patients wait for somebody to record what was done" in told
    waiting = [label for label in links(app) if "·" in label]
    assert waiting == [
        r"Sample\, Bea · B\-1",
        r"Pretend\, Bea · C\-1",
        r"Example\, Ada · A\-1",
    ]
    assert "**not answered** · open for 2 days · **longer than 24 hours**" in told
    assert "Item 9: **1** · open for 5 hours" in told


def test_a_link_of_the_list_names_the_patient_by_the_opaque_id_alone(treated):
    answered(treated, 1, 1)
    app = checked(open_page("caseload.py"))
    (link,) = [e.proto for e in app.get("page_link") if "·" in e.proto.label]
    assert treated.patient_id in link.query_string
    assert "Ada" not in link.query_string


def test_the_caseload_says_nothing_where_nobody_waits(treated):
    answered(treated, 1, 0)
    assert "wait" not in text_of(checked(open_page("caseload.py")))


def test_a_long_list_keeps_its_end_one_click_away(clinic):
    with clinic.writing():
        for number in range(1, 9):
            clinic.course_id = clinic.course(clinic.patient(f"A-{number}"))
            clinic.form(clinic.course_id, 1, phq9(9, item_9=1))
    app = checked(open_page("caseload.py"))
    assert "3 more patients" in [e.label for e in app.expander]
    assert len([label for label in links(app) if "·" in label]) == 8


def test_a_very_long_list_says_where_the_others_are(clinic, monkeypatch):
    monkeypatch.setattr("views.alert_banner.PATIENTS_LISTED", 2)
    with clinic.writing():
        for number in range(1, 5):
            clinic.course_id = clinic.course(clinic.patient(f"A-{number}"))
            clinic.form(clinic.course_id, 1, phq9(9, item_9=1))
    app = checked(open_page("caseload.py"))
    told = text_of(app)
    assert "Item 9: 4 patients wait" in told
    assert "2 more patients in the caseload, which begins with them." in told
    assert len([label for label in links(app) if "·" in label]) == 2


def test_the_lead_is_told_of_alerts_open_for_longer_than_is_set(treated):
    form = answered(treated, 5, 1)
    answered(treated, 4, 2)
    opened_hours_ago(treated, 23)
    assert "open for longer" not in text_of(checked(open_page("results/outcomes.py")))
    opened_hours_ago(treated, 25, form)
    told = text_of(checked(open_page("results/outcomes.py")))
    assert "1 item-9 alert is open for longer than 24 hours: for 25 hours" in told
    assert "by a clinician of the patient's site" in told
    with treated.writing():
        change_settings(treated.connection, alert_escalation_hours=3)
    told = text_of(checked(open_page("results/outcomes.py")))
    assert "2 item-9 alerts are open for longer than 3 hours, the longest for" in told


@pytest.mark.parametrize("page", ["change", "variation", "quality", "snapshots"])
def test_other_results_lead_to_where_late_alerts_are_named(treated, page):
    answered(treated, 5, 1)
    app = checked(open_page(f"results/{page}.py"))
    assert "open for longer" not in text_of(app)
    opened_hours_ago(treated, 25)
    app = checked(open_page(f"results/{page}.py"))
    assert "1 item-9 alert is open for longer than 24 hours" in text_of(app)
    assert "See who" in links(app)
    assert not [label for label in links(app) if "·" in label], "a name"


@pytest.mark.parametrize("page", ["outcomes", "safety"])
def test_where_they_are_named_a_patient_is_one_click_away(treated, page):
    answered(treated, 5, 1)
    opened_hours_ago(treated, 25)
    found = links(checked(open_page(f"results/{page}.py")))
    assert "See who" not in found
    assert len([label for label in found if "·" in label]) == 1


def test_what_was_acted_on_is_not_told_to_the_lead(treated):
    answered(treated, 5, 1)
    opened_hours_ago(treated, 60)
    act(page_of(treated))
    assert "open for longer" not in text_of(checked(open_page("results/outcomes.py")))


def acknowledgement_table(app):
    (table,) = (t.value for t in app.table if "Half answered within" in t.value)
    return table.to_dict("records")


def test_the_lead_sees_how_soon_somebody_acts_open_ones_counted(treated):
    first = answered(treated, 5, 1)
    second = answered(treated, 4, 2)
    with treated.writing():
        for opened in list_alerts(treated.connection):
            if opened.assessment_id == first:
                close_alert(treated.connection, opened.id, action="referred", note="")
    opened_hours_ago(treated, 4, first)
    opened_hours_ago(treated, 24 * 40, second)
    lately, year, ever = acknowledgement_table(checked(open_page("results/safety.py")))
    assert lately["Alerts opened"] == "in the last 30 days"
    assert (lately["Alerts"], lately["Answered"], lately["Still open"]) == (
        *("1", "1"),
        "0",
    )
    assert (lately["Half answered within"], lately["Longest"]) == ("4 hours",) * 2
    assert (year["Alerts"], year["Still open"]) == ("2", "1")
    assert year["Longest"] == "40 days, still open"
    assert ever == year | {"Alerts opened": "ever"}


def test_there_is_no_table_before_the_first_alert(treated):
    answered(treated, 5, 0)
    app = checked(open_page("results/safety.py"))
    assert not [t for t in app.table if "Half answered within" in t.value]
