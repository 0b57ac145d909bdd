"""`pylae demo`: all of it at work, with real clients."""

import click


@click.group()
def demo() -> None:
    """Show what Pylae does, with real kubectl and curl."""


@demo.command(short_help="TLS, redirect, mutual TLS, secrets and several hosts, step by step.")
@click.option("--keep", is_flag=True, help="Leave everything running at the end.")
@click.pass_context
def coolstore(context: click.Context, keep: bool) -> None:
    """Walk through securing the traffic that enters the coolstore: TLS, redirect, mutual TLS, secrets, several hosts.

    The exit code is 0 if every step came out as the walkthrough has it.
    """
    from pylae.demo.coolstore import run

    context.exit(run(keep=keep))
