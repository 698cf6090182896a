"""Caseload: every patient in one row, those who need somebody today on top."""

import hashlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data.actors import Right
from measures.definition import Measure
from measures.registry import MEASURES
from measures.timepoints import INDUCTION
from views import state, wording
from views.alert_banner import practice_alerts
from views.caseload_rows import (
    ALL_CLINICIANS,
    ALL_INDICATIONS,
    INDICATION_WORDS,
    NOT_RECORDED,
    ORDERS,
    SHOWN,
    caseload_rows,
    filtered,
    ordered,
)
from views.caseload_views import choose_view
from views.components import empty_practice
from views.dues import ACTIVE_DAYS
from views.layout import screen_style
from views.search_keys import search_box, search_keys
from views.seen import note_list_seen
from views.state import reading


ACTIVE_HELP = (
    "Active: the course is not closed, and there was an infusion or a form in the last "
    f"{ACTIVE_DAYS} days or no infusion yet; or an item-9 alert is open."
)
ORDER_HELP = (
    "Needs attention: open item-9 alerts, then worse, then the longest without a form. "
    "Item 9: open alerts, then the highest last answer. Getting worse: reliably worse "
    "than at baseline, then by the change. Not improving: no reliable change or worse, "
    "the most infusions first."
)

SEARCH = "caseload_search"

INFUSION_DAYS, FORM_DAYS = "Days since infusion", "Days since form"
# What one looks for first, and all that fits on a narrow screen without scrolling far.
FEW_COLUMNS = (
    "Item 9",
    "Patient",
    *(f"{measure.name} status" for measure in MEASURES.values()),
    *(measure.name for measure in MEASURES.values()),
    INFUSION_DAYS,
    FORM_DAYS,
    "Record number",
)

# A longer list scrolls inside its frame.
ROWS_IN_VIEW = 25


def caseload() -> None:
    """Draw the page."""
    screen_style()
    st.title("Caseload")
    engine = state.engine()
    with reading(engine) as connection:
        patients = caseload_rows(connection, state.as_of_day())
    if patients.empty:
        empty_practice(engine)
    note_list_seen(engine, "caseload")
    practice_alerts(engine)
    _list(patients)


@st.fragment
def _list(patients: pd.DataFrame) -> None:
    """Show who was asked for; searching reads nothing anew."""
    if not state.actor().may(Right.READ_RECORDS):
        # The role was taken away while the list was open: draw what is left.
        st.rerun()
    controls = _controls(patients)
    _open_only_match(patients, controls)
    shown = ordered(filtered(patients, controls), controls["order"])
    with st.container(horizontal=True, vertical_alignment="center"):
        _counts(patients, shown)
        every_column = st.toggle(
            "Every column", key="caseload_columns", persist_state="session"
        )
        choose_view(controls, _options(patients))
    _alerts_outside(patients, shown)
    if shown.empty:
        st.info("Nobody matches. Clear the search or choose another filter.")
        return
    _table(shown, every_column=every_column)


def _controls(patients: pd.DataFrame) -> dict[str, str]:
    """Show search, order and filters, and return what was chosen."""
    options = _options(patients)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_box(SEARCH)
        chosen = {
            "order": _choice("Order", options["order"], help=ORDER_HELP),
            "shown": _choice("Show", options["shown"], help=ACTIVE_HELP),
            "clinician": _choice("Clinician", options["clinician"]),
            "indication": _choice("Indication", options["indication"]),
        }
    return {"search": search, **chosen}


def _options(patients: pd.DataFrame) -> dict[str, Sequence[str]]:
    """Return what order and filters may be set to."""
    return {
        "order": ORDERS,
        "shown": SHOWN,
        "clinician": (ALL_CLINICIANS, *sorted(set(patients["clinician"]))),
        "indication": (ALL_INDICATIONS, *INDICATION_WORDS.values(), NOT_RECORDED),
    }


def _choice(label: str, options: Sequence[str], help: str | None = None) -> str:
    """Ask for one of some options; one that is no longer there is forgotten."""
    key = f"caseload_{label.lower()}"
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    return st.selectbox(
        label, options, key=key, help=help, persist_state="session", width=155
    )


def _open_only_match(patients: pd.DataFrame, controls: dict[str, str]) -> None:
    """Open the patient that Enter in the search asked for, if it is the only one."""
    entered = search_keys(SEARCH)
    if entered is None:
        return
    found = filtered(patients, {**controls, "search": entered})
    if len(found) == 1:
        state.go_to("patient.py", patient=found["patient_id"].iloc[0])


def _counts(patients: pd.DataFrame, shown: pd.DataFrame) -> None:
    with_alert = int((shown["open_alerts"] > 0).sum())
    line = f"**{wording.count_line(len(shown), with_alert)}**"
    if len(shown) < len(patients):
        line += f" (of {len(patients):,} in this practice)"
    st.markdown(line, width="content")


def _alerts_outside(patients: pd.DataFrame, shown: pd.DataFrame) -> None:
    hidden = int(
        ((patients["open_alerts"] > 0).sum()) - (shown["open_alerts"] > 0).sum()
    )
    if hidden:
        noun = "patient" if hidden == 1 else "patients"
        st.warning(
            f"{hidden} more {noun} with an open item-9 alert: outside this search or "
            "filter."
        )


def _table(shown: pd.DataFrame, *, every_column: bool) -> None:
    """Show the patients; a click on a name, or a ticked row, opens the page."""
    ids = shown["patient_id"].tolist()
    # The keys name the rows and their order: a click on another list is forgotten, so
    # that it cannot open the patient who now stands in its place.
    digest = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]
    event = st.dataframe(
        _display(shown),
        hide_index=True,
        height="content" if len(ids) <= ROWS_IN_VIEW else 36 * ROWS_IN_VIEW,
        column_order=None if every_column else FEW_COLUMNS,
        column_config=_columns(name_key=f"caseload_name_{digest}"),
        key=f"caseload_{digest}",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt="Patients, one row each",
    )
    clicked = st.session_state.get(f"caseload_name_{digest}")
    rows = [clicked["row"]] if clicked else event.selection.rows
    if rows:
        state.go_to("patient.py", patient=ids[rows[0]])
    st.caption(
        "Click a name, or tick a row, to open the patient; from the keyboard, arrow "
        "keys, then Shift and the space bar. Enter in the search opens the only one "
        "found. Changes are from baseline; lower is better. A trend shows the totals "
        "of one recall window in order, not to a time scale."
    )


def _display(shown: pd.DataFrame) -> pd.DataFrame:
    """Return what is shown, what one looks for first on the left."""
    today = state.as_of_day()
    columns = {
        "Item 9": [_pills(_item_9(row)) for row in shown.itertuples()],
        "Patient": shown["name"].where(shown["name"] != "", wording.NAME_NOT_RECORDED),
    }
    for code, measure in MEASURES.items():
        columns[_status(measure)] = shown[f"{code}_status"].fillna("")
    for code, measure in MEASURES.items():
        columns[measure.name] = shown[f"{code}_score"].fillna("")
    columns |= {
        INFUSION_DAYS: today - shown["last_day"].astype("float64"),
        FORM_DAYS: today - shown["last_form_day"].astype("float64"),
        "Record number": shown["record_number"],
    }
    for code, measure in MEASURES.items():
        columns[f"{measure.name} change"] = shown[f"{code}_change"].fillna("")
        columns[f"{measure.name} trend"] = shown[f"{code}_totals"]
    columns |= {
        "Infusions": [_infusions(row) for row in shown.itertuples()],
        "Indication": shown["indication"],
        "Clinician": shown["clinician"],
    }
    return pd.DataFrame(columns)


def _item_9(row: object) -> str:
    item_9 = row.phq9_item_9
    return wording.item_9_cell(
        open_alerts=row.open_alerts,
        has_form=not pd.isna(row.phq9_score),
        item_9=None if pd.isna(item_9) else item_9,
        complete=bool(row.phq9_complete) if not pd.isna(row.phq9_complete) else False,
    )


def _pills(words: str) -> list[str]:
    return [words] if words else []


def _infusions(row: object) -> str:
    if pd.isna(row.infusions):
        return wording.infusion_cell(0, 0)
    return wording.infusion_cell(int(row.infusions), int(row.induction_infusions))


def _status(measure: Measure) -> str:
    return f"{measure.name} status"


def _columns(*, name_key: str) -> dict[str, object]:
    config = st.column_config
    columns = {
        "Item 9": config.MultiselectColumn(
            width=185,
            pinned=True,
            options=_alert_cells(),
            color=["red"] * len(_alert_cells()),
            help=(
                "▲ Open: an item-9 alert that nobody has acted on. Last: the answer "
                "on the last PHQ-9. A 0 alone does not rule out risk."
            ),
        ),
        "Patient": config.ButtonColumn(
            width=130, pinned=True, type="tertiary", alignment="left", key=name_key
        ),
        "Record number": config.TextColumn("Record no.", width=75),
        "Infusions": config.TextColumn(
            width=90,
            help=(
                "Given in this course. In brackets: in induction, of "
                f"{INDUCTION.protocol_infusions} by protocol."
            ),
        ),
        INFUSION_DAYS: config.NumberColumn(
            "Last infusion", format="%d days ago", width=100
        ),
        FORM_DAYS: config.NumberColumn("Last form", format="%d days ago", width=100),
        "Indication": config.TextColumn(width=100),
    }
    for measure in MEASURES.values():
        columns |= _measure_columns(measure)
    return columns


def _alert_cells() -> list[str]:
    """Return every cell that an open alert may have; these stand out."""
    answers = [answer.score for answer in MEASURES["phq9"].answers]
    cells = {
        wording.item_9_cell(
            open_alerts=1, has_form=True, item_9=item_9, complete=complete
        )
        for item_9 in (*answers, None)
        for complete in (True, False)
    }
    return sorted(cells)


def _measure_columns(measure: Measure) -> dict[str, object]:
    config = st.column_config
    name = measure.name
    return {
        name: config.TextColumn(
            width=140, help=f"Last complete {name} total. {wording.LOWER_IS_BETTER}."
        ),
        f"{name} change": config.TextColumn(
            width=100, help=f"{name}: points from baseline, and percent."
        ),
        _status(measure): config.TextColumn(
            width=150,
            help=(
                f"{name}, last form against baseline; the definitions are on the "
                "patient's page."
            ),
        ),
        f"{name} trend": config.BarChartColumn(
            width=90, y_min=0, y_max=measure.highest_total
        ),
    }


caseload()
