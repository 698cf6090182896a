"""A fault shows a reference and logs a place; what it quotes goes nowhere."""

import io
import logging

import pytest
from streamlit.testing.v1 import AppTest

from views.failures import WithoutMessages


def fail():
    raise ValueError("Roe, Jane, born 1970")


@pytest.fixture
def log():
    """A log that is written as the server's own is; returns what it holds."""
    written = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(written))
    logger.addFilter(WithoutMessages())
    return logger, written


def test_the_log_gets_type_and_place_and_not_the_message(log):
    logger, written = log
    try:
        fail()
    except ValueError:
        logger.exception("Uncaught app execution")
    assert "ValueError at" in written.getvalue()
    assert "test_failures.py:" in written.getvalue()
    assert "Jane" not in written.getvalue()
    assert "Traceback" not in written.getvalue()


def test_a_record_without_an_exception_passes_unchanged(log):
    logger, written = log
    logger.info("started")
    logger.warning("port %s", 8501)
    assert written.getvalue() == "started\nport 8501\n"


def failing_page():
    from views.failures import show_failure

    show_failure(ValueError("Roe, Jane, born 1970"))


def test_the_page_shows_a_reference_and_not_the_message(caplog):
    at = AppTest.from_function(failing_page).run()
    (shown,) = at.error
    assert "report reference" in shown.value
    assert "Jane" not in shown.value + caplog.text
    reference = shown.value.split("reference ")[1].rstrip(".")
    assert reference in caplog.text
