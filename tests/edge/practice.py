"""A practice with its door, browsers that come to it, and a clock that tests move.

- ``Practice``: the records, and the routes of ``access`` behind the real gate.
- ``Browser``: keeps cookies, reads forms as they are drawn, and sends them back.
"""

import html
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser

from sqlalchemy import Engine, select
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from access.gate import Gate, StreamlitFacts
from access.live import Live
from access.passwords import hash_password
from access.routes import ROUTES
from access.second_factor import hash_recovery_code, new_recovery_codes, new_secret
from access.settings import DoorSettings
from access.visitors import DatabaseVisitors
from data.accounts import add_account, set_password, set_second_factor
from data.actors import CLINICIAN, door
from data.audit import list_audit_entries
from data.database import open_database, reading, writing
from data.sessions import find_session
from data.settings import change_settings
from data.tables import FIRST_SITE, session
from tests.actors import TESTER
from tests.edge.door import INDEX_HTML, LARGEST_UPLOAD, read_frame
from views.report_route import REPORT_ROUTES


HERE = "http://127.0.0.1:8501"
PASSWORD = "tulips on a slow train"  # pragma: allowlist secret
INSIDE = "the dashboard"
PLANTED = "planted-planted-planted-planted-planted-pla"


@dataclass
class Clock:
    """The present, to the second, wherever records are dated."""

    now: datetime

    def __call__(self):
        return self.now

    def pass_(self, **duration):
        self.now += timedelta(**duration)


@dataclass
class Practice:
    """The records, and the routes behind the real gate."""

    url: str
    clock: Clock
    settings: DoorSettings = field(default_factory=DoorSettings)
    engine: Engine = field(init=False)

    def __post_init__(self):
        self.engine = open_database(self.url)
        visitors = DatabaseVisitors()
        self.live = Live(visitors)
        self.gate = Gate(
            Starlette(routes=[*ROUTES, *REPORT_ROUTES, Route("/{_:path}", _inside)]),
            settings=self.settings,
            visitors=visitors,
            live=self.live,
            streamlit=StreamlitFacts(INDEX_HTML, LARGEST_UPLOAD, read_frame),
        )

    @property
    def address(self):
        return self.settings.public_url or HERE

    def browser(self):
        return Browser(self)

    def do(self, work, *arguments, **values):
        with writing(self.engine, TESTER) as connection:
            return work(connection, *arguments, **values)

    def ask(self, work, *arguments, **values):
        with reading(self.engine, TESTER) as connection:
            return work(connection, *arguments, **values)

    def account(
        self, login="lee", *, password=PASSWORD, roles=(CLINICIAN,), sites=None
    ):
        """Add an account and return its id."""
        with writing(self.engine, door()) as connection:
            account_id = add_account(
                connection,
                login=login,
                name="Dr Lee",
                roles=roles,
                sites={FIRST_SITE} if sites is None else sites,
            )
            if password is not None:
                set_password(connection, account_id, hash_password(password))
        return account_id

    def second_factor(self, account_id, *, step=0):
        """Give an account a second factor; return its secret and recovery codes."""
        secret, codes = new_secret(), new_recovery_codes()
        with writing(self.engine, door()) as connection:
            set_second_factor(
                connection,
                account_id,
                secret=secret,
                step=step,
                code_hashes=map(hash_recovery_code, codes),
            )
        return secret, codes

    def require_second_factor(self, required=True):
        self.do(change_settings, second_factor_required=required)

    def audit(self, *actions):
        """Return what was done, by whom and to what; of some actions or of all."""
        with reading(self.engine, TESTER) as connection:
            return [
                (entry.action, entry.subject)
                for entry in list_audit_entries(connection)
                if not actions or entry.action in actions
            ]

    def session(self, token):
        with reading(self.engine, door()) as connection:
            return None if token is None else find_session(connection, token)

    def sessions(self):
        """Return how every session so far ended; None for those that did not."""
        with reading(self.engine, TESTER) as connection:
            query = select(session.c.ended_why).order_by(session.c.id)
            return list(connection.scalars(query))


class Browser:
    """Keeps cookies, reads forms as they are drawn, and sends them back."""

    def __init__(self, practice):
        self.practice = practice
        self.client = TestClient(
            practice.gate,
            practice.address,
            follow_redirects=False,
            headers={"accept": "text/html", "sec-fetch-mode": "navigate"},
        )

    def get(self, path, **others):
        return self.client.get(path, **others)

    def post(self, path, fields, *, origin=None, headers=None):
        """Send fields as they are, with the origin that a browser adds."""
        given = {"origin": origin or self.practice.address} | (headers or {})
        return self.client.post(path, data=fields, headers=given)

    def send(self, path, *, form=0, **fields):
        """Open a page, fill in a form of it and send it where it says."""
        drawn = self.get(path)
        assert drawn.status_code == 200, (drawn.status_code, drawn.headers)
        return self.fill(drawn, path, form=form, **fields)

    def fill(self, drawn, path, *, form=0, **fields):
        """Fill in a form of a page that was drawn."""
        action, known = forms(drawn.text)[form]
        unknown = fields.keys() - known.keys()
        assert not unknown, f"the form has no {unknown}"
        return self.post(action or path, known | fields)

    def sign_in(self, login="lee", password=PASSWORD, path="/login"):
        return self.send(path, login=login, password=password)

    def cookie(self, name):
        prefix = "__Host-" if self.practice.settings.secure else ""
        return self.client.cookies.get(f"{prefix}{name}")

    def set_cookie(self, name, value):
        host = self.practice.address.partition("://")[2].partition(":")[0]
        self.client.cookies.set(name, value, domain=host, path="/")

    @property
    def token(self):
        return self.cookie("session")

    @property
    def is_in(self):
        """Whether the gate lets this browser through."""
        return self.get("/").text == INSIDE


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.found.append((given.get("action"), {}))
        elif tag == "input" and self.found and "name" in given:
            ticked = given.get("type") != "checkbox" or "checked" in given
            value = given.get("value", "") if ticked else ""
            self.found[-1][1][given["name"]] = value


def forms(text):
    """Return action and fields of every form of a page, as a browser would send it."""
    parser = _Forms()
    parser.feed(text)
    return parser.found


def said(answer):
    """Return what stands in a page's first alert or note."""
    found = re.search(r'role="(?:alert|status)">([^<]*)<', answer.text)
    return html.unescape(found[1]) if found else ""


def fault(answer, field):
    """Return what a page says of a field."""
    found = re.search(rf'id="{field}-fault" role="alert">([^<]*)<', answer.text)
    return html.unescape(found[1]) if found else ""


def focus(answer):
    """Return the fields that take the focus when a page opens."""
    return re.findall(r'<input id="(\w+)"[^>]* autofocus', answer.text)


def set_cookies(answer):
    """Return the cookies that an answer sets, by name: value and attributes."""
    found = {}
    for header in answer.headers.get_list("set-cookie"):
        first, *rest = header.split("; ")
        name, _, value = first.partition("=")
        found[name] = (value.strip('"'), {part.lower() for part in rest})
    return found


async def _inside(_request):
    return PlainTextResponse(INSIDE)
