"""A page that says what reached it of its visitor, and has something to fetch."""

import json

import streamlit as st


st.text(
    json.dumps(
        {
            "user": dict(st.user),
            "cookies": dict(st.context.cookies),
            "headers": dict(st.context.headers),
        }
    )
)
st.download_button("A file", "a record", "record.csv")
st.file_uploader("A file")
