"""What has to happen although nobody asks: sessions that ran out are ended.

Time alone already closes a session that idled. Here it is also written down, and what a
patient had answered on a tablet that ran out is kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from access.connections import writing_as
from access.faults import log_fault
from data.encounters import end_unfinished
from data.errors import DatabaseError
from data.sessions import end_overdue_sessions


EVERY_SECONDS = 5.0


@asynccontextmanager
async def keeping_house() -> AsyncIterator[None]:
    """End what ran out, again and again, for as long as the application runs."""
    task = asyncio.create_task(_keep_house(), name="door: housekeeping")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def end_what_ran_out() -> None:
    """End the sessions that ran out, and keep what their patients had answered.

    Raises
    ------
    DatabaseError
        If the practice's database cannot be used just now.
    """
    with writing_as() as connection:
        for encounter_id in end_overdue_sessions(connection):
            end_unfinished(connection, encounter_id)


async def _keep_house() -> None:
    while True:
        try:
            await run_in_threadpool(end_what_ran_out)
        except DatabaseError:
            pass  # Every page says so, until it can be reached again.
        except Exception as error:  # noqa: BLE001 - the next round may succeed
            log_fault(error)
        await asyncio.sleep(EVERY_SECONDS)
