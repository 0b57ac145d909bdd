"""The read-only listener for probes and Prometheus, on loopback unless told otherwise: nothing that it shows is
secret, nothing can be changed by it.

`/readyz` and `/livez` for probes, `/metrics` for the control plane under Istio's pilot names, and `/stats/prometheus`
for Envoy's own, at the path where Istio's gateways have them.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from pylae.apiserver.settings import is_loopback
from pylae.node.address import Address

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Observed(Protocol):
    @property
    def ready(self) -> bool: ...

    async def envoy_metrics(self) -> str: ...


def application(observed: Observed, registry: CollectorRegistry, address: Address | None = None) -> web.Application:
    """On an address that is not loopback, whoever reaches it may ask: a kubelet or Prometheus does, by its name."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": METRICS_TYPE})

    async def envoy_metrics(_: web.Request) -> web.Response:
        return web.Response(body=(await observed.envoy_metrics()).encode(), headers={"Content-Type": METRICS_TYPE})

    async def readiness(_: web.Request) -> web.Response:
        return web.Response(status=200 if observed.ready else 503, text="ok\n" if observed.ready else "not ready\n")

    async def liveness(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    is_local = address is None or is_loopback(address.host)
    app = web.Application(middlewares=[_from_this_machine] if is_local else [])
    app.add_routes(
        [
            web.get("/metrics", metrics),
            web.get("/stats/prometheus", envoy_metrics),
            web.get("/readyz", readiness),
            web.get("/livez", liveness),
        ]
    )
    return app


@web.middleware
async def _from_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses pages of the web whose name was made to resolve to this machine (DNS rebinding)."""
    host = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
    if "Origin" in request.headers or not is_loopback(host.strip("[]")):
        return web.Response(status=403, text="only for clients of this machine, by its loopback address\n")
    return await handler(request)


async def serve_at(app: web.Application, address: Address) -> web.AppRunner:
    """Serve there. Raises OSError if it cannot be bound. The caller cleans the runner up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, address.host, address.port).start()
    return runner


async def serve(app: web.Application, preferred: int) -> tuple[web.AppRunner, int]:
    """Serve on 127.0.0.1, on a free port where the preferred one is taken; gives the port back. The caller cleans the
    runner up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", preferred).start()
    except OSError:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])
