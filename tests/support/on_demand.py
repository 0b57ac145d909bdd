"""Hosts served on demand, as a picture and as resources, and a client that keeps its connection."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from picture import ORIGIN, certificate, cluster, endpoints

from pylae.model.ir.listener import AskedBySni, DownstreamTls, FilterChain, HttpConnectionManager, ScopedRoutes
from pylae.model.ir.route import Forward, Retry, Route, RouteMatch, VirtualHost, WeightedCluster
from pylae.model.ir.scope import Scope
from pylae.model.workload import AccessLog
from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints
from pylae.xds.resource import Resource
from pylae.xds.scope import emit_scope
from pylae.xds.secret import emit_secret

LISTENER = "0.0.0.0_8443"


def shared(listener: str = LISTENER, log: AccessLog | None = None) -> FilterChain:
    """The chain of all hosts that are served on demand."""
    manager = HttpConnectionManager(ScopedRoutes(listener), f"outbound_{listener};", access_log=log)
    return FilterChain("on-demand", (), DownstreamTls(AskedBySni()), manager, ORIGIN)


def virtual_host(domain: str, target: str) -> VirtualHost:
    """Everything to one cluster."""
    route = Route("default", RouteMatch(), Forward((WeightedCluster(target),), retry=Retry()), ORIGIN)
    return VirtualHost(f"{domain}:443", (domain,), (route,), ORIGIN)


def scope(host: str, target: str, *, listener: str = LISTENER, domain: str = "", strict: bool = True) -> Scope:
    return Scope(listener, host, (virtual_host(domain or host, target),), ORIGIN, strict)


def backend(name: str, port: int) -> tuple[Resource, Resource]:
    """A cluster and its endpoints."""
    return emit_cluster(cluster(name, counted=False)), emit_endpoints(endpoints(name, port))


def secret(name: str, *scopes: Scope, serial: int = 1) -> Resource:
    """A certificate that is asked for by `name` as the client spells it, once its scopes are there."""
    needs = tuple(emit_scope(needed).key for needed in scopes)
    return replace(emit_secret(certificate(name, name.lower(), serial)), needs=needs)


def served(host: str, port: int, *, listener: str = LISTENER) -> tuple[Resource, ...]:
    """All that one host needs: its backend on a port of loopback, its routes, its certificate."""
    routes = scope(host, f"web.{host}", listener=listener)
    return (*backend(f"web.{host}", port), emit_scope(routes), secret(host, routes))


@dataclass
class Visit:
    """A connection to a port of loopback that is kept: `async with Visit(port, "a.test") as visit`. `sni` is sent as it
    is spelled, and not at all if it is empty. It speaks HTTP/1.1."""

    port: int
    sni: str

    async def __aenter__(self) -> Self:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trusting, server_hostname=self.sni
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def get(self, host: str, path: str = "/", **headers: str) -> tuple[int, str]:
        """Status and body of the answer; `_` stands for `-` in the names of headers."""
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\n{more}\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        return int(head.split()[1]), body.decode()


async def say_hello(port: int, name: bytes) -> bytes:
    """What is answered to a ClientHello that names exactly these bytes as its server; nothing if the connection is
    closed. An alert begins with 0x15."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    inbox, outbox, stand_in = ssl.MemoryBIO(), ssl.MemoryBIO(), "a" * len(name)
    with suppress(ssl.SSLWantReadError):
        trusting.wrap_bio(inbox, outbox, server_hostname=stand_in).do_handshake()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(outbox.read().replace(stand_in.encode(), name))
    try:
        return await asyncio.wait_for(reader.read(1), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()
