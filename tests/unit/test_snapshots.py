"""Snapshots: kept as they were, opened only if they are; what was recorded since."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from analysis.columns import conform, empty
from analysis.outcomes import outcome_rate
from analysis.snapshot import (
    FORMS_SINCE,
    INFUSIONS_SINCE,
    SCORE_IDS,
    from_content,
    to_content,
    what_changed,
)
from data import snapshots
from data.actors import LEAD
from data.assessments import add_assessment, void_assessment
from data.audit import first_broken_entry, list_audit_entries
from data.errors import RecordError
from data.infusions import add_infusion, correct_infusion, list_infusions, void_infusion
from data.snapshots import (
    LARGEST_ID,
    LONGEST_NOTE,
    SnapshotChanged,
    add_snapshot,
    canonical_json,
    forms_since_frame,
    get_snapshot,
    infusions_since_frame,
    list_snapshots,
    score_ids_frame,
    sha256,
)
from data.tables import snapshot
from measures.registry import CRITERIA
from tests.actors import acting, with_role
from tests.factories import at, day, given, phq9, practice, write_practice
from tests.saved_rates import CUT, counted_now


PRACTICE = """
    course | infusions | phq9
    -------+-----------+---------------
    a      | 0, 3, 7   | -1: 20, 25: 9
    b      | 0, 3, 7   | -1: 20, 25: 15
    c      | 0, 3, 7   | -1: 20
    d      | 0, 3, 7   |
"""
MOMENT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
CONTENT = {"rate": {"events": 12, "estimate": 0.1}, "named": "Núñez"}
ROWS = {"columns": ["course_id", "total"], "rows": [[1, 9], [2, None]]}
# CONTENT and ROWS, noted "Board" by Tester at MOMENT in an empty practice, sealed
# without this program: printf '%s' ROWS | sha256sum, then the same of ABOUT.
ROWS_SEAL = (
    # pragma: allowlist nextline secret
    "2eefae897d01d602fd70aee5436aba81074c0176755c6726aa70b6fada8dedf7"
)
ABOUT = (
    r'{"content":{"named":"N\u00fa\u00f1ez","rate":{"estimate":0.1,"events":12}},'
    '"format":1,"made_at":"2026-03-01T12:30:15+00:00","made_by":"Tester",'
    '"newest_assessment":0,"newest_infusion":0,"note":"Board",'
    f'"rows_sha256":"{ROWS_SEAL}"}}'
)
# pragma: allowlist nextline secret
SEAL = "4d55df3aaba0995e33725fb8071b7d06d9b427c93adc2c309c90c7ec16d9a00a"


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        yield connection


@pytest.fixture
def at_moment(monkeypatch):
    monkeypatch.setattr(snapshots, "utc_now", lambda: MOMENT)


@pytest.fixture
def unguarded(connection):
    """A connection of somebody who has taken the triggers away."""
    on = " ON snapshot" if connection.dialect.name == "postgresql" else ""
    for name in ("delete", "rewrite"):
        connection.execute(text(f"DROP TRIGGER snapshot_no_{name}{on}"))
    return connection


def save(connection, note=""):
    return add_snapshot(connection, content=CONTENT, rows=ROWS, note=note)


def test_what_was_saved_is_there_again_with_who_when_and_why(connection, at_moment):
    with acting(connection, with_role(LEAD, name="Dr Roe")):
        saved_id = save(connection, note="  For the board \n")
    saved = get_snapshot(connection, saved_id)
    assert (saved.content, saved.rows) == (CONTENT, ROWS)
    assert (saved.made_by, saved.made_at) == ("Dr Roe", MOMENT)
    assert saved.note == "For the board"


def test_a_list_has_the_newest_first_and_does_without_the_rows(connection):
    ids = [save(connection, note) for note in ("first", "second")]
    listed = list_snapshots(connection)
    assert [(s.id, s.note) for s in listed.kept] == [
        (ids[1], "second"),
        (ids[0], "first"),
    ]
    assert listed.kept[0].content == CONTENT
    assert listed.changed == ()
    assert not hasattr(listed.kept[0], "rows")


def test_the_seal_is_the_same_on_every_database_and_can_be_made_by_anybody(
    connection, at_moment
):
    saved_id = save(connection, note="Board")
    row = connection.execute(snapshot.select()).one()
    assert row.about == ABOUT
    assert row.rows == '{"columns":["course_id","total"],"rows":[[1,9],[2,null]]}'
    assert get_snapshot(connection, saved_id).hash == row.hash == SEAL


def test_the_same_saved_twice_at_a_time_is_kept_once(connection, at_moment):
    assert save(connection) == save(connection)
    assert save(connection) != save(connection, note="another")
    assert len(list_snapshots(connection).kept) == 2


def test_saving_is_audited_by_id_and_seal_alone(connection):
    saved_id = save(connection, note="A note of mine")
    seal = get_snapshot(connection, saved_id).hash
    (entry,) = list_audit_entries(connection)
    assert (entry.action, entry.subject, entry.patient_id) == (
        "add",
        f"snapshot {saved_id} {seal}",
        None,
    )
    assert first_broken_entry(connection) is None


@pytest.mark.parametrize(
    ("note", "content", "refused", "sentence"),
    [
        ("x" * (LONGEST_NOTE + 1), CONTENT, RecordError, "501 characters; allowed"),
        ("", {"rate": float("nan")}, ValueError, "not JSON compliant"),
        ("", {"rate": {1, 2}}, TypeError, "not JSON serializable"),
    ],
)
def test_what_cannot_be_kept_is_refused(connection, note, content, refused, sentence):
    with pytest.raises(refused, match=sentence):
        add_snapshot(connection, content=content, rows=ROWS, note=note)
    assert list_snapshots(connection).kept == ()


@pytest.mark.parametrize("number", [7, 0, LARGEST_ID, LARGEST_ID + 1, -(10**20)])
def test_there_is_none_that_was_not_saved(connection, number):
    with pytest.raises(RecordError, match=f"There is no snapshot {number}"):
        get_snapshot(connection, number)


# Tampering.


@pytest.mark.parametrize("statement", ["UPDATE snapshot SET", "DELETE FROM snapshot"])
def test_the_database_refuses_to_change_or_delete_one(connection, statement):
    saved_id = save(connection)
    if "SET" in statement:
        statement += " about = about"
    with pytest.raises(DBAPIError, match="records are kept"), connection.begin_nested():
        connection.execute(text(f"{statement} WHERE id = {saved_id}"))
    assert get_snapshot(connection, saved_id).content == CONTENT


def rewrite(connection, saved_id, **columns):
    kept = connection.execute(snapshot.select()).one()
    values = {
        name: change(getattr(kept, name)) if callable(change) else change
        for name, change in columns.items()
    }
    changed = update(snapshot).where(snapshot.c.id == saved_id)
    connection.execute(changed.values(values))


def more_events(about):
    return about.replace('"events":12', '"events":13')


def another_person(about):
    return about.replace('"made_by":"Tester"', '"made_by":"Nobody"')


def another_total(rows):
    return rows.replace("[1,9]", "[1,4]")


@pytest.mark.parametrize(
    ("column", "change", "what"),
    [
        ("about", more_events, "what was counted was changed"),
        ("about", another_person, "what was counted"),
        ("about", "{}", "what was counted"),
        ("about", "", "what was counted"),
        ("hash", "0" * 64, "what was counted"),
        ("rows", another_total, "a course's row was changed"),
        ("rows", "{}", "a course's row"),
    ],
)
def test_one_that_was_changed_is_refused_plainly(unguarded, column, change, what):
    saved_id = save(unguarded)
    rewrite(unguarded, saved_id, **{column: change})
    with pytest.raises(SnapshotChanged, match=what) as refusal:
        get_snapshot(unguarded, saved_id)
    assert f"Snapshot {saved_id} is no longer what was saved" in str(refusal.value)


def test_one_that_was_changed_and_sealed_anew_is_found_by_the_audit(unguarded):
    saved_id = save(unguarded)
    about = unguarded.execute(snapshot.select()).one().about
    forged = more_events(about)
    rewrite(unguarded, saved_id, about=forged, hash=sha256(forged))
    with pytest.raises(SnapshotChanged):
        get_snapshot(unguarded, saved_id)


def test_one_that_nobody_saved_is_found_by_the_audit(connection):
    save(connection)
    kept = connection.execute(snapshot.select()).one()
    forged = more_events(kept.about)
    row = insert(snapshot).values(about=forged, rows=kept.rows, hash=sha256(forged))
    forged_id = connection.execute(row).inserted_primary_key[0]
    with pytest.raises(SnapshotChanged):
        get_snapshot(connection, forged_id)


def test_a_list_names_those_that_were_changed_and_shows_the_others(unguarded):
    whole, changed = save(unguarded, "one"), save(unguarded, "two")
    about = update(snapshot).where(snapshot.c.id == changed)
    unguarded.execute(about.values(about="not even JSON"))
    listed = list_snapshots(unguarded)
    assert [s.id for s in listed.kept] == [whole]
    assert listed.changed == (changed,)


# The rate itself.


def test_a_saved_rate_comes_out_again_from_its_rows_alone(migrated_url):
    write_practice(migrated_url, PRACTICE)
    with practice(migrated_url) as connection:
        counted = counted_now(connection, as_of_day=day(60))
        content, rows = to_content(counted)
        saved = get_snapshot(
            connection, add_snapshot(connection, content=content, rows=rows)
        )
    opened = from_content(saved.content, saved.rows)
    assert opened.rate == counted.rate
    again = outcome_rate(
        opened.rows,
        CRITERIA[opened.rate.criterion],
        timepoint=opened.rate.timepoint,
        recall_window=opened.rate.recall_window,
        eligible_at_least=opened.rate.eligible_at_least,
        as_of_day=opened.rate.as_of_day,
        confidence=opened.confidence,
    )
    assert again == counted.rate
    assert (again.started, again.due, again.measured, again.events) == (4, 3, 2, 1)


def test_the_stored_scores_and_those_of_a_day_have_the_same_forms(migrated_url):
    write_practice(migrated_url, PRACTICE)
    cut = {**CUT, "timepoint": "weeks_2_4"}
    with practice(migrated_url) as connection:
        stored = score_ids_frame(connection, **cut)
        derived = score_ids_frame(connection, **cut, as_of_day=day(900))
        early = score_ids_frame(connection, **cut, as_of_day=day(20))
    order = {"by": "course_id", "ignore_index": True}
    assert (
        conform(stored, SCORE_IDS)
        .sort_values(**order)
        .equals(conform(derived, SCORE_IDS).sort_values(**order))
    )
    assert stored["score_id"].count() == 2
    assert early["score_id"].count() == 0
    assert early["baseline_id"].count() == 3


# What was recorded since.


@pytest.fixture
def saved(migrated_url):
    """A practice of four courses, and a snapshot of it."""
    ids = write_practice(migrated_url, PRACTICE)
    with practice(migrated_url) as connection:
        yield connection, get_snapshot(connection, save(connection)), ids


def test_nothing_recorded_since_is_an_empty_frame(saved):
    connection, head, _ = saved
    for frame, spec in (
        (forms_since_frame(connection, head), FORMS_SINCE),
        (infusions_since_frame(connection, head), INFUSIONS_SINCE),
    ):
        assert conform(frame, spec).dtypes.equals(empty(spec).dtypes)
        assert frame.empty


def test_all_forms_of_a_course_are_told_once_one_was_recorded_or_withdrawn(saved):
    connection, head, ids = saved
    facts = phq9(at("30"), 8)
    new = add_assessment(connection, course_id=ids["a"], facts=facts)
    gone = conform(score_ids_frame(connection, **CUT, timepoint="weeks_2_4"), SCORE_IDS)
    of_b = int(gone.set_index("course_id").loc[ids["b"], "score_id"])
    void_assessment(connection, of_b, reason="Of somebody else")
    forms = conform(forms_since_frame(connection, head), FORMS_SINCE)
    assert set(forms["course_id"]) == {ids["a"], ids["b"]}
    assert len(forms) == 3 + 2
    by_id = forms.set_index("assessment_id")
    assert by_id.loc[by_id["recorded_since"] == 1].index.tolist() == [new]
    assert by_id.loc[by_id["state"] == "void"].index.tolist() == [of_b]


def test_infusions_are_told_as_recorded_corrected_or_withdrawn(saved):
    connection, head, ids = saved
    add_infusion(connection, course_id=ids["a"], facts=given(at("9")))
    moved = list_infusions(connection, ids["b"])[-1].id
    correct_infusion(connection, moved, facts=given(at("8")), reason="Wrong day")
    last = list_infusions(connection, ids["c"])[-1].id
    void_infusion(connection, last, reason="Not given")
    frame = conform(infusions_since_frame(connection, head), INFUSIONS_SINCE)
    told = zip(frame["course_id"], frame["day"] - day(0), frame["what"], strict=True)
    assert sorted(told) == [
        (ids["a"], 9, "recorded"),
        (ids["b"], 8, "corrected"),
        (ids["c"], 7, "withdrawn"),
    ]


def test_what_was_withdrawn_before_the_snapshot_is_not_told(migrated_url, monkeypatch):
    ids = write_practice(migrated_url, PRACTICE)
    with practice(migrated_url) as connection:
        last = list_infusions(connection, ids["c"])[-1].id
        void_infusion(connection, last, reason="Not given")
        later = datetime(2100, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(snapshots, "utc_now", lambda: later)
        head = get_snapshot(connection, save(connection))
        assert infusions_since_frame(connection, head).empty


def test_a_practice_without_records_has_a_snapshot_too(connection):
    content, rows = to_content(counted_now(connection, as_of_day=day(60)))
    saved = get_snapshot(
        connection, add_snapshot(connection, content=content, rows=rows)
    )
    then = from_content(saved.content, saved.rows)
    changes = what_changed(
        then,
        counted_now(connection, as_of_day=day(90)),
        CRITERIA["phq9_response_50"],
        forms=forms_since_frame(connection, saved),
        infusions=infusions_since_frame(connection, saved),
    )
    assert changes.reproduced
    assert (changes.then.started, changes.unchanged) == (0, 0)


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json({"b": 1, "a": [True, "é"]}) == '{"a":[true,"\\u00e9"],"b":1}'
