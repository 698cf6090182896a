"""Every address that this package answers."""

from access import (
    account,
    drafts,
    kiosk,
    oidc,
    second_step,
    set_up,
    sign_in,
    status,
    welcome,
)


ROUTES = [
    *status.ROUTES,
    *sign_in.ROUTES,
    *second_step.ROUTES,
    *set_up.ROUTES,
    *welcome.ROUTES,
    *account.ROUTES,
    *drafts.ROUTES,
    *oidc.OIDC_ROUTES,
    *kiosk.ROUTES,
]
