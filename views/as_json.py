"""Results as plain values with stable keys, for programs that read them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    change_shape,
    control_charts,
    durability,
    funnel,
    imputation,
    safety,
)
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

TOO_FEW = (
    change_shape.TooFew,
    control_charts.TooFew,
    durability.TooFew,
    funnel.TooFew,
    imputation.TooFew,
    safety.TooFew,
)


def plain(value: Any, name: str = "") -> Any:
    """Return any result as what JSON knows, with the names that it has in the program.

    Parameters
    ----------
    value
        A dataclass gives its fields and properties; a definition only its code; a
        refusal ``{"refused": ...}``; what is not a number, None. Numbers stay exact.
    name
        Of the value: a whole number whose name ends in ``_day`` is a date.

    Examples
    --------
    >>> plain({"as_of_day": 20758, "share": float("nan"), "n": np.int64(3)})
    {'as_of_day': '2026-11-01', 'share': None, 'n': 3}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Real):
        return _number(value, name)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return _dataclass(value)
    return _many(value, name)


def _many(value: Any, name: str) -> Any:
    match value:
        case np.ndarray() | np.generic():
            return plain(value.tolist(), name)
        case pd.DataFrame():
            return plain(value.to_dict("records"))
        case Mapping():
            return {_key(key): plain(one, _key(key)) for key, one in value.items()}
        case set() | frozenset():
            return sorted(plain(one, name) for one in value)
        case Iterable():
            return [plain(one, name) for one in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _number(value: Real, name: str) -> Json | float | str | None:
    if not isfinite(value):
        return None
    # A column of days in which one is missing holds floats.
    if name.endswith("_day") and value == int(value):
        return day_date(int(value)).isoformat()
    return int(value) if isinstance(value, Integral) else float(value)


def _dataclass(value: Any) -> Any:
    if type(value).__module__.startswith("measures.") and hasattr(value, "code"):
        return value.code
    told = {name: plain(one, name) for name, one in _parts(value) if not callable(one)}
    return {"refused": told} if isinstance(value, TOO_FEW) else told


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    kind = type(value)
    properties = [
        name
        for name in dir(kind)
        if not name.startswith("_") and isinstance(getattr(kind, name), property)
    ]
    names = [*(field.name for field in fields(value)), *properties]
    return ((name, getattr(value, name)) for name in names)


def _key(key: Any) -> str:
    return " -> ".join(map(str, key)) if isinstance(key, tuple) else str(key)


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
        "any_baseline": _share(result.any_baseline),
        "ever": asdict(result.ever_step) if result.ever_step else None,
        "unseen_by_then": result.unseen_by_then,
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
