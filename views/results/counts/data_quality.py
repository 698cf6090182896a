"""How well the record of the chosen courses is kept, and the records behind it.

Forms without an infusion belong to no started course, and a refused import to no course
at all: both are of the whole practice, whatever was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.data_quality import (
    STANDING,
    FormPlaces,
    FormsDue,
    Protocol,
    classify_infusions,
    form_places,
    form_quality,
    forms_due,
    forms_of,
    infusions_without_forms,
    protocol_kept,
)
from analysis.occurrences import Occurrence
from data import data_quality_frames
from data.exchange.refused import RefusedImport, refused_imports
from measures.days import day_date
from measures.registry import MEASURES, TIMEPOINTS
from measures.timepoints import INFUSION_K
from views.results.counts.recut import Practice


FOLLOWED = tuple(
    timepoint.code
    for timepoint in TIMEPOINTS.values()
    if timepoint.anchor != INFUSION_K
)
"""The time points of a course; forms before each infusion are counted on their own."""


@dataclass(frozen=True, eq=False)
class QualityRecords:
    """The records that the quality of the record is told from, each read once."""

    courses: dict[str, pd.DataFrame]
    """The chosen courses, by the code of each time point asked about."""
    forms: pd.DataFrame
    """Forms of the measure of the chosen courses, as `forms_of` returns them."""
    infusions: pd.DataFrame
    """Of the chosen courses, up to the as-of day."""
    all_forms: pd.DataFrame
    """Forms of every measure and course, up to the as-of day."""
    all_infusions: pd.DataFrame
    imports: tuple[RefusedImport, ...]
    measure: str
    recall_window: str
    as_of_day: int


@dataclass(frozen=True)
class DataQuality:
    """What is counted of the records."""

    due: tuple[FormsDue, ...]
    """By time point, in the order of a course."""
    forms: tuple[Occurrence, ...]
    """By question, of ``analysis.data_quality.QUESTIONS``."""
    without_form: Occurrence
    """Infusions before which no form of the measure was completed."""
    of_never_asked: int
    """Of them, those of courses that never had one."""
    places: FormPlaces
    """Forms of every measure, of the whole practice."""
    protocol: Protocol
    imports: tuple[RefusedImport, ...]


def quality_records(
    practice: Practice,
    measure: str,
    *,
    recall_window: str | None = None,
    timepoints: Sequence[str] = FOLLOWED,
) -> QualityRecords:
    """Read what the quality of the record is told from.

    Parameters
    ----------
    practice
        The chosen courses.
    measure
        Code.
    recall_window
        Code; None for the measure's own.
    timepoints
        Codes; at least one.
    """
    window = recall_window or MEASURES[measure].default_recall_window.code
    as_of_day = practice.selection.as_of_day
    courses = {code: practice.courses(measure, code, window) for code in timepoints}
    chosen = next(iter(courses.values()))["course_id"]
    connection = practice.connection
    all_forms = forms_of(data_quality_frames.form_versions_frame(connection))
    all_forms = all_forms[all_forms["day"] <= as_of_day]
    infusions = data_quality_frames.infusion_days_frame(connection)
    of_chosen = all_forms["course_id"].isin(chosen)
    return QualityRecords(
        courses=courses,
        forms=all_forms[of_chosen & (all_forms["measure"] == measure)],
        infusions=infusions[
            infusions["course_id"].isin(chosen) & (infusions["day"] <= as_of_day)
        ],
        all_forms=all_forms,
        all_infusions=infusions,
        imports=refused_imports(connection, to_day=day_date(as_of_day)),
        measure=measure,
        recall_window=window,
        as_of_day=as_of_day,
    )


def data_quality(records: QualityRecords, *, confidence: float = 0.95) -> DataQuality:
    """Count the records.

    Parameters
    ----------
    records
        From `quality_records`.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    asked = {"as_of_day": records.as_of_day, "confidence": confidence}
    of_any_timepoint = next(iter(records.courses.values()))
    return DataQuality(
        due=tuple(
            forms_due(courses, timepoint=code, measure=records.measure, **asked)
            for code, courses in records.courses.items()
        ),
        forms=form_quality(records.forms, confidence=confidence),
        without_form=infusions_without_forms(
            records.infusions,
            records.forms,
            measure=records.measure,
            confidence=confidence,
        ),
        of_never_asked=_of_never_asked(records),
        places=form_places(
            records.all_forms, records.all_infusions, as_of_day=records.as_of_day
        ),
        protocol=protocol_kept(of_any_timepoint, **asked),
        imports=records.imports,
    )


def _of_never_asked(records: QualityRecords) -> int:
    """Return how many infusions are of courses that never had a form of the measure."""
    given = classify_infusions(
        records.infusions, records.forms, measure=records.measure
    )
    standing = records.forms[records.forms["state"] == STANDING]
    return int((~given["course_id"].isin(standing["course_id"])).sum())
