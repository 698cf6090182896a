"""The door: ``streamlit run dashboard.py``. No page and no logic here."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from views.failures import WithoutMessages, show_failure


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Import what the pages need before the first visitor waits for it.

    ``gc.freeze`` keeps those modules out of every later collection.
    """
    import plotly.graph_objects  # noqa: F401

    import data.frames  # noqa: F401

    gc.collect()
    gc.freeze()
    yield


logging.getLogger("streamlit.error_util").addFilter(WithoutMessages())

app = st.App("views/main.py", lifespan=lifespan, on_script_error=show_failure)
