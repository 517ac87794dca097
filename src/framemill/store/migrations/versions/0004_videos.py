"""Workspaces, collections, videos and uploads; jobs and artifacts that belong to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    """New tables first; columns of `jobs` one by one, as much hangs on it; `artifacts` made anew."""
    _workspaces()
    _videos()
    _uploads()
    for name in ("workspace_id", "video_id"):
        op.add_column("jobs", sa.Column(name, _ID, nullable=True))
    _index("jobs", ["workspace_id", "state", "id"], "workspace_id IS NOT NULL")
    _index("jobs", ["video_id", "id"], "video_id IS NOT NULL")
    with op.batch_alter_table("artifacts") as table:
        table.alter_column("job_id", existing_type=_ID, nullable=True)
        table.drop_constraint("fk_artifacts_job_id_jobs", type_="foreignkey")
        table.create_foreign_key("fk_artifacts_job_id_jobs", "jobs", ["job_id"], ["id"], ondelete="SET NULL")
        table.add_column(sa.Column("video_id", _ID, nullable=True))
        table.add_column(sa.Column("key", sa.Text(), nullable=True))
        table.create_foreign_key(
            "fk_artifacts_video_id_videos", "videos", ["video_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index("ix_artifacts_video_id", "artifacts", ["video_id"])


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=True),
        sa.Column("retention", sa.JSON(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("deleting_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("name", name="uq_workspaces_name"),
    )
    op.create_table(
        "collections",
        sa.Column("id", _ID, nullable=False),
        sa.Column("workspace_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("deleting_at", _TIME, nullable=True),
        _owner("collections", "workspace"),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("workspace_id", "name", name="uq_collections_workspace_id_name"),
    )
    for table in ("workspaces", "collections"):
        _index(table, ["deleting_at"], "deleting_at IS NOT NULL")


def _videos() -> None:
    op.create_table(
        "videos",
        sa.Column("id", _ID, nullable=False),
        sa.Column("workspace_id", _ID, nullable=False),
        sa.Column("collection_id", _ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("media", sa.JSON(), nullable=True),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", _TIME, nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("uploader", sa.String(length=64), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        _owner("videos", "workspace"),
        _owner("videos", "collection"),
        sa.PrimaryKeyConstraint("id", name="pk_videos"),
    )
    _index("videos", ["collection_id", "sha256"], "sha256 IS NOT NULL", unique=True)
    _index("videos", ["workspace_id", "state", "id"])
    _index("videos", ["collection_id", "state", "id"])
    op.create_index("ix_videos_usage", "videos", ["workspace_id", "collection_id", "state", "stored_bytes"])
    _index("videos", ["state", "updated_at"], "state <> 'ready'")


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", _ID, nullable=False),
        sa.Column("workspace_id", _ID, nullable=False),
        sa.Column("video_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("part_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("pipeline", sa.String(length=64), nullable=True),
        sa.Column("uploader", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("job_id", _ID, nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        _owner("uploads", "workspace"),
        _owner("uploads", "video"),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    _index("uploads", ["video_id"])
    _index("uploads", ["state", "expires_at"])
    _index("uploads", ["workspace_id", "uploader", "idempotency_key"], unique=True)


def _owner(table: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [f"{owner}_id"], [f"{owner}s.id"], name=f"fk_{table}_{owner}_id_{owner}s", ondelete="CASCADE"
    )


def _index(table: str, columns: list[str], condition: str | None = None, *, unique: bool = False) -> None:
    where = None if condition is None else sa.text(condition)
    op.create_index(
        f"ix_{table}_{'_'.join(columns)}",
        table,
        columns,
        unique=unique,
        sqlite_where=where,
        postgresql_where=where,
    )
