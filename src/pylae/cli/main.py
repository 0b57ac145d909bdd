"""The command line as a whole: the commands, istioctl's short names for two of them, and what the shell gets to see
of errors.

Exit codes: 0 all went well, 1 it did not, 64 the command was not understood (EX_USAGE of sysexits(3), as istioctl has
it), 130 interrupted. An error is one line on standard error that says what is wrong, where, and what to do.
"""

import difflib
import os
import sys
from typing import NoReturn

import click

from pylae.cli.apply import apply, delete
from pylae.cli.backup import backup
from pylae.cli.completion import completion
from pylae.cli.demo import demo
from pylae.cli.down import down
from pylae.cli.enroll import enroll
from pylae.cli.export import export
from pylae.cli.expose import expose
from pylae.cli.gateway import gateway
from pylae.cli.import_ import import_
from pylae.cli.kubeconfig import kubeconfig
from pylae.cli.logs import logs
from pylae.cli.output import note, say
from pylae.cli.proxy_config import proxy_config
from pylae.cli.proxy_status import proxy_status
from pylae.cli.restore import restore
from pylae.cli.run import attach
from pylae.cli.status import status
from pylae.cli.up import up
from pylae.cli.version import version

FAILED, USAGE, INTERRUPTED = 1, 64, 130

ALIASES = {"pc": "proxy-config", "ps": "proxy-status"}


class Commands(click.Group):
    """A group in the order of a first day with Pylae, that knows short names and guesses at misspelt ones."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(cmd_name, cmd_name))

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f'There is no command "{args[0]}".{self._guess(args[0])}')
        return super().resolve_command(ctx, args)

    def _guess(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self.commands, *ALIASES], n=1)
        return f" Did you mean {near[0]}?" if near else ""


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    del parameter
    if asked:
        context.invoke(version)
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="The same as `version`."
)
def pylae() -> None:
    """Istio's ingress gateway on this machine: Gateways, VirtualServices and Secrets in, a real Envoy out.

    \b
      pylae up -d                                  start it
      export KUBECONFIG=$(pylae kubeconfig --path) and talk to it with kubectl
      pylae status                                 see what serves
      pylae demo coolstore                         see all of it at work
    """


for _command in (
    up, status, down, kubeconfig, apply, delete, expose, logs, proxy_config, proxy_status, export, import_,
    backup, restore, attach, gateway, enroll, demo, version, completion,
):  # fmt: skip
    pylae.add_command(_command)


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code. Every error becomes its one line here."""
    try:
        result = pylae.main(arguments, prog_name="pylae", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return 0
    except click.UsageError as error:
        note(_usage(error))
        return USAGE
    except click.ClickException as error:
        note(f"pylae: {error.format_message()}")
        return FAILED
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _failed(error)
    return result if isinstance(result, int) else 0


def _usage(error: click.UsageError) -> str:
    message = " ".join(error.format_message().split())
    end = "" if message.endswith((".", "?")) else "."
    asked = f" See: {error.ctx.command_path} --help" if error.ctx else ""
    return f"pylae: {message}{end}{asked}"


def _failed(error: Exception) -> int:
    """Errors of the world say themselves what to do; what is left over is a mistake of ours."""
    if os.environ.get("PYLAE_DEBUG"):
        raise error
    ours = type(error).__module__.startswith("pylae.")
    if ours:
        note(f"pylae: {error}")
    elif isinstance(error, OSError):
        note(f"pylae: {error.filename}: {error.strerror}" if error.filename else f"pylae: {error}")
    else:
        note(f"pylae: a mistake in Pylae itself: {type(error).__name__}: {error}. PYLAE_DEBUG=1 shows where.")
    return FAILED
