"""The door: ``streamlit run dashboard.py``. No page and no logic here."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from access.gate import Gate, StreamlitFacts
from access.housekeeping import keeping_house
from access.live import Live
from access.oidc_settings import single_sign_on
from access.routes import ROUTES
from access.set_up import announce
from access.settings import DoorSettings, SettingsError
from access.visitors import DatabaseVisitors
from data.errors import DatabaseError
from views.failures import WithoutMessages, show_failure
from views.frames_from_browser import read_frame
from views.report_route import REPORT_ROUTES


BYTES_PER_MEGABYTE = 1024 * 1024
AROUND_AN_UPLOAD = 64 * 1024  # what a form adds to the file it sends

try:
    settings = DoorSettings.from_environment()
    single_sign_on()
except SettingsError as error:
    raise SystemExit(str(error)) from None

visitors = DatabaseVisitors()
live = Live(visitors)


@asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Import what the pages need before the first visitor waits for it.

    ``gc.freeze`` keeps those modules out of every later collection.
    """
    import plotly.graph_objects  # noqa: F401

    import data.frames  # noqa: F401

    gc.collect()
    gc.freeze()
    yield


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Say how to make the first account, and watch the sessions."""
    try:
        announce(print, address=f"http://127.0.0.1:{st.get_option('server.port')}")
    except DatabaseError as error:
        print(error)  # noqa: T201 - the console is where it can be mended
    async with warm_up(app), live.watching(), keeping_house():
        yield


def streamlit_facts() -> StreamlitFacts:
    """Return what the gate has to know of the installed Streamlit."""
    index = Path(st.__file__).parent / "static" / "index.html"
    upload = st.get_option("server.maxUploadSize") * BYTES_PER_MEGABYTE
    return StreamlitFacts(
        index_html=index.read_text(encoding="utf-8"),
        largest_upload=upload + AROUND_AN_UPLOAD,
        read_frame=read_frame,
    )


for logger in ("streamlit.error_util", "uvicorn.error", "asyncio"):
    logging.getLogger(logger).addFilter(WithoutMessages())

app = st.App(
    "views/main.py",
    routes=[*ROUTES, *REPORT_ROUTES],
    middleware=[
        Middleware(
            Gate,
            settings=settings,
            visitors=visitors,
            live=live,
            streamlit=streamlit_facts(),
        )
    ],
    lifespan=lifespan,
    on_script_error=show_failure,
)
