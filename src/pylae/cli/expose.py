"""`pylae expose`: give a Service its endpoints, the addresses of ordinary processes."""

import click

from pylae.cli.api import connected
from pylae.cli.instance import data_dir_option
from pylae.cli.output import say
from pylae.node.directories import DataDirectory


@click.command()
@click.argument("service")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS:PORT...")
@click.option("-n", "--namespace", default="default", show_default=True, help="Where the Service lies.")
@data_dir_option
def expose(data: DataDirectory, service: str, namespace: str, addresses: tuple[str, ...]) -> None:
    """Let SERVICE answer from ADDRESS:PORT. A Service that does not exist yet is made, with port 80 named http."""
    import asyncio

    from pylae.kube.errors import ApiError
    from pylae.kube.expose import expose as give
    from pylae.kube.expose import parse_address
    from pylae.kube.refusal import in_words

    try:
        parsed = tuple(parse_address(address) for address in addresses)
    except ValueError as error:
        raise click.UsageError(str(error)) from None

    async def expose_it() -> str:
        async with connected(data) as client:
            try:
                done = await give(client, service, namespace, parsed)
            except ApiError as error:
                raise click.ClickException(in_words(error)) from error
        made = "created, and " if done.created else ""
        return f"Service {namespace}/{service} {made}answers on port {done.port} from {', '.join(addresses)}"

    say(asyncio.run(expose_it()))
