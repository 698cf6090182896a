"""Caseload: every patient in one row, those who need somebody today on top."""

import hashlib
import unicodedata
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.status import WORSE, percent_change, standings
from data.actors import Right
from data.database import Connection
from data.frames import baselines_frame, caseload_frame, latest_course_scores_frame
from measures.days import day_date
from measures.definition import Measure
from measures.registry import MEASURES
from measures.timepoints import INDUCTION
from views import state, wording
from views.charts import sparkline
from views.components import empty_practice
from views.layout import screen_style
from views.seen import note_list_seen
from views.state import reading


# Three monthly intervals: who came less recently is no longer in active care.
ACTIVE_DAYS = 90

ATTENTION, BY_NAME, BY_INFUSION = "Needs attention", "Name", "Last infusion"
ORDERS = (ATTENTION, BY_NAME, BY_INFUSION)
ACTIVE, NOT_ACTIVE, EVERYBODY = "Active", "Not active", "Everybody"
SHOWN = (ACTIVE, NOT_ACTIVE, EVERYBODY)
ACTIVE_HELP = (
    "Active: the course is not closed, and there was an infusion or a form in the last "
    f"{ACTIVE_DAYS} days or no infusion yet; or an item-9 alert is open."
)
ALL_CLINICIANS, ALL_INDICATIONS = "All clinicians", "All indications"
NOT_RECORDED = "not recorded"
INDICATION_WORDS = {"depression": "depression", "ptsd": "PTSD", "both": "both"}

# Stands for the day of a form that there never was; sorts first.
LONG_AGO = -1

# A longer list scrolls inside its frame.
ROWS_IN_VIEW = 25


def caseload() -> None:
    """Draw the page."""
    screen_style()
    st.title("Caseload")
    engine = state.engine()
    with reading(engine) as connection:
        patients = _patients(connection)
    if patients.empty:
        empty_practice(engine)
    note_list_seen(engine, "caseload")
    _list(patients)


@st.fragment
def _list(patients: pd.DataFrame) -> None:
    """Show who was asked for; searching reads nothing anew."""
    if not state.actor().may(Right.READ_RECORDS):
        # The role was taken away while the list was open: draw what is left.
        st.rerun()
    controls = _controls(patients)
    shown = _ordered(_filtered(patients, controls), controls["order"])
    _counts(patients, shown)
    if shown.empty:
        st.info("Nobody matches. Clear the search or choose another filter.")
        return
    _table(shown)


def _patients(connection: Connection) -> pd.DataFrame:
    """Return one row per patient with what every measure says of them."""
    patients = caseload_frame(connection)
    started = patients.loc[patients["infusions"].notna(), "course_id"]
    stands = standings(
        latest_course_scores_frame(connection),
        baselines_frame(connection),
        started=set(started),
    )
    frame = _with_words(patients)
    last_form = stands.groupby("course_id")["day"].max()
    frame = frame.assign(last_form_day=frame["course_id"].map(last_form))
    for measure in MEASURES.values():
        frame = _with_measure(frame, stands, measure)
    worse = [frame[f"{code}_code"] == WORSE for code in MEASURES]
    return frame.assign(
        worse=pd.concat(worse, axis=1).any(axis=1), active=_active(frame)
    )


def _with_words(patients: pd.DataFrame) -> pd.DataFrame:
    names = patients[["family_name", "given_name"]].fillna("")
    full = [", ".join(filter(None, name)) for name in names.itertuples(index=False)]
    indication = patients["indication"].map(INDICATION_WORDS).fillna(NOT_RECORDED)
    return patients.assign(
        name=pd.Series(full, dtype="object"),
        indication=indication,
        clinician=patients["clinician"].fillna(NOT_RECORDED),
        search=[
            _folded(f"{name} {number}")
            for name, number in zip(full, patients["record_number"], strict=True)
        ],
    )


def _with_measure(
    frame: pd.DataFrame, stands: pd.DataFrame, measure: Measure
) -> pd.DataFrame:
    """Add what one measure says: in words, its change, its status, its line."""
    mine = stands[stands["measure"] == measure.code].set_index("course_id")
    rows = [_measure_words(measure, row) for row in mine.itertuples()]
    names = ("score", "change", "status", "code", "totals", "item_9", "complete")
    words = pd.DataFrame(rows, columns=names, index=mine.index, dtype="object")
    joined = words.reindex(frame["course_id"])
    found = {f"{measure.code}_{name}": joined[name].to_numpy() for name in names}
    return frame.assign(**found)


def _measure_words(measure: Measure, row: object) -> tuple:
    known = not pd.isna(row.total)
    total = int(row.total) if known else None
    change, percent = _change(row)
    return (
        _score_cell(measure, row, total),
        wording.change_cell(change, percent),
        wording.status_word(row.status),
        row.status.code,
        sparkline(row.totals) if known else [],
        None if pd.isna(row.item_9) else int(row.item_9),
        not pd.isna(row.last_total),
    )


def _change(row: object) -> tuple[int | None, float | None]:
    """Return the change since the baseline of the last total, if there is one."""
    if pd.isna(row.total) or pd.isna(row.baseline):
        return None, None
    if row.total_day == row.baseline_day and row.total == row.baseline:
        return None, None
    change = int(row.total - row.baseline)
    return change, percent_change(change, int(row.baseline))


def _score_cell(measure: Measure, row: object, total: int | None) -> str:
    words = "" if total is None else wording.score_words(measure.code, total)
    if len(measure.recall_windows) > 1 and total is not None:
        words += f", {wording.window_name(measure.code, row.recall_window)}"
    if not pd.isna(row.last_total):
        return words
    return f"{words} (earlier)" if words else "incomplete"


def _active(frame: pd.DataFrame) -> pd.Series:
    """Tell who is in active care, or has an alert that nobody acted on."""
    seen = frame[["last_day", "last_form_day"]].astype("float64").max(axis=1)
    recent = (seen >= state.as_of_day() - ACTIVE_DAYS) | frame["infusions"].isna()
    return (recent & frame["closed_day"].isna()) | (frame["open_alerts"] > 0)


def _controls(patients: pd.DataFrame) -> dict[str, str]:
    """Show search, order and filters, and return what was chosen."""
    clinicians = (ALL_CLINICIANS, *sorted(set(patients["clinician"])))
    indications = (ALL_INDICATIONS, *INDICATION_WORDS.values(), NOT_RECORDED)
    with st.container(horizontal=True):
        return {
            "search": st.text_input(
                "Search",
                key="caseload_search",
                placeholder="Name or record number",
                type="search",
                live=True,
                persist_state="session",
                width=230,
            ),
            "order": _choice("Order", ORDERS),
            "shown": _choice("Show", SHOWN, help=ACTIVE_HELP),
            "clinician": _choice("Clinician", clinicians),
            "indication": _choice("Indication", indications),
        }


def _choice(label: str, options: Sequence[str], help: str | None = None) -> str:
    """Ask for one of some options; one that is no longer there is forgotten."""
    key = f"caseload_{label.lower()}"
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    return st.selectbox(
        label, options, key=key, help=help, persist_state="session", width=155
    )


def _filtered(patients: pd.DataFrame, controls: dict[str, str]) -> pd.DataFrame:
    keep = pd.Series(True, index=patients.index)
    for word in _folded(controls["search"] or "").split():
        keep &= patients["search"].str.contains(word, regex=False)
    if controls["shown"] != EVERYBODY:
        keep &= patients["active"] == (controls["shown"] == ACTIVE)
    if controls["clinician"] != ALL_CLINICIANS:
        keep &= patients["clinician"] == controls["clinician"]
    if controls["indication"] != ALL_INDICATIONS:
        keep &= patients["indication"] == controls["indication"]
    return patients[keep]


def _folded(text: str) -> str:
    """Return text without case and accents, to search in."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _ordered(patients: pd.DataFrame, order: str) -> pd.DataFrame:
    if order == BY_INFUSION:
        return patients.sort_values("last_day", ascending=False, kind="stable")
    if order == BY_NAME:
        return patients.sort_values(
            ["name", "record_number"], key=lambda column: column.str.casefold()
        )
    started = patients["infusions"].notna()
    waiting = patients["last_form_day"].astype("float64")
    return (
        patients.assign(
            no_alert=patients["open_alerts"] == 0,
            not_worse=~patients["worse"],
            # Started and never asked: longest of all. Not started: not waiting yet.
            since=waiting.fillna(LONG_AGO).mask(
                ~started & waiting.isna(), float("inf")
            ),
        )
        .sort_values(["no_alert", "not_worse", "since", "name"], kind="stable")
        .drop(columns=["no_alert", "not_worse", "since"])
    )


def _counts(patients: pd.DataFrame, shown: pd.DataFrame) -> None:
    with_alert = int((shown["open_alerts"] > 0).sum())
    line = f"**{wording.count_line(len(shown), with_alert)}**"
    if len(shown) < len(patients):
        line += f" (of {len(patients):,} in this practice)"
    st.markdown(line)
    hidden = int((patients["open_alerts"] > 0).sum()) - with_alert
    if hidden:
        noun = "patient" if hidden == 1 else "patients"
        st.warning(
            f"{hidden} more {noun} with an open item-9 alert: outside this search or "
            "filter."
        )


def _table(shown: pd.DataFrame) -> None:
    """Show the patients; a click on a name, or a ticked row, opens the page."""
    ids = shown["patient_id"].tolist()
    # The keys name the rows and their order: a click on another list is forgotten, so
    # that it cannot open the patient who now stands in its place.
    digest = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]
    event = st.dataframe(
        _display(shown),
        hide_index=True,
        height="content" if len(ids) <= ROWS_IN_VIEW else 36 * ROWS_IN_VIEW,
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
        "Click a name, or tick a row, to open the patient. Changes are from baseline; "
        "lower is better. A trend shows the totals of one recall window in order, "
        "not to a time scale."
    )


def _display(shown: pd.DataFrame) -> pd.DataFrame:
    today = state.as_of_day()
    columns = {
        "Item 9": [_pills(_item_9(row)) for row in shown.itertuples()],
        "Patient": shown["name"].where(shown["name"] != "", wording.NAME_NOT_RECORDED),
        "Record number": shown["record_number"],
    }
    for code, measure in MEASURES.items():
        columns[f"{measure.name} status"] = shown[f"{code}_status"].fillna("")
    for code, measure in MEASURES.items():
        columns |= {
            f"{measure.name}": shown[f"{code}_score"].fillna(""),
            f"{measure.name} change": shown[f"{code}_change"].fillna(""),
            f"{measure.name} trend": shown[f"{code}_totals"],
        }
    columns |= {
        "Infusions": [_infusions(row) for row in shown.itertuples()],
        "Days since infusion": today - shown["last_day"].astype("float64"),
        "Last form": [_date(day) for day in shown["last_form_day"]],
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


def _date(day: float | None) -> object:
    return None if pd.isna(day) else day_date(int(day))


def _columns(*, name_key: str) -> dict[str, object]:
    config = st.column_config
    columns = {
        "Item 9": config.MultiselectColumn(
            width=110,
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
        "Days since infusion": config.NumberColumn(
            "Last infusion", format="%d days ago", width=105
        ),
        "Last form": config.DateColumn(format="D MMM YYYY", width=95),
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
            width=145, help=f"Last complete {name} total. {wording.LOWER_IS_BETTER}."
        ),
        f"{name} change": config.TextColumn(
            "change", width=85, help=f"{name}: points from baseline, and percent."
        ),
        f"{name} status": config.TextColumn(
            width=165,
            help=(
                f"{name}, last form against baseline; the definitions are on the "
                "patient's page."
            ),
        ),
        f"{name} trend": config.BarChartColumn(
            "trend", width=70, y_min=0, y_max=measure.highest_total
        ),
    }


caseload()
