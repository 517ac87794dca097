import stat
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from framemill.app import App
from framemill.errors import InvalidSettings
from framemill.settings import Settings
from framemill.storage.secret import kept_secret


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret"

    first = kept_secret(file)

    assert kept_secret(file) == first
    assert len(first) >= 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret"]


def test_all_who_begin_at_once_get_the_same_secret(tmp_path: Path) -> None:
    file, found = tmp_path / "secret", []
    together = threading.Barrier(8)

    def begin() -> None:
        together.wait()
        found.append(kept_secret(file))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()

    with pytest.raises(InvalidSettings, match="empty"):
        kept_secret(tmp_path / "secret")


def test_the_setting_wins_and_may_hold_several(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr("the newer of two, the older of two"))

    assert App(settings).secrets == ("the newer of two", "the older of two")
    assert list(tmp_path.iterdir()) == []


def test_without_the_setting_it_is_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    assert App(settings).secrets == App(settings).secrets
    assert (tmp_path / "secret").is_file()
