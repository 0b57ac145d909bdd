"""`pylae proxy-config`: what the running Envoy has, in istioctl's columns.

The words are istioctl's, the target included (`deploy/istio-ingressgateway.istio-system`), so that what tutorials say
works as it stands. The answer is Envoy's own config dump and not what the control plane believes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import IO, Any

import click

from pylae.cli.dump import cluster as clusters
from pylae.cli.dump import endpoint as endpoints
from pylae.cli.dump import host as hosts
from pylae.cli.dump import listener as listeners
from pylae.cli.dump import route as routes
from pylae.cli.dump import secret as secrets
from pylae.cli.dump.camel import camel
from pylae.cli.dump.source import Json, Table, node
from pylae.cli.dump.target import check
from pylae.cli.instance import data_dir_option, envoy
from pylae.cli.instance import host as asked_host
from pylae.cli.output import SHORT, TABLE, columns, document, output_option, say
from pylae.node.directories import DataDirectory

Command = Callable[..., Any]

JSON_INDENT = 4
"""As istioctl prints it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read a dump, and how to print what was found there."""

    data: DataDirectory
    target: str | None
    file: IO[str] | None
    output: str

    def dump(self) -> Json:
        """The config dump, of the Envoy that `target` names or from the file."""
        if self.file:
            return _parsed(self.file)
        found = envoy(self.data, "/config_dump")
        check(self.target, node(found))
        return found

    def clusters(self) -> Json:
        """Envoy's clusters with their endpoints."""
        if self.file:
            return _parsed(self.file)
        if self.target:
            self.dump()
        return envoy(self.data, "/clusters?format=json")

    def show(self, table: Callable[[], Table], documents: Callable[[], object], nothing: str = "") -> None:
        """Print the table, or the documents where a machine reads."""
        if self.output not in (SHORT, TABLE):
            say(document(camel(_listed(documents())), self.output, indent=JSON_INDENT))
            return
        found = table()
        say(columns(found.head, found.rows, gap=found.gap) if found.rows or not nothing else nothing)


def _parsed(file: IO[str]) -> Json:
    try:
        found = json.load(file)
    except ValueError as error:
        raise click.ClickException(
            f"{file.name} is no JSON: {error}. It should be what Envoy's /config_dump prints."
        ) from None
    if not isinstance(found, dict):
        raise click.ClickException(f"{file.name} holds no object. It should be what Envoy's /config_dump prints.")
    return found


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def reading(command: Command) -> Command:
    """The options that all sub-commands share, handed over as one `Reading`."""

    @wraps(command)
    def read(data: DataDirectory, target: str | None, file: IO[str] | None, output: str, **filters: Any) -> None:
        command(Reading(data, target, file, output), **filters)

    decorated: Command = read
    for option in (
        output_option(default=SHORT, synonym=TABLE),
        click.option("-f", "--file", type=click.File(), help="Read a dump from a file (- is standard input)."),
        data_dir_option,
        click.argument("target", required=False, metavar="[deploy/NAME.NAMESPACE]"),
    ):
        decorated = option(decorated)
    return decorated


port_option = click.option("--port", type=click.IntRange(0, 65535), default=0, help="Only this port.")


class ShortNames(click.Group):
    """istioctl's names for the sub-commands: `secrets` and `s` are `secret`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, SHORT_NAMES.get(cmd_name, cmd_name))


SHORT_NAMES = {
    "a": "all",
    "c": "cluster",
    "clusters": "cluster",
    "ep": "endpoint",
    "endpoints": "endpoint",
    "h": "host",
    "hosts": "host",
    "l": "listener",
    "listeners": "listener",
    "r": "route",
    "routes": "route",
    "s": "secret",
    "secrets": "secret",
}


@click.group("proxy-config", cls=ShortNames)
def proxy_config() -> None:
    """Show what the running Envoy has (pc)."""


@proxy_config.command("secret")
@reading
def secret(reading: Reading) -> None:
    """Certificates, with serial number and validity (s)."""
    dump = reading.dump()
    now = datetime.now(UTC)
    reading.show(lambda: secrets.table(dump, now), lambda: secrets.chosen(dump), secrets.NOTHING)


@proxy_config.command("listener")
@reading
@click.option("--address", default="", help="Only this address.")
@port_option
@click.option("--type", default="", help="Only HTTP, TCP, HTTP+TCP or UNKNOWN.")
@click.option("--verbose/--no-verbose", default=True, help="One row per filter chain, or per listener.")
def listener(reading: Reading, verbose: bool, **filters: Any) -> None:
    """Where connections are accepted (l)."""
    dump, wanted = reading.dump(), listeners.Filter(**filters)
    table = listeners.table if verbose else listeners.brief_table
    reading.show(lambda: table(dump, wanted), lambda: listeners.chosen(dump, wanted))


@proxy_config.command("route")
@reading
@click.option("--name", default="", help="Only the route configuration of this name.")
@click.option("--verbose/--no-verbose", default=True, help="One row per rule, or per route configuration.")
def route(reading: Reading, name: str, verbose: bool) -> None:
    """Which request goes where (r)."""
    dump = reading.dump()
    table = routes.table if verbose else routes.brief_table
    reading.show(lambda: table(dump, name), lambda: routes.chosen(dump, name))


@proxy_config.command("cluster")
@reading
@click.option("--fqdn", default="", help="Only hosts that hold this text.")
@click.option("--direction", default="", help="Only inbound or outbound.")
@click.option("--subset", default="", help="Only subsets that hold this text.")
@port_option
def cluster(reading: Reading, **filters: Any) -> None:
    """Where requests can go (c)."""
    dump, wanted = reading.dump(), clusters.Filter(**filters)
    reading.show(lambda: clusters.table(dump, wanted), lambda: clusters.chosen(dump, wanted))


@proxy_config.command("endpoint")
@reading
@click.option("--address", default="", help="Only this address.")
@port_option
@click.option("--cluster", default="", help="Only endpoints of this cluster.")
@click.option("--status", default="", help="Only endpoints in this state, such as healthy.")
def endpoint(reading: Reading, **filters: Any) -> None:
    """The addresses behind the clusters (ep)."""
    found, wanted = reading.clusters(), endpoints.Filter(**filters)
    reading.show(lambda: endpoints.table(found, wanted), lambda: endpoints.chosen(found, wanted))


@proxy_config.command("host")
@click.argument("name")
@data_dir_option
@output_option(default=SHORT, synonym=TABLE)
def host(name: str, data: DataDirectory, output: str) -> None:
    """What Envoy is given for a host that is served on demand, whether a client asked for it or not (h)."""
    told = asked_host(data, name)
    if output not in (SHORT, TABLE):
        say(document(told, output, indent=JSON_INDENT))
        return
    say(hosts.render(told))


@proxy_config.command("all")
@reading
def everything(reading: Reading) -> None:
    """All of it, table by table (a)."""
    dump, now = reading.dump(), datetime.now(UTC)
    if reading.output not in (SHORT, TABLE):
        say(document(camel(dump), reading.output, indent=JSON_INDENT))
        return
    tables = {
        "cluster": clusters.table(dump, clusters.Filter()),
        "listener": listeners.table(dump, listeners.Filter()),
        "route": routes.table(dump, ""),
        "secret": secrets.table(dump, now),
    }
    if not reading.file:
        tables["endpoint"] = endpoints.table(reading.clusters(), endpoints.Filter())
    say("\n\n".join(_prefixed(name, table) for name, table in tables.items() if table.rows))


def _prefixed(name: str, table: Table) -> str:
    rows = [(f"{name}/{row[0]}", *row[1:]) for row in table.rows]
    return columns(table.head, rows, gap=table.gap)
