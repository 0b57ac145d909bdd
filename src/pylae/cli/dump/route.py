"""`proxy-config route`: which request goes by which rule, host by host."""

from collections.abc import Iterator

from pylae.cli.dump.source import Json, Table, origin, routes

HEAD = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
BRIEF_HEAD = ("NAME", "VIRTUAL HOSTS")
SHOWN_DOMAINS = 2


def chosen(dump: Json, name: str) -> tuple[Json, ...]:
    """The route configurations by name; `name` picks one, empty takes all."""
    kept = [route for route in routes(dump) if name in ("", route.get("name", ""))]
    return tuple(sorted(kept, key=lambda route: str(route.get("name", ""))))


def table(dump: Json, name: str) -> Table:
    """One row per rule; a virtual host without rules answers 404 to everything and has one row that says so."""
    return Table(HEAD, tuple(row for configuration in chosen(dump, name) for row in rows(configuration)))


def brief_table(dump: Json, name: str) -> Table:
    """One row per route configuration with the number of its virtual hosts."""
    found = chosen(dump, name)
    rows = [(str(route.get("name", "")), str(len(route.get("virtual_hosts", ())))) for route in found]
    return Table(BRIEF_HEAD, tuple(rows))


def match(route: Json) -> str:
    """The path that a rule takes: `/api*`, `/exact`, `regex /r.*` or `PathPrefix:/x`."""
    asked = route.get("match", {})
    if "prefix" in asked:
        return f"{asked['prefix']}*"
    if "path" in asked:
        return str(asked["path"])
    if "safe_regex" in asked:
        return f"regex {asked['safe_regex'].get('regex', '')}"
    if "path_separated_prefix" in asked:
        return f"PathPrefix:{asked['path_separated_prefix']}"
    return ""


def domains(host: Json) -> str:
    """At most two names without a port, then how many more there are."""
    names = [name for name in host.get("domains", ()) if not _has_port(name)] or list(host.get("domains", ()))
    more = len(names) - SHOWN_DOMAINS
    return ", ".join(names[:SHOWN_DOMAINS]) + (f" + {more} more..." if more > 0 else "")


def rows(configuration: Json) -> Iterator[tuple[str, ...]]:
    """One row per rule of a route configuration."""
    for host in configuration.get("virtual_hosts", ()):
        place = (str(configuration.get("name", "")), str(host.get("name", "")), domains(host))
        for route in host.get("routes", ()):
            yield (*place, match(route), origin(route, "virtual-service"))
        if not host.get("routes"):
            yield (*place, "/*", "404")


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdecimal() and not name.endswith("]")
