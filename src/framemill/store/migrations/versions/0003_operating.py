"""Operating a queue: pauses, costs, and indexes for listings and statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_QUEUED, _ENDED, _IN_BATCH = (
    sa.text(condition)
    for condition in ("state = 'queued'", "finished_at IS NOT NULL", "batch_id IS NOT NULL")
)


def upgrade() -> None:
    """Add columns one by one: making `jobs` anew on SQLite would delete what hangs on it."""
    for column in (
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("processing_ms", sa.BigInteger(), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
    ):
        op.add_column("jobs", column)
    for name in ("kind_id", "batch_id_state", "finished_at"):
        op.drop_index(f"ix_jobs_{name}", "jobs")
    op.create_index("ix_jobs_kind_state_id", "jobs", ["kind", "state", "id"])
    op.create_index("ix_jobs_owner_state_id", "jobs", ["owner", "state", "id"])
    for name, columns, condition in (
        ("batch_id_state_id", ["batch_id", "state", "id"], _IN_BATCH),
        ("ended", ["finished_at", "state", "kind", "processing_ms", "cost_micros"], _ENDED),
        ("priority_state_id", ["priority", "state", "id"], _QUEUED),
    ):
        op.create_index(
            f"ix_jobs_{name}", "jobs", columns, sqlite_where=condition, postgresql_where=condition
        )
    op.create_index("ix_artifacts_task_id", "artifacts", ["task_id"])
