"""A client of the job service over a WebSocket: files go out, results come in. Needs only `websockets`.

    FRAMEMILL_KEY=fm_... python examples/ws_client.py trim film.mp4 --option start=1 --into results

More inputs are named as the operation's options call them:

    ... subtitles film.mp4 --option action=burn --option file=words --input words=film.srt
"""

import argparse
import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Message = dict[str, Any]
Inbox = asyncio.Queue[tuple[Message, bytes]]


class Failed(Exception):
    """The service said that something cannot be done; `code` says what."""

    def __init__(self, error: Message) -> None:
        self.code: str = error["code"]
        super().__init__(f"{error['code']}: {error['message']}")


class Mill:
    """One connection, on which any number of jobs may run side by side."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)
        self._inboxes: dict[str, Inbox] = {}  # by request, then by job

    async def listen(self) -> None:
        """Hand each message to whoever waits for it, until the connection ends."""
        try:
            async for frame in self.socket:
                message, payload = read(frame)
                to = message.get("request_id") or message.get("job_id") or ""
                if message["type"] == "ack":  # from now on the job's id is what messages say
                    self._inboxes[message["job_id"]] = self._inboxes[to]
                if to in self._inboxes:
                    self._inboxes[to].put_nowait((message, payload))
        finally:
            ended = {"type": "error", "code": "disconnected", "message": str(self.socket.close_reason)}
            for inbox in self._inboxes.values():
                inbox.put_nowait((ended, b""))

    def expect(self, request_id: str) -> Inbox:
        """Where answers to a request of this name arrive, and what its job says."""
        inbox = self._inboxes[request_id] = asyncio.Queue()
        return inbox

    async def say(self, **message: object) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(message))

    async def run(
        self,
        operation: str,
        inputs: Mapping[str, Path | str],
        into: Path,
        *,
        options: Message | None = None,
        show: Callable[[Message], object] = lambda _: None,
        **wishes: object,
    ) -> Message:
        """Do one job; returns `completed`. Inputs are files, addresses, or `video:ID`. Raises Failed."""
        request = f"request-{next(self._numbers)}"
        inbox = self.expect(request)
        try:
            wanted = {name: origin(where) for name, where in inputs.items()}
            await self.say(
                type="start_job",
                request_id=request,
                operation=operation,
                **{"options": options or {}, "inputs": wanted, **wishes},
            )
            ack, _ = await said(inbox)
            for name, where in inputs.items():
                if isinstance(where, Path):
                    await self.upload(ack, name, where, inbox)
            return await self.finish(ack["job_id"], inbox, into, show)
        finally:
            self._inboxes = {one: box for one, box in self._inboxes.items() if box is not inbox}

    async def attach(
        self, job_id: str, into: Path, show: Callable[[Message], object] = lambda _: None
    ) -> Message:
        """Go on with a job that runs already; returns `completed`. Raises Failed."""
        request = f"request-{next(self._numbers)}"
        inbox = self.expect(request)
        await self.say(type="attach", request_id=request, job_id=job_id)
        await said(inbox)
        return await self.finish(job_id, inbox, into, show)

    async def upload(self, ack: Message, name: str, path: Path, inbox: Inbox) -> None:
        """Send a file, never more than a window of it ahead of what has arrived."""
        sent = arrived = 0
        size = path.stat().st_size
        with path.open("rb") as file:
            for seq in itertools.count():
                while sent - arrived > ack["window"] - ack["max_chunk"]:
                    message, _ = await said(inbox)
                    arrived = message["bytes"] if message["type"] == "upload_ack" else arrived
                piece = file.read(ack["max_chunk"])
                sent += len(piece)
                header = {"type": "upload_chunk", "job_id": ack["job_id"], "input": name, "seq": seq}
                await self.socket.send(binary({**header, "last": sent >= size}, piece))
                if sent >= size:
                    break
        while arrived < size:
            message, _ = await said(inbox)
            arrived = message["bytes"] if message["type"] == "upload_ack" else arrived

    async def finish(
        self,
        job_id: str,
        inbox: Inbox,
        into: Path,
        show: Callable[[Message], object],
    ) -> Message:
        """Wait for the end of a job, and save its results below `into`."""
        completed: Message = {}
        names: dict[int, Path] = {}
        arrived = 0
        while not completed or (completed["results"] == "stream" and arrived < completed["bytes"]):
            message, payload = await said(inbox)
            if message["type"] == "progress":
                show(message)
            elif message["type"] == "completed":
                completed = message
                names = {f["index"]: into / f["name"] for made in message["artifacts"] for f in made["files"]}
            elif message["type"] == "result_chunk":
                path = names[message["index"]]
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab" if message["seq"] else "wb") as file:
                    file.write(payload)
                arrived += len(payload)
                await self.say(type="result_ack", job_id=job_id, bytes=arrived)
        return completed


def origin(where: Path | str) -> Message:
    """An input as a message names it."""
    if isinstance(where, Path):
        return {"type": "upload", "filename": where.name, "size": where.stat().st_size}
    if where.startswith("video:"):
        return {"type": "video", "video": where.removeprefix("video:")}
    return {"type": "url", "url": where}


def binary(header: Message, payload: bytes) -> bytes:
    """A binary frame: the header's length in four bytes, the header in JSON, and the bytes."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + payload


def read(frame: str | bytes) -> tuple[Message, bytes]:
    """What a frame says, and the bytes that come with it."""
    if isinstance(frame, str):
        return json.loads(frame), b""
    end = 4 + int.from_bytes(frame[:4], "big")
    return json.loads(frame[4:end]), frame[end:]


async def said(inbox: Inbox) -> tuple[Message, bytes]:
    """The next message; Failed where it is an error."""
    message, payload = await inbox.get()
    if message["type"] == "error":
        raise Failed(message)
    return message, payload


@asynccontextmanager
async def open_mill(url: str, key: str) -> AsyncIterator[Mill]:
    """A connection until the block ends."""
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(url, additional_headers=headers, compression=None) as socket:
        mill = Mill(socket)
        listening = asyncio.create_task(mill.listen())
        try:
            yield mill
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await listening


def value(text: str) -> object:
    """An option's value: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


async def main() -> None:
    """One job, as the arguments say."""
    parser = argparse.ArgumentParser(description="Run one operation over the job service.")
    parser.add_argument("operation")
    parser.add_argument("file", help="the input: a file, an address, or video:ID")
    parser.add_argument("--url", default="ws://127.0.0.1:8000/ws/v1/process")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--into", type=Path, default=Path())
    parser.add_argument("--urls", action="store_true", help="print addresses instead of saving results")
    asked = parser.parse_args()
    pairs = [("input", asked.file), *(one.split("=", 1) for one in asked.input)]
    inputs = {name: where if "://" in where or ":" in where[:6] else Path(where) for name, where in pairs}
    options = {name: value(text) for name, text in (one.split("=", 1) for one in asked.option)}
    async with open_mill(asked.url, os.environ.get("FRAMEMILL_KEY", "")) as mill:
        done = await mill.run(
            asked.operation,
            inputs,
            asked.into,
            options=options,
            show=lambda message: print(f"{message['percent']:5.1f} %  {message['step'] or ''}"),
            results="urls" if asked.urls else "stream",
        )
    for file in (file for made in done["artifacts"] for file in made["files"]):
        print(file["url"] or asked.into / file["name"])


if __name__ == "__main__":
    asyncio.run(main())
