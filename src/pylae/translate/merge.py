"""Which servers share a port, and which lose it: Istio's merge, in small steps.

Servers come oldest Gateway first, and as they stand in it. Each is held against those that already have its listener;
the first rule that finds a conflict drops the whole server, as Istio does, and the finding names the winner. Two things
differ from Istio: names are compared as Envoy compares SNI (lower case, without the namespace half, catch-alls
included), because one duplicate would have Envoy refuse the listener with all its hosts; and a server that was dropped
claims nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pylae.model.codes import HOST_CLAIMED, PROTOCOL_CONFLICT
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.rules.protocols import HTTP_FAMILY
from pylae.translate.claims import Claim, named

REMOVE_ONE = "Remove one of the two, or give it another port. The older one serves, and by its whole list of hosts."


class Occupied(Protocol):
    """A listener as far as it is given away to claims that come before the one that asks."""

    def owner_of_host(self, host: str, asking: Claim) -> Claim | None:
        """The claim with `tls`, be it for a redirect only, that has the host."""

    def owner_of_routes(self, asking: Claim) -> Claim | None:
        """The claim to HTTPS whose routes have the same name."""

    def owner_of_plain_text(self, asking: Claim) -> Claim | None:
        """The first claim to plain text."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a claim is not served: it lost `names`, or else the port, to `owner`; `rule` is the place in `RULES`, and
    `protocol` the owner's where the rule is about protocols."""

    rule: int
    owner: Origin
    names: tuple[str, ...] = ()
    protocol: str = ""


def judged(claim: Claim, occupied: Occupied) -> Loss | None:
    """The first conflict with those that come before; None if the claim has its place."""
    return next((loss for find, _ in RULES if (loss := find(claim, occupied))), None)


def told(claim: Claim, loss: Loss) -> Finding:
    """The loss in a sentence on the server."""
    return RULES[loss.rule][1](claim, loss)


def _same_host(claim: Claim, occupied: Occupied) -> Loss | None:
    """Both have `tls`, be it for a redirect only, and a host in common."""
    hosts = claim.host_names if claim.terms.has_tls else ()
    owners = {host: owner for host in hosts if (owner := occupied.owner_of_host(host, claim))}
    return Loss(0, next(iter(owners.values())).origin, tuple(owners)) if owners else None


def _tell_same_host(claim: Claim, loss: Loss) -> Finding:
    message = f"{', '.join(loss.names)} on port {claim.terms.port} belongs to {named(loss.owner)}, which comes first."
    return claim.finding(HOST_CLAIMED, "hosts", message, REMOVE_ONE)


def _plain_text_taken(claim: Claim, occupied: Occupied) -> Loss | None:
    """Plain text shares its listener with plain HTTP only, and only if it is plain HTTP itself."""
    owner = occupied.owner_of_plain_text(claim)
    if owner is None or (owner.terms.protocol in HTTP_FAMILY and claim.terms.protocol in HTTP_FAMILY):
        return None
    return Loss(1, owner.origin, protocol=owner.terms.protocol)


def _tell_plain_text_taken(claim: Claim, loss: Loss) -> Finding:
    terms = claim.terms
    message = f"{terms.protocol} cannot share port {terms.port} with the {loss.protocol} of {named(loss.owner)}."
    return claim.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)


def _catch_all_taken(claim: Claim, occupied: Occupied) -> Loss | None:
    """Plain text takes what no SNI matches, and so does a TLS server of host `*`: there is room for one of them."""
    owner = occupied.owner_of_host("*", claim) if claim.terms.is_plain_text else None
    return Loss(2, owner.origin) if owner and owner.terms.ends_tls else None


def _tell_catch_all_taken(claim: Claim, loss: Loss) -> Finding:
    terms = claim.terms
    message = f"{terms.protocol} cannot share port {terms.port} with host * of {named(loss.owner)}."
    return claim.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)


def _same_routes(claim: Claim, occupied: Occupied) -> Loss | None:
    """Two HTTPS servers of one Gateway whose ports have the same number and name would share their routes."""
    owner = occupied.owner_of_routes(claim)
    return Loss(3, owner.origin) if owner else None


def _tell_same_routes(claim: Claim, loss: Loss) -> Finding:
    message = f"Port name {claim.port_name!r} is used twice, the first time by {named(loss.owner)}."
    return claim.finding(PROTOCOL_CONFLICT, "port.name", message, "Give each port a name of its own.")


RULES: tuple[tuple[Callable[[Claim, Occupied], Loss | None], Callable[[Claim, Loss], Finding]], ...] = (
    (_same_host, _tell_same_host),
    (_plain_text_taken, _tell_plain_text_taken),
    (_catch_all_taken, _tell_catch_all_taken),
    (_same_routes, _tell_same_routes),
)
"""In the order in which a conflict is told: how it is found, and its sentence."""
