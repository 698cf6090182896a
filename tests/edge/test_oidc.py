"""Single sign-on: the way to the provider and back, and what is refused on it."""

import logging
import time
from urllib.parse import quote, urlsplit

import pytest

from access import oidc, oidc_flow, oidc_provider
from access.oidc_flow import SECONDS, Flows
from access.settings import DoorSettings
from data.accounts import add_account, join_identity
from tests.edge.oidc_practice import (
    FAILED,
    HERE,
    asked_for,
    configured_practice,
)
from tests.edge.oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    EC,
    LEE,
    RSA,
    SHARED,
    STRANGE,
    Answer,
    as_a_fault,
    at_length,
    compressed,
    running_provider,
    says,
    slowly,
    with_a_key_of_its_own,
    with_a_shared_key,
    with_a_strange_key,
    with_another_body,
    with_ec,
    with_rsa,
    with_rsa_in_sha_512,
    with_the_clients_secret,
    with_the_public_key_as_secret,
    without_a_signature,
)


DISCOVERY = "/.well-known/openid-configuration"
PUBLIC = "https://outcomes.example.org"


@pytest.fixture
def provider():
    with running_provider() as one:
        yield one


@pytest.fixture
def practice(provider, migrated_sqlite_url, monkeypatch):
    with configured_practice(provider, migrated_sqlite_url, monkeypatch) as one:
        yield one


@pytest.fixture
def browser(practice):
    return practice.browser()


def assert_failed(practice, browser, answer):
    """One plain page with a way back, no session, no account, and a note."""
    assert answer.status_code == 403
    assert FAILED in answer.text
    assert 'href="/login"' in answer.text
    assert practice.session(browser) is None
    assert practice.accounts() == []
    assert practice.audit()[1:] == [("sign-in failed", "unknown account")]


# The way there.


def test_the_provider_is_asked_for_a_code_under_a_challenge(provider, browser):
    begun = browser.begin()
    assert urlsplit(begun.headers["location"]).path == "/authorize"
    asked = asked_for(begun)
    assert {name: asked[name] for name in asked if len(asked[name]) < 43} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{HERE}/oidc/callback",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }
    assert {"state", "nonce", "code_challenge"} < asked.keys()
    assert CLIENT_SECRET not in begun.headers["location"]


def test_every_way_has_secrets_of_its_own(browser):
    one, other = asked_for(browser.begin()), asked_for(browser.begin())
    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != other[name]


def test_what_the_browser_keeps_tells_it_nothing(browser):
    begun = browser.begin("/patient?patient=7f3a")
    kept = begun.headers["set-cookie"]
    assert kept.startswith("single-sign-on=")
    for secret in (*asked_for(begun).values(), "7f3a"):
        assert secret not in kept
    assert kept.split("; ")[1:] == [
        "HttpOnly",
        f"Max-Age={SECONDS}",
        "Path=/",
        "SameSite=lax",
    ]


def test_groups_are_asked_for_where_the_provider_offers_that(provider, browser):
    provider.metadata["scopes_supported"] = ["openid", "groups", "address"]
    assert asked_for(browser.begin())["scope"] == "openid email profile groups"


def test_behind_tls_everything_is_of_the_public_address(
    provider, migrated_sqlite_url, monkeypatch
):
    settings = DoorSettings(PUBLIC)
    with configured_practice(
        provider, migrated_sqlite_url, monkeypatch, settings=settings
    ) as practice:
        browser = practice.browser()
        begun = browser.begin()
        assert asked_for(begun)["redirect_uri"] == f"{PUBLIC}/oidc/callback"
        assert begun.headers["set-cookie"].startswith("__Host-single-sign-on=")
        assert begun.headers["set-cookie"].endswith("; Secure")
        answer = browser.come_back(browser.at_provider(begun))
        assert answer.headers["location"] == "/"
        assert practice.session(browser) is not None


def test_nobody_chooses_where_the_provider_sends_to(practice, browser):
    answer = browser.client.get("/oidc/login", headers={"host": "evil.example"})
    assert_failed(practice, browser, answer)


@pytest.mark.parametrize("path", ["/oidc/login", "/oidc/callback"])
def test_without_settings_there_is_nothing(browser, monkeypatch, path):
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "DOMAINS"):
        monkeypatch.delenv(f"OIDC_{name}")
    for name in ("ROLES_CLAIM", "ROLES", "SITES_CLAIM", "SITES"):
        monkeypatch.delenv(f"OIDC_{name}")
    answer = browser.client.get(path)
    assert answer.status_code == 404
    assert "does not use single sign-on" in answer.text


# And back.


def test_the_way_ends_in_a_session_where_somebody_wanted_to_go(practice, browser):
    answer = browser.sign_in("/patient?patient=7f3a")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/patient?patient=7f3a"
    session = [
        value
        for value in answer.headers.get_list("set-cookie")
        if value.startswith("session=")
    ]
    assert [value.split("; ")[1:] for value in session] == [
        ["HttpOnly", "Path=/", "SameSite=lax"]
    ]
    assert practice.session(browser).login == "lee@lake.example"
    assert "single-sign-on" not in browser.client.cookies


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/..//evil.example",
        "javascript:alert(1)",
        "/oidc/login",
        "/logout",
        "/kiosk/start",
        "/%0d%0aset-cookie:a=b",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(browser, onward):
    assert browser.sign_in(onward).headers["location"] == "/"


def test_a_token_that_a_browser_brought_is_never_the_sessions(practice, browser):
    browser.client.cookies.set(
        "session", "planted-planted-planted-planted", domain="127.0.0.1"
    )
    answer = browser.sign_in()
    [token] = [
        value.partition("=")[2].partition(";")[0]
        for value in answer.headers.get_list("set-cookie")
        if value.startswith("session=")
    ]
    assert practice.session_of(token) is not None
    assert practice.session_of("planted-planted-planted-planted") is None


def test_what_a_browser_had_open_before_ends(practice, browser):
    browser.sign_in()
    before = browser.token
    browser.sign_in()
    assert browser.token != before
    assert practice.session_of(before) is None
    assert practice.session_of(browser.token) is not None


def test_the_provider_may_take_the_secret_in_the_body(provider, practice, browser):
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert browser.sign_in().status_code == 303


def test_the_provider_is_asked_where_to_ask_once_in_a_while(
    provider, browser, monkeypatch
):
    browser.sign_in()
    browser.sign_in()
    assert provider.asked.count(DISCOVERY) == 1
    monkeypatch.setattr(oidc_provider, "METADATA_KEPT", -1)
    browser.begin()
    assert provider.asked.count(DISCOVERY) == 2


def test_new_keys_of_the_provider_count_at_once(provider, browser):
    provider.sign, provider.keys = with_a_strange_key, [STRANGE]
    assert browser.sign_in().status_code == 303
    provider.sign, provider.keys = with_rsa, [RSA]
    assert browser.sign_in().status_code == 303


def test_a_provider_that_names_itself_in_its_answer_is_taken(provider, browser):
    back = browser.at_provider(browser.begin())
    assert browser.come_back(f"{back}&iss={quote(provider.issuer)}").status_code == 303


# Whose answer it is: state, and the cookie that it belongs to.


def without_the_cookie(browser, back, _stranger):
    browser.client.cookies.clear()
    return back


def with_anothers_cookie(browser, back, stranger):
    stranger.begin()
    kept = stranger.client.cookies["single-sign-on"]
    browser.client.cookies.set("single-sign-on", kept, domain="127.0.0.1")
    return back


def with_anothers_answer(_browser, _back, stranger):
    return stranger.at_provider(stranger.begin())


def with_a_cookie_of_another_process(browser, back, _stranger):
    flow, kept = Flows().begin("/")
    browser.client.cookies.set("single-sign-on", kept, domain="127.0.0.1")
    return f"{back.partition('&state=')[0]}&state={flow.state}"


def with_a_cookie_of_its_own_making(browser, back, _stranger):
    browser.client.cookies.set("single-sign-on", "a.b.c.d.e", domain="127.0.0.1")
    return back


def with_a_changed_cookie(browser, back, _stranger):
    parts = browser.client.cookies["single-sign-on"].split(".")
    parts[3] = parts[3][::-1]
    browser.client.cookies.set("single-sign-on", ".".join(parts), domain="127.0.0.1")
    return back


def with_a_second_cookie(browser, back, _stranger):
    kept = browser.client.cookies["single-sign-on"]
    browser.client.cookies.clear()
    browser.client.headers["cookie"] = f"single-sign-on={kept}; single-sign-on={kept}"
    return back


def without_a_state(_browser, back, _stranger):
    return back.partition("&state=")[0]


def with_an_empty_state(_browser, back, _stranger):
    return back.partition("&state=")[0] + "&state="


def with_another_state(_browser, back, _stranger):
    return back[:-1] + ("A" if back[-1] != "A" else "B")


def with_a_strange_state(_browser, back, _stranger):
    return back.partition("&state=")[0] + "&state=%C3%A4"


def with_two_states(_browser, back, _stranger):
    return back + "&state=" + back.partition("&state=")[2]


NOT_OURS = [
    without_the_cookie,
    with_anothers_cookie,
    with_anothers_answer,
    with_a_cookie_of_another_process,
    with_a_cookie_of_its_own_making,
    with_a_changed_cookie,
    with_a_second_cookie,
    without_a_state,
    with_an_empty_state,
    with_another_state,
    with_a_strange_state,
    with_two_states,
]


@pytest.mark.parametrize("changed", NOT_OURS, ids=lambda one: one.__name__)
def test_an_answer_that_is_not_this_browsers_is_refused(
    provider, practice, browser, changed
):
    back = browser.at_provider(browser.begin())
    back = changed(browser, back, practice.browser())
    assert_failed(practice, browser, browser.come_back(back))
    assert "/token" not in provider.asked


def test_an_answer_is_taken_once(provider, practice, browser):
    begun = browser.begin()
    kept = browser.client.cookies["single-sign-on"]
    back = browser.at_provider(begun)
    assert browser.come_back(back).status_code == 303
    thief = practice.browser()
    thief.client.cookies.set("single-sign-on", kept, domain="127.0.0.1")
    provider.asked.clear()
    answer = thief.come_back(back)
    assert answer.status_code == 403 and FAILED in answer.text
    assert practice.session(thief) is None
    assert provider.asked == []


def test_an_answer_that_failed_is_over_as_well(provider, practice, browser):
    begun = browser.begin()
    kept = browser.client.cookies["single-sign-on"]
    back = browser.at_provider(begun)
    provider.answers["/token"] = Answer(500)
    browser.come_back(back)
    provider.answers.clear()
    browser.client.cookies.set("single-sign-on", kept, domain="127.0.0.1")
    assert browser.come_back(back).status_code == 403


def test_an_answer_that_comes_too_late_is_refused(practice, browser, monkeypatch):
    now = time.time()
    monkeypatch.setattr(oidc, "_flows", Flows(clock=lambda: now))
    back = browser.at_provider(browser.begin())
    now += SECONDS
    assert_failed(practice, browser, browser.come_back(back))


def test_an_answer_in_time_is_taken(browser, monkeypatch):
    now = time.time()
    monkeypatch.setattr(oidc, "_flows", Flows(clock=lambda: now))
    back = browser.at_provider(browser.begin())
    now += SECONDS - 1
    assert browser.come_back(back).status_code == 303


def test_a_stolen_code_is_of_no_use_on_another_way(provider, practice, browser):
    """The provider sees by the verifier that the code was asked for by another."""
    thief = practice.browser()
    stolen = urlsplit(browser.at_provider(browser.begin())).query.split("&")[0]
    back = thief.at_provider(thief.begin())
    path, _, query = back.partition("?")
    answer = thief.come_back(f"{path}?{stolen}&{query.split('&')[1]}")
    assert_failed(practice, thief, answer)
    assert provider.tokens_given == 0


@pytest.mark.parametrize(
    "query",
    [
        "error=access_denied",
        "error=login%20of%20lee%40lake.example&error_description=Lee",
        "error=a&error=b",
        "code=a&error=access_denied",
        "",
        "code=",
        "code=a&code=b",
        "code=never-given",
        "code=a&iss=https%3A%2F%2Fevil.example",
        "code=a&iss=",
    ],
)
def test_an_answer_without_a_usable_code_is_refused(
    provider, practice, browser, caplog, query
):
    state = asked_for(browser.begin())["state"]
    with caplog.at_level(logging.DEBUG):
        answer = browser.come_back(f"/oidc/callback?{query}&state={state}")
    assert_failed(practice, browser, answer)
    assert provider.tokens_given == 0
    assert "lee" not in (answer.text + logged(caplog)).lower()


@pytest.mark.parametrize(
    "query", ["", "code=", "code=a&code=b", "code=a&error=access_denied"]
)
def test_without_a_code_the_provider_is_not_asked(provider, browser, query):
    state = asked_for(browser.begin())["state"]
    browser.come_back(f"/oidc/callback?{query}&state={state}")
    assert "/token" not in provider.asked


@pytest.mark.parametrize("issuer", ["https://evil.example", "", "{0}/", "{0}&iss={0}"])
def test_a_good_answer_in_anothers_name_is_refused(provider, practice, browser, issuer):
    back = browser.at_provider(browser.begin())
    named = f"{back}&iss={issuer.format(provider.issuer)}"
    assert_failed(practice, browser, browser.come_back(named))
    assert "/token" not in provider.asked


def test_the_log_says_why_in_words_of_the_standard(browser, caplog):
    state = asked_for(browser.begin())["state"]
    browser.come_back(f"/oidc/callback?error=access_denied&state={state}")
    assert caplog.messages == [
        "Single sign-on failed: The provider answered: access_denied"
    ]


# What the provider's token must be.


BAD_CLAIMS = {
    "for another client": {"aud": "another"},
    "for nobody": {"aud": None},
    "for an empty list": {"aud": []},
    "for others only": {"aud": ["another", "third"], "azp": CLIENT_ID},
    "for several, asked for by nobody": {"aud": [CLIENT_ID, "another"]},
    "for several, asked for by another": {
        "aud": [CLIENT_ID, "another"],
        "azp": "another",
    },
    "asked for by another": {"azp": "another"},
    "of another issuer": {"iss": "https://evil.example"},
    "of an issuer that begins alike": {"iss": "http://127.0.0.1"},
    "of several issuers": {"iss": ["https://evil.example"]},
    "of no issuer": {"iss": None},
    "for another way": {"nonce": "another"},
    "for any way": {"nonce": None},
    "with an empty nonce": {"nonce": ""},
    "over": {"exp": int(time.time()) - 61},
    "never over": {"exp": None},
    "over some day": {"exp": "tomorrow"},
    "over at no moment": {"exp": float("nan")},
    "of the future": {"iat": int(time.time()) + 3600},
    "of no moment": {"iat": None},
    "not yet good": {"nbf": int(time.time()) + 3600},
    "about nobody": {"sub": None},
    "about an empty name": {"sub": ""},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("change", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_a_token_that_does_not_fit_is_refused(provider, practice, browser, change):
    provider.person |= change
    assert_failed(practice, browser, browser.sign_in())
    assert provider.tokens_given == 1


BAD_TOKENS = {
    "without a signature": without_a_signature,
    "with the public key as secret": with_the_public_key_as_secret,
    "with the client's secret": with_the_clients_secret,
    "with a strange key": with_a_strange_key,
    "with a key of its own": with_a_key_of_its_own,
    "with RSA in SHA-512": with_rsa_in_sha_512,
    "with another body": with_another_body,
    "with half a signature": lambda claims: with_rsa(claims)[:-8],
    "with an empty signature": lambda claims: f"{with_rsa(claims).rpartition('.')[0]}.",
    "no token": lambda _claims: "no token",
    "empty": lambda _claims: "",
    "claims alone": lambda claims: {"claims": claims},
    "none": lambda _claims: None,
}


@pytest.mark.parametrize("sign", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    provider, practice, browser, sign
):
    provider.sign = sign
    assert_failed(practice, browser, browser.sign_in())
    assert provider.tokens_given == 1


GOOD_CLAIMS = {
    "for us in a list": {"aud": [CLIENT_ID]},
    "for several, asked for by us": {"aud": ["another", CLIENT_ID], "azp": CLIENT_ID},
    "asked for by us": {"azp": CLIENT_ID},
    "just over, by a slow clock": {"exp": int(time.time()) + 3540, "iat": 0},
    "with more in it": {"amr": ["pwd", "otp"], "auth_time": 1, "picture": "x" * 9_000},
}


@pytest.mark.parametrize("change", GOOD_CLAIMS.values(), ids=GOOD_CLAIMS)
def test_a_token_that_fits_is_taken(provider, browser, change):
    provider.person |= change
    assert browser.sign_in().status_code == 303


def test_clocks_may_differ_a_little(provider, browser):
    provider.person |= {"exp": int(time.time()) - 30}
    assert browser.sign_in().status_code == 303


def test_an_elliptic_signature_is_taken(provider, browser):
    provider.sign = with_ec
    assert browser.sign_in().status_code == 303


def test_a_key_that_everybody_has_signs_nothing(provider, practice, browser):
    provider.sign = with_a_shared_key
    provider.answers["/jwks"] = says({"keys": [SHARED.as_dict(private=True)]})
    assert_failed(practice, browser, browser.sign_in())
    assert provider.tokens_given == 1


def test_a_key_is_used_for_what_it_is_meant(provider, practice, browser):
    for_secrets = RSA.as_dict(private=False) | {"use": "enc"}
    provider.answers["/jwks"] = says({"keys": [for_secrets, EC.as_dict(private=False)]})
    assert_failed(practice, browser, browser.sign_in())


# A provider in trouble, or that makes some.


def sign_in_as_far_as_it_goes(browser):
    begun = browser.begin()
    if begun.status_code != 303:
        return begun
    return browser.come_back(browser.at_provider(begun))


GARBAGE = {
    "nothing": Answer(),
    "no json": Answer(200, (b"<html>Please sign in</html>",)),
    "a list": says([]),
    "a number": says(7),
    "an empty object": says({}),
    "only text in it": says(dict.fromkeys(("issuer", "keys", "id_token"), "text")),
    "deep": Answer(200, (b"[" * 100_000,)),
    "no utf-8": Answer(200, (b'{"id_token": "\xff"}',)),
    "an error that is none": says({"error": [{}]}),
    "no moment": says({"expires_in": [], "id_token": "a.b.c"}),
    "fault": Answer(500, (b"{}",)),
    "refused": Answer(429, (b"Too many requests",)),
}


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks"])
@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_garbage_from_the_provider_lets_nobody_in(
    provider, practice, browser, path, answer
):
    provider.answers[path] = answer
    assert_failed(practice, browser, sign_in_as_far_as_it_goes(browser))


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_asked_whom_the_provider_points_to(
    provider, practice, browser, path, status
):
    with running_provider() as other:
        headers = (("location", f"{other.issuer}{path}"),)
        provider.answers[path] = Answer(status, headers=headers)
        assert_failed(practice, browser, sign_in_as_far_as_it_goes(browser))
        assert other.asked == []


BAD_METADATA = {
    "another issuer": {"issuer": "https://evil.example"},
    "an issuer with a slash more": {"issuer": "http://127.0.0.1/"},
    "no issuer": {"issuer": None},
    "no place to send to": {"authorization_endpoint": None},
    "a script to send to": {"authorization_endpoint": "javascript:alert(1)"},
    "a part of a page to send to": {"authorization_endpoint": "https://id.example/#a"},
    "an open place to send to": {"authorization_endpoint": "http://id.example/a"},
    "no place for codes": {"token_endpoint": None},
    "an open place for codes": {"token_endpoint": "http://127.0.0.1:1/token"},
    "a file for codes": {"token_endpoint": "file:///etc/passwd"},
    "a number for codes": {"token_endpoint": 7},
    "somebody before the place": {"token_endpoint": "https://a@id.example/token"},
    "no keys": {"jwks_uri": None},
    "open keys": {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
    "scopes that are none": {"scopes_supported": 7},
}


@pytest.mark.parametrize("change", BAD_METADATA.values(), ids=BAD_METADATA)
def test_a_provider_that_says_it_is_elsewhere_is_not_believed(
    provider, practice, browser, change
):
    provider.metadata |= change
    assert_failed(practice, browser, browser.begin())
    assert provider.asked == [DISCOVERY]


def test_a_provider_may_have_other_places_by_tls(provider, browser):
    provider.metadata["authorization_endpoint"] = "https://login.id.example/a?tenant=1"
    location = browser.begin().headers["location"]
    assert location.startswith("https://login.id.example/a?tenant=1&response_type=code")


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks"])
@pytest.mark.parametrize("change", [at_length, slowly, compressed, as_a_fault])
def test_a_right_answer_in_a_wrong_way_lets_nobody_in(
    provider, practice, monkeypatch, path, change
):
    browser = practice.browser()
    if change is slowly:
        monkeypatch.setattr(oidc_provider, "SECONDS", 0.4)
    provider.changes[path] = change
    assert_failed(practice, browser, sign_in_as_far_as_it_goes(browser))


def test_a_provider_that_is_not_there_lets_nobody_in(
    practice, browser, monkeypatch, caplog
):
    monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:9")
    assert_failed(practice, browser, browser.begin())
    assert caplog.messages == [
        "Single sign-on failed: Its discovery document cannot be had or used: "
        "ConnectError"
    ]


def test_a_wrong_secret_is_told_by_its_code_alone(
    practice, browser, monkeypatch, caplog
):
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "another")
    assert_failed(practice, browser, browser.sign_in())
    assert caplog.messages == [
        "Single sign-on failed: It gave no token: invalid_client"
    ]


def test_what_the_provider_says_is_not_logged(practice, browser, caplog, provider):
    with caplog.at_level(logging.DEBUG):
        browser.sign_in()
        provider.person["groups"] = []
        browser.sign_in()
        provider.person["aud"] = "another"
        browser.sign_in()
        browser.come_back("/oidc/callback?code=stolen-code&state=stolen-state")
    text = logged(caplog)
    for secret in (
        *(str(value) for name, value in LEE.items() if name != "email_verified"),
        "ketamine-clinicians",
        "stolen-code",
        "stolen-state",
        CLIENT_SECRET,
        "an-access-token",
    ):
        assert secret.lower() not in text.lower()


def logged(caplog):
    """Return what was logged, but for what the tests' own browser says of its way."""
    return "\n".join(text for text in caplog.messages if HERE not in text)


def test_what_a_provider_says_of_an_error_is_not_shown(
    provider, practice, browser, caplog
):
    provider.answers["/token"] = says(
        {"error": "<b>Lee</b>", "error_description": "Dr Lee is on leave"}, 400
    )
    with caplog.at_level(logging.DEBUG):
        answer = browser.sign_in()
    assert_failed(practice, browser, answer)
    assert "lee" not in (answer.text + logged(caplog)).lower()


# A flood.


def test_of_a_flood_of_failures_only_some_are_noted(practice, browser):
    answers = [browser.come_back("/oidc/callback?code=a&state=b") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {403}
    assert practice.audit().count(("sign-in failed", "unknown account")) == 5


def test_a_flood_keeps_nobody_out_and_is_over_with_the_next_who_comes_in(
    practice, browser
):
    for _ in range(10):
        browser.come_back("/oidc/callback?code=a&state=b")
    assert browser.sign_in().status_code == 303
    browser.come_back("/oidc/callback?code=a&state=b")
    assert practice.audit()[-1] == ("sign-in failed", "unknown account")


def test_what_was_taken_is_remembered_within_bounds(monkeypatch):
    now = 0.0
    monkeypatch.setattr(oidc_flow, "MOST_TAKEN", 3)
    flows = Flows(clock=lambda: now)
    begun = [flows.begin("/") for _ in range(5)]
    assert all(flows.take(kept, flow.state) for flow, kept in begun)
    assert [bool(flows.take(kept, flow.state)) for flow, kept in begun[2:]] == [
        False
    ] * 3
    now = SECONDS
    late, kept = flows.begin("/")
    assert flows.take(kept, late.state) == late
    assert list(flows._taken) == [late.state]


# Behind the real gate.


FROM_THE_PROVIDER = {
    "accept": "text/html",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}


@pytest.fixture
def at_the_gate(practice):
    return practice.browser_at_the_gate()


def path_of(back):
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def test_the_sign_in_page_offers_it(practice, at_the_gate):
    # The first visit of all would lead to the set-up.
    account_id = practice.do(
        add_account, login="ada", name="Ada", roles=["administrator"]
    )
    practice.do(join_identity, account_id, "https://id.example", "ada")
    page = at_the_gate.client.get("/login?next=/patient%3Fpatient%3D7f3a").text
    assert "Sign in with Lake House" in page
    assert 'href="/oidc/login?next=/patient%3Fpatient%3D7f3a"' in page


def test_the_gate_lets_the_way_back_in(at_the_gate):
    client = at_the_gate.client
    assert client.get("/", headers=FROM_THE_PROVIDER).headers["location"] == "/login"
    back = path_of(at_the_gate.at_provider(at_the_gate.begin()))
    answer = client.get(back, headers=FROM_THE_PROVIDER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert client.get("/", headers=FROM_THE_PROVIDER).text == "inside"


def test_no_page_elsewhere_uses_up_the_way_back(at_the_gate):
    back = path_of(at_the_gate.at_provider(at_the_gate.begin()))
    embedded = FROM_THE_PROVIDER | {"sec-fetch-mode": "no-cors"}
    assert at_the_gate.client.get(back, headers=embedded).status_code == 403
    assert at_the_gate.client.get(back, headers=FROM_THE_PROVIDER).status_code == 303


@pytest.mark.parametrize(
    ("origin", "status"), [("https://id.example", 403), (None, 403), (HERE, 405)]
)
def test_an_answer_by_form_is_refused(practice, at_the_gate, origin, status):
    path, _, query = path_of(at_the_gate.at_provider(at_the_gate.begin())).partition(
        "?"
    )
    headers = {} if origin is None else {"origin": origin}
    answer = at_the_gate.client.post(path, content=query, headers=headers)
    assert answer.status_code == status
    assert practice.session(at_the_gate) is None


def test_without_the_database_nobody_comes_in(practice, browser, monkeypatch):
    back = browser.at_provider(browser.begin())
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/practice.sqlite")
    answer = browser.come_back(back)
    assert answer.status_code == 503
    assert browser.token is None
