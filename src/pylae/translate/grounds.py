"""The grounds of the port plan: why servers are not served, and what there is to know of those that are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pylae.model.codes import SENT_AHEAD
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key
from pylae.model.workload import GatewayWorkload
from pylae.translate.claims import Claim, Claims, named, server_origin
from pylae.translate.contest import RANK, Contest
from pylae.translate.listening import NOWHERE, Listening, socket_taken, unpublished
from pylae.translate.merge import told
from pylae.translate.sharing import Sharing


@dataclass(eq=False, slots=True)
class Grounds:
    """Reads what the plan keeps: `odd` are Gateways of which some server is no claim, and `heads` the oldest claims to
    each listener, oldest first."""

    workload: GatewayWorkload
    contests: Mapping[str, Contest]
    sharing: Sharing
    odd: Mapping[Key, Claims]
    heads: tuple[Claim, ...] = ()

    @property
    def bound_heads(self) -> tuple[Claim, ...]:
        """Those whose listener has a socket."""
        return tuple(head for head in self.heads if self.listening(head).sockets)

    def listening(self, claim: Claim) -> Listening:
        """What the claim's listener got."""
        return self.sharing.listening.get(claim.terms.listener, NOWHERE)

    def loss(self, claim: Claim) -> Finding | None:
        """Why a claim is not served."""
        contest, found = self.contests[claim.terms.listener], self.listening(claim)
        if loss := contest.losers.get(claim):
            return told(claim, loss)
        return None if found.sockets else socket_taken(claim, *found.refused[0])

    def losers(self) -> Mapping[Origin, Finding]:
        """Why servers are not served: those that could not be in any case, then those that lost to an older one."""
        odd = sorted(self.odd.items(), key=lambda item: (item[1].created, item[0][1], item[0][0]))
        found = {server_origin(key, index): why for key, one in odd for index, why in one.unservable.items()}
        found |= {claim.origin: why for claim in self._lost() if (why := self.loss(claim))}
        return found

    def notes(self, claim: Claim) -> Iterator[Finding]:
        """What to know of a claim that is served."""
        if self.contests[claim.terms.listener].head is claim:
            yield from self._refused(claim)
        yield from self._notes(claim)

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, or worth knowing, about servers that are sent ahead or lost."""
        heads = self.bound_heads
        found = [mistake for odd in self.odd.values() for mistake in odd.mistakes]
        found += (finding for head in heads for finding in self._refused(head))
        ahead = (claim for head in heads for claim in self.sharing.shares[head.terms.listener].ahead)
        found += (finding for claim in ahead for finding in self._notes(claim))
        return (*found, *self.losers().values())

    def _lost(self) -> Iterator[Claim]:
        """By precedence those that an older one keeps from being served, then those whose listener has no socket."""
        yield from sorted((claim for contest in self.contests.values() for claim in contest.losers), key=RANK)
        for head in self.heads:
            if not self.listening(head).sockets:
                contest = self.contests[head.terms.listener]
                yield from sorted(filter(contest.stands, contest), key=RANK)

    def _refused(self, head: Claim) -> Iterator[Finding]:
        """The sockets that a listener did not get are told of its first server."""
        return (socket_taken(head, *refused) for refused in self.listening(head).refused)

    def _notes(self, claim: Claim) -> Iterator[Finding]:
        if not self._is_published(claim):
            yield unpublished(claim, self.listening(claim), self.workload)
        if self.sharing.can_wait(claim) and not self.sharing.is_on_demand(claim):
            yield self._sent_ahead(claim)

    def _is_published(self, claim: Claim) -> bool:
        """By a Service, or by the gateway itself."""
        own = any(port == claim.terms.port for port, _ in self.workload.publish)
        return own or self.listening(claim).is_published

    def _sent_ahead(self, claim: Claim) -> Finding:
        cure = "Give one of the two another host, or let both be served in the same way."
        if twin := self.sharing.twin(claim):
            message = f"{twin[0]} waits on listener {twin[1].terms.listener} for {named(twin[1].origin)} already, "
            message += "and what is asked for by name has no port; the server is sent ahead."
            return claim.finding(SENT_AHEAD, "hosts", message, cure)
        host, other = self.sharing.cover(claim) or ("", claim)
        message = f"{named(other.origin)} is sent ahead and covers {host}; so is this server, to keep its connections."
        return claim.finding(SENT_AHEAD, "hosts", message, cure)
