"""What a request says of itself, and what refuses it before anybody is asked for.

Everything here reads an ASGI scope and nothing else, so that the gate's answer can
never differ from what it looked at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from access import paths
from access.settings import DoorSettings


Scope = Mapping[str, Any]
Headers = list[tuple[bytes, bytes]]

MOST_HEADERS = 64
LARGEST_HEADERS = 16 * 1024
LARGEST_BODY = 64 * 1024
"""What a form of ours may hold; a patient's or an account's is a few hundred bytes."""

SESSION_HEADER = b"x-session-id"
"""How the script learns which session it works for. Only the gate writes it."""

STREAMLIT_COOKIES = frozenset({"_streamlit_xsrf"})
"""All that reaches Streamlit of a browser's cookies: no script needs a token."""

# Everything else is dropped: an identity that a client claims (X-Forwarded-User and
# its kin under any name), and whatever a later release may come to trust.
PASSED_HEADERS = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"connection",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"if-modified-since",
        b"if-none-match",
        b"origin",
        b"range",
        b"referer",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"sec-websocket-extensions",
        b"sec-websocket-key",
        b"sec-websocket-protocol",
        b"sec-websocket-version",
        b"transfer-encoding",
        b"upgrade",
        b"user-agent",
        b"x-xsrftoken",
    }
)

# What data.tokens makes, with room to grow; anything else is not worth a query.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")


@dataclass(frozen=True)
class Refusal:
    """An answer that needs no further look: a status and a sentence."""

    status: int
    sentence: str


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return every value of a header, in order."""
    return [v.decode("latin-1") for k, v in scope["headers"] if k.lower() == name]


def only_header(scope: Scope, name: bytes) -> str | None:
    """Return a header's value; None if it is missing or given more than once."""
    values = header_values(scope, name)
    return values[0] if len(values) == 1 else None


def cookie_values(scope: Scope, name: str) -> list[str]:
    """Return every value that a browser sent under a cookie's name."""
    return [value for key, value in _cookies(scope) if key == name]


def session_token(scope: Scope, cookie: str) -> str | None:
    """Return the one session token of a request; None if there is none, or two.

    Two are a browser that somebody has planted one on: neither is believed.
    """
    values = cookie_values(scope, cookie)
    if len(values) != 1 or not _TOKEN.fullmatch(values[0]):
        return None
    return values[0]


def passed_headers(scope: Scope) -> Headers:
    """Return the headers that one of our own routes may see."""
    return [(k.lower(), v) for k, v in scope["headers"] if k.lower() in PASSED_HEADERS]


def streamlit_headers(scope: Scope, session_id: int | None) -> Headers:
    """Return the headers that Streamlit may see: no token, and who it really is."""
    headers = [(k, v) for k, v in passed_headers(scope) if k != b"cookie"]
    kept = [f"{k}={v}" for k, v in _cookies(scope) if k in STREAMLIT_COOKIES]
    if kept:
        headers.append((b"cookie", "; ".join(kept).encode("latin-1")))
    if session_id is not None:
        headers.append((SESSION_HEADER, str(session_id).encode("ascii")))
    return headers


def is_read(scope: Scope) -> bool:
    """Whether a request only asks for something, and changes nothing."""
    return not _is_socket(scope) and scope["method"] in ("GET", "HEAD")


def accepts_html(scope: Scope) -> bool:
    """Whether the answer may be a page."""
    return any("text/html" in value for value in header_values(scope, b"accept"))


def body_length(scope: Scope) -> int:
    """Return the announced length of a body; 0 if none is announced."""
    return int(only_header(scope, b"content-length") or 0)


def refusal(scope: Scope, settings: DoorSettings, largest_body: int) -> Refusal | None:
    """Return why a request is refused whoever sends it, or None.

    Only ``scope["path"]`` says where it goes: a URL put together again from headers
    could say something else.
    """
    for is_right, status, sentence in _RULES:
        if not is_right(scope, settings):
            return Refusal(status, sentence)
    if body_length(scope) > largest_body:
        return Refusal(413, "This is larger than is taken here.")
    return None


def _names_a_plain_path(scope: Scope, _settings: DoorSettings) -> bool:
    path = scope["path"]
    # Nothing here needs a percent sign, so an encoded spelling is somebody's trick.
    return paths.is_plain(path) and scope.get("raw_path") in (None, path.encode())


def _has_few_headers(scope: Scope, _settings: DoorSettings) -> bool:
    headers = scope["headers"]
    size = sum(len(key) + len(value) for key, value in headers)
    return len(headers) <= MOST_HEADERS and size <= LARGEST_HEADERS


def _names_this_practice(scope: Scope, settings: DoorSettings) -> bool:
    host = only_header(scope, b"host")
    return host is not None and settings.allows_host(host)


def _uses_an_allowed_method(scope: Scope, _settings: DoorSettings) -> bool:
    return _is_socket(scope) or scope["method"] in paths.methods(scope["path"])


def _comes_from_here(scope: Scope, settings: DoorSettings) -> bool:
    """Whether this practice's own page, or nobody else's, asked for this.

    A browser names the page's place on every change and every socket; without it the
    request is no browser's. A link from elsewhere may open a page, and embed nothing.
    """
    sites = header_values(scope, b"sec-fetch-site")
    from_here = set(sites) <= {"none", "same-origin"}
    if is_read(scope):
        return from_here or only_header(scope, b"sec-fetch-mode") == "navigate"
    origin = only_header(scope, b"origin") or ""
    host = only_header(scope, b"host") or ""
    return from_here and settings.allows_origin(origin, host=host)


def _announces_its_body_once(scope: Scope, _settings: DoorSettings) -> bool:
    lengths = header_values(scope, b"content-length")
    chunked = header_values(scope, b"transfer-encoding")
    if len(lengths) + len(chunked) > 1:
        return False
    return all(re.fullmatch(r"[0-9]{1,12}", length) for length in lengths)


_Rule = tuple[Callable[[Scope, DoorSettings], bool], int, str]
_RULES: tuple[_Rule, ...] = (
    (_names_a_plain_path, 400, "There is no such address."),
    (_has_few_headers, 431, "The headers of this request are too large."),
    (_names_this_practice, 400, "Nothing is known here under this name."),
    (_uses_an_allowed_method, 405, "This cannot be done at this address."),
    (_comes_from_here, 403, "This was not asked for by a page of this practice."),
    (_announces_its_body_once, 400, "The length of this request is not clear."),
)


def _is_socket(scope: Scope) -> bool:
    return scope["type"] == "websocket"


def _cookies(scope: Scope) -> list[tuple[str, str]]:
    """Return names and values as Starlette would read them, but every one of them."""
    pairs = []
    for header in header_values(scope, b"cookie"):
        for part in header.split(";"):
            name, _, value = part.partition("=")
            pairs.append((name.strip(), value.strip()))
    return pairs
