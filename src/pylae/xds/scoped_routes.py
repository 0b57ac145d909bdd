"""How a connection manager finds its routes by the server name of the connection.

Envoy chooses a scope by request headers and by nothing else. So the scope's name is written into a header before routes
are looked for, over whatever a client may have sent under that name.
"""

from typing import Any

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import base_pb2, extension_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2

from pylae.model.ir.listener import ScopedRoutes
from pylae.xds.wellknown import NEVER, by_ads, pack

SCOPE_HEADER = "x-pylae-scope"
"""No backend sees it: every scope's routes remove it."""

SCOPES = "on-demand"
"""One name for the scopes of all connection managers: Envoy keeps them once for each name."""

_Scopes = http_connection_manager_pb2.ScopedRoutes


def scoped_routes() -> Any:
    """`ScopedRoutes`: the header is the key. Nothing waits for scopes to come, for there are none before a host is
    asked for."""
    message = _Scopes(name=SCOPES, rds_config_source=by_ads(initial_fetch_timeout=NEVER))
    fragment = message.scope_key_builder.fragments.add()
    fragment.header_value_extractor.name = SCOPE_HEADER
    fragment.header_value_extractor.index = 0
    message.scoped_rds.scoped_rds_config_source.CopyFrom(by_ads(initial_fetch_timeout=NEVER))
    return message


def naming_of_scope(routes: ScopedRoutes) -> Any:
    """A `TypedExtensionConfig` for `early_header_mutation_extensions`: the header is the key of a `Scope`.

    Of the server name Envoy says nothing if there is none, and otherwise says it in lower case.
    """
    header = base_pb2.HeaderValue(key=SCOPE_HEADER, value=f"{routes.listener}|%REQUESTED_SERVER_NAME%")
    overwriting = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
    option = base_pb2.HeaderValueOption(header=header, append_action=overwriting)
    mutation = header_mutation_pb2.HeaderMutation(mutations=[mutation_rules_pb2.HeaderMutation(append=option)])
    return extension_pb2.TypedExtensionConfig(
        name="envoy.http.early_header_mutation.header_mutation", typed_config=pack(mutation)
    )
