"""Safety: item 9, alerts, what went wrong at infusions, and who got worse."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from analysis.ever import ProductLimit
from analysis.months import Month, month_number
from analysis.occurrences import EVENT, EVENT_OUTSIDE, NOT_KNOWN, Occurrence
from analysis.safety import (
    ANSWERED_0,
    EPISODE_STATES,
    ITEM_9_STATES,
    LATEST_STATES,
    LEFT_OUT,
    NOT_ASKED_AGAIN,
    OPEN,
    POSITIVE,
    STILL_POSITIVE,
    TOTAL_ONLY,
    WITHDRAWN,
    ZERO,
    ZERO_IS_NOT_NO_RISK,
    classify_adverse_events,
    classify_alerts,
    classify_blood_pressure,
    classify_item_9,
    classify_latest,
    item_9_episodes,
)
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.definition import Measure, RecallWindow
from measures.timepoints import DEFAULT_TIMEPOINT
from views import state
from views.alert_times import acknowledgement_section
from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.charts import safety as charts
from views.results.charts.occurrences import shares
from views.results.counts.recut import Practice
from views.results.counts.safety import (
    Safety,
    SafetyRecords,
    alerts_in_month,
    safety,
    safety_records,
)
from views.results.exports import Export, download
from views.results.filters import ask_courses, ask_measure, ask_window, filter_row
from views.results.page import (
    chart,
    results_page,
    stop_without_courses,
    table,
    text,
)
from views.results.wording import occurrences
from views.results.wording import outcomes as outcome_wording
from views.results.wording import safety as wording
from views.results.wording.numbers import unbroken


PAGE = ("results/safety.py", "Safety")
OF_INFUSIONS = "Share of the infusions where it is known"
EVERY_MONTH = "every month"

Stamp = Mapping[str, str]
Named = Sequence[tuple[str, Occurrence]]


def page() -> None:
    """Draw the page."""
    with results_page("Safety", "safety", alerts_by_name=True) as connection:
        with filter_row():
            measure = ask_measure()
            window = ask_window(measure)
            practice = ask_courses(connection)
        records = safety_records(practice, measure.code, recall_window=window.code)
        found = safety(records)
        _unless_there_is_none(practice, measure, found, records)
        stamp = _stamp(practice, measure, window)
        st.subheader(unbroken(wording.headline(found)), anchor=False)
        text(f"**{ZERO_IS_NOT_NO_RISK}**")
        st.caption(outcome_wording.scope_as_typed(practice.selection))
        st.caption(wording.elsewhere(found))
        _item_9(found, records, stamp)
        _resolution(found, records)
        _alerts(found, records, stamp)
        # Infusions are the same whatever the measure.
        of_infusions = {name: stamp[name] for name in ("Counted courses", "As of")}
        _events(found, records, of_infusions)
        _dissociation(found, records, of_infusions)
        _pressure(found, records, of_infusions)
        _worse(found, records, stamp)
        with st.expander("What the numbers count"):
            table(wording.definitions(), "Definitions")


def _unless_there_is_none(
    practice: Practice, measure: Measure, found: Safety, records: SafetyRecords
) -> None:
    """Where no course is chosen, show the alerts all the same, and stop."""
    if records.courses.empty:
        _alerts(
            found, records, _stamp(practice, measure, measure.default_recall_window)
        )
    stop_without_courses(practice, measure.code, DEFAULT_TIMEPOINT.code)


def _stamp(practice: Practice, measure: Measure, window: RecallWindow) -> Stamp:
    return outcome_wording.selection_stamp(practice.selection, measure, window)


# Item 9.


def _item_9(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    st.header("Item 9 by form and month", anchor=False)
    text(wording.item_9_sentence(found))
    if found.item_9.share is None:
        st.info("Record PHQ-9 forms with their answers; a total alone says nothing.")
    if not found.item_9.records:
        return
    months = found.item_9_months
    chart(
        charts.item_9_by_month(months),
        key="safety_months",
        alt="Share of forms with item 9 answered 1 or more, by month; as in the table",
    )
    st.caption(wording.ITEM_9_CAPTION)
    with st.expander("The numbers by month"):
        table(wording.month_rows(months), "Item 9 by month")
        named = [(occurrences.month_name(m.month), m.answers) for m in months]
        rows = occurrences.export_rows(named)
        download(Export("item-9-by-month", rows, occurrences.LAYOUT, stamp, "Month"))
    forms = classify_item_9(records.item_9, as_of_day=records.as_of_day)
    month = _ask_month([m.month for m in months], "safety_item_9_month")
    show_behind(_form_numbers(_of_month(forms, month)), key="safety_item_9", page=PAGE)


ANSWER_NAMES = {
    POSITIVE: "1 or more",
    ZERO: "0",
    LEFT_OUT: "Left out",
    TOTAL_ONLY: "Only a total",
}


def _form_numbers(forms: pd.DataFrame) -> list[Number]:
    return [
        _number(answer, ANSWER_NAMES[answer], forms[forms["answer"] == answer], "form")
        for answer in ITEM_9_STATES
    ]


def _resolution(found: Safety, records: SafetyRecords) -> None:
    resolution = found.resolution
    st.header("How long until 0 is answered", anchor=False)
    text(wording.resolution_sentence(resolution))
    if not resolution.patients:
        return
    if isinstance(resolution.curve, ProductLimit):
        chart(
            charts.resolution(resolution.curve),
            key="safety_resolution",
            alt="Share that has not answered 0 so far, by days since the first answer",
        )
    st.caption(wording.resolution_caption(resolution))
    table(wording.resolution_rows(resolution), "What became of positive answers")
    show_behind(_episode_numbers(records), key="safety_resolution", page=PAGE)


def _episode_numbers(records: SafetyRecords) -> list[Number]:
    episodes = item_9_episodes(records.item_9, as_of_day=records.as_of_day)
    first = episodes[episodes["number"] == 1]
    zeros = first[first["state"] == ANSWERED_0]
    later = episodes.loc[episodes["number"] > 1, "patient_id"]
    numbers = [_number("ever", "Ever positive", first, "episode")]
    numbers += [
        _number(kind, EPISODE_NAMES[kind], first[first["state"] == kind], "episode")
        for kind in EPISODE_STATES
    ]
    again = zeros[zeros["patient_id"].isin(later)]
    return [*numbers, _number("again", "Positive again after a 0", again, "episode")]


EPISODE_NAMES = {
    ANSWERED_0: "Answered 0 later",
    STILL_POSITIVE: "Positive each time",
    NOT_ASKED_AGAIN: "Not asked again",
}


# Alerts.


def _alerts(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    flow = found.alerts
    st.header("Item-9 alerts", anchor=False)
    text(wording.alerts_sentence(flow))
    if not flow.months and not flow.withdrawn:
        return
    if flow.months:
        chart(
            charts.alerts_by_month(flow.months),
            key="safety_alerts",
            alt="Alerts opened, answered and open at its end, by month; see the table",
        )
        st.caption(wording.ALERTS_CAPTION)
        _alert_tables(found, stamp)
    seen = classify_alerts(records.alerts, as_of_second=records.as_of_second)
    month = _ask_month([m.month for m in flow.months], "safety_alert_month")
    numbers = _alert_numbers(seen, records) if month is None else _in(seen, month)
    show_behind(numbers, key="safety_alerts", page=PAGE)
    acknowledgement_section(state.engine())


def _alert_tables(found: Safety, stamp: Stamp) -> None:
    with st.expander("The numbers by month, and what was done"):
        table(wording.alert_month_rows(found.alerts.months), "Alerts by month")
        if found.alerts.actions:
            table(wording.action_rows(found.alerts), "What was done about alerts")
        rows = wording.alert_export(found.alerts)
        layout = wording.ALERT_LAYOUT
        whole = {"Counted": "every alert of the practice", "As of": stamp["As of"]}
        download(Export("item-9-alerts", rows, layout, whole, "Month"))


def _alert_numbers(seen: pd.DataFrame, records: SafetyRecords) -> list[Number]:
    still_open = seen[seen["state"] == OPEN]
    unseen = still_open[~(still_open["seen_second"] <= records.as_of_second)]
    answered = seen[~seen["state"].isin([OPEN, WITHDRAWN])]
    withdrawn = seen[seen["state"] == WITHDRAWN]
    return [
        _number("open", "Open", still_open, "alert"),
        _number("unseen", "Not seen yet", unseen, "alert"),
        _number("answered", "Answered", answered, "alert"),
        *(
            _number(f"action {action}", _capital(action), rows, "alert")
            for action, rows in answered.groupby("action")
        ),
        _number("withdrawn", "Entered by mistake", withdrawn, "alert"),
    ]


def _in(seen: pd.DataFrame, month: Month) -> list[Number]:
    """Return the numbers of one month, as its row of the table has them."""
    return [
        _number(name, name, rows, "alert")
        for name, rows in alerts_in_month(seen, month).items()
    ]


# Infusions.


def _events(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    st.header("Adverse events", anchor=False)
    if not found.infusions:
        text("No infusion was given by the as-of date.")
        return
    text(wording.infusions_sentence(found))
    named = wording.event_names(found.adverse_events)
    _occurrences(named, _export("adverse-events", "Adverse event", named, stamp))
    st.caption(wording.EVENTS_CAPTION)
    numbers = [
        number
        for name, one in named
        for number in _infusion_numbers(
            name, one, classify_adverse_events(records.infusions, one.what)
        )
    ]
    unknown = classify_adverse_events(records.infusions, found.adverse_events[0].what)
    unknown = unknown[unknown["state"] == NOT_KNOWN]
    numbers.append(_number("unknown", "Nothing recorded", unknown, "infusion"))
    show_behind(numbers, key="safety_events", page=PAGE, label=BEHIND_INFUSIONS)


def _dissociation(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    if not found.infusions:
        return
    st.header("Dissociation", anchor=False)
    named = wording.dissociation_names(found.dissociation)
    text(wording.dissociation_sentence(found))
    rows, layout = wording.dissociation_export(found), wording.DISSOCIATION_LAYOUT
    _occurrences(named, Export("dissociation", rows, layout, stamp, "Level"))
    given = records.infusions
    numbers = [
        _number(one.what, name, given[given["dissociation"] == one.what], "infusion")
        for name, one in named
    ]
    unrated = given[given["dissociation"] == ""]
    numbers.append(_number("unrated", "Not recorded", unrated, "infusion"))
    show_behind(numbers, key="safety_levels", page=PAGE, label=BEHIND_INFUSIONS)


def _pressure(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    if not found.infusions:
        return
    st.header("Blood pressure", anchor=False)
    text(wording.pressure_sentence(found))
    named = wording.pressure_names(found.blood_pressure)
    _occurrences(named, _export("blood-pressure", "Limit", named, stamp))
    st.caption(wording.PRESSURE_CAPTION)
    with st.expander("The limits, and what they were made for"):
        table(wording.pressure_rules(), "Limits on blood pressure")
    numbers = []
    for name, one in named:
        rule = BLOOD_PRESSURE_RULES[one.what]
        rows = classify_blood_pressure(records.infusions, rule)
        numbers += _infusion_numbers(name, one, rows)
        unknown = rows[rows["state"] == NOT_KNOWN]
        label = f"{name}, not known"
        numbers.append(_number(f"{one.what} unknown", label, unknown, "infusion"))
    show_behind(numbers, key="safety_pressure", page=PAGE, label=BEHIND_INFUSIONS)


BEHIND_INFUSIONS = "Show the infusions behind a number"


def _export(name: str, first: str, named: Named, stamp: Stamp) -> Export:
    rows = occurrences.export_rows(named)
    return Export(name, rows, occurrences.LAYOUT, stamp, first)


def _occurrences(named: Named, export: Export) -> None:
    chart(
        shares([(label, one.share) for label, one in named], OF_INFUSIONS),
        key=f"safety_chart_{export.name}",
        alt=f"{export.first}: share of infusions with an interval; as in the table",
    )
    with st.expander("The numbers, and of whom it is not known"):
        table(occurrences.table_rows(named, export.first, "infusions"), export.first)
        download(export)


def _infusion_numbers(name: str, one: Occurrence, rows: pd.DataFrame) -> list[Number]:
    """Return what was counted of one thing, where there was any."""
    states = ((EVENT, name), (EVENT_OUTSIDE, f"{name}, not in the share"))
    return [
        _number(f"{one.what} {kind}", label, some, "infusion")
        for kind, label in states
        if len(some := rows[rows["state"] == kind])
    ]


# Who got worse.


def _worse(found: Safety, records: SafetyRecords, stamp: Stamp) -> None:
    st.header("Reliably worse at the latest score", anchor=False)
    text(wording.worse_sentence(found))
    st.caption(wording.worse_caption(found.deterioration.criterion))
    rows = classify_latest(
        records.courses,
        records.latest,
        records.criterion,
        as_of_day=records.as_of_day,
    )
    numbers = [
        _number(kind, wording.LATEST_WORDS[kind], rows[rows["state"] == kind], "latest")
        for kind in LATEST_STATES
    ]
    show_behind(numbers, key="safety_worse", page=PAGE)
    exported = wording.worse_export(found)
    download(Export("reliably-worse", exported, wording.WORSE_LAYOUT, stamp))


# Parts.

ROWS = {
    "form": wording.form_table,
    "episode": wording.episode_table,
    "alert": wording.alert_table,
    "infusion": wording.infusion_table,
    "latest": wording.latest_table,
}


def _number(code: str, name: str, rows: pd.DataFrame, kind: str) -> Number:
    """Return a number whose list is put together once it is opened."""
    return Number(code, name, lambda: ROWS[kind](rows), count=len(rows))


def _ask_month(months: Sequence[Month], key: str) -> Month | None:
    by_number = {month.number: month for month in reversed(months)}
    with st.container(key=f"{NOT_ON_PAPER}_{key}"):
        chosen = st.selectbox(
            "Of which month",
            [EVERY_MONTH, *by_number],
            format_func=lambda n: (
                EVERY_MONTH if n == EVERY_MONTH else _month_name(by_number, n)
            ),
            key=key,
            width=220,
            persist_state="session",
        )
    return by_number.get(chosen)


def _month_name(by_number: Mapping[int, Month], number: int) -> str:
    return occurrences.month_name(by_number[number])


def _of_month(
    rows: pd.DataFrame, month: Month | None, column: str = "day"
) -> pd.DataFrame:
    if month is None:
        return rows
    return rows[month_number(rows[column]) == month.number]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


page()
