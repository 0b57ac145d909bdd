"""`pylae run`: the control plane alone, attached to a Kubernetes API, for gateways elsewhere."""

import os
import time
from pathlib import Path
from typing import Any

import click

from pylae.cli import instance
from pylae.cli.launch import Launch, launch_options
from pylae.cli.parameters import address
from pylae.cli.summary import render
from pylae.model import control_plane
from pylae.node.directories import DataDirectory

XDS = f"127.0.0.1:{control_plane.XDS_PORT}"
"""On loopback until somebody says otherwise."""


@click.command("run")
@click.option(
    "--kubeconfig", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file that says where the API is.  [default: KUBECONFIG, else the pod's own account, else ~/.kube/config]",
)  # fmt: skip
@click.option("--context", default="", metavar="NAME", help="Another context of it than the current one.")
@click.option(
    "-n", "--namespace", envvar="POD_NAMESPACE", metavar="NAMESPACE",
    help="The control plane's own: its Lease, its authority, its mesh configuration.  "
    "[default: the pod's, else pylae-system]",
)  # fmt: skip
@click.option(
    "--xds", default=XDS, show_default=True, metavar="ADDRESS:PORT", callback=address,
    help="Where gateways join by certificate.",
)  # fmt: skip
@click.option("--xds-tokens", metavar="ADDRESS:PORT", callback=address, help="Where they join by token.")
@click.option(
    "--gateway-namespace", "gateways", multiple=True, metavar="NAMESPACE",
    help="Gateways of this namespace are told whom to trust before any has joined; may be given several times.",
)  # fmt: skip
@click.option(
    "--telemetry", metavar="ADDRESS:PORT", callback=address,
    help="Where probes and Prometheus ask.  [default: a port of loopback]",
)  # fmt: skip
@click.option(
    "--revision", default="", metavar="REVISION",
    help="Objects that istio.io/rev gives to another revision are not ours.",
)  # fmt: skip
@click.option(
    "--class", "class_", default="", metavar="CLASS",
    help="Only Gateways with the label pylae.dev/class=CLASS are ours.  [default: those without it]",
)  # fmt: skip
@click.option(
    "--conditions", default="auto", show_default=True, type=click.Choice(["auto", "always", "never"]),
    help="Write them where nobody else writes the status, always, or never; events are written in any case.",
)  # fmt: skip
@launch_options
@instance.data_dir_option
def attach(data: DataDirectory, detach: bool, unattended: bool, **wanted: Any) -> None:
    """Start a control plane on a cluster's API.

    Gateways join it: `pylae gateway`.
    """
    launch = Launch(data, lambda data: render(instance.status(data), data), time.monotonic())
    if detach and not unattended:
        launch.detached()
    else:
        launch.in_foreground(lambda: _run(data, foreground=not unattended, **wanted), attended=not unattended)


def _run(
    data: DataDirectory, *, namespace: str | None, kubeconfig: Path | None, conditions: str, **wanted: Any
) -> None:
    from pylae.controlplane.attached import run
    from pylae.controlplane.attachment import Attachment
    from pylae.kube import in_cluster
    from pylae.kube.tact import Conditions

    is_pod = kubeconfig is None and not os.environ.get("KUBECONFIG")
    own = namespace or (in_cluster.namespace() if is_pod else "") or control_plane.NAMESPACE
    run(Attachment(data=data, namespace=own, kubeconfig=kubeconfig, conditions=Conditions(conditions), **wanted))
