"""Looking through the audit: by whom, by what, by day, by patient, page by page."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.audit import EXPORT, VIEW, add_audit_entry, note
from data.audit_search import (
    audit_actions,
    record_numbers,
    search_audit,
    who_opened,
)
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.patients import add_patient
from data.sites import add_site
from data.tables import audit_entry
from tests.actors import TESTER, with_role


ASKED = {
    "search": lambda c: search_audit(c, limit=1),
    "who opened": lambda c: who_opened(c, "ann"),
    "actions": audit_actions,
    "record numbers": lambda c: record_numbers(c, ["ann"]),
}
LEADER = with_role(LEAD, sites=())

# who, action, patient, moment in UTC; the seals are not looked at here.
WRITTEN = """
    dr-lee | view   | ann | 2026-11-01 23:30
    dr-lee | view   | bob | 2026-11-02 00:00
    nurse  | view   | ann | 2026-11-02 12:00
    dr-lee | add    | ann | 2026-11-02 23:59
    dr-lee | view   | ann | 2026-11-03 00:00
    %dr_x  | export |     | 2026-11-04 08:00
"""


@pytest.fixture
def engine(migrated_url, monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "UTC")
    engine = open_database(migrated_url)
    with engine.begin() as connection:
        connection.execute(insert(audit_entry), list(written()))
    yield engine
    engine.dispose()


def written():
    for number, line in enumerate(WRITTEN.strip().splitlines(), start=1):
        who, action, patient, at = (cell.strip() for cell in line.split("|"))
        yield {
            "at": datetime.fromisoformat(at),
            "who": who,
            "action": action,
            "subject": f"thing {number}",
            "patient_id": patient or None,
            "previous_hash": f"{number:064}",
            "hash": f"{number + 1:064}",
        }


def found(engine, limit=100, **asked):
    """Return the ids of the entries that fit, as they come."""
    with reading(engine, LEADER) as connection:
        entries = search_audit(connection, limit=limit, **asked)
    return [entry.id for entry in entries]


def test_nothing_asked_gives_everything_the_newest_first(engine):
    assert found(engine) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"patient_id": "ann"}, [5, 4, 3, 1]),
        ({"patient_id": "nobody"}, []),
        ({"who": "nurse"}, [3]),
        ({"who": "DR-L"}, [5, 4, 2, 1]),
        ({"who": "%"}, [6]),
        ({"who": "dr_"}, [6]),
        ({"who": ""}, [6, 5, 4, 3, 2, 1]),
        ({"actions": ["add"]}, [4]),
        ({"actions": ["add", "export"]}, [6, 4]),
        ({"actions": ["never"]}, []),
        ({"patient_id": "ann", "who": "lee", "actions": ["view"]}, [5, 1]),
    ],
)
def test_all_that_is_asked_has_to_fit(engine, asked, ids):
    assert found(engine, **asked) == ids


@pytest.mark.parametrize(
    ("from_day", "to_day", "ids"),
    [
        (date(2026, 11, 2), None, [6, 5, 4, 3, 2]),
        (None, date(2026, 11, 2), [4, 3, 2, 1]),
        (date(2026, 11, 2), date(2026, 11, 2), [4, 3, 2]),
        (date(2026, 11, 3), date(2026, 11, 2), []),
    ],
)
def test_days_are_whole_days(engine, from_day, to_day, ids):
    assert found(engine, from_day=from_day, to_day=to_day) == ids


def test_days_are_those_of_the_practice(engine, monkeypatch):
    # 1 November, 23:30 UTC is 2 November, 00:30 in Berlin.
    monkeypatch.setenv("TIME_ZONE", "Europe/Berlin")
    day = date(2026, 11, 2)
    assert found(engine, from_day=day, to_day=day) == [3, 2, 1]


def test_pages_follow_each_other_without_gap_or_overlap(engine):
    pages, last = [], None
    while page := found(engine, limit=4, before_id=last):
        pages.append(page)
        last = page[-1]
    assert pages == [[6, 5, 4, 3], [2, 1]]


def test_what_is_written_meanwhile_moves_no_page(engine):
    first = found(engine, limit=2)
    with writing(engine, TESTER) as connection:
        add_audit_entry(connection, action="add", subject="site 9")
    assert found(engine, limit=2, before_id=first[-1]) == [4, 3]


def test_an_entry_comes_whole(engine):
    with reading(engine, LEADER) as connection:
        (entry,) = search_audit(connection, limit=1)
    assert (entry.who, entry.action, entry.subject) == ("%dr_x", "export", "thing 6")
    assert (entry.patient_id, entry.at) == (None, datetime(2026, 11, 4, 8))


def test_who_opened_a_record_counts_views_by_person_the_last_one_first(engine):
    with reading(engine, LEADER) as connection:
        opened = [tuple(vars(one).values()) for one in who_opened(connection, "ann")]
    assert opened == [
        ("dr-lee", 2, datetime(2026, 11, 1, 23, 30), datetime(2026, 11, 3)),
        ("nurse", 1, datetime(2026, 11, 2, 12), datetime(2026, 11, 2, 12)),
    ]


def test_nobody_opened_a_record_that_nobody_opened(engine):
    with reading(engine, LEADER) as connection:
        assert who_opened(connection, "nobody") == []


def test_every_action_is_listed_once(engine):
    with reading(engine, LEADER) as connection:
        assert audit_actions(connection) == ["add", "export", "view"]


@pytest.mark.parametrize("role", [CLINICIAN, ADMINISTRATOR])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_the_audit_is_for_leads(engine, role, ask):
    with reading(engine, with_role(role)) as connection, pytest.raises(NotAllowed):
        ask(connection)


def test_record_numbers_of_the_patients_that_are_there(engine):
    with writing(engine, TESTER) as connection:
        first = add_patient(connection, record_number="R-1")
        second = add_patient(connection, record_number="R-2")
        elsewhere = add_patient(
            connection, record_number="R-3", site_id=add_site(connection, "South")
        )
    with reading(engine, LEADER) as connection:
        asked = [first, elsewhere, "ann"]
        assert record_numbers(connection, asked) == {first: "R-1", elsewhere: "R-3"}
        assert record_numbers(connection, []) == {}
    assert second not in asked


# What is seen and taken out.


def entries(engine):
    with reading(engine, LEADER) as connection:
        return search_audit(connection, limit=100, actions=[VIEW, EXPORT], who="dr-own")


@pytest.fixture
def patient(engine):
    with writing(engine, TESTER) as connection:
        return add_patient(connection, record_number="R-1")


def test_a_view_is_noted_with_its_patient(engine, patient):
    clinician = with_role(CLINICIAN, name="Dr Own")
    with writing(engine, clinician) as connection:
        note(connection, VIEW, f"patient {patient}", patient)
    (entry,) = entries(engine)
    assert (entry.who, entry.subject) == ("dr-own", f"patient {patient}")
    assert entry.patient_id == patient
    assert abs(entry.at - datetime.now(UTC).replace(tzinfo=None)).seconds < 60


@pytest.mark.parametrize("role", [CLINICIAN, LEAD, ADMINISTRATOR])
def test_everybody_with_an_account_is_noted(engine, role):
    with writing(engine, with_role(role, name="Dr Own")) as connection:
        note(connection, EXPORT, "audit")
    assert [entry.action for entry in entries(engine)] == [EXPORT]


@pytest.mark.parametrize(
    "actor",
    [
        with_role(CLINICIAN, sites=(2,), name="Dr Own"),
        with_role(ADMINISTRATOR, name="Dr Own"),
    ],
)
def test_nothing_is_noted_of_a_patient_out_of_reach(engine, patient, actor):
    with writing(engine, actor) as connection, pytest.raises(RecordError):
        note(connection, VIEW, f"patient {patient}", patient)
    assert entries(engine) == []


@pytest.mark.parametrize("role", ["kiosk", "door"])
def test_nobody_without_an_account_is_noted(engine, role):
    with (
        writing(engine, with_role(role, name="Dr Own")) as connection,
        pytest.raises(NotAllowed),
    ):
        note(connection, VIEW, "caseload")
