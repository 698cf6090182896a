"""A small OpenID Connect provider on loopback, for tests; it misbehaves when asked to.

- ``running_provider()``: yield one that runs in a thread.
- ``person``: the claims of who signs in there next; everybody is let in at once.
- ``sign``: how it makes a token of claims; ``metadata``: what its discovery document
  says; ``answers``: what a path answers instead of what it should; ``changes``: what
  is done to a path's right answer.
- ``asked``: the paths that were asked for, in order.
"""

import base64
import gzip
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey


CLIENT_ID = "infusion-outcomes"
CLIENT_SECRET = "the-clients-own"  # pragma: allowlist secret

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
STRANGE = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
"""A key that the provider does not have, under the id of one that it has."""

SHARED = OctKey.generate_key(256, {"kid": "shared", "use": "sig"})
"""A key that would sign and verify alike, so that everybody who verifies can sign."""

LEE = {
    "sub": "a81b7c",
    "email": "Lee@Lake.Example",
    "email_verified": True,
    "name": "Dr Lee",
    "groups": ["ketamine-clinicians"],
}

Sign = Callable[[dict], str]


def with_rsa(claims: dict) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, RSA)


def with_ec(claims: dict) -> str:
    return jwt.encode({"alg": "ES256", "kid": "ec"}, claims, EC)


def with_a_strange_key(claims: dict) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, STRANGE)


def with_rsa_in_sha_512(claims: dict) -> str:
    header = {"alg": "RS512", "kid": "rsa"}
    return jwt.encode(header, claims, RSA, algorithms=["RS512"])


def without_a_signature(claims: dict) -> str:
    return f"{_joined({'alg': 'none', 'kid': 'rsa'}, claims)}."


def with_the_public_key_as_secret(claims: dict) -> str:
    text = _joined({"alg": "HS256", "kid": "rsa"}, claims)
    digest = hmac.digest(RSA.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{_base64(digest)}"


def with_the_clients_secret(claims: dict) -> str:
    text = _joined({"alg": "HS256"}, claims)
    digest = hmac.digest(CLIENT_SECRET.encode(), text.encode(), "sha256")
    return f"{text}.{_base64(digest)}"


def with_a_shared_key(claims: dict) -> str:
    return jwt.encode({"alg": "HS256", "kid": "shared"}, claims, SHARED)


def with_a_key_of_its_own(claims: dict) -> str:
    header = {"alg": "RS256", "jwk": STRANGE.as_dict(private=False)}
    return jwt.encode(header, claims, STRANGE)


def with_another_body(claims: dict) -> str:
    header, _, signature = with_rsa(claims).split(".")
    body = _base64(json.dumps(claims | {"groups": ["it"]}).encode())
    return f"{header}.{body}.{signature}"


def _joined(header: dict, claims: dict) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Answer:
    """What a path answers; ``pieces`` are sent with ``pause`` seconds between them."""

    status: int = 200
    pieces: tuple[bytes, ...] = (b"",)
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    pause: float = 0


Change = Callable[[Answer], Answer]


def slowly(answer: Answer) -> Answer:
    """Send it over two seconds, with never long between two pieces."""
    return replace(
        answer, pieces=(*(b" " for _ in range(40)), *answer.pieces), pause=0.05
    )


def at_length(answer: Answer) -> Answer:
    """Send it after a megabyte of nothing."""
    return replace(answer, pieces=(*(b" " * 65_536 for _ in range(16)), *answer.pieces))


def compressed(answer: Answer) -> Answer:
    return replace(
        answer,
        pieces=(gzip.compress(b"".join(answer.pieces)),),
        headers=(*answer.headers, ("content-encoding", "gzip")),
    )


def as_a_fault(answer: Answer) -> Answer:
    return replace(answer, status=503)


def says(value: object, status: int = 200) -> Answer:
    return Answer(status, (json.dumps(value).encode(),))


@dataclass
class FakeProvider:
    """What it does; the tests change it as they like."""

    issuer: str = ""
    person: dict = field(default_factory=lambda: dict(LEE))
    sign: Sign = with_rsa
    metadata: dict = field(default_factory=dict)
    keys: list = field(default_factory=lambda: [RSA, EC])
    answers: dict[str, Answer] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict] = field(default_factory=dict)
    tokens_given: int = 0

    def answer(self, path: str, query: dict, body: dict, header: str) -> Answer:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        change = self.changes.get(path, lambda answer: answer)
        return change(self.right_answer(path, query, body, header))

    def right_answer(self, path: str, query: dict, body: dict, header: str) -> Answer:
        if path == "/.well-known/openid-configuration":
            return says(self.document())
        if path == "/authorize":
            return self.let_in(query)
        if path == "/jwks":
            return says({"keys": [key.as_dict(private=False) for key in self.keys]})
        return says(*self.token(body, header))

    def document(self) -> dict:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
        } | self.metadata
        return {name: value for name, value in document.items() if value is not None}

    def let_in(self, query: dict) -> Answer:
        """Send the browser back with a code, as if somebody had signed in."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert query["scope"].split()[:1] == ["openid"]
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        location = f"{query['redirect_uri']}?{back}"
        return Answer(302, headers=(("location", location),))

    def token(self, body: dict, header: str) -> tuple[dict, int]:
        methods = self.metadata.get("token_endpoint_auth_methods_supported", [])
        if not _is_the_client(body, header, in_body="client_secret_post" in methods):
            return {"error": "invalid_client"}, 401
        asked = self.codes.pop(body.get("code"), None)
        if asked is None or not _fits(asked, body):
            return {"error": "invalid_grant", "error_description": "secret text"}, 400
        self.tokens_given += 1
        return {
            "access_token": "an-access-token",
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.sign(self.claims(asked)),
        }, 200

    def claims(self, asked: dict) -> dict:
        """Return the token's claims; ``None`` in ``person`` leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        } | self.person
        return {name: value for name, value in claims.items() if value is not None}


def _is_the_client(body: dict, header: str, *, in_body: bool) -> bool:
    if in_body:
        pair = (body.get("client_id"), body.get("client_secret"))
        return pair == (CLIENT_ID, CLIENT_SECRET)
    pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    return header == f"Basic {pair}"


def _fits(asked: dict, body: dict) -> bool:
    """Whether who exchanges a code is who asked for it (RFC 7636, section 4.6)."""
    digest = hashlib.sha256(body.get("code_verifier", "").encode()).digest()
    return (
        body.get("grant_type") == "authorization_code"
        and body.get("redirect_uri") == asked["redirect_uri"]
        and asked["code_challenge"] == _base64(digest)
    )


@contextmanager
def running_provider() -> Iterator[FakeProvider]:
    """Yield a provider that runs in a thread until the end."""
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond({})

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self.respond(_flat(self.rfile.read(length).decode()))

        def respond(self, body: dict) -> None:
            parts = urlsplit(self.path)
            header = self.headers.get("authorization", "")
            given = provider.answer(
                unquote(parts.path), _flat(parts.query), body, header
            )
            self.send_response(given.status)
            for name, value in given.headers:
                self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            try:
                for piece in given.pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(given.pause)
            except OSError:
                pass  # The other side had heard enough.

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _flat(text: str) -> dict:
    return {name: values[0] for name, values in parse_qs(text).items()}
