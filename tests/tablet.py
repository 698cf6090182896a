"""A patient's tablet without a browser: handed over, begun, touched.

Every touch is a transaction of its own, as it is behind a route.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from data import encounters
from data.accounts import add_account
from data.actors import CLINICIAN, door
from data.alerts import list_alerts
from data.assessments import list_assessments
from data.database import open_database, reading, writing
from data.screens import QUESTION, Screen
from data.sessions import find_session, start_session
from measures.registry import MEASURES
from tests.actors import TESTER, with_role
from tests.factories import add_course


class Tablet:
    """A practice with one course, and a tablet that fills in its forms."""

    def __init__(self, url: str, *, record_number: str = "a") -> None:
        self.url = url
        self.engine = open_database(url)
        with writing(self.engine, TESTER) as connection:
            self.course_id = add_course(connection, record_number)
            account_id = add_account(
                connection,
                login=f"lee-{record_number}",
                name="Dr Lee",
                roles=[CLINICIAN],
                sites=[1],
            )
        self.clinician = with_role(CLINICIAN, account_id=account_id)
        self.encounter_id = self.token = self.actor = None

    def close(self) -> None:
        self.engine.dispose()

    def hand_over(self, *measures: str, windows: dict | None = None) -> str:
        """Open an encounter and return its link's secret."""
        forms = [
            (code, (windows or {}).get(code, MEASURES[code].recall_windows[0].code))
            for code in measures or ("phq9",)
        ]
        with writing(self.engine, self.clinician) as connection:
            return encounters.open_encounter(connection, self.course_id, forms)

    def begin(self, link: str) -> "Tablet":
        """Use a link and start the tablet's session."""
        with writing(self.engine, door()) as connection:
            self.encounter_id = encounters.begin_encounter(connection, link)
            self.token = start_session(connection, encounter_id=self.encounter_id)
            self.actor = find_session(connection, self.token).actor()
        return self

    def at_question(self, item: int = 1, *measures: str) -> "Tablet":
        """Begin, answer every question before this one with 0, and return itself."""
        self.begin(self.hand_over(*measures))
        with writing(self.engine, self.actor) as connection:
            encounters.go_on(connection)
            for question in self.encounter.questions[: item - 1]:
                where = (question.position, question.item)
                encounters.answer(connection, *where, 0)
        return self

    def do(self, step: Callable, *given: Any) -> Any:
        """Touch the tablet once."""
        with writing(self.engine, self.actor) as connection:
            return step(connection, *given)

    def answer(self, *values: int | None) -> None:
        """Answer the questions that are shown, one after the other."""
        for value in values:
            shown = self.screen
            assert shown.kind == QUESTION, f"no question to answer on {shown}"
            self.do(encounters.answer, shown.position, shown.item, value)

    def answer_to(self, item: int, value: int | None, position: int = 1) -> None:
        """Answer a question whether or not it is shown."""
        self.do(encounters.answer, position, item, value)

    @property
    def encounter(self) -> encounters.Encounter:
        with reading(self.engine, self.actor) as connection:
            return encounters.current_encounter(connection)

    @property
    def screen(self) -> Screen:
        return self.encounter.screen

    @property
    def shown(self) -> str:
        """The kind of screen, with the number of a question."""
        screen = self.screen
        number = f" {screen.position}.{screen.item}" if screen.kind == QUESTION else ""
        return f"{screen.kind}{number}"

    @property
    def recorded(self) -> list:
        with reading(self.engine, TESTER) as connection:
            return list_assessments(connection, self.course_id)

    @property
    def open_alerts(self) -> list:
        with reading(self.engine, TESTER) as connection:
            return list_alerts(connection)


def tablet(url: str) -> closing:
    """Return a tablet for ``with``."""
    return closing(Tablet(url))
