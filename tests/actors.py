"""Who asks in a test: somebody who may do everything, or one role at one site."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from data.accounts import add_account, list_accounts
from data.actors import CLINICIAN, LEAD, Actor, door, operator
from data.database import open_database, writing
from data.sessions import find_session, start_session
from data.tables import FIRST_SITE


BY = "Tester"
TESTER = operator(BY)


def with_role(*roles: str, sites=(FIRST_SITE,), name: str = "Dr Lee", **more) -> Actor:
    """Return an actor that holds only these roles, at these sites."""
    return Actor(
        name=name,
        login=name.lower().replace(" ", "-"),
        roles=frozenset(roles),
        sites=frozenset(sites),
        **more,
    )


@contextmanager
def acting(connection: Connection, actor: Actor | None) -> Iterator[None]:
    """Let somebody else, or nobody, go on in a transaction for a while."""
    before = connection.get_execution_options()["actor"]
    connection.execution_options(actor=actor)
    try:
        yield
    finally:
        connection.execution_options(actor=before)


def sign_in(url: str, *roles: str, sites=(FIRST_SITE,), name: str = BY) -> str:
    """Return the token of a new session, of an account that is added if need be."""
    engine = open_database(url)
    login = f"{name.lower().replace(' ', '-')}-{'-'.join(roles)}"
    try:
        with writing(engine, TESTER) as connection:
            known = {one.login: one.id for one in list_accounts(connection)}
            account_id = known.get(login) or add_account(
                connection,
                login=login,
                name=name,
                roles=roles or (CLINICIAN, LEAD),
                sites=sites,
            )
        with writing(engine, door()) as connection:
            return start_session(connection, account_id=account_id)
    finally:
        engine.dispose()


def session_of(url: str, token: str) -> int | None:
    """Return the id of a living session; None once it ended."""
    engine = open_database(url)
    with writing(engine, door()) as connection:
        found = find_session(connection, token)
    engine.dispose()
    return found and found.id
