from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from framemill.engine.shelving import free_name, key_name
from framemill.engine.stock import file_name
from framemill.storage.blobs import check_key

# Everything that a user, or a file system, can put into a name.
_NAMES = st.text(max_size=300) | st.text(alphabet="./-_ab\0\n", max_size=20)


@given(_NAMES)
@example("..")
@example("../../etc/passwd")
@example(".hidden/.mp4")
@example("Ünï/cödé.mp4")
@example("a" * 500 + ".mp4")
def test_whatever_a_result_is_called_it_has_a_key_below_its_prefix(name: str) -> None:
    key = check_key(f"workspaces/{key_name(name)}")

    assert key.startswith("workspaces/")
    assert ".." not in key.split("/")


@given(st.lists(_NAMES, max_size=8))
def test_no_two_results_share_a_key(names: list[str]) -> None:
    taken: set[str] = set()

    keys = [free_name(key_name(name), taken) for name in names]

    assert len(set(keys)) == len(names)
    for key in keys:
        check_key(key)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("720p.mp4", "720p.mp4"),
        ("thumbnails/thumb_001.jpg", "thumbnails/thumb_001.jpg"),
        ("Ein Film – klein.mp4", "Ein_Film_klein.mp4"),
    ],
)
def test_plain_names_stay_as_they_are(name: str, key: str) -> None:
    assert key_name(name) == key


@given(_NAMES)
@example("-i")
@example("..")
@example("\udcff.mp4")
@example("é" * 200 + ".mp4")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_people_call_an_original_it_is_one_file_in_its_folder(tmp_path: Path, name: str) -> None:
    found = file_name(name)

    assert "/" not in found
    assert not found.startswith("-")
    link = tmp_path / found
    assert link.parent == tmp_path
    link.unlink(missing_ok=True)
    link.symlink_to("target")
    assert link.is_symlink()
    link.unlink()
