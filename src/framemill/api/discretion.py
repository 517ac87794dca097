"""What of a text may leave the machine: names of files, not where they lie; nothing that lets anybody in."""

from framemill.domain.redaction import discreet

__all__ = ["discreet"]
