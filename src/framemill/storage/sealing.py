"""Encryption at rest: a file as blocks that are sealed one by one, so that a range needs only its own.

A header (which key, a salt, how many bytes), then blocks of 64 KiB, each with its
nonce before it and its tag behind. Every file has a key of its own, derived from
the salt, and a block is sealed together with its number: one that was moved, or
comes from another file, does not open. The header is sealed together with the
length, so neither does a file that was cut off. docs/decisions/0015 has the reasons.
"""

import os
import struct
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from framemill.errors import BlobDamaged, InvalidSettings
from framemill.storage.disk import Staged
from framemill.storage.folders import told

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK: Final = 64 << 10
_MAGIC: Final = b"\x89FMSEAL1\r\n\x1a\n"
_FACTS = struct.Struct(">12s8s32sIQ")  # magic, id of the key, salt, bytes in a block, bytes in all
_NONCE, _TAG, _KEY = 12, 16, 32
HEADER: Final = _FACTS.size + _NONCE + _TAG
_SEALED = _NONCE + BLOCK + _TAG
_AT_ONCE = 16  # blocks: 1 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a sealed file says about itself; true only once its blocks have opened."""

    raw: bytes
    key_id: bytes
    salt: bytes
    block: int
    bytes: int


def header_of(fd: int) -> Header | None:
    """The header of an open file; None where it is not sealed."""
    with told():
        raw = os.pread(fd, HEADER, 0)
    if not raw.startswith(_MAGIC):
        return None
    _, key_id, salt, block, size = _FACTS.unpack(raw[: _FACTS.size].ljust(_FACTS.size, b"\0"))
    return Header(raw=raw, key_id=key_id, salt=salt, block=block, bytes=size)


class Keyring:
    """The keys of an installation: the first seals, all open."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = {sha256(b"framemill storage key" + key).digest()[:8]: key for key in keys}
        self.newest = next(iter(self._keys))

    @classmethod
    def parsed(cls, text: str) -> "Keyring":
        """The keys that a setting holds, in base64 between commas; InvalidSettings."""
        try:
            keys = [b64decode(part.strip(), validate=True) for part in text.split(",")]
        except ValueError:
            keys = []
        if not keys or any(len(key) != _KEY for key in keys):
            raise InvalidSettings(
                "setting 'storage_keys': each key is 32 bytes in base64, and commas stand between them",
                hint="take the output of `openssl rand -base64 32`",
            )
        return cls(keys)

    def seal(self, staged: Staged, pieces: Iterable[bytes]) -> None:
        """Write `pieces` as a sealed file."""
        salt = os.urandom(32)
        cipher = self._cipher(self.newest, salt)
        staged.write(bytes(HEADER))
        size = 0
        for number, block in enumerate(_blocks(pieces)):
            staged.write(_sealed(cipher, block, _place(number)))
            size += len(block)
        facts = _FACTS.pack(_MAGIC, self.newest, salt, BLOCK, size)
        with told():
            os.pwrite(staged.fd, facts + _sealed(cipher, b"", facts), 0)

    def open(self, key: str, fd: int, header: Header, *, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`; BlobDamaged, InvalidSettings without its key."""
        if header.key_id not in self._keys:
            raise InvalidSettings(
                f"{key!r} is sealed with the key {header.key_id.hex()}, which is not among the keys",
                hint="add that key to FRAMEMILL_STORAGE_KEYS again",
            )
        cipher = self._cipher(header.key_id, header.salt)
        facts, seal = header.raw[: _FACTS.size], header.raw[_FACTS.size :]
        if header.block != BLOCK or os.fstat(fd).st_size != _size(header.bytes):
            raise BlobDamaged(key)
        _opened(cipher, seal, facts, key)
        stop = header.bytes if stop is None else min(stop, header.bytes)
        for first in range(start // BLOCK, _count(stop), _AT_ONCE):
            last = min(first + _AT_ONCE, _count(stop))
            with told():
                raw = os.pread(fd, (last - first) * _SEALED, HEADER + first * _SEALED)
            plain = b"".join(
                _opened(cipher, raw[at * _SEALED : (at + 1) * _SEALED], _place(first + at), key)
                for at in range(last - first)
            )
            if piece := plain[max(start - first * BLOCK, 0) : stop - first * BLOCK]:
                yield piece

    def _cipher(self, key_id: bytes, salt: bytes) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=b"framemill sealed file")
        return AESGCM(derived.derive(self._keys[key_id]))


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) >= BLOCK:
            yield bytes(rest[:BLOCK])
            del rest[:BLOCK]
    if rest:
        yield bytes(rest)


def _place(number: int) -> bytes:
    return b"block" + number.to_bytes(8)


def _count(size: int) -> int:
    return -(-size // BLOCK)


def _size(plain: int) -> int:
    return HEADER + plain + _count(plain) * (_NONCE + _TAG)


def _sealed(cipher: "AESGCM", plain: bytes, bound: bytes) -> bytes:
    # Random, not counted: the key is this file's own, and no two writers may meet in one nonce.
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound)


def _opened(cipher: "AESGCM", sealed: bytes, bound: bytes, key: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise BlobDamaged(key) from error
