"""When the hosts of a Gateway are sent to Envoy: ahead of every request, or when a client asks for one of them."""

from collections.abc import Mapping
from types import MappingProxyType

SERVE = "pylae.dev/serve"
"""The annotation of a Gateway, and the field of the mesh configuration that says it for all others."""

AHEAD = "ahead"
ON_DEMAND = "on-demand"

WAYS: Mapping[str, bool] = MappingProxyType({AHEAD: False, ON_DEMAND: True})
"""What may be written there, and whether it asks for serving on demand."""
