"""Certificates that are asked for in the handshake: Envoy's selector of on-demand secrets, which names them by SNI.

xds-protos has no messages for them, so they are spelled as TypedStruct, which Envoy takes for any of its extensions.
"""

from typing import Any

from envoy.config.core.v3 import extension_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from xds.type.v3 import typed_struct_pb2

from pylae.model.ir.listener import AskedBySni
from pylae.xds.wellknown import by_ads, pack

_EXTENSIONS = "type.googleapis.com/envoy.extensions.transport_sockets.tls"
SELECTOR = f"{_EXTENSIONS}.cert_selectors.on_demand_secret.v3.Config"
MAPPER = f"{_EXTENSIONS}.cert_mappers.sni.v3.SNI"


def certificate_selector(asked: AskedBySni) -> Any:
    """A `TypedExtensionConfig` for `CommonTlsContext.custom_tls_certificate_selector`."""
    mapper: Any = {"name": "sni", "typed_config": {"@type": MAPPER, "default_value": asked.without_sni}}
    configuration = Struct()
    configuration.update({"config_source": MessageToDict(by_ads()), "certificate_mapper": mapper})
    typed = typed_struct_pb2.TypedStruct(type_url=SELECTOR, value=configuration)
    return extension_pb2.TypedExtensionConfig(
        name="envoy.tls.certificate_selectors.on_demand_secret", typed_config=pack(typed)
    )
