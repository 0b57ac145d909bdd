"""Distinguished names as people write them: `C=US, ST=Denial, O=Dis, CN=webapp.istioinaction.io`.

RFC 4514 would have the parts in reverse. `openssl` and `curl -v` print a name in the order in which
it was written, so that is the order here.
"""

from cryptography import x509
from cryptography.x509.oid import NameOID

_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


def subject(text: str) -> x509.Name:
    """Read `C=US, ST=Denial, …, CN=name` into a name; the parts keep their order.

    Raises ValueError for a part that is no `KEY=value`, or whose key is none of C, ST, L, O, OU, CN.
    """
    return x509.Name([_attribute(part.strip()) for part in text.split(",")])


def _attribute(part: str) -> x509.NameAttribute[str]:
    key, equals, value = part.partition("=")
    if not equals or key not in _ATTRIBUTES:
        raise ValueError(
            f"{part!r} is no part of a distinguished name: write KEY=value with one of {', '.join(_ATTRIBUTES)}"
        )
    return x509.NameAttribute(_ATTRIBUTES[key], value)
