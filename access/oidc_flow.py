"""What a browser keeps between leaving for the provider and coming back.

It is a cookie of our own: encrypted with a key that this process made, short-lived, and
taken once. Without it an answer of the provider is refused, so that nobody can send
somebody else's browser in with an answer made for another.
"""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock
from time import time

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from data.tokens import new_token


SECONDS = 600
"""So long somebody may take at the provider."""

MOST_TAKEN = 100_000
"""So many are remembered as taken; each fits in some hundred bytes."""

_SEAL = {"alg": "dir", "enc": "A256GCM"}
_REGISTRY = JWERegistry(algorithms=list(_SEAL.values()))


@dataclass(frozen=True)
class Flow:
    """One way to the provider and back.

    Parameters
    ----------
    state
        Comes back with the provider's answer.
    nonce
        Comes back inside the provider's token.
    verifier
        Shows the provider that who asks for the token is who began (PKCE, RFC 7636).
    onward
        The address of ours to go on to.
    """

    state: str
    nonce: str
    verifier: str
    onward: str


class Flows:
    """Begins ways to the provider, and takes back what browsers bring from there.

    Parameters
    ----------
    clock
        Returns the present in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time) -> None:
        # With this process both the key and what was taken are forgotten.
        self._key = OctKey.import_key(secrets.token_bytes(32))
        self._taken: dict[str, float] = {}
        self._lock = Lock()
        self._clock = clock

    def begin(self, onward: str) -> tuple[Flow, str]:
        """Return a new way, and what the browser keeps of it."""
        flow = Flow(new_token(), new_token(), new_token(), onward)
        kept = asdict(flow) | {"until": self._clock() + SECONDS}
        return flow, jwt.encode(_SEAL, kept, self._key, registry=_REGISTRY)

    def take(self, kept: str, state: str) -> Flow | None:
        """Return the way that a state belongs to; None if it is over."""
        try:
            claims = jwt.decode(kept, self._key, registry=_REGISTRY).claims
        except (JoseError, ValueError):
            return None
        until = claims.pop("until")
        flow = Flow(**claims)
        # One in plain ASCII, as ours are, or the comparison refuses it.
        if not state.isascii() or not secrets.compare_digest(flow.state, state):
            return None
        return flow if self._clock() < until and self._is_first(state, until) else None

    def _is_first(self, state: str, until: float) -> bool:
        with self._lock:
            if state in self._taken:
                return False
            self._forget()
            self._taken[state] = until
            return True

    def _forget(self) -> None:
        """Forget what is too late in any case, and the oldest if there are too many."""
        now = self._clock()
        while self._taken:
            oldest = next(iter(self._taken))
            if now < self._taken[oldest] and len(self._taken) < MOST_TAKEN:
                return
            del self._taken[oldest]
