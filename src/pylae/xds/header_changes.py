"""Headers that are set, added and removed, on a route or on one of its clusters."""

from collections.abc import Iterator
from typing import Any

from envoy.config.core.v3 import base_pb2

from pylae.model.ir.route import HeaderChanges

_Action = base_pb2.HeaderValueOption.HeaderAppendAction


def apply_header_changes(message: Any, request: HeaderChanges, response: HeaderChanges) -> None:
    """Append the changes to a `Route` or a `ClusterWeight`, which name these fields alike."""
    message.request_headers_to_add.extend(_options(request))
    message.request_headers_to_remove.extend(request.remove)
    message.response_headers_to_add.extend(_options(response))
    message.response_headers_to_remove.extend(response.remove)


def _options(changes: HeaderChanges) -> Iterator[Any]:
    for name, value in changes.set:
        yield _option(name, value, _Action.OVERWRITE_IF_EXISTS_OR_ADD)
    for name, value in changes.add:
        yield _option(name, value, _Action.APPEND_IF_EXISTS_OR_ADD)


def _option(name: str, value: str, action: int) -> Any:
    header = base_pb2.HeaderValue(key=name, value=value)
    return base_pb2.HeaderValueOption(header=header, append_action=action)
