"""Orders of the job service."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    """A new table only."""
    op.create_table(
        "orders",
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", _ID, nullable=True),
        sa.Column("results", sa.String(length=8), nullable=False),
        sa.Column("detached", sa.Boolean(), nullable=False),
        sa.Column("held_until", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
    )
    op.create_index("ix_orders_held_until", "orders", ["held_until"])
