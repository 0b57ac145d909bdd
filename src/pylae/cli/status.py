"""`pylae status`: what serves, what does not and why, and the two processes behind it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from pylae.cli import gateway_status, gateways, instance
from pylae.cli.output import TABLE, columns, document, output_option, paint, say
from pylae.cli.words import expiry, megabytes, span
from pylae.node.directories import DataDirectory

Json = dict[str, Any]

HEAD = ("HOST", "PORT", "TLS", "CERTIFICATE", "EXPIRES", "ROUTES", "STATE")
SERVING = "serving"
COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@click.command()
@instance.data_dir_option
@output_option()
def status(data: DataDirectory, output: str) -> None:
    """Show what serves, what does not, and why."""
    told = instance.status(data)
    if output == TABLE:
        page = gateway_status.render if told.get("program") == "gateway" else render
        say(page(told, datetime.now(UTC)))
    else:
        say(document(told, output))


def render(told: Json, now: datetime) -> str:
    """The whole page: sites, hosts on demand, ports that are not bound, what was refused of files, findings,
    processes."""
    lists = ("\n".join(lines) for lines in (unbound(told), refusals(told), findings(told)))
    return "\n\n".join(part for part in (sites(told, now), on_demand(told), *lists, processes(told)) if part)


def sites(told: Json, now: datetime) -> str:
    """One line per host and port; a site with findings ends in their codes. Each kind of gateway has a table of its
    own, where there are several."""
    listed, kinds = told.get("sites", ()), told.get("gateways", ())
    if len(kinds) < 2:
        return _sites(listed, now) or ("" if on_demand(told) else _nothing(told))
    tables = {kind["name"]: _sites([site for site in listed if site["gateway"] == kind["name"]], now) for kind in kinds}
    return "\n\n".join(f"{gateways.heading(kind)}\n{tables[kind['name']]}".rstrip() for kind in kinds)


def _sites(listed: Iterable[Json], now: datetime) -> str:
    rows = [_site(site, now) for site in listed]
    return columns(HEAD, rows) if rows else ""


def _nothing(told: Json) -> str:
    is_nobody_here = "envoy" not in told and not told.get("gateways")
    why = "no gateway has joined" if is_nobody_here else "no Gateway has a server for this gateway"
    return f"Nothing is served yet: {why}."


def on_demand(told: Json) -> str:
    """`100,000 hosts on demand, 37 in use`; as long as not all were looked into, what is wrong may not be told yet."""
    counted = told.get("onDemand") or {}
    if not (counted.get("hosts") or counted.get("inUse")):
        return ""
    noun = "host" if counted["hosts"] == 1 else "hosts"
    line = f"{counted['hosts']:,} {noun} on demand, {counted['inUse']:,} in use"
    return line if counted.get("examined") else f"{line}; they are still being looked into"


def unbound(told: Json) -> Iterator[str]:
    """The ports that could not be had and that no finding tells of yet, each in the control plane's own sentence."""
    for port in told.get("ports", ()):
        if port.get("message") and not is_found(port["message"], told):
            yield paint(port["message"], "red")


def is_found(sentence: str, told: Json) -> bool:
    """Whether a finding says the same."""
    return any(finding["message"] and sentence.startswith(finding["message"]) for finding in told.get("findings", ()))


def refusals(told: Json) -> Iterator[str]:
    """What was refused of the watched files, each with its file and line."""
    for source in told.get("files", ()):
        for refusal in source.get("refused", ()):
            yield f"{refusal['where']}  {paint('refused', 'red')}  {refusal['message']}"


def findings(told: Json) -> Iterator[str]:
    """Each finding with its cure below it; what is the same for several objects is said once. Of very many not all are
    listed."""
    alike: dict[tuple[str, str], list[Json]] = {}
    for finding in told.get("findings", ()):
        alike.setdefault((finding["code"], finding["message"]), []).append(finding)
    for several in alike.values():
        yield _finding_line(several)
        if several[0].get("cure"):
            yield f"    → {several[0]['cure']}"
    listed = sum(map(len, alike.values()))
    if (more := told.get("findingsTotal", listed) - listed) > 0:
        yield f"and {more:,} more findings"


def _finding_line(several: list[Json]) -> str:
    """`PYL0102  Gateway shop/front: spec.servers[1]: …`."""
    code, level, message = (several[0][key] for key in ("code", "level", "message"))
    return f"{paint(code, COLOURS[level])}  {', '.join(map(_where, several))}: {message}"


def _where(finding: Json) -> str:
    return f"{finding['about']}: {finding['path']}" if finding.get("path") else str(finding["about"])


def processes(told: Json) -> str:
    """Envoy, if there is one on this machine, and the control plane, each with its id and memory; the Envoys elsewhere;
    and whether all of them have accepted everything."""
    envoy, control = told.get("envoy"), told.get("controlPlane") or {}
    here = [] if envoy is None else [_process(f"Envoy {envoy.get('version', '')}".strip(), envoy)]
    words = [*here, _process("control plane", control), *gateways.elsewhere(told)]
    if envoy is None and not gateways.connected(told):
        return " · ".join(words)  # there is nobody to accept anything
    return " · ".join([*words, _acceptance(told.get("accepted") or {})])


def _acceptance(accepted: Json) -> str:
    if refused := accepted.get("refused"):
        return paint(f"Envoy refused {', '.join(refused)}", "red")
    if not accepted.get("everything"):
        return "a change is on its way to Envoy"
    seconds = accepted.get("secondsAgo")
    return "everything accepted" if seconds is None else f"everything accepted {span(timedelta(seconds=seconds))} ago"


def _process(name: str, facts: Json) -> str:
    if not facts.get("pid"):
        return f"{name} does not run"
    words = [name if name.startswith("control") else f"{name},", f"pid {facts['pid']}"]
    line = " ".join(words)
    if facts.get("memory"):
        line += f", {megabytes(facts['memory'])}"
    if facts.get("uptime"):
        line += f", up {span(timedelta(seconds=facts['uptime']))}"
    return line


def _site(site: Json, now: datetime) -> tuple[str, ...]:
    codes = " ".join(site.get("codes", ()))
    state = str(site.get("state", ""))
    return (
        str(site.get("host", "")),
        str(site.get("port", "")),
        str(site.get("tls") or ""),
        _certificates(str(site.get("certificate") or "")),
        _expires(site.get("expires"), now),
        "" if site.get("routes") is None else str(site["routes"]),
        f"{state}  {codes}".rstrip(),
    )


def _certificates(names: str) -> str:
    """Without the CA certificates, which are of the same Secret (`x-cacert` beside `x`)."""
    listed = names.split(", ")
    return ", ".join(name for name in listed if name.removesuffix("-cacert") == name or name[:-7] not in listed)


def _expires(value: object, now: datetime) -> str:
    """A time in RFC 3339 becomes words; words stay."""
    try:
        return expiry(datetime.fromisoformat(str(value)), now) if value else ""
    except ValueError:
        return str(value)
