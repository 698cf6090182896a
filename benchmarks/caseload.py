"""The two lists of the clinician's room, from the database to the finished rows."""

from benchmarks.synthetic import BENCHMARK, FIRST_DAY, FORMS_PER_COURSE
from data.database import Engine, reading
from views.caseload_rows import ATTENTION, caseload_rows, ordered
from views.dues import all_dues, is_active


PATIENTS = 2_000
ASSESSMENTS = PATIENTS * FORMS_PER_COURSE
# So near each other that every patient is active, some in induction, some after it.
DAYS = 60
TODAY = FIRST_DAY + DAYS

EVERY_FORM = """
    SELECT course_id, measure, recall_window, completed_minute, total
    FROM assessment WHERE state = 'current'
"""
EVERY_PATIENT = """
    SELECT patient.id, record_number, family_name, course.id, indication, infusions,
           last_day
    FROM patient
    JOIN course ON course.patient_id = patient.id
    LEFT JOIN course_progress ON course_progress.course_id = course.id
"""


def caseload(engine: Engine) -> None:
    """Make every row of the caseload, in its first order."""
    with reading(engine, BENCHMARK) as connection:
        ordered(caseload_rows(connection, TODAY), ATTENTION)


def today(engine: Engine) -> None:
    """Make every row of Today: what is due in each course, and who is active."""
    with reading(engine, BENCHMARK) as connection:
        courses = all_dues(connection, TODAY)
    for one in courses:
        if is_active(one.course, TODAY):
            one.near(TODAY)


def bound(engine: Engine) -> None:
    """Read every patient and form once, by the driver alone."""
    with reading(engine, BENCHMARK) as connection:
        connection.exec_driver_sql(EVERY_PATIENT).cursor.fetchall()
        connection.exec_driver_sql(EVERY_FORM).cursor.fetchall()
