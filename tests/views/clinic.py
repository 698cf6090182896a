"""A small practice for the pages' tests, written through the data functions.

Everything is placed by days before today, at 9:00 for forms and 10:00 for infusions,
so that a form of the same day comes before the infusion.
"""

from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

from streamlit.testing.v1 import AppTest

from data.assessments import AssessmentFacts, add_assessment
from data.database import default_url, open_database, reading, writing
from data.infusions import InfusionFacts, add_infusion
from data.moments import today
from data.patients import add_patient, open_course
from measures.registry import MEASURES
from tests.actors import TESTER, session_of, sign_in


MAIN = Path(__file__).parents[2] / "views" / "main.py"
BY = "Test Clinician"
SECONDS = 30

# Item 9 last; the rest as full as the total needs.
PHQ9_ITEMS, PCL5_ITEMS = 9, 20


class Clinic:
    """One database and the few things that tests put into it."""

    def __init__(self, url):
        self.url = url
        self.engine = open_database(url)
        self.connection = None

    @contextmanager
    def writing(self):
        with writing(self.engine, TESTER) as self.connection:
            yield self
        self.connection = None

    @contextmanager
    def reading(self):
        with reading(self.engine, TESTER) as connection:
            yield connection

    def patient(self, number="A-1", **facts):
        names = {"given_name": "Ada", "family_name": "Example"} | facts
        return add_patient(self.connection, record_number=number, **names)

    def course(self, patient_id, **facts):
        usual = {"indication": "depression", "clinician": "Dr Lee"} | facts
        opened = today() - timedelta(days=usual.pop("days_ago", 300))
        return open_course(
            self.connection, patient_id=patient_id, opened=opened, **usual
        )

    def infusion(self, course_id, days_ago, **facts):
        usual = {"dose_mg_per_kg": 0.5, "dose_mg": 40, "minutes": 40} | facts
        at = usual.pop("at", time(10))
        facts = InfusionFacts(started_at=moment(days_ago, at), **usual)
        return add_infusion(self.connection, course_id=course_id, facts=facts)

    def form(self, course_id, days_ago, answers=None, **facts):
        usual = {"measure": "phq9", "at": time(9)} | facts
        measure = MEASURES[usual["measure"]]
        window = measure.default_recall_window.code
        usual.setdefault("recall_window", window)
        usual["completed_at"] = moment(days_ago, usual.pop("at"))
        facts = AssessmentFacts(answers=answers, **usual)
        return add_assessment(self.connection, course_id=course_id, facts=facts)


def moment(days_ago, at=time(9)):
    return datetime.combine(today() - timedelta(days=days_ago), at).astimezone()


def phq9(total, item_9=0):
    """Return PHQ-9 answers with this total and this item 9."""
    return (*_spread(total - item_9, 8, 3), item_9)


def pcl5(total):
    """Return PCL-5 answers with this total."""
    return _spread(total, 20, 4)


def _spread(total, items, highest):
    answers = []
    for _ in range(items):
        answer = min(highest, total)
        answers.append(answer)
        total -= answer
    assert total == 0, "more points than these items can give"
    return tuple(answers)


def open_page(page, **query):
    """Run a page as a signed-in visitor would open it, and return the AppTest."""
    app = visited_by(AppTest.from_file(str(MAIN), default_timeout=SECONDS))
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(page).run()


def visited_by(app, *roles, name=BY, **account):
    """Let somebody with these roles visit: a clinician who is a lead too, by default.

    What the gate does for a browser: it names the session, and the database knows whose
    that is.
    """
    url = default_url()
    token = sign_in(url, *roles, name=name, **account)
    app.user = {"session": str(session_of(url, token))}
    return app


def text_of(app):
    """Return every word that a page shows outside its tables and charts."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text")
    alerts = ("info", "warning", "error", "success")
    return "\n".join(
        str(element.value) for kind in (*kinds, *alerts) for element in app.get(kind)
    )
