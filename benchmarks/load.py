"""How long a page takes when many people use it, with the gate and without.

Run with ``make load``. Every user is a socket that asks for a patient's page, waits
until it is complete, thinks for a while and asks again. Server, users and database
share these cores, so the ratio says more than the milliseconds.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks.served import DASHBOARD, ROOT, ask, browser, served, sign_in
from data.actors import operator
from data.database import open_database, reading, sqlite_url
from data.example_practice import make_example
from data.patients import patient_by_record_number


USERS = (20, 50, 100)
SHOWN = "EX-014"
SECONDS = 20
THINKS = 5.0

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
        self.visitor = sign_in(self.url)
        engine = open_database(self.url)
        with reading(engine, operator("load")) as connection:
            self.patient = patient_by_record_number(connection, SHOWN).id
        engine.dispose()

    def measure(self, gated: bool, users: int, seconds: float) -> list[float]:
        """Return the milliseconds of every page that the users waited for."""
        launcher = DASHBOARD if gated else self._ungated()
        with served(self.url, self.folder, launcher) as (port, _):
            return asyncio.run(_everybody(self, port, users, seconds))

    def _ungated(self) -> Path:
        launcher = self.folder / "ungated.py"
        text = UNGATED.format(session_id=self.visitor.session_id, root=ROOT)
        launcher.write_text(text, encoding="utf-8")
        return launcher


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
    await asyncio.sleep(begins)
    async with browser(port, practice.visitor) as server:
        first = True
        while first or time.monotonic() < ends:
            begun = time.perf_counter()
            await ask(server, "patient", f"patient={practice.patient}")
            if not first:  # the first starts a session; people wait for that once
                waited.append(1000 * (time.perf_counter() - begun))
            first = False
            await asyncio.sleep(THINKS * chance.uniform(0.8, 1.2))
    return waited


def _line(users: int, ungated: list[float], gated: list[float]) -> str:
    bare, ours = _p50_p95(ungated), _p50_p95(gated)
    ratios = [o / b for o, b in zip(ours, bare, strict=True)]
    return (
        f"{users:5}    {bare[0]:9.0f} /{bare[1]:6.0f}    {ours[0]:9.0f} /{ours[1]:6.0f}"
        f"    {ratios[0]:6.2f} /{ratios[1]:5.2f}"
    )


def _p50_p95(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
