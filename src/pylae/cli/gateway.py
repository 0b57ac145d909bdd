"""`pylae gateway`: an Envoy on this machine that a control plane elsewhere configures."""

import re
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from pylae.cli import instance
from pylae.cli.gateway_options import gateway_options
from pylae.cli.gateway_status import render
from pylae.cli.launch import Launch, launch_options
from pylae.cli.parameters import address, labels
from pylae.model.control_plane import XDS_PORT
from pylae.model.workload import INGRESS_LABELS
from pylae.node.directories import DataDirectory

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _control_planes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    del context, parameter
    return tuple(dict.fromkeys(map(_control_plane, values)))


def _control_plane(text: str) -> str:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?", text)
    if not found or not 1 <= int(found[2] or XDS_PORT) <= 65535:
        raise click.BadParameter(f'"{text}" is not HOST:PORT, such as control.example:{XDS_PORT}')
    return text if found[2] else f"{text}:{XDS_PORT}"


def _labels(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    return labels(context, parameter, values) or dict(INGRESS_LABELS)


def _duration(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    from pylae.api.scalars import parse_duration

    del context, parameter
    try:
        length = parse_duration(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if length is not None and length < timedelta():
        raise click.BadParameter("it cannot be negative")
    return length


@click.command()
@click.option(
    "--control-plane", "control_planes", multiple=True, required=True, metavar="HOST:PORT", callback=_control_planes,
    help="A control plane to join; may be given several times.",
)  # fmt: skip
@click.option("--ca", type=FILE, required=True, help="Authorities that sign control planes: ca.crt of `pylae enroll`.")
@click.option("--certificate", type=FILE, help="This gateway's certificate: tls.crt of `pylae enroll`.")
@click.option("--key", type=FILE, help="Its private key: tls.key.")
@click.option("--token-file", "token", type=FILE, help="In place of both: a service account's token.")
@click.option(
    "-n", "--namespace", default="istio-system", show_default=True, envvar="POD_NAMESPACE", metavar="NAMESPACE",
    help="The gateway's namespace: its Secrets are the certificates.",
)  # fmt: skip
@click.option(
    "-l", "--labels", "labels", multiple=True, metavar="KEY=VALUE,…", callback=_labels,
    help="What Gateways select it by.  [default: those of Istio's ingress gateway]",
)  # fmt: skip
@click.option("--name", envvar="POD_NAME", metavar="NAME", help="What it is called.  [default: the machine's name]")
@gateway_options(bind="0.0.0.0")  # noqa: S104 (it is there to be reached)
@click.option("--node-ports", is_flag=True, help="Bind the Service's node ports, rather than its target ports.")
@click.option(
    "--telemetry", metavar="ADDRESS:PORT", callback=address,
    help="Where probes and Prometheus ask.  [default: a port of loopback]",
)  # fmt: skip
@click.option(
    "--serve-stored-for", metavar="DURATION", callback=_duration,
    help="How old the stored configuration may be for Envoy to start with it, such as 24h.  [default: however old]",
)  # fmt: skip
@launch_options
@instance.data_dir_option
def gateway(data: DataDirectory, detach: bool, unattended: bool, **wanted: Any) -> None:
    """Start an Envoy that a control plane elsewhere configures."""
    launch = Launch(data, _page, time.monotonic())
    files = {part: wanted.pop(part) for part in ("ca", "certificate", "key", "token")}
    _check(files)
    if detach and not unattended:
        launch.detached()
    else:
        launch.in_foreground(lambda: _run(data, files, foreground=not unattended, **wanted), attended=not unattended)


def _page(data: DataDirectory) -> str:
    return render(instance.status(data), datetime.now(UTC))


def _check(files: dict[str, Path | None]) -> None:
    has_pair = bool(files["certificate"] and files["key"])
    if bool(files["certificate"]) != bool(files["key"]) or has_pair == bool(files["token"]):
        raise click.UsageError("Give either --certificate and --key, or --token-file")


def _run(data: DataDirectory, files: dict[str, Any], *, name: str | None, **wanted: Any) -> None:
    from pylae.gateway.app import run
    from pylae.gateway.credentials import CredentialFiles
    from pylae.gateway.settings import Settings

    run(Settings(data=data, files=CredentialFiles(**files), name=name or socket.gethostname(), **wanted))
