"""What becomes of videos, in the log of events; pictures a second of steps; indexes for lists of batches."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.Uuid(as_uuid=False)

_TYPE = "CASE NEW.state WHEN 'deleting' THEN 'deleted' ELSE NEW.state END"
_TOLD = "NEW.state <> OLD.state AND NEW.state IN ('ready', 'failed', 'deleting')"
_ERROR = """CASE WHEN NEW.state = 'failed' THEN json_object(
    'code', json_extract(NEW.error, '$.code'),
    'message', json_extract(NEW.error, '$.message'),
    'hint', json_extract(NEW.error, '$.hint')) END"""
_SQLITE = f"""CREATE TRIGGER video_changed AFTER UPDATE OF state ON videos WHEN {_TOLD}
BEGIN INSERT INTO job_events (video_id, workspace_id, at, type, state, data)
VALUES (NEW.id, NEW.workspace_id, NEW.updated_at, {_TYPE}, NEW.state, {_ERROR}); END"""  # noqa: S608 - constants
_POSTGRESQL = (
    f"""CREATE FUNCTION framemill_video_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO job_events_waiting (video_id, workspace_id, at, type, state, data)
        VALUES (NEW.id, NEW.workspace_id, NEW.updated_at, {_TYPE}, NEW.state,
            CASE WHEN NEW.state = 'failed' THEN json_build_object('code', NEW.error->>'code',
                'message', NEW.error->>'message', 'hint', NEW.error->>'hint') END);
    RETURN NULL;
END $$""",  # noqa: S608 - constants
    f"""CREATE TRIGGER video_changed AFTER UPDATE OF state ON videos FOR EACH ROW
WHEN ({_TOLD}) EXECUTE FUNCTION framemill_video_event()""",
)


def upgrade() -> None:
    """Rows of the log are a job's or a video's; one more column and two more indexes."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    # SQLite makes the log anew, and would not rename it while triggers of other tables write into it.
    triggers = _triggers() if sqlite else []
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    for table in ("job_events", "job_events_waiting"):
        with op.batch_alter_table(table) as batch:
            batch.alter_column("job_id", existing_type=_ID, nullable=True)
            batch.add_column(sa.Column("video_id", _ID, nullable=True))
    for statement in (*(made for _, made in triggers), *((_SQLITE,) if sqlite else _POSTGRESQL)):
        op.execute(sa.text(statement.replace(":=", r"\:=")))
    op.add_column("tasks", sa.Column("fps", sa.Double(), nullable=True))
    op.create_index("ix_batches_created_at_id", "batches", ["created_at", "id"])
    some = sa.text("batch_id IS NOT NULL")
    op.create_index(
        "ix_jobs_batch_id_workspace_id",
        "jobs",
        ["batch_id", "workspace_id"],
        sqlite_where=some,
        postgresql_where=some,
    )


def _triggers() -> list[tuple[str, str]]:
    found = op.get_bind().execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'jobs'")
    )
    return [(name, made) for name, made in found]
