"""The cells of one form of one measure: answers, total, recall window, difficulty."""

from functools import partial
from typing import Any

from data.exchange.cells import (
    CellFault,
    answer,
    recall_window_of,
    unreadable,
    whole_number_in,
)
from data.exchange.columns import WIDE
from data.exchange.mapping import LABELS
from data.exchange.meanings import (
    DIFFICULTY,
    MOST_ITEMS,
    RECALL_WINDOW,
    TOTAL,
    item,
    of,
)
from data.exchange.rows import CellReader, FileReading
from measures.definition import Measure
from measures.scoring import UNANSWERED, digits


_UNREAD = object()


class FormReader:
    """Reads what a row says of one form."""

    def __init__(self, reading: FileReading, measure: Measure) -> None:
        self._reading, self._measure = reading, measure
        layout, mapping = reading.layout, reading.layout.mapping
        wide = layout.kind == WIDE
        named = partial(of, measure) if wide else _in_long
        self._labels = mapping.answers == LABELS
        self._no_answer = unreadable(mapping.missing, self._read_answer)
        self._no_answer |= {"", UNANSWERED}
        self._no_total = unreadable(mapping.missing, self._read_total) | {""}
        numbers = () if mapping.totals_only else range(1, measure.item_count + 1)
        self._items = [layout.index.get(named(number)) for number in numbers]
        beyond = () if wide else range(measure.item_count + 1, MOST_ITEMS + 1)
        self._beyond = _columns(layout.index.get(named(number)) for number in beyond)
        self._answers: dict[str, int | None] = dict.fromkeys(self._no_answer)
        self._total = CellReader(reading, named(TOTAL), self._read_total)
        self._difficulty = CellReader(reading, named(DIFFICULTY), self._read_difficulty)
        self._given = _columns(self._items)
        self._window = _WindowReader(reading, measure)

    def filled(self, cells: list[str]) -> bool:
        """Whether the row has an answer or a total, right or wrong."""
        total = self._total.position
        if total is not None and cells[total].strip() not in self._no_total:
            return True
        return any(cells[i].strip() not in self._no_answer for i in self._given)

    def read(self, row: int, cells: list[str]) -> dict[str, Any]:
        """Return the columns that the form fills; what is wrong is told."""
        answers = self._read_answers(row, cells)
        if self._beyond:
            self._refuse_items_beyond(row, cells)
        stated = self._total.read(row, cells)
        given = [a for a in answers if a is not None]
        total = stated
        if given:
            # Each answer was checked as it was read; the database checks the sum again.
            total = sum(given) if len(given) == self._measure.item_count else None
            if stated is not None and stated != total:
                self._tell_conflict(row, stated, total, len(given))
        suicide_item = self._measure.suicide_item
        return {
            "recall_window": self._window.read(row, cells),
            "answers": digits(answers) if given else None,
            "answered": len(given) or None,
            "total": total,
            "item_9": answers[suicide_item - 1] if suicide_item and given else None,
            "difficulty": self._difficulty.read(row, cells),
        }

    def _read_answers(self, row: int, cells: list[str]) -> list[int | None]:
        seen = self._answers
        answers = [
            None if i is None else seen.get(cells[i], _UNREAD) for i in self._items
        ]
        if _UNREAD not in answers:
            return answers
        return [None if i is None else self._answer(row, cells, i) for i in self._items]

    def _answer(self, row: int, cells: list[str], position: int) -> int | None:
        text = cells[position].strip()
        if text in self._no_answer:
            return None
        try:
            found = self._read_answer(text)
        except CellFault as fault:
            column = self._reading.layout.header[position]
            self._reading.fault(row, column, text, fault)
            return None
        return self._answers.setdefault(cells[position], found)

    def _refuse_items_beyond(self, row: int, cells: list[str]) -> None:
        for position in self._beyond:
            text = cells[position].strip()
            if text not in self._no_answer:
                count = self._measure.item_count
                fault = CellFault(
                    f"is one item too many; the {self._measure.name} has {count}",
                    "blank",
                )
                column = self._reading.layout.header[position]
                self._reading.fault(row, column, text, fault)

    def _read_answer(self, text: str) -> int:
        return answer(text, self._measure.answers, labels=self._labels)

    def _read_total(self, text: str) -> int:
        highest, name = self._measure.highest_total, self._measure.name
        return whole_number_in(text, 0, highest, f"a total of the {name}")

    def _read_difficulty(self, text: str) -> int:
        functional = self._measure.functional_item
        if functional is None:
            name = self._measure.name
            raise CellFault(f"the {name} has no question on difficulty", "blank")
        return answer(text, functional.answers, labels=self._labels)

    def _tell_conflict(
        self, row: int, stated: int, total: int | None, answered: int
    ) -> None:
        if total is None:
            what = (
                f"is stated with {answered} of {self._measure.item_count} items "
                "answered; the items are kept, and the form is incomplete"
            )
        else:
            what = f"is not the sum of the items, {total}; the items are kept"
        column = self._reading.layout.header[self._total.position]
        self._reading.notice(row, column, str(stated), what)


class _WindowReader:
    """Reads the recall window: of the row, declared, or the only one there is."""

    def __init__(self, reading: FileReading, measure: Measure) -> None:
        self._reading, self._measure = reading, measure
        layout = reading.layout
        codes = [window.code for window in measure.recall_windows]
        meaning = layout.first(of(measure, RECALL_WINDOW), RECALL_WINDOW)
        only = len(codes) == 1
        # A column for all measures of a wide file speaks of those that have a choice.
        shared = meaning == RECALL_WINDOW and len(layout.measures) > 1
        self._cell = CellReader(
            reading,
            "" if only and shared else meaning or "",
            partial(recall_window_of, measure=measure),
        )
        declared = layout.mapping.recall_window
        self._otherwise = declared if declared in codes else None
        if only and not self._otherwise:
            self._otherwise = codes[0]

    def read(self, row: int, cells: list[str]) -> str | None:
        """Return the code; None after telling what is wrong."""
        faults = len(self._reading.problems)
        found = self._cell.read(row, cells) or self._otherwise
        if found is None and len(self._reading.problems) == faults:
            codes = ", ".join(window.code for window in self._measure.recall_windows)
            fault = CellFault(
                f"which days the {self._measure.name} asked about is not said",
                f"{codes}; in the row, or in a mapping file: [declare] recall_window",
            )
            column = self._reading.layout.name(RECALL_WINDOW)
            self._reading.fault(row, column, "", fault)
        return found


def _in_long(what: str | int) -> str:
    return item(what) if isinstance(what, int) else what


def _columns(positions: Any) -> list[int]:
    return [position for position in positions if position is not None]
