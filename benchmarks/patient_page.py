"""What a patient's page costs the server: 100 forms and 40 infusions, as it is sent.

The real application answers over its own socket, gate and all. Beside it, from the same
server in the same run, a page of two lines: what any page costs.
"""

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.served import Visitor, ask, browser, served, sign_in
from data.actors import operator
from data.alerts import ALERT_ACTIONS, close_alert, list_alerts
from data.assessments import AssessmentFacts, add_assessment
from data.database import Connection, migrate, open_database, sqlite_url, writing
from data.infusions import InfusionFacts, add_infusion
from data.moments import now_at_practice
from data.patients import add_patient, open_course
from measures.registry import MEASURES


INFUSIONS = 40
FORMS_PER_MEASURE = 50
DAYS_BETWEEN_INFUSIONS = 14
DAYS_BETWEEN_FORMS = 11
BATCHES = 5
RENDERS = 20
"""In each batch. Of the batches, the median and the one least disturbed are printed."""

PEER_MILLISECONDS = 800
"""CPU of an open-source peer for its tracker of 100 forms, measured elsewhere."""

# This account may not see it, so its page is a title, a sentence and a link.
TWO_LINES = "settings"


def main() -> None:
    """Print CPU, time and bytes of the page, beside the page of two lines."""
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "page.db")
        migrate(url)
        engine = open_database(url)
        with writing(engine, operator("benchmark")) as connection:
            patient_id = add_long_treatment(connection)
        engine.dispose()
        visitor = sign_in(url)
        with served(url, Path(folder)) as (port, process):
            pages = (("patient", f"patient={patient_id}"), (TWO_LINES, ""))
            page, bare = (
                asyncio.run(_renders(port, process, visitor, *place)) for place in pages
            )
    forms = FORMS_PER_MEASURE * len(MEASURES)
    times = f"{BATCHES} times {RENDERS} renders"
    print(f"\npatient page, {forms} forms and {INFUSIONS} infusions, {times}")
    _line("the page", page)
    _line("two lines of text", bare)
    print(
        f"  {page.cpu / bare.cpu:.1f}x the two lines; "
        f"{PEER_MILLISECONDS / page.cpu:.0f} times (least disturbed: "
        f"{PEER_MILLISECONDS / page.least_cpu:.0f}) quicker than a peer's "
        f"{PEER_MILLISECONDS} ms of CPU (not of this run)"
    )


def add_long_treatment(connection: Connection) -> str:
    """Write a patient with many infusions and forms, and return the id.

    Somebody acted on every item-9 alert but the last.
    """
    patient_id = add_patient(connection, record_number="B-1")
    course_id = open_course(connection, patient_id=patient_id, indication="both")
    first = now_at_practice() - timedelta(days=INFUSIONS * DAYS_BETWEEN_INFUSIONS + 1)
    first = first.replace(hour=12, minute=0, second=0, microsecond=0)
    for number in range(INFUSIONS):
        at = first + timedelta(days=number * DAYS_BETWEEN_INFUSIONS)
        facts = InfusionFacts(at, dose_mg_per_kg=0.5, minutes=40)
        add_infusion(connection, course_id=course_id, facts=facts)
    for number in range(FORMS_PER_MEASURE):
        at = first + timedelta(days=number * DAYS_BETWEEN_FORMS - 1)
        for measure in MEASURES.values():
            answer = measure.highest_answer - (number + 1) % measure.highest_answer
            facts = AssessmentFacts(
                measure=measure.code,
                recall_window=measure.default_recall_window.code,
                completed_at=at,
                answers=(answer,) * measure.item_count,
            )
            add_assessment(connection, course_id=course_id, facts=facts)
    _, *earlier = list_alerts(connection, patient_id=patient_id)
    for alert in earlier:
        close_alert(connection, alert.id, action=ALERT_ACTIONS[0], note="")
    return patient_id


@dataclass(frozen=True)
class Cost:
    """Milliseconds and bytes of one render."""

    cpu: float
    least_cpu: float
    waited: float
    size: int


async def _renders(
    port: int, process: subprocess.Popen, visitor: Visitor, page: str, query: str
) -> Cost:
    async with browser(port, visitor) as server:
        for _ in range(3):  # what is done once, in this process or this session
            size = await ask(server, page, query)
        waited, used = [], []
        for _ in range(BATCHES):
            before = cpu_milliseconds(process)
            for _ in range(RENDERS):
                begun = time.perf_counter()
                await ask(server, page, query)
                waited.append(1000 * (time.perf_counter() - begun))
            used.append((cpu_milliseconds(process) - before) / RENDERS)
    return Cost(statistics.median(used), min(used), statistics.median(waited), size)


def cpu_milliseconds(process: subprocess.Popen) -> float:
    """Return what the process has used so far, of itself and for it."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def _line(name: str, cost: Cost) -> None:
    print(
        f"  {name:20}{cost.cpu:7.1f} ms CPU (least {cost.least_cpu:.1f}) "
        f"{cost.waited:7.1f} ms waited {cost.size:10,} bytes"
    )


if __name__ == "__main__":
    main()
