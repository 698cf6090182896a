"""How often something is so of records of which a patient may have several.

Forms and infusions of one patient resemble each other. An interval that took them for
independent would be too narrow, so the number of records is first reduced to what they
are worth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.outcomes import EVENT, NO_EVENT
from analysis.proportions import (
    Proportion,
    normal_quantile,
    require_confidence,
    wilson_proportion,
)


CLUSTERED_WILSON = "Wilson score, n reduced for several records of a patient"

NOT_KNOWN = "not known"
EVENT_OUTSIDE = "event, not in the share"

RECORD_STATES = (EVENT, NO_EVENT, NOT_KNOWN, EVENT_OUTSIDE)

FEWEST_PATIENTS = 10
"""Below this many patients their likeness cannot be estimated: each counts as one
record. This project's own number."""


@dataclass(frozen=True)
class Occurrence:
    """How often something is so of some records; never one number alone."""

    what: str
    records: int
    known: int
    """Records of which it is known whether it is so."""
    events: int
    outside: int
    """Further records of which it is known to be so, although a record like them
    without it could not have been told; they are in no share."""
    share: Proportion | None
    """Events among the known records; None where there is none."""
    patients: int
    """Of the known records."""
    patients_with: int
    of_patients: Proportion | None
    """Patients with at least one event; the more records of a patient, the likelier."""

    @property
    def not_known(self) -> int:
        """Records that are in no share."""
        return self.records - self.known

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Share of all records, had no record that is not known been so, or each."""
        if not self.records:
            return None
        lowest = (self.events + self.outside) / self.records
        return lowest, (self.events + self.not_known) / self.records


def occurrence(
    records: pd.DataFrame, what: str, confidence: float = 0.95
) -> Occurrence:
    """Count the states of some records.

    Parameters
    ----------
    records
        Columns ``patient_id`` and ``state``, one of ``RECORD_STATES``; the records
        behind any number are the rows in that state.
    what
        What is asked, a code that is handed on.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    known = records[records["state"].isin((EVENT, NO_EVENT))]
    happened = (known["state"] == EVENT).to_numpy()
    # Numbers in the place of ids: to count texts again and again takes long.
    owner, ids = pd.factorize(known["patient_id"])
    patients, with_event = len(ids), np.unique(owner[happened]).size
    return Occurrence(
        what=what,
        records=len(records),
        known=len(known),
        events=int(happened.sum()),
        outside=int((records["state"] == EVENT_OUTSIDE).sum()),
        share=clustered_proportion(happened, owner, confidence),
        patients=patients,
        patients_with=with_event,
        of_patients=wilson_proportion(with_event, patients, confidence)
        if patients
        else None,
    )


def clustered_proportion(
    happened: ArrayLike, patients: ArrayLike, confidence: float = 0.95
) -> Proportion | None:
    """Return a share of records with an interval that knows whose they are.

    The Wilson interval of an effective number of records: the records divided by the
    design effect, which is estimated from how the patients differ and never below 1;
    and with Student's t on the patients less one. Where the likeness cannot be
    estimated (fewer than ``FEWEST_PATIENTS``, no event, nothing but events) every
    patient counts as one record.

    Parameters
    ----------
    happened
        Shape (n,): whether it is so.
    patients
        Shape (n,): whose record it is.
    confidence
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Proportion
        ``events`` and ``n`` are the records, not the effective number. None without
        records; the plain Wilson interval where each patient has one record.

    References
    ----------
    Wilson limits with an effective sample size: Franco, Little, Louis & Slud 2019,
    J Surv Stat Methodol 7:334-364; Dean & Pagano 2015, J Surv Stat Methodol 3:484-503.

    Examples
    --------
    >>> share = clustered_proportion([1, 0, 0], ["a", "b", "c"])
    >>> share.events, share.n, share.method
    (1, 3, 'Wilson score')
    >>> share = clustered_proportion([1, 1, 0, 0], ["a", "a", "b", "b"])
    >>> share.events, share.n, round(share.lower, 2), round(share.upper, 2)
    (2, 4, 0.09, 0.91)
    """
    require_confidence(confidence)
    so = np.asarray(happened, dtype=bool)
    owner, _ = pd.factorize(np.asarray(patients))
    n, events = so.size, int(so.sum())
    if not n:
        return None
    sizes = np.bincount(owner)
    if sizes.size == n:
        return wilson_proportion(events, n, confidence)
    effective = _effective(np.bincount(owner, weights=so), sizes, confidence)
    lower, upper = _wilson(events / n, effective, normal_quantile(confidence))
    return Proportion(
        events, n, events / n, lower, upper, confidence, method=CLUSTERED_WILSON
    )


def _effective(events: np.ndarray, sizes: np.ndarray, confidence: float) -> float:
    """Return how many independent records these are worth."""
    patients, n = sizes.size, int(sizes.sum())
    share = events.sum() / n
    if patients < FEWEST_PATIENTS or share in (0, 1):
        return float(patients)
    residuals = events - share * sizes
    variance = patients / (patients - 1) * (residuals**2).sum() / n**2
    worth = n if variance == 0 else min(n, share * (1 - share) / variance)
    ratio = normal_quantile(confidence) / _student_quantile(confidence, patients - 1)
    return float(worth * ratio**2)


def _student_quantile(confidence: float, freedom: int) -> float:
    # Imported here: scipy takes long to import, and most pages do without.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Return the Wilson limits; unlike whole counts, n may have a fraction."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    spread = share * (1 - share) / n + z**2 / (4 * n**2)
    half_width = z * np.sqrt(spread) / (1 + z**2 / n)
    lower = 0.0 if share == 0 else float(middle - half_width)
    upper = 1.0 if share == 1 else float(middle + half_width)
    return lower, upper
