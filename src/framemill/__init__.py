"""Framemill as a library: `probe`, `plan`, `run`, the operations' specs and the errors.

    import framemill as fm

    fm.probe("talk.mp4").duration_us
    fm.run("talk.mp4", fm.Trim(start="41m12s", end="44m03s"), output="scene.mp4")
    fm.run("talk.mp4", "publish", output="site/talk", on_progress=print)

Importing this costs next to nothing; each name loads what it needs when it is
first used.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framemill.errors import FramemillError

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.domain.media import MediaInfo
    from framemill.domain.plan import Plan
    from framemill.domain.sources import Source
    from framemill.engine.events import Event, EventSink
    from framemill.operations.spec import Spec
    from framemill.services.records import Result
    from framemill.settings import Settings

__all__ = ["FramemillError", "Result", "plan", "probe", "run"]


def probe(path: str | Path, *, count_frames: bool = False, settings: "Settings | None" = None) -> "MediaInfo":
    """What a file contains. `count_frames` decodes it to count them.

    Raises InputNotFound and InputUnreadable.
    """
    from framemill.app import open_app
    from framemill.tools.probe import probe as look

    app = open_app(settings)
    return look(
        Path(path),
        programs=app.programs,
        limits=app.limits,
        sandbox=app.settings.sandbox,
        count_frames=count_frames,
    )


def plan(
    inputs: str | Path | Mapping[str, str | Path],
    *work: "Spec | str | Path",
    params: Mapping[str, object] | None = None,
    settings: "Settings | None" = None,
) -> "Plan":
    """What `run` would do: steps with exact commands, an estimate, warnings. Writes nothing.

    `work` as for `run`.
    """
    from framemill.app import open_app
    from framemill.operations.binding import bound

    specs, named = bound(_specs(work, params), _inputs(inputs))
    return open_app(settings).plans.plan(specs, inputs=named)


def run(
    inputs: str | Path | Mapping[str, str | Path],
    *work: "Spec | str | Path",
    output: str | Path,
    overwrite: bool = False,
    params: Mapping[str, object] | None = None,
    on_progress: "Callable[[Event], None] | None" = None,
    settings: "Settings | None" = None,
) -> "Result":
    """Do `work` to `inputs` and return what came of it; blocks until it is done.

    `inputs` is one file, which specs call `input`, or several by name; a field
    that names a further file, such as a watermark, also takes its path. `work`
    is one or more specs, or the name or file of a pipeline, whose fields
    `params` override. `output` is a folder, or the file to write where one
    operation makes one file. `on_progress` gets every event, from this and
    other threads. Raises FramemillError; then nothing is left at `output`.
    """
    from framemill.app import open_app
    from framemill.engine.events import Callback
    from framemill.operations.binding import bound, path_of
    from framemill.operations.names import SETS

    specs, named = bound(_specs(work, params), _inputs(inputs))
    folder = path_of(output)
    if len(specs) == 1 and specs[0].op not in SETS and folder.suffix and not folder.is_dir():
        specs = (specs[0].model_copy(update={"output": folder.name}),)
        folder = folder.parent
    app = open_app(settings, in_memory=True)
    try:
        job_id = app.jobs.submit(specs, inputs=named, destination=folder, overwrite=overwrite)
        return _result(app, job_id, Callback(on_progress) if on_progress else None)
    finally:
        app.close()


def _result(app: "App", job_id: str, sink: "EventSink | None") -> "Result":
    from framemill.engine.stored import load_error
    from framemill.errors import Cancelled
    from framemill.services.records import Result

    detail = app.run_job(job_id, sink)
    job = detail.job
    if job.error is not None:
        raise load_error(job.error)
    if job.state != "completed":
        raise Cancelled
    actual = job.actual or {}
    return Result(
        job_id=job.id,
        artifacts=detail.artifacts,
        notes=job.notes,
        warnings=job.warnings,
        dropped=job.dropped,
        wall_ms=actual.get("wall_ms", 0),
        cpu_ms=actual.get("cpu_ms", 0),
    )


def _specs(work: "tuple[Spec | str | Path, ...]", params: Mapping[str, object] | None) -> "tuple[Spec, ...]":
    from framemill.planner.pipelines import load_pipeline

    found: list[Spec] = []
    for item in work:
        if isinstance(item, str | Path):
            found += load_pipeline(str(item), params)
        else:
            found.append(item)
    return tuple(found)


def _inputs(given: str | Path | Mapping[str, str | Path]) -> "dict[str, Source]":
    from framemill.domain.sources import Url, is_url

    named = given if isinstance(given, Mapping) else {"input": given}
    return {name: Url(str(one)) if is_url(str(one)) else Path(one) for name, one in named.items()}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a spec class, an error or a version
    if name == "__version__":
        from importlib.metadata import version

        return version("framemill")
    if name == "Result":
        return import_module("framemill.services.records").Result
    errors = import_module("framemill.errors")
    if hasattr(errors, name):
        return getattr(errors, name)
    if name[:1].isupper():
        from framemill.operations.names import SUMMARIES

        for operation in SUMMARIES:
            if operation.title().replace("_", "") == name:
                return import_module("framemill.operations.registry").operation(operation).spec
    raise AttributeError(f"module 'framemill' has no attribute {name!r}")


def __dir__() -> list[str]:
    from framemill.operations.names import SUMMARIES

    return sorted({*globals(), *(name.title().replace("_", "") for name in SUMMARIES)})
