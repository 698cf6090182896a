"""The Outcomes page: what a lead reads equals what is counted."""

import csv
import io
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.database import default_url, open_database, reading, writing
from data.example_practice import make_example
from data.moments import today
from measures.days import day_number
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS
from tests.actors import TESTER
from tests.factories import add_course, write_practice
from tests.views.clinic import visited_by
from tests.views.offered_files import offered_files
from tests.views.results_pages import EMPTY, opened
from views.results.counts import glance as glance_counts
from views.results.counts import recut
from views.results.counts.recut import Practice, Selection
from views.results.wording import glance as glance_wording
from views.results.wording import outcomes as wording
from views.results.wording.numbers import unbroken
from views.wording import day_words


MAIN = Path(__file__).parents[2] / "views" / "main.py"
AS_OF = today()
TODAY = day_number(today())
RESPONSE = CRITERIA["phq9_response_50"]


@pytest.fixture(scope="session")
def example_url(tmp_path_factory):
    """The example practice, made once: the page only reads it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('outcomes') / 'example.sqlite'}"
    make_example(url, as_of=AS_OF)
    return url


@pytest.fixture
def page(monkeypatch):
    """Return a function that opens the page on a database."""

    def opened(url):
        monkeypatch.setenv("DATABASE_URL", url)
        app = visited_by(AppTest.from_file(str(MAIN), default_timeout=60))
        app.run()
        app.switch_page("results/outcomes.py")
        return checked(app.run())

    yield opened
    st.cache_resource.clear()


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def write(page, url, table):
    write_practice(url, table)
    return page(url)


@contextmanager
def cut(url, **chosen):
    """The records as the page asks for them, asked directly."""
    engine = open_database(url)
    with reading(engine, TESTER) as connection:
        yield Practice(connection, Selection(**{"as_of_day": TODAY, **chosen}))
    engine.dispose()


def asked(url, timepoint="weeks_2_4", criterion=RESPONSE, **chosen):
    """Return what the analysis counts, asked directly."""
    with cut(url, **chosen) as practice:
        return recut.outcome(practice, criterion, timepoint)


def glances(url, measure="phq9", timepoint="weeks_2_4", **chosen):
    window = MEASURES[measure].default_recall_window.code
    with cut(url, **chosen) as practice:
        return glance_counts.glance(practice, measure, timepoint, recall_window=window)


def quarters(url):
    with cut(url) as practice:
        return glance_counts.quarters(
            practice, RESPONSE, "weeks_2_4", recall_window="two_weeks"
        )


def sentence(app):
    """Return the sentence of the one rate in detail."""
    return app.subheader[-1].value


def texts(app):
    kinds = (app.markdown, app.caption, app.info, app.subheader, app.header)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def table(app, alt):
    """Return the rows of a table as they are shown."""
    frame = next(t.value for t in app.table if t.proto.alt == alt)
    return frame.replace("\u00a0", " ", regex=True).to_dict("records")


def select(app, key, value):
    widgets = {w.key: w for w in (*app.selectbox, *app.button_group, *app.toggle)}
    widgets[key].set_value(value)
    return checked(app.run())


def test_it_opens_on_every_practice(practice):
    app = opened("outcomes.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
        return
    assert sentence(app) == unbroken(wording.headline(asked(default_url())))
    everybody = glance_wording.EVERYBODY
    for measure in MEASURES:
        (row, *_) = table(app, f"{MEASURES[measure].name} at a glance")
        glance = glances(default_url(), measure)[0]
        assert (row["Courses"], row["Started"]) == (everybody, str(glance.started))


# Empty, step by step.


def test_a_practice_without_patients_offers_to_record_one(page, migrated_sqlite_url):
    app = page(migrated_sqlite_url)
    assert "There are no patients here yet." in texts(app)
    assert not app.subheader[0].value[0].isdigit()


def test_a_practice_without_infusions_says_what_to_record(page, migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    with writing(engine, TESTER) as connection:
        add_course(connection)
    engine.dispose()
    app = page(migrated_sqlite_url)
    assert "No infusion has been recorded" in app.info[0].value
    assert not app.subheader


def test_nobody_eligible_says_why(page, migrated_sqlite_url):
    app = write(
        page,
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------
        a      | 0, 3      | -1: 9
        b      | 0, 3      |
        """,
    )
    assert app.info[-1].value.startswith(
        "No rate: of the 2 courses started, 1 had no baseline and 1 a baseline under "
        "10."
    )


def test_nobody_measured_says_whose_form_is_missing(page, migrated_sqlite_url):
    app = write(
        page,
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------
        a      | 0, 3      | -1: 20
        """,
    )
    assert app.info[-1].value.startswith(
        "No rate: 1 was due at weeks 2-4, and none was measured."
    )
    app = select(app, "outcomes_number", "missing")
    assert app.dataframe[0].value["Record number"].tolist() == ["a"]


def test_filters_that_leave_nobody_say_what_to_widen(page, migrated_sqlite_url):
    app = write(page, migrated_sqlite_url, ONE)
    app = select(app, "outcomes_indication", "ptsd")
    assert "No course agrees with what was chosen." in app.info[0].value


ONE = """
    course | infusions | phq9
    -------+-----------+------------------------
    a      | 0, 3, 7   | -1: 20, 4: 15, 25: 8
"""


EARLIER = """
    course | infusions | phq9
    -------+-----------+-------------------------
    0      | -9, -6    | -10: 20, -5: 15, 16: 8
"""


def test_a_single_course_breaks_nothing(page, migrated_sqlite_url):
    app = write(page, migrated_sqlite_url, ONE)
    assert sentence(app).startswith("100\u00a0% of the 1 measured met response")
    for measure in ("pcl5", "phq9"):
        app = select(app, "outcomes_measure", measure)
    for criterion in ("phq9_remission_lt5", "phq9_change_6", "phq9_below_10"):
        app = select(app, "outcomes_criterion_phq9", criterion)
    for timepoint in TIMEPOINTS:
        app = select(app, "outcomes_timepoint", timepoint)


def test_a_number_without_patients_says_so(page, migrated_sqlite_url):
    app = select(write(page, migrated_sqlite_url, ONE), "outcomes_number", "missing")
    assert "Nobody is in this number." in texts(app)
    assert not app.dataframe


# Full.


def test_the_sentence_is_what_the_analysis_counts(page, example_url):
    rate = asked(example_url)
    app = page(example_url)
    assert sentence(app) == unbroken(wording.headline(rate))
    assert wording.flow(rate) in texts(app)
    assert unbroken(wording.completeness(rate)) in texts(app)


def test_another_measure_criterion_and_time_point(page, example_url):
    app = select(page(example_url), "outcomes_measure", "pcl5")
    app = select(app, "outcomes_criterion_pcl5", "pcl5_change_15")
    app = select(app, "outcomes_timepoint", "end_of_induction")
    rate = asked(
        example_url,
        timepoint="end_of_induction",
        criterion=CRITERIA["pcl5_change_15"],
    )
    assert sentence(app) == unbroken(wording.headline(rate))
    assert CRITERIA["pcl5_change_15"].reason.split(";")[0][1:] in texts(app)
    assert app.header[0].value == "PHQ-9 at end of induction"


def test_the_courses_can_be_chosen(page, example_url):
    app = select(page(example_url), "outcomes_indication", "both")
    app = select(app, "outcomes_first_courses", False)
    rate = asked(example_url, indication="both", all_courses=True)
    assert sentence(app) == unbroken(wording.headline(rate))
    assert "Indication: depression and PTSD" in texts(app)
    assert "every course" in texts(app)


def test_a_clinician_can_be_chosen(page, example_url):
    app = page(example_url)
    names = next(w for w in app.selectbox if w.key == "outcomes_clinician").options
    app = select(app, "outcomes_clinician", names[1])
    rate = asked(example_url, clinician=names[1])
    assert sentence(app) == unbroken(wording.headline(rate))


def test_an_earlier_day_can_be_asked_about(page, example_url):
    app = page(example_url)
    (as_of,) = [w for w in app.date_input if w.key == "outcomes_as_of"]
    earlier = AS_OF - timedelta(days=240)
    as_of.set_value(earlier)
    checked(app.run())
    rate = asked(example_url, as_of_day=day_number(earlier))
    assert rate.measured
    assert sentence(app) == unbroken(wording.headline(rate))
    assert f"as of {day_words(earlier)}" in texts(app)


def test_a_period_of_infusion_1_can_be_chosen(page, example_url):
    app = page(example_url)
    (first,) = [w for w in app.date_input if w.key == "outcomes_from"]
    begin = AS_OF - timedelta(days=300)
    first.set_value(begin)
    checked(app.run())
    rate = asked(example_url, first_day_from=day_number(begin))
    assert 0 < rate.measured < asked(example_url).measured
    assert sentence(app) == unbroken(wording.headline(rate))


def test_the_patients_behind_every_number_are_as_many_as_it_says(page, example_url):
    app = page(example_url)
    for group in wording.groups(asked(example_url)):
        app = select(app, "outcomes_number", group.code)
        assert len(app.dataframe[0].value) == group.count, group.label


def test_a_ticked_patient_is_opened(page, example_url):
    app = select(page(example_url), "outcomes_number", "events")
    number = app.dataframe[0].value["Record number"].iloc[1]
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [1]}}
    app = checked(app.run())
    assert app.title[0].value != "Outcomes"
    assert number in texts(app).replace("\\", "")
    assert set(app.query_params) == {"patient"}


def test_a_row_ticked_in_a_list_that_has_changed_since_opens_nobody(
    page, migrated_sqlite_url
):
    app = write(page, migrated_sqlite_url, ONE)
    app = select(app, "outcomes_number", "events")
    ticked = app.dataframe[0].key
    # Another course comes first in the list, by the name of its patient or its day.
    write_practice(migrated_sqlite_url, EARLIER)
    app.session_state[ticked] = {"selection": {"rows": [0]}}
    app = checked(app.run())
    assert len(app.dataframe[0].value) == 2
    assert app.title[0].value == "Outcomes"
    assert not app.query_params


def test_no_name_is_in_a_widget_key(page, example_url):
    app = select(page(example_url), "outcomes_number", "events")
    names = " ".join(app.dataframe[0].value["Patient"]).replace(",", "").split()
    assert not [name for name in names if name in app.dataframe[0].key]


def test_definitions_stand_behind_every_number(page, example_url):
    rate = asked(example_url)
    shown = table(page(example_url), "Numbers of the rate")
    assert shown == wording.definitions(rate)


# At a glance.


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("timepoint", ["weeks_2_4", "month_6"])
def test_each_measure_is_told_as_it_is_counted(page, example_url, measure, timepoint):
    app = page(example_url)
    if timepoint != "weeks_2_4":
        app = select(app, "outcomes_timepoint", timepoint)
    found = glances(example_url, measure, timepoint)
    assert unbroken(glance_wording.headline(found[0])) in texts(app)
    shown = table(app, f"{MEASURES[measure].name} at a glance")
    assert shown == glance_wording.table_rows(found)
    assert [row["Courses"] for row in shown] == [
        "Everybody",
        "Depression",
        "PTSD",
        "Depression and PTSD",
    ]


def test_every_number_at_a_glance_opens_as_many_patients_as_it_says(page, example_url):
    app = page(example_url)
    for glance in glances(example_url):
        name = glance_wording.group_name(glance.indication)
        app = select(app, "outcomes_whose_phq9", name)
        for number in glance_counts.NUMBERS:
            app = select(app, "glance_phq9_number", number.code)
            count = number.count(glance)
            said = f"{glance_wording.NAMES[number.code]}: {count}"
            assert said in pills(app, "glance_phq9_number")
            assert [len(listed.value) for listed in app.dataframe] == [count][:count]


def pills(app, key):
    widget = next(w for w in app.button_group if w.key == key)
    return [option.content for option in widget.proto.options]


def test_a_patient_at_a_glance_says_how_the_induction_went(page, example_url):
    app = select(page(example_url), "glance_phq9_number", "off_protocol")
    rows = app.dataframe[0].value
    assert set(rows["Protocol"]) == {"off protocol"}
    assert rows["Induction"].str.fullmatch(r"\d+ infusions? in \d+ days?").all()


def test_nobody_s_records_are_listed_until_a_number_is_opened(page, example_url):
    with patch("views.results.behind.list_patients", side_effect=AssertionError):
        app = page(example_url)
    assert not app.dataframe


def test_who_could_not_be_found_worse_is_said_beside_it(page, example_url):
    (everybody, *_) = glances(example_url)
    assert everybody.no_room_to_worsen
    assert glance_wording.room(everybody) in texts(page(example_url))


def test_why_that_time_is_said_with_its_source(page, example_url):
    app = page(example_url)
    assert "Asked then because it is a fixed time after the induction" in texts(app)
    assert "McInnes LA" in texts(app)
    app = select(app, "outcomes_timepoint", "month_6")
    assert "Asked then because" not in texts(app)


def test_a_measure_nobody_has_says_what_to_do_and_the_other_stays(
    page, migrated_sqlite_url
):
    app = write(page, migrated_sqlite_url, ONE)
    assert app.header[1].value == "PCL-5 at weeks 2-4"
    assert app.info[0].value.startswith("No rate: of the 1 course started, 1 had no")
    assert [t.proto.alt for t in app.table if "at a glance" in t.proto.alt] == [
        "PHQ-9 at a glance"
    ]


# By quarter.


def test_the_quarters_are_what_is_counted(page, example_url):
    found = quarters(example_url)
    app = page(example_url)
    assert table(app, "The rate by quarter") == glance_wording.quarter_rows(found)
    assert glance_wording.trend_sentence(found) in texts(app)
    incomplete = [
        r for r in table(app, "The rate by quarter") if "still" in r["Quarter"]
    ]
    assert len(incomplete) == sum(not q.complete for q in found) > 0


def test_the_patients_of_one_quarter_are_listed(page, example_url):
    quarter = quarters(example_url)[2]
    name = glance_wording.quarter_name(quarter)
    app = select(page(example_url), "outcomes_quarter", name)
    for group in wording.groups(quarter.rate):
        app = select(app, "outcomes_number", group.code)
        assert group.label in pills(app, "outcomes_number")
        listed = [len(element.value) for element in app.dataframe]
        assert listed == [group.count][: group.count]


# Files.


def read(make):
    """Return the rows of a file, given what makes it."""
    return list(csv.DictReader(io.StringIO(make().decode("utf-8-sig"))))


def test_each_file_is_of_what_is_shown_and_hides_small_counts(page, example_url):
    with offered_files() as offered:
        page(example_url)
        files = {name: read(make) for name, make in offered.items() if "csv" in name}
    assert set(files) == {
        "at-a-glance-phq9.csv",
        "at-a-glance-pcl5.csv",
        "rate.csv",
        "by-quarter.csv",
    }
    (rate,) = files["rate.csv"]
    assert rate["measured"] == str(asked(example_url).measured)
    everybody, *others = files["at-a-glance-phq9.csv"]
    assert everybody["started"] == str(glances(example_url)[0].started)
    assert everybody["worse"] == "fewer than 5"
    assert everybody["share worse"] == "not shown"
    for rows in files.values():
        for row in rows:
            assert row["As of"] == today().isoformat()
            assert not {"0", "1", "2", "3", "4"} & set(row.values())
    assert len(others) == 3


# Other words.


def test_the_warning_stands_on_the_page(page, example_url):
    text = texts(page(example_url))
    assert wording.NOT_A_DRUG_EFFECT in text
    assert "60\u00a0% responded on ketamine and 50\u00a0% on placebo" in text
