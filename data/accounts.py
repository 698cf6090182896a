"""Accounts: who may sign in, as what, and for which sites.

Passwords, codes and secrets are checked and hashed in ``access``; here is what is kept.
An account is never removed, so that who recorded something stays known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from data.actors import (
    ACCOUNT_ROLES,
    ADMINISTRATOR,
    Right,
    require,
)
from data.audit import add_audit_entry
from data.errors import RecordError
from data.records import check_listed, now_stamp, recorder
from data.sessions import end_sessions_of
from data.tables import (
    account,
    account_role,
    account_site,
    external_identity,
    invitation,
    recovery_code,
    site,
)
from data.tokens import new_token, token_hash


INVITATION_HOURS = 72
LONGEST_LOGIN = 64
LONGEST_NAME = 100


@dataclass(frozen=True)
class Account:
    """Who may sign in; never its secrets."""

    id: int
    login: str
    name: str
    roles: frozenset[str]
    sites: frozenset[int]
    has_password: bool
    has_second_factor: bool
    disabled: bool


@dataclass(frozen=True)
class Credentials:
    """What sign-in compares with; for the door alone."""

    account_id: int
    login: str
    name: str
    password_hash: str | None
    totp_secret: str | None
    totp_step: int | None


def add_account(
    connection: Connection,
    *,
    login: str,
    name: str,
    roles: Iterable[str],
    sites: Iterable[int] = (),
) -> int:
    """Add an account that has to be invited before anybody can use it; return its id.

    Raises
    ------
    RecordError
        If the login is taken, or a value is not allowed.
    """
    require(connection, Right.MANAGE, Right.ADMIT)
    its_login = _login(login)
    if connection.scalar(select(account.c.id).where(account.c.login == its_login)):
        raise RecordError(f"There is an account {its_login!r} already")
    account_id = connection.execute(
        insert(account).values(
            login=its_login,
            name=_name(name),
            added_at=now_stamp(),
            added_by=recorder(connection),
        )
    ).inserted_primary_key[0]
    _set_roles(connection, account_id, roles)
    _set_sites(connection, account_id, sites)
    add_audit_entry(connection, action="add", subject=f"account {account_id}")
    return account_id


def list_accounts(connection: Connection) -> list[Account]:
    """Return every account, by login."""
    require(connection, Right.MANAGE)
    rows = connection.execute(select(account).order_by(account.c.login))
    return [_account(connection, row) for row in rows.all()]


def get_account(connection: Connection, account_id: int) -> Account:
    """Return one account: another's for who manages them, or the own.

    Raises
    ------
    RecordError
        If there is no such account.
    """
    actor = require(connection, Right.MANAGE, Right.ADMIT, Right.OWN_ACCOUNT)
    if actor.account_id != account_id:
        require(connection, Right.MANAGE, Right.ADMIT)
    return _get(connection, account_id)


def change_account(
    connection: Connection,
    account_id: int,
    *,
    name: str | None = None,
    roles: Iterable[str] | None = None,
    sites: Iterable[int] | None = None,
) -> None:
    """Change who an account is for and what it may do, at once for its sessions too.

    Raises
    ------
    RecordError
        If there is no such account, a value is not allowed, or no administrator would
        be left.
    """
    require(connection, Right.MANAGE, Right.ADMIT)
    _get(connection, account_id)
    administrators = connection.scalar(_ADMINISTRATORS)
    if name is not None:
        changed = update(account).where(account.c.id == account_id)
        connection.execute(changed.values(name=_name(name)))
    if roles is not None:
        _set_roles(connection, account_id, roles)
    if sites is not None:
        _set_sites(connection, account_id, sites)
    _keep_an_administrator(connection, administrators)
    add_audit_entry(connection, action="change", subject=f"account {account_id}")


def disable_account(connection: Connection, account_id: int) -> None:
    """Let nobody in by this account any more, and end its sessions.

    Raises
    ------
    RecordError
        If there is no such account, or no administrator would be left.
    """
    require(connection, Right.MANAGE)
    _get(connection, account_id)
    administrators = connection.scalar(_ADMINISTRATORS)
    changed = update(account).where(account.c.id == account_id)
    connection.execute(changed.values(disabled_at=now_stamp()))
    _keep_an_administrator(connection, administrators)
    end_sessions_of(connection, account_id, "revoked")
    add_audit_entry(connection, action="disable", subject=f"account {account_id}")


def enable_account(connection: Connection, account_id: int) -> None:
    """Let an account in again.

    Raises
    ------
    RecordError
        If there is no such account.
    """
    require(connection, Right.MANAGE)
    _get(connection, account_id)
    changed = update(account).where(account.c.id == account_id)
    connection.execute(changed.values(disabled_at=None))
    add_audit_entry(connection, action="enable", subject=f"account {account_id}")


def invite(connection: Connection, account_id: int) -> str:
    """Return a new one-time token with which an account's holder sets a password.

    The password, second factor and sessions so far end; so does every earlier
    invitation.

    Raises
    ------
    RecordError
        If there is no such account.
    """
    require(connection, Right.MANAGE, Right.ADMIT)
    _get(connection, account_id)
    token, now = new_token(), now_stamp()
    connection.execute(
        update(invitation)
        .where(invitation.c.account_id == account_id, invitation.c.used_at.is_(None))
        .values(used_at=now)
    )
    connection.execute(
        insert(invitation).values(
            account_id=account_id,
            token_hash=token_hash(token),
            made_at=now,
            expires_at=now + timedelta(hours=INVITATION_HOURS),
        )
    )
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(
            password_hash=None, password_set_at=None, totp_secret=None, totp_step=None
        )
    )
    connection.execute(
        delete(recovery_code).where(recovery_code.c.account_id == account_id)
    )
    end_sessions_of(connection, account_id, "revoked")
    add_audit_entry(connection, action="invite", subject=f"account {account_id}")
    return token


# For the door.


def has_administrator(connection: Connection) -> bool:
    """Whether somebody is able to manage accounts: a password or an identity is set."""
    require(connection, Right.ADMIT, Right.MANAGE)
    known = select(external_identity.c.account_id)
    query = _ADMINISTRATORS.where(
        account.c.password_hash.is_not(None) | account.c.id.in_(known)
    )
    return bool(connection.scalar(query))


def credentials_of(connection: Connection, login: str) -> Credentials | None:
    """Return what to compare with for a login; None if nobody may use it."""
    require(connection, Right.ADMIT)
    return _credentials(connection, account.c.login == login.strip().casefold())


def credentials_by_id(connection: Connection, account_id: int) -> Credentials | None:
    """Return what to compare with for an account; None if nobody may use it."""
    actor = require(connection, Right.ADMIT, Right.OWN_ACCOUNT)
    if actor.account_id != account_id:
        require(connection, Right.ADMIT)
    return _credentials(connection, account.c.id == account_id)


def invited_account(connection: Connection, token: str) -> Account | None:
    """Return whom an invitation is for; None once it was used, expired or replaced."""
    require(connection, Right.ADMIT)
    query = select(invitation.c.account_id).where(*_open_invitation(token))
    account_id = connection.scalar(query)
    if account_id is None:
        return None
    found = _get(connection, account_id)
    return None if found.disabled else found


def accept_invitation(connection: Connection, token: str, password_hash: str) -> int:
    """Set the first password of an invited account and return the account's id.

    Raises
    ------
    RecordError
        If the invitation was used, expired or replaced meanwhile.
    """
    require(connection, Right.ADMIT)
    found = invited_account(connection, token)
    if found is None:
        raise RecordError("This invitation was used or has expired; ask for a new one")
    connection.execute(
        update(invitation)
        .where(invitation.c.token_hash == token_hash(token))
        .values(used_at=now_stamp())
    )
    set_password(connection, found.id, password_hash)
    return found.id


def account_for_identity(
    connection: Connection, issuer: str, subject: str
) -> Account | None:
    """Return whose identity this is elsewhere, disabled or not; None if nobody's."""
    require(connection, Right.ADMIT)
    query = select(external_identity.c.account_id).where(
        external_identity.c.issuer == issuer, external_identity.c.subject == subject
    )
    account_id = connection.scalar(query)
    return None if account_id is None else _get(connection, account_id)


def join_identity(
    connection: Connection, account_id: int, issuer: str, subject: str
) -> None:
    """Let an account be entered by an identity at another provider."""
    require(connection, Right.ADMIT)
    connection.execute(
        insert(external_identity).values(
            issuer=issuer, subject=subject, account_id=account_id, added_at=now_stamp()
        )
    )
    add_audit_entry(connection, action="join identity", subject=f"account {account_id}")


# For the door, and for the account itself.


def set_password(connection: Connection, account_id: int, password_hash: str) -> None:
    """Keep the hash of a new password."""
    _require_own(connection, account_id)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(password_hash=password_hash, password_set_at=now_stamp())
    )
    add_audit_entry(connection, action="set password", subject=f"account {account_id}")


def rehash_password(
    connection: Connection, account_id: int, password_hash: str
) -> None:
    """Keep a newer kind of hash of the same password."""
    require(connection, Right.ADMIT)
    connection.execute(
        update(account)
        .where(account.c.id == account_id, account.c.password_hash.is_not(None))
        .values(password_hash=password_hash)
    )


def set_second_factor(
    connection: Connection,
    account_id: int,
    *,
    secret: str,
    step: int,
    code_hashes: Iterable[str],
) -> None:
    """Keep a new second factor, the step its first code was of, and recovery codes."""
    _require_own(connection, account_id)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(totp_secret=secret, totp_step=step)
    )
    set_recovery_codes(connection, account_id, code_hashes)
    add_audit_entry(
        connection, action="set second factor", subject=f"account {account_id}"
    )


def remove_second_factor(connection: Connection, account_id: int) -> None:
    """Forget an account's second factor and its recovery codes."""
    _require_own(connection, account_id)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(totp_secret=None, totp_step=None)
    )
    set_recovery_codes(connection, account_id, [])
    add_audit_entry(
        connection, action="remove second factor", subject=f"account {account_id}"
    )


def set_recovery_codes(
    connection: Connection, account_id: int, code_hashes: Iterable[str]
) -> None:
    """Put new recovery codes in the place of all earlier ones."""
    _require_own(connection, account_id)
    connection.execute(
        delete(recovery_code).where(recovery_code.c.account_id == account_id)
    )
    rows = [{"account_id": account_id, "code_hash": code} for code in code_hashes]
    if rows:
        connection.execute(insert(recovery_code), rows)


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """Return how many recovery codes of an account were not used."""
    _require_own(connection, account_id)
    query = select(func.count()).where(
        recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None)
    )
    return connection.scalar(query)


def use_totp_step(connection: Connection, account_id: int, step: int) -> bool:
    """Use up a time step's code; False if it or a later one was used before."""
    require(connection, Right.ADMIT)
    used = connection.execute(
        update(account)
        .where(
            account.c.id == account_id,
            account.c.totp_step.is_(None) | (account.c.totp_step < step),
        )
        .values(totp_step=step)
    )
    return used.rowcount == 1


def use_recovery_code(connection: Connection, account_id: int, code_hash: str) -> bool:
    """Use up a recovery code; False if the account has no such unused one."""
    require(connection, Right.ADMIT)
    used = connection.execute(
        update(recovery_code)
        .where(
            recovery_code.c.account_id == account_id,
            recovery_code.c.code_hash == code_hash,
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=now_stamp())
    )
    if used.rowcount == 1:
        add_audit_entry(
            connection, action="use recovery code", subject=f"account {account_id}"
        )
    return used.rowcount == 1


_ADMINISTRATORS = (
    select(func.count())
    .select_from(account)
    .join(account_role, account_role.c.account_id == account.c.id)
    .where(account_role.c.role == ADMINISTRATOR, account.c.disabled_at.is_(None))
)


def _require_own(connection: Connection, account_id: int) -> None:
    actor = require(connection, Right.ADMIT, Right.OWN_ACCOUNT)
    if actor.account_id != account_id:
        require(connection, Right.ADMIT)


def _get(connection: Connection, account_id: int) -> Account:
    row = connection.execute(select(account).where(account.c.id == account_id)).first()
    if row is None:
        raise RecordError(f"There is no account {account_id}")
    return _account(connection, row)


def _account(connection: Connection, row: object) -> Account:
    roles = select(account_role.c.role).where(account_role.c.account_id == row.id)
    sites = select(account_site.c.site_id).where(account_site.c.account_id == row.id)
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=frozenset(connection.scalars(roles)),
        sites=frozenset(connection.scalars(sites)),
        has_password=row.password_hash is not None,
        has_second_factor=row.totp_secret is not None,
        disabled=row.disabled_at is not None,
    )


def _credentials(connection: Connection, condition: object) -> Credentials | None:
    query = select(
        account.c.id,
        account.c.login,
        account.c.name,
        account.c.password_hash,
        account.c.totp_secret,
        account.c.totp_step,
    ).where(condition, account.c.disabled_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else Credentials(*row)


def _open_invitation(token: str) -> list[object]:
    return [
        invitation.c.token_hash == token_hash(token),
        invitation.c.used_at.is_(None),
        invitation.c.expires_at > now_stamp(),
    ]


def _set_roles(connection: Connection, account_id: int, roles: Iterable[str]) -> None:
    chosen = sorted(set(roles))
    if not chosen:
        raise RecordError(
            f"An account needs a role; allowed: {', '.join(ACCOUNT_ROLES)}"
        )
    for role in chosen:
        check_listed("Role", role, ACCOUNT_ROLES)
    connection.execute(
        delete(account_role).where(account_role.c.account_id == account_id)
    )
    connection.execute(
        insert(account_role),
        [{"account_id": account_id, "role": role} for role in chosen],
    )


def _set_sites(connection: Connection, account_id: int, sites: Iterable[int]) -> None:
    chosen = sorted(set(sites))
    known = set(connection.scalars(select(site.c.id)))
    for site_id in chosen:
        if site_id not in known:
            raise RecordError(f"There is no site {site_id}")
    connection.execute(
        delete(account_site).where(account_site.c.account_id == account_id)
    )
    if chosen:
        connection.execute(
            insert(account_site),
            [{"account_id": account_id, "site_id": site_id} for site_id in chosen],
        )


def _keep_an_administrator(connection: Connection, before: int) -> None:
    """Refuse what would leave nobody to manage accounts."""
    if before and not connection.scalar(_ADMINISTRATORS):
        raise RecordError(
            "This is the last administrator; make somebody else one first"
        )


def _login(login: str) -> str:
    wanted = login.strip().casefold()
    if not wanted or len(wanted) > LONGEST_LOGIN or not wanted.isprintable():
        raise RecordError(
            f"Login {login!r} is not allowed; allowed: 1 to {LONGEST_LOGIN} characters"
        )
    if any(character.isspace() for character in wanted):
        raise RecordError(f"Login {login!r} is not allowed; allowed: no spaces")
    # Some scripts fold to their capitals, which the table would refuse.
    if wanted != wanted.lower():
        raise RecordError(f"Login {login!r} is not allowed; allowed: small letters")
    return wanted


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > LONGEST_NAME or not wanted.isprintable():
        raise RecordError(
            f"Name {name!r} is not allowed; allowed: 1 to {LONGEST_NAME} characters"
        )
    return wanted
