"""Small numbers hidden in what is exported, so that they cannot be worked out again.

The rule:

1. A count under five, a 0 too, is printed as "fewer than 5". It is never printed as
   0: one who reads 0 of 12 has learnt something about each of the twelve.
2. What a shown count and its parts leave over is protected in the same way where the
   table says so: with 12 measured and 10 events, two had none.
3. Where a hidden count could still be worked out, from a total and the other parts,
   down a column or along a row or by several of these together, further counts are
   hidden as "not shown" until at least two values are left for it.
4. A share, and its interval, goes with its counts: it is hidden where one of them is.

Somebody who takes away one export from another, made of slightly different courses,
may still learn what neither gives; no rule for a single table can prevent that. Rows
of one table may be of overlapping courses, too: those that ask the same are told by an
`Asked`, and the later one is hidden where it would give the few others away.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import index

import numpy as np


FEWER_THAN = 5
"""This project's own, as the usual number; a practice may ask for a higher one."""

LOWEST_FEWER_THAN = 3
"""With 2, "fewer than 2" twice beside their total of 2 gives both away."""

NO_REST = "no rest"
FREE_REST = "free rest"
PROTECTED_REST = "protected rest"

EVERY_ROW = ""
Cell = tuple[str, str]


@dataclass(frozen=True)
class Hidden:
    """What stands in the place of a number that is not shown."""

    fewer_than: int | None
    """None where the number is not small, and hidden for the sake of another."""

    @property
    def text(self) -> str:
        """The words that are printed."""
        if self.fewer_than is None:
            return "not shown"
        return f"fewer than {self.fewer_than}"


NOT_SHOWN = Hidden(None)


@dataclass(frozen=True)
class Sum:
    """In every row, a count made up of others, which a reader may know."""

    total: str
    parts: tuple[str, ...]
    rest: str = NO_REST
    """What the parts leave over. ``NO_REST``: nothing, ever. ``PROTECTED_REST``: a
    count that is not in the table and is not to be worked out either. ``FREE_REST``:
    one that may be."""


@dataclass(frozen=True)
class Asked:
    """A question, and of how many courses a row or a rate answers it."""

    question: tuple[str, ...]
    counts: tuple[int, ...]
    """Of groups of the courses; in the same order wherever this is asked."""


def too_few(one: Asked, fewer_than: int) -> bool:
    """Return whether a group of the courses is small."""
    return min(one.counts) < fewer_than


def too_near(one: Asked, other: Asked, fewer_than: int) -> bool:
    """Return whether one taken from the other would tell of a few courses.

    Alike in every count they are taken for the same courses, and tell nothing. If not,
    each difference is a count of the courses that are in one alone, a 0 too: of ten
    more courses without one more event, none had it.

    Examples
    --------
    >>> asked = ("response", "end of induction")
    >>> fewer, more = Asked(asked, (30, 20)), Asked(asked, (40, 20))
    >>> too_near(fewer, fewer, 5), too_near(fewer, more, 5)
    (False, True)
    >>> too_near(fewer, Asked(asked, (40, 25)), 5)
    False
    """
    if one.question != other.question:
        return False
    pairs = zip(one.counts, other.counts, strict=True)
    left = [abs(a - b) for a, b in pairs]
    return any(left) and min(left) < fewer_than


@dataclass(frozen=True)
class Layout:
    """Which columns of a table are counts, and how they hang together.

    Columns that are in neither ``counts`` nor ``derived`` say nothing of how many
    and stay as they are.
    """

    counts: tuple[str, ...]
    """In the order in which they are worth keeping, the dearest first."""
    sums: tuple[Sum, ...] = ()
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that give counts away, such as shares, with those counts."""
    total_row: str | None = None
    """The row that is the sum of all others; None if there is none."""
    not_added: tuple[str, ...] = ()
    """Counts that this row does not have, as they do not add up."""
    same: tuple[str, ...] = ()
    """Counts that are the same in every row, and known to be."""
    whose: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Counts of records, with counts of the patients whose they are: where one of
    those is small, the records are hidden, however many."""
    asked: str | None = None
    """A column with an `Asked`, which is not printed. A row of which a group is small
    shows no count but the dearest; a row too near to one above it shows none."""


OUTCOME_LAYOUT = Layout(
    counts=("measured", "events", "due", "eligible", "started"),
    sums=(
        Sum("measured", ("events",), PROTECTED_REST),
        Sum("due", ("measured",), FREE_REST),
        Sum("eligible", ("due",), FREE_REST),
        Sum("started", ("eligible",), FREE_REST),
    ),
    derived={
        "observed": ("events", "measured"),
        "nonresponse": ("events", "due"),
        "completeness": ("measured", "due"),
        "bounds": ("events", "measured", "due"),
    },
)
"""Rows with the counts and shares of an `analysis.outcomes.OutcomeRate`.

What became of the measured is protected; that few of those who were due are missing,
or few are not due yet, may be worked out where those counts are not columns.
"""


@dataclass(frozen=True)
class Suppressed:
    """A table fit to leave the practice."""

    rows: dict[str, dict[str, object]]
    """As they came, with a `Hidden` in the place of what is not shown."""
    fewer_than: int
    small: int
    """Counts hidden because they are small."""
    protecting: int
    """Counts hidden so that those cannot be worked out."""


def suppress(
    rows: Mapping[str, Mapping[str, object]],
    layout: Layout,
    fewer_than: int = FEWER_THAN,
) -> Suppressed:
    """Return the table with its small counts hidden, by the rule of this module.

    Parameters
    ----------
    rows
        By name; every row with every count of the layout, as whole numbers.
    layout
        Its sums must hold.
    fewer_than
        The lowest count that may be shown, at least `LOWEST_FEWER_THAN`.

    Raises
    ------
    ValueError
        If a count is missing or below 0, a sum does not hold, or a small count could
        be worked out whatever else is hidden.
    """
    _require_fewer_than(fewer_than)
    table = _Table(rows, layout, fewer_than)
    for cell in table.sensitive():
        table.protect(cell)
    table.show_what_protects_nothing()
    table.hidden |= _gives_away(rows, layout, fewer_than)
    return Suppressed(
        rows={name: _printed(name, row, layout, table) for name, row in rows.items()},
        fewer_than=fewer_than,
        small=sum(cell in table.small for cell in table.hidden),
        protecting=sum(cell not in table.small for cell in table.hidden),
    )


class _Table:
    """The counts of a table, the equations a reader knows, and what is hidden."""

    def __init__(
        self, rows: Mapping[str, Mapping], layout: Layout, fewer_than: int
    ) -> None:
        self.layout = layout
        self.fewer_than = fewer_than
        self.printed = {
            self.cell(row, name): _whole(rows[row].get(name))
            for row in rows
            for name in layout.counts
            if row != layout.total_row or name not in layout.not_added
        }
        self._require_same(rows)
        self.rests: dict[Cell, int] = {}
        self.protected_rests: set[Cell] = set()
        self.equations = [*self._sums(rows), *self._totals(rows)]
        self.equations_of: dict[Cell, list[int]] = {}
        for number, equation in enumerate(self.equations):
            for cell in equation:
                self.equations_of.setdefault(cell, []).append(number)
        self.values = self.printed | self.rests
        self.most = max(self.values.values(), default=0) + fewer_than
        self.small = {c for c, value in self.printed.items() if value < fewer_than}
        self.of_few = self._of_few(rows) - self.small
        self.hidden = self.small | self.of_few
        # Other tables that a reader must think possible too: the cells in which each
        # differs. Seeking them is what takes time, and one is good for many cells.
        self.others: list[set[Cell]] = []

    def cell(self, row: str, name: str) -> Cell:
        """Return what holds a count of a row."""
        return (EVERY_ROW if name in self.layout.same else row), name

    def sensitive(self) -> list[Cell]:
        """Return the counts that are not to be worked out, smallest first."""
        few = [c for c in self.protected_rests if self.rests[c] < self.fewer_than]
        return sorted(
            [*self.small, *self.of_few, *few],
            key=lambda cell: (self.values[cell], cell),
        )

    def protect(self, cell: Cell) -> None:
        """Hide counts until the cell cannot be worked out."""
        while not self.is_safe(cell):
            nearest, others = self._candidates(cell)
            if not nearest and not others:
                raise ValueError(
                    f"the count {cell[1]!r} of {cell[0]!r} could be worked out "
                    "whatever is hidden."
                )
            enough = (c for c in (*nearest, *others) if self._would_protect(cell, c))
            self.hidden.add(next(enough, (*nearest, *others)[0]))

    def show_what_protects_nothing(self) -> None:
        """Show again each count without which everything is still safe."""
        extra = self.hidden - self.small - self.of_few
        for cell in sorted(extra, key=self._cost, reverse=True):
            around = self._around(cell)
            self.hidden.discard(cell)
            if not all(self.is_safe(c) for c in self.sensitive() if c in around):
                self.hidden.add(cell)

    def is_safe(self, cell: Cell) -> bool:
        """Return whether at least two values are left for the cell."""
        return self._is_other_in_a_known_table(cell) or self._can_be_other(cell)

    def _is_other_in_a_known_table(self, cell: Cell) -> bool:
        return any(
            cell in other and all(map(self._unknown, other)) for other in self.others
        )

    def _can_be_other(self, cell: Cell) -> bool:
        around = sorted(self._around(cell))
        matrix, right = self._system(around)
        if not len(matrix):
            return True
        bounds = np.array([self._known_bounds(c) for c in around])
        place = around.index(cell)
        for sign in (1, -1):
            table = _extreme(matrix, right, bounds, place, sign)
            if table[place] != self.values[cell]:
                changed = zip(around, table, strict=True)
                self.others.append({c for c, n in changed if n != self.values[c]})
                return True
        return False

    def _sums(self, rows: Mapping[str, Mapping]) -> Iterator[dict[Cell, int]]:
        for row in rows:
            for made_up in self.layout.sums:
                equation = {self.cell(row, made_up.total): 1}
                equation |= {self.cell(row, part): -1 for part in made_up.parts}
                if not equation.keys() <= self.printed.keys():
                    continue
                left = sum(sign * self.printed[c] for c, sign in equation.items())
                if left < 0 or (left and made_up.rest == NO_REST):
                    raise ValueError(
                        f"in row {row!r}, {made_up.total!r} is not the sum of "
                        f"{', '.join(made_up.parts)}."
                    )
                if made_up.rest != NO_REST:
                    rest = (row, f"{made_up.total} - {' - '.join(made_up.parts)}")
                    self.rests[rest] = left
                    if made_up.rest == PROTECTED_REST:
                        self.protected_rests.add(rest)
                    equation[rest] = -1
                yield equation

    def _totals(self, rows: Mapping[str, Mapping]) -> Iterator[dict[Cell, int]]:
        total = self.layout.total_row
        if total is None:
            return
        apart = {*self.layout.not_added, *self.layout.same}
        for name in (n for n in self.layout.counts if n not in apart):
            equation = {(row, name): 1 if row == total else -1 for row in rows}
            if sum(sign * self.printed[c] for c, sign in equation.items()):
                raise ValueError(
                    f"row {total!r} is not the sum of the rows in {name!r}."
                )
            yield equation

    def _require_same(self, rows: Mapping[str, Mapping]) -> None:
        for name in self.layout.same:
            if any(row[name] != self.printed[EVERY_ROW, name] for row in rows.values()):
                raise ValueError(f"{name!r} is not the same in every row.")

    def _of_few(self, rows: Mapping[str, Mapping]) -> set[Cell]:
        return {
            self.cell(row, records)
            for records, whose in self.layout.whose.items()
            for row in rows
            for patients in whose
            if self.printed.get(self.cell(row, patients), self.fewer_than)
            < self.fewer_than
        }

    def _unknown(self, cell: Cell) -> bool:
        return cell in self.hidden or cell in self.rests

    def _around(self, cell: Cell) -> set[Cell]:
        """Return the unknown cells that equations join to this one, itself included."""
        found, to_visit = {cell}, [cell]
        while to_visit:
            here = to_visit.pop()
            joined = {c for equation in self._equations_of([here]) for c in equation}
            new = {c for c in joined if self._unknown(c)} - found
            found |= new
            to_visit += new
        return found

    def _equations_of(self, cells: Iterable[Cell]) -> list[dict[Cell, int]]:
        numbers = {n for cell in cells for n in self.equations_of.get(cell, ())}
        return [self.equations[number] for number in sorted(numbers)]

    def _shown_in(self, equations: list[dict[Cell, int]]) -> set[Cell]:
        return {c for eq in equations for c in eq if not self._unknown(c)}

    def _system(self, around: list[Cell]) -> tuple[np.ndarray, np.ndarray]:
        equations, unknown = self._equations_of(around), set(around)
        matrix = [[eq.get(c, 0) for c in around] for eq in equations]
        right = [
            -sum(sign * self.values[c] for c, sign in eq.items() if c not in unknown)
            for eq in equations
        ]
        return np.array(matrix), np.array(right)

    def _known_bounds(self, cell: Cell) -> tuple[int, int]:
        # What the printed words say; nothing is printed of a rest.
        if cell in self.small:
            return 0, self.fewer_than - 1
        return (0 if cell in self.rests else self.fewer_than), self.most

    def _candidates(self, cell: Cell) -> tuple[list[Cell], list[Cell]]:
        """Return shown counts in the cell's own equations, then in the others'."""
        nearest = self._shown_in(self._equations_of([cell]))
        others = self._shown_in(self._equations_of(self._around(cell)))
        return (
            sorted(nearest, key=self._cost),
            sorted(others - nearest, key=self._cost),
        )

    def _cost(self, cell: Cell) -> tuple:
        row, name = cell
        worth = -self.layout.counts.index(name)
        return row == self.layout.total_row, worth, self.values[cell], cell

    def _would_protect(self, cell: Cell, candidate: Cell) -> bool:
        self.hidden.add(candidate)
        safe = self.is_safe(cell)
        self.hidden.discard(candidate)
        return safe


def _extreme(
    matrix: np.ndarray, right: np.ndarray, bounds: np.ndarray, place: int, sign: int
) -> np.ndarray:
    """Return a table with the lowest (sign 1) or the highest (-1) value of a cell."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    cost = np.zeros(len(bounds))
    cost[place] = sign
    found = milp(
        cost,
        integrality=np.ones(len(bounds)),
        bounds=Bounds(bounds[:, 0], bounds[:, 1]),
        constraints=LinearConstraint(matrix, right, right),
    )
    return found.x.round().astype(np.int64)


def _printed(
    name: str, row: Mapping[str, object], layout: Layout, table: _Table
) -> dict[str, object]:
    cells = {c: table.cell(name, c) for c in layout.counts}
    counts = {
        c: _count_shown(at, table) for c, at in cells.items() if at in table.printed
    }
    gone = {c for c, shown in counts.items() if isinstance(shown, Hidden)}
    derived = {
        column: NOT_SHOWN
        for column, behind in layout.derived.items()
        if column in row and gone.intersection(behind)
    }
    printed = {**row, **counts, **derived}
    return {column: v for column, v in printed.items() if column != layout.asked}


def _gives_away(
    rows: Mapping[str, Mapping[str, object]], layout: Layout, fewer_than: int
) -> set[Cell]:
    if layout.asked is None:
        return set()
    shown: list[Asked] = []
    found: set[Cell] = set()
    _, *others = layout.counts
    for name, row in rows.items():
        asked = row[layout.asked]
        if any(too_near(asked, other, fewer_than) for other in shown):
            found |= {(name, column) for column in layout.counts}
            continue
        shown.append(asked)
        if too_few(asked, fewer_than):
            found |= {(name, column) for column in others}
    return found


def _count_shown(cell: Cell, table: _Table) -> int | Hidden:
    if cell not in table.hidden:
        return table.printed[cell]
    return Hidden(table.fewer_than) if cell in table.small else NOT_SHOWN


def _whole(count: object) -> int:
    if count is None or isinstance(count, bool):
        raise ValueError(f"a count must be a whole number; got {count!r}.")
    number = index(count)
    if number < 0:
        raise ValueError(f"a count must be 0 or more; got {number}.")
    return number


def _require_fewer_than(fewer_than: int) -> None:
    if fewer_than < LOWEST_FEWER_THAN:
        raise ValueError(
            f"fewer_than must be {LOWEST_FEWER_THAN} or more; got {fewer_than}."
        )
