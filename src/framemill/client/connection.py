"""Asking a server: with the key, again where that helps, and what goes wrong as errors of our own."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from framemill.client.address import checked_address, is_loopback
from framemill.client.refusals import harmless, refusal, said
from framemill.errors import FramemillError, ServerUnavailable

if TYPE_CHECKING:
    import httpx2

Json = Any  # Any: JSON of another program
Params = Mapping[str, Any]  # Any: texts, numbers, lists of texts
API = "/api/v1"
_HEALTH = "/health"
_ONCE_S = 3.0  # for somebody who was never there
_AGAIN_S = 600.0  # for somebody who was: it may be restarting
_LONGEST_WAIT_S = 30.0


class Server:
    """One server. For one thread, as long as nothing else is said."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        transport: "httpx2.BaseTransport | None" = None,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """AddressRefused."""
        import httpx2

        self.url = checked_address(url)
        self.wait = wait
        self.now = now
        self._met = False
        headers = {"User-Agent": f"framemill/{version('framemill')}"}
        # To this very machine no proxy leads; its key must not travel there.
        direct = is_loopback(httpx2.URL(self.url).host)
        patience = httpx2.Timeout(30.0, read=900.0)
        self._api = httpx2.Client(
            base_url=self.url,
            headers=headers | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=patience,
            transport=transport,
            trust_env=not direct,
            follow_redirects=False,
        )
        # Files need not lie with the server, and their place must not see the key. Safe from many threads.
        self.store = httpx2.Client(
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(60.0),
            transport=transport,
            trust_env=not direct,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()
        self.store.close()

    def once(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One answer's JSON, None where it has none; ServerUnavailable, and what the server refuses with."""
        with self._troubles():
            answer = self._api.request(method, path, json=body, params=params, headers=headers)
        self._met = True
        if not answer.is_success:
            raise self._explained(refusal(answer, self.url), path)
        if answer.status_code == 204:
            return None
        try:
            return harmless(answer.json())
        except ValueError:
            raise ServerUnavailable(
                f"{self.url} answered, but not as Framemill does", hint="look at --server"
            ) from None

    def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        params: Params | None = None,
        key: str | None = None,
        again: bool = False,
    ) -> Json:
        """The same with patience.

        What changes something is only repeated under its idempotency `key`, or
        where doing it `again` changes nothing.
        """
        headers = None if key is None else {"Idempotency-Key": key}
        return self.patiently(
            lambda: self.once(method, path, body, params=params, headers=headers),
            sure=again or key is not None or method == "GET",
        )

    def patiently(self, act: Callable[[], Json], *, sure: bool = True) -> Json:
        """What `act` gives in the end. What may not be done twice (not `sure`) is repeated if refused."""
        began, pause = self.now(), 0.5
        while True:
            try:
                return act()
            except ServerUnavailable as error:
                limit = _AGAIN_S if self._met else _ONCE_S
                longer = max(error.wait_s, pause)
                if not (sure or error.wait_s) or self.now() - began + longer > limit:
                    raise
                self.wait(longer)
            pause = min(_LONGEST_WAIT_S, 2 * pause)

    @contextmanager
    def stream(self, path: str, *, params: Params, headers: Mapping[str, str]) -> Iterator["httpx2.Response"]:
        """An answer that goes on and on; ServerUnavailable where it breaks off or is silent for too long."""
        import httpx2

        silence = httpx2.Timeout(30.0, read=45.0)
        with (
            self._troubles(),
            self._api.stream("GET", path, params=params, headers=headers, timeout=silence) as answer,
        ):
            self._met = True
            if not answer.is_success:
                answer.read()
                raise self._explained(refusal(answer, self.url), path)
            yield answer

    def version(self) -> str | None:
        """Which version it is; None where it does not say."""
        try:
            found = self.once("GET", _HEALTH)
        except FramemillError:
            return None
        told = found.get("version") if isinstance(found, dict) else None
        return told if isinstance(told, str) and len(told) < 64 else None

    def _explained(self, error: FramemillError, path: str) -> FramemillError:
        """Who is refused as malformed may only be newer, or older."""
        if error.code in {"server_refused", "invalid_spec"} and path != _HEALTH:
            there, here = self.version(), version("framemill")
            if there is not None and there != here:
                error.hint = f"the server is version {there}, and this is {here}" + (
                    f"; {error.hint}" if error.hint else ""
                )
        return error

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except httpx2.HTTPError as error:
            raise ServerUnavailable(
                f"{self.url} does not answer: {said(error)}", hint="look at --server, and try again"
            ) from error
        except httpx2.InvalidURL as error:
            raise ServerUnavailable(f"{self.url} is no address of a server") from error
