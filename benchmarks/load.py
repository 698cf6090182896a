"""How long a page takes when many people use it, with the gate and without.

Run with ``make load``. Every user is a socket that asks for a patient's page, waits
until it is complete, thinks for a while and asks again. Server, users and database
share these cores, so the ratio says more than the milliseconds.
"""

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from data.accounts import add_account
from data.actors import CLINICIAN, LEAD, door, operator
from data.database import open_database, reading, sqlite_url, writing
from data.example_practice import make_example
from data.patients import patient_by_record_number
from data.sessions import find_session, start_session
from data.sites import list_sites


ROOT = Path(__file__).parents[1]
USERS = (20, 50, 100)
SHOWN = "EX-014"
SECONDS = 20
THINKS = 5.0
LARGEST_MESSAGE = 50_000_000

# The same application and the same page; somebody else's word for who asks.
UNGATED = """
import streamlit as st
from starlette.middleware import Middleware

import dashboard


class NamesASession:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("http", "websocket"):
            named = [(b"x-session-id", b"{session_id}")]
            scope = {{**scope, "headers": [*scope["headers"], *named]}}
        await self.app(scope, receive, send)


app = st.App(
    "{root}/views/main.py",
    lifespan=dashboard.warm_up,
    on_script_error=dashboard.show_failure,
    middleware=[Middleware(NamesASession)],
)
"""


def main() -> None:
    """Print p50 and p95 of a page, gated and ungated, for each number of users."""
    arguments = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    arguments.add_argument("--users", type=int, nargs="+", default=USERS)
    arguments.add_argument("--seconds", type=float, default=SECONDS)
    asked = arguments.parse_args()
    print(f"{os.cpu_count()} cores, shared by server and users; a patient's page;")
    print(f"each user thinks {THINKS:g} s; {asked.seconds:g} s for each figure\n")
    print("users    ungated p50/p95 ms    gated p50/p95 ms    ratio p50/p95")
    with tempfile.TemporaryDirectory() as folder:
        practice = Practice(Path(folder))
        for users in asked.users:
            figures = [
                practice.measure(gated, users, asked.seconds) for gated in (False, True)
            ]
            print(_line(users, *figures))


class Practice:
    """An example practice as the own one, with somebody signed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = sqlite_url(folder / "load.db")
        make_example(self.url, as_of=date.today())
        engine = open_database(self.url)
        with writing(engine, operator("load")) as connection:
            account_id = add_account(
                connection,
                login="load",
                name="Load",
                roles=[CLINICIAN, LEAD],
                sites=[site.id for site in list_sites(connection)],
            )
            self.patient = patient_by_record_number(connection, SHOWN).id
        with writing(engine, door()) as connection:
            self.token = start_session(connection, account_id=account_id)
        with reading(engine, door()) as connection:
            self.session_id = find_session(connection, self.token).id
        engine.dispose()

    def measure(self, gated: bool, users: int, seconds: float) -> list[float]:
        """Return the milliseconds of every page that the users waited for."""
        with self._served(gated) as port:
            return asyncio.run(_everybody(self, port, users, seconds))

    @contextmanager
    def _served(self, gated: bool) -> Iterator[int]:
        launcher = ROOT / "dashboard.py"
        if not gated:
            launcher = self.folder / "ungated.py"
            text = UNGATED.format(session_id=self.session_id, root=ROOT)
            launcher.write_text(text, encoding="utf-8")
        port = _free_port()
        environment = os.environ | {
            "DATABASE_URL": self.url,
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(self.folder),
        }
        command = [sys.executable, "-m", "streamlit", "run", str(launcher)]
        with subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                _wait(f"http://127.0.0.1:{port}/healthz")
                yield port
            finally:
                process.terminate()


async def _everybody(
    practice: Practice, port: int, users: int, seconds: float
) -> list[float]:
    await _user(practice, port, begins=0, ends=time.monotonic() + 1)  # warm
    begin = time.monotonic()
    tasks = [
        _user(practice, port, begins=THINKS * n / users, ends=begin + seconds)
        for n in range(users)
    ]
    waited = [ms for each in await asyncio.gather(*tasks) for ms in each]
    assert waited, "nobody got a page"
    return waited


async def _user(
    practice: Practice, port: int, *, begins: float, ends: float
) -> list[float]:
    waited = []
    chance = random.Random(begins)
    address = f"127.0.0.1:{port}"
    await asyncio.sleep(begins)
    async with connect(
        f"ws://{address}/_stcore/stream",
        subprotocols=["streamlit"],
        origin=f"http://{address}",
        additional_headers={"Cookie": f"session={practice.token}"},
        max_size=LARGEST_MESSAGE,
    ) as server:
        first = True
        while first or time.monotonic() < ends:
            begun = time.perf_counter()
            await server.send(_ask(practice.patient))
            await _until_complete(server)
            if not first:  # the first starts a session; people wait for that once
                waited.append(1000 * (time.perf_counter() - begun))
            first = False
            await asyncio.sleep(THINKS * chance.uniform(0.8, 1.2))
    return waited


def _ask(patient: str) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = f"patient={patient}"
    message.rerun_script.page_name = "patient"
    return message.SerializeToString()


async def _until_complete(server: ClientConnection) -> None:
    async for data in server:
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "script_finished":
            return


def _line(users: int, ungated: list[float], gated: list[float]) -> str:
    bare, ours = _p50_p95(ungated), _p50_p95(gated)
    ratios = [o / b for o, b in zip(ours, bare, strict=True)]
    return (
        f"{users:5}    {bare[0]:9.0f} /{bare[1]:6.0f}    {ours[0]:9.0f} /{ours[1]:6.0f}"
        f"    {ratios[0]:6.2f} /{ratios[1]:5.2f}"
    )


def _p50_p95(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers, whatever it says
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the application did not start")


if __name__ == "__main__":
    main()
