"""Where this patient stands: now, after each infusion, after induction; drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from analysis.after_induction import boosters, days_since, induction_is_over
from analysis.expected import Expected, expected_changes, similar_baselines
from analysis.standing import StandingAt, not_on_track, standing_at_infusions
from analysis.trajectory import TOTAL_ONLY, Trajectory
from data.database import Connection
from data.similar import similar_changes
from measures.definition import Measure
from measures.registry import MEASURES, usual_measures
from views import standing_wording, state, wording
from views.course_record import CourseRecord
from views.layout import SIDE_BY_SIDE
from views.tables import word_table


STANDING = "standing"
"""How the keys of the containers begin whose tables stay low."""


@dataclass(frozen=True)
class Standing:
    """One measure's standing after each infusion, beside that of similar patients."""

    trajectory: Trajectory
    at: list[StandingAt]
    expected: Mapping[int, Expected]
    similar: str = ""
    """What similar means here; empty where nobody is compared with."""

    @property
    def last(self) -> StandingAt | None:
        """The last one that could be told."""
        told = [standing for standing in self.at if not standing.status.reason]
        return told[-1] if told else None


def load_standings(connection: Connection, record: CourseRecord) -> dict[str, Standing]:
    """Return the standing on each measure that has a form."""
    return {
        code: _load_standing(connection, record, trajectory)
        for code, trajectory in record.trajectories.items()
    }


def _load_standing(
    connection: Connection, record: CourseRecord, trajectory: Trajectory
) -> Standing:
    at = standing_at_infusions(trajectory, record.infusions)
    baseline, course = trajectory.current.baseline, record.course
    if baseline is None or course.indication is None:
        return Standing(trajectory, at, {})
    alike = similar_baselines(trajectory.measure, baseline.total)
    rows = similar_changes(
        connection,
        course.id,
        measure=trajectory.measure,
        recall_window=trajectory.current.recall_window,
        baselines=alike,
    )
    who = standing_wording.similar_words(trajectory.measure, course.indication, alike)
    return Standing(trajectory, at, expected_changes(rows), who)


def standing_now(record: CourseRecord, standings: Mapping[str, Standing]) -> None:
    """Say where the patient stands on each measure, with the numbers behind it."""
    _low_tables()
    usual = usual_measures(record.course.indication)
    shown = [m for m in MEASURES.values() if m.code in standings or m.code in usual]
    with st.container(key=SIDE_BY_SIDE):
        columns = st.columns(len(shown), gap="large")
    for column, measure in zip(columns, shown, strict=True):
        with column, st.container(key=f"{STANDING}_{measure.code}", gap="xsmall"):
            if measure.code in standings:
                _measure_now(measure, standings[measure.code])
            else:
                st.markdown(f"#### {measure.name}: no form", anchors=False)
                st.markdown(f"There is no {measure.name} in this course.")


def _low_tables() -> None:
    """Keep the tables here low, so that the chart begins on the first screen."""
    st.html(
        f"<style>[class*=st-key-{STANDING}_] :is(td, th)"
        " { padding-top: 0.15rem !important; padding-bottom: 0.15rem !important }"
        f"[class*=st-key-{STANDING}_] h4 {{ padding: 0 0 0.5rem }}</style>"
    )


def _measure_now(measure: Measure, standing: Standing) -> None:
    trajectory = standing.trajectory
    status = trajectory.status
    word = wording.status_word(status)
    st.markdown(
        f"#### {measure.name}: {word[0].lower()}{word[1:]}",
        help=wording.escape(wording.status_definition(status)),
        anchors=False,
    )
    st.markdown(_shown(standing_wording.status_sentence(trajectory)))
    _item_9_of_last(measure, trajectory)
    word_table(
        wording.comparison_rows(trajectory),
        f"{measure.name}: latest, previous and baseline",
    )
    said = (
        standing.similar
        and standing.last
        and standing_wording.expected_sentence(
            standing.last, standing.expected, standing.similar
        )
    )
    if said:
        st.caption(_shown(said))


def _shown(sentence: str) -> str:
    return wording.escape(standing_wording.keep_percent(sentence))


def _item_9_of_last(measure: Measure, trajectory: Trajectory) -> None:
    if measure.suicide_item is None:
        return
    last = trajectory.points[-1]
    words = wording.item_9_words(
        measure.code, last.item_9, answers_known=last.kind != TOTAL_ONLY
    )
    st.markdown(words if last.item_9 == 0 else f"▲ **{words}**")


def prompts(record: CourseRecord, standings: Mapping[str, Standing]) -> None:
    """Show what is to be talked about or looked at; nothing where nothing is."""
    since = days_since(record.infusions, state.today())
    if since is None:
        return
    slow = [
        not_on_track(standing.at, induction=record.induction, days_since_infusion=since)
        for standing in standings.values()
        if record.course.closed is None
    ]
    if any(slow):
        _slow_start([standing for standing in slow if standing is not None])
    if induction_is_over(record.infusions, record.induction, state.today()):
        _after_induction(record, since)


def _slow_start(slow: Sequence[StandingAt]) -> None:
    with st.expander(_shown(standing_wording.not_on_track_title(slow))):
        for line in standing_wording.not_on_track_lines():
            st.markdown(wording.escape(line))


def _after_induction(record: CourseRecord, since: int) -> None:
    streams = [s for t in record.trajectories.values() for s in t.streams]
    lines = [standing_wording.turn_words(stream) for stream in streams]
    if record.course.closed is None:
        given = boosters(record.infusions, record.induction)
        lines = [standing_wording.since_words(since, given), *lines]
    said = [_shown(line) for line in lines if line]
    if said:
        st.markdown("  \n".join(said))


def standing_by_infusion(standings: Mapping[str, Standing]) -> None:
    """Show a table per measure: after each infusion the total, change and status."""
    shown = {code: standing for code, standing in standings.items() if standing.at}
    if not shown:
        st.write("There is no infusion with a form yet.")
        return
    st.caption(wording.escape(standing_wording.standings_note(list(shown))))
    compared = False
    for code, standing in shown.items():
        name = MEASURES[code].name
        rows = standing_wording.infusion_rows(standing.at, standing.expected)
        compared = compared or standing_wording.SIMILAR in rows[0]
        st.markdown(f"**{name}**")
        word_table(rows, f"{name}: the standing after each infusion, the latest first")
    if compared:
        st.caption(wording.escape(standing_wording.SIMILAR_MEANS))
