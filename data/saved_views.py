"""Filters that somebody saved under a name, for the own account alone."""

import json

from sqlalchemy import Connection, delete, func, insert, select

from data.actors import Actor, Right, require
from data.errors import NotAllowed, RecordError
from data.tables import saved_view


LONGEST_NAME = 60
LONGEST_VALUE = 2_000
MOST_VIEWS = 50


def list_views(connection: Connection) -> dict[str, dict[str, str]]:
    """Return the own saved views, what each consists of by its name, in order."""
    account_id = _own_account(connection)
    query = (
        select(saved_view.c.name, saved_view.c.value)
        .where(saved_view.c.account_id == account_id)
        .order_by(func.lower(saved_view.c.name))
    )
    return {name: json.loads(value) for name, value in connection.execute(query)}


def save_view(connection: Connection, name: str, value: dict[str, str]) -> None:
    """Keep a view under a name; one of that name is replaced.

    Raises
    ------
    RecordError
        If the name is empty or too long, or there are too many views.
    """
    account_id = _own_account(connection)
    named = name.strip()
    if not 1 <= len(named) <= LONGEST_NAME:
        raise RecordError(
            f"A name of {len(named)} characters; allowed: 1 to {LONGEST_NAME}"
        )
    kept = json.dumps(value, ensure_ascii=False)
    if len(kept) > LONGEST_VALUE:
        raise RecordError("This view is too long to be kept")
    forget_view(connection, named)
    mine = saved_view.c.account_id == account_id
    if connection.scalar(select(func.count()).where(mine)) >= MOST_VIEWS:
        raise RecordError(
            f"There are {MOST_VIEWS} saved views already; delete one of them first"
        )
    connection.execute(
        insert(saved_view).values(account_id=account_id, name=named, value=kept)
    )


def forget_view(connection: Connection, name: str) -> None:
    """Delete the own view of a name; nothing happens where there is none."""
    account_id = _own_account(connection)
    connection.execute(
        delete(saved_view).where(
            saved_view.c.account_id == account_id, saved_view.c.name == name
        )
    )


def _own_account(connection: Connection) -> int:
    actor: Actor = require(connection, Right.OWN_ACCOUNT)
    if actor.account_id is None:
        raise NotAllowed("Only somebody with an account has saved views")
    return actor.account_id
