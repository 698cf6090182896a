"""Page set-up, the choice of practice, and navigation."""

import streamlit as st

from views import state
from views.components import offer_example, print_style


st.set_page_config(
    page_title="Infusion Outcomes", page_icon="💧", layout="wide"
)  # an emoji icon: a symbol's name would be fetched from elsewhere

PAGES = {
    "Patients": [
        st.Page("caseload.py", title="Caseload", default=True),
        st.Page("record.py", title="Record"),
        st.Page("patient.py", title="Patient", visibility="hidden"),
    ],
    "Practice": [
        st.Page("outcomes.py", title="Outcomes"),
        st.Page("published.py", title="Published figures"),
        st.Page("methods.py", title="Methods"),
        st.Page("importing.py", title="Import", url_path="import"),
    ],
}

page = st.navigation(PAGES)

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
    st.text_input(
        "Recorded by",
        key="recorder",
        placeholder="Your name",
        help="Kept with everything you record.",
        persist_state="session",
    )

print_style()
if state.in_example():
    st.warning(
        "Example practice: every patient here is invented. Nothing you record here "
        "reaches your own records.",
        icon="⚠️",
    )
    offer_example()

page.run()
