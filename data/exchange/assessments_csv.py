"""Rows of an assessments file, long or wide, to accepted forms and problems."""

from functools import partial
from typing import Any

from data.exchange.cells import CellFault, measure_of
from data.exchange.columns import WIDE
from data.exchange.dates import DateColumn, Moment, day_moment
from data.exchange.forms import FormReader
from data.exchange.meanings import COMPLETED_AT, MEASURE, of
from data.exchange.problems import Problem
from data.exchange.rows import CellReader, FileReading, FormRow, RowReader
from data.moments import now_at_practice
from measures.definition import Measure
from measures.registry import MEASURES


class AssessmentsReader(RowReader):
    """Reads one form a row, or the forms of several measures side by side."""

    def __init__(self, reading: FileReading) -> None:
        super().__init__(reading)
        self._now = now_at_practice()
        self._fixed = self._declared_moment()
        self._dates: dict[str, DateColumn] = {}
        self._forms = {m.code: FormReader(reading, m) for m in MEASURES.values()}
        known = partial(measure_of, measures=MEASURES.values())
        self._measure = CellReader(reading, MEASURE, known)

    def read_row(self, row: int, cells: list[str]) -> None:
        """Accept the row's forms, or tell their problems."""
        measures = self._measures(row, cells)
        filled = [m for m in measures if self._forms[m.code].filled(cells)]
        if not filled:
            self.reading.rows_without_answers += bool(measures)
            return
        record_number = self.record_number(row, cells)
        for measure in filled:
            form = self._form(measure, row, cells, record_number)
            if form is not None:
                self.reading.accepted.append(form)
        if record_number:
            self.note_patient(row, cells, record_number)

    def finish(self) -> list[Problem]:
        """Return what has to be asked about the file as a whole."""
        asked = [q for column in self._dates.values() for q in column.questions()]
        declared = self.layout.mapping.recall_window
        used = {form.recall_window for form in self.reading.accepted}
        if declared and used and declared not in used:
            fault = f"declare recall_window = {declared!r}: no form of the file has it"
            asked.append(Problem(self.layout.file, None, "", "", fault))
        return asked

    def _measures(self, row: int, cells: list[str]) -> tuple[Measure, ...]:
        if self.layout.kind == WIDE:
            return self.layout.measures
        if self.layout.mapping.measure:
            return (MEASURES[self.layout.mapping.measure],)
        faults = len(self.reading.problems)
        measure = self._measure.read(row, cells)
        if measure is None and len(self.reading.problems) == faults:
            fault = CellFault("the measure is blank", ", ".join(MEASURES))
            self.reading.fault(row, self.layout.name(MEASURE), "", fault)
        return (measure,) if measure else ()

    def _form(
        self, measure: Measure, row: int, cells: list[str], record_number: str | None
    ) -> FormRow | None:
        faults = len(self.reading.problems)
        moment = self._moment(measure, row, cells)
        given: dict[str, Any] = self._forms[measure.code].read(row, cells)
        sound = len(self.reading.problems) == faults
        if not (sound and record_number and moment):
            return None
        return FormRow(
            self.layout.file, row, record_number, measure.code, moment, **given
        )

    def _moment(self, measure: Measure, row: int, cells: list[str]) -> Moment | None:
        if self._fixed is not None:
            return self._fixed
        own = self.layout.first(of(measure, COMPLETED_AT), COMPLETED_AT)
        assert own, f"the layout of {self.layout.file} has no date for {measure.code}"
        if own not in self._dates:
            self._dates[own] = DateColumn(
                self.layout.file,
                self.layout.name(own),
                self.layout.mapping.date_order,
                self._now,
            )
        return self.moment(row, cells, own, self._dates[own])

    def _declared_moment(self) -> Moment | None:
        declared = self.layout.mapping.completed_at
        if declared is None:
            return None
        try:
            return day_moment(declared, self._now)
        except CellFault as fault:
            place = f"declare completed_at = {declared}"
            self.reading.fault(None, place, "", fault)
            # The rows are still read, so that their own problems are told as well.
            return day_moment(self._now.date(), self._now)
