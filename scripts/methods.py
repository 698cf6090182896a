"""Write docs/methods.md from the definitions, so that it cannot go stale."""

import sys
from pathlib import Path


ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from measures.criteria import PCL5_CUT_POINTS, PCL5_CUT_POINTS_SOURCE  # noqa: E402
from measures.definition import Measure, Source  # noqa: E402
from measures.registry import (  # noqa: E402
    ELIGIBILITY,
    MEASURES,
    TIMEPOINTS,
    criteria_of,
)
from measures.scoring import PRORATING_SOURCE  # noqa: E402
from measures.timepoints import BASELINE, INDUCTION  # noqa: E402
from views.results.wording import methods as results  # noqa: E402


TARGET = ROOT / "docs" / "methods.md"

HEAD = """\
# Methods

What every number means and where its rule was read. The tables are written from the
definitions in `measures/` by `make docs`; a test fails when they differ.

## Scores

All items answered: a total. Some unanswered: no total, but the range it must lie in.
An unanswered item is never counted as 0. Only a total known: usable in rates, and
item 9 is unknown, which is not 0.

The published rule for one or two unanswered PHQ-9 items (nine times the mean of the
answered ones; {prorating}) may be shown beside the range, marked. No rate uses it,
and where item 9 is unanswered it is not applied, because it would impute item 9.

Scores of different recall windows are never joined by a line or mixed in a rate. A
score whose recall window reaches back before the last infusion is marked: a PHQ-9
asks about two weeks, so a PHQ-9 a day after an infusion is not the same thing as a
rating made for the last 24 hours.
"""

RATES = """\
## Rates

For a criterion at a time point, among courses that **started** (one infusion or
more):

| count | meaning |
|---|---|
| eligible | baseline known, and high enough |
| not due | eligible, nothing measured, and the window is still open on the as-of day |
| due | eligible and not "not due" |
| measured | a complete score in the window |
| events | measured, and the criterion is met |

Shown together, always: events of the measured with a Wilson interval; events of all
who were due, so that the missing count as non-response, with its own Wilson interval;
and the bounds if all the missing had failed or all had succeeded. One course per
patient, the first of those chosen, unless asked otherwise: with a filter, a patient's
second course may be the first that it leaves.

Courses for depression are meant to be followed by PHQ-9, all others by PHQ-9 and PCL-5.

A window that includes the as-of day is open, and who is measured in it is due already:
until it closes, completeness can read a little high, and how many these are is said.
At the end of induction they are not: another infusion may still follow, so no score
counts before that window is over. A course is due from the day after its window
closed; at the end of induction and in weeks 2-4 not before its induction is
over (a later phase began, the course was closed, or {gap} days passed without an
infusion); after infusion k also once infusion k+1 was given, or once the induction
ended before infusion k. A drop-out is due and unmeasured, not out of sight.

"Ever responded" by an infusion counts courses that met the criterion at least once,
by Kaplan-Meier with drop-outs censored. It can only rise. "Responding now" is the
rate at that infusion alone. They are different curves and carry their own n.

Intervals: Wilson for a proportion; Newcombe's hybrid score (method 10) for a
difference of two; log-log for Kaplan-Meier; Student's t for a mean change. 95 %.

## Comparison with published figures

A comparison is made on the published figure's own criterion, time point and
denominator, by cutting the practice's data to it, or it is refused with the reason.
What cannot be matched (a clinician's scale, blinding, population, a stopping rule) is
said beside it.

Three tiers. Direct: the same measure in the same kind of setting. Approximate:
another self-report scale, or a clinic with a clinician's scale. Context: anything
else; never on the same axis unlabelled. Negative trials stay in view.

A practice's change includes expectancy, regression to the mean and drop-out. Nothing
here says that a treatment caused it.

## Where the practice's number differs from a trial's

- Trials rate with a clinician's scale over a short window; a practice asks patients
  about two weeks or a month. On the day after an infusion the two cannot agree.
- Trials count all who were randomised; practices often count those who came back.
  Both denominators are shown here.
- Remission on the PHQ-9 is below 5 in most sources, and 5 or less in the VA study.
  One point changes the rate; each comparison uses the study's own.
- Response in PTSD is a fall of 30 %, in depression of 50 %. They are not the same
  bar.
- Trials select, wash out and exclude; a practice treats who comes.
"""

RESULTS = {
    "Durability": results.loss_rows(),
    "Reliable change": results.reliable_change_rows(),
    "Missing data": results.missing_rows(),
    "Variation": results.variation_rows(),
    "Quality measures": results.quality_rows(),
    "Safety": results.safety_rows(),
    "What leaves the practice": results.export_rows(),
}


def main() -> None:
    """Write the file, or with ``--check`` fail when it is not as it should be."""
    text = methods()
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else 1)
    TARGET.write_text(text, encoding="utf-8")


def methods() -> str:
    """Return the whole document."""
    parts = [HEAD.format(prorating=cite(PRORATING_SOURCE))]
    parts += [about(measure) for measure in MEASURES.values()]
    parts += [anchors(), timepoints(), RATES.format(gap=INDUCTION.maximum_gap_days)]
    parts += [section(heading, rows) for heading, rows in RESULTS.items()]
    return "\n".join(parts)


def about(measure: Measure) -> str:
    """Return one measure's section."""
    lines = [
        f"## {measure.name}",
        "",
        f"{measure.title}: {measure.item_count} items, 0 to {measure.highest_answer} "
        f"each, total 0 to {measure.highest_total}. {cite(measure.source)}",
        "",
        severity(measure),
        "",
        *table(
            ("recall window", "asks about", "source"),
            (
                (f"`{w.code}`", f"{w.name}. {w.note}".strip(), cite(w.source))
                for w in measure.recall_windows
            ),
        ),
        "",
        ELIGIBILITY[measure.code].sentence
        + " Lower baselines are not counted. "
        + cite(ELIGIBILITY[measure.code].source),
        "",
        *table(
            ("criterion", "rule", "default, and why", "source"),
            (
                (
                    f"`{c.code}`",
                    c.sentence,
                    ("**Default.** " if c.default else "") + c.reason,
                    cite(c.source),
                )
                for c in criteria_of(measure.code)
            ),
        ),
        "",
        measure.licence,
        "",
    ]
    return "\n".join(lines)


def severity(measure: Measure) -> str:
    """Return the severity bands in words, or why there are none."""
    if not measure.severity_bands:
        low, high = PCL5_CUT_POINTS
        return (
            f"{measure.severity_note} Cut-points for probable PTSD: {low} to {high}. "
            f"{cite(PCL5_CUT_POINTS_SOURCE)}"
        )
    bands = ", ".join(f"{b.name} from {b.lowest}" for b in measure.severity_bands)
    return f"Severity: {bands}. {cite(measure.source)}"


def anchors() -> str:
    """Return baseline and induction."""
    return "\n".join(
        (
            "## Baseline and induction",
            "",
            f"Baseline: {BASELINE.sentence} {cite(BASELINE.source)}",
            "",
            f"Induction: {INDUCTION.sentence} {cite(INDUCTION.source)}",
            "",
        )
    )


def timepoints() -> str:
    """Return every time point."""
    rows = ((f"`{t.code}`", t.sentence, cite(t.source)) for t in TIMEPOINTS.values())
    return "\n".join(
        (
            "## Time points",
            "",
            "The last complete assessment in the window. Days are calendar days at the "
            "practice, both ends included.",
            "",
            *table(("time point", "window", "source"), rows),
            "",
        )
    )


def section(heading: str, rows: results.Rows) -> str:
    """Return definitions of the lead's pages."""
    cells = (tuple(" ".join(c.split()) for c in row.values()) for row in rows)
    return "\n".join((f"## {heading}", "", *table(tuple(rows[0]), cells), ""))


def table(header: tuple[str, ...], rows: object) -> list[str]:
    """Return a Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def cite(source: Source) -> str:
    """Return a citation, with its address and whether a copy was read."""
    second = " (read second-hand)" if source.second_hand else ""
    address = f" {source.url}" if source.url else ""
    return f"{source.citation}{address}{second}"


if __name__ == "__main__":
    main()
