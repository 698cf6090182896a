"""The three practices on which every page of results is tried, and how it is opened.

``practice`` in a test's arguments runs it on each of them: without a patient, with
three, and on the example practice.
"""

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.factories import write_practice
from tests.views.clinic import MAIN, SECONDS, visited_by
from views.navigation import MENU


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
