"""Under which address the practice is reached, and what follows for the door."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass


VARIABLE = "PUBLIC_URL"
ALLOWED = (
    "https://HOST or https://HOST:PORT without a path, such as "
    "https://outcomes.example.org; or not set, for this machine only"
)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names by which a machine reaches itself."""

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)


class SettingsError(ValueError):
    """A setting of the door that cannot be; the message says what is allowed."""


@dataclass(frozen=True)
class DoorSettings:
    """What the door goes by.

    Parameters
    ----------
    public_url
        The address that browsers show, ``https://HOST[:PORT]``. None: the practice is
        reached from this machine only, on whatever port.

    Raises
    ------
    SettingsError
        If the address is not of that form.

    Examples
    --------
    >>> DoorSettings("https://outcomes.example.org").session_cookie
    '__Host-session'
    """

    public_url: str | None = None

    def __post_init__(self) -> None:
        if self.public_url is not None and not _is_origin(self.public_url):
            raise SettingsError(
                f"{VARIABLE} {self.public_url!r} is not allowed; allowed: {ALLOWED}"
            )

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ
    ) -> "DoorSettings":
        """Return the settings of this process's environment.

        Raises
        ------
        SettingsError
            If ``PUBLIC_URL`` is set to anything but ``https://HOST[:PORT]``.
        """
        given = environment.get(VARIABLE, "").strip().lower()
        return cls(given.removesuffix("/") or None)

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS, which the proxy in front provides."""
        return self.public_url is not None

    @property
    def scheme(self) -> str:
        """Return ``https``, or ``http`` on this machine."""
        return "https" if self.secure else "http"

    @property
    def session_cookie(self) -> str:
        """Return the name of the cookie with a session's token."""
        return self._cookie("session")

    @property
    def device_cookie(self) -> str:
        """Return the name of the cookie with a known device's token."""
        return self._cookie("device")

    def allows_host(self, host: str) -> bool:
        """Whether a ``Host`` header names this practice.

        A page elsewhere may point a name of its own at this machine (DNS rebinding);
        its requests arrive here under that name.
        """
        asked = self._place(host)
        if asked is None:
            return False
        if self.public_url is None:
            return asked[0] in LOOPBACK
        return asked == self._place(self.public_url.partition("://")[2])

    def allows_origin(self, origin: str, *, host: str) -> bool:
        """Whether an ``Origin`` header is the very place that the request went to.

        On this machine another port is another program, so the port counts as well.
        """
        scheme, _, place = origin.partition("://")
        return (
            scheme == self.scheme
            and self.allows_host(place)
            and self._place(place) == self._place(host)
        )

    def _cookie(self, name: str) -> str:
        # Browsers take a cookie of this prefix only by TLS, for this host and every
        # path, so that no other host of the domain can plant one.
        return f"__Host-{name}" if self.secure else name

    def _place(self, host: str) -> tuple[str, int] | None:
        """Return name and port; None if the text is no host."""
        match = _HOST.fullmatch(host.lower())
        if match is None:
            return None
        return match["name"], int(match["port"] or _PORTS[self.scheme])


def _is_origin(url: str) -> bool:
    """Whether this is ``https://HOST[:PORT]`` and nothing more."""
    scheme, _, host = url.partition("://")
    match = _HOST.fullmatch(host)
    if scheme != "https" or match is None:
        return False
    return match["port"] is None or 0 < int(match["port"]) <= 65_535
