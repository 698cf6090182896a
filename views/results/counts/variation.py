"""Clinicians, sites and months beside each other: what is counted for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis import control_charts, funnel
from analysis.control_charts import ControlChart, Month
from analysis.funnel import COMPLETENESS, RATE, SHARES, Funnel, FunnelUnit
from analysis.outcomes import EVENT, classify
from analysis.proportions import Proportion, wilson_proportion
from data.site_frames import course_sites_frame
from measures.criteria import Criterion
from views.results.counts.recut import Practice


CLINICIAN = "clinician"
SITE = "site"
UNITS = (CLINICIAN, SITE)

COUNTED = (RATE, COMPLETENESS)


@dataclass(frozen=True)
class Tally:
    """What became of some courses at the time point."""

    due: int
    measured: int
    events: int
    """Criterion met; 0 where completeness is counted."""

    @property
    def missing(self) -> int:
        """Due and not measured."""
        return self.due - self.measured

    @property
    def rate(self) -> Proportion | None:
        """Events of the measured; None when nobody was."""
        n = self.measured
        return wilson_proportion(self.events, n) if n else None

    @property
    def completeness(self) -> Proportion | None:
        """Measured of the due; None when nobody was."""
        return wilson_proportion(self.measured, self.due) if self.due else None


NOBODY = Tally(due=0, measured=0, events=0)


@dataclass(frozen=True)
class Unit:
    """What is counted of one clinician or site."""

    name: str
    """Empty: the courses of which it was not recorded."""
    tally: Tally
    placed: FunnelUnit | None
    """Its place among the others, where there is a funnel and it is in it."""


@dataclass(frozen=True, eq=False)
class Variation:
    """Units around their common share, and the same courses month by month."""

    counted: str
    """``RATE`` or ``COMPLETENESS``."""
    by: str
    """``CLINICIAN`` or ``SITE``."""
    courses: pd.DataFrame
    """As `analysis.outcomes.classify` left them, with ``unit`` (empty where it was not
    recorded) and ``month``, such as ``2026-03``."""
    all: Tally
    """Of all courses together, with or without a unit."""
    units: tuple[Unit, ...]
    """In the order of the alphabet; what has no name is the last."""
    by_month: Mapping[str, Tally]
    """Of the months in which a course began."""
    funnel: Funnel | funnel.TooFew
    months: tuple[Month, ...]
    p_chart: ControlChart | control_charts.TooFew
    xmr: ControlChart | control_charts.TooFew

    def of_month(self, label: str) -> Tally:
        """Return what became of the courses that began in a month."""
        return self.by_month.get(label, NOBODY)

    def in_states(
        self,
        states: Sequence[str],
        *,
        unit: str | None = None,
        month: str | None = None,
    ) -> pd.DataFrame:
        """Return the courses in these states, of one unit or of one month."""
        rows = self.courses
        wanted = rows["state"].isin(states)
        if unit is not None:
            wanted &= rows["unit"] == unit
        if month is not None:
            wanted &= rows["month"] == month
        return rows[wanted]


def variation(
    practice: Practice,
    measure: str,
    timepoint: str,
    *,
    criterion: Criterion | None = None,
    by: str = CLINICIAN,
    recall_window: str | None = None,
) -> Variation:
    """Return how a rate, or how complete it is, varies between units and months.

    Parameters
    ----------
    practice
        The chosen courses.
    measure, timepoint
        Codes.
    criterion
        Of this measure: its rate among the measured. None: completeness, the measured
        among those due.
    by
        ``CLINICIAN`` or ``SITE``.
    recall_window
        Code; None for the measure's own.
    """
    courses = classify(
        practice.courses(measure, timepoint, recall_window),
        criterion,
        eligible_at_least=practice.selection.lowest_baseline(measure),
        as_of_day=practice.selection.as_of_day,
    )
    courses = courses.assign(unit=_units(practice, courses, by))
    return vary(courses, counted=RATE if criterion else COMPLETENESS, by=by)


def vary(courses: pd.DataFrame, *, counted: str, by: str) -> Variation:
    """Return how courses vary, of which the ``state`` and the ``unit`` are known."""
    courses = courses.assign(month=_months(courses["first_day"]))
    around = funnel.funnel(courses, counted=counted)
    months = control_charts.monthly(courses, counted=counted)
    return Variation(
        counted=counted,
        by=by,
        courses=courses,
        all=_tally(courses["state"].value_counts()),
        units=_placed(_tallies(courses, "unit"), around),
        by_month=_tallies(courses, "month"),
        funnel=around,
        months=months,
        p_chart=control_charts.p_chart(months),
        xmr=control_charts.xmr_of_months(months),
    )


def _placed(
    tallies: Mapping[str, Tally], around: Funnel | funnel.TooFew
) -> tuple[Unit, ...]:
    inside = around.units if isinstance(around, Funnel) else ()
    placed = {unit.unit: unit for unit in inside}
    names = sorted(tallies, key=lambda name: (not name, name.casefold(), name))
    return tuple(Unit(name, tallies[name], placed.get(name)) for name in names)


def _tallies(courses: pd.DataFrame, column: str) -> dict[str, Tally]:
    counts = courses.groupby([column, "state"]).size()
    return {
        name: _tally(counts[name]) for name in counts.index.get_level_values(0).unique()
    }


def _tally(of_state: pd.Series) -> Tally:
    """Return what became of courses, from their number in each state."""
    measured, due = SHARES[COMPLETENESS]
    return Tally(
        due=int(of_state.reindex(due, fill_value=0).sum()),
        measured=int(of_state.reindex(measured, fill_value=0).sum()),
        events=int(of_state.get(EVENT, 0)),
    )


def _units(practice: Practice, courses: pd.DataFrame, by: str) -> pd.Series:
    if by == CLINICIAN:
        return courses["clinician"]
    sites = course_sites_frame(practice.connection).set_index("course_id")["site"]
    return courses["course_id"].map(sites).astype("str")


def _months(days: pd.Series) -> pd.Series:
    dates = days.to_numpy(dtype="int64").astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype("str")
    return pd.Series(months, index=days.index, dtype="str")
