"""The example practice: invented, the same every time, and never among real records."""

import re
import time
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import chain

import pytest
from sqlalchemy import func, select

from analysis.columns import COURSES, conform
from analysis.expected import FEWEST_PATIENTS, expected_changes, similar_baselines
from analysis.outcomes import one_course_per_patient, outcome_rate
from data import example_practice
from data.alerts import list_alerts
from data.assessments import add_assessment, history
from data.audit import first_broken_entry, list_audit_entries
from data.course_scores import current_version, rebuild_course_scores
from data.database import migrate, open_database, reading, sqlite_url
from data.errors import DatabaseError, RecordError
from data.example_patients import PATIENTS, SITES, TEAMS
from data.example_practice import example_is_made, make_example
from data.frames import courses_frame
from data.infusions import list_infusions
from data.patients import list_patients
from data.settings import read_settings
from data.similar import similar_changes
from data.tables import (
    DISSOCIATION,
    EVENT_KINDS,
    assessment,
    course,
    course_progress,
    course_schedule,
    course_scores,
    course_scores_version,
    event,
    infusion,
    metadata,
    patient,
    site,
)
from measures.days import day_number
from measures.registry import CRITERIA, ELIGIBILITY
from tests.actors import TESTER
from tests.factories import add_course, at, phq9, practice


AS_OF = date(2026, 6, 15)
FACTS = ("site", "patient", "course", "infusion", "assessment", "event", "alert")


@pytest.fixture(scope="module")
def example_url(tmp_path_factory):
    url = sqlite_url(tmp_path_factory.mktemp("example") / "example.db")
    make_example(url, as_of=AS_OF)
    return url


@pytest.fixture
def connection(example_url):
    engine = open_database(example_url)
    with reading(engine, TESTER) as connection:
        yield connection
    engine.dispose()


def facts_of(url):
    engine = open_database(url)
    with engine.connect() as connection:
        facts = {
            name: connection.execute(
                select(metadata.tables[name]).order_by(metadata.tables[name].c.id)
            ).all()
            for name in FACTS
        }
    engine.dispose()
    return facts


def count(connection, *where, of=assessment):
    query = select(func.count()).select_from(of)
    return connection.scalar(query.where(*where))


def share(connection, criterion, timepoint, window):
    rule = CRITERIA[criterion]
    frame = courses_frame(
        connection, measure=rule.measure, recall_window=window, timepoint=timepoint
    )
    rate = outcome_rate(
        one_course_per_patient(conform(frame, COURSES)),
        rule,
        timepoint=timepoint,
        eligible_at_least=ELIGIBILITY[rule.measure].at_least,
        as_of_day=day_number(AS_OF),
    )
    return rate, rate.observed.estimate


def test_the_same_as_of_day_gives_the_same_facts(example_url, tmp_path):
    again = sqlite_url(tmp_path / "again.db")
    make_example(again, as_of=AS_OF)
    assert facts_of(again) == facts_of(example_url)


@pytest.mark.postgresql
def test_it_is_the_same_practice_on_postgresql(example_url, postgresql_url):
    make_example(postgresql_url, as_of=AS_OF)
    assert facts_of(postgresql_url) == facts_of(example_url)
    with practice(postgresql_url) as connection:
        # Ids that were given by the database, so the next one is free.
        add_assessment(
            connection,
            course_id=add_course(connection, "next"),
            facts=phq9(at("1"), 9),
        )


@pytest.mark.parametrize("days", [1, 2, 3, 4, 200, 900])
def test_any_other_day_makes_a_practice_too(tmp_path, days):
    url = sqlite_url(tmp_path / "other.db")
    make_example(url, as_of=AS_OF - timedelta(days=days))
    assert example_is_made(url)


def test_it_takes_less_than_three_seconds(tmp_path):
    url = sqlite_url(tmp_path / "timed.db")
    began = time.process_time()
    make_example(url, as_of=AS_OF)
    assert time.process_time() - began < 3


def test_everything_lies_before_the_as_of_day_and_after_its_course_opened(connection):
    last = (day_number(AS_OF) - 1) * 1440
    first = (day_number(AS_OF) - 650) * 1440
    for column in (infusion.c.started_minute, assessment.c.completed_minute):
        low, high = connection.execute(select(func.min(column), func.max(column))).one()
        assert first < low < high < last
    for column in (assessment.c.recorded_at, infusion.c.recorded_at):
        assert connection.scalar(select(func.max(column))) < datetime(2026, 6, 15)
    assert connection.scalar(select(func.max(course.c.closed_day))) < last // 1440


def test_everybody_is_obviously_invented(connection):
    people = list_patients(connection)
    assert len(people) == PATIENTS
    assert len({p.name for p in people}) == PATIENTS
    for person in people:
        assert re.fullmatch(r"EX-\d{3}", person.record_number)
        assert person.family_name in ("Example", "Sample", "Specimen", "Pretend")
    clinicians = connection.scalars(select(course.c.clinician).distinct()).all()
    assert sorted(clinicians) == sorted(chain(*TEAMS))


def test_both_sites_have_patients_who_are_where_their_latest_course_is(connection):
    placed = connection.execute(
        select(site.c.name, patient.c.site_id, course.c.site_id)
        .join_from(patient, course, course.c.patient_id == patient.c.id)
        .join(site, site.c.id == patient.c.site_id)
        .order_by(course.c.number)
        .distinct()
    ).all()
    assert {name for name, _, _ in placed} == set(SITES)
    assert all(theirs == given for _, theirs, given in placed)


def test_the_rates_are_those_of_an_honest_clinic(connection):
    response, share_of_response = share(
        connection, "phq9_response_50", "weeks_2_4", "two_weeks"
    )
    _, remission = share(connection, "phq9_remission_lt5", "weeks_2_4", "two_weeks")
    _, ptsd = share(connection, "pcl5_response_30", "weeks_2_4", "past_month")
    assert 0.40 <= share_of_response <= 0.58
    assert 0.18 <= remission <= 0.32
    assert 0.48 <= ptsd <= 0.65
    assert 0.6 <= response.measured / response.due <= 0.8
    assert response.not_due > 3
    assert response.no_baseline > 5
    assert response.started < PATIENTS  # somebody has not had an infusion yet


def test_response_grows_with_the_infusions_and_later_months_are_thin(connection):
    after = [
        share(connection, "phq9_response_50", f"after_infusion_{k}", "two_weeks")[1]
        for k in (1, 3, 5)
    ]
    assert 0.05 < after[0] < after[1] < after[2] < 0.75
    early, _ = share(connection, "phq9_response_50", "weeks_2_4", "two_weeks")
    late, share_late = share(connection, "phq9_response_50", "month_12", "two_weeks")
    assert late.measured / late.due < early.measured / early.due
    assert share_late < 0.5


def test_some_patients_stop_early_and_some_come_back(connection):
    infusions = Counter(
        connection.scalars(select(course_progress.c.induction_infusions))
    )
    stopped = sum(n for given, n in infusions.items() if given < 6)
    assert 12 <= stopped <= 36
    assert infusions[6] > 70
    boosters = count(
        connection,
        course_progress.c.infusions > course_progress.c.induction_infusions,
        of=course_progress,
    )
    assert boosters > 20
    assert 2 <= count(connection, course.c.number == 2, of=course) <= 12


def test_every_kind_of_record_is_there(connection):
    incomplete = (assessment.c.answers.is_not(None), assessment.c.total.is_(None))
    assert count(connection, *incomplete, assessment.c.measure == "phq9") > 20
    assert count(connection, *incomplete, assessment.c.item_9 >= 1) > 2
    assert count(connection, assessment.c.answers.like("________-")) > 2
    assert count(connection, assessment.c.answers.is_(None)) > 50
    assert count(connection, assessment.c.state == "superseded") > 3
    assert count(connection, assessment.c.state == "void") == 1
    assert count(connection, infusion.c.state == "superseded", of=infusion) == 1
    windows = Counter(connection.scalars(select(assessment.c.recall_window)))
    assert set(windows) == {"two_weeks", "past_month", "past_week"}
    indications = Counter(connection.scalars(select(course.c.indication)))
    assert set(indications) == {"depression", "ptsd", "both"}
    assert set(connection.scalars(select(event.c.kind))) == set(EVENT_KINDS)
    assert count(connection, infusion.c.adverse_events.is_not(None), of=infusion) > 50
    current = select(infusion.c.dose_mg_per_kg).where(infusion.c.state == "current")
    assert set(connection.scalars(current)) <= {0.5, 0.6, 0.7, 0.8, 0.9, 1.0}


def test_corrections_can_be_read_back(connection):
    corrected = connection.scalars(
        select(assessment.c.id).where(assessment.c.corrects_id.is_not(None))
    ).all()
    for form_id in corrected:
        now, before = history(connection, form_id)
        assert (now.state, before.state) == ("current", "superseded")
        assert now.facts.answers != before.facts.answers
        assert now.reason


def test_every_item_9_to_ask_about_has_one_alert_and_a_few_are_open(connection):
    alerts = list_alerts(connection, only_open=False)
    left_out = assessment.c.answers.is_not(None) & assessment.c.item_9.is_(None)
    asking = connection.scalars(
        select(assessment.c.id).where(
            (assessment.c.item_9 >= 1) | left_out,
            assessment.c.measure == "phq9",
            assessment.c.state == "current",
        )
    )
    alerted = Counter(a.assessment_id for a in alerts)
    assert set(asking) <= set(alerted)
    assert set(alerted.values()) == {1}
    open_alerts = [a for a in alerts if a.closed_at is None]
    assert 2 <= len(open_alerts) <= 12
    assert {a.action for a in alerts} >= {
        *("entered by mistake", "referred", None),
        "asked again, no such thoughts reported",
    }
    assert all(
        (a.item_9 is None) == a.action.startswith("asked again")
        for a in alerts
        if a.action
    )


def test_an_open_alert_is_about_a_gap_one_about_a_rise_and_one_is_overdue(connection):
    open_alerts = list_alerts(connection)
    allowed = read_settings(connection).alert_escalation_hours
    noon = datetime(2026, 6, 15, 12)
    hours = [(noon - a.opened_at) / timedelta(hours=1) for a in open_alerts]
    assert min(hours) < allowed < max(hours)
    assert [a.item_9 for a in open_alerts].count(None) == 1
    assert sum(a.rose for a in open_alerts) >= 2
    # The overlooked ones were seen; the others are still to be.
    assert {a.seen_by is not None for a in open_alerts} == {True, False}


def test_infusions_say_what_was_measured_and_what_fits_together(connection):
    measured = connection.execute(
        select(infusion).where(infusion.c.weight_kg.is_not(None))
    ).all()
    assert len(measured) > 600
    for given in measured:
        assert given.systolic_peak > given.systolic_before > given.diastolic_before
        assert abs(given.dose_mg - given.dose_mg_per_kg * given.weight_kg) < 2 or (
            given.state == "superseded"
        )
        assert (given.adverse_events is None) == (given.adverse_event_codes is None)
    assert {given.dissociation for given in measured} == set(DISSOCIATION)
    raised = [g for g in measured if g.adverse_event_codes == "raised blood pressure"]
    assert {(g.systolic_peak, g.diastolic_peak) for g in raised} == {(168, 96)}
    course_id = measured[0].course_id
    assert list_infusions(connection, course_id)[0].facts.weight_kg


def test_most_courses_were_screened_and_the_newest_and_the_oldest_were_not(connection):
    screened = count(connection, course.c.screened_at.is_not(None), of=course)
    assert 100 < screened < count(connection, of=course)
    assert count(connection, course.c.consent, of=course) == screened
    assert count(connection, course.c.chronic_ptsd, of=course) > 30


def test_infusions_are_planned_for_those_in_treatment_and_some_schedules_differ(
    connection,
):
    planned = connection.scalars(
        select(course_schedule.c.next_infusion_day).where(
            course_schedule.c.next_infusion_day.is_not(None)
        )
    ).all()
    today = day_number(AS_OF)
    assert len(planned) >= 5
    assert min(planned) >= today - 1
    closed = select(course.c.id).where(course.c.closed_day.is_not(None))
    still_planned = course_schedule.c.next_infusion_day.is_not(None)
    assert not count(
        connection, still_planned, course_schedule.c.course_id.in_(closed),
        of=course_schedule,
    )  # fmt: skip
    own = (
        course_schedule.c.maintenance_days,
        course_schedule.c.weeks_after_induction,
        course_schedule.c.day_after_first,
    )
    assert all(
        count(connection, column.is_not(None), of=course_schedule) in (1, 2)
        for column in own
    )


def test_enough_patients_are_alike_for_what_others_did_to_be_shown(connection):
    some_course = connection.scalar(
        select(course.c.id).where(course.c.indication == "depression")
    )
    found = expected_changes(
        similar_changes(
            connection,
            some_course,
            measure="phq9",
            recall_window="two_weeks",
            baselines=similar_baselines("phq9", 17),
        )
    )
    assert all(found[number].patients >= FEWEST_PATIENTS for number in range(1, 5))
    assert found[4].median < 0


def test_its_scores_are_those_of_a_rebuild(example_url):
    with practice(example_url) as connection:
        version = connection.scalar(select(course_scores_version.c.version))
        assert version == current_version()
        kept = connection.execute(select(course_scores)).all()
        rebuild_course_scores(connection)
        assert connection.execute(select(course_scores)).all() == kept
        assert first_broken_entry(connection) is None
        assert [e.subject for e in list_audit_entries(connection)] == [
            "example practice"
        ]


def test_it_is_known_when_it_is_made(example_url, sqlite_url, tmp_path):
    assert example_is_made(example_url)
    assert not example_is_made(sqlite_url)
    migrate(sqlite_url)
    assert not example_is_made(sqlite_url)
    with practice(sqlite_url) as connection:
        add_course(connection, "EX-001")
    assert not example_is_made(sqlite_url)


def test_making_it_again_changes_nothing(example_url):
    before = facts_of(example_url)
    make_example(example_url, as_of=AS_OF + timedelta(days=9))
    assert facts_of(example_url) == before


def test_refuses_a_database_that_has_patients(migrated_url):
    with practice(migrated_url) as connection:
        add_course(connection)
    with pytest.raises(RecordError, match="already has patients"):
        make_example(migrated_url, as_of=AS_OF)
    with practice(migrated_url) as connection:
        assert count(connection, of=patient) == 1


@pytest.mark.parametrize("written", ["sqlite:///own.db", "sqlite:///{folder}/own.db"])
def test_refuses_the_practice_s_own_database(monkeypatch, tmp_path, written):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///own.db")
    with pytest.raises(RecordError, match="never goes into the practice's own databa"):
        make_example(written.format(folder=tmp_path), as_of=AS_OF)
    assert not (tmp_path / "own.db").exists()


def test_refuses_a_url_it_cannot_read():
    with pytest.raises(DatabaseError, match="The database URL cannot be read"):
        make_example("example.db", as_of=AS_OF)
    assert not example_is_made("example.db")


def test_half_an_example_is_never_kept_nor_in_the_way(database_url):
    class StoppedError(Exception):
        pass

    def stop(fraction, _text):
        if fraction > 0.5:
            raise StoppedError

    with pytest.raises(StoppedError):
        make_example(database_url, as_of=AS_OF, progress=stop)
    with practice(database_url) as connection:
        assert count(connection, of=patient) == 0
    assert not example_is_made(database_url)
    make_example(database_url, as_of=AS_OF)
    assert example_is_made(database_url)


def test_progress_goes_from_nothing_to_all(sqlite_url):
    told = []
    make_example(sqlite_url, as_of=AS_OF, progress=lambda *step: told.append(step))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert all(text for _, text in told)


def test_its_public_functions_are_the_two():
    public = {
        name
        for name, value in vars(example_practice).items()
        if getattr(value, "__module__", "") == example_practice.__name__
        and not name.startswith("_")
    }
    assert public == {"example_is_made", "make_example"}
