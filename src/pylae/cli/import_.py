"""`pylae import`: a cluster's ingress into this instance, to be served and looked at here."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pylae.cli.api import connected
from pylae.cli.instance import data_dir_option
from pylae.cli.output import columns, say
from pylae.cli.parameters import labels
from pylae.node.directories import DataDirectory

if TYPE_CHECKING:
    from pylae.api.meta import ObjectRef
    from pylae.kube.client import Client
    from pylae.kube.connection import Connection
    from pylae.kube.ingress import Ingress, Wanted

HEAD = ("KIND", "NAMESPACE", "NAME", "WHAT")
LEFT, REFUSED = "left: ", "refused: "


@click.command("import")
@click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The cluster's.  [default: as kubectl]")  # fmt: skip
@click.option(
    "--context", "context_name", default="", metavar="NAME", help="Another context of it than the current one."
)
@click.option("-n", "--namespace", "namespaces", multiple=True, metavar="NAMESPACE",
              help="Only Gateways of this namespace; may be given several times.")  # fmt: skip
@click.option("-l", "--selector", multiple=True, metavar="KEY=VALUE,…", callback=labels,
              help="Only Gateways whose selector has it.")  # fmt: skip
@click.option("--with-keys", is_flag=True, help="The Secrets that the Gateways name too, their keys included.")
@click.option("--gateway-namespace", default="istio-system", show_default=True, metavar="NAMESPACE",
              help="Where the cluster's gateway runs, and has its Secrets.")  # fmt: skip
@data_dir_option
@click.pass_context
def import_(context: click.Context, /, data: DataDirectory, **wanted: Any) -> None:
    """Take a cluster's Gateways home, with what they lead to."""
    import asyncio

    rows = asyncio.run(_import(data, wanted))
    say(columns(HEAD, sorted(rows)) if rows else "There are no such Gateways.")
    context.exit(1 if any(row[-1].startswith(REFUSED) for row in rows) else 0)


async def _import(data: DataDirectory, asked: dict[str, Any]) -> list[tuple[str, ...]]:
    from pylae.kube.client import Client
    from pylae.kube.ingress import gather

    async with connected(data) as here:
        async with Client(_cluster(asked, here.connection)) as there:
            ingress = await gather(there, _wanted(asked))
        return [*await _taken(here, ingress), *(_row(about, LEFT + why) for about, why in ingress.left.items())]


def _cluster(asked: dict[str, Any], here: "Connection") -> "Connection":
    from pylae.kube.kubeconfig import choose

    found = choose(asked["kubeconfig"], asked["context_name"])
    if found.server == here.server:
        raise click.ClickException(
            "That is this instance itself. Name the cluster: --kubeconfig FILE or --context NAME"
        )
    return found


def _wanted(asked: dict[str, Any]) -> "Wanted":
    from pylae.kube.ingress import Wanted
    from pylae.model.workload import GatewayWorkload

    return Wanted(
        asked["namespaces"],
        asked["selector"],
        asked["with_keys"],
        credentials_from=asked["gateway_namespace"],
        credentials_into=GatewayWorkload().namespace,
    )


async def _taken(here: "Client", ingress: "Ingress") -> list[tuple[str, ...]]:
    """Apply what was gathered, the namespaces first; a row for each object."""
    namespaces = sorted({document["metadata"]["namespace"] for document in ingress.documents})
    heads = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in namespaces]
    return [await _apply(here, document) for document in [*heads, *ingress.documents]]


async def _apply(here: "Client", document: dict[str, Any]) -> tuple[str, ...]:
    from pylae.kube.apply import apply
    from pylae.kube.errors import ApiError
    from pylae.kube.manifest import STANDARD_INPUT, Document
    from pylae.kube.portable import portable
    from pylae.kube.refusal import in_words

    wanted = Document(portable(document), STANDARD_INPUT, 1)
    try:
        return _row(wanted.about, str(await apply(here, wanted)))
    except ApiError as error:
        return _row(wanted.about, REFUSED + in_words(error))


def _row(about: "ObjectRef", what: str) -> tuple[str, ...]:
    return (about.kind, about.namespace, about.name, what)
