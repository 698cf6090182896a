"""Other patients of the practice who began as this one did: numbers, never names."""

from functools import cache

from sqlalchemy import Connection, Select, bindparam, func, select

from data.actors import Right
from data.scope import check_course, of_sites, sites_reached
from data.tables import course, course_scores, patient
from measures.registry import TIMEPOINTS
from measures.timepoints import INFUSION_K


_AFTER_INFUSION = {
    t.code: t.infusion for t in TIMEPOINTS.values() if t.anchor == INFUSION_K
}


def similar_changes(
    connection: Connection,
    course_id: int,
    *,
    measure: str,
    recall_window: str,
    baselines: tuple[int, int],
) -> list[tuple[int, int, int]]:
    """Return how the scores of similar patients within reach had changed.

    Similar: another patient's first course, for the same recorded indication, with a
    baseline in the same range on the same measure and recall window.

    Parameters
    ----------
    connection
        Where to read.
    course_id
        The course to compare with; its patient is left out.
    measure, recall_window
        Codes.
    baselines
        Lowest and highest baseline.

    Returns
    -------
    list of tuple
        Infusion number, change from baseline to the score after that infusion, and how
        many patients had this change.
    """
    patient_id = check_course(connection, Right.READ_RECORDS, course_id)
    lowest, highest = baselines
    asked = {
        "of_course": course_id,
        "of_patient": patient_id,
        "measure": measure,
        "recall_window": recall_window,
        "lowest": lowest,
        "highest": highest,
    }
    query = _similar(sites_reached(connection, Right.READ_RECORDS))
    return [
        (_AFTER_INFUSION[timepoint], points, patients)
        for timepoint, points, patients in connection.execute(query, asked)
    ]


@cache
def _similar(sites: frozenset[int] | None) -> Select:
    # A patient's page asks this of each measure: it is put together once.
    indication = (
        select(course.c.indication)
        .where(course.c.id == bindparam("of_course"))
        .scalar_subquery()
    )
    change = course_scores.c.total - course_scores.c.baseline
    return (
        select(course_scores.c.timepoint, change, func.count())
        .join_from(course_scores, course, course.c.id == course_scores.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(
            course_scores.c.measure == bindparam("measure"),
            course_scores.c.recall_window == bindparam("recall_window"),
            course_scores.c.timepoint.in_(_AFTER_INFUSION),
            course_scores.c.baseline.between(bindparam("lowest"), bindparam("highest")),
            course_scores.c.total.is_not(None),
            # Null where it was not recorded, and then equal to none.
            course.c.indication == indication,
            course.c.number == 1,
            course.c.patient_id != bindparam("of_patient"),
            of_sites(sites),
        )
        .group_by(course_scores.c.timepoint, change)
    )
