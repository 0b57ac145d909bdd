"""`pylae kubeconfig`: the way into the embedded API for kubectl and everything like it."""

from pathlib import Path

import click

from pylae.cli.instance import data_dir_option, up
from pylae.cli.output import note, say
from pylae.node.directories import DataDirectory

CONTEXT = "pylae"


@click.command()
@data_dir_option
@click.option("--path", "only_path", is_flag=True, help="Print where the file lies, for KUBECONFIG.")
@click.option(
    "--merge", is_flag=True, help=f"Add the context {CONTEXT} to your own kubeconfig and keep its current one."
)
def kubeconfig(data: DataDirectory, only_path: bool, merge: bool) -> None:
    """Print the kubeconfig of this gateway's API."""
    if not data.kubeconfig.exists():
        raise click.ClickException(
            f"There is no kubeconfig in {data.path} yet. It is written at the first start: {up(data)}"
        )
    if only_path:
        say(str(data.kubeconfig))
    elif merge:
        _merge(data.kubeconfig)
    else:
        click.echo(data.kubeconfig.read_text(), nl=False)


def _merge(source: Path) -> None:
    from pylae.kube.kubeconfig import default_path
    from pylae.kube.kubeconfig_merge import merge

    target = default_path()
    if target.absolute() == source:  # KUBECONFIG is set as for this shell alone
        target = default_path({})
    merge(target, source, CONTEXT)
    note(f"Context {CONTEXT} is in {target}. Use it: kubectl --context {CONTEXT} get gateways.networking.istio.io -A")
