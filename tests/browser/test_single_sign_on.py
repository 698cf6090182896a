"""Single sign-on in a real browser: to a provider and back, through the whole door."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from access.passwords import hash_password
from data.accounts import add_account, set_password
from data.actors import operator
from data.database import open_database, writing
from tests.edge.oidc_practice import environment
from tests.edge.oidc_provider import running_provider


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def provider():
    with running_provider() as one:
        one.person["groups"] = ["outcomes"]
        yield one


@pytest.fixture
def address(provider, migrated_sqlite_url, monkeypatch, start_app):
    """Start a practice that has an administrator of its own, and return its address."""
    engine = open_database(migrated_sqlite_url)
    with writing(engine, operator("Tester")) as connection:
        ada = add_account(connection, login="ada", name="Ada", roles=["administrator"])
        set_password(connection, ada, hash_password("tulips on a slow train"))
    engine.dispose()
    for name, value in environment(provider).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OIDC_SITES_CLAIM")
    monkeypatch.delenv("OIDC_SITES")
    return start_app(migrated_sqlite_url)


def sign_in(page):
    page.get_by_role("link", name="Sign in with Lake House").click()


def cookies(page):
    return {cookie["name"]: cookie for cookie in page.context.cookies()}


def test_somebody_comes_in_where_they_wanted_to_go(page, address):
    page.goto(f"{address}/outcomes")
    assert urlsplit(page.url).path == "/login"
    sign_in(page)
    heading = page.get_by_role("heading", name="Outcomes", exact=True)
    expect(heading.first).to_be_visible(timeout=30_000)
    assert page.url == f"{address}/outcomes"
    session = cookies(page)["session"]
    assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")
    assert "single-sign-on" not in cookies(page)
    assert page.external_requests == []


def test_what_came_back_is_not_taken_again(page, address, provider):
    ways = []
    page.on("request", lambda request: ways.append(request.url))
    page.goto(f"{address}/login")
    sign_in(page)
    page.wait_for_url(f"{address}/")
    [back] = [url for url in ways if urlsplit(url).path == "/oidc/callback"]
    page.goto("about:blank")  # The open page would go to sign-in without its cookie.
    page.context.clear_cookies()
    asked = len(provider.asked)
    page.goto(back)
    expect(page.get_by_role("heading")).to_have_text("The sign-in did not work")
    assert len(provider.asked) == asked
    page.goto(f"{address}/outcomes")
    assert urlsplit(page.url).path == "/login"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_somebody_without_an_account_is_told_so(open_page, address, provider, scheme):
    provider.person["groups"] = ["choir"]
    page = open_page(width=820, color_scheme=scheme)
    page.goto(f"{address}/login")
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text(
        "Your sign-in worked, but you have no account here."
    )
    assert "session" not in cookies(page)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.response["violations"] == []
    page.get_by_role("link", name="Back to sign-in").click()
    expect(page).to_have_url(re.compile(r"/login$"))
    assert page.console_errors == [
        # The page comes with the status of a refusal.
        "Failed to load resource: the server responded with a status of 403 (Forbidden)"
    ]
