"""The log of what became of jobs, written by triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = sa.Uuid(as_uuid=False)

_TYPE = """CASE
    WHEN NEW.state IN ('completed', 'failed', 'cancelled', 'paused') THEN NEW.state
    WHEN OLD.state = 'paused' THEN 'resumed'
    WHEN NEW.state = 'running' THEN 'started'
    ELSE 'retried' END"""
_INTO = (
    "INSERT INTO job_events (job_id, workspace_id, at, type, state, data) VALUES (NEW.id, NEW.workspace_id,"
)
_ERROR = """CASE WHEN NEW.state = 'failed' THEN json_object(
    'code', json_extract(NEW.error, '$.code'),
    'message', json_extract(NEW.error, '$.message'),
    'hint', json_extract(NEW.error, '$.hint')) END"""
_SQLITE = (
    f"""CREATE TRIGGER job_submitted AFTER INSERT ON jobs
BEGIN {_INTO} NEW.created_at, 'submitted', NEW.state, NULL); END""",
    f"""CREATE TRIGGER job_changed AFTER UPDATE OF state ON jobs WHEN NEW.state <> OLD.state
BEGIN {_INTO} NEW.updated_at, {_TYPE}, NEW.state, {_ERROR}); END""",
    f"""CREATE TRIGGER job_planned AFTER UPDATE OF estimate ON jobs
WHEN OLD.estimate IS NULL AND NEW.estimate IS NOT NULL
BEGIN {_INTO} NEW.updated_at, 'planned', NEW.state, NULL); END""",
    f"""CREATE TRIGGER job_reprioritised AFTER UPDATE OF priority ON jobs WHEN NEW.priority <> OLD.priority
BEGIN {_INTO} NEW.updated_at, 'reprioritised', NEW.state, json_object('priority', NEW.priority)); END""",
)
# The names of the triggers say which is called; a function in PL/pgSQL is compiled once for each of them.
_POSTGRESQL = (
    f"""CREATE FUNCTION framemill_job_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said varchar := 'submitted';
    moment timestamptz := NEW.created_at;
    told json;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        moment := NEW.updated_at;
        IF TG_NAME = 'job_planned' THEN
            said := 'planned';
        ELSIF TG_NAME = 'job_reprioritised' THEN
            said := 'reprioritised';
            told := json_build_object('priority', NEW.priority);
        ELSE
            said := {_TYPE};
            IF said = 'failed' THEN
                told := json_build_object('code', NEW.error->>'code', 'message', NEW.error->>'message',
                    'hint', NEW.error->>'hint');
            END IF;
        END IF;
    END IF;
    INSERT INTO job_events_waiting (job_id, workspace_id, at, type, state, data)
        VALUES (NEW.id, NEW.workspace_id, moment, said, NEW.state, told);
    RETURN NULL;
END $$""",  # noqa: S608 - constants
    "CREATE TRIGGER job_submitted AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION framemill_job_event()",
    """CREATE TRIGGER job_changed AFTER UPDATE OF state ON jobs FOR EACH ROW
WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION framemill_job_event()""",
    """CREATE TRIGGER job_planned AFTER UPDATE OF estimate ON jobs FOR EACH ROW
WHEN (OLD.estimate IS NULL AND NEW.estimate IS NOT NULL) EXECUTE FUNCTION framemill_job_event()""",
    """CREATE TRIGGER job_reprioritised AFTER UPDATE OF priority ON jobs FOR EACH ROW
WHEN (NEW.priority <> OLD.priority) EXECUTE FUNCTION framemill_job_event()""",
)


def upgrade() -> None:
    """Two tables and triggers; jobs of before have no events."""
    for name in ("job_events", "job_events_waiting"):
        op.create_table(
            name,
            sa.Column("id", _BIG, nullable=False),
            sa.Column("job_id", _ID, nullable=False),
            sa.Column("workspace_id", _ID, nullable=True),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("type", sa.String(length=16), nullable=False),
            sa.Column("state", sa.String(length=16), nullable=False),
            sa.Column("data", sa.JSON(), nullable=True),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(sa.text(statement.replace(":=", r"\:=")))
