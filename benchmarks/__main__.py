"""Time what people wait for, each beside the least it could cost, on both databases.

Run with ``make bench``. A ratio is the figure divided by its bound from the same run;
both are medians, the bound without this project's code between it and the database.
"""

import argparse
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks import caseload, outcomes_page
from benchmarks import patient_page as whole_page
from benchmarks.imports import ROWS, import_seconds
from benchmarks.synthetic import BENCHMARK, ONE_PASS, fill
from data import frames
from data.assessments import AssessmentFacts, add_assessment, list_assessments
from data.course_scores import rebuild_course_scores
from data.database import Engine, migrate, open_database, reading, writing
from data.infusions import list_infusions
from measures.registry import default_criterion
from measures.timepoints import DEFAULT_TIMEPOINT
from tests.throwaway_postgresql import postgresql_is_installed, throwaway_postgresql
from views.results.counts.recut import Practice, Selection, outcome


SIZES = (10_000, 400_000)
SMALLEST = 10_000
"""Forms are written and imported into 500 courses, which fewer do not have."""
WRITES = 300
READS = 300
TODAY = 21_000

COPY_SCORES = "CREATE TEMPORARY TABLE copied AS SELECT * FROM course_scores"
ONE_COURSE = "SELECT * FROM assessment WHERE course_id = 17 AND state = 'current'"


def main() -> None:
    """Print every figure for every size on every database that is there."""
    arguments = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = arguments.parse_args().sizes
    if min(sizes) < SMALLEST:
        arguments.error(f"{min(sizes):,} forms; allowed: {SMALLEST:,} or more")
    # As the dashboard does when it starts: see dashboard.lifespan.
    gc.collect()
    gc.freeze()
    print(f"{os.cpu_count()} cores; medians; ratio = figure / bound of the same run")
    whole_page.main()
    outcomes_page.main()
    steps = [lists, *(partial(measure, size=size) for size in sizes)]
    for step in steps:
        with sqlite_engine() as engine:
            step("SQLite", engine)
        if not postgresql_is_installed():
            print("PostgreSQL: skipped, no server is installed")
            continue
        with postgresql_engine() as engine:
            step("PostgreSQL", engine)


def lists(name: str, engine: Engine) -> None:
    """Caseload and Today of 2,000 patients, beside one raw pass over what they hold."""
    with writing(engine, BENCHMARK) as connection:
        fill(connection, caseload.ASSESSMENTS, days=caseload.DAYS)
    settle(engine)
    print(f"\n{name}, {caseload.PATIENTS:,} patients, {caseload.ASSESSMENTS:,} forms")
    least = timed(lambda: caseload.bound(engine), 15)
    for step in (caseload.caseload, caseload.today):
        seconds = timed(partial(step, engine), 15)
        line(step.__name__, seconds, "patients and forms, raw", least)


def measure(name: str, engine: Engine, size: int) -> None:
    """Fill a database of this size and print its figures."""
    with writing(engine, BENCHMARK) as connection:
        fill(connection, size)
    settle(engine)
    print(f"\n{name}, {size:,} assessments")
    report(engine)
    patient_page(engine)
    rebuild(engine)
    single_write(engine)
    importing(engine)


def report(engine: Engine) -> None:
    """The cohort's rate from the stored scores, beside one pass over the forms."""
    criterion = default_criterion("phq9", "response")

    def rate() -> None:
        with reading(engine, BENCHMARK) as connection:
            practice = Practice(connection, Selection(as_of_day=TODAY))
            outcome(practice, criterion, DEFAULT_TIMEPOINT.code)

    def bound() -> None:
        with reading(engine, BENCHMARK) as connection:
            connection.exec_driver_sql(ONE_PASS).all()

    line("cohort report", timed(rate, 7), "GROUP BY, covering index", timed(bound, 7))


def patient_page(engine: Engine) -> None:
    """One course's forms and infusions, beside one SELECT by its index."""

    def page() -> None:
        with reading(engine, BENCHMARK) as connection:
            list_assessments(connection, 17)
            list_infusions(connection, 17)
            frames.baseline_ids(connection, 17)

    def bound() -> None:
        with reading(engine, BENCHMARK) as connection:
            connection.exec_driver_sql(ONE_COURSE).all()

    line("patient page", timed(page, READS), "one raw SELECT", timed(bound, READS))


def rebuild(engine: Engine) -> None:
    """Every score derived anew, beside copying as many rows."""

    def all_scores() -> None:
        with writing(engine, BENCHMARK) as connection:
            rebuild_course_scores(connection)

    def bound() -> None:
        with writing(engine, BENCHMARK) as connection:
            connection.exec_driver_sql(COPY_SCORES)
            connection.exec_driver_sql("DROP TABLE copied")

    line("rebuild", timed(all_scores, 1), "copy of the rows", timed(bound, 1))


def single_write(engine: Engine) -> None:
    """A form with alert, scores and audit, beside one durable commit of one row."""
    start = datetime(2026, 6, 1, tzinfo=UTC)
    numbers = iter(range(10_000))

    def write() -> None:
        number = next(numbers)
        facts = AssessmentFacts(
            "phq9",
            "two_weeks",
            start + timedelta(minutes=number),
            answers=(1,) * 9,
        )
        with writing(engine, BENCHMARK) as connection:
            add_assessment(connection, course_id=number % 500 + 1, facts=facts)

    with writing(engine, BENCHMARK) as connection:
        connection.exec_driver_sql("CREATE TABLE one_row (number INTEGER)")

    def bound() -> None:
        with writing(engine, BENCHMARK) as connection:
            connection.exec_driver_sql("INSERT INTO one_row VALUES (1)")

    figure, least = timed(write, WRITES), timed(bound, WRITES)
    line("one write", figure, "one durable row", least)
    line("one write, p95", [p95(figure)], "one durable row, p95", [p95(least)])


def importing(engine: Engine) -> None:
    """A file of forms, beside a bare executemany of as many finished rows."""
    ours, least = import_seconds(engine)
    line("import", [ours], "raw executemany", [least])
    print(f"  {'':<16} {ROWS / ours:>10,.0f} rows a second")


def timed(step: Callable[[], None], times: int) -> list[float]:
    """Return the seconds of each of ``times`` runs, after one that does not count."""
    if times > 1:
        step()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begun)
    return seconds


def p95(seconds: list[float]) -> float:
    """Return the time that 95 in 100 stay under."""
    return statistics.quantiles(seconds, n=20)[-1]


def line(name: str, figure: list[float], bound_name: str, bound: list[float]) -> None:
    """Print one figure, its bound and the ratio."""
    ours, least = statistics.median(figure), statistics.median(bound)
    print(
        f"  {name:<16} {ours * 1e3:>10.2f} ms   {bound_name:<26}"
        f" {least * 1e3:>10.2f} ms   ratio {ours / least:>7.2f}",
        flush=True,
    )


def settle(engine: Engine) -> None:
    """Let the database learn how its rows are spread, as it does in time."""
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


@contextmanager
def sqlite_engine() -> Iterator[Engine]:
    """Yield a new SQLite practice in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'practice.db'}"
        migrate(url)
        engine = open_database(url)
        yield engine
        engine.dispose()


@contextmanager
def postgresql_engine() -> Iterator[Engine]:
    """Yield a new PostgreSQL practice on a server that waits for the disk."""
    with throwaway_postgresql(durable=True) as server:
        url = server.url(server.create())
        migrate(url)
        engine = open_database(url)
        yield engine
        engine.dispose()


if __name__ == "__main__":
    main()
