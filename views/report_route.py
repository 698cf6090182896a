"""Where the progress report is fetched: asked of the data, noted, and sent."""

from collections.abc import Mapping
from functools import cache

from access.downloads import Download, download_route
from access.visitors import door_engine, example_engine
from data.actors import Actor, operator
from data.alerts import list_alerts
from data.audit import EXPORT, note
from data.course_scores import rebuild_if_outdated
from data.database import Connection, Engine, plain_refusals, reading, writing
from data.moments import now_at_practice
from data.patients import get_course, get_patient
from data.settings import read_settings
from views.course_record import load_course
from views.report_facts import Printed, Report, progress_report
from views.report_pdf import report_pdf
from views.state import EXAMPLE, PRACTICES, example_actor


FILE_NAME = "progress-report.pdf"


def report_address(course_id: int, *, is_example: bool) -> str:
    """Return the address of a course's report, which names nobody.

    Examples
    --------
    >>> report_address(12, is_example=True)
    '/report/12.pdf?practice=Example'
    """
    query = f"?practice={PRACTICES[EXAMPLE]}" if is_example else ""
    return f"/report/{course_id}.pdf{query}"


def make_report(actor: Actor, asked: Mapping[str, str]) -> Download:
    """Return the report of a course, and note that it was taken out.

    Raises
    ------
    data.errors.RecordError
        If there is no such course for this actor.
    data.errors.DatabaseError
        If the records cannot be reached.
    """
    is_example = asked.get("practice") == PRACTICES[EXAMPLE]
    engine = _up_to_date(example_engine() if is_example else door_engine())
    who = example_actor(actor) if is_example else actor
    course_id = int(asked["course_id"])
    content, patient_id = _content(engine, who, course_id, is_example=is_example)
    with plain_refusals(), writing(engine, who) as connection:
        note(connection, EXPORT, f"progress report of course {course_id}", patient_id)
    return Download(content, "application/pdf", FILE_NAME)


@cache
def _up_to_date(engine: Engine) -> Engine:
    """Return the database with baselines by the present definitions, as pages do."""
    with plain_refusals(), writing(engine, operator("Infusion Outcomes")) as connection:
        rebuild_if_outdated(connection)
    return engine


def _content(
    engine: Engine, who: Actor, course_id: int, *, is_example: bool
) -> tuple[bytes, str]:
    """Return the file, and whose it is."""
    with plain_refusals(), reading(engine, who) as connection:
        printed = Printed(
            by=who.name,
            at=now_at_practice(),
            practice=read_settings(connection).practice_name,
            is_example=is_example,
        )
        report, patient_id = _report(connection, course_id, printed)
    return report_pdf(report, printed.at), patient_id


def _report(
    connection: Connection, course_id: int, printed: Printed
) -> tuple[Report, str]:
    course = get_course(connection, course_id)
    patient = get_patient(connection, course.patient_id)
    alerts = list_alerts(connection, patient_id=patient.id)
    record = load_course(connection, course)
    return progress_report(record, patient, alerts, printed), patient.id


REPORT_ROUTES = [download_route("/report/{course_id:int}.pdf", make_report)]
