"""Faults of an installation under load, and what came of each: requests, how many failed, and the seconds until the
newest state was seen, from the end of the fault (kubectl's own included) and from when the objects were written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from installation import Installation, Seen
from joining import JoinedGateway
from load import Load


@dataclass
class Fault:
    """What came of one; the loads are known at its end."""

    name: str
    loads: list[Load] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def __str__(self) -> str:
        requests, failed = (sum(getattr(load, what) for load in self.loads) for what in ("requests", "failed"))
        seconds = f"{self.seen.recovered:>6.1f} s {self.seen.written:>6.1f} s"
        return f"{self.name:<52} {requests:>7,} requests {failed:>4} failed {seconds}"


class Faults:
    def __init__(self, made: Installation) -> None:
        self.made = made
        self.seen: list[Fault] = []

    @contextmanager
    def fault(self, name: str, *gateways: JoinedGateway) -> Iterator[Fault]:
        """Under load, on all gateways or on these."""
        found = Fault(name)
        self.seen.append(found)
        with self.made.load(*gateways) as found.loads:
            yield found
        for load in found.loads:
            load.assert_nothing_failed()
