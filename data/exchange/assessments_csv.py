"""Rows of an assessments file, long or wide, to accepted forms and problems."""

from functools import partial
from typing import Any

from data.exchange.cells import (
    AnswerReader,
    CellFault,
    measure_of,
    recall_window_of,
    whole_number_in,
)
from data.exchange.columns import WIDE, Layout
from data.exchange.dates import DateColumn, Moment, day_moment
from data.exchange.mapping import LABELS
from data.exchange.meanings import (
    COMPLETED_AT,
    DIFFICULTY,
    MEASURE,
    MOST_ITEMS,
    RECALL_WINDOW,
    TOTAL,
    item,
    of,
)
from data.exchange.problems import Problem
from data.exchange.rows import FileReading, FormRow, RowReader
from data.moments import now_at_practice
from measures.definition import Measure
from measures.registry import MEASURES
from measures.scoring import Score, digits, score


class AssessmentsReader(RowReader):
    """Reads one form a row, or the forms of several measures side by side."""

    def __init__(self, reading: FileReading, layout: Layout) -> None:
        super().__init__(reading, layout)
        self._now = now_at_practice()
        self._dates: dict[str, DateColumn] = {}
        self._fixed = self._declared_moment()
        self._forms = {m.code: FormReader(self, m) for m in MEASURES.values()}
        self._windows_used: set[str] = set()

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
        if declared and self.reading.accepted and declared not in self._windows_used:
            fault = f"declare recall_window = {declared!r}: no form of the file has it"
            asked.append(Problem(self.layout.file, None, "", "", fault))
        return asked

    def _measures(self, row: int, cells: list[str]) -> tuple[Measure, ...]:
        if self.layout.kind == WIDE:
            return self.layout.measures
        if self.layout.mapping.measure:
            return (MEASURES[self.layout.mapping.measure],)
        faults = len(self.reading.problems)
        read = partial(measure_of, measures=MEASURES.values())
        measure = self.cell(row, cells, MEASURE, read)
        if measure is None and len(self.reading.problems) == faults:
            fault = CellFault("the measure is blank", ", ".join(MEASURES))
            self.reading.fault(row, self.layout.name(MEASURE), "", fault)
        return (measure,) if measure else ()

    def _form(
        self, measure: Measure, row: int, cells: list[str], record_number: str | None
    ) -> FormRow | None:
        faults = len(self.reading.problems)
        moment = self._moment(measure, row, cells)
        window = self._window(measure, row, cells)
        given = self._forms[measure.code].read(row, cells)
        sound = len(self.reading.problems) == faults
        if not (sound and record_number and moment and window):
            return None
        self._windows_used.add(window)
        return FormRow(
            self.layout.file, row, record_number, measure.code, window, moment, **given
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

    def _window(self, measure: Measure, row: int, cells: list[str]) -> str | None:
        """Return the recall window: of the row, declared, or the only one there is."""
        only = measure.recall_windows[0] if len(measure.recall_windows) == 1 else None
        meaning = self.layout.first(of(measure, RECALL_WINDOW), RECALL_WINDOW)
        # A column for all measures of a wide file speaks of those that have a choice.
        shared = meaning == RECALL_WINDOW and len(self.layout.measures) > 1
        if meaning and not (only and shared):
            faults = len(self.reading.problems)
            read = partial(recall_window_of, measure=measure)
            found = self.cell(row, cells, meaning, read)
            if found or len(self.reading.problems) > faults:
                return found
        declared = self.layout.mapping.recall_window
        if declared in [window.code for window in measure.recall_windows]:
            return declared
        if only is None:
            self._ask_window(measure, row)
        return only.code if only else None

    def _ask_window(self, measure: Measure, row: int) -> None:
        codes = ", ".join(window.code for window in measure.recall_windows)
        fault = CellFault(
            f"which days the {measure.name} asked about is not said",
            f"{codes}; in the row, or in a mapping file: [declare] recall_window",
        )
        self.reading.fault(row, self.layout.name(RECALL_WINDOW), "", fault)


class FormReader:
    """Reads answers, total and difficulty of one measure from a row."""

    def __init__(self, reader: RowReader, measure: Measure) -> None:
        self._reader, self._measure = reader, measure
        layout = reader.layout
        wide = layout.kind == WIDE
        names = [
            of(measure, i.number) if wide else item(i.number) for i in measure.items
        ]
        if layout.mapping.totals_only:
            names = []
        self._items = [layout.index.get(name) for name in names]
        self._given = [position for position in self._items if position is not None]
        self._total = of(measure, TOTAL) if wide else TOTAL
        self._difficulty = of(measure, DIFFICULTY) if wide else DIFFICULTY
        self._beyond = [] if wide else _beyond(layout, measure)
        labels = layout.mapping.answers == LABELS
        missing = layout.mapping.missing
        self._answers = AnswerReader.of(measure.answers, labels=labels, missing=missing)
        functional = measure.functional_item
        self._degrees = AnswerReader.of(
            functional.answers if functional else (), labels=labels, missing=missing
        )

    def filled(self, cells: list[str]) -> bool:
        """Whether the row has an answer or a total, right or wrong."""
        total = self._reader.layout.index.get(self._total)
        positions = self._given if total is None else [*self._given, total]
        nothing = self._reader.layout.mapping.missing
        texts = (cells[position].strip() for position in positions)
        return any(text and text not in nothing for text in texts)

    def read(self, row: int, cells: list[str]) -> dict[str, Any]:
        """Return the columns that the form fills; what is wrong is told."""
        answers = [self._answer(row, cells, position) for position in self._items]
        self._refuse_items_beyond(row, cells)
        total = self._stated_total(row, cells)
        columns = {"difficulty": self._read_difficulty(row, cells)}
        if not any(answer is not None for answer in answers):
            none = dict.fromkeys(("answers", "answered", "item_9"))
            return columns | none | {"total": total}
        result = score(self._measure, answers)
        self._tell_conflict(row, total, result)
        suicide_item = self._measure.suicide_item
        return columns | {
            "answers": digits(answers),
            "answered": result.answered,
            "total": result.total,
            "item_9": suicide_item and answers[suicide_item - 1],
        }

    def _answer(self, row: int, cells: list[str], position: int | None) -> int | None:
        if position is None:
            return None
        try:
            return self._answers.read(cells[position])
        except CellFault as fault:
            text = cells[position].strip()
            column = self._reader.layout.header[position]
            self._reader.reading.fault(row, column, text, fault)
            return None

    def _refuse_items_beyond(self, row: int, cells: list[str]) -> None:
        for position in self._beyond:
            text = cells[position].strip()
            if text and text not in self._reader.layout.mapping.missing:
                count = self._measure.item_count
                fault = CellFault(
                    f"the {self._measure.name} has {count} items", "blank"
                )
                column = self._reader.layout.header[position]
                self._reader.reading.fault(row, column, text, fault)

    def _stated_total(self, row: int, cells: list[str]) -> int | None:
        what = f"a total of the {self._measure.name}"
        read = partial(
            whole_number_in, lowest=0, highest=self._measure.highest_total, what=what
        )
        return self._reader.cell(row, cells, self._total, read)

    def _read_difficulty(self, row: int, cells: list[str]) -> int | None:
        if self._measure.functional_item is None:
            return self._reader.cell(row, cells, self._difficulty, _no_difficulty)
        return self._reader.cell(row, cells, self._difficulty, self._degrees.read)

    def _tell_conflict(self, row: int, stated: int | None, result: Score) -> None:
        if stated is None or stated == result.total:
            return
        if result.complete:
            what = f"is not the sum of the items, {result.total}; the items are kept"
        else:
            what = (
                f"is stated with {result.answered} of {result.asked} items answered; "
                "the items are kept, and the form is incomplete"
            )
        column = self._reader.layout.name(self._total)
        self._reader.reading.notice(row, column, str(stated), what)


def _beyond(layout: Layout, measure: Measure) -> list[int]:
    """Return the columns of items that this measure does not have."""
    numbers = range(measure.item_count + 1, MOST_ITEMS + 1)
    found = (layout.index.get(item(number)) for number in numbers)
    return [position for position in found if position is not None]


def _no_difficulty(text: str) -> int:
    raise CellFault("this measure has no question on difficulty", "blank")
