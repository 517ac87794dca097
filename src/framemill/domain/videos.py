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
LONGEST_COLLECTION_NAME: Final = 128
LONGEST_TITLE: Final = 300
LONGEST_NOTES: Final = 20_000
_LONGEST_FILENAME = 255
# What is no text in any script: controls, what turns the direction of writing, what nobody sees. Written so
# that JSON Schema can say it. Joiners are text: they make one sign of several, in emoji and in Indic scripts.
_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_UNSEEN = r"\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_BREAKS = r"\t\n\r"
_BLANK = r" \u00a0\u1680\u2000-\u200a\u200c\u200d\u202f\u205f\u3000"
# One line of text on which there is something to see.
_ELSEWHERE = rf"{_CONTROLS}{_UNSEEN}{_BREAKS}"
LINE: Final = rf"^[^{_ELSEWHERE}]*[^{_ELSEWHERE}{_BLANK}][^{_ELSEWHERE}]*$"
LINE_OR_NOTHING: Final = rf"^[^{_ELSEWHERE}]*$"
# Lines of it, or nothing.
LINES: Final = rf"^[^{_CONTROLS}{_UNSEEN}]*$"
_LINE = re.compile(LINE)
_LINES = re.compile(LINES)
_HALF = re.compile("[\ud800-\udfff]")  # no character, and nothing that JSON Schema can name
_NO_TEXT = re.compile(f"[{_ELSEWHERE}\ud800-\udfff]")
_SEEN = re.compile(f"[^{_BLANK}]")


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
    name = checked_line(text, what="a name of a collection", longest=LONGEST_COLLECTION_NAME)
    if is_id(name):
        raise InvalidSpec(f"{name!r} is not a name of a collection: it looks like an id")
    return name


def checked_title(text: str) -> str:
    """`text` with single spaces; InvalidSpec where it is no title."""
    return checked_line(text, what="a title", longest=LONGEST_TITLE)


def checked_line(text: str, *, what: str, longest: int) -> str:
    """`text` with single spaces; InvalidSpec where it is no line of text that is `what`."""
    line = _spaced(text)
    if len(line) > longest or not _LINE.fullmatch(line) or _HALF.search(line):
        raise InvalidSpec(
            f"{text[:80]!r} is not {what}", hint=f"take 1 to {longest} characters of text on one line"
        )
    return line


def checked_notes(text: str) -> str:
    """`text` with plain line ends; InvalidSpec where it is too long or not text."""
    notes = unicodedata.normalize("NFC", "\n".join(text.splitlines())).strip()
    if len(notes) > LONGEST_NOTES:
        raise InvalidSpec(f"notes of {len(notes)} characters are too long", hint=f"at most {LONGEST_NOTES}")
    if not _LINES.fullmatch(notes) or _HALF.search(notes):
        raise InvalidSpec("the notes hold characters that are not text")
    return notes


def checked_filename(text: str) -> str:
    """What a file is called, without the folders before it; InvalidSpec where nothing is left.

    It is kept for people and never becomes a path here. What is no text
    is replaced, as names on disks need not be text.
    """
    last = re.split(r"[/\\]", text)[-1]
    name = _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", last).strip()
    if not _SEEN.search(name.strip(".")):
        raise InvalidSpec("a file needs a name")
    if len(name) > _LONGEST_FILENAME:
        raise InvalidSpec(
            f"the file's name has {len(name)} characters", hint=f"at most {_LONGEST_FILENAME} are taken"
        )
    return name


def title_from(filename: str) -> str:
    """What a video is called whose owner has not said: its file's name without the ending."""
    stem = filename.rpartition(".")[0] or filename
    line = _spaced(stem)[:LONGEST_TITLE].strip(" ")
    return line if _SEEN.search(line) else _spaced(filename)


def is_id(text: str) -> bool:
    """True for what is an id in any spelling, and so cannot be a name."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _spaced(text: str) -> str:
    return re.sub(" {2,}", " ", unicodedata.normalize("NFC", text)).strip(" ")
