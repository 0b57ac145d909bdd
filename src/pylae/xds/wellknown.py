"""Protobuf's own small types, and the references to other resources that every kind of configuration makes."""

from datetime import timedelta
from typing import Any as Untyped

from envoy.config.core.v3 import address_pb2, config_source_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from pylae.model.ir.listener import SocketAddress

NEVER = timedelta(0)
"""As a time-out in Envoy: none."""


def pack(message: Message) -> Any:
    """`message` with its type, its maps in the order of their keys."""
    packed = Any()
    packed.Pack(message, deterministic=True)
    return packed


def duration(value: timedelta) -> Duration:
    """Exact to the microsecond."""
    message = Duration()
    message.FromTimedelta(value)
    return message


def socket_address(address: SocketAddress) -> Untyped:
    """An `Address` on TCP."""
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address=address.host, port_value=address.port))


def by_ads(initial_fetch_timeout: timedelta | None = None) -> Untyped:
    """A `ConfigSource`: the resource comes on the aggregated stream.

    Without a time-out Envoy waits 15 s for it before it goes on without; `NEVER` waits for as long as it takes.
    """
    source = config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(), resource_api_version=config_source_pb2.ApiVersion.V3
    )
    if initial_fetch_timeout is not None:
        source.initial_fetch_timeout.CopyFrom(duration(initial_fetch_timeout))
    return source


def secret_by_name(name: str) -> Untyped:
    """An `SdsSecretConfig`."""
    return secret_pb2.SdsSecretConfig(name=name, sds_config=by_ads())
