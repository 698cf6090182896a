"""A practice with single sign-on, and a browser that goes to the provider and back."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from access.gate import Gate, StreamlitFacts
from access.live import Live
from access.oidc import OIDC_ROUTES
from access.routes import ROUTES
from access.settings import DoorSettings
from access.visitors import DatabaseVisitors
from data.accounts import list_accounts
from data.actors import door, operator
from data.audit import list_audit_entries
from data.database import open_database, reading, writing
from data.sessions import find_session
from data.sites import add_site
from tests.edge.door import INDEX_HTML, LARGEST_UPLOAD, read_frame
from tests.edge.oidc_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider


HERE = "http://127.0.0.1:8501"
FAILED = "The sign-in did not work"
NO_ACCOUNT = "Your sign-in worked, but you have no account here."


def environment(provider: FakeProvider) -> dict[str, str]:
    return {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_NAME": "Lake House",
        "OIDC_DOMAINS": "lake.example",
        "OIDC_ROLES_CLAIM": "groups",
        "OIDC_ROLES": "ketamine-clinicians=clinician,outcomes=lead,it=administrator",
        "OIDC_SITES_CLAIM": "groups",
        "OIDC_SITES": "north=North Street",
    }


@dataclass
class Practice:
    """The routes of single sign-on, called as by the gate, and what they recorded."""

    url: str
    settings: DoorSettings = field(default_factory=DoorSettings)
    engine: Engine = field(init=False)

    def __post_init__(self):
        self.engine = open_database(self.url)
        with writing(self.engine, operator("Tester")) as connection:
            self.north = add_site(connection, "North Street")

    def browser(self) -> "Browser":
        app = Starlette(routes=OIDC_ROUTES)

        async def with_settings(scope, receive, send):
            scope = {**scope, "state": {"settings": self.settings}}
            await app(scope, receive, send)

        return self._browser(with_settings)

    def browser_at_the_gate(self) -> "Browser":
        """Return a browser that the real gate stands before."""
        visitors = DatabaseVisitors()
        gate = Gate(
            Starlette(routes=[*ROUTES, Route("/", _inside)]),
            settings=self.settings,
            visitors=visitors,
            live=Live(visitors),
            streamlit=StreamlitFacts(INDEX_HTML, LARGEST_UPLOAD, read_frame),
        )
        return self._browser(gate)

    def _browser(self, app) -> "Browser":
        base = self.settings.public_url or HERE
        return Browser(TestClient(app, base, follow_redirects=False))

    def accounts(self):
        with reading(self.engine, operator("Tester")) as connection:
            return list_accounts(connection)

    def session(self, browser: "Browser"):
        token = browser.client.cookies.get(self.settings.session_cookie)
        return None if token is None else self.session_of(token)

    def session_of(self, token):
        with reading(self.engine, door()) as connection:
            return find_session(connection, token)

    def audit(self):
        with reading(self.engine, operator("Tester")) as connection:
            entries = [*list_audit_entries(connection)]
        return [(entry.action, entry.subject) for entry in entries]

    def do(self, work, *arguments, **values):
        with writing(self.engine, operator("Tester")) as connection:
            return work(connection, *arguments, **values)


def _inside(_request):
    return PlainTextResponse("inside")


@contextmanager
def configured_practice(provider, url, monkeypatch, **values):
    """Yield a practice whose people sign in at a provider."""
    monkeypatch.setenv("DATABASE_URL", url)
    for name, value in environment(provider).items():
        monkeypatch.setenv(name, value)
    practice = Practice(url, **values)
    yield practice
    practice.engine.dispose()


@dataclass
class Browser:
    """Somebody's browser, on the way to the provider and back."""

    client: TestClient

    def begin(self, onward=None):
        query = {} if onward is None else {"next": onward}
        return self.client.get("/oidc/login", params=query)

    def at_provider(self, begun) -> str:
        """Sign in at the provider, and return where it sends the browser."""
        assert begun.status_code == 303, begun.text
        sent = httpx2.get(begun.headers["location"], follow_redirects=False)
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    def come_back(self, back: str):
        parts = urlsplit(back)
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, onward=None):
        return self.come_back(self.at_provider(self.begin(onward)))

    @property
    def token(self):
        return self.client.cookies.get("session")


def asked_for(begun) -> dict[str, str]:
    """Return what the provider is asked for."""
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}
