"""Take the pictures of the README from the example practice, as it looks today."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, sync_playwright


ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from data.actors import operator  # noqa: E402
from data.database import migrate, open_database, reading, sqlite_url  # noqa: E402
from data.example_practice import make_example  # noqa: E402
from data.patients import patient_by_record_number  # noqa: E402
from tests.actors import sign_in  # noqa: E402


PICTURES = ROOT / "docs" / "pictures"
SHOWN = "EX-014"
WIDTH = 1280
SECONDS_TO_DRAW = 4


def main() -> None:
    """Write every picture into docs/pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "infusion-outcomes"
        home.mkdir()
        example = sqlite_url(home / "example-practice.db")
        make_example(example, as_of=date.today())
        practice = sqlite_url(home / "practice.db")
        migrate(practice)
        engine = open_database(example)
        with reading(engine, operator("pictures")) as connection:
            patient = patient_by_record_number(connection, SHOWN).id
        engine.dispose()
        with application(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page()
            cookie = {"name": "session", "url": address, "value": sign_in(practice)}
            page.context.add_cookies([cookie])
            take(page, address, patient)
            browser.close()


def take(page: Page, address: str, patient: str) -> None:
    """Visit the pages in turn."""
    for name, place, height in (
        ("today", "?practice=Example", 1000),
        ("caseload", "caseload?practice=Example", 1000),
        ("patient", f"patient?practice=Example&patient={patient}", 1300),
        ("outcomes", "outcomes?practice=Example", 1500),
        ("beside", "beside?practice=Example", 1900),
        ("durability", "durability?practice=Example", 1300),
        ("record", f"record?practice=Example&patient={patient}", 1150),
    ):
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.goto(f"{address}/{place}")
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
        time.sleep(SECONDS_TO_DRAW)
        if name == "record":
            page.keyboard.type("22130", delay=100)
        page.screenshot(path=PICTURES / f"{name}.png")


@contextmanager
def application(home: str) -> Iterator[str]:
    """Run the dashboard with its data in ``home`` and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
    environment = os.environ | {"XDG_DATA_HOME": home}
    environment.pop("DATABASE_URL", None)
    with subprocess.Popen(
        [*command, "--server.port", str(port)], cwd=ROOT, env=environment
    ) as process:
        try:
            for _ in range(600):
                time.sleep(0.1)
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health")
                    break
                except OSError:
                    continue
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
