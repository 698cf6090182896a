"""What a column can mean, and which names say so without doubt."""

import re
from functools import cache

from measures.definition import Measure
from measures.registry import MEASURES


IGNORE = "ignore"
RECORD_NUMBER = "record_number"
COMPLETED_AT = "completed_at"
STARTED_AT = "started_at"
MEASURE = "measure"
RECALL_WINDOW = "recall_window"
TOTAL = "total"
DIFFICULTY = "difficulty"

INFUSION_MEANINGS = (
    STARTED_AT,
    "dose_mg_per_kg",
    "dose_mg",
    "minutes",
    "route",
    "phase",
)
PATIENT_MEANINGS = (
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "indication",
    "clinician",
)
LONG_MEANINGS = (MEASURE, TOTAL, DIFFICULTY)

_PLAIN = (
    RECORD_NUMBER,
    COMPLETED_AT,
    RECALL_WINDOW,
    *LONG_MEANINGS,
    *INFUSION_MEANINGS,
    *PATIENT_MEANINGS,
)
_PLAIN_BY_NAME = {name.replace("_", ""): name for name in _PLAIN}

MOST_ITEMS = max(measure.item_count for measure in MEASURES.values())

# What exports call the sum of a measure's items, after the measure's own name.
_TOTALS = ("total", "total_score", "total_symptom_severity_score", "score", "sum")
_OF_A_MEASURE = {
    **dict.fromkeys(_TOTALS, TOTAL),
    "date": COMPLETED_AT,
    "completed_at": COMPLETED_AT,
    "recall_window": RECALL_WINDOW,
    "difficulty": DIFFICULTY,
}


def item(number: int) -> str:
    """Return the meaning of an item in a file with one form a row."""
    return f"item_{number}"


def of(measure: Measure, what: str | int) -> str:
    """Return the meaning of one measure's item, total, date and so on."""
    return f"{measure.code}_{what}"


@cache
def known_meanings() -> frozenset[str]:
    """Return every meaning that a mapping file may give to a column."""
    items = [item(number) for number in range(1, MOST_ITEMS + 1)]
    wide = [
        of(measure, what) for measure in MEASURES.values() for what in _parts(measure)
    ]
    return frozenset((IGNORE, *_PLAIN, *items, *wide))


def described_meanings() -> list[str]:
    """Return the known meanings, runs of items in short."""
    wide = [
        f"{of(measure, 1)} to {of(measure, measure.item_count)}"
        for measure in MEASURES.values()
    ]
    rest = [
        of(measure, what)
        for measure in MEASURES.values()
        for what in _parts(measure)
        if isinstance(what, str)
    ]
    return [IGNORE, *_PLAIN, f"{item(1)} to {item(MOST_ITEMS)}", *wide, *rest]


def meaning_of(name: str) -> str | None:
    """Return what a column's name says without doubt, or None.

    Upper and lower case and the usual separators do not matter. Names that several
    instruments use for their items (q1, D1, a symptom) say nothing.

    Examples
    --------
    >>> meaning_of("PHQ9_Q01"), meaning_of("pcl-5 total"), meaning_of("Record Number")
    ('phq9_1', 'pcl5_total', 'record_number')
    >>> meaning_of("q1"), meaning_of("D1"), meaning_of("phq9_10")
    (None, None, None)
    """
    plain = re.sub(r"[\s_.\-]+", "_", name.strip().casefold()).strip("_")
    if plain.replace("_", "") in _PLAIN_BY_NAME:
        return _PLAIN_BY_NAME[plain.replace("_", "")]
    numbered = re.fullmatch(r"item_?0*([1-9][0-9]?)", plain)
    if numbered and int(numbered[1]) <= MOST_ITEMS:
        return item(int(numbered[1]))
    found = (_meaning_in(measure, plain) for measure in MEASURES.values())
    return next((meaning for meaning in found if meaning), None)


def _meaning_in(measure: Measure, plain: str) -> str | None:
    own_name = re.sub(r"(?<=[a-z])(?=[0-9])", "_?", measure.code)
    if re.fullmatch(f"sum_?{own_name}", plain):
        return of(measure, TOTAL)
    parts = re.fullmatch(f"{own_name}(_?)(.+)", plain)
    if parts is None:
        return None
    separator, rest = parts[1], parts[2]
    if rest in _OF_A_MEASURE:
        meaning = of(measure, _OF_A_MEASURE[rest])
        return meaning if meaning in known_meanings() else None
    numbered = re.fullmatch(r"(q|item)?_?0*([1-9][0-9]?)", rest)
    # "phq91" could be anything; "phq9_1" and "phq9q1" could not.
    if numbered is None or not (separator or numbered[1]):
        return None
    number = int(numbered[2])
    return of(measure, number) if number <= measure.item_count else None


def _parts(measure: Measure) -> list[str | int]:
    parts: list[str | int] = [item.number for item in measure.items]
    parts += [TOTAL, COMPLETED_AT, RECALL_WINDOW]
    return parts + ([DIFFICULTY] if measure.functional_item else [])
