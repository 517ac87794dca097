"""States of videos and of uploads, what may follow what, and which names and texts they may have.

What a file's name and first bytes tell of its kind is `domain.sniffing`'s.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final
from uuid import UUID

from framemill.errors import IllegalTransition, InvalidSpec

DEFAULT_WORKSPACE: Final = "default"
DEFAULT_COLLECTION: Final = "uploads"

_WORKSPACE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_LONGEST_COLLECTION_NAME = 128
_LONGEST_TITLE = 300
_LONGEST_NOTES = 20_000
_LONGEST_FILENAME = 255
# Joiners make one sign of several, in emoji and in Indic scripts.
_INVISIBLE = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{NO-BREAK SPACE}"


class VideoState(StrEnum):
    """Where a video stands. Its jobs do not change it: whatever they do, the original is there."""

    UPLOADING = "uploading"  # its original is on the way
    READY = "ready"  # its original is stored and verified
    FAILED = "failed"  # its original did not come
    DELETING = "deleting"  # nobody sees it any more; its bytes are going


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "open"  # takes parts
    COMPLETING = "completing"  # its parts are made one file and verified
    COMPLETED = "completed"
    ABORTED = "aborted"  # by its sender, or because its time ran out
    FAILED = "failed"  # what came was not what was announced

    @property
    def ended(self) -> bool:
        """True where nothing follows."""
        return not UPLOAD_NEXT[self]


VIDEO_NEXT: dict[VideoState, frozenset[VideoState]] = {
    VideoState.UPLOADING: frozenset({VideoState.READY, VideoState.FAILED, VideoState.DELETING}),
    VideoState.READY: frozenset({VideoState.DELETING}),
    # A download that is tried again may succeed.
    VideoState.FAILED: frozenset({VideoState.UPLOADING, VideoState.READY, VideoState.DELETING}),
    VideoState.DELETING: frozenset(),
}

UPLOAD_NEXT: dict[UploadState, frozenset[UploadState]] = {
    UploadState.OPEN: frozenset({UploadState.COMPLETING, UploadState.ABORTED, UploadState.FAILED}),
    # Open again where a part was missing, or where who completed it died.
    UploadState.COMPLETING: frozenset(
        {UploadState.COMPLETED, UploadState.OPEN, UploadState.ABORTED, UploadState.FAILED}
    ),
    UploadState.COMPLETED: frozenset(),
    UploadState.ABORTED: frozenset(),
    UploadState.FAILED: frozenset(),
}


def next_video_state(now: VideoState, then: VideoState) -> VideoState:
    """`then`; IllegalTransition where no edge leads there."""
    if then not in VIDEO_NEXT[now]:
        raise IllegalTransition(f"a video that is {now} cannot become {then}")
    return then


def next_upload_state(now: UploadState, then: UploadState) -> UploadState:
    """`then`; IllegalTransition where no edge leads there."""
    if then not in UPLOAD_NEXT[now]:
        raise IllegalTransition(f"an upload that is {now} cannot become {then}")
    return then


def workspace_name(text: str) -> str:
    """`text` itself; InvalidSpec where it is no name of a workspace."""
    if not _WORKSPACE_NAME.fullmatch(text) or is_id(text):
        raise InvalidSpec(
            f"{text[:80]!r} is not a name of a workspace",
            hint="take lower-case letters, digits and dashes, at most 64, with a letter or digit at each end",
        )
    return text


def collection_name(text: str) -> str:
    """`text` with single spaces; InvalidSpec where it is no name of a collection."""
    name = _line(text, what="a name of a collection", longest=_LONGEST_COLLECTION_NAME)
    if is_id(name):
        raise InvalidSpec(f"{name!r} is not a name of a collection: it looks like an id")
    return name


def checked_title(text: str) -> str:
    """`text` with single spaces; InvalidSpec where it is no title."""
    return _line(text, what="a title", longest=_LONGEST_TITLE)


def checked_notes(text: str) -> str:
    """`text` with plain line ends; InvalidSpec where it is too long or not text."""
    notes = unicodedata.normalize("NFC", "\n".join(text.splitlines())).strip()
    if len(notes) > _LONGEST_NOTES:
        raise InvalidSpec(f"notes of {len(notes)} characters are too long", hint=f"at most {_LONGEST_NOTES}")
    if not all(_prints(char) or char in "\n\t" for char in notes):
        raise InvalidSpec("the notes hold characters that are not text")
    return notes


def checked_filename(text: str) -> str:
    """What a file is called, without the folders before it; InvalidSpec where nothing is left.

    It is kept for people and never becomes a path here. What cannot be
    printed is replaced, as names on disks need not be text.
    """
    last = re.split(r"[/\\]", text)[-1]
    name = "".join(char if _prints(char) else "\N{REPLACEMENT CHARACTER}" for char in last).strip()
    if not _shows(name.strip(".")):
        raise InvalidSpec("a file needs a name")
    if len(name) > _LONGEST_FILENAME:
        raise InvalidSpec(
            f"the file's name has {len(name)} characters", hint=f"at most {_LONGEST_FILENAME} are taken"
        )
    return name


def title_from(filename: str) -> str:
    """What a video is called whose owner has not said: its file's name without the ending."""
    stem = filename.rpartition(".")[0] or filename
    line = _spaced(stem)[:_LONGEST_TITLE].strip(" ")
    return line if _shows(line) else _spaced(filename)


def is_id(text: str) -> bool:
    """True for what is an id in any spelling, and so cannot be a name."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _line(text: str, *, what: str, longest: int) -> str:
    line = _spaced(text)
    if not _shows(line) or len(line) > longest or not all(map(_prints, line)):
        raise InvalidSpec(
            f"{text[:80]!r} is not {what}", hint=f"take 1 to {longest} characters of text on one line"
        )
    return line


def _spaced(text: str) -> str:
    return re.sub(" {2,}", " ", unicodedata.normalize("NFC", text)).strip(" ")


def _shows(line: str) -> bool:
    return bool(line.strip(f" {_INVISIBLE}"))


def _prints(char: str) -> bool:
    return char.isprintable() or char in _INVISIBLE
