"""The tables: facts only, and two derived ones that are rebuilt from them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data.actors import ACCOUNT_ROLES
from measures.definition import Measure
from measures.quality_measures import EXCLUSIONS
from measures.registry import MEASURES


SEXES = ("female", "male", "other")
INDICATIONS = ("depression", "ptsd", "both")
PHASES = ("induction", "maintenance")
ROUTES = ("IV", "IM", "SC", "intranasal", "oral", "sublingual")
SOURCES = ("self_report", "clinician", "import")
PARTIAL_REASONS = ("refused", "interrupted", "other")
STATES = ("current", "superseded", "void")
DISSOCIATION = ("none", "mild", "moderate", "severe")
ADVERSE_EVENTS = (
    "nausea",
    "vomiting",
    "headache",
    "dizziness",
    "drowsiness",
    "anxiety",
    "blurred vision",
    "raised blood pressure",
    "palpitations",
    "chest pain",
    "shortness of breath",
)
MOMENTS_OF_VITALS = ("before", "peak", "after")
EVENT_KINDS = ("medication", "therapy", "life event", "other")
ALERT_KINDS = ("item_9",)
ALERT_ACTIONS = (
    "risk assessed, no immediate risk",
    "risk assessed, safety plan made",
    "asked again, no such thoughts reported",
    "emergency services or crisis team involved",
    "referred",
    "entered by mistake",
    "other",
)

FIRST_SITE = 1
"""Id of the site that every practice has; its name can be changed."""

# Guards against a dose in mg typed where mg/kg is meant, and the like.
HIGHEST_DOSE_MG_PER_KG = 5
HIGHEST_DOSE_MG = 500
LONGEST_INFUSION_MINUTES = 600
# Lowest and highest that are taken for a reading rather than a slip of the hand.
WEIGHT_KG = (20, 350)
VITALS = {"systolic": (40, 300), "diastolic": (20, 200), "pulse": (20, 250)}
"""Blood pressure in mmHg and pulse per minute."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

CURRENT = text("state = 'current'")


def _one_of(column: str, allowed: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_allowed")


def _provenance() -> list[Column]:
    """Return the columns of a record that is corrected by a later one, never changed.

    ``corrects_id`` and ``reason`` stand on the correcting row; ``void_reason`` says
    why a row was withdrawn.
    """
    return [
        Column("state", String(10), nullable=False, server_default="current"),
        Column("reason", Text),
        Column("void_reason", Text),
        Column("voided_at", DateTime),
        Column("voided_by", Text),
        Column("recorded_at", DateTime, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("submission_id", String(64)),
    ]


def _provenance_rules() -> list[CheckConstraint | UniqueConstraint]:
    return [
        _one_of("state", STATES),
        CheckConstraint(
            "(corrects_id IS NULL) = (reason IS NULL) AND reason <> ''",
            name="correction_has_reason",
        ),
        CheckConstraint(
            "(state = 'void') = (void_reason IS NOT NULL) AND void_reason <> ''",
            name="void_has_reason",
        ),
        CheckConstraint(
            "(voided_at IS NULL) = (void_reason IS NULL)"
            " AND (voided_by IS NULL) = (void_reason IS NULL)",
            name="void_says_who_and_when",
        ),
        CheckConstraint("recorded_by <> ''", name="recorded_by_someone"),
        UniqueConstraint("corrects_id"),
        UniqueConstraint("submission_id"),
    ]


site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    CheckConstraint("name <> ''", name="name_given"),
)


def _site() -> Column:
    return Column(
        "site_id",
        ForeignKey("site.id"),
        nullable=False,
        server_default=str(FIRST_SITE),
    )


patient = Table(
    "patient",
    metadata,
    Column("id", String(16), primary_key=True),
    # Whose clinicians may open the record.
    _site(),
    Column("record_number", Text, nullable=False, unique=True),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("birth_date", Date),
    Column("sex", String(10)),
    Column("added_at", DateTime, nullable=False),
    Column("added_by", Text, nullable=False),
    _one_of("sex", SEXES),
    CheckConstraint("record_number <> ''", name="record_number_given"),
)

course = Table(
    "course",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("indication", String(10)),
    Column("clinician", Text),
    # Where the course is given, which stays when the patient moves.
    _site(),
    Column("failed_antidepressant_trials", Integer),
    Column("psychosis", Boolean),
    Column("substance_use_disorder", Boolean),
    Column("uncontrolled_medical_condition", Boolean),
    Column("chronic_ptsd", Boolean),
    Column("consent", Boolean),
    # When the checklist was last gone through, and by whom.
    Column("screened_at", DateTime),
    Column("screened_by", Text),
    Column("opened_day", Integer, nullable=False),
    Column("closed_day", Integer),
    Column("closed_reason", Text),
    UniqueConstraint("patient_id", "number"),
    _one_of("indication", INDICATIONS),
    CheckConstraint("number >= 1", name="number_from_1"),
    CheckConstraint("failed_antidepressant_trials >= 0", name="failed_trials_counted"),
    CheckConstraint("opened_day >= 0", name="opened_since_1970"),
    CheckConstraint("closed_day >= opened_day", name="closed_after_opened"),
    CheckConstraint(
        "(closed_day IS NULL) = (closed_reason IS NULL)", name="closing_has_reason"
    ),
    CheckConstraint(
        "(screened_at IS NULL) = (screened_by IS NULL)", name="screened_by_someone"
    ),
)


def _between(column: str, limits: tuple[int, int]) -> CheckConstraint:
    low, high = limits
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=f"{column}_range")


VITAL_COLUMNS = {
    f"{vital}_{moment}": limits
    for moment in MOMENTS_OF_VITALS
    for vital, limits in VITALS.items()
}

infusion = Table(
    "infusion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("course_id", ForeignKey("course.id"), nullable=False),
    Column("started_minute", Integer, nullable=False),
    Column("started_offset", Integer, nullable=False),
    Column("time_known", Boolean, nullable=False),
    Column("phase", String(12)),
    Column("dose_mg_per_kg", Float),
    Column("dose_mg", Float),
    Column("route", String(12), nullable=False),
    Column("minutes", Integer),
    Column("weight_kg", Float),
    *(Column(name, Integer) for name in VITAL_COLUMNS),
    Column("dissociation", String(10)),
    # Those of the list, joined by commas; and whatever else there was, in words.
    Column("adverse_event_codes", Text),
    Column("adverse_events", Text),
    Column("note", Text),
    Column("intention", Text),
    Column("integration_note", Text),
    Column("corrects_id", ForeignKey("infusion.id")),
    *_provenance(),
    *_provenance_rules(),
    _one_of("phase", PHASES),
    _one_of("route", ROUTES),
    _one_of("dissociation", DISSOCIATION),
    _between("weight_kg", WEIGHT_KG),
    *(_between(name, limits) for name, limits in VITAL_COLUMNS.items()),
    CheckConstraint("started_minute >= 0", name="started_since_1970"),
    CheckConstraint("started_offset BETWEEN -1439 AND 1439", name="offset_in_a_day"),
    CheckConstraint(
        f"dose_mg_per_kg > 0 AND dose_mg_per_kg <= {HIGHEST_DOSE_MG_PER_KG}",
        name="dose_mg_per_kg_range",
    ),
    CheckConstraint(
        f"dose_mg > 0 AND dose_mg <= {HIGHEST_DOSE_MG}", name="dose_mg_range"
    ),
    CheckConstraint(
        f"minutes BETWEEN 1 AND {LONGEST_INFUSION_MINUTES}", name="minutes_range"
    ),
)
Index(
    "uq_infusion_current",
    infusion.c.course_id,
    infusion.c.started_minute,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)


def _sum_of_digits(highest: int) -> str:
    """Return SQL for the sum of a digit string, the same on every database."""
    counted = (
        f"{digit} * (length(answers) - length(replace(answers, '{digit}', '')))"
        for digit in range(1, highest + 1)
    )
    return " + ".join(counted)


def _without(characters: str) -> str:
    """Return SQL for what is left of the answers without these characters."""
    expression = "answers"
    for character in characters:
        expression = f"replace({expression}, '{character}', '')"
    return expression


def _answers_rule(measure: Measure) -> str:
    digits = "".join(str(answer.score) for answer in measure.answers)
    return (
        f"measure <> '{measure.code}' OR answers IS NULL OR ("
        f"length(answers) = {measure.item_count}"
        f" AND length({_without(digits + '-')}) = 0"
        " AND answered IS NOT NULL"
        " AND answered = length(replace(answers, '-', ''))"
        f" AND (total IS NOT NULL) = (answered = {measure.item_count})"
        f" AND (total IS NULL OR total = {_sum_of_digits(measure.highest_answer)}))"
    )


def _item_9_rule(measure: Measure) -> str:
    if measure.suicide_item is None:
        return f"measure <> '{measure.code}' OR item_9 IS NULL"
    given = f"substr(answers, {measure.suicide_item}, 1)"
    return (
        f"measure <> '{measure.code}' OR CASE"
        f" WHEN answers IS NULL OR {given} = '-' THEN item_9 IS NULL"
        f" ELSE item_9 IS NOT NULL AND CAST(item_9 AS VARCHAR) = {given} END"
    )


def _measure_rules() -> list[CheckConstraint]:
    windows = " OR ".join(
        f"(measure = '{m.code}' AND recall_window = '{window.code}')"
        for m in MEASURES.values()
        for window in m.recall_windows
    )
    rules = [CheckConstraint(windows, name="recall_window_of_measure")]
    for m in MEASURES.values():
        rules += [
            CheckConstraint(_answers_rule(m), name=f"{m.code}_answers"),
            CheckConstraint(_item_9_rule(m), name=f"{m.code}_item_9"),
            CheckConstraint(
                f"measure <> '{m.code}' OR total BETWEEN 0 AND {m.highest_total}",
                name=f"{m.code}_total_range",
            ),
        ]
        if m.functional_item is None:
            rules.append(
                CheckConstraint(
                    f"measure <> '{m.code}' OR difficulty IS NULL",
                    name=f"{m.code}_no_difficulty",
                )
            )
    return rules


assessment = Table(
    "assessment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("course_id", ForeignKey("course.id"), nullable=False),
    Column("measure", String(8), nullable=False),
    Column("recall_window", String(12), nullable=False),
    Column("completed_minute", Integer, nullable=False),
    Column("completed_offset", Integer, nullable=False),
    Column("time_known", Boolean, nullable=False),
    Column("answers", String(20)),
    Column("answered", Integer),
    Column("total", Integer),
    Column("item_9", Integer),
    Column("difficulty", Integer),
    Column("partial_reason", String(12)),
    Column("source", String(12), nullable=False),
    Column("corrects_id", ForeignKey("assessment.id")),
    *_provenance(),
    *_provenance_rules(),
    *_measure_rules(),
    _one_of("source", SOURCES),
    _one_of("partial_reason", PARTIAL_REASONS),
    CheckConstraint(
        "answers IS NOT NULL OR (total IS NOT NULL AND answered IS NULL)",
        name="answers_or_total",
    ),
    CheckConstraint("difficulty BETWEEN 0 AND 3", name="difficulty_range"),
    CheckConstraint("completed_minute >= 0", name="completed_since_1970"),
    CheckConstraint("completed_offset BETWEEN -1439 AND 1439", name="offset_in_a_day"),
)
# The minute first: no search by course should choose this index over the covering one.
Index(
    "uq_assessment_current",
    assessment.c.completed_minute,
    assessment.c.course_id,
    assessment.c.measure,
    assessment.c.recall_window,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)
COMPLETE = text("state = 'current' AND total IS NOT NULL")
# Holds all that scores are derived from, so that no row of the table is read for them.
Index(
    "ix_assessment_scores",
    assessment.c.course_id,
    assessment.c.measure,
    assessment.c.recall_window,
    assessment.c.completed_minute,
    assessment.c.completed_offset,
    assessment.c.total,
    assessment.c.id,
    assessment.c.state,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("course_id", ForeignKey("course.id"), nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("description", Text, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("voided_at", DateTime),
    Column("voided_by", Text),
    Column("void_reason", Text),
    _one_of("kind", EVENT_KINDS),
    CheckConstraint("day >= 0", name="day_since_1970"),
    CheckConstraint("description <> ''", name="description_given"),
    CheckConstraint(
        "(voided_at IS NULL) = (void_reason IS NULL)"
        " AND (voided_by IS NULL) = (void_reason IS NULL)",
        name="void_says_who_and_why",
    ),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("assessment_id", ForeignKey("assessment.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("seen_at", DateTime),
    Column("seen_by", Text),
    Column("action", Text),
    Column("note", Text),
    Column("closed_at", DateTime),
    Column("closed_by", Text),
    UniqueConstraint("assessment_id", "kind"),
    _one_of("kind", ALERT_KINDS),
    _one_of("action", ALERT_ACTIONS),
    CheckConstraint("(seen_at IS NULL) = (seen_by IS NULL)", name="seen_by_someone"),
    CheckConstraint(
        "(closed_at IS NULL) = (closed_by IS NULL)"
        " AND (closed_at IS NULL) = (action IS NULL)",
        name="closed_says_what_and_who",
    ),
)
OPEN = text("closed_at IS NULL")
Index(
    "ix_alert_open",
    alert.c.assessment_id,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("patient_id", String(16), index=True),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
)

# What differs from the practice's schedule; nothing where nothing does.
course_schedule = Table(
    "course_schedule",
    metadata,
    Column("course_id", ForeignKey("course.id"), primary_key=True),
    Column("before_each_infusion", Boolean),
    Column("day_after_first", Boolean),
    # Weeks with commas between, such as "2,4"; empty: none.
    Column("weeks_after_induction", Text),
    Column("maintenance_days", Integer),
    Column("next_infusion_day", Integer),
    Column("changed_at", DateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    CheckConstraint("maintenance_days >= 1", name="maintenance_days_counted"),
    CheckConstraint("next_infusion_day >= 0", name="next_infusion_since_1970"),
)

course_progress = Table(
    "course_progress",
    metadata,
    Column("course_id", ForeignKey("course.id"), primary_key=True),
    Column("first_day", Integer, nullable=False),
    Column("infusions", Integer, nullable=False),
    Column("induction_infusions", Integer, nullable=False),
    Column("last_induction_day", Integer),
    Column("last_day", Integer, nullable=False),
)

course_scores = Table(
    "course_scores",
    metadata,
    Column("course_id", ForeignKey("course.id"), nullable=False),
    Column("measure", String(8), nullable=False),
    Column("recall_window", String(12), nullable=False),
    Column("timepoint", String(20), nullable=False),
    Column("baseline_id", Integer),
    Column("baseline", Integer),
    Column("baseline_day", Integer),
    Column("assessment_id", Integer),
    Column("total", Integer),
    Column("score_day", Integer),
    Column("due_day", Integer),
    # In this order, without a rowid, so that one rate reads one run of rows.
    PrimaryKeyConstraint("measure", "recall_window", "timepoint", "course_id"),
    ForeignKeyConstraint(["baseline_id"], ["assessment.id"]),
    ForeignKeyConstraint(["assessment_id"], ["assessment.id"]),
    Index("ix_course_scores_course_id", "course_id"),
    sqlite_with_rowid=False,
)

course_scores_version = Table(
    "course_scores_version",
    metadata,
    Column("version", String(32), primary_key=True),
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(254), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    Column("password_set_at", DateTime),
    Column("totp_secret", String(64)),
    # The newest time step whose code was used: no code counts twice.
    Column("totp_step", Integer),
    Column("disabled_at", DateTime),
    Column("added_at", DateTime, nullable=False),
    Column("added_by", Text, nullable=False),
    CheckConstraint("login <> '' AND login = lower(login)", name="login_lower_case"),
    CheckConstraint("name <> ''", name="name_given"),
    CheckConstraint(
        "(password_hash IS NULL) = (password_set_at IS NULL)", name="password_dated"
    ),
)


def _account(**more: object) -> Column:
    return Column("account_id", ForeignKey("account.id"), nullable=False, **more)


account_role = Table(
    "account_role",
    metadata,
    _account(primary_key=True),
    Column("role", String(16), primary_key=True),
    _one_of("role", ACCOUNT_ROLES),
)

account_site = Table(
    "account_site",
    metadata,
    _account(primary_key=True),
    Column("site_id", ForeignKey("site.id"), primary_key=True),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(index=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("used_at", DateTime),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("made_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("used_at", DateTime),
)

external_identity = Table(
    "external_identity",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    _account(index=True),
    Column("added_at", DateTime, nullable=False),
)

known_device = Table(
    "known_device",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _account(index=True),
    Column("made_at", DateTime, nullable=False),
)

# Somebody gave the right password and has yet to give the second factor.
pending_sign_in = Table(
    "pending_sign_in",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _account(),
    Column("started_at", DateTime, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    Column("bucket", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", DateTime, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

# A form that somebody has begun to type in, until it is saved or given up.
draft = Table(
    "draft",
    metadata,
    _account(primary_key=True),
    Column("record", String(120), primary_key=True),
    Column("course_id", ForeignKey("course.id"), nullable=False),
    Column("measure", String(8), nullable=False),
    # A digit per item answered, "-" per item without an answer.
    Column("answers", String(20), nullable=False),
    Column("difficulty", Integer),
    # Of the attempt to save it, so that what was saved is not saved again.
    Column("token", String(64), nullable=False),
    Column("saved_at", DateTime, nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    _account(primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("value", Text, nullable=False),
)

# A rate as it was on a day: what was asked, what was counted, and every course's row.
snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Integer, primary_key=True),
    # Canonical JSON, each: their seals are over these very letters.
    Column("about", Text, nullable=False),
    Column("rows", Text, nullable=False),
    # SHA-256 of ``about``, which holds that of the rows.
    Column("hash", String(64), nullable=False, unique=True),
    CheckConstraint("length(hash) = 64", name="hash_whole"),
)

# What the practice said of a patient so that a quality measure can be counted; it is
# no part of the clinical record.
quality_exclusion = Table(
    "quality_exclusion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("patient_id", ForeignKey("patient.id"), nullable=False, index=True),
    Column("code", String(40), nullable=False),
    # The first day on which it was so, negative before 1970; missing where that is
    # not known.
    Column("day", Integer),
    Column("recorded_at", DateTime, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("voided_at", DateTime),
    Column("voided_by", Text),
    Column("void_reason", Text),
    _one_of("code", tuple(EXCLUSIONS)),
    CheckConstraint("recorded_by <> ''", name="recorded_by_someone"),
    CheckConstraint(
        "(voided_at IS NULL) = (void_reason IS NULL)"
        " AND (voided_at IS NULL) = (voided_by IS NULL) AND void_reason <> ''",
        name="void_says_who_and_why",
    ),
)
NOT_VOIDED = text("voided_at IS NULL")
Index(
    "uq_quality_exclusion_standing",
    quality_exclusion.c.patient_id,
    quality_exclusion.c.code,
    unique=True,
    sqlite_where=NOT_VOIDED,
    postgresql_where=NOT_VOIDED,
)

encounter = Table(
    "encounter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("course_id", ForeignKey("course.id"), nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("opened_by", ForeignKey("account.id"), nullable=False),
    Column("link_hash", String(64), nullable=False, unique=True),
    Column("link_expires_at", DateTime, nullable=False),
    # Which of its screens the tablet shows.
    Column("screen", Integer, nullable=False, server_default="0"),
    Column("started_at", DateTime),
    Column("ended_at", DateTime),
    Column("ended_why", String(16)),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="end_has_reason"),
)

encounter_form = Table(
    "encounter_form",
    metadata,
    Column("encounter_id", ForeignKey("encounter.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("measure", String(8), nullable=False),
    Column("recall_window", String(12), nullable=False),
    # A digit per item answered, "-" per item passed over; shorter until the last item.
    Column("answers", String(20), nullable=False, server_default=""),
    Column("difficulty", Integer),
    Column("assessment_id", ForeignKey("assessment.id")),
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), index=True),
    Column("encounter_id", ForeignKey("encounter.id")),
    Column("started_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("ended_why", String(16)),
    CheckConstraint(
        "(account_id IS NULL) <> (encounter_id IS NULL)",
        name="of_an_account_or_an_encounter",
    ),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="end_has_reason"),
)
