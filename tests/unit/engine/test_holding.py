"""The search and the corrections, with encodes and measurements replaced by a curve."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from framemill.commands.progress import Progress
from framemill.commands.trials import OF_PICKED
from framemill.engine.holding import find_crf, hold_quality
from framemill.engine.workbench import Workbench
from framemill.errors import QualityUnreachable, ToolFailed
from framemill.tools.process import Finished

Curve = Callable[[float], float]


class Stand:
    """A workbench on which samples follow one curve and the whole file another."""

    def __init__(
        self,
        scratch: Path,
        *,
        samples: Curve,
        whole: Curve,
        target: float = 95,
        every: int = 1,
        source_bytes: int = 9_000_000,
    ) -> None:
        self.scratch = scratch
        self.every = every
        self.tried: list[float] = []
        self.shares: list[float] = []
        self.found: dict[str, object] = {}
        self.warned: list[str] = []
        self.holes: set[str] = set()  # starts of samples that hold no frame
        self._samples, self._whole = samples, whole
        self._every = 1
        (scratch / "in").mkdir()
        (scratch / "out").mkdir()
        data = {
            "target": target,
            "codec": "h264",
            "path": "film.mp4",
            "takes": [(0, 2_000_000, 25), (9_000_000, 2_000_000, 25)],
            "encode": ("encode", "{crf}", "{start}", "{length}"),
            "compare": ("compare", "{frames}"),
            "compare_made": ("compare_made",),
            "patch": None,
            "every": every,
            "duration_us": 60_000_000,
            "sound_bytes": 100_000,
            "source_bytes": source_bytes,
        }
        (scratch / "in/wish.json").write_text(json.dumps(data))
        self.bench = Workbench(
            scratch=scratch,
            ffmpeg=lambda _argv: pytest.fail("nothing here makes the result"),
            report=self.shares.append,
            trial=self._trial,
            found=lambda _name, values: self.found.update(values),
            say=lambda text, warning: self.warned.append(text) if warning else None,
        )

    def find(self) -> float:
        """Search; the crf that comes of it."""
        find_crf(self.bench, ("in/wish.json",))
        return self.crf

    @property
    def crf(self) -> float:
        values: dict[str, str] = json.loads((self.scratch / "out/values.json").read_text())
        return float(values["crf"])

    def encode(self, size: int = 3_000_000) -> None:
        """What the step's own command does between the actions."""
        (self.scratch / "out/film.mp4").write_bytes(bytes(size))

    def hold(self, *more: str) -> bool:
        """Measure; True where the file was kept."""
        hold_quality(self.bench, ("in/wish.json", *more))
        return (self.scratch / "out/film.mp4").exists()

    def _trial(self, argv: tuple[str, ...], on_progress: Callable[[Progress], None]) -> Finished:
        on_progress(Progress(out_time_us=1_000_000))
        if argv[0] == "encode" and argv[2] in self.holes:
            raise ToolFailed(tool="ffmpeg", exit_code=1, tail=())
        if argv[0] == "encode":
            self.tried.append(float(argv[1]))
            (self.scratch / "out/trial").write_bytes(bytes(int(1000 * 0.9 ** (float(argv[1]) - 23))))
        else:
            self._every = 1 if argv[0] == "compare" or self.every == 1 else OF_PICKED
            score = self._samples(self.tried[-1]) if argv[0] == "compare" else self._whole(self.crf)
            (self.scratch / "out/vmaf.json").write_text(
                json.dumps({"frames": [{"metrics": {"vmaf": score + d}} for d in (-1, 1)]})
            )
            (self.scratch / "out/pictures.txt").write_text(
                "".join(
                    f"frame:{n} pts:{n} pts_time:{n}\nlavfi.psnr.psnr_avg=40\n"
                    for n in range(2 * self._every)
                )
            )
        return Finished(exit_code=0, tail=(), wall_ms=10, cpu_ms=7, peak_memory_bytes=0)


def falling(crf: float) -> float:
    return 101 - 6 * float(1.16 ** (crf - 23))


def test_samples_that_tell_the_truth_need_one_encode(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=falling)

    crf = stand.find()
    stand.encode()

    assert stand.hold()
    assert 95 <= falling(crf) <= 96
    assert stand.found["encodes"] == 1
    assert stand.found["vmaf"] == pytest.approx(
        {"mean": falling(crf), "p5": falling(crf) - 0.9, "p1": falling(crf) - 0.98, "min": falling(crf) - 1}
    )
    assert stand.shares == sorted(stand.shares[:-1]) + stand.shares[-1:]


def test_a_crf_beside_two_trials_is_taken_without_a_third(tmp_path: Path) -> None:
    def steep(crf: float) -> float:
        return 101 - 6 * float(1.25 ** (crf - 23))

    stand = Stand(tmp_path, samples=steep, whole=steep, target=92)

    crf = stand.find()

    assert crf not in stand.tried
    assert len(set(stand.tried)) == 2
    assert 92.2 <= steep(crf) <= 92.8


@pytest.mark.parametrize("error", [-3.0, -1.2, 1.2, 4.0])
def test_samples_that_were_wrong_are_corrected_by_what_the_whole_showed(error: float, tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=lambda crf: falling(crf + error / 2) - error / 4)
    stand.find()
    stand.encode()

    assert not stand.hold()

    stand.encode()
    kept = stand.hold()
    if not kept:
        stand.encode()
        kept = stand.hold("last")
    assert kept
    vmaf = stand.found["vmaf"]
    assert isinstance(vmaf, dict)
    assert 95 <= vmaf["mean"] <= 96


def test_a_file_found_good_is_not_measured_again(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=falling)
    stand.find()
    stand.encode()
    stand.hold()
    shares = len(stand.shares)

    assert stand.hold("last")

    assert len(stand.shares) == shares


def test_what_still_misses_at_the_last_attempt_is_an_error(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=lambda _crf: 90.0)
    stand.find()
    stand.encode()

    with pytest.raises(QualityUnreachable, match=r"VMAF 95 cannot be reached: h264 at crf \S+ gives 90\.00"):
        stand.hold("last")


@pytest.mark.parametrize("jump", [20.5, 21.5, 22.0])
def test_where_no_crf_hits_the_point_the_nearest_above_is_kept_and_warned_about(
    jump: float, tmp_path: Path
) -> None:
    # As where a whole step of SVT-AV1 is more than a point.
    stand = Stand(tmp_path, samples=falling, whole=lambda crf: 94.5 if crf > jump else 96.5)
    stand.find()
    kept = False
    for size, last in ((100, ()), (200, ()), (300, ("last",))):
        if not kept:
            stand.encode(size)
            kept = stand.hold(*last)

    assert kept
    vmaf = stand.found["vmaf"]
    assert isinstance(vmaf, dict)
    assert vmaf["mean"] == pytest.approx(96.5)
    assert stand.crf <= jump
    assert stand.found["bytes"] == (tmp_path / "out/film.mp4").stat().st_size
    assert "VMAF 96.50 is more than a point above what was asked for" in str(stand.warned)


def test_a_sample_without_a_frame_is_left_out(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=falling)
    stand.holes = {"9"}

    assert 95 <= falling(stand.find()) <= 96


def test_samples_that_all_fail_fail_the_search(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=falling)
    stand.holes = {"0", "9"}

    with pytest.raises(ToolFailed):
        stand.find()


def test_what_samples_cannot_reach_at_all_is_not_encoded(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=lambda crf: 93 - crf / 10, whole=falling)

    with pytest.raises(QualityUnreachable) as raised:
        stand.find()

    assert raised.value.hint == "ask for target_vmaf 92, or for a crf"
    assert not (tmp_path / "out/values.json").exists()


def test_samples_may_be_wrong_about_the_last_point(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=lambda crf: 94.5 - crf / 10, whole=lambda crf: 95.5 - crf / 10)

    assert stand.find() == 1
    stand.encode()
    assert stand.hold()


def test_part_of_the_frames_leaves_a_margin(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=lambda _crf: 95.07, every=5)
    stand.find()
    stand.encode()

    assert not stand.hold()


def test_a_result_larger_than_the_source_is_warned_about(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=falling, source_bytes=1_000_000)
    stand.find()
    stand.encode(size=2_000_000)
    stand.hold()

    assert "2.0 MB, more than the source's 1.0 MB" in str(stand.warned)


def test_the_usual_crf_is_estimated_from_the_samples(tmp_path: Path) -> None:
    stand = Stand(tmp_path, samples=falling, whole=lambda crf: falling(crf) + 0.2, target=85)
    crf = stand.find()
    stand.encode(size=1_100_000)
    stand.hold()

    usual = stand.found["usual"]
    assert isinstance(usual, dict)
    assert usual["crf"] == 23
    assert usual["vmaf"] == pytest.approx(95.2)
    assert usual["bytes"] == pytest.approx(100_000 + 1_000_000 / 0.9 ** (crf - 23), rel=0.02)
    assert usual["estimated"] is True
