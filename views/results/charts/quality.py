"""Quality measures to a chart: a mark per measure, as its owner counts."""

from collections.abc import Mapping

from analysis.quality import QualityResult
from measures.quality_measures import QUALITY_MEASURES
from views.results.charts.dots import Axis, Dot, Figure, dots
from views.results.wording import quality as wording


FINAL = "Final"
PROVISIONAL = "Provisional: more may still enter or be followed up"


def overview(results: Mapping[str, QualityResult]) -> Figure:
    """Return a line per measure; words alone where nobody is in the denominator."""
    axis = Axis(
        "Share of the denominator that met the rule (higher is better)",
        suffix=" %",
        range=(-2, 102),
        solid=FINAL,
        hollow=PROVISIONAL,
    )
    return dots([_dot(code, result) for code, result in results.items()], axis)


def _dot(code: str, result: QualityResult) -> Dot:
    name, words = wording.title(QUALITY_MEASURES[code]), wording.mark_text(result)
    share = result.rate
    if share is None:
        return Dot(name, words)
    return Dot(
        name,
        words,
        estimate=100 * share.estimate,
        lower=100 * share.lower,
        upper=100 * share.upper,
        hollow=result.provisional,
    )
