"""The page Safety: it shows what is counted, and leads to the records behind it."""

import csv
import io

import pytest
import streamlit as st

from analysis.proportions import wilson_proportion
from analysis.safety import ZERO_IS_NOT_NO_RISK, alert_flow, classify_alerts
from data.alerts import close_alert, list_alerts
from data.moments import today
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.days import day_number
from tests.record_tables import HOUR, alerts
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
from views.results.counts.safety import alerts_in_month, safety, safety_records
from views.results.wording import safety as wording


PAGE = "safety.py"
LISTS = (
    ("safety_item_9", "positive", "1 or more"),
    ("safety_item_9", "left out", "Left out"),
    ("safety_item_9", "only a total", "Only a total"),
    ("safety_resolution", "0 answered later", "Answered 0 later"),
    ("safety_resolution", "again", "Positive again after a 0"),
    ("safety_alerts", "open", "Open"),
    ("safety_alerts", "unseen", "Not seen yet"),
    ("safety_alerts", "answered", "Answered"),
    ("safety_alerts", "withdrawn", "Entered by mistake"),
    ("safety_events", "nausea event", "Nausea"),
    ("safety_events", "unknown", "Nothing recorded"),
    ("safety_levels", "severe", "Severe"),
    ("safety_levels", "unrated", "Not recorded"),
    ("safety_pressure", "rise_40_25 event", "Rise of 40/25 or more"),
    ("safety_pressure", "rise_40_25 unknown", "Rise of 40/25 or more, not known"),
    ("safety_worse", "no baseline", "No baseline"),
    ("safety_worse", "not worse", "Not reliably worse"),
)


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def counted(url, measure="phq9", **chosen):
    with practice_of(url, **chosen) as practice:
        return safety(safety_records(practice, measure))


def test_it_opens_on_every_practice(practice):
    app = opened(PAGE)
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
        return
    assert ZERO_IS_NOT_NO_RISK in words_of(app)
    assert "reliably worse" in words_of(app)


def test_what_is_said_is_what_is_counted(example):
    found = counted(example)
    app = opened(PAGE)
    assert app.subheader[0].value.replace("\u00a0", " ") == wording.headline(found)
    for sentence in (
        wording.item_9_sentence(found),
        wording.elsewhere(found),
        wording.resolution_sentence(found.resolution),
        wording.alerts_sentence(found.alerts),
        wording.infusions_sentence(found),
        wording.dissociation_sentence(found),
        wording.pressure_sentence(found),
        wording.worse_sentence(found),
    ):
        assert sentence in words_of(app)
    assert table(app, "Item 9 by month") == wording.month_rows(found.item_9_months)
    assert table(app, "Alerts by month") == wording.alert_month_rows(
        found.alerts.months
    )


def test_one_without_a_baseline_is_spoken_of_as_one(tiny):
    said = "Of the 3 started, 1 has no baseline and 1 no complete score"
    assert said in words_of(opened(PAGE))


def test_patients_with_a_positive_item_9_have_an_interval(example):
    answers = counted(example).item_9
    share = wilson_proportion(answers.of_patients.events, answers.of_patients.n)
    interval = f"{100 * share.lower:.0f}–{100 * share.upper:.0f}"
    assert (
        f"{share.events} of the {share.n} patients ({100 * share.estimate:.0f} %, "
        f"95 % CI {interval}) answered 1 or more at least once."
    ) in words_of(opened(PAGE))


def test_every_number_stands_on_its_button(example):
    found = counted(example)
    app = opened(PAGE)
    answers, became = found.item_9, found.resolution
    assert numbers(app, "safety_item_9") == {
        "1 or more": answers.events,
        "0": answers.known - answers.events,
        "Left out": answers.left_out,
        "Only a total": answers.total_only,
    }
    assert numbers(app, "safety_resolution") == {
        "Ever positive": became.patients,
        "Answered 0 later": became.answered_0,
        "Positive each time": became.still_positive,
        "Not asked again": became.not_asked_again,
        "Positive again after a 0": became.positive_again,
    }
    flow = found.alerts
    assert numbers(app, "safety_alerts") == {
        "Open": flow.open,
        "Not seen yet": flow.unseen,
        "Answered": flow.answered,
        **{f"{a[0].upper()}{a[1:]}": n for a, n in flow.actions},
        "Entered by mistake": flow.withdrawn,
    }
    worse = found.deterioration
    assert numbers(app, "safety_worse") == {
        "Reliably worse": worse.worse,
        "Not reliably worse": worse.measured - worse.worse,
        "No baseline": worse.no_baseline,
        "No score since infusion 1": worse.nothing_since,
    }


def test_every_infusion_with_an_event_or_a_limit_passed_has_its_button(example):
    found = counted(example)
    app = opened(PAGE)
    events = numbers(app, "safety_events")
    for name, one in wording.event_names(found.adverse_events):
        assert events.get(name, 0) == one.events
        assert events.get(f"{name}, not in the share", 0) == one.outside
    any_event = found.adverse_events[0]
    nothing = any_event.not_known - any_event.outside
    assert events["Nothing recorded"] == nothing
    levels = numbers(app, "safety_levels")
    assert sum(levels.values()) == found.infusions
    pressure = numbers(app, "safety_pressure")
    for one in found.blood_pressure:
        name = BLOOD_PRESSURE_RULES[one.what].name
        assert pressure.get(name, 0) == one.events
        unknown = one.not_known - one.outside
        assert pressure[f"{name}, not known"] == unknown


@pytest.mark.parametrize(("key", "code", "name"), LISTS)
def test_a_button_lists_as_many_rows_as_it_says(example, key, code, name):
    app = opened(PAGE)
    count = numbers(app, key)[name]
    assert count > 0
    (listed,) = choose(app, f"{key}_number", code).dataframe
    assert len(listed.value) == count
    assert listed.value["Record number"].str.startswith("EX-").all()


def test_no_choice_of_courses_hides_an_alert(example):
    flow = counted(example).alerts
    app = opened(PAGE)
    app = choose(app, "outcomes_indication", "ptsd")
    assert wording.alerts_sentence(flow) in words_of(app)
    assert numbers(app, "safety_alerts")["Open"] == flow.open
    app = choose(app, "outcomes_indication", "both")
    fewer = counted(example, indication="both").item_9
    assert fewer.records < counted(example).item_9.records
    assert numbers(app, "safety_item_9")["1 or more"] == fewer.events


def test_a_month_narrows_the_forms_and_the_alerts_to_its_row(example):
    found = counted(example)
    app = opened(PAGE)
    month = found.item_9_months[-2]
    app = choose(app, "safety_item_9_month", month.month.number)
    assert numbers(app, "safety_item_9")["1 or more"] == month.answers.events
    assert numbers(app, "safety_item_9")["Left out"] == month.answers.left_out
    for month in found.alerts.months[-3:]:
        app = choose(app, "safety_alert_month", month.month.number)
        assert numbers(app, "safety_alerts") == {
            "Opened": month.opened,
            "Answered": month.closed,
            "Open at the end": month.open_at_end,
        }


def test_an_alert_closed_a_month_later_is_open_at_the_end_of_its_month():
    rows = """
    id | patient_id | opened | closed
    ---+------------+--------+-------
    1  | stays      | 48     |
    2  | later      | 72     | 960
    3  | at once    | 96     | 120
    """
    found = alerts(rows)
    seen = classify_alerts(found, as_of_second=1200 * HOUR)
    flow = alert_flow(found, as_of_day=50, as_of_second=1200 * HOUR)
    assert [(m.opened, m.closed, m.open_at_end) for m in flow.months] == [
        (3, 1, 2),
        (0, 1, 1),
    ]
    behind = [
        {
            name: sorted(rows["patient_id"])
            for name, rows in alerts_in_month(seen, month.month).items()
        }
        for month in flow.months
    ]
    assert behind == [
        {
            "Opened": ["at once", "later", "stays"],
            "Answered": ["at once"],
            "Open at the end": ["later", "stays"],
        },
        {"Opened": [], "Answered": ["later"], "Open at the end": ["stays"]},
    ]


def test_what_came_after_the_day_asked_about_is_not_counted(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 30, phq9(8, item_9=1))
        clinic.infusion(course, 30)
        clinic.form(course, 3, phq9(20, item_9=1))
        clinic.infusion(course, 3, systolic_before=150, diastolic_before=95)
    for days, forms, infusions in ((0, 2, 2), (10, 1, 1)):
        found = counted(clinic.url, as_of_day=day_number(today()) - days)
        assert (found.item_9.records, found.infusions) == (forms, infusions)
        assert found.deterioration.worse == (forms == 2)


def test_the_file_of_alerts_says_that_no_choice_narrows_it(example):
    with offered_files() as files:
        choose(opened(PAGE), "outcomes_indication", "ptsd")
    row = csv_rows(files["item-9-alerts.csv"]())[0]
    assert row["Counted"] == "every alert of the practice"
    assert not {"Measure", "Counted courses"} & set(row)


def test_an_adverse_event_is_told_where_no_infusion_has_a_reading(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 30, phq9(8))
        clinic.infusion(course, 30)
        assert "adverse" not in wording.infusions_sentence(counted(clinic.url))
        clinic.infusion(course, 27, adverse_events="Fell asleep")
    assert "An adverse event was recorded at 1 of them" in words_of(opened(PAGE))


def test_an_alert_is_shown_before_there_is_any_infusion(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 2, phq9(12, item_9=2))
    app = opened(PAGE)
    assert "Of 1 item-9 alert of the whole practice, 1 is open" in words_of(app)
    assert "No infusion has been recorded up to this day." in words_of(app)
    assert numbers(app, "safety_alerts")["Open"] == 1


def test_one_who_got_worse_is_listed_with_the_points(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 30, phq9(8))
        clinic.infusion(course, 30)
        clinic.form(course, 3, phq9(20))
    app = opened(PAGE)
    assert numbers(app, "safety_worse")["Reliably worse"] == 1
    app = choose(app, "safety_worse_number", "worse")
    (listed,) = (frame.value.to_dict("records") for frame in app.dataframe)
    assert (listed[0]["Baseline"], listed[0]["Latest"]) == (8, 20)
    assert listed[0]["Change"] == 12


def test_what_was_closed_later_was_open_on_the_day_asked_about(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 10, phq9(12, item_9=2))
        clinic.infusion(course, 10)
    with clinic.writing():
        (alert,) = list_alerts(clinic.connection)
        close_alert(clinic.connection, alert.id, action="referred", note="")
    found = counted(clinic.url, as_of_day=day_number(today()))
    assert (found.alerts.open, found.alerts.answered) == (0, 1)
    found = counted(clinic.url, as_of_day=day_number(today()) - 1)
    assert (found.alerts.open, found.alerts.answered) == (0, 0)


def test_the_lead_sees_how_soon_somebody_acts(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 5, phq9(12, item_9=1))
        clinic.infusion(course, 5)
    app = opened(PAGE)
    lately, _, ever = table(
        app, "How long item-9 alerts waited until somebody recorded what was done"
    )
    assert (lately["Alerts"], lately["Still open"]) == ("1", "1")
    assert ever["Alerts"] == "1"


# Files.


@pytest.mark.parametrize("first", [True, False])
def test_no_file_holds_a_small_count(example, first):
    with offered_files() as files:
        app = opened(PAGE)
        choose(app, "outcomes_first_courses", first)
    assert set(files) == {
        "item-9-by-month.csv",
        "item-9-alerts.csv",
        "adverse-events.csv",
        "dissociation.csv",
        "blood-pressure.csv",
        "reliably-worse.csv",
    }
    counts = ("records", "known", "events", "patients", "patients with", "opened")
    for name, make in files.items():
        for row in csv_rows(make()):
            shown = [row[c] for c in counts if row.get(c, "").isdigit()]
            assert all(int(count) >= 5 for count in shown), name
            assert row["As of"] == today().isoformat()


def csv_rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_clinicians_name_is_shown_as_it_was_typed(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient(), clinician="Dr *Lee*")
        clinic.form(course, 3, phq9(12))
        clinic.infusion(course, 3)
    app = choose(opened(PAGE), "outcomes_clinician", "Dr *Lee*")
    assert r"clinician: Dr \*Lee\*" in words_of(app)
