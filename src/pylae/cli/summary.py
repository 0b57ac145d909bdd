"""What `pylae up` says once all of it is up: what listens where, how to reach the API, what became of the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pylae.cli.status import findings, is_found, refusals
from pylae.node.directories import DataDirectory

Json = dict[str, Any]

INDENT = "  "
LABEL = 16


def render(told: Json, data: DataDirectory) -> str:
    """The page, from the document of `GET /status`."""
    blocks = ("\n".join(_facts(told, data)), "\n".join(refusals(told)), "\n".join(findings(told)))
    return "\n\n".join([_title(told, data), *filter(None, blocks)])


def short(path: Path, home: Path) -> str:
    """A path with the home directory as `~`, fit for a shell."""
    return f"~/{path.relative_to(home)}" if home != Path("/") and path.is_relative_to(home) else str(path)


def _home() -> Path:
    """`/` for a user who has none, as in a container that runs under just a number."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _title(told: Json, data: DataDirectory) -> str:
    """A control plane on a cluster has no Envoy of its own."""
    envoy = [f"Envoy {told['envoy']['version']}"] if "envoy" in told else []
    return " · ".join([f"Pylae {told['version']}", *envoy, f"data in {short(data.path, _home())}"])


def _facts(told: Json, data: DataDirectory) -> Iterator[str]:
    way_in = f"     export KUBECONFIG={short(data.kubeconfig, _home())}" if "envoy" in told else ""
    yield _line("Kubernetes API", f"{told['api']['address']}{way_in}")
    for port in told.get("ports", ()):
        yield _line(str(port["protocol"]), _port(port, told))
    if "envoy" not in told:
        yield _line("Gateways", _joined(told))
    elif not told.get("ports"):
        yield _line("Gateway", "none yet: kubectl apply -f FILE")
    for source in told.get("files", ()):
        yield _line("Files", _file(source))


def _joined(told: Json) -> str:
    kinds = len(told.get("gateways", ()))
    return f"{kinds} {'kind' if kinds == 1 else 'kinds'} joined" if kinds else "none has joined yet: pylae gateway"


def _line(label: str, text: str) -> str:
    return f"{INDENT}{label:<{LABEL}}{text}"


def _port(port: Json, told: Json) -> str:
    """What is wrong with it stands here unless a finding below says it."""
    served = f"{port['address']} → port {port['port']}"
    message = str(port.get("message") or "")
    if not message:
        return served
    return f"{served}, not bound" if is_found(message, told) else message


def _file(source: Json) -> str:
    refused = len(source.get("refused", ()))
    words = [f"{source.get('applied', 0)} applied", *([f"{refused} refused"] if refused else [])]
    return f"{source['path']}  {', '.join(words)} (watched)"
