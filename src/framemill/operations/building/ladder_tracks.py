"""What a ladder makes once for all of its rungs: tracks of sound and of subtitles."""

from framemill.commands import muxing, sound
from framemill.domain import promises
from framemill.domain.ladder import Rung
from framemill.domain.media import AudioStream, SubtitleStream
from framemill.domain.plan import Output, Promise, Role
from framemill.domain.work import Product, Tap
from framemill.operations.planning import Planning


def sound_tap(planning: Planning, product: Product, track: AudioStream, number: int, top: Rung) -> Tap:
    """A track of sound, encoded once for all rungs at the rate of the tallest."""
    return Tap(
        key=f"{planning.name}:audio{number}",
        operation="ladder",
        title="sound" if number == 0 else f"sound {number + 1}",
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/audio{number}",
            path=f"{planning.name}-audio{number}.m4a",
            role=Role.INTERMEDIATE,
            promise=promises.sound_only(product.media, track, codec="aac"),
        ),
        audio=(
            sound.encode(
                track,
                codec="aac",
                bitrate=top.audio_bps,
                capabilities=planning.capabilities,
                # Players agree on 48 kHz at most.
                sample_rate=min(track.sample_rate, 48_000),
            ),
        ),
        mux=muxing.intermediate("m4a"),
    )


def text_tap(planning: Planning, product: Product, text: SubtitleStream, number: int) -> Tap:
    """A track of subtitles as WebVTT."""
    return Tap(
        key=f"{planning.name}:subtitles{number}",
        operation="ladder",
        title="subtitles" if number == 0 else f"subtitles {number + 1}",
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/subtitles{number}",
            path=f"{planning.name}-subtitles{number}.vtt",
            role=Role.INTERMEDIATE,
            promise=Promise(kind="data"),
        ),
        extra=("-map", f"0:{text.index}", "-c:s", "webvtt"),
        mux=("-f", "webvtt"),
    )
