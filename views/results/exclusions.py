"""What the practice is asked about its patients, so that a quality measure holds."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from analysis.quality import DENOMINATOR, OPEN
from data.database import Connection
from data.patients import Patient, list_patients
from data.quality_exclusions import (
    EARLIEST_DAY,
    Exclusion,
    add_exclusion,
    list_exclusions,
    list_withdrawn_exclusions,
    void_exclusion,
)
from measures.quality_measures import QualityMeasure
from views import state
from views.components import kept
from views.layout import NOT_ON_PAPER
from views.results.page import table
from views.results.wording import quality as wording
from views.state import writing
from views.wording import NAME_NOT_RECORDED


def exclusions_section(
    connection: Connection, measure: QualityMeasure, rows: pd.DataFrame
) -> None:
    """Ask of whom the measure's exclusions are true, and show what was said.

    Parameters
    ----------
    connection
        Where to read.
    measure
        Its exclusions are asked about.
    rows
        Its patients, as `analysis.quality.quality_rows` returns them.
    """
    st.header("Exclusions", anchor=False)
    if not measure.exclusions:
        st.markdown(wording.NOTHING_IS_ASKED)
        return
    recorded = list_exclusions(connection)
    st.markdown(wording.WHAT_IS_ASKED)
    st.markdown(wording.exclusions_kept(len(recorded)))
    # The names of all patients are read only where somebody asks for them.
    with st.container(key=f"{NOT_ON_PAPER}_exclusions"):
        if st.toggle("Record or take back an exclusion", key="quality_exclusions"):
            names = _names(list_patients(connection))
            _record(measure, _countable(rows), names)
            _recorded(connection, recorded, names)


def _names(patients: Sequence[Patient]) -> dict[str, str]:
    return {
        person.id: f"{person.record_number}: {person.name or NAME_NOT_RECORDED}"
        for person in patients
    }


def _countable(rows: pd.DataFrame) -> list[str]:
    """Return whom an exclusion would take out: of the denominator, or before it."""
    return rows.loc[rows["state"].isin((*DENOMINATOR, OPEN)), "patient_id"].tolist()


def _record(
    measure: QualityMeasure, countable: Sequence[str], names: Mapping[str, str]
) -> None:
    if not countable:
        st.info(wording.NOBODY_TO_EXCLUDE)
        return
    with (
        st.form("quality_exclusion", enter_to_submit=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        patient_id = st.selectbox(
            "Patient",
            sorted(countable, key=names.get),
            index=None,
            format_func=names.get,
            placeholder="Type a name or record number",
            key=f"exclusion_patient_{measure.code}",
            width=280,
        )
        code = st.selectbox(
            "Excluded for",
            [condition.code for condition in measure.exclusions],
            index=None,
            format_func=wording.exclusion_name,
            placeholder="Choose",
            key=f"exclusion_code_{measure.code}",
            width=280,
        )
        day = st.date_input(
            "Since",
            value=None,
            min_value=EARLIEST_DAY,
            max_value=state.today(),
            format="YYYY-MM-DD",
            key="exclusion_day",
            width=132,
            help=wording.DAY_HELP,
        )
        asked = st.form_submit_button("Record", type="primary")
    if not asked:
        return
    if patient_id is None or code is None:
        st.error(wording.CHOOSE_BOTH)
        return
    if kept(lambda: _add(patient_id, code, day)):
        st.toast("Recorded; the numbers above are without this patient.")
        st.rerun()


def _add(patient_id: str, code: str, day: object) -> None:
    with writing(state.engine()) as connection:
        add_exclusion(connection, patient_id=patient_id, code=code, day=day)


def _recorded(
    connection: Connection, recorded: Sequence[Exclusion], names: Mapping[str, str]
) -> None:
    if recorded:
        table(wording.exclusion_rows(recorded, names), "Exclusions as they stand")
        _take_back(recorded, names)
    withdrawn = list_withdrawn_exclusions(connection)
    if withdrawn:
        with st.expander(f"Taken back ({len(withdrawn)})"):
            table(wording.withdrawn_rows(withdrawn, names), "Exclusions taken back")


def _take_back(recorded: Sequence[Exclusion], names: Mapping[str, str]) -> None:
    by_id = {said.id: said for said in recorded}
    with (
        st.form("exclusion_back", enter_to_submit=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        chosen = st.selectbox(
            "Take back",
            list(by_id),
            index=None,
            format_func=lambda i: wording.exclusion_choice(by_id[i], names),
            placeholder="Choose",
            key="exclusion_chosen",
            width=420,
        )
        reason = st.text_input("Why", key="exclusion_reason", width=280)
        asked = st.form_submit_button("Take it back")
    if not asked:
        return
    if chosen is None:
        st.error("Choose the exclusion to take back.")
        return
    if kept(lambda: _void(chosen, reason)):
        st.toast("Taken back; the patient counts again.")
        st.rerun()


def _void(exclusion_id: int, reason: str) -> None:
    with writing(state.engine()) as connection:
        void_exclusion(connection, exclusion_id, reason=reason)
