"""What the log learns of a fault of ours: a reference and a place, no contents."""

import logging
import secrets
import traceback


_log = logging.getLogger("infusion_outcomes")


def log_fault(error: BaseException) -> str:
    """Log where an exception came from and return a reference to that line.

    Its message goes nowhere: it may quote what was being recorded.
    """
    reference = secrets.token_hex(4)
    _log.error("reference %s: %s", reference, place_of_fault(error))
    return reference


def place_of_fault(error: BaseException) -> str:
    """Return an exception's type and the line it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {where}"
