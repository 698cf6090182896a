"""For the lead: how soon somebody says what was done about an item-9 alert."""

from datetime import timedelta

import streamlit as st

from analysis.acknowledgement import Waited, acknowledgement
from data.alerts import list_waits
from data.database import Engine
from data.records import now_stamp
from views import alert_wording as wording
from views import state
from views.tables import word_table


PERIODS = {"in the last 30 days": 30, "in the last 365 days": 365, "ever": None}


def acknowledgement_section(engine: Engine) -> None:
    """Show a table of how long alerts waited; nothing where there never was one.

    Parameters
    ----------
    engine
        The practice's database.
    """
    with state.reading(engine) as connection:
        waits = list_waits(connection)
    if not waits:
        return
    st.header("Item-9 alerts: until somebody acts", anchor=False)
    now, rows = now_stamp(), []
    for period, days in PERIODS.items():
        waited = [
            Waited(wait.hours, wait.answered)
            for wait in waits
            if days is None or wait.opened_at >= now - timedelta(days=days)
        ]
        rows.append(wording.acknowledgement_row(period, acknowledgement(waited)))
    word_table(
        rows, "How long item-9 alerts waited until somebody recorded what was done"
    )
    st.caption(wording.HOW_ACKNOWLEDGED)
