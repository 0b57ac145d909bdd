"""The authority that control planes and gateways know each other by, and the leaves that it signs.

A gateway is named as in SPIFFE: `spiffe://cluster.local/ns/shop/sa/edge` ("The SPIFFE Identity and Verifiable Identity
Document", and Istio's secure naming). A control plane has one name, wherever it runs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from pylae.certs.authority import Authority, PrivateKey, Purpose, Request, Validity, leaf, root
from pylae.certs.subject import subject

CONTROL_PLANE = "control-plane.pylae.internal"
AUTHORITY_LIFE = timedelta(days=3650)
CONTROL_PLANE_LIFE = timedelta(hours=24)
SKEW = timedelta(minutes=10)
"""How far clocks of two machines may be apart."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance has to give for one certificate: a key and a serial number."""

    key: PrivateKey
    serial: int


def authority(draw: Draw, now: datetime) -> Authority:
    """A new authority, for ten years."""
    return root(Request(subject("O=Pylae, CN=Pylae"), draw.serial, _from(now, AUTHORITY_LIFE)), draw.key)


def control_plane(draw: Draw, issuer: Authority, now: datetime) -> x509.Certificate:
    """A control plane's certificate, for a day."""
    wanted = Request(subject(f"O=Pylae, CN={CONTROL_PLANE}"), draw.serial, _within(issuer, now, CONTROL_PLANE_LIFE))
    return leaf(wanted, draw.key, issuer, purpose=Purpose.SERVER, names=[CONTROL_PLANE])


def gateway(draw: Draw, issuer: Authority, name: str, *, now: datetime, life: timedelta) -> x509.Certificate:
    """A gateway's certificate, in the name that `spiffe` gives. It never outlives its issuer."""
    wanted = Request(subject("O=Pylae"), draw.serial, _within(issuer, now, life))
    return leaf(wanted, draw.key, issuer, purpose=Purpose.CLIENT, names=[name])


def spiffe(namespace: str, account: str, trust_domain: str = "cluster.local") -> str:
    """The name of a service account."""
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}"


def _from(now: datetime, life: timedelta) -> Validity:
    return Validity(now - SKEW, now + life)


def _within(issuer: Authority, now: datetime, life: timedelta) -> Validity:
    wanted = _from(now, life)
    return Validity(wanted.not_before, min(wanted.not_after, issuer.certificate.not_valid_after_utc))
