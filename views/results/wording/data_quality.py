"""The quality of the record in words: sentences, tables, the rows behind a number."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date

import pandas as pd

from analysis.data_quality import (
    CORRECTED,
    DONE,
    FEWER,
    IN_COURSE,
    INCOMPLETE,
    LATE,
    LATE_AFTER_DAYS,
    MORE,
    NEVER_STARTED,
    NO_DUE_DAY,
    NO_INDUCTION,
    TOO_EARLY,
    TOO_LONG,
    TOTAL_ONLY,
    WAITING,
    WITHDRAWN,
    FormPlaces,
    FormsDue,
    Protocol,
)
from analysis.occurrences import Occurrence
from analysis.outcomes import MISSING, NOT_DUE
from analysis.schedule import BEFORE_DAYS
from analysis.suppression import FREE_REST, Layout, Sum
from data.exchange.problems import CONFLICT, CONTENT, PATIENT, SITE
from data.exchange.refused import RefusedImport
from data.moments import practice_zone
from measures.days import day_date
from measures.registry import MEASURES, TIMEPOINTS
from measures.timepoints import BASELINE, INDUCTION
from views.results.counts.data_quality import DataQuality
from views.results.wording import occurrences
from views.results.wording import outcomes as outcome_wording
from views.results.wording.numbers import (
    counted,
    dates,
    interval_name,
    percent,
    percent_range,
    was_were,
)
from views.wording import day_words, upper_first


Row = Mapping[str, str]


# The sentences.


def headline(found: DataQuality, timepoint: str) -> str:
    """Return the page in one sentence."""
    due = next(one for one in found.due if one.timepoint == timepoint)
    parts = [_due_part(due), _without_part(found), protocol_part(found.protocol)]
    return f"{'; '.join(parts)}."


def _due_part(due: FormsDue) -> str:
    when = outcome_wording.at_timepoint(due.timepoint)
    measure = MEASURES[due.measure].name
    never = f" ({due.never_due:,} more never had one)" if due.never_due else ""
    if due.completeness is None:
        return f"No {measure} was due {when}{' yet' if due.not_due else ''}{never}"
    courses = occurrences.in_sentence(due.completeness, "courses due")
    return f"{measure} {when}: measured in {courses}{never}"


def _without_part(found: DataQuality) -> str:
    without = found.without_form
    if without.share is None:
        return "no infusion asks for this form"
    return (
        f"no form before {without.events} of {without.known} infusions "
        f"({percent(without.share.estimate)})"
    )


def protocol_part(protocol: Protocol) -> str:
    """Return how many kept to protocol, as a part of a sentence."""
    share = protocol.share
    if share is None:
        return "no induction is over yet"
    return (
        f"{share.events} of {counted(share.n, 'course')} kept to protocol "
        f"({percent(share.estimate)})"
    )


DUE_CAPTION = (
    "Due and done by the window of each time point, whatever the baseline, so that "
    "also courses that no rate counts are here. Not due: the window is still open. No "
    "due day: never a form of this measure, or no induction to count from. The courses "
    "listed are of the time point that is chosen above."
)
FORMS_CAPTION = (
    f"Late: first recorded more than {LATE_AFTER_DAYS} day after it was completed; of "
    "a form from a file it is not known. Incomplete: an item was left out; of a total "
    "alone it is not known. Forms moved with a corrected infusion count as corrected. "
    "An unanswered item is never a 0."
)
INFUSIONS_CAPTION = (
    "A form counts that was completed on the day of the infusion or at most "
    f"{BEFORE_DAYS} days before, and after the infusion before it. An incomplete one "
    "counts too: the patient was asked."
)
PLACES_CAPTION = (
    "Of the whole practice and every measure, whatever was chosen: these forms are in "
    "no rate and in no curve."
)
PROTOCOL_CAPTION = (
    f"On protocol: {INDUCTION.protocol_infusions} induction infusions within "
    f"{INDUCTION.protocol_days} days. The reason is the first that holds. Leaving the "
    "protocol can be right for a patient; it is no fault of the record."
)
IMPORTS_CAPTION = (
    "Of the whole practice, by the audit, up to the as-of date. Files count that could "
    "not be imported as they were, also if they could once they were changed; but not "
    "those that only wait for new patients to be allowed. A refused import leaves no "
    "record; of the file nothing is kept but how many problems it had of which kind."
)


def forms_sentence(forms: Sequence[Occurrence], measure: str) -> str:
    """Return how many forms there are, and what is most often not right with them."""
    standing = forms[0].records
    name = MEASURES[measure].name
    if not standing:
        return f"No {name} was recorded in the chosen courses."
    by_kind = {one.what: one for one in forms}
    parts = [
        f"{by_kind[LATE].events} recorded late",
        f"{by_kind[TOTAL_ONLY].events} with only a total",
        f"{by_kind[INCOMPLETE].events} incomplete",
        f"{by_kind[CORRECTED].events} corrected",
    ]
    withdrawn = by_kind[WITHDRAWN].events
    return (
        f"{counted(standing, f'{name} form')}: {', '.join(parts)}; "
        f"{withdrawn} more withdrawn."
    )


FOLLOWED_BY = (
    "courses for depression are meant to be followed by PHQ-9, all others by PHQ-9 "
    "and PCL-5."
)


def infusions_sentence(found: DataQuality, measure: str) -> str:
    """Return before how many infusions no form was completed."""
    without = found.without_form
    name = MEASURES[measure].name
    if without.share is None:
        return f"No infusion is of a course that is usually followed by {name}."
    infusions = occurrences.in_sentence(
        without.share, f"infusions of courses followed by {name}"
    )
    sentence = f"No {name} was completed before {infusions}."
    if found.of_never_asked:
        sentence += (
            f" {found.of_never_asked:,} of them are of courses that never had one: "
            f"{FOLLOWED_BY}"
        )
    return sentence


def places_sentence(places: FormPlaces) -> str:
    """Return how many forms have no infusion that they belong to."""
    outside = places.forms - places.in_course
    belong = "belongs" if outside == 1 else "belong"
    return (
        f"{outside} of {counted(places.forms, 'form')} {belong} to no infusion: "
        f"{places.too_early} too early for a baseline, {places.waiting} of courses "
        f"that wait for infusion 1, {places.never_started} of courses without one for "
        "too long."
    )


def protocol_sentence(protocol: Protocol) -> str:
    """Return how many courses kept to protocol, and how many may still."""
    share = protocol.share
    part = protocol_part(protocol)
    if share is not None:
        interval = percent_range(share.lower, share.upper)
        part = part.removesuffix(")")
        part = f"{part}, {interval_name(share.confidence)} {interval})"
    still = protocol.still_in_induction
    return (
        f"{upper_first(part)}; {still} "
        f"{'is' if still == 1 else 'are'} still in induction."
    )


def imports_sentence(imports: Sequence[RefusedImport]) -> str:
    """Return how many imports were refused, and how many for conflicts."""
    if not imports:
        return "No import was refused."
    conflicts = [one for one in imports if one.of_kind(CONFLICT)]
    records = sum(one.of_kind(CONFLICT) for one in conflicts)
    was = was_were(len(imports))
    return (
        f"{counted(len(imports), 'import')} {was} refused; {len(conflicts)} of them "
        f"for {counted(records, 'conflict')} with what is recorded or between rows."
    )


# Names.

QUESTION_NAMES = {
    LATE: "Recorded late",
    TOTAL_ONLY: "Only a total",
    INCOMPLETE: "Incomplete",
    CORRECTED: "Corrected",
    WITHDRAWN: "Withdrawn",
}
DUE_NAMES = {
    DONE: "Measured",
    MISSING: "Due, not measured",
    NOT_DUE: "Not yet due",
    NO_DUE_DAY: "No due day",
}
PLACE_NAMES = {
    IN_COURSE: "In a started course",
    TOO_EARLY: "Too early for a baseline",
    WAITING: "Waiting for infusion 1",
    NEVER_STARTED: "No infusion for too long",
}
REASON_NAMES = {
    NO_INDUCTION: "No induction infusion",
    FEWER: f"Fewer than {INDUCTION.protocol_infusions} infusions",
    MORE: f"More than {INDUCTION.protocol_infusions} infusions",
    TOO_LONG: f"More than {INDUCTION.protocol_days} days",
}


def forms_named(forms: Iterable[Occurrence]) -> list[tuple[str, Occurrence]]:
    """Return what is asked of forms with its name."""
    return [(QUESTION_NAMES[one.what], one) for one in forms]


# Tables.


def due_rows(due: Iterable[FormsDue]) -> list[Row]:
    """Return forms due and done, a row per time point."""
    return [
        {
            "Time point": TIMEPOINTS[one.timepoint].name,
            "Started": str(one.started),
            "Due": str(one.due),
            "Measured": occurrences.share_words(one.completeness),
            "Not measured": str(one.missing),
            "Not yet due": str(one.not_due),
            "No due day": str(one.never_due),
        }
        for one in due
    ]


def place_rows(places: FormPlaces) -> list[Row]:
    """Return where forms stand beside infusions."""
    rows = (
        (IN_COURSE, places.in_course, "Its course has an infusion."),
        (
            TOO_EARLY,
            places.too_early,
            f"More than {BASELINE.at_most_days} days before infusion 1.",
        ),
        (WAITING, places.waiting, "Young enough to become a baseline."),
        (NEVER_STARTED, places.never_started, "Too old to become a baseline."),
    )
    return [
        {"Forms": PLACE_NAMES[place], "Number": str(count), "What it means": meaning}
        for place, count, meaning in rows
    ]


def protocol_rows(protocol: Protocol) -> list[Row]:
    """Return courses on and off protocol, with the reasons."""
    rows = [("On protocol", protocol.on_protocol)]
    rows += [
        (f"Off protocol: {REASON_NAMES[reason].lower()}", count)
        for reason, count in protocol.reasons
    ]
    rows.append(("Still in induction", protocol.still_in_induction))
    return [{"Courses": name, "Number": str(count)} for name, count in rows]


def import_rows(imports: Iterable[RefusedImport]) -> list[Row]:
    """Return refused imports as they came, with their problems by kind."""
    return [
        {
            "Refused on": day_words(_local_day(one)),
            "Conflicts": str(one.of_kind(CONFLICT)),
            "Patients not in the practice": str(one.of_kind(PATIENT)),
            "Rows of another site": str(one.of_kind(SITE)),
            "Problems of the file": str(one.of_kind(CONTENT)),
        }
        for one in imports
    ]


def _local_day(refused: RefusedImport) -> date:
    return refused.at.replace(tzinfo=UTC).astimezone(practice_zone()).date()


def definitions() -> list[Row]:
    """Return what the numbers count, for a table."""
    rows = (
        ("Due and measured", DUE_CAPTION),
        ("Forms", FORMS_CAPTION),
        ("Infusions without a form", INFUSIONS_CAPTION),
        ("Protocol", PROTOCOL_CAPTION),
        ("Interval", occurrences.INTERVAL),
        ("Patients with at least one", occurrences.PATIENTS),
        ("Bounds", occurrences.BOUNDS),
        (
            "Conflict at import",
            "A row that says something else than what is recorded of the same patient "
            "and minute, or than another row; or that may be a record of the same day, "
            "one of the two without a time.",
        ),
    )
    return [{"Number": name, "What it counts": words} for name, words in rows]


# Files.

DUE_LAYOUT = Layout(
    counts=("measured", "due", "started"),
    sums=(
        Sum("due", ("measured",), FREE_REST),
        Sum("started", ("due",), FREE_REST),
    ),
    derived={"completeness": ("measured", "due")},
)
ALL_STARTED = "Started"
PROTOCOL_LAYOUT = Layout(counts=("courses",), total_row=ALL_STARTED)


def due_export(due: Iterable[FormsDue]) -> dict[str, dict[str, object]]:
    """Return forms due and done by time point, for a file."""
    return {
        TIMEPOINTS[one.timepoint].name: {
            "started": one.started,
            "due": one.due,
            "measured": one.done,
            "completeness": one.completeness,
        }
        for one in due
    }


def protocol_export(protocol: Protocol) -> dict[str, dict[str, object]]:
    """Return courses on and off protocol, for a file."""
    rows = {row["Courses"]: int(row["Number"]) for row in protocol_rows(protocol)}
    rows[ALL_STARTED] = protocol.started
    return {name: {"courses": count} for name, count in rows.items()}


# The records behind each number.


def due_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with what was due as the rows behind a number."""
    newest = courses.sort_values(["first_day", "course_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Infusion 1": [day_date(day) for day in newest["first_day"]],
            "Due from": dates(newest["due_day"]),
            "Scored": dates(newest["score_day"]),
            "Score": newest["total"].tolist(),
        }
    )


def form_table(forms: pd.DataFrame) -> pd.DataFrame:
    """Return forms as the rows behind a number."""
    newest = forms.sort_values(["day", "assessment_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Form": [MEASURES[code].name for code in newest["measure"]],
            "Completed": [day_date(day) for day in newest["day"]],
            "First recorded": [day_date(day) for day in newest["first_recorded_day"]],
            "Corrections": newest["corrections"].tolist(),
            "From a file": [
                "yes" if imported else "" for imported in newest["first_imported"]
            ],
        }
    )


def infusion_table(infusions: pd.DataFrame) -> pd.DataFrame:
    """Return infusions as the rows behind a number."""
    newest = infusions.sort_values(["day", "infusion_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Infusion": [day_date(day) for day in newest["day"]],
        }
    )


def protocol_table(courses: pd.DataFrame) -> pd.DataFrame:
    """Return courses with their induction as the rows behind a number."""
    newest = courses.sort_values(["first_day", "course_id"], ascending=False)
    return pd.DataFrame(
        {
            "patient_id": newest["patient_id"].tolist(),
            "Infusion 1": [day_date(day) for day in newest["first_day"]],
            "Induction infusions": newest["induction_infusions"].tolist(),
            "Days of induction": newest["induction_days"].tolist(),
            "Reason": [REASON_NAMES.get(reason, "") for reason in newest["reason"]],
        }
    )
