"""Pages without Streamlit: drawn on the server, complete without a script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from access.connections import reading_as
from access.cookies import FORM, read_cookie, set_cookie
from access.csrf import FIELD, Form, FormExpired, form_token, read_form
from access.faults import log_fault
from data.errors import DatabaseError
from data.settings import read_settings
from data.tokens import new_token


SIGN_IN = "/login"

Show = Callable[[Request], Response]
Take = Callable[[Request, Form], Response]

# A flood of passwords waits here, and leaves the other threads to everybody else: the
# gate needs them to learn who comes.
_AT_ONCE = CapacityLimiter(4)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Elsewhere(Exception):
    """Leads a visitor who cannot have a page to another address of ours."""

    def __init__(self, path: str, **query: str) -> None:
        super().__init__(path)
        self.path = path
        self.query = query


def page(
    request: Request, template: str, *, status: int = 200, **values: Any
) -> Response:
    """Return a page drawn from a template, under the practice's name.

    Parameters
    ----------
    request
        Whose browser and session the forms on it are made for.
    template
        A file of ``access/templates``.
    status
        Of the answer.
    **values
        What the template shows. All of it is escaped.
    """
    with reading_as() as connection:
        practice_name = read_settings(connection).practice_name
    return _drawn(request, template, status, practice_name=practice_name, **values)


def sentence(
    request: Request,
    status: int,
    title: str,
    text: str,
    *,
    way: str | None = None,
    way_says: str = "Open the page again",
) -> Response:
    """Return a page with one sentence, which needs no database.

    Parameters
    ----------
    request
        What is answered.
    status
        Of the answer.
    title, text
        What it says.
    way, way_says
        Where the one link leads, by default to the same address, and what it says.
    """
    return _drawn(
        request,
        "sentence.html",
        status,
        practice_name="",
        title=title,
        text=text,
        way=way or request.scope["path"],
        way_says=way_says,
    )


def redirect(path: str, **query: str) -> Response:
    """Return the way on to another page, which a reload then shows again."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def page_route(
    path: str, show: Show, take: Take | None = None, *, hashes: bool = False
) -> Route:
    """Return the route of a page.

    Parameters
    ----------
    path
        Its address.
    show
        Draws the page.
    take
        Does what its form asks for, if it has one, and only if that is one of ours.
        Both run in a thread, as they ask the database.
    hashes
        Whether a password comes with the form: few of these are worked on at once.
    """

    async def answer(request: Request) -> Response:
        if request.method != "POST" or take is None:
            return await in_thread(request, show, request)
        try:
            form = await read_form(request)
        except FormExpired:
            return expired(request)
        limiter = _AT_ONCE if hashes else None
        return await in_thread(request, take, request, form, limiter=limiter)

    return Route(path, answer, methods=["GET"] if take is None else ["GET", "POST"])


def expired(request: Request) -> Response:
    """Return what somebody reads whose form was not, or no longer, ours."""
    return sentence(
        request,
        403,
        "Please try again",
        "This form expired. Nothing was changed; please open the page and try again.",
    )


async def in_thread(
    request: Request,
    work: Callable[..., Response],
    *arguments: Any,
    limiter: CapacityLimiter | None = None,
) -> Response:
    """Return what a function answers that asks the database, or an apology.

    Parameters
    ----------
    request
        What is answered.
    work
        The function.
    *arguments
        What it is called with.
    limiter
        How many of its kind are worked on at once.
    """
    try:
        return await to_thread.run_sync(work, *arguments, limiter=limiter)
    except Elsewhere as way:
        return redirect(way.path, **way.query)
    except DatabaseError as error:
        log_fault(error)
        return sentence(
            request,
            503,
            "Not just now",
            "The records cannot be reached. Please try again in a minute.",
        )
    except Exception as error:  # noqa: BLE001 - its text must not reach the log
        return sentence(
            request,
            500,
            "Something went wrong",
            f"Please report reference {log_fault(error)}.",
        )


def _drawn(request: Request, template: str, status: int, **values: Any) -> Response:
    known = read_cookie(request, FORM)
    seed = known or new_token()
    values[FIELD] = form_token(request, seed)
    text = _templates.get_template(template).render(**values)
    # Kept by nobody: some pages show a secret once.
    response = HTMLResponse(text, status, {"cache-control": "no-store"})
    if known is None:
        set_cookie(response, request, FORM, seed)
    return response
