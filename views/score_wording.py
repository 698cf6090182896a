"""One set of answers in words: what it scores, and what the published rules say."""

from measures.criteria import PCL5_CUT_POINTS
from measures.definition import Measure
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.scoring import (
    PRORATING_SOURCE,
    Answers,
    Score,
    domain_score,
    pcl5_symptom_rule,
    phq9_syndrome,
    prorated_phq9,
    score,
)
from views.wording import incomplete_words, item_9_words, score_words


SYNDROMES = {
    "major": "finds a major depressive syndrome",
    "other": "finds another depressive syndrome",
    "none": "finds no depressive syndrome",
    None: "cannot tell: it depends on unanswered items",
}
SYMPTOM_RULE = {
    True: "is met",
    False: "is not met",
    None: "cannot be told: it depends on unanswered items",
}


def score_lines(measure: Measure, answers: Answers) -> list[str]:
    """Return sentences about a set of answers, the total or its range first."""
    return [_total_line(measure, answers), *_LINES[measure.code](answers)]


def range_words(result: Score) -> str:
    """Return a total, or the range that it must lie in."""
    if result.total is not None:
        return str(result.total)
    return f"{result.lowest} to {result.highest} possible"


def _total_line(measure: Measure, answers: Answers) -> str:
    result = score(measure, answers)
    if result.total is not None:
        words = score_words(measure.code, result.total)
        return f"{measure.name} total: {words} (of {measure.highest_total})."
    return incomplete_words(measure.code, result)


def _phq9_lines(answers: Answers) -> list[str]:
    item_9 = answers[PHQ9.suicide_item - 1]
    lines = [item_9_words(PHQ9.code, item_9, answers_known=True)]
    prorated = prorated_phq9(answers)
    if prorated is not None:
        lines.append(
            f"Prorated: {float(prorated):.1f}. Not a total, and used in no rate. "
            f"[{PRORATING_SOURCE.citation}]"
        )
    finding = SYNDROMES[phq9_syndrome(answers)]
    lines.append(f"The PHQ-9 algorithm {finding}; it screens, and is no diagnosis.")
    return lines


def _pcl5_lines(answers: Answers) -> list[str]:
    clusters = ", ".join(
        f"{domain.code} {range_words(domain_score(PCL5, domain, answers))}"
        for domain in PCL5.domains
    )
    lines = [
        f"Clusters: {clusters}.",
        f"The DSM-5 symptom rule {SYMPTOM_RULE[pcl5_symptom_rule(answers)]}.",
    ]
    total = score(PCL5, answers).total
    return lines if total is None else [*lines, _cut_point_line(total)]


def _cut_point_line(total: int) -> str:
    low, high = PCL5_CUT_POINTS
    if total < low:
        where = "below"
    else:
        where = "within" if total < high else "at or above the highest of"
    return (
        f"{total} is {where} the published cut-points for probable PTSD, "
        f"{low} to {high}."
    )


_LINES = {PHQ9.code: _phq9_lines, PCL5.code: _pcl5_lines}
