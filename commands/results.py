"""Commands for results: the same numbers as on the pages, in words or as JSON."""

from dataclasses import dataclass
from typing import Annotated

import typer

from analysis.durability import LAST_INFUSION, ORIGINS
from analysis.funnel import COMPLETENESS, RATE
from analysis.outcomes import OutcomeRate
from commands.common import (
    AsJson,
    Database,
    Refused,
    check_listed,
    group,
    one_of,
    table,
    takes,
    tell,
    unescaped,
)
from commands.questions import (
    AtOneTime,
    Courses,
    OneMeasure,
    OneRate,
    chosen_practice,
    criterion_of,
)
from measures.durability import LOSS_RULES, LossRule, loss_rules_of
from measures.registry import TIMEPOINTS
from views.as_json import plain, rate_json
from views.results.counts import by_infusion as by_infusion_counts
from views.results.counts import change as change_counts
from views.results.counts import durability as durability_counts
from views.results.counts import glance as glance_counts
from views.results.counts import missing as missing_counts
from views.results.counts import variation as variation_counts
from views.results.counts.recut import outcome
from views.results.wording import boosters as booster_wording
from views.results.wording import by_infusion as by_infusion_wording
from views.results.wording import change as change_wording
from views.results.wording import durability as durability_wording
from views.results.wording import glance as glance_wording
from views.results.wording import missing as missing_wording
from views.results.wording import outcomes as outcome_wording
from views.results.wording import variation as variation_wording
from views.results.wording.numbers import NO_DATA, percent_range


app = group()


@app.command()
@takes(rate=OneRate, courses=Courses)
def outcomes(
    *, rate: OneRate, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say how many courses met a criterion at a time point, and how sure that is."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    with chosen_practice(url, courses) as practice:
        found = outcome(practice, rule, timepoint, recall_window=window)
    numbers = table(_numbers(found), ("Number", "Value"))
    said = (outcome_wording.headline(found), outcome_wording.completeness(found))
    tell(rate_json(found), "\n".join((*said, numbers)), as_json)


def _numbers(rate: OutcomeRate) -> list[dict[str, str]]:
    """Return the numbers of a rate; bounds where nobody was due are no data."""
    rows = outcome_wording.definitions(rate)
    none = percent_range(None, None)
    return [row | {"Value": NO_DATA} if row["Value"] == none else row for row in rows]


@app.command()
@takes(asked=AtOneTime, courses=Courses)
def glance(
    *, asked: AtOneTime, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say what became of everybody, of each indication and of each quarter."""
    measure, window = asked.asked_measure(), asked.window()
    timepoint = asked.asked_timepoint()
    rule = criterion_of(measure, None)
    with chosen_practice(url, courses) as practice:
        groups = glance_counts.glance(
            practice, measure.code, timepoint, recall_window=window
        )
        quarters = glance_counts.quarters(
            practice, rule, timepoint, recall_window=window
        )
    lines = [
        glance_wording.headline(groups[0]),
        table(glance_wording.table_rows(groups)),
        glance_wording.trend_sentence(quarters, drawn=False),
        *([table(glance_wording.quarter_rows(quarters))] if quarters else []),
    ]
    tell({"groups": groups, "quarters": quarters}, "\n".join(lines), as_json)


@app.command(name="by-infusion")
@takes(asked=OneMeasure, courses=Courses)
def by_infusion(
    *,
    asked: OneMeasure,
    courses: Courses,
    criterion: Annotated[
        str | None, typer.Option(help="Code; without, the measure's response.")
    ] = None,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say how many met a criterion by infusion number, now and ever, and when."""
    rule, window = criterion_of(asked.asked_measure(), criterion), asked.window()
    with chosen_practice(url, courses) as practice:
        found = by_infusion_counts.by_infusion(practice, rule, recall_window=window)
    lines = ["Nobody was measured after an infusion."]
    if found.ever.steps:
        lines = [
            by_infusion_wording.time_sentence(found.ever, found.days),
            by_infusion_wording.attendance_sentence(found.attendance),
            table(outcome_wording.infusion_rows(found.now, found.ever)),
        ]
    tell(found, "\n".join(lines), as_json)


@dataclass(frozen=True)
class Lost(OneMeasure):
    """What counts as lost, and from when."""

    rule: Annotated[
        str | None, typer.Option(help="Of loss or relapse; without, the usual loss.")
    ] = None
    criterion: Annotated[
        str | None, typer.Option(help="What had to be reached; without, response.")
    ] = None
    until_booster: Annotated[
        bool, typer.Option("--until-booster", help="Followed to the first booster.")
    ] = False
    origin: Annotated[str, typer.Option(help=" or ".join(ORIGINS))] = LAST_INFUSION

    def question(self) -> durability_counts.Question:
        """Return what is asked, or refuse it."""
        measure = self.asked_measure()
        check_listed(ORIGINS, self.origin, "Origin")
        return durability_counts.Question(
            rule=self._rule(measure.code),
            criterion=criterion_of(measure, self.criterion),
            recall_window=self.window(),
            until_booster=self.until_booster,
            origin=self.origin,
        )

    def _rule(self, measure: str) -> LossRule:
        rules = {rule.code: rule for rule in loss_rules_of(measure)}
        usual = next(rule for rule in rules.values() if rule.default)
        return one_of(rules, self.rule or usual.code, "Rule")


@app.command()
@takes(lost=Lost, courses=Courses)
def durability(
    *, lost: Lost, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say how long what was reached by the end of induction lasted."""
    question = lost.question()
    with chosen_practice(url, courses) as practice:
        found = durability_counts.lasting(practice, question)
        boosters = durability_counts.boosters(practice, question)
    lines = [
        durability_wording.headline(found.answer),
        LOSS_RULES[found.answer.rule].sentence,
        durability_wording.measured_at_end(found.answer),
        table(durability_wording.hanging_rows(found)),
        booster_wording.sentence(boosters),
    ]
    told = plain(found) | {"boosters": boosters}
    tell(told, "\n".join(lines), as_json)


@app.command()
@takes(rate=OneRate, courses=Courses)
def change(
    *, rate: OneRate, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say how far scores moved, by every criterion, boundary, cluster and item."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    with chosen_practice(url, courses) as practice:
        found = change_counts.change(practice, rule, timepoint, recall_window=window)
    lines = ["Nobody was measured at this time point."]
    if found.mean.n:
        lines = [
            change_wording.headline(found.mean, found.waterfall),
            table(change_wording.criterion_rows(found.criteria)),
        ]
    tell(found, "\n".join(lines), as_json)


@app.command()
@takes(rate=OneRate, courses=Courses)
def missing(
    *, rate: OneRate, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say who was not measured, and the rate by each way to count them."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    with chosen_practice(url, courses) as practice:
        found = missing_counts.missing(practice, rule, timepoint, recall_window=window)
    lines = ["Nobody was due at this time point."]
    if found.rate.due:
        lines = [
            missing_wording.headline(found.rate),
            unescaped(missing_wording.who_sentence(found.who)),
            table(missing_wording.estimate_rows(found.rates)),
        ]
    tell(found, "\n".join(lines), as_json)


@app.command()
@takes(rate=OneRate, courses=Courses)
def variation(
    *,
    rate: OneRate,
    courses: Courses,
    by: Annotated[str, typer.Option(help="clinician or site.")] = (
        variation_counts.CLINICIAN
    ),
    counted: Annotated[str, typer.Option(help="rate or completeness.")] = RATE,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say whether clinicians, sites or months differ by more than chance."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    check_listed((variation_counts.CLINICIAN, variation_counts.SITE), by, "Unit")
    check_listed((RATE, COMPLETENESS), counted, "Number")
    if counted == COMPLETENESS and rate.criterion is not None:
        raise Refused("--criterion is of a rate; --counted completeness has none")
    with chosen_practice(url, courses) as practice:
        found = variation_counts.variation(
            practice,
            rule.measure,
            timepoint,
            criterion=rule if counted == RATE else None,
            by=by,
            recall_window=window,
        )
    met = outcome_wording.met(rule) if counted == RATE else "were measured"
    lines = [
        f"{TIMEPOINTS[timepoint].name}. "
        f"{unescaped(variation_wording.units_sentence(found, met))}",
        *([table(variation_wording.unit_rows(found))] if found.units else []),
        variation_wording.months_sentence(found.p_chart),
    ]
    parts = ("counted", "by", "funnel", "months", "p_chart", "xmr")
    tell({part: getattr(found, part) for part in parts}, "\n".join(lines), as_json)
