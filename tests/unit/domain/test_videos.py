import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.videos import (
    UPLOAD_NEXT,
    VIDEO_NEXT,
    UploadState,
    VideoState,
    checked_filename,
    checked_notes,
    checked_title,
    collection_name,
    next_upload_state,
    next_video_state,
    title_from,
    workspace_name,
)
from framemill.errors import IllegalTransition, InvalidSpec

_ID = "0199c0de-1111-7222-8333-444455556666"


def test_every_state_has_its_row() -> None:
    assert set(VIDEO_NEXT) == set(VideoState)
    assert set(UPLOAD_NEXT) == set(UploadState)


def test_nothing_follows_a_deletion_and_anything_can_be_deleted() -> None:
    assert VIDEO_NEXT[VideoState.DELETING] == frozenset()
    assert all(VideoState.DELETING in VIDEO_NEXT[s] for s in VideoState if s is not VideoState.DELETING)
    with pytest.raises(IllegalTransition, match="that is deleting cannot become ready"):
        next_video_state(VideoState.DELETING, VideoState.READY)


def test_a_ready_video_can_become_nothing_but_deleted() -> None:
    assert VIDEO_NEXT[VideoState.READY] == {VideoState.DELETING}


def test_an_interrupted_completion_opens_the_upload_again() -> None:
    assert next_upload_state(UploadState.COMPLETING, UploadState.OPEN) is UploadState.OPEN
    assert [s for s in UploadState if s.ended] == ["completed", "aborted", "failed"]
    with pytest.raises(IllegalTransition, match="that is completed cannot become open"):
        next_upload_state(UploadState.COMPLETED, UploadState.OPEN)


@pytest.mark.parametrize("name", ["a", "default", "team-7", "7", "a" * 64])
def test_names_of_workspaces(name: str) -> None:
    assert workspace_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "-a", "a-", "a b", "a/b", "..", "a" * 65, "ä", "a\n", "a_b", _ID, _ID.replace("-", "")],
)
def test_what_is_no_name_of_a_workspace(name: str) -> None:
    with pytest.raises(InvalidSpec, match="not a name of a workspace"):
        workspace_name(name)


def test_a_collection_may_be_called_nearly_anything() -> None:
    for name in ("Camera 1", "Übung / 2026-11", "外景", "x" * 128, "<b>", "👩\u200d🚀", "外\u3000景"):
        assert collection_name(name) == name
    assert collection_name("  two   words ") == "two words"
    assert collection_name("U\u0308bung") == "Übung"


@pytest.mark.parametrize(
    "name", ["", "  ", "\u3000", "x" * 129, "a\nb", "a\0b", "a\x1b[31m", "a\u202eb", "\ud800", _ID]
)
def test_what_is_no_name_of_a_collection(name: str) -> None:
    with pytest.raises(InvalidSpec, match="not a name of a collection"):
        collection_name(name)


def test_titles_are_one_line_and_notes_several() -> None:
    assert checked_title(" A  day ") == "A day"
    assert checked_notes("one\r\ntwo\tthree\rfour\n\n") == "one\ntwo\tthree\nfour"
    assert checked_notes("") == ""
    for wrong in ("a\0b", "a\x07", "\udc80", "x" * 20_001):
        with pytest.raises(InvalidSpec):
            checked_notes(wrong)
    with pytest.raises(InvalidSpec, match="not a title"):
        checked_title("a\nb")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("film.mp4", "film.mp4"),
        ("/etc/../film.mp4", "film.mp4"),
        (r"C:\Users\me\film.mp4", "film.mp4"),
        ("a\nb.mp4", "a\ufffdb.mp4"),
        ("\udcff.mp4", "\ufffd.mp4"),
        ("a\u202eb\u200b.mp4", "a\ufffdb\ufffd.mp4"),
        # Text, whether this Python's tables know it or not.
        ("東京\u3000港 \U0001fae9.mp4", "東京\u3000港 \U0001fae9.mp4"),
        ("concat:a|b.mp4", "concat:a|b.mp4"),
        ("-evil.mp4", "-evil.mp4"),
    ],
)
def test_a_filename_is_its_last_part_as_text(said: str, kept: str) -> None:
    assert checked_filename(said) == kept


@pytest.mark.parametrize("said", ["", "/", "a/", "..", " ", "x" * 256])
def test_what_is_no_filename(said: str) -> None:
    with pytest.raises(InvalidSpec):
        checked_filename(said)


def test_a_title_comes_from_the_filename() -> None:
    assert title_from("My  day.final.mp4") == "My day.final"
    assert title_from("film") == "film"
    assert title_from(".mp4") == ".mp4"


@given(st.text())
def test_what_is_accepted_can_be_stored_and_shown_anywhere(text: str) -> None:
    for check in (collection_name, checked_title, checked_filename, checked_notes):
        try:
            kept = check(text)
        except InvalidSpec:
            continue
        kept.encode("utf-8")
        assert not any(ord(c) < 32 and c not in "\n\t" for c in kept)
        assert check(kept) == kept


@given(st.text(min_size=1))
def test_a_title_made_of_a_filename_is_one(text: str) -> None:
    try:
        filename = checked_filename(text)
    except InvalidSpec:
        return

    assert checked_title(title_from(filename)) == title_from(filename)
