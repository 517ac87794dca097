"""One HTTP exchange over a guarded connection: a GET with its redirects, or a POST; a body read as it comes.

Nothing is decoded and nothing is kept: whoever reads counts and writes.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from types import TracebackType

from framemill.errors import AddressRefused, DownloadFailed, DownloadInterrupted
from framemill.fetch.addresses import Target, redirected
from framemill.fetch.guard import Guard
from framemill.fetch.waiting import READ, WRITE, Stopped, Until, Waiting, never

_HEADERS_S = 30
_SILENCE_S = 30
_REDIRECTS = 5
_MOVED = {301, 302, 303, 307, 308}
READ_BYTES = 256 * 1024


class Wire(io.RawIOBase):
    """A non-blocking socket as `http.client` wants one: it waits for no longer than its clock says."""

    def __init__(self, sock: socket.socket, host: str, stopped: Stopped) -> None:
        super().__init__()
        self._sock = sock
        self._stopped = stopped
        self._host = host
        self._clock: Until | None = None

    def clock(self, seconds: float, what: str) -> None:
        """All that is read and sent from now on has this many seconds together."""
        self._clock = Waiting(seconds=seconds, what=what, stopped=self._stopped).started()

    def unclock(self) -> None:
        """From now on only silence is limited."""
        self._clock = None

    def readinto(self, buffer: object) -> int:
        """Some bytes, none at the end."""
        until = self._until()
        while True:
            until.look()
            try:
                return self._sock.recv_into(buffer)  # type: ignore[arg-type]  # a buffer, as above
            except ssl.SSLWantWriteError:
                until.wait(self._sock, WRITE)
            except (BlockingIOError, ssl.SSLWantReadError):
                until.wait(self._sock, READ)

    def sendall(self, data: bytes) -> None:
        """Send it all."""
        until, rest = self._until(), memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except ssl.SSLWantReadError:
                until.wait(self._sock, READ)
            except (BlockingIOError, ssl.SSLWantWriteError):
                until.wait(self._sock, WRITE)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(self, READ_BYTES)

    def readable(self) -> bool:
        """It is read from."""
        return True

    def shut(self) -> None:
        """Let go of the connection for good."""
        self._sock.close()

    def close(self) -> None:
        """Readers come and go; `shut` ends the connection."""

    def _until(self) -> Until:
        if self._clock is not None:
            return self._clock
        return Waiting(
            seconds=_SILENCE_S, what=f"the next bytes of {self._host}", stopped=self._stopped
        ).started()


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a server said, with its body still to come."""

    target: Target
    status: int
    headers: Message
    _response: http.client.HTTPResponse = field(repr=False)
    _wire: Wire = field(repr=False)

    @property
    def length(self) -> int | None:
        """Bytes of the body as announced; None where it ends when it ends."""
        return self._response.length

    def read(self) -> bytes:
        """Some of the body, b"" at its end; DownloadInterrupted where the line breaks.

        An announced body that ends too early ends like any other: whoever
        reads counts.
        """
        try:
            return self._response.read1(READ_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise _broken(self.target, error) from error

    def __enter__(self) -> "Answer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.shut()


def get(
    guard: Guard,
    target: Target,
    *,
    headers: Mapping[str, str],
    agent: str,
    stopped: Stopped = never,
) -> Answer:
    """Ask for `target`, and for where it leads to; every stop on the way is guarded anew.

    Raises AddressRefused, DownloadFailed, DownloadInterrupted, Cancelled.
    """
    for _ in range(_REDIRECTS + 1):
        answer = _ask(guard, target, headers, agent, stopped)
        location = answer.headers.get("Location")
        if answer.status not in _MOVED or location is None:
            return answer
        with answer:
            target = redirected(target, location)
    raise DownloadFailed(f"{target.host} redirects more than {_REDIRECTS} times", reason="redirects")


def post(
    guard: Guard,
    target: Target,
    body: bytes,
    *,
    headers: Mapping[str, str],
    agent: str,
    stopped: Stopped = never,
) -> Answer:
    """Send `body` to `target` and nowhere else: a redirect is an answer like any other.

    Raises what `get` does.
    """
    length = {"Content-Length": str(len(body))}
    return _ask(guard, target, {**headers, **length}, agent, stopped, body=body)


def _ask(
    guard: Guard,
    target: Target,
    headers: Mapping[str, str],
    agent: str,
    stopped: Stopped,
    *,
    body: bytes | None = None,
) -> Answer:
    wire = Wire(guard.open(target, stopped=stopped), target.host, stopped)
    try:
        # Headers that come a byte at a time would else come for ever.
        wire.clock(_HEADERS_S, f"the answer of {target.host}")
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = wire  # connected already: http.client must never connect by itself
        connection.auto_open = 0
        method = "GET" if body is None else "POST"
        connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
        whole = {
            "Host": target.authority,
            "User-Agent": agent,
            "Accept": "*/*",
            # What is decoded on the way can be neither continued nor limited.
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        for name, value in whole.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        wire.unclock()
    except (OSError, http.client.HTTPException, ValueError) as error:
        wire.shut()
        raise _broken(target, error) from error
    except BaseException:
        wire.shut()
        raise
    return Answer(
        target=target, status=response.status, headers=response.headers, _response=response, _wire=wire
    )


def _broken(target: Target, error: Exception) -> DownloadFailed | AddressRefused:
    if isinstance(error, http.client.InvalidURL):
        return AddressRefused("the address has characters that no address has")
    # An answer that breaks off in its first line looks like nonsense, so nonsense gets another chance.
    if isinstance(error, http.client.HTTPException | ValueError) and not isinstance(error, OSError):
        return DownloadInterrupted(f"{target.host} does not speak HTTP as it should", reason="protocol")
    return DownloadInterrupted(f"{target.host} broke off", reason="broken")
