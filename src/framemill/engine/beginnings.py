"""The first tasks of a job: fetching what it names by address, then planning."""

from datetime import datetime
from pathlib import Path
from typing import Any

from framemill.domain.sources import Url
from framemill.engine.originals import BRINGS, INPUT, brings
from framemill.engine.outcomes import new_task
from framemill.errors import InputNotFound
from framemill.store.tables import Job, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it


def input_facts(path: Path) -> Json:
    """What tells whether an input is still the same file; InputNotFound where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise InputNotFound(str(path)) from error
    return {"path": str(path), "size": found.st_size, "mtime_ns": found.st_mtime_ns, "digest": None}


def understood(url: Url) -> Url:
    """The address as everything here understands it; AddressRefused where it is none."""
    from framemill.fetch.addresses import parse

    return Url(parse(url.text).url)


def url_facts(url: Url) -> Json:
    """An input that is still to be fetched; what is shown as its path is no path."""
    return {"url": url.text, "path": url.label, "size": None, "mtime_ns": None, "digest": None}


def facts_now(facts: Json) -> Json:
    """The facts of an input as they are now: the same ones, where it is the same file."""
    if facts.get("url") and facts["size"] is None:
        return facts
    try:
        now = input_facts(Path(facts["path"]))
    except InputNotFound:
        if facts.get("url"):
            return url_facts(Url(facts["url"]))  # it is fetched again
        return facts  # perhaps on a disk that comes back; the step that reads it will say so
    if all(now[key] == facts[key] for key in ("size", "mtime_ns")):
        return facts
    return url_facts(Url(facts["url"])) if facts.get("url") else now


def first_tasks(job: Job, *, now: datetime) -> list[Task]:
    """A task for each input that is to be fetched, and one that plans when they are here; or one for all."""
    if brings(job):
        title = f"download {job.inputs[INPUT]['path']}"[:255]
        return [new_task(job, key=BRINGS, kind=BRINGS, title=title, position=1, now=now)]
    missing = {
        name: facts for name, facts in job.inputs.items() if facts.get("url") and facts["size"] is None
    }
    fetches = [
        new_task(
            job,
            key=f"fetch:{name}"[:255],
            kind="fetch",
            title=f"download {facts['path']}"[:255],
            position=0,
            now=now,
            step={"input": name},
        )
        for name, facts in missing.items()
    ]
    needs = [task.key for task in fetches]
    return [
        *fetches,
        new_task(job, key="plan", kind="plan", title="plan the work", position=0, now=now, needs=needs),
    ]
