from contextlib import suppress
from pathlib import Path

import pytest

from framemill.engine.publication import Publication, check_targets
from framemill.engine.workspace import Workspace
from framemill.errors import InvalidSpec, OutputExists

# Publishing these three results over old ones changes the file system 17 times.
MOMENTS = 18


class Killed(BaseException):
    """The process ended here: nothing after this ran, no clean-up either."""


def _workspace(folder: Path) -> Workspace:
    workspace = Workspace(folder, "j1")
    workspace.create()
    out = workspace.root / "001-step-1" / "out"
    (out / "hls").mkdir(parents=True)
    (out / "film.mp4").write_text("new film")
    (out / "hls" / "master.m3u8").write_text("new list")
    (out / "shot.jpg").write_text("new shot")
    return workspace


def _results(workspace: Workspace) -> list[tuple[Path, str]]:
    out = workspace.root / "001-step-1" / "out"
    return [(out / "film.mp4", "film.mp4"), (out / "hls", "web/hls"), (out / "shot.jpg", "web/shot.jpg")]


def _publish(workspace: Workspace, *, overwrite: bool) -> None:
    Publication.prepare(workspace, _results(workspace)).run(overwrite=overwrite)


def _content(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.is_relative_to(folder / ".framemill-j1")
    }


NEW = {"film.mp4": "new film", "web/hls/master.m3u8": "new list", "web/shot.jpg": "new shot"}
OLD = {
    "film.mp4": "old film",
    "web/hls/master.m3u8": "old list",
    "web/hls/old.ts": "x",
    "web/shot.jpg": "old",
}


def _fill(folder: Path) -> None:
    for name, text in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _kill_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change of the file system counts; none after the first `count` happens."""
    done, struck = 0, False

    def counted(name: str) -> None:
        original = getattr(Path, name)

        def change(self: Path, *args: object, **kw: object) -> object:
            nonlocal done, struck
            if struck or done == count:
                struck = True
                raise Killed
            done += 1
            return original(self, *args, **kw)

        monkeypatch.setattr(Path, name, change)

    for name in ("rename", "replace", "hardlink_to", "unlink", "mkdir", "rmdir", "write_text"):
        counted(name)


@pytest.mark.parametrize("overwrite", [False, True])
def test_every_result_gets_its_name(tmp_path: Path, overwrite: bool) -> None:
    if overwrite:
        _fill(tmp_path)
    workspace = _workspace(tmp_path)

    _publish(workspace, overwrite=overwrite)
    workspace.remove()

    assert _content(tmp_path) == NEW
    assert not workspace.root.exists()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("count", range(MOMENTS))
def test_killed_anywhere_a_publication_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, overwrite: bool
) -> None:
    if overwrite:
        _fill(tmp_path)
    workspace = _workspace(tmp_path)
    with monkeypatch.context() as patch:
        _kill_after(count, patch)
        with suppress(Killed):
            _publish(workspace, overwrite=overwrite)

    _publish(workspace, overwrite=overwrite)

    assert _content(tmp_path) == NEW


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("count", range(MOMENTS))
def test_killed_anywhere_a_publication_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, overwrite: bool
) -> None:
    if overwrite:
        _fill(tmp_path)
    workspace = _workspace(tmp_path)
    with monkeypatch.context() as patch:
        _kill_after(count, patch)
        with suppress(Killed):
            _publish(workspace, overwrite=overwrite)

    if (begun := Publication.begun(workspace)) is not None:
        begun.undo()
    workspace.remove()

    assert _content(tmp_path) == (OLD if overwrite else {})
    assert overwrite or list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", range(MOMENTS))
def test_killed_while_it_is_taken_back_it_can_still_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    _fill(tmp_path)
    workspace = _workspace(tmp_path)
    _publish(workspace, overwrite=True)
    begun = Publication.begun(workspace)
    assert begun is not None
    with monkeypatch.context() as patch:
        _kill_after(count, patch)
        with suppress(Killed):
            begun.undo()

    if (begun := Publication.begun(workspace)) is not None:
        begun.undo()
    workspace.remove()

    assert _content(tmp_path) == OLD


def test_the_moments_are_all_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(tmp_path)
    workspace = _workspace(tmp_path)

    with monkeypatch.context() as patch:
        _kill_after(MOMENTS - 1, patch)
        _publish(workspace, overwrite=True)
    begun = Publication.begun(workspace)
    assert begun is not None
    with monkeypatch.context() as patch:
        _kill_after(MOMENTS - 1, patch)
        begun.undo()

    assert _content(tmp_path) == OLD


def test_a_name_that_was_taken_meanwhile_takes_everything_back(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path)
    publication = Publication.prepare(workspace, _results(workspace))
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "shot.jpg").write_text("somebody else's")

    with pytest.raises(OutputExists, match=r"shot\.jpg"):
        publication.run(overwrite=False)

    assert _content(tmp_path) == {"web/shot.jpg": "somebody else's"}
    assert (workspace.root / "001-step-1" / "out" / "film.mp4").read_text() == "new film"


def test_where_links_are_unknown_files_are_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(_self: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    _fill(tmp_path)
    workspace = _workspace(tmp_path)

    _publish(workspace, overwrite=True)

    assert _content(tmp_path) == NEW


def test_a_link_under_the_name_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.mp4"
    elsewhere.write_text("far away")
    (tmp_path / "film.mp4").symlink_to(elsewhere)
    workspace = _workspace(tmp_path)

    _publish(workspace, overwrite=True)

    assert not (tmp_path / "film.mp4").is_symlink()
    assert elsewhere.read_text() == "far away"


@pytest.mark.parametrize("target", ["film.mp4", "link.mp4", "second.mp4"])
def test_no_target_may_be_an_input_by_any_name(tmp_path: Path, target: str) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("original")
    (tmp_path / "link.mp4").symlink_to(film)
    (tmp_path / "second.mp4").hardlink_to(film)

    with pytest.raises(InvalidSpec, match="would replace the input"):
        check_targets([(tmp_path / target, False)], inputs=[film], overwrite=True)


def test_no_target_folder_may_hold_an_input(tmp_path: Path) -> None:
    film = tmp_path / "hls" / "film.mp4"
    film.parent.mkdir()
    film.write_text("original")

    with pytest.raises(InvalidSpec, match="would replace the input"):
        check_targets([(tmp_path / "hls", True)], inputs=[film], overwrite=True)


@pytest.mark.parametrize("folder", [True, False])
def test_a_file_and_a_folder_never_replace_each_other(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "result"
    target.write_text("x") if folder else target.mkdir()

    with pytest.raises(InvalidSpec, match="never replace each other"):
        check_targets([(target, folder)], inputs=[], overwrite=True)


def test_a_file_where_a_folder_is_needed_is_said_to_exist(tmp_path: Path) -> None:
    (tmp_path / "web").write_text("a file")

    with pytest.raises(OutputExists, match="web"):
        check_targets([(tmp_path / "web" / "hls", True)], inputs=[], overwrite=True)
