"""`pylae proxy-status`: how far each connected Envoy has followed, in istioctl's columns."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from pylae.cli.instance import data_dir_option, proxies
from pylae.cli.output import TABLE, columns, document, output_option, say
from pylae.cli.words import age
from pylae.node.directories import DataDirectory

Json = dict[str, Any]

ISTIOCTL_GAP = 5
TYPES = ("CDS", "LDS", "EDS", "RDS", "SDS")
"""In the order of istioctl's columns, which is the order in which a new configuration is sent."""

SCOPES = "SRDS"
"""The type that only Envoys follow that serve on demand."""

NOT_SENT = "NOT SENT"


@click.command("proxy-status")
@data_dir_option
@output_option()
@click.option("-v", "--verbosity", type=click.IntRange(0, 1), default=0, help="1 shows each type with its age.")
def proxy_status(data: DataDirectory, output: str, verbosity: int) -> None:
    """Show what Envoy has acknowledged (ps)."""
    found = proxies(data)
    if output != TABLE:
        say(document(found, output))
    elif not found:
        say("No Envoy is connected.")
    elif verbosity:
        say(by_type(found, datetime.now(UTC)))
    else:
        say(by_subscription(found))


def by_subscription(found: Iterable[Json]) -> str:
    """One line per Envoy with the types that it follows: `4 (CDS,LDS,EDS,RDS)`."""
    proxies = tuple(found)
    head = ("NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES", *_heading(proxies))
    rows = [(*_who(proxy), _subscribed(proxy), *_identity(proxy, proxies)) for proxy in proxies]
    return columns(head, rows, gap=ISTIOCTL_GAP)


def by_type(found: Iterable[Json], now: datetime) -> str:
    """One column per type: `SYNCED (5m)`, `STALE (2s)`, `NOT SENT` or `ERROR`."""
    proxies = tuple(found)
    types = (*TYPES, SCOPES) if any(map(_serves_on_demand, proxies)) else TYPES
    head = ("NAME", "CLUSTER", *types, "ISTIOD", "VERSION", *_heading(proxies))
    rows = [(*_line(proxy, types, now), *_identity(proxy, proxies)) for proxy in proxies]
    return columns(head, rows, gap=ISTIOCTL_GAP)


def _heading(proxies: tuple[Json, ...]) -> tuple[str, ...]:
    """Who an Envoy proved to be is told where one came from elsewhere; istioctl has no such column."""
    return ("IDENTITY",) if any(proxy.get("identity") for proxy in proxies) else ()


def _identity(proxy: Json, proxies: tuple[Json, ...]) -> tuple[str, ...]:
    return (str(proxy.get("identity") or "this machine"),) if _heading(proxies) else ()


def _serves_on_demand(proxy: Json) -> bool:
    """Whether it asks for scopes, which nobody else does."""
    return bool(proxy.get("types", {}).get(SCOPES, {}).get("state", NOT_SENT) != NOT_SENT)


def _line(proxy: Json, types: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    name, cluster, control_plane, version = _who(proxy)
    states = [_state(proxy.get("types", {}).get(kind), now) for kind in types]
    return (name, cluster, *states, control_plane, version)


def _who(proxy: Json) -> tuple[str, str, str, str]:
    name, cluster, control_plane, version = (
        str(proxy.get(key, "")) for key in ("name", "cluster", "controlPlane", "version")
    )
    return name, cluster, control_plane, version


def _subscribed(proxy: Json) -> str:
    types = (*TYPES, SCOPES) if _serves_on_demand(proxy) else TYPES
    followed = [kind for kind in types if kind in proxy.get("types", {})]
    return f"{len(followed)} ({','.join(followed)})"


def _state(entry: Json | None, now: datetime) -> str:
    if entry is None:
        return NOT_SENT
    since = entry.get("since")
    return f"{entry['state']} ({age(datetime.fromisoformat(since), now)})" if since else str(entry["state"])
