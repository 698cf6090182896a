"""Single sign-on: away to the provider, and back with what it says of somebody.

It ends where every sign-in ends, in a session of this practice's own. The provider's
tokens are read once and kept nowhere.
"""

import logging
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from access.cookies import Cookie, drop_cookie, read_cookie, set_cookie
from access.entry import go_on
from access.oidc_accounts import Person, enter, note_failure, person_of
from access.oidc_flow import SECONDS, Flow, Flows
from access.oidc_provider import (
    ProviderError,
    claims_for_code,
    find_provider,
    known_code,
    sign_in_url,
)
from access.oidc_settings import OidcSettings, single_sign_on
from access.pages import in_thread, page, sentence
from access.paths import safe_next
from access.settings import DoorSettings


BEGIN = "/oidc/login"
CALLBACK = "/oidc/callback"

FLOW = Cookie("single-sign-on", lasts=timedelta(seconds=SECONDS))
"""What is to be found again on the way back; a link from the provider leads there."""

FAILED = (
    "The sign-in did not work",
    "Nobody was signed in. Please try again; if it does not work then either, tell "
    "your administrator when you tried.",
)
NO_ACCOUNT = (
    "You have no account here",
    "Your sign-in worked, but you have no account here. Please ask your administrator.",
)
NOT_OFFERED = ("There is no such page", "This practice does not use single sign-on.")

_flows = Flows()
_log = logging.getLogger("infusion_outcomes")


async def begin(request: Request) -> Response:
    """Send a browser to the provider."""
    settings = single_sign_on()
    if settings is None:
        return sentence(request, 404, *NOT_OFFERED)
    try:
        redirect_uri = _redirect_uri(request)
        provider = await find_provider(settings)
    except ProviderError as error:
        return await in_thread(request, _failed, request, str(error))
    flow, kept = _flows.begin(safe_next(request.query_params.get("next")))
    away = sign_in_url(settings, provider, flow, redirect_uri)
    response = RedirectResponse(away, 303)
    set_cookie(response, request, FLOW, kept)
    return response


async def come_back(request: Request) -> Response:
    """Let somebody in with what the provider says of them, or say that it cannot be."""
    settings = single_sign_on()
    if settings is None:
        return sentence(request, 404, *NOT_OFFERED)
    try:
        flow = _own_flow(request)
        person = await _person(request, settings, flow)
    except ProviderError as error:
        response = await in_thread(request, _failed, request, str(error))
    else:
        response = await in_thread(request, _let_in, request, person, flow.onward)
    drop_cookie(response, request, FLOW)
    return response


OIDC_ROUTES = [
    Route(BEGIN, begin, methods=["GET"]),
    Route(CALLBACK, come_back, methods=["GET"]),
]


def _own_flow(request: Request) -> Flow:
    """Return the way that this very browser went."""
    kept, state = read_cookie(request, FLOW), _only(request, "state")
    if kept is None or state is None:
        raise ProviderError("This browser was not sent to the provider")
    flow = _flows.take(kept, state)
    if flow is None:
        raise ProviderError("The answer is of another sign-in, too late, or a second")
    return flow


async def _person(request: Request, settings: OidcSettings, flow: Flow) -> Person:
    """Return whom the provider's answer is about."""
    if "error" in request.query_params:
        code = known_code(_only(request, "error"))
        raise ProviderError(f"The provider answered: {code}")
    # A provider that names itself in the answer must name itself (RFC 9207).
    if "iss" in request.query_params and _only(request, "iss") != settings.issuer:
        raise ProviderError("The answer is of another provider")
    code = _only(request, "code")
    if not code:
        raise ProviderError("The answer has no code")
    claims = await claims_for_code(
        settings, code=code, flow=flow, redirect_uri=_redirect_uri(request)
    )
    return person_of(claims, settings)


def _let_in(request: Request, person: Person, onward: str) -> Response:
    entry = enter(request, person)
    if entry is None:
        return _told(request, *NO_ACCOUNT)
    return go_on(request, entry, onward)


def _failed(request: Request, reason: str) -> Response:
    if note_failure():
        _log.warning("Single sign-on failed: %s", reason)
    return _told(request, *FAILED)


def _told(request: Request, title: str, text: str) -> Response:
    return page(request, "single_sign_on.html", status=403, title=title, text=text)


def _redirect_uri(request: Request) -> str:
    """Return where the provider sends browsers back to, as it is registered there."""
    door: DoorSettings = request.state.settings
    host = request.headers.get("host", "")
    if door.public_url is None and not door.allows_host(host):
        raise ProviderError("The practice was asked for under another name")
    return f"{door.public_url or f'http://{host}'}{CALLBACK}"


def _only(request: Request, name: str) -> str | None:
    """Return a parameter of the address; None if it is missing or given twice."""
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 else None
