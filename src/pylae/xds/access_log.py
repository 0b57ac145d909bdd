"""Access logs: one line per request, in Istio's default format unless the mesh configuration gives another.

Envoy writes them to its standard output, which is the file `envoy.log`; no user's object names a file of the machine.
"""

import json
from typing import Any

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.core.v3 import substitution_format_string_pb2
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from google.protobuf.struct_pb2 import Struct

from pylae.model.workload import AccessLog
from pylae.xds.wellknown import pack

FIELDS: dict[str, str] = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "route_name": "%ROUTE_NAME%",
}
"""What a line holds, by the names of Istio's JSON encoding and in the order of its text encoding."""

_GROUPED = ("method", "path", "protocol")
_QUOTED = {
    "upstream_transport_failure_reason",
    "x_forwarded_for",
    "user_agent",
    "request_id",
    "authority",
    "upstream_host",
}


def default_text() -> str:
    """Istio's text format: the time in brackets, the request line as one quoted word, and free text quoted."""
    request = " ".join(FIELDS[name] for name in _GROUPED)
    rest = [name for name in FIELDS if name != "start_time" and name not in _GROUPED]
    words = [f'"{FIELDS[name]}"' if name in _QUOTED else FIELDS[name] for name in rest]
    return " ".join([f"[{FIELDS['start_time']}]", f'"{request}"', *words]) + "\n"


def access_log(log: AccessLog, *, only_flags: tuple[str, ...] = ()) -> Any:
    """An `AccessLog` on standard output; with `only_flags` just for connections that ended with one of these flags."""
    written = stream_pb2.StdoutAccessLog(log_format=_format(log))
    message = accesslog_pb2.AccessLog(name="envoy.access_loggers.stdout", typed_config=pack(written))
    if only_flags:
        message.filter.response_flag_filter.flags.extend(only_flags)
    return message


def _format(log: AccessLog) -> Any:
    if log.encoding == "JSON":
        fields = Struct()
        fields.update(json.loads(log.format) if log.format else FIELDS)
        return substitution_format_string_pb2.SubstitutionFormatString(json_format=fields)
    text = log.format or default_text()
    line = substitution_format_string_pb2.SubstitutionFormatString()
    line.text_format_source.inline_string = text
    return line
