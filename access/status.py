"""What a page asks about its own session, and what a proxy asks about the server."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from access.requests import session_token


async def alive(_request: Request) -> Response:
    """Say that the server lives, and nothing else."""
    return JSONResponse({"alive": True})


async def session(request: Request) -> Response:
    """Say how long the visitor's session lasts; asking never extends it.

    Every open page asks once a second, so the watch's last answer is enough, as long
    as it is fresh.
    """
    state = request.state
    token = session_token(request.scope, state.settings.session_cookie)
    if token is None:
        return _over()
    visitor = state.live.find(token) or await state.visitors.find(token)
    return _over() if visitor is None else _left(visitor.left, visitor.warning)


async def stay(request: Request) -> Response:
    """Extend the session: somebody pressed "stay signed in"."""
    state = request.state
    session_id = state.visitor.session_id
    await state.visitors.touch([session_id])
    now = await state.visitors.find_all([session_id])
    visitor = now.get(session_id)
    if visitor is None:
        return _over()
    state.live.learn(visitor)
    return _left(visitor.left, visitor.warning)


ROUTES = [
    Route("/healthz", alive, methods=["GET"]),
    Route("/session", session, methods=["GET"]),
    Route("/session/stay", stay, methods=["POST"]),
]


def _left(left: float, warning: float) -> Response:
    answer: dict[str, Any] = {"left": max(0, round(left)), "warn": left <= warning}
    return JSONResponse(answer)


def _over() -> Response:
    return JSONResponse({"left": 0, "warn": True}, 401)
