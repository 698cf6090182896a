"""The rows of the caseload: who stands where, in which order; nothing here draws."""

import unicodedata
from collections.abc import Callable, Mapping

import pandas as pd

from analysis.status import NO_RELIABLE_CHANGE, WORSE, percent_change, standings
from data.database import Connection
from data.frames import baselines_frame, caseload_frame, latest_course_scores_frame
from measures.definition import Measure
from measures.registry import MEASURES, default_criterion
from views import wording
from views.charts import sparkline
from views.dues import ACTIVE_DAYS


ATTENTION, BY_ITEM_9, BY_WORSE = "Needs attention", "Item 9", "Getting worse"
BY_NO_CHANGE, BY_LAST_FORM = "Not improving", "Longest without a form"
BY_NAME, BY_INFUSION = "Name", "Last infusion"

ACTIVE, NOT_ACTIVE, EVERYBODY = "Active", "Not active", "Everybody"
SHOWN = (ACTIVE, NOT_ACTIVE, EVERYBODY)

ALL_CLINICIANS, ALL_INDICATIONS = "All clinicians", "All indications"
NOT_RECORDED = "not recorded"
INDICATION_WORDS = {"depression": "depression", "ptsd": "PTSD", "both": "both"}

# Stands for the day of a form that there never was; sorts first.
LONG_AGO = -1
NEVER = float("inf")

# An unanswered item 9 sorts after every answer but 0: it may be any of them.
_UNANSWERED = 0.5
_NOT_ASKED = -1


def caseload_rows(connection: Connection, today: int) -> pd.DataFrame:
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
    return frame.assign(
        worse=_any_code(frame, WORSE),
        not_improving=_any_code(frame, WORSE, NO_RELIABLE_CHANGE),
        active=_active(frame, today),
    )


def folded(text: str) -> str:
    """Return text without case and accents, to search in."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def filtered(patients: pd.DataFrame, controls: Mapping[str, str]) -> pd.DataFrame:
    """Return the patients that search and filters leave.

    Parameters
    ----------
    patients
        Of :func:`caseload_rows`.
    controls
        ``search``, ``shown``, ``clinician`` and ``indication``.
    """
    keep = pd.Series(True, index=patients.index)
    for word in folded(controls["search"] or "").split():
        keep &= patients["search"].str.contains(word, regex=False)
    if controls["shown"] != EVERYBODY:
        keep &= patients["active"] == (controls["shown"] == ACTIVE)
    if controls["clinician"] != ALL_CLINICIANS:
        keep &= patients["clinician"] == controls["clinician"]
    if controls["indication"] != ALL_INDICATIONS:
        keep &= patients["indication"] == controls["indication"]
    return patients[keep]


def ordered(patients: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return the patients in one of ``ORDERS``; alike ones by name."""
    keys = _ORDERS[order](patients)
    names = [f"_{number}" for number in range(len(keys))]
    return (
        patients.assign(_name=patients["name"].str.casefold())
        .assign(**dict(zip(names, keys, strict=True)))
        .sort_values([*names, "_name", "record_number"], kind="stable")
        .drop(columns=[*names, "_name"])
    )


# The orders: columns to sort by, the smallest first.


def _by_attention(patients: pd.DataFrame) -> list[pd.Series]:
    return [patients["open_alerts"] == 0, ~patients["worse"], *_by_form(patients)]


def _by_item_9(patients: pd.DataFrame) -> list[pd.Series]:
    """Open alerts, then the highest last answer; not answered stands above a 0."""
    answer = patients["phq9_item_9"].astype("float64")
    asked = patients["phq9_score"].notna()
    unanswered = pd.Series(_NOT_ASKED, index=patients.index).mask(asked, _UNANSWERED)
    return [patients["open_alerts"] == 0, -answer.fillna(unanswered)]


def _by_worse(patients: pd.DataFrame) -> list[pd.Series]:
    """Reliably worse ones, then by the rise in units of a reliable change."""
    rises = [
        patients[f"{code}_points"].astype("float64")
        / default_criterion(code, "change").points
        for code in MEASURES
    ]
    return [~patients["worse"], -pd.concat(rises, axis=1).max(axis=1).fillna(-NEVER)]


def _by_no_change(patients: pd.DataFrame) -> list[pd.Series]:
    """No reliable change or worse, the most infusions first."""
    infusions = patients["infusions"].astype("float64").fillna(0)
    return [~patients["not_improving"], -infusions, ~patients["worse"]]


def _by_form(patients: pd.DataFrame) -> list[pd.Series]:
    """Put those first who started and were never asked; who did not start, last."""
    waiting = patients["last_form_day"].astype("float64")
    not_started = patients["infusions"].isna() & waiting.isna()
    return [waiting.fillna(LONG_AGO).mask(not_started, NEVER)]


def _by_infusion(patients: pd.DataFrame) -> list[pd.Series]:
    return [-patients["last_day"].astype("float64").fillna(LONG_AGO)]


_ORDERS: dict[str, Callable[[pd.DataFrame], list[pd.Series]]] = {
    ATTENTION: _by_attention,
    BY_ITEM_9: _by_item_9,
    BY_WORSE: _by_worse,
    BY_NO_CHANGE: _by_no_change,
    BY_LAST_FORM: _by_form,
    BY_INFUSION: _by_infusion,
    BY_NAME: lambda _: [],
}
ORDERS = tuple(_ORDERS)


# The columns.


def _with_words(patients: pd.DataFrame) -> pd.DataFrame:
    names = patients[["family_name", "given_name"]].fillna("")
    full = [", ".join(filter(None, name)) for name in names.itertuples(index=False)]
    indication = patients["indication"].map(INDICATION_WORDS).fillna(NOT_RECORDED)
    return patients.assign(
        name=pd.Series(full, dtype="object"),
        indication=indication,
        clinician=patients["clinician"].fillna(NOT_RECORDED),
        search=[
            folded(f"{name} {number}")
            for name, number in zip(full, patients["record_number"], strict=True)
        ],
    )


def _with_measure(
    frame: pd.DataFrame, stands: pd.DataFrame, measure: Measure
) -> pd.DataFrame:
    """Add what one measure says: in words, its change, its status, its line."""
    mine = stands[stands["measure"] == measure.code].set_index("course_id")
    # Looked at one by one, missing values are quicker told from None.
    mine = mine.astype("object").where(mine.notna(), None)
    rows = [_measure_words(measure, row) for row in mine.itertuples()]
    names = ("score", "points", "change", "status", "code", "totals", "item_9")
    names = (*names, "complete")
    words = pd.DataFrame(rows, columns=names, index=mine.index, dtype="object")
    joined = words.reindex(frame["course_id"])
    found = {f"{measure.code}_{name}": joined[name].to_numpy() for name in names}
    return frame.assign(**found)


def _measure_words(measure: Measure, row: object) -> tuple:
    total = None if row.total is None else int(row.total)
    change, percent = _change(row)
    return (
        _score_cell(measure, row, total),
        change,
        wording.change_cell(change, percent),
        wording.status_word(row.status),
        row.status.code,
        [] if total is None else sparkline(row.totals),
        None if row.item_9 is None else int(row.item_9),
        row.last_total is not None,
    )


def _change(row: object) -> tuple[int | None, float | None]:
    """Return the change since the baseline of the last total, if there is one."""
    if row.total is None or row.baseline is None:
        return None, None
    if row.total_day == row.baseline_day and row.total == row.baseline:
        return None, None
    change = int(row.total - row.baseline)
    return change, percent_change(change, int(row.baseline))


def _score_cell(measure: Measure, row: object, total: int | None) -> str:
    words = "" if total is None else wording.score_words(measure.code, total)
    if len(measure.recall_windows) > 1 and total is not None:
        words += f", {wording.window_name(measure.code, row.recall_window)}"
    if row.last_total is not None:
        return words
    return f"{words} (earlier)" if words else "incomplete"


def _any_code(frame: pd.DataFrame, *codes: str) -> pd.Series:
    """Tell where any measure has one of these statuses."""
    found = [frame[f"{code}_code"].isin(codes) for code in MEASURES]
    return pd.concat(found, axis=1).any(axis=1)


def _active(frame: pd.DataFrame, today: int) -> pd.Series:
    """Tell who is in active care, or has an alert that nobody acted on."""
    seen = frame[["last_day", "last_form_day"]].astype("float64").max(axis=1)
    recent = (seen >= today - ACTIVE_DAYS) | frame["infusions"].isna()
    return (recent & frame["closed_day"].isna()) | (frame["open_alerts"] > 0)
