"""Fixtures for browser tests: the real application in Debian's Chromium.

- ``start_app(database_url)``: start the application and return its address. Without
  a URL it runs as after installation, on a new data directory of its own, where
  ``own_url`` is the database. Given an ``ExitStack`` as well, it stops with that.
- ``sign_in_page(page, address, database_url, *roles)``: let somebody with these roles
  use a page; clinician and lead, if none is named.
- ``page``: a page of 1280 x 800 that keeps ``external_requests`` and
  ``console_errors``; ``open_page(width=, height=, color_scheme=)`` makes others.
- ``app_log``: the file with what the application printed.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from data.database import APPLICATION, migrate, sqlite_url
from tests.actors import sign_in


HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ADDRESS = "127.0.0.1"
# Two cores with two workers; what has to be quick says so itself.
expect.set_options(timeout=20_000)
SECONDS_TO_START = 60
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",  # Chromium refuses to run as root with its sandbox.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Chromium's own calls home would hide among those of the application.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and keep them on one worker."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


# Once per module and not per session: while Playwright runs, asyncio.run fails in
# every other test of the same worker. A start takes about a second.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a headless Chromium."""
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=CHROMIUM_OPTIONS
        )
        yield browser
        browser.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Return a page of 1280 x 800 in light colours."""
    return open_page()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a browser session of its own."""
    with ExitStack() as contexts:

        def open_(
            *, width: int = 1280, height: int = 800, color_scheme: str = "light"
        ) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": height}, color_scheme=color_scheme
            )
            contexts.callback(context.close)
            return watched(context.new_page())

        yield open_


def watched(page: Page) -> Page:
    """Let a page keep its external requests and its errors."""
    page.external_requests = []
    page.console_errors = []

    def note(url: str) -> None:
        # data: and blob: have no host: they never leave the browser.
        if urlsplit(url).hostname not in {None, ADDRESS}:
            page.external_requests.append(url)

    def note_error(message) -> None:
        if message.type == "error":
            page.console_errors.append(message.text)

    page.context.on("request", lambda request: note(request.url))
    page.on("websocket", lambda websocket: note(websocket.url))
    page.on("console", note_error)
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
    return page


@pytest.fixture
def app_log(tmp_path: Path) -> Path:
    """Return the file with what the application printed."""
    return tmp_path / "app.log"


@pytest.fixture
def own_url(tmp_path: Path) -> str:
    """Return the database of an application that is started without one."""
    return sqlite_url(tmp_path / "data" / APPLICATION / "practice.db")


@pytest.fixture
def sign_in_page() -> Callable[..., None]:
    """Return a function that lets somebody use a page, by a session of an account."""

    def sign_in_(
        page: Page, address: str, database_url: str, *roles: str, **account: object
    ) -> None:
        cookie = {"name": "session", "url": address, "httpOnly": True}
        token = sign_in(database_url, *roles, **account)
        page.context.add_cookies([{**cookie, "value": token, "sameSite": "Lax"}])

    return sign_in_


@pytest.fixture
def start_app(
    tmp_path: Path, own_url: str, app_log: Path
) -> Iterator[Callable[..., str]]:
    """Return a function that starts the application and returns its address."""
    with ExitStack() as running:

        def start(database_url: str | None = None, until: ExitStack = running) -> str:
            environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")}
            environment.pop("DATABASE_URL", None)
            if database_url:
                environment["DATABASE_URL"] = database_url
            else:
                migrate(own_url)
            return until.enter_context(application(environment, app_log))

        yield start


@contextmanager
def application(environment: dict[str, str], log: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
    command += ["--server.port", str(port)]
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            url = f"http://{ADDRESS}:{port}"
            wait_until_healthy(url, process, log)
            yield url
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The application did not start:\n{log.read_text()}")
