"""The page Snapshots: save a rate, open it again, see what changed and whose it is."""

import hashlib
import json
from contextlib import contextmanager

from sqlalchemy import text

from analysis.snapshot import changed_definitions, to_content
from analysis.suppression import OUTCOME_LAYOUT
from data.assessments import correct_assessment, list_assessments
from data.audit import list_audit_entries
from data.database import open_database, writing
from data.snapshots import add_snapshot, list_snapshots, sealed_texts
from measures.days import day_date, day_number
from measures.registry import CRITERIA
from tests.actors import TESTER
from tests.factories import at, phq9
from tests.views.clinic import text_of
from tests.views.offered_files import offered_files
from tests.views.results_pages import EMPTY, choose, opened, table
from views import state
from views.results.counts import recut
from views.results.counts import snapshots as counts
from views.results.counts.recut import Practice, Selection
from views.results.exports import Export, export_csv
from views.results.wording import glance as glance_wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording import snapshots as wording
from views.results.wording.numbers import unbroken


RESPONSE, WEEKS = CRITERIA["phq9_response_50"], "weeks_2_4"


@contextmanager
def records():
    engine = open_database(state.database.default_url())
    with writing(engine, TESTER) as connection:
        yield connection
    engine.dispose()


def selection(days_ago=0):
    return Selection(as_of_day=day_number(state.today()) - days_ago)


def save(connection, days_ago=0, note="for the board"):
    practice = Practice(connection, selection(days_ago))
    return counts.save(practice, RESPONSE, WEEKS, note=note)


def correct_a_score(connection, total):
    """Give the first patient another score at the time point of the rate."""
    forms = list_assessments(connection, 1)
    form = next(f for f in forms if (f.facts.measure, f.total) == ("phq9", 8))
    correct_assessment(connection, form.id, facts=phq9(at("38"), total), reason="Typo")


def press_save(app, note):
    (field,) = (one for one in app.text_input if one.label == "Note")
    field.set_value(note)
    next(b for b in app.button if b.label == "Save this rate").click()
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


# Every practice.


def test_it_opens_on_every_practice(practice):
    app = opened("snapshots.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value
    else:
        assert wording.NONE_YET in text_of(app)


def test_what_is_saved_is_what_is_shown(practice):
    if practice == EMPTY:
        return
    app = press_save(opened("snapshots.py"), "for the board")
    assert [one.value for one in app.text_input if one.label == "Note"] == [""]
    with records() as connection:
        (head,) = list_snapshots(connection).kept
        rate = recut.outcome(Practice(connection, selection()), RESPONSE, WEEKS)
    assert head.note == "for the board"
    assert head.content["rate"]["events"] == rate.events
    words = text_of(app)
    assert unbroken(f"**{outcome_wording.headline(rate)}**") in words
    assert f"Snapshot {head.id}" in words
    assert "It comes out again" in words
    assert "As of" not in "".join(wording.rates(reopened(head.id)))
    then = f"As counted then ({outcome_wording.day_text(rate.as_of_day)})"
    shown = {
        row["Number"]: row[then] for row in table(app, "Every number, then and now")
    }
    assert shown["Started"] == str(rate.started)
    assert shown["Of the measured"] == outcome_wording.share_of(
        rate.observed, "measured"
    )


def reopened(snapshot_id):
    with records() as connection:
        return counts.open_snapshot(connection, snapshot_id)


def test_nobody_chosen_is_nothing_to_save(tiny):
    app = opened("snapshots.py")
    next(s for s in app.selectbox if s.key == "outcomes_indication").set_value("ptsd")
    app.run()
    assert "Nothing to save." in text_of(app)
    assert not [b for b in app.button if b.label == "Save this rate"]


def test_a_note_is_shown_as_it_was_typed(tiny):
    app = press_save(opened("snapshots.py"), "*board*")
    assert table(app, "Saved rates")[0]["Note"] == r"\*board\*"


# What changed.


def test_a_corrected_form_is_found_with_its_reason_and_its_patient(tiny):
    with records() as connection:
        saved = save(connection)
    with records() as connection:
        correct_a_score(connection, 18)
    app = opened_on(saved)
    assert "It does not come out the same" in text_of(app)
    assert "1 course counts otherwise and 2 as before" in text_of(app)
    assert table(app, "Why courses count otherwise, again") == [
        {"Why": "Score: corrected since", "Courses": "1"}
    ]
    assert table(app, "What courses count as, again") == [
        {"Then": "criterion met", "Now": "criterion not met", "Courses": "1"}
    ]
    app = choose(app, "snapshots_again_number", "score corrected")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Record number"], row["Score then"], row["Score now"]) == ("a", 8, 18)


def test_what_was_recorded_since_counts_for_today_only(tiny):
    with records() as connection:
        saved = save(connection, days_ago=day_number(state.today()) - 19_750)
    app = opened_on(saved)
    words = text_of(app)
    assert "It comes out again" in words
    assert f"As of {outcome_wording.day_text(day_number(state.today()))}, " in words
    assert table(app, "Why courses count otherwise, today")


def opened_on(snapshot_id):
    app = opened("snapshots.py")
    app.selectbox(key="snapshots_open").set_value(snapshot_id)
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def test_every_number_of_the_snapshot_leads_to_its_patients(tiny):
    with records() as connection:
        saved = save(connection)
    app = opened_on(saved)
    rate = reopened(saved).then.rate
    for group in outcome_wording.groups(rate):
        app = choose(app, "snapshots_then_number", group.code)
        shown = [d.value for d in app.dataframe]
        assert sum(len(rows) for rows in shown) == group.count


def test_a_number_that_is_not_in_another_snapshot_is_let_go(tiny):
    with records() as connection:
        first = save(connection)
        correct_a_score(connection, 18)
        second = save(connection, note="later")
    app = choose(opened_on(first), "snapshots_again_number", "score corrected")
    app.selectbox(key="snapshots_open").set_value(second)
    app.run()
    assert not app.exception
    assert "It comes out again" in text_of(app)


# What cannot be opened.


def test_one_that_was_changed_is_said_and_not_opened(tiny):
    with records() as connection:
        saved = save(connection)
        connection.execute(text("DROP TRIGGER snapshot_no_rewrite"))
        connection.execute(text("UPDATE snapshot SET rows = replace(rows, '20', '21')"))
    app = opened_on(saved)
    assert "is no longer what was saved" in app.error[0].value
    with records() as connection:
        connection.execute(text("UPDATE snapshot SET about = '{}'"))
    app = opened("snapshots.py")
    assert app.error[0].value == wording.changed_afterwards([saved])
    assert wording.NONE_YET in text_of(app)


def test_a_question_that_is_no_longer_known_is_shown_as_it_was(tiny, monkeypatch):
    with records() as connection:
        saved = save(connection)
    monkeypatch.delitem(counts.CRITERIA, RESPONSE.code)
    monkeypatch.setattr(counts, "CRITERIA", {})
    found = reopened(saved)
    assert (found.again, found.today, found.unknown) == (None, None, ("criterion",))
    assert wording.verdict(found).startswith("This question can no longer be asked")
    assert [*wording.rates(found)] == [wording.THEN]


def test_one_from_before_a_filter_was_added_is_asked_again(tiny):
    with records() as connection:
        practice = Practice(connection, selection())
        content, rows = to_content(counts.count_now(practice, RESPONSE, WEEKS))
        del content["filters"]["indication"]
        saved = add_snapshot(connection, content=content, rows=rows)
    found = reopened(saved)
    assert found.again.reproduced
    assert "Indication: any" in wording.scope(counts.kept_selection(found))


def test_one_with_a_filter_that_was_taken_away_is_not_asked_again(tiny):
    with records() as connection:
        practice = Practice(connection, selection())
        content, rows = to_content(counts.count_now(practice, RESPONSE, WEEKS))
        content["filters"]["ward"] = 3
        saved = add_snapshot(connection, content=content, rows=rows)
    app = opened_on(saved)
    assert "does not know its choice of courses" in app.warning[0].value


def test_a_changed_definition_is_named(tiny):
    with records() as connection:
        saved = save(connection)
    then = reopened(saved).then.definitions
    now = json.loads(json.dumps(then))
    now["baseline"]["at_most_days"] = 99
    (row,) = wording.definition_rows(changed_definitions(then, now))
    assert (row["Definition"], row["Limit"], row["Now"]) == (
        "Baseline",
        "at most days",
        "99",
    )


# Files.


def test_the_files_give_the_seal(tiny):
    with records() as connection:
        saved = save(connection)
        sealed = sealed_texts(connection, saved)
    head = reopened(saved).saved
    assert hashlib.sha256(sealed.about.encode()).hexdigest() == head.hash
    rows_seal = json.loads(sealed.about)["rows_sha256"]
    assert hashlib.sha256(sealed.rows.encode()).hexdigest() == rows_seal


def test_the_table_that_is_passed_on_hides_small_counts_and_names_the_seal(tiny):
    with records() as connection:
        saved = save(connection)
    found = reopened(saved)
    row = {"all": glance_wording.rate_row(found.then.rate)}
    export = Export("x", row, OUTCOME_LAYOUT, wording.stamp(found))
    content = export_csv(export, 5).decode("utf-8-sig")
    assert found.saved.hash in content
    assert day_date(found.then.rate.as_of_day).isoformat() in content
    cells = content.splitlines()[1]
    assert "fewer than 5" in cells
    assert "100 %" not in cells


def test_saving_and_looking_are_in_the_audit_without_a_name(tiny):
    press_save(opened("snapshots.py"), "for the board")
    with records() as connection:
        entries = [(e.action, e.subject) for e in list_audit_entries(connection)]
        (head,) = list_snapshots(connection).kept
    assert ("add", f"snapshot {head.id} {head.hash}") in entries
    assert ("view", "snapshots") in entries
    assert not [subject for _, subject in entries if "board" in subject]


def test_a_file_that_is_taken_out_is_told(tiny):
    with records() as connection:
        saved = save(connection)
    app = opened_on(saved)
    with offered_files() as files:
        app.run()
    taken = {name: make() for name, make in files.items()}
    assert set(taken) == {
        f"snapshot-{saved}.csv",
        f"snapshot-{saved}-about.json",
        f"snapshot-{saved}-rows.json",
        "report.pdf",
    }
    about = taken[f"snapshot-{saved}-about.json"]
    assert hashlib.sha256(about).hexdigest() == reopened(saved).saved.hash
    assert taken["report.pdf"].startswith(b"%PDF")
    with records() as connection:
        entries = list(list_audit_entries(connection))
    told = [entry.subject for entry in entries if entry.action == "export"]
    assert sorted(told) == [
        "results report.pdf",
        f"results snapshot-{saved}",
        f"snapshot {saved}, about",
        f"snapshot {saved}, rows",
    ]
