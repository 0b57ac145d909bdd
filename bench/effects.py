"""Changes through the API, each with the effect that it must have on the wire."""

import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable

from running import Gateway
from stage import get, handshake
from tenants import NAMESPACE, SECRETS, host_of, name_of, put

from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE
from pylae.kube.client import Client

DEADLINE = 60
"""Seconds that a change may take before it counts as lost."""

Effect = Callable[[], bool]
Change = Callable[[int], Awaitable[Effect]]
"""Ends with the API's answer; the effect is then looked for on the wire."""


class Changes:
    """Each kind of change: hosts that come and go are new ones, others are in use."""

    def __init__(self, gateway: Gateway, client: Client) -> None:
        self._gateway = gateway
        self._client = client
        self._port = gateway.stage.https
        self._tls = gateway.tls

    def table(self) -> dict[str, Change]:
        return {
            "add a host": self.add,
            "rotate a secret": self.rotate,
            "change a route": self.route,
            "remove": self.remove,
        }

    async def add(self, number: int) -> Effect:
        name = name_of(number, "a")
        await put(
            self._client, list(self._gateway.tenants.objects(name, self._gateway.issue(name), self._gateway.backend))
        )
        return lambda: self._answer(name).startswith(b"HTTP/1.1 200")

    async def rotate(self, number: int) -> Effect:
        name = name_of(number % self._gateway.used)
        leaf = self._gateway.issue(name)
        await self._client.patch(SECRET, SECRETS, name, {"data": leaf.data()})
        shown = ssl.PEM_cert_to_DER_cert(leaf.chain)
        return lambda: self._certificate(name) == shown

    async def route(self, number: int) -> Effect:
        name, mark = name_of(number % self._gateway.used), str(time.monotonic_ns())
        to = {"destination": {"host": "backend" if self._gateway.tenants.shared else name, "port": {"number": 80}}}
        http = {"route": [to], "headers": {"response": {"set": {"x-bench": mark}}}}
        await self._client.patch(VIRTUAL_SERVICE, NAMESPACE, name, {"spec": {"http": [http]}})
        return lambda: f"x-bench: {mark}\r".encode() in self._answer(name)

    async def remove(self, number: int) -> Effect:
        """Of those that were added. Only the Gateway counts; the rest of its objects goes too."""
        name = name_of(number, "a")
        await self._client.delete(GATEWAY, NAMESPACE, name)
        return lambda: not self._answer(name).startswith(b"HTTP/1.1 200")

    async def tidy(self, number: int) -> None:
        name = name_of(number, "a")
        await self._client.delete(VIRTUAL_SERVICE, NAMESPACE, name)
        if not self._gateway.tenants.shared:
            await self._client.delete(SERVICE, NAMESPACE, name)
            await self._client.delete(ENDPOINT_SLICE, NAMESPACE, name)
        await self._client.delete(SECRET, SECRETS, name)

    def _answer(self, name: str) -> bytes:
        try:
            return get(self._port, self._tls, host_of(name))
        except OSError:
            return b""

    def _certificate(self, name: str) -> bytes:
        with contextlib.suppress(OSError), handshake(self._port, self._tls, host_of(name)) as connection:
            return connection.getpeercert(binary_form=True) or b""
        return b""


async def until_effective(change: Change, number: int) -> float:
    """Milliseconds. Nothing else has a turn in this process, so it may ask as fast as it can."""
    holds = await change(number)
    answered = time.perf_counter()
    while not holds():
        if time.perf_counter() > answered + DEADLINE:
            raise TimeoutError(f"a change had no effect within {DEADLINE} s")
    return (time.perf_counter() - answered) * 1000
