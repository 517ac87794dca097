"""Uploading from outside, with curl and with the program, and looking at what has arrived."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from framemill.app import App, open_app
from tests.docs.pages import DOCS
from tests.servers.serving import Serving
from tests.yards import PART, a_film, sha256

SMALL_PARTS = {"FRAMEMILL_UPLOAD_PART_BYTES": str(PART)}


def a_file(folder: Path, size: int, *, name: str = "film.mp4", salt: int = 0) -> Path:
    path = folder / name
    path.write_bytes(a_film(size, salt=salt))
    return path


def script(number: int, *, page: Path = DOCS / "uploads.md") -> str:
    """A block of bash of a page."""
    blocks: list[str] = re.findall(r"^```bash\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return blocks[number]


def run_bash(
    serving: Serving, text: str, file: Path, *, api: str | None = None
) -> dict[str, Any]:  # Any: JSON
    """What the block prints when FILE, API and KEY are set as the page says."""
    environment = {**serving.env, "FILE": str(file), "API": api or serving.api, "KEY": serving.key()}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def framemill(
    serving: Serving, *words: str | Path, program: tuple[str, str] = ("-m", "framemill"), **env: str
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *program, *map(str, words)],
        env={**serving.env, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=serving.folder,
    )


def finished(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return out


def look(serving: Serving) -> App:
    return open_app(serving.settings())


def check_all_there(serving: Serving, *files: Path) -> None:
    """Every file is a video once, byte for byte, and the store holds nothing else."""
    app = look(serving)
    try:
        stored = {blob.key: b"".join(app.blobs.read(blob.key)) for blob in app.blobs.list("")}
        digests = sorted(sha256(content) for content in stored.values())
        assert digests == sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        assert not list(app.blobs.unfinished(""))
        shelf = app.collections.get("default")
        assert (shelf.videos, shelf.stored_bytes) == (len(files), sum(map(len, stored.values())))
    finally:
        app.close()


def received(serving: Serving) -> int:
    """How many parts the store has of uploads that are under way."""
    app = look(serving)
    try:
        return sum(len(app.blobs.parts(one.key, one.upload)) for one in app.blobs.unfinished(""))
    finally:
        app.close()
