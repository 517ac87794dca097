from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.sources import Url


@pytest.mark.parametrize(
    ("text", "name", "stem", "label"),
    [
        ("https://a.example/x/harbour.mp4?token=1#t", "harbour.mp4", "harbour", "a.example/…/harbour.mp4"),
        ("https://a.example/x/", "x", "x", "a.example/…/x"),
        ("https://a.example", "download", "download", "a.example"),
        ("https://a.example/", "download", "download", "a.example"),
        ("https://a.example/x/%2e%2e", "download", "download", "a.example"),
        ("https://a.example/x/..%2fy", "_y", "_y", "a.example/…/_y"),
        ("https://a.example/x/a%1b[31m%0a.mp4", "a_[31m_.mp4", "a_[31m_", "a.example/…/a_[31m_.mp4"),
        ("https://user:secret@a.example/b.mp4", "b.mp4", "b", "a.example/…/b.mp4"),
    ],
)
def test_of_an_address_the_host_and_the_name_are_shown(text: str, name: str, stem: str, label: str) -> None:
    url = Url(text)

    assert (url.name, url.stem, url.label) == (name, stem, label)
    assert "secret" not in repr(url) + url.label


@given(st.text(max_size=300))
def test_a_name_is_always_that_of_one_file(text: str) -> None:
    name = Url(f"https://a.example/{text}").name

    assert PurePath(name).name == name
    assert name not in {"", ".", ".."}
    assert name.isprintable()
