"""Which pages there are for whom.

A page is kept from a role for orientation. What a role may read and do is checked in
``data``, at every question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from data.actors import Actor, Right
from views import access_wording as wording
from views import state


@dataclass(frozen=True)
class Place:
    """One page.

    Parameters
    ----------
    file
        Its file.
    title
        Its name in the menu.
    right
        Without it there is nothing to see or do there; None: for everybody.
    url_path
        Its address; None: the name of the file.
    listed
        Whether it is in the menu.
    only_own
        Whether it is about the own practice, whichever one is looked at.
    """

    file: str
    title: str
    right: Right | None = None
    url_path: str | None = None
    listed: bool = True
    only_own: bool = False

    @property
    def address(self) -> str:
        """Return the path of the page."""
        return self.url_path or self.file.removesuffix(".py")


def _results(file: str, title: str) -> Place:
    address = file.removesuffix(".py").replace("_", "-")
    return Place(f"results/{file}", title, Right.READ_OUTCOMES, url_path=address)


TODAY = Place("today.py", "Today", Right.READ_RECORDS)
OUTCOMES = _results("outcomes.py", "Outcomes")
ACCOUNTS = Place("accounts.py", "Accounts", Right.MANAGE, only_own=True)

MENU: Mapping[str, Sequence[Place]] = {
    "Patients": (
        TODAY,
        Place("caseload.py", "Caseload", Right.READ_RECORDS),
        Place("record.py", "Record", Right.RECORD),
        Place("importing.py", "Import", Right.RECORD, url_path="import"),
        Place("patient.py", "Patient", Right.READ_RECORDS, listed=False),
        Place("patient_view.py", "Your answers", Right.READ_RECORDS, listed=False),
    ),
    "Results": (
        OUTCOMES,
        _results("beside.py", "Beside published"),
        _results("by_infusion.py", "By infusion"),
        _results("durability.py", "Durability"),
        _results("change.py", "Change"),
        _results("missing.py", "Missing data"),
    ),
    "Quality and safety": (
        _results("variation.py", "Variation"),
        _results("quality.py", "Quality measures"),
        _results("safety.py", "Safety"),
        _results("data_quality.py", "Data quality"),
        _results("snapshots.py", "Snapshots"),
    ),
    "Background": (
        Place("results/published.py", "Published figures", url_path="published"),
        Place("methods.py", "Methods"),
    ),
    "Administration": (
        ACCOUNTS,
        Place(
            "practice_settings.py",
            "Practice settings",
            Right.MANAGE,
            url_path="settings",
            only_own=True,
        ),
        Place("audit_log.py", "Audit", Right.READ_AUDIT, url_path="audit"),
    ),
}

# Where somebody starts: the first whose right they have.
STARTS = ((Right.RECORD, TODAY), (Right.READ_OUTCOMES, OUTCOMES))
START = "start"


def navigate(who: Actor) -> st.Page:
    """Show the menu of somebody's roles, and return the page that was asked for."""
    start = _start(who)
    start_page = st.Page(start.file, title=start.title, url_path=START, default=True)
    menu, beside = {}, []
    for section, places in MENU.items():
        listed = [place for place in places if place.listed and _is_for(place, who)]
        if listed:
            menu[section] = [
                start_page if place is start else _page(place) for place in listed
            ]
        # The address of where somebody starts works for everybody else as well.
        rest = [place for place in places if place is start or place not in listed]
        beside += [_unlisted(place, who, start_page) for place in rest]
    return st.navigation({**menu, "": beside}, expanded=True)


def _start(who: Actor) -> Place:
    return next((place for right, place in STARTS if who.may(right)), ACCOUNTS)


def _is_for(place: Place, who: Actor) -> bool:
    if place.only_own and state.in_example():
        return False
    return place.right is None or who.may(place.right)


def _page(place: Place, *, listed: bool = True) -> st.Page:
    return st.Page(
        place.file,
        title=place.title,
        url_path=place.address,
        visibility="visible" if listed else "hidden",
    )


def _unlisted(place: Place, who: Actor, start: st.Page) -> st.Page:
    if _is_for(place, who):
        return _page(place, listed=False)
    return _refusal(place, who, start)


def _refusal(place: Place, who: Actor, start: st.Page) -> st.Page:
    """Return a page in the place of one that is not for somebody's roles.

    Streamlit would say that there is none, and draw another one under its address.
    """

    def refusal() -> None:
        st.title(place.title)
        if place.only_own and state.in_example():
            st.info(wording.only_own(place.title))
        else:
            st.info(wording.not_for(place.right, who.roles))
        st.page_link(start, label=f"Open {start.title}")

    return st.Page(
        refusal, title=place.title, url_path=place.address, visibility="hidden"
    )
