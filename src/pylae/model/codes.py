"""The catalogue of findings. A number, once given, keeps its meaning for good.

Istio's numbers are kept where the meaning is Istio's. Ours come in ranges: 01 credentials, 02 ports and listeners, 03
routing, 04 objects that contend, 05 what Envoy answered, 09 ourselves.
"""

from pylae.model.finding import Code, Level

REFERENCE_NOT_FOUND = Code(
    "IST0101", "ReferencedResourceNotFound", Level.ERROR, "The object names another one that does not exist."
)
INVALID = Code("IST0106", "SchemaValidationError", Level.ERROR, "The object breaks a rule of its kind and is not used.")
DESTINATION_PORT_REQUIRED = Code(
    "IST0112",
    "VirtualServiceDestinationPortSelectorRequired",
    Level.ERROR,
    "A destination names a service of several ports and does not say which.",
)
UNREACHABLE_RULE = Code(
    "IST0130", "VirtualServiceUnreachableRule", Level.WARNING, "A rule can never be reached: an earlier one takes all."
)
HOST_NOT_IN_GATEWAY = Code(
    "IST0132",
    "VirtualServiceHostNotFoundInGateway",
    Level.WARNING,
    "No host of the VirtualService is a host of the Gateway that it binds to.",
)
DOUBTFUL = Code("IST0133", "SchemaWarning", Level.WARNING, "The object is accepted, though perhaps not as meant.")
PORT_NOT_ON_SERVICE = Code(
    "IST0162",
    "GatewayPortNotDefinedOnService",
    Level.WARNING,
    "The gateway's Service does not publish the port of a server.",
)

CERTIFICATE_MISSING = Code(
    "PYL0101",
    "CertificateMissing",
    Level.ERROR,
    "The Secret that a server names does not exist; its hosts wait for it.",
)
SECRET_ELSEWHERE = Code(
    "PYL0102",
    "SecretInOtherNamespace",
    Level.ERROR,
    "The Secret that a server names lies in a namespace that this gateway does not read.",
)
CERTIFICATE_INVALID = Code(
    "PYL0103", "CertificateInvalid", Level.ERROR, "The Secret's certificate, key or CA cannot be used by Envoy."
)
CERTIFICATE_EXPIRED = Code(
    "PYL0104", "CertificateExpired", Level.WARNING, "The certificate is past its end; clients will refuse it."
)
CERTIFICATE_NOT_YET_VALID = Code(
    "PYL0105", "CertificateNotYetValid", Level.WARNING, "The certificate's validity begins in the future."
)
CERTIFICATE_WITHOUT_SAN = Code(
    "PYL0106",
    "CertificateWithoutSAN",
    Level.WARNING,
    "The certificate has no subjectAltName; modern clients refuse it.",
)
CERTIFICATE_OTHER_NAME = Code(
    "PYL0107", "CertificateForOtherName", Level.WARNING, "The certificate does not cover a host that is served with it."
)
CERTIFICATE_EXPIRES_SOON = Code(
    "PYL0108", "CertificateExpiresSoon", Level.WARNING, "Two weeks, or a quarter of a short life, are left."
)

PORT_NOT_BOUND = Code(
    "PYL0201", "PortNotBound", Level.ERROR, "A port of this machine could not be bound; it is tried again."
)
PROTOCOL_CONFLICT = Code(
    "PYL0202", "ProtocolConflict", Level.ERROR, "A server cannot share its port with an older one of another protocol."
)
ADDRESS_REFUSED = Code(
    "PYL0203",
    "AddressRefused",
    Level.ERROR,
    "Unix sockets and files of the machine are not reached from users' objects.",
)
NOT_HONOURED = Code(
    "PYL0204", "NotHonoured", Level.WARNING, "A field or mode of Istio's API that has no effect here yet."
)

PORT_CROWDED = Code(
    "PYL0205", "PortCrowded", Level.INFO, "A port carries so many hosts ahead that on demand would serve them better."
)
SENT_AHEAD = Code(
    "PYL0206",
    "SentAhead",
    Level.INFO,
    "A server that wants to be served on demand is sent ahead, so that no other one gets its connections.",
)

DESTINATION_UNKNOWN = Code(
    "PYL0301", "DestinationUnknown", Level.ERROR, "A route's destination is no known service or port; requests get 503."
)
NO_ENDPOINTS = Code("PYL0302", "NoEndpoints", Level.WARNING, "A destination has no ready endpoint; requests get 503.")
NO_ROUTES = Code("PYL0303", "NoRoutes", Level.WARNING, "No VirtualService gives this host a route; requests get 404.")

HOST_CLAIMED = Code(
    "PYL0401", "HostClaimed", Level.ERROR, "An older server owns a host on this port; the younger server is not served."
)

REFUSED_BY_ENVOY = Code(
    "PYL0501", "RefusedByEnvoy", Level.ERROR, "Envoy refused what was made of the object; what served before goes on."
)

INTERNAL = Code("PYL0901", "InternalError", Level.ERROR, "Pylae failed on this object; please report it.")
