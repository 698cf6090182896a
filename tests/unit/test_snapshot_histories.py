"""Whatever is recorded after a snapshot, in any order: nothing goes unexplained."""

import random

import pytest

from analysis.snapshot import UNEXPLAINED, from_content, to_content, what_changed
from data.assessments import (
    add_assessment,
    correct_assessment,
    list_assessments,
    void_assessment,
)
from data.errors import RecordError
from data.infusions import (
    add_infusion,
    correct_infusion,
    list_infusions,
    void_infusion,
)
from data.patients import close_course, get_course, reopen_course
from data.snapshots import (
    add_snapshot,
    forms_since_frame,
    get_snapshot,
    infusions_since_frame,
)
from measures.registry import CRITERIA
from tests.factories import (
    add_course,
    at,
    calendar_day,
    day,
    given,
    phq9,
    practice,
)
from tests.saved_rates import counted_now


RESPONSE = CRITERIA["phq9_response_50"]
COURSES = 8
EDITS = 25


def moment(chance):
    return at(f"{chance.randint(-20, 80)} {chance.randint(8, 18):02}:00")


def record_form(connection, course_id, chance):
    facts = phq9(moment(chance), chance.choice(["incomplete", *range(0, 28, 3)]))
    add_assessment(connection, course_id=course_id, facts=facts)


def correct_form(connection, course_id, chance):
    form = chance.choice(list_assessments(connection, course_id))
    facts = phq9(moment(chance), chance.choice(["incomplete", *range(0, 28, 3)]))
    correct_assessment(connection, form.id, facts=facts, reason="Typo")


def withdraw_form(connection, course_id, chance):
    form = chance.choice(list_assessments(connection, course_id))
    void_assessment(connection, form.id, reason="Of somebody else")


def record_infusion(connection, course_id, chance):
    phase = chance.choice([None, "induction", "maintenance"])
    facts = given(moment(chance), phase=phase)
    add_infusion(connection, course_id=course_id, facts=facts)


def correct_one(connection, course_id, chance):
    one = chance.choice(list_infusions(connection, course_id))
    correct_infusion(connection, one.id, facts=given(moment(chance)), reason="Typo")


def withdraw_infusion(connection, course_id, chance):
    one = chance.choice(list_infusions(connection, course_id))
    void_infusion(connection, one.id, reason="Not given")


def close_or_reopen(connection, course_id, chance):
    if get_course(connection, course_id).closed:
        reopen_course(connection, course_id)
        return
    closed = calendar_day(chance.randint(0, 60))
    close_course(connection, course_id, closed=closed, reason="Ended")


WHATEVER = [
    record_form,
    record_form,
    correct_form,
    withdraw_form,
    record_infusion,
    correct_one,
    withdraw_infusion,
    close_or_reopen,
]


def edit(connection, ids, chance, times):
    for _ in range(times):
        try:
            chance.choice(WHATEVER)(connection, chance.choice(ids), chance)
        except (RecordError, IndexError):
            continue  # impossible there: nothing to correct, or taken already


@pytest.mark.parametrize("timepoint", ["weeks_2_4", "after_infusion_2"])
@pytest.mark.parametrize("seed", range(6))
def test_every_difference_has_a_reason_in_the_record(
    migrated_sqlite_url, seed, timepoint
):
    chance = random.Random(seed)
    with practice(migrated_sqlite_url) as connection:
        ids = [add_course(connection, f"course {n}") for n in range(COURSES)]
        for course_id in ids:
            for number in range(4):
                facts = given(at(f"{3 * number} 10:00"))
                add_infusion(connection, course_id=course_id, facts=facts)
        edit(connection, ids, chance, 3 * EDITS)
        as_of = day(chance.choice([20, 45, 90]))
        before = counted_now(connection, as_of_day=as_of, timepoint=timepoint)
        content, rows = to_content(before)
        saved_id = add_snapshot(connection, content=content, rows=rows)
        saved = get_snapshot(connection, saved_id)
        then = from_content(saved.content, saved.rows)

        def changes(as_of_day):
            return what_changed(
                then,
                counted_now(connection, as_of_day=as_of_day, timepoint=timepoint),
                RESPONSE,
                forms=forms_since_frame(connection, saved),
                infusions=infusions_since_frame(connection, saved),
            )

        assert changes(as_of).reproduced
        unexplained(changes(as_of + 60))
        edit(connection, ids, chance, EDITS)
        unexplained(changes(as_of))
        unexplained(changes(as_of + 60))


def unexplained(changes):
    for change in changes.courses:
        assert change.reasons
        assert UNEXPLAINED not in {r.kind for r in change.reasons}, change
