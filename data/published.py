"""Loads reference/*.toml into the published catalogue, and refuses what is incomplete.

The dataclasses of ``measures.figures`` are the schema: keys are their fields, and a
field without a default must be there. A key that is left out is absent, never 0.
"""

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from measures.definition import by_code
from measures.durability import LOSS_RULES
from measures.figures import (
    EVER_WITHIN_42_DAYS,
    ArmRate,
    Citation,
    ProtocolNote,
    PublishedChange,
    PublishedDurability,
    PublishedFigure,
    PublishedRate,
    Recut,
    Study,
    Tier,
)
from measures.registry import CRITERIA, MEASURES, TIMEPOINTS


REFERENCE = Path(__file__).parent / "reference"
ARTICLE = "practice_article.toml"
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class CatalogueError(ValueError):
    """A catalogue file that cannot be used; names file, key, value, what is allowed."""


@dataclass(frozen=True)
class Catalogue:
    """Published figures, and the practice article's citations in its own order."""

    figures: tuple[PublishedFigure, ...]
    """Those the article's citations lead to first, then by tier, then by code."""
    citations: tuple[Citation, ...]
    protocol: ProtocolNote
    durability: tuple[PublishedDurability, ...] = ()
    """How long benefits lasted, by code."""

    @property
    def studies(self) -> tuple[Study, ...]:
        """Every study once, by code."""
        found = {figure.study.code: figure.study for figure in self.figures}
        return tuple(found[code] for code in sorted(found))

    @property
    def cited(self) -> frozenset[str]:
        """Codes of the figures that a citation of the article leads to."""
        return frozenset(code for c in self.citations for code in c.figures)

    def figure(self, code: str) -> PublishedFigure:
        """Return one figure.

        Raises
        ------
        ValueError
            If there is none; the message lists those there are.
        """
        return by_code(self.figures, code, "published figure")


@cache
def load_catalogue(directory: Path = REFERENCE) -> Catalogue:
    """Return the published catalogue, read once.

    Parameters
    ----------
    directory
        Holds one TOML file per study, named by the study's code, and the practice
        article's citations.

    Raises
    ------
    CatalogueError
        If anything in it is missing, unknown, impossible or contradicts itself.
    """
    paths = sorted(p for p in directory.glob("*.toml") if p.name != ARTICLE)
    read = [_read_study(path) for path in paths]
    figures = [figure for of_study, _ in read for figure in of_study]
    lasting = [lasted for _, of_study in read for lasted in of_study]
    names = {figure.study.code: figure.study.name for figure in figures}
    _check_unique(directory.name, "study name", names.values())
    _check_unique(directory.name, "figure", [figure.code for figure in figures])
    _check_unique(directory.name, "durability", [lasted.code for lasted in lasting])
    citations, protocol = _read_article(directory / ARTICLE, figures)
    cited = {code for citation in citations for code in citation.figures}
    lasting.sort(key=lambda lasted: lasted.code)
    in_order = _in_order(figures, cited)
    return Catalogue(in_order, citations, protocol, tuple(lasting))


def _in_order(
    figures: Iterable[PublishedFigure], cited: AbstractSet[str]
) -> tuple[PublishedFigure, ...]:
    tiers = get_args(Tier)
    return tuple(
        sorted(
            figures, key=lambda f: (f.code not in cited, tiers.index(f.tier), f.code)
        )
    )


def _read_study(
    path: Path,
) -> tuple[list[PublishedFigure], list[PublishedDurability]]:
    tables = _parse(path, "study", "figure", optional=["durability"])
    study = _read(Study, tables["study"], f"{path.name}: study", code=path.stem)
    figures = [
        _read_figure(table, study, path.name)
        for table in _list(tables["figure"], f"{path.name}: figure")
    ]
    lasting = [
        _read_durability(table, study, path.name)
        for table in _list(tables.get("durability", []), f"{path.name}: durability")
    ]
    return figures, lasting


def _read_durability(table: Any, study: Study, file: str) -> PublishedDurability:
    place = f"{file}: durability {_code_of(table)}"
    lasted = _read(PublishedDurability, table, place, study=study)
    _check_known(place, "shown_with", lasted.shown_with, MEASURES)
    _check_lasting(lasted, place)
    _check_rule(lasted, place)
    return lasted


def _code_of(table: Any) -> Any:
    return table.get("code", "without code") if isinstance(table, dict) else table


def _read_figure(table: Any, study: Study, file: str) -> PublishedFigure:
    place = f"{file}: figure {_code_of(table)}"
    figure = _read(PublishedFigure, table, place, study=study)
    if figure.recut:
        _check_recut(figure.recut, f"{place}: recut")
    _check_unique(place, "outcome", [rate.outcome for rate in figure.rates])
    for rate in figure.rates:
        _check_rate(rate, f"{place}: {rate.outcome}")
        _check_percent_interval(rate, f"{place}: {rate.outcome}")
        _check_criterion(rate, figure.recut, f"{place}: {rate.outcome}")
    for control_rate in figure.control.rates if figure.control else ():
        _check_rate(control_rate, f"{place}: control: {control_rate.outcome}")
    if figure.change:
        _check_change(figure.change, f"{place}: change")
    return figure


def _read_article(
    path: Path, figures: Iterable[PublishedFigure]
) -> tuple[tuple[Citation, ...], ProtocolNote]:
    tables = _parse(path, "citation", "protocol")
    citations = tuple(
        _read(Citation, table, f"{path.name}: citation {number}")
        for number, table in _numbered(tables["citation"], f"{path.name}: citation")
    )
    _check_unique(path.name, "citation", [citation.name for citation in citations])
    known = [figure.code for figure in figures]
    for citation in citations:
        for code in citation.figures:
            _check_known(f"{path.name}: {citation.name}", "figure", code, known)
    protocol = _read(ProtocolNote, tables["protocol"], f"{path.name}: protocol")
    return citations, protocol


# From TOML to a dataclass.


def _parse(path: Path, *keys: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path.name}: the file is missing") from None
    except ValueError as error:
        raise CatalogueError(f"{path.name}: not readable as TOML: {error}") from error
    _check_keys(path.name, tables, known=(*keys, *optional), required=keys)
    return tables


def _read(kind: Any, table: Any, place: str, **given: Any) -> Any:
    """Return the dataclass ``kind`` from a table; ``given`` is not in the table."""
    if not isinstance(table, dict):
        raise _refusal(place, "value", table, ["a table"])
    known = {f.name: f for f in fields(kind) if f.name not in given}
    required = [name for name, field in known.items() if field.default is MISSING]
    _check_keys(place, table, known, required)
    values = {
        name: _value(known[name].type, value, f"{place}: {name}")
        for name, value in table.items()
    }
    return kind(**given, **values)


def _value(kind: Any, value: Any, place: str) -> Any:
    """Return ``value`` if it is what the annotation ``kind`` says, else refuse it."""
    if isinstance(kind, UnionType):
        kind = next(k for k in get_args(kind) if k is not NoneType)
    if is_dataclass(kind):
        return _read(kind, value, place)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), value, place)
    if get_origin(kind) is Literal:
        _check_known(place, "value", value, get_args(kind))
    else:
        _check_plain(kind, value, place)
    return value


def _check_plain(kind: type, value: Any, place: str) -> None:
    # type() and not isinstance(): true is no whole number.
    right = type(value) is kind or (kind is float and type(value) is int)
    if not right or (kind is float and not math.isfinite(value)):
        raise _refusal(place, "value", value, [KINDS[kind]])
    if kind is str and not value.strip():
        raise CatalogueError(f"{place} is blank; write it, or leave the key out")


def _tuple(kinds: Sequence[Any], value: Any, place: str) -> tuple[Any, ...]:
    items = _list(value, place)
    if kinds[-1] is Ellipsis:
        kinds = [kinds[0]] * len(items)
    if len(kinds) != len(items):
        raise _refusal(place, "value", value, [f"{len(kinds)} values"])
    return tuple(
        _value(kind, item, f"{place} {number}")
        for kind, (number, item) in zip(kinds, _numbered(items, place), strict=True)
    )


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise _refusal(place, "value", value, ["a list"])
    return value


def _numbered(value: Any, place: str) -> Iterable[tuple[int, Any]]:
    return enumerate(_list(value, place), start=1)


# What a figure must satisfy beyond its types.


def _check_rate(rate: ArmRate, place: str) -> None:
    if not 0 <= rate.percent <= 100:
        raise _refusal(place, "percent", rate.percent, ["0 to 100"])
    if rate.n is not None and rate.n < 1:
        raise _refusal(place, "n", rate.n, ["1 or more"])
    if rate.events is not None:
        _check_counts(rate.events, rate.n, rate.percent, place)


def _check_counts(events: int, n: int | None, percent: float, place: str) -> None:
    if n is None:
        raise CatalogueError(f"{place}: events is {events} but n is missing")
    if not 0 <= events <= n:
        raise _refusal(place, "events", events, [f"0 to n, which is {n}"])
    if not _prints_as(events, n, percent):
        raise CatalogueError(
            f"{place}: {events} of {n} is {100 * events / n:.2f} %, which is not "
            f"printed as {percent} %, rounded or cut off"
        )


def _prints_as(events: int, n: int, percent: float) -> bool:
    printed = Decimal(str(percent))
    scale = 10 ** -min(0, int(printed.as_tuple().exponent))
    exact = Fraction(100 * events * scale, n)
    return printed * scale in (math.floor(exact), math.floor(exact + Fraction(1, 2)))


def _check_percent_interval(rate: PublishedRate, place: str) -> None:
    if rate.percent_interval is None:
        return
    lower, upper = rate.percent_interval
    if not 0 <= lower <= rate.percent <= upper <= 100:
        allowed = [f"0 to 100, around {rate.percent}"]
        raise _refusal(place, "percent_interval", [lower, upper], allowed)


def _check_change(change: PublishedChange, place: str) -> None:
    if change.interval is None:
        return
    lower, upper = change.interval
    if change.mean is None or not lower <= change.mean <= upper:
        raise _refusal(place, "interval", [lower, upper], [f"around {change.mean}"])


def _check_criterion(rate: PublishedRate, recut: Recut | None, place: str) -> None:
    if rate.criterion is None:
        return
    if not rate.definition_seen:
        raise CatalogueError(
            f"{place}: criterion is {rate.criterion} but definition_seen is false; a "
            "rule that was not seen has no criterion"
        )
    if recut is None:
        raise CatalogueError(
            f"{place}: criterion is {rate.criterion} but recut is missing"
        )
    fitting = [
        c.code
        for c in CRITERIA.values()
        if (c.measure, c.kind) == (recut.measure, rate.outcome)
    ]
    _check_known(place, "criterion", rate.criterion, fitting)


def _check_lasting(lasted: PublishedDurability, place: str) -> None:
    if lasted.n is not None and lasted.n < 1:
        raise _refusal(place, "n", lasted.n, ["1 or more"])
    if lasted.median_days is None and not lasted.shares:
        raise CatalogueError(f"{place}: neither median_days nor shares are given")
    if lasted.median_days is not None and lasted.median_days <= 0:
        raise _refusal(place, "median_days", lasted.median_days, ["more than 0"])
    day, percent = 0, 100.0
    for share in lasted.shares:
        if share.days <= day:
            raise _refusal(place, "days", share.days, [f"more than {day}"])
        if not 0 <= share.percent <= percent:
            raise _refusal(place, "percent", share.percent, [f"0 to {percent:g}"])
        day, percent = share.days, share.percent


def _check_rule(lasted: PublishedDurability, place: str) -> None:
    if lasted.rule is None:
        return
    if not lasted.definition_seen:
        raise CatalogueError(
            f"{place}: rule is {lasted.rule} but definition_seen is false; a "
            "definition that was not seen has no rule"
        )
    fitting = [
        rule.code
        for rule in LOSS_RULES.values()
        if (rule.measure, rule.kind) == (lasted.shown_with, lasted.outcome)
    ]
    _check_known(place, "rule", lasted.rule, fitting)


def _check_recut(recut: Recut, place: str) -> None:
    _check_known(place, "measure", recut.measure, MEASURES)
    windows = [w.code for w in MEASURES[recut.measure].recall_windows]
    _check_known(place, "recall_window", recut.recall_window, windows)
    allowed = [*TIMEPOINTS, EVER_WITHIN_42_DAYS]
    if recut.denominator == "reached_infusion":
        allowed = [t.code for t in TIMEPOINTS.values() if t.infusion]
    _check_known(place, "timepoint", recut.timepoint, allowed)
    if recut.timepoint == EVER_WITHIN_42_DAYS:
        _check_known(place, "counted", recut.counted, ["ever"])


def _check_keys(
    place: str, table: dict[str, Any], known: Iterable[str], required: Iterable[str]
) -> None:
    for key in table:
        _check_known(place, "key", key, known)
    for key in required:
        if key not in table:
            raise CatalogueError(f"{place}: {key} is missing")


def _check_known(place: str, what: str, value: Any, allowed: Iterable[str]) -> None:
    if value not in list(allowed):
        raise _refusal(place, what, value, allowed)


def _check_unique(place: str, what: str, values: Iterable[str]) -> None:
    repeated = [value for value, times in Counter(values).items() if times > 1]
    if repeated:
        raise CatalogueError(f"{place}: {what} {repeated[0]!r} is there twice")


def _refusal(
    place: str, what: str, value: Any, allowed: Iterable[str]
) -> CatalogueError:
    return CatalogueError(
        f"{place}: {what} {value!r} is not allowed; allowed: {', '.join(allowed)}"
    )
