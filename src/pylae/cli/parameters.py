"""What several commands take in the same form: an address of this machine, labels."""

import click

from pylae.node.address import Address


def address(context: click.Context, parameter: click.Parameter, value: str | None) -> Address | None:
    """The callback of an option that takes `ADDRESS:PORT`."""
    del context, parameter
    try:
        return Address.parse(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def labels(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """The callback of an option that takes `KEY=VALUE,…`, and may be given several times."""
    del context, parameter
    pairs = [pair.partition("=") for value in values for pair in value.split(",")]
    if wrong := next((name + equals + text for name, equals, text in pairs if not (name and equals)), None):
        raise click.BadParameter(f'"{wrong}" is not KEY=VALUE, such as istio=ingressgateway')
    return {name: text for name, _, text in pairs}
