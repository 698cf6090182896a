import streamlit as st

st.title("outcomes")
