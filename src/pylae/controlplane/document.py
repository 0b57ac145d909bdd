"""The document of `GET /status`: one account of everything, for `pylae status`, the start-up summary and machines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pylae import __version__
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.refusals import UnboundPort
from pylae.kube.report import Standing
from pylae.model.finding import Finding
from pylae.model.ir.secret import TlsCertificate
from pylae.model.translation import ServerPlan
from pylae.rules.pem import CertificateFacts, facts
from pylae.status.table import SiteRow, site_rows

Json = dict[str, object]

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class EnvoyState:
    """`pid` None means that it is not running now; `seconds` it has been up."""

    version: str
    pid: int | None
    seconds: float


def status(
    configuration: Configuration,
    findings: tuple[Finding, ...],
    unbound: Iterable[UnboundPort],
    standing: Iterable[Standing],
) -> Json:
    """What serves, on which ports, and what is wrong. Stable keys."""
    certificates = known_certificates(configuration)
    rows = site_rows(configuration.translation, certificates, findings)
    return {
        "version": __version__,
        "ports": list(_ports(configuration.translation.servers, {str(port.address): port for port in unbound})),
        "sites": [_site(row) for row in rows],
        "findings": [_finding(finding) for finding in findings],
        "files": [_standing(path) for path in standing],
    }


def known_certificates(configuration: Configuration) -> Mapping[str, CertificateFacts]:
    """What is known of each served certificate, by SDS name."""
    return {
        name: facts(value.chain) for name, value in configuration.secrets.items() if isinstance(value, TlsCertificate)
    }


def envoy(state: EnvoyState) -> Json:
    return {
        "version": state.version,
        "pid": state.pid,
        "memory": memory(state.pid) if state.pid else None,
        "uptime": round(state.seconds, 1),
    }


def memory(pid: int) -> int | None:
    """Bytes that a process holds in memory (VmRSS of proc(5)); None if it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * KIBIBYTE for line in lines if line.startswith("VmRSS:")), None)


def _ports(servers: tuple[ServerPlan, ...], unbound: Mapping[str, UnboundPort]) -> Iterable[Json]:
    seen: set[tuple[str, int]] = set()
    for server in sorted(servers, key=lambda plan: plan.port):
        for address in server.addresses if server.listener else ():
            if (str(address), server.port) not in seen:
                seen.add((str(address), server.port))
                trouble = unbound.get(str(address))
                yield {
                    "address": str(address),
                    "port": server.port,
                    "protocol": server.protocol,
                    "state": "not bound" if trouble else "bound",
                    "message": trouble.message if trouble else "",
                }


def _site(row: SiteRow) -> Json:
    return {
        "host": row.host,
        "port": row.port,
        "tls": row.tls,
        "certificate": row.certificate,
        "expires": _moment(row.expires),
        "routes": row.routes,
        "state": row.state,
        "codes": list(row.codes),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code.number,
        "reason": finding.code.reason,
        "level": str(finding.code.level),
        "about": str(finding.about),
        "path": finding.path,
        "message": finding.message,
        "cure": finding.cure,
    }


def _standing(standing: Standing) -> Json:
    refused = [
        {"where": refusal.where, "message": _words(refusal.about, refusal.message)} for refusal in standing.refused
    ]
    return {"path": str(standing.path), "applied": standing.applied, "refused": refused}


def _words(about: object, message: str) -> str:
    return f"{about}: {message}" if about else message
