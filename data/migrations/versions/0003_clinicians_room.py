"""The clinician's room: vitals, screening, schedules, drafts, saved views

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VITALS = {"systolic": (40, 300), "diastolic": (20, 200), "pulse": (20, 250)}
INFUSION_COLUMNS = {
    "weight_kg": ("FLOAT", "weight_kg_range", "weight_kg BETWEEN 20 AND 350"),
    **{
        f"{vital}_{moment}": (
            "INTEGER",
            f"{vital}_{moment}_range",
            f"{vital}_{moment} BETWEEN {low} AND {high}",
        )
        for moment in ("before", "peak", "after")
        for vital, (low, high) in VITALS.items()
    },
    "dissociation": (
        "VARCHAR(10)",
        "dissociation_allowed",
        "dissociation IN ('none', 'mild', 'moderate', 'severe')",
    ),
    "adverse_event_codes": ("TEXT", None, None),
}
ALERT_ACTIONS = (
    "risk assessed, no immediate risk",
    "risk assessed, safety plan made",
    "asked again, no such thoughts reported",
    "emergency services or crisis team involved",
    "referred",
    "entered by mistake",
    "other",
)
NEVER_DELETED = ("alert", "event")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    add_columns()
    add_tables()
    widen_alert_actions(dialect)
    keep_records(dialect)


def downgrade() -> None:
    raise NotImplementedError("Records are not thrown away; restore a backup instead.")


def add_columns() -> None:
    # As plain statements: Alembic would copy the tables on SQLite and lose triggers.
    for column, (kind, name, check) in INFUSION_COLUMNS.items():
        rule = f" CONSTRAINT ck_infusion_{name} CHECK ({check})" if check else ""
        op.execute(f"ALTER TABLE infusion ADD COLUMN {column} {kind}{rule}")
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP"
    op.execute("ALTER TABLE course ADD COLUMN chronic_ptsd BOOLEAN")
    op.execute("ALTER TABLE course ADD COLUMN consent BOOLEAN")
    op.execute(f"ALTER TABLE course ADD COLUMN screened_at {moment}")
    op.execute(
        "ALTER TABLE course ADD COLUMN screened_by TEXT"
        " CONSTRAINT ck_course_screened_by_someone"
        " CHECK ((screened_at IS NULL) = (screened_by IS NULL))"
    )
    op.execute(f"ALTER TABLE event ADD COLUMN voided_at {moment}")
    op.execute("ALTER TABLE event ADD COLUMN voided_by TEXT")
    op.execute(
        "ALTER TABLE event ADD COLUMN void_reason TEXT"
        " CONSTRAINT ck_event_void_says_who_and_why"
        " CHECK ((voided_at IS NULL) = (void_reason IS NULL)"
        " AND (voided_by IS NULL) = (void_reason IS NULL))"
    )


def add_tables() -> None:
    op.create_table(
        "course_schedule",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("before_each_infusion", sa.Boolean(), nullable=True),
        sa.Column("day_after_first", sa.Boolean(), nullable=True),
        sa.Column("weeks_after_induction", sa.Text(), nullable=True),
        sa.Column("maintenance_days", sa.Integer(), nullable=True),
        sa.Column("next_infusion_day", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "maintenance_days >= 1",
            name=op.f("ck_course_schedule_maintenance_days_counted"),
        ),
        sa.CheckConstraint(
            "next_infusion_day >= 0",
            name=op.f("ck_course_schedule_next_infusion_since_1970"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_schedule_course_id")
        ),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_schedule")),
    )
    op.create_table(
        "draft",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=120), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=8), nullable=False),
        sa.Column("answers", sa.String(length=20), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=True),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_draft_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_draft_course_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "record", name=op.f("pk_draft")),
    )
    op.create_table(
        "saved_view",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_saved_view_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_saved_view")),
    )


def widen_alert_actions(dialect: str) -> None:
    listed = ", ".join(f"'{action}'" for action in ALERT_ACTIONS)
    if dialect == "postgresql":
        op.execute("ALTER TABLE alert DROP CONSTRAINT ck_alert_action_allowed")
        op.execute(
            "ALTER TABLE alert ADD CONSTRAINT ck_alert_action_allowed"
            f" CHECK (action IN ({listed}))"
        )
        return
    # SQLite changes no check; nothing refers to this table, so it is made anew.
    op.execute("DROP INDEX ix_alert_open")
    op.execute("ALTER TABLE alert RENAME TO alert_before")
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('item_9')", name=op.f("ck_alert_kind_allowed")),
        sa.CheckConstraint(
            f"action IN ({listed})", name=op.f("ck_alert_action_allowed")
        ),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by IS NULL)",
            name=op.f("ck_alert_seen_by_someone"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL)"
            " AND (closed_at IS NULL) = (action IS NULL)",
            name=op.f("ck_alert_closed_says_what_and_who"),
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_alert_assessment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "assessment_id", "kind", name=op.f("uq_alert_assessment_id_kind")
        ),
    )
    op.execute("INSERT INTO alert SELECT * FROM alert_before")
    op.execute("DROP TABLE alert_before")
    op.create_index(
        "ix_alert_open",
        "alert",
        ["assessment_id"],
        sqlite_where=sa.text("closed_at IS NULL"),
    )


def keep_records(dialect: str) -> None:
    """Let no new column of an infusion be rewritten, and no alert or event deleted."""
    on_postgresql = dialect == "postgresql"
    refusal = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        if on_postgresql
        else "BEGIN SELECT RAISE(ABORT, 'records are kept'); END"
    )
    op.execute(
        "CREATE TRIGGER infusion_no_rewrite_more BEFORE UPDATE OF"
        f" {', '.join(INFUSION_COLUMNS)} ON infusion {refusal}"
    )
    for table in NEVER_DELETED:
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refusal}"
        )
        if on_postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
