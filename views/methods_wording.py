"""Every definition as tables of sentences, read from where it is defined."""

from analysis.comparison import NO_CAUSAL_CLAIM, PROTOCOL_DAYS, PROTOCOL_INFUSIONS
from measures.criteria import PCL5_CUT_POINTS, PCL5_CUT_POINTS_SOURCE
from measures.definition import Measure, Source
from measures.pcl5 import PCL5, SYMPTOM_PRESENT_AT
from measures.phq9 import PHQ9
from measures.registry import ELIGIBILITY, MEASURES, TIMEPOINTS, criteria_of
from measures.scoring import (
    PHQ9_CORE_ITEMS,
    PHQ9_ITEM_9_PRESENT_AT,
    PHQ9_MAJOR_SYMPTOMS,
    PHQ9_OTHER_SYMPTOMS,
    PHQ9_PRESENT_AT,
    PRORATING_HIGHEST_MISSING,
    PRORATING_SOURCE,
)
from measures.sources import AU_GUIDELINES, CAMCOPS, MCINNES_2022, PROJECT
from measures.timepoints import (
    AFTER_INFUSIONS,
    BASELINE,
    DEFAULT_TIMEPOINT,
    INDUCTION,
    INFUSION_K,
    TimePoint,
)
from views.results.wording.numbers import counted
from views.results.wording.outcomes import (
    BOUNDS_SENTENCE,
    DUE,
    MISSING_AS_NOT_MET,
    NOT_A_DRUG_EFFECT,
    criterion_choice,
    source_text,
)
from views.results.wording.published import TIERS
from views.wording import upper_first


Rows = list[dict[str, str]]

# As the estimators of ``analysis`` cite them.
WILSON = Source("newcombe_1998_single", "Newcombe 1998, Stat Med 17:857-872, method 3.")
NEWCOMBE = Source(
    "newcombe_1998_difference", "Newcombe 1998, Stat Med 17:873-890, method 10."
)
KAPLAN_MEIER = Source(
    "kaplan_meier_1958", "Kaplan and Meier 1958, J Am Stat Assoc 53:457-481."
)

INTRODUCTION = (
    "What each number on these pages means. Everything here is read from the "
    "definitions that the numbers are counted by."
)
CRITERIA_NOTE = (
    "Several rules for the same thing are in print and disagree. One of each kind is "
    "the default; the others can be chosen."
)
COHORT = "A course is counted where all of this holds."
TIMEPOINT = (
    "The score at a time point is the last complete form in its window, on one measure "
    "and one recall window. Days are whole calendar days at the practice; both ends "
    "count."
)
RECALL = (
    "A form looks back. A score whose recall window reaches back before the last "
    "infusion is marked, and forms of different windows are never joined by a line or "
    "mixed in a rate."
)


def measure_details(measure: Measure) -> dict[str, str]:
    """Return what is known of an instrument, by what it is."""
    answers = ", ".join(f"{a.score} {a.text.lower()}" for a in measure.answers)
    details = {
        "Name": measure.title,
        "Code": measure.code,
        "Items": f"{measure.item_count}, each answered: {answers}",
        "Total": f"0 to {measure.highest_total}; lower is better",
        "Severity bands": _bands(measure),
        "Cut-points": _cut_points(measure),
        "Domains": _domains(measure),
        "Not in the total": (
            measure.functional_item.text if measure.functional_item else ""
        ),
        "Item kept apart": _suicide_item(measure),
        "LOINC panel": measure.loinc_panel or "",
        "Source": source_text(measure.source),
        "Licence": measure.licence,
    }
    return {name: text for name, text in details.items() if text}


def window_rows(measure: Measure) -> Rows:
    """Return the recall windows of an instrument."""
    return [
        {
            "Recall window": f"{upper_first(window.name)}  \n`{window.code}`",
            "Days": str(window.days),
            "As asked": window.stem,
            "Note": window.note,
            "Source": source_text(window.source),
        }
        for window in measure.recall_windows
    ]


def criterion_rows(measure: Measure) -> Rows:
    """Return the criteria of a measure side by side, the default of each kind first."""
    return [
        {
            "Criterion": f"{criterion_choice(criterion.code)}  \n`{criterion.code}`",
            "Counts when": criterion.sentence,
            "Why the default, or what is contested": criterion.reason,
            "Source": source_text(criterion.source),
        }
        for criterion in criteria_of(measure.code)
    ]


def scoring_rows() -> Rows:
    """Return how answers become a score, and what is done with gaps."""
    core = " or ".join(map(str, PHQ9_CORE_ITEMS))
    return [
        _row("Total", "The sum of all items, where every item was answered.", PROJECT),
        _row(
            "Unanswered items",
            "No total. The range it must lie in is shown instead; an unanswered item "
            "is never counted as 0, and the form is not used in any rate.",
            PROJECT,
        ),
        _row(
            "Prorated PHQ-9",
            f"With at most {PRORATING_HIGHEST_MISSING} of {PHQ9.item_count} items "
            f"unanswered: {PHQ9.item_count} times the mean of the others. It may be "
            "shown, marked, beside the range; it is never used in a rate, and item "
            f"{PHQ9.suicide_item} is never filled in.",
            PRORATING_SOURCE,
        ),
        _row(
            "Total only",
            "Where only a total was received it is used in rates; item 9 is then not "
            "known, which is not 0.",
            PROJECT,
        ),
        _row(
            "PHQ-9 syndrome",
            f"A symptom counts when answered {_answer(PHQ9, PHQ9_PRESENT_AT)} or more, "
            f"item {PHQ9.suicide_item} from {_answer(PHQ9, PHQ9_ITEM_9_PRESENT_AT)}. "
            f"Major: {PHQ9_MAJOR_SYMPTOMS} or more symptoms, one of them item {core}. "
            f"Other: {PHQ9_OTHER_SYMPTOMS} to {PHQ9_MAJOR_SYMPTOMS - 1}, one of them "
            f"item {core}. A screening rule, not a diagnosis.",
            CAMCOPS,
        ),
        _row(
            "PCL-5 symptom rule",
            f"A symptom counts when answered {_answer(PCL5, SYMPTOM_PRESENT_AT)} or "
            f"more; needed are {_symptoms_needed()}. The event itself, duration and "
            "impairment are not asked.",
            AU_GUIDELINES,
        ),
    ]


def cohort_rows() -> Rows:
    """Return who is counted: eligibility, baseline, induction."""
    return [
        *(
            _row(f"Eligible, {MEASURES[code].name}", rule.sentence, rule.source)
            for code, rule in ELIGIBILITY.items()
        ),
        _row("Baseline", BASELINE.sentence, BASELINE.source),
        _row("Induction", INDUCTION.sentence, INDUCTION.source),
        _row(
            "One course per patient",
            "The first of the courses chosen, unless every course is asked for.",
            PROJECT,
        ),
    ]


def timepoint_rows() -> Rows:
    """Return the named windows, and when a course is due at each."""
    first, last = AFTER_INFUSIONS[0], AFTER_INFUSIONS[-1]
    numbered = {
        "Time point": f"After infusion k  \n`{first.code}` to `{last.code}`",
        "Window": first.sentence.replace(
            f"infusion {first.infusion},", "infusion k,"
        ).replace(f"infusion {first.infusion + 1} ", "infusion k + 1 "),
        "Due": DUE[INFUSION_K],
        "Source": source_text(first.source),
    }
    others = [_timepoint(t) for t in TIMEPOINTS.values() if t.anchor != INFUSION_K]
    return [others[0], numbered, *others[1:]]


def rate_rows() -> Rows:
    """Return how a rate and what stands beside it are counted."""
    return [
        _row(
            "Of the measured",
            "Courses that met the criterion, of the eligible courses with a score at "
            "the time point, with a 95 % Wilson score interval.",
            WILSON,
        ),
        _row("Of all due, missing as not met", MISSING_AS_NOT_MET, WILSON),
        _row("Bounds", BOUNDS_SENTENCE, PROJECT),
        _row(
            "Completeness",
            "The measured, of all who were due. It stands beside every rate as a "
            "number of its own.",
            PROJECT,
        ),
        _row(
            "Mean change",
            "Score minus baseline of the measured, in points; negative is better. "
            "Student's t interval of the mean; none with a single course.",
            PROJECT,
        ),
        _row("What a rate is not", NOT_A_DRUG_EFFECT, PROJECT),
    ]


def ever_rows() -> Rows:
    """Return the two curves that are not the same thing."""
    return [
        _row(
            "Meeting it now",
            "At each infusion number: the share of those measured after that infusion "
            "who meet the criterion then. It can fall. Who is measured differs from "
            "one infusion to the next.",
            PROJECT,
        ),
        _row(
            "Met it at least once",
            "Kaplan-Meier, with the infusion number (or the days since infusion 1) as "
            "time. A course is followed until it first meets the criterion, or to its "
            "last score. It can only rise, and is too high where those who stop are "
            "those it does not help. Log-log limits.",
            KAPLAN_MEIER,
        ),
    ]


def comparison_rows() -> Rows:
    """Return how a published figure and the practice are set beside each other."""
    lowest, highest = PROTOCOL_INFUSIONS
    fewest_days, most_days = PROTOCOL_DAYS
    return [
        *(_row(f"Tier: {tier}", sentence, PROJECT) for tier, sentence in TIERS.items()),
        _row(
            "Counted again",
            "The practice is counted on the figure's own criterion, time point, recall "
            "window and denominator. A figure whose rule was not seen has no practice "
            "number beside it, and says so.",
            PROJECT,
        ),
        _row(
            "Denominator: measured",
            "Courses with a score at the time point; for a figure of those who were "
            "given a numbered infusion, only courses that were.",
            PROJECT,
        ),
        _row(
            "Denominator: started",
            "Courses that are due, those not measured counted as not meeting the "
            "criterion.",
            PROJECT,
        ),
        _row(
            "Denominator: on protocol",
            f"Measured, after an induction of {lowest} to {highest} infusions in "
            f"{fewest_days} to {most_days} days.",
            MCINNES_2022,
        ),
        _row(
            "Difference",
            "Practice minus published, in percentage points, with a Newcombe hybrid "
            "score interval; only where counts were seen or can be worked back from "
            "the percentage and its n, and never for context.",
            NEWCOMBE,
        ),
        _row("Not a comparison of treatments", NO_CAUSAL_CLAIM, PROJECT),
    ]


def recall_rows() -> Rows:
    """Return what each form asks about, and what that does to an early score."""
    return [
        _row(
            f"{measure.name}, {window.name}",
            f"Asks about {counted(window.days, 'day')}: within "
            f"{counted(window.days, 'day')} after an infusion, part of the answer is "
            f"about the time before it. {window.note}".strip(),
            window.source,
        )
        for measure in MEASURES.values()
        for window in measure.recall_windows
    ]


def difference_rows() -> Rows:
    """Return why a practice's number and a trial's are not the same quantity."""
    differences = {
        "Who rates": (
            "Trials of ketamine are mostly rated by a clinician (MADRS, CAPS-5); a "
            "practice's forms are filled in by the patient."
        ),
        "What is asked about": (
            "A clinician's rating the day after an infusion can ask about that day. A "
            "PHQ-9 asks about two weeks, so a PHQ-9 a day after an infusion is not a "
            "24-hour MADRS."
        ),
        "Who knows": (
            "In a blinded trial the patient does not know what was given; in a "
            "practice everybody does."
        ),
        "Who is in it": (
            "A trial chooses by its entry rules; a practice treats who comes and "
            "stays. Eligibility here is the baseline score alone."
        ),
        "Who is missing": (
            "A trial follows most of those who started. A practice's missing forms are "
            "shown as such, and the rate is given with them counted as not met."
        ),
        "Who goes on": (
            "A practice's patients stop or go on by how they do. A rate among those "
            "who reached a late infusion is not what somebody who starts can expect."
        ),
        "What it is compared with": (
            "A trial has a comparator. A practice compares with each patient's own "
            "baseline, which is high when people seek treatment and falls in part by "
            "itself."
        ),
    }
    return [_row(name, sentence, PROJECT) for name, sentence in differences.items()]


def _row(term: str, sentence: str, source: Source) -> dict[str, str]:
    return {"Term": term, "Definition": sentence, "Source": source_text(source)}


def _timepoint(timepoint: TimePoint) -> dict[str, str]:
    default = " (default)" if timepoint == DEFAULT_TIMEPOINT else ""
    return {
        "Time point": f"{timepoint.name}{default}  \n`{timepoint.code}`",
        "Window": timepoint.sentence,
        "Due": DUE[timepoint.anchor],
        "Source": source_text(timepoint.source),
    }


def _bands(measure: Measure) -> str:
    if not measure.severity_bands:
        return measure.severity_note
    ends = [band.lowest - 1 for band in measure.severity_bands[1:]]
    ranges = zip(measure.severity_bands, [*ends, measure.highest_total], strict=True)
    return ", ".join(f"{band.name} {band.lowest}–{end}" for band, end in ranges)


def _cut_points(measure: Measure) -> str:
    if measure != PCL5:
        return ""
    low, high = PCL5_CUT_POINTS
    return f"{low}–{high} for probable PTSD. {source_text(PCL5_CUT_POINTS_SOURCE)}"


def _domains(measure: Measure) -> str:
    if len(measure.domains) == 1:
        return ""
    return "; ".join(
        f"{domain.code} {domain.name} (items {domain.items[0]}–{domain.items[-1]})"
        for domain in measure.domains
    )


def _suicide_item(measure: Measure) -> str:
    if measure.suicide_item is None:
        return ""
    item = measure.items[measure.suicide_item - 1]
    return (
        f"Item {item.number}: {item.text}. Any answer above 0 opens an alert, and so "
        "does leaving it out; 0 is not a negative screen."
    )


def _answer(measure: Measure, score: int) -> str:
    text = next(a.text for a in measure.answers if a.score == score)
    return f"“{text.lower()}”"


def _symptoms_needed() -> str:
    return ", ".join(
        f"{domain.symptoms_needed} of {domain.code}" for domain in PCL5.domains
    )
