"""Files to start from: a header that needs no mapping, and one invented row."""

import csv
import io

from data.exchange.meanings import (
    COMPLETED_AT,
    DIFFICULTY,
    INFUSION_MEANINGS,
    MEASURE,
    MOST_ITEMS,
    RECALL_WINDOW,
    RECORD_NUMBER,
    TOTAL,
    item,
    of,
)
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9


# No practice has this record number, so a row left in by mistake is refused.
INVENTED = "EXAMPLE-1"
DAY = "2025-01-06"


def infusions_template() -> str:
    """Return a file of infusions, one a row."""
    values = (f"{DAY} 10:00", "0.5", "35", "40", "IV", "induction")
    return _csv({RECORD_NUMBER: INVENTED, **_pairs(INFUSION_MEANINGS, values)})


def long_template() -> str:
    """Return a file of forms, one a row, of any measure."""
    answers = ["1", "2", "1", "2", "0", "1", "1", "0", "0"]
    items = [item(number) for number in range(1, MOST_ITEMS + 1)]
    blank = [""] * (MOST_ITEMS - len(answers))
    return _csv(
        {
            RECORD_NUMBER: INVENTED,
            COMPLETED_AT: f"{DAY} 09:30",
            MEASURE: PHQ9.code,
            RECALL_WINDOW: PHQ9.default_recall_window.code,
            **_pairs(items, [*answers, *blank]),
            TOTAL: "",
            DIFFICULTY: "1",
        }
    )


def wide_template() -> str:
    """Return a file with the forms of one day side by side."""
    cells = {RECORD_NUMBER: INVENTED, COMPLETED_AT: f"{DAY} 09:30"}
    for measure in (PHQ9, PCL5):
        names = [of(measure, i.number) for i in measure.items]
        cells |= _pairs(names, ["1"] * measure.item_count)
        cells |= {of(measure, TOTAL): ""}
    window = PCL5.default_recall_window.code
    return _csv(cells | {of(PCL5, RECALL_WINDOW): window})


TEMPLATES = {
    "infusions.csv": infusions_template,
    "forms-one-per-row.csv": long_template,
    "forms-side-by-side.csv": wide_template,
}

MAPPING_EXAMPLE = """\
# Left: a column of your file, spelled as in its header. Right: what it means.
[columns]
"MRN" = "record_number"
"VisitDate" = "completed_at"
"Q1" = "phq9_1"
"Q2" = "phq9_2"
"Notes" = "ignore"

# What the file does not say itself. Take away the # of the lines that you need.
[declare]
# date_order = "day-month-year"      # or "month-day-year"
# completed_at = "2024-01-31"        # one day for all forms, where there are no dates
# recall_window = "past_month"       # of the PCL-5; or "past_week", "past_day"
# measure = "phq9"                   # with columns item_1, item_2 and so on
# record_number = "row"              # number the patients by their row
# record_prefix = "OLD-"             # put before every record number
# new_patients = true
# indication = "depression"          # of new patients; or "ptsd", "both"
# answers = "labels"                 # answers are words, as "Several days"
# missing = ["NA", "999"]            # what stands for no answer
# totals_only = true                 # leave the items aside
# encoding = "cp1252"
# separator = "semicolon"
"""


def _pairs(names: list[str] | tuple[str, ...], values: object) -> dict[str, str]:
    return dict(zip(names, values, strict=True))


def _csv(cells: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells.keys())
    writer.writerow(cells.values())
    return text.getvalue()
