"""`Warning:` headers, by which an API server tells what it accepted with a frown (RFC 7234 section 5.5, code 299)."""

import re
from collections.abc import Iterable, Iterator

_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


def warnings_of(headers: Iterable[str]) -> Iterator[str]:
    """The sentences in `299 - "unknown field \\"spec.selectorr\\""`; one header may hold several."""
    for header in headers:
        for text in _WARNING.findall(header):
            yield re.sub(r"\\(.)", r"\1", text)
