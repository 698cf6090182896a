"""Accounts, settings and the audit in words; nothing here draws or reads."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from access.settings import DoorSettings
from data.accounts import Account
from data.actors import ACCOUNT_ROLES, ADMINISTRATOR, CLINICIAN, LEAD, RIGHTS, Right
from data.audit import AuditEntry, BrokenEntry
from data.audit_search import Opened
from data.moments import practice_zone
from data.settings import RANGES, PracticeSettings
from data.sites import Site
from views.wording import day_words, escape


ROLE_NAMES = {
    CLINICIAN: "Clinician",
    LEAD: "Lead",
    ADMINISTRATOR: "Administrator",
}

ROLE_RULES = (
    {
        "Role": ROLE_NAMES[CLINICIAN],
        "Sees": "Patients of the own sites, and no others",
        "Does": "Records, corrects, imports; hands a tablet to a patient",
    },
    {
        "Role": ROLE_NAMES[LEAD],
        "Sees": "Patients of every site, the practice's outcomes, the audit",
        "Does": "Changes no record",
    },
    {
        "Role": ROLE_NAMES[ADMINISTRATOR],
        "Sees": "Accounts, sites, settings; no patient",
        "Does": "Lets people in and out, sets what holds for the practice",
    },
)

NO_SITE = (
    "Your account has no site yet, so there are no patients to see. An administrator "
    "of your practice can give it one, on the Accounts page."
)

SETTING_NAMES = {
    "practice_name": "Name of the practice",
    "idle_minutes": "Minutes without use until somebody is signed out",
    "absolute_hours": "Hours until somebody has to sign in again in any case",
    "warning_seconds": "Seconds before the end that a warning is shown",
    "kiosk_idle_minutes": "Minutes without an answer until a patient's tablet ends",
    "second_factor_required": "Every account needs a second factor",
    "crisis_text": "Text for a patient who answers item 9 with 1 or more",
    "before_each_infusion": "A form before each infusion",
    "day_after_first": "A form a day after infusion 1",
    "weeks_after_induction": "Weeks after the last induction infusion, a form each",
    "maintenance_days": "Days from one form to the next in maintenance",
    "induction_gap_days": "Days from one induction infusion to the next",
    "alert_escalation_hours": "Hours until an open item-9 alert is shown to the lead",
    "small_number": "Lowest count that is printed in an exported table",
}

CHAIN_WHOLE = (
    "No entry was changed, taken out or moved since it was written. Only the newest "
    "could be cut off unnoticed: keep this seal elsewhere, and ask for it at the next "
    "check."
)
SEAL_MISSING = (
    "The chain is whole, but has no entry with this seal: the newest entries were cut "
    "off, or the seal was copied wrongly. Compare the database with your backups."
)

AUDIT_COLUMNS = (
    "entry",
    "at_utc",
    "who",
    "action",
    "subject",
    "patient",
    "previous_hash",
    "hash",
)


# Who is here, and what is not for them.


def role_words(roles: Collection[str]) -> str:
    """Return roles in their usual order.

    Examples
    --------
    >>> role_words({"lead", "clinician"})
    'Clinician, lead'
    """
    names = [ROLE_NAMES[role] for role in ACCOUNT_ROLES if role in roles]
    return ", ".join([*names[:1], *(name.lower() for name in names[1:])])


def signed_in_as(roles: Collection[str], *, in_example: bool) -> str:
    """Return as what somebody is here; in the example everybody may do everything."""
    return "Every role, in the example" if in_example else role_words(roles)


def not_for(right: Right, roles: Collection[str]) -> str:
    """Return that a page is not for somebody's roles, and who can change that."""
    bring_it = [role for role in ACCOUNT_ROLES if right in RIGHTS[role]]
    needed = " or ".join(f"{_article(role)} {role}" for role in bring_it)
    return (
        f"This page is for {needed}. You are signed in as "
        f"{role_words(roles).lower()}; an administrator of your practice can change "
        "that."
    )


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def only_own(title: str) -> str:
    """Return that a page is about the own practice only."""
    return (
        f"{title} belong to your own practice, and the example has none. Choose "
        "**Own records** to see them."
    )


# Accounts.


def account_rows(
    accounts: Iterable[Account], sites: Mapping[int, str], *, second_factor: bool
) -> list[dict[str, str]]:
    """Return accounts as a table.

    Parameters
    ----------
    accounts
        In the order to show.
    sites
        Names by id.
    second_factor
        Whether the practice requires a second factor.
    """
    return [
        {
            "Login": escape(account.login),
            "Name": escape(account.name),
            "Roles": role_words(account.roles),
            "Sites": escape(site_words(account.sites, sites)) or "none",
            "Second factor": _second_factor(account, required=second_factor),
            "State": account_state(account),
        }
        for account in accounts
    ]


def account_state(account: Account) -> str:
    """Return whether somebody can sign in by an account."""
    if account.disabled:
        return "Disabled"
    return "Active" if account.has_password else "No password yet"


def account_label(account: Account) -> str:
    """Return one line that names an account, for a list to choose from."""
    return f"{account.name} ({account.login})"


def site_words(chosen: Iterable[int], names: Mapping[int, str]) -> str:
    """Return names of sites in order of the alphabet."""
    return ", ".join(sorted(names[site_id] for site_id in chosen))


def site_names(sites: Iterable[Site]) -> dict[int, str]:
    """Return the names of sites by id, in their order."""
    return {site.id: site.name for site in sites}


def _second_factor(account: Account, *, required: bool) -> str:
    if account.has_second_factor:
        return "Set up"
    return "Asked for at the next sign-in" if required else "No"


def invitation_link(
    token: str, settings: DoorSettings, address_in_use: str | None
) -> str:
    """Return the link by which somebody sets a first password.

    The practice's public address if it has one; otherwise that of the page in use, if
    it is one of this machine's own names. Never a name that a browser made up.
    """
    path = f"/welcome?token={quote(token, safe='')}"
    if settings.public_url is not None:
        return f"{settings.public_url}{path}"
    here = urlsplit(address_in_use or "")
    if not settings.allows_host(here.netloc):
        return path
    return f"{settings.scheme}://{here.netloc.lower()}{path}"


# Settings.


def allowed_words(name: str) -> str:
    """Return what a setting may be, and what it is where nobody changed it.

    Examples
    --------
    >>> allowed_words("idle_minutes")
    '1 to 60, usually 15'
    """
    low, high = RANGES[name]
    return f"{low} to {high}, usually {getattr(PracticeSettings(), name)}"


def changed_settings(before: PracticeSettings, after: PracticeSettings) -> list[str]:
    """Return a sentence for each setting that is another now."""
    old, new = asdict(before), asdict(after)
    return [
        f"{SETTING_NAMES[name]}: {_setting(new[name])}, was {_setting(old[name])}."
        for name in SETTING_NAMES
        if new[name] != old[name]
    ]


def _setting(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value}"
    first = value.partition("\n")[0]
    short = first if len(first) <= 40 else f"{first[:40].rstrip()} …"
    return f"“{escape(short)}”" if short else "empty"


# The audit.


def moment_of(at: datetime) -> str:
    """Return when an entry was written, on the practice's clock, to the second."""
    local = at.replace(tzinfo=UTC).astimezone(practice_zone())
    return f"{day_words(local)}, {local:%H:%M:%S}"


def audit_rows(
    entries: Iterable[AuditEntry], record_numbers: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return entries as a table; a patient by record number, where it may be read."""
    return [
        {
            "When": moment_of(entry.at),
            "Who": escape(entry.who),
            "Action": escape(entry.action),
            "Of what": escape(_what(entry)),
            "Patient": escape(_patient(entry.patient_id, record_numbers)),
            "Entry": f"{entry.id}",
        }
        for entry in entries
    ]


def _what(entry: AuditEntry) -> str:
    """Return what an entry is about; whose it is has a column of its own."""
    whose = f" {entry.patient_id}" if entry.patient_id else ""
    return entry.subject.removesuffix(whose)


def _patient(patient_id: str | None, record_numbers: Mapping[str, str]) -> str:
    if patient_id is None:
        return ""
    return record_numbers.get(patient_id, patient_id)


def opened_rows(opened: Iterable[Opened]) -> list[dict[str, str]]:
    """Return who opened a record as a table."""
    return [
        {
            "Who": escape(one.who),
            "Opened": "once" if one.times == 1 else f"{one.times:,} times",
            "First": moment_of(one.first_at),
            "Last": moment_of(one.last_at),
        }
        for one in opened
    ]


def chain_broken(broken: BrokenEntry) -> str:
    """Return what it means that the seal of an entry does not hold."""
    return (
        f"Entry {broken.id} {broken.what}. The entries before it are whole. Somebody "
        "changed the database outside of this program: keep a copy of it as it is, "
        "and compare it with your backups."
    )


def last_entry(entry: AuditEntry) -> str:
    """Return whose seal is shown."""
    return f"The seal of entry {entry.id}, written on {moment_of(entry.at)}."


def audit_csv(entries: Sequence[AuditEntry]) -> str:
    """Return entries as CSV, whole enough to check their seals elsewhere."""
    stream = io.StringIO()
    # With this end of a line, a carriage return in a cell is quoted.
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(AUDIT_COLUMNS)
    for entry in entries:
        cells = (
            entry.id,
            entry.at.isoformat(),
            entry.who,
            entry.action,
            entry.subject,
            entry.patient_id or "",
            entry.previous_hash,
            entry.hash,
        )
        writer.writerow(_no_formula(str(cell)) for cell in cells)
    return stream.getvalue()


def _no_formula(cell: str) -> str:
    # A spreadsheet runs a cell that begins so; an administrator types the logins.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
