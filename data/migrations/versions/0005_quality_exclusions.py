"""Quality measures: what the practice was asked about its patients

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODES = (
    "died",
    "hospice",
    "palliative",
    "bipolar",
    "personality_disorder_labile",
    "psychotic_disorder",
    "pervasive_developmental_disorder",
    "nursing_home",
    "personality_disorder",
)
NEVER_REWRITTEN = ("id", "patient_id", "code", "day", "recorded_at", "recorded_by")


def upgrade() -> None:
    listed = ", ".join(f"'{code}'" for code in CODES)
    op.create_table(
        "quality_exclusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("voided_at", sa.DateTime(), nullable=True),
        sa.Column("voided_by", sa.Text(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            f"code IN ({listed})", name=op.f("ck_quality_exclusion_code_allowed")
        ),
        sa.CheckConstraint(
            "recorded_by <> ''",
            name=op.f("ck_quality_exclusion_recorded_by_someone"),
        ),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (void_reason IS NULL)"
            " AND (voided_at IS NULL) = (voided_by IS NULL) AND void_reason <> ''",
            name=op.f("ck_quality_exclusion_void_says_who_and_why"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
            name=op.f("fk_quality_exclusion_patient_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_exclusion")),
    )
    op.create_index(
        op.f("ix_quality_exclusion_patient_id"), "quality_exclusion", ["patient_id"]
    )
    op.create_index(
        "uq_quality_exclusion_standing",
        "quality_exclusion",
        ["patient_id", "code"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    keep_exclusions(op.get_bind().dialect.name)


def downgrade() -> None:
    raise NotImplementedError("Records are not thrown away; restore a backup instead.")


def keep_exclusions(dialect: str) -> None:
    """Let the database itself refuse to delete an exclusion, or to make it another."""
    on_postgresql = dialect == "postgresql"
    refusal = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        if on_postgresql
        else "BEGIN SELECT RAISE(ABORT, 'records are kept'); END"
    )
    changes = {
        "delete": "DELETE",
        "rewrite": f"UPDATE OF {', '.join(NEVER_REWRITTEN)}",
    }
    for name, when in changes.items():
        op.execute(
            f"CREATE TRIGGER quality_exclusion_no_{name} BEFORE {when}"
            f" ON quality_exclusion {refusal}"
        )
    if on_postgresql:
        op.execute(
            "CREATE TRIGGER quality_exclusion_no_truncate"
            " BEFORE TRUNCATE ON quality_exclusion"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
