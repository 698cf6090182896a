"""What is asked of the provider, and what of its answers is believed.

Only the provider's own endpoints are asked, as its discovery document states them,
without following redirects, within a time and a size. Nothing that the provider says
is put into an error: what is logged are sentences of this file.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2 import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from access.oidc_flow import Flow
from access.oidc_settings import OidcSettings, split_url


Claims = Mapping[str, Any]

ALGORITHMS = ("RS256", "ES256")
"""How a token may be signed: with a key that only the provider has."""

LEEWAY = 60
"""Seconds by which the provider's clock and ours may differ."""

SECONDS = 10
"""So long a provider may take, whatever it does meanwhile."""

LARGEST_ANSWER = 256 * 1024
METADATA_KEPT = 600

SCOPES = ("openid", "email", "profile")

_BASIC, _IN_BODY = "client_secret_basic", "client_secret_post"

# RFC 6749, sections 4.1.2.1 and 5.2; anything else a provider says is not repeated.
ERROR_CODES = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
    }
)

# What the libraries raise on answers that are not what they should be.
_BAD_ANSWER = (
    ArithmeticError,
    AttributeError,
    JoseError,
    KeyError,
    RecursionError,
    TimeoutError,
    TypeError,
    ValueError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
)


class ProviderError(RuntimeError):
    """A sign-in that cannot be finished; the message may be logged."""


@dataclass(frozen=True)
class Provider:
    """Where a provider is asked.

    Parameters
    ----------
    authorization_endpoint
        Where browsers are sent.
    token_endpoint
        Where a code is exchanged for a token.
    jwks_uri
        Where the keys are that its tokens are signed with.
    authentication
        How it takes our secret.
    scopes
        What is asked for.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authentication: str
    scopes: tuple[str, ...] = SCOPES


_found: dict[str, tuple[float, Provider]] = {}


async def find_provider(settings: OidcSettings) -> Provider:
    """Return where the provider is asked, as it said within the last minutes.

    Raises
    ------
    ProviderError
        If it does not answer, or not with a usable discovery document.
    """
    asked_at, provider = _found.get(settings.issuer, (0.0, None))
    if provider is None or monotonic() - asked_at > METADATA_KEPT:
        address = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        with _explained("Its discovery document cannot be had or used"):
            async with asyncio.timeout(SECONDS), _client(settings) as client:
                provider = _provider(settings, await _json(client, address))
        _found[settings.issuer] = (monotonic(), provider)
    return provider


def sign_in_url(
    settings: OidcSettings, provider: Provider, flow: Flow, redirect_uri: str
) -> str:
    """Return the provider's address at which somebody signs in and comes back."""
    client = OAuth2Client(
        session=None,
        client_id=settings.client_id,
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )
    url, _ = client.create_authorization_url(
        provider.authorization_endpoint,
        state=flow.state,
        nonce=flow.nonce,
        code_verifier=flow.verifier,
    )
    return url


async def claims_for_code(
    settings: OidcSettings, *, code: str, flow: Flow, redirect_uri: str
) -> Claims:
    """Return what the provider's token says, once all of it is verified.

    Parameters
    ----------
    settings
        Whose tokens are believed.
    code
        What the browser brought; the provider takes it once.
    flow
        The way that it came back from.
    redirect_uri
        Where it came back to.

    Raises
    ------
    ProviderError
        If the provider does not answer, refuses the code, or its token is not for us,
        not for this way, not signed by it, or not of now.
    """
    provider = await find_provider(settings)
    with _explained("It gave no token"):
        async with asyncio.timeout(SECONDS), _client(settings, provider) as client:
            answer = await client.fetch_token(
                provider.token_endpoint,
                code=code,
                code_verifier=flow.verifier,
                redirect_uri=redirect_uri,
            )
    # Asked anew each time: when a provider changes its keys, nothing has to notice.
    with _explained("Its keys cannot be had or used"):
        async with asyncio.timeout(SECONDS), _client(settings) as client:
            keys = KeySet.import_key_set(await _json(client, provider.jwks_uri))
    with _explained("Its token is not accepted"):
        return _verified(settings, answer, keys, flow.nonce)


def known_code(error: object) -> str:
    """Return an error code of the standard; ``other`` for what may be anything."""
    return error if isinstance(error, str) and error in ERROR_CODES else "other"


def _verified(
    settings: OidcSettings, answer: Claims, keys: KeySet, nonce: str
) -> Claims:
    token = jwt.decode(
        answer["id_token"],
        keys,
        # Providers put headers of their own into tokens; those change nothing.
        registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
    )
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": settings.issuer},
            "aud": {"essential": True, "value": settings.client_id},
            "sub": {"essential": True},
        },
        params={
            "client_id": settings.client_id,
            "nonce": nonce,
            "access_token": answer.get("access_token"),
        },
    )
    claims.validate(leeway=LEEWAY)
    return claims


def _provider(settings: OidcSettings, metadata: Claims) -> Provider:
    if metadata["issuer"] != settings.issuer:
        raise ProviderError("It states another issuer than OIDC_ISSUER")
    # Basic is what the standard expects of a provider that says nothing. In the body
    # nothing depends on how it reads signs in a header (RFC 6749, section 2.3.1).
    methods = metadata.get("token_endpoint_auth_methods_supported") or [_BASIC]
    offered = metadata.get("scopes_supported") or []
    wanted = (settings.roles_claim, settings.sites_claim)
    return Provider(
        authorization_endpoint=_endpoint(settings, metadata["authorization_endpoint"]),
        token_endpoint=_endpoint(settings, metadata["token_endpoint"]),
        jwks_uri=_endpoint(settings, metadata["jwks_uri"]),
        authentication=_IN_BODY if _IN_BODY in methods else _BASIC,
        # Some providers state groups only if a scope of that name is asked for.
        scopes=tuple(
            dict.fromkeys((*SCOPES, *(one for one in wanted if one in offered)))
        ),
    )


def _endpoint(settings: OidcSettings, url: str) -> str:
    """Return an endpoint, if it is reached by TLS or is the issuer's own place."""
    parts, issuer = split_url(url), split_url(settings.issuer)
    assert issuer is not None, "settings hold an address"
    if parts is None or "#" in url:
        raise ProviderError("It states an endpoint that is no web address")
    if parts.scheme != "https" and (parts.scheme, parts.netloc) != (
        issuer.scheme,
        issuer.netloc,
    ):
        raise ProviderError("It states an endpoint without TLS")
    return url


async def _json(client: AsyncOAuth2Client, url: str) -> Claims:
    answer = await client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    if answer.status_code != 200 or not isinstance(answer.json(), dict):
        raise ProviderError("It did not answer with an object in JSON")
    return answer.json()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn what a library says of an answer into a sentence without its contents."""
    try:
        yield
    except AuthlibBaseError as error:
        raise ProviderError(f"{what}: {known_code(error.error)}") from None
    except ClaimError as error:
        raise ProviderError(f"{what}: {type(error).__name__} {error.claim}") from None
    except _BAD_ANSWER as error:
        raise ProviderError(f"{what}: {type(error).__name__}") from None


def _client(
    settings: OidcSettings, provider: Provider | None = None
) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        token_endpoint_auth_method=_BASIC
        if provider is None
        else provider.authentication,
        headers={"accept-encoding": "identity"},
        timeout=SECONDS,
        transport=_Transport(verify=_certificates()),
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Return the system's certificates, read once: that takes a while."""
    return httpx2.create_ssl_context()


class _Transport(httpx2.AsyncHTTPTransport):
    """Takes answers as they are, up to a size."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        if "content-encoding" in answer.headers:
            # It was not asked for, and may grow to any size.
            await answer.aclose()
            raise ProviderError("It answered compressed")
        return httpx2.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Limited(answer.stream),
            extensions=answer.extensions,
        )


class _Limited(httpx2.AsyncByteStream):
    """Stops where an answer becomes larger than any that is of use."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for part in self._stream:
            taken += len(part)
            if taken > LARGEST_ANSWER:
                raise ProviderError("It answered more than is of use")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
