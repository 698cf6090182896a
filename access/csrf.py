"""Forms that only our own pages can send: each holds a value that no stranger knows.

The gate has checked by then that the browser names one of our pages as the form's
origin; this does not rely on it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from access.cookies import FORM, read_cookie
from access.requests import session_token


FIELD = "form_token"
MOST_FIELDS = 40
LARGEST_FIELD = 4 * 1024
_URL_ENCODED = "application/x-www-form-urlencoded"


class FormExpired(Exception):
    """A form that is not, or no longer, one of our pages' own."""


@dataclass(frozen=True)
class Form:
    """What somebody sent."""

    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a field as it was typed; empty if it was not sent."""
        return self.fields.get(name, "")

    def line(self, name: str) -> str:
        """Return a field on one line, without spaces around it."""
        return " ".join(self.text(name).split())

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.text(name) == "yes"


def form_token(request: Request, seed: str) -> str:
    """Return the hidden field's value: of this browser, and of this session.

    So a form that was opened before somebody else signed in does nothing for them, and
    a cookie planted by a neighbouring host helps nobody.
    """
    session = session_token(request.scope, request.state.settings.session_cookie)
    return hmac.new(seed.encode(), (session or "").encode(), hashlib.sha256).hexdigest()


async def read_form(request: Request) -> Form:
    """Return the form that was sent.

    Raises
    ------
    FormExpired
        If it is not one of our pages' own, or holds what no browser sends.
    """
    fields = await _fields(request)
    seed = read_cookie(request, FORM)
    sent = fields.pop(FIELD, "")
    if seed is None or not hmac.compare_digest(
        form_token(request, seed).encode(), sent.encode()
    ):
        raise FormExpired
    return Form(fields)


async def _fields(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _URL_ENCODED:
        raise FormExpired
    try:
        sent = await request.form(
            max_files=0, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD
        )
    except (HTTPException, MultiPartException) as error:
        raise FormExpired from error
    pairs = [(name, str(value)) for name, value in sent.multi_items()]
    fields = dict(pairs)
    # A field given twice has two meanings, and no database keeps a zero byte.
    if len(fields) != len(pairs) or any("\0" in value for value in fields.values()):
        raise FormExpired
    return fields
