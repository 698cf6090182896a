"""Sign-ins that are half done: the password was right, the second factor is to come."""

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from data.actors import Right, require
from data.records import now_stamp
from data.tables import pending_sign_in
from data.tokens import new_token, token_hash


LASTS = timedelta(minutes=5)


def begin_sign_in(connection: Connection, account_id: int) -> str:
    """Return a token for the step that follows the password."""
    require(connection, Right.ADMIT)
    token, now = new_token(), now_stamp()
    connection.execute(
        delete(pending_sign_in).where(pending_sign_in.c.started_at < now - LASTS)
    )
    connection.execute(
        insert(pending_sign_in).values(
            token_hash=token_hash(token), account_id=account_id, started_at=now
        )
    )
    return token


def pending_account(connection: Connection, token: str) -> int | None:
    """Return whose sign-in a token continues; None once it is done or too old."""
    require(connection, Right.ADMIT)
    query = select(pending_sign_in.c.account_id).where(
        pending_sign_in.c.token_hash == token_hash(token),
        pending_sign_in.c.started_at >= now_stamp() - LASTS,
    )
    return connection.scalar(query)


def finish_sign_in(connection: Connection, token: str) -> None:
    """Let the token of a sign-in continue nothing any more."""
    require(connection, Right.ADMIT)
    connection.execute(
        delete(pending_sign_in).where(pending_sign_in.c.token_hash == token_hash(token))
    )
