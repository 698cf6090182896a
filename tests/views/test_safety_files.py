"""Files of the page Safety: what is hidden hangs on the number of patients."""

import csv
import io
from types import SimpleNamespace

import pytest

from analysis.safety import alert_flow, dissociation_levels
from tests.record_tables import alerts, readings
from views.results.exports import Export, export_csv
from views.results.wording import safety as wording


LEVELS = ("none", "mild", "severe")


def read(rows, layout, first):
    text = export_csv(Export("x", rows, layout, {}, first), 5).decode("utf-8-sig")
    return {r[first]: r for r in csv.DictReader(io.StringIO(text, newline=""))}


def dissociation(*given):
    """Return the file of infusions: who had which level, and how often."""
    lines = [
        f"{patient} | {level}" for patient, level, times in given for _ in range(times)
    ]
    table = "\n".join(("patient_id | dissociation", "---+---", *lines))
    found = dissociation_levels(readings(table), LEVELS)
    rows = wording.dissociation_export(SimpleNamespace(dissociation=found))
    return read(rows, wording.DISSOCIATION_LAYOUT, "Level")


def each(patients, level, times):
    return [(f"p{n}", level, times) for n in patients]


def test_many_severe_infusions_of_one_patient_are_not_in_the_file():
    rows = dissociation(
        *each(range(12), "none", 2),
        *each(range(8), "mild", 2),
        *each(range(1), "severe", 6),
    )
    severe = rows["severe"]
    assert severe["events"] == severe["share"] == "not shown"
    assert severe["patients with"] == "fewer than 5"
    # 46 less the others would be the 6.
    others = [rows["none"]["events"], rows["mild"]["events"]]
    assert "not shown" in others
    assert rows["any level"]["events"] == "46"


def test_infusions_of_enough_patients_are_in_the_file():
    rows = dissociation(
        *each(range(14), "none", 2),
        *each(range(8), "mild", 2),
        *each(range(6), "severe", 1),
    )
    assert {name: row["events"] for name, row in rows.items()} == {
        "none": "28",
        "mild": "16",
        "severe": "6",
        "any level": "50",
    }
    assert rows["mild"]["share"].startswith("32 %")


def test_few_patients_without_a_level_are_not_worked_out():
    rows = dissociation(*each(range(14), "none", 2), *each(range(12), "mild", 2))
    assert rows["mild"]["patients with"] == "not shown"
    assert rows["mild"]["patients"] == "14"


def test_infusions_of_a_handful_of_patients_are_not_even_counted_together():
    rows = dissociation(*each(range(4), "none", 9), *each(range(4), "mild", 9))
    assert {row["events"] for row in rows.values()} == {"not shown", "fewer than 5"}


@pytest.mark.parametrize(("patients", "said"), [(1, "not shown"), (6, "6")])
def test_alerts_are_in_the_file_where_enough_patients_have_one(patients, said):
    lines = [f"p{n % patients} | {n} | | {n + 1}" for n in range(6)]
    table = "\n".join(("patient_id | opened | seen | closed", "-+-", *lines))
    flow = alert_flow(alerts(table), as_of_day=1, as_of_second=86_400)
    rows = read(wording.alert_export(flow), wording.ALERT_LAYOUT, "Month")
    (month,) = rows.values()
    assert (month["opened"], month["answered"]) == (said, said)
