"""The id that joins a request with its job and with every line of its log."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns only; what was there before has no id."""
    op.add_column("jobs", sa.Column("correlation_id", sa.String(length=64), nullable=True))
    op.add_column("job_logs", sa.Column("correlation_id", sa.String(length=64), nullable=True))
