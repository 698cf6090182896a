"""The files that pages of results offer, taken out in a test.

AppTest cannot press a download button, and what the button makes is made outside of
the page's run: here too.
"""

from contextlib import contextmanager
from unittest.mock import patch

import streamlit as st


@contextmanager
def offered_files():
    """Yield, by file name, what makes each file of the pages that are run meanwhile."""
    files = {}

    def button(label, data, *, file_name, **more):
        files[file_name] = data
        return False

    with patch.object(st, "download_button", button):
        yield files
