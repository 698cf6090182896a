"""Setting up a second factor: the secret as a picture and as text, and a first code."""

import re
from typing import Any

from markupsafe import Markup

from access.csrf import Form
from access.passwords import PRODUCT_NAME
from access.second_factor import matching_step, provisioning_uri, qr_svg
from data.records import now_stamp


WRONG_FIRST_CODE = (
    "This code does not belong to the picture. Is your phone's clock right? Try the "
    "next code."
)

_SECRET = re.compile("[A-Z2-7]{32}")
_GROUP = 4


def enrolment_values(secret: str, *, login: str, practice_name: str) -> dict[str, Any]:
    """Return what a page shows of a secret that is not kept yet.

    It comes back with the form: nobody but its holder has seen it by then, and only a
    code made with it makes it count.
    """
    uri = provisioning_uri(secret, login, practice_name or PRODUCT_NAME)
    groups = [secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP)]
    return {
        "login": login,
        "secret": secret,
        "secret_in_groups": " ".join(groups),
        "qr": Markup(qr_svg(uri)),
    }


def sent_secret(form: Form) -> str | None:
    """Return the secret that a page of ours had shown; None if it is none."""
    secret = form.text("secret")
    return secret if _SECRET.fullmatch(secret) else None


def first_step(secret: str, form: Form) -> int | None:
    """Return the time step of the first code, or None if it is wrong."""
    return matching_step(secret, form.text("code"), now=now_stamp(), after_step=None)
