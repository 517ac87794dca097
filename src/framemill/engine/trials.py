"""Encoding samples of a video at a crf and measuring them: what the searches for a quality are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from framemill.commands.progress import Progress
from framemill.commands.quality import read_scores
from framemill.commands.trials import LOG, MADE, OF_PICKED, PICTURES, TRIAL
from framemill.domain.quality import Metric, Pooled, Scores, pooled
from framemill.domain.trials import Take, Trial
from framemill.domain.units import seconds
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError, OutputInvalid, ToolFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Scores of a file, and what measuring took."""

    values: tuple[float, ...]  # of each measured frame, in order
    cpu_ms: int

    @property
    def scores(self) -> Pooled:
        """What they come to."""
        return pooled(self.values)


def try_crf(
    bench: Workbench,
    crf: float,
    *,
    takes: Sequence[Take],
    encode: Sequence[str],
    compare: Sequence[str],
    done: Callable[[float], None] = lambda _share: None,
) -> Trial:
    """Encode every take at `crf` and measure it; `done` hears how far that is.

    Takes without a frame are left out; what went wrong is raised where that leaves none.
    """
    link(bench, TRIAL, TRIAL)
    values: list[float] = []
    size = cpu_ms = 0
    trouble: FramemillError | None = None
    for number, take in enumerate(takes):
        begin, share = number / len(takes), 1 / len(takes)
        at = {
            "crf": f"{crf:g}",
            "start": seconds(take.start_us or 0),
            "length": seconds(take.length_us),
            "frames": str(take.frames),
        }
        try:
            encoded = bench.trial(filled(encode, at), _told(done, begin, share * 0.7, take.length_us))
            compared = bench.trial(
                filled(compare, at), _told(done, begin + share * 0.7, share * 0.3, take.length_us)
            )
            values += read(bench, every=1).of(Metric.VMAF)
        except (ToolFailed, OutputInvalid) as error:
            # A sample may fall into a hole of the footage, where there is no frame.
            trouble = error
            continue
        cpu_ms += encoded.cpu_ms + compared.cpu_ms
        size += (bench.scratch / "out" / TRIAL).stat().st_size
        done(begin + share)
    if not values:
        raise trouble or OutputInvalid("no frame of the video could be tried")
    return Trial(crf=crf, score=sum(values) / len(values), bytes=size, cpu_ms=cpu_ms)


def measure(
    bench: Workbench,
    compare: Sequence[str],
    *,
    path: str,
    every: int,
    length_us: int,
    done: Callable[[float], None] = lambda _share: None,
) -> Measured:
    """Measure the finished file `out/<path>`."""
    link(bench, MADE, path)
    finished = bench.trial(tuple(compare), _told(done, 0, 1, length_us))
    scores = read(bench, every=every)
    return Measured(values=scores.of(Metric.VMAF), cpu_ms=finished.cpu_ms)


def read(bench: Workbench, *, every: int) -> Scores:
    """The scores that a comparison left."""
    return read_scores(
        (bench.scratch / PICTURES).read_text("utf-8"),
        (bench.scratch / LOG).read_text("utf-8"),
        metrics={Metric.VMAF},
        depth=8,
        every=1 if every == 1 else OF_PICKED,
    )


def link(bench: Workbench, name: str, path: str) -> None:
    """Let `out/<path>` be read as `in/<name>`."""
    place = bench.scratch / "in" / name
    place.unlink(missing_ok=True)
    place.symlink_to(f"../out/{path}")


def filled(template: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The command with `values` in the places left open."""
    argv = list(template)
    for name, value in values.items():
        argv = [arg.replace("{" + name + "}", value) for arg in argv]
    return tuple(argv)


def _told(
    done: Callable[[float], None], begin: float, share: float, length_us: int
) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        percent = progress.percent(duration_us=length_us)
        if percent is not None:
            done(begin + share * percent / 100)

    return tell
