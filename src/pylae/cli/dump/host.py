"""`proxy-config host`: what a host that is served on demand is given, by the control plane's own account."""

from collections.abc import Iterator

from pylae.cli.dump import route as routes
from pylae.cli.dump.source import Json
from pylae.cli.output import columns


def render(told: Json) -> str:
    """For each listener where its certificate comes from and who asked for it, and then a row per rule."""
    served = told.get("served", ())
    if not served:
        return f"{told['host']} is served on demand by no Gateway. What is sent ahead is shown by: pylae pc route"
    return "\n\n".join("\n".join(_listener(told, one)) for one in served)


def _listener(told: Json, one: Json) -> Iterator[str]:
    use = "in use" if told.get("inUse") else "not in use: no client has asked for it lately"
    yield f"{told['host']} on {one['listener']}, of {one['about']}, certificate {one['certificate']}; {use}"
    rows = [row[1:] for row in routes.rows(one["scope"].get("route_configuration", {}))]
    yield columns(routes.HEAD[1:], rows)
    for load in one.get("endpoints", ()):
        yield f"{load['cluster_name']} → {', '.join(_addresses(load)) or 'no endpoint'}"


def _addresses(load: Json) -> Iterator[str]:
    for locality in load.get("endpoints", ()):
        for entry in locality.get("lb_endpoints", ()):
            socket = entry["endpoint"]["address"]["socket_address"]
            yield f"{socket['address']}:{socket['port_value']}"
