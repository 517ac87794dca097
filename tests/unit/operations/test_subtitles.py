import json
from dataclasses import replace

import pytest

from framemill.domain.media import MediaInfo, OtherStream
from framemill.domain.plan import Step
from framemill.domain.subtitles import SubtitleFile, SubtitleFormat
from framemill.domain.units import US
from framemill.domain.work import Work
from framemill.errors import CodecNotInContainer, InvalidSpec, NoSubtitleStream, NotSupported, NoVideoStream
from framemill.operations.planning import Planning
from framemill.operations.registry import load_spec
from framemill.operations.spec import references, renamed
from framemill.operations.subtitles import Subtitles, plan
from tests.builders import CAPABILITIES, a_film, a_subtitle, a_video, planning_for

_DRAWS = replace(CAPABILITIES, filters=CAPABILITIES.filters | {"ass", "overlay"})


def a_request(**fields: object) -> Subtitles:
    return Subtitles.model_validate(fields)


def a_file(
    kind: SubtitleFormat = "srt", *, guessed: bool = False, starts: tuple[int, ...] = (0,)
) -> SubtitleFile:
    return SubtitleFile(
        format=kind, charset="cp1252", guessed=guessed, end_us=starts[-1] + US, starts_us=starts
    )


def knowing(film: MediaInfo, stem: str = "movie.de", **files: SubtitleFile) -> Planning:
    planning = planning_for(film, name="subtitles", capabilities=_DRAWS)
    stems = {**planning.facts.stems, **dict.fromkeys(files, stem)}
    return replace(planning, facts=replace(planning.facts, subtitles=files, stems=stems))


def only(work: Work) -> Step:
    (step,) = work.steps
    return step


def text(step: Step) -> str:
    return "\n".join(" ".join(command.argv) for command in step.commands)


def told(step: Step, name: str) -> dict[str, object]:
    (found,) = [t for t in step.texts if t.name == name]
    said: dict[str, object] = json.loads(found.content)
    return said


def test_every_text_track_is_written_in_one_reading_and_pictures_are_named() -> None:
    film = a_film(
        container="matroska",
        subtitles=(
            a_subtitle(index=2),
            a_subtitle(index=3, codec="ass"),
            a_subtitle(index=4, language="ger", dispositions=("forced",)),
            a_subtitle(index=5, codec="hdmv_pgs_subtitle"),
            a_subtitle(index=6, codec="webvtt", language=None),
            a_subtitle(index=7),
        ),
    )

    work = plan(a_request(action="extract", track="all", output="texts"), knowing(film))

    assert [o.publish for o in only(work).outputs] == [
        "texts/movie.eng.1.srt",
        "texts/movie.eng.ass",
        "texts/movie.ger.forced.srt",
        "texts/movie.track.vtt",
        "texts/movie.eng.6.srt",
    ]
    assert "-map 0:3 -c:s copy -f ass file:out/track1-raw.ass" in text(only(work))
    assert [c.tool for c in only(work).commands] == ["ffmpeg", *["builtin"] * 5]
    assert "#5 subtitle (hdmv_pgs_subtitle, eng) consists of pictures" in work.warnings[0]


@pytest.mark.parametrize(
    ("wish", "index"), [(None, 3), (1, 2), ("2", 3), ("de", 4), ("deu", 4), ("ger", 4), ("en", 2)]
)
def test_a_track_is_chosen_by_number_or_language(wish: object, index: int) -> None:
    film = a_film(
        subtitles=(
            a_subtitle(index=2),
            a_subtitle(index=3, language=None, dispositions=("default",)),
            a_subtitle(index=4, language="ger"),
        )
    )

    step = only(plan(a_request(action="extract", track=wish), knowing(film)))

    assert f"-map 0:{index} " in text(step)


@pytest.mark.parametrize(
    ("film", "fields", "error"),
    [
        (a_film(), {"action": "extract"}, NoSubtitleStream),
        (a_film(subtitles=(a_subtitle(),)), {"action": "extract", "track": 2}, NoSubtitleStream),
        (a_film(subtitles=(a_subtitle(),)), {"action": "burn", "track": "fr"}, NoSubtitleStream),
        (a_film(subtitles=(a_subtitle(codec="dvd_subtitle"),)), {"action": "extract"}, NotSupported),
        (a_film(subtitles=(a_subtitle(codec="eia_608"),)), {"action": "burn"}, NotSupported),
        (
            a_film(subtitles=(a_subtitle(codec="dvd_subtitle"),)),
            {"action": "burn", "style": "size=7"},
            InvalidSpec,
        ),
        (a_film(subtitles=(a_subtitle(),), video=()), {"action": "burn"}, NoVideoStream),
        (
            a_film(subtitles=(a_subtitle(),)),
            {"action": "extract", "output": "a.vtt", "format": "srt"},
            InvalidSpec,
        ),
        (a_film(), {"action": "add", "file": "text", "output": "a.avi"}, CodecNotInContainer),
    ],
)
def test_what_cannot_be_done_says_why(
    film: MediaInfo, fields: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        plan(a_request(**fields), knowing(film, text=a_file()))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "add"},
        {"action": "burn", "file": ["a", "b"]},
        {"action": "burn", "file": "a", "track": 1},
        {"action": "burn", "track": "all"},
        {"action": "extract", "file": "a"},
        {"action": "burn", "file": "a", "title": "b"},
        {"action": "add", "file": "a", "language": ["de", "en"]},
        {"action": "add", "file": ["a"] * 51},
        {"action": "add", "file": "a", "language": "klingon"},
        {"action": "add", "file": "a", "charset": "base64"},
        {"action": "burn", "style": "size=400"},
        {"action": "burn", "style": "color=reddish"},
        {"action": "burn", "style": "font=A,bold"},
        {"action": "burn", "style": {"font": "Arial:fontfile=/etc/passwd"}},
        {"action": "extract", "track": 0},
    ],
)
def test_a_contradiction_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidSpec):
        load_spec({"op": "subtitles", **fields})


def test_text_is_drawn_last_by_libass_from_our_own_copy() -> None:
    film = a_film()

    work = plan(
        a_request(action="burn", file="text", style="size=8,color=yellow"), knowing(film, text=a_file())
    )

    step = only(work)
    assert [c.argv[0] for c in step.commands[:2]] == ["subtitle_fonts", "subtitle_burnable"]
    assert ",format=yuv420p,ass=filename=out/drawn.ass:fontsdir=out/fonts[v]" in text(step)
    assert "-c:a:0 copy" in text(step)
    styles = told(step, "style.json")["styles"]
    assert styles == {
        "fontsize": "8%",
        "outline": "0.4%",
        "marginv": "4.5%",
        "primarycolour": "&H00FFFF",
    }
    assert told(step, "style.json")["own_styles"] == {"fontsize": "8%", "primarycolour": "&H00FFFF"}


def test_text_on_an_upright_picture_is_sized_by_its_width() -> None:
    film = a_film(video=(a_video(width=1080, height=1920),))

    step = only(plan(a_request(action="burn", file="text", style="size=8"), knowing(film, text=a_file())))

    assert told(step, "style.json")["own_styles"] == {"fontsize": "3.375%"}


def test_fonts_that_a_file_brings_are_written_under_our_names() -> None:
    font = OtherStream(index=3, codec="ttf", kind="attachment", filename="../../x.ttf", mimetype="font/ttf")
    other = replace(font, index=4, filename="evil.exe", mimetype="application/octet-stream")
    film = a_film(container="matroska", subtitles=(a_subtitle(codec="ass"),), others=(font, other))

    step = only(plan(a_request(action="burn"), knowing(film)))

    assert "-dump_attachment:3 file:out/fonts/attached0 -i file:in/source" in text(step)
    assert "-dump_attachment:4" not in text(step)
    assert "x.ttf" not in text(step)


def test_a_drawn_track_does_not_travel_beside_the_picture_too() -> None:
    film = a_film(container="matroska", subtitles=(a_subtitle(), a_subtitle(index=3, language="ger")))

    work = plan(a_request(action="burn", track="eng"), knowing(film))

    assert only(work).outputs[0].promise.subtitles == 1
    assert work.dropped is not None
    assert [(d.stream, d.reason) for d in work.dropped] == [
        ("subtitle track #2 subtitle (subrip, eng)", "it is drawn into the picture")
    ]


def test_pictures_are_laid_over_at_the_results_size() -> None:
    film = a_film(container="matroska", subtitles=(a_subtitle(codec="hdmv_pgs_subtitle"),))

    step = only(plan(a_request(action="burn", profile="web_720p"), knowing(film)))

    assert (
        "[1:2]setpts=PTS-0.016666/TB,scale=1280:720[s];[p][s]overlay=eof_action=pass:format=yuv420[v]"
        in text(step)
    )
    assert [c.tool for c in step.commands] == ["ffmpeg"]


def test_text_on_hdr_that_stays_hdr_is_as_bright_as_paper() -> None:
    hdr = a_video(codec="hevc", bit_depth=10, pixel_format="yuv420p10le", color_transfer="smpte2084")
    film = a_film(video=(hdr,))

    kept = only(plan(a_request(action="burn", file="text"), knowing(film, text=a_file())))

    assert told(kept, "style.json")["light"] == 0.58


@pytest.mark.parametrize(
    ("container", "output", "kind", "codec"),
    [
        ("mov", None, "srt", "-c:s:0 mov_text"),
        ("matroska", None, "srt", "-c:s:0 copy"),
        ("matroska", None, "ass", "-c:s:0 copy"),
        ("matroska", None, "vtt", "-c:s:0 copy"),
        ("mpegts", None, "srt", "-f matroska"),
        ("mov", "x.mkv", "ass", "-c:s:0 copy"),
    ],
)
def test_files_become_tracks_that_the_container_holds(
    container: str, output: str | None, kind: SubtitleFormat, codec: str
) -> None:
    request = a_request(action="add", file="text", output=output)

    work = plan(request, knowing(a_film(container=container), text=a_file(kind)))

    assert codec in text(only(work))
    assert only(work).outputs[0].promise.subtitles == 1
    assert "-c:v copy" in text(only(work))


def test_tracks_are_told_apart_without_a_word_of_the_user_on_the_command_line() -> None:
    film = a_film(container="matroska", subtitles=(a_subtitle(),))
    request = a_request(
        action="add", file=["one", "two"], language=["pt-BR"], title=["Olá; = #"], default=True
    )

    step = only(plan(request, knowing(film, one=a_file(), two=a_file("vtt"))))

    argv = text(step).split("\n")[-1]
    assert "-disposition:s:0 -default" in argv
    assert "-map 1:0 -c:s:1 copy -map_metadata:s:s:1 3:s:0 -disposition:s:1 default" in argv
    assert "-map 2:0 -c:s:2 copy -map_metadata:s:s:2 3:s:1 -disposition:s:2 0" in argv
    assert "Ol" not in argv
    (labels,) = [t.content for t in step.texts if t.name == "tracks.txt"]
    assert labels == (
        ";FFMETADATA1\n[STREAM]\nlanguage=por\ntitle=Olá\\; \\= \\#\n[STREAM]\nlanguage=ger\n"  # movie.de
    )


def test_a_guess_and_cues_behind_the_end_are_said() -> None:
    found = a_file(guessed=True, starts=(0, 9 * US, 11 * US))

    work = plan(a_request(action="add", file="text"), knowing(a_film(), text=found))

    assert "taken for cp1252" in work.warnings[0]
    assert "1 of 3 cues" in work.warnings[1]
    assert told(only(work), "added0.json")["end_us"] == 10 * US
    with pytest.raises(InvalidSpec, match="every cue"):
        plan(a_request(action="burn", file="text"), knowing(a_film(), text=a_file(starts=(11 * US,))))


def test_several_files_are_inputs_each() -> None:
    spec = a_request(action="add", file=["a.srt", "b, c.srt"])

    assert [(field, ref, kind) for field, ref, kind in references(spec)] == [
        ("file", "a.srt", "subtitles"),
        ("file", "b, c.srt", "subtitles"),
    ]
    assert renamed(spec, {"a.srt": "file", "b, c.srt": "file_2"}).file == ("file", "file_2")


def test_a_stored_request_reads_back_as_itself() -> None:
    spec = a_request(action="burn", file="text", style="size=7,color=#ff0,position=top-left,bold=yes")

    assert load_spec(json.loads(spec.model_dump_json())) == spec
