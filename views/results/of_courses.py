"""The patients behind a number that is known by its courses."""

from collections.abc import Collection, Mapping

import pandas as pd
import streamlit as st

from views.layout import NOT_ON_PAPER
from views.results.behind import Number, show_behind
from views.results.wording.outcomes import course_table


Groups = Mapping[str, Collection[int]]


def show_courses(
    courses: pd.DataFrame, groups: Groups, *, key: str, page: tuple[str, str]
) -> None:
    """Let the visitor open the patients behind numbers of courses; not for paper.

    Parameters
    ----------
    courses
        With the ``state`` of each, as `views.results.counts.recut.courses_behind`.
    groups
        By the name of a number, the ids of the courses that it counts.
    key, page
        As for `views.results.behind.show_behind`.
    """
    with st.container(key=f"{NOT_ON_PAPER}_{key}"):
        numbers = [
            Number(name, name, lambda ids=ids: course_rows(courses, ids), len(ids))
            for name, ids in groups.items()
        ]
        show_behind(numbers, key=key, page=page)


def course_rows(courses: pd.DataFrame, ids: Collection[int]) -> pd.DataFrame:
    """Return some of the courses as the rows behind a number, the first begun first."""
    counted = courses[courses["course_id"].isin(list(ids))]
    return course_table(counted.sort_values(["first_day", "course_id"]))


def ids_in(courses: pd.DataFrame, *states: str) -> list[int]:
    """Return the ids of the courses in these states."""
    return courses.loc[courses["state"].isin(states), "course_id"].tolist()
