"""The contest for one listener: all claims to it, those that lost, and who has what.

It says at any time what the merge says of its claims from the oldest to the youngest, yet a change costs what it
touches. Claims are judged again in the order of their precedence, so that all older ones have their place by then, and
only those that could see a difference: they want a host or the name of routes that was taken or given up by somebody
older, or whether they may be there at all hangs on who takes plain text, or every SNI, and that changed.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from heapq import heappop, heappush
from operator import attrgetter

from pylae.translate.claims import Claim, Rank
from pylae.translate.host_index import HostIndex
from pylae.translate.merge import Loss, judged
from pylae.translate.server import Role

RANK = attrgetter("rank")

Turn = tuple[Claim | None, Claim | None]
"""A claim as it was and as it is; None if it was not there, or is gone."""


class Contest:
    """The claims are sorted by precedence, and apart for plain HTTP, other plain text and TLS. `computed` counts how
    often one was judged."""

    def __init__(self, computed: Counter[str]) -> None:
        self.computed = computed
        self.hosts: HostIndex[Claim] = HostIndex(RANK)
        self.losers: dict[Claim, Loss] = {}
        self.http: list[Claim] = []
        self.bytes: list[Claim] = []
        self.tls: list[Claim] = []
        self._routes: dict[str, list[Claim]] = {}
        self._plain_text: Claim | None = None

    def __iter__(self) -> Iterator[Claim]:
        """All claims, also those that lost."""
        for ranked in (self.http, self.bytes, self.tls):
            yield from ranked

    @property
    def head(self) -> Claim | None:
        """The oldest claim; it never loses."""
        return min((ranked[0] for ranked in (self.http, self.bytes, self.tls) if ranked), key=RANK, default=None)

    def stands(self, claim: Claim) -> bool:
        """Whether a claim that is there has its place."""
        return claim not in self.losers

    def owner_of_host(self, host: str, asking: Claim) -> Claim | None:
        return self._first_before(asking, (claim for claim in self.hosts.at(host) if claim.terms.has_tls))

    def owner_of_routes(self, asking: Claim) -> Claim | None:
        return self._first_before(asking, self._routes.get(_routes(asking), ()))

    def owner_of_plain_text(self, asking: Claim) -> Claim | None:
        return self._plain_text if self._plain_text and self._plain_text.rank < asking.rank else None

    def _first_before(self, asking: Claim, claims: Iterable[Claim]) -> Claim | None:
        first = next(filter(self.stands, claims), None)
        return first if first and first.rank < asking.rank else None

    def enter(self, claim: Claim) -> None:
        """Takes in a claim that is younger than all others: none of them can see a difference."""
        self.computed["judged"] += 1
        loss = self._take((None, claim))
        if loss is None and claim.terms.is_plain_text and self._plain_text is None:
            self._plain_text = claim

    def settle(self, edits: Iterable[Turn]) -> list[Turn]:
        """Takes claims in and out, and judges again what hangs on it. Gives the turns in which anything was changed:
        the claim, its place, or why it has none."""
        turns = dict(_in_place(edits))
        queue = sorted(turns)
        changed: list[Turn] = []
        while queue:
            rank = heappop(queue)
            old, new = turn = turns[rank]
            self.computed["judged"] += 1
            stood = old if old and self.stands(old) else None
            before = self.losers.get(old) if old else None
            after = self._take(turn)
            if old is not new or before != after:
                changed.append(turn)
            for claim in self._followers(rank, stood, None if after else new):
                if claim.rank not in turns:
                    turns[claim.rank] = (claim, claim)
                    heappush(queue, claim.rank)
        return changed

    def _take(self, turn: Turn) -> Loss | None:
        """Puts the new claim in the place of the old one, and gives the reason if it has no place."""
        old, new = turn
        if old is not new:
            self._remove(old)
            self._insert(new)
        elif old:
            self.losers.pop(old, None)
        loss = judged(new, self) if new else None
        if new and loss:
            self.losers[new] = loss
        return loss

    def _remove(self, claim: Claim | None) -> None:
        if claim is None:
            return
        self.losers.pop(claim, None)
        ranked = self._ranked(claim)
        del ranked[bisect_left(ranked, claim.rank, key=RANK)]
        for host in claim.host_names:
            self.hosts.drop(host, claim)
        if name := _routes(claim):
            self._routes[name].remove(claim)
            if not self._routes[name]:
                del self._routes[name]

    def _insert(self, claim: Claim | None) -> None:
        if claim is None:
            return
        _insert(self._ranked(claim), claim)
        for host in claim.host_names:
            self.hosts.add(host, claim)
        if name := _routes(claim):
            _insert(self._routes.setdefault(name, []), claim)

    def _ranked(self, claim: Claim) -> list[Claim]:
        match claim.terms.role:
            case Role.HTTP:
                return self.http
            case Role.TCP:
                return self.bytes
            case _:
                return self.tls

    def _followers(self, rank: Rank, stood: Claim | None, stands: Claim | None) -> Iterator[Claim]:
        """The younger claims that could see that at this place `stands` stands now where `stood` stood."""
        for host in _hosts(stood) ^ _hosts(stands):
            yield from (claim for claim in self.hosts.at(host) if claim.rank > rank)
        for name in _names(stood) ^ _names(stands):
            yield from (claim for claim in self._routes.get(name, ()) if claim.rank > rank)
        if _takes_every_name(stood) != _takes_every_name(stands):
            yield from (*_after(rank, self.http), *_after(rank, self.bytes))
        yield from self._plain_text_followers(rank, stood, stands)

    def _plain_text_followers(self, rank: Rank, stood: Claim | None, stands: Claim | None) -> Iterator[Claim]:
        """Plain HTTP does not mind whose the plain text is, as long as it is plain HTTP too."""
        known = self._plain_text
        if stands and stands.terms.is_plain_text and (known is None or rank <= known.rank):
            self._plain_text = stands
        elif known and known is stood:
            self._plain_text = self._next_plain_text(rank)
        now = self._plain_text
        if _seen(known) == _seen(now):
            return
        yield from (*_after(rank, self.bytes), *_after(rank, self.tls))
        if any(claim and claim.terms.role is not Role.HTTP for claim in (known, now)):
            yield from _after(rank, self.http)

    def _next_plain_text(self, rank: Rank) -> Claim | None:
        ranks = (next(filter(self.stands, _after(rank, ranked)), None) for ranked in (self.http, self.bytes))
        return min(filter(None, ranks), key=RANK, default=None)


def _in_place(edits: Iterable[Turn]) -> Iterator[tuple[Rank, Turn]]:
    """Each turn at its place in the order of precedence; a claim that changes places has two."""
    for old, new in edits:
        if old and new and old.rank == new.rank:
            yield old.rank, (old, new)
            continue
        if old:
            yield old.rank, (old, None)
        if new:
            yield new.rank, (None, new)


def _insert(ranked: list[Claim], claim: Claim) -> None:
    if ranked and claim.rank < ranked[-1].rank:
        insort(ranked, claim, key=RANK)
    else:
        ranked.append(claim)


def _after(rank: Rank, ranked: list[Claim]) -> Iterator[Claim]:
    return (ranked[place] for place in range(bisect_right(ranked, rank, key=RANK), len(ranked)))


def _hosts(claim: Claim | None) -> Set[str]:
    """The hosts that nobody else may have."""
    return frozenset(claim.host_names) if claim and claim.terms.has_tls else frozenset()


def _routes(claim: Claim) -> str:
    """The name of routes that somebody else might want, or "": most names cannot be anybody else's."""
    return claim.route_configuration if claim.terms.shares_names else ""


def _names(claim: Claim | None) -> Set[str]:
    return frozenset(filter(None, [_routes(claim)])) if claim else frozenset()


def _takes_every_name(claim: Claim | None) -> bool:
    return claim is not None and claim.terms.ends_tls and "*" in claim.host_names


def _seen(claim: Claim | None) -> object:
    """What others see of the claim that takes plain text."""
    return (claim.rank, claim.terms.protocol) if claim else None
