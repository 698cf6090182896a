"""Invented patients for the example practice: no database, no real person.

A patient is a curve of severity, a few habits of clinics (visits missed, forms left half
done, old records that hold a total alone), and noise. Each has a random generator of
their own, seeded by their number, so that the same as-of day always gives the same
facts and a change to one patient leaves the others as they are.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from data.assessments import AssessmentFacts
from data.moments import MINUTES_PER_DAY, day_date, from_minutes
from measures.definition import Measure
from measures.pcl5 import PAST_MONTH, PAST_WEEK, PCL5
from measures.phq9 import PHQ9, TWO_WEEKS


PATIENTS = 120
# The first course starts this many days before the as-of day, the last a few after.
FIRST_START = 545
LAST_START = -4
SEED = "example practice"
RECORD_PREFIX = "EX-"

FAMILY_NAMES = ("Example", "Sample", "Specimen", "Pretend")
GIVEN_NAMES = (
    *("Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Clover"),
    *("Cypress", "Elder", "Elm", "Fern", "Fir", "Hazel", "Heather", "Holly"),
    *("Ivy", "Juniper", "Larch", "Laurel", "Lilac", "Linden", "Maple", "Myrtle"),
    *("Oak", "Olive", "Poplar", "Rowan", "Sorrel", "Willow"),
)
CLINICIANS = ("Dr. Invented", "Dr. Fictional")
SITES = ("Example clinic North", "Example clinic South")
NURSE = "Nurse Imaginary"
OLD_SYSTEM = "Import of old records"

ADVERSE_EVENTS = (
    "Nausea; settled within an hour.",
    "Blood pressure up to 168/96, back to usual after 40 minutes.",
    "Headache in the evening.",
    "Marked dissociation, distressing for 10 minutes; stayed with the patient.",
    "Dizziness on standing up.",
)
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
ACTIONS = (
    "risk assessed, no immediate risk",
    "risk assessed, no immediate risk",
    "risk assessed, safety plan made",
    "referred",
)
# Alerts of the last days are open, and one that somebody overlooked.
ALERT_DAYS_OPEN = 8
OVERLOOKED_PATIENT = 108
OVERLOOKED_DAYS = 40
CLOSED_EARLY = ("No benefit", "Adverse effects", "Cost", "Patient's wish")

# Patients whose records show what a record can go through.
MISTYPED = {12, 22, 37, 55, 83, 104}
MISTYPED_ITEM_9 = 64
WRONG_PATIENT = 41
WRONG_DOSE = 28
OLD_RECORDS = range(1, 10)

# Which items weigh how much; item 9 of the PHQ-9 is the rarest.
PHQ9_WEIGHTS = (1.3, 1.4, 1.2, 1.4, 0.9, 1.1, 1.0, 0.7, 0.25)
PCL5_WEIGHTS = (1.0,) * 7 + (0.5,) + (1.0,) * 7 + (0.4,) + (1.0,) * 4

# How many days after the one before each infusion of an induction is planned.
RHYTHMS = ((2, 2, 3, 2, 2, 3, 2), (3, 4, 3, 4, 3, 4, 3), (2, 3, 4, 3, 2, 5, 3))
INDUCTION = 6
# In these invented patients PTSD gives way less than depression does.
SHARE_OF_FALL = {PHQ9.code: 1.0, PCL5.code: 0.62}
# Days after the last induction infusion, or after infusion 1; how many patients come.
FOLLOW_UPS = (
    ("end", 5, 10, 0.45),
    ("end", 15, 28, 0.70),
    ("first", 38, 48, 0.40),
    ("first", 85, 100, 0.30),
    ("first", 165, 200, 0.40),
    ("first", 345, 395, 0.45),
)


Row = dict[str, Any]


# The people ------------------------------------------------------------------


@dataclass
class InventedCourse:
    """One invented course: rows without the ids that the database will give."""

    row: Row
    infusions: list["_Infusion"] = field(default_factory=list)
    forms: list["_Form"] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class InventedInfusion:
    minute: int
    values: Row
    corrected: Row | None = None
    """The values that replaced these."""


@dataclass(frozen=True)
class InventedForm:
    minute: int
    facts: AssessmentFacts
    by: str
    corrected: AssessmentFacts | None = None
    void_reason: str | None = None
    patient_number: int = 0


@dataclass(frozen=True)
class _Response:
    """How an invented patient answers to treatment, as a share of severity lost."""

    share: float
    """Lost after six infusions, while it lasts."""
    half_at: float
    """Infusion by which half of it is lost."""
    fades_in: float
    """Days after the last infusion, beyond ten, in which it is gone."""

    def fall(self, infusions: Sequence[int], minute: int) -> float:
        """Return the share of severity lost at this minute."""
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
    """What stays the same about an invented patient from visit to visit."""

    number: int
    indication: str
    clinician: str
    site: str
    weight: float
    severity: dict[str, float]
    """The total, by measure, before any treatment."""
    weekly_pcl5: bool
    rng: random.Random

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What this patient is asked."""
        return {"depression": (PHQ9,), "ptsd": (PCL5,), "both": (PHQ9, PCL5)}[
            self.indication
        ]

    @property
    def old_record(self) -> bool:
        """Whether only totals came over from an earlier system."""
        return self.number in OLD_RECORDS


def _record_number(number: int) -> str:
    return f"{RECORD_PREFIX}{number:03d}"


def _person(number: int) -> _Person:
    rng = random.Random(f"{SEED} {number}")
    (indication,) = rng.choices(("depression", "both", "ptsd"), (55, 25, 20))
    mild = rng.random() < 0.06
    return _Person(
        number=number,
        indication=indication,
        clinician=rng.choice(CLINICIANS),
        site=rng.choice(SITES),
        weight=round(rng.uniform(52, 108), 1),
        severity={
            PHQ9.code: rng.uniform(6, 8) if mild else rng.uniform(13, 24),
            PCL5.code: rng.uniform(20, 27) if mild else rng.uniform(38, 66),
        },
        weekly_pcl5=rng.random() < 0.5,
        rng=rng,
    )


def _patient_row(person: _Person, opened_day: int) -> Row:
    rng = random.Random(f"{SEED} {person.number} identity")
    names = len(GIVEN_NAMES)
    return {
        "id": f"{rng.getrandbits(64):016x}",
        "record_number": _record_number(person.number),
        "given_name": GIVEN_NAMES[(person.number - 1) % names],
        "family_name": FAMILY_NAMES[(person.number - 1) // names],
        "birth_date": date(rng.randint(1948, 2002), rng.randint(1, 12), 15),
        "sex": rng.choice(("female", "female", "male")),
        "added_at": _stamp(opened_day * MINUTES_PER_DAY + 9 * 60),
        "added_by": person.clinician,
    }


def _response(rng: random.Random) -> _Response:
    """Draw a responder, a late one, a partial one, or one who is not helped."""
    (kind,) = rng.choices(("early", "late", "partial", "none"), (37, 16, 22, 25))
    low, high = {
        "early": (0.55, 0.92),
        "late": (0.55, 0.88),
        "partial": (0.25, 0.48),
        "none": (-0.15, 0.18),
    }[kind]
    half_at = rng.uniform(4.5, 5.5) if kind == "late" else rng.uniform(0.4, 2.2)
    relapses = rng.random() < 0.3
    fades_in = rng.uniform(35, 90) if relapses else rng.uniform(400, 1200)
    return _Response(rng.uniform(low, high), half_at, fades_in)


# A course --------------------------------------------------------------------


def _courses(person: _Person, start: int, as_of_day: int) -> list[InventedCourse]:
    """Return the one or two courses of a patient, cut off before the as-of day."""
    response = _response(person.rng)
    again = (
        person.rng.random() < 0.45 and response.share > 0.4 and response.fades_in < 90
    )
    second_start = start + person.rng.randint(150, 210)
    courses = [_course(person, 1, start, response)]
    if again and second_start < as_of_day:
        courses[0] = _cut(courses[0], second_start - 21)
        courses[0].row["closed_day"] = second_start - 21
        courses[0].row["closed_reason"] = "Relapse; a second course was agreed"
        courses.append(_course(person, 2, second_start, response))
    return [_cut(made, as_of_day) for made in courses]


def _course(
    person: _Person, number: int, start: int, response: _Response
) -> InventedCourse:
    rng = person.rng
    induction = _induction_minutes(rng, start, _planned(rng, response))
    boosters = _booster_minutes(rng, induction, response)
    opened = _workday(start - rng.randint(8, 20))
    made = InventedCourse(
        row={
            "number": number,
            "indication": person.indication,
            "clinician": person.clinician,
            "site": person.site,
            "opened_day": opened,
            "failed_antidepressant_trials": rng.randint(2, 6),
            "psychosis": False,
            "substance_use_disorder": rng.random() < 0.08,
            "uncontrolled_medical_condition": False,
            **_closing(rng, induction, boosters),
        }
    )
    made.infusions += _infusions(person, induction, boosters)
    forms = _forms(person, response, opened, induction, boosters)
    made.forms += _with_mishaps(person, forms) if number == 1 else forms
    made.events += _events(rng, start)
    return made


def _planned(rng: random.Random, response: _Response) -> int:
    """Draw how many induction infusions are given; fewer when nothing helps."""
    leaves = rng.random() < (0.30 if response.share < 0.25 else 0.13)
    (early,) = rng.choices((1, 2, 3, 4, 5), (1, 2, 3, 3, 2))
    (full,) = rng.choices((INDUCTION, 8, 7), (90, 7, 3))
    return early if leaves else full


def _workday(day: int) -> int:
    """Return this day, or the Monday after a weekend."""
    weekday = day_date(day).weekday()
    return day + max(0, 7 - weekday) if weekday >= 5 else day


def _induction_minutes(rng: random.Random, start: int, count: int) -> list[int]:
    rhythm = rng.choice(RHYTHMS)
    time = rng.randrange(9 * 60, 15 * 60, 30)
    days = [_workday(start)]
    for gap in rhythm[: count - 1]:
        days.append(_workday(days[-1] + gap))
    return [day * MINUTES_PER_DAY + time for day in days]


def _booster_minutes(
    rng: random.Random, induction: list[int], response: _Response
) -> list[int]:
    """Draw boosters for those who were helped: every four to seven weeks."""
    chance, count = rng.random(), rng.randint(1, 6)
    gaps = [rng.randint(28, 49) for _ in range(count)]
    if response.share < 0.4 or len(induction) < INDUCTION or chance > 0.5:
        return []
    day, time = divmod(induction[-1], MINUTES_PER_DAY)
    minutes = []
    for gap in gaps:
        day = _workday(day + gap)
        minutes.append(day * MINUTES_PER_DAY + time)
    return minutes


def _closing(rng: random.Random, induction: list[int], boosters: list[int]) -> Row:
    last = max(induction + boosters) // MINUTES_PER_DAY
    chance, wait = rng.random(), rng.randint(7, 30)
    early = rng.choice(CLOSED_EARLY)
    reason = early if len(induction) < INDUCTION else "Course completed"
    if chance > (0.6 if len(induction) < INDUCTION else 0.3):
        return _OPEN
    return {"closed_day": last + wait, "closed_reason": reason}


def _infusions(
    person: _Person, induction: list[int], boosters: list[int]
) -> list[InventedInfusion]:
    dose = person.rng.choice((0.5, 0.5, 0.5, 0.6))
    made = []
    for number, minute in enumerate([*induction, *boosters], start=1):
        phase = "induction" if minute in induction else "maintenance"
        values = _infusion_values(person, dose, phase)
        if (person.number, number) == (WRONG_DOSE, 3):
            wrong = values | {"dose_mg_per_kg": 5.0}
            made.append(InventedInfusion(minute, wrong, corrected=values))
        else:
            made.append(InventedInfusion(minute, values))
        dose = min(1.0, round(dose + person.rng.choice((0, 0, 0.1)), 1))
    return made


def _infusion_values(person: _Person, dose: float, phase: str) -> Row:
    rng = person.rng
    return {
        "phase": None if person.old_record else phase,
        "dose_mg_per_kg": dose,
        "dose_mg": round(dose * person.weight),
        "route": "IM" if rng.random() < 0.04 else "IV",
        "minutes": rng.choice((40, 40, 40, 45, 50)),
        "adverse_events": _sometimes(rng, 0.16, ADVERSE_EVENTS),
        "note": None,
        "intention": _sometimes(rng, 0.3, INTENTIONS),
        "integration_note": _sometimes(rng, 0.25, INTEGRATION_NOTES),
    }


def _events(rng: random.Random, start: int) -> list[Row]:
    drawn = [(rng.random(), rng.randint(-10, 120), rng.choice(EVENTS)) for _ in "12"]
    return [
        {"day": start + after, "kind": kind, "description": description}
        for chance, after, (kind, description) in drawn
        if chance < 0.3
    ]


def _sometimes(rng: random.Random, chance: float, texts: Sequence[str]) -> str | None:
    drawn, text = rng.random(), rng.choice(texts)
    return text if drawn < chance else None


def _cut(made: _Course, day: int) -> InventedCourse:
    """Return what of a course had happened before this day."""
    before = day * MINUTES_PER_DAY
    closed = made.row["closed_day"]
    still_open = {} if closed is None or closed < day else _OPEN
    return InventedCourse(
        row=made.row | still_open,
        infusions=[i for i in made.infusions if i.minute < before],
        forms=[f for f in made.forms if f.minute < before],
        events=[e for e in made.events if e["day"] < day],
    )


_OPEN = {"closed_day": None, "closed_reason": None}


# Forms -----------------------------------------------------------------------


def _forms(
    person: _Person,
    response: _Response,
    opened: int,
    induction: list[int],
    boosters: list[int],
) -> list[InventedForm]:
    """Return every form of a course, as it was first entered."""
    given = [*induction, *boosters]
    made = []
    for minute, occasion in _visits(person.rng, opened, induction, boosters):
        for measure, window in _asked(person, occasion):
            severity = person.severity[measure.code]
            fall = response.fall(given, minute) * SHARE_OF_FALL[measure.code]
            total = _noisy_total(person.rng, measure, severity * (1 - fall))
            form = _form(person, minute, measure, window, total)
            if person.rng.random() < 0.96:
                made.append(form)
    return sorted(made, key=lambda f: f.minute)


def _visits(
    rng: random.Random, opened: int, induction: list[int], boosters: list[int]
) -> Iterator[tuple[int, str]]:
    """Yield the minutes at which forms are completed, and on what occasion."""
    first, last = (m // MINUTES_PER_DAY for m in (induction[0], induction[-1]))
    baseline, intake_time = rng.random(), rng.randrange(9 * 60, 16 * 60)
    no_baseline, old_baseline = baseline < 0.03, baseline > 0.97
    if not no_baseline:
        day = first - rng.randint(34, 60) if old_baseline else opened
        yield day * MINUTES_PER_DAY + intake_time, "intake"
    for number, minute in enumerate([*induction, *boosters], start=1):
        before, comes = rng.randint(10, 30), rng.random()
        if comes < 0.94 and not (number == 1 and (no_baseline or old_baseline)):
            yield minute - before, "infusion"
    if rng.random() < 0.15:
        yield induction[0] + rng.randint(20 * 60, 28 * 60), "call"
    finished = 1.0 if len(induction) >= INDUCTION else 0.5
    for anchor, earliest, latest, share in FOLLOW_UPS:
        after = rng.randint(earliest, latest)
        time, comes = rng.randrange(8 * 60, 18 * 60), rng.random()
        if comes < share * finished:
            day = (first if anchor == "first" else last) + after
            yield day * MINUTES_PER_DAY + time, "follow-up"


def _asked(person: _Person, occasion: str) -> list[tuple[Measure, str]]:
    """Return which forms are handed out; the week before an infusion, else a month."""
    asked = []
    for measure in person.measures:
        if measure is PHQ9:
            asked.append((PHQ9, TWO_WEEKS.code))
        elif occasion in ("intake", "follow-up"):
            asked.append((PCL5, PAST_MONTH.code))
        elif occasion == "infusion" and person.weekly_pcl5:
            asked.append((PCL5, PAST_WEEK.code))
    return asked


def _noisy_total(rng: random.Random, measure: Measure, mean: float) -> int:
    noise = rng.gauss(0, measure.highest_total * 0.05)
    return min(measure.highest_total, max(0, round(mean + noise)))


def _form(
    person: _Person, minute: int, measure: Measure, window: str, total: int
) -> InventedForm:
    rng = person.rng
    answers = _answers(rng, measure, total)
    difficulty = min(3, max(0, round(total / 9 + rng.uniform(-0.6, 0.6))))
    partial = rng.random() < 0.05
    reason = rng.choice((None, "refused", "interrupted"))
    unanswered = rng.sample(range(measure.item_count), rng.randint(1, 3))
    clinician_read = rng.random() < 0.08
    facts = AssessmentFacts(
        measure=measure.code,
        recall_window=window,
        completed_at=from_minutes(minute, 0),
        answers=answers,
        difficulty=difficulty if measure is PHQ9 else None,
        source="clinician" if clinician_read else "self_report",
    )
    if person.old_record:
        facts = replace(
            facts, answers=None, total=total, difficulty=None, source="import"
        )
        return InventedForm(minute, facts, OLD_SYSTEM, patient_number=person.number)
    if partial:
        gaps = (None if i in unanswered else a for i, a in enumerate(answers))
        facts = replace(facts, answers=tuple(gaps), partial_reason=reason)
    return InventedForm(minute, facts, NURSE, patient_number=person.number)


def _answers(rng: random.Random, measure: Measure, total: int) -> tuple[int, ...]:
    """Return answers that add up to the total."""
    weights = PHQ9_WEIGHTS if measure is PHQ9 else PCL5_WEIGHTS
    answers = [0] * measure.item_count
    for _ in range(total):
        room = [i for i, a in enumerate(answers) if a < measure.highest_answer]
        (item,) = rng.choices(room, [weights[i] for i in room])
        answers[item] += 1
    return tuple(answers)


def _with_mishaps(person: _Person, forms: list[InventedForm]) -> list[InventedForm]:
    """Return the forms with this patient's corrections and withdrawals, if any."""
    complete = [
        i
        for i, f in enumerate(forms)
        if f.facts.answers and None not in f.facts.answers
    ]
    if len(complete) < 3:
        return forms
    chosen = complete[2]
    form = forms[chosen]
    if person.number in MISTYPED:
        forms[chosen] = replace(
            form, facts=_mistyped(form.facts, 2), corrected=form.facts
        )
    elif person.number == MISTYPED_ITEM_9 and form.facts.measure == PHQ9.code:
        right = replace(form.facts, answers=(*form.facts.answers[:8], 0))
        wrong = replace(form.facts, answers=(*form.facts.answers[:8], 2))
        forms[chosen] = replace(form, facts=wrong, corrected=right)
    elif person.number == WRONG_PATIENT:
        forms[chosen] = replace(form, void_reason="Entered in the wrong record")
    return forms


def _mistyped(facts: AssessmentFacts, item: int) -> AssessmentFacts:
    """Return the form with one item's answer typed wrongly."""
    answers = list(facts.answers or ())
    answers[item - 1] = 0 if answers[item - 1] else 3
    return replace(facts, answers=tuple(answers))
