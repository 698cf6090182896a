"""A reader who tries every table that the printed one could be."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.suppression import (
    NO_REST,
    OUTCOME_LAYOUT,
    PROTECTED_REST,
    Hidden,
    Layout,
    Sum,
    suppress,
)


FEWER_THAN = 3
MOST = 7

SMALL_COUNTS = st.integers(0, MOST)


def possible(shown):
    """Return what a printed cell may be, as far as its own words go."""
    if not isinstance(shown, Hidden):
        return [shown]
    if shown.fewer_than is None:
        return list(range(FEWER_THAN, 3 * MOST + FEWER_THAN))
    return list(range(shown.fewer_than))


COLUMN = Layout(counts=("forms",), total_row="all")


@given(st.lists(SMALL_COUNTS, min_size=1, max_size=4))
def test_no_small_count_of_a_column_with_a_total_can_be_worked_out(counts):
    rows = {f"unit {n}": {"forms": count} for n, count in enumerate(counts)}
    rows["all"] = {"forms": sum(counts)}
    found = suppress(rows, COLUMN, FEWER_THAN).rows
    *parts, total = [possible(row["forms"]) for row in found.values()]
    left = [of for of in product(*parts) if sum(of) in total]
    assert tuple(counts) in left
    for place, count in enumerate(counts):
        if count < FEWER_THAN:
            assert len({of[place] for of in left}) > 1


ROW = Layout(
    counts=("measured", "events"),
    sums=(Sum("measured", ("events",), PROTECTED_REST),),
    total_row="all",
)
PAIRS = st.tuples(SMALL_COUNTS, SMALL_COUNTS)


@settings(max_examples=60)
@given(PAIRS, PAIRS)
def test_nor_of_two_units_with_events_and_those_without(first, second):
    both = [first, second, tuple(a + b for a, b in zip(first, second, strict=True))]
    names = ("Adams", "Baker", "all")
    rows = {
        name: {"measured": events + others, "events": events}
        for name, (events, others) in zip(names, both, strict=True)
    }
    found = suppress(rows, ROW, FEWER_THAN).rows
    left = [
        (events, others)
        for events in with_total(found[name]["events"] for name in names)
        for others in with_total([None, None, None])
        if all(
            e + o in possible(found[name]["measured"])
            for e, o, name in zip(events, others, names, strict=True)
        )
    ]
    assert (tuple(e for e, _ in both), tuple(o for _, o in both)) in left
    for place, (events, others) in enumerate(both):
        if events < FEWER_THAN:
            assert len({e[place] for e, _ in left}) > 1
        if others < FEWER_THAN:
            assert len({o[place] for _, o in left}) > 1
        if events + others < FEWER_THAN:
            assert len({e[place] + o[place] for e, o in left}) > 1


def with_total(shown):
    """Return what two cells and their total may be; None is a cell never printed."""
    first, second, total = (
        range(2 * MOST + 3) if cell is None else possible(cell) for cell in shown
    )
    return [(a, b, a + b) for a, b in product(first, second) if a + b in total]


GRID = Layout(
    counts=("measured", "events", "others"),
    sums=(Sum("measured", ("events", "others"), NO_REST),),
    total_row="all",
)
UNITS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5
)


def grid(units):
    rows = {
        f"unit {n}": {"measured": e + o, "events": e, "others": o}
        for n, (e, o) in enumerate(units)
    }
    rows["all"] = {
        name: sum(row[name] for row in rows.values()) for name in GRID.counts
    }
    return rows


@settings(max_examples=25)
@given(UNITS)
def test_no_small_count_and_no_other_number_is_printed(units):
    rows = grid(units)
    found = suppress(rows, GRID).rows
    for name, row in rows.items():
        for column, count in row.items():
            shown = found[name][column]
            if count < 5:
                assert shown == Hidden(5)
            else:
                assert shown in (count, Hidden(None))


@settings(max_examples=25)
@given(UNITS)
def test_nothing_is_hidden_where_no_count_is_small(units):
    rows = grid([(e + 5, o + 5) for e, o in units])
    found = suppress(rows, GRID)
    assert found.rows == rows
    assert (found.small, found.protecting) == (0, 0)


@settings(max_examples=25)
@given(UNITS)
def test_a_lone_hidden_count_is_in_no_row_and_no_column(units):
    found = suppress(grid(units), GRID).rows
    lines = [list(row.values()) for row in found.values()]
    lines += [[row[name] for row in found.values()] for name in GRID.counts]
    for line in lines:
        hidden = [shown for shown in line if isinstance(shown, Hidden)]
        assert len(hidden) != 1 or hidden[0].fewer_than is None


@settings(max_examples=25)
@given(UNITS)
def test_the_order_of_the_rows_makes_no_difference(units):
    rows = grid(units)
    turned = dict(reversed(rows.items()))
    assert suppress(rows, GRID).rows == suppress(turned, GRID).rows


FALLS = st.tuples(*[st.integers(0, 12)] * 4, st.integers(0, 30))
NESTED = ("started", "eligible", "due", "measured", "events")


@settings(max_examples=25)
@given(st.lists(FALLS, min_size=1, max_size=4))
def test_no_small_number_of_events_or_of_none_in_a_table_of_rates(units):
    rows = {}
    for number, (first, second, third, fourth, events) in enumerate(units):
        counts = np.cumsum([events, first, second, third, fourth])[::-1]
        rows[f"unit {number}"] = dict(zip(NESTED, counts.tolist(), strict=True))
    rows["all"] = {name: sum(row[name] for row in rows.values()) for name in NESTED}
    found = suppress(rows, replace(OUTCOME_LAYOUT, total_row="all")).rows
    for name, row in rows.items():
        for one in NESTED:
            if row[one] < 5:
                assert len(values_left(found, {(name, one): 1})) == 2
        if row["measured"] - row["events"] < 5:
            without = {(name, "measured"): 1, (name, "events"): -1}
            assert len(values_left(found, without)) == 2


def values_left(found, asked):
    """Return the lowest and the highest value that fit the printed table."""
    cells = [(row, name) for row in found for name in NESTED]
    lowest, highest = zip(*(limits(found[r][name]) for r, name in cells), strict=True)
    down_the_columns = [
        [(1 if row == "all" else -1) * (name == column) for row, name in cells]
        for column in NESTED
    ]
    along_the_rows = [
        [(cell == (row, more)) - (cell == (row, less)) for cell in cells]
        for row in found
        for more, less in pairwise(NESTED)
    ]
    known = [
        LinearConstraint(np.array(down_the_columns), 0, 0),
        LinearConstraint(np.array(along_the_rows), 0, np.inf),
    ]
    cost = np.array([asked.get(cell, 0) for cell in cells])
    ends = [
        milp(
            sign * cost,
            integrality=np.ones(len(cells)),
            bounds=Bounds(lowest, highest),
            constraints=known,
        )
        for sign in (1, -1)
    ]
    return {round(ends[0].fun), round(-ends[1].fun)}


def limits(shown):
    if not isinstance(shown, Hidden):
        return shown, shown
    return (5, 1000) if shown.fewer_than is None else (0, 4)
