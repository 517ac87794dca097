"""Encrypting the segments of an HLS stream with AES-128, as RFC 8216, 4.3.2.4 describes it."""

import secrets
from pathlib import Path

from framemill.commands import playlists
from framemill.engine.workbench import Workbench


def encrypt_hls(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`encrypt_hls FOLDER KEY URI`: encrypt what `out/FOLDER/master.m3u8` leads to with a new key.

    The key goes into `out/KEY`; players are told to fetch it from URI.
    Subtitles stay readable.
    """
    folder, key_file, uri = bench.scratch / "out" / argv[0], bench.scratch / "out" / argv[1], argv[2]
    key = secrets.token_bytes(16)
    key_file.write_bytes(key)
    key_file.chmod(0o600)
    master = (folder / "master.m3u8").read_text("utf-8")
    for name in dict.fromkeys(playlists.references(master)):
        listing = folder / name
        text = listing.read_text("utf-8")
        if any(segment.uri.endswith(".vtt") for segment in playlists.segments(text)):
            continue
        first = playlists.first_sequence_number(text)
        for number, segment in enumerate(playlists.segments(text), first):
            _encrypt(listing.parent / segment.uri, key, number)
        listing.write_text(playlists.with_key(text, uri), "utf-8")


def _encrypt(segment: Path, key: bytes, number: int) -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(128).padder()
    padded = padder.update(segment.read_bytes()) + padder.finalize()
    cipher = Cipher(algorithms.AES128(key), modes.CBC(number.to_bytes(16, "big"))).encryptor()
    segment.write_bytes(cipher.update(padded) + cipher.finalize())
