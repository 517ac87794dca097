"""What shelves say to films that were fetched for them: kind, size, room, and what is made of each.

Fetching and storing them is `engine.bringing`'s, whose port this is; asking
for them is `services.video_downloads`'s.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from framemill.domain.media_types import media_type
from framemill.domain.sniffing import ENDINGS, check_fits, sniff
from framemill.domain.uploads import Limits, empty
from framemill.domain.videos import checked_filename, title_from
from framemill.engine.bringing import Landed, Original
from framemill.errors import InvalidUpload
from framemill.services import originals
from framemill.services.deletion import Remover
from framemill.services.upload_ends import Start

_LONGEST_NAME = 240  # so that an ending fits behind it


class Landing:
    """The shelves' side of a download."""

    def __init__(self, remover: Remover, *, limits: Limits, start: Start) -> None:
        self._remover = remover
        self._limits = limits
        self._start = start

    @property
    def max_bytes(self) -> int:
        """As of uploads."""
        return self._limits.max_bytes

    def judge(self, name: str, head: bytes, size: int) -> str:
        """The name with an ending that is true; InvalidUpload, LimitExceeded where it is not taken in.

        Addresses often end in nothing that means anything: then the content
        alone decides.
        """
        if size < 1:
            raise empty(name)
        self._limits.check_size(name, size)
        stem, _, ending = name.rpartition(".")
        if stem and ending.lower() in ENDINGS:
            check_fits(head, self._limits.check_name(name))
            return checked_filename(name)
        shape = sniff(head)
        fitting = [word for word in self._limits.types if shape in ENDINGS[word]]
        if not fitting:
            said = f"is {shape}, which is not taken in" if shape else "begins like no film or sound"
            raise InvalidUpload(f"{name!r} {said}", hint=f"upload_types is {', '.join(self._limits.types)}")
        return checked_filename(f"{name[:_LONGEST_NAME]}.{fitting[0]}")

    def arrive(self, session: Session, video_id: str, original: Original, *, now: datetime) -> Landed:
        """Make the video ready, or find the one that has the content; VideoNotFound, QuotaExceeded."""
        video, duplicate = originals.arrive(
            session,
            video_id,
            bytes=original.bytes,
            sha256=original.sha256,
            now=now,
            content_type=media_type(original.filename),
        )
        if not duplicate:
            video.key = original.key
            if video.title == title_from(video.filename):  # nobody gave it another
                video.title = title_from(original.filename)
            video.filename = original.filename
        return Landed(video_id=video.id, duplicate=duplicate)

    def start(self, video_id: str, *, pipeline: str | None) -> str | None:
        """Begin what is made of a new video; once, however often it is asked."""
        return self._start(video_id, pipeline=pipeline)

    def remove(self, video_id: str) -> bool:
        """Take away what is left of a video that was not needed."""
        return self._remover.remove(video_id)
