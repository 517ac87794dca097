import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

import pytest

from framemill.errors import AddressRefused, Cancelled, DownloadFailed, DownloadInterrupted
from framemill.fetch.addresses import AllowList, parse
from framemill.fetch.guard import Guard


def _saying(*answers: Sequence[str] | Exception) -> tuple[Callable[[str], Sequence[str]], list[str]]:
    """A resolver that says one thing after the other, and the names that it was asked for."""
    asked: list[str] = []
    rest = list(answers)

    def resolver(host: str) -> Sequence[str]:
        asked.append(host)
        answer = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return resolver, asked


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%eth0"],
        ["8.8.8.8", "nonsense"],
        ["0.0.0.0"],
    ],
)
def test_a_name_with_any_answer_that_is_not_public_is_refused(answers: list[str]) -> None:
    resolver, _ = _saying(answers)

    with pytest.raises(AddressRefused):
        Guard(resolver=resolver).addresses("films.example", 443)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/",
        ),
        *("http://10.0.0.1/", "http://192.168.1.1/", "http://0.0.0.0/", "http://[64:ff9b::7f00:1]/"),
        *("http://127.0.0.1./", "http://１２７.0.0.1/", "http://[fd00:ec2::254]/", "http://100.100.100.200/"),
    ],
)
def test_a_private_number_is_refused_and_nobody_is_asked(url: str) -> None:
    resolver, asked = _saying(["8.8.8.8"])

    with pytest.raises(AddressRefused):
        Guard(resolver=resolver).open(parse(url))

    assert asked == []


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", "ip6-localhost"])
def test_the_systems_own_names_for_itself_are_refused(name: str) -> None:
    with pytest.raises((AddressRefused, DownloadFailed)):
        Guard().open(parse(f"http://{name}/"))


@pytest.mark.parametrize("port", [22, 25, 81, 6379, 8080])
def test_an_odd_port_is_refused_and_nobody_is_asked(port: int) -> None:
    resolver, asked = _saying(["8.8.8.8"])

    with pytest.raises(AddressRefused):
        Guard(resolver=resolver).connect("films.example", port)

    assert asked == []


def test_a_name_is_asked_for_once_and_a_later_answer_cannot_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, asked = _saying(["93.184.216.34"], ["127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect_ex(_self: socket.socket, address: tuple[str, int]) -> int:
        connected.append(address)
        return 0

    monkeypatch.setattr(socket, "socket", type("S", (socket.socket,), {"connect_ex": connect_ex}))
    monkeypatch.setattr(socket, "getaddrinfo", _never)

    Guard(resolver=resolver).connect("films.example", 443).close()

    assert asked == ["films.example"]
    assert connected == [("93.184.216.34", 443)]


def _never(*_args: object, **_more: object) -> None:
    raise AssertionError("the resolver is asked behind the guard's back")


def test_every_address_that_is_connected_to_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, _ = _saying(["93.184.216.34", "93.184.216.35", "2606:2800:220:1::1"])
    tried: list[str] = []

    def connect_ex(_self: socket.socket, address: tuple[str, int]) -> int:
        tried.append(address[0])
        return 111

    monkeypatch.setattr(socket, "socket", type("S", (socket.socket,), {"connect_ex": connect_ex}))

    with pytest.raises(DownloadInterrupted) as caught:
        Guard(resolver=resolver).connect("films.example", 443)

    assert caught.value.reason == "unreachable"
    assert set(tried) <= {"93.184.216.34", "93.184.216.35", "2606:2800:220:1::1"}
    assert tried[0] == "93.184.216.34"


def test_the_environment_cannot_lead_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, _ = _saying(["127.0.0.1"])
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://93.184.216.34:3128")

    with pytest.raises(AddressRefused):
        Guard(resolver=resolver).open(parse("http://films.example/"))


def test_a_name_that_is_allowed_may_be_private() -> None:
    resolver, _ = _saying(["10.1.2.3"])
    guard = Guard(AllowList.of(["nas.lan"]), resolver=resolver)

    assert guard.addresses("nas.lan", 80) == (ipaddress.ip_address("10.1.2.3"),)


@pytest.mark.parametrize(
    ("code", "transient"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False), (socket.EAI_FAIL, False)]
)
def test_a_name_that_is_not_found_is_told_from_a_resolver_that_is_away(code: int, transient: bool) -> None:
    resolver, _ = _saying(socket.gaierror(code, "no"))

    with pytest.raises(DownloadFailed) as caught:
        Guard(resolver=resolver).addresses("films.example", 443)

    assert (caught.value.reason, caught.value.transient) == ("unresolved", transient)


def test_a_name_without_addresses_is_refused() -> None:
    resolver, _ = _saying([])

    with pytest.raises(DownloadFailed):
        Guard(resolver=resolver).addresses("films.example", 443)


def test_a_resolver_that_hangs_is_not_waited_for_after_a_cancel() -> None:
    asked, done = threading.Event(), threading.Event()

    def resolver(_host: str) -> Sequence[str]:
        asked.set()
        done.wait(60)
        return []

    try:
        with pytest.raises(Cancelled):
            Guard(resolver=resolver).addresses("films.example", 443, stopped=asked.is_set)
    finally:
        done.set()
