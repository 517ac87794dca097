import subprocess
import sys

_HEAVY = (
    # What is kept for later jobs is a folder, and needs no store.
    *(
        "framemill.storage.disk",
        "framemill.storage.local",
        "framemill.storage.s3",
        "framemill.storage.signing",
    ),
    *("framemill.storage.sealing", "framemill.storage.cache", "framemill.engine.stock"),
    *("framemill.engine.shelving", "framemill.fetch.fetcher"),
    *("boto3", "cryptography", "fastapi", "httpx2"),
)


def test_a_job_on_plain_files_loads_nothing_of_the_store() -> None:
    program = """
import sys, tempfile, pathlib
from framemill.app import open_app
from framemill.settings import Settings
from framemill.operations.probe import Probe
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "none.txt").write_text("no film")
app = open_app(Settings(data_dir=folder / "data", cache_dir=folder / "cache"))
job = app.jobs.submit([Probe()], inputs={"input": folder / "none.txt"}, destination=folder, foreground=True)
app.run_job(job)
assert app.jobs.get(job).state == "failed"
print("\\n".join(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    loaded = [name for name in done.stdout.splitlines() if name.startswith(_HEAVY)]
    assert loaded == []
