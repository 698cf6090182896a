"""Snapshots: a rate as it was counted on a day, kept as it was

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_snapshot_hash_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("hash", name=op.f("uq_snapshot_hash")),
    )
    keep_snapshots(op.get_bind().dialect.name)


def downgrade() -> None:
    raise NotImplementedError("Records are not thrown away; restore a backup instead.")


def keep_snapshots(dialect: str) -> None:
    """Let the database itself refuse to delete or change a snapshot."""
    on_postgresql = dialect == "postgresql"
    refusal = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        if on_postgresql
        else "BEGIN SELECT RAISE(ABORT, 'records are kept'); END"
    )
    for name, when in (("delete", "DELETE"), ("rewrite", "UPDATE")):
        op.execute(
            f"CREATE TRIGGER snapshot_no_{name} BEFORE {when} ON snapshot {refusal}"
        )
    if on_postgresql:
        op.execute(
            "CREATE TRIGGER snapshot_no_truncate BEFORE TRUNCATE ON snapshot"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
