"""The charts of one course: totals over time, clusters, items, and its event marks."""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import streamlit as st

from analysis.trajectory import INCOMPLETE, Trajectory
from data.database import Connection
from data.events import (
    EVENT_KINDS,
    Event,
    add_event,
    list_withdrawn_events,
    void_event,
)
from measures.registry import MEASURES
from views import chart_wording, charts, item_charts, state, wording
from views.chart_axes import Axis
from views.charts import EventMark, InfusionMark
from views.course_record import CourseRecord
from views.drawn import Drawn
from views.layout import NOT_ON_PAPER
from views.patient_details import choose_form, record_it
from views.state import reading
from views.tables import word_table


BY_DATE = "Date"
BY_INFUSION = "Infusion number"
AXIS = "trajectory_axis"

# A drag zooms and a double click goes back; the choice of time is for the keyboard.
CONFIG = {"displaylogo": False, "displayModeBar": False, "doubleClick": "reset"}

TAKEN_BACK = "taken back after it was added"


def trajectories(record: CourseRecord) -> None:
    """Show both measures above one axis; a click on a point chooses its form.

    Parameters
    ----------
    record
        With at least one form.
    """
    shown = list(record.trajectories.values())
    marks, events = infusion_marks(record), event_marks_of(record)
    with st.container(
        key=f"{NOT_ON_PAPER}_axis",
        horizontal=True,
        vertical_alignment="bottom",
        gap="medium",
    ):
        axis = _chosen_axis(record, shown, marks)
    key = f"trajectory_{record.course.id}"
    st.plotly_chart(
        Drawn(charts.trajectory_figure(shown, marks, events, axis)),
        key=key,
        on_select=lambda: choose_form(record, st.session_state[key]),
        selection_mode="points",
        config=CONFIG,
        alt=wording.trajectory_alt(shown, len(marks)),
    )
    _below_the_chart(shown, marks, events, axis)
    with st.container(key=f"{NOT_ON_PAPER}_marks"):
        _add_a_mark(record)
        _items_and_clusters(record, marks, axis)


def infusion_marks(record: CourseRecord) -> list[InfusionMark]:
    """Return the infusions of a course as the charts show them."""
    facts = [infusion.facts for infusion in record.infusions]
    pairs = pairwise(facts)
    changes = [0, *(chart_wording.dose_change(was, now) for was, now in pairs)]
    return [
        InfusionMark(
            number=infusion.number,
            at=infusion.facts.started_at,
            maintenance=infusion.number > record.induction,
            text=chart_wording.infusion_hover(
                infusion, induction=record.induction, change=change
            ),
            dose=chart_wording.dose_in_short(infusion.facts),
            dose_changed=change,
        )
        for infusion, change in zip(record.infusions, changes, strict=False)
    ]


def event_marks_of(record: CourseRecord) -> list[EventMark]:
    """Return the events of a course as the charts show them."""
    return [EventMark(e.day, e.kind, e.description) for e in record.events]


def _chosen_axis(
    record: CourseRecord, shown: Sequence[Trajectory], marks: Sequence[InfusionMark]
) -> Axis:
    """Ask what lies from left to right, and how much of it."""
    axes = {BY_DATE: charts.date_axis}
    if marks:
        axes[BY_INFUSION] = charts.infusion_axis
    by = _choose("From left to right", list(axes), AXIS)
    times = list(charts.times_shown(shown, marks))
    time = _choose("Time shown", times, f"trajectory_time_{record.course.id}")
    return axes[by](shown, marks, time)


def _choose(label: str, options: Sequence[str], key: str) -> str:
    """Return the chosen option, or the only one without asking."""
    if len(options) == 1:
        return options[0]
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        # The words say it; the room is the chart's.
        label_visibility="collapsed",
    )


def _below_the_chart(
    shown: Sequence[Trajectory],
    marks: Sequence[InfusionMark],
    events: Sequence[EventMark],
    axis: Axis,
) -> None:
    """Say what the marks mean, and what is not drawn."""
    points = [point for t in shown for point in t.points]
    key = [wording.chart_key(shown, any(mark.maintenance for mark in marks))]
    if any(mark.dose_changed for mark in marks):
        key.append(chart_wording.DOSE_KEY)
    lines = (
        " ".join(key),
        chart_wording.band_key(shown),
        chart_wording.not_drawn(
            incomplete=sum(point.kind == INCOMPLETE for point in points),
            forms=sum(not axis.holds(p.completed_at) for p in points),
            infusions=sum(not axis.holds(mark.at) for mark in marks),
            events=sum(not axis.holds(event.at) for event in events),
        ),
    )
    st.caption("  \n".join(wording.escape(line) for line in lines if line))


def _add_a_mark(record: CourseRecord) -> None:
    """Offer to mark what happened on a day: one click opens, a second one saves."""
    if not record.may_record:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        added = st.session_state.get(_added_key(record))
        # A new key closes it when the mark is saved.
        with st.popover("Add a mark", key=f"mark_{record.course.id}_after_{added}"):
            _mark_form(record, added)
        just = next((e for e in record.events if e.id == added), None)
        if just is not None:
            _offer_to_take_back(just)


def _added_key(record: CourseRecord) -> str:
    return f"mark_added_{record.course.id}"


def _mark_form(record: CourseRecord, added: int | None) -> None:
    key = f"{record.course.id}_after_{added}"
    day = st.date_input(
        "Day of the mark",
        "today",
        max_value="today",
        format="YYYY-MM-DD",
        key=f"mark_day_{key}",
    )
    words = st.text_input("In a few words (optional)", key=f"mark_words_{key}")
    with st.container(horizontal=True):
        for kind in EVENT_KINDS:
            if st.button(kind.capitalize(), key=f"mark_{kind}_{key}"):
                _save_mark(record, Event(0, day, kind, words))


def _save_mark(record: CourseRecord, mark: Event) -> None:
    words = mark.description.strip() or chart_wording.EVENT_WORDS[mark.kind]

    def save(connection: Connection) -> None:
        st.session_state[_added_key(record)] = add_event(
            connection,
            course_id=record.course.id,
            day=mark.day,
            kind=mark.kind,
            description=words,
        )

    record_it(save, "The mark is on the chart.")


def _offer_to_take_back(event: Event) -> None:
    st.markdown(
        f"Added: {wording.day_words(event.day)}, {wording.escape(event.description)}.",
        width="content",
    )
    if st.button("Take back", key=f"take_back_{event.id}", type="tertiary"):
        record_it(
            lambda connection: void_event(connection, event.id, reason=TAKEN_BACK),
            "The mark was taken back.",
        )


def event_marks(record: CourseRecord) -> None:
    """List the marks of a course, those taken back as well, and offer to add and edit.

    Parameters
    ----------
    record
        The course.
    """
    if record.events:
        rows = [
            {
                "Date": wording.day_words(event.day),
                "Kind": event.kind,
                "Description": wording.escape(event.description),
            }
            for event in reversed(record.events)
        ]
        word_table(rows, "Events")
    else:
        st.write(
            "There is no event yet: a change of medication or therapy, or in life."
        )
    if record.may_record:
        with st.form(f"event_{record.course.id}", clear_on_submit=True, border=False):
            _event_form(record)
        if record.events:
            _take_one_back(record)
    _marks_taken_back(record)


def _event_form(record: CourseRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = st.date_input(
            "Date", "today", max_value="today", format="YYYY-MM-DD", width=160
        )
        kind = st.selectbox("Kind", EVENT_KINDS, width=160)
        description = st.text_input("Description", width=320)
        added = st.form_submit_button("Add event")
    if added:
        record_it(
            lambda connection: add_event(
                connection,
                course_id=record.course.id,
                day=day,
                kind=kind,
                description=description,
            ),
            "The event is on the chart.",
        )


def _take_one_back(record: CourseRecord) -> None:
    latest_first = {event.id: event for event in reversed(record.events)}
    with st.expander("Take an event back"):
        chosen = st.selectbox(
            "Event",
            list(latest_first),
            format_func=lambda event_id: _event_label(latest_first[event_id]),
            key=f"event_{record.course.id}_chosen",
        )
        with st.form(f"take_back_{record.course.id}", border=False):
            reason = st.text_input("Why this event should not be in this record")
            if st.form_submit_button("Take this event back"):
                record_it(
                    lambda connection: void_event(connection, chosen, reason=reason),
                    "The event was taken back; it is kept, with the reason.",
                )


def _event_label(event: Event) -> str:
    return f"{wording.day_words(event.day)}, {event.kind}: {event.description}"


def _marks_taken_back(record: CourseRecord) -> None:
    with reading(state.engine()) as connection:
        withdrawn = list_withdrawn_events(connection, record.course.id)
    if not withdrawn:
        return
    with st.expander(f"Events taken back: {len(withdrawn)}"):
        for back in withdrawn:
            st.markdown(
                f"{wording.escape(_event_label(back.event))}. Taken back by "
                f"{wording.escape(back.withdrawn_by)}: {wording.escape(back.reason)}"
            )


def _items_and_clusters(
    record: CourseRecord, marks: Sequence[InfusionMark], axis: Axis
) -> None:
    """Show single answers and clusters over time; drawn only where opened."""
    behind = st.expander(
        "Items and clusters over time",
        key=f"items_{record.course.id}",
        on_change="rerun",
    )
    if not behind.open:
        return
    names = {_items_tab(code): code for code in record.trajectories}
    clustered = [c for c in record.trajectories if len(MEASURES[c].domains) > 1]
    names |= {f"{MEASURES[code].name} clusters": code for code in clustered}
    with behind:
        tabs = st.tabs(
            list(names), key=f"items_tab_{record.course.id}", on_change="rerun"
        )
    for tab, (name, code) in zip(tabs, names.items(), strict=True):
        if tab.open:
            with tab:
                if name == _items_tab(code):
                    _items(record, code)
                else:
                    _clusters(record, code, marks, axis)


def _items_tab(measure: str) -> str:
    return f"{MEASURES[measure].name} items"


def _answered(record: CourseRecord, measure: str) -> list[item_charts.AnsweredForm]:
    """Return the forms to show, and say how many have no answers to show."""
    points = record.trajectories[measure].points
    answers = {form_id: form.facts.answers for form_id, form in record.forms.items()}
    forms = item_charts.answered_forms(points, answers)
    without = len(points) - len(forms)
    if without:
        st.caption(chart_wording.only_totals(without))
    return forms


def _items(record: CourseRecord, code: str) -> None:
    measure = MEASURES[code]
    forms = _answered(record, code)
    if not forms:
        st.write("There are no answers to show.")
        return
    shown = item_charts.columns_shown(forms)
    st.caption(chart_wording.heat_key(measure, len(shown), len(forms)))
    st.plotly_chart(
        Drawn(item_charts.heat_figure(measure, shown)),
        key=f"heat_{code}_{record.course.id}",
        config=CONFIG,
        alt=chart_wording.heat_alt(measure, len(shown)),
    )
    _same_in_a_table(
        item_charts.item_table(measure, forms), f"{measure.name}: answers", wide=True
    )


def _clusters(
    record: CourseRecord, code: str, marks: Sequence[InfusionMark], axis: Axis
) -> None:
    measure = MEASURES[code]
    forms = _answered(record, code)
    if not forms:
        st.write("There are no answers to show.")
        return
    st.plotly_chart(
        Drawn(
            item_charts.cluster_figure(record.trajectories[code], forms, marks, axis)
        ),
        key=f"clusters_{code}_{record.course.id}",
        config=CONFIG,
        alt=chart_wording.cluster_alt(measure, len(forms)),
    )
    st.caption(chart_wording.CLUSTER_KEY)
    _same_in_a_table(
        item_charts.cluster_rows(record.trajectories[code], forms),
        f"{measure.name}: clusters",
    )


def _same_in_a_table(
    rows: Sequence[dict[str, str]], name: str, *, wide: bool = False
) -> None:
    """Show a chart's numbers as a table; one too wide keeps its first column."""
    table = pd.DataFrame(rows)
    pinned = {table.columns[0]: st.column_config.TextColumn(pinned=True)}
    st.dataframe(
        table,
        hide_index=True,
        column_config=pinned if wide else None,
        alt=f"{name}, as a table",
    )
