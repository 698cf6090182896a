"""The page By infusion: what it shows equals what is counted, on every practice."""

import csv
import io

import pytest

from data.moments import today
from measures.registry import CRITERIA
from tests.views.clinic import text_of
from tests.views.offered_files import offered_files
from tests.views.results_pages import (
    EMPTY,
    EXAMPLE,
    TINY,
    choose,
    opened,
    practice_of,
    table,
)
from views.results.charts.outcomes import shown_infusions
from views.results.counts import by_infusion as counts
from views.results.wording import by_infusion as wording
from views.results.wording import outcomes as rate_wording
from views.results.wording.numbers import unbroken


RESPONSE = CRITERIA["phq9_response_50"]


def counted(criterion=RESPONSE, **chosen):
    with practice_of(**chosen) as practice:
        return counts.by_infusion(practice, criterion)


def pills(app, key):
    widget = next(w for w in app.button_group if w.key == key)
    return [option.content for option in widget.proto.options]


def test_it_opens_on_every_practice(practice):
    app = opened("by_infusion.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
        return
    assert practice in (TINY, EXAMPLE)
    headline = rate_wording.by_infusion_headline(counted().ever)
    assert app.subheader[0].value == unbroken(headline)


def test_nobody_measured_after_an_infusion_says_what_to_record(tiny):
    app = choose(opened("by_infusion.py"), "outcomes_indication", "ptsd")
    assert "No course agrees with what was chosen." in app.info[0].value
    app = choose(opened("by_infusion.py"), "outcomes_measure", "pcl5")
    app = choose(app, "outcomes_window_pcl5", "past_week")
    assert app.info[0].value == rate_wording.NOT_AFTER_ANY_INFUSION
    assert not app.table


def test_the_tables_are_what_is_counted(example):
    found = counted()
    numbers = shown_infusions(found.now)
    app = opened("by_infusion.py")
    shown = {number: found.now[number] for number in numbers}
    assert table(app, "Both curves by infusion") == rate_wording.infusion_rows(
        shown, found.ever
    )
    attended = [at for at in found.attendance if at.number in numbers]
    assert table(app, "Courses at each infusion") == wording.attendance_rows(attended)
    assert table(app, "Time to the criterion") == wording.time_rows(
        found.ever, found.days
    )
    assert wording.attendance_sentence(attended) in text_of(app)
    assert wording.time_sentence(found.ever, found.days) in text_of(app)


def test_every_eligible_course_is_counted_once_at_each_infusion(example):
    found = counted()
    for at in found.attendance:
        assert at.eligible == found.now[at.number].eligible
        assert at.measured == found.now[at.number].measured
    given = [at.given for at in found.attendance]
    assert given == sorted(given, reverse=True)


def test_another_criterion_and_choice_of_courses(example):
    app = choose(opened("by_infusion.py"), "outcomes_criterion_phq9", REMISSION.code)
    app = choose(app, "outcomes_indication", "depression")
    found = counted(REMISSION, indication="depression")
    headline = rate_wording.by_infusion_headline(found.ever)
    assert app.subheader[0].value == unbroken(headline)


REMISSION = CRITERIA["phq9_remission_lt5"]


def test_the_patients_at_an_infusion_are_as_many_as_each_number_says(example):
    app = choose(opened("by_infusion.py"), "by_infusion_number", 5)
    for code, said in numbers_of(app, "by_infusion_at_number"):
        app = choose(app, "by_infusion_at_number", code)
        assert_as_many(app, said)


@pytest.mark.parametrize("unit", ["days", "infusions"])
def test_the_patients_who_met_it_are_as_many_as_each_number_says(example, unit):
    app = opened("by_infusion.py")
    key = f"by_infusion_{unit}_number"
    for code, said in numbers_of(app, key):
        app = choose(app, key, code)
        assert_as_many(app, said)


def numbers_of(app, key):
    """Return the codes of a list's numbers, and what their buttons say."""
    return list(zip(CODES[key], pills(app, key), strict=True))


CODES = {
    "by_infusion_at_number": (
        "given",
        "met",
        "given_measured",
        "given_not_measured",
        "given_not_yet_due",
        "stopped_before",
        "still_to_come",
    ),
    **dict.fromkeys(
        ("by_infusion_days_number", "by_infusion_infusions_number"),
        (
            "Eligible",
            "Followed",
            "Met_it_at_least_once",
            "Not_met_on_any_form",
            "No_form_that_could_show_it",
        ),
    ),
}


def assert_as_many(app, said):
    count = int(said.split(": ")[1])
    assert [len(listed.value) for listed in app.dataframe] == [count][:count], said


def test_the_days_in_the_list_are_those_of_the_curve(example):
    app = choose(
        opened("by_infusion.py"), "by_infusion_days_number", "Met_it_at_least_once"
    )
    days = app.dataframe[0].value["Days to that form"]
    curve = counted().days
    for step in curve.steps:
        assert (days == step.time).sum() == step.events


def test_the_list_shows_the_form_that_met_it_first_or_else_the_last_look(example):
    with practice_of() as practice:
        listed = counts.courses_ever(practice, RESPONSE)
        every = practice.by_infusion("phq9")
    looks = {course: [] for course in listed["course_id"]}
    for row in every.dropna(subset=["total"]).itertuples():
        if row.course_id in looks:
            met = 2 * row.total <= row.baseline
            looks[row.course_id].append((row.infusion, met))
    for row in listed.itertuples():
        seen = sorted(looks[row.course_id])
        first_met = [number for number, met in seen if met][:1]
        last_seen = [number for number, _ in seen][-1:]
        assert [row.infusion] == (first_met or last_seen or [1])


def read(make):
    """Return the rows of a file, given what makes it."""
    return list(csv.DictReader(io.StringIO(make().decode("utf-8-sig"))))


def test_the_files_hide_small_counts_and_say_what_was_asked(example):
    with offered_files() as offered:
        opened("by_infusion.py")
        files = {name: read(make) for name, make in offered.items()}
    assert set(files) == {"by-infusion.csv", "time-to-criterion.csv"}
    found = counted()
    first, *_ = files["by-infusion.csv"]
    assert first["measured"] == str(found.now[1].measured)
    assert first["stopped before"] == "fewer than 5"
    days, _ = files["time-to-criterion.csv"]
    assert days["median"] == wording.time_rows(found.ever, found.days)[0]["Median"]
    for row in (*files["by-infusion.csv"], *files["time-to-criterion.csv"]):
        assert row["As of"] == today().isoformat()
        counts_shown = [value for name, value in row.items() if name not in WORDS]
        assert not {"0", "1", "2", "3", "4"} & set(counts_shown)


WORDS = {"After infusion", "Counted in"}
