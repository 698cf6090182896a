"""Answers drawn as text: a table in, a frame with the columns of a contract out."""

import pandas as pd

from analysis.change_shape import ANSWERS
from analysis.columns import conform


def answers(table: str) -> pd.DataFrame:
    """Return the answers of both forms; an empty cell is a form without answers."""
    header, _, *lines = table.strip().splitlines()
    names = [cell.strip() for cell in header.split("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    frame = pd.DataFrame(rows, columns=names)
    return conform(frame.assign(course_id=frame["course_id"].astype("int64")), ANSWERS)
