"""The least that FastAPI can do, for `benchmarks.answering`: says where it is, and serves.

Run as `python -m benchmarks.constant_server`.
"""

import socket

import uvicorn
from fastapi import FastAPI

_ANSWER = {"id": "0", "state": "completed"}


def main() -> None:
    """Say where it is; serve it."""
    api = FastAPI(openapi_url=None)

    @api.get("/")
    def constant() -> dict[str, str]:
        return _ANSWER

    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"serving at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(api, access_log=False, log_config=None, lifespan="off")).run([listener])


if __name__ == "__main__":
    main()
