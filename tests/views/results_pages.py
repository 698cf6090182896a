"""The three practices on which every page of results is tried, and how it is opened.

``practice`` in a test's arguments runs it on each of them: without a patient, with
three, and on the example practice.
"""

from contextlib import contextmanager

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from data.database import default_url, open_database, reading
from data.moments import today
from measures.days import day_number
from tests.actors import TESTER
from tests.factories import write_practice
from tests.views.clinic import MAIN, SECONDS, text_of, visited_by
from views.navigation import MENU
from views.results.counts.recut import Practice, Selection


EMPTY, TINY, EXAMPLE = "empty", "tiny", "example"

PLACES = {place.file: place for places in MENU.values() for place in places}

TINY_PRACTICE = """
course | infusions           | phq9                        | pcl5
-------+---------------------+-----------------------------+----------------
a      | 0, 3, 7, 10, 14, 17 | -1: 20, 6: 12, 38: 8, 75: 16 | -1: 50, 38: 30
b      | 0, 4                | -1: 15                      |
c      | 0, 3, 6, 9, 12, 15  | 37: 6                       | -1: 45
"""


def write_tiny(url):
    """Write three patients: one complete, one who stopped, one without a baseline."""
    write_practice(url, TINY_PRACTICE)


def opened(file):
    """Open a page of results, which must not fail, and return the AppTest."""
    app = visited_by(AppTest.from_file(str(MAIN), default_timeout=SECONDS))
    # By its address, which need not be the name of the file: AppTest knows only that.
    app._page_hash = calc_hash(PLACES[f"results/{file}"].address)
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    assert app.title[0].value == PLACES[f"results/{file}"].title
    return app


@contextmanager
def practice_of(url=None, **chosen):
    """Yield the practice as a page reads it; of the page's own database without one."""
    engine = open_database(url or default_url())
    with reading(engine, TESTER) as connection:
        asked = {"as_of_day": day_number(today()), **chosen}
        yield Practice(connection, Selection(**asked))
    engine.dispose()


def choose(app, key, value):
    """Set a widget by its key, and run the page, which must not fail."""
    kinds = (app.selectbox, app.button_group, app.toggle, app.number_input)
    widgets = {w.key: w for kind in (*kinds, app.date_input) for w in kind}
    widgets[key].set_value(value)
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def words_of(app):
    """Return every word of a page, with usual spaces."""
    return text_of(app).replace("\u00a0", " ")


def table(app, name):
    """Return the rows of a table as they are shown, with usual spaces."""
    frame = next(t.value for t in app.table if t.proto.alt == name)
    return frame.replace("\u00a0", " ", regex=True).to_dict("records")


def pills(app, key):
    """Return the buttons of a list of patients."""
    return next(w for w in app.button_group if w.key == f"{key}_number")


def numbers(app, key):
    """Return what the buttons of a list say, by the name of the number."""
    told = (option.rsplit(": ", 1) for option in pills(app, key).options)
    return {name: int(count) for name, count in told}
