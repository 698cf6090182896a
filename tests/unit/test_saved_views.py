"""Saved filters: kept by name, replaced, deleted; the own account's alone."""

import pytest

from data.accounts import add_account
from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK
from data.errors import NotAllowed, RecordError
from data.saved_views import (
    LONGEST_NAME,
    MOST_VIEWS,
    forget_view,
    list_views,
    save_view,
)
from tests.actors import acting, with_role
from tests.factories import practice


MINE = {"order": "Item 9", "clinician": "Dr Núñez"}
OTHER = {"order": "Name", "clinician": "All clinicians"}


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        yield connection


@pytest.fixture
def somebody(connection):
    return a_clinician(connection, "lee")


def a_clinician(connection, login):
    account_id = add_account(connection, login=login, name=login, roles=[CLINICIAN])
    return with_role(CLINICIAN, account_id=account_id)


def test_what_is_saved_is_there_again_in_order_of_the_names(connection, somebody):
    with acting(connection, somebody):
        assert list_views(connection) == {}
        save_view(connection, " worse ", OTHER)
        save_view(connection, "Alerts", MINE)
        assert list(list_views(connection).items()) == [
            ("Alerts", MINE),
            ("worse", OTHER),
        ]


def test_the_same_name_replaces(connection, somebody):
    with acting(connection, somebody):
        save_view(connection, "mine", OTHER)
        save_view(connection, "mine", MINE)
        assert list_views(connection) == {"mine": MINE}


def test_what_is_deleted_is_gone_and_nothing_else(connection, somebody):
    with acting(connection, somebody):
        save_view(connection, "one", MINE)
        save_view(connection, "two", OTHER)
        forget_view(connection, "one")
        forget_view(connection, "never there")
        assert list_views(connection) == {"two": OTHER}


def test_nobody_sees_or_deletes_anothers(connection, somebody):
    other = a_clinician(connection, "shah")
    with acting(connection, somebody):
        save_view(connection, "mine", MINE)
    with acting(connection, other):
        assert list_views(connection) == {}
        save_view(connection, "mine", OTHER)
        forget_view(connection, "mine")
    with acting(connection, somebody):
        assert list_views(connection) == {"mine": MINE}


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("  ", MINE, "0 characters; allowed: 1 to 60"),
        ("x" * (LONGEST_NAME + 1), MINE, "61 characters"),
        ("long", {"order": "x" * 2_000}, "too long to be kept"),
    ],
)
def test_what_is_impossible_is_refused(connection, somebody, name, value, refusal):
    with acting(connection, somebody):
        with pytest.raises(RecordError, match=refusal):
            save_view(connection, name, value)
        assert list_views(connection) == {}


def test_there_is_an_end_to_saving_but_not_to_replacing(connection, somebody):
    with acting(connection, somebody):
        for number in range(MOST_VIEWS):
            save_view(connection, f"view {number}", MINE)
        save_view(connection, "view 0", OTHER)
        with pytest.raises(RecordError, match="50 saved views already"):
            save_view(connection, "one more", MINE)
        assert len(list_views(connection)) == MOST_VIEWS


@pytest.mark.parametrize(
    "actor", [with_role(KIOSK), with_role(CLINICIAN), with_role(ADMINISTRATOR)]
)
def test_without_an_account_there_are_none(connection, actor):
    with acting(connection, actor), pytest.raises(NotAllowed):
        list_views(connection)
