"""Files to records: read, looked at first, then written whole or not at all."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from data.actors import Right, require
from data.alerts import LEFT_OUT, to_ask_about
from data.audit import add_audit_entry
from data.exchange.assessments_csv import AssessmentsReader
from data.exchange.cells import CellFault
from data.exchange.chunks import without_collecting
from data.exchange.columns import INFUSIONS, read_layout
from data.exchange.infusions_csv import InfusionsReader
from data.exchange.mapping import NO_MAPPING, Mapping
from data.exchange.placing import Options, Plan, make_plan
from data.exchange.problems import ImportRefused, Problem, Progress
from data.exchange.reading import Sheet, SourceFile, read_sheet
from data.exchange.rows import FileReading, FormRow, Row
from data.exchange.writing import write_plan


ROWS_BETWEEN_NEWS = 5_000
MOST_PROBLEMS = 10_000
NO_OPTIONS = Options()


@dataclass(frozen=True)
class Batch:
    """What some files hold, before anything is known of the practice."""

    readings: tuple[FileReading, ...]
    problems: tuple[Problem, ...]
    """Of files that could not be read at all, and of the rows of the others."""

    @property
    def notices(self) -> tuple[Problem, ...]:
        """Things to know that stop nothing."""
        return tuple(n for reading in self.readings for n in reading.notices)


@dataclass(frozen=True)
class FilePreview:
    """What one file would add; counts of forms are of those that would be added."""

    file: str
    kind: str
    rows: int
    to_add: int
    already_there: int
    blank_rows: int
    rows_without_answers: int
    infusions: int
    forms_complete: int
    forms_incomplete: int
    forms_total_only: int
    item_9_positive: int
    item_9_left_out: int
    columns_not_used: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What an import would do, or has done."""

    files: tuple[FilePreview, ...]
    patients_new: int
    patients_known: int
    courses_opened: int
    rows_of_several_courses: int
    """Rows of patients with several courses: each goes to the latest opened by then."""
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]
    alerts_opened: int = 0
    """How many item-9 alerts the import has opened; 0 before it."""

    @property
    def to_add(self) -> int:
        """How many infusions and forms would be added."""
        return sum(file.to_add for file in self.files)

    @property
    def already_there(self) -> int:
        """How many infusions and forms are recorded already."""
        return sum(file.already_there for file in self.files)


@without_collecting()
def read_files(
    sources: Sequence[SourceFile],
    mapping: Mapping = NO_MAPPING,
    *,
    progress: Progress | None = None,
) -> Batch:
    """Read some files that belong together.

    Parameters
    ----------
    sources
        The files; each once.
    mapping
        What was declared about them; a column that only some of them have is fine.
    progress
        Told how far it is.

    Returns
    -------
    Batch
        With every problem found; a file that cannot be read at all is only there.
    """
    tell = progress or _nobody
    problems = list(_same_names(sources))
    sheets = []
    for source in sources if not problems else ():
        with _collecting(problems):
            sheet = read_sheet(
                source, encoding=mapping.encoding, separator=mapping.separator
            )
            sheets.append((source, sheet))
    problems += _mapped_nowhere(sheets, mapping)
    readings = []
    for number, (source, sheet) in enumerate(sheets if not problems else ()):
        with _collecting(problems):
            layout = read_layout(sheet, mapping)
            reading = FileReading(source, layout)
            _read_rows(reading, sheet, _within(tell, number, len(sheets)))
            readings.append(reading)
            problems += reading.problems
    return Batch(tuple(readings), tuple(problems))


def preview_import(
    connection: Connection, batch: Batch, options: Options = NO_OPTIONS
) -> Preview:
    """Return what an import would add, and every problem that stands in its way."""
    require(connection, Right.RECORD)
    return _preview(batch, make_plan(connection, batch.readings, options))


@without_collecting()
def commit_import(
    connection: Connection,
    batch: Batch,
    options: Options = NO_OPTIONS,
    *,
    progress: Progress | None = None,
) -> Preview:
    """Add what some files hold, all of it or nothing.

    The same files again add nothing.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``.
    batch
        From `read_files`.
    options
        What is allowed.
    progress
        Told how far it is.

    Returns
    -------
    Preview
        What was added.

    Raises
    ------
    ImportRefused
        If there is a problem; nothing was written.
    """
    require(connection, Right.RECORD)
    tell = progress or _nobody
    tell(0.0, "Comparing with what is recorded …")
    plan = make_plan(connection, batch.readings, options)
    done = _preview(batch, plan)
    if done.problems:
        raise ImportRefused(done.problems)
    if plan.rows:
        opened = write_plan(
            connection,
            plan,
            tell=lambda share: tell(0.1 + 0.8 * share, "Writing …"),
        )
        done = replace(done, alerts_opened=opened)
        _audit(connection, batch, done)
    tell(1.0, "Done.")
    return done


def _read_rows(reading: FileReading, sheet: Sheet, tell: Progress) -> None:
    kind = InfusionsReader if reading.layout.kind == INFUSIONS else AssessmentsReader
    reader = kind(reading)
    for row, cells in sheet.read():
        if sheet.rows % ROWS_BETWEEN_NEWS == 1:
            share = min(1.0, sheet.rows / max(1, sheet.lines))
            tell(share, f"Reading {sheet.file} …")
        if len(cells) == len(sheet.header):
            reader.read_row(row, cells)
        else:
            fault = CellFault(f"has {len(cells)} cells", f"{len(sheet.header)}")
            reading.fault(row, "", "", fault)
        if len(reading.problems) >= MOST_PROBLEMS:
            # Nobody reads more, and a file of nothing else would fill the memory.
            reading.problems.append(_not_read_on(sheet, row))
            break
    reading.rows, reading.blank_rows = sheet.rows, sheet.blank_rows
    reading.problems += reader.finish()
    reading.tell_counted()


def _not_read_on(sheet: Sheet, row: int) -> Problem:
    fault = f"has {MOST_PROBLEMS:,} problems up to row {row:,}; the rest was not read"
    return Problem(sheet.file, None, "", "", fault)


def _preview(batch: Batch, plan: Plan) -> Preview:
    by_file: dict[str, list[Row]] = {reading.file: [] for reading in batch.readings}
    for _, row in plan.rows:
        by_file[row.file].append(row)
    return Preview(
        files=tuple(
            _file_preview(reading, by_file[reading.file], plan)
            for reading in batch.readings
        ),
        patients_new=len(plan.new_patients),
        patients_known=plan.patients_known,
        courses_opened=len(plan.new_patients) + len(plan.courses_to_open),
        rows_of_several_courses=plan.several_courses,
        problems=(*batch.problems, *plan.problems),
        notices=(*batch.notices, *plan.notices),
    )


def _file_preview(reading: FileReading, rows: list[Row], plan: Plan) -> FilePreview:
    forms = [row for row in rows if isinstance(row, FormRow)]
    return FilePreview(
        file=reading.file,
        kind=reading.layout.kind,
        rows=reading.rows,
        to_add=len(rows),
        already_there=plan.already_there[reading.file],
        blank_rows=reading.blank_rows,
        rows_without_answers=reading.rows_without_answers,
        infusions=len(rows) - len(forms),
        forms_complete=sum(
            form.answers is not None and form.total is not None for form in forms
        ),
        forms_incomplete=sum(form.total is None for form in forms),
        forms_total_only=sum(form.answers is None for form in forms),
        item_9_positive=sum(bool(form.item_9) for form in forms),
        item_9_left_out=sum(
            to_ask_about(form.measure, form.answers, form.item_9) == LEFT_OUT
            for form in forms
        ),
        columns_not_used=reading.layout.unused,
    )


def _audit(connection: Connection, batch: Batch, done: Preview) -> None:
    for reading, file in zip(batch.readings, done.files, strict=True):
        if file.to_add:
            subject = f"file sha256:{reading.source.sha256} {file.to_add:,} rows"
            add_audit_entry(connection, action="import", subject=subject)


def _same_names(sources: Sequence[SourceFile]) -> Iterator[Problem]:
    for name, times in Counter(source.name for source in sources).items():
        if times > 1:
            yield Problem(name, None, "", "", "is there twice", "each file once")


def _mapped_nowhere(
    sheets: list[tuple[SourceFile, Sheet]], mapping: Mapping
) -> Iterator[Problem]:
    names = [name for _, sheet in sheets for name in sheet.header]
    files = ", ".join(sheet.file for _, sheet in sheets)
    for name in mapping.columns:
        if sheets and name not in names:
            fault = "is in the mapping file, and not in the header"
            yield Problem(files, 1, name, "", fault, "a column as the header spells it")


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    """Keep a refusal's problems, and go on after the block."""
    try:
        yield
    except ImportRefused as refused:
        problems += refused.problems


def _within(tell: Progress, number: int, count: int) -> Progress:
    """Return the progress of one file as part of the progress of all."""
    return lambda fraction, text: tell((number + fraction) / count, text)


def _nobody(_fraction: float, _text: str) -> None:
    """Nobody wants to know how far it is."""
