"""Answering planning's question how a video comes out at several settings: encodes samples, keeps nothing."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from framemill.commands.failures import classify
from framemill.commands.progress import Progress
from framemill.commands.trials import SOURCE
from framemill.domain.trials import Trial, Tryout
from framemill.engine.machine import Report
from framemill.engine.trials import try_crf
from framemill.engine.workbench import Workbench
from framemill.tools.limits import Limits
from framemill.tools.process import Finished, run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed


def tryout(
    path: Path,
    *,
    wish: Tryout,
    programs: Programs,
    limits: Limits,
    sandbox: Mode,
    cancelled: Callable[[], bool],
    report: Report,
) -> dict[str, tuple[Trial, ...]]:
    """What each setting gave at each of its crf values, by its name."""
    real = path.resolve()
    with tempfile.TemporaryDirectory(prefix="framemill-") as folder:
        scratch = Path(folder)
        (scratch / "in").mkdir()
        (scratch / "out").mkdir()
        (scratch / "in" / SOURCE).symlink_to(real)

        def run(argv: tuple[str, ...], on_progress: Callable[[Progress], None] | None = None) -> Finished:
            done = run_tool(
                sandboxed(
                    (str(programs.ffmpeg), *argv),
                    readable=(real,),
                    writable=(scratch,),
                    mode=sandbox,
                ),
                cwd=scratch,
                limits=limits,
                on_progress=on_progress,
                cancelled=cancelled,
            )
            if done.exit_code != 0:
                raise classify(tool="ffmpeg", exit_code=done.exit_code, tail=done.tail, name=path.name)
            return done

        bench = Workbench(scratch=scratch, ffmpeg=run, trial=run)
        trials = [(setting, crf) for setting in wish.settings for crf in setting.crfs]
        found: dict[str, tuple[Trial, ...]] = {}
        for number, (setting, crf) in enumerate(trials):
            trial = try_crf(
                bench,
                crf,
                takes=wish.takes,
                encode=setting.encode,
                compare=setting.compare,
                done=_one_of(len(trials), number, report),
            )
            found[setting.name] = (*found.get(setting.name, ()), trial)
        return found


def _one_of(count: int, number: int, report: Report) -> Report:
    """Reports of the `number`th of `count` trials."""
    return lambda share: report((number + share) / count)
