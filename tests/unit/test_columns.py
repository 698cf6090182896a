from decimal import Decimal

import pandas as pd
import pytest

from analysis.columns import (
    COURSES,
    COURSES_BY_INFUSION,
    SCORES_AFTER,
    conform,
    empty,
)
from tests.course_tables import courses


SPECS = [COURSES, COURSES_BY_INFUSION, SCORES_AFTER]

ONE_COURSE = courses("""
    course_id | total
    ----------+------
    1         | 8
""")


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_an_empty_frame_has_every_column_and_its_type(spec):
    assert dtypes(empty(spec)) == {c.name: c.dtype for c in spec.columns}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_frame_without_rows_gets_the_types_it_has_lost(spec):
    read = pd.DataFrame({c.name: pd.Series(dtype=object) for c in spec.columns})
    assert dtypes(conform(read, spec)) == dtypes(empty(spec))


def test_a_column_of_nothing_but_missing_totals_becomes_numeric():
    unmeasured = conform(ONE_COURSE.assign(total=[None]), COURSES)
    assert str(unmeasured["total"].dtype) == "float64"
    assert unmeasured["total"].isna().all()


def test_nullable_and_decimal_numbers_are_cast():
    read = ONE_COURSE.assign(
        total=pd.array([pd.NA], dtype="Int64"), baseline=[Decimal(20)]
    )
    assert dtypes(conform(read, COURSES)) == dtypes(empty(COURSES))


def test_the_frame_handed_over_stays_as_it_was():
    read = ONE_COURSE.astype({"infusions": "float64"})
    conform(read, COURSES)
    assert str(read["infusions"].dtype) == "float64"


def test_further_columns_stay():
    assert "note" in conform(ONE_COURSE.assign(note="x"), COURSES)


@pytest.mark.parametrize("column", [c.name for c in COURSES.columns])
def test_refuses_a_frame_that_lacks_a_column(column):
    with pytest.raises(ValueError, match=f"^COURSES: column '{column}' is missing.$"):
        conform(ONE_COURSE.drop(columns=column), COURSES)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("indication", "anxiety", "'anxiety'; allowed: depression, ptsd, both, not re"),
        ("patient_id", None, "nan; allowed: text, never missing"),
        ("infusions", None, "nan; allowed: a whole number, never missing"),
        ("infusions", 0, "0.0; allowed: 1 or more"),
        ("infusions", 2.5, "2.5; allowed: a whole number"),
        ("total", 8.5, "8.5; allowed: a whole number"),
        ("total", float("inf"), "inf; allowed: a whole number"),
        ("total", -1, "-1.0; allowed: 0 or more"),
        ("total", "8", "'8'; allowed: a number"),
        ("course_id", "", "''; allowed: a number"),
    ],
)
def test_refuses_a_wrong_value_and_names_column_value_and_what_is_allowed(
    column, value, message
):
    wrong = ONE_COURSE.assign(**{column: pd.Series([value], dtype=object)})
    with pytest.raises(ValueError, match=f"^COURSES: column '{column}' has {message}"):
        conform(wrong, COURSES)


def test_refuses_the_same_course_twice():
    twice = pd.concat([ONE_COURSE, ONE_COURSE])
    with pytest.raises(ValueError, match=r"more than one row for course_id \(1,\)"):
        conform(twice, COURSES)


def test_a_course_may_be_there_once_for_each_infusion():
    rows = pd.concat([ONE_COURSE.assign(infusion=k) for k in (1, 2)])
    assert len(conform(rows, COURSES_BY_INFUSION)) == 2
