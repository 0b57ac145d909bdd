"""`pylae enroll`: a certificate for a gateway elsewhere, signed by the authority of this API's control planes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pylae.cli.api import connected
from pylae.cli.instance import data_dir_option
from pylae.cli.output import say
from pylae.model import control_plane
from pylae.node.directories import DataDirectory

if TYPE_CHECKING:
    from pylae.kube.client import Client

PRIVATE = 0o600
FILES = ("ca.crt", "tls.crt", "tls.key")


@click.command()
@click.option(
    "-n", "--namespace", required=True, metavar="NAMESPACE",
    help="The gateway's namespace: it is given the Secrets of this one.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to write the files."
)
@click.option(
    "--service-account", "account", default="default", show_default=True, metavar="NAME",
    help="Whom the certificate names.",
)  # fmt: skip
@click.option(
    "--days", type=click.IntRange(1, 3650), metavar="NUMBER", default=90, show_default=True, help="How long it holds."
)
@click.option(
    "--kubeconfig", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The API that has the authority.  [default: the one that runs on the data directory]",
)  # fmt: skip
@click.option("--context", default="", metavar="NAME", help="Another context of it than the current one.")
@click.option(
    "--authority-namespace", default=control_plane.NAMESPACE, show_default=True, metavar="NAMESPACE",
    help="Where Secret pylae-ca lies.",
)  # fmt: skip
@click.option(
    "--trust-domain", default="cluster.local", show_default=True, metavar="DOMAIN", help="That of the control planes."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@data_dir_option
def enroll(
    data: DataDirectory, out: Path, kubeconfig: Path | None, context: str, force: bool, **wanted: object
) -> None:
    """Make a certificate for a gateway elsewhere.

    Writes ca.crt, tls.crt and tls.key. Whoever has tls.key is that gateway, until the certificate ends.
    """
    import asyncio

    there = [out / name for name in FILES if (out / name).exists()]
    if there and not force:
        raise click.ClickException(f"{there[0]} is there already. Choose another --out, or replace it: --force")
    files = asyncio.run(_issue(data, kubeconfig, context, wanted))
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        _write(out / name, content)
    say(f"{out}: {', '.join(FILES)}. On the gateway's machine:")
    say(f"  pylae gateway --control-plane HOST:{control_plane.XDS_PORT} -n {wanted['namespace']} {_options(out)}")


def _options(out: Path) -> str:
    return f"--ca {out / 'ca.crt'} --certificate {out / 'tls.crt'} --key {out / 'tls.key'}"


async def _issue(
    data: DataDirectory, kubeconfig: Path | None, context: str, wanted: dict[str, object]
) -> dict[str, bytes]:
    from pylae.certs.pem import certificate_pem, key_pem
    from pylae.certs.trust import gateway, spiffe
    from pylae.controlplane.discovery.trust import draw, find

    now, drawn = datetime.now(UTC), draw()
    async with _client(data, kubeconfig, context) as client:
        issuer, bundle = await find(client, str(wanted["authority_namespace"]), now)
    name = spiffe(str(wanted["namespace"]), str(wanted["account"]), str(wanted["trust_domain"]))
    life = timedelta(days=int(str(wanted["days"])))
    certificate = gateway(drawn, issuer, name, now=now, life=life)
    return dict(zip(FILES, (bundle, certificate_pem(certificate), bytes(key_pem(drawn.key))), strict=True))


@asynccontextmanager
async def _client(data: DataDirectory, kubeconfig: Path | None, context: str) -> AsyncIterator["Client"]:
    from pylae.kube.client import Client
    from pylae.kube.kubeconfig import load

    if kubeconfig is None:
        async with connected(data) as client:
            yield client
    else:
        async with Client(load(kubeconfig, context)) as client:
            yield client


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never open to others."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
    draft.replace(path)
