"""Invented patients for the example practice: no database, and nobody real.

A patient is a curve of severity, a few habits of clinics (visits missed, forms left
half done, old records that hold a total alone) and noise. Each has a random generator
of their own, seeded by their number: the same as-of day always gives the same facts,
and a change to one patient leaves the others as they are.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from data.assessments import AssessmentFacts
from data.moments import MINUTES_PER_DAY, day_date, from_minutes
from measures.definition import Measure
from measures.pcl5 import PAST_MONTH, PAST_WEEK, PCL5
from measures.phq9 import PHQ9, TWO_WEEKS
from measures.registry import MEASURES


SEED = "example 4"
PATIENTS = 120
# The first course starts this many days before the as-of day, the last a few after.
FIRST_START = 545
LAST_START = -4

FAMILY_NAMES = ("Example", "Sample", "Specimen", "Pretend")
GIVEN_NAMES = (
    *("Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Clover"),
    *("Cypress", "Elder", "Elm", "Fern", "Fir", "Hazel", "Heather", "Holly"),
    *("Ivy", "Juniper", "Larch", "Laurel", "Lilac", "Linden", "Maple", "Myrtle"),
    *("Oak", "Olive", "Poplar", "Rowan", "Sorrel", "Willow"),
)
# Who gives infusions: two teams, whose members take turns.
TEAMS = (
    ("Dr. Invented", "Dr. Supposed", "Dr. Fabled"),
    ("Dr. Fictional", "Dr. Pretended", "Dr. Dreamt"),
)
SITES = ("Example clinic North", "Example clinic South")
NURSE = "Nurse Imaginary"
OLD_SYSTEM = "Import of old records"

RAISED = "raised blood pressure"
# In words, with the code of the list that they are of.
ADVERSE_EVENTS = {
    "Nausea; settled within an hour.": "nausea",
    "Blood pressure up to 168/96, back to usual after 40 minutes.": RAISED,
    "Headache in the evening.": "headache",
    "Marked dissociation, distressing for 10 minutes; stayed with the patient.": (
        "anxiety"
    ),
    "Dizziness on standing up.": "dizziness",
}
RAISED_TO = (168, 96)
DISTRESSED = "anxiety"
INTENTIONS = (
    "To let the day be easier.",
    "To look at the grief without running from it.",
    "To sleep through a night again.",
)
INTEGRATION_NOTES = (
    "Felt lighter; wants to call a friend this week.",
    "Images of the sea. Calm, a little tired.",
    "Difficult memories came up; talked through with the therapist.",
)
EVENTS = (
    ("medication", "Sertraline raised from 50 to 100 mg"),
    ("medication", "Venlafaxine stopped after tapering"),
    ("therapy", "Weekly psychotherapy begun"),
    ("therapy", "Trauma-focused therapy paused"),
    ("life event", "Lost a job"),
    ("life event", "Moved in with family"),
    ("other", "Influenza, in bed for a week"),
)
MORE_EVENTS = (
    ("medication", "Bupropion 150 mg added"),
    ("medication", "Lithium stopped"),
    ("medication", "Mirtazapine 15 mg at night begun"),
    ("therapy", "Psychotherapy every two weeks begun"),
    ("therapy", "Group therapy begun"),
    ("life event", "Back at work"),
)
CLOSED_EARLY = ("No benefit", "Adverse effects", "Cost", "Patient's wish")

# By number: patients whose records show what a record can go through.
OLD_RECORDS = range(1, 10)
MISTYPED_FORM = {12, 22, 37, 55, 83, 104}
MISTYPED_ITEM_9 = 64
WRONG_PATIENT = 41
WRONG_DOSE = 28
# Their last PHQ-9: item 9 was left out, or answered higher than before.
LEFT_ITEM_9_OUT = 115
ROSE_IN_ITEM_9 = 117
# Nobody has gone through the checklist of the newest courses yet.
NOT_SCREENED = range(117, PATIENTS + 1)
# Their courses are scheduled otherwise than the practice's.
OWN_SCHEDULES = {
    14: {"maintenance_days": 14},
    45: {"weeks_after_induction": "2,4,8"},
    110: {"day_after_first": True},
}
# The next infusion is agreed on for those who are in treatment; of a few it is not.
NOT_PLANNED = {113, 119}

INDUCTION = 6
# How many days after the one before each infusion of an induction is planned.
RHYTHMS = ((2, 2, 3, 2, 2, 3, 2), (3, 4, 3, 4, 3, 4, 3), (2, 3, 4, 3, 2, 5, 3))
HIGHEST_DOSE = 1.0
# How fast points are spread over the items; item 9 of the PHQ-9 is the rarest.
PHQ9_WEIGHTS = (1.3, 1.4, 1.2, 1.4, 0.9, 1.1, 1.0, 0.7, 0.25)
PCL5_WEIGHTS = (1.0,) * 7 + (0.5,) + (1.0,) * 7 + (0.4,) + (1.0,) * 4
# These invented patients lose less of their PTSD than of their depression.
SHARE_OF_FALL = {PHQ9.code: 1.0, PCL5.code: 0.7}
# After the last induction infusion or after infusion 1: between which days, and which
# share of patients comes.
FOLLOW_UPS = (
    ("last", 5, 10, 0.45),
    ("last", 15, 28, 0.70),
    ("first", 38, 48, 0.40),
    ("first", 85, 100, 0.30),
    ("first", 165, 200, 0.40),
    ("first", 345, 395, 0.45),
)

Row = dict[str, Any]
_OPEN = {"closed_day": None, "closed_reason": None}


@dataclass(frozen=True)
class InventedInfusion:
    """One infusion as first entered, and what it was corrected to."""

    minute: int
    values: Row
    corrected: Row | None = None


@dataclass(frozen=True)
class InventedForm:
    """One form as first entered, and what became of it."""

    minute: int
    facts: AssessmentFacts
    by: str
    corrected: AssessmentFacts | None = None
    void_reason: str | None = None

    @property
    def standing(self) -> AssessmentFacts | None:
        """What holds today; None where the form was withdrawn."""
        return None if self.void_reason else self.corrected or self.facts


@dataclass(frozen=True)
class InventedCourse:
    """One course: rows without the ids that a database gives."""

    patient: int
    """Number of the patient."""
    site: str
    """Name of the site."""
    row: Row
    infusions: tuple[InventedInfusion, ...]
    forms: tuple[InventedForm, ...]
    events: tuple[Row, ...]
    schedule: Row = field(default_factory=dict)
    """How it differs from the practice's schedule."""


@dataclass(frozen=True)
class _Response:
    """How a patient answers to treatment, as a share of severity lost."""

    share: float
    """Lost after six infusions, while it lasts."""
    half_at: float
    """Infusion by which half of it is lost."""
    fades_in: float
    """Days in which it is gone, from ten days after the last infusion on."""

    def fall(self, infusions: Sequence[int], minute: int) -> float:
        given = [at for at in infusions if at < minute]
        if not given:
            return 0.0
        gained = self._gained(len(given)) / self._gained(INDUCTION)
        days = (minute - given[-1]) / MINUTES_PER_DAY
        kept = 1 - max(0.0, days - 10) / self.fades_in
        return self.share * min(gained, 1.1) * max(kept, 0.1)

    def _gained(self, infusions: int) -> float:
        return infusions**2 / (infusions**2 + self.half_at**2)


@dataclass(frozen=True)
class _Person:
    """What stays the same about a patient from visit to visit."""

    number: int
    rng: random.Random
    indication: str
    clinician: str
    site: str
    weight: float
    severity: dict[str, float]
    """The total before any treatment, by measure."""
    weekly_pcl5: bool
    response: _Response

    @property
    def measures(self) -> tuple[Measure, ...]:
        asked = {"depression": (PHQ9,), "ptsd": (PCL5,), "both": (PHQ9, PCL5)}
        return asked[self.indication]


@dataclass(frozen=True)
class _Schedule:
    """When a course was opened, and its infusions, in minutes."""

    opened_day: int
    induction: tuple[int, ...]
    boosters: tuple[int, ...]

    @property
    def given(self) -> tuple[int, ...]:
        return self.induction + self.boosters

    @property
    def finished(self) -> bool:
        return len(self.induction) >= INDUCTION


def invent_patients(as_of_day: int) -> list[tuple[Row, list[InventedCourse]]]:
    """Return every patient's row with their courses, all before the as-of day."""
    # Moments are UTC: yesterday afternoon there is still to come in the far east.
    end = as_of_day - 1
    spacing = (FIRST_START - LAST_START) / (PATIENTS - 1)
    invented = []
    for number in range(1, PATIENTS + 1):
        person = _person(number)
        start = as_of_day - round(FIRST_START - spacing * (number - 1))
        courses = _courses(person, start, end)
        row = _patient_row(person, courses[0].row["opened_day"])
        invented.append((row, courses))
    return invented


def record_number(number: int) -> str:
    """Return the record number of an invented patient."""
    return f"EX-{number:03d}"


def stamp(minute: int) -> datetime:
    """Return a moment as the tables keep it: UTC, without a zone."""
    return from_minutes(minute, 0).replace(tzinfo=None)


# The patient ------------------------------------------------------------------


def _person(number: int) -> _Person:
    rng = random.Random(f"{SEED} {number}")
    mild = rng.random() < 0.06
    indication = _one_of(rng, {"depression": 55, "both": 25, "ptsd": 20})
    team = rng.choice(TEAMS)
    return _Person(
        number=number,
        rng=rng,
        indication=indication,
        clinician=team[number % len(team)],
        site=rng.choice(SITES),
        weight=rng.uniform(52, 108),
        severity={
            PHQ9.code: rng.uniform(6, 8) if mild else rng.uniform(14.5, 24.5),
            PCL5.code: rng.uniform(20, 27) if mild else rng.uniform(38, 66),
        },
        weekly_pcl5=rng.random() < 0.5,
        response=_response(rng),
    )


def _response(rng: random.Random) -> _Response:
    """Draw a responder, a late one, a partial one, or one who is not helped."""
    kind = _one_of(rng, {"early": 36, "late": 15, "partial": 23, "none": 26})
    low, high = {
        "early": (0.55, 0.95),
        "late": (0.55, 0.88),
        "partial": (0.25, 0.48),
        "none": (-0.15, 0.18),
    }[kind]
    relapses = rng.random() < 0.25
    return _Response(
        share=rng.uniform(low, high),
        half_at=rng.uniform(4.5, 5.5) if kind == "late" else rng.uniform(0.3, 2.0),
        fades_in=rng.uniform(40, 90) if relapses else rng.uniform(400, 1200),
    )


def _patient_row(person: _Person, opened_day: int) -> Row:
    rng = random.Random(f"{SEED} {person.number} identity")
    family, given = divmod(person.number - 1, len(GIVEN_NAMES))
    return {
        "id": f"{rng.getrandbits(64):016x}",
        "record_number": record_number(person.number),
        "given_name": GIVEN_NAMES[given],
        "family_name": FAMILY_NAMES[family],
        "birth_date": date(rng.randint(1948, 2002), rng.randint(1, 12), 15),
        "sex": _one_of(rng, {"female": 2, "male": 1}),
        "added_at": stamp(opened_day * MINUTES_PER_DAY + 9 * 60),
        "added_by": person.clinician,
    }


# The course -------------------------------------------------------------------


def _courses(person: _Person, start: int, end: int) -> list[InventedCourse]:
    """Return one course, or two where a patient relapsed and came back."""
    first = _course(person, 1, start)
    relapsed = person.response.share > 0.4 and person.response.fades_in < 90
    again = person.rng.random() < 0.45 and relapsed
    second_start = start + person.rng.randint(150, 210)
    if not again or second_start >= end:
        return [_with_last_item_9(person, _cut(_with_mishaps(person, first), end))]
    closed = {
        "closed_day": second_start - 21,
        "closed_reason": "Relapse; a second course was agreed",
    }
    first = _cut(first, second_start - 21)
    first = _with_mishaps(person, replace(first, row=first.row | closed))
    second = _course(person, 2, second_start)
    return [_cut(first, end), _cut(second, end)]


def _course(person: _Person, number: int, start: int) -> InventedCourse:
    rng = person.rng
    schedule = _schedule(person, start)
    asked = {
        "failed_antidepressant_trials": rng.randint(2, 6),
        "psychosis": False,
        "substance_use_disorder": rng.random() < 0.08,
        "uncontrolled_medical_condition": False,
    }
    row = {
        "number": number,
        "indication": person.indication,
        "clinician": person.clinician,
        "opened_day": schedule.opened_day,
        **_screening(person, schedule.opened_day, asked),
    }
    return InventedCourse(
        patient=person.number,
        site=person.site,
        row=row | _closing(rng, schedule),
        infusions=tuple(_infusions(person, number, schedule)),
        forms=tuple(_forms(person, number, schedule)),
        events=(*_events(rng, start), *_more_events(person, number, start)),
        schedule=OWN_SCHEDULES.get(person.number, {}),
    )


def _screening(person: _Person, opened_day: int, asked: Row) -> Row:
    """Return what was asked before a course, by whom and when; or that nothing was."""
    more = {
        "chronic_ptsd": person.indication != "depression",
        "consent": True,
        "screened_at": stamp(opened_day * MINUTES_PER_DAY + 11 * 60),
        "screened_by": person.clinician,
    }
    screened = person.number not in OLD_RECORDS
    if person.number in NOT_SCREENED or not screened:
        return dict.fromkeys((*asked, *more))
    return asked | more


def _schedule(person: _Person, start: int) -> _Schedule:
    rng = person.rng
    opened_day = _workday(start - rng.randint(8, 20))
    time, rhythm = rng.randrange(9 * 60, 15 * 60, 30), rng.choice(RHYTHMS)
    days = [_workday(start)]
    for gap in rhythm[: _planned(person) - 1]:
        days.append(_workday(days[-1] + gap))
    boosters = _booster_days(person, days)
    return _Schedule(opened_day, _at(time, days), _at(time, boosters))


def _planned(person: _Person) -> int:
    """Draw how many induction infusions are given; more leave whom nothing helps."""
    rng = person.rng
    if rng.random() < (0.40 if person.response.share < 0.25 else 0.15):
        return _one_of(rng, {1: 1, 2: 2, 3: 3, 4: 3, 5: 2})
    return _one_of(rng, {INDUCTION: 90, 8: 7, 7: 3})


def _booster_days(person: _Person, induction: list[int]) -> list[int]:
    """Draw boosters for some of those who were helped, every four to seven weeks."""
    rng = person.rng
    helped = person.response.share > 0.4 and len(induction) >= INDUCTION
    if not helped or rng.random() > 0.5:
        return []
    days = [induction[-1]]
    for _ in range(rng.randint(1, 6)):
        days.append(_workday(days[-1] + rng.randint(28, 49)))
    return days[1:]


def _closing(rng: random.Random, schedule: _Schedule) -> Row:
    if rng.random() > (0.3 if schedule.finished else 0.6):
        return _OPEN
    last_day = schedule.given[-1] // MINUTES_PER_DAY
    return {
        "closed_day": last_day + rng.randint(7, 30),
        "closed_reason": "Course completed"
        if schedule.finished
        else rng.choice(CLOSED_EARLY),
    }


def _infusions(
    person: _Person, course: int, schedule: _Schedule
) -> Iterator[InventedInfusion]:
    dose = _one_of(person.rng, {0.5: 3, 0.6: 1})
    for number, minute in enumerate(schedule.given, start=1):
        phase = "induction" if minute in schedule.induction else "maintenance"
        values = _infusion_values(person, dose, phase)
        if person.number not in OLD_RECORDS:
            seed = f"{SEED} {person.number} {course} {number} signs"
            values |= _signs(random.Random(seed), person, values)
        if (person.number, number) == (WRONG_DOSE, 3):
            wrong = values | {"dose_mg_per_kg": round(dose / 10, 2)}
            yield InventedInfusion(minute, wrong, corrected=values)
        else:
            yield InventedInfusion(minute, values)
        raised = _one_of(person.rng, {0.0: 2, 0.1: 1})
        dose = min(HIGHEST_DOSE, round(dose + raised, 1))


def _infusion_values(person: _Person, dose: float, phase: str) -> Row:
    rng = person.rng
    return {
        "phase": None if person.number in OLD_RECORDS else phase,
        "dose_mg_per_kg": dose,
        "dose_mg": round(dose * person.weight),
        "route": _one_of(rng, {"IV": 96, "IM": 4}),
        "minutes": _one_of(rng, {40: 3, 45: 1, 50: 1}),
        "adverse_events": _sometimes(rng, 0.16, tuple(ADVERSE_EVENTS)),
        "intention": _sometimes(rng, 0.3, INTENTIONS),
        "integration_note": _sometimes(rng, 0.25, INTEGRATION_NOTES),
    }


def _signs(rng: random.Random, person: _Person, values: Row) -> Row:
    """Return what was measured and noted at an infusion, fitting what was written."""
    code = ADVERSE_EVENTS.get(values["adverse_events"])
    systolic, diastolic = rng.randint(108, 142), rng.randint(66, 90)
    pulse, rise = rng.randint(58, 88), rng.randint(6, 26)
    peak = {
        "systolic_peak": systolic + rise,
        "diastolic_peak": diastolic + rise // 2,
    }
    if code == RAISED:
        peak = dict(zip(peak, RAISED_TO, strict=True))
    felt = _one_of(rng, {"none": 20, "mild": 45, "moderate": 30, "severe": 5})
    return {
        "weight_kg": round(person.weight + rng.uniform(-0.8, 0.8), 1),
        "systolic_before": systolic,
        "diastolic_before": diastolic,
        "pulse_before": pulse,
        **peak,
        "pulse_peak": pulse + rng.randint(0, 22),
        "systolic_after": systolic + rng.randint(-6, 9),
        "diastolic_after": diastolic + rng.randint(-4, 5),
        "pulse_after": pulse + rng.randint(-5, 6),
        "dissociation": "severe" if code == DISTRESSED else felt,
        "adverse_event_codes": code,
    }


def _events(rng: random.Random, start: int) -> Iterator[Row]:
    for _ in range(2):
        if rng.random() < 0.3:
            kind, description = rng.choice(EVENTS)
            day = start + rng.randint(-10, 120)
            yield {"day": day, "kind": kind, "description": description}


def _more_events(person: _Person, course: int, start: int) -> Iterator[Row]:
    rng = random.Random(f"{SEED} {person.number} {course} events")
    for _ in range(2):
        if rng.random() < 0.3:
            kind, description = rng.choice(MORE_EVENTS)
            day = start + rng.randint(-5, 60)
            yield {"day": day, "kind": kind, "description": description}


def _cut(course: InventedCourse, day: int) -> InventedCourse:
    """Return what of a course had happened before this day, and what is planned."""
    before = day * MINUTES_PER_DAY
    closed = course.row["closed_day"]
    still_open = closed is None or closed >= day
    return replace(
        course,
        row=course.row | (_OPEN if still_open else {}),
        schedule=course.schedule | (_planned_next(course, day) if still_open else {}),
        infusions=tuple(i for i in course.infusions if i.minute < before),
        forms=tuple(f for f in course.forms if f.minute < before),
        events=tuple(e for e in course.events if e["day"] < day),
    )


def _planned_next(course: InventedCourse, day: int) -> Row:
    """Return the day of the next infusion, where there is to be one and it is set."""
    to_come = [i.minute // MINUTES_PER_DAY for i in course.infusions]
    to_come = [planned for planned in to_come if planned >= day]
    if not to_come or course.patient in NOT_PLANNED:
        return {}
    return {"next_infusion_day": to_come[0]}


# The forms --------------------------------------------------------------------


def _forms(person: _Person, number: int, schedule: _Schedule) -> Iterator[InventedForm]:
    """Yield the forms of a course, in order of time, as they were first entered."""
    visits = sorted(_visits(person.rng, schedule))
    for position, (minute, occasion) in enumerate(visits):
        for measure, window in _asked(person, occasion):
            # One for each form: a visit moved off a weekend changes no other form.
            seed = f"{SEED} {person.number} {number} {position} {measure.code}"
            rng = random.Random(seed)
            fall = person.response.fall(schedule.given, minute)
            left = 1 - fall * SHARE_OF_FALL[measure.code]
            mean = person.severity[measure.code] * left
            total = round(rng.gauss(mean, measure.highest_total * 0.05))
            total = min(measure.highest_total, max(0, total))
            if rng.random() < 0.96:
                facts = AssessmentFacts(measure.code, window, from_minutes(minute, 0))
                completed = _completed(person, rng, facts, total)
                yield InventedForm(minute, completed, by=_entered_by(person))


def _visits(rng: random.Random, schedule: _Schedule) -> Iterator[tuple[int, str]]:
    """Yield the minutes at which forms are completed, and on what occasion."""
    days = {
        "first": schedule.induction[0] // MINUTES_PER_DAY,
        "last": schedule.induction[-1] // MINUTES_PER_DAY,
    }
    baseline = _one_of(rng, {"in time": 94, "none": 3, "too old": 3})
    if baseline == "in time":
        yield _minute(rng, schedule.opened_day), "intake"
    elif baseline == "too old":
        yield _minute(rng, days["first"] - rng.randint(34, 60)), "intake"
    for minute in schedule.given:
        before = rng.randint(10, 30)
        first_of_all = minute == schedule.induction[0]
        if rng.random() < 0.94 and (baseline == "in time" or not first_of_all):
            yield minute - before, "infusion"
    if rng.random() < 0.15:
        yield schedule.induction[0] + rng.randint(20 * 60, 28 * 60), "call"
    for anchor, earliest, latest, share in FOLLOW_UPS:
        after = rng.randint(earliest, latest)
        if rng.random() < share * (1.0 if schedule.finished else 0.5):
            yield _minute(rng, days[anchor] + after), "follow-up"


def _asked(person: _Person, occasion: str) -> Iterator[tuple[Measure, str]]:
    """Yield the forms handed out: the PCL-5 for a week at infusions, else a month."""
    for measure in person.measures:
        if measure is PHQ9:
            yield PHQ9, TWO_WEEKS.code
        elif occasion in ("intake", "follow-up"):
            yield PCL5, PAST_MONTH.code
        elif occasion == "infusion" and person.weekly_pcl5:
            yield PCL5, PAST_WEEK.code


def _completed(
    person: _Person, rng: random.Random, facts: AssessmentFacts, total: int
) -> AssessmentFacts:
    """Return the form with its answers, a few of them missing, or a total alone."""
    if person.number in OLD_RECORDS:
        return replace(facts, total=total, source="import")
    measure = MEASURES[facts.measure]
    completed = replace(
        facts,
        answers=_answers(rng, measure, total),
        difficulty=_difficulty(rng, total) if measure is PHQ9 else None,
        source=_one_of(rng, {"self_report": 92, "clinician": 8}),
    )
    return _with_gaps(rng, completed) if rng.random() < 0.05 else completed


def _answers(rng: random.Random, measure: Measure, total: int) -> tuple[int, ...]:
    """Return answers that add up to the total."""
    weights = PHQ9_WEIGHTS if measure is PHQ9 else PCL5_WEIGHTS
    answers = [0] * measure.item_count
    for _ in range(total):
        room = [i for i, a in enumerate(answers) if a < measure.highest_answer]
        (item,) = rng.choices(room, [weights[i] for i in room])
        answers[item] += 1
    return tuple(answers)


def _entered_by(person: _Person) -> str:
    return OLD_SYSTEM if person.number in OLD_RECORDS else NURSE


def _difficulty(rng: random.Random, total: int) -> int:
    return min(3, max(0, round(total / 9 + rng.uniform(-0.6, 0.6))))


def _with_gaps(rng: random.Random, facts: AssessmentFacts) -> AssessmentFacts:
    answers = facts.answers or ()
    unanswered = rng.sample(range(len(answers)), rng.randint(1, 3))
    return replace(
        facts,
        answers=tuple(None if i in unanswered else a for i, a in enumerate(answers)),
        partial_reason=rng.choice((None, "refused", "interrupted")),
    )


def _with_mishaps(person: _Person, course: InventedCourse) -> InventedCourse:
    """Return the course with this patient's one mishap, if there is to be one."""
    forms = list(course.forms)
    complete = [
        index
        for index, form in enumerate(forms)
        if form.facts.measure == PHQ9.code
        and None not in (form.facts.answers or [None])
    ]
    if len(complete) > 2:
        chosen = complete[2]
        forms[chosen] = _with_mishap(person, forms[chosen])
    return replace(course, forms=tuple(forms))


def _with_last_item_9(person: _Person, course: InventedCourse) -> InventedCourse:
    """Return the course with the last item 9 left out or risen, if it is to be so."""
    asked = [
        i for i, form in enumerate(course.forms) if form.facts.measure == PHQ9.code
    ]
    changed = {LEFT_ITEM_9_OUT: None, ROSE_IN_ITEM_9: 2}
    if person.number not in changed or not asked:
        return course
    forms = list(course.forms)
    last = forms[asked[-1]]
    answers = (*(last.facts.answers or ())[:8], changed[person.number])
    gap = "refused" if None in answers else None
    facts = replace(last.facts, answers=answers, partial_reason=gap)
    forms[asked[-1]] = replace(last, facts=facts)
    return replace(course, forms=tuple(forms))


def _with_mishap(person: _Person, form: InventedForm) -> InventedForm:
    answers = form.facts.answers or ()
    if person.number == WRONG_PATIENT:
        return replace(form, void_reason="Entered in the wrong record")
    if person.number in MISTYPED_FORM:
        wrong = (answers[0], 0 if answers[1] else 3, *answers[2:])
        return _corrected(form, wrong, answers)
    if person.number == MISTYPED_ITEM_9:
        return _corrected(form, (*answers[:8], 2), (*answers[:8], 0))
    return form


def _corrected(
    form: InventedForm, wrong: tuple[int, ...], right: tuple[int, ...]
) -> InventedForm:
    return replace(
        form,
        facts=replace(form.facts, answers=wrong),
        corrected=replace(form.facts, answers=right),
    )


# Drawing ----------------------------------------------------------------------


def _one_of(rng: random.Random, weights: dict[Any, int]) -> Any:
    """Draw one of the keys, as often as its value says."""
    (drawn,) = rng.choices(list(weights), list(weights.values()))
    return drawn


def _sometimes(rng: random.Random, chance: float, texts: Sequence[str]) -> str | None:
    return rng.choice(texts) if rng.random() < chance else None


def _workday(day: int) -> int:
    """Return this day, or the Monday after a weekend."""
    weekday = day_date(day).weekday()
    return day + 7 - weekday if weekday >= 5 else day


def _at(time: int, days: Sequence[int]) -> tuple[int, ...]:
    return tuple(day * MINUTES_PER_DAY + time for day in days)


def _minute(rng: random.Random, day: int) -> int:
    """Return a minute of this day, between eight and six."""
    return day * MINUTES_PER_DAY + rng.randrange(8 * 60, 18 * 60)
