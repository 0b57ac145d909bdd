"""Which claims are served on demand, and which are sent ahead after all.

A claim that wants it and can be shared waits to be asked for, unless that would answer a client wrongly: because a
claim on the same listener that is sent ahead covers one of its hosts, and takes its connections; or because an older
one on another listener waits for the same host, and what is asked for by name says nothing of ports. A claim that is
sent ahead for the first reason may cover others in turn; the second reason counts claims that could wait, whether they
do or not, so that in the end there is one answer, in whatever order claims come.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from pylae.model.snapshot import Key
from pylae.translate.claims import Claim
from pylae.translate.contest import RANK, Contest, Turn
from pylae.translate.listening import NOWHERE, Listening
from pylae.translate.server import Role


@dataclass(slots=True)
class Shares:
    """The claims to a listener that are served: those sent ahead, by precedence, and those on demand, HTTPS and
    redirects apart. `candidates` counts those that could wait."""

    ahead: list[Claim] = field(default_factory=list)
    on_demand: set[Claim] = field(default_factory=set)
    redirects: set[Claim] = field(default_factory=set)
    candidates: int = 0

    def waiting(self, claim: Claim) -> set[Claim]:
        """Where the claim is, if it is served on demand."""
        return self.redirects if claim.terms.is_plain_text else self.on_demand

    @property
    def kinds(self) -> tuple[bool, bool]:
        """Whether HTTPS, and whether redirects, are served on demand."""
        return bool(self.on_demand), bool(self.redirects)

    def add(self, claim: Claim, *, is_ahead: bool) -> None:
        if is_ahead:
            insort(self.ahead, claim, key=RANK)
        else:
            self.waiting(claim).add(claim)

    def drop(self, claim: Claim) -> bool:
        """Takes out a claim wherever it is, and says whether it was sent ahead."""
        self.waiting(claim).discard(claim)
        if was_ahead := self.is_ahead(claim):
            del self.ahead[bisect_left(self.ahead, claim.rank, key=RANK)]
        return was_ahead

    def is_ahead(self, claim: Claim) -> bool:
        place = bisect_left(self.ahead, claim.rank, key=RANK)
        return self.ahead[place : place + 1] == [claim]


@dataclass(slots=True)
class Shift:
    """What a change does: the Gateways whose servers' fate may be another one, the names on each listener whose owner
    may be, and whether anything that is sent ahead, or lost, is."""

    gateways: set[Key] = field(default_factory=set)
    hosts: dict[tuple[str, str], None] = field(default_factory=dict)
    ahead: bool = False

    def add(self, claim: Claim) -> None:
        self.gateways.add(claim.gateway)
        if not claim.terms.is_plain_text:
            self.hosts |= dict.fromkeys((claim.terms.listener, host) for host in claim.host_names)


class Sharing:
    """Follows the contests and what listeners listen on, both of which others keep. `computed` counts how often a claim
    was placed."""

    def __init__(self, contests: Mapping[str, Contest], computed: Counter[str]) -> None:
        self.computed = computed
        self.by_default = False
        self.listening: Mapping[str, Listening] = {}
        self.shares: dict[str, Shares] = {}
        self._contests = contests
        self._elsewhere: set[Claim] = set()
        self._covered: set[Claim] = set()

    def is_on_demand(self, claim: Claim) -> bool:
        shares = self.shares.get(claim.terms.listener)
        return shares is not None and claim in shares.waiting(claim)

    def stands(self, claim: Claim) -> bool:
        """Whether the claim has its place, and its listener has a socket."""
        found = self.listening.get(claim.terms.listener, NOWHERE)
        return bool(found.sockets) and self._contests[claim.terms.listener].stands(claim)

    def cover(self, claim: Claim) -> tuple[str, Claim] | None:
        """A host of the claim that one sent ahead on the same listener takes, and the claim that does."""
        hosts = self._contests[claim.terms.listener].hosts
        for host in claim.host_names:
            same = hosts.at(host) if claim.terms.is_plain_text else ()
            for claims in (same, *hosts.over(host)):
                for other in claims:
                    if _same_kind(claim, other) and self._goes_ahead(other):
                        return host, other
        return None

    def twin(self, claim: Claim) -> tuple[str, Claim] | None:
        """A host of the claim that an older one on another listener could wait for, and that claim."""
        for host in claim.host_names:
            twins = (other for other in self._twins(claim, host) if other.rank < claim.rank)
            if oldest := min(twins, key=RANK, default=None):
                return host, oldest
        return None

    def begin(self, claims: Sequence[Claim]) -> None:
        """Decides for the first time, about all claims at once; they are given by precedence."""
        self._kinds({claim.terms.listener for claim in claims})
        for claim in filter(self.can_wait, claims):
            self.shares[claim.terms.listener].candidates += 1
        self._look_elsewhere((), claims)
        self._derive(dict.fromkeys(claims))
        self.computed["placed"] += len(claims)
        for claim in filter(self.stands, claims):
            self.shares[claim.terms.listener].add(claim, is_ahead=not self._shares_now(claim))

    def settle(self, turns: Iterable[Turn]) -> Shift:
        """Decides anew after the contests have; `turns` are what they changed, and whatever else there is to doubt."""
        turns = list(turns)
        before = self._kinds({claim.terms.listener for turn in turns for claim in turn if claim})
        shift = Shift(ahead=any(old and not self.is_on_demand(old) for old, _ in turns))
        gone = [old for old, new in turns if old and old is not new]
        doubtful = self._doubtful(turns)
        self._retract(gone, doubtful)
        self._look_elsewhere(gone, doubtful)
        self._derive(doubtful)
        self.computed["placed"] += len(doubtful)
        for claim in (*gone, *doubtful):
            shift.add(claim)
            shift.ahead |= self.shares[claim.terms.listener].drop(claim)
        for claim in filter(self.stands, doubtful):
            self.shares[claim.terms.listener].add(claim, is_ahead=self._goes_ahead(claim))
        shift.ahead |= not all(map(self.is_on_demand, doubtful))
        shift.ahead |= before != self._kinds(before)
        return shift

    def _kinds(self, listeners: Iterable[str]) -> Mapping[str, tuple[bool, bool]]:
        """What is served on demand on each of these."""
        for listener in listeners:
            if listener not in self.shares:
                self.shares[listener] = Shares()
        return {listener: self.shares[listener].kinds for listener in listeners}

    def _doubtful(self, turns: Iterable[Turn]) -> dict[Claim, None]:
        """The claims to look at: those given, and younger ones elsewhere that have a host with them in common."""
        doubtful: dict[Claim, None] = {}
        changes = [
            (old if old and self._could_wait(old) else None, new if new and self.can_wait(new) else None)
            for old, new in turns
        ]
        for old, new in changes:
            for claim, by in ((old, -1), (new, 1)):
                if claim:
                    self.shares[claim.terms.listener].candidates += by
        for old, new in changes:
            if known := old or new:
                hosts = _waiting_hosts(old) ^ _waiting_hosts(new)
                twins = (twin for host in hosts for twin in self._twins(known, host) if twin.rank > known.rank)
                doubtful |= dict.fromkeys(twins)
        return doubtful | dict.fromkeys(new for _, new in turns if new)

    def _retract(self, gone: Iterable[Claim], doubtful: dict[Claim, None]) -> None:
        """Forgets who is covered by what is in doubt, and what they cover in turn: they are in doubt too."""
        suspects = [*gone, *doubtful]
        while suspects:
            suspect = suspects.pop()
            if self.shares[suspect.terms.listener].is_ahead(suspect):
                covered = [claim for claim in self._beneath(suspect) if claim in self._covered]
                self._covered.difference_update(covered)
                doubtful |= dict.fromkeys(covered)
                suspects += covered
        self._covered.difference_update(gone, doubtful)

    def _look_elsewhere(self, gone: Iterable[Claim], doubtful: Iterable[Claim]) -> None:
        self._elsewhere.difference_update(gone, doubtful)
        self._elsewhere.update(claim for claim in doubtful if self.can_wait(claim) and self.twin(claim))

    def _derive(self, doubtful: dict[Claim, None]) -> None:
        """Finds out who is covered; what a claim that is sent ahead could cover is in doubt as well."""
        queue, risen = list(doubtful), set[Claim]()
        while queue:
            claim = queue.pop()
            shares = self._shares_now(claim)
            if shares and self.cover(claim):
                self._covered.add(claim)
                shares = False
            if not shares and claim not in risen and self.stands(claim):
                risen.add(claim)
                beneath = list(self._beneath(claim))
                doubtful |= dict.fromkeys(beneath)
                queue += (found for found in beneath if self._shares_now(found))

    def _beneath(self, claim: Claim) -> Iterator[Claim]:
        """The claims that could wait, if this one on the same listener were not sent ahead."""
        contest = self._contests.get(claim.terms.listener)
        if contest is None or not self.shares[claim.terms.listener].candidates:
            return
        for host in claim.host_names:
            same = contest.hosts.at(host) if claim.terms.is_plain_text else ()
            for claims in (same, *contest.hosts.under(host)):
                yield from (other for other in claims if _same_kind(claim, other) and self.can_wait(other))

    def _twins(self, claim: Claim, host: str) -> Iterator[Claim]:
        """The claims to HTTPS on other listeners that could wait for the host."""
        for listener, shares in self.shares.items():
            if shares.candidates and listener != claim.terms.listener and not claim.terms.is_plain_text:
                others = self._contests[listener].hosts.at(host)
                yield from (other for other in others if other.terms.role is Role.HTTPS and self.can_wait(other))

    def can_wait(self, claim: Claim) -> bool:
        """Whether the claim has its place, wants to be served on demand, and can be."""
        wanted = self.by_default if claim.wanted is None else claim.wanted
        return wanted and claim.terms.shareable and self.stands(claim)

    def _could_wait(self, claim: Claim) -> bool:
        """Whether it could when it was looked at last."""
        return self.is_on_demand(claim) or claim in self._covered or claim in self._elsewhere

    def _shares_now(self, claim: Claim) -> bool:
        """Whether nothing is known that sends the claim ahead."""
        return self.can_wait(claim) and claim not in self._elsewhere and claim not in self._covered

    def _goes_ahead(self, claim: Claim) -> bool:
        return self.stands(claim) and not self._shares_now(claim)


def _same_kind(one: Claim, other: Claim) -> bool:
    """Plain text takes no connection of TLS, nor TLS one of plain text."""
    return one is not other and one.terms.is_plain_text == other.terms.is_plain_text


def _waiting_hosts(claim: Claim | None) -> Set[str]:
    return frozenset(claim.host_names) if claim and claim.terms.role is Role.HTTPS else frozenset()
