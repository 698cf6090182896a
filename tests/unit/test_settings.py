"""The practice's settings: what holds where nobody chose, what may be chosen."""

import pytest
from sqlalchemy import insert, select

from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK, LEAD, door
from data.audit_search import search_audit
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.settings import (
    CRISIS_TEXT,
    LONGEST_TEXT,
    RANGES,
    PracticeSettings,
    change_settings,
    read_settings,
)
from data.tables import setting
from tests.actors import TESTER, with_role


ADMIN = with_role(ADMINISTRATOR, sites=())


@pytest.fixture
def engine(migrated_url):
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


def read(engine, actor=ADMIN):
    with reading(engine, actor) as connection:
        return read_settings(connection)


def change(engine, actor=ADMIN, **changes):
    with writing(engine, actor) as connection:
        change_settings(connection, **changes)


def told(engine):
    with reading(engine, TESTER) as connection:
        return [
            (e.who, e.action, e.subject)
            for e in reversed(search_audit(connection, limit=100))
        ]


def test_a_practice_that_chose_nothing_has_the_usual(engine):
    assert read(engine) == PracticeSettings(
        practice_name="",
        idle_minutes=15,
        absolute_hours=12,
        kiosk_idle_minutes=5,
        warning_seconds=60,
        second_factor_required=False,
        crisis_text=CRISIS_TEXT,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("practice_name", "Ketamine & Care, Größenwahn 1\nsecond line"),
        ("practice_name", ""),
        *(("weeks_after_induction", weeks) for weeks in ("", "1", "2, 4", "1,8,52")),
        ("second_factor_required", True),
        ("crisis_text", "Ring the bell."),
        ("crisis_text", "x" * LONGEST_TEXT),
        *((name, bound) for name, bounds in RANGES.items() for bound in bounds),
    ],
)
def test_what_is_chosen_holds_and_nothing_else_changes(engine, name, value):
    change(engine, **{name: value})
    assert read(engine) == PracticeSettings(**{name: value})


def test_what_is_chosen_can_be_chosen_again(engine):
    change(engine, idle_minutes=5, second_factor_required=True)
    change(engine, idle_minutes=10, second_factor_required=False)
    assert read(engine) == PracticeSettings(idle_minutes=10)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"idle_minutes": 0}, "idle_minutes 0 is impossible; allowed: 1 to 60"),
        ({"idle_minutes": 61}, "idle_minutes 61 is impossible"),
        ({"absolute_hours": 25}, "absolute_hours 25 is impossible; allowed: 1 to 24"),
        ({"kiosk_idle_minutes": 31}, "kiosk_idle_minutes 31 is impossible"),
        ({"warning_seconds": 9}, "warning_seconds 9 is impossible"),
        ({"idle_minutes": "15"}, "idle_minutes '15' is not allowed; allowed: a int"),
        ({"idle_minutes": True}, "idle_minutes True is not allowed"),
        ({"second_factor_required": 1}, "second_factor_required 1 is not allowed"),
        ({"crisis_text": " \n"}, "crisis_text is empty"),
        ({"crisis_text": "x" * (LONGEST_TEXT + 1)}, "1,001 characters"),
        ({"practice_name": None}, "practice_name None is not allowed"),
        *(
            ({"weeks_after_induction": weeks}, "are not allowed; allowed: whole weeks")
            for weeks in ("4,2", "2,2", "0", "53", "2;4", "2,", "two", "-2", "2.5", "²")
        ),
        ({"unknown": 1}, "'unknown' is not known; allowed: practice_name, idle_"),
    ],
)
def test_what_cannot_be_is_refused_by_name(engine, changes, refusal):
    with pytest.raises(RecordError, match=refusal):
        change(engine, **changes)
    assert read(engine) == PracticeSettings()


def test_one_impossible_value_changes_none(engine):
    with pytest.raises(RecordError):
        change(engine, idle_minutes=5, absolute_hours=99)
    assert read(engine) == PracticeSettings()
    assert told(engine) == []


def test_each_change_is_told_and_what_stays_is_not(engine):
    change(engine, idle_minutes=5, absolute_hours=12, crisis_text="Ring.")
    change(engine, idle_minutes=5)
    assert told(engine) == [
        (ADMIN.login, "change", "setting idle_minutes"),
        (ADMIN.login, "change", "setting crisis_text"),
    ]


@pytest.mark.parametrize("actor", [with_role(CLINICIAN), with_role(LEAD), door()])
def test_everybody_reads_them_and_administrators_change_them(engine, actor):
    assert read(engine, actor) == PracticeSettings()
    with pytest.raises(NotAllowed):
        change(engine, actor, idle_minutes=5)


def test_a_tablet_reads_none(engine):
    with pytest.raises(NotAllowed):
        read(engine, with_role(KIOSK))


def test_a_setting_of_a_newer_version_is_left_alone(engine):
    with engine.begin() as connection:
        connection.execute(insert(setting).values(name="later", value="x"))
    assert read(engine) == PracticeSettings()
    change(engine, idle_minutes=5)
    with engine.begin() as connection:
        assert set(connection.scalars(select(setting.c.name))) == {
            "later",
            "idle_minutes",
        }
