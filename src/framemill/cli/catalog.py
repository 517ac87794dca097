"""Every command by name, with its summary and where its code is: help and completion load nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from framemill.operations.names import SUMMARIES

OPERATIONS = "Operations"
PIPELINES = "Pipelines"
STORED = "Stored videos"
LOOK = "Before and after"
_BUILDERS = "framemill.cli.operation:build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command. `builder` is `module:function`, called with `name` to make the real one."""

    name: str
    summary: str
    section: str
    builder: str
    hidden: bool = False  # works, but is listed under another name

    @property
    def subject(self) -> str:
        """What the builder makes it for: the operation's or pipeline's own name."""
        return self.name.replace("-", "_")


# Read by help without loading YAML; a test compares them with planner.pipelines.
_PIPELINES = {
    "publish": "Everything a player needs: renditions, HLS, DASH, stills, storyboard, preview and sound.",
    "movie-to-clips": "Cut a film into clips with titles, thumbnails and an index.",
}
_STORED = {
    "upload": "Bring files in as videos, here or on a server.",
    "videos": "List, show, edit and delete stored videos.",
    "collections": "List, make, rename and delete collections of videos.",
    "workspaces": "List, make, change and delete workspaces: quotas, and what is kept for how long.",
}
_LOOK = {
    "info": "Show what a file contains.",
    "plan": "Show what an operation or pipeline would do, without doing it.",
    "run": "Run a pipeline of your own from a YAML or JSON file.",
    "pipelines": "List, show, check and run pipelines.",
    "profiles": "List, show and check encoding profiles.",
    "download": "Download a film from an address, on several connections, and go on after a break.",
    "batch": "Work on many files as one batch; list, show, cancel, retry.",
    "watch": "Watch a folder and work on every file that arrives.",
    "jobs": "List, show, watch and steer jobs: pause, cancel, run again.",
    "worker": "Run queued jobs, and see who does.",
    "serve": "Serve the API and run jobs.",
    "keys": "Make, list and revoke keys for programs; print a login link.",
    "users": "Make and list users, set their passwords, let them in no more.",
    "members": "Say who may come into a workspace, and as what.",
    "webhooks": "Tell addresses what becomes of jobs, and see how that went.",
    "alerts": "Show what is wrong, and test who hears of it.",
    "storage": "Check the stored files, remove what nobody needs, change the keys.",
    "stats": "Show how the queue is doing: waiting, done, failed, how long, what it cost.",
    "config": "Show which settings hold, and where they come from.",
    "hardware": "Show which hardware encoders and decoders work here, and why others do not.",
    "doctor": "Check the programs, the database and the disk.",
}
# `probe` is `info`, which is also what people look for; `index` works on another operation's results.
ONLY_IN_PIPELINES = frozenset({"probe", "index"})


def entries() -> Iterator[Entry]:
    """All of them, in the order of the help page; hidden names last."""
    shown = [
        *(_operation(name, text) for name, text in SUMMARIES.items() if name not in ONLY_IN_PIPELINES),
        *(_entry(n, t, PIPELINES, "framemill.cli.pipeline:build") for n, t in _PIPELINES.items()),
        *(_entry(n, t, STORED, f"framemill.cli.{n}:build") for n, t in _STORED.items()),
        *(_entry(n, t, LOOK, f"framemill.cli.{n}:build") for n, t in _LOOK.items()),
    ]
    yield from shown
    yield _entry("probe", _LOOK["info"], LOOK, "framemill.cli.info:build", hidden=True)
    for entry in shown:
        if "-" in entry.name:
            yield _entry(entry.subject, entry.summary, entry.section, entry.builder, hidden=True)


def find(name: str) -> Entry | None:
    """The command of this name, None where there is none."""
    return next((entry for entry in entries() if entry.name == name), None)


def nearest(name: str) -> str | None:
    """The listed command that `name` most likely means."""
    names = [entry.name for entry in entries() if not entry.hidden]
    found = get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.5)
    return found[0] if found else next((n for n in names if n.startswith(name.lower())), None)


def _operation(name: str, summary: str) -> Entry:
    return _entry(name.replace("_", "-"), summary, OPERATIONS, _BUILDERS)


def _entry(name: str, summary: str, section: str, builder: str, *, hidden: bool = False) -> Entry:
    return Entry(name=name, summary=summary, section=section, builder=builder, hidden=hidden)
