"""Commands for who may sign in."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from access.settings import DoorSettings
from commands.common import (
    AsJson,
    Database,
    Refused,
    group,
    one_of,
    reading,
    table,
    tell,
    writing,
)
from data.accounts import (
    INVITATION_HOURS,
    add_account,
    disable_account,
    list_accounts,
)
from data.accounts import invite as invite_account
from data.database import Connection
from data.sites import list_sites
from views.as_json import account_json


LOCAL_ADDRESS = "http://127.0.0.1:8501"
ACCOUNT_COLUMNS = ("login", "name", "roles", "sites", "second_factor", "disabled")
NO_ACCOUNT = "There is no account yet."

app = group()


@app.command()
def accounts(*, url: Database = None, as_json: AsJson = False) -> None:
    """List who may sign in, and as what."""
    with reading(url) as connection:
        names = {site.id: site.name for site in list_sites(connection)}
        rows = [account_json(one, names) for one in list_accounts(connection)]
    shown = [{key: _words(value) for key, value in row.items()} for row in rows]
    text = table(shown, ACCOUNT_COLUMNS, as_typed=True) if rows else NO_ACCOUNT
    tell(rows, text, as_json)


@app.command()
def invite(
    *,
    login: Annotated[str, typer.Argument(help="Of a new account, or one to reset.")],
    name: Annotated[str | None, typer.Option(help="Of a new account.")] = None,
    role: Annotated[
        list[str], typer.Option(help="clinician, lead, administrator.")
    ] = (),
    site: Annotated[
        list[str], typer.Option(help="Name; may be repeated. Without, the only one.")
    ] = (),
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print a one-time link with which somebody sets a new password."""
    with writing(url) as connection:
        account_id = _account_id(connection, login)
        if account_id is None:
            account_id = add_account(
                connection,
                login=login,
                name=name or login,
                roles=role,
                sites=_sites(connection, site),
            )
        token = invite_account(connection, account_id)
    address = DoorSettings.from_environment().public_url or LOCAL_ADDRESS
    link = f"{address}/welcome?token={token}"
    said = f"Valid once, for {INVITATION_HOURS} hours:\n{link}"
    tell({"account": account_id, "link": link}, said, as_json)


@app.command()
def disable(
    *,
    login: Annotated[str, typer.Argument(help="Of the account.")],
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Let nobody in by an account any more, and end its sessions at once."""
    with writing(url) as connection:
        account_id = _account_id(connection, login)
        if account_id is None:
            raise Refused(f"There is no account {login!r}")
        disable_account(connection, account_id)
    tell({"disabled": account_id}, f"Account {login} is disabled.", as_json)


def _account_id(connection: Connection, login: str) -> int | None:
    wanted = login.strip().casefold()
    known = {one.login: one.id for one in list_accounts(connection)}
    return known.get(wanted)


def _sites(connection: Connection, names: Sequence[str]) -> list[int]:
    sites = {one.name: one.id for one in list_sites(connection)}
    chosen = names or (list(sites) if len(sites) == 1 else ())
    return [one_of(sites, name, "Site") for name in chosen]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "yes", False: "no"}.get(value, str(value))
