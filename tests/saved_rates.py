"""A practice's rate as a page saves it: what is recorded, cut, chosen and counted."""

from analysis.outcomes import one_course_per_patient, select_courses
from analysis.snapshot import Counted, count
from data.course_scores import current_version
from data.frames import courses_frame
from data.snapshots import score_ids_frame
from measures.registry import CRITERIA


CUT = {"measure": "phq9", "recall_window": "two_weeks"}


def counted_now(
    connection,
    *,
    as_of_day: int,
    timepoint: str = "weeks_2_4",
    criterion=CRITERIA["phq9_response_50"],
    clinician: str | None = None,
) -> Counted:
    """Return the response on the PHQ-9 as recorded at this moment."""
    cut = {**CUT, "timepoint": timepoint, "as_of_day": as_of_day}
    chosen = select_courses(courses_frame(connection, **cut), clinician=clinician)
    return count(
        one_course_per_patient(chosen),
        score_ids_frame(connection, **cut),
        criterion,
        timepoint=timepoint,
        recall_window=CUT["recall_window"],
        eligible_at_least=10,
        as_of_day=as_of_day,
        filters={"clinician": clinician, "all_courses": False},
        scores_version=current_version(),
    )
