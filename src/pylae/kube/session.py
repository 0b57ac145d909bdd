"""Requests to one API server, as one user: the one place where they are made, and where all that may go wrong with one
gets its name.

What all requests must heed is kept here: who we are, that the server is away, that it asked for time.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from pylae import __version__
from pylae.kube.connection import Connection
from pylae.kube.errors import ApiError, KubeError, Unreachable, api_error
from pylae.kube.login import Login
from pylae.kube.outage import Outage
from pylae.kube.transport import connector, why
from pylae.kube.warnings import warnings_of

Query = Mapping[str, str]

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Seconds. The server's own limit for a write is about as long."""

WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Servers on this machine: nothing is gained by compressing for them, at many times the cost of sending as it is."""

READ_AHEAD = 2**20
"""Bytes of an answer that are taken in before they are asked for: about a page of a list."""

WARNINGS_KEPT = 100

ATTEMPTS = 4
"""How often a request is made that the server has no time for. client-go tries ten times; who asks here has a back-off
of his own, and the agenda of all others waits meanwhile."""

LONGEST_WAIT = 30.0
"""Seconds that a server is granted at most when it asks for time."""

UNAUTHORIZED = 401
SERVER_ERROR = 500
OUT_OF_ORDER = (502, 503, 504)
"""What stands before a server answers, or the server itself, when it cannot serve."""


class Session:
    """Open it with `open`, and `close` it. `outage` says whether the server is away."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outage = Outage(self._is_ready)
        self.warnings: deque[str] = deque(maxlen=WARNINGS_KEPT)
        self._http: aiohttp.ClientSession | None = None
        self._login: Login | None = None
        self._asked_for_time_until = 0.0

    async def open(self) -> None:
        """Raises `UnusableCredentials`."""
        self._login = Login(self.connection)
        headers = {"User-Agent": f"pylae/{__version__}", "Accept": "application/json"}
        if URL(self.connection.server).host in LOOPBACK:
            headers["Accept-Encoding"] = "identity"
        self._http = aiohttp.ClientSession(
            connector=connector(self.connection), headers=headers, timeout=TIMEOUT, read_bufsize=READ_AHEAD
        )

    async def close(self) -> None:
        await self.outage.close()
        if self._http:
            await self._http.close()

    async def ask(
        self,
        method: str,
        where: str,
        query: Query | None = None,
        document: Any = None,
        content_type: str = "application/json",
    ) -> bytes:
        """The body of the answer. A server that asks for time is given it, and asked again."""
        body = None if document is None else msgspec.json.encode(document)
        headers = {"Content-Type": content_type} if body is not None else {}
        for attempt in range(1, ATTEMPTS + 1):
            if (seconds := self._asked_for_time_until - time.monotonic()) > 0:
                await self._wait(seconds)
            try:
                async with self.answer(method, where, query, data=body, headers=headers) as response:
                    return await response.read()
            except ApiError as error:
                if error.retry_after is None:
                    raise
                self._grant(error.retry_after)
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def answer(
        self, method: str, where: str, query: Query | None = None, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, if it is a yes. Raises `ApiError` and `Unreachable`, also for what happens while it is read."""
        url = URL(self.connection.server + where).update_query(query or {})
        try:
            async with await self._response(method, url, **options) as response:
                self._note(response)
                if response.status >= 300:
                    raise api_error(response.status, await response.read(), response.headers.get("Retry-After", ""))
                yield response
        except KubeError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.outage.begin()
            raise Unreachable(self.connection.place, why(error)) from error

    async def _response(self, method: str, url: URL, **options: Any) -> aiohttp.ClientResponse:
        """An answer to who we are; where the server does not know us, to who we are by now."""
        assert self._http is not None, "open it first"
        assert self._login is not None, "open it first"
        headers: Mapping[str, str] = options.pop("headers", {})
        for is_last in (False, True):
            proof = await self._login.proof()
            response = await self._http.request(
                method,
                url,
                headers={**headers, **proof.headers},
                ssl=proof.tls if proof.tls is not None else True,
                server_hostname=self.connection.server_name or None,
                proxy=self.connection.proxy or None,
                allow_redirects=False,
                **options,
            )
            if response.status != UNAUTHORIZED or is_last or not await self._login.may_pass(proof):
                return response
            response.release()
        raise AssertionError("the last attempt returns or raises")

    def _note(self, response: aiohttp.ClientResponse) -> None:
        self.warnings.extend(warnings_of(response.headers.getall("Warning", [])))
        if response.status in OUT_OF_ORDER:
            self.outage.begin()

    def _grant(self, seconds: float) -> None:
        """Nobody asks before that."""
        until = time.monotonic() + min(seconds, LONGEST_WAIT)
        self._asked_for_time_until = max(self._asked_for_time_until, until)

    async def _wait(self, seconds: float) -> None:
        """A server that is back by itself needs no more time."""
        if await self.outage.pause(seconds, asyncio.sleep):
            self._asked_for_time_until = 0.0

    async def _is_ready(self) -> bool:
        """Whether the server says so; one that does not tell us is."""
        try:
            async with self.answer("GET", "/readyz", timeout=TIMEOUT):
                return True
        except ApiError as error:
            return error.code < SERVER_ERROR
        except KubeError:
            return False
