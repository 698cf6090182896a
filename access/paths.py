"""Which address is whose: open to everybody, an entrance, ours, Streamlit's, shut."""

import re


LONGEST_PATH = 512

# What every address here is made of. Whatever else may be meant by a dot in front, a
# percent sign, a semicolon, a backslash or two slashes, is not asked for.
_PLAIN = re.compile(
    r"/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)?"
)
_QUERY = re.compile(r"[A-Za-z0-9_.~!$&'()*+,;=:@/?%-]*")

STATIC = "/static/"
SOCKET = "/_stcore/stream"
UPLOADS = "/_stcore/upload_file/"
KIOSK = "/kiosk"

OPEN = frozenset({"/favicon.png", "/healthz", "/session"})
"""Answered without asking who it is; ``/session`` says itself that it is over."""

ENTRANCES = frozenset(
    {
        "/login",
        "/login/code",
        "/setup",
        "/welcome",
        "/oidc/login",
        "/oidc/callback",
        "/kiosk/over",
        "/kiosk/start",
        "/kiosk/thanks",
    }
)
"""Where somebody without a session may be, on the way in or out."""

PERSONAL = frozenset(
    {
        "/account",
        "/account/password",
        "/account/recovery-codes",
        "/account/second-factor",
        "/account/second-factor/remove",
        "/account/sign-out-elsewhere",
        "/draft",
        "/logout",
        "/session/stay",
    }
)
"""What a person has besides Streamlit's pages."""

_REPORT = re.compile(r"/report/[1-9][0-9]{0,8}\.pdf")
"""The report of a course, by the course's number."""

OWN = frozenset(
    {
        "account",
        "draft",
        "healthz",
        "kiosk",
        "login",
        "logout",
        "oidc",
        "report",
        "session",
        "setup",
        "welcome",
    }
)
"""First parts of the addresses that are this package's; the rest is Streamlit's."""

SHUT = (
    "/_stcore/agent",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/auth",
    "/oauth2callback",
)
"""What Streamlit offers and nobody here uses: not found, even with a session."""

_OURS = OPEN | ENTRANCES | PERSONAL | {KIOSK}
_READ = ("GET", "HEAD")


def is_plain(path: str) -> bool:
    """Whether an address can mean only one thing.

    Examples
    --------
    >>> is_plain("/static/js/index.DormvYxC.js"), is_plain("/static/../account")
    (True, False)
    """
    return len(path) <= LONGEST_PATH and _PLAIN.fullmatch(path) is not None


def is_open(path: str) -> bool:
    """Whether everybody may have this, and nobody is asked for."""
    return path in OPEN or path.startswith(STATIC)


def is_own(path: str) -> bool:
    """Whether this package answers, and not Streamlit."""
    return path.split("/")[1] in OWN


def is_for_tablets(path: str) -> bool:
    """Whether this is one of the pages of a patient's tablet."""
    return path == KIOSK or (path in ENTRANCES and _is_under(path, KIOSK))


def is_shut(path: str) -> bool:
    """Whether Streamlit would answer, and must not: its own, or in place of ours."""
    if is_own(path):
        return path not in _OURS and not _is_report(path)
    return any(_is_under(path, prefix) for prefix in SHUT)


def methods(path: str) -> tuple[str, ...]:
    """Return the HTTP methods that an address has a use for."""
    if path.startswith(UPLOADS):
        return ("PUT", "DELETE")
    if is_own(path) and not _is_report(path):
        return (*_READ, "POST")
    return _READ


def safe_next(address: str | None) -> str:
    """Return an address of ours to go on to after sign-in; ``/`` for any other.

    Examples
    --------
    >>> safe_next("/patient?patient=7f3a"), safe_next("//elsewhere.example")
    ('/patient?patient=7f3a', '/')
    """
    path, _, query = (address or "").partition("?")
    if not is_plain(path) or len(query) > LONGEST_PATH or not _QUERY.fullmatch(query):
        return "/"
    if is_own(path) and not (_is_under(path, "/account") or _is_report(path)):
        return "/"
    return f"{path}?{query}" if query else path


def _is_report(path: str) -> bool:
    return _REPORT.fullmatch(path) is not None


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
