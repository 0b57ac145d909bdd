"""What is said one by one of all that is found at a start.

A hundred thousand lines in a log, and as many events, serve nobody: who has read the first hundred of a kind knows.
Statuses say all of it, each on its object, and `pylae status` says what is worst.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pylae.controlplane.report.ledger import CodeKey, code_key
from pylae.model.finding import Code, Finding

OF_A_CODE = 100
OF_ALL = 1000
"""Findings that are said one by one, of each code and altogether."""


class Opening:
    """Of what is passed over only the number is kept."""

    def __init__(self) -> None:
        self._admitted: Counter[Code] = Counter()
        self._passed_over: Counter[Code] = Counter()

    def admit(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Those that are to be said one by one."""
        return tuple([finding for finding in findings if self._admits(finding.code)])

    def rest(self, standing: Mapping[CodeKey, int]) -> Iterator[tuple[Code, int]]:
        """How many more there are of each code, of which so many stand by now."""
        for code, passed_over in self._passed_over.items():
            if count := min(passed_over, standing.get(code_key(code), 0)):
                yield code, count

    def _admits(self, code: Code) -> bool:
        is_admitted = self._admitted[code] < OF_A_CODE and self._admitted.total() < OF_ALL
        counted = self._admitted if is_admitted else self._passed_over
        counted[code] += 1
        return is_admitted
