"""The queue: turns and lanes, batches, workers, audit events."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUEUED, _READY, _LEASED = (sa.text(f"state = '{state}'") for state in ("queued", "ready", "leased"))


def upgrade() -> None:
    """Add columns one by one: making `jobs` anew on SQLite would delete what hangs on it."""
    for column in (
        sa.Column("owner", sa.String(64), nullable=False, server_default=""),
        sa.Column("batch_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("idempotency_key", sa.String(255), nullable=True),
        sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lane", sa.String(255), nullable=False, server_default=""),
    ):
        op.add_column("jobs", column)
    op.create_index("ix_jobs_owner_idempotency_key", "jobs", ["owner", "idempotency_key"], unique=True)
    op.create_index("ix_jobs_kind_id", "jobs", ["kind", "id"])
    op.create_index("ix_jobs_batch_id_state", "jobs", ["batch_id", "state"])
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])
    for names in (["priority", "turn"], ["owner", "priority", "turn"]):
        op.create_index(
            f"ix_jobs_{'_'.join(names)}", "jobs", names, sqlite_where=_QUEUED, postgresql_where=_QUEUED
        )

    for column in (
        sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lane", sa.String(255), nullable=False, server_default=""),
        sa.Column("requires", sa.String(255), nullable=False, server_default=""),
    ):
        op.add_column("tasks", column)
    op.add_column("tasks", sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_tasks_state_rank_id", "tasks")
    op.create_index(
        "ix_tasks_ready",
        "tasks",
        ["lane", "rank", "turn", "id", "resource", "requires"],
        sqlite_where=_READY,
        postgresql_where=_READY,
    )
    op.create_index(
        "ix_tasks_leased", "tasks", ["lease_expires"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )

    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("engine", sa.String(16), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wanted", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_index("ix_workers_state_seen_at", "workers", ["state", "seen_at"])
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_subject_id", "audit_events", ["subject", "id"])
    op.create_index("ix_audit_events_action_id", "audit_events", ["action", "id"])
