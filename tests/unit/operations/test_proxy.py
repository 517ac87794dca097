from fractions import Fraction

from framemill.operations.proxy import Proxy, plan
from tests.builders import a_film, a_video, an_audio, planning_for
from tests.unit.operations.commands import lines, only_tap


def test_a_proxy_is_small_slow_and_starts_fast() -> None:
    film = a_film(audio=(an_audio(channels=6, layout="5.1", bit_rate=384_000),))

    work = plan(Proxy(), planning_for(film, name="proxy"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source "
        "-filter_complex '[0:0]fps=10/1,setpts='\"'\"'if(eq(N,0),0,PTS)'\"'\"',"
        "zscale=w=854:h=480:f=bicubic:param_a=0:param_b=0.6:r=limited,setsar=1,format=yuv420p[v0]' "
        "-map '[v0]' -c:v libx264 -preset medium -crf 23 -fps_mode passthrough "
        "-map 0:1 -filter:a:0 aresample=async=1:first_pts=0,aformat=channel_layouts=stereo "
        "-c:a:0 aac -b:a:0 128k -ar:a:0 48000 "
        "-map_metadata 0 -movflags +faststart -f mp4 file:out/proxy.mp4"
    )
    assert only_tap(work).output.publish == "movie-proxy.mp4"
    assert work.notes[-1] == (
        "proxy: #1 audio (aac) encoded to aac: at most 2 channels are wanted, mixed down from 6 channels to 2"
    )


def test_a_portrait_picture_fits_inside_too() -> None:
    promise = only_tap(plan(Proxy(), planning_for(a_film(video=(a_video(rotation=90),))))).output.promise

    assert (promise.width, promise.height) == (270, 480)


def test_wide_pixels_are_made_square() -> None:
    wide = a_video(width=1280, height=1080, sar=Fraction(3, 2))

    promise = only_tap(plan(Proxy(), planning_for(a_film(video=(wide,))))).output.promise

    assert (promise.width, promise.height) == (854, 480)


def test_a_slower_source_keeps_its_own_frame_times() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(5)),))

    assert "fps=" not in lines(plan(Proxy(), planning_for(film)))[0]


def test_a_picture_shorter_than_a_frame_of_the_proxy_is_kept() -> None:
    film = a_film(video=(a_video(duration_us=50_000, frame_rate=Fraction(600)),))

    assert "fps=" not in lines(plan(Proxy(), planning_for(film)))[0]


def test_mono_stays_mono() -> None:
    film = a_film(audio=(an_audio(channels=1, codec="ac3"),))

    assert only_tap(plan(Proxy(), planning_for(film))).output.promise.channels == (1,)
