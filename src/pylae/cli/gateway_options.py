"""Options that every program with an Envoy has: where its ports are reached, and how much of the machine it takes."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

import click

from pylae.node.port_mapping import PortMapping

Command = Callable[..., None]

UNITS = {"Mi": 2**20, "Gi": 2**30}
LEAST_HEAP = 64 * UNITS["Mi"]
"""Bytes. Envoy takes half of that before anybody has come."""


def _mappings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[PortMapping, ...]:
    del context, parameter
    try:
        return tuple(PortMapping.parse(value) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    del context, parameter
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise click.BadParameter(f'"{value}" is no IP address, such as 127.0.0.1 or 0.0.0.0') from None


def _size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    del context, parameter
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(Mi|Gi)", value)
    if not found or not (size := int(found[1]) * UNITS[found[2]]) >= LEAST_HEAP:
        raise click.BadParameter(f'"{value}" is no size from 64Mi on, such as 512Mi or 2Gi')
    return size


def gateway_options(bind: str) -> Callable[[Command], Command]:
    """`-p`, `--bind`, `--envoy`, `--max-heap` and `--max-connections`, in this order. `bind` is the default."""
    options = (
        click.option(
            "-p", "--publish", "ports", multiple=True, metavar="HOSTPORT:GATEWAYPORT", callback=_mappings,
            help="Reach the gateway's port on this port of the machine.",
        ),
        click.option(
            "--bind", default=bind, show_default=True, metavar="ADDRESS", callback=_address,
            help="Address of the gateway's ports.",
        ),
        click.option(
            "--envoy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another Envoy binary."
        ),
        click.option(
            "--max-heap", metavar="SIZE", callback=_size,
            help="Memory of Envoy, such as 512Mi: requests get 503 before it is full.  "
            "[default: half of the machine's]",
        ),
        click.option(
            "--max-connections", type=click.IntRange(min=1), metavar="NUMBER",
            help="Clients' connections at a time, as far as there can be open files.  [default: 50000]",
        ),
    )  # fmt: skip

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add
