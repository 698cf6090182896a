"""When a patient who was well after induction is ill again: this practice's own rule.

There is no agreed definition. The cut-off is the one from which a course counts as ill
at baseline.
"""

from dataclasses import dataclass

from measures.definition import Source
from measures.registry import ELIGIBILITY, MEASURES


@dataclass(frozen=True)
class RelapseRule:
    """Back at this total or more and no response, after being well below it."""

    measure: str
    at_least: int
    sentence: str
    source: Source
    """Of the cut-off; the rule is this project's."""


RELAPSE: dict[str, RelapseRule] = {
    code: RelapseRule(
        code,
        eligibility.at_least,
        f"The {MEASURES[code].name} total is no response and back at "
        f"{eligibility.at_least} or more, as at baseline, after a response or "
        "remission below that since induction.",
        eligibility.source,
    )
    for code, eligibility in ELIGIBILITY.items()
}
"""By code of the measure."""
