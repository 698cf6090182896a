"""Tables of words, as they stand on a page and on paper."""

from collections.abc import Mapping, Sequence

import pyarrow
import streamlit as st


Rows = Sequence[Mapping[str, str | None]]


def word_table(rows: Rows, name: str) -> None:
    """Show rows of text that say everything themselves; not to be sorted or scrolled.

    They go to the browser as they are: the way through a frame takes ten times as long.

    Parameters
    ----------
    rows
        At least one; the first says which columns there are.
    name
        What the table holds, for who cannot see it.
    """
    columns = {column: [row[column] for row in rows] for column in rows[0]}
    table = pyarrow.table(columns)
    st.table(table, hide_index=True, border="horizontal", alt=name)
