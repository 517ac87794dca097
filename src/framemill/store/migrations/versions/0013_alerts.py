"""Alerts that stand, and what was said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A new table only."""
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=True),
        sa.Column("clear_since", _TIME, nullable=True),
        sa.Column("told", sa.String(length=16), nullable=False),
        sa.Column("alarmed_at", _TIME, nullable=True),
        sa.Column("to_tell", sa.String(length=16), nullable=True),
        sa.Column("tell_at", _TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_alerts"),
    )
