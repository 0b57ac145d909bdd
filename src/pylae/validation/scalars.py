"""Checks of single values that several kinds share: ports, durations, labels, addresses, shares."""

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from itertools import compress

from pylae.api.destination import Percent
from pylae.api.scalars import parse_duration
from pylae.rules.hosts import is_dns_label
from pylae.validation.report import Path, Report

MILLISECOND = timedelta(milliseconds=1)

_LABEL_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_FINER_THAN_MICROSECONDS = re.compile(r"ns|\.[0-9]{6,}[1-9][0-9]*s|\.[0-9]{3,}[1-9][0-9]*ms|\.[0-9]*[1-9][0-9]*[uµμ]s")


def check_port(report: Report, path: Path, number: int) -> None:
    """A port that connections can be made to."""
    if not 1 <= number <= 65535:
        report.error(path, f"port number {number} must be in the range 1..65535.")


def check_duration(report: Report, path: Path, text: str | None, *, precision: timedelta = MILLISECOND) -> None:
    """A duration of at least one millisecond (Envoy's timers are no finer) and no finer than told; None is none."""
    if text is None:
        return
    try:
        duration = parse_duration(text)
    except ValueError as error:
        report.error(path, f"{error}.")
        return
    if duration < MILLISECOND:
        report.error(path, f"duration must be greater than 1ms, which {text} is not.", "Leave the field out for none.")
    elif duration % precision or _FINER_THAN_MICROSECONDS.search(text):
        unit = "ms" if precision == MILLISECOND else "seconds"
        report.error(path, f"only durations to {unit} precision are supported, and {text} is finer.", "Round it.")


def check_labels(report: Report, path: Path, labels: Mapping[str, str]) -> None:
    """Keys and values of labels as Kubernetes has them."""
    for key, value in labels.items():
        if not _is_label_key(key):
            report.error(
                path.key(key), f"invalid label key {key!r}: it is [prefix/]name of letters, digits, -, _ and dots."
            )
        if value and not _LABEL_NAME.fullmatch(value):
            report.error(path.key(key), f"invalid label value {value!r}: up to 63 letters, digits, -, _ and dots.")


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return _LABEL_NAME.fullmatch(name) is not None and (not slash or _LABEL_PREFIX.fullmatch(prefix) is not None)


def check_namespace(report: Report, path: Path, namespace: str) -> None:
    """The name of a namespace; "" is none."""
    if namespace and not is_dns_label(namespace):
        report.error(path, f"invalid namespace {namespace!r}: it must be a DNS label.")


def check_subnet(report: Report, path: Path, subnet: str) -> None:
    """An IP address, or a subnet in CIDR form."""
    try:
        ip_network(subnet, strict=False)
    except ValueError:
        report.error(path, f"{subnet!r} is not a valid IP address or subnet.", "Write it like 10.0.0.0/8.")


def check_percent(report: Report, path: Path, percent: Percent | None) -> None:
    """A share of the requests, as fine as one in a million; None is none."""
    if percent is not None and percent.value and not 0.0001 <= percent.value <= 100:
        report.error(path / "value", f"percentage {percent.value:g} must be 0, or in the range 0.0001..100.")


def check_alternatives(report: Report, path: Path, **members: object) -> None:
    """Fields of which only one may be set: those that are not None count as set."""
    names = list(compress(members, (value is not None for value in members.values())))
    if len(names) > 1:
        report.error(path, f"only one of {', '.join(members)} may be set, and here are {' and '.join(names)}.")
