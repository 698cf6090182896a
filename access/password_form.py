"""Choosing a password: what is said before it is typed, and what is refused."""

from access.csrf import Form
from access.passwords import (
    SHORTEST_ALONE,
    SHORTEST_WITH_SECOND_FACTOR,
    WeakPassword,
    check_password,
)


NEW = "new_password"
AGAIN = "new_password_again"


def password_rules(*, second_factor: bool) -> str:
    """Return what a new password has to be, in plain words."""
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST_ALONE
    return (
        f"At least {shortest} characters of any kind, spaces too; four or more "
        "unrelated words are easy to remember and hard to guess. Common passwords, "
        "names and rows of keys are refused."
    )


def password_faults(
    form: Form, *, login: str, name: str, practice_name: str, second_factor: bool
) -> dict[str, str]:
    """Return what is wrong with a new password, by field; nothing if it may be kept."""
    password = form.text(NEW)
    try:
        check_password(
            password,
            login=login,
            name=name,
            practice_name=practice_name,
            second_factor=second_factor,
        )
    except WeakPassword as error:
        return {NEW: f"{error}."}
    if form.text(AGAIN) != password:
        return {AGAIN: "The two are not the same. Type both again."}
    return {}
