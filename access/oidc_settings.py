"""At which OpenID Connect provider people sign in, and what its claims mean here."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from access.settings import LOOPBACK, VARIABLE, DoorSettings, SettingsError
from data.actors import ACCOUNT_ROLES


ISSUER = "OIDC_ISSUER"
CLIENT_ID = "OIDC_CLIENT_ID"
CLIENT_SECRET = "OIDC_CLIENT_SECRET"  # pragma: allowlist secret
CLIENT_SECRET_FILE = "OIDC_CLIENT_SECRET_FILE"  # pragma: allowlist secret
NAME = "OIDC_NAME"
DOMAINS = "OIDC_DOMAINS"
ROLES_CLAIM = "OIDC_ROLES_CLAIM"
ROLES = "OIDC_ROLES"
SITES_CLAIM = "OIDC_SITES_CLAIM"
SITES = "OIDC_SITES"

VARIABLES = (
    ISSUER,
    CLIENT_ID,
    CLIENT_SECRET,
    CLIENT_SECRET_FILE,
    NAME,
    DOMAINS,
    ROLES_CLAIM,
    ROLES,
    SITES_CLAIM,
    SITES,
)
LONGEST_NAME = 40

ALLOWED_ISSUER = (
    "https://HOST, https://HOST:PORT or one of these with a path, exactly as the "
    "provider states it; http:// on this machine only"
)
ALLOWED_DOMAINS = "domains of e-mail addresses such as: lake.example, lake.org"

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]")

Meanings = Mapping[str, frozenset[str]]
"""What each value of a claim stands for here."""


@dataclass(frozen=True)
class OidcSettings:
    """Single sign-on as the practice has set it up.

    Parameters
    ----------
    issuer
        The provider, exactly as its tokens and its discovery document state it.
    client_id, client_secret
        Under which this practice is registered there.
    name
        What the button says: "Sign in with ...".
    domains
        Of the e-mail addresses that may come in, in lower case.
    roles_claim, roles
        The claim that says what somebody is there, and the roles that its values
        bring. Without them only identities that have an account come in.
    sites_claim, sites
        The same for the names of sites. Without them administrators choose the sites.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    domains: frozenset[str]
    roles_claim: str | None = None
    roles: Meanings = field(default_factory=dict)
    sites_claim: str | None = None
    sites: Meanings = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "OidcSettings | None":
        """Return the settings of an environment; None if it has none of them.

        Raises
        ------
        SettingsError
            If one is missing, contradicts another, or is not allowed.
        """
        given = {name: environment.get(name, "").strip() for name in VARIABLES}
        if not any(given.values()):
            return None
        _refuse_unknown(environment)
        roles = _meanings(given[ROLES], ROLES, "ketamine-clinicians=clinician")
        _check_roles(roles)
        return cls(
            issuer=_issuer(
                _required(given, ISSUER, ALLOWED_ISSUER),
                DoorSettings.from_environment(environment),
            ),
            client_id=_required(
                given, CLIENT_ID, "the name registered at the provider"
            ),
            client_secret=_secret(given),
            name=_name(given[NAME]) or urlsplit(given[ISSUER]).netloc,
            domains=_domains(_required(given, DOMAINS, ALLOWED_DOMAINS)),
            roles_claim=_claim(given, ROLES_CLAIM, ROLES),
            roles=roles,
            sites_claim=_claim(given, SITES_CLAIM, SITES),
            sites=_meanings(given[SITES], SITES, "north=Name of a site"),
        )


def single_sign_on() -> OidcSettings | None:
    """Return how this process offers single sign-on; None if it does not.

    Raises
    ------
    SettingsError
        If the variables are incomplete, contradict each other, or are not allowed.
    """
    names = [one for one in os.environ if one.startswith("OIDC_") or one == VARIABLE]
    return _settings(tuple((name, os.environ[name]) for name in sorted(names)))


@cache
def _settings(environment: tuple[tuple[str, str], ...]) -> OidcSettings | None:
    return OidcSettings.from_environment(dict(environment))


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    for name in environment:
        if name.startswith("OIDC_") and name not in VARIABLES:
            raise SettingsError(f"{name} is not known; allowed: {', '.join(VARIABLES)}")


def _required(given: Mapping[str, str], name: str, allowed: str) -> str:
    if not given[name]:
        raise SettingsError(
            f"{name} is not set, but single sign-on needs it; allowed: {allowed}"
        )
    return given[name]


def _issuer(issuer: str, door: DoorSettings) -> str:
    if not _is_issuer(issuer):
        raise SettingsError(
            f"{ISSUER} {issuer!r} is not allowed; allowed: {ALLOWED_ISSUER}"
        )
    if door.secure and not issuer.startswith("https://"):
        raise SettingsError(
            f"{ISSUER} {issuer!r} is not allowed with {VARIABLE} set, because only "
            "this machine reaches it; allowed: https://HOST"
        )
    return issuer


def _is_issuer(issuer: str) -> bool:
    parts = split_url(issuer)
    if parts is None or "?" in issuer or "#" in issuer:
        return False
    return parts.scheme == "https" or is_loopback(parts)


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a web address; None if it is not a plain one.

    Examples
    --------
    >>> split_url("https://id.example/realm").netloc
    'id.example'
    >>> split_url("https://somebody@id.example") is None
    True
    """
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if usable and parts.scheme in ("http", "https") else None


def is_loopback(parts: SplitResult) -> bool:
    """Whether an address leads to this machine."""
    return parts.hostname in {name.strip("[]") for name in LOOPBACK}


def _secret(given: Mapping[str, str]) -> str:
    if given[CLIENT_SECRET] and given[CLIENT_SECRET_FILE]:
        raise SettingsError(
            f"{CLIENT_SECRET} and {CLIENT_SECRET_FILE} are both set; allowed: one"
        )
    secret = given[CLIENT_SECRET] or _read_secret(given[CLIENT_SECRET_FILE])
    if not secret:
        raise SettingsError(
            f"{CLIENT_SECRET} is not set, but single sign-on needs it; allowed: the "
            f"secret that the provider gave out, or its file as {CLIENT_SECRET_FILE}"
        )
    # What is wrong with it must not be shown: it is a secret.
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise SettingsError(
            f"{CLIENT_SECRET} is not allowed; allowed: one line of letters, digits "
            "and signs"
        )
    return secret


def _read_secret(file: str) -> str:
    if not file:
        return ""
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{CLIENT_SECRET_FILE} {file!r} cannot be read; allowed: a text file that "
            "holds the secret alone"
        ) from error
    if not secret:
        raise SettingsError(
            f"{CLIENT_SECRET_FILE} {file!r} is empty; allowed: a text file that holds "
            "the secret alone"
        )
    return secret


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise SettingsError(
            f"{NAME} {name!r} is not allowed; allowed: up to {LONGEST_NAME} characters "
            "for the button"
        )
    return name


def _domains(text: str) -> frozenset[str]:
    domains = frozenset(part.strip() for part in text.lower().split(","))
    for domain in sorted(domains):
        if not _DOMAIN.fullmatch(domain):
            raise SettingsError(
                f"{DOMAINS} {domain!r} is not allowed; allowed: {ALLOWED_DOMAINS}"
            )
    return domains


def _claim(given: Mapping[str, str], claim: str, values: str) -> str | None:
    """Return the name of a claim whose values have a meaning, or None."""
    if bool(given[claim]) != bool(given[values]):
        missing, present = (values, claim) if given[claim] else (claim, values)
        raise SettingsError(
            f"{missing} is not set, but {present} is; allowed: both or neither"
        )
    return given[claim] or None


def _meanings(text: str, variable: str, example: str) -> Meanings:
    meanings: dict[str, frozenset[str]] = {}
    for pair in text.split(",") if text else ():
        # What a value means comes last: the value itself may have a "=".
        value, _, meaning = (part.strip() for part in pair.rpartition("="))
        if not value or not meaning:
            raise SettingsError(
                f"{variable} {pair.strip()!r} is not allowed; allowed: pairs such as "
                f"{example}, with commas between them"
            )
        meanings[value] = meanings.get(value, frozenset()) | {meaning}
    return meanings


def _check_roles(roles: Meanings) -> None:
    for role in sorted(frozenset[str]().union(*roles.values())):
        if role not in ACCOUNT_ROLES:
            raise SettingsError(
                f"{ROLES} {role!r} is not a role; allowed: {', '.join(ACCOUNT_ROLES)}"
            )
