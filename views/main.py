"""Page set-up, the choice of practice, who is signed in, and navigation."""

import streamlit as st

from views import state
from views.access_wording import signed_in_as
from views.components import offer_example, page_style
from views.navigation import navigate
from views.session_guard import session_guard


st.set_page_config(
    page_title="Infusion Outcomes", page_icon="💧", layout="wide"
)  # an emoji icon: a symbol's name would be fetched from elsewhere

with st.sidebar:
    st.segmented_control(
        "Practice",
        list(state.PRACTICES),
        format_func=state.PRACTICES.get,
        default=state.OWN,
        required=True,
        key="practice",
        bind="query-params",
    )

who = state.actor()
page = navigate(who)

with st.sidebar:
    session_guard(
        session_id=who.session_id,
        name=who.name,
        roles=signed_in_as(who.roles, in_example=state.in_example()),
    )

page_style()
if state.in_example():
    st.warning(
        "**Example practice.** Every patient here is invented. Nothing you record here "
        "reaches your own records."
    )
    offer_example()

page.run()
