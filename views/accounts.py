"""Accounts: who may sign in, as what, and for which sites; nobody types a password."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from access.settings import DoorSettings
from data.accounts import (
    INVITATION_HOURS,
    Account,
    add_account,
    change_account,
    disable_account,
    enable_account,
    invite,
    list_accounts,
)
from data.actors import ACCOUNT_ROLES
from data.database import Connection
from data.settings import read_settings
from data.sites import add_site, list_sites, rename_site
from views import access_wording as wording
from views import state
from views.components import kept
from views.layout import SIDE_BY_SIDE, screen_style
from views.state import reading, writing
from views.tables import word_table
from views.wording import escape


INVITATION = "accounts-invitation"
ATTEMPT = "accounts-attempt"

Sites = Mapping[int, str]
Made = TypeVar("Made")


def accounts() -> None:
    """Draw the page."""
    screen_style()
    st.title("Accounts")
    with reading(state.engine()) as connection:
        everybody = list_accounts(connection)
        sites = wording.site_names(list_sites(connection))
        required = read_settings(connection).second_factor_required
    _invitation()
    word_table(
        wording.account_rows(everybody, sites, second_factor=required), "Every account"
    )
    with st.container(key=SIDE_BY_SIDE):
        change, add = st.columns(2, gap="large")
    with change:
        _change(everybody, sites)
    with add:
        _add(sites)
    _sites(sites)
    st.header("What each role may do", anchor=False)
    word_table(wording.ROLE_RULES, "What each role may do")


# One invitation, shown once.


def _invitation() -> None:
    """Show the link that was just made; it is nowhere else, and gone at the next."""
    made = st.session_state.pop(INVITATION, None)
    if made is None:
        return
    name, link = made
    with st.container(border=True):
        st.subheader(f"Invitation for {escape(name)}", anchor=False)
        st.markdown(
            "Copy this link now and give it to nobody else: it is **shown only this "
            f"once**, works once, and for {INVITATION_HOURS} hours."
        )
        st.code(link, language=None, wrap_lines=True)


def _invite(name: str, make: Callable[[Connection], str]) -> bool:
    """Keep what makes a link, to be shown at the next run; return whether it was."""
    made = []
    if not kept(lambda: made.append(_written(make))):
        return False
    st.session_state[INVITATION] = (
        name,
        wording.invitation_link(
            made[0], DoorSettings.from_environment(), st.context.url
        ),
    )
    return True


# Change one.


def _change(everybody: Sequence[Account], sites: Sites) -> None:
    st.header("Change an account", anchor=False)
    by_id = {account.id: account for account in everybody}
    chosen = st.selectbox(
        "Account",
        list(by_id),
        index=None,
        format_func=lambda account_id: wording.account_label(by_id[account_id]),
        placeholder="Choose",
    )
    if chosen is None:
        return
    account = by_id[chosen]
    _who_and_what(account, sites)
    if account.id == state.actor().account_id:
        st.caption(
            "This is your own account. Your password and second factor are under "
            "**Your account**, in the menu."
        )
        return
    with st.container(horizontal=True):
        _new_link(account)
        _in_or_out(account)


def _who_and_what(account: Account, sites: Sites) -> None:
    with st.form(f"account-{account.id}", enter_to_submit=False, border=False):
        name = st.text_input("Name", account.name, key=f"name-{account.id}")
        roles = _roles(f"roles-{account.id}", account.roles)
        its_sites = _site_choice(f"sites-{account.id}", sites, account.sites)
        saved = st.form_submit_button("Save changes", type="primary")
    if saved:
        _keep(
            lambda connection: change_account(
                connection, account.id, name=name, roles=roles, sites=its_sites
            ),
            "The account is changed, for whoever is signed in by it as well.",
        )


def _new_link(account: Account) -> None:
    with st.popover("New link …"):
        st.markdown(
            f"{escape(account.name)} is signed out everywhere. The password and the "
            "second factor so far stop working; the new link sets new ones."
        )
        if st.button("Make a new link", key=f"invite-{account.id}") and _invite(
            account.name, lambda connection: invite(connection, account.id)
        ):
            st.rerun()


def _in_or_out(account: Account) -> None:
    if account.disabled:
        if st.button("Enable this account"):
            _keep(
                lambda connection: enable_account(connection, account.id),
                "The account can be used again.",
            )
        return
    with st.popover("Disable …"):
        st.markdown(
            f"{escape(account.name)} is signed out everywhere at once and cannot sign "
            "in until the account is enabled again. What was recorded stays."
        )
        if st.button("Disable this account", key=f"disable-{account.id}"):
            _keep(
                lambda connection: disable_account(connection, account.id),
                "The account is disabled.",
            )


# Add one.


def _add(sites: Sites) -> None:
    st.header("Add an account", anchor=False)
    # Another name for each account that was added: only then is the form empty.
    attempt = st.session_state.get(ATTEMPT, 0)
    only_site = set(sites) if len(sites) == 1 else set()
    with st.form(f"add-account-{attempt}", enter_to_submit=False, border=False):
        facts = {
            "login": st.text_input(
                "Login",
                help="Typed to sign in, such as an e-mail address; no spaces.",
                key=f"add-login-{attempt}",
            ),
            "name": st.text_input(
                "Name",
                help="Kept with everything that is recorded.",
                key=f"add-name-{attempt}",
            ),
            "roles": _roles(f"add-roles-{attempt}", ()),
            "sites": _site_choice(f"add-sites-{attempt}", sites, only_site),
        }
        saved = st.form_submit_button("Add and invite", type="primary")
    if saved and _invite(
        facts["name"],
        lambda connection: invite(connection, add_account(connection, **facts)),
    ):
        st.session_state[ATTEMPT] = attempt + 1
        st.rerun()


def _roles(key: str, chosen: Sequence[str] | frozenset[str]) -> list[str]:
    return st.pills(
        "Roles",
        ACCOUNT_ROLES,
        selection_mode="multi",
        default=[role for role in ACCOUNT_ROLES if role in chosen],
        format_func=wording.ROLE_NAMES.get,
        key=key,
    )


def _site_choice(key: str, sites: Sites, chosen: set[int] | frozenset[int]) -> list:
    return st.multiselect(
        "Sites whose patients a clinician treats",
        list(sites),
        default=[site_id for site_id in sites if site_id in chosen],
        format_func=sites.get,
        key=key,
        placeholder="None",
    )


# Sites.


def _sites(sites: Sites) -> None:
    st.header("Sites", anchor=False)
    st.markdown(
        "Where the practice treats. A clinician sees the patients of the own sites "
        f"only. Now: {escape(', '.join(sites.values()))}."
    )
    add, rename = st.columns(2, gap="large")
    with add, st.form("add-site", enter_to_submit=False, border=False):
        name = st.text_input("Name of a new site")
        if st.form_submit_button("Add site"):
            _keep(lambda connection: add_site(connection, name), "The site is added.")
    with rename, st.form("rename-site", enter_to_submit=False, border=False):
        _rename(sites)


def _rename(sites: Sites) -> None:
    which = st.selectbox("Site", list(sites), format_func=sites.get)
    name = st.text_input("Its new name")
    if st.form_submit_button("Rename site"):
        _keep(
            lambda connection: rename_site(connection, which, name),
            "The site has its new name.",
        )


def _keep(change: Callable[[Connection], object], said: str = "") -> None:
    """Change something and draw the page anew, or say why not."""
    if kept(lambda: _written(change)):
        if said:
            st.toast(said)
        st.rerun()


def _written(change: Callable[[Connection], Made]) -> Made:
    with writing(state.engine()) as connection:
        return change(connection)


accounts()
