"""Which column means what: as its name says, or as declared; never guessed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from data.exchange import meanings
from data.exchange.mapping import BY_ROW, Mapping
from data.exchange.meanings import (
    COMPLETED_AT,
    IGNORE,
    INFUSION_MEANINGS,
    LONG_MEANINGS,
    MEASURE,
    PATIENT_MEANINGS,
    RECALL_WINDOW,
    RECORD_NUMBER,
    STARTED_AT,
    TOTAL,
    of,
)
from data.exchange.problems import ImportRefused, Problem
from data.exchange.reading import Sheet
from measures.definition import Measure
from measures.registry import MEASURES


INFUSIONS = "infusions"
LONG = "forms, one a row"
WIDE = "forms, side by side"

# Route, phase and minutes alone may stand in any file.
INFUSION_EVIDENCE = (STARTED_AT, "dose_mg_per_kg", "dose_mg")

HEADER_ROW = 1


@dataclass(frozen=True)
class Layout:
    """What a file holds, and where."""

    file: str
    kind: str
    header: tuple[str, ...]
    index: dict[str, int]
    """Position of the column with each meaning."""
    mapping: Mapping

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that nothing is taken from."""
        used = set(self.index.values())
        return tuple(n for i, n in enumerate(self.header) if n and i not in used)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that have columns of their own."""
        return tuple(m for m in MEASURES.values() if _has_columns(m, self.index))

    @cached_property
    def about_patients(self) -> tuple[str, ...]:
        """Meanings of the columns that describe a patient."""
        return tuple(m for m in PATIENT_MEANINGS if m in self.index)

    def name(self, meaning: str) -> str:
        """Return the name of the column with this meaning, or the meaning itself."""
        position = self.index.get(meaning)
        return meaning if position is None else self.header[position]

    def first(self, *wanted: str) -> str | None:
        """Return the first of some meanings that has a column."""
        return next((meaning for meaning in wanted if meaning in self.index), None)


def read_layout(sheet: Sheet, mapping: Mapping) -> Layout:
    """Return what the columns of a file mean.

    Raises
    ------
    ImportRefused
        If that cannot be told without guessing. The problems are questions: each
        says which line of a mapping file answers it.
    """
    index = _index(sheet, mapping)
    kinds = [kind for kind, found in _evidence(index, mapping).items() if found]
    if len(kinds) != 1:
        raise ImportRefused([_which_kind(sheet, index, kinds)])
    kind = kinds[0]
    relevant = {m: i for m, i in index.items() if _is_read(kind, m, index)}
    layout = Layout(sheet.file, kind, sheet.header, relevant, mapping)
    questions = list(_questions(layout))
    if questions:
        raise ImportRefused(questions)
    return layout


def _index(sheet: Sheet, mapping: Mapping) -> dict[str, int]:
    """Return the column of each meaning; two columns with one meaning are refused."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(sheet.header):
        meaning = mapping.columns.get(name) or _unmapped(name, mapping)
        if meaning and meaning != IGNORE:
            found[meaning].append(position)
    twice = [
        _problem(
            sheet,
            " and ".join(sheet.header[position] for position in positions),
            f"both mean {meaning}",
            f'one; write in a mapping file: [columns] "{sheet.header[positions[-1]]}" '
            f'= "{IGNORE}"',
        )
        for meaning, positions in found.items()
        if len(positions) > 1
    ]
    if twice:
        raise ImportRefused(twice)
    return {meaning: positions[0] for meaning, positions in found.items()}


def _unmapped(name: str, mapping: Mapping) -> str | None:
    if name == mapping.record_number != BY_ROW:
        return RECORD_NUMBER
    return meanings.meaning_of(name)


def _evidence(index: dict[str, int], mapping: Mapping) -> dict[str, bool]:
    """Return which kinds of file the columns speak for."""
    items = any(_is_item(meaning) for meaning in index)
    return {
        INFUSIONS: any(m in index for m in INFUSION_EVIDENCE),
        LONG: items or TOTAL in index or MEASURE in index,
        WIDE: any(_has_columns(measure, index) for measure in MEASURES.values()),
    }


def _is_item(meaning: str) -> bool:
    return meaning.startswith("item_")


def _is_read(kind: str, meaning: str, index: dict[str, int]) -> bool:
    """Whether a file of this kind has a use for the column."""
    if meaning in (RECORD_NUMBER, *PATIENT_MEANINGS):
        return True
    if kind == INFUSIONS:
        return meaning in INFUSION_MEANINGS
    if meaning in (COMPLETED_AT, RECALL_WINDOW):
        return True
    if kind == LONG:
        return meaning in LONG_MEANINGS or _is_item(meaning)
    code = meaning.partition("_")[0]
    return code in MEASURES and _has_columns(MEASURES[code], index)


def _has_columns(measure: Measure, index: dict[str, int]) -> bool:
    items = (of(measure, item.number) for item in measure.items)
    return any(meaning in index for meaning in (*items, of(measure, TOTAL)))


def _which_kind(sheet: Sheet, index: dict[str, int], kinds: list[str]) -> Problem:
    if not kinds:
        return _nothing_known(sheet)
    if INFUSIONS in kinds:
        return _problem(
            sheet,
            "",
            "holds infusions and forms in the same rows",
            "one of them; import the file twice, each time with a mapping file that "
            f'sets the other columns to "{IGNORE}"',
        )
    plain = next(m for m in index if m in (MEASURE, TOTAL) or _is_item(m))
    name = sheet.header[index[plain]]
    meant = "" if plain == MEASURE else f'"{of(_any_measure(), TOTAL)}" or '
    return _problem(
        sheet,
        name,
        "does not say which measure it belongs to, where other columns do",
        f'a mapping file, as: [columns] "{name}" = {meant}"{IGNORE}"',
    )


def _nothing_known(sheet: Sheet) -> Problem:
    series = _series(sheet.header)
    if series:
        return _problem(sheet, "", _unclear(series), _answer_for(series))
    return _problem(
        sheet,
        "",
        "no column is known as an answer, a total or an infusion, and nothing is "
        "guessed",
        'a mapping file that names them, as: [columns] "NAME" = '
        f'"{of(_any_measure(), 1)}", "{of(_any_measure(), TOTAL)}" or "{STARTED_AT}"',
    )


def _unclear(series: list[str]) -> str:
    return (
        f"{series[0]} to {series[-1]} may be items of one measure or another, and "
        "nothing is guessed"
    )


def _answer_for(series: list[str]) -> str:
    first = of(_any_measure(), 1)
    return f'a mapping file, as: [columns] "{series[0]}" = "{first}", and so on'


def _series(names: Iterable[str]) -> list[str]:
    """Return columns numbered from 1, as many as a measure has items, or none."""
    numbered: dict[str, dict[int, str]] = defaultdict(dict)
    for name in names:
        parts = re.fullmatch(r"(.*?)0*([1-9][0-9]?)", name)
        if parts:
            numbered[parts[1].casefold()][int(parts[2])] = name
    fewest = min(measure.item_count for measure in MEASURES.values())
    for found in numbered.values():
        if all(number in found for number in range(1, fewest + 1)):
            return [found[number] for number in sorted(found)]
    return []


def _any_measure() -> Measure:
    return next(iter(MEASURES.values()))


def _questions(layout: Layout) -> Iterator[Problem]:
    yield from _about_record_number(layout)
    if layout.kind == INFUSIONS:
        yield from _about_start(layout)
        return
    yield from _about_measure(layout)
    yield from _about_date(layout)
    yield from _about_recall_window(layout)
    yield from _about_totals(layout)
    yield from _about_missing(layout)


def _about_record_number(layout: Layout) -> Iterator[Problem]:
    declared = layout.mapping.record_number
    given = RECORD_NUMBER in layout.index
    if given and declared == BY_ROW:
        yield _twice(layout, RECORD_NUMBER)
    elif not given and declared not in (None, BY_ROW):
        yield _question(
            layout,
            f"declare record_number = {declared!r}: there is no such column",
            f'"{BY_ROW}", or one of the header',
        )
    elif not given and declared is None:
        yield _question(
            layout,
            "no column is known as the record number",
            'a mapping file, as: [columns] "NAME" = "record_number", or [declare] '
            f'record_number = "{BY_ROW}"',
        )


def _about_start(layout: Layout) -> Iterator[Problem]:
    if STARTED_AT not in layout.index:
        yield _question(
            layout,
            "no column says when the infusions started",
            'a mapping file, as: [columns] "NAME" = "started_at"',
        )


def _about_measure(layout: Layout) -> Iterator[Problem]:
    if layout.kind != LONG:
        return
    given = MEASURE in layout.index
    if given and layout.mapping.measure:
        yield _twice(layout, MEASURE)
    elif not given and not layout.mapping.measure:
        yield _question(
            layout,
            "no column says which measure the answers belong to",
            f"a column measure, or in a mapping file: [declare] measure = one of "
            f"{_listed(MEASURES)}",
        )
    if not any(m == TOTAL or _is_item(m) for m in layout.index):
        yield _question(
            layout, "no column holds answers or a total", "item_1 and so on, or total"
        )


def _about_date(layout: Layout) -> Iterator[Problem]:
    declared = layout.mapping.completed_at is not None
    own = [of(measure, COMPLETED_AT) for measure in layout.measures]
    if declared and layout.first(COMPLETED_AT, *own):
        yield _twice(layout, COMPLETED_AT)
    complete = bool(own) and all(meaning in layout.index for meaning in own)
    if declared or complete or COMPLETED_AT in layout.index:
        return
    candidates = [n for n in layout.unused if "date" in n.casefold()] or ["NAME"]
    yield _question(
        layout,
        "no column says when the forms were completed",
        f'a mapping file, as: [columns] "{candidates[0]}" = "{COMPLETED_AT}", or, '
        f'where the file has no dates, [declare] {COMPLETED_AT} = "2024-01-31"',
    )


def _about_recall_window(layout: Layout) -> Iterator[Problem]:
    if RECALL_WINDOW in layout.index and layout.mapping.recall_window:
        yield _twice(layout, RECALL_WINDOW)
    for measure in layout.measures:
        known = layout.first(of(measure, RECALL_WINDOW), RECALL_WINDOW)
        if known or layout.mapping.recall_window or len(measure.recall_windows) == 1:
            continue
        yield _question(
            layout,
            f"no column says which days the {measure.name} asked about",
            f"a column {of(measure, RECALL_WINDOW)}, or in a mapping file: [declare] "
            f"recall_window = one of {_listed(w.code for w in measure.recall_windows)}",
        )


def _about_totals(layout: Layout) -> Iterator[Problem]:
    """Ask before totals alone are taken where there may be items as well."""
    if not layout.mapping.totals_only:
        has_items = any(re.search(r"_[0-9]+$", meaning) for meaning in layout.index)
        series = [] if has_items else _series(layout.unused)
        if series:
            answer = f"{_answer_for(series)}; or [declare] totals_only = true"
            yield _question(layout, _unclear(series), answer)
        return
    own = [of(measure, TOTAL) for measure in layout.measures]
    if not layout.first(TOTAL, *own):
        yield _question(
            layout, "declare totals_only: there is no column with a total", "a total"
        )


def _about_missing(layout: Layout) -> Iterator[Problem]:
    for measure in layout.measures or MEASURES.values():
        answers = {str(answer.score) for answer in measure.answers}
        for text in sorted(layout.mapping.missing & answers):
            yield _question(
                layout,
                f"declare missing = {text!r}: this is an answer of the {measure.name}",
                "what stands for no answer",
            )


def _twice(layout: Layout, meaning: str) -> Problem:
    return _question(
        layout,
        f"{meaning} is declared, and the file has a column for it too",
        f'one of the two; the column can be set to "{IGNORE}"',
    )


def _question(layout: Layout, fault: str, allowed: str) -> Problem:
    return Problem(layout.file, HEADER_ROW, "", "", fault, allowed)


def _problem(sheet: Sheet, column: str, fault: str, allowed: str) -> Problem:
    return Problem(sheet.file, HEADER_ROW, column, "", fault, allowed)


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f'"{code}"' for code in codes)
