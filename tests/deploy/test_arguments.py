"""What the chart and the units start is understood by the command line."""

import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from pylae.cli.main import pylae

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = ("--ca", "--certificate", "--key", "--token-file")


def understood(arguments: list[str], files: Path) -> dict[str, Any]:
    """The command's parameters; the files that it names are there. Raises click's UsageError."""
    files.touch()
    command, *rest = (named(argument, files) for argument in arguments)
    with click.Context(pylae) as context:
        found = pylae.get_command(context, command)
        assert found
        return found.make_context(command, rest, parent=context).params


def named(argument: str, files: Path) -> str:
    option, equals, _ = argument.partition("=")
    return f"{option}={files}" if equals and option in FILES else argument


@pytest.mark.parametrize("name", ["pylae", "istio-ingressgateway"])
def test_a_pod_starts(manifests: list[dict[str, Any]], name: str, tmp_path: Path) -> None:
    (pod,) = (item for item in manifests if (item["kind"], item["metadata"]["name"]) == ("Deployment", name))
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    assert understood(container["args"], tmp_path / "file")["data"].path == Path("/var/lib/pylae/data")


def test_a_gateways_pod_has_the_labels_that_its_service_selects(
    manifests: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = {
        item["kind"]: item["spec"]
        for item in manifests
        if item["metadata"]["name"] == "istio-ingressgateway"
        if "spec" in item
    }
    (container,) = found["Deployment"]["template"]["spec"]["containers"]
    assert understood(container["args"], tmp_path / "file")["labels"] == found["Service"]["selector"]


def test_a_service_of_systemd_starts(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "pylae.service").read_text()
    (options,) = (line.split("=", 2)[2].rstrip('"') for line in text.splitlines() if "PYLAE_OPTIONS=" in line)
    assert understood(["up", *shlex.split(options)], tmp_path / "file")["bind"] == "0.0.0.0"


def test_a_gateway_of_systemd_starts(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "pylae-gateway.service").read_text().replace("\\\n", "")
    (start,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    (options,) = (line.partition("PYLAE_OPTIONS=")[2] for line in text.splitlines() if "  PYLAE_OPTIONS=" in line)
    file = tmp_path / "file"
    line = start.partition("/bin/pylae ")[2].replace("$PYLAE_OPTIONS", options)
    words = [str(file) if word.startswith("/etc/pylae/gateway/") else word for word in shlex.split(line)]
    assert understood(words, file)["ports"]
