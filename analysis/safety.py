"""Safety: answers to item 9, alerts, adverse events, blood pressure, who got worse.

What was not asked, not answered or not recorded is known nowhere here, and never
counted as if all had been well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd

from analysis.acknowledgement import Acknowledgement, Waited, acknowledgement
from analysis.columns import COURSES, Column, FrameSpec, conform
from analysis.ever import ProductLimit, product_limit
from analysis.months import Month, month_number, months_between
from analysis.occurrences import EVENT_OUTSIDE, NOT_KNOWN, Occurrence, occurrence
from analysis.outcomes import EVENT, NO_BASELINE, NO_EVENT
from analysis.proportions import Proportion, wilson_proportion
from measures.blood_pressure import BEFORE, BloodPressureRule
from measures.criteria import Criterion


ITEM_9_FORMS = FrameSpec(
    "ITEM_9_FORMS",
    (
        Column("assessment_id", "int64"),
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("minute", "int64"),
        Column("day", "int64"),
        Column("item_9", "float64", lowest=0),
        Column("answers_received", "int64", lowest=0),
    ),
    one_row_per=("assessment_id",),
)
"""Every form that stands of a measure with item 9.

``minute`` orders them; ``item_9`` is missing where it was left out, and where only a
total was received, for which ``answers_received`` is 0.
"""

ALERTS = FrameSpec(
    "ALERTS",
    (
        Column("alert_id", "int64"),
        Column("assessment_id", "int64"),
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("opened_second", "int64"),
        Column("seen_second", "float64"),
        Column("closed_second", "float64"),
        Column("opened_day", "int64"),
        Column("closed_day", "float64"),
        Column("action", "str"),
        Column("by_mistake", "int64", lowest=0),
    ),
    one_row_per=("alert_id",),
)
"""Item-9 alerts, whatever became of them.

Seconds since 1970; ``action`` is empty while nobody said what was done; ``by_mistake``
is 1 where the form should not have been there, so that there was nothing to do.
"""

_READINGS = tuple(
    f"{vital}_{moment}"
    for moment in ("before", "peak", "after")
    for vital in ("systolic", "diastolic", "pulse")
)

INFUSION_READINGS = FrameSpec(
    "INFUSION_READINGS",
    (
        Column("infusion_id", "int64"),
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("day", "int64"),
        *(Column(name, "float64", lowest=0) for name in _READINGS),
        Column("dissociation", "str"),
        Column("adverse_event_codes", "str"),
        Column("in_words", "int64", lowest=0),
    ),
    one_row_per=("infusion_id",),
)
"""Every infusion that stands: its readings and what went wrong.

``dissociation`` and ``adverse_event_codes`` (joined by commas) are empty where nothing
was recorded; ``in_words`` is 1 where an adverse event was put into words.
"""

LATEST_SCORES = FrameSpec(
    "LATEST_SCORES",
    (
        Column("course_id", "int64"),
        Column("assessment_id", "int64"),
        Column("day", "int64"),
        Column("total", "int64", lowest=0),
        Column("incomplete_since", "int64", lowest=0),
    ),
    one_row_per=("course_id",),
)
"""The last complete score after infusion 1; ``incomplete_since``: 1 where a later form
has no total."""

POSITIVE = "positive"
ZERO = "zero"
LEFT_OUT = "left out"
TOTAL_ONLY = "only a total"

ITEM_9_STATES = (POSITIVE, ZERO, LEFT_OUT, TOTAL_ONLY)

ZERO_IS_NOT_NO_RISK = (
    "An answer of 0 to item 9 is what was answered on that form. It does not say that "
    "there is no risk."
)

ANSWERED_0 = "0 answered later"
STILL_POSITIVE = "positive at the last answer"
NOT_ASKED_AGAIN = "no later answer"

EPISODE_STATES = (ANSWERED_0, STILL_POSITIVE, NOT_ASKED_AGAIN)

OPEN = "open"
ANSWERED = "answered"
WITHDRAWN = "withdrawn"

ANY_ADVERSE_EVENT = "any"
IN_WORDS = "in words"

WORSE = "worse"
NOT_WORSE = "not worse"
NOTHING_SINCE = "no complete score since infusion 1"

LATEST_STATES = (WORSE, NOT_WORSE, NO_BASELINE, NOTHING_SINCE)

FEWEST_FOR_A_CURVE = 10
"""Patients needed for a curve and its median; this project's own number."""


@dataclass(frozen=True)
class TooFew:
    """A result that would mislead: so many are needed, and so many there are."""

    needed: int
    found: int


@dataclass(frozen=True)
class Item9Answers(Occurrence):
    """How often item 9 was positive among the forms whose answer is known."""

    left_out: int
    """Forms with answers, but none to item 9."""

    @property
    def total_only(self) -> int:
        """Forms of which only a total was received."""
        return self.not_known - self.left_out


@dataclass(frozen=True)
class Item9Month:
    """The answers of one calendar month."""

    month: Month
    answers: Item9Answers


@dataclass(frozen=True)
class Resolution:
    """How long until 0 was answered to item 9, from each patient's first positive.

    A 0 says what was answered, not that there is no risk.
    """

    patients: int
    """With at least one positive answer; each is counted once, from the first."""
    answered_0: int
    still_positive: int
    """Asked again, with a positive answer each time."""
    not_asked_again: int
    positive_again: int
    """Of those who answered 0, who had a positive answer after it."""
    curve: ProductLimit | TooFew
    """Share that has not answered 0 so far, in days since the positive answer; the
    others are followed to their last known answer."""
    median_days_before_0: float | None
    """Half of the zeros came so many days or fewer after the last positive answer:
    the answer may have changed at any time in between."""


@dataclass(frozen=True)
class AlertMonth:
    """What became of alerts in one calendar month, those by mistake left out."""

    month: Month
    opened: int
    closed: int
    open_at_end: int
    """Open at the end of the month, or on the day of asking."""
    patients_of_opened: int
    patients_of_closed: int


@dataclass(frozen=True)
class AlertFlow:
    """Alerts opened and closed, and how long they waited."""

    open: int
    unseen: int
    """Of the open ones, those that nobody who may act has seen."""
    answered: int
    withdrawn: int
    """Of forms that should not have been there."""
    actions: tuple[tuple[str, int], ...]
    """What was done, and how often, the most frequent first."""
    acknowledgement: Acknowledgement
    months: tuple[AlertMonth, ...]


@dataclass(frozen=True)
class Deterioration:
    """Courses whose latest complete score is reliably worse than the baseline."""

    started: int
    no_baseline: int
    nothing_since: int
    measured: int
    worse: int
    share: Proportion | None
    """Of the measured; None when there is none."""
    bounds: tuple[float, float] | None
    """Of all started, had none, or each, of the others got worse."""
    course_ids: tuple[int, ...]
    """Of the worse, by points, the most first."""
    criterion: str
    measure: str
    as_of_day: int


def classify_item_9(forms: pd.DataFrame, *, as_of_day: int) -> pd.DataFrame:
    """Return the forms up to a day with their ``answer`` and the ``state`` of each.

    Parameters
    ----------
    forms
        Columns of ``ITEM_9_FORMS``.
    as_of_day
        Later forms are not seen.

    Returns
    -------
    pandas.DataFrame
        ``answer`` is one of ``ITEM_9_STATES``; ``state`` one of
        ``analysis.occurrences.RECORD_STATES``: an item left out is not known.
    """
    seen = conform(forms, ITEM_9_FORMS)
    seen = seen[seen["day"] <= as_of_day]
    answer = np.select(
        [seen["item_9"] > 0, seen["item_9"] == 0, seen["answers_received"] > 0],
        [POSITIVE, ZERO, LEFT_OUT],
        default=TOTAL_ONLY,
    )
    state = np.select(
        [answer == POSITIVE, answer == ZERO], [EVENT, NO_EVENT], default=NOT_KNOWN
    )
    return seen.assign(answer=_text(answer, seen), state=_text(state, seen))


def item_9_answers(
    forms: pd.DataFrame, *, as_of_day: int, confidence: float = 0.95
) -> Item9Answers:
    """Return how often item 9 was answered 1 or more, of the forms that say.

    Parameters
    ----------
    forms, as_of_day
        As for `classify_item_9`.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    return _answers(classify_item_9(forms, as_of_day=as_of_day), confidence)


def item_9_by_month(
    forms: pd.DataFrame, *, as_of_day: int, confidence: float = 0.95
) -> tuple[Item9Month, ...]:
    """Return the same for each calendar month from the first form on.

    Months without a form are there, without a share; the month of ``as_of_day`` is
    marked as not complete.
    """
    seen = classify_item_9(forms, as_of_day=as_of_day)
    by_month = dict(tuple(seen.groupby(month_number(seen["day"]))))
    return tuple(
        Item9Month(month, _answers(by_month.get(month.number, seen[:0]), confidence))
        for month in months_between(seen["day"].min(), as_of_day)
    )


def item_9_episodes(forms: pd.DataFrame, *, as_of_day: int) -> pd.DataFrame:
    """Return a row per episode: from a positive answer to the next 0, if there was one.

    An item left out, and a form of which only a total was received, neither begins nor
    ends an episode. Episodes go on from one course to the next.

    Parameters
    ----------
    forms, as_of_day
        As for `classify_item_9`.

    Returns
    -------
    pandas.DataFrame
        ``patient_id``, ``course_id`` and ``assessment_id`` of the positive answer,
        ``number`` of the patient's episode, ``first_day``, ``highest`` answer,
        ``last_positive_day``, ``end_day`` (of the 0, or else of the last answer),
        ``zero_id`` (missing without), ``days`` and ``state``, of ``EPISODE_STATES``.
    """
    known = classify_item_9(forms, as_of_day=as_of_day)
    known = known[known["item_9"].notna()]
    known = known.sort_values(["patient_id", "minute", "assessment_id"])
    positive = known["item_9"] > 0
    # Neither the first answer of a patient nor one after a 0 goes on from a positive.
    goes_on = positive.groupby(known["patient_id"]).shift(fill_value=False)
    begins = (positive & ~goes_on.astype(bool)).astype("int64")
    known = known.assign(number=begins.groupby(known["patient_id"]).cumsum())
    within = ["patient_id", "number"]
    episodes = (
        known[positive]
        .groupby(within, sort=False)
        .agg(
            course_id=("course_id", "first"),
            assessment_id=("assessment_id", "first"),
            first_day=("day", "first"),
            highest=("item_9", "max"),
            last_positive_day=("day", "last"),
            positives=("day", "size"),
        )
        .reset_index()
    )
    zeros = known[~positive].drop_duplicates(within)[[*within, "assessment_id", "day"]]
    zeros = zeros.rename(columns={"assessment_id": "zero_id", "day": "end_day"})
    return _ended(episodes.merge(zeros, on=within, how="left"))


def item_9_resolution(
    forms: pd.DataFrame, *, as_of_day: int, confidence: float = 0.95
) -> Resolution:
    """Return how long it took until 0 was answered, from each first positive answer.

    Parameters
    ----------
    forms, as_of_day
        As for `classify_item_9`.
    confidence
        Coverage of the limits of the curve, between 0 and 1.
    """
    episodes = item_9_episodes(forms, as_of_day=as_of_day)
    first = episodes[episodes["number"] == 1]
    count = first["state"].value_counts()
    zeros = first[first["state"] == ANSWERED_0]
    again = zeros["patient_id"].isin(episodes.loc[episodes["number"] > 1, "patient_id"])
    unseen_for = zeros["end_day"] - zeros["last_positive_day"]
    return Resolution(
        patients=len(first),
        answered_0=len(zeros),
        still_positive=int(count.get(STILL_POSITIVE, 0)),
        not_asked_again=int(count.get(NOT_ASKED_AGAIN, 0)),
        positive_again=int(again.sum()),
        curve=product_limit(
            first["days"], first["state"] == ANSWERED_0, confidence=confidence
        )
        if len(first) >= FEWEST_FOR_A_CURVE
        else TooFew(FEWEST_FOR_A_CURVE, len(first)),
        median_days_before_0=median(unseen_for.tolist()) if len(zeros) else None,
    )


def classify_alerts(alerts: pd.DataFrame, *, as_of_second: int) -> pd.DataFrame:
    """Return the alerts opened by a moment, with ``state`` and ``hours`` at it.

    An alert that was closed later was open then.

    Parameters
    ----------
    alerts
        Columns of ``ALERTS``.
    as_of_second
        Seconds since 1970.
    """
    seen = conform(alerts, ALERTS)
    seen = seen[seen["opened_second"] <= as_of_second]
    closed = seen["closed_second"] <= as_of_second
    state = np.select(
        [~closed, seen["by_mistake"] > 0], [OPEN, WITHDRAWN], default=ANSWERED
    )
    until = seen["closed_second"].where(closed, as_of_second)
    hours = (until - seen["opened_second"]) / 3600
    return seen.assign(state=_text(state, seen), hours=hours)


def alert_flow(alerts: pd.DataFrame, *, as_of_day: int, as_of_second: int) -> AlertFlow:
    """Return how many alerts opened and closed, by month, and how long they waited.

    Parameters
    ----------
    alerts
        Columns of ``ALERTS``.
    as_of_day, as_of_second
        The moment of asking, and its calendar day at the practice.
    """
    seen = classify_alerts(alerts, as_of_second=as_of_second)
    count = seen["state"].value_counts()
    counted = seen[seen["state"] != WITHDRAWN]
    answered = counted["state"] == ANSWERED
    unseen = ~(counted["seen_second"] <= as_of_second) & ~answered
    waited = zip(counted["hours"].tolist(), answered.tolist(), strict=True)
    return AlertFlow(
        open=int(count.get(OPEN, 0)),
        unseen=int(unseen.sum()),
        answered=int(count.get(ANSWERED, 0)),
        withdrawn=int(count.get(WITHDRAWN, 0)),
        actions=tuple(
            (str(action), int(n))
            for action, n in counted.loc[answered, "action"].value_counts().items()
        ),
        acknowledgement=acknowledgement([Waited(*one) for one in waited]),
        months=_alert_months(counted, answered, as_of_day),
    )


def classify_adverse_events(infusions: pd.DataFrame, code: str) -> pd.DataFrame:
    """Return the infusions with the ``state`` that counts each for one adverse event.

    No adverse event and none recorded look alike. So only infusions with at least one
    reading of blood pressure, pulse or dissociation are counted; an event at another
    infusion is ``event, not in the share``.

    Parameters
    ----------
    infusions
        Columns of ``INFUSION_READINGS``.
    code
        Of an adverse event, ``ANY_ADVERSE_EVENT`` or ``IN_WORDS``.
    """
    given = conform(infusions, INFUSION_READINGS)
    happened = _happened(given, code)
    watched = given[list(_READINGS)].notna().any(axis=1) | (given["dissociation"] != "")
    return given.assign(state=_states(happened, watched))


def adverse_events(
    infusions: pd.DataFrame, codes: Sequence[str], *, confidence: float = 0.95
) -> tuple[Occurrence, ...]:
    """Return how often each adverse event was recorded, per infusion.

    Parameters
    ----------
    infusions
        Columns of ``INFUSION_READINGS``.
    codes
        What can be ticked, in the order wanted. Any, each of these, whatever else is
        in the record, and those in words are told.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    recorded = conform(infusions, INFUSION_READINGS)["adverse_event_codes"].unique()
    found = {code for cell in recorded for code in cell.split(",") if code}
    others = sorted(found - set(codes))
    return tuple(
        occurrence(classify_adverse_events(infusions, code), code, confidence)
        for code in (ANY_ADVERSE_EVENT, *codes, *others, IN_WORDS)
    )


def dissociation_levels(
    infusions: pd.DataFrame, levels: Sequence[str], *, confidence: float = 0.95
) -> tuple[Occurrence, ...]:
    """Return how often each level of dissociation was recorded, per infusion."""
    given = conform(infusions, INFUSION_READINGS)
    recorded = given["dissociation"] != ""
    return tuple(
        occurrence(
            given.assign(state=_states(given["dissociation"] == level, recorded)),
            level,
            confidence,
        )
        for level in levels
    )


def classify_blood_pressure(
    infusions: pd.DataFrame, rule: BloodPressureRule
) -> pd.DataFrame:
    """Return the infusions with the ``state`` that counts each under one rule.

    Counted are those with both readings (and both before, for a rise). Where one of
    the two is missing and the other is over the limit, the infusion is ``event, not in
    the share``: it belongs to the list, but its like within the limit is not known.

    Parameters
    ----------
    infusions
        Columns of ``INFUSION_READINGS``.
    rule
        Of ``measures.blood_pressure``.
    """
    given = conform(infusions, INFUSION_READINGS)
    systolic, diastolic = (
        given[f"{vital}_{rule.moment}"]
        - (given[f"{vital}_{BEFORE}"] if rule.rise else 0)
        for vital in ("systolic", "diastolic")
    )
    over = (systolic >= rule.systolic_at_least) | (diastolic >= rule.diastolic_at_least)
    return given.assign(state=_states(over, systolic.notna() & diastolic.notna()))


def blood_pressure_excursions(
    infusions: pd.DataFrame, rule: BloodPressureRule, *, confidence: float = 0.95
) -> Occurrence:
    """Return how often a blood pressure was over a rule's limit, per infusion."""
    return occurrence(classify_blood_pressure(infusions, rule), rule.code, confidence)


def classify_latest(
    courses: pd.DataFrame, latest: pd.DataFrame, criterion: Criterion, *, as_of_day: int
) -> pd.DataFrame:
    """Return the started courses, the worst first, with their latest score.

    Worse: higher than baseline by what a reliable change takes, as on a patient's
    page. Unlike there, an incomplete form after the latest complete one hides nothing.

    Parameters
    ----------
    courses
        Columns of `analysis.columns.COURSES`, of any time point, without further
        choice: the baseline is what is looked at.
    latest
        Columns of ``LATEST_SCORES``, as of the same day.
    criterion
        Of kind "change", on the measure of both frames.
    as_of_day
        The day on which the question is asked.

    Returns
    -------
    pandas.DataFrame
        ``course_id``, ``patient_id``, ``first_day``, ``indication``, ``clinician``,
        ``baseline``, ``assessment_id``, ``latest``, ``latest_day``, ``points`` (latest
        less baseline), ``incomplete_since`` and ``state``, of ``LATEST_STATES``.

    Raises
    ------
    ValueError
        If a score is later than the day, or the criterion is not of a change.
    """
    if criterion.kind != "change":
        raise ValueError(f"criterion must be of kind 'change'; got {criterion.kind!r}.")
    scores = conform(latest, LATEST_SCORES)
    if (scores["day"] > as_of_day).any():
        raise ValueError("LATEST_SCORES: a score is later than the as-of day.")
    started = conform(courses, COURSES)
    started = started.loc[started["first_day"] <= as_of_day, _OF_COURSE]
    names = {"total": "latest", "day": "latest_day"}
    rows = started.merge(scores.rename(columns=names), on="course_id", how="left")
    # The same rule, read backwards.
    worse = np.asarray(criterion.met(rows["latest"], rows["baseline"]), dtype=bool)
    state = np.select(
        [rows["baseline"].isna(), rows["latest"].isna(), worse],
        [NO_BASELINE, NOTHING_SINCE, WORSE],
        default=NOT_WORSE,
    )
    rows = rows.assign(
        points=rows["latest"] - rows["baseline"], state=_text(state, rows)
    )
    return rows.sort_values(["points", "course_id"], ascending=[False, True])


def deterioration(
    courses: pd.DataFrame,
    latest: pd.DataFrame,
    criterion: Criterion,
    *,
    as_of_day: int,
    confidence: float = 0.95,
) -> Deterioration:
    """Return how many courses are reliably worse at their latest complete score.

    A low baseline is no reason to be left out. One course per patient is the caller's
    choice.

    Parameters
    ----------
    courses, latest, criterion, as_of_day
        As for `classify_latest`.
    confidence
        Coverage of the interval, between 0 and 1.
    """
    rows = classify_latest(courses, latest, criterion, as_of_day=as_of_day)
    count = rows["state"].value_counts()
    worse, not_worse, no_baseline, nothing_since = (
        int(count.get(state, 0)) for state in LATEST_STATES
    )
    measured, started = worse + not_worse, len(rows)
    return Deterioration(
        started=started,
        no_baseline=no_baseline,
        nothing_since=nothing_since,
        measured=measured,
        worse=worse,
        share=wilson_proportion(worse, measured, confidence) if measured else None,
        bounds=(worse / started, (started - not_worse) / started) if started else None,
        course_ids=tuple(rows.loc[rows["state"] == WORSE, "course_id"].tolist()),
        criterion=criterion.code,
        measure=criterion.measure,
        as_of_day=as_of_day,
    )


_OF_COURSE = [
    "course_id",
    "patient_id",
    "first_day",
    "indication",
    "clinician",
    "baseline",
]


def _text(values: np.ndarray, rows: pd.DataFrame) -> pd.Series:
    return pd.Series(values, index=rows.index, dtype="str")


def _states(happened: pd.Series, known: pd.Series) -> pd.Series:
    states = np.select(
        [happened & known, known, happened],
        [EVENT, NO_EVENT, EVENT_OUTSIDE],
        default=NOT_KNOWN,
    )
    return pd.Series(states, index=happened.index, dtype="str")


def _happened(given: pd.DataFrame, code: str) -> pd.Series:
    codes, in_words = given["adverse_event_codes"], given["in_words"] > 0
    if code == IN_WORDS:
        return in_words
    if code == ANY_ADVERSE_EVENT:
        return (codes != "") | in_words
    return codes.isin([cell for cell in codes.unique() if code in cell.split(",")])


def _answers(seen: pd.DataFrame, confidence: float) -> Item9Answers:
    return Item9Answers(
        **vars(occurrence(seen, POSITIVE, confidence)),
        left_out=int((seen["answer"] == LEFT_OUT).sum()),
    )


def _ended(episodes: pd.DataFrame) -> pd.DataFrame:
    zero = episodes["zero_id"].notna()
    end = episodes["end_day"].where(zero, episodes["last_positive_day"])
    end = end.astype("int64")
    state = np.select(
        [zero, episodes["positives"] > 1],
        [ANSWERED_0, STILL_POSITIVE],
        default=NOT_ASKED_AGAIN,
    )
    return episodes.drop(columns="positives").assign(
        zero_id=episodes["zero_id"].astype("float64"),
        end_day=end,
        days=end - episodes["first_day"],
        state=_text(state, episodes),
    )


def _alert_months(
    counted: pd.DataFrame, answered: pd.Series, as_of_day: int
) -> tuple[AlertMonth, ...]:
    opened = counted.groupby(month_number(counted["opened_day"]))["patient_id"]
    over = counted[answered]
    closed = over.groupby(month_number(over["closed_day"]))["patient_id"]
    counts = (opened.size(), closed.size(), opened.nunique(), closed.nunique())
    months, still_open = [], 0
    for month in months_between(counted["opened_day"].min(), as_of_day):
        came, went, *patients = (int(n.get(month.number, 0)) for n in counts)
        still_open += came - went
        months.append(AlertMonth(month, came, went, still_open, *patients))
    return tuple(months)
