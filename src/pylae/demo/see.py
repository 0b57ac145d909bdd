"""What was seen, in the words of the final table: one function for each kind of outcome."""

import re
from collections.abc import Callable

from pylae.demo.reply import Reply
from pylae.demo.step import Outcome

_SECRET = re.compile(r"^kubernetes://(\S+)\s+(Cert Chain|CA)\s+(\w+)\s+(?:true|false)\s+(\d+)", re.MULTILINE)


def words(outcome: Outcome) -> str:
    """What a command printed, or its error: the first line."""
    lines = outcome.said().splitlines()
    return lines[0] if lines else f"exit {outcome.code}"


def deed(thing: str) -> Callable[[Outcome], str]:
    """What kubectl says it did to `thing`: `created`, `configured`; all that it says if that is about another."""
    return lambda outcome: words(outcome).removeprefix(f"{thing} ")


def deletion(outcome: Outcome) -> str:
    """`deleted`, which newer kubectl follows by the namespace."""
    said = words(outcome)
    return "deleted" if " deleted" in said else said


def failure(outcome: Outcome) -> str:
    """curl's error with the TLS alert that the server gave: `56 certificate required`; or the answer that came all
    the same.
    """
    reply = Reply.of(outcome)
    return f"{outcome.code} {reply.alert}".rstrip() if outcome.code else answer(outcome)


def answer(outcome: Outcome) -> str:
    """`200 h2 istio-envoy 357 bytes TLSv1.3`."""
    reply = Reply.of(outcome)
    if reply.error:
        return reply.error
    size = f"{reply.size} bytes"
    return " ".join(
        word for word in (reply.status, reply.protocol, reply.headers.get("server", ""), size, reply.tls) if word
    )


def service_time(outcome: Outcome) -> str:
    """Whether Envoy told how long the service took, which it does for answers of a service only."""
    value = Reply.of(outcome).headers.get("x-envoy-upstream-service-time", "")
    return "present" if value.isdecimal() else "absent"


def redirect(outcome: Outcome) -> str:
    """`301 https://…`."""
    reply = Reply.of(outcome)
    return reply.error or f"{reply.status} {reply.headers.get('location', '')}".rstrip()


def named(outcome: Outcome) -> str:
    """Whose certificate answered, and with how much: `200 357 bytes CN=webapp.istioinaction.io`."""
    reply = Reply.of(outcome)
    return reply.error or f"{reply.status} {reply.size} bytes CN={reply.name}"


def since(outcome: Outcome) -> str:
    """From when on the certificate holds that answered."""
    reply = Reply.of(outcome)
    return reply.error or f"{reply.status}, valid since {reply.since}"


def secret_rows(*names: str) -> Callable[[Outcome], str]:
    """The rows of these names in `pylae proxy-config secret`: `Cert Chain ACTIVE 1049106, CA ACTIVE 1049106`."""

    def see(outcome: Outcome) -> str:
        rows = {name: f"{kind} {state} {serial}" for name, kind, state, serial in _SECRET.findall(outcome.output)}
        return ", ".join(rows.get(name, f"no {name}") for name in names)

    return see


def statistics(outcome: Outcome) -> str:
    """Envoy's counters on one line."""
    counters = (line.rpartition(".")[2] for line in sorted(outcome.output.split("\n")) if ":" in line)
    return ", ".join(counters) or words(outcome)
