"""Safety in words: its sentences, tables, and the rows behind each number."""

from collections.abc import Iterable, Mapping
from math import isnan

import pandas as pd

from analysis.ever import ProductLimit
from analysis.occurrences import Occurrence
from analysis.outcomes import NO_BASELINE
from analysis.safety import (
    ANSWERED_0,
    ANY_ADVERSE_EVENT,
    FEWEST_FOR_A_CURVE,
    IN_WORDS,
    NOT_ASKED_AGAIN,
    NOT_WORSE,
    NOTHING_SINCE,
    OPEN,
    STILL_POSITIVE,
    WORSE,
    AlertFlow,
    AlertMonth,
    Item9Answers,
    Item9Month,
    Resolution,
    TooFew,
)
from analysis.suppression import FREE_REST, PROTECTED_REST, Layout, Sum
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.days import day_date
from measures.registry import CRITERIA, MEASURES
from views.results.counts.safety import Safety
from views.results.wording import occurrences
from views.results.wording.numbers import (
    counted,
    dates,
    interval_name,
    percent,
    percent_range,
)
from views.results.wording.outcomes import source_text
from views.wording import upper_first


Row = Mapping[str, str]


# The sentences.


def headline(found: Safety) -> str:
    """Return the page in one sentence."""
    alerts = found.alerts.open
    are = "item-9 alert is" if alerts == 1 else "item-9 alerts are"
    parts = [_item_9_part(found), f"{alerts} {are} open", worse_part(found)]
    return f"{'; '.join(parts)}."


def _item_9_part(found: Safety) -> str:
    answers = found.item_9
    if answers.share is None:
        return "No form says what was answered to item 9"
    return (
        "Item 9 was answered 1 or more on "
        f"{occurrences.in_sentence(answers.share, 'forms that say')}"
    )


def worse_part(found: Safety) -> str:
    """Return how many are reliably worse, as a part of a sentence."""
    worse = found.deterioration
    if worse.share is None:
        return "no course has both a baseline and a later score"
    are = "is" if worse.worse == 1 else "are"
    return (
        f"{worse.worse} of the {worse.measured} courses with a baseline and a later "
        f"score {are} reliably worse at the latest ({percent(worse.share.estimate)}, "
        f"{interval_name(worse.share.confidence)} "
        f"{percent_range(worse.share.lower, worse.share.upper)})"
    )


def item_9_sentence(found: Safety) -> str:
    """Return whose answers they are, and how many forms do not say."""
    answers = found.item_9
    known = answers.not_known
    return (
        f"{_who_answered(answers)}{counted(known, 'form')} of {answers.records} "
        f"{'does' if known == 1 else 'do'} not say: {answers.left_out} without an "
        f"answer to item 9, {answers.total_only} with only a total."
    )


def _who_answered(answers: Item9Answers) -> str:
    who = answers.of_patients
    if who is None:
        return ""
    patients = "patient" if who.n == 1 else "patients"
    return (
        f"{occurrences.in_sentence(who, patients)} answered 1 or more at least once. "
    )


ITEM_9_CAPTION = (
    "How often a form is positive depends on who is asked, and how often: those who "
    "stay in treatment and are asked again count more. A month is not compared with "
    "another one here."
)


def elsewhere(found: Safety) -> str:
    """Return what is not counted here because of the choice of courses."""
    forms, infusions = found.item_9_elsewhere, found.infusions_elsewhere
    if not forms and not infusions:
        return "No form with item 9 and no infusion of the practice is left out."
    return (
        f"Not counted here: {counted(forms, 'form')} with item 9 and "
        f"{counted(infusions, 'infusion')} of courses that were not chosen or have not "
        "begun. Alerts are those of the whole practice, whatever was chosen."
    )


def resolution_sentence(found: Resolution) -> str:
    """Return how long it took until 0 was answered, and of whom it is not known."""
    if not found.patients:
        return "Nobody answered 1 or more to item 9."
    sentence = (
        f"Of {counted(found.patients, 'patient')} who answered 1 or more, "
        f"{found.answered_0} answered 0 later; {_median_part(found.curve)}."
    )
    if found.answered_0:
        again = "had a positive answer again after it"
        sentence += f" {found.positive_again} of the {found.answered_0} {again}."
    return sentence


def _median_part(curve: ProductLimit | TooFew) -> str:
    if isinstance(curve, TooFew):
        return (
            f"a curve is drawn from {curve.needed} patients on, here are {curve.found}"
        )
    if curve.median is None:
        return "half had not answered 0 by the last answer that is known"
    return f"half had done so by day {curve.median:g} (Kaplan-Meier)"


def resolution_caption(found: Resolution) -> str:
    """Return what the curve takes for granted."""
    between = found.median_days_before_0
    seen = (
        ""
        if between is None
        else (
            f" Half of the zeros came {between:g} days or fewer after the last "
            "positive answer: it may have changed at any time in between."
        )
    )
    return (
        "Counted from each patient's first positive answer to the first 0 after it, or "
        "to the last known answer. The curve takes it that those who were not asked "
        f"again would have answered like the others, which nobody knows.{seen} "
        "It says how long after an answer another one was given, not what brought it "
        "about."
    )


def alerts_sentence(flow: AlertFlow) -> str:
    """Return what became of the alerts."""
    total = flow.open + flow.answered
    if not total and not flow.withdrawn:
        return "No item-9 alert was ever opened."
    unseen = ""
    if flow.open:
        unseen = f" ({flow.unseen} not yet seen by anybody who can act)"
    return (
        f"Of {counted(total, 'item-9 alert')} of the whole practice, {flow.open} "
        f"{'is' if flow.open == 1 else 'are'} open{unseen} and {flow.answered} "
        f"answered; {flow.withdrawn} more of forms entered by mistake."
    )


ALERTS_CAPTION = (
    "Days and hours as they were on the as-of date: an alert closed later was open "
    "then. Answered means that somebody recorded what was done, not that all is well."
)


def infusions_sentence(found: Safety) -> str:
    """Return how many infusions were watched, and on how many something happened."""
    any_event = found.adverse_events[0]
    if any_event.share is None:
        sentence = (
            f"{counted(any_event.records, 'infusion')}, none with a reading of blood "
            "pressure, pulse or dissociation: no share can be told."
        )
        if any_event.outside:
            sentence += (
                f" An adverse event was recorded at {any_event.outside} of them; where "
                "nothing was recorded, nothing is known."
            )
        return sentence
    sentence = (
        "An adverse event was recorded at "
        f"{occurrences.in_sentence(any_event.share, 'infusions with a reading')}"
    )
    if any_event.outside:
        sentence += f", and at {any_event.outside} more without one"
    return f"{sentence}. {_without_reading(any_event)}"


def _without_reading(found: Occurrence) -> str:
    rest = found.not_known - found.outside
    if not rest:
        return ""
    say = "infusion has" if rest == 1 else "infusions have"
    return f"{rest} {say} neither a reading nor an adverse event: nothing is known."


def dissociation_sentence(found: Safety) -> str:
    """Return at how many infusions dissociation was recorded, and how often severe."""
    *_, worst = found.dissociation
    if worst.share is None:
        return "Dissociation was not recorded at any infusion."
    rest = worst.not_known
    not_recorded = f"; not recorded at {rest}" if rest else ""
    infusions = occurrences.in_sentence(worst.share, "infusions where it was recorded")
    return f"Dissociation was {worst.what} at {infusions}{not_recorded}."


EVENTS_CAPTION = (
    "No adverse event and none recorded look alike in a record. So only infusions with "
    "a reading of blood pressure, pulse or dissociation are in the share. What "
    "happened at an infusion need not be due to it."
)
PRESSURE_CAPTION = (
    "There are no agreed limits for ketamine infusions. These were printed for "
    "something near, or are this project's own; none of them says what to do. Not "
    "adjusted for who is treated."
)


def pressure_sentence(found: Safety) -> str:
    """Return on how many infusions the first and last limits were passed."""
    worst = max(found.blood_pressure, key=_rate)
    if worst.share is None:
        return "No infusion has the readings that any of the limits needs."
    name = BLOOD_PRESSURE_RULES[worst.what].name
    infusions = occurrences.in_sentence(worst.share, "infusions with both readings")
    return f"The limit passed most often is “{name}”: at {infusions}."


def _rate(found: Occurrence) -> float:
    return -1.0 if found.share is None else found.share.estimate


def worse_sentence(found: Safety) -> str:
    """Return how many are reliably worse, and of whom nothing is known."""
    worse = found.deterioration
    part = worse_part(found)
    return (
        f"{upper_first(part)}. Of the {worse.started} started, "
        f"{counted(worse.no_baseline, 'has', 'have')} no baseline and "
        f"{worse.nothing_since} no complete score since infusion 1"
        f"{_worse_bounds(worse.bounds)}."
    )


def _worse_bounds(bounds: tuple[float, float] | None) -> str:
    if bounds is None:
        return ""
    lower, upper = bounds
    return (
        f": of all started {percent(lower)} if none of these got worse, "
        f"{percent(upper)} if all did"
    )


def worse_caption(criterion: str) -> str:
    """Return what reliably worse means here."""
    rule = CRITERIA[criterion]
    return (
        f"Reliably worse: at least {rule.points} {MEASURES[rule.measure].name} points "
        "above baseline at the latest complete score, however long ago that was (the "
        f"rule “{rule.name}”, read backwards; lower is better). Any baseline "
        f"counts. Source: {source_text(rule.source)} A worse score is no judgement of "
        "the treatment, and a low or high baseline leaves more or less room to move."
    )


# Tables.


def month_rows(months: Iterable[Item9Month]) -> list[Row]:
    """Return item 9 by month, the newest first."""
    return [
        {
            "Month": occurrences.month_name(month.month),
            "1 or more, of the forms that say": occurrences.share_words(
                month.answers.share
            ),
            "Patients": occurrences.of_patients(month.answers),
            "Left out": str(month.answers.left_out),
            "Only a total": str(month.answers.total_only),
        }
        for month in reversed(list(months))
    ]


def resolution_rows(found: Resolution) -> list[Row]:
    """Return what became of those with a positive answer."""
    rows = (
        ("Answered 1 or more at least once", found.patients),
        ("Answered 0 later", found.answered_0),
        ("Of these, positive again after it", found.positive_again),
        ("Asked again, positive each time", found.still_positive),
        ("Not asked again", found.not_asked_again),
    )
    return [{"Patients who": name, "Number": str(count)} for name, count in rows]


def alert_month_rows(months: Iterable[AlertMonth]) -> list[Row]:
    """Return alerts by month, the newest first."""
    return [
        {
            "Month": occurrences.month_name(month.month),
            "Opened": str(month.opened),
            "Answered": str(month.closed),
            "Open at the end": str(month.open_at_end),
        }
        for month in reversed(list(months))
    ]


def action_rows(flow: AlertFlow) -> list[Row]:
    """Return what was done about the alerts, the most frequent first."""
    return [
        {"What was done": action, "Alerts": str(count)}
        for action, count in flow.actions
    ]


def event_names(found: Iterable[Occurrence]) -> list[tuple[str, Occurrence]]:
    """Return adverse events with their names."""
    return [(event_name(one.what), one) for one in found]


def event_name(code: str) -> str:
    """Return an adverse event for a list."""
    known = {ANY_ADVERSE_EVENT: "Any adverse event", IN_WORDS: "One put into words"}
    return known.get(code, upper_first(code))


def dissociation_names(found: Iterable[Occurrence]) -> list[tuple[str, Occurrence]]:
    """Return levels of dissociation with their names."""
    return [(one.what.capitalize(), one) for one in found]


def pressure_names(found: Iterable[Occurrence]) -> list[tuple[str, Occurrence]]:
    """Return limits on blood pressure with their names."""
    return [(BLOOD_PRESSURE_RULES[one.what].name, one) for one in found]


def pressure_rules() -> list[Row]:
    """Return each limit with what it was made for, for a table."""
    return [
        {
            "Limit": rule.name,
            "What it counts": rule.sentence,
            "What it was made for": rule.reason,
            "Source": source_text(rule.source),
        }
        for rule in BLOOD_PRESSURE_RULES.values()
    ]


def definitions() -> list[Row]:
    """Return what the numbers of item 9 and of adverse events count."""
    rows = (
        (
            "Item 9, of the forms that say",
            "Forms of the PHQ-9 that stand and have an answer to item 9; positive is "
            "1 or more. A form without that answer, or with only a total, is in no "
            "share.",
        ),
        ("Interval", occurrences.INTERVAL),
        ("Patients with at least one", occurrences.PATIENTS),
        (
            "Days until 0",
            "From the first positive answer of a patient to the first 0 after it, "
            "across courses. A form without an answer to item 9 neither begins nor "
            f"ends this. The curve is drawn from {FEWEST_FOR_A_CURVE} patients on.",
        ),
        ("Recorded, not in the share", occurrences.OUTSIDE),
        ("Bounds", occurrences.BOUNDS),
    )
    return [{"Number": name, "What it counts": words} for name, words in rows]


# Files.

WORSE_LAYOUT = Layout(
    counts=("measured", "worse", "started"),
    sums=(
        Sum("measured", ("worse",), PROTECTED_REST),
        Sum("started", ("measured",), FREE_REST),
    ),
    derived={
        "share": ("worse", "measured"),
        "bounds": ("worse", "measured", "started"),
    },
)


RATED = "any level"
DISSOCIATION_LAYOUT = Layout(
    counts=("events", "patients", "patients with"),
    sums=(Sum("patients", ("patients with",), PROTECTED_REST),),
    derived={"share": ("events",)},
    total_row=RATED,
    not_added=("patients with",),
    same=("patients",),
    whose={"events": ("patients with", "patients")},
)


def dissociation_export(found: Safety) -> dict[str, dict[str, object]]:
    """Return the levels of dissociation and all that were recorded, for a file."""
    rows = {
        one.what: {
            "events": one.events,
            "share": one.share,
            "patients": one.patients,
            "patients with": one.patients_with,
        }
        for one in found.dissociation
    }
    known = sum(one.events for one in found.dissociation)
    patients = found.dissociation[0].patients
    neither = {"share": None, "patients with": None}
    return {**rows, RATED: {"events": known, "patients": patients, **neither}}


ALERT_LAYOUT = Layout(
    counts=("patients of opened", "patients of answered", "opened", "answered"),
    whose={"opened": ("patients of opened",), "answered": ("patients of answered",)},
)
"""Without those open at the end of a month: by them, hidden counts come to light."""


def alert_export(flow: AlertFlow) -> dict[str, dict[str, object]]:
    """Return alerts by month, for a file."""
    return {
        occurrences.month_name(month.month): {
            "opened": month.opened,
            "patients of opened": month.patients_of_opened,
            "answered": month.closed,
            "patients of answered": month.patients_of_closed,
        }
        for month in flow.months
    }


def worse_export(found: Safety) -> dict[str, dict[str, object]]:
    """Return the row of those reliably worse, for a file."""
    worse = found.deterioration
    return {
        "Reliably worse at the latest score": {
            "started": worse.started,
            "measured": worse.measured,
            "worse": worse.worse,
            "share": worse.share,
            "bounds": worse.bounds,
        }
    }


# The records behind each number.


def form_table(forms: pd.DataFrame) -> pd.DataFrame:
    """Return forms with their answer to item 9 as the rows behind a number."""
    newest = forms.sort_values(["day", "assessment_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Completed": [day_date(day) for day in newest["day"]],
            "Item 9": [
                answer if isnan(item_9) else f"{item_9:.0f}"
                for item_9, answer in zip(
                    newest["item_9"], newest["answer"], strict=True
                )
            ],
        }
    )


EPISODE_WORDS = {
    ANSWERED_0: "0 answered on the last day",
    STILL_POSITIVE: "positive at the last answer",
    NOT_ASKED_AGAIN: "no later answer",
}


def episode_table(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return episodes as the rows behind a number."""
    longest = episodes.sort_values(["days", "first_day"], ascending=[False, True])
    return pd.DataFrame(
        {
            "patient_id": longest["patient_id"].tolist(),
            "First positive": [day_date(day) for day in longest["first_day"]],
            "Highest answer": [f"{answer:.0f}" for answer in longest["highest"]],
            "Last positive": [day_date(day) for day in longest["last_positive_day"]],
            "Last day": [day_date(day) for day in longest["end_day"]],
            "Days": longest["days"].tolist(),
            "What became of it": [EPISODE_WORDS[state] for state in longest["state"]],
        }
    )


def alert_table(alerts: pd.DataFrame) -> pd.DataFrame:
    """Return alerts with state and hours as the rows behind a number."""
    newest = alerts.sort_values(["opened_second", "alert_id"], ascending=False)
    closed = newest["state"] != OPEN
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Opened": [day_date(day) for day in newest["opened_day"]],
            "Closed": dates(newest["closed_day"].where(closed)),
            "Hours open": [round(hours, 1) for hours in newest["hours"]],
            "State": newest["state"].tolist(),
            "What was done": [
                action if over else ""
                for action, over in zip(newest["action"], closed, strict=True)
            ],
        }
    )


def infusion_table(infusions: pd.DataFrame) -> pd.DataFrame:
    """Return infusions with their readings as the rows behind a number."""
    newest = infusions.sort_values(["day", "infusion_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Infusion": [day_date(day) for day in newest["day"]],
            "Before": _pressures(newest, "before"),
            "Highest": _pressures(newest, "peak"),
            "After": _pressures(newest, "after"),
            "Dissociation": newest["dissociation"].tolist(),
            "Adverse events": [
                ", ".join(codes.split(",")) for codes in newest["adverse_event_codes"]
            ],
            "In words": ["yes" if words else "" for words in newest["in_words"]],
        }
    )


LATEST_WORDS = {
    WORSE: "Reliably worse",
    NOT_WORSE: "Not reliably worse",
    NO_BASELINE: "No baseline",
    NOTHING_SINCE: "No score since infusion 1",
}


def latest_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with their latest score, the worst first, as they came."""
    return pd.DataFrame(
        {
            "patient_id": courses["patient_id"].tolist(),
            "Infusion 1": [day_date(day) for day in courses["first_day"]],
            "Baseline": courses["baseline"].tolist(),
            "Latest": courses["latest"].tolist(),
            "Change": courses["points"].tolist(),
            "Scored": dates(courses["latest_day"]),
            "Since then": [
                "a form without a total" if flag == 1 else ""
                for flag in courses["incomplete_since"]
            ],
        }
    )


def _pressures(infusions: pd.DataFrame, moment: str) -> list[str]:
    pairs = zip(
        infusions[f"systolic_{moment}"], infusions[f"diastolic_{moment}"], strict=True
    )
    return [_pressure(systolic, diastolic) for systolic, diastolic in pairs]


def _pressure(systolic: float, diastolic: float) -> str:
    if isnan(systolic) and isnan(diastolic):
        return ""
    return "/".join("?" if isnan(v) else f"{v:.0f}" for v in (systolic, diastolic))
