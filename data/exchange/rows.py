"""What a file gives: rows that can be kept, problems, and things to know."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from data.exchange.cells import CellFault
from data.exchange.columns import Layout
from data.exchange.dates import ALLOWED, DateColumn, Moment
from data.exchange.mapping import BY_ROW
from data.exchange.meanings import RECORD_NUMBER
from data.exchange.new_patients import PatientFact
from data.exchange.problems import Problem
from data.exchange.reading import SourceFile
from measures.registry import MEASURES


class FormRow(NamedTuple):
    """One accepted form, with the columns it fills."""

    file: str
    row: int
    record_number: str
    measure: str
    moment: Moment
    recall_window: str
    answers: str | None
    answered: int | None
    total: int | None
    item_9: int | None
    difficulty: int | None

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no two forms of a patient share."""
        return self.measure, self.recall_window, self.moment.minute

    @property
    def day_identity(self) -> tuple[Any, ...]:
        """What could be the same form, as long as a time is not known."""
        return self.measure, self.recall_window, self.moment.day

    @property
    def what(self) -> str:
        """The kind of record, for messages."""
        return f"{MEASURES[self.measure].name} form"

    def agrees_with(self, kept: Any) -> bool:
        """Whether it says nothing else than what is kept under its identity."""
        if self.answers is None:
            same = self.total == kept.total
        else:
            same = self.answers == kept.answers
        return same and self.difficulty in (None, kept.difficulty)


class InfusionRow(NamedTuple):
    """One accepted infusion; None where the file says nothing."""

    file: str
    row: int
    record_number: str
    moment: Moment
    phase: str | None
    dose_mg_per_kg: float | None
    dose_mg: float | None
    route: str | None
    minutes: int | None

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no two infusions of a patient share."""
        return (self.moment.minute,)

    @property
    def day_identity(self) -> tuple[Any, ...]:
        """What could be the same infusion, as long as a time is not known."""
        return (self.moment.day,)

    @property
    def what(self) -> str:
        """The kind of record, for messages."""
        return "infusion"

    def agrees_with(self, kept: Any) -> bool:
        """Whether it says nothing else than what is kept under its identity."""
        facts = ("phase", "dose_mg_per_kg", "dose_mg", "route", "minutes")
        return all(getattr(self, fact) in (None, getattr(kept, fact)) for fact in facts)


Row = FormRow | InfusionRow


@dataclass
class FileReading:
    """What was read from one file; ``problems`` refuse it, ``notices`` only inform."""

    source: SourceFile
    layout: Layout
    rows: int = 0
    blank_rows: int = 0
    rows_without_answers: int = 0
    accepted: list[Row] = field(default_factory=list)
    patients: dict[str, dict[str, PatientFact]] = field(default_factory=dict)
    """What is said of patients, by record number and meaning."""
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    _counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def file(self) -> str:
        """The file's name."""
        return self.source.name

    def fault(self, row: int | None, column: str, value: str, fault: CellFault) -> None:
        """Add a problem with one cell."""
        self.problems.append(
            Problem(self.file, row, column, value, fault.fault, fault.allowed)
        )

    def notice(self, row: int | None, column: str, value: str, what: str) -> None:
        """Add something to know that stops nothing."""
        self.notices.append(Problem(self.file, row, column, value, what))

    def count(self, column: str, what: str) -> None:
        """Count something to know that is told once for the whole file."""
        self._counted[column, what] += 1

    def tell_counted(self) -> None:
        """Add a notice for everything that was counted."""
        for (column, what), times in self._counted.items():
            rows = "row" if times == 1 else "rows"
            self.notice(None, column, "", f"{what} ({times:,} {rows})")
        self._counted.clear()


class CellReader:
    """Reads one column; texts seen before are not looked at again.

    A blank cell is None, and so is a declared "no value" that ``read`` refuses.
    """

    def __init__(
        self, reading: FileReading, meaning: str, read: Callable[[str], Any]
    ) -> None:
        self._reading, self._read = reading, read
        self.position = reading.layout.index.get(meaning)
        self._seen: dict[str, Any] = {"": None}

    def read(self, row: int, cells: list[str]) -> Any:
        """Return what the row's cell holds; None also after telling a problem."""
        if self.position is None:
            return None
        text = cells[self.position]
        if text in self._seen:
            return self._seen[text]
        return self._read_new(row, text)

    def _read_new(self, row: int, text: str) -> Any:
        stripped = text.strip()
        try:
            value = self._read(stripped) if stripped else None
        except CellFault as fault:
            if stripped not in self._reading.layout.mapping.missing:
                column = self._reading.layout.header[self.position]
                self._reading.fault(row, column, stripped, fault)
                return None
            value = None
        self._seen[text] = value
        return value


class RowReader:
    """Reads the cells that every kind of file has."""

    def __init__(self, reading: FileReading) -> None:
        self.reading = reading
        self.layout = reading.layout

    def record_number(self, row: int, cells: list[str]) -> str | None:
        """Return the patient's record number; None after telling what is wrong."""
        mapping = self.layout.mapping
        position = self.layout.index.get(RECORD_NUMBER)
        if position is None:
            assert mapping.record_number == BY_ROW, mapping.record_number
            prefix = mapping.record_prefix or f"{_stem(self.layout.file)}-"
            return f"{prefix}{row}"
        text = cells[position].strip()
        if not text:
            fault = CellFault("the record number is blank", "one in every row")
            self.reading.fault(row, self.layout.header[position], "", fault)
            return None
        return f"{mapping.record_prefix or ''}{text}"

    def moment(
        self, row: int, cells: list[str], meaning: str, column: DateColumn
    ) -> Moment | None:
        """Return the row's moment; None after telling, or asking, what is wrong."""
        position = self.layout.index[meaning]
        text = cells[position].strip()
        try:
            if not text:
                raise CellFault("the date is blank", ALLOWED)
            return column.read(row, text)
        except CellFault as fault:
            self.reading.fault(row, self.layout.header[position], text, fault)
            return None

    def note_patient(self, row: int, cells: list[str], record_number: str) -> None:
        """Keep what the row says of its patient; two rows must not contradict."""
        nothing = self.layout.mapping.missing
        for meaning in self.layout.about_patients:
            position = self.layout.index[meaning]
            text = cells[position].strip()
            if not text or text in nothing:
                continue
            column = self.layout.header[position]
            fact = PatientFact(self.layout.file, row, column, meaning, text)
            theirs = self.reading.patients.setdefault(record_number, {})
            first = theirs.setdefault(meaning, fact)
            if first.text != text:
                self.reading.problems.append(fact.contradicts(first))


def _stem(file: str) -> str:
    return file.rpartition(".")[0] or file
