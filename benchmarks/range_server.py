"""The served application with one stored file, for `benchmarks.ranges`: says where it is, and serves.

Run as `python -m benchmarks.range_server FOLDER FILE`.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from framemill.api.application import create_app
from framemill.api.server import Server, address, listen
from framemill.app import open_app
from framemill.services.playback import MEDIA
from framemill.settings import Settings
from framemill.storage.signing import Grant

_KEY = "workspaces/w/v/original.mp4"


def main() -> None:
    """Store the file, say where it is, serve it."""
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    app = open_app(Settings(data_dir=folder, cache_dir=folder / "cache", storage_floor=0))
    app.blobs.put(_KEY, file)
    grant = Grant(scope=MEDIA, method="GET", key=_KEY, expires=app.signer.after(timedelta(hours=1)))
    listener = listen("127.0.0.1", 0)
    found = {
        "url": f"{address(listener)}/media/{app.signer.token(grant)}/original.mp4",
        "file": str(app.blobs.local_path(_KEY)),
    }
    print(json.dumps(found), flush=True)
    Server(create_app(app), listener).run()


if __name__ == "__main__":
    main()
