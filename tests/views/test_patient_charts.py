"""The charts on the patient's page: axis, time, marks, items and clusters."""

import json
from datetime import timedelta

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.events import list_events, list_withdrawn_events
from data.moments import today
from tests.views.clinic import (
    MAIN,
    SECONDS,
    Clinic,
    open_page,
    pcl5,
    phq9,
    text_of,
    visited_by,
)
from views.chart_wording import EVENT_WORDS


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


@pytest.fixture
def treated(clinic):
    """Both measures, two doses, an infusion after induction, an incomplete PCL-5."""
    with clinic.writing():
        clinic.patient_id = clinic.patient("A-1", family_name="Lindqvist")
        clinic.course_id = clinic.course(clinic.patient_id, indication="both")
        for days_ago, dose in ((200, 0.5), (196, 0.6), (150, 0.6)):
            clinic.infusion(clinic.course_id, days_ago, dose_mg_per_kg=dose)
        clinic.form(clinic.course_id, 200, phq9(20))
        clinic.form(clinic.course_id, 196, phq9(15, item_9=1))
        clinic.form(clinic.course_id, 3, phq9(9))
        clinic.form(clinic.course_id, 200, pcl5(50), measure="pcl5")
        clinic.form(
            clinic.course_id,
            3,
            (*pcl5(20)[:19], None),
            measure="pcl5",
            partial_reason="interrupted",
        )
    return clinic


def opened(clinic):
    return checked(open_page("patient.py", patient=clinic.patient_id))


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def click(app, label):
    button = next(button for button in app.button if button.label == label)
    return checked(button.click().run())


def choose(app, label, option):
    group = next(group for group in app.segmented_control if group.label == label)
    return checked(group.set_value(option).run())


def charts(app):
    """Return the figures that a page sends, in order."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def names(figure):
    return {trace["name"] for trace in figure["data"]}


def events(clinic):
    with clinic.reading() as connection:
        return list_events(connection, clinic.course_id)


def test_the_chart_has_the_band_and_the_doses_where_they_change(treated):
    (figure,) = charts(opened(treated))
    assert {"PHQ-9, reliable change", "PCL-5, reliable change"} <= names(figure)
    doses = next(trace for trace in figure["data"] if trace["name"] == "doses")
    assert doses["text"] == ["0.5", "↑ 0.6"]
    given = next(trace for trace in figure["data"] if trace["name"] == "infusions")
    assert given["hovertext"][1].endswith("over 40 min, higher than before")
    assert given["marker"]["symbol"][1:] == ["triangle-down", "triangle-down-open"]


def test_the_key_names_the_bands_and_their_sources(treated):
    words = text_of(opened(treated)).replace("\\", "")
    assert "Tinted band: less than a reliable change from baseline" in words
    assert "PHQ-9 6 points [" in words
    assert "PCL-5 15 points [" in words
    assert "a dose higher or lower than the one before." in words


def test_what_is_not_drawn_is_counted_in_words(treated):
    app = opened(treated)
    assert "1 incomplete form has no total and joins no line" in text_of(app)
    assert "Outside the time shown" not in text_of(app)
    words = text_of(choose(app, "Time shown", "Last 3 months")).replace("\\", "")
    assert "Outside the time shown: 3 forms, 3 infusions." in words


def test_the_axis_can_count_infusions(treated):
    app = choose(opened(treated), "From left to right", "Infusion number")
    (figure,) = charts(app)
    assert "distances are not time" in figure["layout"]["xaxis"]["title"]["text"]
    given = next(trace for trace in figure["data"] if trace["name"] == "infusions")
    assert given["x"] == [0.5, 1.5, 2.5]
    (figure,) = charts(choose(app, "From left to right", "Date"))
    assert figure["layout"]["xaxis"]["type"] == "date"


def test_the_time_shown_can_be_the_induction(treated):
    app = opened(treated)
    (whole,) = charts(app)
    (part,) = charts(choose(app, "Time shown", "Induction"))
    assert part["layout"]["xaxis"]["range"][1] < whole["layout"]["xaxis"]["range"][1]
    assert names(part) == names(whole)


def test_nothing_is_asked_where_there_is_nothing_to_choose(clinic):
    with clinic.writing():
        clinic.patient_id = clinic.patient("A-1")
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.form(clinic.course_id, 3, phq9(15))
    labels = {group.label for group in opened(clinic).segmented_control}
    assert not labels & {"From left to right", "Time shown"}


@pytest.mark.parametrize("kind", EVENT_WORDS)
def test_a_mark_is_one_button_and_says_what_it_is_without_a_word_typed(treated, kind):
    app = click(opened(treated), kind.capitalize())
    (event,) = events(treated)
    assert (event.kind, event.day) == (kind, today())
    assert event.description == EVENT_WORDS[kind]
    (figure,) = charts(app)
    assert "events" in names(figure)


def test_a_mark_can_have_a_day_and_words_of_its_own(treated):
    app = opened(treated)
    day = today() - timedelta(days=9)
    next(d for d in app.date_input if d.label == "Day of the mark").set_value(day)
    words = next(t for t in app.text_input if t.label.startswith("In a few words"))
    words.set_value(" EMDR *begun* ")
    app = click(app, "Therapy")
    (event,) = events(treated)
    assert (event.day, event.description) == (day, "EMDR *begun*")
    assert r"EMDR \*begun\*" in text_of(app)


def test_a_mark_just_added_can_be_taken_back(treated):
    app = click(opened(treated), "Medication")
    app = click(app, "Take back")
    assert events(treated) == []
    assert "events" not in names(charts(app)[0])
    assert "Take back" not in [button.label for button in app.button]
    with treated.reading() as connection:
        (back,) = list_withdrawn_events(connection, treated.course_id)
    assert back.event.description == "Medication change"


def events_tab(app, clinic):
    app.session_state[f"tab_{clinic.course_id}"] = "Events"
    return checked(app.run())


def test_an_event_is_taken_back_with_a_reason_and_stays_in_the_record(treated):
    app = events_tab(click(opened(treated), "Medication"), treated)
    app = click(app, "Take this event back")
    assert "needs a reason" in text_of(app)
    assert len(events(treated)) == 1
    reason = "Why this event should not be in this record"
    next(t for t in app.text_input if t.label == reason).set_value("wrong *patient*")
    app = click(app, "Take this event back")
    assert events(treated) == []
    assert "Events taken back: 1" in [e.label for e in app.expander]
    assert r"wrong \*patient\*" in text_of(app)


def test_who_only_reads_is_offered_no_mark(treated):
    app = visited_by(AppTest.from_file(str(MAIN), default_timeout=SECONDS), "lead")
    app.query_params["patient"] = treated.patient_id
    app = checked(app.switch_page("patient.py").run())
    assert charts(app)
    labels = {button.label for button in app.button}
    assert not labels & {kind.capitalize() for kind in EVENT_WORDS}


def behind(clinic, tab=None):
    app = opened(clinic)
    app.session_state[f"items_{clinic.course_id}"] = True
    if tab:
        app.session_state[f"items_tab_{clinic.course_id}"] = tab
    return checked(app.run())


def test_items_are_drawn_only_where_they_are_asked_for(treated):
    assert len(charts(opened(treated))) == 1
    assert len(charts(behind(treated))) == 2


def table_with(app, column):
    """Return the dataframe that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value)


def test_the_answers_are_cells_and_a_table(treated):
    app = behind(treated, "PHQ-9 items")
    cells = charts(app)[1]["data"][0]
    assert cells["type"] == "heatmap"
    assert cells["z"][8] == [0, 1, 0]
    table = table_with(app, "Change since baseline")
    assert table["Item"].tolist()[8] == "9 Death or self-harm"
    assert "a 0 alone does not rule out risk" in text_of(app)


def test_an_unanswered_item_is_told_on_the_page(treated):
    table = table_with(behind(treated, "PCL-5 items"), "Change since baseline")
    assert table.iloc[19].tolist()[1:3] == ["not known", "not answered"]


def test_the_clusters_are_four_small_plots_and_a_table(treated):
    app = behind(treated, "PCL-5 clusters")
    figure = charts(app)[1]
    assert {trace["meta"] for trace in figure["data"]} == {"B", "C", "D", "E"}
    table = table_with(app, "E Arousal and reactivity")
    assert table["E Arousal and reactivity"].tolist()[0].startswith("0 to 4 possible")


def test_a_form_without_answers_is_counted_and_not_shown(clinic):
    with clinic.writing():
        clinic.patient_id = clinic.patient("A-1")
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.form(clinic.course_id, 3, total=15)
    text = text_of(behind(clinic))
    assert "1 form is not shown here: only its total was received." in text
    assert "There are no answers to show." in text


def test_every_chart_has_words_for_who_does_not_see_it(treated):
    for tab in ("PHQ-9 items", "PCL-5 clusters"):
        alts = [c.proto.alt for c in behind(treated, tab).get("plotly_chart")]
        assert all(alts)
        assert "in the table below" in alts[1]


def test_names_stay_out_of_keys(treated):
    app = behind(treated)
    fields = [*app.button, *app.text_input, *app.date_input, *app.segmented_control]
    kept = " ".join(str(field.key) for field in fields)
    assert "Lindqvist" not in kept
    assert "A-1" not in kept
