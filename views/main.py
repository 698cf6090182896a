"""Page set-up, the choice of practice, and navigation."""

import streamlit as st

from views import state
from views.components import offer_example, page_style


st.set_page_config(
    page_title="Infusion Outcomes", page_icon="💧", layout="wide"
)  # an emoji icon: a symbol's name would be fetched from elsewhere

PAGES = {
    "Patients": [
        st.Page("caseload.py", title="Caseload", default=True),
        st.Page("record.py", title="Record"),
        st.Page("importing.py", title="Import", url_path="import"),
        st.Page("patient.py", title="Patient", visibility="hidden"),
    ],
    "Results": [
        st.Page("outcomes.py", title="Outcomes"),
        st.Page("published.py", title="Published figures"),
        st.Page("methods.py", title="Methods"),
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

page_style()
if state.in_example():
    st.warning(
        "**Example practice.** Every patient here is invented. Nothing you record here "
        "reaches your own records."
    )
    offer_example()

page.run()
