"""The real application in a process of its own, and a socket that asks it for pages."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from data.accounts import add_account
from data.actors import CLINICIAN, LEAD, door, operator
from data.database import open_database, reading, writing
from data.sessions import find_session, start_session
from data.sites import list_sites


ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "dashboard.py"
LARGEST_MESSAGE = 50_000_000
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in: the cookie's token, and the session's id."""

    token: str
    session_id: int


def sign_in(url: str) -> Visitor:
    """Add an account that is clinician and lead of every site; start a session."""
    engine = open_database(url)
    with writing(engine, operator("benchmark")) as connection:
        account_id = add_account(
            connection,
            login="benchmark",
            name="Benchmark",
            roles=[CLINICIAN, LEAD],
            sites=[site.id for site in list_sites(connection)],
        )
    with writing(engine, door()) as connection:
        token = start_session(connection, account_id=account_id)
    with reading(engine, door()) as connection:
        session_id = find_session(connection, token).id
    engine.dispose()
    return Visitor(token, session_id)


@contextmanager
def served(url: str, folder: Path, launcher: Path = DASHBOARD) -> Iterator[tuple]:
    """Run the application on a database and yield its port and its process."""
    port = _free_port()
    environment = os.environ | {
        "DATABASE_URL": url,
        "PYTHONPATH": str(ROOT),
        "XDG_DATA_HOME": str(folder),
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
            yield port, process
        finally:
            process.terminate()


def browser(port: int, visitor: Visitor) -> connect:
    """Return a socket as a signed-in browser opens one."""
    address = f"127.0.0.1:{port}"
    return connect(
        f"ws://{address}/_stcore/stream",
        subprotocols=["streamlit"],
        origin=f"http://{address}",
        additional_headers={"Cookie": f"session={visitor.token}"},
        max_size=LARGEST_MESSAGE,
    )


async def ask(server: ClientConnection, page: str, query: str = "") -> int:
    """Ask for a page, wait until it is complete, and return how many bytes it took."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = page
    await server.send(message.SerializeToString())
    size = 0
    async for data in server:
        size += len(data)
        if ForwardMsg.FromString(data).WhichOneof("type") == "script_finished":
            break
    return size


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers, whatever it says
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the application did not start")
