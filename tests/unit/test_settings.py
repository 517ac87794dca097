from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from framemill.app import open_app, read_settings
from framemill.domain.hardware import Wish
from framemill.errors import InvalidSettings
from framemill.settings import Settings, origins, shown
from framemill.settings.kinds import written


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "mill.toml").write_text(text)
    monkeypatch.setenv("FRAMEMILL_CONFIG", str(tmp_path / "mill.toml"))


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_database_is_a_file_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).sqlalchemy_url() == f"sqlite:///{tmp_path}/framemill.db"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _config(tmp_path, monkeypatch, 'max_attempts = 5\nverify = "full"\nlease_ttl = 30\n')
    monkeypatch.setenv("FRAMEMILL_MAX_ATTEMPTS", "7")

    settings = Settings()

    assert (settings.max_attempts, settings.verify, settings.sandbox) == (7, "full", "auto")
    assert settings.lease_ttl == timedelta(seconds=30)


def test_a_file_in_the_users_config_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRAMEMILL_CONFIG", raising=False)
    (tmp_path / "framemill").mkdir()
    (tmp_path / "framemill" / "framemill.toml").write_text('sandbox = "off"\n')

    assert Settings().sandbox == "off"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_attempt = 5", "max_attempt"),
        ("max_attempts = 0", "max_attempts"),
        ("max_attempts = ", r"mill\.toml: Invalid value"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    _config(tmp_path, monkeypatch, text)

    with pytest.raises(InvalidSettings, match=words):
        read_settings()


def test_a_config_file_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_CONFIG", "/nonexistent.toml")

    with pytest.raises(InvalidSettings, match=r"/nonexistent\.toml"):
        read_settings()


def test_a_password_in_the_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_DATABASE_URL", "postgresql://u:hunter2@h/d")

    assert "hunter2" not in repr(Settings())


def test_limits_reach_the_tools(tmp_path: Path) -> None:
    app = open_app(Settings(data_dir=tmp_path, memory_limit=None, stall_timeout=timedelta(seconds=9)))

    assert (app.limits.memory_bytes, app.limits.stall_s) == (None, 9.0)


def test_the_setting_takes_the_same_words_for_hardware_as_a_request() -> None:
    assert set(get_args(Settings.model_fields["hardware"].annotation)) == set(get_args(Wish))


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _config(tmp_path, monkeypatch, 'data_dir = "~/mill"\nprofiles_file = "~/mine.toml"\n')

    settings = read_settings()

    assert (settings.data_dir, settings.profiles_file) == (tmp_path / "mill", tmp_path / "mine.toml")


@pytest.mark.parametrize(
    "text",
    [
        "stall_timeout = 0",
        "wall_timeout = -5",
        "cpu_limit = 0",
        "heartbeat = 60",
        'wall_timeout = "99999999999999d"',
        "lease_ttl = 1",
        "memory_limit = 9223372036854775807",
        'data_dir = "~nobody-here/mill"',
    ],
)
def test_settings_that_would_end_all_work_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    _config(tmp_path, monkeypatch, text)

    with pytest.raises(InvalidSettings, match="setting "):
        read_settings()


@pytest.mark.parametrize(
    "settings",
    [
        {"database_url": "words"},
        {"database_url": "nosuchdatabase://u:hunter2@h/d"},
        {"data_dir": "/dev/null/below"},
    ],
)
def test_a_database_that_cannot_be_opened_is_a_matter_of_settings(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="the database cannot be opened") as caught:
        _ = open_app(Settings.model_validate(settings)).database

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("PT90S", 90),
        ("00:01:30", 90),
        ("1.5h", 5400),
    ],
)
def test_durations_are_written_as_people_do(monkeypatch: pytest.MonkeyPatch, text: str, seconds: int) -> None:
    monkeypatch.setenv("FRAMEMILL_LEASE_TTL", text)

    assert Settings().lease_ttl == timedelta(seconds=seconds)


def test_a_duration_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_LEASE_TTL", "soon")

    with pytest.raises(InvalidSettings, match="lease_ttl"):
        read_settings()


def test_jobs_can_be_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_KEEP_JOBS", "none")

    assert Settings().keep_jobs is None


@pytest.mark.parametrize("seconds", [1, 59, 60, 5400, 86_400, 90_061, 0.5])
def test_a_duration_is_shown_as_it_can_be_set(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setenv("FRAMEMILL_STALL_TIMEOUT", written(timedelta(seconds=seconds)))

    assert Settings().stall_timeout == timedelta(seconds=seconds)


def test_each_setting_says_where_it_comes_from_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _config(tmp_path, monkeypatch, 'verify = "full"\nsandbox = "off"\n')
    monkeypatch.setenv("FRAMEMILL_SANDBOX", "require")
    monkeypatch.setenv("framemill_workers", "3")
    monkeypatch.setenv("FRAMEMILL_DATABASE_URL", "postgresql://u:hunter2@h/d")

    values, sources = shown(Settings()), origins()

    assert (sources["verify"], sources["max_attempts"]) == ("file", "default")
    assert {sources[name] for name in ("sandbox", "workers", "database_url")} == {"environment"}
    assert (values["verify"], values["sandbox"], values["workers"]) == ("full", "require", 3)
    assert values["database_url"] == "**********"
    assert values["keep_jobs"] == "30d"
