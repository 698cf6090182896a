"""Single sign-on by environment: what is taken, and what is refused by name."""

import re
from pathlib import Path

import pytest

from access.oidc_settings import VARIABLES, OidcSettings, single_sign_on
from access.settings import SettingsError


SECRET = "of-the-client"  # pragma: allowlist secret
WHOLE = {
    "OIDC_ISSUER": "https://id.lake.example/realms/practice",
    "OIDC_CLIENT_ID": "infusion-outcomes",
    "OIDC_CLIENT_SECRET": SECRET,
    "OIDC_NAME": "Lake House",
    "OIDC_DOMAINS": "lake.example",
    "OIDC_ROLES_CLAIM": "groups",
    "OIDC_ROLES": "ketamine-clinicians=clinician, outcomes=lead, it=administrator",
    "OIDC_SITES_CLAIM": "groups",
    "OIDC_SITES": "north=North Street, south=Harbour = old house",
}


def settings(**changes):
    environment = {**WHOLE, **changes}
    return OidcSettings.from_environment(
        {name: value for name, value in environment.items() if value is not None}
    )


def refusal(**changes):
    with pytest.raises(SettingsError) as refused:
        settings(**changes)
    return str(refused.value)


def test_without_any_variable_there_is_no_single_sign_on():
    assert OidcSettings.from_environment({"PATH": "/bin"}) is None


def test_empty_variables_are_as_if_not_set():
    assert OidcSettings.from_environment(dict.fromkeys(WHOLE, " ")) is None


def test_reads_every_variable():
    assert settings() == OidcSettings(
        issuer="https://id.lake.example/realms/practice",
        client_id="infusion-outcomes",
        client_secret=SECRET,
        name="Lake House",
        domains=frozenset({"lake.example"}),
        roles_claim="groups",
        roles={
            "ketamine-clinicians": frozenset({"clinician"}),
            "outcomes": frozenset({"lead"}),
            "it": frozenset({"administrator"}),
        },
        sites_claim="groups",
        sites={
            "north": frozenset({"North Street"}),
            "south=Harbour": frozenset({"old house"}),
        },
    )


def test_one_group_may_bring_several_roles():
    roles = settings(OIDC_ROLES="all=clinician,all=lead").roles
    assert roles == {"all": frozenset({"clinician", "lead"})}


def test_a_group_may_have_an_equals_sign_in_it():
    assert list(settings(OIDC_ROLES="cn=ketamine=clinician").roles) == ["cn=ketamine"]


def test_domains_are_compared_in_lower_case():
    domains = settings(OIDC_DOMAINS="Lake.Example , north.lake.example").domains
    assert domains == {"lake.example", "north.lake.example"}


def test_without_a_name_the_button_names_the_providers_host():
    assert settings(OIDC_NAME=None).name == "id.lake.example"


def test_roles_and_sites_may_stay_with_the_administrators():
    found = settings(
        OIDC_ROLES_CLAIM=None, OIDC_ROLES="", OIDC_SITES_CLAIM=None, OIDC_SITES=None
    )
    assert (found.roles_claim, found.sites_claim) == (None, None)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example",
        "https://id.example/",
        "https://id.example:8443/realms/a",
        "http://127.0.0.1:9000",
        "http://localhost:9000/realm",
        "http://[::1]:9000",
    ],
)
def test_takes_an_issuer_exactly_as_it_is_written(issuer):
    assert settings(OIDC_ISSUER=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "id.example",
        "http://id.example",
        "http://127.0.0.1.example",
        "http://localhost@id.example",
        "https://somebody@id.example",
        "https://id.example?tenant=1",
        "https://id.example/#realm",
        "https://id.example/a b",
        "https://id.example:port",
        "https://id.example:0",
        "https://",
        "ftp://id.example",
        "https:\\\\id.example",
        "https://idé.example",
    ],
)
def test_refuses_an_issuer_that_is_no_plain_address(issuer):
    assert refusal(OIDC_ISSUER=issuer).startswith(
        f"OIDC_ISSUER {issuer!r} is not allowed; allowed: https://HOST"
    )


def test_refuses_an_issuer_on_this_machine_for_visitors_from_elsewhere():
    text = refusal(
        OIDC_ISSUER="http://127.0.0.1:9000", PUBLIC_URL="https://outcomes.example.org"
    )
    assert text.startswith("OIDC_ISSUER 'http://127.0.0.1:9000' is not allowed with")


def test_refuses_a_public_address_that_could_be_no_redirect_uri():
    assert refusal(PUBLIC_URL="http://outcomes.example.org").startswith("PUBLIC_URL")


@pytest.mark.parametrize(
    "name", ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_DOMAINS"]
)
def test_names_a_variable_that_is_missing(name):
    text = refusal(**{name: None})
    assert text.startswith(f"{name} is not set, but single sign-on needs it; allowed:")


@pytest.mark.parametrize(
    ("missing", "present"),
    [
        ("OIDC_ROLES", "OIDC_ROLES_CLAIM"),
        ("OIDC_ROLES_CLAIM", "OIDC_ROLES"),
        ("OIDC_SITES", "OIDC_SITES_CLAIM"),
        ("OIDC_SITES_CLAIM", "OIDC_SITES"),
    ],
)
def test_a_claim_and_its_values_come_together(missing, present):
    assert refusal(**{missing: None}) == (
        f"{missing} is not set, but {present} is; allowed: both or neither"
    )


def test_refuses_a_role_that_there_is_not():
    assert refusal(OIDC_ROLES="it=admin") == (
        "OIDC_ROLES 'admin' is not a role; allowed: clinician, lead, administrator"
    )


@pytest.mark.parametrize("role", ["kiosk", "door", "operator"])
def test_no_group_becomes_the_program_itself(role):
    assert "is not a role" in refusal(OIDC_ROLES=f"it={role}")


@pytest.mark.parametrize("text", ["clinicians", "=lead", "it=", "a=lead,,b=lead", ","])
def test_refuses_what_is_no_pair(text):
    assert "allowed: pairs such as ketamine-clinicians=" in refusal(OIDC_ROLES=text)


@pytest.mark.parametrize(
    "domain", ["@lake.example", "*.example", "example", "a b.c", ","]
)
def test_refuses_what_is_no_domain(domain):
    assert refusal(OIDC_DOMAINS=domain).startswith("OIDC_DOMAINS '")


def test_refuses_a_name_too_long_for_a_button():
    assert refusal(OIDC_NAME="x" * 41).startswith("OIDC_NAME 'xxx")


def test_refuses_a_variable_that_is_only_nearly_right():
    assert refusal(OIDC_ROLE="it=lead").startswith("OIDC_ROLE is not known; allowed:")


# The secret.


def test_reads_the_secret_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    found = settings(OIDC_CLIENT_SECRET=None, OIDC_CLIENT_SECRET_FILE=str(file))
    assert found.client_secret == SECRET


def test_refuses_a_secret_and_a_file(tmp_path):
    text = refusal(OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret"))
    assert text == (
        "OIDC_CLIENT_SECRET and OIDC_CLIENT_SECRET_FILE are both set; allowed: one"
    )


@pytest.mark.parametrize(
    ("contents", "what"),
    [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "cannot")],
)
def test_refuses_a_file_without_a_secret(tmp_path, contents, what):
    file = tmp_path / "secret"
    if contents is not None:
        file.write_bytes(contents)
    text = refusal(OIDC_CLIENT_SECRET=None, OIDC_CLIENT_SECRET_FILE=str(file))
    assert text.startswith(f"OIDC_CLIENT_SECRET_FILE '{file}' {what}")


@pytest.mark.parametrize("secret", ["two words", "two\nlines", "schlüssel"])
def test_a_secret_that_cannot_be_is_not_shown(secret):
    text = refusal(OIDC_CLIENT_SECRET=secret)
    assert text.startswith("OIDC_CLIENT_SECRET is not allowed")
    assert secret not in text


def test_the_secret_is_in_no_description():
    assert SECRET not in repr(settings())


# This process.


def test_this_process_offers_what_its_environment_says(monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    assert single_sign_on() == settings()


def test_this_process_offers_nothing_by_itself(monkeypatch):
    for name in WHOLE:
        monkeypatch.delenv(name, raising=False)
    assert single_sign_on() is None


def test_this_process_heeds_its_own_address(monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:9000")
    monkeypatch.setenv("PUBLIC_URL", "https://outcomes.example.org")
    with pytest.raises(SettingsError, match="OIDC_ISSUER"):
        single_sign_on()


def test_the_manual_names_every_variable():
    manual = (Path(__file__).parents[2] / "docs" / "single-sign-on.md").read_text()
    rows = re.findall(r"^\| `(OIDC_[A-Z_]+)` \|", manual, re.MULTILINE)
    assert tuple(rows) == VARIABLES
