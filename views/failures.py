"""What a visitor and the log learn of a fault: a reference and a place, no contents."""

import logging

import streamlit as st

from access.faults import log_fault, place_of_fault


class WithoutMessages(logging.Filter):
    """Keep an exception's type and place in the log, and drop its message.

    The message of a fault may quote what was being recorded.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; every record passes."""
        if record.exc_info and record.exc_info[1] is not None:
            record.msg, record.args = (
                f"uncaught {place_of_fault(record.exc_info[1])}",
                (),
            )
            record.exc_info, record.exc_text = None, None
        return True


def show_failure(error: BaseException) -> bool:
    """Show a reference number in place of a traceback, and log it with the place."""
    reference = log_fault(error)
    st.error(
        "Something went wrong; nothing was recorded by this step. "
        f"Reload the page. If it happens again, report reference {reference}."
    )
    return True
