"""By what a control plane is found, and what it keeps of its own in the API: names that several rooms agree on."""

NAMESPACE = "pylae-system"
"""Where control planes are, unless told otherwise. No gateway reads its certificates there."""

AUTHORITY = "pylae-ca"
"""The Secret of the authority by which gateways are known, and the ConfigMaps that say whom gateways are to trust."""

ROLL = "pylae-gateways"
"""The ConfigMap of the kinds of gateways that there are."""

STATUS_LEASE = "pylae-status"
"""The Lease of the one that writes statuses and events."""

MESH_CONFIG = "istio"
"""The ConfigMap with the mesh configuration (Istio, MeshConfig)."""

XDS_PORT, TELEMETRY_PORT = 15012, 15020
"""xDS over TLS, and merged metrics (istio.io, "Ports used by Istio")."""
