"""`pylae export`: an instance's objects as YAML, for `kubectl apply -f -` on a cluster."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pylae.cli.api import connected
from pylae.cli.instance import data_dir_option
from pylae.cli.output import note
from pylae.node.directories import DataDirectory

if TYPE_CHECKING:
    from pylae.kube.export import Exported, Wanted


@click.command()
@click.option(
    "-n", "--namespace", "namespaces", multiple=True, metavar="NAMESPACE",
    help="Only of this namespace; may be given several times.",
)  # fmt: skip
@click.option("--with-keys", is_flag=True, help="Secrets too, their keys included.")
@data_dir_option
def export(data: DataDirectory, namespaces: tuple[str, ...], with_keys: bool) -> None:
    """Print what was applied here, for a cluster.

    \b
      pylae export | kubectl apply -f -
    """
    import asyncio

    from pylae.api.meta import ObjectRef
    from pylae.kube.export import Wanted
    from pylae.model.workload import GatewayWorkload

    workload = GatewayWorkload()
    wanted = Wanted(ObjectRef("Service", workload.namespace, workload.name), namespaces, with_keys)
    exported = asyncio.run(_gathered(data, wanted))
    _print(exported)
    for line in _left_out(exported):
        note(f"Warning: {line}")


async def _gathered(data: DataDirectory, wanted: "Wanted") -> "Exported":
    from pylae.kube.export import export

    async with connected(data) as client:
        return await export(client, wanted)


def _print(exported: "Exported") -> None:
    """What is not there is said in the file as well: it may be read long after."""
    from pylae.kube.yaml_writer import write_yaml

    for line in _left_out(exported):
        click.echo(f"# {line}")
    for document in exported.documents:
        click.echo(f"---\n{write_yaml(document)}", nl=False)


def _left_out(exported: "Exported") -> Iterator[str]:
    for secret in exported.secrets:
        yield f"{secret} is left out: it holds keys. Create it there, or export --with-keys."
    for about in exported.unreachable:
        yield (
            f"{about} is left out as far as its addresses mean this machine alone, which a cluster refuses. "
            "Expose the backend by an address that pods reach, or name it there by a ServiceEntry."
        )
