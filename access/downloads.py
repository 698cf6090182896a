"""Files that are made for somebody who is signed in, and noted before they are sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from access.holder import signed_in
from access.pages import in_thread, sentence
from data.actors import Actor
from data.errors import RecordError


@dataclass(frozen=True)
class Download:
    """A file to send.

    Parameters
    ----------
    content
        Its bytes.
    media_type
        What kind of file it is.
    name
        What it is called where it is kept: never after a patient.
    """

    content: bytes
    media_type: str
    name: str


Make = Callable[[Actor, Mapping[str, str]], Download]


def download_route(path: str, make: Make) -> Route:
    """Return the route of a file that the browser shows in its own viewer.

    Parameters
    ----------
    path
        Its address.
    make
        Makes the file for an actor, from what the address asks for; what is in its
        path goes before what is in its query. It notes the export before it returns,
        and refuses with ``RecordError``, which the visitor learns nothing from: what
        is out of reach is answered like what never was. Runs in a thread.
    """

    def answer(request: Request) -> Response:
        actor = signed_in(request).actor()
        asked = {**request.query_params, **request.path_params}
        try:
            made = make(actor, asked)
        except RecordError:
            return sentence(
                request,
                404,
                "Not found",
                "There is nothing at this address for you.",
                way="/",
                way_says="Go to the first page",
            )
        headers = {"content-disposition": f'inline; filename="{made.name}"'}
        return Response(made.content, media_type=made.media_type, headers=headers)

    async def endpoint(request: Request) -> Response:
        return await in_thread(request, answer, request)

    return Route(path, endpoint, methods=["GET"])
