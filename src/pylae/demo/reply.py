"""What `curl -v` tells, in the few words that matter: the status, the protocol, who answered, how, and with how
much.
"""

import re
from dataclasses import dataclass, field

from pylae.demo.step import Outcome

_STATUS = re.compile(r"^< HTTP/(\S+) (\d+)", re.MULTILINE)
_HEADER = re.compile(r"^< ([A-Za-z0-9-]+): (.*?)\r?$", re.MULTILINE)
_TLS = re.compile(r"SSL connection using (TLSv[\d.]+)")
_NAME = re.compile(r"^\*\s+subject:.*?CN ?= ?([^;,\s]+)", re.MULTILINE)
_START = re.compile(r"^\*\s+start date: (.*?)\r?$", re.MULTILINE)
_ERROR = re.compile(r"^curl: \((\d+)\).*$", re.MULTILINE)
_ALERT = re.compile(r"alert ([a-z ]+?)(?:, errno \d+)?\r?$", re.MULTILINE)

PROTOCOLS = {"2": "h2", "1.1": "HTTP/1.1"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or the error that came in its place; what curl did not tell is empty."""

    status: str = ""
    protocol: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    tls: str = ""
    name: str = ""
    since: str = ""
    error: str = ""
    alert: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> "Reply":
        """Read the output of `curl -v`: the body on standard output, the tale on standard error."""
        told = outcome.errors
        status = _STATUS.search(told)
        return cls(
            status=status[2] if status else "",
            protocol=PROTOCOLS.get(status[1], status[1]) if status else "",
            headers={name.lower(): value for name, value in _HEADER.findall(told)},
            size=len(outcome.output.encode()),
            tls=_first(_TLS, told),
            name=_first(_NAME, told),
            since=_first(_START, told),
            error=_first(_ERROR, told, group=0),
            alert=_first(_ALERT, _first(_ERROR, told, group=0)),
        )

    def summary(self) -> str:
        """One line: `HTTP/2 200 · server: istio-envoy · 357 bytes · TLSv1.3 · CN=webapp.istioinaction.io`."""
        if self.error:
            return self.error
        words = (
            f"{'HTTP/2' if self.protocol == 'h2' else self.protocol} {self.status}",
            _header(self.headers, "location"),
            _header(self.headers, "server"),
            f"{self.size} bytes",
            self.tls,
            f"CN={self.name}" if self.name else "",
        )
        return " · ".join(word for word in words if word)


def show(outcome: Outcome) -> str:
    """The summary of what curl got."""
    return Reply.of(outcome).summary()


def _header(headers: dict[str, str], name: str) -> str:
    return f"{name}: {headers[name]}" if name in headers else ""


def _first(pattern: re.Pattern[str], text: str, group: int = 1) -> str:
    found = pattern.search(text)
    return found[group].strip() if found else ""
