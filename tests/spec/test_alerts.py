"""Item 9 of the PHQ-9: when an alert opens, whose answer it bears, how it is closed.

A story is what happened to one form, step by step. "typed" is a form as it was first
recorded, by a clinician or from the tablet; "corrected to" is a clinician's correction;
"patient: " is what the patient changes on the tablet before handing it back. "acted on"
is a clinician who records what was done. An answer is a number, "left out", or "total
only" where the answers were never received.

Of each alert the table says what became of it and the answer that it bears; in brackets
the answer that the form has now, where that is another.
"""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.actors import KIOSK
from data.alerts import (
    ENTERED_BY_MISTAKE,
    NOTHING,
    close_alert,
    list_alerts,
    to_ask_about,
)
from data.assessments import (
    add_assessment,
    correct_assessment,
    current_assessment_row,
    supersede_assessment,
    void_assessment,
)
from data.database import migrate, sqlite_url
from data.patients import get_course, open_course
from tests.actors import acting, with_role
from tests.factories import add_course, at, phq9, practice


STORIES = """
story                                               | alerts
----------------------------------------------------+---------------------------
typed 0                                             | none
typed 1                                             | open: 1
typed 3                                             | open: 3
typed left out                                      | open: left out
typed total only                                    | none
typed 0, corrected to 0                             | none
typed 0, corrected to 1                             | open: 1
typed 0, corrected to left out                      | open: left out
typed 1, corrected to 1                             | open: 1
typed 1, corrected to 2                             | open: 2
typed 2, corrected to 1                             | open: 1
typed 2, corrected to left out                      | open: left out
typed 1, corrected to 0                             | withdrawn: 1
typed left out, corrected to 0                      | withdrawn: left out
typed left out, corrected to left out               | open: left out
typed left out, corrected to 2                      | open: 2
typed 1, acted on, corrected to 0                   | acted on: 1
typed 1, acted on, corrected to 1                   | acted on: 1
typed 1, acted on, corrected to 2                   | acted on: 1; open: 2
typed 2, acted on, corrected to 1                   | acted on: 1
typed 2, acted on, corrected to left out            | acted on: left out
typed left out, acted on, corrected to 0            | acted on: left out
typed left out, acted on, corrected to 1            | acted on: left out; open: 1
typed 2, corrected to 0, corrected to 2             | withdrawn: 2; open: 2
typed 2, acted on, corrected to 0, corrected to 1   | acted on: 2; open: 1
typed total only, corrected to 0                    | none
typed total only, corrected to 2                    | open: 2
typed total only, corrected to left out             | open: left out
typed 2, corrected to total only                    | open: 2 (not known now)
typed 0, patient: 1                                 | open: 1
typed 0, patient: left out                          | open: left out
typed 1, patient: 2                                 | open: 2
typed 2, patient: 1                                 | open: 2 (1 now)
typed 2, patient: 0                                 | open: 2 (0 now)
typed 2, patient: left out                          | open: 2 (left out now)
typed left out, patient: 0                          | open: left out (0 now)
typed left out, patient: 2                          | open: 2
typed 1, acted on, patient: 2                       | acted on: 1; open: 2
typed 2, acted on, patient: 1                       | acted on: 1
typed 2, acted on, patient: 0                       | acted on: 2
typed 2, patient: 0, patient: 3                     | open: 3
typed 2, patient: 0, patient: 1                     | open: 2 (1 now)
typed 2, patient: 0, acted on                       | acted on: 2
typed 2, patient: 0, acted on, patient: 1           | acted on: 2; open: 1
typed 2, patient: 0, corrected to 0                 | open: 2 (0 now)
typed 2, patient: 0, corrected to 1                 | open: 2 (1 now)
typed 2, patient: 0, corrected to 2                 | open: 2
typed 2, form withdrawn                             | withdrawn: 2
typed left out, form withdrawn                      | withdrawn: left out
typed 2, acted on, form withdrawn                   | acted on: 2
typed 1, corrected to 2, form withdrawn             | withdrawn: 2
typed 2, patient: 0, form withdrawn                 | withdrawn: 2
"""


def rows():
    _, _, *lines = STORIES.strip().splitlines()
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    url = sqlite_url(tmp_path_factory.mktemp("alerts") / "practice.db")
    migrate(url)
    with practice(url) as connection:
        yield connection


@pytest.mark.parametrize(("story", "alerts"), rows())
def test_an_alert_follows_the_story_of_its_form(connection, story, alerts):
    assert ending(connection, story) == alerts


@pytest.mark.postgresql
def test_the_stories_end_the_same_on_postgresql(postgresql_url):
    migrate(postgresql_url)
    with practice(postgresql_url) as connection:
        found = [(story, ending(connection, story)) for story, _ in rows()]
    assert found == rows()


def ending(connection, story):
    """Tell a story of a patient of its own, and return the alerts at its end."""
    form = Form(connection, story)
    for step in story.split(", "):
        form.take(step)
    return form.alerts()


ANSWERS = ("0", "1", "2", "3", "left out", "total only")
STEPS = (
    "acted on",
    *(f"corrected to {answer}" for answer in ANSWERS),
    *(f"patient: {answer}" for answer in ANSWERS if answer != "total only"),
)


@pytest.fixture(scope="module")
def records():
    """Record numbers that nobody has yet."""
    return count()


@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from(ANSWERS), steps=st.lists(st.sampled_from(STEPS), max_size=6)
)
def test_whatever_happens_nothing_to_ask_about_goes_unasked(
    connection, records, first, steps
):
    form = Form(connection, f"random {next(records)}")
    form.take(f"typed {first}")
    for step in steps:
        open_before = form.listed(only_open=True)
        form.take(step)
        opened = form.listed(only_open=True)
        assert len(opened) <= 1
        if step.startswith("patient"):
            assert len(opened) >= len(open_before)
        asks = form.asks()
        acted = [a for a in form.listed() if a.action == "referred"]
        assert opened or max(map(bears, acted), default=NOTHING) >= asks


def bears(alert):
    return to_ask_about("phq9", "answers", alert.item_9)


RISES = """
before the form                         | its answer | told beside it
----------------------------------------+------------+---------------
nothing                                 | 1          | nothing
day 1: 0                                | 1          | 0, a rise
day 1: 1                                | 1          | 1
day 1: 2                                | 1          | 2
day 1: 0, day 2: 1                      | 2          | 1, a rise
day 1: 1, day 2: left out               | 2          | 1, a rise
day 1: total only                       | 2          | nothing
day 1: 1                                | left out   | 1
day 1 of the course before: 0           | 1          | 0, a rise
day 1 of another patient: 0             | 1          | nothing
day 9: 0                                | 1          | nothing
day 1 withdrawn: 0                      | 1          | nothing
"""


@pytest.mark.parametrize(
    ("before", "answer", "told"),
    [
        tuple(cell.strip() for cell in line.split("|"))
        for line in RISES.strip().splitlines()[2:]
    ],
)
def test_an_alert_is_held_against_the_last_known_answer_before(
    connection, before, answer, told
):
    courses = Courses(connection, f"{before}, then {answer}")
    for earlier in before.split(", ") if before != "nothing" else ():
        courses.answered(earlier)
    form_id = add_assessment(
        connection, course_id=courses.now, facts=facts(answer, day="5")
    )
    (alert,) = [a for a in list_alerts(connection) if a.assessment_id == form_id]
    said = "nothing" if alert.previous is None else f"{alert.previous}"
    assert said + (", a rise" if alert.rose else "") == told
    assert (alert.previous_at is None) == (alert.previous is None)


class Form:
    """One form and the steps that its record goes through."""

    def __init__(self, connection, record_number):
        self.connection = connection
        self.course_id = add_course(connection, record_number)
        self.form_id = None

    def take(self, step):
        if step == "acted on":
            self.act()
        elif step == "form withdrawn":
            void_assessment(self.connection, self.form_id, reason="Wrong patient")
        elif step.startswith("typed "):
            self.form_id = add_assessment(
                self.connection,
                course_id=self.course_id,
                facts=facts(step.removeprefix("typed ")),
            )
        elif step.startswith("corrected to "):
            self.correct(step.removeprefix("corrected to "))
        else:
            self.change_on_tablet(step.removeprefix("patient: "))

    def act(self):
        for alert in self.listed(only_open=True):
            close_alert(self.connection, alert.id, action="referred", note="")

    def correct(self, answer):
        self.form_id = correct_assessment(
            self.connection, self.form_id, facts=facts(answer), reason="Typo"
        )

    def change_on_tablet(self, answer):
        with acting(self.connection, with_role(KIOSK, encounter_id=1)):
            row = current_assessment_row(self.connection, self.form_id)
            self.form_id = supersede_assessment(
                self.connection,
                row,
                facts(answer),
                reason="changed by the patient",
                patient_id="",
            )

    def listed(self, *, only_open=False):
        whose = get_course(self.connection, self.course_id).patient_id
        return list_alerts(self.connection, patient_id=whose, only_open=only_open)

    def asks(self):
        row = current_assessment_row(self.connection, self.form_id)
        return to_ask_about(row.measure, row.answers, row.item_9)

    def alerts(self):
        told = [in_words(a) for a in sorted(self.listed(), key=lambda a: a.id)]
        return "; ".join(told) or "none"


def in_words(alert):
    bears = "left out" if alert.item_9 is None else f"{alert.item_9}"
    if alert.action is None:
        return f"open: {bears}{now_words(alert)}"
    if alert.action == ENTERED_BY_MISTAKE:
        return f"withdrawn: {bears}"
    return f"acted on: {bears}"


def now_words(alert):
    if alert.now is None:
        return ""
    if not alert.now.known:
        return " (not known now)"
    return f" ({'left out' if alert.now.item_9 is None else alert.now.item_9} now)"


class Courses:
    """A patient's course now and before, and another patient's."""

    def __init__(self, connection, record_number):
        self.connection = connection
        self.before = add_course(connection, record_number)
        whose = get_course(connection, self.before).patient_id
        self.now = open_course(connection, patient_id=whose, indication="depression")
        self.other = add_course(connection, f"{record_number}, another")

    def answered(self, text):
        where, answer = text.split(": ")
        course_id = self.now
        if "course before" in where:
            course_id = self.before
        elif "another patient" in where:
            course_id = self.other
        form_id = add_assessment(
            self.connection,
            course_id=course_id,
            facts=facts(answer, day=where.split()[1]),
        )
        if "withdrawn" in where:
            void_assessment(self.connection, form_id, reason="Typo")


def facts(answer, day="1"):
    moment = at(day)
    if answer == "total only":
        return phq9(moment, 12)
    item_9 = None if answer == "left out" else int(answer)
    return phq9(moment, answers=(1,) * 8 + (item_9,))
