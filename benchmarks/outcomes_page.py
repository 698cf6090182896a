"""What a changed filter on Outcomes costs the server in a practice of 400,000 forms.

The real application answers over its own socket, gate and all, and works everything on
the page out anew. Beside it, in the same run, one raw query over the same forms.
"""

import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from benchmarks.patient_page import cpu_milliseconds
from benchmarks.served import Visitor, browser, served, sign_in
from benchmarks.synthetic import BENCHMARK, ONE_PASS, fill
from data.database import migrate, open_database, reading, sqlite_url, writing
from views.results.wording.outcomes import timepoint_choice


FORMS = 400_000
PAGE = "outcomes"
FILTER = "outcomes_timepoint"
CHANGES = 12
MEASURED = ("week_6", "end_of_induction", "weeks_2_4")
"""At these, the forms of this practice give every course a score."""
WARM_UP = 3
RAW_RUNS = 7


def main() -> None:
    """Print time and CPU of a changed filter, and the ratio to the raw query."""
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "page.db")
        migrate(url)
        raw = _fill_and_ask(url)
        visitor = sign_in(url)
        with served(url, Path(folder)) as (port, process):
            waited, cpu = asyncio.run(_changes(port, process, visitor))
    print(f"\noutcomes page, {FORMS:,} forms, a changed filter, {CHANGES} times")
    print(f"  {'the page':20}{waited:8.1f} ms waited {cpu:8.1f} ms CPU")
    print(f"  {'one raw query':20}{raw:8.1f} ms          ratio {waited / raw:8.2f}")


def _fill_and_ask(url: str) -> float:
    """Write the practice, and return the milliseconds of one query over its forms."""
    engine = open_database(url)
    with writing(engine, BENCHMARK) as connection:
        fill(connection, FORMS)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    milliseconds = []
    with reading(engine, BENCHMARK) as connection:
        for _ in range(RAW_RUNS):
            begun = time.perf_counter()
            connection.exec_driver_sql(ONE_PASS).all()
            milliseconds.append(1000 * (time.perf_counter() - begun))
    engine.dispose()
    return statistics.median(milliseconds)


async def _changes(
    port: int, process: subprocess.Popen, visitor: Visitor
) -> tuple[float, float]:
    """Return milliseconds waited and of CPU for one change of the time point."""
    async with browser(port, visitor) as server:
        widget = await _filter_id(server)
        choices = cycle(_choices())
        for choice in islice(choices, WARM_UP):
            await _choose(server, widget, choice)
        waited, before = [], cpu_milliseconds(process)
        for choice in islice(choices, CHANGES):
            begun = time.perf_counter()
            await _choose(server, widget, choice)
            waited.append(1000 * (time.perf_counter() - begun))
        used = (cpu_milliseconds(process) - before) / CHANGES
    return statistics.median(waited), used


def _choices() -> list[str]:
    """Return what the filter offers, as the browser names it."""
    return [timepoint_choice(code) for code in MEASURED]


async def _filter_id(server: ClientConnection) -> str:
    """Open the page and return the id of the widget that is going to be changed."""
    message = BackMsg()
    message.rerun_script.page_name = PAGE
    await server.send(message.SerializeToString())
    found = ""
    async for told in _told(server):
        element = told.delta.new_element
        if element.selectbox.id.endswith(FILTER):
            found = element.selectbox.id
    if not found:
        raise AssertionError(f"the page has no filter {FILTER}")
    return found


async def _choose(server: ClientConnection, widget: str, choice: str) -> None:
    message = BackMsg()
    message.rerun_script.page_name = PAGE
    state = message.rerun_script.widget_states.widgets.add()
    state.id, state.string_value = widget, choice
    await server.send(message.SerializeToString())
    shown = ""
    async for told in _told(server):
        if told.delta.new_element.exception.type:
            shown = told.delta.new_element.exception.message
    if shown:
        raise AssertionError(f"the page failed: {shown}")


async def _told(server: ClientConnection) -> Iterator[ForwardMsg]:
    async for data in server:
        told = ForwardMsg.FromString(data)
        yield told
        if told.WhichOneof("type") == "script_finished":
            return


if __name__ == "__main__":
    main()
