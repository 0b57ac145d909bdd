"""`pylae status` where a gateway runs by itself: which control plane has it, and what it serves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pylae.cli.output import paint
from pylae.cli.words import expiry, megabytes, span

Json = dict[str, Any]

LABEL = 16
KINDS = {"LDS": "listener", "RDS": "route configuration", "SRDS": "scope", "CDS": "cluster", "SDS": "secret"}


def render(told: Json, now: datetime) -> str:
    """The page, from the document of `GET /status`."""
    lines = (_line(label, text) for label, text in _facts(told, now))
    return "\n".join((*lines, "", _processes(told)))


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _facts(told: Json, now: datetime) -> Iterator[tuple[str, str]]:
    gateway = told["gateway"]
    labels = ", ".join(f"{name}={text}" for name, text in gateway["labels"].items())
    yield "Gateway", f"{gateway['namespace']}/{gateway['name']}  {labels}"
    yield "Control plane", _control_plane(told["controlPlane"])
    for address, reason in told["controlPlane"]["reasons"].items():
        yield "", paint(f"{address}: {reason}", "yellow")
    yield "Configuration", _configuration(told["stored"], is_joined=bool(told["controlPlane"]["address"]))
    if end := told["certificate"]["notAfter"]:
        yield "Certificate", f"ends {expiry(datetime.fromisoformat(end), now)}"
    yield "Telemetry", told["telemetry"]["address"]


def _control_plane(link: Json) -> str:
    length = span(timedelta(seconds=link["seconds"]))
    if link["address"]:
        return f"{link['address']}, for {length}"
    return paint(f"none for {length}; asked: {', '.join(link['known'])}", "red")


def _configuration(stored: Json, *, is_joined: bool) -> str:
    counted = {noun: stored["resources"].get(kind) for kind, noun in KINDS.items()}
    text = ", ".join(f"{count} {noun if count == 1 else noun + 's'}" for noun, count in counted.items() if count)
    if not text:
        return "nothing yet"
    return text if is_joined else f"{text}; stored {span(timedelta(seconds=stored['age'] or 0))} ago"


def _processes(told: Json) -> str:
    envoy, gateway = told["envoy"], told["gateway"]
    words = [f"Envoy {envoy['version']}"]
    if envoy["pid"]:
        words += [f"pid {envoy['pid']}", *([megabytes(envoy["memory"])] if envoy["memory"] else [])]
        words += ["serves" if told["ready"] else paint("does not serve yet", "red")]
    else:
        words += [paint("does not run", "red")]
    memory = f", {megabytes(gateway['memory'])}" if gateway["memory"] else ""
    return f"{', '.join(words)} · gateway pid {gateway['pid']}{memory}"
