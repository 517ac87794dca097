from pathlib import Path

import pytest

from framemill.client.address import checked_address, read_key
from framemill.errors import AddressRefused, InvalidSettings


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://mill.example.com/", "https://mill.example.com"),
        ("https://mill.example.com:8443/mill", "https://mill.example.com:8443/mill"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_server_is_named_by_its_base_address(given: str, base: str) -> None:
    assert checked_address(given) == base


@pytest.mark.parametrize(
    "given",
    [
        "",
        "mill.example.com",
        "ftp://mill.example.com",
        "https://",
        "https://mill.example.com:port",
        "https://mill.example.com?key=fm_x",
        "https://ann:sesame@mill.example.com",
        "http://mill.example.com",
        "http://10.0.0.7:8000",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost@mill.example.com",
    ],
)
def test_what_is_no_address_or_would_show_the_key_is_refused(given: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        checked_address(given)

    assert "sesame" not in str(refused.value)
    assert "fm_x" not in str(refused.value)


def _a_file(folder: Path, text: str, mode: int) -> Path:
    file = folder / "key"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_key_comes_from_a_file_of_its_owner(tmp_path: Path) -> None:
    assert read_key(_a_file(tmp_path, "fm_secret\n", 0o600)) == "fm_secret"


@pytest.mark.parametrize(
    ("text", "mode"),
    [("fm_secret", 0o640), ("fm_secret", 0o604), ("", 0o600), ("fm_a fm_b", 0o600), ("x" * 5000, 0o600)],
)
def test_a_key_that_others_may_read_and_what_is_no_key_are_refused(
    tmp_path: Path, text: str, mode: int
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        read_key(_a_file(tmp_path, text, mode))

    assert "secret" not in str(refused.value)


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read"):
        read_key(tmp_path / "key")
