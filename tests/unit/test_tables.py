"""Each constraint refuses the wrong row it is for, whoever writes it."""

import pytest
from sqlalchemy import CheckConstraint, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from data.course_scores import rebuild_course_scores
from data.database import open_database, reading
from data.tables import VITAL_COLUMNS, metadata
from tests.actors import TESTER
from tests.right_rows import MINUTE, RIGHT, STAMP


# What makes a second row of a table different enough to stand beside the first.
ANOTHER = {
    "site": {"id": 3, "name": "East"},
    "patient": {"id": "p2", "record_number": "R-2"},
    "course": {"id": 2, "number": 2},
    "infusion": {"id": 2, "started_minute": MINUTE + 1, "submission_id": "s2"},
    "assessment": {"id": 2, "completed_minute": MINUTE + 1, "submission_id": "s2"},
    "event": {},
    "alert": {"assessment_id": 2},
    "course_schedule": {"course_id": 2},
    "audit_entry": {"previous_hash": "1" * 64, "hash": "2" * 64},
    "account": {"id": 2, "login": "roe"},
    "account_role": {"role": "lead"},
    "account_site": {"site_id": 2},
    "recovery_code": {"code_hash": "2" * 64},
    "invitation": {"token_hash": "2" * 64},
    "external_identity": {"subject": "2"},
    "known_device": {"token_hash": "2" * 64},
    "pending_sign_in": {"token_hash": "2" * 64},
    "attempt": {"bucket": "2" * 64},
    "setting": {"name": "absolute_hours"},
    "draft": {"record": "1-pcl5"},
    "saved_view": {"name": "Other"},
    "quality_exclusion": {"code": "died"},
    "snapshot": {"id": 2, "hash": "2" * 64},
    "encounter": {"id": 2, "link_hash": "2" * 64},
    "encounter_form": {"position": 2},
    "session": {"token_hash": "2" * 64},
}

# Of these a second row is there already, for others to refer to.
THIRD = {
    "course": {"id": 3, "number": 3},
    "assessment": {"id": 3, "completed_minute": MINUTE + 2, "submission_id": "s3"},
}

PCL5 = {
    "measure": "pcl5",
    "recall_window": "past_week",
    "answers": "4" * 20,
    "answered": 20,
    "total": 80,
    "item_9": None,
}
TOTAL_ONLY = {"answers": None, "answered": None, "item_9": None, "total": 27}
GAPS = {"answers": "30120010-", "answered": 8, "total": None, "item_9": None}
CORRECTION = {"corrects_id": 1, "reason": "Typo"}
VOID = {
    "state": "void",
    "void_reason": "Wrong patient",
    "voided_at": STAMP,
    "voided_by": "A",
}
VOIDED = {"voided_at": STAMP, "voided_by": "A", "void_reason": "Wrong day"}
SCREENED = {"screened_at": STAMP, "screened_by": "A"}
LOWEST_VITALS = {name: low for name, (low, _) in VITAL_COLUMNS.items()}
SEEN = {"seen_at": STAMP, "seen_by": "A"}
CLOSED = {"action": "referred", "closed_at": STAMP, "closed_by": "A"}
ENDED = {"ended_at": STAMP, "ended_why": "done"}
KIOSK = {"account_id": None, "encounter_id": 1}

ALLOWED = [
    ("patient", {"sex": None, "birth_date": None}),
    ("course", {"indication": "ptsd", "failed_antidepressant_trials": 0}),
    ("course", {"closed_day": 20_000, "closed_reason": "Moved away"}),
    ("infusion", {"dose_mg_per_kg": 5, "dose_mg": 500, "minutes": 600}),
    ("infusion", {"dose_mg_per_kg": None, "phase": "maintenance", "minutes": 1}),
    ("infusion", {"started_offset": 1439}),
    ("infusion", {"started_minute": MINUTE, **VOID}),
    ("infusion", CORRECTION),
    ("infusion", {"weight_kg": 20, "dissociation": "none", **LOWEST_VITALS}),
    ("infusion", {"weight_kg": 350, "adverse_event_codes": "nausea"}),
    ("course", {"chronic_ptsd": True, "consent": False, **SCREENED}),
    ("course_schedule", {"maintenance_days": 30, "next_infusion_day": 20_000}),
    ("draft", {"difficulty": 1}),
    ("saved_view", {}),
    ("quality_exclusion", {}),
    ("quality_exclusion", {"day": None}),
    # The same once more, after it was taken back.
    ("quality_exclusion", {"code": "bipolar", **VOIDED}),
    ("snapshot", {}),
    ("event", VOIDED),
    ("assessment", TOTAL_ONLY),
    ("assessment", GAPS),
    ("assessment", GAPS | {"answers": "-01200103", "item_9": 3}),
    ("assessment", PCL5),
    ("assessment", PCL5 | {"answers": "-" + "4" * 19, "answered": 19, "total": None}),
    ("assessment", {"difficulty": 3, "partial_reason": "refused"}),
    ("assessment", {"completed_minute": MINUTE, "state": "superseded"}),
    ("assessment", {"completed_minute": MINUTE, **VOID}),
    ("assessment", CORRECTION),
    ("event", {}),
    ("alert", SEEN),
    ("alert", SEEN | CLOSED),
    ("audit_entry", {}),
    ("audit_entry", {"patient_id": None}),
    # Whose record it was stays told, whatever becomes of the patient.
    ("audit_entry", {"patient_id": "somebody"}),
    ("site", {}),
    ("account", {}),
    ("account", {"password_hash": None, "password_set_at": None}),
    ("account", {"login": "zoë.lee@example.org", "disabled_at": STAMP}),
    ("account_role", {}),
    ("account_role", {"role": "administrator"}),
    ("account_site", {}),
    ("recovery_code", {"used_at": STAMP}),
    ("invitation", {"used_at": STAMP}),
    ("external_identity", {}),
    ("external_identity", {"issuer": "https://other.example.org", "subject": "1"}),
    ("known_device", {}),
    ("pending_sign_in", {}),
    ("attempt", {}),
    ("setting", {}),
    ("encounter", {"started_at": STAMP}),
    ("encounter", ENDED),
    ("encounter_form", {"assessment_id": 1, "answers": "301200103"}),
    ("session", {}),
    ("session", KIOSK),
    ("session", KIOSK | ENDED),
]

# Table, what is wrong with the row, and the constraint that is to say so.
REFUSED = [
    ("patient", {"record_number": "R-1"}, "patient.record_number"),
    ("patient", {"record_number": ""}, "ck_patient_record_number_given"),
    ("patient", {"sex": "F"}, "ck_patient_sex_allowed"),
    ("course", {"patient_id": "nobody"}, "fk_course_patient_id"),
    ("course", {"number": 1}, "course.patient_id, course.number"),
    ("course", {"number": 0}, "ck_course_number_from_1"),
    ("course", {"indication": "pain"}, "ck_course_indication_allowed"),
    (
        "course",
        {"failed_antidepressant_trials": -1},
        "ck_course_failed_trials_counted",
    ),
    ("course", {"opened_day": -1}, "ck_course_opened_since_1970"),
    (
        "course",
        {"closed_day": 19_999, "closed_reason": "x"},
        "ck_course_closed_after_opened",
    ),
    ("course", {"closed_day": 20_000}, "ck_course_closing_has_reason"),
    ("course", {"closed_reason": "x"}, "ck_course_closing_has_reason"),
    ("infusion", {"course_id": 9}, "fk_infusion_course_id"),
    ("infusion", {"started_minute": MINUTE}, "uq_infusion_current"),
    ("infusion", {"submission_id": "s1"}, "infusion.submission_id"),
    ("infusion", {"started_minute": -1}, "ck_infusion_started_since_1970"),
    ("infusion", {"started_offset": 1440}, "ck_infusion_offset_in_a_day"),
    ("infusion", {"started_offset": -1440}, "ck_infusion_offset_in_a_day"),
    ("infusion", {"phase": "booster"}, "ck_infusion_phase_allowed"),
    ("infusion", {"route": "iv"}, "ck_infusion_route_allowed"),
    ("infusion", {"dose_mg_per_kg": 0}, "ck_infusion_dose_mg_per_kg_range"),
    ("infusion", {"dose_mg_per_kg": 5.1}, "ck_infusion_dose_mg_per_kg_range"),
    ("infusion", {"dose_mg": -1}, "ck_infusion_dose_mg_range"),
    ("infusion", {"dose_mg": 501}, "ck_infusion_dose_mg_range"),
    ("infusion", {"minutes": 0}, "ck_infusion_minutes_range"),
    ("infusion", {"minutes": 601}, "ck_infusion_minutes_range"),
    ("infusion", {"weight_kg": 19}, "ck_infusion_weight_kg_range"),
    ("infusion", {"dissociation": "much"}, "ck_infusion_dissociation_allowed"),
    *(
        ("infusion", {name: impossible}, f"ck_infusion_{name}_range")
        for name, (low, high) in VITAL_COLUMNS.items()
        for impossible in (low - 1, high + 1)
    ),
    ("course", SCREENED | {"screened_by": None}, "ck_course_screened_by_someone"),
    (
        "course_schedule",
        {"maintenance_days": 0},
        "ck_course_schedule_maintenance_days_counted",
    ),
    (
        "course_schedule",
        {"next_infusion_day": -1},
        "ck_course_schedule_next_infusion_since_1970",
    ),
    ("event", VOIDED | {"voided_by": None}, "ck_event_void_says_who_and_why"),
    ("event", VOIDED | {"void_reason": None}, "ck_event_void_says_who_and_why"),
    ("infusion", {"state": "deleted"}, "ck_infusion_state_allowed"),
    ("infusion", {"corrects_id": 1}, "ck_infusion_correction_has_reason"),
    ("infusion", {"reason": "Typo"}, "ck_infusion_correction_has_reason"),
    ("infusion", CORRECTION | {"reason": ""}, "ck_infusion_correction_has_reason"),
    ("infusion", CORRECTION | {"corrects_id": 9}, "fk_infusion_corrects_id"),
    ("infusion", VOID | {"void_reason": None}, "ck_infusion_void"),
    ("infusion", VOID | {"void_reason": ""}, "ck_infusion_void_has_reason"),
    ("infusion", VOID | {"state": "current"}, "ck_infusion_void_has_reason"),
    ("infusion", VOID | {"voided_by": None}, "ck_infusion_void_says_who_and_when"),
    ("infusion", {"recorded_by": ""}, "ck_infusion_recorded_by_someone"),
    ("assessment", {"course_id": 9}, "fk_assessment_course_id"),
    ("assessment", {"completed_minute": MINUTE}, "uq_assessment_current"),
    ("assessment", {"submission_id": "s1"}, "assessment.submission_id"),
    ("assessment", {"measure": "gad7"}, "ck_assessment_recall_window_of_measure"),
    (
        "assessment",
        {"recall_window": "past_week"},
        "ck_assessment_recall_window_of_measure",
    ),
    (
        "assessment",
        PCL5 | {"recall_window": "two_weeks"},
        "ck_assessment_recall_window_of_measure",
    ),
    ("assessment", {"answers": "30120010"}, "ck_assessment_phq9"),
    ("assessment", {"answers": "3012001030"}, "ck_assessment_phq9"),
    ("assessment", {"answers": "301200143", "total": 14}, "ck_assessment_phq9_answers"),
    ("assessment", {"answers": "30120010 "}, "ck_assessment_phq9"),
    ("assessment", {"total": 11}, "ck_assessment_phq9_answers"),
    ("assessment", {"total": None}, "ck_assessment_phq9_answers"),
    ("assessment", {"answered": 8}, "ck_assessment_phq9_answers"),
    ("assessment", {"answered": None}, "ck_assessment_phq9_answers"),
    ("assessment", GAPS | {"total": 7}, "ck_assessment_phq9_answers"),
    ("assessment", {"item_9": 2}, "ck_assessment_phq9_item_9"),
    ("assessment", {"item_9": None}, "ck_assessment_phq9_item_9"),
    ("assessment", GAPS | {"item_9": 0}, "ck_assessment_phq9_item_9"),
    ("assessment", TOTAL_ONLY | {"item_9": 0}, "ck_assessment_phq9_item_9"),
    ("assessment", TOTAL_ONLY | {"total": 28}, "ck_assessment_phq9_total_range"),
    ("assessment", TOTAL_ONLY | {"total": -1}, "ck_assessment_phq9_total_range"),
    ("assessment", TOTAL_ONLY | {"total": None}, "ck_assessment_answers_or_total"),
    ("assessment", TOTAL_ONLY | {"answered": 9}, "ck_assessment_answers_or_total"),
    ("assessment", PCL5 | {"answers": "5" * 20}, "ck_assessment_pcl5"),
    ("assessment", PCL5 | {"answers": "4" * 19}, "ck_assessment_pcl5_answers"),
    ("assessment", PCL5 | {"item_9": 4}, "ck_assessment_pcl5_item_9"),
    (
        "assessment",
        PCL5 | TOTAL_ONLY | {"total": 81},
        "ck_assessment_pcl5_total_range",
    ),
    ("assessment", PCL5 | {"difficulty": 1}, "ck_assessment_pcl5_no_difficulty"),
    ("assessment", {"difficulty": 4}, "ck_assessment_difficulty_range"),
    ("assessment", {"source": "guess"}, "ck_assessment_source_allowed"),
    (
        "assessment",
        GAPS | {"partial_reason": "tired"},
        "ck_assessment_partial_reason_allowed",
    ),
    ("assessment", {"completed_minute": -1}, "ck_assessment_completed_since_1970"),
    ("assessment", {"completed_offset": 1440}, "ck_assessment_offset_in_a_day"),
    ("assessment", {"state": "draft"}, "ck_assessment_state_allowed"),
    ("assessment", {"corrects_id": 1}, "ck_assessment_correction_has_reason"),
    ("assessment", CORRECTION | {"reason": ""}, "ck_assessment_correction_has_reason"),
    ("assessment", CORRECTION | {"corrects_id": 9}, "fk_assessment_corrects_id"),
    ("assessment", VOID | {"void_reason": None}, "ck_assessment_void"),
    ("assessment", VOID | {"void_reason": ""}, "ck_assessment_void_has_reason"),
    ("assessment", {"state": "void"}, "ck_assessment_void_has_reason"),
    ("assessment", VOID | {"voided_at": None}, "ck_assessment_void_says_who_and_when"),
    ("assessment", {"recorded_by": ""}, "ck_assessment_recorded_by_someone"),
    ("event", {"course_id": 9}, "fk_event_course_id"),
    ("event", {"day": -1}, "ck_event_day_since_1970"),
    ("event", {"kind": "party"}, "ck_event_kind_allowed"),
    ("event", {"description": ""}, "ck_event_description_given"),
    ("alert", {"assessment_id": 9}, "fk_alert_assessment_id"),
    ("alert", {"assessment_id": 1}, "alert.assessment_id, alert.kind"),
    ("alert", {"kind": "item_1"}, "ck_alert_kind_allowed"),
    ("alert", CLOSED | {"action": "none"}, "ck_alert_action_allowed"),
    ("alert", CLOSED | {"action": None}, "ck_alert_closed_says_what_and_who"),
    ("alert", CLOSED | {"closed_by": None}, "ck_alert_closed_says_what_and_who"),
    ("alert", {"action": "referred"}, "ck_alert_closed_says_what_and_who"),
    ("alert", SEEN | {"seen_by": None}, "ck_alert_seen_by_someone"),
    ("audit_entry", {"hash": "1" * 64}, "audit_entry.hash"),
    ("audit_entry", {"previous_hash": "0" * 64}, "audit_entry.previous_hash"),
    ("site", {"name": "South"}, "site.name"),
    ("site", {"name": ""}, "ck_site_name_given"),
    ("patient", {"site_id": 9}, "fk_patient_site_id"),
    ("course", {"site_id": 9}, "fk_course_site_id"),
    ("account", {"login": "lee"}, "account.login"),
    ("account", {"login": "Roe"}, "ck_account_login_lower_case"),
    ("account", {"login": ""}, "ck_account_login_lower_case"),
    ("account", {"name": ""}, "ck_account_name_given"),
    ("account", {"password_set_at": None}, "ck_account_password_dated"),
    ("account", {"password_hash": None}, "ck_account_password_dated"),
    ("account_role", {"account_id": 9}, "fk_account_role_account_id"),
    ("account_role", {"role": "clinician"}, "pk_account_role"),
    ("account_role", {"role": "Lead"}, "ck_account_role_role_allowed"),
    # Nobody is given by an account what belongs to the machinery alone.
    ("account_role", {"role": "kiosk"}, "ck_account_role_role_allowed"),
    ("account_role", {"role": "door"}, "ck_account_role_role_allowed"),
    ("account_role", {"role": "operator"}, "ck_account_role_role_allowed"),
    ("account_site", {"account_id": 9}, "fk_account_site_account_id"),
    ("account_site", {"site_id": 9}, "fk_account_site_site_id"),
    ("account_site", {"site_id": 1}, "pk_account_site"),
    ("recovery_code", {"account_id": 9}, "fk_recovery_code_account_id"),
    ("recovery_code", {"code_hash": "1" * 64}, "recovery_code.code_hash"),
    ("invitation", {"account_id": 9}, "fk_invitation_account_id"),
    ("invitation", {"token_hash": "1" * 64}, "invitation.token_hash"),
    ("external_identity", {"account_id": 9}, "fk_external_identity_account_id"),
    ("external_identity", {"subject": "1"}, "pk_external_identity"),
    ("known_device", {"account_id": 9}, "fk_known_device_account_id"),
    ("known_device", {"token_hash": "1" * 64}, "pk_known_device"),
    ("pending_sign_in", {"account_id": 9}, "fk_pending_sign_in_account_id"),
    ("pending_sign_in", {"token_hash": "1" * 64}, "pk_pending_sign_in"),
    ("attempt", {"bucket": "1" * 64}, "pk_attempt"),
    ("setting", {"name": "idle_minutes"}, "pk_setting"),
    (
        "quality_exclusion",
        {"patient_id": "nobody"},
        "fk_quality_exclusion_patient_id",
    ),
    (
        "quality_exclusion",
        {"code": "psychosis"},
        "ck_quality_exclusion_code_allowed",
    ),
    ("quality_exclusion", {"code": "bipolar"}, "uq_quality_exclusion_standing"),
    (
        "quality_exclusion",
        {"recorded_by": ""},
        "ck_quality_exclusion_recorded_by_someone",
    ),
    (
        "quality_exclusion",
        VOIDED | {"void_reason": ""},
        "ck_quality_exclusion_void_says_who_and_why",
    ),
    (
        "quality_exclusion",
        VOIDED | {"voided_by": None},
        "ck_quality_exclusion_void_says_who_and_why",
    ),
    (
        "quality_exclusion",
        VOIDED | {"voided_at": None},
        "ck_quality_exclusion_void_says_who_and_why",
    ),
    ("snapshot", {"hash": "1" * 64}, "snapshot.hash"),
    ("snapshot", {"hash": "2" * 63}, "ck_snapshot_hash_whole"),
    ("encounter", {"course_id": 9}, "fk_encounter_course_id"),
    ("encounter", {"opened_by": 9}, "fk_encounter_opened_by"),
    ("encounter", {"link_hash": "1" * 64}, "encounter.link_hash"),
    ("encounter", ENDED | {"ended_at": None}, "ck_encounter_end_has_reason"),
    ("encounter", ENDED | {"ended_why": None}, "ck_encounter_end_has_reason"),
    ("encounter_form", {"encounter_id": 9}, "fk_encounter_form_encounter_id"),
    ("encounter_form", {"assessment_id": 9}, "fk_encounter_form_assessment_id"),
    ("encounter_form", {"position": 1}, "pk_encounter_form"),
    ("session", {"account_id": 9}, "fk_session_account_id"),
    ("session", KIOSK | {"encounter_id": 9}, "fk_session_encounter_id"),
    ("session", {"token_hash": "1" * 64}, "session.token_hash"),
    ("session", {"encounter_id": 1}, "ck_session_of_an_account_or_an_encounter"),
    ("session", {"account_id": None}, "ck_session_of_an_account_or_an_encounter"),
    ("session", ENDED | {"ended_at": None}, "ck_session_end_has_reason"),
    ("session", ENDED | {"ended_why": None}, "ck_session_end_has_reason"),
]


@pytest.fixture
def connection(migrated_url):
    engine = open_database(migrated_url)
    with reading(engine, TESTER) as connection:
        write_right_rows(connection)
        yield connection
        connection.rollback()
    engine.dispose()


def write_right_rows(connection):
    for name, row in RIGHT.items():
        connection.execute(insert(metadata.tables[name]).values(row))
        if name in ("course", "assessment"):
            connection.execute(another(name, {}))


def another(name, changes):
    row = RIGHT[name] | ANOTHER[name] | changes
    return insert(metadata.tables[name]).values(row)


def refusal(connection, statement):
    """Return what the database says against a statement; None if it takes it."""
    with connection.begin_nested() as attempt:
        try:
            connection.execute(statement)
        except IntegrityError as error:
            return str(error.orig)
        finally:
            attempt.rollback()
    return None


def test_right_rows_are_taken(connection):
    refused = {}
    for name, changes in ALLOWED:
        also = THIRD.get(name, {}) | changes
        said = refusal(connection, another(name, also))
        if said:
            refused[name, str(changes)] = said
    assert refused == {}


def test_every_wrong_row_is_refused_by_the_constraint_for_it(connection):
    wrong = {}
    for name, changes, constraint in REFUSED:
        also = THIRD.get(name, {}) | changes
        said = refusal(connection, another(name, also))
        if not says(said, constraint):
            wrong[name, str(changes)] = said
    assert wrong == {}


def says(said, constraint):
    """Whether a refusal names the constraint, as far as the database tells."""
    if said is None:
        return False
    if "FOREIGN KEY constraint failed" in said:
        return constraint.startswith("fk_")
    if "UNIQUE constraint failed" in said:
        return "." in constraint or constraint.startswith(("uq_", "pk_"))
    columns = constraint.replace(".", "_").split(", ")
    names = [columns[0], *(c.split("_", 1)[1] for c in columns[1:])]
    return all(name in said for name in names)


def test_every_table_of_facts_has_a_right_row():
    derived = {"course_progress", "course_scores", "course_scores_version"}
    assert set(metadata.tables) - derived == set(RIGHT) == set(ANOTHER)


def test_every_check_has_a_wrong_row_that_it_refuses():
    checks = {
        constraint.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    provoked = {constraint for _, _, constraint in REFUSED}
    assert {check for check in checks if check not in provoked} == set()


KEPT = ("infusion", "assessment", "audit_entry", "snapshot", "quality_exclusion")
NEVER_DELETED = (*KEPT, "account", "site", "encounter", "alert", "event")


def test_a_record_cannot_be_deleted(connection):
    for name in NEVER_DELETED:
        with (
            pytest.raises(DBAPIError, match="records are kept"),
            connection.begin_nested(),
        ):
            connection.execute(delete(metadata.tables[name]))


@pytest.mark.postgresql
@pytest.mark.parametrize("name", NEVER_DELETED)
def test_postgresql_does_not_empty_a_table_of_records_either(
    migrated_postgresql_url, name
):
    engine = open_database(migrated_postgresql_url)
    with (
        engine.connect() as connection,
        pytest.raises(DBAPIError, match="records are kept"),
    ):
        connection.execute(text(f"TRUNCATE {name} CASCADE"))
    engine.dispose()


def test_a_record_cannot_be_rewritten_but_for_how_it_stands(connection):
    standing = {"state", "void_reason", "voided_at", "voided_by"}
    for name in KEPT:
        table = metadata.tables[name]
        for column in table.c:
            statement = update(table).values({column.name: column})
            if column.name in standing:
                connection.execute(statement)
                continue
            with (
                pytest.raises(DBAPIError, match="records are kept"),
                connection.begin_nested(),
            ):
                connection.execute(statement)


def test_a_record_may_be_superseded_or_withdrawn(connection):
    table = metadata.tables["assessment"]
    connection.execute(update(table).where(table.c.id == 1).values(state="superseded"))
    connection.execute(update(table).where(table.c.id == 2).values(**VOID))
    states = connection.scalars(select(table.c.state).order_by(table.c.id)).all()
    assert states == ["superseded", "void"]


def test_an_account_a_site_and_an_encounter_may_change(connection):
    for name in ("account", "site", "encounter"):
        table = metadata.tables[name]
        changed = {c.name: c for c in table.c if not c.primary_key}
        assert connection.execute(update(table).values(changed)).rowcount


@pytest.mark.parametrize("name", NEVER_DELETED)
def test_sqlite_does_not_replace_a_record_either(migrated_sqlite_url, name):
    engine = open_database(migrated_sqlite_url)
    with engine.connect() as connection:
        write_right_rows(connection)
        replace = text(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
        with pytest.raises(DBAPIError, match="records are kept"):
            connection.execute(replace)
    engine.dispose()


def test_a_patient_with_records_cannot_be_deleted(connection):
    for name in ("patient", "course"):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(delete(metadata.tables[name]))


def test_derived_rows_may_be_made_anew(connection):
    rebuild_course_scores(connection)
    rebuild_course_scores(connection)
    scores = metadata.tables["course_scores"]
    assert connection.execute(select(scores)).all()
