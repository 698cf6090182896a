"""The second factor: codes of an authenticator app, and recovery codes on paper.

NIST SP 800-63B-4, sections 3.1.4 (one-time codes) and 3.1.2 (look-up secrets).
"""

import hashlib
import hmac
import re
import secrets
import string
from datetime import UTC, datetime

import pyotp
import segno


# RFC 6238 as authenticator apps expect it: SHA-1, six digits, a new code in 30 seconds.
SECONDS_PER_STEP = 30
# RFC 6238, section 5.2: one step for the time it takes to type, and for slow clocks.
STEPS_EITHER_SIDE = 1

RECOVERY_CODES = 10
# Of what looks alike at most one is left: 0 O, 1 I L, 2 Z, 5 S, 6 G, 8 B, V U.
_LOOK_ALIKES = "01BGILOSUZ"
RECOVERY_ALPHABET = "".join(
    key for key in string.digits + string.ascii_uppercase if key not in _LOOK_ALIKES
)
RECOVERY_GROUPS = 6
RECOVERY_GROUP_LENGTH = 4

_SIX_DIGITS = re.compile("[0-9]{6}")
_QR_LABEL = "QR code for an authenticator app"
_QR_SIDE = 240


def new_secret() -> str:
    """Return a new secret to share with an authenticator: 160 bits in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, login: str, issuer: str) -> str:
    """Return the address that tells an authenticator the secret and whose it is.

    Examples
    --------
    >>> provisioning_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ameyer", "Lake House")
    'otpauth://totp/Lake%20House:ameyer?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
&issuer=Lake%20House'
    """
    # A colon parts issuer and login; authenticators do not agree on one in a name.
    return _totp(secret).provisioning_uri(
        name=login.replace(":", " "), issuer_name=issuer.replace(":", " ")
    )


def qr_svg(uri: str) -> str:
    """Return the address as a QR code, to be put into a page as it is.

    Black on white whatever the theme: cameras expect the light margin. The text of the
    address is not in it; the page shows the secret beside it for those who type it.
    """
    drawn = segno.make_qr(uri, error="m").svg_inline(
        dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    attributes = f'role="img" aria-label="{_QR_LABEL}" shape-rendering="crispEdges"'
    size = f'width="{_QR_SIDE}" height="{_QR_SIDE}"'
    return drawn.replace("<svg", f"<svg {attributes} {size}", 1)


def matching_step(
    secret: str, code: str, *, now: datetime, after_step: int | None
) -> int | None:
    """Return the time step that a code belongs to, or None if it is not accepted.

    Parameters
    ----------
    secret
        From :func:`new_secret`.
    code
        As it was typed: six digits, with spaces or without.
    now
        The present; without a zone it is meant in UTC, as the tables keep it.
    after_step
        The step of the last code that was accepted. A code is taken once, so neither
        its step nor an earlier one is accepted again. None if there was none.

    Returns
    -------
    int or None
        Keep it with the account as the next ``after_step``, in the transaction that
        read the last one.
    """
    digits = "".join(code.split())
    if not _SIX_DIGITS.fullmatch(digits):
        return None
    totp = _totp(secret)
    present = _step(now)
    found = None
    # Every step is compared, and the last that matches counts: were it an earlier one,
    # the same digits could be used again.
    for step in range(present - STEPS_EITHER_SIDE, present + STEPS_EITHER_SIDE + 1):
        matches = hmac.compare_digest(totp.generate_otp(step), digits)
        if matches and (after_step is None or step > after_step):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return new recovery codes, each for one sign-in without the authenticator."""
    return [
        "-".join(_recovery_group() for _ in range(RECOVERY_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]


def hash_recovery_code(code: str) -> str:
    """Return what is stored of a recovery code; case, spaces and dashes do not count.

    Examples
    --------
    >>> code = "7QXA-4MPD-9KRT-2HVW-C6NE-5YJF"
    >>> hash_recovery_code(code) == hash_recovery_code("7qxa 4mpd9krt2hvw c6ne 5yjf")
    True
    """
    typed = "".join(key for key in code.upper() if key.isalnum())
    # Of 26 characters 24 are drawn: 112.8 bits, which nobody can try out. From 112 bits
    # on, NIST SP 800-63B-4, section 3.1.2.2, asks for a plain hash; fewer would need a
    # salt and a slow one, and then a code could not be looked up by its hash.
    return hashlib.sha256(typed.encode()).hexdigest()


def _totp(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, interval=SECONDS_PER_STEP)


def _recovery_group() -> str:
    return "".join(
        secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_GROUP_LENGTH)
    )


def _step(now: datetime) -> int:
    moment = now if now.tzinfo else now.replace(tzinfo=UTC)
    return int(moment.timestamp()) // SECONDS_PER_STEP
