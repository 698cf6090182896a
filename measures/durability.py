"""When what was reached by the end of induction counts as lost: named rules.

No definition of relapse is agreed. All are here under their own code; one per measure
and kind is the default and says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from measures.criteria import PCL5_CUT_POINTS, PCL5_CUT_POINTS_SOURCE, Criterion
from measures.definition import Source
from measures.registry import CRITERIA, MEASURES, default_criterion
from measures.relapse import RELAPSE
from measures.sources import CMS159, FEDER_2021, MCINNES_2022


LOSS_OF_RESPONSE = "loss of response"
BACK = "relapse"

KINDS = (LOSS_OF_RESPONSE, BACK)


@dataclass(frozen=True)
class LossRule:
    """A rule on a baseline and a total after induction; every limit set must hold."""

    code: str
    measure: str
    kind: str
    name: str
    sentence: str
    source: Source
    """Of the limit; a rule of kind relapse is this project's."""
    no_longer: Criterion | None = None
    """This is no longer met."""
    at_least: int | None = None
    """The total is back here or higher."""
    forms: int = 1
    """On how many forms in a row; it counts from the first of them."""
    default: bool = False
    reason: str = ""
    """Why this one is the default, or what is contested about it."""

    def holds(self, baseline: Any, total: Any) -> Any:
        """Return whether one form shows what the rule asks for.

        Parameters
        ----------
        baseline, total
            Points, as arrays of the same shape. Where either is missing (NaN) the
            answer is False.
        """
        held = (total >= 0) & (baseline >= 0)
        return reduce(and_, self._limits(baseline, total), held)

    def there_already(self, baseline: Any, total: Any) -> Any:
        """Return whether a starting form meets any limit: nothing is left to lose."""
        return reduce(or_, self._limits(baseline, total))

    def never_there(self, baseline: Any) -> Any:
        """Return whether the baseline was below the limit: there is no way back."""
        return baseline < (self.at_least or 0)

    def _limits(self, baseline: Any, total: Any) -> Iterator[Any]:
        if self.no_longer is not None:
            yield ~self.no_longer.met(baseline, total)
        if self.at_least is not None:
            yield total >= self.at_least


def _lost(code: str, criterion: Criterion, source: Source, reason: str) -> LossRule:
    name = MEASURES[criterion.measure].name
    return LossRule(
        code,
        criterion.measure,
        LOSS_OF_RESPONSE,
        f"Loss of response (fall below {criterion.fall_percent} %)",
        f"The {name} total is no longer at least {criterion.fall_percent} % lower "
        "than at baseline.",
        source,
        no_longer=criterion,
        default=True,
        reason=reason,
    )


def _own(measure: str) -> LossRule:
    """Return the rule by which a patient's page marks a relapse."""
    rule = RELAPSE[measure]
    return LossRule(
        f"{measure}_relapse_no_response",
        measure,
        BACK,
        f"No response and back at {rule.at_least} or more",
        rule.sentence,
        rule.source,
        no_longer=default_criterion(measure, "response"),
        at_least=rule.at_least,
        default=True,
        reason="The rule by which a patient's page marks a relapse: both agree.",
    )


def _back(measure: str, at_least: int, source: Source, reason: str) -> LossRule:
    name = MEASURES[measure].name
    return LossRule(
        f"{measure}_relapse_{at_least}",
        measure,
        BACK,
        f"Back at {at_least} or more",
        f"The {name} total is back at {at_least} or more on one form.",
        source,
        at_least=at_least,
        reason=reason,
    )


_LOW_CUT, _HIGH_CUT = PCL5_CUT_POINTS

LOSS_RULES: dict[str, LossRule] = {
    rule.code: rule
    for rule in (
        _lost(
            "phq9_response_lost",
            CRITERIA["phq9_response_50"],
            MCINNES_2022,
            "The response whose duration the largest PHQ-9 ketamine series reports.",
        ),
        _own("phq9"),
        _back(
            "phq9",
            10,
            CMS159,
            "On one form; a single high day counts. A response from a high baseline "
            "can still be here.",
        ),
        LossRule(
            "phq9_relapse_10_twice",
            "phq9",
            BACK,
            "Back at 10 or more, twice",
            "The PHQ-9 total is back at 10 or more on two forms in a row; it counts "
            "from the first of the two.",
            CMS159,
            at_least=10,
            forms=2,
            reason=(
                "A single high day does not count. A last form at 10 or more is not "
                "confirmed: the course is followed to the form before it."
            ),
        ),
        _lost(
            "pcl5_response_lost",
            CRITERIA["pcl5_response_30"],
            FEDER_2021,
            "The share with which the repeated-infusion trial rated the CAPS-5.",
        ),
        _own("pcl5"),
        _back(
            "pcl5",
            _LOW_CUT,
            PCL5_CUT_POINTS_SOURCE,
            "The low end of the cut-points for probable PTSD.",
        ),
        _back(
            "pcl5",
            _HIGH_CUT,
            PCL5_CUT_POINTS_SOURCE,
            "The high end of the cut-points for probable PTSD.",
        ),
    )
}
"""By code."""


def loss_rules_of(measure: str, kind: str | None = None) -> tuple[LossRule, ...]:
    """Return a measure's rules, of one kind if given, the default first."""
    chosen = [
        r
        for r in LOSS_RULES.values()
        if r.measure == measure and kind in (None, r.kind)
    ]
    return tuple(sorted(chosen, key=lambda r: (KINDS.index(r.kind), not r.default)))
