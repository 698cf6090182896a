"""What every answer tells the browser: what it may load, keep, and be framed by."""

import base64
import hashlib
from html.parser import HTMLParser

from access import paths


Headers = list[tuple[bytes, bytes]]

OWN_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Our own pages have no script, so none may run in them."""

_ONE_YEAR = 365 * 24 * 60 * 60

# Referrer-Policy is not no-referrer: browsers then send "Origin: null" with a form,
# which could not be told from a stranger's.
_SAME_FOR_ALL: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
]

# Streamlit allows its own address to other origins; nobody else has a use for it.
_TAKEN_AWAY = (b"access-control-", b"server", b"x-powered-by")


def streamlit_policy(index_html: str) -> str:
    """Return the policy under which Streamlit's pages work, and little else does.

    ``blob:`` is for components of our own, which Streamlit loads from the page;
    inline styles are how it draws. No text is ever run as a script.

    Parameters
    ----------
    index_html
        The page of the installed Streamlit: the scripts written into it are allowed by
        their hashes, so that a new release needs no new line here.
    """
    hashes = "".join(f" {one}" for one in inline_script_hashes(index_html))
    return (
        f"default-src 'none'; script-src 'self' blob:{hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
        "frame-src 'self' blob:; media-src 'self' blob:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def inline_script_hashes(html: str) -> list[str]:
    """Return the CSP sources of the scripts that are written into a page.

    Examples
    --------
    >>> found = inline_script_hashes("<script src='a.js'></script><script>1</script>")
    >>> [source[:11] for source in found]
    ["'sha256-a4a"]
    """
    parser = _InlineScripts()
    parser.feed(html)
    digests = (hashlib.sha256(text.encode()).digest() for text in parser.found)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" not in dict(attrs):
            self._inside = True
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False


def answer_headers(
    headers: Headers, *, path: str, policy: str, secure: bool
) -> Headers:
    """Return an answer's headers with what the door adds and takes away.

    Parameters
    ----------
    headers
        As the route gave them.
    path
        Where the request went: only what is under ``/static/`` may be kept.
    policy
        The Content-Security-Policy.
    secure
        Whether the browser came by TLS.
    """
    given = [(key.lower(), value) for key, value in headers]
    ours = [*_SAME_FOR_ALL, (b"content-security-policy", policy.encode("ascii"))]
    if secure:
        ours.append((b"strict-transport-security", b"max-age=%d" % _ONE_YEAR))
    if not _may_be_kept(given, path):
        ours.append((b"cache-control", b"no-store"))
    replaced = {key for key, _ in ours}
    kept = [
        (key, _secure_cookie(value) if secure and key == b"set-cookie" else value)
        for key, value in given
        if key not in replaced and not key.startswith(_TAKEN_AWAY)
    ]
    return kept + ours


def _may_be_kept(given: Headers, path: str) -> bool:
    return path.startswith(paths.STATIC) and b"cache-control" in dict(given)


def _secure_cookie(value: bytes) -> bytes:
    """Return a ``Set-Cookie`` that browsers send by TLS only.

    Streamlit does not know of the TLS in front of it.
    """
    attributes = {part.strip().lower() for part in value.split(b";")[1:]}
    return value if b"secure" in attributes else value + b"; Secure"
