"""What the shell sees: exit codes, one line for each error, and help."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from pylae import __version__
from pylae.cli.main import pylae, run

COMMANDS = [
    "up", "status", "down", "kubeconfig", "apply", "delete", "expose", "logs", "proxy-config", "proxy-status",
    "export", "import", "backup", "restore", "run", "gateway", "enroll", "demo", "version", "completion",
]  # fmt: skip


def test_help_lists_the_commands_in_the_order_of_a_first_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in listed if line] == COMMANDS


def test_no_command_at_all_is_a_question_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["stats"], 'There is no command "stats". Did you mean status? See: pylae --help'),
        (["up", "-p", "80"], '"80" is not HOSTPORT:GATEWAYPORT, such as 30443:443. See: pylae up --help'),
        (["up", "--bind", "here"], '"here" is no IP address'),
        (["expose", "webapp", "here"], '"here" is not ADDRESS:PORT'),
        (["expose", "webapp"], "Missing argument"),
        (["proxy-config", "secret", "-o", "xml"], "'xml' is not one of"),
        (["import", "-l", "ingressgateway"], '"ingressgateway" is not KEY=VALUE, such as istio=ingressgateway'),
        (["completion"], "Choose from: bash, zsh, fish. See: pylae completion --help"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_what_is_not_understood_is_one_line_and_exit_code_64(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(arguments) == 64
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("pylae: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["proxy-status"],
        ["proxy-config", "secret"],
        ["pc", "s"],
        ["ps"],
        ["kubeconfig"],
        ["expose", "webapp", "127.0.0.1:8080"],
        ["apply", "-f", __file__],
        ["export"],
        ["import"],
    ],
)
def test_where_nothing_runs_every_command_says_how_to_start(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    assert run([*arguments, "--data-dir", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(f"pylae up --data-dir {tmp_path}\n")


def test_there_is_nothing_to_end_where_nothing_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["down", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Nothing runs on {tmp_path}\n"


def test_the_data_directory_can_be_named_by_the_environment(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pylae", "down"],
        env={"PYLAE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"Nothing runs on {tmp_path}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_about_an_instance_takes_its_directory(name: str) -> None:
    without = {"demo", "version", "completion", "proxy-config"}
    command = pylae.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--data-dir" in options) is (name not in without)


def test_an_error_of_ours_is_told_as_one_without_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command("broken")
    def broken() -> None:
        raise KeyError("gone")

    pylae.add_command(broken)
    try:
        assert run(["broken"]) == 1
    finally:
        del pylae.commands["broken"]
    assert capsys.readouterr().err == (
        "pylae: a mistake in Pylae itself: KeyError: 'gone'. PYLAE_DEBUG=1 shows where.\n"
    )


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_version_tells_of_envoy_and_python_too(capsys: pytest.CaptureFixture[str], asked: str) -> None:
    assert run([asked]) == 0
    assert capsys.readouterr().out.startswith(f"Pylae {__version__} · Envoy 1.")


def test_version_and_help_import_nothing_heavy() -> None:
    heavy = "aiohttp,grpc,google.protobuf,cryptography,yaml,msgspec,rich,asyncio"
    program = (
        "import sys; from pylae.cli.main import run; run(['version']);"
        f"print([name for name in '{heavy}'.split(',') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert run(["completion", shell]) == 0
    assert f"_PYLAE_COMPLETE={shell}_complete" in capsys.readouterr().out
