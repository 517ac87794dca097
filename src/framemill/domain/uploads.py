"""Rules of uploads: how a file is cut into parts, and what is taken at all.

States and names are `domain.videos`'s, kinds of files `domain.sniffing`'s.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from framemill.domain.sniffing import MEDIA, MOST_OTHER, ending_of, other_ending_of
from framemill.errors import InvalidSpec, InvalidUpload, LimitExceeded, PartNotFound

MAX_PARTS = 10_000  # as S3 demands
_MIB = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a file is cut: all parts but the last are equally long."""

    bytes: int
    part_bytes: int

    @property
    def count(self) -> int:
        """How many parts there are."""
        return ceil(self.bytes / self.part_bytes)

    def start_of(self, number: int) -> int:
        """Where part `number` begins in the file; numbers begin at 1. PartNotFound."""
        if not 1 <= number <= self.count:
            raise PartNotFound(number, count=self.count)
        return (number - 1) * self.part_bytes

    def bytes_of(self, number: int) -> int:
        """How long part `number` is; PartNotFound."""
        return min(self.part_bytes, self.bytes - self.start_of(number))

    def missing(self, arrived: Iterable[tuple[int, int]]) -> tuple[int, ...]:
        """The numbers of which no part of the right length is among `arrived`: numbers with bytes."""
        there = dict(arrived)
        return tuple(n for n in range(1, self.count + 1) if there.get(n) != self.bytes_of(n))


def cut(size: int, *, part_bytes: int) -> Cut:
    """Parts of `part_bytes`, or larger ones in whole MiB where there would be too many."""
    least = ceil(size / MAX_PARTS)
    if least > part_bytes:
        part_bytes = ceil(least / _MIB) * _MIB
    return Cut(bytes=size, part_bytes=part_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be uploaded."""

    max_bytes: int
    types: tuple[str, ...]  # endings

    def check(self, filename: str, size: int, *, kind: str = MEDIA) -> None:
        """InvalidUpload or LimitExceeded, with the limit and its value."""
        if kind == MEDIA:
            self.check_name(filename)
        else:
            other_ending_of(filename, kind)
        if size <= 0:
            raise empty(filename)
        self.check_size(filename, size)
        if kind != MEDIA and size > MOST_OTHER:
            raise LimitExceeded(f"{filename!r} has {size:,} bytes, and {kind} may have {MOST_OTHER:,}")

    def check_name(self, filename: str) -> str:
        """The ending of the name; InvalidUpload where files of this ending are not taken."""
        try:
            return ending_of(filename, self.types)
        except InvalidUpload as error:
            raise InvalidUpload(error.message, hint=f"upload_types is {', '.join(self.types)}") from error

    def check_size(self, filename: str, size: int) -> None:
        """LimitExceeded where a file of `size` bytes is too large."""
        if size > self.max_bytes:
            raise LimitExceeded(
                f"{filename!r} has {size:,} bytes, and upload_max_bytes is {self.max_bytes:,}",
                hint="send a smaller file, or have the operator raise FRAMEMILL_UPLOAD_MAX_BYTES",
            )


def empty(filename: str) -> InvalidUpload:
    """The refusal of a file with nothing in it."""
    return InvalidUpload(f"{filename!r} is empty", hint="upload a file with at least one byte")


def checked_digest(sha256: str | None) -> str | None:
    """A SHA-256 in lower-case hex; InvalidSpec where it is something else."""
    if sha256 is None:
        return None
    digest = sha256.strip().lower().removeprefix("sha256:")
    if not _SHA256.fullmatch(digest):
        raise InvalidSpec("sha256 is 64 hexadecimal digits", hint="`sha256sum FILE` prints them")
    return digest


def spans(numbers: Sequence[int]) -> str:
    """`1-3, 7`: rising numbers in few words; of many spans the first ones."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in found[:10]]
    return ", ".join([*told, *(["…"] if len(found) > 10 else [])])
