"""The cookies of the door: what each holds, how long it stays, and when it is sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from access.requests import cookie_values
from data.pending import LASTS


@dataclass(frozen=True)
class Cookie:
    """A cookie that no script can read, for every path of this host alone.

    Parameters
    ----------
    name
        Without the prefix that it bears where browsers come by TLS.
    lasts
        How long the browser keeps it; None until it is closed.
    same_site
        ``strict`` where no link from elsewhere has a use for it.
    """

    name: str
    lasts: timedelta | None = None
    same_site: Literal["lax", "strict"] = "lax"


SESSION = Cookie("session")
DEVICE = Cookie("device", lasts=timedelta(days=180))
"""By which a browser that signed in before is known again."""

FORM = Cookie("form")
"""What the hidden field of every form is made from."""

PENDING = Cookie("pending", lasts=LASTS, same_site="strict")
"""A sign-in whose second factor is to come."""

# A link in a web mail leads to it, so it has to come along from there.
INVITATION = Cookie("invitation", lasts=timedelta(minutes=30))


def read_cookie(request: Request, cookie: Cookie) -> str | None:
    """Return what a browser brought; None if nothing, or two of the name.

    Two are a browser that somebody has planted one on: neither is believed.
    """
    values = cookie_values(request.scope, _name(request, cookie))
    return values[0] if len(values) == 1 and values[0] else None


def set_cookie(
    response: Response, request: Request, cookie: Cookie, value: str
) -> None:
    """Let the browser keep a value."""
    response.set_cookie(
        _name(request, cookie),
        value,
        max_age=None if cookie.lasts is None else int(cookie.lasts.total_seconds()),
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite=cookie.same_site,
    )


def drop_cookie(response: Response, request: Request, cookie: Cookie) -> None:
    """Let the browser forget a value."""
    response.delete_cookie(
        _name(request, cookie),
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite=cookie.same_site,
    )


def _name(request: Request, cookie: Cookie) -> str:
    # The same prefix as in access.settings, which names the two that the gate reads.
    return f"__Host-{cookie.name}" if _secure(request) else cookie.name


def _secure(request: Request) -> bool:
    return request.state.settings.secure
