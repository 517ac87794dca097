"""The outbound guard: the only way from here to another machine.

A name is resolved once. Every answer is judged, and one bad answer refuses
the name. Then exactly these addresses, as numbers, are connected to: nobody
asks the resolver again, so what it says later cannot matter. TLS and the
Host header keep the name. Proxies named in the environment are not looked at.
"""

import ipaddress
import os
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EINPROGRESS, EISCONN
from functools import cache

from framemill.errors import AddressRefused, DownloadFailed, DownloadInterrupted
from framemill.fetch.addresses import Address, AllowList, Target
from framemill.fetch.waiting import READ, WRITE, Stopped, Until, Waiting, never

# Gives the addresses of a name as texts; raises socket.gaierror.
Resolver = Callable[[str], Sequence[str]]

_RESOLVE_S = 20
_CONNECT_S = 10
_HANDSHAKE_S = 15
_MOST_ADDRESSES = 4


def resolve(host: str) -> Sequence[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Guard:
    """Connects to what may be connected to."""

    def __init__(
        self,
        allow: AllowList | None = None,
        *,
        resolver: Resolver = resolve,
        setting: str = "FRAMEMILL_FETCH_ALLOW",
    ) -> None:
        self._allow = allow or AllowList()
        self._resolver = resolver
        self._hint = f"the operator may add it to {setting}"

    def open(self, target: Target, *, stopped: Stopped = never) -> socket.socket:
        """A connection for `target`, with TLS where its scheme says so; non-blocking.

        Raises AddressRefused, DownloadFailed where there is no such host or
        its certificate is wrong, DownloadInterrupted where it does not answer.
        """
        plain = self.connect(target.host, target.port, stopped=stopped)
        if target.scheme == "http":
            return plain
        try:
            return _secured(plain, target.host, stopped)
        except BaseException:
            plain.close()
            raise

    def connect(self, host: str, port: int, *, stopped: Stopped = never) -> socket.socket:
        """A plain connection to `host`, which is as `addresses.parse` left it; non-blocking."""
        addresses = self.addresses(host, port, stopped=stopped)
        problem: Exception | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return _connected(address, port, host, stopped)
            except (OSError, DownloadInterrupted) as error:
                problem = error
        raise DownloadInterrupted(f"{host} does not answer", reason="unreachable") from problem

    def judge(self, target: Target) -> None:
        """What can be said of it without asking anybody; AddressRefused."""
        self._check_port(target.host, target.port)
        if target.literal is not None:
            self.addresses(target.host, target.port)

    def addresses(self, host: str, port: int, *, stopped: Stopped = never) -> tuple[Address, ...]:
        """What `host` is, asked once, where all of it may be connected to; AddressRefused."""
        self._check_port(host, port)
        found = self._looked_up(host, stopped)
        if not found:
            raise DownloadFailed(f"{host} has no address", reason="unresolved", hint="check the address")
        for address in found:
            if not self._allow.permits(host=host, address=address, port=port):
                raise AddressRefused(f"{host} is not a public address", hint=self._hint)
        # Where IPv6 does not work it often hangs, and IPv4 nearly always works.
        return tuple(sorted(found, key=lambda address: address.version))

    def _check_port(self, host: str, port: int) -> None:
        if not self._allow.port_possible(host=host, port=port):
            raise AddressRefused(f"port {port} of {host} is not 80 or 443", hint=self._hint)

    def _looked_up(self, host: str, stopped: Stopped) -> tuple[Address, ...]:
        with suppress(ValueError):
            return (ipaddress.ip_address(host),)
        # The system's resolver cannot be stopped, so nobody waits for it longer than they like.
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolver(host))
            except Exception as error:  # noqa: BLE001 - raised where it was asked for
                answers.put(error)

        threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
        until = Waiting(seconds=_RESOLVE_S, what=f"looking up {host}", stopped=stopped).started()
        while True:
            try:
                answer = answers.get(timeout=min(0.25, until.look()))
                break
            except queue.Empty:
                continue
        if isinstance(answer, socket.gaierror):
            if answer.errno == socket.EAI_AGAIN:
                raise DownloadInterrupted(f"{host} cannot be looked up now", reason="unresolved") from answer
            raise DownloadFailed(
                f"there is no host {host}", reason="unresolved", hint="check the address"
            ) from answer
        if isinstance(answer, Exception):
            raise AddressRefused(f"{host} cannot be looked up") from answer
        try:
            return tuple(ipaddress.ip_address(text) for text in answer)
        except ValueError as error:
            raise AddressRefused(f"{host} is not a public address") from error


def _connected(address: Address, port: int, host: str, stopped: Stopped) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = Waiting(seconds=_CONNECT_S, what=f"connecting to {host}", stopped=stopped).started()
        code = sock.connect_ex((str(address), port))
        if code == EINPROGRESS:
            until.wait(sock, WRITE)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code not in {0, EISCONN}:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


def _secured(plain: socket.socket, host: str, stopped: Stopped) -> socket.socket:
    until = Waiting(seconds=_HANDSHAKE_S, what=f"the greeting of {host}", stopped=stopped).started()
    secure = _context().wrap_socket(  # which takes the plain one's place
        plain,
        server_hostname=host,
        do_handshake_on_connect=False,
        # An end that nobody signed may be a cut.
        suppress_ragged_eofs=False,
    )
    try:
        shake(secure, until)
    except ssl.SSLCertVerificationError as error:
        secure.close()
        raise DownloadFailed(
            f"the certificate of {host} is not right: {error.verify_message}", reason="tls"
        ) from error
    except OSError as error:
        secure.close()
        raise DownloadInterrupted(f"no secure connection to {host}: {error}", reason="tls") from error
    except BaseException:
        secure.close()
        raise
    return secure


def shake(secure: ssl.SSLSocket, until: Until) -> None:
    """Greet the other side, without blocking for longer than `until` says."""
    while True:
        try:
            secure.do_handshake()
            return
        except ssl.SSLWantReadError:
            until.wait(secure, READ)
        except ssl.SSLWantWriteError:
            until.wait(secure, WRITE)


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
