import hashlib
from pathlib import Path

import pytest

from framemill.engine import digests
from framemill.engine.digests import digest, size_of
from framemill.errors import InputNotFound, InputUnreadable


def test_a_small_file_is_digested_whole(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"hello")

    assert digest(tmp_path / "f") == f"sha256:{hashlib.sha256(b'hello').hexdigest()}"


def test_a_large_file_is_sampled_at_start_middle_and_end(tmp_path: Path) -> None:
    file = tmp_path / "f"
    with file.open("wb") as sparse:
        sparse.truncate(digests.WHOLE_BYTES + 1)
    before = digest(file)
    changed = []
    for at in (0, file.stat().st_size // 2, file.stat().st_size - 1, 20 << 20):
        with file.open("r+b") as content:
            content.seek(at)
            content.write(b"!")
        changed.append(digest(file))

    assert before.startswith("sampled-sha256:")
    assert len({before, *changed[:3]}) == 4
    assert changed[3] == changed[2]  # between the samples nothing is read: that is the bargain


@pytest.mark.parametrize("change", ["content", "name"])
def test_a_folders_digest_covers_names_and_contents(tmp_path: Path, change: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "f").write_text("one")
    same = digest(tmp_path / "a") == digest(tmp_path / "b")
    if change == "content":
        (tmp_path / "b" / "sub" / "f").write_text("two")
    else:
        (tmp_path / "b" / "sub" / "f").rename(tmp_path / "b" / "sub" / "g")

    assert same
    assert digest(tmp_path / "a") != digest(tmp_path / "b")
    assert size_of(tmp_path / "a") == 3


def test_what_may_never_end_is_not_read() -> None:
    with pytest.raises(InputUnreadable, match="not a regular file"):
        digest(Path("/dev/zero"))


def test_a_file_that_is_gone_is_an_input_not_found(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound):
        digest(tmp_path / "gone.mp4")
