"""The stored scores, the as-of scores and their slow twin say the same.

That they agree does not show that they are right; the tables in ``tests/spec`` do.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from data.assessments import (
    add_assessment,
    correct_assessment,
    list_assessments,
    void_assessment,
)
from data.course_scores import (
    progress_select,
    rebuild_course_scores,
    scores_select,
)
from data.database import open_database, reading, writing
from data.infusions import (
    add_infusion,
    correct_infusion,
    list_infusions,
    void_infusion,
)
from data.patients import close_course, reopen_course
from data.tables import (
    assessment,
    course,
    course_progress,
    course_scores,
    infusion,
    patient,
)
from measures.days import day_date, day_number
from measures.registry import MEASURES
from tests.actors import BY, TESTER
from tests.factories import START, add_course, calendar_day, form
from tests.factories import given as given_infusion
from tests.unit import course_scores_twin as twin


# Gaps, days and minutes at and around every border of the definitions.
GAPS = [0, 1, 2, 3, 7, 10, 11, 14, 15, 30, 40]
AFTER = [-31, -30, -29, -1, 0, 1, 2, 3, 13, 14, 15, 31, 32, 33, 52, 53, 120, 121]
AFTER += [122, 240, 241, 242, 243, 305, 306, 425, 426]
MINUTES = [0, 9 * 60 + 59, 10 * 60, 10 * 60 + 1, 22 * 60 - 1, 22 * 60, 1439]
ZONES = [0, -300, 600]
CLOCKS_GO_BACK = 30
STREAMS = [
    *[("phq9", "two_weeks")] * 4,
    *[("pcl5", window) for window in ("past_month", "past_week", "past_day")],
]
STATES = ["current"] * 5 + ["void", "superseded"]
STAMP = datetime(2026, 1, 1)


@st.composite
def moments(draw, zone, day):
    """Draw a minute of this local day; summer time ends on one of the days."""
    summer = 60 if day < CLOCKS_GO_BACK else 0
    local = datetime.combine(
        calendar_day(day),
        datetime.min.time(),
        timezone(timedelta(minutes=zone + summer)),
    )
    return local + timedelta(minutes=draw(st.sampled_from(MINUTES)))


@st.composite
def drawn_infusions(draw, zone):
    phases = st.sampled_from([None, None, None, "induction", "maintenance"])
    day, made = 0, []
    for gap in draw(st.lists(st.sampled_from(GAPS), max_size=11)):
        day += gap
        made.append(
            {
                "at": draw(moments(zone, day)),
                "phase": draw(phases),
                "state": draw(st.sampled_from(STATES)),
            }
        )
    return made


@st.composite
def drawn_forms(draw, zone, infusions):
    anchors = [(i["at"].date() - START.date()).days for i in infusions] or [0]
    made = []
    for _ in range(draw(st.integers(0, 14))):
        measure, window = draw(st.sampled_from(STREAMS))
        day = draw(st.sampled_from(anchors)) + draw(st.sampled_from(AFTER))
        made.append(
            {
                "measure": measure,
                "recall_window": window,
                "at": draw(moments(zone, day)),
                "kind": draw(st.sampled_from(["total", "answers", "gaps"])),
                "points": draw(st.integers(0, 3)),
                "state": draw(st.sampled_from(STATES)),
            }
        )
    return made


@st.composite
def drawn_courses(draw):
    zone = draw(st.sampled_from(ZONES))
    infusions = draw(drawn_infusions(zone))
    return {
        "infusions": infusions,
        "forms": draw(drawn_forms(zone, infusions)),
        "closed": draw(st.none() | st.sampled_from([-20, 0, 1, 5, 11, 12, 40, 300])),
    }


practices = st.lists(drawn_courses(), min_size=1, max_size=3)
as_of_days = st.lists(st.sampled_from(sorted({*AFTER, *GAPS})), min_size=1, max_size=3)

agreement = settings(
    deadline=None,
    # The database is the same for every example; each is rolled back.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(agreement, max_examples=60)
@given(practice=practices, days=as_of_days)
def test_sqlite_agrees_with_the_twin(migrated_sqlite_url, practice, days):
    compare(migrated_sqlite_url, practice, days)


@pytest.mark.postgresql
@settings(agreement, max_examples=15)
@given(practice=practices, days=as_of_days)
def test_postgresql_agrees_with_the_twin(migrated_postgresql_url, practice, days):
    compare(migrated_postgresql_url, practice, days)


ENGINES = {}


def engine_of(url):
    if url not in ENGINES:
        ENGINES[url] = open_database(url)
    return ENGINES[url]


@pytest.fixture(autouse=True)
def _dispose_of_engines():
    yield
    for engine in ENGINES.values():
        engine.dispose()
    ENGINES.clear()


def compare(url, practice, days):
    with (
        reading(engine_of(url), TESTER) as connection,
        connection.begin() as transaction,
    ):
        twins = write(connection, practice)
        rebuild_course_scores(connection)
        stored = read(connection, select(course_progress), select(course_scores))
        assert stored == expected(twins)
        for day in days:
            asked = {"as_of_day": day_number(calendar_day(day))}
            seen = read(
                connection,
                progress_select(as_of=True),
                scores_select(as_of=True),
                asked,
            )
            earlier = {i: twin.as_of(c, calendar_day(day)) for i, c in twins.items()}
            assert seen == expected(earlier)
        transaction.rollback()


def expected(twins):
    progress = {i: twin.progress(c) for i, c in twins.items()}
    scores = {i: twin.scores(c) for i, c in twins.items()}
    return (
        {i: found for i, found in progress.items() if found},
        {(i, *key): row for i, of_one in scores.items() for key, row in of_one.items()},
    )


def read(connection, progress_query, scores_query, asked=None):
    """Return progress and scores as the twin gives them: dates, keyed by course."""
    progress = {}
    for row in connection.execute(progress_query, asked or {}).mappings():
        facts = dated(row)
        progress[facts.pop("course_id")] = facts
    scores = {}
    for row in connection.execute(scores_query, asked or {}).mappings():
        facts = dated(row)
        names = ("course_id", "measure", "recall_window", "timepoint")
        scores[tuple(facts.pop(name) for name in names)] = facts
    return progress, scores


def dated(row):
    return {
        name: day_date(value) if name.endswith("_day") and value is not None else value
        for name, value in row.items()
    }


def write(connection, practice):
    """Write raw rows, and return what the twin is to make of them, by course."""
    connection.execute(
        insert(patient).values(id="p", record_number="p", added_at=STAMP, added_by=BY)
    )
    return dict(
        write_course(connection, number, drawn)
        for number, drawn in enumerate(practice, start=1)
    )


def write_course(connection, number, drawn):
    closed = None if drawn["closed"] is None else calendar_day(drawn["closed"])
    course_id = connection.execute(
        insert(course).values(
            patient_id="p",
            number=number,
            opened_day=day_number(calendar_day(-60)),
            closed_day=closed and day_number(closed),
            closed_reason=closed and "Ended",
        )
    ).inserted_primary_key[0]
    infusions, taken = [], set()
    for one in drawn["infusions"]:
        if one["state"] == "current" and one["at"] in taken:
            continue
        connection.execute(insert(infusion).values(infusion_row(course_id, one)))
        if one["state"] == "current":
            taken.add(one["at"])
            infusions.append(twin.Infusion(one["at"], one["phase"]))
    forms = write_forms(connection, course_id, drawn["forms"])
    return course_id, twin.Course(tuple(infusions), tuple(forms), closed)


def write_forms(connection, course_id, drawn):
    forms, taken = [], set()
    for one in drawn:
        key = (one["measure"], one["recall_window"], one["at"])
        if one["state"] == "current" and key in taken:
            continue
        row = form_row(course_id, one)
        form_id = connection.execute(
            insert(assessment).values(row)
        ).inserted_primary_key[0]
        if one["state"] == "current":
            taken.add(key)
            if row["total"] is not None:
                forms.append(twin.Form(form_id, *key, row["total"]))
    return forms


def kept(state):
    withdrawn = state == "void"
    return {
        "state": state,
        "void_reason": "Wrong patient" if withdrawn else None,
        "voided_at": STAMP if withdrawn else None,
        "voided_by": BY if withdrawn else None,
        "recorded_at": STAMP,
        "recorded_by": BY,
        "time_known": True,
    }


def placed(prefix, at):
    minutes = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(minutes=1)
    offset = at.utcoffset() // timedelta(minutes=1)
    return {f"{prefix}_minute": minutes, f"{prefix}_offset": offset}


def infusion_row(course_id, drawn):
    return {
        "course_id": course_id,
        "phase": drawn["phase"],
        "route": "IV",
        **placed("started", drawn["at"]),
        **kept(drawn["state"]),
    }


def form_row(course_id, drawn):
    items = MEASURES[drawn["measure"]].item_count
    answers = str(drawn["points"]) * items
    if drawn["kind"] == "gaps":
        answers = "-" + answers[1:]
    complete = drawn["kind"] != "gaps"
    only_a_total = drawn["kind"] == "total"
    item_9 = drawn["points"] if drawn["measure"] == "phq9" else None
    return {
        "course_id": course_id,
        "measure": drawn["measure"],
        "recall_window": drawn["recall_window"],
        "answers": None if only_a_total else answers,
        "answered": None if only_a_total else items - (not complete),
        "total": drawn["points"] * items if complete else None,
        "item_9": None if only_a_total else item_9,
        "source": "self_report",
        **placed("completed", drawn["at"]),
        **kept(drawn["state"]),
    }


# One write at a time, as in use: the refreshed scores are those of a rebuild.

moment_drawn = st.tuples(st.sampled_from(AFTER), st.sampled_from(MINUTES))
writes = st.lists(
    st.one_of(
        st.tuples(st.just("infuse"), moment_drawn),
        st.tuples(st.just("infuse"), moment_drawn),
        st.tuples(st.just("ask"), moment_drawn),
        st.tuples(st.just("ask"), moment_drawn),
        st.tuples(st.just("move infusion"), moment_drawn),
        st.tuples(st.just("correct form"), moment_drawn),
        st.tuples(st.just("void infusion"), moment_drawn),
        st.tuples(st.just("void form"), moment_drawn),
        st.tuples(st.just("close"), moment_drawn),
        st.tuples(st.just("reopen"), moment_drawn),
    ),
    min_size=3,
    max_size=10,
)


@settings(agreement, max_examples=30)
@given(drawn=writes)
def test_each_write_on_sqlite_leaves_the_scores_of_a_rebuild(
    migrated_sqlite_url, drawn
):
    write_and_rebuild(migrated_sqlite_url, drawn)


@pytest.mark.postgresql
@settings(agreement, max_examples=8)
@given(drawn=writes)
def test_each_write_on_postgresql_leaves_the_scores_of_a_rebuild(
    migrated_postgresql_url, drawn
):
    write_and_rebuild(migrated_postgresql_url, drawn)


class RolledBackError(Exception):
    """Ends an example without keeping it."""


def write_and_rebuild(url, drawn):
    with pytest.raises(RolledBackError), writing(engine_of(url), TESTER) as connection:
        course_id, other = add_course(connection), add_course(connection, "b")
        for first in (course_id, other):
            begin(connection, first)
        for number, (kind, (day, minute)) in enumerate(drawn):
            at = START + timedelta(days=day, minutes=minute)
            if perform(connection, course_id, kind, at, points=number):
                tables = select(course_progress), select(course_scores)
                refreshed = read(connection, *tables)
                rebuild_course_scores(connection)
                assert refreshed == read(connection, *tables), kind
        raise RolledBackError


def begin(connection, course_id):
    """Give a course three infusions, a baseline and a score in every later window."""
    for day in (0, 3, 7):
        facts = given_infusion(START + timedelta(days=day))
        add_infusion(connection, course_id=course_id, facts=facts)
    for day in (-2, 1, 5, 25, 45, 150, 360):
        facts = form("phq9", START + timedelta(days=day), 20)
        add_assessment(connection, course_id=course_id, facts=facts)


def perform(connection, course_id, kind, at, points):
    """Do one write and return whether there was anything to do it to."""
    infusions = list_infusions(connection, course_id)
    forms = list_assessments(connection, course_id)
    taken = {i.facts.started_at for i in infusions}
    taken |= {f.facts.completed_at for f in forms}
    needs = {"infusion": infusions, "form": forms}.get(kind.split(" ")[-1], True)
    if not needs or (at in taken and not kind.startswith("void")):
        return False
    infused, asked = given_infusion(at), form("phq9", at, points)
    course = {"course_id": course_id}
    why = {"reason": "Mistake"}
    {
        "infuse": lambda: add_infusion(connection, facts=infused, **course),
        "ask": lambda: add_assessment(connection, facts=asked, **course),
        "move infusion": lambda: correct_infusion(
            connection, infusions[0].id, facts=infused, **why
        ),
        "correct form": lambda: correct_assessment(
            connection, forms[0].id, facts=asked, **why
        ),
        "void infusion": lambda: void_infusion(connection, infusions[-1].id, **why),
        "void form": lambda: void_assessment(connection, forms[-1].id, **why),
        "close": lambda: close_course(connection, course_id, closed=at.date(), **why),
        "reopen": lambda: reopen_course(connection, course_id),
    }[kind]()
    return True
