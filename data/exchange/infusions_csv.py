"""Rows of an infusions file to accepted infusions and problems."""

from functools import partial

from data.exchange.cells import dose, one_of, whole_number_in
from data.exchange.dates import DateColumn
from data.exchange.meanings import STARTED_AT
from data.exchange.problems import Problem
from data.exchange.rows import CellReader, FileReading, InfusionRow, RowReader
from data.moments import now_at_practice
from data.tables import (
    HIGHEST_DOSE_MG,
    HIGHEST_DOSE_MG_PER_KG,
    LONGEST_INFUSION_MINUTES,
    PHASES,
    ROUTES,
)


# A day without a time: forms of that day, put at 00:00, then count as before it.
HOUR_IF_UNKNOWN = 12

READERS = {
    "phase": partial(one_of, allowed=PHASES, what="a phase"),
    "dose_mg_per_kg": partial(dose, highest=HIGHEST_DOSE_MG_PER_KG),
    "dose_mg": partial(dose, highest=HIGHEST_DOSE_MG),
    "route": partial(one_of, allowed=ROUTES, what="a route"),
    "minutes": partial(
        whole_number_in,
        lowest=1,
        highest=LONGEST_INFUSION_MINUTES,
        what="a number of minutes",
    ),
}


class InfusionsReader(RowReader):
    """Reads one infusion a row."""

    def __init__(self, reading: FileReading) -> None:
        super().__init__(reading)
        self._started = DateColumn(
            self.layout.file,
            self.layout.name(STARTED_AT),
            self.layout.mapping.date_order,
            now_at_practice(),
            hour_if_unknown=HOUR_IF_UNKNOWN,
        )
        self._cells = {
            meaning: CellReader(reading, meaning, read)
            for meaning, read in READERS.items()
        }

    def read_row(self, row: int, cells: list[str]) -> None:
        """Accept the row's infusion, or tell its problems."""
        faults = len(self.reading.problems)
        record_number = self.record_number(row, cells)
        moment = self.moment(row, cells, STARTED_AT, self._started)
        facts = {name: cell.read(row, cells) for name, cell in self._cells.items()}
        if len(self.reading.problems) > faults or not (record_number and moment):
            return
        if facts["route"] is None:
            self.reading.count("route", "no route given; kept as IV")
        self.note_patient(row, cells, record_number)
        self.reading.accepted.append(
            InfusionRow(self.layout.file, row, record_number, moment, **facts)
        )

    def finish(self) -> list[Problem]:
        """Return what has to be asked about the file as a whole."""
        return self._started.questions()
