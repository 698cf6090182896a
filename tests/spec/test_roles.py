"""Who may do what: every function of ``data`` that takes a connection, and every role.

``yes``: done. ``no``: the role does not have the right. ``hidden``: answered as if the
record were not there, in the very words of one that is not. The record asked for is of
the first site; ``elsewhere`` is a clinician of another. A kiosk's encounter is the
record's course, and it may touch nothing but its own encounter.
"""

import ast
import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import data
from data import (
    accounts,
    alerts,
    answer_frames,
    assessments,
    attempts,
    audit,
    audit_search,
    course_scores,
    data_quality_frames,
    database,
    drafts,
    encounters,
    events,
    follow_up,
    frames,
    infusions,
    patients,
    pending,
    quality_exclusions,
    quality_frames,
    safety_frames,
    saved_views,
    schedule,
    sessions,
    settings,
    similar,
    site_frames,
    sites,
    snapshots,
)
from data.actors import (
    ADMINISTRATOR,
    CLINICIAN,
    DOOR,
    KIOSK,
    LEAD,
    OPERATOR,
    Actor,
)
from data.errors import NotAllowed, RecordError
from data.exchange import importing
from data.exchange import refused as imports_refused
from data.exchange.placing import Options
from data.exchange.problems import Problem
from data.exchange.reading import SourceFile
from data.moments import today
from data.tables import FIRST_SITE
from tests.actors import with_role
from tests.factories import add_course, at, given, phq9, practice


WHO = ("clinician", "elsewhere", "lead", "admin", "kiosk", "door", "operator")

TABLE = """
function                               | clinician | elsewhere | lead | admin | kiosk | door | operator
---------------------------------------+-----------+-----------+------+-------+-------+------+---------
patients.get_patient                   | yes | hidden | yes | no  | no  | no  | yes
patients.patient_by_record_number      | yes | hidden | yes | no  | no  | no  | yes
patients.list_patients                 | yes | hidden | yes | no  | no  | no  | yes
patients.has_patients                  | yes | hidden | yes | no  | no  | no  | yes
patients.list_clinicians               | yes | hidden | yes | no  | no  | no  | yes
patients.get_course                    | yes | hidden | yes | no  | no  | no  | yes
patients.list_courses                  | yes | hidden | yes | no  | no  | no  | yes
patients.add_patient                   | yes | hidden | no  | no  | no  | no  | yes
patients.open_course                   | yes | hidden | no  | no  | no  | no  | yes
patients.close_course                  | yes | hidden | no  | no  | no  | no  | yes
patients.reopen_course                 | yes | hidden | no  | no  | no  | no  | yes
patients.record_screening              | yes | hidden | no  | no  | no  | no  | yes
drafts.save_draft                      | yes | hidden | no  | no  | no  | no  | no
drafts.get_draft                       | yes | hidden | no  | no  | no  | no  | no
drafts.forget_draft                    | yes | hidden | no  | no  | no  | no  | no
infusions.list_infusions               | yes | hidden | yes | no  | no  | no  | yes
infusions.get_infusion                 | yes | hidden | yes | no  | no  | no  | yes
infusions.add_infusion                 | yes | hidden | no  | no  | no  | no  | yes
infusions.correct_infusion             | yes | hidden | no  | no  | no  | no  | yes
infusions.void_infusion                | yes | hidden | no  | no  | no  | no  | yes
assessments.list_assessments           | yes | hidden | yes | no  | no  | no  | yes
assessments.list_withdrawn             | yes | hidden | yes | no  | no  | no  | yes
assessments.get_assessment             | yes | hidden | yes | no  | no  | no  | yes
assessments.history                    | yes | hidden | yes | no  | no  | no  | yes
assessments.add_assessment             | yes | hidden | no  | no  | no  | no  | yes
assessments.correct_assessment         | yes | hidden | no  | no  | no  | no  | yes
assessments.void_assessment            | yes | hidden | no  | no  | no  | no  | yes
alerts.list_alerts                     | yes | hidden | yes | no  | no  | no  | yes
alerts.close_alert                     | yes | hidden | no  | no  | no  | no  | yes
alerts.note_seen                       | yes | hidden | no  | no  | no  | no  | yes
alerts.list_waits                      | no  | no     | yes | no  | no  | no  | yes
schedule.get_schedule                  | yes | hidden | yes | no  | no  | no  | yes
schedule.change_schedule               | yes | hidden | no  | no  | no  | no  | yes
schedule.list_course_days              | yes | hidden | yes | no  | no  | no  | yes
schedule.get_course_days               | yes | hidden | yes | no  | no  | no  | yes
saved_views.list_views                 | yes | yes    | yes | yes | no  | no  | no
saved_views.save_view                  | yes | yes    | yes | yes | no  | no  | no
saved_views.forget_view                | yes | yes    | yes | yes | no  | no  | no
events.list_events                     | yes | hidden | yes | no  | no  | no  | yes
events.add_event                       | yes | hidden | no  | no  | no  | no  | yes
events.void_event                      | yes | hidden | no  | no  | no  | no  | yes
events.list_withdrawn_events           | yes | hidden | yes | no  | no  | no  | yes
frames.caseload_frame                  | yes | hidden | yes | no  | no  | no  | yes
frames.latest_course_scores_frame      | yes | hidden | yes | no  | no  | no  | yes
frames.baselines_frame                 | yes | hidden | yes | no  | no  | no  | yes
frames.baseline_ids                    | yes | hidden | yes | no  | no  | no  | yes
frames.induction_infusions             | yes | hidden | yes | no  | no  | no  | yes
similar.similar_changes                | yes | hidden | yes | no  | no  | no  | yes
frames.courses_frame                   | no  | no     | yes | no  | no  | no  | yes
frames.courses_by_infusion_frame       | no  | no     | yes | no  | no  | no  | yes
frames.scores_after_frame              | no  | no     | yes | no  | no  | no  | yes
answer_frames.answers_frame            | no  | no     | yes | no  | no  | no  | yes
follow_up.follow_up_frames             | no  | no     | yes | no  | no  | no  | yes
safety_frames.item_9_frame             | no  | no     | yes | no  | no  | no  | yes
safety_frames.alerts_frame             | no  | no     | yes | no  | no  | no  | yes
safety_frames.infusion_readings_frame  | no  | no     | yes | no  | no  | no  | yes
safety_frames.latest_scores_frame      | no  | no     | yes | no  | no  | no  | yes
data_quality_frames.form_versions_frame| no  | no     | yes | no  | no  | no  | yes
data_quality_frames.infusion_days_frame| no  | no     | yes | no  | no  | no  | yes
quality_exclusions.add_exclusion       | no  | no     | yes | no  | no  | no  | yes
quality_exclusions.void_exclusion      | no  | no     | yes | no  | no  | no  | yes
quality_exclusions.list_exclusions     | no  | no     | yes | no  | no  | no  | yes
quality_exclusions.list_withdrawn_exclusions| no  | no     | yes | no  | no  | no  | yes
quality_exclusions.quality_exclusions_frame| no  | no     | yes | no  | no  | no  | yes
site_frames.course_sites_frame         | no  | no     | yes | no  | no  | no  | yes
quality_frames.quality_courses_frame   | no  | no     | yes | no  | no  | no  | yes
quality_frames.quality_forms_frame     | no  | no     | yes | no  | no  | no  | yes
exchange.importing.preview_import      | yes | hidden | no  | no  | no  | no  | yes
exchange.importing.commit_import       | yes | hidden | no  | no  | no  | no  | yes
exchange.refused.note_refused          | yes | yes    | no  | no  | no  | no  | yes
exchange.refused.refused_imports       | no  | no     | yes | no  | no  | no  | yes
snapshots.add_snapshot                 | no  | no     | yes | no  | no  | no  | yes
snapshots.list_snapshots               | no  | no     | yes | no  | no  | no  | yes
snapshots.get_snapshot                 | no  | no     | yes | no  | no  | no  | yes
snapshots.sealed_texts                 | no  | no     | yes | no  | no  | no  | yes
snapshots.score_ids_frame              | no  | no     | yes | no  | no  | no  | yes
snapshots.forms_since_frame            | no  | no     | yes | no  | no  | no  | yes
snapshots.infusions_since_frame        | no  | no     | yes | no  | no  | no  | yes
audit.list_audit_entries               | no  | no     | yes | no  | no  | no  | yes
audit.newest_hash                      | no  | no     | yes | no  | no  | no  | yes
audit.has_audit_entry                  | no  | no     | yes | no  | no  | no  | yes
audit.first_broken_entry               | no  | no     | yes | no  | no  | no  | yes
audit.note                             | yes | yes    | yes | yes | no  | no  | yes
audit_search.search_audit              | no  | no     | yes | no  | no  | no  | yes
audit_search.who_opened                | no  | no     | yes | no  | no  | no  | yes
audit_search.audit_actions             | no  | no     | yes | no  | no  | no  | yes
audit_search.record_numbers            | no  | no     | yes | no  | no  | no  | yes
encounters.open_encounter              | yes | hidden | no  | no  | no  | no  | no
encounters.begin_encounter             | no  | no     | no  | no  | no  | yes | yes
encounters.end_unfinished              | no  | no     | no  | no  | no  | yes | yes
encounters.current_encounter           | no  | no     | no  | no  | yes | no  | no
encounters.go_on                       | no  | no     | no  | no  | yes | no  | no
encounters.answer                      | no  | no     | no  | no  | yes | no  | no
encounters.step_back                   | no  | no     | no  | no  | yes | no  | no
encounters.change_answer               | no  | no     | no  | no  | yes | no  | no
encounters.finish_encounter            | no  | no     | no  | no  | yes | no  | no
encounters.stop_encounter              | no  | no     | no  | no  | yes | no  | no
sites.may_record_for                   | yes | yes    | yes | no  | no  | no  | yes
sites.list_sites                       | yes | yes    | yes | yes | no  | yes | yes
sites.sites_to_record_at               | yes | yes    | no  | no  | no  | no  | yes
sites.add_site                         | no  | no     | no  | yes | no  | no  | yes
sites.rename_site                      | no  | no     | no  | yes | no  | no  | yes
sites.move_patient                     | yes | hidden | no  | no  | no  | no  | yes
settings.read_settings                 | yes | yes    | yes | yes | no  | yes | yes
settings.change_settings               | no  | no     | no  | yes | no  | no  | yes
accounts.list_accounts                 | no  | no     | no  | yes | no  | no  | yes
accounts.get_account                   | no  | no     | no  | yes | no  | yes | yes
accounts.add_account                   | no  | no     | no  | yes | no  | yes | yes
accounts.change_account                | no  | no     | no  | yes | no  | yes | yes
accounts.disable_account               | no  | no     | no  | yes | no  | no  | yes
accounts.enable_account                | no  | no     | no  | yes | no  | no  | yes
accounts.invite                        | no  | no     | no  | yes | no  | yes | yes
accounts.has_administrator             | no  | no     | no  | yes | no  | yes | yes
accounts.credentials_of                | no  | no     | no  | no  | no  | yes | yes
accounts.credentials_by_id             | no  | no     | no  | no  | no  | yes | yes
accounts.invited_account               | no  | no     | no  | no  | no  | yes | yes
accounts.accept_invitation             | no  | no     | no  | no  | no  | yes | yes
accounts.account_for_identity          | no  | no     | no  | no  | no  | yes | yes
accounts.join_identity                 | no  | no     | no  | no  | no  | yes | yes
accounts.set_password                  | no  | no     | no  | no  | no  | yes | yes
accounts.rehash_password               | no  | no     | no  | no  | no  | yes | yes
accounts.set_second_factor             | no  | no     | no  | no  | no  | yes | yes
accounts.remove_second_factor          | no  | no     | no  | no  | no  | yes | yes
accounts.set_recovery_codes            | no  | no     | no  | no  | no  | yes | yes
accounts.recovery_codes_left           | no  | no     | no  | no  | no  | yes | yes
accounts.use_totp_step                 | no  | no     | no  | no  | no  | yes | yes
accounts.use_recovery_code             | no  | no     | no  | no  | no  | yes | yes
attempts.wait                          | no  | no     | no  | no  | no  | yes | yes
attempts.count_failure                 | no  | no     | no  | no  | no  | yes | yes
attempts.forget_failures               | no  | no     | no  | no  | no  | yes | yes
attempts.know_device                   | no  | no     | no  | no  | no  | yes | yes
attempts.is_known_device               | no  | no     | no  | no  | no  | yes | yes
pending.begin_sign_in                  | no  | no     | no  | no  | no  | yes | yes
pending.pending_account                | no  | no     | no  | no  | no  | yes | yes
pending.finish_sign_in                 | no  | no     | no  | no  | no  | yes | yes
sessions.start_session                 | no  | no     | no  | no  | no  | yes | yes
sessions.find_session                  | no  | no     | no  | no  | no  | yes | yes
sessions.live_sessions                 | no  | no     | no  | no  | no  | yes | yes
sessions.session_actor                 | no  | no     | no  | no  | no  | yes | yes
sessions.touch_session                 | no  | no     | no  | no  | no  | yes | yes
sessions.end_session                   | no  | no     | no  | no  | no  | yes | yes
sessions.end_sessions_of               | no  | no     | no  | yes | no  | yes | yes
sessions.last_sign_ins                 | no  | no     | no  | no  | no  | yes | yes
sessions.end_overdue_sessions          | no  | no     | no  | no  | no  | yes | yes
course_scores.rebuild_course_scores    | no  | no     | no  | no  | no  | no  | yes
course_scores.rebuild_if_outdated      | no  | no     | no  | no  | no  | no  | yes
"""  # noqa: E501

# Parts of the functions above, which have checked the actor when they call these.
# No page, route or command may import one: the last test of this file sees to it. The
# door alone notes in the audit who came in, and who did not.
PARTS = {
    "actors": {"actor_of", "require"},
    "asked": {"asked_once"},
    "scope": {
        "check_alert",
        "check_course",
        "check_patient",
        "check_record",
        "own_site",
        "within_reach",
        "sites_reached",
    },
    "records": {"recorder", "submitted_id", "void_record"},
    "audit": {"add_audit_entry"},
    "alerts": {"carry_alert", "open_item_9_alert", "withdraw_alert"},
    "assessments": {
        "current_assessment_row",
        "insert_assessment",
        "move_assessments",
        "supersede_assessment",
    },
    "infusions": {"current_infusion_row", "insert_infusion"},
    "settings": {"stored_settings"},
    "sessions": {"kiosk_identity"},
    "course_scores": {"derive_course_scores", "refresh_course_scores"},
    "frames": {"read_frame"},
    "exchange.bulk": {"insert_many", "stored"},
    "exchange.kept": {"kept_in"},
    "exchange.placing": {"make_plan"},
    "exchange.writing": {"write_plan"},
}

DOORS_OWN = {"audit.add_audit_entry"}

SCORES = {"measure": "phq9", "recall_window": "two_weeks"}
RATE = {**SCORES, "timepoint": "after_infusion_1"}
FORMS = [("phq9", "two_weeks")]
FACTOR = {"secret": "S", "step": 1, "code_hashes": ["c"]}
NEVER_INVITED = "0" * 43
DRAFT = drafts.Draft("1-phq9", "phq9", (1,) * 9, None, "t1")


@dataclass
class World:
    """A practice of two sites, and the ids that a test asks for."""

    patient_id: str
    course_id: int
    infusion_id: int
    assessment_id: int
    alert_id: int
    event_id: int
    account_id: int
    session_id: int
    invitation: str
    link: str
    batch: object
    saved: snapshots.Snapshot
    exclusion_id: int


DO = {
    "patients.get_patient": lambda c, w: patients.get_patient(c, w.patient_id),
    "patients.patient_by_record_number": lambda c, w: patients.patient_by_record_number(
        c, "a"
    ),
    "patients.list_patients": lambda c, w: patients.list_patients(c),
    "patients.has_patients": lambda c, w: patients.has_patients(c),
    "patients.list_clinicians": lambda c, w: patients.list_clinicians(c),
    "patients.get_course": lambda c, w: patients.get_course(c, w.course_id),
    "patients.list_courses": lambda c, w: patients.list_courses(c, w.patient_id),
    "patients.add_patient": lambda c, w: patients.add_patient(
        c, record_number="new", site_id=FIRST_SITE
    ),
    "patients.open_course": lambda c, w: patients.open_course(
        c, patient_id=w.patient_id, indication="ptsd"
    ),
    "patients.close_course": lambda c, w: patients.close_course(
        c, w.course_id, closed=today(), reason="Ended"
    ),
    "patients.reopen_course": lambda c, w: patients.reopen_course(c, w.course_id),
    "patients.record_screening": lambda c, w: patients.record_screening(
        c, w.course_id, patients.Screening(consent=True)
    ),
    "drafts.save_draft": lambda c, w: drafts.save_draft(c, w.course_id, DRAFT),
    "drafts.get_draft": lambda c, w: drafts.get_draft(c, w.course_id, DRAFT.record),
    "drafts.forget_draft": lambda c, w: drafts.forget_draft(
        c, w.course_id, DRAFT.record
    ),
    "infusions.list_infusions": lambda c, w: infusions.list_infusions(c, w.course_id),
    "infusions.get_infusion": lambda c, w: infusions.get_infusion(c, w.infusion_id),
    "infusions.add_infusion": lambda c, w: infusions.add_infusion(
        c, course_id=w.course_id, facts=given(at("5"))
    ),
    "infusions.correct_infusion": lambda c, w: infusions.correct_infusion(
        c, w.infusion_id, facts=given(at("1")), reason="Wrong"
    ),
    "infusions.void_infusion": lambda c, w: infusions.void_infusion(
        c, w.infusion_id, reason="Wrong"
    ),
    "assessments.list_assessments": lambda c, w: assessments.list_assessments(
        c, w.course_id
    ),
    "assessments.list_withdrawn": lambda c, w: assessments.list_withdrawn(
        c, w.course_id
    ),
    "assessments.get_assessment": lambda c, w: assessments.get_assessment(
        c, w.assessment_id
    ),
    "assessments.history": lambda c, w: assessments.history(c, w.assessment_id),
    "assessments.add_assessment": lambda c, w: assessments.add_assessment(
        c, course_id=w.course_id, facts=phq9(at("6"), 10)
    ),
    "assessments.correct_assessment": lambda c, w: assessments.correct_assessment(
        c, w.assessment_id, facts=phq9(at("1"), 11), reason="Wrong"
    ),
    "assessments.void_assessment": lambda c, w: assessments.void_assessment(
        c, w.assessment_id, reason="Wrong"
    ),
    "alerts.list_alerts": lambda c, w: alerts.list_alerts(c),
    "alerts.close_alert": lambda c, w: alerts.close_alert(
        c, w.alert_id, action="referred", note=""
    ),
    "alerts.note_seen": lambda c, w: alerts.note_seen(c, w.patient_id),
    "alerts.list_waits": lambda c, w: alerts.list_waits(c),
    "schedule.get_schedule": lambda c, w: schedule.get_schedule(c, w.course_id),
    "schedule.change_schedule": lambda c, w: schedule.change_schedule(
        c, w.course_id, schedule.CourseSchedule(maintenance_days=60)
    ),
    "schedule.list_course_days": lambda c, w: schedule.list_course_days(c, since_day=0),
    "schedule.get_course_days": lambda c, w: schedule.get_course_days(
        c, w.course_id, since_day=0
    ),
    "saved_views.list_views": lambda c, w: str(saved_views.list_views(c)),
    "saved_views.save_view": lambda c, w: saved_views.save_view(c, "mine", {}),
    "saved_views.forget_view": lambda c, w: saved_views.forget_view(c, "mine"),
    "events.list_events": lambda c, w: events.list_events(c, w.course_id),
    "events.add_event": lambda c, w: events.add_event(
        c, course_id=w.course_id, day=today(), kind="therapy", description="Begun"
    ),
    "events.void_event": lambda c, w: events.void_event(c, w.event_id, reason="Wrong"),
    "events.list_withdrawn_events": lambda c, w: events.list_withdrawn_events(
        c, w.course_id
    ),
    "frames.caseload_frame": lambda c, w: frames.caseload_frame(c),
    "frames.latest_course_scores_frame": lambda c, w: frames.latest_course_scores_frame(
        c
    ),
    "frames.baselines_frame": lambda c, w: frames.baselines_frame(c),
    "frames.baseline_ids": lambda c, w: frames.baseline_ids(c, w.course_id),
    "frames.induction_infusions": lambda c, w: frames.induction_infusions(
        c, w.course_id
    ),
    "similar.similar_changes": lambda c, w: similar.similar_changes(
        c, w.course_id, **SCORES, baselines=(0, 27)
    ),
    "frames.courses_frame": lambda c, w: frames.courses_frame(c, **RATE),
    "frames.courses_by_infusion_frame": lambda c, w: frames.courses_by_infusion_frame(
        c, **SCORES
    ),
    "frames.scores_after_frame": lambda c, w: frames.scores_after_frame(c, **SCORES),
    "answer_frames.answers_frame": lambda c, w: answer_frames.answers_frame(c, **RATE),
    "follow_up.follow_up_frames": lambda c, w: follow_up.follow_up_frames(c, **SCORES),
    "safety_frames.item_9_frame": lambda c, w: safety_frames.item_9_frame(c),
    "safety_frames.alerts_frame": lambda c, w: safety_frames.alerts_frame(c),
    "safety_frames.infusion_readings_frame": (
        lambda c, w: safety_frames.infusion_readings_frame(c)
    ),
    "safety_frames.latest_scores_frame": lambda c, w: safety_frames.latest_scores_frame(
        c, **SCORES
    ),
    "data_quality_frames.form_versions_frame": (
        lambda c, w: data_quality_frames.form_versions_frame(c)
    ),
    "data_quality_frames.infusion_days_frame": (
        lambda c, w: data_quality_frames.infusion_days_frame(c)
    ),
    "quality_exclusions.add_exclusion": lambda c, w: quality_exclusions.add_exclusion(
        c, patient_id=w.patient_id, code="died"
    ),
    "quality_exclusions.void_exclusion": lambda c, w: quality_exclusions.void_exclusion(
        c, w.exclusion_id, reason="Wrong"
    ),
    "quality_exclusions.list_exclusions": lambda c, w: (
        quality_exclusions.list_exclusions(c)
    ),
    "quality_exclusions.list_withdrawn_exclusions": lambda c, w: (
        quality_exclusions.list_withdrawn_exclusions(c)
    ),
    "quality_exclusions.quality_exclusions_frame": lambda c, w: (
        quality_exclusions.quality_exclusions_frame(c)
    ),
    "site_frames.course_sites_frame": (lambda c, w: site_frames.course_sites_frame(c)),
    "quality_frames.quality_courses_frame": lambda c, w: (
        quality_frames.quality_courses_frame(c)
    ),
    "quality_frames.quality_forms_frame": lambda c, w: (
        quality_frames.quality_forms_frame(c, **SCORES)
    ),
    "exchange.importing.preview_import": lambda c, w: refused(
        importing.preview_import(c, w.batch, Options(new_patients=True))
    ),
    "exchange.refused.note_refused": lambda c, w: imports_refused.note_refused(
        c, [Problem("f.csv", 2, "a", "x", "is wrong")]
    ),
    "exchange.refused.refused_imports": (
        lambda c, w: imports_refused.refused_imports(c)
    ),
    "exchange.importing.commit_import": lambda c, w: importing.commit_import(
        c, w.batch, Options(new_patients=True)
    ),
    "snapshots.add_snapshot": lambda c, w: snapshots.add_snapshot(
        c, content={}, rows={}
    ),
    "snapshots.list_snapshots": lambda c, w: snapshots.list_snapshots(c),
    "snapshots.get_snapshot": lambda c, w: snapshots.get_snapshot(c, w.saved.id),
    "snapshots.sealed_texts": lambda c, w: snapshots.sealed_texts(c, w.saved.id),
    "snapshots.score_ids_frame": lambda c, w: snapshots.score_ids_frame(c, **RATE),
    "snapshots.forms_since_frame": lambda c, w: snapshots.forms_since_frame(c, w.saved),
    "snapshots.infusions_since_frame": lambda c, w: snapshots.infusions_since_frame(
        c, w.saved
    ),
    "audit.list_audit_entries": lambda c, w: list(audit.list_audit_entries(c)),
    "audit.first_broken_entry": lambda c, w: audit.first_broken_entry(c) or "whole",
    "audit.newest_hash": lambda c, w: audit.newest_hash(c),
    "audit.has_audit_entry": lambda c, w: str(audit.has_audit_entry(c, "x")),
    "audit.note": lambda c, w: audit.note(c, audit.VIEW, "outcomes"),
    "audit_search.search_audit": lambda c, w: audit_search.search_audit(c, limit=9),
    "audit_search.who_opened": lambda c, w: audit_search.who_opened(c, w.patient_id),
    "audit_search.audit_actions": lambda c, w: audit_search.audit_actions(c),
    "audit_search.record_numbers": lambda c, w: audit_search.record_numbers(
        c, [w.patient_id]
    ),
    "encounters.open_encounter": lambda c, w: encounters.open_encounter(
        c, w.course_id, FORMS
    ),
    "encounters.begin_encounter": lambda c, w: encounters.begin_encounter(c, w.link),
    "encounters.end_unfinished": lambda c, w: encounters.end_unfinished(c, 1),
    "encounters.current_encounter": lambda c, w: encounters.current_encounter(c),
    "encounters.go_on": lambda c, w: encounters.go_on(c),
    "encounters.answer": lambda c, w: encounters.answer(c, 1, 1, 0),
    "encounters.step_back": lambda c, w: encounters.step_back(c, 1, 1),
    "encounters.change_answer": lambda c, w: encounters.change_answer(c, 1, 1),
    "encounters.finish_encounter": lambda c, w: encounters.finish_encounter(c),
    "encounters.stop_encounter": lambda c, w: encounters.stop_encounter(c),
    "sites.may_record_for": lambda c, w: sites.may_record_for(c, w.patient_id),
    "sites.list_sites": lambda c, w: sites.list_sites(c),
    "sites.sites_to_record_at": lambda c, w: sites.sites_to_record_at(c),
    "sites.add_site": lambda c, w: sites.add_site(c, "Another"),
    "sites.rename_site": lambda c, w: sites.rename_site(c, FIRST_SITE, "Renamed"),
    "sites.move_patient": lambda c, w: sites.move_patient(
        c, w.patient_id, FIRST_SITE + 1
    ),
    "settings.read_settings": lambda c, w: settings.read_settings(c),
    "settings.change_settings": lambda c, w: settings.change_settings(
        c, idle_minutes=5
    ),
    "accounts.list_accounts": lambda c, w: accounts.list_accounts(c),
    "accounts.get_account": lambda c, w: accounts.get_account(c, w.account_id),
    "accounts.add_account": lambda c, w: accounts.add_account(
        c, login="new", name="New", roles=[LEAD]
    ),
    "accounts.change_account": lambda c, w: accounts.change_account(
        c, w.account_id, name="Renamed"
    ),
    "accounts.disable_account": lambda c, w: accounts.disable_account(c, w.account_id),
    "accounts.enable_account": lambda c, w: accounts.enable_account(c, w.account_id),
    "accounts.invite": lambda c, w: accounts.invite(c, w.account_id),
    "accounts.has_administrator": lambda c, w: str(accounts.has_administrator(c)),
    "accounts.credentials_of": lambda c, w: accounts.credentials_of(c, "holder"),
    "accounts.credentials_by_id": lambda c, w: accounts.credentials_by_id(
        c, w.account_id
    ),
    "accounts.invited_account": lambda c, w: accounts.invited_account(c, w.invitation),
    "accounts.accept_invitation": lambda c, w: accounts.accept_invitation(
        c, w.invitation, "hash"
    ),
    "accounts.account_for_identity": lambda c, w: (
        accounts.account_for_identity(c, "issuer", "subject") or "nobody's"
    ),
    "accounts.join_identity": lambda c, w: accounts.join_identity(
        c, w.account_id, "issuer", "subject"
    ),
    "accounts.set_password": lambda c, w: accounts.set_password(
        c, w.account_id, "hash"
    ),
    "accounts.rehash_password": lambda c, w: accounts.rehash_password(
        c, w.account_id, "hash"
    ),
    "accounts.set_second_factor": lambda c, w: accounts.set_second_factor(
        c, w.account_id, **FACTOR
    ),
    "accounts.remove_second_factor": lambda c, w: accounts.remove_second_factor(
        c, w.account_id
    ),
    "accounts.set_recovery_codes": lambda c, w: accounts.set_recovery_codes(
        c, w.account_id, ["c"]
    ),
    "accounts.recovery_codes_left": lambda c, w: str(
        accounts.recovery_codes_left(c, w.account_id)
    ),
    "accounts.use_totp_step": lambda c, w: accounts.use_totp_step(c, w.account_id, 5),
    "accounts.use_recovery_code": lambda c, w: str(
        accounts.use_recovery_code(c, w.account_id, "c")
    ),
    "attempts.wait": lambda c, w: str(attempts.wait(c, attempts.stranger("x"))),
    "attempts.count_failure": lambda c, w: attempts.count_failure(
        c, attempts.stranger("x")
    ),
    "attempts.forget_failures": lambda c, w: attempts.forget_failures(
        c, attempts.stranger("x")
    ),
    "attempts.know_device": lambda c, w: attempts.know_device(c, w.account_id),
    "attempts.is_known_device": lambda c, w: str(
        attempts.is_known_device(c, w.account_id, "x")
    ),
    "pending.begin_sign_in": lambda c, w: pending.begin_sign_in(c, w.account_id),
    "pending.pending_account": lambda c, w: (
        pending.pending_account(c, NEVER_INVITED) or "nobody's"
    ),
    "pending.finish_sign_in": lambda c, w: pending.finish_sign_in(c, NEVER_INVITED),
    "sessions.start_session": lambda c, w: sessions.start_session(
        c, account_id=w.account_id
    ),
    "sessions.find_session": lambda c, w: (
        sessions.find_session(c, NEVER_INVITED) or "nobody's"
    ),
    "sessions.live_sessions": lambda c, w: sessions.live_sessions(c, [w.session_id]),
    "sessions.session_actor": lambda c, w: sessions.session_actor(c, w.session_id),
    "sessions.touch_session": lambda c, w: sessions.touch_session(c, w.session_id),
    "sessions.end_session": lambda c, w: sessions.end_session(
        c, w.session_id, "revoked"
    ),
    "sessions.end_sessions_of": lambda c, w: sessions.end_sessions_of(
        c, w.account_id, "revoked"
    ),
    "sessions.last_sign_ins": lambda c, w: sessions.last_sign_ins(c, w.account_id),
    "sessions.end_overdue_sessions": lambda c, w: str(sessions.end_overdue_sessions(c)),
    "course_scores.rebuild_course_scores": lambda c, w: (
        course_scores.rebuild_course_scores(c)
    ),
    "course_scores.rebuild_if_outdated": lambda c, w: str(
        course_scores.rebuild_if_outdated(c)
    ),
}


def expectations() -> list[tuple[str, str, str]]:
    _, _, *lines = TABLE.strip().splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [
        (name, who, expected)
        for name, *row in cells
        for who, expected in zip(WHO, row, strict=True)
    ]


@pytest.fixture(scope="module")
def world_url(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("roles") / "practice.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def world(world_url) -> World:
    with practice(world_url) as connection:
        sites.add_site(connection, "Elsewhere")
        course_id = add_course(connection, "a", clinician="Dr Lee")
        infusion_id = infusions.add_infusion(
            connection, course_id=course_id, facts=given(at("0 10:00"))
        )
        alarming = phq9(at("0"), answers=(1,) * 9)
        assessment_id = assessments.add_assessment(
            connection, course_id=course_id, facts=alarming
        )
        (alert,) = alerts.list_alerts(connection)
        event_id = events.add_event(
            connection,
            course_id=course_id,
            day=today(),
            kind="therapy",
            description="Begun",
        )
        account_id, session_id, invitation = an_account(connection)
        whose = patients.get_course(connection, course_id).patient_id
        world = World(
            patient_id=whose,
            course_id=course_id,
            infusion_id=infusion_id,
            assessment_id=assessment_id,
            alert_id=alert.id,
            event_id=event_id,
            account_id=account_id,
            session_id=session_id,
            invitation=invitation,
            link="",
            batch=importing.read_files([a_file_about("a")]),
            saved=snapshots.get_snapshot(
                connection, snapshots.add_snapshot(connection, content={}, rows={})
            ),
            exclusion_id=quality_exclusions.add_exclusion(
                connection, patient_id=whose, code="hospice"
            ),
        )
    world.link = a_tablet_and_a_link(world_url, course_id, account_id)
    return world


def an_account(connection):
    accounts.add_account(connection, login="root", name="Root", roles=[ADMINISTRATOR])
    account_id = accounts.add_account(
        connection, login="holder", name="Holder", roles=[LEAD]
    )
    invitation = accounts.invite(connection, account_id)
    token = sessions.start_session(connection, account_id=account_id)
    return account_id, sessions.find_session(connection, token).id, invitation


def a_tablet_and_a_link(url: str, course_id: int, account_id: int) -> str:
    """Begin encounter 1, and return a link that nobody has used yet."""
    engine = database.open_database(url)
    by = with_role(CLINICIAN, account_id=account_id)
    with database.writing(engine, by) as connection:
        first = encounters.open_encounter(connection, course_id, FORMS)
    with database.writing(engine, with_role(DOOR)) as connection:
        assert encounters.begin_encounter(connection, first) == 1
    with database.writing(engine, by) as connection:
        link = encounters.open_encounter(connection, course_id, FORMS)
    engine.dispose()
    return link


def a_file_about(number: str) -> SourceFile:
    text = f"record_number,completed_at,measure,total\n{number},2024-02-01,phq9,9\n"
    return SourceFile("forms.csv", text.encode())


def actor(who: str) -> Actor:
    return {
        "clinician": with_role(CLINICIAN, account_id=1),
        "elsewhere": with_role(CLINICIAN, sites=[FIRST_SITE + 1], account_id=1),
        "lead": with_role(LEAD, sites=[], account_id=1),
        "admin": with_role(ADMINISTRATOR, account_id=1),
        "kiosk": with_role(KIOSK, encounter_id=1),
        "door": with_role(DOOR),
        "operator": with_role(OPERATOR, sites=[]),
    }[who]


@pytest.mark.parametrize(("name", "who", "expected"), expectations())
def test_every_role_gets_from_every_function_what_the_table_says(
    world_url, world, name, who, expected
):
    assert answer(world_url, world, name, actor(who)) == expected


@pytest.mark.parametrize("name", DO)
def test_a_connection_of_nobody_may_do_nothing(world_url, world, name):
    engine = database.open_database(world_url)
    with engine.connect() as connection, pytest.raises(NotAllowed, match="Nobody"):
        DO[name](connection, world)
    engine.dispose()


def answer(url: str, world: World, name: str, who: Actor) -> str:
    """Try, take everything back, and return how it was answered."""
    engine = database.open_database(url)
    try:
        with engine.connect().execution_options(actor=who) as connection:
            return tried(connection, world, name)
    finally:
        engine.dispose()


def tried(connection, world: World, name: str) -> str:
    try:
        result = DO[name](connection, world)
    except NotAllowed:
        return "no"
    except RecordError as error:
        if str(error).startswith("There is no ") or "another site" in str(error):
            return "hidden"
        raise
    return "hidden" if is_empty(name, result) else "yes"


# What reads the records within reach, and answers with nothing where none is.
FILTERED = {
    "alerts.list_alerts",
    "frames.baselines_frame",
    "frames.caseload_frame",
    "frames.latest_course_scores_frame",
    "patients.get_patient",
    "patients.has_patients",
    "patients.list_clinicians",
    "patients.list_patients",
    "patients.patient_by_record_number",
    "schedule.list_course_days",
}


def is_empty(name: str, result: object) -> bool:
    no_rows = hasattr(result, "__len__") and len(result) == 0
    nothing = result is None or result is False or no_rows
    return name in FILTERED and nothing


def refused(preview):
    """Raise the first problem of a preview, as an import itself would."""
    if preview.problems:
        raise RecordError(preview.problems[0].sentence)
    return preview


# The walk is complete.


def functions_of_data() -> set[str]:
    """Return every public function of ``data`` whose first argument is a connection."""
    found = set()
    for info in pkgutil.walk_packages(data.__path__, "data."):
        if ".migrations" in info.name:
            continue
        module = importlib.import_module(info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = inspect.unwrap(function).__module__ == info.name
            first = next(iter(inspect.signature(function).parameters), None)
            if own and not name.startswith("_") and first == "connection":
                found.add(f"{info.name.removeprefix('data.')}.{name}")
    return found


def parts() -> set[str]:
    return {f"{module}.{name}" for module, names in PARTS.items() for name in names}


def test_every_function_is_in_the_table_or_part_of_one():
    listed = {name for name, _, _ in expectations()}
    assert listed == set(DO)
    assert functions_of_data() == listed | parts()
    assert not listed & parts()


def test_nobody_outside_data_imports_a_part():
    for path in outside_data():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "data."
            ):
                module = node.module.removeprefix("data.")
                imported = {f"{module}.{alias.name}" for alias in node.names}
                assert not imported & (parts() - DOORS_OWN), path.name


def outside_data() -> list[Path]:
    root = Path(data.__file__).parents[1]
    packages = [*(root / "views").glob("*.py"), *(root / "access").rglob("*.py")]
    return [root / "dashboard.py", root / "manage.py", *packages]
