"""Envoy's admin page, over its Unix socket (Envoy's documentation, "Administration interface")."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=10)

Json = dict[str, Any]


class AdminError(Exception):
    """Envoy's admin page did not answer, or not as expected; the message says which and where."""


class Admin:
    """A client of one socket; `async with` closes its connections."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def config_dump(self, *, endpoints: bool = True) -> Json:
        """All of the configuration. Private keys are shown by Envoy as `[redacted]`."""
        return await self._json("/config_dump", {"include_eds": ""} if endpoints else {})

    async def clusters(self) -> Json:
        """Every cluster with its hosts, their health and their counters."""
        return await self._json("/clusters", {"format": "json"})

    async def certificates(self) -> Json:
        """Every certificate in use, with serial number, names and expiry."""
        return await self._json("/certs", {})

    async def server_info(self) -> Json:
        """Version, state, uptime and command line."""
        return await self._json("/server_info", {})

    async def memory(self) -> dict[str, int]:
        """Bytes, by what they are used for: `allocated`, `heap_size`, `total_physical_bytes` …"""
        return {name: int(size) for name, size in (await self._json("/memory", {})).items()}

    async def ready(self) -> bool:
        """Whether Envoy has had its first configuration and serves; False too if it does not answer."""
        try:
            return (await self._ask("GET", "/ready", {})).strip() == "LIVE"
        except AdminError:
            return False

    async def stats(self, pattern: str = "") -> dict[str, int]:
        """Counters and gauges whose names match the regular expression (RE2); histograms and texts are left out."""
        text = await self._ask("GET", "/stats", {"filter": pattern, "type": "All"} if pattern else {})
        pairs = (line.rpartition(": ") for line in text.splitlines())
        return {name: int(value) for name, _, value in pairs if value.isdecimal()}

    async def stats_prometheus(self) -> str:
        """Everything that was ever counted, in Prometheus' text format.

        Histograms are as of the question before, for that makes Envoy gather them: hence the small one first.
        """
        await self.stats("^server.live$")
        return await self._ask("GET", "/stats/prometheus", {"usedonly": ""})

    async def drain(self) -> None:
        """Tell everybody with the next response that the connection ends, then accept no new one."""
        await self._ask("POST", "/drain_listeners", {"graceful": "", "skip_exit": ""})
        await self._ask("POST", "/drain_listeners", {})

    async def busy(self) -> int:
        """HTTP requests and raw connections that are being served."""
        served = await self.stats(r"^(http\..*\.downstream_rq_active|tcp\..*\.downstream_cx_active)$")
        return sum(count for name, count in served.items() if not name.startswith("http.admin."))

    async def _json(self, path: str, query: dict[str, str]) -> Json:
        text = await self._ask("GET", path, query)
        try:
            document: Json = json.loads(text)
        except ValueError as error:
            raise AdminError(f"{self._socket}: {path} did not answer with JSON: {error}") from error
        return document

    async def _ask(self, method: str, path: str, query: dict[str, str]) -> str:
        if self._session is None:
            connector = aiohttp.UnixConnector(str(self._socket))
            self._session = aiohttp.ClientSession("http://envoy", connector=connector, timeout=_TIMEOUT)
        try:
            async with self._session.request(method, path, params=query) as answer:
                text = await answer.text()
                if answer.status not in (200, 503):
                    raise AdminError(f"{self._socket}: {path} answered {answer.status}: {text.strip()[:200]}")
                return text
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AdminError(f"{self._socket}: {path} did not answer: {error}. Does Envoy run?") from error
