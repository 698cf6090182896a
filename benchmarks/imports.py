"""A file of forms through the importer, beside the same rows by executemany alone."""

import time
from datetime import timedelta

from benchmarks.synthetic import BENCHMARK
from data.database import Engine, writing
from data.exchange.importing import commit_import, read_files
from data.exchange.reading import SourceFile
from data.moments import from_minutes


ROWS = 20_000
FIRST_MINUTE = 22_000 * 1440
HEADER = "record_number,completed_at,measure," + ",".join(
    f"item_{number}" for number in range(1, 10)
)
RAW_INSERT = """
    INSERT INTO assessment (course_id, measure, recall_window, completed_minute,
        completed_offset, time_known, answers, answered, total, item_9, source,
        recorded_at, recorded_by)
    VALUES ({places})
"""


def import_seconds(engine: Engine) -> tuple[float, float]:
    """Return the seconds of an import of ``ROWS`` forms, and of the bare insert.

    Reading, checking, writing, alerts, scores and the audit entry on one side; on the
    other the driver's executemany of finished rows into the same table.
    """
    file = SourceFile("forms.csv", _file(minutes_later=0).encode())
    begun = time.perf_counter()
    batch = read_files([file])
    with writing(engine, BENCHMARK) as connection:
        commit_import(connection, batch)
    ours = time.perf_counter() - begun

    rows = list(_raw_rows(minutes_later=1))
    marks = ["?" if engine.dialect.name == "sqlite" else "%s"] * len(rows[0])
    begun = time.perf_counter()
    with writing(engine, BENCHMARK) as connection:
        connection.exec_driver_sql(RAW_INSERT.format(places=", ".join(marks)), rows)
    return ours, time.perf_counter() - begun


def _file(*, minutes_later: int) -> str:
    lines = [HEADER]
    for number in range(ROWS):
        at = from_minutes(_minute(number, minutes_later) - 3000 * 1440, 0)
        lines.append(f"S-{number % 500},{at.isoformat()},phq9,1,1,1,1,1,1,1,1,0")
    return "\n".join(lines)


def _raw_rows(*, minutes_later: int) -> list[tuple]:
    stamp = (from_minutes(FIRST_MINUTE, 0) - timedelta(days=1)).replace(tzinfo=None)
    facts = (0, True, "111111110", 9, 8, 0, "import", str(stamp), "benchmark")
    return [
        (
            number % 500 + 1,
            "phq9",
            "two_weeks",
            _minute(number, minutes_later) - 3000 * 1440,
            *facts,
        )
        for number in range(ROWS)
    ]


def _minute(number: int, minutes_later: int) -> int:
    return FIRST_MINUTE + number * 7 + minutes_later
