"""What a visitor and the log learn of a fault: a reference and a place, no contents."""

import logging
import secrets
import traceback

import streamlit as st


_log = logging.getLogger("infusion_outcomes")


class WithoutMessages(logging.Filter):
    """Keep an exception's type and place in the log, and drop its message.

    The message of a fault may quote what was being recorded.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; every record passes."""
        if record.exc_info and record.exc_info[1] is not None:
            record.msg, record.args = f"uncaught {_place(record.exc_info[1])}", ()
            record.exc_info, record.exc_text = None, None
        return True


def show_failure(error: BaseException) -> bool:
    """Show a reference number in place of a traceback, and log it with the place."""
    reference = secrets.token_hex(4)
    _log.error("reference %s: %s", reference, _place(error))
    st.error(
        "Something went wrong; nothing was recorded by this step. "
        f"Reload the page. If it happens again, report reference {reference}."
    )
    return True


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {where}"
