"""Results as plain values with stable keys, for programs that read them."""

from dataclasses import asdict
from typing import Any

from analysis.change import MeanChange
from analysis.comparison import Comparison, PublishedShare, Refusal
from analysis.outcomes import OutcomeRate
from analysis.proportions import WILSON, Proportion
from data.accounts import Account
from data.exchange.importing import Preview
from measures.days import day_date
from measures.definition import Measure
from measures.figures import PublishedFigure
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.scoring import (
    Answers,
    domain_score,
    pcl5_symptom_rule,
    phq9_syndrome,
    prorated_phq9,
    score,
)


Json = dict[str, Any]

CONFIDENCE = 0.95


def rate_json(rate: OutcomeRate) -> Json:
    """Return a rate; what cannot be told is None, never 0.

    Returns
    -------
    dict
        Counts are whole numbers, shares fractions between 0 and 1. ``estimate``,
        ``lower`` and ``upper`` are of the measured; ``nonresponse`` and ``bounds`` of
        all who were due.
    """
    bounds = rate.bounds or (None, None)
    return {
        "started": rate.started,
        "eligible": rate.eligible,
        "not_due": rate.not_due,
        "due": rate.due,
        "measured": rate.measured,
        "events": rate.events,
        **_interval(rate.observed),
        "confidence": rate.observed.confidence if rate.observed else CONFIDENCE,
        "method": rate.observed.method if rate.observed else WILSON,
        "nonresponse": _interval(rate.nonresponse),
        "bounds": {"lower": bounds[0], "upper": bounds[1]},
        "measure": rate.measure,
        "criterion": rate.criterion,
        "timepoint": rate.timepoint,
        "recall_window": rate.recall_window,
        "eligible_at_least": rate.eligible_at_least,
        "no_baseline": rate.no_baseline,
        "as_of": day_date(rate.as_of_day).isoformat(),
    }


def comparison_json(result: Comparison | Refusal) -> Json:
    """Return a practice beside a figure, or with ``refusal`` why it is not there."""
    told = {"figure": result.figure.code, "outcome": result.outcome}
    if isinstance(result, Refusal):
        return told | {"refusal": result.reason}
    change = result.published_change
    return told | {
        "refusal": None,
        "tier": result.figure.tier,
        "context_only": result.context_only,
        "sentence": result.sentence,
        "practice": _practice(result.practice),
        "share": _share(result.share),
        "ever": asdict(result.ever_step) if result.ever_step else None,
        "published": _published(result.published),
        "published_change": asdict(change) if change else None,
        "difference": asdict(result.difference) if result.difference else None,
        "matched": list(result.matched),
        "unmatched": list(result.unmatched),
        "caution": result.caution,
    }


def figure_json(figure: PublishedFigure) -> Json:
    """Return everything that is known of a published figure."""
    return asdict(figure)


def import_json(preview: Preview, *, imported: bool) -> Json:
    """Return what an import would do, or has done."""
    return {
        "imported": imported,
        "to_add": preview.to_add,
        "already_there": preview.already_there,
        **asdict(preview),
    }


def score_json(measure: Measure, answers: Answers) -> Json:
    """Return what a set of answers says."""
    result = score(measure, answers)
    band = None if result.total is None else measure.band(result.total)
    told = {
        "measure": measure.code,
        "answered": result.answered,
        "asked": result.asked,
        "complete": result.complete,
        "total": result.total,
        "lowest": result.lowest,
        "highest": result.highest,
        "band": band.name if band else None,
        "item_9": answers[measure.suicide_item - 1] if measure.suicide_item else None,
    }
    return told | _OF_MEASURE[measure.code](answers)


def _phq9(answers: Answers) -> Json:
    prorated = prorated_phq9(answers)
    return {
        "prorated": None if prorated is None else float(prorated),
        "syndrome": phq9_syndrome(answers),
    }


def _pcl5(answers: Answers) -> Json:
    clusters = {d.code: domain_score(PCL5, d, answers) for d in PCL5.domains}
    return {
        "clusters": {
            code: {"total": s.total, "lowest": s.lowest, "highest": s.highest}
            for code, s in clusters.items()
        },
        "symptom_rule": pcl5_symptom_rule(answers),
    }


_OF_MEASURE = {PHQ9.code: _phq9, PCL5.code: _pcl5}


def _practice(practice: OutcomeRate | MeanChange | None) -> Json | None:
    if isinstance(practice, OutcomeRate):
        return rate_json(practice)
    if practice is None:
        return None
    told = asdict(practice)
    return told | {"as_of": day_date(told.pop("as_of_day")).isoformat()}


def _published(share: PublishedShare | None) -> Json | None:
    if share is None:
        return None
    return {"percent": share.percent, "about": share.about, **_counts(share.proportion)}


def _share(share: Proportion | None) -> Json | None:
    return None if share is None else {**_counts(share), **_interval(share)}


def _counts(share: Proportion | None) -> Json:
    if share is None:
        return dict.fromkeys(("events", "n", "lower", "upper"))
    return {
        "events": share.events,
        "n": share.n,
        "lower": share.lower,
        "upper": share.upper,
    }


def _interval(share: Proportion | None) -> Json:
    if share is None:
        return dict.fromkeys(("estimate", "lower", "upper"))
    return {"estimate": share.estimate, "lower": share.lower, "upper": share.upper}


def account_json(account: Account, sites: dict[int, str]) -> dict[str, Any]:
    """Return who may sign in, without secrets; sites by their names."""
    return {
        "id": account.id,
        "login": account.login,
        "name": account.name,
        "roles": sorted(account.roles),
        "sites": sorted(sites[site_id] for site_id in account.sites),
        "second_factor": account.has_second_factor,
        "password_set": account.has_password,
        "disabled": account.disabled,
    }
