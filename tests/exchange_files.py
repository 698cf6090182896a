"""Files written as text in a test, and what is read from them."""

from textwrap import dedent

from sqlalchemy import func, select

from data.database import reading, writing
from data.exchange.importing import Options, commit_import, read_files
from data.exchange.mapping import NO_MAPPING, read_mapping
from data.exchange.reading import SourceFile
from data.tables import metadata
from tests.actors import TESTER


NEW = Options(new_patients=True)

FORM = "record_number,completed_at," + ",".join(f"phq9_{n}" for n in range(1, 10))
LONG = "record_number,completed_at,measure,recall_window,total"
INFUSION = "record_number,started_at,dose_mg_per_kg,dose_mg,minutes,route,phase"


def source(text, name="file.csv"):
    """Return a file from lines that may be indented."""
    return SourceFile(name, dedent(text).lstrip("\n").encode())


def mapping_of(text):
    return read_mapping(dedent(text).encode()) if text else NO_MAPPING


def read(text, mapping=""):
    return read_files([source(text)], mapping_of(mapping))


def sentences(text, mapping=""):
    """Return what is wrong with a file, one sentence a problem."""
    return [problem.sentence for problem in read(text, mapping).problems]


def the_row(text, mapping=""):
    """Return the one row that a file gives."""
    batch = read(text, mapping)
    assert not batch.problems, batch.problems
    (row,) = batch.readings[0].accepted
    return row


def commit(engine, *texts, mapping="", options=NEW):
    """Import files named 1.csv, 2.csv and so on."""
    files = [source(text, f"{n}.csv") for n, text in enumerate(texts, start=1)]
    batch = read_files(files, mapping_of(mapping))
    with writing(engine, TESTER) as connection:
        return commit_import(connection, batch, options)


def row_counts(engine):
    """Return how many rows every table has."""
    with reading(engine, TESTER) as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        }
