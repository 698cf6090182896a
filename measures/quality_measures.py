"""Quality measures as their owners define them, and what of each the record can tell.

Everything here was read in the owner's own text, or in a copy of it and then marked.
What was not read, or is not in the record, is said in ``left_out`` and never guessed.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from measures.days import day_date, day_number
from measures.definition import Source
from measures.sources import (
    CBE_1884,
    CBE_1885,
    CMS159,
    CMS159_V8,
    HEDIS_DRR,
    MINDSTEP_2018,
    MNHEALTHSCORES,
    NHS_2024_25,
    NHS_FINISHED,
)


RECORDED = "recorded"
"""The record tells it, or something that stands for it and is named."""
ASKED = "asked"
"""The record does not hold it; the practice is asked which patients it is true of."""
UNKNOWN = "unknown"
"""Neither recorded nor asked for: it is taken to hold, and said."""

PATIENT = "patient"
COURSE = "course"

OWNERS_TEXT = "read in the owner's own text"
SECOND_HAND = "read in a description, not in the owner's own text"

MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class Period:
    """Days from first to last, both included."""

    first_day: int
    last_day: int


def calendar_year(year: int) -> Period:
    """Return the measurement period from 1 January to 31 December."""
    return Period(day_number(date(year, 1, 1)), day_number(date(year, 12, 31)))


def months_later(day: int, months: int) -> int:
    """Return the same day of the month so many months later, or that month's last.

    Examples
    --------
    >>> day_date(months_later(day_number(date(2024, 2, 29)), 12))
    datetime.date(2025, 2, 28)
    """
    start = day_date(day)
    years, month = divmod(start.month - 1 + months, MONTHS_PER_YEAR)
    year = start.year + years
    last = monthrange(year, month + 1)[1]
    return day_number(date(year, month + 1, min(start.day, last)))


@dataclass(frozen=True)
class Condition:
    """Something that must hold, or that excludes; and how it is known."""

    code: str
    sentence: str
    known: str


@dataclass(frozen=True)
class IndexRule:
    """The form from which a patient is followed: the first that is high enough."""

    at_least: int
    age_at_least: int
    indications: tuple[str, ...]
    """Indications of the form's course that stand for a diagnosis of depression."""
    sentence: str
    months: tuple[int, int] | None = None
    """From the first to before the second, in months from the start of the
    measurement period; None: in the measurement period itself."""

    def days(self, period: Period) -> Period:
        """Return the days on which the index may fall."""
        if self.months is None:
            return period
        first, end = (months_later(period.first_day, m) for m in self.months)
        return Period(first, end - 1)


@dataclass(frozen=True)
class FollowUpWindow:
    """When a later form counts: some months after the index, and days around that."""

    months: int
    from_days: int
    to_days: int
    sentence: str

    def days(self, index_day: int) -> Period:
        """Return the days of the window, both ends included."""
        middle = months_later(index_day, self.months)
        return Period(middle + self.from_days, middle + self.to_days)


@dataclass(frozen=True, kw_only=True)
class QualityMeasure:
    """What every measure says of itself; all texts are whole sentences."""

    code: str
    owner: str
    version: str
    name: str
    sentence: str
    population: str
    numerator: str
    denominator: str
    missing: str
    """What becomes of those without a follow-up."""
    criteria: tuple[str, ...]
    """Codes of `measures.registry.CRITERIA` that must all be met; none: a follow-up
    is enough."""
    requirements: tuple[Condition, ...]
    exclusions: tuple[Condition, ...]
    left_out: tuple[str, ...]
    sources: tuple[Source, ...]
    status: str
    in_effect: Period | None = None
    """The measurement periods this version is for; None where that was not read."""
    unit: str = PATIENT


@dataclass(frozen=True, kw_only=True)
class FollowUpMeasure(QualityMeasure):
    """Patients followed from an index form to a window after it."""

    index: IndexRule
    window: FollowUpWindow

    @property
    def index_rule(self) -> str:
        """Which form a patient is followed from, in a sentence."""
        return self.index.sentence

    @property
    def window_rule(self) -> str:
        """When a later form counts, in a sentence."""
        return self.window.sentence


@dataclass(frozen=True, kw_only=True)
class FinishedCourseMeasure(QualityMeasure):
    """Courses that ended in the period, from their first score to their last."""

    contacts_at_least: int
    start_at_least: int | None
    """Lowest start score that counts; None: every finished course."""
    index_rule: str
    window_rule: str
    unit: str = COURSE


MEASURE = "phq9"
"""Every measure here is on this instrument."""
ELEVATED = 10
"""More than 9, as an index must be."""
CASENESS = 10
"""What a start must be for recovery to be possible."""
ADOLESCENT = 12
DEPRESSION_INDICATIONS = ("depression", "both")

_AGE = Condition("age", "The patient is 12 or older on the day of the index.", RECORDED)
_DIAGNOSIS = Condition(
    "depression",
    "Major depression or dysthymia is diagnosed; the course being recorded as for "
    "depression, or for both, stands for it.",
    RECORDED,
)
_VISIT = Condition(
    "visit",
    "The index belongs to a visit; every recorded form is taken to belong to one.",
    UNKNOWN,
)
_FOLLOWED = (_AGE, _DIAGNOSIS, _VISIT)

_DIED = Condition("died", "Died by the end of the follow-up window.", ASKED)
_HOSPICE = Condition(
    "hospice", "In hospice care by the end of the follow-up window.", ASKED
)
_PALLIATIVE = Condition(
    "palliative", "In palliative care by the end of the follow-up window.", ASKED
)
_BIPOLAR = Condition(
    "bipolar", "Bipolar disorder diagnosed by the end of the follow-up window.", ASKED
)
_LABILE = Condition(
    "personality_disorder_labile",
    "Emotionally labile personality disorder diagnosed by the end of the follow-up "
    "window.",
    ASKED,
)
_PERSONALITY = Condition(
    "personality_disorder",
    "A personality disorder diagnosed by the end of the follow-up window.",
    ASKED,
)
_PSYCHOTIC = Condition(
    "psychotic_disorder",
    "Schizophrenia or a psychotic disorder diagnosed by the end of the follow-up "
    "window.",
    ASKED,
)
_PERVASIVE = Condition(
    "pervasive_developmental_disorder",
    "A pervasive developmental disorder diagnosed by the end of the follow-up window.",
    ASKED,
)
_NURSING_HOME = Condition(
    "nursing_home",
    "Permanently living in a nursing home by the end of the follow-up window.",
    ASKED,
)

_CMS_EXCLUSIONS = (
    _DIED,
    _HOSPICE,
    _PALLIATIVE,
    _BIPOLAR,
    _LABILE,
    _PSYCHOTIC,
    _PERVASIVE,
)
_MNCM_EXCLUSIONS = (
    _DIED,
    _NURSING_HOME,
    _HOSPICE,
    _PALLIATIVE,
    _BIPOLAR,
    _PERSONALITY,
)

_STAYS = (
    "A patient without a follow-up stays in the denominator and is not in the "
    "numerator, as if the rule had not been met."
)
_FOLLOWED_POPULATION = (
    "Patients aged 12 or older with depression and a PHQ-9 above 9 (the index)."
)
_ALL_INDEXED = "All patients of the population who are not excluded."


def _in_the_period(owner: str) -> IndexRule:
    return IndexRule(
        at_least=ELEVATED,
        age_at_least=ADOLESCENT,
        indications=DEPRESSION_INDICATIONS,
        sentence=(
            "The first PHQ-9 above 9 in the chosen period; the dates between which "
            f"{owner} looks for it were not read."
        ),
    )


CMS159_INDEX = IndexRule(
    at_least=ELEVATED,
    age_at_least=ADOLESCENT,
    indications=DEPRESSION_INDICATIONS,
    sentence=(
        "The first PHQ-9 above 9 from 14 months before the measurement period up to, "
        "not including, 2 months before it."
    ),
    months=(-14, -2),
)
MONTHS_12 = FollowUpWindow(
    12, -60, 60, "12 months after the index, 60 days either way; it is not restarted."
)
MONTHS_6 = FollowUpWindow(6, -60, 60, "6 months after the index, 60 days either way.")
DAYS_120_240 = FollowUpWindow(0, 120, 240, "120 to 240 days after the index.")

CMS159_REMISSION = FollowUpMeasure(
    code="cms159",
    owner="Centers for Medicare & Medicaid Services",
    version="CMS159v14, reporting year 2026 (MIPS 370, CBE 0710e)",
    name="Depression remission at twelve months",
    sentence=(
        "Of patients aged 12 or older with depression and a PHQ-9 above 9, those whose "
        "last PHQ-9 twelve months later, 60 days either way, is below 5."
    ),
    population=_FOLLOWED_POPULATION,
    numerator="The last PHQ-9 in the window is below 5.",
    denominator=_ALL_INDEXED,
    missing=_STAYS,
    criteria=("phq9_remission_lt5",),
    requirements=_FOLLOWED,
    exclusions=_CMS_EXCLUSIONS,
    left_out=(
        "The owner ties the index to a visit with a confirmed diagnosis, and accepts a "
        "form up to 7 days before that visit; the record holds no visits, so the day "
        "of the form itself must lie between the dates of the index.",
        "A PHQ-9M counts for the owner; it is not recorded here.",
        "Where hospice or palliative care ended before the identification period began "
        "the owner does not exclude; do not name such patients.",
    ),
    sources=(CMS159,),
    status=OWNERS_TEXT,
    in_effect=calendar_year(2026),
    index=CMS159_INDEX,
    window=MONTHS_12,
)


def _hedis(
    code: str, name: str, rule: str, criteria: tuple[str, ...]
) -> QualityMeasure:
    return FollowUpMeasure(
        code=code,
        owner="NCQA (HEDIS)",
        version="DRR-E, as described on NCQA's report-card page",
        name=name,
        sentence=(
            "Of patients aged 12 or older with depression and a PHQ-9 above 9: "
            f"{rule[0].lower()}{rule[1:]}"
        ),
        population=_FOLLOWED_POPULATION,
        numerator=rule,
        denominator=_ALL_INDEXED,
        missing=_STAYS,
        criteria=criteria,
        requirements=_FOLLOWED,
        exclusions=(),
        left_out=(
            "NCQA's intake period, the pairing of the PHQ-9 with a diagnosis, and the "
            "exclusions are in a volume that was not read; none of them is applied.",
            "That elevated means above 9 was read second-hand.",
            "NCQA counts the members of a health plan; here it is the practice's "
            "patients.",
        ),
        sources=(HEDIS_DRR,),
        status=OWNERS_TEXT,
        index=_in_the_period("NCQA"),
        window=DAYS_120_240,
    )


HEDIS_DRR_MEASURES = (
    _hedis(
        "hedis_drr_follow_up",
        "Follow-up PHQ-9 at 4 to 8 months",
        "A PHQ-9 total is recorded 120 to 240 days after the index.",
        (),
    ),
    _hedis(
        "hedis_drr_remission",
        "Depression remission at 4 to 8 months",
        "The most recent PHQ-9 from 120 to 240 days after the index is below 5.",
        ("phq9_remission_lt5",),
    ),
    _hedis(
        "hedis_drr_response",
        "Depression response at 4 to 8 months",
        "The most recent PHQ-9 from 120 to 240 days after the index is at least 50 % "
        "lower than the index.",
        ("phq9_response_50",),
    ),
)

_MNCM_RULES = {
    "remission": (
        "phq9_remission_lt5",
        "The last PHQ-9 in the window is below 5.",
    ),
    "response": (
        "phq9_response_50",
        "The last PHQ-9 in the window is at least 50 % lower than the index.",
    ),
}
_EXCLUSIONS_OF_1885 = (
    "The exclusions are those of CBE 1885, by the same owner; this measure's own were "
    "not read."
)


def _mncm(
    kind: str,
    window: FollowUpWindow,
    *,
    version: str,
    sources: tuple[Source, ...],
    status: str = OWNERS_TEXT,
    left_out: tuple[str, ...],
) -> QualityMeasure:
    criterion, rule = _MNCM_RULES[kind]
    months = {6: "six", 12: "twelve"}[window.months]
    return FollowUpMeasure(
        code=f"mncm_{kind}_{window.months}",
        owner="Minnesota Community Measurement",
        version=version,
        name=f"Depression {kind} at {months} months",
        sentence=(
            "Of patients aged 12 or older with depression and a PHQ-9 above 9, those "
            f"in {kind} {months} months later, 60 days either way."
        ),
        population=_FOLLOWED_POPULATION,
        numerator=rule,
        denominator=_ALL_INDEXED,
        missing=_STAYS,
        criteria=(criterion,),
        requirements=_FOLLOWED,
        exclusions=_MNCM_EXCLUSIONS,
        left_out=(
            *left_out,
            "The dates between which the owner looks for the index, and which of "
            "several forms in the window counts, were not read; here the period is "
            "chosen and the last form counts.",
        ),
        sources=sources,
        status=status,
        index=_in_the_period("the owner"),
        window=window,
    )


MNCM_MEASURES = (
    _mncm(
        "remission",
        MONTHS_6,
        version="Depression remission at six months",
        sources=(MNHEALTHSCORES, CBE_1885),
        left_out=(
            "The page that was read, of 2015, asks for patients aged 18 or older; the "
            "owner's later measures begin at 12, as here.",
            _EXCLUSIONS_OF_1885,
        ),
    ),
    _mncm(
        "response",
        MONTHS_6,
        version="CBE 1884",
        sources=(CBE_1884, CBE_1885),
        status=SECOND_HAND,
        left_out=(_EXCLUSIONS_OF_1885,),
    ),
    _mncm(
        "remission",
        MONTHS_12,
        version="CBE 0710, in the text of its electronic form CMS159v8",
        sources=(CMS159_V8, CBE_1885),
        left_out=(_EXCLUSIONS_OF_1885,),
    ),
    _mncm(
        "response",
        MONTHS_12,
        version="CBE 1885; its endorsement was removed in spring 2022",
        sources=(CBE_1885,),
        left_out=(
            "The owner's text contradicts itself: 60 days either way and from age 12 "
            "in its description, 30 days and adults in its numerator. The description "
            "is followed here.",
        ),
    ),
)

_NHS_CONTACTS = Condition(
    "contacts",
    "At least two treatment contacts were attended; infusions stand for them.",
    RECORDED,
)
_NHS_ENDED = Condition(
    "ended", "The course was closed in the measurement period.", RECORDED
)
_NHS_RULES = {
    "improvement": (
        "reliable improvement",
        "The last PHQ-9 is at least 6 points lower than the start.",
        ("phq9_change_6",),
    ),
    "recovery": (
        "recovery",
        "The last PHQ-9 is below 10.",
        ("phq9_below_10",),
    ),
    "reliable_recovery": (
        "reliable recovery",
        "The last PHQ-9 is below 10 and at least 6 points lower than the start.",
        ("phq9_below_10", "phq9_change_6"),
    ),
}
_FINISHED = (
    "Courses that were closed in the measurement period after two infusions or more"
)


def _nhs(code: str, start_at_least: int | None) -> QualityMeasure:
    name, rule, criteria = _NHS_RULES[code]
    begins_ill = ""
    if start_at_least is not None:
        begins_ill = f", with a start of {start_at_least} or more"
    return FinishedCourseMeasure(
        code=f"nhs_{code}",
        owner="NHS Talking Therapies (England)",
        version="as published for 2024-25",
        name=f"{name.capitalize()}, PHQ-9 half",
        sentence=(
            f"Of finished courses{begins_ill}, those that ended in {name} on the "
            "PHQ-9; the other half of the owner's rule, on the GAD-7, is not recorded "
            "here."
        ),
        population=f"{_FINISHED}.",
        numerator=rule,
        denominator=f"{_FINISHED}{begins_ill}.",
        missing=(
            "A course without a PHQ-9 after infusion 1 stays in the denominator, as if "
            "the rule had not been met; one without a start is counted apart."
        ),
        criteria=criteria,
        requirements=(_NHS_ENDED, _NHS_CONTACTS),
        exclusions=(),
        left_out=(
            "The owner asks the PHQ-9 and the GAD-7; only the PHQ-9 is recorded, so a "
            "rate here is not the owner's rate.",
            "In PTSD the owner uses the PCL-5 with the PHQ-9; its values for the PCL-5 "
            "were not read, so the PCL-5 is left out.",
            "Whether the owner asks that no other score became reliably worse was not "
            "read.",
            "What the owner does with a course that has no last score was not read.",
        ),
        sources=(MINDSTEP_2018, NHS_2024_25, NHS_FINISHED),
        status=SECOND_HAND,
        contacts_at_least=2,
        start_at_least=start_at_least,
        index_rule=(
            "Start: the last complete PHQ-9 of the course at or before infusion 1, at "
            "most 30 days before."
        ),
        window_rule=(
            "End: the last complete PHQ-9 of the course after infusion 1, up to the "
            "day on which it was closed."
        ),
    )


NHS_MEASURES = (
    _nhs("improvement", None),
    _nhs("recovery", CASENESS),
    _nhs("reliable_recovery", CASENESS),
)

QUALITY_MEASURES: dict[str, FollowUpMeasure | FinishedCourseMeasure] = {
    m.code: m
    for m in (CMS159_REMISSION, *HEDIS_DRR_MEASURES, *MNCM_MEASURES, *NHS_MEASURES)
}
"""By code."""

EXCLUSIONS: dict[str, Condition] = {
    condition.code: condition
    for measure in QUALITY_MEASURES.values()
    for condition in measure.exclusions
}
"""What the practice may be asked about a patient, by code."""
