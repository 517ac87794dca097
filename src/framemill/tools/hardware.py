"""Finding out which hardware encoders and decoders work: each is really run, with a limit of its own.

The answers are kept per machine and version of ffmpeg, until a device, a
driver or the program changes. How they are asked is commands.hardware_trials'.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from framemill.commands import hardware_trials as trials
from framemill.commands.progress import Progress
from framemill.domain.hardware import FORMS, MAKERS, Hardware, Maker, Trial, encoder_name
from framemill.errors import FramemillError
from framemill.tools.devices import device_nodes, render_nodes, surroundings
from framemill.tools.limits import GIB, Limits
from framemill.tools.process import Finished, run_tool
from framemill.tools.programs import Programs
from framemill.tools.remembered import load, mark_of, save
from framemill.tools.sandbox import Mode, sandboxed, working_bwrap

_SCHEMA = 1  # of the cache file
# A GPU that sleeps takes seconds to wake; whatever takes longer is not used.
_PATIENCE_S = 15.0
_HANGS = "it did not answer"


def detect(
    programs: Programs,
    *,
    encoders: frozenset[str],
    sandbox: Mode = "auto",
    cache_dir: Path | None = None,
    refresh: bool = False,
    patience_s: float = _PATIENCE_S,
    cancelled: Callable[[], bool] = lambda: False,
) -> Hardware:
    """What works here. With `cache_dir` it is tried once, until something changes or `refresh` is set.

    `encoders` are those that ffmpeg says it has. Each trial ends after
    `patience_s`; a maker whose device hangs is not asked further. Raises
    Cancelled, and ToolMissing where there is no ffmpeg.
    """
    cache = cache_dir / f"hardware-{_key(programs, sandbox)}.json" if cache_dir else None
    if cache is not None and not refresh and (known := _known(cache)) is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="framemill-") as folder:
        bench = _Bench(
            ffmpeg=programs.ffmpeg,
            folder=Path(folder),
            sandbox=sandbox,
            limits=Limits(
                cpu_s=60,
                memory_bytes=4 * GIB,
                cap_address_space=False,
                file_bytes=64 * 1024 * 1024,
                timeout_s=patience_s,
                stall_s=patience_s,
            ),
            cancelled=cancelled,
        )
        clips = bench.clips(encoders)
        wanted = {maker: [*_encoders(maker, encoders), *_decoders(maker, clips)] for maker in MAKERS}
        with ThreadPoolExecutor(max_workers=len(MAKERS)) as pool:
            done = list(pool.map(lambda maker: list(bench.tried(wanted[maker])), MAKERS))
    found = Hardware(trials=tuple(t for some in done for t in some), devices=device_nodes())
    if cache is not None:
        save(cache, asdict(found))
    return found


def _encoders(maker: Maker, there: frozenset[str]) -> Iterable[Trial]:
    for codec, depth in FORMS:
        name = encoder_name(maker, codec)
        if name in there:
            yield Trial(maker=maker, kind="encoder", name=name, codec=codec, bit_depth=depth)


def _decoders(maker: Maker, clips: Sequence[str]) -> Iterable[Trial]:
    if maker in trials.METHODS and not (maker == "videotoolbox" and os.uname().sysname != "Darwin"):
        for codec in clips:
            name = f"{codec} by {trials.METHODS[maker]}"
            yield Trial(maker=maker, kind="decoder", name=name, codec=codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """Where trials run."""

    ffmpeg: Path
    folder: Path
    sandbox: Mode
    limits: Limits
    cancelled: Callable[[], bool]

    def clips(self, encoders: frozenset[str]) -> list[str]:
        """Codecs of which a clip to decode could be made, in `<codec>.mkv`."""
        made = []
        for codec, (encoder, *_) in trials.CLIPS.items():
            if encoder in encoders:
                with contextlib.suppress(FramemillError):
                    if self._run(trials.clip_args(codec, f"{codec}.mkv")).exit_code == 0:
                        made.append(codec)
        return made

    def tried(self, wanted: Iterable[Trial]) -> Iterable[Trial]:
        """Each trial with how it ended."""
        hung: Trial | None = None
        for trial in wanted:
            if hung is not None:
                yield replace(trial, reason=f"not tried: {hung.name} hung")
                continue
            ended = self._ended(trial)
            if ended.reason is not None and ended.reason.startswith(_HANGS):
                hung = ended
            yield ended

    def _ended(self, trial: Trial) -> Trial:
        """On the first device where it works, else as it ended on the first."""
        ends: list[Trial] = []
        for device in (render_nodes() or (None,)) if trial.maker == "vaapi" else (None,):
            placed = replace(trial, device=device)
            ends.append(replace(placed, reason=self._why_not(placed)))
            if ends[-1].works:
                return ends[-1]
        return ends[0]

    def _why_not(self, trial: Trial) -> str | None:
        try:
            if trial.kind == "decoder":
                return self._counted(trials.decode_args(trial, f"{trial.codec}.mkv"))
            return self._encodes(trial)
        except FramemillError as error:
            if error.code == "cancelled":
                raise
            limit = f"{_HANGS} within {self.limits.timeout_s:g} s"
            return limit if error.code == "timeout" else error.message

    def _encodes(self, trial: Trial) -> str | None:
        output = f"{trial.maker}-{trial.codec}-{trial.bit_depth}.mkv"
        done = self._run(trials.encode_args(trial, output))
        if done.exit_code != 0:
            return trials.meaning(done.tail, done.exit_code)
        made = self.folder / output
        if not made.is_file() or not made.stat().st_size:
            return "it wrote nothing"
        wrong = self._counted(trials.count_args(output))
        return None if wrong is None else f"what it wrote is damaged ({wrong})"

    def _counted(self, args: tuple[str, ...]) -> str | None:
        """None where all pictures came out, else what went wrong."""
        seen: list[Progress] = []
        done = self._run(args, on_progress=seen.append)
        if done.exit_code != 0:
            return trials.meaning(done.tail, done.exit_code)
        frames = (seen[-1].frame if seen else 0) or 0
        return None if frames == trials.FRAMES else f"{frames} of {trials.FRAMES} pictures came out"

    def _run(
        self, args: tuple[str, ...], *, on_progress: Callable[[Progress], None] | None = None
    ) -> Finished:
        argv = sandboxed(
            (str(self.ffmpeg), *args), readable=(), writable=(self.folder,), mode=self.sandbox, devices=True
        )
        return run_tool(
            argv, cwd=self.folder, limits=self.limits, on_progress=on_progress, cancelled=self.cancelled
        )


def _key(programs: Programs, sandbox: Mode) -> str:
    """Changes with the program, the devices, their drivers, and the sandbox that stands between."""
    inside = sandbox != "off" and working_bwrap() is not None
    parts = (_SCHEMA, *mark_of(programs.ffmpeg), inside, surroundings())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _known(cache: Path) -> Hardware | None:
    data = load(cache)
    try:
        return Hardware(
            trials=tuple(Trial(**trial) for trial in data["trials"]),  # type: ignore[index]  # checked by the except below
            devices=tuple(data["devices"]),  # type: ignore[index]  # the same
        )
    except (KeyError, TypeError):
        return None  # absent or damaged: try again
