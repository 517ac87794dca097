"""What jobs cost in parts and who worked for them; what workspaces use by day; indexes for operators."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COST = {
    "sqlite": "CAST(round(json_extract(actual, '$.cost.{part}') * 1000000) AS INTEGER)",
    "postgresql": "CAST(round(CAST(actual -> 'cost' ->> '{part}' AS numeric) * 1000000) AS bigint)",
}


def upgrade() -> None:
    """New columns, filled from what ended jobs' records say; the index of statistics made anew."""
    for part in ("storage", "bandwidth"):
        op.add_column("jobs", sa.Column(f"{part}_micros", sa.BigInteger(), nullable=True))
    for table in ("jobs", "tasks"):
        op.add_column(table, sa.Column("worker", sa.String(length=255), nullable=True))
    found = _COST[op.get_bind().dialect.name]
    values = ", ".join(f"{part}_micros = {found.format(part=part)}" for part in ("storage", "bandwidth"))
    op.execute(f"UPDATE jobs SET {values} WHERE finished_at IS NOT NULL AND actual IS NOT NULL")  # noqa: S608 - constants
    op.drop_index("ix_jobs_ended", "jobs")
    _index(
        "ix_jobs_ended",
        "jobs",
        [
            *("finished_at", "state", "kind", "owner", "workspace_id", "worker"),
            *("processing_ms", "cost_micros", "storage_micros", "bandwidth_micros"),
        ],
        "finished_at IS NOT NULL",
    )
    _index("ix_artifacts_use", "artifacts", ["video_id", "role", "bytes"], "video_id IS NOT NULL")
    op.create_index("ix_audit_events_actor_id", "audit_events", ["actor", "id"])
    op.create_index("ix_audit_events_at_id", "audit_events", ["at", "id"])
    op.create_table(
        "workspace_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
        sa.Column("served_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "workspace_id", name="pk_workspace_days"),
    )
    op.create_index("ix_workspace_days_workspace_id_day", "workspace_days", ["workspace_id", "day"])


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
