"""`pylae completion`: the script by which a shell completes Pylae's commands and options."""

import click
from click.shell_completion import get_completion_class

from pylae.cli.output import say

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a completion script for your shell.

    \b
      source <(pylae completion bash)                                      in ~/.bashrc
      source <(pylae completion zsh)                                       in ~/.zshrc
      pylae completion fish > ~/.config/fish/completions/pylae.fish
    """
    script = get_completion_class(shell)
    assert script is not None, "every shell on offer is one of click's"
    say(script(context.find_root().command, {}, "pylae", "_PYLAE_COMPLETE").source())
