"""What becomes of jobs and videos, as the log of events names it."""

from enum import StrEnum


class Happening(StrEnum):
    """A change that whoever follows jobs hears of."""

    SUBMITTED = "submitted"
    PLANNED = "planned"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETRIED = "retried"
    REPRIORITISED = "reprioritised"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True where nothing follows without a retry."""
        return self in {Happening.COMPLETED, Happening.FAILED, Happening.CANCELLED}


class VideoHappening(StrEnum):
    """A change of a stored video."""

    READY = "ready"  # its original is here, and whole
    FAILED = "failed"  # the original did not come, or is none
    DELETED = "deleted"  # by somebody or by a rule; or nobody brought the original
