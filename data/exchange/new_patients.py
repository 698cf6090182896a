"""What a file says of a patient who is new to the practice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from data.exchange.cells import CellFault, one_of
from data.exchange.dates import birth_date
from data.exchange.problems import CONFLICT, Problem
from data.moments import today
from data.patients import EARLIEST_BIRTH
from data.tables import INDICATIONS, SEXES


@dataclass(frozen=True)
class NewPatient:
    """A patient to add, with the indication and clinician of the first course."""

    given_name: str | None
    family_name: str | None
    birth_date: date | None
    sex: str | None
    indication: str | None
    clinician: str | None


@dataclass(frozen=True)
class PatientFact:
    """One cell about a patient, and where it stands."""

    file: str
    row: int
    column: str
    meaning: str
    text: str

    def contradicts(self, first: "PatientFact") -> Problem:
        """Return the problem that two rows differ; without the values, maybe names."""
        fault = f"is not what {first.file} row {first.row} says of the same patient"
        place = (self.file, self.row, self.column)
        return Problem(*place, "", fault, "one value", CONFLICT)


def new_patient(
    facts: Iterable[PatientFact],
    *,
    date_order: str | None,
    indication: str | None,
    tell: Callable[[Problem], object],
) -> NewPatient:
    """Return the patient that some cells describe.

    Parameters
    ----------
    facts
        At most one of each meaning; none of them blank.
    date_order
        Declared order of the birth date, None for year first.
    indication
        Of patients for whom the file gives none.
    tell
        Called with the problem of a cell that cannot be read.
    """
    readers = {
        "birth_date": partial(_birth, order=date_order),
        "sex": partial(one_of, allowed=SEXES, what="a sex that is kept"),
        "indication": partial(one_of, allowed=INDICATIONS, what="an indication"),
    }
    known: dict[str, Any] = dict.fromkeys(NewPatient.__dataclass_fields__)
    for fact in facts:
        try:
            known[fact.meaning] = readers.get(fact.meaning, str)(fact.text)
        except CellFault as fault:
            place = (fact.file, fact.row, fact.column, fact.text)
            tell(Problem(*place, fault.fault, fault.allowed))
    return NewPatient(**known | {"indication": known["indication"] or indication})


def _birth(text: str, order: str | None) -> date:
    born = birth_date(text, order)
    if not EARLIEST_BIRTH <= born <= today():
        raise CellFault("is no birth date", f"{EARLIEST_BIRTH} to today")
    return born
