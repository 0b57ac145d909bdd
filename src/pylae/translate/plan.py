"""The port plan: which servers of which Gateways win a port, which sockets are bound for them, and which of them wait
to be asked for. It is kept by change: a Gateway that comes or goes costs what it contends for."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from pylae.api.gateway import Gateway
from pylae.model.finding import Finding
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.claims import NO_CLAIMS, Claim, Claims, claims_of, moved, server_of
from pylae.translate.contest import RANK, Contest, Turn
from pylae.translate.grounds import Grounds
from pylae.translate.listening import listening
from pylae.translate.planned import Counts, Fate, ListenerPlan, Replanned
from pylae.translate.ports import PublishedPort
from pylae.translate.select import selects
from pylae.translate.server import Server
from pylae.translate.sharing import Sharing, Shift


class Plan:
    """Whoever writes calls `put` for every Gateway, `publish` when the Services in front have other ports, and `serve`
    when the default is another one; the answers are then those of a plan made from scratch.

    Of Gateways only their claims are kept. Where a server is sent ahead, it is read from the snapshot when somebody
    asks.
    """

    def __init__(self, workload: GatewayWorkload, snapshot: Snapshot) -> None:
        self.workload = workload
        self.snapshot = snapshot
        self._published: tuple[PublishedPort, ...] = ()
        self._claims: dict[Key, tuple[Claim, ...]] = {}
        self._odd: dict[Key, Claims] = {}
        """The Gateways of which some server is no claim."""
        self._contests: dict[str, Contest] = {}
        self._bound_for: tuple[tuple[Claim, ...], tuple[PublishedPort, ...]] = ((), ())
        """For which first claims and ports sockets were given out."""
        self.computed: Counter[str] = Counter()
        """How often claims were judged, and placed."""
        self._sharing = Sharing(self._contests, self.computed)
        self._grounds = Grounds(workload, self._contests, self._sharing, self._odd)
        self._servers: dict[Key, dict[int, Server]] = {}
        """Those that are sent ahead, as far as somebody asked for them."""

    def put(self, key: Key, gateway: Gateway | None) -> Replanned:
        """A Gateway is new, changed or gone; None also for one that is invalid."""
        odd = self._odd.get(key, NO_CLAIMS)
        shift = self._edit(self._replace(key, self._read(key, gateway)))
        shift.gateways.add(key)
        shift.ahead |= odd != self._odd.get(key, NO_CLAIMS)
        self._reread(key, gateway if key in self._claims or key in self._odd else None, shift)
        for claim in self._claims.get(key, ()):
            shift.add(claim)
        return _replanned(shift)

    def gather(self, key: Key, gateway: Gateway | None) -> None:
        """As `put`, for one of many that come before anybody asks: who wins is settled once for all of them, by
        `begin`."""
        self._claims.pop(key, None)
        if claims := self._read(key, gateway):
            self._claims[key] = claims

    def begin(self, published: tuple[PublishedPort, ...], *, default_on_demand: bool) -> None:
        """All that were gathered are here; the rest is what `publish` and `serve` would say."""
        self._published, self._sharing.by_default = published, default_on_demand
        for key, claims in self._claims.items():
            self._claims[key] = tuple([moved(claim, published) for claim in claims])
        ranked = sorted(chain.from_iterable(self._claims.values()), key=RANK)
        for claim in ranked:
            listener = claim.terms.listener
            if listener not in self._contests:
                self._contests[listener] = Contest(self.computed)
            self._contests[listener].enter(claim)
        self._rebind()
        self._sharing.begin(ranked)

    def publish(self, published: tuple[PublishedPort, ...]) -> Replanned:
        """The Services in front of the gateway have these ports now."""
        if published == self._published:
            return Replanned()
        self._published = published
        edits: list[Turn] = []
        for key, claims in self._claims.items():
            new = tuple(moved(claim, published) for claim in claims)
            if any(one is not other for one, other in zip(new, claims, strict=True)):
                self._servers.pop(key, None)
                edits += self._replace(key, new)
        return _replanned(self._edit(edits))

    def serve(self, default_on_demand: bool) -> Replanned:
        """What Gateways that do not say are served by."""
        if default_on_demand == self._sharing.by_default:
            return Replanned()
        self._sharing.by_default = default_on_demand
        silent = (claim for claim in chain.from_iterable(self._claims.values()) if claim.wanted is None)
        shift = self._sharing.settle((claim, claim) for claim in silent if claim.terms.shareable)
        self._forget_servers(shift)
        return _replanned(shift)

    def owner(self, listener: str, name: str) -> Claim | None:
        """Who serves a lower-case DNS name: a server of this very host, else of the longest wildcard that covers it.
        For a port with TLS that is told by SNI, so plain text has no say there."""
        contest = self._contests.get(listener)
        if contest is None or not self._sharing.listening[listener].sockets:
            return None
        plain = None
        for claim in chain.from_iterable((contest.hosts.at(name), *contest.hosts.over(name))):
            if contest.stands(claim):
                if not claim.terms.is_plain_text:
                    return claim
                plain = plain or claim
        return plain

    def is_on_demand(self, claim: Claim) -> bool:
        """Whether a claim of this plan is served, and on demand."""
        return self._sharing.is_on_demand(claim)

    def gateways(self) -> tuple[Key, ...]:
        """The Gateways that choose this workload and have a server, oldest first."""
        ages = {key: claims[0].rank for key, claims in self._claims.items()}
        ages |= {key: (odd.created, key[1], key[0], 0) for key, odd in self._odd.items()}
        return tuple(sorted(ages, key=lambda key: ages[key][:3]))

    def fates(self, gateway: Key) -> tuple[Fate, ...]:
        """What became of each server of a Gateway, in its order; nothing for one that does not choose this workload."""
        lost = self._odd.get(gateway, NO_CLAIMS).unservable
        fates = [Fate(index, None, rejected=finding) for index, finding in lost.items()]
        fates += map(self._fate, self._claims.get(gateway, ()))
        return tuple(sorted(fates, key=lambda fate: fate.index))

    def listeners(self) -> tuple[ListenerPlan, ...]:
        """From the oldest to the youngest; those that serve on demand only have no servers here."""
        return tuple(map(self._listener, self._grounds.bound_heads))

    def on_demand(self) -> tuple[str, ...]:
        """The listeners that serve HTTPS on demand, by name, from the oldest to the youngest."""
        names = (head.terms.listener for head in self._grounds.bound_heads)
        return tuple(name for name in names if self._sharing.shares[name].on_demand)

    def claims_on(self, listener: str) -> Counts:
        shares = self._sharing.shares.get(listener)
        return Counts(len(shares.ahead), len(shares.on_demand), len(shares.redirects)) if shares else Counts()

    def ports(self, listener: str) -> frozenset[tuple[int, str]]:
        """The ports, as Gateways name them, that are served by a listener, each with its protocol."""
        contest = self._contests.get(listener, ())
        terms = {claim.terms for claim in contest if self._sharing.stands(claim)}
        return frozenset((one.port, str(one.protocol)) for one in terms)

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, or worth knowing, about servers that are sent ahead or lost."""
        return self._grounds.findings()

    def _read(self, key: Key, gateway: Gateway | None) -> tuple[Claim, ...]:
        """The claims of a Gateway; what is none of its servers is kept apart."""
        chosen = gateway is not None and selects(gateway.spec.selector, self.workload.labels)
        found = claims_of(key, gateway, self._published) if chosen and gateway else NO_CLAIMS
        self._odd.pop(key, None)
        if found.is_odd:
            self._odd[key] = found
        return found.claims

    def _replace(self, key: Key, claims: tuple[Claim, ...]) -> list[Turn]:
        """Keeps the claims of a Gateway, those that are as they were as the objects that they were."""
        before = {claim.index: claim for claim in self._claims.get(key, ())}
        claims = tuple(before[claim.index] if before.get(claim.index) == claim else claim for claim in claims)
        self._claims[key] = claims
        if not claims:
            del self._claims[key]
        after = {claim.index: claim for claim in claims}
        pairs = ((before.get(index), after.get(index)) for index in before | after)
        return [(old, new) for old, new in pairs if old is not new]

    def _edit(self, edits: Iterable[Turn]) -> Shift:
        """Settles the contests that the claims are in, then the sockets, then what is served on demand."""
        by_listener: dict[str, list[Turn]] = {}
        for old, new in edits:
            if old and new and old.terms.listener == new.terms.listener:
                by_listener.setdefault(old.terms.listener, []).append((old, new))
                continue
            for turn in ((old, None), (None, new)):
                for claim in filter(None, turn):
                    by_listener.setdefault(claim.terms.listener, []).append(turn)
        turns: list[Turn] = []
        for listener, found in by_listener.items():
            contest = self._contests.setdefault(listener, Contest(self.computed))
            turns += contest.settle(found)
            if contest.head is None:
                del self._contests[listener]
        empty = [listener for listener in by_listener if listener not in self._contests]
        rebound, known = self._rebind(), {new for _, new in turns}
        others = (claim for listener in rebound for claim in self._contests[listener] if claim not in known)
        shift = self._sharing.settle((*turns, *((claim, claim) for claim in others)))
        shift.ahead |= bool(rebound)
        for listener in empty:
            del self._sharing.shares[listener]
        self._forget_servers(shift)
        return shift

    def _rebind(self) -> list[str]:
        """Gives out the sockets again, if it is not the same listeners as before in the same order; tells which of them
        have others now."""
        heads = tuple(sorted(filter(None, (contest.head for contest in self._contests.values())), key=RANK))
        if (heads, self._published) == self._bound_for:
            return []
        self._bound_for, self._grounds.heads = (heads, self._published), heads
        before = self._sharing.listening
        self._sharing.listening = now = listening(heads, self._published, self.workload)
        return [listener for listener, found in now.items() if found != before.get(listener)]

    def _reread(self, key: Key, gateway: Gateway | None, shift: Shift) -> None:
        """What is sent ahead reads more of a Gateway than its claims: it is read again, if it says anything else."""
        known = self._servers.get(key)
        if known and gateway and next(iter(known.values())).gateway.spec == gateway.spec:
            return
        self._servers.pop(key, None)
        shift.ahead |= key in self._odd or not all(map(self._sharing.is_on_demand, self._claims.get(key, ())))

    def _forget_servers(self, shift: Shift) -> None:
        """Of Gateways that are served on demand altogether nothing is kept but their claims."""
        for key in shift.gateways & self._servers.keys():
            if key not in self._odd and all(map(self._sharing.is_on_demand, self._claims.get(key, ()))):
                del self._servers[key]

    def _server(self, key: Key, index: int) -> Server:
        known = self._servers.setdefault(key, {})
        if index not in known:
            known[index] = server_of(self.snapshot.gateways[key], index, self._published)
        return known[index]

    def _listener(self, head: Claim) -> ListenerPlan:
        terms = head.terms
        shares, found = self._sharing.shares[terms.listener], self._sharing.listening[terms.listener]
        servers = tuple(self._server(claim.gateway, claim.index) for claim in shares.ahead)
        return ListenerPlan(terms.listener, terms.bind, terms.listen_port, servers, found.sockets, *shares.kinds)

    def _fate(self, claim: Claim) -> Fate:
        if rejected := self._grounds.loss(claim):
            return Fate(claim.index, claim, rejected=rejected)
        sockets, on_demand = self._grounds.listening(claim).sockets, self._sharing.is_on_demand(claim)
        notes = tuple(self._grounds.notes(claim))
        return Fate(claim.index, claim, claim.terms.listener, sockets, on_demand, notes=notes)


def _replanned(shift: Shift) -> Replanned:
    return Replanned(frozenset(shift.gateways), shift.ahead, tuple(shift.hosts))
