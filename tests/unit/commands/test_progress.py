from framemill.commands.progress import Progress, ProgressReader

BLOCK = """frame=120
fps=60.25
bitrate= 512.0kbits/s
total_size=307200
out_time_us=4800000
out_time=00:00:04.800000
dup_frames=0
speed=2.4x
progress=continue
"""
UNKNOWN = "frame=0\nfps=0.00\ntotal_size=N/A\nout_time_us=N/A\nspeed=N/A\nprogress=continue\n"


def feed(text: str) -> list[Progress]:
    reader = ProgressReader()
    return [p for line in text.splitlines() if (p := reader.feed(line)) is not None]


def test_a_block_is_one_report() -> None:
    assert feed(BLOCK) == [
        Progress(out_time_us=4_800_000, frame=120, fps=60.25, speed=2.4, total_size=307_200, finished=False)
    ]


def test_what_ffmpeg_does_not_know_is_none() -> None:
    assert feed(UNKNOWN) == [Progress(frame=0, fps=0.0)]
    assert feed("out_time_us=-9223372036854775807\nprogress=continue") == [Progress()]


def test_the_last_block_is_finished_whatever_its_time() -> None:
    last = feed(BLOCK + "out_time_us=N/A\nprogress=end\n")[-1]

    assert last.finished
    assert last.percent(duration_us=None) == 100
    assert last.left_ms(duration_us=None) == 0


def test_percent_and_time_left_need_a_length() -> None:
    report = feed(BLOCK)[0]

    assert report.percent(duration_us=9_600_000) == 50
    assert report.left_ms(duration_us=9_600_000) == 2000
    assert report.percent(duration_us=None) is None
    assert report.left_ms(duration_us=0) is None


def test_more_than_expected_is_never_more_than_all() -> None:
    report = feed(BLOCK)[0]

    assert report.percent(duration_us=4_000_000) == 100
    assert report.left_ms(duration_us=4_000_000) == 0


def test_noise_between_keys_is_ignored() -> None:
    assert len(feed("hello\n\n" + BLOCK + "\n\n" + BLOCK)) == 2


def test_pictures_a_second_are_known_from_the_beginning() -> None:
    early = BLOCK.replace("fps=60.25", "fps=0.00")

    assert [feed(text)[0].pictures_per_s() for text in (BLOCK, early, UNKNOWN)] == [60.25, 60.0, None]
