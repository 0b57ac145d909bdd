"""Who a request writes as: the field manager that it names, or else the program that sends it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pylae.apimachinery.apply.field_manager import topology_of, written_elsewhere
from pylae.apimachinery.apply.managed_fields import Owner, applier, updater
from pylae.apimachinery.apply.server_side_apply import Writer
from pylae.apimachinery.failure import Cause, invalid_options, invalid_value, missing, not_allowed, too_long
from pylae.apimachinery.object import rfc3339
from pylae.apiserver.backend import Call

LONGEST: Final = 128
"""Bytes of a manager's name, as upstream."""


def updating(call: Call, now: datetime) -> Writer:
    """Who creates, replaces or patches. Raises 422 for a `fieldManager` that is no name."""
    options = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(call.request.method, "PatchOptions")
    causes = list(_wrong_name(call.query.field_manager))
    if options == "PatchOptions" and call.query.force is not None:
        causes.insert(0, not_allowed("force", "may not be specified for non-apply patch"))
    if causes:
        raise invalid_options(options, causes)
    manager = call.query.field_manager or program(call.request.headers.get("User-Agent", ""))
    return _writer(call, now, updater(manager, call.resource.group_version(call.version), call.subresource))


def applying(call: Call, now: datetime) -> Writer:
    """Who applies. Raises 422 without a `fieldManager`: an applier must be found again by its name."""
    name = call.query.field_manager
    causes = [*_wrong_name(name)] if name else [missing("fieldManager", "is required for apply patch")]
    if causes:
        raise invalid_options("PatchOptions", causes)
    return _writer(call, now, applier(name, call.subresource))


def program(user_agent: str) -> str:
    """What stands before the first slash: `kubectl` of `kubectl/v1.33.4 (linux/amd64)`."""
    name = "".join(filter(str.isprintable, user_agent.partition("/")[0]))
    return name.encode()[:LONGEST].decode(errors="ignore")


def _wrong_name(name: str) -> Iterator[Cause]:
    if len(name.encode()) > LONGEST:
        yield too_long("fieldManager", f"may not be more than {LONGEST} bytes")
    for index, character in enumerate(name):
        if not character.isprintable():
            yield invalid_value("fieldManager", name, f"invalid character U+{ord(character):04X} (at position {index})")


def _writer(call: Call, now: datetime, owner: Owner) -> Writer:
    return Writer(
        owner=owner,
        version=call.resource.group_version(call.version),
        time=rfc3339(now),
        topology=topology_of(call.resource),
        not_its=written_elsewhere(call.resource, call.subresource),
    )
