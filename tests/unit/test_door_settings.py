"""The address of the practice, and what follows from it."""

import pytest

from access.settings import DoorSettings, SettingsError


PUBLIC = DoorSettings("https://outcomes.example.org")
ODD_PORT = DoorSettings("https://outcomes.example.org:8443")
HERE = DoorSettings()


@pytest.mark.parametrize(
    ("given", "public_url"),
    [
        ("https://outcomes.example.org", "https://outcomes.example.org"),
        ("https://outcomes.example.org/", "https://outcomes.example.org"),
        ("  https://Outcomes.Example.ORG ", "https://outcomes.example.org"),
        ("https://outcomes.example.org:8443", "https://outcomes.example.org:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"),
        ("", None),
        ("  ", None),
    ],
)
def test_the_address_comes_from_the_environment(given, public_url):
    settings = DoorSettings.from_environment({"PUBLIC_URL": given})
    assert settings.public_url == public_url


def test_without_an_address_the_practice_is_on_this_machine_only():
    assert DoorSettings.from_environment({}) == HERE


@pytest.mark.parametrize(
    "wrong",
    [
        "http://outcomes.example.org",
        "outcomes.example.org",
        "https://",
        "https:///",
        "https://outcomes.example.org/practice",
        "https://outcomes.example.org//",
        "https://outcomes.example.org?a=1",
        "https://outcomes.example.org#a",
        "https://somebody@outcomes.example.org",
        "https://somebody:secret@outcomes.example.org",  # pragma: allowlist secret
        "https://outcomes.example.org:0",
        "https://outcomes.example.org:65536",
        "https://outcomes.example.org:",
        "https://outcomes.example.org:port",
        "https://outcomes.example.org.",
        "https://*.example.org",
        "https://outcomes example.org",
        "https://outcomes.example.org https://other.example.org",
        "https://outcomes.example.org\nhttps://other.example.org",
        "https://praxis-münchen.example",
        "javascript:alert(1)",
    ],
)
def test_a_wrong_address_is_named_with_what_is_allowed(wrong):
    with pytest.raises(SettingsError) as refused:
        DoorSettings.from_environment({"PUBLIC_URL": wrong})
    message = str(refused.value)
    assert message.startswith("PUBLIC_URL ")
    assert repr(wrong.strip().lower().removesuffix("/")) in message
    assert "allowed: https://HOST or https://HOST:PORT" in message


def test_settings_cannot_be_made_around_the_check():
    with pytest.raises(SettingsError):
        DoorSettings("http://outcomes.example.org")


def test_behind_tls_cookies_are_for_this_host_and_tls_only():
    assert PUBLIC.secure
    assert PUBLIC.session_cookie == "__Host-session"
    assert PUBLIC.device_cookie == "__Host-device"


def test_on_this_machine_there_is_no_tls():
    assert not HERE.secure
    assert (HERE.session_cookie, HERE.device_cookie) == ("session", "device")


@pytest.mark.parametrize(
    ("settings", "host", "allowed"),
    [
        (HERE, "127.0.0.1", True),
        (HERE, "127.0.0.1:8501", True),
        (HERE, "localhost:9000", True),
        (HERE, "LOCALHOST:9000", True),
        (HERE, "[::1]:8501", True),
        (HERE, "::1", False),
        (HERE, "127.0.0.1.example.org", False),
        (HERE, "localhost.example.org", False),
        (HERE, "localhost.", False),
        (HERE, "127.0.0.2", False),
        (HERE, "127.1", False),
        (HERE, "0.0.0.0:8501", False),
        (HERE, "outcomes.example.org", False),
        (HERE, "", False),
        (HERE, "localhost:8501,evil.example", False),
        (HERE, "localhost@evil.example", False),
        (HERE, "localhost:", False),
        (HERE, "localhost:x", False),
        (HERE, "localhost:8501 ", False),
        (PUBLIC, "outcomes.example.org", True),
        (PUBLIC, "Outcomes.Example.Org", True),
        (PUBLIC, "outcomes.example.org:443", True),
        (PUBLIC, "outcomes.example.org:80", False),
        (PUBLIC, "outcomes.example.org.", False),
        (PUBLIC, "evil.outcomes.example.org", False),
        (PUBLIC, "example.org", False),
        (PUBLIC, "localhost", False),
        (PUBLIC, "127.0.0.1:8501", False),
        (ODD_PORT, "outcomes.example.org:8443", True),
        (ODD_PORT, "outcomes.example.org", False),
        (ODD_PORT, "outcomes.example.org:443", False),
    ],
)
def test_which_hosts_are_this_practice(settings, host, allowed):
    assert settings.allows_host(host) is allowed


@pytest.mark.parametrize(
    ("settings", "origin", "host", "allowed"),
    [
        (HERE, "http://127.0.0.1:8501", "127.0.0.1:8501", True),
        (HERE, "http://localhost:8501", "localhost:8501", True),
        (HERE, "http://[::1]:8501", "[::1]:8501", True),
        (HERE, "http://localhost", "localhost:80", True),
        # Another program on this machine, or another name for it.
        (HERE, "http://localhost:3000", "localhost:8501", False),
        (HERE, "http://localhost:8501", "127.0.0.1:8501", False),
        (HERE, "https://localhost:8501", "localhost:8501", False),
        (HERE, "null", "localhost:8501", False),
        (HERE, "", "localhost:8501", False),
        (HERE, "http://evil.example", "localhost:8501", False),
        (HERE, "http://evil.example", "evil.example", False),
        (HERE, "http://localhost:8501/path", "localhost:8501", False),
        # pragma: allowlist nextline secret
        (HERE, "http://localhost:8501@evil.example", "localhost:8501", False),
        (HERE, "//localhost:8501", "localhost:8501", False),
        (PUBLIC, "https://outcomes.example.org", "outcomes.example.org", True),
        (PUBLIC, "https://outcomes.example.org:443", "outcomes.example.org", True),
        (PUBLIC, "http://outcomes.example.org", "outcomes.example.org", False),
        (PUBLIC, "https://evil.example", "outcomes.example.org", False),
        (PUBLIC, "https://outcomes.example.org.evil.example", "evil.example", False),
        (ODD_PORT, "https://outcomes.example.org:8443", "outcomes.example.org:8443", 1),
        (ODD_PORT, "https://outcomes.example.org", "outcomes.example.org:8443", False),
    ],
)
def test_which_origins_are_the_place_asked(settings, origin, host, allowed):
    assert settings.allows_origin(origin, host=host) is bool(allowed)
