"""The definitions of the lead's pages as tables of sentences, for Methods."""

from analysis.change_shape import SD_FROM
from analysis.control_charts import MINIMUM_POINTS, P_CHART, RULES, XMR, Rule
from analysis.durability import FEWEST_FOLLOWED
from analysis.funnel import MINIMUM_UNITS, MINIMUM_UNITS_FOR_DISPERSION
from analysis.imputation import ASSUMPTIONS, FEWEST_MEASURED, IMPUTATIONS, REFERENCES
from analysis.missingness import APPROACHES
from analysis.occurrences import FEWEST_PATIENTS
from analysis.safety import ZERO_IS_NOT_NO_RISK
from analysis.suppression import FEWER_THAN
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.definition import Source
from measures.durability import LOSS_RULES, LossRule
from measures.quality_measures import QUALITY_MEASURES, QualityMeasure
from measures.registry import MEASURES
from measures.reliability import (
    FUNCTIONAL_CUTOFF,
    RELIABILITIES,
    RELIABLE_CHANGE_SOURCE,
)
from measures.sources import PROJECT, SPIEGELHALTER_2005
from views.results.wording.outcomes import source_text
from views.wording import upper_first


Rows = list[dict[str, str]]

CHART_NAMES = {XMR: "XmR chart", P_CHART: "p-chart"}


def loss_rows() -> Rows:
    """Return the rules of loss of response and of relapse, and how time is counted."""
    return [
        *(_loss(rule) for rule in LOSS_RULES.values()),
        _row(
            "Followed",
            "From the last induction infusion, those who met the response or remission "
            "criterion at the end of induction, up to the event or the last form: an "
            "event is seen only on a form. Kaplan-Meier with log-log limits, from "
            f"{FEWEST_FOLLOWED} courses on.",
            PROJECT,
        ),
        _row(
            "Until the first booster",
            "The same, ended at the last form before the first infusion after "
            "induction. Without it, boosters are part of what is described.",
            PROJECT,
        ),
    ]


def reliable_change_rows() -> Rows:
    """Return how many points are more than error, and where a patient is well."""
    computed = (
        _row(
            f"{MEASURES[r.measure].name}, {r.name}  \n`{r.code}`", r.sentence, r.source
        )
        for r in RELIABILITIES
    )
    cutoffs = (
        _row(f"Functional cut-off, {MEASURES[code].name}", rule.sentence, rule.source)
        for code, rule in FUNCTIONAL_CUTOFF.items()
    )
    return [
        _row(
            "Reliable change",
            "1.96 times the standard error of a difference, from the spread of every "
            f"started course's baseline (refused under {SD_FROM}) and a published "
            "reliability. Stated rules stand beside it: the criteria of change above.",
            RELIABLE_CHANGE_SOURCE,
        ),
        *computed,
        *cutoffs,
        _row(
            "Recovered, improved, unchanged, deteriorated",
            "Reliably lower and across the functional cut-off; reliably lower only; "
            "neither; reliably higher.",
            RELIABLE_CHANGE_SOURCE,
        ),
    ]


def missing_rows() -> Rows:
    """Return what can be assumed of those who were not measured."""
    rubin, interval, _ = REFERENCES
    return [
        *(_row(a.name, a.sentence, a.source) for a in APPROACHES),
        _row(
            "Imputed how",
            f"{IMPUTATIONS} times by Bayesian linear regression; refused where fewer "
            f"than {FEWEST_MEASURED} were measured. {' '.join(ASSUMPTIONS)}",
            rubin,
        ),
        _row(
            "Interval of an imputed share",
            "Wilson's, with the variance between and within imputations.",
            interval,
        ),
    ]


def variation_rows() -> Rows:
    """Return how units and months are held against chance."""
    return [
        _row(
            "Funnel",
            f"From {MINIMUM_UNITS} clinicians or sites on, in alphabetical order: each "
            "share, and the limits that chance around the pooled share crosses in 5 % "
            "and 0.2 % of units, exact binomial. From "
            f"{MINIMUM_UNITS_FOR_DISPERSION} units on, limits are widened where units "
            "differ by more than chance. Not adjusted for whom they treat.",
            SPIEGELHALTER_2005,
        ),
        *(
            _row(f"{CHART_NAMES[kind]}: {rule.name}", rule.sentence, rule.source)
            for kind, rule in _rules()
        ),
        _row(
            "Months",
            "By infusion 1. Charted where no course of the month has time left; "
            f"refused under {MINIMUM_POINTS} months.",
            PROJECT,
        ),
    ]


def quality_rows() -> Rows:
    """Return every quality measure as its owner defines it."""
    return [_quality(measure) for measure in QUALITY_MEASURES.values()]


def safety_rows() -> Rows:
    """Return what is counted around infusions and item 9."""
    return [
        _row("Item 9", ZERO_IS_NOT_NO_RISK, PROJECT),
        *(
            _row(
                f"{rule.name}  \n`{rule.code}`",
                f"{rule.sentence} {rule.reason}".strip(),
                rule.source,
            )
            for rule in BLOOD_PRESSURE_RULES.values()
        ),
        _row(
            "Share of forms or infusions",
            "Several of one patient resemble each other, so the interval is Wilson's "
            "on the number that they are worth; with fewer than "
            f"{FEWEST_PATIENTS} patients each counts as one.",
            PROJECT,
        ),
    ]


def export_rows() -> Rows:
    """Return what is done to a table before it leaves the practice."""
    return [
        _row(
            "Small numbers",
            f"A count under {FEWER_THAN}, or under what the practice chose, is printed "
            f"as “fewer than {FEWER_THAN}”, 0 too; shares go with their counts, and "
            "further counts are not shown where a small one could be worked out.",
            PROJECT,
        ),
        _row(
            "Snapshot",
            "A rate as it was counted on a day, with definitions, choice of courses, "
            "every count and every course's row, sealed with SHA-256, never changed.",
            PROJECT,
        ),
    ]


def _rules() -> list[tuple[str, Rule]]:
    return [(kind, rule) for kind, rules in RULES.items() for rule in rules]


def _loss(rule: LossRule) -> dict[str, str]:
    default = " (default)" if rule.default else ""
    kind = upper_first(rule.kind)
    return _row(
        f"{kind}, {MEASURES[rule.measure].name}{default}  \n`{rule.code}`",
        f"{rule.sentence} {rule.reason}".strip(),
        rule.source,
    )


def _quality(measure: QualityMeasure) -> dict[str, str]:
    parts = (
        measure.sentence,
        measure.index_rule,
        measure.window_rule,
        measure.missing,
        *measure.left_out,
    )
    return {
        "Term": f"{measure.name}, {measure.owner} {measure.version}  \n"
        f"`{measure.code}`",
        "Definition": " ".join(parts),
        "Source": " ".join(source_text(source) for source in measure.sources),
    }


def _row(term: str, sentence: str, source: Source) -> dict[str, str]:
    return {"Term": term, "Definition": sentence, "Source": source_text(source)}
